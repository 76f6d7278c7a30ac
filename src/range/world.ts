// An enterprise: its machines, people, programs and networks. All of it comes from the seed; nothing in it knows of any intrusion.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { COMPANIES, DEPARTMENTS, EXECUTIVES, FIRST, LAST, PROGRAM_WORDS, VENDORS } from './names.js';
import { type Random, random } from './random.js';

export type Role =
  | 'domain_controller'
  | 'mail_server'
  | 'file_server'
  | 'document_server'
  | 'database_server'
  | 'update_server'
  | 'jump_host'
  | 'backup_server'
  | 'scanner'
  | 'monitoring'
  | 'vpn_gateway'
  | 'proxy'
  | 'linux_server'
  | 'workstation';

export interface Principal {
  readonly name: string;
  readonly domain: string;
  readonly sid: string;
}

export interface Host {
  readonly name: string;
  readonly fqdn: string;
  readonly role: Role;
  readonly linux: boolean;
  readonly laptop: boolean;
  ip: string;
  /** What its administrators made it log. */
  readonly sysmon: boolean;
  readonly commandLines: boolean;
  readonly scriptBlocks: boolean;
  /** Microseconds that its clock is ahead. */
  readonly skew: number;
  /** Its own account in the domain. */
  readonly account: Principal;
  pid: number;
  logon: number;
  port: number;
  /** The processes that are always there, by name. */
  readonly processes: Map<string, Proc>;
  readonly random: Random;
}

export interface Proc {
  readonly host: Host;
  readonly pid: number;
  readonly guid: string;
  readonly image: string;
  readonly command: string;
  readonly user: string;
  readonly session: number;
}

export interface Person extends Principal {
  readonly full: string;
  readonly upn: string;
  readonly mailbox: string;
  readonly department: string;
  readonly title: string;
  readonly executive: boolean;
  readonly administrator: boolean;
  /** Hours after midnight UTC that the day begins, and how long it is. */
  readonly begins: number;
  readonly hours: number;
  readonly host: Host;
  /** Whose mailbox this person may open. */
  readonly delegateOf: Person[];
  readonly random: Random;
}

export interface Program {
  readonly image: string;
  readonly command: string;
  readonly product: string;
  readonly company: string;
  readonly original: string;
}

export interface World {
  readonly seed: number;
  readonly domain: string;
  readonly dns: string;
  readonly sid: string;
  readonly hosts: Host[];
  readonly people: Person[];
  readonly administrators: readonly { readonly person: Person; readonly account: Principal }[];
  readonly services: {
    readonly backup: Principal;
    readonly scanner: Principal;
    readonly mail: Principal;
    readonly update: Principal;
  };
  readonly byRole: (role: Role) => Host[];
  readonly workstations: readonly Host[];
  readonly office: readonly Program[];
  readonly system: readonly Program[];
  /** Vendors' programs that are installed on machines and updated: one is updated by the enterprise's own server. */
  readonly vendors: readonly {
    readonly vendor: string;
    readonly product: string;
    readonly folder: string;
    readonly exe: string;
  }[];
  /** Egress by a proxy that logs, or direct. */
  readonly proxied: boolean;
  readonly webName: string;
  readonly random: (name: string) => Random;
}

export const S32 = 'C:\\Windows\\System32\\';

/** A seed of its own for everything that has a name: adding one thing changes no other. */
export const seeded = (seed: number, name: string): Random =>
  random((crc32(`${seed}|${name}`) ^ Math.imul(seed + 1, 0x9e3779b1)) >>> 0);

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** `{xxxxxxxx-xxxx-4xxx-…}` */
export function guidOf(r: Random): string {
  const h = (): string => r.below(65536).toString(16).padStart(4, '0');
  return `{${h()}${h()}-${h()}-4${h().slice(1)}-${(8 + r.below(4)).toString(16)}${h().slice(1)}-${h()}${h()}${h()}}`;
}

export interface WorldOptions {
  readonly seed: number;
  readonly hosts: number;
}

export function makeWorld({ seed, hosts: count }: WorldOptions): World {
  const r = seeded(seed, 'world');
  const company = r.pick(COMPANIES);
  const dns = `${r.chance(0.5) ? 'corp.' : r.chance(0.5) ? 'ad.' : ''}${company}.example`;
  const domain = (r.chance(0.6) ? company : company.slice(0, 5)).toUpperCase();
  const sid = `S-1-5-21-${r.below(2 ** 31)}-${r.below(2 ** 31)}-${r.below(2 ** 31)}`;
  const net = 10;
  const site = 16 + r.below(200);
  const style = r.below(4);
  const short = company.slice(0, 2 + r.below(2)).toUpperCase();
  const sysmonServers = 0.85 + r.next() * 0.15;
  const sysmonClients = 0.7 + r.next() * 0.3;
  const hosts: Host[] = [];
  const byNumber = new Map<Role, number>();
  let rid = 1100 + r.below(50);
  const nextRid = (): string => `${sid}-${(rid += 1 + r.below(4))}`;
  const CODE: Record<Role, readonly string[]> = {
    domain_controller: ['DC', 'DC', 'ADC', 'DC'],
    mail_server: ['MAIL', 'EX', 'MX', 'EXCH'],
    file_server: ['FS', 'FILE', 'NAS', 'FIL'],
    document_server: ['DOC', 'ECM', 'DMS', 'DOCS'],
    database_server: ['SQL', 'DB', 'DBS', 'SQL'],
    update_server: ['UPD', 'DEPLOY', 'SW', 'PKG'],
    jump_host: ['JMP', 'ADM', 'PAW', 'JUMP'],
    backup_server: ['BKP', 'BACKUP', 'BUR', 'BK'],
    scanner: ['SCAN', 'VULN', 'SEC', 'SCN'],
    monitoring: ['MON', 'NMS', 'OPS', 'MON'],
    vpn_gateway: ['VPN', 'GW', 'RAS', 'VPN'],
    proxy: ['PRX', 'PROXY', 'WEB', 'PX'],
    linux_server: ['LNX', 'APP', 'LX', 'SRV'],
    workstation: ['WS', 'PC', 'CL', 'LT'],
  };
  const add = (role: Role): Host => {
    const n = (byNumber.get(role) ?? 0) + 1;
    byNumber.set(role, n);
    const code = CODE[role][style]!;
    const digits = role === 'workstation' ? String(count > 900 ? 1000 + n : 100 + n) : String(n).padStart(2, '0');
    const name = style % 2 === 0 ? `${short}-${code}${digits}` : `${short}${code}${digits}`;
    const linux = role === 'vpn_gateway' || role === 'proxy' || role === 'linux_server' || role === 'monitoring';
    const server = role !== 'workstation';
    const index = hosts.length;
    const own = seeded(seed, `host ${name}`);
    const ip = server
      ? `${net}.${site}.1.${10 + index}`
      : `${net}.${site}.${10 + Math.floor(n / 200)}.${20 + (n % 200)}`;
    const host: Host = {
      name: linux ? name.toLowerCase() : name,
      fqdn: linux ? `${name.toLowerCase()}.${dns}` : `${name}.${dns}`,
      role,
      linux,
      laptop: !server && own.chance(0.4),
      ip,
      sysmon: !linux && own.chance(server ? sysmonServers : sysmonClients),
      commandLines: own.chance(0.7),
      scriptBlocks: own.chance(server ? 0.9 : 0.6),
      skew: Math.round((own.next() - 0.5) * 1.2e6 + (own.chance(0.06) ? (own.next() - 0.4) * 90e6 : 0)),
      account: { name: `${name}$`, domain, sid: nextRid() },
      pid: 1600 + 4 * own.below(6000),
      logon: 0x20000 + own.below(0x400000),
      port: 49152 + own.below(14000),
      processes: new Map(),
      random: own,
    };
    hosts.push(host);
    return host;
  };
  // Small enterprises have one machine for several roles' worth of servers; large ones have several of a kind.
  const wanted: [Role, number][] = [
    ['domain_controller', count >= 30 ? (count >= 1500 ? 4 : 2) : 1],
    ['mail_server', count >= 2000 ? 2 : 1],
    ['file_server', count >= 300 ? 3 : 1],
    ['document_server', 1],
    ['database_server', count >= 50 ? 2 : count >= 14 ? 1 : 0],
    ['update_server', count >= 14 ? 1 : 0],
    ['jump_host', count >= 25 ? 1 : 0],
    ['backup_server', count >= 14 ? 1 : 0],
    ['scanner', count >= 30 ? 1 : 0],
    ['monitoring', count >= 30 ? 1 : 0],
    ['vpn_gateway', 1],
    ['proxy', 1],
    ['linux_server', count >= 40 ? 2 + Math.floor(count / 200) : 0],
  ];
  for (const [role, n] of wanted) for (let i = 0; i < n; i++) add(role);
  while (hosts.length < count) add('workstation');
  const workstations = hosts.filter((h) => h.role === 'workstation');

  const used = new Set<string>();
  const scheme = r.below(3);
  const person = (host: Host, executive: string | null, administrator: boolean): Person => {
    let full: string;
    let sam: string;
    do {
      const first = r.pick(FIRST);
      const last = r.pick(LAST);
      full = `${first} ${last}`;
      sam = (
        scheme === 0 ? `${first[0]}.${last}` : scheme === 1 ? `${first}.${last}` : `${last.slice(0, 6)}${first[0]}`
      ).toLowerCase();
      if (used.has(sam)) sam += String(2 + r.below(90));
    } while (used.has(sam));
    used.add(sam);
    const [department, titles] = administrator
      ? (['IT', ['System Administrator', 'IT Engineer']] as const)
      : r.pick(DEPARTMENTS);
    return {
      name: sam,
      domain,
      sid: nextRid(),
      full,
      upn: `${sam}@${dns}`,
      mailbox: `${full.toLowerCase().replace(' ', '.')}@${company}.example`,
      department: executive === null ? department : 'Management',
      title: executive ?? r.pick(titles as readonly string[]),
      executive: executive !== null,
      administrator,
      begins: 6.4 + r.next() * 2.6,
      hours: 7 + r.next() * 2.2,
      host,
      delegateOf: [],
      random: seeded(seed, `person ${sam}`),
    };
  };
  const executives = EXECUTIVES.slice(0, Math.max(2, Math.min(EXECUTIVES.length, Math.floor(workstations.length / 6))));
  const admins = Math.max(1, Math.min(12, Math.round(workstations.length / 30)));
  const people = workstations.map((h, i) =>
    person(h, executives[i] ?? null, i >= executives.length && i < executives.length + admins),
  );
  // Executives have assistants who open their mail all day.
  const others = people.filter((p) => !p.executive && !p.administrator);
  for (const p of people)
    if (p.executive && others.length > 0 && p.random.chance(0.6)) p.random.pick(others).delegateOf.push(p);

  const service = (name: string): Principal => ({ name, domain, sid: nextRid() });
  const prefix = r.pick(['svc-', 'svc_', 'sa-', 'app.']);
  const vendors = Array.from({ length: 6 }, () => {
    const vendor = r.pick(VENDORS);
    const a = r.pick(PROGRAM_WORDS);
    const b = r.pick(PROGRAM_WORDS);
    const product = `${vendor} ${a[0]!.toUpperCase()}${a.slice(1)} ${b[0]!.toUpperCase()}${b.slice(1)}`;
    return { vendor, product, folder: `C:\\Program Files\\${vendor}\\${a}${b}\\`, exe: `${a}${b}.exe` };
  });
  const program = (image: string, args: string, product: string, companyName: string): Program => ({
    image,
    command: args === '' ? `"${image}"` : `"${image}" ${args}`,
    product,
    company: companyName,
    original: image.slice(image.lastIndexOf('\\') + 1),
  });
  const office16 = 'C:\\Program Files\\Microsoft Office\\root\\Office16\\';
  const MS = 'Microsoft Corporation';
  const index = new Map<Role, Host[]>();
  for (const h of hosts) index.set(h.role, [...(index.get(h.role) ?? []), h]);
  return {
    seed,
    domain,
    dns,
    sid,
    hosts,
    people,
    administrators: people
      .filter((p) => p.administrator)
      .map((p) => ({
        person: p,
        account: { name: `${r.pick(['adm-', 'a-', 'da.'])}${p.name}`, domain, sid: nextRid() },
      })),
    services: {
      backup: service(`${prefix}backup`),
      scanner: service(`${prefix}scan`),
      mail: service(`${prefix}mailarchive`),
      update: service(`${prefix}deploy`),
    },
    byRole: (role) => index.get(role) ?? [],
    workstations,
    office: [
      program(`${office16}OUTLOOK.EXE`, '', 'Microsoft Outlook', MS),
      program(`${office16}WINWORD.EXE`, '/n "S:\\Shared\\{doc}.docx" /o ""', 'Microsoft Word', MS),
      program(`${office16}EXCEL.EXE`, '"S:\\Shared\\{doc}.xlsx"', 'Microsoft Excel', MS),
      program(`${office16}POWERPNT.EXE`, '"S:\\Shared\\{doc}.pptx" /ou ""', 'Microsoft PowerPoint', MS),
      program(
        'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
        '-osint -url "https://{site}/"',
        'Firefox',
        'Mozilla Corporation',
      ),
      program(
        'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
        '--single-argument https://{site}/',
        'Microsoft Edge',
        MS,
      ),
      program(`${S32}notepad.exe`, 'C:\\Users\\{user}\\Documents\\{doc}.txt', 'Windows', MS),
      program(
        'C:\\Program Files\\7-Zip\\7zG.exe',
        'a -i#7zMap{n}#7zMap -t7z -sae -- "S:\\Shared\\{doc}.7z"',
        '7-Zip',
        'Igor Pavlov',
      ),
      program(
        'C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\Acrobat.exe',
        '"S:\\Shared\\{doc}.pdf"',
        'Adobe Acrobat',
        'Adobe Inc.',
      ),
      ...vendors.slice(0, 2).map((v) => program(v.folder + v.exe, '', v.product, v.vendor)),
    ],
    system: [
      program(`${S32}svchost.exe`, '-k netsvcs -p -s Schedule', 'Windows', MS),
      program(`${S32}taskhostw.exe`, '', 'Windows', MS),
      program(`${S32}backgroundTaskHost.exe`, '-ServerName:App.AppX{n}.mca', 'Windows', MS),
      program(`${S32}wbem\\WmiPrvSE.exe`, '-secured -Embedding', 'Windows', MS),
      program(`${S32}conhost.exe`, '0xffffffff -ForceV1', 'Windows', MS),
      program(`${S32}SearchProtocolHost.exe`, 'Global\\UsGthrFltPipeMssGthrPipe{n}_', 'Windows', MS),
      program(`${S32}dllhost.exe`, '/Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}', 'Windows', MS),
      program(
        'C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.2302.7-0\\MpCmdRun.exe',
        'SignatureUpdate -ScheduleJob -RestrictPrivileges',
        'Windows',
        MS,
      ),
    ],
    vendors,
    proxied: r.chance(0.6),
    webName: `mail.${company}.example`,
    random: (name) => seeded(seed, name),
  };
}
