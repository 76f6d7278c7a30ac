// Windows events as XML: what wevtutil and the Event Viewer write, one event a line or over many lines, with or without an
// enclosing <Events>. Also the XML that Sysmon for Linux and log shippers put into a syslog line. Only the XML that
// such events use is read: no document types, no entities but the five of XML and numbers.
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { DATA_CHANNEL, type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { isoMicros } from '../text/time.js';

/** Characters of one event; a longer one is given up. */
const MAX_EVENT = 4 << 20;
const MAX_DEPTH = 64;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

export function unescape(t: string): string {
  if (!t.includes('&')) return t;
  return t.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]+));/g,
    (whole, hex?: string, dec?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = hex === undefined ? Number(dec) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

const SYSTEM_ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Provider: { Name: 'Provider_Name', Guid: 'Provider_Guid', EventSourceName: 'EventSourceName' },
  TimeCreated: { SystemTime: 'SystemTime' },
  Correlation: { ActivityID: 'ActivityID', RelatedActivityID: 'RelatedActivityID' },
  Execution: { ProcessID: 'Execution_ProcessID', ThreadID: 'Execution_ThreadID' },
  Security: { UserID: 'Security_UserID' },
  EventID: { Qualifiers: 'Qualifiers' },
};

export const TAG =
  /<(?:!\[CDATA\[([\s\S]*?)\]\]>|\/([\w:.-]+)\s*>|([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|[?!][^>]*>)/g;

/** Values that are kept of one name; an event has a few dozen. */
const MAX_VALUES = 10_000;

/**
 * Fields of one `<Event>`; null if it is none. `cut`: messages are cut at a length by what sends them; the fields before count where
 * the event says what it is.
 */
export function eventFields(xml: string, cut = false): Map<string, TextValue> | null {
  const out = new Map<string, TextValue>();
  const put = (name: string, text: string): void => {
    const known = out.get(name);
    if (known === undefined || known === null) out.set(name, text);
    else if (typeof known === 'string') out.set(name, [known, text]);
    else if (known.length < MAX_VALUES) (known as string[]).push(text);
  };
  const path: string[] = [];
  const dataNames: string[] = [];
  let text = '';
  let leaf = false;
  TAG.lastIndex = 0;
  let last = 0;
  for (let m = TAG.exec(xml); m !== null; m = TAG.exec(xml)) {
    if (leaf && m.index > last) text += unescape(xml.slice(last, m.index));
    last = TAG.lastIndex;
    if (m[1] !== undefined) {
      text += m[1];
      continue;
    }
    const open = m[3];
    if (open !== undefined) {
      if (path.length >= MAX_DEPTH) return null;
      const name = open.slice(open.indexOf(':') + 1);
      const attributes = new Map<string, string>();
      for (const a of (m[4] ?? '').matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
        attributes.set(a[1]!, unescape(a[2] ?? a[3] ?? ''));
      if (path[path.length - 1] === 'System') {
        for (const [key, field] of Object.entries(SYSTEM_ATTRIBUTES[name] ?? {})) {
          const v = attributes.get(key);
          if (v !== undefined) put(field, v);
        }
      }
      dataNames.push(attributes.get('Name') ?? '');
      path.push(name);
      text = '';
      leaf = true;
      if (m[5] !== '/') continue;
    } else if (m[2] === undefined) continue;
    // An element ends.
    const name = path.pop();
    const dataName = dataNames.pop() ?? '';
    if (name === undefined) return null;
    const inSystem = path[path.length - 1] === 'System';
    const rendering = path.includes('RenderingInfo');
    if (leaf && path.length > 0 && !(rendering && name !== 'Message')) {
      const field = name === 'Data' && dataName !== '' ? dataName : name;
      if (inSystem ? text !== '' : !(out.has(field) && ['EventID', 'Channel', 'Computer'].includes(field)))
        put(field, text);
      else if (!inSystem && field === 'Channel') put(DATA_CHANNEL, text);
    }
    leaf = false;
    text = '';
    if (path.length === 0) return name === 'Event' && out.size > 0 ? out : null;
  }
  return cut && out.has('EventID') && out.has('Channel') && path[0] === 'Event' ? out : null;
}

/** Fills a record with an event's fields. False if they are those of no Windows event. */
export function fillWindows(
  r: TextRecord,
  fields: Map<string, TextValue>,
  shapes: Shapes,
  context: ParseContext,
): boolean {
  const one = (name: string): string => {
    const v = fields.get(name);
    return typeof v === 'string' ? v : v === null || v === undefined ? '' : (v[0] ?? '');
  };
  const id = one('EventID');
  if (id === '') return false;
  r.names = shapes.of([...fields.keys()]);
  r.values = [...fields.values()];
  r.channel = one('Channel');
  r.provider = one('Provider_Name');
  r.eventId = id;
  r.host = one('Computer') || context.host;
  r.timeText = one('SystemTime');
  const t = isoMicros(r.timeText);
  r.micros = t.micros;
  // SystemTime is UTC by definition, also where a tool dropped the Z.
  r.sure = Number.isNaN(t.micros) ? 'none' : 'stated';
  return true;
}

const EVENT = /<(?:\w+:)?Event[\s>]/;

class EventXmlParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #held: string[] = [];
  #size = 0;
  #line = 0;
  #offset = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    let rest = text;
    for (;;) {
      if (this.#held.length === 0) {
        const m = EVENT.exec(rest);
        if (m === null) {
          // What has no tag in it belongs to no document of events.
          if (!rest.includes('<') && rest.trim() !== '') this.skipped++;
          return;
        }
        this.#line = line;
        this.#offset = offset;
        this.#size = 0;
        rest = rest.slice(m.index);
      }
      const end = rest.search(/<\/(?:\w+:)?Event\s*>/);
      // One that begins before the one before has ended: that one was cut off.
      const next = EVENT.exec(this.#held.length > 0 ? rest : rest.slice(1));
      const at = next === null ? -1 : next.index + (this.#held.length > 0 ? 0 : 1);
      if (at >= 0 && (end < 0 || at < end)) {
        this.skipped++;
        this.#held = [];
        this.#line = line;
        this.#offset = offset;
        this.#size = 0;
        rest = rest.slice(at);
        continue;
      }
      if (end < 0) {
        this.#size += rest.length;
        if (this.#size > MAX_EVENT) {
          this.skipped++;
          this.#held = [];
          return;
        }
        this.#held.push(rest);
        return;
      }
      const stop = rest.indexOf('>', end) + 1;
      const fields = eventFields([...this.#held, rest.slice(0, stop)].join('\n'));
      this.#held = [];
      rest = rest.slice(stop);
      const r = this.#record;
      if (fields === null || !fillWindows(r, fields, this.#shapes, this.#context)) {
        this.skipped++;
        continue;
      }
      r.line = this.#line;
      r.offset = this.#offset;
      this.#emit(r);
    }
  }

  end(): void {
    if (this.#held.length > 0) this.skipped++;
  }
}

export const eventXml: TextFormat = {
  id: 'event-xml',
  title: 'Windows events as XML',
  whole: true,
  identify(head: Head): Match | null {
    return /<(?:\w+:)?Event\s[^>]*schemas\.microsoft\.com\/win\/2004\/08\/events\/event|<Events>\s*<Event[\s>]/.test(
      head.text,
    ) && !/^\s*(?:(?:<\d+>)?[A-Z0-9]|["{[])/.test(head.text)
      ? { score: 97, why: 'an <Event> of the Windows event schema' }
      : null;
  },
  parser: (context, emit) => new EventXmlParser(context, emit),
};

/** As the Event Viewer saves them: one event behind the other, all on one line. They are cited by their number, not by a line. */
export const eventXmlPacked: TextFormat = {
  ...eventXml,
  id: 'event-xml-packed',
  title: 'Windows events as XML, many on a line',
  ending: '</Event>',
  identify(head: Head): Match | null {
    const match = eventXml.identify(head);
    const packed = head.text
      .split('\n')
      .some((l) => (l.match(/<Event[\s>]/g) ?? []).length > 1 && l.includes('</Event>'));
    return match === null || !packed ? null : { score: match.score + 1, why: `${match.why}, several on one line` };
  },
};
