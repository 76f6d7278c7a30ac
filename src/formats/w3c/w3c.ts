// W3C extended logs (www.w3.org/TR/WD-logfile): IIS, Windows firewall, proxies. The #Fields line says what the columns
// are, and may come again with others. Times are UTC by the specification, but for the Windows firewall, which says
// "Local" in its header.
import { microsOf, two, four } from '../text/time.js';
import { type Emit, TextRecord, type TextValue } from '../text/record.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';

/** Names as Sigma and everybody else write them: cs(User-Agent) is cs-user-agent. */
export function w3cName(name: string): string {
  const m = /^([a-z]+)\(([^)]+)\)$/i.exec(name);
  return m === null ? name : `${m[1]!.toLowerCase()}-${m[2]!.toLowerCase()}`;
}

function channelOf(names: ReadonlySet<string>): string {
  if (names.has('src-ip') && names.has('dst-ip') && names.has('action')) return 'firewall';
  if (names.has('sc-filter-result') || names.has('r-host') || names.has('r-ip') || names.has('s-hierarchy'))
    return 'proxy';
  if (names.has('cs-method') || names.has('cs-uri-stem') || names.has('cs-uri')) return 'webserver';
  return 'w3c';
}

class W3cParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  #columns = 0;
  #date = -1;
  #time = -1;
  #host = -1;
  #local = false;
  /** Days of a log whose lines have no date: from #Date, one more where the clock passes midnight. */
  #headerDate = '';
  #dayShift = 0;
  #lastTime = -1;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    for (const h of context.header) this.#directive(h);
  }

  #directive(line: string): void {
    if (line.startsWith('#Fields:')) {
      const names = line.slice(8).trim().split(/\s+/).map(w3cName);
      this.#columns = names.length;
      this.#date = names.indexOf('date');
      this.#time = names.indexOf('time');
      this.#host = names.indexOf('s-computername');
      this.#record.names = names;
      this.#record.channel = channelOf(new Set(names));
    } else if (line.startsWith('#Date:')) {
      this.#headerDate = line.slice(6).trim();
      this.#dayShift = 0;
      this.#lastTime = -1;
    } else if (/^#Time Format:\s*Local/i.test(line)) this.#local = true;
  }

  line(text: string, line: number, offset: number): void {
    if (text.charCodeAt(0) === 0x23) {
      this.#directive(text);
      return;
    }
    if (text === '') return;
    const cells: TextValue[] = text.split(' ');
    if (cells.length !== this.#columns) {
      // Trailing blanks, or a value with blanks that its writer did not encode.
      while (cells.length > this.#columns && cells[cells.length - 1] === '') cells.pop();
      // Other writers than IIS: several blanks or tabs between values, and quotes around them.
      if (cells.length !== this.#columns) {
        cells.length = 0;
        for (const m of text.matchAll(/"([^"]*)"|(\S+)/g)) cells.push(m[1] ?? m[2] ?? '');
      }
      if (cells.length !== this.#columns || this.#columns === 0) {
        this.skipped++;
        return;
      }
    }
    const r = this.#record;
    for (let i = 0; i < cells.length; i++) if (cells[i] === '-') cells[i] = null;
    r.values = cells;
    this.#when(cells);
    if (Number.isNaN(r.micros) && this.#date >= 0) {
      this.skipped++;
      return;
    }
    r.host = (this.#host >= 0 ? (cells[this.#host] as string | null) : null) ?? this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  #when(cells: readonly TextValue[]): void {
    const r = this.#record;
    const time = this.#time < 0 ? null : (cells[this.#time] as string | null);
    if (time === null) {
      r.micros = Number.NaN;
      r.sure = 'none';
      r.timeText = '';
      return;
    }
    const date = this.#date < 0 ? this.#headerDate : ((cells[this.#date] as string | null) ?? '');
    let micros = microsOf(four(date, 0), two(date, 5), two(date, 8), two(time, 0), two(time, 3), two(time, 6));
    if (time.length > 9 && time[8] === '.') micros += Number(`0.${time.slice(9)}`) * 1e6;
    r.sure = 'stated';
    if (this.#date < 0) {
      if (micros < this.#lastTime - 12 * 3600e6) this.#dayShift += 86_400e6;
      this.#lastTime = micros;
      micros += this.#dayShift;
      r.sure = 'inferred';
      r.timeText = time;
    } else r.timeText = `${date} ${time}`;
    if (this.#local) {
      micros -= (this.#context.zone ?? 0) * 60e6;
      r.sure = this.#context.zone === null ? 'inferred' : 'given';
    }
    r.micros = micros;
  }

  end(): void {}
}

export const w3c: TextFormat = {
  id: 'w3c',
  title: 'W3C extended log: IIS, Windows firewall, proxies',
  headers: ['#Fields:', '#Date:', '#Time Format:'],
  identify(head: Head): Match | null {
    const fields = head.lines.find((l) => l.startsWith('#Fields:'));
    if (fields === undefined || fields.includes(',')) return null;
    return { score: 95, why: `a line of columns: ${fields.slice(0, 80)}` };
  },
  parser: (context, emit) => new W3cParser(context, emit),
};
