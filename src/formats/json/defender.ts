// Tables of Microsoft Defender for Endpoint (advanced hunting: DeviceProcessEvents, DeviceNetworkEvents, DeviceLogonEvents, DeviceFileEvents,
// DeviceRegistryEvents, DeviceImageLoadEvents, DeviceEvents), as Defender's portal, its streaming and Log Analytics export them. Beside the columns stand the names that Sysmon and Security have for the
// same, so that facts and rules read them alike.
import { tooDeep } from '../text/json.js';

type Obj = Record<string, unknown>;

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
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

/** ActionType → Sysmon's EventType and the word of the facts. */
const REGISTRY: Readonly<Record<string, readonly [string, string]>> = {
  RegistryValueSet: ['SetValue', 'set'],
  RegistryValueDeleted: ['DeleteValue', 'create or delete'],
  RegistryKeyCreated: ['CreateKey', 'create or delete'],
  RegistryKeyDeleted: ['DeleteKey', 'create or delete'],
};
const TASKS: Readonly<Record<string, string>> = {
  ScheduledTaskCreated: 'create',
  ScheduledTaskUpdated: 'update',
  ScheduledTaskDeleted: 'delete',
};
const ACCOUNTS: Readonly<Record<string, string>> = {
  UserAccountCreated: 'create',
  UserAccountDeleted: 'delete',
  UserAccountAddedToLocalGroup: 'member added',
};
const HIVES: readonly (readonly [RegExp, string])[] = [
  [/^HKEY_LOCAL_MACHINE(?=\\|$)/i, 'HKLM'],
  [/^HKEY_CURRENT_USER(?=\\(?:S-1-|\.DEFAULT))/i, 'HKU'],
  [/^HKEY_CURRENT_USER(?=\\|$)/i, 'HKCU'],
  [/^HKEY_USERS(?=\\|$)/i, 'HKU'],
  [/^HKEY_CLASSES_ROOT(?=\\|$)/i, 'HKCR'],
];

export interface DefenderRow {
  /** `endpoint/…`: process, network, logon, file, registry, library, driver, memory, dns, task, service, log, account; event for the rest. */
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

/** The column AdditionalFields: an object, or one as text. */
function additional(v: unknown): Obj {
  if (typeof v !== 'string') return obj(v) ?? {};
  if (!v.startsWith('{') || v.length > 1 << 20 || tooDeep(v)) return {};
  try {
    return obj(JSON.parse(v)) ?? {};
  } catch {
    return {};
  }
}

const sha256 = (v: unknown): string => (/^[0-9a-f]{64}$/i.test(text(v)) ? `SHA256=${text(v).toUpperCase()}` : '');

/** A key with its value's name as Sysmon writes it (`HKLM\\…`). */
function registryPath(key: string, value: string): string {
  const hive = HIVES.find(([h]) => h.test(key));
  const named = hive === undefined ? key : key.replace(hive[0], hive[1]);
  return value === '' ? named : `${named}\\${value}`;
}

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
      Hashes: sha256(o.SHA256),
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
      LogonTypeNumber: own(LOGON_TYPES, text(o.LogonType)) ?? '',
      IpAddress: text(o.RemoteIP),
      IpPort: text(o.RemotePort),
      WorkstationName: text(o.RemoteDeviceName),
      AuthenticationPackageName: text(o.Protocol),
      ProcessName: by.Image,
    });
  const file = own(FILES, action);
  if (file !== undefined && text(o.FolderPath) !== '')
    return row('file', {
      ...by,
      FileOperation: file,
      TargetFilename: path(o.FolderPath, o.FileName),
      Hashes: sha256(o.SHA256),
    });
  const set = own(REGISTRY, action);
  if (set !== undefined)
    return row('registry', {
      ...by,
      EventType: set[0],
      RegistryActivity: set[1],
      // Of what was deleted the columns of before tell.
      TargetObject: registryPath(
        text(o.RegistryKey) || text(o.PreviousRegistryKey),
        set[0].endsWith('Key') ? '' : text(o.RegistryValueName) || text(o.PreviousRegistryValueName),
      ),
      Details: text(o.RegistryValueData),
    });
  if (action === 'ImageLoaded')
    return row('library', { ...by, ImageLoaded: path(o.FolderPath, o.FileName), Hashes: sha256(o.SHA256) });
  if (action === 'DriverLoad')
    return row('driver', { ...by, ImageLoaded: path(o.FolderPath, o.FileName), Hashes: sha256(o.SHA256) });
  const more = additional(o.AdditionalFields);
  const actor = text(more.SubjectUserName) || text(o.InitiatingProcessAccountName);
  const task = own(TASKS, action);
  if (task !== undefined && text(more.TaskName) !== '')
    return row('task', {
      TaskActivity: task,
      TaskName: text(more.TaskName),
      TaskContent: text(more.TaskContent) || text(more.NewTaskContent),
      SubjectUserName: actor,
    });
  if (action === 'ServiceInstalled')
    return row('service', {
      ServiceActivity: 'install',
      ServiceName: text(more.ServiceName),
      ImagePath: path(o.FolderPath, o.FileName),
      AccountName: text(more.ServiceAccount),
      StartType: text(more.ServiceStartType),
      SubjectUserName: actor,
    });
  if (action === 'SecurityLogCleared')
    return row('log', { LogActivity: 'clear', LogName: 'Security', SubjectUserName: actor });
  const change = own(ACCOUNTS, action);
  if (change !== undefined)
    return row('account', {
      AccountActivity: change,
      TargetUserName: change === 'member added' ? text(more.GroupName) : text(o.AccountName),
      TargetDomainName: text(o.AccountDomain),
      SubjectUserName: actor,
      MemberName: change === 'member added' ? text(o.AccountName) || text(o.AccountSid) : '',
    });
  if (action === 'OpenProcessApiCall')
    return row('memory', {
      SourceImage: by.Image,
      SourceProcessId: by.ProcessId,
      SourceUser: by.User,
      TargetImage: path(o.FolderPath, o.FileName),
      TargetProcessId: text(o.ProcessId),
      GrantedAccess: /^\d+$/.test(text(more.DesiredAccess)) ? `0x${Number(text(more.DesiredAccess)).toString(16)}` : '',
    });
  if (action === 'DnsQueryResponse')
    return row('dns', {
      ...by,
      QueryName: text(more.DnsQueryString),
      QueryResults: text(more.DnsQueryResult),
    });
  return row('event', {});
}
