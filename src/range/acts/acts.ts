// What machines and people do, and the records that each of it leaves: at the host itself, at the other end, at the controller and at
// the sensor, each by its own clock and with its own chance of not being logged. Everyday life and intruders use the same acts: nothing
// in a record tells whose it is. Here: requests to our own web servers, mail and its administration; the rest is in the classes below.

import { EVENTS } from '../events.js';
import { guidOf, type Host, type Principal } from '../world.js';
import { isoText, S, two } from './common.js';
import { Logons } from './logons.js';

export { type Flow, isoText, type Session, type Settings, SYSTEM } from './common.js';

export class Acts extends Logons {
  /** A request to a web server of ours: IIS's record and the sensor's. */
  web(
    t: number,
    server: Host,
    client: Host | string,
    request: {
      method: string;
      path: string;
      query?: string;
      user?: string;
      agent: string;
      status: number;
      out?: number;
      in?: number;
      referer?: string;
      ms?: number;
      substatus?: number;
    },
  ): void {
    const agent = request.agent.replaceAll(' ', '+');
    this.line(
      `${server.name}/iis`,
      server,
      t,
      (u) =>
        `evidence/${server.name}/inetpub/logs/LogFiles/W3SVC1/u_ex${isoText(u).slice(2, 10).replaceAll('-', '')}.log`,
      (u) =>
        `#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: ${isoText(u).slice(0, 10)} 00:00:00\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n`,
      (u) =>
        `${isoText(u).slice(0, 10)} ${isoText(u).slice(11, 19)} ${server.ip} ${request.method} ${request.path} ${request.query ?? '-'} 443 ${request.user ?? '-'} ${this.ipOf(client)} ${agent} ${request.referer ?? '-'} ${request.status} ${request.substatus ?? 0} 0 ${Math.round(request.in ?? 900)} ${Math.round(request.out ?? 700)} ${request.ms ?? 5 + this.sensor.below(200)}\n`,
    );
    if (typeof client === 'string' || this.sensor.chance(0.25))
      this.connect(t - 0.02 * S, client, server, 443, {
        bytesOut: request.out ?? 700,
        bytesIn: request.in ?? 900,
        seconds: 0.2 + this.sensor.next() * 4,
        service: 'ssl',
      });
  }

  /** What Exchange's front end writes of a request that it proxied. */
  proxied(
    t: number,
    server: Host,
    r: {
      protocol: string;
      user: string;
      client: string;
      path: string;
      agent: string;
      status: number;
      mailbox: string;
      bytes: number;
    },
  ): void {
    this.line(
      `${server.name}/httpproxy/${r.protocol}`,
      server,
      t,
      (u) =>
        `evidence/${server.name}/Exchange/Logging/HttpProxy/${r.protocol}/HttpProxy_${isoText(u).slice(0, 10).replaceAll('-', '')}.LOG`,
      (u) =>
        `DateTime,RequestId,ServerHostName,UrlHost,UrlStem,Protocol,AuthenticationType,IsAuthenticated,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,Method,HttpStatus,BackEndStatus,RequestBytes,ResponseBytes,TotalRequestTime\n#Software: Microsoft Exchange Server\n#Version: 15.01.2507.016\n#Log-type: HttpProxy Logs\n#Date: ${isoText(u)}\n#Fields: DateTime,RequestId,ServerHostName,UrlHost,UrlStem,Protocol,AuthenticationType,IsAuthenticated,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,Method,HttpStatus,BackEndStatus,RequestBytes,ResponseBytes,TotalRequestTime\n`,
      (u) =>
        `${isoText(u)},${guidOf(this.sensor).slice(1, -1)},${server.name},${this.world.webName},${r.path},${r.protocol},${r.user === '' ? ',false,' : `${r.protocol === 'Owa' ? 'FBA' : 'Negotiate'},true,${r.user}`},${r.mailbox === '' ? '' : `SMTP:${r.mailbox}`},"${r.agent}",${r.client},POST,${r.status},${r.status},${700 + this.sensor.below(4000)},${Math.round(r.bytes)},${5 + this.sensor.below(900)}\n`,
    );
  }

  /** The mailbox audit: who did what in whose mailbox. */
  mailbox(
    t: number,
    server: Host,
    r: {
      owner: string;
      ownerName: string;
      who: string;
      logon: 'Owner' | 'Delegate' | 'Admin';
      operation: string;
      folder: string;
      subject: string;
      client: string;
      ip: string;
      items?: number;
    },
  ): void {
    this.line(
      `${server.name}/mailboxaudit`,
      server,
      t,
      (u) => `evidence/${server.name}/MailboxAudit/MailboxAudit-${isoText(u).slice(0, 7)}.csv`,
      () =>
        'LastAccessed,Operation,OperationResult,LogonType,FolderPathName,ItemSubject,ClientInfoString,ClientIPAddress,InternalLogonType,MailboxOwnerUPN,MailboxResolvedOwnerName,LogonUserDisplayName,ItemCount,OriginatingServer\n',
      (u) =>
        `${isoText(u)},${r.operation},Succeeded,${r.logon},"\\${r.folder}","${r.subject}","${r.client}",${r.ip},${r.logon},${r.owner},${r.ownerName},${r.who},${r.items ?? 1},${server.name}\n`,
    );
  }

  tracking(
    t: number,
    server: Host,
    sender: string,
    recipient: string,
    subject: string,
    bytes: number,
    event: 'RECEIVE' | 'DELIVER' | 'SEND',
    ip: string,
  ): void {
    this.line(
      `${server.name}/tracking`,
      server,
      t,
      (u) =>
        `evidence/${server.name}/Exchange/TransportRoles/Logs/MessageTracking/MSGTRK${isoText(u).slice(0, 10).replaceAll('-', '')}-1.LOG`,
      (u) =>
        `#Software: Microsoft Exchange Server\n#Version: 15.01.2507.016\n#Log-type: Message Tracking Log\n#Date: ${isoText(u)}\n#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source,event-id,internal-message-id,message-id,recipient-address,total-bytes,recipient-count,message-subject,sender-address,directionality\n`,
      (u) =>
        `${isoText(u)},${ip},,${server.ip},${server.name},${event === 'DELIVER' ? 'STOREDRIVER' : 'SMTP'},${event},${Math.floor(u / 1e5) % 1e9},<${guidOf(this.sensor).slice(1, -1)}@${server.fqdn}>,${recipient},${Math.round(bytes)},1,${subject},${sender},${sender.endsWith(this.world.webName.slice(5)) ? 'Originating' : 'Incoming'}\n`,
    );
  }

  /** A cmdlet of Exchange's management. */
  cmdlet(t: number, server: Host, who: Principal, name: string, parameters: string): void {
    this.event(server, t, EVENTS.exchangeCmdlet, {
      '*': [
        name,
        parameters,
        `${this.world.dns}/Users/${who.name}`,
        who.sid,
        who.sid,
        '',
        'Remote-ManagementShell-Unknown',
        String(2000 + (who.sid.length % 50)),
        '',
        '31',
        `00:00:00.${two(this.sensor.below(99))}`,
      ],
    });
  }
}
