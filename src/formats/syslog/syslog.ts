// Syslog as files hold it: RFC 5424, RFC 3164 with its variants (no priority, RFC 3339 times, a year), and what others put
// into the message: sshd, sudo, iptables, Cisco ASA, CEF, LEEF, Windows events as XML or JSON.
import { cefStart, cefTime, parseCef } from '../cef/cef.js';
import { windowsOfCef } from '../cef/windows-cef.js';
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { flatten, objectOf } from '../text/json.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { zoneBetween } from '../text/zone.js';
import { isoMicros, microsOf, monthOf, two, yearlessMicros } from '../text/time.js';
import { eventFields, fillWindows } from '../xml/event-xml.js';
import { fillJson } from '../json/shapes.js';
import { keyValueTime } from './devices.js';
import { messageFields } from './message.js';

const RFC5424 =
  /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+) ?([\s\S]*)$/;
const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;
const BSD_TIME = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/;
/** `Oct 15 2018 05:12:43`: Cisco, and rsyslog when told to. */
const YEAR_TIME = /^([A-Z][a-z]{2}) ([ \d]\d) (\d{4}) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?:?/;

export const looksLikeSyslog = (l: string): boolean =>
  RFC5424.test(l) ||
  /^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) \S+ ?\S/.test(
    l,
  );

/** `[id a="b" c="d"]` of RFC 5424 section 6.3. */
function structuredData(text: string, put: (name: string, value: string) => void): void {
  for (const element of text.matchAll(/\[([^\s\]]{1,128})((?: [^=\s]{1,128}="(?:[^"\\]|\\.)*")*)\]/g))
    for (const p of element[2]!.matchAll(/ ([^=\s]+)="((?:[^"\\]|\\.)*)"/g))
      put(p[1]!, p[2]!.replace(/\\(["\\\]])/g, '$1'));
}

/** An event is sent within this. */
const DELIVERED_WITHIN = 180e6;

class SyslogParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    const r = this.#record;
    const names: string[] = [];
    const values: TextValue[] = [];
    const put = (name: string, value: string): void => {
      if (value === '') return;
      const i = names.indexOf(name);
      if (i >= 0) {
        // The first of a name counts: a message cannot overwrite its envelope.
        return;
      }
      names.push(name);
      values.push(value);
    };
    r.micros = Number.NaN;
    r.timeText = '';
    r.sure = 'none';
    r.host = '';
    r.provider = '';
    r.eventId = '';
    let message: string;
    const m = text.charCodeAt(0) === 0x3c ? RFC5424.exec(text) : null;
    if (m !== null) {
      this.#priority(m[1]!, put);
      const t = isoMicros(m[2]!);
      this.#local(t.micros, t.zoned, m[2]!);
      if (m[3] !== '-') r.host = m[3]!;
      if (m[4] !== '-') r.provider = m[4]!;
      if (m[5] !== '-') put('pid', m[5]!);
      if (m[6] !== '-') put('msgid', m[6]!);
      if (m[7] !== '-') structuredData(m[7]!, put);
      message = m[8]!.charCodeAt(0) === 0xfeff ? m[8]!.slice(1) : m[8]!;
    } else {
      let rest = text;
      const pri = /^<(\d{1,3})>(?:\d+: )?/.exec(rest);
      if (pri !== null) {
        this.#priority(pri[1]!, put);
        rest = rest.slice(pri[0].length);
      }
      const year = YEAR_TIME.exec(rest);
      if (year !== null) {
        const t = year[4]!;
        const us = Number((year[5] ?? '').padEnd(6, '0'));
        this.#local(
          microsOf(Number(year[3]), monthOf(year[1]!, 0), Number(year[2]), two(t, 0), two(t, 3), two(t, 6), us),
          false,
          year[0],
        );
        rest = rest.slice(year[0].length).trimStart();
      } else if (BSD_TIME.test(rest)) {
        this.#local(yearlessMicros(rest, this.#context.reference), false, rest.slice(0, 15));
        r.sure = 'inferred';
        rest = rest
          .slice(15)
          .replace(/^\.\d+/, '')
          .trimStart();
      } else if (ISO_TIME.test(rest)) {
        const end = rest.indexOf(' ', 11);
        const stamp = end < 0 ? rest : rest.slice(0, end);
        const t = isoMicros(stamp);
        this.#local(t.micros, t.zoned, stamp);
        rest = end < 0 ? '' : rest.slice(end + 1);
      } else if (pri === null && cefStart(text) < 0 && !text.includes('%ASA-') && keyValueTime(text) === null) {
        this.skipped++;
        return;
      }
      // Host, then "program[pid]:". A device may leave the host out and start with its message.
      const head = /^(\S+?):?\s+(?=\S)/.exec(rest);
      const isProgram =
        /^[\w./()@+-]+(?:\[\d+\])?:(?:\s|$)/.test(rest) ||
        rest.startsWith('%') ||
        rest.startsWith(': %') ||
        /^(?:CEF|LEEF):/.test(rest);
      if (head !== null && !isProgram && !head[1]!.startsWith('date=')) {
        r.host = head[1]!;
        rest = rest.slice(head[0].length);
      }
      const program = /^([\w./()@+ -]{1,64}?)(?:\[([^\]]{1,20})\])?:\s?/.exec(rest);
      if (program !== null && !/^(?:CEF|LEEF)$/.test(program[1]!)) {
        r.provider = program[1]!;
        if (program[2] !== undefined) put('pid', program[2]);
        message = rest.slice(program[0].length);
      } else message = rest;
    }
    const own = keyValueTime(message);
    if (own !== null) {
      // The device's own time tells its year, and mostly its zone.
      const t = isoMicros(own.zone === null ? own.local : `${own.local}${own.zone}`);
      if (own.micros !== null) this.#local(own.micros, true, own.local);
      else if ((r.sure as string) !== 'stated') this.#local(t.micros, t.zoned, own.local);
      if (r.host === '') r.host = own.host;
    }
    if (r.host === '') r.host = this.#context.host;
    r.line = line;
    r.offset = offset;
    const envelope = { micros: r.micros, stated: (r.sure as string) === 'stated' };
    if (this.#payload(message)) {
      if (envelope.stated) this.#zoned(envelope.micros);
      this.#emit(r);
      return;
    }
    if (r.provider !== '') put('program', r.provider);
    put('message', message);
    const channel = messageFields(r.provider, message, put);
    r.channel = channel ?? 'linux/syslog';
    r.names = this.#shapes.of(names);
    r.values = values;
    this.#emit(r);
  }

  /** An event in a message that tells its time without a zone was written in the zone of whoever sent it: the envelope's time tells which. */
  #zoned(sent: number): void {
    const r = this.#record;
    if ((r.sure as string) === 'stated' || !Number.isFinite(r.micros) || !Number.isFinite(sent)) return;
    const local = r.micros + (this.#context.zone ?? 0) * 60e6;
    const zone = zoneBetween(local, sent, DELIVERED_WITHIN);
    if (zone === null) return;
    r.micros = local - zone;
    r.sure = 'stated';
  }

  /** A message that is an event of another kind; fills the record from it. */
  #payload(message: string): boolean {
    const r = this.#record;
    const cef = cefStart(message);
    if (cef >= 0) {
      const fields = parseCef(message.slice(cef));
      if (fields === null) return false;
      const t = cefTime(fields);
      if (!Number.isNaN(t.micros)) this.#local(t.micros, t.zoned, t.text);
      if (r.host === '' || r.host === this.#context.host) {
        const dvc = fields.get('dvchost') ?? fields.get('dvc');
        if (typeof dvc === 'string') r.host = dvc;
      }
      const windows = windowsOfCef(fields);
      if (windows !== null) {
        r.channel = windows.channel;
        r.provider = windows.provider;
        r.eventId = windows.eventId;
        r.names = this.#shapes.of([...windows.fields.keys()]);
        r.values = [...windows.fields.values()];
        return true;
      }
      r.provider = String(fields.get('deviceProduct') ?? '');
      r.eventId = String(fields.get('signatureId') ?? fields.get('eventId') ?? '');
      r.channel = 'cef';
      r.names = this.#shapes.of([...fields.keys()]);
      r.values = [...fields.values()];
      return true;
    }
    const xml = message.indexOf('<Event');
    if (xml >= 0 && xml < 200) {
      const fields = eventFields(message.slice(xml), true);
      return fields !== null && fillWindows(r, fields, this.#shapes, { ...this.#context, host: r.host });
    }
    const brace = message.indexOf('{');
    if (brace >= 0 && brace < 64 && message.endsWith('}')) {
      const o = objectOf(message.slice(brace));
      return o !== null && fillJson(r, o, flatten, this.#shapes, { ...this.#context, host: r.host });
    }
    return false;
  }

  #priority(text: string, put: (name: string, value: string) => void): void {
    const n = Number(text);
    if (n > 191) return;
    put('facility', String(n >> 3));
    put('severity', String(n & 7));
  }

  #local(micros: number, zoned: boolean, text: string): void {
    const r = this.#record;
    r.timeText = text;
    if (Number.isNaN(micros)) return;
    r.micros = zoned ? micros : micros - (this.#context.zone ?? 0) * 60e6;
    r.sure = zoned ? 'stated' : this.#context.zone === null ? 'inferred' : 'given';
  }

  end(): void {}
}

export const syslog: TextFormat = {
  id: 'syslog',
  title:
    'Syslog, RFC 3164 and 5424, with the events of others in it (CEF, LEEF, Cisco ASA, FortiGate, PAN-OS, iptables, pf, Windows)',
  identify: (head) =>
    byShare(
      head,
      70,
      'syslog lines',
      (l) =>
        looksLikeSyslog(l) ||
        cefStart(l) === 0 ||
        keyValueTime(l.replace(/^<\d{1,3}>/, '')) !== null ||
        /^(?:[A-Z][a-z]{2} \d+ \d{4} [\d:]+:? )?(?:\S+ )?: ?%ASA-|^%ASA-/.test(l),
    ),
  parser: (context, emit) => new SyslogParser(context, emit),
};
