// What a text format is: how its files are told by content, and a parser of its lines. Parsers see one line after
// another and emit records; what a line means may depend on the lines before it (a header), never on the file's name.
import type { Diagnostic } from '../../base/index.js';
import type { MEMBERS } from './lines.js';
import type { Emit } from './record.js';

/** The beginning of a file. */
export interface Head {
  readonly bytes: Uint8Array;
  /** As text, without a byte order mark. */
  readonly text: string;
  /** Its whole lines, without line ends; the last one may be cut where the head is. */
  readonly lines: readonly string[];
}

export interface Match {
  /** How sure: 100 a signature, 80 several lines of an unmistakable shape, 50 a shape that others share. */
  readonly score: number;
  readonly why: string;
}

export interface ParseContext {
  /** Minutes east of UTC for times without a zone; null: unknown, UTC is assumed. */
  readonly zone: number | null;
  /** Microseconds: dates without a year lie before this (the file's own time). */
  readonly reference: number;
  /** Host where the records lack it. */
  readonly host: string;
  /** Lines of the file that later lines need to be understood, where reading starts behind them. */
  readonly header: readonly string[];
  readonly report: (d: Diagnostic) => void;
}

export interface LineParser {
  /** `line` counts from 1 within the part; `offset` is that of the line's first byte. */
  line(text: string, line: number, offset: number): void;
  /** After the last line: what is still held together is emitted. */
  end(): void;
  /** Lines that were no record of the format and no header or comment. */
  readonly skipped: number;
}

export interface TextFormat {
  readonly id: string;
  readonly title: string;
  /** Text that its header lines start with; they are found again when reading starts in the middle of a file. */
  readonly headers?: readonly string[];
  /** A record may span lines: the file is read in one part. */
  readonly whole?: boolean;
  /** Bytes of one record, where records are no lines but blocks: the parser is given them as Latin-1 text. */
  readonly block?: number;
  /** Text that ends a record, where records stand one behind the other without line ends, or that they are members of a list in a JSON document: the parser is given one after the other. */
  readonly ending?: string | typeof MEMBERS;
  /** Tells a file of blocks; `size` is that of the whole file. */
  identifyBytes?(bytes: Buffer, size: number): Match | null;
  identify(head: Head): Match | null;
  parser(context: ParseContext, emit: Emit): LineParser;
}

/** Share of non-blank lines, of those that were wholly read, that `test` holds for; 0 if there are none. */
export function shareOf(head: Head, test: (line: string) => boolean): number {
  let n = 0;
  let yes = 0;
  for (const l of head.lines) {
    if (l.trim() === '') continue;
    n++;
    if (test(l)) yes++;
  }
  return n === 0 ? 0 : yes / n;
}

/** A match by the share of lines of a shape: half of them must be of it (continuations, other programs' lines). */
export function byShare(head: Head, score: number, what: string, test: (line: string) => boolean): Match | null {
  const share = shareOf(head, test);
  return share < 0.5
    ? null
    : { score: Math.round(score * share), why: `${Math.round(share * 100)} % of the first lines are ${what}` };
}
