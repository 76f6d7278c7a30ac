// Times that say UTC and are not: exporters print the wall clock of where they run, with a `Z` behind it, sometimes of a clock
// with twelve hours. Sysmon writes its own `UtcTime` into most events: where both stand in one record, the difference is the
// exporter's, and it holds for the records beside it. Looked for in samples, before the log is read.
import { readSync } from 'node:fs';
import type { ParseContext, TextFormat } from '../formats/text/format.js';
import { readLines } from '../formats/text/lines.js';
import { settleTime, type TimeShift } from '../formats/text/record.js';
import { isoMicros } from '../formats/text/time.js';

/** Bytes of one look, looks spread over the file, and records that are asked in each. */
const LOOK_BYTES = 256 << 10;
const LOOKS = 8;
const ASKED = 6;
/** Zones are multiples of it. */
const STEP = 15 * 60e6;
/** What a record's two times may differ by beside the zone. */
const TOLERANCE = 3 * 60e6;
/** Looks between two that disagree, to find where the clock went over. */
const BISECTIONS = 24;

const MARK = Buffer.from('UtcTime');
/** Network connections and names that were looked up: their UtcTime is not when the record was written (seen in real logs). */
const OTHER_TIME = new Set(['3', '22']);

interface Sample {
  readonly offset: number;
  readonly host: string;
  /** Minutes that the record's time lies behind its UtcTime. */
  readonly minutes: number;
}

/**
 * Where the times of a log are shifted, and by how much; empty where they are right or nothing tells. `context` as the log is
 * parsed with. Reads some 2 MiB at most, and parses only where `UtcTime` stands.
 */
export function clockShifts(fd: number, size: number, format: TextFormat, context: ParseContext): readonly TimeShift[] {
  if (format.headers !== undefined || format.block !== undefined) return [];
  const buffer = Buffer.allocUnsafe(Math.min(LOOK_BYTES, size));
  const look = (at: number): Sample[] => {
    const n = readSync(fd, buffer, 0, buffer.length, at);
    const seen = buffer.subarray(0, n);
    const mark = seen.indexOf(MARK);
    if (mark < 0) return [];
    // A record may stand on several lines: from some way before the mark. The first line of a look is a part of one.
    const line = at === 0 ? 0 : seen.indexOf(0x0a) + 1;
    if (at !== 0 && line === 0) return [];
    const out: Sample[] = [];
    const parser = format.parser({ ...context, report: () => {} }, (r) => {
      if (r.provider !== 'Microsoft-Windows-Sysmon' && !r.channel.startsWith('Microsoft-Windows-Sysmon')) return;
      if (OTHER_TIME.has(r.eventId)) return;
      const own = r.get('UtcTime');
      if (typeof own !== 'string') return;
      settleTime(r);
      const d = isoMicros(own).micros - r.micros;
      const steps = Math.round(d / STEP);
      if (Number.isNaN(d) || Math.abs(d - steps * STEP) > TOLERANCE) return;
      out.push({ offset: r.offset, host: r.host, minutes: (steps * STEP) / 60e6 });
    });
    readLines(fd, at + line, at + n, (text, number, offset) => {
      parser.line(text, number, offset);
      return out.length < ASKED;
    });
    if (out.length < ASKED) parser.end();
    return out;
  };
  const samples: Sample[] = [];
  const whole = format.whole === true || size <= LOOK_BYTES;
  for (let i = 0; i < (whole ? 1 : LOOKS); i++) samples.push(...look(Math.floor((size / LOOKS) * i)));
  if (samples.every((s) => s.minutes === 0)) return [];
  // Where two neighbours of a host disagree: which record is the first of the other hour.
  for (const host of new Set(samples.map((s) => s.host))) {
    const own = samples.filter((s) => s.host === host);
    for (let i = 1; i < own.length; i++) {
      let [before, after] = [own[i - 1]!, own[i]!];
      for (let k = 0; k < BISECTIONS && before.minutes !== after.minutes; k++) {
        const middle = Math.floor((before.offset + after.offset) / 2);
        const found = look(middle).filter(
          (s) => s.host === host && s.offset > before.offset && s.offset < after.offset,
        );
        const s = found[0];
        if (s === undefined) break;
        samples.push(s);
        if (s.minutes === before.minutes) before = s;
        else after = s;
      }
    }
  }
  const hosts = new Map<string, Sample[]>();
  for (const s of samples.sort((a, b) => a.offset - b.offset)) hosts.set(s.host, [...(hosts.get(s.host) ?? []), s]);
  const shifts: TimeShift[] = [];
  for (const [host, list] of hosts)
    list.forEach((s, i) => {
      const before = list[i - 1];
      if (before?.minutes !== s.minutes)
        shifts.push({ host, from: before === undefined ? 0 : s.offset, minutes: s.minutes });
    });
  // One exporter, one clock: what holds for all hosts that tell holds for those that do not.
  const all = new Set(samples.map((s) => s.minutes));
  if (all.size === 1) shifts.push({ host: null, from: 0, minutes: samples[0]!.minutes });
  return shifts;
}
