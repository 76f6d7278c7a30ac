// The main job: evidence in, a case out.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { diagnostic, microsText, TOOL } from '../base/index.js';
import { CaseError, Journal, JOURNAL_FILE, openCase, readCase } from '../case/index.js';
import type { LoadedRules } from '../detect/index.js';
import type { Cite, IncidentDocument, ReconstructionResult } from '../incident/index.js';
import { DECLARED_FILE, EMPTY_DECLARED, makeDeclared, type StoredDeclared } from './declared.js';
import { lookForIncidents } from './incidents.js';
import type { Messages } from '../messages/index.js';
import { renderHtml } from '../report/index.js';
import type { Container, SourceFile } from '../sources/index.js';
import { DuckStore } from '../store/index.js';
import {
  decodeExhibits,
  type Exhibit,
  EXHIBITS_FILE,
  EXHIBITS_PER_ITEM,
  MAX_EXHIBITS,
  type Wanted,
} from './exhibits.js';
import { serveSearches } from './serve.js';
import { withCollectedTimes, withCollectedZones } from './collected.js';
import { PLAIN_READING, type Reading } from './plan.js';
import { registerEvidence, type Unopened } from './register.js';

/** The store's file in the case folder. */
export const STORE_FILE = 'store.duckdb';

/** Records of one entry of an incident that the report shows decoded. */
const RECORDS_PER_ENTRY = 3;

/** How the case was made: what a run that goes on, or one that adds to it, must know. */
export const RUN_FILE = 'run.json';
/** Decoded records that the report shows, so that a later run need not open their evidence again. */

/** One run over evidence: the first, and one more for each `add`. */
export interface Segment {
  /** Paths that the user named, absolute. */
  readonly paths: readonly string[];
  /** What was found there, archives not opened. */
  readonly inputs: readonly { readonly name: string; readonly bytes: number; readonly modified: number }[];
  /** Who took it, when and how, as the user said. */
  readonly acquisition?: { readonly by: string | null; readonly time: string | null; readonly how: string | null };
}

export interface RunFile {
  readonly schema: 'backtrail.run/1';
  readonly segments: readonly Segment[];
  readonly rules: readonly string[];
  /** Files that change how rules are read. */
  readonly pipelines?: readonly string[];
  readonly placeholders?: readonly string[];
  readonly rules_sha256: readonly string[];
  readonly recover: boolean;
  readonly reading: Reading;
  readonly title: string | null;
  readonly tlp: string | null;
}

/** Reads how a case was made. Throws `CaseError` where the case does not say. */
export function readRun(dir: string): RunFile {
  try {
    const run = JSON.parse(readFileSync(join(dir, RUN_FILE), 'utf8')) as RunFile & { timezone_minutes?: number | null };
    if (run.schema === 'backtrail.run/1' && Array.isArray(run.segments) && Array.isArray(run.rules))
      // Cases of before 0.2 name one zone only.
      return { ...run, reading: run.reading ?? { ...PLAIN_READING, zone: run.timezone_minutes ?? null } };
  } catch {
    // told below
  }
  throw new CaseError(
    diagnostic(
      'case.not-a-case',
      'error',
      { file: join(dir, RUN_FILE) },
      'how this case was made',
      existsSync(join(dir, RUN_FILE)) ? 'something else' : 'nothing',
      'run "backtrail investigate" with the evidence and this --out: it starts anew',
    ),
  );
}

export interface InvestigateOptions {
  /** Start anew (the default), go on with a run that was broken off, or add to a finished case. */
  readonly mode?: 'new' | 'resume' | 'add';
  /** Milliseconds of work that a crash may cost (3000). */
  readonly commitEveryMs?: number;
  /** Written to the case, for runs after this one. */
  readonly run?: RunFile;
  readonly out: string;
  readonly rules: LoadedRules | null;
  /** What could not be opened as a file, for the register. */
  readonly unopened?: readonly Unopened[];
  readonly containers?: readonly Container[];
  readonly messages: Messages;
  readonly threads?: number;
  readonly recover?: boolean;
  readonly reading?: Reading;
  /** False: no case store. */
  readonly store?: boolean;
  /** What the user knows: declared tests, networks, people. */
  readonly declared?: StoredDeclared;
  readonly title?: string;
  readonly tlp?: string;
  readonly onProgress?: (p: { bytes: number; records: number; detections: number }) => void;
  readonly onStage?: (stage: string, done: boolean) => void;
  readonly stop?: () => boolean;
}

export interface InvestigateResult {
  readonly document: IncidentDocument;
  readonly aborted: boolean;
}

/** When the case was made: SOURCE_DATE_EPOCH where set, so that the same run gives the same bytes. */
export function createdTime(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  const seconds = epoch !== undefined && /^\d{1,12}$/.test(epoch) ? Number(epoch) : null;
  return seconds === null ? new Date().toISOString() : new Date(seconds * 1000).toISOString();
}

/** Reads all files and writes the case. Throws `CaseError` where the case cannot be written. */
export async function investigate(
  files: readonly SourceFile[],
  options: InvestigateOptions,
): Promise<InvestigateResult> {
  const created = createdTime();
  let reading = options.reading ?? PLAIN_READING;
  // The case's id comes from what was put in, so that the same run has the same id.
  const id = createHash('sha256')
    .update(files.map((f) => `${f.name}\0${f.bytes}`).join('\n'))
    .update(options.rules?.sets.map((s) => s.sha256).join('\n') ?? '')
    .digest('hex')
    .slice(0, 12);
  let store: DuckStore | null = null;
  let journal: Journal | null = null;
  let serving: { close(): void } | null = null;
  const mode = options.mode ?? 'new';
  const before = mode === 'new' ? null : readCase(options.out);
  const earlier = mode !== 'new' && (options.run?.segments.length ?? 1) > 1 ? earlierCase(options.out) : null;
  const target = openCase(options.out, {
    id: earlier === null ? id : before!.id,
    tool: TOOL,
    created: before?.created ?? created,
  });
  try {
    const storePath = join(options.out, STORE_FILE);
    const journalPath = join(options.out, JOURNAL_FILE);
    let read = 0;
    if (mode === 'new') {
      for (const old of [storePath, `${storePath}.wal`, journalPath, join(options.out, EXHIBITS_FILE)])
        rmSync(old, { force: true });
      if (options.store !== false) store = await DuckStore.create(storePath);
    } else {
      // What is added to must be there.
      if (mode === 'add' && !existsSync(storePath)) throw lost(storePath, 'nothing');
      // Broken off before anything was kept: the same as a new start.
      if (!existsSync(storePath)) store = await DuckStore.create(storePath);
      else
        try {
          ({ store, progress: read } = await DuckStore.reopen(storePath));
        } catch (e) {
          throw new CaseError(
            diagnostic(
              'case.not-a-case',
              'error',
              { file: storePath },
              'the store of the run before',
              (e as Error).message.split('\n')[0]!.slice(0, 200),
              'start anew: the same command without --resume',
            ),
          );
        }
      if (read > 0 && !existsSync(journalPath)) throw lost(journalPath, 'nothing');
    }
    if (store !== null) {
      try {
        journal = Journal.open(journalPath, read);
      } catch (e) {
        throw (e as NodeJS.ErrnoException).code === undefined ? lost(journalPath, (e as Error).message) : e;
      }
      serving = await serveSearches(options.out, await store.reader());
    }
    const stored = options.declared ?? EMPTY_DECLARED;
    const declared = makeDeclared(stored);
    target.write(DECLARED_FILE, `${JSON.stringify(stored, null, 1)}\n`);
    if (options.run !== undefined) target.write(RUN_FILE, `${JSON.stringify(options.run, null, 1)}\n`);
    const detections = target.stream('detections.jsonl');
    const wanted: Wanted[] = [];
    const perItem = new Map<string, number>();
    const chunkOf = new Map<string, number>();
    options.onStage?.('read', false);
    let lines: string[] = [];
    let pending = 0;
    reading = withCollectedZones(reading, files);
    const result = await registerEvidence(withCollectedTimes(files), {
      rules: options.rules,
      messages: options.messages,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      recover: options.recover ?? false,
      reading,
      store: store ?? undefined,
      ...(store === null || journal === null
        ? {}
        : {
            journal: {
              frames: framesOf(journalPath, read),
              everyMs: options.commitEveryMs,
              segments: (options.run?.segments.length ?? 1) - 1,
              append: (f) => journal!.append(f),
              async commit() {
                journal!.sync();
                await store!.commit(journal!.bytes);
              },
            },
          }),
      unopened: options.unopened ?? [],
      containers: options.containers ?? [],
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      ...(options.stop === undefined ? {} : { stop: options.stop }),
      onDetection(evidence, d, byLine) {
        const rule = options.rules!.rules[d.rule]!;
        const line = `${JSON.stringify({ evidence, ...(byLine ? { line: d.record } : { record: d.record }), event_record_id: d.eventRecordId, channel: d.channel, event_id: d.eventId, host: d.host, micros: d.micros, rule: rule.id, level: rule.level, fields: Object.fromEntries(d.fields.map((f) => [f.name ?? '', f.value])) })}\n`;
        lines.push(line);
        pending += line.length;
        if (pending > 1 << 18) {
          detections.write(lines.join(''));
          lines = [];
          pending = 0;
        }
        const key = `${rule.id}\0${d.host}`;
        const n = perItem.get(key) ?? 0;
        if (n < EXHIBITS_PER_ITEM && wanted.length < MAX_EXHIBITS) {
          perItem.set(key, n + 1);
          wanted.push({ evidence, record: d.record, chunkOffset: d.chunkOffset });
          chunkOf.set(`${evidence}\0${d.record}`, d.chunkOffset);
        }
      },
    });
    if (lines.length > 0) detections.write(lines.join(''));
    detections.done();
    options.onStage?.('read', true);
    let notCompared: string | null = null;
    if (store !== null && !result.aborted) {
      // What was read is kept before it is compared: a statement that fails takes its transaction with it.
      journal?.sync();
      await store.commit(journal?.bytes ?? 0);
      try {
        result.collector.entities(await store.addresses(), await store.sameThings());
      } catch (e) {
        // The store's memory is bounded: what does not fit must not cost the case.
        notCompared = (e as Error).message.split('\n')[0]!.slice(0, 200);
        await store.rollback();
      }
    }
    const head = (geo: ReconstructionResult['geo']): Pick<IncidentDocument, 'case'> => ({
      case: {
        id: earlier?.id ?? id,
        title: options.title ?? earlier?.title ?? options.messages.text.caseTitle(id),
        created: before?.created ?? created,
        tlp: options.tlp ?? earlier?.tlp ?? null,
        ...acquisitions(options.run),
        ...declaredFor(stored),
        victim: { name: null, sector: null, country: null },
        options: {
          recover: options.recover ?? false,
          timezone_minutes: reading.zone,
          ...(reading.zone_name === undefined ? {} : { timezone_name: reading.zone_name }),
          ...(reading.zones.length === 0 ? {} : { timezones: reading.zones }),
          ...(reading.mappings.length === 0 ? {} : { mappings: reading.mappings }),
          ...(notCompared === null ? {} : { hosts_and_clocks: `not compared: ${notCompared}` }),
          language: options.messages.language,
        },
        provenance: {
          tool: TOOL,
          node: process.versions.node.split('.')[0]!,
          schema: 'backtrail.incident/1',
          geo,
          attack: null,
          rules:
            options.rules?.sets.map((s) => ({
              name: s.name,
              version: s.version,
              sha256: s.sha256,
              count: s.count,
              licence: s.licence,
            })) ?? [],
        },
      },
    });
    if (result.aborted)
      return { document: result.collector.document(head(null), result.evidence, result.unreadable), aborted: true };
    if (store !== null) {
      journal?.sync();
      await store.commit(journal?.bytes ?? 0);
    }
    options.onStage?.('reconstruct', false);
    const found =
      store === null
        ? undefined
        : await lookForIncidents(store, result.collector, head(null), result.evidence, declared, options.messages);
    const document = result.collector.document(head(found?.geo ?? null), result.evidence, result.unreadable, found);
    options.onStage?.('reconstruct', true);
    options.onStage?.('write', false);
    // What incidents say first, then signs of tampering and what several records say together, then single matches.
    const together: Wanted[] = [];
    for (const [evidence, records] of result.chunks)
      for (const [record, chunkOffset] of records) together.push({ evidence, record, chunkOffset });
    const shown = [
      ...(store === null ? [] : await incidentRecords(store, document)),
      ...together.slice(0, MAX_EXHIBITS / 4),
      ...wanted,
    ].slice(0, MAX_EXHIBITS);
    const exhibits = decodeExhibits(shown, result.paths, result.texts, readExhibits(options.out));
    target.write(EXHIBITS_FILE, `${JSON.stringify(exhibits)}\n`);
    target.write('incident.json', `${JSON.stringify(document, null, 1)}\n`);
    target.write('report.html', renderHtml({ document, exhibits, messages: options.messages }));
    target.write(
      'paths.json',
      `${JSON.stringify(Object.fromEntries([...result.paths].filter(([id]) => !result.members.has(id))), null, 1)}\n`,
    );
    target.finish();
    options.onStage?.('write', true);
    return { document, aborted: false };
  } catch (e) {
    // A finished case that cannot be added to stays what it was.
    if (mode === 'add' && e instanceof CaseError && before?.state === 'complete') target.finish();
    throw e;
  } finally {
    serving?.close();
    journal?.close();
    await store?.close();
    target.close();
  }
}

/** What was declared and decided, for the report. */
function declaredFor(s: StoredDeclared): Pick<IncidentDocument['case'], 'declared'> {
  if (s.known.length + s.decisions.length === 0) return {};
  return {
    declared: {
      known: s.known.map((k) => ({
        ...k,
        from: k.from === null ? null : microsText(k.from),
        to: k.to === null ? null : microsText(k.to),
      })),
      decisions: s.decisions,
    },
  };
}

/** Records of incidents that the report shows, with their places: the first of every entry. */
async function incidentRecords(store: DuckStore, d: IncidentDocument): Promise<Wanted[]> {
  const by = new Map<string, Set<number>>();
  let n = 0;
  const take = (v: unknown): void => {
    if (typeof v !== 'object' || v === null) return;
    for (const [key, x] of Object.entries(v)) {
      if (key !== 'evidence' || !Array.isArray(x)) {
        if (key !== 'timeline' && key !== 'detections') take(x);
        continue;
      }
      for (const c of (x as Cite[]).slice(0, RECORDS_PER_ENTRY)) {
        if (n++ > MAX_EXHIBITS / 2) return;
        const set = by.get(c.evidence) ?? new Set<number>();
        by.set(c.evidence, set.add(c.record ?? c.line ?? 0));
      }
    }
  };
  for (const i of d.incidents) take(i);
  const out: Wanted[] = [];
  for (const [evidence, numbers] of by)
    for (const [record, chunkOffset] of await store.places(Number(evidence.slice(1)), [...numbers]))
      out.push({ evidence, record, chunkOffset });
  return out;
}

/** Who took what, for the register: the evidence by the first part of its names. */
function acquisitions(run: RunFile | undefined): Pick<IncidentDocument['case'], 'acquisitions'> {
  const list = (run?.segments ?? []).flatMap((s) =>
    s.acquisition === undefined
      ? []
      : [{ evidence: [...new Set(s.inputs.map((i) => i.name.split('/')[0]!))].sort(), ...s.acquisition }],
  );
  return list.length === 0 ? {} : { acquisitions: list };
}

const lost = (path: string, found: string): CaseError =>
  new CaseError(
    diagnostic(
      'case.not-a-case',
      'error',
      { file: path },
      'what the run before had read',
      found,
      'start anew: "backtrail investigate" with the evidence and this --out, without --resume',
    ),
  );

function* framesOf(path: string, bytes: number): Generator {
  if (bytes === 0) return;
  try {
    yield* Journal.read(path, bytes);
  } catch (e) {
    throw lost(path, (e as Error).message);
  }
}

function readExhibits(dir: string): Exhibit[] {
  try {
    const list = JSON.parse(readFileSync(join(dir, EXHIBITS_FILE), 'utf8')) as Exhibit[];
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** What a case is called, for the run that adds to it. */
function earlierCase(dir: string): IncidentDocument['case'] {
  try {
    return (JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8')) as IncidentDocument).case;
  } catch (e) {
    throw lost(join(dir, 'incident.json'), (e as Error).message.slice(0, 100));
  }
}
