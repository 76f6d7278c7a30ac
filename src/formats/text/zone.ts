// Zones by name (IANA): how far their clocks are from UTC at a time, summer time and all.

/** A zone of local times: `minutes` east of UTC that a reader took for all of them, and the name that tells what it is when. */
export interface NamedZone {
  readonly name: string;
  readonly minutes: number;
}

/** Clocks are set at full quarters of an hour. */
const QUARTER = 900e6;
const formats = new Map<string, Intl.DateTimeFormat | null>();
const offsets = new Map<string, Map<number, number>>();
/** No zone is further from UTC than this, and none is set twice within twice of it. */
const SPAN = 15 * 3600e6;
/** Quarters that are kept of one zone: two years of them. */
const MAX_KEPT = 70_000;

function formatOf(name: string): Intl.DateTimeFormat | null {
  let f = formats.get(name);
  if (f === undefined) {
    try {
      f = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', year: 'numeric' });
    } catch {
      // No zone of that name.
      f = null;
    }
    formats.set(name, f);
  }
  return f;
}

/** Minutes east of UTC of a zone (an IANA name) at a time in microseconds UTC; null where there is no such zone or time. */
export function zoneOffset(name: string, micros: number): number | null {
  const f = formatOf(name);
  if (f === null || !(Math.abs(micros) < 8.64e18)) return null;
  let known = offsets.get(name);
  if (known === undefined) offsets.set(name, (known = new Map()));
  const quarter = Math.floor(micros / QUARTER);
  let minutes = known.get(quarter);
  if (minutes === undefined) {
    const part = f.formatToParts((quarter * QUARTER) / 1000).find((p) => p.type === 'timeZoneName')?.value ?? '';
    const m = /^GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(part);
    if (m === null) return null;
    minutes = m[1] === undefined ? 0 : (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3]));
    if (known.size >= MAX_KEPT) known.clear();
    known.set(quarter, minutes);
  }
  return minutes;
}

/**
 * A time that was read as if the zone were always `minutes` east of UTC, as the zone has it then. In the hour that a clock shows twice, the
 * earlier one.
 */
export function inZone(micros: number, zone: NamedZone): number {
  if (!Number.isFinite(micros)) return micros;
  const local = micros + zone.minutes * 60e6;
  const [before, after] = [zoneOffset(zone.name, local - SPAN), zoneOffset(zone.name, local + SPAN)];
  if (before === null || after === null) return micros;
  for (const minutes of [before, after]) {
    const t = local - minutes * 60e6;
    if (before === after || zoneOffset(zone.name, t) === minutes) return t;
  }
  // In the hour that a clock leaves out: as if it had not been set yet.
  return local - before * 60e6;
}

/** No zone is further from UTC. */
const MOST_ZONE = 14 * 3600e6;

/**
 * The zone of a time that names none, in microseconds east of UTC, by when it was sent on: whole quarters of an hour that leave no more than
 * `within` between both; null where none does. `local` as if it were UTC.
 */
export function zoneBetween(local: number, sent: number, within: number): number | null {
  const zone = Math.round((local - sent) / QUARTER) * QUARTER;
  return Math.abs(zone) <= MOST_ZONE && Math.abs(local - sent - zone) <= within ? zone : null;
}
