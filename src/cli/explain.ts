// backtrail explain: from the beginning of an incident to one host, account, mailbox or address of it.
import { readCase } from '../case/index.js';
import { en } from '../messages/index.js';
import { explain } from '../pipeline/explain.js';
import { type Context, EXIT, UsageError } from './context.js';
import { safe } from './terminal.js';

export async function runExplain(ctx: Context): Promise<number> {
  const [dir, id, name, more] = ctx.args;
  if (dir === undefined || id === undefined || more !== undefined)
    throw new UsageError(
      'explain takes a case folder, the id of an incident, and, where you like, a host, account, mailbox or address of it',
    );
  readCase(dir);
  let found: Awaited<ReturnType<typeof explain>>;
  try {
    found = await explain(dir, id, name ?? null, en);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== undefined || !(e instanceof Error)) throw e;
    throw new UsageError(e.message);
  }
  if (ctx.json) {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return EXIT.ok;
  }
  const { style } = ctx;
  const lines: string[] = [];
  found.steps.forEach((s, i) => {
    lines.push(
      `${String(i + 1).padStart(3)}  ${(s.time ?? 'no time').slice(0, 23).replace('T', ' ')}  ${style.bold(safe(s.host))}  ${s.kind}`,
      `     ${safe(s.what)}`,
      `     ${i === 0 ? (s.lead ? safe(s.because) : 'the first trace of it in this evidence') : s.back ? `step ${i} ${safe(s.because)} this` : `this ${safe(s.because)} step ${i}`}${s.sure === 'likely' ? style.dim(' (likely: by several signs together)') : ''}`,
      ...s.records.map((r) => `     ${style.dim(safe(r))}`),
      '',
    );
  });
  for (const n of found.named)
    lines.push(`${style.bold(n.part)}  ${safe(n.text)}`, ...n.records.map((r) => `     ${style.dim(safe(r))}`), '');
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}
