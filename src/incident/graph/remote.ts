// From a process on one host to the session that it opened on another, and back: by the connection's address and port, by the
// credentials that it named, by the machine that its command line names.
import type { Logon } from './logons.js';
import { push, SSH } from './logons.js';
import { firstAt, Rows } from '../facts/rows.js';
import { sshTargets } from './ssh.js';
import type { Sure } from './suspicion.js';
import { baseName, type World } from './world.js';

/** What starts programs for somebody who came over the network. */
const RUNS_FOR = /^(?:wsmprovhost|winrshost|wmiprvse|services|svchost|taskeng)\.exe$/;
/** Ports by which one machine is administered from another. */
export const REMOTE_PORTS: ReadonlySet<number> = new Set([22, 135, 139, 445, 3389, 5985, 5986, 47001]);
/** Clocks that were compared may still be apart by this. */
const SLACK = 15e6;
/** A password is typed by then. */
const TYPED = 60e6;
/** Ports come again after this. */
const PORT_LIFE = 300e6;

/** What a file that runs is called. */
const RUNS = /\.(?:exe|dll|sys|scr|com|bat|cmd|ps1|vbs|js|hta|msi|jar|aspx?|ashx|jspx?|php)$/i;

export interface Hop {
  readonly logon: Logon;
  readonly how: string;
  readonly sure: Sure;
}

export class Remote {
  readonly #world: World;
  /** By the process that named other credentials: rows of authentications. */
  readonly #explicit = new Map<number, number[]>();
  /** Rows of file activity over shares that wrote, by host. */
  readonly #writes = new Map<number, number[]>();
  readonly #shared = new Map<number, number[]>();
  readonly #starts = new Map<number, number[]>();
  /** Rows of network activity that a host opened, by address and port. */
  readonly #opened = new Rows();
  readonly #targets: (id: number) => readonly string[];

  constructor(world: World) {
    this.#world = world;
    const { facts, processes } = world;
    const { texts } = facts;
    const a = facts.table('authentication');
    const [activity, pid] = [a.column('activity'), a.column('pid')];
    const explicit = texts.asker((t) => t === 'explicit credentials');
    for (let i = 0; i < a.rows; i++) {
      if (!explicit(activity[i]!)) continue;
      const p = world.processAt(a.host[i]!, -1, pid[i]!, a.t[i]!);
      if (p >= 0) push(this.#explicit, p, i);
    }
    const f = facts.table('file_activity');
    const [share, access, what] = [f.column('share'), f.column('access'), f.column('activity')];
    const shared = texts.asker((t) => t === 'share access');
    for (let i = 0; i < f.rows; i++) {
      if (!shared(what[i]!) || share[i]! < 0 || f.host[i]! < 0) continue;
      push(this.#shared, f.host[i]!, i);
      const mask = texts.number(access[i]!);
      // FILE_WRITE_DATA or FILE_APPEND_DATA.
      if (!Number.isNaN(mask) && (mask & 0x6) !== 0) push(this.#writes, f.host[i]!, i);
    }
    for (let r = 0; r < processes.rows; r++)
      if (Number.isFinite(processes.start.at(r))) push(this.#starts, processes.host.at(r), r);
    const n = facts.table('network_activity');
    const [src, sport] = [n.column('src_ip'), n.column('src_port')];
    const [guid, npid] = [n.column('process_guid'), n.column('pid')];
    for (let i = 0; i < n.rows; i++)
      if (n.host[i]! >= 0 && (guid[i]! >= 0 || npid[i] !== -1))
        this.#opened.add(world.addresses.number(world.addresses.text(src[i]!)), texts.number(sport[i]!), i);
    this.#targets = texts.asker((t) => hostsNamed(t));
  }

  /** Sessions on other machines that a process opened. */
  *of(process: number): Generator<Hop> {
    const w = this.#world;
    const { texts } = w.facts;
    const host = w.processes.host.at(process);
    const n = w.facts.table('network_activity');
    const [src, sport, dst, dport] = ['src_ip', 'src_port', 'dst_ip', 'dst_port'].map((c) => n.column(c)) as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    for (const i of w.flows(process)) {
      const port = texts.number(dport[i]!);
      const target = w.addresses.hostAt(w.addresses.text(dst[i]!), n.t[i]!);
      if (target < 0 || target === host || !REMOTE_PORTS.has(port)) continue;
      const from = w.addresses.text(src[i]!);
      const at = w.carried(n.t[i]!, host, target);
      let exact = false;
      for (const l of w.logons.byPort(from, texts.number(sport[i]!), at, PORT_LIFE))
        if (l.host === target) {
          exact = true;
          yield { logon: l, how: 'edge.connection', sure: 'certain' };
        }
      if (exact) continue;
      // Windows remote management tells no address at all: the same account, at that moment.
      const as = texts.text(w.processes.user.at(process)).replace(/^.*\\/, '').toLowerCase();
      if (port === 5985 || port === 5986 || port === 47001)
        for (const l of w.logons.remote(target, at - 3e6, at + SLACK))
          if (l.type === 3 && l.address === '' && (l.user === as || this.#named(process, l.user)))
            yield { logon: l, how: 'edge.connection-time', sure: 'certain' };
      // Remote desktop and SSH sessions do not tell the port.
      for (const l of w.logons.remote(target, at - SLACK, at + SLACK * 4)) {
        if (l.address !== from) continue;
        if ((port === 3389 && l.type === 10) || (port === 22 && l.type === SSH) || (l.port <= 0 && l.type === 3))
          yield { logon: l, how: 'edge.connection-time', sure: 'certain' };
      }
    }
    const a = w.facts.table('authentication');
    const [service, user, guid] = [a.column('service'), a.column('user'), a.column('logon_guid')];
    for (const i of this.#explicit.get(process) ?? []) {
      const target = w.facts.hosts.known(texts.text(service[i]!).replace(/^.*\//, ''));
      const name = texts.text(user[i]!).replace(/@.*$/, '').toLowerCase();
      const byGuid = w.logons.byGuid(guid[i]!).filter((l) => l.host !== host && l.type !== 2);
      if (byGuid.length > 0 && !/^\{?0{8}-/.test(texts.text(guid[i]!))) {
        for (const l of byGuid) yield { logon: l, how: 'edge.credentials', sure: 'certain' };
        continue;
      }
      if (target < 0 || target === host) continue;
      const at = w.carried(a.t[i]!, host, target);
      for (const l of w.logons.remote(target, at - SLACK, at + SLACK))
        if (l.user === name && w.logons.source(l) === host)
          yield { logon: l, how: 'edge.credentials', sure: 'certain' };
    }
    // What the command line names.
    const start = w.processes.start.at(process);
    if (!Number.isFinite(start)) return;
    const ssh = /^(?:ssh|scp|sftp|rsync)$/.test(baseName(w.processes.imageText(process)));
    for (const target of this.named(process)) {
      if (target === host) continue;
      const at = w.carried(start, host, target);
      // Whoever types a password takes a while.
      for (const l of w.logons.remote(target, at - 5e6, at + (ssh ? TYPED : SLACK)))
        if ((!ssh || l.type === SSH) && w.logons.source(l) === host)
          yield { logon: l, how: 'edge.named', sure: 'certain' };
    }
  }

  #named(process: number, user: string): boolean {
    for (const c of this.credentials(process)) if (c.user === user) return true;
    return false;
  }

  /** Hosts that a process's command line names. */
  named(process: number): number[] {
    return this.#targets(this.#world.processes.command.at(process))
      .map((x) => {
        const h = this.#world.facts.hosts.known(x);
        return h >= 0 ? h : this.#world.addresses.hostAt(x, this.#world.processes.start.at(process));
      })
      .filter((h) => h >= 0);
  }

  /** Whether something ran on a machine as whoever came to it over the network, from then on for a little while: by what starts things for others. */
  ranIn(l: Logon): boolean {
    const p = this.#world.processes;
    return this.startedBy(l.host, l.t - 2e6, l.t + 20e6, RUNS_FOR).some(
      (r) =>
        !this.#world.hub(r) &&
        (p.session.at(r) === l.id || p.userText(r).replace(/^.*\\/, '').toLowerCase() === l.user),
    );
  }

  /** Accounts whose credentials a process named, with the records. */
  *credentials(process: number): Generator<{ user: string; t: number; row: number; target: number }> {
    const a = this.#world.facts.table('authentication');
    const { texts, hosts } = this.#world.facts;
    for (const i of this.#explicit.get(process) ?? [])
      yield {
        user: texts.text(a.column('user')[i]!).replace(/@.*$/, '').toLowerCase(),
        t: a.t[i]!,
        row: i,
        target: hosts.known(texts.text(a.column('service')[i]!).replace(/^.*\//, '')),
      };
  }

  /**
   * The account that a controller gave a ticket for a host to, to one who asked from another at a time, or no longer than `before`
   * microseconds ago: a ticket is used again. Null where there is none.
   */
  ticketHolder(source: number, target: number, t: number, before = 5e6): { user: string; row: number } | null {
    const w = this.#world;
    const a = w.facts.table('authentication');
    const { texts } = w.facts;
    const name = w.hostName(target).split('.')[0]!.toLowerCase();
    const ticket = texts.asker((x) => x === 'service ticket');
    for (let i = a.from(t - before - 25e6); i < a.rows && a.t[i]! <= t + 30e6; i++) {
      if (!ticket(a.column('activity')[i]!)) continue;
      if (w.addresses.hostAt(w.addresses.text(a.column('src_ip')[i]!), a.t[i]!) !== source) continue;
      const at = w.carried(a.t[i]!, a.host[i]!, source);
      if (at > t + 5e6 || at < t - before) continue;
      if (!texts.text(a.column('service')[i]!).toLowerCase().replace(/\$$/, '').replace(/^.*\//, '').startsWith(name))
        continue;
      const user = texts.text(a.column('user')[i]!).replace(/@.*$/, '').toLowerCase();
      if (!user.endsWith('$')) return { user, row: i };
    }
    return null;
  }

  /** Whose password a controller was asked about for a machine (NTLM) at a time by that machine's clock; null. */
  validated(source: number, t: number): { user: string; row: number } | null {
    const w = this.#world;
    const a = w.facts.table('authentication');
    const { texts } = w.facts;
    const is = texts.asker((x) => x === 'credential validation');
    let best: { user: string; row: number; far: number } | null = null;
    for (let i = a.from(t - 25e6); i < a.rows && a.t[i]! <= t + 20e6; i++) {
      if (!is(a.column('activity')[i]!)) continue;
      if (w.facts.hosts.known(texts.text(a.column('workstation')[i]!).replace(/^\\\\/, '')) !== source) continue;
      const user = texts.text(a.column('user')[i]!).replace(/@.*$/, '').toLowerCase();
      const far = Math.abs(w.carried(a.t[i]!, a.host[i]!, source) - t);
      if (user !== '' && !user.endsWith('$') && (best === null || far < best.far)) best = { user, row: i, far };
    }
    return best;
  }

  /** The process on the source host that opened a session; -1 where nothing tells. */
  opener(l: Logon, source: number): number {
    const w = this.#world;
    const { texts } = w.facts;
    const at = w.carried(l.t, l.host, source);
    const n = w.facts.table('network_activity');
    if (l.port > 0)
      for (const i of this.#opened.of(w.addresses.number(l.address), l.port))
        if (n.host[i] === source && Math.abs(n.t[i]! - at) < PORT_LIFE) {
          const p = w.processAt(source, n.column('process_guid')[i]!, n.column('pid')[i]!, n.t[i]!);
          if (p >= 0) return p;
        }
    const a = w.facts.table('authentication');
    const [user, service, pid] = [a.column('user'), a.column('service'), a.column('pid')];
    for (let i = a.from(at - SLACK); i < a.rows && a.t[i]! <= at + SLACK; i++) {
      if (a.host[i] !== source || texts.text(a.column('activity')[i]!) !== 'explicit credentials') continue;
      if (texts.text(user[i]!).replace(/@.*$/, '').toLowerCase() !== l.user) continue;
      if (w.facts.hosts.known(texts.text(service[i]!).replace(/^.*\//, '')) !== l.host) continue;
      const p = w.processAt(source, -1, pid[i]!, a.t[i]!);
      if (p >= 0) return p;
    }
    const port = l.type === 10 ? 3389 : l.type === SSH ? 22 : 0;
    for (const r of this.startsBetween(source, at - (l.type === SSH ? TYPED : 20e6), at + 3e6)) {
      if (this.named(r).includes(l.host)) return r;
    }
    if (port !== 0)
      for (let i = n.from(at - SLACK * 4); i < n.rows && n.t[i]! <= at + SLACK; i++)
        if (
          n.host[i] === source &&
          texts.number(n.column('dst_port')[i]!) === port &&
          w.addresses.hostAt(w.addresses.text(n.column('dst_ip')[i]!), n.t[i]!) === l.host
        ) {
          const p = w.processAt(source, n.column('process_guid')[i]!, n.column('pid')[i]!, n.t[i]!);
          if (p >= 0) return p;
        }
    return -1;
  }

  /** The port that a logon over the network came to, by a record of its connection; 0 where there is none. */
  portOf(l: Logon): number {
    if (l.port <= 0) return 0;
    const w = this.#world;
    const n = w.facts.table('network_activity');
    for (const i of this.#opened.of(w.addresses.number(l.address), l.port)) {
      if (Math.abs(n.t[i]! - l.t) > PORT_LIFE * 2) continue;
      if (w.addresses.hostAt(w.addresses.text(n.column('dst_ip')[i]!), n.t[i]!) !== l.host) continue;
      const port = w.facts.texts.number(n.column('dst_port')[i]!);
      if (!Number.isNaN(port)) return port;
    }
    return 0;
  }

  startsBetween(host: number, from: number, to: number): readonly number[] {
    const rows = this.#starts.get(host) ?? [];
    const start = this.#world.processes.start;
    let lo = firstAt(rows.length, (mid) => start.at(rows[mid]!), from);
    const out: number[] = [];
    for (; lo < rows.length && start.at(rows[lo]!) <= to; lo++) out.push(rows[lo]!);
    return out;
  }

  startedBy(host: number, from: number, to: number, parent: RegExp): readonly number[] {
    const p = this.#world.processes;
    return this.startsBetween(host, from, to).filter(
      (r) => p.parent.at(r) >= 0 && parent.test(baseName(p.imageText(p.parent.at(r)))),
    );
  }

  /** Files that a session wrote over shares of a host. */
  writes(host: number, l: Logon): readonly number[] {
    const f = this.#world.facts.table('file_activity');
    const id = f.column('logon_id');
    return (this.#writes.get(host) ?? []).filter(
      (i) =>
        l.id >= 0 &&
        this.#world.facts.texts.number(id[i]!) === l.id &&
        f.t[i]! >= l.t - 5e6 &&
        f.t[i]! - l.t < 86_400e6,
    );
  }

  /** Programs, libraries and scripts that anybody wrote over shares of a host. */
  laid(host: number, from: number, to: number): readonly number[] {
    const f = this.#world.facts.table('file_activity');
    return (this.#writes.get(host) ?? []).filter(
      (i) => f.t[i]! >= from && f.t[i]! <= to && RUNS.test(this.localPath(i)),
    );
  }

  /** How many files a session opened over shares. */
  reads(l: Logon): number {
    const f = this.#world.facts.table('file_activity');
    const id = f.column('logon_id');
    const path = f.column('path');
    let n = 0;
    for (const i of this.#shared.get(l.host) ?? [])
      if (
        f.t[i]! >= l.t - 5e6 &&
        f.t[i]! - l.t < 6 * 3600e6 &&
        path[i]! >= 0 &&
        this.#world.facts.texts.number(id[i]!) === l.id
      )
        n++;
    return n;
  }

  /** The path on the host itself of a file written over a share; '' where it is no file or the share's place is not known. */
  localPath(row: number): string {
    const f = this.#world.facts.table('file_activity');
    const share = this.#world.text(f.column('share')[row]!).replace(/^.*\\/, '');
    const path = this.#world.text(f.column('path')[row]!).replace(/^\\/, '');
    if (path === '' || !path.includes('.')) return '';
    if (/^admin\$$/i.test(share)) return `c:\\windows\\${path}`;
    const drive = /^([a-z])\$$/i.exec(share);
    return drive === null ? '' : `${drive[1]!}:\\${path}`;
  }
}

/** Machines that a command line names as its target. */
function hostsNamed(command: string): readonly string[] {
  if (/^\S*\b(?:ssh|scp|sftp|rsync)(?:\.exe)?\s/i.test(command)) return sshTargets(command);
  const out = new Set<string>();
  for (const m of command.matchAll(
    /(?:\/node:|\/s(?:erver)?[: ]+|\/v:|\/computer:|-computername\s+|-cn\s+|-h(?:ost)?\s+|\\\\|@)["']?([a-z0-9][a-z0-9._-]{1,62})/gi,
  ))
    out.add(m[1]!);
  return [...out].slice(0, 16);
}
