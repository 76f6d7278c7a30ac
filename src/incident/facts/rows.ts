// Rows by a key of two numbers, all in flat arrays: a case has millions of sessions, ports and processes, and an object for each
// would take more memory than the facts themselves.

const NONE = -1;

/** The first of `n` places, sorted by `at`, at which it is `t` or more; `n` if there is none. */
export function firstAt(n: number, at: (i: number) => number, t: number): number {
  let lo = 0;
  let hi = n;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (at(mid) < t) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

export class Rows {
  #a = new Int32Array(1024);
  #b = new Float64Array(1024);
  #head = new Int32Array(1024).fill(NONE);
  #tail = new Int32Array(1024);
  #keys = 0;
  #next = new Int32Array(1024);
  #row = new Int32Array(1024);
  #count = 0;

  #slot(a: number, b: number): number {
    const mask = this.#head.length - 1;
    let h = Math.imul(a ^ 0x9e3779b1, 0x85ebca6b) ^ Math.imul((b | 0) ^ Math.floor(b / 4_294_967_296), 0xc2b2ae35);
    h ^= h >>> 15;
    let at = h & mask;
    while (this.#head[at] !== NONE && (this.#a[at] !== a || this.#b[at] !== b)) at = (at + 1) & mask;
    return at;
  }

  add(a: number, b: number, row: number): void {
    if (this.#keys * 2 >= this.#head.length) this.#grow();
    if (this.#count === this.#row.length) {
      const next = new Int32Array(this.#count * 2);
      next.set(this.#next);
      this.#next = next;
      const rows = new Int32Array(this.#count * 2);
      rows.set(this.#row);
      this.#row = rows;
    }
    const n = this.#count++;
    this.#row[n] = row;
    this.#next[n] = NONE;
    const at = this.#slot(a, b);
    if (this.#head[at] === NONE) {
      this.#a[at] = a;
      this.#b[at] = b;
      this.#head[at] = n;
      this.#keys++;
    } else this.#next[this.#tail[at]!] = n;
    this.#tail[at] = n;
  }

  #grow(): void {
    const [a, b, head, tail] = [this.#a, this.#b, this.#head, this.#tail];
    const size = head.length * 2;
    this.#a = new Int32Array(size);
    this.#b = new Float64Array(size);
    this.#head = new Int32Array(size).fill(NONE);
    this.#tail = new Int32Array(size);
    for (let i = 0; i < head.length; i++) {
      if (head[i] === NONE) continue;
      const at = this.#slot(a[i]!, b[i]!);
      this.#a[at] = a[i]!;
      this.#b[at] = b[i]!;
      this.#head[at] = head[i]!;
      this.#tail[at] = tail[i]!;
    }
  }

  has(a: number, b: number): boolean {
    return this.#head[this.#slot(a, b)] !== NONE;
  }

  /** Rows in the order in which they were added. */
  of(a: number, b: number): number[] {
    const out: number[] = [];
    for (let n = this.#head[this.#slot(a, b)]!; n !== NONE; n = this.#next[n]!) out.push(this.#row[n]!);
    return out;
  }

  first(a: number, b: number): number {
    const n = this.#head[this.#slot(a, b)]!;
    return n === NONE ? -1 : this.#row[n]!;
  }
}
