// One host for all of its names and addresses; clocks compared by what two hosts recorded.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type ClockPair, hostAddresses, hostClocks, HostNames, plainAddress } from '../src/entities/index.js';
import { random } from '../src/range/random.js';

const S = 1e6;
/** `n` things that a and b recorded, b's clock `offset` microseconds ahead, up to `delay` late. */
function pair(a: string, b: string, n: number, offset: number, seed: number, wrong = 0): ClockPair {
  const r = random(seed);
  const pairs = Array.from({ length: n }, (_, i) => ({
    difference: offset + r.below(0.5 * S) + (i < wrong ? (r.below(2) * 2 - 1) * (60 + r.below(36_000)) * S : 0),
    a: { evidence: 1, number: i },
    b: { evidence: 2, number: i },
  }));
  return { a, b, how: 'flow', total: n, pairs };
}

test('clocks: offsets over several hops, against the host that most is known of', () => {
  const clocks = hostClocks([
    pair('dc', 'ws1', 200, 36 * S, 1),
    pair('dc', 'ws2', 100, -5 * S, 2),
    // ws3 was never seen by dc; seen from both sides of the pair.
    pair('ws3', 'ws2', 50, 10 * S, 3),
    pair('x', 'y', 10, 0, 4),
  ]);
  const of = (h: string) => clocks.find((c) => c.host === h)!;
  assert.ok(Math.abs(of('ws1').offset - 36 * S) <= 0.5 * S);
  assert.ok(Math.abs(of('ws2').offset + 5 * S) <= 0.5 * S);
  assert.ok(Math.abs(of('ws3').offset + 15 * S) <= S);
  assert.deepEqual([of('ws1').reference, of('ws3').reference, of('y').reference], ['dc', 'dc', 'x']);
  assert.equal(clocks.length, 4);
  assert.ok(clocks.every((c) => c.examples.length === 6 && c.spread < 0.5 * S));
});

test('clocks: chance pairs do not move an offset, and are not taken for one', () => {
  const [c] = hostClocks([pair('a', 'b', 100, 12 * S, 5, 60)]);
  assert.ok(Math.abs(c!.offset - 12 * S) <= 0.5 * S);
  assert.ok(c!.share >= 0.39 && c!.share <= 0.45, String(c!.share));
  // Ports that came again on other days: no two agree.
  assert.deepEqual(hostClocks([pair('a', 'b', 100, 0, 6, 100)]), []);
  // Too few.
  assert.deepEqual(hostClocks([pair('a', 'b', 4, 0, 7)]), []);
});

test('clocks do not depend on which host is named first, nor on the order of pairs', () => {
  const turned = (p: ClockPair): ClockPair => ({
    ...p,
    a: p.b,
    b: p.a,
    pairs: p.pairs.map((x) => ({ difference: -x.difference, a: x.b, b: x.a })),
  });
  const one = [pair('a', 'b', 40, 3 * S, 8), pair('b', 'c', 30, -4 * S, 9)];
  const brief = (pairs: readonly ClockPair[]) =>
    hostClocks(pairs).map((c) => [c.host, c.reference, Math.round(c.offset / S)]);
  assert.deepEqual(brief(one), brief(one.map(turned).reverse()));
});

test('addresses are written in one way', () => {
  for (const [from, to] of [
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['HOST.example', 'host.example'],
    ['1:2:3', '1:2:3'],
    ['a::b::c', 'a::b::c'],
    ['00000:1::', '00000:1::'],
  ])
    assert.equal(plainAddress(from!), to, from);
});

test('one host under its short name, full name, another case and its address', () => {
  const n = new HostNames();
  for (const [h, k] of [
    ['WS1', 5],
    ['ws1.corp.example', 9],
    ['10.0.0.7', 3],
    ['::ffff:10.0.0.9', 2],
    ['10.0.0.9', 2],
    ['10.0.0.8', 1],
  ] as const)
    n.see(h, k);
  const seen = [
    { host: 'ws1', address: '::ffff:10.0.0.7', how: 'machine account' as const, records: 4, first: 1, last: 9 },
    // Two hosts had this one, at other times.
    { host: 'ws1', address: '10.0.0.8', how: 'lease' as const, records: 4, first: 1, last: 9 },
    { host: 'ws2', address: '10.0.0.8', how: 'lease' as const, records: 4, first: 10, last: 19 },
    // A few records name the other end.
    { host: 'dc', address: '10.0.0.7', how: 'flow' as const, records: 100, first: 1, last: 9 },
    { host: 'ws1', address: '224.0.0.251', how: 'flow' as const, records: 9, first: 1, last: 9 },
  ];
  n.know(seen.filter((s) => s.host !== 'dc'));
  const name = n.resolver();
  for (const h of ['ws1', 'WS1.CORP.EXAMPLE', '10.0.0.7', '::ffff:10.0.0.7']) assert.equal(name(h), 'ws1.corp.example');
  assert.equal(name('::ffff:10.0.0.9'), '10.0.0.9');
  assert.equal(name('10.0.0.8'), '10.0.0.8');
  const addresses = hostAddresses(seen, name);
  // The controller's hundred records of it outweigh four of a machine account.
  assert.deepEqual(
    addresses.get('ws1.corp.example')?.map((a) => a.address),
    ['10.0.0.8'],
  );
  assert.deepEqual(
    addresses.get('ws2')?.map((a) => a.address),
    ['10.0.0.8'],
  );
});
