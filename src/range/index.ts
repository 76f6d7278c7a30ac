export { findScenario, playRange, type RangeOptions, type RangeResult } from './range.js';
export { type Scenario, SCENARIOS } from './scenarios.js';
export { type PartScore, PARTS, type Score, score } from './score.js';
export type { Truth, TruthIncident } from './truth.js';
