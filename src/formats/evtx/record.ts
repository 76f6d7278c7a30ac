// One record, looked at lazily. A `RecordView` is moved from record to record and never kept; what outlives it is what
// was asked of it: a field's text, JSON bytes, a tree.
import { type ByteWriter, filetimeToMicros, u32, u64 } from '../../base/index.js';
import type { Chunk, RecordSpan } from './chunk.js';
import { RECORD_HEADER_SIZE } from './layout.js';
import { fieldLayout, type FieldPart, type Layout, mergeFields, treeFields } from './layout-fields.js';
import type { ElementNode } from './node.js';
import { Slots } from './slots.js';
import type { Template } from './template.js';
import { writeTreeJson } from './tree-json.js';
import { ARRAY_FLAG, arrayItems, T_BINXML, T_FILETIME, T_NULL } from './values.js';

/**
 * Where every field of records of one combination of templates is. Views of the same combination share it, so that a
 * consumer can keep what it worked out about a shape in `memo` (the matcher keeps its plan for the shape there).
 */
export interface Shape {
  readonly fields: ReadonlyMap<string, readonly ShapePart[]>;
  memo: unknown;
}

export interface ShapePart extends FieldPart {
  readonly instance: number;
}

/** A field: its text, several texts where the record repeats it, null where it is there with no value. */
export type FieldValue = string | readonly string[] | null | undefined;

/** Shapes kept of one template. Real ones nest some ten others; a crafted log can nest as many as it defines. */
const MAX_SHAPES = 1024;

const layoutOf = (t: Template): Layout => (t.layout ??= fieldLayout(t.root));

export class RecordView {
  chunk!: Chunk;
  offset = 0;
  size = 0;
  recovered = false;
  /** Record number of the header; EventRecordID of System is the same in an intact log. */
  recordId = 0;
  readonly slots = new Slots();
  #root = -2; // -2 not read yet, -1 not a single instance
  #shape: Shape | null = null;
  #tree: ElementNode | null = null;
  #treeMap: Map<string, string | string[]> | null = null;

  move(chunk: Chunk, span: RecordSpan): void {
    this.chunk = chunk;
    this.offset = span.offset;
    this.size = span.size;
    this.recovered = span.recovered;
    this.recordId = u64(chunk.bytes, span.offset + 8);
    this.#root = -2;
    this.#shape = null;
    this.#tree = null;
    this.#treeMap = null;
  }

  /** Time written in the record header, in microseconds since 1970 UTC. */
  get writtenMicros(): number {
    return filetimeToMicros(u32(this.chunk.bytes, this.offset + 16), u32(this.chunk.bytes, this.offset + 20));
  }

  #open(): number {
    if (this.#root === -2) {
      this.slots.reset();
      this.#root = this.slots.read(this.chunk, this.offset + RECORD_HEADER_SIZE, this.offset + this.size - 4);
    }
    return this.#root;
  }

  /** The record as a resolved tree. Throws `EvtxError` if its BinXML cannot be read. */
  tree(): ElementNode {
    return (this.#tree ??= this.chunk.tree(this));
  }

  /** Writes the record as one JSON object. Throws `EvtxError`, having written nothing, if it cannot be read. */
  writeJson(w: ByteWriter): void {
    if (this.chunk.cache.json.object(w, this.chunk, this)) return;
    const start = w.pos;
    try {
      writeTreeJson(w, this.tree());
    } catch (e) {
      w.pos = start;
      throw e;
    }
  }

  /** The shape of this record, or null if it must be read through its tree. Throws `EvtxError`. */
  shape(): Shape | null {
    if (this.#shape !== null) return this.#shape;
    const root = this.#open();
    if (root < 0) return null;
    const { slots } = this;
    const template = slots.templates[root]!;
    const layout = layoutOf(template);
    const by = (template.shapes ??= new Map());
    if (layout.complex || layout.children.length > 1) return null;
    let inner: Template | null = null;
    if (layout.children.length === 1) {
      const id = layout.children[0]!;
      if (id < slots.count[root]!) {
        const s = slots.base[root]! + id;
        if (slots.sizes[s]! > 0 && slots.types[s] !== T_NULL) {
          if (slots.types[s] !== T_BINXML) return null;
          const i =
            slots.instances > 1 ? 1 : slots.read(this.chunk, slots.offsets[s]!, slots.offsets[s]! + slots.sizes[s]!);
          if (i !== 1) return null;
          inner = slots.templates[1]!;
          const il = layoutOf(inner);
          if (il.complex || il.children.length > 0) return null;
        }
      }
    }
    let shape = by.get(inner);
    if (shape === undefined) {
      if (by.size >= MAX_SHAPES) by.clear();
      shape = makeShape(layout, inner === null ? null : layoutOf(inner));
      by.set(inner, shape);
    }
    this.#shape = shape;
    return shape;
  }

  /** The fields of a record that has no shape. Throws `EvtxError`. */
  #mapped(): Map<string, string | string[]> {
    this.#treeMap ??= treeFields(this.tree());
    return this.#treeMap;
  }

  /** Names of all fields that the record's templates have, in the order of the record. Throws `EvtxError`. */
  fieldNames(): string[] {
    const shape = this.shape();
    return [...(shape === null ? this.#mapped() : shape.fields).keys()];
  }

  /** The value of a field; undefined if the record has no such field. Throws `EvtxError`. */
  field(name: string): FieldValue {
    const shape = this.shape();
    if (shape === null) {
      return this.#mapped().get(name);
    }
    const parts = shape.fields.get(name);
    return parts === undefined ? undefined : this.parts(parts);
  }

  /** The value that parts of this record's shape tell. */
  parts(parts: readonly ShapePart[]): FieldValue {
    if (parts.length === 1) return this.#part(parts[0]!);
    const out: string[] = [];
    for (const p of parts) {
      const v = this.#part(p);
      if (typeof v === 'string') out.push(v);
      else if (v !== null && v !== undefined) out.push(...v);
    }
    return out.length === 0 ? null : out.length === 1 ? out[0] : out;
  }

  /** A time field in microseconds since 1970 UTC; NaN if it is not there or is no FILETIME. */
  partMicros(p: ShapePart): number {
    const { slots } = this;
    const i = p.instance;
    if (p.slot < 0 || p.slot >= slots.count[i]!) return Number.NaN;
    const s = slots.base[i]! + p.slot;
    if (slots.types[s] !== T_FILETIME || slots.sizes[s]! < 8) return Number.NaN;
    const o = slots.offsets[s]!;
    return filetimeToMicros(u32(this.chunk.bytes, o), u32(this.chunk.bytes, o + 4));
  }

  #part(p: ShapePart): FieldValue {
    if (p.slot < 0) return p.text;
    const { slots } = this;
    const i = p.instance;
    if (p.slot >= slots.count[i]!) return null;
    const s = slots.base[i]! + p.slot;
    const type = slots.types[s]!;
    if (type === T_NULL) return null;
    if (type === T_BINXML) return null;
    const o = slots.offsets[s]!;
    const n = slots.sizes[s]!;
    if ((type & ARRAY_FLAG) === 0) return this.chunk.cache.texts.text(this.chunk, type, o, n);
    const items = arrayItems(this.chunk.bytes, type, o, n);
    return items.length === 1 ? items[0] : items;
  }
}

function makeShape(outer: Layout, inner: Layout | null): Shape {
  const data = new Map<string, ShapePart[]>();
  const add = (
    fields: ReadonlyMap<string, readonly FieldPart[]>,
    instance: number,
    into: Map<string, ShapePart[]>,
  ): void => {
    for (const [name, parts] of fields) {
      const list = into.get(name) ?? [];
      for (const p of parts) list.push({ ...p, instance });
      into.set(name, list);
    }
  };
  const system = new Map<string, ShapePart[]>();
  add(outer.system, 0, system);
  add(outer.fields, 0, data);
  if (inner !== null) add(inner.fields, 1, data);
  return { fields: mergeFields(system, data), memo: undefined };
}
