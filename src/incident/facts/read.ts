// Facts of a case, read from its store into columns: what the reconstruction works on.
import { type LocalZone, localZones, type OffsetFile, ownZones, zoneMinutes } from './zones.js';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FACT_CLASSES } from '../../schema/index.js';
import type { FactChunk, RecordChunk } from '../../store/index.js';
import { Hours } from './hours.js';
import { Doubles, Ints, Numbers, Table } from './table.js';
import { Texts } from './texts.js';

/** What the reconstruction asks of a store. */
export interface FactSource {
  counts(): Promise<Readonly<Record<string, number>>>;
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
      this.#byName.get(key) ??
      this.#byName.get(this.#resolve(name).toLowerCase()) ??
      this.#byLabel.get(key.split('.')[0]!) ??
      -1
    );
  }
}

export interface Facts {
  readonly texts: Texts;
  readonly hosts: Hosts;
  readonly hours: Hours;
  /** Zones that were told by others' records, by host. */
  readonly zones: ReadonlyMap<number, LocalZone>;
  readonly table: (name: string) => Table;
}

/** Columns that no detector and no cause asks for: they stay in the store. */
const LEFT_IN_STORE: Readonly<Record<string, readonly string[]>> = {
  network_activity: ['activity', 'protocol', 'user'],
  authentication: ['status', 'process', 'actor', 'actor_logon_id'],
  process_activity: ['parent_command_line', 'integrity'],
  http_activity: ['query', 'referer', 'bytes_out', 'protocol', 'via'],
  file_activity: ['created'],
  dns_activity: ['type', 'process'],
  base_event: [],
};

/** Rows after which what was copied is given back at once: memory counts more here than the moment that it takes. */
const MANY_ROWS = 300_000;

/** V8 collects large buffers late; a case of millions of records cannot wait. */
export function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Classes in which collections tell the state of a machine, without a time. */
const STATES: ReadonlySet<string> = new Set(['dhcp_activity', 'account_change']);

/** `local`: evidence in local time whose zone nobody said. */
export async function readFacts(
  source: FactSource,
  resolve: (name: string) => string,
  local: ReadonlySet<number> = new Set(),
  files: readonly OffsetFile[] = [],
): Promise<Facts> {
  const texts = new Texts();
  for await (const chunk of source.texts()) for (const t of chunk) texts.stored(t);
  const hosts = new Hosts(resolve);
  const hostOf = texts.asker((name) => hosts.of(name));
  const tables = new Map<string, Table>();
  const rows = await source.counts();
  const all = rows.records ?? 0;
  const evidence = new Numbers(all);
  const number = new Numbers(all);
  const micros = new Doubles(all);
  const host = new Numbers(all);
  const channel = new Numbers(all);
  const hours = new Hours();
  for await (const c of source.records())
    for (let i = 0; i < c.rows; i++) {
      const r = c.rec[i]!;
      evidence.set(r, c.evidence[i]!);
      number.set(r, c.number[i]!);
      micros.set(r, c.micros[i]!);
      const h = c.host[i]! < 0 ? -1 : hostOf(texts.of(c.host[i]!));
      host.set(r, h);
      const source = texts.of(c.source[i]!);
      channel.set(r, source);
      hours.see(h, source, c.micros[i]!);
    }
  const records = { evidence, number };
  const zones =
    local.size === 0
      ? new Map<number, LocalZone>()
      : new Map([
          ...ownZones(hosts, files),
          ...(await localZones(source, texts, { evidence, micros, host }, (e) => local.has(e))),
        ]);
  if (zones.size > 0)
    for (let r = 0; r < micros.length; r++) {
      const z = local.has(evidence.data[r]!) ? zones.get(host.data[r]!) : undefined;
      if (z !== undefined) micros.set(r, micros.at(r) - zoneMinutes(z, micros.at(r)) * 60e6);
    }
  if (all > MANY_ROWS) collect();
  for (const { name, columns: given } of FACT_CLASSES) {
    if (name === 'base_event') continue;
    const left = new Set(LEFT_IN_STORE[name] ?? []);
    const columns = given.filter((x) => !left.has(x));
    const rec = new Ints(rows[name]);
    const lists = columns.map(() => new Ints(rows[name]));
    for await (const c of source.facts(name, columns))
      for (let i = 0; i < c.rows; i++) {
        const r = c.rec[i]!;
        // What is a state has no time, and counts at any.
        if (Number.isNaN(micros.at(r))) {
          if (!STATES.has(name)) continue;
          micros.set(r, 0);
        }
        rec.push(r);
        for (let k = 0; k < lists.length; k++) lists[k]!.push(texts.of(c.columns[k]![i]!));
      }
    tables.set(
      name,
      new Table(records, rec, { micros, host, source: channel }, new Map(columns.map((x, k) => [x, lists[k]!]))),
    );
    if ((rows[name] ?? 0) > MANY_ROWS) collect();
  }
  return {
    texts,
    hosts,
    hours,
    zones,
    table(name) {
      const t = tables.get(name);
      if (t === undefined) throw new Error(`no facts of class ${name}`);
      return t;
    },
  };
}
