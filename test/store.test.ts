// The case store: what goes in is found by every way to ask for it, cited so that the record can be opened; a random query
// finds what a plain reading of the same records finds; hostile text and hostile SQL stay text and stay inside.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { parseMicros } from '../src/base/index.js';
import { BatchBuilder, type FactEvent } from '../src/facts/index.js';
import { eventRecord, eventTemplates, value } from '../src/formats/evtx/index.js';
import { en } from '../src/messages/index.js';
import { investigate } from '../src/pipeline/investigate.js';
import { openStore } from '../src/pipeline/search.js';
import { FACT_CLASSES } from '../src/schema/index.js';
import { walk } from '../src/sources/index.js';
import { type CaseStore, DuckStore, parseQuery, QueryError, type QueryNode } from '../src/store/index.js';
import { tempDir, writeFile } from './support.js';

test('queries: what each form means, and what is refused', () => {
  const f = (field: string, text: string, pattern = false): QueryNode => ({ kind: 'field', field, text, pattern });
  const t = (text: string): QueryNode => ({ kind: 'text', text });
  for (const [source, node] of [
    ['', null],
    ['  ', null],
    ['bob', t('bob')],
    ['"two words"', t('two words')],
    ['user:bob', f('user', 'bob')],
    ['User:"a \\"b\\" \\\\c"', f('user', 'a "b" \\c')],
    ['path:*.asp?', f('path', '*.asp?', true)],
    ['path:"*.asp"', f('path', '*.asp')],
    ['a b', { kind: 'and', items: [t('a'), t('b')] }],
    [
      'a or b and not c',
      { kind: 'or', items: [t('a'), { kind: 'and', items: [t('b'), { kind: 'not', item: t('c') }] }] },
    ],
    [
      '(a or b) -c',
      {
        kind: 'and',
        items: [
          { kind: 'or', items: [t('a'), t('b')] },
          { kind: 'not', item: t('c') },
        ],
      },
    ],
    ['oracle android', { kind: 'and', items: [t('oracle'), t('android')] }],
    ['status:>=500', { kind: 'range', field: 'status', from: '500', to: null, fromIncluded: true, toIncluded: true }],
    ['x:{1 TO *]', { kind: 'range', field: 'x', from: '1', to: null, fromIncluded: false, toIncluded: true }],
    ['C:\\x', f('c', '\\x')],
    ['-user:bob', { kind: 'not', item: f('user', 'bob') }],
  ] as const)
    assert.deepEqual(parseQuery(source), node, source);
  for (const bad of ['(a', 'a)', '"a', 'user:', 'not', 'a or', 'x:>', '('.repeat(500), `${'a '.repeat(600)}`])
    assert.throws(() => parseQuery(bad), QueryError, bad.slice(0, 20));
});

interface Row {
  readonly host: string;
  readonly channel: string;
  readonly eventId: string;
  readonly micros: number;
  readonly fields: Readonly<Record<string, string>>;
}

function eventOf(fields: Readonly<Record<string, string>>): FactEvent {
  let names: readonly string[] = [];
  return {
    bind(n) {
      names = n;
    },
    value: (i) => fields[names[i]!],
    all: () => Object.values(fields),
  };
}

async function storeOf(rows: readonly Row[], path: string): Promise<DuckStore> {
  const store = await DuckStore.create(path);
  const builder = new BatchBuilder();
  let n = 0;
  for (const r of rows) {
    builder.add(eventOf(r.fields), {
      number: ++n,
      micros: r.micros,
      sure: 'stated',
      host: r.host,
      channel: r.channel,
      provider: 'p',
      eventId: r.eventId,
      place: n * 10,
    });
    // Several batches, so that texts of one meet numbers of another.
    if (n % 7 === 0) await store.append(1, builder.take(), 0);
  }
  await store.append(1, builder.take(), 0);
  await store.evidence([{ id: 1, name: 'x.log', byLine: true }]);
  await store.commit(1);
  return store;
}

const WORDS = [
  'alice',
  'bob',
  "o'neill",
  '100%',
  'a_b',
  'C:\\Windows\\cmd.exe',
  '"quoted"',
  'Ünïcode',
  'x; DROP TABLE records',
  '',
  '\0nul',
  '500',
  '22',
  '\ud800',
];
const rowOf = fc
  .record({
    kind: fc.constantFrom(0, 1, 2),
    host: fc.constantFrom('pc1.corp.example', 'PC2', 'pc1'),
    micros: fc.integer({ min: 0, max: 9 }),
    a: fc.constantFrom(...WORDS),
    b: fc.constantFrom(...WORDS),
  })
  .map(({ kind, host, micros, a, b }): Row =>
    kind === 0
      ? { host, channel: 'Security', eventId: '4624', micros, fields: { TargetUserName: a, IpAddress: b } }
      : kind === 1
        ? { host, channel: 'Security', eventId: '4688', micros, fields: { NewProcessName: a, CommandLine: b } }
        : { host, channel: 'webserver', eventId: '', micros, fields: { 'cs-uri-stem': a, 'sc-status': b } },
  );
const termOf: fc.Arbitrary<QueryNode> = fc.oneof(
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constantFrom('user', 'src_ip', 'process', 'command_line', 'path', 'status', 'event_id', 'source'),
    text: fc.constantFrom(...WORDS.filter((w) => w !== ''), '4624', 'security', 'ALICE'),
    pattern: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constantFrom('user', 'command_line', 'path'),
    text: fc.constantFrom('*', 'a*', '*%', 'a_*', '?ob', '*\\cmd.exe', "o'*", '*ï*'),
    pattern: fc.constant(true),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    text: fc.constantFrom('bob', '%', '_', "'", 'windows\\', '4624', 'pc1'),
  }),
  fc.record({
    kind: fc.constant('range' as const),
    field: fc.constant('status'),
    from: fc.constantFrom('22', '100', null),
    to: fc.constantFrom('22', '500', null),
    fromIncluded: fc.boolean(),
    toIncluded: fc.boolean(),
  }),
);
const queryOf: fc.Arbitrary<QueryNode> = fc.letrec<{ q: QueryNode }>((tie) => ({
  q: fc.oneof(
    { maxDepth: 3 },
    termOf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('q'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), item: tie('q') }),
  ),
})).q;

/** The same question asked of the row itself, as plainly as docs/search.md says it. */
function holds(q: QueryNode, r: Row): boolean {
  const clean = (t: string): string => t.replaceAll('\0', '\ufffd').toWellFormed();
  const attributes = new Map<string, string>();
  const put = (k: string, v: string | undefined): void => {
    if (v !== undefined && v !== '') attributes.set(k, clean(v));
  };
  put('user', r.fields.TargetUserName);
  put('src_ip', r.fields.IpAddress);
  put('process', r.fields.NewProcessName);
  put('command_line', r.fields.CommandLine);
  put('path', r.fields['cs-uri-stem']);
  put('status', r.fields['sc-status']);
  if (r.eventId === '4624') put('activity', 'logon');
  const own: Record<string, string> = { host: r.host, source: r.channel, provider: 'p', event_id: r.eventId };
  const values = (field: string): string[] => [
    ...(own[field] === undefined ? [] : [own[field]!]),
    ...(attributes.has(field) ? [attributes.get(field)!] : []),
  ];
  switch (q.kind) {
    case 'and':
      return q.items.every((i) => holds(i, r));
    case 'or':
      return q.items.some((i) => holds(i, r));
    case 'not':
      return !holds(q.item, r);
    case 'text':
      return [...Object.values(own), ...attributes.values()].some((v) =>
        v.toLowerCase().includes(q.text.toLowerCase()),
      );
    case 'range':
      return values(q.field).some((v) => {
        const n = /^-?\d+(\.\d+)?$/.test(v) ? Number(v) : Number.NaN;
        return (
          !Number.isNaN(n) &&
          (q.from === null || (q.fromIncluded ? n >= Number(q.from) : n > Number(q.from))) &&
          (q.to === null || (q.toIncluded ? n <= Number(q.to) : n < Number(q.to)))
        );
      });
    default: {
      const text = clean(q.text);
      const re = q.pattern
        ? new RegExp(
            `^${text
              .replace(/[.+^${}()|[\]\\]/g, '\\$&')
              .replaceAll('*', '[^]*')
              .replaceAll('?', '[^]')}$`,
            'i',
          )
        : null;
      return values(q.field).some((v) => (re === null ? v.toLowerCase() === text.toLowerCase() : re.test(v)));
    }
  }
}

test('a random query on random records finds what a plain reading finds', async () => {
  const dir = tempDir();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(rowOf, { minLength: 1, maxLength: 30 }),
      fc.array(queryOf, { minLength: 5, maxLength: 20 }),
      async (rows, queries) => {
        const store = await storeOf(rows, join(dir, `s${n++}.duckdb`));
        try {
          for (const query of queries) {
            const want = rows.flatMap((r, i) => (holds(query, r) ? [i + 1] : [])).sort((a, b) => a - b);
            const got = await store.search({ query, limit: 1000 });
            assert.deepEqual(
              got.rows.map((r) => r.record).sort((a, b) => a - b),
              want,
              JSON.stringify(query),
            );
            assert.equal(got.total, want.length);
          }
        } finally {
          await store.close();
        }
      },
    ),
    { numRuns: 12, seed: 4 },
  );
});

test('a case of several formats: every record is in the store, searches cite records, SQL stays inside', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'logs'));
  const t = eventTemplates({
    provider: 'Microsoft-Windows-Security-Auditing',
    channel: 'Security',
    eventId: 4624,
    data: [
      ['TargetUserName', 1],
      ['LogonType', 8],
      ['IpAddress', 1],
    ],
  });
  const base = parseMicros('2024-03-05T08:00:00Z');
  writeFile(
    join(dir, 'logs', 'Security.evtx'),
    Array.from({ length: 5000 }, (_, i) =>
      eventRecord(t, {
        recordId: i + 1,
        micros: base + i * 1e6,
        computer: 'dc1.corp.example',
        data: [value.string(`user${i % 50}`), value.uint32(i % 2 === 0 ? 3 : 10), value.string(`10.0.0.${i % 250}`)],
      }),
    ),
  );
  writeFileSync(
    join(dir, 'logs', 'access.log'),
    Array.from(
      { length: 3000 },
      (_, i) =>
        `203.0.113.${i % 200} - - [05/Mar/2024:09:00:${String(i % 60).padStart(2, '0')} +0000] "GET /p${i}?q=${i} HTTP/1.1" ${i % 10 === 0 ? 500 : 200} 12 "-" "agent ${i % 3}"`,
    ).join('\n'),
  );
  const out = join(dir, 'case');
  const { document } = await investigate(walk([join(dir, 'logs')]).files, {
    out,
    rules: null,
    messages: en,
    threads: 2,
  });
  assert.equal(document.counts.records, 8000);
  const store = (await openStore(out)) as CaseStore;
  const counts = await store.counts();
  assert.equal(counts.records, 8000);
  assert.equal(counts.authentication, 5000);
  assert.equal(counts.http_activity, 3000);
  const find = async (q: string, limit = 10): ReturnType<DuckStore['search']> =>
    store.search({ query: parseQuery(q), limit });
  assert.equal((await find('user:USER7 logon_type:10')).total, 100);
  // A network: of logons 250 addresses in turn, four of them in it; of requests 200.
  assert.equal((await find('src_ip:10.0.0.4/30')).total, 80);
  assert.equal((await find('src_ip:203.0.113.128/25')).total, 1080);
  assert.equal((await find('host:dc1 -user:user7')).total, 4900);
  assert.equal((await find('host:dc1')).total, 5000);
  assert.equal((await find('status:>=500')).total, 300);
  assert.equal((await find('time:[2024-03-05T08:00:00 TO 2024-03-05T08:00:09]')).total, 10);
  assert.equal((await find('evidence:access.log and -status:500')).total, 2700);
  // Each word is looked for in every column of every class: one after another, in the memory that there is.
  assert.equal(
    (await find('USER7 10 logon dc1 4624 security windows auditing')).total,
    (await find('USER7 10 logon')).total,
  );
  const one = await find('path:/p1234');
  assert.equal(one.total, 1);
  const hit = one.rows[0]!;
  assert.deepEqual([hit.file, hit.record, hit.byLine, hit.fields.query], ['logs/access.log', 1235, true, 'q=1234']);
  const line = readFileSync(join(dir, 'logs', 'access.log'), 'utf8').split('\n')[hit.record - 1]!;
  assert.ok(line.includes('/p1234?'), 'the citation leads to the line');
  assert.equal(
    line,
    readFileSync(join(dir, 'logs', 'access.log'))
      .subarray(hit.place)
      .toString('utf8')
      .split('\n')[0],
  );
  const hours = await store.coverage();
  assert.equal(
    hours.reduce((n, h) => n + h.records, 0),
    8000,
  );
  for (const sql of [
    "SELECT * FROM read_text('/etc/hostname')",
    "COPY records TO '/tmp/x.csv'",
    "ATTACH '/tmp/y.duckdb'",
    'INSTALL httpfs',
    'DELETE FROM records',
    'SET enable_external_access = true',
  ])
    await assert.rejects(store.sql(sql), Error, sql);
  assert.deepEqual((await store.sql('SELECT count(*) AS n FROM http_activity')).rows, [[3000n]]);
  await store.close();
});

test('every column of a fact class is searched by its name', () => {
  for (const c of FACT_CLASSES) for (const column of c.columns) assert.match(column, /^[a-z][a-z0-9_]*$/);
});

test('a store of an older version gets the columns that came since, for reading and for writing', async () => {
  for (const again of [
    async (path: string): Promise<CaseStore> => DuckStore.open(path),
    async (path: string): Promise<CaseStore> => (await DuckStore.reopen(path)).store,
  ]) {
    const path = join(tempDir(), 'store.duckdb');
    const made = await DuckStore.create(path);
    await made.close();
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run('ALTER TABLE file_activity DROP COLUMN "origin"');
    connection.closeSync();
    instance.closeSync();
    const store = await again(path);
    const rows: unknown[] = [];
    for await (const chunk of store.facts('file_activity', ['origin'])) rows.push(chunk);
    assert.equal(rows.length, 0);
    await store.close();
  }
});
