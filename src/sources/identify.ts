// What a file is, by its first bytes and never by its name. Formats that are recognised but not read yet are named, so
// that a register says what was left out.
/** Bytes looked at. */
export const HEAD_BYTES = 4096;

export interface Identified {
  readonly format: 'evtx' | 'empty' | 'unknown';
  /** What it looks like, for the reader of the register. */
  readonly looksLike: string;
}

const starts = (b: Uint8Array, ...bytes: number[]): boolean => bytes.every((v, i) => b[i] === v);

export function identify(head: Uint8Array): Identified {
  if (head.length === 0) return { format: 'empty', looksLike: 'an empty file' };
  const latin = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  if (latin.startsWith('ElfFile\0') || latin.startsWith('ElfChnk\0'))
    return { format: 'evtx', looksLike: 'a Windows event log (EVTX)' };
  const other = (looksLike: string): Identified => ({ format: 'unknown', looksLike });
  if (latin.startsWith('LfLe', 4)) return other('a Windows event log of before Vista (EVT)');
  if (starts(head, 0x50, 0x4b, 0x03, 0x04)) return other('a ZIP archive');
  if (starts(head, 0x1f, 0x8b)) return other('a gzip stream');
  if (starts(head, 0x37, 0x7a, 0xbc, 0xaf)) return other('a 7z archive');
  if (starts(head, 0xfd, 0x37, 0x7a, 0x58)) return other('an xz stream');
  if (starts(head, 0x28, 0xb5, 0x2f, 0xfd)) return other('a Zstandard stream');
  if (latin.startsWith('regf')) return other('a registry hive');
  if (latin.startsWith('MZ')) return other('a Windows program');
  if (latin.startsWith('\x7fELF')) return other('a Linux program');
  if (latin.startsWith('SQLite format 3')) return other('an SQLite database');
  const text = latin
    .trimStart()
    .replace(/^(?:\ufeff|ï»¿)/, '')
    .trimStart();
  if (text.startsWith('<?xml') || text.startsWith('<Event')) return other('XML');
  if (/^\s*[[{]/.test(latin)) return other('JSON');
  if (/^#(Software|Fields|Version):/m.test(latin)) return other('a W3C log');
  let control = 0;
  for (const c of head) if (c < 9 || (c > 13 && c < 32 && c !== 27)) control++;
  return other(control === 0 ? 'text' : 'binary data');
}

/** Whether a beginning that is no known log can be no text log either. */
export const isBinary = (looksLike: string): boolean =>
  !['XML', 'JSON', 'a W3C log', 'text', 'binary data'].includes(looksLike);
