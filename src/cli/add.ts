// backtrail add: more evidence into a finished case; what it has is not read again.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCase } from '../case/index.js';
import { JOURNAL_FILE } from '../case/index.js';
import { readDeclared } from '../pipeline/declared.js';
import { readRun } from '../pipeline/investigate.js';
import { type Context, UsageError } from './context.js';
import { runCase } from './investigate.js';

export async function runAdd(ctx: Context): Promise<number> {
  const [dir, ...paths] = ctx.args;
  if (dir === undefined || paths.length === 0) throw new UsageError('add takes a case folder and the new evidence');
  if (readCase(dir).state !== 'complete')
    throw new UsageError(`${dir} is unfinished: end it first with "backtrail investigate --resume --out ${dir}"`);
  if (!existsSync(join(dir, JOURNAL_FILE)))
    throw new UsageError(`${dir} does not hold what was read for it: make it anew with "backtrail investigate"`);
  return runCase(ctx, { mode: 'add', out: dir, paths, run: readRun(dir), declared: readDeclared(dir) });
}
