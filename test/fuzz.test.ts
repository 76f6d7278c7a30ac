// A short run of the fuzzer; `npm run fuzz -- 100000` is the long one.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { fuzz } from './fuzz/evtx.js';

test('a thousand damaged logs are read without an exception', () => {
  const { records } = fuzz(1000, 42);
  assert.ok(records > 1000);
});
