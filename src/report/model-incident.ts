// An incident as sections: judgements, scope, entry, movement, hosts, accounts, timeline, sessions, and what has to be removed.
import type { Cite, Incident, IncidentDocument } from '../incident/index.js';
import { type Messages, VECTORS } from '../messages/index.js';
import {
  type Block,
  type ColumnKind,
  days,
  type FigureKind,
  type IncidentPart,
  type Row,
  type Section,
  shortTime,
  sizeText,
  table,
  totalText,
  words,
} from './blocks.js';
import { indicators } from './indicators.js';
import { sessions } from './model-sessions.js';

export function incidentPart(d: IncidentDocument, i: Incident, messages: Messages): IncidentPart {
  const m = messages.text;
  const w = m.model;
  const r = m.incidentReport;
  const c = m.columns;
  const count = (status: string): number => i.hosts.filter((h) => h.status === status).length;
  const section = (key: keyof typeof w.sections, ...blocks: (Block | null)[]): Section | null => {
    const kept = blocks.filter((b): b is Block => b !== null);
    return kept.length === 0 ? null : { id: `${i.id}-${key}`, title: w.sections[key], blocks: kept };
  };
  const list = (
    id: string,
    title: string | null,
    columns: readonly (readonly [string, ColumnKind])[],
    rows: readonly Row[],
  ): Block | null =>
    rows.length === 0 ? null : { kind: 'table', table: table(`${i.id}-${id}`, title, columns, rows) };
  const figure = (kind: FigureKind, alt: string): Block => ({ kind: 'figure', figure: kind, alt, incident: i });
  const text = (t: string, lead = false): Block => ({ kind: 'text', text: t, ...(lead ? { lead } : {}) });

  const sections: (Section | null)[] = [
    section('statement', text(i.statements[messages.language] ?? i.statement, true)),
    section('judgements', ...judgements(d, i, messages)),
    section('scope', scope(i, messages)),
    section('entry', ...entry(i, messages)),
    section(
      'graph',
      i.hosts.length === 0 ? null : figure('graph', w.graphAlt(count('controlled'), i.lateral_movement.length)),
      i.hosts.length === 0 ? null : text(w.graphNote),
      list(
        'movement',
        w.sections.movement,
        [
          [c.time, 'time'],
          [r.from, 'host'],
          [r.to, 'host'],
          [r.method, 'text'],
          [c.technique, 'mono'],
          [r.account, 'text'],
          [r.sure, 'text'],
        ],
        i.lateral_movement.map((x) => ({
          cells: [
            x.time,
            x.from,
            x.to,
            w.names[x.method] ?? words(x.method),
            x.technique,
            x.account,
            w.confidence[x.confidence] ?? x.confidence,
          ],
          cites: x.evidence,
        })),
      ),
      list(
        'hosts',
        w.sections.hosts,
        [
          [c.host, 'host'],
          [r.role, 'text'],
          [c.status, 'status'],
          [c.first, 'time'],
          [c.last, 'time'],
          [r.how, 'text'],
          [r.sure, 'text'],
        ],
        i.hosts.map((h) => ({
          cells: [
            h.name,
            w.names[h.role] ?? words(h.role),
            r.hostStatus[h.status] ?? h.status,
            h.first,
            h.last,
            h.how.join('; '),
            w.confidence[h.confidence] ?? h.confidence,
          ],
          cites: h.evidence,
        })),
      ),
      list(
        'accounts',
        w.sections.accounts,
        [
          [r.account, 'text'],
          [c.status, 'status'],
          [r.privileged, 'text'],
          [c.first, 'time'],
          [c.last, 'time'],
        ],
        i.accounts.map((a) => ({
          cells: [a.name, r.accountStatus[a.status] ?? a.status, a.privileged ? r.yes : '', a.first, a.last],
          cites: a.evidence,
        })),
      ),
    ),
    section(
      'timeline',
      i.timeline.length === 0 ? null : figure('lanes', w.lanesAlt),
      list(
        'timeline',
        w.sections.timeline,
        [
          [c.time, 'time'],
          [c.host, 'host'],
          [r.phase, 'text'],
          [c.what, 'text'],
          [c.technique, 'mono'],
        ],
        i.timeline.map((x) => ({
          cells: [x.time, x.host, w.names[x.phase ?? ''] ?? x.phase, x.text, x.technique],
          cites: x.evidence,
        })),
      ),
    ),
    section('sessions', ...sessions(i, messages)),
    section(
      'mailboxes',
      list(
        'mailboxes',
        null,
        [
          [r.address, 'text'],
          [r.owner, 'text'],
          [r.jobTitle, 'text'],
          [r.method, 'text'],
          [c.first, 'time'],
          [c.last, 'time'],
          [r.items, 'number'],
        ],
        i.mailboxes.map((b) => ({
          cells: [
            b.address,
            b.owner,
            b.title,
            w.names[b.method] ?? words(b.method),
            b.first,
            b.last,
            b.items === null
              ? null
              : `${b.items_is === 'lower_bound' ? '≥ ' : b.items_is === 'upper_bound' ? '≤ ' : ''}${b.items.toLocaleString('en')}`,
          ],
          cites: b.evidence,
        })),
      ),
    ),
    section(
      'removal',
      i.implants.length + i.persistence.length === 0 ? null : text(w.removalNote),
      list(
        'implants',
        r.implants,
        [
          [r.names, 'text'],
          [c.sha256, 'mono'],
          [r.paths, 'mono'],
          [r.hosts, 'text'],
          [c.first, 'time'],
        ],
        i.implants.map((x) => ({
          cells: [x.names.join(', '), x.sha256 ?? r.noHash, some(x.paths, 4, w), some(x.hosts, 6, w), x.first],
          cites: x.evidence,
        })),
      ),
      list(
        'persistence',
        r.persistence,
        [
          [c.time, 'time'],
          [c.host, 'host'],
          [r.kind, 'text'],
          [r.name, 'text'],
          [r.command, 'mono'],
          [c.technique, 'mono'],
        ],
        i.persistence.map((x) => ({
          cells: [
            x.time,
            x.host ?? messages.text.incident.cloud,
            (x.kind === 'other' && x.technique?.startsWith('T1574')
              ? r.persistenceKind.library
              : r.persistenceKind[x.kind]) ?? x.kind,
            x.name,
            x.command,
            x.technique,
          ],
          cites: x.evidence,
        })),
      ),
    ),
    section(
      'channels',
      list(
        'channels',
        null,
        [
          [r.address, 'mono'],
          [r.country, 'text'],
          [c.first, 'time'],
          [c.last, 'time'],
          [r.hosts, 'text'],
          [r.pattern, 'text'],
        ],
        i.command_and_control.map((x) => ({
          cells: [x.address, x.country, x.first, x.last, some(x.hosts, 6, w), x.pattern],
          cites: x.evidence,
        })),
      ),
    ),
    section(
      'theft',
      list(
        'theft',
        null,
        [
          [c.time, 'time'],
          [c.host, 'host'],
          [r.what, 'text'],
          [r.method, 'text'],
          [r.destination, 'mono'],
          [r.bytes, 'number'],
        ],
        i.data_theft.map((x) => ({
          cells: [
            x.time,
            x.host ?? messages.text.incident.cloud,
            x.what,
            w.names[x.method] ?? words(x.method),
            x.destination,
            `${x.bytes_is === 'upper_bound' ? '≤ ' : x.bytes_is === 'lower_bound' ? '≥ ' : ''}${sizeText(x.bytes)}`,
          ],
          cites: x.evidence,
        })),
      ),
    ),
    i.update_hijack === null
      ? null
      : section(
          'hijack',
          figure('fanout', w.judgement.hijack(i.update_hijack.hosts_executed.length)),
          list(
            'hijack',
            null,
            [
              [c.time, 'time'],
              [r.server, 'host'],
              [r.package, 'mono'],
              [c.sha256, 'mono'],
              [r.ran, 'number'],
              [r.fetched, 'number'],
            ],
            [
              {
                cells: [
                  i.update_hijack.tampered_at,
                  i.update_hijack.server,
                  i.update_hijack.package,
                  i.update_hijack.sha256 ?? r.noHash,
                  i.update_hijack.hosts_executed.length,
                  i.update_hijack.hosts_downloaded.length,
                ],
                cites: i.update_hijack.evidence,
              },
            ],
          ),
          list(
            'hijack-hosts',
            null,
            [
              [c.host, 'host'],
              [c.status, 'text'],
            ],
            [
              ...i.update_hijack.hosts_executed.map((h) => ({ cells: [h, r.ran] })),
              ...i.update_hijack.hosts_downloaded.map((h) => ({ cells: [h, r.fetched] })),
            ],
          ),
        ),
    section(
      'traces',
      list(
        'traces',
        r.traces,
        [
          [c.time, 'time'],
          [c.host, 'host'],
          [r.kind, 'text'],
          [c.what, 'text'],
        ],
        i.anti_forensics.map((x) => ({
          cells: [x.time, x.host ?? messages.text.incident.cloud, m.kind[x.kind] ?? words(x.kind), x.what],
          cites: x.evidence,
        })),
      ),
      figure('coverage', w.coverageAlt),
      list(
        'blind',
        r.blind,
        [
          [c.host, 'host'],
          [c.source, 'text'],
          [c.from, 'time'],
          [c.to, 'time'],
          [c.why, 'text'],
          [r.weakens, 'text'],
        ],
        i.blind_spots.map((x) => ({
          cells: [x.host, x.source, x.from, x.to, x.why, x.weakens.map((p) => w.names[p] ?? words(p)).join(', ')],
        })),
      ),
      list(
        'collect',
        w.collect,
        [
          [w.collectHead[0]!, 'text'],
          [w.collectHead[1]!, 'text'],
          [w.collectHead[2]!, 'number'],
        ],
        (i.collect_next ?? []).map((x) => ({ cells: [x.what, x.why, x.settles] })),
      ),
    ),
    section('techniques', techniques(i, messages)),
    section(
      'indicators',
      list(
        'indicators',
        null,
        [
          [w.indicatorHead[0]!, 'text'],
          [w.indicatorHead[1]!, 'mono'],
          [w.indicatorHead[2]!, 'text'],
          [w.indicatorHead[3]!, 'time'],
          [w.indicatorHead[4]!, 'time'],
        ],
        indicators(i).map((x) => ({
          cells: [
            w.indicatorKind[x.kind] ?? x.kind,
            x.defanged,
            x.contexts.map((k) => w.context[k] ?? k).join(', '),
            x.first,
            x.last,
          ],
        })),
      ),
    ),
  ];
  return {
    id: i.id,
    title: w.incident(i.id),
    period: `${shortTime(i.first_seen)} – ${shortTime(i.last_seen)}`,
    confidence: i.confidence_why,
    tiles: [
      [count('controlled'), r.controlled],
      [count('accessed'), r.accessed],
      [i.accounts.filter((a) => a.status !== 'attempted').length, r.accounts],
      [i.sessions.length, r.sessions],
      [i.mailboxes.length, r.mailboxes],
      [i.implants.length, r.implants],
      [i.command_and_control.length, r.channels],
    ],
    sections: sections.filter((s): s is Section => s !== null),
  };
}

const some = (list: readonly string[], most: number, w: Messages['text']['model']): string =>
  list.length > most ? `${list.slice(0, most).join(', ')}, ${w.more(list.length - most)}` : list.join(', ');

function judgements(d: IncidentDocument, i: Incident, messages: Messages): Block[] {
  const w = messages.text.model;
  const j = w.judgement;
  const controlled = i.hosts.filter((h) => h.status === 'controlled');
  const certain = controlled.filter((h) => h.confidence === 'high').length;
  const row = (what: string, likely: string, confidence: string, records: number): Row => ({
    cells: [what, w.likelihood[likely] ?? likely, w.confidence[confidence] ?? confidence, j.records(records)],
  });
  const sum = (list: readonly { evidence: readonly Cite[] }[]): number =>
    list.reduce((n, x) => n + x.evidence.length, 0);
  const rows: Row[] = [
    row(j.intrusion, i.confidence, i.confidence, sum(i.hosts)),
    i.entry === null
      ? { cells: [j.noEntry, '–', '–', '–'] }
      : i.entry.vector === 'unknown'
        ? { cells: [j.noEntry, '–', '–', '–'] }
        : row(
            j.entry(
              VECTORS[messages.language]?.[i.entry.vector] ?? words(i.entry.vector),
              i.entry.host ?? messages.text.incident.cloud,
            ),
            i.entry.confidence,
            i.entry.confidence,
            i.entry.evidence.length,
          ),
    row(
      j.extent(controlled.length, certain),
      certain === controlled.length ? 'high' : 'moderate',
      certain * 2 >= controlled.length ? 'high' : 'moderate',
      sum(controlled),
    ),
  ];
  if (i.update_hijack !== null)
    rows.push(
      row(
        j.hijack(i.update_hijack.hosts_executed.length),
        'high',
        i.update_hijack.sha256 === null ? 'moderate' : 'high',
        i.update_hijack.evidence.length,
      ),
    );
  if (i.mailboxes.length > 0) rows.push(row(j.mail(i.mailboxes.length), 'high', 'high', sum(i.mailboxes)));
  if (i.data_theft.length > 0)
    rows.push(
      row(
        j.theft(totalText(i.data_theft, messages.language)),
        i.data_theft.some((x) => x.bytes_is === 'upper_bound') ? 'moderate' : 'high',
        'moderate',
        sum(i.data_theft),
      ),
    );
  if (i.persistence.length > 0)
    rows.push(row(j.back(i.persistence.length), 'moderate', 'moderate', sum(i.persistence)));
  if (i.anti_forensics.length > 0)
    rows.push(row(j.traces(i.anti_forensics.length), 'high', 'high', sum(i.anti_forensics)));
  const a = w.alternative;
  return [
    {
      kind: 'table',
      table: table(
        `${i.id}-judgements`,
        null,
        j.head.map((h): [string, ColumnKind] => [h, 'text']),
        rows,
      ),
    },
    {
      kind: 'list',
      title: w.alternatives,
      items: [
        a.test(d.case.declared?.known.length ?? 0),
        a.administration,
        a.two,
        ...((d.overview.clocks ?? []).length > 0 ? [a.clocks] : []),
      ],
    },
  ];
}

function scope(i: Incident, messages: Messages): Block {
  const w = messages.text.model;
  const count = (status: string): number => i.hosts.filter((h) => h.status === status).length;
  const rows: [keyof typeof w.words, number][] = [
    ['controlled', count('controlled')],
    ['accessed', count('accessed')],
    ['attempted', count('attempted')],
    ['accounts', i.accounts.filter((a) => a.status !== 'attempted').length],
    ['created', i.accounts.filter((a) => a.status === 'created').length],
    ['movement', i.lateral_movement.length],
    ['sessions', i.sessions.length],
    ['mailboxes', i.mailboxes.length],
    ['implants', i.implants.length],
    ['persistence', i.persistence.length],
    ['channels', i.command_and_control.length],
    ['theft', i.data_theft.length],
    ...(i.update_hijack === null
      ? []
      : ([['hijack', i.update_hijack.hosts_executed.length]] as [keyof typeof w.words, number][])),
    ['traces', i.anti_forensics.length],
    ['blind', i.blind_spots.length],
  ];
  const [word, number, means] = w.words.head as readonly [string, string, string];
  return {
    kind: 'table',
    table: table(
      `${i.id}-scope`,
      null,
      [
        [word, 'text'],
        [number, 'number'],
        [means, 'text'],
      ],
      rows.map(([k, v]) => ({ cells: [w.words[k]![0]!, v, w.words[k]![1]!] })),
    ),
  };
}

function entry(i: Incident, messages: Messages): Block[] {
  const w = messages.text.model;
  const out: Block[] = [];
  if (i.entry === null) out.push({ kind: 'text', text: w.judgement.noEntry });
  else {
    const e = i.entry;
    const values = [
      VECTORS[messages.language]?.[e.vector] ?? words(e.vector),
      e.host,
      e.service,
      shortTime(e.time),
      e.source_ip,
      e.account,
      e.technique,
      e.why,
      w.confidence[e.confidence] ?? e.confidence,
    ];
    out.push({
      kind: 'table',
      table: table(
        `${i.id}-entry`,
        null,
        [
          ['', 'text'],
          ['', 'text'],
        ],
        w.entryFacts.flatMap((k, n) =>
          values[n] === null ? [] : [{ cells: [k, values[n]!], cites: n === 7 ? e.evidence : [] }],
        ),
      ),
    });
  }
  if (i.first_seen !== null && i.last_seen !== null) {
    const since = i.first_seen;
    const items = [w.dwell(days(since, i.last_seen), shortTime(since), shortTime(i.last_seen))];
    const add = (what: string, t: string | null | undefined): void => {
      if (t !== null && t !== undefined) items.push(w.dwellTo(what, days(since, t)));
    };
    const s = w.milestones;
    const earliest = (list: readonly (string | null)[]): string | null =>
      list.reduce<string | null>((a, b) => (b === null ? a : a === null || b < a ? b : a), null);
    add(
      s.domain_controller,
      earliest(i.hosts.filter((h) => h.status === 'controlled' && h.role === 'domain_controller').map((h) => h.first)),
    );
    add(s.mailbox, earliest(i.mailboxes.map((b) => b.first)));
    add(s.hijack, i.update_hijack?.tampered_at);
    add(s.theft, earliest(i.data_theft.map((t) => t.time)));
    add(s.cleared, earliest(i.anti_forensics.map((t) => t.time)));
    out.push({ kind: 'list', title: null, items });
  }
  return out;
}

/** Tactics of ATT&CK v19 in their order; what older data calls defense-evasion is shown under its own name at the end. */
export const TACTIC_ORDER = [
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'stealth',
  'defense-impairment',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
  'defense-evasion',
] as const;

function techniques(i: Incident, messages: Messages): Block | null {
  const m = messages.text;
  const w = m.model;
  if (i.techniques.length === 0) return null;
  const rank = (t: string): number => {
    const n = (TACTIC_ORDER as readonly string[]).indexOf(t);
    return n < 0 ? 99 : n;
  };
  const rows = i.techniques.flatMap((t) =>
    (t.tactics.length === 0 ? [''] : t.tactics).map((tactic) => ({ tactic, t })),
  );
  rows.sort((a, b) => rank(a.tactic) - rank(b.tactic) || (a.t.technique < b.t.technique ? -1 : 1));
  return {
    kind: 'table',
    table: table(
      `${i.id}-techniques`,
      null,
      [
        [w.tactic, 'text'],
        [w.technique, 'mono'],
        [w.count, 'number'],
        [m.columns.first, 'time'],
      ],
      rows.map(({ tactic, t }) => ({
        cells: [w.names[tactic] ?? tactic.replaceAll('-', ' '), t.technique, t.count, t.first],
        cites: t.evidence,
      })),
    ),
  };
}
