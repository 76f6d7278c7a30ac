// Facts of a case, read from its store into columns: what the reconstruction works on.
import { FACT_CLASSES } from '../../schema/index.js';
import type { FactChunk, RecordChunk } from '../../store/index.js';
import { Doubles, Ints, Table } from './table.js';
import { Texts } from './texts.js';

/** What the reconstruction asks of a store. */
export interface FactSource {
  records(): AsyncIterable<RecordChunk>;
  facts(name: string, columns: readonly string[]): AsyncIterable<FactChunk>;
  texts(): AsyncIterable<readonly string[]>;
}

/** Hosts by number; every spelling of a host has its number. */
export class Hosts {
  readonly names: string[] = [];
  readonly #byName = new Map<string, number>();
  readonly #byLabel = new Map<string, number>();
  readonly #resolve: (name: string) => string;

  constructor(resolve: (name: string) => string) {
    this.#resolve = resolve;
  }

  of(spelling: string): number {
    if (spelling === '') return -1;
    const name = this.#resolve(spelling);
    const key = name.toLowerCase();
    let n = this.#byName.get(key);
    if (n === undefined) {
      n = this.names.push(name) - 1;
      this.#byName.set(key, n);
      const label = key.split('.')[0]!;
      if (!/^[\d.:]+$/.test(key) && !this.#byLabel.has(label)) this.#byLabel.set(label, n);
    }
    return n;
  }

  /** A host that is known already, by full name or by first label; -1. */
  known(name: string): number {
    const key = name.toLowerCase().replace(/^\\\\/, '').replace(/\$$/, '');
    return (
      this.#byName.get(key) ?? this.#byName.get(this.#resolve(name).toLowerCase()) ?? this.#byLabel.get(key.split('.')[0]!) ?? -1
    );
  }
}

export interface Facts {
  readonly texts: Texts;
  readonly hosts: Hosts;
  readonly table: (name: string) => Table;
}

export async function readFacts(source: FactSource, resolve: (name: string) => string): Promise<Facts> {
  const texts = new Texts();
  for await (const chunk of source.texts()) for (const t of chunk) texts.stored(t);
  const hosts = new Hosts(resolve);
  const hostOf = texts.asker((name) => hosts.of(name));
  const tables = new Map<string, Table>();
  const evidence = new Ints();
  const number = new Doubles();
  const micros = new Doubles();
  const host = new Ints();
  const channel = new Ints();
  for await (const c of source.records())
    for (let i = 0; i < c.rows; i++) {
      const r = c.rec[i]!;
      evidence.set(r, c.evidence[i]!);
      number.set(r, c.number[i]!);
      micros.set(r, c.micros[i]!);
      host.set(r, c.host[i]! < 0 ? -1 : hostOf(texts.of(c.host[i]!)));
      channel.set(r, texts.of(c.source[i]!));
    }
  const records = { evidence: evidence.data, number: number.data };
  for (const { name, columns } of FACT_CLASSES) {
    if (name === 'base_event') continue;
    const rec = new Ints();
    const lists = columns.map(() => new Ints());
    for await (const c of source.facts(name, columns))
      for (let i = 0; i < c.rows; i++) {
        const r = c.rec[i]!;
        if (Number.isNaN(micros.at(r))) continue;
        rec.push(r);
        for (let k = 0; k < lists.length; k++) lists[k]!.push(texts.of(c.columns[k]![i]!));
      }
    tables.set(name, new Table(records, rec, { micros, host, source: channel }, new Map(columns.map((x, k) => [x, lists[k]!]))));
  }
  return {
    texts,
    hosts,
    table(name) {
      const t = tables.get(name);
      if (t === undefined) throw new Error(`no facts of class ${name}`);
      return t;
    },
  };
}
