// What stops the reading of one record, chunk or template. It never leaves `formats/evtx`: readers catch it where the
// damage ends and hand out a Diagnostic instead.
import type { DiagnosticCode } from '../../base/index.js';

export class EvtxError extends Error {
  readonly code: DiagnosticCode;
  /** Bytes from the start of the chunk. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;

  constructor(code: DiagnosticCode, offset: number, expected: string, found: string) {
    super(`expected ${expected}, found ${found}`);
    this.code = code;
    this.offset = offset;
    this.expected = expected;
    this.found = found;
  }
}
