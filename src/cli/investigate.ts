// backtrail investigate: the main job, and the summary at its end.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { IncidentDocument } from '../incident/index.js';
import { en } from '../messages/index.js';
import { investigate } from '../pipeline/investigate.js';
import { crewFor } from '../pipeline/plan.js';
import { prestartWorkers } from '../pipeline/pool.js';
import { unopenedOf } from '../pipeline/register.js';
import { makeView } from '../report/index.js';
import { type Context, EXIT, evidenceOf, rulesOf, sayTiming, threadsOf, UsageError, zoneOf } from './context.js';
import { Progress, safe } from './terminal.js';

const TLP = ['RED', 'AMBER', 'AMBER+STRICT', 'GREEN', 'CLEAR'];
/** Findings that the summary names. */
const SHOWN = 8;

export async function runInvestigate(ctx: Context): Promise<number> {
  const out = ctx.values.out as string | undefined;
  if (out === undefined || out === '')
    throw new UsageError('--out CASE is missing: the folder that the case is written to');
  const tlp = (ctx.values.tlp as string | undefined)?.toUpperCase();
  if (tlp !== undefined && !TLP.includes(tlp)) throw new UsageError(`--tlp takes ${TLP.join(', ')}, not "${tlp}"`);
  const found = await evidenceOf(ctx);
  if (found === null) return EXIT.noEvidence;
  const { files } = found;
  prestartWorkers(crewFor(threadsOf(ctx).threads, files));
  const { rules, dirs } = rulesOf(ctx);
  const progress = new Progress(
    files.reduce((n, f) => n + f.bytes, 0),
    ctx.progress,
  );
  let stopped = false;
  const onSignal = (): void => {
    if (stopped) process.exit(EXIT.interrupted);
    stopped = true;
    progress.clear();
    ctx.say('Stopping after the current part (press Ctrl-C again to stop at once) …');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const { document, aborted } = await investigate(files, {
    out,
    rules,
    unopened: unopenedOf(found.problems),
    containers: found.containers,
    messages: en,
    ...threadsOf(ctx),
    recover: ctx.values.recover === true,
    ...zoneOf(ctx),
    ...(ctx.values.title === undefined ? {} : { title: ctx.values.title as string }),
    ...(tlp === undefined ? {} : { tlp }),
    onProgress: (p) => progress.update('reading', p),
    onStage: (stage, done) => {
      if (done) ctx.time(stage);
    },
    stop: () => stopped,
  });
  progress.clear();
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
  if (aborted) {
    ctx.say(`Stopped. ${out} holds an unfinished case: run the same command again.`);
    return EXIT.interrupted;
  }
  rememberRules(out, dirs);
  if (!ctx.quiet) {
    if (ctx.json)
      process.stdout.write(
        `${JSON.stringify({ case: resolve(out), report: join(resolve(out), 'report.html'), counts: document.counts }, null, 2)}\n`,
      );
    else summary(ctx, document, out);
  }
  sayTiming(ctx);
  return EXIT.ok;
}

/** verify needs the rules again: where they were goes beside the places of the evidence. */
function rememberRules(out: string, dirs: readonly string[]): void {
  const path = join(out, 'paths.json');
  if (!existsSync(path)) return;
  const paths = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, `${JSON.stringify({ ...paths, rules: dirs.map((d) => resolve(d)) }, null, 1)}\n`);
}

function summary(ctx: Context, d: IncidentDocument, out: string): void {
  const { style } = ctx;
  const n = (v: number): string => v.toLocaleString('en');
  const view = makeView(d);
  const lines: string[] = [''];
  const levels = ['critical', 'high', 'medium', 'low', 'informational']
    .filter((l) => (view.levelTotals[l] ?? 0) > 0)
    .map((l) => style.level(l, `${n(view.levelTotals[l]!)} ${l}`));
  lines.push(
    style.bold(
      d.counts.detections === 0
        ? 'No rule matched any record.'
        : `${n(d.counts.detections)} rule matches on ${n(new Set(d.other_findings.map((f) => f.host)).size)} hosts`,
    ) + (levels.length > 0 ? `  ${levels.join('  ')}` : ''),
  );
  if (d.overview.anti_forensics.length > 0) {
    const kinds = new Map<string, number>();
    for (const a of d.overview.anti_forensics) kinds.set(a.kind, (kinds.get(a.kind) ?? 0) + 1);
    lines.push(
      style.bad(`Signs of log tampering: ${[...kinds].map(([k, c]) => `${en.text.kind[k] ?? k} ${n(c)}`).join(', ')}`),
    );
  }
  lines.push('');
  for (const g of view.groups.slice(0, SHOWN)) {
    const hosts = g.findings.map((f) => (f.host === '' ? 'a host that the log does not name' : f.host));
    lines.push(`  ${style.level(g.level, g.level.padEnd(13))} ${safe(g.title)}`);
    lines.push(
      `  ${' '.repeat(13)} ${style.dim(safe(`${n(g.count)} × on ${hosts.slice(0, 3).join(', ')}${hosts.length > 3 ? ` and ${n(hosts.length - 3)} more` : ''}, first ${(g.first ?? '').slice(0, 19).replace('T', ' ')}`))}`,
    );
  }
  if (view.groups.length > SHOWN)
    lines.push(`  ${' '.repeat(13)} ${style.dim(`… and ${n(view.groups.length - SHOWN)} more rules`)}`);
  const skipped = d.evidence.filter((e) => e.status === 'skipped').length;
  const failed = d.evidence.filter((e) => e.status === 'failed').length;
  const partial = d.evidence.filter((e) => e.status === 'partial').length;
  lines.push('');
  lines.push(
    `${n(d.counts.records)} records of ${n(d.counts.logs)} logs from ${n(d.counts.hosts_seen)} hosts${view.period.first === null ? '' : `, ${view.period.first.slice(0, 10)} to ${view.period.last!.slice(0, 10)}`}`,
  );
  const notes = [
    partial > 0 ? `${n(partial)} read in part` : '',
    failed > 0 ? `${n(failed)} could not be read` : '',
    skipped > 0 ? `${n(skipped)} files are no logs that can be read` : '',
  ].filter((x) => x !== '');
  if (notes.length > 0) lines.push(`${notes.join(', ')}: see the register`);
  lines.push('');
  lines.push(`Report  ${style.bold(pathToFileURL(join(resolve(out), 'report.html')).href)}`);
  lines.push(`Case    ${resolve(out)}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
