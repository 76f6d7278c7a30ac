// backtrail rules: which rules load, what they are, and which logs they need.
import { diagnosticText } from '../base/index.js';
import { loadRules } from '../detect/index.js';
import { windowsRoutes } from '../schema/index.js';
import { bundledRules, type Context, EXIT, UsageError } from './context.js';
import { safe } from './terminal.js';

export function runRules(ctx: Context): number {
  const [action, ...dirs] = ctx.args;
  if (action === undefined || !['check', 'list', 'coverage'].includes(action))
    throw new UsageError('rules takes check, list or coverage');
  const loaded = loadRules(dirs.length > 0 ? dirs : [bundledRules()], { useCache: action !== 'check' });
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const errors = loaded.problems.filter((p) => p.severity === 'error');
  if (action === 'check') {
    if (ctx.json) print(JSON.stringify({ rules: loaded.rules.length, problems: loaded.problems }, null, 2));
    else {
      for (const p of loaded.problems) print(safe(diagnosticText(p)));
      const silent = loaded.rules.filter((r) => windowsRoutes(r.logsource) === null).length;
      print(
        `${loaded.rules.length} rules load${errors.length > 0 ? `, ${errors.length} do not` : ''}; ${silent} are for logs that are no Windows event logs`,
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
  const sources = new Map<string, { count: number; where: string | null }>();
  for (const r of loaded.rules) {
    const l = r.logsource;
    const key = [l.product, l.category, l.service].map((x) => x ?? '*').join(' / ');
    const routes = windowsRoutes(l);
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
    print(`rules  ${'product / category / service'.padEnd(width)}  where Windows logs it`);
    for (const [source, s] of rows)
      print(
        `${String(s.count).padStart(5)}  ${safe(source).padEnd(width)}  ${s.where === null ? ctx.style.dim('not in Windows event logs') : safe(s.where)}`,
      );
    const able = rows.filter(([, s]) => s.where !== null).reduce((n, [, s]) => n + s.count, 0);
    print(`${able} of ${loaded.rules.length} rules can match Windows event logs`);
  }
  return EXIT.ok;
}
