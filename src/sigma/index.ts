// `backtrail/sigma`: parsing Sigma rules and matching events against many of them at once, usable without the rest.
export { type Expr, type Level, LEVELS, type Rule, type Test, type TimePart, type WirePart } from './ast.js';
export { ConditionError, parseCondition } from './condition.js';
export { Engine, EventClass, type EventReader, type EventValue, type PlannableRule, type RoutesOf } from './engine.js';
export { fieldExpr, ModifierError, type Placeholders, type RuleValue } from './modifiers.js';
export { MAX_RULE_BYTES, type ParsedFile, parseRules } from './parse.js';
export { compareText, fold, numberOf, testText, timePart, unwire } from './test.js';
