// A user's mapping as a text format: tables, JSON lines, lines of a pattern, access logs of a server's own log format.
import { csvCells } from '../text/csv.js';
import { CsvRows } from '../text/csv-rows.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { flatten, objectOf } from '../text/json.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { clfMicros, type ReadTime } from '../text/time.js';
import { cellMicros } from '../table/table.js';
import { linePattern } from './line-pattern.js';
import { logPattern } from './log-pattern.js';
import type { Mapping } from './mapping.js';
import { timePattern } from './time-pattern.js';

/** A file that a mapping says it knows is its: the user knows better than any reader. */
const SCORE = 1000;
const SEPARATORS = [',', ';', '\t', '|'];
const OWN_SOURCE = { csv: 'csv', ndjson: 'json', lines: 'application', 'access-log': 'webserver' } as const;

/** A header's cells in the separator of the mapping, or in the one that has the mapping's columns. */
function headerCells(m: Mapping, line: string): { cells: string[]; separator: string } | null {
  for (const separator of m.separator === null ? SEPARATORS : [m.separator]) {
    const cells = csvCells(line, separator)?.map((c) => c.trim());
    if (cells !== undefined && cells.length > 1 && m.columns.every((c) => cells.includes(c)))
      return { cells, separator };
  }
  return null;
}

class MappedParser implements LineParser {
  readonly #m: Mapping;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  readonly #read: (text: string, line: number, offset: number) => void;
  readonly #time: (text: string) => ReadTime;
  #rows: CsvRows | null = null;
  #names: readonly string[] | null;
  #refused = 0;

  constructor(m: Mapping, context: ParseContext, emit: Emit) {
    this.#m = m;
    this.#emit = emit;
    this.#context = context;
    this.#names = m.header;
    this.#time =
      m.time.format !== null
        ? timePattern(m.time.format)
        : (t) => {
            const r = cellMicros(t, true);
            return Number.isNaN(r.micros) ? clfMicros(t) : r;
          };
    this.#read = this.#reader();
  }

  get skipped(): number {
    return this.#refused + (this.#rows?.broken ?? 0);
  }

  #reader(): (text: string, line: number, offset: number) => void {
    const m = this.#m;
    if (m.reads === 'csv') {
      if (m.header !== null) this.#rows = this.#table(m.separator ?? ',');
      return (text, line, offset) => {
        if (this.#rows !== null) this.#rows.line(text, line, offset);
        else if (text.trim() !== '') {
          const found = headerCells(m, text);
          if (found === null) this.#refused++;
          else {
            this.#names = found.cells.map((c, i) => (c === '' ? `column_${i + 1}` : c));
            this.#rows = this.#table(found.separator);
          }
        }
      };
    }
    if (m.reads === 'ndjson')
      return (text, line, offset) => {
        if (text.trim() === '') return;
        const o = objectOf(text);
        if (o === null) this.#refused++;
        else this.#give(flatten(o), line, offset);
      };
    const pattern = m.reads === 'lines' ? linePattern(m.pattern!) : null;
    const log = m.reads === 'access-log' ? logPattern(m.pattern!) : null;
    return (text, line, offset) => {
      if (text === '') return;
      const names = pattern?.names ?? log!.names;
      const values = pattern !== null ? pattern.match(text) : (log!.expression.exec(text)?.slice(1) ?? null);
      if (values === null) {
        this.#refused++;
        return;
      }
      const fields = new Map<string, TextValue>();
      names.forEach((n, i) => {
        const v = values[i];
        if (log === null) fields.set(n, v ?? null);
        else webField(fields, n, v ?? '');
      });
      this.#give(fields, line, offset);
    };
  }

  #table(separator: string): CsvRows {
    return new CsvRows(separator, (cells, line, offset) => {
      const names = this.#names!;
      if (cells.length < Math.min(2, names.length) || cells.length > names.length + 1) {
        this.#refused++;
        return;
      }
      this.#give(new Map(names.map((n, i) => [n, (cells[i] ?? '') === '' ? null : cells[i]!])), line, offset);
    });
  }

  #give(fields: Map<string, TextValue>, line: number, offset: number): void {
    const m = this.#m;
    const one = (name: string | null): string => {
      if (name === null) return '';
      if (name.startsWith('=')) return name.slice(1);
      const v = fields.get(name);
      return typeof v === 'string' ? v : '';
    };
    const r = this.#record;
    const text = one(m.reads === 'access-log' ? '@time' : m.time.field);
    fields.delete('@time');
    const time = this.#time(text);
    const zone = m.time.zone ?? this.#context.zone;
    r.timeText = text;
    r.micros = time.zoned || Number.isNaN(time.micros) ? time.micros : time.micros - (zone ?? 0) * 60e6;
    r.sure = Number.isNaN(time.micros) ? 'none' : time.zoned ? 'stated' : zone === null ? 'inferred' : 'given';
    r.host = one(m.host) || this.#context.host;
    r.channel = m.source ?? OWN_SOURCE[m.reads];
    r.provider = one(m.provider);
    r.eventId = one(m.eventId);
    for (const [name, from] of m.fields) {
      const v = from.startsWith('=') ? from.slice(1) : fields.get(from);
      if (v !== undefined) fields.set(name, v);
    }
    r.names = this.#shapes.of([...fields.keys()]);
    r.values = [...fields.values()];
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  line(text: string, line: number, offset: number): void {
    this.#read(text, line, offset);
  }

  end(): void {
    this.#rows?.end();
  }
}

/** A group of an access log under its W3C name; the request line taken apart. */
function webField(fields: Map<string, TextValue>, name: string, raw: string): void {
  const v = raw === '-' || raw === '' ? null : raw;
  let uri: string | null = null;
  if (name === '@request') {
    const m = /^(\S+) (.*?)(?: (HTTP\/[\d.]+))?$/.exec(raw);
    if (m === null) uri = v;
    else {
      fields.set('cs-method', m[1]!);
      fields.set('cs-version', m[3] ?? null);
      uri = m[2]!;
    }
  } else if (name === '@uri') uri = v;
  else if (name === 'cs-uri-query' && v !== null) fields.set(name, v.replace(/^\?/, ''));
  else fields.set(name, v);
  if (name === '@request' || name === '@uri') {
    const at = uri?.indexOf('?') ?? -1;
    fields.set('cs-uri-stem', uri === null ? null : at < 0 ? uri : uri.slice(0, at));
    fields.set('cs-uri-query', uri === null || at < 0 ? null : uri.slice(at + 1));
  }
}

function tells(m: Mapping, head: Head): Match | null {
  const lines = head.lines.filter((l) => l.trim() !== '');
  const share = (test: (line: string) => boolean, of: readonly string[] = lines): number =>
    of.length === 0 ? 0 : of.filter(test).length / of.length;
  const why = `the mapping "${m.mapping}"`;
  if (m.reads === 'csv') {
    if (m.header !== null) {
      const width = m.header.length;
      const good = share((l) => csvCells(l, m.separator ?? ',')?.length === width);
      return good >= 0.8 ? { score: SCORE, why: `${why}: rows of ${width} cells` } : null;
    }
    return lines.slice(0, 5).some((l) => headerCells(m, l) !== null)
      ? { score: SCORE, why: `${why}: the columns ${m.columns.slice(0, 6).join(', ')}` }
      : null;
  }
  if (m.reads === 'ndjson') {
    const good = share((l) => {
      const o = objectOf(l);
      if (o === null) return false;
      const flat = flatten(o);
      return m.columns.every((c) => flat.has(c));
    });
    return good >= 0.5 ? { score: SCORE, why: `${why}: objects with ${m.columns.slice(0, 6).join(', ')}` } : null;
  }
  const pattern = m.reads === 'lines' ? linePattern(m.pattern!) : null;
  const log = m.reads === 'access-log' ? logPattern(m.pattern!) : null;
  const good = share((l) => (pattern !== null ? pattern.match(l) !== null : log!.expression.test(l)));
  return good >= 0.5
    ? { score: SCORE, why: `${why}: ${Math.round(good * 100)} % of the first lines are of its pattern` }
    : null;
}

/** The format that a mapping describes. */
export const mappedFormat = (m: Mapping): TextFormat => ({
  id: `map:${m.mapping}`,
  title: m.title,
  whole: m.reads === 'csv',
  identify: (head) => tells(m, head),
  parser: (context, emit) => new MappedParser(m, context, emit),
});
