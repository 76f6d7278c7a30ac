// What a session did that is no visit: an account, a member of a group, a service or a task was made in it, or a log was cleared. And where
// somebody sits: whose desktop is open on a machine at a time.
import { type Logon, SSH } from './logons.js';
import type { World } from './world.js';

/** A desktop whose end no record tells is left after this. */
const DESK_LENGTH = 12 * 3600e6;

const known = new WeakMap<World, ReadonlySet<string>>();

/** A task that is made to run once over the network is made at once, and taken away again within this. */
const TASK_WITHIN = 60e6;
const TASK_GONE = 10 * 60e6;

const brief = new WeakMap<World, readonly { host: number; user: string; t: number }[]>();

/** Tasks that somebody made and took away again within minutes. */
function briefTasks(w: World): readonly { host: number; user: string; t: number }[] {
  let list = brief.get(w);
  if (list !== undefined) return list;
  const t = w.facts.table('scheduled_job_activity');
  const [activity, task, user] = [t.column('activity'), t.column('task'), t.column('user')];
  const kind = w.facts.texts.asker((x) => (x === 'create' ? 1 : x === 'delete' ? 2 : 0));
  const open = new Map<string, { host: number; user: string; t: number }>();
  const out: { host: number; user: string; t: number }[] = [];
  for (let i = 0; i < t.rows; i++) {
    const k = kind(activity[i]!);
    if (k === 0 || t.host[i]! < 0) continue;
    const key = `${t.host[i]!}|${w.text(task[i]!).toLowerCase()}`;
    if (k === 1)
      open.set(key, { host: t.host[i]!, user: w.text(user[i]!).replace(/^.*\\/, '').toLowerCase(), t: t.t[i]! });
    else {
      const made = open.get(key);
      if (made !== undefined && t.t[i]! - made.t <= TASK_GONE) out.push(made);
      open.delete(key);
    }
  }
  brief.set(w, (list = out));
  return list;
}

/** Whether records tell of something that was made or cleared in a session: by its number, or a task of its account's that was soon gone. */
export function acted(w: World, l: Logon): boolean {
  if (
    l.type === 3 &&
    briefTasks(w).some((x) => x.host === l.host && x.user === l.user && x.t >= l.t - 2e6 && x.t - l.t <= TASK_WITHIN)
  )
    return true;
  if (l.id <= 0x3e7) return false;
  let acts = known.get(w);
  if (acts === undefined) {
    const found = new Set<string>();
    const what = w.facts.texts.asker((t) => /^(?:create|clear|install|member added|password reset)/.test(t));
    for (const name of ['account_change', 'service_activity', 'scheduled_job_activity', 'event_log_activity']) {
      const t = w.facts.table(name);
      const [activity, id] = [t.column('activity'), t.column('logon_id')];
      for (let i = 0; i < t.rows; i++) {
        if (t.host[i]! < 0 || id[i] === -1 || !what(activity[i]!)) continue;
        const n = w.facts.texts.number(id[i]!);
        if (n > 0x3e7) found.add(`${t.host[i]!}|${n}`);
      }
    }
    known.set(w, (acts = found));
  }
  return acts.has(`${l.host}|${l.id}`);
}

const desks = new WeakMap<World, ReadonlyMap<string, readonly { row: number; from: number; to: number }[]>>();

function desksOf(w: World): ReadonlyMap<string, readonly { row: number; from: number; to: number }[]> {
  let all = desks.get(w);
  if (all !== undefined) return all;
  const out = new Map<string, { row: number; from: number; to: number }[]>();
  const t = w.logons.table;
  const logon = w.facts.texts.asker((x) => x === 'logon' || x === 'accepted' || x === 'remote desktop logon');
  const activity = t.column('activity');
  for (let i = 0; i < t.rows; i++) {
    if (t.host[i]! < 0 || !logon(activity[i]!)) continue;
    const l = w.logons.logon(i);
    if (l.type !== 2 && l.type !== 7 && l.type !== 10 && l.type !== 11 && l.type !== SSH) continue;
    const end = l.type === 10 || l.type === SSH ? w.logons.closing(l) : -1;
    const off = end >= 0 ? t.t[end]! : w.logons.loggedOff(l);
    const key = `${l.host}|${l.user}`;
    const list = out.get(key) ?? [];
    out.set(key, list);
    list.push({ row: i, from: l.t, to: Math.min(off, l.t + DESK_LENGTH) });
  }
  desks.set(w, (all = out));
  return all;
}

/** Whether an account has a desktop (or a session of SSH) open on a host at a time, in a session that is none of those given by row. */
export function seated(w: World, host: number, user: string, t: number, other: (row: number) => boolean): boolean {
  return (desksOf(w).get(`${host}|${user}`) ?? []).some((x) => !other(x.row) && x.from <= t + 60e6 && x.to >= t - 60e6);
}

/** The last desktop session that an account had open on a host at a time; null. */
export function seatOf(w: World, host: number, user: string, t: number): Logon | null {
  const open = (desksOf(w).get(`${host}|${user}`) ?? []).filter((x) => x.from <= t + 60e6 && x.to >= t - 60e6).at(-1);
  return open === undefined ? null : w.logons.logon(open.row);
}

/** The desktop sessions of an account on a host that began before a time. */
export const seatsBefore = (w: World, host: number, user: string, t: number): readonly Logon[] =>
  (desksOf(w).get(`${host}|${user}`) ?? []).filter((x) => x.from < t).map((x) => w.logons.logon(x.row));

/** Whether anybody has a desktop open on a host at a time, in a session that is none of those given by row. */
export function anybodySits(w: World, host: number, t: number, other: (row: number) => boolean): boolean {
  for (const [key, list] of desksOf(w))
    if (key.startsWith(`${host}|`) && list.some((x) => !other(x.row) && x.from <= t && x.to >= t)) return true;
  return false;
}
