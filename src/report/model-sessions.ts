// Where and when the intruder worked: attack sessions by country and network, and the hours of the week.
import type { Incident } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { type Block, table } from './blocks.js';

/** The nine hours of a day in which most of the sessions begin. */
export function workingHours(i: Incident): { from: number; to: number; share: number; week: number } | null {
  const starts = i.sessions.flatMap((s) => (s.start === null ? [] : [new Date(s.start)]));
  if (starts.length < 5) return null;
  const hours = Array<number>(24).fill(0);
  for (const t of starts) hours[t.getUTCHours()]!++;
  let best = 0;
  let most = -1;
  for (let h = 0; h < 24; h++) {
    let n = 0;
    for (let k = 0; k < 9; k++) n += hours[(h + k) % 24]!;
    if (n > most) [best, most] = [h, n];
  }
  const week = starts.filter((t) => t.getUTCDay() >= 1 && t.getUTCDay() <= 5).length;
  return {
    from: best,
    to: (best + 9) % 24,
    share: Math.round((most / starts.length) * 100),
    week: Math.round((week / starts.length) * 100),
  };
}

export function sessions(i: Incident, messages: Messages): Block[] {
  const m = messages.text;
  const w = m.model;
  const r = m.incidentReport;
  if (i.sessions.length === 0) return [];
  const countries = new Map<string, { n: number; ips: Set<string>; nets: Set<string>; first: string; last: string }>();
  for (const s of i.sessions) {
    const key = s.country ?? '';
    const x = countries.get(key) ?? { n: 0, ips: new Set(), nets: new Set(), first: s.start ?? '', last: s.end ?? '' };
    countries.set(key, x);
    x.n++;
    x.ips.add(s.source_ip);
    const net = [s.asn === null ? '' : `AS${s.asn}`, s.network ?? ''].filter((t) => t !== '').join(' ');
    if (net !== '') x.nets.add(net);
    if (s.start !== null && (x.first === '' || s.start < x.first)) x.first = s.start;
    if (s.end !== null && s.end > x.last) x.last = s.end;
  }
  const known = [...countries.keys()].filter((k) => k !== '').length;
  const hours = workingHours(i);
  const out: Block[] = [];
  if (known > 0) out.push({ kind: 'figure', figure: 'map', alt: w.mapAlt(i.sessions.length, known), incident: i });
  if (hours !== null) {
    out.push({ kind: 'text', text: `${w.hours(hours.from, hours.to, hours.share)} ${w.week(hours.week)}` });
    out.push({ kind: 'figure', figure: 'hours', alt: w.hoursAlt, incident: i });
  }
  out.push({
    kind: 'table',
    table: table(
      `${i.id}-countries`,
      null,
      [
        [w.byCountry[0]!, 'text'],
        [w.byCountry[1]!, 'number'],
        [w.byCountry[2]!, 'number'],
        [w.byCountry[3]!, 'text'],
        [w.byCountry[4]!, 'time'],
        [w.byCountry[5]!, 'time'],
      ],
      [...countries]
        .sort((a, b) => b[1].n - a[1].n || (a[0] < b[0] ? -1 : 1))
        .map(([k, x]) => ({
          cells: [
            k === '' ? w.unknownCountry : countryName(k, messages.language),
            x.n,
            x.ips.size,
            [...x.nets].sort().join('; '),
            x.first,
            x.last,
          ],
        })),
    ),
  });
  out.push({
    kind: 'table',
    table: table(
      `${i.id}-sessions`,
      w.sections.sessions,
      [
        [r.start, 'time'],
        [r.end, 'time'],
        [r.address, 'mono'],
        [r.country, 'text'],
        [r.network, 'text'],
        [r.channel, 'text'],
        [r.target, 'host'],
        [r.account, 'text'],
        [r.actions, 'number'],
      ],
      i.sessions.map((s) => ({
        cells: [
          s.start,
          s.end,
          s.source_ip,
          s.country,
          [s.asn === null ? '' : `AS${s.asn}`, s.network ?? ''].filter((x) => x !== '').join(' '),
          s.channel,
          s.target,
          s.account,
          s.actions,
        ],
        cites: s.evidence,
      })),
    ),
  });
  return out;
}

/** A country's name in a language, by its two letters; the letters where there is none. */
export function countryName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}
