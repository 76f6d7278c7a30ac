// A script on a web server that only a few strangers ask for: what a web shell looks like to the server's own log, when nothing else
// recorded what it did. A page that is put there for people is asked for by many; one that partners' machines call has been there
// before, or is asked for day after day in the same way.
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';
import { plainAccount } from '../scope/mail.js';
import { type Request, type Requests, SCRIPT } from '../scope/web.js';

const DAY = 86_400e6;
/** Requests before the script's first: what was always there is no news. */
const KNOWN_REQUESTS = 50;
/** A server that hardly anybody uses tells nothing by who does not use a script. */
const BUSY_REQUESTS = 200;
const BUSY_CLIENTS = 8;
const MOST_ADDRESSES = 12;
const LEAST_REQUESTS = 4;
/** Posts among the requests for it. */
const POSTED = 0.6;
/** Days on which it is asked for, of the days from the first to the last: machines call every day. */
const DAILY = 0.6;
/** Folders in which servers keep what browsers fetch, and never programs. */
const STATIC =
  /\/(?:aspnet_client|images?|img|css|styles?|fonts?|js|static|assets|uploads?|files|media|temp|tmp|cache|help|resources|themes?|icons|attachments|scripts|content|userfiles|wp-content\/uploads)\//i;
/** Before the script's first request, the same address made the server fail or asked oddly. */
const PROBED_WITHIN = DAY;

export interface WebScriptLead {
  readonly host: number;
  readonly path: string;
  readonly t: number;
  readonly places: readonly Place[];
}

export function webScriptLeads(w: World, requests: Requests): WebScriptLead[] {
  const out: WebScriptLead[] = [];
  for (const host of requests.hosts()) {
    const all = requests.on(host).filter((r) => !r.front);
    if (all.length < BUSY_REQUESTS) continue;
    const clients = new Set(all.map((r) => r.ip));
    if (clients.size < BUSY_CLIENTS) continue;
    const byPath = new Map<string, Request[]>();
    for (const r of all)
      if (SCRIPT.test(r.path)) {
        const list = byPath.get(r.path);
        if (list === undefined) byPath.set(r.path, [r]);
        else list.push(r);
      }
    for (const [path, list] of byPath) {
      const good = list.filter((r) => r.status < 400);
      if (good.length < LEAST_REQUESTS || all.indexOf(good[0]!) < KNOWN_REQUESTS) continue;
      const addresses = new Set(good.map((r) => r.ip));
      if (addresses.size > MOST_ADDRESSES || [...addresses].some((ip) => ip === '' || w.addresses.known(ip))) continue;
      const named = (r: Request): boolean => !['', '-'].includes(plainAccount(r.user));
      if (good.some(named)) continue;
      if (good.filter((r) => r.method === 'POST').length < good.length * POSTED) continue;
      const days = new Set(good.map((r) => Math.floor(r.t / DAY))).size;
      const span = Math.floor(good.at(-1)!.t / DAY) - Math.floor(good[0]!.t / DAY) + 1;
      if (span > 7 && days > span * DAILY) continue;
      // Whoever signs in from there has other business.
      if ([...addresses].every((ip) => requests.by(ip).some(named))) continue;
      const first = good[0]!;
      const probes = requests
        .by(first.ip)
        .filter(
          (r) =>
            r.host === host &&
            r.path !== path &&
            r.t <= first.t &&
            first.t - r.t < PROBED_WITHIN &&
            r.method === 'POST' &&
            !named(r),
        );
      const failing = probes.filter((r) => r.status >= 400).length;
      // Several addresses, and one browser on all of them: somebody who changes where they sit.
      const agents = new Set(good.map((r) => r.agent));
      const wanders =
        addresses.size >= 2 && days >= 2 && agents.size === 1 && /^mozilla\//i.test(w.text(good[0]!.agent));
      if (!STATIC.test(path) && failing === 0 && !wanders) continue;
      if (STATIC.test(path) && probes.length === 0 && !wanders) continue;
      out.push({
        host,
        path,
        t: first.t,
        places: [...probes.slice(-10), ...good.slice(0, 200)].map((r) => requests.place(r.row)),
      });
    }
  }
  return out;
}
