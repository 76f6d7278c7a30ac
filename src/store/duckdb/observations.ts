// What the store says about hosts as such: which addresses were their own, and where two of them recorded the same thing.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ClockPair, SeenAddress } from '../../entities/index.js';

/** Pairs of one pair of hosts that are looked at. */
const MAX_SAMPLE = 2000;
/** Rows of flows and of logons that are compared; of more, those on a grid of ports, or of the hashes of GUIDs. */
const MAX_ROWS = 250_000;

type Rows = readonly (readonly unknown[])[];
const rowsOf = async (c: DuckDBConnection, sql: string): Promise<Rows> => (await c.runAndReadAll(sql)).getRows();

/** A text as a number that is the same however often the text stands in the dictionary, and however its case and form of address. */
const MEANING = "hash(lower(replace(text, '::ffff:', '')))";
const canonical = (columns: readonly (readonly [table: string, column: string])[]): string =>
  `canon AS MATERIALIZED (SELECT id, ${MEANING} AS c FROM texts WHERE id IN (${columns.map(([t, c]) => `SELECT DISTINCT "${c}" FROM ${t}`).join(' UNION ')}))`;

/** Addresses that records say are a host's own. */
export async function seenAddresses(connection: DuckDBConnection): Promise<SeenAddress[]> {
  const out: SeenAddress[] = [];
  const add = (how: SeenAddress['how'], rows: Rows): void => {
    for (const [host, address, n, first, last] of rows)
      out.push({
        how,
        host: String(host),
        address: String(address),
        records: Number(n),
        first: Number(first),
        last: Number(last),
      });
  };
  const numbers = 'count(*), min(r.micros), max(r.micros)';
  // The host that records a flow is the end that began it, or the other one; its record says which.
  add(
    'flow',
    await rowsOf(
      connection,
      `WITH outward AS (SELECT id FROM texts WHERE lower(text) IN ('true', '%%14593', 'outbound')),
            inward AS (SELECT id FROM texts WHERE lower(text) IN ('false', '%%14592', 'inbound'))
       SELECT h.text, a.text, ${numbers} FROM (
         SELECT rec, src_ip AS address FROM network_activity WHERE direction IN (SELECT id FROM outward)
         UNION ALL SELECT rec, dst_ip FROM network_activity WHERE direction IN (SELECT id FROM inward)
           AND dst_ip IN (SELECT src_ip FROM network_activity WHERE direction IN (SELECT id FROM outward UNION SELECT id FROM inward))) f
       JOIN records r ON r.rec = f.rec JOIN texts h ON h.id = r.host JOIN texts a ON a.id = f.address
       WHERE NOT isnan(r.micros) AND h.text <> '' GROUP BY ALL ORDER BY ALL`,
    ),
  );
  add(
    'machine account',
    await rowsOf(
      connection,
      `SELECT rtrim(split_part(u.text, '@', 1), '$'), a.text, ${numbers} FROM authentication f
       JOIN texts u ON u.id = f."user" JOIN texts a ON a.id = f.src_ip JOIN records r ON r.rec = f.rec
       WHERE split_part(u.text, '@', 1) LIKE '%_$' AND NOT isnan(r.micros)
         AND f.activity IN (SELECT id FROM texts WHERE text IN ('logon', 'ticket granting ticket', 'service ticket')) GROUP BY ALL ORDER BY ALL`,
    ),
  );
  add(
    'lease',
    await rowsOf(
      connection,
      `SELECT h.text, a.text, ${numbers} FROM dhcp_activity f
       JOIN texts h ON h.id = f.hostname JOIN texts a ON a.id = f.ip JOIN records r ON r.rec = f.rec
       WHERE NOT isnan(r.micros) GROUP BY ALL ORDER BY ALL`,
    ),
  );
  return out;
}

/** Things that two hosts recorded, one record each. */
export async function samePairs(connection: DuckDBConnection): Promise<ClockPair[]> {
  const hosts = Number((await rowsOf(connection, 'SELECT count(DISTINCT host) FROM records'))[0]?.[0] ?? 0);
  if (hosts < 2) return [];
  const step = async (table: string): Promise<number> =>
    Math.ceil(Math.max(1, Number((await rowsOf(connection, `SELECT count(*) FROM ${table}`))[0]?.[0] ?? 0) / MAX_ROWS));
  const [flowStep, logonStep] = [await step('network_activity'), await step('authentication')];
  // Both ends of a thing must be on the grid or off it.
  const every = (expression: string, n: number): string => (n === 1 ? '' : `AND ${expression} % ${n} = 0`);
  const known = (table: string, columns: string): string =>
    columns
      .split(' ')
      .map((c) => `${table}."${c}" <> -1`)
      .join(' AND ');
  // What one host recorded twice is no one thing.
  const once = 'count(*) = 1';
  // A sensor's records bear no host: its source stands for it.
  const at = "CASE WHEN hx.text = '' THEN so.c ELSE h.c END";
  const own = 'JOIN canon h ON h.id = r.host JOIN texts hx ON hx.id = r.host JOIN canon so ON so.id = r.source';
  const row = 'min(r.micros) AS t, min(r.evidence) AS e, min(r.number) AS n';
  const queries: readonly [ClockPair['how'], string][] = [
    [
      'flow',
      `WITH ${canonical([
        ['network_activity', 'src_ip'],
        ['network_activity', 'dst_ip'],
        ['records', 'host'],
        ['records', 'source'],
      ])},
       one AS MATERIALIZED (SELECT s.c AS src, f.src_port AS port, d.c AS dst, f.dst_port AS to_port, ${at} AS host, r.source AS source, ${row}
         FROM network_activity f JOIN records r ON r.rec = f.rec JOIN canon s ON s.id = f.src_ip JOIN canon d ON d.id = f.dst_ip ${own}
         WHERE ${known('f', 'src_port dst_port')} AND NOT isnan(r.micros) ${every('f.src_port', flowStep)} GROUP BY s.c, f.src_port, d.c, f.dst_port, ${at}, r.source HAVING ${once})
       SELECT a.host AS ah, b.host AS bh, b.t - a.t AS d, a.e AS ae, a.n AS an, b.e AS be, b.n AS bn FROM one a JOIN one b
         ON a.src = b.src AND a.port = b.port AND a.dst = b.dst AND a.to_port = b.to_port AND a.host < b.host`,
    ],
    [
      'logon',
      `WITH ${canonical([
        ['authentication', 'logon_guid'],
        ['records', 'host'],
        ['records', 'source'],
      ])},
       one AS MATERIALIZED (SELECT g.c AS guid, f.activity AS activity, ${at} AS host, ${row}
         FROM authentication f JOIN records r ON r.rec = f.rec JOIN canon g ON g.id = f.logon_guid ${own} JOIN texts x ON x.id = f.logon_guid
         WHERE NOT isnan(r.micros) AND x.text NOT LIKE '{00000000-%' AND length(x.text) = 38 ${every('g.c', logonStep)} GROUP BY g.c, f.activity, ${at} HAVING ${once})
       SELECT a.host AS ah, b.host AS bh, b.t - a.t AS d, a.e AS ae, a.n AS an, b.e AS be, b.n AS bn FROM one a JOIN one b ON a.guid = b.guid AND a.host < b.host`,
    ],
    [
      'logon',
      `WITH ${canonical([
        ['network_activity', 'src_ip'],
        ['authentication', 'src_ip'],
        ['records', 'host'],
        ['records', 'source'],
      ])},
       one AS MATERIALIZED (SELECT s.c AS src, f.src_port AS port, ${at} AS host, ${row}
         FROM authentication f JOIN records r ON r.rec = f.rec JOIN canon s ON s.id = f.src_ip ${own}
         WHERE f.src_port < -1025 AND NOT isnan(r.micros) ${every('f.src_port', Math.max(flowStep, logonStep))} GROUP BY s.c, f.src_port, ${at} HAVING ${once}),
       flow AS MATERIALIZED (SELECT s.c AS src, f.src_port AS port, ${at} AS host, r.source AS source, ${row}
         FROM network_activity f JOIN records r ON r.rec = f.rec JOIN canon s ON s.id = f.src_ip ${own}
         WHERE f.src_port < -1025 AND NOT isnan(r.micros) ${every('f.src_port', Math.max(flowStep, logonStep))} GROUP BY s.c, f.src_port, ${at}, r.source HAVING ${once})
       SELECT a.host AS ah, b.host AS bh, b.t - a.t AS d, a.e AS ae, a.n AS an, b.e AS be, b.n AS bn FROM one a JOIN flow b ON a.src = b.src AND a.port = b.port AND a.host <> b.host`,
    ],
  ];
  const out: ClockPair[] = [];
  for (const [how, sql] of queries) {
    const rows = await rowsOf(
      connection,
      `WITH names AS MATERIALIZED (SELECT ${MEANING} AS c, min(text) AS text FROM texts
         WHERE id IN (SELECT DISTINCT host FROM records UNION SELECT DISTINCT source FROM records) GROUP BY 1)
       SELECT x.text, y.text, q.total, q.list FROM (
         SELECT ah, bh, count(*) AS total, list({'d': d, 'ae': ae, 'an': an, 'be': be, 'bn': bn} ORDER BY xor(hash(ae, an), hash(be, bn)))[1:${MAX_SAMPLE}] AS list
         FROM (${sql}) GROUP BY ah, bh HAVING count(*) >= 5) q
       JOIN names x ON x.c = q.ah JOIN names y ON y.c = q.bh ORDER BY x.text, y.text`,
    );
    for (const [a, b, total, list] of rows) {
      const items = (list as { items: { entries: Record<string, number> }[] }).items.map((i) => i.entries);
      const turned = String(a) > String(b);
      out.push({
        a: String(turned ? b : a),
        b: String(turned ? a : b),
        how,
        total: Number(total),
        pairs: items.map((i) => {
          const one = { evidence: i.ae!, number: i.an! };
          const other = { evidence: i.be!, number: i.bn! };
          return { difference: turned ? -i.d! : i.d!, a: turned ? other : one, b: turned ? one : other };
        }),
      });
    }
  }
  return out;
}
