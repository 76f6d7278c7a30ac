export {
  attackTags,
  Collector,
  type FindingRule,
  levelRank,
  type Match,
  MAX_CITES,
  MAX_TIMELINE,
  type NumberingInput,
  SAME_ENTRY_MICROS,
  type ReconstructionResult,
  type TamperInput,
} from './collect.js';
export * from './model.js';
export { firstOf, type LookUp, type NetworkInfo, networkTable, sha256Of } from './networks.js';
export { type Known, reconstruct, type Reconstruction, type ReconstructInput } from './reconstruct.js';
export type { Directory } from './scope/mail.js';
