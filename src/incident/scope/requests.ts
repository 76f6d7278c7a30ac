// Requests of servers and proxies, whichever log has them, each once: with whose they are, where a server hands on to another.
import { firstAt } from '../facts/rows.js';
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';

/** A server in front writes a request down within this of the one behind it. */
const PASSED_WITHIN = 3e6;

/** Requests from one address inside that are looked at to tell whether it passes others' on; how many it must have made at least. */
const RELAY_SAMPLE = 200;

const RELAYED_LEAST = 20;

/** Part of them that the front server must have written down as well. */
const RELAYED_SHARE = 0.5;

/** Part that it must have where both name the same addresses: nearly all. */
const KEPT_SHARE = 0.8;

/** Part of the requests that begin alike which must go to one server for the others to be its. */
const ROUTED_SHARE = 0.8;

const DAY = 86_400e6;

const NONE: ReadonlySet<number> = new Set();

/** Addresses that are kept of one user agent: of more, it is everybody's. */
const MOST_AGENT_ADDRESSES = 24;

export interface Request {
  readonly row: number;
  readonly t: number;
  readonly host: number;
  readonly ip: string;
  readonly path: string;
  readonly method: string;
  readonly user: string;
  readonly status: number;
  readonly bytes: number;
  readonly mailbox: string;
  readonly front: boolean;
  /** Written by a mail server of another kind than web: who signed in, and what they asked for. */
  readonly service: boolean;
  /** Text of the user agent; below 0 where the log has none. */
  readonly agent: number;
}

/** Requests to the enterprise's own servers. */
export class Requests {
  readonly #world: World;
  readonly #byHost = new Map<number, number[]>();
  readonly #byIp = new Map<string, number[]>();
  readonly table;
  readonly #host: Int32Array;
  readonly #writer: Int32Array;
  readonly #c;
  readonly #front: (id: number) => boolean;
  readonly #service: (id: number) => boolean;
  /** Addresses outside by user agent; null: of many. */
  readonly #agents = new Map<number, Set<string> | null>();
  #named: Map<string, { agent: number; ip: string }[]> | null = null;

  constructor(world: World, hostOfEvidence: (evidence: number) => number) {
    this.#world = world;
    this.table = world.facts.table('http_activity');
    const { texts } = world.facts;
    const c = (n: string): Int32Array => this.table.column(n);
    this.#c = {
      ip: c('src_ip'),
      user: c('user'),
      method: c('method'),
      path: c('path'),
      status: c('status'),
      bytes: c('bytes'),
      server: c('server_ip'),
      mailbox: c('mailbox'),
      agent: c('user_agent'),
    };
    const own = texts.asker(
      (t) =>
        t === 'webserver' ||
        t === 'exchange/http' ||
        t === 'zeek/http' ||
        t === 'suricata/http' ||
        t === 'http' ||
        t === 'mail/service',
    );
    this.#service = texts.asker((t) => t === 'mail/service');
    this.#front = texts.asker((t) => t === 'exchange/http' || t === 'mail/service');
    const written = texts.asker((t) => t === 'webserver' || t === 'exchange/http');
    this.#host = new Int32Array(this.table.rows).fill(-1);
    for (let i = 0; i < this.table.rows; i++) {
      if (!own(this.table.source[i]!)) continue;
      let h = this.table.host[i]!;
      if (h < 0 && this.#c.server[i]! >= 0)
        h = world.addresses.hostAt(world.addresses.text(this.#c.server[i]!), this.table.t[i]!);
      if (h < 0) h = hostOfEvidence(this.table.evidence(i));
      // A server whose own log does not say what it is called is known by its address.
      if (h < 0 && this.#c.server[i]! >= 0 && written(this.table.source[i]!))
        h = world.facts.hosts.of(world.addresses.text(this.#c.server[i]!));
      if (h < 0) continue;
      this.#host[i] = h;
      const list = this.#byHost.get(h);
      if (list === undefined) this.#byHost.set(h, [i]);
      else list.push(i);
      const ip = world.addresses.text(this.#c.ip[i]!);
      if (ip === '' || world.addresses.known(ip)) continue;
      this.#agent(this.#c.agent[i]!, ip);
      const same = this.#byIp.get(ip);
      if (same === undefined) this.#byIp.set(ip, [i]);
      else same.push(i);
    }
    this.#writer = this.#host.slice();
    this.#relayed();
  }

  #agent(agent: number, ip: string): void {
    if (agent < 0 || !this.#world.addresses.outside(ip)) return;
    const list = this.#agents.get(agent);
    if (list === null) return;
    if (list === undefined) this.#agents.set(agent, new Set([ip]));
    else if (list.size < MOST_AGENT_ADDRESSES || list.has(ip)) list.add(ip);
    else this.#agents.set(agent, null);
  }

  /** Addresses outside that a user agent (a text) was used from; null: many. */
  addressesOf(agent: number): ReadonlySet<string> | null {
    return this.#agents.get(agent) ?? null;
  }

  /** User agents that an account, without a domain and in lower case, used, and from where. */
  agentsOf(account: string): readonly { agent: number; ip: string }[] {
    if (this.#named === null) {
      this.#named = new Map();
      const plain = this.#world.facts.texts.asker(plainUser);
      const seen = new Set<string>();
      for (const x of this.named()) {
        const key = `${x.user}|${x.agent}|${x.ip}`;
        if (x.agent < 0 || seen.has(key)) continue;
        seen.add(key);
        const user = plain(x.user);
        const list = this.#named.get(user);
        if (list === undefined) this.#named.set(user, [{ agent: x.agent, ip: x.ip }]);
        else list.push({ agent: x.agent, ip: x.ip });
      }
    }
    return this.#named.get(account) ?? [];
  }

  /**
   * Servers behind another that passes requests on: their logs name that one as who asked, its log names who did. Requests that both
   * wrote down are the hinder server's, from the address that the front one names; of what the hinder one lacks, too, where all that
   * begins alike goes there.
   */
  #relayed(): void {
    const { addresses } = this.#world;
    const t = this.table.t;
    const path = this.#world.facts.texts.asker(plainPath);
    const segment = (row: number): string => /^\/[^/]*/.exec(path(this.#c.path[row]!))?.[0] ?? '';
    const hosts = [...this.#byHost.keys()];
    if (hosts.length < 2) return;
    const find = (front: readonly number[], row: number, used: ReadonlySet<number>, same: boolean): number => {
      let lo = firstAt(front.length, (k) => t[front[k]!]!, t[row]! - PASSED_WITHIN);
      let best = -1;
      for (; lo < front.length && t[front[lo]!]! <= t[row]! + PASSED_WITHIN; lo++) {
        const x = front[lo]!;
        if (used.has(x) || path(this.#c.path[x]!) !== path(this.#c.path[row]!)) continue;
        // One that passes requests on is told by another address than its own log has; who asks both servers has one.
        if ((addresses.text(this.#c.ip[x]!) === addresses.text(this.#c.ip[row]!)) !== same) continue;
        if (best < 0 || Math.abs(t[x]! - t[row]!) < Math.abs(t[best]! - t[row]!)) best = x;
      }
      return best;
    };
    const sampled = (rows: readonly number[]): readonly number[] => {
      const step = Math.max(1, Math.floor(rows.length / RELAY_SAMPLE));
      return rows.filter((_, k) => k % step === 0);
    };
    /** Part of a sample that a server wrote down as well. */
    const share = (sample: readonly number[], h: number, same: boolean): number =>
      sample.filter((row) => find(this.#byHost.get(h)!, row, NONE, same) >= 0).length / sample.length;
    const moved: { front: number; back: number; row: number; by: number }[] = [];
    for (const back of hosts) {
      const bySource = new Map<string, number[]>();
      for (const row of this.#byHost.get(back)!) {
        if (this.#front(this.table.source[row]!)) continue;
        const ip = addresses.text(this.#c.ip[row]!);
        if (addresses.outside(ip) || ip === '') continue;
        const list = bySource.get(ip);
        if (list === undefined) bySource.set(ip, [row]);
        else list.push(row);
      }
      for (const [ip, rows] of bySource) {
        if (rows.length < RELAYED_LEAST) continue;
        const sample = sampled(rows);
        const front = hosts.find((h) => h !== back && share(sample, h, false) >= RELAYED_SHARE);
        if (front === undefined) continue;
        const used = new Set<number>();
        for (const row of rows) {
          const x = find(this.#byHost.get(front)!, row, used, false);
          if (x < 0) continue;
          used.add(x);
          moved.push({ front, back, row: x, by: row });
        }
        addresses.fix(ip, front);
        this.#byIp.delete(ip);
      }
      // A server may be told by the one before it who asked: then both name the same address, and the one before has more.
      const outside = this.#byHost.get(back)!.filter((row) => {
        // Whoever knocks at every door knocks at both: what was answered tells.
        if (this.#front(this.table.source[row]!) || !(this.#world.facts.texts.number(this.#c.status[row]!) < 400))
          return false;
        return addresses.outside(addresses.text(this.#c.ip[row]!));
      });
      if (outside.length < RELAYED_LEAST) continue;
      const sample = sampled(outside);
      const before = hosts.find(
        (h) =>
          h !== back &&
          this.#byHost.get(h)!.length > this.#byHost.get(back)!.length &&
          share(sample, h, true) >= KEPT_SHARE,
      );
      if (before === undefined) continue;
      const used = new Set<number>();
      const all = this.#byHost.get(back)!;
      for (const row of all) {
        const x = find(this.#byHost.get(before)!, row, used, true);
        if (x < 0) continue;
        used.add(x);
        // Who signed in the application knows, and mostly not the server before it.
        if (this.#c.user[x]! < 0) this.#c.user[x] = this.#c.user[row]!;
        moved.push({ front: before, back, row: x, by: row });
      }
    }
    if (moved.length === 0) return;
    // Where all that begins alike goes, there goes what only the front server still has.
    const routes = new Map<string, Map<number, number>>();
    const passed = new Map<string, number>();
    const dayOf = (row: number): number => Math.floor(t[row]! / DAY);
    for (const m of moved) {
      const on = `${m.front} ${segment(m.row)} ${dayOf(m.row)}`;
      passed.set(on, (passed.get(on) ?? 0) + 1);
      this.#host[m.row] = m.back;
      this.#host[m.by] = -1;
      const key = `${m.front} ${segment(m.row)}`;
      const to = routes.get(key) ?? new Map<number, number>();
      routes.set(key, to.set(m.back, (to.get(m.back) ?? 0) + 1));
    }
    const taken = new Set(moved.map((m) => m.row));
    const fronts = new Set(moved.map((m) => m.front));
    // On days of which the hinder server still has a log: how much of it went there. A server that answers as well passes on a part.
    const went = new Map<string, { all: number; passed: number }>();
    for (const front of fronts) {
      const days = new Map<string, number>();
      for (const row of this.#byHost.get(front)!) {
        const on = `${front} ${segment(row)} ${dayOf(row)}`;
        if (passed.has(on)) days.set(on, (days.get(on) ?? 0) + 1);
      }
      for (const [on, all] of days) {
        const key = on.slice(0, on.lastIndexOf(' '));
        const x = went.get(key) ?? { all: 0, passed: 0 };
        went.set(key, { all: x.all + all, passed: x.passed + passed.get(on)! });
      }
    }
    for (const front of fronts)
      for (const row of this.#byHost.get(front)!) {
        if (taken.has(row) || this.#host[row] !== front) continue;
        const part = went.get(`${front} ${segment(row)}`);
        if (part === undefined || part.passed < part.all * ROUTED_SHARE) continue;
        const to = [...(routes.get(`${front} ${segment(row)}`) ?? [])];
        const all = to.reduce((n, x) => n + x[1], 0);
        const most = to.find((x) => x[1] >= all * ROUTED_SHARE);
        if (most !== undefined) this.#host[row] = most[0];
      }
    const touched = new Set(moved.flatMap((m) => [m.front, m.back]));
    const all = [...touched].flatMap((h) => this.#byHost.get(h)!);
    for (const h of touched) this.#byHost.set(h, []);
    for (const row of all) {
      const h = this.#host[row]!;
      if (h >= 0) this.#byHost.get(h)!.push(row);
    }
    const dropped = new Set(moved.map((m) => m.by));
    for (const [ip, list] of this.#byIp)
      if (list.some((row) => dropped.has(row)))
        this.#byIp.set(
          ip,
          list.filter((row) => !dropped.has(row)),
        );
    for (const h of touched) {
      const list = this.#byHost.get(h)!;
      if (list.length === 0) this.#byHost.delete(h);
      else list.sort((a, b) => t[a]! - t[b]! || a - b);
    }
  }

  at(row: number): Request {
    const { texts } = this.#world.facts;
    const n = texts.number(this.#c.bytes[row]!);
    return {
      row,
      t: this.table.t[row]!,
      host: this.#host[row]!,
      ip: this.#world.addresses.text(this.#c.ip[row]!),
      path: plainPath(texts.text(this.#c.path[row]!)),
      method: texts.text(this.#c.method[row]!).toUpperCase(),
      user: texts.text(this.#c.user[row]!),
      status: texts.number(this.#c.status[row]!),
      bytes: Number.isNaN(n) ? 0 : n,
      mailbox: texts
        .text(this.#c.mailbox[row]!)
        .replace(/^smtp[:~]/i, '')
        .toLowerCase(),
      front: this.#front(this.table.source[row]!),
      service: this.#service(this.table.source[row]!),
      agent: this.#c.agent[row]!,
    };
  }

  /** Rows of a host in the order of time: what asks of many requests looks at columns first, and makes requests of few. */
  rows(host: number): readonly number[] {
    return this.#byHost.get(host) ?? [];
  }

  /** What tells one request from another without making it: text numbers of path, user and address, the status, whether a front end wrote it. */
  glance(row: number): { path: number; user: number; ip: number; status: number; front: boolean } {
    return {
      path: this.#c.path[row]!,
      user: this.#c.user[row]!,
      ip: this.#c.ip[row]!,
      status: this.#world.facts.texts.number(this.#c.status[row]!),
      front: this.#front(this.table.source[row]!),
    };
  }

  /** Requests of a host in the order of time; `wanted` is asked once for each way of writing a path, and the others are not made. */
  on(
    host: number,
    from = Number.NEGATIVE_INFINITY,
    to = Number.POSITIVE_INFINITY,
    wanted: ((path: string) => boolean) | null = null,
  ): Request[] {
    const rows = this.#byHost.get(host) ?? [];
    const asks = wanted === null ? null : this.#world.facts.texts.asker((t) => wanted(plainPath(t)));
    let lo = firstAt(rows.length, (mid) => this.table.t[rows[mid]!]!, from);
    const out: Request[] = [];
    for (; lo < rows.length && this.table.t[rows[lo]!]! <= to; lo++)
      if (asks === null || asks(this.#c.path[rows[lo]!]!)) out.push(this.at(rows[lo]!));
    return out;
  }

  /** Rows of all requests with a user, and whose they are. */
  *named(): Generator<{ row: number; user: number; agent: number; ip: string }> {
    for (let i = 0; i < this.table.rows; i++)
      if (this.#c.user[i]! >= 0 && this.#host[i]! >= 0)
        yield {
          row: i,
          user: this.#c.user[i]!,
          agent: this.#c.agent[i]!,
          ip: this.#world.addresses.text(this.#c.ip[i]!),
        };
  }

  /** Of an address that is none of the enterprise's machines'. */
  by(ip: string): Request[] {
    return (this.#byIp.get(ip) ?? []).map((r) => this.at(r));
  }

  /** The host whose log a row stands in, also where what it tells of is another's. */
  writer(row: number): number {
    return this.#writer[row]!;
  }

  has(host: number): boolean {
    return this.#byHost.has(host);
  }

  hosts(): Iterable<number> {
    return this.#byHost.keys();
  }

  place(row: number): Place {
    return this.table.place(row);
  }
}

/** A path without what is asked of it; servers of Windows do not tell cases apart. */
export const plainPath = (t: string): string =>
  t
    .toLowerCase()
    .replace(/[?#].*$/s, '')
    // Some servers write the whole address.
    .replace(/^https?:\/\/[^/]*(?=\/)/, '');

/** An account's name without its domain, in lower case. */
export const plainUser = (t: string): string => t.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();
