// Logs of applications: lines that begin with a time, as Tomcat, Java's loggers, Python's logging, Confluence, Jenkins and many
// others write them, and gateways that keep a log of their own (OpenVPN). Lines without one belong to the record before them (a stack
// trace, a message of several lines).
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { MAIL_SERVICE, mailLine, putMail } from '../mail/services.js';
import { vpnFields } from '../syslog/devices.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { microsOf, monthOf, type ReadTime } from '../text/time.js';
import { cellMicros } from '../table/table.js';

/** Characters of one record; the rest of a longer one is dropped. */
const MAX_MESSAGE = 256 << 10;

const START =
  /^\[?((?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? \d{4}|\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?|\d{1,2}[-/.](?:[A-Z][a-z]{2}|\d{1,2})[-/.]\d{4}[ T]\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?)(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?)\]?[\s:|,-]*/;
const LEVEL = /\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|CRITICAL|FATAL|FINE(?:R|ST)?|CONFIG)\b/i;
const NAMES: readonly string[] = ['level', 'message'];

/** `Wed Sep 18 22:12:37 2024`, as asctime(3) writes a time (OpenVPN, Apache's errors); null where a text is none. */
function asctime(text: string): ReadTime | null {
  const m = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (\d{4})$/.exec(text);
  if (m === null) return null;
  const us = Number((m[6] ?? '').slice(0, 6).padEnd(6, '0'));
  const micros = microsOf(Number(m[7]), monthOf(m[1]!, 0), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), us);
  return { micros, zoned: false };
}

class LinesParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #open = false;
  #message: string[] = [];
  #chars = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    const m = START.exec(text);
    // Numbers on both sides: the day comes first, as nobody but Americans writes it, and they write slashes.
    const time = m === null ? null : (asctime(m[1]!) ?? cellMicros(m[1]!.replace(',', '.'), !m[1]!.includes('/')));
    if (m === null || time === null || Number.isNaN(time.micros)) {
      if (!this.#open) {
        if (text.trim() !== '') this.skipped++;
        return;
      }
      this.#chars += text.length;
      if (this.#chars <= MAX_MESSAGE) this.#message.push(text);
      return;
    }
    this.end();
    const r = this.#record;
    const { zone } = this.#context;
    r.line = line;
    r.offset = offset;
    r.host = this.#context.host;
    r.timeText = m[1]!;
    r.micros = time.zoned ? time.micros : time.micros - (zone ?? 0) * 60e6;
    r.sure = time.zoned ? 'stated' : zone === null ? 'inferred' : 'given';
    this.#message = [text.slice(m[0].length, m[0].length + MAX_MESSAGE)];
    this.#chars = text.length;
    this.#open = true;
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    const message = this.#message.join('\n').trimEnd();
    const level = LEVEL.exec(message.slice(0, 200));
    const r = this.#record;
    r.channel = 'application';
    r.names = NAMES;
    r.values = [level === null ? null : level[1]!.toUpperCase(), message];
    const mail = mailLine(message);
    if (mail !== null) {
      const [names, values]: [string[], TextValue[]] = [[...r.names], r.values];
      putMail(mail, (name, value) => {
        names.push(name);
        values.push(value);
      });
      r.channel = MAIL_SERVICE;
      r.names = this.#shapes.of(names);
    } else {
      // A tunnel's: of the program that writes such lines.
      const said = new Map<string, TextValue>();
      if (vpnFields('openvpn', message, (name, value) => said.set(name, value))) {
        r.channel = 'linux/syslog';
        r.names = this.#shapes.of([...r.names, 'program', ...said.keys()]);
        r.values = [...r.values, 'openvpn', ...said.values()];
      }
    }
    this.#emit(r);
  }
}

export const timedLines: TextFormat = {
  id: 'timed-lines',
  title: 'Application logs: lines that begin with a time (Tomcat catalina, Java, Python and others)',
  whole: true,
  identify(head) {
    const first = head.lines.find((l) => l.trim() !== '');
    if (first === undefined) return null;
    // Stack traces may be most of a log: a record in ten lines is enough, if several of them are.
    const starts = head.lines.filter((l) => START.test(l)).length;
    const share = byShare(head, 42, 'lines that begin with a time', (l) => START.test(l));
    return (
      share ??
      (starts >= 3 && starts >= head.lines.length / 10 ? { score: 38, why: `${starts} lines begin with a time` } : null)
    );
  },
  parser: (context, emit) => new LinesParser(context, emit),
};
