// Tunnels through a VPN gateway: whose, from where, which address inside they were given, from when to when.
import type { Place } from '../facts/table.js';
import type { Logon } from './logons.js';
import type { World } from './world.js';

export interface Tunnel {
  readonly host: number;
  readonly user: string;
  readonly ip: string;
  start: number;
  end: number;
  readonly taken: string[];
  readonly touches: [number, Place][];
}

const known = new WeakMap<World, Tunnel[]>();

/** Records of one beginning or end are no further apart. */
const SAME_MOMENT = 10e6;

/** VPN tunnels, from their beginning to their end. */
export function tunnels(w: World): readonly Tunnel[] {
  const before = known.get(w);
  if (before !== undefined) return before;
  const t = w.facts.table('tunnel_activity');
  const [activity, user, ip, inside] = ['activity', 'user', 'src_ip', 'inside_ip'].map((c) => t.column(c)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const out: Tunnel[] = [];
  const open = new Map<string, Tunnel>();
  const ended = new Map<string, Tunnel>();
  for (let i = 0; i < t.rows; i++) {
    const who = w.text(user[i]!).toLowerCase();
    const from = w.addresses.text(ip[i]!);
    const what = w.text(activity[i]!);
    if (what === 'failed') continue;
    const key = `${who}|${from}`;
    let o = open.get(key);
    // Gateways write several records of one beginning, and of one end.
    const last = o ?? ended.get(key);
    if (last !== undefined && t.t[i]! - last.end < SAME_MOMENT && (what === 'disconnect' || o !== undefined)) o = last;
    else if (what === 'connect') o = undefined;
    if (o === undefined) {
      o = { host: t.host[i]!, user: who, ip: from, start: t.t[i]!, end: t.t[i]!, taken: [], touches: [] };
      open.set(key, o);
      out.push(o);
    }
    o.end = t.t[i]!;
    o.touches.push([t.t[i]!, t.place(i)]);
    const a = w.addresses.text(inside[i]!);
    if (a !== '') o.taken.push(a);
    if (what === 'disconnect') {
      open.delete(key);
      ended.set(key, o);
    }
  }
  known.set(w, out);
  return out;
}

const DAY = 86_400e6;

/** Whether a tunnel's user came from its address before somebody asked for a hidden script from there: then the address is shared. */
export const cameBefore = (w: World, v: Pick<Tunnel, 'ip' | 'user'>, since: number): boolean =>
  tunnels(w).some((x) => x.ip === v.ip && x.user === v.user && x.start < since - DAY);

/** A sign-in that a gateway refused. */
export interface RefusedTunnel {
  readonly t: number;
  readonly host: number;
  /** As the gateway writes it, in lower case. */
  readonly user: string;
  readonly ip: string;
  readonly place: Place;
}

const knownRefused = new WeakMap<World, readonly RefusedTunnel[]>();

/** Sign-ins that VPN gateways refused, in the order of time. */
export function refusedTunnels(w: World): readonly RefusedTunnel[] {
  const before = knownRefused.get(w);
  if (before !== undefined) return before;
  const t = w.facts.table('tunnel_activity');
  const [activity, user, ip] = [t.column('activity'), t.column('user'), t.column('src_ip')];
  const failed = w.facts.texts.asker((x) => x === 'failed');
  const out: RefusedTunnel[] = [];
  for (let i = 0; i < t.rows; i++)
    if (failed(activity[i]!))
      out.push({
        t: t.t[i]!,
        host: t.host[i]!,
        user: w.text(user[i]!).toLowerCase(),
        ip: w.addresses.text(ip[i]!),
        place: t.place(i),
      });
  knownRefused.set(w, out);
  return out;
}

/**
 * Whether a session that came from a tunnel's address is its user's, and not one from a machine of the enterprise that is on its way:
 * a laptop under control moves on from wherever its owner takes it.
 */
export function strangersTunnel(w: World, l: Logon, user: string): boolean {
  return w.logons.source(l) < 0 || l.user === user.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();
}

/** A tunnel whose end no record tells may be used this long. */
const UNENDED = 12 * 3600e6;
const byInside = new WeakMap<World, Map<string, Tunnel[]>>();

/** The tunnel that a session came through: the last that had been given its address by then; null. */
export function tunnelOf(w: World, l: Logon): Tunnel | null {
  if (l.address === '') return null;
  let index = byInside.get(w);
  if (index === undefined) {
    byInside.set(w, (index = new Map()));
    for (const v of tunnels(w))
      for (const a of v.taken) {
        const list = index.get(a);
        if (list === undefined) index.set(a, [v]);
        else list.push(v);
      }
  }
  const v = index.get(l.address)?.findLast((x) => x.start <= l.t + 60e6);
  return v === undefined || l.t > v.end + UNENDED || !strangersTunnel(w, l, v.user) ? null : v;
}
