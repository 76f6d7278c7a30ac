// Attack sessions: where the intruder sat when they worked, by what they touched from outside.
import { firstAt } from '../facts/rows.js';
import type { Place } from '../facts/table.js';
import { theirCloudActs } from '../graph/cloud.js';
import { cameBefore, refusedTunnels, type Tunnel, tunnelOf, tunnels } from '../graph/tunnels.js';
import { SSH, type World } from '../graph/world.js';
import type { Group } from './group.js';
import { plainUser, type Request, Requests } from './requests.js';
import type { Tenants } from './tenants.js';
import { channelOf, refused, type WebFindings } from './web.js';

/** A gap of more than this starts the next session (contract). */
export const SESSION_GAP = 30 * 60e6;

/** How long before it is known as theirs an address is looked at, where nobody else came from it. */
const MONTH = 30 * 86_400e6;

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
