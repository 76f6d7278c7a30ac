// A file as lines: UTF-8 (with or without a byte order mark), UTF-16 with one, anything else as Windows-1252, told line
// by line where a file mixes them. Line ends are LF or CR LF. Memory is bounded by the block, whatever the lines are.
import { isAscii, isUtf8 } from 'node:buffer';
import { readSync } from 'node:fs';

const BLOCK = 1 << 20;
/** Bytes of one line that are looked at; the rest of a longer line is dropped and told. */
export const MAX_LINE_BYTES = 4 << 20;

const latin = new TextDecoder('windows-1252');

export interface LinesResult {
  readonly lines: number;
  /** Numbers of lines that were cut. */
  readonly cut: readonly number[];
  readonly nulBytes: boolean;
}

/** False ends the reading. */
export type OnLine = (text: string, line: number, offset: number) => boolean | void;

const decode = (b: Buffer): string =>
  isAscii(b) ? b.toString('latin1') : isUtf8(b) ? b.toString('utf8') : latin.decode(b);

/** Reads blocks of `size` bytes in `[from, to)` as Latin-1 text, numbered from 1; one that is cut at the end is given too. */
export function readBlocks(fd: number, from: number, to: number, size: number, onBlock: OnLine): LinesResult {
  const buffer = Buffer.allocUnsafe(size * Math.max(1, Math.floor(BLOCK / size)));
  let n = 0;
  for (let at = from; at < to;) {
    const got = readSync(fd, buffer, 0, Math.min(buffer.length, to - at), at);
    if (got === 0) break;
    for (let i = 0; i < got; i += size)
      if (onBlock(buffer.toString('latin1', i, Math.min(got, i + size)), ++n, at + i) === false)
        return { lines: n, cut: [], nulBytes: false };
    at += got;
  }
  return { lines: n, cut: [], nulBytes: false };
}

/** The records of a format in a part of a file, as lines or as blocks. */
export const readUnits = (
  fd: number,
  from: number,
  to: number,
  block: number | undefined,
  onUnit: OnLine,
): LinesResult => (block === undefined ? readLines(fd, from, to, onUnit) : readBlocks(fd, from, to, block, onUnit));

/** Reads the lines that start in `[from, to)`. `from` must be the start of a line. Throws what `fs` throws. */
export function readLines(fd: number, from: number, to: number, onLine: OnLine): LinesResult {
  const block = Buffer.allocUnsafeSlow(BLOCK);
  const cut: number[] = [];
  let nulBytes = false;
  let line = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let heldAt = from;
  let at = from;
  if (from === 0) {
    const n = readSync(fd, block, 0, 4, 0);
    if (n >= 2 && ((block[0] === 0xff && block[1] === 0xfe) || (block[0] === 0xfe && block[1] === 0xff)))
      return readUtf16(fd, to, block[0] === 0xfe, onLine);
    if (n >= 3 && block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf) at = heldAt = 3;
  }
  let stopped = false;
  const give = (bytes: Buffer, offset: number): void => {
    let b = bytes;
    if (b.length > 0 && b[b.length - 1] === 0x0d) b = b.subarray(0, b.length - 1);
    line++;
    if (b.length > MAX_LINE_BYTES) {
      if (cut.length < 100) cut.push(line);
      b = b.subarray(0, MAX_LINE_BYTES);
    }
    let text = decode(b);
    if (text.includes('\0')) {
      nulBytes = true;
      text = text.replaceAll('\0', '');
    }
    if (onLine(text, line, offset) === false) stopped = true;
  };
  for (;;) {
    const n = readSync(fd, block, 0, BLOCK, at);
    if (n === 0) break;
    const data = block.subarray(0, n);
    const last = data.lastIndexOf(0x0a);
    let pos = 0;
    if (held.length > 0) {
      const end = data.indexOf(0x0a);
      if (end < 0) {
        if (heldBytes <= MAX_LINE_BYTES) held.push(Buffer.from(data));
        heldBytes += n;
        at += n;
        continue;
      }
      give(Buffer.concat([...held, data.subarray(0, end)]), heldAt);
      held = [];
      heldBytes = 0;
      pos = end + 1;
    }
    if (at + pos < to && last >= pos) {
      const body = data.subarray(pos, last);
      if (isAscii(body)) {
        const text = body.toString('latin1');
        const nul = text.includes('\0');
        nulBytes ||= nul;
        let start = 0;
        const base = at + pos;
        while (start <= text.length && base + start < to) {
          let end = text.indexOf('\n', start);
          if (end < 0) end = text.length;
          const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
          const one = text.slice(start, stop);
          // NULs of a torn write are no part of what was logged.
          if (onLine(nul ? one.replaceAll('\0', '') : one, ++line, base + start) === false)
            return { lines: line, cut, nulBytes };
          start = end + 1;
        }
      } else {
        let start = pos;
        while (start <= last && at + start < to) {
          const end = data.indexOf(0x0a, start);
          give(data.subarray(start, end), at + start);
          if (stopped) return { lines: line, cut, nulBytes };
          start = end + 1;
        }
      }
    }
    if (at + last + 1 >= to && last >= 0) return { lines: line, cut, nulBytes };
    if (last + 1 < n || last < 0) {
      const rest = last < 0 ? pos : last + 1;
      if (rest < n && at + rest < to) {
        heldAt = at + rest;
        held = [Buffer.from(data.subarray(rest))];
        heldBytes = n - rest;
      }
    }
    at += n;
    if (at >= to && held.length === 0) break;
  }
  if (held.length > 0) give(Buffer.concat(held), heldAt);
  return { lines: line, cut, nulBytes };
}

/** UTF-16 with a byte order mark; read from its start, in one part. */
function readUtf16(fd: number, to: number, bigEndian: boolean, onLine: OnLine): LinesResult {
  const decoder = new TextDecoder(bigEndian ? 'utf-16be' : 'utf-16le');
  const block = Buffer.allocUnsafeSlow(BLOCK);
  const cut: number[] = [];
  let line = 0;
  let rest = '';
  let offset = 2;
  let dropped = false;
  for (let at = 2; at < to;) {
    const n = readSync(fd, block, 0, Math.min(BLOCK, to - at), at);
    if (n === 0) break;
    at += n;
    const text = rest + decoder.decode(block.subarray(0, n), { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
      line++;
      if (dropped) cut.push(line);
      dropped = false;
      onLine(text.slice(start, stop), line, offset);
      offset += (end + 1 - start) * 2;
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length * 2 > MAX_LINE_BYTES) {
      dropped = true;
      offset += (rest.length - (MAX_LINE_BYTES >> 1)) * 2;
      rest = rest.slice(0, MAX_LINE_BYTES >> 1);
    }
  }
  if (rest !== '') onLine(rest, ++line, offset);
  return { lines: line, cut, nulBytes: false };
}
