// Short runs of the fuzzers; `npm run fuzz -- 100000` and `npm run fuzz:formats -- 100000` are the long ones.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { fuzz } from './fuzz/evtx.js';
import { fuzzFormats } from './fuzz/formats.js';

test('a thousand damaged logs are read without an exception', () => {
  const { records } = fuzz(1000, 42);
  assert.ok(records > 1000);
});

test('a thousand damaged text logs and archives of every kind are read, each record twice alike', async () => {
  const { read } = await fuzzFormats(1000, 7);
  // Damage leaves something to read of nearly every kind.
  assert.ok(read.size > 25, [...read.keys()].join());
});
