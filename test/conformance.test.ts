// The conformance suite: each case through the planned matcher and through the plain one, correlations through the correlator with
// events in another order than that of time. conformance/README.md tells the form.
import { strict as assert } from 'node:assert';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { Correlator } from '../src/detect/index.js';
import { Engine, type EventReader, link, parseRules, readPipeline, type Rule } from '../src/sigma/index.js';
import { matches, type PlainEvent } from './reference.js';
import { readText, ROOT } from './support.js';

interface Case {
  readonly section: string;
  readonly detection?: unknown;
  readonly documents?: string;
  readonly pipeline?: string;
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
  readonly match?: readonly PlainEvent[];
  readonly other?: readonly PlainEvent[];
  readonly events?: readonly (PlainEvent & { readonly at: unknown })[];
  readonly told?: readonly (readonly number[])[];
  readonly error?: string;
}

const anywhere = (): { channels: readonly string[] }[] => [{ channels: [] }];

function reading(fields: readonly string[], event: PlainEvent): EventReader {
  return {
    value: (i) => event[fields[i]!],
    all: () =>
      Object.values(event).flatMap((v) => (v === null || v === undefined ? [] : typeof v === 'string' ? [v] : [...v])),
  };
}

function fires(rules: readonly Rule[], event: PlainEvent): boolean {
  const engine = new Engine(rules, anywhere);
  const cls = engine.classOf('c', 'p', '1');
  return cls !== null && cls.evaluate(reading(cls.fields, event)).length > 0;
}

function check(c: Case): void {
  const text =
    c.documents ?? JSON.stringify({ title: 't', id: 'x', logsource: { product: 'windows' }, detection: c.detection });
  const parsed = parseRules(text, 'case.yml', {
    placeholders: new Map(Object.entries(c.placeholders ?? {})),
    pipelines: c.pipeline === undefined ? [] : [readPipeline(parse(c.pipeline), 'pipeline.yml')],
  });
  const linked = link(parsed.rules, parsed.correlations, parsed.filters);
  const problems: { code: string }[] = [...parsed.problems, ...linked.problems.filter((p) => p.severity === 'error')];
  if (c.error !== undefined) {
    assert.equal(problems[0]?.code, c.error, JSON.stringify(problems));
    return;
  }
  assert.deepEqual(problems, []);
  if (c.events !== undefined) {
    correlated(c, linked);
    return;
  }
  for (const e of c.match ?? []) {
    assert.ok(fires(linked.rules, e), `fires on ${JSON.stringify(e)}`);
    assert.ok(
      linked.rules.some((r) => matches(r.condition, e)),
      `plainly matches ${JSON.stringify(e)}`,
    );
  }
  for (const e of c.other ?? []) {
    assert.ok(!fires(linked.rules, e), `is quiet on ${JSON.stringify(e)}`);
    assert.ok(!linked.rules.some((r) => matches(r.condition, e)), `does not plainly match ${JSON.stringify(e)}`);
  }
}

function correlated(c: Case, linked: ReturnType<typeof link>): void {
  const plans = linked.rules.map((r, i) => ({ ...r, extract: linked.extract[i]! }));
  const engine = new Engine(plans, anywhere);
  const cls = engine.classOf('c', 'p', '1')!;
  const n = linked.correlations.findIndex((x) => x.of.name === 'corr');
  // Forwards, backwards, and from the middle: always the same.
  const order = [...c.events!.keys()];
  for (const by of [
    order,
    [...order].reverse(),
    [...order.slice(order.length >> 1), ...order.slice(0, order.length >> 1)],
  ]) {
    const correlator = new Correlator(linked.correlations.map((x) => x.plan));
    for (const i of by) {
      const { at, ...event } = c.events![i]!;
      const reader = reading(cls.fields, event);
      for (const r of cls.evaluate(reader))
        correlator.add({
          rule: cls.ruleOf(r),
          micros: Math.round(Number(at) * 1e6),
          host: '',
          channel: 'c',
          record: i,
          chunkOffset: 0,
          eventId: '1',
          values: cls.extracted(r, reader) ?? [],
          evidence: 'e1',
          byLine: false,
        });
    }
    const told = correlator
      .finish()
      .filter((m) => m.correlation === n)
      .map((m) => m.events.map((e) => e.record));
    assert.deepEqual(told, c.told);
  }
}

let count = 0;
for (const file of readdirSync(join(ROOT, 'conformance'))
  .filter((f) => f.endsWith('.yaml'))
  .sort()) {
  const cases = parse(readText(join(ROOT, 'conformance', file))) as Case[];
  count += cases.length;
  test(`conformance: ${file}, ${cases.length} cases`, () => {
    const failed: string[] = [];
    for (const c of cases)
      try {
        check(c);
      } catch (e) {
        failed.push(`${c.section}: ${(e as Error).message.slice(0, 400)}`);
      }
    assert.deepEqual(failed, []);
  });
}

test('the suite has 400 cases or more', () => {
  assert.ok(count >= 400, String(count));
});
