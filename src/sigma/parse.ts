// YAML to rules. What is wrong with a file is told with its line and column, and the other rules load.
import { createRequire } from 'node:module';
import type { Document, Node as YamlNode } from 'yaml';
import { type Diagnostic, type DiagnosticCode, diagnostic } from '../base/index.js';
import { type Expr, type Level, LEVELS, type Rule } from './ast.js';
import { ConditionError, parseCondition } from './condition.js';
import { fieldExpr, ModifierError, type Placeholders, type RuleValue } from './modifiers.js';

type Yaml = typeof import('yaml');
const require = createRequire(import.meta.url);
let loaded: Yaml | null = null;
/** The YAML parser, loaded when the first rule file is parsed: a start from the rule cache does without it. */
const yaml = (): Yaml => (loaded ??= require('yaml') as Yaml);

/** A rule file larger than this is not one. Public rules stay below 40 KiB. */
export const MAX_RULE_BYTES = 1 << 20;
/** Nested lists and maps in a selection. */
const MAX_DETECTION_DEPTH = 16;
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

export interface ParsedFile {
  readonly rules: readonly Rule[];
  readonly problems: readonly Diagnostic[];
}

/** Parses one rule file, which may hold several documents. `file` is the name that rules and problems carry. */
export function parseRules(text: string, file: string, placeholders: Placeholders = new Map()): ParsedFile {
  const { LineCounter, parseAllDocuments } = yaml();
  const rules: Rule[] = [];
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
    return { rules, problems };
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
    return { rules, problems };
  }
  for (const doc of docs) {
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
      const found = readRule(doc, file, placeholders);
      if (found !== null) rules.push(found);
    } catch (e) {
      if (e instanceof RuleError)
        problems.push(diagnostic(e.code, 'error', place(e.node?.range?.[0]), e.expected, e.found));
      else if (e instanceof ModifierError)
        problems.push(diagnostic(e.code, 'error', { file }, e.message, 'something else'));
      else if (e instanceof ReferenceError)
        problems.push(diagnostic('sigma.yaml', 'error', { file }, `at most ${MAX_ALIASES} aliases`, 'more'));
      else throw e;
    }
  }
  return { rules, problems };
}

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

function readRule(doc: Document.Parsed, file: string, placeholders: Placeholders): Rule | null {
  const { isMap, isScalar, isSeq } = yaml();
  const root = doc.contents;
  if (!isMap(root))
    throw new RuleError('sigma.schema', root, 'a map with title, logsource and detection', 'something else');
  const js = doc.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>;
  const node = (key: string): YamlNode | null => (root.get(key, true) as YamlNode | undefined) ?? root;
  if ('correlation' in js)
    throw new RuleError(
      'sigma.unsupported',
      node('correlation'),
      'a detection rule',
      'a correlation rule, which this version does not evaluate',
    );
  if ('filter' in js && !('detection' in js))
    throw new RuleError(
      'sigma.unsupported',
      node('filter'),
      'a detection rule',
      'a filter, which this version does not apply',
    );
  if (typeof js.title !== 'string' || js.title === '')
    throw new RuleError('sigma.schema', node('title'), 'a title', 'none');
  if (typeof js.logsource !== 'object' || js.logsource === null)
    throw new RuleError('sigma.schema', node('logsource'), 'a logsource', 'none');
  const detection = root.get('detection', true);
  if (!isMap(detection))
    throw new RuleError(
      'sigma.schema',
      node('detection'),
      'a detection map',
      detection === undefined ? 'none' : 'something else',
    );

  const selections = new Map<string, Expr>();
  let conditions: readonly unknown[] | null = null;
  let conditionNode: YamlNode | null = null;
  for (const pair of detection.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    const value = pair.value as YamlNode | null;
    if (name === 'condition') {
      conditionNode = value;
      const v = isSeq(value) ? value.toJS(doc) : isScalar(value) ? value.value : null;
      conditions = Array.isArray(v) ? v : [v];
    } else if (name === 'timeframe')
      throw new RuleError(
        'sigma.unsupported',
        value,
        'a detection without timeframe',
        'a timeframe, which Sigma 2 replaced by correlation rules',
      );
    else selections.set(name, selection(value, 0));
  }
  if (conditions === null) throw new RuleError('sigma.condition', detection, 'a condition', 'none');
  const parsed = conditions.map((c) => {
    if (typeof c !== 'string') throw new RuleError('sigma.condition', conditionNode, 'a condition text', String(c));
    try {
      return parseCondition(c, selections);
    } catch (e) {
      if (!(e instanceof ConditionError)) throw e;
      throw new RuleError('sigma.condition', conditionNode, `a condition, at character ${e.at + 1}`, e.message);
    }
  });

  const source = js.logsource as Record<string, unknown>;
  const logsource: Record<string, string> = {};
  for (const key of ['product', 'category', 'service'])
    if (typeof source[key] === 'string') logsource[key] = source[key];
  const level = text(js.level).toLowerCase();
  if (level !== '' && !LEVELS.includes(level as Level))
    throw new RuleError('sigma.schema', node('level'), `one of ${LEVELS.join(', ')}`, level);
  return {
    id: text(js.id) || `${file}#${js.title}`,
    title: js.title,
    description: text(js.description),
    author: Array.isArray(js.author) ? texts(js.author).join(', ') : text(js.author),
    status: text(js.status),
    level: (level || 'medium') as Level,
    date: text(js.modified) || text(js.date),
    tags: texts(js.tags),
    references: texts(js.references),
    falsepositives: texts(js.falsepositives),
    logsource,
    condition: parsed.length === 1 ? parsed[0]! : { kind: 'or', items: parsed },
    file,
  };

  function selection(value: YamlNode | null, depth: number): Expr {
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
      const items = value.items.map((item): Expr =>
        isScalar(item) ? keyword([scalar(item)]) : selection(item as YamlNode, depth + 1),
      );
      return items.length === 1 ? items[0]! : { kind: 'or', items };
    }
    if (isScalar(value) && value.value !== null) return keyword([scalar(value)]);
    throw new RuleError('sigma.schema', value, 'fields, a list of them, or keywords', 'nothing');
  }

  function keyword(values: RuleValue[]): Expr {
    return fieldExpr(null, [], values, placeholders);
  }

  function scalar(n: YamlNode): RuleValue {
    if (!isScalar(n)) throw new RuleError('sigma.value', n, 'a text, a number, true, false or null', 'a map or a list');
    const v = n.value;
    if (typeof v === 'number' && n.source !== undefined && !Number.isSafeInteger(v)) return n.source;
    if (typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean' || typeof v === 'bigint' || v === null)
      return v;
    return String(v);
  }

  function detectionItem(key: string, value: YamlNode | null): Expr {
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
      return fieldExpr(name, modifiers, values, placeholders);
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
