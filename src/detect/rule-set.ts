// A folder of rules as a set: parsed once, kept on disk under the hash of its content, so that the next start reads two
// lines of JSON instead of thousands of YAML files.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Diagnostic, diagnostic } from '../base/index.js';
import type { Correlation, Expr, Filter, Rule, Test } from '../sigma/ast.js';
import { link, type PlannedCorrelation } from '../sigma/link.js';
import { type ParseOptions, parseRules } from '../sigma/parse.js';
import { readOptions, type RuleOptions } from './rule-options.js';

/** Part of the cache key: changes whenever parsing gives other rules for the same files. */
const CACHE_FORMAT = 'rules-3';

/** What a rule says of itself, without what matching needs. */
export type RuleInfo = Omit<Rule, 'condition'> & {
  readonly set: number;
  /** Of a correlation: its number. */
  readonly correlation?: number;
};
/** What matching needs of a rule. */
export interface RulePlan {
  readonly logsource: Rule['logsource'];
  readonly condition: Expr;
  /** Fields that correlations need of its events. */
  readonly extract?: readonly string[];
}

export interface RuleSetInfo {
  readonly name: string;
  /** Of all rule files: names and content. */
  readonly sha256: string;
  readonly files: number;
  readonly count: number;
  readonly licence: string | null;
  readonly version: string | null;
}

export interface LoadedRules {
  readonly sets: readonly RuleSetInfo[];
  /** Rules, and behind them correlations. */
  readonly rules: readonly RuleInfo[];
  readonly correlations: readonly PlannedCorrelation[];
  /** Rules that are told as parts of correlations only. */
  readonly silent: readonly number[];
  /** `RulePlan[]` in the order of `rules`, as text for `readPlans`; workers read it for themselves. */
  readonly plans: string;
  readonly problems: readonly Diagnostic[];
  readonly cached: boolean;
}

/** Where parsed rules are kept: `BACKTRAIL_CACHE`, or the user's cache folder. */
export function cacheFolder(): string {
  const set = process.env.BACKTRAIL_CACHE;
  if (set !== undefined && set !== '') return set;
  if (process.platform === 'win32' && process.env.LOCALAPPDATA !== undefined)
    return join(process.env.LOCALAPPDATA, 'backtrail', 'cache');
  const base = process.env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'backtrail');
}

function ruleFiles(dir: string): string[] {
  if (statSync(dir).isFile()) return [''];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((d) => d.isFile() && /\.ya?ml$/i.test(d.name))
    .map((d) =>
      join(d.parentPath, d.name)
        .slice(dir.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/** What "rules add" wrote beside a collection. */
export const COLLECTION_FILE = '.collection.json';

function versionOf(dir: string): string | null {
  try {
    const v = JSON.parse(readFileSync(join(dir, COLLECTION_FILE), 'utf8')) as { version?: unknown };
    return typeof v.version === 'string' ? v.version : null;
  } catch {
    return null;
  }
}

interface OneSet {
  readonly info: RuleSetInfo;
  readonly rules: readonly Rule[];
  readonly correlations: readonly Correlation[];
  readonly filters: readonly Filter[];
  readonly problems: readonly Diagnostic[];
}

/** The licence that a rule folder, or a folder above it, names. */
function licenceOf(dir: string): string | null {
  for (const folder of [dir, resolve(dir, '..')])
    for (const name of ['LICENSE.Detection.Rules.md', 'LICENSE', 'LICENSE.md', 'LICENSE.txt']) {
      try {
        const text = readFileSync(join(folder, name), 'utf8').slice(0, 4096);
        if (/detection rule license/i.test(text)) return /1\.1/.test(text) ? 'DRL-1.1' : 'DRL';
        if (/apache license/i.test(text)) return 'Apache-2.0';
        if (/mit license/i.test(text)) return 'MIT';
      } catch {
        // no such file here
      }
    }
  return null;
}

/**
 * Loads rule folders (or single files) in the given order. A rule id that comes twice keeps its first rule. Problems
 * name the file and line; the other rules load. `useCache: false` parses in any case.
 */
export function loadRules(dirs: readonly string[], options: { useCache?: boolean } & RuleOptions = {}): LoadedRules {
  const read: { dir: string; files: { name: string; text: string }[]; sha256: string }[] = [];
  const failed: Diagnostic[] = [];
  const how = readOptions(options);
  failed.push(...how.problems);
  const key = createHash('sha256').update(`${CACHE_FORMAT}\0${how.key}\0`);
  for (const dir of dirs) {
    const full = resolve(dir);
    if (!existsSync(full)) {
      failed.push(
        diagnostic('source.not-found', 'error', { file: dir }, 'a folder with Sigma rules', 'nothing at this path'),
      );
      continue;
    }
    const hash = createHash('sha256');
    const files: { name: string; text: string }[] = [];
    for (const name of ruleFiles(full)) {
      try {
        const text = readFileSync(name === '' ? full : join(full, name), 'utf8');
        files.push({ name: name === '' ? basename(full) : name, text });
        hash.update(`${name}\0${text.length}\0`).update(text);
      } catch (e) {
        failed.push(
          diagnostic(
            'source.unreadable',
            'error',
            { file: join(dir, name) },
            'a readable rule file',
            (e as NodeJS.ErrnoException).code ?? 'error',
          ),
        );
      }
    }
    if (files.length === 0)
      failed.push(diagnostic('source.empty', 'warning', { file: dir }, 'rule files (*.yml)', 'none'));
    const sha256 = hash.digest('hex');
    key.update(`${basename(full)}\0${sha256}\0`);
    read.push({ dir: full, files, sha256 });
  }
  const path = join(cacheFolder(), `${key.digest('hex').slice(0, 32)}.jsonl`);
  if (options.useCache !== false) {
    const hit = readCache(path);
    if (hit !== null) return { ...hit, problems: [...failed, ...hit.problems] };
  }

  const parseOptions: ParseOptions = how.parse;
  const sets: OneSet[] = read.map(({ dir, files, sha256 }) => {
    const rules: Rule[] = [];
    const correlations: Correlation[] = [];
    const filters: Filter[] = [];
    const problems: Diagnostic[] = [];
    for (const f of files) {
      const parsed = parseRules(f.text, f.name, parseOptions);
      rules.push(...parsed.rules);
      correlations.push(...parsed.correlations);
      filters.push(...parsed.filters);
      problems.push(...parsed.problems);
    }
    return {
      info: {
        name: basename(dir),
        // Read another way, rules are other rules.
        sha256: how.key === '' ? sha256 : createHash('sha256').update(`${sha256}\0${how.key}`).digest('hex'),
        files: files.length,
        count: rules.length + correlations.length,
        licence: licenceOf(dir),
        version: versionOf(dir),
      },
      rules,
      correlations,
      filters,
      problems,
    };
  });
  const ids = new Map<string, string>();
  const kept: { rule: Rule; set: number }[] = [];
  const correlations: { of: Correlation; set: number }[] = [];
  const problems: Diagnostic[] = [];
  const first = (id: string, file: string): boolean => {
    const known = ids.get(id);
    if (known === undefined) {
      ids.set(id, file);
      return true;
    }
    problems.push(
      diagnostic(
        'sigma.duplicate-id',
        'warning',
        { file },
        'a rule id that no other rule has',
        `the id of ${known}`,
        'the first rule is used',
      ),
    );
    return false;
  };
  sets.forEach((set, index) => {
    problems.push(...set.problems);
    for (const rule of set.rules) if (first(rule.id, rule.file)) kept.push({ rule, set: index });
    for (const of of set.correlations) if (first(of.id, of.file)) correlations.push({ of, set: index });
  });
  const linked = link(
    kept.map((k) => k.rule),
    correlations.map((c) => c.of),
    sets.flatMap((s) => s.filters),
  );
  for (const p of linked.problems) problems.push(diagnostic(p.code, p.severity, { file: p.file }, p.expected, p.found));
  const infos: RuleInfo[] = [];
  const plans: RulePlan[] = [];
  linked.rules.forEach(({ condition, ...info }, i) => {
    infos.push({ ...info, set: kept[i]!.set });
    const extract = linked.extract[i]!;
    // What a correlation counts without asking for a field is taken of it too.
    const counted = linked.correlations.some((c) => c.plan.references.some((r) => r.rule === i));
    plans.push({ logsource: info.logsource, condition, ...(counted ? { extract } : {}) });
  });
  const silent = linked.silent.flatMap((s, i) => (s ? [i] : []));
  const setOf = new Map(correlations.map((c) => [c.of, c.set]));
  linked.correlations.forEach(({ of }, i) => {
    const { id, name, title, description, author, status, level, date, tags, references, falsepositives, file } = of;
    const about = { id, name, title, description, author, status, level, date, tags, references, falsepositives, file };
    infos.push({ ...about, logsource: {}, set: setOf.get(of)!, correlation: i });
  });
  const loaded = {
    sets: sets.map((s) => s.info),
    rules: infos,
    correlations: linked.correlations.map((c) => c.plan),
    silent,
    problems,
  };
  const planText = writePlans(plans);
  if (options.useCache !== false) writeCache(path, `${JSON.stringify(loaded)}\n${planText}\n`);
  return { ...loaded, plans: planText, problems: [...failed, ...problems], cached: false };
}

/** Plans as JSON in which equal tests stand once, in a table that conditions point into. */
export function writePlans(plans: readonly RulePlan[]): string {
  const table = new Map<string, number>();
  const tests: string[] = [];
  const text = JSON.stringify(plans, function (this: { kind?: unknown }, key, value: unknown) {
    if (key !== 'test' || this.kind !== 'test') return value;
    const json = JSON.stringify(value);
    let index = table.get(json);
    if (index === undefined) {
      index = tests.length;
      table.set(json, index);
      tests.push(json);
    }
    return index;
  });
  return `{"rules":${text},"tests":[${tests.join(',')}]}`;
}

/** The plans of `writePlans`; equal tests are one object. */
export function readPlans(text: string): RulePlan[] {
  const { rules, tests } = JSON.parse(text) as { rules: RulePlan[]; tests: Test[] };
  const resolve = (e: Expr): void => {
    if (e.kind === 'test') (e as { test: Test }).test = tests[e.test as unknown as number]!;
    else if (e.kind === 'not') resolve(e.item);
    else for (const i of e.items) resolve(i);
  };
  for (const r of rules) resolve(r.condition);
  return rules;
}

function readCache(path: string): LoadedRules | null {
  try {
    const text = readFileSync(path, 'utf8');
    const cut = text.indexOf('\n');
    if (cut < 0 || !text.endsWith('}\n')) return null;
    const head = JSON.parse(text.slice(0, cut)) as Omit<LoadedRules, 'plans' | 'cached'>;
    return { ...head, plans: text.slice(cut + 1, -1), cached: true };
  } catch {
    return null; // none yet, or cut short by a crash
  }
}

function writeCache(path: string, text: string): void {
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    const part = `${path}.${process.pid}.part`;
    writeFileSync(part, text);
    renameSync(part, path);
  } catch {
    // A read-only home must not stop an investigation; the next start parses again.
  }
}

/** Rules whose matches are told: those of `base` (null: all) that are not parts of correlations only. */
export function toldRules(loaded: LoadedRules, base: readonly boolean[] | null): readonly boolean[] | null {
  if (loaded.silent.length === 0) return base;
  const out = base === null ? loaded.rules.map(() => true) : [...base];
  for (const i of loaded.silent) out[i] = false;
  return out;
}

/** The number of a correlation among all rules. */
export const ruleOfCorrelation = (loaded: LoadedRules, correlation: number): number =>
  loaded.rules.length - loaded.correlations.length + correlation;
