// The plainest matcher there can be: walks the expression over an event, asking each test of each value. Slow, and the
// measure for the planned one.
import { type EventValue, type Expr, testText } from '../src/sigma/index.js';

export type PlainEvent = Readonly<Record<string, EventValue>>;

const list = (v: EventValue): readonly string[] =>
  v === null || v === undefined ? [] : typeof v === 'string' ? [v] : v;

export function matches(e: Expr, event: PlainEvent): boolean {
  switch (e.kind) {
    case 'and':
      return e.items.every((i) => matches(i, event));
    case 'or':
      return e.items.some((i) => matches(i, event));
    case 'not':
      return !matches(e.item, event);
    case 'atLeast':
      return e.items.filter((i) => matches(i, event)).length >= e.min;
    default: {
      const { test } = e;
      if (e.field === null) return Object.values(event).some((v) => list(v).some((t) => testText(test, t)));
      const value = event[e.field];
      if (test.op === 'null') return value === null || value === undefined;
      if (test.op === 'exists') return value !== undefined;
      return list(value).some((t) => testText(test, t, test.op === 'fieldref' ? list(event[test.field]) : []));
    }
  }
}
