// Facts of one class in columns, in the order of time.
import { firstAt } from './rows.js';

export type Cells = Int16Array | Int32Array | Float64Array;

/** A column that grows: of the narrowest kind that holds all its numbers, since a case of millions of records has many columns. */
export class Numbers {
  data: Cells;
  length = 0;

  constructor(expected = 1024) {
    this.data = new Int16Array(Math.max(16, expected));
  }

  /** Writes anywhere; it grows to there. */
  set(i: number, v: number): void {
    if (i >= this.data.length) {
      const next = new (this.data.constructor as new (n: number) => Cells)(Math.max(i + 1, this.data.length * 2));
      next.set(this.data);
      this.data = next;
    }
    this.data[i] = v;
    if (this.data[i] !== v) this.#widen(i, v);
    if (i >= this.length) this.length = i + 1;
  }

  #widen(i: number, v: number): void {
    const wide = Number.isInteger(v) && Math.abs(v) <= 0x7fffffff ? Int32Array : Float64Array;
    const next = new wide(this.data.length);
    next.set(this.data);
    this.data = next;
    this.data[i] = v;
  }
}

/** A column of whole numbers that grows. */
export class Ints {
  data: Int32Array;
  length = 0;

  constructor(expected = 1024) {
    this.data = new Int32Array(Math.max(16, expected));
  }

  push(v: number): number {
    if (this.length === this.data.length) {
      const next = new Int32Array(this.length * 2);
      next.set(this.data);
      this.data = next;
    }
    this.data[this.length] = v;
    return this.length++;
  }
  at(i: number): number {
    return this.data[i]!;
  }
}

/** A column of times or sizes that grows. */
export class Doubles {
  data: Float64Array;
  length = 0;

  constructor(expected = 1024) {
    this.data = new Float64Array(Math.max(16, expected));
  }

  push(v: number): number {
    this.set(this.length, v);
    return this.length - 1;
  }
  at(i: number): number {
    return this.data[i]!;
  }
  /** Writes anywhere; it grows to there. */
  set(i: number, v: number): void {
    if (i >= this.data.length) {
      const next = new Float64Array(Math.max(i + 1, this.data.length * 2));
      next.set(this.data);
      this.data = next;
    }
    this.data[i] = v;
    if (i >= this.length) this.length = i + 1;
  }
}

/** Where a fact stands: number of the evidence, and of the record or line in it. */
export interface Place {
  readonly evidence: number;
  readonly number: number;
}

/** What is kept of all records. */
export interface Records {
  readonly evidence: Numbers;
  readonly number: Numbers;
}

export class Table {
  readonly rows: number;
  /** Microseconds since 1970 UTC, as recorded. */
  readonly t: Float64Array;
  /** Numbers of hosts; -1 where a record bears none. */
  readonly host: Cells;
  /** Text of the channel or log source. */
  readonly source: Int32Array;
  readonly #records: Records;
  readonly #rec: Int32Array;
  readonly #columns: ReadonlyMap<string, Int32Array>;

  constructor(
    records: Records,
    rec: Ints,
    of: { readonly micros: Doubles; readonly host: Numbers; readonly source: Numbers },
    columns: ReadonlyMap<string, Ints>,
  ) {
    const n = rec.length;
    this.rows = n;
    this.#records = records;
    const [t, evidence, number, from] = [of.micros.data, records.evidence.data, records.number.data, rec.data];
    // In the order of time; what is equal, in that of the evidence.
    const order = new Uint32Array(n);
    let sorted = true;
    for (let i = 0; i < n; i++) {
      order[i] = i;
      if (i > 0 && t[from[i]!]! <= t[from[i - 1]!]!) sorted = false;
    }
    if (!sorted)
      order.sort((a, b) => {
        const [x, y] = [from[a]!, from[b]!];
        return t[x]! - t[y]! || evidence[x]! - evidence[y]! || number[x]! - number[y]! || x - y;
      });
    const ints = (c: Ints): Int32Array => {
      const out = new Int32Array(n);
      const data = c.data;
      for (let i = 0; i < n; i++) out[i] = data[order[i]!]!;
      c.data = new Int32Array(0);
      return out;
    };
    this.#columns = new Map([...columns].map(([name, c]) => [name, ints(c)]));
    this.#rec = ints(rec);
    this.t = new Float64Array(n);
    const hosts = of.host.data;
    this.host = new (hosts.constructor as new (n: number) => Cells)(n);
    this.source = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const r = this.#rec[i]!;
      this.t[i] = t[r]!;
      this.host[i] = hosts[r]!;
      this.source[i] = of.source.data[r]!;
    }
  }

  evidence(row: number): number {
    return this.#records.evidence.data[this.#rec[row]!]!;
  }
  number(row: number): number {
    return this.#records.number.data[this.#rec[row]!]!;
  }

  /** A column's texts by row. Throws where the class has no such column: a bug of ours. */
  column(name: string): Int32Array {
    const c = this.#columns.get(name);
    if (c === undefined) throw new Error(`no column ${name}`);
    return c;
  }

  place(row: number): Place {
    return { evidence: this.evidence(row), number: this.number(row) };
  }

  /** The first row at or after a time. */
  from(t: number): number {
    return firstAt(this.rows, (i) => this.t[i]!, t);
  }
}
