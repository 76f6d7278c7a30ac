// wtmp, btmp and utmp: the logins of a Linux machine, as records of 384 bytes (utmp(5), 64-bit little-endian layout of
// glibc). A block is read as Latin-1 text, a character a byte.
import { isIP } from 'node:net';
import type { LineParser, ParseContext, TextFormat } from '../text/format.js';
import { type Emit, TextRecord } from '../text/record.js';

export const UTMP_BYTES = 384;

/** Types of a record by number (utmp(5)). */
export const UTMP_TYPES = [
  'EMPTY',
  'RUN_LVL',
  'BOOT_TIME',
  'NEW_TIME',
  'OLD_TIME',
  'INIT_PROCESS',
  'LOGIN_PROCESS',
  'USER_PROCESS',
  'DEAD_PROCESS',
  'ACCOUNTING',
];
const NAMES: readonly string[] = ['type', 'activity', 'user', 'line', 'host', 'src_ip', 'pid', 'session'];

const int = (b: Buffer, at: number): number => b.readInt32LE(at);
function textAt(b: Buffer, at: number, length: number): string {
  const end = b.indexOf(0, at);
  return b.toString('utf8', at, end < 0 || end > at + length ? at + length : end);
}

function addressAt(b: Buffer, at: number): string {
  const rest = b.subarray(at + 4, at + 16).every((x) => x === 0);
  if (rest) return int(b, at) === 0 ? '' : [...b.subarray(at, at + 4)].join('.');
  const words: string[] = [];
  for (let i = 0; i < 16; i += 2) words.push(b.readUInt16BE(at + i).toString(16));
  if (words.slice(0, 5).every((w) => w === '0') && words[5] === 'ffff')
    return [...b.subarray(at + 12, at + 16)].join('.');
  return words.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::');
}

/** Whether a beginning is such a file: every record whole and of a known type, with times of this age. */
export function isUtmp(head: Buffer, size: number): boolean {
  if (size === 0 || size % UTMP_BYTES !== 0) return false;
  const n = Math.min(Math.floor(head.length / UTMP_BYTES), 64);
  let used = 0;
  for (let i = 0; i < n; i++) {
    const b = head.subarray(i * UTMP_BYTES, (i + 1) * UTMP_BYTES);
    const type = int(b, 0);
    if (type < 0 || type > 9) return false;
    if (b.subarray(364).some((x) => x !== 0)) return false;
    const seconds = b.readUInt32LE(340);
    if (type === 0 && seconds === 0) continue;
    const micros = int(b, 344);
    if (seconds < 300_000_000 || micros < 0 || micros >= 1_000_000) return false;
    used++;
  }
  return used > 0;
}

class UtmpParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #record = new TextRecord();

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#record.names = NAMES;
    this.#record.channel = 'linux/wtmp';
    this.#record.host = context.host;
  }

  line(text: string, line: number, offset: number): void {
    const b = Buffer.from(text, 'latin1');
    const type = b.length === UTMP_BYTES ? b.readInt16LE(0) : -1;
    const seconds = b.length === UTMP_BYTES ? b.readUInt32LE(340) : 0;
    if (type < 0 || type > 9 || (type === 0 && seconds === 0)) {
      // Records that were wiped are all zero.
      this.skipped++;
      return;
    }
    const user = textAt(b, 44, 32);
    const host = textAt(b, 76, 256);
    const terminal = textAt(b, 8, 32);
    // Failed logins (btmp) stand as login processes with the name that was tried; getty's own say LOGIN.
    const activity =
      type === 7
        ? 'logon'
        : type === 8
          ? 'logoff'
          : type === 6 && user !== 'LOGIN' && user !== ''
            ? 'logon failed'
            : type === 2
              ? 'boot'
              : type === 1
                ? 'run level'
                : null;
    const r = this.#record;
    r.values = [
      UTMP_TYPES[type]!,
      activity,
      user === '' ? null : user,
      terminal === '' ? null : terminal,
      host === '' ? null : host,
      addressAt(b, 348) || (isIP(host) > 0 ? host : null),
      String(int(b, 4)),
      String(int(b, 336)),
    ];
    r.eventId = UTMP_TYPES[type]!;
    r.micros = seconds * 1e6 + Math.min(999_999, Math.max(0, int(b, 344)));
    r.timeText = `${seconds}.${String(int(b, 344)).padStart(6, '0')}`;
    r.sure = 'stated';
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const utmp: TextFormat = {
  id: 'utmp',
  title: 'Linux logins: wtmp, btmp, utmp',
  block: UTMP_BYTES,
  identify: () => null,
  identifyBytes: (bytes, size) =>
    isUtmp(bytes, size) ? { score: 90, why: `${size / UTMP_BYTES} login records of 384 bytes` } : null,
  parser: (context, emit) => new UtmpParser(context, emit),
};
