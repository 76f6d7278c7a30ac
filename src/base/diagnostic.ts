// What goes wrong with evidence, rules or a case is a value, never an exception: a closed set of codes, the place,
// what was expected there, what was found, and what the reader can do. `throw` stays for our own bugs.

export type Severity = 'error' | 'warning' | 'info';

export type DiagnosticCode =
  // sources
  | 'source.not-found'
  | 'source.unreadable'
  | 'source.unknown-format'
  | 'source.empty'
  | 'source.changed'
  | 'source.skipped'
  | 'source.archive'
  // evtx
  | 'evtx.file-header'
  | 'evtx.file-dirty'
  | 'evtx.file-checksum'
  | 'evtx.chunk-count'
  | 'evtx.chunk-magic'
  | 'evtx.chunk-header'
  | 'evtx.chunk-checksum'
  | 'evtx.chunk-truncated'
  | 'evtx.chunk-empty'
  | 'evtx.record-header'
  | 'evtx.record-size'
  | 'evtx.record-body'
  | 'evtx.record-continues'
  | 'evtx.record-order'
  | 'evtx.template'
  // text formats
  | 'text.line-too-long'
  | 'text.nul'
  | 'text.skipped'
  | 'text.no-time'
  | 'mapping.invalid'
  // sigma
  | 'sigma.yaml'
  | 'sigma.schema'
  | 'sigma.condition'
  | 'sigma.modifier'
  | 'sigma.value'
  | 'sigma.regex'
  | 'sigma.placeholder'
  | 'sigma.logsource'
  | 'sigma.duplicate-id'
  | 'sigma.unsupported'
  | 'sigma.correlation'
  | 'sigma.reference'
  | 'sigma.pipeline'
  | 'sigma.check'
  // case
  | 'case.version'
  | 'case.locked'
  | 'case.not-a-case'
  | 'case.write'
  | 'case.evidence-changed'
  | 'declared.unreadable'
  // command line
  | 'cli.usage'
  | 'cli.no-evidence'
  | 'internal';

/** Where something was found. Offsets are bytes from the start of the file; lines and columns count from 1. */
export interface Place {
  readonly file?: string;
  readonly offset?: number;
  readonly chunk?: number;
  readonly record?: number;
  readonly line?: number;
  readonly column?: number;
}

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly place: Place;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
}

export function diagnostic(
  code: DiagnosticCode,
  severity: Severity,
  place: Place,
  expected: string,
  found: string,
  hint?: string,
): Diagnostic {
  return Object.freeze(
    hint === undefined ? { code, severity, place, expected, found } : { code, severity, place, expected, found, hint },
  );
}

/** `offset 0x1820, chunk 0, record 17`: the place without its file, for registers that already name the file. */
export function placeText(place: Place): string {
  const parts: string[] = [];
  if (place.line !== undefined) {
    parts.push(place.column === undefined ? `line ${place.line}` : `line ${place.line}:${place.column}`);
  }
  if (place.offset !== undefined) parts.push(`offset 0x${place.offset.toString(16)}`);
  if (place.chunk !== undefined) parts.push(`chunk ${place.chunk}`);
  if (place.record !== undefined) parts.push(`record ${place.record}`);
  return parts.join(', ');
}

/** One line for people: what, where, what was expected, what to do. */
export function diagnosticText(d: Diagnostic): string {
  const at = placeText(d.place);
  const where = d.place.file === undefined ? at : at === '' ? d.place.file : `${d.place.file} (${at})`;
  const what = `expected ${d.expected}, found ${d.found}`;
  return `${d.severity}: ${where === '' ? '' : `${where}: `}${what}${d.hint === undefined ? '' : `. ${d.hint}`} [${d.code}]`;
}
