// People: their days, programs, web, shares, mail, phones, and work from elsewhere.
import { type Acts } from '../acts/acts.js';
import { PROGRAM_WORDS } from '../names.js';
import type { Random } from '../random.js';
import type { Process } from '../simulation.js';
import { type Host, type Person, type Proc, S32, type World } from '../world.js';
import {
  BROWSERS,
  DAY,
  dayOf,
  docName,
  HOUR,
  isWorkday,
  type LifeOptions,
  OUTLOOK,
  PHONES,
  S,
  siteOf,
  times,
} from './common.js';

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

export function* person(acts: Acts, p: Person, o: LifeOptions): Process {
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
