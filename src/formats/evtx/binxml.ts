// BinXML tokens (MS-EVEN6 2.2.12) to trees. One parser serves template definitions, whose substitutions stay as nodes,
// and record streams, whose template instances are resolved on the spot. This is the way that is always right; the
// compiled programs beside it must print the same and hand over to it whatever they do not model.
import { u16, u32 } from '../../base/index.js';
import type { Chunk } from './chunk.js';
import { EvtxError } from './error.js';
import {
  type AttributeNode,
  CDATA,
  CHAR,
  ELEMENT,
  type ElementNode,
  ENTITY,
  type Node,
  PI,
  SUBSTITUTION,
  TEXT,
  VALUE,
} from './node.js';
import {
  ARRAY_FLAG,
  arrayItems,
  fixedSize,
  isBareType,
  T_ANSI,
  T_BINARY,
  T_BINXML,
  T_NULL,
  T_SID,
  T_STRING,
  valueNode,
} from './values.js';

/** Open elements in one stream: real templates nest below 10; a crafted one must not exhaust the stack. */
export const MAX_ELEMENT_DEPTH = 128;
/** Streams within streams: real records nest 2. */
export const MAX_STREAM_DEPTH = 16;
/** Nodes that one record may grow to: arrays and repeated substitutions multiply. Real records stay below 1,000. */
export const MAX_RECORD_NODES = 250_000;
/** Substitutions of one instance: real templates have below 100. */
export const MAX_SUBSTITUTIONS = 8192;

interface OpenElement {
  name: string;
  attributes: AttributeNode[];
  children: Node[];
  dependency: number;
}

/** Counts what a record builds, so that a crafted one is stopped. */
export interface Budget {
  nodes: number;
}

export function spend(budget: Budget, n: number, offset: number): void {
  budget.nodes -= n;
  if (budget.nodes < 0) throw new EvtxError('evtx.record-body', offset, `at most ${MAX_RECORD_NODES} nodes`, 'more');
}

/** Where a definition's names are written: offsets of the references, for the cross-chunk template cache. */
export interface NameSite {
  readonly at: number;
  readonly inline: boolean;
  readonly name: string;
}

export interface StreamOptions {
  readonly definition: boolean;
  readonly depth: number;
  readonly budget: Budget;
  readonly sites?: NameSite[];
}

/**
 * Parses `chunk.bytes[start, end)` and returns its top-level elements in order. Throws `EvtxError` at the first token
 * that cannot be read.
 */
export function parseStream(chunk: Chunk, start: number, end: number, options: StreamOptions): ElementNode[] {
  const b = chunk.bytes;
  const { definition, depth, budget, sites } = options;
  if (depth > MAX_STREAM_DEPTH)
    throw new EvtxError('evtx.record-body', start, `at most ${MAX_STREAM_DEPTH} nested streams`, 'more');
  const roots: ElementNode[] = [];
  const stack: OpenElement[] = [];
  let building: OpenElement | null = null; // between its start token and the end of its start tag
  let attribute: { name: string; value: Node[] } | null = null;
  let piTarget: string | null = null;
  let pos = start;

  const need = (n: number): void => {
    if (pos + n > end) throw new EvtxError('evtx.record-body', pos, `${n} more bytes of BinXML`, `${end - pos}`);
  };
  const readName = (): string => {
    need(4);
    const ref = u32(b, pos);
    const at = pos;
    pos += 4;
    const inline = ref === pos;
    const name = chunk.name(ref);
    if (inline) {
      need(10);
      const chars = u16(b, pos + 6);
      pos += 10 + chars * 2;
      if (pos > end) throw new EvtxError('evtx.record-body', at, 'a name inside its stream', `${chars} characters`);
    }
    sites?.push({ at, inline, name });
    return name;
  };
  const text = (what: string): string => {
    need(2);
    const chars = u16(b, pos);
    pos += 2;
    if (pos + chars * 2 > end)
      throw new EvtxError('evtx.record-body', pos, `${chars} characters of ${what}`, `${(end - pos) >> 1}`);
    const out = chunk.cache.texts.text(chunk, T_STRING, pos, chars * 2);
    pos += chars * 2;
    return out;
  };
  const add = (node: Node): void => {
    spend(budget, 1, pos);
    if (attribute !== null) {
      if (node.kind === ELEMENT) throw new EvtxError('evtx.record-body', pos, 'text in an attribute', 'an element');
      attribute.value.push(node);
      return;
    }
    const parent = stack[stack.length - 1];
    if (parent !== undefined) parent.children.push(node);
    else if (node.kind === ELEMENT) roots.push(node);
    else throw new EvtxError('evtx.record-body', pos, 'an element at the top of a stream', 'text');
  };
  const closeAttribute = (): void => {
    if (attribute !== null) building!.attributes.push(attribute);
    attribute = null;
  };
  const finish = (e: OpenElement): void => {
    const node: ElementNode = { kind: ELEMENT, ...e };
    spend(budget, 1, pos);
    const parent = stack[stack.length - 1];
    if (parent !== undefined) parent.children.push(node);
    else roots.push(node);
  };

  while (pos < end) {
    const token = b[pos]!;
    const at = pos++;
    switch (token) {
      case 0x00:
        return closeAll();
      case 0x0f:
        need(3);
        pos += 3;
        break;
      case 0x01:
      case 0x41: {
        if (building !== null)
          throw new EvtxError('evtx.record-body', at, 'the end of the open start tag', 'another start tag');
        if (stack.length >= MAX_ELEMENT_DEPTH)
          throw new EvtxError('evtx.record-body', at, `at most ${MAX_ELEMENT_DEPTH} open elements`, 'more');
        let dependency = -1;
        if (definition) {
          need(2);
          dependency = u16(b, pos);
          if (dependency === 0xffff) dependency = -1;
          pos += 2;
        }
        need(4);
        pos += 4;
        const name = readName();
        if (token === 0x41) {
          need(4);
          pos += 4;
        }
        building = { name, attributes: [], children: [], dependency };
        break;
      }
      case 0x02:
      case 0x03:
        if (building === null) throw new EvtxError('evtx.record-body', at, 'an open start tag', 'the end of one');
        closeAttribute();
        if (token === 0x02) stack.push(building);
        else finish(building);
        building = null;
        break;
      case 0x04: {
        const open = stack.pop();
        if (open === undefined) throw new EvtxError('evtx.record-body', at, 'an open element', 'the end of one');
        finish(open);
        break;
      }
      case 0x05:
      case 0x45:
        literal(at);
        break;
      case 0x06:
      case 0x46:
        if (building === null) throw new EvtxError('evtx.record-body', at, 'an open start tag', 'an attribute');
        closeAttribute();
        attribute = { name: readName(), value: [] };
        break;
      case 0x07:
      case 0x47:
        add({ kind: CDATA, text: text('a CDATA section') });
        break;
      case 0x08:
      case 0x48:
        need(2);
        add({ kind: CHAR, code: u16(b, pos) });
        pos += 2;
        break;
      case 0x09:
      case 0x49:
        add({ kind: ENTITY, name: readName() });
        break;
      case 0x0a:
        piTarget = readName();
        break;
      case 0x0b: {
        const data = text('a processing instruction');
        if (stack.length > 0) add({ kind: PI, target: piTarget ?? '', data });
        piTarget = null;
        break;
      }
      case 0x0c: {
        if (definition)
          throw new EvtxError('evtx.template', at, 'a template definition without instances', 'a template instance');
        const instance = readInstance(chunk, pos, end);
        pos = instance.end;
        add(resolveInstance(chunk, instance, depth + 1, budget));
        break;
      }
      case 0x0d:
      case 0x0e:
        if (!definition) throw new EvtxError('evtx.record-body', at, 'a value', 'a substitution outside a template');
        need(3);
        add({ kind: SUBSTITUTION, id: u16(b, pos), optional: token === 0x0e });
        pos += 3;
        break;
      default:
        throw new EvtxError('evtx.record-body', at, 'a BinXML token', `0x${token.toString(16)}`);
    }
  }
  return closeAll();

  function closeAll(): ElementNode[] {
    if (stack.length > 0 || building !== null)
      throw new EvtxError('evtx.record-body', pos, 'the end of every element', 'the end of the stream');
    return roots;
  }

  function literal(at: number): void {
    need(1);
    const type = b[pos++]!;
    if (type === T_STRING) {
      add({ kind: TEXT, text: text('text') });
      return;
    }
    if (type === T_BINXML) {
      need(2);
      const size = u16(b, pos);
      pos += 2;
      need(size);
      const inner = parseStream(chunk, pos, pos + size, { definition: false, depth: depth + 1, budget });
      for (const e of inner) add(e);
      pos += size;
      return;
    }
    const size = type === T_NULL ? 0 : fixedSize(type) || (type === T_SID && pos + 8 <= end ? 8 + b[pos + 1]! * 4 : -1);
    if (size < 0)
      throw new EvtxError(
        'evtx.record-body',
        at,
        'a literal of a type with a length of its own',
        `type 0x${type.toString(16)}`,
      );
    need(size);
    add(valueNode(b, type, pos, size));
    pos += size;
  }
}

/** A template instance: its definition and where each substitution value is. */
export interface Instance {
  readonly definition: number;
  readonly end: number;
  readonly types: Uint8Array;
  readonly offsets: Int32Array;
  readonly sizes: Int32Array;
}

/** Reads the instance whose header starts at `pos` (after token 0x0C), within `[pos, end)`. */
export function readInstance(chunk: Chunk, pos: number, end: number): Instance {
  const b = chunk.bytes;
  if (pos + 13 > end) throw new EvtxError('evtx.record-body', pos, 'a template instance', `${end - pos} bytes`);
  const definition = u32(b, pos + 5);
  let at = pos + 9;
  if (definition === at) {
    if (at + 24 > end) throw new EvtxError('evtx.template', at, 'a template definition', `${end - at} bytes`);
    at += 24 + u32(b, at + 20);
  }
  if (at + 4 > end)
    throw new EvtxError(
      'evtx.template',
      pos,
      'a template definition inside its record',
      `one that ends at 0x${at.toString(16)}`,
    );
  const count = u32(b, at);
  at += 4;
  if (count > MAX_SUBSTITUTIONS || at + count * 4 > end)
    throw new EvtxError(
      'evtx.record-body',
      at - 4,
      `at most ${MAX_SUBSTITUTIONS} substitutions inside the record`,
      `${count}`,
    );
  const types = new Uint8Array(count);
  const offsets = new Int32Array(count);
  const sizes = new Int32Array(count);
  let value = at + count * 4;
  for (let i = 0; i < count; i++) {
    const size = u16(b, at + i * 4);
    types[i] = b[at + i * 4 + 2]!;
    offsets[i] = value;
    sizes[i] = size;
    value += size;
  }
  if (value > end)
    throw new EvtxError(
      'evtx.record-body',
      at,
      'substitution values inside the record',
      `values that end 0x${(value - end).toString(16)} bytes past it`,
    );
  return { definition, end: value, types, offsets, sizes };
}

/** The instance's element with every substitution replaced by its value. */
export function resolveInstance(chunk: Chunk, instance: Instance, depth: number, budget: Budget): ElementNode {
  const template = chunk.template(instance.definition);
  return resolveElement(template.root);

  function resolveElement(e: ElementNode): ElementNode {
    spend(budget, 1 + e.attributes.length + e.children.length, instance.end);
    const attributes = e.attributes.map((a) => ({ name: a.name, value: resolveNodes(a.value, true) }));
    return { kind: ELEMENT, name: e.name, attributes, children: resolveNodes(e.children, false), dependency: -1 };
  }

  function resolveNodes(nodes: readonly Node[], attribute: boolean): Node[] {
    const out: Node[] = [];
    for (const n of nodes) {
      if (n.kind === SUBSTITUTION) substitute(n.id, n.optional, attribute, out);
      else if (n.kind === ELEMENT) {
        const d = n.dependency;
        if (d >= 0 && d < instance.types.length && instance.types[d] === T_NULL) continue;
        for (const copy of expandArrays(resolveElement(n), budget, instance.end)) out.push(copy);
      } else out.push(n);
    }
    return out;
  }

  function substitute(id: number, optional: boolean, attribute: boolean, out: Node[]): void {
    if (id >= instance.types.length) return;
    const type = instance.types[id]!;
    const [o, n] = [instance.offsets[id]!, instance.sizes[id]!];
    if (type === T_BINXML) {
      if (n === 0) return;
      if (attribute) throw new EvtxError('evtx.record-body', o, 'text in an attribute', 'BinXML');
      for (const e of parseStream(chunk, o, o + n, { definition: false, depth: depth + 1, budget })) out.push(e);
      return;
    }
    const node = valueNode(chunk.bytes, type, o, n);
    const empty = node.kind === VALUE ? node.empty : node.text === '';
    if (!(optional && empty)) out.push(node);
  }
}

/** MS-EVEN6 3.1.4.7.5: an array repeats the element that holds it, once for each of its items. */
function expandArrays(e: ElementNode, budget: Budget, offset: number): ElementNode[] {
  const many = (n: Node): boolean => n.kind === VALUE && n.items !== undefined && n.items.length > 1;
  const child = e.children.findIndex(many);
  if (child >= 0) {
    const copies = itemsOf(e.children[child]!, (n) => ({ ...e, children: e.children.toSpliced(child, 1, ...n) }));
    return copies.flatMap((c) => expandArrays(c, budget, offset));
  }
  const attr = e.attributes.findIndex((a) => a.value.some(many));
  if (attr < 0) return [e];
  const node = e.attributes[attr]!.value.findIndex(many);
  const copies = itemsOf(e.attributes[attr]!.value[node]!, (n) => {
    const value = e.attributes[attr]!.value.toSpliced(node, 1, ...n);
    return { ...e, attributes: e.attributes.toSpliced(attr, 1, { name: e.attributes[attr]!.name, value }) };
  });
  return copies.flatMap((c) => expandArrays(c, budget, offset));

  function itemsOf(n: Node, build: (replacement: Node[]) => ElementNode): ElementNode[] {
    if (n.kind !== VALUE || n.items === undefined) return [];
    const item = n.type & ~ARRAY_FLAG;
    spend(budget, n.items.length * (1 + e.attributes.length + e.children.length), offset);
    return n.items.map((text) => {
      if (item === T_STRING || item === T_ANSI) return build(text === '' ? [] : [{ kind: TEXT, text }]);
      return build([
        { kind: VALUE, type: item, text, empty: item === T_BINARY && text === '', bare: isBareType(item) },
      ]);
    });
  }
}

export { arrayItems };
