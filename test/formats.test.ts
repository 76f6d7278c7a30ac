// Text formats: each told by its content and read to exactly the expected records; parts of a file give what the whole
// gives; lines of every kind survive; on the shared samples the counts stay as they are.
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { microsText, parseMicros } from '../src/base/index.js';
import { identifyBlocks, identifyText, TEXT_FORMATS, textFormat, textHead } from '../src/formats/registry/registry.js';
import { MAX_LINE_BYTES, readLines, readUnits } from '../src/formats/text/lines.js';
import { settleTime, type TextRecord } from '../src/formats/text/record.js';
import { latestDate, statedZone } from '../src/pipeline/collected.js';
import { textParts } from '../src/pipeline/plan.js';
import { readText, textObject } from '../src/pipeline/text-records.js';
import { random } from '../src/range/random.js';
import { EVIDENCE, needsShared, ROOT } from './support.js';

interface Case {
  readonly format: string;
  readonly name: string;
  readonly input: string;
  readonly zone?: number;
  readonly reference?: string;
  records?: unknown[];
  skipped?: number;
}

const CASES = join(ROOT, 'test', 'cases', 'formats.yaml');
const cases = parse(readFileSync(CASES, 'utf8')) as Case[];
const dir = mkdtempSync(join(tmpdir(), 'backtrail-formats-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

function read(
  input: string | Buffer,
  id: string,
  options: {
    zone?: number | null;
    reference?: number;
    parts?: readonly { from: number; to: number; header: readonly string[] }[];
  } = {},
): { records: Record<string, unknown>[]; skipped: number; lines: number } {
  const path = join(dir, 'x.log');
  writeFileSync(path, input);
  const records: Record<string, unknown>[] = [];
  let skipped = 0;
  let lines = 0;
  const size = statSync(path).size;
  const fd = openSync(path, 'r');
  try {
    for (const part of options.parts ?? [{ from: 0, to: size, header: [] }]) {
      const base = lines;
      const parser = textFormat(id)!.parser(
        {
          zone: options.zone ?? null,
          reference: options.reference ?? Date.UTC(2030, 0) * 1000,
          host: '',
          header: part.header,
          report: () => {},
        },
        (r: TextRecord) => records.push({ ...textObject(r), line: r.line + base }),
      );
      lines += readUnits(fd, part.from, part.to, textFormat(id)!.ending, (t, l, o) => parser.line(t, l, o)).lines;
      parser.end();
      skipped += parser.skipped;
    }
  } finally {
    closeSync(fd);
  }
  return { records, skipped, lines };
}

const plain = (v: unknown): unknown => JSON.parse(JSON.stringify(v)) as unknown;

for (const c of cases)
  test(`format ${c.format}: ${c.name}`, () => {
    const head = textHead(Buffer.from(c.input));
    assert.equal(identifyText(head!)?.format.id, c.format, 'told by content');
    const got = read(c.input, c.format, {
      zone: c.zone ?? null,
      ...(c.reference === undefined ? {} : { reference: parseMicros(c.reference) }),
    });
    if (process.env.UPDATE === '1') {
      c.records = plain(got.records) as unknown[];
      c.skipped = got.skipped;
      return;
    }
    assert.deepEqual(plain(got.records), c.records);
    assert.equal(got.skipped, c.skipped);
  });

if (process.env.UPDATE === '1')
  test('rewrite', () =>
    writeFileSync(
      CASES,
      `# Lines (made for this file) and the records that they give. Rewrite with UPDATE=1. \`reference\`: dates without a year are before it.\n${stringify(cases, { lineWidth: 0 })}`,
    ));

test('events that all stand on one line are read whole, however long it is, and each has a number of its own', () => {
  const event = (n: number): string =>
    `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>${n % 7}</EventID><TimeCreated SystemTime='2024-03-05T08:00:01.000Z'/><EventRecordID>${n}</EventRecordID><Channel>Security</Channel><Computer>pc1</Computer></System><EventData><Data Name='x'>ä${'y'.repeat(n % 300)}</Data></EventData></Event>`;
  const text = `<?xml version="1.0"?><Events>${Array.from({ length: 20_000 }, (_, n) => event(n)).join('')}</Events>`;
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const bytes = encoding === 'utf8' ? Buffer.from(text) : Buffer.from(`\ufeff${text}`, 'utf16le');
    assert.ok(bytes.length > MAX_LINE_BYTES);
    const { records, skipped } = read(bytes, 'event-xml-packed');
    assert.equal(skipped, 0);
    assert.equal(records.length, 20_000);
    assert.deepEqual(
      records.map((r) => r.line),
      Array.from({ length: 20_000 }, (_, n) => n + 1),
    );
  }
});

test('what a collection says of a machine: zones, times', () => {
  assert.deepEqual(statedZone('                Time zone: Europe/Stockholm (CET, +0100)\n', 'h/timedatectl.txt', 0), {
    minutes: 60,
    name: 'Europe/Stockholm',
  });
  assert.equal(statedZone('Time zone: America/St_Johns (NST, -0330)', 'h/timedatectl.txt', 0)?.minutes, -210);
  assert.equal(statedZone('Asia/Tokyo\n', 'h/etc/timezone', Date.UTC(2024, 0))?.minutes, 540);
  assert.equal(statedZone('Nowhere/Land\n', 'h/etc/timezone', Date.UTC(2024, 0)), null);
  // Summer time counts; in the hour that is there twice, the first is meant.
  const east = (local: string, minutes = 60): string => {
    const r = { sure: 'given', micros: parseMicros(local) - minutes * 60e6 } as TextRecord;
    settleTime(r, [], { name: 'Europe/Vienna', minutes });
    return (microsText(r.micros) ?? '').slice(0, 16);
  };
  assert.equal(east('2024-01-15T12:00:00Z'), '2024-01-15T11:00');
  assert.equal(east('2024-07-15T12:00:00Z'), '2024-07-15T10:00');
  assert.equal(east('2024-07-15T12:00:00Z', 120), '2024-07-15T10:00');
  assert.equal(east('2024-01-15T12:00:00Z', 120), '2024-01-15T11:00');
  assert.equal(east('2024-03-31T03:30:00Z'), '2024-03-31T01:30');
  assert.equal(east('2024-10-27T02:30:00Z'), '2024-10-27T00:30');
  assert.equal(east('2024-10-27T03:30:00Z'), '2024-10-27T02:30');
  assert.equal(statedZone('no zone', 'h/timedatectl.txt', 0), null);
  assert.equal(latestDate('type=X msg=audit(1709625601.123:77): a'), 1_709_625_601_000_000);
  assert.equal(latestDate('1.2.3.4 - - [05/Mar/2024:08:00:01 +0000] "GET /"'), Date.UTC(2024, 2, 5, 8, 0, 1) * 1000);
  assert.equal(latestDate('Mar  5 08:00:01 h sshd: nothing'), Number.NEGATIVE_INFINITY);
});

test('every format has a case', () => {
  // Files of blocks have a test of their own.
  const have = new Set([
    ...cases.map((c) => c.format),
    ...TEXT_FORMATS.filter((f) => f.block !== undefined).map((f) => f.id),
  ]);
  assert.deepEqual(
    TEXT_FORMATS.map((f) => f.id).filter((id) => !have.has(id)),
    [],
  );
});

test('a long log read in parts gives the records of the whole, with columns that change in the middle', () => {
  const r = random(5);
  for (const id of ['w3c', 'zeek', 'access-log']) {
    const lines: string[] = [];
    const header = (n: number): void => {
      if (id === 'w3c')
        lines.push('#Version: 1.0', `#Fields: date time c-ip cs-method cs-uri-stem${n % 2 === 0 ? ' sc-status' : ''}`);
      if (id === 'zeek' && n === 0)
        lines.push(
          '#separator \\x09',
          '#set_separator\t,',
          '#empty_field\t(empty)',
          '#unset_field\t-',
          '#path\tconn',
          '#fields\tts\tuid\tid.orig_h',
          '#types\ttime\tstring\taddr',
        );
    };
    let n = 0;
    header(0);
    for (let i = 0; i < 260_000; i++) {
      if (i > 0 && i % 70_000 === 0) header(++n);
      const t = new Date(Date.UTC(2024, 2, 5) + i * 1000).toISOString();
      const ip = `10.${r.below(256)}.${r.below(256)}.1`;
      const pad = 'ü'.repeat(r.below(3));
      if (id === 'w3c')
        lines.push(
          `${t.slice(0, 10)} ${t.slice(11, 19)} ${ip} GET /${i}${pad}/some/longer/path/for/volume${n % 2 === 0 ? ' 200' : ''}`,
        );
      else if (id === 'zeek')
        lines.push(`${Date.parse(t) / 1000}.000001\tC${i}${pad}-some-longer-identifier-for-volume\t${ip}`);
      else lines.push(`${ip} - - [05/Mar/2024:08:00:00 +0000] "GET /${i}${pad} HTTP/1.1" 200 12 "-" "some agent"`);
    }
    const data = Buffer.from(`${lines.join('\n')}\n`);
    const path = join(dir, 'long.log');
    writeFileSync(path, data);
    const fd = openSync(path, 'r');
    const parts = textParts(fd, data.length, textFormat(id)!, data.subarray(0, 65536));
    closeSync(fd);
    assert.ok(parts.length > 1, `${id}: ${parts.length} parts of ${data.length}`);
    const whole = read(data, id);
    const split = read(data, id, { parts });
    assert.equal(whole.records.length, 260_000);
    assert.equal(split.lines, whole.lines);
    assert.equal(split.skipped, 0);
    assert.deepEqual(split.records, whole.records, id);
  }
});

test('lines: CR LF, UTF-16, a byte order mark, mixed encodings, no line end, a line of 9 MB', () => {
  const texts = (b: Buffer): { lines: string[]; cut: readonly number[]; nul: boolean; offsets: number[] } => {
    const path = join(dir, 'l.log');
    writeFileSync(path, b);
    const fd = openSync(path, 'r');
    const lines: string[] = [];
    const offsets: number[] = [];
    const r = readLines(fd, 0, b.length, (t, n, o) => {
      assert.equal(n, lines.length + 1);
      lines.push(t);
      offsets.push(o);
    });
    closeSync(fd);
    return { lines, cut: r.cut, nul: r.nulBytes, offsets };
  };
  assert.deepEqual(texts(Buffer.from('a\r\nb\n\nc')).lines, ['a', 'b', '', 'c']);
  assert.deepEqual(texts(Buffer.from('a\r\nb\n\nc')).offsets, [0, 3, 5, 6]);
  assert.deepEqual(texts(Buffer.from('\ufeffa\nb\n')).lines, ['a', 'b']);
  assert.deepEqual(texts(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('ä\r\nb', 'utf16le')])).lines, [
    'ä',
    'b',
  ]);
  assert.deepEqual(texts(Buffer.concat([Buffer.from('ä\n'), Buffer.from([0xe4, 0x0a]), Buffer.from('x')])).lines, [
    'ä',
    'ä',
    'x',
  ]);
  assert.deepEqual(texts(Buffer.alloc(0)).lines, []);
  assert.equal(texts(Buffer.from('a\0b\n')).nul, true);
  const long = texts(Buffer.concat([Buffer.from('x\n'), Buffer.alloc(9_000_000, 97), Buffer.from('\nend\n')]));
  assert.deepEqual(
    long.lines.map((l) => l.length),
    [1, MAX_LINE_BYTES, 3],
  );
  assert.deepEqual(long.cut, [2]);
});

test("every parser survives every other format's lines, damage and depth", () => {
  const r = random(11);
  const pool = cases.flatMap((c) => c.input.split('\n'));
  pool.push(
    '',
    ' ',
    '\0\0\0',
    `${'['.repeat(10_000)}`,
    `${'{"a":'.repeat(10_000)}`,
    '{"a":"b"',
    '"""',
    '<Event',
    '#Fields:',
    '#Fields: ',
    'type=EXECVE msg=audit(1.1:1): a0=0',
    ',,,,,,',
    '\t\t\t',
    '99/99/9999 99:99:99',
  );
  for (const f of TEXT_FORMATS)
    for (let round = 0; round < 30; round++) {
      let records = 0;
      const own = cases.filter((c) => c.format === f.id).flatMap((c) => c.input.split('\n'));
      const parser = f.parser({ zone: null, reference: 1.7e15, host: '', header: [], report: () => {} }, (rec) => {
        records++;
        assert.equal(rec.names.length, rec.values.length, `${f.id}: as many values as names`);
      });
      for (let i = 0; i < 120; i++) {
        let line = r.pick(r.chance(0.6) && own.length > 0 ? own : pool);
        if (r.chance(0.4) && line.length > 0) {
          const at = r.below(line.length);
          line = r.chance(0.5)
            ? line.slice(0, at)
            : `${line.slice(0, at)}${String.fromCharCode(r.below(0x3000))}${line.slice(at + 1)}`;
        }
        parser.line(line, i + 1, i * 100);
      }
      parser.end();
      assert.ok(records >= 0);
    }
});

test('the shared samples give the records that they gave', needsShared, () => {
  const path = join(ROOT, 'test', 'cases', 'formats-shared.json');
  const folder = join(EVIDENCE, 'formats');
  const want = JSON.parse(readFileSync(path, 'utf8')) as Record<string, [string, number, number]>;
  const got: Record<string, [string, number, number]> = {};
  for (const name of Object.keys(want)) {
    const bytes = readFileSync(join(folder, name));
    const head = textHead(bytes.subarray(0, 65_536));
    const found = head === null ? null : identifyText(head);
    if (found === null) {
      got[name] = ['', 0, 0];
      continue;
    }
    const { records, skipped } = read(bytes, found.format.id);
    got[name] = [found.format.id, records.length, skipped];
  }
  if (process.env.UPDATE === '1') writeFileSync(path, `${JSON.stringify(got, null, 1)}\n`);
  else assert.deepEqual(got, want);
});

/** A login record as utmp(5) lays it out. */
function loginRecord(type: number, user: string, line: string, host: string, ip: number[], seconds: number): Buffer {
  const b = Buffer.alloc(384);
  b.writeInt16LE(type, 0);
  b.writeInt32LE(4711, 4);
  b.write(line, 8);
  b.write(user, 44);
  b.write(host, 76);
  b.writeInt32LE(12, 336);
  b.writeUInt32LE(seconds, 340);
  b.writeInt32LE(250_000, 344);
  Buffer.from(ip).copy(b, 348);
  return b;
}

test('logins of Linux: records of 384 bytes, failed ones, IPv6, wiped ones counted', () => {
  const at = Date.UTC(2024, 2, 5, 8) / 1000;
  const six = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 9];
  const data = Buffer.concat([
    loginRecord(2, 'reboot', '~', '5.4.0', [], at),
    loginRecord(7, 'bob', 'pts/0', '203.0.113.9', [203, 0, 113, 9], at + 1),
    Buffer.alloc(384),
    loginRecord(6, 'admin', 'ssh:notty', '2001:db8::7', six, at + 2),
    loginRecord(7, 'eve', 'pts/1', 'x', mapped, at + 3),
    loginRecord(8, '', 'pts/0', '', [], at + 4),
  ]);
  const found = identifyBlocks(data, data.length);
  assert.equal(found?.format.id, 'utmp');
  assert.equal(identifyBlocks(data.subarray(1), data.length - 1), null);
  assert.equal(identifyBlocks(Buffer.alloc(3840), 3840), null, 'zeros are no log');
  const path = join(dir, 'wtmp');
  writeFileSync(path, data);
  const got: unknown[] = [];
  const { skipped } = readText(
    { path, format: 'utmp', zone: null, reference: 0, host: 'srv', mappings: [], shifts: [] },
    (r) => {
      got.push([
        r.line,
        microsText(r.micros),
        r.get('activity'),
        r.get('user'),
        r.get('src_ip'),
        r.get('line'),
        r.host,
      ]);
      return true;
    },
  );
  assert.equal(skipped, 1);
  assert.deepEqual(got, [
    [1, '2024-03-05T08:00:00.250000Z', 'boot', 'reboot', null, '~', 'srv'],
    [2, '2024-03-05T08:00:01.250000Z', 'logon', 'bob', '203.0.113.9', 'pts/0', 'srv'],
    [4, '2024-03-05T08:00:02.250000Z', 'logon failed', 'admin', '2001:db8::7', 'ssh:notty', 'srv'],
    [5, '2024-03-05T08:00:03.250000Z', 'logon', 'eve', '10.0.0.9', 'pts/1', 'srv'],
    [6, '2024-03-05T08:00:04.250000Z', 'logoff', null, null, 'pts/0', 'srv'],
  ]);
});
