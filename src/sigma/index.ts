// `backtrail/sigma`: parsing Sigma rules and matching events against many of them at once, usable without the rest.
export {
  type Correlation,
  type CorrelationType,
  type Expr,
  type Filter,
  type Level,
  LEVELS,
  type Rule,
  type Test,
  type TimePart,
  type WirePart,
} from './ast.js';
export { type Check, type CheckKind, type CheckKnowledge, checkRules, contradiction } from './check.js';
export { ConditionError, parseCondition } from './condition.js';
export { Engine, EventClass, type EventReader, type EventValue, type PlannableRule, type RoutesOf } from './engine.js';
export { fieldExpr, ModifierError, type Placeholders, type RuleValue } from './modifiers.js';
export { link, type Linked, type PlannedCorrelation, type Reference } from './link.js';
export { MAX_RULE_BYTES, type ParsedFile, type ParseOptions, parseRules } from './parse.js';
export { type Pipeline, PipelineError, readPipeline } from './pipeline.js';
export { compareText, fold, numberOf, testText, timePart, unwire } from './test.js';
