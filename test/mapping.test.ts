// Users' mappings: each kind reads what it describes, a draft of `formats suggest` is a valid mapping that reads its own file,
// and what is wrong in one is told with its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logPattern } from '../src/formats/mapping/log-pattern.js';
import { mappedFormat } from '../src/formats/mapping/mapped.js';
import { type Mapping, parseMapping } from '../src/formats/mapping/mapping.js';
import { suggestMapping } from '../src/formats/mapping/suggest.js';
import { timePattern } from '../src/formats/mapping/time-pattern.js';
import { identifyText, textHead } from '../src/formats/registry/registry.js';
import { microsText } from '../src/base/index.js';

function mappingOf(yaml: string): Mapping {
  const { mapping, problems } = parseMapping(yaml, 'm.yml');
  assert.deepEqual(problems, []);
  return mapping!;
}

interface Got {
  time: string | null;
  sure: string;
  channel: string;
  host: string;
  line: number;
  fields: Record<string, unknown>;
}

function read(m: Mapping, text: string, zone: number | null = null): { records: Got[]; skipped: number } {
  const records: Got[] = [];
  const parser = mappedFormat(m).parser({ zone, reference: 0, host: '', header: [], report: () => {} }, (r) =>
    records.push({
      time: microsText(r.micros),
      sure: r.sure,
      channel: r.channel,
      host: r.host,
      line: r.line,
      fields: Object.fromEntries(r.names.map((n, i) => [n, r.values[i]])),
    }),
  );
  let offset = 0;
  text.split('\n').forEach((l, i) => {
    parser.line(l, i + 1, offset);
    offset += l.length + 1;
  });
  parser.end();
  return { records, skipped: parser.skipped };
}

const CSV = `When;Who;Where;Note
05.03.2024 08:01:02;anna;203.0.113.7;"two
lines; one cell"
13.03.2024 23:59:59;bob;::ffff:198.51.100.9;
`;

test('csv: header, quoted line ends, own time pattern and zone, constant fields', () => {
  const m = mappingOf(`
mapping: gate
reads: csv
columns: [When, Who, Where]
time: { field: When, format: 'dd.MM.yyyy HH:mm:ss', zone: "+01:00" }
host: =gate1
source: mapped/authentication
fields: { user: Who, src_ip: Where, activity: =logon }
`);
  const { records, skipped } = read(m, CSV);
  assert.equal(skipped, 0);
  assert.deepEqual(
    records.map((r) => [r.time, r.sure, r.channel, r.host, r.line]),
    [
      ['2024-03-05T07:01:02.000000Z', 'given', 'mapped/authentication', 'gate1', 2],
      ['2024-03-13T22:59:59.000000Z', 'given', 'mapped/authentication', 'gate1', 4],
    ],
  );
  assert.deepEqual(records[0]!.fields, {
    When: '05.03.2024 08:01:02',
    Who: 'anna',
    Where: '203.0.113.7',
    Note: 'two\nlines; one cell',
    user: 'anna',
    src_ip: '203.0.113.7',
    activity: 'logon',
  });
});

test('csv without a header line', () => {
  const m = mappingOf(`
mapping: bare
reads: csv
header: [t, who, ip]
time: { field: t, format: epoch }
`);
  const head = textHead(Buffer.from('1709625662,anna,203.0.113.7\n1709625663,bob,203.0.113.8\n'))!;
  assert.equal(identifyText(head, [m])?.format.id, 'map:bare');
  const { records } = read(m, head.text);
  assert.deepEqual(
    records.map((r) => [r.time, r.sure, r.channel]),
    [
      ['2024-03-05T08:01:02.000000Z', 'stated', 'csv'],
      ['2024-03-05T08:01:03.000000Z', 'stated', 'csv'],
    ],
  );
});

test('ndjson: nested names; what is no object is counted', () => {
  const m = mappingOf(`
mapping: app
reads: ndjson
columns: [when, actor.name]
time: when
source: mapped/file_activity
fields: { user: actor.name, path: doc }
`);
  const { records, skipped } = read(
    m,
    '{"when":"2024-03-05T08:00:00.5+02:00","actor":{"name":"anna"},"doc":"/a"}\nnoise\n{"when":5,"actor":{}}\n',
  );
  assert.equal(skipped, 1);
  assert.equal(records[0]!.time, '2024-03-05T06:00:00.500000Z');
  assert.equal(records[0]!.fields.user, 'anna');
  assert.equal(records[1]!.sure, 'none');
});

test('lines: named groups; an expression cannot be made to backtrack', () => {
  const m = mappingOf(`
mapping: lines
reads: lines
pattern: '^(?<t>\\d+) (?<what>(?:a+)+b)$'
time: { field: t, format: yyyyMMddHHmmss }
`);
  const hostile = `20240305080000 ${'a'.repeat(100_000)}`;
  const before = performance.now();
  const { records, skipped } = read(m, `20240305080000 aab\n${hostile}`, 60);
  assert.ok(performance.now() - before < 5000);
  assert.deepEqual(
    [records.length, skipped, records[0]!.time, records[0]!.sure],
    [1, 1, '2024-03-05T07:00:00.000000Z', 'given'],
  );
});

test('access-log: Apache, Tomcat and nginx log formats', () => {
  const cases: [pattern: string, line: string, fields: Record<string, unknown>][] = [
    [
      '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D',
      '203.0.113.7 - anna [05/Mar/2024:09:00:00 +0100] "GET /a?b=1 HTTP/1.1" 200 12 "-" "say \\"hi\\"" 1500',
      {
        'c-ip': '203.0.113.7',
        'cs-uri-stem': '/a',
        'cs-uri-query': 'b=1',
        'time-taken': '1500',
        'cs-username': 'anna',
      },
    ],
    [
      '[%{yyyy-MM-dd HH:mm:ss}t] %a %m %U%q %s %S',
      '[2024-03-05 08:00:00] 203.0.113.7 POST /x?y=2 404 SESSION1',
      { 'c-ip': '203.0.113.7', 'cs-method': 'POST', 'sc-status': '404', session: 'SESSION1' },
    ],
    [
      '$remote_addr|$time_iso8601|$host|$request_method|$request_uri|$status|$http_user_agent',
      '203.0.113.7|2024-03-05T08:00:00+00:00|www|GET|/a b?c|200|Mozilla/5.0 (X11; a b)',
      { 'cs-uri-stem': '/a b', 'cs-uri-query': 'c', 'cs-user-agent': 'Mozilla/5.0 (X11; a b)', 'cs-host': 'www' },
    ],
  ];
  for (const [pattern, line, fields] of cases) {
    const m = mappingOf(`mapping: w\nreads: access-log\npattern: ${JSON.stringify(pattern)}\n`);
    const { records, skipped } = read(m, line);
    assert.equal(skipped, 0, pattern);
    assert.equal(records[0]!.time, '2024-03-05T08:00:00.000000Z', pattern);
    for (const [k, v] of Object.entries(fields)) assert.equal(records[0]!.fields[k], v, `${pattern}: ${k}`);
  }
  assert.throws(() => logPattern('%h %u "%r"'), /time/);
});

test('time patterns', () => {
  const at = (pattern: string, text: string): string | null => microsText(timePattern(pattern)(text).micros);
  assert.equal(at('dd-MMM-yyyy HH:mm:ss.SSS', '05-Mar-2024 08:01:02.123456'), '2024-03-05T08:01:02.123456Z');
  assert.equal(at('MM/dd/yyyy hh:mm:ss a', '03/05/2024 12:01:02 AM'), '2024-03-05T00:01:02.000000Z');
  assert.equal(at('EEE MMM dd HH:mm:ss yyyy', 'Tue Mar  5 08:01:02 2024'), '2024-03-05T08:01:02.000000Z');
  assert.equal(at("yyyy-MM-dd'T'HH:mm:ssXXX", '2024-03-05T08:01:02-05:00'), '2024-03-05T13:01:02.000000Z');
  assert.equal(at('filetime', '133540992620000000'), '2024-03-05T08:01:02.000000Z');
  assert.equal(at('dd.MM.yyyy', '32.01.2024'), null);
  for (const bad of ['HH:mm', 'yyyy-MM-dd q', "yyyy-MM-dd 'T", 'yyyy-MM-dd yyyy'])
    assert.throws(() => timePattern(bad), SyntaxError, bad);
});

test('what is wrong in a mapping is told with its line', () => {
  const wrong = (yaml: string): string[] =>
    parseMapping(yaml, 'm.yml').problems.map((p) => `${p.place.line ?? ''}: ${p.expected}, ${p.found}`);
  assert.match(wrong('mapping: A B\nreads: csv\ncolumns: [a]\ntime: a')[0]!, /^1: .*lower case.*A B/);
  assert.match(wrong('mapping: a\nreads: xls\ntime: a')[0]!, /^2: .*csv, ndjson, lines, access-log.*xls/);
  assert.match(wrong('mapping: a\nreads: csv\ntime: a')[0]!, /columns/);
  assert.match(wrong('mapping: a\nreads: lines\npattern: "(?<a>["\ntime: a')[0]!, /^3: a regular expression/);
  assert.match(wrong('mapping: a\nreads: csv\ncolumns: [a]\ntime: {field: a, zone: Europe}')[0]!, /^4: .*zone.*Europe/);
  assert.match(wrong('mapping: a\nreads: csv\ncolumns: [a]\ntime: a\nfieds: {}')[0]!, /^5: .*fieds/);
  assert.match(wrong('mapping: [a')[0]!, /YAML/);
  assert.match(wrong('- a')[0]!, /a mapping/);
  assert.match(wrong('a: &x [1]\nb: *x')[0] ?? '', /one of|YAML/);
  assert.equal(parseMapping(`${'#'.repeat(2 << 20)}`, 'm.yml').mapping, null);
});

test('a draft reads the file that it was made from', () => {
  for (const [text, channel] of [
    [CSV, 'csv'],
    ['{"ts":1709625662,"user":"anna","src":"203.0.113.7","dst":"192.0.2.1"}\n', 'mapped/network_activity'],
    [
      '2024-03-05 08:00:00|203.0.113.7|192.0.2.9|443\n2024-03-05 08:00:01|203.0.113.8|192.0.2.9|443\n',
      'mapped/network_activity',
    ],
  ] as const) {
    const head = textHead(Buffer.from(text))!;
    const draft = suggestMapping(head, 'draft')!;
    const m = mappingOf(draft.text);
    assert.equal(identifyText(head, [m])?.format.id, 'map:draft');
    const { records, skipped } = read(m, text);
    assert.ok(records.length > 0 && skipped === 0, draft.text);
    assert.ok(
      records.every((r) => r.time !== null && r.channel === channel),
      draft.text,
    );
  }
  assert.equal(suggestMapping(textHead(Buffer.from('just words\nand more\n'))!, 'x'), null);
});
