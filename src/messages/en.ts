// Every word that a reader of a case reads: report, statements, notes in incident.json. Another language is another
// file of this shape. Numbers and texts from evidence come in as arguments and are escaped by whoever prints them.

import { incidentReportEn } from './report-en.js';
import { incidentEn } from './incident-en.js';
import { reportModelEn } from './report-model-en.js';

export interface Messages {
  readonly language: string;
  readonly text: typeof text;
}

const plural = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

const text = {
  incident: incidentEn,
  incidentReport: incidentReportEn,
  model: reportModelEn,
  reportTitle: 'Intrusion log analysis',
  caseTitle: (id: string): string => `Case ${id}`,
  level: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', informational: 'Informational' } as Record<
    string,
    string
  >,
  kind: {
    log_cleared: 'Log cleared',
    record_gap: 'Records missing',
    sensor_stopped: 'Protection stopped',
    audit_policy_changed: 'Auditing reduced',
    missing_log: 'Log missing',
    file_deleted: 'File deleted',
    timestomp: 'Time changed',
    other: 'Request removed',
  } as Record<string, string>,
  tampering: 'Tampering',
  onHosts: (n: number): string => plural(n, 'host', 'hosts'),
  status: { parsed: 'Read', partial: 'Read in part', failed: 'Failed', skipped: 'Skipped' } as Record<string, string>,
  // incident.json
  tamper: {
    log_cleared: (log: string, who: string | null): string =>
      `The log "${log}" was cleared${who === null ? '' : ` by ${who}`}.`,
    audit_policy_changed: (what: string, who: string | null): string =>
      `Auditing of ${what} was reduced${who === null ? '' : ` by ${who}`}.`,
    sensor_stopped: (what: string): string => `${what} was turned off.`,
    record_gap: (from: number, to: number, channel: string): string =>
      `${plural(to - from + 1, 'record', 'records')} missing from "${channel}": ${from === to ? `number ${from}` : `numbers ${from} to ${to}`}.`,
  },
  blind: {
    cleared: (log: string): string => `"${log}" was cleared: what it held before is not in this evidence.`,
    uncorrelated: (n: number): string =>
      `${plural(n, 'match was', 'matches were')} more than correlation rules keep at a time, and not looked at by them.`,
    gap: (n: number): string => `${plural(n, 'record is', 'records are')} missing from the numbering of this log.`,
    damaged: (n: number): string =>
      `The file is damaged: ${plural(n, 'problem', 'problems')} while reading it; records may be missing.`,
    failed: 'The file could not be read.',
    empty: 'The file is empty.',
    duplicate: (id: string): string => `Not read: the same content as ${id}, byte for byte. It is counted once.`,
    shifted: (n: number, minutes: readonly number[]): string =>
      `The time of ${plural(n, 'record', 'records')} was inferred: it is written as UTC and is not, by Sysmon's own UtcTime in the same log; ${minutes.map((m) => `${m > 0 ? '+' : ''}${m / 60} h`).join(' and ')} was added.`,
    inferred: (n: number, zone: number | null): string =>
      `The time of ${plural(n, 'record', 'records')} was inferred: ${zone === null ? 'it is written without a zone (UTC was assumed; --timezone says otherwise) or without a year' : 'it is written without a year'}.`,
    notRead: (what: string): string =>
      `Not read: this is ${what}, a kind of evidence that this version does not take in.`,
  },
  whyApart: 'A rule match. No record of it is a record of an incident.',
  whyApartUnknown: 'A rule match. It has not been linked to an intrusion: no incident was looked for in this run.',
  reconstruction: {
    none: 'No incident was found: no strong lead is in this evidence that administration does not explain. What the evidence does not cover, it cannot show.',
    found: (n: number): string =>
      `${plural(n, 'incident was', 'incidents were')} reconstructed from the leads and causes that the records show. What the evidence does not cover, it cannot show.`,
    failed: (why: string): string => `Incidents were not looked for: ${why}`,
    off: 'Incidents were not looked for: the reconstruction needs the case store (--no-store was given).',
  },
  times: (n: number): string => (n === 1 ? '' : ` (${n.toLocaleString('en')} times)`),
  // report
  cover: {
    case: 'Case',
    created: 'Created',
    tool: 'Tool',
    rules: 'Rules',
    period: 'Period of the records',
    evidence: 'Evidence',
    utc: 'All times are UTC.',
    tlp: 'TLP',
  },
  tiles: {
    records: 'Records read',
    detections: 'Rule matches',
    rules: 'Rules that matched',
    hosts: 'Hosts seen',
    files: 'Logs read',
    problems: 'Problems',
  },
  sections: {
    found: 'What was found',
    tampering: 'Signs of log tampering',
    timeline: 'Timeline',
    hosts: 'Detections by host and level',
    detections: 'Detections',
    techniques: 'Techniques (MITRE ATT&CK)',
    register: 'Evidence register',
    problems: 'Problems and blind spots',
    coverage: 'Coverage',
    method: 'Method and limits',
  },
  found: {
    none: 'No rule matched any record. That says what these rules do not see in these records, and nothing more.',
    lead: (detections: number, rules: number, hosts: number): string =>
      `${plural(detections, 'record match', 'record matches')} of ${plural(rules, 'rule', 'rules')} on ${plural(hosts, 'host', 'hosts')}.`,
    strongest: 'The strongest first:',
    more: (n: number): string => `and ${plural(n, 'more rule', 'more rules')} below.`,
    tampering: (n: number): string => `${plural(n, 'sign', 'signs')} that logging was interfered with.`,
    matches: 'Rule matches are leads. Whether they belong to an intrusion is for the analyst to decide.',
  },
  columns: {
    level: 'Level',
    rule: 'Rule',
    count: 'Matches',
    host: 'Host',
    hosts: 'Hosts',
    first: 'First',
    last: 'Last',
    technique: 'Technique',
    tactics: 'Tactics',
    time: 'Time',
    what: 'What',
    records: 'Records',
    file: 'File',
    size: 'Size',
    sha256: 'SHA-256',
    format: 'Format',
    channel: 'Channel',
    status: 'Status',
    problem: 'Problem',
    at: 'Where',
    source: 'Source',
    from: 'From',
    to: 'To',
    why: 'Why',
    phase: 'Phase',
    field: 'Field',
    value: 'Value',
    author: 'Author',
    total: 'Total',
    proof: 'Proof',
  },
  timeline: {
    density: (unit: string): string => `Rule matches and signs of tampering per ${unit}`,
    empty: 'Nothing to show.',
    omitted: (n: number): string => `${plural(n, 'further entry', 'further entries')} in incident.json.`,
  },
  units: { minute: 'minute', hour: 'hour', day: 'day', week: 'week', month: 'month' } as Record<string, string>,
  record: {
    open: 'Open record',
    title: (file: string, n: number): string => `Record ${n} of ${file}`,
    close: 'Close',
    notHere: 'This record is not included in the report. It can be read from the evidence with:',
    more: (n: number): string => `${plural(n, 'more record', 'more records')} in incident.json`,
  },
  entities: {
    clocks: 'Clocks',
    clocksNote: (all: number, close: number): string =>
      `Compared where two hosts recorded the same logon or connection: ${plural(all, 'clock', 'clocks')}, of which ${close.toLocaleString('en')} within a second. Times in this report are as recorded.`,
    reference: 'Compared with',
    ahead: 'Ahead by',
    pairs: 'Pairs of records',
    names: 'Hosts, their names and addresses',
    also: 'Also called',
    addresses: 'Addresses',
  },
  register: {
    none: 'No evidence was read.',
    acquired: (what: string, by: string | null, time: string | null, how: string | null): string =>
      `${what}: taken${by === null ? '' : ` by ${by}`}${time === null ? '' : ` at ${time}`}${how === null ? '' : ` (${how})`}, as stated by whoever ran this.`,
  },
  problems: {
    none: 'No problem was met while reading.',
    blind: 'What cannot be known from this evidence',
    reading: 'Problems while reading',
    omitted: (n: number): string => `${plural(n, 'more problem', 'more problems')} of this file not listed`,
  },
  method: {
    body: [
      'Every event log was opened read-only and identified by its content. Each record was decoded and compared with every rule whose log source covers it. Every number in this report is the length of a list in incident.json, and every entry of such a list cites the records that it rests on by file and record number; "backtrail verify" opens each of them again and recounts.',
      "A record number is the number in the record's own header: it is unique in its file. In exported and forwarded logs it differs from EventRecordID, which the recording host gave.",
      'Gaps in the numbering are only told of logs that number without holes: not of exported, forwarded or merged ones, and not where the file itself is damaged.',
      'Log content is written by whoever controlled the host. It is shown as text and never interpreted.',
    ],
    rules: 'Rules and their authors',
    licence: 'Licence',
  },
  filter: 'Filter detections and timeline',
  noscript: 'Opening records and filtering need JavaScript; everything else is on the page.',
  language: 'English',
};

export const en: Messages = { language: 'en', text };
