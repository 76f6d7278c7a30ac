// backtrail rules explain: what a rule means, where its events are, and what each part of it says of one event.
import { existsSync, statSync } from 'node:fs';
import { loadRules, readPlans, type LoadedRules } from '../detect/index.js';
import { openEvent, type Seen } from '../pipeline/one-event.js';
import { isLogSourceKey, type Route, routesOf } from '../schema/index.js';
import { type EventValue, type Expr, type Test, testText } from '../sigma/index.js';
import { bundledRules, type Context, EXIT, namedRules, ruleOptionsOf, UsageError } from './context.js';
import { safe } from './terminal.js';

export function explainRule(ctx: Context, given: readonly string[]): number {
  const [name, more] = given;
  if (name === undefined || more !== undefined)
    throw new UsageError('rules explain takes one rule: a file, an id or a title');
  const isFile = existsSync(name) && statSync(name).isFile();
  const dirs = isFile ? [name] : ((ctx.values.rules as string[] | undefined)?.map(namedRules) ?? [bundledRules()]);
  const loaded = loadRules(dirs, ruleOptionsOf(ctx));
  const wanted = name.toLowerCase();
  const found = isFile
    ? loaded.rules.map((_, i) => i)
    : loaded.rules.flatMap((r, i) =>
        [r.id, r.name, r.title].some((x) => x.toLowerCase() === wanted) || r.file === name ? [i] : [],
      );
  if (found.length === 0) {
    for (const p of loaded.problems.filter((x) => x.severity === 'error').slice(0, 5)) ctx.problem(p);
    throw new UsageError(`no rule is called "${name}"`);
  }
  const event = ctx.values.event === undefined ? null : eventOf(ctx.values.event as string);
  const plans = readPlans(loaded.plans);
  let said = EXIT.ok as number;
  for (const i of found) {
    const rule = loaded.rules[i]!;
    print(ctx.style.bold(safe(rule.title)));
    print(`  id      ${safe(rule.id)}${rule.name === '' ? '' : `  name ${safe(rule.name)}`}`);
    print(`  level   ${ctx.style.level(rule.level, rule.level)}`);
    if (rule.author !== '') print(`  author  ${safe(rule.author)}`);
    if (rule.correlation !== undefined) {
      correlation(loaded, rule.correlation);
      continue;
    }
    const routes = routesOf(rule.logsource);
    const source = Object.entries(rule.logsource)
      .map(([k, v]) => `${k}: ${v}`)
      .join(', ');
    print(`  logs    ${safe(source)}`);
    if (routes === null) print('          no reader gives such logs');
    for (const r of routes ?? []) print(`          ${safe(routeText(r))}`);
    if (loaded.silent.includes(i)) print('          told only as a part of correlations that are about it');
    const { condition } = plans[i]!;
    if (event === null) {
      print('  matches when');
      tree(condition, 2, null, ctx);
      continue;
    }
    const route = (routes ?? []).find((r) => fits(r, event));
    if (route === undefined) {
      print(
        `  ${ctx.style.bad('no match')}: the event is of ${safe(event.channel)}${event.eventId === '' ? '' : `, event ${safe(event.eventId)}`}, which is no event of this log source`,
      );
      said = EXIT.failed;
      continue;
    }
    const ok = (route.where ?? []).every((w) =>
      w.equals.some((t) => holds({ kind: 'test', field: w.field, test: { op: 'equals', text: t } }, event, {})),
    );
    const matched = ok && holds(condition, event, route.fields ?? {});
    print(`  ${matched ? ctx.style.good('matches') : ctx.style.bad('no match')}`);
    for (const w of route.where ?? [])
      print(`    ${mark(ok, ctx)} ${safe(w.field)} is ${w.equals.map((t) => JSON.stringify(t)).join(' or ')}`);
    tree(condition, 2, { event, fields: route.fields ?? {} }, ctx);
    if (!matched) said = EXIT.failed;
  }
  return said;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function correlation(loaded: LoadedRules, n: number): void {
  const c = loaded.correlations[n]!;
  const about = c.references.map((r) =>
    r.rule >= 0
      ? loaded.rules[r.rule]!.title
      : loaded.rules[loaded.rules.length - loaded.correlations.length + r.correlation]!.title,
  );
  print(`  type    ${c.type}, within ${c.timespan / 1e6} seconds`);
  c.references.forEach((r, i) => print(`  ${i === 0 ? 'rules ' : '      '}  ${safe(r.name)}: ${safe(about[i]!)}`));
  if (c.groupBy.length > 0) print(`  groups  by ${c.groupBy.map(safe).join(', ')}`);
  print(
    `  told    when ${c.names !== null ? 'the condition over the rules holds' : `the ${c.type.startsWith('temporal') ? 'number of rules' : c.type.replaceAll('_', ' ')} is ${c.tests.map((t) => `${HOW[t.how]} ${t.number}`).join(' and ')}`}`,
  );
}

const HOW: Readonly<Record<string, string>> = {
  gt: 'more than',
  gte: 'at least',
  lt: 'less than',
  lte: 'at most',
  eq: 'exactly',
  neq: 'not',
};

const routeText = (r: Route): string =>
  `${r.channels.length === 0 ? 'any Windows channel' : r.channels.join(', ')}${r.eventIds === undefined ? '' : `, event ${r.eventIds.join(', ')}`}${(r.providers ?? []).length === 0 ? '' : `, provider ${r.providers!.join(', ')}`}${
    r.fields === undefined
      ? ''
      : `; ${Object.entries(r.fields)
          .map(([a, b]) => `${a} is ${b}`)
          .join(', ')}`
  }`;

function fits(r: Route, e: Seen): boolean {
  const channel = e.channel.toLowerCase();
  if (r.channels.length === 0 ? isLogSourceKey(e.channel) : !r.channels.some((c) => c.toLowerCase() === channel))
    return false;
  if (r.eventIds !== undefined && !r.eventIds.includes(Number(e.eventId))) return false;
  return (r.providers ?? []).length === 0 || r.providers!.some((p) => p.toLowerCase() === e.provider.toLowerCase());
}

/** An event by its log and number. */
function eventOf(text: string): Seen {
  const cut = text.lastIndexOf('#');
  const number = Number(text.slice(cut + 1));
  const path = text.slice(0, cut);
  if (cut < 1 || !Number.isSafeInteger(number) || number < 0)
    throw new UsageError(`--event takes a log and the number of a record, as Security.evtx#4711, not "${text}"`);
  if (!existsSync(path)) throw new UsageError(`${path} was not found`);
  const e = openEvent(path, number);
  if (typeof e === 'string') throw new UsageError(e);
  return e;
}

const list = (v: EventValue): readonly string[] =>
  v === null || v === undefined ? [] : typeof v === 'string' ? [v] : v;

function holds(e: Expr, event: Seen, fields: Readonly<Record<string, string>>): boolean {
  switch (e.kind) {
    case 'and':
      return e.items.every((i) => holds(i, event, fields));
    case 'or':
      return e.items.some((i) => holds(i, event, fields));
    case 'not':
      return !holds(e.item, event, fields);
    case 'atLeast':
      return e.items.filter((i) => holds(i, event, fields)).length >= e.min;
    default: {
      const { test } = e;
      if (e.field === null) return event.all().some((v) => testText(test, v));
      const value = event.value(fields[e.field] ?? e.field);
      if (test.op === 'null') return value === null || value === undefined;
      if (test.op === 'exists') return value !== undefined;
      const other = test.op === 'fieldref' ? list(event.value(fields[test.field] ?? test.field)) : [];
      return list(value).some((v) => testText(test, v, other));
    }
  }
}

const mark = (ok: boolean, ctx: Context): string => (ok ? ctx.style.good('✓') : ctx.style.bad('✗'));

function tree(
  e: Expr,
  depth: number,
  of: { event: Seen; fields: Readonly<Record<string, string>> } | null,
  ctx: Context,
): void {
  const pad = '  '.repeat(depth);
  const sign = of === null ? '' : `${mark(holds(e, of.event, of.fields), ctx)} `;
  switch (e.kind) {
    case 'test': {
      const field = e.field === null ? 'any value' : (of?.fields[e.field] ?? e.field);
      let has = '';
      if (of !== null && e.field !== null) {
        const v = of.event.value(field);
        has = ctx.style.dim(
          v === undefined
            ? '   (no such field)'
            : v === null
              ? '   (no value)'
              : `   (it is ${safe(quoted(list(v).join(' | ').slice(0, 160)))})`,
        );
      }
      print(`${pad}${sign}${safe(`${field} ${testWords(e.test)}`)}${has}`);
      break;
    }
    case 'not':
      print(`${pad}${sign}not`);
      tree(e.item, depth + 1, of, ctx);
      break;
    default:
      print(
        `${pad}${sign}${e.kind === 'and' ? (e.items.length === 0 ? 'always' : 'all of') : e.kind === 'or' ? 'one of' : `${(e as { min: number }).min} of`}`,
      );
      for (const i of e.items) tree(i, depth + 1, of, ctx);
  }
}

const quoted = (t: string): string => `"${t}"`;

function testWords(t: Test): string {
  const cased = 'cased' in t && t.cased === true ? ' (case counts)' : '';
  switch (t.op) {
    case 'equals':
      return `is ${quoted(t.text)}${cased}`;
    case 'contains':
      return `contains ${quoted(t.text)}${cased}`;
    case 'startswith':
      return `begins with ${quoted(t.text)}${cased}`;
    case 'endswith':
      return `ends with ${quoted(t.text)}${cased}`;
    case 'wildcard':
      return `is like ${quoted(t.parts.map((p) => (p === null ? '*' : p === 0 ? '?' : p)).join(''))}${cased}`;
    case 'regex':
      return `fits /${t.source}/${t.i === true ? 'i' : ''}${t.m === true ? 'm' : ''}${t.s === true ? 's' : ''}`;
    case 'cidr':
      return `is in ${t.network}`;
    case 'null':
      return 'has no value';
    case 'exists':
      return 'is there';
    case 'fieldref':
      return `${t.how} the field ${t.field}${cased}`;
    case 'compare':
      return `is ${HOW[t.how]} ${t.number}`;
    default:
      return `has the ${t.part} ${t.number}`;
  }
}
