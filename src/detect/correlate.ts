// Correlations over what rules matched, whatever the order in which files are read: events are kept, small, until all of them are
// known, put in the order of time, and looked through group by group.
//
// A window begins at an event and lasts the timespan, its last moment included. Windows whose events are all in an earlier one are
// not looked at by themselves: what is said of a window is said of as many events as fit in it. Windows that hold are told once, and
// an event is told in one of them at most: none is longer than its timespan.
import type { Expr } from '../sigma/ast.js';
import type { PlannedCorrelation, Reference } from '../sigma/link.js';

/** A record that a rule matched, as far as correlations need it. */
export interface CorrelatedEvent {
  readonly rule: number;
  readonly micros: number;
  readonly host: string;
  readonly channel: string;
  readonly record: number;
  readonly chunkOffset: number;
  readonly eventId: string;
  /** Values of the fields that correlations ask for, null where the event has none. */
  readonly values: readonly (string | null)[];
}

/** The same with the file that it stands in. */
export interface PlacedEvent extends CorrelatedEvent {
  readonly evidence: string;
  readonly byLine: boolean;
}

export interface CorrelationMatch {
  /** Number among the loaded correlations. */
  readonly correlation: number;
  readonly first: number;
  readonly last: number;
  /** Values of group-by, as the first event has them. */
  readonly group: readonly string[];
  /** The number that the condition was asked of; the number of rules for temporal ones. */
  readonly value: number;
  readonly events: readonly PlacedEvent[];
}

/** Events that are kept over all correlations; more are counted and told, not lost silently. */
export const MAX_EVENTS = 500_000;

interface Entry {
  readonly t: number;
  readonly ref: number;
  readonly key: string;
  readonly group: readonly string[];
  readonly values: readonly (string | null)[];
  readonly events: readonly PlacedEvent[];
}

export class Correlator {
  readonly #plans: readonly PlannedCorrelation[];
  readonly #byRule = new Map<number, { correlation: number; ref: number }[]>();
  readonly #events: PlacedEvent[] = [];
  /** Events beyond the limit, and events without a time. */
  dropped = 0;
  timeless = 0;

  constructor(plans: readonly PlannedCorrelation[]) {
    this.#plans = plans;
    plans.forEach((p, correlation) =>
      p.references.forEach((r, ref) => {
        if (r.rule < 0) return;
        const list = this.#byRule.get(r.rule) ?? [];
        this.#byRule.set(r.rule, list);
        list.push({ correlation, ref });
      }),
    );
  }

  get empty(): boolean {
    return this.#plans.length === 0;
  }

  add(e: PlacedEvent): void {
    if (!this.#byRule.has(e.rule)) return;
    if (Number.isNaN(e.micros)) this.timeless++;
    else if (this.#events.length >= MAX_EVENTS) this.dropped++;
    else this.#events.push(e);
  }

  /** All matches, by time. */
  finish(): CorrelationMatch[] {
    const entries: Entry[][] = this.#plans.map(() => []);
    // Equal times in the order of the evidence, so that the result does not depend on the order of reading.
    const rank = (e: PlacedEvent): number => Number(e.evidence.replace(/\D/g, '')) || 0;
    this.#events.sort((a, b) => a.micros - b.micros || rank(a) - rank(b) || a.record - b.record || a.rule - b.rule);
    for (const e of this.#events)
      for (const { correlation, ref } of this.#byRule.get(e.rule)!) {
        const r = this.#plans[correlation]!.references[ref]!;
        const entry = entryOf(r, ref, e.micros, e.values, [e], this.#plans[correlation]!.groupBy, e.host);
        if (entry !== null) entries[correlation]!.push(entry);
      }
    const out: CorrelationMatch[] = [];
    // Each stands behind those that it is about.
    this.#plans.forEach((plan, i) => {
      const groups = new Map<string, Entry[]>();
      for (const e of entries[i]!.sort((a, b) => a.t - b.t)) {
        const list = groups.get(e.key);
        if (list === undefined) groups.set(e.key, [e]);
        else list.push(e);
      }
      const found: CorrelationMatch[] = [];
      for (const list of groups.values()) for (const m of matchesOf(plan, list)) found.push({ ...m, correlation: i });
      found.sort((a, b) => a.last - b.last || a.first - b.first);
      for (const m of found)
        this.#plans.forEach((other, k) =>
          other.references.forEach((r, ref) => {
            if (r.correlation !== i) return;
            // A correlation is there when it is complete.
            const entry = entryOf(r, ref, m.last, m.group, m.events, other.groupBy, '');
            if (entry !== null) entries[k]!.push(entry);
          }),
        );
      out.push(...found);
    });
    return out.sort((a, b) => a.first - b.first || a.correlation - b.correlation);
  }
}

/** Names of the host itself, which formats have under names of their own. */
const HOST = /^(?:computer|computername|hostname|host\.name|host)$/i;

function entryOf(
  r: Reference,
  ref: number,
  t: number,
  values: readonly (string | null)[],
  events: readonly PlacedEvent[],
  groupBy: readonly string[],
  host: string,
): Entry | null {
  const group: string[] = [];
  for (let i = 0; i < r.by.length; i++) {
    const v = values[r.by[i]!] ?? (HOST.test(groupBy[i]!) && host !== '' ? host : null);
    // What has no value cannot be grouped; Windows writes a dash for none.
    if (v === null || v === undefined || v === '-') return null;
    group.push(v);
  }
  return {
    t,
    ref,
    key: group.map((v) => v.toLowerCase()).join('\0'),
    group,
    values: r.values.map((i) => values[i] ?? null),
    events,
  };
}

type Found = Omit<CorrelationMatch, 'correlation'>;

function* matchesOf(plan: PlannedCorrelation, list: readonly Entry[]): Generator<Found> {
  if (plan.type === 'temporal_ordered' && plan.names === null) {
    yield* ordered(plan, list);
    return;
  }
  let end = 0;
  for (let start = 0; start < list.length;) {
    const before = end;
    if (end < start) end = start;
    while (end < list.length && list[end]!.t - list[start]!.t <= plan.timespan) end++;
    // All of these were in the window before.
    if (end === before && start > 0) {
      start++;
      continue;
    }
    const window = list.slice(start, end);
    const value = valueOf(plan, window);
    if (value === null) {
      start++;
      continue;
    }
    yield found(window, value);
    start = end;
  }
}

const found = (window: readonly Entry[], value: number): Found => {
  const events = [...new Set(window.flatMap((e) => e.events))];
  return {
    first: Math.min(...events.map((e) => e.micros)),
    last: window.at(-1)!.t,
    group: window[0]!.group,
    value,
    events,
  };
};

/** The number that a window's condition is asked of, if it holds; else null. */
function valueOf(plan: PlannedCorrelation, window: readonly Entry[]): number | null {
  const { names } = plan;
  if (names !== null) {
    const there = new Set(window.map((e) => plan.references[e.ref]!.name));
    if (plan.type === 'temporal_ordered' && !inOrder(plan, window)) return null;
    return present(names, there) ? there.size : null;
  }
  const value = measure(plan, window);
  if (value === null) return null;
  return plan.tests.every((t) => compare(t.how, value, t.number)) ? value : null;
}

function measure(plan: PlannedCorrelation, window: readonly Entry[]): number | null {
  switch (plan.type) {
    case 'event_count':
      return window.length;
    case 'temporal':
    case 'temporal_ordered':
      return new Set(window.map((e) => plan.references[e.ref]!.name)).size;
    case 'value_count':
      return new Set(
        window
          .filter((e) => e.values.every((v) => v !== null))
          .map((e) => e.values.map((v) => v!.toLowerCase()).join('\0')),
      ).size;
    default: {
      const numbers = window.map((e) => numberOf(e.values[0] ?? null)).filter((n) => !Number.isNaN(n));
      if (numbers.length === 0) return null;
      if (plan.type === 'value_sum') return numbers.reduce((a, b) => a + b, 0);
      if (plan.type === 'value_avg') return numbers.reduce((a, b) => a + b, 0) / numbers.length;
      return percentile(numbers, plan.type === 'value_median' ? 50 : plan.percentile!);
    }
  }
}

const numberOf = (v: string | null): number =>
  v !== null && /^\s*(?:[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?|0x[0-9a-f]+)\s*$/i.test(v) ? Number(v) : Number.NaN;

/** Between the two nearest ranks, in proportion (as `PERCENTILE_CONT` of SQL). */
function percentile(numbers: readonly number[], p: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = ((sorted.length - 1) * p) / 100;
  const lo = Math.floor(at);
  const hi = Math.min(sorted.length - 1, lo + 1);
  return sorted[lo]! + (sorted[hi]! - sorted[lo]!) * (at - lo);
}

function compare(how: string, a: number, b: number): boolean {
  switch (how) {
    case 'gt':
      return a > b;
    case 'gte':
      return a >= b;
    case 'lt':
      return a < b;
    case 'lte':
      return a <= b;
    case 'eq':
      return a === b;
    default:
      return a !== b;
  }
}

function present(e: Expr, there: ReadonlySet<string>): boolean {
  switch (e.kind) {
    case 'test':
      return there.has(e.field!);
    case 'not':
      return !present(e.item, there);
    case 'and':
      return e.items.every((i) => present(i, there));
    case 'or':
      return e.items.some((i) => present(i, there));
    default:
      return e.items.filter((i) => present(i, there)).length >= e.min;
  }
}

/** Whether the rules that are there came first in the order in which they are listed. */
function inOrder(plan: PlannedCorrelation, window: readonly Entry[]): boolean {
  let t = Number.NEGATIVE_INFINITY;
  for (let ref = 0; ref < plan.references.length; ref++) {
    if (!window.some((e) => e.ref === ref)) continue;
    const next = window.find((e) => e.ref === ref && e.t >= t);
    if (next === undefined) return false;
    t = next.t;
  }
  return true;
}

/** One event of each rule, in the order of the list, from the first to the last within the timespan. */
function* ordered(plan: PlannedCorrelation, list: readonly Entry[]): Generator<Found> {
  const n = plan.references.length;
  const wanted = plan.tests[0]?.how === 'gte' ? Math.min(n, plan.tests[0].number) : n;
  // What happened in the same moment may have happened in the order that is asked for.
  const sorted = [...list].sort((a, b) => a.t - b.t || a.ref - b.ref);
  for (let start = 0; start < sorted.length; start++) {
    if (sorted[start]!.ref !== 0) continue;
    const chain = [start];
    const end = sorted[start]!.t + plan.timespan;
    for (let at = start + 1; at < sorted.length && chain.length < wanted && sorted[at]!.t <= end; at++)
      if (sorted[at]!.ref === chain.length && !chain.some((k) => sorted[k]!.events[0] === sorted[at]!.events[0]))
        chain.push(at);
    if (chain.length < wanted) continue;
    // The last first event before the second one: the chain is as tight as it can be.
    for (let k = start + 1; k < (chain[1] ?? start); k++)
      if (sorted[k]!.ref === 0 && sorted[k]!.events[0] !== sorted[chain[1]!]!.events[0]) chain[0] = k;
    yield found(
      chain.map((k) => sorted[k]!),
      chain.length,
    );
    start = chain.at(-1)!;
  }
}
