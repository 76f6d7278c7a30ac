// The records behind the statements, decoded for the report: some of every finding, so that each item can be opened.
import { ByteWriter } from '../base/index.js';
import { CHUNK_SIZE, EvtxError, EvtxFile } from '../formats/evtx/index.js';

import type { TextRecord } from '../formats/text/record.js';
import { readText, readTextAt, textObject, type TextReading } from './text-records.js';

/** File of the case that holds them. */
export const EXHIBITS_FILE = 'exhibits.json';
/** Records of one finding that a report carries. */
export const EXHIBITS_PER_ITEM = 5;
/** Records of one report; each is some 2 KiB. */
export const MAX_EXHIBITS = 4000;
/** Characters of one decoded record; a script block can be longer. */
export const MAX_EXHIBIT_TEXT = 20_000;

export interface Exhibit {
  readonly evidence: string;
  readonly record: number;
  /** The record as JSON, cut where it is very long. */
  readonly json: string;
}

export interface Wanted {
  readonly evidence: string;
  readonly record: number;
  readonly chunkOffset: number;
}

/** A decoded record as a report carries it. */
export const shownText = (json: string): string =>
  json.length > MAX_EXHIBIT_TEXT ? `${json.slice(0, MAX_EXHIBIT_TEXT)}…` : json;

/** Opens and decodes records. One that cannot be read is left out. Sorted by evidence and record. */
export function decodeExhibits(
  wanted: readonly Wanted[],
  paths: ReadonlyMap<string, string>,
  texts: ReadonlyMap<string, TextReading>,
  known: readonly Exhibit[] = [],
): Exhibit[] {
  const have = new Map(known.map((e) => [`${e.evidence}\0${e.record}`, e]));
  const byChunk = new Map<string, { path: string; evidence: string; chunkOffset: number; records: Set<number> }>();
  const taken = new Set<Exhibit>();
  for (const w of wanted) {
    const before = have.get(`${w.evidence}\0${w.record}`);
    if (before !== undefined) {
      taken.add(before);
      continue;
    }
    const path = paths.get(w.evidence);
    if (path === undefined || texts.has(w.evidence)) continue;
    const key = `${w.evidence}\0${w.chunkOffset}`;
    const entry = byChunk.get(key) ?? { path, evidence: w.evidence, chunkOffset: w.chunkOffset, records: new Set() };
    entry.records.add(w.record);
    byChunk.set(key, entry);
  }
  const out: Exhibit[] = [...taken];
  const writer = new ByteWriter(1 << 16);
  for (const { path, evidence, chunkOffset, records } of byChunk.values()) {
    let file: EvtxFile;
    try {
      file = new EvtxFile(path, [{ offset: chunkOffset, room: CHUNK_SIZE, firstRecordId: 0, index: 0 }]);
    } catch {
      continue;
    }
    try {
      for (const view of file.records()) {
        if (!records.delete(view.recordId)) continue;
        writer.pos = 0;
        try {
          view.writeJson(writer);
        } catch (e) {
          if (!(e instanceof EvtxError)) throw e;
          continue;
        }
        const text = writer.take().toString('utf8');
        out.push({
          evidence,
          record: view.recordId,
          json: shownText(text),
        });
      }
    } finally {
      file.close();
    }
  }
  const give = (evidence: string, r: TextRecord): void => {
    const text = JSON.stringify(textObject(r));
    out.push({
      evidence,
      record: r.line,
      json: shownText(text),
    });
  };
  const done = new Set<string>();
  const lines = new Map<string, Set<number>>();
  for (const w of wanted) {
    if (!texts.has(w.evidence) || have.has(`${w.evidence}\0${w.record}`)) continue;
    if (done.has(`${w.evidence}\0${w.record}`)) continue;
    try {
      const r = readTextAt(texts.get(w.evidence)!, w.chunkOffset);
      if (r !== null) {
        // Numbered from where the reading began.
        r.line = w.record;
        give(w.evidence, r);
        done.add(`${w.evidence}\0${w.record}`);
        continue;
      }
    } catch {
      continue;
    }
    const set = lines.get(w.evidence);
    if (set === undefined) lines.set(w.evidence, new Set([w.record]));
    else set.add(w.record);
  }
  for (const [evidence, left] of lines) {
    try {
      readText(texts.get(evidence)!, (r) => {
        if (left.delete(r.line)) give(evidence, r);
        return left.size > 0;
      });
    } catch {
      // What cannot be read any more is told by `verify`.
    }
  }
  const order = (id: string): number => Number(id.slice(1));
  return out.sort((a, b) => order(a.evidence) - order(b.evidence) || a.record - b.record);
}
