// The search language: field:value, wildcards (* and ?), ranges (status:>=500, time:[2024-03-05 TO 2024-03-06]), quotes, free
// text, and / or / not, brackets. Words beside each other mean "and".

export type QueryNode =
  | { readonly kind: 'and' | 'or'; readonly items: readonly QueryNode[] }
  | { readonly kind: 'not'; readonly item: QueryNode }
  /** Free text: anywhere in what is kept of a record. */
  | { readonly kind: 'text'; readonly text: string }
  /** Wildcards where `pattern`; compared without regard to case. */
  | { readonly kind: 'field'; readonly field: string; readonly text: string; readonly pattern: boolean }
  | {
      readonly kind: 'range';
      readonly field: string;
      readonly from: string | null;
      readonly to: string | null;
      readonly fromIncluded: boolean;
      readonly toIncluded: boolean;
    };

/** What is wrong with a query, and where (0 for its first character). */
export class QueryError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const MAX_DEPTH = 100;
const MAX_TERMS = 500;

/** Parses a query. Throws `QueryError`. An empty one is null: everything. */
export function parseQuery(source: string): QueryNode | null {
  if (source.trim() === '*') return null;
  let pos = 0;
  let depth = 0;
  let terms = 0;
  const space = (): void => {
    while (pos < source.length && /\s/.test(source[pos]!)) pos++;
  };
  const word = (w: string): boolean => {
    const end = pos + w.length;
    if (source.slice(pos, end).toLowerCase() !== w || (end < source.length && !/[\s()]/.test(source[end]!)))
      return false;
    pos = end;
    return true;
  };
  const quoted = (): string => {
    const start = pos++;
    let out = '';
    for (; pos < source.length && source[pos] !== '"'; pos++) {
      if (source[pos] === '\\' && (source[pos + 1] === '"' || source[pos + 1] === '\\')) pos++;
      out += source[pos]!;
    }
    if (pos >= source.length) throw new QueryError('a closing quote is missing', start);
    pos++;
    return out;
  };
  const bare = (stop: RegExp): string => {
    const start = pos;
    while (pos < source.length && !stop.test(source[pos]!)) pos++;
    return source.slice(start, pos);
  };

  function or(): QueryNode {
    const items = [and()];
    for (space(); word('or'); space()) items.push(and());
    return items.length === 1 ? items[0]! : { kind: 'or', items };
  }
  function and(): QueryNode {
    const items = [not()];
    for (;;) {
      space();
      const at = pos;
      if (pos >= source.length || source[pos] === ')') break;
      if (word('or')) {
        pos = at;
        break;
      }
      word('and');
      items.push(not());
    }
    return items.length === 1 ? items[0]! : { kind: 'and', items };
  }
  function not(): QueryNode {
    space();
    if (word('not') || (source[pos] === '-' && /[\w("]/.test(source[pos + 1] ?? '') && pos++ >= 0)) {
      if (++depth > MAX_DEPTH) throw new QueryError('too deep', pos);
      const item = not();
      depth--;
      return { kind: 'not', item };
    }
    return term();
  }
  function term(): QueryNode {
    space();
    if (++terms > MAX_TERMS) throw new QueryError(`more than ${MAX_TERMS} terms`, pos);
    if (pos >= source.length) throw new QueryError('a term is missing', pos);
    if (source[pos] === '(') {
      const start = pos++;
      if (++depth > MAX_DEPTH) throw new QueryError('too deep', pos);
      const inner = or();
      depth--;
      space();
      if (source[pos] !== ')') throw new QueryError('a closing bracket is missing', start);
      pos++;
      return inner;
    }
    if (source[pos] === ')') throw new QueryError('a bracket closes that was not opened', pos);
    for (const w of ['and', 'or']) {
      const at = pos;
      if (word(w))
        throw new QueryError(`a term is missing before "${w}"; the word itself is searched for in quotes`, at);
    }
    if (source[pos] === '"') return { kind: 'text', text: quoted() };
    const field = /^[A-Za-z_][\w.]*:/.exec(source.slice(pos, pos + 64));
    if (field === null) return { kind: 'text', text: bare(/[\s()]/) };
    pos += field[0].length;
    const name = field[0].slice(0, -1).toLowerCase();
    const compare = /^(>=|<=|>|<)/.exec(source.slice(pos, pos + 2));
    if (compare !== null) {
      pos += compare[0].length;
      const v = source[pos] === '"' ? quoted() : bare(/[\s()]/);
      if (v === '') throw new QueryError(`a value is missing behind ${name}:${compare[0]}`, pos);
      const up = compare[0].startsWith('>');
      const included = compare[0].endsWith('=');
      return {
        kind: 'range',
        field: name,
        from: up ? v : null,
        to: up ? null : v,
        fromIncluded: included,
        toIncluded: included,
      };
    }
    const range = /^([[{])\s*("[^"]*"|\S+)\s+TO\s+("[^"]*"|[^\s\]}]+)\s*([\]}])/i.exec(source.slice(pos));
    if (range !== null) {
      pos += range[0].length;
      const clean = (t: string): string | null => (t === '*' ? null : t.replace(/^"|"$/g, ''));
      return {
        kind: 'range',
        field: name,
        from: clean(range[2]!),
        to: clean(range[3]!),
        fromIncluded: range[1] === '[',
        toIncluded: range[4] === ']',
      };
    }
    if (source[pos] === '"') return { kind: 'field', field: name, text: quoted(), pattern: false };
    const text = bare(/[\s()]/);
    if (text === '') throw new QueryError(`a value is missing behind ${name}:`, pos);
    return { kind: 'field', field: name, text, pattern: /[*?]/.test(text) };
  }

  space();
  if (pos >= source.length) return null;
  const node = or();
  space();
  if (pos < source.length) throw new QueryError('a bracket closes that was not opened', pos);
  return node;
}
