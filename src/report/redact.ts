// The report without the victim's names: hosts, people, accounts, mailboxes, domains and internal addresses replaced, each thing by
// one name throughout. The key says which is which, and is kept apart.
import { isIP } from 'node:net';
import type { IncidentDocument } from '../incident/index.js';

export interface Redacted {
  readonly document: IncidentDocument;
  /** What stands for what: replacement → original. */
  readonly key: Readonly<Record<string, string>>;
}

/** Names that every enterprise has: they tell nothing of the victim. */
const COMMON =
  /^(?:administrator|admin|guest|root|system|krbtgt|local service|network service|anonymous logon|everyone|users|nt authority|builtin|workgroup|local|localhost|domain|corp|public|default|-|\?)$/i;
const INTERNAL =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe80:)/i;
/** Shorter texts stand in other words. */
const SHORTEST = 3;

export function redact(d: IncidentDocument): Redacted {
  const originals = new Map<string, string>();
  const key: Record<string, string> = {};
  const counts: Record<string, number> = {};
  const name = (kind: string, original: string, shown: (n: string) => string): string => {
    const low = original.toLowerCase();
    const known = originals.get(low);
    if (known !== undefined) return known;
    const n = String((counts[kind] = (counts[kind] ?? 0) + 1)).padStart(3, '0');
    const to = shown(n);
    originals.set(low, to);
    key[to] = original;
    return to;
  };
  const usable = (t: string): boolean => t.length >= SHORTEST && !COMMON.test(t);
  const address = (a: string): void => {
    if (isIP(a) > 0 && INTERNAL.test(a)) name('ip', a, (n) => `IP-${n}`);
  };
  const domain = (t: string): void => {
    if (usable(t)) name('domain', t, (n) => `victim-${n}.example`);
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
      const full = `${label}.${originals.get(suffix.toLowerCase()) ?? suffix}`;
      originals.set(t.toLowerCase(), full);
      key[full] = t;
    }
  };
  const account = (t: string): void => {
    const back = t.lastIndexOf('\\');
    const at = t.indexOf('@');
    if (back > 0) {
      const d0 = t.slice(0, back);
      if (usable(d0)) name('netbios', d0, (n) => `DOMAIN-${n}`);
    }
    if (at > 0) domain(t.slice(at + 1));
    const plain = t.slice(back + 1, at > back ? at : undefined).replace(/\$$/, '');
    if (usable(plain) && !originals.has(plain.toLowerCase())) name('user', plain, (n) => `user-${n}`);
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
  const walk = (v: unknown, at: string): void => {
    if (typeof v === 'string') {
      for (const m of v.matchAll(/\\Users\\([^\\/:*?"<>|\r\n]{3,64})(?=\\)/gi)) account(m[1]!);
      for (const m of v.matchAll(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g)) address(m[0]);
      for (const m of v.matchAll(/[\w.+-]{1,64}@([\w-]+(?:\.[\w-]+)+)/g)) account(m[0]);
      if (at === 'value' && /^[\w.-]{1,32}\\[\w .$-]{2,64}$/.test(v)) account(v);
    } else if (Array.isArray(v)) for (const x of v) walk(x, at);
    else if (typeof v === 'object' && v !== null) for (const [k, x] of Object.entries(v)) walk(x, k);
  };
  walk(d, '');

  const texts = [...originals.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const escape = (t: string): string => t.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern =
    texts.length === 0 ? null : new RegExp(`(?<![A-Za-z0-9])(?:${texts.map(escape).join('|')})(?![A-Za-z0-9])`, 'gi');
  const say = (t: string): string =>
    pattern === null ? t : t.replace(pattern, (m) => originals.get(m.toLowerCase()) ?? m);
  const change = (v: unknown): unknown =>
    typeof v === 'string'
      ? say(v)
      : Array.isArray(v)
        ? v.map(change)
        : typeof v === 'object' && v !== null
          ? Object.fromEntries(Object.entries(v).map(([k, x]) => [say(k), KEPT.has(k) ? x : change(x)]))
          : v;
  return { document: change(d) as IncidentDocument, key };
}

/** Values that are no text of the victim's: they stay exactly what they are. */
const KEPT: ReadonlySet<string> = new Set([
  'schema',
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
