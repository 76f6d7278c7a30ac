// Records to JSON lines: the host's side of the kernel. A chunk is copied into the kernel's memory, its templates are
// compiled to programs there when a record first needs them, and the kernel writes record after record. What it does
// not model (see json-program.ts) is written from the record's tree, so that the lines are the same either way.
import type { ByteWriter, Diagnostic } from '../../base/index.js';
import type { Chunk, RecordSpan } from './chunk.js';
import { EvtxError } from './error.js';
import { KERNEL_CODE } from './json-kernel-code.js';
import {
  type AttributePart,
  ATTRIBUTES,
  CHILD,
  CLOSE,
  compileJson,
  DEPENDS,
  ELEMENT_VALUE,
  type JsonProgram,
  LEAF,
  LITERAL,
  MEMBER,
  MEMBER_LEAF,
  POSITIONAL,
} from './json-program.js';
import type { Template } from './template.js';
import { writeTreeJson } from './tree-json.js';

// The memory map of json-kernel.as.ts.
const TEXTS = { null: 0x840, invalidTime: 0x850, attributes: 0x880, text: 0x8a0 };
const CHUNK = 0x10000;
const TABLE = 0x30000;
const SPANS = 0x70000;
const OUT = 0x100000;
const PROGRAMS = 0x501000;

const DONE = 0;
const NEEDS_PROGRAM = 1;
const FULL = 3;

/** Records of one batch; a chunk holds at most 2,400. */
const MAX_SPANS = 4096;
/** Constants are copied sixteen bytes at a time. */
const PADDING = 16;
/** Memory for programs. Real logs need some MiB; a crafted one must not take all there is. */
const MAX_PROGRAM_BYTES = 128 << 20;
/** Stands for a program where a template is not modelled. */
const UNMODELLED = -1;

/** What of WebAssembly is used here; the types of Node 20 do not name it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Global {
  readonly value: number;
}

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly next: Global;
  readonly out: Global;
  readonly arg: Global;
  run(from: number, end: number, p: number): number;
}

/** A template's program in one kernel's memory. */
export interface PlacedProgram {
  readonly generation: number;
  readonly at: number;
}

export class JsonKernel {
  readonly #exports: KernelExports;
  #u8!: Uint8Array;
  #i32!: Int32Array;
  #top = PROGRAMS;
  #generation = 0;
  #chunk: Chunk | null = null;
  /** Chunk offsets whose table entries are set. */
  #known: number[] = [];
  readonly #names = new Map<string, number>();

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(KERNEL_CODE, 'base64'));
    this.#exports = new WebAssembly.Instance(module, {
      env: {
        abort(): never {
          throw new Error('the JSON kernel stopped');
        },
      },
    }).exports as KernelExports;
    this.#views();
    this.#u8.set(Buffer.from('null'), TEXTS.null);
    this.#u8.set(Buffer.from('0000-00-00T00:00:00.0000000Z'), TEXTS.invalidTime);
    this.#u8.set(Buffer.from('"#attributes":{'), TEXTS.attributes);
    this.#u8.set(Buffer.from(',"#text":'), TEXTS.text);
  }

  #views(): void {
    const { buffer } = this.#exports.memory;
    this.#u8 = new Uint8Array(buffer);
    this.#i32 = new Int32Array(buffer);
  }

  /**
   * Appends each record as a line of JSON and returns how many there are. A record that cannot be read is reported
   * and left out.
   */
  lines(w: ByteWriter, chunk: Chunk, spans: readonly RecordSpan[], report: (d: Diagnostic) => void): number {
    let written = 0;
    for (let from = 0; from < spans.length; from += MAX_SPANS) {
      const part = from === 0 && spans.length <= MAX_SPANS ? spans : spans.slice(from, from + MAX_SPANS);
      this.#load(chunk, part);
      let at = 0;
      while (at < part.length) {
        const done = this.#run(w, at, part.length);
        written += done - at;
        if (done === part.length) break;
        at = done + 1;
        const span = part[done]!;
        const start = w.pos;
        try {
          writeTreeJson(w, chunk.tree(span));
          w.byte(0x0a);
          written++;
        } catch (e) {
          w.pos = start;
          if (!(e instanceof EvtxError)) throw e;
          report(chunk.diagnose(e, chunk.recordId(span)));
        }
      }
    }
    return written;
  }

  /** Appends one record as a JSON object. False, and nothing is written, if it must go through its tree. */
  object(w: ByteWriter, chunk: Chunk, span: RecordSpan): boolean {
    this.#load(chunk, [span]);
    if (this.#run(w, 0, 1) !== 1) return false;
    w.pos--; // the end of the line
    return true;
  }

  #load(chunk: Chunk, spans: readonly RecordSpan[]): void {
    if (this.#chunk !== chunk) {
      this.#chunk = chunk;
      this.#u8.set(chunk.bytes, CHUNK);
      for (const offset of this.#known) this.#i32[(TABLE >> 2) + offset] = 0;
      this.#known.length = 0;
    }
    let at = SPANS >> 2;
    for (const s of spans) {
      this.#i32[at++] = s.offset;
      this.#i32[at++] = s.size;
    }
  }

  /** Runs until all are written or one must go through its tree; the number of the record that is due. */
  #run(w: ByteWriter, first: number, end: number): number {
    const k = this.#exports;
    let from = first;
    let p = OUT;
    for (;;) {
      const status = k.run(from, end, p);
      from = k.next.value;
      p = k.out.value;
      if (status === NEEDS_PROGRAM && this.#place(k.arg.value)) continue;
      if (p > OUT) {
        const n = p - OUT;
        w.ensure(n);
        w.bytes.set(this.#u8.subarray(OUT, p), w.pos);
        w.pos += n;
        p = OUT;
        if (status === FULL) continue;
      }
      // A record that does not fit into an empty buffer is not modelled either.
      return status === DONE ? end : from;
    }
  }

  /** Makes the program of the template at a chunk offset known; false if there is no template (the tree will tell). */
  #place(offset: number): boolean {
    let template: Template;
    try {
      template = this.#chunk!.template(offset);
    } catch (e) {
      if (!(e instanceof EvtxError)) throw e;
      return false;
    }
    if (template.json?.generation !== this.#generation) {
      const program = compileJson(template.root);
      template.json = { generation: this.#generation, at: program === null ? UNMODELLED : this.#write(program) };
    }
    this.#i32[(TABLE >> 2) + offset] = template.json.at;
    this.#known.push(offset);
    return true;
  }

  #write(program: JsonProgram): number {
    const words: number[] = [];
    const head: number[] = [0, 0, program.room, program.perByte];
    const constants: Buffer[] = [];
    // Constants stand behind the operations: where, is filled in when all of them are known.
    const fixups: [list: number[], index: number][] = [];
    const bytes = (list: number[], b: Buffer): void => {
      fixups.push([list, list.length]);
      list.push(0, b.length);
      constants.push(b);
    };
    const parts = (list: readonly AttributePart[]): void => {
      for (const x of list) {
        bytes(words, x.key);
        if (x.text === null) words.push(0, 0);
        else bytes(words, x.text);
        words.push(x.slot);
      }
    };
    const starts: number[] = [];
    const targets: [word: number, op: number][] = [];
    for (const o of program.ops) {
      starts.push(words.length);
      words.push(o.op);
      switch (o.op) {
        case LITERAL:
        case MEMBER:
          bytes(words, o.bytes);
          break;
        case CLOSE:
          break;
        case DEPENDS:
          words.push(o.slot, 0);
          targets.push([words.length - 1, o.target]);
          break;
        case MEMBER_LEAF:
          bytes(words, o.prefix);
          words.push(o.guard);
        // falls through: then as a leaf
        case LEAF:
          words.push(o.slot);
          bytes(words, o.bytes);
          words.push(o.list ? 1 : 0);
          break;
        case ELEMENT_VALUE:
          words.push(o.slot);
          bytes(words, o.bytes);
          words.push(o.parts.length);
          parts(o.parts);
          break;
        case ATTRIBUTES:
        case POSITIONAL:
          words.push(o.parts.length);
          parts(o.parts);
          break;
        case CHILD:
          words.push(o.slot, o.taken.length, ...o.taken.map((name) => this.#name(name)));
          break;
      }
    }
    starts.push(words.length);
    bytes(head, program.key);
    head.push(this.#name(program.rootName), 0);
    let size = (head.length + words.length) * 4;
    for (const c of constants) size += c.length + PADDING;
    size = (size + 15) & ~15;
    if (this.#top + size - PROGRAMS > MAX_PROGRAM_BYTES) return UNMODELLED;
    const at = this.#top;
    this.#top += size;
    const missing = this.#top - this.#u8.length;
    if (missing > 0) {
      this.#exports.memory.grow(Math.max(16, Math.ceil(missing / 65536)));
      this.#views();
    }
    const ops = at + head.length * 4;
    head[0] = ops;
    head[1] = ops + words.length * 4;
    for (const [word, op] of targets) words[word] = ops + starts[op]! * 4;
    let place = head[1];
    constants.forEach((c, i) => {
      const [list, index] = fixups[i]!;
      list[index] = place;
      this.#u8.set(c, place);
      place += c.length + PADDING;
    });
    this.#i32.set(head, at >> 2);
    this.#i32.set(words, ops >> 2);
    return at;
  }

  /** A number for a name, so that the kernel need not compare text. */
  #name(name: string): number {
    let n = this.#names.get(name);
    if (n === undefined) {
      n = this.#names.size;
      this.#names.set(name, n);
    }
    return n;
  }

  /** Forgets all programs. */
  clear(): void {
    this.#generation++;
    this.#top = PROGRAMS;
    this.#names.clear();
    for (const offset of this.#known) this.#i32[(TABLE >> 2) + offset] = 0;
    this.#known.length = 0;
  }
}
