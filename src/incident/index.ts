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
  type TamperInput,
} from './collect.js';
export * from './model.js';
