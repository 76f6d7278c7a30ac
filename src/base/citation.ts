/** Formats whose records are cited by a number of their own: the event log's, or how many came before in the file. */
const BY_NUMBER: ReadonlySet<string> = new Set(['evtx', 'json', 'event-xml-packed']);

/** Whether records of a format are cited by the line that they begin on; else by their number. */
export const citedByLine = (format: string): boolean => !BY_NUMBER.has(format);
