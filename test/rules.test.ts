// The bundled rules: each fires on its events and is quiet on the others, end to end through a written log.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadRules, readPlans } from '../src/detect/index.js';
import { scanChunks } from '../src/detect/scan.js';
import { EvtxFile, eventRecord, eventTemplates, value } from '../src/formats/evtx/index.js';
import { windowsRoutes } from '../src/schema/index.js';
import { Engine } from '../src/sigma/index.js';
import { readText, ROOT, tempDir, writeFile } from './support.js';

interface TestEvent {
  readonly channel: string;
  readonly provider: string;
  readonly event_id: number;
  readonly data: Readonly<Record<string, string | readonly string[]>>;
}

const loaded = loadRules([join(ROOT, 'rules')], { useCache: false });
const engine = new Engine(readPlans(loaded.plans), windowsRoutes);
const cases = parse(readText(join(ROOT, 'test', 'cases', 'rules.yaml'))) as {
  rule: string;
  file: string;
  fires: TestEvent[];
  quiet: TestEvent[];
}[];
const dir = tempDir();

function firing(e: TestEvent): string[] {
  const names = Object.keys(e.data);
  const userData =
    e.event_id === 1102 || e.event_id === 104 ? { userData: { element: 'LogFileCleared', namespace: 'urn:x' } } : {};
  const t = eventTemplates({
    provider: e.provider,
    channel: e.channel,
    eventId: e.event_id,
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

test('there are 40 or more, they all load, and each has test events', () => {
  assert.deepEqual(loaded.problems, []);
  assert.ok(loaded.rules.length >= 40);
  assert.deepEqual(loaded.rules.map((r) => r.id).sort(), cases.map((c) => c.rule).sort());
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
