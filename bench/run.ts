// The benchmarks: equality of output first, then time, each against its rival in turn, so that both see the same machine.
// `npm run bench [-- quick]` prints a table and writes it to bench/results/<date>-<machine>/. Rivals: evtx_dump
// (cargo install evtx). Evidence: ../shared/evidence and ../shared/sigma where they are, and a dense file from our writer.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { arch, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { ByteWriter, VERSION } from '../src/base/index.js';
import { EvtxEvent } from '../src/events/index.js';
import { EvtxFile, EvtxWriter } from '../src/formats/evtx/index.js';
import { denseRecords } from './dense.js';
import { EVIDENCE, oracle, ROOT, SIGMA } from '../test/support.js';

const RUNS = process.argv.includes('quick') ? 2 : 5;
const DENSE = 300_000;
const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const dir = mkdtempSync(join(tmpdir(), 'backtrail-bench-'));
const rows: string[] = [];
const note = (text: string): void => {
  rows.push(text);
  console.log(text);
};
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;

interface Run {
  readonly seconds: number;
  readonly cpu: number;
  readonly rss: number;
}

/** A whole process: wall and processor seconds, peak memory in MiB (by the time program of the system). */
function whole(command: string, args: readonly string[], stdout: 'ignore' | number = 'ignore'): Run {
  const start = process.hrtime.bigint();
  const timed = existsSync('/usr/bin/time');
  const r = timed
    ? spawnSync('/usr/bin/time', ['-f', '%U %S %M', command, ...args], {
        stdio: ['ignore', stdout, 'pipe'],
        encoding: 'utf8',
      })
    : spawnSync(command, [...args], { stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (r.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${r.stderr.slice(-400)}`);
  const m = /([\d.]+) ([\d.]+) (\d+)\s*$/.exec(r.stderr);
  return {
    seconds,
    cpu: m === null ? Number.NaN : Number(m[1]) + Number(m[2]),
    rss: m === null ? Number.NaN : Number(m[3]) / 1024,
  };
}

const node = (...args: string[]): readonly [string, readonly string[]] => [process.execPath, [CLI, ...args]];
const best = (runs: readonly Run[]): string =>
  `${median(runs.map((r) => r.seconds)).toFixed(2)} s wall, ${median(runs.map((r) => r.cpu)).toFixed(2)} s processor, ${Math.max(...runs.map((r) => r.rss)).toFixed(0)} MiB`;

const dense = join(dir, 'dense.evtx');
{
  const fd = openSync(dense, 'w');
  const w = new EvtxWriter({ sink: (b, at) => void writeSync(fd, b, 0, b.length, at) });
  for (const r of denseRecords(DENSE)) w.write(r);
  w.finish();
}
const size = statSync(dense).size;
note(
  `backtrail ${VERSION}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]!.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform}-${arch()}; ${RUNS} runs, medians`,
);
note(`dense file: ${DENSE.toLocaleString('en')} records, ${(size / 1e6).toFixed(0)} MB`);

const rival = oracle('evtx_dump');
if (rival !== null) {
  const [a, b] = [join(dir, 'a.jsonl'), join(dir, 'b.jsonl')];
  whole(...node('dump', dense, '--out', a, '--threads', '1', '-q'));
  whole(rival, ['-t', '1', '-o', 'jsonl', '-f', b, dense]);
  const sha = (p: string): string => createHash('sha256').update(readFileSync(p)).digest('hex');
  note(`dump to JSONL, one thread: output ${sha(a) === sha(b) ? 'equal, byte for byte' : 'DIFFERS'}`);
  rmSync(a);
  rmSync(b);
  const [ours, theirs]: [Run[], Run[]] = [[], []];
  for (let i = 0; i < RUNS; i++) {
    ours.push(whole(...node('dump', dense, '--threads', '1', '-q')));
    theirs.push(whole(rival, ['-t', '1', '-o', 'jsonl', dense]));
  }
  const rate = (r: readonly Run[]): number => DENSE / median(r.map((x) => x.seconds));
  note(`  backtrail  ${best(ours)}: ${Math.round(rate(ours)).toLocaleString('en')} records/s`);
  note(
    `  evtx_dump  ${best(theirs)}: ${Math.round(rate(theirs)).toLocaleString('en')} records/s; ratio ${(rate(ours) / rate(theirs)).toFixed(2)}`,
  );

  const system: number[] = [];
  const json: number[] = [];
  for (let i = 0; i < RUNS + 1; i++) {
    let start = process.hrtime.bigint();
    let file = new EvtxFile(dense);
    const event = new EvtxEvent();
    let n = 0;
    for (const v of file.records()) {
      event.move(v);
      n += event.micros > 0 ? 1 : 0;
    }
    file.close();
    if (n !== DENSE) throw new Error(`${n} records`);
    system.push(Number(process.hrtime.bigint() - start) / 1e9);
    start = process.hrtime.bigint();
    file = new EvtxFile(dense);
    const w = new ByteWriter(1 << 21);
    for (const v of file.records()) {
      if (w.pos > 1 << 20) w.pos = 0;
      v.writeJson(w);
    }
    file.close();
    json.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  const warm = (l: readonly number[]): number => DENSE / median(l.slice(1));
  note(
    `in one process, warm: System fields (host, channel, provider, id, time) ${Math.round(warm(system)).toLocaleString('en')} records/s, ratio to evtx_dump's dump ${(warm(system) / rate(theirs)).toFixed(2)}; JSON ${Math.round(warm(json)).toLocaleString('en')} records/s, ratio ${(warm(json) / rate(theirs)).toFixed(2)}`,
  );
} else note('evtx_dump is not installed: no rival for dump (cargo install evtx)');

if (existsSync(SIGMA) && existsSync(EVIDENCE)) {
  const ten = join(dir, 'ten');
  for (let i = 0; i < 10; i++)
    cpSync(join(EVIDENCE, 'evtx', 'EVTX-to-MITRE-Attack'), join(ten, String(i)), { recursive: true });
  const cold: Run[] = [];
  const start: Run[] = [];
  const cache = join(dir, 'cache');
  process.env.BACKTRAIL_CACHE = cache;
  for (let i = 0; i < Math.min(3, RUNS); i++) {
    rmSync(cache, { recursive: true, force: true });
    cold.push(whole(...node('rules', 'list', SIGMA)));
    start.push(whole(...node('rules', 'list', SIGMA)));
  }
  note(`start with 3,754 rules: cold ${best(cold)}; cached ${best(start)}`);
  const hunted = (what: string, records: number, n: number, path: string, ...more: string[]): void => {
    const runs: Run[] = [];
    for (let i = 0; i < n; i++)
      runs.push(whole(...node('hunt', path, '--rules', SIGMA, '--output', 'jsonl', '-q', ...more)));
    const t = median(runs.map((r) => r.seconds));
    note(`hunt, all public rules, ${what}: ${best(runs)}: ${Math.round(records / t).toLocaleString('en')} records/s`);
  };
  hunted('ten copies of the corpus (75,710 records), threads as the command chooses', 75_710, RUNS, ten);
  hunted('the same, two threads from the start', 75_710, RUNS, ten, '--threads', '2');
  const hundred = join(dir, 'hundred');
  for (let i = 0; i < 10; i++) cpSync(ten, join(hundred, String(i)), { recursive: true });
  hunted('a hundred copies (757,100 records, 21,300 files)', 757_100, 2, hundred);
  rmSync(hundred, { recursive: true, force: true });
  hunted('dense file', DENSE, RUNS, dense);
  const inv: Run[] = [];
  for (let i = 0; i < Math.min(2, RUNS); i++)
    inv.push(whole(...node('investigate', dense, '--rules', SIGMA, '--out', join(dir, `case${i}`), '-q')));
  note(
    `investigate, all public rules, dense file: ${best(inv)}: ${Math.round(DENSE / median(inv.map((r) => r.seconds))).toLocaleString('en')} records/s`,
  );
}
const folder = join(ROOT, 'bench', 'results', `${new Date().toISOString().slice(0, 10)}-${cpus().length}core`);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'results.txt'), `${rows.join('\n')}\n`);
rmSync(dir, { recursive: true, force: true });
