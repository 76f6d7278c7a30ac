// What one part of the evidence puts into the store: a row for every record (when, where, what kind, its place) and rows of
// facts, all numbers; texts stand once in a dictionary of the part. Columns can be handed between threads as they are.

import { clientOf, FACT_CLASSES, type FactMapping, factMappings, isLogSourceKey } from '../schema/index.js';

/** A column of numbers that grows. */
class Growing {
  data = new Float64Array(1024);
  length = 0;

  push(v: number): void {
    if (this.length === this.data.length) {
      const next = new Float64Array(this.length * 2);
      next.set(this.data);
      this.data = next;
    }
    this.data[this.length++] = v;
  }

  take(): Float64Array {
    return this.data.slice(0, this.length);
  }
}

export const RECORD_COLUMNS = ['number', 'micros', 'sure', 'host', 'source', 'provider', 'event_id', 'place'] as const;
/** Columns of records that hold numbers of texts. */
export const RECORD_TEXTS: ReadonlySet<string> = new Set(['host', 'source', 'provider', 'event_id']);

export interface FactRows {
  readonly name: string;
  /** Row of the record in this batch, then the class's columns (numbers of texts, -1 for none). */
  readonly columns: readonly Float64Array[];
}

export interface StoreBatch {
  readonly texts: readonly string[];
  readonly records: readonly Float64Array[];
  readonly facts: readonly FactRows[];
}

/** What the builder asks of an event. */
export interface FactEvent {
  bind(names: readonly string[]): void;
  value(index: number): string | readonly string[] | null | undefined;
  /** All texts of the event. */
  all(): readonly string[];
}

interface Plan {
  readonly mapping: FactMapping;
  readonly index: number;
  /** Flat list of fields to bind, and for each column the places in it; a constant as its text. */
  readonly names: readonly string[];
  readonly columns: readonly (readonly number[] | string)[];
  readonly needs: readonly number[];
}

/**
 * A text's number where it is a plain decimal number itself (a port, a status, a size): -(n + 2), so that it needs no place
 * among the texts. -1 stands for none, 0 and up for texts.
 */
export function decimalCode(t: string): number {
  const n = t.length;
  if (n === 0 || n > 9) return 0;
  let v = t.charCodeAt(0) - 48;
  if (v < 0 || v > 9 || (v === 0 && n > 1)) return 0;
  for (let i = 1; i < n; i++) {
    const d = t.charCodeAt(i) - 48;
    if (d < 0 || d > 9) return 0;
    v = v * 10 + d;
  }
  return -(v + 2);
}

/** Characters of one text that the store keeps; the record has the rest. */
const MAX_TEXT = 4096;
/** Characters of a record that is no fact of a class. */
const MAX_MESSAGE = 1024;
const BASE_EVENT = FACT_CLASSES.findIndex((c) => c.name === 'base_event');
const SURE: Readonly<Record<string, number>> = { stated: 0, given: 1, inferred: 2, none: 3 };

const HTTP = FACT_CLASSES.findIndex((c) => c.name === 'http_activity');
const [SRC_IP, VIA] = ['src_ip', 'via'].map((c) => FACT_CLASSES[HTTP]!.columns.indexOf(c)) as [number, number];

/** The first value of an event's columns; ''. */
function first(event: FactEvent, from: string | readonly number[]): string {
  if (typeof from === 'string') return from;
  for (const i of from) {
    const v = event.value(i);
    if (typeof v === 'string' && v !== '' && v !== '-') return v;
  }
  return '';
}

export class BatchBuilder {
  #texts = new Map<string, number>();
  #records: Growing[] = RECORD_COLUMNS.map(() => new Growing());
  #facts: Growing[][] = FACT_CLASSES.map((c) => [new Growing(), ...c.columns.map(() => new Growing())]);
  readonly #plans = new Map<string, Map<string, readonly Plan[]>>();

  #text(t: string): number {
    const code = decimalCode(t);
    if (code < 0) return code;
    const known = this.#texts.get(t);
    if (known !== undefined) return known;
    const n = this.#texts.size;
    this.#texts.set(t, n);
    return n;
  }

  #plan(channel: string, eventId: string): readonly Plan[] {
    let byId = this.#plans.get(channel);
    if (byId === undefined) {
      if (this.#plans.size > 4096) this.#plans.clear();
      this.#plans.set(channel, (byId = new Map<string, readonly Plan[]>()));
    }
    let plans = byId.get(eventId);
    if (plans === undefined) {
      plans = factMappings(channel, eventId).map((mapping): Plan => {
        const names: string[] = [];
        const at = (n: string): number => {
          const i = names.indexOf(n);
          return i >= 0 ? i : names.push(n) - 1;
        };
        const columns = mapping.fields.map((f) => (f[0]?.startsWith('=') === true ? f[0].slice(1) : f.map(at)));
        return { mapping, index: FACT_CLASSES.indexOf(mapping.fact), needs: mapping.needs.map(at), columns, names };
      });
      if (byId.size > 65_536) byId.clear();
      byId.set(eventId, plans);
    }
    return plans;
  }

  add(
    event: FactEvent,
    r: {
      number: number;
      micros: number;
      sure: string;
      host: string;
      channel: string;
      provider: string;
      eventId: string;
      place: number;
    },
  ): void {
    const c = this.#records;
    const row = c[0]!.length;
    c[0]!.push(r.number);
    c[1]!.push(r.micros);
    c[2]!.push(SURE[r.sure] ?? 3);
    c[3]!.push(this.#text(r.host));
    c[4]!.push(this.#text(r.channel));
    c[5]!.push(this.#text(r.provider));
    c[6]!.push(this.#text(r.eventId));
    c[7]!.push(r.place);
    for (const plan of this.#plan(r.channel, r.eventId)) if (this.#fact(event, row, plan)) return;
    if (isLogSourceKey(r.channel)) this.#message(event, row);
  }

  /** False where the record lacks what such a fact needs. */
  #fact(event: FactEvent, row: number, plan: Plan): boolean {
    event.bind(plan.names);
    for (const n of plan.needs) if (typeof event.value(n) !== 'string') return false;
    const f = this.#facts[plan.index]!;
    f[0]!.push(row);
    // A proxy of the house's own says whom it asked for: that is who came, by that proxy.
    let came = '';
    if (plan.index === HTTP) {
      const said = first(event, plan.columns[VIA]!);
      if (said !== '') came = clientOf(first(event, plan.columns[SRC_IP]!), said);
    }
    for (let k = 0; k < plan.columns.length; k++) {
      const from = plan.columns[k]!;
      let text = '';
      if (plan.index === HTTP && k === VIA) text = came === '' ? '' : first(event, plan.columns[SRC_IP]!);
      else if (plan.index === HTTP && k === SRC_IP && came !== '') text = came;
      else if (typeof from === 'string') text = from;
      else
        for (const i of from) {
          const v = event.value(i);
          if (v === null || v === undefined) continue;
          text = typeof v === 'string' ? v : v.join('\n');
          // Windows writes the number of no session so, where another field has one.
          if (text !== '' && text !== '-' && (text !== '0x0' || from.length === 1)) break;
        }
      f[k + 1]!.push(
        text === '' || text === '-' ? -1 : this.#text(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text),
      );
    }
    return true;
  }

  /** What a record of a text log says that is no fact of a class: words to be found by. */
  #message(event: FactEvent, row: number): void {
    let text = '';
    for (const v of event.all()) {
      if (v === '' || v === '-') continue;
      text = text === '' ? v : `${text} ${v}`;
      if (text.length >= MAX_MESSAGE) break;
    }
    if (text === '') return;
    const f = this.#facts[BASE_EVENT]!;
    f[0]!.push(row);
    f[1]!.push(this.#text(text.slice(0, MAX_MESSAGE)));
  }

  /** The rows so far; the builder starts anew. */
  take(): StoreBatch {
    const batch: StoreBatch = {
      texts: [...this.#texts.keys()],
      records: this.#records.map((g) => g.take()),
      facts: FACT_CLASSES.flatMap((c, i) =>
        this.#facts[i]![0]!.length === 0 ? [] : [{ name: c.name, columns: this.#facts[i]!.map((g) => g.take()) }],
      ),
    };
    this.#texts = new Map();
    for (const g of [...this.#records, ...this.#facts.flat()]) g.length = 0;
    return batch;
  }
}
