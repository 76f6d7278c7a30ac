// Evidence → tasks. Each file is identified by its content and cut into ranges of chunks, so that one large file is
// spread over all workers as many small ones are.
import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Diagnostic, diagnostic } from '../base/index.js';
import { type ChunkSpan, CHUNKS_PER_READ, EvtxFile } from '../formats/evtx/index.js';
import { identifyOpen, type SourceFile } from '../sources/index.js';

export interface PlannedFile {
  readonly source: SourceFile;
  readonly format: 'evtx' | 'empty' | 'unknown';
  readonly looksLike: string;
  readonly chunks: readonly ChunkSpan[];
  /** Problems of the file as a whole; those of its chunks come with the scan. */
  readonly problems: readonly Diagnostic[];
  readonly failed: boolean;
}

/** Threads for a job. */
export interface Crew {
  readonly threads: number;
  /** Start all of them now; otherwise when the first one sees that enough is left for them. */
  readonly atOnce: boolean;
  /** Size of the evidence. */
  readonly bytes: number;
}

/** Evidence from which on further threads are worth starting whatever is in it. */
const SURELY_WORTH_BYTES = 1 << 30;

/** As many threads as the user says, all of them now; else up to one for each processor, if there is enough to do. */
export function crewFor(requested: number | undefined, files: readonly SourceFile[]): Crew {
  const bytes = files.reduce((n, f) => n + f.bytes, 0);
  return {
    threads: Math.max(1, requested ?? availableParallelism()),
    atOnce: requested !== undefined || bytes >= SURELY_WORTH_BYTES,
    bytes,
  };
}

/** Looks at one file: format, header, chunks. Reads a few KiB of it. */
export function planFile(source: SourceFile): PlannedFile {
  try {
    const fd = openSync(source.path, 'r');
    const { format, looksLike } = identifyOpen(fd);
    if (format !== 'evtx') {
      closeSync(fd);
      return { source, format, looksLike, chunks: [], problems: [], failed: false };
    }
    const file = new EvtxFile(source.path, undefined, fd);
    try {
      const problems = file.problems.map((p) => ({ ...p, place: { ...p.place, file: source.name } }));
      return { source, format, looksLike, chunks: file.chunkSpans, problems, failed: false };
    } finally {
      file.close();
    }
  } catch (e) {
    const problem = diagnostic(
      'source.unreadable',
      'error',
      { file: source.name },
      'a readable file',
      (e as NodeJS.ErrnoException).code ?? (e as Error).message,
      'check the permissions and the medium',
    );
    return { source, format: 'unknown', looksLike: 'unreadable', chunks: [], problems: [problem], failed: true };
  }
}

/** Parts of at most `CHUNKS_PER_READ` chunks, in order. */
export function* chunkParts(chunks: readonly ChunkSpan[]): Generator<readonly ChunkSpan[]> {
  for (let from = 0; from < chunks.length; from += CHUNKS_PER_READ) yield chunks.slice(from, from + CHUNKS_PER_READ);
}
