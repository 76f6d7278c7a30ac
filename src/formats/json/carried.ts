// Messages of syslog inside what collectors write as JSON: a whole line as it stood in the file (Filebeat, Splunk, Promtail), or its parts
// under names of the collector's own (Elastic's system integration, rsyslog, Fluentd, Vector, Logstash).
import { isoMicros, type ReadTime, yearlessMicros } from '../text/time.js';

type Obj = Record<string, unknown>;

export interface Carried {
  readonly program: string;
  readonly message: string;
  /** '' where the message names none. */
  readonly host: string;
  readonly pid: string;
  /** What the line says of its time; null where only the carrier does. */
  readonly stamp: (ReadTime & { text: string }) | null;
}

const LINE =
  /^(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,14}) ([\w.:-]{1,255}) ([\w./()@+-]{1,64}?)(?:\[(\d{1,10})\])?: ([\s\S]*)$/;
/** `sshd[412]: …`, with or without the host before it. */
const TAGGED = /^(?:([\w.-]{1,255}) )?([\w./()@+-]{1,64})\[(\d{1,10})\]: ([\s\S]*)$/;
/** A device's: no program, its message begins with a per cent sign. */
const DEVICE =
  /^(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,14}) ([\w.:-]{1,255}?) ?:? ()()(%(?:ASA|FTD|PIX|FWSM)-[\s\S]*)$/;
const PROGRAM = /^[\w./()@+-]{1,64}$/;

const text = (v: unknown): string => (typeof v === 'string' ? v : typeof v === 'number' ? String(v) : '');
const obj = (v: unknown): Obj | null => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Obj) : null);

/** A value by its dotted name, nested or flat, as both are written of the Elastic Common Schema. */
function at(o: Obj, name: string): string {
  if (o[name] !== undefined) return text(o[name]);
  let v: unknown = o;
  for (const part of name.split('.')) v = obj(v)?.[part];
  return text(v);
}

/** The message of syslog that an object carries; null where it carries none. `reference`: dates without a year are before it (microseconds). */
export function carried(o: Obj, reference: number): Carried | null {
  const original = obj(o.event)?.original ?? o['event.original'];
  for (const raw of [o._raw, o.rawmsg, original, o.message, o.full_log, o.full_message, o.log, o.line]) {
    if (typeof raw !== 'string' || raw.length >= 1 << 20) continue;
    const m = LINE.exec(raw) ?? DEVICE.exec(raw);
    if (m === null) continue;
    const time = /^\d/.test(m[1]!) ? isoMicros(m[1]!) : { micros: yearlessMicros(m[1]!, reference), zoned: false };
    return {
      program: m[3] ?? '',
      message: m[5]!.trimEnd(),
      host: m[2]!,
      pid: m[4] ?? '',
      stamp: { ...time, text: m[1]! },
    };
  }
  const message = [o.message, o.msg, o.MESSAGE, o.short_message, obj(o.labels) === null ? undefined : o.line].find(
    (v) => typeof v === 'string',
  ) as string | undefined;
  if (message === undefined) return null;
  const tag = /^([\w./()@+-]{1,64}?)(?:\[(\d{1,10})\])?:?$/.exec(text(o.syslogtag));
  const system = /^(?:system\.|system$|syslog|journald)/.test(
    at(o, 'event.dataset') || at(o, 'event.module') || at(o, 'data_stream.dataset') || at(o, 'input.type'),
  );
  const program =
    tag?.[1] ??
    [
      ...[
        'ident',
        'programname',
        'app-name',
        'app_name',
        'appname',
        'syslog_program',
        'program',
        '_application_name',
        'application_name',
        '_program',
        'PROGRAM',
        'SYSLOG_IDENTIFIER',
      ].map((k) => text(o[k])),
      at(o, 'log.syslog.appname'),
      at(o, 'syslog.appname'),
      at(o, 'labels.syslog_identifier'),
      ...(system ? [at(o, 'process.name')] : []),
    ].find((v) => v !== '' && PROGRAM.test(v)) ??
    '';
  const host =
    at(o, 'host.hostname') ||
    at(o, 'host.name') ||
    at(o, 'log.syslog.hostname') ||
    at(o, 'labels.hostname') ||
    at(o, 'labels.host') ||
    ['HOST', '_HOSTNAME', 'logsource', 'sysloghost', 'syslog_hostname', 'hostname', 'host', 'fromhost', 'source_host']
      .map((k) => text(o[k]))
      .find((v) => v !== '') ||
    '';
  const pid =
    tag?.[2] ??
    (['pid', 'procid', 'syslog_pid', '_pid', 'PID', '_PID'].map((k) => text(o[k])).find((v) => v !== '') ||
      at(o, 'process.pid'));
  // Graylog leaves the program before the message, and the host in `source`.
  const tagged = TAGGED.exec(message);
  if (tagged !== null && (program === '' ? host !== '' || text(o.source) !== '' : tagged[2] === program))
    return {
      program: tagged[2]!,
      message: tagged[4]!.trimEnd(),
      host: tagged[1] ?? (host || text(o.source)),
      pid: tagged[3]!,
      stamp: null,
    };
  return program === '' ? null : { program, message: message.trimEnd(), host, pid, stamp: null };
}
