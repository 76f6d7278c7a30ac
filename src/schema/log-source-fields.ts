// Fields that events of a log source have, as Sysmon's manifest, Windows' event manifests and Sigma's taxonomy name them: what a rule
// may ask for. A log source that is not listed has fields of its own making, and nothing is said of them.

const SYSTEM =
  'EventID Channel Provider_Name Computer ComputerName Level Task Opcode Keywords EventRecordID TimeCreated UserID Version ProcessID ThreadID EventType';
const SYSMON = 'RuleName UtcTime ProcessGuid ProcessId Image User';
const words = (...texts: readonly string[]): ReadonlySet<string> =>
  new Set(texts.flatMap((t) => t.split(' ')).concat(SYSTEM.split(' ')));

const REGISTRY = words(SYSMON, 'EventType TargetObject Details NewName');
const FILE = words(
  SYSMON,
  'TargetFilename CreationUtcTime PreviousCreationUtcTime Hashes IsExecutable Archived SourceFilename',
);

/** By category of product windows. */
export const WINDOWS_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  process_creation: words(
    SYSMON,
    'FileVersion Description Product Company OriginalFileName CommandLine CurrentDirectory LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes Imphash imphash md5 sha1 sha256 ParentProcessGuid ParentProcessId ParentImage ParentCommandLine ParentUser GrandParentImage Provider_Name',
    'SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId NewProcessId NewProcessName TokenElevationType TargetUserSid TargetUserName TargetDomainName TargetLogonId ParentProcessName MandatoryLabel',
  ),
  process_termination: words(SYSMON),
  network_connection: words(
    SYSMON,
    'Protocol Initiated SourceIsIpv6 SourceIp SourceHostname SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort DestinationPortName CommandLine ParentImage',
  ),
  driver_load: words(
    'RuleName UtcTime ImageLoaded Hashes Imphash md5 sha1 sha256 Signed Signature SignatureStatus User Image',
  ),
  image_load: words(
    SYSMON,
    'ImageLoaded FileVersion Description Product Company OriginalFileName Hashes Imphash md5 sha1 sha256 Signed Signature SignatureStatus CommandLine',
  ),
  create_remote_thread: words(
    'RuleName UtcTime SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid TargetProcessId TargetImage NewThreadId StartAddress StartModule StartFunction SourceUser TargetUser SourceCommandLine SourceParentImage TargetParentProcessId',
  ),
  raw_access_thread: words(SYSMON, 'Device'),
  process_access: words(
    'RuleName UtcTime SourceProcessGUID SourceProcessId SourceThreadId SourceImage TargetProcessGUID TargetProcessId TargetImage GrantedAccess CallTrace SourceUser TargetUser SourceCommandLine',
  ),
  file_event: words(
    SYSMON,
    'TargetFilename CreationUtcTime Hashes Contents MagicHeader CommandLine ParentImage ParentCommandLine',
  ),
  file_change: FILE,
  file_delete: FILE,
  file_delete_detected: FILE,
  file_block_executable: FILE,
  file_executable_detected: FILE,
  registry_add: REGISTRY,
  registry_set: REGISTRY,
  registry_delete: REGISTRY,
  registry_rename: REGISTRY,
  registry_event: REGISTRY,
  create_stream_hash: words(SYSMON, 'TargetFilename CreationUtcTime Hash Hashes Imphash Contents md5 sha1 sha256'),
  pipe_created: words(SYSMON, 'EventType PipeName CommandLine'),
  wmi_event: words(
    'RuleName UtcTime EventType Operation User EventNamespace Name Query Type Destination Consumer Filter',
  ),
  dns_query: words(SYSMON, 'QueryName QueryStatus QueryResults CommandLine'),
  process_tampering: words(SYSMON, 'Type'),
  sysmon_status: words('UtcTime State Version SchemaVersion Configuration ConfigurationFileHash'),
  sysmon_error: words('UtcTime ID Description'),
  ps_module: words('ContextInfo UserData Payload'),
  ps_script: words('MessageNumber MessageTotal ScriptBlockText ScriptBlockId Path'),
  ps_classic_start: words('Data HostApplication HostName HostVersion HostId EngineVersion RunspaceId CommandLine'),
  ps_classic_provider_start: words('Data HostApplication HostName HostVersion HostId EngineVersion RunspaceId'),
  ps_classic_script: words('Data HostApplication HostName HostVersion HostId EngineVersion RunspaceId'),
};

/** Fields of a log source; null where nothing is known of them. */
export function fieldsOf(source: {
  readonly product?: string;
  readonly category?: string;
  readonly service?: string;
}): ReadonlySet<string> | null {
  if (source.product?.toLowerCase() !== 'windows' || source.category === undefined || source.service !== undefined)
    return null;
  return WINDOWS_FIELDS[source.category.toLowerCase()] ?? null;
}
