// Every word that a reader reads, by language.
import { en, type Messages } from './en.js';

import { incidentEn, type StatementParts } from './incident-en.js';
import { vectors } from './incident-en.js';
import { statementZh, vectorsZh } from './incident-zh.js';
import { saidZh } from './said-zh.js';
import { zh } from './zh.js';

/** Statements of an incident by language (BCP 47). */
export const STATEMENTS: Readonly<Record<string, (i: StatementParts) => string>> = {
  en: incidentEn.statement,
  zh: statementZh,
};

/** One catalogue per language; English is the one that others are measured against. */
export const CATALOGUES: Readonly<Record<string, Messages>> = { en, zh };
/** Sentences of incident.json in another language. */
export const SAID: Readonly<Record<string, (text: string) => string>> = { zh: saidZh };
/** Ways in, in words, by language. */
export const VECTORS: Readonly<Record<string, Readonly<Record<string, string>>>> = { en: vectors, zh: vectorsZh };
export type { ReportWords } from './report-model-en.js';
export { boundWord } from './bounds.js';
export { en, type Messages };
