// What the intruder did in services outside of the enterprise (Microsoft 365, Entra ID): by the addresses that they came from. An address
// may be somebody's own as well: who used it long before the intruder did is no intruder.
import type { Place } from '../facts/table.js';
import type { World } from './world.js';
import type { Lead } from './suspicion.js';

/** One thing done in the cloud by somebody from somewhere. */
export interface CloudAct {
  readonly t: number;
  readonly ip: string;
  /** As the service writes it, in lower case. */
  readonly user: string;
  readonly what: string;
  /** Of what the operation was told: names and values, as the service writes them; ''. */
  readonly parameters: string;
  readonly channel: string;
  /** What recorded it, as the reader of its log names it: `m365/audit`. */
  readonly source: string;
  /** The key that it was done with, and the key that was made by it; ''. */
  readonly credential: string;
  readonly created: string;
  /** Bytes that were read by it; 0. */
  readonly bytes: number;
  readonly place: Place;
}

const plainAccount = (t: string): string => t.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();

const DAY = 86_400e6;
const known = new WeakMap<World, readonly CloudAct[]>();

/** Everything that cloud services recorded with an address outside, in the order of time. */
export function cloudActs(w: World): readonly CloudAct[] {
  const before = known.get(w);
  if (before !== undefined) return before;
  const out: CloudAct[] = [];
  const d = w.facts.table('datastore_activity');
  const a = w.facts.table('authentication');
  const api = w.facts.table('api_activity');
  const cloud = w.facts.texts.asker((t) => /^(?:m365|azure|aws|okta|google|gcp|duo)\//.test(t));
  const user = w.facts.texts.asker((t) => t.trim().toLowerCase());
  const channel = w.facts.texts.asker((t) => (/webservices|client=ews|;ews/i.test(t) ? 'ews' : 'owa'));
  const add = (
    t: number,
    ip: number,
    who: number,
    what: string,
    way: string,
    place: () => Place,
    source: number,
    more: { parameters?: string; credential?: string; created?: string; bytes?: number } = {},
  ): void => {
    if (ip < 0 || who < 0) return;
    const address = w.addresses.text(ip);
    if (address === '' || !w.addresses.outside(address)) return;
    const from = w.text(source);
    out.push({
      t,
      ip: address,
      user: user(who),
      what,
      parameters: more.parameters ?? '',
      channel: /^(?:m365|azure)\//.test(from) ? way : 'other',
      source: from,
      credential: more.credential ?? '',
      created: more.created ?? '',
      bytes: more.bytes ?? 0,
      place: place(),
    });
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
        d.source[i]!,
      );
  const signIn = w.facts.texts.asker((t) => t === 'sign-in');
  for (let i = 0; i < a.rows; i++)
    if (signIn(a.column('activity')[i]!))
      add(a.t[i]!, a.column('src_ip')[i]!, a.column('user')[i]!, 'sign-in', 'owa', () => a.place(i), a.source[i]!);
  for (let i = 0; i < api.rows; i++)
    if (cloud(api.source[i]!))
      add(
        api.t[i]!,
        api.column('src_ip')[i]!,
        api.column('user')[i]!,
        w.text(api.column('operation')[i]!),
        'owa',
        () => api.place(i),
        api.source[i]!,
        {
          parameters: w.text(api.column('parameters')[i]!),
          credential: w.text(api.column('credential_uid')[i]!),
          created: w.text(api.column('created_uid')[i]!),
          bytes: Math.max(0, w.facts.texts.number(api.column('bytes_out')[i]!) || 0),
        },
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

/** Folders that nobody looks into. */
const UNSEEN =
  /"(?:MoveToFolder|CopyToFolder)"\s*,\s*"Value"\s*:\s*"[^"]*(?:rss|conversation history|archive|junk|spam|notes|deleted|trash|outbox|sync issues|gel\u00f6scht|papierkorb|verwijderd|\u00e9l\u00e9ments supprim|elementos eliminados)[^"]*"|"DeleteMessage"\s*,\s*"Value"\s*:\s*"True"/i;
/** A name of marks only: what is not to be noticed. */
const NAMELESS = /"Name"\s*:\s*"Name"\s*,\s*"Value"\s*:\s*"[^\p{L}\p{N}"]{0,3}"/iu;
const parameter = (text: string, name: string): string =>
  new RegExp(`"Name"\\s*:\\s*"${name}"\\s*,\\s*"Value"\\s*:\\s*"([^"]*)"`, 'i').exec(text)?.[1] ?? '';

/** What somebody who stole an account does with it: its kind, or null. `own`: the domain of whose account it is. */
export function cloudMark(x: CloudAct): { kind: string; technique: string; what: string } | null {
  const own = x.user.replace(/^.*@/, '');
  const p = x.parameters;
  if (/^(?:new|set|update)-?inboxrules?$/i.test(x.what)) {
    const away = ['ForwardTo', 'ForwardAsAttachmentTo', 'RedirectTo']
      .map((n) => parameter(p, n))
      .find((v) => v.includes('@') && !v.toLowerCase().includes(own));
    if (away !== undefined) return { kind: 'forward', technique: 'T1114.003', what: away };
    return UNSEEN.test(p) || NAMELESS.test(p)
      ? { kind: 'rule', technique: 'T1564.008', what: parameter(p, 'Name') }
      : null;
  }
  if (/^set-mailbox$/i.test(x.what)) {
    const away = parameter(p, 'ForwardingSmtpAddress') || parameter(p, 'ForwardingAddress');
    if (away !== '' && !away.toLowerCase().includes(`@${own}`))
      return { kind: 'forward', technique: 'T1114.003', what: away.replace(/^smtp:/i, '') };
    if (/^false$/i.test(parameter(p, 'AuditEnabled')))
      return { kind: 'audit', technique: 'T1685', what: parameter(p, 'Identity') };
  }
  if (/^set-mailboxauditbypassassociation$/i.test(x.what))
    return { kind: 'audit', technique: 'T1685', what: parameter(p, 'Identity') };
  if (/^add-mailboxpermission$/i.test(x.what))
    return { kind: 'permission', technique: 'T1098.002', what: parameter(p, 'Identity') };
  if (/^consent to application\.?$/i.test(x.what))
    return { kind: 'consent', technique: 'T1098.003', what: /"displayName"\s*:\s*"([^"]+)"/.exec(p)?.[1] ?? '' };
  if (/^user\.mfa\.factor\.activate$/.test(x.what)) return { kind: 'factor', technique: 'T1098.005', what: x.user };
  if (/^CreateAccessKey$/.test(x.what) && x.created !== '')
    return { kind: 'key', technique: 'T1098.001', what: /"userName"\s*:\s*"([^"]+)"/.exec(p)?.[1] ?? x.user };
  if (/^(?:StopLogging|DeleteTrail|DeleteDetector)$/.test(x.what))
    return { kind: 'audit', technique: 'T1685', what: /"(?:name|detectorId)"\s*:\s*"([^"]+)"/.exec(p)?.[1] ?? '' };
  if (
    /^user registered (?:security info|all required security info)|^(?:registered|added) .*authenticat|^update user\.?$.*strongauth/i.test(
      x.what,
    )
  )
    return { kind: 'factor', technique: 'T1098.005', what: x.user };
  return null;
}

/** Operations that only set a new address apart where somebody's own would be usual. */
const STRONG: ReadonlySet<string> = new Set(['rule', 'forward', 'consent', 'audit', 'factor', 'permission']);
/** A key that was stolen as it was made is used within this. */
const KEY_WITHIN = 60 * DAY;
/** Accounts that one address may sign in for before it counts as a place that many share. */
const SHARED = 5;
/** Accounts that come from a new address at one time. */
const TOGETHER = 2;
const WITHIN = 3 * DAY;

/**
 * Addresses outside from which stolen accounts were used in the cloud: an account that never came from there does there what hides mail, sends
 * it away or lets somebody back in; or several accounts, none of which ever came from there, come from it together, and one of them is such.
 */
export function cloudLeads(w: World): Lead[] {
  const all = cloudActs(w);
  if (all.length === 0) return [];
  // Since when each account is seen, from each address; and who ever came from an address.
  const first = new Map<string, number>();
  const seen = new Map<string, number>();
  const users = new Map<string, Map<string, number>>();
  for (const x of all) {
    const key = `${x.ip}|${x.user}`;
    if (!first.has(key)) first.set(key, x.t);
    if (!seen.has(x.user)) seen.set(x.user, x.t);
    const m = users.get(x.ip) ?? new Map<string, number>();
    users.set(x.ip, m);
    if (!m.has(x.user)) m.set(x.user, x.t);
  }
  const crowd = (ip: string): boolean => users.get(ip)!.size > SHARED;
  const leads = new Map<string, { t: number; act: CloudAct; kinds: Set<string>; places: Place[] }>();
  const taken = new Map<string, number>();
  for (const x of all) {
    const mark = cloudMark(x);
    if (mark === null || !STRONG.has(mark.kind) || crowd(x.ip)) continue;
    const since = first.get(`${x.ip}|${x.user}`)!;
    // New to an account that is known, from a day before at most.
    if (x.t - since > DAY || since - seen.get(x.user)! < DAY) continue;
    // What an administrator does all the time and somebody once is told apart by what hides.
    const strong = mark.kind === 'rule' || mark.kind === 'forward' || mark.kind === 'consent';
    const known = leads.get(x.ip);
    if (known === undefined) leads.set(x.ip, { t: since, act: x, kinds: new Set([mark.kind]), places: [x.place] });
    else {
      known.kinds.add(mark.kind);
      known.t = Math.min(known.t, since);
      known.places.push(x.place);
    }
    if (strong) taken.set(x.user, Math.min(taken.get(x.user) ?? Number.POSITIVE_INFINITY, since));
  }
  const out: Lead[] = [];
  const theirs = new Set<string>();
  // A key that somebody made for another, used from where the account never came, and nobody else does.
  const made = new Map<string, CloudAct>();
  for (const x of all) if (x.created !== '') made.set(x.created, x);
  if (made.size > 0) {
    const came = new Set<string>();
    const keyed = new Map<string, CloudAct[]>();
    for (const x of all) {
      const by = made.get(x.credential);
      if (by === undefined || by.user === x.user || x.t < by.t || x.t - by.t > KEY_WITHIN) {
        came.add(`${x.ip}|${x.user}`);
        continue;
      }
      if (!came.has(`${x.ip}|${x.user}`) && x.ip !== by.ip) keyed.set(x.ip, [...(keyed.get(x.ip) ?? []), x]);
    }
    for (const [ip, list] of keyed) {
      if (users.get(ip)!.size > 1) continue;
      theirs.add(ip);
      out.push(
        lead(
          ip,
          list[0]!.t,
          list.slice(0, 20).map((x) => x.place),
          'lead.cloud-key',
          'T1078.004',
        ),
      );
    }
  }
  for (const [ip, l] of leads) {
    const strong = [...l.kinds].some((k) => k === 'rule' || k === 'forward' || k === 'consent') || l.kinds.size >= 2;
    if (!strong) continue;
    theirs.add(ip);
    for (const user of users.get(ip)!.keys())
      taken.set(user, Math.min(taken.get(user) ?? Number.POSITIVE_INFINITY, users.get(ip)!.get(user)!));
    out.push(lead(ip, l.t, l.places, 'lead.cloud-account', cloudMark(l.act)!.technique));
  }
  // From elsewhere at that time: several accounts that never came from there, of which some are known to be stolen; or one of those that
  // does there what it never did.
  for (let more = true; more;) {
    more = false;
    for (const [ip, m] of users) {
      if (theirs.has(ip) || crowd(ip)) continue;
      const fresh = [...m].filter(([user, t]) => t - seen.get(user)! >= DAY || taken.has(user));
      const stolen = fresh.filter(
        ([user, t]) => taken.has(user) && Math.abs(t - taken.get(user)!) <= 30 * DAY && t >= taken.get(user)! - DAY,
      );
      if (stolen.length === 0) continue;
      const together =
        fresh.length >= TOGETHER &&
        Math.max(...fresh.map((x) => x[1])) - Math.min(...fresh.map((x) => x[1])) <= WITHIN &&
        fresh.length === m.size;
      const marked = leads.has(ip);
      if (!together && !marked) continue;
      theirs.add(ip);
      more = true;
      const t = Math.min(...stolen.map((x) => x[1]));
      for (const [user, at] of fresh) taken.set(user, Math.min(taken.get(user) ?? Number.POSITIVE_INFINITY, at));
      out.push(
        lead(
          ip,
          t,
          all
            .filter((x) => x.ip === ip)
            .slice(0, 20)
            .map((x) => x.place),
          'lead.cloud-together',
          'T1078.004',
        ),
      );
    }
  }
  return out;
}

function lead(address: string, t: number, places: readonly Place[], what: string, technique: string): Lead {
  return {
    detector: 'cloud-account',
    technique,
    host: -1,
    t,
    process: -1,
    session: null,
    address,
    weight: 1,
    places: places.slice(0, 100),
    what,
  };
}

/** Accounts, without a domain, that the intruder came as from addresses of theirs. */
export function cloudAccounts(w: World, addresses: ReadonlyMap<string, number>): ReadonlySet<string> {
  return new Set(theirCloudActs(w, addresses, () => false).map((x) => plainAccount(x.user)));
}
