// Where things stand in an EVTX file: file header, chunk header, record header. Sources: MS-EVEN6 section 2.2 for
// BinXML; the "Windows XML Event Log (EVTX) format" paper of the libevtx project for the file and chunk headers,
// which Microsoft does not document. All integers are little-endian.
import { crc32 } from 'node:zlib';
import { u16, u32, u64 } from '../../base/index.js';

export const FILE_HEADER_SIZE = 4096;
export const CHUNK_SIZE = 65536;
export const CHUNK_HEADER_SIZE = 512;
/** Smallest record: 24 bytes of header, no BinXML, 4 bytes of size copy. */
export const RECORD_MIN_SIZE = 28;
export const RECORD_HEADER_SIZE = 24;
export const RECORD_MAGIC = 0x00002a2a;

export const FILE_MAGIC = Buffer.from('ElfFile\0', 'latin1');
export const CHUNK_MAGIC = Buffer.from('ElfChnk\0', 'latin1');

/** Bit 0 of the file flags: the log was not closed. Bit 1: it was full when last written. Bit 2: no checksums. */
export const FILE_FLAG_DIRTY = 1;
export const FILE_FLAG_FULL = 2;
export const FILE_FLAG_NO_CRC32 = 4;
/** Bit 2 of the chunk flags: no checksums. */
export const CHUNK_FLAG_NO_CRC32 = 4;

export interface FileHeader {
  readonly firstChunk: number;
  readonly lastChunk: number;
  readonly nextRecordId: number;
  readonly headerSize: number;
  readonly minorVersion: number;
  readonly majorVersion: number;
  readonly blockSize: number;
  readonly chunkCount: number;
  readonly flags: number;
  readonly checksum: number;
  readonly computedChecksum: number;
}

/** Reads the 128 bytes that matter of a file header; `null` if there are fewer or the signature is another. */
export function readFileHeader(b: Uint8Array): FileHeader | null {
  if (b.length < 128 || !FILE_MAGIC.equals(b.subarray(0, 8))) return null;
  return Object.freeze({
    firstChunk: u64(b, 8),
    lastChunk: u64(b, 16),
    nextRecordId: u64(b, 24),
    headerSize: u32(b, 32),
    minorVersion: u16(b, 36),
    majorVersion: u16(b, 38),
    blockSize: u16(b, 40),
    chunkCount: u16(b, 42),
    flags: u32(b, 120),
    checksum: u32(b, 124),
    computedChecksum: crc32(b.subarray(0, 120)),
  });
}

export interface ChunkHeader {
  readonly firstRecordNumber: number;
  readonly lastRecordNumber: number;
  readonly firstRecordId: number;
  readonly lastRecordId: number;
  readonly headerSize: number;
  readonly lastRecordOffset: number;
  readonly freeSpaceOffset: number;
  readonly recordsChecksum: number;
  readonly flags: number;
  readonly checksum: number;
}

/** Reads a chunk header; `null` if the signature is another. `b` holds at least `CHUNK_HEADER_SIZE` bytes. */
export function readChunkHeader(b: Uint8Array): ChunkHeader | null {
  if (b.length < CHUNK_HEADER_SIZE || !isChunkMagic(b, 0)) return null;
  return Object.freeze({
    firstRecordNumber: u64(b, 8),
    lastRecordNumber: u64(b, 16),
    firstRecordId: u64(b, 24),
    lastRecordId: u64(b, 32),
    headerSize: u32(b, 40),
    lastRecordOffset: u32(b, 44),
    freeSpaceOffset: u32(b, 48),
    recordsChecksum: u32(b, 52),
    flags: u32(b, 120),
    checksum: u32(b, 124),
  });
}

export function isChunkMagic(b: Uint8Array, o: number): boolean {
  return u32(b, o) === 0x43666c45 && u32(b, o + 4) === 0x006b6e68;
}

/** CRC32 of a chunk header: its first 120 bytes and the string and template tables, without flags and checksum. */
export function chunkHeaderChecksum(b: Uint8Array): number {
  return crc32(b.subarray(128, CHUNK_HEADER_SIZE), crc32(b.subarray(0, 120)));
}

export function recordsChecksum(b: Uint8Array, freeSpaceOffset: number): number {
  return crc32(b.subarray(CHUNK_HEADER_SIZE, freeSpaceOffset));
}
