// Facts of one class in columns, in the order of time.

/** A column that grows. */
export class Ints {
  data = new Int32Array(1024);
  length = 0;

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

export class Doubles {
  data = new Float64Array(1024);
  length = 0;

  push(v: number): number {
    if (this.length === this.data.length) {
      const next = new Float64Array(this.length * 2);
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

/** Where a fact stands: number of the evidence, and of the record or line in it. */
export interface Place {
  readonly evidence: number;
  readonly number: number;
}

export class Table {
  readonly rows: number;
  readonly evidence: Int32Array;
  readonly number: Float64Array;
  /** Microseconds since 1970 UTC, as recorded. */
  readonly t: Float64Array;
  /** Numbers of hosts; -1 where a record bears none. */
  readonly host: Int32Array;
  /** Text of the channel or log source. */
  readonly source: Int32Array;
  readonly #columns: ReadonlyMap<string, Int32Array>;

  constructor(parts: {
    evidence: Ints;
    number: Doubles;
    t: Doubles;
    host: Ints;
    source: Ints;
    columns: ReadonlyMap<string, Ints>;
  }) {
    this.rows = parts.t.length;
    this.evidence = parts.evidence.data;
    this.number = parts.number.data;
    this.t = parts.t.data;
    this.host = parts.host.data;
    this.source = parts.source.data;
    this.#columns = new Map([...parts.columns].map(([n, c]) => [n, c.data]));
  }

  /** A column's texts by row. Throws where the class has no such column: a bug of ours. */
  column(name: string): Int32Array {
    const c = this.#columns.get(name);
    if (c === undefined) throw new Error(`no column ${name}`);
    return c;
  }

  place(row: number): Place {
    return { evidence: this.evidence[row]!, number: this.number[row]! };
  }

  /** The first row at or after a time. */
  from(t: number): number {
    let lo = 0;
    let hi = this.rows;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.t[mid]! < t) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }
}
