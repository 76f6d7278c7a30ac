// What is wrong with a rule that loads: what the specification asks for beside what parsing needs, what cannot match, what costs
// more than it must. Each with its line, column and length, so that a caret can stand under it.
import { tooDeep } from '../base/index.js';
import { createRequire } from 'node:module';
import type { Node as YamlNode } from 'yaml';
import { compileRegex } from '../match/index.js';
import type { Route } from '../schema/index.js';
import type { Expr, Rule, Test } from './ast.js';
import { parseRules } from './parse.js';
import { testText } from './test.js';

const require = createRequire(import.meta.url);

export type CheckKind = 'specification' | 'cannot-match' | 'expensive' | 'style';

export interface Check {
  readonly kind: CheckKind;
  readonly severity: 'error' | 'warning' | 'info';
  /** From 1; of the file. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly what: string;
  readonly instead: string;
}

export interface CheckKnowledge {
  readonly routesOf: (source: Rule['logsource']) => readonly Route[] | null;
  readonly fieldsOf: (source: Rule['logsource']) => ReadonlySet<string> | null;
}

const STATUS = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'];
const RELATED = ['derived', 'obsolete', 'merged', 'renamed', 'similar', 'correlation'];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const DATE = /^\d{4}[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01])$/;
const TAG = /^[a-z0-9_-]+\.[a-z0-9._-]+$/;
/** Tactics with the names of all versions. */
const ATTACK_TAG =
  /^attack\.(?:[tgscm]\d{4}(?:\.\d{3})?|(?:ta|ds|dc)\d{4}|reconnaissance|resource[-_]development|initial[-_]access|execution|persistence|privilege[-_]escalation|defense[-_]evasion|stealth|defense[-_]impairment|credential[-_]access|discovery|lateral[-_]movement|collection|command[-_]and[-_]control|exfiltration|impact)$/;
/** Texts shorter than this stand in nearly every value. */
const SHORT = 2;

/** Checks the documents of one rule file that load. What does not load is told by `parseRules`. */
export function checkRules(text: string, file: string, known: CheckKnowledge): Check[] {
  const { isMap, isScalar, isSeq, LineCounter, parseAllDocuments } = require('yaml') as typeof import('yaml');
  const lines = new LineCounter();
  const out: Check[] = [];
  // Told by parseRules.
  if (tooDeep(text)) return out;
  const docs = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent', prettyErrors: false });
  if (!Array.isArray(docs)) return out;
  for (const doc of docs) {
    if (doc.errors.length > 0 || !isMap(doc.contents)) continue;
    const root = doc.contents;
    let js: Record<string, unknown>;
    try {
      js = doc.toJS({ maxAliasCount: 100 }) as Record<string, unknown>;
    } catch {
      continue; // more aliases than are read: parseRules tells it
    }
    if ('action' in js) continue;
    const tell = (
      kind: CheckKind,
      severity: Check['severity'],
      node: YamlNode | null | undefined,
      what: string,
      instead = '',
    ): void => {
      const range = node?.range ?? root.range!;
      const { line, col } = lines.linePos(range[0]);
      const end = text.indexOf('\n', range[0]);
      const length = Math.max(1, Math.min(range[1], end < 0 ? text.length : end) - range[0]);
      out.push({ kind, severity, line, column: col, length, what, instead });
    };
    const value = (key: string): YamlNode | null => (root.get(key, true) as YamlNode | undefined) ?? null;
    const keyOf = (map: unknown, key: string): YamlNode | null => {
      if (!isMap(map)) return null;
      const pair = map.items.find((p) => isScalar(p.key) && String(p.key.value) === key);
      return (pair?.key as YamlNode | undefined) ?? null;
    };
    const string = (key: string): string => {
      const v = js[key];
      return v instanceof Date ? v.toISOString().slice(0, 10) : typeof v === 'string' ? v : '';
    };

    // What the specification says of metadata.
    if (js.id === undefined)
      tell('specification', 'warning', root, 'a rule without an id', 'id: a UUID, so that others can refer to it');
    else if (!UUID.test(string('id')))
      tell('specification', 'warning', value('id'), 'an id that is no UUID', 'a UUID (version 4)');
    if (string('title').length > 256)
      tell('specification', 'error', value('title'), 'a title of more than 256 characters', 'at most 256');
    if (js.status !== undefined && !STATUS.includes(string('status')))
      tell('specification', 'error', value('status'), `the status "${string('status')}"`, STATUS.join(', '));
    if (js.level === undefined && !('filter' in js))
      tell('specification', 'warning', root, 'a rule without a level', 'informational, low, medium, high or critical');
    for (const key of ['date', 'modified'])
      if (js[key] !== undefined && !DATE.test(string(key)))
        tell('specification', 'warning', value(key), `${key} is no date`, 'YYYY-MM-DD');
    if (
      js.modified !== undefined &&
      js.date !== undefined &&
      string('modified').replaceAll('/', '-') < string('date').replaceAll('/', '-')
    )
      tell('specification', 'warning', value('modified'), 'modified before it was made', 'a later date');
    for (const key of ['references', 'falsepositives', 'fields', 'tags'])
      if (js[key] !== undefined && !Array.isArray(js[key]))
        tell('specification', 'error', value(key), `${key} is no list`, 'a list');
    const tags = value('tags');
    if (isSeq(tags)) {
      const seen = new Set<string>();
      for (const t of tags.items) {
        const tag = isScalar(t) ? String(t.value) : '';
        if (!TAG.test(tag))
          tell(
            'specification',
            'error',
            t as YamlNode,
            `the tag "${tag}"`,
            'a namespace, a dot, and a name in lower case',
          );
        else if (tag.startsWith('attack.') && !ATTACK_TAG.test(tag))
          tell(
            'specification',
            'warning',
            t as YamlNode,
            `"${tag}" is no tactic, technique, group or software of ATT&CK`,
            'such as attack.persistence, attack.t1053.005',
          );
        if (seen.has(tag)) tell('style', 'info', t as YamlNode, 'a tag that is there twice', 'once');
        seen.add(tag);
      }
    }
    const related = value('related');
    if (isSeq(related))
      for (const r of related.items) {
        const x = isMap(r) ? (r.toJSON() as Record<string, unknown>) : {};
        if (typeof x.id !== 'string' || !RELATED.includes(String(x.type)))
          tell(
            'specification',
            'error',
            r as YamlNode,
            'related needs an id and a type',
            `one of ${RELATED.join(', ')}`,
          );
      }

    const body = (value('detection') ?? value('filter')) as YamlNode | null;
    if (!isMap(body)) continue;
    const one = parseRules(doc.toString(), file).rules[0];
    // Selections that the condition never asks for.
    const conditions =
      js.detection === undefined
        ? (js.filter as Record<string, unknown>).condition
        : (js.detection as Record<string, unknown>).condition;
    const asked = (Array.isArray(conditions) ? conditions : [conditions]).map(String).join(' ');
    const words = asked.match(/[^\s()]+/g) ?? [];
    for (const pair of body.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      if (['condition', 'timeframe', 'rules'].includes(name)) continue;
      const used = words.some(
        (w, i) =>
          w === name ||
          (words[i - 1]?.toLowerCase() === 'of' &&
            ((w.toLowerCase() === 'them' && !name.startsWith('_')) ||
              new RegExp(`^${w.replace(/[^A-Za-z0-9_*]/g, '\\$&').replaceAll('*', '.*')}$`).test(name))),
      );
      if (!used)
        tell(
          'specification',
          'warning',
          pair.key as YamlNode,
          `the selection "${name}" is in no condition`,
          'use it, or take it out',
        );
    }

    // Items of selections.
    const fields = one === undefined ? null : known.fieldsOf(one.logsource);
    const items = (node: unknown): void => {
      if (isSeq(node)) for (const x of node.items) items(x);
      else if (isMap(node))
        for (const pair of node.items) {
          const key = isScalar(pair.key) ? String(pair.key.value ?? '') : '';
          const [field, ...modifiers] = key.split('|');
          const values = isSeq(pair.value) ? pair.value.items : [pair.value];
          if (fields !== null && field !== undefined && field !== '' && !fields.has(field) && js.taxonomy === undefined)
            tell(
              'cannot-match',
              'warning',
              pair.key as YamlNode,
              `events of this log source have no field "${field}"`,
              near(field, fields),
            );
          if (modifiers.includes('all') && values.length === 1)
            tell('style', 'info', pair.key as YamlNode, '"all" of one value', 'leave it out');
          const seen = new Set<string>();
          for (const v of values) {
            const t = isScalar(v) ? v.value : undefined;
            if (t === undefined || t === null) continue;
            const s = String(t);
            const plain = modifiers.every((m) =>
              ['all', 'cased', 'contains', 'startswith', 'endswith', 'neq'].includes(m),
            );
            const folded = modifiers.includes('re') || modifiers.includes('cased') ? s : s.toLowerCase();
            if (seen.has(folded)) tell('style', 'info', v as YamlNode, 'a value that is there twice', 'once');
            seen.add(folded);
            if (plain && modifiers.includes('contains') && s.replace(/[*?\\]/g, '').length > 0 && s.length < SHORT)
              tell('expensive', 'warning', v as YamlNode, `"${s}" stands in nearly every value`, 'a longer text');
            if (
              plain &&
              (s === '*' || (modifiers.some((m) => m !== 'all' && m !== 'cased' && m !== 'neq') && /^\**$/.test(s)))
            )
              tell('style', 'info', v as YamlNode, 'a value that any text fits', 'exists: true');
            else if (
              plain &&
              !modifiers.some((m) => ['contains', 'startswith', 'endswith'].includes(m)) &&
              field !== ''
            ) {
              const inner = s.replace(/^\*|\*$/g, '');
              if (!/(?<!\\)[*?]/.test(inner) && inner !== s && !s.endsWith('\\*'))
                tell(
                  'style',
                  'info',
                  v as YamlNode,
                  'wildcards at the ends of a value',
                  s.startsWith('*') ? (s.endsWith('*') ? 'contains' : 'endswith') : 'startswith',
                );
            }
            if (modifiers.includes('re')) {
              const at = costs(s, modifiers);
              if (at !== null) tell('expensive', at.severity, v as YamlNode, at.what, at.instead);
            }
          }
        }
    };
    for (const pair of body.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      if (name === 'condition' || name === 'rules') continue;
      items(pair.value);
      const plainKeywords = isScalar(pair.value) || (isSeq(pair.value) && pair.value.items.some((x) => isScalar(x)));
      if (plainKeywords)
        tell(
          'expensive',
          'info',
          pair.key as YamlNode,
          'keywords are looked for in every value of every event',
          'a field, where it is known',
        );
    }
    if (one === undefined) continue;
    const conditionNode = keyOf(body, 'condition');
    const routes = known.routesOf(one.logsource);
    if (routes === null)
      tell(
        'cannot-match',
        'info',
        keyOf(root, 'logsource'),
        'a log source that no reader gives',
        'see "backtrail rules coverage"',
      );
    const why = contradiction(one.condition);
    if (why !== null)
      tell('cannot-match', 'error', conditionNode, `no event can match: ${why}`, 'other values, or "or" between them');
    else if (routes !== null && !routes.some((r) => reachable(one.condition, r)))
      tell(
        'cannot-match',
        'error',
        conditionNode,
        'no event id of this log source fits the condition',
        'the log source of that event',
      );
    if (onlyNegations(one.condition))
      tell(
        'expensive',
        'warning',
        conditionNode,
        'only negations: every event of the log source has to be looked at',
        'a selection beside them',
      );
  }
  return out.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** A field of nearly the same name. */
function near(name: string, fields: ReadonlySet<string>): string {
  const low = name.toLowerCase();
  const same = [...fields].find((f) => f.toLowerCase() === low);
  if (same !== undefined) return `"${same}": field names are told apart by case`;
  const close = [...fields].find((f) => f.toLowerCase().includes(low) || low.includes(f.toLowerCase()));
  return close === undefined ? 'a field of this log source' : `"${close}"?`;
}

function costs(
  source: string,
  modifiers: readonly string[],
): { severity: Check['severity']; what: string; instead: string } | null {
  try {
    const re = compileRegex(source, { i: modifiers.includes('i') });
    if (re.nested)
      return {
        severity: 'warning',
        what: 'a repetition inside a repetition: other engines can take exponential time on it, here the linear one does it',
        instead: 'one repetition',
      };
    if (/^\^?\.\*[^|]*$/.test(source) && !source.startsWith('^'))
      return {
        severity: 'info',
        what: 'an expression that begins with ".*"',
        instead: 'leave it out: expressions may match anywhere',
      };
    if (re.literals === null)
      return {
        severity: 'warning',
        what: 'an expression without a text that every match holds: it is tried on every value',
        instead: 'a "contains" beside it',
      };
    if (/^[\w \\.:/-]+$/.test(source) && !/[\\.]/.test(source))
      return { severity: 'info', what: 'an expression that is plain text', instead: 'contains' };
  } catch {
    // parseRules has told it
  }
  return null;
}

/** Whether some event id of a route could fit. */
function reachable(e: Expr, route: Route): boolean {
  if (route.eventIds === undefined) return true;
  return route.eventIds.some((id) => possible(e, String(id)));
}

function possible(e: Expr, id: string): boolean {
  switch (e.kind) {
    case 'test':
      return e.field !== 'EventID' || e.test.op === 'fieldref' || testText(e.test, id);
    case 'and':
      return e.items.every((i) => possible(i, id));
    case 'or':
      return e.items.some((i) => possible(i, id));
    case 'atLeast':
      return e.items.filter((i) => possible(i, id)).length >= e.min;
    default:
      return true;
  }
}

function onlyNegations(e: Expr): boolean {
  switch (e.kind) {
    case 'test':
      return false;
    case 'not':
      return true;
    case 'and':
      return e.items.length > 0 && e.items.every(onlyNegations);
    default:
      return e.items.some(onlyNegations);
  }
}

/** Why an expression can be true of no event whose fields have one value each; null if it can, or nothing is known. */
export function contradiction(e: Expr): string | null {
  if (e.kind === 'atLeast' && e.min > e.items.length) return `${e.min} of ${e.items.length} selections are asked for`;
  if (e.kind === 'or') {
    const all = e.items.map(contradiction);
    return all.length > 0 && all.every((x) => x !== null) ? all[0]! : null;
  }
  if (e.kind !== 'and') return null;
  const flat: Expr[] = [];
  const walk = (x: Expr): void => (x.kind === 'and' ? x.items.forEach(walk) : void flat.push(x));
  walk(e);
  for (const x of flat) {
    const why = x.kind === 'or' ? contradiction(x) : null;
    if (why !== null) return why;
  }
  const must = new Map<string, Test[]>();
  const not = new Map<string, Test[]>();
  const allowed = new Map<string, readonly string[]>();
  const put = (m: Map<string, Test[]>, f: string, t: Test): void => void m.set(f, [...(m.get(f) ?? []), t]);
  for (const x of flat) {
    if (x.kind === 'test' && x.field !== null) {
      put(must, x.field, x.test);
      if (x.test.op === 'equals') {
        const { text } = x.test;
        const known = allowed.get(x.field);
        if (known !== undefined && !known.some((v) => v.toLowerCase() === text.toLowerCase()))
          return `${x.field} would have to be ${known.map((v) => `"${v}"`).join(' or ')}, and "${text}"`;
        allowed.set(x.field, [text]);
      }
    } else if (x.kind === 'not' && x.item.kind === 'test' && x.item.field !== null) put(not, x.item.field, x.item.test);
    else if (x.kind === 'or' && x.items.every((i) => i.kind === 'test' && i.field !== null && i.test.op === 'equals')) {
      const fields = new Set(x.items.map((i) => (i.kind === 'test' ? i.field! : '')));
      if (fields.size !== 1) continue;
      const [f] = fields;
      const values = x.items.map((i) => (i.kind === 'test' && i.test.op === 'equals' ? i.test.text : ''));
      const known = allowed.get(f!);
      const both =
        known === undefined ? values : known.filter((v) => values.some((y) => y.toLowerCase() === v.toLowerCase()));
      if (both.length === 0)
        return `${f} would have to be one of ${known!.map((v) => `"${v}"`).join(', ')}, and one of ${values.map((v) => `"${v}"`).join(', ')}`;
      allowed.set(f!, both);
    }
  }
  for (const [field, values] of allowed) {
    const tests = (must.get(field) ?? []).filter((t) => t.op !== 'fieldref');
    const nots = (not.get(field) ?? []).filter((t) => t.op !== 'fieldref');
    const fit = values.filter(
      (v) =>
        tests.every((t) => t.op === 'exists' || testText(t, v)) &&
        !nots.some((t) => t.op === 'exists' || testText(t, v)),
    );
    if (fit.length === 0) return `no value of ${field} that is asked for fits what else is asked of it`;
  }
  for (const [field, tests] of must) {
    const low = Math.max(
      ...tests.map((t) => (t.op === 'compare' && t.how.startsWith('g') ? t.number : Number.NEGATIVE_INFINITY)),
    );
    const high = Math.min(
      ...tests.map((t) => (t.op === 'compare' && t.how.startsWith('l') ? t.number : Number.POSITIVE_INFINITY)),
    );
    if (low > high) return `${field} would have to be above ${low} and below ${high}`;
    if (tests.some((t) => t.op === 'null') && tests.some((t) => t.op !== 'null' && t.op !== 'exists'))
      return `${field} would have to be missing, and to have a value`;
    if ((not.get(field) ?? []).some((t) => tests.some((x) => JSON.stringify(x) === JSON.stringify(t))))
      return `${field} is asked for and excluded by the same value`;
  }
  return null;
}
