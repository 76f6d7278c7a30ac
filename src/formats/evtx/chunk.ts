// One chunk of 64 KiB: its records, its names, its templates. Everything that reads EVTX stands on this.
import { type Diagnostic, diagnostic, u16, u32, u64 } from '../../base/index.js';
import { MAX_RECORD_NODES, type NameSite, parseStream } from './binxml.js';
import { EvtxError } from './error.js';
import {
  CHUNK_FLAG_NO_CRC32,
  CHUNK_HEADER_SIZE,
  CHUNK_SIZE,
  type ChunkHeader,
  chunkHeaderChecksum,
  readChunkHeader,
  RECORD_HEADER_SIZE,
  RECORD_MAGIC,
  RECORD_MIN_SIZE,
  recordsChecksum,
} from './layout.js';
import type { ElementNode } from './node.js';
import { type Template, TemplateCache } from './template.js';

/** Where a record is: `offset` from the start of the chunk, `size` with header and trailer. */
export interface RecordSpan {
  readonly offset: number;
  readonly size: number;
  readonly recovered: boolean;
}

export interface ChunkPlace {
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly index: number;
}

export interface ChunkOptions {
  /** Also records in slack: after the free-space mark and between records. */
  readonly recover?: boolean;
  readonly report: (d: Diagnostic) => void;
}

export class Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly header: ChunkHeader | null;
  readonly place: ChunkPlace;
  #names = new Map<number, string>();
  #templates = new Map<number, Template>();
  readonly cache: TemplateCache;

  /** `bytes` are those of the chunk; a shorter buffer (a truncated file) is read as far as it goes. */
  constructor(bytes: Buffer, place: ChunkPlace, cache: TemplateCache = new TemplateCache()) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.place = place;
    this.header = readChunkHeader(bytes);
    this.cache = cache;
  }

  /** The name at a chunk offset: link (4), hash (2), length (2), characters, NUL. Throws `EvtxError`. */
  name(offset: number): string {
    const known = this.#names.get(offset);
    if (known !== undefined) return known;
    const b = this.bytes;
    if (offset + 8 > b.length)
      throw new EvtxError('evtx.record-body', offset, 'a name inside the chunk', 'the end of the chunk');
    const chars = u16(b, offset + 6);
    if (offset + 8 + chars * 2 > b.length)
      throw new EvtxError('evtx.record-body', offset, 'a name that ends inside the chunk', `${chars} characters`);
    const name = b.toString('utf16le', offset + 8, offset + 8 + chars * 2);
    this.#names.set(offset, name);
    return name;
  }

  /** The template defined at a chunk offset. Throws `EvtxError`. */
  template(offset: number): Template {
    let t = this.#templates.get(offset);
    if (t === undefined) {
      t = this.cache.get(this, offset);
      this.#templates.set(offset, t);
    }
    return t;
  }

  /** Record number in the header of a record. */
  recordId(span: RecordSpan): number {
    return u64(this.bytes, span.offset + 8);
  }

  /** A record as a resolved tree. Throws `EvtxError` if its BinXML cannot be read. */
  tree(span: RecordSpan): ElementNode {
    const start = span.offset + RECORD_HEADER_SIZE;
    const roots = parseStream(this, start, span.offset + span.size - 4, {
      definition: false,
      depth: 0,
      budget: { nodes: MAX_RECORD_NODES },
    });
    if (roots.length === 0) throw new EvtxError('evtx.record-body', start, 'an element', 'an empty stream');
    return roots[0]!;
  }

  parseDefinition(start: number, end: number, sites: NameSite[]): ElementNode {
    const roots = parseStream(this, start, end, {
      definition: true,
      depth: 0,
      budget: { nodes: MAX_RECORD_NODES },
      sites,
    });
    if (roots.length !== 1)
      throw new EvtxError('evtx.template', start, 'a definition with one root element', `${roots.length}`);
    return roots[0]!;
  }

  diagnose(e: EvtxError, record?: number): Diagnostic {
    const { file, offset, index } = this.place;
    const place = { file, offset: offset + e.offset, chunk: index, ...(record === undefined ? {} : { record }) };
    return diagnostic(e.code, 'error', place, e.expected, e.found);
  }

  /** Checks the signature, sizes and both checksums. What is wrong is reported; reading goes on regardless. */
  check(report: (d: Diagnostic) => void): void {
    const h = this.header;
    const { file, offset, index } = this.place;
    const say = (
      code: Diagnostic['code'],
      severity: Diagnostic['severity'],
      at: number,
      expected: string,
      found: string,
    ): void => report(diagnostic(code, severity, { file, offset: offset + at, chunk: index }, expected, found));
    if (h === null) return;
    if (this.bytes.length < CHUNK_SIZE)
      say('evtx.chunk-truncated', 'error', this.bytes.length, `${CHUNK_SIZE} bytes of chunk`, `${this.bytes.length}`);
    if (h.freeSpaceOffset < CHUNK_HEADER_SIZE || h.freeSpaceOffset > CHUNK_SIZE)
      say(
        'evtx.chunk-header',
        'error',
        48,
        `a free-space offset from ${CHUNK_HEADER_SIZE} to ${CHUNK_SIZE}`,
        `${h.freeSpaceOffset}`,
      );
    else if ((h.flags & CHUNK_FLAG_NO_CRC32) === 0 && this.bytes.length === CHUNK_SIZE) {
      const hc = chunkHeaderChecksum(this.bytes);
      if (hc !== h.checksum)
        say(
          'evtx.chunk-checksum',
          'warning',
          124,
          `header checksum 0x${hc.toString(16)}`,
          `0x${h.checksum.toString(16)}`,
        );
      const rc = recordsChecksum(this.bytes, h.freeSpaceOffset);
      if (rc !== h.recordsChecksum)
        say(
          'evtx.chunk-checksum',
          'warning',
          52,
          `records checksum 0x${rc.toString(16)}`,
          `0x${h.recordsChecksum.toString(16)}`,
        );
    }
  }

  /**
   * The spans of the chunk's records, in file order. A span that cannot be a record is reported and skipped, and the
   * search goes on behind it. The live area ends at the free-space mark, whatever number the header gives as the last:
   * a header that names too early a record must not hide the rest. A record right behind the mark with the next number
   * is live too (the header was not written after it).
   */
  *spans(options: ChunkOptions): Generator<RecordSpan> {
    const b = this.bytes;
    const h = this.header;
    const trusted = h !== null && h.freeSpaceOffset >= CHUNK_HEADER_SIZE && h.freeSpaceOffset <= CHUNK_SIZE;
    let end = trusted ? Math.min(h.freeSpaceOffset, b.length) : b.length;
    let pos = CHUNK_HEADER_SIZE;
    let last = -1;
    let continued = 0;
    while (true) {
      if (pos >= end) {
        const next = this.#plausible(pos) && last >= 0 && u64(b, pos + 8) === last + 1;
        if (!next) break;
        continued++;
        end = pos + u32(b, pos + 4);
      }
      if (this.#plausible(pos)) {
        const size = u32(b, pos + 4);
        last = u64(b, pos + 8);
        yield { offset: pos, size, recovered: false };
        pos += size;
        continue;
      }
      const resumed = this.#findRecord(pos + 1, end);
      const blank = resumed < 0 && isBlank(b, pos, end);
      if (!blank) this.#reportGap(pos, end, resumed, options);
      if (resumed < 0) {
        pos = end;
        break;
      }
      if (options.recover === true) yield* this.#carve(pos, resumed);
      pos = resumed;
    }
    if (continued > 0) {
      const place = { file: this.place.file, offset: this.place.offset + 48, chunk: this.place.index };
      options.report(
        diagnostic(
          'evtx.record-continues',
          'info',
          place,
          'the last record at the free-space mark',
          `${continued} more that continue the numbering`,
        ),
      );
    }
    if (options.recover === true) yield* this.#carve(pos, b.length);
  }

  #reportGap(pos: number, end: number, resumed: number, options: ChunkOptions): void {
    const b = this.bytes;
    const place = { file: this.place.file, offset: this.place.offset + pos, chunk: this.place.index };
    const next = resumed < 0 ? `${end - pos} bytes skipped` : `${resumed - pos} bytes skipped up to the next record`;
    const magic = pos + 4 <= b.length ? u32(b, pos) : -1;
    if (magic !== RECORD_MAGIC)
      options.report(
        diagnostic(
          'evtx.record-header',
          'error',
          place,
          'a record (2a 2a 00 00)',
          magic < 0
            ? 'the end of the data'
            : b
                .subarray(pos, pos + 4)
                .toString('hex')
                .replace(/(..)(?=.)/g, '$1 '),
          next,
        ),
      );
    else {
      const size = pos + 8 <= b.length ? u32(b, pos + 4) : 0;
      const copy = size >= RECORD_MIN_SIZE && pos + size <= b.length ? u32(b, pos + size - 4) : -1;
      const found = copy < 0 || size < RECORD_MIN_SIZE ? `${size}` : `${size} with a size copy of ${copy}`;
      options.report(
        diagnostic(
          'evtx.record-size',
          'error',
          place,
          `a size of ${RECORD_MIN_SIZE} to ${Math.max(0, b.length - pos)}`,
          found,
          next,
        ),
      );
    }
  }

  #plausible(pos: number): boolean {
    const b = this.bytes;
    if (pos + RECORD_MIN_SIZE > b.length || u32(b, pos) !== RECORD_MAGIC) return false;
    const size = u32(b, pos + 4);
    return size >= RECORD_MIN_SIZE && pos + size <= b.length;
  }

  /** The next offset in `[from, end)` where a whole record with a matching size copy starts, or -1. */
  #findRecord(from: number, end: number): number {
    const b = this.bytes;
    for (
      let pos = b.indexOf('2a2a0000', from, 'hex');
      pos >= 0 && pos < end;
      pos = b.indexOf('2a2a0000', pos + 1, 'hex')
    ) {
      if (this.#plausible(pos) && u32(b, pos + u32(b, pos + 4) - 4) === u32(b, pos + 4)) return pos;
    }
    return -1;
  }

  *#carve(from: number, to: number): Generator<RecordSpan> {
    let pos = this.#findRecord(from, to);
    while (pos >= 0) {
      const size = u32(this.bytes, pos + 4);
      yield { offset: pos, size, recovered: true };
      pos = this.#findRecord(pos + Math.max(size, RECORD_HEADER_SIZE), to);
    }
  }
}

function isBlank(b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (b[i] !== 0) return false;
  return true;
}
