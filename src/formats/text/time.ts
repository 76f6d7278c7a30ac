// Times as logs write them → microseconds since 1970 UTC. Hand-read digits: these run once a record.

/** Days since 1970 of a date in the proleptic Gregorian calendar. */
export function daysFromCivil(y: number, m: number, d: number): number {
  const yy = m <= 2 ? y - 1 : y;
  const era = Math.floor(yy / 400);
  const yoe = yy - era * 400;
  const doy = Math.floor((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1;
  return era * 146097 + yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy - 719468;
}

const DAYS_IN = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const leap = (y: number): boolean => y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);

let lastKey = -1;
let lastDays = 0;

/** Microseconds of a date and time in UTC; NaN where a part is out of range. */
export function microsOf(y: number, mo: number, d: number, h: number, mi: number, s: number, us = 0): number {
  if (!(mo >= 1 && mo <= 12 && d >= 1 && d <= 31 && h <= 24 && mi <= 59 && s <= 60)) return Number.NaN;
  const key = y * 512 + mo * 32 + d;
  if (key !== lastKey) {
    // A day that its month does not have is none.
    lastDays = d > 28 && d > DAYS_IN[mo]! + (mo === 2 && leap(y) ? 1 : 0) ? Number.NaN : daysFromCivil(y, mo, d);
    lastKey = key;
  }
  return (((lastDays * 24 + h) * 60 + mi) * 60 + s) * 1e6 + us;
}

const digit = (t: string, i: number): number => {
  const c = t.charCodeAt(i) - 48;
  return c >= 0 && c <= 9 ? c : Number.NaN;
};
export const two = (t: string, i: number): number => digit(t, i) * 10 + digit(t, i + 1);
export const four = (t: string, i: number): number => two(t, i) * 100 + two(t, i + 2);

/** Microseconds of a fraction's digits from `i` on, and where they end. */
export function fraction(t: string, i: number): { us: number; end: number } {
  let us = 0;
  let scale = 100_000;
  let k = i;
  for (; k < t.length; k++) {
    const c = t.charCodeAt(k) - 48;
    if (c < 0 || c > 9) break;
    if (scale >= 1) us += c * scale;
    scale /= 10;
  }
  return { us: Math.floor(us), end: k };
}

export interface ReadTime {
  micros: number;
  /** The text says its zone. */
  zoned: boolean;
}

const NO_TIME: ReadTime = { micros: Number.NaN, zoned: false };

/** Minutes of `Z`, `+02:00`, `+0200`, `+02`, ` +0200`; NaN if there is none at `i`. */
export function zoneAt(t: string, i: number): number {
  let k = i;
  if (t[k] === ' ') k++;
  const c = t[k];
  if (c === 'Z' || c === 'z') return 0;
  if (c !== '+' && c !== '-') return Number.NaN;
  const h = two(t, k + 1);
  const rest = t[k + 3] === ':' ? k + 4 : k + 3;
  const m = two(t, rest);
  // No place is further from UTC than 14 hours.
  if (h > 14 || m >= 60) return Number.NaN;
  const minutes = h * 60 + (Number.isNaN(m) ? 0 : m);
  return c === '-' ? -minutes : minutes;
}

/** `2021-10-25T20:17:07.565Z`, `2021-10-25 20:17:07`, `2021/10/25 20:17:07+02:00`; the date's separators are free. */
export function isoMicros(t: string): ReadTime {
  const y = four(t, 0);
  if (Number.isNaN(y)) return NO_TIME;
  const seconds = t[16] === ':' || t[16] === '.';
  const base = microsOf(y, two(t, 5), two(t, 8), two(t, 11), two(t, 14), seconds ? two(t, 17) : 0);
  if (Number.isNaN(base)) return NO_TIME;
  let i = seconds ? 19 : 16;
  let us = 0;
  if (t[i] === '.' || t[i] === ',') {
    const f = fraction(t, i + 1);
    us = f.us;
    i = f.end;
  }
  const zone = zoneAt(t, i);
  return Number.isNaN(zone) ? { micros: base + us, zoned: false } : { micros: base + us - zone * 60e6, zoned: true };
}

const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';
/** 1 to 12 of a month's English short name; 0 for anything else. */
export function monthOf(t: string, i: number): number {
  const at = MONTHS.indexOf(t.slice(i, i + 3).toLowerCase());
  return at >= 0 && at % 3 === 0 && t.length >= i + 3 ? at / 3 + 1 : 0;
}

/** `10/Oct/2000:13:55:36 -0700`, as web servers write. */
export function clfMicros(t: string): ReadTime {
  const base = microsOf(four(t, 7), monthOf(t, 3), two(t, 0), two(t, 12), two(t, 15), two(t, 18));
  if (Number.isNaN(base)) return NO_TIME;
  let i = 20;
  let us = 0;
  if (t[i] === '.') {
    const f = fraction(t, i + 1);
    us = f.us;
    i = f.end;
  }
  const zone = zoneAt(t, i);
  return Number.isNaN(zone) ? { micros: base + us, zoned: false } : { micros: base + us - zone * 60e6, zoned: true };
}

/** `Oct  9 22:33:20`: the year is the latest that puts it no more than a day behind `reference`. */
export function yearlessMicros(t: string, reference: number): number {
  const day = t[4] === ' ' ? digit(t, 5) : two(t, 4);
  const month = monthOf(t, 0);
  const year = new Date(reference / 1000).getUTCFullYear();
  const h = two(t, 7);
  const mi = two(t, 10);
  const s = two(t, 13);
  const at = (y: number): number => microsOf(y, month, day, h, mi, s);
  const first = at(year);
  return first > reference + 86_400e6 ? at(year - 1) : first;
}

/** Seconds since 1970 with or without a fraction: exact to the microsecond. */
export function epochMicros(t: string): number {
  const dot = t.indexOf('.');
  if (dot < 0) return /^\d{1,12}$/.test(t) ? Number(t) * 1e6 : Number.NaN;
  const whole = Number(t.slice(0, dot));
  return Number.isNaN(whole) ? Number.NaN : whole * 1e6 + fraction(t, dot + 1).us;
}
