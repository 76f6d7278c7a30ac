// What every command gets: its parsed flags, where to write, and how.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Diagnostic, diagnostic, diagnosticText } from '../base/index.js';
import { type LoadedRules, loadRules, type RuleOptions } from '../detect/index.js';
import { type Mapping, parseMapping, zoneMinutes } from '../formats/mapping/mapping.js';
import { zoneOffset } from '../formats/text/zone.js';
import type { Reading } from '../pipeline/plan.js';
import { FACT_CLASSES } from '../schema/index.js';
import { type Container, expand, type SourceFile, walk } from '../sources/index.js';
import { COMMON, type Command, EXIT } from './flags.js';
import { makeStyle, safe, type Style, wantsColour } from './terminal.js';

export class UsageError extends Error {}

export interface Context {
  readonly args: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly style: Style;
  readonly errStyle: Style;
  readonly progress: boolean;
  /** A line on standard error. */
  say(text: string): void;
  problem(d: Diagnostic): void;
  time(stage: string): void;
  readonly timing: { stage: string; ms: number }[];
}

/** In a search, `-host:a` is a term and no flag. */
function asWords(command: Command, argv: readonly string[]): string[] {
  if (command.name !== 'search') return [...argv];
  const term = (a: string): boolean => /^-[A-Za-z_][\w.]*:|^-["(]/.test(a);
  if (argv.includes('--') || !argv.some(term)) return [...argv];
  // Behind `--` all are words: the terms go there.
  return [...argv.filter((a) => !term(a)), '--', ...argv.filter(term)];
}

export function makeContext(command: Command, argv: readonly string[]): Context {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> = {};
  for (const f of [...command.flags, ...COMMON])
    options[f.name] = {
      type: f.value === undefined ? 'boolean' : 'string',
      ...(f.short === undefined ? {} : { short: f.short }),
      ...(f.multiple === true ? { multiple: true } : {}),
    };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: asWords(command, argv), options, allowPositionals: true, strict: true });
  } catch (e) {
    throw new UsageError((e as Error).message.split('\n')[0]!.replace(/\. To specify.*$/, ''));
  }
  const values = parsed.values as Context['values'];
  const noColour = values['no-color'] === true;
  const quiet = values.quiet === true;
  const timing: { stage: string; ms: number }[] = [];
  let mark = performance.now();
  const errStyle = makeStyle(wantsColour(process.stderr, noColour));
  return {
    args: parsed.positionals,
    values,
    quiet,
    json: values.json === true,
    style: makeStyle(wantsColour(process.stdout, noColour)),
    errStyle,
    progress: !quiet && process.stderr.isTTY === true,
    say: (text) => void process.stderr.write(`${text}\n`),
    problem: (d) => void process.stderr.write(`${safe(diagnosticText(d))}\n`),
    time(stage) {
      const now = performance.now();
      timing.push({ stage, ms: now - mark });
      mark = now;
    },
    timing,
  };
}

/** The rules that come with Backtrail. */
export const bundledRules = (): string => fileURLToPath(new URL('../../../rules', import.meta.url));

/** Folders and files that say how rules are read. */
export interface RuleFiles {
  readonly dirs: readonly string[];
  readonly pipelines: readonly string[];
  readonly placeholders: readonly string[];
}

export function ruleOptionsOf(ctx: Context): RuleOptions {
  return {
    pipelines: (ctx.values.pipeline as string[] | undefined) ?? [],
    placeholders: (ctx.values.placeholders as string[] | undefined) ?? [],
  };
}

export function rulesOf(ctx: Context, of?: RuleFiles): { rules: LoadedRules | null; files: RuleFiles } {
  const options = of ?? ruleOptionsOf(ctx);
  const none = { dirs: [], pipelines: [], placeholders: [] };
  if (ctx.values['no-rules'] === true || of?.dirs.length === 0) return { rules: null, files: none };
  const dirs = (ctx.values.rules as string[] | undefined)?.map(namedRules) ?? of?.dirs.slice() ?? [bundledRules()];
  const rules = loadRules(dirs, options);
  const errors = rules.problems.filter((p) => p.severity === 'error' || p.code === 'sigma.reference');
  if (!ctx.quiet && errors.length > 0) {
    for (const p of errors.slice(0, 5)) ctx.problem(p);
    if (errors.length > 5) ctx.say(`${errors.length - 5} more rule problems: see "backtrail rules check"`);
  }
  // Files of a folder of placeholders are told under their own names.
  const wrong = rules.problems.find(
    (p) =>
      p.severity === 'error' &&
      p.place.file !== undefined &&
      [...options.pipelines!, ...options.placeholders!].some(
        (f) => p.place.file === f || p.place.file!.startsWith(`${f}/`),
      ),
  );
  if (wrong !== undefined)
    throw new UsageError(`${safe(wrong.place.file!)} could not be read: rules would mean something else without it`);
  if (rules.rules.length === 0) throw new UsageError(`no rule could be loaded from ${dirs.join(', ')}`);
  ctx.time(rules.cached ? 'rules (cached)' : 'rules');
  return { rules, files: { dirs, pipelines: options.pipelines ?? [], placeholders: options.placeholders ?? [] } };
}

/** A folder or file, or the name of a collection that "rules add" installed, or "bundled". */
export function namedRules(name: string): string {
  if (existsSync(name)) return name;
  if (name === 'bundled') return bundledRules();
  const installed = join(dataFolder(), 'rules', name);
  return /^[\w.-]+$/.test(name) && existsSync(installed) ? installed : name;
}

/** Where installed rule collections are: `BACKTRAIL_DATA`, or the user's data folder. */
export function dataFolder(): string {
  const set = process.env.BACKTRAIL_DATA;
  if (set !== undefined && set !== '') return set;
  if (process.platform === 'win32' && process.env.LOCALAPPDATA !== undefined)
    return join(process.env.LOCALAPPDATA, 'backtrail');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'backtrail');
  const base = process.env.XDG_DATA_HOME;
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.local', 'share'), 'backtrail');
}

/** The files below the paths of the command line, with those in archives; null, with a message, if there are none. */
export async function filesOf(ctx: Context): Promise<readonly SourceFile[] | null> {
  const found = await evidenceOf(ctx);
  if (found === null) return null;
  for (const c of found.containers) for (const p of c.problems) ctx.problem(p);
  return found.files;
}

export interface FoundEvidence {
  /** What was found, archives not opened. */
  readonly inputs: readonly SourceFile[];
  readonly files: readonly SourceFile[];
  readonly containers: readonly Container[];
  readonly problems: readonly Diagnostic[];
}

/** The same with the archives and the problems of finding them. */
export async function evidenceOf(
  ctx: Context,
  paths: readonly string[] = ctx.args,
  choose: (files: readonly SourceFile[]) => readonly SourceFile[] = (f) => f,
): Promise<FoundEvidence | null> {
  if (paths.length === 0) throw new UsageError('no evidence was named: give files or folders');
  const { files: all, problems } = walk(paths.map((p) => (p === '-' ? standardInput() : p)));
  for (const p of problems) if (!ctx.quiet || p.severity === 'error') ctx.problem(p);
  if (all.length === 0) {
    ctx.say(`No evidence found in ${paths.map(safe).join(', ')}: expected at least one file. Check the path.`);
    return null;
  }
  ctx.time('find files');
  const files = choose(all);
  const opened = await openArchives(files, (ctx.values.password as string[] | undefined) ?? []);
  if (opened.containers.length > 0) ctx.time('unpack');
  return { ...opened, inputs: files, problems };
}

/** Standard input as a file, named "stdin", in a folder of our own that goes when the process ends. */
function standardInput(): string {
  const folder = mkdtempSync(join(tmpdir(), 'backtrail-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'stdin');
  const fd = openSync(path, 'wx', 0o600);
  const block = Buffer.allocUnsafe(1 << 20);
  try {
    for (;;) {
      let n: number;
      try {
        n = readSync(0, block, 0, block.length, null);
      } catch (e) {
        const { code } = e as NodeJS.ErrnoException;
        if (code === 'EOF') break;
        if (code !== 'EAGAIN') throw e;
        // A pipe whose writer has nothing yet.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
        continue;
      }
      if (n === 0) break;
      for (let from = 0; from < n;) from += writeSync(fd, block, from, n - from);
    }
  } finally {
    closeSync(fd);
  }
  return path;
}

/** Opens archives into a folder of our own, which goes when the process ends. */
export async function openArchives(
  files: readonly SourceFile[],
  passwords: readonly string[],
): Promise<{ files: readonly SourceFile[]; containers: readonly Container[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'backtrail-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  const opened = await expand(files, { folder, passwords });
  if (opened.containers.length === 0) remove();
  return opened;
}

export function threadsOf(ctx: Context): { threads?: number } {
  const v = ctx.values.threads as string | undefined;
  if (v === undefined) return {};
  if (!/^[1-9]\d{0,2}$/.test(v)) throw new UsageError(`--threads takes a number from 1 to 999, not "${v}"`);
  return { threads: Number(v) };
}

/** A time at which no zone of the northern half has summer time (2024-01-15). */
const WINTER = 1_705_276_800e6;

/** How logs are to be read: `--timezone` ("+02:00", "Europe/Berlin", or "mail/*=-05:00" for some files) and `--mapping` files. */
export function readingOf(ctx: Context): Reading {
  let zone: number | null = null;
  let named: string | undefined;
  const zones: { path: string; minutes: number; name?: string }[] = [];
  for (const v of (ctx.values.timezone as string[] | undefined) ?? []) {
    const at = v.lastIndexOf('=');
    const given = v.slice(at + 1);
    const fixed = zoneMinutes(given);
    // A zone by name: what it was in winter, and what it is when as the logs tell.
    const minutes = fixed ?? (/^[A-Za-z]+(?:\/[\w+-]+){0,2}$/.test(given) ? zoneOffset(given, WINTER) : null);
    if (minutes === null || at === 0)
      throw new UsageError(
        `--timezone takes an offset from UTC such as +02:00, a zone such as Europe/Berlin, or FILES=ZONE, not "${v}"`,
      );
    const name = fixed === null ? given : undefined;
    if (at < 0) [zone, named] = [minutes, name];
    else zones.push({ path: v.slice(0, at), minutes, ...(name === undefined ? {} : { name }) });
  }
  return { zone, ...(named === undefined ? {} : { zone_name: named }), zones, mappings: mappingsOf(ctx) };
}

function mappingsOf(ctx: Context): Mapping[] {
  const mappings: Mapping[] = [];
  let wrong = 0;
  for (const path of (ctx.values.mapping as string[] | undefined) ?? []) {
    const { mapping, problems } = parseMapping(readFileSync(path, 'utf8'), path);
    const found = mapping === null ? problems : [...problems, ...checkSource(mapping, path, mappings)];
    for (const p of found) ctx.problem(p);
    wrong += found.length;
    if (mapping !== null) mappings.push(mapping);
  }
  if (wrong > 0) throw new UsageError('a mapping file is not right');
  return mappings;
}

/** What a mapping says beyond its own form: where its records go must be known, and no two may have one name. */
function checkSource(m: Mapping, file: string, others: readonly Mapping[]): Diagnostic[] {
  const say = (expected: string, found: string): Diagnostic[] => [
    diagnostic('mapping.invalid', 'error', { file }, expected, found, 'docs/mappings.md lists them'),
  ];
  if (others.some((o) => o.mapping === m.mapping)) return say('a name of its own', `"${m.mapping}" again`);
  if (m.source?.startsWith('mapped/') === true && !FACT_CLASSES.some((c) => `mapped/${c.name}` === m.source))
    return say(`"source:" as one of ${FACT_CLASSES.map((c) => `mapped/${c.name}`).join(', ')}`, m.source);
  return [];
}

export function oneOf(ctx: Context, flag: string, allowed: readonly string[], fallback: string): string {
  const v = (ctx.values[flag] as string | undefined) ?? fallback;
  if (!allowed.includes(v)) throw new UsageError(`--${flag} takes ${allowed.join(', ')}, not "${v}"`);
  return v;
}

export function sayTiming(ctx: Context): void {
  if (ctx.values.timing !== true) return;
  const total = ctx.timing.reduce((n, t) => n + t.ms, 0);
  for (const t of ctx.timing) ctx.say(`${t.stage.padEnd(18)}${t.ms.toFixed(0).padStart(8)} ms`);
  ctx.say(
    `${'total'.padEnd(18)}${total.toFixed(0).padStart(8)} ms   peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  );
}

export { EXIT };
