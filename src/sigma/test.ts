// What one test says of one value, as plain as the specification puts it. The planner uses it where a value is known
// in advance, and the reference matcher of the tests uses nothing else.
import {
  ANY,
  compileRegex,
  inNetwork,
  type Network,
  matchWildcards,
  ONE,
  parseAddress,
  parseNetwork,
  type Part,
  type SafeRegex,
} from '../match/index.js';
import type { Test, TimePart, WirePart } from './ast.js';

/**
 * Text without regard to case. A sigma at the end of a word is lower case in another way than within one (Unicode, SpecialCasing); cut out of
 * its word it would not be found again, so both are one here.
 */
export const fold = (text: string): string => {
  const t = text.toLowerCase();
  return t.includes('\u03c2') ? t.replaceAll('\u03c2', '\u03c3') : t;
};

export const unwire = (parts: readonly WirePart[]): Part[] => parts.map((p) => (p === null ? ANY : p === 0 ? ONE : p));

/** Part of a time given as RFC 3339 text, in UTC; NaN if the text is no time. */
export function timePart(text: string, part: TimePart): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return Number.NaN;
  const d = new Date(ms);
  switch (part) {
    case 'minute':
      return d.getUTCMinutes();
    case 'hour':
      return d.getUTCHours();
    case 'day':
      return d.getUTCDate();
    case 'month':
      return d.getUTCMonth() + 1;
    case 'year':
      return d.getUTCFullYear();
    default: {
      // ISO 8601 week: the one that holds the year's first Thursday is week 1.
      const day = new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()));
      day.setUTCDate(day.getUTCDate() + 4 - (day.getUTCDay() || 7));
      const first = Date.UTC(day.getUTCFullYear(), 0, 1);
      return Math.ceil(((day.getTime() - first) / 86_400_000 + 1) / 7);
    }
  }
}

/** A number written as decimal or 0x-hexadecimal text; NaN for anything else. */
export function numberOf(text: string): number {
  const t = text.trim();
  return /^[+-]?(\d+(\.\d+)?|\.\d+)$|^0x[0-9a-f]+$/i.test(t) ? Number(t) : Number.NaN;
}

const networks = new WeakMap<Test, Network>();

/** The network of a cidr test, read once. */
function networkOf(test: Test & { op: 'cidr' }): Network {
  let n = networks.get(test);
  if (n === undefined) {
    n = parseNetwork(test.network)!;
    networks.set(test, n);
  }
  return n;
}

// A value is asked about many networks in a row.
let lastText = '';
let lastAddress: Uint8Array | null = null;

function addressOf(text: string): Uint8Array | null {
  if (text !== lastText) {
    lastText = text;
    lastAddress = parseAddress(text.trim());
  }
  return lastAddress;
}

const regexes = new WeakMap<Test, SafeRegex>();

/** The compiled expression of a regex test, made once. */
export function regexOf(test: Test & { op: 'regex' }): SafeRegex {
  let re = regexes.get(test);
  if (re === undefined) {
    re = compileRegex(test.source, { i: test.i ?? false, m: test.m ?? false, s: test.s ?? false });
    regexes.set(test, re);
  }
  return re;
}

/** `text` against a test that looks at one present value; `other` are the values of the field that fieldref names. */
export function testText(test: Test, text: string, other: readonly string[] = []): boolean {
  switch (test.op) {
    case 'equals':
    case 'contains':
    case 'startswith':
    case 'endswith':
      return compareText(test.op, text, test.text, test.cased === true);
    case 'wildcard': {
      const parts = unwire(test.parts);
      return test.cased === true
        ? matchWildcards(parts, text)
        : matchWildcards(
            parts.map((p) => (typeof p === 'string' ? fold(p) : p)),
            fold(text),
          );
    }
    case 'regex':
      return regexOf(test).test(text);
    case 'cidr': {
      const address = addressOf(text);
      return address !== null && inNetwork(address, networkOf(test));
    }
    case 'fieldref':
      return other.some((o) => compareText(test.how, text, o, test.cased === true));
    case 'compare': {
      const n = numberOf(text);
      return test.how === 'gt'
        ? n > test.number
        : test.how === 'gte'
          ? n >= test.number
          : test.how === 'lt'
            ? n < test.number
            : n <= test.number;
    }
    case 'time':
      return timePart(text, test.part) === test.number;
    case 'exists':
      return true;
    case 'null':
      return false;
  }
}

export function compareText(
  op: 'equals' | 'contains' | 'startswith' | 'endswith',
  text: string,
  wanted: string,
  cased: boolean,
): boolean {
  const a = cased ? text : fold(text);
  const b = cased ? wanted : fold(wanted);
  return op === 'equals'
    ? a === b
    : op === 'contains'
      ? a.includes(b)
      : op === 'startswith'
        ? a.startsWith(b)
        : a.endsWith(b);
}
