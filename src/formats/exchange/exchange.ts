// Logs of Microsoft Exchange: comma-separated, with a #Fields line that gives the columns in any order (HttpProxy, ECP,
// EWS, OWA, OAB, message tracking, protocol logs). Times are UTC and say so.
import { csvCells } from '../text/csv.js';
import { CsvRows } from '../text/csv-rows.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { type Emit, TextRecord, type TextValue } from '../text/record.js';
import { isoMicros } from '../text/time.js';

const TIME_COLUMNS = ['datetime', 'date-time', 'timestamp', 'date'];
const HOST_COLUMNS = ['ServerHostName', 'server-hostname', 'ServerName', 'connector-id'];

function channelOf(type: string, names: ReadonlySet<string>): string {
  const t = type.toLowerCase();
  if (t.includes('message tracking') || names.has('message-id')) return 'exchange/message-tracking';
  if (names.has('UrlStem') && names.has('ClientIpAddress')) return 'exchange/http';
  if (names.has('session-id') && names.has('remote-endpoint')) return 'exchange/protocol';
  if (names.has('cIp') && names.has('user')) return 'exchange/mailbox-protocol';
  return 'exchange/other';
}

class ExchangeParser implements LineParser {
  #skipped = 0;
  /** A quoted cell may hold a line end. */
  readonly #rows = new CsvRows(',', (cells, line, offset) => this.#row(cells, line, offset));
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  #type = '';
  #time = -1;
  #host = -1;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    for (const h of context.header) this.#directive(h);
  }

  #directive(line: string): void {
    if (line.startsWith('#Log-type:') || line.startsWith('#Log-Type:')) this.#type = line.slice(10).trim();
    if (!line.startsWith('#Fields:')) return;
    const names = (csvCells(line.slice(8).trim()) ?? []).map((n) => n.trim());
    this.#record.names = names;
    this.#record.channel = channelOf(this.#type, new Set(names));
    this.#time = names.findIndex((n) => TIME_COLUMNS.includes(n.toLowerCase()));
    this.#host = names.findIndex((n) => HOST_COLUMNS.includes(n) && n !== 'connector-id');
  }

  get skipped(): number {
    return this.#skipped + this.#rows.broken;
  }

  line(text: string, line: number, offset: number): void {
    if (text.charCodeAt(0) === 0x23 && /^#(?:Fields|Software|Version|Log-[Tt]ype|Date):/.test(text)) {
      this.#rows.end();
      this.#directive(text);
      return;
    }
    if (text === '' || text.startsWith('#') || (text.startsWith('DateTime,') && this.#time < 0)) return;
    this.#rows.line(text, line, offset);
  }

  #row(cells: TextValue[], line: number, offset: number): void {
    const r = this.#record;
    const n = r.names.length;
    if (n === 0 || cells[0] === r.names[0]) {
      if (n === 0) this.#skipped++;
      return;
    }
    if (cells.length < 2) {
      this.#skipped++;
      return;
    }
    while (cells.length > n) cells.pop();
    for (let i = 0; i < cells.length; i++) if (cells[i] === '') cells[i] = null;
    while (cells.length < n) cells.push(null);
    const t = this.#time < 0 ? null : (cells[this.#time] as string | null);
    const read = t === null ? { micros: Number.NaN, zoned: false } : isoMicros(t);
    if (Number.isNaN(read.micros)) {
      this.#skipped++;
      return;
    }
    r.values = cells;
    r.micros = read.micros;
    r.timeText = t ?? '';
    // Exchange writes UTC; its older logs leave the Z out.
    r.sure = 'stated';
    r.host = (this.#host >= 0 ? (cells[this.#host] as string | null) : null) ?? this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {
    this.#rows.end();
  }
}

export const exchange: TextFormat = {
  id: 'exchange',
  title: 'Exchange: HttpProxy, ECP, EWS, OWA, OAB, message tracking, protocol logs',
  headers: ['#Fields:', '#Log-type:', '#Log-Type:'],
  identify(head: Head): Match | null {
    const fields = head.lines.find((l) => l.startsWith('#Fields:'));
    if (fields === undefined || !fields.includes(',')) return null;
    const names = fields
      .slice(8)
      .toLowerCase()
      .split(',')
      .map((n) => n.trim());
    if (!names.some((n) => TIME_COLUMNS.includes(n))) return null;
    return { score: 95, why: `comma-separated columns with a time: ${fields.slice(0, 80)}` };
  },
  parser: (context, emit) => new ExchangeParser(context, emit),
};
