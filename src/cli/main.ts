#!/usr/bin/env node
// The command line's edge: finds the command, runs it, and turns what went wrong into a message and an exit code.
import { setFlagsFromString } from 'node:v8';
import { diagnosticText, TOOL } from '../base/index.js';
import { CaseError } from '../case/index.js';
import { makeContext, UsageError } from './context.js';
import { COMMANDS, EXIT, helpText } from './flags.js';
import { safe } from './terminal.js';

// V8 lets a heap grow to several times what is alive before it collects; a quarter more costs no time here and keeps the
// peak of a long job where that of a short one is.
setFlagsFromString('--heap-growing-percent=25');

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const about = COMMANDS.find((c) => c.name === rest[0]);
    process.stdout.write(helpText(about));
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === 'version' || name === '-V') {
    process.stdout.write(`${TOOL}\n`);
    return EXIT.ok;
  }
  const command = COMMANDS.find((c) => c.name === name);
  if (command === undefined)
    throw new UsageError(`there is no command "${name}"; there are ${COMMANDS.map((c) => c.name).join(', ')}`);
  const ctx = makeContext(command, rest);
  if (ctx.values.help === true) {
    process.stdout.write(helpText(command));
    return EXIT.ok;
  }
  switch (command.name) {
    case 'investigate':
      return (await import('./investigate.js')).runInvestigate(ctx);
    case 'add':
      return (await import('./add.js')).runAdd(ctx);
    case 'decide':
      return (await import('./decide.js')).runDecide(ctx);
    case 'explain':
      return (await import('./explain.js')).runExplain(ctx);
    case 'hunt':
      return (await import('./hunt.js')).runHunt(ctx);
    case 'seal':
      return (await import('./seal.js')).runSeal(ctx);
    case 'search':
      return (await import('./search.js')).runSearch(ctx);
    case 'timeline':
      return (await import('./search.js')).runTimeline(ctx);
    case 'identify':
      return (await import('./identify.js')).runIdentify(ctx);
    case 'formats':
      return (await import('./identify.js')).runFormats(ctx);
    case 'dump':
      return (await import('./dump.js')).runDump(ctx);
    case 'range':
      return (await import('./range.js')).runRange(ctx);
    case 'score':
      return (await import('./range.js')).runScore(ctx);
    case 'report':
      return (await import('./report.js')).runReport(ctx);
    case 'rules':
      return (await import('./rules.js')).runRules(ctx);
    default:
      return (await import('./verify.js')).runVerify(ctx);
  }
}

process.stdout.on('error', (e: NodeJS.ErrnoException) => {
  if (e.code === 'EPIPE') process.exit(EXIT.ok);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (e) {
  if (e instanceof UsageError) {
    process.stderr.write(`error: ${safe(e.message)}. Try "backtrail --help".\n`);
    process.exitCode = EXIT.usage;
  } else if (e instanceof CaseError || (e as Error).name === 'DeclaredError') {
    process.stderr.write(`${safe(diagnosticText((e as CaseError).diagnostic))}\n`);
    process.exitCode = EXIT.caseError;
  } else if (e instanceof SyntaxError && /JSON/.test(e.message)) {
    // Of what is read, only files of a case are taken for whole JSON without a check of their own.
    process.stderr.write(
      'error: a file of the case is no JSON: it was changed, or cut off. Restore it, or investigate again into another folder.\n',
    );
    process.exitCode = EXIT.caseError;
  } else if (/No space left on device|ENOSPC/.test((e as Error).message)) {
    process.stderr.write('error: the disk is full: make room and run the same command again, with --resume.\n');
    process.exitCode = EXIT.caseError;
  } else if ((e as NodeJS.ErrnoException).code !== undefined && (e as NodeJS.ErrnoException).syscall !== undefined) {
    const { code, path } = e as NodeJS.ErrnoException;
    process.stderr.write(
      `error: ${safe(path ?? 'output')}: ${code === 'ENOSPC' ? 'the disk is full: make room and run the same command again' : `${code}: expected a path that can be opened`}\n`,
    );
    process.exitCode = EXIT.caseError;
  } else {
    process.stderr.write(
      `A fault in Backtrail itself, please report it:\n${safe((e as Error).stack ?? String(e)).replaceAll('·', '\n')}\n`,
    );
    process.exitCode = EXIT.internal;
  }
}
