// Evidence to facts: every file named, hashed and read, its facts handed to the collector in the order of the evidence.
// `investigate` writes what comes out; `verify` does the same again and compares.
import { type Diagnostic, microsText, placeText, citedByLine } from '../base/index.js';
import {
  Correlator,
  type Detection,
  type LoadedRules,
  MAX_RANGES,
  type NumberRun,
  ruleOfCorrelation,
  type RuleInfo,
  type SkippedRange,
  toldRules,
} from '../detect/index.js';
import { CHUNK_SIZE, CHUNKS_PER_READ } from '../formats/evtx/index.js';
import { Collector, type EvidenceEntry, type FindingRule } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { type Container, fingerprintFile, hostOf, sha256File, type SourceFile } from '../sources/index.js';
import { chunkParts, type PlannedFile, planFile, crewFor, PLAIN_READING, type Reading } from './plan.js';
import { runTasks } from './pool.js';
import type { CaseStore, StoredDetection } from '../store/index.js';
import { EXHIBITS_PER_ITEM } from './exhibits.js';
import type { TextReading } from './text-records.js';
import type { Answer, Task } from './work.js';

/** Problems that the register lists of one file; the rest are counted. */
export const MAX_FILE_PROBLEMS = 100;

export interface RegisterOptions {
  readonly rules: LoadedRules | null;
  readonly messages: Messages;
  readonly threads?: number;
  readonly recover?: boolean;
  readonly reading?: Reading;
  readonly wanted?: readonly boolean[];
  /** What was named or found and could not be opened as a file: listed after the files, with what was wrong. */
  readonly unopened?: readonly Unopened[];
  /** Archives that files came out of: entries of their own, with their hash. */
  readonly containers?: readonly Container[];
  /** Each detection with its evidence id, as it comes. */
  readonly onDetection?: (evidence: string, d: Detection, byLine: boolean) => void;
  readonly onProgress?: (p: { bytes: number; records: number; detections: number }) => void;
  /** Keeps every record and fact, for searches. */
  readonly store?: CaseStore | undefined;
  /** Remembers what was read, so that it need not be read again. */
  readonly journal?: RunJournal | undefined;
  /** Asked between tasks; true stops the work with `aborted`. */
  readonly stop?: () => boolean;
}

/** What the register writes down as it reads, and reads back when a run goes on. */
export interface RunJournal {
  /** Frames of what was read before. */
  readonly frames: Iterable<unknown>;
  /** Runs that came to their end before this one: their files are not opened again. */
  readonly segments: number;
  /** Milliseconds between commits. */
  readonly everyMs?: number | undefined;
  append(frame: Frame): void;
  /** What was appended so far, here and in the store, will be there after a crash. */
  commit(): Promise<void>;
}

interface ContainerState extends Omit<Container, 'source'> {
  readonly source: SourceFile;
  readonly sha256: string;
}

/** Answers without the rows of the store, which has them. */
export type Frame =
  | {
      readonly kind: 'file';
      readonly source: SourceFile;
      readonly plan: Omit<PlannedFile, 'source'>;
      readonly chunkCount: number;
      readonly tasks: number;
      readonly twin: string | null;
      readonly sha256: string | null;
      readonly fingerprint: string | null;
    }
  | { readonly kind: 'answer'; readonly file: number; readonly weight: number; readonly answer: Answer }
  | { readonly kind: 'end'; readonly containers: readonly ContainerState[]; readonly unopened: readonly Unopened[] };

/** Milliseconds of work that a crash may cost, where the caller does not say. */
const COMMIT_MS = 3000;

export interface Unopened {
  readonly path: string;
  readonly status: 'failed' | 'skipped';
  readonly what: string;
}

/** Problems of finding files, as entries of the register. A path that was named twice is no entry of its own. */
export function unopenedOf(problems: readonly Diagnostic[]): Unopened[] {
  return problems
    .filter((p) => p.severity !== 'info')
    .map((p) => ({
      path: p.place.file ?? '',
      status: p.severity === 'error' ? 'failed' : 'skipped',
      what: problemText(p),
    }));
}

const problemText = (p: Diagnostic): string =>
  `expected ${p.expected}, found ${p.found}${p.hint === undefined ? '' : `; ${p.hint}`}`;

export interface RegisterResult {
  readonly evidence: readonly EvidenceEntry[];
  readonly paths: ReadonlyMap<string, string>;
  /** Evidence that came out of an archive: its path is gone when the run ends. */
  readonly members: ReadonlySet<string>;
  /** How each text log is read, so that its records can be opened again. */
  readonly texts: ReadonlyMap<string, TextReading>;
  readonly collector: Collector;
  readonly unreadable: number;
  readonly aborted: boolean;
  /** Where records of tampering and of correlations are, for exhibits: evidence id → records with their chunks. */
  readonly chunks: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** What findings show of a rule. */
export function findingRule(rules: LoadedRules, r: RuleInfo): FindingRule {
  const set = rules.sets[r.set];
  return {
    id: r.id,
    title: r.title,
    author: r.author,
    source: `${set?.name ?? ''}/${r.file}`,
    licence: set?.licence ?? null,
    level: r.level,
    tags: r.tags,
  };
}

const isLog = (plan: PlannedFile): boolean => plan.format !== 'unknown' && plan.format !== 'empty';

interface FileState {
  readonly id: string;
  readonly index: number;
  readonly plan: PlannedFile;
  /** Tasks that it takes to read it, and how many of them are done. */
  readonly tasks: number;
  done: number;
  readonly chunkCount: number;
  sha256: string | null;
  bytes: number;
  records: number;
  renumbered: number;
  unreadable: number;
  first: number;
  last: number;
  readonly hosts: Map<string, number>;
  readonly channels: Set<string>;
  readonly problems: { at: string; what: string }[];
  omitted: number;
  damaged: boolean;
  failed: boolean;
  /** Evidence id of an earlier file with the same content. */
  duplicateOf: string | null;
  runs: NumberRun[];
  /** Of a log of lines. */
  lines: number;
  skipped: number;
  readonly ranges: SkippedRange[];
  readonly sure: Record<'stated' | 'given' | 'inferred' | 'none', number>;
}

/** A log with more lines than this share that are no records is read in part only. */
const MAX_SKIPPED_SHARE = 0.05;

/** Reads all files. The result does not depend on the number of threads. */
export async function registerEvidence(
  files: readonly SourceFile[],
  options: RegisterOptions,
): Promise<RegisterResult> {
  const collector = new Collector(options.messages);
  const reading = options.reading ?? PLAIN_READING;
  const states: FileState[] = [];
  const byPath = new Map<string, FileState>();
  const fingerprints = new Map<string, FileState[]>();
  const findingRules = options.rules === null ? [] : options.rules.rules.map((r) => findingRule(options.rules!, r));
  const chunks = new Map<string, Map<number, number>>();

  const newState = (plan: PlannedFile, chunkCount: number, taskCount: number): FileState => {
    const state: FileState = {
      id: `e${states.length + 1}`,
      index: states.length,
      plan,
      tasks: taskCount,
      done: 0,
      chunkCount,
      sha256: null,
      bytes: plan.source.bytes,
      records: 0,
      renumbered: 0,
      unreadable: 0,
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      hosts: new Map(),
      channels: new Set(),
      problems: [],
      omitted: 0,
      damaged: false,
      failed: plan.failed,
      duplicateOf: null,
      runs: [],
      lines: 0,
      skipped: 0,
      ranges: [],
      sure: { stated: 0, given: 0, inferred: 0, none: 0 },
    };
    states.push(state);
    byPath.set(plan.source.path, state);
    for (const p of plan.problems) note(state, p);
    return state;
  };

  function* tasksOf(plan: PlannedFile): Generator<Task> {
    const { source } = plan;
    yield { kind: 'hash', path: source.path };
    for (const spans of chunkParts(plan.chunks)) yield { kind: 'scan', path: source.path, spans };
    for (const part of plan.parts)
      yield {
        kind: 'text',
        path: source.path,
        format: plan.format,
        ...part,
        reference: plan.reference,
        host: hostOf(source.name),
        zone: plan.zone,
        zoned: plan.zoned,
        shifts: plan.shifts,
      };
  }

  function* tasks(): Generator<Task> {
    // What a broken run had begun: its files' tasks that were not done.
    for (const state of states) {
      if (state.done >= state.tasks) continue;
      const plan = planFile(state.plan.source, reading);
      let n = 0;
      for (const task of tasksOf({ ...plan, reference: state.plan.reference })) if (n++ >= state.done) yield task;
    }
    for (const source of files.slice(states.length - segmentStart)) {
      const plan = planFile(source, reading);
      const count = plan.failed ? 0 : 1 + Math.ceil(plan.chunks.length / CHUNKS_PER_READ) + plan.parts.length;
      let twin: FileState | null = null;
      let fingerprint: string | null = null;
      if (!plan.failed && isLog(plan)) ({ twin, fingerprint } = twinOf(source));
      // Without its chunks: what is remembered of a file must not grow with it.
      const small = { ...plan, chunks: [], parts: [] };
      const state = newState(small, plan.chunks.length, twin === null ? count : 0);
      if (twin !== null) {
        state.duplicateOf = twin.id;
        state.sha256 = sha256File(source.path).sha256;
      } else if (fingerprint !== null) fingerprints.set(fingerprint, [...(fingerprints.get(fingerprint) ?? []), state]);
      const { source: _, ...rest } = small;
      options.journal?.append({
        kind: 'file',
        source,
        plan: rest,
        chunkCount: state.chunkCount,
        tasks: state.tasks,
        twin: state.duplicateOf,
        sha256: state.sha256,
        fingerprint,
      });
      if (state.tasks > 0) yield* tasksOf(plan);
    }
  }

  /** An earlier file with the same bytes. Only files with equal beginnings are compared whole. */
  function twinOf({ path, bytes: size }: SourceFile): { twin: FileState | null; fingerprint: string | null } {
    try {
      const fingerprint = fingerprintFile(path, size);
      const earlier = fingerprints.get(fingerprint) ?? [];
      const mine = earlier.length > 0 ? sha256File(path).sha256 : '';
      for (const other of earlier)
        if ((other.sha256 ?? sha256File(other.plan.source.path).sha256) === mine) return { twin: other, fingerprint };
      return { twin: null, fingerprint };
    } catch {
      // What cannot be read now is told when its turn comes.
      return { twin: null, fingerprint: null };
    }
  }

  const correlator = new Correlator(options.rules?.correlations ?? []);
  let aborted = false;
  let bytes = 0;
  let records = 0;
  let detections = 0;
  const setup = {
    plans: options.rules?.plans ?? null,
    wanted: options.rules === null ? (options.wanted ?? null) : toldRules(options.rules, options.wanted ?? null),
    register: true,
    recover: options.recover ?? false,
    mappings: reading.mappings,
    index: options.store !== undefined,
  };
  const take = async (
    state: FileState,
    weight: number,
    answer: Answer,
    store: CaseStore | undefined,
  ): Promise<void> => {
    state.done++;
    if (answer.kind === 'failed') {
      state.failed = true;
      note(state, {
        code: 'source.unreadable',
        severity: 'error',
        place: {},
        expected: 'a readable file',
        found: answer.error,
      });
    } else if (answer.kind === 'hash') {
      state.sha256 = answer.sha256;
      state.bytes = answer.bytes;
      // Headers, empty chunks and text, so that the sum comes to the size of the evidence.
      bytes += Math.max(0, answer.bytes - state.chunkCount * CHUNK_SIZE);
    } else if (answer.kind !== 'dump') {
      const { result } = answer;
      const byLine = answer.kind === 'text' && citedByLine(state.plan.format);
      const before = state.lines;
      if (answer.kind === 'text') {
        state.lines += answer.result.lines;
        state.skipped += answer.result.skipped;
        for (const { lines, bytes } of answer.result.ranges)
          if (state.ranges.length < MAX_RANGES)
            state.ranges.push({ lines: byLine ? [lines[0] + before, lines[1] + before] : lines, bytes });
        for (const k of ['stated', 'given', 'inferred', 'none'] as const) state.sure[k] += answer.result.sure[k];
      } else bytes += weight;
      records += result.records;
      detections += result.detections.length;
      state.records += result.records;
      state.renumbered += result.renumbered;
      state.unreadable += result.unreadable;
      const id = Number(state.id.slice(1));
      if (answer.batch !== null) await store?.append(id, answer.batch, byLine ? before : 0);
      if (result.detections.length > 0)
        await store?.detections(
          id,
          result.detections.map((d) => ({
            number: byLine ? d.record + before : d.record,
            micros: d.micros,
            host: d.host,
            rule: findingRules[d.rule]!.id,
            title: findingRules[d.rule]!.title,
            level: findingRules[d.rule]!.level,
          })),
        );
      for (const p of result.problems)
        note(state, p.place.line === undefined ? p : { ...p, place: { ...p.place, line: p.place.line + before } });
      state.omitted += result.problemsOmitted;
      for (const p of result.presence) {
        state.hosts.set(p.host, (state.hosts.get(p.host) ?? 0) + p.records);
        state.channels.add(p.channel);
        state.first = Math.min(state.first, p.first);
        state.last = Math.max(state.last, p.last);
        collector.presence(p.host, p.channel, p.first, p.last, p.records);
      }
      appendRuns(state.runs, result.runs, before);
      for (const t of result.tampering) {
        const record = byLine ? t.record + before : t.record;
        chunkOf(state.id).set(record, t.chunkOffset);
        collector.tampering({
          evidence: state.id,
          kind: t.kind,
          micros: t.micros,
          host: t.host,
          record,
          byLine,
          what: t.what,
          account: t.account,
        });
      }
      for (const d of result.detections) {
        collector.detection(findingRules[d.rule]!, {
          evidence: state.id,
          record: byLine ? d.record + before : d.record,
          byLine,
          channel: d.channel,
          host: d.host,
          micros: Number.isNaN(d.micros) ? Number.POSITIVE_INFINITY : d.micros,
          fields: d.fields,
        });
        options.onDetection?.(state.id, byLine ? { ...d, record: d.record + before } : d, byLine);
      }
      for (const e of result.correlated)
        correlator.add({ ...e, evidence: state.id, byLine, record: byLine ? e.record + before : e.record });
    }
  };

  // What was read before, from the journal.
  let ends = 0;
  let segmentStart = 0;
  const closed: ContainerState[] = [];
  const unopened: Unopened[] = [];
  for (const f of (options.journal?.frames ?? []) as Iterable<Frame>) {
    if (f.kind === 'file') {
      const source = ends < options.journal!.segments ? f.source : files[states.length - segmentStart];
      if (source === undefined || source.name !== f.source.name)
        throw new Error(`the journal names ${f.source.name}, the evidence ${source?.name ?? 'nothing'}`);
      const state = newState({ ...f.plan, source }, f.chunkCount, f.tasks);
      state.duplicateOf = f.twin;
      state.sha256 = f.sha256;
      if (f.twin === null && f.fingerprint !== null)
        fingerprints.set(f.fingerprint, [...(fingerprints.get(f.fingerprint) ?? []), state]);
    } else if (f.kind === 'answer') await take(states[f.file]!, f.weight, f.answer, undefined);
    else {
      ends++;
      segmentStart = states.length;
      closed.push(...f.containers);
      unopened.push(...f.unopened);
    }
  }
  const ended = options.journal !== undefined && ends > options.journal.segments;

  const commit = async (): Promise<void> => {
    // For searches while the run goes on, too.
    await options.store?.evidence(
      states.map((s) => ({
        id: Number(s.id.slice(1)),
        name: s.plan.source.name,
        byLine: citedByLine(s.plan.format),
      })),
    );
    await options.journal?.commit();
  };
  let committed = performance.now();
  for await (const { task, answer } of runTasks(ended ? [] : tasks(), setup, crewFor(options.threads, files))) {
    const state = byPath.get(task.path)!;
    const weight = task.kind === 'scan' ? task.spans.length * CHUNK_SIZE : 0;
    await take(state, weight, answer, options.store);
    if (options.journal !== undefined) {
      options.journal.append({
        kind: 'answer',
        file: state.index,
        weight,
        answer: answer.kind === 'scan' || answer.kind === 'text' ? { ...answer, batch: null } : answer,
      });
      if (performance.now() - committed >= (options.journal.everyMs ?? COMMIT_MS)) {
        await commit();
        committed = performance.now();
      }
    }
    options.onProgress?.({ bytes, records, detections });
    if (options.stop?.() === true) {
      aborted = true;
      break;
    }
  }
  if (!ended) {
    const mine = (aborted ? [] : (options.containers ?? [])).map((c): ContainerState => ({
      ...c,
      sha256: sha256File(c.source.path).sha256,
    }));
    closed.push(...mine);
    unopened.push(...(options.unopened ?? []));
    if (!aborted) options.journal?.append({ kind: 'end', containers: mine, unopened: options.unopened ?? [] });
  }
  // What several records say together, now that all are known.
  if (!aborted && options.rules !== null) {
    for (const m of correlator.finish()) {
      const number = ruleOfCorrelation(options.rules, m.correlation);
      if (options.wanted?.[number] === false) continue;
      detections++;
      const rule = findingRules[number]!;
      const plan = options.rules.correlations[m.correlation]!;
      const [e, ...others] = m.events;
      for (const x of m.events.slice(0, EXHIBITS_PER_ITEM)) chunkOf(x.evidence).set(x.record, x.chunkOffset);
      const fields = [
        ...plan.groupBy.map((name, i) => ({ name, value: m.group[i]! })),
        { name: plan.type, value: String(m.value) },
      ];
      collector.detection(rule, { ...e!, micros: m.first, last: m.last, fields, others });
      options.onDetection?.(
        e!.evidence,
        { ...e!, rule: number, micros: m.first, eventRecordId: '', fields },
        e!.byLine,
      );
      const byFile = new Map<string, StoredDetection[]>();
      for (const x of m.events) {
        const list = byFile.get(x.evidence) ?? [];
        byFile.set(x.evidence, list);
        list.push({
          number: x.record,
          micros: x.micros,
          host: x.host,
          rule: rule.id,
          title: rule.title,
          level: rule.level,
        });
      }
      if (!ended) for (const [id, rows] of byFile) await options.store?.detections(Number(id.slice(1)), rows);
    }
    collector.uncorrelated(correlator.dropped);
  }
  await commit();

  const archives = new Map<string, string>();
  const evidence = states.map((s): EvidenceEntry => {
    const { format, looksLike } = s.plan;
    const status = s.failed
      ? 'failed'
      : !isLog(s.plan) || s.duplicateOf !== null
        ? 'skipped'
        : s.damaged || s.unreadable > 0 || s.skipped > s.lines * MAX_SKIPPED_SHARE
          ? 'partial'
          : 'parsed';
    const hosts = [...s.hosts.keys()].filter((h) => h !== '').sort();
    if (s.skipped > 0)
      s.problems.push({
        at: '',
        what: `${s.skipped.toLocaleString('en')} of ${s.lines.toLocaleString('en')} lines are no records of the format`,
      });
    if (s.sure.inferred > 0)
      s.problems.push({
        at: '',
        what:
          s.plan.shifts.length > 0
            ? options.messages.text.blind.shifted(
                s.sure.inferred,
                [...new Set(s.plan.shifts.map((x) => x.minutes))].filter((m) => m !== 0),
              )
            : options.messages.text.blind.inferred(s.sure.inferred, s.plan.zone),
      });
    const problems = status === 'skipped' ? [...s.problems, { at: '', what: whyNotRead(s, looksLike) }] : s.problems;
    return {
      id: s.id,
      path: s.plan.source.name,
      format,
      sha256: s.sha256,
      bytes: s.bytes,
      host: hosts.length === 1 ? hosts[0]! : null,
      hosts,
      channels: [...s.channels].filter((c) => c !== '').sort(),
      records: s.records,
      first: microsText(s.first),
      last: microsText(s.last),
      status,
      problems,
      problems_omitted: s.omitted,
      ...(format === 'evtx' || !isLog(s.plan)
        ? {}
        : {
            times: { ...s.sure },
            lines_skipped: s.skipped,
            ...(s.skipped === 0 ? {} : { skipped_ranges: s.ranges }),
            // What the file's own time was taken for must be known to whoever recounts.
            time_reference: s.sure.inferred > 0 ? microsText(s.plan.reference) : null,
            ...(s.plan.shifts.length === 0 ? {} : { time_shifts: s.plan.shifts }),
            ...(s.plan.written.length === 0
              ? {}
              : { time_offset: { time: microsText(s.plan.written[0]!.micros)!, minutes: s.plan.written[0]!.minutes } }),
          }),
    };
  });
  states.forEach((s, i) => {
    const e = evidence[i]!;
    const { blind } = options.messages.text;
    if (e.status === 'failed') collector.blindFile(e, blind.failed);
    else if (e.status === 'partial') collector.blindFile(e, blind.damaged(e.problems.length + e.problems_omitted));
    const channel = e.channels.length === 1 ? e.channels[0]! : null;
    // The host that wrote most of it: a log may hold records of its own host under an older name.
    const host = [...s.hosts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? '';
    if (e.format === 'evtx') {
      if (channel !== null)
        collector.numbering({
          evidence: s.id,
          host,
          channel,
          runs: s.runs,
          records: s.records,
          trustworthy: e.status === 'parsed' && s.renumbered === 0 && options.recover !== true,
        });
      return;
    }
    // Exports and shippers carry the log's own numbers; one that leaves events out has many holes, and then none is told.
    const logs = new Map<string, NumberRun[]>();
    for (const r of s.runs) if (r.lines !== undefined) logs.set(r.lines.key, [...(logs.get(r.lines.key) ?? []), r]);
    for (const runs of logs.values())
      collector.numbering({
        evidence: s.id,
        host: runs[0]!.lines!.host,
        channel: runs[0]!.lines!.channel,
        runs: byNumber(runs),
        byLine: citedByLine(e.format),
        records: runs.reduce((n, r) => n + r.to - r.from + 1, 0),
        exported: true,
        trustworthy: e.status === 'parsed',
      });
  });
  const archiveIds = new Map<string, string>();
  for (const c of closed) {
    const id = `e${evidence.length + 1}`;
    const onDisk = c.source.container === undefined;
    if (onDisk) archiveIds.set(c.source.name, id);
    const e: EvidenceEntry = {
      id,
      path: c.source.name,
      format: c.kind,
      sha256: c.sha256,
      bytes: c.source.bytes,
      host: null,
      hosts: [],
      channels: [],
      records: 0,
      first: null,
      last: null,
      status: c.problems.length === 0 ? 'parsed' : 'partial',
      problems: c.problems.slice(0, MAX_FILE_PROBLEMS).map((p) => ({ at: p.place.file ?? '', what: problemText(p) })),
      problems_omitted: Math.max(0, c.problems.length - MAX_FILE_PROBLEMS),
      members: c.members,
    };
    evidence.push(e);
    if (onDisk) archives.set(id, c.source.path);
    if (c.problems.length > 0) collector.blindFile(e, options.messages.text.blind.damaged(c.problems.length));
  }
  // Members name the archive on disk that they came out of.
  const inArchive = (name: string | undefined): { container: string } | object =>
    name === undefined || !archiveIds.has(name) ? {} : { container: archiveIds.get(name)! };
  states.forEach((s, i) => {
    evidence[i] = { ...evidence[i]!, ...inArchive(s.plan.source.container?.name) };
  });
  closed.forEach((c, i) => {
    const at = states.length + i;
    evidence[at] = { ...evidence[at]!, ...inArchive(c.source.container?.name) };
  });
  for (const u of unopened) {
    const e: EvidenceEntry = {
      id: `e${evidence.length + 1}`,
      path: u.path,
      format: 'unknown',
      sha256: null,
      bytes: 0,
      host: null,
      hosts: [],
      channels: [],
      records: 0,
      first: null,
      last: null,
      status: u.status,
      problems: [{ at: '', what: u.what }],
      problems_omitted: 0,
    };
    evidence.push(e);
    if (u.status === 'failed') collector.blindFile(e, options.messages.text.blind.failed);
  }
  return {
    evidence,
    paths: new Map([...states.map((s): [string, string] => [s.id, s.plan.source.path]), ...archives]),
    members: new Set(states.filter((s) => s.plan.source.container !== undefined).map((s) => s.id)),
    texts: new Map(
      states
        .filter((s) => isLog(s.plan) && s.plan.format !== 'evtx')
        .map((s) => [
          s.id,
          {
            path: s.plan.source.path,
            format: s.plan.format,
            zone: s.plan.zone,
            zoned: s.plan.zoned,
            shifts: s.plan.shifts,
            mappings: reading.mappings,
            reference: s.plan.reference,
            host: hostOf(s.plan.source.name),
          },
        ]),
    ),
    collector,
    unreadable: states.reduce((n, s) => n + s.unreadable, 0),
    aborted,
    chunks,
  };

  function whyNotRead(s: FileState, looksLike: string): string {
    const { blind } = options.messages.text;
    if (s.duplicateOf !== null) return blind.duplicate(s.duplicateOf);
    return s.plan.format === 'empty' ? blind.empty : blind.notRead(looksLike);
  }

  function chunkOf(id: string): Map<number, number> {
    let m = chunks.get(id);
    if (m === undefined) {
      m = new Map();
      chunks.set(id, m);
    }
    return m;
  }
}

/** A problem into the register: where it is, and what was expected and found. */
function note(state: FileState, p: Diagnostic): void {
  // Information (a dirty flag, empty chunks) is no damage.
  if (p.severity !== 'info') state.damaged ||= p.severity === 'error' || p.code === 'evtx.chunk-checksum';
  if (state.problems.length >= MAX_FILE_PROBLEMS) {
    state.omitted++;
    return;
  }
  state.problems.push({
    at: placeText(p.place),
    what: problemText(p),
  });
}

/** `before`: lines of the file's earlier parts. */
function appendRuns(to: NumberRun[], runs: readonly NumberRun[], before: number): void {
  const last = new Map<string, NumberRun>();
  for (const r of to) last.set(r.lines?.key ?? '', r);
  for (const given of runs) {
    const r =
      given.lines === undefined
        ? { ...given }
        : { ...given, lines: { ...given.lines, first: given.lines.first + before, last: given.lines.last + before } };
    const key = r.lines?.key ?? '';
    const open = last.get(key);
    if (open !== undefined && r.from === open.to + 1) {
      open.to = r.to;
      open.lastMicros = r.lastMicros;
      if (open.lines !== undefined) open.lines.last = r.lines!.last;
      continue;
    }
    to.push(r);
    last.set(key, r);
  }
}

/** Microseconds: records of one log are written down out of order by less. */
const RESTARTED = 3600e6;

/**
 * Runs of a log's own numbers in an export, which may hold them in another order: by number, those that touch as one. Where time goes
 * back from one run to the next, the log was started anew, and what lies between is no hole.
 */
function byNumber(runs: readonly NumberRun[]): NumberRun[] {
  const out: NumberRun[] = [];
  for (const r of [...runs].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const before = out.at(-1);
    if (before === undefined || r.from > before.to + 1) out.push({ ...r, lines: { ...r.lines! } });
    else if (r.to > before.to) {
      before.to = r.to;
      before.lastMicros = r.lastMicros;
      before.lines!.last = r.lines!.last;
    }
  }
  return out.some((r, k) => k > 0 && r.firstMicros < out[k - 1]!.lastMicros - RESTARTED) ? [] : out;
}
