// Texts of values, kept by their bytes. A log says the same things over and over: one look at the bytes finds the text
// that was made before, which saves making it and gives whoever keeps answers by text the same string object again.
import type { Chunk } from './chunk.js';
import { T_ANSI, T_BINARY, T_GUID, T_SID, T_STRING, valueText } from './values.js';

/** Longest value that is kept: a path of 128 characters. */
const MAX_BYTES = 256;
/** Texts kept; one that falls on the place of another takes it. */
const SLOTS = 8192;

export class TextCache {
  readonly #texts: (string | undefined)[] = Array.from({ length: SLOTS });
  /** Size and type of the value kept in each place. */
  readonly #kinds = new Int32Array(SLOTS);
  readonly #bytes = new DataView(new ArrayBuffer(SLOTS * MAX_BYTES));

  /** The text of a value that is no array and no BinXML, as `valueText` gives it. Throws `EvtxError`. */
  text(chunk: Chunk, type: number, o: number, n: number): string {
    const worth = type === T_STRING || type === T_SID || type === T_GUID || type === T_ANSI || type === T_BINARY;
    if (!worth || n > MAX_BYTES || n === 0) return valueText(chunk.bytes, type, o, n);
    const { view } = chunk;
    let h = n ^ (type << 16);
    const whole = o + (n & ~3);
    for (let i = o; i < whole; i += 4) h = Math.imul(h ^ view.getInt32(i, true), 0x9e3779b1);
    for (let i = whole; i < o + n; i++) h = Math.imul(h ^ view.getUint8(i), 0x9e3779b1);
    const slot = (h ^ (h >>> 15)) & (SLOTS - 1);
    const kind = n | (type << 16);
    const kept = this.#bytes;
    const at = slot * MAX_BYTES;
    if (this.#kinds[slot] === kind) {
      let same = true;
      for (let i = o, k = at; i < whole; i += 4, k += 4)
        if (view.getInt32(i, true) !== kept.getInt32(k, true)) {
          same = false;
          break;
        }
      for (let i = whole, k = at + (n & ~3); same && i < o + n; i++, k++)
        if (view.getUint8(i) !== kept.getUint8(k)) same = false;
      if (same) return this.#texts[slot]!;
    }
    const text = valueText(chunk.bytes, type, o, n);
    for (let i = o, k = at; i < whole; i += 4, k += 4) kept.setInt32(k, view.getInt32(i, true), true);
    for (let i = whole, k = at + (n & ~3); i < o + n; i++, k++) kept.setUint8(k, view.getUint8(i));
    this.#kinds[slot] = kind;
    this.#texts[slot] = text;
    return text;
  }
}
