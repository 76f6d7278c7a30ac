// Many literals against one text in one pass. Each literal is filed under its rarest run of three characters; the scan
// rolls a key over the text and compares literals only where such a run stands. Time does not grow with the number of
// literals but with the number of places where one is likely.

const Q = 3;
const KEY_MASK = 0x3ffff; // three classes of six bits

/** Character classes: letters and digits keep their identity, everything else shares 28 classes. */
const CLASS = new Uint8Array(65536);
for (let c = 0; c < 65536; c++) CLASS[c] = 36 + (c % 28);
for (let i = 0; i < 26; i++) CLASS[97 + i] = i;
for (let i = 0; i < 10; i++) CLASS[48 + i] = 26 + i;

function keyAt(text: string, i: number): number {
  return (CLASS[text.charCodeAt(i)]! << 12) | (CLASS[text.charCodeAt(i + 1)]! << 6) | CLASS[text.charCodeAt(i + 2)]!;
}

/** Finds which of a set of literals a text holds. Literals and texts are compared as given: fold both before. */
export class LiteralIndex {
  readonly #literals: readonly string[];
  readonly #short: number[] = [];
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #keys: Int32Array;
  readonly #at: Int32Array;
  readonly #shift: number;
  readonly #seen: Int32Array;
  #generation = 0;
  readonly #indexed: boolean;

  constructor(literals: readonly string[]) {
    this.#literals = literals;
    const long: number[] = [];
    literals.forEach((l, i) => (l.length >= Q ? long : this.#short).push(i));
    // How often each run stands in the literals, roughly: runs that share a slot count together.
    const frequency = new Uint32Array(4096);
    const slotOf = (key: number): number => Math.imul(key, 0x9e3779b1) >>> 20;
    for (const i of long) {
      const l = literals[i]!;
      for (let k = 0; k + Q <= l.length; k++) frequency[slotOf(keyAt(l, k))]!++;
    }
    let bits = 8;
    while (1 << bits < long.length * 8 && bits < 18) bits++;
    this.#shift = 32 - bits;
    this.#heads = new Int32Array(1 << bits).fill(-1);
    this.#next = new Int32Array(literals.length).fill(-1);
    this.#keys = new Int32Array(literals.length);
    this.#at = new Int32Array(literals.length);
    this.#seen = new Int32Array(literals.length);
    this.#indexed = long.length > 0;
    for (const i of long) {
      const l = literals[i]!;
      let best = 0;
      for (let k = 1; k + Q <= l.length; k++)
        if (frequency[slotOf(keyAt(l, k))]! < frequency[slotOf(keyAt(l, best))]!) best = k;
      const key = keyAt(l, best);
      const slot = Math.imul(key, 0x9e3779b1) >>> this.#shift;
      this.#keys[i] = key;
      this.#at[i] = best;
      this.#next[i] = this.#heads[slot]!;
      this.#heads[slot] = i;
    }
  }

  /** Calls `found` once with the number of each literal that `text` holds. */
  scan(text: string, found: (literal: number) => void): void {
    const literals = this.#literals;
    for (const i of this.#short) if (text.includes(literals[i]!)) found(i);
    const n = text.length;
    if (!this.#indexed || n < Q) return;
    const generation = ++this.#generation;
    const heads = this.#heads;
    const shift = this.#shift;
    let key = (CLASS[text.charCodeAt(0)]! << 6) | CLASS[text.charCodeAt(1)]!;
    for (let i = 2; i < n; i++) {
      key = ((key << 6) | CLASS[text.charCodeAt(i)]!) & KEY_MASK;
      let j = heads[Math.imul(key, 0x9e3779b1) >>> shift]!;
      while (j >= 0) {
        if (this.#keys[j] === key && this.#seen[j] !== generation) {
          const start = i - 2 - this.#at[j]!;
          if (start >= 0 && text.startsWith(literals[j]!, start)) {
            this.#seen[j] = generation;
            found(j);
          }
        }
        j = this.#next[j]!;
      }
    }
  }
}

/** Many prefixes (or suffixes) against one text: for each length that occurs, one look at the text's end of that length. */
export class EndsIndex {
  readonly #prefix: boolean;
  readonly #lengths: number[] = [];
  readonly #byLength: Map<string, number[]>[] = [];

  constructor(literals: readonly string[], end: 'prefix' | 'suffix') {
    this.#prefix = end === 'prefix';
    const maps = new Map<number, Map<string, number[]>>();
    literals.forEach((l, i) => {
      let map = maps.get(l.length);
      if (map === undefined) {
        map = new Map();
        maps.set(l.length, map);
      }
      const list = map.get(l);
      if (list === undefined) map.set(l, [i]);
      else list.push(i);
    });
    for (const [length, map] of [...maps].sort((a, b) => a[0] - b[0])) {
      this.#lengths.push(length);
      this.#byLength.push(map);
    }
  }

  scan(text: string, found: (literal: number) => void): void {
    const n = text.length;
    for (let k = 0; k < this.#lengths.length; k++) {
      const length = this.#lengths[k]!;
      if (length > n) return;
      const list = this.#byLength[k]!.get(this.#prefix ? text.slice(0, length) : text.slice(n - length));
      if (list !== undefined) for (const i of list) found(i);
    }
  }
}
