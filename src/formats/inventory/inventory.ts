// What collections carry beside logs: who has which address (hosts files, `ip addr`, `ifconfig`), who has which user number (passwd).
// A record a line; it is a state, and has no time.
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { type Emit, TextRecord } from '../text/record.js';

type Read = (line: string, state: { name: string }) => readonly [string, string][] | null;

class InventoryParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #read: Read;
  readonly #record = new TextRecord();
  readonly #state = { name: '' };

  constructor(context: ParseContext, emit: Emit, channel: string, read: Read) {
    this.#emit = emit;
    this.#context = context;
    this.#read = read;
    this.#record.channel = channel;
    this.#record.provider = channel;
  }

  line(text: string, line: number, offset: number): void {
    if (/^\s*(?:#|$)/.test(text)) return;
    const found = this.#read(text, this.#state);
    if (found === null) {
      this.skipped++;
      return;
    }
    if (found.length === 0) return;
    const r = this.#record;
    r.names = found.map((f) => f[0]);
    r.values = found.map((f) => f[1]);
    r.line = line;
    r.offset = offset;
    r.host = this.#context.host;
    r.timeText = '';
    r.micros = Number.NaN;
    r.sure = 'none';
    this.#emit(r);
  }

  end(): void {}
}

const format = (id: string, title: string, channel: string, what: string, shape: RegExp, read: Read): TextFormat => ({
  id,
  title,
  whole: true,
  identify: (head) => {
    const first = head.lines.filter((l) => !/^\s*(?:#|$)/.test(l));
    if (first.length < 1 || !first.some((l) => shape.test(l))) return null;
    return byShare({ ...head, lines: first }, 70, what, (l) => read(l, { name: '' }) !== null);
  },
  parser: (context, emit) => new InventoryParser(context, emit, channel, read),
});

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+(?:%\w+)?)$/i;

/** A hosts file (hosts(5)): an address, a name, aliases. */
export const hostsFile = format(
  'hosts',
  'Hosts file',
  'inventory/hosts',
  'addresses with names',
  /^\s*(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}:[0-9a-f:]{1,40})\s+[a-z0-9]/i,
  (line) => {
    const cells = line.replace(/#.*$/, '').trim().split(/\s+/);
    if (cells.length < 2 || !ADDRESS.test(cells[0]!) || !cells.slice(1).every((n) => /^[\w.-]{1,253}$/.test(n)))
      return null;
    // The longest name says most.
    const name = cells.slice(1).reduce((a, b) => (b.length > a.length ? b : a));
    return [
      ['ip', cells[0]!],
      ['hostname', name],
    ];
  },
);

/** Output of `ip addr` or `ifconfig`: addresses of the machine that it was taken on. */
export const interfaces = format(
  'interfaces',
  'Addresses of a machine (ip addr, ifconfig)',
  'inventory/interfaces',
  'lines of ip addr or ifconfig',
  /^(?:\d+: [\w.@-]+: <[A-Z,_0-9]*>|[\w.-]+: flags=\d+<|\s+inet6? )/,
  (line) => {
    const m = /^\s+inet6? (?:addr:\s*)?([0-9a-f.:]+)/i.exec(line);
    if (m !== null && ADDRESS.test(m[1]!)) return [['ip', m[1]!]];
    return /^(?:\d+: \S+: <|[\w.-]+:? +(?:flags=|Link encap)|\s+(?:link\/|valid_lft|altname|ether |RX |TX |UP |inet6? |loop |device |collisions|Interrupt|HWaddr))/.test(
      line,
    )
      ? []
      : null;
  },
);

/** The list of users (passwd(5)): names and numbers. */
export const passwd = format(
  'passwd',
  'List of users (passwd)',
  'inventory/passwd',
  'entries of passwd',
  /^[\w.-]+\$?:[x*!]*:\d+:\d+:/,
  (line) => {
    const m = /^([\w.-]+\$?):[^:]*:(\d+):(\d+):([^:]*):([^:]*):([^:]*)$/.exec(line.trimEnd());
    if (m === null) return null;
    return [
      ['user', m[1]!],
      ['uid', m[2]!],
      ['gid', m[3]!],
      ['gecos', m[4]!],
      ['home', m[5]!],
      ['shell', m[6]!],
    ];
  },
);
