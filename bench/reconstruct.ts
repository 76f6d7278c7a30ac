// The reconstruction by size: the range's first scenario at one, two and four times the records, investigated whole, with the score
// beside the time (a fast wrong answer is none). Whole process; the exponent says how time grows with records.
//   node dist/bench/reconstruct.js [hosts=120] [days=120]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { score } from '../src/range/index.js';

const [hosts = '120', days = '120'] = process.argv.slice(2);
const cli = join(import.meta.dirname, '..', 'src', 'cli', 'main.js');
const dir = mkdtempSync(join(tmpdir(), 'backtrail-bench-'));
const run = (...args: string[]): { stdout: string; stderr: string } => {
  const r = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (r.status !== 0) throw new Error(r.stderr);
  return r;
};
try {
  let before: { records: number; ms: number } | null = null;
  for (const scale of [0.35, 0.7, 1.4]) {
    const at = join(dir, `r${scale}`);
    const out = join(dir, `c${scale}`);
    run(
      'range',
      'mail-server',
      '--hosts',
      hosts,
      '--days',
      days,
      '--seed',
      '3',
      '--scale',
      String(scale),
      '--out',
      at,
      '--quiet',
    );
    const timing = run('investigate', join(at, 'evidence'), '--out', out, '--quiet', '--timing').stderr;
    const ms = (name: string): number =>
      Number(new RegExp(`^${name}\\s+(\\d+) ms`, 'm').exec(timing)?.[1] ?? Number.NaN);
    const document = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as { counts: { records: number } };
    const s = score(JSON.parse(readFileSync(join(at, 'truth.json'), 'utf8')), document);
    const { records } = document.counts;
    const total = ms('total');
    console.log(
      `${records.toLocaleString('en').padStart(12)} records  total ${(total / 1e3).toFixed(1)} s  reconstruct ${(ms('reconstruct') / 1e3).toFixed(1)} s  peak ${/peak memory (\d+)/.exec(timing)?.[1] ?? '?'} MiB  lowest F1 ${s.lowest.part} ${s.lowest.f1.toFixed(3)}${before === null ? '' : `  exponent ${(Math.log(total / before.ms) / Math.log(records / before.records)).toFixed(2)}`}`,
    );
    before = { records, ms: total };
    rmSync(at, { recursive: true });
    rmSync(out, { recursive: true });
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
