// backtrail rules add: a collection of rules, from a folder or an archive, into the user's data folder.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { loadRules } from '../detect/index.js';
import { type Context, dataFolder, EXIT, openArchives, UsageError } from './context.js';
import { safe } from './terminal.js';

const COLLECTION = '.collection.json';
/** Beside rules, what their licences ask to be kept. */
const KEPT = /\.ya?ml$|^(?:licen[cs]e|copying|notice|readme)[^/]*$/i;

export interface Installed {
  readonly name: string;
  readonly version: string | null;
  readonly sha256: string;
  readonly from: string;
}

const folder = (): string => join(dataFolder(), 'rules');

export function installedCollections(): Installed[] {
  if (!existsSync(folder())) return [];
  return readdirSync(folder())
    .sort()
    .flatMap((name) => {
      try {
        return [{ ...(JSON.parse(readFileSync(join(folder(), name, COLLECTION), 'utf8')) as Installed), name }];
      } catch {
        return [];
      }
    });
}

export async function addCollection(ctx: Context, given: readonly string[]): Promise<number> {
  const [path, more] = given;
  if (path === undefined || more !== undefined) throw new UsageError('rules add takes one folder or archive');
  if (!existsSync(path)) throw new UsageError(`${path} was not found`);
  const stem = basename(path.replace(/[\\/]+$/, '')).replace(/\.(?:zip|tar|tgz|tar\.gz|7z)$/i, '');
  const name = (ctx.values.name as string | undefined) ?? stem.replace(/[^\w.-]+/g, '-');
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name) || name === 'bundled')
    throw new UsageError(`"${name}" cannot be the name of a collection: letters, digits, dots and dashes`);
  let files: { from: string; to: string }[];
  if (statSync(path).isDirectory())
    files = readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((d) => d.isFile())
      .map((d) => ({ from: join(d.parentPath, d.name), to: relative(path, join(d.parentPath, d.name)) }));
  else {
    const opened = await openArchives([{ path, name: basename(path), bytes: statSync(path).size }], []);
    for (const c of opened.containers) for (const p of c.problems) ctx.problem(p);
    files = opened.files
      .filter((f) => f.container !== undefined)
      .map((f) => ({ from: f.path, to: f.name.replaceAll('\\', '/').split('/').slice(1).join('/') }));
    // One folder around all is the archive's, not the collection's.
    const top = new Set(files.map((f) => f.to.split('/')[0]));
    if (top.size === 1 && files.every((f) => f.to.includes('/')))
      files = files.map((f) => ({ from: f.from, to: f.to.slice(f.to.indexOf('/') + 1) }));
  }
  files = files
    .map((f) => ({ from: f.from, to: f.to.replaceAll('\\', '/') }))
    .filter((f) => KEPT.test(basename(f.to)) && !f.to.split('/').some((p) => p === '..' || p === ''))
    .sort((a, b) => (a.to < b.to ? -1 : 1));
  const rules = files.filter((f) => /\.ya?ml$/i.test(f.to));
  if (rules.length === 0) throw new UsageError(`${path} holds no rule files (*.yml)`);
  const hash = createHash('sha256');
  const part = join(folder(), `.${name}.${process.pid}.part`);
  try {
    for (const f of files) {
      const to = join(part, f.to);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(f.from, to);
      hash.update(`${f.to}\0`).update(readFileSync(f.from));
    }
    const about: Installed = {
      name,
      version: (ctx.values.version as string | undefined) ?? null,
      sha256: hash.digest('hex'),
      from: basename(path),
    };
    writeFileSync(join(part, COLLECTION), `${JSON.stringify(about, null, 1)}\n`);
    const loaded = loadRules([part], { useCache: false });
    const errors = loaded.problems.filter((p) => p.severity === 'error').length;
    if (loaded.rules.length === 0) throw new UsageError(`no rule of ${path} could be loaded`);
    const target = join(folder(), name);
    rmSync(target, { recursive: true, force: true });
    renameSync(part, target);
    process.stdout.write(
      ctx.json
        ? `${JSON.stringify({ ...about, rules: loaded.rules.length, not_loaded: errors, folder: target }, null, 2)}\n`
        : `${safe(name)}${about.version === null ? '' : ` ${safe(about.version)}`}: ${loaded.rules.length} rules${errors > 0 ? `, ${errors} could not be loaded` : ''}; SHA-256 ${about.sha256}\nUse it: --rules ${safe(name)}\n`,
    );
    return EXIT.ok;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
