// What a report is made of, whatever it is written as: sections of texts, lists, tables and figures, and how values are set in them.
import type { Cite, Incident } from '../incident/index.js';
import { boundWord, type Messages } from '../messages/index.js';
import type { Change } from './changes.js';

/** How a column's texts are set. */
export type ColumnKind = 'text' | 'time' | 'host' | 'mono' | 'number' | 'status';

export interface Table {
  readonly id: string;
  readonly title: string | null;
  readonly columns: readonly { readonly title: string; readonly kind: ColumnKind }[];
  readonly rows: readonly {
    readonly cells: readonly string[];
    readonly cites: readonly Cite[];
    readonly omitted: number;
  }[];
  /** Whether its rows cite records. */
  readonly proof: boolean;
}

export type FigureKind = 'graph' | 'map' | 'hours' | 'lanes' | 'coverage' | 'fanout';

export type Block =
  | { readonly kind: 'text'; readonly text: string; readonly lead?: boolean }
  | { readonly kind: 'list'; readonly title: string | null; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'figure'; readonly figure: FigureKind; readonly alt: string; readonly incident: Incident };

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface IncidentPart {
  readonly id: string;
  readonly title: string;
  readonly period: string;
  readonly confidence: string;
  readonly tiles: readonly (readonly [number, string])[];
  readonly sections: readonly Section[];
}

export interface Model {
  readonly title: string;
  readonly language: string;
  readonly tlp: string | null;
  readonly facts: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
  readonly incidents: readonly IncidentPart[];
  /** What is told of the whole case, behind the incidents. */
  readonly rest: readonly Section[];
}

/** `2021-10-25 20:17:07`: the report says once that all times are UTC. */
export const shortTime = (t: string | null): string => (t === null ? '–' : t.slice(0, 19).replace('T', ' '));
export const sizeText = (n: number): string =>
  n >= 1e9
    ? `${(n / 1e9).toFixed(2)} GB`
    : n >= 1e6
      ? `${Math.round(n / 1e6)} MB`
      : n >= 1e3
        ? `${Math.round(n / 1e3)} kB`
        : `${n} B`;
/** The sum of what was sent out, with what is known of it. */
export function totalText(list: Incident['data_theft'], language: string): string {
  const all = sizeText(list.reduce((n, x) => n + x.bytes, 0));
  return `${boundWord(
    list.map((x) => x.bytes_is),
    language,
  )}${all}`;
}

export const words = (s: string): string => s.replaceAll('_', ' ');
const DAY = 86_400e3;
export const days = (from: string, to: string): number =>
  Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / DAY));

export interface Row {
  readonly cells: readonly (string | number | null)[];
  readonly cites?: readonly Cite[] | undefined;
}

export function table(
  id: string,
  title: string | null,
  columns: readonly (readonly [string, ColumnKind])[],
  rows: readonly Row[],
): Table {
  return {
    id,
    title,
    columns: columns.map(([t, kind]) => ({ title: t, kind })),
    rows: rows.map((r) => ({
      cells: r.cells.map((c, i) =>
        c === null || c === ''
          ? '–'
          : columns[i]![1] === 'time'
            ? shortTime(String(c))
            : typeof c === 'number'
              ? c.toLocaleString('en')
              : c,
      ),
      cites: r.cites ?? [],
      omitted: 0,
    })),
    proof: rows.some((r) => r.cites !== undefined),
  };
}

export interface ModelOptions {
  readonly messages: Messages;
  /** What changed since an earlier report; null where none was asked for. */
  readonly changes?: readonly Change[] | null;
  readonly redacted?: boolean;
}
