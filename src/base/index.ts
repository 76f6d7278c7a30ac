export * from './bytes.js';
export * from './diagnostic.js';
export { MAX_NESTING, tooDeep } from './nesting.js';
export * from './time.js';
export * from './version.js';
export { citedByLine } from './citation.js';
