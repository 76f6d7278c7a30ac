// Sessions whose opener no log names: from a host under control, as an account in the intruder's hands, to run something, along a way
// that this account never took before. All of it together is believed, and is graded lower than what a record shows.
import { firstAt } from '../facts/rows.js';
import type { Logon } from './logons.js';
import { tunnelOf, tunnels } from './tunnels.js';
import { REMOTE_PORTS } from './remote.js';
import { acted, anybodySits, seated } from './acted.js';
import { type Node, programOf, programsNamed, SSH_LENGTH, type Suspicion } from './suspicion.js';
import { ownAccount, SSH, type World } from './world.js';

const HOUR = 3600e6;
/** Logons that are looked at of one account from one host: of more, it is that account's everyday way. */
const EVERYDAY = 40;

/** Files read in one session that are no visit. */
const MANY_READS = 20;
const STARTERS = /^(?:services|svchost|wmiprvse|wsmprovhost|taskeng|userinit|explorer)\.exe$/;

/** Commands that make another machine run something, and what starts it there. */
const ORDERED: readonly (readonly [RegExp, RegExp])[] = [
  [/\b(?:Invoke-Command|icm|New-PSSession|Enter-PSSession)\b|\bwinrs(?:\.exe)?\s/i, /^(?:wsmprovhost|winrshost)\.exe$/],
  [/\bwmic(?:\.exe)?\b.*\/node:|\bInvoke-(?:Wmi|Cim)Method\b|\bwmiexec\b/i, /^wmiprvse\.exe$/],
  [/\bschtasks(?:\.exe)?\b.*\/s\b/i, /^(?:svchost|taskeng)\.exe$/],
  [/\bpsexec\w*(?:\.exe)?\b|\bsc(?:\.exe)?\s+\\\\/i, /^(?:services|psexesvc)\.exe$/],
];
/** An order is carried out within this. */
const ORDERED_WITHIN = 20e6;

/** What starts things for somebody who came by a port of administration. */
const STARTS_FOR: ReadonlyMap<number, RegExp> = new Map([
  [135, /^(?:wmiprvse|svchost|taskeng|dllhost)\.exe$/],
  [445, /^(?:services|svchost|taskeng)\.exe$/],
  [3389, /^(?:userinit|explorer)\.exe$/],
  [5985, /^wsmprovhost\.exe$/],
  [5986, /^wsmprovhost\.exe$/],
  [47001, /^wsmprovhost\.exe$/],
]);

/**
 * Arrivals whose logon no log holds any more: a connection of the intruder's to a port of administration, no logon from there at the
 * target, and there at that moment something started by what starts things for others, a shell or a program of no common folder.
 */
export function reached(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const n = w.facts.table('network_activity');
  const scripts = w.facts.table('script_activity');
  // What is found is appended, and looked at in the next round.
  const known = Array.from(s.nodes.values());
  for (const node of known) {
    if (node.kind !== 'process') continue;
    // What a command line named, or credentials were given for, where no log tells of a connection.
    const line = w.processes.commandText(node.row);
    const starters = ORDERED.find(([shape]) => shape.test(line))?.[1];
    if (starters !== undefined && w.flows(node.row).length === 0)
      for (const to of new Set([
        ...s.remote.named(node.row),
        ...[...s.remote.credentials(node.row)].map((c) => c.target),
      ])) {
        if (to < 0 || to === node.host) continue;
        const at = w.carried(w.processes.start.at(node.row), node.host, to);
        if (!Number.isFinite(at) || w.logons.remote(to, at - 20e6, at + 60e6).length > 0) continue;
        for (const r of s.remote.startedBy(to, at - 2e6, at + ORDERED_WITHIN, starters))
          if ((w.shell(r) || !w.system(r)) && !w.hub(r)) s.process(r, node, 'edge.reached', 'likely');
      }
    for (const i of w.flows(node.row)) {
      const port = w.facts.texts.number(n.column('dst_port')[i]!);
      if (!REMOTE_PORTS.has(port)) continue;
      const to = w.addresses.hostAt(w.addresses.text(n.column('dst_ip')[i]!), n.t[i]!);
      if (to < 0 || to === node.host) continue;
      const at = w.carried(n.t[i]!, node.host, to);
      if (w.logons.remote(to, at - 20e6, at + 60e6).length > 0) continue;
      for (const r of s.remote.startedBy(to, at - 3e6, at + (port === 3389 ? 60e6 : 12e6), STARTERS))
        if ((w.shell(r) || !w.system(r)) && !w.hub(r) && w.processes.start.at(r) - at > -3e6)
          s.process(r, node, 'edge.reached', 'likely');
      // By remote management the target's own record of the script may be all that is left.
      if (STARTS_FOR.get(port)?.test('wsmprovhost.exe') !== true) continue;
      const lo = firstAt(scripts.rows, (k) => scripts.t[k]!, at - 3e6);
      for (let k = lo; k < scripts.rows && scripts.t[k]! <= at + 12e6; k++)
        if (scripts.host[k] === to) s.block(k, node, 'edge.reached');
    }
  }
  s.drain();
  return s.nodes.size - before;
}

interface Sensed {
  readonly row: number;
  readonly t: number;
  readonly from: number;
  readonly to: number;
  readonly port: number;
}

const sensedWays = new WeakMap<World, readonly Sensed[]>();

/** The first connection of each way (host, host, port of administration) that a sensor saw. */
function firstWays(w: World): readonly Sensed[] {
  const known = sensedWays.get(w);
  if (known !== undefined) return known;
  const n = w.facts.table('network_activity');
  const [src, dst, dport] = [n.column('src_ip'), n.column('dst_ip'), n.column('dst_port')];
  const first = new Map<number, Sensed>();
  for (let i = 0; i < n.rows; i++) {
    if (!w.onTheWay(i)) continue;
    const port = w.facts.texts.number(dport[i]!);
    if (!STARTS_FOR.has(port)) continue;
    const t = w.began(i);
    const from = w.addresses.hostAt(w.addresses.text(src[i]!), t);
    const to = from < 0 ? -1 : w.addresses.hostAt(w.addresses.text(dst[i]!), t);
    if (to < 0 || to === from) continue;
    const key = (from * 1_048_576 + to) * 65_536 + port;
    const before = first.get(key);
    if (before === undefined || t < before.t) first.set(key, { row: i, t, from, to, port });
  }
  const out = [...first.values()].sort((a, b) => a.t - b.t);
  sensedWays.set(w, out);
  return out;
}

/**
 * Arrivals that only a sensor on the network still shows: from a host that is held and writes no connections down itself, the first ever
 * on that way, no logon at the other end, and there at that moment a shell or a program that had not run there before, started by what
 * starts things for who comes that way; or a script that names such a program. Gives how many nodes were added.
 */
export function sensedArrivals(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const held = new Map<number, Node>();
  for (const n of s.nodes.values()) {
    if (n.kind === 'file') continue;
    const known = held.get(n.host);
    if (known === undefined || n.t < known.t) held.set(n.host, n);
  }
  const scripts = w.facts.table('script_activity');
  for (const x of firstWays(w)) {
    const anchor = held.get(x.from);
    if (anchor === undefined || x.t < anchor.t || w.sensed(x.from) || s.clean.has(x.to)) continue;
    const at = w.carried(x.t, x.from, x.to);
    if (w.logons.remote(x.to, at - 20e6, at + 60e6).length > 0) continue;
    const p = w.processes;
    const fresh = (image: number): boolean =>
      w.withImage(image).every((r) => p.host.at(r) !== x.to || !(s.firstSeen(r) < at - 3e6));
    for (const r of s.remote.startedBy(x.to, at - 3e6, at + (x.port === 3389 ? 60e6 : 12e6), STARTS_FOR.get(x.port)!))
      if (!w.hub(r) && (w.shell(r) ? x.port !== 445 && x.port !== 135 : !w.system(r) && fresh(p.image.at(r))))
        s.process(r, anchor, 'edge.sensed', 'likely');
    if (!STARTS_FOR.get(x.port)!.test('wsmprovhost.exe')) continue;
    const lo = firstAt(scripts.rows, (i) => scripts.t[i]!, at - 3e6);
    for (let i = lo; i < scripts.rows && scripts.t[i]! <= at + 12e6; i++) {
      if (scripts.host[i] !== x.to) continue;
      const named = programsNamed(w.text(scripts.column('script')[i]!)).filter(
        (path) => !w.systemPath(path) && !w.shellPath(path),
      );
      if (named.some((path) => w.facts.texts.find(path) < 0 || fresh(w.facts.texts.find(path))))
        s.block(i, anchor, 'edge.sensed');
    }
  }
  installedOverNetwork(w, s, held);
  s.drain();
  return s.nodes.size - before;
}

/** How long before an installation the connection that brought it began. */
const BROUGHT_WITHIN = 20e6;

/** Services and tasks that run what had never run there, made when a host that is held had a connection to that machine. */
function installedOverNetwork(w: World, s: Suspicion, held: ReadonlyMap<number, Node>): void {
  const p = w.processes;
  const found: { kind: 'service' | 'task'; row: number; host: number; t: number; program: string }[] = [];
  for (const kind of ['service', 'task'] as const)
    for (const x of kind === 'service' ? s.services : s.tasks) {
      if (s.clean.has(x.host)) continue;
      const program = programOf(x.command);
      const known = s.nodes.get(`${kind === 'service' ? 'v' : 'k'}${x.row}`);
      // What is known to be somebody's is joined with where it came from.
      if (known !== undefined) {
        if (known.from === null) found.push({ kind, row: x.row, host: x.host, t: x.t, program });
        continue;
      }
      if (!/^[a-z]:\\/.test(program) || w.systemPath(program) || w.shellPath(program)) continue;
      const image = w.facts.texts.find(program);
      const before = (r: number): boolean => p.host.at(r) === x.host && s.firstSeen(r) < x.t - 30 * 60e6;
      // What others have as well is software of the house.
      if (image >= 0 && (w.spread(image) > 1 || w.withImage(image).some(before))) continue;
      found.push({ kind, row: x.row, host: x.host, t: x.t, program });
    }
  if (found.length === 0) return;
  const hosts = new Set(found.map((x) => x.host));
  const n = w.facts.table('network_activity');
  const [src, dst, dport] = [n.column('src_ip'), n.column('dst_ip'), n.column('dst_port')];
  const port = w.facts.texts.asker((t) => t === '445' || t === '135');
  const admin = (id: number): boolean => (id < -1 ? id === -447 || id === -137 : port(id));
  for (let i = 0; i < n.rows; i++) {
    if (!w.onTheWay(i) || !admin(dport[i]!)) continue;
    const t = w.began(i);
    const to = w.addresses.hostAt(w.addresses.text(dst[i]!), t);
    if (to < 0 || !hosts.has(to)) continue;
    const from = w.addresses.hostAt(w.addresses.text(src[i]!), t);
    const anchor = from < 0 ? undefined : held.get(from);
    if (anchor === undefined || from === to || t < anchor.t || w.sensed(from)) continue;
    const at = w.carried(t, from, to);
    if (w.logons.remote(to, at - 20e6, at + 60e6).length > 0) continue;
    for (const x of found)
      if (x.host === to && x.t >= at - 2e6 && x.t - at <= BROUGHT_WITHIN)
        s.installedAt(x.kind, x.row, anchor, 'edge.sensed', [n.place(i)]);
  }
}

/** An account that was taken is somebody's own again after this, where nothing more is known. */
const TAKEN_FOR = HOUR;

/**
 * Sessions by SSH as an account that the intruder had just taken, from an address inside that is no host of this evidence and from which
 * the account had never come. Gives how many nodes were added.
 */
export function strangeAddresses(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const taken = new Map<string, { t: number; key: string }[]>();
  for (const n of s.nodes.values()) {
    if (n.kind !== 'session' || n.sure !== 'certain') continue;
    const l = w.logons.logon(n.row);
    if (l.type !== SSH) continue;
    taken.set(l.user, [...(taken.get(l.user) ?? []), { t: l.t, key: n.key }]);
  }
  if (taken.size === 0) return 0;
  const t = w.logons.table;
  const is = w.facts.texts.asker((x) => x === 'accepted');
  const [activity, method] = [t.column('activity'), t.column('auth_protocol')];
  const password = w.facts.texts.asker((x) => !/^(?:publickey|hostbased|gssapi)/i.test(x));
  const seen = new Set<string>();
  // In the order of time: what an account did before is known when it comes.
  for (let i = 0; i < t.rows; i++) {
    if (!is(activity[i]!) || t.host[i]! < 0) continue;
    const l = w.logons.logon(i);
    const way = `${l.user}|${l.address}`;
    const anchor = taken.get(l.user)?.find((x) => l.t > x.t && l.t - x.t <= TAKEN_FOR);
    if (
      anchor !== undefined &&
      !s.nodes.has(`s${i}`) &&
      !seen.has(way) &&
      l.address !== '' &&
      password(method[i]!) &&
      !w.addresses.outside(l.address) &&
      w.addresses.hostAt(l.address, l.t) < 0
    )
      s.session(l, s.nodes.get(anchor.key)!, 'edge.stranger', 'likely');
    else seen.add(way);
  }
  s.drain();
  return s.nodes.size - before;
}

/** Times of day at which a way was gone before that make it a habit, and how far off it may be. */
const HABIT_TIMES = 4;
const HABIT_SLACK = 25 * 60e6;
const DAY = 86_400e6;

const timeOfDayApart = (a: number, b: number): number => {
  const d = Math.abs((((a - b) % DAY) + DAY) % DAY);
  return Math.min(d, DAY - d);
};

/** Whether a time of day is one at which things were done before; null where too little is known. */
function habitual(times: readonly number[], t: number): boolean {
  const near = (a: number): boolean => timeOfDayApart(a, t) <= HABIT_SLACK;
  // Gone rarely, and at all hours, is no habit that this could be told from.
  return times.length > 0 && (times.length < HABIT_TIMES || times.some(near));
}

/** A session this long is no job's that takes a moment. */
const STAYS = 10 * 60e6;
const TIMES_LONGER = 5;
/** A way that is gone more often is a machine's, and is not looked at one by one. */
const MANY_TIMES = 2000;

/** Microseconds that the middle one of some sessions lasted, of those whose ends are known; NaN where too few are. */
function middleLength(w: World, rows: readonly number[]): number {
  const known = rows
    .map((r) => w.logons.closed(w.logons.logon(r)) - w.logons.table.t[r]!)
    .filter((n) => Number.isFinite(n) && n >= 0)
    .sort((a, b) => a - b);
  return known.length < HABIT_TIMES ? Number.NaN : known[known.length >> 1]!;
}

/** Whether somebody else goes from a host as an account, or along ways that were gone less than a habit is on more than one day. */
function roamed(
  w: World,
  s: Suspicion,
  ways: ReadonlyMap<string, readonly number[]>,
  source: number,
  { row, user, t: at }: Logon,
): boolean {
  const { t: times } = w.logons.table;
  const days = new Set<number>();
  for (const [way, rows] of ways) {
    if (!way.startsWith(`${source}|`)) continue;
    const honest = rows.filter((r) => r !== row && !s.nodes.has(`s${r}`));
    if (honest.length === 0) continue;
    // The pieces of one visit to several machines are judged together.
    if (way.endsWith(`|${user}`) && honest.some((r) => Math.abs(times[r]! - at) > HOUR)) return true;
    if (honest.length >= HABIT_TIMES) continue;
    // Who sits there goes on from there, and a tool goes where it is told to.
    for (const r of honest) {
      const l = w.logons.logon(r);
      if (!occupied(w, s, source, w.carried(l.t, l.host, source)) && !fansOut(ways, source, l, times))
        days.add(Math.floor(l.t / DAY));
    }
  }
  return days.size > 1;
}

/** Whether somebody who is not the intruder is in a session on a host, by SSH or at the machine. */
const occupied = (w: World, s: Suspicion, host: number, t: number): boolean =>
  w.logons
    .remote(host, t - SSH_LENGTH, t)
    .some((o) => o.type === SSH && !s.nodes.has(`s${o.row}`) && w.logons.closed(o) >= t) ||
  anybodySits(w, host, t, (row) => s.nodes.has(`s${row}`));

/** Machines that one source reaches as one account within this are reached by a tool. */
const FAN_WITHIN = 10 * 60e6;
const FAN = 3;

function fansOut(ways: ReadonlyMap<string, readonly number[]>, source: number, l: Logon, times: Float64Array): boolean {
  let n = 0;
  for (const [way, rows] of ways)
    if (
      way.startsWith(`${source}|`) &&
      way.endsWith(`|${l.user}`) &&
      rows.some((r) => Math.abs(times[r]! - l.t) <= FAN_WITHIN)
    )
      n++;
  return n >= FAN;
}

/** Whether times are mostly of one time of day. */
function regular(times: readonly number[]): boolean {
  if (times.length < HABIT_TIMES) return false;
  const near = times.map((a) => times.filter((b) => timeOfDayApart(a, b) <= HABIT_SLACK).length).sort((a, b) => a - b);
  return near[near.length >> 1]! * 2 >= times.length;
}

/**
 * Sessions by SSH from a host on which the intruder was in a session at that time, which writes down no commands, or which they hold, and on
 * which nobody else was: along a way that nobody went before, or never at that hour. Gives how many nodes were added.
 */
export function whileThere(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const t = w.logons.table;
  const own: { key: string; host: number; from: number; to: number }[] = [];
  for (const n of s.nodes.values()) {
    if (n.kind !== 'session') continue;
    const l = w.logons.logon(n.row);
    if ((l.type !== SSH && l.type !== 10) || audited(w, s, l.host, l.t)) continue;
    // A desktop counts where its end is known.
    const end = l.type === 10 ? w.logons.closing(l) : -1;
    if (l.type === 10 && end < 0) continue;
    own.push({
      key: n.key,
      host: l.host,
      from: l.t,
      to: l.type === 10 ? t.t[end]! : Math.min(w.logons.closed(l), l.t + SSH_LENGTH),
    });
  }
  // Hosts of Linux that the intruder does things on, with the first of them: who comes to them is written down there.
  const held = new Map<number, Node>();
  for (const n of s.nodes.values()) {
    if (!ACTS.has(n.kind) || w.sensed(n.host)) continue;
    const first = held.get(n.host);
    if (first === undefined || n.t < first.t) held.set(n.host, n);
  }
  if (own.length === 0 && held.size === 0) return 0;
  const hosts = new Set([...own.map((x) => x.host), ...held.keys()]);
  const ways = new Map<string, number[]>();
  const entered = new Set<number>();
  const candidates: { row: number; source: number; way: string }[] = [];
  for (let i = 0; i < t.rows; i++) {
    if (!w.logons.arrival(i)) continue;
    const l = w.logons.logon(i);
    if (l.type !== SSH) continue;
    entered.add(l.host);
    const source = w.logons.source(l);
    if (source < 0 || !hosts.has(source)) continue;
    const way = `${source}|${l.host}|${l.user}`;
    const list = ways.get(way);
    if (list === undefined) ways.set(way, [i]);
    else list.push(i);
    candidates.push({ row: i, source, way });
  }
  // Of a way once: how long its sessions last, and whether it keeps an hour of the day.
  const middles = new Map<string, number>();
  const hours = new Map<string, boolean>();
  const outlasts = (l: Logon, way: string, honest: readonly number[]): boolean => {
    const own = w.logons.closed(l) - l.t;
    if (!Number.isFinite(own) || own < STAYS || honest.length > MANY_TIMES) return false;
    let middle = middles.get(way);
    if (middle === undefined) middles.set(way, (middle = middleLength(w, honest)));
    return own >= TIMES_LONGER * middle;
  };
  const keepsHour = (way: string, honest: readonly number[]): boolean => {
    let known = hours.get(way);
    if (known === undefined) hours.set(way, (known = regular(honest.map((r) => t.t[r]!))));
    return known;
  };
  for (const c of candidates) {
    if (s.nodes.has(`s${c.row}`)) continue;
    const l = w.logons.logon(c.row);
    const at = w.carried(l.t, l.host, c.source);
    const x = own.find((o) => o.host === c.source && at > o.from && at <= o.to);
    const since = held.get(c.source);
    if (x === undefined && (since === undefined || at < since.t || !entered.has(c.source))) continue;
    // Of what is gone all day long nothing stands out.
    if (ways.get(c.way)!.length > MANY_TIMES) continue;
    if (occupied(w, s, c.source, at)) continue;
    const honest = ways
      .get(c.way)!
      .filter((r) => r !== c.row && !s.nodes.has(`s${r}`) && Math.abs(t.t[r]! - l.t) > 3600e6);
    if (
      habitual(
        honest.map((r) => t.t[r]!),
        l.t,
      ) &&
      !outlasts(l, c.way, honest)
    )
      continue;
    if (x === undefined) {
      // What is recorded there, and is not theirs, opened it.
      const by = s.remote.opener(l, c.source);
      if (by >= 0 && !s.nodes.has(`p${by}`)) continue;
      // Where people go to somewhere now and then, or as that account, they may go where nobody went before; what is no habit has no hour.
      if (
        honest.length === 0 ? roamed(w, s, ways, c.source, l) : !keepsHour(c.way, honest) && !outlasts(l, c.way, honest)
      )
        continue;
      // What goes to machine after machine is a tool that somebody of the house runs.
      if (fansOut(ways, c.source, l, t.t)) continue;
    }
    s.session(l, x === undefined ? since! : s.nodes.get(x.key)!, 'edge.while-there', 'likely');
    s.drain();
  }
  return s.nodes.size - before;
}

/** Whether a host writes down what is run on it, beside what is run by sudo. */
function audited(w: World, s: Suspicion, host: number, t: number): boolean {
  return s.remote.startsBetween(host, t - DAY, t + DAY).some((r) => {
    const parent = w.processes.parent.at(r);
    return parent >= 0 && !/^(?:sudo|cron)/.test(w.processes.imageText(parent)) && w.processes.pid.at(parent) > 0;
  });
}

/**
 * Sessions that came through a tunnel which was opened from an address outside that a tunnel of the intruder's had been opened from. Gives
 * how many nodes were added.
 */
export function throughTunnels(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  if (tunnels(w).every((v) => v.taken.length === 0)) return 0;
  const from = (l: Logon): string | null => {
    const v = tunnelOf(w, l);
    return v === null || l.t > Math.max(v.end, v.start + HOUR) || !w.addresses.outside(v.ip) ? null : v.ip;
  };
  const theirs = new Map<string, Node>();
  for (const n of s.nodes.values()) {
    if (n.kind !== 'session') continue;
    const l = w.logons.logon(n.row);
    const ip = from(l);
    if (ip === null) continue;
    const known = theirs.get(ip);
    if (known === undefined) theirs.set(ip, n);
    // Who comes from one place outside is one.
    else s.join(known.key, n.key);
  }
  if (theirs.size === 0) return 0;
  const t = w.logons.table;
  for (let i = 0; i < t.rows; i++) {
    if (!w.logons.arrival(i) || s.nodes.has(`s${i}`)) continue;
    const l = w.logons.logon(i);
    const by = theirs.get(from(l) ?? '');
    if (by !== undefined) s.session(l, by, 'edge.tunnel', 'likely');
  }
  s.drain();
  return s.nodes.size - before;
}

/**
 * Sessions from an address outside that the intruder came from: as the account that they came as, or as one that never came from there before
 * they did. Gives how many nodes were added.
 */
export function samePlace(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const theirs = new Map<string, { node: Node; t: number; users: Set<string> }>();
  for (const n of s.nodes.values()) {
    if (n.kind !== 'session') continue;
    const l = w.logons.logon(n.row);
    if ((l.type !== 10 && l.type !== SSH && n.because !== 'lead.guessed') || !w.addresses.outside(l.address)) continue;
    if (w.addresses.hostAt(l.address, l.t) >= 0) continue;
    const known = theirs.get(l.address);
    if (known === undefined) theirs.set(l.address, { node: n, t: l.t, users: new Set([l.user]) });
    else {
      known.users.add(l.user);
      // Who comes from one place outside is one.
      s.join(known.node.key, n.key);
      if (l.t < known.t) {
        known.node = n;
        known.t = l.t;
      }
    }
  }
  if (theirs.size === 0) return 0;
  const t = w.logons.table;
  const ip = t.column('src_ip');
  const wanted = w.facts.texts.asker((x) => theirs.has(x.replace(/^::ffff:/, '')));
  const seen = new Set<string>();
  // When each account came from each of these places first, on how many days before they did, and since when it is seen at all.
  const ways = new Map<string, { first: number; days: Set<number> }>();
  const since = new Map<string, number>();
  for (let i = 0; i < t.rows; i++) {
    if (ip[i]! < 0 || !w.logons.arrival(i)) continue;
    const l = w.logons.logon(i);
    if (l.type !== 10 && l.type !== SSH) continue;
    if (!since.has(l.user)) since.set(l.user, l.t);
    const x = theirs.get(l.address);
    if (x === undefined || l.t >= x.t - HOUR) continue;
    const way = `${l.address}|${l.user}`;
    const known = ways.get(way);
    if (known === undefined) ways.set(way, { first: l.t, days: new Set([Math.floor(l.t / DAY)]) });
    else known.days.add(Math.floor(l.t / DAY));
  }
  // Once, not long before, from where somebody who is long known never came: that was they as well.
  const first = (way: string, user: string, at: number): boolean => {
    const x = ways.get(way);
    return (
      x !== undefined &&
      x.days.size <= NEW_DAYS &&
      at - x.first <= NEW_WITHIN &&
      x.first - since.get(user)! >= KNOWN_FOR
    );
  };
  // In the order of time: who came from there before is known when somebody comes.
  for (let i = 0; i < t.rows; i++) {
    if (ip[i]! < 0 || !wanted(ip[i]!) || !w.logons.arrival(i)) continue;
    const l = w.logons.logon(i);
    const x = theirs.get(l.address);
    if (x === undefined || s.nodes.has(`s${i}`)) continue;
    const way = `${l.address}|${l.user}`;
    if (l.t < x.t - HOUR && first(way, l.user, x.t)) {
      if (l.type === 10 || l.type === SSH) s.session(l, x.node, 'edge.same-place', 'likely');
      continue;
    }
    if (l.t < x.t - HOUR) seen.add(way);
    if ((l.type === 10 || l.type === SSH) && !seen.has(way) && (x.users.has(l.user) || l.t >= x.t))
      s.session(l, x.node, 'edge.same-place', x.users.has(l.user) ? 'certain' : 'likely');
  }
  s.drain();
  return s.nodes.size - before;
}

/** Days of use from a place, and time, by which it is still new to somebody; and how long they must have been seen before. */
const NEW_DAYS = 2;
const NEW_WITHIN = 10 * DAY;
const KNOWN_FOR = 3 * DAY;

/** A private key that a command line names: whose it is. */
const KEY_OF = /\/(?:home\/([\w.-]+)|(root))\/\.ssh\/(?:id_\w+|[\w.-]*(?:key|pem))\b/g;

/**
 * Sessions by SSH from outside as somebody whose private key the intruder had read, from an address that nobody had come from before.
 * Gives how many nodes were added.
 */
export function stolenKeys(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const taken = new Map<string, Node>();
  for (const n of s.nodes.values()) {
    if (n.kind !== 'process') continue;
    const line = w.processes.commandText(n.row);
    // Who uses a key on the way out has not necessarily taken it there.
    if (!line.includes('.ssh/') || /^\S*\bssh(?:-\w+)?\s/.test(line)) continue;
    for (const m of line.matchAll(KEY_OF)) {
      const user = (m[1] ?? m[2]!).toLowerCase();
      const known = taken.get(user);
      if (known === undefined || n.t < known.t) taken.set(user, n);
    }
  }
  if (taken.size === 0) return 0;
  const t = w.logons.table;
  const seen = new Set<string>();
  // In the order of time: what came before is known when it comes.
  for (let i = 0; i < t.rows; i++) {
    if (!w.logons.arrival(i)) continue;
    const l = w.logons.logon(i);
    if (l.type !== SSH || l.address === '') continue;
    const by = taken.get(l.user);
    if (
      by !== undefined &&
      l.t > by.t &&
      !s.nodes.has(`s${i}`) &&
      !seen.has(l.address) &&
      w.addresses.foreign(l.address) &&
      w.addresses.outside(l.address)
    )
      s.session(l, by, 'edge.stolen-key', 'likely');
    else if (!s.nodes.has(`s${i}`)) seen.add(l.address);
  }
  s.drain();
  return s.nodes.size - before;
}

/** A file of a private key, by its whole path. */
const KEY_FILE =
  /(?:^|[\s"'=])(\/[^\s"';|&<>]*\/(?:id_(?:rsa|dsa|ecdsa|ed25519)\w*|[\w.-]+\.(?:key|pem)|[\w-]*_key))(?=$|[\s"';|&<>])/g;
/** What uses a key. */
const SSH_CLIENT = /(?:^|\/)(?:ssh|scp|sftp|rsync)$/;

/**
 * Commands of ssh with a private key that the intruder had read on that host, outside of anybody's session, in a way that it was never
 * used before: what is done with a key every night is what it is there for. Gives how many nodes were added.
 */
export function usedKeys(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const p = w.processes;
  const read = new Map<string, Node>();
  for (const n of s.nodes.values()) {
    if (n.kind !== 'process' || !n.path.startsWith('/') || SSH_CLIENT.test(n.path)) continue;
    for (const m of p.commandText(n.row).matchAll(KEY_FILE)) {
      const key = `${n.host}|${m[1]!}`;
      const known = read.get(key);
      if (known === undefined || n.t < known.t) read.set(key, n);
    }
  }
  if (read.size === 0) return 0;
  const shape = (r: number): string => `${p.host.at(r)}|${p.commandText(r).replace(/\d+/g, '#')}`;
  const seen = new Set<string>();
  for (let r = 0; r < p.rows; r++) {
    if (!SSH_CLIENT.test(p.imageText(r)) || !Number.isFinite(p.start.at(r))) continue;
    let by: Node | undefined;
    for (const m of p.commandText(r).matchAll(KEY_FILE)) by ??= read.get(`${p.host.at(r)}|${m[1]!}`);
    if (by === undefined || p.start.at(r) <= by.t) seen.add(shape(r));
    else if (!s.nodes.has(`p${r}`) && p.session.at(r) < 0 && !seen.has(shape(r)))
      s.process(r, by, 'edge.stolen-key', 'likely');
  }
  s.drain();
  return s.nodes.size - before;
}

/** Nodes that show something done on their host. */
const ACTS: ReadonlySet<Node['kind']> = new Set(['process', 'block', 'service', 'task', 'order', 'script']);

/** An account that the intruder made. */
export interface MadeAccount {
  /** Without a domain, in lower case. */
  readonly name: string;
  readonly host: number;
  readonly t: number;
  /** A node of the incident that made it. */
  readonly by: Node;
}

/** Sessions and processes of accounts that the intruder made: nobody else has a use for them. Gives how many nodes were added. */
export function madeAccounts(w: World, s: Suspicion, made: readonly MadeAccount[]): number {
  const before = s.nodes.size;
  if (made.length === 0) return 0;
  const by = new Map(made.map((x) => [x.name, x]));
  const t = w.logons.table;
  const whose = w.facts.texts.asker((x) => by.get(x.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase()) ?? null);
  const user = t.column('user');
  for (let i = 0; i < t.rows; i++) {
    const x = user[i]! < 0 || !w.logons.arrival(i) ? null : whose(user[i]!);
    if (x === null || t.host[i]! < 0 || t.t[i]! < x.t - 60e6 || s.nodes.has(`s${i}`)) continue;
    s.session(w.logons.logon(i), x.by, 'edge.made-account', 'likely');
  }
  const p = w.processes;
  for (let r = 0; r < p.rows; r++) {
    const x = p.user.at(r) < 0 ? null : whose(p.user.at(r));
    if (x === null || !(p.start.at(r) >= x.t - 60e6) || w.hub(r) || s.nodes.has(`p${r}`)) continue;
    s.process(r, x.by, 'edge.made-account', 'likely');
  }
  s.drain();
  return s.nodes.size - before;
}

const knownControllers = new WeakMap<World, ReadonlySet<number>>();

/** Hosts that give out tickets. */
function controllersOf(w: World): ReadonlySet<number> {
  const known = knownControllers.get(w);
  if (known !== undefined) return known;
  const t = w.logons.table;
  const is = w.facts.texts.asker((x) => x === 'service ticket' || x === 'ticket granting ticket');
  const activity = t.column('activity');
  const out = new Set<number>();
  for (let i = 0; i < t.rows; i++) if (t.host[i]! >= 0 && is(activity[i]!)) out.add(t.host[i]!);
  knownControllers.set(w, out);
  return out;
}

/** How a machine was held. */
interface Held {
  first: number;
  /** By something that was left there, or where that could not be seen. */
  lasting: boolean;
  /** When somebody sat there, or did something. */
  readonly seats: { readonly from: number; readonly to: number; readonly user: string }[];
}

/** Gives how many nodes were added. */
export function unnamedMoves(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const t = w.logons.table;
  // When each host was under control, and which accounts were in hand by when, group by group.
  const hosts = new Map<string, Map<number, Held>>();
  const accounts = new Map<string, Map<string, number>>();
  for (const n of s.nodes.values()) {
    const g = s.group(n.key);
    // Who sits at a desktop somewhere holds the machine.
    const desk = n.kind === 'session' && [10, SSH].includes(w.logons.logon(n.row).type);
    if (ACTS.has(n.kind) || desk) {
      const m = hosts.get(g) ?? new Map<number, Held>();
      hosts.set(g, m);
      const h = m.get(n.host) ?? { first: n.t, lasting: !w.sensed(n.host), seats: [] };
      m.set(n.host, h);
      h.first = Math.min(h.first, n.t);
      // What was left there works on; who only sat there is gone when the session is.
      h.lasting ||=
        n.kind !== 'session' && n.kind !== 'block' && (n.kind !== 'process' || !(w.shell(n.row) || w.system(n.row)));
      if (!desk) h.seats.push({ from: n.t, to: n.t + HOUR, user: '' });
      else {
        const l = w.logons.logon(n.row);
        const end = w.logons.closing(l);
        // Where programs are recorded, what ran in it tells how long it lasted.
        const user = end >= 0 ? l.user : '';
        h.seats.push({
          from: n.t,
          to: end >= 0 ? t.t[end]! + HOUR : n.t + (w.sensed(n.host) ? HOUR : SSH_LENGTH),
          user,
        });
      }
    }
    const users =
      n.kind === 'session'
        ? [w.logons.logon(n.row).user]
        : n.kind === 'service' || n.kind === 'task'
          ? [s.installer(n.kind, n.row)]
          : n.kind === 'process'
            ? // Whom it said that it was when it went to another machine.
              [...s.remote.credentials(n.row)].filter((c) => c.target >= 0 && c.target !== n.host).map((c) => c.user)
            : [];
    for (const user of users) {
      if (user === '' || ownAccount(user)) continue;
      const m = accounts.get(g) ?? new Map<string, number>();
      accounts.set(g, m);
      m.set(user, Math.min(m.get(user) ?? Number.POSITIVE_INFINITY, n.t));
    }
  }
  // Whose password a controller was asked about when something was made on a machine over the network.
  for (const e of s.edges) {
    if (e.because !== 'edge.sensed') continue;
    const [a, b] = [s.nodes.get(e.a), s.nodes.get(e.b)];
    if (a === undefined || b === undefined || a.host === b.host || (b.kind !== 'service' && b.kind !== 'task'))
      continue;
    const user = s.remote.validated(a.host, w.carried(b.t, b.host, a.host))?.user ?? '';
    if (user === '' || ownAccount(user)) continue;
    const g = s.group(b.key);
    const m = accounts.get(g) ?? new Map<string, number>();
    accounts.set(g, m.set(user, Math.min(m.get(user) ?? Number.POSITIVE_INFINITY, b.t)));
  }
  // Everyday ways: source and account, before control or where nothing was ever run.
  const ways = new Map<string, number[]>();
  const candidates: { row: number; source: number; user: string }[] = [];
  const wanted = new Set([...accounts.values()].flatMap((m) => [...m.keys()]));
  const held = new Set([...hosts.values()].flatMap((m) => [...m.keys()]));
  for (let i = 0; i < t.rows; i++) {
    if (!w.logons.arrival(i)) continue;
    const l = w.logons.logon(i);
    if ((l.type !== 3 && l.type !== 10 && l.type !== SSH) || ownAccount(l.user)) continue;
    const source = w.logons.source(l);
    if (source < 0 || (!wanted.has(l.user) && !held.has(source))) continue;
    const key = `${source}|${l.user}`;
    const list = ways.get(key) ?? [];
    ways.set(key, list);
    list.push(i);
    candidates.push({ row: i, source, user: l.user });
  }
  const controllers = controllersOf(w);
  for (const c of candidates) {
    if (s.nodes.has(`s${c.row}`)) continue;
    const l = w.logons.logon(c.row);
    for (const [g, m] of hosts) {
      const control = m.get(c.source);
      const since = accounts.get(g)?.get(c.user);
      if (control === undefined || l.t < control.first) continue;
      if (!control.lasting && !control.seats.some((x) => l.t >= x.from && l.t <= x.to)) continue;
      const known = since !== undefined && l.t >= since - HOUR;
      // An account that is not known to be theirs must do what nobody does on a visit.
      const much = !known && !w.sensed(c.source) && l.type === 3 && s.remote.reads(l) >= MANY_READS;
      if (!known && !much && !(l.type === 3 && s.broughtIn(l))) continue;
      const way = ways.get(`${c.source}|${c.user}`)!;
      // Whoever logs on anywhere is seen at a controller at once, for policies: that is no way that anybody goes.
      const honest = way.filter(
        (r) => !s.nodes.has(`s${r}`) && (controllers.has(l.host) || !controllers.has(t.host[r]!)),
      );
      // Any use of this way before control, or often beside it, is somebody's own; but for what is no visit, while they do not sit there, and
      // is never done on it otherwise.
      const own = (row: number): boolean => s.nodes.has(`s${row}`);
      // Who sits there under that name, and nobody else does, is the one who goes on from there.
      const at = w.carried(l.t, l.host, c.source);
      const sits =
        known &&
        (l.type !== 3 || acted(w, l) || s.remote.ranIn(l)) &&
        control.seats.some((x) => x.user === c.user && at >= x.from && at <= x.to - HOUR) &&
        !seated(w, c.source, c.user, at, own);
      if (!sits && (honest.some((r) => t.t[r]! < control.first) || honest.length > EVERYDAY)) {
        const made = (acted(w, l) || s.broughtIn(l)) && !seated(w, c.source, c.user, at, own);
        const usual = (r: number): boolean => {
          const o = w.logons.logon(r);
          return r !== c.row && (acted(w, o) || s.broughtIn(o));
        };
        if (!known || !made || honest.some(usual)) continue;
      }
      const by = s.remote.opener(l, c.source);
      if (
        by >= 0 &&
        !s.nodes.has(`p${by}`) &&
        !/^(?:system|)$|\\(?:svchost|lsass)\.exe$/.test(w.processes.imageText(by))
      )
        continue;
      const anchor = [...s.nodes.values()].find(
        (n) =>
          n.host === c.source &&
          (ACTS.has(n.kind) || (n.kind === 'session' && [10, SSH].includes(w.logons.logon(n.row).type))) &&
          s.group(n.key) === g &&
          n.t <= l.t,
      );
      if (anchor === undefined) continue;
      s.session(l, anchor, known ? 'edge.way' : much ? 'edge.read-much' : 'edge.brought', 'likely');
      s.drain();
      break;
    }
  }
  return s.nodes.size - before;
}
