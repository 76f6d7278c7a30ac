// What stands behind the incidents: rule matches, blind spots and problems, evidence, coverage, method, words.
import type { IncidentDocument } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { type Block, type ColumnKind, type Row, type Section, sizeText, table } from './blocks.js';

/**
 * What stands behind the incidents in a document that is read from front to back, and has no page to look it up on: rule
 * matches with their authors, what cannot be known, evidence, coverage, method, words.
 */
export function caseSections(d: IncidentDocument, messages: Messages): Section[] {
  const m = messages.text;
  const c = m.columns;
  const section = (id: string, title: string, ...blocks: (Block | null)[]): Section[] => {
    const kept = blocks.filter((b) => b !== null);
    return kept.length === 0 ? [] : [{ id, title, blocks: kept }];
  };
  const listed = (
    id: string,
    title: string | null,
    columns: readonly (readonly [string, ColumnKind])[],
    rows: readonly Row[],
  ): Block | null => (rows.length === 0 ? null : { kind: 'table', table: table(id, title, columns, rows) });
  const few = (list: readonly string[]): string =>
    `${list.slice(0, 3).join(', ')}${list.length > 3 ? ` +${list.length - 3}` : ''}`;
  const findings = [...d.other_findings, ...d.incidents.flatMap((i) => i.detections)];
  return [
    ...section(
      'detections',
      m.model.sections.detections,
      listed(
        'detections',
        null,
        [
          [c.level, 'text'],
          [c.rule, 'text'],
          [c.author, 'text'],
          [c.host, 'host'],
          [c.count, 'number'],
          [c.first, 'time'],
          [c.last, 'time'],
        ],
        [...findings]
          .sort((a, b) => LEVEL_ORDER.indexOf(a.level) - LEVEL_ORDER.indexOf(b.level) || b.count - a.count)
          .map((f) => ({
            cells: [f.level, f.title, f.author, f.host, f.count, f.first, f.last],
            cites: f.evidence,
          })),
      ),
    ),
    ...section(
      'problems',
      m.sections.problems,
      listed(
        'blind',
        m.problems.blind,
        [
          [c.host, 'host'],
          [c.source, 'text'],
          [c.from, 'time'],
          [c.to, 'time'],
          [c.why, 'text'],
        ],
        d.overview.blind_spots.map((b) => ({ cells: [b.host, b.source, b.from, b.to, b.why] })),
      ),
      listed(
        'reading',
        m.problems.reading,
        [
          ['#', 'mono'],
          [c.file, 'mono'],
          [c.at, 'mono'],
          [c.problem, 'text'],
        ],
        d.evidence.flatMap((e) => [
          ...e.problems.map((x) => ({ cells: [e.id, e.path, x.at, x.what] })),
          ...(e.problems_omitted > 0 ? [{ cells: [e.id, e.path, null, m.problems.omitted(e.problems_omitted)] }] : []),
        ]),
      ) ?? { kind: 'text', text: m.problems.none },
    ),
    ...section(
      'register',
      m.model.sections.register,
      listed(
        'register',
        null,
        [
          ['#', 'mono'],
          [c.file, 'mono'],
          [c.sha256, 'mono'],
          [c.size, 'text'],
          [c.format, 'text'],
          [c.host, 'host'],
          [c.channel, 'text'],
          [c.records, 'number'],
          [c.first, 'time'],
          [c.last, 'time'],
          [c.status, 'text'],
        ],
        d.evidence.map((e) => ({
          cells: [
            e.id,
            e.path,
            e.sha256,
            sizeText(e.bytes),
            e.format,
            few(e.hosts),
            few(e.channels),
            e.records,
            e.first,
            e.last,
            m.status[e.status] ?? e.status,
          ],
        })),
      ) ?? { kind: 'text', text: m.register.none },
    ),
    ...section(
      'coverage',
      m.sections.coverage,
      listed(
        'coverage',
        null,
        [
          [c.host, 'host'],
          [c.source, 'text'],
          [c.records, 'number'],
          [c.first, 'time'],
          [c.last, 'time'],
        ],
        d.overview.coverage.map((x) => ({ cells: [x.host, x.source, x.records, x.from, x.to] })),
      ),
    ),
    ...section('method', m.model.sections.method, ...m.method.body.map((text): Block => ({ kind: 'text', text }))),
    ...section('glossary', m.model.sections.glossary, {
      kind: 'list',
      title: null,
      items: m.model.glossary.map(([k, v]) => `${k}: ${v}`),
    }),
  ];
}
const LEVEL_ORDER = ['critical', 'high', 'medium', 'low', 'informational'];
