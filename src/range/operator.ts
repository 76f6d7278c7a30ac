// An intruder at work inside: what comes with them, what they plant, and how they get from host to host. Only log records come of it:
// command lines stand in them as public reports print them.
import { type Acts, type Session, SYSTEM } from './acts/acts.js';
import { EVENTS } from './events.js';
import { BROWSERS } from './life/common.js';
import { shellCommand } from './life/administration.js';
import { PROGRAM_WORDS, SITE_ENDS } from './names.js';
import type { Random } from './random.js';
import type { Process } from './simulation.js';
import type { TruthBook, Witness } from './truth.js';
import { guidOf, type Host, type Principal, type Proc, S32, type World } from './world.js';

const S = 1e6;
const HOUR = 3600e6;
const DAY = 86_400e6;

export type Method = 'smb_service' | 'scheduled_task' | 'wmi' | 'winrm' | 'rdp';

/** A family of implants: one program, brought to several hosts under one or two names. */
interface Family {
  readonly sha256: string;
  readonly names: readonly string[];
  readonly folders: readonly string[];
  readonly c2: string;
  readonly rhythm: { readonly hours: number; readonly jitter: number; readonly dns: boolean };
}

/** One intruder: where they come from, when they work, what they have in hand. */
export class Operator {
  readonly acts: Acts;
  readonly world: World;
  readonly r: Random;
  /** Chances of what fails, apart from those of what succeeds. */
  readonly probes: Random;
  readonly book: TruthBook;
  readonly end: number;
  readonly scale: number;
  /** Addresses of proxies, by country of their networks. */
  readonly proxies: readonly string[];
  /** Hours of the day (UTC) that the working day begins. */
  readonly begins: number;
  readonly agent: string;
  readonly families: readonly Family[];
  readonly foothold = new Map<Host, Proc>();
  /** Accounts in hand, the strongest last. */
  readonly accounts: Principal[] = [];
  readonly #beaconing = new Set<Host>();
  #word: number;

  constructor(
    acts: Acts,
    book: TruthBook,
    name: string,
    options: { end: number; scale: number; proxies: readonly string[] },
  ) {
    this.acts = acts;
    this.world = acts.world;
    this.book = book;
    this.r = acts.world.random(`intruder ${name}`);
    this.probes = acts.world.random(`probes of ${name}`);
    this.end = options.end;
    this.scale = options.scale;
    this.proxies = options.proxies;
    this.begins = this.r.below(24);
    this.agent = this.r.pick(BROWSERS);
    this.#word = this.r.below(1000);
    const { r } = this;
    this.families = Array.from({ length: 2 + r.below(2) }, (_, i): Family => {
      const word = this.word();
      const c2 = r.chance(0.75)
        ? `${r.pick(['cdn', 'api', 'status', 'sync', 'edge', 'telemetry'])}.${this.word()}${this.word()}.${r.pick(SITE_ENDS)}`
        : `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
      return {
        sha256: acts.hash(`${name} family ${i}`, word).toLowerCase(),
        names: [`${word}.exe`, `${this.word()}${r.pick(['svc', 'host', 'mon', '64', ''])}.exe`],
        folders: [
          r.pick([
            'C:\\ProgramData\\',
            'C:\\Windows\\Temp\\',
            'C:\\Users\\Public\\',
            'C:\\Windows\\Help\\',
            `C:\\ProgramData\\${r.pick(this.world.vendors).vendor}\\`,
            'C:\\PerfLogs\\',
          ]),
        ],
        c2,
        rhythm: {
          hours: i === 0 ? 1 + r.below(6) : 6 + r.below(30),
          jitter: 0.1 + r.next() * 0.3,
          dns: r.chance(0.2) && !/^\d/.test(c2),
        },
      };
    });
  }

  word(): string {
    return PROGRAM_WORDS[(this.#word += 7 + this.r.below(5)) % PROGRAM_WORDS.length]!;
  }

  /** The next time, from `days` on, at which this intruder works. */
  *workTime(days: number): Process {
    const { r } = this;
    for (;;) {
      const t = this.acts.now + days * DAY;
      const day = Math.floor(t / DAY) * DAY;
      let at = day + this.begins * HOUR + r.next() * 7 * HOUR;
      while (at < this.acts.now + 120 * S) at += DAY;
      const weekday = new Date(at / 1000).getUTCDay();
      if (weekday === 0 || weekday === 6) {
        if (r.chance(0.85)) at += (weekday === 6 ? 2 : 1) * DAY;
      }
      yield at;
      return;
    }
  }

  *pause(from: number, to: number): Process {
    yield this.acts.now + (from + this.r.next() * (to - from)) * S;
  }

  at(host: Host): Witness {
    return { host, t: this.acts.now };
  }

  controlled(host: Host, proc: Proc, witnesses: Witness[]): void {
    this.book.host(this.acts.now, host, 'controlled', witnesses);
    if (!this.foothold.has(host)) this.foothold.set(host, proc);
  }

  abuse(who: Principal, witnesses: Witness[], created = false): void {
    const privileged =
      this.world.administrators.some((a) => a.account === who) ||
      Object.values(this.world.services).includes(who) ||
      created;
    this.book.account(`${who.domain}\\${who.name}`, created ? 'created' : 'abused', privileged, witnesses);
  }

  // What an intruder does on a host

  command(host: Host, line: string, parent = this.foothold.get(host)!): Proc {
    this.book.host(this.acts.now, host, 'controlled', [this.at(host)]);
    return shellCommand(this.acts, this.acts.now, parent, line, null, parent.session);
  }

  /** An implant is put on a host and run; it calls home from then on. */
  plant(host: Host, family: Family, parent = this.foothold.get(host)!): Proc {
    const { acts, r } = this;
    const t = acts.now;
    const name = r.pick(family.names);
    const path = r.pick(family.folders) + name;
    acts.file(t, parent, path);
    const proc = acts.start(
      t + 4 * S,
      parent,
      path,
      r.chance(0.5) ? path : `${path} -k ${r.pick(['netsvcs', 'local', 'run'])}`,
      { sha256: family.sha256.toUpperCase() },
    );
    this.controlled(host, proc, [this.at(host)]);
    this.foothold.set(host, proc);
    this.book.implant(family.sha256, name, path, host, host.sysmon ? [this.at(host)] : []);
    if (!this.#beaconing.has(host)) {
      this.#beaconing.add(host);
      acts.sim.start(this.#beacon(host, proc, family), t + 60 * S);
    }
    return proc;
  }

  *#beacon(host: Host, proc: Proc, family: Family): Process {
    const { acts, r } = this;
    const { hours, jitter, dns } = family.rhythm;
    for (;;) {
      const t = acts.now;
      if (t >= this.end) return;
      if (dns) {
        for (let i = 1 + r.below(3); i > 0; i--)
          acts.dns(
            t + (i + r.next()) * S,
            host,
            `${guidOf(r)
              .slice(1, 14 + r.below(10))
              .replaceAll('-', '')}.${family.c2}`,
            r.chance(0.4) ? `198.18.${r.below(256)}.${1 + r.below(254)}` : '',
            proc,
          );
      } else {
        const workstation = host.role === 'workstation';
        const address = acts.https(
          t,
          host,
          family.c2,
          { bytesOut: 500 + r.below(300), bytesIn: 300 + r.below(500), seconds: 1 + r.next() * 3 },
          proc,
          {
            direct: !workstation,
            ...(/^\d/.test(family.c2) ? { address: family.c2 } : {}),
          },
        );
        if (address !== '' && address !== family.c2) this.book.c2(t, address, host, [null]);
      }
      this.book.c2(t, family.c2, host, [null]);
      let next = t + hours * HOUR * (1 + (r.next() - 0.5) * 2 * jitter);
      // A laptop or desk machine sleeps at night.
      if (host.role === 'workstation') {
        const hour = (next % DAY) / HOUR;
        if (hour < 7 || hour > 17)
          next = (Math.floor(next / DAY) + (hour > 17 ? 1 : 0)) * DAY + (8 + r.next() * 3) * HOUR;
      }
      yield next;
    }
  }

  persist(
    host: Host,
    kind: 'service' | 'scheduled_task' | 'run_key' | 'wmi_subscription',
    who: Principal,
    proc = this.foothold.get(host)!,
  ): void {
    const { acts, r } = this;
    const t = acts.now;
    const label = `${r.pick(this.world.vendors).vendor} ${this.word().replace(/^./, (c) => c.toUpperCase())} ${r.pick(['Service', 'Helper', 'Update', 'Agent', 'Monitor'])}`;
    let name = label;
    switch (kind) {
      case 'service':
        name = label.replaceAll(' ', '');
        acts.service(t, host, name, proc.image, 'auto start', SYSTEM, 0x3e7);
        break;
      case 'scheduled_task':
        name = `\\${label.replace(' ', '\\')}`;
        acts.task(t, host, name, proc.image, '', who, proc.session);
        break;
      case 'run_key':
        name = label.replaceAll(' ', '');
        acts.registry(
          t,
          acts.start(
            t - 0.5 * S,
            proc,
            `${S32}reg.exe`,
            `reg add HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v ${name} /d "${proc.image}" /f`,
            { ends: 1 },
          ),
          `HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\${name}`,
          proc.image,
        );
        break;
      default:
        name = label.replaceAll(' ', '');
        for (const [kindOf, fields] of [
          [
            EVENTS.wmiFilter,
            {
              EventType: 'WmiFilterEvent',
              Operation: 'Created',
              EventNamespace: 'root\\cimv2',
              Name: name,
              Query: "SELECT * FROM __InstanceModificationEvent WITHIN 3600 WHERE TargetInstance ISA 'Win32_LocalTime'",
            },
          ],
          [
            EVENTS.wmiConsumer,
            {
              EventType: 'WmiConsumerEvent',
              Operation: 'Created',
              Name: name,
              Type: 'Command Line',
              Destination: proc.image,
            },
          ],
          [
            EVENTS.wmiBinding,
            {
              EventType: 'WmiBindingEvent',
              Operation: 'Created',
              Consumer: `CommandLineEventConsumer.Name="${name}"`,
              Filter: `__EventFilter.Name="${name}"`,
            },
          ],
        ] as const)
          if (host.sysmon) acts.event(host, t, kindOf, { RuleName: '-', User: proc.user, ...fields });
    }
    this.book.persistence(
      t,
      host,
      kind,
      name,
      // The command line that writes the key tells it too.
      (kind === 'run_key' && !host.sysmon && !host.commandLines) || (kind === 'wmi_subscription' && !host.sysmon)
        ? []
        : [this.at(host)],
    );
  }

  /** Reads credentials from memory: an account that was used on the host comes into hand. */
  *credentials(host: Host, who: Principal): Process {
    const { acts, r } = this;
    const proc = this.foothold.get(host)!;
    const t = acts.now;
    const lsass = acts.standing(host, `${S32}lsass.exe`);
    const out = `C:\\Windows\\Temp\\${this.word()}.${r.pick(['tmp', 'dat', 'log'])}`;
    if (r.chance(0.5)) {
      const dump = this.acts.start(
        t,
        proc,
        `${S32}rundll32.exe`,
        `rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump ${lsass.pid} ${out} full`,
        { ends: 8, original: 'RUNDLL32.EXE' },
      );
      acts.access(t + 0.4 * S, dump, lsass, 0x1fffff);
      acts.file(t + 0.6 * S, dump, out);
    } else {
      const image = `C:\\Windows\\Temp\\${this.word()}.exe`;
      const tool = acts.start(t, proc, image, `${image} -accepteula -ma lsass.exe ${out}`, {
        ends: 8,
        original: 'procdump',
        sha256: acts.hash('memory dumper', String(r.below(4))),
      });
      acts.access(t + 0.4 * S, tool, lsass, 0x1fffff);
      acts.file(t + 0.6 * S, tool, out);
    }
    this.book.host(t, host, 'controlled', [this.at(host)]);
    yield* this.pause(40, 300);
    if (!this.accounts.includes(who)) this.accounts.push(who);
  }

  /** From one host to another, and code runs there. Gives what runs there. */
  *move(
    from: Host,
    to: Host,
    who: Principal,
    method: Method,
    run: { command: string } | { family: Family },
  ): Generator<number, Proc | null, void> {
    const { acts, r } = this;
    const source = this.foothold.get(from)!;
    const t = acts.now;
    const ntlm = r.chance(0.35);
    const explicit: Session = {
      host: from,
      who: SYSTEM,
      id: source.session,
      guid: '{00000000-0000-0000-0000-000000000000}',
      type: 3,
      from: null,
    };
    const common = { proc: source, elevated: true, ntlm, ...(r.chance(0.6) ? { explicit } : {}) };
    const family = 'family' in run ? run.family : null;
    const name = family === null ? `${this.word()}${r.below(90)}.exe` : r.pick(family.names);
    const path = family === null ? `C:\\Windows\\Temp\\${name}` : r.pick(family.folders) + name;
    const line = 'command' in run ? `${S32}cmd.exe /c ${run.command}` : path;
    const image = 'command' in run ? `${S32}cmd.exe` : path;
    const started = family === null ? { original: 'Cmd.Exe' } : { sha256: family.sha256.toUpperCase() };
    const copy = (s: Session): void => {
      if (family === null) return;
      acts.share(t + 0.4 * S, s, 'ADMIN$', null, true);
      acts.share(
        t + 0.7 * S,
        s,
        path.startsWith('C:\\Windows\\') ? 'ADMIN$' : 'C$',
        path.replace(/^C:\\(?:Windows\\)?/, ''),
        true,
      );
      acts.file(t + 0.8 * S, acts.standing(to, 'System', ''), path);
    };
    let proc: Proc;
    let session: Session;
    switch (method) {
      case 'smb_service': {
        session = acts.reach(t, from, to, who, common);
        copy(session);
        const service = `${this.word()}${r.pick(['svc', 'srv', 'mgr', ''])}`;
        acts.share(t + 1 * S, session, 'IPC$', 'svcctl');
        acts.service(t + 1.2 * S, to, service, line, 'demand start', who, session.id);
        proc = acts.start(t + 1.6 * S, acts.services(to), image, line, {
          ...started,
          ...(family === null ? { ends: 5 } : {}),
        });
        acts.serviceState(t + 2 * S, to, service, 'running');
        break;
      }
      case 'scheduled_task': {
        session = acts.reach(t, from, to, who, common);
        copy(session);
        const task = `\\${this.word()}${r.pick(['Check', 'Sync', 'Job', 'Run'])}`;
        acts.start(
          t - 0.8 * S,
          source,
          `${S32}schtasks.exe`,
          `schtasks /create /s ${to.name} /tn ${task.slice(1)} /tr "${line}" /sc once /st 00:00 /ru SYSTEM /f`,
          { ends: 1 },
        );
        acts.share(t + 1 * S, session, 'IPC$', 'atsvc');
        acts.task(t + 1.2 * S, to, task, image, line.slice(image.length).trim(), who, session.id);
        acts.taskRun(t + 4 * S, to, task, image);
        proc = acts.start(
          t + 4.3 * S,
          acts.standing(to, `${S32}svchost.exe`, `${S32}svchost.exe -k netsvcs -p -s Schedule`),
          image,
          line,
          { ...started, ...(family === null ? { ends: 5 } : {}) },
        );
        acts.taskGone(t + 9 * S, to, task, who, session.id);
        break;
      }
      case 'wmi': {
        if (family !== null) copy(acts.reach(t - 3 * S, from, to, who, common));
        acts.start(t - 0.8 * S, source, `${S32}wbem\\WMIC.exe`, `wmic /node:${to.name} process call create "${line}"`, {
          ends: 2,
          original: 'wmic.exe',
        });
        session = acts.reach(t, from, to, who, { ...common, port: 135, seconds: 4 });
        proc = acts.start(
          t + 0.9 * S,
          acts.standing(to, `${S32}wbem\\WmiPrvSE.exe`, `${S32}wbem\\wmiprvse.exe -secured -Embedding`),
          image,
          line,
          { ...started, user: who, session: session.id, integrity: 'High', ...(family === null ? { ends: 5 } : {}) },
        );
        break;
      }
      case 'winrm': {
        if (family !== null) copy(acts.reach(t - 3 * S, from, to, who, common));
        session = acts.reach(t, from, to, who, { ...common, port: 5985, seconds: 30 });
        acts.event(to, t + 0.5 * S, EVENTS.winrmShell, {
          resourceUri: 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell',
          shellId: guidOf(r).slice(1, -1),
        });
        const shell = acts.start(
          t + 0.8 * S,
          acts.standing(to, `${S32}svchost.exe`, `${S32}svchost.exe -k DcomLaunch -p`),
          `${S32}wsmprovhost.exe`,
          `${S32}wsmprovhost.exe -Embedding`,
          { user: who, session: session.id, ends: 60, integrity: 'High' },
        );
        acts.powershell(
          t + 1 * S,
          shell,
          family === null ? `cmd /c ${'command' in run ? run.command : ''}` : `Start-Process ${path}`,
        );
        proc = acts.start(t + 1.4 * S, shell, image, line, { ...started, ...(family === null ? { ends: 5 } : {}) });
        break;
      }
      default: {
        if (family !== null) copy(acts.reach(t - 3 * S, from, to, who, common));
        acts.connect(
          t - 1 * S,
          from,
          to,
          3389,
          { bytesOut: 300_000, bytesIn: 6_000_000, seconds: 900, service: 'rdp' },
          { proc: source, at: acts.standing(to, `${S32}svchost.exe`, `${S32}svchost.exe -k termsvcs`) },
        );
        session = acts.logon(t, to, who, 10, from, { ends: 900, elevated: true });
        const shell = acts.start(
          t + 3 * S,
          acts.standing(to, `${S32}userinit.exe`),
          'C:\\Windows\\explorer.exe',
          'C:\\Windows\\Explorer.EXE',
          { user: who, session: session.id, integrity: 'High' },
        );
        proc = acts.start(t + 30 * S, shell, image, line, { ...started, ...(family === null ? { ends: 5 } : {}) });
      }
    }
    const witnesses = [this.at(to), ...(from.sysmon ? [this.at(from)] : []), this.at(acts.controller(to))];
    this.controlled(to, proc, [this.at(to)]);
    if (family !== null) {
      this.foothold.set(to, proc);
      this.book.implant(family.sha256, name, path, to, to.sysmon ? [this.at(to)] : []);
      if (!this.#beaconing.has(to)) {
        this.#beaconing.add(to);
        acts.sim.start(this.#beacon(to, proc, family), t + 90 * S);
      }
    }
    this.abuse(who, witnesses);
    this.book.move(t, from, to, method, `${who.domain}\\${who.name}`, witnesses);
    yield t + 20 * S;
    return proc;
  }

  /** To a Linux server, with a password that opens it. */
  *ssh(from: Host, to: Host, who: Principal): Process {
    const { acts, r } = this;
    const t = acts.now;
    const port = acts.port(from);
    const pid = 2000 + r.below(30_000);
    acts.connect(
      t - 0.4 * S,
      from,
      to,
      22,
      { bytesOut: 30_000, bytesIn: 200_000, seconds: 400, service: 'ssh' },
      { port, proc: this.foothold.get(from) },
    );
    acts.syslog(to, t, 'sshd', pid, `Accepted password for ${who.name} from ${from.ip} port ${port} ssh2`, 'auth.log');
    acts.syslog(
      to,
      t + 0.1 * S,
      'sshd',
      pid,
      `pam_unix(sshd:session): session opened for user ${who.name}(uid=1001) by (uid=0)`,
      'auth.log',
    );
    for (const line of ['/usr/bin/id', '/usr/bin/cat /etc/passwd'])
      acts.syslog(
        to,
        t + (20 + r.below(60)) * S,
        'sudo',
        pid + 9,
        `${who.name} : TTY=pts/1 ; PWD=/home/${who.name} ; USER=root ; COMMAND=${line}`,
        'auth.log',
      );
    acts.syslog(
      to,
      t + 390 * S,
      'sshd',
      pid,
      `pam_unix(sshd:session): session closed for user ${who.name}`,
      'auth.log',
    );
    this.book.host(t, to, 'controlled', [this.at(to)]);
    this.abuse(who, [this.at(to)]);
    this.book.move(t, from, to, 'ssh', `${who.domain}\\${who.name}`, [this.at(to)]);
    yield t + 400 * S;
  }

  /** Shares of a host are looked at, and no more. */
  /** Another machine tried with a password that does not fit, or only knocked at. */
  *probe(from: Host, to: Host, name: string): Process {
    const { acts, probes: r } = this;
    const dport = r.pick([445, 445, 3389, 5985]);
    const proc = this.command(
      from,
      dport === 445
        ? `net use \\\\${to.name}\\C$ /user:${this.world.domain}\\${name} *`
        : `powershell -c "Test-NetConnection ${to.name} -Port ${dport}"`,
    );
    const { port } = acts.connect(acts.now, from, to, dport, { bytesOut: 900, bytesIn: 700, seconds: 0.4 }, { proc });
    const w = [this.at(to), ...(from.sysmon ? [this.at(from)] : [])];
    this.book.host(acts.now, to, 'attempted', w);
    if (dport === 445 && r.chance(0.8)) {
      acts.logonFailed(acts.now + 0.1 * S, to, name, from, 3, false, port);
      this.book.account(`${this.world.domain}\\${name}`, 'attempted', false, [this.at(to)]);
    }
    yield acts.now + (2 + r.below(20)) * S;
  }

  *visit(from: Host, to: Host, who: Principal): Process {
    const { acts, r } = this;
    const s = acts.reach(acts.now, from, to, who, { proc: this.foothold.get(from)!, ntlm: r.chance(0.3) });
    acts.share(acts.now + 0.3 * S, s, 'IPC$', null);
    acts.share(acts.now + 0.8 * S, s, r.pick(['C$', 'Users', 'Public']), null);
    const w = [this.at(to), this.at(acts.controller(to))];
    this.book.host(acts.now, to, 'accessed', w);
    this.abuse(who, w);
    yield acts.now + 15 * S;
  }
}
