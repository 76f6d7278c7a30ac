// Detections alone: evidence through the rules, streamed in the order of the evidence.
import type { Diagnostic } from '../base/index.js';
import { Correlator, type CorrelationMatch, type Detection, type LoadedRules, toldRules } from '../detect/index.js';
import { CHUNK_SIZE } from '../formats/evtx/index.js';
import type { SourceFile } from '../sources/index.js';
import { hostOf } from '../sources/index.js';
import { withCollectedTimes, withCollectedZones } from './collected.js';
import { chunkParts, type PlannedFile, planFile, crewFor, PLAIN_READING, type Reading } from './plan.js';
import { runTasks } from './pool.js';
import type { Task } from './work.js';

export interface HuntOptions {
  readonly rules: LoadedRules;
  readonly threads?: number;
  readonly recover?: boolean;
  readonly wanted?: readonly boolean[];
  readonly reading?: Reading;
}

export interface HuntBatch {
  readonly file: PlannedFile;
  readonly detections: readonly Detection[];
  readonly records: number;
  readonly bytes: number;
  readonly problems: readonly Diagnostic[];
}

/** What correlation rules found, when everything is read. */
export interface HuntEnd {
  readonly correlations: readonly CorrelationMatch[];
  /** Events more than are kept, and events without a time. */
  readonly left: number;
}

/** Scans every event log among the files; batches come in the order of files and of chunks in them. */
export async function* hunt(given: readonly SourceFile[], options: HuntOptions): AsyncGenerator<HuntBatch, HuntEnd> {
  const files = withCollectedTimes(given);
  const reading = withCollectedZones(options.reading ?? PLAIN_READING, files);
  const planned = new Map<string, PlannedFile>();
  const told: HuntBatch[] = [];
  // Files are looked at when their turn comes: the workers are busy with earlier ones meanwhile.
  function* tasks(): Generator<Task> {
    for (const source of files) {
      const f = planFile(source, reading);
      if (f.parts.length > 0) {
        const kept: PlannedFile = { ...f, parts: [] };
        planned.set(source.path, kept);
        told.push({ file: kept, detections: [], records: 0, bytes: 0, problems: f.problems });
        for (const part of f.parts)
          yield {
            kind: 'text',
            path: source.path,
            format: f.format,
            ...part,
            reference: f.reference,
            host: hostOf(source.name),
            zone: f.zone,
            zoned: f.zoned,
            shifts: f.shifts,
          };
        continue;
      }
      if (f.format !== 'evtx') {
        told.push({ file: f, detections: [], records: 0, bytes: source.bytes, problems: f.problems });
        continue;
      }
      // Kept without its chunks: what is remembered of a file must not grow with it.
      const kept: PlannedFile = { ...f, chunks: [] };
      planned.set(source.path, kept);
      // Headers and empty chunks, so that the sum comes to the size of the evidence.
      const rest = Math.max(0, source.bytes - f.chunks.length * CHUNK_SIZE);
      told.push({ file: kept, detections: [], records: 0, bytes: rest, problems: f.problems });
      for (const spans of chunkParts(f.chunks)) yield { kind: 'scan', path: source.path, spans };
    }
  }
  const setup = {
    plans: options.rules.plans,
    wanted: toldRules(options.rules, options.wanted ?? null),
    register: false,
    recover: options.recover ?? false,
    mappings: reading.mappings,
  };
  const lines = new Map<string, number>();
  const correlator = new Correlator(options.rules.correlations);
  for await (const { task, answer } of runTasks(tasks(), setup, crewFor(options.threads, files))) {
    yield* told.splice(0);
    const file = planned.get(task.path)!;
    if (answer.kind === 'failed')
      yield { file, detections: [], records: 0, bytes: 0, problems: [unreadable(file, answer.error)] };
    else if (answer.kind === 'text' && task.kind === 'text') {
      const { result } = answer;
      const before = lines.get(task.path) ?? 0;
      lines.set(task.path, before + result.lines);
      for (const e of result.correlated)
        correlator.add({ ...e, evidence: file.source.name, byLine: true, record: e.record + before });
      yield {
        file,
        detections:
          before === 0 ? result.detections : result.detections.map((d) => ({ ...d, record: d.record + before })),
        records: result.records,
        bytes: task.to - task.from,
        problems: result.problems.map((p) => named(p, file, before)),
      };
    } else if (answer.kind === 'scan' && task.kind === 'scan') {
      const { result } = answer;
      for (const e of result.correlated) correlator.add({ ...e, evidence: file.source.name, byLine: false });
      yield {
        file,
        detections: result.detections,
        records: result.records,
        bytes: task.spans.length * CHUNK_SIZE,
        problems: result.problems.map((p) => named(p, file)),
      };
    }
  }
  yield* told;
  return { correlations: correlator.finish(), left: correlator.dropped + correlator.timeless };
}

/** A problem with the file's name as the register has it, instead of a path of this machine. */
export function named(p: Diagnostic, file: PlannedFile, linesBefore = 0): Diagnostic {
  const line = p.place.line === undefined ? {} : { line: p.place.line + linesBefore };
  return { ...p, place: { ...p.place, ...line, file: file.source.name } };
}

export function unreadable(file: PlannedFile, error: string): Diagnostic {
  return {
    code: 'source.unreadable',
    severity: 'error',
    place: { file: file.source.name },
    expected: 'a readable file',
    found: error,
  };
}
