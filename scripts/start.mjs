// npm start [-- PATH... [flags]]: installs, builds, and runs the main job. Without paths it makes the sample evidence
// (an enterprise's event logs, written by our own writer from a seed) and investigates that.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, ROOT, run } from './run.mjs';

install();
build();
const cli = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const args = process.argv.slice(2);
const paths = args.some((a) => !a.startsWith('-'));
if (!paths) {
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
