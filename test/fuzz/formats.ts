// Seeded damage to text logs of every format and to archives. Reading must end, soon and without an exception; every record must
// be found again by its number. `npm run fuzz:formats -- 100000 [seed]` runs many; the tests run a few.
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { BatchBuilder } from '../../src/facts/index.js';
import { scanText } from '../../src/detect/scan-text.js';
import { textFormat } from '../../src/formats/registry/registry.js';
import { planFile } from '../../src/pipeline/plan.js';
import { readText } from '../../src/pipeline/text-records.js';
import { type Random, random } from '../../src/range/random.js';
import { expand } from '../../src/sources/index.js';
import { ROOT, tarOf, zipOf } from '../support.js';

/** Time that one damaged log of some KiB may take. */
const MAX_MS = 3000;

const SPICE = [
  '\0'.repeat(50),
  '"',
  '""',
  "'",
  '\\"',
  '\r',
  '\n',
  '\r\n\r\n',
  '\t',
  ',',
  ';',
  '|',
  '[',
  '{"a":'.repeat(3000),
  '<Event '.repeat(50),
  '<Obj>'.repeat(200),
  ']]>',
  '\u202e',
  '\ufeff',
  '=cmd()',
  '99999999999999999999',
  '-1',
  '1e999',
  'NaN',
  '__proto__',
  '{"__proto__":{"x":1},"constructor":1}',
  '#Fields: date time x',
  '#fields\tts\tuid',
  'A'.repeat(70_000),
  '9'.repeat(400),
  'Feb 30 25:61:61',
  '0000-00-00T00:00:00Z',
];

/** A damaged copy of a log. */
export function damage(original: Buffer, others: readonly Buffer[], r: Random): Buffer {
  let b = Buffer.from(original);
  const edits = 1 + r.below(8);
  for (let i = 0; i < edits; i++) {
    const at = r.below(b.length + 1);
    switch (r.below(9)) {
      case 0:
        if (at < b.length) b[at] = r.below(256);
        break;
      case 1:
        b = Buffer.concat([b.subarray(0, at), b.subarray(Math.min(b.length, at + 1 + r.below(300)))]);
        break;
      case 2:
      case 3:
        b = Buffer.concat([b.subarray(0, at), Buffer.from(r.pick(SPICE)), b.subarray(at)]);
        break;
      case 4: {
        // Another format from here on.
        b = Buffer.concat([b.subarray(0, at), Buffer.from('\n'), r.pick(others)]);
        break;
      }
      case 5:
        b = Buffer.concat([b, b.subarray(Math.min(at, b.length))]);
        break;
      case 6:
        b = Buffer.from(b.toString('utf8').replaceAll('\n', r.pick(['\r\n', '\r', '\n\n'])));
        break;
      case 7:
        if (r.chance(0.3)) b = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(b.toString('utf8'), 'utf16le')]);
        else b = b.subarray(0, at);
        break;
      default:
        if (b.length > 4) b.writeUInt16LE(r.below(65536), r.below(b.length - 2));
    }
    if (b.length > 1 << 20) b = b.subarray(0, 1 << 20);
  }
  return b;
}

/** Reads one file as the pipeline does. Throws where something that must hold does not. */
export function readLog(path: string, bytes: number): { format: string; records: number } {
  const source = { path, name: 'x.log', bytes, reference: 1.7e15 };
  const plan = planFile(source);
  const format = textFormat(plan.format);
  if (format === undefined) return { format: plan.format, records: 0 };
  const builder = new BatchBuilder();
  const seen: number[] = [];
  let before = 0;
  let records = 0;
  const fd = openSync(path, 'r');
  try {
    for (const part of plan.parts) {
      const result = scanText(fd, {
        format,
        ...part,
        zone: null,
        shifts: plan.shifts,
        reference: plan.reference,
        host: '',
        engine: null,
        register: true,
        wanted: null,
        each(event, rec) {
          if (rec.names.length !== rec.values.length) throw new Error(`${format.id}: names and values differ`);
          if (rec.micros === Number.POSITIVE_INFINITY || rec.micros === Number.NEGATIVE_INFINITY)
            throw new Error(`${format.id}: an endless time`);
          if (Number.isNaN(rec.micros) !== (rec.sure === 'none')) throw new Error(`${format.id}: no time, yet sure`);
          if (rec.offset < 0 || rec.offset > bytes) throw new Error(`${format.id}: a record outside of the file`);
          seen.push(rec.line + before);
          builder.add(event, {
            number: rec.line,
            micros: rec.micros,
            sure: rec.sure,
            host: rec.host,
            channel: rec.channel,
            provider: rec.provider,
            eventId: rec.eventId,
            place: rec.offset,
          });
        },
      });
      before += result.lines;
      records += result.records;
    }
  } finally {
    closeSync(fd);
  }
  builder.take();
  // Opened again by number, as a citation is.
  const again: number[] = [];
  readText(
    { path, format: format.id, zone: null, reference: plan.reference, host: '', mappings: [], shifts: plan.shifts },
    (rec) => {
      again.push(rec.line);
      return true;
    },
  );
  if (again.join() !== seen.join()) throw new Error(`${format.id}: other records when read again`);
  return { format: format.id, records };
}

export async function fuzzFormats(
  rounds: number,
  seed: number,
): Promise<{ read: Map<string, number>; slowest: number }> {
  const inputs = (parse(readFileSync(join(ROOT, 'test', 'cases', 'formats.yaml'), 'utf8')) as { input: string }[]).map(
    (c) => Buffer.from(c.input),
  );
  const dir = mkdtempSync(join(tmpdir(), 'backtrail-fuzz-'));
  const read = new Map<string, number>();
  let slowest = 0;
  try {
    const archives = [
      await zipOf({ 'a/x.log': inputs[0]!, 'b.log': 'b' }),
      await zipOf({ 'a.log': 'secret' }, { password: 'p' }),
      await tarOf([{ name: 'a.log', data: inputs[1]! }]),
      gzipSync(inputs[0]!),
    ];
    for (let i = 0; i < rounds; i++) {
      const r = random(seed + i);
      const start = performance.now();
      const path = join(dir, 'x.log');
      try {
        if ((seed + i) % 10 === 9) {
          const archive = damage(r.pick(archives), inputs, r);
          const at = join(dir, 'a.bin');
          writeFileSync(at, archive);
          const folder = join(dir, 'out');
          mkdirSync(folder);
          const source = { path: at, name: 'a.bin', bytes: archive.length };
          const found = await expand([source], { folder, passwords: ['p'] });
          for (const f of found.files) if (f.bytes < 1 << 20) readLog(f.path, f.bytes);
          rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 20 });
          read.set('archive', (read.get('archive') ?? 0) + 1);
        } else {
          const log = damage(inputs[(seed + i) % inputs.length]!, inputs, r);
          writeFileSync(path, log);
          const { format, records } = readLog(path, log.length);
          if (records > 0) read.set(format, (read.get(format) ?? 0) + 1);
        }
      } catch (e) {
        throw new Error(`seed ${seed + i} (of ${rounds} from ${seed}): ${(e as Error).message}`, { cause: e });
      }
      const ms = performance.now() - start;
      slowest = Math.max(slowest, ms);
      if (ms > MAX_MS) throw new Error(`seed ${seed + i}: ${Math.round(ms)} ms`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }
  return { read, slowest };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rounds = Number(process.argv[2] ?? 20_000);
  const seed = Number(process.argv[3] ?? 1);
  const { read, slowest } = await fuzzFormats(rounds, seed);
  console.log(`${rounds} damaged logs from seed ${seed}: slowest ${slowest.toFixed(0)} ms; read in spite of it:`);
  for (const [format, n] of [...read].sort()) console.log(`  ${format.padEnd(20)} ${n}`);
}
