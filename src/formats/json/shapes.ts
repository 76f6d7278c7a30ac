// JSON events told by the names they have, and brought to the names that rules and facts use: Windows events of the
// shippers (Winlogbeat, NXLog, Splunk, evtx_dump, the Mordor sets), cloud and endpoint logs. What is not recognised but has a
// time keeps its own names.
import type { ParseContext } from '../text/format.js';
import { type Flat, objectOf } from '../text/json.js';
import { classicEvent, messageData } from '../windows-text/message.js';
import { windowsRow } from '../table/columns.js';
import { DATA_CHANNEL, type Shapes, type TextRecord, type TextValue } from '../text/record.js';
import { messageFields } from '../syslog/message.js';
import { eventFields, fillWindows } from '../xml/event-xml.js';
import { carried } from './carried.js';
import { cloudKind } from './cloud.js';
import { defender } from './defender.js';
import { cloudEvent, ecsEvent, nested } from './ecs.js';
import { sysmonOfElastic } from './elastic-sysmon.js';
import { clfMicros, epochMicros, isoMicros, type ReadTime, yearlessMicros } from '../text/time.js';
import { zoneBetween } from '../text/zone.js';

type Obj = Readonly<Record<string, unknown>>;
type Flatten = (value: object) => Flat;

const text = (v: unknown): string =>
  typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : '';
const obj = (v: unknown): Obj | null => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Obj) : null);

const TIME_KEYS = [
  '@timestamp',
  'timestamp',
  'time',
  'eventTime',
  'CreationTime',
  'createdDateTime',
  'activityDateTime',
  'requestReceivedTimestamp',
  'TimeCreated',
  'ts',
  '__REALTIME_TIMESTAMP',
  'eventTimestamp',
  'date',
  'datetime',
  '_time',
  'EventTime',
  'TimeGenerated',
  'published',
  'timereported',
  'timegenerated',
  'unixTime',
  'ISODATE',
  'DATE',
  'time_local',
  'Time',
];

/** Seconds, milliseconds or microseconds since 1970, RFC 3339, or syslog's, whose year is that before `reference` (microseconds). */
export function jsonTime(v: unknown, reference = Number.NaN): ReadTime & { text: string } {
  if (typeof v === 'number') {
    const micros = v > 1e14 ? v : v > 1e11 ? v * 1000 : v * 1e6;
    return { micros: Math.round(micros), zoned: true, text: String(v) };
  }
  if (typeof v !== 'string') return { micros: Number.NaN, zoned: false, text: '' };
  // Windows PowerShell's.
  const date = /^\\?\/Date\((-?\d{1,14})(?:[+-]\d{4})?\)\\?\/$/.exec(v);
  if (date !== null) return { micros: Number(date[1]) * 1000, zoned: true, text: v };
  if (/^\d{16}$/.test(v)) return { micros: Number(v), zoned: true, text: v };
  if (/^\d{13}$/.test(v)) return { micros: Number(v) * 1000, zoned: true, text: v };
  if (/^\d{9,10}(\.\d+)?$/.test(v)) return { micros: epochMicros(v), zoned: true, text: v };
  if (/^\d\d\/[A-Z][a-z]{2}\/\d{4}:/.test(v)) return { ...clfMicros(v), text: v };
  if (Number.isFinite(reference) && /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/.test(v))
    return { micros: yearlessMicros(v, reference), zoned: false, text: v };
  return { ...isoMicros(v), text: v };
}

/** Event data as a text in a column: XML or JSON, as Azure's tables hold it. */
function embedded(v: unknown): Obj | null {
  if (typeof v !== 'string') return null;
  if (v.startsWith('{')) return objectOf(v);
  // Azure's agent has it in an item of its own.
  const xml = /^(?:<DataItem[^>]*>)?(<(EventData|UserData)[\s\S]*<\/\2>)/.exec(v)?.[1];
  const fields = xml === undefined ? null : eventFields(`<Event>${xml}</Event>`);
  return fields === null ? null : Object.fromEntries(fields);
}

/**
 * Events of providers without a manifest have no names for their data; Winlogbeat calls them param1, param2 and so on. As the list that
 * they are in the log (`Data`), beside.
 */
function unnamed(fields: Map<string, TextValue>): void {
  if (!fields.has('param1') || fields.has('Data')) return;
  const list: string[] = [];
  for (let n = 1; ; n++) {
    const v = fields.get(`param${n}`);
    if (v === undefined) break;
    list.push(typeof v === 'string' ? v : '');
  }
  fields.set('Data', list);
}

/** `The <log> log file was cleared.`, in the languages whose words are known; null. */
const clearedLog = (message: string): string | null =>
  /^(?:The|Die Protokolldatei|Le fichier journal|El archivo de registro)\s+"?([^"\n]{1,160}?)"?\s+(?:log file was cleared|wurde gelöscht|a été effacé|se ha borrado)/.exec(
    message,
  )?.[1] ?? null;

/** Whether a shipper kept nothing of an event's data under its own names, or of Sysmon's only what has no other. */
function isMoved(fields: ReadonlyMap<string, TextValue>, winlog: Obj): boolean {
  if (/Sysmon/.test(text(winlog.channel))) return !fields.has('UtcTime') && !fields.has('Image');
  return obj(winlog.user_data) === null && Object.keys(obj(winlog.event_data) ?? {}).length === 0;
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Wazuh writes each backslash of a value twice. */
const once = (v: unknown): unknown => (typeof v === 'string' ? v.replaceAll('\\\\', '\\') : v);

/** An event as Wazuh's agent sends it, as a flat object. */
function ofWazuh(system: Obj, win: Obj): Obj {
  const data: Record<string, unknown> = {};
  for (const part of [win.eventdata, win.eventData, win.userData])
    for (const [k, v] of Object.entries(obj(part) ?? {})) {
      const inner = obj(v);
      if (inner === null) data[capital(k)] = once(v);
      else for (const [k2, v2] of Object.entries(inner)) data[k2 === 'channel' ? DATA_CHANNEL : capital(k2)] = once(v2);
    }
  return {
    EventID: system.eventID,
    Channel: system.channel,
    ProviderName: system.providerName,
    ProviderGuid: system.providerGuid,
    Computer: system.computer,
    EventRecordID: system.eventRecordID,
    TimeCreated: system.systemTime,
    EventData: data,
    Message: text(system.message).replace(/^"|"$/g, ''),
  };
}

/** An object of PowerShell's, its time as a text and its user as a SID. */
function flatTime(o: Obj): Obj {
  const t = obj(o.TimeCreated);
  const user = obj(o.UserId);
  return {
    ...o,
    ...(t === null ? {} : { TimeCreated: t.value ?? t.DateTime }),
    ...(user === null ? {} : { UserId: user.Value }),
  };
}

function windows(o: Obj): { fields: Map<string, TextValue>; time: unknown } | null {
  // Splunk's classic input: the event as people read it, in one text.
  const classic = typeof o._raw === 'string' ? classicEvent(o._raw) : null;
  if (classic !== null) return windows({ ...classic, ...(o._time === undefined ? {} : { '@timestamp': o._time }) });
  // EvtxECmd's JSON: its columns, the event data as JSON in one of them.
  if (o.EventId !== undefined && o.Channel !== undefined && typeof o.Payload === 'string')
    return windows(windowsRow(o));
  // Wazuh's, with the names of the data in camel case.
  const wazuh = obj(obj(o.data)?.win);
  if (wazuh !== null && obj(wazuh.system) !== null) return windows(ofWazuh(obj(wazuh.system)!, wazuh));
  // Get-WinEvent as JSON: of the data only what the message says.
  if (o.Id !== undefined && o.LogName !== undefined && o.MachineName !== undefined)
    return windows(windowsRow(flatTime(o)));
  const fields = new Map<string, TextValue>();
  const put = (name: string, v: unknown): void => {
    if (v === undefined || fields.has(name)) return;
    if (v === null) fields.set(name, null);
    else if (Array.isArray(v))
      fields.set(
        name,
        v.map((x) => (typeof x === 'object' ? JSON.stringify(x) : String(x))),
      );
    else if (typeof v === 'object') fields.set(name, JSON.stringify(v));
    else fields.set(name, String(v));
  };
  // Winlogbeat 7 and later, Elastic agent.
  const w = obj(o.winlog);
  if (w !== null) {
    const id = w.event_id ?? obj(o.event)?.code;
    put('EventID', typeof id === 'object' ? undefined : id);
    put('Channel', w.channel);
    put('Provider_Name', w.provider_name);
    put('Computer', w.computer_name ?? obj(o.host)?.name);
    put('EventRecordID', w.record_id);
    for (const [k, v] of Object.entries(obj(w.event_data) ?? {})) put(k, v);
    for (const [k, v] of Object.entries(obj(w.user_data) ?? {})) put(k === 'Channel' ? DATA_CHANNEL : k, v);
    if (typeof o.message === 'string') put('Message', o.message);
    if (w.provider_guid === undefined) unnamed(fields);
    // Where the data was moved to other names, the message may still have it under its own.
    if (isMoved(fields, w)) {
      if (typeof o.message === 'string')
        for (const [k, v] of messageData(text(w.channel), text(fields.get('EventID')), o.message)) put(k, v);
      if (/Sysmon/.test(text(w.channel))) for (const [k, v] of sysmonOfElastic(o)) put(k, v);
    }
    return { fields, time: o['@timestamp'] };
  }
  // The tree that evtx_dump and others write; Velociraptor's parse_evtx has its parts without the root.
  const ev = obj(o.Event) ?? (obj(o.System)?.EventID === undefined ? null : o);
  const system = ev === null ? null : obj(ev.System);
  if (ev !== null && system !== null) {
    const value = (v: unknown): unknown => obj(v)?.['#text'] ?? obj(v)?.Value ?? (obj(v) === null ? v : undefined);
    const attribute = (v: unknown, name: string): unknown =>
      obj(obj(v)?.['#attributes'])?.[name] ?? obj(v)?.[name] ?? obj(v)?.[`@${name}`];
    put('EventID', value(system.EventID));
    put('Channel', system.Channel);
    put('Computer', system.Computer);
    put('EventRecordID', system.EventRecordID);
    // evtx_dump --separate-json-attributes has attributes in an object beside.
    put('Provider_Name', attribute(system.Provider ?? system.Provider_attributes, 'Name'));
    const time = attribute(system.TimeCreated ?? system.TimeCreated_attributes, 'SystemTime');
    for (const part of [ev.EventData, ev.UserData]) {
      const data = obj(part);
      if (data === null) continue;
      for (const [k, v] of Object.entries(data)) {
        if (k.startsWith('#')) continue;
        if (k === 'Data' && Array.isArray(v) && v.every((x) => attribute(x, 'Name') !== undefined))
          for (const x of v) put(String(attribute(x, 'Name')), value(x) ?? '');
        else if (k === 'Data' && obj(v)?.['#text'] !== undefined) put('Data', obj(v)!['#text']);
        else {
          const inner = obj(v);
          if (inner === null) put(k, v);
          else
            for (const [k2, v2] of Object.entries(inner))
              if (!k2.startsWith('#')) put(k2 === 'Channel' ? DATA_CHANNEL : k2, v2);
        }
      }
    }
    return { fields, time };
  }
  // Flat: NXLog, Splunk exports, the Mordor sets, Winlogbeat 6.
  const id = o.EventID ?? o.event_id ?? o.EventCode;
  const channel = o.Channel ?? o.log_name ?? o.LogName ?? (o.Source === undefined ? undefined : o.EventLog);
  if (id !== undefined && (typeof id === 'number' || /^\d{1,5}$/.test(text(id))) && channel !== undefined) {
    put('EventID', id);
    put('Channel', channel);
    put(
      'Provider_Name',
      o.EventSourceName ??
        o.Provider ??
        o.SourceName ??
        (o.EventLog === undefined ? undefined : o.Source) ??
        o.source_name ??
        o.Provider_Name ??
        o.ProviderName,
    );
    put('Computer', o.Hostname ?? o.computer_name ?? o.Computer ?? o.ComputerName ?? obj(o.host)?.name ?? o.host);
    put('EventRecordID', o.RecordNumber ?? o.record_number ?? o.EventRecordID);
    const data = obj(o.event_data) ?? obj(o.EventData) ?? embedded(o.EventData);
    if (data !== null) for (const [k, v] of Object.entries(data)) put(k, v);
    if (o.provider_guid === undefined && o.ProviderGuid === undefined) unnamed(fields);
    for (const [k, v] of Object.entries(o))
      if (
        k !== 'event_data' &&
        !(k === 'EventData' && data !== null) &&
        !(k === 'EventType' && /^(?:INFO|AUDIT|WARNING|ERROR)/.test(text(v))) &&
        !k.startsWith('@')
      )
        put(k, v);
    // One field of a name: System's. Which log was cleared only the message tells.
    if (text(id) === '104' && channel === 'System' && !fields.has(DATA_CHANNEL)) {
      const cleared = clearedLog(text(o.Message ?? o.message ?? ''));
      if (cleared !== null) put(DATA_CHANNEL, cleared);
    }
    return {
      fields,
      time:
        o.UtcTime !== undefined && o.EventTime === undefined && o['@timestamp'] === undefined
          ? o.UtcTime
          : (o['@timestamp'] ?? o.TimeGenerated ?? o.EventTime ?? o.TimeCreated ?? o._time),
    };
  }
  return null;
}

interface Known {
  readonly channel: string;
  readonly time: unknown;
  readonly host?: string;
  readonly eventId?: string;
  readonly provider?: string;
  /** Names that rules use → values, beside the object's own. */
  readonly more?: Readonly<Record<string, TextValue>>;
  /** Where a name of `more` is the object's own too, `more` has the meaning that rules mean. */
  readonly over?: boolean;
}

/** What kind of event an object is, by names that only this kind has. */
export function kindOf(o: Obj): Known | null {
  const device = defender(o);
  if (device !== null) return { ...device, over: true };
  const ecs = ecsEvent(o);
  if (ecs !== null) return { ...ecs, over: true };
  const cloud = cloudKind(o);
  if (cloud !== null) return cloud;
  if (o.auditID !== undefined && o.verb !== undefined && text(o.apiVersion).startsWith('audit.k8s.io'))
    return { channel: 'kubernetes/audit', time: o.requestReceivedTimestamp ?? o.stageTimestamp, eventId: text(o.verb) };
  if (
    o.Operation !== undefined &&
    (o.Workload !== undefined || o.RecordType !== undefined) &&
    o.CreationTime !== undefined
  )
    return {
      channel: 'm365/audit',
      time: o.CreationTime,
      eventId: text(o.Operation),
      provider: text(o.Workload),
      more: { eventSource: text(o.Workload), eventName: text(o.Operation), status: text(o.ResultStatus) || null },
    };
  if (
    o.operationName !== undefined &&
    (o.resourceId !== undefined || o.tenantId !== undefined || o.category !== undefined)
  ) {
    const category = text(o.category);
    const channel = /signin/i.test(category)
      ? 'azure/signinlogs'
      : /^auditlogs$/i.test(category)
        ? 'azure/auditlogs'
        : 'azure/activitylogs';
    const name = typeof o.operationName === 'string' ? o.operationName : text(obj(o.operationName)?.value);
    return {
      channel,
      time: o.time ?? o.eventTimestamp,
      eventId: name,
      more: {
        OperationName: name,
        Category: category,
        sign_in_failed:
          channel === 'azure/signinlogs' &&
          !/^0?$/.test(text(o.resultType ?? obj(obj(o.properties)?.status)?.errorCode))
            ? 'yes'
            : null,
      },
    };
  }
  if (
    o.userPrincipalName !== undefined &&
    o.createdDateTime !== undefined &&
    (o.ipAddress !== undefined || o.appDisplayName !== undefined)
  )
    return {
      channel: 'azure/signinlogs',
      time: o.createdDateTime,
      more: {
        ResultType: text(obj(o.status)?.errorCode),
        // Zero is the one code that stands for a sign-in that went through.
        sign_in_failed: Number(obj(o.status)?.errorCode ?? 0) === 0 ? null : 'yes',
      },
    };
  if (o.activityDisplayName !== undefined && o.activityDateTime !== undefined)
    return {
      channel: 'azure/auditlogs',
      time: o.activityDateTime,
      eventId: text(o.activityDisplayName),
      more: { OperationName: text(o.activityDisplayName) },
    };
  if (
    o.event_type !== undefined &&
    (o.flow_id !== undefined || o.alert !== undefined || o.src_ip !== undefined) &&
    o.timestamp !== undefined
  )
    return {
      channel: `suricata/${text(o.event_type)}`,
      time: o.timestamp,
      eventId: text(o.event_type),
      host: text(o.host),
    };
  if (o.__REALTIME_TIMESTAMP !== undefined || (o._HOSTNAME !== undefined && o.MESSAGE !== undefined))
    return {
      channel: 'linux/syslog',
      time:
        text(o.__REALTIME_TIMESTAMP) ||
        (o._SOURCE_REALTIME_TIMESTAMP ?? o.date ?? o['@timestamp'] ?? o.timestamp ?? o.time),
      host: text(o._HOSTNAME),
      provider: text(o.SYSLOG_IDENTIFIER) || text(o._COMM),
      more: {
        program: text(o.SYSLOG_IDENTIFIER) || text(o._COMM),
        message:
          text(o.MESSAGE) || (Array.isArray(o.MESSAGE) ? Buffer.from(o.MESSAGE as number[]).toString('utf8') : ''),
      },
    };
  const audit = /^type=AUOMS_EXECVE audit\((\d+)\.(\d+):\d+\): ([\s\S]*)$/.exec(text(o.SyslogMessage));
  if (audit !== null)
    return {
      channel: 'linux/auditd',
      time: epochMicros(`${audit[1]}.${audit[2]}`),
      host: text(o.HostName) || text(o.Computer),
      provider: text(o.ProcessName),
      more: auoms(audit[3]!),
    };
  if (o.SyslogMessage !== undefined)
    return {
      channel: 'linux/syslog',
      time: o.EventTime ?? o.TimeGenerated,
      host: text(o.HostName) || text(o.Computer),
      provider: text(o.ProcessName),
      more: { program: text(o.ProcessName), message: text(o.SyslogMessage) },
    };
  if (o.class_uid !== undefined && o.time !== undefined)
    return {
      channel: `ocsf/${text(o.class_uid)}`,
      time: o.time,
      eventId: text(o.activity_id),
      host: text(obj(o.device)?.hostname),
    };
  if (o.actorID !== undefined && o.object !== undefined && o.action !== undefined)
    return {
      channel: `ecar/${text(o.object).toLowerCase()}`,
      time: o.timestamp,
      eventId: text(o.action),
      host: text(o.hostname),
    };
  if (
    obj(o.request) !== null &&
    obj(o.request)!.method !== undefined &&
    obj(o.request)!.uri !== undefined &&
    (o.status !== undefined || o.resp_headers !== undefined)
  ) {
    // Caddy.
    const q = obj(o.request)!;
    const [stem, query] = text(q.uri).split(/\?(.*)/s);
    const headers = obj(q.headers);
    const header = (n: string): string | null => {
      const v = headers?.[n];
      return Array.isArray(v) ? text(v[0]) : null;
    };
    return {
      channel: 'webserver',
      time: o.ts,
      more: {
        'c-ip': text(q.client_ip) || text(q.remote_ip) || text(q.remote_addr).replace(/:\d+$/, ''),
        'cs-method': text(q.method),
        'cs-uri-stem': stem ?? '',
        'cs-uri-query': query ?? null,
        'cs-host': text(q.host),
        'sc-status': text(o.status),
        'sc-bytes': text(o.size),
        'cs-user-agent': header('User-Agent'),
        'cs-referer': header('Referer'),
      },
    };
  }
  const line = /^([A-Z]{3,10}) (\S+)(?: HTTP\/[\d.]+)?$/.exec(text(o.request));
  const method = line?.[1] ?? (text(o.request_method) || text(o.method) || text(o.verb) || text(o.RequestMethod));
  const uri = line?.[2] ?? (text(o.request_uri) || text(o.uri) || text(o.path) || text(o.url) || text(o.RequestPath));
  const status = text(o.status) || text(o.status_code) || text(o.response) || text(o.DownstreamStatus);
  if (/^[A-Z]{3,10}$/.test(method) && uri !== '' && /^\d{3}$/.test(status)) {
    const [stem, query] = uri.split(/\?(.*)/s);
    return {
      channel: 'webserver',
      time: TIME_KEYS.map((k) => o[k]).find((v) => v !== undefined) ?? o.time_local ?? o.time_iso8601,
      more: {
        'c-ip': text(o.remote_addr) || text(o.client_ip) || text(o.clientip) || text(o.remote_ip) || text(o.ClientHost),
        'cs-username': text(o.remote_user) || (text(o.ClientUsername) === '-' ? '' : text(o.ClientUsername)) || null,
        'cs-host': text(o.RequestHost) || text(o.http_host) || null,
        'sc-bytes': text(o.body_bytes_sent) || text(o.bytes_sent) || text(o.DownstreamContentSize) || null,
        'cs-method': method,
        'cs-uri-stem': stem ?? '',
        'cs-uri-query': query ?? null,
        'sc-status': status,
        'cs-user-agent':
          text(o.http_user_agent) || text(o.user_agent) || text(o.agent) || text(o['request_User-Agent']) || null,
        'cs-referer': text(o.http_referer) || text(o.http_referrer) || text(o.referer) || null,
      },
    };
  }
  return null;
}

/** Fills a record from an object. False if it is nothing that has a time. */
export function fillJson(r: TextRecord, given: Obj, flatten: Flatten, shapes: Shapes, context: ParseContext): boolean {
  const tree = nested(given);
  const o = cloudEvent(tree) ?? tree;
  // Wrappers of exports: Splunk's {"result": …}, a shipper's {"_source": …}, an audit line's JSON in a text.
  const inner = obj(o.result) ?? obj(o._source);
  if (
    inner !== null &&
    (o.preview !== undefined ||
      o.offset !== undefined ||
      o._index !== undefined ||
      o._source !== undefined ||
      Object.keys(o).length <= 3)
  )
    return fillJson(r, inner, flatten, shapes, context);
  r.provider = '';
  r.eventId = '';
  // A Windows-like event (Sysmon for Linux) in a syslog message.
  const message = text(o.SyslogMessage);
  if (message.startsWith('<Event')) {
    const fields = eventFields(message, true);
    if (fields !== null && fillWindows(r, fields, shapes, { ...context, host: text(o.HostName) || context.host }))
      return true;
  }
  // A Windows event as XML, beside what an index made of it.
  const raw = [o._raw, obj(o.event)?.original, o.message, o.xml].map(text).find((t) => /^\s*<Event[\s>]/.test(t));
  if (raw !== undefined) {
    const fields = eventFields(raw.trimStart());
    if (fields !== null && fillWindows(r, fields, shapes, { ...context, host: text(o.host) || context.host }))
      return true;
  }
  const w = windows(o);
  let time: ReadTime & { text: string };
  if (w !== null) {
    r.names = shapes.of([...w.fields.keys()]);
    r.values = [...w.fields.values()];
    const one = (n: string): string => {
      const v = w.fields.get(n);
      return typeof v === 'string' ? v : '';
    };
    r.channel = one('Channel');
    r.provider = one('Provider_Name');
    r.eventId = one('EventID');
    r.host = one('Computer') || context.host;
    time = jsonTime(w.time);
  } else {
    const k = kindOf(o);
    const flat = flatten(o);
    // A time with a date before one without.
    const keys = TIME_KEYS.filter((n) => o[n] !== undefined);
    const key = keys.find((n) => Number.isFinite(jsonTime(o[n]).micros)) ?? keys[0];
    const sent = jsonTime(key === undefined ? undefined : o[key], context.reference);
    const line = k === null ? carried(o, Number.isFinite(sent.micros) ? sent.micros : context.reference) : null;
    const said = (program: string, what: string): void => {
      const channel = messageFields(program, what, (name, value) => {
        if (value !== '' && !flat.has(name)) flat.set(name, value);
      });
      if (channel !== null) r.channel = channel;
    };
    if (line !== null) {
      if (line.stamp === null && key === undefined) return false;
      time = line.stamp === null ? sent : withZone(line.stamp, sent, context.zone);
      r.channel = 'linux/syslog';
      r.provider = line.program;
      r.host = line.host || context.host;
      flat.set('program', line.program);
      flat.set('message', line.message);
      if (line.pid !== '') flat.set('pid', line.pid);
      said(line.program, line.message);
    } else if (k === null) {
      if (key === undefined) return false;
      time = sent;
      r.channel = 'json';
      const h = flat.get('host') ?? flat.get('hostname') ?? flat.get('host.name');
      r.host = typeof h === 'string' ? h : context.host;
    } else {
      for (const [name, v] of Object.entries(k.more ?? {}))
        if (v !== '' && (!flat.has(name) || k.over === true)) flat.set(name, v);
      time = jsonTime(k.time);
      r.channel = k.channel;
      r.eventId = k.eventId ?? '';
      r.provider = k.provider ?? '';
      r.host = k.host !== undefined && k.host !== '' ? k.host : context.host;
      if (k.channel === 'linux/syslog') {
        const pid = text(o.SYSLOG_PID) || text(o._PID) || text(o.ProcessID);
        if (pid !== '' && !flat.has('pid')) flat.set('pid', pid);
        said(r.provider, String(flat.get('message') ?? ''));
      }
    }
    r.names = shapes.of([...flat.keys()]);
    r.values = [...flat.values()];
  }
  r.timeText = time.text;
  r.micros = time.zoned || Number.isNaN(time.micros) ? time.micros : time.micros - (context.zone ?? 0) * 60e6;
  // Microsoft's audit logs are in UTC by their documentation, without a Z.
  const utc = r.channel === 'm365/audit';
  r.sure = Number.isNaN(time.micros)
    ? 'none'
    : time.zoned || utc
      ? 'stated'
      : context.zone === null
        ? 'inferred'
        : 'given';
  return true;
}

/** A line that is sent on at once is sent on within this. */
const DELIVERED_WITHIN = 15e6;

/** The time of a line in local time by when it was carried on: that tells its zone, where it was carried on at once. */
function withZone(line: ReadTime & { text: string }, sent: ReadTime, zone: number | null): ReadTime & { text: string } {
  if (line.zoned || !sent.zoned || zone !== null || !Number.isFinite(sent.micros)) return line;
  const east = zoneBetween(line.micros, sent.micros, DELIVERED_WITHIN);
  return east === null ? line : { micros: line.micros - east, zoned: true, text: line.text };
}

/** What the Azure agent writes of an audit event: pairs, the command line as one of them with quotes in it. */
function auoms(message: string): Record<string, string> {
  const out: Record<string, string> = {};
  // The command line is one of the pairs, with anything in it: between its name and that of the next.
  const from = message.indexOf(' cmdline=');
  const to = from < 0 ? -1 : message.lastIndexOf(' redactors=');
  const said = to < from + 9 ? null : message.slice(from + 9, to);
  const line =
    said === null ? null : said.length > 1 && said.startsWith('"') && said.endsWith('"') ? said.slice(1, -1) : said;
  for (const m of message
    .slice(0, line === null ? message.length : from)
    .matchAll(/([\w-]+)=(?:"([^"]*)"|(\[[^\]]*\]|\S*))/g))
    out[m[1]!] ??= m[2] ?? m[3] ?? '';
  // A program that could not be started did not run.
  if (line !== null && out.success !== 'no') {
    out.CommandLine = line;
    const path = /^\["([^"]+)"/.exec(out.path_name ?? '')?.[1];
    if (path !== undefined) out.exe = path;
  }
  if (out.user !== undefined) out.UID = out.user;
  return out;
}
