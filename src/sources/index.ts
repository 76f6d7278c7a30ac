export { fingerprintFile, sha256File } from './hash.js';
export { HEAD_BYTES, identify, type Identified, isBinary } from './identify.js';
export { MAX_DEPTH, MAX_FILES, type SourceFile, walk, type Walk } from './walk.js';
export { hostOf } from './collection.js';
export {
  archiveKind,
  type ArchiveKind,
  type Container,
  expand,
  type Expanded,
  MAX_ARCHIVE_DEPTH,
  MAX_MEMBERS,
  MAX_RATIO,
  MAX_UNPACKED,
  memberName,
  RATIO_FROM,
} from './archives.js';
