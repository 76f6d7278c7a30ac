// The inner loop of the JSON output, in AssemblyScript (TypeScript for WebAssembly): records of one chunk through the
// programs of their templates into bytes. It sees nothing but its own memory, so a crafted log can at worst make it
// give up on a record. `npm run kernel` compiles it to json-kernel-code.ts; json-kernel.ts is its only caller and holds
// the other side of the memory map and of the operations below.
//
// Memory: the chunk, a table from chunk offsets to programs, the records to write, slots, output, programs.
const CHUNK: i32 = 0x10000; // one chunk, and 64 KiB behind it that may be read without meaning
const TABLE: i32 = 0x30000; // i32 for each chunk offset: 0 unknown, -1 not modelled, else the program of the template there
const SPANS: i32 = 0x70000; // offset and size of each record
const SLOTS: i32 = 0x80000; // type, offset, size of each substitution value
const SLOTS_END: i32 = 0xb0000;
const OUT: i32 = 0x100000;
const OUT_END: i32 = 0x500000;

const DONE: i32 = 0;
const NEEDS_PROGRAM: i32 = 1; // `arg` is the chunk offset of the definition
const NOT_MODELLED: i32 = 2; // the record at `next` needs the tree
const FULL: i32 = 3; // the output must be taken first

const LITERAL: i32 = 0;
const MEMBER: i32 = 1;
const CLOSE: i32 = 2;
const DEPENDS: i32 = 3;
const LEAF: i32 = 4;
const MEMBER_LEAF: i32 = 5;
const ELEMENT_VALUE: i32 = 6;
const ATTRIBUTES: i32 = 7;
const CHILD: i32 = 8; // any other: positional

const PART_BYTES: i32 = 20; // key, its length, text (0: none), its length, slot
const MAX_SLOTS: i32 = 8192; // as in binxml.ts
const MAX_DEPTH: i32 = 16;

const T_NULL: i32 = 0x00;
const T_STRING: i32 = 0x01;
const T_BINXML: i32 = 0x21;
const ARRAY_FLAG: i32 = 0x80;

export let next: i32 = 0;
export let out: i32 = OUT;
export let arg: i32 = 0;

/** Why a record was given up: `DONE` where its shape or a value is not modelled. */
let why: i32 = DONE;
let base: i32 = 0; // first slot of the instance that was read last
let count: i32 = 0;
let used: i32 = 0;
let cachedDay: i32 = -1;
const DATE: i32 = 0x800; // text of that day
const NULL_TEXT: i32 = 0x840;
const INVALID_TIME: i32 = 0x850;

function copy(p: i32, from: i32, n: i32): i32 {
  // Up to fifteen bytes behind the end are overwritten; constants have as many behind them.
  for (let i = 0; i < n; i += 16) v128.store(p + i, v128.load(from + i));
  return p + n;
}

/** Writes the records from `from` to `end`, each a line, from `p` on. */
export function run(from: i32, end: i32, p: i32): i32 {
  for (let i = from; i < end; i++) {
    next = i;
    out = p;
    const at = load<i32>(SPANS + i * 8);
    const size = load<i32>(SPANS + i * 8 + 4);
    used = 0;
    why = DONE;
    const program = read(CHUNK + at + 24, CHUNK + at + size - 4);
    let q = 0;
    if (program != 0) {
      if (!hasRoom(program, p, size)) q = 0;
      else {
        store<u8>(p, 0x7b);
        q = copy(p + 1, load<i32>(program + 16), load<i32>(program + 20));
        q = execute(program, q, size, base, count, 0);
      }
    }
    if (q == 0) {
      if (why != DONE) return why;
      return NOT_MODELLED;
    }
    store<u16>(q, 0x0a7d);
    p = q + 2;
  }
  next = end;
  out = p;
  return DONE;
}

function hasRoom(program: i32, p: i32, size: i32): bool {
  const need: i64 = <i64>load<i32>(program + 8) + <i64>size * <i64>load<i32>(program + 12);
  if (<i64>p + need <= <i64>OUT_END) return true;
  why = FULL;
  return false;
}

/** Reads a stream of one template instance into slots; its program, or 0. */
function read(pos: i32, end: i32): i32 {
  let at = pos;
  if (at + 4 <= end && load<u8>(at) == 0x0f) at += 4;
  if (at + 14 > end || load<u8>(at) != 0x0c) return 0;
  at++;
  const definition = load<u32>(at + 5);
  at += 9;
  if (definition == <u32>(at - CHUNK)) {
    if (at + 24 > end) return 0;
    const n = load<u32>(at + 20);
    if (n > 0x10000) return 0;
    at += 24 + <i32>n;
    if (at + 4 > end) return 0;
  }
  const n32 = load<u32>(at);
  at += 4;
  if (n32 > <u32>MAX_SLOTS) return 0;
  const n = <i32>n32;
  if (at + n * 4 > end) return 0;
  const first = SLOTS + used * 12;
  if (first + n * 12 > SLOTS_END) return 0;
  let value = at + n * 4;
  let slot = first;
  for (let i = 0; i < n; i++) {
    const d = load<u32>(at + i * 4);
    const size = <i32>(d & 0xffff);
    store<i32>(slot, <i32>((d >>> 16) & 0xff));
    store<i32>(slot + 4, value);
    store<i32>(slot + 8, size);
    value += size;
    slot += 12;
  }
  // Anything but the end behind the instance is a shape for the tree.
  if (value > end || (value < end && load<u8>(value) != 0)) return 0;
  if (definition >= 0x10000) return 0;
  const program = load<i32>(TABLE + ((<i32>definition) << 2));
  if (program == 0) {
    why = NEEDS_PROGRAM;
    arg = <i32>definition;
    return 0;
  }
  if (program < 0) return 0;
  base = first;
  count = n;
  used += n;
  return program;
}

function execute(program: i32, start: i32, recordSize: i32, slots: i32, n: i32, depth: i32): i32 {
  let p = start;
  let op = load<i32>(program);
  const end = load<i32>(program + 4);
  while (op < end) {
    switch (load<i32>(op)) {
      case LITERAL:
        p = copy(p, load<i32>(op + 4), load<i32>(op + 8));
        op += 12;
        break;
      case MEMBER_LEAF: {
        const guard = load<i32>(op + 12);
        if (guard >= 0 && guard < n && load<i32>(slots + guard * 12) == T_NULL) {
          op += 32;
          break;
        }
        if (load<u8>(p - 1) != 0x7b) store<u8>(p++, 0x2c);
        p = copy(p, load<i32>(op + 4), load<i32>(op + 8));
        p = leaf(p, op + 16, slots, n);
        if (p == 0) return 0;
        op += 32;
        break;
      }
      case LEAF:
        p = leaf(p, op + 4, slots, n);
        if (p == 0) return 0;
        op += 20;
        break;
      case MEMBER:
        if (load<u8>(p - 1) != 0x7b) store<u8>(p++, 0x2c);
        p = copy(p, load<i32>(op + 4), load<i32>(op + 8));
        op += 12;
        break;
      case CLOSE:
        if (load<u8>(p - 1) == 0x7b) p = copy(p - 1, NULL_TEXT, 4);
        else store<u8>(p++, 0x7d);
        op += 4;
        break;
      case DEPENDS: {
        const slot = load<i32>(op + 4);
        if (slot < n && load<i32>(slots + slot * 12) == T_NULL) op = load<i32>(op + 8);
        else op += 12;
        break;
      }
      case ELEMENT_VALUE: {
        p = elementValue(p, op, slots, n);
        if (p == 0) return 0;
        op += 20 + load<i32>(op + 16) * PART_BYTES;
        break;
      }
      case ATTRIBUTES: {
        p = attributes(p, op + 8, load<i32>(op + 4), slots, n);
        if (p == 0) return 0;
        op += 8 + load<i32>(op + 4) * PART_BYTES;
        break;
      }
      case CHILD: {
        p = child(p, op, recordSize, slots, n, depth);
        if (p == 0) return 0;
        op += 12 + load<i32>(op + 8) * 4;
        break;
      }
      default: {
        p = positional(p, op + 8, load<i32>(op + 4), slots, n);
        if (p == 0) return 0;
        op += 8 + load<i32>(op + 4) * PART_BYTES;
      }
    }
  }
  return p;
}

/** One substitution as all of an element; `op`: slot, constant for an empty value, its length, whether arrays list. */
function leaf(p: i32, op: i32, slots: i32, n: i32): i32 {
  const slot = load<i32>(op);
  if (slot >= n) return copy(p, load<i32>(op + 4), load<i32>(op + 8));
  const s = slots + slot * 12;
  const type = load<i32>(s);
  const from = load<i32>(s + 4);
  const size = load<i32>(s + 8);
  if (size == 0 || type == T_NULL) return copy(p, load<i32>(op + 4), load<i32>(op + 8));
  if (type == T_STRING) {
    store<u8>(p, 0x22);
    const end = utf16(p + 1, from, size);
    if (end == p + 1) return copy(p, load<i32>(op + 4), load<i32>(op + 8));
    store<u8>(end, 0x22);
    return end + 1;
  }
  if ((type & ARRAY_FLAG) != 0) {
    if (type != (T_STRING | ARRAY_FLAG)) return 0;
    const items = itemCount(from, size);
    const list = load<i32>(op + 12) != 0;
    if (items == 0 || (items > 1 && !list)) return 0;
    if (items > 1) store<u8>(p++, 0x5b);
    p = putItems(p, from, size, 0);
    if (items > 1) store<u8>(p++, 0x5d);
    return p;
  }
  return put(p, type, from, size);
}

function itemCount(from: i32, size: i32): i32 {
  let items = 0;
  const end = from + size;
  for (let i = from; i + 1 < end; items++) i += textLength(i, end - i) + 2;
  return items;
}

function textLength(from: i32, size: i32): i32 {
  const end = from + (size & ~1);
  for (let i = from; i < end; i += 2) if (load<u16>(i) == 0) return i - from;
  return size & ~1;
}

/** The items of an array of strings, with commas before all whose number, counted from `before`, is not the first. */
function putItems(p: i32, from: i32, size: i32, before: i32): i32 {
  const end = from + size;
  for (let i = from; i + 1 < end;) {
    const n = textLength(i, end - i);
    if (before++ > 0) store<u8>(p++, 0x2c);
    store<u8>(p++, 0x22);
    p = utf16(p, i, n);
    store<u8>(p++, 0x22);
    i += n + 2;
  }
  return p;
}

function isEmpty(type: i32, from: i32, size: i32): bool {
  if (size == 0 || type == T_NULL) return true;
  if (type == T_STRING) return size < 2 || load<u16>(from) == 0;
  return false;
}

// "#attributes":{ and ,"#text": stand in memory from the start.
const ATTRIBUTES_KEY: i32 = 0x880;
const TEXT_KEY: i32 = 0x8a0;

function attributes(start: i32, part: i32, parts: i32, slots: i32, n: i32): i32 {
  let p = start;
  for (let i = 0; i < parts; i++, part += PART_BYTES) {
    const text = load<i32>(part + 8);
    if (text != 0) {
      if (p == start) p = copy(p, ATTRIBUTES_KEY, 15);
      else store<u8>(p++, 0x2c);
      p = copy(p, load<i32>(part), load<i32>(part + 4));
      p = copy(p, text, load<i32>(part + 12));
      continue;
    }
    const slot = load<i32>(part + 16);
    if (slot >= n) continue;
    const s = slots + slot * 12;
    const type = load<i32>(s);
    const from = load<i32>(s + 4);
    const size = load<i32>(s + 8);
    if (isEmpty(type, from, size)) continue;
    if (p == start) p = copy(p, ATTRIBUTES_KEY, 15);
    else store<u8>(p++, 0x2c);
    p = copy(p, load<i32>(part), load<i32>(part + 4));
    p = put(p, type, from, size);
    if (p == 0) return 0;
  }
  if (p > start) store<u8>(p++, 0x7d);
  return p;
}

/** Attributes with a constant or one substitution as content; `op`: slot, constant, its length, number of parts. */
function elementValue(start: i32, op: i32, slots: i32, n: i32): i32 {
  const slot = load<i32>(op + 4);
  const text = load<i32>(op + 8);
  const length = load<i32>(op + 12);
  let empty = true;
  let type = 0;
  let from = 0;
  let size = 0;
  if (slot >= 0 && slot < n) {
    const s = slots + slot * 12;
    type = load<i32>(s);
    from = load<i32>(s + 4);
    size = load<i32>(s + 8);
    if (type == T_BINXML || (type & ARRAY_FLAG) != 0) return 0;
    empty = isEmpty(type, from, size);
  }
  store<u8>(start, 0x7b);
  let p = attributes(start + 1, op + 20, load<i32>(op + 16), slots, n);
  if (p == 0) return 0;
  if (p == start + 1) {
    // No attribute has a value: the content alone, or null.
    if (length > 0) return copy(start, text, length);
    if (empty) return copy(start, NULL_TEXT, 4);
    return put(start, type, from, size);
  }
  if (length > 0) {
    p = copy(p, TEXT_KEY, 9);
    p = copy(p, text, length);
  } else if (!empty) {
    p = copy(p, TEXT_KEY, 9);
    p = put(p, type, from, size);
    if (p == 0) return 0;
  }
  store<u8>(p++, 0x7d);
  return p;
}

function child(p: i32, op: i32, recordSize: i32, slots: i32, n: i32, depth: i32): i32 {
  const slot = load<i32>(op + 4);
  if (slot >= n) return p;
  const s = slots + slot * 12;
  const type = load<i32>(s);
  const from = load<i32>(s + 4);
  const size = load<i32>(s + 8);
  if (size == 0 || type == T_NULL) return p;
  if (type != T_BINXML || depth >= MAX_DEPTH) return 0;
  const before = used;
  const inner = read(from, from + size);
  if (inner == 0) return 0;
  const name = load<i32>(inner + 24);
  const taken = load<i32>(op + 8);
  for (let i = 0; i < taken; i++) if (load<i32>(op + 12 + i * 4) == name) return 0;
  if (!hasRoom(inner, p, recordSize)) return 0;
  if (load<u8>(p - 1) != 0x7b) store<u8>(p++, 0x2c);
  p = copy(p, load<i32>(inner + 16), load<i32>(inner + 20));
  p = execute(inner, p, recordSize, base, count, depth + 1);
  used = before;
  return p;
}

/** Unnamed Data elements: a list, or the value alone where there is one. */
function positional(start: i32, part: i32, parts: i32, slots: i32, n: i32): i32 {
  let p = start;
  let total = 0;
  store<u8>(p++, 0x5b);
  for (let i = 0; i < parts; i++, part += PART_BYTES) {
    if (total > 0) store<u8>(p++, 0x2c);
    total++;
    const text = load<i32>(part + 8);
    const slot = load<i32>(part + 16);
    if (text != 0) {
      p = copy(p, text, load<i32>(part + 12));
      continue;
    }
    let type = 0;
    let from = 0;
    let size = 0;
    if (slot < n) {
      const s = slots + slot * 12;
      type = load<i32>(s);
      from = load<i32>(s + 4);
      size = load<i32>(s + 8);
    }
    if (slot >= n || isEmpty(type, from, size)) {
      store<u16>(p, 0x2222);
      p += 2;
    } else if ((type & ARRAY_FLAG) != 0) {
      if (type != (T_STRING | ARRAY_FLAG)) return 0;
      const items = itemCount(from, size);
      if (items == 0) {
        store<u16>(p, 0x2222);
        p += 2;
      } else {
        p = putItems(p, from, size, 0);
        total += items - 1;
      }
    } else {
      p = put(p, type, from, size);
      if (p == 0) return 0;
    }
  }
  if (total == 1) {
    memory.copy(start, start + 1, p - start - 1);
    return p - 1;
  }
  store<u8>(p, 0x5d);
  return p + 1;
}

/** UTF-16 as the inside of a JSON string in UTF-8, up to its first NUL. An unpaired surrogate becomes U+FFFD. */
function utf16(p: i32, from: i32, size: i32): i32 {
  const end = from + (size & ~1);
  let i = from;
  const low = i16x8.splat(0x20);
  const high = i16x8.splat(0x7f);
  const quote = i16x8.splat(0x22);
  const slash = i16x8.splat(0x5c);
  while (i < end) {
    // Eight code units at a time, where all of them are plain. What is read behind the end is not counted.
    while (i < end) {
      const v = v128.load(i);
      const odd = v128.or(
        v128.or(i16x8.lt_u(v, low), i16x8.gt_u(v, high)),
        v128.or(i16x8.eq(v, quote), i16x8.eq(v, slash)),
      );
      const mask = i16x8.bitmask(odd);
      v128.store64_lane(p, i8x16.narrow_i16x8_u(v, v), 0);
      const plain: i32 = mask == 0 ? 8 : ctz(mask);
      const left = (end - i) >> 1;
      if (left <= plain) return p + left;
      p += plain;
      i += plain << 1;
      if (plain < 8) break;
    }
    const c = <i32>load<u16>(i);
    i += 2;
    if (c < 0x80) {
      if (c == 0) return p;
      store<u8>(p++, 0x5c);
      if (c == 0x22 || c == 0x5c) store<u8>(p++, c);
      else if (c == 0x08) store<u8>(p++, 0x62);
      else if (c == 0x09) store<u8>(p++, 0x74);
      else if (c == 0x0a) store<u8>(p++, 0x6e);
      else if (c == 0x0c) store<u8>(p++, 0x66);
      else if (c == 0x0d) store<u8>(p++, 0x72);
      else {
        store<u16>(p, 0x3075);
        store<u8>(p + 2, 0x30);
        store<u8>(p + 3, hex(c >>> 4, 0x57));
        store<u8>(p + 4, hex(c & 15, 0x57));
        p += 5;
      }
      continue;
    }
    if (c < 0x800) {
      store<u8>(p++, 0xc0 | (c >>> 6));
      store<u8>(p++, 0x80 | (c & 63));
    } else if (c < 0xd800 || c > 0xdfff) {
      p = three(p, c);
    } else {
      const d = c < 0xdc00 && i + 1 < end ? <i32>load<u16>(i) : 0;
      if (d >= 0xdc00 && d <= 0xdfff) {
        const cp = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
        store<u8>(p++, 0xf0 | (cp >>> 18));
        store<u8>(p++, 0x80 | ((cp >>> 12) & 63));
        store<u8>(p++, 0x80 | ((cp >>> 6) & 63));
        store<u8>(p++, 0x80 | (cp & 63));
        i += 2;
      } else p = three(p, 0xfffd);
    }
  }
  return p;
}

function three(p: i32, c: i32): i32 {
  store<u8>(p, 0xe0 | (c >>> 12));
  store<u8>(p + 1, 0x80 | ((c >>> 6) & 63));
  store<u8>(p + 2, 0x80 | (c & 63));
  return p + 3;
}

/** A hexadecimal digit; `letters` is 0x57 for lower case, 0x37 for upper. */
function hex(v: i32, letters: i32): i32 {
  return v + (v < 10 ? 0x30 : letters);
}

function hexByte(p: i32, v: i32, letters: i32): i32 {
  store<u8>(p, hex(v >>> 4, letters));
  store<u8>(p + 1, hex(v & 15, letters));
  return p + 2;
}

function hex64(p: i32, v: u64): i32 {
  store<u8>(p, 0x22);
  store<u16>(p + 1, 0x7830);
  p += 3;
  let digits = v == 0 ? 1 : <i32>((67 - clz(v)) >> 2);
  for (; digits > 0; digits--) store<u8>(p++, hex(<i32>((v >> ((<u64>(digits - 1)) << 2)) & 15), 0x57));
  store<u8>(p, 0x22);
  return p + 1;
}

function uint32(p: i32, v: u32): i32 {
  const n: i32 =
    v < 10
      ? 1
      : v < 100
        ? 2
        : v < 1000
          ? 3
          : v < 10000
            ? 4
            : v < 100000
              ? 5
              : v < 1000000
                ? 6
                : v < 10000000
                  ? 7
                  : v < 100000000
                    ? 8
                    : v < 1000000000
                      ? 9
                      : 10;
  return digits(p, v, n);
}

function digits(p: i32, v: u32, n: i32): i32 {
  for (let q = p + n - 1; q >= p; q--) {
    const t = v / 10;
    store<u8>(q, 0x30 + (v - t * 10));
    v = t;
  }
  return p + n;
}

function uint64(p: i32, v: u64): i32 {
  if (v < 0x100000000) return uint32(p, <u32>v);
  const high = v / 1000000000;
  p = uint64(p, high);
  return digits(p, <u32>(v - high * 1000000000), 9);
}

function int64(p: i32, v: i64): i32 {
  if (v >= 0) return uint64(p, <u64>v);
  store<u8>(p, 0x2d);
  return uint64(p + 1, <u64>(0 - v));
}

/** `2021-10-25T20:17:07.5650112Z` of a FILETIME. The date is made once a day of log. */
function time(p: i32, v: u64): i32 {
  if (v >> 63 != 0) return copy(p, INVALID_TIME, 28);
  const all = v / 10000000;
  const ticks = <u32>(v - all * 10000000);
  const day = <i32>(all / 86400);
  const s = <u32>(all - <u64>day * 86400);
  if (day != cachedDay) {
    cachedDay = day;
    const z: i64 = <i64>day - 134774 + 719468;
    const era: i64 = z / 146097;
    const doe: i64 = z - era * 146097;
    const yoe: i64 = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const doy: i64 = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const mp: i64 = (5 * doy + 2) / 153;
    const month: i64 = mp < 10 ? mp + 3 : mp - 9;
    const year: i64 = era * 400 + yoe + (month <= 2 ? 1 : 0);
    let q = digits(DATE, <u32>(year % 10000), 4);
    store<u8>(q, 0x2d);
    q = digits(q + 1, <u32>month, 2);
    store<u8>(q, 0x2d);
    q = digits(q + 1, <u32>(doy - (153 * mp + 2) / 5 + 1), 2);
    store<u8>(q, 0x54);
  }
  p = copy(p, DATE, 11);
  digits(p, s / 3600, 2);
  store<u8>(p + 2, 0x3a);
  digits(p + 3, (s / 60) % 60, 2);
  store<u8>(p + 5, 0x3a);
  digits(p + 6, s % 60, 2);
  store<u8>(p + 8, 0x2e);
  digits(p + 9, ticks, 7);
  store<u8>(p + 16, 0x5a);
  return p + 17;
}

/** A value that is not empty, bare for integers and booleans, quoted otherwise; 0 for what is left to the tree. */
function put(p: i32, type: i32, o: i32, n: i32): i32 {
  switch (type) {
    case 0x01:
      store<u8>(p, 0x22);
      p = utf16(p + 1, o, n);
      store<u8>(p, 0x22);
      return p + 1;
    case 0x03:
      return n < 1 ? 0 : int64(p, <i64>load<i8>(o));
    case 0x04:
      return n < 1 ? 0 : uint32(p, <u32>load<u8>(o));
    case 0x05:
      return n < 2 ? 0 : int64(p, <i64>load<i16>(o));
    case 0x06:
      return n < 2 ? 0 : uint32(p, <u32>load<u16>(o));
    case 0x07:
      return n < 4 ? 0 : int64(p, <i64>load<i32>(o));
    case 0x08:
      return n < 4 ? 0 : uint32(p, load<u32>(o));
    case 0x09:
      return n < 8 ? 0 : int64(p, load<i64>(o));
    case 0x0a:
      return n < 8 ? 0 : uint64(p, load<u64>(o));
    case 0x0d: {
      if (n < 4) return 0;
      const v = load<i32>(o);
      if (v == 0) {
        store<u32>(p, 0x736c6166); // fals
        store<u8>(p + 4, 0x65);
        return p + 5;
      }
      if (v == 1) {
        store<u32>(p, 0x65757274); // true
        return p + 4;
      }
      return int64(p, <i64>v);
    }
    case 0x0e:
      store<u8>(p++, 0x22);
      for (let i = 0; i < n; i++) p = hexByte(p, <i32>load<u8>(o + i), 0x37);
      store<u8>(p, 0x22);
      return p + 1;
    case 0x0f:
      if (n < 16) return 0;
      store<u16>(p, 0x7b22);
      p += 2;
      for (let i = 3; i >= 0; i--) p = hexByte(p, <i32>load<u8>(o + i), 0x57);
      store<u8>(p++, 0x2d);
      p = hexByte(p, <i32>load<u8>(o + 5), 0x57);
      p = hexByte(p, <i32>load<u8>(o + 4), 0x57);
      store<u8>(p++, 0x2d);
      p = hexByte(p, <i32>load<u8>(o + 7), 0x57);
      p = hexByte(p, <i32>load<u8>(o + 6), 0x57);
      store<u8>(p++, 0x2d);
      p = hexByte(p, <i32>load<u8>(o + 8), 0x57);
      p = hexByte(p, <i32>load<u8>(o + 9), 0x57);
      store<u8>(p++, 0x2d);
      for (let i = 10; i < 16; i++) p = hexByte(p, <i32>load<u8>(o + i), 0x57);
      store<u16>(p, 0x227d);
      return p + 2;
    case 0x10:
      return n == 4 ? hex64(p, <u64>load<u32>(o)) : n == 8 ? hex64(p, load<u64>(o)) : 0;
    case 0x11:
      if (n < 8) return 0;
      store<u8>(p, 0x22);
      p = time(p + 1, load<u64>(o));
      store<u8>(p, 0x22);
      return p + 1;
    case 0x13: {
      if (n < 8) return 0;
      const subs = <i32>load<u8>(o + 1);
      if (n < 8 + subs * 4) return 0;
      store<u8>(p, 0x22);
      store<u16>(p + 1, 0x2d53); // S-
      p = uint32(p + 3, <u32>load<u8>(o));
      store<u8>(p, 0x2d);
      const authority = ((<u64>bswap<u16>(load<u16>(o + 2))) << 32) | <u64>bswap<u32>(load<u32>(o + 4));
      p = uint64(p + 1, authority);
      for (let i = 0; i < subs; i++) {
        store<u8>(p, 0x2d);
        p = uint32(p + 1, load<u32>(o + 8 + i * 4));
      }
      store<u8>(p, 0x22);
      return p + 1;
    }
    case 0x14:
      return n < 4 ? 0 : hex64(p, <u64>load<u32>(o));
    case 0x15:
      return n < 8 ? 0 : hex64(p, load<u64>(o));
    default:
      return 0;
  }
}
