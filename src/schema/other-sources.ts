// Log sources that are not Windows event logs: the keys that the readers of formats give their records, which of them a Sigma
// `logsource` means, and the names that its fields have there. Where a rule's field is not listed, the record's own name is
// the rule's.
import { type LogSource, type Route, windowsRoutes } from './log-sources.js';

/** Keys that stand for themselves, and the beginnings of families of keys. */
const KEYS: ReadonlySet<string> = new Set([
  'webserver',
  'proxy',
  'firewall',
  'dns',
  'dhcp',
  'cef',
  'json',
  'csv',
  'flow',
  'http',
  'tls',
  'application',
  'w3c',
  'Linux-Sysmon/Operational',
]);
const FAMILY =
  /^(?:zeek|linux|mail|aws|okta|google|gcp|duo|container|azure|m365|kubernetes|suricata|ocsf|ecar|endpoint|exchange|ids|windows|sharepoint|mapped|custom)\//;

/** Whether a record's channel is such a key and no Windows channel. */
export const isLogSourceKey = (channel: string): boolean => KEYS.has(channel) || FAMILY.test(channel);

/** Rules for web servers ask for the query and mean the whole URI where their text has a path in it: both are looked at. */
export const QUERY_OR_URI = 'cs-uri-query+';

const WEB: readonly Route[] = [
  {
    channels: ['webserver'],
    fields: {
      'cs-uri-query': QUERY_OR_URI,
      'c-useragent': 'cs-user-agent',
      'cs(User-Agent)': 'cs-user-agent',
      'cs(Referer)': 'cs-referer',
      'c-uri': 'cs-uri',
      sc_status: 'sc-status',
      clientip: 'c-ip',
    },
  },
  {
    channels: ['exchange/http'],
    fields: {
      'cs-uri-query': 'UrlQuery',
      'cs-uri-stem': 'UrlStem',
      'cs-method': 'Method',
      'sc-status': 'HttpStatus',
      'cs-user-agent': 'UserAgent',
      'c-ip': 'ClientIpAddress',
      'cs-username': 'AuthenticatedUser',
      'cs-host': 'UrlHost',
    },
  },
  {
    channels: ['zeek/http'],
    fields: {
      'cs-uri-query': 'uri',
      'cs-uri-stem': 'uri',
      'cs-uri': 'uri',
      'cs-method': 'method',
      'sc-status': 'status_code',
      'cs-user-agent': 'user_agent',
      'cs-referer': 'referrer',
      'cs-host': 'host',
      'c-ip': 'id.orig_h',
      'cs-username': 'username',
    },
  },
  { channels: ['http'], fields: { 'cs-uri-query': QUERY_OR_URI, 'c-useragent': 'cs-user-agent' } },
  {
    channels: ['suricata/http'],
    fields: {
      'cs-uri-query': 'http.url',
      'cs-uri-stem': 'http.url',
      'cs-method': 'http.http_method',
      'sc-status': 'http.status',
      'cs-user-agent': 'http.http_user_agent',
      'cs-referer': 'http.http_refer',
      'cs-host': 'http.hostname',
      'c-ip': 'src_ip',
    },
  },
];

const PROXY: readonly Route[] = [
  { channels: ['proxy'], fields: { 'c-useragent': 'cs-user-agent', 'cs-uri': 'c-uri', 'cs-uri-query': 'c-uri-query' } },
  {
    channels: ['zeek/http'],
    fields: {
      'c-uri': 'uri',
      'cs-uri': 'uri',
      'c-uri-query': 'uri',
      'c-useragent': 'user_agent',
      'cs-method': 'method',
      'cs-host': 'host',
      'r-dns': 'host',
      'sc-status': 'status_code',
      dst_ip: 'id.resp_h',
      'cs-referrer': 'referrer',
    },
  },
  {
    channels: ['suricata/http'],
    fields: {
      'c-uri': 'http.url',
      'cs-uri': 'http.url',
      'c-useragent': 'http.http_user_agent',
      'cs-method': 'http.http_method',
      'cs-host': 'http.hostname',
      'sc-status': 'http.status',
      dst_ip: 'dest_ip',
    },
  },
];

const DNS: readonly Route[] = [
  { channels: ['dns'] },
  { channels: ['zeek/dns'], fields: { record_type: 'qtype_name', answer: 'answers' } },
  { channels: ['suricata/dns'], fields: { query: 'dns.rrname', record_type: 'dns.rrtype', answer: 'dns.answers' } },
];

const FIREWALL: readonly Route[] = [
  { channels: ['firewall', 'flow'], fields: { 'src-ip': 'src_ip' } },
  {
    channels: ['zeek/conn'],
    fields: { src_ip: 'id.orig_h', dst_ip: 'id.resp_h', src_port: 'id.orig_p', dst_port: 'id.resp_p' },
  },
  { channels: ['suricata/flow'], fields: { dst_ip: 'dest_ip', dst_port: 'dest_port' } },
];

/** The audit daemon's EXECVE and SYSCALL as a process that starts. */
const AUDIT_PROCESS: Readonly<Record<string, string>> = {
  Image: 'exe',
  CurrentDirectory: 'cwd',
  User: 'UID',
  LogonId: 'ses',
  ProcessId: 'pid',
  ParentProcessId: 'ppid',
  // As laurel adds them.
  ParentImage: 'PPID.exe',
  ParentCommandLine: 'PPID.ARGV',
};

const LINUX: Readonly<Record<string, readonly Route[]>> = {
  process_creation: [
    { channels: ['Linux-Sysmon/Operational'], eventIds: [1] },
    { channels: ['endpoint/linux/process'] },
    { channels: ['linux/auditd'], fields: AUDIT_PROCESS, where: [{ field: 'type', equals: ['EXECVE', 'SYSCALL'] }] },
  ],
  network_connection: [
    { channels: ['Linux-Sysmon/Operational'], eventIds: [3] },
    { channels: ['endpoint/linux/network'] },
  ],
  file_event: [
    { channels: ['Linux-Sysmon/Operational'], eventIds: [11] },
    { channels: ['endpoint/linux/file'], where: [{ field: 'FileOperation', equals: ['create'] }] },
  ],
  process_termination: [{ channels: ['Linux-Sysmon/Operational'], eventIds: [5] }],
};

const program = (...names: string[]): readonly Route[] => [
  { channels: ['linux/syslog'], where: [{ field: 'program', equals: names }] },
];
const LINUX_SERVICES: Readonly<Record<string, readonly Route[]>> = {
  auditd: [{ channels: ['linux/auditd'] }],
  sshd: program('sshd', 'sshd-session'),
  sudo: program('sudo'),
  cron: program('cron', 'CRON', 'crond'),
  clamav: program('clamd', 'clamav', 'freshclam'),
  vsftpd: program('vsftpd'),
  guacamole: program('guacd', 'guacamole'),
  syslog: [{ channels: ['linux/syslog', 'mail/service'] }],
  auth: [{ channels: ['linux/syslog'] }],
  modsecurity: [{ channels: ['linux/syslog'] }],
};

const ZEEK_ANY = /^[a-z0-9_]+$/;

function others(source: LogSource): readonly Route[] | null {
  const product = source.product?.toLowerCase();
  const category = source.category?.toLowerCase();
  const service = source.service?.toLowerCase();
  if (product === undefined || product === 'webserver' || product === 'apache' || product === 'nginx') {
    if (category === 'webserver' || category === 'web' || service === 'apache' || service === 'nginx') return WEB;
    if (category === 'proxy') return PROXY;
    if (category === 'dns') return DNS;
    if (category === 'firewall') return FIREWALL;
    return null;
  }
  switch (product) {
    case 'zeek':
      return service !== undefined && ZEEK_ANY.test(service) ? [{ channels: [`zeek/${service}`] }] : null;
    case 'linux':
      if (category !== undefined) return LINUX[category] ?? null;
      if (service !== undefined) return LINUX_SERVICES[service] ?? null;
      return [{ channels: ['linux/syslog', 'linux/auditd', 'linux/shell-history', 'mail/service'] }];
    case 'aws':
      return service === 'cloudtrail' ? [{ channels: ['aws/cloudtrail'] }] : null;
    case 'okta':
      return [{ channels: ['okta/system'] }];
    case 'gcp':
      return service === 'google_workspace.admin' || service === 'google_workspace.login'
        ? [{ channels: ['google/workspace'] }]
        : [{ channels: ['gcp/audit'] }];
    case 'azure':
      return service === 'activitylogs' || service === 'auditlogs' || service === 'signinlogs'
        ? [{ channels: [`azure/${service}`] }]
        : null;
    case 'm365':
      return [{ channels: ['m365/audit'] }];
    case 'kubernetes':
      return service === 'audit' || service === undefined ? [{ channels: ['kubernetes/audit'] }] : null;
    case 'exchange':
      return [{ channels: ['exchange/http', 'exchange/message-tracking', 'exchange/protocol', 'exchange/other'] }];
    case 'squid':
      return PROXY;
    case 'cisco':
      return service === 'syslog' || service === 'asa' ? [{ channels: ['firewall', 'linux/syslog'] }] : null;
    default:
      return null;
  }
}

/** Where the events of a log source are found, in any evidence; null if nothing that is read has them. */
export function routesOf(source: LogSource): readonly Route[] | null {
  return windowsRoutes(source) ?? others(source);
}
