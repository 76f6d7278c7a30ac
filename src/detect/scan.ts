// One pass over a range of chunks: every record's identity and time for the register, and the rules over those records
// that a rule could match. A pure function of bytes and rules, whoever runs it.
import type { Diagnostic } from '../base/index.js';
import { EvtxEvent } from '../events/index.js';
import { EvtxError, type EvtxFile, TemplateCache } from '../formats/evtx/index.js';
import type { Engine } from '../sigma/index.js';
import type { CorrelatedEvent } from './correlate.js';
import { type Detection, MAX_FIELD_TEXT } from './detection.js';
import { LogTampering, type TamperFact } from './tampering.js';

/** Records of one host in one channel. */
export interface Presence {
  readonly host: string;
  readonly channel: string;
  records: number;
  first: number;
  last: number;
}

/** A run of record numbers without a hole. Times are those of its first and last record. */
export interface NumberRun {
  from: number;
  to: number;
  firstMicros: number;
  lastMicros: number;
  /** Where a run's ends stand and whose log it is, in files of lines that hold several hosts' and channels' records. */
  lines?: { key: string; host: string; channel: string; first: number; last: number };
}

export interface ScanResult {
  readonly detections: readonly Detection[];
  /** Matches of rules that correlations are about. */
  readonly correlated: readonly CorrelatedEvent[];
  readonly records: number;
  /** Records whose BinXML could not be read: counted in `records`, told in `problems`. */
  readonly unreadable: number;
  readonly presence: readonly Presence[];
  /** Runs of record-header numbers, in reading order. */
  readonly runs: readonly NumberRun[];
  /** Records whose EventRecordID is not their header's number: an export or a forwarded log. */
  readonly renumbered: number;
  readonly tampering: readonly TamperFact[];
  readonly problems: readonly Diagnostic[];
  /** Problems beyond the limit: counted, not kept. */
  readonly problemsOmitted: number;
}

export interface ScanOptions {
  readonly recover: boolean;
  readonly engine: Engine | null;
  /** Also the facts that the register and the overview need; `hunt` does without. */
  readonly register: boolean;
  /** Asked for every record, for whoever keeps an index of them. */
  readonly each?: ((event: EvtxEvent, micros: number, record: number, place: number) => void) | undefined;
  /** By rule number: only rules that are true here are reported. Null: all. */
  readonly wanted: readonly boolean[] | null;
}

/** Problems kept of one range of chunks. Damage repeats itself; the count goes on. */
export const MAX_PROBLEMS = 200;
/** Runs kept of one range: a log in disorder has no gaps worth telling. */
export const MAX_RUNS = 10_000;

const IDENTITY = ['EventRecordID'];

/** Reads all chunks of `file`, which may be opened on a part of its chunks. */
export function scanChunks(
  file: EvtxFile,
  options: ScanOptions,
  cache: TemplateCache = new TemplateCache(),
): ScanResult {
  const { engine, register, wanted } = options;
  const detections: Detection[] = [];
  const correlated: CorrelatedEvent[] = [];
  const problems: Diagnostic[] = [];
  let omitted = 0;
  const report = (d: Diagnostic): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(d);
    else omitted++;
  };
  const presence = new Map<string, Presence>();
  const runs: NumberRun[] = [];
  const tampering = new LogTampering();
  const event = new EvtxEvent();
  let lastPresence: Presence | null = null;
  let run: NumberRun | null = null;
  let records = 0;
  let unreadable = 0;
  let renumbered = 0;

  for (const view of file.records({ recover: options.recover, report, cache })) {
    records++;
    try {
      event.move(view);
      const micros = event.micros;
      const { channel, computer: host } = event;
      if (register) {
        if (lastPresence === null || lastPresence.channel !== channel || lastPresence.host !== host) {
          const key = `${host}\0${channel}`;
          let p = presence.get(key);
          if (p === undefined) {
            p = { host, channel, records: 0, first: micros, last: micros };
            presence.set(key, p);
          }
          lastPresence = p;
        }
        lastPresence.records++;
        if (micros < lastPresence.first) lastPresence.first = micros;
        if (micros > lastPresence.last) lastPresence.last = micros;
        if (!view.recovered) {
          if (run !== null && view.recordId === run.to + 1) {
            run.to = view.recordId;
            run.lastMicros = micros;
          } else if (runs.length < MAX_RUNS) {
            run = { from: view.recordId, to: view.recordId, firstMicros: micros, lastMicros: micros };
            runs.push(run);
          }
          event.bind(IDENTITY);
          if (event.value(0) !== String(view.recordId)) renumbered++;
        }
        tampering.see(event, micros);
      }
      options.each?.(event, micros, view.recordId, view.chunk.place.offset);
      if (engine === null) continue;
      const cls = engine.classOf(channel, event.provider, event.eventId);
      if (cls === null) continue;
      event.bind(cls.fields);
      const fired = cls.evaluate(event);
      for (let i = 0; i < fired.length; i++) {
        const rule = cls.ruleOf(fired[i]!);
        const values = cls.extracted(fired[i]!, event);
        if (values !== null)
          correlated.push({
            rule,
            micros,
            host,
            channel,
            record: view.recordId,
            chunkOffset: view.chunk.place.offset,
            eventId: event.eventId,
            values,
          });
        if (wanted !== null && wanted[rule] !== true) continue;
        const fields = cls
          .matchedFields(fired[i]!)
          .map((name) => ({ name, value: name === null ? '' : fieldText(event, cls.fields.indexOf(name)) }));
        const idValue = view.field('EventRecordID');
        detections.push({
          rule,
          micros,
          host,
          channel,
          eventId: event.eventId,
          record: view.recordId,
          eventRecordId: typeof idValue === 'string' ? idValue : '',
          chunkOffset: view.chunk.place.offset,
          fields,
        });
      }
    } catch (e) {
      if (!(e instanceof EvtxError)) throw e;
      unreadable++;
      report(view.chunk.diagnose(e, view.recordId));
    }
  }
  return {
    detections,
    correlated,
    records,
    unreadable,
    presence: [...presence.values()],
    runs,
    renumbered,
    tampering: tampering.facts,
    problems,
    problemsOmitted: omitted,
  };
}

function fieldText(event: EvtxEvent, index: number): string {
  const v = event.value(index);
  const text = typeof v === 'string' ? v : v === null || v === undefined ? '' : v.join('\n');
  return text.length > MAX_FIELD_TEXT ? `${text.slice(0, MAX_FIELD_TEXT)}…` : text;
}
