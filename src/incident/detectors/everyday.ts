// What administrators do now and then and intruders do as well: a copy of the directory to set up a controller, a hive saved before a change, a
// check of everybody's passwords. Who does it along a way that they go all the time, or with a program that is installed there, is told
// by it alone to be no intruder; with any other lead it counts.
import { seatOf, seatsBefore } from '../graph/acted.js';
import type { Logon } from '../graph/logons.js';
import type { Lead, Suspicion } from '../graph/suspicion.js';
import { tunnelOf, tunnels } from '../graph/tunnels.js';
import { SSH, type World } from '../graph/world.js';

/** Registry hives, the directory's database, replication. */
const HOUSEWORK = /^T1003\.00[236]$/;
/** Days before on which an account came from a machine to others, and how many others. */
const TRODDEN_DAYS = 2;
const TRODDEN_HOSTS = 3;
const DAY = 86_400e6;
/** A program's connections are no further from what they ask for. */
const ASKED_WITHIN = 30e6;
const INSTALLED = /^[a-z]:\\program files(?: \(x86\))?\\/;

const ways = new WeakMap<World, Map<string, { day: number; host: number }[]>>();

/** When and to which hosts an account came from a host, at a desktop or to run something: not what everybody asks a controller. */
function gone(w: World, source: number, user: string): readonly { day: number; host: number }[] {
  let known = ways.get(w);
  if (known === undefined) {
    ways.set(w, (known = new Map()));
    const t = w.logons.table;
    const asked = w.facts.texts.asker((x) => x === 'service ticket' || x === 'ticket granting ticket');
    const controllers = new Set<number>();
    for (let i = 0; i < t.rows; i++)
      if (t.host[i]! >= 0 && asked(t.column('activity')[i]!)) controllers.add(t.host[i]!);
    for (let i = 0; i < t.rows; i++) {
      if (!w.logons.arrival(i)) continue;
      const l = w.logons.logon(i);
      if (l.type !== 10 && l.type !== SSH && (l.type !== 3 || controllers.has(l.host))) continue;
      const from = w.logons.source(l);
      if (from < 0) continue;
      const key = `${from}|${l.user}`;
      const day = Math.floor(l.t / DAY);
      const list = known.get(key);
      if (list === undefined) known.set(key, [{ day, host: l.host }]);
      else if (!list.some((x) => x.day === day && x.host === l.host)) list.push({ day, host: l.host });
    }
  }
  return known.get(`${source}|${user}`) ?? [];
}

/** Whether an account sits on a host, at a time, where it had come from before: at the machine itself, or from the same place. */
function seatTrodden(w: World, host: number, user: string, t: number): boolean {
  const seat = seatOf(w, host, user, t);
  if (seat === null) return false;
  if (seat.type !== 10 && seat.type !== SSH) return true;
  const before = seatsBefore(w, host, user, seat.t - DAY / 2);
  const v = tunnelOf(w, seat);
  if (v !== null) return tunnels(w).some((x) => x.user === v.user && x.ip === v.ip && x.start < v.start - DAY / 2);
  const from = w.logons.source(seat);
  return before.some((x) => x.address === seat.address || (from >= 0 && w.logons.source(x) === from));
}

/** Whether a session came from a machine from which its account had gone to several others, on several days before, and where it sits as ever. */
export function trodden(w: World, l: Logon): boolean {
  const source = w.logons.source(l);
  if (source < 0) return false;
  const day = Math.floor(l.t / DAY);
  const before = gone(w, source, l.user).filter((x) => x.day < day);
  return (
    new Set(before.map((x) => x.day)).size >= TRODDEN_DAYS &&
    new Set(before.map((x) => x.host)).size >= TRODDEN_HOSTS &&
    seatTrodden(w, source, l.user, w.carried(l.t, l.host, source))
  );
}

/** The same lead, or one that only supports others. */
export function weighed(w: World, s: Suspicion, lead: Lead): Lead {
  if (lead.weight < 1 || !HOUSEWORK.test(lead.technique)) return lead;
  const id = lead.process < 0 ? -1 : w.processes.session.at(lead.process);
  const l = lead.session ?? (id > 0x3e7 ? w.logons.session(lead.host, id, lead.t) : null);
  if (l === null) return lead;
  if (trodden(w, l)) return { ...lead, weight: 0.5 };
  const source = w.logons.source(l);
  if (lead.process >= 0 || source < 0) return lead;
  // A program of the house: where such are installed, and nobody was seen to lay it there.
  const by = s.remote.opener(l, source);
  const programs = by >= 0 ? [by] : talkers(w, source, l.host, w.carried(l.t, l.host, source));
  const honest = (r: number): boolean => {
    const image = w.processes.imageText(r);
    return INSTALLED.test(image) && !written(w, source, image);
  };
  return programs.length > 0 && programs.every(honest) ? { ...lead, weight: 0.5 } : lead;
}

/** Processes of a host, other than the system's, that had connections to another at a time. */
function talkers(w: World, from: number, to: number, t: number): readonly number[] {
  const n = w.facts.table('network_activity');
  const [dst, guid, pid] = [n.column('dst_ip'), n.column('process_guid'), n.column('pid')];
  const out = new Set<number>();
  for (let i = n.from(t - ASKED_WITHIN); i < n.rows && n.t[i]! <= t + ASKED_WITHIN; i++) {
    if (n.host[i] !== from || w.addresses.hostAt(w.addresses.text(dst[i]!), n.t[i]!) !== to) continue;
    const r = w.processAt(from, guid[i]!, pid[i]!, n.t[i]!);
    if (r >= 0 && !w.hub(r) && !/^(?:[a-z]:\\windows\\|system$)/.test(w.processes.imageText(r))) out.add(r);
  }
  return [...out];
}

/** Whether a record tells that a file was made. */
function written(w: World, host: number, path: string): boolean {
  const f = w.facts.table('file_activity');
  const [activity, name] = [f.column('activity'), f.column('path')];
  const same = w.facts.texts.asker((x) => x.toLowerCase() === path);
  const create = w.facts.texts.asker((x) => x === 'create');
  for (let i = 0; i < f.rows; i++) if (f.host[i] === host && create(activity[i]!) && same(name[i]!)) return true;
  return false;
}
