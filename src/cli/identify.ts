// backtrail identify, backtrail formats: what a file is and why; what is read at all.
import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { suggestMapping } from '../formats/mapping/suggest.js';
import { identifyText, TEXT_FORMATS, TEXT_HEAD_BYTES, textHead } from '../formats/registry/registry.js';
import { planFile } from '../pipeline/plan.js';
import { type Context, EXIT, filesOf, readingOf, UsageError } from './context.js';
import { safe } from './terminal.js';

export async function runIdentify(ctx: Context): Promise<number> {
  const files = await filesOf(ctx);
  if (files === null) return EXIT.noEvidence;
  const rows: Record<string, unknown>[] = [];
  for (const f of files) {
    const plan = planFile(f, readingOf(ctx));
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

/** Drafts a mapping of one file to standard output. */
function runSuggest(ctx: Context): number {
  const [, file, ...more] = ctx.args;
  if (file === undefined || more.length > 0) throw new UsageError('formats suggest takes one file');
  const fd = openSync(file, 'r');
  let head: Buffer;
  try {
    head = Buffer.alloc(TEXT_HEAD_BYTES);
    head = head.subarray(0, readSync(fd, head, 0, head.length, 0));
  } finally {
    closeSync(fd);
  }
  const text = textHead(head);
  const id =
    basename(file)
      .toLowerCase()
      .replace(/\.[a-z0-9]{1,6}$/, '')
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'log';
  const draft = text === null ? null : suggestMapping(text, id);
  if (draft === null) {
    ctx.say(
      `${safe(file)}: expected a table, JSON lines, an access log or lines that begin with a time; found none of them. docs/mappings.md says how to write a mapping by hand.`,
    );
    return EXIT.failed;
  }
  const known = text === null ? null : identifyText(text);
  if (known !== null && !ctx.quiet)
    ctx.say(`${safe(file)} is read without a mapping: ${known.format.id}, ${known.match.why}. One would replace that.`);
  process.stdout.write(draft.text);
  for (const o of draft.open) ctx.say(`to do: ${o}`);
  return EXIT.ok;
}

export async function runFormats(ctx: Context): Promise<number> {
  if (ctx.args[0] === 'suggest') return runSuggest(ctx);
  if (ctx.args.length > 0) throw new UsageError(`formats takes nothing, or suggest FILE, not "${ctx.args[0]}"`);
  const all = [
    { id: 'evtx', title: 'Windows event log (EVTX)' },
    ...TEXT_FORMATS.map(({ id, title }) => ({ id, title })),
  ];
  if (ctx.json) process.stdout.write(`${JSON.stringify(all, null, 1)}\n`);
  else for (const f of all) process.stdout.write(`${ctx.style.good(f.id.padEnd(22))} ${f.title}\n`);
  return EXIT.ok;
}
