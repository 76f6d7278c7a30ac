// A mail server on Linux and a VPN gateway: a hidden script, mailboxes taken by the server's own tool and by signing in, a tunnel from where
// the script had been asked for. And the same people without the intruder.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { clf, DAY, HOUR, MINUTE, MONTHS, put, said } from './scene.js';

const two = (n: number): string => String(n).padStart(2, '0');
/** Vienna, in July: two hours ahead of UTC. */
const local = (t: number): Date => new Date(t + 2 * HOUR);
const zimbraTime = (t: number): string => local(t).toISOString().slice(0, 19).replace('T', ' ') + ',000';
const bsd = (t: number): string => {
  const d = local(t);
  return `${MONTHS[d.getUTCMonth()]!} ${String(d.getUTCDate()).padStart(2)} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
};
const BROWSERS = ['Mozilla/5.0 (Windows NT 10.0) Firefox/115.0', 'Mozilla/5.0 (X11; Linux) Chrome/114.0.1'];
const ODD = 'Mozilla/5.0 (Windows NT 6.1) Chrome/88.0.4';
const HOME = ['198.51.100.21', '198.51.100.22', '198.51.100.23', '198.51.100.24'];
const PEOPLE = ['anna', 'bert', 'carla', 'dirk'];
const SEAT = '192.0.2.61';
const OTHER_SEAT = '203.0.113.88';

function enterprise(scene: string, intruder: boolean): void {
  const begin = Date.UTC(2025, 6, 7);
  const web: { t: number; line: string }[] = [];
  const mail: { t: number; line: string }[] = [];
  const vpn: { t: number; line: string }[] = [];
  const ssh: { t: number; line: string }[] = [];
  const audit: { t: number; line: string }[] = [];
  const ask = (t: number, ip: string, method: string, path: string, agent: string, bytes = 4000): void => {
    web.push({ t, line: `${ip} - - ${clf(t)} "${method} ${path} HTTP/1.1" 200 ${bytes} "-" "${agent}"` });
  };
  const asks = (t: number, user: string, ip: string, client: string, request: string): void => {
    mail.push({
      t,
      line: `${zimbraTime(t)} INFO  [qtp1-${mail.length}:https://mail.example.org/service/soap/${request}] [name=${user}@example.org;mid=7;oip=${ip};oport=5000;ua=${client};soapId=1a;] soap - ${request} elapsed=7`,
    });
  };
  const enters = (t: number, user: string, ip: string, client: string, error = ''): void => {
    mail.push({
      t,
      line: `${zimbraTime(t)} ${error === '' ? 'INFO ' : 'WARN '} [qtp1-${mail.length}:https://mail.example.org/] [name=${user}@example.org;oip=${ip};ua=${client};] security - cmd=Auth; account=${user}@example.org; protocol=soap;${error === '' ? '' : ` error=${error};`}`,
    });
  };
  const gateway = (t: number, line: string): void => {
    vpn.push({ t, line: `${bsd(t)} gw openvpn[700]: ${line}` });
  };
  const tunnel = (t: number, user: string, ip: string, inside: string, minutes: number): void => {
    gateway(t, `${ip}:40100 [${user}] Peer Connection Initiated with [AF_INET]${ip}:40100`);
    gateway(t + 1000, `${user}/${ip}:40100 MULTI: Learn: ${inside} -> ${user}/${ip}:40100`);
    gateway(t + minutes * MINUTE, `${user}/${ip}:40100 SIGTERM[soft,remote-exit] received, client-instance exiting`);
  };
  let serial = 1000;
  const runs = (
    t: number,
    pid: number,
    ppid: number,
    user: string,
    session: string,
    exe: string,
    argv: readonly string[],
  ): void => {
    const id = `audit(${(t / 1000).toFixed(3)}:${serial++})`;
    audit.push({
      t,
      line:
        `type=SYSCALL msg=${id}: arch=c000003e syscall=59 success=yes exit=0 ppid=${ppid} pid=${pid} auid=${session === '4294967295' ? '4294967295' : '1001'} uid=998 gid=998 euid=998 suid=998 fsuid=998 egid=998 sgid=998 fsgid=998 tty=(none) ses=${session} comm="x" exe="${exe}" key="x"\x1dUID="${user}"\n` +
        `type=EXECVE msg=${id}: argc=${argv.length} ${argv.map((a, i) => `a${i}=${/^[\w./:@=?-]+$/.test(a) ? `"${a}"` : Buffer.from(a).toString('hex').toUpperCase()}`).join(' ')}`,
    });
  };
  for (let day = 0; day < 14; day++) {
    for (const [k, user] of PEOPLE.entries()) {
      const t = begin + day * DAY + (6 + k) * HOUR;
      const agent = BROWSERS[k % 2]!;
      const client = `ZimbraWebClient - ${k % 2 === 0 ? 'FF115' : 'GC114'} (Win)/8.8.15`;
      ask(t, HOME[k]!, 'POST', '/', agent);
      enters(t, user, HOME[k]!, client);
      for (let n = 1; n < 5; n++) {
        ask(t + n * 3 * MINUTE, HOME[k]!, 'POST', '/service/soap/GetMsgRequest', agent);
        asks(t + n * 3 * MINUTE, user, HOME[k]!, client, n === 2 ? 'SearchRequest' : 'GetMsgRequest');
      }
      // Passers-by, who see the page to sign in.
      for (let n = 0; n < 6; n++) ask(t + n * MINUTE + 500, `198.18.${k}.${day * 7 + n}`, 'GET', '/', BROWSERS[n % 2]!);
    }
    tunnel(begin + day * DAY + 7 * HOUR, 'dirk', HOME[3]!, '10.9.0.4', 90);
    // What the server runs by itself, below its own program.
    for (let n = 0; n < 3; n++)
      runs(begin + day * DAY + n * 5 * HOUR, 9000 + day * 10 + n, 3344, 'zimbra', '4294967295', '/usr/bin/hostname', [
        'hostname',
        '--fqdn',
      ]);
  }
  // An administrator, who exports the mailbox of somebody who left.
  const left = begin + 4 * DAY + 9 * HOUR;
  ssh.push({
    t: left,
    line: `${bsd(left)} mail sshd[910]: Accepted publickey for olga from 10.1.1.5 port 5022 ssh2: ED25519 SHA256:x`,
  });
  runs(left + 5000, 20_001, 20_000, 'zimbra', '44', '/bin/bash', ['-bash']);
  runs(left + 20_000, 20_002, 20_001, 'zimbra', '44', '/bin/bash', [
    '/bin/bash',
    '/opt/zimbra/bin/zmmailbox',
    '-z',
    '-m',
    'egon@example.org',
    'getRestURL',
    '-o',
    '/backup/egon.tgz',
    '//?fmt=tgz',
  ]);
  if (intruder) {
    const t = begin + 8 * DAY + HOUR;
    const shell = '/public/images/pixel.jsp';
    ask(t, SEAT, 'POST', '/service/extension/backup/import', ODD);
    for (const [n, [exe, argv]] of (
      [
        ['/bin/dash', ['/bin/sh', '-c', 'id; uname -a']],
        ['/bin/dash', ['/bin/sh', '-c', 'cat /etc/passwd']],
        [
          '/bin/dash',
          [
            '/bin/sh',
            '-c',
            '/opt/zimbra/bin/zmmailbox -z -m anna@example.org getRestURL -o /opt/zimbra/jetty/webapps/zimbra/public/a.tgz //?fmt=tgz',
          ],
        ],
        ['/bin/dash', ['/bin/sh', '-c', 'rm -f /opt/zimbra/jetty/webapps/zimbra/public/a.tgz']],
      ] as const
    ).entries()) {
      ask(t + (n + 1) * 4 * MINUTE, SEAT, 'POST', shell, ODD, 700);
      runs(t + (n + 1) * 4 * MINUTE, 30_000 + n, 3344, 'zimbra', '4294967295', exe, argv);
    }
    // The next evening, from elsewhere with the same browser: into the mail of somebody whose password was taken.
    const next = t + DAY;
    ask(next, OTHER_SEAT, 'POST', '/', ODD);
    enters(next, 'carla', OTHER_SEAT, 'ZimbraWebClient - GC88 (Win)/8.8.15');
    for (let n = 1; n < 4; n++) {
      ask(next + n * 2 * MINUTE, OTHER_SEAT, 'POST', '/service/soap/GetMsgRequest', ODD);
      asks(next + n * 2 * MINUTE, 'carla', OTHER_SEAT, 'ZimbraWebClient - GC88 (Win)/8.8.15', 'GetMsgRequest');
    }
    // And by the gateway, from where the script had been asked for.
    const third = t + 2 * DAY;
    gateway(
      third - 3 * MINUTE,
      `${SEAT}:40200 TLS Auth Error: Auth Username/Password verification failed for peer 'anna'`,
    );
    tunnel(third, 'bert', SEAT, '10.9.0.9', 50);
    ssh.push({
      t: third + 2 * MINUTE,
      line: `${bsd(third + 2 * MINUTE)} mail sshd[920]: Accepted password for bert from 10.9.0.9 port 5023 ssh2`,
    });
    ssh.push({
      t: third + 45 * MINUTE,
      line: `${bsd(third + 45 * MINUTE)} mail sshd[920]: pam_unix(sshd:session): session closed for user bert`,
    });
  }
  const write = (path: string, list: { t: number; line: string }[]): void =>
    put(
      scene,
      path,
      list.toSorted((a, b) => a.t - b.t).map((x) => x.line),
    );
  write('mail/opt/zimbra/log/nginx.access.log', web);
  write(
    'mail/opt/zimbra/log/audit.log',
    mail.filter((x) => x.line.includes(' security ')),
  );
  write(
    'mail/opt/zimbra/log/mailbox.log',
    mail.filter((x) => !x.line.includes(' security ')),
  );
  write('mail/var/log/audit/audit.log', audit);
  write('mail/var/log/auth.log', ssh);
  put(scene, 'mail/etc/timezone', ['Europe/Vienna']);
  write('gw/var/log/syslog', vpn);
  put(scene, 'gw/etc/timezone', ['Europe/Vienna']);
}

test('a mail server on Linux: a hidden script, mailboxes by its own tool and by signing in, a tunnel from the same seat', () => {
  enterprise('postoffice', true);
  const d = said('postoffice');
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.deepEqual(i.mailboxes.map((m) => [m.address, m.method]).sort(), [
    ['anna@example.org', 'export'],
    ['carla@example.org', 'owner_session'],
  ]);
  assert.deepEqual(
    i.sessions.map((s) => [s.source_ip, s.channel, s.start?.slice(0, 16)]),
    [
      [SEAT, 'webshell', '2025-07-15T01:00'],
      [OTHER_SEAT, 'other', '2025-07-16T01:00'],
      [SEAT, 'vpn', '2025-07-17T00:57'],
      ['10.9.0.9', 'ssh', '2025-07-17T01:02'],
    ],
  );
  const status = new Map(i.accounts.map((a) => [a.name.replace(/^.*\\/, ''), a.status]));
  assert.equal(status.get('bert'), 'abused');
  assert.equal(status.get('carla'), 'abused');
  assert.equal(status.get('anna'), 'attempted');
  assert.equal(status.get('olga'), undefined);
  assert.ok(!i.timeline.some((x) => x.text.includes('hostname --fqdn')));
  assert.equal(i.first_seen?.slice(0, 16), '2025-07-15T01:00');
});

test('the same people without it: an administrator who exports a mailbox is no intruder', () => {
  enterprise('honest-postoffice', false);
  assert.deepEqual(said('honest-postoffice').incidents, []);
});

/** A gateway and a desk machine; somebody tries colleagues' accounts first, or a colleague mistypes and gets in. */
function gatewayScene(scene: string, stranger: boolean): void {
  const begin = Date.UTC(2025, 0, 13);
  const forti = (t: number, action: string, user: string, ip: string, inside = ''): string => {
    const at = new Date(t).toISOString();
    return `<134>date=${at.slice(0, 10)} time=${at.slice(11, 19)} devname="FG1" devid="FG1" eventtime=${t}000000 tz="+0000" logid="0101039424" type="event" subtype="vpn" level="notice" vd="root" action="${action}" tunneltype="ssl-tunnel" remip=${ip} user="${user}"${inside === '' ? '' : ` tunnelip=${inside}`} reason="x"`;
  };
  const lines: [number, string][] = [];
  const ssh: [number, string][] = [];
  const day = (k: number): number => begin + k * DAY;
  for (let k = 0; k < 6; k++)
    for (const [n, user] of ['ida', 'jon', 'kim'].entries()) {
      const t = day(k) + (8 + n) * HOUR;
      lines.push([t, forti(t, 'tunnel-up', user, `198.51.100.${30 + n}`, `10.8.0.${n + 2}`)]);
      lines.push([t + HOUR, forti(t + HOUR, 'tunnel-down', user, `198.51.100.${30 + n}`, `10.8.0.${n + 2}`)]);
      ssh.push([
        t + MINUTE,
        `${iso(t + MINUTE)} srv sshd[1]: Accepted password for ${user} from 10.8.0.${n + 2} port 4000 ssh2`,
      ]);
    }
  const t = day(6) + 20 * HOUR;
  const ip = '192.0.2.200';
  for (let n = 0; n < 3; n++) lines.push([t + n * 20_000, forti(t + n * 20_000, 'ssl-login-fail', 'jon', ip)]);
  const users = stranger ? ['kim'] : ['jon', 'kim'];
  for (const [n, user] of users.entries()) {
    const at = t + (3 + n * 30) * MINUTE;
    lines.push([at, forti(at, 'tunnel-up', user, ip, '10.8.0.77')]);
    lines.push([at + 20 * MINUTE, forti(at + 20 * MINUTE, 'tunnel-down', user, ip, '10.8.0.77')]);
    ssh.push([
      at + MINUTE,
      `${iso(at + MINUTE)} srv sshd[1]: Accepted password for ${user} from 10.8.0.77 port 4000 ssh2`,
    ]);
  }
  put(
    scene,
    'fw/forti.log',
    lines.toSorted((a, b) => a[0] - b[0]).map((x) => x[1]),
  );
  put(
    scene,
    'srv/auth.log',
    ssh.toSorted((a, b) => a[0] - b[0]).map((x) => x[1]),
  );
}
test('a machine whose log is in local time without a zone: what a sensor saw tells it', () => {
  const begin = Date.UTC(2025, 0, 13);
  const zeek = [
    '#separator \\x09',
    '#path\tconn',
    '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration',
  ];
  const auth: string[] = [];
  // In its own time of day, two hours ahead, from the same clock.
  const login = (t: number, user: string, ip: string, port: number): void => {
    zeek.push(`${(t / 1000).toFixed(6)}\tC${port}\t${ip}\t${port}\t10.0.0.9\t22\ttcp\tssh\t60.0`);
    auth.push(`${bsd(t)} srv sshd[${port}]: Accepted password for ${user} from ${ip} port ${port} ssh2`);
  };
  for (let day = 0; day < 6; day++)
    for (let n = 0; n < 4; n++) login(begin + day * DAY + (8 + n) * HOUR, 'ida', '198.51.100.7', 40_000 + day * 10 + n);
  const t = begin + 4 * DAY + 20 * HOUR;
  for (let n = 0; n < 20; n++)
    auth.push(
      `${bsd(t + n * 4000)} srv sshd[${900 + n}]: Failed password for olaf from 192.0.2.9 port ${41_000 + n} ssh2`,
    );
  login(t + 2 * MINUTE, 'olaf', '192.0.2.9', 42_000);
  auth.sort((a, b) => (a.slice(4, 15) < b.slice(4, 15) ? -1 : 1));
  put('local-time', 'srv/auth.log', auth);
  put('local-time', 'zeek/conn.log', zeek);
  const d = said('local-time');
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.deepEqual(
    i.sessions.map((s) => [s.source_ip, s.start?.slice(0, 16)]),
    [['192.0.2.9', '2025-01-17T20:00']],
  );
  assert.ok(i.blind_spots.some((b) => b.host === 'srv' && b.why.includes('120 minutes east')));
});

const iso = (t: number): string => new Date(t).toISOString();

test('somebody who tries a colleague’s account before a tunnel is opened from the same address', () => {
  gatewayScene('tried', true);
  const d = said('tried');
  assert.equal(d.incidents.length, 1);
  const i = d.incidents[0]!;
  assert.equal(i.entry?.technique, 'T1133');
  assert.deepEqual(
    i.sessions.map((s) => [s.source_ip, s.channel]),
    [
      ['192.0.2.200', 'vpn'],
      ['10.8.0.77', 'ssh'],
    ],
  );
  assert.deepEqual(i.accounts.map((a) => [a.name.replace(/^.*\\/, ''), a.status]).sort(), [
    ['jon', 'attempted'],
    ['kim', 'abused'],
  ]);
});

test('two colleagues at one new place, one of whom mistypes, are no intruder', () => {
  gatewayScene('mistyped', false);
  assert.deepEqual(said('mistyped').incidents, []);
});
