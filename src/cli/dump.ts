// backtrail dump: records as JSON lines or XML.
import { closeSync, openSync } from 'node:fs';
import { ByteWriter, type Diagnostic } from '../base/index.js';
import { EvtxError, EvtxFile, writeJsonLine, writeTreeXml } from '../formats/evtx/index.js';
import { chunkParts, planFile, crewFor } from '../pipeline/plan.js';
import { runTasks } from '../pipeline/pool.js';
import type { Task } from '../pipeline/work.js';
import { type Context, EXIT, filesOf, oneOf, sayTiming, threadsOf, UsageError } from './context.js';
import { Progress, stdoutSink, writeFully } from './terminal.js';

/** Problems printed; the rest are counted. */
const MAX_PRINTED = 50;

export async function runDump(ctx: Context): Promise<number> {
  const format = oneOf(ctx, 'format', ['jsonl', 'xml'], 'jsonl') as 'jsonl' | 'xml';
  const only = ((ctx.values.record as string[] | undefined) ?? []).map((v) => {
    if (!/^\d{1,15}$/.test(v)) throw new UsageError(`--record takes a record number, not "${v}"`);
    return Number(v);
  });
  const files = await filesOf(ctx);
  if (files === null) return EXIT.noEvidence;
  const out = ctx.values.out as string | undefined;
  const fd = out === undefined ? -1 : openSync(out, 'w');
  const write =
    fd < 0
      ? stdoutSink()
      : (data: string | Uint8Array): void => writeFully(fd, typeof data === 'string' ? Buffer.from(data) : data);
  const seen = { bytes: 0, records: 0, detections: 0 };
  let problems = 0;
  let logs = 0;
  const problem = (p: Diagnostic, name: string): void => {
    if (p.severity === 'info') return;
    problems++;
    if (!ctx.quiet && problems <= MAX_PRINTED) ctx.problem({ ...p, place: { ...p.place, file: name } });
  };
  const progress = new Progress(
    files.reduce((n, f) => n + f.bytes, 0),
    ctx.progress && (out !== undefined || process.stdout.isTTY !== true),
  );
  if (format === 'xml') write('<?xml version="1.0" encoding="utf-8"?>\n<Events>\n');
  const recover = ctx.values.recover === true;
  if (only.length > 0) {
    const wanted = new Set(only);
    for (const source of files) {
      const plan = planFile(source);
      for (const p of plan.problems) problem(p, source.name);
      if (plan.format !== 'evtx') continue;
      logs++;
      const file = new EvtxFile(source.path, plan.chunks);
      const w = new ByteWriter();
      for (const view of file.records({ recover, report: (p) => problem(p, source.name) })) {
        if (!wanted.has(view.recordId)) continue;
        try {
          if (format === 'jsonl') writeJsonLine(w, view, (p) => problem(p, source.name));
          else {
            writeTreeXml(w, view.tree());
            w.byte(0x0a);
          }
          seen.records++;
        } catch (e) {
          if (!(e instanceof EvtxError)) throw e;
          problem(view.chunk.diagnose(e, view.recordId), source.name);
        }
      }
      write(w.take());
      file.close();
    }
  } else {
    const names = new Map<string, string>();
    const told: [Diagnostic, string][] = [];
    function* tasks(): Generator<Task> {
      for (const source of files!) {
        const plan = planFile(source);
        for (const p of plan.problems) told.push([p, source.name]);
        if (plan.format !== 'evtx') continue;
        logs++;
        names.set(source.path, source.name);
        for (const spans of chunkParts(plan.chunks)) yield { kind: 'dump', path: source.path, spans, format };
      }
    }
    for await (const { task, answer } of runTasks(
      tasks(),
      { plans: null, wanted: null, register: false, recover },
      crewFor(threadsOf(ctx).threads, files),
    )) {
      for (const [p, name] of told.splice(0)) problem(p, name);
      const name = names.get(task.path)!;
      if (answer.kind === 'failed')
        problem(
          { code: 'source.unreadable', severity: 'error', place: {}, expected: 'a readable file', found: answer.error },
          name,
        );
      else if (answer.kind === 'dump' && task.kind === 'dump') {
        write(answer.bytes);
        seen.records += answer.records;
        seen.bytes += task.spans.length * 65536;
        for (const p of answer.problems) problem(p, name);
      }
      progress.update('dumping', seen);
    }
    for (const [p, name] of told) problem(p, name);
  }
  if (format === 'xml') write('</Events>\n');
  if (fd >= 0) closeSync(fd);
  progress.clear();
  ctx.time('dump');
  if (logs === 0) {
    ctx.say(`No event log found among ${files.length} files: expected EVTX files (told by content, not by name).`);
    return EXIT.noEvidence;
  }
  if (!ctx.quiet) {
    if (problems > MAX_PRINTED) ctx.say(`${problems - MAX_PRINTED} more problems`);
    if (ctx.json) ctx.say(JSON.stringify({ records: seen.records, logs, problems }));
    else
      ctx.say(
        `${seen.records.toLocaleString('en')} records of ${logs.toLocaleString('en')} event logs${problems > 0 ? `, ${problems.toLocaleString('en')} problems` : ''}`,
      );
  }
  sayTiming(ctx);
  return EXIT.ok;
}
