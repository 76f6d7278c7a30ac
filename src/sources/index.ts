export { fingerprintFile, sha256File } from './hash.js';
export { identify, type Identified, identifyOpen } from './identify.js';
export { MAX_DEPTH, MAX_FILES, type SourceFile, walk, type Walk } from './walk.js';
