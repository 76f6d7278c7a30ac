// A run that is killed at any moment goes on to the same case; a finished case takes more evidence and says what one run over
// all of it would say; a case can be searched while it is made.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Journal } from '../src/case/index.js';
import { en } from '../src/messages/index.js';
import { openStore } from '../src/pipeline/search.js';
import { verifyCase } from '../src/pipeline/verify.js';
import { loadRules } from '../src/detect/index.js';
import { random } from '../src/range/random.js';
import { playRange } from '../src/range/index.js';
import { type CaseStore, parseQuery } from '../src/store/index.js';
import { filesBelow, ROOT, tempDir } from './support.js';

process.env.SOURCE_DATE_EPOCH = '1700000000';

const cli = (args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(ROOT, 'dist', 'src', 'cli', 'main.js'), ...args], { encoding: 'utf8' });

const put = (path: string, content: string | Buffer): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};

/** Event logs of the sample enterprise, a long access log, files that are no logs, and a copy. */
function evidence(): string {
  const dir = tempDir();
  const logs = join(dir, 'logs');
  const range = join(dir, 'range');
  playRange({ scenario: 'mail-server', seed: 3, hosts: 14, days: 10, scale: 2, format: 'evtx', out: range });
  for (const path of filesBelow(range, '.evtx').slice(0, 12))
    put(join(logs, path.slice(range.length)), readFileSync(path));
  const r = random(9);
  let lines = '';
  for (let i = 0; i < 100_000; i++)
    lines += `10.0.${r.below(9)}.${r.below(250)} - - [05/Mar/2024:08:${String(Math.floor(i / 60_00)).padStart(2, '0')}:00 +0000] "GET /${i}?x=${r.below(99)} HTTP/1.1" ${r.below(20) === 0 ? 500 : 200} ${r.below(9999)} "-" "a browser of some kind"\n`;
  lines += 'no line of this format\n';
  put(join(logs, 'web', 'access.log'), lines);
  put(join(logs, 'web', 'access-copy.log'), lines);
  put(join(logs, 'notes.bin'), Buffer.from([0, 1, 2, 3, 255, 254]));
  return logs;
}

const CHILD = join(ROOT, 'dist', 'test', 'resume-child.js');

function start(args: readonly string[]): { pid: number; ended: Promise<number | null>; text: () => string } {
  const p = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  p.stderr.on('data', (d: Buffer) => (said += d.toString()));
  return { pid: p.pid!, ended: new Promise((r) => p.on('exit', (code) => r(code))), text: () => said };
}

const ALL = ['incident.json', 'detections.jsonl', 'report.html', 'exhibits.json'];
const of = (dir: string): string[] => ALL.map((f) => readFileSync(join(dir, f), 'utf8'));

/** What a case's store answers, without the numbers that it gives to texts. */
async function answers(dir: string): Promise<unknown> {
  const store = (await openStore(dir)) as CaseStore;
  try {
    const found = [];
    for (const q of ['status:500', 'user:*a*', 'host:*', 'evidence:access.log path:/77*', 'level:high'])
      found.push(await store.search({ query: parseQuery(q), limit: 200 }));
    const { texts: _, ...counts } = await store.counts();
    return { found, counts, coverage: await store.coverage() };
  } finally {
    await store.close();
  }
}

test('50 kills at random moments: the case is the one of an unbroken run', { timeout: 300_000 }, async () => {
  const logs = evidence();
  const work = tempDir();
  const unpack = (): string => mkdtempSync(join(work, 'u-'));
  const whole = join(work, 'whole');
  const plain = start([logs, whole, unpack(), '0']);
  assert.equal(await plain.ended, 0, plain.text());
  const expected = of(whole);
  const wanted = await answers(whole);
  const r = random(17);
  let kills = 0;
  let rounds = 0;
  let far = 0;
  while (kills < 50) {
    const out = join(work, `broken-${rounds++}`);
    for (;;) {
      const run = start([logs, out, unpack(), '15']);
      const outcome = await Promise.race([run.ended, sleep(150 + r.below(1200)).then(() => 'late' as const)]);
      if (outcome === 'late') {
        process.kill(run.pid, 'SIGKILL');
        await run.ended;
        kills++;
        if (existsSync(join(out, 'journal.bin')) && readFileSync(join(out, 'journal.bin')).length > 10_000) far++;
        continue;
      }
      assert.equal(outcome, 0, run.text());
      break;
    }
    ALL.forEach((f, i) => assert.equal(readFileSync(join(out, f), 'utf8'), expected[i], `${f} after kills`));
    assert.deepEqual(await answers(out), wanted);
    rmSync(out, { recursive: true });
  }
  assert.ok(far > 5, `${far} of ${kills} kills were in the middle of the reading`);
});

test('add: a finished case with more evidence is the case of all of it; what it has is not read again', async () => {
  const dir = tempDir();
  const logs = evidence();
  const line = (i: number): string =>
    `10.0.0.1 - - [05/Mar/2024:09:00:0${i % 10} +0000] "GET /more/${i} HTTP/1.1" 404 1 "-" "x"\n`;
  const more = join(dir, 'more');
  mkdirSync(more);
  writeFileSync(join(more, 'second.log'), Array.from({ length: 50 }, (_, i) => line(i)).join(''));
  const all = join(dir, 'all');
  const grown = join(dir, 'grown');
  assert.equal(cli(['investigate', logs, more, '--out', all, '--quiet']).status, 0);
  assert.equal(cli(['investigate', logs, '--out', grown, '--quiet']).status, 0);
  const before = readFileSync(join(grown, 'journal.bin')).length;
  const added = cli(['add', grown, more]);
  assert.equal(added.status, 0, added.stderr);
  assert.match(added.stderr, /1 new files/);
  assert.ok(readFileSync(join(grown, 'journal.bin')).length < before + 4000, 'only the new file was read');
  const plain = (d: string): unknown => {
    const doc = JSON.parse(readFileSync(join(d, 'incident.json'), 'utf8')) as { case: Record<string, unknown> };
    return { ...doc, case: { ...doc.case, id: '', title: '' } };
  };
  assert.deepEqual(plain(grown), plain(all));
  assert.deepEqual(await answers(grown), await answers(all));
  const checks = [];
  for await (const c of verifyCase(grown, { rules: loadRules([join(ROOT, 'rules')]), messages: en })) checks.push(c);
  assert.deepEqual(
    checks.filter((c) => !c.ok),
    [],
  );
  // The same once more, and the same names with other content.
  assert.match(cli(['add', grown, more]).stderr, /Nothing new/);
  writeFileSync(join(more, 'second.log'), Array.from({ length: 70 }, (_, i) => line(i)).join(''));
  const third = cli(['add', grown, more]);
  assert.equal(third.status, 0, third.stderr);
  const doc = JSON.parse(readFileSync(join(grown, 'incident.json'), 'utf8')) as {
    evidence: { path: string; records: number }[];
  };
  assert.deepEqual(
    doc.evidence.filter((e) => e.path.endsWith('second.log')).map((e) => [e.path, e.records]),
    [
      ['more/second.log', 50],
      ['more~2/second.log', 70],
    ],
  );
});

test('resume: refused where evidence or rules changed; a damaged journal is told', async () => {
  const dir = tempDir();
  const logs = evidence();
  const out = join(dir, 'case');
  assert.equal(cli(['investigate', logs, '--out', out, '--quiet']).status, 0);
  const state = (s: string): void =>
    writeFileSync(
      join(out, 'case.json'),
      readFileSync(join(out, 'case.json'), 'utf8').replace(/"state": "\w+"/, `"state": "${s}"`),
    );
  assert.match(cli(['investigate', '--resume', '--out', out]).stderr, /is complete/);
  state('running');
  const journal = readFileSync(join(out, 'journal.bin'));
  writeFileSync(join(out, 'journal.bin'), journal.subarray(0, journal.length / 2));
  const damaged = cli(['investigate', '--resume', '--out', out]);
  assert.equal(damaged.status, 4);
  assert.match(damaged.stderr, /journal is shorter/);
  writeFileSync(join(out, 'journal.bin'), journal);
  writeFileSync(join(logs, 'new.log'), 'more\n');
  const changed = cli(['investigate', '--resume', '--out', out]);
  assert.equal(changed.status, 4);
  assert.match(changed.stderr, /evidence as it was.*new\.log/);
  rmSync(join(logs, 'new.log'));
  assert.equal(cli(['investigate', '--resume', '--out', out, '--quiet']).status, 0);
});

test('a case is searched while it is made', async () => {
  const dir = tempDir();
  const out = join(dir, 'case');
  const run = start([evidence(), out, join(dir, 'u'), '120']);
  let found = 0;
  for (let i = 0; i < 100 && found === 0; i++) {
    await sleep(100);
    if (!existsSync(join(out, 'serve.json'))) continue;
    const r = cli(['search', out, 'host:*', '--output', 'json', '--limit', '3']);
    if (r.status === 0) found = (JSON.parse(r.stdout) as { total: number }).total;
  }
  assert.ok(found > 0);
  const sql = cli(['search', out, '--sql', 'select 1']);
  if (existsSync(join(out, 'serve.json'))) assert.match(sql.stderr, /when the investigation has ended/);
  process.kill(run.pid, 'SIGKILL');
  await run.ended;
  // A dead one does not hinder: the store is opened itself.
  assert.equal(cli(['search', out, 'host:*', '--quiet']).status, 0);
});

test('journal: frames come back; a cut or changed one is an error', () => {
  const path = join(tempDir(), 'j');
  const j = Journal.open(path, 0);
  const frames = [{ a: Number.NaN }, 'x'.repeat(3 << 20), [1, -Infinity, undefined]];
  for (const f of frames) j.append(f);
  j.sync();
  const { bytes } = j;
  j.append('not committed');
  j.close();
  assert.deepEqual([...Journal.read(path, bytes)], frames);
  assert.throws(() => [...Journal.read(path, bytes - 1)]);
  const again = Journal.open(path, bytes);
  again.append('next');
  again.close();
  assert.deepEqual([...Journal.read(path, again.bytes)], [...frames, 'next']);
});

test('standard input is evidence; it cannot be resumed or added', () => {
  const out = join(tempDir(), 'case');
  const input = Array.from(
    { length: 500 },
    (_, i) => `10.0.0.1 - - [05/Mar/2024:09:00:00 +0000] "GET /${i} HTTP/1.1" 404 1 "-" "x"\n`,
  ).join('');
  const main = join(ROOT, 'dist', 'src', 'cli', 'main.js');
  const run = spawnSync(process.execPath, [main, 'investigate', '-', '--out', out, '--quiet'], {
    input,
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  const doc = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as {
    evidence: { path: string; records: number }[];
  };
  assert.deepEqual(
    doc.evidence.map((e) => [e.path, e.records]),
    [['stdin', 500]],
  );
  const added = spawnSync(process.execPath, [main, 'add', out, '-'], { input, encoding: 'utf8' });
  assert.equal(added.status, 2);
  assert.match(added.stderr, /standard input/);
});
