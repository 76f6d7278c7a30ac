// backtrail identify, backtrail formats: what a file is and why; what is read at all.
import { TEXT_FORMATS } from '../formats/registry/registry.js';
import { planFile } from '../pipeline/plan.js';
import { type Context, EXIT, filesOf } from './context.js';
import { safe } from './terminal.js';

export async function runIdentify(ctx: Context): Promise<number> {
  const files = await filesOf(ctx);
  if (files === null) return EXIT.noEvidence;
  const rows: Record<string, unknown>[] = [];
  for (const f of files) {
    const plan = planFile(f);
    if (ctx.json) {
      rows.push({ path: f.name, bytes: f.bytes, format: plan.format, what: plan.looksLike, why: plan.why });
      continue;
    }
    const read = plan.format !== 'unknown' && plan.format !== 'empty';
    const id = read
      ? ctx.style.good(plan.format.padEnd(22))
      : ctx.style.dim((plan.failed ? 'unreadable' : plan.format).padEnd(22));
    process.stdout.write(
      `${id} ${safe(f.name)}\n${' '.repeat(23)}${ctx.style.dim(safe(`${plan.looksLike}${plan.why === plan.looksLike ? '' : `: ${plan.why}`}`).slice(0, 200))}\n`,
    );
  }
  if (ctx.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
  return EXIT.ok;
}

export async function runFormats(ctx: Context): Promise<number> {
  const all = [
    { id: 'evtx', title: 'Windows event log (EVTX)' },
    ...TEXT_FORMATS.map(({ id, title }) => ({ id, title })),
  ];
  if (ctx.json) process.stdout.write(`${JSON.stringify(all, null, 1)}\n`);
  else for (const f of all) process.stdout.write(`${ctx.style.good(f.id.padEnd(22))} ${f.title}\n`);
  return EXIT.ok;
}
