// Windows logs that are text and lines of columns: DHCP server, DNS debug log, SharePoint ULS, Configuration Manager and
// Windows Update. Their times are the machine's own: without a zone given they are taken as UTC and marked as inferred.
import { csvCells } from '../text/csv.js';
import { byShare, type Head, type LineParser, type ParseContext, shareOf, type TextFormat } from '../text/format.js';
import { type Emit, TextRecord, type TextValue } from '../text/record.js';
import { four, microsOf, two } from '../text/time.js';

/** `10/25/2021 8:17:07 PM`, `25.10.2021 20:17:07`, `2021-10-25 20:17:07`: what a locale makes of a time. */
export function localeTime(text: string, dayFirst: boolean): number {
  const m =
    /^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})[ T,]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,](\d{1,6}))?)?\s*([AaPp]\.?[Mm]\.?)?/.exec(
      text,
    );
  if (m === null) return Number.NaN;
  let [y, mo, d] = [Number(m[4]), Number(m[1]), Number(m[3])];
  if (m[1]!.length === 4) [y, mo, d] = [Number(m[1]), Number(m[3]), Number(m[4])];
  else if (dayFirst || m[2] === '.' || mo > 12) [mo, d] = [d, mo];
  if (y < 100) y += 2000;
  let h = Number(m[5]);
  const half = m[9]?.toLowerCase()[0];
  if (half === 'p' && h < 12) h += 12;
  if (half === 'a' && h === 12) h = 0;
  return microsOf(y, mo, d, h, Number(m[6]), Number(m[7] ?? 0), Number((m[8] ?? '').padEnd(6, '0')));
}

abstract class LocalParser implements LineParser {
  skipped = 0;
  protected readonly emit: Emit;
  protected readonly context: ParseContext;
  protected readonly record = new TextRecord();

  constructor(context: ParseContext, emit: Emit, channel: string) {
    this.emit = emit;
    this.context = context;
    this.record.channel = channel;
  }

  protected send(
    values: TextValue[],
    micros: number,
    text: string,
    line: number,
    offset: number,
    zone: number | null = null,
  ): boolean {
    if (Number.isNaN(micros)) return false;
    const r = this.record;
    const east = zone ?? this.context.zone;
    r.values = values;
    r.micros = micros - (east ?? 0) * 60e6;
    r.sure = zone !== null ? 'stated' : east === null ? 'inferred' : 'given';
    r.timeText = text;
    r.host = this.context.host;
    r.line = line;
    r.offset = offset;
    this.emit(r);
    return true;
  }

  abstract line(text: string, line: number, offset: number): void;
  end(): void {}
}

class DhcpParser extends LocalParser {
  #known = false;

  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'dhcp');
    for (const h of context.header) this.#header(h);
  }

  #header(line: string): void {
    this.record.names = line.split(',').map((n) => n.trim());
    this.#known = true;
  }

  line(text: string, line: number, offset: number): void {
    if (text.startsWith('ID,Date,Time,')) {
      this.#header(text);
      return;
    }
    // The explanation of event ids above the columns.
    if (!this.#known || text.trim() === '') return;
    const cells: TextValue[] = csvCells(text) ?? [];
    const n = this.record.names.length;
    if (!/^\d+$/.test(String(cells[0])) || cells.length < 4) {
      this.skipped++;
      return;
    }
    while (cells.length < n) cells.push(null);
    cells.length = n;
    for (let i = 0; i < n; i++) if (cells[i] === '') cells[i] = null;
    const when = `${String(cells[1])} ${String(cells[2])}`;
    this.record.eventId = String(cells[0]);
    if (!this.send(cells, localeTime(when, false), when, line, offset)) this.skipped++;
  }
}

export const dhcp: TextFormat = {
  id: 'dhcp',
  title: 'Windows DHCP server audit log',
  headers: ['ID,Date,Time,'],
  identify: (head) =>
    head.lines.some((l) => l.startsWith('ID,Date,Time,Description,IP Address'))
      ? { score: 97, why: 'the columns of the DHCP audit log' }
      : null,
  parser: (context, emit) => new DhcpParser(context, emit),
};

const DNS =
  /^(\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: [AP]M)?) ([0-9A-Fa-f]{3,4}) (PACKET|EVENT|Note:)\s+(?:([0-9A-Fa-f]{8,16}) (UDP|TCP)\s+(Rcv|Snd) (\S+)\s+([0-9a-fA-F]{4}) (R| ) (\S) \[([^\]]{1,80})\] (\S+)\s+(\S*))?/;
/** In the brackets: flags as a number, as letters, and the response code. */
const DNS_FLAGS = /^(\S{1,16}) {0,16}((?:[ATDR]{1,4} {1,8}){0,4})([A-Z]*)$/;

/** `(3)www(7)example(3)com(0)` → `www.example.com`. */
const dnsName = (t: string): string => (t.startsWith('(') ? t.replace(/\(\d+\)/g, '.').replace(/^\.|\.$/g, '') : t);

class DnsDebugParser extends LocalParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'dns');
    this.record.names = [
      'thread',
      'context',
      'proto',
      'direction',
      'src_ip',
      'xid',
      'response',
      'opcode',
      'flags',
      'rcode',
      'record_type',
      'query',
    ];
  }

  line(text: string, line: number, offset: number): void {
    const m = DNS.exec(text);
    if (m === null) {
      // The head of the file, and the packet details that may follow a line.
      if (/^\d{1,4}[./-]\d{1,2}[./-]\d{1,4} /.test(text)) this.skipped++;
      return;
    }
    if (m[3] !== 'PACKET') return;
    const flags = m[4] === undefined ? null : DNS_FLAGS.exec(m[11]!.trimEnd());
    if (flags === null) {
      this.skipped++;
      return;
    }
    this.record.eventId = m[6]!;
    this.send(
      [
        m[2]!,
        m[3]!,
        m[5]!,
        m[6]!,
        m[7]!,
        m[8]!,
        m[9] === 'R' ? 'true' : 'false',
        m[10]!,
        flags[1]!,
        flags[3] === '' ? null : flags[3]!,
        m[12]!,
        dnsName(m[13] ?? ''),
      ],
      localeTime(m[1]!, false),
      m[1]!,
      line,
      offset,
    );
  }
}

export const dnsDebug: TextFormat = {
  id: 'dns-debug',
  title: 'Windows DNS server debug log',
  identify: (head: Head) =>
    head.lines.some((l) => /^DNS Server log file creation at|^Message logging key/.test(l)) ||
    shareOf(head, (l) => DNS.exec(l)?.[4] !== undefined) > 0.5
      ? { score: 95, why: 'DNS packets of the debug log' }
      : null,
  parser: (context, emit) => new DnsDebugParser(context, emit),
};

class UlsParser extends LocalParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'sharepoint/uls');
    for (const h of context.header) this.#header(h);
  }

  #header(line: string): void {
    this.record.names = line.split('\t').map((n) => n.trim());
  }

  line(text: string, line: number, offset: number): void {
    if (/^Timestamp\s*\t\s*Process/.test(text)) {
      this.#header(text);
      return;
    }
    if (text.trim() === '') return;
    const cells: TextValue[] = text.split('\t').map((c) => c.trim());
    const when = String(cells[0]).replace(/\*$/, '');
    const micros = localeTime(when, false);
    if (cells.length < this.record.names.length || this.record.names.length === 0 || Number.isNaN(micros)) {
      this.skipped++;
      return;
    }
    while (cells.length > this.record.names.length) {
      const more = cells.pop();
      cells[cells.length - 1] = `${String(cells[cells.length - 1])}\t${String(more)}`;
    }
    cells[0] = when;
    this.record.eventId = String(cells[this.record.names.indexOf('EventID')] ?? '');
    this.send(cells, micros, when, line, offset);
  }
}

export const uls: TextFormat = {
  id: 'sharepoint-uls',
  title: 'SharePoint ULS log',
  headers: ['Timestamp'],
  identify: (head) =>
    head.lines.some((l) => /^Timestamp\s*\tProcess\s*\tTID/.test(l))
      ? { score: 97, why: 'the columns of the ULS log' }
      : null,
  parser: (context, emit) => new UlsParser(context, emit),
};

const CMTRACE =
  /<!\[LOG\[([\s\S]*?)\]LOG\]!><time="(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?([+-]\d+)?" date="(\d{1,2})-(\d{1,2})-(\d{4})" component="([^"]*)" context="([^"]*)" type="(\d)" thread="([^"]*)" file="([^"]*)"/;

class CmTraceParser extends LocalParser {
  #held = '';
  #line = 0;
  #offset = 0;

  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'windows/sccm');
    this.record.names = ['message', 'component', 'context', 'type', 'thread', 'file'];
  }

  line(text: string, line: number, offset: number): void {
    if (this.#held === '') {
      if (!text.includes('<![LOG[')) {
        if (text.trim() !== '') this.skipped++;
        return;
      }
      this.#line = line;
      this.#offset = offset;
      this.#held = text;
    } else this.#held += `\n${text}`;
    const m = CMTRACE.exec(this.#held);
    if (m === null) {
      if (this.#held.length > 1 << 20) {
        this.skipped++;
        this.#held = '';
      }
      return;
    }
    this.#held = '';
    this.record.provider = m[10]!;
    // The bias is minutes west of UTC, added to local time.
    const zone = m[6] === undefined ? null : -Number(m[6]);
    const micros = microsOf(
      Number(m[9]),
      Number(m[7]),
      Number(m[8]),
      Number(m[2]),
      Number(m[3]),
      Number(m[4]),
      Number((m[5] ?? '').slice(0, 6).padEnd(6, '0')),
    );
    this.send(
      [m[1]!, m[10]!, m[11]!, m[12]!, m[13]!, m[14]!],
      micros,
      `${m[7]}-${m[8]}-${m[9]} ${m[2]}:${m[3]}:${m[4]}`,
      this.#line,
      this.#offset,
      zone,
    );
  }

  override end(): void {
    if (this.#held !== '') this.skipped++;
  }
}

export const cmTrace: TextFormat = {
  id: 'sccm',
  title: 'Configuration Manager client log',
  whole: true,
  identify: (head) =>
    /<!\[LOG\[[\s\S]*?\]LOG\]!><time="/.test(head.text) ? { score: 97, why: 'Configuration Manager records' } : null,
  parser: (context, emit) => new CmTraceParser(context, emit),
};

/** WindowsUpdate.log as it was until Windows 8.1 and as Get-WindowsUpdateLog writes it. */
const WU =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[\t ](\d\d):(\d\d):(\d\d)[:.](\d{3,7})[\t ]+(\d+)[\t ]+([0-9a-fA-F]+)[\t ]+(\S+)[\t ]+([\s\S]*)$/;

class WindowsUpdateParser extends LocalParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'windows/update');
    this.record.names = ['pid', 'tid', 'component', 'message'];
  }

  line(text: string, line: number, offset: number): void {
    const m = WU.exec(text);
    if (m === null) {
      if (text.trim() !== '') this.skipped++;
      return;
    }
    this.record.provider = m[10]!;
    this.send(
      [m[8]!, m[9]!, m[10]!, m[11]!.trim()],
      microsOf(
        Number(m[1]),
        Number(m[2]),
        Number(m[3]),
        Number(m[4]),
        Number(m[5]),
        Number(m[6]),
        Number(m[7]!.slice(0, 6).padEnd(6, '0')),
      ),
      text.slice(0, 23),
      line,
      offset,
    );
  }
}

export const windowsUpdate: TextFormat = {
  id: 'windows-update',
  title: 'Windows Update log',
  identify: (head) => byShare(head, 90, 'Windows Update records', (l) => WU.test(l)),
  parser: (context, emit) => new WindowsUpdateParser(context, emit),
};

/** Header fields of a transcript; the words are those of the system's language, so they are told by their place. */
class TranscriptParser extends LocalParser {
  #stars = 0;
  #header: string[] = [];
  #command: string[] = [];
  #commandLine = 0;
  #commandOffset = 0;
  #micros = Number.NaN;
  #timeText = '';
  #user: string | null = null;
  #application: string | null = null;

  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'windows/powershell-transcript');
    this.record.names = ['ScriptBlockText', 'User', 'HostApplication'];
  }

  line(text: string, line: number, offset: number): void {
    if (/^\*{20,}$/.test(text)) {
      if (++this.#stars % 2 === 0) this.#read();
      else {
        this.#flush();
        this.#header = [];
      }
      return;
    }
    if (this.#stars % 2 === 1) {
      this.#header.push(text);
      return;
    }
    const prompt = /^(?:PS [^>]*)?>{1,2} ?(.*)$/.exec(text);
    if (prompt !== null && text.startsWith('PS')) this.#flush();
    if (this.#command.length === 0) {
      this.#commandLine = line;
      this.#commandOffset = offset;
    }
    if (text.trim() !== '' || this.#command.length > 0) this.#command.push(text);
  }

  #read(): void {
    for (const h of this.#header) {
      const stamp = /(\d{14})\s*$/.exec(h);
      if (stamp !== null) {
        const t = stamp[1]!;
        this.#micros = microsOf(four(t, 0), two(t, 4), two(t, 6), two(t, 8), two(t, 10), two(t, 12));
        this.#timeText = t;
      }
      const value = h.slice(h.indexOf(':') + 1).trim();
      if (this.#user === null && /^[^:]+:\s*[^\\\s]+\\[^\\]+$/.test(h)) this.#user = value;
      else if (/\.exe\b/i.test(value) && this.#application === null) this.#application = value;
      const machine = /^[^:]+:\s*(\S+) \(Microsoft Windows/.exec(h);
      if (machine !== null) this.record.host = machine[1]!;
    }
    const machine = this.#header.map((h) => /:\s*(\S+) \(Microsoft Windows/.exec(h)?.[1]).find((x) => x !== undefined);
    if (machine !== undefined) this.#host = machine;
  }

  #host = '';

  #flush(): void {
    const text = this.#command.join('\n').trimEnd();
    this.#command = [];
    if (text === '' || Number.isNaN(this.#micros)) return;
    this.send(
      [text, this.#user, this.#application],
      this.#micros,
      this.#timeText,
      this.#commandLine,
      this.#commandOffset,
    );
  }

  protected override send(values: TextValue[], micros: number, text: string, line: number, offset: number): boolean {
    const r = this.record;
    r.values = values;
    r.micros = micros - (this.context.zone ?? 0) * 60e6;
    r.sure = this.context.zone === null ? 'inferred' : 'given';
    r.timeText = text;
    r.host = this.#host || this.context.host;
    r.line = line;
    r.offset = offset;
    this.emit(r);
    return true;
  }

  override end(): void {
    this.#flush();
  }
}

export const transcript: TextFormat = {
  id: 'powershell-transcript',
  title: 'PowerShell transcript',
  whole: true,
  identify: (head: Head) =>
    /^\*{20,}$/m.test(head.lines[0] ?? '') && head.lines.some((l) => /:\s*\d{14}\s*$/.test(l))
      ? { score: 95, why: 'the framed head of a transcript' }
      : null,
  parser: (context, emit) => new TranscriptParser(context, emit),
};

/** IAS/NPS in its database-compatible form: server, service, date, time, packet type, user … as ODBC columns. */
const NPS = /^"([^"]*)","(IAS|RAS)",(\d\d\/\d\d\/\d{4}),(\d\d:\d\d:\d\d),(\d+),/;
const NPS_NAMES = [
  'ComputerName',
  'ServiceName',
  'Record-Date',
  'Record-Time',
  'Packet-Type',
  'User-Name',
  'Fully-Qualified-Distinguished-Name',
  'Called-Station-ID',
  'Calling-Station-ID',
  'Callback-Number',
  'Framed-IP-Address',
  'NAS-Identifier',
  'NAS-IP-Address',
  'NAS-Port',
  'Client-Vendor',
  'Client-IP-Address',
  'Client-Friendly-Name',
  'Event-Timestamp',
  'Port-Limit',
  'NAS-Port-Type',
  'Connect-Info',
  'Framed-Protocol',
  'Service-Type',
  'Authentication-Type',
  'Policy-Name',
  'Reason-Code',
];

class NpsParser extends LocalParser {
  constructor(context: ParseContext, emit: Emit) {
    super(context, emit, 'windows/nps');
    this.record.names = NPS_NAMES;
  }

  line(text: string, line: number, offset: number): void {
    const cells: TextValue[] | null = NPS.test(text) ? csvCells(text) : null;
    if (cells === null) {
      if (text.trim() !== '') this.skipped++;
      return;
    }
    const n = NPS_NAMES.length;
    while (cells.length < n) cells.push(null);
    cells.length = n;
    for (let i = 0; i < n; i++) if (cells[i] === '') cells[i] = null;
    const when = `${String(cells[2])} ${String(cells[3])}`;
    this.record.eventId = String(cells[4]);
    this.send(cells, localeTime(when, false), when, line, offset);
  }
}

export const nps: TextFormat = {
  id: 'nps',
  title: 'Windows Network Policy Server log',
  identify: (head) => byShare(head, 95, 'NPS records', (l) => NPS.test(l)),
  parser: (context, emit) => new NpsParser(context, emit),
};
