// The EVTX reader and writer by themselves: round trips, values of every type, damage with exact counts.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ByteWriter } from '../src/base/index.js';
import {
  type ElementSpec,
  EvtxFile,
  eventRecord,
  eventTemplates,
  pseudoGuid,
  type RecordSpec,
  type SpecValue,
  value,
  writeTreeJson,
} from '../src/formats/evtx/index.js';
import { EVIDENCE, needsShared, oracle, readAll, sharedEvtx, tempDir, writeBytes, writeFile } from './support.js';

const dir = tempDir();
const MICROS = 1_700_000_000_123_456;

function simple(n: number, from = 1): RecordSpec[] {
  const t = eventTemplates({
    provider: 'Test',
    channel: 'Application',
    eventId: 7,
    data: [
      ['Name', 1],
      ['Number', 8],
    ],
  });
  return Array.from({ length: n }, (_, i) =>
    eventRecord(t, {
      recordId: from + i,
      micros: MICROS + i * 1e6,
      computer: 'h.example',
      data: [value.string(`n${i}`), value.uint32(i)],
    }),
  );
}

const one = (root: ElementSpec, values: SpecValue[] = []): RecordSpec => ({
  recordId: 1,
  micros: MICROS,
  body: {
    template: {
      guid: pseudoGuid(JSON.stringify(root, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))),
      root,
    },
    values,
  },
});
const parsed = (r: RecordSpec): unknown => {
  const path = join(dir, 'one.evtx');
  writeFile(path, [r]);
  const { lines, problems } = readAll(path);
  assert.deepEqual(
    problems.filter((p) => p.severity !== 'info'),
    [],
  );
  return JSON.parse(lines[0]!);
};

test('values of every type read back as Windows prints them', () => {
  const f64 = Buffer.alloc(8);
  f64.writeDoubleLE(0.1);
  const f32 = Buffer.alloc(4);
  f32.writeFloatLE(2.5);
  const systime = Buffer.alloc(16);
  for (const [i, v] of [2024, 2, 4, 29, 23, 59, 58, 7].entries()) systime.writeUInt16LE(v, i * 2);
  const cases: [string, SpecValue, unknown][] = [
    ['string', value.string('täst "q" \\ \u0001 😀'), 'täst "q" \\ \u0001 😀'],
    ['ansi', value.ansi('caf\xe9'), 'café'],
    ['int8', value.raw(3, Buffer.from([0x80])), -128],
    ['uint8', value.uint8(200), 200],
    ['int16', value.raw(5, Buffer.from([0xff, 0xff])), -1],
    ['uint16', value.uint16(65535), 65535],
    ['int32', value.int32(-7), -7],
    ['uint32', value.uint32(4294967295), 4294967295],
    ['int64', value.raw(9, Buffer.from('ffffffffffffffff', 'hex')), -1],
    ['real32', value.raw(11, f32), '2.5'],
    ['real64', value.raw(12, f64), '0.1'],
    ['true', value.bool(true), true],
    ['bool5', value.raw(13, Buffer.from([5, 0, 0, 0])), 5],
    ['binary', value.binary(Buffer.from('00ff10', 'hex')), '00FF10'],
    ['guid', value.guid('{54849625-5478-4994-a5ba-3e3b0328c30d}'), '{54849625-5478-4994-a5ba-3e3b0328c30d}'],
    ['size4', value.raw(16, Buffer.from([1, 2, 0, 0])), '0x201'],
    ['size8', value.raw(16, Buffer.from('0102030405060708', 'hex')), '0x807060504030201'],
    ['filetime', value.filetime(MICROS), '2023-11-14T22:13:20.1234560Z'],
    ['systime', value.raw(18, systime), '2024-02-29T23:59:58.0070000Z'],
    ['sid', value.sid('S-1-5-21-1-2-3-500'), 'S-1-5-21-1-2-3-500'],
    ['hex32', value.hex32(0xabc), '0xabc'],
    ['hex64', value.hex64(0x1_0000_0001n), '0x100000001'],
    ['null', value.null(), ''],
    ['strings', value.strings(['a', '', 'c']), ['a', '', 'c']],
    ['one string', value.strings(['a']), 'a'],
    ['numbers', value.raw(0x88, Buffer.from('0100000002000000', 'hex')), [1, 2]],
    [
      'guids',
      value.raw(0x8f, Buffer.alloc(32)),
      ['{00000000-0000-0000-0000-000000000000}', '{00000000-0000-0000-0000-000000000000}'],
    ],
    [
      'sids',
      value.raw(
        0x93,
        Buffer.concat([
          (value.sid('S-1-5-18') as { bytes: Buffer }).bytes,
          (value.sid('S-1-5-19') as { bytes: Buffer }).bytes,
        ]),
      ),
      ['S-1-5-18', 'S-1-5-19'],
    ],
    ['bools', value.raw(0x8d, Buffer.from('0100000000000000', 'hex')), [true, false]],
  ];
  const root: ElementSpec = {
    name: 'Event',
    children: [
      {
        name: 'EventData',
        children: cases.map(([n, v], i) => ({
          name: 'Data',
          attributes: { Name: n },
          children: [{ sub: i, type: 'type' in v ? v.type : 0, optional: false }],
        })),
      },
    ],
  };
  const data = (
    parsed(
      one(
        root,
        cases.map(([, v]) => v),
      ),
    ) as { Event: { EventData: Record<string, unknown> } }
  ).Event.EventData;
  for (const [n, , expected] of cases) assert.deepEqual(data[n], expected, n);
});

test('entities, characters, CDATA, instructions, optional and dependent values', () => {
  const root: ElementSpec = {
    name: 'Event',
    attributes: { a: ['x', { entity: 'amp' }, 'y'], gone: { sub: 0, type: 1 } },
    children: [
      {
        name: 'T',
        children: ['a', { entity: 'lt' }, { char: 65 }, { cdata: '<&>' }, { pi: 'target', data: 'ignored' }],
      },
      { name: 'Left', children: [{ sub: 0, type: 1 }], dependency: 0 },
      { name: 'Stays', children: [{ sub: 0, type: 1 }] },
      { name: 'Twice', children: ['1'] },
      { name: 'Twice', children: ['2'] },
    ],
  };
  assert.deepEqual(parsed(one(root, [value.null()])), {
    Event: { '#attributes': { a: 'x&y' }, T: 'a<A<&>', Stays: null, Twice: '1', Twice_1: '2' },
  });
});

test('nested BinXML, user data, unnamed data, and plain element streams', () => {
  const inner = {
    template: {
      guid: pseudoGuid('inner'),
      root: {
        name: 'UserData',
        children: [
          { name: 'X', attributes: { xmlns: 'urn:x' }, children: [{ name: 'Leaf', children: [{ sub: 0, type: 1 }] }] },
        ],
      } as ElementSpec,
    },
    values: [value.string('v')],
  };
  const outer: ElementSpec = {
    name: 'Event',
    children: [
      { name: 'System', children: [{ name: 'EventID', children: [{ sub: 0, type: 6 }] }] },
      { sub: 1, type: 0x21 },
    ],
  };
  assert.deepEqual(parsed(one(outer, [value.uint16(9), inner])), {
    Event: { System: { EventID: 9 }, UserData: { X: { '#attributes': { xmlns: 'urn:x' }, Leaf: 'v' } } },
  });
  const unnamed: ElementSpec = {
    name: 'Event',
    children: [
      {
        name: 'EventData',
        children: [
          { name: 'Data', children: [{ sub: 0, type: 0x81 }] },
          { name: 'Binary', children: [{ sub: 1, type: 14 }] },
        ],
      },
    ],
  };
  assert.deepEqual(parsed(one(unnamed, [value.strings(['a', 'b']), value.binary(Buffer.from([1]))])), {
    Event: { EventData: { Data: { '#text': ['a', 'b'] }, Binary: '01' } },
  });
  const plain: RecordSpec = {
    recordId: 1,
    micros: MICROS,
    body: { name: 'Event', children: [{ name: 'System', children: [{ name: 'EventID', children: ['5'] }] }] },
  };
  assert.deepEqual(parsed(plain), { Event: { System: { EventID: '5' } } });
});

test(
  'what the writer writes, our reader and the PyPI package read back equal',
  oracle('python') === null ? { skip: 'the Python package evtx is not installed (pip install evtx)' } : {},
  () => {
    const path = join(dir, 'many.evtx');
    writeFile(path, simple(2500, 40));
    const ours = readAll(path);
    assert.equal(ours.records, 2500);
    assert.deepEqual(ours.problems, []);
    const r = spawnSync(
      oracle('python')!,
      [
        '-c',
        'import sys,json\nfrom evtx import PyEvtxParser\nfor r in PyEvtxParser(sys.argv[1]).records_json(): print(json.dumps(json.loads(r["data"])))',
        path,
      ],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    const theirs = r.stdout
      .split('\n')
      .filter((l) => l !== '')
      .map((l) => JSON.parse(l) as { Event: { System: { EventRecordID: number }; EventData: unknown } });
    assert.equal(theirs.length, 2500, r.stderr);
    ours.lines.forEach((l, i) => {
      const o = JSON.parse(l) as (typeof theirs)[number];
      assert.equal(o.Event.System.EventRecordID, 40 + i);
      assert.deepEqual(o.Event.EventData, theirs[i]!.Event.EventData);
    });
  },
);

test('fields are read without building the record', () => {
  const path = join(dir, 'fields.evtx');
  writeFile(path, simple(3));
  const file = new EvtxFile(path);
  const seen = [...file.records()].length;
  assert.equal(seen, 3);
  let i = 0;
  for (const v of file.records()) {
    assert.equal(v.field('Name'), `n${i}`);
    assert.equal(v.field('Number'), String(i));
    assert.equal(v.field('EventID'), '7');
    assert.equal(v.field('Nothing'), undefined);
    assert.equal(v.recordId, i + 1);
    i++;
  }
  file.close();
});

test('the compiled way and the tree print the same bytes', needsShared, () => {
  const [a, b] = [new ByteWriter(), new ByteWriter()];
  let n = 0;
  for (const name of sharedEvtx()) {
    const file = new EvtxFile(join(EVIDENCE, name));
    for (const v of file.records()) {
      [a.pos, b.pos] = [0, 0];
      v.writeJson(a);
      writeTreeJson(b, v.tree());
      assert.ok(a.take().equals(b.take()), `${name} #${v.recordId}`);
      n++;
    }
    file.close();
  }
  assert.equal(n, 8484);
});

// Damage. The file has three chunks; what is lost is told exactly.
function damaged(
  change: (b: Buffer) => Buffer,
  options: { recover?: boolean } = {},
): { records: number; codes: string[] } {
  const path = join(dir, 'damaged.evtx');
  writeFileSync(path, change(writeBytes(simple(900))));
  const r = readAll(path, options);
  return {
    records: r.records,
    codes: [...new Set(r.problems.filter((p) => p.severity !== 'info').map((p) => p.code))].sort(),
  };
}
const CHUNK = 65536;
const recordsIn = (b: Buffer, chunk: number): number =>
  Number(b.readBigUInt64LE(4096 + chunk * CHUNK + 32) - b.readBigUInt64LE(4096 + chunk * CHUNK + 24)) + 1;

test('damage: exact counts of what is still read', () => {
  const whole = writeBytes(simple(900));
  assert.ok(whole.length >= 4096 + 3 * CHUNK, 'the sample has three chunks');
  assert.deepEqual(
    damaged((b) => b),
    { records: 900, codes: [] },
  );
  const edit =
    (f: (b: Buffer) => void) =>
    (b: Buffer): Buffer => {
      f(b);
      return b;
    };
  // A chunk whose signature is gone.
  assert.deepEqual(damaged(edit((b) => b.fill(0x41, 4096 + CHUNK, 4096 + CHUNK + 8))), {
    records: 900 - recordsIn(whole, 1),
    codes: ['evtx.chunk-magic'],
  });
  // A record whose signature is gone: that one only.
  assert.deepEqual(damaged(edit((b) => b.fill(0, 4096 + 512, 4096 + 516))), {
    records: 899,
    codes: ['evtx.chunk-checksum', 'evtx.record-header'],
  });
  // A record whose size lies.
  assert.deepEqual(damaged(edit((b) => void b.writeUInt32LE(0, 4096 + 512 + 4))), {
    records: 899,
    codes: ['evtx.chunk-checksum', 'evtx.record-size'],
  });
  // A header that says nothing true: the records are all there.
  assert.deepEqual(damaged(edit((b) => void b.writeUInt16LE(1, 42))), { records: 900, codes: ['evtx.file-checksum'] });
  assert.deepEqual(damaged(edit((b) => void b.fill(0xff, 0, 128))), { records: 900, codes: ['evtx.file-header'] });
  // Cut in the middle of the last chunk.
  const cut = damaged((b) => b.subarray(0, 4096 + 2 * CHUNK + 20_000));
  assert.ok(cut.records > recordsIn(whole, 0) + recordsIn(whole, 1) && cut.records < 900, `${cut.records}`);
  assert.ok(cut.codes.includes('evtx.chunk-truncated'));
  // A hundred bytes lost, and a hundred too many, between two chunks.
  const lost = whole.readUInt32LE(4096 + 48) > CHUNK - 100 ? 1 : 0; // whether the hundred bytes hold the end of a record
  assert.equal(
    damaged((b) => Buffer.concat([b.subarray(0, 4096 + CHUNK - 100), b.subarray(4096 + CHUNK)])).records,
    900 - lost,
  );
  assert.equal(
    damaged((b) => Buffer.concat([b.subarray(0, 4096 + CHUNK), Buffer.alloc(100, 7), b.subarray(4096 + CHUNK)]))
      .records,
    900,
  );
  // Chunks in another order: records still come by number.
  const shuffled = damaged((b) =>
    Buffer.concat([
      b.subarray(0, 4096),
      b.subarray(4096 + CHUNK, 4096 + 2 * CHUNK),
      b.subarray(4096, 4096 + CHUNK),
      b.subarray(4096 + 2 * CHUNK),
    ]),
  );
  assert.equal(shuffled.records, 900);
  // Name and template offsets in the tables point nowhere: nobody needs them.
  assert.deepEqual(damaged(edit((b) => b.fill(0xff, 4096 + 128, 4096 + 512))), {
    records: 900,
    codes: ['evtx.chunk-checksum'],
  });
  // An empty chunk in between.
  assert.equal(
    damaged((b) => Buffer.concat([b.subarray(0, 4096 + CHUNK), Buffer.alloc(CHUNK), b.subarray(4096 + CHUNK)])).records,
    900,
  );
});

test('slack: records behind the free-space mark are recovered on request', () => {
  const hide = (b: Buffer): Buffer => {
    const last = 4096 + 2 * CHUNK;
    // The chunk says that it ends after its first record, whose number is its last.
    const size = b.readUInt32LE(last + 512 + 4);
    b.writeUInt32LE(512 + size, last + 48);
    b.writeBigUInt64LE(b.readBigUInt64LE(last + 24), last + 32);
    // The second record's number does not go on, so that it is no continuation.
    b.writeBigUInt64LE(9999n, last + 512 + size + 8);
    return b;
  };
  const whole = writeBytes(simple(900));
  const hidden = recordsIn(whole, 2) - 1;
  assert.equal(damaged(hide).records, 900 - hidden);
  assert.equal(damaged(hide, { recover: true }).records, 900);
});

test('a chunk header that lags behind its records does not hide them', () => {
  const lag = (b: Buffer): Buffer => {
    const last = 4096 + 2 * CHUNK;
    const size = b.readUInt32LE(last + 512 + 4);
    b.writeUInt32LE(512 + size, last + 48);
    b.writeBigUInt64LE(b.readBigUInt64LE(last + 24), last + 32);
    return b;
  };
  assert.equal(damaged(lag).records, 900);
});
