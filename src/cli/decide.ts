// backtrail decide: what analysts decided is kept in the case, and the incidents are reconstructed with it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_FILE, readCase } from '../case/index.js';
import { parseDecisions, readDeclared, readDeclaredFile } from '../pipeline/declared.js';
import { readRun } from '../pipeline/investigate.js';
import { type Context, UsageError } from './context.js';
import { runCase } from './investigate.js';

export async function runDecide(ctx: Context): Promise<number> {
  const [dir, file, more] = ctx.args;
  if (dir === undefined || file === undefined || more !== undefined)
    throw new UsageError('decide takes a case folder and a file of decisions');
  if (readCase(dir).state !== 'complete')
    throw new UsageError(`${dir} is unfinished: end it first with "backtrail investigate --resume --out ${dir}"`);
  if (!existsSync(join(dir, JOURNAL_FILE)))
    throw new UsageError(`${dir} does not hold what was read for it: make it anew with "backtrail investigate"`);
  const decisions = parseDecisions(file, readDeclaredFile(file));
  return runCase(ctx, {
    mode: 'add',
    out: dir,
    paths: [],
    run: readRun(dir),
    declared: { ...readDeclared(dir), decisions },
  });
}
