// The one model that every rendering of a case is made from: what is shown, in what order, and how much of it.
import { parseMicros } from '../base/index.js';
import { type Finding, type IncidentDocument, levelRank, type TimelineEntry } from '../incident/index.js';

/** Rows that a page carries; the rest is named and in incident.json. */
export const MAX_TIMELINE_ROWS = 2000;
export const MAX_RULES = 1500;
export const MAX_HOST_ROWS = 1000;
export const MAX_HOSTS_PER_RULE = 200;

export const LEVELS_DOWN = ['critical', 'high', 'medium', 'low', 'informational'] as const;

export interface RuleGroup {
  readonly rule: string;
  readonly title: string;
  readonly level: string;
  readonly author: string;
  readonly source: string;
  readonly licence: string | null;
  readonly tags: readonly string[];
  readonly count: number;
  readonly findings: readonly Finding[];
  readonly first: string | null;
  readonly last: string | null;
}

export interface Bucket {
  readonly start: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly total: number;
}

export interface Density {
  readonly unit: 'minute' | 'hour' | 'day' | 'week' | 'month';
  readonly buckets: readonly Bucket[];
  readonly max: number;
}

export interface View {
  readonly groups: readonly RuleGroup[];
  readonly groupsOmitted: number;
  readonly timeline: readonly TimelineEntry[];
  readonly timelineOmitted: number;
  readonly density: Density | null;
  readonly hostLevels: readonly {
    readonly host: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly total: number;
  }[];
  readonly hostsOmitted: number;
  readonly levelTotals: Readonly<Record<string, number>>;
  readonly period: { readonly first: string | null; readonly last: string | null };
  readonly problemCount: number;
}

const UNITS = [
  ['minute', 60],
  ['hour', 3600],
  ['day', 86400],
  ['week', 7 * 86400],
  ['month', 30 * 86400],
] as const;
/** Bars of the density strip. */
const MAX_BUCKETS = 240;

export function makeView(d: IncidentDocument): View {
  // Matches inside and outside of incidents.
  const seen = new Set<string>();
  const findings = [...d.incidents.flatMap((i) => i.detections), ...d.other_findings].filter((f) => {
    const key = `${f.rule}\0${f.host}`;
    return !seen.has(key) && seen.add(key);
  });
  const byRule = new Map<string, Finding[]>();
  for (const f of findings) byRule.set(f.rule, [...(byRule.get(f.rule) ?? []), f]);
  const min = (list: readonly (string | null)[]): string | null =>
    list.reduce((a, b) => (a === null ? b : b === null ? a : b < a ? b : a), null);
  const max = (list: readonly (string | null)[]): string | null =>
    list.reduce((a, b) => (a === null ? b : b === null ? a : b > a ? b : a), null);
  const groups = [...byRule.values()]
    .map((findings): RuleGroup => {
      const f = findings[0]!;
      return {
        rule: f.rule,
        title: f.title,
        level: f.level,
        author: f.author,
        source: f.rule_source,
        licence: f.licence,
        tags: f.tags,
        count: findings.reduce((n, x) => n + x.count, 0),
        findings,
        first: min(findings.map((x) => x.first)),
        last: max(findings.map((x) => x.last)),
      };
    })
    .sort(
      (a, b) =>
        levelRank(b.level) - levelRank(a.level) ||
        b.findings.length - a.findings.length ||
        (a.title < b.title ? -1 : 1),
    );
  const hosts = new Map<string, { counts: Record<string, number>; total: number }>();
  const levelTotals: Record<string, number> = {};
  for (const f of findings) {
    const h = hosts.get(f.host) ?? { counts: {}, total: 0 };
    h.counts[f.level] = (h.counts[f.level] ?? 0) + f.count;
    h.total += f.count;
    hosts.set(f.host, h);
    levelTotals[f.level] = (levelTotals[f.level] ?? 0) + f.count;
  }
  const weight = (c: Record<string, number>): number =>
    LEVELS_DOWN.reduce((n, l, i) => n + (c[l] ?? 0) * 1000 ** (4 - i), 0);
  const hostLevels = [...hosts]
    .map(([host, h]) => ({ host, ...h }))
    .sort((a, b) => weight(b.counts) - weight(a.counts) || (a.host < b.host ? -1 : 1));
  const full = d.overview.timeline;
  const kept = full.length <= MAX_TIMELINE_ROWS ? full : keepStrongest(full);
  return {
    groups: groups.slice(0, MAX_RULES),
    groupsOmitted: Math.max(0, groups.length - MAX_RULES),
    timeline: kept,
    timelineOmitted: full.length - kept.length,
    density: density(full),
    hostLevels: hostLevels.slice(0, MAX_HOST_ROWS),
    hostsOmitted: Math.max(0, hostLevels.length - MAX_HOST_ROWS),
    levelTotals,
    period: { first: min(d.evidence.map((e) => e.first)), last: max(d.evidence.map((e) => e.last)) },
    problemCount: d.counts.problems,
  };
}

/** The strongest entries, still in the order of time. */
function keepStrongest(full: readonly TimelineEntry[]): TimelineEntry[] {
  const order = full.map((e, i) => [levelRank(e.level), i] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  return order
    .slice(0, MAX_TIMELINE_ROWS)
    .map(([, i]) => i)
    .sort((a, b) => a - b)
    .map((i) => full[i]!);
}

function density(entries: readonly TimelineEntry[]): Density | null {
  const times = entries.filter((e) => e.time !== null).map((e) => [parseMicros(e.time!) / 1e6, e] as const);
  if (times.length === 0) return null;
  const first = times.reduce((a, [t]) => Math.min(a, t), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, [t]) => Math.max(a, t), Number.NEGATIVE_INFINITY);
  const [unit, seconds] = UNITS.find(([, s]) => (last - first) / s < MAX_BUCKETS) ?? UNITS[4];
  // More than the strip holds even in months: wider bars, counted from the first.
  const step = Math.max(seconds, Math.ceil((last - first) / MAX_BUCKETS / seconds) * seconds);
  const start = Math.floor(first / step) * step;
  const n = Math.floor((last - start) / step) + 1;
  const buckets = Array.from({ length: n }, (_, i) => ({
    start: start + i * step,
    counts: {} as Record<string, number>,
    total: 0,
  }));
  for (const [t, e] of times) {
    const b = buckets[Math.floor((t - start) / step)]!;
    const key = e.level ?? 'tampering';
    b.counts[key] = (b.counts[key] ?? 0) + e.count;
    b.total += e.count;
  }
  return { unit, buckets, max: Math.max(...buckets.map((b) => b.total)) };
}
