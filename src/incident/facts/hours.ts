// Hours in which each host's each log has records: bits, since a case of a year and hundreds of hosts has millions of them.

const PAGE = 4096;

/** A set of hours since 1970 UTC. */
export class HourSet {
  readonly #pages = new Map<number, Uint8Array>();
  count = 0;
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;

  add(hour: number): void {
    const n = Math.floor(hour / PAGE);
    let page = this.#pages.get(n);
    if (page === undefined) this.#pages.set(n, (page = new Uint8Array(PAGE / 8)));
    const at = hour - n * PAGE;
    const bit = 1 << (at & 7);
    if ((page[at >> 3]! & bit) !== 0) return;
    page[at >> 3]! |= bit;
    this.count++;
    if (hour < this.first) this.first = hour;
    if (hour > this.last) this.last = hour;
  }

  has(hour: number): boolean {
    const n = Math.floor(hour / PAGE);
    const page = this.#pages.get(n);
    if (page === undefined) return false;
    const at = hour - n * PAGE;
    return (page[at >> 3]! & (1 << (at & 7))) !== 0;
  }

  /** All of them, in order. */
  *all(): Generator<number> {
    for (const n of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const page = this.#pages.get(n)!;
      for (let at = 0; at < PAGE; at++) if ((page[at >> 3]! & (1 << (at & 7))) !== 0) yield n * PAGE + at;
    }
  }
}

export class Hours {
  /** By host, then by source (number of its text). */
  readonly of = new Map<number, Map<number, HourSet>>();
  #host = -1;
  #source = -1;
  #hour = -1;
  #last: HourSet | null = null;

  see(host: number, source: number, micros: number): void {
    if (host < 0 || !(micros > 0)) return;
    const hour = Math.floor(micros / 3600e6);
    if (host !== this.#host || source !== this.#source) {
      let sources = this.of.get(host);
      if (sources === undefined) this.of.set(host, (sources = new Map()));
      this.#last = sources.get(source) ?? new HourSet();
      sources.set(source, this.#last);
      [this.#host, this.#source, this.#hour] = [host, source, -1];
    }
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.#last!.add(hour);
  }
}
