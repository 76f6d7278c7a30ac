// Processing pipelines in pySigma's YAML format: what a site's logs call things differently, told once for all rules. They act on
// detection items before rules are planned. Transformations that make query text have no meaning here and are refused by name.
import { compileRegex, parseWildcards } from '../match/index.js';
import type { Expr, Test } from './ast.js';
import { parseCondition } from './condition.js';
import { fieldExpr, notation, partsOf, type Placeholders, type RuleValue, toTest } from './modifiers.js';

/** What is wrong with a pipeline, or why it refuses a rule. */
export class PipelineError extends Error {}

/** A selection before it is an expression: detection items keep their field and what was done to them. */
export type Draft =
  | {
      readonly kind: 'item';
      readonly field: string | null;
      readonly expr: Expr;
      readonly applied: ReadonlySet<string>;
    }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Draft[] };

/** A rule on its way through pipelines. */
export interface DraftRule {
  readonly attributes: Readonly<Record<string, unknown>>;
  logsource: Record<string, string>;
  readonly selections: Map<string, Draft>;
  /** Conditions that hold beside the rule's own. */
  readonly added: Draft[];
  readonly applied: Set<string>;
  readonly state: Map<string, unknown>;
}

type Json = Readonly<Record<string, unknown>>;

interface Item {
  readonly id: string;
  readonly type: string;
  readonly of: Json;
  readonly rule: (r: DraftRule) => boolean;
  readonly detection: (d: Draft & { kind: 'item' }, r: DraftRule) => boolean;
  readonly field: (name: string | null, applied: ReadonlySet<string>, r: DraftRule) => boolean;
  readonly nested: readonly Item[];
}

export interface Pipeline {
  readonly name: string;
  readonly priority: number;
  readonly vars: Readonly<Record<string, readonly string[]>>;
  readonly items: readonly Item[];
  /** Parts of the file that have no meaning here. */
  readonly ignored: readonly string[];
}

const text = (v: unknown): string =>
  typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : '';
const list = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : v === undefined || v === null ? [] : [v]);
const texts = (v: unknown): string[] => list(v).map(text);
const isMap = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);

const MATCHING = new Set([
  'field_name_mapping',
  'field_name_prefix_mapping',
  'field_name_prefix',
  'field_name_suffix',
  'drop_detection_item',
  'hashes_fields',
  'add_condition',
  'change_logsource',
  'replace_string',
  'map_string',
  'set_value',
  'convert_type',
  'case',
  'regex',
  'wildcard_placeholders',
  'value_placeholders',
  'rule_failure',
  'detection_item_failure',
  'strict_field_mapping_failure',
  'set_state',
  'set_custom_attribute',
  'nest',
  // Fields that a query would show: matching does not ask for them.
  'add_field',
  'remove_field',
  'set_field',
]);
const HASHES: Readonly<Record<number, string>> = { 32: 'MD5', 40: 'SHA1', 64: 'SHA256', 128: 'SHA512' };

/** Reads a pipeline that YAML gave as plain values. Throws `PipelineError`. */
export function readPipeline(v: unknown, file: string): Pipeline {
  if (!isMap(v)) throw new PipelineError('a map with transformations');
  for (const key of Object.keys(v))
    if (
      !['name', 'priority', 'vars', 'transformations', 'postprocessing', 'finalizers', 'allowed_backends'].includes(key)
    )
      throw new PipelineError(`a pipeline of pySigma's form, which has no "${key}"`);
  if (v.transformations !== undefined && !Array.isArray(v.transformations))
    throw new PipelineError('a list of transformations');
  const vars: Record<string, readonly string[]> = {};
  if (isMap(v.vars)) for (const [k, x] of Object.entries(v.vars)) vars[k] = texts(x);
  if (v.priority !== undefined && !(typeof v.priority === 'number' && Number.isFinite(v.priority)))
    throw new PipelineError('a priority that is a number');
  return {
    name: text(v.name) || file,
    priority: typeof v.priority === 'number' ? v.priority : 0,
    vars,
    items: list(v.transformations).map((x, i) => readItem(x, i + 1)),
    ignored: ['postprocessing', 'finalizers'].filter((k) => list(v[k]).length > 0),
  };
}

function readItem(v: unknown, n: number): Item {
  if (!isMap(v)) throw new PipelineError(`transformation ${n} as a map`);
  const type = text(v.type);
  if (!MATCHING.has(type))
    throw new PipelineError(
      `a transformation that changes what is matched, not "${type === '' ? '(no type)' : type}" (transformation ${n})`,
    );
  checkShape(type, v, n);
  const by = <A extends unknown[]>(prefix: string, make: (c: Json) => (...a: A) => boolean): ((...a: A) => boolean) => {
    const given = v[`${prefix}_conditions`];
    const expression = v[`${prefix}_cond_expr`];
    const not = v[`${prefix}_cond_not`] === true;
    if (isMap(given) && typeof expression === 'string') {
      const named = new Map(Object.entries(given).map(([k, c]) => [k, make(c as Json)]));
      const expr = parseCondition(
        expression,
        new Map([...named.keys()].map((k): [string, Expr] => [k, { kind: 'test', field: k, test: { op: 'exists' } }])),
      );
      return (...a) => not !== holds(expr, (k) => named.get(k)!(...a));
    }
    const all = (isMap(given) ? Object.values(given) : list(given)).map((c) => make(c as Json));
    if (all.length === 0) return () => true;
    const or = v[`${prefix}_cond_op`] === 'or';
    return (...a) => not !== (or ? all.some((c) => c(...a)) : all.every((c) => c(...a)));
  };
  return {
    id: text(v.id),
    type,
    of: v,
    rule: by('rule', ruleCondition),
    detection: by('detection_item', itemCondition),
    field: by('field_name', fieldCondition),
    nested: type === 'nest' ? list(v.items).map((x, i) => readItem(x, i + 1)) : [],
  };
}

const isText = (v: unknown): boolean => typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean';
const isTexts = (v: unknown): boolean => isText(v) || (Array.isArray(v) && v.length > 0 && v.every(isText));

/** What a transformation must be given. Throws `PipelineError`. */
function checkShape(type: string, v: Json, n: number): void {
  const need = (good: boolean, what: string): void => {
    if (!good) throw new PipelineError(`${what} (transformation ${n}, ${type})`);
  };
  for (const prefix of ['rule', 'detection_item', 'field_name']) {
    const c = v[`${prefix}_conditions`];
    need(
      c === undefined || (isMap(c) ? Object.values(c).every(isMap) : Array.isArray(c) && c.every(isMap)),
      `${prefix}_conditions as a list of maps`,
    );
  }
  switch (type) {
    case 'field_name_mapping':
    case 'field_name_prefix_mapping':
    case 'map_string':
      need(
        isMap(v.mapping) && Object.keys(v.mapping).length > 0 && Object.values(v.mapping).every(isTexts),
        'a mapping of names to a name or a list of names',
      );
      break;
    case 'field_name_prefix':
      need(typeof v.prefix === 'string', 'a prefix');
      break;
    case 'field_name_suffix':
      need(typeof v.suffix === 'string', 'a suffix');
      break;
    case 'hashes_fields':
      need(isTexts(v.valid_hash_algos), 'valid_hash_algos as a list of names');
      break;
    case 'add_condition':
      need(
        isMap(v.conditions) &&
          Object.keys(v.conditions).length > 0 &&
          Object.values(v.conditions).every((x) => x === null || isTexts(x)),
        'conditions as a map of fields and values',
      );
      break;
    case 'replace_string':
      need(typeof v.regex === 'string' && isText(v.replacement), 'a regex and a replacement');
      expression(v.regex);
      break;
    case 'set_value':
      need('value' in v && (v.value === null || isText(v.value)), 'a value');
      break;
    case 'nest':
      need(Array.isArray(v.items), 'a list of items');
      break;
    default:
      break;
  }
}

function holds(e: Expr, of: (name: string) => boolean): boolean {
  switch (e.kind) {
    case 'test':
      return of(e.field!);
    case 'not':
      return !holds(e.item, of);
    case 'and':
      return e.items.every((i) => holds(i, of));
    case 'or':
      return e.items.some((i) => holds(i, of));
    default:
      return e.items.filter((i) => holds(i, of)).length >= e.min;
  }
}

function* itemsOf(d: Draft): Generator<Draft & { kind: 'item' }> {
  if (d.kind === 'item') yield d;
  else for (const x of d.items) yield* itemsOf(x);
}

/** Values of a detection item's tests, in Sigma's notation. */
function* valuesOf(e: Expr): Generator<{ test: Test; value: string | null }> {
  if (e.kind === 'test') {
    const parts = partsOf(e.test);
    yield { test: e.test, value: parts === null ? null : notation(parts) };
  } else if (e.kind === 'not') yield* valuesOf(e.item);
  else for (const i of e.items) yield* valuesOf(i);
}

function compared(a: unknown, op: string, b: unknown): boolean {
  const [x, y] = [a, b].map((v) => (typeof v === 'string' && v !== '' && !Number.isNaN(Number(v)) ? Number(v) : v)) as [
    never,
    never,
  ];
  switch (op) {
    case 'ne':
      return x !== y;
    case 'gt':
      return x > y;
    case 'gte':
      return x >= y;
    case 'lt':
      return x < y;
    case 'lte':
      return x <= y;
    case 'in':
      return list(b).includes(a);
    case 'not_in':
      return !list(b).includes(a);
    default:
      return x === y;
  }
}

function ruleCondition(c: Json): (r: DraftRule) => boolean {
  const some = (r: DraftRule, f: (d: Draft & { kind: 'item' }) => boolean): boolean =>
    [...r.selections.values()].some((d) => [...itemsOf(d)].some(f));
  switch (c.type) {
    case 'logsource':
      return (r) =>
        ['category', 'product', 'service'].every((k) => c[k] === undefined || r.logsource[k] === text(c[k]));
    case 'contains_field':
      return (r) => some(r, (d) => d.field === (c.field ?? null));
    case 'contains_detection_item':
      return (r) =>
        some(r, (d) => d.field === (c.field ?? null) && [...valuesOf(d.expr)].some((v) => v.value === text(c.value)));
    case 'processing_item_applied':
      return (r) => r.applied.has(text(c.processing_item_id));
    case 'processing_state':
      return (r) => compared(r.state.get(text(c.key)), text(c.op), c.val);
    case 'is_sigma_rule':
      return () => true;
    case 'is_sigma_correlation_rule':
      return () => false;
    case 'rule_attribute':
      return (r) => compared(r.attributes[text(c.attribute)], text(c.op), c.value);
    case 'tag':
      return (r) => texts(r.attributes.tags).includes(text(c.tag));
    default:
      throw new PipelineError(`a condition on rules, not "${text(c.type)}"`);
  }
}

function itemCondition(c: Json): (d: Draft & { kind: 'item' }, r: DraftRule) => boolean {
  const any = c.cond !== 'all';
  const values = (d: Draft & { kind: 'item' }, f: (v: { test: Test; value: string | null }) => boolean): boolean => {
    const all = [...valuesOf(d.expr)];
    return any ? all.some(f) : all.every(f);
  };
  switch (c.type) {
    case 'match_string': {
      const re = expression(c.pattern);
      return (d) => values(d, (v) => v.value !== null && re.test(v.value) !== (c.negate === true));
    }
    case 'match_value':
      return (d) => values(d, (v) => v.value === text(c.value));
    case 'contains_wildcard':
      return (d) => values(d, (v) => v.value !== null && partsOf(v.test)!.some((p) => typeof p !== 'string'));
    case 'is_null':
      return (d) => values(d, (v) => v.test.op === 'null');
    case 'processing_item_applied':
      return (d) => d.applied.has(text(c.processing_item_id));
    case 'processing_state':
      return (_, r) => compared(r.state.get(text(c.key)), text(c.op), c.val);
    default:
      throw new PipelineError(`a condition on detection items, not "${text(c.type)}"`);
  }
}

function fieldCondition(c: Json): (name: string | null, applied: ReadonlySet<string>, r: DraftRule) => boolean {
  switch (c.type) {
    case 'include_fields':
    case 'exclude_fields': {
      const wanted = c.type === 'include_fields';
      const patterns = c.mode === 're' ? texts(c.fields).map((f) => expression(`^(?:${f})`)) : null;
      const names = new Set(texts(c.fields));
      return (name) =>
        wanted === (name !== null && (patterns === null ? names.has(name) : patterns.some((p) => p.test(name))));
    }
    case 'processing_item_applied':
      return (_, applied) => applied.has(text(c.processing_item_id));
    case 'processing_state':
      return (_, __, r) => compared(r.state.get(text(c.key)), text(c.op), c.val);
    default:
      throw new PipelineError(`a condition on field names, not "${text(c.type)}"`);
  }
}

/** Replaces by the built-in engine, so that expressions it could hang on are refused. */
function expression(v: unknown): RegExp {
  if (typeof v !== 'string') throw new PipelineError('a regular expression as a text');
  let re: RegExp;
  let nested = true;
  try {
    re = new RegExp(v);
    nested = compileRegex(v, {}).nested;
  } catch (e) {
    throw new PipelineError(`a regular expression, not "${text(v)}" (${(e as Error).message})`);
  }
  if (nested) throw new PipelineError(`a regular expression that takes no exponential time, not "${v}"`);
  return re;
}

/** What placeholders stand for in a rule of this log source, by the pipelines' own variables. */
export function placeholdersOf(
  pipelines: readonly Pipeline[],
  logsource: Record<string, string>,
  given: Placeholders,
): Placeholders {
  const out = new Map(given);
  const r: DraftRule = {
    attributes: {},
    logsource,
    selections: new Map(),
    added: [],
    applied: new Set(),
    state: new Map(),
  };
  let wild: ((name: string) => boolean) | null = null;
  for (const p of pipelines)
    for (const item of p.items) {
      if (item.type !== 'value_placeholders' && item.type !== 'wildcard_placeholders') continue;
      if (!item.rule(r)) continue;
      const takes = (name: string): boolean =>
        (item.of.include === undefined || texts(item.of.include).includes(name)) &&
        !texts(item.of.exclude).includes(name);
      if (item.type === 'wildcard_placeholders') wild = takes;
      else
        for (const [name, values] of Object.entries(p.vars)) if (takes(name) && !out.has(name)) out.set(name, values);
    }
  if (wild === null) return out;
  const takes: (name: string) => boolean = wild;
  return Object.assign(new Map(out), {
    get: (name: string): readonly string[] | undefined => out.get(name) ?? (takes(name) ? ['*'] : undefined),
  });
}

/** Runs a rule through pipelines, lowest priority first. Throws `PipelineError` where one refuses it. */
export function applyPipelines(r: DraftRule, pipelines: readonly Pipeline[]): void {
  for (const p of [...pipelines].sort((a, b) => a.priority - b.priority))
    for (const item of p.items) {
      apply(item, r);
      let n = 0;
      for (const d of r.selections.values()) for (const _ of itemsOf(d)) n++;
      if (n > MAX_ITEMS) throw new PipelineError(`at most ${MAX_ITEMS} detection items after ${item.type}, not ${n}`);
    }
}

/** Detection items of a rule; mappings of one field to several multiply them. */
const MAX_ITEMS = 20_000;

function apply(item: Item, r: DraftRule): void {
  if (!item.rule(r)) return;
  const { of } = item;
  const done = (d: Draft & { kind: 'item' }): ReadonlySet<string> =>
    item.id === '' ? d.applied : new Set([...d.applied, item.id]);
  const each = (change: (d: Draft & { kind: 'item' }) => Draft | null): void => {
    const walk = (d: Draft): Draft | null => {
      if (d.kind === 'item') return item.detection(d, r) && item.field(d.field, d.applied, r) ? change(d) : d;
      const items = d.items.map(walk).filter((x) => x !== null);
      return items.length === 0 ? null : { kind: d.kind, items };
    };
    for (const [name, d] of r.selections) r.selections.set(name, walk(d) ?? { kind: 'and', items: [] });
  };
  const renamed = (to: (name: string | null) => readonly string[] | null): void =>
    each((d) => {
      const names = to(d.field);
      const expr = mapFields(d.expr, to);
      if (names === null) return expr === d.expr ? d : { ...d, expr, applied: done(d) };
      const items = names.map((field): Draft => ({
        ...d,
        field,
        expr: rename(expr, d.field, field),
        applied: done(d),
      }));
      return items.length === 1 ? items[0]! : { kind: 'or', items };
    });
  const strings = (change: (value: string, parts: ReturnType<typeof partsOf>) => readonly Test[] | null): void =>
    each((d) => ({
      ...d,
      applied: done(d),
      expr: mapTests(d.expr, (t) => {
        const parts = partsOf(t);
        if (parts === null) return null;
        const cased = 'cased' in t && t.cased === true ? { cased: true as const } : {};
        return change(notation(parts), parts)?.map((x) => ({ ...x, ...cased }) as Test) ?? null;
      }),
    }));
  const fromText = (t: string): Test => toTest(parseWildcards(t), 'equals', false, {});
  switch (item.type) {
    case 'field_name_mapping': {
      const mapping = (of.mapping ?? {}) as Json;
      renamed((name) => (name !== null && Object.hasOwn(mapping, name) ? texts(mapping[name]) : null));
      break;
    }
    case 'field_name_prefix_mapping': {
      const mapping = Object.entries((of.mapping ?? {}) as Json);
      renamed((name) => {
        const found = name === null ? undefined : mapping.find(([prefix]) => name.startsWith(prefix));
        return found === undefined ? null : texts(found[1]).map((to) => to + name!.slice(found[0].length));
      });
      break;
    }
    case 'field_name_prefix':
      renamed((name) => (name === null ? null : [text(of.prefix) + name]));
      break;
    case 'field_name_suffix':
      renamed((name) => (name === null ? null : [name + text(of.suffix)]));
      break;
    case 'drop_detection_item':
      each(() => null);
      break;
    case 'hashes_fields': {
      const algorithms = new Set(texts(of.valid_hash_algos).map((a) => a.toUpperCase()));
      const fields = of.field_to_parse === undefined ? ['Hashes', 'Hash'] : texts(of.field_to_parse);
      each((d) => {
        if (d.field === null || !fields.includes(d.field)) return d;
        const items: Draft[] = [];
        for (const { value } of valuesOf(d.expr)) {
          if (value === null) return d;
          const parts = value.includes('|') ? value.split('|') : value.split('=');
          const hash = parts.at(-1)!.replace(/^[*?]+|[*?]+$/g, '');
          const algorithm =
            parts.length === 2 ? parts[0]!.replace(/^\*+/, '').toUpperCase() : (HASHES[hash.length] ?? '');
          if (!algorithms.has(algorithm)) continue;
          const field = `${text(of.field_prefix)}${of.drop_algo_prefix === true ? '' : algorithm}`;
          items.push({
            kind: 'item',
            field,
            expr: { kind: 'test', field, test: { op: 'equals', text: hash } },
            applied: done(d),
          });
        }
        if (items.length === 0)
          throw new PipelineError(`a hash of ${[...algorithms].join(', ')} in ${d.field}, as hashes_fields asks`);
        return items.length === 1 ? items[0]! : { kind: 'or', items };
      });
      break;
    }
    case 'add_condition': {
      const conditions = Object.entries((of.conditions ?? {}) as Json).map(([key, v]): Draft => {
        const [field, ...modifiers] = key.split('|');
        const values = list(v).map((x) =>
          of.template === true
            ? text(x).replace(/\$(category|product|service)/g, (_, k: string) => r.logsource[k] ?? '')
            : x,
        ) as RuleValue[];
        const expr = fieldExpr(field!, modifiers, values, new Map());
        return { kind: 'item', field: field!, expr, applied: new Set(item.id === '' ? [] : [item.id]) };
      });
      const all: Draft = { kind: 'and', items: conditions };
      const [first] = conditions;
      // A negated condition is kept as one item, so that field mappings later on still reach it.
      if (of.negated === true)
        r.added.push({
          kind: 'item',
          field: conditions.length === 1 && first!.kind === 'item' ? first.field : null,
          expr: { kind: 'not', item: exprOf(all) },
          applied: new Set(),
        });
      else r.added.push(all);
      break;
    }
    case 'change_logsource':
      r.logsource = {};
      for (const k of ['category', 'product', 'service']) if (of[k] !== undefined) r.logsource[k] = text(of[k]);
      break;
    case 'replace_string': {
      const re = new RegExp(expression(of.regex).source, 'g');
      const to = text(of.replacement)
        .replace(/\$/g, '$$$$')
        .replace(/\\(\d)/g, '$$$1')
        .replace(/\\g<(\w+)>/g, '$$<$1>');
      if (of.skip_special === true)
        strings((_, parts) => [
          toTest(
            parts!.map((p) => (typeof p === 'string' ? p.replace(re, to) : p)),
            'equals',
            false,
            {},
          ),
        ]);
      else strings((value) => [fromText(value.replace(re, to))]);
      break;
    }
    case 'map_string': {
      const mapping = (of.mapping ?? {}) as Json;
      strings((value) => (Object.hasOwn(mapping, value) ? texts(mapping[value]).map(fromText) : null));
      break;
    }
    case 'set_value': {
      const v = of.value;
      each((d) => ({
        ...d,
        applied: done(d),
        expr: mapTests(d.expr, () => [v === null ? { op: 'null' } : { op: 'equals', text: text(v) }]),
      }));
      break;
    }
    case 'case': {
      const method = text(of.method);
      const change = (s: string): string =>
        method === 'upper'
          ? s.toUpperCase()
          : method === 'snake_case'
            ? s.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase()
            : s.toLowerCase();
      strings((_, parts) => [
        toTest(
          parts!.map((p) => (typeof p === 'string' ? change(p) : p)),
          'equals',
          false,
          {},
        ),
      ]);
      break;
    }
    case 'rule_failure':
      throw new PipelineError(text(of.message));
    case 'detection_item_failure':
      each(() => {
        throw new PipelineError(text(of.message));
      });
      break;
    case 'strict_field_mapping_failure':
      each((d) => {
        if (d.field !== null && d.applied.size === 0)
          throw new PipelineError(`a field that the pipeline maps, not "${d.field}"`);
        return d;
      });
      break;
    case 'set_state':
      r.state.set(text(of.key), of.val);
      break;
    case 'set_custom_attribute':
      (r.attributes as Record<string, unknown>)[text(of.attribute)] = of.value;
      break;
    case 'nest':
      for (const x of item.nested) apply(x, r);
      break;
    default:
      // convert_type: numbers are compared as text. regex: matching is without regard to case already. Placeholders were filled in.
      break;
  }
  if (item.id !== '') r.applied.add(item.id);
}

function mapTests(e: Expr, change: (t: Test) => readonly Test[] | null): Expr {
  switch (e.kind) {
    case 'test': {
      const tests = change(e.test);
      if (tests === null) return e;
      const items = tests.map((test): Expr => ({ kind: 'test', field: e.field, test }));
      return items.length === 1 ? items[0]! : { kind: 'or', items };
    }
    case 'not':
      return { kind: 'not', item: mapTests(e.item, change) };
    default:
      return { ...e, items: e.items.map((i) => mapTests(i, change)) };
  }
}

/** Renames what fieldref points at. */
function mapFields(e: Expr, to: (name: string | null) => readonly string[] | null): Expr {
  return mapTests(e, (t) => {
    if (t.op !== 'fieldref') return null;
    const names = to(t.field);
    return names === null ? null : names.map((field) => ({ ...t, field }));
  });
}

function rename(e: Expr, from: string | null, to: string): Expr {
  switch (e.kind) {
    case 'test':
      return e.field === from ? { ...e, field: to } : e;
    case 'not':
      return { kind: 'not', item: rename(e.item, from, to) };
    default:
      return { ...e, items: e.items.map((i) => rename(i, from, to)) };
  }
}

/** A selection as an expression. */
export function exprOf(d: Draft): Expr {
  if (d.kind === 'item') return d.expr;
  return d.items.length === 1 ? exprOf(d.items[0]!) : { kind: d.kind, items: d.items.map(exprOf) };
}
