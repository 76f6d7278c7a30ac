// Which records tell of accounts, tasks, the registry, memory, scripts, logs, mailboxes and tunnels; what fact-classes.ts does not list
// beside its classes. The tables are of one form.
import type { Columns, Source } from './fact-classes.js';

const SECURITY = 'Security';
const SYSMON = 'Microsoft-Windows-Sysmon/Operational';
const TASKS = 'Microsoft-Windows-TaskScheduler/Operational';

const MEMORY = (activity: string): Columns => ({
  activity: `=${activity}`,
  process: 'SourceImage',
  process_guid: ['SourceProcessGUID', 'SourceProcessGuid'],
  pid: 'SourceProcessId',
  target: 'TargetImage',
  target_guid: ['TargetProcessGUID', 'TargetProcessGuid'],
  target_pid: 'TargetProcessId',
  access: ['GrantedAccess', 'StartFunction'],
  user: 'SourceUser',
});
const registry = (activity: string): Columns => ({
  activity: `=${activity}`,
  key: ['TargetObject'],
  details: ['Details', 'NewName'],
  process: 'Image',
  process_guid: 'ProcessGuid',
  pid: 'ProcessId',
  user: 'User',
});
const task = (activity: string): Columns => ({
  activity: `=${activity}`,
  task: 'TaskName',
  command: ['TaskContent', 'TaskContentNew', 'ActionName', 'Path'],
  user: ['SubjectUserName', 'UserContext', 'UserName'],
  logon_id: 'SubjectLogonId',
});
const account = (activity: string): Columns => ({
  activity: `=${activity}`,
  user: ['TargetUserName', 'NewTargetUserName'],
  domain: 'TargetDomainName',
  actor: 'SubjectUserName',
  logon_id: 'SubjectLogonId',
  member: ['MemberName', 'MemberSid'],
});
const log = (activity: string): Columns => ({
  activity: `=${activity}`,
  log: ['UserData_Channel', 'Channel', 'SubcategoryGuid'],
  user: 'SubjectUserName',
  logon_id: 'SubjectLogonId',
  what: ['AuditPolicyChanges', 'Product Name'],
});
const SCRIPT: Columns = {
  script: 'ScriptBlockText',
  script_id: 'ScriptBlockId',
  path: 'Path',
  // Of the envelope, as each way of writing events names it: the SID of who ran it, and the process.
  user: ['Security_UserID', 'UserID', 'winlog.user.identifier', 'user.id'],
  pid: ['Execution_ProcessID', 'ExecutionProcessID', 'winlog.process.pid', 'process.pid', 'process_id'],
};
const M365_SIGN_IN: Columns = {
  activity: '=sign-in',
  user: 'UserId',
  src_ip: ['ClientIP', 'ActorIpAddress'],
  status: 'ErrorNumber',
  service: 'ApplicationId',
  workstation: ['UserAgent', 'ExtendedProperties'],
};
const rdp = (activity: string): Columns => ({
  activity: `=${activity}`,
  user: ['User', 'Param1', 'AccountName'],
  domain: ['Param2', 'AccountDomain'],
  src_ip: ['Address', 'Param3', 'ClientAddress'],
  workstation: 'ClientName',
  logon_id: 'LogonID',
});

/** What clouds' audit logs say, by the names that their reader gives. */
const CLOUDS = ['aws/cloudtrail', 'okta/system', 'google/workspace', 'gcp/audit', 'duo/authentication'].flatMap(
  (channel): Source[] => [
    {
      channel,
      fact: 'authentication',
      needs: ['sign_in'],
      columns: {
        activity: 'sign_in',
        user: 'actor',
        src_ip: ['src_ip', 'sourceIPAddress'],
        status: 'status',
        service: 'request',
        workstation: ['user_agent', 'userAgent'],
      },
    },
    {
      channel,
      fact: 'api_activity',
      needs: ['actor'],
      columns: {
        operation: ['eventName', 'eventType', 'gcp.audit.method_name', 'events.name'],
        parameters: 'request',
        user: 'actor',
        service: ['eventSource', 'gcp.audit.service_name', 'id.applicationName'],
        status: 'status',
        src_ip: ['src_ip', 'sourceIPAddress'],
        // The key that it was done with, and one that was made by it.
        credential_uid: 'credential',
        created_uid: 'made',
        bytes_out: 'bytes_out',
      },
    },
  ],
);

export const MORE_SOURCES: readonly Source[] = [
  { channel: SYSMON, ids: [10], fact: 'memory_activity', columns: MEMORY('open') },
  { channel: SYSMON, ids: [8], fact: 'memory_activity', columns: MEMORY('inject') },
  { channel: 'endpoint/memory', fact: 'memory_activity', columns: MEMORY('open') },
  {
    channel: 'endpoint/registry',
    fact: 'registry_value_activity',
    columns: { ...registry('set'), activity: 'RegistryActivity' },
  },
  {
    channel: 'linux/auditd',
    fact: 'service_activity',
    needs: ['UnitStarted'],
    columns: { activity: '=unit started', service: 'UnitStarted' },
  },
  {
    channel: 'endpoint/task',
    fact: 'scheduled_job_activity',
    columns: { ...task('create'), activity: 'TaskActivity' },
  },
  {
    channel: 'endpoint/service',
    fact: 'service_activity',
    columns: {
      activity: 'ServiceActivity',
      service: 'ServiceName',
      command_line: 'ImagePath',
      account: 'AccountName',
      start_type: 'StartType',
      user: 'SubjectUserName',
    },
  },
  {
    channel: 'endpoint/log',
    fact: 'event_log_activity',
    columns: { activity: 'LogActivity', log: 'LogName', user: 'SubjectUserName' },
  },
  {
    channel: 'endpoint/account',
    fact: 'account_change',
    columns: { ...account('create'), activity: 'AccountActivity' },
  },

  { channel: SECURITY, ids: [4698], fact: 'scheduled_job_activity', columns: task('create') },
  { channel: SECURITY, ids: [4699], fact: 'scheduled_job_activity', columns: task('delete') },
  { channel: SECURITY, ids: [4702], fact: 'scheduled_job_activity', columns: task('update') },
  { channel: TASKS, ids: [106], fact: 'scheduled_job_activity', columns: task('create') },
  { channel: TASKS, ids: [140], fact: 'scheduled_job_activity', columns: task('update') },
  { channel: TASKS, ids: [141], fact: 'scheduled_job_activity', columns: task('delete') },
  { channel: TASKS, ids: [129, 200], fact: 'scheduled_job_activity', columns: task('run') },

  { channel: SECURITY, ids: [1102], fact: 'event_log_activity', columns: { ...log('clear'), log: '=Security' } },
  // System's own Channel is not what was cleared.
  { channel: 'System', ids: [104], fact: 'event_log_activity', columns: { ...log('clear'), log: 'UserData_Channel' } },
  { channel: SECURITY, ids: [4719], fact: 'event_log_activity', columns: log('audit policy') },
  {
    channel: 'Microsoft-Windows-Windows Defender/Operational',
    ids: [5001, 5010, 5012],
    fact: 'event_log_activity',
    columns: { ...log('sensor stopped'), log: '=Microsoft Defender Antivirus' },
  },
  {
    channel: SYSMON,
    ids: [4],
    fact: 'event_log_activity',
    columns: { activity: '=sensor state', log: '=Sysmon', what: 'State' },
  },

  {
    channel: 'Microsoft-Windows-PowerShell/Operational',
    ids: [4104],
    fact: 'script_activity',
    columns: SCRIPT,
  },
  {
    channel: 'PowerShellCore/Operational',
    ids: [4104],
    fact: 'script_activity',
    columns: SCRIPT,
  },

  {
    // That PowerShell began, for whom and by which command line: on by default, also where no scripts are logged.
    channel: 'Windows PowerShell',
    ids: [400],
    fact: 'script_activity',
    columns: { script: ['Data', 'Message'] },
  },

  { channel: SYSMON, ids: [13], fact: 'registry_value_activity', columns: registry('set') },
  { channel: SYSMON, ids: [12], fact: 'registry_value_activity', columns: registry('create or delete') },
  { channel: SYSMON, ids: [14], fact: 'registry_value_activity', columns: registry('rename') },
  {
    channel: SECURITY,
    ids: [4657],
    fact: 'registry_value_activity',
    columns: {
      activity: '=set',
      key: 'ObjectName',
      details: 'NewValue',
      process: 'ProcessName',
      pid: 'ProcessId',
      user: 'SubjectUserName',
    },
  },

  {
    channel: SYSMON,
    ids: [19, 20, 21],
    fact: 'wmi_activity',
    columns: {
      activity: 'EventType',
      name: ['Name', 'Consumer'],
      destination: ['Destination', 'Query', 'Filter'],
      user: 'User',
    },
  },
  {
    channel: 'Microsoft-Windows-WMI-Activity/Operational',
    ids: [5861],
    fact: 'wmi_activity',
    columns: {
      activity: '=permanent subscription',
      name: ['ESS', 'UserData_ESS'],
      // The binding, with the consumer's command in it.
      destination: ['PossibleCause', 'UserData_PossibleCause', 'CONSUMER', 'Consumer'],
    },
  },

  { channel: SECURITY, ids: [4720], fact: 'account_change', columns: account('create') },
  { channel: SECURITY, ids: [4726], fact: 'account_change', columns: account('delete') },
  { channel: SECURITY, ids: [4723, 4724], fact: 'account_change', columns: account('password reset') },
  { channel: SECURITY, ids: [4728, 4732, 4756], fact: 'account_change', columns: account('member added') },

  {
    channel: SECURITY,
    ids: [4662],
    fact: 'entity_management',
    columns: {
      activity: 'OperationType',
      object: 'ObjectType',
      properties: 'Properties',
      user: 'SubjectUserName',
      logon_id: 'SubjectLogonId',
      access: 'AccessMask',
    },
  },

  {
    channel: 'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
    ids: [21],
    fact: 'authentication',
    columns: rdp('remote desktop logon'),
  },
  {
    channel: 'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
    ids: [25],
    fact: 'authentication',
    columns: rdp('remote desktop reconnect'),
  },
  { channel: SECURITY, ids: [4778], fact: 'authentication', columns: rdp('remote desktop reconnect') },
  { channel: SECURITY, ids: [4779], fact: 'authentication', columns: rdp('remote desktop disconnect') },
  {
    channel: 'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
    ids: [23, 24],
    fact: 'authentication',
    columns: rdp('remote desktop disconnect'),
  },

  {
    channel: 'zeek/ssl',
    fact: 'tls_activity',
    needs: ['server_name'],
    columns: {
      server_name: 'server_name',
      src_ip: 'id.orig_h',
      src_port: 'id.orig_p',
      dst_ip: 'id.resp_h',
      dst_port: 'id.resp_p',
    },
  },
  {
    channel: 'tls',
    fact: 'tls_activity',
    needs: ['server_name'],
    columns: {
      server_name: 'server_name',
      src_ip: 'src_ip',
      src_port: 'src_port',
      dst_ip: 'dst_ip',
      dst_port: 'dst_port',
    },
  },
  {
    channel: 'suricata/tls',
    fact: 'tls_activity',
    needs: ['tls.sni'],
    columns: {
      server_name: 'tls.sni',
      src_ip: 'src_ip',
      src_port: 'src_port',
      dst_ip: 'dest_ip',
      dst_port: 'dest_port',
    },
  },
  {
    channel: 'linux/syslog',
    fact: 'tunnel_activity',
    needs: ['vpn_action'],
    columns: { activity: 'vpn_action', user: 'user', src_ip: 'src_ip', inside_ip: 'inside_ip' },
  },
  {
    channel: 'firewall',
    fact: 'tunnel_activity',
    needs: ['vpn_action'],
    columns: { activity: 'vpn_action', user: 'user', src_ip: 'src_ip', inside_ip: 'inside_ip' },
  },
  {
    channel: 'inventory/passwd',
    fact: 'account_change',
    columns: { activity: '=listed', user: 'user', member: 'uid' },
  },
  {
    channel: 'inventory/hosts',
    fact: 'dhcp_activity',
    columns: { activity: '=hosts file', ip: 'ip', hostname: 'hostname' },
  },
  {
    // What an agent says of its own machine.
    channel: 'inventory/addresses',
    fact: 'dhcp_activity',
    columns: { activity: '=own address', ip: 'ip', hostname: 'hostname' },
  },
  {
    channel: 'inventory/interfaces',
    fact: 'dhcp_activity',
    columns: { activity: '=interface', ip: 'ip' },
  },
  {
    channel: 'linux/syslog',
    fact: 'account_change',
    needs: ['user_number'],
    columns: { activity: '=listed', user: 'user', member: 'user_number' },
  },
  {
    channel: 'linux/syslog',
    fact: 'account_change',
    needs: ['account_action'],
    columns: { activity: 'account_action', user: 'user', member: 'member' },
  },
  {
    channel: 'linux/auditd',
    fact: 'account_change',
    needs: ['account_action'],
    columns: { activity: 'account_action', user: 'user', member: 'member', actor: ['AUID', 'auid'], logon_id: 'ses' },
  },
  {
    channel: 'linux/syslog',
    fact: 'scheduled_job_activity',
    needs: ['cron_command'],
    columns: { activity: '=run', task: 'cron_command', command: 'cron_command', user: 'user' },
  },
  {
    channel: 'linux/syslog',
    fact: 'process_activity',
    // Without it, it was refused.
    needs: ['COMMAND_program'],
    columns: {
      process: 'COMMAND_program',
      parent_process: 'COMMAND_parent',
      command_line: 'COMMAND',
      user: 'user',
      pid: 'pid',
    },
  },

  // What endpoint sensors write: eCAR (as in DARPA OpTC) and OCSF.
  {
    channel: 'ecar/process',
    ids: ['CREATE'],
    fact: 'process_activity',
    columns: {
      process: ['properties.image_path', 'image_path'],
      command_line: ['properties.command_line', 'command_line'],
      parent_process: ['properties.parent_image_path', 'parent_image_path'],
      user: ['properties.user', 'principal'],
      pid: 'pid',
      parent_pid: 'ppid',
      process_guid: 'objectID',
      parent_guid: 'actorID',
      hash: ['properties.sha256_hash', 'sha256_hash'],
    },
  },
  {
    channel: 'ecar/flow',
    fact: 'network_activity',
    columns: {
      activity: '=connect',
      src_ip: ['properties.src_ip', 'src_ip'],
      src_port: ['properties.src_port', 'src_port'],
      dst_ip: ['properties.dest_ip', 'dest_ip'],
      dst_port: ['properties.dest_port', 'dest_port'],
      protocol: ['properties.l4protocol', 'l4protocol'],
      process: ['properties.image_path', 'image_path'],
      user: 'principal',
      direction: ['properties.direction', 'direction'],
      process_guid: 'actorID',
      pid: 'pid',
    },
  },
  {
    channel: 'ecar/file',
    ids: ['CREATE', 'WRITE'],
    fact: 'file_activity',
    columns: {
      activity: '=create',
      path: ['properties.file_path', 'file_path'],
      process: ['properties.image_path', 'image_path'],
      user: 'principal',
      process_guid: 'actorID',
      pid: 'pid',
    },
  },
  {
    channel: 'ecar/file',
    ids: ['DELETE'],
    fact: 'file_activity',
    columns: {
      activity: '=delete',
      path: ['properties.file_path', 'file_path'],
      process: ['properties.image_path', 'image_path'],
      user: 'principal',
      process_guid: 'actorID',
      pid: 'pid',
    },
  },
  {
    channel: 'ecar/user_session',
    ids: ['LOGIN', 'REMOTE', 'RDP', 'INTERACTIVE'],
    fact: 'authentication',
    columns: {
      activity: '=logon',
      user: ['properties.user', 'principal'],
      src_ip: ['properties.src_ip', 'src_ip'],
      src_port: ['properties.src_port', 'src_port'],
      logon_type: ['properties.logon_type'],
      logon_id: ['properties.logon_id', 'properties.requesting_logon_id'],
    },
  },
  {
    channel: 'ocsf/1007',
    ids: [1],
    fact: 'process_activity',
    columns: {
      process: ['process.file.path', 'process.name'],
      command_line: 'process.cmd_line',
      parent_process: ['process.parent_process.file.path', 'actor.process.file.path'],
      parent_command_line: ['process.parent_process.cmd_line', 'actor.process.cmd_line'],
      user: ['process.user.name', 'actor.user.name'],
      pid: 'process.pid',
      parent_pid: ['process.parent_process.pid', 'actor.process.pid'],
      process_guid: 'process.uid',
      parent_guid: ['process.parent_process.uid', 'actor.process.uid'],
    },
  },
  {
    channel: 'ocsf/4001',
    fact: 'network_activity',
    columns: {
      activity: 'activity_name',
      src_ip: 'src_endpoint.ip',
      src_port: 'src_endpoint.port',
      dst_ip: 'dst_endpoint.ip',
      dst_port: 'dst_endpoint.port',
      process: 'actor.process.file.path',
      process_guid: 'actor.process.uid',
      pid: 'actor.process.pid',
      bytes_out: 'traffic.bytes_out',
      bytes_in: 'traffic.bytes_in',
      dst_host: 'dst_endpoint.hostname',
    },
  },
  {
    channel: 'ocsf/3002',
    ids: [1],
    fact: 'authentication',
    columns: {
      activity: '=logon',
      user: 'user.name',
      domain: 'user.domain',
      src_ip: 'src_endpoint.ip',
      src_port: 'src_endpoint.port',
      logon_type: 'logon_type_id',
      logon_id: 'session.uid',
    },
  },

  {
    channel: 'exchange/message-tracking',
    fact: 'email_activity',
    columns: {
      activity: 'event-id',
      sender: 'sender-address',
      recipient: 'recipient-address',
      subject: 'message-subject',
      src_ip: ['client-ip', 'original-client-ip'],
    },
  },
  {
    channel: 'MSExchange Management',
    ids: [1, 6],
    fact: 'api_activity',
    columns: {
      operation: '=cmdlet',
      parameters: ['Data', 'param1'],
      user: 'param3',
      service: '=MSExchange Management',
    },
  },
  {
    // Mail servers by their own logs: who signed in over what, and what was asked for.
    channel: 'mail/service',
    fact: 'http_activity',
    columns: {
      src_ip: 'src_ip',
      user: 'user',
      method: 'action',
      path: 'path',
      status: 'status',
      user_agent: 'user_agent',
      mailbox: 'mailbox',
      protocol: 'service',
    },
  },
  {
    // The unified audit log of Microsoft 365: what was done in mailboxes (schema of mailbox audit records).
    channel: 'm365/audit',
    fact: 'datastore_activity',
    needs: ['MailboxOwnerUPN'],
    columns: {
      operation: 'Operation',
      logon_type: 'LogonType',
      owner: 'MailboxOwnerUPN',
      user: 'UserId',
      client: 'ClientInfoString',
      src_ip: ['ClientIPAddress', 'ClientIP'],
      mailbox: 'MailboxOwnerUPN',
    },
  },
  { channel: 'm365/audit', ids: ['UserLoggedIn'], fact: 'authentication', columns: M365_SIGN_IN },
  {
    channel: 'm365/audit',
    ids: ['UserLoginFailed'],
    fact: 'authentication',
    columns: { ...M365_SIGN_IN, activity: '=sign-in failed' },
  },
  {
    channel: 'm365/audit',
    fact: 'api_activity',
    columns: {
      operation: 'Operation',
      parameters: ['Parameters', 'ModifiedProperties', 'OperationProperties', 'ObjectId'],
      user: 'UserId',
      service: 'Workload',
      status: 'ResultStatus',
      src_ip: ['ClientIPAddress', 'ClientIP', 'ActorIpAddress'],
    },
  },
  {
    channel: 'azure/auditlogs',
    fact: 'api_activity',
    columns: {
      operation: ['activityDisplayName', 'operationName', 'OperationName'],
      parameters: ['targetResources', 'properties.targetResources', 'targetResources.displayName'],
      user: ['initiatedBy.user.userPrincipalName', 'properties.initiatedBy.user.userPrincipalName', 'identity'],
      service: '=Entra ID',
      status: ['result', 'properties.result'],
      src_ip: ['initiatedBy.user.ipAddress', 'properties.initiatedBy.user.ipAddress', 'callerIpAddress'],
    },
  },
  ...CLOUDS,
  {
    channel: 'exchange/mailbox-audit',
    fact: 'datastore_activity',
    columns: {
      operation: 'Operation',
      logon_type: 'LogonType',
      owner: 'MailboxOwnerUPN',
      owner_name: 'MailboxResolvedOwnerName',
      user: ['LogonUserDisplayName', 'LogonUserSid'],
      client: 'ClientInfoString',
      src_ip: ['ClientIPAddress', 'ClientIP'],
      folder: 'FolderPathName',
      items: 'ItemCount',
    },
  },
];
