// What the intruder tried and did not get: passwords that failed from a host or an address of theirs, connections of their
// programs to other machines that no session followed.
import type { Place } from '../facts/table.js';
import { REMOTE_PORTS } from '../graph/remote.js';
import { ownAccount, type World } from '../graph/world.js';
import type { Group } from './group.js';

const MINUTE = 60e6;
/** A failed logon and the connection that it came by are no further apart, clocks compared. */
const SAME_TRY = 15e6;
/** A failed logon without its connection belongs to what the intruder did on the source host within this. */
const AT_WORK = 5 * MINUTE;
/** An address of the intruder's is theirs this long before and after what they did from it: others get it later. */
const SAME_DAY = 24 * 3600e6;

const plain = (user: string): string => user.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();

interface Opened {
  readonly t: number;
  readonly from: number;
  readonly to: number;
  readonly port: number;
  readonly place: Place;
  /** By a command line: only an order, unless something came of it. */
  readonly named: boolean;
}

/**
 * Adds to the group the hosts and accounts that were only tried. `sessions`: first and last moment of the intruder by outside
 * address, in microseconds.
 */
export function attempts(
  w: World,
  g: Group,
  domains: ReadonlyMap<string, string>,
  sessions: ReadonlyMap<string, readonly [number, number]>,
): void {
  const { texts } = w.facts;
  const net = w.facts.table('network_activity');
  const [dst, dport, sport] = [net.column('dst_ip'), net.column('dst_port'), net.column('src_port')];
  const opened: Opened[] = [];
  for (const r of g.processes) {
    const from = w.processes.host.at(r);
    for (const i of w.flows(r)) {
      if (!REMOTE_PORTS.has(texts.number(dport[i]!))) continue;
      const to = w.addresses.hostAt(w.addresses.text(dst[i]!), net.t[i]!);
      if (to >= 0 && to !== from)
        opened.push({ t: net.t[i]!, from, to, port: texts.number(sport[i]!), place: net.place(i), named: false });
    }
    // What its command line names: the connection itself is the system's, for shares.
    const t = w.processes.start.at(r);
    const place = w.processes.places(r)[0];
    if (Number.isFinite(t) && place !== undefined)
      for (const to of g.suspicion.remote.named(r))
        if (to !== from) opened.push({ t, from, to, port: -1, place, named: true });
  }
  const byTarget = new Map<number, Opened[]>();
  for (const o of opened) {
    const list = byTarget.get(o.to);
    if (list === undefined) byTarget.set(o.to, [o]);
    else list.push(o);
  }
  const a = w.facts.table('authentication');
  const c = (n: string): Int32Array => a.column(n);
  const [activity, user, ip, port, pid, workstation] = [
    c('activity'),
    c('user'),
    c('src_ip'),
    c('src_port'),
    c('pid'),
    c('workstation'),
  ];
  const kind = texts.asker((t) =>
    t === 'logon failed' ? 1 : t === 'preauthentication failed' ? 2 : t === 'failed' || t === 'invalid user' ? 3 : 0,
  );
  const strange = strangers(w, g);
  for (let i = 0; i < a.rows; i++) {
    const k = kind(activity[i]!);
    const host = a.host[i]!;
    if (k === 0 || host < 0 || user[i]! < 0) continue;
    const name = texts.text(user[i]!);
    // Who was refused without a name was refused.
    const person = !ownAccount(name) || (k === 3 && name === 'root');
    if (!person && k !== 3) continue;
    const t = a.t[i]!;
    const address = w.addresses.text(ip[i]!);
    const local = address === '' || address === '-' || address.startsWith('127.') || address === '::1';
    let by: Place | null = null;
    let theirs = false;
    const outside = sessions.get(address);
    if (outside !== undefined) theirs = t >= outside[0] - SAME_DAY && t <= outside[1] + SAME_DAY;
    else {
      const n = texts.number(pid[i]!);
      if (local && !Number.isNaN(n) && n > 4) theirs = g.processes.has(w.processes.at(host, n, t));
      const named = local ? w.facts.hosts.known(texts.text(workstation[i]!)) : -1;
      const source = local ? (named === host ? -1 : named) : w.addresses.hostAt(address, t);
      const held = source >= 0 ? g.hosts.get(source) : undefined;
      if (!theirs && held?.status === 'controlled' && source !== host && k !== 2) {
        const at = w.carried(t, host, source);
        const near = (byTarget.get(host) ?? []).filter((o) => o.from === source && Math.abs(o.t - at) <= SAME_TRY);
        by = (near.find((o) => o.port === texts.number(port[i]!)) ?? near[0])?.place ?? null;
        // Without a sensor on the source, what they did there at the time tells, and that nobody sits there who mistypes.
        theirs =
          by !== null ||
          // What goes over shares is the system's own connection: the account in their hands tells.
          (k === 1 && g.accounts.get(plain(name))?.status === 'abused' && g.near(source, at, 6 * AT_WORK)) ||
          // Somebody who never came from there, while they were at work there.
          (k === 1 && g.near(source, at, AT_WORK) && strange(source, plain(name))) ||
          (!w.sensed(source) &&
            ((g.near(source, at, AT_WORK) && g.suspicion.atDesk(name) === 0) || g.present(source, at)) &&
            at >= held.first);
      }
    }
    if (!theirs) continue;
    const places = [a.place(i), ...(by === null ? [] : [by])];
    if (k !== 2) g.claim(host, 'attempted', t, places, 'how.failed', 'certain');
    if (person) g.account(name, domains, 'attempted', t, places);
  }
  for (const o of opened)
    if (!o.named && (g.hosts.get(o.to)?.status ?? 'attempted') === 'attempted')
      g.claim(o.to, 'attempted', w.carried(o.t, o.from, o.to), [o.place], 'how.probed', 'certain');
}

/** Failed logons of one account from one host beside the intruder's work: more, and something there asks with a wrong password. */
const OTHERS = 2;

/** Whether an account never logged on from a host, and failed to hardly ever but while the intruder was at work there. */
function strangers(w: World, g: Group): (source: number, user: string) => boolean {
  const known = new Map<string, { came: boolean; apart: number }>();
  const a = w.logons.table;
  const [activity, user, ip] = [a.column('activity'), a.column('user'), a.column('src_ip')];
  const kind = w.facts.texts.asker((t) => (t === 'logon' ? 1 : t === 'logon failed' ? 2 : 0));
  const name = w.facts.texts.asker((t) => plain(t));
  for (let i = 0; i < a.rows; i++) {
    const k = kind(activity[i]!);
    if (k === 0 || user[i]! < 0 || ip[i]! < 0) continue;
    const source = w.addresses.hostAt(w.addresses.text(ip[i]!), a.t[i]!);
    if (source < 0 || source === a.host[i] || g.hosts.get(source)?.status !== 'controlled') continue;
    const key = `${source}|${name(user[i]!)}`;
    const x = known.get(key) ?? { came: false, apart: 0 };
    known.set(key, x);
    if (k === 1) x.came ||= !g.sessions.has(i);
    else if (!g.near(source, w.carried(a.t[i]!, a.host[i]!, source), 6 * AT_WORK)) x.apart++;
  }
  return (source, who) => {
    const x = known.get(`${source}|${who}`);
    return x !== undefined && !x.came && x.apart <= OTHERS;
  };
}
