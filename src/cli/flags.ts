// The one table of commands and flags: parsing, --help and the documentation are made from it.

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of the value; absent for a switch. */
  readonly value?: string;
  readonly multiple?: boolean;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly about: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly (readonly [command: string, what: string])[];
}

const RULES: Flag = {
  name: 'rules',
  value: 'DIR',
  multiple: true,
  help: 'Folder or file with Sigma rules, the name of an installed collection, or "bundled"; may be repeated. Replaces the bundled rules.',
};
const PIPELINE: Flag = {
  name: 'pipeline',
  value: 'FILE',
  multiple: true,
  help: "A processing pipeline in pySigma's YAML form, run over all rules; may be repeated, lowest priority first.",
};
const PLACEHOLDERS: Flag = {
  name: 'placeholders',
  value: 'FILE',
  multiple: true,
  help: 'Values for placeholders ("expand"): YAML with name: [values], NAME.txt with a value a line, or a folder of them.',
};
const NO_RULES: Flag = { name: 'no-rules', help: 'Use no rules at all.' };
const THREADS: Flag = {
  name: 'threads',
  value: 'N',
  help: 'Workers to use. Default: one for each processor. The output is the same for any number.',
};
const TIMEZONE: Flag = {
  name: 'timezone',
  value: 'ZONE',
  multiple: true,
  help: "Zone of times that are written without one, as +02:00 or Europe/Berlin (with its summer time); for some files, as 'mail/*=-05:00'; may be repeated. Default: UTC, marked as inferred.",
};
const MAPPING: Flag = {
  name: 'mapping',
  value: 'FILE',
  multiple: true,
  help: 'What the columns of a log mean that no reader knows; may be repeated. "backtrail formats suggest FILE" drafts one.',
};
const ACQUIRED: readonly Flag[] = [
  { name: 'acquired-by', value: 'NAME', help: 'Who took this evidence; stands in the register.' },
  { name: 'acquired-at', value: 'TIME', help: 'When it was taken, as 2024-03-05T08:00:00Z.' },
  { name: 'acquired-how', value: 'TEXT', help: 'How: tool, image, hand-over.' },
];
const DECLARED: readonly Flag[] = [
  {
    name: 'known',
    value: 'FILE',
    multiple: true,
    help: 'Declared tests and other known activity (YAML: accounts, addresses, hosts, from, to, why): never part of an incident.',
  },
  { name: 'networks', value: 'FILE', help: 'Whose networks addresses are: CSV with cidr, country, asn, label.' },
  { name: 'geo', value: 'FILE', help: 'A GeoIP or ASN database (.mmdb), asked where --networks says nothing.' },
  {
    name: 'directory',
    value: 'FILE',
    help: 'An export of the directory (CSV: account, mailbox, name, title), for the owners of mailboxes.',
  },
];
const PASSWORD: Flag = {
  name: 'password',
  value: 'TEXT',
  multiple: true,
  help: 'Password of encrypted archives; may be repeated.',
};
const RECOVER: Flag = {
  name: 'recover',
  help: 'Also read records left in slack space (deleted or overwritten in part).',
};

/** Understood by every command. */
export const COMMON: readonly Flag[] = [
  { name: 'quiet', short: 'q', help: 'No progress and no summary; errors only.' },
  { name: 'json', help: 'Print the summary as JSON.' },
  { name: 'timing', help: 'Print where the time went.' },
  { name: 'no-color', help: 'No colours (so does the NO_COLOR variable).' },
  { name: 'help', short: 'h', help: 'Show this help.' },
];

export const COMMANDS: readonly Command[] = [
  {
    name: 'investigate',
    usage: 'investigate PATH... --out CASE [--rules DIR]... [--resume]',
    summary: 'Read evidence and write a case: register, detections, incident.json, report.html',
    about:
      'Reads every file below the given paths. Logs are recognised by their content ("backtrail formats" lists the kinds); anything else is listed in the register as skipped. Evidence is opened for reading only. A PATH of - is standard input, named "stdin"; to verify such a case later, keep it as a file and give that with --evidence.',
    flags: [
      {
        name: 'out',
        short: 'o',
        value: 'CASE',
        help: 'Folder of the case. A case that is there already is written anew.',
      },
      {
        name: 'resume',
        help: 'Go on with a run that was broken off: same evidence, rules and options, same result. PATHs need not be named again; passwords must.',
      },
      RULES,
      PIPELINE,
      PLACEHOLDERS,
      NO_RULES,
      { name: 'title', value: 'TEXT', help: 'Title of the report.' },
      {
        name: 'tlp',
        value: 'LEVEL',
        help: 'Traffic Light Protocol marking: RED, AMBER, AMBER+STRICT, GREEN or CLEAR.',
      },
      RECOVER,
      PASSWORD,
      TIMEZONE,
      MAPPING,
      ...DECLARED,
      ...ACQUIRED,
      THREADS,
    ],
    examples: [
      ['backtrail investigate ~/collected/logs --out case-017', 'with the bundled rules'],
      ['backtrail investigate logs/ --rules sigma/rules --out case-017', 'with the rules of SigmaHQ'],
    ],
  },
  {
    name: 'add',
    usage: 'add CASE PATH...',
    summary: 'Add evidence to a finished case; what it has is not read again',
    about:
      'Reads only what is new, with the rules and options that the case was made with, and writes the case anew. Files that the case has (same name, same content) are left out; other files of the same name get names of their own.',
    flags: [PASSWORD, ...ACQUIRED, THREADS],
    examples: [['backtrail add case-017 ~/collected/second-delivery.zip', '']],
  },
  {
    name: 'decide',
    usage: 'decide CASE DECISIONS.yml',
    summary: 'Apply what analysts decided, and reconstruct again',
    about:
      'Decisions are a YAML list: { decision: not_compromised, hosts: [...], because: ... }, { decision: not_abused, accounts: [...] }, { decision: same_incident, hosts: [one of each] }, each with because and by. They are kept in the case and shown in the report; the evidence is not read again. The file replaces earlier decisions.',
    flags: [PASSWORD, THREADS],
    examples: [['backtrail decide case-017 decisions.yml', '']],
  },
  {
    name: 'explain',
    usage: 'explain CASE ID [NAME]',
    summary: 'Print how an incident leads to a host, an account or a mailbox, record by record',
    about:
      'ID is that of an incident (i1); NAME a host, account, mailbox or address of it. Without NAME: the incident from its beginning. Every step says why it was believed and which records show it.',
    flags: [],
    examples: [['backtrail explain case-017 i1 FS01', 'the path to one host']],
  },
  {
    name: 'hunt',
    usage: 'hunt PATH... [--rules DIR]... [--output table|csv|json|jsonl]',
    summary: 'Run Sigma rules over logs and print what matches',
    about:
      'Detections alone, in the order of the evidence, to standard output. All levels unless --min-level says otherwise.',
    flags: [
      RULES,
      PIPELINE,
      PLACEHOLDERS,
      NO_RULES,
      { name: 'output', value: 'FORMAT', help: 'table (default), csv, json or jsonl.' },
      { name: 'out', short: 'o', value: 'FILE', help: 'Write to FILE instead of standard output.' },
      { name: 'min-level', value: 'LEVEL', help: 'informational, low, medium, high or critical.' },
      RECOVER,
      PASSWORD,
      TIMEZONE,
      MAPPING,
      THREADS,
    ],
    examples: [
      ['backtrail hunt Security.evtx --min-level high', 'the serious matches of one log'],
      ['backtrail hunt logs/ --output jsonl | jq .title', 'one JSON object a line'],
    ],
  },
  {
    name: 'identify',
    usage: 'identify PATH...',
    summary: 'Say what each file is, and why',
    about: 'Looks at the beginning of every file and names its format: by content, never by its name.',
    flags: [PASSWORD, MAPPING],
    examples: [['backtrail identify ~/collected', 'one line a file']],
  },
  {
    name: 'formats',
    usage: 'formats [suggest FILE]',
    summary: 'List the formats that are read, or draft a mapping for one that is not',
    about:
      'Every format with its id and what it covers. "suggest" looks at a table, JSON lines or an access log and drafts a mapping file for --mapping: check it before use.',
    flags: [],
    examples: [
      ['backtrail formats', 'the list'],
      ['backtrail formats suggest vpn.csv > vpn.yml', 'then investigate … --mapping vpn.yml'],
    ],
  },
  {
    name: 'search',
    usage: "search CASE 'QUERY' [--from TIME] [--to TIME] [--host NAME] [--limit N]",
    summary: 'Search every record of a case',
    about:
      'field:value, wildcards (* ?), ranges (status:>=500, time:[2024-03-05 TO 2024-03-06]), "quoted text", free text, and / or / not, brackets. Fields are host, source, provider, event_id, evidence, record, rule, level and the attributes of facts (user, src_ip, dst_ip, process, command_line, path, query, service …); docs/search.md lists them. Each result names the record that it is.',
    flags: [
      { name: 'from', value: 'TIME', help: 'From this time on (UTC), as 2024-03-05 or 2024-03-05T08:00:00.' },
      { name: 'to', value: 'TIME', help: 'Before this time (UTC).' },
      { name: 'host', value: 'NAME', help: 'Only this host, with or without its domain; wildcards allowed.' },
      { name: 'limit', value: 'N', help: 'Records to print. Default: 50.' },
      { name: 'output', value: 'FORMAT', help: 'table (default), jsonl, json or csv.' },
      {
        name: 'sql',
        value: 'SQL',
        help: "DuckDB's SQL over the store instead of a query: read-only, without access to files.",
      },
    ],
    examples: [
      ["backtrail search case-017 'user:administrator logon_type:10'", 'remote desktop logons of one account'],
      ["backtrail search case-017 'command_line:*-enc* and not host:build*'", 'encoded commands elsewhere'],
    ],
  },
  {
    name: 'report',
    usage: 'report CASE [--format FORMAT]... [--out FILE] [--redact] [--since N]',
    summary: 'A finished case as HTML, PDF, Markdown, Word, STIX, ATT&CK Navigator, Attack Flow, MISP, OCSF, …',
    about:
      'All formats are made from incident.json by one model, so that no two can disagree. html (one file), pdf (printed by an installed Chromium, Chrome or Edge), md, docx; stix (2.1 bundle), navigator (ATT&CK layer), flow (Attack Flow), misp (event), ocsf (findings), timesketch (timeline), csv (all tables), indicators (CSV, defanged too), sigma (rules made from this case), veris; all: everything into a folder. Without --out the file goes into the case.',
    flags: [
      {
        name: 'format',
        short: 'f',
        value: 'FORMAT',
        multiple: true,
        help: 'One of the above; may be repeated. Default: html.',
      },
      {
        name: 'out',
        short: 'o',
        value: 'FILE',
        help: 'Where to; a folder for several formats; - for standard output.',
      },
      { name: 'lang', value: 'LANG', help: 'Language of the report: en or zh.' },
      { name: 'executive', help: 'The two pages for who decides, instead of the whole report.' },
      {
        name: 'redact',
        help: "Replace the victim's hosts, people, accounts, domains and internal addresses; the key goes into a file beside it.",
      },
      {
        name: 'tlp',
        value: 'LEVEL',
        help: 'Traffic Light Protocol marking: RED, AMBER, AMBER+STRICT, GREEN or CLEAR.',
      },
      {
        name: 'since',
        value: 'N',
        help: 'Also tell what changed since report N of this case, or since an incident.json.',
      },
      {
        name: 'attack',
        value: 'VERSION',
        help: 'navigator: 19 (default) or 18, for tools that know the tactics of before v19.',
      },
      { name: 'victim', value: 'NAME', help: 'Who was attacked, for stix and veris.' },
      { name: 'sector', value: 'NAICS', help: 'Their sector, as a NAICS code, for veris.' },
      { name: 'country', value: 'XX', help: 'Their country, ISO 3166-1 alpha-2, for veris.' },
    ],
    examples: [
      ['backtrail report case-001 --format pdf --tlp AMBER', ''],
      ['backtrail report case-001 --format all --out exports/', ''],
      ['backtrail report case-001 --format md --lang zh --redact --out public.md', ''],
    ],
  },
  {
    name: 'seal',
    usage: 'seal CASE --key FILE [--new-key] [--by NAME] [--note TEXT]',
    summary: 'Sign what a case is now (ed25519)',
    about:
      'Writes seal.json into the case: the SHA-256 of its files and of all evidence, signed. "verify" checks it. The private key stays with you; its fingerprint is what others compare.',
    flags: [
      { name: 'key', value: 'FILE', help: 'Private key (PEM, ed25519) to sign with.' },
      { name: 'new-key', help: 'Make the key and write it to that file, which must not exist.' },
      { name: 'by', value: 'NAME', help: 'Who seals it.' },
      { name: 'note', value: 'TEXT', help: 'Anything else that belongs to it.' },
    ],
    examples: [['backtrail seal case-017 --key team.pem --new-key --by "CERT, A. Analyst"', 'with a key made for it']],
  },
  {
    name: 'timeline',
    usage: 'timeline CASE [--output csv|jsonl|timesketch]',
    summary: 'Print the records of a case in the order of time',
    about:
      'Every record that has a time, from all evidence, as CSV, JSON lines or in the columns that Timesketch imports.',
    flags: [
      { name: 'from', value: 'TIME', help: 'From this time on (UTC), as 2024-03-05 or 2024-03-05T08:00:00.' },
      { name: 'to', value: 'TIME', help: 'Before this time (UTC).' },
      { name: 'query', value: 'QUERY', help: 'Only what a search for this would find.' },
      { name: 'output', value: 'FORMAT', help: 'csv (default), jsonl or timesketch.' },
      { name: 'out', short: 'o', value: 'FILE', help: 'Write to FILE instead of standard output.' },
    ],
    examples: [['backtrail timeline case-017 --output timesketch -o timeline.csv', 'for Timesketch']],
  },
  {
    name: 'dump',
    usage: 'dump PATH... [--format jsonl|xml]',
    summary: 'Print the records of event logs as JSON lines or XML',
    about:
      'Every record that can be read, in the order of each log. Records that cannot be read are reported on standard error.',
    flags: [
      { name: 'format', value: 'FORMAT', help: 'jsonl (default) or xml.' },
      { name: 'out', short: 'o', value: 'FILE', help: 'Write to FILE instead of standard output.' },
      {
        name: 'record',
        value: 'N',
        multiple: true,
        help: 'Only the record with this number in its header; may be repeated.',
      },
      RECOVER,
      PASSWORD,
      TIMEZONE,
      MAPPING,
      THREADS,
    ],
    examples: [
      ['backtrail dump System.evtx > system.jsonl', ''],
      ['backtrail dump Security.evtx --record 4711 --format xml', 'the record that a report cites'],
    ],
  },
  {
    name: 'rules',
    usage: 'rules check|list|coverage DIR... | rules explain RULE [--event FILE#RECORD] | rules add DIR|ZIP',
    summary: 'Check rules, explain one, list them, show which logs they need, install a collection',
    about:
      'check: which rules load, which do not and why; what the specification forbids, what cannot match, what is expensive, with line and caret (exit 1 if there is an error). explain: what a rule means, where its events are, and for an event what each part of the rule says of it; RULE is a file, an id or a title. list: id, level, title. coverage: log sources, where they are found, and how many rules need each; of a case: which could have run. add: copies a collection (a SigmaHQ release, say) into your data folder, to be named with --rules NAME. Without DIR: the bundled rules.',
    flags: [
      RULES,
      PIPELINE,
      PLACEHOLDERS,
      { name: 'event', value: 'FILE#N', help: 'explain: an event, by its log and the number of its record or line.' },
      { name: 'all', help: 'check: also notes on style.' },
      { name: 'name', value: 'NAME', help: "add: the collection's name. Default: that of the folder or archive." },
      { name: 'version', value: 'TEXT', help: 'add: its version, which stands in every case that uses it.' },
    ],
    examples: [
      ['backtrail rules check my-rules/', ''],
      ['backtrail rules explain 0c84a164-9f0e-5ef3-810e-113e55c12176 --event Security.evtx#4711', ''],
      ['backtrail rules add sigma_all_rules.zip --version r2026-08', ''],
      ['backtrail rules coverage sigma/rules', ''],
    ],
  },
  {
    name: 'range',
    usage: 'range SCENARIO --out DIR [--seed N] [--hosts N] [--days N] | range list',
    summary: "Make a synthetic enterprise's logs, with what really happened beside them",
    about:
      'Writes the evidence of an enterprise over a time below DIR/evidence, and DIR/truth.json with the intrusions in it; networks.csv (countries of networks outside), directory.csv (people and their mailboxes), and known.yml where a declared penetration test is in it. Log records only. The same options write the same bytes. "range list" describes the scenarios.',
    flags: [
      {
        name: 'out',
        short: 'o',
        value: 'DIR',
        help: 'Folder to write to: empty, new, or one that range wrote before.',
      },
      { name: 'seed', value: 'N', help: 'Another number, another enterprise and another course. Default: 1.' },
      { name: 'hosts', value: 'N', help: 'Machines, 10 to 5,000.' },
      { name: 'days', value: 'N', help: 'Days, 1 to 731.' },
      {
        name: 'scale',
        value: 'X',
        help: 'How much everyday life is logged; 1 is some seventy records a host and day.',
      },
      { name: 'format', value: 'FORMAT', help: 'Of Windows events: evtx, xml, winlogbeat, or mixed (default).' },
      {
        name: 'keep-days',
        value: 'N',
        help: 'Days that the logs on workstations go back, on servers three times as many; default: all.',
      },
    ],
    examples: [
      ['backtrail range mail-server --hosts 40 --days 30 --out range-1', 'a small case'],
      ['backtrail range list', 'the scenarios'],
    ],
  },
  {
    name: 'score',
    usage: 'score TRUTH INCIDENT',
    summary: 'Compare an investigation with what really happened',
    about:
      'Precision, recall and F1 for each part of an incident, the lowest of them, and by name what is missing and what is too much. TRUTH is a truth.json of "backtrail range", INCIDENT an incident.json or a case.',
    flags: [],
    examples: [['backtrail score range-1/truth.json case-001', '']],
  },
  {
    name: 'verify',
    usage: 'verify CASE',
    summary: 'Prove a case: hashes, cited records, every number',
    about:
      'Checks the SHA-256 of every file of evidence, opens every cited record again and recounts every number from the evidence. Stops at the first thing that does not hold, with exit 1.',
    flags: [
      PASSWORD,
      {
        name: 'evidence',
        value: 'PATH',
        multiple: true,
        help: 'Where the evidence is now, if it was moved: the path that was given to investigate.',
      },
      { ...RULES, help: 'Where the rules are now, if they were moved.' },
      PIPELINE,
      PLACEHOLDERS,
      THREADS,
    ],
    examples: [['backtrail verify case-017', '']],
  },
];

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  noEvidence: 3,
  caseError: 4,
  internal: 70,
  interrupted: 130,
} as const;

const EXIT_HELP = `Exit codes
  0    done (for investigate: the case was written)
  1    verify: something does not hold; rules check: a rule does not load
  2    the command line was not understood
  3    no evidence was found
  4    the case or output could not be written
  70   a fault in Backtrail itself
  130  interrupted; "backtrail investigate --resume --out CASE" goes on`;

export function helpText(command?: Command): string {
  const line = (f: Flag): string => {
    const left = `  ${f.short === undefined ? '    ' : `-${f.short}, `}--${f.name}${f.value === undefined ? '' : ` ${f.value}`}`;
    return left.length > 27 ? `${left}\n${' '.repeat(29)}${f.help}` : `${left.padEnd(29)}${f.help}`;
  };
  if (command === undefined) {
    return `Backtrail reconstructs intrusions from logs, with the records that prove it.

Usage
${COMMANDS.map((c) => `  backtrail ${c.usage}`).join('\n')}

Commands
${COMMANDS.map((c) => `  ${c.name.padEnd(13)}${c.summary}`).join('\n')}

Start here
  backtrail investigate ~/collected/logs --out case-001
  then open case-001/report.html in a browser.

Every command has its own help: backtrail hunt --help

Flags of every command
${COMMON.map(line).join('\n')}
      --version              Show the version.

${EXIT_HELP}
`;
  }
  const examples = command.examples.map(([c, what]) => (what === '' ? `  ${c}` : `  ${c}\n      ${what}`)).join('\n');
  return `backtrail ${command.usage}

${command.summary}.
${command.about}

Flags
${[...command.flags, ...COMMON].map(line).join('\n')}

Examples
${examples}

${EXIT_HELP}
`;
}
