// backtrail rules: which rules load, what they are, and which logs they need.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnosticText } from '../base/index.js';
import { readCase } from '../case/index.js';
import { loadRules, type RuleInfo } from '../detect/index.js';
import type { IncidentDocument } from '../incident/index.js';
import { isLogSourceKey, routesOf } from '../schema/index.js';
import { bundledRules, type Context, EXIT, UsageError } from './context.js';
import { safe } from './terminal.js';

export function runRules(ctx: Context): number {
  const [action, ...named] = ctx.args;
  if (action === undefined || !['check', 'list', 'coverage'].includes(action))
    throw new UsageError('rules takes check, list or coverage');
  const cases = named.filter((d) => action === 'coverage' && existsSync(join(d, 'case.json')));
  const dirs = named.filter((d) => !cases.includes(d));
  const loaded = loadRules(dirs.length > 0 ? dirs : [bundledRules()], { useCache: action !== 'check' });
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const errors = loaded.problems.filter((p) => p.severity === 'error');
  if (action === 'check') {
    if (ctx.json) print(JSON.stringify({ rules: loaded.rules.length, problems: loaded.problems }, null, 2));
    else {
      for (const p of loaded.problems) print(safe(diagnosticText(p)));
      const silent = loaded.rules.filter((r) => routesOf(r.logsource) === null).length;
      print(
        `${loaded.rules.length} rules load${errors.length > 0 ? `, ${errors.length} do not` : ''}; ${silent} are for logs of kinds that are not read`,
      );
    }
    return errors.length > 0 ? EXIT.failed : EXIT.ok;
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
    return loaded.rules.length === 0 ? EXIT.failed : EXIT.ok;
  }
  if (cases.length > 0) return caseCoverage(ctx, cases[0]!, loaded.rules);
  const sources = new Map<string, { count: number; where: string | null }>();
  for (const r of loaded.rules) {
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
    print(`${able} of ${loaded.rules.length} rules can match evidence that is read`);
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
