// npm start [-- PATH... [flags]]: installs, builds, and runs the main job. Without paths it makes the sample evidence
// (an enterprise's event logs, written by our own writer from a seed) and investigates that.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, install, ROOT, run } from './run.mjs';

install();
build();
const cli = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const args = process.argv.slice(2);
// The command's own flag table says which flags take a value: whatever is left is a path.
const { COMMANDS, COMMON } = await import(new URL('../dist/src/cli/flags.js', import.meta.url).href);
const table = [...COMMANDS.find((c) => c.name === 'investigate').flags, ...COMMON];
const options = Object.fromEntries(
  table.map((f) => [
    f.name,
    { type: f.value === undefined ? 'boolean' : 'string', ...(f.short ? { short: f.short } : {}) },
  ]),
);
const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
const paths = tokens.some((t) => t.kind === 'positional');
const named = (flag) => tokens.some((t) => t.kind === 'option' && t.name === flag);
if (!paths && !named('help')) {
  const sample = join(ROOT, 'samples', 'first-light');
  console.error('No evidence was named: using the sample (npm start -- PATH... reads your own logs).');
  if (!existsSync(join(sample, 'TRUTH.md')))
    run(process.execPath, [join(ROOT, 'dist', 'src', 'range', 'make-sample.js'), sample]);
  args.unshift(join(sample, 'evidence'));
}
if (!args.some((a) => a === '--out' || a === '-o' || a.startsWith('--out=')))
  args.push('--out', join(process.env.INIT_CWD ?? process.cwd(), paths ? 'backtrail-case' : 'backtrail-case-sample'));
process.exitCode = run(process.execPath, [cli, 'investigate', ...args], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  allowFailure: true,
});
