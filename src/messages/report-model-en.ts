// Words of the report, in English: what every rendering of a case is made of. Another language is another file of this shape.
const n = (x: number, one: string, many: string): string => `${x.toLocaleString('en')} ${x === 1 ? one : many}`;

export const reportModelEn = {
  incident: (id: string): string => `Incident ${id}`,
  sections: {
    judgements: 'Key judgements',
    scope: 'Scope',
    entry: 'Entry and dwell time',
    graph: 'Attack graph',
    timeline: 'Course of events',
    sessions: 'Attack sessions',
    mailboxes: 'Mailboxes',
    removal: 'What has to be removed: implants and ways to come back',
    channels: 'Command and control',
    theft: 'Data sent out',
    hijack: 'Update hijack',
    traces: 'Traces removed, and what cannot be known',
    techniques: 'Techniques by tactic (MITRE ATT&CK)',
    indicators: 'Indicators',
    changes: 'What changed since the last report',
    method: 'Method and limits',
    glossary: 'Glossary',
    register: 'Evidence register',
    detections: 'Rule matches',
    accounts: 'Accounts',
    hosts: 'Hosts',
    movement: 'Lateral movement',
    statement: 'Statement',
    summary: 'Summary for decision makers',
  },
  likelihood: {
    high: 'almost certainly (95 to 99 %)',
    moderate: 'very likely (80 to 95 %)',
    low: 'likely (55 to 80 %)',
  } as Readonly<Record<string, string>>,
  confidence: { high: 'high', moderate: 'moderate', low: 'low' } as Readonly<Record<string, string>>,
  judgement: {
    head: ['Judgement', 'Likelihood (ICD 203)', 'Confidence', 'Rests on'],
    intrusion: 'An intruder was at work in the enterprise.',
    entry: (vector: string, host: string): string => `They came in ${vector}, on ${host}.`,
    noEntry: 'How they came in is not known from this evidence.',
    extent: (all: number, certain: number): string =>
      certain >= all
        ? `They controlled ${n(all, 'host', 'hosts')}, ${all === 1 ? 'which' : 'all of which'} causes that records show lead to.`
        : `They controlled ${n(all, 'host', 'hosts')}, ${certain.toLocaleString('en')} of them by causes that records show, the others by inference.`,
    mail: (boxes: number): string => `They read the mail of ${n(boxes, 'mailbox', 'mailboxes')} or more.`,
    theft: (bytes: string): string => `They sent out data, ${bytes} in all.`,
    hijack: (ran: number): string =>
      `They gave out a package of theirs as an update; ${n(ran, 'host', 'hosts')} ran it.`,
    back: (ways: number): string =>
      `They can come back by ${n(ways, 'way', 'ways')} that they left, unless these were removed.`,
    traces: (k: number): string => `They removed traces or kept them from being written, ${n(k, 'time', 'times')}.`,
    leads: (k: number): string => n(k, 'technique', 'techniques'),
    records: (k: number): string => n(k, 'cited record', 'cited records'),
  },
  alternatives: 'Alternatives considered',
  alternative: {
    test: (declared: number): string =>
      declared === 0
        ? 'A test that was ordered. None was declared for this evidence (--known); whoever orders tests should be asked.'
        : `A test that was ordered. ${n(declared, 'declared activity is', 'declared activities are')} left out; what is told here is not covered by it.`,
    administration:
      'The work of administrators. What is a habit of a host, or on many hosts, in this evidence was taken as that and is no lead; the first causes cited here are not.',
    two: 'Two intruders taken for one. What is told as one incident is joined by causes, implants or infrastructure; an account in two hands joins nothing.',
    clocks:
      "Events put in the wrong order by clocks. Offsets that two hosts' records show are taken off before causes are followed.",
  },
  words: {
    head: ['Word', 'Number', 'What it means'],
    controlled: [
      'Hosts controlled',
      'Code of the intruder ran there, or a session of the intruder had the means to run it.',
    ],
    accessed: ['Hosts accessed', 'A session of the intruder was authenticated there; no execution was seen.'],
    attempted: ['Hosts attempted', 'Failed or probing activity of the intruder only.'],
    accounts: [
      'Accounts used',
      'The intruder acted with it, or made it; accounts of the system and of machines are not counted.',
    ],
    created: ['Accounts created', 'Of these, made by the intruder.'],
    movement: ['Movements', 'From one host of the enterprise to another, successful, code ran there.'],
    sessions: [
      'Attack sessions',
      'One stretch of activity from one outside address over one channel; a gap of more than 30 minutes starts the next.',
    ],
    mailboxes: ['Mailboxes', 'Content was read, searched, exported or synchronised by the intruder.'],
    implants: ['Implants', 'What the intruder brought to stay or to control; tools of two uses are not counted.'],
    persistence: ['Ways to come back', 'What would let the intruder in again.'],
    channels: ['Command and control', 'One for each address and domain that implants talked to.'],
    theft: ['Times data was sent out', 'Each with what is known of its size: exact, at least, at most.'],
    hijack: [
      'Hosts that ran the hijacked update',
      'The package ran there. Those that only fetched it are counted apart.',
    ],
    traces: [
      'Traces removed or prevented',
      'Logs cleared or silent, records missing, sensors stopped, files deleted, times changed.',
    ],
    blind: [
      'Blind spots of this incident',
      'What the evidence cannot show of its hosts and lists; those of the whole case are told further below.',
    ],
  } as Readonly<Record<string, readonly string[]>>,
  entryFacts: [
    'Way in',
    'Host',
    'Service',
    'Time',
    'From address',
    'Account',
    'Technique',
    'Why this is believed',
    'Confidence',
  ],
  dwell: (days: number, from: string, to: string): string =>
    `From the first trace (${from}) to the last (${to}): ${n(days, 'day', 'days')}.`,
  dwellTo: (what: string, days: number): string => `To ${what}: ${n(days, 'day', 'days')}.`,
  milestones: {
    domain_controller: 'the first domain controller under control',
    mailbox: 'the first mailbox',
    theft: 'the first data sent out',
    hijack: 'the hijack of the update',
    cleared: 'the first trace removed',
  },
  graphAlt: (hosts: number, moves: number): string =>
    `Graph of ${n(hosts, 'host', 'hosts')} and ${n(moves, 'movement', 'movements')} between them, from the way in on the left, by the number of steps.`,
  graphNote:
    'Numbers are the order of the movements. Shapes: diamond, domain controller; envelope, mail server; square, other server; circle, workstation. Filled: controlled; hollow: accessed. Dashed: by inference.',
  more: (k: number): string => `${k.toLocaleString('en')} more`,
  hijacked: (k: number): string => `${n(k, 'more host', 'more hosts')} through the update`,
  outside: 'Outside',
  mapAlt: (k: number, c: number): string =>
    `${n(k, 'attack session', 'attack sessions')} from ${n(c, 'country', 'countries')} on a map of the world.`,
  unknownCountry: 'country not known',
  hours: (from: number, to: number, share: number): string =>
    `${share.toLocaleString('en')} % of the sessions began between ${String(from).padStart(2, '0')}:00 and ${String(to).padStart(2, '0')}:00 UTC: the working day that fits them best.`,
  hoursAlt: 'Sessions by hour of the day (UTC)',
  week: (share: number): string => `${share.toLocaleString('en')} % of them on Monday to Friday.`,
  byCountry: ['Country', 'Sessions', 'Addresses', 'Networks', 'First', 'Last'],
  lanesAlt: 'Events by host over time',
  coverageAlt: 'Which logs of which hosts cover which time',
  collect: 'What to collect next, what settles most first',
  collectHead: ['What', 'Why', 'Could settle'],
  removalNote:
    'A file or registration that is on this list and still there lets the intruder in again. Hosts that fetched or ran an implant are better made anew.',
  indicatorHead: ['Kind', 'Value (defanged)', 'Context', 'First seen', 'Last seen'],
  indicatorKind: {
    sha256: 'SHA-256',
    path: 'file path',
    domain: 'domain',
    ip: 'address',
    url: 'URL path',
    account: 'account',
    service: 'service',
    task: 'scheduled task',
    key: 'run key',
  } as Readonly<Record<string, string>>,
  context: {
    implant: 'implant',
    c2: 'command and control',
    session: 'attack session',
    theft: 'received stolen data',
    persistence: 'way to come back',
    created: 'made by the intruder',
    entry: 'way in',
    package: 'hijacked package',
  } as Readonly<Record<string, string>>,
  tactic: 'Tactic',
  technique: 'Technique',
  count: 'Times',
  noIncident: 'No incident was found.',
  changes: {
    none: 'Nothing.',
    newIncident: (id: string): string => `Incident ${id} is new.`,
    gone: (id: string): string => `Incident ${id} of the last report is no longer told.`,
    head: ['Incident', 'List', 'Change', 'What'],
    added: 'added',
    removed: 'removed',
    changed: 'changed',
  },
  glossary: [
    [
      'Blind spot',
      'A stretch of time or a kind of log that is not in the evidence, so that nothing can be said of it.',
    ],
    [
      'Citation',
      'File, and number of the record or line, that a statement rests on. "backtrail verify" opens each of them again and recounts.',
    ],
    [
      'Cause',
      'What one record shows of another: a process started another, a connection carried a session, a file was written and ran.',
    ],
    ['Dwell time', 'The time from the first trace of the intruder to the last.'],
    [
      'Inference',
      'A conclusion for which no identifier is shared between records, but several signs agree and nothing else in the evidence explains them.',
    ],
    ['Lead', 'What a detector found and what begins the search for causes.'],
    ['Patient zero', 'The host on which the intruder came in.'],
    ['Confidence', 'How well the evidence supports a judgement; kept apart from how likely the judgement is.'],
  ] as readonly (readonly [string, string])[],
  redacted: 'Names and addresses of the victim are replaced in this report; the key is kept apart.',
  page: 'Page',
  print: 'Print',
  contents: 'Contents',
  filter: 'Show only rows with (host, account, address) …',
  from: 'from',
  to: 'to',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  zoomReset: 'Whole',
  copy: 'Copy all',
  proof: 'Proof',
  custody: 'Custody',
  names: { mail_server: 'mail server', domain_controller: 'domain controller' } as Readonly<Record<string, string>>,
  rulesNote: 'Rules are shown with their authors, as the Detection Rule License asks.',
  executive: {
    happened: 'What happened',
    extent: 'How far it went',
    taken: 'What was taken',
    now: 'What has to be done now',
    unknown: 'What is not known',
    remove: (k: number): string =>
      `Remove or rebuild: ${n(k, 'entry of the removal list', 'entries of the removal list')}.`,
    reset: (k: number): string =>
      `Change the passwords of ${n(k, 'account', 'accounts')}, and of the domain where a controller was controlled.`,
    block: (k: number): string => `Block ${n(k, 'address or domain', 'addresses and domains')}.`,
    collect: (what: string): string => `Collect: ${what}.`,
  },
};

export type ReportWords = typeof reportModelEn;
