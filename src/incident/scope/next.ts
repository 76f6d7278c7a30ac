// What to collect next, ordered by how much it would settle: what the blind spots of an incident leave open, counted.
import type { Messages } from '../../messages/index.js';
import type { CollectNext, Incident } from '../model.js';

type Part =
  | 'hosts'
  | 'lateral_movement'
  | 'implants'
  | 'persistence'
  | 'accounts'
  | 'mailboxes'
  | 'command_and_control';

/** Conclusions of an incident that are not certain, by part; of one host, or of all. */
function open(i: Draft, part: string, host: string | null): number {
  const mine = (h: string): boolean => host === null || h === host;
  switch (part as Part) {
    case 'hosts':
      return i.hosts.filter((h) => h.confidence !== 'high' && mine(h.name)).length;
    case 'lateral_movement':
      return i.lateral_movement.filter((m) => m.confidence !== 'high' && (mine(m.from) || mine(m.to))).length;
    case 'implants':
      return i.implants.filter((x) => x.sha256 === null && (host === null || x.hosts.includes(host))).length;
    case 'mailboxes':
      return i.mailboxes.filter((x) => host === null && x.items_is !== 'exact').length;
    default:
      return 0;
  }
}

type Draft = Pick<
  Incident,
  | 'hosts'
  | 'lateral_movement'
  | 'implants'
  | 'mailboxes'
  | 'entry'
  | 'first_seen'
  | 'last_seen'
  | 'blind_spots'
  | 'data_theft'
>;

export function collectNext(i: Draft, words: Messages['text']['incident']): CollectNext[] {
  const out = new Map<string, CollectNext>();
  const add = (x: CollectNext): void => {
    const key = `${x.host ?? ''}|${x.source}`;
    const known = out.get(key);
    if (known === undefined || known.settles < x.settles) out.set(key, x);
  };
  const controlled = i.hosts.filter((h) => h.status === 'controlled').length;
  for (const b of i.blind_spots) {
    const settles = b.weakens.reduce((n, part) => n + open(i, part, b.host), 0);
    // What nobody recorded cannot be collected any more; its copies may be.
    add({
      host: b.host,
      source: b.source,
      from: b.from,
      to: b.to,
      what: words.collect(b.source, b.host),
      why: b.why,
      settles: b.host === null ? settles + controlled : settles + 1,
      parts: b.weakens,
    });
  }
  if (i.entry === null || i.entry.vector === 'unknown')
    add({
      host: i.entry?.host ?? i.hosts[0]?.name ?? null,
      source: 'outside',
      from: null,
      to: i.first_seen,
      what: words.collectEntry,
      why: words.entryUnknown,
      settles: controlled + 1,
      parts: ['entry', 'sessions'],
    });
  for (const x of i.implants)
    if (x.sha256 === null)
      for (const host of x.hosts.slice(0, 3))
        add({
          host,
          source: x.paths[0] ?? 'file',
          from: null,
          to: null,
          what: words.collectFile(x.paths[0] ?? x.names[0] ?? '', host),
          why: words.noHash,
          settles: 1 + x.hosts.length,
          parts: ['implants'],
        });
  return [...out.values()].sort(
    (a, b) =>
      b.settles - a.settles ||
      ((a.host ?? '') < (b.host ?? '') ? -1 : (a.host ?? '') > (b.host ?? '') ? 1 : a.source < b.source ? -1 : 1),
  );
}
