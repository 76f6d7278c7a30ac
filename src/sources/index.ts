export { fingerprintFile, sha256File } from './hash.js';
export { HEAD_BYTES, identify, type Identified, isBinary } from './identify.js';
export { MAX_DEPTH, MAX_FILES, type SourceFile, walk, type Walk } from './walk.js';
export { hostOf } from './collection.js';
