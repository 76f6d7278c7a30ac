// Names of users that records have by number only: by the list of users of the same machine, by sessions that tell both.
import type { Facts } from '../facts/read.js';

/** Numbers of people's accounts begin here (login.defs(5)); those below mean something else on every machine. */
const PEOPLE = 1000;

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
  const root = texts.add('root');
  const digits = texts.asker((t) => /^\d{1,10}$/.test(t));
  return (host, user) => {
    if (user === -1 || (user >= 0 && !digits(user))) return user;
    const id = texts.number(user);
    if (id === 0) return root;
    return known.get(`${host}|${id}`) ?? anywhere.get(id) ?? user;
  };
}
