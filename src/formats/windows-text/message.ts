// Windows events as people read them: the message in words, with its data behind labels, as the Event Viewer shows it and as Splunk's classic
// input (`WinEventLog`) keeps it. The labels are told back to the names that the event's data has (English messages; Microsoft's
// documentation of security audit events, Sysmon's manifest).
import { DATA_CHANNEL, type TextValue } from '../text/record.js';

/** Messages are cut where they are longer. */
const MAX_MESSAGE = 256 << 10;

type Names = Readonly<Record<string, string>>;

const SUBJECT: Names = {
  'Security ID': 'SubjectUserSid',
  'Account Name': 'SubjectUserName',
  'Account Domain': 'SubjectDomainName',
  'Domain Name': 'SubjectDomainName',
  'Logon ID': 'SubjectLogonId',
  'Logon GUID': 'SubjectLogonGuid',
};
const TARGET: Names = {
  'Security ID': 'TargetSid',
  'Account Name': 'TargetUserName',
  'Account Domain': 'TargetDomainName',
  'Logon ID': 'TargetLogonId',
  'Logon GUID': 'LogonGuid',
  'Linked Logon ID': 'TargetLinkedLogonId',
  'Old Account Name': 'OldTargetUserName',
  'New Account Name': 'NewTargetUserName',
  'Supplied Realm Name': 'TargetDomainName',
  'User ID': 'TargetSid',
  'Group Name': 'TargetUserName',
  'Group Domain': 'TargetDomainName',
};
/** Sections of a message, and what their labels stand for. */
const SECTIONS: Readonly<Record<string, Names>> = {
  Subject: SUBJECT,
  'Creator Subject': SUBJECT,
  'New Logon': { ...TARGET, 'Security ID': 'TargetUserSid' },
  'Account For Which Logon Failed': { ...TARGET, 'Security ID': 'TargetUserSid' },
  'Account Whose Credentials Were Used': TARGET,
  'Account That Was Locked Out': TARGET,
  'Account Information': TARGET,
  'Target Account': TARGET,
  'Target Subject': TARGET,
  'New Account': TARGET,
  'New Computer Account': TARGET,
  'Computer Account That Was Changed': TARGET,
  Group: TARGET,
  'New Group': TARGET,
  Member: { 'Security ID': 'MemberSid', 'Account Name': 'MemberName' },
  'Logon Information': {
    'Logon Type': 'LogonType',
    'Elevated Token': 'ElevatedToken',
    'Virtual Account': 'VirtualAccount',
  },
  'Process Information': {
    'New Process ID': 'NewProcessId',
    'New Process Name': 'NewProcessName',
    'Token Elevation Type': 'TokenElevationType',
    'Mandatory Label': 'MandatoryLabel',
    'Creator Process ID': 'ProcessId',
    'Creator Process Name': 'ParentProcessName',
    'Process Command Line': 'CommandLine',
    'Process ID': 'ProcessId',
    'Process Name': 'ProcessName',
    'Caller Process ID': 'ProcessId',
    'Caller Process Name': 'ProcessName',
    'Exit Status': 'Status',
  },
  'Application Information': { 'Process ID': 'ProcessID', 'Application Name': 'Application' },
  'Network Information': {
    'Workstation Name': 'WorkstationName',
    'Source Network Address': 'IpAddress',
    'Source Port': 'IpPort',
    'Source Address': 'IpAddress',
    'Client Address': 'IpAddress',
    'Client Port': 'IpPort',
    'Network Address': 'IpAddress',
    Port: 'IpPort',
    Direction: 'Direction',
    'Destination Address': 'DestAddress',
    'Destination Port': 'DestPort',
    Protocol: 'Protocol',
    'Object Type': 'ObjectType',
  },
  'Detailed Authentication Information': {
    'Logon Process': 'LogonProcessName',
    'Authentication Package': 'AuthenticationPackageName',
    'Package Name (NTLM only)': 'LmPackageName',
    'Transited Services': 'TransmittedServices',
    'Key Length': 'KeyLength',
  },
  'Failure Information': { 'Failure Reason': 'FailureReason', Status: 'Status', 'Sub Status': 'SubStatus' },
  'Target Server': { 'Target Server Name': 'TargetServerName', 'Additional Information': 'TargetInfo' },
  'Service Information': {
    'Service Name': 'ServiceName',
    'Service ID': 'ServiceSid',
    'Service File Name': 'ServiceFileName',
    'Service Type': 'ServiceType',
    'Service Start Type': 'ServiceStartType',
    'Service Account': 'ServiceAccount',
  },
  'Additional Information': {
    'Ticket Options': 'TicketOptions',
    'Ticket Encryption Type': 'TicketEncryptionType',
    'Pre-Authentication Type': 'PreAuthType',
    'Failure Code': 'Status',
    'Result Code': 'Status',
    'Caller Computer Name': 'TargetDomainName',
    Privileges: 'PrivilegeList',
  },
  'Task Information': { 'Task Name': 'TaskName', 'Task Content': 'TaskContent', 'Task New Content': 'TaskContentNew' },
  'Share Information': {
    'Share Name': 'ShareName',
    'Share Path': 'ShareLocalPath',
    'Relative Target Name': 'RelativeTargetName',
  },
  'Access Request Information': { 'Access Mask': 'AccessMask', Accesses: 'AccessList' },
  Object: {
    'Object Server': 'ObjectServer',
    'Object Type': 'ObjectType',
    'Object Name': 'ObjectName',
    'Object Value Name': 'ObjectValueName',
    'Handle ID': 'HandleId',
  },
  Operation: {
    'Operation Type': 'OperationType',
    Accesses: 'AccessList',
    'Access Mask': 'AccessMask',
    Properties: 'Properties',
  },
  'Change Information': { 'New Value': 'NewValue', 'Old Value': 'OldValue', 'New Value Type': 'NewValueType' },
  'Audit Policy Change': {
    Category: 'CategoryId',
    Subcategory: 'SubcategoryId',
    'Subcategory GUID': 'SubcategoryGuid',
    Changes: 'AuditPolicyChanges',
  },
  User: TARGET,
};
/** Labels that stand under no heading. */
const ALONE: Names = {
  'Logon Type': 'LogonType',
  'Authentication Package': 'PackageName',
  'Logon Account': 'TargetUserName',
  'Source Workstation': 'Workstation',
  'Error Code': 'Status',
  'Service Name': 'ServiceName',
  'Service File Name': 'ImagePath',
  'Service Type': 'ServiceType',
  'Service Start Type': 'StartType',
  'Service Account': 'AccountName',
  Privileges: 'PrivilegeList',
};
/** Data of which the rest of the section is part. */
const LONG = /^(?:TaskContent|TaskContentNew|Properties|AccessList|AuditPolicyChanges|CommandLine|PrivilegeList)$/;

/** What some messages say in a sentence: by channel's end and id. */
const SENTENCES: readonly (readonly [RegExp, string, RegExp, readonly string[]])[] = [
  [/^System$/, '7036', /^The (.{1,200}?) service entered the (\w+) state/, ['param1', 'param2']],
  [
    /^System$/,
    '7040',
    /^The start type of the (.{1,200}?) service was changed from (.{1,40}?) to (.{1,40}?)\.?$/m,
    ['param1', 'param2', 'param3'],
  ],
  [/^System$/, '104', /^The (.{1,200}?) log file was cleared/, [DATA_CHANNEL]],
  [
    /TaskScheduler/,
    '106',
    /^User "([^"]*)" {1,2}registered Task Scheduler task "([^"]*)"/,
    ['UserContext', 'TaskName'],
  ],
  [/TaskScheduler/, '140', /^User "([^"]*)" {1,2}updated Task Scheduler task "([^"]*)"/, ['UserName', 'TaskName']],
  [/TaskScheduler/, '141', /^User "([^"]*)" {1,2}deleted Task Scheduler task "([^"]*)"/, ['UserName', 'TaskName']],
  [
    /TaskScheduler/,
    '200',
    /^Task Scheduler launched action "([^"]*)" in instance "([^"]*)" of task "([^"]*)"/,
    ['ActionName', 'TaskInstanceId', 'TaskName'],
  ],
  [
    /TaskScheduler/,
    '129',
    /^Task Scheduler launch task "([^"]*)" ?, instance "([^"]*)" {1,2}with process ID (\d+)/,
    ['TaskName', 'Path', 'ProcessID'],
  ],
];

const REMOTE_DESKTOP: Names = { User: 'User', 'Session ID': 'SessionID', 'Source Network Address': 'Address' };
const CONNECTION: Names = { User: 'Param1', Domain: 'Param2', 'Source Network Address': 'Param3' };

/**
 * Data of an event by what its message says; none where the words are not known. `channel` and `id` are the event's.
 */
export function messageData(channel: string, id: string, given: string): Map<string, TextValue> {
  const out = new Map<string, TextValue>();
  const message = given.slice(0, MAX_MESSAGE).replaceAll('\r', '');
  const put = (name: string, value: string): void => {
    if (!out.has(name)) out.set(name, value);
  };
  for (const [log, event, shape, names] of SENTENCES) {
    if (event !== id || !log.test(channel)) continue;
    const m = shape.exec(message);
    if (m !== null) for (const [k, name] of names.entries()) put(name, m[k + 1]!);
  }
  if (/PowerShell/.test(channel) && id === '4104') {
    const m = /^Creating Scriptblock text \((\d+) of (\d+)\):\n/.exec(message);
    const end = message.lastIndexOf('\nScriptBlock ID: ');
    if (m !== null && end > 0) {
      put('MessageNumber', m[1]!);
      put('MessageTotal', m[2]!);
      put('ScriptBlockText', message.slice(m[0].length, end).trimEnd());
      const rest = /^\nScriptBlock ID: (\S+)(?:\nPath: (.*))?/.exec(message.slice(end));
      put('ScriptBlockId', rest?.[1] ?? '');
      put('Path', (rest?.[2] ?? '').trim());
    }
    return out;
  }
  const lines = message.split('\n');
  if (/Sysmon/.test(channel)) {
    for (const line of lines.slice(1)) {
      const at = line.indexOf(': ');
      if (at > 0 && at < 40 && /^\w+$/.test(line.slice(0, at))) put(line.slice(0, at), line.slice(at + 2));
      else if (/^\w{1,40}:$/.test(line)) put(line.slice(0, -1), '');
    }
    return out;
  }
  const flat = /LocalSessionManager/.test(channel)
    ? REMOTE_DESKTOP
    : /RemoteConnectionManager/.test(channel)
      ? CONNECTION
      : null;
  let section = '';
  let open = '';
  for (const line of lines) {
    const heading = /^([A-Z][\w ()-]{2,60}):\s*$/.exec(line);
    if (heading !== null && !line.startsWith('\t')) {
      section = heading[1]!;
      open = '';
      continue;
    }
    const label = /^\s{0,2}([A-Za-z][\w ()-]{1,50}):[\t ]*(.*)$/.exec(line);
    const own = flat ?? (line.startsWith('\t') || line.startsWith('  ') ? SECTIONS[section] : undefined) ?? ALONE;
    const name = label === null ? undefined : nameOf(own, label[1]!, id);
    if (name !== undefined) {
      put(name, label![2]!.trim());
      open = LONG.test(name) ? name : '';
    } else if (open !== '' && line.trim() !== '') out.set(open, `${String(out.get(open))}\n${line.trim()}`.trim());
    else if (line.trim() === '' && open !== 'TaskContent') open = '';
  }
  return out;
}

function nameOf(names: Names, label: string, id: string): string | undefined {
  const name = Object.hasOwn(names, label) ? names[label] : undefined;
  // The filtering platform has names of its own for the ends of a connection.
  if (/^51[5-9]\d$/.test(id)) {
    if (label === 'Source Address') return 'SourceAddress';
    if (label === 'Source Port') return 'SourcePort';
  }
  return name;
}

/** Providers as messages name them → as events do. */
const PROVIDERS: Names = {
  'Microsoft Windows security auditing.': 'Microsoft-Windows-Security-Auditing',
  'Microsoft-Windows-Service Control Manager': 'Service Control Manager',
};

/** An event of Splunk's classic input: lines of `Name=value`, the last of them the message; null where a text is none. */
export function classicEvent(text: string): Record<string, unknown> | null {
  if (!/^\d{1,2}\/\d{1,2}\/\d{4} [\d:.]+ ?[AP]?M?\r?\nLogName=/.test(text)) return null;
  const at = text.search(/\nMessage=/);
  const head = at < 0 ? text : text.slice(0, at);
  const o: Record<string, string> = {};
  for (const line of head.split('\n').slice(1)) {
    const eq = line.indexOf('=');
    if (eq > 0) o[line.slice(0, eq)] = line.slice(eq + 1).replace(/\r$/, '');
  }
  if (o.LogName === undefined || o.EventCode === undefined) return null;
  const message = at < 0 ? '' : text.slice(at + 9);
  return {
    EventID: o.EventCode,
    Channel: o.LogName,
    ProviderName: PROVIDERS[o.SourceName ?? ''] ?? o.SourceName,
    Computer: o.ComputerName,
    EventRecordID: o.RecordNumber,
    ...(o.Sid === undefined ? {} : { UserID: o.Sid }),
    EventData: Object.fromEntries(messageData(o.LogName, o.EventCode, message)),
    Message: message,
    EventTime: text.slice(0, text.indexOf('\n')).trim(),
  };
}
