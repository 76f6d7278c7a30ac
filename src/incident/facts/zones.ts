// Logs in local time that name no zone: what a sensor with a zone saw of the same connections tells it. A logon by SSH has the address and
// the port that it came from, and so has the connection that it came by.
import type { Texts } from './texts.js';
import type { FactSource } from './read.js';
import type { Cells, Doubles, Numbers } from './table.js';

/** What was found for one host: minutes east of UTC of its local times, and the connections that say so. */
export interface LocalZone {
  readonly minutes: number;
  readonly pairs: number;
}

/** Zones are whole quarters of an hour, at most 14 hours from UTC. */
const QUARTER = 900e6;
const MOST_ZONE = 14 * 3600e6;
/** A logon is written down no further from its connection, clocks and zones apart. */
const SAME = 120e6;
/** Connections that must agree, and how many times as many as for any other zone. */
const LEAST = 3;
const CLEAR = 3;
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
  const out = new Map<number, LocalZone>();
  if (asked.size === 0) return out;
  const votes = new Map<number, Map<number, number>>();
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
      for (const x of found) {
        const zones = new Set<number>();
        for (const t of times) {
          const z = Math.round((x.t - t) / QUARTER) * QUARTER;
          if (Math.abs(z) <= MOST_ZONE && Math.abs(x.t - t - z) <= SAME) zones.add(z);
        }
        const m = votes.get(x.host) ?? new Map<number, number>();
        votes.set(x.host, m);
        for (const z of zones) m.set(z, (m.get(z) ?? 0) + 1);
      }
    }
  for (const [host, m] of votes) {
    const [best, next] = [...m].sort((a, b) => b[1] - a[1] || Math.abs(a[0]) - Math.abs(b[0]));
    if (best === undefined || best[0] === 0 || best[1] < LEAST || best[1] < (next?.[1] ?? 0) * CLEAR) continue;
    out.set(host, { minutes: best[0] / 60e6, pairs: best[1] });
  }
  return out;
}
