// Linux servers in local time whose journal, audit and syslog are of different kinds: a way by SSH that only they together tell, a door
// in the memory of a server, mail packed from the folder that it lies in. And the same servers without the intruder.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { clf, DAY, HOUR, MINUTE, MONTHS, put, said } from './scene.js';

const two = (n: number): string => String(n).padStart(2, '0');
/** Prague, in July: two hours ahead of UTC. */
const bsd = (t: number): string => {
  const d = new Date(t + 2 * HOUR);
  return `${MONTHS[d.getUTCMonth()]!} ${String(d.getUTCDate()).padStart(2)} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
};
const byTime = (list: { t: number; line: string }[]): string[] => list.sort((a, b) => a.t - b.t).map((x) => x.line);
const SEATS = ['192.0.2.61', '203.0.113.88'];
const [WEB, MAIL, JUMP] = ['10.4.0.10', '10.4.0.11', '10.4.0.12'];

function servers(scene: string, intruder: boolean): void {
  const begin = Date.UTC(2025, 6, 7);
  const lists = {
    web: [] as { t: number; line: string }[],
    audit: [] as { t: number; line: string }[],
    journal: [] as { t: number; line: string }[],
    mail: [] as { t: number; line: string }[],
    conn: [] as { t: number; line: string }[],
  };
  let port = 40_000;
  let pid = 2000;
  const audit = (t: number, fields: object): void => {
    lists.audit.push({
      t,
      line: JSON.stringify({ ID: `${(t / 1000).toFixed(3)}:${pid * 10}`, NODE: 'web', ...fields }),
    });
  };
  const runs = (
    t: number,
    own: number,
    parent: number,
    by: string,
    exe: string,
    argv: string[],
    ses = 4_294_967_295,
  ): void => {
    audit(t, {
      SYSCALL: {
        arch: '0xc000003e',
        syscall: 59,
        success: 'yes',
        ppid: parent,
        pid: own,
        ses,
        exe,
        SYSCALL: 'execve',
        UID: by,
        ...(parent === 900 ? { PPID: { comm: 'java', exe: '/usr/lib/jvm/bin/java', ppid: 1 } } : {}),
      },
      EXECVE: { argc: argv.length, ARGV: argv },
    });
  };
  const ask = (t: number, ip: string, method: string, path: string): void => {
    lists.web.push({ t, line: `${ip} - - ${clf(t)} "${method} ${path} HTTP/1.1" 200 1200 "-" "Mozilla/5.0"` });
  };
  /** Somebody comes by SSH: the server's journal, or its syslog in local time, and what a sensor saw. */
  const comes = (t: number, from: string, to: 'web' | 'mail', user: string, how: string): number => {
    const own = pid++;
    const source = port++;
    const text = `Accepted ${how} for ${user} from ${from} port ${source} ssh2`;
    if (to === 'mail') lists.mail.push({ t, line: `${bsd(t)} mail sshd[${own}]: ${text}` });
    else
      lists.journal.push({
        t,
        line: JSON.stringify({
          __REALTIME_TIMESTAMP: String(t * 1000),
          _HOSTNAME: 'web',
          SYSLOG_IDENTIFIER: 'sshd',
          _PID: String(own),
          MESSAGE: text,
        }),
      });
    lists.conn.push({
      t: t - 400,
      line: JSON.stringify({
        ts: (t - 400) / 1000,
        uid: `C${source}`,
        'id.orig_h': from,
        'id.orig_p': source,
        'id.resp_h': to === 'mail' ? MAIL : WEB,
        'id.resp_p': 22,
        proto: 'tcp',
        service: 'ssh',
        duration: 300,
        orig_bytes: 4000,
        resp_bytes: 9000,
        conn_state: 'SF',
      }),
    });
    return own;
  };
  const sudo = (t: number, user: string, command: string): void => {
    lists.mail.push({
      t,
      line: `${bsd(t)} mail sudo:  ${user} : TTY=pts/0 ; PWD=/home/${user} ; USER=root ; COMMAND=${command}`,
    });
  };
  for (let day = 0; day < 10; day++) {
    for (let n = 0; n < 12; n++)
      ask(begin + day * DAY + (7 + n) * HOUR, `198.51.100.${20 + (n % 5)}`, 'GET', '/portal/start');
    const t = begin + day * DAY + 8 * HOUR;
    // An administrator, from where they always come.
    comes(t, JUMP, 'web', 'petra', 'publickey');
    comes(t + 5 * MINUTE, JUMP, 'mail', 'petra', 'publickey');
    sudo(t + 6 * MINUTE, 'petra', '/usr/bin/apt-get update');
    lists.mail.push({
      t: t + 9 * HOUR,
      line: `${bsd(t + 9 * HOUR)} mail CRON[${pid++}]: (root) CMD (/usr/local/bin/rotate)`,
    });
  }
  if (intruder) {
    let k = 0;
    for (const [visit, seat] of [...SEATS, SEATS[0]!].entries()) {
      const t = begin + (4 + visit) * DAY + 22 * HOUR;
      for (const command of ['id', 'cat /etc/passwd', 'ip addr']) {
        ask(t + k * MINUTE, seat, 'POST', '/portal/modules/stats');
        runs(t + k * MINUTE + 300, 5000 + k, 900, 'portal', '/bin/sh', ['/bin/sh', '-c', command]);
        k++;
      }
    }
    const t = begin + 6 * DAY + 23 * HOUR;
    ask(t, SEATS[0]!, 'POST', '/portal/modules/stats');
    runs(t + 300, 6000, 900, 'portal', '/bin/sh', ['/bin/sh', '-c', `ssh -i /tmp/.k backup@${MAIL}`]);
    runs(t + 400, 6001, 6000, 'portal', '/usr/bin/ssh', ['ssh', '-i', '/tmp/.k', `backup@${MAIL}`]);
    comes(t + 3000, WEB, 'mail', 'backup', 'publickey');
    sudo(t + 4 * MINUTE, 'backup', '/usr/bin/tar czf /var/tmp/a.tgz -C /var/vmail/example.org anna bert');
    lists.mail.push({
      t: t + 8 * MINUTE,
      line: `${bsd(t + 8 * MINUTE)} mail sshd[${pid}]: pam_unix(sshd:session): session closed for user backup`,
    });
  }
  put(scene, 'web/access.log', byTime(lists.web));
  put(scene, 'web/laurel/audit.log', [
    ...byTime(lists.audit),
    JSON.stringify({
      ID: `${((begin + 10 * DAY) / 1000).toFixed(3)}:9`,
      NODE: 'web',
      SERVICE_START: {
        pid: 1,
        uid: 0,
        msg: 'unit=logrotate comm="systemd" exe="/usr/lib/systemd/systemd" res=success',
      },
    }),
  ]);
  put(scene, 'web/journal.json', byTime(lists.journal));
  put(scene, 'mail/auth.log', byTime(lists.mail));
  put(scene, 'sensor/conn.log', byTime(lists.conn));
}

test('a way by SSH from a journal to a log in local time, a door without a file, and mail packed where it lies', () => {
  servers('linux-taken', true);
  const d = said('linux-taken');
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  const name = (x: string): string => x.split('.')[0]!.toLowerCase();
  assert.deepEqual(
    i.hosts
      .filter((h) => h.status === 'controlled')
      .map((h) => name(h.name))
      .sort(),
    ['mail', 'web'],
  );
  assert.deepEqual(
    i.lateral_movement.map((m) => `${name(m.from)} > ${name(m.to)}`),
    ['web > mail'],
  );
  assert.deepEqual(i.mailboxes.map((m) => m.address).sort(), ['anna@example.org', 'bert@example.org']);
  assert.ok(i.persistence.some((p) => p.kind === 'webshell' && p.command === '/portal/modules/stats'));
  assert.deepEqual([...new Set(i.sessions.map((s) => s.source_ip))].sort(), [...SEATS].sort());
  assert.ok(!i.accounts.some((a) => a.name === 'petra'));
});

test('the same servers without the intruder give no incident', () => {
  servers('linux-quiet', false);
  assert.equal(said('linux-quiet').incidents.length, 0);
});
