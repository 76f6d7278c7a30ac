// What the columns of a table mean, whatever the table was written as (CSV, XML): Windows events, mailbox audits, flows, or
// anything else that has a time.
import { messageData } from '../windows-text/message.js';
import { objectOf } from '../text/json.js';
import { DATA_CHANNEL, type TextRecord, type TextValue } from '../text/record.js';

/** A column's name as it is compared: letters and digits, lower case. */
export const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Names of flow columns, as routers, collectors and firewalls export them → ours. */
const FLOW: Readonly<Record<string, readonly string[]>> = {
  src_ip: [
    'srcip',
    'sa',
    'srcaddr',
    'sourceip',
    'sourceaddress',
    'ipv4srcaddr',
    'sip',
    'source',
    'src',
    'saddr',
    'clientip',
  ],
  dst_ip: [
    'dstip',
    'da',
    'dstaddr',
    'destinationip',
    'destinationaddress',
    'destip',
    'destaddress',
    'ipv4dstaddr',
    'dip',
    'destination',
    'dst',
    'daddr',
    'serverip',
  ],
  src_port: ['srcport', 'sp', 'sourceport', 'l4srcport', 'sport', 'clientport'],
  dst_port: ['dstport', 'dp', 'destinationport', 'destport', 'l4dstport', 'dport', 'serverport'],
  protocol: ['protocol', 'proto', 'pr', 'ipprotocol', 'transport'],
  bytes_out: [
    'ibyt',
    'bytesout',
    'bytessent',
    'sentbytes',
    'srcbytes',
    'origbytes',
    'outbytes',
    'bytes',
    'totbytes',
    'octets',
    'inbytes',
  ],
  bytes_in: ['obyt', 'bytesin', 'bytesreceived', 'receivedbytes', 'dstbytes', 'respbytes', 'rcvdbytes'],
  packets: ['ipkt', 'packets', 'pkts', 'totpkts'],
  action: ['action', 'disposition', 'decision', 'verdict'],
};

export type TableKind = 'windows' | 'mailbox' | 'flow' | 'other';

/** What kind of table has these columns (their names as `plain` gives them). */
export function kindOfColumns(keys: readonly string[]): TableKind {
  const has = (...k: string[]): boolean => k.every((x) => keys.includes(x));
  const any = (of: string): boolean => FLOW[of]!.some((x) => keys.includes(x));
  return has('eventid', 'channel') || has('eventid', 'eventlog', 'source') || has('id', 'logname', 'providername')
    ? 'windows'
    : has('operation') && (has('mailboxownerupn') || has('mailboxguid') || has('mailboxresolvedownername'))
      ? 'mailbox'
      : any('src_ip') && any('dst_ip') && (any('dst_port') || any('protocol'))
        ? 'flow'
        : 'other';
}

/** Names that facts and rules use, beside the table's own. */
export function nameColumns(
  kind: TableKind,
  names: readonly string[],
  fields: Map<string, TextValue>,
  r: TextRecord,
  host: string,
): void {
  const by = new Map(names.map((n) => [plain(n), n]));
  const cell = (...wanted: readonly string[]): string => {
    for (const n of wanted) {
      const v = by.has(n) ? fields.get(by.get(n)!) : undefined;
      if (typeof v === 'string' && v !== '') return v;
    }
    return '';
  };
  if (kind === 'mailbox') {
    r.channel = 'exchange/mailbox-audit';
    r.eventId = cell('operation');
    for (const [name, from] of [
      ['Operation', ['operation']],
      ['MailboxOwnerUPN', ['mailboxownerupn', 'mailboxresolvedownername', 'owner']],
      ['LogonType', ['logontype']],
      ['LogonUserDisplayName', ['logonuserdisplayname', 'logonusername']],
      ['ClientIPAddress', ['clientipaddress', 'clientip']],
      ['ClientInfoString', ['clientinfostring']],
      ['OperationResult', ['operationresult']],
      ['FolderPathName', ['folderpathname']],
    ] as const) {
      const v = cell(...from);
      if (v !== '' && !fields.has(name)) fields.set(name, v);
    }
    return;
  }
  if (kind === 'flow') {
    r.channel = 'flow';
    for (const [name, from] of Object.entries(FLOW)) {
      const v = cell(...from);
      if (v !== '' && !fields.has(name)) fields.set(name, v);
    }
    return;
  }
  r.channel = 'csv';
  r.host = cell('host', 'hostname', 'computer', 'computername', 'machine', 'machinename', 'devicename') || host;
}

/** A row of a Windows event table as the flat object that shippers write. */
export function windowsRow(o: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const by = new Map(Object.keys(o).map((k) => [plain(k), o[k]]));
  const out: Record<string, unknown> = {
    EventID: by.get('eventid') ?? by.get('id'),
    Channel: by.get('channel') ?? by.get('logname') ?? by.get('eventlog'),
    Provider: by.get('provider') ?? by.get('providername') ?? by.get('source'),
    Computer: by.get('computer') ?? by.get('machinename') ?? by.get('computername'),
    EventRecordID: by.get('eventrecordid') ?? by.get('recordid') ?? by.get('recordnumber'),
    TimeCreated: by.get('timecreated'),
  };
  // EvtxECmd's columns of the envelope.
  if (by.get('payload') !== undefined && by.get('chunknumber') !== undefined) {
    out.ExecutionProcessID = by.get('processid');
    if (by.get('userid') !== '') out.UserID = by.get('userid');
  }
  // Get-WinEvent's columns: the process is the one that wrote the log, the data is in the message.
  const told = by.get('logname') !== undefined && by.get('machinename') !== undefined;
  if (told) {
    out.ExecutionProcessID = by.get('processid');
    if (by.get('userid') !== '') out.UserID = by.get('userid');
    if (typeof by.get('message') === 'string' && by.get('message') !== '')
      out.EventData = Object.fromEntries(
        messageData(String(by.get('logname')), String(out.EventID), by.get('message') as string),
      );
  }
  const payload = typeof by.get('payload') === 'string' ? objectOf(by.get('payload') as string) : null;
  const data: Record<string, unknown> = {};
  const put = (x: unknown): void => {
    const d = x as Record<string, unknown> | null;
    if (typeof d !== 'object' || d === null) return;
    if (typeof d['@Name'] === 'string') data[d['@Name']] = d['#text'] ?? '';
  };
  for (const part of [payload?.EventData, payload?.UserData]) {
    if (typeof part !== 'object' || part === null) continue;
    for (const [k, v] of Object.entries(part as Record<string, unknown>)) {
      if (k === 'Data') for (const x of Array.isArray(v) ? v : [v]) put(x);
      else if (typeof v === 'object' && v !== null)
        for (const [k2, v2] of Object.entries(v))
          if (!k2.startsWith('@')) data[k2 === 'Channel' ? DATA_CHANNEL : k2] = v2;
    }
    const d = (part as Record<string, unknown>).Data;
    if (typeof d === 'string') data.Data = d;
  }
  if (Object.keys(data).length > 0) out.EventData = data;
  for (const [k, v] of Object.entries(o))
    if (
      out[k] === undefined &&
      v !== '' &&
      k !== 'Payload' &&
      !(told && /^(?:ProcessId|ThreadId|UserId|Id|LogName|MachineName|RecordId)$/.test(k))
    )
      out[k] = v;
  return out;
}
