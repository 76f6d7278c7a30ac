// Evidence → tasks. Each file is identified by its content and cut into ranges of chunks, so that one large file is
// spread over all workers as many small ones are.
import { availableParallelism } from 'node:os';
import { type Diagnostic, diagnostic } from '../base/index.js';
import { type ChunkSpan, CHUNKS_PER_READ, EvtxFile } from '../formats/evtx/index.js';
import { identifyFile, type SourceFile } from '../sources/index.js';

export interface PlannedFile {
  readonly source: SourceFile;
  readonly format: 'evtx' | 'empty' | 'unknown';
  readonly looksLike: string;
  readonly chunks: readonly ChunkSpan[];
  /** Problems of the file as a whole; those of its chunks come with the scan. */
  readonly problems: readonly Diagnostic[];
  readonly failed: boolean;
}

/** Workers to use: what the user says, else one for each processor. */
export function threadsFor(requested: number | undefined, files: readonly SourceFile[]): number {
  const bytes = files.reduce((n, f) => n + f.bytes, 0);
  return Math.max(1, Math.min(requested ?? availableParallelism(), Math.ceil(bytes / MIN_BYTES_PER_THREAD)));
}

/** Evidence for which a further worker is worth starting. */
const MIN_BYTES_PER_THREAD = 2 << 20;

/** Looks at one file: format, header, chunks. Reads a few KiB of it. */
export function planFile(source: SourceFile): PlannedFile {
  try {
    const { format, looksLike } = identifyFile(source.path);
    if (format !== 'evtx') return { source, format, looksLike, chunks: [], problems: [], failed: false };
    const file = new EvtxFile(source.path);
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
