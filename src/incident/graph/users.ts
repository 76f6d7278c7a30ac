// Names of users that records have by number only: by the list of users of the same machine, by sessions that tell both.
import type { Facts } from '../facts/read.js';

/** Numbers of people's accounts begin here (login.defs(5)); those below mean something else on every machine. */
const PEOPLE = 1000;

/** Two logs' records of one command are no further apart. */
const SAME_COMMAND = 2e6;

/** Gives the name's text for a host and a user's text that is a number; the same text where it is a name or not known. */
export function userNames(facts: Facts): (host: number, user: number) => number {
  const { texts } = facts;
  const known = new Map<string, number>();
  const anywhere = new Map<number, number | null>();
  const learn = (host: number, id: number, name: number): void => {
    if (host < 0 || Number.isNaN(id) || id < 0 || id >= 4_294_967_295 || name < 0) return;
    if (/^\d+$/.test(texts.text(name))) return;
    known.set(`${host}|${id}`, name);
    if (id < PEOPLE) return;
    const other = anywhere.get(id);
    // Two machines that do not agree: the number means nobody elsewhere.
    anywhere.set(id, other === undefined || other === name ? name : null);
  };
  const a = facts.table('authentication');
  const started = texts.asker((t) => t === 'audit login' || t === 'audit session');
  const [activity, sid, user] = [a.column('activity'), a.column('sid'), a.column('user')];
  for (let i = 0; i < a.rows; i++) if (started(activity[i]!)) learn(a.host[i]!, texts.number(sid[i]!), user[i]!);
  const c = facts.table('account_change');
  const listed = texts.asker((t) => t === 'listed');
  for (let i = 0; i < c.rows; i++)
    if (listed(c.column('activity')[i]!)) learn(c.host[i]!, texts.number(c.column('member')[i]!), c.column('user')[i]!);
  // One command by sudo that both logs tell: one names who gave it, the other has the number.
  const p = facts.table('process_activity');
  const [image, line, who, parent] = ['process', 'command_line', 'user', 'parent_process'].map((x) => p.column(x)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const sudo = texts.asker((t) => /(?:^|\/)sudo$/.test(t));
  const asked = texts.asker((t) => /^sudo(?: \(console\))?$/.test(t));
  const numbered = new Map<string, { t: number; id: number }[]>();
  for (let i = 0; i < p.rows; i++) {
    if (p.host[i]! < 0 || who[i] === -1 || image[i]! < 0 || !sudo(image[i]!)) continue;
    const id = texts.number(who[i]!);
    if (Number.isNaN(id)) continue;
    const key = `${p.host[i]!}|${texts.text(line[i]!).replace(/^\S*sudo\s+(?:-\S+\s+)*/, '')}`;
    const list = numbered.get(key) ?? [];
    numbered.set(key, list);
    list.push({ t: p.t[i]!, id });
  }
  if (numbered.size > 0)
    for (let i = 0; i < p.rows; i++) {
      if (p.host[i]! < 0 || parent[i]! < 0 || !asked(parent[i]!)) continue;
      const near = (numbered.get(`${p.host[i]!}|${texts.text(line[i]!)}`) ?? []).find(
        (x) => Math.abs(x.t - p.t[i]!) < SAME_COMMAND,
      );
      if (near !== undefined) learn(p.host[i]!, near.id, who[i]!);
    }
  const root = texts.add('root');
  const digits = texts.asker((t) => /^\d{1,10}$/.test(t));
  return (host, user) => {
    if (user === -1 || (user >= 0 && !digits(user))) return user;
    const id = texts.number(user);
    if (id === 0) return root;
    return known.get(`${host}|${id}`) ?? anywhere.get(id) ?? user;
  };
}
