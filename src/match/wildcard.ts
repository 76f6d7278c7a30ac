// Sigma strings: literal text with * (any run) and ? (any one character), as a list of parts. Matching is linear in
// the text times the number of parts: after a * the leftmost fit of the next part is always the right one.

/** Text, or one of the two wildcards. */
export type Part = string | typeof ANY | typeof ONE;
export const ANY = Symbol('*');
export const ONE = Symbol('?');

/**
 * Sigma's escaping (specification 2.1, "Escaping"): a backslash before *, ? or another backslash makes that
 * character plain; before anything else it stands for itself.
 */
export function parseWildcards(value: string): Part[] {
  const parts: Part[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') parts.push(text);
    text = '';
  };
  for (let i = 0; i < value.length; i++) {
    const c = value[i]!;
    if (c === '\\' && i + 1 < value.length && (value[i + 1] === '*' || value[i + 1] === '?' || value[i + 1] === '\\'))
      text += value[++i];
    else if (c === '*') {
      flush();
      if (parts[parts.length - 1] !== ANY) parts.push(ANY);
    } else if (c === '?') {
      flush();
      parts.push(ONE);
    } else text += c;
  }
  flush();
  return parts;
}

/** The longest plain text of a pattern; '' if it has none. */
export function longestText(parts: readonly Part[]): string {
  let best = '';
  for (const p of parts) if (typeof p === 'string' && p.length > best.length) best = p;
  return best;
}

/** Whether the whole of `text` fits the parts. */
export function matchWildcards(parts: readonly Part[], text: string): boolean {
  return matchFrom(splitRuns(parts), text);
}

interface Runs {
  readonly runs: readonly (readonly (string | typeof ONE)[])[];
  readonly openStart: boolean;
  readonly openEnd: boolean;
}

const cache = new WeakMap<readonly Part[], Runs>();

function splitRuns(parts: readonly Part[]): Runs {
  let known = cache.get(parts);
  if (known === undefined) {
    const runs: (string | typeof ONE)[][] = [[]];
    for (const p of parts) {
      if (p === ANY) runs.push([]);
      else runs[runs.length - 1]!.push(p);
    }
    known = {
      runs: runs.filter((r) => r.length > 0),
      openStart: parts[0] === ANY,
      openEnd: parts[parts.length - 1] === ANY,
    };
    cache.set(parts, known);
  }
  return known;
}

/** Length of the text that `run` takes at `at`, or -1. */
function fits(run: readonly (string | typeof ONE)[], text: string, at: number): number {
  let i = at;
  for (const p of run) {
    if (p === ONE) {
      if (i >= text.length) return -1;
      i++;
    } else {
      if (!text.startsWith(p, i)) return -1;
      i += p.length;
    }
  }
  return i - at;
}

const runLength = (run: readonly (string | typeof ONE)[]): number =>
  run.reduce((n, p) => n + (p === ONE ? 1 : p.length), 0);

function matchFrom({ runs, openStart, openEnd }: Runs, text: string): boolean {
  if (runs.length === 0) return openStart || text === '';
  let at = 0;
  let first = 0;
  let last = runs.length;
  if (!openStart) {
    const n = fits(runs[0]!, text, 0);
    if (n < 0) return false;
    at = n;
    first = 1;
    if (runs.length === 1) return openEnd || n === text.length;
  }
  let end = text.length;
  if (!openEnd) {
    const run = runs[--last]!;
    const n = runLength(run);
    if (end - n < at || fits(run, text, end - n) < 0) return false;
    end -= n;
  }
  for (let r = first; r < last; r++) {
    const run = runs[r]!;
    const n = runLength(run);
    let found = -1;
    const head = run[0]!;
    for (let i = at; i + n <= end; i++) {
      if (typeof head === 'string') {
        i = text.indexOf(head, i);
        if (i < 0 || i + n > end) return false;
      }
      if (fits(run, text, i) >= 0) {
        found = i;
        break;
      }
    }
    if (found < 0) return false;
    at = found + n;
  }
  return true;
}
