// The condition language (specification 2.1, "Condition"): identifiers, not / and / or in that order of binding,
// parentheses, and `1 of`, `all of`, `N of` over a name pattern or `them`. Identifiers may begin with an operator's
// letters (`notepad`, `all_of_it`): words are read whole before they are understood.
import type { Expr } from './ast.js';

export class ConditionError extends Error {
  /** Where in the condition's text, from 0. */
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Nested parentheses that a condition may have. */
const MAX_DEPTH = 64;

interface Word {
  readonly text: string;
  readonly at: number;
}

/** Parses one condition over the named selections. Throws `ConditionError`. */
export function parseCondition(text: string, selections: ReadonlyMap<string, Expr>): Expr {
  const words: Word[] = [];
  const pattern = /\s*([()]|\||[^\s()|]+)/gy;
  for (let m = pattern.exec(text); m !== null; m = pattern.exec(text))
    words.push({ text: m[1]!, at: pattern.lastIndex - m[1]!.length });
  let pos = 0;
  const peek = (): string => words[pos]?.text ?? '';
  const lower = (): string => peek().toLowerCase();
  const at = (): number => words[pos]?.at ?? text.length;
  if (words.length === 0) throw new ConditionError(0, 'an empty condition');

  const or = (depth: number): Expr => {
    const items = [and(depth)];
    while (lower() === 'or') {
      pos++;
      items.push(and(depth));
    }
    return items.length === 1 ? items[0]! : { kind: 'or', items };
  };
  const and = (depth: number): Expr => {
    const items = [not(depth)];
    while (lower() === 'and') {
      pos++;
      items.push(not(depth));
    }
    return items.length === 1 ? items[0]! : { kind: 'and', items };
  };
  const not = (depth: number): Expr => {
    if (depth > MAX_DEPTH) throw new ConditionError(at(), `more than ${MAX_DEPTH} nested operators`);
    if (lower() === 'not') {
      pos++;
      return { kind: 'not', item: not(depth + 1) };
    }
    return primary(depth);
  };
  const primary = (depth: number): Expr => {
    const start = at();
    if (peek() === '(') {
      pos++;
      const inner = or(depth + 1);
      if (peek() !== ')') throw new ConditionError(at(), 'a parenthesis that is not closed');
      pos++;
      return inner;
    }
    const word = peek();
    if (word === '' || word === ')') throw new ConditionError(start, 'a selection is missing');
    if (word === '|')
      throw new ConditionError(start, 'an aggregation ("|"), which Sigma 2 replaced by correlation rules');
    const quantity = /^(1|any|all|[0-9]+)$/i.test(word) && words[pos + 1]?.text.toLowerCase() === 'of';
    if (quantity) {
      pos += 2;
      const target = peek();
      if (target === '' || target === ')') throw new ConditionError(at(), 'a name pattern after "of"');
      pos++;
      const items = select(target, selections);
      if (items.length === 0) throw new ConditionError(start, `no selection is named like "${target}"`);
      const n = word.toLowerCase();
      if (n === 'all') return items.length === 1 ? items[0]! : { kind: 'and', items };
      const min = n === 'any' ? 1 : Number(n);
      if (min === 0) throw new ConditionError(start, '"0 of", which Sigma does not have');
      if (min === 1) return items.length === 1 ? items[0]! : { kind: 'or', items };
      return { kind: 'atLeast', min, items };
    }
    if (/^(and|or|of)$/i.test(word)) throw new ConditionError(start, `"${word}" where a selection should be`);
    pos++;
    const selection = selections.get(word);
    if (selection === undefined) throw new ConditionError(start, `no selection is named "${word}"`);
    return selection;
  };

  const result = or(0);
  if (pos < words.length) {
    if (peek() === '|')
      throw new ConditionError(at(), 'an aggregation ("|"), which Sigma 2 replaced by correlation rules');
    throw new ConditionError(at(), `"${peek()}" after the end of the condition`);
  }
  return result;
}

/** Selections that a pattern names; `them` is all but those that begin with an underscore. */
function select(pattern: string, selections: ReadonlyMap<string, Expr>): Expr[] {
  const out: Expr[] = [];
  const them = pattern.toLowerCase() === 'them';
  const re = new RegExp(
    `^${pattern
      .split('*')
      .map((t) => t.replace(/[^A-Za-z0-9_]/g, '\\$&'))
      .join('.*')}$`,
  );
  for (const [name, expr] of selections) {
    if (them ? !name.startsWith('_') : re.test(name)) out.push(expr);
  }
  return out;
}
