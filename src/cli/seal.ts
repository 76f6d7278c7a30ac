// backtrail seal: signs what a case is now.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fingerprint, newKey, readCase, readKey, sealCase } from '../case/index.js';
import { createdTime } from '../pipeline/investigate.js';
import { type Context, EXIT, UsageError } from './context.js';
import { safe } from './terminal.js';

export async function runSeal(ctx: Context): Promise<number> {
  const [dir, more] = ctx.args;
  if (dir === undefined || more !== undefined) throw new UsageError('seal takes one case folder');
  const file = readCase(dir);
  if (file.state !== 'complete')
    throw new UsageError('the run that made this case did not come to its end: run it again first');
  const path = ctx.values.key as string | undefined;
  if (path === undefined)
    throw new UsageError('--key FILE is missing: the private key to sign with (made there with --new-key)');
  if (ctx.values['new-key'] === true) {
    if (existsSync(path)) throw new UsageError(`${path} is there already: a key is never written over`);
    writeFileSync(path, newKey(), { mode: 0o600, flag: 'wx' });
  }
  let key;
  try {
    key = readKey(readFileSync(path, 'utf8'));
  } catch (e) {
    throw new UsageError(`${path}: ${(e as Error).message}`);
  }
  const seal = sealCase(dir, key, {
    sealed: createdTime(),
    by: (ctx.values.by as string | undefined) ?? null,
    note: (ctx.values.note as string | undefined) ?? null,
  });
  const print = fingerprint(seal.public_key);
  if (ctx.json)
    process.stdout.write(
      `${JSON.stringify({ files: seal.manifest.files.length, evidence: seal.manifest.evidence.length, key: print }, null, 2)}\n`,
    );
  else if (!ctx.quiet)
    process.stdout.write(
      `Sealed: ${seal.manifest.files.length} files of the case, ${seal.manifest.evidence.length} of the evidence.\nKey     ${safe(print)}\nKeep the fingerprint of the key apart from the case: "backtrail verify" prints it, and whoever compares it knows that nothing was changed.\n`,
    );
  return EXIT.ok;
}
