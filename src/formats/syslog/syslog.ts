// Syslog as files hold it: RFC 5424, RFC 3164 with its variants (no priority, RFC 3339 times, a year), and what others put
// into the message: sshd, sudo, iptables, Cisco ASA, CEF, LEEF, Windows events as XML or JSON.
import { cefStart, cefTime, parseCef } from '../cef/cef.js';
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { flatten, objectOf } from '../text/json.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { isoMicros, microsOf, monthOf, two, yearlessMicros } from '../text/time.js';
import { eventFields, fillWindows } from '../xml/event-xml.js';
import { fillJson } from '../json/shapes.js';

const RFC5424 =
  /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+) ?([\s\S]*)$/;
const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;
const BSD_TIME = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/;
/** `Oct 15 2018 05:12:43`: Cisco, and rsyslog when told to. */
const YEAR_TIME = /^([A-Z][a-z]{2}) ([ \d]\d) (\d{4}) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?:?/;

export const looksLikeSyslog = (l: string): boolean =>
  RFC5424.test(l) ||
  /^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) \S+ ?\S/.test(
    l,
  );

const SSHD = /^(Accepted|Failed|Postponed) (\S+) for (invalid user )?(.*?) from (\S+) port (\d+)/;
const SSHD_OTHER: readonly [RegExp, string][] = [
  [/^(Invalid user) (\S*) from (\S+)(?: port (\d+))?/, 'invalid'],
  [
    /^(?:Connection|Disconnected|Received disconnect|Connection reset|Unable to negotiate)\b.*?(?:by|from|with) (?:invalid user |authenticating user )?(?:(\S+) )?(\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]{3,}) port (\d+)/,
    'connection',
  ],
];

/**
 * `user : TTY=pts/0 ; PWD=/home/user ; USER=root ; COMMAND=/bin/id`. A reason before the terminal says that nothing was run; what stands
 * behind the first `COMMAND=` is the command, whatever is in it.
 */
function sudoFields(message: string, put: (name: string, value: string) => void): void {
  const colon = message.indexOf(' : ');
  if (colon < 0) return;
  const rest = message.slice(colon + 3);
  const tty = rest.indexOf('TTY=');
  const pwd = rest.indexOf(' ; PWD=', tty);
  const user = rest.indexOf(' ; USER=', pwd);
  const command = rest.indexOf(' ; COMMAND=', user);
  if (tty < 0 || pwd < 0 || user < 0 || command < 0) return;
  put('user', message.slice(0, colon).trim());
  put('TTY', rest.slice(tty + 4, pwd));
  put('PWD', rest.slice(pwd + 7, user));
  put('USER', rest.slice(user + 8, command).split(' ;')[0]!);
  const line = rest.slice(command + 11);
  put('COMMAND', line);
  if (tty === 0) {
    put('COMMAND_program', line.split(' ')[0]!);
    // Who sits at the machine itself came by no connection.
    put('COMMAND_parent', /^(?:\/dev\/)?tty\d/.test(rest.slice(4)) ? 'sudo (console)' : 'sudo');
  } else put('denied', rest.slice(0, tty).replace(/ ;\s*$/, ''));
}

/** What programs say in a fixed form, as fields. */
function messageFields(program: string, message: string, put: (name: string, value: string) => void): string | null {
  if (program === 'sshd' || program === 'sshd-session') {
    const m = SSHD.exec(message);
    if (m !== null) {
      put('action', m[1]!.toLowerCase());
      put('auth_method', m[2]!);
      put('user', m[4]!);
      put('src_ip', m[5]!);
      put('src_port', m[6]!);
      return null;
    }
    const i = SSHD_OTHER[0]![0].exec(message);
    if (i !== null) {
      put('action', 'invalid user');
      put('user', i[2]!);
      put('src_ip', i[3]!);
      return null;
    }
    const closed = /^pam_unix\(sshd:session\): session closed for user (\S+)/.exec(message);
    if (closed !== null) {
      put('session_closed', 'yes');
      put('user', closed[1]!);
      return null;
    }
    const c = SSHD_OTHER[1]![0].exec(message);
    if (c !== null) {
      put('src_ip', c[2]!);
      put('src_port', c[3]!);
      if (c[1] !== undefined) put('user', c[1]);
    }
    return null;
  }
  if (vpnFields(program, message, put)) return null;
  const opened = /^pam_unix\([\w-]+:session\): session opened for user ([^\s(]+)\(uid=(\d+)\)/.exec(message);
  if (opened !== null && program !== 'sudo' && program !== 'su') {
    put('user', opened[1]!);
    put('user_number', opened[2]!);
    return null;
  }
  if (program === 'sudo') {
    sudoFields(message, put);
    return null;
  }
  if (/^cron/i.test(program) || program === 'CROND') {
    const m = /^\(([^)]+)\) CMD \(([\s\S]*)\)\s*$/.exec(message);
    if (m !== null) {
      put('user', m[1]!);
      put('cron_command', m[2]!.trim());
    }
    return null;
  }
  if (/^(?:useradd|adduser|userdel|usermod|gpasswd|passwd|chpasswd)$/.test(program)) {
    const made = /^new (?:user|account): name=([^,\s]+)(?:,|$)/.exec(message) ?? /^delete user '([^']+)'/.exec(message);
    const joined =
      /^add(?:ed)? '([^']+)' to (?:shadow )?group '([^']+)'/.exec(message) ??
      /^user (\S+) added by \S+ to group (\S+)/.exec(message);
    const word = /password changed for (\S+)/.exec(message);
    if (made !== null) {
      // A package makes accounts for its services at no terminal.
      put(
        'account_action',
        !message.startsWith('new') ? 'delete' : /,\s*from=none\b/.test(message) ? 'create by a package' : 'create',
      );
      put('user', made[1]!);
      const uid = /\bUID=(\d+)/.exec(message)?.[1];
      if (uid !== undefined) put('uid', uid);
    } else if (joined !== null) {
      put('account_action', 'member added');
      put('user', joined[2]!);
      put('member', joined[1]!);
    } else if (word !== null) {
      put('account_action', 'password reset');
      put('user', word[1]!);
    }
    return null;
  }
  if (/\bIN=\S* OUT=\S* .*\bSRC=\S+ DST=/.test(message)) {
    const prefix = /^(?:\[\s*[\d.]+\] )?(.*?)\s*IN=/.exec(message)?.[1] ?? '';
    for (const m of message.matchAll(/\b([A-Z]{2,10})=(\S*)/g)) put(m[1]!, m[2]!);
    const get = (k: string): string => new RegExp(`\\b${k}=(\\S+)`).exec(message)?.[1] ?? '';
    put('src_ip', get('SRC'));
    put('dst_ip', get('DST'));
    put('src_port', get('SPT'));
    put('dst_port', get('DPT'));
    put('proto', get('PROTO').toLowerCase());
    const action = /\b(drop|deny|denied|reject|block|accept|allow)/i.exec(prefix)?.[1]?.toLowerCase();
    if (action !== undefined) put('action', action);
    if (prefix !== '') put('prefix', prefix);
    return 'firewall';
  }
  if (program === 'filterlog' || program === 'pf') {
    const c = message.split(',');
    if (program === 'filterlog' && c.length >= 20) return filterlog(c, put);
    const m =
      /rule (\S+?)\/.*?: (pass|block|match) (in|out) on (\S+?): (\S+?)\.?(\d{1,5})? > (\S+?)(?:\.(\d{1,5}))?:/.exec(
        message,
      ) ?? null;
    if (m !== null) {
      for (const [i, name] of PF.entries()) if (m[i + 1] !== undefined) put(name, m[i + 1]!);
      return 'firewall';
    }
  }
  const asa = /%(ASA|FTD|PIX)-(?:\w+-)?(\d)-(\d{6}):? ([\s\S]*)$/.exec(message);
  if (asa !== null) {
    put('severity', asa[2]!);
    put('message_id', asa[3]!);
    const text = asa[4]!;
    const action = /^(Deny|Denied|Built|Teardown|Permitted)|\b(denied|permitted|discarded)\b/i.exec(text);
    if (action !== null) put('action', (action[1] ?? action[2])!.toLowerCase());
    const proto = /\b(tcp|udp|icmp)\b/i.exec(text);
    if (proto !== null) put('proto', proto[1]!.toLowerCase());
    // "src outside:1.2.3.4/80 dst inside:…", "for outside:1.2.3.4/80 (…) to inside:…", "from 1.2.3.4/80 to …".
    const ends = [...text.matchAll(/(?:([\w.-]+)[:/])?(\d{1,3}(?:\.\d{1,3}){3})(?:[/(](\d{1,5}))?/g)].filter(
      (m) => !/^\d+$/.test(m[1] ?? ''),
    );
    const flow = /(?:^|\s)(?:src|from|for)\s/i.test(text) || ends.length >= 2;
    const first = flow ? ends[0] : undefined;
    const other = ends.slice(1).find((m) => /(?:dst|to)\s+$|->\s*\S*$/i.test(text.slice(0, m.index).slice(-12)));
    // Of a connection the interface of lower security is named first: it was opened from the other end where it is outbound, or, where
    // its end is told without a direction, where the service is at the first.
    const turned =
      first !== undefined &&
      other !== undefined &&
      (/^Built outbound\b/i.test(text) ||
        (/^Teardown\b/i.test(text) && Number(first[3]) < 1024 && Number(other[3]) >= 1024));
    const [from, to] = turned ? [other, first] : [first, other];
    if (from !== undefined) {
      put('src_ip', from[2]!);
      if (from[3] !== undefined) put('src_port', from[3]);
    }
    if (to !== undefined) {
      put('dst_ip', to[2]!);
      if (to[3] !== undefined) put('dst_port', to[3]);
    }
    const bytes = /\bduration (\d+):(\d\d):(\d\d) bytes (\d+)/.exec(text);
    if (bytes !== null) {
      put('duration', String(Number(bytes[1]) * 3600 + Number(bytes[2]) * 60 + Number(bytes[3])));
      put('bytes', bytes[4]!);
    }
    const user = /\bUser(?:name)? ?[=:<]+ ?<?([^>,\s]+)/i.exec(text)?.[1];
    const outside = /\bIP ?[=:<]+ ?<?([\da-fA-F.:]+)/.exec(text)?.[1];
    const vpn = ASA_VPN.get(asa[3]!);
    if (vpn !== undefined && user !== undefined) {
      put('vpn_action', vpn);
      put('user', user);
      if (outside !== undefined) put('src_ip', outside);
      const inside = /\bAddress <([\d.]+)>|assigned (?:IPv4 )?(?:address )?<?(\d+\.\d+\.\d+\.\d+)/i.exec(text);
      if (inside !== null) put('inside_ip', (inside[1] ?? inside[2])!);
    }
    return 'firewall';
  }
  return null;
}

/** Cisco's message numbers of remote-access tunnels: begun, an address given, ended. */
const ASA_VPN: ReadonlyMap<string, string> = new Map([
  ['113039', 'connect'],
  ['716001', 'connect'],
  ['722022', 'connect'],
  ['722051', 'address'],
  ['746012', 'address'],
  ['113019', 'disconnect'],
  ['716002', 'disconnect'],
  ['722023', 'disconnect'],
]);

const IP4 = String.raw`\d{1,3}(?:\.\d{1,3}){3}`;
const OCSERV = new RegExp(String.raw`^(?:main|worker|sec-mod)\[([^\]]+)\]: (?:(${IP4})(?::\d+)? )?(.*)$`);
const OPENVPN = new RegExp(String.raw`^(?:([^/\s]+)/)?(${IP4}):\d+ (.*)$`);

/** What VPN gateways (ocserv, OpenVPN) say of people's tunnels. */
function vpnFields(program: string, message: string, put: (name: string, value: string) => void): boolean {
  if (program === 'ocserv') {
    const m = OCSERV.exec(message);
    if (m === null) return false;
    const inside = new RegExp(String.raw`sending IPv4 (${IP4})`).exec(m[3]!)?.[1];
    const action = m[3]!.startsWith('user logged in')
      ? 'connect'
      : m[3]!.startsWith('user disconnected')
        ? 'disconnect'
        : inside !== undefined
          ? 'address'
          : null;
    if (action === null) return false;
    put('vpn_action', action);
    put('user', m[1]!);
    if (m[2] !== undefined) put('src_ip', m[2]);
    if (inside !== undefined) put('inside_ip', inside);
    return true;
  }
  if (program !== 'openvpn' && program !== 'ovpn-server') return false;
  const m = OPENVPN.exec(message);
  if (m === null) return false;
  const peer = /^\[([^\]]+)\] Peer Connection Initiated/.exec(m[3]!)?.[1];
  const inside = new RegExp(String.raw`(?:MULTI: Learn|primary virtual IP for \S+): ?(?:${IP4} -> )?(${IP4})?`).exec(
    m[3]!,
  );
  const ended = /SIGTERM|client-instance exiting|Inactivity timeout/.test(m[3]!);
  const user = peer ?? m[1];
  if (user === undefined || (peer === undefined && inside === null && !ended)) return false;
  put('vpn_action', peer !== undefined ? 'connect' : ended ? 'disconnect' : 'address');
  put('user', user);
  put('src_ip', m[2]!);
  if (inside?.[1] !== undefined) put('inside_ip', inside[1]);
  return true;
}

const PF = ['rule', 'action', 'direction', 'interface', 'src_ip', 'src_port', 'dst_ip', 'dst_port'];

/** pf's log as pfSense and OPNsense send it: comma-separated, the places depend on the IP version and the protocol. */
function filterlog(c: readonly string[], put: (name: string, value: string) => void): string | null {
  const v6 = c[8] === '6';
  if (!v6 && c[8] !== '4') return null;
  const at = v6 ? { proto: 12, length: 14, src: 15 } : { proto: 16, length: 17, src: 18 };
  const proto = (c[at.proto] ?? '').toLowerCase();
  put('rule', c[0]!);
  put('interface', c[4] ?? '');
  put('action', c[6] ?? '');
  put('direction', c[7] ?? '');
  put('proto', proto);
  put('src_ip', c[at.src] ?? '');
  put('dst_ip', c[at.src + 1] ?? '');
  if (proto === 'tcp' || proto === 'udp') {
    put('src_port', c[at.src + 2] ?? '');
    put('dst_port', c[at.src + 3] ?? '');
  }
  return 'firewall';
}

/** `[id a="b" c="d"]` of RFC 5424 section 6.3. */
function structuredData(text: string, put: (name: string, value: string) => void): void {
  for (const element of text.matchAll(/\[([^\s\]]+)((?: [^=\s]+="(?:[^"\\]|\\.)*")*)\]/g))
    for (const p of element[2]!.matchAll(/ ([^=\s]+)="((?:[^"\\]|\\.)*)"/g))
      put(p[1]!, p[2]!.replace(/\\(["\\\]])/g, '$1'));
}

class SyslogParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    const r = this.#record;
    const names: string[] = [];
    const values: TextValue[] = [];
    const put = (name: string, value: string): void => {
      if (value === '') return;
      const i = names.indexOf(name);
      if (i >= 0) {
        // The first of a name counts: a message cannot overwrite its envelope.
        return;
      }
      names.push(name);
      values.push(value);
    };
    r.micros = Number.NaN;
    r.timeText = '';
    r.sure = 'none';
    r.host = '';
    r.provider = '';
    r.eventId = '';
    let message: string;
    const m = text.charCodeAt(0) === 0x3c ? RFC5424.exec(text) : null;
    if (m !== null) {
      this.#priority(m[1]!, put);
      const t = isoMicros(m[2]!);
      this.#local(t.micros, t.zoned, m[2]!);
      if (m[3] !== '-') r.host = m[3]!;
      if (m[4] !== '-') r.provider = m[4]!;
      if (m[5] !== '-') put('pid', m[5]!);
      if (m[6] !== '-') put('msgid', m[6]!);
      if (m[7] !== '-') structuredData(m[7]!, put);
      message = m[8]!.charCodeAt(0) === 0xfeff ? m[8]!.slice(1) : m[8]!;
    } else {
      let rest = text;
      const pri = /^<(\d{1,3})>(?:\d+: )?/.exec(rest);
      if (pri !== null) {
        this.#priority(pri[1]!, put);
        rest = rest.slice(pri[0].length);
      }
      const year = YEAR_TIME.exec(rest);
      if (year !== null) {
        const t = year[4]!;
        const us = Number((year[5] ?? '').padEnd(6, '0'));
        this.#local(
          microsOf(Number(year[3]), monthOf(year[1]!, 0), Number(year[2]), two(t, 0), two(t, 3), two(t, 6), us),
          false,
          year[0],
        );
        rest = rest.slice(year[0].length).trimStart();
      } else if (BSD_TIME.test(rest)) {
        this.#local(yearlessMicros(rest, this.#context.reference), false, rest.slice(0, 15));
        r.sure = 'inferred';
        rest = rest
          .slice(15)
          .replace(/^\.\d+/, '')
          .trimStart();
      } else if (ISO_TIME.test(rest)) {
        const end = rest.indexOf(' ', 11);
        const stamp = end < 0 ? rest : rest.slice(0, end);
        const t = isoMicros(stamp);
        this.#local(t.micros, t.zoned, stamp);
        rest = end < 0 ? '' : rest.slice(end + 1);
      } else if (pri === null && cefStart(text) < 0 && !text.includes('%ASA-')) {
        this.skipped++;
        return;
      }
      // Host, then "program[pid]:". A device may leave the host out and start with its message.
      const head = /^(\S+?):?\s+(?=\S)/.exec(rest);
      const isProgram =
        /^[\w./()@+-]+(?:\[\d+\])?:(?:\s|$)/.test(rest) ||
        rest.startsWith('%') ||
        rest.startsWith(': %') ||
        /^(?:CEF|LEEF):/.test(rest);
      if (head !== null && !isProgram) {
        r.host = head[1]!;
        rest = rest.slice(head[0].length);
      }
      const program = /^([\w./()@+ -]{1,64}?)(?:\[([^\]]{1,20})\])?:\s?/.exec(rest);
      if (program !== null && !/^(?:CEF|LEEF)$/.test(program[1]!)) {
        r.provider = program[1]!;
        if (program[2] !== undefined) put('pid', program[2]);
        message = rest.slice(program[0].length);
      } else message = rest;
    }
    if (r.host === '') r.host = this.#context.host;
    r.line = line;
    r.offset = offset;
    if (this.#payload(message)) {
      this.#emit(r);
      return;
    }
    if (r.provider !== '') put('program', r.provider);
    put('message', message);
    const channel = messageFields(r.provider, message, put);
    r.channel = channel ?? 'linux/syslog';
    r.names = this.#shapes.of(names);
    r.values = values;
    this.#emit(r);
  }

  /** A message that is an event of another kind; fills the record from it. */
  #payload(message: string): boolean {
    const r = this.#record;
    const cef = cefStart(message);
    if (cef >= 0) {
      const fields = parseCef(message.slice(cef));
      if (fields === null) return false;
      const t = cefTime(fields);
      if (!Number.isNaN(t.micros)) this.#local(t.micros, t.zoned, t.text);
      if (r.host === '' || r.host === this.#context.host) {
        const dvc = fields.get('dvchost') ?? fields.get('dvc');
        if (typeof dvc === 'string') r.host = dvc;
      }
      r.provider = String(fields.get('deviceProduct') ?? '');
      r.eventId = String(fields.get('signatureId') ?? fields.get('eventId') ?? '');
      r.channel = 'cef';
      r.names = this.#shapes.of([...fields.keys()]);
      r.values = [...fields.values()];
      return true;
    }
    const xml = message.indexOf('<Event');
    if (xml >= 0 && xml < 200) {
      const fields = eventFields(message.slice(xml), true);
      return fields !== null && fillWindows(r, fields, this.#shapes, { ...this.#context, host: r.host });
    }
    const brace = message.indexOf('{');
    if (brace >= 0 && brace < 64 && message.endsWith('}')) {
      const o = objectOf(message.slice(brace));
      return o !== null && fillJson(r, o, flatten, this.#shapes, { ...this.#context, host: r.host });
    }
    return false;
  }

  #priority(text: string, put: (name: string, value: string) => void): void {
    const n = Number(text);
    if (n > 191) return;
    put('facility', String(n >> 3));
    put('severity', String(n & 7));
  }

  #local(micros: number, zoned: boolean, text: string): void {
    const r = this.#record;
    r.timeText = text;
    if (Number.isNaN(micros)) return;
    r.micros = zoned ? micros : micros - (this.#context.zone ?? 0) * 60e6;
    r.sure = zoned ? 'stated' : this.#context.zone === null ? 'inferred' : 'given';
  }

  end(): void {}
}

export const syslog: TextFormat = {
  id: 'syslog',
  title: 'Syslog, RFC 3164 and 5424, with the events of others in it (CEF, LEEF, Cisco ASA, iptables, pf, Windows)',
  identify: (head) =>
    byShare(
      head,
      70,
      'syslog lines',
      (l) =>
        looksLikeSyslog(l) ||
        cefStart(l) === 0 ||
        /^(?:[A-Z][a-z]{2} \d+ \d{4} [\d:]+:? )?(?:\S+ )?: ?%ASA-|^%ASA-/.test(l),
    ),
  parser: (context, emit) => new SyslogParser(context, emit),
};
