export type {
  Batch,
  CaseStore,
  Coverage,
  FactChunk,
  RecordChunk,
  Found,
  SearchOptions,
  SearchResult,
  StoredDetection,
  StoredEvidence,
} from './contract.js';
export { DuckStore } from './duckdb/duckdb-store.js';
export { parseQuery, QueryError, type QueryNode } from './query.js';
