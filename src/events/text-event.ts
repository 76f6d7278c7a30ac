// A record of a text format as an event for the matcher: its fields by number. What a list of wanted fields means for a
// shape of records is worked out once.
import type { TextRecord, TextValue } from '../formats/text/record.js';
import { QUERY_OR_URI } from '../schema/index.js';

/** Not a place in the record but a value made of several. */
const URI = -2;
const QUERY_AND_URI = -3;

export class TextEvent {
  record!: TextRecord;
  #bound: Int32Array = new Int32Array(0);
  #plans = new WeakMap<readonly string[], Map<readonly string[], Int32Array>>();

  move(record: TextRecord): void {
    this.record = record;
  }

  /** Makes `value(i)` answer for `names[i]`. The same array is the same consumer. */
  bind(names: readonly string[]): void {
    const own = this.record.names;
    let plans = this.#plans.get(own);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(own, plans);
    }
    let plan = plans.get(names);
    if (plan === undefined) {
      if (plans.size > 1024) plans.clear();
      plan = new Int32Array(
        names.map((n) => {
          if (n === QUERY_OR_URI) return QUERY_AND_URI;
          const i = own.indexOf(n);
          return i < 0 && n === 'cs-uri' ? URI : i;
        }),
      );
      plans.set(names, plan);
    }
    this.#bound = plan;
  }

  value(index: number): TextValue | undefined {
    const i = this.#bound[index]!;
    if (i >= 0) return this.record.values[i];
    if (i === -1) return undefined;
    const stem = this.record.get('cs-uri-stem');
    const query = this.record.get('cs-uri-query');
    if (stem === undefined && query === undefined) return undefined;
    const whole = typeof stem === 'string' ? (typeof query === 'string' ? `${stem}?${query}` : stem) : null;
    if (i === URI) return whole;
    return typeof query === 'string' ? (whole === null ? query : [query, whole]) : whole;
  }

  /** All values of the event. */
  all(): string[] {
    const out: string[] = [];
    for (const v of this.record.values)
      if (typeof v === 'string') out.push(v);
      else if (v !== null) for (const x of v) out.push(x);
    return out;
  }
}
