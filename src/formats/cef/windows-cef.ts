// Windows events that a connector sends as CEF: back to the names that Windows gives their fields. What connectors name otherwise stays.
import type { TextValue } from '../text/record.js';

/** Channels by the source that stands before the event's number. */
const CHANNELS: Readonly<Record<string, string>> = {
  'microsoft-windows-security-auditing': 'Security',
  'microsoft-windows-eventlog': 'Security',
  'service control manager': 'System',
  'microsoft-windows-sysmon': 'Microsoft-Windows-Sysmon/Operational',
  'microsoft-windows-taskscheduler': 'Microsoft-Windows-TaskScheduler/Operational',
  'microsoft-windows-powershell': 'Microsoft-Windows-PowerShell/Operational',
  'microsoft-windows-windows defender': 'Microsoft-Windows-Windows Defender/Operational',
  'microsoft-windows-terminalservices-localsessionmanager':
    'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
  'microsoft-windows-terminalservices-remoteconnectionmanager':
    'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational',
  'microsoft-windows-windowsupdateclient': 'System',
  eventlog: 'System',
  msiinstaller: 'Application',
};

type Names = Readonly<Record<string, readonly string[]>>;
const COMMON: Names = {
  SubjectUserName: ['suser', 'sourceUserName'],
  SubjectDomainName: ['sntdom', 'sourceNtDomain'],
  SubjectLogonId: ['suid', 'sourceUserId'],
  IpAddress: ['src', 'sourceAddress'],
  IpPort: ['spt', 'sourcePort'],
  WorkstationName: ['shost', 'sourceHostName'],
  LogonType: ['Logon Type', 'LogonType'],
  AuthenticationPackageName: ['Authentication Package', 'Authentication Package Name'],
  LogonGuid: ['Logon GUID', 'LogonGuid'],
  Status: ['Status', 'Failure Reason'],
};
const TARGET: Names = {
  TargetUserName: ['duser', 'destinationUserName'],
  TargetDomainName: ['dntdom', 'destinationNtDomain'],
  TargetLogonId: ['duid', 'destinationUserId'],
};
/** By event: names of Windows, and where CEF has them. */
const EVENTS: Readonly<Record<string, Names>> = {
  '4688': {
    ...COMMON,
    NewProcessName: ['dproc', 'destinationProcessName'],
    NewProcessId: ['dpid', 'destinationProcessId'],
    ParentProcessName: ['sproc', 'sourceProcessName'],
    ProcessId: ['spid', 'sourceProcessId'],
    CommandLine: ['Command Line', 'Process Command Line', 'CommandLine'],
  },
  '4698': { ...COMMON, TaskName: ['Task Name', 'TaskName', 'fname', 'filePath'], TaskContent: ['Task Content', 'msg'] },
  '4699': { ...COMMON, TaskName: ['Task Name', 'TaskName', 'fname'] },
  '4697': {
    ...COMMON,
    ServiceName: ['Service Name', 'destinationServiceName'],
    ServiceFileName: ['filePath', 'Service File Name', 'fname'],
  },
  '7045': {
    ServiceName: ['Service Name', 'destinationServiceName'],
    ImagePath: ['filePath', 'Service File Name', 'Image Path', 'fname'],
    StartType: ['Service Start Type', 'Start Type'],
    AccountName: ['Service Account', 'duser'],
  },
  '106': { TaskName: ['Task Name', 'TaskName', 'fname'], UserContext: ['suser', 'duser'] },
  '5145': {
    ...COMMON,
    ShareName: ['Share Name', 'fileType'],
    RelativeTargetName: ['Relative Target Name', 'fname', 'filePath'],
    AccessMask: ['Access Mask', 'Accesses'],
  },
  '5140': { ...COMMON, ShareName: ['Share Name', 'filePath', 'fname'] },
};

/** A Windows event's fields from CEF's; null where it is none. */
export function windowsOfCef(
  cef: ReadonlyMap<string, TextValue>,
): { channel: string; provider: string; eventId: string; fields: Map<string, TextValue> } | null {
  const one = (name: string): string => {
    const v = cef.get(name);
    return typeof v === 'string' ? v : '';
  };
  if (!/^microsoft$/i.test(one('deviceVendor')) || !/windows|sysmon/i.test(one('deviceProduct'))) return null;
  const m = /^(.*?):?(\d{1,5})$/.exec(one('signatureId'));
  const eventId = /^\d{1,5}$/.test(one('externalId')) ? one('externalId') : (m?.[2] ?? '');
  const provider = m?.[1] ?? '';
  if (eventId === '') return null;
  const given = one('cat');
  const channel = CHANNELS[provider.toLowerCase()] ?? (/^(?:Security|System|Application)$|\//.test(given) ? given : '');
  if (channel === '') return null;
  const names: Names =
    channel === 'Microsoft-Windows-Sysmon/Operational'
      ? {}
      : (EVENTS[eventId] ?? (channel === 'Security' ? { ...COMMON, ...TARGET } : {}));
  const fields = new Map<string, TextValue>([
    ['EventID', eventId],
    ['Channel', channel],
    ['Provider_Name', provider],
  ]);
  for (const [name, from] of Object.entries(names)) {
    const v = from.map((f) => one(f)).find((x) => x !== '');
    if (v !== undefined) fields.set(name, v);
  }
  // All that CEF said stays, under its names and, where it had labels, under those without blanks.
  for (const [k, v] of cef) {
    if (!fields.has(k)) fields.set(k, v);
    const plain = k.replaceAll(' ', '');
    if (plain !== k && !fields.has(plain)) fields.set(plain, v);
  }
  return { channel, provider, eventId, fields };
}
