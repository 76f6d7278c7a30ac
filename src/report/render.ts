// One case in every format. PDF is the HTML, printed by a browser: that is not done here.
import type { IncidentDocument } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import type { Change } from './changes.js';
import { docx, markdown } from './documents.js';
import { executiveModel } from './executive.js';
import { attackFlow, csv, indicatorCsv, misp, navigator, ocsf, sigmaRules, timesketch, veris } from './exports.js';
import { renderHtml, renderShort, type ReportInput } from './html.js';
import { localise } from './localise.js';
import { makeModel } from './model.js';
import { caseSections } from './model-case.js';
import { stix } from './stix.js';

export const REPORT_FORMATS = [
  'html',
  'pdf',
  'md',
  'docx',
  'stix',
  'navigator',
  'flow',
  'misp',
  'ocsf',
  'timesketch',
  'csv',
  'indicators',
  'sigma',
  'veris',
] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export interface RenderInput {
  readonly document: IncidentDocument;
  readonly exhibits: ReportInput['exhibits'];
  readonly messages: Messages;
  readonly changes?: readonly Change[] | null;
  readonly redacted?: boolean;
  /** The two pages for who decides, where a format is for people. */
  readonly executive?: boolean;
  /** Version of ATT&CK that tactics are written in, for tools of before v19. */
  readonly attack?: 18 | 19;
}

/** Formats whose sentences are in the reader's language. */
const FOR_PEOPLE: ReadonlySet<ReportFormat> = new Set(['html', 'pdf', 'md', 'docx', 'csv']);

const json = (v: unknown): string => `${JSON.stringify(v, null, 2)}\n`;

/** The bytes of a format; of `pdf`, the page that is to be printed. */
export async function render(format: ReportFormat, r: RenderInput): Promise<string | Buffer> {
  const { messages } = r;
  const d = FOR_PEOPLE.has(format) ? localise(r.document, messages) : r.document;
  const options = { messages, changes: r.changes ?? null, redacted: r.redacted ?? false };
  const model = (): ReturnType<typeof makeModel> =>
    r.executive === true ? executiveModel(d, options) : makeModel(d, options);
  // Two pages for who decides have no appendix.
  const whole = (): ReturnType<typeof makeModel> => {
    const it = model();
    return r.executive === true ? it : { ...it, rest: [...it.rest, ...caseSections(d, messages)] };
  };
  switch (format) {
    case 'html':
    case 'pdf':
      return r.executive === true
        ? renderShort({ ...r, document: d, model: model() })
        : renderHtml({ document: d, exhibits: r.exhibits, ...options, print: format === 'pdf' });
    case 'md':
      return markdown(whole(), messages);
    case 'docx':
      return docx(whole(), messages);
    case 'csv':
      return csv(makeModel(d, options));
    case 'stix':
      return json(stix(d));
    case 'navigator':
      return json(navigator(d, r.attack));
    case 'flow':
      return json(attackFlow(d));
    case 'misp':
      return json(misp(d));
    case 'ocsf':
      return ocsf(d);
    case 'timesketch':
      return timesketch(d);
    case 'indicators':
      return indicatorCsv(d);
    case 'sigma':
      return sigmaRules(d);
    case 'veris':
      return json(veris(d));
  }
}
