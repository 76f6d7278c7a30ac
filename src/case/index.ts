export { CASE_FORMAT, CaseError, type CaseFile, openCase, type OpenCase, readCase } from './case-folder.js';
export { checkSeal, fingerprint, newKey, readKey, type Seal, SEAL_FILE, sealCase, SEALED_FILES } from './seal.js';
export { Journal, JOURNAL_FILE } from './journal.js';
