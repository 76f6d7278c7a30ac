// Scripts of the intruder's on web servers: what was written and asked for, from where, and which other addresses are theirs.
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';
import { type Bulk, bulkReads } from './bulk.js';
import type { Group } from './group.js';
import { plainUser, type Request, Requests } from './requests.js';
import type { Tenants } from './tenants.js';

/** A server's child starts within this of the request that started it. */
const BEFORE_CHILD = 4e6;

const AFTER_CHILD = 1.5e6;

/** People with one browser: with more, it tells nobody apart. */
const MOST_AGENT_USERS = 3;

export const SCRIPT = /\.(?:aspx?|ashx|asmx|jspx?|jsw|php\d?|phtml|cshtml|cfm|war|cgi)$/i;

/** Folders that web servers give out. */
const WEB_ROOT =
  /\\(?:inetpub|wwwroot|htdocs|frontend\\httpproxy|webapps|public_html|www)\\|^\/(?:var\/www|srv\/www|usr\/share\/nginx|opt\/[^/]+\/webapps)\//i;

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
