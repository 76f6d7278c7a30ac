// What the user knows and no log says: declared tests, whose networks addresses are, who the people are, what analysts decided. It is
// kept in the case (declared.json), so that every later run and check works with the same.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reader } from 'mmdb-lib';
import { parse as parseYaml } from 'yaml';
import { type Diagnostic, diagnostic, parseMicros } from '../base/index.js';
import { isAddress, plainAddress } from '../entities/index.js';
import { csvCells } from '../formats/text/csv.js';
import { firstOf, type Known, type LookUp, networkTable, sha256Of } from '../incident/index.js';
import type { Directory } from '../incident/index.js';
import { type Declared, NOTHING_DECLARED } from './incidents.js';

export const DECLARED_FILE = 'declared.json';

/** An analyst's decision on what a reconstruction said. */
export interface Decision {
  readonly kind: 'not_compromised' | 'not_abused' | 'same_incident';
  readonly hosts: readonly string[];
  readonly accounts: readonly string[];
  readonly because: string;
  readonly by: string | null;
}

export interface StoredDeclared {
  readonly schema: 'backtrail.declared/1';
  readonly known: readonly Known[];
  readonly networks: { readonly name: string; readonly csv: string } | null;
  readonly directory: { readonly name: string; readonly csv: string } | null;
  readonly geo: { readonly path: string; readonly sha256: string } | null;
  readonly decisions: readonly Decision[];
}

export const EMPTY_DECLARED: StoredDeclared = {
  schema: 'backtrail.declared/1',
  known: [],
  networks: null,
  directory: null,
  geo: null,
  decisions: [],
};

/** A file of the user's that is not what it should be. */
export class DeclaredError extends Error {
  readonly diagnostic: Diagnostic;
  constructor(d: Diagnostic) {
    super(d.expected);
    this.name = 'DeclaredError';
    this.diagnostic = d;
  }
}

const wrong = (file: string, expected: string, found: string): DeclaredError =>
  new DeclaredError(
    diagnostic(
      'declared.unreadable',
      'error',
      { file },
      expected,
      found.slice(0, 200),
      'docs/reconstruction.md shows the form',
    ),
  );

/** One text or a list of them, none of them empty. */
function texts(file: string, what: string, v: unknown): string[] {
  if (v === undefined || v === null) return [];
  return (Array.isArray(v) ? v : [v]).map((x) => {
    const t = typeof x === 'string' || typeof x === 'number' ? String(x).trim() : '';
    if (t === '' || /[\\/]$/.test(t)) throw wrong(file, `${what}: texts that name something`, show(x));
    return t;
  });
}
const show = (v: unknown): string => (typeof v === 'string' ? `"${v}"` : (JSON.stringify(v) ?? typeof v));

function listOf(file: string, text: string, key: string): Record<string, unknown>[] {
  let data: unknown;
  try {
    data = parseYaml(text, { maxAliasCount: 100, logLevel: 'error' });
  } catch (e) {
    throw wrong(file, 'YAML', (e as Error).message.split('\n')[0]!);
  }
  const list = Array.isArray(data) ? data : ((data as Record<string, unknown> | null)?.[key] ?? null);
  if (!Array.isArray(list)) throw wrong(file, `a list, or a list under "${key}"`, typeof data);
  return list.map((x, i) => {
    if (typeof x !== 'object' || x === null || Array.isArray(x))
      throw wrong(file, `entry ${i + 1}: names and values`, typeof x);
    return x as Record<string, unknown>;
  });
}

/** Declared tests: a YAML list of accounts, addresses, hosts, `from`, `to`, `why`. Throws `DeclaredError`. */
export function parseKnown(file: string, text: string): Known[] {
  return listOf(file, text, 'known').map((x, i) => {
    const time = (name: 'from' | 'to'): number | null => {
      const v = x[name];
      if (v === undefined || v === null) return null;
      const t = v instanceof Date ? v.getTime() * 1000 : typeof v === 'string' ? parseMicros(v) : Number.NaN;
      if (Number.isNaN(t))
        throw wrong(file, `entry ${i + 1}: "${name}" is a time such as 2024-03-05T08:00:00Z`, show(v));
      return t;
    };
    const k: Known = {
      why: typeof x.why === 'string' ? x.why : '',
      accounts: texts(file, `entry ${i + 1}, accounts`, x.accounts),
      addresses: texts(file, `entry ${i + 1}, addresses`, x.addresses).map((a) => {
        if (!isAddress(a)) throw wrong(file, `entry ${i + 1}: single addresses`, a);
        return plainAddress(a);
      }),
      hosts: texts(file, `entry ${i + 1}, hosts`, x.hosts),
      from: time('from'),
      to: time('to'),
    };
    if (k.accounts.length + k.addresses.length + k.hosts.length === 0)
      throw wrong(file, `entry ${i + 1}: accounts, addresses or hosts of the test`, 'none of them');
    if (k.why === '') throw wrong(file, `entry ${i + 1}: "why" says what it was`, 'nothing');
    return k;
  });
}

/** Decisions: a YAML list of `{ decision, hosts | accounts, because, by }`. Throws `DeclaredError`. */
export function parseDecisions(file: string, text: string): Decision[] {
  return listOf(file, text, 'decisions').map((x, i) => {
    const kind = typeof x.decision === 'string' ? x.decision : show(x.decision);
    if (kind !== 'not_compromised' && kind !== 'not_abused' && kind !== 'same_incident')
      throw wrong(file, `entry ${i + 1}: "decision" is not_compromised, not_abused or same_incident`, kind);
    const d: Decision = {
      kind,
      hosts: texts(file, `entry ${i + 1}, hosts`, x.hosts ?? x.host),
      accounts: texts(file, `entry ${i + 1}, accounts`, x.accounts ?? x.account),
      because: typeof x.because === 'string' ? x.because : '',
      by: typeof x.by === 'string' ? x.by : null,
    };
    if (d.because === '') throw wrong(file, `entry ${i + 1}: "because" gives the reason`, 'nothing');
    if (kind === 'not_abused' ? d.accounts.length === 0 : d.hosts.length < (kind === 'same_incident' ? 2 : 1))
      throw wrong(
        file,
        `entry ${i + 1}: ${kind === 'not_abused' ? 'accounts' : kind === 'same_incident' ? 'two hosts, one of each incident' : 'hosts'}`,
        'too few',
      );
    return d;
  });
}

const HEADS = {
  address: ['mailbox', 'mail', 'email', 'emailaddress', 'primarysmtpaddress', 'smtp', 'address'],
  account: ['account', 'samaccountname', 'sam', 'username', 'user', 'logon', 'login'],
  upn: ['upn', 'userprincipalname'],
  name: ['name', 'displayname', 'fullname', 'cn'],
  title: ['title', 'jobtitle', 'position'],
} as const;

/** A directory export: CSV with a header. Throws `DeclaredError` where it names no mailboxes. */
export function parseDirectory(file: string, csv: string): Directory {
  const rows = csv
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter((l) => l.trim() !== '' && !l.startsWith('#TYPE'));
  const separator = (rows[0] ?? '').includes(';') ? ';' : (rows[0] ?? '').includes('\t') ? '\t' : ',';
  const head = (csvCells(rows[0] ?? '', separator) ?? []).map((h) => h.toLowerCase().replace(/[^a-z]/g, ''));
  const at = (names: readonly string[]): number => head.findIndex((h) => names.includes(h));
  const [address, account, upn, name, title] = [
    at(HEADS.address),
    at(HEADS.account),
    at(HEADS.upn),
    at(HEADS.name),
    at(HEADS.title),
  ];
  if (address < 0)
    throw wrong(file, `a header with a column for mailboxes (${HEADS.address.join(', ')})`, rows[0] ?? 'nothing');
  const by = new Map<string, { address: string; name: string | null; title: string | null; account: string | null }>();
  for (const l of rows.slice(1)) {
    const c = csvCells(l, separator);
    if (c === null) continue;
    const cell = (i: number): string | null => (i < 0 || (c[i] ?? '') === '' ? null : c[i]!);
    const mailbox = cell(address)
      ?.toLowerCase()
      .replace(/^smtp[:~]/, '');
    if (mailbox === undefined || mailbox === null) continue;
    const person = { address: mailbox, name: cell(name), title: cell(title), account: cell(account) };
    for (const key of [mailbox, cell(account)?.replace(/^.*\\/, ''), cell(upn), cell(name)])
      if (key !== null && key !== undefined && !by.has(key.toLowerCase())) by.set(key.toLowerCase(), person);
  }
  return { find: (n) => by.get(n.toLowerCase()) ?? by.get(n.toLowerCase().replace(/@.*$/, '')) ?? null };
}

/** A GeoIP or ASN database in MaxMind's format. Throws `DeclaredError`. */
function geoDatabase(path: string): { table: LookUp; info: NonNullable<Declared['geo']> } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (e) {
    throw wrong(path, 'a file that can be read', (e as NodeJS.ErrnoException).code ?? (e as Error).message);
  }
  try {
    const reader = new Reader<Record<string, unknown>>(bytes);
    return {
      info: {
        name: reader.metadata.databaseType,
        date: reader.metadata.buildEpoch.toISOString().slice(0, 10),
        sha256: sha256Of(bytes),
      },
      table: {
        of(address) {
          let r: Record<string, unknown> | null;
          try {
            r = reader.get(address);
          } catch {
            r = null;
          }
          const country = (r?.country as { iso_code?: string } | undefined)?.iso_code ?? r?.country_code;
          const asn = r?.autonomous_system_number ?? r?.asn;
          const label = r?.autonomous_system_organization ?? r?.organization ?? r?.as_name;
          return {
            country: typeof country === 'string' && country.length === 2 ? country : null,
            asn: typeof asn === 'number' ? asn : null,
            label: typeof label === 'string' ? label : null,
          };
        },
      },
    };
  } catch (e) {
    throw e instanceof DeclaredError
      ? e
      : wrong(path, 'a database in the MaxMind DB format (.mmdb)', (e as Error).message);
  }
}

/** What is stored, ready to be asked. Throws `DeclaredError` where a file is not what it should be. */
export function makeDeclared(s: StoredDeclared): Declared {
  const lookups: LookUp[] = [];
  if (s.networks !== null) {
    const { table, problems } = networkTable(s.networks.csv);
    if (problems.length > 0)
      throw wrong(
        `${s.networks.name} line ${problems[0]!.line}`,
        'networks as CSV with a header that names "cidr"',
        problems[0]!.what,
      );
    lookups.push(table);
  }
  let geo: Declared['geo'] = null;
  if (s.geo !== null) {
    const g = geoDatabase(s.geo.path);
    if (g.info.sha256 !== s.geo.sha256)
      throw wrong(s.geo.path, `the database with SHA-256 ${s.geo.sha256}`, g.info.sha256);
    lookups.push(g.table);
    geo = g.info;
  }
  return {
    known: s.known,
    networks: lookups.length === 0 ? NOTHING_DECLARED.networks : firstOf(...lookups),
    directory: s.directory === null ? null : parseDirectory(s.directory.name, s.directory.csv),
    geo,
    decisions: s.decisions,
  };
}

/** What a case was made with. */
export function readDeclared(dir: string): StoredDeclared {
  const path = join(dir, DECLARED_FILE);
  if (!existsSync(path)) return EMPTY_DECLARED;
  try {
    const d = JSON.parse(readFileSync(path, 'utf8')) as StoredDeclared;
    const file = (x: unknown): boolean =>
      x === null || (typeof x === 'object' && typeof (x as { csv?: unknown }).csv === 'string');
    if (
      d.schema === 'backtrail.declared/1' &&
      Array.isArray(d.known) &&
      Array.isArray(d.decisions) &&
      file(d.networks) &&
      file(d.directory) &&
      (d.geo === null || typeof d.geo?.path === 'string')
    )
      return d;
  } catch {
    // told below
  }
  throw wrong(path, 'what the case was declared with', 'something else');
}

export const geoFile = (path: string): StoredDeclared['geo'] => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (e) {
    throw wrong(path, 'a file that can be read', (e as NodeJS.ErrnoException).code ?? (e as Error).message);
  }
  return { path, sha256: sha256Of(bytes) };
};

/** The text of a file that the user named. Throws `DeclaredError`. */
export function readDeclaredFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (e) {
    throw wrong(path, 'a file that can be read', (e as NodeJS.ErrnoException).code ?? (e as Error).message);
  }
}
