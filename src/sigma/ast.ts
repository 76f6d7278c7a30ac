// A Sigma rule after parsing: everything about modifiers, wildcards, lists and `1 of` is already resolved into tests
// and boolean nodes. Plain JSON throughout, so that a parsed rule set can be cached on disk as it is.

/** Text that holds wildcards: literal runs, null for *, 0 for ?. (JSON has no symbols.) */
export type WirePart = string | null | 0;

export type Test =
  | { readonly op: 'equals' | 'contains' | 'startswith' | 'endswith'; readonly text: string; readonly cased?: true }
  | { readonly op: 'wildcard'; readonly parts: readonly WirePart[]; readonly cased?: true }
  | { readonly op: 'regex'; readonly source: string; readonly i?: true; readonly m?: true; readonly s?: true }
  | { readonly op: 'cidr'; readonly network: string }
  | { readonly op: 'null' }
  | { readonly op: 'exists' }
  | {
      readonly op: 'fieldref';
      readonly field: string;
      readonly how: 'equals' | 'contains' | 'startswith' | 'endswith';
      readonly cased?: true;
    }
  | { readonly op: 'compare'; readonly how: 'gt' | 'gte' | 'lt' | 'lte'; readonly number: number }
  | { readonly op: 'time'; readonly part: TimePart; readonly number: number };

export type TimePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** `field` null: a keyword, looked for in every value of the event. */
export type Expr =
  | { readonly kind: 'test'; readonly field: string | null; readonly test: Test }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Expr[] }
  | { readonly kind: 'not'; readonly item: Expr }
  | { readonly kind: 'atLeast'; readonly min: number; readonly items: readonly Expr[] };

export type Level = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export const LEVELS: readonly Level[] = ['informational', 'low', 'medium', 'high', 'critical'];

/** What rules and correlations say of themselves. */
export interface About {
  readonly id: string;
  /** What correlation rules and filters may call it by, beside its id; '' for none. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly author: string;
  readonly status: string;
  readonly level: Level;
  readonly date: string;
  readonly tags: readonly string[];
  readonly references: readonly string[];
  readonly falsepositives: readonly string[];
}

export interface Rule extends About {
  readonly logsource: { readonly product?: string; readonly category?: string; readonly service?: string };
  readonly condition: Expr;
  /** Path of the rule file, relative to the rule set's folder, with "/". */
  readonly file: string;
}

/** What a correlation counts or looks for (specification 2.1, "Correlation"). */
export type CorrelationType =
  | 'event_count'
  | 'value_count'
  | 'value_sum'
  | 'value_avg'
  | 'value_percentile'
  | 'value_median'
  | 'temporal'
  | 'temporal_ordered';

export interface NumberTest {
  readonly how: 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq';
  readonly number: number;
}

export interface Correlation extends About {
  readonly type: CorrelationType;
  /** Ids or names of rules, or of other correlations. */
  readonly rules: readonly string[];
  readonly groupBy: readonly string[];
  /** Field names by alias, then by rule. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Microseconds. */
  readonly timespan: number;
  /** All must hold of the number that the type gives. */
  readonly tests: readonly NumberTest[];
  /** Fields whose values are counted or added. */
  readonly fields: readonly string[];
  readonly percentile: number | null;
  /** Over the presence of rules, by name, where the condition is an expression. */
  readonly names: Expr | null;
  /** Whether the rules that it refers to are also told by themselves. */
  readonly generate: boolean;
  readonly file: string;
}

/** Exceptions to rules, kept apart from them (specification 2.1, "Filters"). */
export interface Filter {
  readonly id: string;
  readonly title: string;
  readonly logsource: Rule['logsource'];
  readonly rules: readonly string[] | 'any';
  readonly condition: Expr;
  readonly file: string;
}
