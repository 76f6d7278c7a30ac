// Writes EVTX files as Windows lays them out: template definitions in the chunk, names shared through the string
// table, record numbers as chosen, checksums of header and chunks. It is how tests and the sample get evidence; it is
// no way to alter a log (it never opens one).
import { crc32 } from 'node:zlib';
import { microsToFiletime } from '../../base/index.js';
import {
  CHUNK_HEADER_SIZE,
  CHUNK_MAGIC,
  CHUNK_SIZE,
  chunkHeaderChecksum,
  FILE_FLAG_DIRTY,
  FILE_HEADER_SIZE,
  FILE_MAGIC,
  recordsChecksum,
} from './layout.js';
import * as T from './values.js';

/** One node of a template: text, a substitution, CDATA, an entity, a character, an instruction, or an element. */
export type SpecNode =
  | string
  | { readonly sub: number; readonly type: number; readonly optional?: boolean }
  | { readonly cdata: string }
  | { readonly entity: string }
  | { readonly char: number }
  | { readonly pi: string; readonly data: string }
  | ElementSpec;

export interface ElementSpec {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, SpecNode | readonly SpecNode[]>>;
  readonly children?: readonly SpecNode[];
  /** The element is left out when this substitution is NULL. */
  readonly dependency?: number;
}

export interface TemplateSpec {
  /** 16 bytes; the same definition has the same GUID everywhere. */
  readonly guid: Buffer;
  readonly root: ElementSpec;
}

/** A substitution value: its BinXML type and bytes, or an instance nested in it. */
export type SpecValue = { readonly type: number; readonly bytes: Buffer } | InstanceSpec;
export interface InstanceSpec {
  readonly template: TemplateSpec;
  readonly values: readonly SpecValue[];
}

export interface RecordSpec {
  readonly recordId: number;
  /** Microseconds since 1970 UTC. */
  readonly micros: number;
  /** A template instance, or a stream of plain elements (as forwarded events have). */
  readonly body: InstanceSpec | ElementSpec;
}

export const value = {
  null: (): SpecValue => ({ type: T.T_NULL, bytes: Buffer.alloc(0) }),
  string: (s: string): SpecValue => ({ type: T.T_STRING, bytes: Buffer.from(s, 'utf16le') }),
  ansi: (s: string): SpecValue => ({ type: T.T_ANSI, bytes: Buffer.from(s, 'latin1') }),
  uint8: (n: number): SpecValue => ({ type: T.T_UINT8, bytes: Buffer.from([n & 255]) }),
  uint16: (n: number): SpecValue => {
    const b = Buffer.alloc(2);
    b.writeUInt16LE(n & 0xffff);
    return { type: T.T_UINT16, bytes: b };
  },
  uint32: (n: number): SpecValue => number32(T.T_UINT32, n),
  int32: (n: number): SpecValue => number32(T.T_INT32, n),
  uint64: (n: bigint | number): SpecValue => number64(T.T_UINT64, n),
  hex32: (n: number): SpecValue => number32(T.T_HEX32, n),
  hex64: (n: bigint | number): SpecValue => number64(T.T_HEX64, n),
  bool: (v: boolean): SpecValue => number32(T.T_BOOL, v ? 1 : 0),
  binary: (bytes: Buffer): SpecValue => ({ type: T.T_BINARY, bytes }),
  guid: (text: string): SpecValue => ({ type: T.T_GUID, bytes: guidBytes(text) }),
  filetime: (micros: number): SpecValue => {
    const b = Buffer.alloc(8);
    const [lo, hi] = microsToFiletime(micros);
    b.writeUInt32LE(lo, 0);
    b.writeUInt32LE(hi, 4);
    return { type: T.T_FILETIME, bytes: b };
  },
  sid: (text: string): SpecValue => ({ type: T.T_SID, bytes: sidBytes(text) }),
  strings: (list: readonly string[]): SpecValue => ({
    type: T.T_STRING | T.ARRAY_FLAG,
    bytes: Buffer.from(list.map((s) => `${s}\0`).join(''), 'utf16le'),
  }),
  raw: (type: number, bytes: Buffer): SpecValue => ({ type, bytes }),
};

function number32(type: number, n: number): SpecValue {
  const b = Buffer.alloc(4);
  b.writeInt32LE(n | 0);
  return { type, bytes: b };
}
function number64(type: number, n: bigint | number): SpecValue {
  const b = Buffer.alloc(8);
  b.writeBigUInt64LE(BigInt.asUintN(64, BigInt(n)));
  return { type, bytes: b };
}

/** GUID text, with or without braces, to its 16 bytes on disk. */
export function guidBytes(text: string): Buffer {
  const h = Buffer.from(text.replace(/[{}-]/g, ''), 'hex');
  return Buffer.from([h[3]!, h[2]!, h[1]!, h[0]!, h[5]!, h[4]!, h[7]!, h[6]!, ...h.subarray(8, 16)]);
}

export function sidBytes(text: string): Buffer {
  const p = text.split('-').slice(1).map(Number);
  const b = Buffer.alloc(8 + (p.length - 2) * 4);
  b[0] = p[0]!;
  b[1] = p.length - 2;
  b.writeUIntBE(p[1]!, 2, 6);
  for (let i = 2; i < p.length; i++) b.writeUInt32LE(p[i]!, i * 4);
  return b;
}

class ChunkFull extends Error {}

/** Bytes of a chunk's buffer at first; a power of two. */
const FIRST_SIZE = 4096;

export interface WriterOptions {
  readonly dirty?: boolean;
  /** Told of every finished piece of the file, in order of the file but for the header, which comes last, at 0. */
  readonly sink: (bytes: Buffer, at: number) => void;
}

/** Writes one file. `write` records in order, then `finish`. */
export class EvtxWriter {
  readonly #sink: (bytes: Buffer, at: number) => void;
  readonly #dirty: boolean;
  #chunks = 0;
  /** Grows up to a chunk's size: whoever writes thousands of logs at a time has most of them nearly empty. */
  #chunk = Buffer.alloc(FIRST_SIZE);
  #pos = CHUNK_HEADER_SIZE;
  #names = new Map<string, number>();
  #templates = new Map<TemplateSpec, number>();
  /** What the record being written added to the two, to be taken back where it does not fit. */
  readonly #newNames: string[] = [];
  readonly #newTemplates: TemplateSpec[] = [];
  #records = 0;
  #recordNumber = 1;
  #firstNumber = 1;
  #firstId = 0;
  #lastId = 0;
  #lastOffset = 0;

  constructor(options: WriterOptions) {
    this.#sink = options.sink;
    this.#dirty = options.dirty ?? false;
  }

  write(record: RecordSpec): void {
    this.#newNames.length = 0;
    this.#newTemplates.length = 0;
    const header = Buffer.from(this.#chunk.subarray(0, CHUNK_HEADER_SIZE));
    const start = this.#pos;
    try {
      this.#record(record);
    } catch (e) {
      if (!(e instanceof ChunkFull)) throw e;
      if (this.#records === 0) throw new Error(`record ${record.recordId} does not fit a chunk`, { cause: e });
      this.#chunk.fill(0, start);
      header.copy(this.#chunk, 0);
      this.#pos = start;
      for (const n of this.#newNames) this.#names.delete(n);
      for (const t of this.#newTemplates) this.#templates.delete(t);
      this.#flush();
      this.#record(record);
    }
  }

  /** Ends the chunk here: the next record opens a new one. */
  endChunk(): void {
    if (this.#records > 0) this.#flush();
  }

  finish(): void {
    if (this.#records > 0) this.#flush();
    const h = Buffer.alloc(FILE_HEADER_SIZE);
    FILE_MAGIC.copy(h, 0);
    h.writeBigUInt64LE(0n, 8);
    h.writeBigUInt64LE(BigInt(Math.max(0, this.#chunks - 1)), 16);
    h.writeBigUInt64LE(BigInt(this.#lastId + 1), 24);
    h.writeUInt32LE(128, 32);
    h.writeUInt16LE(1, 36);
    h.writeUInt16LE(3, 38);
    h.writeUInt16LE(FILE_HEADER_SIZE, 40);
    h.writeUInt16LE(this.#chunks & 0xffff, 42);
    h.writeUInt32LE(this.#dirty ? FILE_FLAG_DIRTY : 0, 120);
    h.writeUInt32LE(crc32(h.subarray(0, 120)), 124);
    this.#sink(h, 0);
  }

  #flush(): void {
    const c = this.#chunk;
    CHUNK_MAGIC.copy(c, 0);
    c.writeBigUInt64LE(BigInt(this.#firstNumber), 8);
    c.writeBigUInt64LE(BigInt(this.#recordNumber - 1), 16);
    c.writeBigUInt64LE(BigInt(this.#firstId), 24);
    c.writeBigUInt64LE(BigInt(this.#lastId), 32);
    c.writeUInt32LE(128, 40);
    c.writeUInt32LE(this.#lastOffset, 44);
    c.writeUInt32LE(this.#pos, 48);
    c.writeUInt32LE(recordsChecksum(c, this.#pos), 52);
    c.writeUInt32LE(1, 120);
    c.writeUInt32LE(chunkHeaderChecksum(c), 124);
    this.#sink(
      c.length === CHUNK_SIZE ? c : Buffer.concat([c], CHUNK_SIZE),
      FILE_HEADER_SIZE + this.#chunks * CHUNK_SIZE,
    );
    this.#chunks++;
    this.#chunk = Buffer.alloc(FIRST_SIZE);
    this.#pos = CHUNK_HEADER_SIZE;
    this.#names.clear();
    this.#templates.clear();
    this.#records = 0;
    this.#firstNumber = this.#recordNumber;
  }

  #need(n: number): void {
    if (this.#pos + n > CHUNK_SIZE) throw new ChunkFull();
    if (this.#pos + n <= this.#chunk.length) return;
    let size = this.#chunk.length;
    while (this.#pos + n > size) size *= 2;
    const grown = Buffer.alloc(size);
    this.#chunk.copy(grown, 0, 0, this.#pos);
    this.#chunk = grown;
  }
  #u8(v: number): void {
    this.#need(1);
    this.#chunk[this.#pos++] = v;
  }
  #u16(v: number): void {
    this.#need(2);
    this.#pos = this.#chunk.writeUInt16LE(v & 0xffff, this.#pos);
  }
  #u32(v: number): void {
    this.#need(4);
    this.#pos = this.#chunk.writeUInt32LE(v >>> 0, this.#pos);
  }
  #bytes(b: Buffer): void {
    this.#need(b.length);
    b.copy(this.#chunk, this.#pos);
    this.#pos += b.length;
  }
  #text(s: string): void {
    this.#u16(s.length);
    this.#bytes(Buffer.from(s, 'utf16le'));
  }

  #record(r: RecordSpec): void {
    const start = this.#pos;
    this.#u32(0x00002a2a);
    this.#u32(0);
    this.#need(16);
    this.#chunk.writeBigUInt64LE(BigInt(r.recordId), this.#pos);
    const [lo, hi] = microsToFiletime(r.micros);
    this.#chunk.writeUInt32LE(lo, this.#pos + 8);
    this.#chunk.writeUInt32LE(hi, this.#pos + 12);
    this.#pos += 16;
    if ('template' in r.body) this.#fragment(r.body);
    else {
      this.#bytes(Buffer.from([0x0f, 1, 1, 0]));
      this.#element(r.body, false);
      this.#u8(0);
    }
    // Records start at multiples of eight.
    while ((this.#pos + 4 - start) % 8 !== 0) this.#u8(0);
    this.#u32(this.#pos + 4 - start);
    this.#chunk.writeUInt32LE(this.#pos - start, start + 4);
    if (this.#records === 0) this.#firstId = r.recordId;
    this.#lastId = r.recordId;
    this.#lastOffset = start;
    this.#records++;
    this.#recordNumber++;
  }

  #fragment(i: InstanceSpec): void {
    this.#bytes(Buffer.from([0x0f, 1, 1, 0]));
    this.#instance(i);
    this.#u8(0);
  }

  #instance(i: InstanceSpec): void {
    this.#u8(0x0c);
    this.#u8(1);
    this.#u32(i.template.guid.readUInt32LE(0));
    const known = this.#templates.get(i.template);
    if (known !== undefined) this.#u32(known);
    else {
      const at = this.#pos + 4;
      this.#u32(at);
      const bucket = 384 + (i.template.guid.readUInt32LE(0) % 32) * 4;
      this.#u32(this.#chunk.readUInt32LE(bucket));
      this.#chunk.writeUInt32LE(at, bucket);
      this.#bytes(i.template.guid);
      this.#u32(0);
      const data = this.#pos;
      this.#bytes(Buffer.from([0x0f, 1, 1, 0]));
      this.#element(i.template.root, true);
      this.#u8(0);
      this.#chunk.writeUInt32LE(this.#pos - data, data - 4);
      this.#templates.set(i.template, at);
      this.#newTemplates.push(i.template);
    }
    this.#u32(i.values.length);
    const table = this.#pos;
    this.#need(i.values.length * 4);
    this.#pos += i.values.length * 4;
    i.values.forEach((v, k) => {
      const from = this.#pos;
      if ('template' in v) this.#fragment(v);
      else this.#bytes(v.bytes);
      const size = this.#pos - from;
      if (size > 0xffff) throw new ChunkFull();
      this.#chunk.writeUInt16LE(size, table + k * 4);
      this.#chunk[table + k * 4 + 2] = 'template' in v ? T.T_BINXML : v.type;
      this.#chunk[table + k * 4 + 3] = 0;
    });
  }

  #name(name: string): void {
    const known = this.#names.get(name);
    if (known !== undefined) {
      this.#u32(known);
      return;
    }
    const at = this.#pos + 4;
    this.#u32(at);
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 65599) + name.charCodeAt(i)) >>> 0;
    const bucket = 128 + (hash % 64) * 4;
    this.#u32(this.#chunk.readUInt32LE(bucket));
    this.#chunk.writeUInt32LE(at, bucket);
    this.#u16(hash);
    this.#text(name);
    this.#u16(0);
    this.#names.set(name, at);
    this.#newNames.push(name);
  }

  #element(e: ElementSpec, definition: boolean): void {
    const attributes = Object.entries(e.attributes ?? {});
    this.#u8(attributes.length > 0 ? 0x41 : 0x01);
    if (definition) this.#u16(e.dependency ?? 0xffff);
    const sizeAt = this.#pos;
    this.#u32(0);
    this.#name(e.name);
    if (attributes.length > 0) {
      const listAt = this.#pos;
      this.#u32(0);
      attributes.forEach(([name, v], k) => {
        this.#u8(k < attributes.length - 1 ? 0x46 : 0x06);
        this.#name(name);
        for (const n of Array.isArray(v) ? (v as readonly SpecNode[]) : [v as SpecNode]) this.#node(n, definition);
      });
      this.#chunk.writeUInt32LE(this.#pos - listAt - 4, listAt);
    }
    const children = e.children ?? [];
    if (children.length === 0) this.#u8(0x03);
    else {
      this.#u8(0x02);
      for (const n of children) this.#node(n, definition);
      this.#u8(0x04);
    }
    this.#chunk.writeUInt32LE(this.#pos - sizeAt - 4, sizeAt);
  }

  #node(n: SpecNode, definition: boolean): void {
    if (typeof n === 'string') {
      this.#u8(0x05);
      this.#u8(T.T_STRING);
      this.#text(n);
    } else if ('sub' in n) {
      this.#u8(n.optional === false ? 0x0d : 0x0e);
      this.#u16(n.sub);
      this.#u8(n.type);
    } else if ('cdata' in n) {
      this.#u8(0x07);
      this.#text(n.cdata);
    } else if ('entity' in n) {
      this.#u8(0x09);
      this.#name(n.entity);
    } else if ('char' in n) {
      this.#u8(0x08);
      this.#u16(n.char);
    } else if ('pi' in n) {
      this.#u8(0x0a);
      this.#name(n.pi);
      this.#u8(0x0b);
      this.#text(n.data);
    } else this.#element(n, definition);
  }
}

/** What a provider declares of one event: the constants of its records and the names and types of its data. */
export interface EventSpec {
  readonly provider: string;
  readonly providerGuid?: string;
  readonly channel: string;
  readonly eventId: number;
  readonly version?: number;
  readonly level?: number;
  readonly task?: number;
  readonly opcode?: number;
  readonly keywords?: bigint;
  /** Names of EventData, in order, with their BinXML type; an empty list for an event without data. */
  readonly data: readonly (readonly [name: string, type: number])[];
  /** The element that holds the data: EventData, or the UserData child's name and namespace. */
  readonly userData?: { readonly element: string; readonly namespace: string };
}

/** Two templates, as Windows makes them: one for System by provider, one for the data by event. */
export interface EventTemplates {
  readonly spec: EventSpec;
  readonly outer: TemplateSpec;
  readonly inner: TemplateSpec;
}

const NAMESPACE = 'http://schemas.microsoft.com/win/2004/08/events/event';

/** Templates of an event. Their GUIDs come from what the event is, so they are the same in every file. */
export function eventTemplates(spec: EventSpec, outerOf: Map<string, TemplateSpec> = new Map()): EventTemplates {
  const key = `${spec.provider}|${spec.channel}`;
  let outer = outerOf.get(key);
  if (outer === undefined) {
    const s = (sub: number, type: number): SpecNode => ({ sub, type, optional: true });
    outer = {
      guid: pseudoGuid(key),
      root: {
        name: 'Event',
        attributes: { xmlns: NAMESPACE },
        children: [
          {
            name: 'System',
            children: [
              {
                name: 'Provider',
                attributes: {
                  Name: spec.provider,
                  ...(spec.providerGuid === undefined ? {} : { Guid: spec.providerGuid }),
                },
              },
              {
                name: 'EventID',
                attributes: { Qualifiers: s(4, T.T_UINT16) },
                children: [s(3, T.T_UINT16)],
                dependency: 3,
              },
              { name: 'Version', children: [s(11, T.T_UINT8)], dependency: 11 },
              { name: 'Level', children: [s(0, T.T_UINT8)], dependency: 0 },
              { name: 'Task', children: [s(2, T.T_UINT16)], dependency: 2 },
              { name: 'Opcode', children: [s(1, T.T_UINT8)], dependency: 1 },
              { name: 'Keywords', children: [s(5, T.T_HEX64)], dependency: 5 },
              { name: 'TimeCreated', attributes: { SystemTime: s(6, T.T_FILETIME) }, dependency: 6 },
              { name: 'EventRecordID', children: [s(10, T.T_UINT64)], dependency: 10 },
              { name: 'Correlation', attributes: { ActivityID: s(7, T.T_GUID), RelatedActivityID: s(13, T.T_GUID) } },
              { name: 'Execution', attributes: { ProcessID: s(8, T.T_UINT32), ThreadID: s(9, T.T_UINT32) } },
              { name: 'Channel', children: [spec.channel] },
              { name: 'Computer', children: [s(14, T.T_STRING)] },
              { name: 'Security', attributes: { UserID: s(12, T.T_SID) } },
            ],
          },
          s(15, T.T_BINXML),
        ],
      },
    };
    outerOf.set(key, outer);
  }
  const fields = spec.data.map(([name, type], i): SpecNode => {
    if (spec.userData !== undefined) return { name, children: [{ sub: i, type, optional: true }] };
    const body: ElementSpec = { name: 'Data', children: [{ sub: i, type, optional: false }] };
    return name === '' ? body : { ...body, attributes: { Name: name } };
  });
  const root: ElementSpec =
    spec.userData === undefined
      ? { name: 'EventData', children: fields }
      : {
          name: 'UserData',
          children: [{ name: spec.userData.element, attributes: { xmlns: spec.userData.namespace }, children: fields }],
        };
  return {
    spec,
    outer,
    inner: {
      guid: pseudoGuid(`${key}|${spec.eventId}|${spec.version ?? 0}|${spec.data.map((d) => d[0]).join(',')}`),
      root,
    },
  };
}

export interface EventInstance {
  readonly recordId: number;
  readonly micros: number;
  readonly computer: string;
  readonly processId?: number;
  readonly threadId?: number;
  readonly userSid?: string;
  readonly activityId?: string;
  readonly data: readonly SpecValue[];
}

export function eventRecord(t: EventTemplates, e: EventInstance): RecordSpec {
  const { spec } = t;
  const body: InstanceSpec = {
    template: t.outer,
    values: [
      value.uint8(spec.level ?? 0),
      value.uint8(spec.opcode ?? 0),
      value.uint16(spec.task ?? 0),
      value.uint16(spec.eventId),
      value.null(),
      value.hex64(spec.keywords ?? 0x8000000000000000n),
      value.filetime(e.micros),
      e.activityId === undefined ? value.null() : value.guid(e.activityId),
      value.uint32(e.processId ?? 4),
      value.uint32(e.threadId ?? 8),
      value.uint64(e.recordId),
      value.uint8(spec.version ?? 0),
      e.userSid === undefined ? value.null() : value.sid(e.userSid),
      value.null(),
      value.string(e.computer),
      spec.data.length === 0 ? value.null() : { template: t.inner, values: e.data },
    ],
  };
  return { recordId: e.recordId, micros: e.micros, body };
}

/** A GUID made from text: the same text gives the same GUID. */
export function pseudoGuid(text: string): Buffer {
  const out = Buffer.alloc(16);
  for (let i = 0; i < 4; i++) out.writeUInt32LE(crc32(Buffer.from(`${i}|${text}`, 'utf8')), i * 4);
  return out;
}
