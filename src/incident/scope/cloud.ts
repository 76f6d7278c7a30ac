// What the intruder left and took away in services outside of the enterprise: grants, forwarding, rules that hide, audit that was turned off.
import type { Place } from '../facts/table.js';
import { type CloudAct, cloudActs } from '../graph/cloud.js';
import type { World } from '../graph/world.js';
import type { Group } from './group.js';
import type { PersistenceClaim, TraceClaim } from './traces.js';

export interface Marked {
  readonly kind: string;
  readonly technique: string;
  readonly what: string;
  readonly act: CloudAct;
}

/** Mail that is removed for good within this is one removal. */
const ONE_REMOVAL = 1800e6;

/** A command line's call is recorded within this. */
const CALLED_WITHIN = 120e6;

/**
 * What command lines of the intruder's asked of a cloud (`aws cloudtrail stop-logging`), from an address of the house's own: calls of that name at
 * that moment.
 */
export function orderedActs(w: World, g: Group): CloudAct[] {
  const lines: { t: number; line: string }[] = [];
  for (const r of g.processes) {
    const line = w.processes.commandText(r);
    if (/(?:^|[\s/"'])(?:aws|az|gcloud)(?:\.exe)?["']?\s/.test(line)) lines.push({ t: w.processes.start.at(r), line });
  }
  if (lines.length === 0) return [];
  return cloudActs(w).filter((x) => {
    // `StopLogging` is `stop-logging` there.
    const name = x.what.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
    return lines.some(
      (l) => Math.abs(x.t - l.t) <= CALLED_WITHIN && new RegExp(`(?:^|\\s)${name}(?:\\s|$)`).test(l.line),
    );
  });
}

/** Reads of stored objects that are no look: so many in a row. */
const MANY_OBJECTS = 20;

/** Objects of a bucket that were read from addresses of the intruder's, a theft for each place and store. */
export function cloudThefts(acts: readonly CloudAct[]): {
  t: number;
  host: number;
  destination: string;
  bytes: number;
  exact: boolean;
  method: string;
  what: string;
  stagedAs: null;
  places: Place[];
}[] {
  const by = new Map<string, CloudAct[]>();
  for (const x of acts) {
    if (!/^(?:GetObject|storage\.objects\.get)$/.test(x.what)) continue;
    const store = /"bucketName"\s*:\s*"([^"]+)"/.exec(x.parameters)?.[1] ?? x.parameters.slice(0, 100);
    const key = `${x.ip}|${store}`;
    const list = by.get(key);
    if (list === undefined) by.set(key, [x]);
    else list.push(x);
  }
  return [...by]
    .filter(([, list]) => list.length >= MANY_OBJECTS)
    .map(([key, list]) => ({
      t: list[0]!.t,
      host: -1,
      destination: list[0]!.ip,
      bytes: list.reduce((n, x) => n + x.bytes, 0),
      exact: list.every((x) => x.bytes > 0),
      method: 'cloud_download',
      what: key.slice(key.indexOf('|') + 1),
      stagedAs: null,
      places: list.slice(0, 1000).map((x) => x.place),
    }));
}

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
        kind: /^(?:Stop|Delete)/.test(m.act.what) ? 'sensor_stopped' : 'audit_policy_changed',
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
