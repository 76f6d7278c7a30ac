// `backtrail/evtx`: reading and writing Windows XML event logs, usable without the rest of Backtrail.
export { MAX_ELEMENT_DEPTH, MAX_RECORD_NODES, MAX_STREAM_DEPTH, MAX_SUBSTITUTIONS } from './binxml.js';
export { Chunk, type ChunkOptions, type ChunkPlace, type RecordSpan } from './chunk.js';
export { EvtxError } from './error.js';
export { CHUNKS_PER_READ, type ChunkSpan, EvtxFile, type EvtxOptions, isEvtx, writeJsonLine } from './file.js';
export {
  CHUNK_HEADER_SIZE,
  CHUNK_SIZE,
  type ChunkHeader,
  FILE_FLAG_DIRTY,
  FILE_FLAG_FULL,
  FILE_FLAG_NO_CRC32,
  FILE_HEADER_SIZE,
  type FileHeader,
} from './layout.js';
export { type FieldValue, RecordView, type Shape, type ShapePart } from './record.js';
export type { AttributeNode, ElementNode, Node } from './node.js';
export { TemplateCache } from './template.js';
export { MAX_RECORD_OUTPUT, writeTreeJson } from './tree-json.js';
export { writeTreeXml } from './tree-xml.js';
export {
  type ElementSpec,
  type EventInstance,
  eventRecord,
  type EventSpec,
  type EventTemplates,
  eventTemplates,
  EvtxWriter,
  guidBytes,
  type InstanceSpec,
  pseudoGuid,
  type RecordSpec,
  sidBytes,
  type SpecNode,
  type SpecValue,
  type TemplateSpec,
  value,
  type WriterOptions,
} from './writer.js';
