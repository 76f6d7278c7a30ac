// The model of a case that every rendering is made from, in the order in which it is read: what changed, the incidents (model-incident.ts)
// and, in documents, the whole case behind them (model-case.ts). No rendering counts or chooses by itself, so that no two can disagree.
import type { IncidentDocument } from '../incident/index.js';
import { type Model, type ModelOptions, type Section, shortTime, table, words } from './blocks.js';
import { incidentPart } from './model-incident.js';

export function makeModel(d: IncidentDocument, options: ModelOptions): Model {
  const { messages } = options;
  const m = messages.text;
  const w = m.model;
  const p = d.case.provenance;
  const period = d.evidence.reduce<[string | null, string | null]>(
    ([a, b], e) => [
      e.first === null ? a : a === null || e.first < a ? e.first : a,
      e.last === null ? b : b === null || e.last > b ? e.last : b,
    ],
    [null, null],
  );
  const rest: Section[] = [];
  if (options.changes !== undefined && options.changes !== null)
    rest.push({
      id: 'changes',
      title: w.sections.changes,
      blocks:
        options.changes.length === 0
          ? [{ kind: 'text', text: w.changes.none }]
          : [
              {
                kind: 'table',
                table: table(
                  'changes',
                  null,
                  w.changes.head.map((h) => [h, 'text']),
                  options.changes.map((c) => ({
                    cells: [
                      c.incident,
                      c.list === '' ? '' : words(c.list),
                      w.changes[c.change],
                      c.list === ''
                        ? c.change === 'added'
                          ? w.changes.newIncident(c.incident)
                          : w.changes.gone(c.incident)
                        : c.what,
                    ],
                  })),
                ),
              },
            ],
    });
  return {
    title: d.case.title,
    language: messages.language,
    tlp: d.case.tlp,
    facts: [
      [m.cover.case, d.case.id],
      [m.cover.created, shortTime(d.case.created)],
      ...(d.case.tlp === null ? [] : ([[m.cover.tlp, `TLP:${d.case.tlp}`]] as const)),
      [m.cover.period, period[0] === null ? '–' : `${shortTime(period[0])} – ${shortTime(period[1])}`],
      [m.cover.tool, `${p.tool}, Node ${p.node}`],
      [
        m.cover.rules,
        p.rules
          .map(
            (r) =>
              `${r.name}${r.version === null ? '' : ` ${r.version}`}: ${r.count.toLocaleString('en')}, SHA-256 ${r.sha256.slice(0, 16)}…${r.licence === null ? '' : `, ${r.licence}`}`,
          )
          .join('; ') || '–',
      ],
    ],
    notes: [m.cover.utc, ...(options.redacted === true ? [w.redacted] : []), d.reconstruction.note],
    incidents: d.incidents.map((i) => incidentPart(d, i, messages)),
    rest,
  };
}
