// BinXML value types (MS-EVEN6 2.2.12) as text and as JSON bytes. Two ways to the same text: `valueText` makes a
// string for one value that somebody asked for; `writeJsonValue` copies straight from the chunk into the output.
// A value whose size contradicts its type is an `EvtxError`, which the record's reader turns into a diagnostic.
import {
  civilFromDays,
  copyBytes,
  filetimeText,
  i32,
  jsonUtf16,
  putHex32,
  putHexByte,
  putUint,
  splitFiletime,
  u16,
  u32,
} from '../../base/index.js';
import { EvtxError } from './error.js';
import { CDATA, TEXT, type TextNode, VALUE, type ValueNode } from './node.js';

export const T_NULL = 0x00;
export const T_STRING = 0x01;
export const T_ANSI = 0x02;
export const T_INT8 = 0x03;
export const T_UINT8 = 0x04;
export const T_INT16 = 0x05;
export const T_UINT16 = 0x06;
export const T_INT32 = 0x07;
export const T_UINT32 = 0x08;
export const T_INT64 = 0x09;
export const T_UINT64 = 0x0a;
export const T_REAL32 = 0x0b;
export const T_REAL64 = 0x0c;
export const T_BOOL = 0x0d;
export const T_BINARY = 0x0e;
export const T_GUID = 0x0f;
export const T_SIZE = 0x10;
export const T_FILETIME = 0x11;
export const T_SYSTIME = 0x12;
export const T_SID = 0x13;
export const T_HEX32 = 0x14;
export const T_HEX64 = 0x15;
export const T_EVT_HANDLE = 0x20;
export const T_BINXML = 0x21;
export const T_EVT_XML = 0x23;
export const ARRAY_FLAG = 0x80;

/** Bytes of one value of a type; 0 where the length says it. */
const FIXED = new Uint8Array(256);
for (const [t, n] of [
  [T_INT8, 1],
  [T_UINT8, 1],
  [T_INT16, 2],
  [T_UINT16, 2],
  [T_INT32, 4],
  [T_UINT32, 4],
  [T_INT64, 8],
  [T_UINT64, 8],
  [T_REAL32, 4],
  [T_REAL64, 8],
  [T_BOOL, 4],
  [T_GUID, 16],
  [T_FILETIME, 8],
  [T_SYSTIME, 16],
  [T_HEX32, 4],
  [T_HEX64, 8],
] as const)
  FIXED[t] = n;

export function fixedSize(type: number): number {
  return FIXED[type]!;
}

/** JSON prints these without quotes: integers and booleans. Hexadecimal, size and floating types are text. */
export const isBareType = (type: number): boolean => (type >= T_INT8 && type <= T_UINT64) || type === T_BOOL;

const ansi = new TextDecoder('windows-1252');

/** Length in bytes of UTF-16 text up to its first NUL. */
export function utf16Length(b: Uint8Array, o: number, n: number): number {
  const end = o + (n & ~1);
  for (let i = o; i < end; i += 2) if (b[i] === 0 && b[i + 1] === 0) return i - o;
  return n & ~1;
}

/** Where text of ASCII alone is put together: as one byte a character it takes half the memory and compares faster. */
const scratch = Buffer.alloc(32768);

export function utf16Text(b: Buffer, o: number, n: number): string {
  const end = o + (n & ~1);
  let k = 0;
  for (let i = o; i < end; i += 2) {
    const c = b[i]!;
    if (b[i + 1] !== 0 || c >= 0x80) {
      k = -1;
      break;
    }
    if (c === 0) break;
    scratch[k++] = c;
  }
  if (k >= 0) return scratch.toString('latin1', 0, k);
  return b.toString('utf16le', o, o + utf16Length(b, o, n));
}

function ansiText(b: Uint8Array, o: number, n: number): string {
  return ansi.decode(b.subarray(o, o + n)).replaceAll('\0', '');
}

const f64 = new Float64Array(1);
const f64Bytes = new Uint8Array(f64.buffer);
const f32 = new Float32Array(1);
const f32Bytes = new Uint8Array(f32.buffer);

/** Shortest decimal that reads back as the same number, always with a point or an exponent. */
function realText(value: number, single: boolean): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  let text = String(value);
  if (single) {
    for (let p = 1; p <= 9; p++) {
      const t = Number(value.toPrecision(p));
      if (Math.fround(t) === value) {
        text = String(t);
        break;
      }
    }
  }
  if (Object.is(value, -0)) text = '-0';
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function hexText(lo: number, hi: number): string {
  return hi === 0 ? `0x${lo.toString(16)}` : `0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`;
}

const hex2 = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** `{54849625-5478-4994-a5ba-3e3b0328c30d}`: lower case in braces, as Windows renders it. */
export function guidText(b: Uint8Array, o: number): string {
  let out = '{';
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) out += '-';
    out += hex2[b[o + GUID_ORDER[i]!]!];
  }
  return `${out}}`;
}

/** The 48-bit identifier authority, the one big-endian number of the format. */
const sidAuthority = (b: Uint8Array, o: number): number =>
  ((b[o + 2]! << 8) | b[o + 3]!) * 4294967296 +
  (((b[o + 4]! << 24) | (b[o + 5]! << 16) | (b[o + 6]! << 8) | b[o + 7]!) >>> 0);

/** `S-1-5-21-…`; `size` bytes bound it. Throws `EvtxError` when the sub-authorities do not fit. */
export function sidText(b: Uint8Array, o: number, size: number): string {
  if (size < 8 || size < 8 + b[o + 1]! * 4) throw new EvtxError('evtx.record-body', o, 'a SID', `${size} bytes`);
  let out = `S-${b[o]}-${sidAuthority(b, o)}`;
  for (let i = 0; i < b[o + 1]!; i++) out += `-${u32(b, o + 8 + i * 4)}`;
  return out;
}

const days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const p2 = (n: number): string => String(n).padStart(2, '0');

function systimeText(b: Uint8Array, o: number): string {
  const [y, m, d] = [u16(b, o), u16(b, o + 2), u16(b, o + 6)];
  const [h, mi, s, ms] = [u16(b, o + 8), u16(b, o + 10), u16(b, o + 12), u16(b, o + 14)];
  const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  const max = m === 2 && !leap ? 28 : (days[m - 1] ?? 0);
  if (y < 1601 || y > 30827 || d < 1 || d > max || h > 23 || mi > 59 || s > 59 || ms > 999)
    return '1601-01-01T00:00:00.0000000Z';
  return `${String(y % 10000).padStart(4, '0')}-${p2(m)}-${p2(d)}T${p2(h)}:${p2(mi)}:${p2(s)}.${String(ms * 10000).padStart(7, '0')}Z`;
}

const sizeError = (type: number, o: number, n: number): EvtxError =>
  new EvtxError('evtx.record-body', o, `a value of type 0x${type.toString(16)}`, `${n} bytes`);

/** Text of one value that is no array and no BinXML. `n` is the size that the record gives. */
export function valueText(b: Buffer, type: number, o: number, n: number): string {
  const fixed = FIXED[type]!;
  if (fixed > n) {
    if (n === 0) return '';
    throw sizeError(type, o, n);
  }
  switch (type) {
    case T_NULL:
      return '';
    case T_STRING:
      return utf16Text(b, o, n);
    case T_ANSI:
      return ansiText(b, o, n);
    case T_INT8:
      return String((b[o]! << 24) >> 24);
    case T_UINT8:
      return String(b[o]);
    case T_INT16:
      return String((u16(b, o) << 16) >> 16);
    case T_UINT16:
      return String(u16(b, o));
    case T_INT32:
      return String(i32(b, o));
    case T_UINT32:
      return String(u32(b, o));
    case T_INT64:
      return b.readBigInt64LE(o).toString();
    case T_UINT64:
      return u32(b, o + 4) === 0 ? String(u32(b, o)) : b.readBigUInt64LE(o).toString();
    case T_REAL32:
      f32Bytes.set(b.subarray(o, o + 4));
      return realText(f32[0]!, true);
    case T_REAL64:
      f64Bytes.set(b.subarray(o, o + 8));
      return realText(f64[0]!, false);
    case T_BOOL: {
      const v = i32(b, o);
      return v === 0 ? 'false' : v === 1 ? 'true' : String(v);
    }
    case T_BINARY:
      return b.toString('hex', o, o + n).toUpperCase();
    case T_GUID:
      return guidText(b, o);
    case T_SIZE:
      if (n === 4) return hexText(u32(b, o), 0);
      if (n === 8) return hexText(u32(b, o), u32(b, o + 4));
      if (n === 0) return '';
      throw sizeError(type, o, n);
    case T_FILETIME:
      return filetimeText(u32(b, o), u32(b, o + 4));
    case T_SYSTIME:
      return systimeText(b, o);
    case T_SID:
      return n === 0 ? '' : sidText(b, o, n);
    case T_HEX32:
      return hexText(u32(b, o), 0);
    case T_HEX64:
      return hexText(u32(b, o), u32(b, o + 4));
    default:
      if (n === 0) return '';
      throw new EvtxError(
        'evtx.record-body',
        o,
        'a BinXML value type of MS-EVEN6 2.2.12',
        `type 0x${type.toString(16)}`,
      );
  }
}

/** Splits an array value into the texts of its items. */
export function arrayItems(b: Buffer, type: number, o: number, n: number): string[] {
  const item = type & ~ARRAY_FLAG;
  const out: string[] = [];
  const end = o + n;
  if (item === T_STRING) {
    let i = o;
    while (i + 1 < end) {
      const len = utf16Length(b, i, end - i);
      out.push(b.toString('utf16le', i, i + len));
      i += len + 2;
    }
    return out;
  }
  if (item === T_ANSI) {
    if (n === 0) return out;
    let from = o;
    const last = b[end - 1] === 0 ? end - 1 : end;
    for (let i = o; i <= last; i++)
      if (i === last || b[i] === 0) {
        out.push(ansi.decode(b.subarray(from, i)));
        from = i + 1;
      }
    return out;
  }
  if (item === T_SID) {
    let i = o;
    while (i + 8 <= end) {
      const len = 8 + b[i + 1]! * 4;
      out.push(sidText(b, i, Math.min(len, end - i)));
      i += len;
    }
    return out;
  }
  const step = item === T_SIZE ? 8 : FIXED[item]!;
  if (step === 0)
    throw new EvtxError('evtx.record-body', o, 'an array of a BinXML value type', `type 0x${type.toString(16)}`);
  for (let i = o; i + step <= end; i += step) out.push(valueText(b, item, i, step));
  return out;
}

/** A value as a node of a resolved tree. Strings become text nodes. */
export function valueNode(b: Buffer, type: number, o: number, n: number): TextNode | ValueNode {
  if (type === T_STRING || type === T_ANSI) return { kind: TEXT, text: valueText(b, type, o, n) };
  if ((type & ARRAY_FLAG) !== 0) {
    const items = arrayItems(b, type, o, n);
    return { kind: VALUE, type, text: items.join(','), empty: items.length === 0, bare: false, items };
  }
  const text = valueText(b, type, o, n);
  return {
    kind: VALUE,
    type,
    text,
    empty: text === '' && (n === 0 || type === T_NULL),
    bare: isBareType(type) && text !== '',
  };
}

export function cdataNode(text: string): TextNode {
  return { kind: CDATA, text };
}

/** Whether a substitution value adds no text, decided from its bytes (see `isContent` for resolved nodes). */
export function isEmptyValue(b: Uint8Array, type: number, o: number, n: number): boolean {
  if (n === 0 || type === T_NULL) return true;
  if (type === T_STRING) return n < 2 || (b[o] === 0 && b[o + 1] === 0);
  return false;
}

let cachedDay = -1;
let cachedDate = new Uint8Array(0);

/** `2021-10-25T20:17:07.5650112Z`; the date is made once a day of log. */
function putDateTime(w: Uint8Array, p: number, lo: number, hi: number): number {
  if (hi > 0x7fffffff) return copyBytes(w, p, INVALID_TIME);
  const { seconds, ticks } = splitFiletime(lo, hi);
  const day = Math.floor(seconds / 86400);
  if (day !== cachedDay) {
    const [y, m, d] = civilFromDays(day - 134774);
    cachedDay = day;
    cachedDate = Buffer.from(`${String(y % 10000).padStart(4, '0')}-${p2(m)}-${p2(d)}T`, 'latin1');
  }
  p = copyBytes(w, p, cachedDate);
  const s = seconds - day * 86400;
  const h = (s / 3600) | 0;
  const mi = ((s / 60) | 0) % 60;
  const sec = s % 60;
  w[p] = 48 + ((h / 10) | 0);
  w[p + 1] = 48 + (h % 10);
  w[p + 2] = 58;
  w[p + 3] = 48 + ((mi / 10) | 0);
  w[p + 4] = 48 + (mi % 10);
  w[p + 5] = 58;
  w[p + 6] = 48 + ((sec / 10) | 0);
  w[p + 7] = 48 + (sec % 10);
  w[p + 8] = 46;
  let t = ticks;
  for (let i = 15; i > 8; i--) {
    const q = (t / 10) | 0;
    w[p + i] = 48 + t - q * 10;
    t = q;
  }
  w[p + 16] = 90;
  return p + 17;
}
const INVALID_TIME = Buffer.from('0000-00-00T00:00:00.0000000Z', 'latin1');

/** Room that `putJsonValue` needs for a value of `n` bytes. */
export const jsonRoom = (n: number): number => n * 6 + 80;

/**
 * Writes a value that is not empty as JSON at `p` of `w`, bare for integers and booleans, quoted otherwise, and returns
 * the end; -1 for types that this fast way leaves to the tree (arrays, BinXML, rare ones). Needs `jsonRoom(n)`.
 */
export function putJsonValue(
  w: Uint8Array,
  p: number,
  b: Buffer,
  view: DataView,
  type: number,
  o: number,
  n: number,
): number {
  if (FIXED[type]! > n) return -1;
  switch (type) {
    case T_STRING:
      w[p++] = 0x22;
      p = jsonUtf16(w, p, view, o, n);
      w[p] = 0x22;
      return p + 1;
    case T_UINT8:
      return putUint(w, p, b[o]!);
    case T_UINT16:
      return putUint(w, p, u16(b, o));
    case T_UINT32:
      return putUint(w, p, u32(b, o));
    case T_UINT64: {
      const hi = u32(b, o + 4);
      if (hi < 0x200000) return putUint(w, p, u32(b, o) + hi * 4294967296);
      return putAscii(w, p, b.readBigUInt64LE(o).toString());
    }
    case T_INT8:
    case T_INT16:
    case T_INT32:
    case T_INT64:
    case T_BOOL:
      return putAscii(w, p, valueText(b, type, o, n));
    case T_HEX64:
    case T_HEX32: {
      const hi = type === T_HEX64 ? u32(b, o + 4) : 0;
      w[p] = 0x22;
      w[p + 1] = 0x30;
      w[p + 2] = 0x78;
      p += 3;
      if (hi !== 0) p = putHex32(w, p, hi, false);
      p = putHex32(w, p, u32(b, o), hi !== 0);
      w[p] = 0x22;
      return p + 1;
    }
    case T_GUID:
      w[p++] = 0x22;
      w[p++] = 0x7b;
      for (let i = 0; i < 16; i++) {
        if (i === 4 || i === 6 || i === 8 || i === 10) w[p++] = 0x2d;
        p = putHexByte(w, p, b[o + GUID_ORDER[i]!]!, false);
      }
      w[p] = 0x7d;
      w[p + 1] = 0x22;
      return p + 2;
    case T_FILETIME:
      w[p] = 0x22;
      p = putDateTime(w, p + 1, u32(b, o), u32(b, o + 4));
      w[p] = 0x22;
      return p + 1;
    case T_SID: {
      const subs = b[o + 1]!;
      if (n < 8 || n < 8 + subs * 4) return -1;
      w[p] = 0x22;
      w[p + 1] = 0x53;
      w[p + 2] = 0x2d;
      p = putUint(w, p + 3, b[o]!);
      w[p] = 0x2d;
      p = putUint(w, p + 1, sidAuthority(b, o));
      for (let i = 0; i < subs; i++) {
        w[p] = 0x2d;
        p = putUint(w, p + 1, u32(b, o + 8 + i * 4));
      }
      w[p] = 0x22;
      return p + 1;
    }
    case T_BINARY:
      w[p++] = 0x22;
      for (let i = o; i < o + n; i++) p = putHexByte(w, p, b[i]!, true);
      w[p] = 0x22;
      return p + 1;
    default:
      return -1;
  }
}

function putAscii(w: Uint8Array, p: number, text: string): number {
  for (let i = 0; i < text.length; i++) w[p++] = text.charCodeAt(i);
  return p;
}
