// What machines and people do, and the records that each of it leaves: at the host itself, at the other end, at the controller and at
// the sensor, each by its own clock and with its own chance of not being logged. Everyday life and intruders use the same acts: nothing
// in a record tells whose it is.
import { EventLog, LineLog, type EventFormat, type Logs } from './logs.js';
import { type EventKind, EVENTS, type FieldText } from './events.js';
import type { Random } from './random.js';
import type { Simulation } from './simulation.js';
import {
  guidOf,
  type Host,
  type Principal,
  type Proc,
  type Program,
  S32,
  seeded,
  sha256,
  type World,
} from './world.js';

/** A session on a host: what `logon` gives. */
export interface Session {
  readonly host: Host;
  readonly who: Principal;
  readonly id: number;
  readonly guid: string;
  readonly type: number;
  /** Where it came from; null: at the machine itself. */
  readonly from: Host | string | null;
}

export interface Flow {
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly seconds: number;
  readonly service?: string;
}

export interface Settings {
  readonly format: EventFormat | 'mixed';
  /** Microseconds: the first and the last moment that logs may be of. */
  readonly start: number;
  readonly end: number;
  /** Days that a log of a workstation and of a server goes back; 0: all. */
  readonly keepDays: { readonly workstation: number; readonly server: number };
}

const S = 1e6;
export const SYSTEM: Principal = { name: 'SYSTEM', domain: 'NT AUTHORITY', sid: 'S-1-5-18' };
const SYSTEM_LOGON = 0x3e7;
/** Chances that a record of a kind is missing: sensors drop, services restart. */
const LOST = { sysmon: 0.006, zeek: 0.012, audit: 0.001 };

const two = (n: number): string => String(n).padStart(2, '0');
export const isoText = (t: number): string => new Date(t / 1000).toISOString();
const sysmonTime = (t: number): string => isoText(t).replace('T', ' ').replace('Z', '');
const base = (path: string): string => path.slice(path.lastIndexOf('\\') + 1);
const folder = (path: string): string => path.slice(0, path.lastIndexOf('\\') + 1);

export class Acts {
  readonly world: World;
  readonly logs: Logs;
  readonly sim: Simulation;
  readonly settings: Settings;
  /** Told of every event that is logged, and on whose behalf it was: for tests. */
  onEvent?: (
    host: Host,
    t: number,
    kind: EventKind,
    fields: Readonly<Record<string, FieldText>>,
    cause: string,
  ) => void;
  readonly #chance: Random;
  readonly #sensor: Random;
  readonly #zeekSkew: number;
  readonly #hashes = new Map<string, string>();
  readonly #sites = new Map<string, string>();

  constructor(world: World, logs: Logs, sim: Simulation, settings: Settings) {
    this.world = world;
    this.logs = logs;
    this.sim = sim;
    this.settings = settings;
    this.#chance = world.random('lost records');
    this.#sensor = world.random('sensor');
    this.#zeekSkew = Math.round((world.random('sensor clock').next() - 0.5) * 4e5);
  }

  get now(): number {
    return this.sim.now;
  }

  // Event logs

  #keepFrom(host: Host): number {
    const { keepDays, end, start } = this.settings;
    const days = host.role === 'workstation' ? keepDays.workstation : keepDays.server;
    return days === 0
      ? start
      : end - days * 86_400e6 * (0.8 + 0.4 * seeded(this.world.seed, `keep ${host.name}`).next());
  }

  #format(host: Host): EventFormat {
    const { format } = this.settings;
    if (format !== 'mixed') return format;
    const pick = seeded(this.world.seed, `format ${host.name}`).next();
    return host.role !== 'workstation'
      ? pick < 0.85
        ? 'evtx'
        : 'xml'
      : pick < 0.75
        ? 'winlogbeat'
        : pick < 0.95
          ? 'evtx'
          : 'xml';
  }

  log(host: Host, channel: string): EventLog {
    return this.logs.event(`${host.name}\0${channel}`, () => {
      const format = this.#format(host);
      // What was shipped is kept by whoever it was shipped to.
      const from = format === 'winlogbeat' ? this.settings.start : this.#keepFrom(host);
      return new EventLog(this.logs, host.fqdn, channel, format, from, this.world.seed);
    });
  }

  readonly #cleared = new Map<string, number>();

  /** The log's records so far are gone, but for what a shipper has sent. */
  clear(host: Host, channel: string): void {
    this.log(host, channel).clear();
    if (this.#format(host) !== 'winlogbeat') this.#cleared.set(`${host.name}\0${channel}`, this.now);
  }

  /** Whether a host's own logs of a time are still there: neither rotated away nor cleared. */
  holds(host: Host, t: number): boolean {
    if (host.linux || this.#format(host) === 'winlogbeat') return true;
    const cleared = this.#cleared.get(`${host.name}\0Security`) ?? 0;
    return t >= this.#keepFrom(host) && t >= cleared;
  }

  event(host: Host, t: number, kind: EventKind, fields: Readonly<Record<string, FieldText>>): void {
    if (host.linux || t < this.settings.start || t >= this.settings.end) return;
    const { channel } = kind.spec;
    const sysmon = channel === 'Microsoft-Windows-Sysmon/Operational';
    if (sysmon && !host.sysmon) return;
    if (this.#chance.chance(sysmon ? LOST.sysmon : LOST.audit)) return;
    this.onEvent?.(host, t, kind, fields, this.sim.cause);
    this.log(host, channel).add(t + host.skew, kind, fields, sysmon ? 2000 + (host.account.sid.length % 7) * 4 : 700);
  }

  #sysmon(host: Host, t: number, kind: EventKind, fields: Readonly<Record<string, FieldText>>): void {
    if (host.sysmon) this.event(host, t, kind, { RuleName: '-', UtcTime: sysmonTime(t + host.skew), ...fields });
  }

  // Logs of lines

  line(
    key: string,
    host: Host | null,
    t: number,
    path: (t: number) => string,
    head: (t: number) => string,
    line: (t: number) => string,
  ): void {
    if (t < this.settings.start || t >= this.settings.end) return;
    const from = host === null ? this.settings.start : this.#keepFrom(host);
    const skew = host === null ? this.#zeekSkew : host.skew;
    this.logs.lines(key, () => new LineLog(this.logs, path, head, from)).add(t + skew, line(t + skew));
  }

  readonly #released: { ip: string; t: number }[] = [];
  #nextLease = 0;

  /** A lease of the controller's DHCP: renewed, or another address, that somebody else may have had until yesterday. */
  lease(t: number, host: Host, another: boolean): void {
    const dc = this.world.byRole('domain_controller')[0]!;
    if (another) {
      const old = this.#released.findIndex((x) => t - x.t > 86_400 * S);
      const [, site] = host.ip.split('.');
      const ip =
        old >= 0
          ? this.#released.splice(old, 1)[0]!.ip
          : `10.${site}.${200 + Math.floor(this.#nextLease / 200)}.${20 + (this.#nextLease++ % 200)}`;
      this.#released.push({ ip: host.ip, t });
      host.ip = ip;
    }
    const mac = sha256(`${host.name} mac`).slice(0, 10).toUpperCase();
    this.line(
      `${dc.name}/dhcp`,
      dc,
      t,
      (u) => `evidence/${dc.name}/dhcp/DhcpSrvLog-${isoText(u).slice(0, 10)}.log`,
      () =>
        '\t\tMicrosoft DHCP Service Activity Log\n\n\nEvent ID  Meaning\n00\tThe log was started.\n10\tA new IP address was leased to a client.\n11\tA lease was renewed by a client.\n\nID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError.\n',
      (u) => {
        const d = isoText(u);
        return `${another ? '10' : '11'},${d.slice(5, 7)}/${d.slice(8, 10)}/${d.slice(2, 4)},${d.slice(11, 19)},${another ? 'Assign' : 'Renew'},${host.ip},${host.fqdn},00${mac},,${this.#sensor.below(2 ** 31)},0,,,,0x4D53465420352E30,MSFT 5.0,,,,0\n`;
      },
    );
  }

  syslog(host: Host, t: number, program: string, pid: number, message: string, file = 'syslog'): void {
    this.line(
      `${host.name}/${file}`,
      host,
      t,
      () => `evidence/${host.name}/var/log/${file}`,
      () => '',
      (u) =>
        `${isoText(u).replace('Z', '')}${String(Math.floor(u % 1000)).padStart(3, '0')}+00:00 ${host.name} ${program}[${pid}]: ${message}\n`,
    );
  }

  #zeek(path: string, fields: string, types: string, t: number, values: readonly (string | number)[]): void {
    if (this.#sensor.chance(LOST.zeek)) return;
    this.line(
      `zeek/${path}`,
      null,
      t,
      (u) => `evidence/zeek/${isoText(u).slice(0, 10)}/${path}.log`,
      (u) =>
        `#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t${path}\n#open\t${isoText(u).slice(0, 10)}-00-00-00\n#fields\tts\tuid\t${fields}\n#types\ttime\tstring\t${types}\n`,
      (u) => `${(u / 1e6).toFixed(6)}\t${values.join('\t')}\n`,
    );
  }

  uid(): string {
    const r = this.#sensor;
    return `C${(r.below(2 ** 31) * 2097151 + r.below(2097151)).toString(36)}${r.below(46656).toString(36)}`;
  }

  // Networks

  port(host: Host): number {
    host.port += 1 + host.random.below(3);
    if (host.port > 65_500) host.port = 49152 + host.random.below(800);
    return host.port;
  }

  ipOf(h: Host | string): string {
    return typeof h === 'string' ? h : h.ip;
  }

  /** The address of a name outside; the same name has the same address. */
  address(name: string): string {
    let a = this.#sites.get(name);
    if (a === undefined) {
      const r = seeded(this.world.seed, `site ${name}`);
      a = `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
      this.#sites.set(name, a);
    }
    return a;
  }

  /** One connection: the sensor's record, and the two hosts' own where their processes are known. Gives the source's port. */
  connect(
    t: number,
    from: Host | string,
    to: Host | string,
    dport: number,
    flow: Flow,
    by: { proc?: Proc | undefined; at?: Proc | undefined; port?: number | undefined } = {},
  ): { port: number; uid: string } {
    const port = by.port ?? (typeof from === 'string' ? 1025 + this.#sensor.below(64_000) : this.port(from));
    const uid = this.uid();
    const src = this.ipOf(from);
    const dst = this.ipOf(to);
    // The sensor stands at the edge and before the servers: machines of one office see each other without it.
    const seen =
      typeof from === 'string' || typeof to === 'string' || from.role !== 'workstation' || to.role !== 'workstation';
    if (seen)
      this.#zeek(
        'conn',
        'id.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes',
        'addr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount',
        t,
        [
          uid,
          src,
          port,
          dst,
          dport,
          dport === 53 ? 'udp' : 'tcp',
          flow.service ?? '-',
          flow.seconds.toFixed(6),
          Math.round(flow.bytesOut),
          Math.round(flow.bytesIn),
          'SF',
          typeof from === 'string' ? 'F' : 'T',
          typeof to === 'string' ? 'F' : 'T',
          0,
          'ShADadfF',
          4 + Math.ceil(flow.bytesOut / 1200),
          Math.round(flow.bytesOut * 1.04 + 200),
          4 + Math.ceil(flow.bytesIn / 1200),
          Math.round(flow.bytesIn * 1.04 + 200),
        ],
      );
    const record = (host: Host, proc: Proc, initiated: boolean): void => {
      this.#sysmon(host, t + 0.05 * S + this.#sensor.next() * 0.6 * S, EVENTS.sysmonNetwork, {
        ProcessGuid: proc.guid,
        ProcessId: proc.pid,
        Image: proc.image,
        User: proc.user,
        Protocol: dport === 53 ? 'udp' : 'tcp',
        Initiated: initiated,
        SourceIsIpv6: false,
        SourceIp: src,
        SourceHostname: typeof from === 'string' ? '-' : from.fqdn,
        SourcePort: port,
        SourcePortName: '-',
        DestinationIsIpv6: false,
        DestinationIp: dst,
        DestinationHostname: typeof to === 'string' ? '-' : to.fqdn,
        DestinationPort: dport,
        DestinationPortName: dport === 443 ? 'https' : dport === 445 ? 'microsoft-ds' : '-',
      });
    };
    if (typeof from !== 'string' && by.proc !== undefined) record(from, by.proc, true);
    if (typeof to !== 'string' && by.at !== undefined) record(to, by.at, false);
    return { port, uid };
  }

  /** A name looked up: by the host, at the controller's DNS. */
  dns(t: number, host: Host, name: string, answer: string, proc?: Proc): void {
    const r = this.#sensor;
    const dc = this.world.byRole('domain_controller')[0]!;
    if (proc !== undefined)
      this.#sysmon(host, t, EVENTS.sysmonDns, {
        ProcessGuid: proc.guid,
        ProcessId: proc.pid,
        QueryName: name,
        QueryStatus: answer === '' ? '9003' : '0',
        QueryResults: answer === '' ? '-' : `::ffff:${answer};`,
        Image: proc.image,
        User: proc.user,
      });
    this.#zeek(
      'dns',
      'id.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected',
      'addr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tcount\tstring\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\tbool',
      t,
      [
        this.uid(),
        host.ip,
        49152 + r.below(16_000),
        dc.ip,
        53,
        'udp',
        r.below(65536),
        (0.001 + r.next() * 0.05).toFixed(6),
        name,
        1,
        'C_INTERNET',
        1,
        'A',
        answer === '' ? 3 : 0,
        answer === '' ? 'NXDOMAIN' : 'NOERROR',
        'F',
        'F',
        'T',
        'T',
        0,
        answer === '' ? '-' : answer,
        answer === '' ? '-' : '300.000000',
        'F',
      ],
    );
  }

  /** HTTPS to a server outside, by the proxy where there is one. */
  https(
    t: number,
    host: Host,
    site: string,
    flow: Flow,
    proc: Proc,
    options: { agent?: string; direct?: boolean; address?: string; quiet?: boolean } = {},
  ): void {
    const proxy = this.world.byRole('proxy')[0];
    const address = options.address ?? this.address(site);
    const named = site !== address;
    if (this.world.proxied && proxy !== undefined && options.direct !== true) {
      this.connect(t, host, proxy, 3128, { ...flow, service: 'http' }, { proc });
      this.line(
        `${proxy.name}/squid`,
        proxy,
        t + flow.seconds * S,
        (u) => `evidence/${proxy.name}/var/log/squid/access-${isoText(u).slice(0, 7)}.log`,
        () => '',
        (u) =>
          `${(u / 1e6).toFixed(3)} ${String(Math.round(flow.seconds * 1000)).padStart(6)} ${host.ip} TCP_TUNNEL/200 ${Math.round(flow.bytesIn + flow.bytesOut)} CONNECT ${site}:443 ${proc.user.includes('\\') && !proc.user.startsWith('NT') ? proc.user.split('\\')[1]!.toLowerCase() : '-'} HIER_DIRECT/${address} -\n`,
      );
      this.connect(t + 0.01 * S, proxy, address, 443, { ...flow, service: 'ssl' });
      return;
    }
    if (named && options.quiet !== true) this.dns(t - 0.04 * S, host, site, address, proc);
    const { port, uid } = this.connect(t, host, address, 443, { ...flow, service: 'ssl' }, { proc });
    this.#zeek(
      'ssl',
      'id.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tversion\tcipher\tcurve\tserver_name\tresumed\tlast_alert\tnext_protocol\testablished',
      'addr\tport\taddr\tport\tstring\tstring\tstring\tstring\tbool\tstring\tstring\tbool',
      t + 0.03 * S,
      [
        uid,
        host.ip,
        port,
        address,
        443,
        'TLSv12',
        'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
        'x25519',
        named ? site : '-',
        this.#sensor.chance(0.3) ? 'T' : 'F',
        '-',
        'h2',
        'T',
      ],
    );
  }

  // Processes

  /** SHA-256 of the program at a path in a version: the same program is the same on every host. */
  hash(path: string, version = ''): string {
    const key = `${path.toLowerCase()}|${version}`;
    let h = this.#hashes.get(key);
    if (h === undefined) {
      h = sha256(`${this.world.seed}|${key}`).toUpperCase();
      if (this.#hashes.size > 50_000) this.#hashes.clear();
      this.#hashes.set(key, h);
    }
    return h;
  }

  #nextPid(host: Host): number {
    host.pid += 4 * (1 + host.random.below(30));
    if (host.pid > 30_000) host.pid = 1200 + 4 * host.random.below(300);
    return host.pid;
  }

  /** A process that was there when the logs begin. */
  standing(host: Host, image: string, command = image, user = 'NT AUTHORITY\\SYSTEM', session = SYSTEM_LOGON): Proc {
    const key = `${image}|${user}`;
    let p = host.processes.get(key);
    if (p === undefined) {
      // What the system starts first has low numbers; the rest came when it came.
      const early =
        /\\(?:lsass|services|winlogon|svchost|userinit)\.exe$|^System$/.test(image) && host.random.chance(0.7);
      const pid = image === 'System' ? 4 : early ? 400 + 4 * host.random.below(900) : this.#nextPid(host);
      p = { host, pid, guid: guidOf(host.random), image, command, user, session };
      host.processes.set(key, p);
    }
    return p;
  }

  services(host: Host): Proc {
    return this.standing(host, `${S32}services.exe`);
  }

  explorer(host: Host, s: Session): Proc {
    return this.standing(
      host,
      'C:\\Windows\\explorer.exe',
      'C:\\Windows\\Explorer.EXE',
      `${s.who.domain}\\${s.who.name}`,
      s.id,
    );
  }

  start(
    t: number,
    parent: Proc,
    image: string,
    command: string,
    options: {
      user?: Principal;
      session?: number;
      sha256?: string;
      program?: Program;
      integrity?: string;
      original?: string;
      ends?: number;
    } = {},
  ): Proc {
    const { host } = parent;
    this.#nextPid(host);
    const session = options.session ?? parent.session;
    const user = options.user === undefined ? parent.user : `${options.user.domain}\\${options.user.name}`;
    const p: Proc = { host, pid: host.pid, guid: guidOf(host.random), image, command, user, session };
    if (host.linux) return p;
    const hash = options.sha256 ?? this.hash(image);
    const system = user.startsWith('NT AUTHORITY') || user.endsWith('$');
    const integrity = options.integrity ?? (system ? 'System' : 'Medium');
    this.#sysmon(host, t, EVENTS.sysmonProcess, {
      ProcessGuid: p.guid,
      ProcessId: p.pid,
      Image: image,
      FileVersion: image.startsWith('C:\\Windows') ? '10.0.19041.1' : '-',
      Description: options.program?.product ?? '-',
      Product: options.program?.product ?? '-',
      Company: options.program?.company ?? '-',
      OriginalFileName:
        options.original ?? options.program?.original ?? (image.startsWith('C:\\Windows') ? base(image) : '-'),
      CommandLine: command,
      CurrentDirectory: system ? S32 : folder(image),
      User: user,
      LogonGuid: `{${sha256(`${host.name}${session}`).slice(0, 8)}-0000-4000-8000-${sha256(`${session}${host.name}`).slice(0, 12)}}`,
      LogonId: session,
      TerminalSessionId: system ? 0 : 1,
      IntegrityLevel: integrity,
      Hashes: `SHA256=${hash}`,
      ParentProcessGuid: parent.guid,
      ParentProcessId: parent.pid,
      ParentImage: parent.image,
      ParentCommandLine: parent.command,
      ParentUser: parent.user,
    });
    const [domain, name] = user.split('\\') as [string, string];
    this.event(host, t + 0.002 * S, EVENTS.process, {
      SubjectUserSid: system ? 'S-1-5-18' : (options.user?.sid ?? this.sidOf(name)),
      SubjectUserName: system ? host.account.name : name,
      SubjectDomainName: system ? host.account.domain : domain,
      SubjectLogonId: session,
      NewProcessId: p.pid,
      NewProcessName: image,
      TokenElevationType: integrity === 'Medium' ? '%%1938' : '%%1936',
      ProcessId: parent.pid,
      CommandLine: host.commandLines ? command : '',
      TargetUserSid: 'S-1-0-0',
      TargetUserName: '-',
      TargetDomainName: '-',
      TargetLogonId: 0,
      ParentProcessName: parent.image,
      MandatoryLabel: integrity === 'System' ? 'S-1-16-16384' : integrity === 'High' ? 'S-1-16-12288' : 'S-1-16-8192',
    });
    if (options.ends !== undefined) {
      this.#sysmon(host, t + options.ends * S, EVENTS.sysmonEnd, {
        ProcessGuid: p.guid,
        ProcessId: p.pid,
        Image: image,
        User: user,
      });
    }
    return p;
  }

  readonly #sids = new Map<string, string>();
  sidOf(name: string): string {
    if (this.#sids.size === 0)
      for (const p of [
        ...this.world.people,
        ...this.world.administrators.map((a) => a.account),
        ...Object.values(this.world.services),
      ])
        this.#sids.set(p.name.toLowerCase(), p.sid);
    return this.#sids.get(name.toLowerCase()) ?? `${this.world.sid}-${1000 + (sha256(name).charCodeAt(0) % 90)}`;
  }

  know(p: Principal): void {
    this.sidOf('');
    this.#sids.set(p.name.toLowerCase(), p.sid);
  }

  // Files, registry, services, tasks

  file(t: number, proc: Proc, path: string): void {
    this.#sysmon(proc.host, t, EVENTS.sysmonFile, {
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      Image: proc.image,
      TargetFilename: path,
      CreationUtcTime: sysmonTime(t + proc.host.skew),
      User: proc.user,
    });
  }

  fileTime(t: number, proc: Proc, path: string, to: number): void {
    this.#sysmon(proc.host, t, EVENTS.sysmonFileTime, {
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      Image: proc.image,
      TargetFilename: path,
      CreationUtcTime: sysmonTime(to),
      PreviousCreationUtcTime: sysmonTime(t - 40 * S),
      User: proc.user,
    });
  }

  delete(t: number, proc: Proc, path: string, hash?: string): void {
    this.#sysmon(proc.host, t, EVENTS.sysmonDelete, {
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      User: proc.user,
      Image: proc.image,
      TargetFilename: path,
      Hashes: `SHA256=${hash ?? this.hash(path, 'deleted')}`,
      IsExecutable: /\.(?:exe|dll|sys)$/i.test(path),
      Archived: true,
    });
  }

  registry(t: number, proc: Proc, key: string, details: string): void {
    this.#sysmon(proc.host, t, EVENTS.sysmonRegistry, {
      EventType: 'SetValue',
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      Image: proc.image,
      TargetObject: key,
      Details: details,
      User: proc.user,
    });
  }

  access(t: number, source: Proc, target: Proc, granted: number): void {
    this.#sysmon(source.host, t, EVENTS.sysmonAccess, {
      SourceProcessGUID: source.guid,
      SourceProcessId: source.pid,
      SourceThreadId: source.pid + 12,
      SourceImage: source.image,
      TargetProcessGUID: target.guid,
      TargetProcessId: target.pid,
      TargetImage: target.image,
      GrantedAccess: granted,
      CallTrace: 'C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e',
      SourceUser: source.user,
      TargetUser: target.user,
    });
  }

  subject(who: Principal, session: number): Record<string, FieldText> {
    return {
      SubjectUserSid: who.sid,
      SubjectUserName: who.name,
      SubjectDomainName: who.domain,
      SubjectLogonId: session,
    };
  }

  service(
    t: number,
    host: Host,
    name: string,
    path: string,
    start: 'auto start' | 'demand start',
    who: Principal,
    session: number,
  ): void {
    this.event(host, t, EVENTS.serviceInstalled, {
      ServiceName: name,
      ImagePath: path,
      ServiceType: 'user mode service',
      StartType: start,
      AccountName: 'LocalSystem',
    });
    this.event(host, t + 0.01 * S, EVENTS.serviceInstalledAudit, {
      ...this.subject(who, session),
      ServiceName: name,
      ServiceFileName: path,
      ServiceType: 0x10,
      ServiceStartType: start === 'auto start' ? 2 : 3,
      ServiceAccount: 'LocalSystem',
    });
    this.registry(
      t + 0.02 * S,
      this.services(host),
      `HKLM\\System\\CurrentControlSet\\Services\\${name}\\ImagePath`,
      path,
    );
  }

  serviceState(t: number, host: Host, name: string, state: 'running' | 'stopped'): void {
    this.event(host, t, EVENTS.serviceState, { param1: name, param2: state });
  }

  task(t: number, host: Host, name: string, command: string, args: string, who: Principal, session: number): void {
    const content = `<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Triggers><CalendarTrigger/></Triggers><Principals><Principal id="Author"><UserId>S-1-5-18</UserId></Principal></Principals><Actions Context="Author"><Exec><Command>${command}</Command><Arguments>${args.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Arguments></Exec></Actions></Task>`;
    this.event(host, t, EVENTS.taskCreated, { ...this.subject(who, session), TaskName: name, TaskContent: content });
    this.event(host, t + 0.02 * S, EVENTS.taskRegistered, {
      TaskName: name,
      UserContext: `${who.domain}\\${who.name}`,
    });
  }

  taskRun(t: number, host: Host, name: string, action: string): void {
    this.event(host, t, EVENTS.taskRun, {
      TaskName: name,
      ActionName: action,
      TaskInstanceId: guidOf(host.random),
      EnginePID: 1200,
    });
  }

  taskGone(t: number, host: Host, name: string, who: Principal, session: number): void {
    this.event(host, t, EVENTS.taskDeleted, { ...this.subject(who, session), TaskName: name, TaskContent: '' });
    this.event(host, t + 0.02 * S, EVENTS.taskGone, { TaskName: name, UserName: `${who.domain}\\${who.name}` });
  }

  powershell(t: number, proc: Proc, script: string, path = ''): void {
    if (!proc.host.scriptBlocks) return;
    this.event(proc.host, t, EVENTS.scriptBlock, {
      MessageNumber: 1,
      MessageTotal: 1,
      ScriptBlockText: script,
      ScriptBlockId: guidOf(proc.host.random).slice(1, -1),
      Path: path,
    });
  }

  // Logons

  controller(host: Host): Host {
    const all = this.world.byRole('domain_controller');
    return all[host.account.sid.charCodeAt(host.account.sid.length - 1) % all.length]!;
  }

  /** Kerberos or NTLM at the controller, from where the account is used. */
  #authenticate(
    t: number,
    who: Principal,
    from: Host | string,
    target: Host,
    ntlm: boolean,
    guid: string,
    fresh: boolean,
  ): void {
    const dc = this.controller(target);
    const upper = this.world.dns.toUpperCase();
    if (ntlm || typeof from === 'string') {
      this.event(dc, t - 0.01 * S, EVENTS.validation, {
        PackageName: 'MICROSOFT_AUTHENTICATION_PACKAGE_V1_0',
        TargetUserName: who.name,
        Workstation: typeof from === 'string' ? '' : from.name,
        Status: 0,
      });
      return;
    }
    const ip = from === dc ? '::1' : `::ffff:${from.ip}`;
    if (fresh) {
      const { port } =
        from === dc
          ? { port: 0 }
          : this.connect(
              t - 0.06 * S,
              from,
              dc,
              88,
              { bytesOut: 1500, bytesIn: 1600, seconds: 0.01, service: 'krb_tcp' },
              { proc: this.standing(from, `${S32}lsass.exe`) },
            );
      this.event(dc, t - 0.05 * S, EVENTS.ticket, {
        TargetUserName: who.name,
        TargetDomainName: this.world.domain,
        TargetSid: who.sid,
        ServiceName: 'krbtgt',
        ServiceSid: `${this.world.sid}-502`,
        TicketOptions: 0x40810010,
        Status: 0,
        TicketEncryptionType: 0x12,
        PreAuthType: '2',
        IpAddress: ip,
        IpPort: String(port),
      });
    }
    const { port } =
      from === dc
        ? { port: 0 }
        : this.connect(
            t - 0.03 * S,
            from,
            dc,
            88,
            { bytesOut: 1700, bytesIn: 1700, seconds: 0.01, service: 'krb_tcp' },
            { proc: this.standing(from, `${S32}lsass.exe`) },
          );
    this.event(dc, t - 0.02 * S, EVENTS.serviceTicket, {
      TargetUserName: `${who.name}@${upper}`,
      TargetDomainName: upper,
      ServiceName: target.account.name,
      ServiceSid: target.account.sid,
      TicketOptions: 0x40810000,
      TicketEncryptionType: 0x12,
      IpAddress: ip,
      IpPort: String(port),
      Status: 0,
      LogonGuid: guid,
      TransmittedServices: '-',
    });
  }

  /**
   * A successful logon. `from`: the host or address that it comes from (null: at the machine). Gives the session; `ends` seconds
   * later it is over.
   */
  logon(
    t: number,
    host: Host,
    who: Principal,
    type: 2 | 3 | 4 | 5 | 7 | 10 | 11,
    from: Host | string | null,
    options: {
      ends?: number;
      elevated?: boolean;
      ntlm?: boolean;
      port?: number;
      proc?: Proc | undefined;
      explicit?: Session | undefined;
      fresh?: boolean;
      service?: number;
    } = {},
  ): Session {
    host.logon += 0x11 + host.random.below(0x600);
    const remote = from !== null && from !== host;
    const ntlm = options.ntlm ?? typeof from === 'string';
    const guid = ntlm ? '{00000000-0000-0000-0000-000000000000}' : guidOf(host.random);
    const s: Session = { host, who, id: host.logon, guid, type, from };
    if (host.linux) return s;
    const source: Host = from === null || typeof from === 'string' ? host : from;
    if (who.domain === this.world.domain && type !== 5 && type !== 4)
      this.#authenticate(
        t,
        who,
        typeof from === 'string' ? from : source,
        host,
        ntlm,
        guid,
        options.fresh ?? host.random.chance(0.3),
      );
    if (options.explicit !== undefined && typeof from === 'object' && from !== null) {
      this.event(from, t - 0.04 * S, EVENTS.explicit, {
        ...this.subject(options.explicit.who, options.explicit.id),
        LogonGuid: options.explicit.guid,
        TargetUserName: who.name,
        TargetDomainName: who.domain,
        TargetLogonGuid: guid,
        TargetServerName: host.fqdn,
        TargetInfo: host.fqdn,
        ProcessId: options.proc?.pid ?? 0x2f4,
        ProcessName: options.proc?.image ?? `${S32}svchost.exe`,
        IpAddress: '-',
        IpPort: '-',
      });
    }
    const system = type === 2 || type === 4 || type === 5 || type === 10 || type === 7 || type === 11;
    this.event(host, t, EVENTS.logon, {
      ...(system
        ? {
            SubjectUserSid: 'S-1-5-18',
            SubjectUserName: host.account.name,
            SubjectDomainName: this.world.domain,
            SubjectLogonId: SYSTEM_LOGON,
          }
        : { SubjectUserSid: 'S-1-0-0', SubjectUserName: '-', SubjectDomainName: '-', SubjectLogonId: 0 }),
      TargetUserSid: who.sid,
      TargetUserName: who.name,
      TargetDomainName: who.domain,
      TargetLogonId: s.id,
      LogonType: type,
      LogonProcessName:
        type === 3 ? (ntlm ? 'NtLmSsp ' : 'Kerberos') : type === 4 || type === 5 ? 'Advapi  ' : 'User32 ',
      AuthenticationPackageName: type === 3 ? (ntlm ? 'NTLM' : 'Kerberos') : 'Negotiate',
      WorkstationName: type === 3 ? (ntlm && typeof from === 'object' && from !== null ? from.name : '-') : host.name,
      LogonGuid: guid,
      TransmittedServices: '-',
      LmPackageName: ntlm && type === 3 ? 'NTLM V2' : '-',
      KeyLength: ntlm && type === 3 ? 128 : 0,
      ProcessId: type === 3 ? 0 : 0x2f4,
      ProcessName: type === 3 ? '-' : `${S32}svchost.exe`,
      IpAddress: remote ? this.ipOf(from) : type === 2 || type === 7 || type === 11 ? '127.0.0.1' : '-',
      IpPort: remote && type === 3 ? String(options.port ?? 0) : remote || type === 2 ? '0' : '-',
    });
    if (options.elevated === true)
      this.event(host, t + 0.001 * S, EVENTS.privileges, {
        ...this.subject(who, s.id),
        PrivilegeList:
          'SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeDebugPrivilege',
      });
    if (type === 10 && from !== null) {
      this.event(host, t + 0.9 * S, EVENTS.remoteLogon, {
        User: `${who.domain}\\${who.name}`,
        SessionID: 2 + (s.id % 5),
        Address: this.ipOf(from),
      });
      this.event(host, t - 0.8 * S, EVENTS.remoteConnection, {
        Param1: who.name,
        Param2: who.domain,
        Param3: this.ipOf(from),
      });
    }
    if (options.ends !== undefined) this.logoff(t + options.ends * S, s);
    return s;
  }

  logoff(t: number, s: Session): void {
    const fields = {
      TargetUserSid: s.who.sid,
      TargetUserName: s.who.name,
      TargetDomainName: s.who.domain,
      TargetLogonId: s.id,
    };
    const at = (u: number): void => {
      if (s.type === 2 || s.type === 10) this.event(s.host, u, EVENTS.logoffUser, fields);
      this.event(s.host, u + 0.2 * S, EVENTS.logoff, { ...fields, LogonType: s.type });
      if (s.type === 10)
        this.event(s.host, u + 0.5 * S, EVENTS.remoteLogoff, {
          User: `${s.who.domain}\\${s.who.name}`,
          SessionID: 2 + (s.id % 5),
        });
    };
    at(t);
  }

  logonFailed(
    t: number,
    host: Host,
    name: string,
    from: Host | string | null,
    type: 2 | 3 | 10,
    unknown = false,
  ): void {
    if (type === 3 && host.role !== 'domain_controller' && from !== null && typeof from !== 'string' && !unknown)
      this.event(this.controller(host), t - 0.02 * S, EVENTS.preauthFailed, {
        TargetUserName: name,
        TargetSid: this.sidOf(name),
        ServiceName: `krbtgt/${this.world.domain}`,
        TicketOptions: 0x40810010,
        Status: 0x18,
        PreAuthType: '2',
        IpAddress: `::ffff:${from.ip}`,
        IpPort: String(this.port(from)),
      });
    this.event(host, t, EVENTS.logonFailed, {
      ...(type === 3
        ? { SubjectUserSid: 'S-1-0-0', SubjectUserName: '-', SubjectDomainName: '-', SubjectLogonId: 0 }
        : {
            SubjectUserSid: 'S-1-5-18',
            SubjectUserName: host.account.name,
            SubjectDomainName: this.world.domain,
            SubjectLogonId: SYSTEM_LOGON,
          }),
      TargetUserSid: 'S-1-0-0',
      TargetUserName: name,
      TargetDomainName: this.world.domain,
      Status: 0xc000006d,
      FailureReason: '%%2313',
      SubStatus: unknown ? 0xc0000064 : 0xc000006a,
      LogonType: type,
      LogonProcessName: type === 3 ? 'NtLmSsp ' : 'User32 ',
      AuthenticationPackageName: type === 3 ? 'NTLM' : 'Negotiate',
      WorkstationName: from === null || typeof from === 'string' ? host.name : from.name,
      TransmittedServices: '-',
      LmPackageName: '-',
      KeyLength: 0,
      ProcessId: type === 3 ? 0 : 0x2f4,
      ProcessName: type === 3 ? '-' : `${S32}svchost.exe`,
      IpAddress: from === null ? '127.0.0.1' : this.ipOf(from),
      IpPort:
        from === null ? '0' : String(typeof from === 'string' ? 40_000 + this.#sensor.below(20_000) : this.port(from)),
    });
  }

  /** A network logon with its connection: what opening a share or a remote call begins with. */
  reach(
    t: number,
    from: Host,
    to: Host,
    who: Principal,
    options: {
      port?: number;
      proc?: Proc | undefined;
      elevated?: boolean;
      ntlm?: boolean;
      explicit?: Session | undefined;
      seconds?: number;
      bytesOut?: number;
      bytesIn?: number;
    } = {},
  ): Session {
    const dport = options.port ?? 445;
    const proc = options.proc ?? this.standing(from, 'System', '', 'NT AUTHORITY\\SYSTEM');
    const { port } = this.connect(
      t - 0.12 * S,
      from,
      to,
      dport,
      {
        bytesOut: options.bytesOut ?? 4000 + from.random.below(20_000),
        bytesIn: options.bytesIn ?? 4000 + from.random.below(90_000),
        seconds: options.seconds ?? 5 + from.random.below(200),
        service: dport === 445 ? 'smb,gssapi' : dport === 135 ? 'dce_rpc' : dport === 3389 ? 'rdp' : '-',
      },
      { proc, at: to.linux ? undefined : this.standing(to, dport === 445 ? 'System' : `${S32}svchost.exe`) },
    );
    return this.logon(t, to, who, 3, from, {
      ends: options.seconds ?? 5 + from.random.below(200),
      port,
      proc,
      ...(options.elevated === undefined ? {} : { elevated: options.elevated }),
      ...(options.ntlm === undefined ? {} : { ntlm: options.ntlm }),
      ...(options.explicit === undefined ? {} : { explicit: options.explicit }),
    });
  }

  share(t: number, s: Session, share: string, path: string | null, write = false): void {
    const ip = s.from === null ? '127.0.0.1' : this.ipOf(s.from);
    const local = share.endsWith('$')
      ? share === 'ADMIN$'
        ? '\\??\\C:\\Windows'
        : '\\??\\C:\\'
      : `\\??\\D:\\${share}`;
    const common = {
      ...this.subject(s.who, s.id),
      ObjectType: 'File',
      IpAddress: ip,
      IpPort: String(49152 + (s.id % 16_000)),
      ShareName: `\\\\*\\${share}`,
      ShareLocalPath: share === 'IPC$' ? '' : local,
      AccessMask: write ? 0x2 : 0x1,
    };
    if (path === null) this.event(s.host, t, EVENTS.share, { ...common, AccessList: '%%4416' });
    else
      this.event(s.host, t, EVENTS.shareFile, {
        ...common,
        RelativeTargetName: path,
        AccessList: write ? '%%4417' : '%%4416',
        AccessReason: '-',
      });
  }

  // Web and mail

  /** A request to a web server of ours: IIS's record and the sensor's. */
  web(
    t: number,
    server: Host,
    client: Host | string,
    request: {
      method: string;
      path: string;
      query?: string;
      user?: string;
      agent: string;
      status: number;
      out?: number;
      in?: number;
      referer?: string;
      ms?: number;
      substatus?: number;
    },
  ): void {
    const agent = request.agent.replaceAll(' ', '+');
    this.line(
      `${server.name}/iis`,
      server,
      t,
      (u) =>
        `evidence/${server.name}/inetpub/logs/LogFiles/W3SVC1/u_ex${isoText(u).slice(2, 10).replaceAll('-', '')}.log`,
      (u) =>
        `#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: ${isoText(u).slice(0, 10)} 00:00:00\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n`,
      (u) =>
        `${isoText(u).slice(0, 10)} ${isoText(u).slice(11, 19)} ${server.ip} ${request.method} ${request.path} ${request.query ?? '-'} 443 ${request.user ?? '-'} ${this.ipOf(client)} ${agent} ${request.referer ?? '-'} ${request.status} ${request.substatus ?? 0} 0 ${Math.round(request.in ?? 900)} ${Math.round(request.out ?? 700)} ${request.ms ?? 5 + this.#sensor.below(200)}\n`,
    );
    if (typeof client === 'string' || this.#sensor.chance(0.25))
      this.connect(t - 0.02 * S, client, server, 443, {
        bytesOut: request.out ?? 700,
        bytesIn: request.in ?? 900,
        seconds: 0.2 + this.#sensor.next() * 4,
        service: 'ssl',
      });
  }

  /** What Exchange's front end writes of a request that it proxied. */
  proxied(
    t: number,
    server: Host,
    r: {
      protocol: string;
      user: string;
      client: string;
      path: string;
      agent: string;
      status: number;
      mailbox: string;
      bytes: number;
    },
  ): void {
    this.line(
      `${server.name}/httpproxy/${r.protocol}`,
      server,
      t,
      (u) =>
        `evidence/${server.name}/Exchange/Logging/HttpProxy/${r.protocol}/HttpProxy_${isoText(u).slice(0, 10).replaceAll('-', '')}.LOG`,
      (u) =>
        `DateTime,RequestId,ServerHostName,UrlHost,UrlStem,Protocol,AuthenticationType,IsAuthenticated,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,Method,HttpStatus,BackEndStatus,RequestBytes,ResponseBytes,TotalRequestTime\n#Software: Microsoft Exchange Server\n#Version: 15.01.2507.016\n#Log-type: HttpProxy Logs\n#Date: ${isoText(u)}\n#Fields: DateTime,RequestId,ServerHostName,UrlHost,UrlStem,Protocol,AuthenticationType,IsAuthenticated,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,Method,HttpStatus,BackEndStatus,RequestBytes,ResponseBytes,TotalRequestTime\n`,
      (u) =>
        `${isoText(u)},${guidOf(this.#sensor).slice(1, -1)},${server.name},${this.world.webName},${r.path},${r.protocol},${r.user === '' ? ',false,' : `${r.protocol === 'Owa' ? 'FBA' : 'Negotiate'},true,${r.user}`},${r.mailbox === '' ? '' : `SMTP:${r.mailbox}`},"${r.agent}",${r.client},POST,${r.status},${r.status},${700 + this.#sensor.below(4000)},${Math.round(r.bytes)},${5 + this.#sensor.below(900)}\n`,
    );
  }

  /** The mailbox audit: who did what in whose mailbox. */
  mailbox(
    t: number,
    server: Host,
    r: {
      owner: string;
      ownerName: string;
      who: string;
      logon: 'Owner' | 'Delegate' | 'Admin';
      operation: string;
      folder: string;
      subject: string;
      client: string;
      ip: string;
      items?: number;
    },
  ): void {
    this.line(
      `${server.name}/mailboxaudit`,
      server,
      t,
      (u) => `evidence/${server.name}/MailboxAudit/MailboxAudit-${isoText(u).slice(0, 7)}.csv`,
      () =>
        'LastAccessed,Operation,OperationResult,LogonType,FolderPathName,ItemSubject,ClientInfoString,ClientIPAddress,InternalLogonType,MailboxOwnerUPN,MailboxResolvedOwnerName,LogonUserDisplayName,ItemCount,OriginatingServer\n',
      (u) =>
        `${isoText(u)},${r.operation},Succeeded,${r.logon},"\\${r.folder}","${r.subject}","${r.client}",${r.ip},${r.logon},${r.owner},${r.ownerName},${r.who},${r.items ?? 1},${server.name}\n`,
    );
  }

  tracking(
    t: number,
    server: Host,
    sender: string,
    recipient: string,
    subject: string,
    bytes: number,
    event: 'RECEIVE' | 'DELIVER' | 'SEND',
    ip: string,
  ): void {
    this.line(
      `${server.name}/tracking`,
      server,
      t,
      (u) =>
        `evidence/${server.name}/Exchange/TransportRoles/Logs/MessageTracking/MSGTRK${isoText(u).slice(0, 10).replaceAll('-', '')}-1.LOG`,
      (u) =>
        `#Software: Microsoft Exchange Server\n#Version: 15.01.2507.016\n#Log-type: Message Tracking Log\n#Date: ${isoText(u)}\n#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source,event-id,internal-message-id,message-id,recipient-address,total-bytes,recipient-count,message-subject,sender-address,directionality\n`,
      (u) =>
        `${isoText(u)},${ip},,${server.ip},${server.name},${event === 'DELIVER' ? 'STOREDRIVER' : 'SMTP'},${event},${Math.floor(u / 1e5) % 1e9},<${guidOf(this.#sensor).slice(1, -1)}@${server.fqdn}>,${recipient},${Math.round(bytes)},1,${subject},${sender},${sender.endsWith(this.world.webName.slice(5)) ? 'Originating' : 'Incoming'}\n`,
    );
  }

  /** A cmdlet of Exchange's management. */
  cmdlet(t: number, server: Host, who: Principal, name: string, parameters: string): void {
    this.event(server, t, EVENTS.exchangeCmdlet, {
      '*': [
        name,
        parameters,
        `${this.world.dns}/Users/${who.name}`,
        who.sid,
        who.sid,
        '',
        'Remote-ManagementShell-Unknown',
        String(2000 + (who.sid.length % 50)),
        '',
        '31',
        `00:00:00.${two(this.#sensor.below(99))}`,
      ],
    });
  }
}
