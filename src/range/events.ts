// Events as Windows and Sysmon write them: provider, id, and the fields with their BinXML types.
import { type EventSpec, type SpecValue, value } from '../formats/evtx/index.js';

const T = {
  string: 1,
  uint16: 6,
  uint32: 8,
  bool: 13,
  guid: 15,
  filetime: 17,
  sid: 19,
  hex32: 20,
  hex64: 21,
  strings: 0x81,
  uint64: 10,
} as const;
type Type = keyof typeof T;

export type FieldText = string | number | boolean | readonly string[];

export interface EventKind {
  readonly spec: EventSpec;
  readonly types: readonly Type[];
  readonly names: readonly string[];
}

function kind(
  provider: string,
  guid: string | undefined,
  channel: string,
  eventId: number,
  fields: string,
  extra: Partial<EventSpec> = {},
): EventKind {
  const parsed = fields
    .split(' ')
    .filter((f) => f !== '')
    .map((f) => {
      const [name, type] = f.split(':');
      return [name!.replaceAll('+', ' '), (type ?? 'string') as Type] as const;
    });
  return {
    spec: {
      provider,
      ...(guid === undefined ? {} : { providerGuid: guid }),
      channel,
      eventId,
      data: parsed.map(([n, t]) => [n === '*' ? '' : n, T[t]] as const),
      ...extra,
    },
    types: parsed.map(([, t]) => t),
    names: parsed.map(([n]) => n),
  };
}

const AUDIT = (id: number, fields: string, extra: Partial<EventSpec> = {}): EventKind =>
  kind('Microsoft-Windows-Security-Auditing', '{54849625-5478-4994-a5ba-3e3b0328c30d}', 'Security', id, fields, {
    keywords: 0x8020000000000000n,
    ...extra,
  });
const SYSMON = (id: number, fields: string): EventKind =>
  kind(
    'Microsoft-Windows-Sysmon',
    '{5770385f-c22a-43e0-bf4c-06f5698ffbd9}',
    'Microsoft-Windows-Sysmon/Operational',
    id,
    `RuleName UtcTime ${fields}`,
    { level: 4, task: id, version: 5 },
  );
const SCM = (id: number, fields: string): EventKind =>
  kind('Service Control Manager', '{555908d1-a6d7-4695-8e1e-26931d2012f4}', 'System', id, fields, {
    level: 4,
    keywords: 0x8080000000000000n,
  });

const SUBJECT = 'SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64';

export const EVENTS = {
  logon: AUDIT(
    4624,
    `${SUBJECT} TargetUserSid:sid TargetUserName TargetDomainName TargetLogonId:hex64 LogonType:uint32 LogonProcessName AuthenticationPackageName WorkstationName LogonGuid:guid TransmittedServices LmPackageName KeyLength:uint32 ProcessId:hex64 ProcessName IpAddress IpPort`,
    { task: 12544, version: 2 },
  ),
  logonFailed: AUDIT(
    4625,
    `${SUBJECT} TargetUserSid:sid TargetUserName TargetDomainName Status:hex32 FailureReason SubStatus:hex32 LogonType:uint32 LogonProcessName AuthenticationPackageName WorkstationName TransmittedServices LmPackageName KeyLength:uint32 ProcessId:hex64 ProcessName IpAddress IpPort`,
    { task: 12544, keywords: 0x8010000000000000n },
  ),
  logoff: AUDIT(4634, 'TargetUserSid:sid TargetUserName TargetDomainName TargetLogonId:hex64 LogonType:uint32', {
    task: 12545,
  }),
  privileges: AUDIT(4672, `${SUBJECT} PrivilegeList`, { task: 12548 }),
  process: AUDIT(
    4688,
    `${SUBJECT} NewProcessId:hex64 NewProcessName TokenElevationType ProcessId:hex64 CommandLine TargetUserSid:sid TargetUserName TargetDomainName TargetLogonId:hex64 ParentProcessName MandatoryLabel:sid`,
    { task: 13312, version: 2 },
  ),
  taskCreated: AUDIT(4698, `${SUBJECT} TaskName TaskContent`, { task: 12804 }),
  accountCreated: AUDIT(4720, `TargetUserName TargetDomainName TargetSid:sid ${SUBJECT} PrivilegeList SamAccountName`, {
    task: 13824,
  }),
  memberAdded: AUDIT(
    4728,
    `MemberName MemberSid:sid TargetUserName TargetDomainName TargetSid:sid ${SUBJECT} PrivilegeList`,
    { task: 13826 },
  ),
  ticket: AUDIT(
    4768,
    'TargetUserName TargetDomainName TargetSid:sid ServiceName ServiceSid:sid TicketOptions:hex32 Status:hex32 TicketEncryptionType:hex32 PreAuthType IpAddress IpPort',
    { task: 14339 },
  ),
  serviceTicket: AUDIT(
    4769,
    'TargetUserName TargetDomainName ServiceName ServiceSid:sid TicketOptions:hex32 TicketEncryptionType:hex32 IpAddress IpPort Status:hex32 LogonGuid:guid TransmittedServices',
    { task: 14337 },
  ),
  share: AUDIT(5140, `${SUBJECT} ObjectType IpAddress IpPort ShareName ShareLocalPath AccessMask:hex32 AccessList`, {
    task: 12808,
    version: 1,
  }),
  shareFile: AUDIT(
    5145,
    `${SUBJECT} ObjectType IpAddress IpPort ShareName ShareLocalPath RelativeTargetName AccessMask:hex32 AccessList AccessReason`,
    { task: 12811 },
  ),
  securityCleared: kind(
    'Microsoft-Windows-Eventlog',
    '{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}',
    'Security',
    1102,
    'SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64',
    {
      level: 4,
      task: 104,
      keywords: 0x4020000000000000n,
      userData: { element: 'LogFileCleared', namespace: 'http://manifests.microsoft.com/win/2004/08/windows/eventlog' },
    },
  ),
  sysmonProcess: SYSMON(
    1,
    'ProcessGuid:guid ProcessId:uint32 Image FileVersion Description Product Company OriginalFileName CommandLine CurrentDirectory User LogonGuid:guid LogonId:hex64 TerminalSessionId:uint32 IntegrityLevel Hashes ParentProcessGuid:guid ParentProcessId:uint32 ParentImage ParentCommandLine ParentUser',
  ),
  sysmonNetwork: SYSMON(
    3,
    'ProcessGuid:guid ProcessId:uint32 Image User Protocol Initiated:bool SourceIsIpv6:bool SourceIp SourceHostname SourcePort:uint16 SourcePortName DestinationIsIpv6:bool DestinationIp DestinationHostname DestinationPort:uint16 DestinationPortName',
  ),
  sysmonAccess: SYSMON(
    10,
    'SourceProcessGUID:guid SourceProcessId:uint32 SourceThreadId:uint32 SourceImage TargetProcessGUID:guid TargetProcessId:uint32 TargetImage GrantedAccess:hex32 CallTrace SourceUser TargetUser',
  ),
  sysmonFile: SYSMON(11, 'ProcessGuid:guid ProcessId:uint32 Image TargetFilename CreationUtcTime User'),
  sysmonRegistry: SYSMON(13, 'EventType ProcessGuid:guid ProcessId:uint32 Image TargetObject Details User'),
  sysmonDns: SYSMON(22, 'ProcessGuid:guid ProcessId:uint32 QueryName QueryStatus QueryResults Image User'),
  serviceInstalled: SCM(7045, 'ServiceName ImagePath ServiceType StartType AccountName'),
  serviceState: SCM(7036, 'param1 param2'),
  scriptBlock: kind(
    'Microsoft-Windows-PowerShell',
    '{a0c1853b-5c40-4b15-8766-3cf1c58f985a}',
    'Microsoft-Windows-PowerShell/Operational',
    4104,
    'MessageNumber:uint32 MessageTotal:uint32 ScriptBlockText ScriptBlockId Path',
    { level: 5, task: 2, opcode: 15, version: 1, keywords: 0n },
  ),
  logoffUser: AUDIT(4647, 'TargetUserSid:sid TargetUserName TargetDomainName TargetLogonId:hex64', { task: 12545 }),
  explicit: AUDIT(
    4648,
    `${SUBJECT} LogonGuid:guid TargetUserName TargetDomainName TargetLogonGuid:guid TargetServerName TargetInfo ProcessId:hex64 ProcessName IpAddress IpPort`,
    { task: 12544 },
  ),
  validation: AUDIT(4776, 'PackageName TargetUserName Workstation Status:hex32', { task: 14336 }),
  preauthFailed: AUDIT(
    4771,
    'TargetUserName TargetSid:sid ServiceName TicketOptions:hex32 Status:hex32 PreAuthType IpAddress IpPort',
    { task: 14339, keywords: 0x8010000000000000n },
  ),
  processEnd: AUDIT(4689, `${SUBJECT} Status:hex32 ProcessId:hex64 ProcessName`, { task: 13313 }),
  taskDeleted: AUDIT(4699, `${SUBJECT} TaskName TaskContent`, { task: 12804 }),
  serviceInstalledAudit: AUDIT(
    4697,
    `${SUBJECT} ServiceName ServiceFileName ServiceType:hex32 ServiceStartType:uint32 ServiceAccount`,
    { task: 12289 },
  ),
  directoryAccess: AUDIT(
    4662,
    `${SUBJECT} ObjectServer ObjectType ObjectName OperationType HandleId:hex64 AccessList AccessMask:hex32 Properties AdditionalInfo AdditionalInfo2`,
    { task: 14080 },
  ),
  passwordReset: AUDIT(4724, `TargetUserName TargetDomainName TargetSid:sid ${SUBJECT}`, { task: 13824 }),
  auditPolicy: AUDIT(4719, `${SUBJECT} CategoryId SubcategoryId SubcategoryGuid:guid AuditPolicyChanges`, {
    task: 13568,
  }),
  flowAllowed: AUDIT(
    5156,
    'ProcessID:uint64 Application Direction SourceAddress SourcePort DestAddress DestPort Protocol:uint32 FilterRTID:uint64 LayerName LayerRTID:uint64 RemoteUserID:sid RemoteMachineID:sid',
    { task: 12810, version: 1 },
  ),
  sysmonFileTime: SYSMON(
    2,
    'ProcessGuid:guid ProcessId:uint32 Image TargetFilename CreationUtcTime PreviousCreationUtcTime User',
  ),
  sysmonEnd: SYSMON(5, 'ProcessGuid:guid ProcessId:uint32 Image User'),
  sysmonDelete: SYSMON(
    23,
    'ProcessGuid:guid ProcessId:uint32 User Image TargetFilename Hashes IsExecutable:bool Archived',
  ),
  sysmonState: SYSMON(4, 'State Version SchemaVersion'),
  wmiFilter: SYSMON(19, 'EventType Operation User EventNamespace Name Query'),
  wmiConsumer: SYSMON(20, 'EventType Operation User Name Type Destination'),
  wmiBinding: SYSMON(21, 'EventType Operation User Consumer Filter'),
  systemCleared: kind(
    'Microsoft-Windows-Eventlog',
    '{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}',
    'System',
    104,
    'SubjectUserName SubjectDomainName Channel BackupPath',
    {
      level: 4,
      task: 104,
      keywords: 0x8000000000000000n,
      userData: { element: 'LogFileCleared', namespace: 'http://manifests.microsoft.com/win/2004/08/windows/eventlog' },
    },
  ),
  shutdown: kind(
    'User32',
    '{b0aa8734-56f7-41cc-b2f4-de228e98b946}',
    'System',
    1074,
    'param1 param2 param3 param4 param5 param6 param7',
    { level: 4, keywords: 0x8080000000000000n },
  ),
  kernelBoot: kind(
    'Microsoft-Windows-Kernel-General',
    '{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}',
    'System',
    12,
    'MajorVersion:uint32 MinorVersion:uint32 BuildVersion:uint32 QfeVersion:uint32 ServiceVersion:uint32 BootMode:uint32 StartTime:filetime',
    { level: 4, task: 1, version: 1, keywords: 0x8000000000000080n },
  ),
  patchInstalled: kind(
    'Microsoft-Windows-WindowsUpdateClient',
    '{945a8954-c147-4acd-923f-40c45405a658}',
    'System',
    19,
    'updateTitle updateGuid:guid updateRevisionNumber:uint32 serviceGuid:guid',
    { level: 4, task: 1, opcode: 13, keywords: 0x8000000000000018n },
  ),
  msiInstalled: kind('MsiInstaller', undefined, 'Application', 1033, '*:strings', {
    level: 4,
    keywords: 0x80000000000000n,
  }),
  remoteLogon: kind(
    'Microsoft-Windows-TerminalServices-LocalSessionManager',
    '{5d896912-022d-40aa-a3a8-4fa5515c76d7}',
    'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
    21,
    'User SessionID:uint32 Address',
    { level: 4, keywords: 0x1000000000000000n, userData: { element: 'EventXML', namespace: 'Event_NS' } },
  ),
  remoteLogoff: kind(
    'Microsoft-Windows-TerminalServices-LocalSessionManager',
    '{5d896912-022d-40aa-a3a8-4fa5515c76d7}',
    'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
    23,
    'User SessionID:uint32',
    { level: 4, keywords: 0x1000000000000000n, userData: { element: 'EventXML', namespace: 'Event_NS' } },
  ),
  remoteConnection: kind(
    'Microsoft-Windows-TerminalServices-RemoteConnectionManager',
    '{c76baa63-ae81-421c-b425-340b4b24157f}',
    'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational',
    1149,
    'Param1 Param2 Param3',
    { level: 4, keywords: 0x1000000000000000n, userData: { element: 'EventXML', namespace: 'Event_NS' } },
  ),
  taskRegistered: kind(
    'Microsoft-Windows-TaskScheduler',
    '{de7b24ea-73c8-4a09-985d-5bdadcfa9017}',
    'Microsoft-Windows-TaskScheduler/Operational',
    106,
    'TaskName UserContext',
    { level: 4, task: 106, keywords: 0x8000000000000000n },
  ),
  taskRun: kind(
    'Microsoft-Windows-TaskScheduler',
    '{de7b24ea-73c8-4a09-985d-5bdadcfa9017}',
    'Microsoft-Windows-TaskScheduler/Operational',
    200,
    'TaskName ActionName TaskInstanceId:guid EnginePID:uint32',
    { level: 4, task: 200, opcode: 1, version: 1, keywords: 0x8000000000000000n },
  ),
  taskGone: kind(
    'Microsoft-Windows-TaskScheduler',
    '{de7b24ea-73c8-4a09-985d-5bdadcfa9017}',
    'Microsoft-Windows-TaskScheduler/Operational',
    141,
    'TaskName UserName',
    { level: 4, task: 141, keywords: 0x8000000000000000n },
  ),
  winrmShell: kind(
    'Microsoft-Windows-WinRM',
    '{a7975c8f-ac13-49f1-87da-5a984a4ab417}',
    'Microsoft-Windows-WinRM/Operational',
    91,
    'resourceUri shellId',
    { level: 4, task: 9, opcode: 1, keywords: 0x4000000000000004n },
  ),
  defenderOff: kind(
    'Microsoft-Windows-Windows Defender',
    '{11cd958a-c507-4ef3-b3f2-5fd9dfbd2c78}',
    'Microsoft-Windows-Windows Defender/Operational',
    5001,
    'Product+Name Product+Version',
    { level: 4, keywords: 0x8000000000000000n },
  ),
  defenderUpdate: kind(
    'Microsoft-Windows-Windows Defender',
    '{11cd958a-c507-4ef3-b3f2-5fd9dfbd2c78}',
    'Microsoft-Windows-Windows Defender/Operational',
    2000,
    'Product+Name Product+Version Current+Signature+Version Previous+Signature+Version Update+Source',
    { level: 4, keywords: 0x8000000000000000n },
  ),
  databaseMade: kind('ESENT', undefined, 'Application', 325, '*:strings', {
    level: 4,
    task: 1,
    keywords: 0x80000000000000n,
  }),
  exchangeCmdlet: kind('MSExchange CmdletLogs', undefined, 'MSExchange Management', 1, '*:strings', {
    level: 4,
    task: 1,
    keywords: 0x80000000000000n,
  }),
} as const;

/** A value of a field's type from plain text, number or truth. */
export function fieldValue(type: Type, v: FieldText | undefined): SpecValue {
  if (v === undefined) return type === 'string' ? value.string('-') : value.null();
  switch (type) {
    case 'string':
      return value.string(String(v));
    case 'uint16':
      return value.uint16(Number(v));
    case 'uint32':
      return value.uint32(Number(v));
    case 'bool':
      return value.bool(v === true);
    case 'guid':
      return value.guid(String(v));
    case 'sid':
      return value.sid(String(v));
    case 'hex32':
      return value.hex32(Number(v));
    case 'hex64':
      return value.hex64(Number(v));
    case 'uint64':
      return value.uint64(Number(v));
    case 'filetime':
      return value.filetime(Number(v));
    case 'strings':
      return value.strings(Array.isArray(v) ? (v as readonly string[]) : [String(v)]);
    default:
      return value.null();
  }
}

const hex = (n: number): string => `0x${n.toString(16)}`;

/** The same as the text that Windows renders; null where the record has no value. */
export function fieldText(type: Type, v: FieldText | undefined): string | readonly string[] | null {
  if (v === undefined) return type === 'string' ? '-' : null;
  switch (type) {
    case 'hex32':
    case 'hex64':
      return hex(Number(v));
    case 'guid':
      return String(v).toUpperCase();
    case 'filetime':
      return new Date(Number(v) / 1000).toISOString().replace('Z', '0000Z');
    case 'strings':
      return Array.isArray(v) ? (v as readonly string[]) : [String(v)];
    default:
      return String(v);
  }
}
