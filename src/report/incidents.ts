// Sections of the model on the page.
import type { Cite, IncidentDocument } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { html } from './escape.js';
import { coverage, fanout, graph, hours, lanes, map } from './figures.js';
import type { Block, IncidentPart, Model, Section, Table } from './blocks.js';

export interface Parts {
  readonly cites: (list: readonly Cite[], omitted: number) => string;
  readonly number: (n: number) => string;
  /** BCP 47. */
  readonly language: string;
  /** Rows of one table, where fewer are wanted. */
  readonly most?: number | undefined;
}

/** Rows of one table on the page; the rest is in incident.json. */
const MAX_ROWS = 4000;
/** Tables longer than this are closed at first. */
const OPEN_ROWS = 60;

export function incidentsHtml(d: IncidentDocument, model: Model, m: Messages['text'], p: Parts): string {
  return model.incidents.map((i) => one(d, i, m, p)).join('\n');
}

function one(d: IncidentDocument, i: IncidentPart, m: Messages['text'], p: Parts): string {
  const nav = i.sections
    .slice(1)
    .map((s) => `<a href="#${html(s.id)}">${html(s.title)}</a>`)
    .join('');
  return `<article class="incident" id="${html(i.id)}"><h2>${html(i.title)} <span class="meta">${html(i.period)}</span></h2>
<nav class="toc local" aria-label="${html(i.title)}">${nav}</nav>
<div class="tiles">${i.tiles.map(([v, k]) => `<div class="tile"><b>${p.number(v)}</b><span>${html(k)}</span></div>`).join('')}</div>
<p class="meta">${html(i.confidence)}</p>
${i.sections.map((s) => sectionHtml(d, s, m, p)).join('\n')}
</article>`;
}

export function sectionHtml(d: IncidentDocument, s: Section, m: Messages['text'], p: Parts): string {
  return `<section id="${html(s.id)}"><h3>${html(s.title)}</h3>${s.blocks.map((b) => blockHtml(d, b, m, p)).join('\n')}</section>`;
}

function blockHtml(d: IncidentDocument, b: Block, m: Messages['text'], p: Parts): string {
  const w = m.model;
  switch (b.kind) {
    case 'text':
      return `<p${b.lead === true ? ' class="statement"' : ''}>${html(b.text)}</p>`;
    case 'list':
      return `${b.title === null ? '' : `<h4>${html(b.title)}</h4>`}<ul>${b.items.map((x) => `<li>${html(x)}</li>`).join('')}</ul>`;
    case 'figure': {
      const i = b.incident;
      const drawn =
        b.figure === 'graph'
          ? graph(i, b.alt, w)
          : b.figure === 'map'
            ? map(i, b.alt, p.language)
            : b.figure === 'hours'
              ? hours(i, b.alt)
              : b.figure === 'lanes'
                ? lanes(i, b.alt, w)
                : b.figure === 'coverage'
                  ? coverage(i, d.overview.coverage, b.alt, w)
                  : fanout(i, b.alt);
      if (drawn === '') return '';
      const zoom =
        b.figure === 'graph'
          ? `<div class="zoom"><button type="button" data-zoom="in" aria-label="${html(w.zoomIn)}">+</button><button type="button" data-zoom="out" aria-label="${html(w.zoomOut)}">−</button><button type="button" data-zoom="all">${html(w.zoomReset)}</button></div>`
          : '';
      return `<figure class="${b.figure}">${zoom}${drawn}<figcaption class="meta">${html(b.alt)}</figcaption></figure>`;
    }
    default:
      return tableHtml(b.table, m, p);
  }
}

function tableHtml(t: Table, m: Messages['text'], p: Parts): string {
  const cls: Readonly<Record<string, string>> = { time: 't', host: 'host', mono: 'mono', number: 'n' };
  const plain = t.columns.every((c) => c.title === '');
  // Columns of sentences get room.
  const wide = t.columns.map((c, k) => c.kind === 'text' && t.rows.some((r) => r.cells[k]!.length > 60));
  const head = plain
    ? ''
    : `<thead><tr>${t.columns.map((c) => `<th scope="col"${c.kind === 'number' ? ' class="n"' : ''}>${html(c.title)}</th>`).join('')}${t.proof ? `<th scope="col">${html(m.model.proof)}</th>` : ''}</tr></thead>`;
  const rows = t.rows.slice(0, p.most ?? MAX_ROWS).map((r) => {
    const time = t.columns.findIndex((c) => c.kind === 'time');
    const at = time < 0 ? '' : ` data-t="${html(r.cells[time]!)}"`;
    return `<tr data-find="${html(r.cells.join(' ').toLowerCase().slice(0, 400))}"${at}>${r.cells
      .map((c, k) => {
        const kind = t.columns[k]!.kind;
        // An address, a number of a technique, the name of an account are never broken.
        const short =
          (kind === 'mono' || /^[^\s]+\\[^\s]+$/.test(c)) && c.length <= 40 && !/\s/.test(c) ? ' short' : '';
        const name = (plain && k === 0 ? 'key' : wide[k] === true ? 'what' : (cls[kind] ?? '')) + short;
        return `<td${name === '' ? '' : ` class="${name.trim()}"`}>${kind === 'status' ? `<b>${html(c)}</b>` : kind === 'host' ? html(c).replaceAll('.', '<wbr>.') : html(c)}</td>`;
      })
      .join('')}${t.proof ? `<td class="proof">${p.cites(r.cites, r.omitted)}</td>` : ''}</tr>`;
  });
  const more = t.rows.length - rows.length;
  const body = `<div class="scroll"><table${plain ? ' class="facts"' : ''}>${head}<tbody>\n${rows.join('\n')}\n</tbody></table></div>${more > 0 ? `<p class="meta">${html(m.timeline.omitted(more))}</p>` : ''}`;
  const copy = t.id.endsWith('-indicators')
    ? `<p><button type="button" class="copy" data-copy="${html(t.id)}">${html(m.model.copy)}</button></p>`
    : '';
  if (t.title === null && t.rows.length <= OPEN_ROWS) return `<div id="${html(t.id)}">${copy}${body}</div>`;
  const open = t.rows.length <= OPEN_ROWS ? ' open' : '';
  return `<details class="part" id="${html(t.id)}"${open}><summary><h4>${html(t.title ?? m.columns.what)} <span class="meta">${p.number(t.rows.length)}</span></h4></summary>${copy}${body}</details>`;
}

export function declaredHtml(d: IncidentDocument, m: Messages['text']): string {
  const k = d.case.declared;
  if (k === undefined) return '';
  const w = m.incidentReport;
  const time = (t: string | null): string => (t === null ? '–' : html(t.slice(0, 19).replace('T', ' ')));
  const table = (head: readonly string[], rows: readonly string[]): string =>
    `<div class="scroll"><table><thead><tr>${head.map((h) => `<th scope="col">${html(h)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  const known = k.known.map(
    (x) =>
      `<tr><td>${html(x.why)}</td><td>${html([...x.accounts, ...x.addresses, ...x.hosts].join(', '))}</td><td class="t">${time(x.from)}</td><td class="t">${time(x.to)}</td></tr>`,
  );
  const decisions = k.decisions.map(
    (x) =>
      `<tr><td>${html(w.decision[x.kind] ?? x.kind)}</td><td>${html([...x.hosts, ...x.accounts].join(', '))}</td><td>${html(x.because)}</td><td>${html(x.by ?? '–')}</td></tr>`,
  );
  return (
    (known.length === 0
      ? ''
      : `<h3>${html(w.known)}</h3>${table([m.columns.why, w.what, m.columns.from, m.columns.to], known)}`) +
    (decisions.length === 0
      ? ''
      : `<h3>${html(w.decisions)}</h3>${table([w.decided, w.what, m.columns.why, w.by], decisions)}`)
  );
}
