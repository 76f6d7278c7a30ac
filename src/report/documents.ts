// The model as documents: Markdown and Word. Figures are told by the tables beside them.
import {
  AlignmentType,
  Document,
  Footer,
  HeadingLevel,
  LevelFormat,
  Packer,
  PageNumber,
  PageOrientation,
  Paragraph,
  Table as DocxTable,
  TableCell,
  TableOfContents,
  TableRow,
  TextRun,
  WidthType,
} from 'docx';
import type { Messages } from '../messages/index.js';
import { visible } from './escape.js';
import type { Block, Model, Section, Table } from './blocks.js';

/** Rows of one table in a document that is printed; the rest is in incident.json. */
const MAX_ROWS = 1500;
/** The same for lists of the whole case in a Word document, which is slow to make and to open with long tables. */
const MAX_CASE_ROWS = 200;

/** Text of evidence in Markdown: nothing of it is markup. */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/([\\`*_{}[\]|~$])/g, '\\$1')
    .replace(/:\/\//g, '&#58;//')
    .replace(/@/g, '&#64;')
    .replace(/\bwww\./gi, (m) => `${m.slice(0, 3)}&#46;`)
    .replace(
      /^(\s*)([#+>-]|\d+[.)])/,
      (_, space: string, mark: string) => `${space}${mark.slice(0, -1)}\\${mark.slice(-1)}`,
    );
}

export function markdown(model: Model, messages: Messages): string {
  const w = messages.text.model;
  const t = markdownText;
  const out: string[] = [`# ${t(model.title)}`, ''];
  if (model.tlp !== null) out.push(`**TLP:${t(model.tlp)}**`, '');
  out.push(...model.facts.map(([k, v]) => `- **${t(k)}**: ${t(v)}`), '', ...model.notes.map((n) => `${t(n)}\n`));
  const table = (x: Table): void => {
    if (x.title !== null) out.push(`#### ${t(x.title)}`, '');
    const plain = x.columns.every((c) => c.title === '');
    const head = [...x.columns.map((c) => t(c.title)), ...(x.proof ? [t(w.proof)] : [])];
    out.push(
      `| ${head.map((h) => (plain ? ' ' : h)).join(' | ')} |`,
      `|${head.map((_, k) => (x.columns[k]?.kind === 'number' ? '---:' : '---')).join('|')}|`,
    );
    for (const r of x.rows.slice(0, MAX_ROWS))
      out.push(
        `| ${[
          ...r.cells.map(t),
          ...(x.proof
            ? [
                r.cites
                  .slice(0, 5)
                  .map((c) => `${c.evidence}${c.record === undefined ? `:${c.line}` : `#${c.record}`}`)
                  .join(' ') + (r.cites.length > 5 ? ` +${r.cites.length - 5}` : ''),
              ]
            : []),
        ].join(' | ')} |`,
      );
    if (x.rows.length > MAX_ROWS) out.push('', t(messages.text.timeline.omitted(x.rows.length - MAX_ROWS)));
    out.push('');
  };
  const block = (b: Block): void => {
    if (b.kind === 'text') out.push(t(b.text), '');
    else if (b.kind === 'list') {
      if (b.title !== null) out.push(`#### ${t(b.title)}`, '');
      out.push(...b.items.map((x) => `- ${t(x)}`), '');
    } else if (b.kind === 'table') table(b.table);
  };
  const section = (s: Section, mark = '###'): void => {
    if (s.blocks.every((b) => b.kind === 'figure')) return; // figures are the page's
    out.push(`${mark} ${t(s.title)}`, '');
    for (const b of s.blocks) block(b);
  };
  if (model.incidents.length === 0) out.push(t(w.noIncident), '');
  for (const i of model.incidents) {
    out.push(`## ${t(i.title)}`, '', t(`${i.period}`), '');
    for (const s of i.sections) section(s);
  }
  for (const s of model.rest) section(s, '##');
  return `${out.join('\n').trimEnd()}\n`;
}

/** Text that XML can hold; what does not show itself is written by its code. */
const plain = (text: string): string => visible(text.length > 8000 ? `${text.slice(0, 8000)}…` : text);

export async function docx(model: Model, messages: Messages): Promise<Buffer> {
  const w = messages.text.model;
  const children: (Paragraph | DocxTable | TableOfContents)[] = [
    new Paragraph({ text: plain(model.title), heading: HeadingLevel.TITLE }),
    ...(model.tlp === null
      ? []
      : [new Paragraph({ children: [new TextRun({ text: `TLP:${model.tlp}`, bold: true })] })]),
    ...model.facts.map(
      ([k, v]) =>
        new Paragraph({ children: [new TextRun({ text: `${plain(k)}: `, bold: true }), new TextRun(plain(v))] }),
    ),
    ...model.notes.map((n) => new Paragraph({ text: plain(n) })),
    new TableOfContents(w.contents, { hyperlink: true, headingStyleRange: '1-2' }),
  ];
  const cell = (text: string, head = false): TableCell =>
    new TableCell({
      margins: { left: 60, right: 60, top: 30, bottom: 30 },
      children: [new Paragraph({ children: [new TextRun({ text: plain(text), bold: head, size: 15 })] })],
    });
  const table = (x: Table, most: number): void => {
    if (x.title !== null) children.push(new Paragraph({ text: plain(x.title), heading: HeadingLevel.HEADING_3 }));
    const untitled = x.columns.every((c) => c.title === '');
    const rows = x.rows.slice(0, most).map(
      (r) =>
        new TableRow({
          children: [
            ...r.cells.map((c) => cell(c)),
            ...(x.proof
              ? [
                  cell(
                    r.cites
                      .slice(0, 5)
                      .map((c) => `${c.evidence}${c.record === undefined ? `:${c.line}` : `#${c.record}`}`)
                      .join(' ') + (r.cites.length > 5 ? ` +${r.cites.length - 5}` : ''),
                  ),
                ]
              : []),
          ],
        }),
    );
    if (!untitled)
      rows.unshift(
        new TableRow({
          tableHeader: true,
          children: [...x.columns.map((c) => cell(c.title, true)), ...(x.proof ? [cell(w.proof, true)] : [])],
        }),
      );
    children.push(
      new DocxTable({ width: { size: 100, type: WidthType.PERCENTAGE }, rows }),
      new Paragraph({ text: '' }),
    );
    if (x.rows.length > most)
      children.push(new Paragraph({ text: messages.text.timeline.omitted(x.rows.length - most) }));
  };
  const section = (s: Section, heading: 'HEADING_1' | 'HEADING_2' = 'HEADING_2'): void => {
    if (s.blocks.every((b) => b.kind === 'figure')) return;
    children.push(new Paragraph({ text: plain(s.title), heading: HeadingLevel[heading] }));
    for (const b of s.blocks)
      if (b.kind === 'text')
        children.push(new Paragraph({ children: [new TextRun({ text: plain(b.text), bold: b.lead === true })] }));
      else if (b.kind === 'list') {
        if (b.title !== null) children.push(new Paragraph({ text: plain(b.title), heading: HeadingLevel.HEADING_3 }));
        for (const x of b.items)
          children.push(new Paragraph({ text: plain(x), numbering: { reference: 'dots', level: 0 } }));
      } else if (b.kind === 'table') table(b.table, heading === 'HEADING_1' ? MAX_CASE_ROWS : MAX_ROWS);
  };
  if (model.incidents.length === 0) children.push(new Paragraph({ text: w.noIncident }));
  for (const i of model.incidents) {
    children.push(
      new Paragraph({ text: plain(i.title), heading: HeadingLevel.HEADING_1, pageBreakBefore: true }),
      new Paragraph({ text: plain(i.period) }),
    );
    for (const s of i.sections) section(s);
  }
  for (const s of model.rest) section(s, 'HEADING_1');
  const document = new Document({
    title: plain(model.title),
    creator: 'Backtrail',
    features: { updateFields: false },
    numbering: {
      config: [
        {
          reference: 'dots',
          levels: [{ level: 0, format: LevelFormat.BULLET, text: '•', alignment: AlignmentType.LEFT }],
        },
      ],
    },
    sections: [
      {
        properties: { page: { size: { orientation: PageOrientation.LANDSCAPE } } },
        footers: {
          default: new Footer({
            children: [
              new Paragraph({
                alignment: AlignmentType.RIGHT,
                children: [new TextRun({ children: [PageNumber.CURRENT, ' / ', PageNumber.TOTAL_PAGES], size: 16 })],
              }),
            ],
          }),
        },
        children,
      },
    ],
  });
  return Packer.toBuffer(document);
}
