// Stages that campaigns have in common: the break-in over the web, the directory, an account of one's own.

import { EVENTS } from './events.js';
import { Intruder } from './intrusion.js';
import { shellCommand } from './life/administration.js';
import type { Process } from './simulation.js';
import { type Host, type Principal, type Proc, S32 } from './world.js';

const S = 1e6;

export const RECON = [
  'whoami',
  'ipconfig /all',
  'net user /domain',
  'net group "Domain Admins" /domain',
  'nltest /domain_trusts',
  'systeminfo',
  'tasklist /svc',
  'netstat -ano',
  'dir C:\\Users',
  'quser',
  'nltest /dclist:',
] as const;

/** A server of ours that is broken into over the web: odd requests, a shell under its worker, a script file that stays. */
export function* webEntry(
  i: Intruder,
  server: Host,
  vector: 'mail_server' | 'document_server',
): Generator<number, { shell: string; worker: Proc; ip: string }, void> {
  const { acts, r, book } = i;
  yield* i.workTime(0.2);
  const ip = i.proxy();
  const pool = vector === 'mail_server' ? r.pick(['MSExchangeOWAAppPool', 'MSExchangeECPAppPool']) : 'DocumentsAppPool';
  const worker = acts.standing(
    server,
    `${S32}inetsrv\\w3wp.exe`,
    `c:\\windows\\system32\\inetsrv\\w3wp.exe -ap "${pool}" -v "v4.0" -c "C:\\inetpub\\temp\\appPools\\${pool}.config"`,
    vector === 'mail_server' ? 'NT AUTHORITY\\SYSTEM' : `IIS APPPOOL\\${pool}`,
    vector === 'mail_server' ? 0x3e7 : 0x71000 + r.below(9000),
  );
  const request = (path: string, method: string, status: number, out: number): void => {
    acts.web(acts.now, server, ip, { method, path, agent: i.agent, status, out, ms: 30 + r.below(5000) });
    if (vector === 'mail_server' && path.startsWith('/e'))
      acts.proxied(acts.now, server, {
        protocol: 'Ecp',
        user: '',
        client: ip,
        path,
        agent: i.agent,
        status,
        mailbox: '',
        bytes: 500,
      });
    book.touch(acts.now, ip, 'webshell', server);
  };
  const ends =
    vector === 'mail_server'
      ? [
          `/ecp/${i.word()}.js`,
          '/ecp/DDI/DDIService.svc/SetObject',
          '/autodiscover/autodiscover.json',
          '/owa/auth/logon.aspx',
        ]
      : ['/documents/import', '/documents/api/upload', '/documents/preview'];
  const tried = 3 + r.below(5);
  for (let n = 0; n < tried; n++) {
    request(r.pick(ends), 'POST', n < tried - 1 ? r.pick([200, 302, 400, 500]) : 200, 2000 + r.below(90_000));
    yield acts.now + (2 + r.below(40)) * S;
  }
  book.entry(acts.now, vector, 'T1190', server, ip, null);
  i.controlled(server, worker, [i.at(server)]);
  shellCommand(acts, acts.now + 0.4 * S, worker, 'whoami', null, worker.session);
  yield acts.now + (20 + r.below(90)) * S;
  request(r.pick(ends), 'POST', 200, 9000 + r.below(20_000));
  const folder =
    vector === 'mail_server'
      ? r.pick(['aspnet_client', 'aspnet_client/system_web', 'owa/auth'])
      : r.pick(['documents/resources', 'documents/help', 'aspnet_client']);
  const name = `${i.word()}${r.pick(['', String(r.below(99)), r.pick(['page', 'view', 'font'])])}.aspx`;
  const shell = `/${folder}/${name}`;
  const disk =
    (folder.startsWith('owa')
      ? 'C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\HttpProxy'
      : 'C:\\inetpub\\wwwroot') + shell.replaceAll('/', '\\');
  acts.file(acts.now + 1 * S, worker, disk);
  book.persistence(acts.now, server, 'webshell', name, [i.at(server)]);
  if (r.chance(0.4)) yield* i.cover(server, 'timestomp', disk);
  yield acts.now + (30 + r.below(60)) * S;
  for (let n = 2 + r.below(3); n > 0; n--) {
    i.shell(server, shell, ip, worker, r.pick(RECON), 300 + r.below(4000));
    yield acts.now + (15 + r.below(200)) * S;
  }
  return { shell, worker, ip };
}

/** The directory's database is taken: by copy on a controller, or by replication that is asked for from elsewhere. */
export function* directory(i: Intruder, dc: Host, from: Host, who: Principal): Process {
  const { acts, r } = i;
  const t = acts.now;
  if (r.chance(0.6)) {
    const out = `C:\\Windows\\Temp\\${i.word()}`;
    const p = i.command(dc, `ntdsutil "ac i ntds" "ifm" "create full ${out}" q q`);
    acts.event(dc, t + 4 * S, EVENTS.databaseMade, {
      '*': ['lsass', '644,D,0', '', `${out}\\Active Directory\\ntds.dit`, '0', '', ''],
    });
    acts.file(t + 5 * S, p, `${out}\\Active Directory\\ntds.dit`);
    yield* i.pause(120, 400);
    yield* i.cover(dc, 'file_deleted', `${out}\\Active Directory\\ntds.dit`);
  } else {
    acts.reach(t, from, dc, who, { port: 135, proc: i.foothold.get(from)!, elevated: true });
    for (const right of ['{1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}', '{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}'])
      acts.event(dc, t + 0.6 * S, EVENTS.directoryAccess, {
        ...acts.subject(who, dc.logon),
        ObjectServer: 'DS',
        ObjectType: '%{19195a5b-6da0-11d0-afd3-00c04fd930c9}',
        ObjectName: '%{c5b4a1f0-6a3c-4b9e-8d1a-6f0e3b1c2d4e}',
        OperationType: 'Object Access',
        HandleId: 0,
        AccessList: '%%7688',
        AccessMask: 0x100,
        Properties: `%%7688\r\n\t\t${right}`,
        AdditionalInfo: '-',
        AdditionalInfo2: '',
      });
    i.abuse(who, [i.at(dc)]);
    yield acts.now + 20 * S;
  }
}

export function* newAccount(i: Intruder, dc: Host, by: Principal): Process {
  const { acts, r, world } = i;
  const account: Principal = {
    name: `${r.pick(['svc-', 'svc_', 'sa-', ''])}${i.word()}${r.below(9)}`,
    domain: world.domain,
    sid: `${world.sid}-${60_000 + r.below(4000)}`,
  };
  acts.know(account);
  const t = acts.now;
  const proc = i.foothold.get(dc)!;
  // What runs as the system is written down as the machine.
  const subject = proc.session === 0x3e7 ? { name: `${dc.name}$`, domain: world.domain, sid: 'S-1-5-18' } : by;
  i.command(dc, `net user ${account.name} * /add /domain`);
  acts.event(dc, t + S, EVENTS.accountCreated, {
    TargetUserName: account.name,
    TargetDomainName: world.domain,
    TargetSid: account.sid,
    ...acts.subject(subject, proc.session),
    PrivilegeList: '-',
    SamAccountName: account.name,
  });
  yield acts.now + 8 * S;
  i.command(dc, `net group "Domain Admins" ${account.name} /add /domain`);
  acts.event(dc, acts.now + S, EVENTS.memberAdded, {
    MemberName: `CN=${account.name},CN=Users,DC=${world.dns.replaceAll('.', ',DC=')}`,
    MemberSid: account.sid,
    TargetUserName: 'Domain Admins',
    TargetDomainName: world.domain,
    TargetSid: `${world.sid}-512`,
    ...acts.subject(subject, proc.session),
    PrivilegeList: '-',
  });
  i.book.persistence(acts.now, dc, 'account', account.name, [i.at(dc)]);
  i.abuse(account, [i.at(dc)], true);
  i.accounts.push(account);
  yield acts.now + 10 * S;
}
