// Snort's fast alerts: one line an alert, in local time, without a year in older versions.
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { type Emit, TextRecord } from '../text/record.js';
import { fraction, microsOf, two } from '../text/time.js';

const ALERT =
  /^(?:(\d\d(?:\d\d)?)\/)?(\d\d)\/(\d\d)-(\d\d:\d\d:\d\d)\.(\d{1,6})\s+\[\*\*\] \[(\d+):(\d+):(\d+)\] (.*?) \[\*\*\](?: \[Classification: ([^\]]*)\])?(?: \[Priority: (\d+)\])?(?:.*?\{([\w:-]+)\} (\S+) -> (\S+))?/;
/** `alert_csv` with its default fields: of Snort 2 (27 cells), and of Snort 3. */
const CSV2 =
  /^(?:(\d\d(?:\d\d)?)\/)?(\d\d)\/(\d\d)-(\d\d:\d\d:\d\d)\.(\d{1,6})\s*,(\d+),(\d+),(\d+),("(?:[^"]|"")*"|[^,]*),(\w*),([^,]*),(\d*),([^,]*),(\d*),/;
const CSV3 =
  /^(?:(\d\d(?:\d\d)?)\/)?(\d\d)\/(\d\d)-(\d\d:\d\d:\d\d)\.(\d{1,6}), \d+, (\w+), \w+, \d+, \w+, (\S+), (\S+), (\d+):(\d+):(\d+), (\w+)/;
const NAMES = [
  'signature',
  'generator_id',
  'signature_id',
  'signature_rev',
  'classification',
  'priority',
  'proto',
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
];

const endpoint = (t: string | undefined): [string | null, string | null] => {
  if (t === undefined) return [null, null];
  const m = /^(\d+\.\d+\.\d+\.\d+|\[?[0-9a-fA-F:]+\]?):(\d{1,5})$/.exec(t);
  return m === null ? [t, null] : [m[1]!.replace(/[[\]]/g, ''), m[2]!];
};

class SnortParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#record.names = NAMES;
    this.#record.channel = 'ids/snort';
  }

  line(text: string, line: number, offset: number): void {
    if (text.trim() === '') return;
    const r = this.#record;
    let m = ALERT.exec(text);
    let found: (string | null)[];
    let ids: readonly [string, string];
    if (m !== null) {
      const [si, sp] = endpoint(m[13]);
      const [di, dp] = endpoint(m[14]);
      found = [m[9]!, m[6]!, m[7]!, m[8]!, m[10] ?? null, m[11] ?? null, m[12] ?? null, si, sp, di, dp];
      ids = [m[6]!, m[7]!];
    } else if ((m = CSV2.exec(text)) !== null) {
      const cell = (i: number): string | null => m![i]!.trim() || null;
      const signature = m[9]!.replace(/^"|"$/g, '').replaceAll('""', '"');
      found = [signature, m[6]!, m[7]!, m[8]!, null, null, cell(10), cell(11), cell(12), cell(13), cell(14)];
      ids = [m[6]!, m[7]!];
    } else if ((m = CSV3.exec(text)) !== null) {
      found = [null, m[9]!, m[10]!, m[11]!, null, null, m[6]!, ...endpoint(m[7]), ...endpoint(m[8])];
      ids = [m[9]!, m[10]!];
    } else {
      this.skipped++;
      return;
    }
    const t = m[4]!;
    const us = fraction(m[5]!, 0).us;
    const at = (y: number): number => microsOf(y, Number(m[2]), Number(m[3]), two(t, 0), two(t, 3), two(t, 6), us);
    let micros: number;
    if (m[1] !== undefined) micros = at(m[1].length === 2 ? 2000 + Number(m[1]) : Number(m[1]));
    else {
      const year = new Date(this.#context.reference / 1000).getUTCFullYear();
      micros = at(year) > this.#context.reference + 86_400e6 ? at(year - 1) : at(year);
    }
    r.micros = micros - (this.#context.zone ?? 0) * 60e6;
    r.sure = this.#context.zone === null || m[1] === undefined ? 'inferred' : 'given';
    r.timeText = /^[\d/:.-]+/.exec(text)![0];
    r.values = found;
    r.eventId = ids.join(':');
    r.host = this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const snort: TextFormat = {
  id: 'snort',
  title: 'Snort alerts (fast, CSV)',
  identify: (head) => byShare(head, 95, 'Snort alerts', (l) => ALERT.test(l) || CSV2.test(l) || CSV3.test(l)),
  parser: (context, emit) => new SnortParser(context, emit),
};
