// backtrail report: a finished case in the format that somebody needs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CaseError, readCase } from '../case/index.js';
import { diagnostic } from '../base/index.js';
import type { IncidentDocument } from '../incident/index.js';
import { CATALOGUES } from '../messages/index.js';
import { findBrowser, printPdf } from '../pipeline/print.js';
import {
  changesBetween,
  redact,
  render,
  REPORT_FORMATS,
  type ReportFormat,
  type ReportInput,
} from '../report/index.js';
import { type Context, EXIT, oneOf, UsageError } from './context.js';
import { safe, stdoutSink } from './terminal.js';

const ENDINGS: Readonly<Record<ReportFormat, string>> = {
  html: 'report.html',
  pdf: 'report.pdf',
  md: 'report.md',
  docx: 'report.docx',
  stix: 'stix.json',
  navigator: 'navigator.json',
  flow: 'attack-flow.json',
  misp: 'misp.json',
  ocsf: 'ocsf.jsonl',
  timesketch: 'timesketch.jsonl',
  csv: 'report.csv',
  indicators: 'indicators.csv',
  sigma: 'sigma.yml',
  veris: 'veris.json',
};
const TLP = ['RED', 'AMBER', 'AMBER+STRICT', 'GREEN', 'CLEAR'];
const VERSIONS = 'reports';

export async function runReport(ctx: Context): Promise<number> {
  const [dir, more] = ctx.args;
  if (dir === undefined || more !== undefined) throw new UsageError('report takes one case folder');
  const given = ctx.values.format as string[] | undefined;
  const formats = given ?? ['html'];
  for (const f of formats)
    if (f !== 'all' && !REPORT_FORMATS.includes(f as ReportFormat))
      throw new UsageError(`--format takes ${REPORT_FORMATS.join(', ')} or all, not "${f}"`);
  const wanted = (formats.includes('all') ? REPORT_FORMATS : formats) as readonly ReportFormat[];
  const language = oneOf(ctx, 'lang', Object.keys(CATALOGUES), 'en');
  const messages = CATALOGUES[language]!;
  const state = readCase(dir).state;
  if (state !== 'complete')
    throw new UsageError(`${dir} is unfinished: end it first with "backtrail investigate --resume --out ${dir}"`);
  let document = readDocument(join(dir, 'incident.json'));
  const tlp = (ctx.values.tlp as string | undefined)?.toUpperCase().replace(/^TLP:/, '');
  if (tlp !== undefined && !TLP.includes(tlp)) throw new UsageError(`--tlp takes ${TLP.join(', ')}, not "${tlp}"`);
  const victim = {
    name: (ctx.values.victim as string | undefined) ?? document.case.victim.name,
    sector: (ctx.values.sector as string | undefined) ?? document.case.victim.sector,
    country: (ctx.values.country as string | undefined) ?? document.case.victim.country,
  };
  document = { ...document, case: { ...document.case, tlp: tlp ?? document.case.tlp, victim } };
  const attack = ctx.values.attack as string | undefined;
  if (attack !== undefined && attack !== '18' && attack !== '19') throw new UsageError('--attack takes 18 or 19');

  const since = ctx.values.since as string | undefined;
  let changes = since === undefined ? null : changesBetween(earlier(dir, since), document);
  let exhibits = exhibitsOf(dir);
  let key: Readonly<Record<string, string>> | null = null;
  if (ctx.values.redact === true) {
    const r = redact(document);
    // What changed is told of redacted states, by one key.
    if (changes !== null) {
      const before = earlier(dir, since!);
      const both = redact({ ...document, incidents: [...document.incidents, ...before.incidents] });
      const n = document.incidents.length;
      const now = { ...both.document, incidents: both.document.incidents.slice(0, n) };
      changes = changesBetween({ ...both.document, incidents: both.document.incidents.slice(n) }, now);
      document = now;
      key = both.key;
    } else {
      document = r.document;
      key = r.key;
    }
    // Records hold more names than lists do.
    exhibits = [];
  }
  const out = ctx.values.out as string | undefined;
  const single = wanted.length === 1;
  if (!single || (out !== undefined && out.endsWith('/'))) mkdirSync(out ?? join(dir, 'exports'), { recursive: true });
  const written: { format: ReportFormat; file: string; bytes: number }[] = [];
  for (const format of wanted) {
    const file =
      single && out !== undefined && out !== '-' && !out.endsWith('/')
        ? out
        : join(single && out === undefined ? dir : (out ?? join(dir, 'exports')), ENDINGS[format]);
    const content = await render(format, {
      document,
      exhibits,
      messages,
      changes,
      redacted: key !== null,
      executive: ctx.values.executive === true,
      ...(attack === undefined ? {} : { attack: Number(attack) as 18 | 19 }),
    });
    if (out === '-' && single && format !== 'pdf') {
      stdoutSink()(typeof content === 'string' ? content : new Uint8Array(content));
      remember(dir, ctx);
      return EXIT.ok;
    }
    if (format === 'pdf') {
      const browser = findBrowser();
      if (browser === null) {
        const page = file.replace(/\.pdf$/i, '') + '.html';
        writeFileSync(page, content);
        ctx.say(
          `No browser was found that prints PDF (Chromium, Chrome or Edge; BACKTRAIL_BROWSER names one). ${safe(page)} is the same report, ready to be printed.`,
        );
        if (single) return EXIT.failed;
        continue;
      }
      try {
        printPdf(browser, content as string, file);
      } catch (e) {
        ctx.say(`${safe(basename(browser))} could not print the report: ${safe((e as Error).message)}`);
        if (single) return EXIT.failed;
        continue;
      }
      written.push({ format, file, bytes: readFileSync(file).length });
      continue;
    }
    writeFileSync(file, content);
    written.push({ format, file, bytes: Buffer.byteLength(content) });
  }
  if (key !== null) {
    const place = `${written[0]?.file ?? join(dir, 'report')}.key.json`;
    writeFileSync(place, `${JSON.stringify(key, null, 1)}\n`, { mode: 0o600 });
    ctx.say(`Key     ${safe(place)} (what stands for what: keep it apart from the report)`);
  }
  const version = remember(dir, ctx);
  if (ctx.json)
    process.stdout.write(
      `${JSON.stringify({ version, written: written.map((w) => ({ ...w, file: resolve(w.file) })) }, null, 2)}\n`,
    );
  else if (!ctx.quiet)
    for (const w of written)
      process.stdout.write(
        `${w.format.padEnd(10)}  ${w.bytes.toLocaleString('en').padStart(11)} bytes  ${safe(w.file)}\n`,
      );
  return EXIT.ok;
}

function readDocument(path: string): IncidentDocument {
  try {
    const d = JSON.parse(readFileSync(path, 'utf8')) as IncidentDocument;
    if (d.schema === 'backtrail.incident/1' && Array.isArray(d.incidents)) return d;
  } catch {
    // told below
  }
  throw new CaseError(
    diagnostic('case.not-a-case', 'error', { file: path }, 'an incident.json of this version', 'something else'),
  );
}

function exhibitsOf(dir: string): ReportInput['exhibits'] {
  try {
    const list = JSON.parse(readFileSync(join(dir, 'exhibits.json'), 'utf8')) as ReportInput['exhibits'];
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** A state of the case that was reported before: by its number, or a file. */
function earlier(dir: string, since: string): IncidentDocument {
  if (/^\d{1,6}$/.test(since)) {
    const path = join(dir, VERSIONS, `${since}.json`);
    if (!existsSync(path)) {
      const have = versions(dir);
      throw new UsageError(
        `no report ${since} of this case is kept: ${have.length === 0 ? 'none was made yet' : `there are ${have.join(', ')}`}`,
      );
    }
    return readDocument(path);
  }
  if (!existsSync(since))
    throw new UsageError(`--since takes the number of an earlier report or an incident.json, not "${since}"`);
  return readDocument(since);
}

const versions = (dir: string): number[] =>
  existsSync(join(dir, VERSIONS))
    ? readdirSync(join(dir, VERSIONS))
        .flatMap((f) => (/^\d+\.json$/.test(f) ? [Number.parseInt(f, 10)] : []))
        .sort((a, b) => a - b)
    : [];

/** Keeps what this report was made of, unless the last one was made of the same; gives its number. */
function remember(dir: string, ctx: Context): number {
  const d = readDocument(join(dir, 'incident.json'));
  const { schema, case: about, incidents } = d;
  const text = `${JSON.stringify({ schema, case: about, incidents })}\n`;
  const have = versions(dir);
  const last = have.at(-1);
  const hash = (t: string): string => createHash('sha256').update(t).digest('hex');
  try {
    if (last !== undefined && hash(readFileSync(join(dir, VERSIONS, `${last}.json`), 'utf8')) === hash(text))
      return last;
    mkdirSync(join(dir, VERSIONS), { recursive: true });
    writeFileSync(join(dir, VERSIONS, `${(last ?? 0) + 1}.json`), text);
    if (!ctx.quiet && !ctx.json)
      ctx.say(`Report ${(last ?? 0) + 1} of this case: "--since ${(last ?? 0) + 1}" tells what changed after it.`);
    return (last ?? 0) + 1;
  } catch {
    return last ?? 0; // a case on a read-only medium can be reported all the same
  }
}
