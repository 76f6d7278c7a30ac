// Run by resume.test.ts in a process of its own that is killed: one investigation, with a commit after every task.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadRules } from '../src/detect/index.js';
import { en } from '../src/messages/index.js';
import { investigate, readRun, type RunFile } from '../src/pipeline/investigate.js';
import { expand, walk } from '../src/sources/index.js';
import { ROOT } from './support.js';

const [evidence, out, unpack, pause] = process.argv.slice(2) as [string, string, string, string];
const { files: inputs } = walk([evidence]);
const { files, containers } = await expand(inputs, { folder: unpack, passwords: [] });
const rules = loadRules([join(ROOT, 'rules')]);
const run: RunFile = {
  schema: 'backtrail.run/1',
  segments: [{ paths: [evidence], inputs: inputs.map((f) => ({ name: f.name, bytes: f.bytes, modified: 0 })) }],
  rules: [],
  rules_sha256: [],
  recover: false,
  reading: { zone: null, zones: [], mappings: [] },
  title: null,
  tlp: null,
};
const resume = existsSync(join(out, 'run.json'));
const wait = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
await investigate(files, {
  out,
  mode: resume ? 'resume' : 'new',
  run: resume ? readRun(out) : run,
  rules,
  containers,
  messages: en,
  threads: 1,
  commitEveryMs: 0,
  onProgress: () => wait(Number(pause)),
});
