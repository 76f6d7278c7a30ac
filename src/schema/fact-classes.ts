// What happened, by OCSF class: which records tell it, and in which of their fields its attributes stand. Columns are named
// as OCSF names the attribute where it has one; the first field that has a value counts.

import { MORE_SOURCES } from './fact-sources.js';

export interface FactClass {
  /** OCSF class name: the name of its table. */
  readonly name: string;
  /** OCSF class_uid. */
  readonly uid: number;
  readonly columns: readonly string[];
}

const one = (name: string, uid: number, columns: string): FactClass => ({ name, uid, columns: columns.split(' ') });

export const FACT_CLASSES: readonly FactClass[] = [
  one(
    'file_activity',
    1001,
    'activity path process user hash share src_ip process_guid pid logon_id access created origin',
  ),
  one('memory_activity', 1004, 'activity process process_guid pid target target_guid target_pid access user'),
  one('scheduled_job_activity', 1006, 'activity task command user logon_id'),
  one(
    'process_activity',
    1007,
    'process command_line parent_process parent_command_line user pid parent_pid process_guid parent_guid hash logon_id original_name domain integrity',
  ),
  one('event_log_activity', 1008, 'activity log user logon_id what'),
  one('script_activity', 1009, 'script script_id path user pid'),
  one('registry_value_activity', 201002, 'activity key details process process_guid pid user'),
  one('service_activity', 201004, 'activity service command_line account start_type user logon_id'),
  // WMI subscriptions: OCSF has no class of their own.
  one('wmi_activity', 0, 'activity name destination user'),
  one('account_change', 3001, 'activity user domain actor logon_id member'),
  one(
    'authentication',
    3002,
    'activity user domain logon_type src_ip src_port workstation process logon_id auth_protocol status service actor logon_guid pid actor_logon_id sid encryption',
  ),
  one('entity_management', 3004, 'activity object properties user logon_id access'),
  one(
    'network_activity',
    4001,
    'activity src_ip src_port dst_ip dst_port protocol process user bytes_out bytes_in direction process_guid pid duration dst_host',
  ),
  one(
    'http_activity',
    4002,
    'src_ip user method host path query status user_agent referer bytes server_ip mailbox protocol bytes_out via',
  ),
  one('dns_activity', 4003, 'query type answer src_ip process process_guid pid'),
  one('dhcp_activity', 4004, 'activity ip hostname mac'),
  // The name in a TLS handshake; OCSF has it as an object of network activity.
  one('tls_activity', 0, 'server_name src_ip src_port dst_ip dst_port'),
  one('tunnel_activity', 4014, 'activity user src_ip inside_ip'),
  one('email_activity', 4009, 'activity sender recipient subject src_ip'),
  one('api_activity', 6003, 'operation parameters user service status src_ip credential_uid created_uid bytes_out'),
  one('datastore_activity', 6005, 'operation logon_type owner owner_name user client src_ip folder items mailbox'),
  // What is in no class: the words of the record.
  one('base_event', 0, 'message'),
];

export interface FactMapping {
  readonly fact: FactClass;
  /** For each column of the class the fields to look at, in order; a text with "=" in front is constant. */
  readonly fields: readonly (readonly string[])[];
  /** Fields of which one must be there. */
  readonly needs: readonly string[];
}

export type Columns = Readonly<Record<string, string | readonly string[]>>;

export interface Source {
  readonly channel: string;
  /** Event ids; absent: all of the channel. */
  readonly ids?: readonly (string | number)[];
  readonly fact: string;
  readonly needs?: readonly string[];
  readonly columns: Columns;
}

const SECURITY = 'Security';
const SYSMON = 'Microsoft-Windows-Sysmon/Operational';
const LOGON: Columns = {
  user: 'TargetUserName',
  domain: 'TargetDomainName',
  logon_type: 'LogonType',
  src_ip: 'IpAddress',
  src_port: 'IpPort',
  workstation: ['WorkstationName', 'Workstation'],
  process: 'ProcessName',
  logon_id: 'TargetLogonId',
  auth_protocol: ['AuthenticationPackageName', 'PackageName'],
  status: ['SubStatus', 'Status', 'FailureReason'],
  actor: 'SubjectUserName',
  logon_guid: ['LogonGuid', 'TargetLogonGuid'],
  pid: 'ProcessId',
  actor_logon_id: 'SubjectLogonId',
  sid: ['TargetUserSid', 'TargetSid'],
};
const SIGN_IN: Columns = {
  activity: '=sign-in',
  user: ['userPrincipalName', 'properties.userPrincipalName'],
  src_ip: ['ipAddress', 'properties.ipAddress', 'callerIpAddress'],
  status: ['ResultType', 'resultType'],
  service: ['appDisplayName', 'properties.appDisplayName'],
  workstation: ['userAgent', 'properties.userAgent', 'clientAppUsed', 'properties.clientAppUsed'],
};
const SYSMON_PROCESS: Columns = {
  process: 'Image',
  command_line: 'CommandLine',
  parent_process: 'ParentImage',
  parent_command_line: 'ParentCommandLine',
  user: 'User',
  pid: 'ProcessId',
  parent_pid: 'ParentProcessId',
  process_guid: 'ProcessGuid',
  parent_guid: 'ParentProcessGuid',
  hash: 'Hashes',
  logon_id: 'LogonId',
  original_name: 'OriginalFileName',
  integrity: 'IntegrityLevel',
};
const SYSMON_NETWORK: Columns = {
  activity: '=connect',
  src_ip: 'SourceIp',
  src_port: 'SourcePort',
  dst_ip: 'DestinationIp',
  dst_port: 'DestinationPort',
  protocol: 'Protocol',
  process: 'Image',
  user: 'User',
  direction: 'Initiated',
  process_guid: 'ProcessGuid',
  pid: 'ProcessId',
  dst_host: 'DestinationHostname',
};
const sysmonFile = (activity: string): Columns => ({
  activity: `=${activity}`,
  path: 'TargetFilename',
  process: 'Image',
  user: 'User',
  hash: ['Hashes', 'Hash'],
  process_guid: 'ProcessGuid',
  pid: 'ProcessId',
  created: 'CreationUtcTime',
});

/** What a proxy hands on of whom it asked for, as servers' logs name it. */
const FORWARDED = [
  'X-Forwarded-For',
  'x-forwarded-for',
  'cs-x-forwarded-for',
  'http_x_forwarded_for',
  'x_forwarded_for',
  'X-Real-IP',
  'x-real-ip',
  'cs-x-real-ip',
  'X-Client-IP',
  'cs-x-client-ip',
  'OriginalClientIP',
  'True-Client-IP',
  'CF-Connecting-IP',
];
const SYSMON_DNS: Columns = {
  query: 'QueryName',
  answer: 'QueryResults',
  process: 'Image',
  process_guid: 'ProcessGuid',
  pid: 'ProcessId',
};
const ENDPOINT_LOGON: Columns = {
  activity: 'LogonActivity',
  user: 'TargetUserName',
  domain: 'TargetDomainName',
  logon_type: 'LogonTypeNumber',
  src_ip: 'IpAddress',
  src_port: 'IpPort',
  workstation: 'WorkstationName',
  process: 'ProcessName',
  logon_id: 'TargetLogonId',
  auth_protocol: 'AuthenticationPackageName',
  sid: 'TargetUserSid',
};

/** What endpoint sensors saw, told by Sysmon's names (Microsoft Defender, Elastic Defend). */
const ENDPOINT = ['endpoint', 'endpoint/linux'].flatMap((e): Source[] => [
  { channel: `${e}/process`, fact: 'process_activity', columns: SYSMON_PROCESS },
  {
    channel: `${e}/network`,
    fact: 'network_activity',
    columns: { ...SYSMON_NETWORK, bytes_out: 'bytes_out', bytes_in: 'bytes_in' },
  },
  {
    channel: `${e}/file`,
    fact: 'file_activity',
    columns: { ...sysmonFile('create'), activity: 'FileOperation', hash: 'Hashes', origin: 'origin' },
  },
  { channel: `${e}/dns`, fact: 'dns_activity', columns: SYSMON_DNS },
  { channel: `${e}/logon`, fact: 'authentication', columns: ENDPOINT_LOGON },
]);

const SOURCES: readonly Source[] = [
  ...MORE_SOURCES,
  { channel: SECURITY, ids: [4624], fact: 'authentication', columns: { ...LOGON, activity: '=logon' } },
  { channel: SECURITY, ids: [4625], fact: 'authentication', columns: { ...LOGON, activity: '=logon failed' } },
  { channel: SECURITY, ids: [4634, 4647], fact: 'authentication', columns: { ...LOGON, activity: '=logoff' } },
  {
    channel: SECURITY,
    ids: [4648],
    fact: 'authentication',
    columns: {
      ...LOGON,
      activity: '=explicit credentials',
      service: 'TargetServerName',
      logon_guid: 'TargetLogonGuid',
    },
  },
  {
    channel: SECURITY,
    ids: [4768],
    fact: 'authentication',
    columns: { ...LOGON, activity: '=ticket granting ticket', auth_protocol: '=Kerberos', service: 'ServiceName' },
  },
  {
    channel: SECURITY,
    ids: [4769],
    fact: 'authentication',
    columns: {
      ...LOGON,
      activity: '=service ticket',
      auth_protocol: '=Kerberos',
      service: 'ServiceName',
      encryption: 'TicketEncryptionType',
    },
  },
  {
    channel: SECURITY,
    ids: [4771],
    fact: 'authentication',
    columns: { ...LOGON, activity: '=preauthentication failed', auth_protocol: '=Kerberos', service: 'ServiceName' },
  },
  { channel: SECURITY, ids: [4776], fact: 'authentication', columns: { ...LOGON, activity: '=credential validation' } },
  {
    channel: 'linux/syslog',
    fact: 'authentication',
    needs: ['auth_method'],
    columns: {
      activity: 'action',
      user: 'user',
      src_ip: 'src_ip',
      src_port: 'src_port',
      auth_protocol: 'auth_method',
      service: 'program',
      pid: 'pid',
    },
  },
  {
    channel: 'linux/syslog',
    fact: 'authentication',
    needs: ['session_closed'],
    columns: { activity: '=session closed', user: 'user', service: 'program', pid: 'pid' },
  },
  {
    channel: 'zeek/ssh',
    fact: 'authentication',
    columns: {
      activity: '=ssh',
      src_ip: 'id.orig_h',
      src_port: 'id.orig_p',
      service: 'id.resp_h',
      status: 'auth_success',
    },
  },
  {
    channel: 'zeek/kerberos',
    fact: 'authentication',
    columns: {
      activity: 'request_type',
      user: 'client',
      src_ip: 'id.orig_h',
      service: 'service',
      status: 'success',
      auth_protocol: '=Kerberos',
    },
  },
  {
    channel: 'zeek/ntlm',
    fact: 'authentication',
    columns: {
      activity: '=ntlm',
      user: 'username',
      domain: 'domainname',
      workstation: 'hostname',
      src_ip: 'id.orig_h',
      service: 'id.resp_h',
      status: 'success',
      auth_protocol: '=NTLM',
    },
  },
  {
    channel: 'azure/signinlogs',
    fact: 'authentication',
    needs: ['sign_in_failed'],
    columns: { ...SIGN_IN, activity: '=sign-in failed' },
  },
  { channel: 'azure/signinlogs', fact: 'authentication', columns: SIGN_IN },

  { channel: SYSMON, ids: [1], fact: 'process_activity', columns: SYSMON_PROCESS },
  { channel: 'Linux-Sysmon/Operational', ids: [1], fact: 'process_activity', columns: SYSMON_PROCESS },
  ...ENDPOINT,
  {
    channel: SECURITY,
    ids: [4688],
    fact: 'process_activity',
    columns: {
      process: 'NewProcessName',
      command_line: 'CommandLine',
      parent_process: 'ParentProcessName',
      // As whom it runs, where that is another than who started it.
      user: ['TargetUserName', 'SubjectUserName'],
      domain: ['TargetDomainName', 'SubjectDomainName'],
      pid: 'NewProcessId',
      parent_pid: 'ProcessId',
      logon_id: ['TargetLogonId', 'SubjectLogonId'],
      integrity: 'MandatoryLabel',
    },
  },
  {
    channel: 'linux/auditd',
    fact: 'process_activity',
    needs: ['CommandLine'],
    columns: {
      process: 'exe',
      command_line: 'CommandLine',
      user: ['UID', 'uid'],
      pid: 'pid',
      parent_pid: 'ppid',
      parent_process: 'PPID.exe',
      parent_command_line: 'PPID.ARGV',
      logon_id: 'ses',
    },
  },
  {
    channel: 'linux/auditd',
    fact: 'file_activity',
    needs: ['FileOperation'],
    columns: {
      activity: 'FileOperation',
      path: 'TargetFilename',
      process: 'exe',
      user: ['UID', 'uid'],
      pid: 'pid',
      logon_id: 'ses',
    },
  },
  {
    channel: 'linux/auditd',
    fact: 'authentication',
    needs: ['SessionOperation'],
    columns: {
      activity: 'SessionOperation',
      user: ['acct', 'ID', 'id'],
      src_ip: 'addr',
      process: 'exe',
      logon_id: 'ses',
      status: 'res',
      service: 'op',
      // The number of the user that the session is of.
      sid: ['auid', 'id'],
      pid: 'pid',
    },
  },

  { channel: SYSMON, ids: [3], fact: 'network_activity', columns: SYSMON_NETWORK },
  { channel: 'Linux-Sysmon/Operational', ids: [3], fact: 'network_activity', columns: SYSMON_NETWORK },
  {
    channel: SECURITY,
    ids: [5156],
    fact: 'network_activity',
    columns: {
      activity: '=allow',
      src_ip: 'SourceAddress',
      src_port: 'SourcePort',
      dst_ip: 'DestAddress',
      dst_port: 'DestPort',
      protocol: 'Protocol',
      process: 'Application',
      direction: 'Direction',
      pid: ['ProcessID', 'ProcessId'],
    },
  },
  {
    channel: SECURITY,
    ids: [5157],
    fact: 'network_activity',
    columns: {
      activity: '=deny',
      src_ip: 'SourceAddress',
      src_port: 'SourcePort',
      dst_ip: 'DestAddress',
      dst_port: 'DestPort',
      protocol: 'Protocol',
      process: 'Application',
      direction: 'Direction',
      pid: ['ProcessID', 'ProcessId'],
    },
  },
  {
    channel: 'zeek/conn',
    fact: 'network_activity',
    columns: {
      activity: 'conn_state',
      src_ip: 'id.orig_h',
      src_port: 'id.orig_p',
      dst_ip: 'id.resp_h',
      dst_port: 'id.resp_p',
      protocol: 'proto',
      bytes_out: 'orig_bytes',
      bytes_in: 'resp_bytes',
      duration: 'duration',
    },
  },
  {
    channel: 'firewall',
    fact: 'network_activity',
    columns: {
      activity: 'action',
      src_ip: ['src_ip', 'src-ip'],
      src_port: ['src_port', 'src-port'],
      dst_ip: ['dst_ip', 'dst-ip'],
      dst_port: ['dst_port', 'dst-port'],
      protocol: ['proto', 'protocol'],
      // Where a firewall counts both ways together, nothing stands under bytes_in.
      bytes_out: ['bytes_out', 'bytes'],
      bytes_in: 'bytes_in',
      duration: 'duration',
      dst_host: 'dst_host',
    },
  },
  {
    channel: 'cef',
    fact: 'network_activity',
    needs: ['src', 'dst', 'dpt'],
    columns: {
      activity: ['act', 'deviceAction'],
      src_ip: ['src', 'sourceAddress'],
      src_port: ['spt', 'sourcePort'],
      dst_ip: ['dst', 'destinationAddress'],
      dst_port: ['dpt', 'destinationPort'],
      protocol: ['proto', 'transportProtocol'],
      bytes_out: ['out', 'bytesOut'],
      bytes_in: ['in', 'bytesIn'],
      dst_host: ['dhost', 'destinationHostName'],
    },
  },
  {
    channel: 'flow',
    fact: 'network_activity',
    columns: {
      activity: 'action',
      src_ip: 'src_ip',
      src_port: 'src_port',
      dst_ip: 'dst_ip',
      dst_port: 'dst_port',
      protocol: 'protocol',
      bytes_out: 'bytes_out',
      bytes_in: 'bytes_in',
    },
  },
  {
    channel: 'linux/wtmp',
    ids: ['USER_PROCESS', 'DEAD_PROCESS', 'LOGIN_PROCESS'],
    fact: 'authentication',
    needs: ['activity', 'user'],
    columns: { activity: 'activity', user: 'user', src_ip: 'src_ip', workstation: 'host', service: 'line' },
  },
  {
    channel: 'suricata/flow',
    fact: 'network_activity',
    columns: {
      activity: 'flow.state',
      src_ip: 'src_ip',
      src_port: 'src_port',
      dst_ip: 'dest_ip',
      dst_port: 'dest_port',
      protocol: 'proto',
      bytes_out: 'flow.bytes_toserver',
      bytes_in: 'flow.bytes_toclient',
    },
  },

  { channel: SYSMON, ids: [11], fact: 'file_activity', columns: sysmonFile('create') },
  { channel: SYSMON, ids: [2], fact: 'file_activity', columns: sysmonFile('change of creation time') },
  {
    channel: SYSMON,
    ids: [15],
    fact: 'file_activity',
    // The mark of the web, which says where a file was fetched from.
    columns: { ...sysmonFile('create stream'), origin: 'Contents' },
  },
  { channel: SYSMON, ids: [23, 26], fact: 'file_activity', columns: sysmonFile('delete') },
  { channel: 'Linux-Sysmon/Operational', ids: [11], fact: 'file_activity', columns: sysmonFile('create') },
  {
    channel: SECURITY,
    ids: [4663],
    fact: 'file_activity',
    columns: {
      activity: '=access',
      path: 'ObjectName',
      process: 'ProcessName',
      user: 'SubjectUserName',
      pid: 'ProcessId',
      logon_id: 'SubjectLogonId',
      access: 'AccessMask',
    },
  },
  {
    channel: SECURITY,
    ids: [5145],
    fact: 'file_activity',
    columns: {
      activity: '=share access',
      path: 'RelativeTargetName',
      share: 'ShareName',
      user: 'SubjectUserName',
      src_ip: 'IpAddress',
      logon_id: 'SubjectLogonId',
      access: 'AccessMask',
    },
  },
  {
    channel: SECURITY,
    ids: [5140],
    fact: 'file_activity',
    columns: {
      activity: '=share access',
      share: 'ShareName',
      user: 'SubjectUserName',
      src_ip: 'IpAddress',
      logon_id: 'SubjectLogonId',
      access: 'AccessMask',
    },
  },
  // What was run or carried, with its hash.
  ...['EXE and DLL', 'MSI and Script'].map((log): Source => ({
    channel: `Microsoft-Windows-AppLocker/${log}`,
    fact: 'file_activity',
    columns: {
      activity: '=judged',
      path: ['FullFilePath', 'FilePath'],
      hash: 'FileHash',
      user: 'TargetUser',
      pid: 'TargetProcessId',
      logon_id: 'TargetLogonId',
    },
  })),
  {
    channel: 'Microsoft-Windows-CodeIntegrity/Operational',
    ids: [3033, 3034, 3076, 3077],
    fact: 'file_activity',
    columns: {
      activity: '=judged',
      path: ['File Name', 'FileNameBuffer', 'FileName'],
      process: ['Process Name', 'ProcessNameBuffer'],
      hash: ['SHA256 Flat Hash', 'SHA256FlatHash', 'SHA256 Hash'],
    },
  },
  { channel: SYSMON, ids: [29], fact: 'file_activity', columns: sysmonFile('create') },
  {
    channel: 'zeek/files',
    fact: 'file_activity',
    needs: ['sha256'],
    columns: {
      activity: '=transferred',
      path: 'filename',
      hash: 'sha256',
      // Who sent it, and who got it.
      src_ip: ['tx_hosts', 'id.resp_h'],
      origin: ['rx_hosts', 'id.orig_h'],
    },
  },
  {
    channel: 'suricata/fileinfo',
    fact: 'file_activity',
    needs: ['fileinfo.sha256'],
    columns: {
      activity: '=transferred',
      path: 'fileinfo.filename',
      hash: 'fileinfo.sha256',
      src_ip: 'src_ip',
      origin: 'dest_ip',
    },
  },
  {
    channel: 'zeek/smb_files',
    fact: 'file_activity',
    columns: { activity: 'action', path: 'name', share: 'path', src_ip: 'id.orig_h' },
  },

  {
    channel: 'System',
    ids: [7045],
    fact: 'service_activity',
    columns: {
      activity: '=install',
      service: 'ServiceName',
      command_line: 'ImagePath',
      account: 'AccountName',
      start_type: 'StartType',
      // Of the envelope: the SID of who asked for it.
      user: ['Security_UserID', 'UserID', 'winlog.user.identifier', 'user.id'],
    },
  },
  {
    channel: SECURITY,
    ids: [4697],
    fact: 'service_activity',
    columns: {
      activity: '=install',
      service: 'ServiceName',
      command_line: 'ServiceFileName',
      account: 'ServiceAccount',
      start_type: 'ServiceStartType',
      user: 'SubjectUserName',
      logon_id: 'SubjectLogonId',
    },
  },
  {
    channel: 'System',
    ids: [7036, 7040],
    fact: 'service_activity',
    columns: { activity: '=state', service: 'param1', start_type: 'param2' },
  },

  {
    channel: 'webserver',
    fact: 'http_activity',
    columns: {
      via: FORWARDED,
      src_ip: 'c-ip',
      user: 'cs-username',
      method: 'cs-method',
      host: ['cs-host', 's-computername'],
      path: ['cs-uri-stem', 'cs-uri'],
      query: 'cs-uri-query',
      status: 'sc-status',
      user_agent: 'cs-user-agent',
      referer: 'cs-referer',
      bytes: 'sc-bytes',
      bytes_out: 'cs-bytes',
      server_ip: 's-ip',
    },
  },
  {
    channel: 'proxy',
    fact: 'http_activity',
    columns: {
      src_ip: 'c-ip',
      user: 'cs-username',
      method: 'cs-method',
      host: ['cs-host', 'r-host'],
      path: ['c-uri', 'cs-uri', 'cs-uri-stem'],
      query: 'c-uri-query',
      status: 'sc-status',
      user_agent: 'cs-user-agent',
      referer: 'cs-referer',
      bytes: 'sc-bytes',
      bytes_out: 'cs-bytes',
      // Where the proxy itself went.
      server_ip: ['dst_ip', 'r-ip'],
    },
  },
  {
    channel: 'exchange/http',
    fact: 'http_activity',
    columns: {
      src_ip: 'ClientIpAddress',
      user: 'AuthenticatedUser',
      method: 'Method',
      host: 'UrlHost',
      path: 'UrlStem',
      query: 'UrlQuery',
      status: 'HttpStatus',
      user_agent: 'UserAgent',
      bytes: 'ResponseBytes',
      bytes_out: 'RequestBytes',
      mailbox: 'AnchorMailbox',
      protocol: 'Protocol',
    },
  },
  {
    channel: 'zeek/http',
    fact: 'http_activity',
    columns: {
      src_ip: 'id.orig_h',
      user: 'username',
      method: 'method',
      host: 'host',
      path: 'uri',
      status: 'status_code',
      user_agent: 'user_agent',
      referer: 'referrer',
      bytes: 'response_body_len',
      bytes_out: 'request_body_len',
      server_ip: 'id.resp_h',
    },
  },
  {
    // A sensor's, by W3C's names.
    channel: 'http',
    fact: 'http_activity',
    columns: {
      src_ip: 'c-ip',
      user: 'cs-username',
      method: 'cs-method',
      host: 'cs-host',
      path: 'cs-uri-stem',
      query: 'cs-uri-query',
      status: 'sc-status',
      user_agent: 'cs-user-agent',
      referer: 'cs-referer',
      bytes: 'sc-bytes',
      bytes_out: 'cs-bytes',
      server_ip: 'dst_ip',
    },
  },
  {
    channel: 'suricata/http',
    fact: 'http_activity',
    columns: {
      src_ip: 'src_ip',
      method: 'http.http_method',
      host: 'http.hostname',
      path: 'http.url',
      status: 'http.status',
      user_agent: 'http.http_user_agent',
      referer: 'http.http_refer',
      bytes: 'http.length',
    },
  },

  {
    channel: SYSMON,
    ids: [22],
    fact: 'dns_activity',
    columns: SYSMON_DNS,
  },
  {
    channel: 'dhcp',
    ids: [10, 11, 30, 32],
    fact: 'dhcp_activity',
    columns: { activity: 'Description', ip: 'IP Address', hostname: 'Host Name', mac: 'MAC Address' },
  },
  {
    channel: 'zeek/dhcp',
    fact: 'dhcp_activity',
    columns: { activity: 'msg_types', ip: ['assigned_addr', 'assigned_ip'], hostname: 'host_name', mac: 'mac' },
  },
  {
    channel: 'dns',
    fact: 'dns_activity',
    columns: { query: 'query', type: 'record_type', answer: 'answer', src_ip: 'src_ip' },
  },
  {
    channel: 'zeek/dns',
    fact: 'dns_activity',
    columns: { query: 'query', type: 'qtype_name', answer: 'answers', src_ip: 'id.orig_h' },
  },
  {
    channel: 'suricata/dns',
    fact: 'dns_activity',
    columns: { query: 'dns.rrname', type: 'dns.rrtype', src_ip: 'src_ip' },
  },
];

const BY_CHANNEL = new Map<string, { ids: ReadonlySet<string> | null; mapping: FactMapping }[]>();
for (const s of SOURCES) {
  const fact = FACT_CLASSES.find((c) => c.name === s.fact)!;
  const key = s.channel.toLowerCase();
  const list = BY_CHANNEL.get(key) ?? [];
  list.push({
    ids: s.ids === undefined ? null : new Set(s.ids.map(String)),
    mapping: {
      fact,
      needs: s.needs ?? [],
      fields: fact.columns.map((c) => {
        const f = s.columns[c];
        return f === undefined ? [] : typeof f === 'string' ? [f] : f;
      }),
    },
  });
  BY_CHANNEL.set(key, list);
}

// What a user's mapping says is of a class has the class's own names.
for (const fact of FACT_CLASSES)
  BY_CHANNEL.set(`mapped/${fact.name}`, [
    { ids: null, mapping: { fact, needs: [], fields: fact.columns.map((c) => [c]) } },
  ]);

/** The mappings for records of a channel and event id, in the order in which they are tried; none if they are no fact of these classes. */
export function factMappings(channel: string, eventId: string): readonly FactMapping[] {
  const list = BY_CHANNEL.get(channel.toLowerCase()) ?? [];
  return list.filter((x) => x.ids === null || x.ids.has(eventId)).map((x) => x.mapping);
}
