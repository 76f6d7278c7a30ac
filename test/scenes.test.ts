// Small scenes, written here line by line: what the reconstruction says of them, and of the same without the intruder.
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { IncidentDocument } from '../src/incident/index.js';
import { clf, DAY, HOUR, iso, MINUTE, MONTHS, put, run, said } from './scene.js';

/** A tenant of Microsoft 365: people at work from the office, one of them travelling; `stolen`: an account used from elsewhere. */
function tenant(scene: string, stolen: boolean): void {
  const audit: { t: number; line: string }[] = [];
  const add = (t: number, user: string, ip: string, Operation: string, more: object = {}): void => {
    audit.push({
      t,
      line: JSON.stringify({
        CreationTime: iso(t).slice(0, 19),
        Id: `id-${audit.length}`,
        Operation,
        OrganizationId: 'o',
        RecordType: 2,
        ResultStatus: 'Succeeded',
        UserId: `${user}@example.org`,
        UserType: 0,
        Version: 1,
        Workload: Operation === 'UserLoggedIn' ? 'AzureActiveDirectory' : 'Exchange',
        ClientIP: ip,
        ...more,
      }),
    });
  };
  const box = (user: string, logon = 0) => ({
    MailboxOwnerUPN: `${user}@example.org`,
    LogonType: logon,
    ClientInfoString: 'Client=OWA;Action=ViaProxy',
  });
  const begin = Date.UTC(2026, 1, 2, 7);
  const people = ['anna', 'bert', 'carla', 'dirk', 'eva'];
  for (let day = 0; day < 12; day++)
    for (const [k, user] of people.entries())
      for (let n = 0; n < 4; n++) {
        const t = begin + day * DAY + n * 2 * HOUR + k * 7 * MINUTE;
        const ip = user === 'eva' && day > 7 ? '203.0.113.99' : '198.51.100.10';
        if (n === 0) add(t, user, ip, 'UserLoggedIn');
        add(t + MINUTE, user, ip, 'MailItemsAccessed', box(user));
      }
  // Honest rules: at home, and on a journey.
  add(begin + 3 * DAY, 'bert', '198.51.100.10', 'New-InboxRule', {
    Parameters: [
      { Name: 'Name', Value: 'Newsletter' },
      { Name: 'MoveToFolder', Value: 'Newsletters' },
    ],
  });
  add(begin + 9 * DAY, 'eva', '203.0.113.99', 'New-InboxRule', {
    Parameters: [
      { Name: 'Name', Value: 'Project' },
      { Name: 'MoveToFolder', Value: 'Project' },
    ],
  });
  if (stolen) {
    const t = begin + 8 * DAY + 10 * HOUR;
    const ip = '192.0.2.77';
    add(t, 'anna', ip, 'UserLoggedIn');
    for (let n = 1; n < 6; n++) add(t + n * 3 * MINUTE, 'anna', `${ip}:5${n}000`, 'MailItemsAccessed', box('anna'));
    add(t + 17 * MINUTE, 'anna', `${ip}:51000`, 'New-InboxRule', {
      Parameters: [
        { Name: 'Name', Value: '..' },
        { Name: 'SubjectOrBodyContainsWords', Value: 'phish;hacked' },
        { Name: 'MoveToFolder', Value: 'RSS Feeds' },
      ],
    });
    add(t + DAY, 'carla', ip, 'UserLoggedIn');
    for (let n = 1; n < 4; n++) add(t + DAY + n * 4 * MINUTE, 'carla', ip, 'MailItemsAccessed', box('carla'));
    add(t + DAY + 13 * MINUTE, 'carla', ip, 'Set-Mailbox', {
      Parameters: [
        { Name: 'Identity', Value: 'carla' },
        { Name: 'ForwardingSmtpAddress', Value: 'smtp:archive@example.net' },
      ],
    });
  }
  put(
    scene,
    'm365/audit.ndjson',
    audit.toSorted((a, b) => a.t - b.t).map((x) => x.line),
  );
}

test('a stolen account of Microsoft 365: where it was used from, whose mail was read, what was left', () => {
  tenant('tenant', true);
  const d = said('tenant');
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.equal(i.entry?.technique, 'T1078.004');
  assert.deepEqual(
    i.sessions.map((s) => [s.source_ip, s.channel]),
    [
      ['192.0.2.77', 'owa'],
      ['192.0.2.77', 'owa'],
    ],
  );
  assert.deepEqual(i.mailboxes.map((m) => m.address).sort(), ['anna@example.org', 'carla@example.org']);
  assert.deepEqual(i.accounts.map((a) => a.name.replace(/^.*\\/, '')).sort(), ['anna', 'carla']);
  assert.ok(i.persistence.some((p) => p.technique === 'T1114.003' && p.name.includes('archive@example.net')));
  assert.ok(i.anti_forensics.some((a) => a.what.includes('New-InboxRule')));
  assert.deepEqual(i.hosts, []);
});

test('the same people without it: a journey and rules of their own are nothing', () => {
  tenant('honest-tenant', false);
  assert.deepEqual(said('honest-tenant').incidents, []);
});

test('a document system behind another server: one host, documents in bulk, a day of its log gone', () => {
  const begin = Date.UTC(2026, 1, 2);
  const front: { t: number; line: string }[] = [];
  const back = new Map<number, { t: number; line: string }[]>();
  const ask = (
    t: number,
    ip: string,
    user: string,
    method: string,
    path: string,
    status: number,
    bytes: number,
    agent = 'Mozilla/5.0 (X)',
  ): void => {
    front.push({ t, line: `${ip} - - ${clf(t)} "${method} ${path} HTTP/1.1" ${status} ${bytes} "-" "${agent}"` });
    const day = Math.floor((t - begin) / DAY);
    back.set(day, [
      ...(back.get(day) ?? []),
      { t, line: `${ip} - ${user} ${clf(t)} "${method} ${path} HTTP/1.1" ${status} ${bytes}` },
    ]);
  };
  for (let day = 0; day < 12; day++)
    for (let n = 0; n < 60; n++) {
      const t = begin + day * DAY + 7 * HOUR + n * 9 * MINUTE + (n % 7) * 11_000;
      ask(t, `198.51.100.${10 + (n % 20)}`, n % 3 === 0 ? 'clerk' : '-', 'GET', `/docs/page/${n % 13}`, 200, 9000 + n);
      // What only the server in front answers.
      front.push({
        t: t + 2000,
        line: `203.0.113.${n % 40} - - ${clf(t + 2000)} "GET /x${n}.php HTTP/1.1" 404 150 "-" "probe"`,
      });
    }
  // The records office exports, from inside.
  for (let n = 0; n < 60; n++)
    ask(begin + 2 * DAY + 9 * HOUR + n * 40_000, '10.1.3.7', 'export', 'GET', `/docs/api/${n}/export`, 200, 4_000_000);
  // A script that nobody had asked for, after an upload; then documents as the account of the exports.
  const t = begin + 5 * DAY + 2 * HOUR;
  ask(t, '192.0.2.7', '-', 'GET', '/docs/portal/', 200, 9000);
  ask(t + MINUTE, '192.0.2.7', '-', 'POST', '/docs/portal/upload', 200, 400);
  for (let n = 1; n < 9; n++)
    ask(t + n * 2 * MINUTE + MINUTE, '192.0.2.7', '-', 'POST', '/docs/res/css/print.jsp', 200, 700 + n);
  for (const day of [6, 7])
    for (let n = 0; n < 70; n++)
      ask(
        begin + day * DAY + 20 * HOUR + n * 50_000,
        '192.0.2.99',
        'export',
        'GET',
        `/docs/api/${1000 + day * 100 + n}/export`,
        200,
        6_000_000,
      );
  const ordered = (list: readonly { t: number; line: string }[]): string[] =>
    list.toSorted((a, b) => a.t - b.t).map((x) => x.line);
  put('documents', 'proxy1/var/log/nginx/access.log', ordered(front));
  for (const [day, list] of back)
    if (day !== 7)
      put(
        'documents',
        `docs1/opt/tomcat/logs/localhost_access_log.${iso(begin + day * DAY).slice(0, 10)}.txt`,
        ordered(list),
      );
  const d = said('documents');
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.deepEqual(
    i.hosts.filter((h) => h.status === 'controlled').map((h) => h.name),
    ['docs1'],
  );
  assert.deepEqual([...new Set(i.sessions.map((s) => s.source_ip))].sort(), ['192.0.2.7', '192.0.2.99']);
  const stolen = i.data_theft.filter((x) => x.destination === '192.0.2.99');
  assert.equal(stolen.length, 2);
  assert.deepEqual(
    stolen.map((x) => x.bytes),
    [420_000_000, 420_000_000],
  );
  assert.ok(i.accounts.some((a) => a.name.endsWith('export') && a.status === 'abused'));
  assert.deepEqual(
    i.anti_forensics.filter((a) => a.kind === 'missing_log').map((a) => a.host),
    ['docs1'],
  );
});

const SPLUNK = (event: string): string =>
  JSON.stringify({
    preview: false,
    offset: 0,
    result: { _bkt: 'main~1', _raw: event, host: 'x', sourcetype: 'XmlWinEventLog' },
  });

test('events as XML in exports of an index are read as they were written', () => {
  const event = (id: number, n: number, data: string): string =>
    `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>${id}</EventID><TimeCreated SystemTime='2026-02-03T04:05:0${n}.0000000Z'/><EventRecordID>${n}</EventRecordID><Channel>Security</Channel><Computer>srv1.example.org</Computer></System><EventData>${data}</EventData></Event>`;
  put('splunk', 'srv1/export.json', [
    SPLUNK(
      event(
        4688,
        1,
        `<Data Name='NewProcessName'>C:\\Windows\\System32\\cmd.exe</Data><Data Name='CommandLine'>"C:\\Windows\\System32\\cmd.exe" /c dir</Data>`,
      ),
    ),
    SPLUNK(event(1102, 2, '')),
  ]);
  said('splunk');
  const r = run('search', 'splunk.case', 'cmd.exe');
  assert.match(
    r.stdout,
    /process=C:\\Windows\\System32\\cmd\.exe {2}command_line="C:\\Windows\\System32\\cmd\.exe" \/c dir/,
  );
});

/** Events as Winlogbeat ships them. */
class Beats {
  readonly lines: { t: number; line: string }[] = [];
  #pid = 4000;

  event(t: number, host: string, event_id: number, event_data: Record<string, string>, security = false): void {
    this.lines.push({
      t,
      line: JSON.stringify({
        '@timestamp': iso(t),
        agent: { type: 'winlogbeat' },
        winlog: {
          channel: security ? 'Security' : 'Microsoft-Windows-Sysmon/Operational',
          provider_name: security ? 'Microsoft-Windows-Security-Auditing' : 'Microsoft-Windows-Sysmon',
          computer_name: host,
          event_id: String(event_id),
          record_id: this.lines.length + 1,
          event_data: security ? event_data : { UtcTime: iso(t).slice(0, 23).replace('T', ' '), ...event_data },
        },
      }),
    });
  }

  /** Gives the new process's number, for its children. */
  start(t: number, host: string, Image: string, CommandLine: string, parent: readonly [number, string], User: string) {
    const pid = this.#pid++;
    this.event(t, host, 1, {
      ProcessGuid: `{00000000-0000-0000-0000-${String(pid).padStart(12, '0')}}`,
      ProcessId: String(pid),
      Image,
      CommandLine,
      User,
      LogonId: '0x3e7',
      Hashes: `SHA256=${createHash('sha256').update(Image.toLowerCase()).digest('hex').toUpperCase()}`,
      ParentProcessGuid: `{00000000-0000-0000-0000-${String(parent[0]).padStart(12, '0')}}`,
      ParentProcessId: String(parent[0]),
      ParentImage: parent[1],
    });
    return [pid, Image] as const;
  }
}

/** A web server with a script that nobody asked for; a service of it whose program lies among those of the house. */
function hidden(scene: string, known: boolean): IncidentDocument {
  const begin = Date.UTC(2026, 1, 2);
  const host = 'web1.example.org';
  const program = 'C:\\Program Files\\Common Files\\Vendor\\BIN\\SyncAgent.exe';
  const web: string[] = [];
  const wall: string[] = [];
  const ask = (t: number, ip: string, method: string, path: string): void => {
    web.push(
      `${iso(t).slice(0, 10)} ${iso(t).slice(11, 19)} 10.0.0.5 ${method} ${path} - 443 - ${ip} Mozilla/5.0 - 200 0 0 3000 500 20`,
    );
    // The firewall writes the time of its wall clock, two hours on.
    const d = new Date(t + 2 * HOUR);
    const two = (n: number): string => String(n).padStart(2, '0');
    const at = `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${iso(d.getTime()).slice(11, 19)}`;
    wall.push(
      `<14>${MONTHS[d.getUTCMonth()]!} ${String(d.getUTCDate()).padStart(2)} ${iso(d.getTime()).slice(11, 19)} FW1 1,${at},013201047716,TRAFFIC,end,2562,${at},${ip},10.0.0.5,${ip},10.0.0.5,In,,,ssl,vsys1,untrust,dmz,ethernet1/1,ethernet1/3,LF,${at},${wall.length + 1},1,${50_000 + (wall.length % 9000)},443,44117,443,0x400053,tcp,allow,5373,3000,2373,5,${at},8,any,,7409912201184251710,0x0,NL,10.0.0.0-10.255.255.255,,2,3,tcp-fin`,
    );
  };
  for (let day = 0; day < 10; day++)
    for (let n = 0; n < 50; n++)
      ask(
        begin + day * DAY + 7 * HOUR + n * 11 * MINUTE + (n % 5) * 13_000,
        `203.0.113.${n % 40}`,
        'GET',
        `/page/${n % 9}.aspx`,
      );
  const b = new Beats();
  const services = [700, 'C:\\Windows\\System32\\services.exe'] as const;
  const worker = b.start(
    begin + HOUR,
    host,
    'C:\\Windows\\System32\\inetsrv\\w3wp.exe',
    'w3wp.exe -ap "site"',
    [800, 'C:\\Windows\\System32\\svchost.exe'],
    'IIS APPPOOL\\site',
  );
  // Where others run it too, and before, it is the house's.
  if (known)
    for (const other of ['app1.example.org', host])
      b.start(begin + 2 * HOUR, other, program, `"${program}"`, services, 'NT AUTHORITY\\SYSTEM');
  const t = begin + 5 * DAY + 2 * HOUR;
  for (let n = 0; n < 9; n++) ask(t + n * 2 * MINUTE, '192.0.2.7', n === 0 ? 'GET' : 'POST', '/res/fonts/info.aspx');
  const cmd = (at: number, line: string) =>
    b.start(at, host, 'C:\\Windows\\System32\\cmd.exe', `"cmd.exe" /c ${line}`, worker, 'IIS APPPOOL\\site');
  cmd(t + 2 * MINUTE + 1000, 'whoami');
  cmd(t + 4 * MINUTE + 1000, 'net user');
  b.event(t + 6 * MINUTE, host, 11, {
    ProcessGuid: `{00000000-0000-0000-0000-${String(worker[0]).padStart(12, '0')}}`,
    ProcessId: String(worker[0]),
    Image: worker[1],
    TargetFilename: program,
  });
  const order = cmd(t + 8 * MINUTE + 1000, `sc create SyncAgent binPath= "${program}" start= auto`);
  b.start(
    t + 8 * MINUTE + 1200,
    host,
    'C:\\Windows\\System32\\sc.exe',
    `sc create SyncAgent binPath= "${program}" start= auto`,
    order,
    'IIS APPPOOL\\site',
  );
  b.event(
    t + 8 * MINUTE + 1500,
    host,
    4697,
    {
      SubjectUserName: 'site',
      SubjectLogonId: '0x9d1f2',
      ServiceName: 'SyncAgent',
      ServiceFileName: program,
      ServiceType: '0x10',
      ServiceStartType: '2',
      ServiceAccount: 'LocalSystem',
    },
    true,
  );
  const agent = b.start(t + 10 * MINUTE, host, program, `"${program}"`, services, 'NT AUTHORITY\\SYSTEM');
  for (let n = 0; n < 30; n++)
    b.event(t + 11 * MINUTE + n * HOUR, host, 3, {
      ProcessGuid: `{00000000-0000-0000-0000-${String(agent[0]).padStart(12, '0')}}`,
      ProcessId: String(agent[0]),
      Image: program,
      Protocol: 'tcp',
      Initiated: 'true',
      SourceIp: '10.0.0.5',
      SourcePort: String(50_000 + n),
      DestinationIp: '198.51.100.200',
      DestinationPort: '443',
    });
  put(scene, 'web1/inetpub/logs/LogFiles/W3SVC1/u_ex.log', [
    '#Software: Microsoft Internet Information Services 10.0',
    '#Version: 1.0',
    '#Date: 2026-02-02 00:00:00',
    '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken',
    ...web,
  ]);
  put(scene, 'fw1/pan.log', wall);
  put(
    scene,
    'beats/winlogbeat.ndjson',
    b.lines.toSorted((x, y) => x.t - y.t).map((x) => x.line),
  );
  return said(scene);
}

test('what a service of theirs runs from among the programs of the house is theirs; a firewall in local time tells nothing twice', () => {
  const d = hidden('hidden', false);
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.ok(i.implants.some((x) => x.names.some((n) => n.toLowerCase() === 'syncagent.exe')));
  assert.ok(i.persistence.some((x) => x.kind === 'service' && x.name === 'SyncAgent'));
  assert.deepEqual(
    i.command_and_control.map((x) => x.address),
    ['198.51.100.200'],
  );
  assert.deepEqual(
    i.sessions.map((s) => s.source_ip),
    ['192.0.2.7'],
  );
});

test('the same program, where the house had run it before, is not', () => {
  const d = hidden('known-program', true);
  assert.equal(d.incidents.length, 1);
  assert.ok(!d.incidents[0]!.implants.some((x) => x.names.some((n) => n.toLowerCase() === 'syncagent.exe')));
  assert.deepEqual(d.incidents[0]!.command_and_control, []);
});
