// All tests on one field of one class of events, grouped by how they are answered: equal texts by a map, ends by one look
// for each length, contained texts by one scan. What needs more than text (wildcards, expressions, case) is tried only
// after the scan has found its longest literal.
import { EndsIndex, LiteralIndex, longestText, matchWildcards } from '../match/index.js';
import type { Test } from './ast.js';
import { fold, regexOf, testText, unwire } from './test.js';

type Verify = (raw: string, folded: string) => boolean;

/** Values whose answers one matcher keeps, and how long such a value may be: logs say the same things over and over. */
const MAX_KEPT = 4096;
const MAX_KEPT_LENGTH = 8192;
/** Characters of values that all matchers of an engine keep together. */
const MAX_KEPT_CHARS = 8 << 20;

/** What the matchers of one engine keep together. When it is too much all of them forget. */
export class KeptBudget {
  chars = 0;
  generation = 0;

  add(chars: number): void {
    this.chars += chars;
    if (this.chars > MAX_KEPT_CHARS) {
      this.chars = 0;
      this.generation++;
    }
  }
}

/** Values that are looked up in vain before it is asked whether looking up is worth it: one hit to so many of them is. */
const TRIAL = 2048;
const WORTH = 8;
/** Values that are then not looked up. */
const SKIPPED = 32_768;

/** Tests so few that they are asked again rather than looked up. */
const CHEAP_TESTS = 32;
const NONE: readonly number[] = [];

/** Shortest literal worth looking for before trying an expression. */
const MIN_LITERAL = 3;

export class FieldMatcher {
  readonly #equals = new Map<string, number[]>();
  readonly #equalLengths = new Set<number>();
  readonly #verify: (Verify | null)[] = [];
  readonly #contains: LiteralIndex | null;
  readonly #containsTests: number[];
  readonly #prefixes: EndsIndex | null;
  readonly #prefixTests: number[];
  readonly #suffixes: EndsIndex | null;
  readonly #suffixTests: number[];
  readonly #rest: number[] = [];
  readonly #tests: readonly (readonly [id: number, test: Test])[];
  readonly #kept = new Map<string, readonly number[]>();
  readonly #budget: KeptBudget;
  #generation = 0;
  #hits = 0;
  #misses = 0;
  /** Values that are not looked up before it is tried again. */
  #skip = 0;
  /** Asking costs no more than looking up whether it was asked before. */
  readonly #cheap: boolean;
  /** A shorter text passes no test. */
  readonly #shortest: number;
  #last: string | null = null;
  #lastFound: readonly number[] = NONE;
  #found: number[] = [];
  #raw = '';
  #folded = '';
  readonly #onContains: (literal: number) => void;
  readonly #onPrefix: (literal: number) => void;
  readonly #onSuffix: (literal: number) => void;
  /** How many tests each strategy has, for whoever looks into a plan. */
  readonly strategies: Readonly<Record<string, number>>;

  /** `tests`: what to answer, each with the number that a hit reports. Tests on absence (null) do not belong here. */
  constructor(tests: readonly (readonly [id: number, test: Test])[], budget: KeptBudget = new KeptBudget()) {
    this.#tests = tests;
    this.#budget = budget;
    const contains: string[] = [];
    const prefixes: string[] = [];
    const suffixes: string[] = [];
    this.#containsTests = [];
    this.#prefixTests = [];
    this.#suffixTests = [];
    tests.forEach(([, test], i) => {
      this.#verify[i] = null;
      const file = (literals: readonly string[], verify: Verify | null): void => {
        this.#verify[i] = verify;
        for (const l of literals) {
          contains.push(fold(l));
          this.#containsTests.push(i);
        }
      };
      const exact: Verify = (raw) => testText(test, raw);
      switch (test.op) {
        case 'equals': {
          const key = fold(test.text);
          const list = this.#equals.get(key);
          if (list === undefined) this.#equals.set(key, [i]);
          else list.push(i);
          if (test.cased === true) this.#verify[i] = exact;
          break;
        }
        case 'startswith':
          prefixes.push(fold(test.text));
          this.#prefixTests.push(i);
          if (test.cased === true) this.#verify[i] = exact;
          break;
        case 'endswith':
          suffixes.push(fold(test.text));
          this.#suffixTests.push(i);
          if (test.cased === true) this.#verify[i] = exact;
          break;
        case 'contains':
          file([test.text], test.cased === true ? exact : null);
          break;
        case 'wildcard': {
          const parts = unwire(test.parts);
          const folded = parts.map((p) => (typeof p === 'string' ? fold(p) : p));
          const verify: Verify =
            test.cased === true ? (raw) => matchWildcards(parts, raw) : (_, f) => matchWildcards(folded, f);
          const literal = longestText(parts);
          if (literal.length >= MIN_LITERAL) file([literal], verify);
          else {
            this.#verify[i] = verify;
            this.#rest.push(i);
          }
          break;
        }
        case 'regex': {
          const re = regexOf(test);
          const verify: Verify = (raw) => re.test(raw);
          if (re.literals !== null && re.literals.every((l) => l.length >= MIN_LITERAL)) file(re.literals, verify);
          else {
            this.#verify[i] = verify;
            this.#rest.push(i);
          }
          break;
        }
        default:
          this.#verify[i] = exact;
          this.#rest.push(i);
      }
    });
    this.#contains = contains.length > 0 ? new LiteralIndex(contains) : null;
    this.#prefixes = prefixes.length > 0 ? new EndsIndex(prefixes, 'prefix') : null;
    this.#suffixes = suffixes.length > 0 ? new EndsIndex(suffixes, 'suffix') : null;
    this.strategies = {
      equals: this.#equals.size,
      contains: contains.length,
      prefix: prefixes.length,
      suffix: suffixes.length,
      rest: this.#rest.length,
    };
    for (const key of this.#equals.keys()) this.#equalLengths.add(key.length);
    this.#cheap = tests.length <= CHEAP_TESTS && this.#rest.length === 0;
    if (this.#cheap) this.#skip = 1;
    const least = (list: Iterable<string>): number => {
      let n = Number.POSITIVE_INFINITY;
      for (const l of list) if (l.length < n) n = l.length;
      return n;
    };
    this.#shortest =
      this.#rest.length > 0
        ? 0
        : Math.min(least(this.#equals.keys()), least(contains), least(prefixes), least(suffixes));
    this.#onContains = (l) => this.#report(this.#containsTests[l]!);
    this.#onPrefix = (l) => this.#report(this.#prefixTests[l]!);
    this.#onSuffix = (l) => this.#report(this.#suffixTests[l]!);
  }

  #report(i: number): void {
    const verify = this.#verify[i]!;
    if (verify === null || verify(this.#raw, this.#folded)) this.#found.push(this.#tests[i]![0]);
  }

  /** Numbers of the tests that `raw` passes, possibly with repetitions. */
  match(raw: string): readonly number[] {
    // Folding makes no text longer but this letter.
    if (raw.length < this.#shortest && !raw.includes('\u0130')) return NONE;
    if (raw === this.#last) return this.#lastFound;
    const keep = this.#skip === 0;
    if (keep) {
      const known = this.#kept.get(raw);
      if (known !== undefined) {
        this.#hits++;
        this.#last = raw;
        this.#lastFound = known;
        return known;
      }
      // Values that never come again are not worth looking up: of a field of such, only now and then.
      if (++this.#misses === TRIAL) {
        if (this.#hits * WORTH < TRIAL) {
          this.#skip = SKIPPED;
          this.#kept.clear();
        }
        this.#hits = 0;
        this.#misses = 0;
      }
    } else if (!this.#cheap) this.#skip--;
    const found: number[] = [];
    this.#found = found;
    const folded = fold(raw);
    this.#raw = raw;
    this.#folded = folded;
    // Looking a text up reads all of it; most are of no length that is asked for.
    if (this.#equalLengths.has(folded.length)) {
      const equal = this.#equals.get(folded);
      if (equal !== undefined) for (const i of equal) this.#report(i);
    }
    this.#prefixes?.scan(folded, this.#onPrefix);
    this.#suffixes?.scan(folded, this.#onSuffix);
    this.#contains?.scan(folded, this.#onContains);
    for (const i of this.#rest) this.#report(i);
    if (keep && raw.length <= MAX_KEPT_LENGTH) {
      this.#budget.add(raw.length);
      if (this.#kept.size >= MAX_KEPT || this.#generation !== this.#budget.generation) this.#kept.clear();
      this.#generation = this.#budget.generation;
      this.#kept.set(raw, found);
    }
    this.#last = raw;
    this.#lastFound = found;
    return found;
  }
}
