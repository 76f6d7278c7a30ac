// What refers to rules finds them: filters are applied to the rules that they name, correlations know which rules they are about,
// and rules which fields correlations need of their events.
import type { Correlation, Expr, Filter, Rule } from './ast.js';

/** A rule or correlation that a correlation is about. */
export interface Reference {
  /** As the correlation calls it. */
  readonly name: string;
  /** Number of the rule; -1 where it is a correlation. */
  readonly rule: number;
  /** Number of the correlation; -1 where it is a rule. */
  readonly correlation: number;
  /** For each field of group-by, and of the condition: where it is among what is taken of the event (or among the other's group-by). */
  readonly by: readonly number[];
  readonly values: readonly number[];
}

/** What the correlator needs of a correlation; plain JSON, to be kept with the rules. */
export interface PlannedCorrelation extends Pick<
  Correlation,
  'type' | 'timespan' | 'tests' | 'percentile' | 'names' | 'groupBy'
> {
  readonly references: readonly Reference[];
}

export interface LinkProblem {
  readonly file: string;
  readonly code: 'sigma.reference' | 'sigma.correlation';
  readonly severity: 'error' | 'warning';
  readonly expected: string;
  readonly found: string;
}

export interface Linked {
  readonly rules: readonly Rule[];
  /** By rule: fields to take of each of its events. */
  readonly extract: readonly (readonly string[])[];
  /** Rules that are only told as part of correlations. */
  readonly silent: readonly boolean[];
  /** Those that could be linked, in an order in which each stands behind those that it is about. */
  readonly correlations: readonly { readonly of: Correlation; readonly plan: PlannedCorrelation }[];
  readonly problems: readonly LinkProblem[];
}

/** Whether a filter's log source covers a rule's: what it names, the rule must name too. */
const covers = (filter: Rule['logsource'], rule: Rule['logsource']): boolean =>
  (['product', 'category', 'service'] as const).every((k) => filter[k] === undefined || filter[k] === rule[k]);

export function link(rules: readonly Rule[], correlations: readonly Correlation[], filters: readonly Filter[]): Linked {
  const problems: LinkProblem[] = [];
  const byName = new Map<string, number>();
  rules.forEach((r, i) => {
    byName.set(r.id, i);
    if (r.name !== '' && !byName.has(r.name)) byName.set(r.name, i);
  });
  const added = new Map<number, Expr[]>();
  for (const f of filters) {
    const targets =
      f.rules === 'any'
        ? rules.map((_, i) => i)
        : f.rules.flatMap((n) => {
            const i = byName.get(n);
            if (i === undefined)
              problems.push({
                file: f.file,
                code: 'sigma.reference',
                severity: 'warning',
                expected: 'a rule with this id or name',
                found: `none called "${n}", which the filter "${f.title}" is for`,
              });
            return i === undefined ? [] : [i];
          });
    for (const i of targets)
      if (covers(f.logsource, rules[i]!.logsource)) added.set(i, [...(added.get(i) ?? []), f.condition]);
  }
  const filtered = rules.map((r, i): Rule => {
    const more = added.get(i);
    return more === undefined ? r : { ...r, condition: { kind: 'and', items: [r.condition, ...more] } };
  });

  const correlationOf = new Map<string, number>();
  correlations.forEach((c, i) => {
    correlationOf.set(c.id, i);
    if (c.name !== '' && !correlationOf.has(c.name)) correlationOf.set(c.name, i);
  });
  const extract: string[][] = rules.map(() => []);
  const fieldOf = (rule: number, field: string): number => {
    const list = extract[rule]!;
    const known = list.indexOf(field);
    return known >= 0 ? known : list.push(field) - 1;
  };
  const state = new Map<number, 'open' | 'done' | 'broken'>();
  const order: number[] = [];
  const plans = new Map<number, PlannedCorrelation>();
  const told = new Map<number, boolean>();
  const fail = (c: Correlation, code: LinkProblem['code'], expected: string, found: string): void =>
    void problems.push({ file: c.file, code, severity: 'error', expected, found });
  const visit = (i: number): boolean => {
    const s = state.get(i);
    if (s !== undefined) {
      if (s === 'open')
        fail(correlations[i]!, 'sigma.correlation', 'correlations that are not about themselves', 'a circle');
      return s === 'done';
    }
    state.set(i, 'open');
    const c = correlations[i]!;
    const references: Reference[] = [];
    let good = true;
    for (const name of c.rules) {
      const fieldIn = (field: string): string => c.aliases[field]?.[name] ?? field;
      const rule = byName.get(name) ?? -1;
      const other = rule >= 0 ? -1 : (correlationOf.get(name) ?? -1);
      if (rule < 0 && other < 0) {
        fail(c, 'sigma.reference', 'a rule or correlation with this id or name', `none called "${name}"`);
        good = false;
      } else if (rule >= 0)
        references.push({
          name,
          rule,
          correlation: -1,
          by: c.groupBy.map((f) => fieldOf(rule, fieldIn(f))),
          values: c.fields.map((f) => fieldOf(rule, fieldIn(f))),
        });
      else if (visit(other)) {
        const has = correlations[other]!.groupBy;
        const at = (f: string): number => {
          const n = has.indexOf(fieldIn(f));
          if (n < 0) {
            fail(c, 'sigma.correlation', `a field that "${name}" groups by`, `"${fieldIn(f)}"`);
            good = false;
          }
          return n;
        };
        references.push({ name, rule: -1, correlation: other, by: c.groupBy.map(at), values: c.fields.map(at) });
      } else {
        if (state.get(other) === 'broken')
          fail(c, 'sigma.reference', 'a correlation that could be loaded', `"${name}", which could not`);
        good = false;
      }
    }
    state.set(i, good ? 'done' : 'broken');
    if (!good) return false;
    order.push(i);
    const { type, timespan, tests, percentile, names, groupBy } = c;
    plans.set(i, { type, timespan, tests, percentile, names, groupBy, references });
    for (const r of references) if (r.rule >= 0) told.set(r.rule, (told.get(r.rule) ?? false) || c.generate);
    return true;
  };
  correlations.forEach((_, i) => visit(i));
  const place = new Map(order.map((i, n) => [i, n]));
  return {
    rules: filtered,
    extract,
    silent: rules.map((_, i) => told.get(i) === false),
    correlations: order.map((i) => ({
      of: correlations[i]!,
      plan: {
        ...plans.get(i)!,
        references: plans
          .get(i)!
          .references.map((r) => (r.correlation < 0 ? r : { ...r, correlation: place.get(r.correlation)! })),
      },
    })),
    problems,
  };
}
