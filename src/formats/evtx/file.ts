// An EVTX file, read chunk by chunk: multi-gigabyte files are never loaded. The file header is read for what it says
// and believed in nothing: the chunks are those that the file holds, found by their signature at every 64 KiB, and by
// search where bytes were lost or added in between.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ByteWriter, type Diagnostic, diagnostic, u64 } from '../../base/index.js';
import { Chunk } from './chunk.js';
import { EvtxError } from './error.js';
import {
  CHUNK_HEADER_SIZE,
  CHUNK_MAGIC,
  CHUNK_SIZE,
  FILE_FLAG_DIRTY,
  FILE_FLAG_NO_CRC32,
  FILE_HEADER_SIZE,
  FILE_MAGIC,
  type FileHeader,
  isChunkMagic,
  readFileHeader,
} from './layout.js';
import { RecordView } from './record.js';
import { TemplateCache } from './template.js';

/** Chunks read in one go; 4 MiB keeps the disk busy and the memory small. */
export const CHUNKS_PER_READ = 64;

/** A chunk's place. `room` is below 64 KiB where the file ends early or the next chunk starts early. */
export interface ChunkSpan {
  readonly offset: number;
  readonly room: number;
  readonly firstRecordId: number;
  readonly index: number;
}

export interface EvtxOptions {
  /** Also records in slack space: deleted, overwritten in part, or behind the live area. Off by default. */
  readonly recover?: boolean;
  /** Called for everything that is wrong with the file. */
  readonly report?: (d: Diagnostic) => void;
  /** Only chunks from this position in `chunkSpans` … */
  readonly firstChunk?: number;
  /** … and before this one. */
  readonly endChunk?: number;
  /** A template cache to share between files. */
  readonly cache?: TemplateCache;
}

/** Whether the first bytes of a file are those of an EVTX file or of one of its chunks. Needs 8 bytes. */
export function isEvtx(head: Uint8Array): boolean {
  return head.length >= 8 && (FILE_MAGIC.equals(head.subarray(0, 8)) || CHUNK_MAGIC.equals(head.subarray(0, 8)));
}

export class EvtxFile {
  readonly path: string;
  readonly size: number;
  readonly header: FileHeader | null;
  /** The chunks, oldest record first: a log that wrapped around has its oldest chunk in the middle of the file. */
  readonly chunkSpans: readonly ChunkSpan[];
  readonly #fd: number;
  readonly #problems: Diagnostic[] = [];

  /**
   * Opens a file and finds its chunks. Throws what `fs` throws if it cannot be read. With `spans`, chunks that were
   * found before are taken as they are, and neither header nor layout is looked at again. `fd`: the file is open
   * already; `close` closes it.
   */
  constructor(path: string, spans?: readonly ChunkSpan[], fd?: number) {
    this.path = path;
    this.#fd = fd ?? openSync(path, 'r');
    if (spans !== undefined) {
      this.size = 0;
      this.header = null;
      this.chunkSpans = spans;
      return;
    }
    try {
      this.size = fstatSync(this.#fd).size;
      const head = Buffer.alloc(Math.min(FILE_HEADER_SIZE, this.size));
      readFully(this.#fd, head, 0);
      this.header = readFileHeader(head);
      this.chunkSpans = this.#findChunks(head);
      this.#checkHeader();
    } catch (e) {
      closeSync(this.#fd);
      throw e;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** What is wrong with the file header and the layout of chunks; problems inside chunks come while reading. */
  get problems(): readonly Diagnostic[] {
    return this.#problems;
  }

  #say(
    code: Diagnostic['code'],
    severity: Diagnostic['severity'],
    offset: number,
    expected: string,
    found: string,
    hint?: string,
  ): void {
    this.#problems.push(diagnostic(code, severity, { file: this.path, offset }, expected, found, hint));
  }

  #checkHeader(): void {
    const h = this.header;
    if (h === null) {
      this.#say(
        'evtx.file-header',
        'error',
        0,
        'an EVTX file header',
        'another signature',
        'chunks were looked for without it',
      );
      return;
    }
    if ((h.flags & FILE_FLAG_NO_CRC32) === 0 && h.computedChecksum !== h.checksum)
      this.#say(
        'evtx.file-checksum',
        'warning',
        124,
        `header checksum 0x${h.computedChecksum.toString(16)}`,
        `0x${h.checksum.toString(16)}`,
      );
    if ((h.flags & FILE_FLAG_DIRTY) !== 0)
      this.#say(
        'evtx.file-dirty',
        'info',
        120,
        'a log that was closed',
        'the dirty flag',
        'copied from a running system: the header may lag behind the records',
      );
    const n = this.chunkSpans.length;
    const expected = FILE_HEADER_SIZE + h.chunkCount * CHUNK_SIZE;
    // Chunk counts are 16 bits: a log past 65,535 chunks (4 GiB) wraps around.
    if (h.chunkCount > n && this.size < expected)
      this.#say(
        'evtx.chunk-truncated',
        'error',
        this.size,
        `${expected} bytes or more for the ${h.chunkCount} chunks of the header`,
        `${this.size}`,
        'the file was cut off',
      );
    else if (h.chunkCount !== (n & 0xffff))
      this.#say(
        'evtx.chunk-count',
        'info',
        42,
        `${h.chunkCount} chunks, as the header says`,
        `${n}`,
        'all that are there were read',
      );
  }

  #findChunks(head: Buffer): ChunkSpan[] {
    const out: ChunkSpan[] = [];
    const probe = Buffer.alloc(CHUNK_HEADER_SIZE);
    let pos = this.header === null && head.length >= 8 && isChunkMagic(head, 0) ? 0 : FILE_HEADER_SIZE;
    if (this.header !== null && this.header.blockSize >= 128 && this.header.blockSize !== FILE_HEADER_SIZE) {
      readFully(this.#fd, probe, this.header.blockSize);
      if (isChunkMagic(probe, 0)) pos = this.header.blockSize;
    }
    let emptyFrom = -1;
    let emptyCount = 0;
    const flushEmpty = (): void => {
      if (
        emptyCount > 0 &&
        this.header !== null &&
        (emptyFrom - FILE_HEADER_SIZE) / CHUNK_SIZE < this.header.chunkCount
      )
        this.#say('evtx.chunk-empty', 'info', emptyFrom, 'a chunk', `${emptyCount} × 64 KiB of zeros`);
      emptyCount = 0;
    };
    while (pos < this.size) {
      const n = readFully(this.#fd, probe, pos);
      if (n >= 8 && isChunkMagic(probe, 0)) {
        flushEmpty();
        if (n < CHUNK_HEADER_SIZE) {
          this.#say('evtx.chunk-truncated', 'error', pos, `${CHUNK_SIZE} bytes of chunk`, `${n}`);
          break;
        }
        out.push({
          offset: pos,
          room: Math.min(CHUNK_SIZE, this.size - pos),
          firstRecordId: u64(probe, 24),
          index: out.length,
        });
        pos += CHUNK_SIZE;
        continue;
      }
      const block = BLOCK.subarray(0, Math.min(BLOCK.length, this.size - pos));
      readFully(this.#fd, block, pos);
      if (isZero(block.subarray(0, CHUNK_SIZE))) {
        if (emptyCount === 0) emptyFrom = pos;
        emptyCount++;
        pos += CHUNK_SIZE;
        continue;
      }
      flushEmpty();
      const found = this.#resync(pos, block, out);
      const to = found < 0 ? 'the next 64 KiB boundary' : `a chunk at offset 0x${found.toString(16)}`;
      this.#say(
        'evtx.chunk-magic',
        'error',
        pos,
        'a chunk ("ElfChnk")',
        block
          .subarray(0, Math.min(8, block.length))
          .toString('hex')
          .replace(/(..)(?=.)/g, '$1 '),
        `reading goes on at ${to}`,
      );
      pos = found < 0 ? pos + CHUNK_SIZE : found;
    }
    flushEmpty();
    return out.sort((a, b) => a.firstRecordId - b.firstRecordId || a.offset - b.offset);
  }

  /**
   * Bytes were lost or added: the next chunk is where its signature is, before or after where it should be. A chunk
   * that starts inside the one before it cuts that one short.
   */
  #resync(pos: number, block: Buffer, before: ChunkSpan[]): number {
    const ahead = block.indexOf(CHUNK_MAGIC);
    const last = before[before.length - 1];
    if (last !== undefined && last.offset + CHUNK_SIZE === pos) {
      const inner = Buffer.alloc(CHUNK_SIZE + CHUNK_HEADER_SIZE);
      const n = readFully(this.#fd, inner, last.offset);
      for (
        let i = inner.indexOf(CHUNK_MAGIC, CHUNK_HEADER_SIZE);
        i >= 0 && i < CHUNK_SIZE;
        i = inner.indexOf(CHUNK_MAGIC, i + 1)
      ) {
        // The words may stand in a record's text: a header has a size of 128 behind them.
        if (i + CHUNK_HEADER_SIZE > n || inner.readUInt32LE(i + 40) !== 128) continue;
        before[before.length - 1] = { ...last, room: i };
        return last.offset + i;
      }
    }
    return ahead >= 0 && ahead < CHUNK_SIZE ? pos + ahead : -1;
  }

  /** Reads chunks in file order. Each chunk's buffer is valid until the next one is asked for. */
  *chunks(options: EvtxOptions = {}): Generator<Chunk> {
    const first = Math.max(0, options.firstChunk ?? 0);
    const end = Math.min(this.chunkSpans.length, options.endChunk ?? this.chunkSpans.length);
    if (first >= end) return;
    const cache = options.cache ?? new TemplateCache();
    const report = options.report ?? ((): void => {});
    const pool = pools.pop() ?? Buffer.allocUnsafeSlow(POOL_BYTES);
    try {
      yield* this.#read(pool, first, end, cache, report);
    } finally {
      pools.push(pool);
    }
  }

  *#read(
    pool: Buffer,
    first: number,
    end: number,
    cache: TemplateCache,
    report: (d: Diagnostic) => void,
  ): Generator<Chunk> {
    const spans = this.chunkSpans;
    for (let i = first; i < end;) {
      // A run of adjacent chunks is one read.
      let n = 1;
      while (n < CHUNKS_PER_READ && i + n < end && spans[i + n]!.offset === spans[i + n - 1]!.offset + CHUNK_SIZE) n++;
      const got = readFully(this.#fd, pool.subarray(0, n * CHUNK_SIZE), spans[i]!.offset);
      for (let k = 0; k < n; k++) {
        const { offset, room, index } = spans[i + k]!;
        const bytes = pool.subarray(k * CHUNK_SIZE, Math.max(k * CHUNK_SIZE, Math.min(k * CHUNK_SIZE + room, got)));
        if (bytes.length < CHUNK_HEADER_SIZE) {
          report(
            diagnostic(
              'evtx.chunk-truncated',
              'error',
              { file: this.path, offset, chunk: index },
              `${CHUNK_SIZE} bytes of chunk`,
              `${bytes.length}`,
            ),
          );
          continue;
        }
        const chunk = new Chunk(bytes, { file: this.path, offset, index }, cache);
        chunk.check(report);
        yield chunk;
      }
      i += n;
    }
  }

  /**
   * Appends every record as a line of JSON to `w`, chunk by chunk, and yields how many a chunk gave: take the bytes
   * before asking for the next. A record that cannot be read is reported and left out.
   */
  *jsonLines(w: ByteWriter, options: EvtxOptions = {}): Generator<number> {
    const cache = options.cache ?? new TemplateCache();
    const report = options.report ?? ((): void => {});
    for (const chunk of this.chunks({ ...options, cache })) {
      const spans = [...chunk.spans({ recover: options.recover ?? false, report })];
      yield cache.json.lines(w, chunk, spans, report);
    }
  }

  /**
   * Reads records in file order, moving one view over them: take from it what you need before asking for the next.
   * A record whose body cannot be read is still yielded; the accessor that meets the damage throws `EvtxError`, which
   * `chunk.diagnose` turns into a diagnostic.
   */
  *records(options: EvtxOptions = {}): Generator<RecordView> {
    const cache = options.cache ?? new TemplateCache();
    const view = new RecordView();
    const report = options.report ?? ((): void => {});
    for (const chunk of this.chunks({ ...options, cache })) {
      for (const span of chunk.spans({ recover: options.recover ?? false, report })) {
        view.move(chunk, span);
        yield view;
      }
    }
  }
}

/** Writes one record as a line of JSON; false, with a report, if it cannot be read. */
export function writeJsonLine(w: ByteWriter, view: RecordView, report: (d: Diagnostic) => void): boolean {
  try {
    view.writeJson(w);
    w.byte(0x0a);
    return true;
  } catch (e) {
    if (!(e instanceof EvtxError)) throw e;
    report(view.chunk.diagnose(e, view.recordId));
    return false;
  }
}

function readFully(fd: number, into: Buffer, at: number): number {
  let n = 0;
  while (n < into.length) {
    const got = readSync(fd, into, n, into.length - n, at + n);
    if (got === 0) break;
    n += got;
  }
  return n;
}

/** One chunk and the signature that may stand across its end. Filled and looked at without a pause in between. */
const BLOCK = Buffer.alloc(CHUNK_SIZE + 8);
const ZEROS = Buffer.alloc(CHUNK_SIZE);

const isZero = (b: Buffer): boolean => b.equals(ZEROS.subarray(0, b.length));

/** Read buffers that are not in use: making one for every file costs more than reading into it. */
const POOL_BYTES = CHUNKS_PER_READ * CHUNK_SIZE;
const pools: Buffer[] = [];
