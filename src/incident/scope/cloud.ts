// What the intruder did in services outside of the enterprise (Microsoft 365, Entra ID): by the addresses that they came from. An address
// may be somebody's own as well: who used it long before the intruder did is no intruder.
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';
import { plainAccount } from './mail.js';

/** One thing done in the cloud by somebody from somewhere. */
export interface CloudAct {
  readonly t: number;
  readonly ip: string;
  /** As the service writes it, in lower case. */
  readonly user: string;
  readonly what: string;
  readonly channel: string;
  readonly place: Place;
}

const DAY = 86_400e6;
const known = new WeakMap<World, readonly CloudAct[]>();

/** Everything that cloud services recorded with an address outside, in the order of time. */
export function cloudActs(w: World): readonly CloudAct[] {
  const before = known.get(w);
  if (before !== undefined) return before;
  const out: CloudAct[] = [];
  const outside = w.facts.texts.asker((t) => w.addresses.outside(t));
  const d = w.facts.table('datastore_activity');
  const a = w.facts.table('authentication');
  const api = w.facts.table('api_activity');
  const cloud = w.facts.texts.asker((t) => /^(?:m365|azure|aws)\//.test(t));
  const user = w.facts.texts.asker((t) => t.trim().toLowerCase());
  const channel = w.facts.texts.asker((t) => (/webservices|client=ews|;ews/i.test(t) ? 'ews' : 'owa'));
  const add = (t: number, ip: number, who: number, what: string, way: string, place: () => Place): void => {
    if (ip < 0 || who < 0) return;
    const address = w.addresses.text(ip);
    if (address === '' || !outside(ip)) return;
    out.push({ t, ip: address, user: user(who), what, channel: way, place: place() });
  };
  for (let i = 0; i < d.rows; i++)
    if (cloud(d.source[i]!))
      add(
        d.t[i]!,
        d.column('src_ip')[i]!,
        d.column('user')[i]!,
        w.text(d.column('operation')[i]!),
        channel(d.column('client')[i]!),
        () => d.place(i),
      );
  const signIn = w.facts.texts.asker((t) => t === 'sign-in');
  for (let i = 0; i < a.rows; i++)
    if (signIn(a.column('activity')[i]!))
      add(a.t[i]!, a.column('src_ip')[i]!, a.column('user')[i]!, 'sign-in', 'owa', () => a.place(i));
  for (let i = 0; i < api.rows; i++)
    if (cloud(api.source[i]!))
      add(api.t[i]!, api.column('src_ip')[i]!, api.column('user')[i]!, w.text(api.column('operation')[i]!), 'owa', () =>
        api.place(i),
      );
  out.sort((x, y) => x.t - y.t);
  known.set(w, out);
  return out;
}

/** Days on which somebody's own address is seen before it counts as theirs, where the account is in the intruder's hands. */
const OWN_DAYS = 3;

/** What of it is the intruder's, who came from these addresses since these times and has these accounts in hand. */
export function theirCloudActs(
  w: World,
  addresses: ReadonlyMap<string, number>,
  held: (account: string) => boolean,
): readonly CloudAct[] {
  const all = cloudActs(w);
  if (all.length === 0 || addresses.size === 0) return [];
  const days = new Map<string, Set<number>>();
  for (const x of all) {
    const since = addresses.get(x.ip);
    if (since === undefined || x.t >= since - DAY) continue;
    const key = `${x.ip}|${x.user}`;
    days.set(key, (days.get(key) ?? new Set()).add(Math.floor(x.t / DAY)));
  }
  return all.filter((x) => {
    const since = addresses.get(x.ip);
    if (since === undefined) return false;
    const before = days.get(`${x.ip}|${x.user}`)?.size ?? 0;
    if (held(plainAccount(x.user))) return before < OWN_DAYS;
    return before === 0 && x.t >= since - DAY;
  });
}
