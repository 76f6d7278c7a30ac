// The range: the same options give the same bytes; records of one thing agree with each other; nothing on the surface of a record tells
// whose it is; and the score does what the contract says.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseMicros } from '../src/base/index.js';
import type { IncidentDocument } from '../src/incident/index.js';
import { playRange, SCENARIOS, score, type Truth, type TruthIncident } from '../src/range/index.js';
import { makeWorld } from '../src/range/world.js';
import { filesBelow, readAll, ROOT, tempDir } from './support.js';

const dir = tempDir();
after(() => rmSync(dir, { recursive: true, force: true }));
const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const cli = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });

const hashOf = (folder: string): string => {
  const h = createHash('sha256');
  for (const f of readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((d) => d.isFile())
    .map((d) => join(d.parentPath, d.name))
    .sort())
    h.update(f.slice(folder.length)).update(readFileSync(f));
  return h.digest('hex');
};

test('the same options write the same bytes; another seed writes others', () => {
  const play = (name: string, seed: number): string => {
    const out = join(dir, name);
    playRange({ scenario: 'two-at-once', seed, hosts: 30, days: 12, out });
    return hashOf(out);
  };
  const one = play('a', 5);
  assert.equal(play('b', 5), one);
  assert.notEqual(play('c', 6), one);
});

test('every scenario plays small and short, and tells of no more than it did', () => {
  for (const s of SCENARIOS)
    for (const [hosts, days] of [
      [10, 1],
      [14, 6],
      [45, 15],
    ] as const) {
      const out = join(dir, 'small');
      const { truth, records } = playRange({ scenario: s.name, seed: 2, hosts, days, out });
      assert.ok(records > 0);
      const names = new Set(makeWorld({ seed: 2, hosts }).hosts.map((h) => h.fqdn));
      assert.equal(names.size, hosts);
      if (s.name === 'quiet') assert.deepEqual(truth.incidents, []);
      for (const i of truth.incidents) {
        const controlled = new Set(i.hosts.filter((h) => h.status === 'controlled').map((h) => h.name));
        for (const h of i.hosts) assert.ok(names.has(h.name));
        for (const m of i.lateral_movement) assert.ok(names.has(m.from) && names.has(m.to) && m.from !== m.to);
        for (const p of i.persistence)
          assert.ok(p.kind === 'other' || controlled.has(p.host) || i.unknowable.length > 0, p.host);
        for (const x of i.sessions) assert.ok(x.start! <= x.end! && /^[A-Z]{2}$/.test(x.country));
        assert.ok(i.first_seen! <= i.last_seen!);
      }
      rmSync(out, { recursive: true });
    }
});

test('the scenarios in full are what their descriptions say', () => {
  // The enterprise of the first case, with less of everyday life.
  const out = join(dir, 'full');
  const { truth } = playRange({ scenario: 'mail-server', seed: 1, scale: 0.05, out });
  const [i] = truth.incidents;
  assert.equal(truth.incidents.length, 1);
  const controlled = i!.hosts.filter((h) => h.status === 'controlled');
  assert.ok(controlled.length >= 50, String(controlled.length));
  assert.ok(i!.sessions.length >= 40, String(i!.sessions.length));
  assert.equal(new Set(i!.sessions.map((s) => s.country)).size, 4);
  assert.equal(i!.mailboxes.length, 11);
  rmSync(out, { recursive: true });
  const hijack = playRange({ scenario: 'update-hijack', seed: 1, scale: 0.05, out }).truth.incidents[0]!.update_hijack!;
  assert.ok(hijack.hosts_executed.length >= 300, String(hijack.hosts_executed.length));
  assert.ok(hijack.hosts_downloaded.length > 0);
  assert.ok(hijack.hosts_downloaded.every((h) => !hijack.hosts_executed.includes(h)));
  rmSync(out, { recursive: true });
  const two = playRange({ scenario: 'two-at-once', seed: 1, scale: 0.05, out }).truth.incidents;
  assert.equal(two.length, 2);
  const shared = two[0]!.accounts.filter((a) => two[1]!.accounts.some((b) => b.name === a.name));
  assert.ok(shared.length >= 1);
  assert.ok(existsSync(join(out, 'known.yml')));
});

test('each format of Windows events holds the same records, and all of them are read', () => {
  const counts = (['evtx', 'xml', 'winlogbeat', 'mixed'] as const).map((format) => {
    const out = join(dir, `format-${format}`);
    // Nothing is cleared in so short a time that one format would keep and another would not.
    const { records } = playRange({ scenario: 'quiet', seed: 4, hosts: 20, days: 3, format, out });
    const r = cli('investigate', join(out, 'evidence'), '--out', join(dir, `case-${format}`), '-q', '--no-rules');
    assert.equal(r.status, 0, r.stderr);
    const d = JSON.parse(readFileSync(join(dir, `case-${format}`, 'incident.json'), 'utf8')) as IncidentDocument;
    assert.equal(d.counts.records, records, format);
    for (const e of d.evidence) assert.deepEqual([e.path, e.status, e.lines_skipped ?? 0], [e.path, 'parsed', 0]);
    return [records, d.counts.hosts_seen] as const;
  });
  assert.equal(new Set(counts.map((c) => c.join())).size, 1, JSON.stringify(counts));
});

test('a cleared log is told in every format, with the record that says so', () => {
  for (const format of ['evtx', 'xml', 'winlogbeat'] as const) {
    const out = join(dir, `cleared-${format}`);
    const { truth } = playRange({ scenario: 'erased', seed: 2, hosts: 30, days: 20, format, out });
    const expected = truth.incidents[0]!.anti_forensics.filter((a) => a.kind === 'log_cleared');
    assert.ok(expected.length > 1);
    const r = cli('investigate', join(out, 'evidence'), '--out', join(dir, 'cleared'), '-q');
    assert.equal(r.status, 0, r.stderr);
    const d = JSON.parse(readFileSync(join(dir, 'cleared', 'incident.json'), 'utf8')) as IncidentDocument;
    const told = d.overview.anti_forensics.filter((a) => a.kind === 'log_cleared');
    for (const e of expected)
      // A later clearing takes the record of an earlier one with it, where nothing was shipped.
      if (format === 'winlogbeat' || expected.findLast((x) => x.host === e.host && x.what === e.what) === e)
        assert.ok(
          told.some((t) => t.host === e.host && t.what.includes(`"${e.what}"`)),
          `${format}: ${e.host} ${e.what}`,
        );
    // What the report opens is the record that is cited, wherever in its file it stands.
    const exhibits = JSON.parse(readFileSync(join(dir, 'cleared', 'exhibits.json'), 'utf8')) as {
      evidence: string;
      record: number;
      json: string;
    }[];
    const entries = new Map(d.evidence.map((e) => [e.id, e]));
    let opened = 0;
    for (const x of exhibits) {
      const e = entries.get(x.evidence)!;
      if (e.format !== 'json-lines') continue;
      const line = readFileSync(join(out, e.path), 'utf8').split('\n')[x.record - 1]!;
      const shown = JSON.parse(x.json) as { line: number; fields: { EventRecordID: string } };
      assert.equal(shown.line, x.record);
      assert.equal(
        shown.fields.EventRecordID,
        String((JSON.parse(line) as { winlog: { record_id: number } }).winlog.record_id),
      );
      opened++;
    }
    assert.ok(format !== 'winlogbeat' || opened > 10, String(opened));
    const verified = cli('verify', join(dir, 'cleared'));
    assert.equal(verified.status, 0, verified.stdout);
    rmSync(out, { recursive: true });
  }
});

test('clocks that are off are found by what two hosts recorded, and addresses by what hosts say of themselves', () => {
  const world = makeWorld({ seed: 4, hosts: 20 });
  const d = JSON.parse(readFileSync(join(dir, 'case-mixed', 'incident.json'), 'utf8')) as IncidentDocument;
  const byName = new Map(world.hosts.map((h) => [h.fqdn, h]));
  const known = d.overview.clocks!.filter((c) => byName.has(c.host) && byName.has(c.reference));
  const sensor = d.overview.clocks!.filter((c) => byName.has(c.host) && !byName.has(c.reference));
  assert.ok(known.length + sensor.length >= 8, String(d.overview.clocks!.length));
  // Differences between two hosts of one group do not depend on the group's reference.
  const list = known.length >= sensor.length ? known : sensor;
  const error = list.map((c) => c.offset_seconds - byName.get(c.host)!.skew / 1e6);
  const middle = [...error].sort((a, b) => a - b)[error.length >> 1]!;
  for (const [n, e] of error.entries()) assert.ok(Math.abs(e - middle) < 0.8, `${list[n]!.host}: ${e - middle} s`);
  let right = 0;
  for (const h of d.overview.hosts!) {
    const host = byName.get(h.name);
    if (host === undefined) continue;
    // Laptops change theirs; nothing else may have two.
    const addresses = h.addresses.map((a) => a.address);
    assert.ok(host.laptop || addresses.every((a) => a === host.ip), `${h.name}: ${addresses.join()}`);
    assert.ok(
      addresses.every((a) => a.startsWith('10.')),
      addresses.join(),
    );
    right += h.addresses.length;
  }
  assert.ok(right >= 12, String(right));
});

test('what a logon over the network leaves agrees on both sides, at the controller and at the sensor', () => {
  const out = join(dir, 'agree');
  const world = makeWorld({ seed: 8, hosts: 16 });
  playRange({ scenario: 'quiet', seed: 8, hosts: 16, days: 4, format: 'evtx', out });
  const skew = new Map(world.hosts.map((h) => [h.fqdn, h.skew]));
  const flows = new Map<string, number>();
  for (const path of filesBelow(join(out, 'evidence', 'zeek'), 'conn.log'))
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const c = line.split('\t');
      if (c.length > 10 && !line.startsWith('#')) flows.set(`${c[2]} ${c[3]} ${c[4]}`, Number(c[0]) * 1e6);
    }
  const tickets = new Set<string>();
  const logons: { guid: string; ip: string; port: string; host: string; micros: number }[] = [];
  for (const path of filesBelow(join(out, 'evidence'), 'security.evtx')) {
    for (const line of readAll(path).lines) {
      const e = JSON.parse(line) as {
        Event: {
          System: {
            EventID: number | { '#text': number };
            Computer: string;
            TimeCreated: { '#attributes': { SystemTime: string } };
          };
          EventData?: Record<string, unknown>;
        };
      };
      const { System, EventData: data = {} } = e.Event;
      const id = typeof System.EventID === 'object' ? System.EventID['#text'] : System.EventID;
      if (id === 4769) tickets.add(String(data.LogonGuid));
      if (
        id === 4624 &&
        data.LogonType === 3 &&
        data.AuthenticationPackageName === 'Kerberos' &&
        Number(data.IpPort) > 0
      )
        logons.push({
          guid: String(data.LogonGuid),
          ip: String(data.IpAddress),
          port: String(data.IpPort),
          host: System.Computer,
          micros: parseMicros(System.TimeCreated['#attributes'].SystemTime),
        });
    }
  }
  assert.ok(logons.length > 100, String(logons.length));
  const server = new Map(world.hosts.map((h) => [h.fqdn, h]));
  const ticketed = logons.filter((l) => tickets.has(l.guid)).length / logons.length;
  const toServers = logons.filter((l) => server.get(l.host)!.role !== 'workstation');
  const flowed = toServers.filter((l) => flows.has(`${l.ip} ${l.port} ${server.get(l.host)!.ip}`));
  // Each with its own small chance of not being logged.
  assert.ok(ticketed > 0.97 && ticketed <= 1, String(ticketed));
  assert.ok(flowed.length / toServers.length > 0.95, String(flowed.length / toServers.length));
  for (const l of flowed) {
    const delay = l.micros - skew.get(l.host)! - flows.get(`${l.ip} ${l.port} ${server.get(l.host)!.ip}`)!;
    assert.ok(delay > -1e6 && delay < 2e6, String(delay));
  }
});

// Honesty: what a record looks like on its surface does not tell whose it is.

/** `sv-42` as `a-9`: what kind of text it is, not what it says. One process has one GUID, whoever started it: all are alike. */
const shapeOf = (t: string): string =>
  t
    .replace(/^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i, 'guid')
    .replace(/[a-z]+/g, 'a')
    .replace(/[A-Z]+/g, 'A')
    .replace(/\d+/g, '9')
    .slice(0, 40);
/** Fields that mean something: command lines, paths and names that are asked for are what an analyst goes by. */
const MEANING =
  /CommandLine|Image|Application|ProcessName|Filename|FileName|ImagePath|ScriptBlockText|Path|TaskContent|Details|TargetObject|CurrentDirectory|Integrity|TokenElevation|MandatoryLabel|User$|UserName|DomainName|Sid|Hashes|Product|Company|Description|OriginalFileName|FileVersion|LogonType|Initiated|Destination|Source(?:Ip|Hostname)|^\*$|Elevated|Terminal|SubjectLogonId|Share|Access|Privilege|AuthenticationPackage|LogonProcess|LmPackage|KeyLength|WorkstationName|TransmittedServices|IpAddress|ActionName|QueryName|QueryResults/;

test('a classifier of lengths, formats, ids, ports, times and order does not tell an intruder by them', () => {
  interface Row {
    readonly kind: string;
    readonly features: readonly string[];
    readonly intruder: boolean;
    readonly seed: number;
  }
  const rows: Row[] = [];
  for (let seed = 1; seed <= 8; seed++) {
    const out = join(dir, `honest-${seed}`);
    let order = 0;
    const seen = new Set<string>();
    playRange({
      scenario: seed % 2 === 0 ? 'two-at-once' : 'mail-server',
      seed,
      hosts: 40,
      days: 25,
      out,
      onEvent(_host, t, kind, fields, cause) {
        // One process, and one session at a share, says the same things of itself again and again: it is one witness, not a thousand.
        const of =
          fields.ProcessGuid ?? (kind.names.includes('RelativeTargetName') ? fields.SubjectLogonId : undefined);
        if (of !== undefined) {
          const key = `${kind.spec.eventId} ${String(of)}`;
          if (seen.has(key)) return;
          seen.add(key);
        }
        const features: string[] = [
          `fraction ${Math.floor((t % 1e6) / 1e5)}`,
          `second ${Math.floor(t / 1e6) % 10}`,
          `order ${order++ % 4}`,
        ];
        kind.names.forEach((name) => {
          if (MEANING.test(name)) return;
          const v = String(fields[name] ?? '');
          features.push(`${name} length ${v.length}`, `${name} shape ${shapeOf(v)}`);
          if (/^\d+$/.test(v))
            features.push(`${name} low ${Number(v) % 8}`, `${name} size ${Math.round(Math.log2(Number(v) + 1))}`);
        });
        rows.push({
          // Like with like: a logon at the machine has other fields filled than one from afar.
          kind: `${kind.spec.channel} ${kind.spec.eventId} ${String(fields.LogonType ?? '')}`,
          features,
          intruder: cause === 'intruder',
          seed,
        });
      },
    });
    rmSync(out, { recursive: true });
  }
  const kinds = [...new Set(rows.map((r) => r.kind))];
  const told: string[] = [];
  let judged = 0;
  for (const kind of kinds) {
    const all = rows.filter((r) => r.kind === kind);
    const learn = all.filter((r) => r.seed <= 4);
    const check = all.filter((r) => r.seed > 4);
    const bad = check.filter((r) => r.intruder).length;
    // Of kinds that only one of the two does, nothing can be learned about the surface.
    if (learn.filter((r) => r.intruder).length < 25 || bad < 25 || learn.filter((r) => !r.intruder).length < 25)
      continue;
    judged++;
    // Naive Bayes.
    const count = (which: boolean): Map<string, number> => {
      const m = new Map<string, number>();
      for (const r of learn) if (r.intruder === which) for (const f of r.features) m.set(f, (m.get(f) ?? 0) + 1);
      return m;
    };
    const [theirs, ours] = [count(true), count(false)];
    const [n, k] = [learn.filter((r) => r.intruder).length, learn.filter((r) => !r.intruder).length];
    const judge = (r: Row): number =>
      r.features.reduce(
        (s, f) => s + Math.log(((theirs.get(f) ?? 0) + 1) / (n + 2)) - Math.log(((ours.get(f) ?? 0) + 1) / (k + 2)),
        0,
      );
    const scored = check.map((r) => [judge(r), r.intruder] as const).sort((a, b) => a[0] - b[0]);
    // Area under the curve: 0.5 is a coin.
    let rank = 0;
    for (let i = 0; i < scored.length;) {
      let j = i;
      while (j < scored.length && scored[j]![0] === scored[i]![0]) j++;
      for (let x = i; x < j; x++) if (scored[x]![1]) rank += (i + j + 1) / 2;
      i = j;
    }
    const area = (rank - (bad * (bad + 1)) / 2) / (bad * (check.length - bad));
    if (process.env.SHOW !== undefined) {
      const top = [...theirs]
        .map(([f, x]) => [f, (x + 1) / (n + 2) / (((ours.get(f) ?? 0) + 1) / (k + 2)), x] as const)
        .filter((x) => x[2] > 8)
        .sort((a, b) => b[1] - a[1])
        .slice(0, 4);
      console.log(kind, bad, check.length, area.toFixed(3), JSON.stringify(top));
    }
    if (area > 0.7 || area < 0.3) told.push(`${kind}: ${area.toFixed(2)}`);
  }
  assert.ok(judged >= 8, String(judged));
  assert.deepEqual(told, []);
});

// The score

const incident = (over: Partial<TruthIncident> = {}): TruthIncident => ({
  id: 'i1',
  first_seen: '2025-01-01T00:00:00Z',
  last_seen: '2025-02-01T00:00:00Z',
  entry: { vector: 'mail_server', technique: 'T1190', host: 'mx.example', time: null, source_ip: null, account: null },
  hosts: [
    { name: 'mx.example', status: 'controlled', first: null, last: null },
    { name: 'ws1.example', status: 'controlled', first: null, last: null },
    { name: 'fs.example', status: 'accessed', first: null, last: null },
  ],
  accounts: [{ name: 'EX\\adm', status: 'abused', privileged: true }],
  lateral_movement: [{ from: 'mx.example', to: 'ws1.example', time: null, method: 'wmi', account: 'EX\\adm' }],
  implants: [{ sha256: 'ab', names: [], paths: [], hosts: [] }],
  persistence: [
    { host: 'mx.example', kind: 'service', name: 's', time: null },
    { host: 'mx.example', kind: 'other', name: 'permission', time: null },
  ],
  command_and_control: [{ address: 'c2.example.net', hosts: [] }],
  sessions: [
    {
      start: '2025-01-01T10:00:00Z',
      end: '2025-01-01T10:20:00Z',
      source_ip: '198.18.0.1',
      country: 'AT',
      channel: 'webshell',
      target: 'mx.example',
      actions: 3,
    },
    {
      start: '2025-01-01T12:00:00Z',
      end: '2025-01-01T12:20:00Z',
      source_ip: '198.18.0.1',
      country: 'AT',
      channel: 'webshell',
      target: 'mx.example',
      actions: 3,
    },
  ],
  mailboxes: [{ address: 'A@ex.example', owner: '', title: '', method: 'export' }],
  data_theft: [],
  update_hijack: null,
  anti_forensics: [{ host: 'mx.example', kind: 'log_cleared', time: null, what: '' }],
  unknowable: [],
  ...over,
});
const truthOf = (...incidents: unknown[]): unknown =>
  ({ schema: 'backtrail.truth/1', incidents }) satisfies Partial<Truth> | object;
const found = (...incidents: unknown[]): unknown => ({ schema: 'backtrail.incident/1', incidents });
const f1 = (s: ReturnType<typeof score>): Record<string, number> =>
  Object.fromEntries(s.parts.map((p) => [p.part, Math.round(p.f1 * 1000) / 1000]));

test('score: the same is 1 in every part; names are compared as the contract says', () => {
  assert.deepEqual([...new Set(Object.values(f1(score(truthOf(incident()), found(incident())))))], [1]);
  const other = JSON.parse(
    JSON.stringify(incident())
      .replaceAll('mx.example', 'MX')
      .replaceAll('EX\\\\adm', 'adm@other.example')
      .replaceAll('"ab"', '"AB"')
      .replace('A@ex.example', 'a@EX.example')
      .replace('2025-01-01T10:00:00Z', '2025-01-01T10:09:00Z'),
  ) as TruthIncident;
  assert.deepEqual([...new Set(Object.values(f1(score(truthOf(incident()), found(other)))))], [1]);
});

test('score: missing and extra are counted and named, part by part', () => {
  const got = score(
    truthOf(incident()),
    found(
      incident({
        hosts: [
          { name: 'mx.example', status: 'controlled', first: null, last: null },
          { name: 'ws1.example', status: 'accessed', first: null, last: null },
          { name: 'ws9.example', status: 'controlled', first: null, last: null },
        ],
        persistence: [{ host: 'mx.example', kind: 'webshell', name: '', time: null }],
        sessions: [
          // One stretch in place of two, and one that nobody had.
          {
            start: '2025-01-01T10:00:00Z',
            end: '2025-01-01T12:20:00Z',
            source_ip: '198.18.0.1',
            country: 'AT',
            channel: 'webshell',
            target: '',
            actions: 1,
          },
          {
            start: '2025-01-01T12:00:00Z',
            end: '2025-01-01T12:20:00Z',
            source_ip: '198.18.0.1',
            country: 'AT',
            channel: 'owa',
            target: '',
            actions: 1,
          },
        ],
        last_seen: '2025-03-01T00:00:00Z',
      }),
    ),
  );
  const part = (n: string) => got.parts.find((p) => p.part === n)!;
  assert.deepEqual(
    [part('hosts_controlled').missing, part('hosts_controlled').extra, part('hosts_controlled').f1],
    [['ws1'], ['ws9'], 0.5],
  );
  assert.deepEqual([part('hosts_touched').missing, part('hosts_touched').extra], [['fs accessed'], ['ws1 accessed']]);
  assert.deepEqual([part('persistence').missing, part('persistence').extra], [['mx service'], ['mx webshell']]);
  assert.equal(part('sessions').f1, 0.5);
  assert.equal(part('period').f1, 0.5);
  assert.equal(got.lowest.part, 'hosts_touched');
});

test('score: no incident found, one too many, two joined into one, parts left open', () => {
  const none = score(truthOf(incident()), found());
  assert.ok(none.parts.filter((p) => p.expected > 0).every((p) => p.f1 === 0));
  const quiet = score(truthOf(), found());
  assert.ok(quiet.parts.every((p) => p.f1 === 1));
  const false1 = score(truthOf(), found(incident()));
  assert.deepEqual([false1.lowest.f1, false1.parts[0]!.extra.length], [0, 1]);
  const second = incident({
    id: 'i2',
    hosts: [{ name: 'vpn.example', status: 'controlled', first: null, last: null }],
    accounts: [],
    entry: null,
  });
  const joined = score(truthOf(incident(), second), found(incident({ hosts: [...incident().hosts, ...second.hosts] })));
  assert.deepEqual(joined.parts[0]!.missing, ['i2 ']);
  assert.ok(joined.parts.find((p) => p.part === 'hosts_controlled')!.f1 < 1);
  const open = score(truthOf({ ...incident(), sessions: null, implants: null }), found(incident()));
  assert.ok(!open.parts.some((p) => p.part === 'sessions' || p.part === 'implants'));
  assert.throws(() => score({}, found()), /expected a truth/);
  assert.throws(() => score(truthOf(), { schema: 'x' }), /expected an incident/);
});

test('the commands: list, a range, a score, and what is refused', () => {
  const list = cli('range', 'list');
  assert.equal(list.status, 0);
  for (const s of SCENARIOS) assert.ok(list.stdout.includes(s.name));
  const out = join(dir, 'cli');
  const made = cli('range', 'mail-server', '--hosts', '12', '--days', '8', '--seed', '3', '--out', out);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /records of 12 hosts over 8 days/);
  const text = join(out, 'other.json');
  writeFileSync(text, JSON.stringify(found()));
  const scored = cli('score', join(out, 'truth.json'), text);
  assert.equal(scored.status, 0, scored.stderr);
  assert.match(scored.stdout, /hosts_controlled\s+0 of/);
  assert.match(scored.stdout, /lowest: incidents 0\.000/);
  assert.equal(cli('score', join(out, 'truth.json'), join(out, 'truth.json')).status, 2);
  assert.equal(cli('range', 'nothing', '--out', out).status, 2);
  assert.equal(cli('range', 'quiet').status, 2);
  assert.equal(cli('range', 'quiet', '--out', out, '--hosts', '9').status, 2);
  assert.equal(cli('range', 'quiet', '--out', out, '--days', '1.5').status, 2);
  // Somebody's folder is not written over.
  const own = join(dir, 'own');
  writeFileSync(own, 'x');
  const mine = join(dir, 'mine');
  playRange({ scenario: 'quiet', seed: 1, hosts: 10, days: 1, out: mine });
  rmSync(join(mine, 'truth.json'));
  assert.equal(cli('range', 'quiet', '--out', mine).status, 4);
});
