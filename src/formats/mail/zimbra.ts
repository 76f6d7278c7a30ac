// Zimbra's own logs (audit.log, mailbox.log, sync.log): `2022-08-22 08:01:04,635 INFO  [thread:url] [name=…;oip=…;ua=…;] security - cmd=Auth; …`.
// Who signed in over what, from where, and what they asked for, by the names of mail/service; everything else keeps its message.
// Zimbra Collaboration Administrator Guide, "Log Files".
import { cellMicros } from '../table/table.js';
import { byShare, type LineParser, type ParseContext, type TextFormat } from '../text/format.js';
import { type Emit, Shapes, TextRecord, type TextValue } from '../text/record.js';
import { MAIL_SERVICE, putMail } from './services.js';

const LINE =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) ([A-Z]{4,5}) {1,2}\[([^\]]{0,500})\] \[([^\]]{0,2000})\] ([\w.-]{1,40}) - ?(.*)$/s;
/** Characters of one record's message. */
const MAX_MESSAGE = 64 << 10;

/** Protocols as `cmd=Auth` names them. */
const SERVICES: Readonly<Record<string, string>> = {
  soap: 'webmail',
  http: 'webmail',
  http_basic: 'webmail',
  zsync: 'activesync',
  imap: 'imap',
  pop3: 'pop3',
  dav: 'caldav',
  smtp: 'smtp',
};

/** What is asked for by SOAP, in plain words; other requests keep their name. */
function requested(name: string): string {
  if (/^(?:GetMsg|GetConv|GetItem|GetMiniCal|GetAppointment|GetContacts|GetFolder|Sync)/.test(name)) return 'read';
  if (/^(?:Search|AutoComplete)/.test(name)) return 'search';
  if (/^(?:SendMsg|SendInvite|Forward)/.test(name)) return 'send';
  return name.replace(/Request$/, '').toLowerCase();
}

class ZimbraParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #shapes = new Shapes();
  #open = false;
  #chars = 0;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
  }

  line(text: string, line: number, offset: number): void {
    const m = LINE.exec(text.length > MAX_MESSAGE ? text.slice(0, MAX_MESSAGE) : text);
    if (m === null) {
      // A stack trace belongs to the record before it.
      if (!this.#open) {
        if (text.trim() !== '') this.skipped++;
        return;
      }
      this.#chars += text.length + 1;
      const last = this.#record.values.length - 1;
      if (this.#chars <= MAX_MESSAGE) this.#record.values[last] = `${String(this.#record.values[last])}\n${text}`;
      return;
    }
    this.end();
    const r = this.#record;
    const { zone } = this.#context;
    const time = cellMicros(m[1]!.replace(',', '.'), true);
    r.line = line;
    r.offset = offset;
    r.host = this.#context.host;
    r.timeText = m[1]!;
    r.micros = time.micros - (zone ?? 0) * 60e6;
    r.sure = zone === null ? 'inferred' : 'given';
    const names: string[] = [];
    const values: TextValue[] = [];
    const put = (name: string, value: string): void => {
      if (value === '' || names.includes(name)) return;
      names.push(name);
      values.push(value);
    };
    r.channel = this.#act(m[3]!, m[4]!, m[5]!, m[6]!, put) ? MAIL_SERVICE : 'application';
    put('level', m[2]!);
    put('component', m[5]!);
    // Last, so that what belongs to it can be put behind it.
    names.push('message');
    values.push(m[6]!);
    r.names = this.#shapes.of(names);
    r.values = values;
    this.#open = true;
    this.#chars = m[6]!.length;
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#emit(this.#record);
  }

  #act(
    thread: string,
    context: string,
    component: string,
    message: string,
    put: (n: string, v: string) => void,
  ): boolean {
    const of = (key: string): string => new RegExp(`(?:^|;)${key}=([^;]{0,320})`).exec(context)?.[1] ?? '';
    // `oip` is who asked, where a proxy stands between; `ip` the other end of the connection.
    const ip = (of('oip') || of('ip')).replace(/^::ffff:/, '');
    const client = of('ua');
    if (component === 'security') {
      const cmd = /^cmd=(\w+); (.*)$/s.exec(message);
      if (cmd === null || cmd[1] !== 'Auth' || ip === '') return false;
      const value = (key: string): string => new RegExp(`(?:^|; )${key}=([^;]{0,320})`).exec(cmd[2]!)?.[1] ?? '';
      const account = value('account') || of('name');
      if (account === '') return false;
      // Postfix asks over SOAP for whoever wants to send.
      const sends = of('oproto') === 'smtp';
      putMail(
        {
          user: account,
          ip,
          service: sends ? 'smtp' : (SERVICES[value('protocol')] ?? (value('protocol') || 'webmail')),
          action: value('error') !== '' ? 'login failed' : 'login',
          client,
        },
        put,
      );
      return true;
    }
    const name = of('name');
    if (name === '' || ip === '' || of('oproto') === 'smtp') return false;
    if (component === 'soap') {
      const what = /^(\w{1,80}Request)\b/.exec(message)?.[1] ?? /\/soap\/(\w{1,80})/.exec(thread)?.[1];
      // A sign-in is told by the log of sign-ins, with how it ended.
      if (what === undefined || what === 'AuthRequest') return false;
      putMail({ user: name, ip, service: 'webmail', action: requested(what), client }, put);
      return true;
    }
    if (component === 'sync' || component === 'calendar') {
      putMail({ user: name, ip, service: component === 'sync' ? 'activesync' : 'caldav', action: 'read', client }, put);
      return true;
    }
    if (component === 'imap' && /\bauthenticated\b/.test(message)) {
      putMail({ user: name, ip, service: 'imap', action: 'login', client }, put);
      return true;
    }
    return false;
  }
}

export const zimbra: TextFormat = {
  id: 'zimbra',
  title: "Zimbra's audit.log, mailbox.log and sync.log",
  whole: true,
  identify: (head) => byShare(head, 60, 'lines of Zimbra', (l) => LINE.test(l)),
  parser: (context, emit) => new ZimbraParser(context, emit),
};
