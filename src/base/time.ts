// Time as Backtrail counts it: microseconds since 1970 UTC as a float64 (exact to the year 2255), and Windows FILETIME
// (100 ns since 1601) split into two 32-bit halves so that no BigInt is made per record.

const EPOCH_1601_SECONDS = 11_644_473_600;

/** Whole seconds since 1601 and the 100-ns remainder of a FILETIME given as two unsigned 32-bit halves. Exact. */
export function splitFiletime(lo: number, hi: number): { seconds: number; ticks: number } {
  // Long division by 10^7 in base 2^16: every intermediate stays below 2^53.
  const q1 = Math.floor(hi / 1e7);
  let r = hi - q1 * 1e7;
  let t = r * 65536 + (lo >>> 16);
  const q2 = Math.floor(t / 1e7);
  r = t - q2 * 1e7;
  t = r * 65536 + (lo & 0xffff);
  const q3 = Math.floor(t / 1e7);
  return { seconds: q1 * 4294967296 + q2 * 65536 + q3, ticks: t - q3 * 1e7 };
}

/** Microseconds since 1970 UTC of a FILETIME (the seventh decimal is dropped, not rounded). */
export function filetimeToMicros(lo: number, hi: number): number {
  const { seconds, ticks } = splitFiletime(lo, hi);
  return (seconds - EPOCH_1601_SECONDS) * 1e6 + Math.floor(ticks / 10);
}

/** FILETIME of microseconds since 1970 UTC, as [low, high] unsigned 32-bit halves. */
export function microsToFiletime(micros: number): [number, number] {
  const v = (BigInt(Math.round(micros)) + BigInt(EPOCH_1601_SECONDS) * 1_000_000n) * 10n;
  return [Number(v & 0xffffffffn), Number((v >> 32n) & 0xffffffffn)];
}

/** Days since 1970 → [year, month 1-12, day 1-31] in the proleptic Gregorian calendar. */
export function civilFromDays(days: number): [number, number, number] {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const day = doy - Math.floor((153 * mp + 2) / 5) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  return [era * 400 + yoe + (month <= 2 ? 1 : 0), month, day];
}

const pad = (n: number, width: number): string => String(n).padStart(width, '0');

/** `2021-10-25T20:17:07.5650112Z`: a FILETIME with all seven decimals, as Windows prints it. Years past 9999 wrap. */
export function filetimeText(lo: number, hi: number): string {
  if (hi > 0x7fffffff) return '0000-00-00T00:00:00.0000000Z';
  const { seconds, ticks } = splitFiletime(lo, hi);
  const days = Math.floor(seconds / 86400);
  const s = seconds - days * 86400;
  const [y, m, d] = civilFromDays(days - 134774);
  return `${pad(y % 10000, 4)}-${pad(m, 2)}-${pad(d, 2)}T${pad(Math.floor(s / 3600), 2)}:${pad(Math.floor(s / 60) % 60, 2)}:${pad(s % 60, 2)}.${pad(ticks, 7)}Z`;
}

/** RFC 3339 in UTC with six decimals; `null` for a time that no calendar holds. */
export function microsText(micros: number): string | null {
  if (!Number.isFinite(micros)) return null;
  const seconds = Math.floor(micros / 1e6);
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  return `${date.toISOString().slice(0, 19)}.${pad(micros - seconds * 1e6, 6)}Z`;
}

/** Microseconds since 1970 of an RFC 3339 text in UTC; NaN if it is none. */
export function parseMicros(text: string): number {
  const m = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (!m) return Number.NaN;
  const base = Date.parse(`${m[1]}Z`);
  return base * 1000 + Math.floor(Number((m[2] ?? '').padEnd(6, '0').slice(0, 6)));
}
