// Records of a text log opened again by their numbers: for the report's exhibits, for `verify`, for `dump`.
import { closeSync, openSync, readSync } from 'node:fs';
import { microsText } from '../base/index.js';
import type { Mapping } from '../formats/mapping/mapping.js';
import { textFormat } from '../formats/registry/registry.js';
import { readUnits } from '../formats/text/lines.js';
import { settleTime, type TextRecord, type TimeShift } from '../formats/text/record.js';
import type { NamedZone } from '../formats/text/zone.js';

export interface TextReading {
  readonly path: string;
  readonly format: string;
  readonly zone: number | null;
  readonly zoned?: NamedZone | undefined;
  readonly shifts: readonly TimeShift[];
  readonly reference: number;
  readonly host: string;
  readonly mappings: readonly Mapping[];
}

/** Reads a log from its start and hands over each record; stops early when `onRecord` returns false. */
export function readText(what: TextReading, onRecord: (r: TextRecord) => boolean): { skipped: number } {
  const format = textFormat(what.format, what.mappings);
  if (format === undefined) return { skipped: 0 };
  const { zone, reference, host } = what;
  let going = true;
  const parser = format.parser({ zone, reference, host, header: [], report: () => {} }, (r) => {
    if (!going) return;
    settleTime(r, what.shifts, what.zoned);
    going = onRecord(r);
  });
  const fd = openSync(what.path, 'r');
  try {
    readUnits(fd, 0, Number.MAX_SAFE_INTEGER, format.ending ?? format.block, (text, line, offset) => {
      if (going) parser.line(text, line, offset);
      return going;
    });
    if (going) parser.end();
  } finally {
    closeSync(fd);
  }
  return { skipped: parser.skipped };
}

/** Bytes that one record is looked for in. */
const MAX_RECORD = 8 << 20;

/**
 * Reads the one record that starts at a byte, without what stands before it. Null where the format needs that (a header, the whole
 * file), or where no record starts there.
 */
export function readTextAt(what: TextReading, offset: number): TextRecord | null {
  const format = textFormat(what.format, what.mappings);
  if (format === undefined || format.whole === true || format.headers !== undefined || format.block !== undefined)
    return null;
  const { zone, reference, host } = what;
  let found: TextRecord | null = null;
  const parser = format.parser({ zone, reference, host, header: [], report: () => {} }, (r) => {
    if (found !== null) return;
    settleTime(r, what.shifts, what.zoned);
    found = r;
  });
  const fd = openSync(what.path, 'r');
  try {
    // UTF-16 is told by the mark at the file's start.
    const mark = Buffer.alloc(2);
    readSync(fd, mark, 0, 2, 0);
    if ((mark[0] === 0xff && mark[1] === 0xfe) || (mark[0] === 0xfe && mark[1] === 0xff)) return null;
    readUnits(fd, offset, offset + MAX_RECORD, undefined, (text, line, at) => {
      if (found === null) parser.line(text, line, at);
      return found === null;
    });
    if (found === null) parser.end();
  } finally {
    closeSync(fd);
  }
  return (found as TextRecord | null)?.offset === offset ? found : null;
}

/** A record as an object: what is known of it beside its fields, then the fields under their own names. */
export function textObject(r: TextRecord): Record<string, unknown> {
  return {
    line: r.line,
    time: microsText(r.micros),
    time_written: r.timeText === '' ? null : r.timeText,
    time_sure: r.sure,
    host: r.host === '' ? null : r.host,
    source: r.channel,
    ...(r.provider === '' ? {} : { provider: r.provider }),
    ...(r.eventId === '' ? {} : { event_id: r.eventId }),
    fields: Object.fromEntries(r.names.map((n, i) => [n, r.values[i] ?? null])),
  };
}
