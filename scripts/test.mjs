// npm test: installs, builds, runs every compiled test file, and closes with one line that counts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { build, install, ROOT } from './run.mjs';

install();
build();
const dir = join(ROOT, 'dist', 'test');
const only = process.argv.slice(2);
const files = readdirSync(dir, { recursive: true })
  .map(String)
  .filter((f) => f.endsWith('.test.js') && (only.length === 0 || only.some((o) => f.includes(o))))
  .sort()
  .map((f) => join(dir, f));
const out = join(ROOT, 'dist', 'test-events.jsonl');
const child = spawn(
  process.execPath,
  [
    '--test',
    '--test-concurrency=2',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${new URL('./test-reporter.mjs', import.meta.url).href}`,
    `--test-reporter-destination=${out}`,
    ...files,
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, BACKTRAIL_CACHE: join(ROOT, 'dist', 'test-cache') } },
);
child.on('exit', async (code) => {
  const { readFileSync } = await import('node:fs');
  const { passed, failed, skipped, skips } = JSON.parse(readFileSync(out, 'utf8'));
  for (const s of skips) console.log(`skipped: ${s}`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = code !== 0 || failed > 0 || passed === 0 ? 1 : 0;
});
