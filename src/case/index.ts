export { CASE_FORMAT, CaseError, type CaseFile, openCase, type OpenCase, readCase } from './case-folder.js';
