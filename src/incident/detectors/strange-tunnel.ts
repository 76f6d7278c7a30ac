// A tunnel that somebody opened who tried other people's accounts from the same address first: whoever may use an account does not try
// those of colleagues, and a colleague who sits beside them gets in in the end.
import type { Lead } from '../graph/suspicion.js';
import { refusedTunnels, type Tunnel, tunnelOf, tunnels } from '../graph/tunnels.js';
import { SSH, type World } from '../graph/world.js';

/** Refused sign-ins as others before a tunnel counts. */
const TRIED = 2;
const TRIED_WITHIN = 86_400e6;

export function strangeTunnels(w: World): Lead[] {
  const refused = refusedTunnels(w);
  if (refused.length === 0) return [];
  const all = tunnels(w);
  const opened = new Map<string, Tunnel[]>();
  for (const v of all) {
    const list = opened.get(v.ip);
    if (list === undefined) opened.set(v.ip, [v]);
    else list.push(v);
  }
  const found: { v: Tunnel; tries: typeof refused }[] = [];
  for (const [ip, list] of opened) {
    if (!w.addresses.outside(ip)) continue;
    const users = new Set(list.map((v) => v.user));
    // An address that several get in from is shared.
    if (users.size > 1) continue;
    const v = list.reduce((a, b) => (b.start < a.start ? b : a));
    // Whoever opened nothing yet may be new, or at a new place: nothing is known of them.
    if (!all.some((x) => x.user === v.user && x.ip !== ip && x.start < v.start) && !known(w, v.user, v.start)) continue;
    const tries = refused.filter(
      (x) =>
        x.ip === ip && x.user !== v.user && x.t <= v.start && v.start - x.t <= TRIED_WITHIN && known(w, x.user, x.t),
    );
    if (tries.length >= TRIED) found.push({ v, tries });
  }
  if (found.length === 0) return [];
  const t = w.logons.table;
  const out: Lead[] = [];
  for (const { v, tries } of found) {
    let best = null;
    for (let i = t.from(v.start - 60e6); i < t.rows && t.t[i]! <= v.end + TRIED_WITHIN / 2; i++) {
      if (!w.logons.arrival(i)) continue;
      const l = w.logons.logon(i);
      if ((l.type !== 3 && l.type !== 10 && l.type !== SSH) || tunnelOf(w, l) !== v) continue;
      if (best === null || (best.type === 3 && l.type !== 3)) best = l;
      if (best.type !== 3) break;
    }
    if (best === null) continue;
    out.push({
      detector: 'strange-tunnel',
      technique: 'T1078',
      host: best.host,
      t: v.start,
      process: -1,
      session: best,
      weight: 1,
      places: [...tries.map((x) => x.place), ...v.touches.map((x) => x[1])].slice(0, 100),
      what: 'lead.strange-tunnel',
    });
  }
  return out;
}

const people = new WeakMap<World, Map<string, number>>();

/** Whether an account is one of the enterprise's: somebody had logged on with it, or opened a tunnel, by then. */
function known(w: World, user: string, t: number): boolean {
  let first = people.get(w);
  if (first === undefined) {
    people.set(w, (first = new Map()));
    const see = (name: string, at: number): void => {
      const plain = name.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();
      if (!(first!.get(plain)! <= at)) first!.set(plain, at);
    };
    for (const v of tunnels(w)) see(v.user, v.start);
    const a = w.logons.table;
    const is = w.facts.texts.asker((x) => x === 'logon' || x === 'accepted');
    const [activity, name] = [a.column('activity'), a.column('user')];
    for (let i = 0; i < a.rows; i++) if (is(activity[i]!) && name[i]! >= 0) see(w.text(name[i]!), a.t[i]!);
  }
  return (first.get(user.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase()) ?? Number.POSITIVE_INFINITY) < t;
}
