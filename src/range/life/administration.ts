// Administrators, backup, scanner and monitoring: the work that looks most like an intruder's.
import { type Acts, type Session, SYSTEM } from '../acts/acts.js';
import { EVENTS } from '../events.js';
import { PROGRAM_WORDS } from '../names.js';
import type { Random } from '../random.js';
import type { Process } from '../simulation.js';
import { guidOf, type Host, type Person, type Principal, type Proc, S32 } from '../world.js';
import { DAY, dayOf, HOUR, isWorkday, type LifeOptions, S, times, weekday } from './common.js';

/** What administrators type: the same that intruders do. */
const ADMIN_COMMANDS = [
  'ipconfig /all',
  'whoami /groups',
  'net user {user} /domain',
  'net group "Domain Admins" /domain',
  'nltest /dclist:{dns}',
  'quser',
  'systeminfo',
  'tasklist /svc',
  'netstat -ano',
  'gpupdate /force',
  'sc query wuauserv',
  'route print',
  'nslookup {host}',
  'dsquery user -name {user}*',
  'wevtutil qe System /c:20 /f:text',
  'schtasks /query /fo LIST',
  'net localgroup Administrators',
  'ping -n 4 {host}',
] as const;
const ADMIN_SCRIPTS = [
  'Get-ADUser -Filter * -Properties LastLogonDate | Export-Csv C:\\Scripts\\users.csv',
  'Get-Service | Where-Object Status -eq Stopped',
  'Invoke-Command -ComputerName {host} -ScriptBlock { Get-HotFix | Sort-Object InstalledOn }',
  'Get-WinEvent -LogName System -MaxEvents 50 | Format-Table',
  'Get-MailboxStatistics -Server {host} | Sort-Object TotalItemSize',
  'Copy-Item \\\\{host}\\c$\\Logs\\*.log C:\\Scripts\\collect -Force',
  '$s = New-CimSession -ComputerName {host}; Get-CimInstance Win32_LogicalDisk -CimSession $s',
] as const;

/** One command prompt of someone, typed into. */
export function shellCommand(
  acts: Acts,
  t: number,
  parent: Proc,
  line: string,
  who: Principal | null,
  session: number,
): Proc {
  const cmd = acts.start(t, parent, `${S32}cmd.exe`, `${S32}cmd.exe /c ${line}`, {
    ...(who === null ? {} : { user: who }),
    session,
    ends: 4,
    original: 'Cmd.Exe',
  });
  const exe = line.split(' ')[0]!.toLowerCase();
  const image = exe.endsWith('.exe') ? exe : `${S32}${exe}.exe`;
  if (!['echo', 'dir', 'type', 'copy', 'del', 'cd', 'move', 'mkdir'].includes(exe))
    return acts.start(t + 0.1 * S, cmd, image, line, { ends: 2 });
  return cmd;
}

export function* administrator(acts: Acts, p: Person, account: Principal, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random(`administrator ${p.name}`);
  const servers = world.hosts.filter((h) => !h.linux && h.role !== 'workstation');
  const jump = world.byRole('jump_host')[0];
  const mail = world.byRole('mail_server')[0]!;
  for (let day = dayOf(o.start); day < o.end; day += DAY) {
    if (!isWorkday(day) || r.chance(0.08)) continue;
    const n = times(r, 1.6 * Math.min(2, o.scale));
    const starts = Array.from({ length: n }, () => day + (p.begins + 0.5 + r.next() * 7) * HOUR).sort((a, b) => a - b);
    // Maintenance is at night.
    if (r.chance(0.06)) starts.push(day + (20 + r.next() * 3.5) * HOUR);
    for (const t of starts) {
      yield t;
      const target = r.chance(0.2) ? r.pick(world.workstations) : r.pick(servers);
      const from = jump !== undefined && r.chance(0.6) ? jump : p.host;
      if (from === target) continue;
      const shellAt = acts.explorer(p.host, {
        host: p.host,
        who: p,
        id: 0x9000 + p.sid.length,
        guid: '',
        type: 2,
        from: null,
      });
      const way = r.next();
      if (way < 0.55) {
        // A remote desktop.
        const client = acts.start(t - 5 * S, shellAt, `${S32}mstsc.exe`, `"${S32}mstsc.exe" /v:${target.fqdn}`, {
          ends: 1800,
          original: 'mstsc.exe',
        });
        const seconds = 300 + r.below(3000);
        acts.connect(
          t - 2 * S,
          from,
          target,
          3389,
          { bytesOut: 200_000 + r.below(900_000), bytesIn: 2_000_000 + r.below(20_000_000), seconds, service: 'rdp' },
          {
            proc: from === p.host ? client : undefined,
            at: acts.standing(target, `${S32}svchost.exe`, `${S32}svchost.exe -k termsvcs`),
          },
        );
        const s = acts.logon(t, target, account, 10, from, { ends: seconds, elevated: true });
        const shell = acts.start(
          t + 3 * S,
          acts.standing(target, `${S32}userinit.exe`),
          'C:\\Windows\\explorer.exe',
          'C:\\Windows\\Explorer.EXE',
          { user: account, session: s.id, integrity: 'High' },
        );
        for (let i = 1 + r.below(4); i > 0; i--)
          yield* adminWork(acts, t + i * 60 * S, target, s, shell, account, r, mail);
      } else if (way < 0.77) {
        // Management from afar.
        const ps = acts.start(
          t - 3 * S,
          shellAt,
          `${S32}WindowsPowerShell\\v1.0\\powershell.exe`,
          '"powershell.exe" -NoLogo',
          { user: account, session: 0x8800, ends: 900, integrity: 'High', original: 'PowerShell.EXE' },
        );
        const s = acts.reach(t, p.host, target, account, { port: 5985, proc: ps, elevated: true, seconds: 120 });
        acts.event(target, t + 0.5 * S, EVENTS.winrmShell, {
          resourceUri: 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell',
          shellId: guidOf(r).slice(1, -1),
        });
        const host = acts.start(
          t + 0.8 * S,
          acts.standing(target, `${S32}svchost.exe`, `${S32}svchost.exe -k DcomLaunch -p`),
          `${S32}wsmprovhost.exe`,
          `${S32}wsmprovhost.exe -Embedding`,
          { user: account, session: s.id, ends: 110, integrity: 'High' },
        );
        const script = r.pick(ADMIN_SCRIPTS).replaceAll('{host}', r.pick(servers).name);
        acts.powershell(t + 1.5 * S, host, script);
        if (r.chance(0.3))
          acts.start(t + 3 * S, host, `${S32}whoami.exe`, '"C:\\Windows\\system32\\whoami.exe" /all', { ends: 1 });
      } else if (way < 0.89) {
        // Software, pushed by service or task.
        const word = r.pick(PROGRAM_WORDS);
        const v = r.pick(world.vendors);
        const s = acts.reach(t, from, target, account, { elevated: true });
        acts.share(t + 0.4 * S, s, 'ADMIN$', null, true);
        const exe = `${word}setup${r.below(40)}.exe`;
        acts.share(t + 0.8 * S, s, 'ADMIN$', `Temp\\${exe}`, true);
        acts.file(t + 0.9 * S, acts.standing(target, 'System', ''), `C:\\Windows\\Temp\\${exe}`);
        const service = `${v.vendor}${word}`;
        if (r.chance(0.6)) {
          acts.service(t + 2 * S, target, service, `C:\\Windows\\Temp\\${exe} -quiet`, 'demand start', account, s.id);
          const proc = acts.start(
            t + 2.4 * S,
            acts.services(target),
            `C:\\Windows\\Temp\\${exe}`,
            `C:\\Windows\\Temp\\${exe} -quiet`,
            { sha256: acts.hash(v.folder + v.exe, `setup${Math.floor(day / DAY / 30)}`), ends: 60 },
          );
          acts.file(t + 9 * S, proc, v.folder + v.exe);
          if (r.chance(0.4))
            acts.service(
              t + 12 * S,
              target,
              `${v.vendor} Agent`,
              `"${v.folder}${v.exe}" -service`,
              'auto start',
              SYSTEM,
              0x3e7,
            );
        } else {
          const name = `\\${v.vendor}\\${word}Update`;
          acts.task(t + 2 * S, target, name, `C:\\Windows\\Temp\\${exe}`, '-quiet', account, s.id);
          acts.taskRun(t + 20 * S, target, name, `C:\\Windows\\Temp\\${exe}`);
          acts.start(
            t + 20.5 * S,
            acts.standing(target, `${S32}svchost.exe`, `${S32}svchost.exe -k netsvcs -p -s Schedule`),
            `C:\\Windows\\Temp\\${exe}`,
            `C:\\Windows\\Temp\\${exe} -quiet`,
            { sha256: acts.hash(v.folder + v.exe, `setup${Math.floor(day / DAY / 30)}`), ends: 60 },
          );
        }
        acts.event(target, t + 15 * S, EVENTS.msiInstalled, {
          '*': [v.product, `${1 + r.below(9)}.${r.below(20)}.${r.below(9000)}`, '1033', '0', v.vendor, '(NULL)'],
        });
      } else {
        const wmi = acts.start(
          t - 1 * S,
          shellAt,
          `${S32}wbem\\WMIC.exe`,
          `wmic /node:${target.name} os get lastbootuptime`,
          { user: account, ends: 6, original: 'wmic.exe', integrity: 'High' },
        );
        const s = acts.reach(t, p.host, target, account, { port: 135, proc: wmi, elevated: true, seconds: 8 });
        if (r.chance(0.3))
          acts.start(
            t + 1 * S,
            acts.standing(target, `${S32}wbem\\WmiPrvSE.exe`, `${S32}wbem\\wmiprvse.exe -secured -Embedding`),
            `${S32}cmd.exe`,
            'cmd.exe /c gpupdate /force',
            { user: account, session: s.id, ends: 20, original: 'Cmd.Exe', integrity: 'High' },
          );
      }
      if (r.chance(0.03)) acts.cmdlet(t + 300 * S, mail, account, 'Get-Mailbox', '-ResultSize "Unlimited"');
    }
  }
}

function* adminWork(
  acts: Acts,
  t: number,
  host: Host,
  s: Session,
  shell: Proc,
  account: Principal,
  r: Random,
  mail: Host,
): Process {
  yield t;
  const { world } = acts;
  const fill = (text: string): string =>
    text
      .replaceAll('{host}', r.pick(world.hosts).name)
      .replaceAll('{user}', r.pick(world.people).name)
      .replaceAll('{dns}', world.dns);
  if (r.chance(0.6)) shellCommand(acts, t, shell, fill(r.pick(ADMIN_COMMANDS)), account, s.id);
  else {
    const ps = acts.start(
      t,
      shell,
      `${S32}WindowsPowerShell\\v1.0\\powershell.exe`,
      '"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe" ',
      { user: account, session: s.id, ends: 300, integrity: 'High', original: 'PowerShell.EXE' },
    );
    acts.powershell(
      t + 5 * S,
      ps,
      fill(r.pick(ADMIN_SCRIPTS)),
      r.chance(0.5) ? `C:\\Scripts\\${r.pick(PROGRAM_WORDS)}.ps1` : '',
    );
  }
  if (host === mail && r.chance(0.3))
    acts.cmdlet(
      t + 20 * S,
      mail,
      account,
      r.pick(['Get-Queue', 'Get-MailboxStatistics', 'Set-Mailbox', 'Get-MessageTrackingLog']),
      `-Identity "${r.pick(world.people).name}"`,
    );
  if (host.role === 'domain_controller' && r.chance(0.05)) {
    const who = r.pick(world.people);
    acts.event(host, t + 30 * S, EVENTS.passwordReset, {
      TargetUserName: who.name,
      TargetDomainName: world.domain,
      TargetSid: who.sid,
      ...acts.subject(account, s.id),
    });
  }
}

/** Every night. */
export function* backup(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('backup');
  const from = world.byRole('backup_server')[0] ?? world.byRole('file_server')[0]!;
  const who = world.services.backup;
  const agent = acts.standing(from, 'C:\\Program Files\\Halyard\\backup\\engine.exe');
  for (let day = dayOf(o.start); day < o.end; day += DAY) {
    let t = day + (1.5 + r.next() * 0.3) * HOUR;
    for (const h of world.hosts) {
      if (h.linux || h === from) continue;
      if (h.role === 'workstation' && (!r.chance(0.12) || weekday(day) !== 3)) continue;
      yield t;
      const s = acts.reach(t, from, h, who, {
        proc: agent,
        elevated: true,
        bytesIn: 5e7 + r.next() * 4e8,
        seconds: 200 + r.below(400),
      });
      const n = times(r, 4 * o.scale);
      for (let i = 0; i < n; i++)
        acts.share(
          t + (i + 1) * 4 * S,
          s,
          h.role === 'file_server' ? 'D$' : 'C$',
          `${r.pick(['Data', 'Users', 'ProgramData', 'inetpub'])}\\${r.pick(PROGRAM_WORDS)}${i}.dat`,
        );
      t += (60 + r.below(120)) * S;
    }
  }
}

export function* scanner(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('scanner');
  const from = world.byRole('scanner')[0];
  const monitor = world.byRole('monitoring')[0];
  for (let day = dayOf(o.start); day < o.end; day += DAY) {
    if (from !== undefined && weekday(day) === 6) {
      let t = day + 3 * HOUR;
      for (const h of world.hosts) {
        if (h === from || !r.chance(Math.min(1, 0.3 + 0.5 * o.scale))) continue;
        yield t;
        for (const port of [22, 80, 443, 445, 3389, 5985])
          if (r.chance(0.4))
            acts.connect(t + port * 1000, from, h, port, {
              bytesOut: 60 + r.below(400),
              bytesIn: r.below(900),
              seconds: 0.1,
            });
        if (!h.linux) {
          if (r.chance(0.3)) acts.logonFailed(t + 3 * S, h, r.pick(['admin', 'guest', 'test', 'scan']), from, 3, true);
          acts.logon(t + 5 * S, h, world.services.scanner, 3, from, {
            ends: 60,
            elevated: true,
            ntlm: true,
            port: acts.port(from),
          });
        }
        t += (2 + r.below(20)) * S;
      }
    }
    if (monitor !== undefined)
      for (let i = times(r, 6 * o.scale); i > 0; i--) {
        const t = day + r.next() * DAY;
        yield Math.max(t, acts.now);
        acts.connect(acts.now, monitor, r.pick(world.hosts), r.pick([161, 443, 135, 22]), {
          bytesOut: 300,
          bytesIn: 900,
          seconds: 0.3,
        });
      }
  }
}
