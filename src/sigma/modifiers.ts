// Field modifiers (specification 2.1, "Value modifiers"), applied from left to right to the values of one field. What
// comes out are tests. Each value gives one expression: alternatives that a modifier makes of one value (windash,
// base64offset) belong together, so that under `all` each value needs one of its alternatives.
import { ANY, compileRegex, ONE, parseNetwork, parseWildcards, type Part } from '../match/index.js';
import type { Expr, Test, TimePart, WirePart } from './ast.js';

export class ModifierError extends Error {
  readonly code: 'sigma.modifier' | 'sigma.value' | 'sigma.regex' | 'sigma.placeholder';
  constructor(code: ModifierError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const COMPARE = ['gt', 'gte', 'lt', 'lte'];
const TIME = ['minute', 'hour', 'day', 'week', 'month', 'year'];
const KNOWN: ReadonlySet<string> = new Set([
  'contains',
  'startswith',
  'endswith',
  'all',
  'exact',
  're',
  'i',
  'ignorecase',
  'm',
  'multiline',
  's',
  'dotall',
  'base64',
  'base64offset',
  'utf16',
  'utf16le',
  'utf16be',
  'wide',
  'windash',
  'cidr',
  'cased',
  'exists',
  'fieldref',
  'expand',
  'neq',
  ...COMPARE,
  ...TIME,
]);

/** Flags of expressions. */
const FLAGS: ReadonlySet<string> = new Set(['i', 'ignorecase', 'm', 'multiline', 's', 'dotall']);

/** Dashes that command-line parsers of Windows take for one another. */
const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'];

const DASH = /(?<!\w)[-/](?=\w)/g;

/** A value on its way through the modifiers: text with wildcards, or bytes once an encoding was applied. */
type Value = readonly Part[];

export type RuleValue = string | number | bigint | boolean | null;

/** Placeholder values for `expand`, by name without the percent signs. */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

/** The expression for `field|modifiers: values`. Throws `ModifierError`. */
export function fieldExpr(
  field: string | null,
  modifiers: readonly string[],
  values: readonly RuleValue[],
  placeholders: Placeholders,
): Expr {
  for (const m of modifiers)
    if (!KNOWN.has(m)) throw new ModifierError('sigma.modifier', `modifier "${m}", which Sigma does not have`);
  const has = (m: string): boolean => modifiers.includes(m);
  const flag = modifiers.find((m) => FLAGS.has(m));
  if (flag !== undefined && !has('re'))
    throw new ModifierError('sigma.modifier', `modifier "${flag}" without "re", whose flag it is`);
  const test = (t: Test): Expr => ({ kind: 'test', field, test: t });
  const items = values.flatMap((v) => one(v));
  const joined: Expr = items.length === 1 ? items[0]! : { kind: has('all') ? 'and' : 'or', items };
  return has('neq') ? { kind: 'not', item: joined } : joined;

  function one(raw: RuleValue): Expr[] {
    if (has('exists')) {
      if (typeof raw !== 'boolean') throw new ModifierError('sigma.value', 'true or false for "exists"');
      const e = test({ op: 'exists' });
      return [raw ? e : { kind: 'not', item: e }];
    }
    const compare = COMPARE.find(has) as 'gt' | 'gte' | 'lt' | 'lte' | undefined;
    const part = TIME.find(has) as TimePart | undefined;
    if (compare !== undefined || part !== undefined) {
      const number = typeof raw === 'number' ? raw : Number(raw);
      if (raw === null || raw === '' || typeof raw === 'boolean' || Number.isNaN(number))
        throw new ModifierError('sigma.value', `a number for "${compare ?? part}"`);
      return [
        test(compare !== undefined ? { op: 'compare', how: compare, number } : { op: 'time', part: part!, number }),
      ];
    }
    if (raw === null) {
      if (modifiers.some((m) => m !== 'all' && m !== 'neq' && m !== 'cased'))
        throw new ModifierError('sigma.value', `a value for "${modifiers.join('|')}", not null`);
      return [test({ op: 'null' })];
    }
    const text = String(raw);
    if (has('re')) {
      const flags = {
        ...(has('i') || has('ignorecase') ? { i: true as const } : {}),
        ...(has('m') || has('multiline') ? { m: true as const } : {}),
        ...(has('s') || has('dotall') ? { s: true as const } : {}),
      };
      try {
        compileRegex(text, flags);
      } catch (e) {
        throw new ModifierError('sigma.regex', `a regular expression (${(e as Error).message})`);
      }
      return [test({ op: 'regex', source: text, ...flags })];
    }
    if (has('cidr')) {
      if (parseNetwork(text) === null) throw new ModifierError('sigma.value', `a network for "cidr", not "${text}"`);
      return [test({ op: 'cidr', network: text })];
    }
    const how = has('contains')
      ? 'contains'
      : has('startswith')
        ? 'startswith'
        : has('endswith')
          ? 'endswith'
          : 'equals';
    const cased = has('cased') ? { cased: true as const } : {};
    if (has('fieldref')) return [test({ op: 'fieldref', field: text, how, ...cased })];
    let alternatives: Value[] = [typeof raw === 'string' ? parseWildcards(text) : [text]];
    for (const m of modifiers) alternatives = apply(m, alternatives);
    const tests = alternatives.map((v) => test(toTest(v, how, field === null, cased)));
    return [tests.length === 1 ? tests[0]! : { kind: 'or', items: tests }];
  }

  function apply(modifier: string, list: readonly Value[]): Value[] {
    switch (modifier) {
      case 'expand':
        return list.flatMap((v) => expand(v, placeholders));
      case 'windash':
        return list.flatMap(windash);
      case 'wide':
      case 'utf16le':
        return list.map((v) => [latin(Buffer.from(plain(v, modifier), 'utf16le'))]);
      case 'utf16be':
        return list.map((v) => [latin(Buffer.from(plain(v, modifier), 'utf16le').swap16())]);
      case 'utf16':
        return list.map((v) => [
          latin(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(plain(v, modifier), 'utf16le')])),
        ]);
      case 'base64':
        return list.map((v) => [bytesOf(plain(v, modifier), modifiers).toString('base64')]);
      case 'base64offset':
        return list.flatMap((v) => base64Offsets(bytesOf(plain(v, modifier), modifiers)));
      default:
        return [...list];
    }
  }
}

const latin = (b: Buffer): string => b.toString('latin1');

/** After a UTF-16 modifier a value is bytes, one a character; before, it is text in UTF-8. */
function bytesOf(text: string, modifiers: readonly string[]): Buffer {
  const encoded = modifiers.some((m) => m === 'wide' || m.startsWith('utf16'));
  return Buffer.from(text, encoded ? 'latin1' : 'utf8');
}

function plain(v: Value, modifier: string): string {
  let out = '';
  for (const p of v) {
    if (typeof p !== 'string') throw new ModifierError('sigma.value', `a value without wildcards for "${modifier}"`);
    out += p;
  }
  return out;
}

/** The three ways in which bytes can stand inside a longer base64 text, each without the characters that vary. */
function base64Offsets(b: Buffer): Value[] {
  const start = [0, 2, 3];
  const cut = [0, -3, -2];
  return [0, 1, 2].map((i) => {
    const text = Buffer.concat([Buffer.alloc(i, 0x20), b]).toString('base64');
    const end = cut[(b.length + i) % 3]!;
    return [text.slice(start[i], end === 0 ? undefined : end)];
  });
}

/** Dashes of one value that are varied each by itself: their number is the exponent. */
const MAX_DASHES = 5;

/**
 * A dash or slash that begins an argument (no word character before it, one behind it) stands for every dash, each by itself: "all possible
 * permutations" (specification 2.1, windash). The value as it is written comes first. Throws for more than `MAX_DASHES` of them.
 */
function windash(v: Value): Value[] {
  let count = 0;
  for (const p of v) if (typeof p === 'string') count += p.match(DASH)?.length ?? 0;
  if (count > MAX_DASHES)
    throw new ModifierError('sigma.value', `at most ${MAX_DASHES} dashes that "windash" varies, not ${count}`);
  let out: Part[][] = [[]];
  for (const p of v) {
    if (typeof p !== 'string') {
      for (const o of out) o.push(p);
      continue;
    }
    // Texts between the dashes, and what stands for each of them.
    let texts = [''];
    let at = 0;
    for (const m of p.matchAll(DASH)) {
      const before = p.slice(at, m.index);
      const kinds = [m[0], ...DASHES.filter((d) => d !== m[0])];
      texts = texts.flatMap((t) => kinds.map((d) => t + before + d));
      at = m.index + m[0].length;
    }
    texts = texts.map((t) => t + p.slice(at));
    out = out.flatMap((o) => texts.map((t) => [...o, t]));
  }
  return out;
}

/** Values that placeholders may make of one: several of them multiply. */
const MAX_EXPANDED = 100_000;

function expand(v: Value, placeholders: Placeholders): Value[] {
  const out: Value[] = [];
  // What a placeholder stands for is text: a placeholder in it is not looked up again.
  const walk = (done: string, rest: string): void => {
    const m = /%([^%]+)%/.exec(rest);
    if (m === null) {
      if (out.length >= MAX_EXPANDED)
        throw new ModifierError('sigma.placeholder', `placeholders that make at most ${MAX_EXPANDED} values of one`);
      out.push(parseWildcards(done + rest));
      return;
    }
    const values = placeholders.get(m[1]!);
    if (values === undefined) throw new ModifierError('sigma.placeholder', `values for the placeholder %${m[1]}%`);
    for (const x of values) walk(done + rest.slice(0, m.index) + x, rest.slice(m.index + m[0].length));
  };
  const text = v.map((p) => (p === ANY ? '*' : p === ONE ? '?' : p.replace(/[*?\\]/g, '\\$&'))).join('');
  if (!/%[^%]+%/.test(text)) return [v];
  walk('', text);
  return out;
}

const wire = (p: Part): WirePart => (p === ANY ? null : p === ONE ? 0 : p);

/** A value as a test: plain operators where there are no wildcards in the way, the general one otherwise. */
export function toTest(
  v: Value,
  how: 'equals' | 'contains' | 'startswith' | 'endswith',
  keyword: boolean,
  cased: { cased?: true },
): Test {
  const parts = [...v];
  // A keyword is looked for inside every value.
  if (how === 'contains' || how === 'endswith' || (keyword && how === 'equals'))
    if (parts[0] !== ANY) parts.unshift(ANY);
  if (how === 'contains' || how === 'startswith' || (keyword && how === 'equals'))
    if (parts[parts.length - 1] !== ANY) parts.push(ANY);
  const open = parts[0] === ANY;
  const close = parts[parts.length - 1] === ANY && parts.length > 1;
  const inner = parts.slice(open ? 1 : 0, close ? -1 : undefined);
  if (inner.length === 0 && !open) return { op: 'equals', text: '', ...cased };
  if (inner.length === 1 && typeof inner[0] === 'string') {
    const text = inner[0];
    return { op: open ? (close ? 'contains' : 'endswith') : close ? 'startswith' : 'equals', text, ...cased };
  }
  return { op: 'wildcard', parts: parts.map(wire), ...cased };
}

/** A test of text as a value with wildcards, as a rule would write it; null for tests of other kinds. */
export function partsOf(test: Test): Part[] | null {
  switch (test.op) {
    case 'equals':
      return [test.text];
    case 'contains':
      return [ANY, test.text, ANY];
    case 'startswith':
      return [test.text, ANY];
    case 'endswith':
      return [ANY, test.text];
    case 'wildcard':
      return test.parts.map((p) => (p === null ? ANY : p === 0 ? ONE : p));
    default:
      return null;
  }
}

/** Such a value in Sigma's notation: what is plain is escaped where it would be read as a wildcard. */
export const notation = (parts: readonly Part[]): string =>
  parts.map((p) => (p === ANY ? '*' : p === ONE ? '?' : p.replace(/\\(?=[*?\\]|$)|[*?]/g, '\\$&'))).join('');
