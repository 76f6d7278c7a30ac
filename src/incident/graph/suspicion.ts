// From leads to everything that they caused, and what caused them: nodes (processes, sessions, files, services, tasks) joined by
// causes that records show. A node knows the one that it was reached from, so that any of them can be explained back to a lead.
// Programs that act for everybody (a service manager, a desktop, a web server's worker) carry nothing by themselves.
import type { Place } from '../facts/table.js';
import { type Logon, ownAccount, SSH } from './logons.js';
import { cloudAccounts } from './cloud.js';
import { type Command, commandsOf, commandsOfScript } from './commands.js';
import { laidBy } from './laid.js';
import { REMOTE_PORTS, Remote } from './remote.js';
import { baseName, SERVER, type World } from './world.js';

/**
 * `block`: a script that ran, by its own record; `script`: one on a web server; `order`: what was run on a host by a command line elsewhere
 * where its own log of that time is gone (row: the process that ordered it); `cloud`: an address outside from which accounts were used in
 * services outside (path: the address; of no host).
 */
export type NodeKind = 'process' | 'session' | 'file' | 'service' | 'task' | 'script' | 'block' | 'order' | 'cloud';
/** How sure an edge is: its ends share an identifier; or they agree in several respects and nothing else explains it. */
export type Sure = 'certain' | 'likely';

export interface Node {
  readonly key: string;
  readonly kind: NodeKind;
  /** Row of the process, of the logon, of the service's or task's record; -1 for files. */
  readonly row: number;
  readonly host: number;
  readonly t: number;
  readonly places: readonly Place[];
  readonly from: Node | null;
  /** Message of the edge that it was reached by, or of the lead that it is. */
  readonly because: string;
  readonly sure: Sure;
  readonly path: string;
}

/** What a detector found. */
export interface Lead {
  readonly detector: string;
  readonly technique: string;
  readonly host: number;
  readonly t: number;
  /** Row of the process that did it; -1. */
  readonly process: number;
  readonly session: Logon | null;
  /** An address outside that accounts were used from in the cloud. */
  readonly address?: string;
  /** A session of the same hand, before this one. */
  readonly after?: Logon;
  /** Row of the service's or task's record, where that is all that there is. */
  readonly installed?: { readonly kind: 'service' | 'task'; readonly row: number };
  /** 1 and more begins an incident by itself; less only supports one. */
  readonly weight: number;
  readonly places: readonly Place[];
  readonly what: string;
}

const MINUTE = 60e6;
/** A service or task that was made to run once runs within this. */
const RUNS_WITHIN = 5 * MINUTE;
/** What others ran so long before is no tool that was brought. */
/** How long before it is run a service's program may have been written. */
const DAY = 86_400e6;
const DAY_AND_MORE = 36 * 3600e6;
/** Files are copied to a machine no longer before they are used there. */
const LAID_BEFORE = 30 * MINUTE;
/** Two logs' records of one installation are no further apart. */
const SAME_INSTALLATION = 10e6;
/** A password is typed within this. */
const RUNAS_BEFORE = 120e6;
/** What PowerShell says of itself as it begins for somebody elsewhere, and how soon after their session. */
const REMOTE_SHELL = /^[^]{0,400}\bHostName=ServerRemoteHost\b|\bHostApplication=\S*wsmprovhost\.exe/i;
const SHELL_WITHIN = 15e6;
/** Scripts of a session of which no record tells the end. */
const SCRIPT_SESSION = 2 * 3600e6;
/** What is installed is installed within this. */
const INSTALLS_WITHIN = 3 * MINUTE;
/** A program copied over a share is made a service within this. */
const MADE_WITHIN = MINUTE;
/** What was run as root writes within this. */
const ROOT_WITHIN = 30e6;
/** Whoever became root may be at it for so long. */
const ROOT_LASTS = 3600e6;
/** So near, another's command may be what did it. */
const OTHERS_NEAR = 60e6;
/** What the audit daemon writes where there is no session (-1 as 32 bits). */
const UNSET_SESSION = 4_294_967_295;
/** A session's number means that session no longer than this. */
const SESSION_LENGTH = 24 * 3600e6;

/** What opens sessions by SSH. */
const SSH_CLIENT = /\/(?:ssh|scp|sftp|rsync)$/;
/** A session by SSH whose end no record tells is over after this. */
export const SSH_LENGTH = 8 * 3600e6;

/** A session that nobody closed may still be open after this. */
const SSH_BEFORE = 72 * 3600e6;

/** A ticket that was given so long before may be the one that was used. */
export const TICKET_BEFORE = 30 * MINUTE;

/** Causes that are kept for explaining; a case of more keeps its nodes' own. */
const MAX_EDGES = 500_000;

interface Installed {
  readonly row: number;
  readonly host: number;
  readonly t: number;
  readonly name: string;
  readonly command: string;
  readonly logon: number;
  /** An account, or the SID of one. */
  readonly user: string;
  readonly sid?: string;
}

const SID = /^S-1-5-\d/i;

export class Suspicion {
  readonly world: World;
  readonly nodes = new Map<string, Node>();
  readonly leads: Lead[] = [];
  /** Tainted sessions by the source host that they came from; `process` where it is known. */
  readonly arrivals = new Map<number, { logon: Logon; source: number; process: number; node: Node }>();
  readonly services: readonly Installed[];
  readonly tasks: readonly Installed[];
  readonly remote: Remote;
  /** Every cause that was seen, also between nodes that were known: keys of both ends, and the edge's name. */
  readonly edges: { readonly a: string; readonly b: string; readonly because: string; readonly sure: Sure }[] = [];
  readonly #group = new Map<string, string>();
  readonly #queue: Node[] = [];
  /** By kind and row. */
  readonly #installations = new Map<string, Installed>();
  /** Units of systemd that started for the first time on one host, and on no other. */
  readonly #units: readonly Installed[];
  readonly #servicesByHost = new Map<number, Installed[]>();
  readonly #tasksByHost = new Map<number, Installed[]>();
  readonly #declared: (host: number, t: number, user: string, address: string) => boolean;

  /** Hosts that analysts decided are not compromised. */
  readonly clean: ReadonlySet<number>;

  constructor(
    world: World,
    clean: ReadonlySet<number>,
    declared: (host: number, t: number, user: string, address: string) => boolean,
  ) {
    this.world = world;
    this.#declared = declared;
    this.clean = clean;
    this.services = installed(world, 'service_activity', 'install', 'service');
    this.tasks = installed(world, 'scheduled_job_activity', 'create', 'task');
    for (const s of this.services) {
      listIn(this.#servicesByHost, s.host).push(s);
      this.#installations.set(`service${s.row}`, s);
    }
    for (const s of this.tasks) {
      listIn(this.#tasksByHost, s.host).push(s);
      this.#installations.set(`task${s.row}`, s);
    }
    this.#units = firstUnits(installed(world, 'service_activity', 'unit started', 'service'));
    this.remote = new Remote(world);
  }

  // Groups: what is joined by a cause is one

  group(key: string): string {
    let k = key;
    for (;;) {
      const up = this.#group.get(k);
      if (up === undefined || up === k) break;
      k = up;
    }
    return k;
  }

  join(a: string, b: string): void {
    const [x, y] = [this.group(a), this.group(b)];
    if (x !== y) this.#group.set(x < y ? y : x, x < y ? x : y);
  }

  #node(n: Node): Node | null {
    if (n.from !== null && this.edges.length < MAX_EDGES)
      this.edges.push({ a: n.from.key, b: n.key, because: n.because, sure: n.sure });
    const known = this.nodes.get(n.key);
    if (known !== undefined) {
      if (n.from !== null) this.join(known.key, n.from.key);
      return null;
    }
    this.nodes.set(n.key, n);
    this.#group.set(n.key, n.key);
    if (n.from !== null) this.join(n.key, n.from.key);
    this.#queue.push(n);
    return n;
  }

  readonly #declined = new Set<number>();

  /** Processes that something shows to be nobody's but the house's own. */
  decline(rows: readonly number[]): void {
    for (const r of rows) this.#declined.add(r);
  }

  process(
    row: number,
    from: Node | null,
    because: string,
    sure: Sure = 'certain',
    places: readonly Place[] = [],
    at?: number,
  ): Node | null {
    const p = this.world.processes;
    // What was there before is first seen by what it starts.
    const seen = this.firstSeen(row);
    const t = at ?? (Number.isFinite(seen) ? seen : (from?.t ?? seen));
    if (this.#declined.has(row) || this.#declared(p.host.at(row), t, p.userText(row), '')) return null;
    return this.#node({
      key: `p${row}`,
      kind: 'process',
      row,
      host: p.host.at(row),
      t,
      places: [...p.places(row), ...places],
      from,
      because,
      sure,
      path: p.imageText(row),
    });
  }

  session(l: Logon, from: Node | null, because: string, sure: Sure = 'certain'): Node | null {
    // Root is a person where somebody logs on as root.
    if (
      (ownAccount(l.user) && !(l.type === SSH && l.user === 'root')) ||
      this.#declared(l.host, l.t, l.user, l.address)
    )
      return null;
    return this.#node({
      key: `s${l.row}`,
      kind: 'session',
      row: l.row,
      host: l.host,
      t: l.t,
      places: [this.world.logons.table.place(l.row)],
      from,
      because,
      sure,
      path: '',
    });
  }

  file(
    host: number,
    path: string,
    t: number,
    from: Node,
    because: string,
    places: readonly Place[],
    sure: Sure = from.sure,
  ): void {
    const folded = path.toLowerCase();
    if (folded === '') return;
    const known = this.nodes.get(`f${host}|${folded}`);
    if (known !== undefined) {
      this.join(known.key, from.key);
      if (!Number.isFinite(t) || t >= known.t - MINUTE) return;
      // It was laid before, as is seen now: what ran since then is looked at anew.
      const earlier: Node = { ...known, t, from, because, sure, places: [...places, ...known.places] };
      this.nodes.set(known.key, earlier);
      this.#queue.push(earlier);
      return;
    }
    this.#node({
      key: `f${host}|${folded}`,
      kind: 'file',
      row: -1,
      host,
      t,
      places,
      from,
      because,
      sure,
      path: folded,
    });
  }

  /** A script on a web server that only the server's own log shows. */
  script(host: number, path: string, t: number, places: readonly Place[], because: string): void {
    if (this.clean.has(host) || this.#declared(host, t, '', '')) return;
    const n = this.#node({
      key: `x${host}|${path}`,
      kind: 'script',
      row: -1,
      host,
      t,
      places,
      from: null,
      because,
      sure: 'likely',
      path,
    });
    if (n === null) return;
    const key = `w${host}`;
    if (!this.#group.has(key)) this.#group.set(key, key);
    this.join(key, n.key);
  }

  #installed(
    kind: 'service' | 'task',
    s: Installed,
    from: Node | null,
    because: string,
    sure: Sure,
    places: readonly Place[] = [],
  ): void {
    const table = this.world.facts.table(kind === 'service' ? 'service_activity' : 'scheduled_job_activity');
    this.#node({
      key: `${kind === 'service' ? 'v' : 'k'}${s.row}`,
      kind,
      row: s.row,
      host: s.host,
      t: s.t,
      places: [table.place(s.row), ...places],
      from,
      because,
      sure,
      path: s.command.toLowerCase(),
    });
  }

  /** An installation that was believed without a session. */
  installedAt(kind: 'service' | 'task', row: number, from: Node, because: string, places: readonly Place[]): void {
    const s = this.#installations.get(`${kind}${row}`);
    if (s !== undefined) this.#installed(kind, s, from, because, 'likely', places);
  }

  /** Who installed something, without a domain and in lower case; ''. */
  installer(kind: 'service' | 'task', row: number): string {
    const user = this.#installations.get(`${kind}${row}`)?.user ?? '';
    return SID.test(user) ? '' : bareName(user);
  }

  #desks: Map<string, Set<number>> | null = null;

  /** Days on which an account was at a machine itself, in sessions that are not the intruder's. */
  atDesk(user: string): number {
    if (this.#desks === null) {
      this.#desks = new Map();
      const t = this.world.logons.table;
      const is = this.world.facts.texts.asker((x) => x === 'logon');
      for (let i = 0; i < t.rows; i++) {
        if (!is(t.column('activity')[i]!)) continue;
        const l = this.world.logons.logon(i);
        if ((l.type !== 2 && l.type !== 7 && l.type !== 11) || this.nodes.has(`s${i}`)) continue;
        this.#desks.set(l.user, (this.#desks.get(l.user) ?? new Set()).add(Math.floor(l.t / 86_400e6)));
      }
    }
    return this.#desks.get(user.toLowerCase())?.size ?? 0;
  }

  lead(l: Lead): void {
    if (
      this.#declared(
        l.host,
        l.t,
        l.session?.user ?? (l.process >= 0 ? this.world.processes.userText(l.process) : ''),
        l.session?.address ?? '',
      )
    )
      return;
    this.leads.push(l);
  }

  /** Follows every lead that begins an incident to all that it caused and that caused it. */
  spread(): void {
    for (const l of this.leads) {
      if (l.weight < 1) continue;
      if (l.process >= 0 && !this.world.hub(l.process)) {
        const n = this.process(l.process, null, l.what, 'certain', l.places);
        if (n !== null && l.detector === 'server-shell') {
          const key = `w${n.host}`;
          if (!this.#group.has(key)) this.#group.set(key, key);
          this.join(key, n.key);
        }
      }
      if (l.session !== null) {
        const before = l.after === undefined ? undefined : this.nodes.get(`s${l.after.row}`);
        this.session(l.session, before ?? null, l.what);
      }
      if (l.address !== undefined) this.cloud(l.address, l.t, null, l.what, l.places);
      const made = l.installed;
      if (made !== undefined && l.process < 0 && l.session === null) {
        const list = made.kind === 'service' ? this.services : this.tasks;
        const s = list.find((x) => x.row === made.row);
        if (s !== undefined && !this.clean.has(s.host)) this.#installed(made.kind, s, null, l.what, 'certain');
      }
    }
    this.drain();
  }

  drain(): void {
    for (;;) {
      const n = this.#queue.pop();
      if (n === undefined) return;
      if (n.kind === 'process') this.#ofProcess(n);
      else if (n.kind === 'session') this.#ofSession(n);
      else if (n.kind === 'file') this.#ofFile(n);
      else if (n.kind === 'block') this.#ofBlock(n);
      else if (n.kind !== 'script' && n.kind !== 'order' && n.kind !== 'cloud') this.#ofInstalled(n);
    }
  }

  #ofProcess(n: Node): void {
    const w = this.world;
    const p = w.processes;
    // What a program that acts for everybody does after code was put into it is not all the intruder's: it is told, and not followed.
    if (n.because === 'edge.injected' && w.hub(n.row)) return;
    // What another process was injected with is the intruder's from then on, not before.
    const since = n.because === 'edge.injected' ? n.t - 1e6 : Number.NEGATIVE_INFINITY;
    for (const c of p.children(n.row)) if (p.start.at(c) >= since) this.process(c, n, 'edge.child', n.sure);
    for (const i of w.injections(n.row)) {
      const m = w.facts.table('memory_activity');
      const target = w.processAt(m.host[i]!, m.column('target_guid')[i]!, m.column('target_pid')[i]!, m.t[i]!);
      if (target >= 0 && target !== n.row) this.process(target, n, 'edge.injected', n.sure, [m.place(i)], m.t[i]!);
    }
    const files = w.facts.table('file_activity');
    const path = files.column('path');
    const made = files.column('activity');
    for (const i of w.files(n.row)) {
      const what = w.text(made[i]!);
      if (what === 'create' || what === 'create stream')
        this.file(n.host, w.text(path[i]!), files.t[i]!, n, 'edge.wrote', [files.place(i)]);
    }
    if (!w.system(n.row) && !w.hub(n.row) && !this.#others(n)) this.file(n.host, n.path, n.t, n, 'edge.ran', n.places);
    // Connections that it opened to other machines, and what came of them there.
    for (const hop of this.remote.of(n.row)) {
      const node = this.session(hop.logon, n, hop.how, hop.sure);
      this.#arrived(hop.logon, n.host, n.row, node ?? this.nodes.get(`s${hop.logon.row}`) ?? null);
    }
    // What its command line laid, where no sensor saw it written; and its scripts.
    this.#laid(commandsOf(p.commandText(n.row)), n, n.t, n.places.slice(0, 1));
    for (const i of w.scripts(n.row)) this.#laidByScript(i, n);
    if (/^runas(?:\.exe)?$/.test(baseName(n.path))) this.#runAs(n);
    if (
      /^(?:sudo|doas|su|pkexec)$/.test(baseName(n.path)) ||
      (p.parent.at(n.row) >= 0 && p.imageText(p.parent.at(n.row)) === 'sudo')
    ) {
      this.#asRoot(n);
      this.#startedUnits(n);
    }
    if (/^msiexec\.exe$/.test(baseName(n.path)) || /(?:setup|install)[^\\]*\.exe$/.test(n.path)) this.#installer(n);
    this.#commanded(n);
    this.#ordered(n);
    this.#backward(n);
  }

  /**
   * What a command line made another machine run, where no log of that machine tells anything of that time, and where a controller gave
   * a ticket for it then to whoever asked from here.
   */
  #ordered(n: Node): void {
    const w = this.world;
    const line = w.processes.commandText(n.row);
    if (line.length < 8 || !Number.isFinite(n.t)) return;
    for (const c of commandsOf(line)) {
      if (c.target === '') continue;
      const target = w.facts.hosts.known(c.target);
      if (target < 0 || target === n.host || this.clean.has(target)) continue;
      const at = w.carried(n.t, n.host, target);
      if (w.logons.remote(target, at - MINUTE, at + MINUTE).some((l) => w.logons.source(l) === n.host)) continue;
      // A log that reaches back to then would tell of the logon.
      if (w.logons.toldOf(target, at)) continue;
      const ticket = this.remote.ticketHolder(n.host, target, n.t, TICKET_BEFORE);
      if (ticket === null) continue;
      this.#node({
        key: `o${target}|${n.row}`,
        kind: 'order',
        row: n.row,
        host: target,
        t: at,
        places: [...n.places, w.facts.table('authentication').place(ticket.row)],
        from: n,
        because: 'edge.ordered',
        sure: 'likely',
        path: c.text.toLowerCase(),
      });
    }
  }

  #laidByScript(row: number, n: Node): void {
    const t = this.world.facts.table('script_activity');
    this.#laid(commandsOfScript(this.world.text(t.column('script')[row]!)), n, t.t[row]!, [t.place(row)]);
  }

  #laid(commands: readonly Command[], n: Node, t: number, places: readonly Place[]): void {
    const w = this.world;
    for (const c of commands) {
      const target = c.target === '' ? n.host : w.facts.hosts.known(c.target);
      for (const x of laidBy(c.text)) {
        const host = x.host === '' ? target : w.facts.hosts.known(x.host);
        if (host < 0 || this.clean.has(host)) continue;
        // On another machine it may not have come to be.
        const sure = host === n.host ? n.sure : 'likely';
        this.file(host, x.path, w.carried(t, n.host, host), n, 'edge.laid', places, sure);
      }
    }
  }

  /** PowerShell that began for somebody who came over the network, right after a session did and no other. */
  #remoteShell(n: Node, l: Logon): void {
    const w = this.world;
    const t = w.facts.table('script_activity');
    const script = t.column('script');
    for (let i = t.from(l.t - 2e6); i < t.rows && t.t[i]! <= l.t + SHELL_WITHIN; i++) {
      if (t.host[i] !== n.host || !REMOTE_SHELL.test(w.text(script[i]!))) continue;
      const others = w.logons
        .remote(n.host, t.t[i]! - SHELL_WITHIN, t.t[i]! + 2e6)
        .some((o) => o.type === 3 && o.row !== l.row && !ownAccount(o.user) && !this.nodes.has(`s${o.row}`));
      if (!others) this.block(i, n, 'edge.session-script');
    }
  }

  /** Scripts that ran in a session, by who ran them, while nobody else was there under that name. */
  #scriptsOf(n: Node, l: Logon): void {
    const w = this.world;
    if (l.type !== 3 && l.type !== 10) return;
    // Who came to a port of another kind ran no script by that.
    const port = l.type === 3 ? this.remote.portOf(l) : 0;
    if (port !== 0 && port !== 5985 && port !== 5986 && port !== 47_001) return;
    if (l.type === 3) this.#remoteShell(n, l);
    const sid = w.logons.table.column('sid')[l.row]!;
    if (sid < 0) return;
    const t = w.facts.table('script_activity');
    const [user, lo] = [t.column('user'), t.from(l.t - 2e6)];
    const off = w.logons.loggedOff(l);
    const end = Math.min(off + 5e6, l.t + SCRIPT_SESSION);
    for (let i = lo; i < t.rows && t.t[i]! <= end; i++) {
      if (t.host[i] !== n.host || user[i]! < 0 || w.facts.texts.fold(user[i]!) !== w.facts.texts.fold(sid)) continue;
      const others = w.logons
        .remote(n.host, t.t[i]! - SCRIPT_SESSION, t.t[i]!)
        .some(
          (o) =>
            o.user === l.user &&
            o.row !== l.row &&
            !this.nodes.has(`s${o.row}`) &&
            w.logons.source(o) !== w.logons.source(l) &&
            w.logons.loggedOff(o) >= t.t[i]!,
        );
      if (!others) this.block(i, n, 'edge.session-script');
    }
  }

  /** Whether somebody else had run that program there before, long before anything else of the intruder's: a tool of the house. */
  #others(n: Node): boolean {
    const w = this.world;
    const p = w.processes;
    const user = bareName(p.userText(n.row));
    if (ownAccount(user) || n.because === 'edge.file-ran') return false;
    return w.withImage(p.image.at(n.row)).some((r) => {
      const who = bareName(p.userText(r));
      return (
        p.host.at(r) === n.host &&
        p.start.at(r) < n.t - DAY_AND_MORE &&
        !ownAccount(who) &&
        who !== user &&
        !this.nodes.has(`p${r}`)
      );
    });
  }

  /** What a command line of the intruder's makes another machine run, found there. */
  #commanded(n: Node): void {
    const w = this.world;
    const line = w.processes.commandText(n.row);
    const order =
      /\bschtasks(?:\.exe)?["']?\s.*\/create\b/i.test(line) ||
      /process\s+call\s+create/i.test(line) ||
      /\bsc(?:\.exe)?["']?\s+(?:\\\\|create\b)/i.test(line);
    if (!order) return;
    const what =
      /\/tr\s+"((?:[^"\\]|\\.)+)"|\/tr\s+(\S+)|call\s+create\s+"((?:[^"\\]|\\.)+)"|call\s+create\s+(\S.*)|binpath=\s*"?([^"]+)"?/i.exec(
        line,
      );
    const command = (what?.slice(1).find((x) => x !== undefined) ?? '').trim().toLowerCase();
    if (command.length < 4) return;
    const elsewhere = this.remote.named(n.row).filter((h) => h !== n.host);
    // Where no machine is named, it is for this one.
    for (const target of elsewhere.length > 0 ? elsewhere : [n.host]) {
      const at = w.carried(n.t, n.host, target);
      // That it was registered there, the target's own log may still tell.
      for (const [kind, list] of [
        ['service', this.#servicesByHost],
        ['task', this.#tasksByHost],
      ] as const)
        for (const x of list.get(target) ?? [])
          if (
            x.t >= at - 5e6 &&
            x.t - at < MINUTE &&
            (x.command.toLowerCase().includes(command) || named(line, x.name))
          )
            this.#installed(kind, x, n, 'edge.commanded', n.sure);
      if (target === n.host) continue;
      for (const r of this.remote.startsBetween(target, at - 5e6, at + RUNS_WITHIN))
        if (runs(command, w.processes.imageText(r), w.processes.commandText(r).toLowerCase()))
          this.process(r, n, 'edge.commanded', n.sure);
    }
  }

  #arrived(logon: Logon, source: number, process: number, node: Node | null): void {
    if (node === null) return;
    const known = this.arrivals.get(logon.row);
    if (known === undefined || (known.process < 0 && process >= 0))
      this.arrivals.set(logon.row, { logon, source, process, node });
  }

  /** What started a process, where that is more than a program that starts things for everybody. */
  #backward(n: Node): void {
    const w = this.world;
    const p = w.processes;
    const parent = p.parent.at(n.row);
    const name = parent < 0 ? '' : baseName(p.imageText(parent));
    const command = p.commandText(n.row).toLowerCase();
    const id = p.session.at(n.row);
    if (/^services\.exe$/.test(name)) {
      for (const s of this.#servicesByHost.get(n.host) ?? [])
        if (s.t <= n.t + 5e6 && n.t - s.t <= RUNS_WITHIN && runs(s.command, n.path, command))
          this.#installed('service', s, n, 'edge.service-of', n.sure);
      return;
    }
    if (/^(?:svchost|taskeng|taskhostw?)\.exe$/.test(name)) {
      for (const s of this.#tasksByHost.get(n.host) ?? [])
        if (s.t <= n.t + 5e6 && n.t - s.t <= RUNS_WITHIN && runs(s.command, n.path, command))
          this.#installed('task', s, n, 'edge.task-of', n.sure);
    }
    if (id > 0 && id !== 0x3e7 && id !== 0x3e4 && id !== 0x3e5) {
      const l = w.logons.session(n.host, id, n.t);
      // Somebody's own desktop is not the intruder's because one thing in it is.
      if (l !== null && (l.type === 3 || l.type === 10 || l.type === 9 || l.type === SSH))
        this.session(l, n, 'edge.in-session', n.sure);
    }
    // What sudo writes down knows no session: it is that of whoever asked, where only one is open.
    if (name === 'sudo' && id < 0) this.#asked(n);
    if (id > 0 && id !== 0x3e7) this.#ranAs(n, id);
    if (parent >= 0 && SERVER.test(name)) {
      // What one server's workers start came in by that server.
      const key = `w${n.host}`;
      if (!this.#group.has(key)) this.#group.set(key, key);
      this.join(key, n.key);
    }
    if (parent < 0 || w.hub(parent)) return;
    // On Linux, what runs outside of anybody's session below a program that nothing names was started by a service; and what starts the
    // programs of several sessions is none of them.
    if (p.image.at(parent) < 0 && n.path.startsWith('/'))
      if (id < 0 || p.children(parent).some((c) => p.session.at(c) >= 0 && p.session.at(c) !== id)) return;
    if (w.shell(parent) || !w.system(parent)) this.process(parent, n, 'edge.parent', n.sure);
  }

  /** The session by SSH in which somebody asked for a command by sudo. */
  #asked(n: Node): void {
    const w = this.world;
    const user = bareName(w.processes.userText(n.row));
    const open = w.logons
      .remote(n.host, n.t - SSH_LENGTH, n.t)
      .filter((l) => l.type === SSH && l.user === user && w.logons.closed(l) >= n.t);
    if (open.length === 1) this.session(open[0]!, n, 'edge.in-session', n.sure === 'certain' ? 'likely' : n.sure);
  }

  /** Services that came with what the intruder installed: made by the installer, in nobody's session, of a program that was not there. */
  #installer(n: Node): void {
    const w = this.world;
    const line = w.processes.commandText(n.row);
    if (baseName(n.path) === 'msiexec.exe' && !/\s[/-](?:i|package|jm?)\b|\s[/-]i\S/i.test(line)) return;
    for (const s of this.#servicesByHost.get(n.host) ?? []) {
      if (s.t < n.t || s.t - n.t > INSTALLS_WITHIN || s.logon > 0) continue;
      const exe = programOf(s.command);
      const image = w.facts.texts.find(exe);
      if (exe === '' || w.shellPath(exe)) continue;
      if (image >= 0 && w.withImage(image).some((r) => w.processes.host.at(r) === n.host && this.firstSeen(r) < n.t))
        continue;
      this.#installed('service', s, n, 'edge.installed-by', 'likely');
      this.file(n.host, exe, s.t, n, 'edge.installed-by', n.places.slice(0, 1), 'likely');
    }
  }

  /** Files that root wrote, outside of anybody's session, right after the intruder ran something as root and nobody else did. */
  #asRoot(n: Node): void {
    const w = this.world;
    const f = w.facts.table('file_activity');
    const [activity, path, user, logon] = ['activity', 'path', 'user', 'logon_id'].map((c) => f.column(c)) as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    const others = this.remote
      .startsBetween(n.host, n.t - ROOT_WITHIN, n.t + ROOT_WITHIN)
      .some(
        (r) => baseName(w.processes.imageText(r)) === 'sudo' && w.processes.userText(r) !== w.processes.userText(n.row),
      );
    if (others) return;
    for (let i = f.from(n.t - 1e6); i < f.rows && f.t[i]! <= n.t + ROOT_WITHIN; i++) {
      if (f.host[i] !== n.host || w.text(activity[i]!) !== 'create') continue;
      const id = w.facts.texts.number(logon[i]!);
      if (
        !(Number.isNaN(id) || id === UNSET_SESSION) ||
        !/^(?:0|root)$/.test(w.facts.texts.number(user[i]!) === 0 ? '0' : w.text(user[i]!))
      )
        continue;
      this.file(n.host, w.text(path[i]!), f.t[i]!, n, 'edge.as-root', [f.place(i)], 'likely');
    }
  }

  /** Units that are new on the machine, and start while the intruder is root there and nobody else asks for anything. */
  #startedUnits(n: Node): void {
    const w = this.world;
    for (const u of this.#units) {
      if (u.host !== n.host || u.t < n.t || u.t - n.t > ROOT_LASTS) continue;
      const others =
        this.remote
          .startsBetween(u.host, u.t - OTHERS_NEAR, u.t + 5e6)
          .some(
            (r) =>
              !this.nodes.has(`p${r}`) &&
              baseName(w.processes.imageText(r)) === 'sudo' &&
              w.processes.userText(r) !== w.processes.userText(n.row),
          ) || w.logons.remote(u.host, u.t - ROOT_LASTS, u.t).some((l) => l.type === SSH && this.#openAt(l, u.t));
      if (others) continue;
      this.#installations.set(`service${u.row}`, u);
      const known = listIn(this.#servicesByHost, u.host);
      if (!known.includes(u)) known.push(u);
      this.#installed('service', u, n, 'edge.as-root', 'likely');
    }
  }

  /** Whether a session by SSH that is not the intruder's was open at a time. */
  #openAt(l: Logon, t: number): boolean {
    return !this.nodes.has(`s${l.row}`) && l.t <= t && this.world.logons.closed(l) >= t;
  }

  /** What runs as somebody else because the intruder asked for it: in the session that begins then. */
  #runAs(n: Node): void {
    const w = this.world;
    const as = /\/user:"?([^\s"]+)/i.exec(w.processes.commandText(n.row))?.[1];
    if (as === undefined) return;
    const user = bareName(as.replace(/@.*$/, ''));
    for (const r of this.remote.startsBetween(n.host, n.t - 1e6, n.t + RUNAS_BEFORE)) {
      const id = w.processes.session.at(r);
      if (id <= 0x3e7 || bareName(w.processes.userText(r)) !== user) continue;
      const l = w.logons.session(n.host, id, w.processes.start.at(r));
      if (l !== null && ((l.type !== 2 && l.type !== 9) || l.t < n.t - 5e6)) continue;
      for (const x of w.inSession(n.host, id))
        if (w.processes.start.at(x) >= n.t - 1e6 && w.processes.start.at(x) - n.t < SESSION_LENGTH && !w.hub(x))
          this.process(x, n, 'edge.ran-as', n.sure);
      return;
    }
  }

  /** Who started something as somebody else (runas): the service that does it starts it, the command line that asked for it is beside. */
  #ranAs(n: Node, id: number): void {
    const w = this.world;
    const l = w.logons.session(n.host, id, n.t);
    if (l === null || (l.type !== 2 && l.type !== 9) || l.user === '') return;
    for (const r of this.remote.startsBetween(n.host, l.t - RUNAS_BEFORE, l.t + 5e6)) {
      if (!/^runas(?:\.exe)?$/.test(baseName(w.processes.imageText(r)))) continue;
      const as = /\/user:"?([^\s"]+)/i.exec(w.processes.commandText(r))?.[1];
      if (as !== undefined && bareName(as.replace(/@.*$/, '')) === l.user) this.process(r, n, 'edge.ran-as', n.sure);
    }
  }

  #ofSession(n: Node): void {
    const w = this.world;
    const l = this.#numbered(w.logons.logon(n.row));
    const end = l.t + SESSION_LENGTH;
    const here = (t: number, logon: number): boolean => l.id >= 0 && logon === l.id && t >= l.t - 5e6 && t <= end;
    if (l.type !== 2 && l.type !== 11)
      for (const r of w.inSession(n.host, l.id))
        if (w.processes.start.at(r) >= l.t - 5e6 && this.#mine(r, l))
          // Later, the number may be another session's: but not of the same user.
          if (!w.hub(r) && (w.processes.start.at(r) <= end || bareName(w.processes.userText(r)) === l.user))
            this.process(r, n, 'edge.session-process', n.sure);
    if (l.type === SSH) this.#ofSsh(n, l);
    this.#scriptsOf(n, l);
    for (const s of this.#servicesByHost.get(n.host) ?? [])
      if (here(s.t, s.logon) || this.#madeIn(s, l) || this.#madeBy(s, l))
        this.#installed('service', s, n, 'edge.session-service', n.sure);
    for (const s of this.#tasksByHost.get(n.host) ?? [])
      if (here(s.t, s.logon) || this.#madeBy(s, l)) this.#installed('task', s, n, 'edge.session-task', n.sure);
    const files = w.facts.table('file_activity');
    for (const i of this.remote.writes(n.host, l)) {
      const path = this.remote.localPath(i);
      if (path !== '') this.file(n.host, path, files.t[i]!, n, 'edge.copied', [files.place(i)]);
    }
    // Where it came from.
    const source = w.logons.source(l);
    if (source < 0) return;
    // What was laid on this host shortly before, by the same account from the same machine.
    if (n.sure === 'certain')
      for (const i of this.remote.laid(n.host, l.t - LAID_BEFORE, l.t + 10e6)) {
        const other = w.logons.session(n.host, w.facts.texts.number(files.column('logon_id')[i]!), files.t[i]!);
        if (other === null || other.row === l.row || other.user !== l.user || w.logons.source(other) !== source)
          continue;
        this.session(other, n, 'edge.laid-before', 'likely');
      }
    const by = this.remote.opener(l, source);
    this.#arrived(l, source, by, n);
    // Who opened it did so by hand: on Linux the client is a program of the system's.
    const client = by >= 0 && l.type === SSH && SSH_CLIENT.test(w.processes.imageText(by));
    if (by >= 0 && !w.hub(by) && (!w.system(by) || w.shell(by) || client)) this.process(by, n, 'edge.opened', n.sure);
  }

  /** Whether something that had never run there was made a service in a session, or laid to be one. */
  broughtIn(l: Logon): boolean {
    return (this.#servicesByHost.get(l.host) ?? []).some((s) => {
      if (s.t < l.t - 2e6 || s.t - l.t > MADE_WITHIN) return false;
      if (s.logon > 0) {
        const exe = programOf(s.command);
        const image = this.world.facts.texts.find(exe);
        return (
          l.id >= 0 &&
          s.logon === l.id &&
          !exe.startsWith('c:\\program files') &&
          !this.world.shellPath(exe) &&
          (image < 0 ||
            this.world
              .withImage(image)
              .every((r) => this.world.processes.host.at(r) !== s.host || this.firstSeen(r) >= l.t - MINUTE))
        );
      }
      return this.#madeIn(s, l);
    });
  }

  /**
   * Whether a service or task was made in a session, where its record names no session but who made it: that account, while its session was
   * there and no other of its from elsewhere.
   */
  #madeBy(s: Installed, l: Logon): boolean {
    if (s.logon > 0 || s.user === '' || (l.type !== 3 && l.type !== 10) || s.t < l.t - 2e6) return false;
    const w = this.world;
    const off = l.type === 10 ? w.logons.closing(l) : -1;
    const end = Math.min(off >= 0 ? w.logons.table.t[off]! : w.logons.loggedOff(l), l.t + SCRIPT_SESSION);
    if (s.t > end + 5e6) return false;
    const sid = w.logons.sidOf(l);
    const by = SID.test(s.user)
      ? sid >= 0 && w.text(sid).toLowerCase() === s.user.toLowerCase()
      : bareName(s.user) === l.user;
    if (!by) return false;
    const source = w.logons.source(l);
    return !w.logons
      .remote(s.host, s.t - SCRIPT_SESSION, s.t)
      .some(
        (o) =>
          o.user === l.user &&
          o.row !== l.row &&
          !this.nodes.has(`s${o.row}`) &&
          w.logons.source(o) !== source &&
          w.logons.loggedOff(o) >= s.t,
      );
  }

  /** Whether a service was made by nobody that is known as the intruder, and in no session of theirs. */
  #honestly(s: Installed): boolean {
    if (this.nodes.has(`v${s.row}`)) return false;
    return !this.world.logons
      .remote(s.host, s.t - MADE_WITHIN, s.t + 2e6)
      .some((o) => o.type === 3 && this.nodes.has(`s${o.row}`));
  }

  /**
   * Whether a service was made in a session, where its own record names none: right after the session began, of a program that had never run
   * there, while nobody else came over the network.
   */
  #madeIn(s: Installed, l: Logon): boolean {
    const w = this.world;
    if (l.type !== 3 || s.logon > 0 || s.t < l.t - 2e6 || s.t - l.t > MADE_WITHIN) return false;
    const exe = programOf(s.command);
    const image = w.facts.texts.find(exe);
    if (exe === '' || w.shellPath(exe) || exe.startsWith('c:\\program files')) return false;
    if (
      image >= 0 &&
      w.withImage(image).some((r) => w.processes.host.at(r) === s.host && this.firstSeen(r) < l.t - MINUTE)
    )
      return false;
    // Where no log tells what runs, a program that others were seen to bring as well is a tool of the house.
    const ran = image >= 0 && w.withImage(image).length > 0;
    if (!ran && this.services.some((o) => o.row !== s.row && programOf(o.command) === exe && this.#honestly(o)))
      return false;
    const source = w.logons.source(l);
    return !w.logons
      .remote(s.host, s.t - MADE_WITHIN, s.t)
      .some(
        (o) => o.type === 3 && !o.user.endsWith('$') && !this.nodes.has(`s${o.row}`) && w.logons.source(o) !== source,
      );
  }

  /**
   * What ran in a session by SSH, whose records carry no number: what the server started for it as it began; and what its user ran as
   * another (sudo) until somebody else's session of the same name begins.
   */
  #ofSsh(n: Node, l: Logon): void {
    const w = this.world;
    const p = w.processes;
    let end = Math.min(l.t + SSH_LENGTH, w.logons.closed(l));
    for (const o of w.logons.remote(n.host, l.t + 1, end))
      if (o.user === l.user && o.address !== l.address) end = Math.min(end, o.t);
    // Somebody of that name who was there before may still be.
    const before = w.logons
      .remote(n.host, l.t - SSH_BEFORE, l.t - 1)
      .some(
        (o) => o.user === l.user && o.address !== l.address && !this.nodes.has(`s${o.row}`) && w.logons.closed(o) > l.t,
      );
    for (const r of this.remote.startsBetween(n.host, l.t - 2e6, end)) {
      if (bareName(p.userText(r)) !== l.user) continue;
      const parent = p.parent.at(r);
      const by = parent < 0 ? '' : baseName(p.imageText(parent));
      if (/^sshd(?:-session)?$/.test(by) && p.start.at(r) - l.t < MINUTE)
        this.process(r, n, 'edge.session-process', n.sure);
      else if (!before && by === 'sudo' && p.parent.at(parent) < 0) this.process(r, n, 'edge.session-user', 'likely');
    }
  }

  /** A desktop session whose number only its own programs still tell. */
  #numbered(l: Logon): Logon {
    if (l.id >= 0 || l.type !== 10) return l;
    const p = this.world.processes;
    const r = this.remote
      .startsBetween(l.host, l.t - 10e6, l.t + 60e6)
      .find((x) => p.session.at(x) > 0x3e7 && p.userText(x).replace(/^.*\\/, '').toLowerCase() === l.user);
    return r === undefined ? l : { ...l, id: p.session.at(r) };
  }

  /** A process that carries a session's number: that session's, not a later one's of the same number. */
  #mine(r: number, l: Logon): boolean {
    const known = this.world.logons.session(l.host, l.id, this.world.processes.start.at(r));
    return known === null || known.t < l.t - SESSION_LENGTH || known.row === l.row;
  }

  /** A script that ran on a host, as its record (a row of script activity) holds it. */
  block(row: number, from: Node, because: string): void {
    const t = this.world.facts.table('script_activity');
    if (this.clean.has(t.host[row]!) || this.#declared(t.host[row]!, t.t[row]!, '', '')) return;
    this.#node({
      key: `b${row}`,
      kind: 'block',
      row,
      host: t.host[row]!,
      t: t.t[row]!,
      places: [t.place(row)],
      from,
      because,
      sure: 'likely',
      path: '',
    });
  }

  /** An address outside that the intruder used accounts from in the cloud. */
  cloud(address: string, t: number, from: Node | null, because: string, places: readonly Place[]): void {
    if (this.#declared(-1, t, '', address)) return;
    this.#node({
      key: `c${address}`,
      kind: 'cloud',
      row: -1,
      host: -1,
      t,
      places,
      from,
      because,
      sure: 'likely',
      path: address,
    });
    // One account in several hands is rare: who uses the same from two places is taken to be one.
    for (const user of cloudAccounts(this.world, new Map([[address, t]]))) {
      const known = this.#cloudUsers.get(user);
      if (known === undefined) this.#cloudUsers.set(user, `c${address}`);
      else this.join(known, `c${address}`);
    }
  }

  readonly #cloudUsers = new Map<string, string>();

  /** Programs that a script which ran names, and files that its commands lay. */
  #ofBlock(n: Node): void {
    const t = this.world.facts.table('script_activity');
    this.#laidByScript(n.row, n);
    for (const path of programsNamed(this.world.text(t.column('script')[n.row]!)))
      if (!this.world.systemPath(path) && !this.world.shellPath(path))
        this.file(n.host, path, n.t, n, 'edge.command-of', n.places, 'likely');
  }

  /** When a process started; of one whose start no log holds, when it first started something. */
  firstSeen(row: number): number {
    const p = this.world.processes;
    const start = p.start.at(row);
    const child = p.children(row)[0];
    return Number.isFinite(start) || child === undefined ? start : p.start.at(child);
  }

  #ofFile(n: Node): void {
    const w = this.world;
    const image = w.facts.texts.find(n.path);
    // What the intruder put into a folder of the system is theirs where nothing of that name ran before: there, and on Windows, where all
    // machines have the same programs, anywhere.
    const unix = n.path.startsWith('/');
    const ours = (): boolean =>
      (n.because === 'edge.installed-by' ||
        n.because === 'edge.laid' ||
        n.because === 'edge.wrote' ||
        n.because === 'edge.copied' ||
        (n.because === 'edge.command-of' && (n.from?.kind === 'service' || n.from?.kind === 'task'))) &&
      w
        .withImage(image)
        .every(
          (r) =>
            (w.processes.host.at(r) !== n.host && (unix || n.because === 'edge.installed-by')) ||
            this.firstSeen(r) >= n.t - 10e6,
        );
    const placed = w.systemPath(n.path) && !w.shellPath(n.path) && ours();
    if (placed) w.placed.set(`${n.host}|${n.path}`, unix || n.because === 'edge.installed-by');
    if (image >= 0 && w.runs(image) < 20_000 && !w.shellPath(n.path) && (!w.systemPath(n.path) || placed))
      for (const r of w.withImage(image))
        if (w.processes.host.at(r) === n.host && this.firstSeen(r) >= n.t - 10e6)
          this.process(r, n, 'edge.file-ran', n.sure);
    for (const [kind, list] of [
      ['service', this.#servicesByHost],
      ['task', this.#tasksByHost],
    ] as const)
      for (const s of list.get(n.host) ?? [])
        if (s.t >= n.t - 10e6 && n.path.length > 6 && s.command.toLowerCase().includes(n.path))
          this.#installed(kind, s, n, 'edge.file-installed', n.sure);
  }

  #ofInstalled(n: Node): void {
    const w = this.world;
    const list = n.kind === 'service' ? this.#servicesByHost : this.#tasksByHost;
    const s = (list.get(n.host) ?? []).find((x) => x.row === n.row);
    if (s === undefined) return;
    // The same installation, as another log tells it.
    for (const o of list.get(n.host) ?? [])
      if (o.row !== s.row && o.name === s.name && Math.abs(o.t - s.t) < 10e6)
        this.#installed(n.kind as 'service', o, n, 'edge.same', n.sure);
    const l = s.logon > 0 && s.logon !== 0x3e7 ? w.logons.session(n.host, s.logon, s.t) : null;
    if (l !== null && (l.type === 3 || l.type === 10)) this.session(l, n, 'edge.installed-in', n.sure);
    const starters = n.kind === 'service' ? /^services\.exe$/ : /^(?:svchost|taskeng|taskhostw?)\.exe$/;
    for (const r of this.remote.startedBy(n.host, s.t - 2e6, s.t + RUNS_WITHIN, starters))
      if (runs(s.command, w.processes.imageText(r), w.processes.commandText(r).toLowerCase()))
        this.process(r, n, n.kind === 'service' ? 'edge.service-ran' : 'edge.task-ran', n.sure);
    const exe = programOf(s.command);
    if (exe === '') return;
    if (!w.systemPath(exe)) this.file(n.host, exe, s.t, n, 'edge.command-of', n.places);
    else if (!w.shellPath(exe)) {
      const row = this.#written(n.host, exe, s.t);
      const f = w.facts.table('file_activity');
      if (row >= 0) this.file(n.host, exe, f.t[row]!, n, 'edge.command-of', [f.place(row), ...n.places]);
    }
  }

  /** The record of a file's creation in the day before something; -1. */
  #written(host: number, path: string, until: number): number {
    const f = this.world.facts.table('file_activity');
    const [id, activity] = [f.column('path'), f.column('activity')];
    for (let i = f.from(until - DAY); i < f.rows && f.t[i]! <= until + 10e6; i++)
      if (
        f.host[i] === host &&
        this.world.text(activity[i]!) === 'create' &&
        this.world.text(id[i]!).toLowerCase() === path
      )
        return i;
    return -1;
  }
}

/** Programs that a script names by their whole path, in lower case. */
export function programsNamed(script: string): readonly string[] {
  if (script.length > 20_000) return [];
  return [
    ...script.matchAll(/[a-z]:\\(?:[^\\/:*?"'<>|\r\n;]+\\)*[^\\/:*?"'<>|\s;]+\.(?:exe|dll|bat|cmd|ps1|vbs|js|scr)\b/gi),
  ]
    .slice(0, 20)
    .map((m) => m[0].toLowerCase());
}

/** Whether a command line names a task or service. */
const named = (line: string, name: string): boolean => {
  const bare = name.replace(/^\\/, '').toLowerCase();
  return (
    bare.length > 3 &&
    new RegExp(`(?:^|[\\s"\\\\])${bare.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?:$|[\\s"])`).test(line.toLowerCase())
  );
};

const bareName = (user: string): string => user.replace(/^.*\\/, '').toLowerCase();

/** The program that a command starts: its path in lower case; ''. */
export function programOf(command: string): string {
  const c = command
    .trim()
    .toLowerCase()
    .replace(/^%systemroot%/, 'c:\\windows')
    .replace(/^\\systemroot/, 'c:\\windows')
    .replace(/^\\\?\?\\/, '');
  const quoted = /^"([^"]+)"/.exec(c);
  if (quoted !== null) return quoted[1]!;
  const m = /^(.+?\.(?:exe|com|bat|cmd|ps1|vbs|js|dll|scr))(?=\s|$)/.exec(c);
  return m?.[1] ?? c.split(' ')[0]!;
}

/** Whether a process is what a service's or task's command starts. */
export function runs(command: string, image: string, line: string): boolean {
  const c = command.trim().toLowerCase();
  if (c === '') return false;
  const program = programOf(c);
  if (line !== '' && (line === c || line.includes(c) || c.includes(line))) return true;
  if (baseName(program) !== baseName(image) && !baseName(image).startsWith(`${baseName(program)}.`)) return false;
  // Of a program that everybody has, the arguments must be the same, where they are known.
  const rest = c.slice(c.startsWith('"') ? program.length + 2 : program.length).trim();
  return rest === '' || line === '' || line.includes(rest);
}

function listIn<T>(map: Map<number, T[]>, key: number): T[] {
  let list = map.get(key);
  if (list === undefined) map.set(key, (list = []));
  return list;
}

/** What a task's XML starts. */
export function taskCommand(content: string): string {
  if (!content.includes('<')) return content;
  const unescape = (t: string): string =>
    t
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&apos;', "'")
      .replaceAll('&amp;', '&');
  const command = /<Command>([\s\S]*?)<\/Command>/i.exec(content)?.[1] ?? '';
  const args = /<Arguments>([\s\S]*?)<\/Arguments>/i.exec(content)?.[1] ?? '';
  return unescape(args === '' ? command : `${command} ${args}`).trim();
}

/** A log of units this long tells which are new. */
const UNITS_KNOWN = 86_400e6;

/** Starts of units that are the first of their name on a host whose log goes back a day, and that no other host has. */
function firstUnits(starts: readonly Installed[]): readonly Installed[] {
  const began = new Map<number, number>();
  const hosts = new Map<string, Set<number>>();
  const first = new Map<string, Installed>();
  for (const x of starts) {
    began.set(x.host, Math.min(x.t, began.get(x.host) ?? x.t));
    const name = x.name.replace(/\.service$/, '');
    hosts.set(name, (hosts.get(name) ?? new Set()).add(x.host));
    const known = first.get(`${x.host}|${name}`);
    if (known === undefined || x.t < known.t) first.set(`${x.host}|${name}`, x);
  }
  return [...first.values()].filter(
    (x) =>
      hosts.get(x.name.replace(/\.service$/, ''))!.size === 1 &&
      x.t - began.get(x.host)! >= UNITS_KNOWN &&
      // A unit of a session, of a user's manager, of a timer with an instance's name.
      !/@|^(?:session|user|run|systemd)-/.test(x.name),
  );
}

function installed(world: World, table: string, activity: string, name: string): Installed[] {
  const { texts } = world.facts;
  const t = world.facts.table(table);
  const [what, names, command, logon, user] = [
    t.column('activity'),
    t.column(name),
    t.column(table === 'service_activity' ? 'command_line' : 'command'),
    t.column('logon_id'),
    t.column('user'),
  ];
  const is = texts.asker((x) => x === activity);
  const line = texts.asker(taskCommand);
  const out: Installed[] = [];
  for (let i = 0; i < t.rows; i++) {
    if (!is(what[i]!) || t.host[i]! < 0) continue;
    const id = texts.number(logon[i]!);
    out.push({
      row: i,
      host: t.host[i]!,
      t: t.t[i]!,
      name: texts.text(names[i]!),
      command: line(command[i]!),
      logon: Number.isNaN(id) ? -1 : id,
      user: texts.text(user[i]!),
    });
  }
  // A task's own log names what it runs when it runs.
  if (table === 'scheduled_job_activity') {
    const unnamed = new Map<string, number[]>();
    for (const [k, x] of out.entries())
      if (x.command === '') {
        const key = `${x.host}|${x.name.toLowerCase()}`;
        unnamed.set(key, [...(unnamed.get(key) ?? []), k]);
      }
    const ran = texts.asker((x) => x === 'run');
    if (unnamed.size > 0)
      for (let i = 0; i < t.rows; i++) {
        if (!ran(what[i]!) || command[i]! < 0) continue;
        for (const k of unnamed.get(`${t.host[i]!}|${texts.text(names[i]!).toLowerCase()}`) ?? []) {
          const x = out[k]!;
          if (x.command === '' && t.t[i]! >= x.t - 2e6 && t.t[i]! - x.t <= RUNS_WITHIN)
            out[k] = { ...x, command: line(command[i]!) };
        }
      }
  }
  // One log tells of an installation what another leaves out: in which session it was.
  const known = new Map<string, Installed[]>();
  for (const x of out) {
    const key = `${x.host}|${x.name.toLowerCase()}`;
    const list = known.get(key) ?? [];
    known.set(key, list);
    list.push(x);
  }
  return out.map((x) => {
    if (x.logon > 0) return x;
    const twin = known
      .get(`${x.host}|${x.name.toLowerCase()}`)!
      .find((o) => o.logon > 0 && Math.abs(o.t - x.t) < SAME_INSTALLATION);
    return twin === undefined
      ? x
      : { ...x, logon: twin.logon, user: x.user === '' || SID.test(x.user) ? twin.user : x.user, sid: x.user };
  });
}

export { REMOTE_PORTS };
