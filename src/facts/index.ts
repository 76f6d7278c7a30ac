export {
  BatchBuilder,
  decimalCode,
  type FactEvent,
  type FactRows,
  RECORD_COLUMNS,
  RECORD_TEXTS,
  type StoreBatch,
} from './batch.js';
