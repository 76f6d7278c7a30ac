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

/**
 * Reads the pieces of `[from, to)` that end with a text (in ASCII), numbered from 1, each with the byte that it begins at: records that
 * stand one behind the other without line ends. What is left behind the last is given too.
 */
export function readPieces(fd: number, from: number, to: number, ending: string, onPiece: OnLine): LinesResult {
  const mark = Buffer.alloc(4);
  const n = from === 0 ? readSync(fd, mark, 0, 4, 0) : 0;
  const wide = n >= 2 && ((mark[0] === 0xff && mark[1] === 0xfe) || (mark[0] === 0xfe && mark[1] === 0xff));
  const big = wide && mark[0] === 0xfe;
  const marked = n >= 3 && mark[0] === 0xef && mark[1] === 0xbb && mark[2] === 0xbf;
  const end = wide ? Buffer.from(ending, 'utf16le') : Buffer.from(ending);
  if (big) end.swap16();
  const decoder = new TextDecoder(big ? 'utf-16be' : 'utf-16le');
  const text = (b: Buffer): string => (wide ? decoder.decode(b) : decode(b));
  const block = Buffer.allocUnsafeSlow(BLOCK);
  const cut: number[] = [];
  let nulBytes = false;
  let piece = 0;
  let at = wide ? 2 : marked ? 3 : from;
  let rest = Buffer.alloc(0);
  let restAt = at;
  let dropped = 0;
  const give = (b: Buffer, offset: number): boolean => {
    piece++;
    if (dropped > 0) cut.push(piece);
    dropped = 0;
    let t = text(b);
    if (t.includes('\0')) {
      nulBytes = true;
      t = t.replaceAll('\0', '');
    }
    return onPiece(t, piece, offset) !== false;
  };
  while (at < to) {
    const got = readSync(fd, block, 0, Math.min(BLOCK, to - at), at);
    if (got === 0) break;
    at += got;
    const known = rest.length;
    const data = Buffer.concat([rest, block.subarray(0, got)]);
    let start = 0;
    for (let i = data.indexOf(end, Math.max(0, known - end.length)); i >= 0; i = data.indexOf(end, i + 1)) {
      // In UTF-16 only whole characters count.
      if (i < start || (wide && (restAt + i) % 2 !== 0)) continue;
      const stop = i + end.length;
      if (!give(data.subarray(start, stop), restAt + start)) return { lines: piece, cut, nulBytes };
      start = stop;
    }
    rest = data.subarray(start);
    restAt += start;
    if (rest.length > MAX_LINE_BYTES) {
      // The end of what is too long is looked for; its beginning is kept.
      const keep = Buffer.concat([rest.subarray(0, MAX_LINE_BYTES >> 1), rest.subarray(rest.length - end.length * 2)]);
      dropped += rest.length - keep.length;
      rest = keep;
    }
  }
  if (rest.length > 0 && text(rest).trim() !== '') give(rest, restAt);
  return { lines: piece, cut, nulBytes };
}

/** The unit of a JSON document: the objects of its lists. */
export const MEMBERS = Symbol('members of a list');
/** Open brackets whose kind is kept; an object deeper than that begins no member. */
const MAX_DEPTH = 512;

/**
 * Reads the objects that stand in lists of a JSON document of `[from, to)`, in UTF-8, numbered from 1, each with the byte that it begins at.
 * Nothing but one object is held. What cannot be given (an object above the limit, one without an end, a document that is cut, one behind
 * it without a list) is given as `{`, so that it counts as a record that cannot be read.
 */
export function readMembers(fd: number, from: number, to: number, onMember: OnLine): LinesResult {
  const block = Buffer.allocUnsafeSlow(BLOCK);
  const cut: number[] = [];
  let nulBytes = false;
  let member = 0;
  // What is open: whether it is a list, outermost first, and how many; inside a member only the number is kept.
  const lists: boolean[] = [];
  let depth = 0;
  let quoted = false;
  let escaped = false;
  let begin = -1;
  let beginDepth = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  // Of the outermost object: its byte, and whether a list was in it.
  let outer = from;
  let listed = false;
  for (let at = from; at < to;) {
    const n = readSync(fd, block, 0, Math.min(BLOCK, to - at), at);
    if (n === 0) break;
    let start = begin >= 0 ? 0 : -1;
    for (let i = 0; i < n; i++) {
      const c = block[i]!;
      if (quoted) {
        if (escaped) escaped = false;
        else if (c === 0x5c) escaped = true;
        else if (c === 0x22) quoted = false;
        continue;
      }
      if (c === 0x22) quoted = true;
      else if (c === 0x7b || c === 0x5b) {
        if (depth === 0) {
          outer = at + i;
          listed = false;
        }
        if (begin < 0) {
          if (c === 0x7b && depth > 0 && lists[depth - 1] === true) {
            begin = at + i;
            start = i;
            beginDepth = depth;
          } else {
            listed ||= c === 0x5b;
            if (depth < MAX_DEPTH) lists[depth] = c === 0x5b;
          }
        }
        depth++;
      } else if (c === 0x7d || c === 0x5d) {
        if (depth === 0) continue;
        depth--;
        if (depth === 0 && c === 0x7d && !listed && onMember('{', ++member, outer) === false)
          return { lines: member, cut, nulBytes };
        if (begin < 0 || depth > beginDepth) continue;
        member++;
        const own = block.subarray(start, i + 1);
        let text = '{';
        // Half of an object is none.
        if (heldBytes + own.length <= MAX_LINE_BYTES)
          text = decode(held.length === 0 ? own : Buffer.concat([...held, own]));
        else if (cut.length < 100) cut.push(member);
        if (text.includes('\0')) {
          nulBytes = true;
          text = text.replaceAll('\0', '');
        }
        if (onMember(text, member, begin) === false) return { lines: member, cut, nulBytes };
        held = [];
        heldBytes = 0;
        begin = -1;
        start = -1;
      }
    }
    if (begin >= 0) {
      if (heldBytes <= MAX_LINE_BYTES) held.push(Buffer.from(block.subarray(start, n)));
      heldBytes += n - start;
    }
    at += n;
  }
  // What was begun and has no end.
  if (depth > 0 || quoted) onMember('{', ++member, begin >= 0 ? begin : outer);
  return { lines: member, cut, nulBytes };
}

/** The records of a format in a part of a file: as lines, as blocks of so many bytes, as pieces that end with a text, as members of a list. */
export const readUnits = (
  fd: number,
  from: number,
  to: number,
  unit: number | string | typeof MEMBERS | undefined,
  onUnit: OnLine,
): LinesResult =>
  unit === MEMBERS
    ? readMembers(fd, from, to, onUnit)
    : unit === undefined
      ? readLines(fd, from, to, onUnit)
      : typeof unit === 'number'
        ? readBlocks(fd, from, to, unit, onUnit)
        : readPieces(fd, from, to, unit, onUnit);

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
