// Archives and compressed files among the evidence: zip (zip64, encrypted), 7z, tar, gz, bz2, xz, zst, in one another. What is
// in them is unpacked into a folder of ours under numbers, never under names of theirs, so that no name can lead anywhere.
// Limits on depth, number, size and ratio; what is refused is told and the rest is read.
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Diagnostic, diagnostic } from '../base/index.js';
import { isPasswordError, listSevenZip, type SevenZipEntry, unpackSevenZip } from './seven-zip.js';
import type { SourceFile } from './walk.js';

/** Archives in archives. */
export const MAX_ARCHIVE_DEPTH = 6;
/** Members of one run. */
export const MAX_MEMBERS = 500_000;
/** Bytes unpacked in one run: a collection of a large enterprise has less in one go. */
export const MAX_UNPACKED = 1024 ** 4;
/** Logs shrink to a twentieth, at best a hundredth; what grows beyond this is made to fill a disk. */
export const MAX_RATIO = 400;
/** Below this the ratio does not matter. */
export const RATIO_FROM = 64 << 20;

export type ArchiveKind = '7z' | 'zip' | 'tar' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

const starts = (b: Uint8Array, ...bytes: number[]): boolean => bytes.every((v, i) => b[i] === v);

/** What kind of archive a beginning is of. Office documents and Java programs are zip files too, and no archives here. */
export function archiveKind(b: Buffer): ArchiveKind | null {
  if (starts(b, 0x50, 0x4b, 0x03, 0x04)) {
    const name = b.toString('latin1', 30, 30 + Math.min(64, b.readUInt16LE(26)));
    return /^(?:\[Content_Types\]\.xml|_rels\/|META-INF\/|mimetype|AndroidManifest\.xml|docProps\/|word\/|xl\/|ppt\/)/.test(
      name,
    )
      ? null
      : 'zip';
  }
  if (starts(b, 0x50, 0x4b, 0x05, 0x06)) return 'zip';
  if (starts(b, 0x1f, 0x8b, 0x08)) return 'gzip';
  if (starts(b, 0x42, 0x5a, 0x68) && b[3]! >= 0x31 && b[3]! <= 0x39 && starts(b.subarray(4), 0x31, 0x41, 0x59))
    return 'bzip2';
  if (starts(b, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  if (starts(b, 0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c)) return '7z';
  if (starts(b, 0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (b.length >= 512 && b.toString('latin1', 257, 262) === 'ustar') return 'tar';
  return null;
}

export interface ExpandOptions {
  /** An empty folder for what must be unpacked; the caller removes it. */
  readonly folder: string;
  /** Tried in turn on encrypted members. */
  readonly passwords?: readonly string[];
}

export interface Container {
  readonly source: SourceFile;
  readonly kind: ArchiveKind;
  readonly members: number;
  readonly problems: readonly Diagnostic[];
}

export interface Expanded {
  /** Files that are no archives, and the members of those that are, each in the place of its archive. */
  readonly files: readonly SourceFile[];
  readonly containers: readonly Container[];
}

class LimitError extends Error {}

/** A member's name as the register shows it: "/" between folders, no "..", nothing that looks like another path. */
export function memberName(name: string): string {
  const parts = name
    .replaceAll('\\', '/')
    .split('/')
    .filter((p) => p !== '' && p !== '.');
  return parts.map((p) => (p === '..' ? '_up_' : p)).join('/') || '_unnamed_';
}

/** Opens all archives among files. A file that cannot be opened is left for its reader to tell. */
export async function expand(files: readonly SourceFile[], options: ExpandOptions): Promise<Expanded> {
  const out: SourceFile[] = [];
  const containers: Container[] = [];
  let members = 0;
  let unpacked = 0;
  let number = 0;

  const headOf = (path: string): Buffer => {
    const fd = openSync(path, 'r');
    try {
      const b = Buffer.alloc(Math.min(1024, fstatSync(fd).size));
      return b.subarray(0, readSync(fd, b, 0, b.length, 0));
    } finally {
      closeSync(fd);
    }
  };
  /** Counts what comes out of an archive and stops what grows without end. */
  const guard = (packed: number, total: { bytes: number }): Transform =>
    new Transform({
      transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
        total.bytes += chunk.length;
        unpacked += chunk.length;
        if (total.bytes > RATIO_FROM && total.bytes > packed * MAX_RATIO)
          done(new LimitError(`at most ${MAX_RATIO} times the packed size`));
        else if (unpacked > MAX_UNPACKED) done(new LimitError(`at most ${MAX_UNPACKED} unpacked bytes`));
        else done(null, chunk);
      },
    });

  async function open(source: SourceFile, depth: number): Promise<void> {
    let kind: ArchiveKind | null = null;
    try {
      kind = archiveKind(headOf(source.path));
    } catch {
      // Told where the file is read.
    }
    if (kind === null) {
      out.push(source);
      return;
    }
    const problems: Diagnostic[] = [];
    const say = (member: string, expected: string, found: string, hint?: string): void => {
      problems.push(
        diagnostic(
          'source.archive',
          'error',
          { file: member === '' ? source.name : `${source.name}/${member}` },
          expected,
          found,
          hint,
        ),
      );
    };
    const at = containers.length;
    containers.push({ source, kind, members: 0, problems });
    if (depth >= MAX_ARCHIVE_DEPTH) {
      say('', `at most ${MAX_ARCHIVE_DEPTH} archives in one another`, 'more');
      return;
    }
    const total = { bytes: 0 };
    const taken = new Map<string, number>();
    const inner: SourceFile[] = [];
    const keep = async (name: string, modified: Date | null, stream: Readable): Promise<void> => {
      if (++members > MAX_MEMBERS) throw new LimitError(`at most ${MAX_MEMBERS} members`);
      let shown = memberName(name);
      const n = taken.get(shown) ?? 0;
      taken.set(shown, n + 1);
      if (n > 0) shown = `${shown}~${n + 1}`;
      const path = join(options.folder, String(++number));
      const before = total.bytes;
      try {
        await pipeline(stream, guard(source.bytes, total), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
      } catch (e) {
        if (e instanceof LimitError || (e as NodeJS.ErrnoException).code === 'ENOSPC') {
          rmSync(path, { force: true });
          throw e;
        }
        // What came out before the damage is evidence too.
        say(
          shown,
          'a member that unpacks to its end',
          (e as Error).message.slice(0, 200),
          `${total.bytes - before} bytes of it were read`,
        );
      }
      const time = modified !== null && !Number.isNaN(modified.getTime()) && modified.getTime() > 0 ? modified : null;
      if (time !== null) utimesSync(path, time, time);
      inner.push({
        path,
        name: `${source.name}/${shown}`,
        bytes: total.bytes - before,
        container: source.container ?? { path: source.path, name: source.name },
        ...(time !== null
          ? { reference: time.getTime() * 1000 }
          : source.reference === undefined
            ? {}
            : { reference: source.reference }),
      });
    };
    /** 7-Zip unpacks whole archives (members are packed in one piece): the sizes that it declares are looked at first. */
    const un7z = async (): Promise<void> => {
      const tries = options.passwords?.length ? options.passwords : [''];
      let entries: SevenZipEntry[] | null = null;
      let password = '';
      let why = '';
      for (const p of tries)
        try {
          entries = await listSevenZip(source.path, p);
          password = p;
          break;
        } catch (e) {
          why = (e as Error).message;
        }
      const wanted = (found: string): void =>
        say('', 'the password of this encrypted archive', found, 'give it with --password');
      if (entries === null) {
        if (isPasswordError(why)) wanted(options.passwords?.length ? 'none that opens it' : 'none');
        else say('', 'a 7z archive', why);
        return;
      }
      const sum = entries.reduce((n, e) => n + e.bytes, 0);
      if (sum > RATIO_FROM && sum > source.bytes * MAX_RATIO)
        throw new LimitError(`at most ${MAX_RATIO} times the packed size`);
      if (unpacked + sum > MAX_UNPACKED) throw new LimitError(`at most ${MAX_UNPACKED} unpacked bytes`);
      if (members + entries.length > MAX_MEMBERS) throw new LimitError(`at most ${MAX_MEMBERS} members`);
      const locked = entries.some((e) => e.encrypted);
      if (locked && !options.passwords?.length) {
        wanted('none');
        return;
      }
      const candidates = locked ? [password, ...tries.filter((p) => p !== password)] : [''];
      for (const [i, p] of candidates.entries()) {
        const folder = join(options.folder, `${++number}.7z`);
        const { files: found, refused, errors } = await unpackSevenZip(source.path, p, folder);
        if (locked && errors.some(isPasswordError)) {
          rmSync(folder, { recursive: true, force: true });
          if (i === candidates.length - 1) wanted('none that opens it');
          continue;
        }
        for (const e of errors.slice(0, 20)) say('', 'a 7z archive that unpacks to its end', e.slice(0, 200));
        for (const r of refused)
          say(memberName(r), 'a file or folder', 'a link: nothing is followed out of an archive');
        for (const f of found) await keep(f.name, f.modified, createReadStream(f.path));
        rmSync(folder, { recursive: true, force: true });
        return;
      }
    };
    try {
      if (kind === '7z') await un7z();
      else if (kind === 'zip') await unzip(source.path, options.passwords ?? [], keep, say);
      else if (kind === 'tar') await untar(createReadStream(source.path), keep, say);
      else {
        const base = source.name.slice(source.name.lastIndexOf('/') + 1);
        const name = base.replace(/\.(?:gz|gzip|bz2|xz|zst|zstd)$/i, '').replace(/\.t[gbx]z2?$|\.tzst$/i, '.tar');
        const mtime = fstatOf(source.path);
        await keep(name === base ? `${base}.unpacked` : name, mtime, await decompress(kind, source.path));
      }
    } catch (e) {
      const limit = e instanceof LimitError;
      const full = (e as NodeJS.ErrnoException).code === 'ENOSPC';
      say(
        '',
        limit ? e.message : full ? 'room for what is in it' : `a ${kind} archive`,
        limit ? 'more: the rest was not unpacked' : full ? 'the disk is full' : (e as Error).message.slice(0, 200),
        limit ? 'unpack it by hand if you trust it' : undefined,
      );
    }
    inner.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    containers[at] = { source, kind, members: inner.length, problems };
    for (const m of inner) await open(m, depth + 1);
  }

  mkdirSync(options.folder, { recursive: true });
  for (const f of files) await open(f, 0);
  return { files: out, containers };
}

function fstatOf(path: string): Date | null {
  const fd = openSync(path, 'r');
  try {
    return fstatSync(fd).mtime;
  } finally {
    closeSync(fd);
  }
}

type Keep = (name: string, modified: Date | null, stream: Readable) => Promise<void>;
type Say = (member: string, expected: string, found: string, hint?: string) => void;

async function unzip(path: string, passwords: readonly string[], keep: Keep, say: Say): Promise<void> {
  const zip = await import('@zip.js/zip.js');
  zip.configure({ useWebWorkers: false, chunkSize: 1 << 18 });
  const fd = openSync(path, 'r');
  try {
    const size = fstatSync(fd).size;
    class FileReader extends zip.Reader<string> {
      override async init(): Promise<void> {
        this.size = size;
      }
      override async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
        const b = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
        let n = 0;
        while (n < b.length) {
          const got = readSync(fd, b, n, b.length - n, offset + n);
          if (got === 0) break;
          n += got;
        }
        return new Uint8Array(b.buffer, b.byteOffset, n);
      }
    }
    const reader = new zip.ZipReader(new FileReader(path), {
      checkOverlappingEntry: false,
      // Names are never paths here: members are written under numbers, and one odd name must not cost those behind it.
      filenameValidation: 'tolerant',
    });
    for await (const entry of reader.getEntriesGenerator()) {
      if (entry.directory || entry.getData === undefined) continue;
      const candidates: (string | undefined)[] = entry.encrypted ? [...passwords] : [undefined];
      if (candidates.length === 0) {
        say(memberName(entry.filename), 'a password for this encrypted member', 'none', 'give it with --password');
        continue;
      }
      let last: Error | null = null;
      for (const password of candidates) {
        if (password !== undefined) {
          // The password is tried before anything is kept.
          try {
            await entry.getData(new WritableStream(), { password, checkPasswordOnly: true });
          } catch (e) {
            if ((e as Error).message === zip.ERR_INVALID_PASSWORD) {
              last = e as Error;
              continue;
            }
          }
        }
        last = null;
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        const failed = entry
          .getData(writable, password === undefined ? { checkCrc32: true } : { password })
          .then(() => null)
          .catch(async (e: Error) => {
            await writable.abort(e).catch(() => {});
            return e;
          });
        await keep(
          entry.filename,
          entry.lastModDate ?? null,
          Readable.fromWeb(readable as import('node:stream/web').ReadableStream),
        );
        await failed;
        break;
      }
      if (last !== null)
        say(
          memberName(entry.filename),
          'the password of this encrypted member',
          last.message,
          'give it with --password',
        );
    }
    await reader.close();
  } finally {
    closeSync(fd);
  }
}

async function untar(input: Readable, keep: Keep, say: Say): Promise<void> {
  const { extract } = await import('tar-stream');
  const tar = extract();
  const fed = pipeline(input, tar).catch((e: Error) => e);
  for await (const entry of tar) {
    const { type, name, mtime } = entry.header;
    if (type === 'file' || type === 'contiguous-file') await keep(name, mtime ?? null, entry as unknown as Readable);
    else {
      if (type !== 'directory')
        say(
          memberName(name),
          'a file or folder',
          `a ${type ?? 'member of an unknown kind'}: nothing is followed out of an archive`,
        );
      entry.resume();
    }
  }
  const e = await fed;
  if (e instanceof Error) throw e;
}

async function decompress(kind: 'gzip' | 'bzip2' | 'xz' | 'zstd', path: string): Promise<Readable> {
  const input = createReadStream(path, { highWaterMark: 1 << 18 });
  if (kind === 'gzip') return input.pipe(createGunzip()).on('error', () => input.destroy());
  if (kind === 'bzip2') {
    const { default: bzip2 } = await import('unbzip2-stream');
    const unpack = bzip2() as unknown as Transform;
    const through = new Transform({ transform: (c: Buffer, _, done) => done(null, c) });
    pipeline(input, unpack, through).catch((e: Error) => through.destroy(e));
    return through;
  }
  if (kind === 'xz') {
    // The package is CommonJS.
    const { default: xz } = (await import('xz-decompress')) as unknown as {
      default: { XzReadableStream: typeof import('xz-decompress').XzReadableStream };
    };
    const web = new xz.XzReadableStream(Readable.toWeb(input) as unknown as ReadableStream<Uint8Array>);
    return Readable.fromWeb(web as unknown as import('node:stream/web').ReadableStream);
  }
  const { Decompress } = await import('fzstd');
  const out: Uint8Array[] = [];
  const z = new Decompress((chunk) => out.push(chunk.slice()));
  return input.pipe(
    new Transform({
      transform(chunk: Buffer, _, done): void {
        try {
          z.push(chunk);
          for (const c of out.splice(0)) this.push(c);
          done();
        } catch (e) {
          done(e as Error);
        }
      },
      flush(done): void {
        try {
          z.push(new Uint8Array(0), true);
          for (const c of out.splice(0)) this.push(c);
          done();
        } catch (e) {
          done(e as Error);
        }
      },
    }),
  );
}
