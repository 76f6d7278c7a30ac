// Incidents on the page: the statement first, then its lists, each entry with the records that prove it.
import type { Cite, Incident, IncidentDocument } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { html } from './escape.js';

export interface Parts {
  readonly cites: (list: readonly Cite[], omitted: number) => string;
  readonly table: (head: readonly string[], rows: readonly string[]) => string;
  readonly th: (text: string, cls?: string) => string;
  readonly time: (t: string | null) => string;
  readonly number: (n: number) => string;
}

/** Rows of one list on the page; the rest is in incident.json. */
const MAX_ROWS = 400;

export function incidentSections(d: IncidentDocument, m: Messages['text'], p: Parts): string {
  if (d.incidents.length === 0) return `<p>${html(d.reconstruction.note)}</p>${declared(d, m, p)}`;
  return `<p class="meta">${html(d.reconstruction.note)}</p>${d.incidents.map((i) => one(i, m, p)).join('\n')}${declared(d, m, p)}`;
}

function declared(d: IncidentDocument, m: Messages['text'], p: Parts): string {
  const k = d.case.declared;
  if (k === undefined) return '';
  const w = m.incidentReport;
  const known = k.known.map(
    (x) =>
      `<tr><td>${html(x.why)}</td><td>${html([...x.accounts, ...x.addresses, ...x.hosts].join(', '))}</td><td class="t">${p.time(x.from)}</td><td class="t">${p.time(x.to)}</td></tr>`,
  );
  const decisions = k.decisions.map(
    (x) =>
      `<tr><td>${html(w.decision[x.kind] ?? x.kind)}</td><td>${html([...x.hosts, ...x.accounts].join(', '))}</td><td>${html(x.because)}</td><td>${html(x.by ?? '–')}</td></tr>`,
  );
  return (
    (known.length === 0
      ? ''
      : `<h3>${html(w.known)}</h3>${p.table([p.th(m.columns.why), p.th(w.what), p.th(m.columns.from), p.th(m.columns.to)], known)}`) +
    (decisions.length === 0
      ? ''
      : `<h3>${html(w.decisions)}</h3>${p.table([p.th(w.decided), p.th(w.what), p.th(m.columns.why), p.th(w.by)], decisions)}`)
  );
}

function one(i: Incident, m: Messages['text'], p: Parts): string {
  const w = m.incidentReport;
  const c = m.columns;
  const { th, time, number } = p;
  const list = (title: string, head: readonly string[], rows: readonly string[], open = true): string =>
    rows.length === 0
      ? ''
      : `<details class="part"${open ? ' open' : ''}><summary><h4>${html(title)} <span class="meta">${number(rows.length)}</span></h4></summary>${p.table(head, rows.slice(0, MAX_ROWS))}${rows.length > MAX_ROWS ? `<p class="meta">${html(m.timeline.omitted(rows.length - MAX_ROWS))}</p>` : ''}</details>`;
  const row = (...cells: readonly string[]): string =>
    `<tr data-find="${html(
      cells
        .join(' ')
        .replace(/<[^>]*>/g, ' ')
        .toLowerCase()
        .slice(0, 400),
    )}">${cells.join('')}</tr>`;
  const td = (t: string | null, cls = ''): string => `<td${cls === '' ? '' : ` class="${cls}"`}>${html(t ?? '–')}</td>`;
  const when = (t: string | null): string => `<td class="t">${time(t)}</td>`;
  const proof = (x: readonly Cite[]): string => `<td>${p.cites(x, 0)}</td>`;
  const conf = (x: string): string => `<td>${html(w.confidence[x] ?? x)}</td>`;
  const n = (v: number): string => `<td class="n">${number(v)}</td>`;
  const count = (s: string): number => i.hosts.filter((h) => h.status === s).length;
  const tiles: [number, string][] = [
    [count('controlled'), w.controlled],
    [count('accessed'), w.accessed],
    [i.accounts.length, w.accounts],
    [i.sessions.length, w.sessions],
    [i.mailboxes.length, w.mailboxes],
    [i.implants.length, w.implants],
    [i.command_and_control.length, w.channels],
  ];
  const bytes = (b: number): string =>
    b >= 1e9 ? `${(b / 1e9).toFixed(2)} GB` : b >= 1e6 ? `${(b / 1e6).toFixed(0)} MB` : `${number(b)} B`;
  return `<article class="incident" id="${html(i.id)}"><h3>${html(w.title(i.id))} <span class="meta">${time(i.first_seen)} – ${time(i.last_seen)}</span></h3>
<p class="statement">${html(i.statement)}</p>
<p class="meta">${html(i.confidence_why)}</p>
<div class="tiles">${tiles.map(([v, k]) => `<div class="tile"><b>${number(v)}</b><span>${html(k)}</span></div>`).join('')}</div>
${
  i.entry === null
    ? ''
    : list(
        w.entry,
        [
          th(c.time),
          th(c.host),
          th(w.vector),
          th(c.technique),
          th(w.address),
          th(w.account),
          th(c.why),
          th(w.sure),
          th(c.proof),
        ],
        [
          row(
            when(i.entry.time),
            td(i.entry.host, 'host'),
            td(i.entry.vector.replaceAll('_', ' ')),
            td(i.entry.technique, 'mono'),
            td(i.entry.source_ip, 'mono'),
            td(i.entry.account),
            td(i.entry.why),
            conf(i.entry.confidence),
            proof(i.entry.evidence),
          ),
        ],
      )
}
${list(
  w.hosts,
  [th(c.host), th(w.role), th(c.status), th(c.first), th(c.last), th(w.how), th(w.sure), th(c.proof)],
  i.hosts.map((h) =>
    row(
      td(h.name, 'host'),
      td(h.role.replaceAll('_', ' ')),
      `<td><b class="status-${html(h.status)}">${html(w.hostStatus[h.status] ?? h.status)}</b></td>`,
      when(h.first),
      when(h.last),
      td(h.how.join('; ')),
      conf(h.confidence),
      proof(h.evidence),
    ),
  ),
)}
${list(
  w.movement,
  [th(c.time), th(w.from), th(w.to), th(w.method), th(c.technique), th(w.account), th(w.sure), th(c.proof)],
  i.lateral_movement.map((x) =>
    row(
      when(x.time),
      td(x.from, 'host'),
      td(x.to, 'host'),
      td(x.method.replaceAll('_', ' ')),
      td(x.technique, 'mono'),
      td(x.account),
      conf(x.confidence),
      proof(x.evidence),
    ),
  ),
)}
${list(
  w.accounts,
  [th(w.account), th(c.status), th(w.privileged), th(c.first), th(c.last), th(c.proof)],
  i.accounts.map((a) =>
    row(
      td(a.name),
      td(w.accountStatus[a.status] ?? a.status),
      td(a.privileged ? w.yes : ''),
      when(a.first),
      when(a.last),
      proof(a.evidence),
    ),
  ),
)}
${list(
  w.sessions,
  [
    th(w.start),
    th(w.end),
    th(w.address, 'mono'),
    th(w.country),
    th(w.network),
    th(w.channel),
    th(w.target),
    th(w.account),
    th(w.actions, 'n'),
    th(c.proof),
  ],
  i.sessions.map((s) =>
    row(
      when(s.start),
      when(s.end),
      td(s.source_ip, 'mono'),
      td(s.country),
      td([s.asn === null ? '' : `AS${s.asn}`, s.network ?? ''].filter((x) => x !== '').join(' ') || null),
      td(s.channel),
      td(s.target, 'host'),
      td(s.account),
      n(s.actions),
      proof(s.evidence),
    ),
  ),
)}
${list(
  w.mailboxes,
  [th(w.address), th(w.owner), th(w.jobTitle), th(w.method), th(c.first), th(c.last), th(w.items, 'n'), th(c.proof)],
  i.mailboxes.map((b) =>
    row(
      td(b.address),
      td(b.owner),
      td(b.title),
      td(b.method.replaceAll('_', ' ')),
      when(b.first),
      when(b.last),
      `<td class="n">${b.items === null ? '–' : `≥ ${number(b.items)}`}</td>`,
      proof(b.evidence),
    ),
  ),
)}
${list(
  w.implants,
  [th(w.names), th(c.sha256), th(w.paths), th(w.hosts), th(c.first), th(c.proof)],
  i.implants.map((x) =>
    row(
      td(x.names.join(', ')),
      td(x.sha256 ?? w.noHash, 'mono'),
      td(x.paths.slice(0, 4).join(', '), 'mono'),
      td(x.hosts.length > 6 ? `${x.hosts.slice(0, 6).join(', ')} +${number(x.hosts.length - 6)}` : x.hosts.join(', ')),
      when(x.first),
      proof(x.evidence),
    ),
  ),
)}
${list(
  w.persistence,
  [th(c.time), th(c.host), th(w.kind), th(w.name), th(w.command), th(c.technique), th(c.proof)],
  i.persistence.map((x) =>
    row(
      when(x.time),
      td(x.host, 'host'),
      td(w.persistenceKind[x.kind] ?? x.kind),
      td(x.name),
      td(x.command, 'mono'),
      td(x.technique, 'mono'),
      proof(x.evidence),
    ),
  ),
)}
${list(
  w.channels,
  [th(w.address), th(w.country), th(c.first), th(c.last), th(w.hosts), th(w.pattern), th(c.proof)],
  i.command_and_control.map((x) =>
    row(
      td(x.address, 'mono'),
      td(x.country),
      when(x.first),
      when(x.last),
      td(x.hosts.length > 6 ? `${x.hosts.slice(0, 6).join(', ')} +${number(x.hosts.length - 6)}` : x.hosts.join(', ')),
      td(x.pattern),
      proof(x.evidence),
    ),
  ),
)}
${list(
  w.theft,
  [th(c.time), th(c.host), th(w.what), th(w.method), th(w.destination), th(w.bytes, 'n'), th(c.proof)],
  i.data_theft.map((x) =>
    row(
      when(x.time),
      td(x.host, 'host'),
      td(x.what),
      td(x.method.replaceAll('_', ' ')),
      td(x.destination, 'mono'),
      `<td class="n">${x.bytes_is === 'upper_bound' ? '≤' : x.bytes_is === 'lower_bound' ? '≥' : ''} ${html(bytes(x.bytes))}</td>`,
      proof(x.evidence),
    ),
  ),
)}
${
  i.update_hijack === null
    ? ''
    : list(
        w.hijack,
        [th(c.time), th(w.server), th(w.package), th(c.sha256), th(w.ran, 'n'), th(w.fetched, 'n'), th(c.proof)],
        [
          row(
            when(i.update_hijack.tampered_at),
            td(i.update_hijack.server, 'host'),
            td(i.update_hijack.package),
            td(i.update_hijack.sha256, 'mono'),
            n(i.update_hijack.hosts_executed.length),
            n(i.update_hijack.hosts_downloaded.length),
            proof(i.update_hijack.evidence),
          ),
        ],
      )
}
${list(
  w.traces,
  [th(c.time), th(c.host), th(w.kind), th(c.what), th(c.proof)],
  i.anti_forensics.map((x) =>
    row(
      when(x.time),
      td(x.host, 'host'),
      td(m.kind[x.kind] ?? x.kind.replaceAll('_', ' ')),
      td(x.what),
      proof(x.evidence),
    ),
  ),
)}
${list(
  w.blind,
  [th(c.host), th(c.source), th(c.from), th(c.to), th(c.why), th(w.weakens)],
  i.blind_spots.map((x) =>
    row(
      td(x.host, 'host'),
      td(x.source),
      when(x.from),
      when(x.to),
      td(x.why),
      td(x.weakens.map((k) => k.replaceAll('_', ' ')).join(', ')),
    ),
  ),
  false,
)}
${list(
  w.course,
  [th(c.time), th(c.host), th(w.phase), th(c.what), th(c.technique), th(c.proof)],
  i.timeline.map((x) =>
    row(when(x.time), td(x.host, 'host'), td(x.phase), td(x.text, 'what'), td(x.technique, 'mono'), proof(x.evidence)),
  ),
  false,
)}
</article>`;
}
