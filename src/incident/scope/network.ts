// Whom implants talked to, and where data went: by each program's own connections and look-ups, by the proxy's log for those that went
// through it, by the sensor's counts of bytes.
import type { Place } from '../facts/table.js';
import { isAddress } from '../../entities/index.js';
import { brought, dualUse } from '../graph/implants.js';
import { ordered } from './ordered.js';
import { baseName, type World } from '../graph/world.js';
import { type Contact, Network } from './contacts.js';
import type { Group } from './group.js';
import type { Tenants } from './tenants.js';
import { flowShifts, flowSource } from './sessions.js';
import { type Request, type Requests } from './requests.js';

/** Bytes sent in one connection that are more than talk. */
const BULK = 10e6;
/** Names under one domain that one program looks up before they count as a channel. */
const TUNNEL_NAMES = 6;
/** Names looked up in one go that carry data out, not commands. */
const TUNNEL_BULK = 60;

export interface Channel {
  readonly address: string;
  first: number;
  last: number;
  readonly hosts: Set<number>;
  count: number;
  dns: boolean;
  readonly times: number[];
  /** Whose contacts those are, in the same order. */
  readonly by: number[];
  readonly places: Place[];
}

export interface Theft {
  readonly t: number;
  readonly host: number;
  readonly destination: string;
  /** Addresses behind the destination's name. */
  readonly addresses?: readonly string[];
  readonly bytes: number;
  readonly exact: boolean;
  readonly method: string;
  readonly what: string;
  readonly stagedAs: string | null;
  readonly places: Place[];
}

/** The part of names that stays the same while what is before it changes. */
function commonDomain(names: readonly string[]): string {
  const parts = names.map((n) => n.split('.').reverse());
  const out: string[] = [];
  for (let i = 0; ; i++) {
    const label = parts[0]![i];
    if (label === undefined || !parts.every((p) => p[i] === label)) break;
    out.push(label);
  }
  return out.reverse().join('.');
}

/** Characters before a domain that are no name somebody gave. */
const LONG_NAME = 20;

/** Look-ups by what their names end in: three labels where many names stand before them, else two. */
function families(w: World, rows: readonly number[]): Iterable<number[]> {
  const query = w.facts.table('dns_activity').column('query');
  const labels = rows.map((i) => w.text(query[i]!).toLowerCase().split('.'));
  const before = new Map<string, Set<string>>();
  for (const l of labels) {
    if (l.length < 4) continue;
    const base = l.slice(-3).join('.');
    const set = before.get(base);
    if (set === undefined) before.set(base, new Set([l[0]!]));
    else if (set.size < TUNNEL_NAMES) set.add(l[0]!);
  }
  const out = new Map<string, number[]>();
  for (const [k, l] of labels.entries()) {
    if (l.length < 3) continue;
    const three = l.slice(-3).join('.');
    const base = (before.get(three)?.size ?? 0) >= TUNNEL_NAMES ? three : l.slice(-2).join('.');
    const list = out.get(base) ?? [];
    out.set(base, list);
    list.push(rows[k]!);
  }
  return out.values();
}

export function outward(w: World, g: Group, net: Network): { channels: Channel[]; thefts: Theft[] } {
  const channels = new Map<string, Channel>();
  const thefts: Theft[] = [];
  const add = (name: string, t: number, host: number, dns: boolean, places: readonly Place[]): void => {
    let c = channels.get(name);
    if (c === undefined)
      channels.set(
        name,
        (c = { address: name, first: t, last: t, hosts: new Set(), count: 0, dns, times: [], by: [], places: [] }),
      );
    c.first = Math.min(c.first, t);
    c.last = Math.max(c.last, t);
    c.hosts.add(host);
    c.count++;
    if (c.times.length < 20_000) {
      c.times.push(t);
      c.by.push(host);
    }
    if (c.places.length < 1000) c.places.push(...places);
  };
  // One entry for a name and one for each address behind it (contract).
  const behind = new Map<string, Set<string>>();
  const addBoth = (name: string, address: string, t: number, host: number, places: readonly Place[]): void => {
    add(name, t, host, false, places);
    if (address === '' || address === name || !w.addresses.outside(address)) return;
    add(address, t, host, false, places);
    behind.set(address, (behind.get(address) ?? new Set()).add(name));
  };
  const sent = transfers(w, g, net);
  thefts.push(...sent);
  const injected = new Set(g.nodes.filter((x) => x.because === 'edge.injected').map((x) => x.row));
  const byProgram = new Map<string, Contact[]>();
  for (const r of g.processes) {
    if (w.system(r) && !w.shell(r) && !injected.has(r) && !brought(w, r)) continue;
    // What tools carry is no talk of an implant's.
    if (TRANSFER.test(baseName(w.processes.imageText(r))) && dualUse(w, r)) {
      for (const i of w.flows(r)) {
        const c = net.contact(r, i);
        if (c === null || inside(w, c.name) || c.out < BULK || c.out < c.in * 4) continue;
        if (!sent.some((x) => x.host === c.host && x.t <= c.t + 60e6 && c.t - x.t < TRANSFER_LENGTH))
          thefts.push(theft(g, c, c.name));
      }
      continue;
    }
    const key = brought(w, r) ? w.processes.sha256(w.processes.hash.at(r)) || w.processes.imageText(r) : `shell ${r}`;
    const list = byProgram.get(key) ?? [];
    byProgram.set(key, list);
    for (const i of w.flows(r)) {
      const c = net.contact(r, i);
      if (c !== null && !inside(w, c.name)) list.push(c);
    }
  }
  for (const contacts of byProgram.values()) {
    const names = new Map<string, Contact[]>();
    for (const c of contacts) {
      const list = names.get(c.name) ?? [];
      names.set(c.name, list);
      list.push(c);
    }
    const most = Math.max(0, ...[...names.values()].map((l) => l.length));
    for (const [name, list] of names) {
      const bulk = list.filter((c) => c.out >= BULK && c.out > c.in * 4);
      const talk = list.length - bulk.length;
      for (const c of bulk) thefts.push(theft(g, c, name));
      // A proxy's line may be another program's of the same moment: a channel comes again.
      const proxied = list.every((c) => c.proxied);
      // Where nothing tells how much went over it, what was seen once or twice beside a channel that is used all the time may have
      // been there to receive only.
      const once = list.length <= 2 && list.length * 10 <= most && list.every((c) => !c.measured);
      if (talk > 0 && !once && (!proxied || talk * 4 >= most))
        for (const c of list) if (!bulk.includes(c)) addBoth(name, c.address, c.t, c.host, c.places);
    }
  }
  // Names that one program looks up one after another; where no sensor tells the program, that one host does.
  const d = w.facts.table('dns_activity');
  const lookups = (rows: readonly number[], alone: boolean): void => {
    for (const list of families(w, rows)) {
      const queries = list.map((i) => w.text(d.column('query')[i]!).toLowerCase());
      const distinct = [...new Set(queries)];
      if (distinct.length < TUNNEL_NAMES) continue;
      const domain = commonDomain(distinct);
      if (inside(w, domain)) continue;
      const host = net.asker(list[0]!);
      // Much in little time carries data out; little for long is a channel.
      const dense = densest(
        list.map((i) => d.t[i]!),
        3 * 3600e6,
      );
      const taken = new Set<number>();
      if (dense.count >= TUNNEL_BULK) {
        const within = list.filter((i) => d.t[i]! >= dense.from && d.t[i]! <= dense.to);
        const chars = within.reduce((k, i) => k + w.text(d.column('query')[i]!).length - domain.length, 0);
        if (!alone && chars < within.length * LONG_NAME) continue;
        for (const i of within) taken.add(i);
        thefts.push({
          t: dense.to,
          host,
          destination: domain,
          bytes: Math.round(chars / 2),
          exact: false,
          method: 'dns',
          what: staged(g, host, dense.from)?.what ?? '',
          stagedAs: staged(g, host, dense.from)?.path ?? null,
          places: within.slice(0, 500).map((i) => d.place(i)),
        });
      }
      if (alone) for (const i of list) if (!taken.has(i)) add(domain, d.t[i]!, host, true, [d.place(i)]);
    }
  };
  for (const r of g.processes) if (brought(w, r) || w.shell(r)) lookups(net.lookups(r), true);
  for (const [host, rows] of net.unsensed()) {
    const h = g.hosts.get(host);
    if (h?.status === 'controlled')
      lookups(
        rows.filter((i) => d.t[i]! >= h.first - 60e6),
        false,
      );
  }
  for (const x of heavy(w, g, net))
    if (
      !sent.some(
        (y) =>
          y.host === x.host &&
          y.places.some((p) => x.places.some((q) => p.evidence === q.evidence && p.number === q.number)),
      )
    )
      thefts.push(x);
  for (const c of unseen(w, g, net)) addBoth(c.name, c.address, c.t, c.host, [c.place]);
  // Where a tool only ever carried things to is no channel.
  for (const t of sent)
    for (const name of [t.destination, ...(t.addresses ?? [])]) {
      const c = channels.get(name);
      if (c !== undefined && [...c.hosts].every((h) => sent.some((x) => x.host === h))) channels.delete(name);
    }
  for (const t of thefts) {
    const c = channels.get(t.destination);
    if (c === undefined || c.count >= 3) continue;
    channels.delete(t.destination);
    for (const [address, names] of behind)
      if (names.delete(t.destination) && names.size === 0) channels.delete(address);
  }
  // Nor where all contacts are about something that was carried there.
  for (const [name, c] of channels) {
    const carried = thefts.filter(
      (t) =>
        t.destination === name || (t.addresses ?? []).includes(name) || behind.get(name)?.has(t.destination) === true,
    );
    if (
      !c.dns &&
      carried.length > 0 &&
      c.times.length === c.count &&
      c.times.every((x) => carried.some((t) => x >= t.t - CARRIED_BEFORE && x <= t.t + TRANSFER_LENGTH))
    )
      channels.delete(name);
  }
  return { channels: [...channels.values()], thefts };
}

/** What belongs to a transfer is asked for no longer before it. */
const CARRIED_BEFORE = 30 * 60e6;

const DAY = 86_400e6;
/** Bytes out in one connection of a host without a sensor that stand out by themselves. */
const HEAVY = 100e6;

/** Heavy uploads of controlled hosts on which no sensor tells the program: as much as the host never sent before. */
function heavy(w: World, g: Group, net: Network): Theft[] {
  const n = w.facts.table('network_activity');
  const c = (x: string): Int32Array => n.column(x);
  const [src, dst, out, duration] = [c('src_ip'), c('dst_ip'), c('bytes_out'), c('duration')];
  const found: Theft[] = [];
  const before = new Map<number, number>();
  // Where machines that are in nobody's hands send much as well: a partner's, or a store of the house's.
  const partners = new Set<string>();
  for (let i = 0; i < n.rows; i++) {
    if (out[i] === -1) continue;
    const bytes = w.facts.texts.number(out[i]!);
    if (Number.isNaN(bytes) || bytes < HEAVY / 10) continue;
    const host = w.addresses.hostAt(w.addresses.text(src[i]!), n.t[i]!);
    const h = host < 0 ? undefined : g.hosts.get(host);
    if (bytes >= HEAVY && (h === undefined || h.status !== 'controlled' || n.t[i]! < h.first - DAY))
      partners.add(w.addresses.text(dst[i]!));
    if (h === undefined || h.status !== 'controlled' || w.sensedAt(host, n.t[i]!)) continue;
    const to = w.addresses.text(dst[i]!);
    const outside = w.addresses.outside(to);
    const seconds = w.facts.texts.number(duration[i]!);
    const proxied = outside
      ? null
      : net.proxied(w.addresses.text(src[i]!), n.t[i]! + (Number.isNaN(seconds) ? 0 : seconds * 1e6));
    if (!outside && proxied === null) continue;
    const most = before.get(host) ?? 0;
    before.set(host, Math.max(most, bytes));
    if (n.t[i]! < h.first - 60e6 || bytes < HEAVY || bytes < most * 1.5) continue;
    const name = proxied?.name ?? net.nameOf(w.addresses.text(src[i]!), i) ?? to;
    if (inside(w, name)) continue;
    const s = staged(g, host, n.t[i]!);
    found.push({
      t: n.t[i]!,
      host,
      destination: name,
      addresses: outside && to !== name ? [to] : [],
      bytes,
      exact: true,
      method: 'https',
      what: s?.what ?? '',
      stagedAs: s?.path ?? null,
      places: [n.place(i), ...(proxied === null ? [] : [proxied.place])],
    });
  }
  return found.filter((x) => !partners.has(x.destination) && !(x.addresses ?? []).some((a) => partners.has(a)));
}

/** Tools that carry files out, and that nobody's implant is. */
const TRANSFER =
  /^(?:rclone|megacmd|mega-?(?:put|sync|cmd\w*)|megasync|winscp|pscp|psftp|curl|azcopy|gsutil|s3cmd|aws|ftp|lftp|restic|filezilla|sftp|scp|rsync|bitsadmin|gdrive|dropbox\w*)(?:\.exe)?$/i;
/** What of their command lines sends. */
const SENDS =
  /\brclone\b.*\b(?:copy|copyto|sync|move|moveto|rcat)\b|\bmega-?put\b|\bwinscp\b.*\bput\b|\b(?:pscp|scp|psftp|sftp|rsync|lftp|ftp)\b|\bcurl\b.*\s(?:-\w*T|--upload-file|-F|--form|--data-binary|-d)\b|\bazcopy\b.*\bcopy\b|\b(?:gsutil|aws\s+s3|s3cmd)\b.*\b(?:cp|sync|put|mv|rsync)\b|\bbitsadmin\b.*\/upload\b/i;
/** A transfer is over by then. */
const TRANSFER_LENGTH = 6 * 3600e6;

/**
 * What tools carried out: where the host, or the proxy for it, went while such a command ran and had not gone shortly before, by whatever
 * counts bytes on the way.
 */
function transfers(w: World, g: Group, net: Network): Theft[] {
  const out: Theft[] = [];
  const n = w.facts.table('network_activity');
  const [src, dst, sentBytes, gotBytes] = ['src_ip', 'dst_ip', 'bytes_out', 'bytes_in'].map((c) => n.column(c)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const orders = ordered(w, g).filter(
    (o) =>
      o.row >= 0 &&
      SENDS.test(o.text.slice(0, 2000)) &&
      TRANSFER.test(baseName(o.line.split(/\s/)[0]!.replaceAll('"', ''))),
  );
  if (orders.length === 0) return out;
  const taken = new Set<number>();
  for (const [k, o] of orders.entries()) {
    if (orders.findIndex((x) => x.host === o.host && x.row === o.row) !== k) continue;
    const next = orders.slice(k + 1).find((x) => x.host === o.host && x.t > o.t + 60e6);
    const end = Math.min(o.t + TRANSFER_LENGTH, next?.t ?? Number.POSITIVE_INFINITY);
    // By the proxy: names that the host asked it for meanwhile, and what they stood for.
    const names = new Map<string, { names: Set<string>; places: Place[] }>();
    const before = new Set<string>();
    for (const c of net.all()) {
      if (c.host !== o.host || c.t > end) continue;
      if (c.t < o.t - 5e6) {
        if (o.t - c.t < DAY) before.add(c.name);
        continue;
      }
      if (c.address === '' || inside(w, c.name)) continue;
      const x = names.get(c.address) ?? { names: new Set(), places: [] };
      names.set(c.address, x);
      x.names.add(c.name);
      if (x.places.length < 20) x.places.push(c.place);
    }
    const sums = new Map<
      string,
      { bytes: number; exact: boolean; first: number; names: Set<string>; addresses: Set<string>; places: Place[] }
    >();
    for (let i = n.from(o.t - 60e6); i < n.rows && n.t[i]! <= end; i++) {
      if (sentBytes[i] === -1 || dst[i]! < 0 || taken.has(i)) continue;
      const to = w.addresses.text(dst[i]!);
      if (!w.addresses.outside(to)) continue;
      const own = w.addresses.hostAt(w.addresses.text(src[i]!), n.t[i]!) === o.host;
      const by = names.get(to);
      if (!own && by === undefined) continue;
      const bytes = w.facts.texts.number(sentBytes[i]!);
      const got = w.facts.texts.number(gotBytes[i]!);
      if (!(bytes >= 1e6) || bytes < got * 4) continue;
      const called = by === undefined ? [net.nameOf('', i) ?? to] : [...by.names];
      if (called.every((x) => before.has(x)) || called.some((x) => inside(w, x))) continue;
      const base = called.map((x) => (isAddress(x) ? x : x.split('.').slice(-3).join('.')))[0]!;
      const sum = sums.get(base) ?? {
        bytes: 0,
        exact: true,
        first: n.t[i]!,
        names: new Set<string>(),
        addresses: new Set<string>(),
        places: [...o.places],
      };
      sums.set(base, sum);
      taken.add(i);
      sum.bytes += bytes;
      for (const x of called) sum.names.add(x);
      sum.addresses.add(to);
      if (sum.places.length < 200) sum.places.push(n.place(i), ...(by?.places.slice(0, 1) ?? []));
    }
    for (const x of sums.values()) {
      if (x.bytes < BULK) continue;
      const name = x.names.size === 1 ? [...x.names][0]! : commonDomain([...x.names]);
      const s = staged(g, o.host, x.first);
      out.push({
        t: x.first,
        host: o.host,
        destination: name === '' ? [...x.addresses][0]! : name,
        addresses: [...x.addresses].filter((a) => a !== name),
        bytes: x.bytes,
        exact: x.exact,
        method: baseName(o.line.split(/\s/)[0]!.replaceAll('"', '')).replace(/\.exe$/, ''),
        what: s?.what ?? '',
        stagedAs: s?.path ?? null,
        places: x.places,
      });
    }
  }
  return out;
}

/** Bytes of one fetch that are more than a page. */
const FETCHED = 10e6;
/** Fetches of one address that are one, no further apart. */
const ONE_FETCH = 3600e6;

/** What the intruder fetched from hosts in their hands, by connections that they opened from outside, where no server's log has it. */
export function fetched(
  w: World,
  g: Group,
  addresses: ReadonlyMap<string, number>,
  requests: Requests,
  tenants: Tenants,
): Theft[] {
  const theirs = new Map<string, readonly Request[]>();
  for (const ip of addresses.keys()) {
    const own = requests.by(ip);
    if (w.addresses.outside(ip) && own.every((r) => tenants.theirs(r))) theirs.set(ip, own);
  }
  const n = w.facts.table('network_activity');
  const [src, dst, sent, got, port] = ['src_ip', 'dst_ip', 'bytes_in', 'bytes_out', 'dst_port'].map((c) =>
    n.column(c),
  ) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  const wanted = w.facts.texts.asker((t) => theirs.has(t));
  const shift = flowShifts(w, theirs);
  const open = new Map<string, { -readonly [K in keyof Theft]: Theft[K] } & { last: number; places: Place[] }>();
  const out: Theft[] = [];
  for (let i = 0; i < n.rows; i++) {
    if (src[i]! < 0 || sent[i] === -1 || !wanted(src[i]!)) continue;
    const bytes = w.facts.texts.number(sent[i]!);
    if (!(bytes >= FETCHED) || bytes < w.facts.texts.number(got[i]!) * 4) continue;
    // The picture of a desktop is no file.
    if (w.facts.texts.number(port[i]!) === 3389) continue;
    const ip = w.addresses.text(src[i]!);
    const t = n.t[i]! - (shift.get(flowSource(n, i)) ?? 0);
    if (t < addresses.get(ip)! - DAY) continue;
    const host = w.addresses.hostAt(w.addresses.text(dst[i]!), t);
    if (host < 0 || g.hosts.get(host)?.status !== 'controlled') continue;
    // The server's own log says what it was.
    const asked = theirs.get(ip)!.filter((r) => r.host === host && Math.abs(r.t - t) < ONE_FETCH);
    if (asked.some((r) => r.bytes > 0)) continue;
    const file = asked.findLast((r) => Math.abs(r.t - t) < 900e6 && r.method === 'GET' && /\.\w{2,4}$/.test(r.path));
    const known = open.get(`${ip}|${host}`);
    if (known !== undefined && t - known.last < ONE_FETCH) {
      known.bytes += bytes;
      known.last = t;
      known.places.push(n.place(i));
      continue;
    }
    const s = staged(g, host, t);
    const x = {
      t,
      last: t,
      host,
      destination: ip,
      bytes,
      exact: true,
      method: 'fetched',
      what: file === undefined ? (s?.what ?? '') : baseName(file.path),
      stagedAs: file?.path ?? s?.path ?? null,
      places: [n.place(i), ...(file === undefined ? [] : [requests.place(file.row)])],
    };
    open.set(`${ip}|${host}`, x);
    out.push(x);
  }
  return out;
}

/** A name of the enterprise's own. */
function inside(w: World, name: string): boolean {
  return (
    w.facts.hosts.known(name) >= 0 ||
    w.facts.hosts.names.some((h) => h.includes('.') && name.endsWith(h.slice(h.indexOf('.')).toLowerCase()))
  );
}

function densest(times: readonly number[], window: number): { count: number; from: number; to: number } {
  const t = [...times].sort((a, b) => a - b);
  let best = { count: 0, from: 0, to: 0 };
  let lo = 0;
  for (let hi = 0; hi < t.length; hi++) {
    while (t[hi]! - t[lo]! > window) lo++;
    if (hi - lo + 1 > best.count) best = { count: hi - lo + 1, from: t[lo]!, to: t[hi]! };
  }
  return best;
}

/** The last thing that was packed on a host before a time. */
function staged(g: Group, host: number, t: number): { path: string; what: string } | null {
  const files = g
    .ofHost(host)
    .filter(
      (n) =>
        n.kind === 'file' &&
        n.t <= t &&
        t - n.t < 86_400e6 &&
        /\.(?:cab|dat|7z|zip|rar|gz|tar|tmp|pst|png|jpg|log)$/.test(n.path),
    );
  const last = files.at(-1);
  if (last === undefined) return null;
  return { path: last.path, what: baseName(last.path) };
}

function theft(g: Group, c: Contact, name: string): Theft {
  const s = staged(g, c.host, c.t);
  return {
    t: c.t,
    host: c.host,
    destination: name,
    addresses: c.address === '' || c.address === name ? [] : [c.address],
    bytes: c.out,
    exact: c.places.length > 1,
    method: 'https',
    what: s?.what ?? '',
    stagedAs: s?.path ?? null,
    places: c.places,
  };
}

/** Contacts of one host with one name that make a channel where no sensor tells the program. */
const MIN_CONTACTS = 4;
/** Hours on which they must be. */
const MIN_HOURS = 3;

/** A program is fetched no longer before it is laid to run. */
const FETCHED_BEFORE = 30 * 60e6;

/** Whether a file is one that runs, or that makes something run. */
const runsLater = (path: string): boolean =>
  /\.(?:exe|dll|sys|ps1|bat|vbs|jar|elf|so)$|\/systemd\/|\/cron|\/(?:s?bin|lib)\/[^/.]+$|\/\.[\w-]+$|\/(?:tmp|var\/tmp|dev\/shm)\/[^/.]+$/.test(
    path,
  );

/**
 * Where no sensor stands on a host that the intruder's program runs on: names that this host asks for since then and not before, again
 * and again, and that no machine outside of the intruder's hands ever asks for.
 */
function unseen(
  w: World,
  g: Group,
  net: Network,
): { name: string; address: string; t: number; host: number; place: Place }[] {
  const since = new Map<number, number>();
  // What was fetched to be run came shortly before, while they were there already.
  const begins = (h: number, at: number): void => {
    const t = Math.min(at, Math.max(at - FETCHED_BEFORE, g.hosts.get(h)?.first ?? at));
    if (!w.sensed(h)) since.set(h, Math.min(since.get(h) ?? Number.POSITIVE_INFINITY, t));
  };
  for (const r of g.processes) if (brought(w, r)) begins(w.processes.host.at(r), w.processes.start.at(r));
  // What was fetched or laid to run there, though no log tells that it ran.
  for (const n of g.nodes)
    if (
      n.kind === 'order' ||
      (n.kind === 'service' && n.because === 'edge.as-root') ||
      (n.kind === 'file' && runsLater(n.path) && g.hosts.get(n.host)?.status === 'controlled')
    )
      begins(n.host, n.t);
  // Where the same program talks on a host that has a sensor, its channel is known.
  const talking = new Set<string>();
  for (const r of g.processes)
    if (brought(w, r) && w.flows(r).some((i) => net.contact(r, i) !== null)) talking.add(w.processes.imageText(r));
  for (const r of g.processes)
    if (brought(w, r) && talking.has(w.processes.imageText(r))) since.delete(w.processes.host.at(r));
  if (since.size === 0) return [];
  // With most of the machines in their hands, few are left to compare with: then those count as well whose programs are known.
  const many = g.hosts.size * 2 > w.facts.hosts.names.length;
  if (many && since.size * 2 > w.facts.hosts.names.length) return [];
  const by = new Map<string, { address: string; t: number; host: number; place: Place }[]>();
  const bad = new Set<string>();
  const told = new Set<string>();
  const contacts = function* (): Generator<{ name: string; address: string; t: number; host: number; place: Place }> {
    for (const c of net.all()) {
      told.add(c.name);
      yield c;
    }
    // What a handshake or a proxy names is named.
    for (const c of net.looked()) if (!told.has(c.name)) yield c;
  };
  for (const c of contacts()) {
    if (bad.has(c.name)) continue;
    const from = since.get(c.host);
    const theirs = from !== undefined && c.t >= from - 60e6;
    // Whoever asked for it before, or is in nobody's hands, says that it is not theirs.
    if (!theirs && (many || from !== undefined || g.hosts.get(c.host)?.status !== 'controlled')) {
      bad.add(c.name);
      by.delete(c.name);
      continue;
    }
    if (!theirs) continue;
    const list = by.get(c.name) ?? [];
    by.set(c.name, list);
    list.push(c);
  }
  const out: { name: string; address: string; t: number; host: number; place: Place }[] = [];
  for (const [name, list] of by) {
    if (
      list.length < MIN_CONTACTS ||
      new Set(list.map((c) => Math.floor(c.t / 3600e6))).size < MIN_HOURS ||
      inside(w, name)
    )
      continue;
    for (const c of list) out.push({ name, ...c });
  }
  out.push(...unnamed(w, net, since, new Set(out.map((x) => x.name))));
  return out;
}

/**
 * Hosts that talk to channels of the intruder's, by whatever tells it, with what they did: first and last time, how often, in how many hours.
 */
export function talkers(
  w: World,
  net: Network,
  channels: readonly Channel[],
): Map<number, { times: number[]; names: Set<string>; talks: { name: string; t: number }[]; places: Place[] }> {
  const names = new Map(channels.map((c) => [c.address, c]));
  const out = new Map<
    number,
    { times: number[]; names: Set<string>; talks: { name: string; t: number }[]; places: Place[] }
  >();
  if (names.size === 0) return out;
  const put = (host: number, name: string, t: number, place: Place): void => {
    const x = out.get(host) ?? { times: [], names: new Set(), talks: [], places: [] };
    out.set(host, x);
    x.times.push(t);
    x.talks.push({ name, t });
    x.names.add(name);
    if (x.places.length < 200) x.places.push(place);
  };
  for (const c of net.all()) {
    const name = names.has(c.name) ? c.name : names.has(c.address) ? c.address : null;
    if (name !== null) put(c.host, name, c.t, c.place);
  }
  const n = w.facts.table('network_activity');
  const [src, dst, guid, pid] = ['src_ip', 'dst_ip', 'process_guid', 'pid'].map((c) => n.column(c)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const wanted = w.facts.texts.asker((t) => names.has(t.replace(/^::ffff:/, '')));
  for (let i = 0; i < n.rows; i++) {
    if (dst[i]! < 0 || !wanted(dst[i]!)) continue;
    // Its own record of it, or a sensor's on the way.
    const by =
      n.host[i]! >= 0 && (guid[i]! >= 0 || pid[i] !== -1)
        ? n.host[i]!
        : w.addresses.hostAt(w.addresses.text(src[i]!), n.t[i]!);
    if (by >= 0) put(by, w.addresses.text(dst[i]!), n.t[i]!, n.place(i));
  }
  return out;
}

/** The same of addresses that no log has a name for: what only a firewall or a sensor counts. */
function unnamed(
  w: World,
  net: Network,
  since: ReadonlyMap<number, number>,
  told: ReadonlySet<string>,
): { name: string; address: string; t: number; host: number; place: Place }[] {
  const n = w.facts.table('network_activity');
  const [src, dst, guid, pid, port] = ['src_ip', 'dst_ip', 'process_guid', 'pid', 'dst_port'].map((c) =>
    n.column(c),
  ) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  const outside = w.facts.texts.asker((t) => w.addresses.outside(t));
  // Look-ups and clocks are asked of anybody.
  const service = (id: number): boolean => [53, 123, 853].includes(w.facts.texts.number(id));
  const begin = Math.min(...since.values()) - 60e6;
  const by = new Map<string, { t: number; host: number; place: Place }[]>();
  const bad = new Set<string>();
  const strangers = new Map<string, Set<number>>();
  for (let i = 0; i < n.rows; i++) {
    if (guid[i]! >= 0 || pid[i] !== -1 || dst[i]! < 0 || !outside(dst[i]!) || service(port[i]!)) continue;
    const name = w.addresses.text(dst[i]!);
    if (bad.has(name)) continue;
    const host = w.addresses.hostAt(w.addresses.text(src[i]!), n.t[i]!);
    const from = since.get(host);
    // Whoever went there before the intruder had anything running says that it is not theirs.
    if (n.t[i]! < begin || (from !== undefined && n.t[i]! < from - 60e6)) {
      bad.add(name);
      by.delete(name);
    } else if (from === undefined) {
      const list = strangers.get(name);
      if (list === undefined) strangers.set(name, new Set([host]));
      else list.add(host);
    } else {
      const list = by.get(name);
      const c = { t: n.t[i]!, host, place: n.place(i) };
      if (list === undefined) by.set(name, [c]);
      else list.push(c);
    }
  }
  return [...by].flatMap(([name, list]) =>
    list.length >= MIN_CONTACTS &&
    new Set(list.map((c) => Math.floor(c.t / 3600e6))).size >= MIN_HOURS &&
    // A machine more may be theirs without anybody knowing it.
    (strangers.get(name)?.size ?? 0) < new Set(list.map((c) => c.host)).size &&
    !net.named(name) &&
    !told.has(name)
      ? list.map((c) => ({ name, address: '', ...c }))
      : [],
  );
}
