// backtrail verify: each check as it is made; exit 1 at the first that does not hold.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRules } from '../detect/index.js';
import { en } from '../messages/index.js';
import { verifyCase } from '../pipeline/verify.js';
import { walk } from '../sources/index.js';
import {
  type Context,
  EXIT,
  namedRules,
  openArchives,
  type RuleFiles,
  ruleOptionsOf,
  sayTiming,
  threadsOf,
  UsageError,
} from './context.js';
import { safe } from './terminal.js';

export async function runVerify(ctx: Context): Promise<number> {
  const [dir, more] = ctx.args;
  if (dir === undefined || more !== undefined) throw new UsageError('verify takes one case folder');
  const recorded = recordedRules(dir);
  const dirs = (ctx.values.rules as string[] | undefined)?.map(namedRules) ?? recorded.dirs;
  const given = ruleOptionsOf(ctx);
  const rules =
    dirs.length > 0
      ? loadRules(dirs, {
          pipelines: ctx.values.pipeline === undefined ? recorded.pipelines : given.pipelines!,
          placeholders: ctx.values.placeholders === undefined ? recorded.placeholders : given.placeholders!,
        })
      : null;
  const moved = ctx.values.evidence as string[] | undefined;
  let ok = true;
  const checks: { what: string; ok: boolean; detail: string }[] = [];
  const all = verifyCase(dir, {
    rules,
    messages: en,
    openArchives: (files) => openArchives(files, (ctx.values.password as string[] | undefined) ?? []),
    ...(moved === undefined ? {} : { evidence: walk(moved).files }),
    ...threadsOf(ctx),
  });
  for (;;) {
    let next: Awaited<ReturnType<typeof all.next>>;
    try {
      next = await all.next();
    } catch (e) {
      if (!(e instanceof TypeError)) throw e;
      // A list holds what is no entry of it.
      next = {
        done: false,
        value: {
          what: 'incident.json',
          ok: false,
          detail: `a part of it is not as it was written (${e.message.split('\n')[0]!.slice(0, 120)})`,
        },
      };
    }
    if (next.done === true) break;
    const c = next.value;
    ok = c.ok;
    checks.push(c);
    if (!ctx.json && (!ctx.quiet || !c.ok))
      process.stdout.write(
        `${c.ok ? ctx.style.good('holds') : ctx.style.bad('FAILS')}  ${c.what.padEnd(14)} ${safe(c.detail)}\n`,
      );
  }
  if (ctx.json) process.stdout.write(`${JSON.stringify({ ok, checks }, null, 2)}\n`);
  else if (ok && !ctx.quiet) process.stdout.write('Every statement of this case holds.\n');
  ctx.time('verify');
  sayTiming(ctx);
  return ok ? EXIT.ok : EXIT.failed;
}

function recordedRules(dir: string): RuleFiles {
  try {
    const paths = JSON.parse(readFileSync(join(dir, 'paths.json'), 'utf8')) as Record<string, unknown>;
    const list = (v: unknown): string[] =>
      Array.isArray(v) ? v.filter((r): r is string => typeof r === 'string' && existsSync(r)) : [];
    return { dirs: list(paths.rules), pipelines: list(paths.pipelines), placeholders: list(paths.placeholders) };
  } catch {
    return { dirs: [], pipelines: [], placeholders: [] }; // verifyCase says what is wrong with the folder
  }
}
