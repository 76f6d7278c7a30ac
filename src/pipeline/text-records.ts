// Records of a text log opened again by their numbers: for the report's exhibits, for `verify`, for `dump`.
import { closeSync, openSync } from 'node:fs';
import { microsText } from '../base/index.js';
import type { Mapping } from '../formats/mapping/mapping.js';
import { textFormat } from '../formats/registry/registry.js';
import { readUnits } from '../formats/text/lines.js';
import { settleTime, type TextRecord } from '../formats/text/record.js';

export interface TextReading {
  readonly path: string;
  readonly format: string;
  readonly zone: number | null;
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
    settleTime(r);
    going = onRecord(r);
  });
  const fd = openSync(what.path, 'r');
  try {
    readUnits(fd, 0, Number.MAX_SAFE_INTEGER, format.block, (text, line, offset) => {
      if (going) parser.line(text, line, offset);
      return going;
    });
    if (going) parser.end();
  } finally {
    closeSync(fd);
  }
  return { skipped: parser.skipped };
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
