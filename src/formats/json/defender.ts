// Tables of Microsoft Defender for Endpoint (advanced hunting: DeviceProcessEvents, DeviceNetworkEvents, DeviceLogonEvents, DeviceFileEvents), as
// Defender's portal, its streaming and Log Analytics export them. Beside the columns stand the names that Sysmon and Security have for the
// same, so that facts and rules read them alike.
type Obj = Record<string, unknown>;

const text = (v: unknown): string => (typeof v === 'string' ? v : typeof v === 'number' ? String(v) : '');
const obj = (v: unknown): Obj | null => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Obj) : null);

/** Types of logons by name → by number. */
const LOGON_TYPES: Readonly<Record<string, string>> = {
  Interactive: '2',
  Network: '3',
  Batch: '4',
  Service: '5',
  Unlock: '7',
  NetworkCleartext: '8',
  NewCredentials: '9',
  RemoteInteractive: '10',
  CachedInteractive: '11',
};
const FILES: Readonly<Record<string, string>> = {
  FileCreated: 'create',
  FileRenamed: 'create',
  FileModified: 'write',
  FileDeleted: 'delete',
};

export interface DefenderRow {
  /** `endpoint/process`, `endpoint/network`, `endpoint/logon`, `endpoint/file`. */
  readonly channel: string;
  readonly time: unknown;
  readonly host: string;
  /** The row's ActionType. */
  readonly eventId: string;
  readonly more: Readonly<Record<string, string>>;
}

/** Whose a process, or what started it, is: `DOMAIN\name`. */
const user = (domain: unknown, name: unknown): string =>
  text(name) === '' ? '' : text(domain) === '' ? text(name) : `${text(domain)}\\${text(name)}`;

const path = (folder: unknown, file: unknown): string => {
  const [f, n] = [text(folder), text(file)];
  return f === '' ? n : n !== '' && !f.toLowerCase().endsWith(n.toLowerCase()) ? `${f.replace(/\\$/, '')}\\${n}` : f;
};

/** A row of one of the tables; null where an object is none. Rows of streaming have it in `properties`. */
export function defender(given: Obj): DefenderRow | null {
  const o = text(given.category).startsWith('AdvancedHunting-') ? (obj(given.properties) ?? given) : given;
  const [action, host] = [text(o.ActionType), text(o.DeviceName)];
  if (action === '' || host === '' || (o.Timestamp === undefined && o.TimeGenerated === undefined)) return null;
  const row = (channel: string, more: Record<string, string>): DefenderRow => ({
    channel: `endpoint/${channel}`,
    time: o.Timestamp ?? o.TimeGenerated,
    host,
    eventId: action,
    more,
  });
  const by = {
    Image: path(o.InitiatingProcessFolderPath, o.InitiatingProcessFileName),
    User: user(o.InitiatingProcessAccountDomain, o.InitiatingProcessAccountName),
    ProcessId: text(o.InitiatingProcessId),
  };
  if (action === 'ProcessCreated')
    return row('process', {
      Image: path(o.FolderPath, o.FileName),
      CommandLine: text(o.ProcessCommandLine),
      ParentImage: by.Image,
      ParentCommandLine: text(o.InitiatingProcessCommandLine),
      ParentProcessId: by.ProcessId,
      ProcessId: text(o.ProcessId),
      User: user(o.AccountDomain, o.AccountName),
      IntegrityLevel: text(o.ProcessIntegrityLevel),
      OriginalFileName: text(o.ProcessVersionInfoOriginalFileName),
      LogonId: text(o.LogonId),
      Hashes: /^[0-9a-f]{64}$/i.test(text(o.SHA256)) ? `SHA256=${text(o.SHA256).toUpperCase()}` : '',
    });
  const inbound = action === 'InboundConnectionAccepted';
  if (inbound || action === 'ConnectionSuccess' || action === 'ConnectionFound')
    return row('network', {
      ...by,
      SourceIp: text(inbound ? o.RemoteIP : o.LocalIP),
      SourcePort: text(inbound ? o.RemotePort : o.LocalPort),
      DestinationIp: text(inbound ? o.LocalIP : o.RemoteIP),
      DestinationPort: text(inbound ? o.LocalPort : o.RemotePort),
      DestinationHostname: inbound
        ? ''
        : text(o.RemoteUrl)
            .replace(/^\w+:\/\//, '')
            .replace(/[/:].*$/, ''),
      Protocol: text(o.Protocol).toLowerCase(),
      Initiated: String(!inbound),
    });
  if (action === 'LogonSuccess' || action === 'LogonFailed')
    return row('logon', {
      LogonActivity: action === 'LogonSuccess' ? 'logon' : 'logon failed',
      TargetUserName: text(o.AccountName),
      TargetDomainName: text(o.AccountDomain),
      TargetUserSid: text(o.AccountSid),
      TargetLogonId: text(o.LogonId),
      LogonTypeNumber: LOGON_TYPES[text(o.LogonType)] ?? '',
      IpAddress: text(o.RemoteIP),
      IpPort: text(o.RemotePort),
      WorkstationName: text(o.RemoteDeviceName),
      AuthenticationPackageName: text(o.Protocol),
      ProcessName: by.Image,
    });
  const file = FILES[action];
  if (file !== undefined && text(o.FolderPath) !== '')
    return row('file', {
      ...by,
      FileOperation: file,
      TargetFilename: path(o.FolderPath, o.FileName),
      Hashes: /^[0-9a-f]{64}$/i.test(text(o.SHA256)) ? `SHA256=${text(o.SHA256).toUpperCase()}` : '',
    });
  return row('event', {});
}
