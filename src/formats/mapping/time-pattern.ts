// Times as a user describes them: letters as in Unicode's date patterns (UTS #35, "Date Field Symbol Table"), or one of
// epoch, epoch_ms, epoch_us, epoch_ns, filetime.
import { microsOf, monthOf, type ReadTime, zoneAt } from '../text/time.js';

/** Characters that mean something in an expression. */
const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;

const PARTS: readonly (readonly [token: string, pattern: string])[] = [
  ['yyyy', '(?<y>\\d{4})'],
  ['yy', '(?<y>\\d{2})'],
  ['MMM', '(?<mon>[A-Za-z]{3})[a-z]{0,6}'],
  ['MM', '(?<m>\\d{1,2})'],
  ['M', '(?<m>\\d{1,2})'],
  ['dd', '(?<d>\\d{1,2})'],
  ['d', '(?<d>\\d{1,2})'],
  ['EEE', '[\\p{L}]{2,12}\\.?'],
  ['HH', '(?<h>\\d{1,2})'],
  ['H', '(?<h>\\d{1,2})'],
  ['hh', '(?<h>\\d{1,2})'],
  ['h', '(?<h>\\d{1,2})'],
  ['mm', '(?<mi>\\d{2})'],
  ['ss', '(?<s>\\d{2})'],
  ['a', '(?<a>[AaPp])\\.?[Mm]\\.?'],
  ['XXX', '(?<z>Z|[+-]\\d{2}:?\\d{2})'],
  ['Z', '(?<z>Z|[+-]\\d{2}:?\\d{2})'],
];

const UNITS: Readonly<Record<string, number>> = { epoch: 1e6, epoch_ms: 1e3, epoch_us: 1, epoch_ns: 1e-3 };
/** Microseconds from 1601 to 1970. */
const FILETIME = 11_644_473_600e6;

/** Makes the reader of such times. Throws `SyntaxError` with what is wrong in the pattern. */
export function timePattern(pattern: string): (text: string) => ReadTime {
  const unit = UNITS[pattern];
  if (unit !== undefined || pattern === 'filetime')
    return (t) => {
      const v = /^\d{1,20}(?:\.\d{1,9})?$/.test(t) ? Number(t) : Number.NaN;
      return { micros: Math.round(unit === undefined ? v / 10 - FILETIME : v * unit), zoned: true };
    };
  let source = '';
  const seen = new Set<string>();
  for (let i = 0; i < pattern.length;) {
    const c = pattern[i]!;
    if (c === "'") {
      const end = pattern.indexOf("'", i + 1);
      if (end < 0) throw new SyntaxError(`a ' that is not closed`);
      source += pattern.slice(i + 1, end).replace(SPECIAL, '\\$&');
      i = end + 1;
      continue;
    }
    const fraction = /^S{1,9}/.exec(pattern.slice(i))?.[0];
    if (fraction !== undefined) {
      source += '(?<f>\\d{1,9})';
      i += fraction.length;
      continue;
    }
    const part = PARTS.find(([token]) => pattern.startsWith(token, i));
    if (part === undefined) {
      if (/[A-Za-z]/.test(c)) throw new SyntaxError(`"${c}" means nothing in a time pattern; put text between ' '`);
      source += c === ' ' ? '\\s+' : c.replace(SPECIAL, '\\$&');
      i++;
      continue;
    }
    const group = /\?<(\w+)>/.exec(part[1])?.[1];
    if (group !== undefined) {
      if (seen.has(group)) throw new SyntaxError(`"${part[0]}" says again what stands there already`);
      seen.add(group);
    }
    source += part[1];
    i += part[0].length;
  }
  if (!seen.has('y') || !(seen.has('m') || seen.has('mon')) || !seen.has('d'))
    throw new SyntaxError('year, month and day are needed (yyyy, MM or MMM, dd)');
  const expression = new RegExp(`^${source}$`, 'u');
  return (t) => {
    const g = expression.exec(t.trim())?.groups;
    if (g === undefined) return { micros: Number.NaN, zoned: false };
    let year = Number(g.y);
    if (g.y!.length === 2) year += 2000;
    const month = g.mon === undefined ? Number(g.m) : monthOf(g.mon, 0);
    let hour = Number(g.h ?? 0);
    if (g.a !== undefined) hour = (hour % 12) + (g.a.toLowerCase() === 'p' ? 12 : 0);
    const us = g.f === undefined ? 0 : Math.floor(Number(`0.${g.f}`) * 1e6 + 1e-6);
    const micros = microsOf(year, month, Number(g.d), hour, Number(g.mi ?? 0), Number(g.s ?? 0), us);
    const zone = g.z === undefined ? Number.NaN : zoneAt(g.z, 0);
    return Number.isNaN(zone) ? { micros, zoned: false } : { micros: micros - zone * 60e6, zoned: true };
  };
}
