// What intruders do beside getting about: sessions from outside, covering of traces, theft. Every stage has variants that the seed
// chooses; they can be put together.
import { SYSTEM } from './acts/acts.js';
import { EVENTS } from './events.js';
import { clearLog } from './life/oddities.js';
import { docName } from './life/common.js';
import { vpn } from './life/people.js';
import type { Process } from './simulation.js';
import { guidOf, type Host, type Person, type Principal, type Proc } from './world.js';
import { Operator } from './operator.js';

export type { Method } from './operator.js';

const S = 1e6;
const DAY = 86_400e6;

export class Intruder extends Operator {
  // Sessions from outside

  proxy(): string {
    return this.r.pick(this.proxies);
  }

  /** One command through a web shell. */
  shell(server: Host, path: string, ip: string, worker: Proc, line: string, out = 300): Proc {
    const { acts } = this;
    const t = acts.now;
    acts.web(t, server, ip, {
      method: 'POST',
      path,
      agent: this.agent,
      status: 200,
      out: 400 + line.length,
      in: out,
      ms: 200 + this.r.below(2000),
    });
    this.book.touch(t, ip, 'webshell', server);
    return this.command(server, line, worker);
  }

  // Covering traces

  *clear(host: Host, channels: readonly string[]): Process {
    const { acts } = this;
    const proc = this.foothold.get(host)!;
    const who =
      proc.user.startsWith('NT') || proc.user.startsWith('IIS')
        ? SYSTEM
        : { name: proc.user.split('\\')[1]!, domain: this.world.domain, sid: acts.sidOf(proc.user.split('\\')[1]!) };
    for (const channel of channels) {
      this.command(host, `wevtutil cl ${channel}`);
      yield acts.now + S;
      clearLog(acts, acts.now, host, channel, who, proc.session);
      this.book.anti(acts.now, host, 'log_cleared', channel, [{ host, t: acts.now + 1 }]);
      yield acts.now + 5 * S;
    }
  }

  *cover(
    host: Host,
    kind: 'record_gap' | 'sensor_stopped' | 'audit_policy_changed' | 'file_deleted' | 'timestomp',
    path = '',
  ): Process {
    const { acts } = this;
    const proc = this.foothold.get(host)!;
    const t = acts.now;
    switch (kind) {
      case 'record_gap':
        if (acts.log(host, 'Security').removeBetween(t - 6 * 60 * S, t - 20 * S))
          this.book.anti(t, host, 'record_gap', 'Security', [this.at(host)]);
        break;
      case 'sensor_stopped':
        this.command(host, 'sc stop WinDefend');
        acts.event(host, t + 2 * S, EVENTS.defenderOff, {
          'Product Name': 'Microsoft Defender Antivirus',
          'Product Version': '4.18.2302.7',
        });
        this.book.anti(t, host, 'sensor_stopped', 'Microsoft Defender Antivirus', [this.at(host)]);
        break;
      case 'audit_policy_changed':
        this.command(host, 'auditpol /set /category:"Logon/Logoff" /success:disable /failure:disable');
        acts.event(host, t + 0.5 * S, EVENTS.auditPolicy, {
          ...acts.subject(SYSTEM, 0x3e7),
          CategoryId: '%%8273',
          SubcategoryId: '%%12544',
          SubcategoryGuid: '{0cce9215-69ae-11d9-bed3-505054503030}',
          AuditPolicyChanges: '%%8448, %%8450',
        });
        this.book.anti(t, host, 'audit_policy_changed', 'Logon', [this.at(host)]);
        break;
      case 'file_deleted': {
        const del = this.command(host, `del /f /q ${path}`);
        acts.delete(t + 0.3 * S, del, path);
        if (host.sysmon || host.commandLines) this.book.anti(t, host, 'file_deleted', path, [this.at(host)]);
        break;
      }
      default:
        acts.fileTime(t, proc, path, t - (200 + this.r.below(900)) * DAY);
        if (host.sysmon) this.book.anti(t, host, 'timestomp', path, [this.at(host)]);
    }
    yield acts.now + 10 * S;
  }

  // Theft

  /** Documents of a file or document server, packed and sent out. */
  *documents(from: Host, server: Host, who: Principal, destination: string): Process {
    const { acts, r } = this;
    const proc = this.foothold.get(from)!;
    const s = acts.reach(acts.now, from, server, who, { proc, bytesIn: 4e8 + r.next() * 2e9, seconds: 1200 });
    this.book.host(acts.now, server, 'accessed', [this.at(server)]);
    this.abuse(who, [this.at(server)]);
    const share = r.pick(['Research', 'Legal', 'Management', 'Engineering']);
    for (let i = 0; i < 30 + r.below(60); i++) {
      acts.share(
        acts.now,
        s,
        share,
        `${r.pick(['current', 'archive', 'team'])}\\${docName(r)}.${r.pick(['docx', 'pdf', 'xlsx'])}`,
      );
      yield acts.now + (1 + r.below(12)) * S;
    }
    const archive = `C:\\ProgramData\\${this.word()}.${r.pick(['cab', 'dat', '7z', 'zip'])}`;
    const tool = `C:\\ProgramData\\${this.word()}.exe`;
    const packer = acts.start(
      acts.now,
      proc,
      tool,
      `${tool} a -hp -v200m ${archive} C:\\ProgramData\\${this.word()}\\*`,
      { ends: 120, original: r.pick(['Rar.exe', '7za.exe']), sha256: acts.hash('packer', String(r.below(5))) },
    );
    acts.file(acts.now + 30 * S, packer, archive);
    yield* this.pause(300, 2400);
    if (r.chance(0.15)) {
      // Piece by piece in names that are asked for.
      const pieces = 150 + r.below(250);
      for (let i = 0; i < pieces; i++) {
        acts.dns(
          acts.now,
          from,
          `${guidOf(r).slice(1, -1).replaceAll('-', '')}.${i.toString(36)}.${destination}`,
          `198.18.${r.below(256)}.${1 + r.below(254)}`,
          proc,
        );
        yield acts.now + (0.5 + r.next() * 5) * S;
      }
      this.book.theft(acts.now, from, `documents of ${server.name}\\${share}`, 'dns', destination, pieces * 16);
      yield* this.cover(from, 'file_deleted', archive);
      return;
    }
    const bytes = Math.round(2e8 + r.next() * 8e8);
    acts.https(acts.now, from, destination, { bytesOut: bytes, bytesIn: 90_000, seconds: 600 + r.below(1800) }, proc, {
      direct: from.role !== 'workstation',
    });
    this.book.theft(acts.now, from, `documents of ${server.name}\\${share}`, 'https', destination, bytes);
    yield* this.pause(900, 1800);
    yield* this.cover(from, 'file_deleted', archive);
  }

  /** One mailbox. `ip`: where the session comes from, if it is one. */
  *mailbox(
    mail: Host,
    owner: Person,
    who: Principal,
    method: 'export' | 'impersonation' | 'delegate' | 'owner_session' | 'search',
    ip: string,
  ): Process {
    const { acts, r } = this;
    const t = acts.now;
    const user = (p: { domain: string; name: string }): string => `${p.domain}\\${p.name}`;
    const request = (
      u: number,
      protocol: 'Owa' | 'Ews',
      path: string,
      query: string,
      as: Principal,
      bytes: number,
    ): void => {
      acts.web(u, mail, ip, {
        method: 'POST',
        path,
        query,
        user: user(as),
        agent: protocol === 'Ews' ? 'ExchangeServicesClient/15.00.0913.015' : this.agent,
        status: 200,
        in: bytes,
      });
      acts.proxied(u, mail, {
        protocol,
        user: user(as),
        client: ip,
        path,
        agent: protocol === 'Ews' ? 'ExchangeServicesClient/15.00.0913.015' : this.agent,
        status: 200,
        mailbox: owner.mailbox,
        bytes,
      });
      this.book.touch(u, ip, protocol.toLowerCase(), mail);
    };
    const audit = (
      u: number,
      operation: string,
      folder: string,
      logon: 'Owner' | 'Delegate' | 'Admin',
      whoName: string,
      client: string,
      from: string,
    ): void =>
      acts.mailbox(u, mail, {
        owner: owner.upn,
        ownerName: owner.full,
        who: whoName,
        logon,
        operation,
        folder,
        subject: '',
        client,
        ip: from,
        items: 1 + r.below(300),
      });
    switch (method) {
      case 'export': {
        const path = `C:\\ProgramData\\${this.word()}${r.below(90)}.pst`;
        acts.cmdlet(
          t,
          mail,
          who,
          'New-MailboxExportRequest',
          `-Mailbox "${owner.name}" -FilePath "\\\\127.0.0.1\\C$\\${path.slice(3)}"`,
        );
        audit(
          t + 40 * S,
          'FolderBind',
          'Inbox',
          'Admin',
          'Microsoft Exchange Mailbox Replication',
          'Client=MSExchangeMigration',
          mail.ip,
        );
        acts.file(
          t + 60 * S,
          acts.standing(
            mail,
            'C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Bin\\MSExchangeMailboxReplication.exe',
          ),
          path,
        );
        this.exported.push(path);
        yield* this.pause(900, 3000);
        acts.cmdlet(
          acts.now,
          mail,
          who,
          'Remove-MailboxExportRequest',
          `-Identity "${owner.name}\\MailboxExport" -Confirm:$False`,
        );
        this.book.anti(acts.now, mail, 'other', `export request of ${owner.name}`, [this.at(mail)]);
        break;
      }
      case 'impersonation':
        for (let i = 0; i < 6 + r.below(20); i++) {
          request(acts.now, 'Ews', '/EWS/Exchange.asmx', '-', who, 90_000 + r.below(3_000_000));
          if (i % 4 === 0)
            audit(
              acts.now + S,
              'MailItemsAccessed',
              r.pick(['Inbox', 'Sent Items', 'Archive']),
              'Admin',
              who.name,
              'Client=WebServices;ExchangeServicesClient/15.00',
              ip,
            );
          yield acts.now + (4 + r.below(60)) * S;
        }
        break;
      case 'delegate':
        acts.cmdlet(
          t,
          mail,
          who,
          'Add-MailboxPermission',
          `-Identity "${owner.name}" -User "${who.name}" -AccessRights "FullAccess" -AutoMapping "False"`,
        );
        this.book.persistence(t, mail, 'other', `FullAccess to ${owner.name}`, [this.at(mail)]);
        yield* this.pause(60, 300);
        for (let i = 0; i < 5 + r.below(12); i++) {
          request(acts.now, 'Owa', '/owa/service.svc', 'action=GetItem', who, 20_000 + r.below(900_000));
          if (i % 3 === 0)
            audit(acts.now + S, 'FolderBind', r.pick(['Inbox', 'Sent Items']), 'Delegate', who.name, 'Client=OWA;', ip);
          yield acts.now + (20 + r.below(120)) * S;
        }
        break;
      case 'owner_session':
        this.abuse(owner, [null]);
        acts.web(acts.now, mail, ip, {
          method: 'POST',
          path: '/owa/auth.owa',
          agent: this.agent,
          status: 302,
          in: 700,
        });
        this.book.touch(acts.now, ip, 'owa', mail);
        acts.logon(acts.now + 0.3 * S, mail, owner, 3, mail, { ends: 2000, ntlm: false, port: 0 });
        yield acts.now + 3 * S;
        for (let i = 0; i < 6 + r.below(14); i++) {
          request(
            acts.now,
            'Owa',
            '/owa/service.svc',
            `action=${r.pick(['GetItem', 'FindConversation', 'GetFileAttachment'])}`,
            owner,
            20_000 + r.below(900_000),
          );
          if (i % 4 === 0) audit(acts.now + S, 'MailItemsAccessed', 'Inbox', 'Owner', owner.full, 'Client=OWA;', ip);
          yield acts.now + (15 + r.below(90)) * S;
        }
        break;
      default:
        acts.cmdlet(
          t,
          mail,
          who,
          'Search-Mailbox',
          `-Identity "${owner.name}" -SearchQuery "subject:${r.pick(['contract', 'budget', 'strategy', 'tender'])}" -TargetMailbox "${who.name}" -TargetFolder "${this.word()}"`,
        );
        audit(t + 20 * S, 'SearchQueryInitiated', 'Inbox', 'Admin', who.name, 'Client=Management', mail.ip);
        yield acts.now + 60 * S;
    }
    if (method !== 'owner_session') this.abuse(who, [this.at(mail), null]);
    this.book.mailbox(t, owner, method);
    yield acts.now + 10 * S;
  }
  readonly exported: string[] = [];

  /** A VPN session with a stolen account; gives the address inside. */
  vpnSession(who: Principal, seconds: number, ip: string): string {
    const { acts } = this;
    const gw = this.world.byRole('vpn_gateway')[0]!;
    const inside = gw.ip.replace(/\.\d+\.\d+$/, `.${9}.${20 + this.r.below(200)}`);
    vpn(acts, acts.now, who.name, ip, inside, acts.now + seconds * S);
    this.book.touch(acts.now, ip, 'vpn', gw);
    this.book.touch(acts.now + seconds * S, ip, 'vpn', gw);
    this.abuse(who, [null]);
    return inside;
  }
}
