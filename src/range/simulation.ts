// A simulation of things that happen in time. A process is a generator that yields the time at which it goes on; all processes run in
// the order of time, so that what one does, others can see, and nothing but what is yet to come is in memory.

/** Yields microseconds since 1970 UTC: when to go on. A time that has passed is now. */
export type Process = Generator<number, void, void>;

interface Waiting {
  readonly at: number;
  readonly order: number;
  readonly process: Process;
  readonly cause: string;
}

const before = (a: Waiting, b: Waiting): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class Simulation {
  /** Microseconds since 1970 UTC. */
  now: number;
  /** On whose behalf the process that runs was started; what it starts is on the same. For tests: no record knows of it. */
  cause = '';
  readonly #heap: Waiting[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Lets a process begin at `at`. */
  start(process: Process, at = this.now): void {
    this.#push({ at: Math.max(at, this.now), order: this.#order++, process, cause: this.cause });
  }

  /** Runs until `end`; `tick` is called whenever `every` microseconds have passed. */
  run(end: number, every: number, tick: () => void): void {
    let next = this.now + every;
    for (;;) {
      const w = this.#heap[0];
      if (w === undefined || w.at >= end) break;
      this.#pop();
      this.now = w.at;
      this.cause = w.cause;
      if (w.at >= next) {
        tick();
        next = w.at + every;
      }
      const r = w.process.next();
      if (r.done !== true) this.#push({ ...w, at: Math.max(r.value, this.now), order: this.#order++ });
    }
    this.now = end;
    tick();
  }

  #push(w: Waiting): void {
    const h = this.#heap;
    let i = h.length;
    h.push(w);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(w, h[up]!)) break;
      h[i] = h[up]!;
      i = up;
    }
    h[i] = w;
  }

  #pop(): void {
    const h = this.#heap;
    const w = h.pop()!;
    if (h.length === 0) return;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= h.length) break;
      if (down + 1 < h.length && before(h[down + 1]!, h[down]!)) down++;
      if (!before(h[down]!, w)) break;
      h[i] = h[down]!;
      i = down;
    }
    h[i] = w;
  }
}
