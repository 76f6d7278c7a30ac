// Logs in local time that name no zone: what a sensor with a zone saw of the same connections tells it. A logon by SSH has the address and
// the port that it came from, and so has the connection that it came by.
import type { Texts } from './texts.js';
import type { FactSource } from './read.js';
import type { Cells, Doubles, Numbers } from './table.js';

/** What was found for one host: minutes east of UTC of its local times, and the connections that say so. */
export interface LocalZone {
  /** Of most of them. */
  readonly minutes: number;
  readonly pairs: number;
  /** Logs of the machine's own that write its offset; 0 where others told it. */
  readonly own: number;
  /** From which local time on (microseconds) which zone counts, in order: summer time begins and ends. */
  readonly turns: readonly { readonly from: number; readonly minutes: number }[];
}

/** A file of the evidence, with what its lines write as their offset from UTC. */
export interface OffsetFile {
  readonly path: string;
  readonly host: string;
  readonly offset: { readonly t: number; readonly minutes: number } | null;
}

/**
 * Zones of hosts by other logs of theirs that write the offset: a machine has one clock. Nothing where one of them says UTC, since a server may be set
 * to something else than its machine.
 */
export function ownZones(
  hosts: { known(name: string): number },
  files: readonly OffsetFile[],
): ReadonlyMap<number, LocalZone> {
  const by = new Map<number, { t: number; minutes: number }[]>();
  for (const f of files) {
    if (f.offset === null) continue;
    let h = f.host === '' ? -1 : hosts.known(f.host);
    for (const part of h >= 0 ? [] : f.path.split('/').slice(0, -1)) {
      const known = /^[\w.-]{2,63}$/.test(part) ? hosts.known(part) : -1;
      if (known >= 0) h = known;
    }
    if (h >= 0) by.set(h, [...(by.get(h) ?? []), f.offset]);
  }
  const out = new Map<number, LocalZone>();
  for (const [h, list] of by) {
    list.sort((a, b) => a.t - b.t);
    const zones = new Set(list.map((x) => x.minutes));
    if (zones.has(0) || zones.size > 2 || Math.max(...zones) - Math.min(...zones) > 60) continue;
    const turns: { from: number; minutes: number }[] = [];
    for (const x of list)
      if (turns.at(-1)?.minutes !== x.minutes)
        turns.push({
          from: turns.length === 0 ? Number.NEGATIVE_INFINITY : x.t + x.minutes * 60e6,
          minutes: x.minutes,
        });
    out.set(h, { minutes: turns.at(-1)!.minutes, pairs: 0, own: list.length, turns });
  }
  return out;
}

/** Minutes east of UTC at a local time. */
export const zoneMinutes = (z: LocalZone, local: number): number =>
  (z.turns.findLast((x) => x.from <= local) ?? z.turns[0]!).minutes;

/** Zones are whole quarters of an hour, at most 14 hours from UTC. */
const QUARTER = 900e6;
const MOST_ZONE = 14 * 3600e6;
/** A logon is written down no further from its connection, clocks and zones apart. */
const SAME = 120e6;
/** Connections that must agree, and how many times as many as for any other zone. */
const LEAST = 3;
const CLEAR = 3;
/** Two logs of one request are this far apart at most, clocks and zones apart. */
const SAME_REQUEST = 20e6;
/** Requests of one caller for one path that are compared: of more, any time fits. */
const FEW = 30;
const DAY = 86_400e6;
/** Days around one by whose pairs it is told. */
const AROUND = 3;
/** Summer time is this much. */
const SUMMER = 3600e6;
/** Logons that are asked for. */
const MOST_ASKED = 200_000;

/**
 * Zones of hosts whose logs name none, by what sensors saw. `local`: evidence in local time whose zone nobody said. Reads two classes of facts
 * once more, and only where there is such evidence.
 */
export async function localZones(
  source: FactSource,
  texts: Texts,
  of: { readonly evidence: Numbers; readonly micros: Doubles; readonly host: Numbers },
  local: (evidence: number) => boolean,
): Promise<ReadonlyMap<number, LocalZone>> {
  const evidence: Cells = of.evidence.data;
  const asked = new Map<string, { host: number; t: number }[]>();
  let n = 0;
  // Logons, and what firewalls that name no zone wrote down of connections themselves.
  for (const [name, columns] of [
    ['authentication', ['src_ip', 'src_port']],
    ['network_activity', ['src_ip', 'src_port', 'duration']],
  ] as const)
    for await (const c of source.facts(name, columns))
      for (let i = 0; i < c.rows && n < MOST_ASKED; i++) {
        const r = c.rec[i]!;
        if (!local(evidence[r]!) || of.host.data[r]! < 0) continue;
        const ip = texts.of(c.columns[0]![i]!);
        const port = texts.number(texts.of(c.columns[1]![i]!));
        if (ip < 0 || !(port > 0) || !Number.isFinite(of.micros.at(r))) continue;
        const key = `${texts.text(ip)}|${port}`;
        const list = asked.get(key);
        const seconds = c.columns[2] === undefined ? 0 : texts.number(texts.of(c.columns[2][i]!));
        const x = { host: of.host.data[r]!, t: of.micros.at(r) - (seconds > 0 ? seconds * 1e6 : 0) };
        n++;
        if (list === undefined) asked.set(key, [x]);
        else list.push(x);
      }
  const votes = new Map<number, Vote[]>();
  const vote = (host: number, local: number, zones: ReadonlySet<number>): void => {
    const list = votes.get(host) ?? [];
    votes.set(host, list);
    for (const zone of zones) list.push({ day: Math.floor(local / DAY), zone });
  };
  if (asked.size > 0)
    for await (const c of source.facts('network_activity', ['src_ip', 'src_port', 'duration']))
      for (let i = 0; i < c.rows; i++) {
        const r = c.rec[i]!;
        const ip = texts.of(c.columns[0]![i]!);
        if (ip < 0 || local(evidence[r]!)) continue;
        const found = asked.get(`${texts.text(ip)}|${texts.number(texts.of(c.columns[1]![i]!))}`);
        if (found === undefined) continue;
        const seconds = texts.number(texts.of(c.columns[2]![i]!));
        const end = of.micros.at(r);
        // A firewall writes down the end, a sensor the beginning.
        const times = seconds > 0 ? [end, end - seconds * 1e6] : [end];
        for (const x of found) vote(x.host, x.t, zonesOf(x.t, times, SAME));
      }
  await requests(source, texts, of, local, vote);
  const out = new Map<number, LocalZone>();
  for (const [host, list] of votes) {
    const z = zoneOfVotes(list);
    if (z !== null) out.set(host, z);
  }
  return out;
}

interface Vote {
  /** Local day. */
  readonly day: number;
  /** Microseconds east of UTC. */
  readonly zone: number;
}

/** Zones by which a local time is one of `times`. */
function zonesOf(local: number, times: readonly number[], within: number): Set<number> {
  const zones = new Set<number>();
  for (const t of times) {
    const z = Math.round((local - t) / QUARTER) * QUARTER;
    if (Math.abs(z) <= MOST_ZONE && Math.abs(local - t - z) <= within) zones.add(z);
  }
  return zones;
}

/** Requests that a server with a zone and a proxy without one both wrote down: same caller, same method, same path. */
async function requests(
  source: FactSource,
  texts: Texts,
  of: { readonly evidence: Numbers; readonly micros: Doubles; readonly host: Numbers },
  local: (evidence: number) => boolean,
  vote: (host: number, local: number, zones: ReadonlySet<number>) => void,
): Promise<void> {
  const evidence: Cells = of.evidence.data;
  const columns = ['src_ip', 'method', 'path'];
  const plain = texts.asker((t) => t.replace(/[?#].*$/s, '').toLowerCase());
  const key = (c: { readonly columns: readonly ArrayLike<number>[] }, i: number): string => {
    const [ip, method, path] = [0, 1, 2].map((k) => texts.of(c.columns[k]![i]!)) as [number, number, number];
    return ip < 0 || path < 0 ? '' : `${texts.text(ip)}|${method}|${plain(path)}`;
  };
  const asked = new Map<string, { host: number; t: number }[]>();
  let n = 0;
  for await (const c of source.facts('http_activity', columns))
    for (let i = 0; i < c.rows && n < MOST_ASKED; i++) {
      const r = c.rec[i]!;
      const t = of.micros.at(r);
      if (!local(evidence[r]!) || of.host.data[r]! < 0 || !Number.isFinite(t)) continue;
      const k = key(c, i);
      if (k === '') continue;
      n++;
      const list = asked.get(k);
      if (list === undefined) asked.set(k, [{ host: of.host.data[r]!, t }]);
      else if (list.length <= FEW) list.push({ host: of.host.data[r]!, t });
    }
  if (asked.size === 0) return;
  const seen = new Map<string, number>();
  for await (const c of source.facts('http_activity', columns))
    for (let i = 0; i < c.rows; i++) {
      const r = c.rec[i]!;
      if (local(evidence[r]!)) continue;
      const k = key(c, i);
      const list = k === '' ? undefined : asked.get(k);
      if (list === undefined || list.length > FEW) continue;
      const times = (seen.get(k) ?? 0) + 1;
      seen.set(k, times);
      if (times > FEW) continue;
      for (const x of list) vote(x.host, x.t, zonesOf(x.t, [of.micros.at(r)], SAME_REQUEST));
    }
}

/** The zone with by far the most of some votes; NaN where none is clear. */
function clear(votes: readonly Vote[]): { zone: number; n: number } {
  const counts = new Map<number, number>();
  for (const v of votes) counts.set(v.zone, (counts.get(v.zone) ?? 0) + 1);
  const [best, next] = [...counts].sort((a, b) => b[1] - a[1] || Math.abs(a[0]) - Math.abs(b[0]));
  return best === undefined || best[1] < LEAST || best[1] < (next?.[1] ?? 0) * CLEAR
    ? { zone: Number.NaN, n: 0 }
    : { zone: best[0], n: best[1] };
}

/** What the votes of a host say: one zone, or two an hour apart where summer time begins or ends between them; null. */
function zoneOfVotes(votes: readonly Vote[]): LocalZone | null {
  const whole = clear(votes);
  const byDay = new Map<number, Vote[]>();
  for (const v of votes) {
    const list = byDay.get(v.day);
    if (list === undefined) byDay.set(v.day, [v]);
    else list.push(v);
  }
  const days = [...byDay.keys()].sort((a, b) => a - b);
  const around = (day: number): Vote[] =>
    Array.from({ length: 2 * AROUND + 1 }, (_, i) => byDay.get(day - AROUND + i) ?? []).flat();
  const turns: { from: number; minutes: number }[] = [];
  let pairs = 0;
  let last = Number.NaN;
  for (const day of days) {
    let near = clear(byDay.get(day)!);
    if (Number.isNaN(near.zone)) near = clear(around(day));
    if (Number.isNaN(near.zone)) continue;
    // Summer time, or nothing that a clock does.
    if (!Number.isNaN(last) && near.zone !== last && Math.abs(near.zone - last) !== SUMMER) return null;
    if (near.zone !== last)
      turns.push({ from: turns.length === 0 ? Number.NEGATIVE_INFINITY : day * DAY, minutes: near.zone / 60e6 });
    last = near.zone;
    pairs += near.n;
  }
  if (turns.length === 0) {
    if (Number.isNaN(whole.zone) || whole.zone === 0) return null;
    return {
      minutes: whole.zone / 60e6,
      pairs: whole.n,
      own: 0,
      turns: [{ from: Number.NEGATIVE_INFINITY, minutes: whole.zone / 60e6 }],
    };
  }
  // A clock is set twice a year.
  const years = Math.max(1, Math.ceil(((days.at(-1)! - days[0]!) * DAY) / (365 * DAY)));
  if (turns.length > 2 * years + 1) return null;
  if (turns.every((x) => x.minutes === 0)) return null;
  const most = Number.isNaN(whole.zone) ? turns[0]!.minutes : whole.zone / 60e6;
  return { minutes: most, pairs: Number.isNaN(whole.zone) ? pairs : whole.n, own: 0, turns };
}
