// backtrail range: makes a synthetic enterprise's evidence with the truth beside it. backtrail score: an investigation against a truth.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CaseError } from '../case/index.js';
import { diagnostic } from '../base/index.js';
import {
  findScenario,
  type PartScore,
  playRange,
  type RangeOptions,
  type Score,
  SCENARIOS,
  score,
} from '../range/index.js';
import { type Context, EXIT, UsageError } from './context.js';
import { safe } from './terminal.js';

const FORMATS = ['evtx', 'xml', 'winlogbeat', 'mixed'] as const;

function numberOf(ctx: Context, name: string, low: number, high: number, whole = true): number | undefined {
  const text = ctx.values[name] as string | undefined;
  if (text === undefined) return undefined;
  const n = Number(text);
  if (text.trim() === '' || !Number.isFinite(n) || n < low || n > high || (whole && !Number.isInteger(n)))
    throw new UsageError(
      `--${name} takes ${whole ? 'a whole number' : 'a number'} from ${low} to ${high}, not "${text}"`,
    );
  return n;
}

export function runRange(ctx: Context): number {
  const [name, more] = ctx.args;
  if (name === undefined || more !== undefined) throw new UsageError('range takes one scenario, or "list"');
  if (name === 'list') {
    if (ctx.json) {
      process.stdout.write(
        `${JSON.stringify(
          SCENARIOS.map(({ begin: _, ...s }) => s),
          null,
          2,
        )}\n`,
      );
      return EXIT.ok;
    }
    for (const s of SCENARIOS)
      process.stdout.write(`${s.name.padEnd(15)}${s.hosts} hosts, ${s.days} days\n${' '.repeat(15)}${s.about}\n`);
    return EXIT.ok;
  }
  if (findScenario(name) === undefined)
    throw new UsageError(`there is no scenario "${name}"; there are ${SCENARIOS.map((s) => s.name).join(', ')}`);
  const out = ctx.values.out as string | undefined;
  if (out === undefined) throw new UsageError('--out DIR is missing: the folder to write to');
  const format = ctx.values.format as (typeof FORMATS)[number] | undefined;
  if (format !== undefined && !FORMATS.includes(format))
    throw new UsageError(`--format takes ${FORMATS.join(', ')}, not "${String(format)}"`);
  const keep = numberOf(ctx, 'keep-days', 1, 3650);
  const seed = numberOf(ctx, 'seed', 0, 2 ** 31 - 1) ?? 1;
  const hosts = numberOf(ctx, 'hosts', 10, 5000);
  const days = numberOf(ctx, 'days', 1, 731);
  const scale = numberOf(ctx, 'scale', 0.05, 50, false);
  // A range that is there is written anew; anything else is left alone.
  if (existsSync(out) && readdirSync(out).length > 0) {
    if (!existsSync(join(out, 'truth.json')))
      throw new CaseError(
        diagnostic(
          'case.not-a-case',
          'error',
          { file: out },
          'an empty folder, or one that "backtrail range" wrote',
          'other files',
          'name another folder',
        ),
      );
    for (const part of ['evidence', 'truth.json', 'known.yml', 'networks.csv', 'directory.csv'])
      rmSync(join(out, part), { recursive: true, force: true });
  }
  const start = performance.now();
  let said = 0;
  const options: RangeOptions = {
    scenario: name,
    seed,
    out,
    ...(hosts === undefined ? {} : { hosts }),
    ...(days === undefined ? {} : { days }),
    ...(scale === undefined ? {} : { scale }),
    ...(format === undefined ? {} : { format }),
    ...(keep === undefined ? {} : { keepDays: { workstation: keep, server: keep * 3 } }),
    onProgress(done, records) {
      if (!ctx.progress || performance.now() - said < 200) return;
      said = performance.now();
      process.stderr.write(`\r\u001b[K${(100 * done).toFixed(0)} %  ${records.toLocaleString('en')} records`);
    },
  };
  const { truth, records, bytes } = playRange(options);
  if (ctx.progress) process.stderr.write('\r\u001b[K');
  const seconds = (performance.now() - start) / 1000;
  if (ctx.json)
    process.stdout.write(
      `${JSON.stringify({ scenario: name, records, bytes, seconds, incidents: truth.incidents.length, truth: join(out, 'truth.json') }, null, 2)}\n`,
    );
  else if (!ctx.quiet) {
    const n = (v: number): string => v.toLocaleString('en');
    const count = (v: number, one: string, many = `${one}s`): string => `${n(v)} ${v === 1 ? one : many}`;
    const lines = truth.incidents.map(
      (i) =>
        `  ${i.id}  ${count(i.hosts.filter((h) => h.status === 'controlled').length, 'host')} controlled, ${count(i.sessions.length, 'session')} from ${count(new Set(i.sessions.map((s) => s.country)).size, 'country', 'countries')}, ${count(i.mailboxes.length, 'mailbox', 'mailboxes')}${i.update_hijack === null ? '' : `, update run by ${i.update_hijack.hosts_executed.length} hosts and only fetched by ${i.update_hijack.hosts_downloaded.length}`}\n`,
    );
    process.stdout.write(
      `${n(records)} records of ${n(truth.hosts)} hosts over ${n(truth.days)} days, ${n(Math.round(bytes / 1e6))} MB, in ${seconds.toFixed(1)} s\n${lines.join('') || '  no intrusion\n'}Evidence  ${safe(join(out, 'evidence'))}\nTruth     ${safe(join(out, 'truth.json'))}\n`,
    );
  }
  return EXIT.ok;
}

function parsed(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (e) {
    throw new UsageError(`${path}: ${(e as NodeJS.ErrnoException).code ?? 'error'}: expected a file that can be read`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (e) {
    throw new UsageError(`${path}: expected JSON: ${(e as Error).message.slice(0, 120)}`);
  }
}

/** Names that are printed of a part. */
const MAX_NAMES = 8;

export function runScore(ctx: Context): number {
  const [truthPath, incidentPath, more] = ctx.args;
  if (truthPath === undefined || incidentPath === undefined || more !== undefined)
    throw new UsageError('score takes a truth.json and an incident.json (or the case that it is in)');
  const incident = existsSync(join(incidentPath, 'incident.json')) ? join(incidentPath, 'incident.json') : incidentPath;
  let s: Score;
  try {
    s = score(parsed(truthPath), parsed(incident));
  } catch (e) {
    if (e instanceof UsageError) throw e;
    throw new UsageError((e as Error).message);
  }
  if (ctx.json) {
    process.stdout.write(`${JSON.stringify(s, null, 2)}\n`);
    return EXIT.ok;
  }
  const percent = (v: number): string => v.toFixed(3);
  const row = (p: PartScore): string =>
    `${p.part.padEnd(21)}${String(p.right).padStart(6)} of ${String(p.expected).padStart(5)}  ${String(p.found).padStart(6)}  ${percent(p.precision)}  ${percent(p.recall)}  ${percent(p.f1)}\n`;
  process.stdout.write(`${'part'.padEnd(21)}${'right of expected'.padStart(15)}   found  precis  recall  F1\n`);
  for (const p of s.parts) process.stdout.write(row(p));
  process.stdout.write(`lowest: ${s.lowest.part} ${percent(s.lowest.f1)}\n`);
  for (const p of s.parts)
    for (const [what, names] of [
      ['missing', p.missing],
      ['extra', p.extra],
    ] as const)
      if (names.length > 0)
        process.stdout.write(
          `${p.part}, ${what}: ${safe(names.slice(0, MAX_NAMES).join('; '))}${names.length > MAX_NAMES ? ` … and ${names.length - MAX_NAMES} more (--json has all)` : ''}\n`,
        );
  return EXIT.ok;
}
