// What `journalctl` prints for people: its forms short-full, with-unit, short-unix and short-iso-precise, a line an entry, and verbose, a field a
// line (systemd: journalctl(1), --output=). Plain `short` and `short-iso` are syslog lines.
import { syslog } from '../syslog/syslog.js';
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { journalExport } from '../text/journal-export.js';
import type { Emit } from '../text/record.js';
import { isoMicros } from '../text/time.js';

/** Abbreviations of zones that mean one offset only → as RFC 3339 has it. */
const ZONES: Readonly<Record<string, string>> = {
  UTC: 'Z',
  GMT: 'Z',
  WEST: '+01:00',
  CET: '+01:00',
  CEST: '+02:00',
  EET: '+02:00',
  EEST: '+03:00',
  MSK: '+03:00',
  JST: '+09:00',
  KST: '+09:00',
  AEST: '+10:00',
  AEDT: '+11:00',
  NZST: '+12:00',
  NZDT: '+13:00',
  EST: '-05:00',
  EDT: '-04:00',
  CDT: '-05:00',
  MDT: '-06:00',
  PST: '-08:00',
  PDT: '-07:00',
};

const FULL = /^[A-Z][a-z]{2} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?) ([A-Z]{2,5}|[+-]\d\d(?::?\d\d)?) (?=\S)/;
const UNIX = /^(\d{9,10}\.\d{6}) (?=\S+ [^\s:]+:)/;
/** Boots are parted by a line of their own. */
const BOOT = /^-- (?:Boot [0-9a-f]{32}|Reboot|Logs begin|Journal begins|No entries)/;

const zoneOf = (name: string): string => {
  if (/^[+-]/.test(name))
    return name.length === 3 ? `${name}:00` : name.includes(':') ? name : `${name.slice(0, 3)}:${name.slice(3)}`;
  return ZONES[name] ?? '';
};

/** By what it says, the program whose message stands behind the name of its unit. */
function programOf(unit: string, message: string): string {
  if (/^\s*\S+ : .*\bCOMMAND=/.test(message)) return 'sudo';
  if (
    /^(?:Accepted|Failed|Invalid user|Connection (?:from|closed|reset)|Received disconnect|Disconnected from) /.test(
      message,
    )
  )
    return 'sshd';
  if (/^\(\S+\) CMD \(/.test(message)) return 'CRON';
  if (/^new (?:user|account): name=/.test(message)) return 'useradd';
  return unit.replace(/\.(?:service|scope|socket|timer)$/, '');
}

/** A line as syslog has it; null where it is none of the forms. */
function asSyslog(line: string): string | null {
  const full = FULL.exec(line);
  const unix = full === null ? UNIX.exec(line) : null;
  if (full === null && unix === null) return null;
  const rest = line.slice((full ?? unix)![0].length);
  const stamp =
    full === null
      ? `${new Date(Math.floor(Number(unix![1]) * 1000)).toISOString().slice(0, 19)}.${unix![1]!.slice(-6)}Z`
      : `${full[1]}T${full[2]}${zoneOf(full[3]!)}`;
  const m = /^(\S+) (\S+\.(?:service|scope|socket|timer))(\[\d+\])?: ([\s\S]*)$/.exec(rest);
  return m === null ? `${stamp} ${rest}` : `${stamp} ${m[1]} ${programOf(m[2]!, m[4]!)}${m[3] ?? ''}: ${m[4]}`;
}

class JournalTextParser implements LineParser {
  readonly #lines: LineParser;
  #refused = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#lines = syslog.parser(context, emit);
  }

  get skipped(): number {
    return this.#refused + this.#lines.skipped;
  }

  line(text: string, line: number, offset: number): void {
    // A message of several lines goes on under its first.
    if (text === '' || BOOT.test(text)) return;
    const indented = /^\s{4,}\S/.test(text);
    const as = asSyslog(indented ? text.trimStart() : text);
    if (as === null && indented) return;
    if (as === null) this.#refused++;
    else this.#lines.line(as, line, offset);
  }

  end(): void {
    this.#lines.end();
  }
}

export const journalText: TextFormat = {
  id: 'journal-text',
  title: 'The systemd journal as journalctl prints it: short-full, with-unit, short-unix',
  whole: true,
  identify: (head) => byShare(head, 84, 'entries of journalctl', (l) => FULL.test(l) || UNIX.test(l)),
  parser: (context, emit) => new JournalTextParser(context, emit),
};

const ENTRY = /^[A-Z][a-z]{2} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{6}) ([A-Z]{2,5}|[+-]\d\d(?::?\d\d)?) \[s=[^\]]*\]$/;
const FIELD = /^\s{4}([A-Z_][A-Z0-9_]{0,63}=[\s\S]*)$/;

class VerboseParser implements LineParser {
  readonly #fields: LineParser;
  #open = false;
  #refused = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#fields = journalExport.parser(context, emit);
  }

  get skipped(): number {
    return this.#refused + this.#fields.skipped;
  }

  line(text: string, line: number, offset: number): void {
    const entry = ENTRY.exec(text);
    if (entry !== null) {
      if (this.#open) this.#fields.line('', line, offset);
      this.#open = true;
      const t = isoMicros(`${entry[1]}T${entry[2]}${zoneOf(entry[3]!)}`);
      this.#fields.line(`__REALTIME_TIMESTAMP=${t.micros}`, line, offset);
      return;
    }
    const field = FIELD.exec(text);
    if (field !== null && this.#open) this.#fields.line(field[1]!, line, offset);
    else if (text.trim() !== '' && !BOOT.test(text) && !/^\s{5,}/.test(text)) this.#refused++;
  }

  end(): void {
    if (this.#open) this.#fields.line('', 0, 0);
    this.#fields.end();
  }
}

export const journalVerbose: TextFormat = {
  id: 'journal-verbose',
  title: 'The systemd journal as journalctl prints it: verbose',
  whole: true,
  identify: (head) =>
    ENTRY.test(head.lines.find((l) => l.trim() !== '' && !BOOT.test(l)) ?? '')
      ? { score: 92, why: 'entries of journalctl --output=verbose' }
      : null,
  parser: (context, emit) => new VerboseParser(context, emit),
};
