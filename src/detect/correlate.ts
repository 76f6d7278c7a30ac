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
    for (const e of onceEach(this.#events))
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

/** Microseconds within which two logs of a host write the same event down. */
const SAME_EVENT = 2e6;

/**
 * Events without those that a second log of the host recorded too (a process start by Sysmon and by the Security log): the
 * same rule and values within two seconds in different channels, paired one to one, so that what happened twice counts twice.
 */
function* onceEach(events: readonly PlacedEvent[]): Generator<PlacedEvent> {
  const open = new Map<string, PlacedEvent[]>();
  for (const e of events) {
    const key = [e.rule, e.host.toLowerCase(), ...e.values.map((v) => (v === null ? '\u0001' : v.toLowerCase()))].join(
      '\0',
    );
    const waiting = (open.get(key) ?? []).filter((x) => e.micros - x.micros <= SAME_EVENT);
    const twin = e.host === '' ? -1 : waiting.findIndex((x) => x.channel !== e.channel);
    if (twin >= 0) waiting.splice(twin, 1);
    else {
      // Only as many as can be paired with what comes: a flood of one log needs no more than its newest.
      if (waiting.length >= MAX_WAITING) waiting.shift();
      waiting.push(e);
      yield e;
    }
    open.set(key, waiting);
  }
}
const MAX_WAITING = 64;

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
  const window = windowOf(plan, list);
  let end = 0;
  for (let start = 0; start < list.length; start++) {
    const before = end;
    while (end < list.length && list[end]!.t - list[start]!.t <= plan.timespan) window.add(end++);
    // Otherwise all of these were in the window before.
    if (end > before) {
      const value = window.value();
      if (value !== null) {
        yield found(list.slice(start, end), value);
        for (; start < end; start++) window.remove(start);
        start--;
        continue;
      }
    }
    window.remove(start);
  }
}

const found = (window: readonly Entry[], value: number): Found => {
  const events = [...new Set(window.flatMap((e) => e.events))];
  return {
    first: events.reduce((t, e) => Math.min(t, e.micros), Number.POSITIVE_INFINITY),
    last: window.at(-1)!.t,
    group: window[0]!.group,
    value,
    events,
  };
};

/** A window over the events of a group; events come in at its end and leave at its start, each in about constant time. */
interface Window {
  add(i: number): void;
  remove(i: number): void;
  /** The number that the condition was asked of, if it holds; else null. */
  value(): number | null;
}

function windowOf(plan: PlannedCorrelation, list: readonly Entry[]): Window {
  const passes = (value: number | null): number | null =>
    value !== null && plan.tests.every((t) => compare(t.how, value, t.number)) ? value : null;
  switch (plan.type) {
    case 'event_count': {
      let n = 0;
      return { add: () => void n++, remove: () => void n--, value: () => passes(n) };
    }
    case 'temporal':
    case 'temporal_ordered': {
      const counts = counter<string>();
      // By rule: times of its events in the window, the first at `from`.
      const times = plan.references.map(() => ({ at: [] as number[], from: 0 }));
      const { names } = plan;
      return {
        add(i) {
          const e = list[i]!;
          counts.add(plan.references[e.ref]!.name);
          times[e.ref]!.at.push(e.t);
        },
        remove(i) {
          const e = list[i]!;
          counts.remove(plan.references[e.ref]!.name);
          times[e.ref]!.from++;
        },
        value() {
          if (names === null) return passes(counts.of.size);
          if (plan.type === 'temporal_ordered' && !inOrder(times)) return null;
          return present(names, counts.of) ? counts.of.size : null;
        },
      };
    }
    case 'value_count': {
      const keys = list.map((e) =>
        e.values.every((v) => v !== null) ? e.values.map((v) => v!.toLowerCase()).join('\0') : null,
      );
      const counts = counter<string>();
      return {
        add: (i) => void (keys[i] !== null && counts.add(keys[i]!)),
        remove: (i) => void (keys[i] !== null && counts.remove(keys[i]!)),
        value: () => passes(counts.of.size),
      };
    }
    default: {
      const numbers = list.map((e) => numberOf(e.values[0] ?? null));
      if (plan.type === 'value_sum' || plan.type === 'value_avg') {
        const total = sums(numbers);
        return {
          add: total.add,
          remove: total.remove,
          value: () =>
            passes(total.count() === 0 ? null : plan.type === 'value_sum' ? total.sum() : total.sum() / total.count()),
        };
      }
      const order = ranks(numbers);
      const p = plan.type === 'value_median' ? 50 : plan.percentile!;
      return {
        add: (i) => order.change(i, 1),
        remove: (i) => order.change(i, -1),
        value: () => passes(order.percentile(p)),
      };
    }
  }
}

function counter<T>(): { readonly of: Map<T, number>; add(k: T): void; remove(k: T): void } {
  const of = new Map<T, number>();
  return {
    of,
    add: (k) => void of.set(k, (of.get(k) ?? 0) + 1),
    remove(k) {
      const n = of.get(k)! - 1;
      if (n === 0) of.delete(k);
      else of.set(k, n);
    },
  };
}

/**
 * Sums of a window. Whole numbers are added and taken away, which is exact; where there are others, the sum is made anew of
 * the window, so that nothing is left over of what has gone.
 */
function sums(numbers: readonly number[]): {
  add(i: number): void;
  remove(i: number): void;
  sum(): number;
  count(): number;
} {
  const exact = numbers.every((n) => Number.isNaN(n) || (Number.isInteger(n) && Math.abs(n) < 2 ** 33));
  let running = 0;
  let count = 0;
  let from = 0;
  let to = 0;
  const change = (i: number, by: 1 | -1): void => {
    if (by === 1) to = i + 1;
    else from = i + 1;
    const n = numbers[i]!;
    if (Number.isNaN(n)) return;
    count += by;
    running += by * n;
  };
  return {
    add: (i) => change(i, 1),
    remove: (i) => change(i, -1),
    count: () => count,
    sum() {
      if (exact) return running;
      let s = 0;
      for (let i = from; i < to; i++) if (!Number.isNaN(numbers[i]!)) s += numbers[i]!;
      return s;
    },
  };
}

/** The order of a window's numbers: a Fenwick tree over their ranks. */
function ranks(numbers: readonly number[]): {
  change(i: number, by: 1 | -1): void;
  percentile(p: number): number | null;
} {
  const values = [...new Set(numbers.filter((n) => !Number.isNaN(n)))].sort((a, b) => a - b);
  const rank = new Map(values.map((v, i) => [v, i + 1]));
  const tree = new Int32Array(values.length + 1);
  const top = 2 ** Math.floor(Math.log2(Math.max(1, values.length)));
  let count = 0;
  /** The k-th smallest, from 0. */
  const nth = (k: number): number => {
    let at = 0;
    let left = k + 1;
    for (let step = top; step > 0; step >>= 1)
      if (at + step <= values.length && tree[at + step]! < left) {
        at += step;
        left -= tree[at]!;
      }
    return values[at]!;
  };
  return {
    change(i, by) {
      const r = rank.get(numbers[i]!);
      if (r === undefined) return;
      count += by;
      for (let at = r; at < tree.length; at += at & -at) tree[at]! += by;
    },
    // Between the two nearest ranks, in proportion (as `PERCENTILE_CONT` of SQL).
    percentile(p) {
      if (count === 0) return null;
      const at = ((count - 1) * p) / 100;
      const lo = Math.floor(at);
      const low = nth(lo);
      return at === lo ? low : low + (nth(lo + 1) - low) * (at - lo);
    },
  };
}

const numberOf = (v: string | null): number =>
  v !== null && /^\s*(?:[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?|0x[0-9a-f]+)\s*$/i.test(v) ? Number(v) : Number.NaN;

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

function present(e: Expr, there: { has(name: string): boolean }): boolean {
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

/** The first place from `from` whose time is `t` or later. */
function firstFrom(times: readonly number[], from: number, t: number): number {
  let lo = from;
  let hi = times.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (times[mid]! < t) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** Whether the rules that are there came first in the order in which they are listed. */
function inOrder(times: readonly { readonly at: readonly number[]; readonly from: number }[]): boolean {
  let t = Number.NEGATIVE_INFINITY;
  for (const { at, from } of times) {
    if (from >= at.length) continue;
    const next = firstFrom(at, from, t);
    if (next >= at.length) return false;
    t = at[next]!;
  }
  return true;
}

/** One event of each rule, in the order of the list, from the first to the last within the timespan. */
function* ordered(plan: PlannedCorrelation, list: readonly Entry[]): Generator<Found> {
  const n = plan.references.length;
  const wanted = plan.tests[0]?.how === 'gte' ? Math.min(n, plan.tests[0].number) : n;
  // What happened in the same moment may have happened in the order that is asked for.
  const sorted = [...list].sort((a, b) => a.t - b.t || a.ref - b.ref);
  const placesOf: number[][] = plan.references.map(() => []);
  sorted.forEach((e, i) => placesOf[e.ref]!.push(i));
  for (let start = 0; start < sorted.length; start++) {
    if (sorted[start]!.ref !== 0) continue;
    const chain = [start];
    const end = sorted[start]!.t + plan.timespan;
    while (chain.length < wanted) {
      const places = placesOf[chain.length]!;
      let k = firstFrom(places, 0, chain.at(-1)! + 1);
      while (k < places.length && chain.some((c) => sorted[c]!.events[0] === sorted[places[k]!]!.events[0])) k++;
      if (k >= places.length || sorted[places[k]!]!.t > end) break;
      chain.push(places[k]!);
    }
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
