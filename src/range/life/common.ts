// What everyday life shares: days, how often, words of documents and sites.

import { PROGRAM_WORDS, SITE_ENDS, SITES } from '../names.js';
import type { Random } from '../random.js';

export const S = 1e6;
export const HOUR = 3600e6;
export const DAY = 86_400e6;

export interface LifeOptions {
  /** How much of everything there is; 1 is some seventy records a host and day. */
  readonly scale: number;
  readonly start: number;
  readonly end: number;
}

export const dayOf = (t: number): number => Math.floor(t / DAY) * DAY;
export const weekday = (t: number): number => new Date(t / 1000).getUTCDay();
export const isWorkday = (t: number): boolean => weekday(t) !== 0 && weekday(t) !== 6;
export const siteOf = (r: Random): string => `${r.pick(SITES)}.${r.pick(SITE_ENDS)}`;
/** How often something happens that happens `mean` times on average. */
export function times(r: Random, mean: number): number {
  let n = Math.floor(mean);
  if (r.chance(mean - n)) n++;
  return Math.max(0, n + (n > 2 ? r.below(3) - 1 : 0));
}
export const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/110.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.3 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36 Edg/109.0.1518.78',
] as const;
export const PHONES = [
  'Apple-iPhone14C2/2003.63',
  'Apple-iPhone12C1/1906.62',
  'Android/12-EAS-2.0',
  'Outlook-iOS/2.0',
] as const;
export const OUTLOOK = 'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.16026; Pro)';
export const docName = (r: Random): string =>
  `${r.pick(['report', 'plan', 'minutes', 'budget', 'offer', 'contract', 'schedule', 'review', 'notes', 'figures', 'draft', 'proposal'])}_${r.pick(PROGRAM_WORDS)}_${2020 + r.below(6)}${r.chance(0.3) ? `_v${1 + r.below(5)}` : ''}`;
