// Everything that is known of a case, put together once: what detectors and the search for causes ask.
import type { Facts } from '../facts/read.js';
import { Rows } from '../facts/rows.js';
import type { Place } from '../facts/table.js';
import { Addresses } from './addresses.js';
import { Logons, push } from './logons.js';
import { baseName, Processes } from './processes.js';
import { userNames } from './users.js';

export { baseName } from './processes.js';
export { type Logon, ownAccount, SSH } from './logons.js';

/** What a path says of itself. */
export const SYSTEM_FOLDER =
  /^(?:[a-z]:)?\\(?:windows\\(?:system32|syswow64|servicing|winsxs|microsoft\.net|systemapps|immersivecontrolpanel)|program files(?: \(x86\))?)\\|^c:\\windows\\(?:explorer|notepad|regedit|hh|winhlp32|bfsvc|helppane|splwow64|write|twunk_\d+|sysmon(?:64)?|fveupdate|pyw?)\.exe$|^\/(?:usr|bin|sbin|lib|opt)\//i;
/** Programs that start others on behalf of everybody: nothing is said of them by what they start. */
export const HUB =
  /^(?:services|svchost|wininit|winlogon|explorer|userinit|lsass|smss|csrss|system|wmiprvse|taskeng|taskhostw?|dllhost|runtimebroker|sihost|w3wp|httpd|nginx|apache2?|tomcat\d*|sqlservr|wsmprovhost|mmc|msiexec|trustedinstaller|php-fpm[\d.]*|php-cgi|systemd|init|sshd|sshd-session|sudo|su|doas|cron|crond|java|javaw|searchindexer|spoolsv|outlook|winword|excel|powerpnt|chrome|msedge|firefox|iexplore|teams|onedrive|acrobat|acrord32|code|consent|userinit|logonui|umworkerprocess)(?:\.exe)?$/i;
export const SHELL =
  /^(?:cmd|powershell|pwsh|powershell_ise|cscript|wscript|mshta|sh|bash|dash|zsh|ksh|csh|rundll32|regsvr32|certutil|bitsadmin|installutil|msbuild|python[\d.]*|perl|wmic|whoami|net1?|nltest|systeminfo|quser|ipconfig|tasklist|curl|wget|nc|ncat|id|uname|hostname|netstat)(?:\.exe)?$/i;

/** Programs that answer requests from outside. */
export const SERVER =
  /^(?:w3wp|httpd|nginx|apache2?|tomcat\d*w?|php-cgi|php-fpm[\d.]*|lighttpd|caddy|umworkerprocess|umservice|msexchange\w*|ws_tomcatservice|beasvc|coldfusion\d*|jrun|sqlservr|mysqld|postgres|oracle|httpserver|javaw?|node|gunicorn|uwsgi|screenconnect\.service|solarwinds\.businesslayerhost|zentao|jbosssvc|weblogic|catalina|iisexpress|fmserver\w*|connectwise\w*)(?:\.exe)?$/;

/** Hours without a record after which a sensor is taken to be off. */
const SENSOR_PAUSE = 3;

export class World {
  readonly facts: Facts;
  readonly addresses: Addresses;
  readonly processes: Processes;
  readonly logons: Logons;
  /** Hosts that a program (path in lower case) ran on, and how often. */
  readonly #programs = new Map<number, { hosts: Set<number>; runs: number; first: number }>();
  readonly #hashes = new Map<string, number>();
  readonly #byHash = new Rows();
  readonly #byImage = new Rows();
  readonly #bySession = new Rows();
  readonly #flowsByProcess = new Rows();
  readonly #filesByProcess = new Rows();
  readonly #scriptsByProcess = new Rows();
  readonly #injections = new Map<number, number[]>();
  /** By address: host and program, as one number. */
  readonly #openers = new Map<string, Set<number>>();
  readonly #ahead: readonly number[];
  /** Programs that the intruder put where the system's own lie, by `host|path`; whether a tool that everybody may use counts too. */
  readonly placed = new Map<string, boolean>();
  /** Sysmon or what does the same writes of this host. */
  readonly #sensed = new Set<number>();
  /** The logs that such a sensor writes, by host. */
  readonly #sensors = new Map<number, Set<number>>();

  constructor(facts: Facts, clocks: ReadonlyMap<string, number>) {
    this.facts = facts;
    // A clock that was compared while its log's zone was not known is ahead by that zone too.
    this.#ahead = facts.hosts.names.map((n, h) => {
      const ahead = clocks.get(n) ?? 0;
      const zone = (facts.zones.get(h)?.minutes ?? 0) * 60e6;
      return Math.abs(ahead - zone) < Math.abs(ahead) ? ahead - zone : ahead;
    });
    this.addresses = new Addresses(facts);
    const names = userNames(facts);
    this.processes = new Processes(facts, names);
    this.logons = new Logons(facts, this.addresses, names);
    const p = this.processes;
    for (let r = 0; r < p.rows; r++) {
      const image = p.image.at(r);
      const host = p.host.at(r);
      if (!Number.isFinite(p.start.at(r))) {
        if (image >= 0) this.#byImage.add(image, 0, r);
        continue;
      }
      let k = this.#programs.get(image);
      if (k === undefined) this.#programs.set(image, (k = { hosts: new Set(), runs: 0, first: p.start.at(r) }));
      k.hosts.add(host);
      k.runs++;
      this.#byImage.add(image, 0, r);
      const sha = p.sha256(p.hash.at(r));
      if (sha !== '') {
        let n = this.#hashes.get(sha);
        if (n === undefined) this.#hashes.set(sha, (n = this.#hashes.size));
        this.#byHash.add(n, 0, r);
      }
      // Numbers of Windows' own sessions; on Linux they are anybody's.
      const id = p.session.at(r);
      if (id > 0x3e7 || (id > 0 && (id < 0x3e0 || p.imageText(r).startsWith('/'))))
        this.#bySession.add(host, p.session.at(r), r);
    }
    const net = facts.table('network_activity');
    const by = net.column('process');
    const [guid, pid] = [net.column('process_guid'), net.column('pid')];
    [this.#netGuid, this.#netPid, this.#netDuration] = [guid, pid, net.column('duration')];
    this.#firewall = facts.texts.asker((t) => t === 'firewall');
    for (let i = 0; i < net.rows; i++) {
      if (guid[i]! < 0 && pid[i] === -1) continue;
      this.#sensed.add(net.host[i]!);
      const sources = this.#sensors.get(net.host[i]!);
      if (sources === undefined) this.#sensors.set(net.host[i]!, new Set([net.source[i]!]));
      else sources.add(net.source[i]!);
      const r = this.processAt(net.host[i]!, guid[i]!, pid[i]!, net.t[i]!);
      if (r >= 0 && this.#same(r, by[i]!)) this.#flowsByProcess.add(r, 0, i);
    }
    const dst = net.column('dst_ip');
    for (let i = 0; i < net.rows; i++) {
      if (by[i]! < 0 || net.host[i]! < 0) continue;
      const key = this.addresses.text(dst[i]!);
      const list = this.#openers.get(key);
      const who = net.host[i]! * 16_777_216 + facts.texts.fold(by[i]!);
      if (list === undefined) this.#openers.set(key, new Set([who]));
      else if (list.size < 64) list.add(who);
    }
    const script = facts.table('script_activity');
    const spid = script.column('pid');
    for (let i = 0; i < script.rows; i++) {
      if (spid[i] === -1) continue;
      const r = this.processAt(script.host[i]!, -1, spid[i]!, script.t[i]!);
      if (r >= 0 && /powershell|pwsh|wsmprovhost/i.test(this.processes.imageText(r)))
        this.#scriptsByProcess.add(r, 0, i);
    }
    const m = facts.table('memory_activity');
    const [kind, mguid, mpid] = [m.column('activity'), m.column('process_guid'), m.column('pid')];
    const [tguid, tpid, target] = [m.column('target_guid'), m.column('target_pid'), m.column('target')];
    const inject = facts.texts.asker((t) => t === 'inject');
    for (let i = 0; i < m.rows; i++) {
      if (!inject(kind[i]!)) continue;
      const r = this.processAt(m.host[i]!, mguid[i]!, mpid[i]!, m.t[i]!);
      if (r < 0) continue;
      push(this.#injections, r, i);
      // What was injected mostly ran before the logs begin.
      if (this.processAt(m.host[i]!, tguid[i]!, tpid[i]!, m.t[i]!) < 0)
        this.processes.unseen(m.host[i]!, facts.texts.number(tpid[i]!), tguid[i]!, facts.texts.fold(target[i]!));
    }
    const file = facts.table('file_activity');
    const [fguid, fpid, fby] = [file.column('process_guid'), file.column('pid'), file.column('process')];
    for (let i = 0; i < file.rows; i++) {
      if (fguid[i]! < 0 && fpid[i] === -1) continue;
      const r = this.processAt(file.host[i]!, fguid[i]!, fpid[i]!, file.t[i]!);
      if (r >= 0 && this.#same(r, fby[i]!)) this.#filesByProcess.add(r, 0, i);
    }
  }

  readonly #netGuid: Int32Array;
  readonly #netPid: Int32Array;
  readonly #netDuration: Int32Array;
  readonly #firewall: (id: number) => boolean;
  readonly #bases = new Map<number, string>();

  /** Whether a process may be the program that a record names: numbers are given again. */
  #same(row: number, image: number): boolean {
    const own = this.processes.image.at(row);
    if (image < 0 || own < 0 || image === own) return true;
    const base = (id: number): string => {
      let b = this.#bases.get(id);
      if (b === undefined) this.#bases.set(id, (b = baseName(this.facts.texts.text(id)).toLowerCase()));
      return b;
    };
    return base(image) === base(own);
  }

  /** The process that a record names by GUID, or by its number at the time. */
  processAt(host: number, guid: number, pid: number, t: number): number {
    const byGuid = this.processes.byGuid(host, guid);
    if (byGuid >= 0) return byGuid;
    const n = this.facts.texts.number(pid);
    return Number.isNaN(n) || host < 0 ? -1 : this.processes.at(host, n, t);
  }

  text(id: number): string {
    return this.facts.texts.text(id);
  }

  /** Hosts that a program ran on. */
  spread(image: number): number {
    return this.#programs.get(image)?.hosts.size ?? 0;
  }
  runs(image: number): number {
    return this.#programs.get(image)?.runs ?? 0;
  }
  withHash(sha256: string): readonly number[] {
    const n = this.#hashes.get(sha256);
    return n === undefined ? [] : this.#byHash.of(n, 0);
  }
  /** Starts of a program. */
  withImage(image: number): readonly number[] {
    return this.#byImage.of(image, 0);
  }
  inSession(host: number, id: number): readonly number[] {
    return this.#bySession.of(host, id);
  }
  /** Rows of network activity that a process is named in. */
  flows(process: number): readonly number[] {
    return this.#flowsByProcess.of(process, 0);
  }
  files(process: number): readonly number[] {
    return this.#filesByProcess.of(process, 0);
  }
  /** Rows of script activity of a process. */
  scripts(process: number): readonly number[] {
    return this.#scriptsByProcess.of(process, 0);
  }
  /** Rows of memory activity in which a process injected another. */
  injections(process: number): readonly number[] {
    return this.#injections.get(process) ?? [];
  }
  /** Hosts and programs (paths in lower case) that opened connections to an address; of many the first. */
  openers(address: string): { host: number; image: number }[] {
    return [...(this.#openers.get(address) ?? [])].map((x) => ({
      host: Math.floor(x / 16_777_216),
      image: x % 16_777_216,
    }));
  }
  sensed(host: number): boolean {
    return this.#sensed.has(host);
  }
  /** Whether such a sensor was at work there at a time: it has records of about then. */
  sensedAt(host: number, t: number): boolean {
    const sources = this.#sensors.get(host);
    // Of what began before the logs, no moment is known.
    if (sources === undefined || !Number.isFinite(t)) return false;
    const hour = Math.floor(t / 3600e6);
    for (const s of sources) {
      const set = this.facts.hours.of.get(host)?.get(s);
      for (let h = hour - SENSOR_PAUSE; set !== undefined && h <= hour + SENSOR_PAUSE; h++) if (set.has(h)) return true;
    }
    return false;
  }

  /** Whether a row of network activity is what a sensor on the way wrote down, and not an end's own record with a process. */
  onTheWay(row: number): boolean {
    return this.#netGuid[row]! < 0 && this.#netPid[row] === -1;
  }

  /** When a connection began: firewalls write down when it ended, and how long it was. Microseconds. */
  began(row: number): number {
    const n = this.facts.table('network_activity');
    if (!this.#firewall(n.source[row]!)) return n.t[row]!;
    const seconds = this.facts.texts.number(this.#netDuration[row]!);
    return seconds > 0 && seconds < 7 * 86_400 ? n.t[row]! - seconds * 1e6 : n.t[row]!;
  }

  /** A time of one host's clock as another's clock would have had it. */
  carried(t: number, from: number, to: number): number {
    return t - (this.#ahead[from] ?? 0) + (this.#ahead[to] ?? 0);
  }

  #machines: Set<number> | null = null;

  /** Whether a host keeps logs as an operating system does, of what runs on it and of who signs in to it; an appliance keeps none. */
  machine(host: number): boolean {
    if (this.#machines === null) {
      this.#machines = new Set();
      for (let r = 0; r < this.processes.rows; r++) this.#machines.add(this.processes.host.at(r));
      const a = this.facts.table('authentication');
      const activity = a.column('activity');
      const is = this.facts.texts.asker((t) => /^(?:accepted|audit login|audit session|logon)$/.test(t));
      for (let i = 0; i < a.rows; i++) if (is(activity[i]!)) this.#machines.add(a.host[i]!);
      const jobs = this.facts.table('scheduled_job_activity');
      for (let i = 0; i < jobs.rows; i++) this.#machines.add(jobs.host[i]!);
    }
    return this.#machines.has(host);
  }

  hub(process: number): boolean {
    return HUB.test(baseName(this.processes.imageText(process)));
  }
  shell(process: number): boolean {
    return SHELL.test(baseName(this.processes.imageText(process)));
  }
  system(process: number): boolean {
    return SYSTEM_FOLDER.test(this.processes.imageText(process));
  }

  shellPath(path: string): boolean {
    return SHELL.test(baseName(path)) || HUB.test(baseName(path));
  }
  serverImage(process: number): boolean {
    return SERVER.test(baseName(this.processes.imageText(process)));
  }
  systemPath(path: string): boolean {
    return SYSTEM_FOLDER.test(path);
  }

  hostName(host: number): string {
    return this.facts.hosts.names[host] ?? '';
  }

  processPlaces(process: number): Place[] {
    return this.processes.places(process);
  }
}
