// Carries out one task. Runs inside a worker, or in the main thread where there is only one.
import { closeSync, openSync } from 'node:fs';
import { ByteWriter, type Diagnostic } from '../base/index.js';
// Single files rather than stages: a worker must not load the YAML parser and the rule loader that it never uses.
import { readPlans } from '../detect/rule-set.js';
import { scanChunks } from '../detect/scan.js';
import { scanText } from '../detect/scan-text.js';
import { BatchBuilder } from '../facts/index.js';
import { EvtxError, EvtxFile, TemplateCache, writeTreeXml } from '../formats/evtx/index.js';
import { textFormat } from '../formats/registry/registry.js';
import { routesOf } from '../schema/index.js';
import { Engine } from '../sigma/engine.js';
import { sha256File } from '../sources/hash.js';
import type { Answer, Task, WorkerSetup } from './work.js';

/** Problems kept of one dumped range. */
const MAX_DUMP_PROBLEMS = 1000;

/** Makes the function that carries out tasks under one setup; it keeps the rule plan. `keep`: bytes of an answer
 * are good until the next task only, which saves a copy. */
export function executor(setup: WorkerSetup, keep = false): { run(task: Task): Answer } {
  let engine: Engine | null = null;
  if (setup.plans !== null) engine = new Engine(readPlans(setup.plans), routesOf, { interned: true });
  const builder = setup.index === true ? new BatchBuilder() : null;
  const cache = new TemplateCache();
  // One buffer for every dump: growing a new one each time costs more than filling it.
  const writer = new ByteWriter(1 << 20);
  return {
    run(task) {
      let file: EvtxFile | null = null;
      try {
        if (task.kind === 'hash') return { kind: 'hash', ...sha256File(task.path) };
        if (task.kind === 'text') {
          const fd = openSync(task.path, 'r');
          try {
            const { from, to, header, reference, host, zone, zoned, shifts } = task;
            return {
              kind: 'text',
              result: scanText(fd, {
                format: textFormat(task.format, setup.mappings)!,
                from,
                to,
                header,
                reference,
                host,
                zone,
                zoned,
                shifts,
                engine,
                register: setup.register,
                wanted: setup.wanted,
                each:
                  builder === null
                    ? undefined
                    : (event, r) =>
                        builder.add(event, {
                          number: r.line,
                          micros: r.micros,
                          sure: r.sure,
                          host: r.host,
                          channel: r.channel,
                          provider: r.provider,
                          eventId: r.eventId,
                          place: r.offset,
                        }),
              }),
              batch: builder?.take() ?? null,
            };
          } finally {
            closeSync(fd);
          }
        }
        file = new EvtxFile(task.path, task.spans);
        if (task.kind === 'dump') return dump(file, task.format, setup.recover, cache, writer, keep);
        return {
          kind: 'scan',
          result: scanChunks(
            file,
            {
              recover: setup.recover,
              engine,
              register: setup.register,
              wanted: setup.wanted,
              each:
                builder === null
                  ? undefined
                  : (event, micros, number, place) =>
                      builder.add(event, {
                        number,
                        micros,
                        sure: 'stated',
                        host: event.computer,
                        channel: event.channel,
                        provider: event.provider,
                        eventId: event.eventId,
                        place,
                      }),
            },
            cache,
          ),
          batch: builder?.take() ?? null,
        };
      } catch (e) {
        const code = (e as NodeJS.ErrnoException).code;
        if (code === undefined) throw e;
        return { kind: 'failed', error: (e as Error).message, code };
      } finally {
        file?.close();
      }
    },
  };
}

function dump(
  file: EvtxFile,
  format: 'jsonl' | 'xml',
  recover: boolean,
  cache: TemplateCache,
  w: ByteWriter,
  keep: boolean,
): Answer {
  w.pos = 0;
  const problems: Diagnostic[] = [];
  const report = (d: Diagnostic): void => {
    if (problems.length < MAX_DUMP_PROBLEMS) problems.push(d);
  };
  let records = 0;
  if (format === 'jsonl') for (const n of file.jsonLines(w, { recover, report, cache })) records += n;
  else
    for (const view of file.records({ recover, report, cache })) {
      const start = w.pos;
      try {
        writeTreeXml(w, view.tree());
        w.byte(0x0a);
        records++;
      } catch (e) {
        if (!(e instanceof EvtxError)) throw e;
        w.pos = start;
        report(view.chunk.diagnose(e, view.recordId));
      }
    }
  // What is handed to another thread is a copy of its own size.
  return { kind: 'dump', bytes: keep ? w.take() : new Uint8Array(w.take()), records, problems };
}
