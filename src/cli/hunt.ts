// backtrail hunt: detections to standard output or a file.
import { closeSync, openSync } from 'node:fs';
import { microsText, citedByLine } from '../base/index.js';
import { type Detection, type LoadedRules, ruleOfCorrelation } from '../detect/index.js';
import { hunt, type HuntEnd } from '../pipeline/hunt.js';
import { crewFor } from '../pipeline/plan.js';
import { prestartWorkers } from '../pipeline/pool.js';
import { visible } from '../report/index.js';
import { LEVELS } from '../sigma/index.js';
import { type Context, EXIT, filesOf, oneOf, rulesOf, sayTiming, threadsOf, readingOf } from './context.js';
import { Progress, safe, stdoutSink, writeFully } from './terminal.js';

/**
 * A cell of CSV: quoted where needed, never the start of a spreadsheet formula, and with characters that do not show themselves by their code:
 * a terminal would obey some of them.
 */
export function csvCell(given: string): string {
  const text = visible(given);
  const guarded = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

const HEAD = ['time', 'level', 'host', 'title', 'rule', 'author', 'file', 'record', 'channel', 'event_id', 'fields'];

function asObject(d: Detection, file: string, rules: LoadedRules, byLine: boolean): Record<string, unknown> {
  const r = rules.rules[d.rule]!;
  return {
    rule: r.id,
    title: r.title,
    author: r.author,
    level: r.level,
    time: microsText(d.micros),
    host: d.host,
    file,
    record: d.record,
    ...(byLine ? { line: d.record } : {}),
    event_record_id: d.eventRecordId === '' ? null : d.eventRecordId,
    channel: d.channel,
    event_id: d.eventId,
    tags: r.tags,
    fields: Object.fromEntries(d.fields.map((f) => [f.name ?? 'keyword', f.value])),
  };
}

export async function runHunt(ctx: Context): Promise<number> {
  const output = oneOf(ctx, 'output', ['table', 'csv', 'json', 'jsonl'], 'table');
  const min = LEVELS.indexOf(oneOf(ctx, 'min-level', LEVELS, 'informational') as (typeof LEVELS)[number]);
  const files = await filesOf(ctx);
  if (files === null) return EXIT.noEvidence;
  prestartWorkers(crewFor(threadsOf(ctx).threads, files));
  const { rules } = rulesOf(ctx);
  const wanted = rules?.rules.map((r) => LEVELS.indexOf(r.level) >= min);
  const out = ctx.values.out as string | undefined;
  const fd = out === undefined ? -1 : openSync(out, 'w');
  const write =
    fd < 0
      ? stdoutSink()
      : (data: string | Uint8Array): void => writeFully(fd, typeof data === 'string' ? Buffer.from(data) : data);
  const total = files.reduce((n, f) => n + f.bytes, 0);
  const progress = new Progress(total, ctx.progress && (out !== undefined || process.stdout.isTTY !== true));
  const seen = { bytes: 0, records: 0, detections: 0 };
  const byLevel: Record<string, number> = {};
  let logs = 0;
  let problems = 0;
  let first = true;
  const counted = new Set<string>();
  if (output === 'csv') write(`${HEAD.join(',')}\n`);
  if (output === 'json') write('[');
  const empty: LoadedRules = rules ?? {
    sets: [],
    rules: [],
    plans: '{"rules":[],"tests":[]}',
    problems: [],
    cached: false,
    correlations: [],
    silent: [],
  };
  const running = hunt(files, {
    rules: empty,
    ...threadsOf(ctx),
    recover: ctx.values.recover === true,
    reading: readingOf(ctx),
    ...(wanted === undefined ? {} : { wanted }),
  });
  const tellCorrelations = (end: HuntEnd): void => {
    const lines: string[] = [];
    for (const m of end.correlations) {
      const number = ruleOfCorrelation(empty, m.correlation);
      if (wanted?.[number] === false) continue;
      const r = empty.rules[number]!;
      const plan = empty.correlations[m.correlation]!;
      seen.detections++;
      byLevel[r.level] = (byLevel[r.level] ?? 0) + 1;
      const [e] = m.events;
      const fields = [
        ...plan.groupBy.map((name, i) => ({ name, value: m.group[i]! })),
        { name: plan.type, value: String(m.value) },
      ];
      const d: Detection = { ...e!, rule: number, micros: m.first, eventRecordId: '', fields };
      const events = m.events.map((x) => ({
        file: x.evidence,
        ...(x.byLine ? { line: x.record } : { record: x.record }),
        time: microsText(x.micros),
        rule: empty.rules[x.rule]!.id,
      }));
      if (output === 'json' || output === 'jsonl') {
        const o = { ...asObject(d, e!.evidence, empty, e!.byLine), last: microsText(m.last), events };
        lines.push(
          `${output === 'json' ? (first ? '\n' : ',\n') : ''}${JSON.stringify(o)}${output === 'jsonl' ? '\n' : ''}`,
        );
        first = false;
      } else if (output === 'csv') {
        const o = asObject(d, e!.evidence, empty, e!.byLine);
        lines.push(
          `${HEAD.map((h) => csvCell(h === 'fields' ? JSON.stringify({ ...(o.fields as object), events }) : String(o[h] ?? ''))).join(',')}\n`,
        );
      } else {
        const time = (microsText(m.first) ?? '').slice(0, 19).replace('T', ' ');
        lines.push(
          `${ctx.style.dim(time)}  ${ctx.style.level(r.level, r.level.padEnd(13))}  ${safe(d.host).padEnd(24)}  ${safe(r.title)}\n${' '.repeat(23)}${ctx.style.dim(safe(`${events.length} records from ${e!.evidence} #${e!.record}  ${fields.map((f) => `${f.name}=${f.value}`).join('  ')}`.slice(0, 240)))}\n`,
        );
      }
    }
    if (lines.length > 0) {
      progress.clear();
      write(lines.join(''));
    }
    if (end.left > 0 && !ctx.quiet)
      ctx.say(
        `${end.left.toLocaleString('en')} matches could not be looked at by correlation rules: no time, or more than are kept.`,
      );
  };
  for (;;) {
    const next = await running.next();
    if (next.done === true) {
      tellCorrelations(next.value);
      break;
    }
    const batch = next.value;
    const name = batch.file.source.name;
    if (batch.file.format !== 'unknown' && batch.file.format !== 'empty' && !counted.has(name)) {
      counted.add(name);
      logs++;
    }
    seen.bytes += batch.bytes;
    seen.records += batch.records;
    seen.detections += batch.detections.length;
    for (const p of batch.problems) {
      if (p.severity === 'info') continue;
      problems++;
      if (!ctx.quiet && problems <= 20) {
        progress.clear();
        ctx.problem(p);
      }
    }
    const lines: string[] = [];
    for (const d of batch.detections) {
      const r = empty.rules[d.rule]!;
      byLevel[r.level] = (byLevel[r.level] ?? 0) + 1;
      if (output === 'json' || output === 'jsonl') {
        lines.push(
          `${output === 'json' ? (first ? '\n' : ',\n') : ''}${JSON.stringify(asObject(d, name, empty, citedByLine(batch.file.format)))}${output === 'jsonl' ? '\n' : ''}`,
        );
        first = false;
      } else if (output === 'csv') {
        const o = asObject(d, name, empty, citedByLine(batch.file.format));
        lines.push(
          `${HEAD.map((h) => csvCell(h === 'fields' ? JSON.stringify(o.fields) : String(o[h] ?? ''))).join(',')}\n`,
        );
      } else {
        const time = (microsText(d.micros) ?? '').slice(0, 19).replace('T', ' ');
        lines.push(
          `${ctx.style.dim(time)}  ${ctx.style.level(r.level, r.level.padEnd(13))}  ${safe(d.host).padEnd(24)}  ${safe(r.title)}\n${' '.repeat(23)}${ctx.style.dim(safe(`${name} #${d.record}${d.fields.length > 0 ? `  ${d.fields.map((f) => `${f.name ?? 'keyword'}=${f.value}`).join('  ')}` : ''}`.slice(0, 240)))}\n`,
        );
      }
    }
    if (lines.length > 0) {
      progress.clear();
      write(lines.join(''));
    }
    progress.update('hunting', seen);
  }
  if (output === 'json') write(first ? ']\n' : '\n]\n');
  if (fd >= 0) closeSync(fd);
  progress.clear();
  ctx.time('hunt');
  if (logs === 0) {
    ctx.say(
      `No log found among ${files.length} files: expected one of the formats of "backtrail formats" (told by content, not by name). "backtrail identify" says what each file is.`,
    );
    return EXIT.noEvidence;
  }
  if (!ctx.quiet) {
    if (problems > 20) ctx.say(`${problems - 20} more problems; "backtrail investigate" lists them all.`);
    if (ctx.json)
      ctx.say(
        JSON.stringify({ records: seen.records, logs, detections: seen.detections, by_level: byLevel, problems }),
      );
    else {
      const parts = [...LEVELS]
        .reverse()
        .filter((l) => (byLevel[l] ?? 0) > 0)
        .map((l) => ctx.errStyle.level(l, `${byLevel[l]!.toLocaleString('en')} ${l}`));
      ctx.say(
        `${ctx.errStyle.bold(`${seen.detections.toLocaleString('en')} matches`)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''} in ${seen.records.toLocaleString('en')} records of ${logs.toLocaleString('en')} logs, ${empty.rules.length.toLocaleString('en')} rules`,
      );
    }
  }
  sayTiming(ctx);
  return EXIT.ok;
}
