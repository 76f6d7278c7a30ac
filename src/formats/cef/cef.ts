// CEF and LEEF: a header between bars, then key=value. Used alone and as the message of a syslog line.
import type { TextValue } from '../text/record.js';
import { isoMicros, microsOf, monthOf, two, type ReadTime } from '../text/time.js';

/** The start of a CEF or LEEF message in a line, or -1. */
export function cefStart(line: string): number {
  const m = /(?:^|[\s:>])((?:CEF|LEEF):\s?\d(?:\.\d)?\|)/.exec(line);
  return m === null ? -1 : m.index + m[0].length - m[1]!.length;
}

/** Splits at bars that no backslash stands before. */
function bars(text: string, n: number): string[] {
  const out: string[] = [];
  let cell = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && i + 1 < text.length && (text[i + 1] === '|' || text[i + 1] === '\\')) cell += text[++i]!;
    else if (c === '|' && out.length < n) {
      out.push(cell);
      cell = '';
    } else cell += c;
  }
  out.push(cell);
  return out;
}

const CEF_HEAD = ['cefVersion', 'deviceVendor', 'deviceProduct', 'deviceVersion', 'signatureId', 'name', 'severity'];
const LEEF_HEAD = ['leefVersion', 'deviceVendor', 'deviceProduct', 'deviceVersion', 'eventId'];

/** The fields of a CEF message; null if it is none. */
export function parseCef(text: string): Map<string, TextValue> | null {
  const out = new Map<string, TextValue>();
  if (text.startsWith('CEF:')) {
    const cells = bars(text.slice(4).trimStart(), 7);
    if (cells.length < 7) return null;
    CEF_HEAD.forEach((n, i) => out.set(n, cells[i]!));
    const ext = cells[7] ?? '';
    // A key is a word before an unescaped "=", at the start or after a blank; its value goes on to the next key.
    const keys = [...ext.matchAll(/(?:^|\s)([\w.[\]-]+)=/g)];
    keys.forEach((m, i) => {
      const from = m.index + m[0].length;
      const to = i + 1 < keys.length ? keys[i + 1]!.index : ext.length;
      out.set(
        m[1]!,
        ext
          .slice(from, to)
          .trim()
          .replace(/\\([\\=|])/g, '$1')
          .replace(/\\n/g, '\n')
          .replace(/\\r/g, '\r'),
      );
    });
    // cs1 with cs1Label "user agent" is also known by its label.
    const labels = [...out].filter(([k]) => k.endsWith('Label'));
    for (const [k, v] of labels)
      if (typeof v === 'string') {
        const value = out.get(k.slice(0, -5));
        if (value !== undefined && !out.has(v)) out.set(v, value);
      }
    return out;
  }
  if (!text.startsWith('LEEF:')) return null;
  const two2 = /^LEEF:\s?2/.test(text);
  const cells = bars(text.slice(5).trimStart(), two2 ? 6 : 5);
  if (cells.length < 6) return null;
  LEEF_HEAD.forEach((n, i) => out.set(n, cells[i]!));
  let separator = '\t';
  let body = cells[5]!;
  if (two2 && cells.length > 6) {
    const d = cells[5]!;
    separator = /^(?:0x|x)[0-9a-fA-F]{1,4}$/.test(d)
      ? String.fromCharCode(Number.parseInt(d.replace(/^0?x/, ''), 16))
      : d === ''
        ? '\t'
        : d;
    body = cells[6]!;
  }
  for (const part of body.split(separator)) {
    const eq = part.indexOf('=');
    if (eq > 0) out.set(part.slice(0, eq).trim(), part.slice(eq + 1));
  }
  return out;
}

/** The time of a CEF or LEEF event: rt, start, devTime: milliseconds, RFC 3339, or "MMM dd yyyy HH:mm:ss". */
export function cefTime(f: ReadonlyMap<string, TextValue>): ReadTime & { text: string } {
  for (const key of ['rt', 'start', 'deviceReceiptTime', 'devTime', 'end']) {
    const v = f.get(key);
    if (typeof v !== 'string' || v === '') continue;
    if (/^\d{13}$/.test(v)) return { micros: Number(v) * 1000, zoned: true, text: v };
    const m = /^([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: ([A-Z]{3,4}|[+-]\d{4}))?/.exec(v);
    if (m !== null) {
      const t = m[4]!;
      return {
        micros: microsOf(
          Number(m[3]),
          monthOf(m[1]!, 0),
          Number(m[2]),
          two(t, 0),
          two(t, 3),
          two(t, 6),
          Number((m[5] ?? '').padEnd(6, '0')),
        ),
        zoned: m[6] === 'UTC' || m[6] === 'GMT' || m[6] === 'Z',
        text: v,
      };
    }
    const iso = isoMicros(v);
    if (!Number.isNaN(iso.micros)) return { ...iso, text: v };
  }
  return { micros: Number.NaN, zoned: false, text: '' };
}
