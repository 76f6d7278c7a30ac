// Logons: at the target, at the controller, at the source, and the connection that they come by; shares.

import { EVENTS } from '../events.js';
import { guidOf, type Host, type Principal, type Proc, S32 } from '../world.js';
import { S, type Session, SYSTEM_LOGON } from './common.js';
import { Processes } from './processes.js';

export class Logons extends Processes {
  controller(host: Host): Host {
    const all = this.world.byRole('domain_controller');
    return all[host.account.sid.charCodeAt(host.account.sid.length - 1) % all.length]!;
  }

  /** Kerberos or NTLM at the controller, from where the account is used. */
  #authenticate(
    t: number,
    who: Principal,
    from: Host | string,
    target: Host,
    ntlm: boolean,
    guid: string,
    fresh: boolean,
  ): void {
    const dc = this.controller(target);
    const upper = this.world.dns.toUpperCase();
    if (ntlm || typeof from === 'string') {
      this.event(dc, t - 0.01 * S, EVENTS.validation, {
        PackageName: 'MICROSOFT_AUTHENTICATION_PACKAGE_V1_0',
        TargetUserName: who.name,
        Workstation: typeof from === 'string' ? '' : from.name,
        Status: 0,
      });
      return;
    }
    const ip = from === dc ? '::1' : `::ffff:${from.ip}`;
    if (fresh) {
      const { port } =
        from === dc
          ? { port: 0 }
          : this.connect(
              t - 0.06 * S,
              from,
              dc,
              88,
              { bytesOut: 1500, bytesIn: 1600, seconds: 0.01, service: 'krb_tcp' },
              { proc: this.standing(from, `${S32}lsass.exe`) },
            );
      this.event(dc, t - 0.05 * S, EVENTS.ticket, {
        TargetUserName: who.name,
        TargetDomainName: this.world.domain,
        TargetSid: who.sid,
        ServiceName: 'krbtgt',
        ServiceSid: `${this.world.sid}-502`,
        TicketOptions: 0x40810010,
        Status: 0,
        TicketEncryptionType: 0x12,
        PreAuthType: '2',
        IpAddress: ip,
        IpPort: String(port),
      });
    }
    const { port } =
      from === dc
        ? { port: 0 }
        : this.connect(
            t - 0.03 * S,
            from,
            dc,
            88,
            { bytesOut: 1700, bytesIn: 1700, seconds: 0.01, service: 'krb_tcp' },
            { proc: this.standing(from, `${S32}lsass.exe`) },
          );
    this.event(dc, t - 0.02 * S, EVENTS.serviceTicket, {
      TargetUserName: `${who.name}@${upper}`,
      TargetDomainName: upper,
      ServiceName: target.account.name,
      ServiceSid: target.account.sid,
      TicketOptions: 0x40810000,
      TicketEncryptionType: 0x12,
      IpAddress: ip,
      IpPort: String(port),
      Status: 0,
      LogonGuid: guid,
      TransmittedServices: '-',
    });
  }

  /**
   * A successful logon. `from`: the host or address that it comes from (null: at the machine). Gives the session; `ends` seconds
   * later it is over.
   */
  logon(
    t: number,
    host: Host,
    who: Principal,
    type: 2 | 3 | 4 | 5 | 7 | 10 | 11,
    from: Host | string | null,
    options: {
      ends?: number;
      elevated?: boolean;
      ntlm?: boolean;
      port?: number;
      proc?: Proc | undefined;
      explicit?: Session | undefined;
      fresh?: boolean;
      service?: number;
    } = {},
  ): Session {
    host.logon += 0x11 + host.random.below(0x600);
    const remote = from !== null && from !== host;
    const ntlm = options.ntlm ?? typeof from === 'string';
    const guid = ntlm ? '{00000000-0000-0000-0000-000000000000}' : guidOf(host.random);
    const s: Session = { host, who, id: host.logon, guid, type, from };
    if (host.linux) return s;
    const source: Host = from === null || typeof from === 'string' ? host : from;
    if (who.domain === this.world.domain && type !== 5 && type !== 4)
      this.#authenticate(
        t,
        who,
        typeof from === 'string' ? from : source,
        host,
        ntlm,
        guid,
        options.fresh ?? host.random.chance(0.3),
      );
    if (options.explicit !== undefined && typeof from === 'object' && from !== null) {
      this.event(from, t - 0.04 * S, EVENTS.explicit, {
        ...this.subject(options.explicit.who, options.explicit.id),
        LogonGuid: options.explicit.guid,
        TargetUserName: who.name,
        TargetDomainName: who.domain,
        TargetLogonGuid: guid,
        TargetServerName: host.fqdn,
        TargetInfo: host.fqdn,
        ProcessId: options.proc?.pid ?? 0x2f4,
        ProcessName: options.proc?.image ?? `${S32}svchost.exe`,
        IpAddress: '-',
        IpPort: '-',
      });
    }
    const system = type === 2 || type === 4 || type === 5 || type === 10 || type === 7 || type === 11;
    this.event(host, t, EVENTS.logon, {
      ...(system
        ? {
            SubjectUserSid: 'S-1-5-18',
            SubjectUserName: host.account.name,
            SubjectDomainName: this.world.domain,
            SubjectLogonId: SYSTEM_LOGON,
          }
        : { SubjectUserSid: 'S-1-0-0', SubjectUserName: '-', SubjectDomainName: '-', SubjectLogonId: 0 }),
      TargetUserSid: who.sid,
      TargetUserName: who.name,
      TargetDomainName: who.domain,
      TargetLogonId: s.id,
      LogonType: type,
      LogonProcessName:
        type === 3 ? (ntlm ? 'NtLmSsp ' : 'Kerberos') : type === 4 || type === 5 ? 'Advapi  ' : 'User32 ',
      AuthenticationPackageName: type === 3 ? (ntlm ? 'NTLM' : 'Kerberos') : 'Negotiate',
      WorkstationName: type === 3 ? (ntlm && typeof from === 'object' && from !== null ? from.name : '-') : host.name,
      LogonGuid: guid,
      TransmittedServices: '-',
      LmPackageName: ntlm && type === 3 ? 'NTLM V2' : '-',
      KeyLength: ntlm && type === 3 ? 128 : 0,
      ProcessId: type === 3 ? 0 : 0x2f4,
      ProcessName: type === 3 ? '-' : `${S32}svchost.exe`,
      IpAddress: remote ? this.ipOf(from) : type === 2 || type === 7 || type === 11 ? '127.0.0.1' : '-',
      IpPort: remote && type === 3 ? String(options.port ?? 0) : remote || type === 2 ? '0' : '-',
    });
    if (options.elevated === true)
      this.event(host, t + 0.001 * S, EVENTS.privileges, {
        ...this.subject(who, s.id),
        PrivilegeList:
          'SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeDebugPrivilege',
      });
    if (type === 10 && from !== null) {
      this.event(host, t + 0.9 * S, EVENTS.remoteLogon, {
        User: `${who.domain}\\${who.name}`,
        SessionID: 2 + (s.id % 5),
        Address: this.ipOf(from),
      });
      this.event(host, t - 0.8 * S, EVENTS.remoteConnection, {
        Param1: who.name,
        Param2: who.domain,
        Param3: this.ipOf(from),
      });
    }
    if (options.ends !== undefined) this.logoff(t + options.ends * S, s);
    return s;
  }

  logoff(t: number, s: Session): void {
    const fields = {
      TargetUserSid: s.who.sid,
      TargetUserName: s.who.name,
      TargetDomainName: s.who.domain,
      TargetLogonId: s.id,
    };
    const at = (u: number): void => {
      if (s.type === 2 || s.type === 10) this.event(s.host, u, EVENTS.logoffUser, fields);
      this.event(s.host, u + 0.2 * S, EVENTS.logoff, { ...fields, LogonType: s.type });
      if (s.type === 10)
        this.event(s.host, u + 0.5 * S, EVENTS.remoteLogoff, {
          User: `${s.who.domain}\\${s.who.name}`,
          SessionID: 2 + (s.id % 5),
        });
    };
    at(t);
  }

  logonFailed(
    t: number,
    host: Host,
    name: string,
    from: Host | string | null,
    type: 2 | 3 | 10,
    unknown = false,
    port?: number,
  ): void {
    if (type === 3 && host.role !== 'domain_controller' && from !== null && typeof from !== 'string' && !unknown)
      this.event(this.controller(host), t - 0.02 * S, EVENTS.preauthFailed, {
        TargetUserName: name,
        TargetSid: this.sidOf(name),
        ServiceName: `krbtgt/${this.world.domain}`,
        TicketOptions: 0x40810010,
        Status: 0x18,
        PreAuthType: '2',
        IpAddress: `::ffff:${from.ip}`,
        IpPort: String(this.port(from)),
      });
    this.event(host, t, EVENTS.logonFailed, {
      ...(type === 3
        ? { SubjectUserSid: 'S-1-0-0', SubjectUserName: '-', SubjectDomainName: '-', SubjectLogonId: 0 }
        : {
            SubjectUserSid: 'S-1-5-18',
            SubjectUserName: host.account.name,
            SubjectDomainName: this.world.domain,
            SubjectLogonId: SYSTEM_LOGON,
          }),
      TargetUserSid: 'S-1-0-0',
      TargetUserName: name,
      TargetDomainName: this.world.domain,
      Status: 0xc000006d,
      FailureReason: '%%2313',
      SubStatus: unknown ? 0xc0000064 : 0xc000006a,
      LogonType: type,
      LogonProcessName: type === 3 ? 'NtLmSsp ' : 'User32 ',
      AuthenticationPackageName: type === 3 ? 'NTLM' : 'Negotiate',
      WorkstationName: from === null || typeof from === 'string' ? host.name : from.name,
      TransmittedServices: '-',
      LmPackageName: '-',
      KeyLength: 0,
      ProcessId: type === 3 ? 0 : 0x2f4,
      ProcessName: type === 3 ? '-' : `${S32}svchost.exe`,
      IpAddress: from === null ? '127.0.0.1' : this.ipOf(from),
      IpPort:
        from === null
          ? '0'
          : String(port ?? (typeof from === 'string' ? 40_000 + this.sensor.below(20_000) : this.port(from))),
    });
  }

  /** A network logon with its connection: what opening a share or a remote call begins with. */
  reach(
    t: number,
    from: Host,
    to: Host,
    who: Principal,
    options: {
      port?: number;
      proc?: Proc | undefined;
      elevated?: boolean;
      ntlm?: boolean;
      explicit?: Session | undefined;
      seconds?: number;
      bytesOut?: number;
      bytesIn?: number;
    } = {},
  ): Session {
    const dport = options.port ?? 445;
    const proc = options.proc ?? this.standing(from, 'System', '', 'NT AUTHORITY\\SYSTEM');
    const { port } = this.connect(
      t - 0.12 * S,
      from,
      to,
      dport,
      {
        bytesOut: options.bytesOut ?? 4000 + from.random.below(20_000),
        bytesIn: options.bytesIn ?? 4000 + from.random.below(90_000),
        seconds: options.seconds ?? 5 + from.random.below(200),
        service: dport === 445 ? 'smb,gssapi' : dport === 135 ? 'dce_rpc' : dport === 3389 ? 'rdp' : '-',
      },
      { proc, at: to.linux ? undefined : this.standing(to, dport === 445 ? 'System' : `${S32}svchost.exe`) },
    );
    return this.logon(t, to, who, 3, from, {
      ends: options.seconds ?? 5 + from.random.below(200),
      port,
      proc,
      ...(options.elevated === undefined ? {} : { elevated: options.elevated }),
      ...(options.ntlm === undefined ? {} : { ntlm: options.ntlm }),
      ...(options.explicit === undefined ? {} : { explicit: options.explicit }),
    });
  }

  share(t: number, s: Session, share: string, path: string | null, write = false): void {
    const ip = s.from === null ? '127.0.0.1' : this.ipOf(s.from);
    const local = share.endsWith('$')
      ? share === 'ADMIN$'
        ? '\\??\\C:\\Windows'
        : '\\??\\C:\\'
      : `\\??\\D:\\${share}`;
    const common = {
      ...this.subject(s.who, s.id),
      ObjectType: 'File',
      IpAddress: ip,
      IpPort: String(49152 + (s.id % 16_000)),
      ShareName: `\\\\*\\${share}`,
      ShareLocalPath: share === 'IPC$' ? '' : local,
      AccessMask: write ? 0x2 : 0x1,
    };
    if (path === null) this.event(s.host, t, EVENTS.share, { ...common, AccessList: '%%4416' });
    else
      this.event(s.host, t, EVENTS.shareFile, {
        ...common,
        RelativeTargetName: path,
        AccessList: write ? '%%4417' : '%%4416',
        AccessReason: '-',
      });
  }
}
