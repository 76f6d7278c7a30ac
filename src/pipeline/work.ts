// What workers are asked and what they answer. A task is a pure function of a file's bytes, the rules and the options,
// so that any number of workers gives the same answers.
import type { ScanResult } from '../detect/index.js';
import type { TextScanResult } from '../detect/scan-text.js';
import type { Mapping } from '../formats/mapping/mapping.js';
import type { TimeShift } from '../formats/text/record.js';
import type { NamedZone } from '../formats/text/zone.js';
import type { StoreBatch } from '../facts/index.js';
import type { ChunkSpan } from '../formats/evtx/index.js';

export type Task =
  | { readonly kind: 'scan'; readonly path: string; readonly spans: readonly ChunkSpan[] }
  | { readonly kind: 'hash'; readonly path: string }
  | {
      readonly kind: 'text';
      readonly path: string;
      readonly format: string;
      readonly from: number;
      readonly to: number;
      readonly header: readonly string[];
      readonly reference: number;
      readonly host: string;
      /** Minutes east of UTC for times without a zone; null if nobody said. */
      readonly zone: number | null;
      /** That zone by its name, where it has one. */
      readonly zoned?: NamedZone | undefined;
      readonly shifts: readonly TimeShift[];
    }
  | {
      readonly kind: 'dump';
      readonly path: string;
      readonly spans: readonly ChunkSpan[];
      readonly format: 'jsonl' | 'xml';
    };

export interface WorkerSetup {
  /** JSON of `RulePlan[]`; null for no rules. */
  readonly plans: string | null;
  readonly wanted: readonly boolean[] | null;
  readonly register: boolean;
  readonly recover: boolean;
  /** Also the rows of the case store. */
  readonly index?: boolean;
  /** The user's mappings of columns. */
  readonly mappings?: readonly Mapping[];
}

export type Answer =
  | { readonly kind: 'scan'; readonly result: ScanResult; readonly batch: StoreBatch | null }
  | { readonly kind: 'text'; readonly result: TextScanResult; readonly batch: StoreBatch | null }
  | { readonly kind: 'hash'; readonly sha256: string; readonly bytes: number }
  | {
      readonly kind: 'dump';
      readonly bytes: Uint8Array;
      readonly records: number;
      readonly problems: ScanResult['problems'];
    }
  | { readonly kind: 'failed'; readonly error: string; readonly code: string | null };
