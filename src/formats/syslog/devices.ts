// What firewalls and VPN gateways put into the message of a syslog line, as fields of one form: ends of a connection, action, bytes,
// tunnels. iptables, pf, Cisco ASA and Firepower, FortiGate, PAN-OS, ocserv, OpenVPN.

export type Put = (name: string, value: string) => void;

/** Fields of a device's message; gives the channel that it is of, or null where nothing of this kind is in it. */
export function deviceFields(program: string, message: string, put: Put): string | null {
  const forti = fortiFields(message, put);
  if (forti) return 'firewall';
  if (panFields(message, put)) return 'firewall';
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
    const refused = ASA_REFUSED.has(asa[3]!) ? /\buser = ([^\s:]{1,320})|\bUser <([^>]{1,320})>/i.exec(text) : null;
    const refusedAt = /\buser IP = ([\da-fA-F.:]{3,45})|\bIP <([\da-fA-F.:]{3,45})>/i.exec(text);
    if (refused !== null && refusedAt !== null) {
      // The server that was asked is named before who asked.
      put('vpn_action', 'failed');
      put('user', (refused[1] ?? refused[2])!);
      put('src_ip', (refusedAt[1] ?? refusedAt[2])!);
    }
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

/** Cisco's message numbers of refused sign-ins to remote access (113005, 113015: by the server, by the device; 716039: WebVPN). */
const ASA_REFUSED: ReadonlySet<string> = new Set(['113005', '113015', '716039']);

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
export function vpnFields(program: string, message: string, put: Put): boolean {
  if (program === 'ocserv') {
    const m = OCSERV.exec(message);
    if (m === null) return false;
    const inside = new RegExp(String.raw`sending IPv4 (${IP4})`).exec(m[3]!)?.[1];
    const action = /^failed authentication\b|^(?:worker )?authentication failed/i.test(m[3]!)
      ? 'failed'
      : m[3]!.startsWith('user logged in')
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
  const refused = /^TLS Auth Error: Auth Username\/Password verification failed for peer(?: '([^']{1,320})')?/.exec(
    m[3]!,
  );
  if (refused !== null) {
    if (refused[1] === undefined) return false;
    put('vpn_action', 'failed');
    put('user', refused[1]);
    put('src_ip', m[2]!);
    return true;
  }
  const peer = /^\[([^\]]+)\] Peer Connection Initiated/.exec(m[3]!)?.[1];
  // `MULTI: Learn: 10.8.0.6 -> anna/192.0.2.1:1194`, `MULTI: primary virtual IP for anna/192.0.2.1:1194: 10.8.0.6`.
  // `MULTI_sva: pool returned IPv4=10.8.0.6, IPv6=(Not enabled)`.
  const inside = new RegExp(
    String.raw`(?:(?:MULTI: Learn|primary virtual IP for \S+): ?|^MULTI_sva: pool returned IPv4=)(${IP4})?`,
  ).exec(m[3]!);
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
function filterlog(c: readonly string[], put: Put): string | null {
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

const PAIR = /([A-Za-z_][\w.-]{0,127})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))/g;

const PAN_TIME =
  /^[^,]{0,200},(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d),\w*,(?:TRAFFIC|THREAT|GLOBALPROTECT|SYSTEM|CONFIG|USERID|AUTHENTICATION),/;

/** `date=2024-05-06 time=07:08:09 devname="…" … tz="+0200"`: local time of the device, or with `eventtime` since 1970. */
export function keyValueTime(
  text: string,
): { local: string; zone: string | null; micros: number | null; host: string } | null {
  const m = /^date=(\d{4}-\d\d-\d\d) time=(\d\d:\d\d:\d\d)\b/.exec(text);
  if (m === null) {
    // PAN-OS: when it was received; `2024/05/06 07:08:09`.
    const pan = PAN_TIME.exec(text);
    if (pan === null) return null;
    // Since PAN-OS 10 a time with its zone stands among the last fields.
    const zone = /,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?([+-]\d\d:\d\d)(?:,|$)/.exec(text)?.[1] ?? null;
    return { local: `${pan[1]!}-${pan[2]!}-${pan[3]!}T${pan[4]!}`, zone, micros: null, host: '' };
  }
  const since = /\beventtime=(\d{10,19})\b/.exec(text)?.[1];
  const zone = /\btz="?([+-]\d{4})\b/.exec(text)?.[1] ?? null;
  return {
    local: `${m[1]!}T${m[2]!}`,
    zone,
    // Seconds in older versions, nanoseconds in newer.
    micros: since === undefined ? null : Math.round(Number(since) / 10 ** (since.length - 16)),
    host: /\bdevname="?([^"\s]+)/.exec(text)?.[1] ?? '',
  };
}

/** FortiGate's names of its fields, as all firewalls' are named here. */
const FORTI: Readonly<Record<string, string>> = {
  srcip: 'src_ip',
  srcport: 'src_port',
  dstip: 'dst_ip',
  dstport: 'dst_port',
  sentbyte: 'bytes_out',
  rcvdbyte: 'bytes_in',
  hostname: 'dst_host',
};
const FORTI_TUNNEL: Readonly<Record<string, string>> = {
  'tunnel-up': 'connect',
  'tunnel-stats': 'address',
  'tunnel-down': 'disconnect',
  'ssl-login-fail': 'failed',
};
/** IP protocol numbers (IANA). */
const PROTOCOLS: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '47': 'gre',
  '50': 'esp',
  '58': 'icmp6',
};

/** FortiOS log messages (FortiOS Log Message Reference): `type="traffic"`, `type="event" subtype="vpn"`, `type="utm"`. */
function fortiFields(message: string, put: Put): boolean {
  if (!/\blogid="?\d{8,10}"? /.test(message) || !/\btype="?(?:traffic|event|utm|dns|anomaly)\b/.test(message))
    return false;
  const f = new Map<string, string>();
  for (const m of message.matchAll(PAIR)) if (!f.has(m[1]!)) f.set(m[1]!, m[2] ?? m[3]!);
  const tunnel = f.get('subtype') === 'vpn' ? FORTI_TUNNEL[f.get('action') ?? ''] : undefined;
  if (tunnel !== undefined && f.has('user') && f.has('remip')) {
    put('vpn_action', tunnel);
    put('src_ip', f.get('remip')!);
    const inside = f.get('tunnelip') ?? f.get('assignip');
    if (inside !== undefined && inside !== '(null)' && inside !== '0.0.0.0') put('inside_ip', inside);
  }
  // Where the address was translated, the machine inside.
  if (f.get('trandisp') === 'dnat' && /^[\d.]+$/.test(f.get('tranip') ?? '') && f.get('tranip') !== '0.0.0.0') {
    put('dst_ip', f.get('tranip')!);
    if (f.has('dstip')) put('dstip', f.get('dstip')!);
  }
  for (const [k, v] of f) {
    if (k === 'date' || k === 'time' || v === '') continue;
    if (k === 'proto') put('proto', PROTOCOLS[v] ?? v);
    else put(FORTI[k] ?? k, v);
  }
  return true;
}

/** Places of the fields of a PAN-OS TRAFFIC or THREAT log (PAN-OS Administrator's Guide, Syslog Field Descriptions). */
const PAN: readonly (readonly [number, string])[] = [
  [2, 'serial'],
  [4, 'subtype'],
  [7, 'src_ip'],
  [8, 'dst_ip'],
  [11, 'rule'],
  [12, 'user'],
  [14, 'app'],
  [16, 'from_zone'],
  [17, 'to_zone'],
  [22, 'session_id'],
  [24, 'src_port'],
  [25, 'dst_port'],
  [29, 'proto'],
  [30, 'action'],
];
const PAN_TRAFFIC: readonly (readonly [number, string])[] = [
  [31, 'bytes'],
  [32, 'bytes_out'],
  [33, 'bytes_in'],
  [36, 'duration'],
  [37, 'category'],
];

function panFields(message: string, put: Put): boolean {
  if (!PAN_TIME.test(message)) return false;
  const c = [...message.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    (m) => m[1]?.replaceAll('""', '"') ?? m[2]!,
  );
  const type = c[3]!;
  put('type', type);
  const take = (list: readonly (readonly [number, string])[]): void => {
    for (const [i, name] of list) if (c[i] !== undefined) put(name, c[i]!);
  };
  if (type === 'TRAFFIC' || type === 'THREAT') {
    // Where the address was translated, the machine inside.
    if (/^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(c[10] ?? '') && c[10] !== c[8]) {
      put('dst_ip', c[10]!);
      put('public_ip', c[8] ?? '');
    }
    take(PAN);
    if (type === 'TRAFFIC') take(PAN_TRAFFIC);
    else if (c[31] !== undefined) put('url', c[31]);
  } else if (type === 'GLOBALPROTECT') {
    put('subtype', c[4] ?? '');
    put('eventid', c[8] ?? '');
    put('user', c[12] ?? '');
    put('machine', c[14] ?? '');
    put('src_ip', c[15] ?? '');
    const action = /^gateway-connected$|^gateway-tunnel/.test(c[8] ?? '')
      ? 'connect'
      : (c[8] ?? '') === 'gateway-logout'
        ? 'disconnect'
        : null;
    if (c[28] === 'failure' && /^(?:gateway|portal)-(?:auth|prelogin)/.test(c[8] ?? '') && (c[12] ?? '') !== '')
      put('vpn_action', 'failed');
    if (action !== null && c[28] !== 'failure') {
      put('vpn_action', action);
      if (/^[\da-fA-F.:]+$/.test(c[17] ?? '') && c[17] !== '0.0.0.0') put('inside_ip', c[17]!);
    }
  } else put('subtype', c[4] ?? '');
  return true;
}
