// Whose networks addresses are: the user's own table, which wins, and a GeoIP database.
import { createHash } from 'node:crypto';

export interface NetworkInfo {
  readonly country: string | null;
  readonly asn: number | null;
  readonly label: string | null;
}

const NONE: NetworkInfo = { country: null, asn: null, label: null };

/** The IPv4 address as a number; NaN for anything else. */
function v4(t: string): number {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(t);
  if (m === null) return Number.NaN;
  const [a, b, c, d] = m.slice(1).map(Number) as [number, number, number, number];
  return a > 255 || b > 255 || c > 255 || d > 255 ? Number.NaN : ((a * 256 + b) * 256 + c) * 256 + d;
}

export interface LookUp {
  readonly of: (address: string) => NetworkInfo;
}

/**
 * A table of networks: CSV with a header that names `cidr` (or `network`), and of `country` (ISO 3166-1 alpha-2), `asn`, `label`
 * (or `kind`, `name`) those that there are. The longest network that holds an address counts. Gives the lines that are wrong.
 */
export function networkTable(csv: string): { table: LookUp; problems: { line: number; what: string }[] } {
  const problems: { line: number; what: string }[] = [];
  const lines = csv.replace(/^\ufeff/, '').split(/\r?\n/);
  const separator = (lines[0] ?? '').includes('\t') ? '\t' : (lines[0] ?? '').includes(';') ? ';' : ',';
  // RFC 4180: quoted cells hold separators, and quotes twice.
  const cell = new RegExp(`(?:^|${separator})(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g');
  const cells = (l: string): string[] =>
    Array.from(l.matchAll(cell), (m) => (m[1]?.replaceAll('""', '"') ?? m[2] ?? '').trim());
  const head = cells(lines[0] ?? '').map((h) => h.toLowerCase());
  const at = (...names: string[]): number => head.findIndex((h) => names.includes(h));
  const [net, country, asn, label] = [
    at('cidr', 'network', 'range', 'prefix'),
    at('country', 'cc'),
    at('asn', 'as', 'as_number'),
    at('label', 'kind', 'name', 'type', 'organisation', 'organization'),
  ];
  if (net < 0) return { table: { of: () => NONE }, problems: [{ line: 1, what: 'no column "cidr"' }] };
  const byLength = new Map<number, Map<number, NetworkInfo>>();
  for (let i = 1; i < lines.length; i++) {
    const l = lines[i]!;
    if (l.trim() === '' || l.startsWith('#')) continue;
    const c = cells(l);
    const m = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(c[net] ?? '');
    const base = m === null ? Number.NaN : v4(m[1]!);
    const length = m?.[2] === undefined ? 32 : Number(m[2]);
    if (Number.isNaN(base) || length > 32) {
      problems.push({ line: i + 1, what: `"${(c[net] ?? '').slice(0, 60)}" is no IPv4 network` });
      continue;
    }
    const cc = (c[country] ?? '').toUpperCase();
    const n = Number((c[asn] ?? '').replace(/^AS/i, ''));
    const info: NetworkInfo = {
      country: /^[A-Z]{2}$/.test(cc) ? cc : null,
      asn: /^(?:AS)?\d{1,10}$/i.test(c[asn] ?? '') ? n : null,
      label: (c[label] ?? '') === '' ? null : c[label]!,
    };
    const map = byLength.get(length) ?? new Map<number, NetworkInfo>();
    byLength.set(length, map);
    map.set(Math.floor(base / 2 ** (32 - length)), info);
  }
  const lengths = [...byLength.keys()].sort((a, b) => b - a);
  return {
    problems,
    table: {
      of(address) {
        const n = v4(address);
        if (Number.isNaN(n)) return NONE;
        for (const l of lengths) {
          const found = byLength.get(l)!.get(Math.floor(n / 2 ** (32 - l)));
          if (found !== undefined) return found;
        }
        return NONE;
      },
    },
  };
}

/** The first look-up that knows anything of an address. */
export const firstOf = (...list: readonly LookUp[]): LookUp => ({
  of(address) {
    for (const l of list) {
      const i = l.of(address);
      if (i.country !== null || i.asn !== null || i.label !== null) return i;
    }
    return NONE;
  },
});

export const sha256Of = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
