export { type Detection, MAX_FIELD_TEXT, type MatchedField } from './detection.js';
export {
  cacheFolder,
  loadRules,
  type LoadedRules,
  readPlans,
  type RuleInfo,
  type RulePlan,
  type RuleSetInfo,
} from './rule-set.js';
export { MAX_PROBLEMS, type NumberRun, type Presence, scanChunks, type ScanOptions, type ScanResult } from './scan.js';
export type { TamperFact, TamperKind } from './tampering.js';
export { MAX_RANGES, type SkippedRange } from './scan-text.js';
