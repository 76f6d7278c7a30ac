// Opens a case's store to search it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { diagnostic } from '../base/index.js';
import { CaseError, readCase } from '../case/index.js';
import { DuckStore } from '../store/index.js';
import { runningCase, type Searchable } from './serve.js';
import { STORE_FILE } from './investigate.js';

/** The store of a case, for reading. Throws `CaseError` where there is none or another process writes to it. */
export async function openStore(dir: string): Promise<Searchable> {
  readCase(dir);
  const path = join(dir, STORE_FILE);
  if (!existsSync(path))
    throw new CaseError(
      diagnostic(
        'case.not-a-case',
        'error',
        { file: path },
        'the case store',
        'nothing',
        'make the case anew with "backtrail investigate"',
      ),
    );
  try {
    return await DuckStore.open(path);
  } catch (e) {
    const message = (e as Error).message;
    const locked = /lock/i.test(message);
    const running = locked ? runningCase(dir) : null;
    if (running !== null) return running;
    throw new CaseError(
      diagnostic(
        locked ? 'case.locked' : 'case.not-a-case',
        'error',
        { file: path },
        'a store that can be read',
        locked ? 'one that an investigation is writing to' : message.split('\n')[0]!.slice(0, 200),
        locked ? 'search when it has ended' : 'make the case anew',
      ),
    );
  }
}
