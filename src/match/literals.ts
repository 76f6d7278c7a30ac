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

/** Literals of one and two characters: lists by the class of their first, of both. */
const PAIRS = 4096;

/** Finds which of a set of literals a text holds. Literals and texts are compared as given: fold both before. */
export class LiteralIndex {
  readonly #literals: readonly string[];
  readonly #empty: number[] = [];
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #keys: Int32Array;
  readonly #at: Int32Array;
  /** Codes of the first and of the last character, together: most of what shares a run differs in one of them. */
  readonly #ends: Int32Array;
  readonly #lengths: Int32Array;
  readonly #shift: number;
  readonly #seen: Int32Array;
  readonly #singles: Int32Array | null;
  readonly #pairs: Int32Array | null;
  #generation = 0;
  readonly #indexed: boolean;

  constructor(literals: readonly string[]) {
    this.#literals = literals;
    const n = literals.length;
    const long: number[] = [];
    let singles: Int32Array | null = null;
    let pairs: Int32Array | null = null;
    this.#next = new Int32Array(n).fill(-1);
    this.#ends = new Int32Array(n);
    this.#lengths = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const l = literals[i]!;
      const length = (this.#lengths[i] = l.length);
      if (length === 0) {
        this.#empty.push(i);
        continue;
      }
      this.#ends[i] = (l.charCodeAt(0) << 16) | l.charCodeAt(length - 1);
      if (length >= Q) long.push(i);
      else if (length === 1) {
        singles ??= new Int32Array(64).fill(-1);
        const key = CLASS[l.charCodeAt(0)]!;
        this.#next[i] = singles[key]!;
        singles[key] = i;
      } else {
        pairs ??= new Int32Array(PAIRS).fill(-1);
        const key = (CLASS[l.charCodeAt(0)]! << 6) | CLASS[l.charCodeAt(1)]!;
        this.#next[i] = pairs[key]!;
        pairs[key] = i;
      }
    }
    this.#singles = singles;
    this.#pairs = pairs;
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
    this.#keys = new Int32Array(n);
    this.#at = new Int32Array(n);
    this.#seen = new Int32Array(n);
    this.#indexed = long.length > 0;
    for (const i of long) {
      const l = literals[i]!;
      let best = 0;
      let fewest = frequency[slotOf(keyAt(l, 0))]!;
      for (let k = 1; k + Q <= l.length && fewest > 1; k++) {
        const f = frequency[slotOf(keyAt(l, k))]!;
        if (f < fewest) {
          best = k;
          fewest = f;
        }
      }
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
    for (const i of this.#empty) found(i);
    const n = text.length;
    if (n === 0) return;
    const generation = ++this.#generation;
    if (this.#singles !== null || this.#pairs !== null) this.#short(text, generation, found);
    if (!this.#indexed || n < Q) return;
    const literals = this.#literals;
    const heads = this.#heads;
    const next = this.#next;
    const keys = this.#keys;
    const seen = this.#seen;
    const shift = this.#shift;
    let key = (CLASS[text.charCodeAt(0)]! << 6) | CLASS[text.charCodeAt(1)]!;
    for (let i = 2; i < n; i++) {
      key = ((key << 6) | CLASS[text.charCodeAt(i)]!) & KEY_MASK;
      let j = heads[Math.imul(key, 0x9e3779b1) >>> shift]!;
      while (j >= 0) {
        if (keys[j] === key && seen[j] !== generation) {
          const start = i - 2 - this.#at[j]!;
          const length = this.#lengths[j]!;
          if (
            start >= 0 &&
            start + length <= n &&
            ((text.charCodeAt(start) << 16) | text.charCodeAt(start + length - 1)) === this.#ends[j] &&
            text.startsWith(literals[j]!, start)
          ) {
            seen[j] = generation;
            found(j);
          }
        }
        j = next[j]!;
      }
    }
  }

  /** Literals of one and two characters. */
  #short(text: string, generation: number, found: (literal: number) => void): void {
    const singles = this.#singles;
    const pairs = this.#pairs;
    const next = this.#next;
    const seen = this.#seen;
    const ends = this.#ends;
    let before = 0;
    let key = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      const cls = CLASS[code]!;
      if (singles !== null)
        for (let j = singles[cls]!; j >= 0; j = next[j]!)
          if (ends[j] === ((code << 16) | code) && seen[j] !== generation) {
            seen[j] = generation;
            found(j);
          }
      if (pairs !== null && i > 0) {
        key = ((key << 6) | cls) & 0xfff;
        for (let j = pairs[key]!; j >= 0; j = next[j]!)
          if (ends[j] === ((before << 16) | code) && seen[j] !== generation) {
            seen[j] = generation;
            found(j);
          }
      } else key = cls;
      before = code;
    }
  }
}

/**
 * Many prefixes (or suffixes) against one text: a hash of the text's end grows by one character at a time, and is looked up at each
 * length that occurs. No text is cut out.
 */
export class EndsIndex {
  readonly #prefix: boolean;
  readonly #literals: readonly string[];
  /** By length: 1 where literals of it are. */
  readonly #lengths: Uint8Array;
  readonly #shift: number;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #hashes: Int32Array;
  readonly #empty: number[] = [];

  constructor(literals: readonly string[], end: 'prefix' | 'suffix') {
    this.#prefix = end === 'prefix';
    this.#literals = literals;
    let longest = 0;
    for (const l of literals) if (l.length > longest) longest = l.length;
    this.#lengths = new Uint8Array(longest + 1);
    let bits = 6;
    while (1 << bits < literals.length * 4 && bits < 16) bits++;
    this.#shift = 32 - bits;
    this.#heads = new Int32Array(1 << bits).fill(-1);
    this.#next = new Int32Array(literals.length).fill(-1);
    this.#hashes = new Int32Array(literals.length);
    literals.forEach((l, i) => {
      const n = l.length;
      if (n === 0) {
        this.#empty.push(i);
        return;
      }
      this.#lengths[n] = 1;
      let h = 0;
      for (let k = 0; k < n; k++) h = (Math.imul(h, 31) + l.charCodeAt(this.#prefix ? k : n - 1 - k)) | 0;
      this.#hashes[i] = h;
      const slot = Math.imul(h, 0x9e3779b1) >>> this.#shift;
      this.#next[i] = this.#heads[slot]!;
      this.#heads[slot] = i;
    });
  }

  scan(text: string, found: (literal: number) => void): void {
    for (const i of this.#empty) found(i);
    const n = text.length;
    const lengths = this.#lengths;
    const most = Math.min(n, lengths.length - 1);
    const prefix = this.#prefix;
    let h = 0;
    for (let k = 0; k < most; k++) {
      h = (Math.imul(h, 31) + text.charCodeAt(prefix ? k : n - 1 - k)) | 0;
      if (lengths[k + 1] === 0) continue;
      for (let j = this.#heads[Math.imul(h, 0x9e3779b1) >>> this.#shift]!; j >= 0; j = this.#next[j]!) {
        const l = this.#literals[j]!;
        if (this.#hashes[j] === h && l.length === k + 1 && (prefix ? text.startsWith(l) : text.endsWith(l))) found(j);
      }
    }
  }
}
