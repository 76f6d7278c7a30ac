// What really happened, told by whoever did it while it is done: names and words of the incident contract. What no log holds any more is
// listed apart: nobody can be asked to find it.
import { microsText as textOf } from '../base/index.js';
import type { Host, Person } from './world.js';

export interface TruthIncident {
  readonly id: string;
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly entry: {
    vector: string;
    technique: string;
    host: string;
    time: string | null;
    source_ip: string | null;
    account: string | null;
  } | null;
  readonly hosts: readonly {
    name: string;
    status: 'controlled' | 'accessed' | 'attempted';
    first: string | null;
    last: string | null;
  }[];
  readonly accounts: readonly { name: string; status: 'abused' | 'created' | 'attempted'; privileged: boolean }[];
  readonly lateral_movement: readonly {
    from: string;
    to: string;
    time: string | null;
    method: string;
    account: string;
  }[];
  readonly implants: readonly {
    sha256: string;
    names: readonly string[];
    paths: readonly string[];
    hosts: readonly string[];
  }[];
  readonly persistence: readonly { host: string; kind: string; name: string; time: string | null }[];
  readonly command_and_control: readonly { address: string; hosts: readonly string[] }[];
  readonly sessions: readonly {
    start: string | null;
    end: string | null;
    source_ip: string;
    country: string;
    channel: string;
    target: string;
    actions: number;
  }[];
  readonly mailboxes: readonly { address: string; owner: string; title: string; method: string }[];
  readonly data_theft: readonly {
    time: string | null;
    host: string;
    what: string;
    method: string;
    destination: string;
    bytes: number;
  }[];
  readonly update_hijack: null | {
    server: string;
    product: string;
    package: string;
    sha256: string;
    tampered_at: string | null;
    hosts_executed: readonly string[];
    hosts_downloaded: readonly string[];
  };
  readonly anti_forensics: readonly { host: string; kind: string; time: string | null; what: string }[];
  /** Of the same shapes in words: what happened and no log of the evidence shows. */
  readonly unknowable: readonly string[];
}

export interface Truth {
  readonly schema: 'backtrail.truth/1';
  readonly scenario: string;
  readonly seed: number;
  readonly hosts: number;
  readonly days: number;
  readonly format: string;
  readonly records: number;
  readonly incidents: readonly TruthIncident[];
}

/** Moments of the simulation lie between microseconds; records do not. */
const microsText = (t: number): string | null => textOf(Math.floor(t));

/** A log that shows something, at a time; it may be cleared later. Null: a log that nobody can reach (the sensor's, a collector's). */
export type Witness = { readonly host: Host; readonly t: number } | null;

const SESSION_GAP = 30 * 60e6;
const first = (h: Host): string => h.fqdn;

interface Seen {
  first: number;
  last: number;
}

export class TruthBook {
  readonly id: string;
  /** Whether a log of the host, of that time, is still there. */
  readonly #holds: (host: Host, t: number) => boolean;
  readonly #country: (ip: string) => string;
  #entry: TruthIncident['entry'] = null;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  readonly #hosts = new Map<Host, Seen & { status: 'controlled' | 'accessed' | 'attempted'; witnesses: Witness[] }>();
  readonly #accounts = new Map<
    string,
    { status: 'abused' | 'created' | 'attempted'; privileged: boolean; witnesses: Witness[] }
  >();
  readonly #moves: { from: Host; to: Host; t: number; method: string; account: string; witnesses: Witness[] }[] = [];
  readonly #implants = new Map<
    string,
    { names: Set<string>; paths: Set<string>; hosts: Set<Host>; witnesses: Witness[] }
  >();
  readonly #persistence: { host: Host; kind: string; name: string; t: number; witnesses: Witness[] }[] = [];
  readonly #c2 = new Map<string, { hosts: Set<Host>; witnesses: Witness[] }>();
  readonly #sessions: { start: number; end: number; ip: string; channel: string; target: Host; actions: number }[] = [];
  readonly #mailboxes = new Map<Person, string>();
  readonly #theft: { t: number; host: Host; what: string; method: string; destination: string; bytes: number }[] = [];
  #hijack: {
    server: Host;
    product: string;
    package: string;
    sha256: string;
    t: number;
    executed: Set<Host>;
    downloaded: Set<Host>;
  } | null = null;
  readonly #anti: { host: Host; kind: string; t: number; what: string; witnesses: Witness[] }[] = [];

  constructor(id: string, holds: (host: Host, t: number) => boolean, country: (ip: string) => string) {
    this.id = id;
    this.#holds = holds;
    this.#country = country;
  }

  #seen(t: number): void {
    this.#from = Math.min(this.#from, t);
    this.#to = Math.max(this.#to, t);
  }

  entry(t: number, vector: string, technique: string, host: Host, ip: string | null, account: string | null): void {
    this.#seen(t);
    this.#entry = { vector, technique, host: first(host), time: microsText(t), source_ip: ip, account };
  }

  host(t: number, host: Host, status: 'controlled' | 'accessed' | 'attempted', witnesses: Witness[]): void {
    this.#seen(t);
    const rank = { controlled: 2, accessed: 1, attempted: 0 };
    const h = this.#hosts.get(host);
    if (h === undefined) this.#hosts.set(host, { first: t, last: t, status, witnesses: [...witnesses] });
    else {
      h.last = Math.max(h.last, t);
      if (rank[status] > rank[h.status]) {
        h.status = status;
        h.witnesses = [...witnesses];
      } else if (status === h.status && h.witnesses.length < 200) h.witnesses.push(...witnesses);
    }
  }

  account(name: string, status: 'abused' | 'created' | 'attempted', privileged: boolean, witnesses: Witness[]): void {
    const a = this.#accounts.get(name);
    const rank = { created: 2, abused: 1, attempted: 0 };
    if (a === undefined) this.#accounts.set(name, { status, privileged, witnesses: [...witnesses] });
    else {
      if (rank[status] > rank[a.status]) a.status = status;
      if (a.witnesses.length < 200) a.witnesses.push(...witnesses);
    }
  }

  move(t: number, from: Host, to: Host, method: string, account: string, witnesses: Witness[]): void {
    this.#seen(t);
    this.#moves.push({ from, to, t, method, account, witnesses });
  }

  implant(sha256: string, name: string, path: string, host: Host, witnesses: Witness[]): void {
    let i = this.#implants.get(sha256);
    if (i === undefined)
      this.#implants.set(sha256, (i = { names: new Set(), paths: new Set(), hosts: new Set(), witnesses: [] }));
    i.names.add(name);
    i.paths.add(path);
    i.hosts.add(host);
    i.witnesses.push(...witnesses);
  }

  persistence(t: number, host: Host, kind: string, name: string, witnesses: Witness[]): void {
    this.#seen(t);
    this.#persistence.push({ host, kind, name, t, witnesses });
  }

  c2(t: number, address: string, host: Host, witnesses: Witness[]): void {
    this.#seen(t);
    let c = this.#c2.get(address);
    if (c === undefined) this.#c2.set(address, (c = { hosts: new Set(), witnesses: [] }));
    c.hosts.add(host);
    if (c.witnesses.length < 200) c.witnesses.push(...witnesses);
  }

  /** One record of the intruder from outside: it opens a session or goes on with one. */
  touch(t: number, ip: string, channel: string, target: Host): void {
    this.#seen(t);
    const open = this.#sessions.findLast((s) => s.ip === ip && s.channel === channel);
    if (open !== undefined && t - open.end <= SESSION_GAP) {
      open.end = Math.max(open.end, t);
      open.actions++;
    } else this.#sessions.push({ start: t, end: t, ip, channel, target, actions: 1 });
  }

  mailbox(t: number, owner: Person, method: string): void {
    this.#seen(t);
    if (!this.#mailboxes.has(owner)) this.#mailboxes.set(owner, method);
  }

  theft(t: number, host: Host, what: string, method: string, destination: string, bytes: number): void {
    this.#seen(t);
    this.#theft.push({ t, host, what, method, destination, bytes });
  }

  hijack(t: number, server: Host, product: string, pkg: string, sha256: string): void {
    this.#seen(t);
    this.#hijack = { server, product, package: pkg, sha256, t, executed: new Set(), downloaded: new Set() };
  }

  hijacked(host: Host, ran: boolean): void {
    if (this.#hijack === null) return;
    (ran ? this.#hijack.executed : this.#hijack.downloaded).add(host);
  }

  anti(t: number, host: Host, kind: string, what: string, witnesses: Witness[]): void {
    this.#seen(t);
    this.#anti.push({ host, kind, t, what, witnesses });
  }

  finish(): TruthIncident {
    const unknowable: string[] = [];
    const known = (witnesses: readonly Witness[], what: string): boolean => {
      if (witnesses.some((w) => w === null || this.#holds(w.host, w.t))) return true;
      unknowable.push(what);
      return false;
    };
    // Where somebody was seen to come from, they were.
    for (const m of this.#moves)
      if (m.witnesses.some((w) => w === null || this.#holds(w.host, w.t)))
        this.#hosts.get(m.from)?.witnesses.push(...m.witnesses);
    const names = (set: Iterable<Host>): string[] => [...set].map(first).sort();
    return {
      id: this.id,
      first_seen: microsText(this.#from),
      last_seen: microsText(this.#to),
      entry: this.#entry,
      hosts: [...this.#hosts]
        .filter(([h, x]) => known(x.witnesses, `host ${first(h)} was ${x.status}`))
        .map(([h, x]) => ({ name: first(h), status: x.status, first: microsText(x.first), last: microsText(x.last) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      accounts: [...this.#accounts]
        .filter(([n, x]) => known(x.witnesses, `account ${n} was ${x.status}`))
        .map(([name, { status, privileged }]) => ({ name, status, privileged }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      lateral_movement: this.#moves
        .filter((m) => known(m.witnesses, `movement from ${first(m.from)} to ${first(m.to)}`))
        .map((m) => ({
          from: first(m.from),
          to: first(m.to),
          time: microsText(m.t),
          method: m.method,
          account: m.account,
        })),
      implants: [...this.#implants]
        .filter(([h, x]) => known(x.witnesses, `implant ${h}`))
        .map(([sha256, x]) => ({
          sha256: sha256.toLowerCase(),
          names: [...x.names].sort(),
          paths: [...x.paths].sort(),
          hosts: names(x.hosts),
        })),
      persistence: this.#persistence
        .filter((p) => known(p.witnesses, `persistence ${p.kind} "${p.name}" on ${first(p.host)}`))
        .map((p) => ({ host: first(p.host), kind: p.kind, name: p.name, time: microsText(p.t) })),
      command_and_control: [...this.#c2]
        .filter(([a, x]) => known(x.witnesses, `command and control ${a}`))
        .map(([address, x]) => ({ address, hosts: names(x.hosts) })),
      sessions: this.#sessions
        .sort((a, b) => a.start - b.start)
        .map((s) => ({
          start: microsText(s.start),
          end: microsText(s.end),
          source_ip: s.ip,
          country: this.#country(s.ip),
          channel: s.channel,
          target: first(s.target),
          actions: s.actions,
        })),
      mailboxes: [...this.#mailboxes].map(([p, method]) => ({
        address: p.mailbox,
        owner: p.full,
        title: p.title,
        method,
      })),
      data_theft: this.#theft.map((x) => ({
        time: microsText(x.t),
        host: first(x.host),
        what: x.what,
        method: x.method,
        destination: x.destination,
        bytes: x.bytes,
      })),
      update_hijack:
        this.#hijack === null
          ? null
          : {
              server: first(this.#hijack.server),
              product: this.#hijack.product,
              package: this.#hijack.package,
              sha256: this.#hijack.sha256.toLowerCase(),
              tampered_at: microsText(this.#hijack.t),
              hosts_executed: names(this.#hijack.executed),
              hosts_downloaded: names(this.#hijack.downloaded),
            },
      anti_forensics: this.#anti
        .filter((a) => known(a.witnesses, `${a.kind} on ${first(a.host)}: ${a.what}`))
        .map((a) => ({ host: first(a.host), kind: a.kind, time: microsText(a.t), what: a.what })),
      unknowable,
    };
  }
}
