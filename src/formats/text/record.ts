// One record of a text format. The parser owns it and fills it again for the next record: take what you need.

import { inZone, type NamedZone } from './zone.js';

/** Several where the record repeats a field, null where it is there with no value. */
export type TextValue = string | readonly string[] | null;

/**
 * How sure a time in UTC is: its zone stands in the record or the format is defined in UTC; the user gave it; it was
 * assumed (UTC for a local time, a year for a date without one); or there is no time.
 */
export type TimeSure = 'stated' | 'given' | 'inferred' | 'none';

export class TextRecord {
  /** Shared by all records of one shape, so that who looks up names does so once a shape. */
  names: readonly string[] = [];
  values: TextValue[] = [];
  /** Microseconds since 1970 UTC; NaN if the record has no time. */
  micros = Number.NaN;
  /** As written. */
  timeText = '';
  sure: TimeSure = 'none';
  host = '';
  /** What writes such records: a Windows channel, or a key of the log-source table ("webserver", "zeek/conn"). */
  channel = '';
  /** Windows provider, or the program that wrote the line. */
  provider = '';
  eventId = '';
  /** 1 for the first of the part that is read. */
  line = 0;
  /** Bytes from the start of the file. */
  offset = 0;

  get(name: string): TextValue | undefined {
    const i = this.names.indexOf(name);
    return i < 0 ? undefined : this.values[i];
  }
}

/** Microseconds of the years 1 to 9999: what a time can be written as. */
const EARLIEST = -62_135_596_800e6;
const LATEST = 253_402_300_799e6;

/** From a byte of a log on, the times of a host's records lie this far behind UTC, whatever they say. */
export interface TimeShift {
  /** As the records write it; null for hosts that have no shift of their own. */
  readonly host: string | null;
  readonly from: number;
  readonly minutes: number;
}

const NO_SHIFTS: readonly TimeShift[] = [];

function shiftOf(r: TextRecord, shifts: readonly TimeShift[]): number {
  let minutes = 0;
  let own = false;
  // In order of `from` for each host.
  for (const s of shifts)
    if (s.from <= r.offset && (s.host === r.host || (s.host === null && !own))) {
      minutes = s.minutes;
      own ||= s.host !== null;
    }
  return minutes;
}

/** A time that cannot be one is none, and one that is none is not sure; one that is known to be shifted is set right. */
export function settleTime(r: TextRecord, shifts = NO_SHIFTS, zoned?: NamedZone): void {
  if (zoned !== undefined && r.sure !== 'stated') r.micros = inZone(r.micros, zoned);
  if (shifts.length > 0) {
    const minutes = shiftOf(r, shifts);
    if (minutes !== 0) {
      r.micros += minutes * 60e6;
      r.sure = 'inferred';
    }
  }
  if (r.micros >= EARLIEST && r.micros <= LATEST) return;
  r.micros = Number.NaN;
  r.sure = 'none';
}

/** The event's own field Channel (UserData of System 104), which System's would hide. */
export const DATA_CHANNEL = 'UserData_Channel';

export type Emit = (record: TextRecord) => void;

/** Characters of names that {@link Shapes} keeps. */
const MAX_SHAPES = 4 << 20;

/** Names of JSON objects and the like as shared arrays: the same names in the same order are one array. */
export class Shapes {
  #by = new Map<string, readonly string[]>();
  /** Characters of the names that are kept. */
  #size = 0;

  of(names: readonly string[]): readonly string[] {
    const key = names.join('\0');
    let known = this.#by.get(key);
    if (known === undefined) {
      this.#size += key.length;
      if (this.#by.size >= 4096 || this.#size > MAX_SHAPES) {
        this.#by.clear();
        this.#size = key.length;
      }
      known = [...names];
      this.#by.set(key, known);
    }
    return known;
  }
}
