// Whom implants talked to, and where data went: by each program's own connections and look-ups, by the proxy's log for those that went
// through it, by the sensor's counts of bytes.
import { isAddress } from '../../entities/index.js';
import type { Place } from '../facts/table.js';
import { brought } from '../graph/implants.js';
import { baseName, SERVER, type World } from '../graph/world.js';
import type { Group } from './group.js';

/** Bytes sent in one connection that are more than talk. */
const BULK = 10e6;
/** Names under one domain that one program looks up before they count as a channel. */
const TUNNEL_NAMES = 6;
/** Names under one ending that are told apart. */
const FEW_NAMES = 5;
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
  readonly places: Place[];
}

export interface Theft {
  readonly t: number;
  readonly host: number;
  readonly destination: string;
  readonly bytes: number;
  readonly exact: boolean;
  readonly method: string;
  readonly what: string;
  readonly stagedAs: string | null;
  readonly places: Place[];
}

/** Programs of others that may have opened a page of the intruder's; more of them, and it is a server of everybody's. */
const FEW = 3;

interface Contact {
  readonly t: number;
  readonly host: number;
  readonly process: number;
  readonly name: string;
  readonly out: number;
  readonly in: number;
  readonly proxied: boolean;
  readonly places: Place[];
}

/** Names, bytes and durations of connections, by what sensors and proxies say of them. */
export class Network {
  readonly #w: World;
  readonly #tls = new Map<string, number[]>();
  readonly #conn = new Map<string, number[]>();
  readonly #names = new Map<string, Map<string, number>>();
  readonly #proxy = new Map<string, number[]>();
  readonly #byProcess = new Map<number, number[]>();

  /** Hosts and programs of the intruder's. */
  readonly #images: ReadonlySet<string>;

  constructor(w: World, processes: ReadonlySet<number>) {
    this.#w = w;
    this.#images = new Set(
      [...processes].map((r) => `${w.processes.host.at(r)}|${baseName(w.processes.imageText(r))}`),
    );
    const { texts } = w.facts;
    const interesting = new Set<string>();
    const n = w.facts.table('network_activity');
    const c = (x: string): Int32Array => n.column(x);
    for (const r of processes) for (const i of w.flows(r)) interesting.add(this.#key(n, i));
    const [out] = [c('bytes_out')];
    for (let i = 0; i < n.rows; i++) {
      if (out[i] === -1) continue;
      const key = this.#key(n, i);
      if (!interesting.has(key)) continue;
      const list = this.#conn.get(key);
      if (list === undefined) this.#conn.set(key, [i]);
      else list.push(i);
    }
    const t = w.facts.table('tls_activity');
    for (let i = 0; i < t.rows; i++) {
      const key = this.#key(t, i);
      if (!interesting.has(key)) continue;
      const list = this.#tls.get(key);
      if (list === undefined) this.#tls.set(key, [i]);
      else list.push(i);
    }
    const d = w.facts.table('dns_activity');
    const [query, answer, guid, pid] = [
      d.column('query'),
      d.column('answer'),
      d.column('process_guid'),
      d.column('pid'),
    ];
    for (let i = 0; i < d.rows; i++) {
      if (answer[i]! >= 0)
        for (const a of w
          .text(answer[i]!)
          .replaceAll('::ffff:', '')
          .split(/[;,\s]+/))
          if (/^\d+\.\d+\.\d+\.\d+$/.test(a)) {
            const m = this.#names.get(a) ?? new Map<string, number>();
            const q = w.text(query[i]!).toLowerCase();
            this.#names.set(a, m.set(q, (m.get(q) ?? 0) + 1));
          }
      if (guid[i]! < 0 && pid[i] === -1) continue;
      const p = w.processAt(d.host[i]!, guid[i]!, pid[i]!, d.t[i]!);
      if (!processes.has(p)) continue;
      const list = this.#byProcess.get(p);
      if (list === undefined) this.#byProcess.set(p, [i]);
      else list.push(i);
    }
    const h = w.facts.table('http_activity');
    const proxy = texts.asker((x) => x === 'proxy');
    for (let i = 0; i < h.rows; i++) {
      if (!proxy(h.source[i]!)) continue;
      const ip = w.addresses.text(h.column('src_ip')[i]!);
      const list = this.#proxy.get(ip);
      if (list === undefined) this.#proxy.set(ip, [i]);
      else list.push(i);
    }
  }

  #key(t: { column(n: string): Int32Array }, i: number): string {
    const a = this.#w.addresses;
    const n = (c: string): number => this.#w.facts.texts.number(t.column(c)[i]!);
    return `${a.text(t.column('src_ip')[i]!)}|${n('src_port')}|${a.text(t.column('dst_ip')[i]!)}|${n('dst_port')}`;
  }

  /** A private address that is no machine of the enterprise's, and that nobody but the intruder's programs connects to. */
  #strange(address: string, port: number): boolean {
    const w = this.#w;
    if (
      w.addresses.known(address) ||
      !isAddress(address) ||
      /^(?:127\.|::1$|0\.|22[4-9]\.|23\d\.|255\.|169\.254\.|fe80)/.test(address)
    )
      return false;
    if (port === 53 || port === 88 || port === 389 || port === 445 || port === 139 || port === 123 || port === 67)
      return false;
    // By name only: one log writes paths with drives, another with devices.
    const others = new Set(
      w
        .openers(address)
        .map((o) => `${o.host}|${baseName(w.text(o.image))}`)
        .filter((o) => !this.#images.has(o) && !SERVER.test(o.replace(/^\d+\|/, ''))),
    );
    return others.size <= FEW;
  }

  lookups(process: number): readonly number[] {
    return this.#byProcess.get(process) ?? [];
  }

  #near(list: readonly number[] | undefined, t: { t: Float64Array }, at: number, within: number): number {
    let best = -1;
    for (const i of list ?? [])
      if (Math.abs(t.t[i]! - at) <= within && (best < 0 || Math.abs(t.t[i]! - at) < Math.abs(t.t[best]! - at)))
        best = i;
    return best;
  }

  /** What a process's connection was: the name that it went to, bytes, through a proxy or not. */
  contact(process: number, row: number): Contact | null {
    const w = this.#w;
    const n = w.facts.table('network_activity');
    const { texts } = w.facts;
    const key = this.#key(n, row);
    const t = n.t[row]!;
    const dst = w.addresses.text(n.column('dst_ip')[row]!);
    const port = texts.number(n.column('dst_port')[row]!);
    const places: Place[] = [n.place(row)];
    const conn = this.#near(this.#conn.get(key), n, t, 120e6);
    const bytes = (c: string): number => {
      const v = conn < 0 ? texts.number(n.column(c)[row]!) : texts.number(n.column(c)[conn]!);
      return Number.isNaN(v) ? 0 : v;
    };
    if (conn >= 0) places.push(n.place(conn));
    const base = { t, host: n.host[row]!, process, proxied: false, out: bytes('bytes_out'), in: bytes('bytes_in') };
    if (w.addresses.outside(dst) || this.#strange(dst, port)) {
      const tls = this.#near(this.#tls.get(key), w.facts.table('tls_activity'), t, 120e6);
      if (tls >= 0) {
        places.push(w.facts.table('tls_activity').place(tls));
        return {
          ...base,
          name: w.text(w.facts.table('tls_activity').column('server_name')[tls]!).toLowerCase(),
          places,
        };
      }
      const own = this.lookups(process).find((i) =>
        w.text(w.facts.table('dns_activity').column('answer')[i]!).includes(dst),
      );
      if (own !== undefined)
        return { ...base, name: w.text(w.facts.table('dns_activity').column('query')[own]!).toLowerCase(), places };
      const named = w.text(n.column('dst_host')[row]!).toLowerCase();
      if (named.includes('.') && !/^[\d.]+$/.test(named)) return { ...base, name: named, places };
      const names = this.#names.get(dst);
      return { ...base, name: names?.size === 1 ? [...names.keys()][0]! : dst, places };
    }
    if (port !== 3128 && port !== 8080 && port !== 80 && port !== 8888) return null;
    // Through a proxy: its line is written when the connection ends.
    const list = this.#proxy.get(w.addresses.text(n.column('src_ip')[row]!));
    if (list === undefined) return null;
    const h = w.facts.table('http_activity');
    const seconds = conn < 0 ? Number.NaN : texts.number(n.column('duration')[conn]!);
    const begun = conn < 0 ? t : n.t[conn]!;
    const row2 = Number.isNaN(seconds)
      ? list.find((i) => h.t[i]! >= t - 2e6 && h.t[i]! <= t + 10e6)
      : list
          .filter((i) => Math.abs(h.t[i]! - (begun + seconds * 1e6)) <= 2.5e6)
          .sort((a, b) => Math.abs(h.t[a]! - begun - seconds * 1e6) - Math.abs(h.t[b]! - begun - seconds * 1e6))[0];
    if (row2 === undefined) return null;
    places.push(h.place(row2));
    const name = hostOfUrl(w.text(h.column('host')[row2]!) || w.text(h.column('path')[row2]!));
    return name === '' ? null : { ...base, proxied: true, name, places };
  }

  /** The proxy's line of a connection that ended at a time. */
  proxied(ip: string, end: number): { name: string; place: Place } | null {
    const h = this.#w.facts.table('http_activity');
    const row = this.#near(this.#proxy.get(ip), h, end, 3e6);
    if (row < 0) return null;
    const name = hostOfUrl(this.#w.text(h.column('host')[row]!) || this.#w.text(h.column('path')[row]!));
    return name === '' ? null : { name, place: h.place(row) };
  }

  /** The name in the handshake of a connection, or the one that its address was looked up by. */
  nameOf(_source: string, row: number): string | null {
    const w = this.#w;
    const n = w.facts.table('network_activity');
    const t = w.facts.table('tls_activity');
    const key = this.#key(n, row);
    for (let i = t.from(n.t[row]! - 5e6); i < t.rows && t.t[i]! <= n.t[row]! + 30e6; i++)
      if (this.#key(t, i) === key) return w.text(t.column('server_name')[i]!).toLowerCase();
    const names = this.#names.get(w.addresses.text(n.column('dst_ip')[row]!));
    return names?.size === 1 ? [...names.keys()][0]! : null;
  }

  /** Every contact with a name outside that the proxy or the sensor tells, whatever program it was. */
  *all(): Generator<{ name: string; t: number; host: number; place: Place }> {
    const w = this.#w;
    const h = w.facts.table('http_activity');
    const url = w.facts.texts.asker(hostOfUrl);
    for (const [ip, list] of this.#proxy)
      for (const i of list) {
        const name = url(h.column('host')[i]! >= 0 ? h.column('host')[i]! : h.column('path')[i]!);
        const host = name === '' ? -1 : w.addresses.hostAt(ip, h.t[i]!);
        if (host >= 0) yield { name, t: h.t[i]!, host, place: h.place(i) };
      }
    const t = w.facts.table('tls_activity');
    for (let i = 0; i < t.rows; i++) {
      if (!w.addresses.outside(w.addresses.text(t.column('dst_ip')[i]!))) continue;
      const host = w.addresses.hostAt(w.addresses.text(t.column('src_ip')[i]!), t.t[i]!);
      if (host >= 0)
        yield { name: w.text(t.column('server_name')[i]!).toLowerCase(), t: t.t[i]!, host, place: t.place(i) };
    }
  }

  /** Whoever else looked a name up or asked the proxy for it. */
  others(name: string): { host: number; t: number; place: Place }[] {
    const w = this.#w;
    const out: { host: number; t: number; place: Place }[] = [];
    const h = w.facts.table('http_activity');
    const path = h.column('path');
    const host = h.column('host');
    const match = w.facts.texts.asker((t) => t !== '' && hostOfUrl(t) === name);
    for (const [ip, list] of this.#proxy)
      for (const i of list)
        if (match(path[i]!) || match(host[i]!))
          out.push({ host: w.addresses.hostAt(ip, h.t[i]!), t: h.t[i]!, place: h.place(i) });
    const d = w.facts.table('dns_activity');
    const is = w.facts.texts.asker((t) => t.toLowerCase() === name || t.toLowerCase().endsWith(`.${name}`));
    for (let i = 0; i < d.rows; i++) {
      if (!is(d.column('query')[i]!)) continue;
      const from = d.host[i]! >= 0 ? d.host[i]! : w.addresses.hostAt(w.addresses.text(d.column('src_ip')[i]!), d.t[i]!);
      if (from >= 0) out.push({ host: from, t: d.t[i]!, place: d.place(i) });
    }
    return out;
  }
}

export function hostOfUrl(t: string): string {
  return t
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[/?#].*$/s, '')
    .replace(/^.*@/, '')
    .replace(/:\d+$/, '');
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

export function outward(w: World, g: Group, net: Network): { channels: Channel[]; thefts: Theft[] } {
  const channels = new Map<string, Channel>();
  const thefts: Theft[] = [];
  const add = (name: string, t: number, host: number, dns: boolean, places: readonly Place[]): void => {
    let c = channels.get(name);
    if (c === undefined)
      channels.set(
        name,
        (c = { address: name, first: t, last: t, hosts: new Set(), count: 0, dns, times: [], places: [] }),
      );
    c.first = Math.min(c.first, t);
    c.last = Math.max(c.last, t);
    c.hosts.add(host);
    c.count++;
    if (c.times.length < 20_000) c.times.push(t);
    if (c.places.length < 1000) c.places.push(...places);
  };
  const injected = new Set(g.nodes.filter((x) => x.because === 'edge.injected').map((x) => x.row));
  const byProgram = new Map<string, Contact[]>();
  for (const r of g.processes) {
    if (w.system(r) && !w.shell(r) && !injected.has(r)) continue;
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
      if (talk > 0 && (!proxied || talk * 4 >= most))
        for (const c of list) if (!bulk.includes(c)) add(name, c.t, c.host, false, c.places);
    }
  }
  // Names that one program looks up one after another.
  const d = w.facts.table('dns_activity');
  for (const r of g.processes) {
    if (!brought(w, r) && !w.shell(r)) continue;
    const queried = net.lookups(r).map((i) => w.text(d.column('query')[i]!).toLowerCase().split('.'));
    const families = new Map<string, number[]>();
    // One name more where few of them stand for nearly all: endings that many share are nobody's domain.
    const third = new Map<string, Set<string>>();
    for (const l of queried) {
      const base = l.slice(-2).join('.');
      third.set(base, (third.get(base) ?? new Set()).add(l.at(-3) ?? ''));
    }
    for (const i of net.lookups(r)) {
      const q = w.text(d.column('query')[i]!).toLowerCase();
      const labels = q.split('.');
      if (labels.length < 3) continue;
      const pair = labels.slice(-2).join('.');
      const base = third.get(pair)!.size <= FEW_NAMES ? labels.slice(-3).join('.') : pair;
      const list = families.get(base) ?? [];
      families.set(base, list);
      list.push(i);
    }
    for (const list of families.values()) {
      const queries = list.map((i) => w.text(d.column('query')[i]!).toLowerCase());
      const distinct = [...new Set(queries)];
      if (distinct.length < TUNNEL_NAMES) continue;
      const domain = commonDomain(distinct);
      if (inside(w, domain)) continue;
      // Much in little time carries data out; little for long is a channel.
      const times = list.map((i) => d.t[i]!);
      const dense = densest(times, 3 * 3600e6);
      const taken = new Set<number>();
      if (dense.count >= TUNNEL_BULK) {
        const rows = list.filter((i) => d.t[i]! >= dense.from && d.t[i]! <= dense.to);
        for (const i of rows) taken.add(i);
        const chars = rows.reduce((k, i) => k + w.text(d.column('query')[i]!).length - domain.length, 0);
        thefts.push({
          t: dense.to,
          host: d.host[rows[0]!]!,
          destination: domain,
          bytes: Math.round(chars / 2),
          exact: false,
          method: 'dns',
          what: staged(g, d.host[rows[0]!]!, dense.from)?.what ?? '',
          stagedAs: staged(g, d.host[rows[0]!]!, dense.from)?.path ?? null,
          places: rows.slice(0, 500).map((i) => d.place(i)),
        });
      }
      for (const i of list) if (!taken.has(i)) add(domain, d.t[i]!, d.host[i]!, true, [d.place(i)]);
    }
  }
  thefts.push(...heavy(w, g, net));
  for (const c of unseen(w, g, net)) add(c.name, c.t, c.host, false, [c.place]);
  for (const t of thefts) {
    const c = channels.get(t.destination);
    if (c !== undefined && c.count < 3) channels.delete(t.destination);
  }
  return { channels: [...channels.values()], thefts };
}

/** Bytes out in one connection of a host without a sensor that stand out by themselves. */
const HEAVY = 100e6;

/** Heavy uploads of controlled hosts on which no sensor tells the program: as much as the host never sent before. */
function heavy(w: World, g: Group, net: Network): Theft[] {
  const n = w.facts.table('network_activity');
  const c = (x: string): Int32Array => n.column(x);
  const [src, dst, out, duration] = [c('src_ip'), c('dst_ip'), c('bytes_out'), c('duration')];
  const found: Theft[] = [];
  const before = new Map<number, number>();
  for (let i = 0; i < n.rows; i++) {
    if (out[i] === -1) continue;
    const bytes = w.facts.texts.number(out[i]!);
    if (Number.isNaN(bytes) || bytes < HEAVY / 10) continue;
    const host = w.addresses.hostAt(w.addresses.text(src[i]!), n.t[i]!);
    const h = host < 0 ? undefined : g.hosts.get(host);
    if (h === undefined || h.status !== 'controlled' || w.sensed(host)) continue;
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
      bytes,
      exact: true,
      method: 'https',
      what: s?.what ?? '',
      stagedAs: s?.path ?? null,
      places: [n.place(i), ...(proxied === null ? [] : [proxied.place])],
    });
  }
  return found;
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

/**
 * Where no sensor stands on a host that the intruder's program runs on: names that this host asks for since then and not before, again
 * and again, and that no machine outside of the intruder's hands ever asks for.
 */
function unseen(w: World, g: Group, net: Network): { name: string; t: number; host: number; place: Place }[] {
  const since = new Map<number, number>();
  for (const r of g.processes)
    if (brought(w, r)) {
      const h = w.processes.host.at(r);
      if (!w.sensed(h)) since.set(h, Math.min(since.get(h) ?? Number.POSITIVE_INFINITY, w.processes.start.at(r)));
    }
  // Where the same program talks on a host that has a sensor, its channel is known.
  const talking = new Set<string>();
  for (const r of g.processes)
    if (brought(w, r) && w.flows(r).some((i) => net.contact(r, i) !== null)) talking.add(w.processes.imageText(r));
  for (const r of g.processes)
    if (brought(w, r) && talking.has(w.processes.imageText(r))) since.delete(w.processes.host.at(r));
  // With most of the machines in their hands, nobody is left to compare with.
  if (since.size === 0 || g.hosts.size * 2 > w.facts.hosts.names.length) return [];
  const by = new Map<string, { t: number; host: number; place: Place }[]>();
  const bad = new Set<string>();
  for (const c of net.all()) {
    if (bad.has(c.name)) continue;
    const from = since.get(c.host);
    const theirs = from !== undefined && c.t >= from - 60e6;
    if (!theirs && g.hosts.get(c.host)?.status !== 'controlled') {
      bad.add(c.name);
      by.delete(c.name);
      continue;
    }
    if (!theirs) continue;
    const list = by.get(c.name) ?? [];
    by.set(c.name, list);
    list.push(c);
  }
  const out: { name: string; t: number; host: number; place: Place }[] = [];
  for (const [name, list] of by) {
    if (
      list.length < MIN_CONTACTS ||
      new Set(list.map((c) => Math.floor(c.t / 3600e6))).size < MIN_HOURS ||
      inside(w, name)
    )
      continue;
    for (const c of list) out.push({ name, ...c });
  }
  return out;
}
