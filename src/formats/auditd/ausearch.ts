// The audit daemon's events as `ausearch -i` prints them: interpreted, with the time as a date (audit: ausearch(8)). Told back as auditd writes
// them, so that one reader joins and names them.
import { auditd } from './auditd.js';
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import type { Emit } from '../text/record.js';
import { microsOf } from '../text/time.js';

const LINE =
  /^((?:node=\S+ )?type=\S+ msg=audit\()(\d\d)[/.](\d\d)[/.](\d{4}|\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3}):(\d+)\) : ?([\s\S]*)$/;

class AusearchParser implements LineParser {
  readonly #events: LineParser;
  readonly #context: ParseContext;
  #refused = 0;
  #line = 0;
  #offset = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#context = context;
    // Times are those of whoever printed them; auditd's own are in UTC.
    this.#events = auditd.parser(context, (r) => {
      if (r.sure === 'stated') r.sure = context.zone === null ? 'inferred' : 'given';
      emit(r);
    });
  }

  get skipped(): number {
    return this.#refused + this.#events.skipped;
  }

  line(text: string, line: number, offset: number): void {
    [this.#line, this.#offset] = [line, offset];
    if (text === '' || text.startsWith('----')) return;
    const m = LINE.exec(text);
    if (m === null) {
      this.#refused++;
      return;
    }
    // The order of day and month is that of the locale.
    const [a, b] = [Number(m[2]), Number(m[3])];
    const [month, day] = a > 12 || text.includes(`${m[2]}.${m[3]}.`) ? [b, a] : [a, b];
    const year = m[4]!.length === 2 ? 2000 + Number(m[4]) : Number(m[4]);
    const micros =
      microsOf(year, month, day, Number(m[5]), Number(m[6]), Number(m[7]), Number(m[8]) * 1000) -
      (this.#context.zone ?? 0) * 60e6;
    const stamp = `${Math.floor(micros / 1e6)}.${m[8]}`;
    // Values with blanks are not quoted: a value goes on until the next name.
    const [before, said] = m[10]!.trimEnd().split(/ (?=msg=')/);
    const fields = before!.replace(
      /(^| )([\w-]+)=((?:(?! [\w-]+=)[\s\S])*)/g,
      (_, gap: string, name: string, value: string) =>
        /^["']/.test(value) || name === 'msg'
          ? `${gap}${name}=${value}`
          : `${gap}${name}="${value.replaceAll('"', "'")}"`,
    );
    this.#events.line(
      `${m[1]}${stamp}:${m[9]}): ${fields}${said === undefined ? '' : ` ${said}`}`,
      this.#line,
      this.#offset,
    );
  }

  end(): void {
    this.#events.end();
  }
}

export const ausearch: TextFormat = {
  id: 'ausearch',
  title: 'Linux audit events as ausearch -i prints them',
  whole: true,
  identify: (head) => byShare(head, 94, 'interpreted audit events', (l) => LINE.test(l) || l.startsWith('----')),
  parser: (context, emit) => new AusearchParser(context, emit),
};
