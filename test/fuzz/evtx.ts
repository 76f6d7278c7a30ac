// Seeded damage to event logs: bytes flipped, cut out, copied over, sizes and offsets overwritten. Reading must end, soon
// and without an exception, whatever comes. `npm run fuzz -- 100000 [seed]` runs many; the tests run a few.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ByteWriter } from '../../src/base/index.js';
import { EvtxEvent } from '../../src/events/index.js';
import {
  EvtxError,
  EvtxFile,
  eventRecord,
  eventTemplates,
  TemplateCache,
  value,
  writeJsonLine,
  writeTreeXml,
} from '../../src/formats/evtx/index.js';
import { writeTreeJson } from '../../src/formats/evtx/tree-json.js';
import { random } from '../../src/range/random.js';
import { EVIDENCE, needsShared, sharedEvtx, writeBytes } from '../support.js';

/** Time that one damaged file of a few chunks may take. */
const MAX_MS = 5000;

const INTERESTING = [0, 1, 2, 3, 4, 7, 8, 0x0f, 0x21, 0x23, 0x40, 0x41, 0x7f, 0x80, 0x81, 0x9f, 0xff];

function mutate(original: Buffer, seed: number): Buffer {
  const r = random(seed);
  let b = Buffer.from(original);
  const edits = 1 + r.below(6);
  for (let i = 0; i < edits; i++) {
    // Mostly where the records are.
    const at = r.chance(0.1)
      ? r.below(b.length)
      : Math.min(b.length - 1, 4096 + r.below(Math.max(1, Math.min(b.length - 4096, r.chance(0.7) ? 9000 : b.length))));
    switch (r.below(7)) {
      case 0:
        b[at]! ^= 1 << r.below(8);
        break;
      case 1:
        b[at] = r.pick(INTERESTING);
        break;
      case 2:
        if (at + 4 <= b.length)
          b.writeUInt32LE(r.pick([0, 1, 0xffffffff, 0x7fffffff, 65535, 65536, 512, r.below(70000)]), at);
        break;
      case 3:
        if (at + 2 <= b.length) b.writeUInt16LE(r.pick([0, 1, 0xffff, 0x7fff, r.below(65536)]), at);
        break;
      case 4: {
        const n = 1 + r.below(200);
        b = Buffer.concat([b.subarray(0, at), b.subarray(Math.min(b.length, at + n))]);
        break;
      }
      case 5: {
        const from = r.below(b.length);
        b.copy(b, at, from, Math.min(b.length, from + 1 + r.below(600)));
        break;
      }
      default:
        b = b.subarray(0, r.chance(0.2) ? at : b.length);
    }
    if (b.length === 0) b = Buffer.from([0]);
  }
  return b;
}

/** Reads a file in every way that the project does. Throws if anything but `EvtxError` comes out. */
function exercise(path: string): number {
  const w = new ByteWriter(1 << 16);
  const event = new EvtxEvent();
  const file = new EvtxFile(path);
  let records = 0;
  const lines: string[] = [];
  const cache = cacheForAll;
  try {
    for (const view of file.records({ recover: true, report: () => {}, cache })) {
      records++;
      w.pos = 0;
      writeJsonLine(w, view, () => {});
      const line = w.take().toString('utf8');
      if (line !== '') JSON.parse(line);
      lines.push(line);
      try {
        w.pos = 0;
        writeTreeJson(w, view.tree());
        const tree = w.take().toString('utf8');
        // A record whose damage is in a value that is not printed has a line and no tree.
        if (line !== `${tree}\n`) throw new Error(`the kernel's line differs from the tree's:\n${line}${tree}`);
        w.pos = 0;
        writeTreeXml(w, view.tree());
        event.move(view);
        void event.micros;
        for (const name of view.fieldNames()) view.field(name);
        event.all();
      } catch (e) {
        if (!(e instanceof EvtxError)) throw e;
      }
    }
    w.pos = 0;
    for (const _ of file.jsonLines(w, { recover: true, cache }));
    if (w.take().toString('utf8') !== lines.join('')) throw new Error('a batch differs from its records');
  } finally {
    file.close();
  }
  return records;
}

/** One for all, as a worker has it: what one file leaves behind must not change the next. */
const cacheForAll = new TemplateCache();

export function samples(): Buffer[] {
  const t = eventTemplates({
    provider: 'Fuzz',
    channel: 'Application',
    eventId: 7,
    data: [
      ['Text', 1],
      ['Number', 8],
      ['Sid', 19],
      ['Guid', 15],
      ['Many', 0x81],
      ['Bytes', 14],
    ],
  });
  const own = writeBytes(
    Array.from({ length: 60 }, (_, i) =>
      eventRecord(t, {
        recordId: i + 1,
        micros: 1.7e15 + i,
        computer: 'h',
        data: [
          value.string(`text ${i}`),
          value.uint32(i),
          value.sid('S-1-5-21-1-2-3-4'),
          value.guid('{54849625-5478-4994-a5ba-3e3b0328c30d}'),
          value.strings(['a', 'b']),
          value.binary(Buffer.alloc(9, i)),
        ],
      }),
    ),
  );
  const list = [own];
  if (needsShared.skip === undefined)
    for (const name of sharedEvtx().filter((_, i) => i % 9 === 0)) {
      // The first chunks hold the variety; the rest of a file is more of the same.
      list.push(readFileSync(join(EVIDENCE, name)).subarray(0, 4096 + 2 * 65536));
    }
  return list;
}

/** Runs `n` mutations from `seed`; returns how many records were read on the way. */
export function fuzz(n: number, seed: number): { records: number; slowest: number } {
  const dir = mkdtempSync(join(tmpdir(), 'backtrail-fuzz-'));
  const path = join(dir, 'f.evtx');
  const originals = samples();
  let records = 0;
  let slowest = 0;
  try {
    for (let i = 0; i < n; i++) {
      const bytes = mutate(originals[i % originals.length]!, seed * 1_000_003 + i);
      writeFileSync(path, bytes);
      const start = performance.now();
      try {
        records += exercise(path);
      } catch (e) {
        throw new Error(
          `mutation ${i} of seed ${seed} (sample ${i % originals.length}): ${(e as Error).stack ?? String(e)}`,
          { cause: e },
        );
      }
      const ms = performance.now() - start;
      slowest = Math.max(slowest, ms);
      if (ms > MAX_MS) throw new Error(`mutation ${i} of seed ${seed} took ${ms.toFixed(0)} ms`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return { records, slowest };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const n = Number(process.argv[2] ?? 10_000);
  const seed = Number(process.argv[3] ?? 1);
  const start = performance.now();
  const { records, slowest } = fuzz(n, seed);
  console.log(
    `${n} mutations (seed ${seed}): ${records} records read, no exception, slowest ${slowest.toFixed(0)} ms, ${((performance.now() - start) / 1000).toFixed(0)} s, peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  );
}
