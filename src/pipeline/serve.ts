// Searches while an investigation runs: the process that writes the store answers them, since DuckDB lets no other process
// open its file. A line of JSON asks, a line of JSON answers, over a socket that only this user can reach.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaseStore, type Found, QueryError, type SearchOptions, type SearchResult } from '../store/index.js';

export const SERVE_FILE = 'serve.json';
/** Longest request: a query of 500 words. */
const MAX_REQUEST = 1 << 20;

/** What a case can be asked whether it is being written or not. */
export type Searchable = Pick<CaseStore, 'search' | 'sql' | 'close'>;

type Reply = { readonly result: SearchResult } | { readonly error: string; readonly at: number | null };

/** Answers searches for a case until `close`. */
export async function serveSearches(dir: string, store: Searchable): Promise<{ close(): void }> {
  const folder = process.platform === 'win32' ? null : mkdtempSync(join(tmpdir(), 'backtrail-'));
  const path =
    folder === null
      ? `\\\\.\\pipe\\backtrail-${process.pid}-${Math.random().toString(36).slice(2)}`
      : join(folder, 'search');
  const server: Server = createServer((socket) => {
    let held = '';
    let asked = false;
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      held += text;
      if (held.length > MAX_REQUEST) socket.destroy();
      const end = held.indexOf('\n');
      if (end < 0 || asked) return;
      asked = true;
      const answer = (r: Reply): void => void socket.end(`${JSON.stringify(r)}\n`);
      let options: SearchOptions;
      try {
        options = JSON.parse(held.slice(0, end)) as SearchOptions;
      } catch {
        answer({ error: 'the request is no JSON', at: null });
        return;
      }
      store.search(options).then(
        (result) => answer({ result }),
        (e: Error) => answer({ error: e.message, at: e instanceof QueryError ? e.at : null }),
      );
    });
  });
  server.on('error', () => server.close());
  await new Promise<void>((r) => {
    server.once('listening', r).once('error', () => r());
    server.listen(path);
  });
  server.unref();
  const file = join(dir, SERVE_FILE);
  writeFileSync(file, `${JSON.stringify({ pid: process.pid, socket: path })}\n`);
  const close = (): void => {
    server.close();
    rmSync(file, { force: true });
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  };
  return { close };
}

/** The running investigation of a case, to be searched; null if none answers. */
export function runningCase(dir: string): Searchable | null {
  let socket: string;
  try {
    const file = JSON.parse(readFileSync(join(dir, SERVE_FILE), 'utf8')) as { socket?: unknown };
    if (typeof file.socket !== 'string') return null;
    socket = file.socket;
  } catch {
    return null;
  }
  return {
    search: (options) =>
      new Promise((resolve, reject) => {
        let held = '';
        const s = connect(socket);
        s.setEncoding('utf8');
        s.on('connect', () => s.write(`${JSON.stringify(options)}\n`));
        s.on('data', (t: string) => (held += t));
        s.on('error', reject);
        s.on('end', () => {
          try {
            const r = JSON.parse(held) as Reply;
            if ('error' in r) reject(r.at === null ? new Error(r.error) : new QueryError(r.error, r.at));
            else
              resolve({
                total: r.result.total,
                // JSON knows no NaN: a record without a time.
                rows: r.result.rows.map((f): Found => ({ ...f, micros: (f.micros as number | null) ?? Number.NaN })),
              });
          } catch (e) {
            reject(e as Error);
          }
        });
      }),
    sql: () => Promise.reject(new Error('SQL is possible when the investigation has ended')),
    close: () => Promise.resolve(),
  };
}
