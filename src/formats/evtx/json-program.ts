// A template compiled to the JSON that its records print: constant bytes and a few operations on substitution values.
// It models the shapes that real templates have; `compileJson` answers null for any other, and running answers false
// for a record whose values need more (then nothing of it was kept). Both go to the tree writer, whose output this
// must equal byte for byte.
import { ByteWriter, type Const, constBytes, jsonText, jsonUtf16, putConst } from '../../base/index.js';
import type { Chunk } from './chunk.js';
import {
  type AttributeNode,
  ELEMENT,
  type ElementNode,
  type Node,
  nodesText,
  SUBSTITUTION,
  TEXT,
  CDATA,
} from './node.js';
import type { Slots } from './slots.js';
import { isContainer } from './tree-json.js';
import {
  ARRAY_FLAG,
  arrayItems,
  isEmptyValue,
  jsonRoom,
  putJsonValue,
  T_ANSI,
  T_BINXML,
  T_NULL,
  T_STRING,
} from './values.js';

const LITERAL = 0; // bytes
const LEAF = 1; // one substitution is all of an element: its value, or `bytes` when it is empty
const DATA_LEAF = 2; // the same in a Data element, where an array prints as a list
const ELEMENT_VALUE = 3; // attributes with substitutions, and a constant or one substitution as content
const ATTRIBUTES = 4; // attributes of an element with children: the "#attributes" member, if any is there
const MEMBER = 5; // a comma where one is due, then `bytes`
const OPEN = 6; // {
const CLOSE = 7; // }, or null for an object that stayed empty
const DEPENDS = 8; // skip to `target` if the value is NULL
const CHILD = 9; // BinXML in element position
const POSITIONAL = 10; // unnamed Data elements
const MEMBER_LEAF = 11; // MEMBER and LEAF in one, under an optional guard
const MEMBER_DATA_LEAF = 12;

/** A value used more often than this in one template is left to the tree writer. */
const MAX_USES = 8;
/** Constant bytes of one program; real templates have some 3,000. */
const MAX_ROOM = 1 << 20;

interface AttributePart {
  readonly key: Const;
  readonly text: Const | null;
  readonly slot: number;
}

interface Op {
  readonly op: number;
  readonly bytes: Const;
  readonly slot: number;
  readonly prefix: Const;
  /** MEMBER_LEAF is left out when this value is NULL. */
  readonly guard: number;
  readonly parts: readonly AttributePart[];
  readonly taken: ReadonlySet<string> | null;
  target: number;
}

export interface JsonProgram {
  readonly ops: readonly Op[];
  /** `"Event":` as a member key, for the place where this template is nested. */
  readonly key: Const;
  readonly rootName: string;
  /** Bytes of output that do not depend on values, and how much a byte of value can add. */
  readonly room: number;
  readonly uses: number;
}

const constant = (text: string): Const => constBytes(Buffer.from(text));
const NULL = constant('null');
const EMPTY_TEXT = constant('""');
const NONE = constant('');

/** One place makes them all: the loop over operations is fast only while they have one hidden class. */
function makeOp(
  op: number,
  bytes: Const,
  slot: number,
  parts: readonly AttributePart[],
  taken: ReadonlySet<string> | null,
  prefix: Const,
  guard: number,
): Op {
  return { op, bytes, slot, parts, taken, prefix, guard, target: 0 };
}

class NotModelled extends Error {}

/** The bytes of `text` as a JSON string, with quotes. */
function jsonBytes(text: string, suffix = ''): Const {
  const w = new ByteWriter(text.length * 3 + 16);
  w.byte(0x22);
  jsonText(w, text);
  w.byte(0x22);
  w.ascii(suffix);
  return constBytes(Buffer.from(w.take()));
}

export function compileJson(root: ElementNode): JsonProgram | null {
  const ops: Op[] = [];
  const targets = new Set<number>();
  const emit = (
    op: number,
    bytes: Const = NONE,
    slot = -1,
    parts: readonly AttributePart[] = [],
    taken: ReadonlySet<string> | null = null,
  ): Op => {
    const previous = ops[ops.length - 1];
    if (previous !== undefined && previous.op === LITERAL && op === LITERAL && !targets.has(ops.length)) {
      const merged = makeOp(
        LITERAL,
        constBytes(Buffer.concat([previous.bytes.bytes, bytes.bytes])),
        -1,
        [],
        null,
        NONE,
        -1,
      );
      ops[ops.length - 1] = merged;
      return merged;
    }
    if (
      previous !== undefined &&
      previous.op === MEMBER &&
      (op === LEAF || op === DATA_LEAF) &&
      !targets.has(ops.length)
    ) {
      const fused = makeOp(op === LEAF ? MEMBER_LEAF : MEMBER_DATA_LEAF, bytes, slot, [], null, previous.bytes, -1);
      ops[ops.length - 1] = fused;
      return fused;
    }
    const o = makeOp(op, bytes, slot, parts, taken, NONE, -1);
    ops.push(o);
    return o;
  };
  try {
    element(root, isContainer(root.name));
    const uses = new Map<number, number>();
    let room = 256;
    for (const o of ops) {
      room += o.bytes.length + o.prefix.length + jsonRoom(0);
      for (const slot of [o.slot, ...o.parts.map((x) => x.slot)])
        if (slot >= 0) uses.set(slot, (uses.get(slot) ?? 0) + 1);
      for (const x of o.parts) room += x.key.length + (x.text?.length ?? 0) + jsonRoom(0);
    }
    const most = Math.max(0, ...uses.values());
    if (most > MAX_USES || room > MAX_ROOM) return null;
    return {
      ops,
      key: jsonBytes(root.name, ':'),
      rootName: root.name,
      room,
      uses: most * jsonRoom(1) - jsonRoom(0) * most,
    };
  } catch (e) {
    if (e instanceof NotModelled) return null;
    throw e;
  }

  /** Constant text of nodes, or the one substitution that they are. */
  function simple(nodes: readonly Node[]): { text: string; slot: number } {
    const only = nodes.filter((n) => !((n.kind === TEXT || n.kind === CDATA) && n.text === ''));
    if (only.length === 1 && only[0]!.kind === SUBSTITUTION) return { text: '', slot: only[0]!.id };
    for (const n of only) if (n.kind !== TEXT && n.kind !== CDATA) throw new NotModelled();
    return { text: nodesText(only), slot: -1 };
  }

  function attributeParts(attributes: readonly AttributeNode[]): AttributePart[] {
    const parts: AttributePart[] = [];
    for (const a of attributes) {
      const { text, slot } = simple(a.value);
      if (slot < 0 && text === '') continue;
      parts.push({ key: jsonBytes(a.name, ':'), text: slot < 0 ? jsonBytes(text) : null, slot });
    }
    return parts;
  }

  function element(e: ElementNode, container: boolean): void {
    const elements = e.children.filter((n): n is ElementNode => n.kind === ELEMENT);
    const parts = attributeParts(e.attributes);
    if (elements.length === 0) {
      const { text, slot } = simple(e.children);
      if (parts.length > 0) {
        emit(ELEMENT_VALUE, slot < 0 && text !== '' ? jsonBytes(text) : NONE, slot, parts);
      } else if (slot >= 0) emit(LEAF, NULL, slot);
      else emit(LITERAL, text === '' ? NULL : jsonBytes(text));
      return;
    }
    emit(OPEN);
    if (parts.length > 0) emit(ATTRIBUTES, NONE, -1, parts);
    const names = new Map<string, number>();
    const taken = new Set(elements.map((c) => c.name));
    const data = container ? elements.filter((c) => c.name === 'Data') : [];
    const dataNames = data.map((d) => {
      const a = d.attributes.find((x) => x.name === 'Name');
      if (a === undefined) return '';
      const { text, slot } = simple(a.value);
      if (slot >= 0) throw new NotModelled();
      return text;
    });
    const named = dataNames.some((n) => n !== '');
    if (new Set(dataNames).size !== dataNames.length && named) throw new NotModelled();
    if (data.length > 0 && !named && data.some((d) => d.dependency >= 0)) throw new NotModelled();
    let positional = false;
    let dynamic = false;
    for (const c of e.children) {
      if (c.kind === SUBSTITUTION) {
        if (dynamic || container) throw new NotModelled();
        dynamic = true;
        emit(CHILD, NONE, c.id, [], taken);
        continue;
      }
      if ((c.kind === TEXT || c.kind === CDATA) && c.text === '') continue;
      if (c.kind !== ELEMENT) throw new NotModelled();
      if (container && c.name === 'Data') {
        if (named) namedData(c, dataNames[data.indexOf(c)]!);
        else if (!positional) {
          positional = true;
          emit(MEMBER, constant('"Data":{"#text":'));
          emit(
            POSITIONAL,
            NONE,
            -1,
            data.map((d) => dataPart(d)),
          );
          emit(LITERAL, constant('}'));
        }
        continue;
      }
      const nth = names.get(c.name) ?? 0;
      names.set(c.name, nth + 1);
      if (nth > 0 && elements.some((x) => x.name === c.name && x.dependency >= 0)) throw new NotModelled();
      guarded(c, () => {
        emit(MEMBER, jsonBytes(nth === 0 ? c.name : `${c.name}_${nth}`, ':'));
        element(c, isContainer(c.name));
      });
    }
    emit(CLOSE);
  }

  function guarded(c: ElementNode, write: () => void): void {
    if (c.dependency < 0) {
      write();
      return;
    }
    const at = ops.length;
    const o = emit(DEPENDS, NONE, c.dependency);
    write();
    const body = ops[at + 1];
    if (ops.length === at + 2 && body !== undefined && (body.op === MEMBER_LEAF || body.op === MEMBER_DATA_LEAF))
      ops.splice(at, 2, makeOp(body.op, body.bytes, body.slot, [], null, body.prefix, c.dependency));
    else o.target = ops.length;
    targets.add(ops.length);
  }

  function dataPart(d: ElementNode): AttributePart {
    if (d.children.some((n) => n.kind === ELEMENT)) throw new NotModelled();
    // An array in an attribute would repeat the element.
    for (const a of d.attributes) if (simple(a.value).slot >= 0) throw new NotModelled();
    const { text, slot } = simple(d.children);
    return { key: NONE, text: slot < 0 ? (text === '' ? EMPTY_TEXT : jsonBytes(text)) : null, slot };
  }

  function namedData(d: ElementNode, name: string): void {
    if (name === '') return;
    const part = dataPart(d);
    guarded(d, () => {
      emit(MEMBER, jsonBytes(name, ':'));
      if (part.text === null) emit(DATA_LEAF, EMPTY_TEXT, part.slot);
      else emit(LITERAL, part.text);
    });
  }
}

/** Compiled when first needed. */
export function jsonProgram(slots: Slots, instance: number): JsonProgram | null {
  const t = slots.templates[instance]!;
  if (t.json === undefined) t.json = compileJson(t.root);
  return t.json;
}

/** Writes the value of instance `i`'s root element. False if a value needs the tree writer; `w.pos` is then anywhere. */
export function runJson(w: ByteWriter, chunk: Chunk, slots: Slots, i: number, recordSize: number): boolean {
  const program = jsonProgram(slots, i);
  if (program === null) return false;
  const { ops } = program;
  const base = slots.base[i]!;
  const count = slots.count[i]!;
  const b = chunk.bytes;
  const { types, sizes, offsets } = slots;
  // Room for everything below: values are inside one record, each used at most `uses` times.
  const total = program.room + recordSize * program.uses;
  w.ensure(total);
  const { view } = chunk;
  let out = w.bytes;
  let ov = w.view;
  let p = w.pos;
  for (let at = 0; at < ops.length; at++) {
    const o = ops[at]!;
    switch (o.op) {
      case LITERAL:
        p = putConst(ov, p, o.bytes);
        break;
      case MEMBER_LEAF:
      case MEMBER_DATA_LEAF:
        if (o.guard >= 0 && o.guard < count && types[base + o.guard] === T_NULL) break;
        if (out[p - 1] !== 0x7b) out[p++] = 0x2c;
        p = putConst(ov, p, o.prefix);
      // falls through: the value follows its key
      case LEAF:
      case DATA_LEAF: {
        if (o.slot >= count) {
          p = putConst(ov, p, o.bytes);
          break;
        }
        const s = base + o.slot;
        const type = types[s]!;
        const n = sizes[s]!;
        const off = offsets[s]!;
        if (n === 0 || type === T_NULL) p = putConst(ov, p, o.bytes);
        else if (type === T_STRING) {
          out[p] = 0x22;
          const end = jsonUtf16(out, p + 1, view, off, n);
          if (end === p + 1) p = putConst(ov, p, o.bytes);
          else {
            out[end] = 0x22;
            p = end + 1;
          }
        } else if ((type & ARRAY_FLAG) !== 0)
          p = putArray(out, p, chunk, type, off, n, o.op === DATA_LEAF || o.op === MEMBER_DATA_LEAF);
        else p = putJsonValue(out, p, b, view, type, off, n);
        if (p < 0) return false;
        break;
      }
      case MEMBER:
        if (out[p - 1] !== 0x7b) out[p++] = 0x2c;
        p = putConst(ov, p, o.bytes);
        break;
      case ELEMENT_VALUE: {
        let empty = true;
        let s = -1;
        if (o.slot >= 0 && o.slot < count) {
          s = base + o.slot;
          const type = types[s]!;
          if (type === T_BINXML || (type & ARRAY_FLAG) !== 0) return false;
          empty = isEmptyValue(b, type, offsets[s]!, sizes[s]!);
        }
        const start = p;
        out[p++] = 0x7b;
        const after = putAttributes(out, ov, p, chunk, o.parts, slots, base, count);
        if (after < 0) return false;
        if (after === p) {
          // No attribute has a value: the content alone, or null.
          p = start;
          if (o.bytes.length > 0) p = putConst(ov, p, o.bytes);
          else if (empty) p = putConst(ov, p, NULL);
          else p = putJsonValue(out, p, b, view, types[s]!, offsets[s]!, sizes[s]!);
          if (p < 0) return false;
          break;
        }
        p = after;
        if (o.bytes.length > 0) {
          p = putConst(ov, p, TEXT_KEY);
          p = putConst(ov, p, o.bytes);
        } else if (!empty) {
          p = putConst(ov, p, TEXT_KEY);
          p = putJsonValue(out, p, b, view, types[s]!, offsets[s]!, sizes[s]!);
          if (p < 0) return false;
        }
        out[p++] = 0x7d;
        break;
      }
      case ATTRIBUTES:
        p = putAttributes(out, ov, p, chunk, o.parts, slots, base, count);
        if (p < 0) return false;
        break;
      case OPEN:
        out[p++] = 0x7b;
        break;
      case CLOSE:
        if (out[p - 1] === 0x7b) p = putConst(ov, p - 1, NULL);
        else out[p++] = 0x7d;
        break;
      case DEPENDS:
        if (o.slot < count && types[base + o.slot] === T_NULL) at = o.target - 1;
        break;
      case CHILD: {
        if (o.slot >= count) break;
        const s = base + o.slot;
        const type = types[s]!;
        const n = sizes[s]!;
        if (n === 0 || type === T_NULL) break;
        if (type !== T_BINXML) return false;
        const off = offsets[s]!;
        const inner = slots.read(chunk, off, off + n);
        // Reading may have moved the slots to larger arrays; this record then goes through the tree.
        if (inner < 0 || slots.types !== types) return false;
        const child = jsonProgram(slots, inner);
        if (child === null || o.taken!.has(child.rootName)) return false;
        // The child's name is not among this program's constants.
        w.pos = p;
        w.ensure(child.key.length + 16);
        out = w.bytes;
        if (out[p - 1] !== 0x7b) out[p++] = 0x2c;
        w.pos = putConst(w.view, p, child.key);
        if (!runJson(w, chunk, slots, inner, recordSize)) return false;
        w.ensure(total);
        out = w.bytes;
        ov = w.view;
        p = w.pos;
        break;
      }
      default:
        p = putPositional(out, ov, p, chunk, o.parts, slots, base, count);
        if (p < 0) return false;
    }
  }
  w.pos = p;
  return true;
}

const TEXT_KEY = constant(',"#text":');
const ATTRIBUTES_KEY = constant('"#attributes":{');

/** The "#attributes" member, with no comma before it; `p` itself if no attribute has a value, -1 if not modelled. */
function putAttributes(
  out: Buffer,
  ov: DataView,
  p: number,
  chunk: Chunk,
  parts: readonly AttributePart[],
  slots: Slots,
  base: number,
  count: number,
): number {
  const b = chunk.bytes;
  const { view } = chunk;
  const start = p;
  for (const part of parts) {
    if (part.text !== null) {
      p = putConst(ov, p, p === start ? ATTRIBUTES_KEY : COMMA);
      p = putConst(ov, p, part.key);
      p = putConst(ov, p, part.text);
      continue;
    }
    if (part.slot >= count) continue;
    const s = base + part.slot;
    const type = slots.types[s]!;
    const n = slots.sizes[s]!;
    const off = slots.offsets[s]!;
    if (isEmptyValue(b, type, off, n)) continue;
    p = putConst(ov, p, p === start ? ATTRIBUTES_KEY : COMMA);
    p = putConst(ov, p, part.key);
    p = putJsonValue(out, p, b, view, type, off, n);
    if (p < 0) return -1;
  }
  if (p > start) out[p++] = 0x7d;
  return p;
}
const COMMA = constant(',');

function isText(type: number): boolean {
  const item = type & ~ARRAY_FLAG;
  return item === T_STRING || item === T_ANSI;
}

/** An array in an element: several items repeat the element, which only `list` contexts can print here. */
function putArray(out: Buffer, p: number, chunk: Chunk, type: number, off: number, n: number, list: boolean): number {
  if (!isText(type)) return -1;
  const items = arrayItems(chunk.bytes, type, off, n);
  if (items.length === 1) return putText(out, p, items[0]!);
  if (!list || items.length === 0) return -1;
  out[p++] = 0x5b;
  for (let i = 0; i < items.length; i++) {
    if (i > 0) out[p++] = 0x2c;
    p = putText(out, p, items[i]!);
  }
  out[p] = 0x5d;
  return p + 1;
}

function putText(out: Buffer, p: number, text: string): number {
  return p + out.write(JSON.stringify(text.toWellFormed()), p, 'utf8');
}

function putPositional(
  out: Buffer,
  ov: DataView,
  p: number,
  chunk: Chunk,
  parts: readonly AttributePart[],
  slots: Slots,
  base: number,
  count: number,
): number {
  const b = chunk.bytes;
  const { view } = chunk;
  let total = 0;
  const start = p;
  out[p++] = 0x5b;
  for (const part of parts) {
    if (total > 0) out[p++] = 0x2c;
    total++;
    if (part.text !== null || part.slot >= count) {
      p = putConst(ov, p, part.text ?? EMPTY_TEXT);
      continue;
    }
    const s = base + part.slot;
    const type = slots.types[s]!;
    const n = slots.sizes[s]!;
    const off = slots.offsets[s]!;
    if (isEmptyValue(b, type, off, n)) p = putConst(ov, p, EMPTY_TEXT);
    else if ((type & ARRAY_FLAG) !== 0) {
      if (!isText(type)) return -1;
      const items = arrayItems(b, type, off, n);
      if (items.length === 0) p = putConst(ov, p, EMPTY_TEXT);
      for (let i = 0; i < items.length; i++) {
        if (i > 0) {
          out[p++] = 0x2c;
          total++;
        }
        p = putText(out, p, items[i]!);
      }
    } else {
      p = putJsonValue(out, p, b, view, type, off, n);
      if (p < 0) return -1;
    }
  }
  if (total === 1) {
    // One Data element prints its value alone: drop the bracket.
    out.copyWithin(start, start + 1, p);
    return p - 1;
  }
  out[p] = 0x5d;
  return p + 1;
}
