// What the package offers by name. A test holds the list: a name that goes is a breaking change.
export { type Diagnostic, diagnosticText, TOOL, VERSION } from './base/index.js';
export { CASE_FORMAT, CaseError, readCase } from './case/index.js';
export { loadRules, type LoadedRules } from './detect/index.js';
export { type Cite, type IncidentDocument, INCIDENT_SCHEMA } from './incident/index.js';
export { CATALOGUES, type Messages } from './messages/index.js';
export { hunt, type HuntBatch, type HuntOptions } from './pipeline/hunt.js';
export { investigate, type InvestigateOptions, type InvestigateResult } from './pipeline/investigate.js';
export { type Check, verifyCase } from './pipeline/verify.js';
export { renderHtml } from './report/index.js';
export { type SourceFile, walk } from './sources/index.js';
