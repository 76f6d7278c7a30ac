// All texts of a case, each once, as bytes in one block of memory: a case of ten million records has millions of them, and as
// strings they would not fit. Numbers are as the store's: -1 none, below -1 a decimal number itself, 0 and up a text.

const EMPTY = -1;
/** Decoded strings that are kept; then it starts anew. */
const MAX_CACHED = 200_000;
const BLOCK = 16 << 20;

export class Texts {
  /** Blocks of bytes; no text crosses from one to the next, and none is copied when there are more. */
  readonly #blocks: Buffer[] = [];
  #used = BLOCK;
  #starts = new Float64Array(1 << 14);
  #lengths = new Int32Array(1 << 14);
  #hashes = new Int32Array(1 << 14);
  #slots = new Int32Array(1 << 15).fill(EMPTY);
  #count = 0;
  #canon = new Int32Array(1 << 14);
  #stored = 0;
  #cache = new Map<number, string>();
  readonly #folded = new Map<number, number>();

  get count(): number {
    return this.#count;
  }

  /** Takes the store's next text, in the order of its numbers. */
  stored(text: string): void {
    if (this.#stored === this.#canon.length) {
      const next = new Int32Array(this.#stored * 2);
      next.set(this.#canon);
      this.#canon = next;
    }
    this.#canon[this.#stored++] = this.add(text);
  }

  /** A number of the store as the one number of its text here. */
  of(stored: number): number {
    return stored < 0 ? stored : this.#canon[stored]!;
  }

  #hash(t: string): number {
    let h = 0x811c9dc5;
    for (let i = 0; i < t.length; i++) h = Math.imul(h ^ t.charCodeAt(i), 0x01000193);
    return h | 0;
  }

  #find(t: string, hash: number): number {
    const mask = this.#slots.length - 1;
    let at = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const id = this.#slots[at]!;
      if (id === EMPTY) return -1 - at;
      if (this.#hashes[id] === hash && this.text(id) === t) return id;
      at = (at + 1) & mask;
    }
  }

  add(t: string): number {
    const hash = this.#hash(t);
    const known = this.#find(t, hash);
    if (known >= 0) return known;
    const id = this.#count;
    if (id + 1 >= this.#starts.length) {
      const starts = new Float64Array(this.#starts.length * 2);
      starts.set(this.#starts);
      this.#starts = starts;
      const hashes = new Int32Array(this.#hashes.length * 2);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
      const lengths = new Int32Array(this.#lengths.length * 2);
      lengths.set(this.#lengths);
      this.#lengths = lengths;
    }
    const room = t.length * 3;
    if (this.#blocks.length === 0 || this.#used + room > BLOCK) {
      this.#blocks.push(Buffer.allocUnsafe(Math.max(BLOCK, room)));
      this.#used = 0;
    }
    const block = this.#blocks.length - 1;
    const length = this.#blocks[block]!.write(t, this.#used, 'utf8');
    this.#starts[id] = block * BLOCK + this.#used;
    this.#lengths[id] = length;
    this.#used = room > BLOCK ? BLOCK : this.#used + length;
    this.#hashes[id] = hash;
    this.#slots[-1 - known] = id;
    this.#count++;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(EMPTY);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#count; id++) {
      const hash = this.#hashes[id]!;
      let at = (hash ^ (hash >>> 15)) & mask;
      while (slots[at] !== EMPTY) at = (at + 1) & mask;
      slots[at] = id;
    }
    this.#slots = slots;
  }

  /** The number of a text; -1 if no record has it. */
  find(t: string): number {
    const id = this.#find(t, this.#hash(t));
    return id < 0 ? -1 : id;
  }

  /** '' for none. */
  text(id: number): string {
    if (id < 0) return id === -1 ? '' : String(-(id + 2));
    const known = this.#cache.get(id);
    if (known !== undefined) return known;
    const at = this.#starts[id]! % BLOCK;
    const t = this.#blocks[Math.floor(this.#starts[id]! / BLOCK)]!.toString('utf8', at, at + this.#lengths[id]!);
    if (this.#cache.size >= MAX_CACHED) this.#cache = new Map();
    this.#cache.set(id, t);
    return t;
  }

  /** The number of the same text in lower case. */
  fold(id: number): number {
    if (id < 0) return id;
    let f = this.#folded.get(id);
    if (f === undefined) {
      const t = this.text(id);
      const lower = t.toLowerCase();
      f = lower === t ? id : this.add(lower);
      this.#folded.set(id, f);
    }
    return f;
  }

  /** A decimal or hexadecimal (`0x…`) number; NaN for what is none. */
  number(id: number): number {
    if (id < -1) return -(id + 2);
    if (id < 0) return Number.NaN;
    const t = this.text(id).trim();
    return /^(?:0x[0-9a-f]+|-?\d+(?:\.\d+)?)$/i.test(t) ? Number(t) : Number.NaN;
  }

  /** A question about texts whose answer is remembered by number. */
  asker<T>(answer: (text: string) => T): (id: number) => T {
    const known = new Map<number, T>();
    return (id) => {
      if (known.has(id)) return known.get(id)!;
      const a = answer(this.text(id));
      known.set(id, a);
      return a;
    };
  }
}
