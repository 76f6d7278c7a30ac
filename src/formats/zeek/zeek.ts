// Zeek (Bro) logs as TSV with a header that says everything about them, and as JSON lines.
import { byShare, type Head, type LineParser, type Match, type ParseContext, type TextFormat } from '../text/format.js';
import { flatten, objectOf } from '../text/json.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { epochMicros, isoMicros } from '../text/time.js';

const unescape = (t: string): string =>
  t.includes('\\x')
    ? t.replace(/\\x([0-9a-fA-F]{2})/g, (_, h: string) => String.fromCharCode(Number.parseInt(h, 16)))
    : t;

class ZeekTsvParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  #separator = '\t';
  #setSeparator = ',';
  #unset = '-';
  #empty = '(empty)';
  #sets: readonly boolean[] = [];
  #time = -1;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    for (const h of context.header) this.#directive(h);
  }

  #directive(line: string): void {
    if (line.startsWith('#separator')) {
      this.#separator = unescape(line.slice(11).trim());
      return;
    }
    const cells = line.split(this.#separator);
    const value = cells[1] ?? '';
    switch (cells[0]) {
      case '#set_separator':
        this.#setSeparator = value;
        break;
      case '#empty_field':
        this.#empty = value;
        break;
      case '#unset_field':
        this.#unset = value;
        break;
      case '#path':
        this.#record.channel = `zeek/${value}`;
        break;
      case '#fields':
        this.#record.names = cells.slice(1);
        this.#time = this.#record.names.indexOf('ts');
        this.#sets = this.#record.names.map(() => false);
        break;
      case '#types':
        this.#sets = cells.slice(1).map((t) => t.startsWith('set[') || t.startsWith('vector['));
        break;
    }
  }

  line(text: string, line: number, offset: number): void {
    if (text.charCodeAt(0) === 0x23) {
      this.#directive(text);
      return;
    }
    if (text === '') return;
    const r = this.#record;
    const cells: TextValue[] = text.split(this.#separator);
    if (cells.length !== r.names.length) {
      this.skipped++;
      return;
    }
    const unset = this.#unset;
    const escaped = text.includes('\\x');
    for (let i = 0; i < cells.length; i++) {
      const c = cells[i] as string;
      if (c === unset) cells[i] = null;
      else if (c === this.#empty) cells[i] = '';
      else if (this.#sets[i] === true && c.includes(this.#setSeparator))
        cells[i] = c.split(this.#setSeparator).map(unescape);
      else if (escaped) cells[i] = unescape(c);
    }
    const t = this.#time < 0 ? null : (cells[this.#time] as string | null);
    r.values = cells;
    r.micros = t === null ? Number.NaN : epochMicros(t);
    if (t !== null && Number.isNaN(r.micros)) r.micros = isoMicros(t).micros;
    r.timeText = t ?? '';
    r.sure = Number.isNaN(r.micros) ? 'none' : 'stated';
    r.host = this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const zeekTsv: TextFormat = {
  id: 'zeek',
  title: 'Zeek logs (TSV)',
  headers: ['#separator', '#set_separator', '#empty_field', '#unset_field', '#path', '#fields', '#types'],
  identify(head: Head): Match | null {
    if (head.text.startsWith('#separator ')) return { score: 100, why: 'begins with #separator' };
    if (head.lines.some((l) => l.startsWith('#fields\t')) && head.lines.some((l) => l.startsWith('#types\t')))
      return { score: 95, why: '#fields and #types lines' };
    return null;
  },
  parser: (context, emit) => new ZeekTsvParser(context, emit),
};

/** What log a JSON line without _path is from, by fields that only it has. */
function pathOf(o: ReadonlyMap<string, TextValue>): string {
  if (o.has('conn_state') || (o.has('orig_bytes') && o.has('history'))) return 'conn';
  if (o.has('qtype') || o.has('query')) return 'dns';
  if (o.has('status_code') || o.has('user_agent')) return 'http';
  if (o.has('cipher') && o.has('version') && o.has('established')) return 'ssl';
  if (o.has('fuid') && o.has('mime_type')) return 'files';
  if (o.has('client') && o.has('server') && o.has('auth_success')) return 'ssh';
  if (o.has('named_pipe')) return 'dce_rpc';
  if (o.has('note')) return 'notice';
  return 'unknown';
}

class ZeekJsonParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    let o = objectOf(text);
    let wrapped: string | null = null;
    if (o !== null && o.ts === undefined) {
      // {"conn": {…}}: the log's name around its record.
      const [[name, inner] = ['', null], ...others] = Object.entries(o);
      if (others.length === 0 && typeof inner === 'object' && inner !== null) {
        o = inner as Record<string, unknown>;
        wrapped = name;
      }
    }
    if (o === null || o.ts === undefined) {
      this.skipped++;
      return;
    }
    const flat = flatten(o);
    const r = this.#record;
    r.names = this.#shapes.of([...flat.keys()]);
    r.values = [...flat.values()];
    const path = flat.get('_path');
    r.channel = `zeek/${wrapped ?? (typeof path === 'string' ? path : pathOf(flat))}`;
    const t = String(o.ts);
    r.micros = epochMicros(t);
    if (Number.isNaN(r.micros)) r.micros = isoMicros(t).micros;
    r.timeText = t;
    r.sure = Number.isNaN(r.micros) ? 'none' : 'stated';
    const node = flat.get('_system_name');
    r.host = typeof node === 'string' ? node : this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const zeekJson: TextFormat = {
  id: 'zeek-json',
  title: 'Zeek logs (JSON lines)',
  identify: (head) =>
    byShare(
      head,
      92,
      "JSON objects with Zeek's ts and its names",
      (l) => /^\{.*"ts":/.test(l) && /"(uid|id\.orig_h|_path|fuid)":/.test(l),
    ),
  parser: (context, emit) => new ZeekJsonParser(context, emit),
};
