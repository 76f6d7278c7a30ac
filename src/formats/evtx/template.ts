// Template definitions, kept across chunks. A chunk holds its own copy of each definition, with names by chunk offset;
// the same definition in the next chunk has the same bytes but for those offsets. A template is therefore parsed once
// and found again by comparing its bytes around the name references and the names they lead to.
import { u16, u32 } from '../../base/index.js';
import type { NameSite } from './binxml.js';
import type { Chunk } from './chunk.js';
import { EvtxError } from './error.js';
import { JsonKernel, type PlacedProgram } from './json-kernel.js';
import type { Layout } from './layout-fields.js';
import type { ElementNode } from './node.js';
import type { Shape } from './record.js';
import { TextCache } from './text-cache.js';

/** next definition (4), GUID (16), size of the data (4). */
export const DEFINITION_HEADER_SIZE = 24;
/** Definitions kept: an enterprise's logs use some 3,000. Crafted files must not grow the cache without end. */
const MAX_CACHED = 8000;
/** The same in bytes of definitions; what is made of them takes some ten times as much. */
const MAX_CACHED_BYTES = 12 << 20;

/** A parsed definition. Compiled forms are made when first asked for and kept with it. */
export interface Template {
  readonly root: ElementNode;
  json: PlacedProgram | undefined;
  layout: Layout | undefined;
  /** Shapes of records of this template, by the template nested in it: they outlive the file that showed them first. */
  shapes: Map<Template | null, Shape> | undefined;
}

interface Variant {
  readonly template: Template;
  readonly bytes: Uint8Array;
  /** 1 where a byte is part of a name reference or of a chain link, which differ from chunk to chunk. */
  readonly mask: Uint8Array;
  readonly sites: readonly NameSite[];
  readonly base: number;
}

/** What is kept from file to file by one reader: templates, and texts of values. */
export class TemplateCache {
  readonly texts = new TextCache();
  #json: JsonKernel | null = null;
  #variants = new Map<number, Variant[]>();
  #count = 0;
  #bytes = 0;

  /** Made when first needed. */
  get json(): JsonKernel {
    return (this.#json ??= new JsonKernel());
  }

  /** The template defined at `offset` of the chunk. Throws `EvtxError` where there is none. */
  get(chunk: Chunk, offset: number): Template {
    const b = chunk.bytes;
    if (offset + DEFINITION_HEADER_SIZE > b.length)
      throw new EvtxError('evtx.template', offset, 'a template definition inside the chunk', 'the end of the chunk');
    const size = u32(b, offset + 20);
    const start = offset + DEFINITION_HEADER_SIZE;
    if (start + size > b.length)
      throw new EvtxError('evtx.template', offset, 'a definition that ends inside the chunk', `${size} bytes`);
    const key = u32(b, offset + 4) * 65536 + size;
    const known = this.#variants.get(key);
    if (known !== undefined) for (const v of known) if (matches(chunk, start, v)) return v.template;

    const sites: NameSite[] = [];
    const root = chunk.parseDefinition(start, start + size, sites);
    const template: Template = { root, json: undefined, layout: undefined, shapes: undefined };
    if (this.#count >= MAX_CACHED || this.#bytes >= MAX_CACHED_BYTES) {
      this.#variants.clear();
      this.#bytes = 0;
      this.#json?.clear();
      this.#count = 0;
    }
    this.#count++;
    this.#bytes += size;
    const bytes = Uint8Array.prototype.slice.call(b, start, start + size);
    const mask = new Uint8Array(size);
    for (const s of sites) mask.fill(1, s.at - start, s.at - start + (s.inline ? 8 : 4));
    const variant: Variant = { template, bytes, mask, sites, base: start };
    const list = this.#variants.get(key);
    if (list === undefined) this.#variants.set(key, [variant]);
    else list.push(variant);
    return template;
  }
}

function matches(chunk: Chunk, start: number, v: Variant): boolean {
  const b = chunk.bytes;
  const { bytes, mask, sites } = v;
  for (let i = 0; i < bytes.length; i++) if (b[start + i] !== bytes[i] && mask[i] === 0) return false;
  const shift = start - v.base;
  for (const s of sites) {
    const at = s.at + shift;
    const ref = u32(b, at);
    if ((ref === at + 4) !== s.inline) return false;
    if (s.inline) continue; // its characters are among the bytes compared above
    const name = s.name;
    const n = name.length;
    if (ref + 8 + n * 2 > b.length || u16(b, ref + 6) !== n) return false;
    for (let i = 0, o = ref + 8; i < n; i++, o += 2)
      if ((b[o]! | (b[o + 1]! << 8)) !== name.charCodeAt(i)) return false;
  }
  return true;
}
