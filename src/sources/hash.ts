// SHA-256 of a file, read in pieces so that size does not matter.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const PIECE = 1 << 20;

/** Lower-case hexadecimal SHA-256 and the number of bytes hashed. Throws what `fs` throws. */
export function sha256File(path: string): { sha256: string; bytes: number } {
  const fd = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE);
    let bytes = 0;
    for (let n = readSync(fd, piece, 0, PIECE, bytes); n > 0; n = readSync(fd, piece, 0, PIECE, bytes)) {
      hash.update(piece.subarray(0, n));
      bytes += n;
    }
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    closeSync(fd);
  }
}

/** Bytes that `fingerprintFile` looks at: an event log's header and first chunk. */
const FINGERPRINT_BYTES = 4096 + 65536;

/** A hash of a file's size and beginning: files that differ in it differ; equal ones are worth comparing whole. */
export function fingerprintFile(path: string, bytes: number): string {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.allocUnsafe(FINGERPRINT_BYTES);
    const n = readSync(fd, head, 0, FINGERPRINT_BYTES, 0);
    return `${bytes}:${createHash('sha256').update(head.subarray(0, n)).digest('hex')}`;
  } finally {
    closeSync(fd);
  }
}
