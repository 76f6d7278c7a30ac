// Sysmon's events as Winlogbeat's and Elastic's module writes them: the data under names of the Elastic Common Schema, told back to Sysmon's own
// (Elastic: Winlogbeat Sysmon module, exported fields; Sysmon's manifest).
type Obj = Record<string, unknown>;

const obj = (v: unknown): Obj | null => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Obj) : null);

/** Paths of the schema → names of Sysmon's data. */
const NAMES: readonly (readonly [string, string])[] = [
  ['process.executable', 'Image'],
  ['process.command_line', 'CommandLine'],
  ['process.working_directory', 'CurrentDirectory'],
  ['process.pid', 'ProcessId'],
  ['process.entity_id', 'ProcessGuid'],
  ['process.pe.original_file_name', 'OriginalFileName'],
  ['process.parent.executable', 'ParentImage'],
  ['process.parent.command_line', 'ParentCommandLine'],
  ['process.parent.pid', 'ParentProcessId'],
  ['process.parent.entity_id', 'ParentProcessGuid'],
  ['source.ip', 'SourceIp'],
  ['source.port', 'SourcePort'],
  ['destination.ip', 'DestinationIp'],
  ['destination.port', 'DestinationPort'],
  ['destination.domain', 'DestinationHostname'],
  ['network.transport', 'Protocol'],
  ['dns.question.name', 'QueryName'],
  ['dns.resolved_ip', 'QueryResults'],
  ['file.path', 'TargetFilename'],
  ['registry.path', 'TargetObject'],
  ['registry.data.strings', 'Details'],
  ['sysmon.dns.status', 'QueryStatus'],
];

/** Data of an event by Sysmon's names. */
export function* sysmonOfElastic(o: Obj): Generator<[string, string]> {
  const at = (path: string): unknown => path.split('.').reduce((v: unknown, part) => obj(v)?.[part], o);
  for (const [path, name] of NAMES) {
    const v = at(path);
    if (typeof v === 'string' || typeof v === 'number') yield [name, String(v)];
    else if (Array.isArray(v)) yield [name, v.map(String).join(name === 'QueryResults' ? ';' : ' ')];
  }
  const user = obj(o.user);
  if (typeof user?.name === 'string')
    yield ['User', typeof user.domain === 'string' ? `${user.domain}\\${user.name}` : user.name];
  const hash = obj(at('process.hash')) ?? obj(at('file.hash'));
  if (hash !== null)
    yield [
      'Hashes',
      Object.entries(hash)
        .map(([k, v]) => `${k.toUpperCase()}=${String(v).toUpperCase()}`)
        .join(','),
    ];
  const way = at('network.direction');
  if (typeof way === 'string') yield ['Initiated', String(/^(?:egress|outbound)$/.test(way))];
}
