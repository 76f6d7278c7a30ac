// Where a record of a host or a sensor goes, by its clock, and whether it is logged at all.
import { EventLog, LineLog, type EventFormat, type Logs } from '../logs.js';
import { type EventKind, type FieldText } from '../events.js';
import type { Random } from '../random.js';
import type { Simulation } from '../simulation.js';
import { type Host, seeded, sha256, type World } from '../world.js';
import { isoText, LOST, S, type Settings, sysmonTime } from './common.js';

export class Records {
  readonly world: World;
  readonly logs: Logs;
  readonly sim: Simulation;
  readonly settings: Settings;
  /** Told of every event that is logged, and on whose behalf it was: for tests. */
  onEvent?: (
    host: Host,
    t: number,
    kind: EventKind,
    fields: Readonly<Record<string, FieldText>>,
    cause: string,
  ) => void;
  readonly #chance: Random;
  protected readonly sensor: Random;
  readonly #zeekSkew: number;

  constructor(world: World, logs: Logs, sim: Simulation, settings: Settings) {
    this.world = world;
    this.logs = logs;
    this.sim = sim;
    this.settings = settings;
    this.#chance = world.random('lost records');
    this.sensor = world.random('sensor');
    this.#zeekSkew = Math.round((world.random('sensor clock').next() - 0.5) * 4e5);
  }

  get now(): number {
    return this.sim.now;
  }

  // Event logs

  protected keepFrom(host: Host): number {
    const { keepDays, end, start } = this.settings;
    const days = host.role === 'workstation' ? keepDays.workstation : keepDays.server;
    return days === 0
      ? start
      : end - days * 86_400e6 * (0.8 + 0.4 * seeded(this.world.seed, `keep ${host.name}`).next());
  }

  #format(host: Host): EventFormat {
    const { format } = this.settings;
    if (format !== 'mixed') return format;
    const pick = seeded(this.world.seed, `format ${host.name}`).next();
    return host.role !== 'workstation'
      ? pick < 0.85
        ? 'evtx'
        : 'xml'
      : pick < 0.75
        ? 'winlogbeat'
        : pick < 0.95
          ? 'evtx'
          : 'xml';
  }

  log(host: Host, channel: string): EventLog {
    return this.logs.event(`${host.name}\0${channel}`, () => {
      const format = this.#format(host);
      // What was shipped is kept by whoever it was shipped to.
      const from = format === 'winlogbeat' ? this.settings.start : this.keepFrom(host);
      return new EventLog(this.logs, host.fqdn, channel, format, from, this.world.seed);
    });
  }

  readonly #cleared = new Map<string, number>();

  /** The log's records so far are gone, but for what a shipper has sent. */
  clear(host: Host, channel: string): void {
    this.log(host, channel).clear();
    if (this.#format(host) !== 'winlogbeat') this.#cleared.set(`${host.name}\0${channel}`, this.now);
  }

  /** Whether a host's own logs of a time are still there: neither rotated away nor cleared. */
  holds(host: Host, t: number): boolean {
    if (host.linux || this.#format(host) === 'winlogbeat') return true;
    // What the sensor wrote stays where only the audit log is cleared.
    if (host.sysmon) return t >= this.keepFrom(host);
    const cleared = this.#cleared.get(`${host.name}\0Security`) ?? 0;
    return t >= this.keepFrom(host) && t >= cleared;
  }

  event(host: Host, t: number, kind: EventKind, fields: Readonly<Record<string, FieldText>>): void {
    if (host.linux || t < this.settings.start || t >= this.settings.end) return;
    const { channel } = kind.spec;
    const sysmon = channel === 'Microsoft-Windows-Sysmon/Operational';
    if (sysmon && !host.sysmon) return;
    if (this.#chance.chance(sysmon ? LOST.sysmon : LOST.audit)) return;
    this.onEvent?.(host, t, kind, fields, this.sim.cause);
    this.log(host, channel).add(t + host.skew, kind, fields, sysmon ? 2000 + (host.account.sid.length % 7) * 4 : 700);
  }

  protected sysmon(host: Host, t: number, kind: EventKind, fields: Readonly<Record<string, FieldText>>): void {
    if (host.sysmon) this.event(host, t, kind, { RuleName: '-', UtcTime: sysmonTime(t + host.skew), ...fields });
  }

  // Logs of lines

  line(
    key: string,
    host: Host | null,
    t: number,
    path: (t: number) => string,
    head: (t: number) => string,
    line: (t: number) => string,
  ): void {
    if (t < this.settings.start || t >= this.settings.end) return;
    const from = host === null ? this.settings.start : this.keepFrom(host);
    const skew = host === null ? this.#zeekSkew : host.skew;
    this.logs.lines(key, () => new LineLog(this.logs, path, head, from)).add(t + skew, line(t + skew));
  }

  readonly #released: { ip: string; t: number }[] = [];
  #nextLease = 0;

  /** A lease of the controller's DHCP: renewed, or another address, that somebody else may have had until yesterday. */
  lease(t: number, host: Host, another: boolean): void {
    const dc = this.world.byRole('domain_controller')[0]!;
    if (another) {
      const old = this.#released.findIndex((x) => t - x.t > 86_400 * S);
      const [, site] = host.ip.split('.');
      const ip =
        old >= 0
          ? this.#released.splice(old, 1)[0]!.ip
          : `10.${site}.${200 + Math.floor(this.#nextLease / 200)}.${20 + (this.#nextLease++ % 200)}`;
      this.#released.push({ ip: host.ip, t });
      host.ip = ip;
    }
    const mac = sha256(`${host.name} mac`).slice(0, 10).toUpperCase();
    this.line(
      `${dc.name}/dhcp`,
      dc,
      t,
      (u) => `evidence/${dc.name}/dhcp/DhcpSrvLog-${isoText(u).slice(0, 10)}.log`,
      () =>
        '\t\tMicrosoft DHCP Service Activity Log\n\n\nEvent ID  Meaning\n00\tThe log was started.\n10\tA new IP address was leased to a client.\n11\tA lease was renewed by a client.\n\nID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError.\n',
      (u) => {
        const d = isoText(u);
        return `${another ? '10' : '11'},${d.slice(5, 7)}/${d.slice(8, 10)}/${d.slice(2, 4)},${d.slice(11, 19)},${another ? 'Assign' : 'Renew'},${host.ip},${host.fqdn},00${mac},,${this.sensor.below(2 ** 31)},0,,,,0x4D53465420352E30,MSFT 5.0,,,,0\n`;
      },
    );
  }

  syslog(host: Host, t: number, program: string, pid: number, message: string, file = 'syslog'): void {
    this.line(
      `${host.name}/${file}`,
      host,
      t,
      () => `evidence/${host.name}/var/log/${file}`,
      () => '',
      (u) =>
        `${isoText(u).replace('Z', '')}${String(Math.floor(u % 1000)).padStart(3, '0')}+00:00 ${host.name} ${program}[${pid}]: ${message}\n`,
    );
  }

  protected zeek(path: string, fields: string, types: string, t: number, values: readonly (string | number)[]): void {
    if (this.sensor.chance(LOST.zeek)) return;
    this.line(
      `zeek/${path}`,
      null,
      t,
      (u) => `evidence/zeek/${isoText(u).slice(0, 10)}/${path}.log`,
      (u) =>
        `#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t${path}\n#open\t${isoText(u).slice(0, 10)}-00-00-00\n#fields\tts\tuid\t${fields}\n#types\ttime\tstring\t${types}\n`,
      (u) => `${(u / 1e6).toFixed(6)}\t${values.join('\t')}\n`,
    );
  }

  uid(): string {
    const r = this.sensor;
    return `C${(r.below(2 ** 31) * 2097151 + r.below(2097151)).toString(36)}${r.below(46656).toString(36)}`;
  }
}
