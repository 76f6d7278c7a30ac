// Logs that fell silent, or that are not there: told only where the log itself, or those of its neighbours, show that it should not
// have been silent, and where the host did something meanwhile.
import { FACT_CLASSES } from '../../schema/index.js';
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';
import type { Messages } from '../../messages/index.js';
import type { Group } from './group.js';

/** A log must have been seen in so many hours before its habits say anything. */
const KNOWN_HOURS = 48;
/** A silence is this many times longer than nearly all (99 of 100) of the log's own pauses, and at least so many hours. */
const LONGER = 4;
const LEAST_HOURS = 6;
/** Hours of the silence in which other logs of the host have records. */
const ALIVE_HOURS = 3;
/** Hosts that deliver a log before its absence on one means anything, and the share of them among comparable hosts. */
const NEIGHBOURS = 5;
const NEIGHBOUR_SHARE = 0.95;
/** Logs that every Windows host writes by itself; others are a matter of what was installed, or collected. */
const EVERYWHERE = new Set(['Security', 'System']);

export interface Silence {
  readonly host: number;
  readonly source: string;
  /** Microseconds; null: the whole log. */
  readonly from: number | null;
  readonly to: number | null;
  readonly text: string;
  readonly places: readonly Place[];
}

/** Silences of logs of hosts that the intruder controlled, at the time when they were at work there. */
export function silences(w: World, g: Group, words: Messages['text']['incident']): Silence[] {
  const out: Silence[] = [];
  const { hours, texts } = w.facts;
  const having = new Map<string, number>();
  for (const sources of hours.of.values())
    for (const s of new Set([...sources.keys()].map((x) => texts.text(x)))) having.set(s, (having.get(s) ?? 0) + 1);
  const windows = (sources: ReadonlyMap<number, unknown>): boolean =>
    [...sources.keys()].some((s) => texts.text(s).startsWith('Microsoft-Windows-') || EVERYWHERE.has(texts.text(s)));
  const windowsHosts = [...hours.of.values()].filter(windows).length;
  for (const claim of g.hosts.values()) {
    if (claim.status !== 'controlled') continue;
    const sources = hours.of.get(claim.host);
    if (sources === undefined) continue;
    for (const [id, set] of sources) {
      const source = texts.text(id);
      if (set.count < KNOWN_HOURS) continue;
      const all = [...set.all()];
      const pauses = all
        .slice(1)
        .map((h, i) => h - all[i]!)
        .sort((a, b) => a - b);
      const usual = pauses[Math.floor(0.99 * (pauses.length - 1))]!;
      for (let i = 1; i < all.length; i++) {
        const [from, to] = [all[i - 1]! + 1, all[i]!];
        if (to - from < Math.max(LEAST_HOURS, usual * LONGER)) continue;
        // Asleep, off, or away: then everything is silent.
        let alive = 0;
        for (let h = from; h < to; h++)
          if ([...sources].some(([other, x]) => other !== id && x.count >= KNOWN_HOURS && x.has(h))) alive++;
        if (alive < ALIVE_HOURS || alive * 4 < to - from) continue;
        const start = from * 3600e6;
        if (!g.near(claim.host, start, 2 * 3600e6) && !g.near(claim.host, to * 3600e6, 2 * 3600e6)) continue;
        out.push({
          host: claim.host,
          source,
          from: start,
          to: to * 3600e6,
          text: words.silent(source, hourText(from), hourText(to)),
          places: [
            ...records(w, claim.host, start - 3600e6, start, (x) => x === id).slice(-1),
            ...records(w, claim.host, to * 3600e6, (to + 1) * 3600e6, (x) => x === id).slice(0, 1),
            ...records(w, claim.host, start, to * 3600e6, (x) => x !== id).slice(0, 3),
          ],
        });
      }
    }
    // A log that is not there at all.
    if (!windows(sources)) continue;
    const own = new Set([...sources.keys()].map((x) => texts.text(x)));
    for (const source of EVERYWHERE) {
      const n = having.get(source) ?? 0;
      if (own.has(source) || n < NEIGHBOURS || n < (windowsHosts - 1) * NEIGHBOUR_SHARE) continue;
      out.push({
        host: claim.host,
        source,
        from: null,
        to: null,
        text: words.absent(source, n),
        places: records(w, claim.host, claim.first - 86_400e6, claim.last + 86_400e6, () => true).slice(0, 3),
      });
    }
  }
  return out;
}

/** Records of a host's logs that are facts, in a stretch of time; at most some of each class. */
function records(w: World, host: number, from: number, to: number, log: (source: number) => boolean): Place[] {
  const out: { t: number; place: Place }[] = [];
  for (const { name } of FACT_CLASSES) {
    if (name === 'base_event') continue;
    const t = w.facts.table(name);
    for (let i = t.from(from), n = 0; i < t.rows && t.t[i]! < to && n < 50; i++)
      if (t.host[i] === host && log(t.source[i]!)) {
        out.push({ t: t.t[i]!, place: t.place(i) });
        n++;
      }
  }
  return out
    .sort((a, b) => a.t - b.t || a.place.evidence - b.place.evidence || a.place.number - b.place.number)
    .map((x) => x.place);
}

const hourText = (hour: number): string => new Date(hour * 3600e3).toISOString().slice(0, 16).replace('T', ' ');
