// The case store in DuckDB: one file in the case folder. Texts stand once in a table of their own and everywhere else as
// numbers, so that rows are numbers only and are copied into DuckDB's vectors as blocks of memory. A text may have several
// numbers (the dictionary that finds them again is bounded); all queries go by text.
import {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DOUBLE,
  INTEGER,
  type DuckDBType,
  VARCHAR,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { parseMicros } from '../../base/index.js';
import type { ClockPair, SeenAddress } from '../../entities/index.js';
import { FACT_CLASSES } from '../../schema/index.js';
import type {
  Batch,
  CaseStore,
  Coverage,
  FactChunk,
  RecordChunk,
  Found,
  SearchOptions,
  SearchResult,
  StoredDetection,
  StoredEvidence,
} from '../contract.js';
import { QueryError, type QueryNode } from '../query.js';
import { samePairs, seenAddresses } from './observations.js';

/** Rows of one DuckDB vector. */
const VECTOR = 2048;
/** Texts whose numbers are remembered; then it starts anew and texts may come again. */
const MAX_REMEMBERED = 400_000;
const MAX_REMEMBERED_CHARS = 48 << 20;
/** Memory that DuckDB may take; it spills to disk beyond. */
const MEMORY_LIMIT = '256MB';

/** Memory that plain scans need. */
const SCAN_MEMORY = '96MB';

const RECORD_TYPES: readonly [string, DuckDBType][] = [
  ['rec', INTEGER],
  ['evidence', INTEGER],
  ['number', DOUBLE],
  ['micros', DOUBLE],
  ['sure', INTEGER],
  ['host', INTEGER],
  ['source', INTEGER],
  ['provider', INTEGER],
  ['event_id', INTEGER],
  ['place', DOUBLE],
];
const TEXT_COLUMNS: ReadonlySet<string> = new Set(['host', 'source', 'provider', 'event_id']);

const sqlType = (t: DuckDBType): string => (t === INTEGER ? 'INTEGER' : t === DOUBLE ? 'DOUBLE' : 'VARCHAR');
const literal = (t: string): string => `'${t.replaceAll("'", "''").replaceAll('\0', '')}'`;

/** A batch's number of a text as the store's: plain decimal numbers (below -1) and none (-1) are the same in both. */
const numberOf = (ids: Int32Array, t: number): number => (t < 0 ? t : ids[t]!);

/** The text of a column, whether it points to one or is a decimal number itself. */
const textOf = (column: string, join: string): string =>
  `CASE WHEN ${column} < -1 THEN CAST(-(${column} + 2) AS VARCHAR) ELSE ${join}.text END`;

/** A LIKE pattern of a wildcard text: % and _ stand for themselves. */
const like = (t: string): string =>
  t
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');

/** Collects rows of one table into vectors and appends them whole. */
class TableWriter {
  readonly #connection: DuckDBConnection;
  readonly #table: string;
  readonly #types: DuckDBType[];
  readonly #columns: (Int32Array | Float64Array)[];
  #rows = 0;
  #appender: Awaited<ReturnType<DuckDBConnection['createAppender']>> | null = null;

  constructor(connection: DuckDBConnection, table: string, types: readonly DuckDBType[]) {
    this.#connection = connection;
    this.#table = table;
    this.#types = [...types];
    this.#columns = types.map((t) => (t === DOUBLE ? new Float64Array(VECTOR) : new Int32Array(VECTOR)));
  }

  /** Columns and the free row; the caller fills it and calls `next`. */
  get columns(): readonly (Int32Array | Float64Array)[] {
    return this.#columns;
  }
  get row(): number {
    return this.#rows;
  }

  next(): boolean {
    return ++this.#rows === VECTOR;
  }

  async append(): Promise<void> {
    const n = this.#rows;
    if (n === 0) return;
    this.#appender ??= await this.#connection.createAppender(this.#table);
    const chunk = DuckDBDataChunk.create(this.#types, n);
    const raw = (chunk as unknown as { chunk: Parameters<typeof duckdb.data_chunk_get_vector>[0] }).chunk;
    this.#columns.forEach((c, i) =>
      duckdb.copy_data_to_vector(
        duckdb.data_chunk_get_vector(raw, i),
        0,
        c.buffer as ArrayBuffer,
        0,
        n * c.BYTES_PER_ELEMENT,
      ),
    );
    this.#appender.appendDataChunk(chunk);
    this.#rows = 0;
  }

  async flush(): Promise<void> {
    await this.append();
    this.#appender?.flushSync();
  }

  close(): void {
    this.#appender?.closeSync();
    this.#appender = null;
  }
}

/** What a store of an older version lacks: columns that were added to the end of fact tables since, as statements that add them. */
async function columnsToAdd(connection: DuckDBConnection): Promise<string[]> {
  const rows = (
    await connection.runAndReadAll(
      "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'main'",
    )
  ).getRows();
  const known = new Set(rows.map(([t, c]) => `${String(t)}.${String(c)}`));
  return FACT_CLASSES.filter((c) => known.has(`${c.name}.rec`)).flatMap((c) =>
    c.columns
      .filter((x) => !known.has(`${c.name}.${x}`))
      .map((x) => `ALTER TABLE ${c.name} ADD COLUMN "${x}" INTEGER DEFAULT -1`),
  );
}

/**
 * What a search looks up first, one table after another: everything in one statement would hold the joins of all terms, columns and
 * classes in memory at once.
 */
class Sets {
  readonly statements: string[] = [];
  readonly tables: string[] = [];
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  #table(): string {
    const name = `${this.#prefix}${this.tables.length}`;
    this.tables.push(name);
    return name;
  }

  /** A table of text numbers; its name. */
  ids(select: string): string {
    const name = this.#table();
    this.statements.push(`CREATE TEMP TABLE ${name} AS ${select}`);
    return name;
  }

  /** A table of records' numbers; its name. */
  recs(selects: readonly string[]): string {
    const name = this.#table();
    this.statements.push(
      `CREATE TEMP TABLE ${name} AS SELECT rec FROM records LIMIT 0`,
      ...selects.map((s) => `INSERT INTO ${name} ${s}`),
    );
    return name;
  }
}

/** A test of a text against an IPv4 network (`10.1.0.0/20`), as SQL; null where the text is no network. */
function cidrTest(text: string): ((column: string) => string) | null {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (m === null) return null;
  const octets = m.slice(1, 5).map(Number);
  const bits = Number(m[5]);
  if (octets.some((o) => o > 255) || bits > 32) throw new QueryError(`"${text}" is no network`, 0);
  const size = 2 ** (32 - bits);
  const value = octets.reduce((n, o) => n * 256 + o, 0);
  const from = Math.floor(value / size) * size;
  return (column) => {
    const part = (k: number): string => `try_cast(split_part(${column}, '.', ${k}) AS BIGINT)`;
    return `regexp_full_match(${column}, '\\d{1,3}(\\.\\d{1,3}){3}') AND ${part(1)} * 16777216 + ${part(2)} * 65536 + ${part(3)} * 256 + ${part(4)} BETWEEN ${from} AND ${from + size - 1}`;
  };
}

export class DuckStore implements CaseStore {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #writer: TableWriter | null;
  readonly #facts = new Map<string, TableWriter>();
  #texts = new Map<string, number>();
  #textChars = 0;
  #nextText = 0;
  #nextRec = 0;
  #locked = false;
  #textAppender: Awaited<ReturnType<DuckDBConnection['createAppender']>> | null = null;
  // One for the whole run: an appender holds 256 KiB of DuckDB's memory until it is collected as garbage, which can be never.
  #detectionAppender: Awaited<ReturnType<DuckDBConnection['createAppender']>> | null = null;
  #evidenceAppender: Awaited<ReturnType<DuckDBConnection['createAppender']>> | null = null;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, write: boolean) {
    this.#instance = instance;
    this.#connection = connection;
    this.#writer = write
      ? new TableWriter(
          connection,
          'records',
          RECORD_TYPES.map((t) => t[1]),
        )
      : null;
    if (write)
      for (const c of FACT_CLASSES)
        this.#facts.set(c.name, new TableWriter(connection, c.name, [INTEGER, ...c.columns.map(() => INTEGER)]));
  }

  /** Makes a new store at `path`, where no file is. */
  static async create(path: string): Promise<DuckStore> {
    const instance = await DuckDBInstance.create(path, {
      memory_limit: MEMORY_LIMIT,
      threads: '2',
      preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    await connection.run(`CREATE TABLE records (${RECORD_TYPES.map(([n, t]) => `${n} ${sqlType(t)}`).join(', ')})`);
    await connection.run('CREATE TABLE texts (id INTEGER, text VARCHAR)');
    await connection.run('CREATE TABLE evidence (id INTEGER, name VARCHAR, by_line BOOLEAN)');
    await connection.run(
      'CREATE TABLE detections (evidence INTEGER, number DOUBLE, micros DOUBLE, host VARCHAR, rule VARCHAR, title VARCHAR, level VARCHAR)',
    );
    for (const c of FACT_CLASSES)
      await connection.run(
        `CREATE TABLE ${c.name} (rec INTEGER, ${c.columns.map((x) => `"${x}" INTEGER`).join(', ')})`,
      );
    await connection.run('CREATE TABLE progress (bytes DOUBLE)');
    await connection.run('INSERT INTO progress VALUES (0)');
    await connection.run('BEGIN');
    return new DuckStore(instance, connection, true);
  }

  /** Opens a store to write on behind what it holds. `progress`: what its last `commit` was given. */
  static async reopen(path: string): Promise<{ store: DuckStore; progress: number }> {
    const instance = await DuckDBInstance.create(path, {
      memory_limit: MEMORY_LIMIT,
      threads: '2',
      preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    for (const sql of await columnsToAdd(connection)) await connection.run(sql);
    const store = new DuckStore(instance, connection, true);
    try {
      const one = async (sql: string): Promise<number> => Number((await store.#rows(sql))[0]?.[0] ?? 0);
      const progress = await one('SELECT bytes FROM progress');
      store.#nextRec = await one('SELECT coalesce(max(rec) + 1, 0) FROM records');
      store.#nextText = await one('SELECT coalesce(max(id) + 1, 0) FROM texts');
      await connection.run('BEGIN');
      return { store, progress };
    } catch (e) {
      connection.closeSync();
      instance.closeSync();
      throw e;
    }
  }

  /** A view of what was committed, for searches while this store is written. It closes with the store. */
  async reader(): Promise<DuckStore> {
    return new DuckStore(this.#instance, await this.#instance.connect(), false);
  }

  /** Everything so far is kept whatever happens, with a number that tells how far that is. */
  async commit(progress: number): Promise<void> {
    await this.flush();
    await this.#connection.run(`UPDATE progress SET bytes = ${progress}`);
    await this.#connection.run('COMMIT');
    await this.#connection.run('BEGIN');
  }

  async rollback(): Promise<void> {
    await this.#connection.run('ROLLBACK');
    await this.#connection.run('BEGIN');
  }

  /** Opens a store for searching. Throws DuckDB's error where another process writes to it. */
  static async open(path: string): Promise<DuckStore> {
    const open = (): Promise<DuckDBInstance> =>
      DuckDBInstance.create(path, { access_mode: 'READ_ONLY', memory_limit: '512MB' });
    let instance = await open();
    let connection = await instance.connect();
    const missing = await columnsToAdd(connection);
    if (missing.length > 0) {
      // A store of an older version: it is brought up to date once.
      connection.closeSync();
      instance.closeSync();
      const writing = await DuckDBInstance.create(path, { memory_limit: '512MB' });
      const c = await writing.connect();
      for (const sql of missing) await c.run(sql);
      c.closeSync();
      writing.closeSync();
      instance = await open();
      connection = await instance.connect();
    }
    return new DuckStore(instance, connection, false);
  }

  async append(evidence: number, batch: Batch, linesBefore: number): Promise<void> {
    const writer = this.#writer!;
    const ids = await this.#numbers(batch.texts);
    const [number, micros, sure, host, source, provider, eventId, place] = batch.records as readonly [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const first = this.#nextRec;
    const n = number.length;
    this.#nextRec += n;
    const c = writer.columns;
    for (let i = 0; i < n; i++) {
      const r = writer.row;
      c[0]![r] = first + i;
      c[1]![r] = evidence;
      c[2]![r] = number[i]! + linesBefore;
      c[3]![r] = micros[i]!;
      c[4]![r] = sure[i]!;
      c[5]![r] = numberOf(ids, host[i]!);
      c[6]![r] = numberOf(ids, source[i]!);
      c[7]![r] = numberOf(ids, provider[i]!);
      c[8]![r] = numberOf(ids, eventId[i]!);
      c[9]![r] = place[i]!;
      if (writer.next()) await writer.append();
    }
    for (const f of batch.facts) {
      const w = this.#facts.get(f.name)!;
      const rows = f.columns[0]!.length;
      for (let i = 0; i < rows; i++) {
        const r = w.row;
        const to = w.columns;
        to[0]![r] = first + f.columns[0]![i]!;
        for (let k = 1; k < f.columns.length; k++) {
          const t = f.columns[k]![i]!;
          to[k]![r] = numberOf(ids, t);
        }
        if (w.next()) await w.append();
      }
    }
  }

  /** Numbers of a batch's texts; new ones go into the table. */
  async #numbers(texts: readonly string[]): Promise<Int32Array> {
    const ids = new Int32Array(texts.length);
    let fresh: string[] = [];
    let start = this.#nextText;
    if (this.#texts.size > MAX_REMEMBERED || this.#textChars > MAX_REMEMBERED_CHARS) {
      this.#texts = new Map();
      this.#textChars = 0;
    }
    this.#textAppender ??= await this.#connection.createAppender('texts');
    const write = (): void => {
      if (fresh.length === 0) return;
      const chunk = DuckDBDataChunk.create([INTEGER, VARCHAR], fresh.length);
      const from = start;
      chunk.setColumnValues(
        0,
        fresh.map((_, i) => from + i),
      );
      chunk.setColumnValues(1, fresh);
      this.#textAppender!.appendDataChunk(chunk);
      start = this.#nextText;
      fresh = [];
    };
    for (let i = 0; i < texts.length; i++) {
      const t = texts[i]!;
      let id = this.#texts.get(t);
      if (id === undefined) {
        id = this.#nextText++;
        this.#texts.set(t, id);
        this.#textChars += t.length;
        // DuckDB's texts are UTF-8 without NULs in the middle.
        fresh.push(t.includes('\0') ? t.replaceAll('\0', '\ufffd') : t.toWellFormed());
        if (fresh.length === VECTOR) write();
      }
      ids[i] = id;
    }
    write();
    return ids;
  }

  async detections(evidence: number, rows: readonly StoredDetection[]): Promise<void> {
    const appender = (this.#detectionAppender ??= await this.#connection.createAppender('detections'));
    for (const d of rows) {
      appender.appendInteger(evidence);
      appender.appendDouble(d.number);
      appender.appendDouble(d.micros);
      for (const t of [d.host, d.rule, d.title, d.level])
        appender.appendVarchar(t.replaceAll('\0', '\ufffd').toWellFormed());
      appender.endRow();
    }
  }

  async evidence(rows: readonly StoredEvidence[]): Promise<void> {
    await this.#connection.run('DELETE FROM evidence');
    const appender = (this.#evidenceAppender ??= await this.#connection.createAppender('evidence'));
    for (const e of rows) {
      appender.appendInteger(e.id);
      appender.appendVarchar(e.name.toWellFormed());
      appender.appendBoolean(e.byLine);
      appender.endRow();
    }
    appender.flushSync();
  }

  async flush(): Promise<void> {
    if (this.#writer === null) return;
    await this.#writer.flush();
    for (const w of this.#facts.values()) await w.flush();
    this.#textAppender?.flushSync();
    this.#detectionAppender?.flushSync();
  }

  /** What was not committed is dropped. */
  async close(): Promise<void> {
    if (this.#writer !== null) {
      // What is not committed is dropped: a transaction that failed has nothing more to say here, and must not hide why it did.
      const quietly = (f: () => void): void => {
        try {
          f();
        } catch {
          // dropped all the same
        }
      };
      quietly(() => this.#writer!.close());
      for (const w of this.#facts.values()) quietly(() => w.close());
      for (const a of [this.#textAppender, this.#detectionAppender, this.#evidenceAppender])
        quietly(() => a?.closeSync());
      await this.#connection.run('ROLLBACK');
      await this.#connection.run('CHECKPOINT');
    }
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    return reader.getRows();
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    const out: Record<string, number> = {};
    for (const t of ['records', 'texts', 'detections', 'evidence', ...FACT_CLASSES.map((c) => c.name)])
      out[t] = Number((await this.#rows(`SELECT count(*) FROM ${t}`))[0]![0]);
    return out;
  }

  async coverage(): Promise<readonly Coverage[]> {
    const rows = await this.#rows(
      `SELECT ${textOf('r.host', 'h')}, ${textOf('r.source', 's')}, floor(micros / 3600e6) * 3600e6 AS hour, count(*) FROM records r LEFT JOIN texts h ON h.id = r.host LEFT JOIN texts s ON s.id = r.source WHERE NOT isnan(micros) GROUP BY ALL ORDER BY ALL`,
    );
    return rows.map((r) => ({ host: String(r[0]), source: String(r[1]), hour: Number(r[2]), records: Number(r[3]) }));
  }

  addresses(): Promise<SeenAddress[]> {
    return seenAddresses(this.#connection);
  }

  sameThings(): Promise<ClockPair[]> {
    return samePairs(this.#connection);
  }

  async places(evidence: number, numbers: readonly number[]): Promise<ReadonlyMap<number, number>> {
    if (numbers.length === 0) return new Map();
    await this.flush();
    const rows = await this.#rows(
      `SELECT number, place FROM records WHERE evidence = ${evidence} AND number IN (${numbers.join(', ')})`,
    );
    return new Map(rows.map((r) => [Number(r[0]), Number(r[1])]));
  }

  // Nothing is joined or sorted in the database for a reconstruction: its memory is small, and plain scans need none.

  async *#scan(
    sql: string,
    types: readonly ('int' | 'double')[],
  ): AsyncGenerator<{ rows: number; columns: (Int32Array | Float64Array)[] }> {
    const connection = await this.#instance.connect();
    try {
      const result = await connection.stream(sql);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        const raw = (chunk as unknown as { chunk: Parameters<typeof duckdb.data_chunk_get_vector>[0] }).chunk;
        const rows = chunk.rowCount;
        yield {
          rows,
          // The vector's memory is DuckDB's and goes with the chunk: it is copied.
          columns: types.map((t, i) => {
            const bytes = Uint8Array.from(
              duckdb.vector_get_data(duckdb.data_chunk_get_vector(raw, i), rows * (t === 'int' ? 4 : 8)),
            );
            return t === 'int' ? new Int32Array(bytes.buffer) : new Float64Array(bytes.buffer);
          }),
        };
      }
    } finally {
      connection.closeSync();
    }
  }

  async *records(): AsyncGenerator<RecordChunk> {
    // Whoever reads everything keeps it: the database gives back what it held.
    if (!this.#locked) await this.#connection.run(`SET memory_limit = '${SCAN_MEMORY}'`);
    const types = ['int', 'int', 'double', 'double', 'int', 'int'] as const;
    for await (const c of this.#scan('SELECT rec, evidence, number, micros, host, source FROM records', types)) {
      const [rec, evidence, number, micros, host, source] = c.columns as [
        Int32Array,
        Int32Array,
        Float64Array,
        Float64Array,
        Int32Array,
        Int32Array,
      ];
      yield { rows: c.rows, rec, evidence, number, micros, host, source };
    }
  }

  async *facts(name: string, columns: readonly string[]): AsyncGenerator<FactChunk> {
    const types = ['int' as const, ...columns.map(() => 'int' as const)];
    for await (const c of this.#scan(`SELECT rec${columns.map((x) => `, "${x}"`).join('')} FROM ${name}`, types))
      yield { rows: c.rows, rec: c.columns[0] as Int32Array, columns: c.columns.slice(1) as Int32Array[] };
  }

  async *texts(): AsyncGenerator<readonly string[]> {
    const connection = await this.#instance.connect();
    try {
      const result = await connection.stream('SELECT id, text FROM texts ORDER BY id');
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        yield chunk.getColumnValues(1) as string[];
      }
    } finally {
      connection.closeSync();
    }
  }

  /** Statements of one search after another: their tables have names of their own. */
  #searches = 0;

  async search(options: SearchOptions): Promise<SearchResult> {
    const sets = new Sets(`s${this.#searches++}_`);
    try {
      return await this.#found(options, sets);
    } finally {
      for (const name of sets.tables) await this.#connection.run(`DROP TABLE IF EXISTS ${name}`);
    }
  }

  async #found(options: SearchOptions, sets: Sets): Promise<SearchResult> {
    const where: string[] = [];
    if (options.query !== null) where.push(this.#condition(options.query, sets));
    if (options.fromMicros !== undefined) where.push(`r.micros >= ${options.fromMicros}`);
    if (options.toMicros !== undefined) where.push(`r.micros < ${options.toMicros}`);
    if (options.host !== undefined)
      where.push(
        this.#condition(
          { kind: 'field', field: 'host', text: options.host, pattern: options.host.includes('*') },
          sets,
        ),
      );
    for (const statement of sets.statements) await this.#connection.run(statement);
    const filter = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`;
    const total = Number((await this.#rows(`SELECT count(*) FROM records r${filter}`))[0]![0]);
    const rows = await this.#rows(
      `WITH found AS MATERIALIZED (SELECT * FROM records r${filter} ORDER BY isnan(micros), micros, evidence, number LIMIT ${options.limit})
         SELECT f.rec, f.evidence, e.name, f.number, e.by_line, f.micros, ${textOf('f.host', 'h')}, ${textOf('f.source', 's')}, ${textOf('f.provider', 'p')}, ${textOf('f.event_id', 'i')}, f.place FROM found f
         LEFT JOIN evidence e ON e.id = f.evidence LEFT JOIN texts h ON h.id = f.host LEFT JOIN texts s ON s.id = f.source
         LEFT JOIN texts p ON p.id = f.provider LEFT JOIN texts i ON i.id = f.event_id
         ORDER BY isnan(f.micros), f.micros, f.evidence, f.number`,
    );
    const facts = await this.#factsOf(rows.map((r) => Number(r[0])));
    return {
      total,
      rows: rows.map((r): Found => {
        const fact = facts.get(Number(r[0]));
        return {
          evidence: `e${String(r[1])}`,
          file: String(r[2] ?? ''),
          record: Number(r[3]),
          byLine: r[4] === true,
          micros: Number(r[5]),
          host: String(r[6] ?? ''),
          source: String(r[7] ?? ''),
          provider: String(r[8] ?? ''),
          eventId: String(r[9] ?? ''),
          place: Number(r[10]),
          fact: fact?.name ?? null,
          fields: fact?.fields ?? {},
        };
      }),
    };
  }

  async #factsOf(recs: readonly number[]): Promise<Map<number, { name: string; fields: Record<string, string> }>> {
    const out = new Map<number, { name: string; fields: Record<string, string> }>();
    if (recs.length === 0) return out;
    const list = recs.join(',');
    const rows: { name: string; columns: readonly string[]; row: readonly unknown[] }[] = [];
    const ids = new Set<number>();
    for (const c of FACT_CLASSES)
      for (const row of await this.#rows(`SELECT * FROM ${c.name} WHERE rec IN (${list})`)) {
        rows.push({ name: c.name, columns: c.columns, row });
        for (let i = 1; i < row.length; i++) if (Number(row[i]) >= 0) ids.add(Number(row[i]));
      }
    const texts = new Map<number, string>();
    if (ids.size > 0)
      for (const [id, text] of await this.#rows(
        `SELECT id, text FROM texts WHERE id IN (SELECT unnest([${[...ids].join(',')}]))`,
      ))
        texts.set(Number(id), String(text));
    for (const { name, columns, row } of rows) {
      const fields: Record<string, string> = {};
      columns.forEach((x, i) => {
        const code = Number(row[i + 1]);
        const text = code < -1 ? String(-(code + 2)) : texts.get(code);
        if (text !== undefined) fields[x] = text;
      });
      out.set(Number(row[0]), { name, fields });
    }
    return out;
  }

  /** A condition on `records r`; what must be looked up before is added to `sets`. */
  #condition(q: QueryNode, sets: Sets): string {
    switch (q.kind) {
      case 'and':
      case 'or':
        return `(${q.items.map((i) => this.#condition(i, sets)).join(q.kind === 'and' ? ' AND ' : ' OR ')})`;
      case 'not':
        return `NOT ${this.#condition(q.item, sets)}`;
      case 'text': {
        const test = (text: string): string =>
          `${text} ILIKE ${literal(`%${q.text.replace(/[\\%_]/g, '\\$&')}%`)} ESCAPE '\\'`;
        const set = this.#set(test('text'), sets);
        const numeric = /^\d{1,9}$/.test(q.text) ? test : null;
        const own = [...TEXT_COLUMNS].map((c) => this.#in(`r.${c}`, set, numeric));
        // A semi-join a column: a condition that joins many of them takes the planner longer than the search itself.
        const facts = FACT_CLASSES.map((c) =>
          [
            ...c.columns.map((x) => `SELECT rec FROM ${c.name} WHERE "${x}" IN (SELECT id FROM ${set})`),
            ...(numeric === null
              ? []
              : [
                  `SELECT rec FROM ${c.name} WHERE ${c.columns.map((x) => `("${x}" < -1 AND ${numeric(`CAST(-("${x}" + 2) AS VARCHAR)`)})`).join(' OR ')}`,
                ]),
          ].join(' UNION ALL '),
        );
        return `(${own.join(' OR ')} OR r.rec IN (SELECT rec FROM ${sets.recs(facts)}))`;
      }
      case 'range':
        return this.#range(q, sets);
      default: {
        if (q.field === 'evidence') {
          const n = /^e?(\d+)$/.exec(q.text);
          if (n !== null) return `r.evidence = ${n[1]}`;
          return `r.evidence IN (SELECT id FROM evidence WHERE name ILIKE ${literal(q.pattern ? like(q.text) : `%${q.text.replace(/[\\%_]/g, '\\$&')}%`)} ESCAPE '\\')`;
        }
        if (q.field === 'record' || q.field === 'line') {
          if (!/^\d{1,15}$/.test(q.text)) throw new QueryError(`${q.field} takes a number, not "${q.text}"`, 0);
          return `r.number = ${q.text}`;
        }
        if (q.field === 'rule' || q.field === 'level') {
          // Part of a title is enough; a level and an id are whole.
          const plain = q.text.replace(/[\\%_]/g, '\\$&');
          const value = literal(q.pattern ? like(q.text) : q.field === 'rule' ? `%${plain}%` : plain);
          const columns = q.field === 'level' ? ['level'] : ['rule', 'title'];
          return `(r.evidence, r.number) IN (SELECT (evidence, number) FROM detections WHERE ${columns.map((c) => `${c} ILIKE ${value} ESCAPE '\\'`).join(' OR ')})`;
        }
        const net = cidrTest(q.text);
        if (net !== null && /(?:^|_)(?:ip|host)$|^answer$/.test(q.field))
          return this.#inColumns(q.field, this.#set(net('text'), sets), null, sets);
        const test = (text: string): string =>
          q.pattern
            ? `${text} ILIKE ${literal(like(q.text))} ESCAPE '\\'`
            : `lower(${text}) = lower(${literal(q.text)})`;
        // A host may be written with or without its domain.
        const host =
          q.field === 'host' && !q.pattern && !q.text.includes('.')
            ? ` OR lower(text) LIKE lower(${literal(`${q.text.replace(/[\\%_]/g, '\\$&')}.%`)}) ESCAPE '\\'`
            : '';
        const digits = q.pattern ? /^[\d*?]+$/.test(q.text) : /^\d{1,9}$/.test(q.text);
        return this.#inColumns(q.field, this.#set(test('text') + host, sets), digits ? test : null, sets);
      }
    }
  }

  #set(test: string, sets: Sets): string {
    return sets.ids(`SELECT id FROM texts WHERE ${test}`);
  }

  /** Whether a column's text is in a set, or it is a decimal number that passes `numeric`. */
  #in(column: string, set: string, numeric: ((text: string) => string) | null): string {
    const texts = `${column} IN (SELECT id FROM ${set})`;
    return numeric === null
      ? texts
      : `(${texts} OR (${column} < -1 AND ${numeric(`CAST(-(${column} + 2) AS VARCHAR)`)}))`;
  }

  #inColumns(field: string, set: string, numeric: ((text: string) => string) | null, sets: Sets): string {
    const parts: string[] = [];
    if (TEXT_COLUMNS.has(field)) parts.push(this.#in(`r.${field}`, set, numeric));
    const classes = FACT_CLASSES.filter(
      (c) => c.columns.includes(field) && !(field === 'host' && c.name === 'http_activity'),
    );
    if (classes.length > 0)
      parts.push(
        `r.rec IN (SELECT rec FROM ${sets.recs(classes.map((c) => `SELECT rec FROM ${c.name} WHERE ${this.#in(`"${field}"`, set, numeric)}`))})`,
      );
    if (parts.length === 0) {
      const known = [
        ...new Set([
          'time',
          'evidence',
          'record',
          'line',
          'rule',
          'level',
          ...TEXT_COLUMNS,
          ...FACT_CLASSES.flatMap((c) => c.columns),
        ]),
      ].sort();
      throw new QueryError(`there is no field "${field}"; there are ${known.join(', ')}`, 0);
    }
    return `(${parts.join(' OR ')})`;
  }

  #range(q: QueryNode & { kind: 'range' }, sets: Sets): string {
    if (q.field === 'time') {
      const bound = (t: string): number => {
        const m = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?Z?$/.exec(t);
        const full =
          m === null
            ? ''
            : t.length <= 10
              ? `${t}T00:00:00Z`
              : `${t.replace(' ', 'T').replace(/Z$/, '').padEnd(19, ':00')}Z`;
        const micros = parseMicros(full);
        if (Number.isNaN(micros)) throw new QueryError(`time takes 2024-03-05 or 2024-03-05T08:00:00, not "${t}"`, 0);
        return micros;
      };
      const parts: string[] = [];
      if (q.from !== null) parts.push(`r.micros ${q.fromIncluded ? '>=' : '>'} ${bound(q.from)}`);
      if (q.to !== null) parts.push(`r.micros ${q.toIncluded ? '<=' : '<'} ${bound(q.to)}`);
      return `(${parts.join(' AND ') || 'true'})`;
    }
    const number = (t: string): string => {
      if (!/^-?\d{1,15}(\.\d{1,9})?$/.test(t))
        throw new QueryError(`a range of ${q.field} takes numbers, not "${t}"`, 0);
      return t;
    };
    const test = (column: string): string => {
      const parts: string[] = [];
      if (q.from !== null) parts.push(`${column} ${q.fromIncluded ? '>=' : '>'} ${number(q.from)}`);
      if (q.to !== null) parts.push(`${column} ${q.toIncluded ? '<=' : '<'} ${number(q.to)}`);
      return parts.join(' AND ') || `${column} IS NOT NULL`;
    };
    if (q.field === 'record' || q.field === 'line') return `(${test('r.number')})`;
    return this.#inColumns(
      q.field,
      this.#set(test('try_cast(text AS DOUBLE)'), sets),
      (text) => test(`CAST(${text} AS DOUBLE)`),
      sets,
    );
  }

  async sql(text: string): Promise<{ columns: readonly string[]; rows: readonly (readonly unknown[])[] }> {
    if (!this.#locked) {
      await this.#connection.run('SET enable_external_access = false');
      await this.#connection.run('SET lock_configuration = true');
      this.#locked = true;
    }
    const reader = await this.#connection.runAndReadAll(text);
    return { columns: reader.columnNames(), rows: reader.getRows() };
  }
}
