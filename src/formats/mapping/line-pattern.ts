// A user's expression for lines, on hostile text: matched by the linear-time engine, so that no line can make it backtrack.
import { createRequire } from 'node:module';
import type { RE2JS as Re2 } from 're2js';

const require = createRequire(import.meta.url);

export interface LinePattern {
  readonly names: readonly string[];
  /** The groups' texts, null for one that took no part; null if the line does not match. */
  match(line: string): (string | null)[] | null;
}

/** Compiles an expression with named groups. Throws `SyntaxError` with what is wrong. */
export function linePattern(source: string): LinePattern {
  const { RE2JS } = require('re2js') as { RE2JS: typeof Re2 };
  let compiled: Re2;
  try {
    compiled = RE2JS.compile(source);
  } catch (e) {
    throw new SyntaxError((e as Error).message, { cause: e });
  }
  const groups = compiled.namedGroups();
  const names = Object.keys(groups);
  if (names.length === 0) throw new SyntaxError('it has no named group, as (?<user>\\S+)');
  return {
    names,
    match(line) {
      const m = compiled.matcher(line);
      return m.find() ? names.map((n) => m.group(n)) : null;
    },
  };
}
