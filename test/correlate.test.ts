// Correlations against brute force, and through the commands on written logs.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Correlator, type PlacedEvent } from '../src/detect/index.js';
import { eventRecord, eventTemplates, value } from '../src/formats/evtx/index.js';
import type { PlannedCorrelation } from '../src/sigma/index.js';
import { ROOT, tempDir, writeFile } from './support.js';

const event = (rule: number, t: number, group: string, record: number): PlacedEvent => ({
  rule,
  micros: t,
  host: 'h',
  channel: 'c',
  record,
  chunkOffset: 0,
  eventId: '1',
  values: [group],
  evidence: 'e1',
  byLine: false,
});

const plan = (p: Partial<PlannedCorrelation>): PlannedCorrelation => ({
  type: 'event_count',
  timespan: 10,
  tests: [{ how: 'gte', number: 3 }],
  percentile: null,
  names: null,
  groupBy: ['g'],
  references: [0, 1, 2].map((rule) => ({ name: `r${rule}`, rule, correlation: -1, by: [0], values: [] })),
  ...p,
});

const events = fc.array(fc.tuple(fc.nat(2), fc.nat(60), fc.constantFrom('a', 'b')), { maxLength: 25 });

test('a match is told if and only if some stretch of the timespan holds enough; none is longer, no event is told twice', () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 5 }), (list, least) => {
      const c = new Correlator([plan({ tests: [{ how: 'gte', number: least }] })]);
      list.forEach(([rule, t, g], i) => c.add(event(rule, t, g, i)));
      const found = c.finish();
      for (const g of ['a', 'b']) {
        const times = list.filter((x) => x[2] === g).map((x) => x[1]);
        const any = times.some((t) => times.filter((x) => x >= t && x <= t + 10).length >= least);
        assert.equal(
          found.some((m) => m.group[0] === g),
          any,
        );
      }
      const seen = new Set<number>();
      for (const m of found) {
        assert.ok(m.last - m.first <= 10 && m.events.length >= least);
        for (const e of m.events) {
          assert.ok(!seen.has(e.record));
          seen.add(e.record);
        }
      }
    }),
    { numRuns: 3000, seed: 11 },
  );
});

test('an ordered match is told if and only if some chain fits', () => {
  fc.assert(
    fc.property(events, (list) => {
      const c = new Correlator([plan({ type: 'temporal_ordered', tests: [] })]);
      list.forEach(([rule, t, g], i) => c.add(event(rule, t, g, i)));
      const found = c.finish();
      for (const g of ['a', 'b']) {
        const of = (r: number): number[] => list.filter((x) => x[0] === r && x[2] === g).map((x) => x[1]);
        const any = of(0).some((a) => of(1).some((b) => b >= a && of(2).some((d) => d >= b && d <= a + 10)));
        assert.equal(
          found.some((m) => m.group[0] === g),
          any,
        );
      }
      for (const m of found)
        assert.deepEqual(
          m.events.map((e) => e.rule),
          [0, 1, 2],
        );
    }),
    { numRuns: 3000, seed: 12 },
  );
});

test('numbers of a window are those of its events, however it slides', () => {
  const types = ['value_sum', 'value_avg', 'value_median', 'value_percentile', 'value_count'] as const;
  const values = fc.array(fc.tuple(fc.nat(60), fc.constantFrom('1', '2', '7', '-3', '2.5', 'x', '0x10')), {
    maxLength: 25,
  });
  fc.assert(
    fc.property(values, fc.constantFrom(...types), fc.integer({ min: -3, max: 12 }), (list, type, least) => {
      const references = [{ name: 'r0', rule: 0, correlation: -1, by: [0], values: [1] }];
      const c = new Correlator([
        plan({
          type,
          references,
          percentile: type === 'value_percentile' ? 75 : null,
          tests: [{ how: 'gte', number: least }],
        }),
      ]);
      list.forEach(([t, v], i) => c.add({ ...event(0, t, 'a', i), values: ['a', v] }));
      for (const m of c.finish()) {
        const texts = m.events.map((e) => e.values[1]!);
        const numbers = texts
          .map(Number)
          .filter((n) => !Number.isNaN(n))
          .sort((a, b) => a - b);
        const sum = numbers.reduce((a, b) => a + b, 0);
        const at = ((numbers.length - 1) * (type === 'value_median' ? 50 : 75)) / 100;
        const between =
          numbers[Math.floor(at)]! + ((numbers[Math.ceil(at)] ?? 0) - numbers[Math.floor(at)]!) * (at % 1);
        const expected =
          type === 'value_count'
            ? new Set(texts).size
            : type === 'value_sum'
              ? sum
              : type === 'value_avg'
                ? sum / numbers.length
                : between;
        assert.ok(Math.abs(m.value - expected) < 1e-9, `${type} of ${texts.join(' ')}: ${m.value}, not ${expected}`);
        assert.ok(m.value >= least);
      }
    }),
    { numRuns: 3000, seed: 13 },
  );
});

test('what two logs of a host recorded of one event counts once, what happened twice counts twice', () => {
  const count = (list: readonly [t: number, channel: string][]): number => {
    const c = new Correlator([plan({ timespan: 60e6, tests: [{ how: 'gte', number: 1 }] })]);
    list.forEach(([t, channel], i) => c.add({ ...event(0, t * 1e6, 'a', i), channel }));
    return c.finish().reduce((n, m) => n + m.events.length, 0);
  };
  assert.equal(
    count([
      [0, 'Security'],
      [0.4, 'Sysmon'],
    ]),
    1,
  );
  assert.equal(
    count([
      [0, 'Security'],
      [0.1, 'Security'],
      [0.4, 'Sysmon'],
      [0.5, 'Sysmon'],
    ]),
    2,
  );
  assert.equal(
    count([
      [0, 'Security'],
      [0.4, 'Security'],
    ]),
    2,
  );
  assert.equal(
    count([
      [0, 'Security'],
      [5, 'Sysmon'],
    ]),
    2,
  );
});

test('what is more than is kept is counted', () => {
  const c = new Correlator([plan({})]);
  for (let i = 0; i < 500_010; i++) c.add(event(0, i, String(i), i));
  assert.equal(c.dropped, 10);
  c.add({ ...event(0, Number.NaN, 'a', 1) });
  assert.equal(c.timeless, 1);
});

const dir = tempDir();
const cli = (...args: string[]): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, BACKTRAIL_DATA: join(dir, 'data') },
  }) as never;

const RULES = `
title: Failed logon
name: failed
id: 5f0e0d5e-0000-4000-8000-000000000001
status: test
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
level: low
---
title: Many failed
id: 5f0e0d5e-0000-4000-8000-000000000002
status: test
correlation:
  type: event_count
  rules: [failed]
  group-by: [IpAddress]
  timespan: 5m
  condition: {gte: 4}
level: high
`;

function logs(): string {
  const folder = join(dir, 'logs');
  mkdirSync(folder, { recursive: true });
  // Two hosts' logs: together they are enough, each alone is not.
  for (const [n, host] of ['one', 'two'].entries()) {
    const t = eventTemplates({
      provider: 'Microsoft-Windows-Security-Auditing',
      channel: 'Security',
      eventId: 4625,
      data: [['IpAddress', 1]],
    });
    writeFile(
      join(folder, `${host}.evtx`),
      [0, 1].map((i) =>
        eventRecord(t, {
          recordId: i + 1,
          micros: 1.7e15 + (i * 2 + n) * 60e6,
          computer: `${host}.example`,
          data: [value.string('203.0.113.5')],
        }),
      ),
    );
  }
  return folder;
}

test('across files of several hosts, in hunt and in a case that verifies', () => {
  const folder = logs();
  const rules = join(dir, 'rules.yml');
  writeFileSync(rules, RULES);
  const hunted = cli('hunt', folder, '--rules', rules, '--output', 'jsonl', '--quiet');
  const lines = hunted.stdout.trim().split('\n');
  assert.equal(lines.length, 1, hunted.stdout + hunted.stderr);
  const m = JSON.parse(lines[0]!) as { title: string; events: { file: string; record: number }[] };
  assert.equal(m.title, 'Many failed');
  assert.deepEqual(
    m.events.map((e) => `${e.file.split('/').at(-1)}#${e.record}`),
    ['one.evtx#1', 'two.evtx#1', 'one.evtx#2', 'two.evtx#2'],
  );
  const out = join(dir, 'case');
  const made = cli('investigate', folder, '--rules', rules, '--out', out, '--quiet');
  assert.equal(made.status, 0, made.stderr);
  const d = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as {
    other_findings: { title: string; count: number; evidence: unknown[] }[];
  };
  assert.deepEqual(
    d.other_findings.map((f) => [f.title, f.count, f.evidence.length]),
    [['Many failed', 1, 4]],
  );
  assert.equal(cli('verify', out).status, 0);
});

test('a filter, a pipeline and placeholders change what is matched, and verify asks for them', () => {
  const folder = logs();
  const rules = join(dir, 'more');
  mkdirSync(rules, { recursive: true });
  writeFileSync(
    join(rules, 'r.yml'),
    `title: From there\nid: 5f0e0d5e-0000-4000-8000-000000000003\nname: there\nstatus: test\nlogsource: {product: windows, service: security}\ndetection: {s: {Source|expand: '%bad%'}, condition: s}\nlevel: high\n`,
  );
  writeFileSync(
    join(rules, 'f.yml'),
    `title: not two\nlogsource: {product: windows}\nfilter:\n  rules: [there]\n  x: {Computer|startswith: two}\n  condition: not x\n`,
  );
  const pipeline = join(dir, 'p.yml');
  writeFileSync(pipeline, 'name: p\ntransformations:\n- {type: field_name_mapping, mapping: {Source: IpAddress}}\n');
  const values = join(dir, 'bad.txt');
  writeFileSync(values, '203.0.113.*\n');
  const args = ['--rules', rules, '--pipeline', pipeline, '--placeholders', values];
  const hunted = cli('hunt', folder, ...args, '--output', 'jsonl', '--quiet');
  const hosts = hunted.stdout
    .trim()
    .split('\n')
    .map((l) => (JSON.parse(l) as { host: string }).host);
  assert.deepEqual(hosts, ['one.example', 'one.example']);
  const out = join(dir, 'case2');
  assert.equal(cli('investigate', folder, ...args, '--out', out, '--quiet').status, 0);
  assert.equal(cli('verify', out).status, 0);
  writeFileSync(values, '198.51.100.1\n');
  const failed = cli('verify', out);
  assert.equal(failed.status, 1);
  assert.match(failed.stdout, /FAILS {2}rules/);
});

test('rules check, explain and add', () => {
  const rules = join(dir, 'rules.yml');
  writeFileSync(rules, RULES);
  assert.match(cli('rules', 'check', rules).stdout, /1 rules and 1 correlations load; 0 .*0 errors, 0 warnings/);
  const bad = join(dir, 'bad.yml');
  writeFileSync(
    bad,
    'title: t\nid: 5f0e0d5e-0000-4000-8000-000000000009\nstatus: maybe\nlogsource: {product: windows, category: process_creation}\ndetection:\n  s:\n    Imge: x\n    CommandLine: a\n  t: {CommandLine: b}\n  u: {Image: z}\n  condition: s and t\nlevel: low\n',
  );
  const checked = cli('rules', 'check', bad);
  assert.equal(checked.status, 1);
  assert.match(checked.stdout, /bad\.yml:3:9: error \(specification\): the status "maybe"/);
  assert.match(checked.stdout, /bad\.yml:7:5: warning \(cannot-match\): .*"Imge"/);
  assert.match(checked.stdout, /no event can match: CommandLine would have to be "a", and "b"/);
  assert.match(checked.stdout, /the selection "u" is in no condition/);
  assert.match(checked.stdout, /\n {2}status: maybe\n {10}\^{5}\n/);
  const log = join(logs(), 'one.evtx');
  const explained = cli('rules', 'explain', 'failed', '--rules', rules, '--event', `${log}#1`);
  assert.equal(explained.status, 0, explained.stderr);
  assert.match(explained.stdout, /✓ EventID is "4625"/);
  assert.equal(cli('rules', 'explain', 'nothing', '--rules', rules).status, 2);
  const folder = join(dir, 'collection');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.yml'), RULES);
  writeFileSync(join(folder, 'LICENSE'), 'Detection Rule License 1.1');
  const added = cli('rules', 'add', folder, '--version', 'r1');
  assert.equal(added.status, 0, added.stderr);
  assert.match(added.stdout, /collection r1: 2 rules; SHA-256 [0-9a-f]{64}/);
  assert.equal(
    cli('hunt', logs(), '--rules', 'collection', '--output', 'jsonl', '--quiet').stdout.trim().split('\n').length,
    1,
  );
  const out = join(dir, 'case3');
  assert.equal(cli('investigate', logs(), '--rules', 'collection', '--out', out, '--quiet').status, 0);
  const d = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as {
    case: { provenance: { rules: { name: string; version: string; licence: string }[] } };
  };
  assert.deepEqual(
    d.case.provenance.rules.map((r) => [r.name, r.version, r.licence]),
    [['collection', 'r1', 'DRL-1.1']],
  );
});
