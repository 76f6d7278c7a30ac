// From leads to incidents: what the range knows to be true, what recorded campaigns are known to be, what analysts decide, and what
// must not be said.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type IncidentDocument, networkTable } from '../src/incident/index.js';
import { runs, taskCommand } from '../src/incident/graph/suspicion.js';
import { Texts } from '../src/incident/facts/texts.js';
import { DeclaredError, parseDecisions, parseDirectory, parseKnown } from '../src/pipeline/declared.js';
import { type PartScore, playRange, score } from '../src/range/index.js';
import { EVIDENCE, needsShared, readText, ROOT, tempDir } from './support.js';

const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const dir = tempDir();
const env = {
  ...process.env,
  SOURCE_DATE_EPOCH: '1790000000',
  NO_COLOR: '1',
  BACKTRAIL_CACHE: join(dir, 'cache'),
  BACKTRAIL_DEBUG: '1',
};

function cli(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const r = spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { status: r.status, stdout: r.stdout, stderr: r.stderr };
}
const validate = new Ajv2020({ allErrors: true, strict: false }).compile(
  JSON.parse(readText(join(ROOT, 'docs', 'incident.schema.json'))) as object,
);
function documentOf(out: string): IncidentDocument {
  const d = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as IncidentDocument;
  assert.ok(validate(d), JSON.stringify(validate.errors?.slice(0, 3)));
  return d;
}
function investigated(name: string, paths: readonly string[], ...flags: string[]): IncidentDocument {
  const out = join(dir, `case-${name}`);
  const r = cli('investigate', ...paths, '--out', out, '--quiet', ...flags);
  assert.equal(r.status, 0, r.stderr);
  return documentOf(out);
}

/** What each part must reach on small ranges, two seeds of each scenario together. */
const LEAST: Readonly<Record<string, number>> = {
  incidents: 1,
  hosts_controlled: 0.95,
  accounts: 0.9,
  sessions: 0.95,
  mailboxes: 0.95,
  implants: 0.9,
  lateral_movement: 0.9,
  persistence: 0.85,
  command_and_control: 0.85,
  entry: 1,
  update_hijack: 0.98,
};

test('the range: what happened is what is said, in every scenario and format', () => {
  const sums = new Map<string, { right: number; expected: number; found: number }>();
  const formats = ['evtx', 'xml', 'winlogbeat', 'mixed'] as const;
  let n = 0;
  for (const scenario of ['mail-server', 'update-hijack', 'two-at-once', 'slow'] as const)
    for (const seed of [3, 8]) {
      const at = join(dir, `range-${scenario}-${seed}`);
      playRange({
        scenario,
        seed,
        hosts: 45,
        days: scenario === 'slow' ? 60 : 30,
        scale: 0.3,
        format: formats[n++ % 4]!,
        out: at,
      });
      const known = scenario === 'two-at-once' ? ['--known', join(at, 'known.yml')] : [];
      const d = investigated(`${scenario}-${seed}`, [join(at, 'evidence')], ...known);
      const s = score(JSON.parse(readText(join(at, 'truth.json'))), d);
      for (const p of s.parts) {
        const sum = sums.get(p.part) ?? { right: 0, expected: 0, found: 0 };
        sum.right += p.right;
        sum.expected += p.expected;
        sum.found += p.found;
        sums.set(p.part, sum);
      }
    }
  for (const [part, least] of Object.entries(LEAST)) {
    const s = sums.get(part)!;
    const f1 = s.expected + s.found === 0 ? 1 : (2 * s.right) / (s.expected + s.found);
    assert.ok(f1 >= least, `${part}: F1 ${f1.toFixed(3)} of at least ${least} (${JSON.stringify(s)})`);
  }
});

test('where nothing happened nothing is said, whatever the seed', () => {
  for (const seed of [1, 2, 5, 11]) {
    const at = join(dir, `quiet-${seed}`);
    playRange({ scenario: 'quiet', seed, hosts: 40, days: 40, scale: 0.4, format: 'mixed', out: at });
    const d = investigated(`quiet-${seed}`, [join(at, 'evidence')]);
    assert.deepEqual(d.incidents, [], `seed ${seed}`);
    assert.equal(d.reconstruction.performed, true);
  }
});

test('most traces erased: little is missed, less is invented, and what cannot be known is named', () => {
  const at = join(dir, 'erased');
  playRange({ scenario: 'erased', seed: 4, hosts: 50, days: 40, scale: 0.3, format: 'mixed', out: at });
  const d = investigated('erased', [join(at, 'evidence')]);
  const s = score(JSON.parse(readText(join(at, 'truth.json'))), d);
  const part = (name: string): PartScore => s.parts.find((p) => p.part === name)!;
  assert.equal(part('incidents').f1, 1);
  assert.ok(part('hosts_controlled').precision >= 0.85 && part('hosts_controlled').recall >= 0.8);
  assert.ok(d.incidents[0]!.blind_spots.length > 0);
});

test('one source removed: precision stays, and the blind spots name it', () => {
  const at = join(dir, 'removed');
  playRange({ scenario: 'mail-server', seed: 6, hosts: 45, days: 30, scale: 0.3, format: 'evtx', out: at });
  const truth: unknown = JSON.parse(readText(join(at, 'truth.json')));
  for (const [what, gone, named] of [
    ['sysmon', (f: string) => f.includes('Sysmon'), /Sysmon/],
    ['zeek', (f: string) => f.includes('/zeek/') || f.includes('/squid/'), /network/],
    ['mailbox audit', (f: string) => f.includes('MailboxAudit'), /mailbox audit/],
  ] as const) {
    const list = spawnSync('find', [join(at, 'evidence'), '-type', 'f'], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .filter((f) => !gone(f));
    const d = investigated(`without-${what.replace(' ', '-')}`, list);
    const s = score(truth, d);
    for (const name of ['hosts_controlled', 'accounts', 'mailboxes', 'lateral_movement'])
      assert.ok(s.parts.find((p) => p.part === name)!.precision >= 0.9, `without ${what}: ${name}`);
    if (d.incidents.length > 0)
      assert.ok(
        d.incidents[0]!.blind_spots.some((b) => named.test(`${b.source} ${b.why}`)),
        `without ${what}: ${JSON.stringify(d.incidents[0]!.blind_spots)}`,
      );
  }
});

test('recorded campaigns agree with what is known of them', needsShared, () => {
  const short = (h: string): string => h.split('.')[0]!.toLowerCase();
  const of = (name: string): IncidentDocument => investigated(name, [join(EVIDENCE, 'campaigns', name)]);
  const controlled = (d: IncidentDocument, i = 0): string[] =>
    d.incidents[i]!.hosts.filter((h) => h.status === 'controlled')
      .map((h) => short(h.name))
      .sort();
  const moves = (d: IncidentDocument): string[] =>
    [...new Set(d.incidents[0]!.lateral_movement.map((m) => `${short(m.from)} > ${short(m.to)} ${m.account}`))].sort();

  const dcom = of('covenant-dcom');
  assert.equal(dcom.incidents.length, 1);
  assert.deepEqual(controlled(dcom), ['workstation5', 'workstation6']);
  assert.deepEqual(moves(dcom), ['workstation5 > workstation6 THESHIRE\\pgustavo']);

  assert.deepEqual(
    dcom.incidents[0]!.persistence.map((p) => [p.technique, p.name]),
    [['T1574.001', 'c:\\program files\\internet explorer\\iertutil.dll']],
  );

  const playbook = of('purplesharp-ad-playbook');
  assert.deepEqual(playbook.incidents[0]!.anti_forensics, [], 'records that stand out of order are not missing');
  assert.deepEqual(controlled(playbook), ['mordordc', 'workstation5', 'workstation6', 'workstation7']);
  assert.deepEqual(
    moves(playbook),
    ['mordordc', 'workstation6', 'workstation7'].map((t) => `workstation5 > ${t} THESHIRE\\pgustavo`),
  );
  assert.deepEqual(
    playbook.incidents[0]!.lateral_movement.map((m) => m.method).filter((m) => m !== 'winrm'),
    [],
  );

  const lsass = of('lsass-logonpasswords');
  assert.deepEqual(controlled(lsass), ['mkt01']);
  assert.deepEqual(
    lsass.incidents[0]!.command_and_control.map((c) => c.address),
    ['10.0.5.13'],
  );
  assert.ok(lsass.incidents[0]!.implants.some((x) => x.names.includes('winx64_payload.exe')));
  assert.ok(lsass.incidents[0]!.techniques.some((t) => t.technique === 'T1003.001'));

  assert.equal(lsass.incidents[0]!.first_seen?.slice(0, 16), '2023-08-16T04:54', 'a local time with a false Z');
  assert.deepEqual(
    [lsass.incidents[0]!.entry!.source_ip, lsass.incidents[0]!.entry!.account],
    ['10.0.5.13', 'PANDALAB\\pedro.gustavo'],
  );
  // The service, the code in another process, and what that process read.
  for (const at of ['04:56:15', '04:57:27', '04:58:33'])
    assert.ok(
      lsass.incidents[0]!.timeline.some((t) => t.time!.slice(11, 19) === at),
      at,
    );

  const linux = of('log4shell-linux');
  assert.deepEqual(
    linux.incidents.map((i) => [short(i.entry!.host!), i.entry!.technique, i.entry!.source_ip]),
    [
      ['ubuntu5', 'T1190', '192.168.2.6'],
      ['workstation5', 'T1190', '192.168.3.5'],
    ],
  );
  assert.deepEqual(
    linux.incidents[0]!.accounts.map((a) => a.name),
    ['tomcat'],
    'agents of the machine are nobody',
  );
  assert.deepEqual(
    linux.incidents.map((i) => i.command_and_control.map((c) => c.address)),
    [['192.168.2.6'], ['192.168.3.5']],
  );
});

test('proof: verify recounts incidents, explain shows the way, decisions are applied and kept', () => {
  const at = join(dir, 'proof');
  const { truth } = playRange({
    scenario: 'mail-server',
    seed: 3,
    hosts: 30,
    days: 20,
    scale: 0.2,
    format: 'evtx',
    out: at,
  });
  const out = join(dir, 'case-proof');
  const made = cli(
    'investigate',
    join(at, 'evidence'),
    '--out',
    out,
    '--networks',
    join(at, 'networks.csv'),
    '--directory',
    join(at, 'directory.csv'),
  );
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /1 incident\n/);
  const d = documentOf(out);
  const [i] = d.incidents;
  assert.ok(i !== undefined);
  // Networks and people as the user gave them.
  assert.ok(i.sessions.length > 0 && i.sessions.every((s) => /^[A-Z]{2}$/.test(s.country ?? '')));
  const titles = new Map(truth.incidents[0]!.mailboxes.map((b) => [b.address, b.title]));
  for (const b of i.mailboxes) assert.equal(b.title, titles.get(b.address));
  // The statement has no number that is not a list's length.
  const controlled = i.hosts.filter((h) => h.status === 'controlled');
  assert.ok(i.statement.includes(`controlled ${controlled.length} hosts`), i.statement);
  assert.equal(d.counts.hosts_controlled, controlled.length);

  assert.equal(cli('verify', out).status, 0);
  const path = join(out, 'incident.json');
  const good = readFileSync(path, 'utf8');
  const bad = JSON.parse(good) as { incidents: { hosts: unknown[] }[] };
  bad.incidents[0]!.hosts.pop();
  writeFileSync(path, JSON.stringify(bad));
  const checked = cli('verify', out);
  assert.equal(checked.status, 1);
  assert.match(checked.stdout, /incidents\.0\.hosts/);
  writeFileSync(path, good);

  const target = controlled.at(-1)!.name;
  const explained = cli('explain', out, 'i1', target, '--json');
  assert.equal(explained.status, 0, explained.stderr);
  const e = JSON.parse(explained.stdout) as { steps: { host: string; records: string[] }[] };
  assert.ok(e.steps.length > 0 && e.steps.every((s) => s.records.length > 0), 'each step cites records');
  assert.equal(e.steps.at(-1)!.host, target);
  assert.equal(cli('explain', out, 'i9').status, 2);
  assert.equal(cli('explain', out, 'i1', 'nobody-of-this-name').status, 2);

  const decisions = join(dir, 'decisions.yml');
  writeFileSync(
    decisions,
    `- decision: not_compromised\n  hosts: ['${target}']\n  because: reinstalled the day before\n  by: A. Analyst\n`,
  );
  assert.equal(cli('decide', out, decisions, '--quiet').status, 0);
  const after = documentOf(out);
  assert.ok(
    !after.incidents.some((x) => x.hosts.some((h) => h.name === target && h.how.some((w) => w.startsWith('code')))),
    'the host is no longer said to be controlled',
  );
  assert.equal(after.case.declared!.decisions[0]!.because, 'reinstalled the day before');
  assert.match(readText(join(out, 'report.html')), /reinstalled the day before/);
  assert.equal(cli('verify', out).status, 0);
  writeFileSync(decisions, '- decision: guilty\n  hosts: [a]\n');
  const refused = cli('decide', out, decisions);
  assert.equal(refused.status, 4);
  assert.match(refused.stderr, /entry 1/);
});

/** Sysmon's process starts as JSON lines. */
const starts = (list: readonly Readonly<Record<string, string | number>>[]): string =>
  list
    .map((e, i) =>
      JSON.stringify({
        Channel: 'Microsoft-Windows-Sysmon/Operational',
        EventID: 1,
        '@timestamp': new Date(Date.parse('2025-01-06T10:00:00Z') + i * 1000).toISOString(),
        ...e,
      }),
    )
    .join('\n');

test("identifiers are one host's own: equal GUIDs and large process numbers of others join nothing", () => {
  const guid = (n: number): string => `{0000000${n}-1111-2222-3333-444444444444}`;
  const web = {
    Computer: 'WEB01.corp.example',
    User: 'IIS APPPOOL\\Default',
    Image: 'C:\\Windows\\System32\\cmd.exe',
    ParentImage: 'C:\\Windows\\System32\\inetsrv\\w3wp.exe',
    CommandLine: 'cmd.exe /c whoami',
    ProcessGuid: guid(2),
    ParentProcessGuid: guid(1),
    ProcessId: 4_195_305,
    ParentProcessId: 900,
  };
  const app = {
    Computer: 'APP02.corp.example',
    User: 'CORP\\jane',
    Image: 'C:\\Program Files\\A\\app.exe',
    ParentImage: 'C:\\Windows\\explorer.exe',
    CommandLine: 'app.exe',
    ProcessGuid: guid(1),
    ParentProcessGuid: guid(3),
    ProcessId: 1001,
    ParentProcessId: 700,
  };
  const child = {
    ...app,
    Image: 'C:\\Program Files\\A\\child.exe',
    ParentImage: 'C:\\Windows\\System32\\cmd.exe',
    CommandLine: 'child.exe',
    ProcessGuid: guid(4),
    ParentProcessGuid: guid(2),
    ProcessId: 1002,
    ParentProcessId: 1001,
  };
  const file = join(dir, 'guids.ndjson');
  writeFileSync(file, starts([app, web, child]));
  const d = investigated('guids', [file]);
  assert.deepEqual(
    d.incidents.map((i) => i.hosts.map((h) => h.name)),
    [['WEB01.corp.example']],
  );
  assert.equal(d.incidents[0]!.entry!.source_ip, null);
  assert.match(d.incidents[0]!.entry!.why, /no record shows who/);
});

test('a case without its store is not added to, and stays what it was', () => {
  const file = join(dir, 'one.ndjson');
  writeFileSync(file, starts([{ Computer: 'A', Image: 'C:\\a.exe', CommandLine: 'a', ProcessId: 1 }]));
  const out = join(dir, 'case-one');
  assert.equal(cli('investigate', file, '--out', out, '--quiet').status, 0);
  const before = readText(join(out, 'incident.json'));
  rmSync(join(out, 'store.duckdb'));
  const empty = join(dir, 'none.yml');
  writeFileSync(empty, '[]');
  assert.equal(cli('decide', out, empty).status, 4);
  assert.equal(readText(join(out, 'incident.json')), before);
  assert.equal((JSON.parse(readText(join(out, 'case.json'))) as { state: string }).state, 'complete');
});

test('what the user declares: forms, and errors that say what and where', () => {
  const [k] = parseKnown('k.yml', "- why: test\n  accounts: ['D\\t']\n  from: 2025-01-01T00:00:00Z\n");
  assert.deepEqual(k, {
    why: 'test',
    accounts: ['D\\t'],
    addresses: [],
    hosts: [],
    from: Date.parse('2025-01-01') * 1000,
    to: null,
  });
  for (const text of [
    'just words',
    '- why: x',
    '- accounts: [a]',
    '- why: x\n  accounts: [a]\n  from: soon',
    ': [',
    '- 5',
  ])
    assert.throws(() => parseKnown('k.yml', text), DeclaredError, text);
  for (const text of ['- decision: same_incident\n  hosts: [a]\n  because: x', '- decision: not_abused\n  because: x'])
    assert.throws(() => parseDecisions('d.yml', text), DeclaredError, text);
  const d = parseDirectory(
    'd.csv',
    'SamAccountName;DisplayName;EmailAddress;Title\nj.doe;"Doe; Jane";Jane.Doe@x.example;CEO\n',
  );
  assert.deepEqual(d.find('J.DOE'), {
    address: 'jane.doe@x.example',
    name: 'Doe; Jane',
    title: 'CEO',
    account: 'j.doe',
  });
  assert.throws(() => parseDirectory('d.csv', 'a,b\n1,2'), DeclaredError);
  const { table, problems } = networkTable(
    'cidr,country,asn,label\n198.51.100.0/24,NL,AS64500,hosting\n198.51.100.128/25,DE,,\nnonsense,XX,1,\n',
  );
  assert.deepEqual(problems, [{ line: 4, what: '"nonsense" is no IPv4 network' }]);
  assert.deepEqual(table.of('198.51.100.7'), { country: 'NL', asn: 64500, label: 'hosting' });
  assert.equal(table.of('198.51.100.200').country, 'DE', 'the longer network wins');
  assert.equal(table.of('203.0.113.1').country, null);
  const quoted = networkTable('cidr,label,country\n198.51.100.0/24,"Foo, US, Inc",NL\n').table.of('198.51.100.7');
  assert.deepEqual([quoted.label, quoted.country], ['Foo, US, Inc', 'NL']);
});

test('texts stand once, in any number, and come back as they were', () => {
  const t = new Texts();
  const words = Array.from({ length: 50_000 }, (_, i) => `text ${i} ${'é€𝄞'.repeat(i % 5)}`);
  const ids = words.map((w) => t.add(w));
  words.forEach((w, i) => {
    assert.equal(t.add(w), ids[i]);
    assert.equal(t.text(ids[i]!), w);
  });
  assert.equal(t.find('no such text'), -1);
  assert.equal(new Texts().add(''), 0, 'an empty text is a text too');
  assert.equal(t.text(-12), '10');
  assert.equal(t.number(t.add('0x3e7')), 999);
  assert.ok(Number.isNaN(t.number(t.add('12 apples'))));
  assert.equal(t.fold(t.add('ABC')), t.add('abc'));
});

test('a service or task and what it starts', () => {
  assert.ok(
    runs(
      'C:\\Windows\\System32\\cmd.exe /c whoami',
      'c:\\windows\\system32\\cmd.exe',
      'c:\\windows\\system32\\cmd.exe /c whoami',
    ),
  );
  assert.ok(
    !runs('C:\\Windows\\System32\\cmd.exe /c whoami', 'c:\\windows\\system32\\cmd.exe', 'cmd.exe /c backup.cmd'),
  );
  assert.ok(
    runs('"C:\\Program Files\\A b\\x.exe" -s', 'c:\\program files\\a b\\x.exe', '"c:\\program files\\a b\\x.exe" -s'),
  );
  assert.ok(runs('%systemroot%\\x.exe', 'c:\\windows\\x.exe', ''));
  assert.ok(!runs('', 'c:\\windows\\x.exe', ''));
  assert.equal(
    taskCommand(
      '<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/c a &amp; b</Arguments></Exec></Actions></Task>',
    ),
    'cmd.exe /c a & b',
  );
});

test("a web shell is found by the server's own log alone, and nothing where there is none", () => {
  const at = join(dir, 'web-only');
  playRange({ scenario: 'mail-server', seed: 2, hosts: 45, days: 30, scale: 0.3, format: 'evtx', out: at });
  // Everything but the web servers' logs goes, the folders by host stay.
  for (const f of spawnSync('find', [join(at, 'evidence'), '-type', 'f', '!', '-name', 'u_ex*'], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n'))
    rmSync(f);
  const d = investigated('web-only-case', [join(at, 'evidence')]);
  const s = score(JSON.parse(readText(join(at, 'truth.json'))), d);
  const part = (name: string): PartScore => s.parts.find((p) => p.part === name)!;
  assert.equal(d.incidents.length, 1);
  assert.equal(part('entry').f1, 1);
  assert.equal(part('sessions').precision, 1);
  assert.ok(part('sessions').recall >= 0.75, String(part('sessions').recall));
  assert.equal(part('hosts_controlled').precision, 1);
  assert.equal(d.incidents[0]!.hosts[0]!.confidence, 'moderate');
  assert.ok(d.incidents[0]!.persistence.some((p) => p.kind === 'webshell'));
});
