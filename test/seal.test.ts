// The seal: holds on an untouched case, fails on any change of a file, the manifest or the key; coverage of a case by rules.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { IncidentDocument } from '../src/incident/index.js';
import { ROOT, tempDir } from './support.js';

const run = (...args: string[]): { code: number | null; out: string; err: string } => {
  const r = spawnSync(process.execPath, [join(ROOT, 'dist', 'src', 'cli', 'main.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { code: r.status, out: r.stdout, err: r.stderr };
};

test('a sealed case verifies; a changed file, manifest or key is found; a key is never written over', () => {
  const dir = tempDir();
  const log = join(dir, 'access.log');
  writeFileSync(log, '203.0.113.7 - - [05/Mar/2024:08:00:00 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"\n'.repeat(3));
  const out = join(dir, 'case');
  const key = join(dir, 'k.pem');
  assert.equal(run('investigate', log, '--out', out, '-q', '--acquired-at', 'yesterday').code, 2);
  assert.equal(
    run('investigate', log, '--out', out, '-q', '--acquired-by', 'B. <i>', '--acquired-at', '2024-03-06T00:00:00Z')
      .code,
    0,
  );
  const document = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as IncidentDocument;
  assert.deepEqual(document.case.acquisitions, [
    { evidence: ['access.log'], by: 'B. <i>', time: '2024-03-06T00:00:00Z', how: null },
  ]);
  assert.match(readFileSync(join(out, 'report.html'), 'utf8'), /access\.log: taken by B\. &lt;i&gt; at 2024-03-06/);
  const sealed = run('seal', out, '--key', key, '--new-key', '--by', 'A', '--json');
  assert.equal(sealed.code, 0, sealed.err);
  const { key: print } = JSON.parse(sealed.out) as { key: string };
  const ok = run('verify', out);
  assert.equal(ok.code, 0, ok.out);
  assert.match(ok.out, new RegExp(`holds\\s+seal\\s+sealed .* by A with the key ${print}`));
  assert.equal(run('seal', out, '--key', key, '--new-key').code, 2);
  assert.equal(run('seal', out, '--key', log).code, 2);
  assert.equal(run('seal', out).code, 2);
  const report = join(out, 'report.html');
  const before = readFileSync(report);
  appendFileSync(report, ' ');
  const changed = run('verify', out);
  assert.equal(changed.code, 1);
  assert.match(changed.out, /FAILS\s+seal\s+report\.html was changed/);
  writeFileSync(report, before);
  assert.equal(run('verify', out).code, 0);
  // Searching changes nothing; a change of the store is seen as one of the report is.
  assert.equal(run('search', out, 'path:/a', '--json').code, 0);
  assert.equal(run('verify', out).code, 0);
  for (const name of ['store.duckdb', 'run.json', 'journal.bin', 'exhibits.json']) {
    const file = join(out, name);
    const was = readFileSync(file);
    appendFileSync(file, ' ');
    assert.match(run('verify', out).out, new RegExp(`FAILS\\s+seal\\s+${name} was changed`));
    writeFileSync(file, was);
  }
  const path = join(out, 'seal.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"by": "A"', '"by": "B"'));
  assert.match(run('verify', out).out, /FAILS\s+seal\s+the signature does not fit/);
  writeFileSync(path, '{');
  assert.match(run('verify', out).out, /FAILS\s+seal\s+it cannot be read/);
});

test('coverage of a case says which rules could run and what the others lacked', () => {
  const dir = tempDir();
  const log = join(dir, 'access.log');
  const rules = join(dir, 'rules');
  writeFileSync(log, '203.0.113.7 - - [05/Mar/2024:08:00:00 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"\n');
  const rule = (id: string, logsource: string): string =>
    `title: Rule ${id}\nid: 00000000-0000-4000-8000-00000000000${id}\nlogsource:\n  ${logsource}\ndetection:\n  s:\n    a: b\n  condition: s\n`;
  spawnSync(process.execPath, ['-e', `require('fs').mkdirSync(${JSON.stringify(rules)})`]);
  writeFileSync(join(rules, '1.yml'), rule('1', 'category: webserver'));
  writeFileSync(join(rules, '2.yml'), rule('2', 'product: windows\n  service: security'));
  writeFileSync(join(rules, '3.yml'), rule('3', 'product: onelogin\n  service: onelogin.events'));
  assert.equal(run('investigate', log, '--out', join(dir, 'case'), '-q').code, 0);
  const r = run('rules', 'coverage', join(dir, 'case'), rules, '--json');
  assert.deepEqual(JSON.parse(r.out), {
    rules: 3,
    could_run: 1,
    lacked: [{ source: 'Security', rules: 1 }],
    kinds_not_read: 1,
  });
});
