import { en, type Messages } from './en.js';

/** One catalogue per language; English is the one that others are measured against. */
export const CATALOGUES: Readonly<Record<string, Messages>> = { en };
export { en, type Messages };
