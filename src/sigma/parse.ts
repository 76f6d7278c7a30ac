// YAML to rules. What is wrong with a file is told with its line and column, and the other rules load.
import { createRequire } from 'node:module';
import type { Document, Node as YamlNode } from 'yaml';
import { type Diagnostic, type DiagnosticCode, diagnostic, tooDeep, MAX_NESTING } from '../base/index.js';
import {
  type Correlation,
  type CorrelationType,
  type Expr,
  type Filter,
  type Level,
  LEVELS,
  type NumberTest,
  type Rule,
} from './ast.js';
import { ConditionError, parseCondition } from './condition.js';
import { fieldExpr, ModifierError, type Placeholders, type RuleValue } from './modifiers.js';
import { applyPipelines, type Draft, exprOf, type Pipeline, PipelineError, placeholdersOf } from './pipeline.js';

type Yaml = typeof import('yaml');
const require = createRequire(import.meta.url);
let loaded: Yaml | null = null;
/** The YAML parser, loaded when the first rule file is parsed: a start from the rule cache does without it. */
const yaml = (): Yaml => (loaded ??= require('yaml') as Yaml);

/** A rule file larger than this is not one. Public rules stay below 40 KiB. */
export const MAX_RULE_BYTES = 1 << 20;
/** Nested lists and maps in a selection. */
const MAX_DETECTION_DEPTH = 16;
/** Seconds; more says nothing, and numbers stay exact. */
const LONGEST_SPAN = 1000 * 365.2425 * 86_400;
/** Collection aliases that YAML may expand, against documents that explode. */
const MAX_ALIASES = 100;

class RuleError extends Error {
  readonly code: DiagnosticCode;
  readonly node: YamlNode | null;
  readonly expected: string;
  readonly found: string;
  constructor(code: DiagnosticCode, node: YamlNode | null, expected: string, found: string) {
    super(expected);
    this.code = code;
    this.node = node;
    this.expected = expected;
    this.found = found;
  }
}

export interface ParseOptions {
  /** Values for `expand`, by the placeholder's name without the percent signs. */
  readonly placeholders?: Placeholders;
  readonly pipelines?: readonly Pipeline[];
}

export interface ParsedFile {
  readonly rules: readonly Rule[];
  readonly correlations: readonly Correlation[];
  readonly filters: readonly Filter[];
  readonly problems: readonly Diagnostic[];
}

/** Parses one rule file, which may hold several documents. `file` is the name that rules and problems carry. */
export function parseRules(text: string, file: string, options: ParseOptions = {}): ParsedFile {
  const { LineCounter, parseAllDocuments } = yaml();
  const rules: Rule[] = [];
  const correlations: Correlation[] = [];
  const filters: Filter[] = [];
  const problems: Diagnostic[] = [];
  const lines = new LineCounter();
  if (text.length > MAX_RULE_BYTES) {
    problems.push(
      diagnostic(
        'sigma.yaml',
        'error',
        { file },
        `a rule file of at most ${MAX_RULE_BYTES} characters`,
        `${text.length}`,
      ),
    );
    return { rules, correlations, filters, problems };
  }
  if (tooDeep(text)) {
    problems.push(
      diagnostic('sigma.yaml', 'error', { file }, `brackets at most ${MAX_NESTING} deep`, 'more', 'this is no rule'),
    );
    return { rules, correlations, filters, problems };
  }
  const place = (offset: number | undefined): { file: string; line?: number; column?: number } => {
    if (offset === undefined) return { file };
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  let docs: Document.Parsed[];
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      logLevel: 'silent',
      uniqueKeys: true,
      prettyErrors: false,
    });
    docs = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
  } catch (e) {
    problems.push(diagnostic('sigma.yaml', 'error', { file }, 'YAML', (e as Error).message));
    return { rules, correlations, filters, problems };
  }
  // Rule collections: what stands in a document "action: global" is part of all that follow it, "repeat" of the one before.
  let global: Record<string, unknown> | null = null;
  let last: Record<string, unknown> | null = null;
  for (const given of docs) {
    let doc = given;
    if (doc.errors.length > 0) {
      const e = doc.errors[0]!;
      problems.push(
        diagnostic(
          'sigma.yaml',
          'error',
          place(e.pos[0]),
          'YAML',
          e.message.split('\n')[0]!,
          'correct the YAML; the other rules are loaded',
        ),
      );
      continue;
    }
    if (doc.contents === null) continue;
    try {
      const js = doc.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown> | null;
      const action = typeof js === 'object' && js !== null ? js.action : undefined;
      if (action !== undefined && typeof action === 'string') {
        const { action: _, ...rest } = js!;
        if (action === 'global') {
          global = merged(global ?? {}, rest);
          continue;
        }
        if (action === 'reset') {
          global = null;
          continue;
        }
        if (action !== 'repeat' || last === null)
          throw new RuleError(
            'sigma.schema',
            doc.contents as YamlNode,
            'the action global, reset, or repeat behind a rule',
            action,
          );
        doc = asDocument(merged(last, rest));
      } else if (global !== null) doc = asDocument(merged(global, js ?? {}));
      last = doc.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>;
      const found = readDocument(doc, file, options);
      if (found.kind === 'rule') rules.push(found.rule);
      else if (found.kind === 'correlation') correlations.push(found.correlation);
      else filters.push(found.filter);
    } catch (e) {
      if (e instanceof RuleError)
        problems.push(diagnostic(e.code, 'error', place(e.node?.range?.[0]), e.expected, e.found));
      else if (e instanceof ModifierError)
        problems.push(diagnostic(e.code, 'error', { file }, e.message, 'something else'));
      else if (e instanceof PipelineError)
        problems.push(diagnostic('sigma.pipeline', 'error', { file }, 'a rule that the pipeline takes', e.message));
      else if (e instanceof ReferenceError)
        problems.push(diagnostic('sigma.yaml', 'error', { file }, `at most ${MAX_ALIASES} aliases`, 'more'));
      else throw e;
    }
  }
  return { rules, correlations, filters, problems };
}

/** An expression without the empty parts that dropped detection items leave; null if that is all of it. */
function withoutDropped(e: Expr): Expr | null {
  if (e.kind === 'test') return e;
  if (e.kind === 'not') {
    const item = withoutDropped(e.item);
    return item === null ? null : { kind: 'not', item };
  }
  const items = e.items.map(withoutDropped).filter((x) => x !== null);
  if (items.length === 0) return null;
  return items.length === e.items.length && items.every((x, i) => x === e.items[i]) ? e : { ...e, items };
}

/** A name, or a list of them. */
const named = (v: unknown): boolean =>
  Array.isArray(v)
    ? v.length > 0 && v.every((x) => typeof x === 'string' && x !== '')
    : typeof v === 'string' && v !== '';
const kindOf = (v: unknown): string =>
  v === null ? 'nothing' : Array.isArray(v) ? 'a list of something else' : typeof v === 'object' ? 'a map' : String(v);

const text = (v: unknown): string =>
  typeof v === 'string'
    ? v
    : typeof v === 'number' || typeof v === 'boolean'
      ? String(v)
      : v instanceof Date
        ? v.toISOString().slice(0, 10)
        : '';
const texts = (v: unknown): string[] =>
  Array.isArray(v) ? v.map(text).filter((t) => t !== '') : text(v) === '' ? [] : [text(v)];

function merged(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = { ...a };
  for (const [k, v] of Object.entries(b)) {
    const known = out[k];
    out[k] = isObject(known) && isObject(v) ? merged(known, v) : v;
  }
  return out;
}

const isObject = (v: unknown): v is Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof Date);

function asDocument(js: Record<string, unknown>): Document.Parsed {
  return new (yaml().Document)(js) as unknown as Document.Parsed;
}

interface YamlMapLike {
  readonly items: readonly { readonly key: unknown; readonly value: unknown }[];
}

const NOTHING: ReadonlySet<string> = new Set();

type Found =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'correlation'; readonly correlation: Correlation }
  | { readonly kind: 'filter'; readonly filter: Filter };

const TYPES: readonly CorrelationType[] = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
  'temporal',
  'temporal_ordered',
];
const HOW: readonly NumberTest['how'][] = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'];
/** Seconds of a timespan's units; a month is a twelfth of a year of 365.2425 days, as pySigma has it. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_629_746,
  y: 31_556_952,
};

function readDocument(doc: Document.Parsed, file: string, options: ParseOptions): Found {
  const { isAlias, isMap, isScalar, isSeq } = yaml();
  const root = doc.contents;
  if (!isMap(root))
    throw new RuleError('sigma.schema', root, 'a map with title, logsource and detection', 'something else');
  const js = doc.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>;
  const node = (key: string): YamlNode | null => (root.get(key, true) as YamlNode | undefined) ?? root;
  if (typeof js.title !== 'string' || js.title === '')
    throw new RuleError('sigma.schema', node('title'), 'a title', 'none');
  const level = text(js.level).toLowerCase();
  if (level !== '' && !LEVELS.includes(level as Level))
    throw new RuleError('sigma.schema', node('level'), `one of ${LEVELS.join(', ')}`, level);
  const about = {
    id: text(js.id) || `${file}#${js.title}`,
    name: text(js.name),
    title: js.title,
    description: text(js.description),
    author: Array.isArray(js.author) ? texts(js.author).join(', ') : text(js.author),
    status: text(js.status),
    level: (level || 'medium') as Level,
    date: text(js.modified) || text(js.date),
    tags: texts(js.tags),
    references: texts(js.references),
    falsepositives: texts(js.falsepositives),
  };
  if ('correlation' in js) return { kind: 'correlation', correlation: { ...about, ...correlation(), file } };
  if (typeof js.logsource !== 'object' || js.logsource === null)
    throw new RuleError('sigma.schema', node('logsource'), 'a logsource', 'none');
  const source = js.logsource as Record<string, unknown>;
  const logsource: Record<string, string> = {};
  for (const key of ['product', 'category', 'service'])
    if (typeof source[key] === 'string') logsource[key] = source[key];
  const pipelines = options.pipelines ?? [];
  const placeholders = placeholdersOf(pipelines, logsource, options.placeholders ?? new Map());
  if ('filter' in js && 'detection' in js)
    throw new RuleError('sigma.schema', node('filter'), 'a detection or a filter in one document', 'both');
  if ('filter' in js) {
    const f = root.get('filter', true);
    if (!isMap(f))
      throw new RuleError(
        'sigma.schema',
        node('filter'),
        'a map with rules, selections and condition',
        'something else',
      );
    const given = f.toJS(doc) as Record<string, unknown>;
    const rules = given.rules;
    if (rules === undefined)
      throw new RuleError('sigma.schema', f, 'the rules that it is for (ids, names, or "any")', 'none');
    if (!named(rules) && !(Array.isArray(rules) && rules.length === 0))
      throw new RuleError('sigma.schema', f, 'the rules that it is for (ids, names, or "any")', kindOf(rules));
    const any =
      (typeof rules === 'string' && rules.toLowerCase() === 'any') || (Array.isArray(rules) && rules.length === 0);
    const read = detectionOf(f, ['rules'], 'sigma.schema');
    const condition = settled(logsource, read);
    return {
      kind: 'filter',
      filter: {
        id: about.id,
        title: about.title,
        logsource: condition.logsource,
        rules: any ? 'any' : texts(rules),
        condition: condition.expr,
        file,
      },
    };
  }
  const detection = root.get('detection', true);
  if (!isMap(detection))
    throw new RuleError(
      'sigma.schema',
      node('detection'),
      'a detection map',
      detection === undefined ? 'none' : 'something else',
    );
  const made = settled(logsource, detectionOf(detection, [], 'sigma.condition'));
  return { kind: 'rule', rule: { ...about, logsource: made.logsource, condition: made.expr, file } };

  function correlation(): Pick<
    Correlation,
    'type' | 'rules' | 'groupBy' | 'aliases' | 'timespan' | 'tests' | 'fields' | 'percentile' | 'names' | 'generate'
  > {
    const c = (root as unknown as { get(key: string, keep: true): unknown }).get('correlation', true);
    if (!isMap(c))
      throw new RuleError('sigma.schema', node('correlation'), 'a map with type, rules and timespan', 'something else');
    const v = c.toJS(doc) as Record<string, unknown>;
    const at = (key: string): YamlNode => (c.get(key, true) as YamlNode | undefined) ?? c;
    for (const key of Object.keys(v))
      if (!['type', 'rules', 'group-by', 'timespan', 'aliases', 'condition', 'generate'].includes(key))
        throw new RuleError('sigma.correlation', at(key), 'a part of a correlation', key);
    const type = text(v.type) as CorrelationType;
    if (!TYPES.includes(type))
      throw new RuleError('sigma.correlation', at('type'), `one of ${TYPES.join(', ')}`, text(v.type) || 'none');
    const temporal = type === 'temporal' || type === 'temporal_ordered';
    let rules = texts(v.rules);
    const span = /^(\d+)([smhdwMy])$/.exec(text(v.timespan));
    if (span === null || Number(span[1]) === 0 || Number(span[1]) * UNITS[span[2]!]! > LONGEST_SPAN)
      throw new RuleError(
        'sigma.correlation',
        at('timespan'),
        'a number and one of s, m, h, d, w, M, y, at most 1000 years',
        text(v.timespan) || 'none',
      );
    if (v.generate !== undefined && typeof v.generate !== 'boolean')
      throw new RuleError('sigma.correlation', at('generate'), 'true or false', text(v.generate));
    const aliases: Record<string, Record<string, string>> = {};
    if (v.aliases !== undefined) {
      if (!isObject(v.aliases))
        throw new RuleError('sigma.correlation', at('aliases'), 'a map of aliases', 'something else');
      for (const [alias, of] of Object.entries(v.aliases)) {
        if (!isObject(of))
          throw new RuleError(
            'sigma.correlation',
            at('aliases'),
            `fields by rule for the alias "${alias}"`,
            'something else',
          );
        aliases[alias] = Object.fromEntries(Object.entries(of).map(([k, x]) => [k, text(x)]));
      }
    }
    if (v['group-by'] !== undefined && !named(v['group-by']))
      throw new RuleError('sigma.correlation', at('group-by'), 'a list of fields', kindOf(v['group-by']));
    const tests: NumberTest[] = [];
    let fields: string[] = [];
    let percentile: number | null = null;
    let names: Expr | null = null;
    const condition = v.condition;
    if (typeof condition === 'string') {
      if (!temporal)
        throw new RuleError(
          'sigma.correlation',
          at('condition'),
          'a number to compare with, for this type',
          'an expression',
        );
      const words = new Set(condition.match(/[A-Za-z0-9_.-]+/g) ?? []);
      for (const w of ['and', 'or', 'not']) words.delete(w);
      if (rules.length === 0) rules = [...words];
      const known = new Map(rules.map((n): [string, Expr] => [n, { kind: 'test', field: n, test: { op: 'exists' } }]));
      try {
        names = parseCondition(condition, known);
      } catch (e) {
        if (!(e instanceof ConditionError)) throw e;
        throw new RuleError(
          'sigma.correlation',
          at('condition'),
          `a condition over the rules, at character ${e.at + 1}`,
          e.message,
        );
      }
      const missing = rules.find((n) => !words.has(n));
      if (missing !== undefined)
        throw new RuleError('sigma.correlation', at('condition'), 'all rules in the condition', `none of "${missing}"`);
    } else if (isObject(condition)) {
      for (const [k, x] of Object.entries(condition)) {
        if (k === 'field') {
          if (!named(x))
            throw new RuleError('sigma.correlation', at('condition'), 'a field, or a list of fields', kindOf(x));
          fields = texts(x);
        } else if (k === 'percentile') {
          percentile = typeof x === 'number' ? x : Number.NaN;
          if (!(percentile > 0 && percentile <= 100))
            throw new RuleError('sigma.correlation', at('condition'), 'a percentile from 1 to 100', text(x));
        } else if (HOW.includes(k as NumberTest['how'])) {
          if (typeof x !== 'number' || !Number.isFinite(x))
            throw new RuleError('sigma.correlation', at('condition'), `a number for "${k}"`, text(x) || 'none');
          tests.push({ how: k as NumberTest['how'], number: x });
        } else
          throw new RuleError('sigma.correlation', at('condition'), `one of ${HOW.join(', ')}, field, percentile`, k);
      }
      if (tests.length === 0)
        throw new RuleError('sigma.correlation', at('condition'), `one of ${HOW.join(', ')}`, 'none');
    } else if (condition !== undefined || !temporal)
      throw new RuleError(
        'sigma.correlation',
        at('condition'),
        'a condition',
        condition === undefined ? 'none' : 'something else',
      );
    if (rules.length === 0) throw new RuleError('sigma.correlation', at('rules'), 'the rules that it is about', 'none');
    if (type.startsWith('value_') && fields.length === 0)
      throw new RuleError('sigma.correlation', at('condition'), `a field for "${type}"`, 'none');
    if (type === 'value_percentile' && percentile === null) percentile = 50;
    return {
      type,
      rules,
      groupBy: texts(v['group-by']),
      aliases,
      timespan: Number(span[1]) * UNITS[span[2]!]! * 1e6,
      tests:
        temporal && names === null && tests.length === 0
          ? [{ how: 'gte', number: type === 'temporal' ? new Set(rules).size : rules.length }]
          : tests,
      fields,
      percentile,
      names,
      generate: v.generate === true,
    };
  }

  /** Selections by name and the conditions over them. */
  function detectionOf(
    map: YamlMapLike,
    others: readonly string[],
    none: DiagnosticCode,
  ): { selections: Map<string, Draft>; conditions: string[]; conditionNode: YamlNode | null } {
    const selections = new Map<string, Draft>();
    let conditions: readonly unknown[] | null = null;
    let conditionNode: YamlNode | null = null;
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      const value = pair.value as YamlNode | null;
      if (name === 'condition') {
        conditionNode = value;
        const v = isSeq(value) ? value.toJS(doc) : isScalar(value) ? value.value : null;
        conditions = Array.isArray(v) ? v : [v];
      } else if (others.includes(name)) continue;
      else if (name === 'timeframe')
        throw new RuleError(
          'sigma.unsupported',
          value,
          'a detection without timeframe',
          'a timeframe, which Sigma 2 replaced by correlation rules',
        );
      else selections.set(name, selection(value, 0));
    }
    if (conditions === null || conditions.length === 0)
      throw new RuleError(none, map as unknown as YamlNode, 'a condition', 'none');
    for (const c of conditions)
      if (typeof c !== 'string') throw new RuleError('sigma.condition', conditionNode, 'a condition text', String(c));
    return { selections, conditions: conditions as string[], conditionNode };
  }

  /** Runs the pipelines and puts the conditions together. */
  function settled(
    from: Record<string, string>,
    read: { selections: Map<string, Draft>; conditions: string[]; conditionNode: YamlNode | null },
  ): { expr: Expr; logsource: Record<string, string> } {
    const draft = {
      attributes: { ...js },
      logsource: from,
      selections: read.selections,
      added: [] as Draft[],
      applied: new Set<string>(),
      state: new Map<string, unknown>(),
    };
    if (pipelines.length > 0) applyPipelines(draft, pipelines);
    const exprs = new Map([...draft.selections].map(([k, d]): [string, Expr] => [k, exprOf(d)]));
    const parsed = read.conditions.map((c) => {
      try {
        return parseCondition(c, exprs);
      } catch (e) {
        if (!(e instanceof ConditionError)) throw e;
        throw new RuleError('sigma.condition', read.conditionNode, `a condition, at character ${e.at + 1}`, e.message);
      }
    });
    const whole: Expr = parsed.length === 1 ? parsed[0]! : { kind: 'or', items: parsed };
    // What a pipeline dropped is asked of no event; a rule of which nothing is left would match all of them.
    const own = pipelines.length === 0 ? whole : withoutDropped(whole);
    if (own === null) throw new PipelineError('one of which something is left after its detection items were dropped');
    return {
      expr: draft.added.length === 0 ? own : { kind: 'and', items: [...draft.added.map(exprOf), own] },
      logsource: draft.logsource,
    };
  }

  /** What an alias stands for; other nodes are themselves. */
  function meant(n: YamlNode | null): YamlNode | null {
    return isAlias(n) ? ((n.resolve(doc) as YamlNode | undefined) ?? null) : n;
  }

  function selection(given: YamlNode | null, depth: number): Draft {
    const value = meant(given);
    if (depth > MAX_DETECTION_DEPTH)
      throw new RuleError('sigma.schema', value, `at most ${MAX_DETECTION_DEPTH} nested lists`, 'more');
    if (isMap(value)) {
      const items = value.items.map((pair) => {
        const key = isScalar(pair.key) && pair.key.value !== null ? String(pair.key.value) : '';
        return detectionItem(key, pair.value as YamlNode | null);
      });
      if (items.length === 0) throw new RuleError('sigma.schema', value, 'at least one field', 'an empty map');
      return items.length === 1 ? items[0]! : { kind: 'and', items };
    }
    if (isSeq(value)) {
      if (value.items.length === 0) throw new RuleError('sigma.schema', value, 'at least one item', 'an empty list');
      const items = value.items.map((item): Draft =>
        isScalar(item) ? keyword([scalar(item)]) : selection(item as YamlNode, depth + 1),
      );
      return items.length === 1 ? items[0]! : { kind: 'or', items };
    }
    if (isScalar(value) && value.value !== null) return keyword([scalar(value)]);
    throw new RuleError('sigma.schema', value, 'fields, a list of them, or keywords', 'nothing');
  }

  function keyword(values: RuleValue[]): Draft {
    return { kind: 'item', field: null, expr: fieldExpr(null, [], values, placeholders), applied: NOTHING };
  }

  function scalar(given: YamlNode): RuleValue {
    const n = meant(given);
    if (!isScalar(n)) throw new RuleError('sigma.value', n, 'a text, a number, true, false or null', 'a map or a list');
    const v = n.value;
    if (typeof v === 'number' && n.source !== undefined && !Number.isSafeInteger(v)) return n.source;
    if (typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean' || typeof v === 'bigint' || v === null)
      return v;
    return String(v);
  }

  function detectionItem(key: string, given: YamlNode | null): Draft {
    const value = meant(given);
    const [field, ...modifiers] = key.split('|');
    const name = field === undefined || field === '' ? null : field;
    if (isSeq(value) && value.items.length === 0)
      throw new RuleError('sigma.value', value, 'at least one value', 'an empty list');
    if (isMap(value)) throw new RuleError('sigma.value', value, 'a value or a list of values', 'a map');
    const values = isSeq(value)
      ? value.items.map((x) => scalar(x as YamlNode))
      : value === null
        ? [null]
        : [scalar(value)];
    try {
      return { kind: 'item', field: name, expr: fieldExpr(name, modifiers, values, placeholders), applied: NOTHING };
    } catch (e) {
      if (e instanceof ModifierError)
        throw new RuleError(
          e.code,
          value,
          e.message.startsWith('modifier') ? 'a modifier of Sigma 2.1' : e.message,
          e.message.startsWith('modifier') ? e.message : 'something else',
        );
      throw e;
    }
  }
}
