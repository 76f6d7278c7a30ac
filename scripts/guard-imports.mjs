// Holds the code to the architecture: a folder under src/ is a stage, and a stage imports only what its row in
// ARCHITECTURE.md lists. Other folders import what they like.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ROOT } from './run.mjs';

const table = new Map();
for (const line of readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').split('\n')) {
  const m = /^\| `src\/([a-z]+)\/` \|[^|]*\| ([^|]*) \|$/.exec(line);
  if (m !== null) table.set(m[1], new Set(m[2].match(/[a-z]+/g)?.filter((w) => w !== 'nothing') ?? []));
}
const src = join(ROOT, 'src');
const errors = [];
let files = 0;
for (const entry of readdirSync(src, { recursive: true }).map(String)) {
  if (!entry.endsWith('.ts')) continue;
  files++;
  const stage = entry.replaceAll('\\', '/').split('/')[0];
  if (!entry.includes('/') && !entry.includes('\\')) continue; // src/index.ts names everything
  const allowed = table.get(stage);
  if (allowed === undefined) {
    errors.push(`src/${stage}/ has no row in ARCHITECTURE.md`);
    continue;
  }
  const file = join(src, entry);
  for (const m of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const target = relative(src, resolve(dirname(file), m[1]))
      .replaceAll('\\', '/')
      .split('/')[0];
    if (target !== stage && !allowed.has(target))
      errors.push(`src/${entry} imports from src/${target}/, which the row of src/${stage}/ does not list`);
  }
}
for (const stage of table.keys())
  if (!readdirSync(src).includes(stage)) errors.push(`ARCHITECTURE.md has a row for src/${stage}/, which is not there`);
for (const e of new Set(errors)) console.error(e);
console.log(`import guard: ${files} files, ${table.size} stages, ${errors.length} violations`);
process.exit(errors.length > 0 || table.size === 0 ? 1 : 0);
