// What a collection says of the machines that it was taken on, before their logs are read: in which zone their clocks run.
import { readFileSync } from 'node:fs';
import type { SourceFile } from '../sources/index.js';
import type { Reading } from './plan.js';

/** Files that state a zone are small. */
const MAX_BYTES = 16_384;
/** Folders of a collection that hold what was asked of a machine, or parts of its disk: the machine's own folder is above them. */
const WITHIN =
  /^(?:live_?response|system|etc|var|proc|run|commands?|output|volatile|host_?info|sysinfo|\[root\]|uploads|auto)$/i;

/** Minutes east of UTC that a text states; null. Understands `timedatectl`, `date`, /etc/timezone and `tzutil`-like offsets. */
export function statedZone(text: string, name: string, at: number): number | null {
  const offset = /Time zone:\s*(\S+)\s*\((?:[A-Z][\w+-]*,\s*)?([+-]\d{2}):?(\d{2})\)/.exec(text);
  if (offset !== null) return minutes(offset[2]!, offset[3]!);
  if (!/(?:^|\/)timezone(?:\.txt)?$/i.test(name)) return null;
  const zone = /^\s*([A-Za-z]+(?:\/[\w+-]+){0,2})\s*$/m.exec(text)?.[1];
  if (zone === undefined) return null;
  try {
    const part = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
      .formatToParts(at)
      .find((p) => p.type === 'timeZoneName')?.value;
    const m = /^GMT(?:([+-]\d{2}):(\d{2}))?$/.exec(part ?? '');
    return m === null ? null : m[1] === undefined ? 0 : minutes(m[1], m[2]!);
  } catch {
    // No zone of that name.
    return null;
  }
}

const minutes = (hours: string, rest: string): number =>
  Number(hours) * 60 + (hours.startsWith('-') ? -1 : 1) * Number(rest);

/**
 * The reading of evidence with the zones that its own files state (timedatectl, etc/timezone), each for the folder of the machine that
 * it was taken on. What the user said of a path comes first.
 */
export function withCollectedZones(reading: Reading, files: readonly SourceFile[]): Reading {
  const found = new Map<string, number>();
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
    zones: [...reading.zones, ...[...found].map(([path, m]) => ({ path: `${escape(path)}/*`, minutes: m }))],
  };
}
