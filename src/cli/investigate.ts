// backtrail investigate: the main job, and the summary at its end.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { diagnostic, parseMicros } from '../base/index.js';
import { CaseError, readCase } from '../case/index.js';
import type { IncidentDocument } from '../incident/index.js';
import { en } from '../messages/index.js';
import { investigate, readRun, type RunFile, type Segment } from '../pipeline/investigate.js';
import {
  EMPTY_DECLARED,
  geoFile,
  makeDeclared,
  parseKnown,
  readDeclaredFile,
  readDeclared,
  type StoredDeclared,
} from '../pipeline/declared.js';
import { crewFor } from '../pipeline/plan.js';
import { prestartWorkers } from '../pipeline/pool.js';
import { unopenedOf } from '../pipeline/register.js';
import { makeView } from '../report/index.js';
import { sha256File, type SourceFile } from '../sources/index.js';
import {
  type Context,
  EXIT,
  evidenceOf,
  type RuleFiles,
  rulesOf,
  sayTiming,
  threadsOf,
  UsageError,
  readingOf,
} from './context.js';
import { Progress, safe } from './terminal.js';

const TLP = ['RED', 'AMBER', 'AMBER+STRICT', 'GREEN', 'CLEAR'];
/** Findings that the summary names. */
const SHOWN = 8;

export async function runInvestigate(ctx: Context): Promise<number> {
  const out = ctx.values.out as string | undefined;
  if (out === undefined || out === '')
    throw new UsageError('--out CASE is missing: the folder that the case is written to');
  if (ctx.values.resume !== true) return runCase(ctx, { mode: 'new', out, paths: ctx.args, run: null });
  if (readCase(out).state === 'complete') {
    ctx.say(`${safe(out)} is complete: there is nothing to go on with. "backtrail add" puts more evidence into it.`);
    return EXIT.ok;
  }
  const run = readRun(out);
  const { paths } = run.segments.at(-1)!;
  if (ctx.args.length > 0 && ctx.args.map((p) => resolve(p)).join('\0') !== paths.join('\0'))
    throw new UsageError(`the run to go on with read ${paths.join(', ')}: name these, or none`);
  for (const f of [
    'rules',
    'pipeline',
    'placeholders',
    'no-rules',
    'recover',
    'timezone',
    'mapping',
    'title',
    'tlp',
    'acquired-by',
    'acquired-at',
    'acquired-how',
    'known',
    'networks',
    'geo',
    'directory',
  ])
    if (ctx.values[f] !== undefined) throw new UsageError(`--${f} cannot be changed by --resume`);
  return runCase(ctx, { mode: 'resume', out, paths, run, declared: readDeclared(out) });
}

export interface CaseJob {
  readonly mode: 'new' | 'resume' | 'add';
  readonly out: string;
  readonly paths: readonly string[];
  /** How the case was made so far; null for a new one. */
  readonly run: RunFile | null;
  /** What it was declared with so far; a new one takes it from the flags. */
  readonly declared?: StoredDeclared;
}

/** Evidence that the case has from earlier runs is left out; other files with the same names get names of their own. */
function chooserOf(
  out: string,
  segments: readonly Segment[],
  say: (known: number) => void,
): (files: readonly SourceFile[]) => readonly SourceFile[] {
  if (segments.length === 0) return (f) => f;
  const names = new Set(segments.flatMap((s) => s.inputs.map((i) => i.name)));
  const hashes = new Map<string, string | null>();
  const document = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as IncidentDocument;
  for (const e of document.evidence) if (names.has(e.path)) hashes.set(e.path, e.sha256);
  const first = (name: string): string => name.split('/')[0]!;
  return (files) => {
    const fresh = files.filter((f) => !names.has(f.name) || hashes.get(f.name) !== sha256File(f.path).sha256);
    say(files.length - fresh.length);
    const tops = new Set([...names].map(first));
    const clash = new Set(fresh.filter((f) => names.has(f.name)).map((f) => first(f.name)));
    const renamed = new Map<string, string>();
    for (const top of clash) {
      let n = 2;
      while (tops.has(`${top}~${n}`)) n++;
      renamed.set(top, `${top}~${n}`);
    }
    return fresh.map((f) => {
      const top = renamed.get(first(f.name));
      return top === undefined ? f : { ...f, name: top + f.name.slice(first(f.name).length) };
    });
  };
}

/** What the flags declare. Throws `DeclaredError` where a file is not what it should be. */
function declaredOf(ctx: Context): StoredDeclared {
  const read = readDeclaredFile;
  const one = (name: string): string | undefined => ctx.values[name] as string | undefined;
  const [networks, directory, geo] = [one('networks'), one('directory'), one('geo')];
  return {
    ...EMPTY_DECLARED,
    known: ((ctx.values.known as string[] | undefined) ?? []).flatMap((f) => parseKnown(f, read(f))),
    networks: networks === undefined ? null : { name: basename(networks), csv: read(networks) },
    directory: directory === undefined ? null : { name: basename(directory), csv: read(directory) },
    geo: geo === undefined ? null : geoFile(resolve(geo)),
  };
}

/** Who took the evidence of this run, when and how, as far as the user says. */
function acquisitionOf(ctx: Context): Pick<Segment, 'acquisition'> {
  const text = (name: string): string | null => (ctx.values[name] as string | undefined) ?? null;
  const at = text('acquired-at');
  if (at !== null && Number.isNaN(parseMicros(at)))
    throw new UsageError(`--acquired-at takes a time such as 2024-03-05T08:00:00Z, not "${at}"`);
  const acquisition = { by: text('acquired-by'), time: at, how: text('acquired-how') };
  return Object.values(acquisition).every((v) => v === null) ? {} : { acquisition };
}

const inputsOf = (files: readonly SourceFile[]): Segment['inputs'] =>
  files.map((f) => ({ name: f.name, bytes: f.bytes, modified: Math.floor(statSync(f.path).mtimeMs) }));

/** Makes a case, goes on with one, or adds to it. */
export async function runCase(ctx: Context, job: CaseJob): Promise<number> {
  const { out, mode } = job;
  const tlp = (ctx.values.tlp as string | undefined)?.toUpperCase();
  if (tlp !== undefined && !TLP.includes(tlp)) throw new UsageError(`--tlp takes ${TLP.join(', ')}, not "${tlp}"`);
  if (mode !== 'new' && job.paths.includes('-'))
    throw new UsageError('standard input cannot be read again or added: write it to a file first');
  const segments = job.run === null ? [] : mode === 'resume' ? job.run.segments.slice(0, -1) : job.run.segments;
  let known = 0;
  const found =
    mode === 'add' && job.paths.length === 0
      ? { inputs: [], files: [], containers: [], problems: [] }
      : await evidenceOf(
          ctx,
          job.paths,
          chooserOf(out, segments, (n) => (known = n)),
        );
  if (found === null) return EXIT.noEvidence;
  const declared = job.declared ?? declaredOf(ctx);
  // What is wrong with it is told before hours of reading.
  makeDeclared(declared);
  if (mode === 'add' && found.inputs.length === 0 && job.paths.length > 0) {
    ctx.say(`Nothing new: the case has all ${known.toLocaleString('en')} files already.`);
    return EXIT.ok;
  }
  if (mode === 'add' && !ctx.quiet && job.paths.length > 0)
    ctx.say(
      `${found.inputs.length.toLocaleString('en')} new files${known > 0 ? `; ${known.toLocaleString('en')} are in the case already` : ''}`,
    );
  const { files } = found;
  prestartWorkers(crewFor(threadsOf(ctx).threads, files));
  const { rules, files: ruleFiles } = rulesOf(
    ctx,
    job.run === null
      ? undefined
      : {
          dirs: job.run.rules,
          pipelines: job.run.pipelines ?? [],
          placeholders: job.run.placeholders ?? [],
        },
  );
  const shas = rules?.sets.map((s) => s.sha256) ?? [];
  const inputs = inputsOf(found.inputs);
  let run: RunFile;
  if (job.run === null)
    run = {
      schema: 'backtrail.run/1',
      segments: [{ paths: job.paths.map((p) => (p === '-' ? p : resolve(p))), inputs, ...acquisitionOf(ctx) }],
      rules: ruleFiles.dirs.map((d) => resolve(d)),
      ...(ruleFiles.pipelines.length === 0 ? {} : { pipelines: ruleFiles.pipelines.map((f) => resolve(f)) }),
      ...(ruleFiles.placeholders.length === 0 ? {} : { placeholders: ruleFiles.placeholders.map((f) => resolve(f)) }),
      rules_sha256: shas,
      recover: ctx.values.recover === true,
      reading: readingOf(ctx),
      title: (ctx.values.title as string | undefined) ?? null,
      tlp: tlp ?? null,
    };
  else {
    if (job.run.rules_sha256.join() !== shas.join())
      throw changed(out, 'the rules that the case was begun with', 'others', job.run.rules.join(', '));
    if (mode === 'add')
      run = {
        ...job.run,
        segments: [...segments, { paths: job.paths.map((p) => resolve(p)), inputs, ...acquisitionOf(ctx) }],
      };
    else {
      run = job.run;
      const was = run.segments.at(-1)!.inputs;
      const key = (i: Segment['inputs'][number]): string => `${i.name}\0${i.bytes}\0${i.modified}`;
      const now = new Set(inputs.map(key));
      const then = new Set(was.map(key));
      const other = was.find((i) => !now.has(key(i))) ?? inputs.find((i) => !then.has(key(i)));
      if (other !== undefined) throw changed(out, 'the evidence as it was when the run began', 'a change', other.name);
    }
  }
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
    mode,
    run,
    recover: run.recover,
    reading: run.reading,
    declared,
    ...(run.title === null ? {} : { title: run.title }),
    ...(run.tlp === null ? {} : { tlp: run.tlp }),
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
    ctx.say(
      `Stopped. ${safe(out)} holds an unfinished case: "backtrail investigate --resume --out ${safe(out)}" goes on with it.`,
    );
    return EXIT.interrupted;
  }
  rememberRules(out, ruleFiles);
  for (const h of unknownHosts(declared, document))
    ctx.say(`No host of this evidence is called "${safe(h)}": what was said of it has no effect.`);
  if (!ctx.quiet) {
    if (ctx.json)
      process.stdout.write(
        `${JSON.stringify({ case: resolve(out), report: join(resolve(out), 'report.html'), counts: document.counts }, null, 2)}\n`,
      );
    else summary(ctx, document, out);
  }
  sayTiming(ctx);
  // Nothing of it could be read: that no incident was found says nothing.
  if (document.evidence.length > 0 && document.counts.records === 0) {
    process.stderr.write(
      'error: no record was read: the evidence is of no kind that is known ("backtrail identify" says what each file is).\n',
    );
    return EXIT.noEvidence;
  }
  // A case without its reconstruction must not pass for one in which nothing happened.
  const { performed, note } = document.reconstruction;
  if (!performed && note !== en.text.reconstruction.off) {
    process.stderr.write(`error: ${safe(note)} The rest of the case was written.\n`);
    return EXIT.internal;
  }
  return EXIT.ok;
}

const changed = (dir: string, expected: string, found: string, what: string): CaseError =>
  new CaseError(
    diagnostic(
      'case.evidence-changed',
      'error',
      { file: dir },
      expected,
      `${found} (${what})`,
      'make the case anew: "backtrail investigate" with the evidence and this --out, without --resume',
    ),
  );

/** verify needs the rules again: where they were goes beside the places of the evidence. */
function rememberRules(out: string, files: RuleFiles): void {
  const path = join(out, 'paths.json');
  if (!existsSync(path)) return;
  const paths = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const all = (list: readonly string[]): string[] => list.map((f) => resolve(f));
  writeFileSync(
    path,
    `${JSON.stringify({ ...paths, rules: all(files.dirs), pipelines: all(files.pipelines), placeholders: all(files.placeholders) }, null, 1)}\n`,
  );
}

/** Hosts that were declared or decided on and that no log is of. */
function unknownHosts(s: StoredDeclared, d: IncidentDocument): string[] {
  const label = (h: string): string => h.toLowerCase().split('.')[0]!;
  const known = new Set(
    [...d.overview.coverage.map((c) => c.host), ...(d.overview.hosts ?? []).flatMap((h) => [h.name, ...h.names])].map(
      label,
    ),
  );
  return [...s.known, ...s.decisions].flatMap((k) => k.hosts).filter((h) => !known.has(label(h)));
}

/** Words in lines of at most `width`. */
function wrapped(text: string, width: number): string[] {
  const out: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > width && line !== '') {
      out.push(`  ${line}`);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') out.push(`  ${line}`);
  return out;
}

function summary(ctx: Context, d: IncidentDocument, out: string): void {
  const { style } = ctx;
  const n = (v: number): string => v.toLocaleString('en');
  const view = makeView(d);
  const lines: string[] = [''];
  if (d.reconstruction.performed)
    lines.push(
      d.incidents.length === 0
        ? style.good('No incident was found.')
        : style.bad(en.text.incidentReport.words(d.incidents.length)),
      ...d.incidents.flatMap((i) => [
        '',
        style.bold(`${i.id}  ${i.first_seen?.slice(0, 10) ?? ''} to ${i.last_seen?.slice(0, 10) ?? ''}`),
        ...wrapped(safe(i.statement), 100),
      ]),
      '',
    );
  const levels = ['critical', 'high', 'medium', 'low', 'informational']
    .filter((l) => (view.levelTotals[l] ?? 0) > 0)
    .map((l) => style.level(l, `${n(view.levelTotals[l]!)} ${l}`));
  lines.push(
    style.bold(
      d.counts.detections === 0
        ? 'No rule matched any record.'
        : `${n(d.counts.detections)} rule matches on ${n(new Set([...d.other_findings, ...d.incidents.flatMap((i) => i.detections)].map((f) => f.host)).size)} hosts`,
    ) + (levels.length > 0 ? `  ${levels.join('  ')}` : ''),
  );
  if (d.overview.anti_forensics.length > 0) {
    const kinds = new Map<string, number>();
    for (const a of d.overview.anti_forensics) kinds.set(a.kind, (kinds.get(a.kind) ?? 0) + 1);
    lines.push(
      style.bad(
        `Signs of log tampering in all of the evidence: ${[...kinds].map(([k, c]) => `${en.text.kind[k] ?? k} ${n(c)}`).join(', ')}`,
      ),
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
