// One incident's nodes, counted as things: hosts, accounts, movement. What each word means is the contract's.
import type { Place } from '../facts/table.js';
import { REMOTE_PORTS } from '../graph/remote.js';
import { type Node, type Suspicion, TICKET_BEFORE } from '../graph/suspicion.js';
import { baseName, ownAccount, SSH, type World } from '../graph/world.js';

export type Status = 'controlled' | 'accessed' | 'attempted';

export interface HostClaim {
  readonly host: number;
  status: Status;
  first: number;
  last: number;
  readonly how: Set<string>;
  certain: boolean;
  readonly places: Place[];
}

export interface AccountClaim {
  readonly name: string;
  readonly domain: string;
  status: 'abused' | 'created' | 'attempted';
  privileged: boolean;
  first: number;
  last: number;
  readonly places: Place[];
}

export interface MoveClaim {
  readonly from: number;
  readonly to: number;
  readonly t: number;
  readonly method: string;
  readonly technique: string;
  readonly user: string;
  readonly domain: string;
  readonly sure: Node['sure'];
  readonly places: Place[];
}

/** What a command line orders another machine to run runs within this of the session that it needs there. */
const ORDERED_WITHIN = 5 * 60e6;

/** What a target writes of credentials that it turned down is no further from where they were named. */
const REFUSED_WITHIN = 60e6;

/** What is started for somebody who came over the network starts within this. */
const STARTED_WITHIN = 3 * 60e6;

/** Whether a node came of a hijacked update. */
function updated(n: Node): boolean {
  for (let x: Node | null = n; x !== null; x = x.from) if (x.because === 'edge.update') return true;
  return false;
}

/** A desktop whose end no record tells is left after this. */
const DESK_LENGTH = 12 * 3600e6;

/** Ports by which services, tasks and management are asked; 0: not known. */
const RPC = (port: number): boolean => port === 0 || port === 135 || port === 139 || port === 445 || port >= 49_152;
const STARTS: Readonly<Record<string, (port: number) => boolean>> = {
  service: RPC,
  task: RPC,
  wmi: RPC,
  winrm: (port) => port === 0 || port === 5985 || port === 5986 || port === 47_001,
};

/** Whether of two sessions the first is likelier the one in which something began at a time: one whose port is known, then the later one before it. */
function nearer(a: { t: number; port: number }, b: { t: number; port: number }, t: number): boolean {
  if (a.port > 0 !== b.port > 0) return a.port > 0;
  const [before, other] = [a.t <= t + 1e6, b.t <= t + 1e6];
  if (before !== other) return before;
  return before ? a.t > b.t : a.t < b.t;
}

/** Whether what began on a machine may have come by a port: scripts by remote management, services and tasks by procedure calls. */
const comesBy = (kind: Node['kind'], port: number): boolean =>
  kind === 'block'
    ? port === 5985 || port === 5986 || port === 47001
    : kind === 'service' || kind === 'task'
      ? port === 135 || port === 139 || port === 445
      : true;

export class Group {
  readonly id: string;
  readonly nodes: Node[];
  readonly world: World;
  readonly suspicion: Suspicion;
  /** Rows of processes that are the intruder's. */
  readonly processes = new Set<number>();
  /** Rows of processes that act for everybody and that the intruder put code into. */
  readonly injected = new Set<number>();
  readonly sessions = new Map<number, Node>();
  readonly hosts = new Map<number, HostClaim>();
  readonly accounts = new Map<string, AccountClaim>();
  readonly moves: MoveClaim[] = [];
  /** Paths by host that are the intruder's. */
  readonly files = new Map<string, Node>();
  /** Times of the intruder's activity on each host, in order. */
  readonly #times = new Map<number, number[]>();

  constructor(world: World, suspicion: Suspicion, id: string, nodes: Node[], domains: ReadonlyMap<string, string>) {
    this.id = id;
    this.world = world;
    this.suspicion = suspicion;
    this.nodes = nodes
      .filter((n) => Number.isFinite(n.t))
      .sort((a, b) => a.t - b.t || a.row - b.row || (a.key < b.key ? -1 : 1));
    for (const n of this.nodes) {
      if (n.kind === 'process') {
        if (n.because === 'edge.injected' && world.hub(n.row)) {
          this.injected.add(n.row);
          this.claim(n.host, 'controlled', n.t, n.places, 'how.process', n.sure);
          this.#at(n.host, n.t);
          continue;
        }
        this.processes.add(n.row);
        this.claim(n.host, 'controlled', n.t, n.places, 'how.process', n.sure);
        this.#at(n.host, n.t);
        const user = world.processes.userText(n.row);
        // Who sits at a machine that fetched a hijacked update lent nobody their account, nor whoever logs on where a program of theirs
        // starts by itself.
        if (!ownAccount(user) && n.sure === 'certain' && !updated(n) && !this.#byItself(n))
          this.account(user, domains, 'abused', n.t, n.places);
        // Where they made themselves root, they acted as root.
        if (user === 'root' && n.path.startsWith('/') && n.sure === 'certain')
          this.account(user, domains, 'abused', n.t, n.places);
        const auth = world.facts.table('authentication');
        for (const c of suspicion.remote.credentials(n.row))
          if (c.target >= 0 && c.target !== n.host)
            this.account(c.user, domains, this.#refused(c, n.host) ? 'attempted' : 'abused', c.t, [auth.place(c.row)]);
      } else if (n.kind === 'session') this.sessions.set(n.row, n);
      else if (n.kind === 'block') {
        this.claim(n.host, 'controlled', n.t, n.places, 'how.remote', n.sure);
        this.#at(n.host, n.t);
      } else if (n.kind === 'order') {
        this.claim(n.host, 'controlled', n.t, n.places, 'how.remote', n.sure);
        this.#at(n.host, n.t);
      } else if (n.kind === 'script') {
        this.claim(n.host, 'controlled', n.t, n.places, 'how.webshell', n.sure);
        this.#at(n.host, n.t);
      } else if (n.kind === 'file') this.files.set(`${n.host}|${n.path}`, n);
      if (n.kind === 'service' || n.kind === 'task') {
        this.#at(n.host, n.t);
        // That it ran no record shows; that it was made to run something there and then, one does.
        if (n.from === null || n.from.host !== n.host)
          this.claim(n.host, 'controlled', n.t, n.places, 'how.remote', 'likely');
      }
    }
    // What a session did: found among the nodes that it led to.
    const ran = new Map<string, string>();
    const led = (n: Node): void => {
      if (n.from === null) return;
      // A file that a session laid, and what it was made to run as.
      const laid =
        n.from.kind === 'file' &&
        n.from.from?.kind === 'session' &&
        n.t - n.from.t < ORDERED_WITHIN &&
        !this.#otherwise(n, n.from.from);
      for (const [child, session] of [
        [n, laid ? n.from.from! : n.from],
        // A session that was found by what ran in it, and not by who else had it.
        ...(/^edge\.(?:in-session|installed-in)$/.test(n.because) ? [[n.from, n] as const] : []),
      ] as const) {
        if (session.kind !== 'session' || child.kind === 'file' || child.kind === 'session') continue;
        if (child.host !== session.host) continue;
        const what = child.kind === 'process' ? this.#way(child.row) : child.kind;
        if (ran.get(session.key) === undefined || what !== 'other') ran.set(session.key, what);
      }
    };
    for (const n of this.nodes) led(n);
    // A node knows the first cause that it was reached by; there may be more.
    for (const e of suspicion.edges) {
      if (!e.a.startsWith('s') && !e.b.startsWith('s')) continue;
      const [a, b] = [suspicion.nodes.get(e.a), suspicion.nodes.get(e.b)];
      if (a !== undefined && b !== undefined && b.from !== a && suspicion.group(e.a) === this.id) {
        led({ ...b, from: a });
      }
    }
    // What ran because a command line elsewhere had ordered it: in the session that came from there at that moment.
    const ordered = this.nodes.filter((n) => n.because === 'edge.commanded' && n.from?.kind === 'process');
    for (const n of this.sessions.values()) {
      if (ran.has(n.key) || ordered.length === 0) continue;
      const l = world.logons.logon(n.row);
      const from = suspicion.arrivals.get(n.row)?.source ?? world.logons.source(l);
      const x = ordered.find((o) => o.host === n.host && o.from!.host === from && Math.abs(o.t - n.t) < ORDERED_WITHIN);
      if (x === undefined) continue;
      const line = world.processes.commandText(x.from!.row);
      ran.set(n.key, /schtasks/i.test(line) ? 'task' : /process\s+call\s+create/i.test(line) ? 'wmi' : 'service');
    }
    this.#startedFor(ran);
    for (const n of this.sessions.values()) {
      const l = world.logons.logon(n.row);
      const interactive = l.type === 10 || l.type === SSH;
      const what = ran.get(n.key);
      const status: Status = interactive || what !== undefined ? 'controlled' : 'accessed';
      this.claim(
        n.host,
        status,
        n.t,
        n.places,
        interactive ? 'how.interactive' : what === undefined ? 'how.session' : 'how.remote',
        n.sure,
      );
      this.#at(n.host, n.t);
      if (!ownAccount(l.user) || (l.type === SSH && l.user === 'root'))
        this.account(`${l.domain}\\${l.user}`, domains, 'abused', n.t, n.places);
      const arrival = suspicion.arrivals.get(n.row);
      const source = arrival?.source ?? world.logons.source(l);
      if (source < 0 || source === n.host) continue;
      this.claim(source, 'controlled', n.t, n.places, 'how.source', 'likely');
      // Who goes elsewhere from a host is at work there.
      this.#at(source, world.carried(n.t, n.host, source));
      if (status !== 'controlled') continue;
      const method =
        l.type === SSH
          ? 'ssh'
          : l.type === 10
            ? 'rdp'
            : what === 'service'
              ? 'smb_service'
              : what === 'task'
                ? 'scheduled_task'
                : what === 'block'
                  ? 'winrm'
                  : (what ?? 'other');
      this.moves.push({
        from: source,
        to: n.host,
        t: n.t,
        method,
        technique:
          method === 'other' && suspicion.leads.some((x) => x.detector === 'remote-object' && x.session?.row === n.row)
            ? 'T1021.003'
            : (TECHNIQUES[method] ?? 'T1021'),
        user: l.user,
        domain: domains.get(l.user) ?? l.domain,
        sure: n.sure,
        places: [...n.places],
      });
    }
    for (const list of this.#times.values()) list.sort((a, b) => a - b);
    this.#sensed(domains);
    this.#ordered(domains);
    this.#unlogged(domains);
  }

  /** Movement that only a sensor on the way shows: what was made on a host right after a connection from one that is held. */
  #sensed(domains: ReadonlyMap<string, string>): void {
    const w = this.world;
    for (const e of this.suspicion.edges) {
      if (e.because !== 'edge.sensed' || this.suspicion.group(e.b) !== this.id) continue;
      const [a, b] = [this.suspicion.nodes.get(e.a), this.suspicion.nodes.get(e.b)];
      if (a === undefined || b === undefined || a.host === b.host || (b.kind !== 'service' && b.kind !== 'task'))
        continue;
      if (this.moves.some((m) => m.from === a.host && m.to === b.host && Math.abs(m.t - b.t) < 120e6)) continue;
      // Whose password a controller was asked about for that machine at that moment.
      const asked = this.suspicion.remote.validated(a.host, w.carried(b.t, b.host, a.host));
      const user = asked?.user ?? this.suspicion.remote.ticketHolder(a.host, b.host, b.t)?.user ?? '';
      const places = [...b.places, ...(asked === null ? [] : [w.logons.table.place(asked.row)])];
      if (user !== '') this.account(user, domains, 'abused', b.t, places);
      const method = b.kind === 'task' ? 'scheduled_task' : 'smb_service';
      this.moves.push({
        from: a.host,
        to: b.host,
        t: b.t,
        method,
        technique: TECHNIQUES[method]!,
        user,
        domain: domains.get(user) ?? '',
        sure: 'likely',
        places,
      });
    }
  }

  /** Whether what ran of a file that one session laid ran in another, or while the intruder sat there at a desktop. */
  #otherwise(n: Node, session: Node): boolean {
    const w = this.world;
    const id = n.kind === 'process' ? w.processes.session.at(n.row) : -1;
    const own = w.logons.logon(session.row).id;
    if (id > 0x3e7 && id !== 0x3e4 && id !== 0x3e5) return own >= 0 && id !== own;
    return [...this.sessions.values()].some((s) => {
      if (s.host !== n.host) return false;
      const l = w.logons.logon(s.row);
      if (l.type !== 10 && l.type !== SSH) return false;
      const end = w.logons.closing(l);
      return l.t <= n.t && (end < 0 ? l.t + DESK_LENGTH : w.logons.table.t[end]!) >= n.t;
    });
  }

  /** Movement that a command line elsewhere ordered, of which the target's own log of logons has nothing left. */
  #ordered(domains: ReadonlyMap<string, string>): void {
    const w = this.world;
    const all = [...this.nodes];
    // A node knows the first cause that it was reached by; there may be more.
    for (const e of this.suspicion.edges) {
      if ((e.because !== 'edge.commanded' && e.because !== 'edge.reached') || this.suspicion.group(e.b) !== this.id)
        continue;
      const [a, b] = [this.suspicion.nodes.get(e.a), this.suspicion.nodes.get(e.b)];
      if (a !== undefined && b !== undefined && b.from !== a) all.push({ ...b, from: a, because: e.because });
    }
    for (const n of all) {
      if (n.from === null || n.from.host === n.host || n.from.kind !== 'process') continue;
      if (n.kind !== 'order' && n.because !== 'edge.commanded' && n.because !== 'edge.reached') continue;
      const from = n.from.host;
      if (this.moves.some((m) => m.from === from && m.to === n.host)) continue;
      const user = this.suspicion.remote.ticketHolder(from, n.host, n.from.t, TICKET_BEFORE)?.user ?? '';
      if (user !== '') this.account(user, domains, 'abused', n.t, n.places);
      const line = w.processes.commandText(n.from.row);
      const method = /\bwmic\b|wmimethod|cimmethod/i.test(line)
        ? 'wmi'
        : /\bwinrs\b|invoke-command|\bicm\b/i.test(line)
          ? 'winrm'
          : /\bschtasks\b/i.test(line)
            ? 'scheduled_task'
            : /psexec|paexec|\bsc(?:\.exe)?["']?\s/i.test(line)
              ? 'smb_service'
              : 'other';
      this.moves.push({
        from,
        to: n.host,
        t: n.t,
        method,
        technique: TECHNIQUES[method] ?? 'T1021',
        user,
        domain: domains.get(user) ?? '',
        sure: 'likely',
        places: [...n.places, ...n.from.places],
      });
    }
  }

  /**
   * What services, tasks and management started for a session of which no record names the number: the nearest session before it that came to
   * a port of that kind, where the port is known.
   */
  #startedFor(ran: Map<string, string>): void {
    const w = this.world;
    const p = w.processes;
    const open = new Map<number, { n: Node; t: number; port: number; source: number }[]>();
    for (const n of this.sessions.values()) {
      const l = w.logons.logon(n.row);
      if (l.type !== 3) continue;
      const list = open.get(n.host) ?? [];
      open.set(n.host, list);
      list.push({ n, t: l.t, port: this.suspicion.remote.portOf(l), source: w.logons.source(l) });
    }
    for (const x of this.nodes) {
      const list = open.get(x.host);
      if (list === undefined) continue;
      let what = '';
      if (x.kind === 'service' || x.kind === 'task') what = x.kind;
      else if (x.kind === 'process') {
        const parent = p.parent.at(x.row);
        const by = parent < 0 ? '' : baseName(p.imageText(parent));
        what =
          by === 'services.exe' ? 'service' : by === 'wmiprvse.exe' ? 'wmi' : by === 'wsmprovhost.exe' ? 'winrm' : '';
      }
      if (what === '') continue;
      // One that was made in a session that is known was made in no other.
      const made = x.from?.kind === 'session' && x.kind !== 'process' ? x.from : null;
      const near = list
        .filter((s) => x.t >= s.t - 5e6 && x.t - s.t <= STARTED_WITHIN && STARTS[what]!(s.port))
        .filter((s) => made === null || s.n === made);
      // A program that asks a machine several times over at once is at work in one of them; from each place there is one.
      const bySource = new Map<number, (typeof near)[number]>();
      for (const s of near) {
        const known = bySource.get(s.source);
        if (known === undefined || nearer(s, known, x.t)) bySource.set(s.source, s);
      }
      if (near.some((s) => ran.has(s.n.key) && bySource.has(s.source))) {
        // What is told by a number needs no guess.
        for (const s of near) if (ran.has(s.n.key)) bySource.delete(s.source);
      }
      for (const s of bySource.values()) if (!ran.has(s.n.key)) ran.set(s.n.key, what);
    }
  }

  /** Whether a program of the intruder's was started by a logon, a boot or a time, and did nothing in somebody's name beyond running. */
  #byItself(n: Node): boolean {
    const w = this.world;
    if (!/^edge\.(?:file-ran|same-hash|same-path)$/.test(n.because)) return false;
    const parent = w.processes.parent.at(n.row);
    return (
      parent >= 0 &&
      /\\(?:explorer|userinit|svchost|services|taskeng|runonce)\.exe$/.test(w.processes.imageText(parent)) &&
      w.processes.children(n.row).length === 0
    );
  }

  /** Whether credentials that were named for another machine were turned down there, and never accepted at that time. */
  #refused(c: { user: string; t: number; target: number }, from: number): boolean {
    const w = this.world;
    const at = w.carried(c.t, from, c.target);
    if (w.logons.remote(c.target, at - REFUSED_WITHIN, at + REFUSED_WITHIN).some((l) => l.user === c.user))
      return false;
    const a = w.facts.table('authentication');
    const [activity, user] = [a.column('activity'), a.column('user')];
    for (let i = a.from(at - REFUSED_WITHIN); i < a.rows && a.t[i]! <= at + REFUSED_WITHIN; i++)
      if (
        a.host[i] === c.target &&
        w.text(activity[i]!) === 'logon failed' &&
        w.text(user[i]!).replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase() === c.user
      )
        return true;
    return false;
  }

  /** Arrivals whose logon no log holds: a connection of the intruder to a port of administration, and soon after code of theirs there. */
  #unlogged(domains: ReadonlyMap<string, string>): void {
    const w = this.world;
    const n = w.facts.table('network_activity');
    const [dst, dport] = [n.column('dst_ip'), n.column('dst_port')];
    const began = new Map<number, Node[]>();
    for (const x of this.nodes) {
      const brought = (x.kind === 'service' || x.kind === 'task') && x.from !== null && x.from.host !== x.host;
      if (x.kind !== 'process' && x.kind !== 'block' && !brought) continue;
      const list = began.get(x.host) ?? [];
      began.set(x.host, list);
      list.push(x);
    }
    for (const r of this.processes) {
      const from = w.processes.host.at(r);
      for (const i of w.flows(r)) {
        const port = w.facts.texts.number(dport[i]!);
        if (!REMOTE_PORTS.has(port)) continue;
        const to = w.addresses.hostAt(w.addresses.text(dst[i]!), n.t[i]!);
        if (to < 0 || to === from) continue;
        const at = w.carried(n.t[i]!, from, to);
        if (this.moves.some((m) => m.from === from && m.to === to && Math.abs(m.t - at) < 120e6)) continue;
        const sessions = w.logons.remote(to, at - 15e6, at + 60e6).filter((l) => w.logons.source(l) === from);
        if (sessions.length > 0) continue;
        const there = began.get(to) ?? [];
        // What a program of that host itself started came by no connection.
        const own = (x: Node): boolean => {
          const parent = x.kind !== 'process' ? -1 : w.processes.parent.at(x.row);
          return parent >= 0 && !w.hub(parent) && !this.processes.has(parent);
        };
        const first = there.find((x) => x.t >= at - 15e6 && x.t <= at + 180e6 && !own(x) && comesBy(x.kind, port));
        // What ran there then may be gone with its log, while what ran later is not.
        const later =
          first === undefined &&
          there.length > 0 &&
          there[0]!.t > at &&
          !own(there[0]!) &&
          !this.moves.some((m) => m.to === to);
        if (first === undefined && !later) continue;
        const user = first?.kind !== 'process' ? '' : w.processes.userText(first.row);
        const ticket = this.suspicion.remote.ticketHolder(from, to, n.t[i]!);
        const named = [...this.suspicion.remote.credentials(r)].find(
          (c) => c.target === to && Math.abs(c.t - n.t[i]!) < 20e6,
        );
        const name = named?.user ?? ticket?.user ?? (ownAccount(user) ? '' : user.replace(/^.*\\/, '').toLowerCase());
        if (name !== '') this.account(name, domains, 'abused', at, first?.places ?? [n.place(i)]);
        const method =
          first?.kind === 'task'
            ? 'scheduled_task'
            : first?.kind === 'service'
              ? 'smb_service'
              : port === 3389
                ? 'rdp'
                : port === 22
                  ? 'ssh'
                  : port === 5985 || port === 5986
                    ? 'winrm'
                    : port === 135
                      ? 'wmi'
                      : 'other';
        this.moves.push({
          from,
          to,
          t: at,
          method,
          technique: TECHNIQUES[method] ?? 'T1021',
          user: name,
          domain: domains.get(name) ?? '',
          sure: 'likely',
          places: [n.place(i), ...(first?.places ?? there[0]!.places)],
        });
      }
    }
  }

  #way(row: number): string {
    const w = this.world;
    const parent = w.processes.parent.at(row);
    const name = parent < 0 ? '' : w.processes.imageText(parent).replace(/^.*\\/, '');
    return name === 'wmiprvse.exe'
      ? 'wmi'
      : name === 'wsmprovhost.exe' || w.processes.imageText(row).endsWith('wsmprovhost.exe')
        ? 'winrm'
        : 'other';
  }

  #at(host: number, t: number): void {
    const list = this.#times.get(host);
    if (list === undefined) this.#times.set(host, [t]);
    else list.push(t);
  }

  #seats: Map<number, [number, number][]> | null = null;

  /** Whether the intruder sat at a host at a time: in a desktop session, or one by SSH, whose end is known. */
  present(host: number, t: number): boolean {
    if (this.#seats === null) {
      this.#seats = new Map();
      for (const n of this.sessions.values()) {
        const l = this.world.logons.logon(n.row);
        const row = l.type === 10 || l.type === SSH ? this.world.logons.closing(l) : -1;
        if (row < 0) continue;
        const list = this.#seats.get(n.host) ?? [];
        this.#seats.set(n.host, list);
        list.push([l.t, this.world.logons.table.t[row]!]);
      }
    }
    return (this.#seats.get(host) ?? []).some(([from, to]) => t >= from && t <= to);
  }

  /** Whether the intruder did something on a host within some time of a moment. */
  near(host: number, t: number, within: number): boolean {
    return (this.#times.get(host) ?? []).some((x) => Math.abs(x - t) <= within);
  }

  /** Whether the intruder did something anywhere within some time of a moment. */
  nearAnywhere(t: number, within: number): boolean {
    for (const list of this.#times.values()) if (list.some((x) => Math.abs(x - t) <= within)) return true;
    return false;
  }

  claim(host: number, status: Status, t: number, places: readonly Place[], how: string, sure: Node['sure']): void {
    if (host < 0 || this.suspicion.clean.has(host)) return;
    const h = this.hosts.get(host);
    const rank = { controlled: 2, accessed: 1, attempted: 0 };
    if (h === undefined) {
      this.hosts.set(host, {
        host,
        status,
        first: t,
        last: t,
        how: new Set([how]),
        certain: sure === 'certain',
        places: [...places],
      });
      return;
    }
    if (rank[status] > rank[h.status]) {
      h.status = status;
      h.certain = sure === 'certain';
    } else if (rank[status] === rank[h.status] && sure === 'certain') h.certain = true;
    h.first = Math.min(h.first, t);
    h.last = Math.max(h.last, t);
    h.how.add(how);
    if (h.places.length < 500) h.places.push(...places);
  }

  account(
    full: string,
    domains: ReadonlyMap<string, string>,
    status: AccountClaim['status'],
    t: number,
    places: readonly Place[],
  ): void {
    const name = full.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();
    // Root is somebody where one logs on as root: whoever calls has seen to that.
    if (name !== 'root' && (ownAccount(name) || ownAccount(full))) return;
    const given = full.includes('\\') ? full.slice(0, full.indexOf('\\')) : '';
    const a = this.accounts.get(name);
    if (a === undefined) {
      this.accounts.set(name, {
        name,
        domain: domains.get(name) ?? given,
        status,
        privileged: false,
        first: t,
        last: t,
        places: [...places],
      });
      return;
    }
    if (status === 'created' || (status === 'abused' && a.status === 'attempted')) a.status = status;
    a.first = Math.min(a.first, t);
    a.last = Math.max(a.last, t);
    if (a.places.length < 500) a.places.push(...places);
  }

  /** Whether an account was in the intruder's hands by then. */
  held(user: string, t: number): boolean {
    const a = this.accounts.get(user.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase());
    return a !== undefined && t >= a.first - 3600e6;
  }

  get first(): number {
    return Math.min(...this.nodes.slice(0, 1).map((n) => n.t));
  }

  /** Whether a process was the intruder's by then: what was injected was not before. */
  since(process: number, t: number): boolean {
    const n = this.suspicion.nodes.get(`p${process}`);
    return n !== undefined && (n.because !== 'edge.injected' || t >= n.t - 1e6);
  }

  ofHost(host: number): readonly Node[] {
    return this.nodes.filter((n) => n.host === host);
  }
}

export const TECHNIQUES: Readonly<Record<string, string>> = {
  smb_service: 'T1021.002',
  scheduled_task: 'T1053.005',
  wmi: 'T1047',
  winrm: 'T1021.006',
  rdp: 'T1021.001',
  ssh: 'T1021.004',
  other: 'T1021',
};
