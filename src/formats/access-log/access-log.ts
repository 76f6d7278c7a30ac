// Access logs of web servers and proxies: common and combined (Apache, nginx, Tomcat, with a virtual host before or more
// behind), HAProxy, AWS load balancers, nginx proxy manager, Squid. All give the same W3C names.
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { type Emit, TextRecord, type TextValue } from '../text/record.js';
import { clfMicros, epochMicros, isoMicros, type ReadTime } from '../text/time.js';

const dash = (v: string | undefined): string | null => (v === undefined || v === '-' || v === '' ? null : v);

/** Text up to the quote that closes it; Apache and nginx escape quotes with a backslash. */
function quotedEnd(t: string, from: number): number {
  let q = t.indexOf('"', from);
  while (q > 0 && t.charCodeAt(q - 1) === 0x5c) {
    let k = q - 1;
    while (k >= from && t.charCodeAt(k) === 0x5c) k--;
    if ((q - k) % 2 === 1) break;
    q = t.indexOf('"', q + 1);
  }
  return q;
}

/** Method, stem, query and protocol of a request line; null method where it is none (a TLS hello, noise). */
function splitRequest(request: string): [string | null, string | null, string | null, string | null] {
  const a = request.indexOf(' ');
  if (a <= 0) return [null, dash(request), null, null];
  const b = request.lastIndexOf(' ');
  const protocol = b > a && request.startsWith('HTTP/', b + 1) ? request.slice(b + 1) : null;
  const uri = request.slice(a + 1, protocol === null ? undefined : b);
  const q = uri.indexOf('?');
  return [request.slice(0, a), q < 0 ? uri : uri.slice(0, q), q < 0 ? null : uri.slice(q + 1), protocol];
}

const NAMES = [
  'c-ip',
  'cs-username',
  'cs-method',
  'cs-uri-stem',
  'cs-uri-query',
  'cs-version',
  'sc-status',
  'sc-bytes',
  'cs-referer',
  'cs-user-agent',
  'cs-host',
  'extra',
  'x-forwarded-for',
] as const;

/** The last of nginx's main format: whom a proxy before it says that it asks for. With ports, it is whom nginx itself asked. */
const FORWARDED_LIST =
  /^"((?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{3,45})(?:, ?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{3,45}))*)"(?: |$)/;

abstract class AccessParser implements LineParser {
  skipped = 0;
  protected readonly record = new TextRecord();
  protected readonly emit: Emit;
  protected readonly context: ParseContext;

  constructor(context: ParseContext, emit: Emit, channel: string, names: readonly string[]) {
    this.context = context;
    this.emit = emit;
    this.record.channel = channel;
    this.record.names = names;
  }

  abstract read(text: string): TextValue[] | null;

  protected when(time: ReadTime, text: string): boolean {
    const r = this.record;
    if (Number.isNaN(time.micros)) return false;
    r.timeText = text;
    if (time.zoned) {
      r.micros = time.micros;
      r.sure = 'stated';
    } else {
      r.micros = time.micros - (this.context.zone ?? 0) * 60e6;
      r.sure = this.context.zone === null ? 'inferred' : 'given';
    }
    return true;
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    this.record.host = this.context.host;
    const values = this.read(text);
    if (values === null) {
      this.skipped++;
      return;
    }
    this.record.values = values;
    this.record.line = line;
    this.record.offset = offset;
    this.emit(this.record);
  }

  end(): void {}
}

class CombinedParser extends AccessParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'webserver', NAMES);
  }

  read(t: string): TextValue[] | null {
    const open = t.indexOf(' [');
    if (open < 0) return null;
    const close = t.indexOf(']', open);
    if (close < 0) return null;
    // Before the time: address, identity, user; a virtual host may come first.
    const before = t.slice(0, open).split(' ');
    if (before.length < 3) return null;
    const user =
      before.length === 3
        ? before[2]!
        : before.slice(before.length > 3 && /^[\d.:a-fA-F]+$/.test(before[1]!) ? 3 : 2).join(' ');
    const vhost = before.length > 3 && /^[\d.:a-fA-F]+$/.test(before[1]!) ? before[0]! : undefined;
    const ip = vhost === undefined ? before[0]! : before[1]!;
    const time = t.slice(open + 2, close);
    if (!this.when(clfMicros(time), time)) return null;
    const q1 = t.indexOf('"', close);
    if (q1 < 0) return null;
    const q2 = quotedEnd(t, q1 + 1);
    if (q2 < 0) return null;
    const [method, asked, query, version] = splitRequest(t.slice(q1 + 1, q2));
    // Some servers write the whole address, and the caller's port behind it.
    const whole = /^https?:\/\/([^/]+)(\/.*)?$/i.exec(asked ?? '');
    const stem = whole === null ? asked : (whole[2] ?? '/');
    let i = q2 + 2;
    let e = t.indexOf(' ', i);
    const status = e < 0 ? t.slice(i) : t.slice(i, e);
    if (!/^(\d{3}|-)$/.test(status)) return null;
    let bytes: string | undefined;
    let referer: string | undefined;
    let agent: string | undefined;
    let extra: string | undefined;
    if (e >= 0) {
      i = e + 1;
      e = t.indexOf(' ', i);
      bytes = e < 0 ? t.slice(i) : t.slice(i, e);
      if (e >= 0 && t[e + 1] === '"') {
        const r2 = quotedEnd(t, e + 2);
        if (r2 > 0) {
          referer = t.slice(e + 2, r2);
          if (t[r2 + 2] === '"') {
            const a2 = quotedEnd(t, r2 + 3);
            if (a2 > 0) {
              agent = t.slice(r2 + 3, a2);
              if (a2 + 2 < t.length) extra = t.slice(a2 + 2);
            }
          }
        }
      } else if (e >= 0) extra = t.slice(e + 1);
    }
    return [
      ip.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/, '$1'),
      dash(user),
      method,
      stem,
      query,
      version,
      dash(status),
      dash(bytes),
      dash(referer),
      dash(agent),
      dash(vhost ?? whole?.[1]),
      dash(extra),
      FORWARDED_LIST.exec(extra ?? '')?.[1] ?? null,
    ];
  }
}

export const accessLog: TextFormat = {
  id: 'access-log',
  title: 'Web access log, common or combined: Apache, nginx, Tomcat',
  identify: (head) =>
    byShare(head, 90, 'an address, a time in brackets, a quoted request and a status', (l) =>
      /^\S+ .*\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d[^\]]*\] +"(?:[^"\\]|\\.)*" (?:\d{3}|-)(?: |$)/.test(l),
    ),
  parser: (context, emit) => new CombinedParser(context, emit),
};

const HAPROXY =
  /(?:^|: )(\S+):(\d+) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:.]+)\] (\S+) ([^\s/]+)\/(\S+) [-+\d/]+ (\d{3}|-1) \+?(\d+) (\S+) (\S+) (\S{4}) [\d/+]+ [\d/]+ (?:\{([^}]*)\} )?(?:\{[^}]*\} )?"([^"]*)"?/;

class HaproxyParser extends AccessParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'webserver', [...NAMES.slice(0, 11), 'frontend', 'backend', 'server', 'termination-state']);
  }

  read(t: string): TextValue[] | null {
    const m = HAPROXY.exec(t);
    if (m === null || !this.when(clfMicros(m[3]!), m[3]!)) return null;
    const syslogHost = /^(?:<\d+>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S+) /.exec(t);
    if (syslogHost !== null) this.record.host = syslogHost[1]!;
    const [method, stem, query, version] = splitRequest(m[13]!);
    return [
      m[1]!,
      null,
      method,
      stem,
      query,
      version,
      dash(m[7]),
      dash(m[8]),
      null,
      null,
      null,
      m[4]!,
      m[5]!,
      m[6]!,
      m[11]!,
    ];
  }
}

export const haproxy: TextFormat = {
  id: 'haproxy',
  title: 'HAProxy HTTP log',
  identify: (head) => byShare(head, 93, 'HAProxy requests', (l) => HAPROXY.test(l)),
  parser: (context, emit) => new HaproxyParser(context, emit),
};

const ALB =
  /^(?:(https?|h2|grpcs?|wss?) )?(\d{4}-\d\d-\d\dT[\d:.]+Z) (\S+) (\S+):(\d+) (\S+) \S+ \S+ \S+ (\d{3}|-) (\d{3}|-) (\d+) (\d+) "([^"]*)"(?: "([^"]*)")?/;

class LoadBalancerParser extends AccessParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'webserver', [...NAMES.slice(0, 11), 'load-balancer', 'target']);
  }

  read(t: string): TextValue[] | null {
    const m = ALB.exec(t);
    if (m === null || !this.when(isoMicros(m[2]!), m[2]!)) return null;
    const [method, uri, query, version] = splitRequest(m[11]!);
    const url = /^https?:\/\/([^/:]+)(?::\d+)?(.*)$/.exec(uri ?? '');
    return [
      m[4]!,
      null,
      method,
      url === null ? uri : url[2]!,
      query,
      version,
      dash(m[7]),
      dash(m[10]),
      null,
      dash(m[12]),
      url?.[1] ?? null,
      m[3]!,
      dash(m[6]),
    ];
  }
}

export const loadBalancer: TextFormat = {
  id: 'aws-elb',
  title: 'AWS load balancer access log',
  identify: (head) => byShare(head, 93, 'load balancer requests', (l) => ALB.test(l)),
  parser: (context, emit) => new LoadBalancerParser(context, emit),
};

const NPM =
  /^\[([^\]]+)\] (?:(\S+) (\S+) )?(\S+) - (\S+) (\S+) (\S+) "([^"]*)" \[Client ([^\]]+)\] \[Length ([^\]]+)\] \[Gzip [^\]]*\](?: \[Sent-to ([^\]]+)\])? "([^"]*)" "([^"]*)"/;

class ProxyManagerParser extends AccessParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'webserver', [...NAMES.slice(0, 11), 'sent-to']);
  }

  read(t: string): TextValue[] | null {
    const m = NPM.exec(t);
    if (m === null || !this.when(clfMicros(m[1]!), m[1]!)) return null;
    const [stem, query] = m[8]!.split(/\?(.*)/s);
    return [
      m[9]!,
      null,
      m[5]!,
      stem!,
      query ?? null,
      null,
      dash(m[4]) ?? dash(m[3] ?? ''),
      dash(m[10]),
      dash(m[13]),
      dash(m[12]),
      m[7]!,
      m[11] ?? null,
    ];
  }
}

export const proxyManager: TextFormat = {
  id: 'nginx-proxy-manager',
  title: 'nginx proxy manager access log',
  identify: (head) => byShare(head, 93, 'nginx proxy manager requests', (l) => NPM.test(l)),
  parser: (context, emit) => new ProxyManagerParser(context, emit),
};

const SQUID = /^(\d{9,10}\.\d{3}) +(\d+) (\S+) ([A-Z_]+)\/(\d{3}) (\d+) (\S+) (\S+) (\S+) ([A-Z_]+)\/(\S+) (\S+)/;
const SQUID_NAMES = [
  'c-ip',
  'cs-username',
  'cs-method',
  'c-uri',
  'cs-host',
  'c-uri-query',
  'c-uri-extension',
  'sc-status',
  'sc-bytes',
  's-action',
  'dst_ip',
  'rs-content-type',
  'time-taken',
];

class SquidParser extends AccessParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'proxy', SQUID_NAMES);
  }

  read(t: string): TextValue[] | null {
    const m = SQUID.exec(t);
    if (m === null || !this.when({ micros: epochMicros(m[1]!), zoned: true }, m[1]!)) return null;
    const uri = m[8]!;
    const u = /^(?:[a-z]+:\/\/)?([^/:?]+)(?::\d+)?([^?]*)(?:\?(.*))?$/.exec(uri);
    const ext = /\.([A-Za-z0-9]{1,8})$/.exec(u?.[2] ?? '');
    return [
      m[3]!,
      dash(m[9]),
      m[7]!,
      uri,
      u?.[1] ?? null,
      u?.[3] ?? null,
      ext?.[1] ?? null,
      m[5]!,
      m[6]!,
      m[4]!,
      dash(m[11]),
      dash(m[12]),
      m[2]!,
    ];
  }
}

export const squid: TextFormat = {
  id: 'squid',
  title: 'Squid access log',
  identify: (head) => byShare(head, 93, 'Squid requests', (l) => SQUID.test(l)),
  parser: (context, emit) => new SquidParser(context, emit),
};

const S3 =
  /^([0-9a-f]{16,64}) (\S+) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]+ [+-]\d{4})\] (\S+) (\S+) (\S+) (\S+) (\S+) ("(?:[^"\\]|\\.)*"|-) (\d{3}|-) (\S+) (\d+|-) (\d+|-) (\S+) (\S+) ("(?:[^"\\]|\\.)*"|-) ("(?:[^"\\]|\\.)*"|-)/;

class BucketParser extends AccessParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'webserver', [...NAMES.slice(0, 11), 'operation', 'error-code']);
  }

  read(t: string): TextValue[] | null {
    const m = S3.exec(t);
    if (m === null || !this.when(clfMicros(m[3]!), m[3]!)) return null;
    const bare = (v: string): string | null => dash(v.startsWith('"') ? v.slice(1, -1) : v);
    const [method, , query, version] = splitRequest(bare(m[9]!) ?? '');
    return [
      m[4]!,
      // `arn:aws:iam::123:user/name`, or the identifier of whoever asked.
      dash(m[5]!.replace(/^arn:\S*?:(?:user|assumed-role)\//, '')),
      method ?? /^REST\.([A-Z]+)\./.exec(m[7]!)?.[1] ?? null,
      m[8] === '-' ? '/' : `/${m[8]!}`,
      query,
      version,
      dash(m[10]),
      dash(m[12]),
      bare(m[16]!),
      bare(m[17]!),
      m[2]!,
      m[7]!,
      dash(m[11]),
    ];
  }
}

export const bucketLog: TextFormat = {
  id: 'aws-s3',
  title: 'Access log of an Amazon S3 bucket',
  identify: (head) => byShare(head, 94, 'requests to a bucket', (l) => S3.test(l)),
  parser: (context, emit) => new BucketParser(context, emit),
};
