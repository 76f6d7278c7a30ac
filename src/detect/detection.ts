// What a rule match is once it left the matcher: numbers and texts only, so that workers can hand it over.

export interface MatchedField {
  /** Name in the event; null for a keyword. */
  readonly name: string | null;
  readonly value: string;
}

export interface Detection {
  /** Index in the loaded rules. */
  readonly rule: number;
  /** Microseconds since 1970 UTC. */
  readonly micros: number;
  readonly host: string;
  readonly channel: string;
  readonly eventId: string;
  /** Number in the record's header: unique in an intact file. */
  readonly record: number;
  /** EventRecordID of System: the number that the recording host gave. */
  readonly eventRecordId: string;
  /** Bytes from the start of the file to the record's chunk, so that the record can be opened again at once. */
  readonly chunkOffset: number;
  readonly fields: readonly MatchedField[];
}

/** Characters of a matched value that a detection keeps; the record has the rest. */
export const MAX_FIELD_TEXT = 2048;
