// Which host had an address at a time. Leases move, so the nearest thing that a host itself recorded counts, not the most frequent.
import { isAddress, plainAddress } from '../../entities/index.js';
import type { Facts } from '../facts/read.js';
import { sshMeetings } from './ssh.js';

const PRIVATE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|127\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd]|fe80:|0\.0\.0\.0)/;
/** Addresses that mean a machine itself, no machine or many. */
const LOCAL = /^(?:127\.|::1$|0\.|fe80:|169\.254\.|22[4-9]\.|23\d\.|255\.)/;
/** Microseconds between two notes of the same host's having the same address. */
const NOTE_EVERY = 20 * 3600e6;
/** Part of the records of an address's strongest claimant that another must have to be believed. */
const MIN_CLAIM = 0.2;
/** Evidence of an address that is older or younger than this says nothing of now. */
const STALE = 45 * 86_400e6;
/** A connection and the logon that it brought are no further apart than this. */
const BROUGHT = 30e6;
/** Logons that are asked for. */
const MOST_LOGONS = 200_000;

/** Whether a name that was looked up is a host's; a host that is known by its first label only goes by that. */
const sameName = (query: string, host: string): boolean => {
  const [q, h] = [query.toLowerCase().replace(/\.$/, ''), host.toLowerCase()];
  return q === h || (!h.includes('.') && q.startsWith(`${h}.`));
};

export class Addresses {
  readonly #seen = new Map<string, { t: number[]; host: number[] }>();
  readonly #fixed = new Map<string, number>();
  readonly #plain: (id: number) => string;

  constructor(facts: Facts) {
    const { texts, hosts } = facts;
    this.#plain = texts.asker((t) => (t === '' ? '' : plainAddress(t)));
    const found: { a: string; t: number; h: number }[] = [];
    const last = new Map<string, { h: number; t: number }>();
    const claims = new Map<string, { a: string; h: number; n: number; first: number; last: number; sure: boolean }>();
    const see = (a: string, t: number, h: number, sure = false): void => {
      if (h < 0 || !isAddress(a) || LOCAL.test(a)) return;
      const key = `${a}|${h}`;
      const c = claims.get(key);
      if (c === undefined) claims.set(key, { a, h, n: 1, first: t, last: t, sure });
      else {
        c.n++;
        c.sure ||= sure;
        c.first = Math.min(c.first, t);
        c.last = Math.max(c.last, t);
      }
      // While nobody else is seen to have it, a note a day is enough.
      const before = last.get(a);
      if (before !== undefined && before.h === h && Math.abs(before.t - t) < NOTE_EVERY) return;
      last.set(a, { h, t });
      found.push({ a, t, h });
    };
    const net = facts.table('network_activity');
    const [src, dst, dir] = [net.column('src_ip'), net.column('dst_ip'), net.column('direction')];
    const way = texts.asker((t) =>
      /^(?:true|%%14593|outbound)$/i.test(t) ? 1 : /^(?:false|%%14592|inbound)$/i.test(t) ? 2 : 0,
    );
    for (let i = 0; i < net.rows; i++) {
      if (net.host[i]! < 0) continue;
      const w = way(dir[i]!);
      if (w === 1) see(this.#plain(src[i]!), net.t[i]!, net.host[i]!);
      else if (w === 2) see(this.#plain(dst[i]!), net.t[i]!, net.host[i]!);
    }
    const auth = facts.table('authentication');
    const [user, ip] = [auth.column('user'), auth.column('src_ip')];
    const machine = texts.asker((t) => {
      const m = /^([^@$]+)\$(?:@|$)/.exec(t);
      return m === null ? -1 : hosts.known(m[1]!);
    });
    for (let i = 0; i < auth.rows; i++) {
      const h = machine(user[i]!);
      if (h >= 0) see(this.#plain(ip[i]!), auth.t[i]!, h, true);
    }
    const dhcp = facts.table('dhcp_activity');
    const [lease, name, how] = [dhcp.column('ip'), dhcp.column('hostname'), dhcp.column('activity')];
    // What a collection says of a machine is a state, not an event.
    const state = texts.asker((t) => t === 'interface' || t === 'hosts file');
    for (let i = 0; i < dhcp.rows; i++)
      if (!state(how[i]!)) see(this.#plain(lease[i]!), dhcp.t[i]!, hosts.known(texts.text(name[i]!)), true);
    found.sort((x, y) => x.t - y.t);
    // Records that name the other end, as sensors write them now and then, do not make an address another host's.
    const strongest = new Map<string, { n: number; first: number; last: number }>();
    for (const c of claims.values()) if (c.n > (strongest.get(c.a)?.n ?? 0)) strongest.set(c.a, c);
    for (const { a, t, h } of found) {
      const c = claims.get(`${a}|${h}`)!;
      const top = strongest.get(a)!;
      if (!c.sure && c.n < top.n * MIN_CLAIM && c.last >= top.first && c.first <= top.last) continue;
      let s = this.#seen.get(a);
      if (s === undefined) this.#seen.set(a, (s = { t: [], host: [] }));
      s.t.push(t);
      s.host.push(h);
    }
    // Names looked up: for machines that record nothing of their own address.
    const dns = facts.table('dns_activity');
    const [query, answer] = [dns.column('query'), dns.column('answer')];
    const named = texts.asker((t) => (t.includes('.') ? hosts.known(t) : -1));
    for (let i = 0; i < dns.rows; i++) {
      const h = named(query[i]!);
      if (h < 0) continue;
      const a = this.#plain(answer[i]!).replace(/;$/, '');
      if (PRIVATE.test(a) && !this.#seen.has(a) && sameName(texts.text(query[i]!), hosts.names[h]!))
        this.#fixed.set(a, h);
    }
    const own = texts.asker((t) => t === 'interface');
    for (const interfaces of [true, false])
      for (let i = 0; i < dhcp.rows; i++) {
        if (!state(how[i]!) || own(how[i]!) !== interfaces) continue;
        const a = this.#plain(lease[i]!);
        const h = interfaces ? dhcp.host[i]! : hosts.known(texts.text(name[i]!));
        if (h >= 0 && isAddress(a) && !LOCAL.test(a) && !this.#seen.has(a) && !this.#fixed.has(a))
          this.#fixed.set(a, h);
      }
    // What others call it: the other end of their connections, and the machine that a logon says it came from.
    const votes = new Map<string, Map<number, number>>();
    const call = (a: string, h: number): void => {
      if (h < 0 || a === '' || this.#seen.has(a) || this.#fixed.has(a) || !PRIVATE.test(a) || LOCAL.test(a)) return;
      const of = votes.get(a) ?? new Map<number, number>();
      votes.set(a, of);
      of.set(h, (of.get(h) ?? 0) + 1);
    };
    const knownAs = texts.asker((t) => (t === '' || isAddress(t) ? -1 : hosts.known(t)));
    const other = net.column('dst_host');
    for (let i = 0; i < net.rows; i++) if (other[i]! >= 0) call(this.#plain(dst[i]!), knownAs(other[i]!));
    const station = auth.column('workstation');
    for (let i = 0; i < auth.rows; i++) {
      const h = station[i]! < 0 ? -1 : knownAs(station[i]!);
      // A remote desktop's record names the machine that is logged on to.
      if (h !== auth.host[i]!) call(this.#plain(ip[i]!), h);
    }
    // A logon has the address and the port that it came from, and so has the connection that a sensor saw: it went to the machine's own address.
    for (const m of this.#reached(facts)) call(m.address, m.host);
    // Who came by SSH, where a command here and the server there tell of it at one moment.
    for (const m of sshMeetings(facts)) {
      call(this.#plain(m.address), m.client);
      if (isAddress(m.named)) call(m.named, m.server);
    }
    for (const [a, of] of votes) {
      const all = [...of.values()].reduce((x, y) => x + y, 0);
      const [h, n] = [...of].reduce((x, y) => (y[1] > x[1] ? y : x));
      if (n > all / 2) this.#fixed.set(a, h);
    }
  }

  /** Addresses that connections went to, by the logons that they brought: for hosts that no record told an address of. */
  *#reached(facts: Facts): Generator<{ address: string; host: number }> {
    const { texts } = facts;
    const auth = facts.table('authentication');
    const [ip, from] = [auth.column('src_ip'), auth.column('src_port')];
    const told = new Set<number>();
    for (const s of this.#seen.values()) for (const h of s.host) told.add(h);
    for (const h of this.#fixed.values()) told.add(h);
    const port = texts.asker((t) => (/^\d{2,5}$/.test(t) ? Number(t) : 0));
    const came = new Map<string, { t: number; host: number }[]>();
    for (let i = 0, n = 0; i < auth.rows && n < MOST_LOGONS; i++) {
      if (auth.host[i]! < 0 || told.has(auth.host[i]!)) continue;
      const p = port(from[i]!);
      const a = this.#plain(ip[i]!);
      if (p < 1024 || a === '' || LOCAL.test(a)) continue;
      n++;
      const key = `${a}|${p}`;
      const list = came.get(key);
      if (list === undefined) came.set(key, [{ t: auth.t[i]!, host: auth.host[i]! }]);
      else list.push({ t: auth.t[i]!, host: auth.host[i]! });
    }
    if (came.size === 0) return;
    const net = facts.table('network_activity');
    const [src, sport, dst, length] = [
      net.column('src_ip'),
      net.column('src_port'),
      net.column('dst_ip'),
      net.column('duration'),
    ];
    for (let i = 0; i < net.rows; i++) {
      const p = port(sport[i]!);
      if (p < 1024) continue;
      const list = came.get(`${this.#plain(src[i]!)}|${p}`);
      if (list === undefined) continue;
      const seconds = texts.number(length[i]!);
      const begun = net.t[i]! - (seconds > 0 ? seconds * 1e6 : 0);
      for (const x of list)
        if (net.host[i] !== x.host && (Math.abs(x.t - net.t[i]!) <= BROUGHT || Math.abs(x.t - begun) <= BROUGHT)) {
          yield { address: this.#plain(dst[i]!), host: x.host };
          break;
        }
    }
  }

  /** For servers whose own address stands in their logs. */
  fix(address: string, host: number): void {
    if (!this.#seen.has(address)) this.#fixed.set(address, host);
  }

  readonly #numbers = new Map<string, number>();

  /** A small number for an address. */
  number(address: string): number {
    let n = this.#numbers.get(address);
    if (n === undefined) this.#numbers.set(address, (n = this.#numbers.size));
    return n;
  }

  text(id: number): string {
    return this.#plain(id);
  }

  /** The host that had an address at a time; -1 if none is known to. */
  hostAt(address: string, t: number): number {
    const s = this.#seen.get(address);
    if (s === undefined) return this.#fixed.get(address) ?? -1;
    let lo = 0;
    let hi = s.t.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (s.t[mid]! <= t) lo = mid + 1;
      else hi = mid;
    }
    const before = lo - 1;
    // Who had it last still has it, unless the next that has it is another and nearer.
    if (before >= 0 && t - s.t[before]! < STALE) {
      if (lo < s.t.length && s.host[lo] !== s.host[before] && s.t[lo]! - t < 120e6 && s.t[lo]! - t < t - s.t[before]!)
        return s.host[lo]!;
      return s.host[before]!;
    }
    return lo < s.t.length && s.t[lo]! - t < STALE ? s.host[lo]! : before >= 0 ? s.host[before]! : -1;
  }

  /** Addresses that a host is known by, the most recent last. */
  of(host: number): string[] {
    const out: string[] = [];
    for (const [a, s] of this.#seen) if (s.host.includes(host)) out.push(a);
    for (const [a, h] of this.#fixed) if (h === host) out.push(a);
    return out;
  }

  known(address: string): boolean {
    return this.#seen.has(address) || this.#fixed.has(address);
  }

  /** No machine's that is known, wherever its network is: a laboratory's intruder sits in a private one. */
  foreign(address: string): boolean {
    return isAddress(address) && !this.known(address) && !LOCAL.test(address);
  }

  /** Not one of the enterprise's: neither of a private range nor known to be a host's. */
  outside(address: string): boolean {
    return address !== '' && isAddress(address) && !PRIVATE.test(address) && !this.known(address);
  }
}
