// npm start [-- PATH... [flags]]: installs, builds, and runs the main job. Without paths it makes the sample evidence
// (a small enterprise whose mail server is broken into, from the range) and investigates that.
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
  const sample = join(ROOT, 'samples', 'mail-server');
  console.error('No evidence was named: using the sample (npm start -- PATH... reads your own logs).');
  if (!existsSync(join(sample, 'truth.json')))
    run(process.execPath, [
      cli,
      'range',
      'mail-server',
      '--hosts',
      '24',
      '--days',
      '30',
      '--seed',
      '7',
      '--out',
      sample,
    ]);
  args.unshift(join(sample, 'evidence'));
  if (!named('networks')) args.push('--networks', join(sample, 'networks.csv'));
  if (!named('directory')) args.push('--directory', join(sample, 'directory.csv'));
}
if (!args.some((a) => a === '--out' || a === '-o' || a.startsWith('--out=')))
  args.push('--out', join(process.env.INIT_CWD ?? process.cwd(), paths ? 'backtrail-case' : 'backtrail-case-sample'));
process.exitCode = run(process.execPath, [cli, 'investigate', ...args], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  allowFailure: true,
});
