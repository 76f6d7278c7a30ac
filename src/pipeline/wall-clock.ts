// Times that say UTC and are not: exporters print the wall clock of where they run, with a `Z` behind it, sometimes of a clock
// with twelve hours. Sysmon writes its own `UtcTime` into most events: where both stand in one record, the difference is the
// exporter's, and it holds for the records beside it. Looked for in samples, before the log is read.
import { readSync } from 'node:fs';
import type { ParseContext, TextFormat } from '../formats/text/format.js';
import { readUnits } from '../formats/text/lines.js';
import { settleTime, type TimeShift } from '../formats/text/record.js';
import { isoMicros } from '../formats/text/time.js';

/** Bytes of one look, and looks spread over the file. */
const LOOK_BYTES = 256 << 10;
const LOOKS = 8;
/** Records in a row whose times agree before a look is over early. */
const QUIET = 24;
/** Zones are multiples of it. */
const STEP = 15 * 60e6;
/** What a record's two times may differ by beside the zone: more is a late record, not a zone. */
const TOLERANCE = 20e6;
/** Minutes that a wall clock lies behind UTC, none or an hour at least: the zones there are, and twelve hours more where it has only twelve. */
const LEAST = -14 * 60;
const MOST = 24 * 60;
/** Records of a host in one look that must say the same, and the part of all of its records there that must. */
const AGREE = 3;
const SHARE = 0.8;
/** Records that must say the same before it is taken to hold for hosts that say nothing. */
const AGREE_FOR_OTHERS = 20;
/** Looks between two that disagree, to find where the clock went over. */
const BISECTIONS = 24;

const MARKS = [Buffer.from('UtcTime'), Buffer.from('UtcTime', 'utf16le')];
/** Network connections and names that were looked up: their UtcTime is not when the record was written (seen in real logs). */
const OTHER_TIME = new Set(['3', '22']);

interface Sample {
  readonly offset: number;
  readonly host: string;
  /** Minutes that the record's time lies behind its UtcTime; NaN where that is no zone. */
  readonly minutes: number;
}

/** What most of the records of a host say in one place; null where they do not agree. */
function agreed(list: readonly Sample[]): number | null {
  const counts = new Map<number, number>();
  for (const s of list) if (!Number.isNaN(s.minutes)) counts.set(s.minutes, (counts.get(s.minutes) ?? 0) + 1);
  const best = [...counts].sort((a, b) => b[1] - a[1])[0];
  return best !== undefined && best[1] >= AGREE && best[1] >= list.length * SHARE ? best[0] : null;
}

/**
 * Where the times of a log are shifted, and by how much; empty where they are right or nothing tells. `context` as the log is
 * parsed with. Reads some 2 MiB at most, and parses only where `UtcTime` stands.
 */
export function clockShifts(fd: number, size: number, format: TextFormat, context: ParseContext): readonly TimeShift[] {
  if (format.headers !== undefined || format.block !== undefined) return [];
  const buffer = Buffer.allocUnsafe(Math.min(LOOK_BYTES, size));
  /** Records from a byte on, up to `end`; all of them where `whole`, else until many in a row are right. */
  const look = (at: number, end: number, whole: boolean): Sample[] => {
    const n = readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
    const seen = buffer.subarray(0, n);
    if (MARKS.every((m) => !seen.includes(m))) return [];
    // The first line of a look is a part of one.
    const line = at === 0 ? 0 : seen.indexOf(0x0a) + 1;
    if (at !== 0 && line === 0) return [];
    const out: Sample[] = [];
    let quiet = 0;
    const parser = format.parser({ ...context, report: () => {} }, (r) => {
      if (r.provider !== 'Microsoft-Windows-Sysmon' && !r.channel.startsWith('Microsoft-Windows-Sysmon')) return;
      if (OTHER_TIME.has(r.eventId)) return;
      const own = r.get('UtcTime');
      if (typeof own !== 'string') return;
      settleTime(r);
      const d = isoMicros(own).micros - r.micros;
      if (Number.isNaN(d)) return;
      const minutes = Math.round(d / STEP) * (STEP / 60e6);
      const zone =
        Math.abs(d - minutes * 60e6) <= TOLERANCE &&
        minutes >= LEAST &&
        minutes <= MOST &&
        (minutes === 0 || Math.abs(minutes) >= 60);
      quiet = zone && minutes === 0 ? quiet + 1 : 0;
      out.push({ offset: r.offset, host: r.host, minutes: zone ? minutes : Number.NaN });
    });
    let more = true;
    readUnits(fd, at + line, at + n, format.ending, (text, number, offset) => {
      parser.line(text, number, offset);
      more = whole || quiet < QUIET;
      return more;
    });
    if (more) parser.end();
    return out;
  };
  const mark = Buffer.alloc(2);
  readSync(fd, mark, 0, 2, 0);
  const wide = (mark[0] === 0xff && mark[1] === 0xfe) || (mark[0] === 0xfe && mark[1] === 0xff);
  const once = format.whole === true || wide || size <= LOOK_BYTES;
  const looks = Array.from({ length: once ? 1 : LOOKS }, (_, i) => look(Math.floor((size / LOOKS) * i), size, false));
  if (looks.every((l) => l.every((s) => s.minutes === 0))) return [];
  const shifts: TimeShift[] = [];
  const told = new Map<number, number>();
  for (const host of [...new Set(looks.flatMap((l) => l.map((s) => s.host)))].sort()) {
    const places = looks.flatMap((l) => {
      const own = l.filter((s) => s.host === host);
      const minutes = agreed(own);
      return minutes === null ? [] : [{ minutes, first: own[0]!.offset, last: own.at(-1)!.offset, n: own.length }];
    });
    places.forEach((p, i) => {
      told.set(p.minutes, (told.get(p.minutes) ?? 0) + p.n);
      const before = places[i - 1];
      if (before === undefined) {
        shifts.push({ host, from: 0, minutes: p.minutes });
        return;
      }
      if (before.minutes === p.minutes) return;
      shifts.push({ host, from: turn(host, before, p), minutes: p.minutes });
    });
  }
  /** The first record of the later hour between two places that disagree. */
  function turn(
    host: string,
    before: { minutes: number; last: number },
    after: { minutes: number; first: number },
  ): number {
    let [lo, hi] = [before.last, after.first];
    for (let k = 0; k < BISECTIONS && hi - lo > LOOK_BYTES; k++) {
      const own = look(Math.floor((lo + hi) / 2), hi, false).filter((s) => s.host === host);
      const minutes = agreed(own);
      if (minutes === before.minutes) lo = own.at(-1)!.offset;
      else if (minutes === after.minutes) hi = own[0]!.offset;
      else break;
    }
    const between = look(lo, Math.min(size, hi + 1), true).filter(
      (s) => s.host === host && s.offset > lo && s.offset <= hi,
    );
    // Behind the last record that still has the earlier one.
    const last = between.findLastIndex((s) => s.minutes === before.minutes);
    return between[last + 1]?.offset ?? hi;
  }
  // One exporter, one clock: what holds for all hosts that tell holds for those that do not.
  const [only] = told;
  if (told.size === 1 && only![1] >= AGREE_FOR_OTHERS && looks.every((l) => l.every((s) => s.minutes === only![0])))
    shifts.push({ host: null, from: 0, minutes: only![0] });
  return shifts.every((s) => s.minutes === 0) ? [] : shifts;
}
