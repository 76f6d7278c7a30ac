// The tree that BinXML describes, for template definitions (with substitutions) and for records (without).
// Kinds are numbers because the walkers switch on them for every node.

export const TEXT = 0;
export const VALUE = 1;
export const SUBSTITUTION = 2;
export const ELEMENT = 3;
export const ENTITY = 4;
export const CHAR = 5;
export const CDATA = 6;
export const PI = 7;

export interface TextNode {
  readonly kind: typeof TEXT | typeof CDATA;
  readonly text: string;
}
/** A typed value that is no string. `items` is there for arrays. `bare`: JSON prints it without quotes. */
export interface ValueNode {
  readonly kind: typeof VALUE;
  readonly type: number;
  readonly text: string;
  readonly empty: boolean;
  readonly bare: boolean;
  readonly items?: readonly string[];
}
export interface SubstitutionNode {
  readonly kind: typeof SUBSTITUTION;
  readonly id: number;
  readonly optional: boolean;
}
export interface EntityNode {
  readonly kind: typeof ENTITY;
  readonly name: string;
}
export interface CharNode {
  readonly kind: typeof CHAR;
  readonly code: number;
}
export interface PiNode {
  readonly kind: typeof PI;
  readonly target: string;
  readonly data: string;
}
export interface AttributeNode {
  readonly name: string;
  readonly value: readonly Node[];
}
export interface ElementNode {
  readonly kind: typeof ELEMENT;
  readonly name: string;
  readonly attributes: readonly AttributeNode[];
  readonly children: readonly Node[];
  /** Substitution that must not be NULL for the element to be there at all (MS-EVEN6 2.2.12); -1 for none. */
  readonly dependency: number;
}
export type Node = TextNode | ValueNode | SubstitutionNode | ElementNode | EntityNode | CharNode | PiNode;

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", amp: '&', lt: '<', gt: '>' };

/** Text of an entity reference: one of XML's five, or the reference itself when it is none of these. */
export function entityText(name: string): string {
  return ENTITIES[name] ?? `&${name};`;
}

/** A character reference; a code that is no character (half of a surrogate pair) is shown as the reference. */
export function charText(code: number): string {
  return code >= 0xd800 && code <= 0xdfff ? `&#${code};` : String.fromCharCode(code);
}

/** Whether a node of a resolved tree adds text. A substitution must have been resolved before. */
export function isContent(node: Node): boolean {
  switch (node.kind) {
    case TEXT:
    case CDATA:
      return node.text !== '';
    case VALUE:
      return !node.empty;
    case ENTITY:
    case CHAR:
      return true;
    default:
      return false;
  }
}

/** The plain text of resolved nodes; elements and processing instructions add nothing. */
export function nodesText(nodes: readonly Node[]): string {
  let out = '';
  for (const n of nodes) {
    if (n.kind === TEXT || n.kind === CDATA || n.kind === VALUE) out += n.text;
    else if (n.kind === ENTITY) out += entityText(n.name);
    else if (n.kind === CHAR) out += charText(n.code);
  }
  return out;
}
