// What the tests share: where the shared evidence is (and a clear reason to skip where it is not), oracles, samples.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobWriter, configure, TextReader, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js';
import { pack } from 'tar-stream';
import { ByteWriter, type Diagnostic } from '../src/base/index.js';
import { EvtxFile, EvtxWriter, type RecordSpec, writeJsonLine } from '../src/formats/evtx/index.js';

/** The project's folder: this file runs from dist/test. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SHARED = join(ROOT, '..', 'shared');
export const EVIDENCE = join(SHARED, 'evidence');
export const SIGMA = join(SHARED, 'sigma');

/** `{ skip: reason }` for tests that read the shared evidence, where it is missing. */
export const needsShared =
  existsSync(EVIDENCE) && existsSync(SIGMA)
    ? {}
    : { skip: 'the shared evidence (../shared) is not beside the checkout' };

const folders: string[] = [];
process.on('exit', () => {
  for (const f of folders) rmSync(f, { recursive: true, force: true });
});

/** A folder of its own for a test; it goes when the test file's process ends. */
export function tempDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'backtrail-test-'));
  folders.push(folder);
  return folder;
}

export function filesBelow(dir: string, ending: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((d) => d.isFile() && d.name.toLowerCase().endsWith(ending))
    .map((d) => join(d.parentPath, d.name))
    .sort();
}

/** All shared EVTX, relative to the evidence folder. */
export const sharedEvtx = (): string[] =>
  filesBelow(EVIDENCE, '.evtx').map((f) => f.slice(EVIDENCE.length + 1).replaceAll('\\', '/'));

/** A test oracle's program: from the environment, the project's oracle folder, or the PATH; null if there is none. */
export function oracle(name: 'evtx_dump' | 'python'): string | null {
  const places =
    name === 'evtx_dump'
      ? [process.env.BACKTRAIL_EVTX_DUMP, join(ROOT, '.oracles', 'bin', 'evtx_dump'), 'evtx_dump']
      : [process.env.BACKTRAIL_PYTHON, join(ROOT, '.oracles', 'venv', 'bin', 'python'), 'python3'];
  const probe = name === 'evtx_dump' ? ['--version'] : ['-c', 'import evtx'];
  for (const p of places)
    if (p !== undefined && p !== '' && spawnSync(p, probe, { stdio: 'ignore' }).status === 0) return p;
  return null;
}

export interface Read {
  readonly lines: string[];
  readonly problems: Diagnostic[];
  readonly records: number;
}

/** All records of a file as JSON lines, with everything that was wrong. */
export function readAll(path: string, options: { recover?: boolean } = {}): Read {
  const problems: Diagnostic[] = [];
  const file = new EvtxFile(path);
  problems.push(...file.problems);
  const w = new ByteWriter();
  let records = 0;
  const report = (d: Diagnostic): void => void problems.push(d);
  for (const view of file.records({ report, recover: options.recover ?? false })) {
    records++;
    writeJsonLine(w, view, report);
  }
  file.close();
  return {
    lines: w
      .take()
      .toString('utf8')
      .split('\n')
      .filter((l) => l !== ''),
    problems,
    records,
  };
}

/** A file written by our writer. */
export function writeFile(path: string, records: Iterable<RecordSpec>, options: { dirty?: boolean } = {}): Buffer {
  const bytes = writeBytes(records, options);
  writeFileSync(path, bytes);
  return bytes;
}

export function writeBytes(records: Iterable<RecordSpec>, options: { dirty?: boolean } = {}): Buffer {
  const parts = new Map<number, Buffer>();
  const w = new EvtxWriter({ ...options, sink: (b, at) => void parts.set(at, Buffer.from(b)) });
  for (const r of records) w.write(r);
  w.finish();
  return Buffer.concat([...parts].sort((a, b) => a[0] - b[0]).map(([, b]) => b));
}

export const readText = (path: string): string => readFileSync(path, 'utf8');

configure({ useWebWorkers: false });

export async function zipOf(
  files: Record<string, string | Uint8Array>,
  options: { password?: string; zipCrypto?: boolean; zip64?: boolean } = {},
): Promise<Buffer> {
  const w = new ZipWriter(new BlobWriter(), options);
  for (const [name, data] of Object.entries(files))
    await w.add(name, typeof data === 'string' ? new TextReader(data) : new Uint8ArrayReader(data), {
      lastModDate: new Date('2024-03-05T00:00:00Z'),
    });
  return Buffer.from(await (await w.close()).arrayBuffer());
}

export async function tarOf(
  entries: readonly { name: string; data?: string | Buffer; type?: 'symlink' | 'file'; linkname?: string }[],
): Promise<Buffer> {
  const t = pack();
  for (const e of entries)
    t.entry(
      {
        name: e.name,
        type: e.type ?? 'file',
        ...(e.linkname === undefined ? {} : { linkname: e.linkname }),
        mtime: new Date('2024-03-05T00:00:00Z'),
      },
      e.data ?? '',
    );
  t.finalize();
  const out: Buffer[] = [];
  for await (const c of t) out.push(c as Buffer);
  return Buffer.concat(out);
}

// Rule collections that whoever runs the tests has installed are no part of them.
process.env.BACKTRAIL_DATA = tempDir();
