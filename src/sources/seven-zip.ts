// 7z archives, opened by 7-Zip itself as WebAssembly. It sees the archive and one empty folder of ours and nothing else of
// the machine; what it writes there is listed afterwards, and what is no plain file (a link, a device) is thrown away and told.
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SevenZipModuleFactory } from '7z-wasm';

export interface SevenZipEntry {
  /** As the archive has it. */
  readonly name: string;
  readonly bytes: number;
  readonly packed: number;
  readonly folder: boolean;
  readonly link: boolean;
  readonly encrypted: boolean;
  readonly modified: Date | null;
}

export interface SevenZipFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly modified: Date | null;
}

interface Run {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

/** One call of 7-Zip with folders of this machine under names of its own. */
async function run(args: readonly string[], mounts: readonly (readonly [string, string])[]): Promise<Run> {
  // The package's types are those of CommonJS, what Node loads is its ES module.
  const { default: sevenZip } = (await import('7z-wasm')) as unknown as { default: SevenZipModuleFactory };
  const lines: string[] = [];
  const errors: string[] = [];
  const before = process.exitCode;
  const z = await sevenZip({ print: (l) => lines.push(l), printErr: (l) => errors.push(l) });
  let code: number;
  try {
    for (const [at, root] of mounts) {
      z.FS.mkdir(at);
      z.FS.mount(z.NODEFS as never, { root }, at);
    }
    code = Number(z.callMain([...args]) ?? 0);
  } catch (e) {
    // Out of memory, or a fault in it: what it wrote so far stays.
    code = 2;
    errors.push(String((e as Error).message ?? e).slice(0, 200));
  } finally {
    process.exitCode = before;
  }
  return { code, lines, errors };
}

const inputs = (path: string): { mount: readonly [string, string]; name: string } => ({
  mount: ['/in', dirname(path)],
  name: `/in/${basename(path)}`,
});

/** What wrong passwords look like: 7-Zip says so, or finds no archive where the names are encrypted too. */
export const isPasswordError = (text: string): boolean => /wrong password|encrypted/i.test(text);

/** Lists an archive. Throws `Error` with 7-Zip's reason. */
export async function listSevenZip(path: string, password: string): Promise<SevenZipEntry[]> {
  const { mount, name } = inputs(path);
  const { code, lines, errors } = await run(['l', '-slt', '-ba', '-sccUTF-8', `-p${password}`, '--', name], [mount]);
  const entries: SevenZipEntry[] = [];
  let one: Record<string, string> = {};
  const give = (): void => {
    if (one.Path === undefined) return;
    const attributes = one.Attributes ?? '';
    const modified =
      one.Modified === undefined || one.Modified === ''
        ? null
        : new Date(`${one.Modified.slice(0, 23).replace(' ', 'T')}Z`);
    entries.push({
      name: one.Path,
      bytes: Number(one.Size ?? 0) || 0,
      packed: Number(one['Packed Size'] ?? 0) || 0,
      folder: attributes.startsWith('D'),
      link: / l/.test(attributes) || (one['Symbolic Link'] ?? '') !== '',
      encrypted: one.Encrypted === '+',
      modified: modified === null || Number.isNaN(modified.getTime()) ? null : modified,
    });
    one = {};
  };
  for (const l of lines) {
    const m = /^(?:.*[\b])?([A-Z][A-Za-z ]*) = (.*)$/.exec(l);
    if (m === null) continue;
    if (m[1] === 'Path') give();
    one[m[1]!] = m[2]!;
  }
  give();
  if (code > 1) throw new Error(errors.find((e) => e.trim() !== '')?.slice(0, 200) ?? `7-Zip ended with ${code}`);
  return entries;
}

/**
 * Unpacks an archive into `folder`, which must not exist. What came out before an error is given too, with the errors.
 */
export async function unpackSevenZip(
  path: string,
  password: string,
  folder: string,
): Promise<{ files: SevenZipFile[]; refused: string[]; errors: readonly string[] }> {
  mkdirSync(folder, { recursive: false, mode: 0o700 });
  const { mount, name } = inputs(path);
  const { errors } = await run(
    ['x', '-y', '-snl-', '-sccUTF-8', '-bd', '-bso0', `-p${password}`, '-o/out', '--', name],
    [mount, ['/out', folder]],
  );
  const files: SevenZipFile[] = [];
  const refused: string[] = [];
  const visit = (dir: string, prefix: string): void => {
    for (const child of readdirSync(dir).sort()) {
      const at = join(dir, child);
      const s = lstatSync(at);
      if (s.isDirectory()) visit(at, `${prefix}${child}/`);
      else if (s.isFile()) files.push({ name: `${prefix}${child}`, path: at, bytes: s.size, modified: s.mtime });
      else {
        rmSync(at, { force: true });
        refused.push(`${prefix}${child}`);
      }
    }
  };
  visit(folder, '');
  return { files, refused, errors: errors.filter((e) => e.trim() !== '') };
}
