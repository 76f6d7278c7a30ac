// From evidence to a case: register, gaps, cleared logs, verify, and hostile text in every output.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CASE_FORMAT, CaseError, openCase, readCase } from '../src/case/index.js';
import { csvCell } from '../src/cli/hunt.js';
import { safe } from '../src/cli/terminal.js';
import { eventRecord, eventTemplates, type RecordSpec, value } from '../src/formats/evtx/index.js';
import type { IncidentDocument } from '../src/incident/index.js';
import { html, jsonForScript, visible } from '../src/report/index.js';
import { EVIDENCE, needsShared, readText, ROOT, SIGMA, tempDir, writeFile } from './support.js';

const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const dir = tempDir();
const env = { ...process.env, SOURCE_DATE_EPOCH: '1790000000', NO_COLOR: '1', BACKTRAIL_CACHE: join(dir, 'cache') };

function cli(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const r = spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { status: r.status, stdout: r.stdout, stderr: r.stderr };
}
const validate = new Ajv2020({ allErrors: true, strict: false }).compile(
  JSON.parse(readText(join(ROOT, 'docs', 'incident.schema.json'))) as object,
);
/** The document of a case, held to the schema. */
function documentOf(out: string): IncidentDocument {
  const d = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as IncidentDocument;
  assert.ok(validate(d), JSON.stringify(validate.errors?.slice(0, 3)));
  return d;
}

const outer = new Map();
const logon = eventTemplates(
  {
    provider: 'Microsoft-Windows-Security-Auditing',
    channel: 'Security',
    eventId: 4624,
    data: [['TargetUserName', 1]],
  },
  outer,
);
const cleared = eventTemplates(
  {
    provider: 'Microsoft-Windows-Eventlog',
    channel: 'Security',
    eventId: 1102,
    data: [
      ['SubjectUserName', 1],
      ['SubjectDomainName', 1],
    ],
    userData: { element: 'LogFileCleared', namespace: 'urn:x' },
  },
  outer,
);
const systemCleared = eventTemplates({
  provider: 'Microsoft-Windows-Eventlog',
  channel: 'System',
  eventId: 104,
  data: [
    ['SubjectUserName', 1],
    ['Channel', 1],
  ],
  userData: { element: 'LogFileCleared', namespace: 'urn:x' },
});
const driver104 = eventTemplates({ provider: 'netdriver', channel: 'System', eventId: 104, data: [['Param', 1]] });
const T0 = 1_700_000_000e6;
const logons = (from: number, n: number, host = 'a.example'): RecordSpec[] =>
  Array.from({ length: n }, (_, i) =>
    eventRecord(logon, {
      recordId: from + i,
      micros: T0 + (from + i) * 1e6,
      computer: host,
      data: [value.string('u')],
    }),
  );

function investigate(name: string, write: (folder: string) => void): IncidentDocument {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
  write(folder);
  const r = cli('investigate', folder, '--out', join(dir, `${name}-case`));
  assert.equal(r.status, 0, r.stderr);
  return documentOf(join(dir, `${name}-case`));
}

test('a hole in the numbering of a log is told with the records on both sides', () => {
  const d = investigate('gap', (f) => writeFile(join(f, 'Security.evtx'), [...logons(1, 50), ...logons(61, 50)]));
  assert.deepEqual(
    d.overview.anti_forensics.map((a) => [a.kind, a.host, a.what]),
    [['record_gap', 'a.example', '10 records missing from "Security": numbers 51 to 60.']],
  );
  assert.deepEqual(d.overview.anti_forensics[0]!.evidence, [
    { evidence: 'e1', record: 50 },
    { evidence: 'e1', record: 61 },
  ]);
  assert.equal(d.overview.blind_spots.length, 1);
});

test('exports and forwarded logs number anew: no gap is told of them', () => {
  const renumbered = logons(1, 50).map((r, i) => ({ ...r, recordId: i < 25 ? i + 1 : i + 40 }));
  const d = investigate('export', (f) => writeFile(join(f, 'x.evtx'), renumbered));
  assert.deepEqual(d.overview.anti_forensics, []);
});

test('a gap that damage explains is damage', () => {
  const d = investigate('damage', (f) => {
    const b = writeFile(join(f, 'x.evtx'), logons(1, 900));
    b.fill(0x41, 4096 + 65536, 4096 + 65536 + 8);
    writeFileSync(join(f, 'x.evtx'), b);
  });
  assert.deepEqual(d.overview.anti_forensics, []);
  assert.equal(d.evidence[0]!.status, 'partial');
  assert.ok(d.evidence[0]!.problems.length > 0);
});

test('a log is cleared by provider, not by event id alone', () => {
  const d = investigate('cleared', (f) => {
    writeFile(join(f, 's.evtx'), [
      eventRecord(cleared, {
        recordId: 9,
        micros: T0,
        computer: 'A.example',
        data: [value.string('eve'), value.string('CORP')],
      }),
    ]);
    writeFile(join(f, 't.evtx'), [
      eventRecord(systemCleared, {
        recordId: 1,
        micros: T0 + 1e6,
        computer: 'a.example',
        data: [value.string('eve'), value.string('Windows PowerShell')],
      }),
      eventRecord(driver104, { recordId: 2, micros: T0 + 2e6, computer: 'A', data: [value.string('link up')] }),
    ]);
  });
  assert.deepEqual(
    d.overview.anti_forensics.map((a) => a.what),
    ['The log "Security" was cleared by CORP\\eve.', 'The log "Windows PowerShell" was cleared by eve.'],
  );
  assert.equal(d.counts.hosts_seen, 1, 'A, A.example and a.example are one host');
  assert.deepEqual(d.incidents, []);
});

test('every file is in the register: by content, not by name, and nothing is dropped', () => {
  const d = investigate('mixed', (f) => {
    writeFile(join(f, 'really-a-log.txt'), logons(1, 3));
    writeFileSync(join(f, 'fake.evtx'), 'this is text');
    writeFileSync(join(f, 'empty.evtx'), '');
    writeFileSync(join(f, 'a.zip'), Buffer.from('504b030400000000', 'hex'));
  });
  assert.deepEqual(
    d.evidence.map((e) => [e.path, e.format, e.status, e.records]),
    [
      ['mixed/a.zip', 'unknown', 'skipped', 0],
      ['mixed/empty.evtx', 'empty', 'skipped', 0],
      ['mixed/fake.evtx', 'unknown', 'skipped', 0],
      ['mixed/really-a-log.txt', 'evtx', 'parsed', 3],
    ],
  );
  assert.match(d.evidence[0]!.problems[0]!.what, /ZIP/);
  for (const e of d.evidence) assert.match(e.sha256!, /^[0-9a-f]{64}$/);
});

test('the same content is counted once, and what cannot be opened is listed', () => {
  const d = investigate('twice', (f) => {
    const bytes = writeFile(join(f, 'a.evtx'), [...logons(1, 50), ...logons(61, 50)]);
    writeFileSync(join(f, 'copy-of-a.evtx'), bytes);
    writeFileSync(join(f, 'cut.evtx'), bytes.subarray(0, 4096));
    symlinkSync('nowhere', join(f, 'dangling'));
  });
  assert.equal(d.counts.records, 100);
  assert.equal(d.overview.anti_forensics.length, 1);
  assert.deepEqual(
    d.evidence.map((e) => [e.path, e.status, e.records]),
    [
      ['twice/a.evtx', 'parsed', 100],
      ['twice/copy-of-a.evtx', 'skipped', 0],
      ['twice/cut.evtx', 'partial', 0],
      ['twice/dangling', 'failed', 0],
    ],
  );
  assert.match(d.evidence[1]!.problems[0]!.what, /same content as e1/);
  assert.equal(cli('verify', join(dir, 'twice-case')).status, 0);
});

test('the same evidence gives the same bytes, whatever the number of workers', () => {
  const folder = join(dir, 'same');
  mkdirSync(folder);
  for (let i = 0; i < 6; i++) writeFile(join(folder, `l${i}.evtx`), logons(1 + i * 1000, 2500, `h${i}.example`));
  const texts = ['1', '2', '5'].map((n) => {
    const out = join(dir, `same-${n}`);
    assert.equal(cli('investigate', folder, '--out', out, '--threads', n).status, 0);
    return [
      readFileSync(join(out, 'incident.json'), 'utf8'),
      readFileSync(join(out, 'report.html'), 'utf8'),
      readFileSync(join(out, 'detections.jsonl'), 'utf8'),
    ];
  });
  assert.deepEqual(texts[1], texts[0]);
  assert.deepEqual(texts[2], texts[0]);
});

test('verify proves a case, and fails on a changed number, citation or file', needsShared, () => {
  const source = join(dir, 'verify-evidence');
  cpSync(join(EVIDENCE, 'evtx', 'EVTX-to-MITRE-Attack', 'EVTX_full_APT_attack_steps'), source, { recursive: true });
  spawnSync('chmod', ['-R', 'u+w', source]);
  const out = join(dir, 'verify-case');
  assert.equal(cli('investigate', source, '--rules', SIGMA, '--out', out).status, 0);
  assert.ok(documentOf(out).counts.detections > 0);
  const good = cli('verify', out);
  assert.equal(good.status, 0, good.stdout + good.stderr);
  assert.match(good.stdout, /Every statement of this case holds/);
  const text = readFileSync(join(out, 'incident.json'), 'utf8');
  const d = JSON.parse(text) as {
    other_findings: { count: number; evidence: { record: number }[] }[];
    counts: { records: number };
    overview: { techniques: { count: number }[] };
  };
  const broken = (change: () => void): void => {
    const copy = JSON.parse(text) as typeof d;
    Object.assign(d, copy);
    change();
    writeFileSync(join(out, 'incident.json'), JSON.stringify(d));
    const r = cli('verify', out);
    assert.equal(r.status, 1, r.stdout);
    assert.match(r.stdout, /FAILS/);
  };
  broken(() => d.other_findings[0]!.count++);
  broken(() => (d.other_findings[0]!.evidence[0]!.record = 999_999));
  broken(() => d.counts.records--);
  broken(() => d.overview.techniques[0]!.count++);
  broken(() => d.other_findings.pop());
  writeFileSync(join(out, 'incident.json'), text);
  assert.equal(cli('verify', out).status, 0);
  const file = join(source, 'ID11,13,17,18-PSexec as system execution.evtx');
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  const changed = cli('verify', out);
  assert.equal(changed.status, 1);
  assert.match(changed.stdout, /SHA-256/);
});

test('a case of format 1 opens; a newer one, another folder and a locked one are refused', () => {
  const old = join(ROOT, 'test', 'cases', 'case-format-1');
  assert.equal(readCase(old).format, 1);
  const newer = join(dir, 'newer');
  mkdirSync(newer);
  writeFileSync(
    join(newer, 'case.json'),
    JSON.stringify({
      schema: 'backtrail.case',
      format: CASE_FORMAT + 1,
      id: 'x',
      tool: 't',
      created: 'c',
      state: 'complete',
    }),
  );
  assert.throws(
    () => readCase(newer),
    (e: unknown) => e instanceof CaseError && e.diagnostic.code === 'case.version',
  );
  const other = join(dir, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'notes.txt'), 'x');
  assert.throws(
    () => openCase(other, { id: 'x', tool: 't', created: 'c' }),
    (e: unknown) => e instanceof CaseError && e.diagnostic.code === 'case.not-a-case',
  );
  const path = join(dir, 'locked');
  const first = openCase(path, { id: 'x', tool: 't', created: 'c' });
  writeFileSync(join(path, 'case.lock'), JSON.stringify({ pid: 1, host: 'another-machine' }));
  assert.throws(
    () => openCase(path, { id: 'x', tool: 't', created: 'c' }),
    (e: unknown) => e instanceof CaseError && e.diagnostic.code === 'case.locked',
  );
  writeFileSync(join(path, 'case.lock'), 'garbage');
  openCase(path, { id: 'x', tool: 't', created: 'c' }).close();
  first.close();
  for (const d of [newer, other]) {
    const r = cli('investigate', join(dir, 'gap'), '--out', d);
    assert.equal(r.status, 4, r.stderr);
    assert.match(r.stderr, /expected/);
  }
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</script><script>alert(2)</script>',
  '\u001b]0;owned\u0007\u001b[2J',
  '=HYPERLINK("http://x","y")',
  'a\u202egpj.exe',
  '\ud800 broken',
  '-->]]>&amp;&#x3c;',
  "'; DROP TABLE x; --",
  '\u0000nul',
];

test('hostile text of logs acts in no output', () => {
  const t = eventTemplates({
    provider: 'Microsoft-Windows-Sysmon',
    channel: 'Microsoft-Windows-Sysmon/Operational',
    eventId: 1,
    data: [
      ['Image', 1],
      ['CommandLine', 1],
      ['ParentImage', 1],
    ],
  });
  const folder = join(dir, 'hostile');
  mkdirSync(folder);
  writeFile(
    join(folder, 'log.evtx'),
    HOSTILE.map((h, i) =>
      eventRecord(t, {
        recordId: i + 1,
        micros: T0 + i * 1e6,
        computer: h,
        data: [value.string(`${h}\\cmd.exe`), value.string(h.replaceAll('\0', '')), value.string('C:\\w3wp.exe')],
      }),
    ),
  );
  const out = join(dir, 'hostile-case');
  const r = cli('investigate', folder, '--out', out);
  assert.equal(r.status, 0, r.stderr);
  assert.doesNotMatch(r.stdout + r.stderr, /[\u001b\u0007\u202e]/);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  assert.equal(page.match(/<script/g)!.length, 3, 'the page has its own three script elements and no other');
  assert.equal(page.match(/<\/script/g)!.length, 3);
  assert.doesNotMatch(page, /<img/);
  assert.doesNotMatch(page, /[\u001b\u0007\u202e\u0000]/);
  assert.match(page, /default-src 'none'/);
  for (const format of ['table', 'csv', 'json', 'jsonl']) {
    const h = cli('hunt', folder, '--output', format);
    assert.equal(h.status, 0, h.stderr);
    if (format === 'table' || format === 'csv')
      assert.doesNotMatch(h.stdout.replaceAll('\\u001b', ''), format === 'table' ? /\u001b/ : /(^|,)=/m);
    if (format === 'json') JSON.parse(h.stdout);
    if (format === 'jsonl') for (const l of h.stdout.split('\n')) if (l !== '') JSON.parse(l);
  }
});

test('escaping by itself', () => {
  for (const h of HOSTILE) {
    assert.doesNotMatch(html(h), /[<>"']/);
    assert.doesNotMatch(jsonForScript({ h }), /[<>]/);
    assert.doesNotMatch(visible(h), /[\u0000-\u0008\u001b\u202e]/);
    assert.doesNotMatch(safe(h), /[\u0000-\u001f\u202e]/);
    assert.doesNotMatch(csvCell(h), /^[=+@-]/);
  }
});

test('the command line: help, usage, no evidence, bad input', () => {
  assert.equal(cli('--help').status, 0);
  assert.match(cli('hunt', '--help').stdout, /--min-level/);
  assert.equal(cli('--version').status, 0);
  assert.equal(cli().status, 2);
  assert.equal(cli('hunt').status, 2);
  assert.equal(cli('nonsense').status, 2);
  assert.equal(cli('hunt', dir, '--output', 'pdf').status, 2);
  assert.equal(cli('investigate', dir).status, 2);
  const none = cli('investigate', join(dir, 'nothing-here'), '--out', join(dir, 'nothing'));
  assert.equal(none.status, 3);
  assert.match(none.stderr, /nothing-here/);
  assert.ok(!existsSync(join(dir, 'nothing')), 'no case is made of nothing');
  const broken = join(dir, 'broken-rules');
  mkdirSync(broken);
  writeFileSync(join(broken, 'bad.yml'), 'title: x\n  bad: [');
  writeFileSync(
    join(broken, 'good.yml'),
    'title: g\nid: g\nlogsource: {product: windows, service: security}\ndetection: {s: {EventID: 4624}, condition: s}\nlevel: low\n',
  );
  const check = cli('rules', 'check', broken);
  assert.equal(check.status, 1);
  assert.match(check.stdout, /bad\.yml.*line/);
  const h = cli('hunt', join(dir, 'gap'), '--rules', broken, '--output', 'jsonl');
  assert.equal(h.status, 0);
  assert.equal(h.stdout.split('\n').filter((l) => l !== '').length, 100, 'the rule that loads runs');
  const first = JSON.parse(h.stdout.split('\n')[0]!) as Record<string, unknown>;
  for (const key of ['rule', 'title', 'author', 'level', 'time', 'host', 'file', 'record', 'channel', 'fields'])
    assert.ok(key in first, key);
  assert.match(cli('rules', 'coverage').stdout, /process_creation/);
  assert.equal(cli('rules', 'list').stdout.trim().split('\n').length, 198);
  const x = cli('dump', join(dir, 'gap'), '--format', 'xml');
  assert.match(x.stdout, /^<\?xml.*\n<Events>\n<Event /);
  assert.equal(
    cli('dump', join(dir, 'gap'), '--record', '50')
      .stdout.split('\n')
      .filter((l) => l !== '').length,
    1,
  );
  rmSync(broken, { recursive: true });
});
