// A case is a folder: case.json says what it is and in which format, a lock file says who is writing. Files are written
// beside their place and renamed into it, so that a crash leaves the old file or the new one, never half of one.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type Diagnostic, diagnostic } from '../base/index.js';

/** Format of the case folder. A change that older readers would misread raises it, with a step in `MIGRATIONS`. */
export const CASE_FORMAT = 1;
export const CASE_SCHEMA = 'backtrail.case';

export interface CaseFile {
  readonly schema: typeof CASE_SCHEMA;
  readonly format: number;
  readonly id: string;
  readonly tool: string;
  readonly created: string;
  /** `running` after a start that did not come to its end: run the same command again. */
  readonly state: 'running' | 'complete';
}

/** Steps from an older format to the next: index 0 takes format 0 to 1. None was ever released before format 1. */
const MIGRATIONS: readonly ((dir: string, file: CaseFile) => CaseFile)[] = [];

/** Something that stops the work on a case, with what to do. */
export class CaseError extends Error {
  readonly diagnostic: Diagnostic;
  constructor(d: Diagnostic) {
    super(d.expected);
    this.diagnostic = d;
  }
}

const fail = (code: Diagnostic['code'], dir: string, expected: string, found: string, hint: string): CaseError =>
  new CaseError(diagnostic(code, 'error', { file: dir }, expected, found, hint));

/** Reads case.json of an existing case and brings it to the current format. Throws `CaseError`. */
export function readCase(dir: string): CaseFile {
  const path = join(dir, 'case.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (e) {
    const missing = (e as NodeJS.ErrnoException).code === 'ENOENT' || (e as NodeJS.ErrnoException).code === 'ENOTDIR';
    throw fail(
      'case.not-a-case',
      dir,
      'a case folder (with case.json)',
      missing
        ? existsSync(dir)
          ? 'another folder'
          : 'nothing at this path'
        : String((e as NodeJS.ErrnoException).code),
      'name the folder that was given with --out',
    );
  }
  let file: CaseFile;
  try {
    file = JSON.parse(text) as CaseFile;
  } catch {
    throw fail('case.not-a-case', path, 'JSON', 'something else', 'restore case.json or use another folder');
  }
  if (typeof file !== 'object' || file === null || file.schema !== CASE_SCHEMA || !Number.isInteger(file.format))
    throw fail('case.not-a-case', path, `"schema": "${CASE_SCHEMA}"`, 'something else', 'use another folder');
  if (file.format > CASE_FORMAT)
    throw fail(
      'case.version',
      dir,
      `a case of format ${CASE_FORMAT} or older`,
      `format ${file.format}`,
      'it was made by a newer Backtrail: use that version, or another folder',
    );
  if (file.format < 1)
    throw fail(
      'case.version',
      dir,
      `a case of format 1 to ${CASE_FORMAT}`,
      `format ${file.format}`,
      'use another folder',
    );
  for (let f = file.format; f < CASE_FORMAT; f++) file = MIGRATIONS[f]!(dir, file);
  return file;
}

export interface OpenCase {
  readonly dir: string;
  /** Writes a file of the case as a whole. Throws `CaseError` if it cannot be written. */
  write(name: string, text: string): void;
  /** A file that grows; it is put in its place by `done`. */
  stream(name: string): { write(text: string): void; done(): void };
  finish(): void;
  /** Gives up the lock; the case stays as it is. */
  close(): void;
}

/**
 * Creates a case, or opens an existing one to write it anew, and takes its lock. Throws `CaseError` for a folder that
 * holds something else, a case of another version, or one that another process is writing.
 */
export function openCase(dir: string, info: { id: string; tool: string; created: string }): OpenCase {
  if (existsSync(join(dir, 'case.json'))) readCase(dir);
  else {
    try {
      // Where the system shows itself as files no folder can be made, and trying takes for ever.
      if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(resolve(dir)))
        throw fail(
          'case.not-a-case',
          dir,
          'a place on a disk',
          'a file system of the operating system',
          'name another folder',
        );
      mkdirSync(dir, { recursive: true });
      const others = readdirSync(dir).filter((f) => !f.startsWith('case.lock') && !f.endsWith('.part'));
      if (others.length > 0)
        throw fail(
          'case.not-a-case',
          dir,
          'an empty folder or a case',
          `a folder with ${others.length} other entries`,
          'name another folder',
        );
    } catch (e) {
      if (e instanceof CaseError) throw e;
      throw writeError(dir, e);
    }
  }
  const lock = takeLock(dir);
  const put = (name: string, text: string): void => {
    const path = join(dir, name);
    try {
      const fd = openSync(`${path}.part`, 'w');
      try {
        writeFileSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(`${path}.part`, path);
    } catch (e) {
      throw writeError(path, e);
    }
  };
  const caseFile = (state: CaseFile['state']): string =>
    `${JSON.stringify({ schema: CASE_SCHEMA, format: CASE_FORMAT, ...info, state } satisfies CaseFile, null, 2)}\n`;
  try {
    put('case.json', caseFile('running'));
  } catch (e) {
    lock.release();
    throw e;
  }
  return {
    dir,
    write: put,
    stream(name) {
      const path = join(dir, name);
      let fd: number;
      try {
        fd = openSync(`${path}.part`, 'w');
      } catch (e) {
        throw writeError(path, e);
      }
      return {
        write(text) {
          try {
            writeSync(fd, text);
          } catch (e) {
            throw writeError(path, e);
          }
        },
        done() {
          try {
            fsyncSync(fd);
            closeSync(fd);
            renameSync(`${path}.part`, path);
          } catch (e) {
            throw writeError(path, e);
          }
        },
      };
    },
    finish: () => put('case.json', caseFile('complete')),
    close: () => lock.release(),
  };
}

function writeError(path: string, e: unknown): CaseError {
  const code = (e as NodeJS.ErrnoException).code ?? 'error';
  const hint =
    code === 'ENOSPC'
      ? 'the disk is full: make room and run the same command again'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'choose a folder that may be written'
        : 'check the path and the disk';
  return fail('case.write', path, 'a file that can be written', code, hint);
}

/** How long a running holder is waited for. */
const LOCK_TRIES = 3;
const LOCK_WAIT_MS = 200;

interface Lock {
  release(): void;
}

/** Takes `case.lock`. A lock whose process is gone, on this machine, is taken over. */
function takeLock(dir: string): Lock {
  const path = join(dir, 'case.lock');
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = openSync(path, 'wx');
      writeSync(fd, mine);
      closeSync(fd);
      return {
        release() {
          try {
            unlinkSync(path);
          } catch {
            // taken away by hand
          }
        },
      };
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(path, e);
      const holder = readLock(path);
      if (attempt < LOCK_TRIES && holder !== null && holder.host === hostname() && alive(holder.pid)) {
        // A process that was killed a moment ago may still be on its way out.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_WAIT_MS);
        continue;
      }
      if (attempt < LOCK_TRIES + 3 && (holder === null || (holder.host === hostname() && !alive(holder.pid)))) {
        try {
          unlinkSync(path);
        } catch {
          // another process was faster
        }
        continue;
      }
      throw fail(
        'case.locked',
        dir,
        'a case that nobody is writing',
        holder === null ? 'a lock that cannot be read' : `a lock of process ${holder.pid} on ${holder.host}`,
        'wait for it to end; if it is not running any more, delete case.lock',
      );
    }
  }
}

function readLock(path: string): { pid: number; host: string } | null {
  try {
    const v = JSON.parse(readFileSync(path, 'utf8')) as { pid: unknown; host: unknown };
    return typeof v.pid === 'number' && typeof v.host === 'string' ? { pid: v.pid, host: v.host } : null;
  } catch {
    return null;
  }
}

function alive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    // Ended, and its parent has not looked yet: it writes nothing any more.
    if (process.platform === 'linux' && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return false;
    return true;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM';
  }
}
