// backtrail search, backtrail timeline: records of a case, each with its citation.
import { closeSync, openSync } from 'node:fs';
import { microsText, parseMicros } from '../base/index.js';
import { openStore } from '../pipeline/search.js';
import { type Found, parseQuery, QueryError } from '../store/index.js';
import { csvCell } from './hunt.js';
import { type Context, EXIT, oneOf, sayTiming, UsageError } from './context.js';
import { safe, stdoutSink, writeFully } from './terminal.js';

function timeOf(ctx: Context, flag: string): number | undefined {
  const v = ctx.values[flag] as string | undefined;
  if (v === undefined) return undefined;
  const micros = parseMicros(
    v.length === 10 ? `${v}T00:00:00Z` : /Z$/i.test(v) ? v.toUpperCase() : `${v.replace(' ', 'T')}Z`,
  );
  if (Number.isNaN(micros))
    throw new UsageError(`--${flag} takes a time in UTC such as 2024-03-05 or 2024-03-05T08:00:00, not "${v}"`);
  return micros;
}

const citation = (f: Found): string => `${f.file} ${f.byLine ? `line ${f.record}` : `#${f.record}`}`;

function asObject(f: Found): Record<string, unknown> {
  return {
    time: microsText(f.micros),
    host: f.host === '' ? null : f.host,
    source: f.source,
    ...(f.provider === '' ? {} : { provider: f.provider }),
    ...(f.eventId === '' ? {} : { event_id: f.eventId }),
    fact: f.fact,
    fields: f.fields,
    cite: { evidence: f.evidence, ...(f.byLine ? { line: f.record } : { record: f.record }) },
    file: f.file,
  };
}

const summary = (f: Found): string => {
  const fields = Object.entries(f.fields).map(([k, v]) => `${k}=${v.replace(/\s+/g, ' ')}`);
  return fields.length > 0 ? fields.join('  ') : [f.provider, f.eventId].filter((x) => x !== '').join(' ');
};

export async function runSearch(ctx: Context): Promise<number> {
  const [dir, ...words] = ctx.args;
  if (dir === undefined) throw new UsageError('search takes a case folder and a query');
  const output = oneOf(ctx, 'output', ['table', 'jsonl', 'json', 'csv'], 'table');
  const limit = ctx.values.limit as string | undefined;
  if (limit !== undefined && !/^\d{1,7}$/.test(limit)) throw new UsageError(`--limit takes a number, not "${limit}"`);
  const store = await openStore(dir);
  const write = stdoutSink();
  try {
    const sql = ctx.values.sql as string | undefined;
    if (sql !== undefined) {
      let r;
      try {
        r = await store.sql(sql);
      } catch (e) {
        throw new UsageError(`the store refuses this: ${(e as Error).message.split('\n')[0]!.slice(0, 300)}`);
      }
      const plain = (v: unknown): unknown =>
        typeof v === 'bigint' ? Number(v) : typeof v === 'object' && v !== null ? String(v) : v;
      if (output === 'csv')
        write(
          `${[r.columns, ...r.rows].map((row) => row.map((c) => csvCell(String(plain(c) ?? ''))).join(',')).join('\n')}\n`,
        );
      else if (output === 'table')
        write(
          `${[r.columns, ...r.rows].map((row) => row.map((c) => safe(String(plain(c) ?? ''))).join('\t')).join('\n')}\n`,
        );
      else
        for (const row of r.rows)
          write(`${JSON.stringify(Object.fromEntries(r.columns.map((c, i) => [c, plain(row[i])])))}\n`);
      return EXIT.ok;
    }
    const from = timeOf(ctx, 'from');
    const to = timeOf(ctx, 'to');
    const host = ctx.values.host as string | undefined;
    const text = words.join(' ');
    let found;
    try {
      found = await store.search({
        query: parseQuery(text),
        ...(from === undefined ? {} : { fromMicros: from }),
        ...(to === undefined ? {} : { toMicros: to }),
        ...(host === undefined ? {} : { host }),
        limit: limit === undefined ? 50 : Number(limit),
      });
    } catch (e) {
      if (!(e instanceof QueryError)) throw e;
      throw new UsageError(`the query cannot be read: ${e.message}${e.at > 0 ? ` (at character ${e.at + 1})` : ''}`);
    }
    if (output === 'json')
      write(`${JSON.stringify({ total: found.total, rows: found.rows.map(asObject) }, null, 1)}\n`);
    else if (output === 'jsonl') for (const f of found.rows) write(`${JSON.stringify(asObject(f))}\n`);
    else if (output === 'csv') {
      write('time,host,source,event_id,fact,fields,evidence,record,file\n');
      for (const f of found.rows)
        write(
          `${[microsText(f.micros) ?? '', f.host, f.source, f.eventId, f.fact ?? '', JSON.stringify(f.fields), f.evidence, String(f.record), f.file].map(csvCell).join(',')}\n`,
        );
    } else
      for (const f of found.rows) {
        const time = (microsText(f.micros) ?? 'no time').slice(0, 23).replace('T', ' ').padEnd(23);
        write(
          `${ctx.style.dim(time)}  ${safe(f.host).padEnd(22)}  ${safe(f.fact ?? f.source)}  ${ctx.style.dim(safe(citation(f)))}\n${' '.repeat(25)}${safe(summary(f)).slice(0, 300)}\n`,
        );
      }
    ctx.time('search');
    if (!ctx.quiet && output !== 'json')
      ctx.say(
        `${found.total.toLocaleString('en')} records${found.total > found.rows.length ? `, the first ${found.rows.length.toLocaleString('en')} shown (--limit)` : ''}`,
      );
    sayTiming(ctx);
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

/** Rows of one page of the timeline. */
const PAGE = 20_000;

export async function runTimeline(ctx: Context): Promise<number> {
  const [dir, more] = ctx.args;
  if (dir === undefined || more !== undefined) throw new UsageError('timeline takes one case folder');
  const output = oneOf(ctx, 'output', ['csv', 'jsonl', 'timesketch'], 'csv');
  const store = await openStore(dir);
  const out = ctx.values.out as string | undefined;
  const fd = out === undefined ? -1 : openSync(out, 'w');
  const write =
    fd < 0
      ? stdoutSink()
      : (t: string | Uint8Array): void => writeFully(fd, typeof t === 'string' ? Buffer.from(t) : t);
  let from = timeOf(ctx, 'from') ?? Number.NEGATIVE_INFINITY;
  const to = timeOf(ctx, 'to');
  const text = ctx.values.query as string | undefined;
  let n = 0;
  try {
    const query = text === undefined ? null : parseQuery(text);
    if (output === 'csv') write('time,host,source,event_id,fact,fields,evidence,record,file\n');
    if (output === 'timesketch') write('message,datetime,timestamp_desc,timestamp,host,source,event_id,cite,file\n');
    let limit = PAGE;
    let skip = 0;
    for (;;) {
      const page = await store.search({
        query,
        ...(Number.isFinite(from) ? { fromMicros: from } : {}),
        ...(to === undefined ? {} : { toMicros: to }),
        limit,
      });
      const rows = page.rows.slice(skip).filter((f) => !Number.isNaN(f.micros));
      const lines = rows.map((f) => {
        if (output === 'jsonl') return `${JSON.stringify(asObject(f))}\n`;
        const time = microsText(f.micros) ?? '';
        const cells =
          output === 'csv'
            ? [
                time,
                f.host,
                f.source,
                f.eventId,
                f.fact ?? '',
                JSON.stringify(f.fields),
                f.evidence,
                String(f.record),
                f.file,
              ]
            : [
                `${f.fact ?? f.source}: ${summary(f)}`,
                time,
                f.fact ?? f.source,
                String(Math.floor(f.micros)),
                f.host,
                f.source,
                f.eventId,
                `${f.evidence} ${f.byLine ? 'line ' : '#'}${f.record}`,
                f.file,
              ];
        return `${cells.map(csvCell).join(',')}\n`;
      });
      write(lines.join(''));
      n += rows.length;
      if (page.rows.length < limit || rows.length === 0) break;
      // The next page starts at the last time; rows of that time are passed over by their number.
      const last = rows[rows.length - 1]!.micros;
      const same = page.rows.filter((f) => f.micros === last).length;
      if (last === from) {
        skip = page.rows.length;
        limit += PAGE;
      } else {
        from = last;
        skip = same;
        limit = PAGE + same;
      }
    }
  } catch (e) {
    if (!(e instanceof QueryError)) throw e;
    throw new UsageError(`the query cannot be read: ${e.message}`);
  } finally {
    if (fd >= 0) closeSync(fd);
    await store.close();
  }
  if (!ctx.quiet) ctx.say(`${n.toLocaleString('en')} records`);
  return EXIT.ok;
}
