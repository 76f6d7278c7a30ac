// A folder of rules as a set: parsed once, kept on disk under the hash of its content, so that the next start reads two
// lines of JSON instead of thousands of YAML files.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Diagnostic, diagnostic } from '../base/index.js';
import type { Expr, Rule, Test } from '../sigma/ast.js';
import { parseRules } from '../sigma/parse.js';

/** Part of the cache key: changes whenever parsing gives other rules for the same files. */
const CACHE_FORMAT = 'rules-2';

/** What a rule says of itself, without what matching needs. */
export type RuleInfo = Omit<Rule, 'condition'> & { readonly set: number };
/** What matching needs of a rule. */
export interface RulePlan {
  readonly logsource: Rule['logsource'];
  readonly condition: Expr;
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
  readonly rules: readonly RuleInfo[];
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

interface OneSet {
  readonly info: RuleSetInfo;
  readonly rules: readonly Rule[];
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
export function loadRules(dirs: readonly string[], options: { useCache?: boolean } = {}): LoadedRules {
  const read: { dir: string; files: { name: string; text: string }[]; sha256: string }[] = [];
  const failed: Diagnostic[] = [];
  const key = createHash('sha256').update(CACHE_FORMAT);
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

  const sets: OneSet[] = read.map(({ dir, files, sha256 }) => {
    const rules: Rule[] = [];
    const problems: Diagnostic[] = [];
    for (const f of files) {
      const parsed = parseRules(f.text, f.name);
      rules.push(...parsed.rules);
      problems.push(...parsed.problems);
    }
    return {
      info: {
        name: basename(dir),
        sha256,
        files: files.length,
        count: rules.length,
        licence: licenceOf(dir),
        version: null,
      },
      rules,
      problems,
    };
  });
  const ids = new Map<string, string>();
  const infos: RuleInfo[] = [];
  const plans: RulePlan[] = [];
  const problems: Diagnostic[] = [];
  sets.forEach((set, index) => {
    problems.push(...set.problems);
    for (const { condition, ...info } of set.rules) {
      const first = ids.get(info.id);
      if (first !== undefined) {
        problems.push(
          diagnostic(
            'sigma.duplicate-id',
            'warning',
            { file: info.file },
            'a rule id that no other rule has',
            `the id of ${first}`,
            'the first rule is used',
          ),
        );
        continue;
      }
      ids.set(info.id, info.file);
      infos.push({ ...info, set: index });
      plans.push({ logsource: info.logsource, condition });
    }
  });
  const loaded = { sets: sets.map((s) => s.info), rules: infos, problems };
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
