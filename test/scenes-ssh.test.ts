// Linux servers on which an intruder goes on by SSH with keys that lie there, while jobs and people of the house use the same ways.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { DAY, HOUR, iso, MINUTE, put, said } from './scene.js';

const ADDRESS = { www: '10.5.0.10', app: '10.5.0.11', db: '10.5.0.12', build: '10.5.0.13', desk: '10.5.9.7' } as const;
type Name = keyof typeof ADDRESS;
const NONE = 4_294_967_295;

function servers(scene: string, intruder: boolean): void {
  const begin = Date.UTC(2025, 6, 7);
  const syslog = new Map<Name, { t: number; line: string }[]>();
  const audit: { t: number; line: string }[] = [];
  let pid = 3000;
  let serial = 100;
  const say = (host: Name, t: number, program: string, own: number, text: string): void => {
    const list = syslog.get(host) ?? [];
    syslog.set(host, list);
    list.push({ t, line: `${iso(t).replace('Z', '+00:00')} ${host} ${program}[${own}]: ${text}` });
  };
  const comes = (t: number, from: Name, to: Name, user: string, length: number): void => {
    const own = pid++;
    say(to, t, 'sshd', own, `Accepted publickey for ${user} from ${ADDRESS[from]} port ${30_000 + own} ssh2`);
    say(to, t, 'sshd', own, `pam_unix(sshd:session): session opened for user ${user}(uid=1001) by (uid=0)`);
    say(to, t + length, 'sshd', own, `pam_unix(sshd:session): session closed for user ${user}`);
  };
  const event = (t: number, type: string, fields: string): void => {
    audit.push({ t, line: `type=${type} msg=audit(${(t / 1000).toFixed(3)}:${serial}): ${fields}` });
  };
  const unit = (t: number, name: string): void => {
    serial++;
    event(
      t,
      'SERVICE_START',
      `pid=1 uid=0 auid=${NONE} ses=${NONE} msg='unit=${name} comm="systemd" exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=success'`,
    );
  };
  const runs = (t: number, own: number, parent: number, exe: string, argv: string[]): void => {
    serial++;
    event(
      t,
      'SYSCALL',
      `arch=c000003e syscall=59 success=yes exit=0 ppid=${parent} pid=${own} auid=${NONE} uid=48 ses=${NONE} comm="${exe.replace(/^.*\//, '')}" exe="${exe}" key="web"\u001dUID="apache"`,
    );
    event(t, 'EXECVE', `argc=${argv.length} ${argv.map((a, i) => `a${i}="${a}"`).join(' ')}`);
  };
  for (let day = 0; day < 14; day++) {
    const t = begin + day * DAY;
    // A job that keeps its hour, a unit of every day, an administrator, and a tool that somebody runs when they like.
    comes(t + 1.5 * HOUR, 'app', 'db', 'job', 4000);
    unit(t + 2 * HOUR, 'logrotate');
    comes(t + 9 * HOUR + day * 7 * MINUTE, 'desk', 'build', 'petra', HOUR);
    if (day % 3 === 1)
      for (const [k, to] of (['www', 'app', 'db'] as const).entries())
        comes(t + (10 + day / 2) * HOUR + k * 20_000, 'build', to, 'tool', 6000);
  }
  const admin = begin + 11 * DAY + 14 * HOUR;
  // Who sits on the server goes on from it, and a copy of it to three machines.
  comes(admin, 'desk', 'www', 'petra', HOUR);
  comes(admin + 10 * MINUTE, 'www', 'app', 'petra', 20 * MINUTE);
  for (const [k, to] of (['app', 'db', 'build'] as const).entries())
    comes(begin + 12 * DAY + 6 * HOUR + k * 30_000, 'www', to, 'mirror', 9000);
  if (intruder) {
    const t = begin + 8 * DAY + 22 * HOUR;
    for (const [k, line] of ['id', 'uname -a', 'cat /etc/passwd'].entries())
      runs(t + k * MINUTE, pid++, 900, '/usr/bin/bash', ['sh', '-c', line]);
    const shell = pid++;
    runs(t + 4 * MINUTE, shell, 900, '/usr/bin/bash', ['sh', '-c', 'sudo -n /usr/bin/rsync -e bash x:']);
    runs(t + 4 * MINUTE + 20, pid++, shell, '/usr/bin/sudo', ['sudo', '-n', '/usr/bin/rsync', '-e', 'bash', 'x:']);
    say(
      'www',
      t + 4 * MINUTE + 30,
      'sudo',
      pid++,
      '  apache : PWD=/var/www ; USER=root ; COMMAND=/usr/bin/rsync -e bash x:',
    );
    unit(t + 12 * MINUTE, 'cache-sync');
    comes(t + 20 * MINUTE, 'www', 'app', 'deploy', 40 * MINUTE);
    say(
      'app',
      t + 22 * MINUTE,
      'sudo',
      pid++,
      '  deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/bin/bash',
    );
    comes(begin + 9 * DAY + 22.5 * HOUR, 'app', 'db', 'job', 35 * MINUTE);
  }
  for (const [host, list] of syslog)
    put(
      scene,
      `${host}/[root]/var/log/secure`,
      list.sort((a, b) => a.t - b.t).map((x) => x.line),
    );
  put(
    scene,
    'www/[root]/var/log/audit/audit.log',
    audit.sort((a, b) => a.t - b.t).map((x) => x.line),
  );
  for (const [host, address] of Object.entries(ADDRESS))
    if (host !== 'desk')
      put(scene, `${host}/live_response/network/ip_addr.txt`, [
        '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000',
        `    inet ${address}/24 brd 10.5.0.255 scope global eth0`,
      ]);
}

test('ssh out of a held server: along a new way and at an hour of no job, not of people and tools', () => {
  servers('ssh', true);
  const d = said('ssh');
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.deepEqual(
    i.hosts
      .filter((h) => h.status === 'controlled')
      .map((h) => h.name)
      .sort(),
    ['app', 'db', 'www'],
  );
  assert.deepEqual(i.lateral_movement.map((m) => `${m.from} > ${m.to} ${m.account}`).sort(), [
    'app > db job',
    'www > app deploy',
  ]);
  assert.deepEqual(
    i.persistence.map((p) => [p.host, p.kind, p.name, p.technique]),
    [['www', 'service', 'cache-sync', 'T1543.002']],
  );
});

test('ssh between the same servers without the intruder: no incident', () => {
  servers('ssh-quiet', false);
  assert.deepEqual(said('ssh-quiet').incidents, []);
});
