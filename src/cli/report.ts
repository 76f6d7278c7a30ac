// backtrail report: a finished case in the format that somebody needs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
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
  if (ctx.values.country !== undefined && !/^[A-Z]{2}$/.test(victim.country!))
    throw new UsageError(`--country takes two letters (ISO 3166-1), not "${victim.country}"`);
  if (ctx.values.sector !== undefined && !/^\d{2,6}$/.test(victim.sector!))
    throw new UsageError(`--sector takes a NAICS code (2 to 6 digits), not "${victim.sector}"`);
  const attack = ctx.values.attack as string | undefined;
  if (attack !== undefined && attack !== '18' && attack !== '19') throw new UsageError('--attack takes 18 or 19');

  const since = ctx.values.since as string | undefined;
  let changes = since === undefined ? null : changesBetween(earlier(dir, since), document);
  let exhibits = exhibitsOf(dir);
  let key: Readonly<Record<string, string>> | null = null;
  let left: readonly string[] = [];
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
      left = both.left;
    } else {
      document = r.document;
      key = r.key;
      left = r.left;
    }
    // Records hold more names than lists do.
    exhibits = [];
    if (left.length > 0)
      ctx.say(
        `${left.length} names are replaced in lists but not inside texts, because they are too short or words of every report: ${safe(left.slice(0, 8).join(', '))}${left.length > 8 ? ', …' : ''}. Read the report before you send it.`,
      );
    // Before anything is written: a redacted report without its key could not be read back.
    keepKey(dir, key, ctx);
  }
  const out = ctx.values.out as string | undefined;
  const single = wanted.length === 1;
  if (single && out !== undefined && out !== '-' && !out.endsWith('/')) guardCase(dir, out, ENDINGS[wanted[0]!]);
  if (!single || (out !== undefined && out.endsWith('/'))) mkdirSync(out ?? join(dir, 'exports'), { recursive: true });
  const written: { format: ReportFormat; file: string; bytes: number }[] = [];
  for (const format of wanted) {
    const file =
      single && out !== undefined && out !== '-' && !out.endsWith('/')
        ? out
        : join(single && out === undefined ? dir : (out ?? join(dir, 'exports')), ENDINGS[format]);
    const content = await rendered(format, dir, {
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
        const page = `${file.replace(/\.pdf$/i, '')}.html`;
        writeFileSync(page, content);
        ctx.say(
          `${safe(basename(browser))} could not print the report: ${safe((e as Error).message)}. ${safe(page)} is the same report, ready to be printed.`,
        );
        if (single) return EXIT.failed;
        continue;
      }
      written.push({ format, file, bytes: readFileSync(file).length });
      continue;
    }
    writeFileSync(file, content);
    written.push({ format, file, bytes: Buffer.byteLength(content) });
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

/** What stands for what, in the case and not beside what is sent out. */
function keepKey(dir: string, key: Readonly<Record<string, string>> | null, ctx: Context): void {
  if (key === null) return;
  const place = join(dir, 'redaction.key.json');
  writeFileSync(place, `${JSON.stringify(key, null, 1)}\n`, { mode: 0o600 });
  ctx.say(`Key     ${safe(place)} (what stands for what: keep it apart from the report)`);
}

/** What the case holds may have been edited by hand: what a format cannot be made of is told as that. */
async function rendered(
  format: ReportFormat,
  dir: string,
  input: Parameters<typeof render>[1],
): Promise<string | Buffer> {
  try {
    return await render(format, input);
  } catch (e) {
    throw new CaseError(
      diagnostic(
        'case.not-a-case',
        'error',
        { file: join(dir, 'incident.json') },
        'an incident.json as Backtrail writes it (docs/incident.schema.json)',
        `one that ${format} cannot be made of: ${(e as Error).message.slice(0, 200)}`,
        'run "backtrail investigate --resume" on the case, or take back what was changed by hand',
      ),
    );
  }
}

/** A case's own files are never written over: they are what reports are made of. */
function guardCase(dir: string, out: string, ending: string): void {
  const at = resolve(out);
  const folder = dirname(at);
  if (!existsSync(folder) || realpathSync(folder) !== realpathSync(dir) || basename(at) === ending) return;
  if (
    /^(?:incident|case|exhibits|redaction\.key|declared|paths|run)\.json$|\.jsonl$|\.bin$|\.duckdb(?:\.wal)?$|\.lock$|^manifest/i.test(
      basename(at),
    )
  )
    throw new UsageError(`${out} is a file of the case itself: give --out another name`);
}

/** What an incident.json lacks that every one has; null if nothing. Kept states of it have the case and its incidents only. */
function documentFault(d: IncidentDocument, kept: boolean): string | null {
  const map = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
  if (!map(d) || d.schema !== 'backtrail.incident/1') return 'something else';
  if (!map(d.case) || typeof d.case.id !== 'string' || !map(d.case.victim)) return 'no case with an id and a victim';
  if (!kept && !Array.isArray(d.evidence)) return 'no list of evidence';
  if (!kept && !map(d.overview)) return 'no overview';
  if (!kept && !Array.isArray(d.overview.coverage)) return 'no overview with its coverage';
  if (!Array.isArray(d.incidents) || !d.incidents.every(map)) return 'no list of incidents';
  const lists = ['hosts', 'accounts', 'mailboxes', 'sessions', 'lateral_movement', 'timeline', 'implants'] as const;
  for (const [n, i] of d.incidents.entries())
    for (const k of lists)
      if (!Array.isArray(i[k]) || !i[k].every(map)) return `incident ${n + 1} without a list of ${k}`;
  return null;
}

function readDocument(path: string, kept = false): IncidentDocument {
  let found = 'something else';
  try {
    const d = JSON.parse(readFileSync(path, 'utf8')) as IncidentDocument;
    const wrong = documentFault(d, kept);
    if (wrong === null) return d;
    found = wrong;
  } catch {
    // told below
  }
  throw new CaseError(
    diagnostic('case.not-a-case', 'error', { file: path }, 'an incident.json of this version', found),
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
    return readDocument(path, true);
  }
  if (!existsSync(since))
    throw new UsageError(`--since takes the number of an earlier report or an incident.json, not "${since}"`);
  return readDocument(since, true);
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
