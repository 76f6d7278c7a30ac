export {
  type CorrelatedEvent,
  type CorrelationMatch,
  Correlator,
  MAX_EVENTS as MAX_CORRELATED,
  type PlacedEvent,
} from './correlate.js';
export { type Detection, MAX_FIELD_TEXT, type MatchedField } from './detection.js';
export {
  cacheFolder,
  loadRules,
  type LoadedRules,
  readPlans,
  ruleOfCorrelation,
  toldRules,
  type RuleInfo,
  type RulePlan,
  type RuleSetInfo,
} from './rule-set.js';
export type { RuleOptions } from './rule-options.js';
export { MAX_PROBLEMS, type NumberRun, type Presence, scanChunks, type ScanOptions, type ScanResult } from './scan.js';
export type { TamperFact, TamperKind } from './tampering.js';
export { MAX_RANGES, type SkippedRange } from './scan-text.js';
