// backtrail rules: which rules load, what they are, and which logs they need.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, diagnosticText } from '../base/index.js';
import { readCase } from '../case/index.js';
import { loadRules, type RuleInfo } from '../detect/index.js';
import type { IncidentDocument } from '../incident/index.js';
import { fieldsOf, isLogSourceKey, routesOf } from '../schema/index.js';
import { type Check, checkRules } from '../sigma/index.js';
import { bundledRules, type Context, EXIT, namedRules, ruleOptionsOf, UsageError } from './context.js';
import { addCollection, installedCollections } from './rules-add.js';
import { explainRule } from './rules-explain.js';
import { safe } from './terminal.js';

export async function runRules(ctx: Context): Promise<number> {
  const [action, ...given] = ctx.args;
  if (action === undefined || !['check', 'list', 'coverage', 'explain', 'add'].includes(action))
    throw new UsageError('rules takes check, list, coverage, explain or add');
  if (action === 'explain') return explainRule(ctx, given);
  if (action === 'add') return addCollection(ctx, given);
  const named = [...given, ...((ctx.values.rules as string[] | undefined) ?? [])].map(namedRules);
  const cases = named.filter((d) => action === 'coverage' && existsSync(join(d, 'case.json')));
  const dirs = named.filter((d) => !cases.includes(d));
  const loaded = loadRules(dirs.length > 0 ? dirs : [bundledRules()], {
    useCache: action !== 'check',
    ...ruleOptionsOf(ctx),
  });
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const errors = loaded.problems.filter((p) => p.severity === 'error');
  if (action === 'check') {
    const checked = dirs.length > 0 ? dirs : [bundledRules()];
    // With a pipeline, rules have the names of another world: fields are those that it maps.
    const mapped = (ruleOptionsOf(ctx).pipelines ?? []).length > 0;
    const checks = checked.flatMap((d) => checksOf(d, mapped));
    const failing = errors.length + checks.filter((c) => c.severity === 'error').length;
    const warnings = checks.filter((c) => c.severity === 'warning').length;
    const shown = ctx.values.all === true ? checks : checks.filter((c) => c.severity !== 'info');
    const detections = loaded.rules.filter((r) => r.correlation === undefined);
    if (ctx.json)
      print(
        JSON.stringify(
          {
            rules: detections.length,
            correlations: loaded.correlations.length,
            problems: loaded.problems,
            checks: checks.map(({ text: _, ...c }) => c),
          },
          null,
          2,
        ),
      );
    else {
      for (const p of loaded.problems) {
        print(safe(diagnosticText(p)));
        for (const l of sourceOf(p, checked)) print(safe(l));
      }
      for (const c of shown) {
        const level =
          c.severity === 'error'
            ? ctx.style.bad('error')
            : c.severity === 'warning'
              ? 'warning'
              : ctx.style.dim('info');
        print(
          `${safe(c.file)}:${c.line}:${c.column}: ${level} (${c.kind}): ${safe(c.what)}${c.instead === '' ? '' : `; better: ${safe(c.instead)}`}`,
        );
        print(`  ${safe(c.text)}`);
        print(
          `  ${' '.repeat(c.column - 1)}${'^'.repeat(Math.max(1, Math.min(c.length, c.text.length - c.column + 1)))}`,
        );
      }
      const silent = detections.filter((r) => routesOf(r.logsource) === null).length;
      const notes = checks.length - shown.length;
      print(
        `${detections.length} rules${loaded.correlations.length > 0 ? ` and ${loaded.correlations.length} correlations` : ''} load${errors.length > 0 ? `, ${errors.length} do not` : ''}; ${silent} are for logs of kinds that are not read; ${failing} errors, ${warnings} warnings${notes > 0 ? `, ${notes} notes (--all shows them)` : ''}`,
      );
    }
    return failing > 0 || (detections.length === 0 && loaded.correlations.length === 0) ? EXIT.failed : EXIT.ok;
  }
  if (action === 'list') {
    if (ctx.json)
      print(
        JSON.stringify(
          loaded.rules.map(({ id, title, level, status, tags, author, logsource, file }) => ({
            id,
            title,
            level,
            status,
            tags,
            author,
            logsource,
            file,
          })),
          null,
          2,
        ),
      );
    else
      for (const r of loaded.rules)
        print(`${safe(r.id).padEnd(36)}  ${ctx.style.level(r.level, r.level.padEnd(13))}  ${safe(r.title)}`);
    if (!ctx.json && dirs.length === 0)
      for (const c of installedCollections())
        print(ctx.style.dim(`installed: ${safe(c.name)} ${safe(c.version ?? '')}  ${c.sha256.slice(0, 12)}…`));
    return loaded.rules.length === 0 ? EXIT.failed : EXIT.ok;
  }
  if (cases.length > 0) return caseCoverage(ctx, cases[0]!, loaded.rules);
  const sources = new Map<string, { count: number; where: string | null }>();
  for (const r of loaded.rules) {
    if (r.correlation !== undefined) continue;
    const l = r.logsource;
    const key = [l.product, l.category, l.service].map((x) => x ?? '*').join(' / ');
    const routes = routesOf(l);
    const where =
      routes === null
        ? null
        : routes
            .map(
              (x) =>
                `${x.channels.length === 0 ? 'any channel' : x.channels.join(', ')}${x.eventIds === undefined ? '' : ` (${x.eventIds.join(', ')})`}`,
            )
            .join('; ');
    const s = sources.get(key) ?? { count: 0, where };
    s.count++;
    sources.set(key, s);
  }
  const rows = [...sources].sort((a, b) => b[1].count - a[1].count || (a[0] < b[0] ? -1 : 1));
  if (ctx.json)
    print(
      JSON.stringify(
        rows.map(([source, s]) => ({ source, rules: s.count, found_in: s.where })),
        null,
        2,
      ),
    );
  else {
    const width = Math.min(52, Math.max(...rows.map(([k]) => k.length), 10));
    print(`rules  ${'product / category / service'.padEnd(width)}  where it is found`);
    for (const [source, s] of rows)
      print(
        `${String(s.count).padStart(5)}  ${safe(source).padEnd(width)}  ${s.where === null ? ctx.style.dim('in no evidence that is read') : safe(s.where)}`,
      );
    const able = rows.filter(([, s]) => s.where !== null).reduce((n, [, s]) => n + s.count, 0);
    print(`${able} of ${loaded.rules.length - loaded.correlations.length} rules can match evidence that is read`);
  }
  return EXIT.ok;
}

/** Which rules could have matched the evidence of a case, and what the others would have needed. */
function caseCoverage(ctx: Context, dir: string, rules: readonly RuleInfo[]): number {
  readCase(dir);
  const document = JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8')) as IncidentDocument;
  const have = new Set(document.overview.coverage.map((c) => c.source.toLowerCase()));
  const windows = document.overview.coverage.some((c) => !isLogSourceKey(c.source));
  const lacked = new Map<string, number>();
  let able = 0;
  let never = 0;
  for (const r of rules) {
    if (r.correlation !== undefined) continue;
    const routes = routesOf(r.logsource);
    if (routes === null) {
      never++;
      continue;
    }
    const there = routes.some((x) =>
      x.channels.length === 0 ? windows : x.channels.some((c) => have.has(c.toLowerCase())),
    );
    if (there) able++;
    else {
      const needs = [...new Set(routes.flatMap((x) => x.channels))].sort().join(' or ') || 'any Windows event log';
      lacked.set(needs, (lacked.get(needs) ?? 0) + 1);
    }
  }
  const rows = [...lacked].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (ctx.json)
    process.stdout.write(
      `${JSON.stringify({ rules: rules.length, could_run: able, lacked: rows.map(([source, n]) => ({ source, rules: n })), kinds_not_read: never }, null, 2)}\n`,
    );
  else {
    for (const [source, n] of rows) process.stdout.write(`${String(n).padStart(5)}  lacked  ${safe(source)}\n`);
    process.stdout.write(
      `${able} of ${rules.length} rules could run on the evidence of this case; ${rules.length - able - never} lacked their logs, ${never} are for kinds of logs that are not read\n`,
    );
  }
  return EXIT.ok;
}

/** The line that a problem is about, with a caret under its place. */
function sourceOf(p: Diagnostic, dirs: readonly string[]): string[] {
  const { file, line, column } = p.place;
  if (file === undefined || line === undefined) return [];
  const path = [file, ...dirs.flatMap((d) => [join(d, file), d])].find((f) => existsSync(f) && statSync(f).isFile());
  if (path === undefined) return [];
  try {
    const text = readFileSync(path, 'utf8').split(/\r?\n/)[line - 1] ?? '';
    return [`  ${text}`, ...(column === undefined ? [] : [`  ${' '.repeat(Math.max(0, column - 1))}^`])];
  } catch {
    return [];
  }
}

/** Checks of all rule files of a folder, with the text of the line that each is about. */
function checksOf(dir: string, mapped: boolean): (Check & { file: string; text: string })[] {
  if (!existsSync(dir)) return [];
  const files = statSync(dir).isFile()
    ? [dir]
    : readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((d) => d.isFile() && /\.ya?ml$/i.test(d.name))
        .map((d) => join(d.parentPath, d.name))
        .sort();
  return files.flatMap((file) => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return []; // loadRules has told it
    }
    const lines = text.split(/\r?\n/);
    return checkRules(text, file, { routesOf, fieldsOf: mapped ? () => null : fieldsOf }).map((c) => ({
      ...c,
      file,
      text: lines[c.line - 1] ?? '',
    }));
  });
}
