// Little-endian reads on a byte array, and a growing byte buffer that text is written to without making strings.

export const u16 = (b: Uint8Array, o: number): number => b[o]! | (b[o + 1]! << 8);
export const u32 = (b: Uint8Array, o: number): number =>
  (b[o]! | (b[o + 1]! << 8) | (b[o + 2]! << 16) | (b[o + 3]! << 24)) >>> 0;
export const i32 = (b: Uint8Array, o: number): number =>
  b[o]! | (b[o + 1]! << 8) | (b[o + 2]! << 16) | (b[o + 3]! << 24);
/** An unsigned 64-bit number as a float64; exact below 2^53, which every offset and record number of a real file is. */
export const u64 = (b: Uint8Array, o: number): number => u32(b, o) + u32(b, o + 4) * 4294967296;
export const u64Big = (b: Uint8Array, o: number): bigint => (BigInt(u32(b, o + 4)) << 32n) | BigInt(u32(b, o));

const HEX_LOWER = Buffer.from('0123456789abcdef', 'latin1');
const HEX_UPPER = Buffer.from('0123456789ABCDEF', 'latin1');

/** A byte buffer that grows. `pos` is the next free byte; `bytes` is replaced when it grows, so never keep it. */
export class ByteWriter {
  bytes: Buffer;
  /** The same memory as `bytes`: unaligned words are one machine instruction through it. */
  view: DataView;
  pos = 0;

  constructor(capacity = 1 << 16) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  /** Makes room for `n` more bytes. */
  ensure(n: number): void {
    if (this.pos + n <= this.bytes.length) return;
    const next = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.pos + n));
    this.bytes.copy(next, 0, 0, this.pos);
    this.bytes = next;
    this.view = new DataView(next.buffer, next.byteOffset, next.byteLength);
  }

  byte(v: number): void {
    this.ensure(1);
    this.bytes[this.pos++] = v;
  }

  /** Short constant bytes are copied by hand: a call into the runtime costs more than twenty stores. */
  raw(src: Uint8Array): void {
    const n = src.length;
    this.ensure(n);
    const b = this.bytes;
    let p = this.pos;
    if (n <= 48) for (let i = 0; i < n; i++) b[p++] = src[i]!;
    else {
      b.set(src, p);
      p += n;
    }
    this.pos = p;
  }

  /** Text that is known to be ASCII. */
  ascii(text: string): void {
    const n = text.length;
    this.ensure(n);
    const b = this.bytes;
    let p = this.pos;
    for (let i = 0; i < n; i++) b[p++] = text.charCodeAt(i);
    this.pos = p;
  }

  utf8(text: string): void {
    this.ensure(text.length * 3);
    this.pos += this.bytes.write(text, this.pos, 'utf8');
  }

  take(): Buffer {
    return this.bytes.subarray(0, this.pos);
  }
}

// 0: as is; 1: \u00XX; otherwise the letter after the backslash.
const JSON_ESCAPE = new Uint8Array(128);
JSON_ESCAPE.fill(1, 0, 32);
JSON_ESCAPE[0] = 2; // ends the text
JSON_ESCAPE[0x22] = 0x22;
JSON_ESCAPE[0x5c] = 0x5c;
JSON_ESCAPE[0x08] = 0x62;
JSON_ESCAPE[0x09] = 0x74;
JSON_ESCAPE[0x0a] = 0x6e;
JSON_ESCAPE[0x0c] = 0x66;
JSON_ESCAPE[0x0d] = 0x72;

/**
 * Writes UTF-16LE code units `src[from, from+n)` (n in bytes) as the inside of a JSON string in UTF-8 at `p` and
 * returns the end. The caller has made room for 3n bytes. An unpaired surrogate becomes U+FFFD, so that the output is
 * always valid UTF-8. Text ends at its first NUL. Two code units are read at a time: nearly all of them are plain ASCII.
 */
export function jsonUtf16(b: Uint8Array, p: number, src: DataView, from: number, n: number): number {
  const end = from + (n & ~1);
  let i = from;
  while (i < end) {
    while (i + 4 <= end) {
      const two = src.getInt32(i, true);
      if ((two & 0xff80ff80) !== 0) break;
      const c = two & 0x7f;
      const d = two >> 16;
      if (JSON_ESCAPE[c] !== 0 || JSON_ESCAPE[d] !== 0) break;
      b[p] = c;
      b[p + 1] = d;
      p += 2;
      i += 4;
    }
    if (i >= end) break;
    const c = src.getUint16(i, true);
    i += 2;
    if (c < 0x80) {
      const e = JSON_ESCAPE[c]!;
      if (e === 0) b[p++] = c;
      else {
        if (e === 2) return p;
        b[p++] = 0x5c;
        if (e !== 1) b[p++] = e;
        else {
          b[p++] = 0x75;
          b[p++] = 0x30;
          b[p++] = 0x30;
          b[p++] = HEX_LOWER[c >>> 4]!;
          b[p++] = HEX_LOWER[c & 15]!;
        }
      }
      continue;
    }
    if (c < 0x800) {
      b[p++] = 0xc0 | (c >>> 6);
      b[p++] = 0x80 | (c & 63);
    } else if (c < 0xd800 || c > 0xdfff) {
      b[p++] = 0xe0 | (c >>> 12);
      b[p++] = 0x80 | ((c >>> 6) & 63);
      b[p++] = 0x80 | (c & 63);
    } else {
      const low = c < 0xdc00 && i + 1 < end ? src.getUint16(i, true) : 0;
      if (low >= 0xdc00 && low <= 0xdfff) {
        const cp = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        b[p++] = 0xf0 | (cp >>> 18);
        b[p++] = 0x80 | ((cp >>> 12) & 63);
        b[p++] = 0x80 | ((cp >>> 6) & 63);
        b[p++] = 0x80 | (cp & 63);
        i += 2;
      } else {
        b[p++] = 0xef;
        b[p++] = 0xbf;
        b[p++] = 0xbd;
      }
    }
  }
  return p;
}

/** Constant output, as bytes and as 32-bit words for `putConst`. */
export interface Const {
  readonly length: number;
  readonly words: Int32Array;
  readonly bytes: Buffer;
}

export function constBytes(bytes: Buffer): Const {
  const words = new Int32Array((bytes.length + 3) >> 2);
  for (let i = 0; i < bytes.length; i++) words[i >> 2]! |= bytes[i]! << ((i & 3) * 8);
  return { length: bytes.length, words, bytes };
}

/** Writes constant bytes four at a time at `p` and returns the end. Up to three bytes behind the end are overwritten. */
export function putConst(view: DataView, p: number, c: Const): number {
  const { words } = c;
  for (let i = 0, q = p; i < words.length; i++, q += 4) view.setInt32(q, words[i]!, true);
  return p + c.length;
}

/** Copies `src` to `p` and returns the end. */
export function copyBytes(b: Uint8Array, p: number, src: Uint8Array): number {
  const n = src.length;
  for (let i = 0; i < n; i++) b[p++] = src[i]!;
  return p;
}

/** Writes an integer from 0 to 2^53 in decimal at `p` and returns the end. Needs 16 bytes of room. */
export function putUint(b: Uint8Array, p: number, v: number): number {
  if (v < 10) {
    b[p] = 48 + v;
    return p + 1;
  }
  if (v >= 0x40000000) {
    const text = String(v);
    for (let i = 0; i < text.length; i++) b[p++] = text.charCodeAt(i);
    return p;
  }
  let n = v | 0;
  const end =
    p +
    (n < 100
      ? 2
      : n < 1000
        ? 3
        : n < 10000
          ? 4
          : n < 100000
            ? 5
            : n < 1000000
              ? 6
              : n < 10000000
                ? 7
                : n < 100000000
                  ? 8
                  : n < 1000000000
                    ? 9
                    : 10);
  let q = end;
  while (q > p) {
    const t = (n / 10) | 0;
    b[--q] = 48 + n - t * 10;
    n = t;
  }
  return end;
}

/** Writes a 32-bit number in lower-case hexadecimal, all eight digits if `full`, at `p` and returns the end. */
export function putHex32(b: Uint8Array, p: number, v: number, full: boolean): number {
  let shift = 28;
  if (!full) while (shift > 0 && ((v >>> shift) & 15) === 0) shift -= 4;
  for (; shift >= 0; shift -= 4) b[p++] = HEX_LOWER[(v >>> shift) & 15]!;
  return p;
}

export function putHexByte(b: Uint8Array, p: number, v: number, upper: boolean): number {
  const digits = upper ? HEX_UPPER : HEX_LOWER;
  b[p] = digits[v >>> 4]!;
  b[p + 1] = digits[v & 15]!;
  return p + 2;
}

/** A JavaScript string as the inside of a JSON string, with the same escapes as `jsonUtf16`. */
export function jsonText(w: ByteWriter, text: string): void {
  const quoted = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
  w.utf8(quoted.slice(1, -1));
}
