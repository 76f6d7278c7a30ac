// Proof that a case says what its evidence says: every file's SHA-256, every cited record opened again, and every
// number recounted by reading the evidence once more with the rules that fired. The first thing that does not hold
// ends it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteWriter, parseMicros } from '../base/index.js';
import { checkSeal, fingerprint, readCase } from '../case/index.js';
import type { LoadedRules } from '../detect/index.js';
import { EvtxFile } from '../formats/evtx/index.js';
import type { Cite, IncidentDocument, ReconstructionResult } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { type Container, sha256File, type SourceFile } from '../sources/index.js';
import { DuckStore } from '../store/index.js';
import { DeclaredError, makeDeclared, readDeclared } from './declared.js';
import { type Declared, lookForIncidents } from './incidents.js';
import { type Reading, zoneFor } from './plan.js';
import { type Exhibit, EXHIBITS_FILE, shownText } from './exhibits.js';
import { readText, textObject } from './text-records.js';
import { registerEvidence, type RegisterResult, type Unopened } from './register.js';

export interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface VerifyOptions {
  /** Rule sets by their names in the case; loaded by the caller from where they are now. */
  readonly rules: LoadedRules | null;
  readonly messages: Messages;
  /** Where the evidence is now, if it was moved: folders or files that replace the recorded paths by name. */
  readonly evidence?: readonly SourceFile[];
  readonly threads?: number;
  /** Opens the archives of a case again; without it their members cannot be checked. */
  readonly openArchives?: (
    files: readonly SourceFile[],
  ) => Promise<{ files: readonly SourceFile[]; containers: readonly Container[] }>;
}

/** Runs the checks in order and yields each; stops after the first that fails. Throws `CaseError` for no case. */
export async function* verifyCase(dir: string, options: VerifyOptions): AsyncGenerator<Check> {
  const file = readCase(dir);
  if (file.state !== 'complete') {
    yield {
      what: 'case',
      ok: false,
      detail: 'the run that made this case did not come to its end: run it again, or go on with it (--resume)',
    };
    return;
  }
  yield { what: 'case', ok: true, detail: `format ${file.format}, made by ${file.tool}` };
  const sealed = checkSeal(dir);
  if (sealed !== undefined) {
    yield {
      what: 'seal',
      ok: sealed.problem === null,
      detail:
        sealed.problem ??
        `sealed ${sealed.seal.manifest.sealed}${sealed.seal.manifest.by === null ? '' : ` by ${sealed.seal.manifest.by}`} with the key ${fingerprint(sealed.seal.public_key)}`,
    };
    if (sealed.problem !== null) return;
  }
  let document: IncidentDocument;
  let paths: Record<string, string>;
  try {
    document = JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8')) as IncidentDocument;
    paths = JSON.parse(readFileSync(join(dir, 'paths.json'), 'utf8')) as Record<string, string>;
  } catch (e) {
    yield { what: 'incident.json', ok: false, detail: (e as Error).message };
    return;
  }
  const wrong = shapeOf(document);
  yield { what: 'incident.json', ok: wrong === null, detail: wrong ?? document.schema };
  if (wrong !== null) return;

  // Every file, by content.
  const moved = new Map((options.evidence ?? []).map((f) => [f.name, f.path]));
  const archives = document.evidence.filter((e) => e.members !== undefined && e.container === undefined);
  let unpacked: { files: readonly SourceFile[]; containers: readonly Container[] } = { files: [], containers: [] };
  if (archives.length > 0 && options.openArchives !== undefined)
    unpacked = await options.openArchives(
      archives.flatMap((e) => {
        const path = moved.get(e.path) ?? paths[e.id];
        return path === undefined || !existsSync(path) ? [] : [{ path, name: e.path, bytes: e.bytes }];
      }),
    );
  const members = new Map([...unpacked.files, ...unpacked.containers.map((c) => c.source)].map((f) => [f.name, f]));
  const sources: SourceFile[] = [];
  const unopened: Unopened[] = [];
  for (const e of document.evidence) {
    if (e.sha256 === null && paths[e.id] === undefined && e.status !== 'parsed' && e.status !== 'partial') {
      // Named or found, and not a file that could be opened: there is nothing to check.
      unopened.push({ path: e.path, status: e.status, what: e.problems[0]?.what ?? '' });
      continue;
    }
    const member = e.container === undefined ? undefined : members.get(e.path);
    const path = member?.path ?? moved.get(e.path) ?? paths[e.id];
    if (path === undefined || !existsSync(path)) {
      yield {
        what: `evidence ${e.id}`,
        ok: false,
        detail: `${e.path}: not found${path === undefined ? '' : ` at ${path}`}; name its place with --evidence`,
      };
      return;
    }
    const reference = typeof e.time_reference === 'string' ? parseMicros(e.time_reference) : Number.NaN;
    if (e.members === undefined)
      sources.push({
        path,
        name: e.path,
        bytes: e.bytes,
        ...(Number.isNaN(reference) ? {} : { reference }),
        ...(member?.container === undefined ? {} : { container: member.container }),
      });
    if (e.sha256 === null) continue;
    const now = sha256File(path);
    if (now.sha256 !== e.sha256) {
      yield {
        what: `evidence ${e.id}`,
        ok: false,
        detail: `${e.path}: SHA-256 is ${now.sha256}, the case says ${e.sha256}`,
      };
      return;
    }
  }
  yield { what: 'evidence', ok: true, detail: `${document.evidence.length} files have the SHA-256 of the case` };

  const minutes = document.case.options.timezone_minutes;
  const { timezones, mappings, timezone_name: zoneName } = document.case.options;
  const reading: Reading = {
    zone: typeof minutes === 'number' ? minutes : null,
    ...(typeof zoneName === 'string' ? { zone_name: zoneName } : {}),
    zones: Array.isArray(timezones) ? (timezones as Reading['zones']) : [],
    mappings: Array.isArray(mappings) ? (mappings as Reading['mappings']) : [],
  };

  // Every cited record.
  const cited = new Map<string, Set<number>>();
  // What the report shows of them.
  let shown: Exhibit[] = [];
  try {
    if (existsSync(join(dir, EXHIBITS_FILE)))
      shown = JSON.parse(readFileSync(join(dir, EXHIBITS_FILE), 'utf8')) as Exhibit[];
    if (!Array.isArray(shown)) throw new Error('no list');
  } catch (e) {
    yield { what: 'exhibits', ok: false, detail: `${EXHIBITS_FILE}: ${(e as Error).message.slice(0, 100)}` };
    return;
  }
  const exhibits = new Map(shown.map((x) => [`${x.evidence}|${x.record}`, x.json]));
  const writer = new ByteWriter(1 << 16);
  const pending = (id: string): boolean => [...exhibits.keys()].some((k) => k.startsWith(`${id}|`));
  let citations = 0;
  const collect = (list: readonly Cite[]): void => {
    for (const c of list) {
      citations++;
      const number = c.record ?? c.line;
      if (number === undefined) continue;
      const set = cited.get(c.evidence);
      if (set === undefined) cited.set(c.evidence, new Set([number]));
      else set.add(number);
    }
  };
  for (const list of [
    document.other_findings,
    document.overview.anti_forensics,
    document.overview.techniques,
    document.overview.timeline,
    document.overview.clocks ?? [],
  ])
    for (const x of list) collect(x.evidence);
  for (const i of document.incidents) for (const list of citedIn(i)) collect(list);
  for (const [id, records] of cited) {
    const i = document.evidence.findIndex((e) => e.id === id);
    if (i < 0) {
      yield { what: 'citations', ok: false, detail: `evidence "${id}" is cited and not in the register` };
      return;
    }
    const left = new Set(records);
    const entry = document.evidence[i]!;
    const source = sources.find((s) => s.name === entry.path);
    if (entry.format !== 'evtx' && source !== undefined) {
      const how = {
        path: source.path,
        format: entry.format,
        zone: zoneFor(source.name, reading)?.minutes ?? null,
        reference: source.reference ?? 0,
        shifts: [],
        host: '',
        mappings: reading.mappings,
      };
      readText(how, (r) => {
        left.delete(r.line);
        return left.size > 0;
      });
      if (left.size > 0) {
        yield { what: 'citations', ok: false, detail: `${entry.path} has no record in line ${[...left][0]}` };
        return;
      }
      continue;
    }
    const log = new EvtxFile(source?.path ?? sources[i]!.path);
    try {
      const recover = document.case.options.recover === true;
      for (const view of log.records({ recover })) {
        left.delete(view.recordId);
        const json = exhibits.get(`${id}|${view.recordId}`);
        if (json !== undefined) {
          writer.pos = 0;
          view.writeJson(writer);
          // Two records may have one number: one of them is shown.
          if (shownText(writer.take().toString('utf8')) === json) exhibits.delete(`${id}|${view.recordId}`);
        }
        if (left.size === 0 && !pending(id)) break;
      }
      if (pending(id)) {
        yield {
          what: 'exhibits',
          ok: false,
          detail: `${EXHIBITS_FILE}: what is shown of ${entry.path} is not what stands there`,
        };
        return;
      }
    } finally {
      log.close();
    }
    if (left.size > 0) {
      yield { what: 'citations', ok: false, detail: `${document.evidence[i]!.path} has no record ${[...left][0]}` };
      return;
    }
  }
  yield { what: 'citations', ok: true, detail: `${citations} citations lead to a record` };

  // Every number.
  const sets = document.case.provenance.rules;
  const have = options.rules?.sets ?? [];
  const changed = sets.find((s, i) => have[i]?.sha256 !== s.sha256);
  if (changed !== undefined) {
    yield {
      what: 'rules',
      ok: false,
      detail: `rule set "${changed.name}" (${changed.sha256.slice(0, 12)}…) is needed to recount and was not found as it was; name its folder with --rules`,
    };
    return;
  }
  let declared: Declared;
  try {
    declared = makeDeclared(readDeclared(dir));
  } catch (e) {
    if (!(e instanceof DeclaredError)) throw e;
    yield { what: 'declared', ok: false, detail: `${e.diagnostic.expected}, found ${e.diagnostic.found}` };
    return;
  }
  // What is told of hosts comes from the store: it is made once more, aside.
  const scratch = mkdtempSync(join(tmpdir(), 'backtrail-verify-'));
  const store = (document.overview.hosts ?? null) === null ? null : await DuckStore.create(join(scratch, 'store'));
  let again: RegisterResult;
  let found: ReconstructionResult | undefined;
  try {
    again = await registerEvidence(sources, {
      rules: options.rules,
      messages: options.messages,
      unopened,
      containers: unpacked.containers,
      recover: document.case.options.recover === true,
      reading,
      store: store ?? undefined,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    });
    if (store !== null) {
      await store.commit(0);
      again.collector.entities(await store.addresses(), await store.sameThings());
      found = await lookForIncidents(
        store,
        again.collector,
        { case: document.case },
        again.evidence,
        declared,
        options.messages,
      );
    }
  } finally {
    await store?.close();
    rmSync(scratch, { recursive: true, force: true });
  }
  // What the report shows of records of text logs; those of EVTX were compared when their records were opened.
  for (const evidence of new Set(shown.map((y) => y.evidence))) {
    const text = again.texts.get(evidence);
    if (text === undefined) continue;
    const wanted = new Map(shown.filter((y) => y.evidence === evidence).map((y) => [y.record, y.json]));
    let wrong: number | null = null;
    readText(text, (r) => {
      const json = wanted.get(r.line);
      if (json !== undefined) {
        wanted.delete(r.line);
        if (shownText(JSON.stringify(textObject(r))) !== json) wrong = r.line;
      }
      return wrong === null && wanted.size > 0;
    });
    if (wrong !== null || wanted.size > 0) {
      yield {
        what: 'exhibits',
        ok: false,
        detail: `${EXHIBITS_FILE}: what is shown of ${evidence}, line ${wrong ?? [...wanted.keys()][0]}, is not what stands there`,
      };
      return;
    }
  }
  const recount = again.collector.document({ case: document.case }, again.evidence, again.unreadable, found);
  const difference = firstDifference(document, recount, '');
  yield {
    what: 'numbers',
    ok: difference === null,
    detail:
      difference ??
      `${document.counts.records} records, ${document.counts.detections} detections, ${document.other_findings.length} findings recounted`,
  };
}

/** Every list of citations in an incident. */
function* citedIn(v: unknown): Generator<readonly Cite[]> {
  if (typeof v !== 'object' || v === null) return;
  for (const [key, x] of Object.entries(v)) {
    if (key === 'evidence' && Array.isArray(x)) yield x as Cite[];
    else yield* citedIn(x);
  }
}

/** What is missing for a document to be one, or null. The JSON Schema says it in full; this is what verify relies on. */
function shapeOf(d: unknown): string | null {
  if (typeof d !== 'object' || d === null) return 'not an object';
  const doc = d as Partial<IncidentDocument>;
  if (doc.schema !== 'backtrail.incident/1') return `schema is ${JSON.stringify(doc.schema)}`;
  if (!Array.isArray(doc.evidence) || !Array.isArray(doc.other_findings) || !Array.isArray(doc.incidents))
    return 'a list is missing';
  const o = doc.overview;
  if (
    o === undefined ||
    !Array.isArray(o.anti_forensics) ||
    !Array.isArray(o.techniques) ||
    !Array.isArray(o.timeline) ||
    !Array.isArray(o.blind_spots) ||
    !Array.isArray(o.coverage)
  )
    return 'overview is incomplete';
  if (doc.case?.provenance === undefined || doc.counts === undefined) return 'case or counts are missing';
  return null;
}

/** The path and values of the first difference between two JSON values, or null. */
export function firstDifference(a: unknown, b: unknown, at: string): string | null {
  if (Object.is(a, b)) return null;
  if (
    typeof a === 'object' &&
    typeof b === 'object' &&
    a !== null &&
    b !== null &&
    Array.isArray(a) === Array.isArray(b)
  ) {
    const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
    for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
      const d = firstDifference(x[key], y[key], at === '' ? key : `${at}.${key}`);
      if (d !== null) return d;
    }
    return null;
  }
  const show = (v: unknown): string => (v === undefined ? 'nothing' : JSON.stringify(v).slice(0, 80));
  return `${at}: the case says ${show(a)}, the evidence says ${show(b)}`;
}
