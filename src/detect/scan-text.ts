// One pass over a part of a text log: every record's place and time for the register, and the rules over it. Gives what
// `scanChunks` gives for event logs, with line numbers in place of record numbers.
import { type Diagnostic, diagnostic } from '../base/index.js';
import { TextEvent } from '../events/text-event.js';
import { type LinesResult, readUnits } from '../formats/text/lines.js';
import type { TextFormat } from '../formats/text/format.js';
import { settleTime, type TextRecord, type TimeShift, type TimeSure } from '../formats/text/record.js';
import type { NamedZone } from '../formats/text/zone.js';
import { isLogSourceKey } from '../schema/index.js';
import type { Engine } from '../sigma/index.js';
import type { CorrelatedEvent } from './correlate.js';
import { type Detection, MAX_FIELD_TEXT } from './detection.js';
import { LogTampering } from './tampering.js';
import { MAX_PROBLEMS, MAX_RUNS, type NumberRun, type Presence, type ScanResult } from './scan.js';

export interface TextScanOptions {
  readonly format: TextFormat;
  readonly from: number;
  readonly to: number;
  readonly header: readonly string[];
  readonly zone: number | null;
  /** That zone by its name, where it has one. */
  readonly zoned?: NamedZone | undefined;
  readonly shifts: readonly TimeShift[];
  /** Microseconds; dates without a year lie before it. */
  readonly reference: number;
  readonly host: string;
  readonly engine: Engine | null;
  readonly register: boolean;
  readonly wanted: readonly boolean[] | null;
  /** Asked for every record, for whoever keeps an index of them. */
  readonly each?: ((event: TextEvent, record: TextRecord) => void) | undefined;
}

export interface TextScanResult extends ScanResult {
  /** Lines of the part, so that the next part's numbers go on from there. */
  readonly lines: number;
  readonly skipped: number;
  /** Where the skipped lines are, lines next to each other together; at most `MAX_RANGES`. */
  readonly ranges: readonly SkippedRange[];
  /** Records by how sure their time is. */
  readonly sure: Readonly<Record<TimeSure, number>>;
}

/** Lines that are no record of the format: their numbers, both ends included, and their bytes, the end not included. */
export interface SkippedRange {
  lines: [number, number];
  bytes: [number, number];
}
/** Ranges kept of one file; the lines of further ones are in the count. */
export const MAX_RANGES = 200;

/** The matcher's name of a record's channel: keys of the log-source table are no Windows channels. */
export const engineChannel = (channel: string): string => (isLogSourceKey(channel) ? `@${channel}` : channel);

export function scanText(fd: number, options: TextScanOptions): TextScanResult {
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
  const sure: Record<TimeSure, number> = { stated: 0, given: 0, inferred: 0, none: 0 };
  const event = new TextEvent();
  const numbers = new Numbering();
  const tampering = new LogTampering();
  let last: Presence | null = null;
  let records = 0;
  const emit = (r: TextRecord): void => {
    settleTime(r, options.shifts, options.zoned);
    records++;
    sure[r.sure]++;
    if (register) {
      if (last === null || last.channel !== r.channel || last.host !== r.host) {
        const key = `${r.host}\0${r.channel}`;
        let p = presence.get(key);
        if (p === undefined) {
          p = {
            host: r.host,
            channel: r.channel,
            records: 0,
            first: Number.POSITIVE_INFINITY,
            last: Number.NEGATIVE_INFINITY,
          };
          presence.set(key, p);
        }
        last = p;
      }
      last.records++;
      if (r.micros < last.first) last.first = r.micros;
      if (r.micros > last.last) last.last = r.micros;
      numbers.see(r);
    }
    event.move(r);
    if (register) tampering.seeText(r);
    options.each?.(event, r);
    if (engine === null) return;
    const cls = engine.classOf(engineChannel(r.channel), r.provider, r.eventId);
    if (cls === null) return;
    event.bind(cls.fields);
    const fired = cls.evaluate(event);
    for (let i = 0; i < fired.length; i++) {
      const rule = cls.ruleOf(fired[i]!);
      const values = cls.extracted(fired[i]!, event);
      if (values !== null)
        correlated.push({
          rule,
          micros: r.micros,
          host: r.host,
          channel: r.channel,
          record: r.line,
          chunkOffset: r.offset,
          eventId: r.eventId,
          values,
        });
      if (wanted !== null && wanted[rule] !== true) continue;
      const fields = cls.matchedFields(fired[i]!).map((name) => {
        if (name === null) return { name, value: '' };
        const v = event.value(cls.fields.indexOf(name));
        const text = typeof v === 'string' ? v : v === null || v === undefined ? '' : v.join('\n');
        return {
          name: name.replace(/\+$/, ''),
          value: text.length > MAX_FIELD_TEXT ? `${text.slice(0, MAX_FIELD_TEXT)}…` : text,
        };
      });
      detections.push({
        rule,
        micros: r.micros,
        host: r.host,
        channel: r.channel,
        eventId: r.eventId,
        record: r.line,
        eventRecordId: '',
        chunkOffset: r.offset,
        fields,
      });
    }
  };
  const parser = options.format.parser(
    { zone: options.zone, reference: options.reference, host: options.host, header: options.header, report },
    emit,
  );
  const ranges: SkippedRange[] = [];
  let skipped = 0;
  let open: SkippedRange | null = null;
  // A record of several lines is known to be none at its last: the line that told it is listed.
  const read: LinesResult = readUnits(
    fd,
    options.from,
    options.to,
    options.format.ending ?? options.format.block,
    (text, line, offset) => {
      if (open !== null) open.bytes[1] = offset;
      const go = parser.line(text, line, offset);
      if (parser.skipped === skipped) open = null;
      else {
        skipped = parser.skipped;
        if (open !== null) open.lines[1] = line;
        else if (ranges.length < MAX_RANGES) ranges.push((open = { lines: [line, line], bytes: [offset, options.to] }));
      }
      return go;
    },
  );
  if (open !== null) (open as SkippedRange).bytes[1] = options.to;
  parser.end();
  for (const line of read.cut)
    report(
      diagnostic(
        'text.line-too-long',
        'error',
        { line },
        'a line of at most 4 MiB',
        'a longer one',
        'its beginning was read',
      ),
    );
  if (read.nulBytes)
    report(
      diagnostic(
        'text.nul',
        'warning',
        {},
        'text',
        'NUL bytes',
        'a write that was cut off, or a file that was wiped in part',
      ),
    );
  return {
    detections,
    correlated,
    records,
    unreadable: 0,
    presence: [...presence.values()],
    runs: numbers.runs,
    renumbered: 0,
    tampering: tampering.facts,
    problems,
    problemsOmitted: omitted,
    lines: read.lines,
    skipped: parser.skipped,
    ranges,
    sure,
  };
}

/** Runs of EventRecordIDs without a hole, of each host's each channel. Newest first is an order too. */
class Numbering {
  readonly runs: NumberRun[] = [];
  readonly #open = new Map<string, NumberRun>();

  see(r: TextRecord): void {
    if (r.eventId === '') return;
    const id = r.get('EventRecordID');
    const n = typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : -1;
    if (n < 0) return;
    const key = `${r.host}\0${r.channel}`;
    const open = this.#open.get(key);
    if (open !== undefined && n === open.to + 1) {
      open.to = n;
      open.lastMicros = r.micros;
      open.lines!.last = r.line;
      return;
    }
    if (open !== undefined && n === open.from - 1 && open.lines!.first >= open.lines!.last) {
      open.from = n;
      open.firstMicros = r.micros;
      open.lines!.first = r.line;
      return;
    }
    if (this.runs.length >= MAX_RUNS) return;
    const run: NumberRun = {
      from: n,
      to: n,
      firstMicros: r.micros,
      lastMicros: r.micros,
      lines: { key, host: r.host, channel: r.channel, first: r.line, last: r.line },
    };
    this.#open.set(key, run);
    this.runs.push(run);
  }
}
