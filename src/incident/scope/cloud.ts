// What the intruder left and took away in services outside of the enterprise: grants, forwarding, rules that hide, audit that was turned off.
import type { Place } from '../facts/table.js';
import type { CloudAct } from '../graph/cloud.js';
import type { World } from '../graph/world.js';
import type { PersistenceClaim, TraceClaim } from './traces.js';

export interface Marked {
  readonly kind: string;
  readonly technique: string;
  readonly what: string;
  readonly act: CloudAct;
}

/** Mail that is removed for good within this is one removal. */
const ONE_REMOVAL = 1800e6;

export function cloudPersistence(marked: readonly Marked[]): PersistenceClaim[] {
  const out = new Map<string, PersistenceClaim>();
  for (const m of marked) {
    if (m.kind === 'rule' || m.kind === 'audit') continue;
    const name =
      m.kind === 'permission'
        ? `${m.act.user} → ${m.what}`
        : m.kind === 'forward'
          ? `${m.act.user} → ${m.what}`
          : m.what;
    const key = `${m.kind}|${name.toLowerCase()}`;
    const known = out.get(key);
    if (known === undefined)
      out.set(key, {
        host: -1,
        kind: 'other',
        name,
        command: null,
        t: m.act.t,
        technique: m.technique,
        places: [m.act.place],
      });
    else known.places.push(m.act.place);
  }
  return [...out.values()];
}

export function cloudTraces(marked: readonly Marked[], acts: readonly CloudAct[]): TraceClaim[] {
  const out: TraceClaim[] = [];
  for (const m of marked)
    if (m.kind === 'audit')
      out.push({
        host: -1,
        kind: 'audit_policy_changed',
        t: m.act.t,
        what: `${m.act.what} ${m.what}`,
        places: [m.act.place],
      });
    else if (m.kind === 'rule')
      out.push({
        host: -1,
        kind: 'other',
        t: m.act.t,
        what: `${m.act.what} ${m.act.user} "${m.what}"`,
        places: [m.act.place],
      });
  const removed = new Map<string, TraceClaim & { last: number }>();
  for (const x of acts) {
    if (!/^harddelete$/i.test(x.what)) continue;
    const known = removed.get(x.user);
    if (known !== undefined && x.t - known.last < ONE_REMOVAL) {
      known.last = x.t;
      known.places.push(x.place);
      continue;
    }
    const claim = { host: -1, kind: 'other', t: x.t, last: x.t, what: `HardDelete ${x.user}`, places: [x.place] };
    removed.set(x.user, claim);
    out.push(claim);
  }
  return out;
}

/** Accounts that sign-ins from addresses of the intruder's failed for. */
export function refusedInCloud(
  w: World,
  addresses: ReadonlyMap<string, number>,
  refused: (user: string, t: number, place: Place) => void,
): void {
  const a = w.facts.table('authentication');
  const [activity, ip, user] = [a.column('activity'), a.column('src_ip'), a.column('user')];
  const failed = w.facts.texts.asker((t) => t === 'sign-in failed');
  for (let i = 0; i < a.rows; i++) {
    if (!failed(activity[i]!) || ip[i]! < 0 || user[i]! < 0) continue;
    const since = addresses.get(w.addresses.text(ip[i]!));
    if (since !== undefined && a.t[i]! >= since - 86_400e6) refused(w.text(user[i]!), a.t[i]!, a.place(i));
  }
}
