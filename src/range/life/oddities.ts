// What looks like an intruder and is none.
import { type Acts } from '../acts/acts.js';
import { EVENTS } from '../events.js';
import type { Process } from '../simulation.js';
import { type Host, type Principal, S32 } from '../world.js';
import { DAY, dayOf, docName, HOUR, isWorkday, type LifeOptions, S } from './common.js';
import { homeAddress, mailUse } from './people.js';

/** What looks like an intruder and is none. */
export function* oddities(acts: Acts, o: LifeOptions): Process {
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
