// Processes, files, registry, services and tasks of one host.

import { EVENTS, type FieldText } from '../events.js';
import { guidOf, type Host, type Principal, type Proc, type Program, S32, sha256 } from '../world.js';
import { base, folder, S, type Session, SYSTEM_LOGON, sysmonTime } from './common.js';
import { Network } from './network.js';

export class Processes extends Network {
  readonly #hashes = new Map<string, string>();

  /** SHA-256 of the program at a path in a version: the same program is the same on every host. */
  hash(path: string, version = ''): string {
    const key = `${path.toLowerCase()}|${version}`;
    let h = this.#hashes.get(key);
    if (h === undefined) {
      h = sha256(`${this.world.seed}|${key}`).toUpperCase();
      if (this.#hashes.size > 50_000) this.#hashes.clear();
      this.#hashes.set(key, h);
    }
    return h;
  }

  protected nextPid(host: Host): number {
    host.pid += 4 * (1 + host.random.below(30));
    if (host.pid > 30_000) host.pid = 1200 + 4 * host.random.below(300);
    return host.pid;
  }

  /** A process that was there when the logs begin. */
  standing(host: Host, image: string, command = image, user = 'NT AUTHORITY\\SYSTEM', session = SYSTEM_LOGON): Proc {
    const key = `${image}|${user}`;
    let p = host.processes.get(key);
    if (p === undefined) {
      // What the system starts first has low numbers; the rest came when it came.
      const early =
        /\\(?:lsass|services|winlogon|svchost|userinit)\.exe$|^System$/.test(image) && host.random.chance(0.7);
      const pid = image === 'System' ? 4 : early ? 400 + 4 * host.random.below(900) : this.nextPid(host);
      p = { host, pid, guid: guidOf(host.random), image, command, user, session };
      host.processes.set(key, p);
    }
    return p;
  }

  services(host: Host): Proc {
    return this.standing(host, `${S32}services.exe`);
  }

  explorer(host: Host, s: Session): Proc {
    return this.standing(
      host,
      'C:\\Windows\\explorer.exe',
      'C:\\Windows\\Explorer.EXE',
      `${s.who.domain}\\${s.who.name}`,
      s.id,
    );
  }

  start(
    t: number,
    parent: Proc,
    image: string,
    command: string,
    options: {
      user?: Principal;
      session?: number;
      sha256?: string;
      program?: Program;
      integrity?: string;
      original?: string;
      ends?: number;
    } = {},
  ): Proc {
    const { host } = parent;
    this.nextPid(host);
    const session = options.session ?? parent.session;
    const user = options.user === undefined ? parent.user : `${options.user.domain}\\${options.user.name}`;
    const p: Proc = { host, pid: host.pid, guid: guidOf(host.random), image, command, user, session };
    if (host.linux) return p;
    const hash = options.sha256 ?? this.hash(image);
    const system = user.startsWith('NT AUTHORITY') || user.endsWith('$');
    const integrity = options.integrity ?? (system ? 'System' : 'Medium');
    this.sysmon(host, t, EVENTS.sysmonProcess, {
      ProcessGuid: p.guid,
      ProcessId: p.pid,
      Image: image,
      FileVersion: image.startsWith('C:\\Windows') ? '10.0.19041.1' : '-',
      Description: options.program?.product ?? '-',
      Product: options.program?.product ?? '-',
      Company: options.program?.company ?? '-',
      OriginalFileName:
        options.original ?? options.program?.original ?? (image.startsWith('C:\\Windows') ? base(image) : '-'),
      CommandLine: command,
      CurrentDirectory: system ? S32 : folder(image),
      User: user,
      LogonGuid: `{${sha256(`${host.name}${session}`).slice(0, 8)}-0000-4000-8000-${sha256(`${session}${host.name}`).slice(0, 12)}}`,
      LogonId: session,
      TerminalSessionId: system ? 0 : 1,
      IntegrityLevel: integrity,
      Hashes: `SHA256=${hash}`,
      ParentProcessGuid: parent.guid,
      ParentProcessId: parent.pid,
      ParentImage: parent.image,
      ParentCommandLine: parent.command,
      ParentUser: parent.user,
    });
    const [domain, name] = user.split('\\') as [string, string];
    this.event(host, t + 0.002 * S, EVENTS.process, {
      SubjectUserSid: system ? 'S-1-5-18' : (options.user?.sid ?? this.sidOf(name)),
      SubjectUserName: system ? host.account.name : name,
      SubjectDomainName: system ? host.account.domain : domain,
      SubjectLogonId: session,
      NewProcessId: p.pid,
      NewProcessName: image,
      TokenElevationType: integrity === 'Medium' ? '%%1938' : '%%1936',
      ProcessId: parent.pid,
      CommandLine: host.commandLines ? command : '',
      TargetUserSid: 'S-1-0-0',
      TargetUserName: '-',
      TargetDomainName: '-',
      TargetLogonId: 0,
      ParentProcessName: parent.image,
      MandatoryLabel: integrity === 'System' ? 'S-1-16-16384' : integrity === 'High' ? 'S-1-16-12288' : 'S-1-16-8192',
    });
    if (options.ends !== undefined) {
      this.sysmon(host, t + options.ends * S, EVENTS.sysmonEnd, {
        ProcessGuid: p.guid,
        ProcessId: p.pid,
        Image: image,
        User: user,
      });
    }
    return p;
  }

  readonly #sids = new Map<string, string>();
  sidOf(name: string): string {
    if (this.#sids.size === 0)
      for (const p of [
        ...this.world.people,
        ...this.world.administrators.map((a) => a.account),
        ...Object.values(this.world.services),
      ])
        this.#sids.set(p.name.toLowerCase(), p.sid);
    return this.#sids.get(name.toLowerCase()) ?? `${this.world.sid}-${1000 + (sha256(name).charCodeAt(0) % 90)}`;
  }

  know(p: Principal): void {
    this.sidOf('');
    this.#sids.set(p.name.toLowerCase(), p.sid);
  }

  // Files, registry, services, tasks

  file(t: number, proc: Proc, path: string): void {
    this.sysmon(proc.host, t, EVENTS.sysmonFile, {
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      Image: proc.image,
      TargetFilename: path,
      CreationUtcTime: sysmonTime(t + proc.host.skew),
      User: proc.user,
    });
  }

  fileTime(t: number, proc: Proc, path: string, to: number): void {
    this.sysmon(proc.host, t, EVENTS.sysmonFileTime, {
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      Image: proc.image,
      TargetFilename: path,
      CreationUtcTime: sysmonTime(to),
      PreviousCreationUtcTime: sysmonTime(t - 40 * S),
      User: proc.user,
    });
  }

  delete(t: number, proc: Proc, path: string, hash?: string): void {
    this.sysmon(proc.host, t, EVENTS.sysmonDelete, {
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      User: proc.user,
      Image: proc.image,
      TargetFilename: path,
      Hashes: `SHA256=${hash ?? this.hash(path, 'deleted')}`,
      IsExecutable: /\.(?:exe|dll|sys)$/i.test(path),
      Archived: true,
    });
  }

  registry(t: number, proc: Proc, key: string, details: string): void {
    this.sysmon(proc.host, t, EVENTS.sysmonRegistry, {
      EventType: 'SetValue',
      ProcessGuid: proc.guid,
      ProcessId: proc.pid,
      Image: proc.image,
      TargetObject: key,
      Details: details,
      User: proc.user,
    });
  }

  access(t: number, source: Proc, target: Proc, granted: number): void {
    this.sysmon(source.host, t, EVENTS.sysmonAccess, {
      SourceProcessGUID: source.guid,
      SourceProcessId: source.pid,
      SourceThreadId: source.pid + 12,
      SourceImage: source.image,
      TargetProcessGUID: target.guid,
      TargetProcessId: target.pid,
      TargetImage: target.image,
      GrantedAccess: granted,
      CallTrace: 'C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e',
      SourceUser: source.user,
      TargetUser: target.user,
    });
  }

  subject(who: Principal, session: number): Record<string, FieldText> {
    return {
      SubjectUserSid: who.sid,
      SubjectUserName: who.name,
      SubjectDomainName: who.domain,
      SubjectLogonId: session,
    };
  }

  service(
    t: number,
    host: Host,
    name: string,
    path: string,
    start: 'auto start' | 'demand start',
    who: Principal,
    session: number,
  ): void {
    this.event(host, t, EVENTS.serviceInstalled, {
      ServiceName: name,
      ImagePath: path,
      ServiceType: 'user mode service',
      StartType: start,
      AccountName: 'LocalSystem',
    });
    this.event(host, t + 0.01 * S, EVENTS.serviceInstalledAudit, {
      ...this.subject(who, session),
      ServiceName: name,
      ServiceFileName: path,
      ServiceType: 0x10,
      ServiceStartType: start === 'auto start' ? 2 : 3,
      ServiceAccount: 'LocalSystem',
    });
    this.registry(
      t + 0.02 * S,
      this.services(host),
      `HKLM\\System\\CurrentControlSet\\Services\\${name}\\ImagePath`,
      path,
    );
  }

  serviceState(t: number, host: Host, name: string, state: 'running' | 'stopped'): void {
    this.event(host, t, EVENTS.serviceState, { param1: name, param2: state });
  }

  task(t: number, host: Host, name: string, command: string, args: string, who: Principal, session: number): void {
    const content = `<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Triggers><CalendarTrigger/></Triggers><Principals><Principal id="Author"><UserId>S-1-5-18</UserId></Principal></Principals><Actions Context="Author"><Exec><Command>${command}</Command><Arguments>${args.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Arguments></Exec></Actions></Task>`;
    this.event(host, t, EVENTS.taskCreated, { ...this.subject(who, session), TaskName: name, TaskContent: content });
    this.event(host, t + 0.02 * S, EVENTS.taskRegistered, {
      TaskName: name,
      UserContext: `${who.domain}\\${who.name}`,
    });
  }

  taskRun(t: number, host: Host, name: string, action: string): void {
    this.event(host, t, EVENTS.taskRun, {
      TaskName: name,
      ActionName: action,
      TaskInstanceId: guidOf(host.random),
      EnginePID: 1200,
    });
  }

  taskGone(t: number, host: Host, name: string, who: Principal, session: number): void {
    this.event(host, t, EVENTS.taskDeleted, { ...this.subject(who, session), TaskName: name, TaskContent: '' });
    this.event(host, t + 0.02 * S, EVENTS.taskGone, { TaskName: name, UserName: `${who.domain}\\${who.name}` });
  }

  powershell(t: number, proc: Proc, script: string, path = ''): void {
    if (!proc.host.scriptBlocks) return;
    this.event(proc.host, t, EVENTS.scriptBlock, {
      MessageNumber: 1,
      MessageTotal: 1,
      ScriptBlockText: script,
      ScriptBlockId: guidOf(proc.host.random).slice(1, -1),
      Path: path,
    });
  }
}
