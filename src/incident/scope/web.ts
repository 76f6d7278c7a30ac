// Attack sessions: where the intruder sat. Requests that started their shells, requests for their scripts, then whatever else came
// from the same addresses; tunnels and desktops from outside with accounts in their hands.
import { firstAt } from '../facts/rows.js';
import type { Place } from '../facts/table.js';
import { SSH, type World } from '../graph/world.js';
import { cameBefore, refusedTunnels, type Tunnel, tunnelOf, tunnels } from '../graph/tunnels.js';
import type { Group } from './group.js';
import { type Bulk, bulkReads } from './bulk.js';
import { theirCloudActs } from '../graph/cloud.js';
import type { Tenants } from './tenants.js';

/** A gap of more than this starts the next session (contract). */
export const SESSION_GAP = 30 * 60e6;
/** A server's child starts within this of the request that started it. */
const BEFORE_CHILD = 4e6;
const AFTER_CHILD = 1.5e6;
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
/** How long before it is known as theirs an address is looked at, where nobody else came from it. */
const MONTH = 30 * 86_400e6;
const NONE: ReadonlySet<number> = new Set();
/** People with one browser: with more, it tells nobody apart. */
const MOST_AGENT_USERS = 3;
/** Addresses that are kept of one user agent: of more, it is everybody's. */
const MOST_AGENT_ADDRESSES = 24;
export const SCRIPT = /\.(?:aspx?|ashx|asmx|jspx?|jsw|php\d?|phtml|cshtml|cfm|war|cgi)$/i;

/** Folders that web servers give out. */
const WEB_ROOT =
  /\\(?:inetpub|wwwroot|htdocs|frontend\\httpproxy|webapps|public_html|www)\\|^\/(?:var\/www|srv\/www|usr\/share\/nginx|opt\/[^/]+\/webapps)\//i;

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

export interface SessionClaim {
  start: number;
  end: number;
  readonly ip: string;
  readonly channel: string;
  readonly target: number;
  readonly accounts: Set<string>;
  actions: number;
  readonly places: Place[];
}

export interface WebFindings {
  /** Addresses that the intruder came from, with the first time that they were seen at it. */
  readonly addresses: Map<string, number>;
  /** `route`: no file that is a script by its name, but one that a server answers from a module or from its memory. */
  readonly shells: { host: number; path: string; t: number; places: Place[]; route?: boolean }[];
  /** The request that opened the first shell, by server. */
  readonly openings: Map<number, Request>;
  readonly bulk: readonly Bulk[];
}

/** Scripts that a server's own worker, or the intruder, wrote where the server gives them out. */
export function webScripts(w: World): { host: number; path: string; t: number; row: number; process: number }[] {
  const f = w.facts.table('file_activity');
  const { texts } = w.facts;
  const [activity, path, process, guid, pid] = ['activity', 'path', 'process', 'process_guid', 'pid'].map((c) =>
    f.column(c),
  ) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  const create = texts.asker((t) => t === 'create');
  const script = texts.asker((t) => SCRIPT.test(t) && !/\\temporary asp\.net files\\|\\temp\\|\/tmp\//i.test(t));
  void process;
  const out = [];
  for (let i = 0; i < f.rows; i++)
    if (f.host[i]! >= 0 && create(activity[i]!) && script(path[i]!))
      out.push({
        host: f.host[i]!,
        path: texts.text(path[i]!),
        t: f.t[i]!,
        row: i,
        process: w.processAt(f.host[i]!, guid[i]!, pid[i]!, f.t[i]!),
      });
  return out;
}

/** Files under a web root that command lines of the intruder's name, where no sensor saw them written; commands that delete name none. */
function named(w: World, g: Group, requests: Requests): { host: number; path: string; t: number }[] {
  const out: { host: number; path: string; t: number }[] = [];
  for (const r of g.processes) {
    const host = w.processes.host.at(r);
    const t = w.processes.start.at(r);
    const line = w.processes.commandText(r).toLowerCase();
    if (!requests.has(host) || !Number.isFinite(t) || !WEB_ROOT.test(line)) continue;
    if (/\b(?:del|erase|rm|rd|rmdir|unlink|shred|remove-item)\b/.test(line)) continue;
    for (const word of line.match(/"[^"]+"|\S+/g) ?? []) {
      const path = word.replaceAll('"', '');
      if (WEB_ROOT.test(path) && /\.[a-z0-9]{1,5}$/.test(path)) out.push({ host, path, t });
    }
  }
  return out;
}

/** Where the requests came from that led to what ran on servers of this incident. */
export function webSources(
  w: World,
  g: Group,
  requests: Requests,
  scripts: ReturnType<typeof webScripts>,
): WebFindings {
  const out: WebFindings = { addresses: new Map(), shells: [], openings: new Map(), bulk: bulkReads(w, g, requests) };
  const from = (ip: string, t: number): void => {
    out.addresses.set(ip, Math.min(out.addresses.get(ip) ?? Number.POSITIVE_INFINITY, t));
  };
  for (const b of out.bulk) for (const r of b.requests) from(b.ip, r.t);
  const f = w.facts.table('file_activity');
  // Children of servers' workers that are the intruder's.
  const children = new Map<number, number[]>();
  for (const r of g.processes) {
    const parent = w.processes.parent.at(r);
    if (parent >= 0 && w.serverImage(parent)) {
      const list = children.get(w.processes.host.at(r)) ?? [];
      children.set(w.processes.host.at(r), list);
      list.push(w.processes.start.at(r));
    }
  }
  // What the intruder laid where a server of theirs gives it out, and who fetched it.
  for (const f of [...g.files.values(), ...named(w, g, requests)]) {
    if (!requests.has(f.host) || !WEB_ROOT.test(f.path) || SCRIPT.test(f.path)) continue;
    const name = f.path.replace(/^.*[\\/]/, '');
    for (const r of requests.on(f.host, f.t - 60e6, f.t + 7 * 86_400e6, (path) => path.endsWith(`/${name}`)))
      if (r.ip !== '' && !w.addresses.known(r.ip) && r.status < 400) from(r.ip, r.t);
  }
  // Scripts that nothing but the server's own log shows.
  for (const n of g.nodes) {
    if (n.kind !== 'script') continue;
    const asked = requests
      .on(n.host, n.t - 1, Number.POSITIVE_INFINITY, (path) => path === n.path)
      .filter((r) => !r.front && r.status < 400);
    for (const r of asked) if (!w.addresses.known(r.ip)) from(r.ip, r.t);
    out.shells.push({
      host: n.host,
      path: n.path,
      t: n.t,
      places: asked.slice(0, 50).map((r) => requests.place(r.row)),
    });
    const first = asked[0];
    if (first === undefined || children.has(n.host)) continue;
    const before = requests
      .by(first.ip)
      .filter((r) => r.host === n.host && !r.front && r.t <= first.t && first.t - r.t < 3600e6 && r.method === 'POST');
    const opening = before[0] ?? first;
    const known = out.openings.get(n.host);
    if (known === undefined || opening.t < known.t) out.openings.set(n.host, opening);
    from(first.ip, opening.t);
  }
  for (const [host, times] of children) {
    times.sort((a, b) => a - b);
    const first = times[0]!;
    for (const s of scripts)
      if (
        s.host === host &&
        s.t >= first - 3600e6 &&
        (g.processes.has(s.process) || (s.process >= 0 && w.serverImage(s.process)))
      )
        out.shells.push({ host, path: s.path, t: s.t, places: [f.place(s.row)] });
    const votes = new Map<string, { near: number; all: number }>();
    const outside = (r: Request): boolean => r.ip !== '' && !w.addresses.known(r.ip) && !r.front;
    for (const t of times)
      for (const p of new Set(
        requests
          .on(host, t - BEFORE_CHILD, t + AFTER_CHILD)
          .filter(outside)
          .map((r) => r.path),
      ))
        votes.set(p, { near: (votes.get(p)?.near ?? 0) + 1, all: 0 });
    const names = new Set(
      out.shells.filter((s) => s.host === host).map((s) => s.path.replace(/^.*[\\/]/, '').toLowerCase()),
    );
    for (const r of requests.on(host, first - 86_400e6, Number.POSITIVE_INFINITY, (path) => votes.has(path)))
      votes.get(r.path)!.all++;
    const shell = (path: string): boolean => {
      const v = votes.get(path);
      return names.has(path.replace(/^.*\//, '')) || (v !== undefined && v.near >= 2 && v.near * 2 >= v.all);
    };
    const asked = new Map<string, { t: number; places: Place[] }>();
    for (const r of requests.on(host, first - 600e6, Number.POSITIVE_INFINITY, shell)) {
      if (!outside(r) || r.status >= 400) continue;
      from(r.ip, r.t);
      const known = asked.get(r.path);
      if (known === undefined) asked.set(r.path, { t: r.t, places: [requests.place(r.row)] });
      else if (known.places.length < 50) known.places.push(requests.place(r.row));
    }
    // A script that nobody saw written, but that shells were started by, and that was never asked for before.
    const written = new Set(
      out.shells.filter((x) => x.host === host).map((x) => x.path.replace(/^.*[\\/]/, '').toLowerCase()),
    );
    for (const [path, x] of asked) {
      const v = votes.get(path);
      if (written.has(path.replace(/^.*\//, '')) || v === undefined || v.near < 3) continue;
      const earlier = requests.on(host, Number.NEGATIVE_INFINITY, first - 600e6, (p) => p === path);
      if (earlier.some((r) => r.status < 400)) continue;
      const route = !SCRIPT.test(path);
      if (route && !door(requests, host, path, first, out.addresses)) continue;
      out.shells.push({ host, path, t: x.t, places: x.places, route });
    }
    // The way in: what was asked for just before the first child, rather posted than fetched, rather unknown than logged in.
    const before = requests
      .on(host, first - 60e6, first + AFTER_CHILD)
      .filter((r) => outside(r) && r.method !== 'HEAD')
      .sort(
        (a, b) =>
          Number(b.method === 'POST') - Number(a.method === 'POST') ||
          Number(a.user !== '') - Number(b.user !== '') ||
          b.t - a.t,
      );
    const opening = before.find((r) => first - r.t <= BEFORE_CHILD * 3) ?? before.find((r) => out.addresses.has(r.ip));
    if (opening !== undefined) {
      out.openings.set(host, opening);
      from(opening.ip, opening.t);
    }
  }
  return out;
}

/** Whoever comes back to an address this much later has a door there; what is broken into once has not. */
const COMES_BACK = 12 * 3600e6;

/** Whether a path without a script's name is a door that the intruder made: nobody else was ever answered there, and they came back to it. */
function door(
  requests: Requests,
  host: number,
  path: string,
  first: number,
  addresses: ReadonlyMap<string, number>,
): boolean {
  if (path.replace(/^.*\//, '') === '') return false;
  const answered = requests
    .on(host, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, (p) => p === path)
    .filter((r) => r.status < 400 && !r.front);
  const last = answered.reduce((t, r) => Math.max(t, r.t), first);
  return last - first >= COMES_BACK && answered.every((r) => addresses.has(r.ip));
}

export function channelOf(r: Request): string {
  if (r.service) return 'other';
  if (r.path.startsWith('/ews/')) return 'ews';
  if (r.path.endsWith('/auth.owa') || (r.path.startsWith('/owa/') && r.user !== '')) return 'owa';
  if (r.user !== '' && /^\/(?:mapi|microsoft-server-activesync|rpc)\b/.test(r.path)) return 'other';
  return 'webshell';
}

/**
 * More addresses of the intruder's: somebody whose account is in their hands comes from elsewhere with the program that they use for it, and
 * that this account never used before they were there.
 */
export function moreAddresses(
  w: World,
  g: Group,
  requests: Requests,
  addresses: ReadonlyMap<string, number>,
  tenants: Tenants,
): Map<string, number> {
  const theirs = new Set<string>();
  // Since when each account is in use from there: what it did before is its owner's.
  const taken = new Map<string, number>();
  for (const [ip, since] of addresses) {
    const all = requests.by(ip);
    for (const r of all)
      if (
        r.user !== '' &&
        r.user !== '-' &&
        r.agent >= 0 &&
        r.t >= since - 86_400e6 &&
        tenants.theirs(r) &&
        channelOf(r) !== 'webshell' &&
        !refused(r, all)
      ) {
        const who = plainUser(r.user);
        theirs.add(`${who}|${r.agent}`);
        taken.set(who, Math.min(taken.get(who) ?? Number.POSITIVE_INFINITY, r.t));
      }
  }
  const out = new Map<string, number>();
  if (theirs.size === 0) return out;
  const user = w.facts.texts.asker((t) => plainUser(t));
  const before = new Map<string, Set<number>>();
  const came = new Set<string>();
  const later: { ip: string; key: string; t: number }[] = [];
  const users = new Map<number, Set<string>>();
  for (const x of requests.named()) {
    const who = user(x.user);
    const same = users.get(x.agent);
    if (same === undefined) users.set(x.agent, new Set([who]));
    else if (same.size <= MOST_AGENT_USERS) same.add(who);
    const key = `${who}|${x.agent}`;
    const t = requests.table.t[x.row]!;
    if (t < (taken.get(who) ?? g.first)) {
      came.add(`${x.ip}|${who}`);
      const list = before.get(who) ?? new Set();
      before.set(who, list.add(x.agent));
    } else if (theirs.has(key) && !addresses.has(x.ip) && w.addresses.outside(x.ip) && !w.addresses.known(x.ip))
      later.push({ ip: x.ip, key, t });
  }
  for (const x of later) {
    const [who, agent] = x.key.split('|') as [string, string];
    const own = before.get(who);
    // What many have tells nobody apart.
    if ((users.get(Number(agent))?.size ?? 0) > MOST_AGENT_USERS) continue;
    // Of somebody who was never seen before, nothing is known to be unusual.
    if (own === undefined || own.has(Number(agent)) || came.has(`${x.ip}|${who}`)) continue;
    out.set(x.ip, Math.min(out.get(x.ip) ?? Number.POSITIVE_INFINITY, x.t));
  }
  return out;
}

/** The page that asks for a password again comes this soon. */
const REFUSED_WITHIN = 5e6;

/** Whether a sign-in by form was turned down: the page that asks for the password is fetched again at once. */
export function refused(r: Request, same: readonly Request[]): boolean {
  if (r.service) return r.status === 401;
  if (!r.path.endsWith('/auth.owa') || r.method !== 'POST') return false;
  const next = same.find((x) => x.t >= r.t && x.t - r.t <= REFUSED_WITHIN && x.row !== r.row && x.method === 'GET');
  return next !== undefined && next.path.endsWith('/auth/logon.aspx');
}

/**
 * What each request of one address was done over: a script of the intruder's, mail, or the web. What is asked for without a name belongs to
 * what it leads to, or else to what it came after.
 */
function channels(list: readonly Request[], shells: ReadonlySet<string>): string[] {
  const decided = list.map((r) =>
    shells.has(r.path.replace(/^.*\//, ''))
      ? 'webshell'
      : r.user !== '' || r.path.startsWith('/ews/')
        ? channelOf(r)
        : r.path === '/owa/auth.owa'
          ? 'owa'
          : '',
  );
  return decided.map((c, i) => {
    if (c !== '') return c;
    let [before, after] = ['', ''];
    for (let k = i + 1; k < list.length && list[k]!.t - list[i]!.t <= SESSION_GAP && after === ''; k++)
      after = decided[k]!;
    for (let k = i - 1; k >= 0 && list[i]!.t - list[k]!.t <= SESSION_GAP && before === ''; k--) before = decided[k]!;
    return after !== '' ? after : before !== '' ? before : 'webshell';
  });
}

/** Attack sessions from outside. */
export function attackSessions(
  w: World,
  g: Group,
  requests: Requests,
  addresses: ReadonlyMap<string, number>,
  tenants: Tenants,
  shells: WebFindings['shells'],
): SessionClaim[] {
  // `stretch`: of a session that is one from its beginning to its end, however long nothing was done in it, its number.
  const touches: {
    t: number;
    ip: string;
    channel: string;
    target: number;
    user: string;
    place: Place;
    stretch?: number;
    failed?: boolean;
  }[] = [];
  const scripts = new Set(shells.map((x) => x.path.replace(/^.*[\\/]/, '').toLowerCase()));
  for (const [ip, since] of addresses) {
    const all = requests.by(ip).toSorted((a, b) => a.t - b.t);
    const own = all.filter((r) => !r.front);
    const theirs = all.filter((r) => {
      // An account in their hands is theirs from there at any time; what comes from there in no name, or another's, since they sat there.
      const held = r.user !== '' && r.t >= g.first && g.accounts.get(plainUser(r.user))?.status === 'abused';
      if ((r.t < since - 86_400e6 && !held) || !tenants.theirs(r)) return false;
      // What a front end wrote counts where the server's own log of that time is gone.
      return (
        !r.front ||
        r.service ||
        (r.user !== '' && !own.some((x) => x.host === r.host && Math.abs(x.t - r.t) < WRITTEN_WITHIN))
      );
    });
    const over = channels(theirs, scripts);
    for (const [i, r] of theirs.entries()) {
      const no = refused(r, all);
      touches.push({
        t: r.t,
        ip,
        channel: over[i]!,
        target: r.host,
        user: no ? '' : r.user,
        place: requests.place(r.row),
        ...(r.user === '' && r.status >= 400 ? { failed: true } : {}),
      });
    }
  }
  const a = w.facts.table('authentication');
  for (const n of g.sessions.values()) {
    const l = w.logons.logon(n.row);
    // What came by a gateway is a session of its own, from the address that the gateway gave out.
    if (n.because === 'edge.stranger' || (!w.addresses.foreign(l.address) && tunnelOf(w, l) === null)) continue;
    // A password that was guessed is tried over the network first.
    const guessed = l.type === 3 && n.because === 'lead.guessed';
    const channel = l.type === 10 || guessed ? 'rdp' : l.type === SSH ? 'ssh' : '';
    if (channel === '') continue;
    touches.push({
      t: l.t,
      ip: l.address,
      channel,
      target: l.host,
      user: l.user,
      place: a.place(l.row),
      stretch: n.row,
    });
    const closing = w.logons.closing(l);
    if (closing >= 0)
      touches.push({
        t: a.t[closing]!,
        ip: l.address,
        channel,
        target: l.host,
        user: l.user,
        place: a.place(closing),
        stretch: n.row,
      });
    // What was done in it: records of a session by SSH carry no number, and none tells its end.
    if (channel === 'ssh')
      for (const x of g.nodes)
        if (x.kind === 'process' && x.from?.key === n.key && x.places[0] !== undefined)
          touches.push({
            t: x.t,
            ip: l.address,
            channel,
            target: l.host,
            user: l.user,
            place: x.places[0],
            ...(closing >= 0 ? { stretch: n.row } : {}),
          });
    const [activity, ip] = [a.column('activity'), a.column('src_ip')];
    for (let i = a.from(l.t - 4 * 3600e6); i < a.rows && a.t[i]! <= l.t; i++)
      if (
        a.host[i] === l.host &&
        /^(?:logon failed|failed|invalid user)$/.test(w.text(activity[i]!)) &&
        w.addresses.text(ip[i]!) === l.address
      )
        touches.push({ t: a.t[i]!, ip: l.address, channel, target: l.host, user: '', place: a.place(i) });
  }
  // Who came by a gateway from where they had asked for a hidden script, as nobody who ever came from there, came as somebody they stole.
  const fresh = (v: Pick<Tunnel, 'ip' | 'user'>, t: number): boolean => {
    const from = addresses.get(v.ip);
    const since = from === undefined ? Number.NaN : Math.min(from, Math.max(g.first, from - MONTH));
    return t >= since - 86_400e6 && !cameBefore(w, v, since);
  };
  const shown = (v: Tunnel): boolean =>
    (g.held(v.user, v.start) && (addresses.has(v.ip) || usedInside(w, g, v))) || fresh(v, v.start);
  // One stolen account may be in several hands: the gateway is this intruder's way only where something shows it.
  const gateway = tunnels(w).some(shown);
  // Where they came from once they come from again, also where nothing inside was touched.
  const places = new Set(
    tunnels(w)
      .filter(shown)
      .map((v) => v.ip),
  );
  for (const v of tunnels(w)) {
    if (
      !shown(v) &&
      !(places.has(v.ip) && w.addresses.outside(v.ip)) &&
      !(gateway && g.held(v.user, v.start) && strangeTunnel(w, g, v))
    )
      continue;
    for (const [t, place] of v.touches)
      touches.push({
        t,
        ip: v.ip,
        channel: 'vpn',
        target: v.host,
        user: v.user,
        place,
        stretch: -2 - tunnels(w).indexOf(v),
      });
  }
  for (const x of refusedTunnels(w))
    if (fresh(x, x.t)) touches.push({ t: x.t, ip: x.ip, channel: 'vpn', target: x.host, user: '', place: x.place });
  // An address of a tunnel of theirs is theirs since the first of them.
  const since = new Map(addresses);
  for (const v of tunnels(w))
    if (since.has(v.ip) && (shown(v) || places.has(v.ip))) since.set(v.ip, Math.min(since.get(v.ip)!, v.start));
  for (const x of theirCloudActs(
    w,
    since,
    (user) => g.accounts.get(user)?.status !== undefined && g.accounts.get(user)!.status !== 'attempted',
  ))
    touches.push({ t: x.t, ip: x.ip, channel: x.channel, target: -1, user: x.user, place: x.place });
  touches.push(...carriedOnly(w, g, requests, addresses, tenants));
  touches.sort((x, y) => x.t - y.t);
  const stretches = new Map<SessionClaim, Set<number>>();
  // What only ever failed, in nobody's name, may be anybody's knocking.
  const answered = new Set<SessionClaim>();
  const out: SessionClaim[] = [];
  const open = new Map<string, SessionClaim>();
  for (const x of touches) {
    const key = `${x.ip}|${x.channel}`;
    let s = open.get(key);
    // A tunnel, or a desktop, is one session from its beginning to its end, however long it was silent.
    const same = x.stretch !== undefined && s !== undefined && stretches.get(s)?.has(x.stretch) === true;
    if (s === undefined || (x.t - s.end > SESSION_GAP && !same)) {
      s = {
        start: x.t,
        end: x.t,
        ip: x.ip,
        channel: x.channel,
        target: x.target,
        accounts: new Set(),
        actions: 0,
        places: [],
      };
      open.set(key, s);
      out.push(s);
    }
    if (x.stretch !== undefined) stretches.set(s, (stretches.get(s) ?? new Set()).add(x.stretch));
    s.end = Math.max(s.end, x.t);
    s.actions++;
    if (x.failed !== true) answered.add(s);
    if (x.user !== '') s.accounts.add(x.user);
    if (s.places.length < 1000) s.places.push(x.place);
  }
  return out.filter((x) => answered.has(x));
}

/** Zones are whole quarters of an hour, at most 14 hours from UTC. */
const QUARTER = 900e6;
const MOST_ZONE = 14 * 3600e6;
/** A connection and what is asked by it are no further apart, clocks and zones apart. */
const ASKED_WITHIN = 90e6;
/** Connections that must agree. */
const LEAST_AGREE = 3;
/** Connections of one device that are asked; the rest of them have the same zone. */
const MOST_ASKED = 5_000;

/** Whose record of a connection a row is: a log of one device. */
export const flowSource = (n: { source: ArrayLike<number>; host: ArrayLike<number> }, i: number): string =>
  `${n.source[i]!}|${n.host[i]!}`;

/**
 * By device: how far its time of day is from that of the web servers, where it writes local time and no zone: what most of its connections from
 * some addresses are away from what these addresses asked for. In microseconds; devices that agree are not in it.
 */
export function flowShifts(
  w: World,
  asked: ReadonlyMap<string, readonly { readonly t: number }[]>,
): Map<string, number> {
  const n = w.facts.table('network_activity');
  const [src, port] = [n.column('src_ip'), n.column('dst_port')];
  const wanted = w.facts.texts.asker((t) => (asked.get(t)?.length ?? 0) > 0);
  const votes = new Map<string, { all: number; by: Map<number, number> }>();
  const sorted = new Map<number, Float64Array>();
  for (let i = 0; i < n.rows; i++) {
    if (src[i]! < 0 || !wanted(src[i]!) || !WEB_PORTS.has(w.facts.texts.number(port[i]!))) continue;
    const v = votes.get(flowSource(n, i)) ?? { all: 0, by: new Map<number, number>() };
    votes.set(flowSource(n, i), v);
    if (v.all >= MOST_ASKED) continue;
    v.all++;
    const times = sorted.get(src[i]!) ?? Float64Array.from(asked.get(w.addresses.text(src[i]!))!, (r) => r.t).sort();
    sorted.set(src[i]!, times);
    const zones: number[] = [];
    for (let z = -MOST_ZONE; z <= MOST_ZONE; z += QUARTER) {
      const k = firstAt(times.length, (m) => times[m]!, n.t[i]! - z - ASKED_WITHIN);
      if (k < times.length && times[k]! <= n.t[i]! - z + ASKED_WITHIN) zones.push(z);
    }
    for (const z of zones) v.by.set(z, (v.by.get(z) ?? 0) + 1);
  }
  const out = new Map<string, number>();
  for (const [key, v] of votes) {
    const [best] = [...v.by].sort((a, b) => b[1] - a[1] || Math.abs(a[0]) - Math.abs(b[0]));
    if (
      best !== undefined &&
      best[0] !== 0 &&
      best[1] >= LEAST_AGREE &&
      best[1] * 2 > v.all &&
      best[1] > (v.by.get(0) ?? 0) * 2
    )
      out.set(key, best[0]);
  }
  return out;
}

/** Ports of web servers. */
const WEB_PORTS = new Set([80, 443, 8080, 8443]);
/** A web server writes a request down no further from its connection. */
const WRITTEN_WITHIN = 10 * 60e6;

/**
 * Connections from the intruder's addresses to a server of this incident of which the server's own log says nothing, because the log of
 * that time is gone: what a sensor or a firewall counted.
 */
function carriedOnly(
  w: World,
  g: Group,
  requests: Requests,
  addresses: ReadonlyMap<string, number>,
  tenants: Tenants,
): { t: number; ip: string; channel: string; target: number; user: string; place: Place }[] {
  const theirs = new Map<string, number[]>();
  for (const ip of addresses.keys()) {
    const own = requests.by(ip);
    // Who shares an address with somebody honest may not be told apart by connections.
    if (w.addresses.outside(ip) && own.length > 0 && own.every((r) => tenants.theirs(r)))
      theirs.set(
        ip,
        own.map((r) => r.t).sort((a, b) => a - b),
      );
  }
  if (theirs.size === 0) return [];
  const n = w.facts.table('network_activity');
  const [src, dst, port] = [n.column('src_ip'), n.column('dst_ip'), n.column('dst_port')];
  const wanted = w.facts.texts.asker((t) => theirs.has(t));
  const shift = flowShifts(w, new Map([...theirs].map(([ip, list]) => [ip, list.map((t) => ({ t }))])));
  const out = [];
  for (let i = 0; i < n.rows; i++) {
    if (src[i]! < 0 || !wanted(src[i]!) || !WEB_PORTS.has(w.facts.texts.number(port[i]!))) continue;
    const ip = w.addresses.text(src[i]!);
    const t = n.t[i]! - (shift.get(flowSource(n, i)) ?? 0);
    if (t < addresses.get(ip)! - 86_400e6) continue;
    const host = w.addresses.hostAt(w.addresses.text(dst[i]!), t);
    if (host < 0 || !requests.has(host) || g.hosts.get(host)?.status !== 'controlled') continue;
    const times = theirs.get(ip)!;
    const k = firstAt(times.length, (mid) => times[mid]!, t - WRITTEN_WITHIN);
    if (k < times.length && times[k]! <= t + WRITTEN_WITHIN) continue;
    out.push({ t, ip, channel: 'webshell', target: host, user: '', place: n.place(i) });
  }
  return out;
}

const plainUser = (t: string): string => t.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();

/** Days of logons at a machine that make its user somebody with a desk. */
const DESK_DAYS = 5;

/** Whether a session of the intruder came through a tunnel. */
function usedInside(w: World, g: Group, v: Tunnel): boolean {
  for (const n of g.sessions.values()) if (tunnelOf(w, w.logons.logon(n.row)) === v) return true;
  return false;
}

/** Whether sessions came through a tunnel, none of which is the intruder's. */
function usedOtherwise(w: World, g: Group, v: Tunnel): boolean {
  if (usedInside(w, g, v)) return false;
  const t = w.logons.table;
  for (let i = t.from(v.start - 60e6); i < t.rows && t.t[i]! <= Math.max(v.end, v.start + 3600e6); i++) {
    if (!w.logons.arrival(i)) continue;
    const l = w.logons.logon(i);
    if (v.taken.includes(l.address) && tunnelOf(w, l) === v) return true;
  }
  return false;
}

/** An account in the intruder's hands that never used the gateway before, or from a network that only comes up since. */
function strangeTunnel(w: World, g: Group, v: Tunnel): boolean {
  const since = g.accounts.get(v.user.replace(/^.*\\/, '').replace(/@.*$/, ''))?.first ?? Number.POSITIVE_INFINITY;
  if (v.start < since - 3600e6) return false;
  if (tunnels(w).some((x) => x.user === v.user && x.start < since - 3600e6)) return false;
  // What came through it tells whose it was.
  if (usedOtherwise(w, g, v)) return false;
  // Who has a desk of their own may have begun to work from home.
  return g.suspicion.atDesk(v.user.replace(/^.*\\/, '').replace(/@.*$/, '')) < DESK_DAYS;
}
