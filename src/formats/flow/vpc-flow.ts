// Flow logs of an Amazon VPC: a header with the names of the fields, or the fields of version 2 in their order; a stamp of CloudWatch may stand
// before (Amazon VPC User Guide, Flow log records).
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { type Emit, TextRecord } from '../text/record.js';
import { isoMicros } from '../text/time.js';

const V2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'.split(
    ' ',
  );
/** Names of the fields → as facts have them; the others keep theirs. */
const OURS: Readonly<Record<string, string>> = {
  srcaddr: 'src_ip',
  dstaddr: 'dst_ip',
  srcport: 'src_port',
  dstport: 'dst_port',
  bytes: 'bytes_out',
};
const LINE =
  /^(?:\d{4}-\d\d-\d\dT\S+ )?\d{1,2} (?:\d{12}|unknown|-) (?:eni-\S+|-) (?:[\d.]+|[0-9a-f:]+|-) (?:[\d.]+|[0-9a-f:]+|-) (?:\d+|-) .*(?:OK|NODATA|SKIPDATA)/;
const isHeader = (l: string): boolean =>
  /(?:^| )srcaddr(?: |$)/.test(l) && /(?:^| )dstaddr(?: |$)/.test(l) && !/\d{9}/.test(l);

class VpcFlowParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  #names = V2;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#record.channel = 'flow';
    for (const h of context.header) if (isHeader(h)) this.#header(h);
    this.#named();
  }

  #header(line: string): void {
    this.#names = line.trim().split(/\s+/);
    this.#named();
  }

  #named(): void {
    this.#record.names = this.#names.map((n) => (Object.hasOwn(OURS, n) ? OURS[n]! : n));
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    if (isHeader(text)) {
      this.#header(text);
      return;
    }
    const stamp = /^(\d{4}-\d\d-\d\dT\S+) /.exec(text);
    const cells = text
      .slice(stamp?.[0].length ?? 0)
      .trim()
      .split(/\s+/);
    if (cells.length !== this.#names.length) {
      this.skipped++;
      return;
    }
    const at = (name: string): string => cells[this.#names.indexOf(name)] ?? '-';
    // Nothing was seen, or it was not logged.
    if (at('srcaddr') === '-' && at('dstaddr') === '-') return;
    const r = this.#record;
    const start = at('start');
    const micros = /^\d{9,10}$/.test(start)
      ? Number(start) * 1e6
      : stamp === null
        ? Number.NaN
        : isoMicros(stamp[1]!).micros;
    r.values = cells.map((c, i) => (c === '-' ? null : this.#names[i] === 'action' ? c.toLowerCase() : c));
    r.micros = micros;
    r.timeText = /^\d/.test(start) ? start : (stamp?.[1] ?? '');
    r.sure = Number.isNaN(micros) ? 'none' : 'stated';
    r.host = this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const vpcFlow: TextFormat = {
  id: 'aws-vpc-flow',
  title: 'Flow logs of an Amazon VPC',
  headers: ['version account-id', 'version ', 'account-id '],
  identify: (head) =>
    isHeader(head.lines[0] ?? '')
      ? { score: 94, why: 'a header with srcaddr and dstaddr' }
      : byShare(head, 93, 'flows of a VPC', (l) => LINE.test(l)),
  parser: (context, emit) => new VpcFlowParser(context, emit),
};
