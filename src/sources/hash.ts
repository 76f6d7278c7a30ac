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
