// The bundled rules: each fires on its events and is quiet on the others, end to end through a written log.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { Correlator, loadRules, readPlans } from '../src/detect/index.js';
import { scanChunks } from '../src/detect/scan.js';
import { EvtxFile, eventRecord, eventTemplates, value } from '../src/formats/evtx/index.js';
import { TextEvent } from '../src/events/text-event.js';
import { TextRecord } from '../src/formats/text/record.js';
import { isLogSourceKey, routesOf } from '../src/schema/index.js';
import { Engine } from '../src/sigma/index.js';
import { readText, ROOT, tempDir, writeFile } from './support.js';

interface TestEvent {
  readonly channel: string;
  readonly provider: string;
  readonly event_id: number | string;
  readonly data: Readonly<Record<string, string | readonly string[]>>;
}

const loaded = loadRules([join(ROOT, 'rules')], { useCache: false });
const engine = new Engine(readPlans(loaded.plans), routesOf);
const cases = parse(readText(join(ROOT, 'test', 'cases', 'rules.yaml'))) as {
  rule: string;
  file: string;
  fires: TestEvent[];
  quiet: TestEvent[];
}[];
interface CorrelationCase {
  readonly correlation: string;
  readonly file: string;
  /** Each a story: events by seconds, and how often the correlation is to be told. */
  readonly stories: readonly {
    readonly told: number;
    readonly events: readonly (TestEvent & { readonly at: number; readonly host?: string })[];
  }[];
}
const correlationCases = parse(readText(join(ROOT, 'test', 'cases', 'correlations.yaml'))) as CorrelationCase[];
const dir = tempDir();

/** The same as a record of a text log. */
function record(e: TestEvent, at = 0): { event: TextEvent; record: TextRecord } {
  const r = new TextRecord();
  r.names = Object.keys(e.data);
  r.values = Object.values(e.data);
  r.channel = e.channel;
  r.provider = e.provider;
  r.eventId = String(e.event_id);
  r.micros = 1.7e15 + at * 1e6;
  const event = new TextEvent();
  event.move(r);
  return { event, record: r };
}

function firingText(e: TestEvent): string[] {
  const { event, record: r } = record(e);
  const cls = engine.classOf(isLogSourceKey(r.channel) ? `@${r.channel}` : r.channel, r.provider, r.eventId);
  if (cls === null) return [];
  event.bind(cls.fields);
  return cls.evaluate(event).map((n) => loaded.rules[cls.ruleOf(n)]!.id);
}

function firing(e: TestEvent): string[] {
  if (isLogSourceKey(e.channel)) return firingText(e);
  const names = Object.keys(e.data);
  const userData =
    e.event_id === 1102 || e.event_id === 104 ? { userData: { element: 'LogFileCleared', namespace: 'urn:x' } } : {};
  const t = eventTemplates({
    provider: e.provider,
    channel: e.channel,
    eventId: Number(e.event_id),
    data: names.map((n) => [n, 1] as const),
    ...userData,
  });
  const path = join(dir, 'event.evtx');
  writeFile(path, [
    eventRecord(t, {
      recordId: 1,
      micros: 1.7e15,
      computer: 'h.example',
      data: Object.values(e.data).map((v) => (typeof v === 'string' ? value.string(v) : value.strings(v))),
    }),
  ]);
  const file = new EvtxFile(path);
  const { detections } = scanChunks(file, { recover: false, engine, register: false, wanted: null });
  file.close();
  return detections.map((d) => loaded.rules[d.rule]!.id);
}

test('there are 120 or more, they all load, and each has test events', () => {
  assert.deepEqual(loaded.problems, []);
  const own = loaded.rules.filter((r) => r.correlation === undefined);
  const parts = new Set(loaded.silent.map((i) => loaded.rules[i]!.id));
  assert.ok(own.length - parts.size >= 120, String(own.length));
  assert.ok(loaded.correlations.length >= 15, String(loaded.correlations.length));
  assert.deepEqual(
    own
      .filter((r) => !parts.has(r.id))
      .map((r) => r.id)
      .sort(),
    cases.map((c) => c.rule).sort(),
  );
  for (const r of loaded.rules)
    assert.ok(
      r.tags.some((t) => /^attack\.t\d{4}/.test(t)),
      `${r.file} names a technique`,
    );
});

for (const c of cases)
  test(`rule ${c.file}`, () => {
    assert.ok(c.fires.length > 0 && c.quiet.length > 0);
    for (const e of c.fires) assert.ok(firing(e).includes(c.rule), `fires on ${JSON.stringify(e)}`);
    for (const e of c.quiet) assert.ok(!firing(e).includes(c.rule), `is quiet on ${JSON.stringify(e)}`);
  });

test('each correlation has stories', () => {
  assert.deepEqual(
    loaded.rules
      .filter((r) => r.correlation !== undefined)
      .map((r) => r.id)
      .sort(),
    correlationCases.map((c) => c.correlation).sort(),
  );
});

for (const c of correlationCases)
  test(`correlation ${c.file}`, () => {
    assert.ok(c.stories.some((s) => s.told > 0) && c.stories.some((s) => s.told === 0));
    for (const story of c.stories) {
      const correlator = new Correlator(loaded.correlations);
      // Out of order, as files of several hosts are read.
      const shuffled = [...story.events.keys()].sort((a, b) => ((a * 7 + 3) % 11) - ((b * 7 + 3) % 11));
      for (const i of shuffled) {
        const e = story.events[i]!;
        const { event, record: r } = record(e, e.at);
        const cls = engine.classOf(isLogSourceKey(r.channel) ? `@${r.channel}` : r.channel, r.provider, r.eventId);
        if (cls === null) continue;
        event.bind(cls.fields);
        for (const n of cls.evaluate(event)) {
          const values = cls.extracted(n, event);
          if (values === null) continue;
          correlator.add({
            rule: cls.ruleOf(n),
            micros: r.micros,
            host: e.host ?? 'h1',
            channel: r.channel,
            record: i,
            chunkOffset: 0,
            eventId: r.eventId,
            values,
            evidence: 'e1',
            byLine: false,
          });
        }
      }
      const told = correlator
        .finish()
        .filter(
          (m) => loaded.rules[loaded.rules.length - loaded.correlations.length + m.correlation]!.id === c.correlation,
        );
      assert.equal(told.length, story.told, `${c.file}: ${JSON.stringify(story.events.slice(0, 3))}`);
    }
  });
