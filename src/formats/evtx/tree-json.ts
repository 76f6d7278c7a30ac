// A resolved tree as JSON, in the shape that `evtx_dump -o jsonl` prints: attributes under "#attributes", text under
// "#text" where both stand, `Data` elements of EventData and UserData by their Name, repeated names with _1, _2, ….
import { type ByteWriter, jsonText } from '../../base/index.js';
import { EvtxError } from './error.js';
import {
  type AttributeNode,
  CDATA,
  ELEMENT,
  type ElementNode,
  isContent,
  type Node,
  nodesText,
  TEXT,
  VALUE,
} from './node.js';

/** Output that one record may render to; real ones stay below 200 KiB. */
export const MAX_RECORD_OUTPUT = 16 * 1024 * 1024;

export const isContainer = (name: string): boolean => name === 'EventData' || name === 'UserData';

/** Writes `{"Event":…}` for the record whose root element is `root`. */
export function writeTreeJson(w: ByteWriter, root: ElementNode): void {
  const start = w.pos;
  w.byte(0x7b);
  key(w, root.name, 0);
  elementValue(w, root, false, start);
  w.byte(0x7d);
}

/** Writes the value of a root element alone, for a program that met it as a nested record. */
export function writeElementJson(w: ByteWriter, e: ElementNode): void {
  elementValue(w, e, isContainer(e.name), w.pos);
}

function key(w: ByteWriter, name: string, suffix: number): void {
  w.byte(0x22);
  jsonText(w, suffix === 0 ? name : `${name}_${suffix}`);
  w.byte(0x22);
  w.byte(0x3a);
}

function quoted(w: ByteWriter, text: string): void {
  w.byte(0x22);
  jsonText(w, text);
  w.byte(0x22);
}

const attributeText = (a: AttributeNode): boolean => a.value.some(isContent);

function elementValue(w: ByteWriter, e: ElementNode, container: boolean, start: number): void {
  if (w.pos - start > MAX_RECORD_OUTPUT)
    throw new EvtxError('evtx.record-body', 0, `at most ${MAX_RECORD_OUTPUT} bytes of JSON`, 'more');
  const hasElement = e.children.some((n) => n.kind === ELEMENT);
  const hasText = e.children.some(isContent);
  const hasAttributes = e.attributes.some(attributeText);
  if (!hasElement && !hasText && !hasAttributes) w.ascii('null');
  else if (!hasElement && !hasAttributes) content(w, e.children);
  else body(w, e, container, false, hasText, start);
}

/** Element content without its elements: a bare number or boolean when that is all there is, else a string. */
function content(w: ByteWriter, nodes: readonly Node[]): void {
  let only: Node | null = null;
  let count = 0;
  for (const n of nodes) {
    if (n.kind === ELEMENT || ((n.kind === TEXT || n.kind === CDATA) && n.text === '') || (n.kind === VALUE && n.empty))
      continue;
    only = n;
    count++;
  }
  if (count === 1 && only?.kind === VALUE && only.bare) w.ascii(only.text);
  else quoted(w, nodesText(nodes));
}

function dataValue(w: ByteWriter, e: ElementNode, start: number): void {
  const hasElement = e.children.some((n) => n.kind === ELEMENT);
  const hasText = e.children.some(isContent);
  if (!hasElement && !hasText) w.ascii('""');
  else if (hasElement) body(w, e, false, true, hasText, start);
  else content(w, e.children);
}

const dataName = (e: ElementNode): string | null => {
  const a = e.attributes.find((x) => x.name === 'Name');
  return a !== undefined && attributeText(a) ? nodesText(a.value) : null;
};

function body(
  w: ByteWriter,
  e: ElementNode,
  container: boolean,
  omitAttributes: boolean,
  hasText: boolean,
  start: number,
): void {
  const elements = e.children.filter((n): n is ElementNode => n.kind === ELEMENT);
  const data = container ? elements.filter((c) => c.name === 'Data') : [];
  const named = data.some((d) => dataName(d) !== null);
  w.byte(0x7b);
  let first = true;
  const comma = (): void => {
    if (!first) w.byte(0x2c);
    first = false;
  };
  if (!omitAttributes && e.attributes.some(attributeText)) {
    comma();
    attributes(w, e);
  }
  if (hasText) {
    comma();
    w.ascii('"#text":');
    content(w, e.children);
  }
  const counts = new Map<string, number>();
  const dataCounts = new Map<string, number>();
  const nth = (map: Map<string, number>, name: string): number => {
    const n = map.get(name) ?? 0;
    map.set(name, n + 1);
    return n;
  };
  let positional = false;
  for (let i = 0; i < elements.length; i++) {
    const c = elements[i]!;
    if (container && c.name === 'Data') {
      if (!named) {
        if (positional) continue;
        positional = true;
        comma();
        w.ascii('"Data":{"#text":');
        list(w, data, start);
        w.byte(0x7d);
        continue;
      }
      const name = dataName(c);
      if (name === null) continue;
      let run = 1;
      while (i + run < elements.length && elements[i + run]!.name === 'Data' && dataName(elements[i + run]!) === name)
        run++;
      comma();
      key(w, name, nth(dataCounts, name));
      list(w, elements.slice(i, i + run), start);
      i += run - 1;
      continue;
    }
    comma();
    key(w, c.name, nth(counts, c.name));
    elementValue(w, c, isContainer(c.name), start);
  }
  w.byte(0x7d);
}

function list(w: ByteWriter, data: readonly ElementNode[], start: number): void {
  if (data.length === 1) {
    dataValue(w, data[0]!, start);
    return;
  }
  w.byte(0x5b);
  data.forEach((d, i) => {
    if (i > 0) w.byte(0x2c);
    dataValue(w, d, start);
  });
  w.byte(0x5d);
}

function attributes(w: ByteWriter, e: ElementNode): void {
  w.ascii('"#attributes":{');
  let first = true;
  for (const a of e.attributes) {
    if (!attributeText(a)) continue;
    if (!first) w.byte(0x2c);
    first = false;
    key(w, a.name, 0);
    const only = a.value.length === 1 ? a.value[0]! : null;
    if (only !== null && only.kind === VALUE && only.bare) w.ascii(only.text);
    else quoted(w, nodesText(a.value));
  }
  w.byte(0x7d);
}
