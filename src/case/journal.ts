// What a run has read so far, as frames one after another: a run that was broken off reads on behind the last frame that
// counts, and a finished case can be added to without reading its evidence again. A frame is its length (4 bytes,
// little-endian) and a value in V8's serialization.
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';

export const JOURNAL_FILE = 'journal.bin';
const SHORT = 'the journal is shorter than the store says';
const FLUSH_BYTES = 1 << 20;
/** No frame is longer: a length beyond is damage. */
const MAX_FRAME = 1 << 30;

export class Journal {
  readonly #fd: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes of all frames so far, those not yet written included. */
  bytes: number;

  private constructor(fd: number, bytes: number) {
    this.#fd = fd;
    this.bytes = bytes;
  }

  /** Opens a journal behind its first `bytes` bytes; what comes after them is dropped. Throws what `fs` throws, and an
   * `Error` where there are not so many. */
  static open(path: string, bytes: number): Journal {
    const fd = openSync(path, bytes === 0 ? 'w+' : 'r+');
    if (fstatSync(fd).size < bytes) {
      closeSync(fd);
      throw new Error(SHORT);
    }
    ftruncateSync(fd, bytes);
    return new Journal(fd, bytes);
  }

  append(frame: unknown): void {
    const body = serialize(frame);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.length);
    this.#held.push(head, body);
    this.#heldBytes += 4 + body.length;
    this.bytes += 4 + body.length;
    if (this.#heldBytes > FLUSH_BYTES) this.#write();
  }

  #write(): void {
    if (this.#heldBytes === 0) return;
    const all = Buffer.concat(this.#held);
    let at = this.bytes - this.#heldBytes;
    for (let from = 0; from < all.length;) {
      const n = writeSync(this.#fd, all, from, all.length - from, at);
      from += n;
      at += n;
    }
    this.#held = [];
    this.#heldBytes = 0;
  }

  /** All frames are on disk. */
  sync(): void {
    this.#write();
    fdatasyncSync(this.#fd);
  }

  close(): void {
    this.#write();
    closeSync(this.#fd);
  }

  /** The frames of the first `bytes` bytes. Throws an `Error` where they are not whole. */
  static *read(path: string, bytes: number): Generator {
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(4);
      for (let at = 0; at < bytes;) {
        if (readSync(fd, head, 0, 4, at) !== 4) throw new Error(SHORT);
        const n = head.readUInt32LE();
        if (n > MAX_FRAME || at + 4 + n > bytes) throw new Error('the journal is damaged');
        const body = Buffer.alloc(n);
        if (readSync(fd, body, 0, n, at + 4) !== n) throw new Error(SHORT);
        yield deserialize(body) as unknown;
        at += 4 + n;
      }
    } finally {
      closeSync(fd);
    }
  }
}
