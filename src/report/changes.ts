// What changed between two states of a case, list by list.
import type { Incident, IncidentDocument } from '../incident/index.js';

export interface Change {
  readonly incident: string;
  /** Name of the list in the contract; '' for the incident itself. */
  readonly list: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly what: string;
}

type Json = Readonly<Record<string, unknown>>;
const text = (v: unknown): string =>
  typeof v === 'string' ? v : v === null || v === undefined ? '' : JSON.stringify(v);

/** What names an entry of a list, and what of it may change. */
const LISTS: Readonly<Record<string, readonly [key: (x: Json) => string, rest: (x: Json) => string]>> = {
  hosts: [(x) => text(x.name), (x) => `${text(x.status)}, ${text(x.confidence)}`],
  accounts: [(x) => text(x.name), (x) => text(x.status)],
  lateral_movement: [(x) => `${text(x.from)} → ${text(x.to)} ${text(x.time)}`, (x) => text(x.method)],
  implants: [(x) => text(x.sha256) || text(x.paths), (x) => text(x.hosts)],
  persistence: [(x) => `${text(x.host)} ${text(x.kind)} ${text(x.name)}`, () => ''],
  command_and_control: [(x) => text(x.address), (x) => text(x.hosts)],
  sessions: [(x) => `${text(x.source_ip)} ${text(x.start)}`, (x) => text(x.end)],
  mailboxes: [(x) => text(x.address), (x) => `${text(x.method)} ${text(x.items)}`],
  data_theft: [(x) => `${text(x.host)} → ${text(x.destination)} ${text(x.time)}`, (x) => text(x.bytes)],
  anti_forensics: [(x) => `${text(x.host)} ${text(x.kind)} ${text(x.time)}`, () => ''],
};

/** Incidents are told apart by the hosts that they control, not by their numbers, which may move. */
function pairs(before: readonly Incident[], now: readonly Incident[]): [Incident | null, Incident | null][] {
  const hosts = (i: Incident): Set<string> => new Set(i.hosts.map((h) => h.name));
  const left = new Set(before);
  const out: [Incident | null, Incident | null][] = [];
  for (const n of now) {
    const mine = hosts(n);
    const best = [...left]
      .map((b) => ({ b, common: [...hosts(b)].filter((h) => mine.has(h)).length }))
      .filter((x) => x.common > 0)
      .sort((a, b) => b.common - a.common)[0];
    if (best !== undefined) left.delete(best.b);
    out.push([best?.b ?? null, n]);
  }
  for (const b of left) out.push([b, null]);
  return out;
}

export function changesBetween(before: IncidentDocument, now: IncidentDocument): Change[] {
  const out: Change[] = [];
  for (const [a, b] of pairs(before.incidents, now.incidents)) {
    if (a === null || b === null) {
      out.push({ incident: (a ?? b)!.id, list: '', change: a === null ? 'added' : 'removed', what: '' });
      continue;
    }
    for (const [list, [key, rest]] of Object.entries(LISTS)) {
      const of = (i: Incident): Map<string, string> =>
        new Map(((i as unknown as Record<string, Json[]>)[list] ?? []).map((x) => [key(x), rest(x)]));
      const [x, y] = [of(a), of(b)];
      for (const [k, v] of y)
        if (!x.has(k)) out.push({ incident: b.id, list, change: 'added', what: k });
        else if (x.get(k) !== v)
          out.push({ incident: b.id, list, change: 'changed', what: `${k}: ${x.get(k)} → ${v}` });
      for (const k of x.keys()) if (!y.has(k)) out.push({ incident: b.id, list, change: 'removed', what: k });
    }
  }
  return out;
}
