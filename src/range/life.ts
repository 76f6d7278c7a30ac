// Everyday life: people, machines, administrators, backup, scanner, updates, mail, and what goes wrong every day without anybody's
// doing. It also does what fools naive tools: logs cleared by imaging, sanctioned mailbox exports, executives abroad, remote tools.
import { type Acts, isoText, type Session, SYSTEM } from './acts.js';
import { EVENTS } from './events.js';
import { PROGRAM_WORDS, SITE_ENDS, SITES } from './names.js';
import type { Random } from './random.js';
import type { Process } from './simulation.js';
import { guidOf, type Host, type Person, type Principal, type Proc, S32, type World } from './world.js';

const S = 1e6;
const HOUR = 3600e6;
const DAY = 86_400e6;

export interface LifeOptions {
  /** How much of everything there is; 1 is some seventy records a host and day. */
  readonly scale: number;
  readonly start: number;
  readonly end: number;
}

const dayOf = (t: number): number => Math.floor(t / DAY) * DAY;
const weekday = (t: number): number => new Date(t / 1000).getUTCDay();
const isWorkday = (t: number): boolean => weekday(t) !== 0 && weekday(t) !== 6;
const siteOf = (r: Random): string => `${r.pick(SITES)}.${r.pick(SITE_ENDS)}`;
/** How often something happens that happens `mean` times on average. */
function times(r: Random, mean: number): number {
  let n = Math.floor(mean);
  if (r.chance(mean - n)) n++;
  return Math.max(0, n + (n > 2 ? r.below(3) - 1 : 0));
}
export const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/110.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.3 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36 Edg/109.0.1518.78',
] as const;
const PHONES = [
  'Apple-iPhone14C2/2003.63',
  'Apple-iPhone12C1/1906.62',
  'Android/12-EAS-2.0',
  'Outlook-iOS/2.0',
] as const;
const OUTLOOK = 'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.16026; Pro)';
export const docName = (r: Random): string =>
  `${r.pick(['report', 'plan', 'minutes', 'budget', 'offer', 'contract', 'schedule', 'review', 'notes', 'figures', 'draft', 'proposal'])}_${r.pick(PROGRAM_WORDS)}_${2020 + r.below(6)}${r.chance(0.3) ? `_v${1 + r.below(5)}` : ''}`;

export function startLife(acts: Acts, options: LifeOptions): void {
  const { world, sim } = acts;
  for (const p of world.people) sim.start(person(acts, p, options));
  for (const h of world.hosts) if (!h.linux) sim.start(machine(acts, h, options));
  for (const a of world.administrators) sim.start(administrator(acts, a.person, a.account, options));
  sim.start(backup(acts, options));
  sim.start(scanner(acts, options));
  sim.start(outside(acts, options));
  sim.start(updates(acts, options));
  sim.start(correspondence(acts, options));
  sim.start(oddities(acts, options));
  for (const h of world.hosts) if (h.linux) sim.start(unix(acts, h, options));
}

/** A public address of a home, a hotel or a mobile network: a person has few, also abroad. */
export function homeAddress(world: World, p: Person, n = 0): string {
  const r = world.random(`home ${p.name} ${n}`);
  return `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
}

/** A VPN session of a person: what the gateway writes. */
export function vpn(acts: Acts, t: number, user: string, from: string, inside: string, ends: number | null): void {
  const gw = acts.world.byRole('vpn_gateway')[0];
  if (gw === undefined) return;
  const pid = 900 + (user.length % 7) * 13;
  acts.connect(t - 0.5 * S, from, gw, 443, {
    bytesOut: 9000,
    bytesIn: 12_000,
    seconds: ends === null ? 3600 : (ends - t) / S,
    service: 'ssl',
  });
  acts.syslog(gw, t, 'ocserv', pid, `main[${user}]: ${from}:${20_000 + (pid % 9000)} user logged in`, 'ocserv.log');
  acts.syslog(gw, t + 0.2 * S, 'ocserv', pid, `worker[${user}]: ${from} sending IPv4 ${inside}`, 'ocserv.log');
  if (ends !== null)
    acts.syslog(
      gw,
      ends,
      'ocserv',
      pid,
      `main[${user}]: ${from}:${20_000 + (pid % 9000)} user disconnected (reason: user disconnected, rx: ${40_000 + (pid % 977) * 911}, tx: ${90_000 + (pid % 977) * 4111})`,
      'ocserv.log',
    );
}

function* person(acts: Acts, p: Person, o: LifeOptions): Process {
  const { world } = acts;
  const r = p.random;
  const mail = r.pick(world.byRole('mail_server'));
  const fileServers = world.byRole('file_server');
  const documents = world.byRole('document_server')[0]!;
  const share = p.department.replaceAll(' ', '');
  let holiday = 0;
  for (let day = dayOf(o.start); day < o.end; day += DAY) {
    if (day < holiday || (!isWorkday(day) && !r.chance(0.03)) || r.chance(0.04)) continue;
    if (r.chance(0.012)) {
      holiday = day + (3 + r.below(12)) * DAY;
      continue;
    }
    const arrive = day + (p.begins + (r.next() - 0.5) * 1.2) * HOUR;
    const leave = arrive + (p.hours + (r.next() - 0.5) * 1.5) * HOUR;
    yield arrive;
    // Laptops get about, and then another address; a desk machine keeps its own for months.
    if (r.chance(p.host.laptop ? 0.9 : 0.15))
      acts.lease(arrive - 30 * S, p.host, r.chance(p.host.laptop ? 0.06 : 0.005));
    // From home or travelling: the same work through the gateway.
    const away = p.host.laptop && r.chance(p.executive ? 0.25 : 0.12);
    if (away)
      vpn(acts, arrive + 60 * S, p.name, homeAddress(world, p, r.chance(0.85) ? 0 : 1 + r.below(3)), p.host.ip, leave);
    if (r.chance(0.05)) acts.logonFailed(arrive - 9 * S, p.host, p.name, null, 2);
    const session = acts.logon(arrive, p.host, p, away && r.chance(0.5) ? 11 : 2, null, {
      ends: (leave - arrive) / S,
      fresh: true,
    });
    p.host.processes.delete(`C:\\Windows\\explorer.exe|${p.domain}\\${p.name}`);
    const userinit = acts.start(
      arrive + 1.5 * S,
      acts.standing(p.host, `${S32}winlogon.exe`),
      `${S32}userinit.exe`,
      `${S32}userinit.exe`,
      { user: p, session: session.id, ends: 25 },
    );
    const shell = acts.start(arrive + 2.5 * S, userinit, 'C:\\Windows\\explorer.exe', 'C:\\Windows\\Explorer.EXE', {
      user: p,
      session: session.id,
    });
    p.host.processes.set(`C:\\Windows\\explorer.exe|${p.domain}\\${p.name}`, shell);
    let outlook: Proc | null = null;
    const n = times(r, 16 * o.scale);
    const moments = Array.from({ length: n }, () => arrive + 60 * S + r.next() * (leave - arrive - 120 * S)).sort(
      (a, b) => a - b,
    );
    for (const t of moments) {
      yield t;
      const what = r.next();
      if (what < 0.3) {
        const program = r.pick(world.office);
        const command = program.command
          .replace('{doc}', docName(r))
          .replace('{site}', siteOf(r))
          .replace('{user}', p.name)
          .replaceAll('{n}', String(1000 + r.below(90_000)));
        const proc = acts.start(t, shell, program.image, command, { user: p, program, ends: 60 + r.below(9000) });
        if (program.image.endsWith('OUTLOOK.EXE')) outlook = proc;
        if (/WINWORD|EXCEL|7zG/.test(program.image) && r.chance(0.5))
          acts.file(
            t + 30 * S,
            proc,
            `C:\\Users\\${p.name}\\Documents\\${docName(r)}.${program.image.includes('EXCEL') ? 'xlsx' : program.image.includes('7z') ? '7z' : 'docx'}`,
          );
        if (r.chance(0.02))
          acts.start(t + 40 * S, proc, `${S32}rundll32.exe`, `${S32}rundll32.exe shell32.dll,Control_RunDLL`, {
            ends: 9,
            original: 'RUNDLL32.EXE',
          });
      } else if (what < 0.52) {
        const browser = acts.standing(
          p.host,
          'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
          '"C:\\Program Files\\Mozilla Firefox\\firefox.exe"',
          `${p.domain}\\${p.name}`,
          session.id,
        );
        acts.https(
          t,
          p.host,
          siteOf(r),
          { bytesOut: 900 + r.below(40_000), bytesIn: 4000 + r.below(2_000_000), seconds: 1 + r.below(240) },
          browser,
        );
        if (r.chance(0.04))
          acts.file(
            t + 20 * S,
            browser,
            `C:\\Users\\${p.name}\\Downloads\\${r.pick(PROGRAM_WORDS)}${r.below(900)}.${r.pick(['pdf', 'zip', 'xlsx', 'exe', 'msi'])}`,
          );
      } else if (what < 0.7) {
        const server = r.pick(fileServers);
        const s = acts.reach(t, p.host, server, p, { bytesIn: 9000 + r.below(4_000_000) });
        acts.share(t + 0.3 * S, s, share, null);
        for (let i = times(r, 1.5); i > 0; i--)
          acts.share(
            t + (1 + i) * S,
            s,
            share,
            `${r.pick(['current', 'archive', 'team', '2024', '2025'])}\\${docName(r)}.${r.pick(['docx', 'xlsx', 'pdf', 'pptx'])}`,
            r.chance(0.3),
          );
      } else if (what < 0.9) {
        const from = away ? homeAddress(world, p) : p.host;
        mailUse(acts, t, p, p, mail, from, r, outlook);
        for (const boss of p.delegateOf) if (r.chance(0.5)) mailUse(acts, t + 30 * S, p, boss, mail, from, r, outlook);
      } else if (what < 0.98) {
        const path = `/documents/${r.pick(['view', 'download', 'list', 'edit'])}`;
        acts.web(t, documents, p.host, {
          method: r.chance(0.85) ? 'GET' : 'POST',
          path,
          query: `id=${r.below(90_000)}`,
          user: `${p.domain}\\${p.name}`,
          agent: BROWSERS[r.below(2)]!,
          status: r.chance(0.97) ? 200 : r.pick([302, 404, 500]),
          in: 9000 + r.below(900_000),
        });
      } else {
        acts.start(t, shell, `${S32}cmd.exe`, `"${S32}cmd.exe" `, { user: p, ends: 200 });
      }
    }
    // A phone asks for mail wherever its owner is.
    if (r.chance(0.5))
      for (let i = times(r, 2 * o.scale); i > 0; i--) {
        const t = leave + r.next() * 3 * HOUR;
        yield t;
        const ip = homeAddress(world, p, r.chance(0.9) ? 0 : 1);
        const agent = PHONES[p.name.length % PHONES.length]!;
        acts.web(t, mail, ip, {
          method: 'POST',
          path: '/Microsoft-Server-ActiveSync/default.eas',
          query: `Cmd=Sync&User=${p.name}&DeviceId=${p.sid.slice(-4)}&DeviceType=Phone`,
          user: `${p.domain}\\${p.name}`,
          agent,
          status: 200,
          in: 400 + r.below(60_000),
        });
        acts.proxied(t, mail, {
          protocol: 'Eas',
          user: `${p.domain}\\${p.name}`,
          client: ip,
          path: '/Microsoft-Server-ActiveSync/default.eas',
          agent,
          status: 200,
          mailbox: p.mailbox,
          bytes: 400 + r.below(60_000),
        });
      }
  }
}

/** Outlook or OWA: `who` in the mailbox of `owner`. */
export function mailUse(
  acts: Acts,
  t: number,
  who: Person,
  owner: Person,
  mail: Host,
  from: Host | string,
  r: Random,
  outlook: Proc | null,
): void {
  const ip = acts.ipOf(from);
  const web = typeof from === 'string' && r.chance(0.6);
  const agent = web ? BROWSERS[who.name.length % BROWSERS.length]! : OUTLOOK;
  const path = web ? '/owa/service.svc' : r.chance(0.7) ? '/mapi/emsmdb/' : '/EWS/Exchange.asmx';
  const user = `${who.domain}\\${who.name}`;
  const bytes = 2000 + r.below(200_000);
  acts.web(t, mail, from, {
    method: 'POST',
    path,
    query: web ? 'action=GetConversationItems' : `MailboxId=${owner.sid.slice(-4)}@${acts.world.dns}`,
    user,
    agent,
    status: 200,
    in: bytes,
  });
  if (r.chance(0.8))
    acts.proxied(t, mail, {
      protocol: web ? 'Owa' : path.startsWith('/mapi') ? 'Mapi' : 'Ews',
      user,
      client: ip,
      path,
      agent,
      status: 200,
      mailbox: owner.mailbox,
      bytes,
    });
  if (outlook !== null && typeof from !== 'string')
    acts.connect(
      t - 0.1 * S,
      from,
      mail,
      443,
      { bytesOut: 4000, bytesIn: bytes, seconds: 8, service: 'ssl' },
      { proc: outlook },
    );
  if (who !== owner || r.chance(0.15))
    acts.mailbox(t + 0.2 * S, mail, {
      owner: owner.upn,
      ownerName: owner.full,
      who: who.full,
      logon: who === owner ? 'Owner' : 'Delegate',
      operation: r.pick(['FolderBind', 'SendAs', 'SoftDelete', 'Update', 'MailItemsAccessed']),
      folder: r.pick(['Inbox', 'Calendar', 'Sent Items', 'Inbox\\Projects']),
      subject: '',
      client: web ? 'Client=OWA;' : 'Client=MSExchangeRPC',
      ip,
    });
}

/** Names that a machine asks for by itself: of the enterprise, of nobody, and reputations looked up by name. */
function lookUp(acts: Acts, t: number, host: Host, svchost: Proc, r: Random): void {
  const { world } = acts;
  const what = r.next();
  if (what < 0.4) {
    const other = r.pick(world.hosts);
    acts.dns(t, host, other.fqdn, other.ip, svchost);
  } else if (what < 0.6)
    acts.dns(t, host, `${r.pick(['wpad', 'isatap', '_ldap._tcp', r.pick(PROGRAM_WORDS)])}.${world.dns}`, '', svchost);
  else if (what < 0.8) {
    // A misspelt or withdrawn name, asked for again with the enterprise's own ending.
    const name = siteOf(r);
    acts.dns(t, host, `${name.slice(1)}.${world.dns}`, '', svchost);
  } else {
    const v = world.vendors[3]!;
    const proc = acts.standing(host, v.folder + v.exe);
    for (let i = 1 + r.below(4); i > 0; i--)
      acts.dns(
        t + (i + r.next()) * S,
        host,
        `${guidOf(r)
          .slice(1, 14 + r.below(10))
          .replaceAll('-', '')}.rep.${v.vendor.toLowerCase()}.example`,
        r.chance(0.4) ? `198.18.${r.below(256)}.${1 + r.below(254)}` : '',
        proc,
      );
  }
}

function* machine(acts: Acts, host: Host, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random(`machine ${host.name}`);
  const server = host.role !== 'workstation';
  const dcs = world.byRole('domain_controller');
  const svchost = acts.standing(host, `${S32}svchost.exe`, `${S32}svchost.exe -k netsvcs -p`);
  const patchDay = 8 + r.below(9);
  for (let day = dayOf(o.start); day < o.end; day += DAY) {
    const from = server ? day : day + 6.5 * HOUR;
    const to = server ? day + DAY : day + 18.5 * HOUR;
    if (!server && !isWorkday(day) && r.chance(0.8)) continue;
    const n = times(r, (server ? 26 : 11) * o.scale);
    const moments = Array.from({ length: n }, () => from + r.next() * (to - from)).sort((a, b) => a - b);
    for (const t of moments) {
      yield t;
      const what = r.next();
      if (what < 0.5) {
        const p = r.pick(world.system);
        acts.start(
          t,
          r.chance(0.3) ? acts.services(host) : svchost,
          p.image,
          p.command.replace(/^"(.*?)"/, '$1').replaceAll('{n}', String(100 + r.below(9000))),
          { program: p, ends: 5 + r.below(600) },
        );
      } else if (what < 0.72) {
        // Group policy, time, names: the machine itself at a controller.
        const dc = r.pick(dcs);
        if (dc !== host) {
          const s = acts.reach(t, host, dc, host.account, { proc: svchost });
          if (r.chance(0.5))
            acts.share(t + 0.4 * S, s, 'SYSVOL', `${world.dns}\\Policies\\${guidOf(r).toUpperCase()}\\gpt.ini`);
        }
      } else if (what < 0.75) lookUp(acts, t, host, svchost, r);
      else if (what < 0.83)
        acts.serviceState(
          t,
          host,
          r.pick([
            'Windows Update',
            'Background Intelligent Transfer Service',
            'Windows Modules Installer',
            'Software Protection',
            'WinHTTP Web Proxy Auto-Discovery Service',
            'Device Setup Manager',
          ]),
          r.chance(0.5) ? 'running' : 'stopped',
        );
      else if (what < 0.88)
        acts.taskRun(
          t,
          host,
          r.pick([
            '\\Microsoft\\Windows\\Defrag\\ScheduledDefrag',
            '\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan',
            '\\Microsoft\\Windows\\Windows Error Reporting\\QueueReporting',
            '\\GoogleUpdateTaskMachineUA',
          ]),
          `${S32}usoclient.exe`,
        );
      else if (what < 0.93) acts.logon(t, host, SYSTEM, 5, null);
      else if (what < 0.97) {
        const v = world.vendors[r.below(world.vendors.length)]!;
        acts.https(
          t,
          host,
          `telemetry.${v.vendor.toLowerCase()}.example`,
          { bytesOut: 500 + r.below(9000), bytesIn: 300 + r.below(4000), seconds: 1 + r.below(5) },
          acts.standing(host, v.folder + v.exe),
        );
      } else {
        acts.event(host, t, EVENTS.defenderUpdate, {
          'Product Name': 'Microsoft Defender Antivirus',
          'Product Version': '4.18.2302.7',
          'Current Signature Version': `1.383.${r.below(2000)}.0`,
          'Previous Signature Version': `1.383.${r.below(2000)}.0`,
          'Update Source': 'Microsoft Update Server',
        });
      }
    }
    // Some programs of vendors talk home by the clock, day and night, as regularly as anything else does.
    if (r.chance(0.2)) {
      const v = world.vendors[host.name.length % world.vendors.length]!;
      const proc = acts.standing(host, v.folder + v.exe);
      for (let t = from + r.below(3600) * S; t < to; t += (4 * HOUR) / Math.max(0.2, o.scale)) {
        yield t;
        acts.https(
          t + r.next() * 20 * S,
          host,
          `status.${v.vendor.toLowerCase()}.example`,
          { bytesOut: 600 + r.below(60), bytesIn: 400 + r.below(40), seconds: 1 },
          proc,
        );
      }
    }
    if (new Date(day / 1000).getUTCDate() === patchDay) {
      const t = (server ? day + 2 * HOUR : from + 3 * HOUR) + r.next() * 2 * HOUR;
      yield t;
      const installer = acts.start(
        t,
        svchost,
        `${S32}wusa.exe`,
        `"${S32}wusa.exe" /quiet /norestart C:\\Windows\\SoftwareDistribution\\Download\\kb${5_000_000 + r.below(90_000)}.msu`,
        { ends: 300, original: 'wusa.exe' },
      );
      acts.start(
        t + 8 * S,
        installer,
        'C:\\Windows\\servicing\\TrustedInstaller.exe',
        'C:\\Windows\\servicing\\TrustedInstaller.exe',
        { ends: 600 },
      );
      acts.event(host, t + 280 * S, EVENTS.patchInstalled, {
        updateTitle: `Cumulative Update (KB${5_000_000 + (Math.floor(day / DAY / 28) % 9000)})`,
        updateGuid: guidOf(r),
        updateRevisionNumber: 200,
        serviceGuid: '{855e8a7c-ecb4-4ca3-b045-1dfa50104289}',
      });
      const boot = t + 900 * S;
      acts.event(host, boot, EVENTS.shutdown, {
        param1: `${S32}svchost.exe (${host.name})`,
        param2: host.name,
        param3: 'Operating System: Service pack (Planned)',
        param4: '0x80020010',
        param5: 'restart',
        param6: '',
        param7: 'NT AUTHORITY\\SYSTEM',
      });
      acts.event(host, boot + 70 * S, EVENTS.kernelBoot, {
        MajorVersion: 10,
        MinorVersion: 0,
        BuildVersion: 19041,
        QfeVersion: 1,
        ServiceVersion: 0,
        BootMode: 0,
        StartTime: boot + 70 * S,
      });
      host.processes.clear();
    }
  }
}

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

function* administrator(acts: Acts, p: Person, account: Principal, o: LifeOptions): Process {
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
function* backup(acts: Acts, o: LifeOptions): Process {
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

function* scanner(acts: Acts, o: LifeOptions): Process {
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

/** The internet at the doors: scanners, wrong passwords, search engines; nothing comes of it. */
function* outside(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('outside');
  const doors = [...world.byRole('mail_server'), ...world.byRole('document_server')];
  const paths = [
    '/',
    '/robots.txt',
    '/owa/',
    '/autodiscover/autodiscover.xml',
    '/ecp/',
    '/wp-login.php',
    '/.env',
    '/admin/',
    '/login.aspx',
    '/owa/auth/logon.aspx',
    '/api/v1/status',
    '/documents/',
    '/favicon.ico',
    '/aspnet_client/',
    '/cgi-bin/luci',
    '/owa/auth/x.js',
    '/rpc/',
  ];
  for (;;) {
    const t = acts.now + (-Math.log(1 - r.next()) * DAY) / Math.max(0.5, 9 * o.scale);
    if (t >= o.end) return;
    yield t;
    const from = `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
    const server = r.pick(doors);
    const agent = r.chance(0.5)
      ? r.pick(BROWSERS)
      : r.pick(['Mozilla/5.0', 'python-requests/2.28.1', 'curl/7.81.0', 'Go-http-client/1.1', 'masscan/1.3', '-']);
    if (r.chance(0.75)) {
      for (let i = 1 + r.below(6); i > 0; i--) {
        const path = r.pick(paths);
        acts.web(t + i * S, server, from, {
          method: r.chance(0.85) ? 'GET' : 'POST',
          path,
          agent,
          status:
            path === '/' || path.startsWith('/owa/auth')
              ? 200
              : path.startsWith('/owa') || path.startsWith('/ecp')
                ? 302
                : r.pick([404, 404, 403, 401, 500]),
          in: 200 + r.below(3000),
        });
      }
    } else {
      const p = r.pick(world.people);
      for (let i = 1 + r.below(4); i > 0; i--) {
        const jitter = r.next();
        acts.web(t + (i + 0.3 * jitter) * 2 * S, server, from, {
          method: 'POST',
          path: '/owa/auth.owa',
          agent,
          status: 302,
          in: 500,
          query: '-',
        });
        acts.logonFailed(t + (i + 0.3 * jitter) * 2 * S, server, p.name, from, 3, r.chance(0.5));
      }
    }
  }
}

/** The enterprise's own distribution: a release now and then, fetched and run by the updater of every client. */
export interface Release {
  readonly version: string;
  readonly sha256: string;
  readonly package: string;
}

function* updates(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('updates');
  if (world.byRole('update_server').length === 0 && world.byRole('document_server').length === 0) return;
  let n = 1;
  for (;;) {
    const t = acts.now + (9 + r.below(16)) * DAY;
    if (t >= o.end) return;
    const work = dayOf(t) + (9 + r.next() * 4) * HOUR;
    yield work;
    if (!isWorkday(acts.now)) continue;
    rollOut(
      acts,
      world.byRole('update_server')[0] ?? world.byRole('document_server')[0]!,
      `${3 + Math.floor(n / 4)}.${n % 4}.${r.below(900)}`,
      r,
      o,
      0.97,
    );
    n++;
  }
}

/** A release goes to every client, over a day or two, as each of them asks for it. */
export function rollOut(
  acts: Acts,
  server: Host,
  version: string,
  r: Random,
  o: { end: number },
  runs: number,
  hash?: string,
): Release {
  const { world } = acts;
  const product = world.vendors[5]!;
  const release: Release = {
    version,
    sha256: hash ?? acts.hash(product.folder + product.exe, version),
    package: `${product.exe.replace('.exe', '')}-${version}.pkg`,
  };
  const begin = acts.now;
  for (const h of world.workstations) {
    const own = world.random(`update ${h.name} ${version}`);
    const at = begin + own.next() * 30 * HOUR;
    if (at >= o.end) continue;
    acts.sim.start(fetchRelease(acts, h, server, release, own.chance(runs)), at);
  }
  void r;
  return release;
}

export function* fetchRelease(acts: Acts, host: Host, server: Host, release: Release, runs: boolean): Process {
  const product = acts.world.vendors[5]!;
  yield acts.now;
  const t = acts.now;
  const updater = acts.standing(
    host,
    `${product.folder}update\\updater.exe`,
    `"${product.folder}update\\updater.exe" -service`,
  );
  acts.web(t, server, host, {
    method: 'GET',
    path: '/updates/manifest.json',
    query: `v=${release.version}`,
    agent: `${product.vendor} Updater/2.1`,
    status: 200,
    in: 1400,
  });
  acts.web(t + 2 * S, server, host, {
    method: 'GET',
    path: `/updates/${release.package}`,
    agent: `${product.vendor} Updater/2.1`,
    status: 200,
    in: 4_200_000,
  });
  acts.connect(
    t + 2 * S,
    host,
    server,
    443,
    { bytesOut: 3000, bytesIn: 4_200_000, seconds: 4, service: 'ssl' },
    { proc: updater },
  );
  acts.file(t + 6 * S, updater, `${product.folder}update\\cache\\${release.package}`);
  if (!runs) return;
  acts.file(t + 8 * S, updater, product.folder + product.exe);
  acts.start(
    t + 10 * S,
    updater,
    product.folder + product.exe,
    `"${product.folder}${product.exe}" /upgrade ${release.version}`,
    { sha256: release.sha256, ends: 90 },
  );
}

/** Letters from outside and within, as the transport logs them. */
function* correspondence(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('letters');
  const mail = world.byRole('mail_server')[0]!;
  const rate = world.people.length * 1.2 * o.scale;
  for (;;) {
    const t = acts.now + (-Math.log(1 - r.next()) * DAY) / Math.max(1, rate);
    if (t >= o.end) return;
    yield t;
    const hour = (acts.now % DAY) / HOUR;
    if ((hour < 6 || hour > 19 || !isWorkday(acts.now)) && r.chance(0.85)) continue;
    const to = r.pick(world.people);
    const from = r.chance(0.5)
      ? r.pick(world.people).mailbox
      : `${r.pick(SITES)}${r.below(90)}@${r.pick(SITES)}.${r.pick(SITE_ENDS)}`;
    const bytes = 4000 + r.below(900_000);
    const subject = docName(r).replaceAll('_', ' ');
    if (!from.endsWith(to.mailbox.split('@')[1]!))
      acts.tracking(t, mail, from, to.mailbox, subject, bytes, 'RECEIVE', acts.address(from));
    acts.tracking(t + S, mail, from, to.mailbox, subject, bytes, 'DELIVER', mail.ip);
  }
}

/** What looks like an intruder and is none. */
function* oddities(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('oddities');
  const mail = world.byRole('mail_server')[0]!;
  const days = (o.end - o.start) / DAY;
  for (;;) {
    const t = acts.now + Math.max(0.4, -Math.log(1 - r.next()) * Math.max(2, Math.min(6, days / 8))) * DAY;
    if (t >= o.end) return;
    const at = dayOf(t) + (8.5 + r.next() * 8) * HOUR;
    yield at;
    const now = acts.now;
    if (!isWorkday(now) || world.administrators.length === 0) continue;
    const admin = r.pick(world.administrators);
    const { account } = admin;
    const host = r.pick(world.workstations);
    switch (r.below(6)) {
      case 0: {
        // A machine is imaged again: its logs are cleared before it is given out.
        const s = acts.logon(now, host, account, 2, null, { ends: 1800, elevated: true });
        const shell = acts.start(
          now + 3 * S,
          acts.standing(host, `${S32}userinit.exe`),
          'C:\\Windows\\explorer.exe',
          'C:\\Windows\\Explorer.EXE',
          { user: account, session: s.id },
        );
        yield now + 900 * S;
        for (const channel of ['Security', 'System', 'Application']) {
          acts.start(acts.now, shell, `${S32}wevtutil.exe`, `wevtutil cl ${channel}`, {
            ends: 1,
            user: account,
            session: s.id,
            integrity: 'High',
          });
          clearLog(acts, acts.now + 0.5 * S, host, channel, account, s.id);
        }
        acts.start(
          acts.now + 30 * S,
          shell,
          `${S32}Sysprep\\sysprep.exe`,
          `${S32}Sysprep\\sysprep.exe /oobe /generalize /shutdown`,
          { ends: 60, user: account, session: s.id, integrity: 'High' },
        );
        break;
      }
      case 1: {
        // Legal has asked for a mailbox: exported by an administrator by day, with a request that stays.
        const p = r.pick(world.people);
        acts.cmdlet(
          now,
          mail,
          account,
          'New-MailboxExportRequest',
          `-Mailbox "${p.name}" -FilePath "\\\\${world.byRole('file_server')[0]!.name}\\LegalHold$\\${p.name}.pst"`,
        );
        acts.mailbox(now + 60 * S, mail, {
          owner: p.upn,
          ownerName: p.full,
          who: 'Microsoft Exchange Mailbox Replication',
          logon: 'Admin',
          operation: 'FolderBind',
          folder: 'Inbox',
          subject: '',
          client: 'Client=MSExchangeMigration',
          ip: mail.ip,
        });
        break;
      }
      case 2: {
        // The helpdesk shares a screen, with a remote tool.
        const v = world.vendors[2]!;
        const explorer = acts.explorer(host, {
          host,
          who: world.people.find((p) => p.host === host) ?? admin.person,
          id: 0x7777,
          guid: '',
          type: 2,
          from: null,
        });
        const tool = acts.start(
          now,
          explorer,
          `C:\\Users\\Public\\Downloads\\${v.exe}`,
          `"C:\\Users\\Public\\Downloads\\${v.exe}"`,
          { ends: 1500, sha256: acts.hash(v.folder + v.exe) },
        );
        acts.https(
          now + 3 * S,
          host,
          `relay.${v.vendor.toLowerCase()}.example`,
          { bytesOut: 9e6, bytesIn: 3e6, seconds: 1400 },
          tool,
        );
        break;
      }
      case 3: {
        // An executive abroad reads mail in the browser, at odd hours.
        const p = r.pick(world.people.filter((x) => x.executive));
        const ip = homeAddress(world, p, 7 + r.below(4));
        for (let i = 0; i < 3 + r.below(5); i++) {
          yield acts.now + (60 + r.below(400)) * S;
          mailUse(acts, acts.now, p, p, mail, ip, r, null);
        }
        break;
      }
      case 4: {
        // Somebody takes much home before a journey.
        const p = r.pick(world.people);
        const s = acts.reach(now, p.host, world.byRole('file_server')[0]!, p, { bytesIn: 3e8, seconds: 300 });
        for (let i = 0; i < 8 + r.below(20); i++)
          acts.share(now + i * 4 * S, s, p.department.replaceAll(' ', ''), `archive\\${docName(r)}.pdf`);
        break;
      }
      default: {
        // A service account's password is forgotten somewhere.
        const server = r.pick(world.hosts.filter((h) => !h.linux && h.role !== 'workstation'));
        for (let i = 0; i < 4 + r.below(12); i++)
          acts.logonFailed(
            now + (i + r.next()) * 20 * S,
            server,
            world.services.mail.name,
            r.pick(world.hosts.filter((h) => !h.linux)),
            3,
          );
      }
    }
  }
}

/** A log is cleared: the record that says so is its first. */
export function clearLog(acts: Acts, t: number, host: Host, channel: string, who: Principal, session: number): void {
  acts.clear(host, channel);
  if (channel === 'Security') acts.event(host, t, EVENTS.securityCleared, acts.subject(who, session));
  else
    acts.event(host, t, EVENTS.systemCleared, {
      SubjectUserName: who.name,
      SubjectDomainName: who.domain,
      Channel: channel,
      BackupPath: '',
    });
}

function* unix(acts: Acts, host: Host, o: LifeOptions): Process {
  const r = acts.world.random(`unix ${host.name}`);
  for (;;) {
    const t = acts.now + (-Math.log(1 - r.next()) * DAY) / Math.max(1, 12 * o.scale);
    if (t >= o.end) return;
    yield t;
    const pid = 900 + r.below(30_000);
    const what = r.next();
    if (what < 0.6) {
      acts.syslog(
        host,
        t,
        'CRON',
        pid,
        `pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)`,
        'auth.log',
      );
      acts.syslog(host, t + S, 'CRON', pid, `pam_unix(cron:session): session closed for user root`, 'auth.log');
    } else if (what < 0.7 && acts.world.administrators.length > 0) {
      const a = r.pick(acts.world.administrators);
      const port = acts.port(a.person.host);
      acts.connect(
        t - 0.3 * S,
        a.person.host,
        host,
        22,
        { bytesOut: 20_000, bytesIn: 90_000, seconds: 600, service: 'ssh' },
        { port },
      );
      acts.syslog(
        host,
        t,
        'sshd',
        pid,
        `Accepted publickey for ${a.person.name} from ${a.person.host.ip} port ${port} ssh2: ED25519 SHA256:${isoText(t).length}${a.person.sid.slice(-6)}`,
        'auth.log',
      );
      acts.syslog(
        host,
        t + 0.1 * S,
        'sshd',
        pid,
        `pam_unix(sshd:session): session opened for user ${a.person.name}(uid=1001) by (uid=0)`,
        'auth.log',
      );
      acts.syslog(
        host,
        t + 20 * S,
        'sudo',
        pid + 4,
        `${a.person.name} : TTY=pts/0 ; PWD=/home/${a.person.name} ; USER=root ; COMMAND=/usr/bin/${r.pick(['systemctl restart', 'journalctl -u', 'apt-get upgrade', 'tail -n 50'])} ${r.pick(PROGRAM_WORDS)}`,
        'auth.log',
      );
    } else if (what < 0.8) {
      const from = `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
      if (host.role === 'vpn_gateway')
        acts.syslog(
          host,
          t,
          'ocserv',
          pid,
          `worker: ${from} failed password for user '${r.pick(acts.world.people).name}'`,
          'ocserv.log',
        );
      else acts.syslog(host, t, 'systemd', 1, `Started ${r.pick(PROGRAM_WORDS)}.service.`);
    } else
      acts.syslog(
        host,
        t,
        'systemd',
        1,
        `${r.pick(['Starting', 'Started', 'Finished'])} ${r.pick(PROGRAM_WORDS)}-${r.pick(PROGRAM_WORDS)}.service.`,
      );
  }
}
