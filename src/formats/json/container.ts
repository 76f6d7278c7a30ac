// Logs of containers as Kubernetes' runtimes keep them: a stamp, the stream, whether the line is whole (F) or a part (P), then what the program
// wrote (Kubernetes: CRI log format).
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { flatten, objectOf } from '../text/json.js';
import { type Emit, Shapes, TextRecord } from '../text/record.js';
import { isoMicros } from '../text/time.js';
import { unwrapped } from './envelopes.js';
import { InnerLines } from './inner.js';
import { fillJson } from './shapes.js';

const LINE =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::\S*)? ?([\s\S]*)$/;
/** Parts of a line are joined up to this many characters. */
const MAX_LINE = 1 << 20;
const NAMES = ['stream', 'message'];

class ContainerParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  readonly #inner: InnerLines;
  /** What was begun of a line, by stream. */
  readonly #parts = new Map<string, string>();
  #at: [number, number] = [0, 0];

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#inner = new InnerLines(context, emit);
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    const m = LINE.exec(text);
    if (m === null) {
      this.skipped++;
      return;
    }
    const begun = this.#parts.get(m[2]!) ?? '';
    const whole = begun.length < MAX_LINE ? begun + m[4]! : begun;
    this.#at = [line, offset];
    if (m[3] === 'P') {
      this.#parts.set(m[2]!, whole);
      return;
    }
    this.#parts.delete(m[2]!);
    this.#give(m[1]!, m[2]!, whole.trimEnd(), line, offset);
  }

  #give(stamp: string, stream: string, said: string, line: number, offset: number): void {
    const r = this.#record;
    const o = objectOf(said);
    if (o !== null && fillJson(r, unwrapped(o), flatten, this.#shapes, this.#context) && r.channel !== 'json') {
      r.line = line;
      r.offset = offset;
      this.#emit(r);
      return;
    }
    if (said !== '' && this.#inner.give(said, this.#context.host, line, offset)) return;
    r.channel = 'container/log';
    r.provider = '';
    r.eventId = '';
    r.host = this.#context.host;
    r.micros = isoMicros(stamp).micros;
    r.timeText = stamp;
    r.sure = Number.isNaN(r.micros) ? 'none' : 'stated';
    r.names = NAMES;
    r.values = [stream, said];
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {
    // A line whose end the log does not have.
    for (const [stream, said] of this.#parts) this.#give('', stream, said, ...this.#at);
    this.#inner.end();
  }
}

export const container: TextFormat = {
  id: 'container',
  title: "Containers' logs as Kubernetes keeps them (CRI), with the lines of other logs in them",
  whole: true,
  identify: (head) => byShare(head, 96, 'lines of containers', (l) => LINE.test(l)),
  parser: (context, emit) => new ContainerParser(context, emit),
};
