// Documents of the Elastic Common Schema that are no Windows events: what Elastic Defend, Auditbeat, Packetbeat, Filebeat's modules and the
// agent's integrations write, told under the names that the same has elsewhere (Sysmon's, auditd's, W3C's, the firewalls'), so that facts
// and rules read them alike. Field names: Elastic Common Schema 8 and the exported fields of each integration.
import { fileOperation, sessionOperation, userOperation } from '../auditd/operations.js';
import { messageFields } from '../syslog/message.js';
import type { TextValue } from '../text/record.js';

type Obj = Readonly<Record<string, unknown>>;

const obj = (v: unknown): Obj | null => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Obj) : null);
const scalar = (v: unknown): string =>
  typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : '';

export interface EcsEvent {
  readonly channel: string;
  readonly time: unknown;
  readonly host: string;
  readonly eventId?: string;
  readonly provider: string;
  readonly more: Readonly<Record<string, TextValue>>;
}

/** Beginnings of names of the schema, by which a row with dotted names is known for a document of it. */
const ROOTS = /^(?:@timestamp|event|ecs|host|agent|process|winlog|source|destination|data_stream|observer|input)\./;
/** A table without the names that every object has: its keys come from logs. */
function named(table: Record<string, string>): Readonly<Record<string, string>> {
  return Object.assign(Object.create(null) as Record<string, string>, table);
}

/** Objects within objects that dotted names may make. */
const MAX_PARTS = 12;

/** A document with its dotted names as objects within objects, lists of one value as that value; the document itself where nothing is dotted. */
export function nested(o: Obj): Obj {
  const keys = Object.keys(o);
  if (!keys.some((k) => ROOTS.test(k))) return o;
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const k of keys) {
    const v = o[k];
    // What Kibana writes where a column has nothing.
    if (v === '-' || v === '' || v === null) continue;
    const parts = k.split('.');
    if (parts.length > MAX_PARTS || parts.some((p) => p === '__proto__' || p === '')) {
      if (k !== '__proto__') out[k] = v;
      continue;
    }
    let into: Record<string, unknown> = out;
    for (const p of parts.slice(0, -1)) {
      const inner = obj(into[p]);
      into = inner === null ? (into[p] = Object.create(null) as Record<string, unknown>) : (inner as typeof into);
    }
    const last = parts.at(-1)!;
    // `host` as a text beside `host.name`: the object stays.
    const there = obj(into[last]);
    if (there === null) into[last] = Array.isArray(v) && v.length === 1 ? v[0] : obj(v) === null ? v : { ...v };
    else if (obj(v) !== null) into[last] = merged(there, obj(v)!);
  }
  return out;
}

/** Two objects of one name as one; what both have is the first's. */
function merged(a: Obj, b: Obj, depth = 0): Obj {
  const out: Record<string, unknown> = { ...b, ...a };
  if (depth < MAX_PARTS)
    for (const k of Object.keys(a)) {
      const [x, y] = [obj(a[k]), obj(b[k])];
      if (x !== null && y !== null) out[k] = merged(x, y, depth + 1);
    }
  return out;
}

/** A value by its dotted name. */
function value(o: Obj, name: string): unknown {
  let v: unknown = o;
  for (const part of name.split('.')) {
    v = obj(v)?.[part];
    if (v === undefined) return undefined;
  }
  return v;
}

class Document {
  readonly #o: Obj;
  constructor(o: Obj) {
    this.#o = o;
  }
  /** The first of the names that has a value, as text; of a list its first. */
  text(...names: readonly string[]): string {
    for (const n of names) {
      const v = value(this.#o, n);
      const t = scalar(Array.isArray(v) ? v[0] : v);
      if (t !== '') return t;
    }
    return '';
  }
  list(name: string): string[] {
    const v = value(this.#o, name);
    return Array.isArray(v) ? v.map(scalar) : scalar(v) === '' ? [] : [scalar(v)];
  }
  object(name: string): Obj | null {
    return obj(value(this.#o, name));
  }
  objects(name: string): Obj[] {
    const v = value(this.#o, name);
    return (Array.isArray(v) ? v : [v]).map(obj).filter((x) => x !== null);
  }
}

/** Hashes as Sysmon writes them. */
function hashes(d: Document, of: string): string {
  const h = d.object(`${of}.hash`);
  return h === null
    ? ''
    : Object.entries(h)
        .filter(([k, v]) => /^(?:md5|sha1|sha256|imphash)$/.test(k) && typeof v === 'string')
        .map(([k, v]) => `${k.toUpperCase()}=${String(v).toUpperCase()}`)
        .join(',');
}

const owner = (d: Document): string => {
  const [domain, name] = [d.text('user.domain'), d.text('user.name', 'user.effective.name', 'user.id')];
  return name === '' || domain === '' || name.includes('\\') ? name : `${domain}\\${name}`;
};

/** The host that a document is of, not the collector's. */
const hostOf = (d: Document): string => d.text('host.name', 'host.hostname', 'agent.hostname', 'agent.name');
const deviceOf = (d: Document): string =>
  d.text('observer.hostname', 'observer.name', 'log.syslog.hostname', 'host.name', 'agent.name');

const FILE_ACTIONS: Readonly<Record<string, string>> = named({
  creation: 'create',
  created: 'create',
  overwrite: 'create',
  rename: 'create',
  moved: 'create',
  modification: 'write',
  updated: 'write',
  deletion: 'delete',
  deleted: 'delete',
});
const LOGON_NUMBERS: Readonly<Record<string, string>> = named({
  interactive: '2',
  network: '3',
  batch: '4',
  service: '5',
  unlock: '7',
  networkcleartext: '8',
  newcredentials: '9',
  remoteinteractive: '10',
  cachedinteractive: '11',
});

/** What was done to the registry, by Sysmon's word and by that of the facts. */
const registryAct = (action: string, name: string): Record<string, string> =>
  /delet/.test(action)
    ? { EventType: name === '' ? 'DeleteKey' : 'DeleteValue', RegistryActivity: 'create or delete' }
    : action === 'creation' && name === ''
      ? { EventType: 'CreateKey', RegistryActivity: 'create or delete' }
      : { EventType: 'SetValue', RegistryActivity: 'set' };

/** What an endpoint sensor saw (Elastic Defend's event documents, Auditbeat's system module), by Sysmon's names. */
function endpoint(d: Document, time: unknown): EcsEvent | null {
  const action = d.text('event.action').toLowerCase();
  const categories = d.list('event.category');
  const types = d.list('event.type');
  const linux = d.text('process.executable', 'file.path').startsWith('/');
  const row = (kind: string, more: Record<string, TextValue>): EcsEvent => ({
    channel: linux ? `endpoint/linux/${kind}` : `endpoint/${kind}`,
    time,
    host: hostOf(d),
    eventId: d.text('event.action'),
    provider: d.text('event.module', 'data_stream.dataset', 'event.dataset'),
    more,
  });
  const by = {
    Image: d.text('process.executable', 'process.name'),
    ProcessId: d.text('process.pid'),
    ProcessGuid: d.text('process.entity_id'),
    User: owner(d),
  };
  const target = d.text('Target.process.executable', 'Target.process.name');
  if (/^openprocess$/i.test(d.text('process.Ext.api.name')) && target !== '')
    return row('memory', {
      SourceImage: by.Image,
      SourceProcessGuid: by.ProcessGuid,
      SourceProcessId: by.ProcessId,
      SourceUser: by.User,
      TargetImage: target,
      TargetProcessGuid: d.text('Target.process.entity_id'),
      TargetProcessId: d.text('Target.process.pid'),
      GrantedAccess: d.text(
        'process.Ext.api.parameters.desired_access_numeric',
        'process.Ext.api.parameters.desired_access',
      ),
    });
  if (d.text('dns.question.name') !== '' && (categories.includes('network') || /lookup/.test(action)))
    return row('dns', {
      ...by,
      QueryName: d.text('dns.question.name'),
      QueryResults: d.list('dns.resolved_ip').join(';'),
    });
  if (d.text('registry.path', 'registry.key') !== '')
    return row('registry', {
      ...by,
      ...registryAct(action, d.text('registry.value')),
      TargetObject: d.text('registry.path', 'registry.key'),
      Details: d.list('registry.data.strings').join(' '),
    });
  if (categories.includes('library') || categories.includes('driver')) {
    const what = d.text('dll.path') === '' ? 'file' : 'dll';
    return row(categories.includes('driver') ? 'driver' : 'library', {
      ...by,
      ImageLoaded: d.text('dll.path', 'file.path'),
      Hashes: hashes(d, what),
      Signed: d.text(`${what}.code_signature.exists`),
      Signature: d.text(`${what}.code_signature.subject_name`),
      SignatureStatus: d.text(`${what}.code_signature.status`),
    });
  }
  if (categories.includes('network') && d.text('destination.ip') !== '')
    return row('network', {
      ...by,
      SourceIp: d.text('source.ip'),
      SourcePort: d.text('source.port'),
      DestinationIp: d.text('destination.ip'),
      DestinationPort: d.text('destination.port'),
      DestinationHostname: d.text('destination.domain'),
      Protocol: d.text('network.transport'),
      Initiated: String(
        !/^(?:ingress|inbound|incoming)$/.test(d.text('network.direction')) && action !== 'connection_accepted',
      ),
      // At the end of a connection: what went over it.
      bytes_out: d.text('source.bytes'),
      bytes_in: d.text('destination.bytes'),
    });
  if (categories.includes('file') && d.text('file.path') !== '' && FILE_ACTIONS[action] !== undefined)
    return row('file', {
      ...by,
      FileOperation: FILE_ACTIONS[action]!,
      TargetFilename: d.text('file.path'),
      Hashes: hashes(d, 'file'),
      origin: d.text('file.origin_url', 'file.Ext.windows.zone_identifier'),
    });
  const session = d.object('process.Ext.session_info');
  if (/^(?:log_on|logged-in|logon)/.test(action) || (session !== null && categories.includes('authentication'))) {
    const failed = d.text('event.outcome') === 'failure';
    if (!/off|out/.test(action.replace(/^log_on|^logon|^logged-in/, '')))
      return row('logon', {
        LogonActivity: failed ? 'logon failed' : 'logon',
        // `user` is the process that tells of it.
        TargetUserName: d.text('user.effective.name', 'process.Ext.session_info.user_name', 'user.name'),
        TargetDomainName: d.text('user.effective.domain', 'process.Ext.session_info.user_domain', 'user.domain'),
        TargetUserSid: d.text('user.effective.id'),
        TargetLogonId: d.text('process.Ext.session_info.id', 'winlog.logon.id'),
        LogonTypeNumber:
          LOGON_NUMBERS[d.text('process.Ext.session_info.logon_type').toLowerCase().replace(/[ _-]/g, '')] ?? '',
        IpAddress: d.text('source.ip', 'process.Ext.session_info.client_address'),
        IpPort: d.text('source.port'),
        AuthenticationPackageName: d.text('process.Ext.session_info.authentication_package'),
        ProcessName: by.Image,
      });
  }
  if (
    categories.includes('process') &&
    by.Image !== '' &&
    action !== 'fork' &&
    (/^(?:start|exec|process_started|executed|creation)$/.test(action) || types.includes('start'))
  ) {
    const argv = d.list('process.args').join(' ');
    return row('process', {
      ...by,
      CommandLine: d.text('process.command_line', 'process.title') || argv,
      CurrentDirectory: d.text('process.working_directory'),
      ParentImage: d.text('process.parent.executable', 'process.parent.name'),
      ParentCommandLine: d.text('process.parent.command_line') || d.list('process.parent.args').join(' '),
      ParentProcessId: d.text('process.parent.pid', 'process.ppid'),
      ParentProcessGuid: d.text('process.parent.entity_id'),
      OriginalFileName: d.text('process.pe.original_file_name'),
      Description: d.text('process.pe.description'),
      Product: d.text('process.pe.product'),
      Company: d.text('process.pe.company'),
      FileVersion: d.text('process.pe.file_version'),
      IntegrityLevel: d.text('process.Ext.token.integrity_level_name'),
      LogonId: d.text('process.Ext.authentication_id', 'process.Ext.session_info.id'),
      Hashes: hashes(d, 'process'),
    });
  }
  return row('event', {});
}

/** Events of the audit daemon (Auditbeat's auditd module, the auditd_manager integration), by auditd's names. */
function audited(d: Document, time: unknown): EcsEvent {
  const action = d.text('event.action');
  const kind = d.text('auditd.message_type', 'auditd.log.record_type').toUpperCase();
  const fields = new Map<string, string[]>();
  const put = (name: string, v: string): void => {
    if (v !== '') fields.set(name, [v]);
  };
  for (const part of ['auditd.log', 'auditd.data'])
    for (const [k, v] of Object.entries(d.object(part) ?? {})) put(k, scalar(v));
  put('type', kind === 'SYSCALL' && action === 'executed' ? 'EXECVE' : kind);
  put('op', d.text('auditd.data.op', 'auditd.log.op'));
  put('SYSCALL', d.text('auditd.data.syscall'));
  for (const n of ['a1', 'a2']) put(`syscall_${n}`, d.text(`auditd.data.${n}`));
  put('exe', d.text('process.executable'));
  put('comm', d.text('process.name'));
  put('pid', d.text('process.pid'));
  put('ppid', d.text('process.parent.pid', 'process.ppid'));
  put('cwd', d.text('process.working_directory'));
  put('ses', d.text('auditd.session'));
  put('uid', d.text('user.id'));
  put('UID', d.text('user.name', 'user.effective.name'));
  put('euid', d.text('user.effective.id'));
  put('auid', d.text('user.audit.id'));
  put('AUID', d.text('user.audit.name'));
  put('acct', d.text('auditd.data.acct', 'user.effective.name', 'user.name'));
  put('addr', d.text('source.ip', 'auditd.data.addr'));
  if (d.text('auditd.result') !== '')
    put('res', d.text('auditd.result') === 'fail' ? 'failed' : d.text('auditd.result'));
  put('success', d.text('auditd.result') === 'fail' ? 'no' : '');
  const argv = d.list('process.args').join(' ') || d.text('process.title');
  if ((action === 'executed' || kind === 'EXECVE') && d.text('auditd.result') !== 'fail') put('CommandLine', argv);
  else if (action === 'ran-command') put('CommandLine', d.text('auditd.data.cmd', 'process.title') || argv);
  for (const [k, v] of userOperation(fields)) if (!fields.has(k)) put(k, v);
  put('SessionOperation', sessionOperation(fields));
  const paths = d
    .objects('auditd.paths')
    .map((p) => ({ name: scalar(p.name), type: scalar(p.nametype).toUpperCase() }));
  const did = fileOperation(fields, paths);
  if (did !== null) {
    put('FileOperation', did.what);
    put('TargetFilename', did.path);
  }
  const more: Record<string, TextValue> = {};
  for (const [k, v] of fields) more[k] = v[0]!;
  return { channel: 'linux/auditd', time, host: hostOf(d), eventId: kind, provider: 'auditd', more };
}

/** A request as a web server's own log has it, by W3C's names. */
function request(d: Document): Record<string, TextValue> {
  const original = d.text('url.original', 'url.full');
  const [stem, query] = original.replace(/^\w+:\/\/[^/]*/, '').split(/\?(.*)/s);
  return {
    'c-ip': d.text('source.ip', 'source.address', 'client.ip'),
    'cs-username': d.text('user.name'),
    'cs-method': d.text('http.request.method').toUpperCase(),
    'cs-host': d.text('url.domain', 'destination.domain'),
    'cs-uri-stem': d.text('url.path') || (stem ?? ''),
    'cs-uri-query': d.text('url.query') || query || null,
    'sc-status': d.text('http.response.status_code'),
    'sc-bytes': d.text('http.response.body.bytes', 'http.response.bytes', 'destination.bytes'),
    'cs-bytes': d.text('http.request.bytes', 'http.request.body.bytes', 'iis.access.cookie.bytes'),
    'cs-user-agent': d.text('user_agent.original'),
    'cs-referer': d.text('http.request.referrer'),
    's-ip': d.text('destination.ip', 'destination.address', 'server.ip'),
    's-port': d.text('destination.port', 'server.port'),
  };
}

/** Both ends of a connection and what went over it, as the firewalls and the flows name them. */
function connection(d: Document, action: string): Record<string, TextValue> {
  return {
    action,
    src_ip: d.text('source.ip', 'client.ip'),
    src_port: d.text('source.port', 'client.port'),
    dst_ip: d.text('destination.ip', 'server.ip'),
    dst_port: d.text('destination.port', 'server.port'),
    dst_host: d.text('destination.domain', 'url.domain'),
    protocol: d.text('network.transport', 'network.iana_number'),
    bytes_out: d.text('source.bytes', 'client.bytes'),
    bytes_in: d.text('destination.bytes', 'server.bytes'),
  };
}

/** Words of a firewall that a tunnel of a user's was opened or closed. */
const TUNNEL: Readonly<Record<string, string>> = named({
  'tunnel-up': 'connect',
  'tunnel-down': 'disconnect',
  'ssl-login-fail': 'failed',
});

/** What sensors and devices saw of the network. */
function network(d: Document, time: unknown, dataset: string): EcsEvent | null {
  const host = deviceOf(d);
  const provider = dataset;
  const action = d.text('event.action');
  const tunnel = TUNNEL[d.text('fortinet.firewall.action') || action];
  const user = d.text('user.name', 'source.user.name');
  if (tunnel !== undefined && user !== '' && d.text('source.ip') !== '')
    return {
      channel: 'firewall',
      time,
      host,
      eventId: action,
      provider,
      more: {
        vpn_action: tunnel,
        user,
        src_ip: d.text('source.ip'),
        inside_ip: d.text('fortinet.firewall.tunnelip', 'fortinet.firewall.assignip', 'source.nat.ip'),
      },
    };
  if (d.text('dns.question.name') !== '')
    return {
      channel: 'dns',
      time,
      host,
      provider,
      more: {
        query: d.text('dns.question.name'),
        record_type: d.text('dns.question.type'),
        answer: d.list('dns.resolved_ip'),
        src_ip: d.text('source.ip', 'client.ip'),
      },
    };
  const ends = d.text('source.ip', 'client.ip') !== '' && d.text('destination.ip', 'server.ip') !== '';
  if (!ends) return null;
  const name = d.text('tls.client.server_name', 'tls.server_name');
  const plain = connection(d, action);
  if (name !== '') return { channel: 'tls', time, host, provider, more: { ...plain, server_name: name } };
  const method = d.text('http.request.method');
  if (method !== '' && d.text('url.path', 'url.original', 'url.full') !== '')
    return { channel: 'http', time, host, provider, more: { ...plain, ...request(d) } };
  const types = d.list('event.type');
  const firewall =
    types.some((t) => t === 'denied' || t === 'allowed') ||
    /firewall/.test(`${d.text('observer.type')} ${dataset}`) ||
    /^(?:cisco_asa|cisco_ftd|panw|pfsense|checkpoint|sophos|juniper_srx|iptables|sonicwall)/.test(dataset);
  const denied = types.includes('denied') || /^(?:deny|denied|drop|dropped|block|blocked|reject)/i.test(action);
  return {
    channel: firewall ? 'firewall' : 'flow',
    time,
    host,
    eventId: action,
    provider,
    more: { ...plain, action: denied ? 'deny' : d.text('fortinet.firewall.action') || action },
  };
}

/** What a program of Linux said, where only its parts are kept (Filebeat's and the agent's system module). */
function said(d: Document, time: unknown): EcsEvent | null {
  const ssh = d.text('system.auth.ssh.event');
  const sudo = d.object('system.auth.sudo');
  const user = d.text('user.name');
  const program = d.text('process.name') || (ssh !== '' ? 'sshd' : sudo !== null ? 'sudo' : '');
  let message = '';
  if (ssh !== '' && d.text('source.ip') !== '')
    message =
      ssh === 'Invalid'
        ? `Invalid user ${user} from ${d.text('source.ip')} port ${d.text('source.port')}`
        : `${ssh} ${d.text('system.auth.ssh.method') || 'none'} for ${user} from ${d.text('source.ip')} port ${d.text('source.port')} ssh2`;
  else if (sudo !== null) {
    const s = (name: string): string => scalar(sudo[name]);
    const refused = s('error') === '' ? '' : `${s('error')} ; `;
    message = `${user} : ${refused}TTY=${s('tty')} ; PWD=${s('pwd')} ; USER=${s('user')} ; COMMAND=${s('command')}`;
  }
  const more: Record<string, TextValue> = { program, pid: d.text('process.pid') };
  if (message !== '')
    messageFields(program, message, (name, v) => {
      if (v !== '') more[name] = v;
    });
  else if (/^(?:added-user-account|useradd)/.test(d.text('event.action')) || d.object('system.auth.useradd') !== null) {
    more.account_action = 'create';
    more.user = user;
  } else return null;
  return { channel: 'linux/syslog', time, host: hostOf(d), provider: program, more };
}

const snake = (name: string): string => name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

/** An object with its names as the product's interface has them. */
function camel(o: Obj, depth = 0): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(o)) out[snake(k)] = obj(v) !== null && depth < 8 ? camel(obj(v)!, depth + 1) : v;
  return out;
}

/** Lists of names and values that the integration made objects of (`Parameters`), as the service writes them. */
function listed(o: Obj): Obj {
  const out: Record<string, unknown> = { ...o };
  for (const name of ['Parameters', 'ExtendedProperties', 'OperationProperties']) {
    const pairs = obj(o[name]);
    if (pairs !== null) out[name] = Object.entries(pairs).map(([Name, Value]) => ({ Name, Value: scalar(Value) }));
  }
  return out;
}

/** A cloud's own event inside a document, with what the integration moved to names of the schema put back; null. */
export function cloudEvent(given: Obj): Obj | null {
  const d = new Document(given);
  const time = given['@timestamp'];
  const ip = d.text('source.ip', 'source.address', 'client.ip');
  const put = (o: Obj, more: Record<string, unknown>): Obj => {
    const out: Record<string, unknown> = { ...o };
    for (const [k, v] of Object.entries(more)) if (out[k] === undefined && v !== '' && v !== undefined) out[k] = v;
    return out;
  };
  const o365 = d.object('o365.audit');
  if (o365 !== null)
    return put(listed(o365), {
      CreationTime: time,
      Operation: d.text('event.action'),
      Workload: d.text('event.provider'),
      RecordType: d.text('event.code'),
      UserId: d.text('user.email', 'user.id'),
      ClientIP: ip,
      ResultStatus: d.text('event.outcome'),
    });
  const signIn = d.object('azure.signinlogs.properties');
  if (signIn !== null)
    return put(camel(signIn), {
      createdDateTime: time,
      userPrincipalName: d.text('user.email', 'user.name', 'azure.signinlogs.identity'),
      ipAddress: ip,
      appDisplayName: d.text('azure.signinlogs.properties.app_display_name') || '?',
      userAgent: d.text('user_agent.original'),
      status: {
        errorCode:
          d.text('azure.signinlogs.properties.status.error_code', 'azure.signinlogs.result_type') ||
          (d.text('event.outcome') === 'failure' ? '1' : '0'),
      },
    });
  const audit = d.object('azure.auditlogs');
  if (audit !== null)
    return put(camel(audit), {
      time,
      category: 'AuditLogs',
      operationName: d.text('azure.auditlogs.operation_name', 'event.action'),
      tenantId: d.text('azure.tenant_id') || '?',
      callerIpAddress: ip,
    });
  const activity = d.object('azure.activitylogs');
  if (activity !== null)
    return put(camel(activity), {
      time,
      category: 'Administrative',
      operationName: d.text('azure.activitylogs.operation_name', 'event.action'),
      resourceId: d.text('azure.resource.id') || '?',
      callerIpAddress: ip,
    });
  const trail = d.object('aws.cloudtrail');
  if (trail !== null)
    return put(camel(trail), {
      eventTime: time,
      eventName: d.text('event.action'),
      eventSource: d.text('event.provider'),
      awsRegion: d.text('cloud.region') || '?',
      sourceIPAddress: ip,
      userAgent: d.text('user_agent.original'),
      userIdentity: { ...obj(camel(trail).userIdentity), userName: d.text('user.name', 'related.user') },
    });
  const okta = d.object('okta');
  if (okta !== null && d.text('okta.event_type', 'event.action') !== '')
    return put(camel(okta), {
      published: time,
      eventType: d.text('event.action'),
      displayMessage: d.text('okta.display_message'),
      client: { ipAddress: ip },
    });
  return d.object('kubernetes.audit');
}

/** The machine that a document is of and its addresses in the network, as its agent says; null. Collectors of other machines' logs say their own. */
export function ownAddresses(o: Obj): { host: string; addresses: string[] } | null {
  const host = obj(o.host);
  if (host?.ip === undefined || obj(o.ecs) === null || obj(o.observer) !== null) return null;
  const name = scalar(host.name) || scalar(host.hostname);
  const list = (Array.isArray(host.ip) ? host.ip : [host.ip]).map(scalar);
  return name === ''
    ? null
    : {
        host: name,
        addresses: list.filter((a) => a !== '' && !/^(?:127\.|::1$|fe80:|169\.254\.)/i.test(a)).slice(0, 8),
      };
}

/** A document of the schema as an event; null where it is none of the kinds that are told. */
export function ecsEvent(given: Obj): EcsEvent | null {
  const time = given['@timestamp'];
  if (time === undefined || (obj(given.event) === null && obj(given.ecs) === null)) return null;
  const d = new Document(given);
  const dataset = d.text('event.dataset', 'data_stream.dataset') || d.text('event.module');
  const categories = d.list('event.category');
  if (dataset === '' && categories.length === 0 && d.text('ecs.version') === '') return null;
  if (d.text('auditd.message_type', 'auditd.log.record_type') !== '') return audited(d, time);
  if (/^system\.(?:auth|syslog)$|^system$/.test(dataset)) {
    const program = said(d, time);
    if (program !== null) return program;
    if (dataset !== 'system') return null;
  }
  if (/^endpoint(?:\.|$)/.test(dataset) || (d.text('process.executable') !== '' && obj(given.process) !== null))
    return endpoint(d, time);
  const sensor =
    /^(?:network_traffic|packetbeat|zeek|suricata)\b/.test(dataset) || d.text('agent.type') === 'packetbeat';
  if (
    !sensor &&
    d.text('http.request.method') !== '' &&
    d.text('http.response.status_code') !== '' &&
    d.text('url.original', 'url.path', 'url.full') !== '' &&
    !categories.includes('network')
  )
    return { channel: 'webserver', time, host: hostOf(d), provider: dataset, more: request(d) };
  // Filebeat's modules give web logs no other category than this.
  if (
    !sensor &&
    categories.includes('web') &&
    d.text('http.request.method') !== '' &&
    !/proxy|zscaler|squid|bluecoat/.test(dataset)
  )
    return { channel: 'webserver', time, host: hostOf(d), provider: dataset, more: request(d) };
  return network(d, time, dataset);
}
