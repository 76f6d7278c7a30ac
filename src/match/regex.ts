// Regular expressions from rules, on hostile text. An expression is read once to learn (1) which plain text every match
// must hold, so that most texts are never tried, and (2) how badly the built-in engine can backtrack on it. Where its
// worst case on a text of that length is too long, a linear-time engine takes over.
import { createRequire } from 'node:module';
import type { RE2JS as Re2 } from 're2js';

const require = createRequire(import.meta.url);
let loaded: typeof Re2 | null = null;
/** The linear-time engine, loaded when the first expression needs it. */
const re2 = (): typeof Re2 => (loaded ??= (require('re2js') as { RE2JS: typeof Re2 }).RE2JS);

/** Steps that the built-in engine may need at worst before the linear one is used instead (some 20 ms). */
const MAX_STEPS = 4_000_000;
/** A counted repetition from here on costs like an unbounded one. */
const LARGE_COUNT = 1000;
/** Ways to read one text from which on an expression counts as exponential. */
const MAX_WAYS = 100_000;
/** Expressions that only the built-in engine knows (look-around, back-references) see no more text than this. */
export const MAX_UNSAFE_TEXT = 2048;

/** What `.` does not match. */
const LINE_END = /[\n\r\u2028\u2029]/;
/** Plain texts with `.*` in between and nothing else. */
const CHAIN = /^(?:[^\\.^$*+?()[\]{}|]|\\[^A-Za-z0-9]|\.\*\??)+$/;
/** Text whose upper and lower case are one character each, whatever the language. */
// oxlint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/;

interface Facts {
  /** One of these (folded) is in every match; null if nothing is known. */
  readonly literals: readonly string[] | null;
  /** Repetitions without a bound that follow one another. */
  readonly loops: number;
  /** Choices with a bound (alternatives, `?`, `{1,3}`): how often they can multiply the steps. */
  readonly ways: number;
  /** A choice or repetition inside a repetition: exponential. */
  readonly nested: boolean;
  readonly anchored: boolean;
  /** Characters that every match has at least, and how often (folded) it must hold the one it needs most of. */
  readonly min: number;
  readonly mostNeeded: readonly [char: string, count: number] | null;
  /** Plain texts that every match holds, one behind the other. */
  readonly ordered: readonly string[];
}

export interface SafeRegex {
  readonly source: string;
  /** Whether the built-in engine can take exponential time on it. */
  readonly nested: boolean;
  readonly literals: readonly string[] | null;
  test(text: string): boolean;
}

/** Compiles an expression. Throws `SyntaxError` for one that is no valid expression of either engine. */
export function compileRegex(source: string, flags: { i?: boolean; m?: boolean; s?: boolean }): SafeRegex {
  let body = source;
  let { i = false, m = false, s = false } = flags;
  for (let g = /^\(\?([ims]+)\)/.exec(body); g !== null; g = /^\(\?([ims]+)\)/.exec(body)) {
    i ||= g[1]!.includes('i');
    m ||= g[1]!.includes('m');
    s ||= g[1]!.includes('s');
    body = body.slice(g[0].length);
  }
  const native = compileNative(body, `${i ? 'i' : ''}${m ? 'm' : ''}${s ? 's' : ''}`);
  const facts = analyse(body, i, m);
  let linear: { test(text: string): boolean } | null | undefined;
  const useLinear = (): { test(text: string): boolean } | null => {
    if (linear === undefined) {
      try {
        const RE2JS = re2();
        const re = RE2JS.compile(
          body,
          (i ? RE2JS.CASE_INSENSITIVE : 0) | (m ? RE2JS.MULTILINE : 0) | (s ? RE2JS.DOTALL : 0),
        );
        linear = { test: (text) => re.matcher(text).find() };
      } catch {
        linear = null; // look-around or a back-reference
      }
    }
    return linear;
  };
  if (native instanceof SyntaxError) {
    // Syntax that only the other engine knows, such as (?i:…); nothing is known about what it needs.
    const only = useLinear();
    if (only === null) throw native;
    return { source, nested: false, literals: null, test: (text) => only.test(text) };
  }
  if (facts.nested && useLinear() === null)
    throw new SyntaxError(
      'it may take exponential time, and the linear-time engine cannot take it over (look-around or a back-reference)',
    );
  const literals = facts.literals?.map((l) => l.toLowerCase()) ?? null;
  const degree = facts.loops + (facts.anchored ? 0 : 1);
  const { min, mostNeeded } = facts;
  const ordered = i ? facts.ordered.map((l) => l.toLowerCase()) : facts.ordered;
  const inner = (text: string): boolean => {
    const n = text.length + 1;
    if (!facts.nested && n ** Math.max(1, degree) * facts.ways <= MAX_STEPS) return native.test(text);
    const safe = useLinear();
    if (safe !== null) return safe.test(text);
    return native.test(text.slice(0, Math.min(MAX_UNSAFE_TEXT, Math.floor((MAX_STEPS / facts.ways) ** (1 / degree)))));
  };
  if (!s && ordered.length > 0 && CHAIN.test(body) && !LINE_END.test(body) && (!i || ASCII.test(body))) {
    return {
      source,
      nested: facts.nested,
      literals,
      test(text: string): boolean {
        if (i && !ASCII.test(text)) return inner(text);
        const folded = i ? text.toLowerCase() : text;
        if (!holdsInOrder(folded, ordered)) return false;
        return !LINE_END.test(folded) || folded.split(LINE_END).some((line) => holdsInOrder(line, ordered));
      },
    };
  }
  return {
    source,
    nested: facts.nested,
    literals,
    test(text: string): boolean {
      if (text.length < min || (mostNeeded !== null && !holdsOften(text, mostNeeded[0], mostNeeded[1]))) return false;
      if (ordered.length > 1 && !holdsInOrder(i ? text.toLowerCase() : text, ordered)) return false;
      return inner(text);
    },
  };
}

/** The built-in engine on an expression as Sigma means it (PCRE), where its own reading differs. */
function compileNative(body: string, flags: string): RegExp | SyntaxError {
  let out = '';
  for (let k = 0; k < body.length; k++) {
    const c = body[k]!;
    if (c === '\\') {
      const e = body[++k] ?? '';
      out += e === 'A' ? '(?<![^])' : e === 'z' ? '(?![^])' : e === 'Z' ? '(?=\\n?(?![^]))' : c + e;
    } else if (c === '[') {
      // A bracket right behind the opening one stands for itself.
      out += c;
      if (body[k + 1] === '^') out += body[++k]!;
      if (body[k + 1] === ']') {
        out += '\\]';
        k++;
      }
      for (k++; k < body.length && body[k] !== ']'; k++) {
        out += body[k]!;
        if (body[k] === '\\') out += body[++k] ?? '';
      }
      if (k < body.length) out += ']';
    } else out += c;
  }
  try {
    return new RegExp(out, flags);
  } catch (e) {
    return e as SyntaxError;
  }
}

/** Whether a text holds a character, in either case, at least `count` times. */
function holdsOften(text: string, char: string, count: number): boolean {
  const upper = char.toUpperCase();
  let left = count;
  if (upper === char) {
    for (let i = text.indexOf(char); i >= 0; i = text.indexOf(char, i + 1)) if (--left === 0) return true;
    return false;
  }
  for (let i = 0; i < text.length; i++) if ((text[i] === char || text[i] === upper) && --left === 0) return true;
  return false;
}

function holdsInOrder(text: string, ordered: readonly string[]): boolean {
  let at = 0;
  for (const l of ordered) {
    at = text.indexOf(l, at);
    if (at < 0) return false;
    at += l.length;
  }
  return true;
}

/** Longest multiset of needed characters that is kept of one expression. */
const MAX_NEEDED = 256;

interface Piece {
  readonly min: number;
  /** Characters that every match holds, folded, as often as it must. */
  readonly needed: string;
  readonly literals: readonly string[] | null;
  readonly exact: string | null; // the piece is exactly this text
  readonly loops: number;
  readonly ways: number;
  readonly nested: boolean;
  readonly anchor: boolean;
}

const OPAQUE: Piece = {
  literals: null,
  exact: null,
  loops: 0,
  ways: 1,
  nested: false,
  anchor: false,
  min: 1,
  needed: '',
};
const ANCHOR: Piece = { ...OPAQUE, anchor: true, min: 0 };
interface Sequence extends Piece {
  readonly anchored: boolean;
  readonly ordered: readonly string[];
}

/** Plain texts of which none starts another. */
function prefixFree(branches: readonly Piece[]): boolean {
  if (branches.length > 64) return false;
  const texts = branches.map((b) => b.exact?.toLowerCase() ?? '');
  return texts.every((t, i) => t !== '' && texts.every((o, k) => i === k || !o.startsWith(t)));
}

/** One plain character. Characters whose cases are more than two are not counted on. */
const exactly = (c: string): Piece => ({
  ...OPAQUE,
  exact: c,
  needed: /^[\x20-\x7e]$/.test(c) && !/[ks]/i.test(c) ? c.toLowerCase() : '',
});
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', '0': '\0' };

/** A cautious reading: what it does not understand it says nothing about, and counts as a loop. */
function analyse(source: string, ignoreCase: boolean, multiline: boolean): Facts {
  let pos = 0;

  function alternatives(): Sequence {
    const branches = [sequence()];
    while (source[pos] === '|') {
      pos++;
      branches.push(sequence());
    }
    const loops = Math.max(...branches.map((b) => b.loops));
    const nested = branches.some((b) => b.nested);
    const anchored = branches.every((b) => b.anchored);
    if (branches.length === 1) return { ...branches[0]!, anchor: false };
    const literals = branches.every((b) => b.literals !== null) ? branches.flatMap((b) => b.literals!) : null;
    return {
      literals: literals !== null && literals.length <= 16 ? literals : null,
      exact: null,
      loops,
      // Where no alternative starts another, at most one of them fits at any place.
      ways: prefixFree(branches) ? 1 : branches.reduce((n, b) => n + b.ways, 0),
      nested,
      anchor: false,
      anchored,
      min: Math.min(...branches.map((b) => b.min)),
      needed: '',
      ordered: [],
    };
  }

  function sequence(): Sequence {
    let best: readonly string[] | null = null;
    let run = '';
    let loops = 0;
    let ways = 1;
    let nested = false;
    let whole: string | null = '';
    let first = true;
    let anchored = false;
    let min = 0;
    let needed = '';
    let tail = 0;
    const ordered: string[] = [];
    const better = (l: readonly string[] | null): void => {
      if (l === null || l.length === 0) return;
      const shortest = (x: readonly string[]): number => Math.min(...x.map((t) => t.length)) - (x.length > 1 ? 1 : 0);
      if (shortest(l) > 0 && (best === null || shortest(l) > shortest(best))) best = l;
    };
    while (pos < source.length && source[pos] !== '|' && source[pos] !== ')') {
      const p = quantified();
      if (first && p.anchor && !multiline && source[pos - 1] === '^') anchored = true;
      first = false;
      loops += p.loops;
      ways *= p.ways;
      tail = p.loops;
      nested ||= p.nested;
      if (p.anchor) continue;
      min += p.min;
      if (needed.length < MAX_NEEDED) needed += p.needed;
      if (p.exact !== null) {
        run += p.exact;
        if (whole !== null) whole += p.exact;
      } else {
        better(run === '' ? null : [run]);
        if (run !== '') ordered.push(run);
        run = '';
        whole = null;
        better(p.literals);
      }
    }
    better(run === '' ? null : [run]);
    if (run !== '') ordered.push(run);
    // Nothing behind the last loop can fail and send it back.
    return {
      literals: best,
      exact: whole,
      loops: source[pos] === ')' || tail !== 1 ? loops : loops - 1,
      ways,
      nested: nested || ways > MAX_WAYS,
      anchor: false,
      anchored,
      min,
      needed,
      ordered,
    };
  }

  function quantified(): Piece {
    const p = atom();
    const c = source[pos];
    let min = 1;
    let max = 1;
    if (c === '*') [min, max] = [0, Number.POSITIVE_INFINITY];
    else if (c === '+') [min, max] = [1, Number.POSITIVE_INFINITY];
    else if (c === '?') [min, max] = [0, 1];
    else {
      const m = /^\{(\d+)(,(\d*))?\}/.exec(source.slice(pos, pos + 16));
      if (m === null || c !== '{') return p;
      min = Number(m[1]);
      max = m[2] === undefined ? min : m[3] === '' ? Number.POSITIVE_INFINITY : Number(m[3]);
      pos += m[0].length - 1;
    }
    pos++;
    if (source[pos] === '?' || source[pos] === '+') pos++;
    const many = max >= LARGE_COUNT;
    const ways = many ? p.ways : p.ways ** max * (max - min + 1);
    return {
      literals: min > 0 ? (p.exact !== null && p.exact !== '' ? [p.exact] : p.literals) : null,
      exact: min === max && min <= 4 && p.exact !== null ? p.exact.repeat(min) : null,
      loops: many ? p.loops + 1 : p.loops * Math.max(1, Math.min(max, 8)),
      ways,
      nested: p.nested || (many && (p.loops > 0 || p.ways > 1)) || (max > 1 && p.loops > 1) || ways > MAX_WAYS,
      anchor: false,
      min: p.min * min,
      needed: min === 0 ? '' : p.needed.repeat(Math.min(min, 16)).slice(0, MAX_NEEDED),
    };
  }

  function atom(): Piece {
    const c = source[pos++]!;
    if (c === '^' || c === '$') return ANCHOR;
    if (c === '.') return OPAQUE;
    if (c === '[') {
      if (source[pos] === '^') pos++;
      if (source[pos] === ']') pos++;
      while (pos < source.length && source[pos] !== ']') pos += source[pos] === '\\' ? 2 : 1;
      pos++;
      return OPAQUE;
    }
    if (c === '(') {
      const look = /^\?(?:<?[=!])/.test(source.slice(pos, pos + 3));
      const head = /^\?(?::|<?[=!]|<[A-Za-z_]\w*>|P<[A-Za-z_]\w*>)/.exec(source.slice(pos, pos + 40));
      if (head !== null) pos += head[0].length;
      const inner = alternatives();
      pos++;
      return look ? { ...ANCHOR, loops: inner.loops, ways: inner.ways, nested: inner.nested } : inner;
    }
    if (c === '\\') {
      const e = source[pos++] ?? '';
      if (e === 'b' || e === 'B' || e === 'A' || e === 'Z' || e === 'z') return ANCHOR;
      if (/[dDwWsSpPkux1-9c]/.test(e)) {
        if (e === 'x') pos += 2;
        if (e === 'u') pos += source[pos] === '{' ? source.indexOf('}', pos) - pos + 1 : 4;
        if (e === 'p' || e === 'P' || e === 'k')
          pos = Math.max(pos, source.indexOf(source[pos] === '<' ? '>' : '}', pos) + 1);
        // What a back-reference repeats may be empty.
        return /[k1-9]/.test(e) ? { ...OPAQUE, min: 0 } : OPAQUE;
      }
      return plain(ESCAPES[e] ?? e);
    }
    return plain(c);
  }

  /** Without case, only characters of ASCII have one lower case and one upper. */
  function plain(c: string): Piece {
    return ignoreCase && c > '\x7f' ? OPAQUE : exactly(c);
  }

  const top = alternatives();
  const exact = top.exact !== null && top.exact !== '' ? [top.exact] : top.literals;
  const counts = new Map<string, number>();
  for (const c of top.needed) counts.set(c, (counts.get(c) ?? 0) + 1);
  let mostNeeded: [string, number] | null = null;
  for (const [c, n] of counts) if (n > (mostNeeded?.[1] ?? 1)) mostNeeded = [c, n];
  return {
    literals: exact,
    loops: top.loops,
    ways: top.ways,
    nested: top.nested,
    anchored: top.anchored,
    min: top.min,
    mostNeeded,
    ordered: top.ordered,
  };
}
