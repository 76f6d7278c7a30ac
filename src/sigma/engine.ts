// Rules as a plan. Events fall into classes by channel, provider and event id; for a class that comes up, the rules
// whose log source covers it are put together once: constants are folded away (EventID, Channel, Provider_Name), equal
// tests on a field become one, and every rule is filed under tests of which one must hold for it to fire. An event then
// costs one pass over its fields plus the rules that one of its values called up.
import type { Route } from '../schema/index.js';
import type { Expr, Rule, Test } from './ast.js';
import { FieldMatcher, KeptBudget } from './field-matcher.js';
import { isLogSourceKey } from '../schema/index.js';
import { testText } from './test.js';

const routeKey = (channel: string): string => (isLogSourceKey(channel) ? `@${channel}` : channel).toLowerCase();

/** Events of a class after which its rules are filed anew, by how often each test held. */
const LEARNED = 2000;

/** Classes kept at a time. A log has some hundreds; a crafted one could have millions. */
const MAX_CLASSES = 8192;

/** The value of a field as a reader gives it: undefined if the event has no such field, null if it has no value. */
export type EventValue = string | readonly string[] | null | undefined;

export interface EventReader {
  /** The value of `EventClass.fields[index]`. */
  value(index: number): EventValue;
  /** All values of the event's data, for keyword rules. */
  all(): readonly string[];
}

/** What of a rule the engine needs. */
export interface PlannableRule extends Pick<Rule, 'logsource' | 'condition'> {
  /** Fields whose values are taken of each event that matches. */
  readonly extract?: readonly string[];
}

export type RoutesOf = (source: Rule['logsource']) => readonly Route[] | null;

interface Node {
  readonly kind: 'test' | 'and' | 'or' | 'not' | 'atLeast';
  readonly id: number;
  readonly min: number;
  readonly items: readonly Node[];
}

interface ClassRule {
  readonly rule: number;
  readonly node: Node;
  /** Fields to take, by number; null for none. */
  readonly extract: readonly number[] | null;
}

interface RoutedRule {
  readonly rule: number;
  readonly expr: Expr;
  readonly route: Route;
  /** Event ids of which the rule asks for one, so that classes of other ids need not look at it; null if it may not. */
  readonly ids: ReadonlySet<string> | null;
}

/** A rule set planned for events. Not for sharing between threads; each has its own, made from the same rules. */
export class Engine {
  readonly rules: readonly PlannableRule[];
  readonly #interned: boolean;
  readonly #budget = new KeptBudget();
  /** Rules whose log source no route covers: they can never fire on these events. */
  readonly unrouted: readonly number[];
  readonly #byChannel = new Map<string, RoutedRule[]>();
  readonly #anyChannel: RoutedRule[] = [];
  /** By channel, provider, event id. */
  #classes = new Map<string, Map<string, Map<string, EventClass | null>>>();
  #classCount = 0;

  /** `interned`: equal tests are one object already, which saves comparing them. */
  constructor(rules: readonly PlannableRule[], routesOf: RoutesOf, options: { interned?: boolean } = {}) {
    this.rules = rules;
    this.#interned = options.interned ?? false;
    const unrouted: number[] = [];
    rules.forEach((rule, index) => {
      const routes = routesOf(rule.logsource);
      if (routes === null) {
        unrouted.push(index);
        return;
      }
      const ids = askedIds(rule.condition);
      for (const route of routes) {
        const entry: RoutedRule = { rule: index, expr: rule.condition, route, ids };
        if (route.channels.length === 0) this.#anyChannel.push(entry);
        for (const c of route.channels) {
          const key = routeKey(c);
          const list = this.#byChannel.get(key);
          if (list === undefined) this.#byChannel.set(key, [entry]);
          else list.push(entry);
        }
      }
    });
    this.unrouted = unrouted;
  }

  /** The class of events with these constants; null if no rule can fire on them. */
  classOf(channel: string, provider: string, eventId: string): EventClass | null {
    let byProvider = this.#classes.get(channel);
    if (byProvider === undefined) this.#classes.set(channel, (byProvider = new Map()));
    let byId = byProvider.get(provider);
    if (byId === undefined) byProvider.set(provider, (byId = new Map()));
    let known = byId.get(eventId);
    if (known === undefined) {
      known = this.#build(channel, provider, eventId);
      if (++this.#classCount > MAX_CLASSES) {
        this.#classCount = 0;
        this.#classes = new Map();
      } else byId.set(eventId, known);
    }
    return known;
  }

  #build(channel: string, provider: string, eventId: string): EventClass | null {
    const known: Readonly<Record<string, string>> = { EventID: eventId, Channel: channel, Provider_Name: provider };
    const found = new Map<number, Expr[]>();
    const taken = new Map<number, readonly string[]>();
    const id = Number(eventId);
    const lowProvider = provider.toLowerCase();
    for (const { rule, expr, route, ids } of [
      // "Any channel" means any of Windows; keys of other log sources begin with @ here.
      ...(channel.startsWith('@') ? [] : this.#anyChannel),
      ...(this.#byChannel.get(channel.toLowerCase()) ?? []),
    ]) {
      if (ids !== null && !ids.has(eventId)) continue;
      if (route.eventIds !== undefined && !route.eventIds.includes(id)) continue;
      if (
        route.providers !== undefined &&
        route.providers.length > 0 &&
        !route.providers.some((p) => p.toLowerCase() === lowProvider)
      )
        continue;
      const where: Expr[] = (route.where ?? []).map((w) => ({
        kind: 'or',
        items: w.equals.map((text): Expr => ({ kind: 'test', field: w.field, test: { op: 'equals', text } })),
      }));
      const renamed = route.fields === undefined ? expr : rename(expr, route.fields);
      const folded = simplify(where.length === 0 ? renamed : { kind: 'and', items: [...where, renamed] }, known);
      if (folded === false) continue;
      const extract = this.rules[rule]!.extract;
      if (extract !== undefined && !taken.has(rule))
        taken.set(
          rule,
          extract.map((f) => route.fields?.[f] ?? f),
        );
      const list = found.get(rule);
      const item: Expr = folded === true ? { kind: 'and', items: [] } : folded;
      if (list === undefined) found.set(rule, [item]);
      else list.push(item);
    }
    if (found.size === 0) return null;
    const rules = [...found]
      .sort((a, b) => a[0] - b[0])
      .map(([rule, list]): [number, Expr] => [rule, list.length === 1 ? list[0]! : { kind: 'or', items: list }]);
    return new EventClass(rules, this.#interned, this.#budget, taken);
  }
}

function rename(e: Expr, fields: Readonly<Record<string, string>>): Expr {
  switch (e.kind) {
    case 'test': {
      const field = e.field === null ? null : (fields[e.field] ?? e.field);
      const test: Test = e.test.op === 'fieldref' ? { ...e.test, field: fields[e.test.field] ?? e.test.field } : e.test;
      return field === e.field && test === e.test ? e : { kind: 'test', field, test };
    }
    case 'not':
      return { kind: 'not', item: rename(e.item, fields) };
    default:
      return { ...e, items: e.items.map((i) => rename(i, fields)) };
  }
}

/** Event ids of which one must hold for the expression to be true; null if it may be true for any. */
function askedIds(e: Expr): ReadonlySet<string> | null {
  switch (e.kind) {
    case 'test':
      return e.field === 'EventID' && e.test.op === 'equals' ? new Set([e.test.text]) : null;
    case 'and': {
      // Any one of the conjuncts restricts; the first that does is enough.
      for (const i of e.items) {
        const ids = askedIds(i);
        if (ids !== null) return ids;
      }
      return null;
    }
    case 'or': {
      const all = new Set<string>();
      for (const i of e.items) {
        const ids = askedIds(i);
        if (ids === null) return null;
        for (const id of ids) all.add(id);
      }
      return all;
    }
    default:
      return null;
  }
}

/** The expression with the tests on known fields answered. */
function simplify(e: Expr, known: Readonly<Record<string, string>>): Expr | boolean {
  switch (e.kind) {
    case 'test': {
      const value = e.field === null ? undefined : known[e.field];
      if (value === undefined || e.test.op === 'fieldref') return e;
      return testText(e.test, value);
    }
    case 'not': {
      const item = simplify(e.item, known);
      return typeof item === 'boolean' ? !item : { kind: 'not', item };
    }
    case 'and':
    case 'or': {
      const decisive = e.kind === 'or';
      const items: Expr[] = [];
      for (const i of e.items) {
        const s = simplify(i, known);
        if (s === decisive) return decisive;
        if (typeof s !== 'boolean') items.push(s);
      }
      return items.length === 0 ? !decisive : items.length === 1 ? items[0]! : { kind: e.kind, items };
    }
    default: {
      let min = e.min;
      const items: Expr[] = [];
      for (const i of e.items) {
        const s = simplify(i, known);
        if (s === true) min--;
        else if (s !== false) items.push(s);
      }
      return min <= 0 ? true : items.length < min ? false : { kind: 'atLeast', min, items };
    }
  }
}

const keys = new WeakMap<Test, string>();

/** Equal tests have equal keys. Made once a test: the same test goes into many classes. */
function keyOf(test: Test): string {
  let key = keys.get(test);
  if (key === undefined) {
    key = 'text' in test ? `${test.op}${test.cased === true ? '!' : ''}\0${test.text}` : JSON.stringify(test);
    keys.set(test, key);
  }
  return key;
}

/** The rules that can fire on one class of events, planned together. */
export class EventClass {
  /** Fields that a reader must be able to give, by number. */
  readonly fields: readonly string[];
  readonly needsAll: boolean;
  readonly #matchers: (FieldMatcher | null)[];
  readonly #keywords: FieldMatcher | null;
  readonly #nullTests: (readonly number[])[];
  readonly #existsTests: (readonly number[])[];
  readonly #refs: readonly { id: number; field: number; other: number; test: Test }[];
  readonly #rules: readonly ClassRule[];
  readonly #always: number[] = [];
  #triggered: readonly (readonly number[])[] = [];
  readonly #tests: readonly { field: number; test: Test }[];
  /** How often each test held, as long as it is counted. */
  #counts: Int32Array | null;
  readonly #testField: readonly (string | null)[];
  readonly #hits: Int32Array;
  readonly #stamps: Int32Array;
  #generation = 0;
  #candidates: number[] = [];

  constructor(
    rules: readonly (readonly [rule: number, expr: Expr])[],
    interned: boolean,
    budget: KeptBudget,
    taken: ReadonlyMap<number, readonly string[]> = new Map(),
  ) {
    const fieldIndex = new Map<string, number>();
    const ids = new Map<string | null, Map<string | Test, number>>();
    const tests: { field: number; test: Test }[] = [];
    const fieldOf = (name: string): number => {
      let i = fieldIndex.get(name);
      if (i === undefined) {
        i = fieldIndex.size;
        fieldIndex.set(name, i);
      }
      return i;
    };
    const compile = (e: Expr): Node => {
      if (e.kind === 'test') {
        let known = ids.get(e.field);
        if (known === undefined) {
          known = new Map();
          ids.set(e.field, known);
        }
        const key = interned ? e.test : keyOf(e.test);
        let id = known.get(key);
        if (id === undefined) {
          id = tests.length;
          known.set(key, id);
          tests.push({ field: e.field === null ? -1 : fieldOf(e.field), test: e.test });
          if (e.test.op === 'fieldref') fieldOf(e.test.field);
        }
        return { kind: 'test', id, min: 0, items: [] };
      }
      if (e.kind === 'not') return { kind: 'not', id: -1, min: 0, items: [compile(e.item)] };
      return { kind: e.kind, id: -1, min: e.kind === 'atLeast' ? e.min : 0, items: e.items.map(compile) };
    };
    this.#rules = rules.map(([rule, expr]) => ({
      rule,
      node: compile(expr),
      extract: taken.get(rule)?.map(fieldOf) ?? null,
    }));
    this.fields = [...fieldIndex.keys()];
    const byField: [number, Test][][] = this.fields.map(() => []);
    const keywords: [number, Test][] = [];
    this.#nullTests = this.fields.map(() => []);
    this.#existsTests = this.fields.map(() => []);
    const refs: { id: number; field: number; other: number; test: Test }[] = [];
    tests.forEach(({ field, test }, id) => {
      if (field < 0) keywords.push([id, test]);
      else if (test.op === 'null') (this.#nullTests[field] as number[]).push(id);
      else if (test.op === 'exists') (this.#existsTests[field] as number[]).push(id);
      else if (test.op === 'fieldref') refs.push({ id, field, other: fieldOf(test.field), test });
      else byField[field]!.push([id, test]);
    });
    this.#refs = refs;
    this.#matchers = byField.map((t) => (t.length > 0 ? new FieldMatcher(t, budget) : null));
    this.#keywords = keywords.length > 0 ? new FieldMatcher(keywords, budget) : null;
    this.needsAll = keywords.length > 0;
    this.#testField = tests.map((t) => (t.field < 0 ? null : this.fields[t.field]!));
    this.#hits = new Int32Array(tests.length);
    this.#stamps = new Int32Array(this.#rules.length);

    this.#tests = tests;
    this.#counts = new Int32Array(tests.length);
    this.#file((id) => commonness(tests[id]!.test));
  }

  /** Files each rule under tests of which one must hold for it to fire, the rarest by what `cost` says of them. */
  #file(cost: (id: number) => number): void {
    const triggered: number[][] = this.#tests.map(() => []);
    this.#always.length = 0;
    this.#rules.forEach(({ node }, r) => {
      const t = trigger(node, cost);
      if (t === null) this.#always.push(r);
      else for (const id of t.ids) triggered[id]!.push(r);
    });
    this.#triggered = triggered;
  }

  #markAll(ids: readonly number[]): void {
    for (let i = 0; i < ids.length; i++) this.#mark(ids[i]!);
  }

  #mark(id: number): void {
    const generation = this.#generation;
    if (this.#hits[id] === generation) return;
    this.#hits[id] = generation;
    if (this.#counts !== null) this.#counts[id]!++;
    for (const r of this.#triggered[id]!) {
      if (this.#stamps[r] !== generation) {
        this.#stamps[r] = generation;
        this.#candidates.push(r);
      }
    }
  }

  /** Numbers, within this class, of the rules that fire on an event. The array is reused by the next call. */
  evaluate(reader: EventReader): readonly number[] {
    if (++this.#generation === LEARNED && this.#counts !== null) {
      // What was guessed of the tests is known now for these logs.
      const counts = this.#counts;
      this.#counts = null;
      this.#file((id) => counts[id]! + commonness(this.#tests[id]!.test) / 1000);
    }
    const candidates = this.#candidates;
    candidates.length = 0;
    for (const r of this.#always) candidates.push(r);
    const n = this.fields.length;
    for (let i = 0; i < n; i++) {
      const value = reader.value(i);
      if (value === null || value === undefined) {
        for (const id of this.#nullTests[i]!) this.#mark(id);
        if (value === null) for (const id of this.#existsTests[i]!) this.#mark(id);
        continue;
      }
      for (const id of this.#existsTests[i]!) this.#mark(id);
      const matcher = this.#matchers[i];
      if (matcher === null || matcher === undefined) continue;
      if (typeof value === 'string') this.#markAll(matcher.match(value));
      else for (const v of value) this.#markAll(matcher.match(v));
    }
    if (this.#keywords !== null) for (const v of reader.all()) this.#markAll(this.#keywords.match(v));
    for (const ref of this.#refs) {
      const own = listOf(reader.value(ref.field));
      const other = listOf(reader.value(ref.other));
      if (own.some((v) => testText(ref.test, v, other))) this.#mark(ref.id);
    }
    let kept = 0;
    for (let i = 0; i < candidates.length; i++) {
      const r = candidates[i]!;
      if (this.#holds(this.#rules[r]!.node)) candidates[kept++] = r;
    }
    candidates.length = kept;
    if (kept > 1) candidates.sort((a, b) => a - b);
    return candidates;
  }

  /** The rule set's number of a class rule. */
  ruleOf(classRule: number): number {
    return this.#rules[classRule]!.rule;
  }

  /** Values of the fields that a rule takes of its events, null where there is none; null for rules that take none. */
  extracted(classRule: number, reader: EventReader): (string | null)[] | null {
    return (
      this.#rules[classRule]!.extract?.map((i) => {
        const v = reader.value(i);
        return typeof v === 'string' ? (v === '' ? null : v) : (v?.[0] ?? null);
      }) ?? null
    );
  }

  /** After `evaluate`: fields whose tests made a rule fire, in the order of the rule; null stands for a keyword. */
  matchedFields(classRule: number): (string | null)[] {
    const out = new Set<string | null>();
    const walk = (n: Node): void => {
      if (n.kind === 'test') {
        if (this.#hits[n.id] === this.#generation) out.add(this.#testField[n.id]!);
      } else if (n.kind !== 'not') for (const i of n.items) if (this.#holds(i)) walk(i);
    };
    walk(this.#rules[classRule]!.node);
    return [...out];
  }

  #holds(n: Node): boolean {
    switch (n.kind) {
      case 'test':
        return this.#hits[n.id] === this.#generation;
      case 'and':
        for (const i of n.items) if (!this.#holds(i)) return false;
        return true;
      case 'or':
        for (const i of n.items) if (this.#holds(i)) return true;
        return false;
      case 'not':
        return !this.#holds(n.items[0]!);
      default: {
        let count = 0;
        for (const i of n.items) if (this.#holds(i) && ++count >= n.min) return true;
        return false;
      }
    }
  }
}

const listOf = (v: EventValue): readonly string[] =>
  v === null || v === undefined ? [] : typeof v === 'string' ? [v] : v;

interface Trigger {
  readonly ids: readonly number[];
  readonly cost: number;
}

/** Tests of which at least one must hold whenever `n` does, the rarest that can be had; null if there are none. */
function trigger(n: Node, cost: (id: number) => number): Trigger | null {
  switch (n.kind) {
    case 'test':
      return { ids: [n.id], cost: cost(n.id) };
    case 'not':
      return null;
    case 'and': {
      let best: Trigger | null = null;
      for (const i of n.items) {
        const t = trigger(i, cost);
        if (t !== null && (best === null || t.cost < best.cost)) best = t;
      }
      return best;
    }
    default: {
      const ids: number[] = [];
      let sum = 0;
      for (const i of n.items) {
        const t = trigger(i, cost);
        if (t === null) return null;
        ids.push(...t.ids);
        sum += t.cost;
      }
      return ids.length === 0 ? null : { ids, cost: sum };
    }
  }
}

/** A guess at how often a test holds. Only speed depends on it. */
function commonness(test: Test): number {
  switch (test.op) {
    case 'equals':
      return 30 / (test.text.length + 3);
    case 'contains':
    case 'startswith':
    case 'endswith':
      return 60 / (test.text.length + 1);
    case 'wildcard':
      return 60 / (longest(test.parts) + 1);
    case 'regex':
      return 20;
    case 'null':
    case 'exists':
      return 200;
    default:
      return 40;
  }
}

const longest = (parts: readonly (string | null | 0)[]): number =>
  parts.reduce<number>((n, p) => (typeof p === 'string' ? Math.max(n, p.length) : n), 0);
