// Exports as XML whose records are elements: Exchange's mailbox audit search (<SearchResults><Event Operation="…">), what
// PowerShell's Export-Clixml writes (<Objs><Obj>, [MS-PSRP] 2.2.5), and Splunk's XML results (<results><result><field>). Attributes
// and leaves are columns; what they mean is told as for any table.
import { isoMicros } from '../text/time.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { flatten } from '../text/json.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { fillJson, kindOf } from '../json/shapes.js';
import { kindOfColumns, nameColumns, plain, windowsRow } from '../table/columns.js';
import { cellMicros, timeColumns } from '../table/table.js';
import { eventFields, fillWindows, TAG, unescape } from './event-xml.js';

/** Characters of one record; a longer one is given up. */
const MAX_RECORD = 4 << 20;
const MAX_DEPTH = 64;
const MAX_FIELDS = 2000;

/** Root element → the element that is a record. */
const RECORDS: Readonly<Record<string, string>> = { SearchResults: 'Event', Objs: 'Obj', results: 'result' };
const START = new RegExp(`<(${Object.keys(RECORDS).join('|')})[\\s>]`);

const attributesOf = (text: string): [string, string][] =>
  [...text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map((a) => [a[1]!, unescape(a[2] ?? a[3] ?? '')]);

/** The columns of one record element; null if it is not well formed. Lists within a record become several values. */
export function xmlColumns(xml: string): Map<string, TextValue> | null {
  const out = new Map<string, TextValue>();
  const put = (name: string, text: string): void => {
    if (out.size >= MAX_FIELDS) return;
    const known = out.get(name);
    if (known === undefined || known === null) out.set(name, text === '' ? null : text);
    else if (text !== '') out.set(name, typeof known === 'string' ? [known, text] : [...known, text]);
  };
  const path: { name: string; label: string }[] = [];
  let text = '';
  let leaf = false;
  /** The open leaf has attributes, which are its values. */
  let filled = false;
  let last = 0;
  TAG.lastIndex = 0;
  for (let m = TAG.exec(xml); m !== null; m = TAG.exec(xml)) {
    text += unescape(xml.slice(last, m.index));
    last = TAG.lastIndex;
    if (m[1] !== undefined) {
      text += m[1];
      continue;
    }
    if (m[3] !== undefined) {
      if (path.length >= MAX_DEPTH) return null;
      // Markup within a value (Splunk marks what was searched for) is part of it.
      if (m[3] === 'sg') continue;
      const attributes = attributesOf(m[4] ?? '');
      // A name of its own: CLIXML's N, Splunk's k.
      const label = attributes.find(([k]) => k === 'N' || k === 'k')?.[1] ?? '';
      path.push({ name: m[3], label });
      if (path.length === 1) {
        for (const [k, v] of attributes) if (!['RefId', 'offset'].includes(k) && !k.startsWith('xml')) put(k, v);
      } else if (label === '')
        for (const [k, v] of attributes) if (!/^(?:xml|RefId$|trim$|N$)/.test(k)) put(`${m[3]}.${k}`, v);
      text = '';
      leaf = true;
      filled = attributes.length > 0 && label === '';
      if (m[5] !== '/') continue;
    } else if (m[2] === undefined || m[2] === 'sg') continue;
    const own = path.pop();
    if (own === undefined) return null;
    const value = text;
    text = '';
    if (leaf && path.length > 0 && !(filled && value.trim() === '')) {
      const name = own.label || path.findLast((p) => p.label !== '')?.label || own.name;
      // A type's name and an object's text form are not its values.
      if (!['T', 'ToString', 'TN', 'TNRef'].includes(own.name) && !(own.name === 'Nil' && own.label === ''))
        put(name, value.trim());
    }
    leaf = false;
    if (path.length === 0) return out;
  }
  return null;
}

class XmlRecordsParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #element = '';
  #held: string[] = [];
  #size = 0;
  #depth = 0;
  #line = 0;
  #offset = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    let rest = text;
    if (this.#element === '') {
      const m = START.exec(rest);
      if (m === null) return;
      this.#element = RECORDS[m[1]!]!;
      rest = rest.slice(m.index + m[0].length);
    }
    // Starts and ends of the record's element, which may stand in itself (CLIXML).
    const tags = new RegExp(`<(/?)${this.#element}(?=[\\s>/])(?:[^<>]*?)(/?)>`, 'g');
    let from = 0;
    for (let m = tags.exec(rest); m !== null; m = tags.exec(rest)) {
      const single = m[2] === '/';
      if (m[1] === '') {
        // Only objects of PowerShell stand in each other; of others the one before was cut off.
        if (this.#depth > 0 && this.#element !== 'Obj' && !single) {
          this.skipped++;
          this.#depth = 0;
        }
        if (this.#depth === 0) {
          from = m.index;
          this.#held = [];
          this.#size = 0;
          this.#line = line;
          this.#offset = offset;
        }
        if (!single) this.#depth++;
      } else if (this.#depth > 0) this.#depth--;
      else continue;
      if (this.#depth === 0) {
        const end = m.index + m[0].length;
        this.#give([...this.#held, rest.slice(from, end)].join('\n'));
        this.#held = [];
        from = end;
      }
    }
    if (this.#depth > 0) {
      this.#size += rest.length - from;
      if (this.#size > MAX_RECORD) {
        this.skipped++;
        this.#depth = 0;
        this.#held = [];
      } else this.#held.push(rest.slice(from));
    }
  }

  #give(xml: string): void {
    const fields = xmlColumns(xml);
    const r = this.#record;
    const context = this.#context;
    if (fields === null || fields.size === 0) {
      this.skipped++;
      return;
    }
    r.line = this.#line;
    r.offset = this.#offset;
    // A Windows event as Splunk indexed it.
    const raw = fields.get('_raw');
    if (typeof raw === 'string' && raw.includes('<Event')) {
      const event = eventFields(raw.slice(raw.indexOf('<Event')));
      if (event !== null && fillWindows(r, event, this.#shapes, context)) {
        this.#emit(r);
        return;
      }
    }
    const names = [...fields.keys()];
    const keys = names.map(plain);
    const kind = kindOfColumns(keys);
    const o = Object.fromEntries(fields);
    r.provider = '';
    r.eventId = '';
    r.host = context.host;
    const known = kind === 'other' ? kindOf(o) : null;
    const windows = kind === 'windows' || (fields.has('EventCode') && fields.has('LogName'));
    if (windows || known !== null) {
      if (!fillJson(r, kind === 'windows' ? windowsRow(o) : o, flatten, this.#shapes, context)) {
        this.skipped++;
        return;
      }
      this.#emit(r);
      return;
    }
    nameColumns(kind, names, fields, r, context.host);
    r.names = this.#shapes.of([...fields.keys()]);
    r.values = [...fields.values()];
    const at = timeColumns(keys);
    const text = at
      .map((i) => fields.get(names[i]!))
      .map((v) => (typeof v === 'string' ? v : ''))
      .join(' ')
      .trim();
    const time = /^\d{4}-\d\d-\d\dT/.test(text) ? isoMicros(text) : cellMicros(text, false);
    r.timeText = text;
    r.micros = time.zoned || Number.isNaN(time.micros) ? time.micros : time.micros - (context.zone ?? 0) * 60e6;
    r.sure = Number.isNaN(time.micros) ? 'none' : time.zoned ? 'stated' : context.zone === null ? 'inferred' : 'given';
    this.#emit(r);
  }

  end(): void {
    if (this.#depth > 0) this.skipped++;
  }
}

export const xmlRecords: TextFormat = {
  id: 'xml-records',
  title: 'Records exported as XML: mailbox audit searches, PowerShell objects (CLIXML), Splunk results',
  whole: true,
  identify(head: Head): Match | null {
    const m = START.exec(head.text.slice(0, 4096));
    if (m === null || !/^\s*(?:<[?!]|<(?:SearchResults|Objs|results)[\s>])/.test(head.text)) return null;
    const record = RECORDS[m[1]!]!;
    return new RegExp(`<${record}[\\s>]`).test(head.text.slice(m.index + m[0].length))
      ? { score: 98, why: `<${record}> elements in <${m[1]}>` }
      : null;
  },
  parser: (context, emit) => new XmlRecordsParser(context, emit),
};
