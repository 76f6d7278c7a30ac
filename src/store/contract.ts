// What a case store is, whatever keeps it: batches of records and facts go in, searches come out. SQL stands in the
// implementation only.
import type { ClockPair, SeenAddress } from '../entities/index.js';
import type { QueryNode } from './query.js';

/** A batch as `facts` builds it: rows of numbers, and the texts that they point to. */
export interface Batch {
  readonly texts: readonly string[];
  readonly records: readonly Float64Array[];
  readonly facts: readonly { readonly name: string; readonly columns: readonly Float64Array[] }[];
}

export interface StoredDetection {
  readonly number: number;
  readonly micros: number;
  readonly host: string;
  readonly rule: string;
  readonly title: string;
  readonly level: string;
}

/** What a file is, for citations. */
export interface StoredEvidence {
  readonly id: number;
  readonly name: string;
  readonly byLine: boolean;
}

export interface Found {
  readonly evidence: string;
  readonly file: string;
  readonly record: number;
  readonly byLine: boolean;
  /** Microseconds since 1970 UTC; NaN if the record has no time. */
  readonly micros: number;
  readonly host: string;
  readonly source: string;
  readonly provider: string;
  readonly eventId: string;
  readonly place: number;
  /** Of the facts that the record tells: class and attributes. */
  readonly fact: string | null;
  readonly fields: Readonly<Record<string, string>>;
}

export interface SearchOptions {
  readonly query: QueryNode | null;
  readonly fromMicros?: number;
  readonly toMicros?: number;
  readonly host?: string;
  readonly limit: number;
}

export interface SearchResult {
  /** All that match, whatever the limit. */
  readonly total: number;
  readonly rows: readonly Found[];
}

export interface Coverage {
  readonly host: string;
  readonly source: string;
  /** Microseconds of the hour's start. */
  readonly hour: number;
  readonly records: number;
}

/** Records by their numbers in the store, from 0 on without a hole, in any order. */
export interface RecordChunk {
  readonly rows: number;
  readonly rec: Int32Array;
  readonly evidence: Int32Array;
  readonly number: Float64Array;
  /** Microseconds since 1970 UTC; NaN for none. */
  readonly micros: Float64Array;
  readonly host: Int32Array;
  readonly source: Int32Array;
}

/** Rows of one class of facts, with the record that each stands in, in any order. Texts are numbers: -1 for none, below -1 a decimal
 * number itself (-(n + 2)), 0 and up a text of `texts`. */
export interface FactChunk {
  readonly rows: number;
  readonly rec: Int32Array;
  /** Columns that were asked for. */
  readonly columns: readonly Int32Array[];
}

export interface CaseStore {
  append(evidence: number, batch: Batch, linesBefore: number): Promise<void>;
  detections(evidence: number, rows: readonly StoredDetection[]): Promise<void>;
  /** The whole list, in place of an earlier one. */
  evidence(rows: readonly StoredEvidence[]): Promise<void>;
  /** Everything so far is kept whatever happens, with a number that tells how far that is; what is not committed is
   * dropped by `close` and by a crash. */
  commit(progress: number): Promise<void>;
  /** Goes on from the last commit, after a statement that failed. */
  rollback(): Promise<void>;
  search(options: SearchOptions): Promise<SearchResult>;
  coverage(): Promise<readonly Coverage[]>;
  /** Addresses that records say are a host's own. */
  addresses(): Promise<readonly SeenAddress[]>;
  /** What two hosts recorded of one and the same thing. */
  sameThings(): Promise<readonly ClockPair[]>;
  /** Where records stand in their files: the chunk of an event log, the byte of a line. Unknown ones are left out. */
  places(evidence: number, numbers: readonly number[]): Promise<ReadonlyMap<number, number>>;
  /** All records; like facts and texts, what is committed. */
  records(): AsyncIterable<RecordChunk>;
  facts(name: string, columns: readonly string[]): AsyncIterable<FactChunk>;
  /** All texts by number, from 0 on without a hole. One text may have several numbers. */
  texts(): AsyncIterable<readonly string[]>;
  /** Rows of each kind. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** The store's own query language, read-only, with no way out of the store. */
  sql(text: string): Promise<{ readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] }>;
  close(): Promise<void>;
}
