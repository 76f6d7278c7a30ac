// Lines of other logs that collectors and container engines carry whole, each in a text of an object or behind a stamp of their own: read by
// the format that they are of.
import { accessLog, haproxy, loadBalancer, proxyManager, squid } from '../access-log/access-log.js';
import { auditd } from '../auditd/auditd.js';
import { syslog } from '../syslog/syslog.js';
import type { LineParser, ParseContext, TextFormat } from '../text/format.js';
import type { Emit, TextRecord } from '../text/record.js';

const FORMATS: readonly TextFormat[] = [accessLog, haproxy, loadBalancer, proxyManager, squid, auditd, syslog];
/** Longer lines are no line of these. */
const MAX_LINE = 16_384;
const NOTHING = new Uint8Array();

type Obj = Readonly<Record<string, unknown>>;

/** The text of an object that may be a line of another log; ''. */
export function innerText(o: Obj): string {
  const event = o.event as Obj | undefined;
  for (const v of [o._raw, event?.original, o.message, o.log, o.line, o.msg, o.full_log, o.MESSAGE])
    if (typeof v === 'string' && v !== '') return v.length > MAX_LINE ? '' : v.trimEnd();
  return '';
}

/** Parsers of the carried lines of one file. */
export class InnerLines {
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #parsers = new Map<TextFormat, LineParser>();
  #host = '';

  constructor(context: ParseContext, emit: Emit) {
    this.#context = context;
    this.#emit = (r: TextRecord): void => {
      if (r.host === '' || r.host === context.host) r.host = this.#host || r.host;
      emit(r);
    };
  }

  /** Reads a line that stands in a record of the file at `line` and `offset`; false where it is of none of the formats. `host`: whose it is, where it does not say. */
  give(text: string, host: string, line: number, offset: number): boolean {
    const head = { bytes: NOTHING, text, lines: [text] };
    for (const format of FORMATS) {
      if (format.identify(head) === null) continue;
      let parser = this.#parsers.get(format);
      if (parser === undefined) this.#parsers.set(format, (parser = format.parser(this.#context, this.#emit)));
      this.#host = host;
      const skipped = parser.skipped;
      parser.line(text, line, offset);
      if (parser.skipped === skipped) return true;
    }
    return false;
  }

  end(): void {
    for (const p of this.#parsers.values()) p.end();
  }
}
