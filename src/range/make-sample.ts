// node make-sample.js FOLDER [SEED]: writes the sample evidence and, when all of it is there, TRUTH.md beside it.
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeSample } from './sample.js';

const [folder, seed] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: make-sample FOLDER [SEED]\n');
  process.exit(2);
}
const open = new Map<string, number>();
const { files, truth } = writeSample(Number(seed ?? 1), (path, bytes, at) => {
  let fd = open.get(path);
  if (fd === undefined) {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    fd = openSync(full, 'w');
    open.set(path, fd);
  }
  writeSync(fd, bytes, 0, bytes.length, at);
});
for (const fd of open.values()) closeSync(fd);
writeFileSync(join(folder, 'TRUTH.md'), truth);
process.stderr.write(
  `${files.reduce((n, f) => n + f.records, 0).toLocaleString('en')} records in ${files.length} event logs written to ${folder}\n`,
);
