// The report without the victim's names: hosts, people, accounts, mailboxes, domains and internal addresses replaced, each thing by
// one name throughout. The key says which is which, and is kept apart.
import { isIP } from 'node:net';
import type { IncidentDocument } from '../incident/index.js';

export interface Redacted {
  readonly document: IncidentDocument;
  /** What stands for what: replacement → original. */
  readonly key: Readonly<Record<string, string>>;
  /** Names that are replaced where they stand alone, but not inside texts: too short, or words of every report. */
  readonly left: readonly string[];
}

/** Names that every enterprise has: they tell nothing of the victim. */
const COMMON =
  /^(?:administrator|admin|guest|root|system|krbtgt|local service|network service|anonymous logon|everyone|users|nt authority|builtin|workgroup|local|localhost|domain|corp|public|default|-|\?)$/i;
const INTERNAL =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe[89ab][0-9a-f]:)/i;
/** Shorter texts stand in other words. */
const SHORTEST = 3;
/** Words of the report itself: an account of such a name cannot be told from them inside a text. */
const OWN_WORDS: ReadonlySet<string> = new Set(
  (
    'abused accessed account accounts address addresses attempted channel command confidence controlled country created credentials critical ' +
    'data database deleted domain entry event events evidence exact export failed file files first high host hosts incident incidents initial ' +
    'internal last lateral level likely local log logon logs low mail mailbox mailboxes moderate movement name network none other partial ' +
    'parsed period persistence phase process record records report role rule search server service session sessions skipped source status ' +
    'step system target task theft time timeline tool unknown update user users value vector victim web windows the and for from with they ' +
    'was were not has had all one two this that'
  ).split(' '),
);
/** Registry hives and the like, which stand before a backslash and are no domains. */
const NO_DOMAIN =
  /^(?:HK[A-Z_]+|REGISTRY|MACHINE|DEVICE|GLOBALROOT|SYSTEMROOT|WINDIR|PROGRAM.*|TEMP|WINDOWS|USERS|NT|AUTHORITY|SERVICE|BUILTIN|WORKGROUP)$/;

/** One form of all ways of writing a name in upper and lower case. */
const fold = (t: string): string => t.toUpperCase().toLowerCase();

export function redact(d: IncidentDocument): Redacted {
  const originals = new Map<string, string>();
  const key: Record<string, string> = {};
  const counts: Record<string, number> = {};
  const name = (kind: string, original: string, shown: (n: string) => string): string => {
    const low = fold(original);
    const known = originals.get(low);
    if (known !== undefined) return known;
    const n = String((counts[kind] = (counts[kind] ?? 0) + 1)).padStart(3, '0');
    const to = shown(n);
    originals.set(low, to);
    key[to] = original;
    return to;
  };
  const netbios = new Set<string>();
  const usable = (t: string): boolean => t.length >= SHORTEST && !COMMON.test(t);
  const address = (a: string): void => {
    if (isIP(a) > 0 && INTERNAL.test(a)) name('ip', a, (n) => `IP-${n}`);
  };
  const domain = (t: string): void => {
    if (!usable(t)) return;
    name('domain', t, (n) => `victim-${n}.example`);
    // The NetBIOS name of a domain is its first label, unless somebody chose another.
    const first = t.split('.')[0]!;
    if (usable(first) && first.length <= 15) netbios.add(fold(first));
  };
  const host = (t: string): void => {
    if (t === '') return;
    if (isIP(t) > 0) {
      address(t);
      return;
    }
    const [first, ...rest] = t.split('.');
    const suffix = rest.join('.');
    if (suffix !== '') domain(suffix);
    if (!usable(first!)) return;
    const label = name('host', first!, (n) => `HOST-${n}`);
    if (suffix !== '') {
      const full = `${label}.${originals.get(fold(suffix)) ?? suffix}`;
      originals.set(fold(t), full);
      key[full] = t;
    }
  };
  const account = (t: string): void => {
    const back = t.lastIndexOf('\\');
    const at = t.indexOf('@');
    if (back > 0) {
      const d0 = t.slice(0, back);
      if (usable(d0)) {
        name('netbios', d0, (n) => `DOMAIN-${n}`);
        netbios.add(fold(d0));
      }
    }
    if (at > 0) domain(t.slice(at + 1));
    const plain = t.slice(back + 1, at > back ? at : undefined).replace(/\$$/, '');
    if (plain.length > 0 && plain.length < SHORTEST && !COMMON.test(plain)) name('user', plain, (n) => `user-${n}`);
    if (usable(plain) && !originals.has(fold(plain))) name('user', plain, (n) => `user-${n}`);
  };
  const person = (t: string | null): void => {
    if (t !== null && usable(t)) name('person', t, (n) => `Person ${n}`);
  };

  // Hosts first, so that a machine's account is the machine.
  for (const e of d.evidence) for (const h of [...e.hosts, ...(e.host === null ? [] : [e.host])]) host(h);
  for (const c of d.overview.coverage) host(c.host);
  for (const h of d.overview.hosts ?? []) {
    host(h.name);
    for (const n of h.names) host(n);
    for (const a of h.addresses) address(a.address);
  }
  for (const i of d.incidents) {
    for (const h of i.hosts) host(h.name);
    for (const h of [...(i.update_hijack?.hosts_executed ?? []), ...(i.update_hijack?.hosts_downloaded ?? [])]) host(h);
    for (const a of i.accounts) account(a.name);
    for (const m of i.mailboxes) {
      person(m.owner);
      account(m.address);
    }
    for (const s of i.sessions) if (s.account !== null) account(s.account);
    for (const m of i.lateral_movement) if (m.account !== null) account(m.account);
  }
  for (const k of d.case.declared?.known ?? []) {
    for (const a of k.accounts) account(a);
    for (const h of k.hosts) host(h);
  }
  if (d.case.victim.name !== null) person(d.case.victim.name);
  // Names that only stand in texts: profiles in paths, accounts and addresses in what was matched.
  const walk = (v: unknown): void => {
    if (typeof v === 'string') {
      for (const m of v.matchAll(/\\Users\\([^\\/:*?"<>|\r\n]{3,64})(?=\\)/gi)) account(m[1]!);
      for (const m of v.matchAll(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g)) address(m[0]);
      for (const m of v.matchAll(/(?<![\w:.])[0-9a-f]{0,4}:[0-9a-f:.]{2,40}/gi)) address(m[0].replace(/[.:]$/, ''));
      // Names of mailboxes that commands name, which may be no account's.
      for (const m of v.matchAll(/\bmailbox "([^"\\@]{3,64})"/gi)) account(m[1]!);
      for (const m of v.matchAll(/[\w.+-]{1,64}@([\w-]+(?:\.[\w-]+)+)/g)) account(m[0]);
      // Only where the domain is one of the victim's, or stands at the start of a path and in capitals: a folder and a file look the same.
      for (const m of v.matchAll(/(?<![\\\w:/%.-])([\w-]{1,15})\\([\w$-][\w.$-]{1,63})(?![\w\\])/g)) {
        const d0 = m[1]!;
        const known = netbios.has(fold(d0));
        if (!known && (!/^[A-Z][A-Z0-9-]*$/.test(d0) || NO_DOMAIN.test(d0))) continue;
        if (/\.(?:exe|dll|ps1|bat|cmd|vbs|js|log|txt|zip|dat|sys|aspx?|tmp)$/i.test(m[2]!)) continue;
        account(m[0]);
      }
      for (const m of v.matchAll(/S-1-5-21-\d+-\d+-\d+/g)) name('sid', m[0], (n) => `S-1-5-21-VICTIM${n}`);
    } else if (Array.isArray(v)) for (const x of v) walk(x);
    else if (typeof v === 'object' && v !== null) for (const x of Object.values(v)) walk(x);
  };
  walk(d);

  const left = [...originals.keys()].filter((t) => t.length < SHORTEST || OWN_WORDS.has(t));
  const say = replacer(originals, new Set(left));
  const wholeName = (v: string): string | undefined => {
    const back = v.lastIndexOf('\\');
    const to = originals.get(fold(v.slice(back + 1)));
    return to === undefined || back < 0 ? to : `${say(v.slice(0, back))}\\${to}`;
  };
  const change = (v: unknown, at: string): unknown =>
    typeof v === 'string'
      ? ((WHOLE.has(at) ? wholeName(v) : undefined) ?? say(v))
      : Array.isArray(v)
        ? v.map((x) => change(x, at))
        : typeof v === 'object' && v !== null
          ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, KEPT.has(k) ? x : change(x, k)]))
          : v;
  const originalOf = new Map(Object.values(key).map((t) => [fold(t), t]));
  return { document: change(d, '') as IncidentDocument, key, left: left.map((t) => originalOf.get(t) ?? t) };
}

/**
 * Replaces names inside texts: the longest that begins at a place, where no letter or digit stands before or behind it
 * (what a URL writes as `%20` is neither). Linear in the text, whatever the number of names.
 */
function replacer(originals: ReadonlyMap<string, string>, left: ReadonlySet<string>): (t: string) => string {
  const byStart = new Map<string, string[]>();
  for (const t of originals.keys()) {
    if (left.has(t)) continue;
    const start = t.slice(0, SHORTEST);
    const list = byStart.get(start);
    if (list === undefined) byStart.set(start, [t]);
    else list.push(t);
  }
  for (const list of byStart.values()) list.sort((a, b) => b.length - a.length);
  const word = (c: number): boolean => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
  const hex = (c: number): boolean => (c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102);
  return (t) => {
    let out = '';
    let done = 0;
    for (let i = 0; i + SHORTEST <= t.length; i++) {
      if (
        i > 0 &&
        word(t.charCodeAt(i - 1)) &&
        !(i >= 3 && t[i - 3] === '%' && hex(t.charCodeAt(i - 2)) && hex(t.charCodeAt(i - 1)))
      )
        continue;
      // Folding can lengthen a text: what begins here is folded, and compared as far as the name goes.
      const list = byStart.get(fold(t.slice(i, i + SHORTEST)).slice(0, SHORTEST));
      if (list === undefined) continue;
      for (const name of list) {
        let length = name.length;
        if (fold(t.slice(i, i + length)) !== name) {
          // A letter that folds into two is one in the text.
          while (length > SHORTEST - 1 && fold(t.slice(i, i + length)).length > name.length) length--;
          if (length === name.length || fold(t.slice(i, i + length)) !== name) continue;
        }
        if (word(t.charCodeAt(i + length))) continue;
        out += t.slice(done, i) + originals.get(name)!;
        done = i + length;
        i = done - 1;
        break;
      }
    }
    return done === 0 ? t : out + t.slice(done);
  };
}

/** Where a value is a name as a whole. */
const WHOLE: ReadonlySet<string> = new Set([
  'name',
  'names',
  'account',
  'accounts',
  'host',
  'hosts',
  'owner',
  'from',
  'to',
  'server',
  'address',
  'hosts_executed',
  'hosts_downloaded',
]);

/** Values that are no text of the victim's: they stay exactly what they are. */
const KEPT: ReadonlySet<string> = new Set([
  'schema',
  'kind',
  'confidence',
  'method',
  'channel',
  'how',
  'items_is',
  'bytes_is',
  'phase',
  'tlp',
  'role',
  'privileged',
  'sha256',
  'id',
  'technique',
  'tactics',
  'tags',
  'time',
  'first',
  'last',
  'start',
  'end',
  'created',
  'from_time',
  'level',
  'status',
  'format',
  'rule',
  'author',
  'rule_source',
  'licence',
  'provenance',
  'counts',
]);
