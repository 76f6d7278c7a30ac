// Tables with a header line, separated by commas, semicolons, tabs or bars: exports of event logs, of mailbox audits, of
// flows, of a SIEM, and any other whose columns name a time. Cells in quotes may hold line ends.
import { csvCells } from '../text/csv.js';
import { CsvRows } from '../text/csv-rows.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { flatten } from '../text/json.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { carried } from '../json/carried.js';
import { epochMicros, isoMicros, microsOf, monthOf, type ReadTime, zoneAt } from '../text/time.js';
import { cloudEvent, nested } from '../json/ecs.js';
import { fillJson, kindOf } from '../json/shapes.js';
import { kindOfColumns, nameColumns, plain, type TableKind, windowsRow } from './columns.js';

const SEPARATORS = [',', '\t', ';', '|'];
/** Rows that are looked at to tell day and month apart. */
const LOOK_AHEAD = 500;

/** Columns that hold the time of what happened, the best first. */
const TIMES = [
  'timestamp',
  'datetime',
  'timecreated',
  'timegenerated',
  'eventtime',
  'time',
  'dateandtime',
  'date',
  'starttime',
  'firstswitched',
  'ts',
  'stime',
  'start',
  'first',
  'utctime',
  'systemtime',
  'creationdate',
  'creationtime',
  'createddatetime',
  'lastaccessed',
  'rundate',
  'dateutc',
  'timestamputc',
  'logtime',
  'generatedtime',
  'receivetime',
  'begintime',
  'eventdate',
  'logintime',
  'logontime',
  'signindate',
];
const AS_TIME = /time|date|stamp|zeit|datum|fecha|heure|hora/;

const DAY = /^(?:date|datum|fecha|data|jour|eventdate|logdate|startdate)$/;
const CLOCK = /^(?:time|zeit|uhrzeit|hora|heure|ora|tijd|eventtime|logtime|timeofday)$/;

/** `5/3/2024 8:01:02 PM`, `05.03.2024 08:01:02`, `3-Mar-2024 08:01`. Day and month in the order given. */
function slashMicros(t: string, dayFirst: boolean): ReadTime {
  const none = { micros: Number.NaN, zoned: false };
  const m =
    /^(\d{1,2})[/.-](\d{1,2}|[A-Za-z]{3})[/.-](\d{4}|\d{2})(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?[Mm]\.?)?(.*))?$/.exec(
      t,
    );
  if (m === null) return none;
  const named = monthOf(m[2]!, 0);
  const [d, mo] =
    named > 0 ? [Number(m[1]), named] : dayFirst ? [Number(m[1]), Number(m[2])] : [Number(m[2]), Number(m[1])];
  const y = m[3]!.length === 2 ? 2000 + Number(m[3]) : Number(m[3]);
  let h = Number(m[4] ?? 0);
  if (m[8] !== undefined) h = (h % 12) + (m[8].toLowerCase() === 'p' ? 12 : 0);
  const us = m[7] === undefined ? 0 : Math.floor(Number(`0.${m[7]}`) * 1e6 + 1e-6);
  const micros = microsOf(y, mo, d, h, Number(m[5] ?? 0), Number(m[6] ?? 0), us);
  const zone = m[9] === undefined || m[9] === '' ? Number.NaN : /^\s*(?:UTC|GMT)$/.test(m[9]) ? 0 : zoneAt(m[9], 0);
  return Number.isNaN(zone) ? { micros, zoned: false } : { micros: micros - zone * 60e6, zoned: true };
}

/** A cell as a time; NaN where it is none. */
export function cellMicros(t: string, dayFirst: boolean): ReadTime {
  if (/^\d{4}[-/.]\d\d[-/.]\d\d/.test(t)) {
    const r = isoMicros(t.length === 10 ? `${t}T00:00:00` : t);
    return !r.zoned && /\s(?:UTC|GMT)$/.test(t) ? { ...r, zoned: true } : r;
  }
  if (/^\d{9,10}(?:\.\d+)?$/.test(t)) return { micros: epochMicros(t), zoned: true };
  if (/^\d{13}$/.test(t)) return { micros: Number(t) * 1000, zoned: true };
  if (/^\d{16}$/.test(t)) return { micros: Number(t), zoned: true };
  return wordMicros(t) ?? slashMicros(t, dayFirst);
}

/** `Mar 5, 2024 @ 08:00:01.000` (Kibana), `Mar 5, 2024 8:00:01 AM` (Defender's portal); null where a text is none. */
function wordMicros(t: string): ReadTime | null {
  const m = /^([A-Z][a-z]{2}) (\d{1,2}), (\d{4})(?: @)? (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: ([AP])M)?$/.exec(t);
  if (m === null) return null;
  const hour = m[8] === undefined ? Number(m[4]) : (Number(m[4]) % 12) + (m[8] === 'P' ? 12 : 0);
  const us = Number((m[7] ?? '').slice(0, 6).padEnd(6, '0'));
  const month = monthOf(m[1]!, 0);
  if (month < 1) return null;
  const micros = microsOf(Number(m[3]), month, Number(m[2]), hour, Number(m[5]), Number(m[6]), us);
  return { micros, zoned: false };
}

/** A column's name without the zone that some exports write behind it (`TimeGenerated [UTC]`). */
const bareName = (name: string): string => name.replace(/ \[(?:UTC|Local Time)\]$/, '');

/** A row as an event, where its columns are those of one; null. */
function kindOfRow(o: Record<string, unknown>): Readonly<Record<string, unknown>> | null {
  const row = nested(o);
  return kindOf(row) !== null || cloudEvent(row) !== null ? row : null;
}

export interface Layout {
  readonly separator: string;
  readonly names: readonly string[];
  /** Columns of the time: one, or a date and a time of day. */
  readonly time: readonly number[];
  readonly kind: TableKind;
}

/** Places of the columns that hold the time: one, a date and a time of day, or none. Names as `plain` gives them. */
export function timeColumns(keys: readonly string[]): number[] {
  let time: number[] = [];
  const best = TIMES.map((t) => keys.indexOf(t)).find((i) => i >= 0);
  if (best !== undefined) time = [best];
  else {
    const i = keys.findIndex((k) => AS_TIME.test(k));
    if (i >= 0) time = [i];
  }
  // A date in one column and the time of day in another.
  const day = keys.findIndex((k) => DAY.test(k));
  const clock = keys.findIndex((k) => CLOCK.test(k));
  if (day >= 0 && clock >= 0) time = [day, clock];
  return time;
}

/** What a header line says; null where it is none. */
export function layoutOf(line: string): Layout | null {
  for (const separator of SEPARATORS) {
    const cells = csvCells(line, separator)?.map((c) => c.trim());
    if (cells === undefined || cells.length < 2 || cells.length > 1000) continue;
    // Names, not values: no numbers, no times, none twice.
    const names = cells.map((c, i) => (c === '' ? `column_${i + 1}` : c));
    if (
      names.filter((c) => /^[\p{L}_#@$"(*]/u.test(c) && c.length <= 80 && Number.isNaN(cellMicros(c, true).micros))
        .length < names.length
    )
      continue;
    if (new Set(names).size < names.length) continue;
    const keys = names.map(plain);
    const time = timeColumns(keys);
    if (time.length === 0) continue;
    return { separator, names, time, kind: kindOfColumns(keys) };
  }
  return null;
}

/** The header among the first lines: programs print lines of their own before it. */
function headerOf(lines: readonly string[]): { layout: Layout; at: number } | null {
  for (let at = 0; at < Math.min(lines.length, 5); at++) {
    const line = lines[at]!;
    // What PowerShell writes first.
    if (line.trim() === '' || line.startsWith('#TYPE ')) continue;
    const layout = layoutOf(line);
    if (layout !== null) return { layout, at };
  }
  return null;
}

const timeTextOf = (cells: readonly string[], layout: Layout): string =>
  layout.time
    .map((i) => (cells[i] ?? '').trim())
    .join(' ')
    .trim();

class TableParser implements LineParser {
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #layout: Layout | null = null;
  #seen = 0;
  #rows: CsvRows | null = null;
  #refused = 0;
  #waiting: { cells: string[]; line: number; offset: number }[] = [];
  /** Null: not known yet. */
  #dayFirst: boolean | null = null;
  #ambiguous = true;

  constructor(context: ParseContext, emit: Emit) {
    this.#context = context;
    this.#emit = emit;
  }

  line(text: string, line: number, offset: number): void {
    if (this.#layout === null) {
      if (text.trim() === '' || text.startsWith('#TYPE ')) return;
      this.#layout = layoutOf(text);
      if (this.#layout === null) {
        this.#refused++;
        if (++this.#seen > 5) this.#layout = { separator: ',', names: [], time: [], kind: 'other' };
      }
      if (this.#layout !== null) this.#rows = new CsvRows(this.#layout.separator, (c, l, o) => this.#row(c, l, o));
      return;
    }
    this.#rows!.line(text, line, offset);
  }

  get skipped(): number {
    return this.#refused + (this.#rows?.broken ?? 0);
  }

  #row(cells: string[], line: number, offset: number): void {
    const { names } = this.#layout!;
    if (names.length === 0 || cells.length < Math.min(names.length, 2) || cells.length > names.length + 1) {
      this.#refused++;
      return;
    }
    if (this.#dayFirst === null) {
      const m = /^(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}/.exec(timeTextOf(cells, this.#layout!));
      if (m !== null) {
        if (Number(m[1]) > 12 || /^\d+\./.test(m[0])) this.#decide(true, Number(m[1]) <= 12);
        else if (Number(m[2]) > 12) this.#decide(false, false);
      } else this.#decide(false, false);
    }
    if (this.#dayFirst === null) {
      this.#waiting.push({ cells, line, offset });
      if (this.#waiting.length >= LOOK_AHEAD) this.#decide(false, true);
      return;
    }
    this.#give(cells, line, offset);
  }

  #decide(dayFirst: boolean, ambiguous: boolean): void {
    this.#dayFirst = dayFirst;
    this.#ambiguous = ambiguous;
    const rows = this.#waiting;
    this.#waiting = [];
    for (const r of rows) this.#give(r.cells, r.line, r.offset);
  }

  #give(cells: readonly string[], line: number, offset: number): void {
    const r = this.#record;
    const layout = this.#layout!;
    const context = this.#context;
    const text = timeTextOf(cells, layout);
    const time = cellMicros(text, this.#dayFirst === true);
    const zoned = time.zoned || /utc|gmt/i.test(layout.time.map((i) => layout.names[i]).join(' '));
    const o: Record<string, unknown> = {};
    layout.names.forEach((n, i) => (o[bareName(n)] = cells[i] ?? ''));
    r.provider = '';
    r.eventId = '';
    r.host = context.host;
    let utc = zoned;
    if (layout.kind === 'windows') {
      const event = windowsRow(o);
      if (!fillJson(r, event, flatten, this.#shapes, context)) {
        this.#refused++;
        return;
      }
      // EvtxECmd writes UTC without saying so.
      utc ||= o.Payload !== undefined && o.MapDescription !== undefined;
    } else {
      const known = layout.kind === 'other' ? kindOfRow(o) : null;
      if (known !== null) fillJson(r, known, flatten, this.#shapes, context);
      // Splunk's tables have the record itself in one column, those of others a line of syslog, or its parts.
      else if (
        layout.kind === 'other' &&
        ((typeof o._raw === 'string' && o._raw !== '') || carried(o, this.#context.reference) !== null) &&
        fillJson(r, o, flatten, this.#shapes, context) &&
        r.channel !== 'json'
      ) {
        // Filled.
      } else {
        r.provider = '';
        r.eventId = '';
        r.host = context.host;
        const fields = new Map<string, TextValue>(
          Object.entries(o).map(([k, v]) => [k, v === '' ? null : (v as string)]),
        );
        nameColumns(layout.kind, layout.names.map(bareName), fields, r, context.host);
        r.names = this.#shapes.of([...fields.keys()]);
        r.values = [...fields.values()];
      }
    }
    r.line = line;
    r.offset = offset;
    r.timeText = text;
    r.micros = utc || Number.isNaN(time.micros) ? time.micros : time.micros - (context.zone ?? 0) * 60e6;
    // Which is the day was a guess.
    const guessed = this.#ambiguous && /^\d{1,2}[/-]\d/.test(text);
    r.sure = Number.isNaN(time.micros)
      ? 'none'
      : guessed
        ? 'inferred'
        : utc
          ? 'stated'
          : context.zone === null
            ? 'inferred'
            : 'given';
    this.#emit(r);
  }

  end(): void {
    this.#rows?.end();
    if (this.#dayFirst === null) this.#decide(false, true);
  }
}

export const table: TextFormat = {
  id: 'csv',
  title: 'Tables with a header and a time: event exports, mailbox audits, flows, any CSV',
  whole: true,
  identify(head: Head): Match | null {
    const found = headerOf(head.lines);
    if (found === null) return null;
    const { layout, at } = found;
    const rows: string[][] = [];
    const reader = new CsvRows(layout.separator, (cells) => void rows.push(cells));
    head.lines.slice(at + 1, at + 200).forEach((line, i) => reader.line(line, i, 0));
    // Rows of the header's width, whose time is one.
    const good = rows.filter(
      (c) =>
        c.length === layout.names.length &&
        [true, false].some((dayFirst) => !Number.isNaN(cellMicros(timeTextOf(c, layout), dayFirst).micros)),
    ).length;
    if (good === 0 || good < rows.length / 3) return null;
    const first: Record<string, unknown> = {};
    layout.names.forEach(
      (n, i) => (first[bareName(n)] = rows.find((c) => c.length === layout.names.length)?.[i] ?? ''),
    );
    if (layout.kind === 'other' && kindOfRow(first) !== null)
      return { score: 76, why: `a table of events: ${layout.names.slice(0, 6).join(', ')}` };
    const what = { windows: 'Windows events', mailbox: 'a mailbox audit', flow: 'flows', other: 'a time' }[layout.kind];
    return {
      score: layout.kind === 'other' ? 45 : 75,
      why: `a table with the columns of ${what}: ${layout.names.slice(0, 6).join(', ')}`,
    };
  },
  parser: (context, emit) => new TableParser(context, emit),
};
