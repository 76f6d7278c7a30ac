// Logon sessions: on which host, as whom, from where. Numbers are rows of the table of authentications.
import type { Facts } from '../facts/read.js';
import { firstAt, Rows } from '../facts/rows.js';
import type { Table } from '../facts/table.js';
import type { Addresses } from './addresses.js';

export interface Logon {
  readonly row: number;
  readonly host: number;
  readonly t: number;
  readonly user: string;
  readonly domain: string;
  readonly type: number;
  readonly address: string;
  readonly port: number;
  readonly id: number;
  readonly guid: number;
}

/** The type of logons by SSH, beside Windows' own. */
export const SSH = 22;

/** What the audit daemon writes where there is no session (-1 as 32 bits). */
const UNSET = 4_294_967_295;
/** What is written so soon after a logon belongs to its beginning. */
const LEFT_AFTER = 5e6;
/** Records of one logon in two logs are no further apart. */
const AUDIT_WITHIN = 120e6;

export class Logons {
  readonly table: Table;
  readonly #facts: Facts;
  readonly #addresses: Addresses;
  /** By host and number of the session: rows in the order of time. */
  readonly #bySession = new Rows();
  readonly #byGuid = new Rows();
  /** By the address and port that it came from. */
  readonly #byPort = new Rows();
  /** Logons over the network and by remote desktop, by host. */
  readonly #byHost = new Map<number, number[]>();
  readonly #user: (id: number) => string;
  readonly #userName: (host: number, user: number) => number;
  readonly #desktop: (id: number) => boolean;
  #ssh: (id: number) => boolean = () => false;
  #audit: (id: number) => boolean = () => false;
  readonly #columns;

  /** `userName` gives the name of a user that a record has by number; the same text where it is none. */
  constructor(facts: Facts, addresses: Addresses, userName: (host: number, user: number) => number) {
    this.#facts = facts;
    this.#userName = userName;
    this.#addresses = addresses;
    const { texts } = facts;
    const a = (this.table = facts.table('authentication'));
    const c = (n: string): Int32Array => a.column(n);
    this.#columns = {
      activity: c('activity'),
      user: c('user'),
      domain: c('domain'),
      type: c('logon_type'),
      ip: c('src_ip'),
      port: c('src_port'),
      workstation: c('workstation'),
      id: c('logon_id'),
      guid: c('logon_guid'),
    };
    this.#user = texts.asker((t) => t.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase());
    this.#desktop = texts.asker((t) => t === 'remote desktop logon');
    this.#windows = texts.asker((t) => t === 'logon');
    const is = texts.asker((t) => t === 'logon' || t === 'accepted');
    const ssh = texts.asker((t) => t === 'accepted');
    this.#ssh = ssh;
    this.#audit = texts.asker((t) => t === 'audit login' || t === 'audit session');
    const closed = texts.asker((t) => t === 'session closed');
    for (let i = 0; i < a.rows; i++)
      if (closed(this.#columns.activity[i]!) && a.host[i]! >= 0) {
        const key = `${a.host[i]!}|${this.#user(this.#columns.user[i]!)}`;
        const list = this.#closings.get(key);
        if (list === undefined) this.#closings.set(key, [i]);
        else list.push(i);
      }
    const empty = texts.asker((t) => t === '' || /^\{?0{8}-/.test(t));
    for (let i = 0; i < a.rows; i++) {
      if (!is(this.#columns.activity[i]!) || a.host[i]! < 0) continue;
      const l = this.logon(i);
      if (l.id >= 0) this.#bySession.add(l.host, l.id, i);
      if (!empty(this.#columns.guid[i]!)) this.#byGuid.add(this.#columns.guid[i]!, 0, i);
      if (l.port > 0 && l.address !== '') this.#byPort.add(addresses.number(l.address), l.port, i);
      if (l.type === 3 || l.type === 10 || l.type === 8 || l.type === SSH) push(this.#byHost, l.host, i);
    }
    this.#desktops();
    this.#audited();
    for (const rows of this.#byHost.values()) for (const i of rows) this.#arrivals.add(i);
  }

  readonly #arrivals = new Set<number>();

  /** Whether a row is a logon that stands for itself: no second record of one that another log tells. */
  arrival(row: number): boolean {
    return this.#arrivals.has(row);
  }

  /** By row: the number that the audit daemon gave to a session that another log tells of. */
  readonly #numbers = new Map<number, number>();

  /** Sessions of SSH as the audit daemon numbers them: joined with the server's own record by its process, or standing for it. */
  #audited(): void {
    const { texts } = this.#facts;
    const a = this.table;
    const c = this.#columns;
    const pid = a.column('pid');
    const login = texts.asker((t) => t === 'audit login');
    const start = texts.asker((t) => t === 'audit session');
    const wanted: number[] = [];
    for (let i = 0; i < a.rows; i++)
      if (a.host[i]! >= 0 && (login(c.activity[i]!) || start(c.activity[i]!))) wanted.push(i);
    if (wanted.length === 0) return;
    // The server's own records, by host and process.
    const own = new Map<string, number[]>();
    for (const rows of this.#byHost.values())
      for (const i of rows) if (this.#ssh(c.activity[i]!)) push(own, `${a.host[i]!}|${texts.number(pid[i]!)}`, i);
    const alone = new Map<string, number>();
    for (const i of wanted) {
      const id = texts.number(c.id[i]!);
      const number = Number.isNaN(id) || id >= UNSET ? -1 : id;
      const key = `${a.host[i]!}|${texts.number(pid[i]!)}`;
      const twin = (own.get(key) ?? []).find((x) => Math.abs(a.t[x]! - a.t[i]!) < AUDIT_WITHIN);
      if (twin !== undefined) {
        if (number < 0 || this.#numbers.has(twin)) continue;
        this.#numbers.set(twin, number);
        this.#bySession.add(a.host[i]!, number, twin);
        continue;
      }
      // Of what only the audit daemon tells, the record that names the user and the address.
      if (!login(c.activity[i]!) && alone.has(key)) continue;
      if (this.#addresses.text(c.ip[i]!) === '') continue;
      alone.set(key, i);
    }
    const touched = new Set<number>();
    for (const i of alone.values()) {
      push(this.#byHost, a.host[i]!, i);
      touched.add(a.host[i]!);
      const id = texts.number(c.id[i]!);
      if (!Number.isNaN(id) && id < UNSET) this.#bySession.add(a.host[i]!, id, i);
    }
    for (const h of touched) this.#byHost.get(h)!.sort((x, y) => a.t[x]! - a.t[y]!);
  }

  /** By host and user: rows that tell the end of a desktop session; by host and number of a session: its logoff. */
  #ends: { byUser: Map<string, number[]>; byNumber: Map<string, number[]> } | null = null;

  #logoffs: Map<string, number[]> | null = null;

  /** When a session was logged off, by its number; infinity where no record tells. */
  loggedOff(l: Logon): number {
    if (l.id < 0) return Number.POSITIVE_INFINITY;
    if (this.#logoffs === null) {
      this.#logoffs = new Map();
      const { texts } = this.#facts;
      const off = texts.asker((t) => t === 'logoff');
      // Only of sessions over the network and of desktops: the others are most of them.
      const wanted = new Set<string>();
      for (const rows of this.#byHost.values())
        for (const i of rows) {
          const id = this.#columns.id[i]!;
          if (id !== -1) wanted.add(`${this.table.host[i]!}|${texts.number(id)}`);
        }
      for (let i = 0; i < this.table.rows; i++) {
        if (!off(this.#columns.activity[i]!)) continue;
        const key = `${this.table.host[i]!}|${texts.number(this.#columns.id[i]!)}`;
        if (wanted.has(key)) push(this.#logoffs, key, i);
      }
    }
    const next = (this.#logoffs.get(`${l.host}|${l.id}`) ?? []).find((i) => this.table.t[i]! >= l.t);
    return next === undefined ? Number.POSITIVE_INFINITY : this.table.t[next]!;
  }

  #left(l: Logon): number {
    const { texts } = this.#facts;
    const a = this.table;
    const c = this.#columns;
    if (this.#ends === null) {
      this.#ends = { byUser: new Map(), byNumber: new Map() };
      const left = texts.asker((t) => t === 'remote desktop disconnect');
      const off = texts.asker((t) => t === 'logoff');
      const desktops = new Set<string>();
      for (const rows of this.#byHost.values())
        for (const i of rows) {
          const x = this.logon(i);
          if (x.type === 10 && x.id >= 0) desktops.add(`${x.host}|${x.id}`);
        }
      if (desktops.size > 0 || this.#byHost.size > 0)
        for (let i = 0; i < a.rows; i++) {
          const h = a.host[i]!;
          if (h < 0) continue;
          if (left(c.activity[i]!)) push(this.#ends.byUser, `${h}|${this.#user(this.#userName(h, c.user[i]!))}`, i);
          else if (desktops.size > 0 && off(c.activity[i]!)) {
            const key = `${h}|${texts.number(c.id[i]!)}`;
            if (desktops.has(key)) push(this.#ends.byNumber, key, i);
          }
        }
    }
    const t = (i: number): number => a.t[i]!;
    const next = [
      ...(this.#ends.byUser.get(`${l.host}|${l.user}`) ?? []).filter((i) => {
        const ip = this.#addresses.text(c.ip[i]!);
        return ip === '' || l.address === '' || ip === l.address || !/^[\da-f.:]+$/i.test(ip);
      }),
      ...(l.id < 0 ? [] : (this.#ends.byNumber.get(`${l.host}|${l.id}`) ?? [])),
    ].filter((i) => t(i) > l.t + LEFT_AFTER);
    return next.length === 0 ? -1 : next.reduce((x, y) => (t(y) < t(x) ? y : x));
  }

  /** Whether a host's log of logons, by other logons before and after, has a time in it. */
  toldOf(host: number, t: number): boolean {
    let first = this.#reach.get(host);
    if (first === undefined) {
      first = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = 0; i < this.table.rows; i++)
        if (this.table.host[i] === host && this.#windows(this.#columns.activity[i]!)) {
          first[0] = Math.min(first[0], this.table.t[i]!);
          first[1] = Math.max(first[1], this.table.t[i]!);
        }
      this.#reach.set(host, first);
    }
    return t >= first[0] && t <= first[1];
  }

  readonly #reach = new Map<number, [number, number]>();
  #windows: (id: number) => boolean = () => false;

  readonly #closings = new Map<string, number[]>();

  /** When a session by SSH was closed, by its user and the number of its process; infinity where no record tells. */
  closed(l: Logon): number {
    const row = l.type === SSH ? this.closing(l) : -1;
    return row < 0 ? Number.POSITIVE_INFINITY : this.table.t[row]!;
  }

  /** The record that a session by SSH was closed, or one by remote desktop left; -1. */
  closing(l: Logon): number {
    if (l.type === 10) return this.#left(l);
    if (l.type !== SSH) return -1;
    const pid = this.#facts.texts.number(this.table.column('pid')[l.row]!);
    // In order of time, as the table is.
    const list = this.#closings.get(`${l.host}|${l.user}`) ?? [];
    for (let k = firstAt(list.length, (j) => this.table.t[list[j]!]!, l.t); k < list.length; k++) {
      const i = list[k]!;
      const other = this.#facts.texts.number(this.table.column('pid')[i]!);
      if (pid === other || Number.isNaN(pid) || Number.isNaN(other)) return i;
    }
    return -1;
  }

  /** Desktop sessions that only the terminal service's own log still has. */
  #desktops(): void {
    const { texts } = this.#facts;
    const a = this.table;
    const is = texts.asker((t) => t === 'remote desktop logon');
    const touched = new Set<number>();
    for (let i = 0; i < a.rows; i++) {
      if (!is(this.#columns.activity[i]!) || a.host[i]! < 0) continue;
      const l = this.logon(i);
      if (
        l.address === '' ||
        this.remote(l.host, l.t - 30e6, l.t + 30e6).some((x) => x.type === 10 && x.user === l.user)
      )
        continue;
      push(this.#byHost, l.host, i);
      touched.add(l.host);
    }
    for (const h of touched) this.#byHost.get(h)!.sort((x, y) => a.t[x]! - a.t[y]!);
  }

  logon(row: number): Logon {
    const c = this.#columns;
    const { texts } = this.#facts;
    const numbered = this.#numbers.get(row);
    const n = (id: number): number => {
      const v = texts.number(id);
      return Number.isNaN(v) ? -1 : v;
    };
    return {
      row,
      host: this.table.host[row]!,
      t: this.table.t[row]!,
      user: this.#user(this.#userName(this.table.host[row]!, c.user[row]!)),
      domain: texts.text(c.domain[row]!),
      type:
        this.#ssh(c.activity[row]!) || this.#audit(c.activity[row]!)
          ? SSH
          : this.#desktop(c.activity[row]!)
            ? 10
            : n(c.type[row]!),
      address: this.#addresses.text(c.ip[row]!),
      port: n(c.port[row]!),
      id: numbered ?? n(c.id[row]!),
      guid: c.guid[row]!,
    };
  }

  /** The session with a number on a host that was open at a time. */
  session(host: number, id: number, t: number): Logon | null {
    let found = -1;
    for (const r of this.#bySession.of(host, id))
      if (this.table.t[r]! <= t + 2e6 && (found < 0 || this.table.t[r]! >= this.table.t[found]!)) found = r;
    return found < 0 ? null : this.logon(found);
  }

  byGuid(guid: number): readonly Logon[] {
    return guid < 0 ? [] : this.#byGuid.of(guid, 0).map((r) => this.logon(r));
  }

  /** Sessions that came from an address and port, nearest in time. */
  byPort(address: string, port: number, t: number, slack: number): readonly Logon[] {
    return this.#byPort
      .of(this.#addresses.number(address), port)
      .filter((r) => Math.abs(this.table.t[r]! - t) <= slack)
      .map((r) => this.logon(r));
  }

  /** Logons over the network and by remote desktop on a host in a stretch of time. */
  remote(host: number, from: number, to: number): readonly Logon[] {
    const rows = this.#byHost.get(host) ?? [];
    let lo = firstAt(rows.length, (mid) => this.table.t[rows[mid]!]!, from);
    const out: Logon[] = [];
    for (; lo < rows.length && this.table.t[rows[lo]!]! <= to; lo++) out.push(this.logon(rows[lo]!));
    return out;
  }

  #sids: Map<string, number> | null = null;

  /** Text of the SID that an account of the domain has by its logons elsewhere; -1. */
  sidOf(l: Logon): number {
    const own = this.table.column('sid')[l.row]!;
    if (own >= 0) return own;
    if (this.#sids === null) {
      this.#sids = new Map();
      const [activity, sid] = [this.#columns.activity, this.table.column('sid')];
      const is = this.#facts.texts.asker((t) => t === 'logon');
      const domain = this.#facts.texts.asker((t) => /^S-1-5-21-/i.test(t));
      for (let i = 0; i < this.table.rows; i++) {
        if (sid[i]! < 0 || !is(activity[i]!) || !domain(sid[i]!)) continue;
        const x = this.logon(i);
        const known = this.#sids.get(x.user);
        // Two accounts of one name: neither is known by it.
        this.#sids.set(x.user, known === undefined || known === sid[i]! ? sid[i]! : -1);
      }
    }
    return this.#sids.get(l.user) ?? -1;
  }

  /** The host that a logon came from; -1 if it came from the machine itself or from outside. */
  source(l: Logon): number {
    const byAddress = l.address === '' ? -1 : this.#addresses.hostAt(l.address, l.t);
    if (byAddress >= 0) return byAddress === l.host ? -1 : byAddress;
    const w = this.#facts.texts.text(this.#columns.workstation[l.row]!);
    if (w === '' || l.type !== 3) return -1;
    const h = this.#facts.hosts.known(w);
    return h === l.host ? -1 : h;
  }
}

export function push<K>(map: Map<K, number[]>, key: K, v: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [v]);
  else list.push(v);
}

/** Accounts that are no person's and no named service's: they are never listed. */
export const ownAccount = (name: string): boolean =>
  name === '' ||
  name.endsWith('$') ||
  /^\(?(?:invalid|unknown)(?: user)?\)?$/i.test(name) ||
  /^(?:system|local service|network service|localsystem|anonymous logon|localservice|networkservice|système|dwm-\d+|umfd-\d+|root|window manager|font driver host|iusr|-)$/i.test(
    name.replace(/^.*\\/, ''),
  ) ||
  /^(?:iis apppool|nt authority|nt service|window manager|font driver host|nt-autorität|autorite nt)\\/i.test(name);
