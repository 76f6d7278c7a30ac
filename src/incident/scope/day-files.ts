// Logs that a server writes into a new file each day, and of which a day is missing between its neighbours: told where the server holds to
// it every other day, and was in the intruder's hands by then.
import type { Messages } from '../../messages/index.js';
import type { Place } from '../facts/table.js';
import type { Group } from './group.js';
import { ordered } from './ordered.js';
import type { Silence } from './silence.js';
import type { Requests } from './requests.js';

const DAY = 86_400e6;
/** Days with a file before a missing one says anything. */
const KNOWN_DAYS = 6;
/** Of the days from the first to the last, these may be missing. */
const MISSING_SHARE = 0.25;
/** Records of the emptiest day that is there: a server that writes less may have had none. */
const LEAST_RECORDS = 5;

/** `u_ex260213.log`, `access_log.2026-02-13.txt`, `access.log-20260213`: the name without its date, and the day. */
export function dated(name: string): { pattern: string; day: number } | null {
  const m =
    /(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)/.exec(name) ??
    /^(?:u_ex|ex)()(\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=\.log)/i.exec(name);
  if (m === null) return null;
  const year = m[1] === '' ? 2000 + Number(m[2]) : Number(m[1]);
  const day = Date.UTC(year, Number(m[3]) - 1, Number(m[4])) * 1000;
  const digits = m[1] === '' ? m[0].slice(-6) : m[0];
  return { pattern: name.replace(digits, '*'), day: Math.round(day / DAY) };
}

/** Whether a command names the file of a day. */
function names(line: string, key: string, day: number): boolean {
  const pattern = key.slice(key.lastIndexOf('/') + 1).toLowerCase();
  const iso = new Date(day * 86_400e3).toISOString().slice(0, 10);
  return [
    iso,
    iso.replaceAll('-', ''),
    iso.slice(2).replaceAll('-', ''),
    iso.replaceAll('-', '_'),
    iso.replaceAll('-', '.'),
  ].some((d) => line.includes(pattern.replace('*', d)));
}

export function missingDays(
  g: Group,
  requests: Requests,
  files: readonly { readonly evidence: number; readonly path: string; readonly host: string }[],
  words: Messages['text']['incident'],
): Silence[] {
  const series = new Map<string, Map<number, number[]>>();
  for (const f of files) {
    const cut = f.path.lastIndexOf('/') + 1;
    const d = dated(f.path.slice(cut));
    if (d === null) continue;
    const key = f.path.slice(0, cut) + d.pattern;
    const days = series.get(key) ?? new Map<number, number[]>();
    series.set(key, days);
    days.set(d.day, [...(days.get(d.day) ?? []), f.evidence]);
  }
  const removed = ordered(g.world, g)
    .map((o) => o.line)
    .filter((line) => /\b(?:del|erase|rm|remove-item|shred|unlink|ri)\b/.test(line));
  const holes: { key: string; days: Map<number, number[]>; missing: number[] }[] = [];
  for (const [key, days] of series) {
    const there = [...days.keys()].sort((a, b) => a - b);
    if (there.length < KNOWN_DAYS) continue;
    const missing: number[] = [];
    for (let d = there[0]! + 1; d < there.at(-1)!; d++) if (!days.has(d)) missing.push(d);
    if (missing.length === 0 || missing.length > there.length * MISSING_SHARE) continue;
    // A day of the week on which it is never written is no day that is missing.
    const weekday = (d: number): number => d % 7;
    const kept = missing.filter(
      (d) =>
        removed.some((line) => names(line, key, d)) ||
        missing.filter((x) => weekday(x) === weekday(d)).length * 2 <=
          there.filter((x) => weekday(x) === weekday(d)).length + 1,
    );
    if (kept.length > 0) holes.push({ key, days, missing: kept });
  }
  if (holes.length === 0) return [];
  // Whose they are, and what is in the days beside.
  const t = requests.table;
  const wanted = new Set(holes.flatMap((h) => [...h.days.values()].flat()));
  const rows = new Map<number, { n: number; first: number; last: number; host: number }>();
  for (let i = 0; i < t.rows; i++) {
    const e = t.evidence(i);
    if (!wanted.has(e)) continue;
    const known = rows.get(e);
    if (known === undefined) rows.set(e, { n: 1, first: i, last: i, host: requests.writer(i) });
    else {
      known.n++;
      known.last = i;
    }
  }
  const out: Silence[] = [];
  for (const h of holes) {
    const told = [...h.days].flatMap(([day, list]) =>
      list.flatMap((e) => (rows.has(e) ? [{ day, ...rows.get(e)! }] : [])),
    );
    if (told.length < KNOWN_DAYS) continue;
    const host = told[0]!.host;
    const claim = g.hosts.get(host);
    if (claim?.status !== 'controlled') continue;
    const perDay = new Map<number, number>();
    for (const x of told) perDay.set(x.day, (perDay.get(x.day) ?? 0) + x.n);
    if (Math.min(...perDay.values()) < LEAST_RECORDS) continue;
    for (let k = 0; k < h.missing.length; k++) {
      const from = h.missing[k]!;
      let to = from;
      while (h.missing[k + 1] === to + 1) {
        to++;
        k++;
      }
      if ((to + 1) * DAY < claim.first - DAY || from * DAY > claim.last + 2 * DAY) continue;
      const before = told.filter((x) => x.day < from).sort((a, b) => b.day - a.day)[0];
      const after = told.filter((x) => x.day > to).sort((a, b) => a.day - b.day)[0];
      const places: Place[] = [];
      if (before !== undefined) places.push(t.place(before.last));
      if (after !== undefined) places.push(t.place(after.first));
      out.push({
        host,
        source: h.key.slice(h.key.lastIndexOf('/') + 1),
        from: from * DAY,
        to: (to + 1) * DAY,
        text: words.daysMissing(h.key.slice(h.key.lastIndexOf('/') + 1), dayText(from), dayText(to)),
        places,
      });
    }
  }
  return out;
}

const dayText = (day: number): string => new Date(day * 86_400e3).toISOString().slice(0, 10);
