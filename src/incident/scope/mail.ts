// Whose mail: cmdlets that export, search or open mailboxes, requests in others' names, sessions of owners that came from where the
// intruder sat. What assistants, archives and lawyers do with mailboxes is told apart by who asked, from where, and where it went.
import { firstAt } from '../facts/rows.js';
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';
import type { Group } from './group.js';
import type { Tenants } from './tenants.js';
import { mailByCommand } from './mail-commands.js';
import { channelOf, refused } from './web.js';
import { type Requests } from './requests.js';

export type MailMethod = 'export' | 'impersonation' | 'delegate' | 'owner_session' | 'search' | 'other';

export interface MailboxClaim {
  readonly address: string;
  readonly owner: string | null;
  readonly title: string | null;
  method: MailMethod;
  first: number;
  last: number;
  items: number;
  readonly places: Place[];
}

export interface MailTrace {
  readonly kind: 'permission' | 'request-removed';
  readonly host: number;
  readonly t: number;
  readonly what: string;
  readonly account: string;
  readonly places: Place[];
}

/** Person by person, as the user's export of the directory says. */
export interface Directory {
  find(name: string): { address: string; name: string | null; title: string | null; account: string | null } | null;
}

export interface Cmdlet {
  readonly row: number;
  readonly host: number;
  readonly t: number;
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly caller: string;
}

/** A request for an export stays where it was asked for honestly; one that covers its traces removes it within this. */
const REMOVED_WITHIN = 3 * 86_400e6;
const NEAR = 45 * 60e6;

/** Types of logon as Microsoft 365 numbers them (schema of mailbox audit records). */
const LOGON_TYPES: ReadonlyMap<string, string> = new Map([
  ['0', 'owner'],
  ['1', 'admin'],
  ['2', 'delegate'],
]);
/** Operations of mailbox audits by which somebody gets to see mail. */
const READS =
  /^(?:mailitemsaccessed|messagebind|folderbind|copy|move|sync|bind|search|export|mailboxlogin|.*search.*|)$/i;

/**
 * Name, parameters, caller and SID of a cmdlet's record: one a line, or joined by commas as EvtxECmd does with data that has no names.
 */
function cmdletParts(text: string): string[] {
  const at = text.search(/, S-1-5-21-/);
  if (at < 0 || text.includes('\n') || !/^[A-Z][a-z]+-[A-Za-z]+, /.test(text)) return text.split('\n');
  const before = text.slice(0, at);
  const name = before.slice(0, before.indexOf(', '));
  const caller = before.lastIndexOf(', ');
  const sid = /^, (S-1-5-21-[\d-]+)/.exec(text.slice(at))![1]!;
  return [name, before.slice(name.length + 2, Math.max(caller, name.length + 2)), before.slice(caller + 2), sid];
}

export function cmdlets(w: World): Cmdlet[] {
  const t = w.facts.table('api_activity');
  const [operation, parameters, user] = [t.column('operation'), t.column('parameters'), t.column('user')];
  const out: Cmdlet[] = [];
  const sids: string[] = [];
  for (let i = 0; i < t.rows; i++) {
    if (w.text(operation[i]!) !== 'cmdlet') continue;
    const lines = cmdletParts(w.text(parameters[i]!));
    const joined = /^([A-Z][a-z]+-[A-Za-z]+)(?:\s+([\s\S]*))?$/.exec(lines[0] ?? '');
    if (joined === null) continue;
    const text = lines[1] !== undefined && lines[1] !== '' ? lines[1] : (joined[2] ?? '');
    const map = new Map<string, string>();
    for (const m of text.matchAll(/-([A-Za-z]+)(?::|\s+)\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))/g))
      map.set(m[1]!.toLowerCase(), m[2] ?? m[3] ?? m[4] ?? '');
    const sid = /^S-1-5-21-[\d-]+$/i.exec(lines[3] ?? '')?.[0].toLowerCase() ?? '';
    const caller = (lines[2] ?? w.text(user[i]!)).replace(/^.*[\\/]/, '').toLowerCase();
    sids.push(sid);
    out.push({ row: i, host: t.host[i]!, t: t.t[i]!, name: joined[1]!, parameters: map, caller });
  }
  // The server writes the caller's name in the directory, which is no account's, and the SID.
  const accounts = accountsOf(w, new Set(sids));
  return out.map((x, i) => ({ ...x, caller: accounts.get(sids[i]!) ?? x.caller }));
}

/** Account names, without a domain and in lower case, by SID, as logons tell both. */
function accountsOf(w: World, sids: ReadonlySet<string>): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  const a = w.facts.table('authentication');
  const [sid, user] = [a.column('sid'), a.column('user')];
  const wanted = w.facts.texts.asker((x) => {
    const folded = x.toLowerCase();
    return folded !== '' && sids.has(folded) ? folded : '';
  });
  for (let i = 0; i < a.rows; i++) {
    const s = sid[i]! < 0 ? '' : wanted(sid[i]!);
    if (s === '' || out.has(s) || user[i]! < 0) continue;
    out.set(s, plainAccount(w.text(user[i]!)));
  }
  return out;
}

/** Mailboxes by any of the names that logs give them. */
export class Mailboxes {
  readonly #byAccount = new Map<string, Map<string, number>>();
  readonly #addresses = new Set<string>();
  readonly #names = new Map<string, string>();
  #domain = '';
  readonly #bySid: ReadonlyMap<string, string> = new Map();
  readonly #directory: Directory | null;

  constructor(w: World, requests: Requests, attackers: ReadonlySet<string>, directory: Directory | null) {
    this.#directory = directory;
    const t = requests.table;
    const [user, box] = [t.column('user'), t.column('mailbox')];
    const seen = new Map<string, number>();
    for (let i = 0; i < t.rows; i++) {
      if (box[i]! < 0 || user[i]! < 0) continue;
      const key = `${user[i]!}|${box[i]!}`;
      if (attackers.has(w.addresses.text(t.column('src_ip')[i]!))) continue;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    for (const [key, n] of seen) {
      const [u, b] = key.split('|').map(Number) as [number, number];
      const account = plainAccount(w.text(u));
      const address = w
        .text(b)
        .replace(/^smtp[:~]/i, '')
        .toLowerCase();
      if (!address.includes('@')) continue;
      this.#addresses.add(address);
      const m = this.#byAccount.get(account) ?? new Map<string, number>();
      this.#byAccount.set(account, m.set(address, (m.get(address) ?? 0) + n));
    }
    // Front ends name a mailbox by its owner's SID where they know no more.
    const sids = new Set<string>();
    for (const id of new Set(box)) {
      const sid = id < 0 ? null : /^sid~(s-1-5-21-[\d-]+)$/i.exec(w.text(id));
      if (sid !== null) sids.add(sid[1]!.toLowerCase());
    }
    if (sids.size > 0) this.#bySid = accountsOf(w, sids);
    const mail = w.facts.table('email_activity');
    const recipient = mail.column('recipient');
    const distinct = new Set<number>();
    for (let i = 0; i < mail.rows; i++) distinct.add(recipient[i]!);
    for (const id of distinct)
      for (const a of w
        .text(id)
        .toLowerCase()
        .split(/[;,\s]+/))
        if (a.includes('@')) this.#addresses.add(a);
    // The house's own domain: that of most of its addresses, those that front ends name counting most.
    const domains = new Map<string, number>();
    for (const a of this.#addresses) {
      const domain = a.replace(/^.*@/, '');
      domains.set(domain, (domains.get(domain) ?? 0) + 1);
    }
    for (const m of this.#byAccount.values())
      for (const a of m.keys()) {
        const domain = a.replace(/^.*@/, '');
        domains.set(domain, (domains.get(domain) ?? 0) + 1000);
      }
    this.#domain = [...domains].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? '';
    const d = w.facts.table('datastore_activity');
    const [owner, name] = [d.column('owner'), d.column('owner_name')];
    for (let i = 0; i < d.rows; i++)
      if (owner[i]! >= 0 && name[i]! >= 0) this.#names.set(w.text(owner[i]!).toLowerCase(), w.text(name[i]!));
  }

  /** Address, owner and title of a mailbox, by address, UPN, account or name. */
  resolve(text: string): { address: string; owner: string | null; title: string | null } {
    const t = text
      .trim()
      .toLowerCase()
      .replace(/^smtp[:~]/, '')
      .replace(/^.*\\(?!.*\\)/, '')
      .replace(/\\mailboxexport\d*$/, '');
    const sid = /^sid~(s-1-5-21-[\d-]+)$/.exec(t);
    if (sid !== null) {
      const account = this.#bySid.get(sid[1]!);
      return account === undefined ? { address: t, owner: null, title: null } : this.resolve(account);
    }
    const known = this.#directory?.find(t) ?? null;
    if (known !== null) return { address: known.address, owner: known.name, title: known.title };
    const owner = this.#names.get(t) ?? null;
    if (this.#addresses.has(t)) return { address: t, owner: this.#ownerOf(t), title: null };
    const account = t.replace(/@.*$/, '');
    const by = this.#byAccount.get(account);
    if (by !== undefined) {
      const [best] = [...by].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]!;
      return { address: best, owner, title: null };
    }
    const own = `${account}@${this.#domain}`;
    if (!t.includes('@') && this.#addresses.has(own)) return { address: own, owner, title: null };
    if (owner !== null) {
      const local = owner.toLowerCase().replace(/\s+/g, '.');
      const match = [...this.#addresses].find((a) => a.startsWith(`${local}@`));
      if (match !== undefined) return { address: match, owner, title: null };
    }
    return { address: t, owner, title: null };
  }

  #ownerOf(address: string): string | null {
    for (const [account, m] of this.#byAccount) {
      const best = [...m].sort((a, b) => b[1] - a[1])[0]!;
      if (best[0] === address) for (const [upn, name] of this.#names) if (upn.startsWith(`${account}@`)) return name;
    }
    const local = address.replace(/@.*$/, '');
    for (const name of this.#names.values()) if (name.toLowerCase().replace(/\s+/g, '.') === local) return name;
    return null;
  }

  /** The account whose own mailbox an address is; '' if not known. */
  accountOf(address: string): string {
    const sid = /^sid~(s-1-5-21-[\d-]+)$/i.exec(address);
    if (sid !== null) return this.#bySid.get(sid[1]!.toLowerCase()) ?? '';
    const d = this.#directory?.find(address);
    if (d?.account !== undefined && d?.account !== null) return plainAccount(d.account);
    for (const [account, m] of this.#byAccount) {
      const best = [...m].sort((a, b) => b[1] - a[1])[0]!;
      if (best[0] === address) return account;
    }
    return '';
  }
}

/** A shell that the intruder started gives its cmdlet within this. */
const ORDERED_WITHIN = 30e6;
/** Remote management sends a request for a cmdlet no longer before it, and again within this. */
const MANAGED_WITHIN = 30 * 60e6;

/** Whether the caller of a cmdlet managed the server from a host that is under control: by the requests for it. */
function fromHeld(w: World, g: Group, requests: Requests, x: Cmdlet): boolean {
  return requests
    .on(x.host, x.t - MANAGED_WITHIN, x.t + 60e6, (path) => path.startsWith('/powershell'))
    .some((r) => {
      if (plainAccount(r.user) !== x.caller) return false;
      const from = w.addresses.hostAt(r.ip, r.t);
      const held = from < 0 ? undefined : g.hosts.get(from);
      return held?.status === 'controlled' && held.first <= x.t;
    });
}

/**
 * Addresses outside from which somebody opened a mailbox that an account in the intruder's hands had given them the right to, and that they had
 * never come from before: whoever was given it that way is the intruder. With the first time of each.
 */
export function grantedSeats(
  w: World,
  g: Group,
  requests: Requests,
  all: readonly Cmdlet[],
  boxes: Mailboxes,
): Map<string, number> {
  const out = new Map<string, number>();
  const grants = all.filter(
    (x) =>
      /^Add-(?:Mailbox(?:Folder)?Permission|RecipientPermission)$/i.test(x.name) &&
      g.held(x.caller, x.t) &&
      (g.nearAnywhere(x.t, NEAR * 2) || fromHeld(w, g, requests, x)) &&
      (x.parameters.get('user') ?? '') !== '',
  );
  if (grants.length === 0) return out;
  const by = new Map<string, { t: number; box: string }[]>();
  for (const x of grants) {
    const who = plainAccount(x.parameters.get('user')!);
    const box = boxes.resolve(x.parameters.get('identity') ?? x.parameters.get('mailbox') ?? '').address;
    by.set(who, [...(by.get(who) ?? []), { t: x.t, box }]);
  }
  const whose = w.facts.texts.asker((t) => by.get(plainAccount(t)) ?? null);
  const seen = new Set<string>();
  const rows = [...requests.named()]
    .filter((x) => whose(x.user) !== null)
    .map((x) => requests.at(x.row))
    .sort((a, b) => a.t - b.t);
  for (const r of rows) {
    if (!w.addresses.outside(r.ip) || w.addresses.known(r.ip)) continue;
    const given = by.get(plainAccount(r.user))!;
    const first = Math.min(...given.map((x) => x.t));
    const way = `${plainAccount(r.user)}|${r.ip}`;
    if (r.t < first - 86_400e6) seen.add(way);
    else if (!seen.has(way) && r.mailbox !== '' && r.status < 400) {
      const box = boxes.resolve(r.mailbox).address;
      if (given.some((x) => x.t <= r.t && x.box === box)) out.set(r.ip, Math.min(out.get(r.ip) ?? r.t, r.t));
    }
  }
  // From there they came as the same before, into the mailbox that is that account's own.
  for (const r of rows) {
    const at = out.get(r.ip);
    if (at !== undefined && r.t < at && !seen.has(`${plainAccount(r.user)}|${r.ip}`)) out.set(r.ip, r.t);
  }
  return out;
}

export const plainAccount = (t: string): string => t.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();

export function mail(
  w: World,
  g: Group,
  requests: Requests,
  addresses: ReadonlyMap<string, number>,
  boxes: Mailboxes,
  all: readonly Cmdlet[],
  domains: ReadonlyMap<string, string>,
  /** Whether somebody else who has the account in hand is nearer to a host. */
  others: (account: string, t: number, host: number) => boolean,
  tenants: Tenants,
): { mailboxes: MailboxClaim[]; traces: MailTrace[] } {
  const found = new Map<string, MailboxClaim>();
  const traces: MailTrace[] = [];
  const api = w.facts.table('api_activity');
  const rank: Record<MailMethod, number> = {
    export: 5,
    impersonation: 4,
    delegate: 3,
    owner_session: 2,
    search: 1,
    other: 0,
  };
  const add = (name: string, method: MailMethod, t: number, place: Place, items = 0): void => {
    const r = boxes.resolve(name);
    const m = found.get(r.address);
    if (m === undefined)
      found.set(r.address, {
        address: r.address,
        owner: r.owner,
        title: r.title,
        method,
        first: t,
        last: t,
        items,
        places: [place],
      });
    else {
      if (rank[method] > rank[m.method]) m.method = method;
      m.first = Math.min(m.first, t);
      m.last = Math.max(m.last, t);
      m.items += items;
      if (m.places.length < 500) m.places.push(place);
    }
  };
  // Requests from where the intruder sat.
  const reads: { t: number; user: string; box: string; method: MailMethod }[] = [];
  for (const [ip, since] of addresses)
    for (const r of requests.by(ip)) {
      if (r.user === '' || r.t < since - 86_400e6 || !tenants.theirs(r) || refused(r, requests.by(ip))) continue;
      const channel = channelOf(r);
      if (channel === 'webshell') continue;
      const user = plainAccount(r.user);
      const place = requests.place(r.row);
      if (r.mailbox === '') continue;
      const own = boxes.accountOf(r.mailbox) === user;
      const method: MailMethod = own ? 'owner_session' : channel === 'ews' ? 'impersonation' : 'delegate';
      add(r.mailbox, method, r.t, place);
      reads.push({ t: r.t, user, box: boxes.resolve(r.mailbox).address, method });
      g.account(r.user, domains, 'abused', r.t, [place]);
    }
  // Somebody logged in from there whose mailbox no log names: their own.
  for (const [ip, since] of addresses) {
    const all = requests.by(ip);
    for (const r of all) {
      if (r.user !== '' && r.t >= since - 86_400e6 && tenants.theirs(r) && refused(r, all)) {
        g.account(r.user, domains, 'attempted', r.t, [requests.place(r.row)]);
        continue;
      }
      if (
        r.user === '' ||
        r.front ||
        r.t < since - 86_400e6 ||
        channelOf(r) !== 'owa' ||
        r.status >= 400 ||
        !tenants.theirs(r)
      )
        continue;
      const user = plainAccount(r.user);
      if (reads.some((x) => x.user === user && Math.abs(x.t - r.t) < NEAR)) continue;
      add(user, 'owner_session', r.t, requests.place(r.row));
      g.account(r.user, domains, 'abused', r.t, [requests.place(r.row)]);
    }
  }
  // What their command lines took.
  for (const x of mailByCommand(w, g)) for (const p of x.places.slice(0, 2)) add(x.mailbox, x.method, x.t, p);
  // The audit of mailboxes.
  const d = w.facts.table('datastore_activity');
  const c = (n: string): Int32Array => d.column(n);
  const [ip, owner, type, items, operation, client] = [
    c('src_ip'),
    c('owner'),
    c('logon_type'),
    c('items'),
    c('operation'),
    c('client'),
  ];
  for (let i = 0; i < d.rows; i++) {
    const from = addresses.get(w.addresses.text(ip[i]!));
    if (from === undefined || d.t[i]! < from - 86_400e6 || owner[i]! < 0) continue;
    const how = LOGON_TYPES.get(w.text(type[i]!)) ?? w.text(type[i]!).toLowerCase();
    // What somebody sent or changed is no mail that was read.
    if (!READS.test(w.text(operation[i]!))) continue;
    if (how === 'owner' && tenants.honest(w.addresses.text(ip[i]!), boxes.accountOf(w.text(owner[i]!)))) continue;
    const n = w.facts.texts.number(items[i]!);
    const method: MailMethod = /search/i.test(w.text(operation[i]!))
      ? 'search'
      : how === 'owner'
        ? 'owner_session'
        : how === 'delegate'
          ? 'delegate'
          : /webservices|ews/i.test(w.text(client[i]!))
            ? 'impersonation'
            : 'other';
    add(w.text(owner[i]!), method, d.t[i]!, d.place(i), Number.isNaN(n) ? 0 : n);
  }
  // Cmdlets.
  const sessions = [...addresses.keys()].flatMap((a) => requests.by(a).map((r) => r.t)).sort((x, y) => x - y);
  const seated = (t: number): boolean => {
    let lo = firstAt(sessions.length, (mid) => sessions[mid]!, t - NEAR);
    return lo < sessions.length && sessions[lo]! <= t + NEAR;
  };
  const active = (x: Cmdlet): boolean => seated(x.t) || g.near(x.host, x.t, NEAR);
  const ordered = (x: Cmdlet): boolean =>
    [...g.processes].some(
      (r) =>
        w.processes.host.at(r) === x.host &&
        w.processes.start.at(r) <= x.t + 2e6 &&
        x.t - w.processes.start.at(r) <= ORDERED_WITHIN &&
        /\\(?:powershell|pwsh|cmd|powershell_ise)\.exe$/.test(w.processes.imageText(r)),
    );
  for (const x of all) {
    const held = g.held(x.caller, x.t) || (x.caller.endsWith('$') && g.hosts.has(x.host));
    if (!held || (g.hosts.get(x.host)?.status !== 'controlled' && others(x.caller, x.t, x.host))) continue;
    const p = x.parameters;
    const place = api.place(x.row);
    const target = p.get('mailbox') ?? p.get('identity') ?? p.get('sourcemailboxes') ?? '';
    if (target === '') continue;
    if (/^New-MailboxExportRequest$/i.test(x.name)) {
      const path = p.get('filepath') ?? '';
      const self = w.hostName(x.host).toLowerCase().split('.')[0]!;
      const local =
        /^\\\\(?:127\.0\.0\.1|localhost)\\/i.test(path) ||
        path.toLowerCase().startsWith(`\\\\${self}`) ||
        /^\\\\[^\\]+\\[a-z]\$\\/i.test(path) ||
        /inetpub|wwwroot|\\frontend\\|aspnet_client/i.test(path);
      const removed = all.find(
        (o) =>
          /^Remove-MailboxExportRequest$/i.test(o.name) &&
          o.caller === x.caller &&
          o.t > x.t &&
          o.t - x.t < REMOVED_WITHIN &&
          (o.parameters.get('identity') ?? '').toLowerCase().startsWith(target.toLowerCase()),
      );
      // A request that is done is removed by administrators too; what they themselves started at that moment is theirs.
      const signs =
        Number(local) * 2 +
        Number(removed !== undefined) +
        Number(active(x) || fromHeld(w, g, requests, x)) +
        Number(ordered(x)) * 2;
      if (signs < 2) continue;
      add(target, 'export', x.t, place);
      g.account(x.caller, domains, 'abused', x.t, [place]);
      if (removed !== undefined)
        traces.push({
          kind: 'request-removed',
          host: x.host,
          t: removed.t,
          what: target,
          account: x.caller,
          places: [api.place(removed.row)],
        });
    } else if (/^(?:Add-MailboxPermission|Add-MailboxFolderPermission)$/i.test(x.name)) {
      const who = plainAccount(p.get('user') ?? '');
      const address = boxes.resolve(target).address;
      const used =
        reads.some((r) => r.box === address && r.t >= x.t && r.user === who) ||
        found.get(address)?.method === 'delegate';
      if (!used && !(g.held(who, x.t) && (active(x) || who === x.caller))) continue;
      traces.push({ kind: 'permission', host: x.host, t: x.t, what: target, account: who, places: [place] });
      g.account(x.caller, domains, 'abused', x.t, [place]);
      if (used) add(target, 'delegate', x.t, place);
    } else if (/^(?:Search-Mailbox|New-MailboxSearch|New-ComplianceSearch)$/i.test(x.name)) {
      const to = plainAccount(p.get('targetmailbox') ?? '');
      if (!active(x) && !(to !== '' && (to === x.caller || g.held(to, x.t)))) continue;
      add(target, 'search', x.t, place);
      g.account(x.caller, domains, 'abused', x.t, [place]);
    } else if (/^New-ManagementRoleAssignment$/i.test(x.name) && active(x))
      traces.push({
        kind: 'permission',
        host: x.host,
        t: x.t,
        what: p.get('role') ?? target,
        account: plainAccount(p.get('user') ?? x.caller),
        places: [place],
      });
  }
  return {
    mailboxes: [...found.values()].sort((a, b) => a.first - b.first || (a.address < b.address ? -1 : 1)),
    traces,
  };
}
