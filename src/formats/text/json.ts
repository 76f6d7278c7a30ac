// JSON objects as fields: nested names are joined by dots, lists of texts are several values, other lists are kept as
// JSON. Depth and number are bounded: log content is hostile.
import type { TextValue } from './record.js';

/** Objects within objects; deeper ones stay JSON text. */
export const MAX_JSON_DEPTH = 32;
const MAX_FIELDS = 4096;
/** Characters of a joined name; what lies deeper stays JSON text. */
const MAX_NAME = 512;

export type Flat = Map<string, TextValue>;

const scalar = (v: unknown): string | null =>
  v === null || v === undefined ? null : typeof v === 'string' ? v : String(v);

export function flatten(value: object, into: Flat = new Map(), prefix = '', depth = 0): Flat {
  for (const [key, v] of Object.entries(value)) {
    if (into.size >= MAX_FIELDS) break;
    const name = (prefix === '' ? key : `${prefix}.${key}`).slice(0, 2 * MAX_NAME);
    if (Array.isArray(v)) {
      if (v.every((x) => typeof x !== 'object' || x === null)) {
        const texts = v.map((x) => scalar(x) ?? '');
        into.set(name, texts.length === 1 ? texts[0]! : texts.length === 0 ? null : texts);
      } else into.set(name, JSON.stringify(v));
    } else if (typeof v === 'object' && v !== null) {
      if (depth < MAX_JSON_DEPTH && name.length <= MAX_NAME) flatten(v, into, name, depth + 1);
      else into.set(name, JSON.stringify(v));
    } else into.set(name, scalar(v));
  }
  return into;
}

/** Nesting of brackets in a text, up to `limit`: `JSON.parse` recurses. */
export function tooDeep(text: string, limit = 1000): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x7b || c === 0x5b) {
      if (++depth > limit) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}

/** An object of a line, or null if the line is none. */
export function objectOf(line: string): Record<string, unknown> | null {
  const first = line.charCodeAt(0);
  if (first !== 0x7b && !/^\s*\{/.test(line)) return null;
  if (line.length > 2000 && tooDeep(line)) return null;
  try {
    const v: unknown = JSON.parse(line);
    return typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
