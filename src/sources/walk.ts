// Paths that the user names → files, in an order that does not depend on the machine. Nothing is followed out of the
// tree: symbolic links to folders, devices, pipes and sockets are reported and left alone. Evidence is opened for
// reading only.
import { lstatSync, opendirSync, statSync, type Stats } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Diagnostic, diagnostic } from '../base/index.js';

/** Folders within folders; a deeper tree is a loop or an attack. */
export const MAX_DEPTH = 64;
/** Files of one run; more is a mistake (a whole disk was named) that should be told before hours pass. */
export const MAX_FILES = 2_000_000;

export interface SourceFile {
  /** Where it is on this machine. */
  readonly path: string;
  /** Relative to the argument that it came from, with "/", beginning with the argument's own last name. */
  readonly name: string;
  readonly bytes: number;
  /** Microseconds, where known better than by the file itself: dates without a year are put before it. */
  readonly reference?: number;
  /** The archive that it came out of, as it lies on disk. */
  readonly container?: { readonly path: string; readonly name: string };
}

export interface Walk {
  readonly files: readonly SourceFile[];
  readonly problems: readonly Diagnostic[];
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** All files below the given paths. A path that does not exist is a problem, not an exception. */
export function walk(paths: readonly string[]): Walk {
  const files: SourceFile[] = [];
  const problems: Diagnostic[] = [];
  const seen = new Set<string>();
  const taken = new Map<string, number>();

  const fail = (path: string, e: unknown): void => {
    const code = (e as NodeJS.ErrnoException).code ?? 'error';
    const missing = code === 'ENOENT';
    problems.push(
      diagnostic(
        missing ? 'source.not-found' : 'source.unreadable',
        'error',
        { file: path },
        'a readable file or folder',
        missing ? 'nothing at this path' : code,
        missing ? undefined : 'check the permissions',
      ),
    );
  };
  const kind = (s: Stats): string =>
    s.isDirectory()
      ? 'a folder'
      : s.isFIFO()
        ? 'a pipe'
        : s.isSocket()
          ? 'a socket'
          : s.isBlockDevice() || s.isCharacterDevice()
            ? 'a device'
            : 'no regular file';

  const visit = (path: string, name: string, depth: number, top: boolean): void => {
    let s: Stats;
    try {
      s = top ? statSync(path) : lstatSync(path);
      if (s.isSymbolicLink()) {
        const target = statSync(path);
        if (!target.isFile()) {
          problems.push(
            diagnostic(
              'source.skipped',
              'warning',
              { file: name },
              'a file or folder',
              `a symbolic link to ${kind(target)}`,
              target.isDirectory() ? 'name its target to include it' : undefined,
            ),
          );
          return;
        }
        s = target;
      }
    } catch (e) {
      fail(top ? path : name, e);
      return;
    }
    if (s.isFile()) {
      const key = process.platform === 'win32' ? resolve(path).toLowerCase() : `${s.dev}:${s.ino}`;
      if (seen.has(key)) {
        problems.push(
          diagnostic('source.skipped', 'info', { file: name }, 'a file not read yet', 'one that was named before'),
        );
        return;
      }
      seen.add(key);
      if (files.length >= MAX_FILES) {
        if (files.length === MAX_FILES)
          problems.push(
            diagnostic(
              'source.skipped',
              'error',
              { file: name },
              `at most ${MAX_FILES} files`,
              'more',
              'name the folders with logs',
            ),
          );
        return;
      }
      files.push({ path, name, bytes: s.size });
      return;
    }
    if (!s.isDirectory()) {
      problems.push(diagnostic('source.skipped', 'warning', { file: name }, 'a file or folder', kind(s)));
      return;
    }
    if (depth >= MAX_DEPTH) {
      problems.push(
        diagnostic('source.skipped', 'warning', { file: name }, `at most ${MAX_DEPTH} nested folders`, 'more'),
      );
      return;
    }
    const children: string[] = [];
    try {
      const dir = opendirSync(path);
      for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) children.push(entry.name);
      dir.closeSync();
    } catch (e) {
      fail(name, e);
      return;
    }
    for (const child of children.sort(byName)) visit(join(path, child), `${name}/${child}`, depth + 1, false);
  };

  for (const path of paths) {
    const full = resolve(path);
    let name = basename(full) || 'root';
    // Two arguments with one last name are told apart by number, so that every name in a case is unique.
    const n = taken.get(name) ?? 0;
    taken.set(name, n + 1);
    if (n > 0) name = `${name}~${n + 1}`;
    visit(full, name, 0, true);
  }
  return { files, problems };
}
