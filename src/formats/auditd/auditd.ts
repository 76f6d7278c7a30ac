// The Linux audit daemon: lines of one event (same time and serial number) joined to one record, hexadecimal values
// decoded, enriched values taken from behind the separator that auditd puts there; the JSON of laurel too.
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { flatten, objectOf } from '../text/json.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { epochMicros } from '../text/time.js';
import { fileOperation, sessionOperation, userOperation } from './operations.js';

/** Events whose lines may be mixed with those of others, held until their end or until so many wait. */
const MAX_OPEN = 256;
const MAX_VALUES = 4096;

const LINE = /^(?:node=(\S+) )?type=(\S+) msg=audit\((\d+\.\d+):(\d+)\): ?([\s\S]*)$/;
/** Fields that the kernel writes in hexadecimal where they hold blanks, quotes or control characters. */
const ENCODED = new Set([
  'proctitle',
  'comm',
  'exe',
  'name',
  'cwd',
  'cmd',
  'data',
  'path',
  'dir',
  'key',
  'acct',
  'ocomm',
  'vm',
  'file',
  'watch',
  'device',
  'root_dir',
  'acl',
]);

interface Open {
  readonly line: number;
  readonly offset: number;
  readonly time: string;
  readonly node: string;
  readonly fields: Map<string, string[]>;
  /** Lines of type PATH, each with what was done to it. */
  readonly paths: { name: string; type: string }[];
  count: number;
}

function decodeHex(text: string): string {
  return Buffer.from(text, 'hex').toString('utf8');
}

class AuditParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  readonly #open = new Map<string, Open>();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    if (text === '') return;
    // A syslog prefix may stand before: "host kernel: audit: type=1400 audit(…)".
    const m =
      LINE.exec(text) ??
      LINE.exec(
        text
          .slice(Math.max(0, text.search(/(?:node=[^\s=]{1,255} )?type=[^\s=]{1,64} (?:msg=)?audit\(/)))
          .replace(/^(type=\S+ )audit\(/, '$1msg=audit('),
      );
    if (m === null) {
      this.skipped++;
      return;
    }
    const key = `${m[1] ?? ''} ${m[3]}:${m[4]}`;
    let e = this.#open.get(key);
    if (e === undefined) {
      if (this.#open.size >= MAX_OPEN) this.#flush(this.#open.keys().next().value!);
      e = { line, offset, time: m[3]!, node: m[1] ?? '', fields: new Map([['serial', [m[4]!]]]), paths: [], count: 0 };
      this.#open.set(key, e);
    }
    const type = m[2]!;
    if (type === 'EOE') {
      this.#flush(key);
      return;
    }
    this.#put(e, 'type', type);
    this.#pairs(e, type, m[5]!);
    // Events of user space are one line and have no end.
    if (
      /^(?:USER|CRED|LOGIN|DAEMON|SERVICE|SYSTEM|CRYPTO|ADD|DEL|GRP|ACCT|CHUSER|ANOM|NETFILTER|CONFIG|AVC)/.test(
        type,
      ) &&
      type !== 'CONFIG_CHANGE' &&
      type !== 'AVC' &&
      type !== 'LOGIN'
    )
      this.#flush(key);
  }

  #put(e: Open, name: string, value: string): void {
    if (e.count++ > MAX_VALUES) return;
    const list = e.fields.get(name);
    if (list === undefined) e.fields.set(name, [value]);
    else if (!(name !== 'type' && list.includes(value))) list.push(value);
  }

  #pairs(e: Open, type: string, rest: string): void {
    // Behind 0x1d auditd repeats ids with their names, in capitals.
    const cut = rest.indexOf('\x1d');
    const raw = cut < 0 ? rest : rest.slice(0, cut);
    const path = { name: '', type: '' };
    for (const m of raw.matchAll(/(?<![\w-])([\w-]{1,128}(?:\[\d{1,9}\])?)=(?:"([^"]*)"|'([^']*)'|(\S*))/g)) {
      const name = m[1]!;
      if (name === 'msg' && m[3] !== undefined) {
        this.#pairs(e, type, m[3]);
        continue;
      }
      let value = m[2] ?? m[3] ?? m[4] ?? '';
      if (
        m[4] !== undefined &&
        value.length >= 2 &&
        value.length % 2 === 0 &&
        /^[0-9A-F]+$/.test(value) &&
        (ENCODED.has(name) || (type === 'EXECVE' && /^a\d+(\[\d+\])?$/.test(name)))
      ) {
        const decoded = decodeHex(value);
        value = name === 'proctitle' ? decoded.replaceAll('\0', ' ').trimEnd() : decoded;
      }
      if (value === '(null)' || value === '?') continue;
      if (type === 'PATH' && name === 'name') path.name = value;
      else if (type === 'PATH' && name === 'nametype') path.type = value;
      // a0 of EXECVE is an argument, a0 of SYSCALL a number: only the arguments keep the name, as rules mean it.
      if (type === 'SYSCALL' && /^a[0-3]$/.test(name)) this.#put(e, `syscall_${name}`, value);
      else this.#put(e, name.replace(/\[\d+\]$/, ''), value);
    }
    if (path.type !== '' && e.paths.length < 16) e.paths.push(path);
    if (cut >= 0)
      for (const m of rest.slice(cut + 1).matchAll(/([A-Z_]+)=(?:"([^"]*)"|(\S+))/g))
        this.#put(e, m[1]!, m[2] ?? m[3] ?? '');
  }

  #flush(key: string): void {
    const e = this.#open.get(key);
    if (e === undefined) return;
    this.#open.delete(key);
    if (!e.fields.has('type')) return;
    const r = this.#record;
    const args: string[] = [];
    for (let i = 0; ; i++) {
      const a = e.fields.get(`a${i}`);
      if (a === undefined) break;
      args.push(a.join(''));
    }
    if (args.length > 0) e.fields.set('CommandLine', [args.join(' ')]);
    else if (e.fields.has('proctitle') && e.fields.get('type')!.includes('EXECVE'))
      e.fields.set('CommandLine', e.fields.get('proctitle')!);
    for (const [k, v] of userOperation(e.fields)) if (!e.fields.has(k)) e.fields.set(k, [v]);
    const session = sessionOperation(e.fields);
    if (session !== '') e.fields.set('SessionOperation', [session]);
    const did = fileOperation(e.fields, e.paths);
    if (did !== null) {
      e.fields.set('FileOperation', [did.what]);
      e.fields.set('TargetFilename', [did.path]);
    }
    fill(r, e.fields, this.#shapes, e.time, e.node || this.#context.host);
    r.line = e.line;
    r.offset = e.offset;
    this.#emit(r);
  }

  end(): void {
    for (const key of this.#open.keys()) this.#flush(key);
  }
}

function fill(
  r: TextRecord,
  fields: ReadonlyMap<string, readonly string[]>,
  shapes: Shapes,
  time: string,
  host: string,
): void {
  r.names = shapes.of([...fields.keys()]);
  r.values = [...fields.values()].map((v): TextValue => (v.length === 1 ? v[0]! : v));
  r.channel = 'linux/auditd';
  r.provider = 'auditd';
  r.eventId = fields.get('type')?.[0] ?? '';
  r.micros = epochMicros(time);
  r.timeText = time;
  r.sure = 'stated';
  r.host = host;
}

export const auditd: TextFormat = {
  id: 'auditd',
  title: 'Linux audit log',
  whole: true,
  identify: (head) =>
    byShare(head, 95, 'audit records', (l) => /(?:^|\s)type=\S+ (?:msg=)?audit\(\d+\.\d+:\d+\):/.test(l)),
  parser: (context, emit) => new AuditParser(context, emit),
};

class LaurelParser implements LineParser {
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
    const o = objectOf(text);
    const id = /^(\d+\.\d+):(\d+)$/.exec(typeof o?.ID === 'string' ? o.ID : '');
    if (o === null || id === null) {
      this.skipped++;
      return;
    }
    const fields = new Map<string, string[]>([
      ['serial', [id[2]!]],
      ['type', []],
    ]);
    const put = (name: string, v: unknown): void => {
      if (v === null || v === undefined) return;
      const texts = Array.isArray(v) ? v.map(String) : [typeof v === 'object' ? JSON.stringify(v) : String(v)];
      fields.set(name, [...(fields.get(name) ?? []), ...texts]);
    };
    const paths: { name: string; type: string }[] = [];
    for (const [type, value] of Object.entries(o)) {
      if (type === 'ID' || type === 'NODE') continue;
      fields.get('type')!.push(type);
      for (const member of Array.isArray(value) ? value : [value]) {
        if (typeof member !== 'object' || member === null) {
          put(type, member);
          continue;
        }
        if (type === 'PATH') {
          const { name, nametype } = member as Record<string, unknown>;
          if (typeof name === 'string' && typeof nametype === 'string') paths.push({ name, type: nametype });
        }
        for (const [name, v] of flatten(member as object)) {
          // What laurel adds of the process that started this one: its own names, as it writes them inside SYSCALL too.
          if (type === 'PARENT_INFO') fields.set(`PPID.${name}`, [Array.isArray(v) ? v.join(' ') : String(v)]);
          else if (name === 'ARGV' && type !== 'SYSCALL') {
            const argv = Array.isArray(v) ? v : [String(v)];
            // The title that the kernel has of a process is cut off; it tells where nothing better does.
            if (type === 'PROCTITLE' && fields.has('CommandLine')) continue;
            argv.forEach((a, i) => put(`a${i}`, a));
            fields.set('CommandLine', [argv.join(' ')]);
          } else if (type === 'SYSCALL' && /^a[0-3]$/.test(name)) put(`syscall_${name}`, v);
          else if (name === 'msg' && typeof v === 'string' && /^\w+=/.test(v)) {
            // What a program of user space said, in pairs of its own.
            for (const m of v.matchAll(/(?<![\w-])([\w-]{1,128})=(?:"([^"]*)"|'([^']*)'|(\S*))/g)) {
              const said = m[2] ?? m[3] ?? m[4] ?? '';
              if (said !== '(null)' && said !== '?') put(m[1]!, said);
            }
          } else put(name, v);
        }
      }
    }
    for (const [k, v] of userOperation(fields)) if (!fields.has(k)) fields.set(k, [v]);
    const session = sessionOperation(fields);
    if (session !== '') fields.set('SessionOperation', [session]);
    const did = fileOperation(fields, paths);
    if (did !== null) {
      fields.set('FileOperation', [did.what]);
      fields.set('TargetFilename', [did.path]);
    }
    fill(this.#record, fields, this.#shapes, id[1]!, typeof o.NODE === 'string' ? o.NODE : this.#context.host);
    this.#record.line = line;
    this.#record.offset = offset;
    this.#emit(this.#record);
  }

  end(): void {}
}

export const laurel: TextFormat = {
  id: 'laurel',
  title: 'Linux audit events as JSON (laurel)',
  identify: (head) => byShare(head, 96, 'laurel events', (l) => /^\{"ID":"\d+\.\d+:\d+"/.test(l)),
  parser: (context, emit) => new LaurelParser(context, emit),
};
