// Small things that the npm scripts share. Plain Node, no shell: they work on Linux, macOS and Windows alike.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a program in the project's folder and ends this one with its code if it fails. */
export function run(command, args, options = {}) {
  const r = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (r.error) {
    console.error(`${command} could not be started: ${r.error.message}`);
    process.exit(1);
  }
  if (r.status !== 0 && options.allowFailure !== true) process.exit(r.status ?? 1);
  return r.status ?? 1;
}

/** The npm that runs this script (npm sets npm_execpath), started with this Node: works without a shell on Windows. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && /\.c?js$/.test(cli)) return run(process.execPath, [cli, ...args], options);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
    shell: process.platform === 'win32',
    ...options,
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Backtrail needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
    process.exit(1);
  }
}

/** Installs what package-lock.json names, unless it is there already. */
export function install() {
  checkNode();
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .update(process.versions.modules)
    .digest('hex');
  const mark = join(ROOT, 'node_modules', '.backtrail-installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  console.error('Installing …');
  npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(mark, lock);
}

function newest(dir) {
  let t = 0;
  for (const e of readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (e.isFile()) t = Math.max(t, statSync(join(e.parentPath ?? e.path, e.name)).mtimeMs);
  return t;
}

/** Compiles, unless nothing changed since. */
export function build(force = false) {
  const mark = join(ROOT, 'dist', '.built');
  const changed = Math.max(
    ...['src', 'test', 'bench'].filter((d) => existsSync(join(ROOT, d))).map((d) => newest(join(ROOT, d))),
    statSync(join(ROOT, 'tsconfig.json')).mtimeMs,
  );
  if (!force && existsSync(mark) && statSync(mark).mtimeMs >= changed) return;
  run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(mark, '');
}
