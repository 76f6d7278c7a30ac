// Machines by themselves: system processes, policy, names, vendors' programs, patch days; Linux servers.
import { type Acts, isoText, SYSTEM } from '../acts/acts.js';
import { EVENTS } from '../events.js';
import { PROGRAM_WORDS } from '../names.js';
import type { Random } from '../random.js';
import type { Process } from '../simulation.js';
import { guidOf, type Host, type Proc, S32 } from '../world.js';
import { DAY, dayOf, HOUR, isWorkday, type LifeOptions, S, siteOf, times } from './common.js';

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

export function* machine(acts: Acts, host: Host, o: LifeOptions): Process {
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

export function* unix(acts: Acts, host: Host, o: LifeOptions): Process {
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
