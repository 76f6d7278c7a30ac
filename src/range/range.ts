// A scenario, played: an enterprise of a size over a time, its everyday life, and the intrusions of the scenario; the logs of it below
// `evidence/`, the truth beside it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { microsText } from '../base/index.js';
import { Acts, type Settings } from './acts/acts.js';
import { startLife } from './life/life.js';
import { Files, Logs } from './logs.js';
import type { Known } from './campaigns.js';
import { type Scenario, SCENARIOS } from './scenarios.js';
import { Simulation } from './simulation.js';
import { type Truth, TruthBook } from './truth.js';
import { type Host, makeWorld, type World } from './world.js';

const DAY = 86_400e6;

export interface RangeOptions {
  readonly scenario: string;
  readonly seed: number;
  readonly out: string;
  readonly hosts?: number;
  readonly days?: number;
  readonly scale?: number;
  readonly format?: Settings['format'];
  /** Days that local logs go back; 0 is all of the time. */
  readonly keepDays?: Settings['keepDays'];
  /** Told of every event of Windows, and on whose behalf it was ('' or 'intruder'): for tests. */
  readonly onEvent?: NonNullable<Acts['onEvent']>;
  readonly onProgress?: (done: number, records: number) => void;
}

export interface RangeResult {
  readonly truth: Truth;
  readonly records: number;
  readonly bytes: number;
}

/** Countries that networks outside are of: any, none of them meant. */
const COUNTRIES = [
  'AR',
  'AT',
  'AU',
  'BE',
  'BR',
  'CA',
  'CH',
  'CL',
  'CZ',
  'DE',
  'DK',
  'EE',
  'ES',
  'FI',
  'FR',
  'GB',
  'GR',
  'HU',
  'ID',
  'IE',
  'IN',
  'IT',
  'JP',
  'KE',
  'KR',
  'LT',
  'MX',
  'NL',
  'NO',
  'NZ',
  'PL',
  'PT',
  'RO',
  'SE',
  'SG',
  'TH',
  'US',
  'VN',
  'ZA',
] as const;

/** Country of a network outside (a /24 of 198.18.0.0/15), as `networks.csv` says it. */
const countryOf = (seed: number, ip: string): string =>
  COUNTRIES[crc32(`${seed}|${ip.split('.').slice(0, 3).join('.')}`) % COUNTRIES.length]!;

function networks(seed: number): string {
  const rows = ['cidr,country,asn,label'];
  for (const second of [18, 19])
    for (let third = 0; third < 256; third++) {
      const cidr = `198.${second}.${third}.0/24`;
      const n = crc32(`asn ${seed} ${cidr}`);
      rows.push(
        `${cidr},${countryOf(seed, cidr)},${64_512 + (n % 1000)},${['hosting', 'access', 'mobile', 'enterprise'][n % 4]}`,
      );
    }
  return `${rows.join('\n')}\n`;
}

function directory(world: World): string {
  const rows = world.people.map((p) =>
    [p.full, `${p.domain}\\${p.name}`, p.upn, p.mailbox, p.title, p.department].join(','),
  );
  return `name,account,upn,mailbox,title,department\n${rows.join('\n')}\n`;
}

export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((s) => s.name === name);
}

/** First day of a range: the same for every run, so that the same options give the same bytes. A Monday. */
const FIRST_DAY = Date.UTC(2025, 0, 6) * 1000;

/** Plays a scenario into a folder. Throws what `fs` throws, and an `Error` for a scenario that there is not. */
export function playRange(options: RangeOptions): RangeResult {
  const scenario = findScenario(options.scenario);
  if (scenario === undefined)
    throw new Error(`there is no scenario "${options.scenario}"; there are ${SCENARIOS.map((s) => s.name).join(', ')}`);
  const { seed, out } = options;
  const hosts = options.hosts ?? scenario.hosts;
  const days = options.days ?? scenario.days;
  const scale = options.scale ?? scenario.scale;
  const format = options.format ?? 'mixed';
  const start = FIRST_DAY + (seed % 40) * 7 * DAY;
  const end = start + days * DAY;
  const files = new Files(out);
  const logs = new Logs(files);
  const world = makeWorld({ seed, hosts });
  const sim = new Simulation(start);
  const settings: Settings = { format, start, end, keepDays: options.keepDays ?? { workstation: 0, server: 0 } };
  const acts = new Acts(world, logs, sim, settings);
  const books: TruthBook[] = [];
  const known: Known[] = [];
  const holds = (host: Host, t: number): boolean => acts.holds(host, t);
  if (options.onEvent !== undefined) acts.onEvent = options.onEvent;
  startLife(acts, { scale, start, end });
  sim.cause = 'intruder';
  scenario.begin({
    acts,
    start,
    end,
    scale,
    book(declared) {
      const book = new TruthBook(`i${books.length + 1}`, holds, (ip) => countryOf(seed, ip));
      if (declared !== true) books.push(book);
      return book;
    },
    addresses(name, n, countries) {
      const r = world.random(`addresses ${name}`);
      const by = new Map<string, string[]>();
      for (let i = 0; i < 4000; i++) {
        const ip = `198.${18 + r.below(2)}.${r.below(256)}.${1 + r.below(254)}`;
        const country = countryOf(seed, ip);
        if (!by.has(country) && by.size >= countries) continue;
        by.set(country, [...(by.get(country) ?? []), ip]);
      }
      const lists = [...by.values()];
      return Array.from(
        { length: Math.max(n, countries) },
        (_, i) => lists[i % lists.length]![Math.floor(i / lists.length)]!,
      );
    },
    declare: (k) => void known.push(k),
  });
  sim.cause = '';
  sim.run(end, 30 * 60e6, () => {
    logs.flush(sim.now);
    options.onProgress?.((sim.now - start) / (end - start), logs.records);
  });
  logs.finish();
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'networks.csv'), networks(seed));
  writeFileSync(join(out, 'directory.csv'), directory(world));
  if (known.length > 0)
    writeFileSync(
      join(out, 'known.yml'),
      known
        .map(
          (k) =>
            `- kind: ${k.kind}\n  why: ${k.why}\n  accounts: [${k.accounts.map((a) => `'${a}'`).join(', ')}]\n  addresses: [${k.addresses.join(', ')}]\n  hosts: [${k.hosts.join(', ')}]\n  from: ${microsText(Math.floor(k.from))}\n  to: ${microsText(Math.floor(k.to))}\n`,
        )
        .join(''),
    );
  const truth: Truth = {
    schema: 'backtrail.truth/1',
    scenario: scenario.name,
    seed,
    hosts,
    days,
    format,
    records: logs.records,
    // A scenario's intruder who had no time to begin is no incident.
    incidents: books.map((b) => b.finish()).filter((i) => i.entry !== null || i.hosts.length > 0),
  };
  writeFileSync(join(out, 'truth.json'), `${JSON.stringify(truth, null, 1)}\n`);
  return { truth, records: logs.records, bytes: files.bytes };
}
