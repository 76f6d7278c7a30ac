// All text formats, and which of them a file is. The most sure one wins; of equals the first in this list.
import { accessLog, bucketLog, haproxy, loadBalancer, proxyManager, squid } from '../access-log/access-log.js';
import { auditd, laurel } from '../auditd/auditd.js';
import { ausearch } from '../auditd/ausearch.js';
import { exchange } from '../exchange/exchange.js';
import { vpcFlow } from '../flow/vpc-flow.js';
import { pf } from '../ids/pf.js';
import { zimbra } from '../mail/zimbra.js';
import { snort } from '../ids/snort.js';
import { mappedFormat } from '../mapping/mapped.js';
import type { Mapping } from '../mapping/mapping.js';
import { hostsFile, interfaces, passwd } from '../inventory/inventory.js';
import { auditCsv, jsonDocument, jsonLines, jsonMembers } from '../json/json.js';
import { container } from '../json/container.js';
import { journalText, journalVerbose } from '../linux-text/journal-text.js';
import { sessions } from '../linux-text/sessions.js';
import { syslog } from '../syslog/syslog.js';
import type { Head, Match, TextFormat } from '../text/format.js';
import { journalExport } from '../text/journal-export.js';
import { shellHistory } from '../text/shell-history.js';
import { timedLines } from '../lines/timed-lines.js';
import { table } from '../table/table.js';
import { utmp } from '../utmp/utmp.js';
import { w3c } from '../w3c/w3c.js';
import { cmTrace, dhcp, dnsDebug, nps, transcript, uls, windowsUpdate } from '../windows-text/tables.js';
import { eventText } from '../windows-text/event-text.js';
import { eventXml, eventXmlPacked } from '../xml/event-xml.js';
import { xmlRecords } from '../xml/xml-records.js';
import { zeekJson, zeekTsv } from '../zeek/zeek.js';

export const TEXT_FORMATS: readonly TextFormat[] = [
  eventXml,
  eventXmlPacked,
  xmlRecords,
  w3c,
  exchange,
  zeekTsv,
  zeekJson,
  laurel,
  auditd,
  ausearch,
  accessLog,
  haproxy,
  loadBalancer,
  bucketLog,
  proxyManager,
  squid,
  snort,
  pf,
  dhcp,
  dnsDebug,
  uls,
  cmTrace,
  windowsUpdate,
  nps,
  transcript,
  eventText,
  auditCsv,
  zimbra,
  shellHistory,
  journalExport,
  journalText,
  journalVerbose,
  sessions,
  container,
  vpcFlow,
  jsonLines,
  jsonMembers,
  jsonDocument,
  syslog,
  utmp,
  hostsFile,
  interfaces,
  passwd,
  table,
  timedLines,
];

const BY_ID = new Map(TEXT_FORMATS.map((f) => [f.id, f]));

const made = new WeakMap<readonly Mapping[], readonly TextFormat[]>();

/** The formats of a user's mappings; the same list gives the same formats. */
function mapped(mappings: readonly Mapping[]): readonly TextFormat[] {
  let formats = made.get(mappings);
  if (formats === undefined) made.set(mappings, (formats = mappings.map(mappedFormat)));
  return formats;
}

export const textFormat = (id: string, mappings: readonly Mapping[] = []): TextFormat | undefined =>
  BY_ID.get(id) ?? mapped(mappings).find((f) => f.id === id);

/** Bytes of a file's beginning that formats look at. */
export const TEXT_HEAD_BYTES = 65_536;
/** Lines of it. */
const MAX_HEAD_LINES = 200;

/** The beginning of a file as text; null if it is no text. */
export function textHead(bytes: Buffer): Head | null {
  let text: string;
  if (bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe) text = bytes.subarray(2).toString('utf16le');
  else if (bytes.length >= 2 && bytes[0] === 0xfe && bytes[1] === 0xff)
    text = new TextDecoder('utf-16be').decode(bytes.subarray(2));
  else {
    let control = 0;
    let nul = 0;
    for (const c of bytes)
      if (c === 0) nul++;
      else if (c < 9 || (c > 13 && c < 32 && c !== 27 && c !== 29)) control++;
    // A torn write, or a wipe of a part, leaves NULs in a log; a binary file has other control characters too.
    if (control > (bytes.length - nul) / 50 || nul > bytes.length * 0.98) return null;
    const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    text = bytes.subarray(from).toString('utf8');
    if (nul > 0) text = text.replaceAll('\0', '');
  }
  const lines = text.split(/\r?\n/, MAX_HEAD_LINES + 1);
  // The last one may be cut.
  if (
    lines.length > 1 &&
    (lines.length > MAX_HEAD_LINES || bytes.length >= TEXT_HEAD_BYTES || lines[lines.length - 1] === '')
  )
    lines.pop();
  return { bytes, text, lines };
}

/** The format of a file of blocks; null if it is none. */
export function identifyBlocks(bytes: Buffer, size: number): { format: TextFormat; match: Match } | null {
  for (const format of TEXT_FORMATS) {
    const match = format.identifyBytes?.(bytes, size) ?? null;
    if (match !== null) return { format, match };
  }
  return null;
}

/** The format of a beginning, with how it was told; null if none is sure. */
export function identifyText(
  head: Head,
  mappings: readonly Mapping[] = [],
): { format: TextFormat; match: Match } | null {
  let best: { format: TextFormat; match: Match } | null = null;
  for (const format of mappings.length === 0 ? TEXT_FORMATS : [...mapped(mappings), ...TEXT_FORMATS]) {
    const match = format.identify(head);
    if (match !== null && match.score > (best?.match.score ?? 0)) best = { format, match };
  }
  return best;
}
