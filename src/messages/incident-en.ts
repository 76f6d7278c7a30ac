// Words of incidents, in English.
import { boundOf } from './bounds.js';

const count = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** What a statement is made of: counted lists of an incident, and nothing else. */
export interface StatementParts {
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly confidence: string;
  readonly entry: {
    readonly vector: string;
    readonly host: string | null;
    readonly source_ip: string | null;
    readonly time: string | null;
  } | null;
  readonly hosts: readonly { readonly name: string; readonly role: string; readonly status: string }[];
  readonly accounts: readonly { readonly status: string; readonly privileged: boolean }[];
  readonly implants: readonly unknown[];
  readonly persistence: readonly unknown[];
  readonly command_and_control: readonly unknown[];
  readonly sessions: readonly { readonly country: string | null; readonly source_ip: string }[];
  readonly mailboxes: readonly { readonly title: string | null }[];
  readonly data_theft: readonly { readonly bytes: number; readonly bytes_is?: string }[];
  readonly update_hijack: {
    readonly package: string;
    readonly hosts_executed: readonly string[];
    readonly hosts_downloaded: readonly string[];
  } | null;
  readonly anti_forensics: readonly { readonly kind: string }[];
  readonly blind_spots: readonly unknown[];
}

export const vectors: Readonly<Record<string, string>> = {
  mail_server: 'through the mail server',
  document_server: 'through the document system',
  web: 'through a web server',
  vpn: 'through the VPN with a stolen account',
  remote_desktop: 'through remote desktop',
  ssh: 'through SSH',
  phishing: 'by a document that a user opened',
  user_execution: 'by a program that a user started',
  supplier: 'by a remote-support tool',
  other: 'by a session from outside',
  cloud_account: 'with a stolen account of a cloud service',
  phishing_link: 'by a link to a page that asked for a password in the name of a cloud service',
};

const bytes = (n: number): string =>
  n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : n >= 1e6 ? `${Math.round(n / 1e6)} MB` : `${Math.round(n / 1e3)} kB`;
const day = (t: string | null): string => (t === null ? 'an unknown day' : t.slice(0, 10));
const span = (from: string | null, to: string | null): string =>
  day(from) === day(to) ? `On ${day(from)}` : `From ${day(from)} to ${day(to)}`;

export const incidentEn = {
  how: {
    'how.process': 'code of the intruder ran there',
    'how.interactive': 'an interactive session of the intruder',
    'how.remote': 'remote execution by the intruder',
    'how.session': 'an authenticated session of the intruder',
    'how.webshell': 'a script of the intruder answered there',
    'how.failed': 'passwords that the intruder tried there failed',
    'how.probed': 'a program of the intruder connected to it; no session followed',
    'how.channel': 'it talked to a channel of the intruder',
    'how.source': 'sessions of the intruder came from there',
  } as Readonly<Record<string, string>>,
  entry: {
    'entry.server': 'A server process started a shell right after a request from outside.',
    'entry.server-alone': 'A server process started a shell; no record shows who had asked it to.',
    'entry.script':
      'A script that only a few strangers ask for answers on a server; how it came there no record shows.',
    'entry.guessed': 'Many wrong passwords from one address, then a session from it.',
    'entry.vpn': 'The first session of the intruder came from an address that the VPN gave out.',
    'entry.outside': 'The first session of the intruder came from outside.',
    'entry.office': 'An office program started a script.',
    'entry.cloud':
      'The first thing of the intruder in this evidence is an account of a cloud service that was used from an address of theirs.',
    'entry.page':
      'Just before an account was first used from an address of the intruder, somebody inside had opened a page at that address.',
    'entry.user': 'A program that a user started is the first thing of the intruder in this evidence.',
    'entry.fetched': 'A program that a user had fetched from outside and started is the first thing of the intruder.',
    'entry.tool': 'A program that is installed there started what the intruder brought.',
    'entry.unknown': 'The earliest trace in this evidence is not a way in: how they came in is not known.',
  } as Readonly<Record<string, string>>,
  lead: {
    'lead.server-shell': 'A server process started a shell.',
    'lead.web-script': 'A script that was not there before is asked for by a few strangers only, and answers.',
    'lead.memory': 'Memory of the local security authority was read.',
    'lead.directory-copy': 'The directory database or the registry of secrets was copied.',
    'lead.replication': 'A user account asked the directory to replicate its secrets.',
    'lead.service-shell': 'A service was installed that is a command line.',
    'lead.office-script': 'An office program started a script.',
    'lead.hands': 'Under a program that hardly anybody else has, somebody looked around.',
    'lead.rule': 'A rule of the level "critical" matched.',
    'lead.rules': 'Rules of the level "high" for different techniques matched what one program started.',
    'lead.injected': 'A program that hardly anybody has put code into one of the programs of Windows.',
    'lead.cloud-account':
      'From an address that it never came from, an account of a cloud service did what hides mail, sends it away or lets somebody back in.',
    'lead.cloud-key': 'A key that somebody made for an account was used from where that account never came from.',
    'lead.cloud-together': 'Accounts that never came from an address came from it together, stolen ones among them.',
    'lead.strange-tunnel':
      'Other people’s accounts were tried at the gateway, then a tunnel was opened from the same address.',
    'lead.spray': 'Passwords of many accounts were tried from one place within minutes.',
    'lead.wiped': 'The log of who had logged on was emptied in a session, and the history of commands with it.',
    'lead.roasting': 'Tickets with weak encryption were asked for many service accounts at once.',
    'lead.remote-object': 'A program that was started over the network as an object (DCOM) started another.',
    'lead.guessed': 'Many wrong passwords, then a session from the same address.',
  } as Readonly<Record<string, string>>,
  edge: {
    'edge.child': 'was started by',
    'edge.wrote': 'was written by',
    'edge.ran': 'is the program of',
    'edge.service-of': 'is the service that started',
    'edge.task-of': 'is the task that started',
    'edge.in-session': 'is the session of',
    'edge.parent': 'started',
    'edge.session-process': 'ran in',
    'edge.session-user': 'ran as the user, and in the time, of',
    'edge.session-service': 'was installed in',
    'edge.session-task': 'was registered in',
    'edge.copied': 'was copied over a share in',
    'edge.laid-before': 'copied files to the host shortly before, as the same account from the same machine as',
    'edge.opened': 'opened the connection of',
    'edge.file-ran': 'ran the file',
    'edge.file-installed': 'starts the file',
    'edge.same': 'is the same as',
    'edge.installed-in': 'is the session that installed',
    'edge.service-ran': 'was started by the service',
    'edge.task-ran': 'was started by the task',
    'edge.command-of': 'is the command of',
    'edge.connection': 'came by the connection (address and port) of',
    'edge.connection-time': 'came by the connection (address and time) of',
    'edge.credentials': 'came with credentials that were named by',
    'edge.named': 'came when its host was named in the command line of',
    'edge.commanded': 'ran what was ordered by the command line of',
    'edge.made-account': 'was done as an account that had been made by',
    'edge.laid': 'was put there by the command line of',
    'edge.while-there': 'came, at an hour at which nobody goes that way, from the host on which the intruder was in',
    'edge.stolen-key': 'came from an address that nobody had come from before, as somebody whose key had been read by',
    'edge.tunnel': 'came through a tunnel opened from the same place outside as that of',
    'edge.ran-as': 'gave its password to run, as somebody else,',
    'edge.ordered': 'was ordered from another machine by the command line of',
    'edge.as-root': 'was written by root when this was run as root by',
    'edge.asked': 'was started while the intruder asked for their script, on the machine of',
    'edge.made-while-asked': 'was made while the intruder asked for their script, on the machine of',
    'edge.same-outside': 'came from an address outside from which the intruder had asked for their script, after',
    'edge.same-place': 'came from the same address outside as',
    'edge.installed-by': 'was installed by',
    'edge.brought':
      'came from a host under control, by a way never used before, and made a service of what had never run there; seen from',
    'edge.session-script': 'ran in the session of',
    'edge.sensed': 'started on this host when, by a sensor on the network, the first connection ever came for it from',
    'edge.reached': 'started on this host when a connection reached it that was opened by',
    'edge.read-much': 'read many files, by a way never used before, from a host under control by',
    'edge.injected': 'was injected by',
    'edge.stranger': 'came, as an account just taken and from an address that it had never come from, after',
    'edge.way': 'came, by a way never used before, from a host under control by',
    'edge.same-hash': 'is the same program (SHA-256) as',
    'edge.same-path': 'has the same path as the program of',
    'edge.worker-wrote': 'was written by the server process that started',
    'edge.same-server': 'was started by the same server as',
    'edge.after-update': 'was started by the updater soon after, as it never started anything before, on the host of',
    'edge.update': 'ran what was handed out as',
  } as Readonly<Record<string, string>>,
  trace: (kind: string, what: string): string =>
    (
      {
        log_cleared:
          what === '' ? 'A log was cleared; the record does not tell which.' : `The log "${what}" was cleared.`,
        record_gap: what,
        missing_log: what,
        sensor_stopped: `${what} was turned off.`,
        audit_policy_changed: `Auditing was reduced: ${what}`,
        file_deleted: `The file ${what} was deleted.`,
        timestomp: `The creation time of ${what} was changed.`,
        other: `A request to export the mailbox "${what}" was removed.`,
      } as Readonly<Record<string, string>>
    )[kind] ?? what,
  silent: (source: string, from: string, to: string): string =>
    `The log "${source}" has no records from ${from} to ${to}, although it never was silent that long before and other logs show activity of the host.`,
  absent: (source: string, hosts: number): string =>
    `The log "${source}" is missing as a whole: ${count(hosts, 'other host of this evidence has', 'other hosts of this evidence have')} it, and this host's own other logs are there.`,
  daysMissing: (name: string, from: string, to: string): string =>
    `Of the log "${name}", which has a file for each day, ${from === to ? `that of ${from} is missing` : `those of ${from} to ${to} are missing`}; the days before and after are there.`,
  ran: (line: string): string => `Ran: ${line}`,
  critical: (title: string): string => `The rule "${title}" of the level "critical" matched.`,
  injected: (program: string): string => `Code was injected into ${program}`,
  installed: (kind: string, name: string, command: string): string =>
    `${kind === 'service' ? 'Service' : 'Scheduled task'} "${name}" was made: ${command}`,
  moved: (from: string, method: string, account: string): string =>
    `Came from ${from} ${method === 'other' ? 'over the network' : `by ${method.replace('_', ' ')}`} as ${account}`,
  stays: (kind: string, name: string): string => `Persistence: ${kind.replace('_', ' ')} "${name}"`,
  talked: (address: string): string => `First contact with ${address}`,
  mailbox: (address: string, method: string): string => `Mailbox ${address}: ${method.replace('_', ' ')}`,
  stolen: (n: number, to: string, exact: boolean): string =>
    `${exact ? 'at most' : 'at least'} ${bytes(n)} sent to ${to}`,
  hijack: (name: string, n: number): string =>
    `The update package ${name} was replaced; ${count(n, 'host', 'hosts')} ran it`,
  pattern: (dns: boolean, r: { minutes: number; spread: number } | null, n: number): string =>
    `${dns ? 'names looked up' : 'connections'}, ${count(n, 'time', 'times')}${r === null ? '' : r.spread > 2 || r.minutes < 0.05 ? '; in bursts, without a rhythm' : `; ${r.spread > 0.6 ? 'on average every' : 'every'} ${r.minutes >= 120 ? `${(r.minutes / 60).toFixed(1)} h` : r.minutes >= 2 ? `${r.minutes.toFixed(0)} min` : `${Math.round(r.minutes * 60)} s`}, spread ${Math.round(r.spread * 100)} %`}`,
  confidence: (level: string, detectors: number, hosts: number, likely: number): string =>
    `${level}: ${count(detectors, 'independent kind of strong lead', 'independent kinds of strong leads')}, ${count(hosts, 'controlled host', 'controlled hosts')}${likely > 0 ? `, ${likely.toLocaleString('en')} of the hosts by inference` : ''}. An innocent explanation of the leads would change it.`,
  linked: (id: string): string => `Not apart: records that it matched are records of ${id}.`,
  unknownData: 'unknown',
  cloud: 'cloud service',
  collect: (source: string, host: string | null): string =>
    source === '*'
      ? `All logs of ${host ?? 'these hosts'}: event logs, and an image or a triage collection where they are gone`
      : source === 'network'
        ? 'Records of connections for the whole period: firewall, proxy, flow or DNS logs'
        : source === 'mailbox audit'
          ? 'The mailbox audit, and the logs of the mail server beside it'
          : source === 'domain controllers'
            ? 'The Security logs of all domain controllers for the whole period'
            : /sysmon/i.test(source)
              ? `Traces on the disk of ${host ?? 'these hosts'}: Prefetch, Amcache, ShimCache, file table ($MFT), registry`
              : `Copies of ${source}${host === null ? '' : ` of ${host}`}: forwarded to a collector, in backups, in shadow copies`,
  collectEntry:
    'Logs of everything that is reached from outside (VPN, mail, web, remote desktop, support tools) from before the first trace',
  entryUnknown: 'How they came in is not known.',
  collectFile: (path: string, host: string): string => `The file ${path} from ${host}, or its hash`,
  noHash: 'No log holds the hash of this program: where else it is cannot be told.',
  blind: {
    noLogs: 'No log of this host is in the evidence: what is known of it comes from others.',
    noSensor: 'No sensor (Sysmon) recorded on this host: hashes, connections and files of processes are not known.',
    noAudit: 'No audit log (Security) of this host is in the evidence.',
    noCommands:
      'No audit of commands (auditd, Sysmon) of this host is in the evidence: what was run there is known only as far as its syslog tells.',
    zone: (minutes: number, pairs: number): string =>
      `Logs of this host are in local time and name no zone: ${minutes} minutes east of UTC, as ${pairs} connections tell that others recorded with theirs.`,
    zoneOwn: (minutes: number, files: number): string =>
      `Logs of this host are in local time and name no zone: ${minutes} minutes east of UTC, as ${files} other logs of the same host write.`,
    noNetwork:
      'No sensor on the network (Zeek, flows, firewall, proxy) is in the evidence: connections are known only where hosts wrote them down.',
    noMailAudit: 'No mailbox audit is in the evidence.',
    noControllers: 'No audit log of a domain controller is in the evidence.',
  },
  statement: (i: StatementParts): string => {
    const out: string[] = [];
    const n = (status: string): number => i.hosts.filter((h) => h.status === status).length;
    out.push(
      i.entry === null || i.entry.vector === 'unknown'
        ? `${span(i.first_seen, i.last_seen)} an intruder was active; how they came in is not known from this evidence.`
        : `${span(i.first_seen, i.last_seen)} an intruder was active, who came in ${vectors[i.entry.vector] ?? i.entry.vector}${i.entry.host === null ? '' : ` (${i.entry.host})`}${i.entry.source_ip === null ? '' : ` from ${i.entry.source_ip}`}.`,
    );
    const dc = i.hosts.filter((h) => h.status === 'controlled' && h.role === 'domain_controller').length;
    if (n('controlled') === 0)
      out.push(
        n('accessed') === 0
          ? 'No record shows that they controlled a host.'
          : `They accessed ${count(n('accessed'), 'host', 'hosts')}; that they controlled one, no record shows.`,
      );
    else
      out.push(
        `They controlled ${count(n('controlled'), 'host', 'hosts')}${dc === 0 ? '' : n('controlled') === 1 ? `, a domain controller${n('accessed') === 0 ? '' : ','}` : `, among them ${count(dc, 'domain controller', 'domain controllers')}${n('accessed') === 0 ? '' : ','}`}${n('accessed') === 0 ? '' : ` and accessed ${count(n('accessed'), 'more', 'more')}`}.`,
      );
    const used = i.accounts.filter((a) => a.status !== 'attempted').length;
    const made = i.accounts.filter((a) => a.status === 'created').length;
    if (used > 0)
      out.push(
        `${count(used, 'account was', 'accounts were')} used${made === 0 ? '' : `, ${made.toLocaleString('en')} of them made by the intruder`}.`,
      );
    if (i.implants.length > 0 || i.persistence.length > 0)
      out.push(
        `They left ${[
          ...(i.implants.length === 0 ? [] : [count(i.implants.length, 'implant', 'implants')]),
          ...(i.persistence.length === 0 ? [] : [`${count(i.persistence.length, 'way', 'ways')} to come back`]),
        ].join(' and ')}.`,
      );
    if (i.update_hijack !== null)
      out.push(
        `The update package ${i.update_hijack.package} was replaced: ${count(i.update_hijack.hosts_executed.length, 'host ran it', 'hosts ran it')}, ${count(i.update_hijack.hosts_downloaded.length, 'more fetched it', 'more fetched it')} and never ran it.`,
      );
    if (i.sessions.length > 0) {
      const countries = new Set(i.sessions.map((s) => s.country).filter((c) => c !== null));
      const addresses = new Set(i.sessions.map((s) => s.source_ip));
      out.push(
        `${count(i.sessions.length, 'attack session', 'attack sessions')} came from ${count(addresses.size, 'address', 'addresses')}${countries.size === 0 ? '' : ` in ${count(countries.size, 'country', 'countries')}`}.`,
      );
    }
    if (i.mailboxes.length > 0)
      out.push(`The mail of ${count(i.mailboxes.length, 'mailbox', 'mailboxes')} was read or taken.`);
    if (i.data_theft.length > 0)
      out.push(
        `Data was sent out ${count(i.data_theft.length, 'time', 'times')}, ${boundOf(i.data_theft, 'en')}${bytes(i.data_theft.reduce((s, t) => s + t.bytes, 0))} in all.`,
      );
    if (i.anti_forensics.length > 0)
      out.push(`Traces were removed or prevented ${count(i.anti_forensics.length, 'time', 'times')}.`);
    if (i.blind_spots.length > 0)
      out.push(
        `${count(i.blind_spots.length, 'blind spot', 'blind spots')} in the evidence ${i.blind_spots.length === 1 ? 'limits' : 'limit'} what can be known.`,
      );
    out.push(`Confidence: ${i.confidence}.`);
    return out.join(' ');
  },
};

export type IncidentWords = typeof incidentEn;
