// A draft of a mapping from the beginning of a log: what its columns seem to be by their names and by what stands in them.
// A person checks it; every guess carries an example of its values.
import { CsvRows } from '../text/csv-rows.js';
import type { Head } from '../text/format.js';
import { flatten, objectOf } from '../text/json.js';
import { clfMicros } from '../text/time.js';
import { cellMicros } from '../table/table.js';
import { timePattern } from './time-pattern.js';

export interface Suggestion {
  readonly text: string;
  /** What could not be told. */
  readonly open: readonly string[];
}

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
const ADDRESS = /^(?:::ffff:)?(?:\d{1,3}\.){3}\d{1,3}$|^[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}$/;

/** Names that facts use → names that columns have for it, the most usual first. */
const MEANT: readonly (readonly [to: string, names: RegExp])[] = [
  [
    'src_ip',
    /^(?:src|source|client|remote|caller|from|peer|user|c)?(?:ip|ipaddress|addr|address)$|^(?:src|source|client|remotehost)$/,
  ],
  ['dst_ip', /^(?:dst|dest|destination|server|target|to|s)(?:ip|ipaddress|addr|address)?$/],
  ['src_port', /^(?:src|source|client|s|c)(?:port|prt)$/],
  ['dst_port', /^(?:dst|dest|destination|server|d)(?:port|prt)$|^port$/],
  [
    'user',
    /^(?:user|username|login|loginname|account|accountname|principal|usr|userid|uid|actorname|actor|subjectname|benutzer|utilisateur|upn|userprincipalname)$/,
  ],
  ['status', /^(?:status|result|outcome|success|resultcode|statuscode)$/],
  ['activity', /^(?:action|activity|event|operation|eventname|eventtype|type|op)$/],
  ['process', /^(?:process|processname|image|exe|program|application)$/],
  ['command_line', /^(?:commandline|cmdline|command|cmd)$/],
  ['path', /^(?:path|file|filename|filepath|url|uri|object)$/],
  ['bytes_out', /^(?:bytesout|bytessent|sent|outbytes|txbytes|upload|uploaded)$/],
  ['bytes_in', /^(?:bytesin|bytesreceived|received|inbytes|rxbytes|download|downloaded)$/],
];

const PATTERNS = [
  'yyyy-MM-dd HH:mm:ss.SSS',
  'dd.MM.yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm:ss',
  'MM/dd/yyyy HH:mm:ss',
  'MM/dd/yyyy hh:mm:ss a',
  'dd-MMM-yyyy HH:mm:ss',
  'dd MMM yyyy HH:mm:ss',
  'MMM dd yyyy HH:mm:ss',
  'EEE MMM dd HH:mm:ss yyyy',
  'yyyyMMddHHmmss',
  'yyyyMMdd HHmmss',
  'epoch_ns',
];

const quote = (t: string): string => (/^[A-Za-z_][\w.-]*$/.test(t) ? t : JSON.stringify(t));
/** An example behind a comment sign: one line, nothing that a terminal obeys. */
const shown = (t: string): string =>
  // oxlint-disable-next-line no-control-regex
  t.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ').slice(0, 60);

interface Column {
  readonly name: string;
  readonly values: readonly string[];
}

const share = (values: readonly string[], test: (v: string) => boolean): number =>
  values.length === 0 ? 0 : values.filter(test).length / values.length;

/** How the times of a column are written: undefined if it holds none, null if they are told by their looks. */
function timeFormat(values: readonly string[]): string | null | undefined {
  if (share(values, (v) => !Number.isNaN(cellMicros(v, true).micros) || !Number.isNaN(clfMicros(v).micros)) >= 0.9) {
    // Day and month that could be either are for the user to decide: the draft says which it took.
    if (share(values, (v) => /^\d{1,2}\/\d{1,2}\/\d{4}/.test(v)) >= 0.9) {
      const first =
        values.some((v) => Number(v.split('/')[0]) > 12) || !values.some((v) => Number(v.split('/')[1]) > 12);
      const found = PATTERNS.find(
        (p) =>
          p.startsWith(first ? 'dd/' : 'MM/') && share(values, (v) => !Number.isNaN(timePattern(p)(v).micros)) >= 0.9,
      );
      if (found !== undefined) return found;
    }
    return null;
  }
  return PATTERNS.find((p) => share(values, (v) => !Number.isNaN(timePattern(p)(v).micros)) >= 0.9);
}

function columnsOf(columns: readonly Column[], reads: string, id: string, extra: readonly string[]): Suggestion {
  const open: string[] = [];
  const filled = columns.map((c) => ({ name: c.name, values: c.values.filter((v) => v !== '' && v !== '-') }));
  const times = filled.flatMap((c) => {
    const format = c.values.length === 0 ? undefined : timeFormat(c.values);
    return format === undefined || share(c.values, (v) => /^\d{1,8}$/.test(v)) > 0.5 ? [] : [{ ...c, format }];
  });
  const named = (c: Column): number => (/time|date|stamp|zeit|datum|ts$|when/i.test(c.name) ? 0 : 1);
  const time = [...times].sort((a, b) => named(a) - named(b))[0];
  if (time === undefined) open.push('no column was recognised as a time: put its name and its pattern there');
  const used = new Set(time === undefined ? [] : [time.name]);
  const fields: [to: string, from: Column][] = [];
  const take = (to: string, c: Column | undefined): void => {
    if (c === undefined) return;
    used.add(c.name);
    fields.push([to, c]);
  };
  const free = (): Column[] => filled.filter((c) => !used.has(c.name) && c.values.length > 0);
  const host = filled.find(
    (c) =>
      /^(?:host|hostname|computer|computername|machine|device|devicename|server|node|agenthostname)$/.test(
        plain(c.name.split('.').slice(-2).join('')),
      ) || /^(?:host|hostname|computer|device)$/.test(plain(c.name)),
  );
  if (host !== undefined) used.add(host.name);
  for (const [to, names] of MEANT) {
    const isAddress = to.endsWith('_ip');
    const c = free().find(
      (x) =>
        [-1, -2].some((k) => names.test(plain(x.name.split('.').slice(k).join('')))) &&
        (!isAddress || share(x.values, (v) => ADDRESS.test(v)) > 0.5),
    );
    take(to, c);
  }
  // Addresses under names that say nothing: the first is taken for the source.
  for (const to of ['src_ip', 'dst_ip'])
    if (!fields.some(([f]) => f === to))
      take(
        to,
        free().find((c) => share(c.values, (v) => ADDRESS.test(v)) > 0.8),
      );
  const has = (to: string): boolean => fields.some(([f]) => f === to);
  const source =
    has('src_ip') && has('dst_ip')
      ? 'mapped/network_activity'
      : has('command_line') || has('process')
        ? 'mapped/process_activity'
        : has('user')
          ? 'mapped/authentication'
          : has('path')
            ? 'mapped/file_activity'
            : null;
  if (source === null) open.push('what these records are was not recognised: choose a source');
  const told = filled.slice(0, 6).map((c) => quote(c.name));
  const lines = [
    `# A draft: check each line. docs/mappings.md says what may stand here.`,
    `mapping: ${id}`,
    `title: ${id}`,
    `reads: ${reads}`,
    ...(reads === 'lines' ? [] : [`columns: [${told.join(', ')}]`]),
    ...extra,
    `time:`,
    `  field: ${time === undefined ? '""  # not recognised' : `${quote(time.name)}  # ${shown(time.values[0] ?? '')}`}`,
    ...(time?.format == null ? [] : [`  format: ${JSON.stringify(time.format)}`]),
    ...(time === undefined || cellMicros(time.values[0] ?? '', true).zoned
      ? []
      : ['  # zone: "+00:00"  # what the times are written in; without it: --timezone, else UTC is assumed']),
    ...(host === undefined
      ? ['# host: the column that names the machine']
      : [`host: ${quote(host.name)}  # ${shown(host.values[0] ?? '')}`]),
    source === null
      ? '# source: webserver, proxy, firewall, dns, linux/syslog …, or mapped/authentication, mapped/network_activity …'
      : `source: ${source}`,
    `fields:`,
    ...(fields.length === 0
      ? ['  {}']
      : fields.map(([to, c]) => `  ${to}: ${quote(c.name)}  # ${shown(c.values[0] ?? '')}`)),
    ...free().map((c) => `  # ?: ${quote(c.name)}  # ${shown(c.values[0] ?? '')}`),
  ];
  return { text: `${lines.join('\n')}\n`, open };
}

/** Drafts a mapping; null where nothing is seen that one could describe. `id` names it. */
export function suggestMapping(head: Head, id: string): Suggestion | null {
  const lines = head.lines.filter((l) => l.trim() !== '').slice(0, 100);
  if (lines.length === 0) return null;
  const objects = lines.map(objectOf).filter((o) => o !== null);
  if (objects.length >= lines.length / 2) {
    const values = new Map<string, string[]>();
    for (const o of objects)
      for (const [k, v] of flatten(o)) {
        const list = values.get(k) ?? [];
        values.set(k, list);
        if (typeof v === 'string') list.push(v);
      }
    const everywhere = [...values].filter(([, v]) => v.length === objects.length);
    const rest = [...values].filter(([, v]) => v.length !== objects.length);
    return columnsOf(
      [...everywhere, ...rest].map(([name, v]) => ({ name, values: v })),
      'ndjson',
      id,
      [],
    );
  }
  const web = lines.filter((l) => /\[[^\]]{10,40}\].*"[A-Z]{3,10} \S+ HTTP\/[\d.]+"/.test(l)).length;
  if (web > lines.length / 2)
    return {
      text: `# A draft: put the server's own log format here (Apache: LogFormat, nginx: log_format, Tomcat: pattern).
mapping: ${id}
title: ${id}
reads: access-log
pattern: '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'
source: webserver
`,
      open: ['the log format is that of the combined log: put the one that the server is configured with'],
    };
  let best: { cells: string[][]; separator: string } | null = null;
  for (const separator of [',', ';', '\t', '|']) {
    const cells: string[][] = [];
    const rows = new CsvRows(separator, (c) => void cells.push(c));
    lines.forEach((l, i) => rows.line(l, i + 1, 0));
    rows.end();
    const width = cells[0]?.length ?? 0;
    if (
      width >= 3 &&
      cells.filter((c) => c.length === width).length > (cells.length + rows.broken) * 0.7 &&
      width > (best?.cells[0]?.length ?? 0)
    )
      best = { cells: cells.filter((c) => c.length === width), separator };
  }
  if (best !== null) {
    const [first, ...rows] = best.cells as [string[], ...string[][]];
    // A header is names: no numbers, addresses or times.
    const isHeader = first.every(
      (c) => /^[\p{L}_#@"( *]/u.test(c.trim()) && Number.isNaN(cellMicros(c.trim(), true).micros),
    );
    const names = isHeader
      ? first.map((c, i) => c.trim() || `column_${i + 1}`)
      : first.map((_, i) => `column_${i + 1}`);
    const of = isHeader ? rows : best.cells;
    return columnsOf(
      names.map((name, i) => ({ name, values: of.map((c) => (c[i] ?? '').trim()) })),
      'csv',
      id,
      [
        ...(best.separator === ',' ? [] : [`separator: ${JSON.stringify(best.separator)}`]),
        ...(isHeader ? [] : [`header: [${names.join(', ')}]`]),
      ],
    );
  }
  const stamp = /^\S+(?: \S+){0,4}?(?=[ \]:|])/;
  const timed = lines.filter((l) => timeFormat([stamp.exec(l)?.[0] ?? '']) !== undefined).length;
  if (timed < lines.length / 2) return null;
  return {
    text: `# A draft: name more groups of the lines.
mapping: ${id}
title: ${id}
reads: lines
pattern: '^(?<time>\\S+ \\S+) (?<message>.*)$'
time:
  field: time
source: application
fields: {}
`,
    open: ['the pattern takes the first two words for the time: write the groups that the lines have'],
  };
}
