// Small pieces of evidence written line by line, and what an investigation says of them.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { IncidentDocument } from '../src/incident/index.js';
import { ROOT, tempDir } from './support.js';

const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const dir = tempDir();
const env = {
  ...process.env,
  SOURCE_DATE_EPOCH: '1790000000',
  NO_COLOR: '1',
  BACKTRAIL_CACHE: join(dir, 'cache'),
  BACKTRAIL_DEBUG: '1',
};

export function put(scene: string, path: string, lines: readonly string[]): void {
  const at = join(dir, scene, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, `${lines.join('\n')}\n`);
}

export function said(scene: string): IncidentDocument {
  const out = join(dir, `${scene}.case`);
  const r = spawnSync(process.execPath, [CLI, 'investigate', join(dir, scene), '--out', out, '--quiet'], {
    env,
    encoding: 'utf8',
  });
  assert.ok(r.status === 0, r.stderr);
  const v = spawnSync(process.execPath, [CLI, 'verify', out], { env, encoding: 'utf8' });
  assert.equal(v.status, 0, v.stdout + v.stderr);
  return JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as IncidentDocument;
}

export const iso = (t: number): string => new Date(t).toISOString();
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
/** A time as access logs write it, in UTC. */
export const clf = (t: number): string => {
  const d = new Date(t);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `[${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]!}/${d.getUTCFullYear()}:${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000]`;
};

/** A command about one of these cases. */
export function run(command: string, name: string, ...more: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [CLI, command, join(dir, name), ...more], { env, encoding: 'utf8' });
}
