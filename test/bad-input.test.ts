// Evidence as bad as it gets, through the whole of `investigate`: it ends, counts what it could not use, and reads the rest.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { IncidentDocument } from '../src/incident/index.js';
import { ROOT, tempDir } from './support.js';

const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const dir = tempDir();
after(() => rmSync(dir, { recursive: true, force: true }));

const access = (i: number): string =>
  `10.0.0.${i % 250} - - [05/Mar/2024:10:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')} +0000] "GET /p${i} HTTP/1.1" 200 12 "-" "x"\n`;
const logs = (n: number, from = 0): string => Array.from({ length: n }, (_, i) => access(from + i)).join('');

test('hand-made bad logs: counted, listed, survived, and the good lines read', () => {
  const evidence = join(dir, 'bad');
  mkdirSync(evidence);
  const put = (name: string, content: string | Buffer): void => writeFileSync(join(evidence, name), content);
  // A line of 100 MB in the middle.
  const fd = openSync(join(evidence, 'long.log'), 'w');
  writeSync(fd, logs(50));
  const block = Buffer.alloc(1 << 20, 'A');
  for (let i = 0; i < 100; i++) writeSync(fd, block);
  writeSync(fd, `\n${logs(50, 50)}`);
  closeSync(fd);
  put('nul.log', Buffer.concat([Buffer.from(logs(50, 100)), Buffer.alloc(5000), Buffer.from(`\n${logs(50, 150)}`)]));
  put(
    'mixed.log',
    Buffer.concat([
      Buffer.from(logs(20, 200).replaceAll('\n', '\r\n')),
      Buffer.from(logs(20, 220).replaceAll('/p', '/\u00e9'), 'latin1'),
      Buffer.from(logs(20, 240).replaceAll('/p', '/\u00e9'), 'utf8'),
    ]),
  );
  put(
    'header.log',
    `#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip\n${'2024-03-05 10:00:00 10.0.0.1 GET /more 200\n'.repeat(20)}#Fields: date time c-ip cs-method cs-uri-stem sc-status\n${'2024-03-05 10:00:00 10.0.0.1 GET /more 200\n'.repeat(30)}`,
  );
  // The format changes half-way.
  put(
    'change.log',
    `${logs(60, 300)}${'Mar  5 10:00:00 host sshd[1]: Accepted password for root from 10.0.0.1 port 22 ssh2\n'.repeat(40)}`,
  );
  put('back.log', `${logs(40, 400)}${logs(40, 100)}${logs(40, 2000)}`);
  put('in.csv', `time,message\n${'2024-03-05T10:00:00Z,"a,b\n""1,2"",3\nline"\n'.repeat(30)}`);
  put('two.csv', `when,time\n${'x,2024-03-05 10:00:00\n'.repeat(30)}`);
  put('deep.json', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}\n`);
  put(
    'deep-lines.json',
    `${'{"time":"2024-03-05T10:00:00Z","message":"m"}\n'.repeat(20)}{"time":"2024-03-05T10:00:00Z","a":${'['.repeat(10_000)}${']'.repeat(10_000)}}\n`,
  );
  put('empty.log', '');
  put('noise.bin', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255)));
  if (process.platform !== 'win32') {
    spawnSync('mkfifo', [join(evidence, 'pipe.log')]);
    symlinkSync('/dev/zero', join(evidence, 'zero.log'));
    symlinkSync('.', join(evidence, 'loop'));
  }
  const out = join(dir, 'case');
  const r = spawnSync(process.execPath, [CLI, 'investigate', evidence, '--out', out, '--quiet'], {
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, NO_COLOR: '1', BACKTRAIL_CACHE: join(dir, 'cache') },
  });
  assert.equal(r.status, 0, r.stderr);
  const doc = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as IncidentDocument;
  const got = new Map(
    doc.evidence.map((f) => [
      f.path.replace(/^bad\//, ''),
      `${f.format} ${f.records} ${f.status} ${f.lines_skipped ?? ''}`,
    ]),
  );
  const entry = (name: string) => {
    const f = doc.evidence.find((x) => x.path === `bad/${name}`);
    assert.ok(f, `${name} is not in the register`);
    return f;
  };
  const expected: Record<string, string> = {
    'long.log': 'access-log 100 partial 1',
    'nul.log': 'access-log 100 parsed 0',
    'mixed.log': 'access-log 60 parsed 0',
    // Rows that are longer than their header says are not guessed at.
    'header.log': 'w3c 30 partial 20',
    'change.log': 'access-log 60 partial 40',
    'back.log': 'access-log 120 parsed 0',
    'in.csv': 'csv 30 parsed 0',
    'two.csv': 'csv 30 parsed 0',
    'deep.json': 'json-lines 0 partial 1',
    'deep-lines.json': 'json-lines 20 parsed 1',
    'empty.log': 'empty 0 skipped ',
    'noise.bin': 'unknown 0 skipped ',
  };
  for (const [name, what] of Object.entries(expected)) assert.equal(got.get(name), what, name);
  if (process.platform !== 'win32')
    for (const [name, what] of [
      ['pipe.log', 'a pipe'],
      ['zero.log', 'a symbolic link to a device'],
      ['loop', 'a symbolic link to a folder'],
    ] as const) {
      assert.equal(entry(name).status, 'skipped');
      assert.ok(entry(name).problems[0]!.what.includes(what), entry(name).problems[0]!.what);
    }
  // What was skipped is listed: lines and bytes, found in the file again.
  const changed = entry('change.log');
  const text = readFileSync(join(evidence, 'change.log'), 'utf8');
  assert.deepEqual(changed.skipped_ranges, [{ lines: [61, 100], bytes: [text.indexOf('Mar  5'), text.length] }]);
  assert.deepEqual(
    entry('long.log').skipped_ranges?.map((r) => r.lines),
    [[51, 51]],
  );
  assert.equal(
    entry('long.log').skipped_ranges![0]!.bytes[1] - entry('long.log').skipped_ranges![0]!.bytes[0],
    (100 << 20) + 1,
  );
  assert.ok(entry('nul.log').problems.some((p) => p.what.includes('NUL')));
  // Times as they are written, not as they follow each other.
  assert.equal(entry('back.log').first, '2024-03-05T10:01:40.000000Z');
});
