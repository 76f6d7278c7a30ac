// JSON logs: one object a line, a list of objects, or one object that holds a list ("Records" of CloudTrail, "value" of
// Microsoft Graph, "records" of Azure).
import { csvCells } from '../text/csv.js';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { flatten, objectOf, tooDeep } from '../text/json.js';
import { type Emit, Shapes, TextRecord } from '../text/record.js';
import { fillJson, kindOf } from './shapes.js';

/** Characters of a document that is no JSON lines: it is read whole. */
const MAX_DOCUMENT = 256 << 20;

class JsonLinesParser implements LineParser {
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
    const o = objectOf(text.charCodeAt(text.length - 1) === 0x2c ? text.slice(0, -1) : text);
    const r = this.#record;
    if (o === null) {
      if (!/^\s*[[\]]\s*$/.test(text)) this.skipped++;
      return;
    }
    // {"Records": […]} as one line: every member is a record of this line.
    const list = [o.Records, o.records, o.value].find((x) => Array.isArray(x) && x.length > 0);
    if (Array.isArray(list) && list.every((x) => typeof x === 'object' && x !== null)) {
      for (const x of list as object[]) this.#one(r, x as Record<string, unknown>, line, offset);
      return;
    }
    this.#one(r, o, line, offset);
  }

  #one(r: TextRecord, o: Record<string, unknown>, line: number, offset: number): void {
    // Unified audit exports hold the event as text in AuditData.
    const audit = typeof o.AuditData === 'string' ? objectOf(o.AuditData) : null;
    if (!fillJson(r, audit ?? o, flatten, this.#shapes, this.#context)) {
      this.skipped++;
      return;
    }
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const jsonLines: TextFormat = {
  id: 'json-lines',
  title: 'JSON, one event a line: Windows events of shippers, cloud, endpoint and network logs',
  identify(head: Head): Match | null {
    const first = head.lines.find((l) => l.trim() !== '');
    if (first === undefined || !/^\s*\{/.test(first)) return null;
    // One bad line must not hide the others.
    const o =
      first.trim() === '{'
        ? null
        : head.lines.slice(0, 20).reduce<Record<string, unknown> | null>((found, l) => found ?? objectOf(l), null);
    // The first line may be longer than what was looked at.
    if (o === null)
      return head.lines.length <= 1 && head.bytes.length >= 4096 && /^\{\s*"/.test(first)
        ? { score: 55, why: 'a long JSON object in one line' }
        : null;
    const kind = kindOf(o);
    return {
      score: kind === null ? 60 : 85,
      why: kind === null ? 'a JSON object a line' : `JSON objects of ${kind.channel}`,
    };
  },
  parser: (context, emit) => new JsonLinesParser(context, emit),
};

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
    this.#held = [];
    let parsed: unknown = null;
    if (this.#size <= MAX_DOCUMENT && !tooDeep(text))
      try {
        parsed = JSON.parse(text);
      } catch {
        // told below
      }
    const o = parsed as Record<string, unknown> | null;
    const list = Array.isArray(parsed)
      ? parsed
      : (o?.Records ?? o?.records ?? o?.value ?? o?.results ?? (parsed === null ? null : [parsed]));
    if (!Array.isArray(list)) {
      this.skipped++;
      return;
    }
    const r = new TextRecord();
    const shapes = new Shapes();
    list.forEach((x: unknown, i) => {
      const member = typeof x === 'object' && x !== null && !Array.isArray(x) ? (x as Record<string, unknown>) : null;
      const audit = member !== null && typeof member.AuditData === 'string' ? objectOf(member.AuditData) : null;
      if (member === null || !fillJson(r, audit ?? member, flatten, shapes, this.#context)) {
        this.skipped++;
        return;
      }
      // Its place in the list, which stays however the document is laid out.
      r.line = i + 1;
      r.offset = 0;
      this.#emit(r);
    });
  }
}

export const jsonDocument: TextFormat = {
  id: 'json',
  title: 'JSON documents with a list of events: CloudTrail, Azure, Microsoft Graph',
  whole: true,
  identify(head: Head): Match | null {
    const t = head.text.trimStart();
    if (/^\[\s*\{/.test(t)) return { score: 65, why: 'a JSON list of objects' };
    if (/^\{\s*\n/.test(t) || /^\{\s*"(?:Records|records|value)"\s*:\s*\[/.test(t))
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
    if (text === '' || (this.#column < 0 && this.#header(text))) return;
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
    /(?:^|,)"?AuditData"?(?:,|$)/i.test(head.lines[0] ?? '') ? { score: 95, why: 'a column AuditData' } : null,
  parser: (context, emit) => new AuditCsvParser(context, emit),
};
