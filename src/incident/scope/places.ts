// What an address outside joins: whoever asked a web server's hidden script from there also came by the gateway from there, signed in to
// mail from there, and may be known again elsewhere by a browser that nobody else has.
import { anybodySits } from '../graph/acted.js';
import { type Node, programOf, type Suspicion } from '../graph/suspicion.js';
import { cameBefore, tunnelOf, tunnels } from '../graph/tunnels.js';
import { SSH, type World } from '../graph/world.js';
import { SERVER_ACCOUNT } from '../detectors/server-shell.js';
import type { Group } from './group.js';
import { plainAccount } from './mail.js';
import { channelOf, type WebFindings } from './web.js';
import { type Request, type Requests } from './requests.js';

const DAY = 86_400e6;
/** A server starts what a request asks of it no further from when it writes the request down. */
const ASKED_WITHIN = 4e6;
/** Days on which a server started a line while nobody asked for the script: then it is its own. */
const OWN_DAYS = 2;
/** Addresses outside that one browser may have been on, for each that is known as the intruder's, and beside them. */
const AGENT_ADDRESSES = 2;

/** A node of a group that began on a host. */
const beginning = (g: Group, host: number): Node | undefined =>
  g.nodes.find((n) => n.host === host && n.kind !== 'file' && n.kind !== 'service' && n.kind !== 'task');

/** When the intruder's addresses were answered by their scripts on a host. */
function askedTimes(found: WebFindings, requests: Requests, host: number): number[] {
  const names = new Set(
    found.shells.filter((x) => x.host === host).map((x) => x.path.replace(/^.*[\\/]/, '').toLowerCase()),
  );
  return requests
    .on(host, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, (path) => names.has(path.replace(/^.*\//, '')))
    .filter((r) => found.addresses.has(r.ip) && r.status < 400)
    .map((r) => r.t);
}

/** What servers started while somebody asked for the intruder's scripts there, other than what they start by themselves. Gives how many nodes were added. */
export function askedFor(w: World, s: Suspicion, g: Group, found: WebFindings, requests: Requests): number {
  const before = s.nodes.size;
  const p = w.processes;
  const line = (r: number): string => p.commandText(r).replace(/\d+/g, '#');
  const worker = (r: number): boolean => {
    const parent = p.parent.at(r);
    return parent >= 0 && (w.serverImage(parent) || (p.image.at(parent) < 0 && SERVER_ACCOUNT.test(p.userText(r))));
  };
  for (const host of new Set(found.shells.map((x) => x.host))) {
    const asked = askedTimes(found, requests, host);
    const from = beginning(g, host);
    if (asked.length === 0 || from === undefined) continue;
    const candidates = new Set<number>();
    for (const t of asked)
      for (const r of s.remote.startsBetween(host, t - ASKED_WITHIN, t + ASKED_WITHIN))
        if (worker(r) && !s.nodes.has(`p${r}`)) candidates.add(r);
    if (candidates.size === 0) continue;
    const wanted = new Set([...candidates].map(line));
    const own = new Map<string, Set<number>>();
    for (const r of s.remote.startsBetween(host, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) {
      if (!worker(r) || !wanted.has(line(r))) continue;
      const t = p.start.at(r);
      if (asked.some((x) => Math.abs(x - t) <= ASKED_WITHIN)) continue;
      own.set(line(r), (own.get(line(r)) ?? new Set()).add(Math.floor(t / DAY)));
    }
    for (const r of [...candidates].sort((a, b) => p.start.at(a) - p.start.at(b)))
      if ((own.get(line(r))?.size ?? 0) < OWN_DAYS) s.process(r, from, 'edge.asked', 'likely');
  }
  s.drain();
  return s.nodes.size - before;
}

/** Before and after requests for a script within which what is made on its host may be asked for by them. */
const MADE_BEFORE = 60e6;
const MADE_AFTER = 5 * 60e6;

/**
 * Services and tasks that were made on a host while somebody asked for the intruder's script there, of programs that no other host has, while
 * nobody else sat there. Gives how many nodes were added.
 */
export function madeWhileAsked(w: World, s: Suspicion, g: Group, found: WebFindings, requests: Requests): number {
  const before = s.nodes.size;
  const houses = new Map<string, Set<number>>();
  const bare = (command: string): string => command.trim().toLowerCase();
  for (const x of [...s.services, ...s.tasks])
    if (x.command !== '') houses.set(bare(x.command), (houses.get(bare(x.command)) ?? new Set()).add(x.host));
  for (const host of new Set(found.shells.map((x) => x.host))) {
    const asked = askedTimes(found, requests, host);
    const from = beginning(g, host);
    if (asked.length === 0 || from === undefined) continue;
    for (const kind of ['service', 'task'] as const)
      for (const x of kind === 'service' ? s.services : s.tasks) {
        if (x.host !== host || s.nodes.has(`${kind === 'service' ? 'v' : 'k'}${x.row}`)) continue;
        if (!asked.some((t) => x.t >= t - MADE_BEFORE && x.t <= t + MADE_AFTER)) continue;
        const program = programOf(x.command);
        if (program === '' || houses.get(bare(x.command))!.size > 1 || program.startsWith('c:\\program files'))
          continue;
        if (anybodySits(w, host, x.t, (row) => s.nodes.has(`s${row}`))) continue;
        s.installedAt(kind, x.row, from, 'edge.made-while-asked', []);
      }
  }
  s.drain();
  return s.nodes.size - before;
}

/**
 * Sessions that came through a tunnel opened from an address of the intruder's, or straight from it: since they asked a server from there,
 * and as nobody who came from there before. Gives how many nodes were added.
 */
export function sameOutside(w: World, s: Suspicion, g: Group, found: WebFindings): number {
  const before = s.nodes.size;
  const from = g.nodes.find((n) => n.kind !== 'file');
  if (from === undefined || found.addresses.size === 0) return 0;
  const t = w.logons.table;
  const ip = t.column('src_ip');
  const seen = new Set<string>();
  const direct = w.facts.texts.asker((x) => found.addresses.has(x.replace(/^::ffff:/, '')));
  const inside = new Set(tunnels(w).flatMap((v) => (found.addresses.has(v.ip) ? v.taken : [])));
  const through = w.facts.texts.asker((x) => inside.has(x.replace(/^::ffff:/, '')));
  for (let i = 0; i < t.rows; i++) {
    if (ip[i]! < 0 || (!direct(ip[i]!) && !through(ip[i]!)) || !w.logons.arrival(i) || s.nodes.has(`s${i}`)) continue;
    const l = w.logons.logon(i);
    const v = tunnelOf(w, l);
    if (v !== null) {
      let since = found.addresses.get(v.ip);
      // As somebody whose account they had by then, from an address that is theirs later.
      const held = g.accounts.get(plainAccount(v.user));
      if (since !== undefined && held !== undefined && held.status !== 'attempted') since = Math.min(since, held.first);
      if (since !== undefined && l.t >= since - DAY && l.t <= v.end + DAY / 2 && !cameBefore(w, v, since))
        s.session(l, from, 'edge.same-outside', 'likely');
      continue;
    }
    const since = found.addresses.get(l.address);
    if (since === undefined || !w.addresses.outside(l.address) || (l.type !== 10 && l.type !== SSH)) continue;
    const way = `${l.address}|${l.user}`;
    if (l.t < since - DAY) seen.add(way);
    else if (!seen.has(way)) s.session(l, from, 'edge.same-outside', 'likely');
  }
  s.drain();
  return s.nodes.size - before;
}

/**
 * More addresses: those from which somebody signed in with a browser that, of all addresses outside, hardly any but the intruder's have, and
 * that the account never had elsewhere. With the first time of each.
 */
export function sameAgent(w: World, requests: Requests, addresses: ReadonlyMap<string, number>): Map<string, number> {
  const out = new Map<string, number>();
  if (addresses.size === 0) return out;
  const first = Math.min(...addresses.values());
  const named = (r: Request): boolean => !['', '-'].includes(plainAccount(r.user));
  const theirs = new Map<number, Set<string>>();
  for (const [ip, since] of addresses)
    for (const r of requests.by(ip))
      if (r.agent >= 0 && r.t >= since - DAY) theirs.set(r.agent, (theirs.get(r.agent) ?? new Set()).add(ip));
  const rare = new Map<number, ReadonlySet<string>>();
  for (const [agent, ips] of theirs) {
    const all = requests.addressesOf(agent);
    if (all !== null && all.size > ips.size && all.size <= ips.size * AGENT_ADDRESSES + AGENT_ADDRESSES)
      rare.set(agent, all);
  }
  for (const all of rare.values())
    for (const ip of all) {
      if (addresses.has(ip) || out.has(ip) || !w.addresses.outside(ip) || w.addresses.known(ip)) continue;
      const list = requests.by(ip);
      // Other programs that were used from there must be nobody else's either.
      const alone = (agent: number): boolean => {
        const ips = requests.addressesOf(agent);
        return ips !== null && [...ips].every((x) => all.has(x));
      };
      if (list.some((r) => r.t < first - DAY || (r.agent >= 0 && !alone(r.agent)))) continue;
      const signed = list.filter((r) => named(r) && !(r.status >= 400) && (r.service || channelOf(r) !== 'webshell'));
      if (signed.length === 0) continue;
      // Whose browser it is is known from elsewhere.
      const usual = signed.some((r) =>
        requests.agentsOf(plainAccount(r.user)).some((x) => x.agent === r.agent && !all.has(x.ip)),
      );
      if (!usual) out.set(ip, Math.min(...list.map((r) => r.t)));
    }
  return out;
}
