// A template compiled to the JSON that its records print: constant bytes and a few operations on substitution values,
// which the kernel runs. It models the shapes that real templates have; `compileJson` answers null for any other, and
// their records go to the tree writer, whose output this must equal byte for byte.
import { ByteWriter, jsonText } from '../../base/index.js';
import {
  type AttributeNode,
  CDATA,
  ELEMENT,
  type ElementNode,
  type Node,
  nodesText,
  SUBSTITUTION,
  TEXT,
} from './node.js';
import { isContainer } from './tree-json.js';

export const LITERAL = 0; // bytes
export const MEMBER = 1; // a comma where one is due, then `bytes`
export const CLOSE = 2; // }, or null for an object that stayed empty
export const DEPENDS = 3; // skip to `target` if the value is NULL
export const LEAF = 4; // one substitution is all of an element: its value, or `bytes` when it is empty
export const MEMBER_LEAF = 5; // MEMBER (with `prefix`) and LEAF in one, under an optional guard
export const ELEMENT_VALUE = 6; // attributes with substitutions, and a constant or one substitution as content
export const ATTRIBUTES = 7; // attributes of an element with children: the "#attributes" member, if any is there
export const CHILD = 8; // BinXML in element position
export const POSITIONAL = 9; // unnamed Data elements

/** Bytes of output for one byte of value at most (a control character), and for any value whatever its size. */
const ROOM_PER_BYTE = 6;
const ROOM_PER_VALUE = 96;

/** A value used more often than this in one template is left to the tree writer. */
const MAX_USES = 8;
/** Constant bytes of one program; real templates have some 3,000. */
const MAX_ROOM = 1 << 20;

export interface AttributePart {
  readonly key: Buffer;
  readonly text: Buffer | null;
  readonly slot: number;
}

export interface Op {
  readonly op: number;
  readonly bytes: Buffer;
  readonly slot: number;
  readonly prefix: Buffer;
  /** MEMBER_LEAF is left out when this value is NULL. */
  readonly guard: number;
  /** A LEAF in a Data element, where an array prints as a list. */
  readonly list: boolean;
  readonly parts: readonly AttributePart[];
  /** Names that a CHILD must not have. */
  readonly taken: readonly string[];
  /** Index of the operation that DEPENDS goes to. */
  target: number;
}

export interface JsonProgram {
  readonly ops: readonly Op[];
  /** `"Event":` as a member key, for the place where this template is nested. */
  readonly key: Buffer;
  readonly rootName: string;
  /** Bytes of output that do not depend on values, and how much a byte of value can add. */
  readonly room: number;
  readonly perByte: number;
}

const NONE = Buffer.alloc(0);
const NULL = Buffer.from('null');
const EMPTY_TEXT = Buffer.from('""');
const COMMA = Buffer.from(',');

class NotModelled extends Error {}

/** The bytes of `text` as a JSON string, with quotes. */
function jsonBytes(text: string, suffix = ''): Buffer {
  const w = new ByteWriter(text.length * 3 + 16);
  w.byte(0x22);
  jsonText(w, text);
  w.byte(0x22);
  w.ascii(suffix);
  return Buffer.from(w.take());
}

export function compileJson(root: ElementNode): JsonProgram | null {
  const ops: Op[] = [];
  const targets = new Set<number>();
  // What is known of the object at hand: nothing in it yet, something in it, or that depends on the record.
  let inside: 'nothing' | 'something' | 'unknown' = 'nothing';
  const emit = (op: number, more: Partial<Op> = {}): Op => {
    const o: Op = {
      op,
      bytes: NONE,
      slot: -1,
      prefix: NONE,
      guard: -1,
      list: false,
      parts: [],
      taken: [],
      target: 0,
      ...more,
    };
    const previous = targets.has(ops.length) ? undefined : ops[ops.length - 1];
    if (previous?.op === LITERAL && op === LITERAL)
      ops[ops.length - 1] = { ...previous, bytes: Buffer.concat([previous.bytes, o.bytes]) };
    else if (previous?.op === MEMBER && op === LEAF)
      ops[ops.length - 1] = { ...o, op: MEMBER_LEAF, prefix: previous.bytes };
    else ops.push(o);
    return o;
  };
  /** A member's key; its comma is constant where it is known whether one is due. */
  const member = (key: Buffer): void => {
    if (inside === 'unknown') emit(MEMBER, { bytes: key });
    else emit(LITERAL, { bytes: inside === 'nothing' ? key : Buffer.concat([COMMA, key]) });
  };
  try {
    element(root, isContainer(root.name));
    const uses = new Map<number, number>();
    let room = 256;
    for (const o of ops) {
      room += o.bytes.length + o.prefix.length + ROOM_PER_VALUE;
      for (const slot of [o.slot, ...o.parts.map((x) => x.slot)])
        if (slot >= 0) uses.set(slot, (uses.get(slot) ?? 0) + 1);
      for (const x of o.parts) room += x.key.length + (x.text?.length ?? 0) + ROOM_PER_VALUE;
    }
    const most = Math.max(0, ...uses.values());
    if (most > MAX_USES || room > MAX_ROOM) return null;
    return { ops, key: jsonBytes(root.name, ':'), rootName: root.name, room, perByte: most * ROOM_PER_BYTE };
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
        emit(ELEMENT_VALUE, { bytes: slot < 0 && text !== '' ? jsonBytes(text) : NONE, slot, parts });
      } else if (slot >= 0) emit(LEAF, { bytes: NULL, slot });
      else emit(LITERAL, { bytes: text === '' ? NULL : jsonBytes(text) });
      return;
    }
    const outside = inside;
    inside = 'nothing';
    emit(LITERAL, { bytes: Buffer.from('{') });
    if (parts.length > 0) {
      emit(ATTRIBUTES, { parts });
      inside = parts.some((x) => x.text !== null) ? 'something' : 'unknown';
    }
    const names = new Map<string, number>();
    const taken = [...new Set(elements.map((c) => c.name))];
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
        emit(CHILD, { slot: c.id, taken });
        if (inside === 'nothing') inside = 'unknown';
        continue;
      }
      if ((c.kind === TEXT || c.kind === CDATA) && c.text === '') continue;
      if (c.kind !== ELEMENT) throw new NotModelled();
      if (container && c.name === 'Data') {
        if (named) namedData(c, dataNames[data.indexOf(c)]!);
        else if (!positional) {
          positional = true;
          member(Buffer.from('"Data":{"#text":'));
          emit(POSITIONAL, { parts: data.map((d) => dataPart(d)) });
          emit(LITERAL, { bytes: Buffer.from('}') });
          inside = 'something';
        }
        continue;
      }
      const nth = names.get(c.name) ?? 0;
      names.set(c.name, nth + 1);
      if (nth > 0 && elements.some((x) => x.name === c.name && x.dependency >= 0)) throw new NotModelled();
      guarded(c, () => {
        member(jsonBytes(nth === 0 ? c.name : `${c.name}_${nth}`, ':'));
        element(c, isContainer(c.name));
        inside = 'something';
      });
    }
    if (inside === 'something') emit(LITERAL, { bytes: Buffer.from('}') });
    else emit(CLOSE);
    inside = outside;
  }

  function guarded(c: ElementNode, write: () => void): void {
    if (c.dependency < 0) {
      write();
      return;
    }
    const at = ops.length;
    const before = inside;
    const o = emit(DEPENDS, { slot: c.dependency });
    write();
    const body = ops[at + 1];
    if (ops.length === at + 2 && body?.op === MEMBER_LEAF) ops.splice(at, 2, { ...body, guard: c.dependency });
    else o.target = ops.length;
    targets.add(ops.length);
    if (before !== 'something') inside = 'unknown';
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
      member(jsonBytes(name, ':'));
      if (part.text === null) emit(LEAF, { bytes: EMPTY_TEXT, slot: part.slot, list: true });
      else emit(LITERAL, { bytes: part.text });
      inside = 'something';
    });
  }
}
