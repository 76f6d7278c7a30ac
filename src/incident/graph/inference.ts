// Sessions whose opener no log names: from a host under control, as an account in the intruder's hands, to run something, along a way
// that this account never took before. All of it together is believed, and is graded lower than what a record shows.
import { REMOTE_PORTS } from './remote.js';
import type { Suspicion } from './suspicion.js';
import { ownAccount, SSH, type World } from './world.js';

const HOUR = 3600e6;
/** Logons that are looked at of one account from one host: of more, it is that account's everyday way. */
const EVERYDAY = 40;

/** Files read in one session that are no visit. */
const MANY_READS = 20;
const STARTERS = /^(?:services|svchost|wmiprvse|wsmprovhost|taskeng|userinit|explorer)\.exe$/;

/**
 * Arrivals whose logon no log holds any more: a connection of the intruder's to a port of administration, no logon from there at the
 * target, and there at that moment something started by what starts things for others, a shell or a program of no common folder.
 */
export function reached(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  const n = w.facts.table('network_activity');
  // What is found is appended, and looked at in the next round.
  const known = Array.from(s.nodes.values());
  for (const node of known) {
    if (node.kind !== 'process') continue;
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
    }
  }
  s.drain();
  return s.nodes.size - before;
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

/** Gives how many nodes were added. */
export function unnamedMoves(w: World, s: Suspicion): number {
  const before = s.nodes.size;
  // When each host was under control, and which accounts were in hand by when, group by group.
  const hosts = new Map<string, Map<number, { first: number; last: number }>>();
  const accounts = new Map<string, Map<string, number>>();
  for (const n of s.nodes.values()) {
    const g = s.group(n.key);
    if (n.kind === 'process') {
      const m = hosts.get(g) ?? new Map<number, { first: number; last: number }>();
      hosts.set(g, m);
      const h = m.get(n.host);
      if (h === undefined) m.set(n.host, { first: n.t, last: n.t });
      else {
        h.first = Math.min(h.first, n.t);
        h.last = Math.max(h.last, n.t);
      }
    } else if (n.kind === 'session') {
      const { user } = w.logons.logon(n.row);
      const m = accounts.get(g) ?? new Map<string, number>();
      accounts.set(g, m);
      m.set(user, Math.min(m.get(user) ?? Number.POSITIVE_INFINITY, n.t));
    }
  }
  // Everyday ways: source and account, before control or where nothing was ever run.
  const ways = new Map<string, number[]>();
  const candidates: { row: number; source: number; user: string }[] = [];
  const t = w.logons.table;
  const activity = t.column('activity');
  const is = w.facts.texts.asker((x) => x === 'logon' || x === 'accepted');
  const wanted = new Set([...accounts.values()].flatMap((m) => [...m.keys()]));
  const held = new Set([...hosts.values()].flatMap((m) => [...m.keys()]));
  for (let i = 0; i < t.rows; i++) {
    if (!is(activity[i]!) || t.host[i]! < 0) continue;
    const l = w.logons.logon(i);
    if ((l.type !== 3 && l.type !== 10 && l.type !== SSH) || ownAccount(l.user)) continue;
    const source = w.logons.source(l);
    if (source < 0 || (!wanted.has(l.user) && (!held.has(source) || w.sensed(source)))) continue;
    const key = `${source}|${l.user}`;
    const list = ways.get(key) ?? [];
    ways.set(key, list);
    list.push(i);
    candidates.push({ row: i, source, user: l.user });
  }
  for (const c of candidates) {
    if (s.nodes.has(`s${c.row}`)) continue;
    const l = w.logons.logon(c.row);
    for (const [g, m] of hosts) {
      const control = m.get(c.source);
      const since = accounts.get(g)?.get(c.user);
      if (control === undefined || l.t < control.first) continue;
      const known = since !== undefined && l.t >= since - HOUR;
      // An account that is not known to be theirs must do what nobody does on a visit.
      if (!known && (w.sensed(c.source) || l.type !== 3 || s.remote.reads(l) < MANY_READS)) continue;
      const way = ways.get(`${c.source}|${c.user}`)!;
      const honest = way.filter((r) => !s.nodes.has(`s${r}`));
      // Any use of this way before control, or often beside it, is somebody's own.
      if (honest.some((r) => t.t[r]! < control.first) || honest.length > EVERYDAY) continue;
      const by = s.remote.opener(l, c.source);
      if (
        by >= 0 &&
        !s.nodes.has(`p${by}`) &&
        !/^(?:system|)$|\\(?:svchost|lsass)\.exe$/.test(w.processes.imageText(by))
      )
        continue;
      const anchor = [...s.nodes.values()].find(
        (n) => n.host === c.source && n.kind === 'process' && s.group(n.key) === g && n.t <= l.t,
      );
      if (anchor === undefined) continue;
      s.session(l, anchor, known ? 'edge.way' : 'edge.read-much', 'likely');
      s.drain();
      break;
    }
  }
  return s.nodes.size - before;
}
