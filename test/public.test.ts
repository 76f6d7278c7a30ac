// What others rely on by name: the package's exports, its version, its commands.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { test } from 'node:test';
import { VERSION } from '../src/base/index.js';
import { COMMANDS } from '../src/cli/flags.js';
import { readText, ROOT } from './support.js';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  backtrail: [
    'CASE_FORMAT',
    'CATALOGUES',
    'CaseError',
    'INCIDENT_SCHEMA',
    'TOOL',
    'VERSION',
    'diagnosticText',
    'hunt',
    'investigate',
    'loadRules',
    'readCase',
    'renderHtml',
    'verifyCase',
    'walk',
  ],
  'backtrail/evtx': [
    'CHUNKS_PER_READ',
    'CHUNK_HEADER_SIZE',
    'CHUNK_SIZE',
    'Chunk',
    'EvtxError',
    'EvtxFile',
    'EvtxWriter',
    'FILE_FLAG_DIRTY',
    'FILE_FLAG_FULL',
    'FILE_FLAG_NO_CRC32',
    'FILE_HEADER_SIZE',
    'MAX_ELEMENT_DEPTH',
    'MAX_RECORD_NODES',
    'MAX_RECORD_OUTPUT',
    'MAX_STREAM_DEPTH',
    'MAX_SUBSTITUTIONS',
    'RecordView',
    'TemplateCache',
    'eventRecord',
    'eventTemplates',
    'guidBytes',
    'isEvtx',
    'pseudoGuid',
    'sidBytes',
    'value',
    'writeJsonLine',
    'writeTreeJson',
    'writeTreeXml',
  ],
  'backtrail/sigma': [
    'ConditionError',
    'Engine',
    'EventClass',
    'LEVELS',
    'MAX_RULE_BYTES',
    'ModifierError',
    'PipelineError',
    'checkRules',
    'compareText',
    'contradiction',
    'fieldExpr',
    'fold',
    'link',
    'numberOf',
    'parseCondition',
    'parseRules',
    'readPipeline',
    'testText',
    'timePart',
    'unwire',
  ],
};

for (const [entry, names] of Object.entries(NAMES))
  test(`public names of ${entry}`, async () => {
    // By the package's own name, as others import it.
    const module = (await import(entry)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(module).sort(), [...names].sort());
  });

test('the version is that of package.json', () => {
  assert.equal(VERSION, (JSON.parse(readText(join(ROOT, 'package.json'))) as { version: string }).version);
});

test('the README tells every command', () => {
  const readme = readText(join(ROOT, 'README.md'));
  for (const c of COMMANDS) assert.ok(readme.includes(`\`${c.name} `), c.name);
});
