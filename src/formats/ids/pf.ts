// pf's log as tcpdump prints it from pflog: with a date before the time (-tttt) or as OpenBSD does (Mar 05 08:00:00.123456).
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { type Emit, TextRecord } from '../text/record.js';
import { isoMicros, yearlessMicros } from '../text/time.js';

const LINE =
  /^(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6})|([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)\.(\d{1,6})) rule (\S+?)\/\S*(?: \[[^\]]*\])?:? (pass|block|match|rdr|nat|scrub) (in|out) on (\S+?): (\S+) > (\S+?):(?: (.*))?$/;
const NAMES = [
  'action',
  'direction',
  'interface',
  'rule',
  'proto',
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
] as const;

/** `192.0.2.1.443`: the port is behind the last point of an IPv4 address, or of an IPv6 address's only one. */
function endpoint(t: string): [string, string | null] {
  const m = /^(\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]*)\.(\d{1,5})$/i.exec(t);
  return m === null ? [t, null] : [m[1]!, m[2]!];
}

class PfParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#record.names = NAMES;
    this.#record.channel = 'firewall';
    this.#record.provider = 'pf';
  }

  line(text: string, line: number, offset: number): void {
    if (text.trim() === '') return;
    const m = LINE.exec(text);
    if (m === null) {
      this.skipped++;
      return;
    }
    const r = this.#record;
    const context = this.#context;
    const micros =
      m[1] !== undefined
        ? isoMicros(m[1]).micros
        : yearlessMicros(m[2]!, context.reference) + Number(m[3]!.padEnd(6, '0'));
    r.micros = Number.isNaN(micros) ? micros : micros - (context.zone ?? 0) * 60e6;
    r.timeText = m[1] ?? `${m[2]}.${m[3]}`;
    r.sure = Number.isNaN(micros) ? 'none' : context.zone === null || m[1] === undefined ? 'inferred' : 'given';
    const proto =
      /\b(tcp|udp|icmp6?|esp|gre)\b/i.exec(m[10] ?? '')?.[1]?.toLowerCase() ??
      (/^(?:Flags|[SFPRWE.]+ \d)/.test(m[10] ?? '') ? 'tcp' : null);
    r.values = [m[5]!, m[6]!, m[7]!, m[4]!, proto, ...endpoint(m[8]!), ...endpoint(m[9]!)];
    r.host = context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const pf: TextFormat = {
  id: 'pf',
  title: 'pf firewall log as tcpdump prints it',
  identify: (head) => byShare(head, 96, 'packets of pflog', (l) => LINE.test(l)),
  parser: (context, emit) => new PfParser(context, emit),
};
