// The journal export format of systemd (`journalctl -o export`): fields a line, a blank line after each entry, values with line
// ends behind their size in binary (systemd: Journal Export Formats). Lines come as text, so that a binary field's size is
// not used: its value goes on until a line that is a field again, or a blank one.
import { messageFields } from '../syslog/message.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from './format.js';
import { type Emit, Shapes, TextRecord, type TextValue } from './record.js';

const FIELD = /^([A-Z_][A-Z0-9_]{0,63})=([\s\S]*)$/;
const NAME = /^[A-Z_][A-Z0-9_]{0,63}$/;
/** Fields of one entry; more is something else. */
const MAX_FIELDS = 2000;

class JournalParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #fields = new Map<string, TextValue>();
  #line = 0;
  #offset = 0;
  /** Name of the binary field whose value is being read, and its lines so far. */
  #binary: string | null = null;
  #value: string[] = [];

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  #put(name: string, value: string): void {
    if (this.#fields.size >= MAX_FIELDS) return;
    const known = this.#fields.get(name);
    this.#fields.set(
      name,
      known === undefined ? value : typeof known === 'string' ? [known, value] : [...known!, value],
    );
  }

  #close(): void {
    if (this.#binary === null) return;
    // Eight bytes of size stand before the value; NULs among them are gone already.
    // oxlint-disable-next-line no-control-regex
    const value = this.#value.join('\n').replace(/^[^\t\x20-\x7e]{0,8}/, '');
    this.#put(this.#binary, value);
    this.#binary = null;
    this.#value = [];
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') {
      this.#close();
      this.#give();
      return;
    }
    if (this.#fields.size === 0 && this.#binary === null) {
      this.#line = line;
      this.#offset = offset;
    }
    const m = FIELD.exec(text);
    if (m !== null) {
      this.#close();
      this.#put(m[1]!, m[2]!);
    } else if (this.#binary !== null) this.#value.push(text);
    else if (NAME.test(text)) this.#binary = text;
    else this.skipped++;
  }

  #give(): void {
    const f = this.#fields;
    if (f.size === 0) return;
    this.#fields = new Map();
    const one = (name: string): string => {
      const v = f.get(name);
      return typeof v === 'string' ? v : '';
    };
    const stamp = one('__REALTIME_TIMESTAMP') || one('_SOURCE_REALTIME_TIMESTAMP');
    const r = this.#record;
    f.set('program', one('SYSLOG_IDENTIFIER') || one('_COMM'));
    f.set('message', one('MESSAGE'));
    const pid = one('SYSLOG_PID') || one('_PID');
    if (pid !== '' && !f.has('pid')) f.set('pid', pid);
    const channel = messageFields(one('SYSLOG_IDENTIFIER') || one('_COMM'), one('MESSAGE'), (name, value) => {
      if (value !== '' && !f.has(name)) f.set(name, value);
    });
    r.names = this.#shapes.of([...f.keys()]);
    r.values = [...f.values()];
    r.channel = channel ?? 'linux/syslog';
    r.provider = one('SYSLOG_IDENTIFIER') || one('_COMM');
    r.eventId = '';
    r.host = one('_HOSTNAME') || this.#context.host;
    r.timeText = stamp;
    r.micros = /^\d{1,17}$/.test(stamp) ? Number(stamp) : Number.NaN;
    r.sure = Number.isNaN(r.micros) ? 'none' : 'stated';
    r.line = this.#line;
    r.offset = this.#offset;
    this.#emit(r);
  }

  end(): void {
    this.#close();
    this.#give();
  }
}

export const journalExport: TextFormat = {
  id: 'journal-export',
  title: 'systemd journal, export format',
  whole: true,
  identify(head: Head): Match | null {
    return /^(?:__CURSOR|__REALTIME_TIMESTAMP)=/m.test(head.text) && FIELD.test(head.lines[0] ?? '')
      ? { score: 95, why: 'fields of the systemd journal, one a line' }
      : null;
  },
  parser: (context, emit) => new JournalParser(context, emit),
};
