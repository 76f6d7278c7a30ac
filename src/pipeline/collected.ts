// What a collection says of the machines that it was taken on, before their logs are read: in which zone their clocks run.
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { SourceFile } from '../sources/index.js';
import { zoneOffset } from '../formats/text/zone.js';
import type { Reading } from './plan.js';

/** Files that state a zone are small. */
const MAX_BYTES = 16_384;
/** Folders of a collection that hold what was asked of a machine, or parts of its disk: the machine's own folder is above them. */
const WITHIN =
  /^(?:live_?response|system|etc|var|proc|run|commands?|output|volatile|host_?info|sysinfo|\[root\]|uploads|auto)$/i;

/**
 * The zone that a text states: minutes east of UTC at a time (ms), and its name (IANA) where it has one that is known; null.
 * Understands `timedatectl` and /etc/timezone.
 */
export function statedZone(text: string, name: string, at: number): { minutes: number; name?: string } | null {
  const offset = /Time zone:\s*(\S+)\s*\((?:[A-Z][\w+-]*,\s*)?([+-]\d{2}):?(\d{2})\)/.exec(text);
  if (offset !== null) {
    const known = zoneOffset(offset[1]!, at * 1000) !== null;
    return { minutes: minutes(offset[2]!, offset[3]!), ...(known ? { name: offset[1]! } : {}) };
  }
  if (!/(?:^|\/)timezone(?:\.txt)?$/i.test(name)) return null;
  const zone = /^\s*([A-Za-z]+(?:\/[\w+-]+){0,2})\s*$/m.exec(text)?.[1];
  if (zone === undefined) return null;
  const east = zoneOffset(zone, at * 1000);
  return east === null ? null : { minutes: east, name: zone };
}

/** Files of a machine whose ends are looked at for a date. */
const MAX_SAMPLES = 400;
const TAIL_BYTES = 8192;
/** A file that is younger than everything dated beside it by this got its time when it was copied. */
const COPIED_AFTER = 180 * 86_400e6;
const AFTER_LAST = 2 * 86_400e6;

/** Microseconds of the latest date with a year in a text; -Infinity. */
export function latestDate(text: string): number {
  let latest = Number.NEGATIVE_INFINITY;
  const see = (ms: number): void => {
    // Dates of logs, not of what they tell of.
    if (ms > 631_152_000_000 && ms < 4_102_444_800_000) latest = Math.max(latest, ms * 1000);
  };
  for (const m of text.matchAll(/\baudit\((\d{10})\.\d+:\d+\)/g)) see(Number(m[1]) * 1000);
  for (const m of text.matchAll(/"__REALTIME_TIMESTAMP"\s*:\s*"(\d{13})\d{3}"/g)) see(Number(m[1]));
  for (const m of text.matchAll(/^(?:\{"ts":)?(\d{10})\.\d{1,9}(?=[\t,])/gm)) see(Number(m[1]) * 1000);
  for (const m of text.matchAll(
    /^\W{0,2}(?:\{.{0,40}?"(?:@?timestamp|time|ts)"\s*:\s*")?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)/gm,
  ))
    see(Date.parse(`${m[1]}T${m[2]}Z`));
  for (const m of text.matchAll(/\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d)/g))
    see(Date.parse(`${m[1]} ${m[2]} ${m[3]} ${m[4]} UTC`));
  return latest;
}

/** The folder of a machine that a file lies in, as collections lay them out; ''. */
function machineOf(name: string): string {
  const parts = name.split('/').slice(0, -1);
  const at = parts.findIndex((p) => WITHIN.test(p));
  return (at > 0 ? parts.slice(0, at) : parts.slice(0, 2)).join('/');
}

/**
 * Files with the time before which dates without a year lie, where the file's own time can't be it: it is half a year and more younger
 * than all dated logs of its machine, or of the evidence, so it is that of a copy. A date in the file's name counts first.
 */
export function withCollectedTimes(files: readonly SourceFile[]): readonly SourceFile[] {
  const latest = new Map<string, number>();
  const samples = new Map<string, number>();
  let all = Number.NEGATIVE_INFINITY;
  const undated = files.filter(
    (f) => f.reference === undefined && !/\.(?:evtx|gz|zip|7z|bz2|xz|zst|tar)$/i.test(f.name),
  );
  if (
    !undated.some((f) => /\b(?:auth|secure|syslog|messages|daemon|kern|cron|mail|user|debug)\b[\w.-]*$/i.test(f.name))
  )
    return files;
  for (const f of undated) {
    const machine = machineOf(f.name);
    const n = samples.get(machine) ?? 0;
    if (n >= MAX_SAMPLES) continue;
    samples.set(machine, n + 1);
    const t = latestDate(tail(f));
    if (t === Number.NEGATIVE_INFINITY) continue;
    latest.set(machine, Math.max(latest.get(machine) ?? Number.NEGATIVE_INFINITY, t));
    all = Math.max(all, t);
  }
  if (all === Number.NEGATIVE_INFINITY) return files;
  return files.map((f) => {
    if (f.reference !== undefined) return f;
    const known = latest.get(machineOf(f.name)) ?? all;
    let own: number;
    try {
      own = Math.floor(statSync(f.path).mtimeMs) * 1000;
    } catch {
      return f;
    }
    if (own - known < COPIED_AFTER) return f;
    const named = /[-_.](20\d\d)-?(\d\d)-?(\d\d)(?:\D|$)/.exec(f.name.slice(f.name.lastIndexOf('/') + 1));
    const date = named === null ? Number.NaN : Date.parse(`${named[1]}-${named[2]}-${named[3]}T00:00:00Z`) * 1000;
    return { ...f, reference: Number.isNaN(date) ? known + AFTER_LAST : date + AFTER_LAST };
  });
}

function tail(f: SourceFile): string {
  let fd = -1;
  try {
    fd = openSync(f.path, 'r');
    const block = Buffer.alloc(Math.min(TAIL_BYTES, f.bytes));
    return block.toString('latin1', 0, readSync(fd, block, 0, block.length, Math.max(0, f.bytes - block.length)));
  } catch {
    // What can't be read is told where it is read as evidence.
    return '';
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

const minutes = (hours: string, rest: string): number =>
  Number(hours) * 60 + (hours.startsWith('-') ? -1 : 1) * Number(rest);

/**
 * The reading of evidence with the zones that its own files state (timedatectl, etc/timezone), each for the folder of the machine that
 * it was taken on. What the user said of a path comes first.
 */
export function withCollectedZones(reading: Reading, files: readonly SourceFile[]): Reading {
  const found = new Map<string, { minutes: number; name?: string }>();
  for (const f of files) {
    if (f.bytes > MAX_BYTES || !/(?:^|[/_-])(?:timedatectl[\w.-]*|timezone(?:\.txt)?)$/i.test(f.name)) continue;
    const parts = f.name.split('/').slice(0, -1);
    while (parts.length > 0 && WITHIN.test(parts.at(-1)!)) parts.pop();
    if (parts.length === 0) continue;
    try {
      const zone = statedZone(readFileSync(f.path, 'utf8'), f.name, (f.reference ?? 0) / 1000 || Date.now());
      if (zone !== null && !found.has(parts.join('/'))) found.set(parts.join('/'), zone);
    } catch {
      // What can't be read is told where it is read as evidence.
    }
  }
  if (found.size === 0) return reading;
  const escape = (path: string): string => path.replace(/[\\*?]/g, '\\$&');
  return {
    ...reading,
    zones: [...reading.zones, ...[...found].map(([path, z]) => ({ path: `${escape(path)}/*`, ...z }))],
  };
}
