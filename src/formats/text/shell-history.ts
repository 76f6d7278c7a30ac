// Shell history with times (#1634567890 above each command). Without times a history is any text: it cannot be told by
// content, so that it is read only when its user says so.
import type { Head, LineParser, ParseContext, TextFormat } from './format.js';
import { type Emit, TextRecord } from './record.js';

class HistoryParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  #micros = Number.NaN;
  #text = '';

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#record.names = ['CommandLine'];
    this.#record.channel = 'linux/shell-history';
  }

  line(text: string, line: number, offset: number): void {
    const stamp = /^#(\d{9,10})$/.exec(text);
    if (stamp !== null) {
      this.#micros = Number(stamp[1]) * 1e6;
      this.#text = stamp[1]!;
      return;
    }
    // zsh: ": 1634567890:0;command"
    const zsh = /^: (\d{9,10}):\d+;([\s\S]*)$/.exec(text);
    if (zsh !== null) {
      this.#micros = Number(zsh[1]) * 1e6;
      this.#text = zsh[1]!;
    }
    if (text.trim() === '') return;
    const r = this.#record;
    r.values = [zsh === null ? text : zsh[2]!];
    r.micros = this.#micros;
    r.timeText = this.#text;
    r.sure = Number.isNaN(this.#micros) ? 'none' : 'stated';
    r.host = this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const shellHistory: TextFormat = {
  id: 'shell-history',
  title: 'Shell history with times (bash, zsh)',
  whole: true,
  identify(head: Head) {
    const stamps = head.lines.filter((l) => /^#\d{9,10}$|^: \d{9,10}:\d+;/.test(l)).length;
    return stamps >= 2 && stamps >= head.lines.length * 0.3
      ? { score: 85, why: 'commands with times of a shell history' }
      : null;
  },
  parser: (context, emit) => new HistoryParser(context, emit),
};
