// Where records go: event logs by host and channel (EVTX, event XML, or a shipper's NDJSON), and logs of lines. A log is written in
// the order of its own clock; what is younger than a few minutes waits, because causes and effects are told in any order.
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  eventRecord,
  type EventTemplates,
  eventTemplates,
  EvtxWriter,
  type TemplateSpec,
} from '../formats/evtx/index.js';
import { type EventKind, type FieldText, fieldText, fieldValue } from './events.js';

/** Microseconds that records may be told after their time. */
const LATE = 15 * 60e6;
/** Files that are open at a time. */
const MAX_OPEN = 200;

/** Files below a folder, of which few are open at a time. */
export class Files {
  readonly #dir: string;
  readonly #open = new Map<string, number>();
  readonly #begun = new Set<string>();
  readonly #ends = new Map<string, number>();
  bytes = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  #fd(path: string): number {
    let fd = this.#open.get(path);
    if (fd !== undefined) {
      this.#open.delete(path);
      this.#open.set(path, fd);
      return fd;
    }
    const full = join(this.#dir, path);
    if (!this.#begun.has(path)) {
      mkdirSync(dirname(full), { recursive: true });
      fd = openSync(full, 'w');
      ftruncateSync(fd, 0);
      this.#begun.add(path);
    } else fd = openSync(full, 'r+');
    if (this.#open.size >= MAX_OPEN) {
      const [oldest, old] = this.#open.entries().next().value!;
      closeSync(old);
      this.#open.delete(oldest);
    }
    this.#open.set(path, fd);
    return fd;
  }

  write(path: string, bytes: Buffer, at: number): void {
    const fd = this.#fd(path);
    let done = 0;
    while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    this.bytes += bytes.length;
  }

  append(path: string, text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    const at = this.#ends.get(path) ?? 0;
    this.write(path, bytes, at);
    this.#ends.set(path, at + bytes.length);
  }

  /** The file is empty again. */
  restart(path: string): void {
    const fd = this.#open.get(path);
    if (fd !== undefined) closeSync(fd);
    this.#open.delete(path);
    this.#begun.delete(path);
    this.#ends.delete(path);
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }
}

interface Held {
  readonly t: number;
  readonly order: number;
  readonly kind: EventKind;
  readonly fields: Readonly<Record<string, FieldText>>;
  readonly pid: number;
}

export type EventFormat = 'evtx' | 'xml' | 'winlogbeat';

/** One channel of one host. Its times are those of the host's clock. */
export class EventLog {
  readonly #out: Logs;
  readonly #path: string;
  readonly #computer: string;
  readonly #format: EventFormat;
  readonly #keepFrom: number;
  readonly #held: Held[] = [];
  #writer: EvtxWriter | null = null;
  #id: number;
  #lines: string[] = [];
  #chars = 0;
  readonly #gaps: [number, number][] = [];
  /** Records that are in its file. */
  #written = 0;

  constructor(out: Logs, computer: string, channel: string, format: EventFormat, keepFrom: number, seed: number) {
    this.#out = out;
    this.#computer = computer;
    this.#format = format;
    this.#keepFrom = keepFrom;
    const host = computer.split('.')[0]!;
    this.#path =
      format === 'evtx'
        ? `evidence/${host}/${channel.replaceAll('/', '%4')}.evtx`
        : format === 'xml'
          ? `evidence/${host}/${channel.replaceAll('/', '-')}.xml`
          : 'evidence/siem/winlogbeat';
    this.#id = 1 + (crc32(`${seed}|${computer}|${channel}`) % 900_000);
  }

  add(t: number, kind: EventKind, fields: Readonly<Record<string, FieldText>>, pid: number): void {
    this.#held.push({ t: Math.floor(t), order: this.#out.order++, kind, fields, pid });
  }

  /** What is older than `before`, written. */
  flush(before: number): void {
    const held = this.#held;
    if (held.length === 0) return;
    held.sort((a, b) => a.t - b.t || a.order - b.order);
    let n = 0;
    while (n < held.length && held[n]!.t < before) n++;
    for (let i = 0; i < n; i++) {
      const h = held[i]!;
      this.#id++;
      if (h.t < this.#keepFrom || this.#gaps.some(([from, to]) => h.t >= from && h.t < to)) continue;
      this.#write(h);
    }
    held.splice(0, n);
  }

  /** What a clear does: everything so far is gone; numbering goes on as Windows does it, from 1. */
  clear(): void {
    this.#held.length = 0;
    this.#writer = null;
    this.#lines = [];
    this.#chars = 0;
    if (this.#format !== 'winlogbeat') {
      this.#out.restart(this.#path);
      this.#out.records -= this.#written;
      this.#written = 0;
    }
    this.#id = 0;
  }

  /** Takes records of the last minutes out: their numbers are missing, their neighbours stay. A shipper has sent them before. */
  removeBetween(from: number, to: number): boolean {
    if (this.#format === 'winlogbeat') return false;
    this.#gaps.push([from, to]);
    return this.#held.some((h) => h.t >= from && h.t < to);
  }

  #write(h: Held): void {
    this.#out.records++;
    this.#written++;
    const { kind } = h;
    if (this.#format === 'evtx') {
      const w = (this.#writer ??= new EvtxWriter({ sink: (b, at) => this.#out.files.write(this.#path, b, at) }));
      w.write(
        eventRecord(this.#out.templates(kind), {
          recordId: this.#id,
          micros: h.t,
          computer: this.#computer,
          processId: h.pid,
          threadId: 100 + ((this.#id * 37) % 9000) * 4,
          data: kind.names.map((n, i) => fieldValue(kind.types[i]!, h.fields[n])),
        }),
      );
      return;
    }
    const text = this.#format === 'xml' ? this.#xml(h) : this.#beat(h);
    this.#lines.push(text);
    this.#chars += text.length;
    if (this.#format === 'winlogbeat') this.#ship(h.t);
    else if (this.#chars > 1 << 17) this.#spill();
  }

  #spill(): void {
    if (this.#lines.length === 0) return;
    this.#out.files.append(this.#path, this.#lines.join(''));
    this.#lines = [];
    this.#chars = 0;
  }

  #ship(t: number): void {
    this.#out.ship(t, this.#lines.join(''));
    this.#lines = [];
    this.#chars = 0;
  }

  #fields(h: Held): [string, string | readonly string[] | null][] {
    return h.kind.names.map((n, i) => [n, fieldText(h.kind.types[i]!, h.fields[n])]);
  }

  #xml(h: Held): string {
    const { spec } = h.kind;
    const esc = (s: string): string => s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const q = (s: string): string => esc(s).replaceAll("'", '&apos;');
    const data = this.#fields(h)
      .flatMap(([n, v]) => {
        const list = v === null ? [''] : typeof v === 'string' ? [v] : v;
        return spec.userData !== undefined
          ? list.map((x) => `<${n}>${esc(x)}</${n}>`)
          : list.map((x) => (n === '*' ? `<Data>${esc(x)}</Data>` : `<Data Name='${q(n)}'>${esc(x)}</Data>`));
      })
      .join('');
    const body =
      spec.userData === undefined
        ? `<EventData>${data}</EventData>`
        : `<UserData><${spec.userData.element} xmlns='${spec.userData.namespace}'>${data}</${spec.userData.element}></UserData>`;
    return `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='${q(spec.provider)}'${spec.providerGuid === undefined ? '' : ` Guid='${spec.providerGuid}'`}/><EventID>${spec.eventId}</EventID><Version>${spec.version ?? 0}</Version><Level>${spec.level ?? 0}</Level><Task>${spec.task ?? 0}</Task><Opcode>${spec.opcode ?? 0}</Opcode><Keywords>0x${(spec.keywords ?? 0x8000000000000000n).toString(16)}</Keywords><TimeCreated SystemTime='${iso(h.t)}'/><EventRecordID>${this.#id}</EventRecordID><Correlation/><Execution ProcessID='${h.pid}' ThreadID='${100 + ((this.#id * 37) % 9000) * 4}'/><Channel>${q(spec.channel)}</Channel><Computer>${q(this.#computer)}</Computer><Security/></System>${body}</Event>\n`;
  }

  #beat(h: Held): string {
    const { spec } = h.kind;
    const data: Record<string, string> = {};
    let n = 1;
    for (const [name, v] of this.#fields(h)) {
      if (v === null) continue;
      if (name !== '*') data[name] = typeof v === 'string' ? v : v.join('\n');
      else for (const x of typeof v === 'string' ? [v] : v) data[`param${n++}`] = x;
    }
    return `${JSON.stringify({
      '@timestamp': `${new Date(h.t / 1000).toISOString()}`,
      event: { code: String(spec.eventId), kind: 'event', provider: spec.provider },
      host: { name: this.#computer },
      winlog: {
        channel: spec.channel,
        computer_name: this.#computer,
        event_id: String(spec.eventId),
        ...(spec.userData === undefined ? { event_data: data } : { user_data: data }),
        opcode: 'Info',
        provider_name: spec.provider,
        ...(spec.providerGuid === undefined ? {} : { provider_guid: spec.providerGuid }),
        process: { pid: h.pid, thread: { id: 100 + ((this.#id * 37) % 9000) * 4 } },
        record_id: this.#id,
        task: String(spec.task ?? 0),
        ...(spec.version === undefined ? {} : { version: spec.version }),
      },
    })}\n`;
  }

  finish(): void {
    this.flush(Number.POSITIVE_INFINITY);
    this.#writer?.finish();
    this.#spill();
  }
}

/** `2026-03-02T08:00:00.1234560Z` */
const iso = (t: number): string =>
  `${new Date(Math.floor(t / 1e6) * 1e3).toISOString().slice(0, 19)}.${String(Math.floor(t % 1e6)).padStart(6, '0')}0Z`;

/** A log of lines, a file for each day, week or for ever; `head` begins each file. */
export class LineLog {
  readonly #out: Logs;
  readonly #path: (t: number) => string;
  readonly #head: (t: number) => string;
  readonly #keepFrom: number;
  #held: { t: number; order: number; line: string }[] = [];
  #file = '';
  #text: string[] = [];
  #chars = 0;

  constructor(out: Logs, path: (t: number) => string, head: (t: number) => string, keepFrom: number) {
    this.#out = out;
    this.#path = path;
    this.#head = head;
    this.#keepFrom = keepFrom;
  }

  /** A line with its end; `t` is the time that orders it and names its file. */
  add(t: number, line: string): void {
    if (t >= this.#keepFrom) this.#held.push({ t, order: this.#out.order++, line });
  }

  /** Takes lines out that are not written yet. */
  remove(which: (line: string, t: number) => boolean): number {
    const before = this.#held.length;
    this.#held = this.#held.filter((h) => !which(h.line, h.t));
    return before - this.#held.length;
  }

  flush(before: number): void {
    if (this.#held.length === 0) return;
    this.#held.sort((a, b) => a.t - b.t || a.order - b.order);
    let n = 0;
    for (const h of this.#held) {
      if (h.t >= before) break;
      n++;
      const file = this.#path(h.t);
      if (file !== this.#file) {
        this.#spill();
        this.#file = file;
        if (!this.#out.begun.has(file)) {
          this.#out.begun.add(file);
          const head = this.#head(h.t);
          if (head !== '') this.#text.push(head);
        }
      }
      this.#text.push(h.line);
      this.#chars += h.line.length;
      this.#out.records++;
      if (this.#chars > 1 << 16) this.#spill();
    }
    this.#held.splice(0, n);
  }

  #spill(): void {
    if (this.#text.length > 0) this.#out.files.append(this.#file, this.#text.join(''));
    this.#text = [];
    this.#chars = 0;
  }

  finish(): void {
    this.flush(Number.POSITIVE_INFINITY);
    this.#spill();
  }
}

export class Logs {
  readonly files: Files;
  readonly begun = new Set<string>();
  order = 0;
  records = 0;
  readonly #events = new Map<string, EventLog>();
  readonly #lines = new Map<string, LineLog>();
  readonly #templates = new Map<EventKind, EventTemplates>();
  readonly #outer = new Map<string, TemplateSpec>();
  #shipped: string[] = [];
  #shippedChars = 0;
  #shippedDay = '';

  constructor(files: Files) {
    this.files = files;
  }

  templates(kind: EventKind): EventTemplates {
    let t = this.#templates.get(kind);
    if (t === undefined) this.#templates.set(kind, (t = eventTemplates(kind.spec, this.#outer)));
    return t;
  }

  event(key: string, make: () => EventLog): EventLog {
    let log = this.#events.get(key);
    if (log === undefined) this.#events.set(key, (log = make()));
    return log;
  }

  lines(key: string, make: () => LineLog): LineLog {
    let log = this.#lines.get(key);
    if (log === undefined) this.#lines.set(key, (log = make()));
    return log;
  }

  /** What a shipper sent, as it came in: a file a day. */
  ship(t: number, text: string): void {
    const day = new Date(t / 1000).toISOString().slice(0, 10);
    // Clocks differ: a record of yesterday that comes today goes into today's file.
    if (day > this.#shippedDay) {
      this.#spill();
      this.#shippedDay = day;
    }
    this.#shipped.push(text);
    this.#shippedChars += text.length;
    if (this.#shippedChars > 1 << 20) this.#spill();
  }

  #spill(): void {
    if (this.#shipped.length > 0)
      this.files.append(`evidence/siem/winlogbeat-${this.#shippedDay}.ndjson`, this.#shipped.join(''));
    this.#shipped = [];
    this.#shippedChars = 0;
  }

  restart(path: string): void {
    this.files.restart(path);
  }

  /** Writes what is old enough. */
  flush(now: number): void {
    for (const l of this.#events.values()) l.flush(now - LATE);
    for (const l of this.#lines.values()) l.flush(now - LATE);
  }

  finish(): void {
    for (const l of this.#events.values()) l.finish();
    for (const l of this.#lines.values()) l.finish();
    this.#spill();
    this.files.close();
  }
}
