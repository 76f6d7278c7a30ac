// Where Windows writes what a Sigma rule's `logsource` names: channel, provider, event ids, and the names that fields
// have there. Channel names are the union of the maps that pySigma and SigmaHQ's own tooling publish (each lacks some)
// and of the names that current Windows versions use. Channels are compared without regard to case.

/** One place where events of a log source are found. */
export interface Route {
  /** Empty: any channel. */
  readonly channels: readonly string[];
  readonly eventIds?: readonly number[];
  /** Empty or absent: any provider. */
  readonly providers?: readonly string[];
  /** Sigma field name → name in these events; a name that is not listed is the same in both. */
  readonly fields?: Readonly<Record<string, string>>;
  /** A condition that every event of the source fulfils: field, and one of these texts. */
  readonly where?: readonly { readonly field: string; readonly equals: readonly string[] }[];
}

const SYSMON = ['Microsoft-Windows-Sysmon/Operational'];
const POWERSHELL = ['Microsoft-Windows-PowerShell/Operational', 'PowerShellCore/Operational'];
const POWERSHELL_CLASSIC = ['Windows PowerShell'];

/** `service` of product windows → channels. */
export const WINDOWS_SERVICES: Readonly<Record<string, readonly string[]>> = {
  security: ['Security'],
  system: ['System'],
  application: ['Application'],
  setup: ['Setup'],
  sysmon: SYSMON,
  powershell: POWERSHELL,
  'powershell-classic': POWERSHELL_CLASSIC,
  taskscheduler: ['Microsoft-Windows-TaskScheduler/Operational'],
  wmi: ['Microsoft-Windows-WMI-Activity/Operational'],
  winrm: ['Microsoft-Windows-WinRM/Operational'],
  'dns-server': ['DNS Server'],
  'dns-server-audit': ['Microsoft-Windows-DNS-Server/Audit', 'Microsoft-Windows-DNSServer/Audit'],
  'dns-server-analytic': ['Microsoft-Windows-DNS-Server/Analytical', 'Microsoft-Windows-DNSServer/Analytical'],
  'dns-client': ['Microsoft-Windows-DNS Client Events/Operational', 'Microsoft-Windows-DNS-Client/Operational'],
  'driver-framework': ['Microsoft-Windows-DriverFrameworks-UserMode/Operational'],
  ntlm: ['Microsoft-Windows-NTLM/Operational'],
  dhcp: ['Microsoft-Windows-DHCP-Server/Operational', 'DhcpAdminEvents'],
  ldap: ['Microsoft-Windows-LDAP-Client/Debug'],
  ldap_debug: ['Microsoft-Windows-LDAP-Client/Debug'],
  'msexchange-management': ['MSExchange Management'],
  applocker: [
    'Microsoft-Windows-AppLocker/MSI and Script',
    'Microsoft-Windows-AppLocker/EXE and DLL',
    'Microsoft-Windows-AppLocker/Packaged app-Deployment',
    'Microsoft-Windows-AppLocker/Packaged app-Execution',
  ],
  'printservice-admin': ['Microsoft-Windows-PrintService/Admin'],
  'printservice-operational': ['Microsoft-Windows-PrintService/Operational'],
  'codeintegrity-operational': ['Microsoft-Windows-CodeIntegrity/Operational'],
  'smbclient-security': ['Microsoft-Windows-SmbClient/Security'],
  'smbclient-connectivity': ['Microsoft-Windows-SmbClient/Connectivity'],
  'smbserver-connectivity': ['Microsoft-Windows-SMBServer/Connectivity'],
  'smbserver-security': ['Microsoft-Windows-SMBServer/Security'],
  'firewall-as': ['Microsoft-Windows-Windows Firewall With Advanced Security/Firewall'],
  'bits-client': ['Microsoft-Windows-Bits-Client/Operational'],
  windefend: ['Microsoft-Windows-Windows Defender/Operational'],
  'terminalservices-localsessionmanager': ['Microsoft-Windows-TerminalServices-LocalSessionManager/Operational'],
  'terminalservices-remoteconnectionmanager': [
    'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational',
  ],
  'microsoft-servicebus-client': [
    'Microsoft-ServiceBus-Client',
    'Microsoft-ServiceBus-Client/Admin',
    'Microsoft-ServiceBus-Client/Operational',
  ],
  'security-mitigations': [
    'Microsoft-Windows-Security-Mitigations/KernelMode',
    'Microsoft-Windows-Security-Mitigations/UserMode',
    'Microsoft-Windows-Security-Mitigations/Kernel Mode',
    'Microsoft-Windows-Security-Mitigations/User Mode',
  ],
  'diagnosis-scripted': ['Microsoft-Windows-Diagnosis-Scripted/Operational'],
  'shell-core': ['Microsoft-Windows-Shell-Core/Operational'],
  openssh: ['OpenSSH/Operational'],
  bitlocker: ['Microsoft-Windows-BitLocker/BitLocker Management'],
  vhdmp: ['Microsoft-Windows-VHDMP/Operational', 'Microsoft-Windows-VHDMP-Operational'],
  'appxdeployment-server': ['Microsoft-Windows-AppXDeploymentServer/Operational'],
  'appxpackaging-om': ['Microsoft-Windows-AppxPackaging/Operational'],
  'appmodel-runtime': ['Microsoft-Windows-AppModel-Runtime/Admin'],
  'lsa-server': ['Microsoft-Windows-LSA/Operational'],
  'kernel-event-tracing': ['Microsoft-Windows-Kernel-EventTracing'],
  'kernel-shimengine': [
    'Microsoft-Windows-Kernel-ShimEngine/Operational',
    'Microsoft-Windows-Kernel-ShimEngine/Diagnostic',
  ],
  capi2: ['Microsoft-Windows-CAPI2/Operational'],
  'certificateservicesclient-lifecycle-system': [
    'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational',
  ],
  'certificateservicesclient-lifecycle-user': [
    'Microsoft-Windows-CertificateServicesClient-Lifecycle-User/Operational',
  ],
  'iis-configuration': ['Microsoft-IIS-Configuration/Operational', 'Microsoft-IIS-Configuration/Administrative'],
  'directory-service': ['Directory Service'],
  'dfs-replication': ['DFS Replication'],
  'file-replication': ['File Replication Service'],
  'hyper-v-worker': ['Microsoft-Windows-Hyper-V-Worker-Admin'],
  'group-policy': ['Microsoft-Windows-GroupPolicy/Operational'],
  'user-profile-service': ['Microsoft-Windows-User Profile Service/Operational'],
  'windows-update': ['Microsoft-Windows-WindowsUpdateClient/Operational'],
  sense: ['Microsoft-Windows-SENSE/Operational'],
};

/** Security 4688 as Sigma's process_creation. */
const PROCESS_4688: Readonly<Record<string, string>> = {
  Image: 'NewProcessName',
  ParentImage: 'ParentProcessName',
  ProcessId: 'NewProcessId',
  ParentProcessId: 'ProcessId',
  User: 'SubjectUserName',
  LogonId: 'SubjectLogonId',
  IntegrityLevel: 'MandatoryLabel',
};

const sysmon = (...eventIds: number[]): Route => ({ channels: SYSMON, eventIds });
const registry = (eventIds: number[], types: readonly string[]): Route => ({
  channels: SYSMON,
  eventIds,
  where: [{ field: 'EventType', equals: types }],
});

const endpointRegistry = (...types: readonly string[]): Route => ({
  channels: ['endpoint/registry'],
  where: [{ field: 'EventType', equals: types }],
});

/** `category` of product windows → routes. */
export const WINDOWS_CATEGORIES: Readonly<Record<string, readonly Route[]>> = {
  process_creation: [
    sysmon(1),
    { channels: ['Security'], eventIds: [4688], fields: PROCESS_4688 },
    { channels: ['endpoint/process'] },
  ],
  file_change: [sysmon(2)],
  network_connection: [sysmon(3), { channels: ['endpoint/network'] }],
  sysmon_status: [sysmon(4, 16)],
  process_termination: [sysmon(5)],
  driver_load: [sysmon(6), { channels: ['endpoint/driver'] }],
  image_load: [sysmon(7), { channels: ['endpoint/library'] }],
  create_remote_thread: [sysmon(8)],
  raw_access_thread: [sysmon(9)],
  process_access: [sysmon(10), { channels: ['endpoint/memory'] }],
  file_event: [sysmon(11), { channels: ['endpoint/file'], where: [{ field: 'FileOperation', equals: ['create'] }] }],
  registry_add: [registry([12], ['CreateKey', 'CreateValue']), endpointRegistry('CreateKey')],
  registry_delete: [registry([12], ['DeleteKey', 'DeleteValue']), endpointRegistry('DeleteKey', 'DeleteValue')],
  registry_set: [registry([13], ['SetValue']), endpointRegistry('SetValue')],
  registry_rename: [registry([14], ['RenameKey', 'RenameValue'])],
  registry_event: [sysmon(12, 13, 14), { channels: ['endpoint/registry'] }],
  create_stream_hash: [sysmon(15)],
  pipe_created: [sysmon(17, 18)],
  wmi_event: [sysmon(19, 20, 21)],
  dns_query: [sysmon(22), { channels: ['endpoint/dns'] }],
  file_delete: [
    sysmon(23, 26),
    { channels: ['endpoint/file'], where: [{ field: 'FileOperation', equals: ['delete'] }] },
  ],
  clipboard_capture: [sysmon(24)],
  process_tampering: [sysmon(25)],
  file_delete_detected: [sysmon(26)],
  file_block_executable: [sysmon(27)],
  file_block_shredding: [sysmon(28)],
  file_executable_detected: [sysmon(29)],
  sysmon_error: [sysmon(255)],
  ps_module: [{ channels: POWERSHELL, eventIds: [4103] }],
  ps_script: [{ channels: POWERSHELL, eventIds: [4104] }],
  ps_classic_start: [{ channels: POWERSHELL_CLASSIC, eventIds: [400] }],
  ps_classic_provider_start: [{ channels: POWERSHELL_CLASSIC, eventIds: [600] }],
  ps_classic_script: [{ channels: POWERSHELL_CLASSIC, eventIds: [800] }],
  // Written by event tracing, which no event log keeps: only collectors that read these providers have them.
  file_access: [{ channels: ['Microsoft-Windows-Kernel-File/Analytic'], eventIds: [10, 12] }],
  file_rename: [{ channels: ['Microsoft-Windows-Kernel-File/Analytic'], eventIds: [19, 27] }],
};

export interface LogSource {
  readonly product?: string;
  readonly category?: string;
  readonly service?: string;
}

/** Routes of a log source in Windows event logs; null if it is of another product or kind of log. */
export function windowsRoutes(source: LogSource): readonly Route[] | null {
  const product = source.product?.toLowerCase();
  const category = source.category?.toLowerCase();
  const service = source.service?.toLowerCase();
  if (product !== undefined && product !== 'windows') return null;
  const channels = service === undefined ? undefined : WINDOWS_SERVICES[service];
  if (category !== undefined) {
    const routes = product === 'windows' ? WINDOWS_CATEGORIES[category] : undefined;
    if (routes === undefined) return null;
    if (service === undefined) return routes;
    if (channels === undefined) return null;
    const wanted = new Set(channels.map((c) => c.toLowerCase()));
    const narrowed = routes.filter((r) => r.channels.some((c) => wanted.has(c.toLowerCase())));
    return narrowed.length > 0 ? narrowed : null;
  }
  if (product === undefined) return null;
  if (service !== undefined) return channels === undefined ? null : [{ channels }];
  return [{ channels: [] }];
}
