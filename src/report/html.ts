// report.html: one file, no network, built from the view model. The page forbids itself everything but its own style
// and script (by hash), so that even a mistake in escaping could neither run nor call out.
import { createHash } from 'node:crypto';
import type { AntiForensics, Cite, EvidenceEntry, IncidentDocument } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { html, jsonForScript } from './escape.js';
import type { Change } from './changes.js';
import { declaredHtml, incidentsHtml, type Parts, sectionHtml } from './incidents.js';
import type { Model } from './blocks.js';
import { makeModel } from './model.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';
import { type Density, LEVELS_DOWN, makeView, MAX_HOSTS_PER_RULE, type View } from './view.js';

export interface ReportInput {
  readonly document: IncidentDocument;
  readonly exhibits: readonly { readonly evidence: string; readonly record: number; readonly json: string }[];
  readonly messages: Messages;
  readonly changes?: readonly Change[] | null;
  readonly redacted?: boolean;
  /** For paper: no records to open, and of the longest lists the beginning. */
  readonly print?: boolean;
}

/** Buttons of one row. */
const MAX_CITE_BUTTONS = 3;
/** Clocks that are less far off are told by number only. */
const MIN_OFFSET_SECONDS = 1;
const MAX_HOST_NAMES = 500;
/** Rows of a list that is printed. */
const MAX_PRINT_ROWS = 250;
const MAX_ADDRESSES = 12;

const sha = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const number = (n: number): string => n.toLocaleString('en');
/** `2021-10-25 20:17:07`: the report says once that all times are UTC. */
const time = (t: string | null): string => (t === null ? '–' : html(t.slice(0, 19).replace('T', ' ')));

function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  let v = n;
  while (v >= 1024 && i < units.length - 1) {
    v /= 1024;
    i++;
  }
  return `${i === 0 ? v : v.toFixed(1)} ${units[i]}`;
}

export function renderHtml(input: ReportInput): string {
  const { document: d, messages, changes = null, redacted = false, print = false } = input;
  const exhibits = print ? [] : input.exhibits;
  const most = print ? MAX_PRINT_ROWS : Number.POSITIVE_INFINITY;
  const m = messages.text;
  const view = makeView(d);
  const model = makeModel(d, { messages, changes, redacted });
  const files = new Map(d.evidence.map((e) => [e.id, e.path]));
  const section = (id: string, title: string, body: string): string =>
    `<section id="${id}"><h2>${html(title)}</h2>\n${body}\n</section>\n`;
  const level = (l: string | null): string =>
    l === null
      ? `<span class="level tampering">${html(m.tampering)}</span>`
      : `<span class="level ${html(l)}">${html(m.level[l] ?? l)}</span>`;
  const cites = (list: readonly Cite[], omitted: number): string => {
    const shown = list.slice(0, MAX_CITE_BUTTONS);
    const rest = list.length - shown.length + omitted;
    const buttons = shown
      .map(
        (c) =>
          `<button type="button" class="cite" data-e="${html(c.evidence)}" data-r="${c.record ?? c.line}" title="${html(files.get(c.evidence) ?? c.evidence)}">${html(c.evidence)} ${c.record === undefined ? `:${c.line}` : `#${c.record}`}</button>`,
      )
      .join('');
    return rest > 0 ? `${buttons}<span class="meta">+${number(rest)}</span>` : buttons;
  };
  const table = (head: readonly string[], rows: readonly string[]): string =>
    rows.length === 0
      ? `<p class="empty">${html(m.timeline.empty)}</p>`
      : `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>\n${rows.slice(0, most).join('\n')}\n</tbody></table></div>${rows.length > most ? `<p class="meta">${html(m.timeline.omitted(rows.length - most))}</p>` : ''}`;
  const th = (text: string, cls = ''): string =>
    `<th scope="col"${cls === '' ? '' : ` class="${cls}"`}>${html(text)}</th>`;
  const c = m.columns;

  const parts: Parts = { cites, number, language: messages.language, most: print ? MAX_PRINT_ROWS * 4 : undefined };
  const body = [
    filterBar(),
    d.incidents.length === 0
      ? section('incidents', m.incidentReport.section, `<p class="statement">${html(d.reconstruction.note)}</p>`)
      : '',
    incidentsHtml(d, model, m, parts),
    ...model.rest.map((x) => sectionHtml(d, x, m, parts)),
    d.case.declared === undefined ? '' : `<section>${declaredHtml(d, m)}</section>`,
    section('found', m.sections.found, found(d, view, m)),
    d.overview.anti_forensics.length > 0
      ? section(
          'tampering',
          m.sections.tampering,
          table(
            [th(c.time), th(c.host), th(c.what), th(c.proof)],
            d.overview.anti_forensics.map(
              (a: AntiForensics) =>
                `<tr data-find="${html(`${a.host} ${a.what}`.toLowerCase())}"><td class="t">${time(a.time)}</td><td class="host">${html(a.host)}</td><td><b class="tampering">${html(m.kind[a.kind] ?? a.kind)}</b><br>${html(a.what)}</td><td>${cites(a.evidence, 0)}</td></tr>`,
            ),
          ),
        )
      : '',
    section('timeline', m.sections.timeline, timeline()),
    section('hosts', m.sections.hosts, hostTable()),
    section('detections', m.sections.detections, detections()),
    section(
      'techniques',
      m.sections.techniques,
      table(
        [th(c.technique), th(c.tactics), th(c.count, 'n'), th(c.first), th(c.proof)],
        d.overview.techniques.map(
          (t) =>
            `<tr><td class="mono">${html(t.technique)}</td><td>${html(t.tactics.join(', '))}</td><td class="n">${number(t.count)}</td><td class="t">${time(t.first)}</td><td>${cites(t.evidence, t.evidence_omitted)}</td></tr>`,
        ),
      ),
    ),
    section('register', m.sections.register, register()),
    section('problems', m.sections.problems, problems()),
    section(
      'coverage',
      m.sections.coverage,
      table(
        [th(c.host), th(c.source), th(c.from), th(c.to), th(c.records, 'n')],
        d.overview.coverage.map(
          (x) =>
            `<tr><td class="host">${html(x.host)}</td><td>${html(x.source)}</td><td class="t">${time(x.from)}</td><td class="t">${time(x.to)}</td><td class="n">${number(x.records)}</td></tr>`,
        ),
      ) + entities(),
    ),
    section('method', m.sections.method, method()),
    section(
      'glossary',
      m.model.sections.glossary,
      `<dl class="glossary">${m.model.glossary.map(([k, v]) => `<dt>${html(k)}</dt><dd>${html(v)}</dd>`).join('')}</dl>`,
    ),
  ];

  const toc = [
    ...(model.incidents.length === 0 ? [`<a href="#incidents">${html(m.incidentReport.section)}</a>`] : []),
    ...model.incidents.map((i) => `<a href="#${html(i.id)}">${html(i.title)}</a>`),
    ...(Object.keys(m.sections) as (keyof typeof m.sections)[])
      .filter((k) => k !== 'tampering' || d.overview.anti_forensics.length > 0)
      .map((k) => `<a href="#${k}">${html(m.sections[k])}</a>`),
  ];
  const byEvidence: Record<string, Record<number, string>> = {};
  for (const e of exhibits) (byEvidence[e.evidence] ??= {})[e.record] = e.json;
  const words = {
    title: m.record.title('{file}', 0).replace(' 0 ', ' {n} '),
    notHere: m.record.notHere,
    files: Object.fromEntries(files),
    hashes: Object.fromEntries(d.evidence.map((e) => [e.id, e.sha256 ?? ''])),
  };
  const csp = `default-src 'none'; style-src ${sha(STYLE)}; script-src ${sha(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  return `${head(messages.language, csp, `${d.case.title} – ${m.reportTitle}`)}<body>
${cover()}
<main>
${body.join('')}</main>
<footer>${html(d.case.provenance.tool)} · ${html(d.case.id)}</footer>
<dialog id="record" aria-labelledby="record-title"><header><h3 id="record-title"></h3><button type="button" id="record-close">${html(m.record.close)}</button></header><div class="inner" id="record-body"></div></dialog>
<noscript><p>${html(m.noscript)}</p></noscript>
<script type="application/json" id="exhibits">${jsonForScript(byEvidence)}</script>
<script type="application/json" id="words">${jsonForScript(words)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;

  function filterBar(): string {
    const w = m.model;
    return `<form class="filters" role="search"><input class="filter" id="filter" type="search" autocomplete="off" placeholder="${html(w.filter)}" aria-label="${html(w.filter)}"><label>${html(w.from)} <input id="filter-from" type="datetime-local"></label><label>${html(w.to)} <input id="filter-to" type="datetime-local"></label><output id="filter-count" class="meta"></output></form>`;
  }

  function cover(): string {
    const p = d.case.provenance;
    const facts: [string, string][] = [
      [m.cover.case, html(d.case.id)],
      [m.cover.created, time(d.case.created)],
      ...(d.case.tlp === null
        ? []
        : ([[m.cover.tlp, `<b class="tlp">TLP:${html(d.case.tlp)}</b>`]] as [string, string][])),
      [m.cover.period, view.period.first === null ? '–' : `${time(view.period.first)} – ${time(view.period.last)}`],
      [m.cover.tool, html(`${p.tool}, Node ${p.node}`)],
      [
        m.cover.rules,
        p.rules
          .map(
            (r) =>
              `${html(r.name)}: ${number(r.count)}, SHA-256 <span class="mono">${html(r.sha256.slice(0, 16))}…</span>${r.licence === null ? '' : `, ${html(r.licence)}`}`,
          )
          .join('<br>') || '–',
      ],
    ];
    const n = d.counts;
    const tiles: [number, string][] = [
      [n.incidents, m.incidentReport.section],
      [n.hosts_controlled, m.incidentReport.controlled],
      [n.records, m.tiles.records],
      [n.logs, m.tiles.files],
      [n.hosts_seen, m.tiles.hosts],
      [n.detections, m.tiles.detections],
      [n.rules_matched, m.tiles.rules],
      [n.problems, m.tiles.problems],
    ];
    return `<header class="cover"><p class="kicker">${html(m.reportTitle)}</p><h1>${html(d.case.title)}</h1>
<dl class="facts">${facts.map(([k, v]) => `<dt>${html(k)}</dt><dd>${v}</dd>`).join('')}</dl>
<div class="tiles">${tiles.map(([v, k]) => `<div class="tile"><b>${number(v)}</b><span>${html(k)}</span></div>`).join('')}</div>
<p class="meta">${html(m.cover.utc)}${redacted ? ` ${html(m.model.redacted)}` : ''}</p>
<nav class="toc" aria-label="${html(m.reportTitle)}">${toc.join('')}</nav></header>`;
  }

  function timeline(): string {
    const strip = view.density === null ? '' : densityStrip(view.density, m);
    const rows = view.timeline.map(
      (e) =>
        `<tr data-find="${html(`${e.host} ${e.text} ${e.technique ?? ''}`.toLowerCase())}" data-t="${time(e.time)}"><td class="t">${time(e.time)}</td><td>${level(e.level)}</td><td class="host">${html(e.host)}</td><td class="what">${html(e.text)}</td><td class="mono">${html(e.technique ?? '')}</td><td>${cites(e.evidence, e.evidence_omitted)}</td></tr>`,
    );
    const omitted =
      view.timelineOmitted > 0 ? `<p class="meta">${html(m.timeline.omitted(view.timelineOmitted))}</p>` : '';
    return `${strip}${table([th(c.time), th(c.level), th(c.host), th(c.what), th(c.technique), th(c.proof)], rows)}${omitted}`;
  }

  function hostTable(): string {
    const rows = view.hostLevels.map(
      (h) =>
        `<tr><td class="host">${html(h.host)}</td>${LEVELS_DOWN.map((l) => `<td class="n ${(h.counts[l] ?? 0) > 0 ? l : ''}">${(h.counts[l] ?? 0) === 0 ? '·' : number(h.counts[l]!)}</td>`).join('')}<td class="n"><b>${number(h.total)}</b></td></tr>`,
    );
    return (
      table([th(c.host), ...LEVELS_DOWN.map((l) => th(m.level[l]!, 'n')), th(c.total, 'n')], rows) +
      (view.hostsOmitted > 0 ? `<p class="meta">${html(m.timeline.omitted(view.hostsOmitted))}</p>` : '')
    );
  }

  function detections(): string {
    if (view.groups.length === 0) return `<p class="empty">${html(m.found.none)}</p>`;
    const out = view.groups.slice(0, print ? 60 : undefined).map((g) => {
      const rows = g.findings.slice(0, print ? 8 : MAX_HOSTS_PER_RULE).map((f) => {
        const fields =
          f.matched.length === 0
            ? ''
            : `<tr><td></td><td colspan="4"><table class="fields"><tbody>${f.matched.map((x) => `<tr><td>${html(x.field ?? '*')}</td><td class="value mono">${html(x.value)}</td></tr>`).join('')}</tbody></table></td></tr>`;
        return `<tr><td class="host">${html(f.host)}</td><td class="n">${number(f.count)}</td><td class="t">${time(f.first)}</td><td class="t">${time(f.last)}</td><td>${cites(f.evidence, f.evidence_omitted)}</td></tr>${fields}`;
      });
      const more =
        g.findings.length > MAX_HOSTS_PER_RULE
          ? `<p class="meta">${html(m.timeline.omitted(g.findings.length - MAX_HOSTS_PER_RULE))}</p>`
          : '';
      const meta = [
        g.author === '' ? '' : `${m.columns.author}: ${g.author}`,
        g.source,
        g.licence ?? '',
        g.tags
          .filter((t) => t.startsWith('attack.'))
          .map((t) => t.slice(7))
          .join(', '),
        g.rule,
      ].filter((x) => x !== '');
      const find = `${g.title} ${g.level} ${g.findings
        .slice(0, MAX_HOSTS_PER_RULE)
        .map((f) => f.host)
        .join(' ')}`.toLowerCase();
      return `<details class="rule" data-find="${html(find)}"><summary>${level(g.level)}<span>${html(g.title)}</span><span class="counts">${number(g.count)} · ${html(m.onHosts(g.findings.length))}</span></summary><div class="body"><p class="meta">${html(meta.join(' · '))}</p>${table([th(c.host), th(c.count, 'n'), th(c.first), th(c.last), th(c.proof)], rows)}${more}</div></details>`;
    });
    return (
      out.join('\n') + (view.groupsOmitted > 0 ? `<p class="meta">${html(m.found.more(view.groupsOmitted))}</p>` : '')
    );
  }

  function acquisitions(): string {
    return (d.case.acquisitions ?? [])
      .map((a) => `<p>${html(m.register.acquired(a.evidence.join(', '), a.by, a.time, a.how))}</p>`)
      .join('');
  }

  function register(): string {
    const rows = d.evidence.map(
      (e: EvidenceEntry) =>
        `<tr><td class="mono">${html(e.id)}</td><td>${html(e.path)}<br><span class="meta mono">${html(e.sha256 ?? '–')}</span></td><td class="n">${html(bytes(e.bytes))}</td><td>${html(e.format)}</td><td>${html(e.hosts.slice(0, 3).join(', '))}${e.hosts.length > 3 ? ` +${e.hosts.length - 3}` : ''}<br><span class="meta">${html(e.channels.slice(0, 3).join(', '))}${e.channels.length > 3 ? ` +${e.channels.length - 3}` : ''}</span></td><td class="n">${number(e.records)}</td><td class="t">${time(e.first)}<br>${time(e.last)}</td><td>${html(m.status[e.status] ?? e.status)}</td></tr>`,
    );
    return rows.length === 0
      ? `<p class="empty">${html(m.register.none)}</p>`
      : acquisitions() +
          table(
            [
              th('#'),
              th(`${c.file} / ${c.sha256}`),
              th(c.size, 'n'),
              th(c.format),
              th(`${c.host} / ${c.channel}`),
              th(c.records, 'n'),
              th(`${c.first} / ${c.last}`),
              th(c.status),
            ],
            rows,
          );
  }

  function problems(): string {
    const rows = d.evidence.flatMap((e) => [
      ...e.problems.map(
        (p) =>
          `<tr><td class="mono">${html(e.id)}</td><td>${html(e.path)}</td><td class="mono">${html(p.at)}</td><td>${html(p.what)}</td></tr>`,
      ),
      ...(e.problems_omitted > 0
        ? [
            `<tr><td class="mono">${html(e.id)}</td><td>${html(e.path)}</td><td></td><td>${html(m.problems.omitted(e.problems_omitted))}</td></tr>`,
          ]
        : []),
    ]);
    const blind = d.overview.blind_spots.map(
      (b) =>
        `<tr><td class="host">${html(b.host ?? '–')}</td><td>${html(b.source)}</td><td class="t">${time(b.from)}</td><td class="t">${time(b.to)}</td><td>${html(b.why)}</td></tr>`,
    );
    return `<h3>${html(m.problems.blind)}</h3>${table([th(c.host), th(c.source), th(c.from), th(c.to), th(c.why)], blind)}<h3>${html(m.problems.reading)}</h3>${rows.length === 0 ? `<p class="empty">${html(m.problems.none)}</p>` : table([th('#'), th(c.file), th(c.at), th(c.problem)], rows)}`;
  }

  function entities(): string {
    const { hosts, clocks } = d.overview;
    if (hosts === null || clocks === null) return '';
    const off = clocks.filter((x) => Math.abs(x.offset_seconds) >= MIN_OFFSET_SECONDS);
    const rows = off.map(
      (x) =>
        `<tr><td class="host">${html(x.host)}</td><td class="host">${html(x.reference)}</td><td class="n">${x.offset_seconds > 0 ? '+' : ''}${x.offset_seconds.toFixed(1)} s</td><td class="n">${number(x.pairs)}</td><td>${cites(x.evidence, 0)}</td></tr>`,
    );
    const names = hosts.slice(0, MAX_HOST_NAMES).map(
      (h) =>
        `<tr><td class="host">${html(h.name)}</td><td>${html(h.names.join(', '))}</td><td class="mono">${html(
          h.addresses
            .slice(0, MAX_ADDRESSES)
            .map((a) => a.address)
            .join(', '),
        )}${h.addresses.length > MAX_ADDRESSES ? ` +${h.addresses.length - MAX_ADDRESSES}` : ''}</td></tr>`,
    );
    const more = (n: number): string => (n > 0 ? `<p class="meta">${html(m.timeline.omitted(n))}</p>` : '');
    return `${clocks.length === 0 ? '' : `<h3>${html(m.entities.clocks)}</h3><p class="meta">${html(m.entities.clocksNote(clocks.length, clocks.length - off.length))}</p>${off.length === 0 ? '' : table([th(c.host), th(m.entities.reference), th(m.entities.ahead, 'n'), th(m.entities.pairs, 'n'), th(c.proof)], rows)}`}${hosts.length === 0 ? '' : `<h3>${html(m.entities.names)}</h3>${table([th(c.host), th(m.entities.also), th(m.entities.addresses)], names)}${more(hosts.length - MAX_HOST_NAMES)}`}`;
  }

  function method(): string {
    const authors = new Map<string, Set<string>>();
    for (const g of view.groups) {
      const key = `${g.source.split('/')[0]}${g.licence === null ? '' : ` (${g.licence})`}`;
      const set = authors.get(key) ?? new Set();
      if (g.author !== '') set.add(g.author);
      authors.set(key, set);
    }
    const list = [...authors]
      .map(([set, names]) => `<p><b>${html(set)}</b>: ${html([...names].sort().join('; ') || '–')}</p>`)
      .join('');
    return `${m.method.body.map((p) => `<p>${html(p)}</p>`).join('')}<p>${html(d.reconstruction.note)}</p><h3>${html(m.method.rules)}</h3>${list || '<p>–</p>'}`;
  }
}

/** What stands before a page's body: nothing is fetched, and nothing is told to where a link leads. */
const head = (language: string, csp: string, title: string): string => `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${html(title)}</title>
<style>${STYLE}</style>
</head>
`;

/** A page of a model alone: cover and sections, nothing to open. */
export function renderShort(input: {
  readonly document: IncidentDocument;
  readonly messages: Messages;
  readonly model: Model;
}): string {
  const { document: d, messages, model } = input;
  const m = messages.text;
  const parts: Parts = { cites: () => '', number, language: messages.language };
  const csp = `default-src 'none'; style-src ${sha(STYLE)}; base-uri 'none'; form-action 'none'`;
  return `${head(messages.language, csp, `${model.title} – ${m.model.sections.summary}`)}<body class="short">
<header class="cover"><p class="kicker">${html(m.model.sections.summary)}</p><h1>${html(model.title)}</h1>
<dl class="facts">${model.facts.map(([k, v]) => `<dt>${html(k)}</dt><dd>${html(v)}</dd>`).join('')}</dl>
${model.notes.map((n) => `<p class="meta">${html(n)}</p>`).join('')}</header>
<main>
${model.incidents.length === 0 ? `<p class="statement">${html(m.model.noIncident)}</p>` : incidentsHtml(d, model, m, parts)}
${model.rest.map((x) => sectionHtml(d, x, m, parts)).join('')}</main>
<footer>${html(d.case.provenance.tool)} · ${html(d.case.id)}</footer>
</body>
</html>
`;
}

function found(d: IncidentDocument, view: View, m: Messages['text']): string {
  if (view.groups.length === 0) return `<p>${html(m.found.none)}</p>`;
  const hosts = new Set(d.other_findings.map((f) => f.host)).size;
  const top = view.groups.filter((g) => g.level === 'critical' || g.level === 'high');
  const shown = (top.length > 0 ? top : view.groups).slice(0, 12);
  const items = shown.map(
    (g) =>
      `<li><span class="level ${html(g.level)}">${html(m.level[g.level] ?? g.level)}</span> ${html(g.title)} <span class="meta">${number(g.count)} · ${html(
        g.findings
          .slice(0, 4)
          .map((f) => f.host)
          .join(', '),
      )}${g.findings.length > 4 ? ` +${g.findings.length - 4}` : ''}</span></li>`,
  );
  const rest = view.groups.length + view.groupsOmitted - shown.length;
  const tamper =
    d.overview.anti_forensics.length > 0
      ? `<p><b class="tampering">${html(m.found.tampering(d.overview.anti_forensics.length))}</b></p>`
      : '';
  return `<p>${html(m.found.lead(d.counts.detections, d.counts.rules_matched, hosts))} ${html(m.found.strongest)}</p><ol class="lead">${items.join('')}</ol>${rest > 0 ? `<p class="meta">${html(m.found.more(rest))}</p>` : ''}${tamper}<p class="meta">${html(m.found.matches)}</p>`;
}

/** Stacked bars by level, one for each unit of time. */
function densityStrip(density: Density, m: Messages['text']): string {
  const width = 1000;
  const height = 110;
  const n = density.buckets.length;
  const w = width / n;
  const order = ['informational', 'low', 'medium', 'high', 'critical', 'tampering'];
  const scale = (v: number): number => (Math.log1p(v) / Math.log1p(density.max)) * (height - 12);
  const bars: string[] = [];
  density.buckets.forEach((b, i) => {
    if (b.total === 0) return;
    const full = scale(b.total);
    let y = height;
    for (const l of order) {
      const v = b.counts[l] ?? 0;
      if (v === 0) continue;
      const h = (v / b.total) * full;
      y -= h;
      bars.push(
        `<rect class="f-${l}" x="${(i * w + w * 0.08).toFixed(2)}" y="${y.toFixed(2)}" width="${(w * 0.84).toFixed(2)}" height="${h.toFixed(2)}"><title>${html(`${new Date(b.start * 1000).toISOString().slice(0, 16).replace('T', ' ')}: ${b.total}`)}</title></rect>`,
      );
    }
  });
  const at = (i: number): string =>
    new Date(density.buckets[i]!.start * 1000)
      .toISOString()
      .slice(0, density.unit === 'minute' || density.unit === 'hour' ? 16 : 10)
      .replace('T', ' ');
  const label = m.timeline.density(m.units[density.unit]!);
  const present = order.filter((l) => density.buckets.some((b) => (b.counts[l] ?? 0) > 0)).reverse();
  return `<p class="meta">${html(label)} (log)</p><svg class="density" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${html(label)}">${bars.join('')}</svg><div class="axis"><span>${at(0)}</span>${n > 2 ? `<span>${at(n >> 1)}</span>` : ''}<span>${at(n - 1)}</span></div><div class="legend">${present.map((l) => `<span class="level ${l}">${html(m.level[l] ?? m.tampering)}</span>`).join('')}</div>`;
}
