// Sessions as Linux's programs print them of wtmp, btmp and utmp: last, lastb, who (util-linux, coreutils) and utmpdump.
import { isIP } from 'node:net';
import type { Head, LineParser, Match, ParseContext, TextFormat } from '../text/format.js';
import { type Emit, TextRecord } from '../text/record.js';
import { UTMP_TYPES } from '../utmp/utmp.js';
import { isoMicros, microsOf, monthOf, yearlessMicros } from '../text/time.js';

const NAMES = ['type', 'activity', 'user', 'line', 'host', 'src_ip', 'pid'] as const;

interface Session {
  readonly user: string;
  readonly line: string;
  readonly from: string;
  readonly begin: string;
  /** ''; of the day of `begin` where it is a time of day only. */
  readonly end: string;
}

const DATE = String.raw`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d(?::\d\d(?: \d{4})?)?`;
/** `alice pts/0 203.0.113.5 Tue Mar  5 08:00:01 2024 - …`, the host before or (`-a`) behind the times. */
const LAST = new RegExp(
  String.raw`^(\S+) +(\S+(?: boot| down| to lvl \d)?) +(?:(\S+) +)?(${DATE})(?: +- +(${DATE}|\d\d:\d\d(?::\d\d)?|down|crash|gone - no logout))?(?: +(?:still logged in|still running|gone - no logout|\(\d[\d+:]*\)))*(?: +(\S+))?\s*$`,
);
const WHO = /^(\S+) +[-+?]? *(\S+) +(\d{4}-\d\d-\d\d \d\d:\d\d)(?: +(?:[.\d:]+|old))?(?: +\d+)? *(?:\(([^)]*)\))?\s*$/;
/** Characters of a line that can be one of these. */
const MAX_LINE = 400;
/** Lines of `last` that wait until the log says which file they are of. */
const MAX_WAITING = 50_000;
const DUMP = /^\[(\d)\] \[(\d+)\] \[([^\]]*)\] \[([^\]]*)\] \[([^\]]*)\] \[([^\]]*)\] \[([^\]]*)\] \[([^\]]+)\]$/;

/** A line of who, as its fields. */
const whoLine = (text: string): RegExpExecArray | null => (text.length > MAX_LINE ? null : WHO.exec(text));

function lastLine(text: string): Session | null {
  const m = text.length > MAX_LINE ? null : LAST.exec(text);
  if (m === null || /^(?:reboot|runlevel|shutdown)$/.test(m[1]!)) return null;
  return { user: m[1]!, line: m[2]!, from: m[3] ?? m[6] ?? '', begin: m[4]!, end: m[5] ?? '' };
}

/** `Tue Mar  5 08:00:01 2024`, without the year before `reference`. */
function lastMicros(t: string, reference: number): number {
  const m = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d)(?::(\d\d)(?: (\d{4}))?)?$/.exec(t);
  if (m === null) return Number.NaN;
  return m[6] === undefined
    ? yearlessMicros(`${m[1]} ${m[2]} ${m[3]}:${m[4]}:${m[5] ?? '00'}`, reference)
    : microsOf(Number(m[6]), monthOf(m[1]!, 0), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]));
}

class SessionsParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  readonly #waiting: { s: Session; line: number; offset: number }[] = [];
  #failed = false;

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#record.names = [...NAMES];
    this.#record.channel = 'linux/wtmp';
    this.#record.host = context.host;
  }

  #give(
    type: string,
    activity: string | null,
    s: Session,
    micros: number,
    said: string,
    zoned: boolean,
    at: [number, number],
    pid = '',
  ): void {
    const r = this.#record;
    r.values = [
      type,
      activity,
      s.user || null,
      s.line || null,
      s.from || null,
      isIP(s.from) > 0 ? s.from : null,
      pid || null,
    ];
    r.eventId = type;
    const known = Number.isFinite(micros);
    r.micros = known && !zoned ? micros - (this.#context.zone ?? 0) * 60e6 : micros;
    r.timeText = said;
    r.sure = !known ? 'none' : zoned ? 'stated' : this.#context.zone === null ? 'inferred' : 'given';
    [r.line, r.offset] = at;
    this.#emit(r);
  }

  line(text: string, line: number, offset: number): void {
    if (text.trim() === '' || text.startsWith('Utmp dump of ')) return;
    const begins = /^(\S{1,255}) begins /.exec(text);
    if (begins !== null) {
      // Said behind the lines of its file.
      this.#failed ||= begins[1]!.includes('btmp');
      this.#flush();
      this.#failed = false;
      return;
    }
    const dump = text.length > MAX_LINE * 2 ? null : DUMP.exec(text);
    if (dump !== null) {
      const [type, user, host] = [Number(dump[1]), dump[4]!.trim(), dump[6]!.trim()];
      const activity =
        type === 7
          ? 'logon'
          : type === 8
            ? 'logoff'
            : type === 6 && user !== 'LOGIN' && user !== ''
              ? 'logon failed'
              : null;
      const name = UTMP_TYPES[type]!;
      const t = isoMicros(dump[8]!.replace(',', '.'));
      const ip = dump[7]!.trim();
      const s = {
        user,
        line: dump[5]!.trim(),
        from: ip !== '' && ip !== '0.0.0.0' && ip !== '::' ? ip : host,
        begin: '',
        end: '',
      };
      this.#give(name, activity, s, t.micros, dump[8]!, t.zoned, [line, offset], String(Number(dump[2])));
      return;
    }
    const who = whoLine(text);
    if (who !== null) {
      const t = isoMicros(`${who[3]!.replace(' ', 'T')}:00`);
      const s = {
        user: who[1]!,
        line: who[2]!,
        from: (who[4] ?? '').replace(/:\S*$/, (x) => (isIP(who[4] ?? '') > 0 ? x : '')),
        begin: '',
        end: '',
      };
      this.#give('USER_PROCESS', 'logon', s, t.micros, who[3]!, false, [line, offset]);
      return;
    }
    const s = lastLine(text);
    if (s !== null) {
      // Of which file it was printed the last line says; terminals of sshd say it before.
      this.#failed ||= s.line.endsWith(':notty');
      this.#waiting.push({ s, line, offset });
      if (this.#waiting.length >= MAX_WAITING) this.#flush();
    } else if (!/^(?:reboot|runlevel|shutdown) /.test(text)) this.skipped++;
  }

  end(): void {
    this.#flush();
  }

  #flush(): void {
    for (const { s, line, offset } of this.#waiting) {
      const begin = lastMicros(s.begin, this.#context.reference);
      if (this.#failed) {
        this.#give('LOGIN_PROCESS', 'logon failed', s, begin, s.begin, false, [line, offset]);
        continue;
      }
      this.#give('USER_PROCESS', 'logon', s, begin, s.begin, false, [line, offset]);
      const clock = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(s.end);
      const day = Math.floor(begin / 86_400e6) * 86_400e6;
      const time = clock !== null && Number(clock[1]) < 24 && Number(clock[2]) < 60;
      const at =
        clock === null || !time
          ? lastMicros(s.end, this.#context.reference)
          : day + (Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 59)) * 1e6;
      const end = time && at < begin ? at + 86_400e6 : at;
      // One that ends before it begins is no end.
      if (Number.isFinite(at) && !(end < begin))
        this.#give('DEAD_PROCESS', 'logoff', s, end, s.end, false, [line, offset]);
    }
    this.#waiting.length = 0;
  }
}

export const sessions: TextFormat = {
  id: 'last',
  title: 'Linux logins as last, lastb, who and utmpdump print them',
  whole: true,
  identify(head: Head): Match | null {
    const lines = head.lines.filter((l) => l.trim() !== '');
    const good = lines.filter(
      (l) =>
        l.length <= MAX_LINE &&
        (DUMP.test(l) || WHO.test(l) || LAST.test(l) || /^(?:Utmp dump of |\S*[wb]tmp\S* begins )/.test(l)),
    ).length;
    return good > 0 && good >= lines.length * 0.6
      ? { score: 83, why: 'sessions with a terminal, from where, and times' }
      : null;
  },
  parser: (context, emit) => new SessionsParser(context, emit),
};
