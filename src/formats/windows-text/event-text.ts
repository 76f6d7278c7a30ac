// Windows events as `wevtutil qe /f:text` prints them: a block an event, its parts a line each, the message last.
import { flatten } from '../text/json.js';
import type { LineParser, ParseContext, TextFormat } from '../text/format.js';
import { type Emit, Shapes, TextRecord } from '../text/record.js';
import { fillJson } from '../json/shapes.js';
import { messageData } from './message.js';

const BEGIN = /^Event\[(\d+)\]:?\s*$/;
const PART = /^ {2}([A-Za-z ]{2,20}): ?(.*)$/;
/** Lines of one event; more is something else. */
const MAX_LINES = 5000;

class EventTextParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #parts = new Map<string, string>();
  #message: string[] | null = null;
  #line = 0;
  #offset = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  #give(): void {
    const p = this.#parts;
    const message = (this.#message ?? []).join('\n').trim();
    this.#parts = new Map();
    this.#message = null;
    if (p.size === 0) return;
    const [channel, id] = [p.get('Log Name') ?? '', p.get('Event ID') ?? ''];
    const r = this.#record;
    const event = {
      EventID: id,
      Channel: channel,
      ProviderName: p.get('Source'),
      Computer: p.get('Computer'),
      TimeCreated: p.get('Date'),
      EventData: Object.fromEntries(messageData(channel, id, message)),
      Message: message,
    };
    if (channel === '' || !fillJson(r, event, flatten, this.#shapes, this.#context)) {
      this.skipped++;
      return;
    }
    r.line = this.#line;
    r.offset = this.#offset;
    this.#emit(r);
  }

  line(text: string, line: number, offset: number): void {
    if (BEGIN.test(text)) {
      this.#give();
      [this.#line, this.#offset] = [line, offset];
      this.#parts.set('Event', text);
      return;
    }
    if (this.#parts.size === 0) {
      if (text.trim() !== '') this.skipped++;
      return;
    }
    if (this.#message !== null) {
      if (this.#message.length < MAX_LINES) this.#message.push(text);
      return;
    }
    const m = PART.exec(text);
    if (m === null) {
      if (text.trim() !== '') this.skipped++;
      return;
    }
    if (m[1] === 'Description') this.#message = [m[2]!];
    else this.#parts.set(m[1]!, m[2]!.trim());
  }

  end(): void {
    this.#give();
  }
}

export const eventText: TextFormat = {
  id: 'wevtutil-text',
  title: 'Windows events as wevtutil prints them as text',
  whole: true,
  identify: (head) =>
    head.lines.some((l) => BEGIN.test(l)) && head.lines.some((l) => /^ {2}Log Name: /.test(l))
      ? { score: 95, why: 'events with a line each for log, source, date and id' }
      : null,
  parser: (context, emit) => new EventTextParser(context, emit),
};
