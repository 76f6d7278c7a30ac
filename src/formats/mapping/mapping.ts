// What a user says of a log that no reader knows: how its files are told, where its time is, and which of its columns mean
// what. Plain data, checked before anything is read; `docs/mappings.md` describes the file.
import { LineCounter, parseDocument, isMap, isScalar, type Node } from 'yaml';
import { type Diagnostic, diagnostic, tooDeep, MAX_NESTING } from '../../base/index.js';
import { linePattern } from './line-pattern.js';
import { logPattern } from './log-pattern.js';
import { timePattern } from './time-pattern.js';

export const MAPPING_KINDS = ['csv', 'ndjson', 'lines', 'access-log'] as const;

export interface Mapping {
  /** Lower case letters, digits and hyphens: the format's id is "map:" with it. */
  readonly mapping: string;
  readonly title: string;
  readonly reads: (typeof MAPPING_KINDS)[number];
  /** csv: names that the header must have. ndjson: keys that the objects must have, with dots. */
  readonly columns: readonly string[];
  /** csv: what stands between cells; null for the one that fits. */
  readonly separator: string | null;
  /** csv without a header line: the names of its columns. */
  readonly header: readonly string[] | null;
  /** lines: a regular expression with named groups. access-log: the server's log format. */
  readonly pattern: string | null;
  readonly time: {
    readonly field: string;
    /** null: told by its looks. */
    readonly format: string | null;
    /** Minutes east of UTC; null: as given on the command line. */
    readonly zone: number | null;
  };
  /** Log-source key or Windows channel; null: the kind's own ("csv", "json", "application", "webserver"). */
  readonly source: string | null;
  readonly host: string | null;
  readonly eventId: string | null;
  readonly provider: string | null;
  /** Names that rules and facts use → the log's own; with "=" in front: this text. */
  readonly fields: readonly (readonly [string, string])[];
}

/** Size of a mapping file; a larger one is something else. */
const MAX_MAPPING = 1 << 20;
const KEYS = new Set([
  'mapping',
  'title',
  'reads',
  'columns',
  'separator',
  'header',
  'pattern',
  'time',
  'source',
  'host',
  'event_id',
  'provider',
  'fields',
]);

/** Minutes of `+02:00`, `-0530`, `Z`, `UTC`; null for anything else. */
export function zoneMinutes(text: string): number | null {
  const m = /^(?:([Zz]|UTC)|([+-])(\d{2}):?(\d{2}))$/.exec(text);
  if (m === null || Number(m[3] ?? 0) > 14 || Number(m[4] ?? 0) > 59) return null;
  return m[1] !== undefined ? 0 : (m[2] === '-' ? -1 : 1) * (Number(m[3]) * 60 + Number(m[4]));
}

/** Reads a mapping file's text. All that is wrong is told, each with its line; the mapping is null if anything is. */
export function parseMapping(text: string, file: string): { mapping: Mapping | null; problems: Diagnostic[] } {
  const problems: Diagnostic[] = [];
  const lines = new LineCounter();
  const say = (node: Node | null | undefined, expected: string, found: string): void => {
    const pos = node?.range?.[0];
    const at = pos === undefined ? null : lines.linePos(pos);
    problems.push(
      diagnostic(
        'mapping.invalid',
        'error',
        { file, ...(at === null ? {} : { line: at.line, column: at.col }) },
        expected,
        found,
        'docs/mappings.md describes mapping files',
      ),
    );
  };
  if (text.length > MAX_MAPPING) {
    say(null, 'a mapping file of at most 1 MiB', `${text.length} characters`);
    return { mapping: null, problems };
  }
  if (tooDeep(text)) {
    say(null, `brackets at most ${MAX_NESTING} deep`, 'more');
    return { mapping: null, problems };
  }
  const doc = parseDocument(text, { lineCounter: lines, maxAliasCount: 0 } as object);
  for (const e of doc.errors.slice(0, 10)) {
    const at = e.linePos?.[0];
    problems.push(
      diagnostic(
        'mapping.invalid',
        'error',
        { file, ...(at === undefined ? {} : { line: at.line, column: at.col }) },
        'YAML',
        e.message.split('\n')[0]!.slice(0, 200),
      ),
    );
  }
  if (problems.length > 0) return { mapping: null, problems };
  const root = doc.contents;
  if (!isMap(root)) {
    say(root as Node | null, 'a mapping: "mapping: NAME", "reads: csv" …', 'something else');
    return { mapping: null, problems };
  }
  const node = (key: string): Node | null => (root.get(key, true) as Node | undefined) ?? null;
  const textOf = (key: string, of: Node | null = node(key)): string | null => {
    if (of === null) return null;
    const v = isScalar(of) ? of.value : undefined;
    if (typeof v === 'string' || typeof v === 'number') return String(v);
    say(of, `a text for "${key}"`, 'something else');
    return null;
  };
  const listOf = (key: string): string[] | null => {
    const of = node(key);
    if (of === null) return null;
    const v: unknown = of.toJS(doc);
    if (Array.isArray(v) && v.length > 0 && v.every((x) => typeof x === 'string' && x !== '')) return v as string[];
    say(of, `a list of names for "${key}"`, 'something else');
    return null;
  };
  for (const pair of root.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (!KEYS.has(key)) say(pair.key as Node, `one of ${[...KEYS].join(', ')}`, `"${key.slice(0, 60)}"`);
  }
  const id = textOf('mapping');
  if (id === null || !/^[a-z0-9][a-z0-9-]{0,60}$/.test(id))
    say(node('mapping') ?? root, '"mapping: NAME" of lower case letters, digits and hyphens', id ?? 'none');
  const reads = textOf('reads');
  const kind = MAPPING_KINDS.find((k) => k === reads);
  if (kind === undefined)
    say(node('reads') ?? root, `"reads:" with one of ${MAPPING_KINDS.join(', ')}`, reads ?? 'none');
  const columns = listOf('columns');
  const header = listOf('header');
  const pattern = textOf('pattern');
  const separator = textOf('separator');
  const table = kind === 'csv' || kind === 'ndjson';
  if (table && columns === null && header === null)
    say(node('reads') ?? root, '"columns:", the names by which such files are told', 'none');
  if (kind === 'lines' || kind === 'access-log') {
    if (pattern === null) say(node('reads') ?? root, '"pattern:" of such lines', 'none');
    else
      try {
        if (kind === 'lines') linePattern(pattern);
        else logPattern(pattern);
      } catch (e) {
        say(
          node('pattern'),
          `a ${kind === 'lines' ? 'regular expression with named groups' : 'log format'}`,
          (e as Error).message,
        );
      }
  }
  if (separator !== null && (separator.length !== 1 || separator === '"'))
    say(node('separator'), 'one character', separator);
  const time = node('time');
  let when: Mapping['time'] = { field: '', format: null, zone: null };
  if (time === null) {
    if (kind !== 'access-log') say(root, '"time:", the field that says when', 'none');
  } else if (isMap(time)) {
    const part = (key: string): string | null =>
      textOf(`time.${key}`, (time.get(key, true) as Node | undefined) ?? null);
    for (const p of time.items)
      if (!['field', 'format', 'zone'].includes(isScalar(p.key) ? String(p.key.value) : ''))
        say(p.key as Node, 'field, format or zone', isScalar(p.key) ? String(p.key.value) : 'something else');
    const zoneText = part('zone');
    const zone = zoneText === null ? null : zoneMinutes(zoneText);
    if (zoneText !== null && zone === null) say(time, 'a zone as +02:00 or Z', zoneText);
    when = { field: part('field') ?? '', format: part('format'), zone };
    if (when.field === '' && kind !== 'access-log') say(time, '"field:" in time', 'none');
    if (when.format !== null)
      try {
        timePattern(when.format);
      } catch (e) {
        say((time.get('format', true) as Node | undefined) ?? time, 'a time pattern', (e as Error).message);
      }
  } else when = { field: textOf('time') ?? '', format: null, zone: null };
  const fields: [string, string][] = [];
  const map = node('fields');
  if (map !== null) {
    if (!isMap(map)) say(map, 'names and the columns that they stand for', 'something else');
    else
      for (const p of map.items) {
        const v = isScalar(p.value) ? p.value.value : null;
        if (!isScalar(p.key) || (typeof v !== 'string' && typeof v !== 'number'))
          say((p.key as Node | null) ?? map, 'a name and the column that it stands for', 'something else');
        else fields.push([String(p.key.value), String(v)]);
      }
  }
  const known = header ?? null;
  if (known !== null)
    for (const [, from] of [...fields, ['', when.field] as const])
      if (!from.startsWith('=') && from !== '' && !known.includes(from))
        say(map ?? root, `a column of the header (${known.slice(0, 10).join(', ')})`, from);
  if (problems.length > 0) return { mapping: null, problems };
  return {
    mapping: {
      mapping: id!,
      title: textOf('title') ?? id!,
      reads: kind!,
      columns: columns ?? [],
      separator,
      header,
      pattern,
      time: when,
      source: textOf('source'),
      host: textOf('host'),
      eventId: textOf('event_id'),
      provider: textOf('provider'),
      fields,
    },
    problems,
  };
}
