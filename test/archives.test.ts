// Archives: everything in them is read and cited, names lead nowhere, bombs and loops are refused with the reason, damage
// leaves the rest, a case made from archives verifies.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { SevenZipModuleFactory } from '7z-wasm';
import { en } from '../src/messages/index.js';
import { investigate } from '../src/pipeline/investigate.js';
import { verifyCase } from '../src/pipeline/verify.js';
import {
  archiveKind,
  expand,
  hostOf,
  MAX_ARCHIVE_DEPTH,
  memberName,
  type SourceFile,
  walk,
} from '../src/sources/index.js';
import { tarOf, tempDir, zipOf } from './support.js';

/** A 7z archive of a folder's files; a Map's value of `{ link }` makes a symbolic link. */
async function sevenZipOf(
  files: Record<string, string | { link: string }>,
  options: { password?: string; names?: boolean } = {},
): Promise<Buffer> {
  const { default: make } = (await import('7z-wasm')) as unknown as { default: SevenZipModuleFactory };
  const z = await make({ print: () => {}, printErr: () => {} });
  z.FS.mkdir('/in');
  for (const [name, data] of Object.entries(files)) {
    let at = '/in';
    for (const part of name.split('/').slice(0, -1)) {
      at += `/${part}`;
      try {
        z.FS.mkdir(at);
      } catch {
        // there already
      }
    }
    if (typeof data === 'string') {
      z.FS.writeFile(`/in/${name}`, data);
      z.FS.utime(`/in/${name}`, Date.UTC(2024, 2, 5), Date.UTC(2024, 2, 5));
    } else z.FS.symlink(data.link, `/in/${name}`);
  }
  const secret = options.password === undefined ? [] : [`-p${options.password}`, ...(options.names ? ['-mhe=on'] : [])];
  const before = process.exitCode;
  z.callMain(['a', '-snl', '-mx=1', ...secret, '/out.7z', '/in/*']);
  process.exitCode = before;
  return Buffer.from(z.FS.readFile('/out.7z'));
}

const LOG = '203.0.113.7 - - [05/Mar/2024:08:00:00 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"\n';

async function open(
  files: Record<string, Buffer>,
  passwords: readonly string[] = [],
): Promise<{ names: string[]; problems: string[]; text: (name: string) => string; files: readonly SourceFile[] }> {
  const dir = tempDir();
  mkdirSync(join(dir, 'in'));
  for (const [name, data] of Object.entries(files)) writeFileSync(join(dir, 'in', name), data);
  const folder = join(dir, 'out');
  const r = await expand(walk([join(dir, 'in')]).files, { folder, passwords });
  // Whatever the names were, only numbers are in the folder.
  for (const n of readdirSync(folder)) assert.match(n, /^\d+$/);
  for (const f of r.files) if (f.container !== undefined) assert.equal(dirname(resolve(f.path)), resolve(folder));
  return {
    names: r.files.map((f) => f.name),
    problems: r.containers.flatMap((c) => c.problems.map((p) => `${p.place.file}: ${p.expected} / ${p.found}`)),
    text: (name) => readFileSync(r.files.find((f) => f.name === name)!.path, 'utf8'),
    files: r.files,
  };
}

test('zip, zip64, tar, gzip and archives in archives give their members under their names', async () => {
  const inner = await zipOf({ 'b/access.log': LOG });
  const r = await open({
    'a.zip': await zipOf({ 'x/access.log': LOG, 'empty.log': '' }, { zip64: true }),
    'b.tar': await tarOf([
      { name: 'y/access.log', data: LOG },
      { name: 'in.zip', data: inner },
    ]),
    'c.log.gz': gzipSync(LOG),
    'd.tar.gz': gzipSync(await tarOf([{ name: 'z.log', data: LOG }])),
    'plain.log': Buffer.from(LOG),
  });
  assert.deepEqual(r.names, [
    'in/a.zip/empty.log',
    'in/a.zip/x/access.log',
    'in/b.tar/in.zip/b/access.log',
    'in/b.tar/y/access.log',
    'in/c.log.gz/c.log',
    'in/d.tar.gz/d.tar/z.log',
    'in/plain.log',
  ]);
  assert.deepEqual(r.problems, []);
  for (const n of r.names) if (!n.includes('empty')) assert.equal(r.text(n), LOG, n);
  assert.equal(r.files[1]!.reference, Date.UTC(2024, 2, 5) * 1000, "a member's own time");
});

test('encrypted members: with the password, with a wrong one first, without', async () => {
  for (const zipCrypto of [true, false]) {
    const data = await zipOf({ 'a.log': LOG }, { password: 'secret', zipCrypto });
    assert.equal((await open({ 'e.zip': data }, ['wrong', 'secret'])).text('in/e.zip/a.log'), LOG);
    const without = await open({ 'e.zip': data });
    assert.deepEqual(without.names, []);
    assert.match(without.problems.join(), /a password for this encrypted member/);
    assert.match((await open({ 'e.zip': data }, ['wrong'])).problems.join(), /the password of this encrypted member/);
  }
});

test('7z: members, passwords, encrypted names, links, a bomb, damage', async () => {
  const files = { 'x/access.log': LOG, 'b.log': LOG.repeat(3) };
  const plain = await open({ 'a.7z': await sevenZipOf(files) });
  assert.deepEqual(plain.names, ['in/a.7z/b.log', 'in/a.7z/x/access.log']);
  assert.deepEqual(plain.problems, []);
  assert.equal(plain.text('in/a.7z/x/access.log'), LOG);
  assert.equal(plain.files[0]!.reference, Date.UTC(2024, 2, 5) * 1000);
  for (const names of [false, true]) {
    const data = await sevenZipOf(files, { password: 'secret', names });
    assert.equal((await open({ 'a.7z': data }, ['wrong', 'secret'])).text('in/a.7z/x/access.log'), LOG);
    for (const passwords of names ? [[]] : [[], ['wrong']]) {
      const r = await open({ 'a.7z': data }, passwords);
      assert.deepEqual(r.names, []);
      assert.match(r.problems.join(), /password/, `${names} ${passwords.join()}`);
    }
  }
  const links = await open({ 'a.7z': await sevenZipOf({ 'a.log': LOG, 'l.log': { link: '/etc/passwd' } }) });
  assert.equal(links.text('in/a.7z/a.log'), LOG);
  for (const n of links.names) assert.doesNotMatch(links.text(n), /root:/);
  const bomb = await open({ 'a.7z': await sevenZipOf({ 'zeros.log': '\0'.repeat(100 << 20) }) });
  assert.deepEqual(bomb.names, []);
  assert.match(bomb.problems.join(), /400 times/);
  const whole = await sevenZipOf(files);
  const cut = await open({ 'a.7z': whole.subarray(0, whole.length - 20) });
  assert.match(cut.problems.join(), /7z archive/);
  const wrong = Buffer.from(whole);
  wrong[40]! ^= 0xff;
  assert.match((await open({ 'a.7z': wrong })).problems.join(), /unpacks to its end/);
});

test('names lead nowhere, links are not followed, members of one name are told apart', async () => {
  const r = await open({
    't.tar': await tarOf([
      { name: '../../escape.log', data: LOG },
      { name: '/etc/absolute.log', data: LOG },
      { name: 'link', type: 'symlink', linkname: '/etc/passwd' },
      { name: 'same.log', data: 'one' },
      { name: 'same.log', data: 'two' },
    ]),
  });
  assert.deepEqual(r.names, [
    'in/t.tar/_up_/_up_/escape.log',
    'in/t.tar/etc/absolute.log',
    'in/t.tar/same.log',
    'in/t.tar/same.log~2',
  ]);
  assert.match(r.problems.join(), /a symlink: nothing is followed/);
  assert.equal(memberName('..\\..\\a\\.\\b'), '_up_/_up_/a/b');
  assert.equal(memberName('///'), '_unnamed_');
});

test('a bomb, a matryoshka and damage are refused with the reason, and the rest is read', async () => {
  const bomb = gzipSync(Buffer.alloc(300 << 20));
  let doll = Buffer.from(LOG);
  for (let i = 0; i < MAX_ARCHIVE_DEPTH + 2; i++) doll = gzipSync(doll);
  const good = await zipOf({ 'a.log': LOG.repeat(2000), 'b.log': LOG });
  const cut = good.subarray(0, good.length - 30);
  const flipped = Buffer.from(good);
  flipped[60] = flipped[60]! ^ 0xff;
  const r = await open({
    'bomb.gz': bomb,
    'doll.gz': doll,
    'cut.zip': cut,
    'flipped.zip': flipped,
    'plain.log': Buffer.from(LOG),
  });
  const text = r.problems.join('\n');
  assert.match(text, /bomb\.gz: at most 400 times the packed size/);
  assert.match(text, /at most 6 archives in one another/);
  assert.match(text, /cut\.zip: /);
  assert.match(text, /flipped\.zip/);
  assert.ok(r.names.includes('in/plain.log'));
  assert.ok(r.names.includes('in/flipped.zip/b.log'), 'the undamaged member is there');
  assert.ok(!r.names.some((n) => n.includes('bomb')));
});

test('office documents and programs that are zip files are no archives of logs', () => {
  const local = (name: string): Buffer => {
    const data = deflateRawSync('x');
    const b = Buffer.alloc(30 + name.length);
    b.writeUInt32LE(0x04034b50, 0);
    b.writeUInt16LE(name.length, 26);
    b.write(name, 30);
    return Buffer.concat([b, data]);
  };
  assert.equal(archiveKind(local('[Content_Types].xml')), null);
  assert.equal(archiveKind(local('META-INF/MANIFEST.MF')), null);
  assert.equal(archiveKind(local('logs/a.log')), 'zip');
  assert.equal(archiveKind(Buffer.from('BZh9 is text')), null);
});

test('a case made from archives has their hashes and verifies; a changed archive is found', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'in'));
  writeFileSync(
    join(dir, 'in', 'a.zip'),
    await zipOf({
      'Collection-WEB01-2024-03-05T08_00_00Z/uploads/access.log': LOG.repeat(5),
      'in.tar': await tarOf([{ name: 'old.log', data: LOG }]),
    }),
  );
  const folder = join(dir, 'unpacked');
  const openArchives = async (files: readonly SourceFile[]): ReturnType<typeof expand> =>
    expand(files, { folder: `${folder}${Math.random()}` });
  const { files, containers } = await openArchives(walk([join(dir, 'in')]).files);
  const out = join(dir, 'case');
  const { document } = await investigate(files, { out, rules: null, messages: en, containers, threads: 1 });
  const by = new Map(document.evidence.map((e) => [e.path, e]));
  assert.equal(by.get('in/a.zip')!.format, 'zip');
  assert.equal(by.get('in/a.zip')!.members, 2);
  assert.match(by.get('in/a.zip')!.sha256!, /^[0-9a-f]{64}$/);
  const member = by.get('in/a.zip/Collection-WEB01-2024-03-05T08_00_00Z/uploads/access.log')!;
  assert.equal(member.container, by.get('in/a.zip')!.id);
  assert.equal(member.records, 5);
  assert.equal(member.host, 'WEB01', 'the host is known from the collection');
  assert.equal(by.get('in/a.zip/in.tar/old.log')!.records, 1);
  const checks: string[] = [];
  for await (const c of verifyCase(out, { rules: null, messages: en, openArchives, threads: 1 }))
    checks.push(`${c.what} ${c.ok} ${c.ok ? '' : c.detail}`);
  assert.deepEqual(checks, ['case true ', 'incident.json true ', 'evidence true ', 'citations true ', 'numbers true ']);
  assert.ok(existsSync(join(out, 'store.duckdb')) && statSync(join(out, 'store.duckdb')).size > 0);
  writeFileSync(join(dir, 'in', 'a.zip'), await zipOf({ 'other.log': LOG }));
  let last = '';
  for await (const c of verifyCase(out, { rules: null, messages: en, openArchives, threads: 1 }))
    last = `${c.what} ${c.ok}`;
  assert.match(last, /evidence .* false|evidence false/);
});

test('the host of a collection is told by how collectors lay out their folders', () => {
  for (const [path, host] of [
    ['uac-web01-linux-20240305080000.tar.gz/[root]/var/log/auth.log', 'web01'],
    ['case7/uac-db-2.example.org-freebsd-20240305080000/live_response/system/date.txt', 'db-2.example.org'],
    ['evidence/web01/[root]/var/log/audit/audit.log', 'web01'],
    ['evidence/web01/live_response/network/ss_-anp.txt', 'web01'],
    ['evidence/[root]/etc/passwd', ''],
    ['collections/clients/C.1/collections/F.1/uploads/x', 'C.1'],
  ] as const)
    assert.equal(hostOf(path), host, path);
});
