// How right an investigation is: what it says against what happened, part by part, by the comparison rules of the incident contract.
import { parseMicros } from '../base/index.js';

export const PARTS = [
  'incidents',
  'hosts_controlled',
  'hosts_touched',
  'accounts',
  'sessions',
  'mailboxes',
  'implants',
  'lateral_movement',
  'persistence',
  'command_and_control',
  'data_theft',
  'anti_forensics',
  'entry',
  'period',
  'update_hijack',
] as const;
export type Part = (typeof PARTS)[number];

export interface PartScore {
  readonly part: Part;
  readonly expected: number;
  readonly found: number;
  readonly right: number;
  /** 0 to 1; 1 where nothing was expected and nothing found. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** By name: expected and not found; found and not expected. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

export interface Score {
  readonly parts: readonly PartScore[];
  /** The part with the lowest F1. */
  readonly lowest: PartScore;
}

/** Ends of a session may differ by this, in microseconds. */
const SESSION_TOLERANCE = 10 * 60e6;
/** First and last seen may differ by this. */
const PERIOD_TOLERANCE = 86_400e6;

type Json = Readonly<Record<string, unknown>>;
const list = (v: unknown): readonly Json[] => (Array.isArray(v) ? (v as Json[]) : []);
const strings = (v: unknown): readonly string[] => (Array.isArray(v) ? v.map(String) : []);
const text = (v: unknown): string =>
  v === null || v === undefined ? '' : typeof v === 'string' ? v : JSON.stringify(v);
/** Host names are compared by their first label, addresses whole. */
const host = (v: unknown): string => {
  const t = text(v).toLowerCase();
  return /^[\d.]+$/.test(t) || t.includes(':') ? t : t.split('.')[0]!;
};
const account = (v: unknown): string => text(v).toLowerCase().replace(/^.*\\/, '').replace(/@.*$/, '');

/** The things that a part of an incident names, as they are compared. */
function keys(part: Part, i: Json): readonly string[] | null {
  const of = (name: string, key: (x: Json) => string | null): readonly string[] | null => {
    if (i[name] === null) return null;
    return list(i[name]).flatMap((x) => key(x) ?? []);
  };
  switch (part) {
    case 'hosts_controlled':
      return of('hosts', (x) => (x.status === 'controlled' ? host(x.name) : null));
    case 'hosts_touched':
      return of('hosts', (x) => (x.status === 'controlled' ? null : `${host(x.name)} ${text(x.status)}`));
    case 'accounts':
      return of('accounts', (x) => `${account(x.name)}${x.status === 'attempted' ? ' attempted' : ''}`);
    case 'mailboxes':
      return of('mailboxes', (x) => text(x.address).toLowerCase());
    case 'implants':
      // Where no log holds the hash, there is nothing to compare.
      return of('implants', (x) => (text(x.sha256) === '' ? null : text(x.sha256).toLowerCase()));
    case 'lateral_movement':
      return of('lateral_movement', (x) => `${host(x.from)} > ${host(x.to)}`);
    case 'persistence':
      return of('persistence', (x) => (x.kind === 'other' ? null : `${host(x.host)} ${text(x.kind)}`));
    case 'command_and_control':
      return of('command_and_control', (x) => text(x.address).toLowerCase());
    case 'data_theft':
      return of('data_theft', (x) => `${host(x.host)} > ${text(x.destination).toLowerCase()}`);
    case 'anti_forensics':
      return of('anti_forensics', (x) => (x.kind === 'other' ? null : `${host(x.host)} ${text(x.kind)}`));
    case 'entry': {
      const e = i.entry as Json | null | undefined;
      if (e === null) return null;
      return e === undefined ? [] : [`${host(e.host)} ${text(e.technique)}`];
    }
    case 'update_hijack': {
      const u = i.update_hijack as Json | null | undefined;
      if (u === null || u === undefined) return [];
      return [
        `package ${text(u.sha256).toLowerCase()}`,
        `server ${host(u.server)}`,
        ...strings(u.hosts_executed).map((h) => `${host(h)} ran it`),
        ...strings(u.hosts_downloaded).map((h) => `${host(h)} fetched it`),
      ];
    }
    default:
      return [];
  }
}

interface Tally {
  right: number;
  missing: string[];
  extra: string[];
}

const micros = (v: unknown): number => (typeof v === 'string' ? parseMicros(v) : Number.NaN);

/** Sessions one to one: by address, both ends within ten minutes. */
function sessions(expected: readonly Json[], found: readonly Json[]): Tally {
  const left = new Set(found);
  const missing: string[] = [];
  let right = 0;
  const label = (s: Json): string => `${text(s.source_ip)} ${text(s.start)} – ${text(s.end)}`;
  for (const e of expected) {
    let best: Json | null = null;
    let distance = Number.POSITIVE_INFINITY;
    for (const f of left) {
      if (f.source_ip !== e.source_ip) continue;
      const a = Math.abs(micros(f.start) - micros(e.start));
      const b = Math.abs(micros(f.end) - micros(e.end));
      if (a <= SESSION_TOLERANCE && b <= SESSION_TOLERANCE && a + b < distance) {
        best = f;
        distance = a + b;
      }
    }
    if (best === null) missing.push(label(e));
    else {
      left.delete(best);
      right++;
    }
  }
  return { right, missing, extra: [...left].map(label) };
}

function period(expected: Json, found: Json | null): Tally {
  const t: Tally = { right: 0, missing: [], extra: [] };
  for (const end of ['first_seen', 'last_seen']) {
    const want = `${end} ${text(expected[end])}`;
    if (found !== null && Math.abs(micros(found[end]) - micros(expected[end])) <= PERIOD_TOLERANCE) t.right++;
    else {
      t.missing.push(want);
      if (found !== null) t.extra.push(`${end} ${text(found[end])}`);
    }
  }
  return t;
}

function compare(part: Part, expected: Json | null, found: Json | null): Tally | null {
  if (expected !== null && part === 'sessions')
    return expected.sessions === null
      ? null
      : sessions(list(expected.sessions), found === null ? [] : list(found.sessions));
  if (part === 'sessions') return sessions([], list(found!.sessions));
  if (part === 'period')
    return expected === null
      ? { right: 0, missing: [], extra: ['first_seen', 'last_seen'].map((e) => `${e} ${text(found![e])}`) }
      : period(expected, found);
  const want = expected === null ? [] : keys(part, expected);
  if (want === null) return null;
  const wanted = new Set(want);
  const have = new Set(found === null ? [] : (keys(part, found) ?? []));
  // A destination may be told by its name or by its address.
  if (part === 'data_theft' && found !== null)
    for (const x of list(found.data_theft)) {
      const key = (to: string): string => `${host(x.host)} > ${to.toLowerCase()}`;
      const other = strings(x.destination_addresses).find((a) => wanted.has(key(a)));
      if (other !== undefined && !wanted.has(key(text(x.destination)))) {
        have.delete(key(text(x.destination)));
        have.add(key(other));
      }
    }
  return {
    right: [...wanted].filter((k) => have.has(k)).length,
    missing: [...wanted].filter((k) => !have.has(k)),
    extra: [...have].filter((k) => !wanted.has(k)),
  };
}

/** Pairs incidents that have most in common; each is used once. */
function pair(truth: readonly Json[], found: readonly Json[]): [Json | null, Json | null][] {
  const common = (a: Json, b: Json): number =>
    (['hosts_controlled', 'accounts', 'implants', 'command_and_control', 'hosts_touched', 'entry'] as const)
      .map((p) => {
        const other = new Set(keys(p, b) ?? []);
        return (keys(p, a) ?? []).filter((k) => other.has(k)).length;
      })
      .reduce((n, x) => n + x, 0);
  const options = truth.flatMap((t) => found.map((f) => ({ t, f, n: common(t, f) }))).filter((o) => o.n > 0);
  options.sort((a, b) => b.n - a.n);
  const usedT = new Set<Json>();
  const usedF = new Set<Json>();
  const out: [Json | null, Json | null][] = [];
  for (const { t, f } of options) {
    if (usedT.has(t) || usedF.has(f)) continue;
    usedT.add(t);
    usedF.add(f);
    out.push([t, f]);
  }
  for (const t of truth) if (!usedT.has(t)) out.push([t, null]);
  for (const f of found) if (!usedF.has(f)) out.push([null, f]);
  return out;
}

/**
 * Scores an `incident.json` against a `truth.json`, both as parsed. Parts that the truth leaves open (null) are not scored. Throws an
 * `Error` where one of them is something else.
 */
export function score(truth: unknown, incident: unknown): Score {
  const t = truth as Json | null;
  const d = incident as Json | null;
  if (typeof t !== 'object' || t?.schema !== 'backtrail.truth/1')
    throw new Error('expected a truth ("schema": "backtrail.truth/1")');
  if (typeof d !== 'object' || d?.schema !== 'backtrail.incident/1')
    throw new Error('expected an incident.json ("schema": "backtrail.incident/1")');
  const expected = list(t.incidents);
  const found = list(d.incidents);
  const pairs = pair(expected, found);
  const parts = PARTS.map((part): PartScore | null => {
    const sum: Tally = { right: 0, missing: [], extra: [] };
    let scored = pairs.length === 0;
    for (const [a, b] of pairs) {
      const one: Tally | null =
        part === 'incidents'
          ? {
              right: a !== null && b !== null ? 1 : 0,
              missing: b === null ? [`${text(a!.id)} ${text((a!.entry as Json | null)?.host)}`] : [],
              extra: a === null ? [`${text(b!.id)} ${text((b!.entry as Json | null)?.host)}`] : [],
            }
          : compare(part, a, b);
      if (one === null) continue;
      scored = true;
      sum.right += one.right;
      const prefix = pairs.length > 1 && a !== null && part !== 'incidents' ? `${text(a.id)}: ` : '';
      sum.missing.push(...one.missing.map((x) => prefix + x));
      sum.extra.push(...one.extra.map((x) => prefix + x));
    }
    if (!scored) return null;
    const want = sum.right + sum.missing.length;
    const have = sum.right + sum.extra.length;
    const precision = have === 0 ? 1 : sum.right / have;
    const recall = want === 0 ? 1 : sum.right / want;
    const f1 = want + have === 0 ? 1 : (2 * sum.right) / (want + have);
    return {
      part,
      expected: want,
      found: have,
      right: sum.right,
      precision,
      recall,
      f1,
      missing: sum.missing,
      extra: sum.extra,
    };
  }).filter((p) => p !== null);
  return { parts, lowest: parts.reduce((a, b) => (b.f1 < a.f1 ? b : a)) };
}
