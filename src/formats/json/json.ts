// JSON logs: one object a line, a list of objects, or one object that holds a list ("Records" of CloudTrail, "value" of
// Microsoft Graph, "records" of Azure).
import { csvCells } from '../text/csv.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { flatten, objectOf, tooDeep } from '../text/json.js';
import { MEMBERS } from '../text/lines.js';
import { type Emit, Shapes, TextRecord } from '../text/record.js';
import { nested, ownAddresses } from './ecs.js';
import { members, unwrapped } from './envelopes.js';
import { InnerLines, innerText } from './inner.js';
import { fillJson, kindOf } from './shapes.js';

/** Characters of a document that is no JSON lines: it is read whole. */
const MAX_DOCUMENT = 256 << 20;

/** A line without what a list, a sequence of JSON texts (RFC 7464) or of server-sent events puts around an object. */
function bare(line: string): string {
  const begin = line.charCodeAt(0) === 0x1e ? 1 : line.startsWith('data: {') ? 6 : 0;
  // Fluentd's files: time, tag, object.
  const tagged = line.charCodeAt(0) === 0x32 ? /^(\d{4}-\d\d-\d\dT\S+)\t[^\t]{0,200}\t\{/.exec(line) : null;
  if (tagged !== null) {
    const rest = line.slice(tagged[0].length);
    return `{"timestamp":"${tagged[1]!.replaceAll('"', '')}"${rest.startsWith('}') ? '' : ','}${rest}`;
  }
  return line.slice(begin, line.charCodeAt(line.length - 1) === 0x2c ? -1 : undefined);
}

const ADDRESS_NAMES = ['ip', 'hostname'];
/** Machines whose addresses are told. */
const MAX_MACHINES = 100_000;

class JsonLinesParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  readonly #inner: InnerLines;
  readonly #told = new Map<string, number>();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#inner = new InnerLines(context, emit);
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    const o = objectOf(bare(text));
    const r = this.#record;
    if (o === null) {
      const rest = text.trim();
      if (rest !== '' && rest !== '[' && rest !== ']' && !/^(?:data:$|event:|id:)/.test(rest)) this.skipped++;
      return;
    }
    // {"Records": […]} as one line: every member is a record of this line.
    const list = members(o);
    if (list !== null) {
      for (const x of list) this.#one(r, x, line, offset);
      return;
    }
    this.#one(r, o, line, offset);
  }

  #one(r: TextRecord, o: Readonly<Record<string, unknown>>, line: number, offset: number): void {
    const event = unwrapped(o);
    const filled = fillJson(r, event, flatten, this.#shapes, this.#context);
    // What is no event of its own may carry a line of another log.
    if (!filled || r.channel === 'json') {
      const text = innerText(event);
      if (text !== '' && this.#inner.give(text, r.host, line, offset)) return;
    }
    if (!filled) {
      this.skipped++;
      return;
    }
    r.line = line;
    r.offset = offset;
    this.#emit(r);
    this.#machine(event, line, offset);
  }

  /** Agents say with each event which addresses their machine has: told once a day. */
  #machine(o: Readonly<Record<string, unknown>>, line: number, offset: number): void {
    const found = ownAddresses(o);
    const r = this.#record;
    if (found === null || r.host === '' || !Number.isFinite(r.micros)) return;
    const day = Math.floor(r.micros / 86_400e6);
    for (const ip of found.addresses) {
      const key = `${r.host}|${ip}`;
      if (this.#told.get(key) === day || (this.#told.size >= MAX_MACHINES && !this.#told.has(key))) continue;
      this.#told.set(key, day);
      r.channel = 'inventory/addresses';
      r.provider = '';
      r.eventId = '';
      r.names = ADDRESS_NAMES;
      r.values = [ip, found.host || r.host];
      r.line = line;
      r.offset = offset;
      this.#emit(r);
    }
  }

  end(): void {
    this.#inner.end();
  }
}

export const jsonLines: TextFormat = {
  id: 'json-lines',
  title: 'JSON, one event a line: Windows events of shippers, cloud, endpoint and network logs',
  identify(head: Head): Match | null {
    const first = head.lines.find((l) => l.trim() !== '');
    if (first === undefined || !/^\s*\{/.test(bare(first))) return null;
    // One bad line must not hide the others.
    const o =
      first.trim() === '{'
        ? null
        : head.lines
            .slice(0, 20)
            .reduce<Record<string, unknown> | null>((found, l) => found ?? objectOf(bare(l)), null);
    // The first line may be longer than what was looked at.
    if (o === null)
      return head.lines.length <= 1 && head.bytes.length >= 4096 && /^\{\s*"/.test(first)
        ? { score: 55, why: 'a long JSON object in one line' }
        : null;
    const kind = kindOf(nested(o));
    return {
      score: kind === null ? 60 : 85,
      why: kind === null ? 'a JSON object a line' : `JSON objects of ${kind.channel}`,
    };
  },
  parser: (context, emit) => new JsonLinesParser(context, emit),
};

/** Names of events' times: an object that has one before its first list is an event, and no answer. */
const EVENT =
  /"(?:@timestamp|timestamp|time|eventTime|CreationTime|createdDateTime|activityDateTime|TimeCreated|TimeGenerated|published|_time|ts)"\s*:/;
/** Lists that have to be taken together with what stands beside them. */
const TOGETHER = /"(?:tables|columns|fields|streams|resultType|responses|messages)"\s*:/;

/** An answer: names with plain values, then the list. */
const BEFORE =
  /^\{(?:\s*"[\w@.$ -]+"\s*:\s*(?:"[^"\\]*"|-?[\d.]+|true|false|null)\s*,)*\s*"(?:Records|records|value|Events|items|results|Results)"\s*:\s*\[\s*\{$/;

export const jsonMembers: TextFormat = {
  id: 'json-members',
  title:
    'JSON documents with a list of events, of any size: CloudTrail, Azure, Microsoft Graph, answers of Elasticsearch',
  whole: true,
  ending: MEMBERS,
  identify(head: Head): Match | null {
    const t = head.text.trimStart();
    // Two bytes a character: read as a whole.
    if ((head.bytes[0] === 0xff && head.bytes[1] === 0xfe) || (head.bytes[0] === 0xfe && head.bytes[1] === 0xff))
      return null;
    if (/^\[\s*\{/.test(t)) return { score: 66, why: 'a JSON list of objects' };
    const list = /^\{[\s\S]{0,4000}?\[\s*\{/.exec(t)?.[0];
    // Answers a line each are lines.
    if (head.lines.length > 1 && head.lines.slice(0, 20).filter((l) => objectOf(l) !== null).length > 1) return null;
    if (list === undefined || EVENT.test(list) || TOGETHER.test(list)) return null;
    if (BEFORE.test(list)) return { score: 87, why: 'a JSON document with a list of objects' };
    return /"hits"\s*:\s*\{/.test(list) && /"hits"\s*:\s*\[\s*\{$/.test(list)
      ? { score: 87, why: 'an answer of Elasticsearch' }
      : null;
  },
  parser: (context, emit) => new JsonLinesParser(context, emit),
};

/** The values of a document: one, or several one behind the other with lines of other things between them (`Record 7`). */
function valuesOf(text: string): { values: unknown[]; broken: number } {
  if (tooDeep(text)) return { values: [], broken: 1 };
  try {
    return { values: [JSON.parse(text) as unknown], broken: 0 };
  } catch {
    // Several, below.
  }
  const out: unknown[] = [];
  let broken = 0;
  let depth = 0;
  let begin = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = depth > 0;
    else if (c === 0x7b || c === 0x5b) {
      if (depth++ === 0) begin = i;
    } else if ((c === 0x7d || c === 0x5d) && depth > 0 && --depth === 0)
      try {
        out.push(JSON.parse(text.slice(begin, i + 1)) as unknown);
      } catch {
        broken++;
      }
  }
  // What was begun and has no end.
  return { values: out, broken: broken + Number(depth > 0 || quoted) };
}

/** A document of several lines: a list, or an object that holds one. */
class JsonDocumentParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  #held: string[] = [];
  #size = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string): void {
    this.#size += text.length + 1;
    if (this.#size <= MAX_DOCUMENT) this.#held.push(text);
  }

  end(): void {
    const text = this.#held.join('\n');
    const lines = this.#held.length;
    this.#held = [];
    const r = new TextRecord();
    const shapes = new Shapes();
    const inner = new InnerLines(this.#context, this.#emit);
    let place = 0;
    const { values, broken } = this.#size > MAX_DOCUMENT ? { values: [], broken: 0 } : valuesOf(text);
    this.skipped += values.length === 0 ? lines : broken;
    const found = values.flatMap((v) => {
      const o = typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : null;
      return Array.isArray(v) ? (v as unknown[]) : o === null ? [] : (members(o) ?? [o]);
    });
    for (const x of found) {
      place++;
      const o = typeof x === 'object' && x !== null && !Array.isArray(x) ? (x as Record<string, unknown>) : null;
      const event = o === null ? null : unwrapped(o);
      const filled = event !== null && fillJson(r, event, flatten, shapes, this.#context);
      const carried = event !== null && (!filled || r.channel === 'json') ? innerText(event) : '';
      if (carried !== '' && inner.give(carried, r.host, place, 0)) continue;
      if (!filled) {
        this.skipped++;
        continue;
      }
      // Its place in the list, which stays however the document is laid out.
      r.line = place;
      r.offset = 0;
      this.#emit(r);
    }
    inner.end();
  }
}

export const jsonDocument: TextFormat = {
  id: 'json',
  title: 'JSON documents with a list of events: CloudTrail, Azure, Microsoft Graph',
  whole: true,
  identify(head: Head): Match | null {
    const t = head.text.trimStart();
    if (/^\[\s*\{/.test(t)) return { score: 65, why: 'a JSON list of objects' };
    if (/^(?:\x1e|Record \d+\s+)?\{\s*\n/.test(t) || /^\{\s*"(?:Records|records|value)"\s*:\s*\[/.test(t))
      return { score: 64, why: 'a JSON document' };
    return null;
  },
  parser: (context, emit) => new JsonDocumentParser(context, emit),
};

/** Comma-separated with a column that holds the event as JSON: the unified audit log as the portal exports it. */
class AuditCsvParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #column = -1;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    for (const h of context.header) this.#header(h);
  }

  #header(line: string): boolean {
    const cells = csvCells(line) ?? [];
    const i = cells.findIndex((c) => c.trim().toLowerCase() === 'auditdata');
    if (i >= 0) this.#column = i;
    return i >= 0;
  }

  line(text: string, line: number, offset: number): void {
    if (text === '' || (this.#column < 0 && (text.startsWith('#TYPE ') || this.#header(text)))) return;
    const cell = csvCells(text)?.[this.#column];
    const o = cell === undefined ? null : objectOf(cell);
    const r = this.#record;
    if (o === null || !fillJson(r, o, flatten, this.#shapes, this.#context)) {
      this.skipped++;
      return;
    }
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const auditCsv: TextFormat = {
  id: 'm365-csv',
  title: 'Microsoft 365 unified audit log as CSV with AuditData',
  whole: true,
  identify: (head) =>
    head.lines.slice(0, 2).some((l) => /(?:^|,)"?AuditData"?(?:,|$)/i.test(l))
      ? { score: 95, why: 'a column AuditData' }
      : null,
  parser: (context, emit) => new AuditCsvParser(context, emit),
};
