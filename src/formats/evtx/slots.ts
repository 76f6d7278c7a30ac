// Substitution values of one record, as three flat arrays that are reused for every record: a record is a template and
// a slice of bytes, and no object is made for it. Instance 0 is the record's own, others are nested in its values.
import { u16, u32 } from '../../base/index.js';
import { MAX_SUBSTITUTIONS } from './binxml.js';
import type { Chunk } from './chunk.js';
import type { Template } from './template.js';

const MAX_INSTANCES = 64;

export class Slots {
  types = new Uint8Array(1024);
  offsets = new Int32Array(1024);
  sizes = new Int32Array(1024);
  readonly base = new Int32Array(MAX_INSTANCES);
  readonly count = new Int32Array(MAX_INSTANCES);
  readonly templates: Template[] = [];
  instances = 0;
  #used = 0;

  reset(): void {
    this.instances = 0;
    this.#used = 0;
  }

  /**
   * Reads a stream of exactly one template instance in `[pos, end)`: an optional fragment header, the instance, then
   * the end. Returns the instance's number, or -1 for any other shape, which the tree reader then takes. May throw
   * `EvtxError` from the template.
   */
  read(chunk: Chunk, pos: number, end: number): number {
    const b = chunk.bytes;
    let at = pos;
    if (at + 4 <= end && b[at] === 0x0f) at += 4;
    if (at + 14 > end || b[at] !== 0x0c) return -1;
    at++;
    const definition = u32(b, at + 5);
    at += 9;
    if (definition === at) {
      if (at + 24 > end) return -1;
      at += 24 + u32(b, at + 20);
      if (at + 4 > end) return -1;
    }
    const n = u32(b, at);
    at += 4;
    if (n > MAX_SUBSTITUTIONS || at + n * 4 > end || this.instances >= MAX_INSTANCES) return -1;
    const from = this.#used;
    if (from + n > this.types.length) this.#grow(from + n);
    const { types, offsets, sizes } = this;
    let value = at + n * 4;
    for (let i = 0, d = at; i < n; i++, d += 4) {
      const size = u16(b, d);
      types[from + i] = b[d + 2]!;
      offsets[from + i] = value;
      sizes[from + i] = size;
      value += size;
    }
    // Anything but the end behind the instance is a shape for the tree reader.
    if (value > end || (value < end && b[value] !== 0)) return -1;
    this.#used = from + n;
    const index = this.instances++;
    this.base[index] = from;
    this.count[index] = n;
    this.templates[index] = chunk.template(definition);
    return index;
  }

  #grow(n: number): void {
    const size = Math.max(n, this.types.length * 2);
    const types = new Uint8Array(size);
    types.set(this.types);
    const offsets = new Int32Array(size);
    offsets.set(this.offsets);
    const sizes = new Int32Array(size);
    sizes.set(this.sizes);
    this.types = types;
    this.offsets = offsets;
    this.sizes = sizes;
  }
}
