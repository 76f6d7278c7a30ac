// Names, bytes and durations of connections: what sensors, handshakes, look-ups and proxies say of each.
import { isAddress } from '../../entities/index.js';
import type { Place } from '../facts/table.js';
import { baseName, SERVER, type World } from '../graph/world.js';

/** Programs of others that may have opened a page of the intruder's; more of them, and it is a server of everybody's. */
const FEW = 3;

export interface Contact {
  readonly t: number;
  readonly host: number;
  readonly process: number;
  readonly name: string;
  /** The address that it went to, by itself or by a proxy; '' where the proxy does not tell. */
  readonly address: string;
  readonly out: number;
  readonly in: number;
  /** Whether any log tells how much went over it. */
  readonly measured: boolean;
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

  /** Whether anything looked an address up by a name. */
  named(address: string): boolean {
    return this.#names.has(address);
  }

  /** The host that a look-up was made by; -1. */
  asker(row: number): number {
    const d = this.#w.facts.table('dns_activity');
    if (d.host[row]! >= 0 && (d.column('process_guid')[row]! >= 0 || d.column('pid')[row] !== -1)) return d.host[row]!;
    const by = this.#w.addresses.hostAt(this.#w.addresses.text(d.column('src_ip')[row]!), d.t[row]!);
    return by >= 0 ? by : d.host[row]!;
  }

  /** Rows of look-ups of which no record names the program, by the host that asked, where no sensor was at work there. */
  unsensed(): ReadonlyMap<number, number[]> {
    const w = this.#w;
    const d = w.facts.table('dns_activity');
    const [guid, pid, src] = [d.column('process_guid'), d.column('pid'), d.column('src_ip')];
    const out = new Map<number, number[]>();
    for (let i = 0; i < d.rows; i++) {
      if (guid[i]! >= 0 || pid[i] !== -1 || src[i]! < 0) continue;
      const host = w.addresses.hostAt(w.addresses.text(src[i]!), d.t[i]!);
      if (host < 0 || w.sensedAt(host, d.t[i]!)) continue;
      const list = out.get(host);
      if (list === undefined) out.set(host, [i]);
      else list.push(i);
    }
    return out;
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
    const base = {
      t,
      host: n.host[row]!,
      process,
      proxied: false,
      address: dst,
      out: bytes('bytes_out'),
      in: bytes('bytes_in'),
      measured: conn >= 0 || n.column('bytes_out')[row]! !== -1,
    };
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
    const peer = w.addresses.text(h.column('server_ip')[row2]!);
    return name === ''
      ? null
      : { ...base, proxied: true, address: w.addresses.outside(peer) ? peer : '', name, places };
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
  *all(): Generator<{ name: string; address: string; t: number; host: number; place: Place }> {
    const w = this.#w;
    const h = w.facts.table('http_activity');
    const url = w.facts.texts.asker(hostOfUrl);
    for (const [ip, list] of this.#proxy)
      for (const i of list) {
        const name = url(h.column('host')[i]! >= 0 ? h.column('host')[i]! : h.column('path')[i]!);
        const host = name === '' ? -1 : w.addresses.hostAt(ip, h.t[i]!);
        if (host < 0) continue;
        const peer = w.addresses.text(h.column('server_ip')[i]!);
        yield { name, address: w.addresses.outside(peer) ? peer : '', t: h.t[i]!, host, place: h.place(i) };
      }
    const t = w.facts.table('tls_activity');
    for (let i = 0; i < t.rows; i++) {
      const address = w.addresses.text(t.column('dst_ip')[i]!);
      if (!w.addresses.outside(address)) continue;
      const host = w.addresses.hostAt(w.addresses.text(t.column('src_ip')[i]!), t.t[i]!);
      if (host >= 0)
        yield { name: w.text(t.column('server_name')[i]!).toLowerCase(), address, t: t.t[i]!, host, place: t.place(i) };
    }
  }

  /** Every connection to an address outside that exactly one name was looked up for, where no record names the program. */
  *looked(): Generator<{ name: string; address: string; t: number; host: number; place: Place }> {
    const w = this.#w;
    const n = w.facts.table('network_activity');
    const [src, dst, guid, pid, port] = ['src_ip', 'dst_ip', 'process_guid', 'pid', 'dst_port'].map((c) =>
      n.column(c),
    ) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
    const name = w.facts.texts.asker((t) => {
      const names = this.#names.get(t.replace(/^::ffff:/, ''));
      return names?.size === 1 && w.addresses.outside(t) ? [...names.keys()][0]! : '';
    });
    for (let i = 0; i < n.rows; i++) {
      if (guid[i]! >= 0 || pid[i] !== -1 || dst[i]! < 0 || w.facts.texts.number(port[i]!) === 53) continue;
      const to = name(dst[i]!);
      if (to === '') continue;
      const host = w.addresses.hostAt(w.addresses.text(src[i]!), n.t[i]!);
      if (host >= 0) yield { name: to, address: w.addresses.text(dst[i]!), t: n.t[i]!, host, place: n.place(i) };
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
