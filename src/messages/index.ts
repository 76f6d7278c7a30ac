import { en, type Messages } from './en.js';

import { incidentEn, type StatementParts } from './incident-en.js';
import { statementZh } from './incident-zh.js';

/** Statements of an incident by language (BCP 47). */
export const STATEMENTS: Readonly<Record<string, (i: StatementParts) => string>> = {
  en: incidentEn.statement,
  zh: statementZh,
};

/** One catalogue per language; English is the one that others are measured against. */
export const CATALOGUES: Readonly<Record<string, Messages>> = { en };
export { en, type Messages };
