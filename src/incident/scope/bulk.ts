// Documents in bulk from a server that the intruder holds: somebody from outside, never seen there before it was taken, fetches many files
// and far more than anybody from outside ever did, in nobody's name or in one that never came from outside, or never for so much.
import type { World } from '../graph/world.js';
import type { Group } from './group.js';
import { plainAccount } from './mail.js';
import type { Request, Requests } from './requests.js';

const DAY = 86_400e6;
/** Bytes in one day that are more than work. */
const BULK_BYTES = 200e6;
/** Different things among them. */
const BULK_PATHS = 30;
/** Times more than the most that was fetched before, by anybody from outside or by that account from anywhere. */
const MORE = 3;

export interface Bulk {
  readonly host: number;
  readonly ip: string;
  readonly account: string;
  readonly requests: readonly Request[];
}

interface Use {
  readonly requests: Request[];
  readonly days: Map<number, { bytes: number; paths: Set<string> }>;
}

/** Bulk reads of documents from servers of a group, since it held them. */
export function bulkReads(w: World, g: Group, requests: Requests): Bulk[] {
  const out: Bulk[] = [];
  for (const claim of g.hosts.values()) {
    if (claim.status !== 'controlled' || !requests.has(claim.host)) continue;
    const since = claim.first - 3600e6;
    const late = new Map<string, Use>();
    const early = new Set<string>();
    const most = new Map<string, number>();
    const daily = new Map<string, number>();
    const came = new Set<string>();
    for (const row of requests.rows(claim.host)) {
      const x = requests.glance(row);
      if (x.front || x.status >= 400) continue;
      const ip = w.addresses.text(x.ip);
      const outside = w.addresses.outside(ip) && !w.addresses.known(ip);
      const t = requests.table.t[row]!;
      const bytes = Math.max(0, w.facts.texts.number(requests.table.column('bytes')[row]!)) || 0;
      const user = x.user < 0 ? '' : plainAccount(w.text(x.user));
      const day = Math.floor(t / DAY);
      if (t < since) {
        if (outside) early.add(ip);
        const who = user === '' || user === '-' ? (outside ? '|outside' : '') : user;
        if (who !== '') {
          const key = `${who}|${day}`;
          const sum = (daily.get(key) ?? 0) + bytes;
          daily.set(key, sum);
          most.set(who, Math.max(most.get(who) ?? 0, sum));
          if (outside && user !== '') came.add(user);
        }
        continue;
      }
      if (!outside || early.has(ip)) continue;
      const r = requests.at(row);
      const use: Use = late.get(ip) ?? { requests: [], days: new Map() };
      late.set(ip, use);
      use.requests.push(r);
      const d = use.days.get(day) ?? { bytes: 0, paths: new Set() };
      use.days.set(day, d);
      d.bytes += bytes;
      if (bytes > 0) d.paths.add(r.path);
    }
    for (const [ip, use] of late) {
      const peak = [...use.days.values()].sort((a, b) => b.bytes - a.bytes)[0]!;
      if (peak.bytes < BULK_BYTES || peak.paths.size < BULK_PATHS) continue;
      const users = new Set(use.requests.map((r) => plainAccount(r.user)).filter((u) => u !== '' && u !== '-'));
      if (users.size > 1) continue;
      const account = [...users][0] ?? '';
      const own = account === '' || !came.has(account) ? 0 : (most.get(account) ?? 0);
      if (peak.bytes < Math.max(own, most.get('|outside') ?? 0) * MORE) continue;
      out.push({ host: claim.host, ip, account, requests: use.requests });
    }
  }
  return out;
}

/** What many paths have in common: parts that differ as a star. */
export function pathShape(paths: readonly string[]): string {
  const shapes = new Map<string, number>();
  for (const p of paths) {
    const shape = p
      .split('/')
      .map((x) => (/\d/.test(x) ? '*' : x))
      .join('/');
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
  }
  return [...shapes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? '';
}
