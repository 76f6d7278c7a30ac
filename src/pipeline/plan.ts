// Evidence → tasks. Each file is identified by its content and cut into ranges of chunks, so that one large file is
// spread over all workers as many small ones are.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Diagnostic, diagnostic } from '../base/index.js';
import { type ChunkSpan, CHUNKS_PER_READ, EvtxFile } from '../formats/evtx/index.js';
import type { Mapping } from '../formats/mapping/mapping.js';
import { identifyBlocks, identifyText, TEXT_HEAD_BYTES, textHead } from '../formats/registry/registry.js';
import type { TextFormat } from '../formats/text/format.js';
import type { TimeShift } from '../formats/text/record.js';
import type { NamedZone } from '../formats/text/zone.js';
import { clfMicros, isoMicros } from '../formats/text/time.js';
import { matchWildcards, parseWildcards } from '../match/index.js';
import { HEAD_BYTES, identify, isBinary, type SourceFile } from '../sources/index.js';
import { clockShifts } from './wall-clock.js';

/** How logs are read, where the user says more than they do. */
export interface Reading {
  /** Minutes east of UTC for times without a zone; null: UTC is assumed, and said to be. */
  readonly zone: number | null;
  /** Its name (IANA), where it was given by name: then summer time counts. */
  readonly zone_name?: string;
  /** The same for files whose names match; the first that does counts. */
  readonly zones: readonly { readonly path: string; readonly minutes: number; readonly name?: string }[];
  readonly mappings: readonly Mapping[];
}

export const PLAIN_READING: Reading = { zone: null, zones: [], mappings: [] };

/** Zone of a file by its name in the register. */
export function zoneFor(name: string, reading: Reading): { minutes: number; zoned: NamedZone | undefined } | null {
  const own = reading.zones.find((z) => matchWildcards(parseWildcards(z.path.toLowerCase()), name.toLowerCase()));
  const minutes = own?.minutes ?? reading.zone;
  if (minutes === null) return null;
  const named = own === undefined ? reading.zone_name : own.name;
  return { minutes, zoned: named === undefined ? undefined : { name: named, minutes } };
}

export interface PlannedFile {
  readonly source: SourceFile;
  /** "evtx", the id of a text format, "empty" or "unknown". */
  readonly format: string;
  /** How it was told. */
  readonly why: string;
  readonly looksLike: string;
  readonly chunks: readonly ChunkSpan[];
  /** Parts of a text log, in order. */
  readonly parts: readonly TextPart[];
  /** Microseconds: dates without a year are put before it (the time that the file was last written). */
  readonly reference: number;
  /** Minutes east of UTC for its times without a zone; null if nobody said. */
  readonly zone: number | null;
  /** That zone by its name, where it has one. */
  readonly zoned?: NamedZone | undefined;
  /** Offsets from UTC that its first lines write beside their times, with when: what the machine's own clock is set to. */
  readonly written: readonly { readonly micros: number; readonly minutes: number }[];
  /** Where its times say UTC and are not. */
  readonly shifts: readonly TimeShift[];
  /** Problems of the file as a whole; those of its chunks come with the scan. */
  readonly problems: readonly Diagnostic[];
  readonly failed: boolean;
}

/** Threads for a job. */
export interface Crew {
  readonly threads: number;
  /** Start all of them now; otherwise when the first one sees that enough is left for them. */
  readonly atOnce: boolean;
  /** Size of the evidence. */
  readonly bytes: number;
}

/** Evidence from which on further threads are worth starting whatever is in it. */
const SURELY_WORTH_BYTES = 1 << 30;

/** As many threads as the user says, all of them now; else up to one for each processor, if there is enough to do. */
export function crewFor(requested: number | undefined, files: readonly SourceFile[]): Crew {
  const bytes = files.reduce((n, f) => n + f.bytes, 0);
  return {
    threads: Math.max(1, requested ?? availableParallelism()),
    atOnce: requested !== undefined || bytes >= SURELY_WORTH_BYTES,
    bytes,
  };
}

/** A part of a text log that is read alone: bytes, and the header lines that hold for its first line. */
export interface TextPart {
  readonly from: number;
  readonly to: number;
  readonly header: readonly string[];
}

/** Bytes of one part. */
export const PART_BYTES = 8 << 20;

/**
 * Cuts a text log at line ends. Where its lines need header lines before them, the file is looked through for those: they
 * may change in the middle.
 */
export function textParts(fd: number, size: number, format: TextFormat, head: Buffer): TextPart[] {
  const wide = head.length >= 2 && ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff));
  if (format.whole === true || format.block !== undefined || wide || size <= PART_BYTES)
    return [{ from: 0, to: size, header: [] }];
  const prefixes = format.headers ?? [];
  const parts: TextPart[] = [];
  const block = Buffer.allocUnsafe(1 << 20);
  if (prefixes.length === 0) {
    let from = 0;
    while (from < size) {
      let to = Math.min(size, from + PART_BYTES);
      // To the end of the line that stands across.
      while (to < size) {
        const n = readSync(fd, block, 0, block.length, to);
        const end = n === 0 ? 0 : block.subarray(0, n).indexOf(0x0a);
        if (n === 0 || end >= 0) {
          to += end + 1;
          break;
        }
        to += n;
      }
      to = Math.min(to, size);
      parts.push({ from, to, header: [] });
      from = to;
    }
    return parts;
  }
  const common = prefixes.every((p) => p.startsWith('#')) ? '#' : null;
  const marks = (common === null ? prefixes : [common]).map((p) => Buffer.from(`\n${p}`));
  const current = new Map<string, string>();
  const seen = (line: string): void => {
    const p = prefixes.find((x) => line.startsWith(x));
    if (p !== undefined) current.set(p, line);
  };
  let from = 0;
  let header: readonly string[] = [];
  let carry = Buffer.alloc(0);
  let at = 0;
  // Each block is looked at with the unfinished line before it.
  while (at < size) {
    const n = readSync(fd, block, 0, block.length, at);
    if (n === 0) break;
    const data = Buffer.concat([at === 0 ? Buffer.from('\n') : carry, block.subarray(0, n)]);
    const base = at - (at === 0 ? 1 : carry.length);
    const cut = data.lastIndexOf(0x0a);
    const end = cut < 0 ? 0 : cut;
    const finds: number[] = [];
    for (const m of marks) for (let i = data.indexOf(m); i >= 0 && i < end; i = data.indexOf(m, i + 1)) finds.push(i);
    finds.sort((a, b) => a - b);
    let next = 0;
    const upTo = (offset: number): void => {
      for (; next < finds.length && base + finds[next]! + 1 < offset; next++) {
        const start = finds[next]! + 1;
        const stop = data.indexOf(0x0a, start);
        seen(data.toString('utf8', start, stop < 0 ? data.length : Math.min(stop, start + 65_536)).replace(/\r$/, ''));
      }
    };
    while (from + PART_BYTES < base + end) {
      const line = data.indexOf(0x0a, Math.max(0, from + PART_BYTES - base));
      if (line < 0 || line >= end) break;
      const to = base + line + 1;
      parts.push({ from, to, header });
      upTo(to);
      header = [...current.values()];
      from = to;
    }
    upTo(base + end);
    carry = Buffer.from(data.subarray(end));
    if (carry.length > 8 << 20) carry = Buffer.from(carry.subarray(0, 65_536));
    at += n;
  }
  if (from < size) parts.push({ from, to: size, header });
  return parts;
}

/** Lines whose offsets are looked at. */
const OFFSET_LINES = 50;

/** Offsets from UTC that lines write beside their times: `[24/Sep/2025:23:12:15 +0200]`, `2025-09-24T23:12:15+02:00`. None where they disagree. */
export function writtenOffsets(lines: readonly string[]): { micros: number; minutes: number }[] {
  const out: { micros: number; minutes: number }[] = [];
  for (const l of lines.slice(0, OFFSET_LINES)) {
    const clf = /\[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d ([+-])(\d\d)(\d\d))\]/.exec(l);
    const iso =
      clf === null ? /^(?:<\d+>)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?([+-])(\d\d):?(\d\d))(?=\s)/.exec(l) : null;
    const m = clf ?? iso;
    if (m === null) continue;
    const micros = (clf === null ? isoMicros(m[1]!) : clfMicros(m[1]!)).micros;
    const minutes = (m[2] === '-' ? -1 : 1) * (Number(m[3]) * 60 + Number(m[4]));
    if (Number.isFinite(micros)) out.push({ micros, minutes });
  }
  return out.length === 0 || out.some((x) => x.minutes !== out[0]!.minutes) ? [] : [out[0]!];
}

/** Looks at one file: format, header, chunks. Reads a few KiB of it, more of a long log whose columns may change. */
export function planFile(source: SourceFile, reading: Reading = PLAIN_READING): PlannedFile {
  const zone = zoneFor(source.name, reading);
  const nothing = {
    source,
    chunks: [],
    parts: [],
    reference: 0,
    zone: zone?.minutes ?? null,
    zoned: zone?.zoned,
    shifts: [],
    written: [],
    problems: [],
    failed: false,
  };
  let fd = -1;
  try {
    fd = openSync(source.path, 'r');
    const head = Buffer.alloc(TEXT_HEAD_BYTES);
    const bytes = head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
    const { format, looksLike } = identify(bytes);
    if (format === 'evtx') {
      const file = new EvtxFile(source.path, undefined, fd);
      const problems = file.problems.map((p) => ({ ...p, place: { ...p.place, file: source.name } }));
      return {
        ...nothing,
        format,
        why: 'the signature ElfFile or ElfChnk',
        looksLike,
        chunks: file.chunkSpans,
        problems,
      };
    }
    if (format === 'empty' || isBinary(looksLike)) return { ...nothing, format, why: looksLike, looksLike };
    const more = head.subarray(0, readSync(fd, head, 0, TEXT_HEAD_BYTES, 0));
    const { size, mtimeMs } = fstatSync(fd);
    const blocks = identifyBlocks(more, size);
    const text = blocks === null ? textHead(more) : null;
    const found = blocks ?? (text === null ? null : identifyText(text, reading.mappings));
    if (found === null) return { ...nothing, format: 'unknown', why: looksLike, looksLike };
    const reference = source.reference ?? Math.floor(mtimeMs) * 1000;
    return {
      ...nothing,
      format: found.format.id,
      why: found.match.why,
      looksLike: found.format.title,
      parts: textParts(fd, size, found.format, more),
      reference,
      written: text === null ? [] : writtenOffsets(text.lines),
      shifts: clockShifts(fd, size, found.format, {
        zone: nothing.zone,
        reference,
        host: '',
        header: [],
        report: () => {},
      }),
    };
  } catch (e) {
    const problem = diagnostic(
      'source.unreadable',
      'error',
      { file: source.name },
      'a readable file',
      (e as NodeJS.ErrnoException).code ?? (e as Error).message,
      'check the permissions and the medium',
    );
    return {
      ...nothing,
      format: 'unknown',
      why: 'unreadable',
      looksLike: 'unreadable',
      problems: [problem],
      failed: true,
    };
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** Parts of at most `CHUNKS_PER_READ` chunks, in order. */
export function* chunkParts(chunks: readonly ChunkSpan[]): Generator<readonly ChunkSpan[]> {
  for (let from = 0; from < chunks.length; from += CHUNKS_PER_READ) yield chunks.slice(from, from + CHUNKS_PER_READ);
}
