// A script on a web server that only a few strangers ask for: what a web shell looks like to the server's own log, when nothing else
// recorded what it did. A page that is put there for people is asked for by many; one that partners' machines call has been there
// before, or is asked for day after day in the same way.
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';
import { plainAccount } from '../scope/mail.js';
import { plainPath, type Request, type Requests } from '../scope/requests.js';
import { SCRIPT } from '../scope/web.js';

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
  const named = (r: Request): boolean => !['', '-'].includes(plainAccount(r.user));
  const person = w.facts.texts.asker((t) => !['', '-'].includes(plainAccount(t)));
  /** Of the enterprise itself, or not written down. */
  const inside = (ip: string): boolean => ip === '' || w.addresses.known(ip);
  for (const host of requests.hosts()) {
    // Most scripts are asked for by somebody known, or by many: their requests are not made, only looked at.
    const early = new Set<number>();
    const clients = new Set<string>();
    const byPath = new Map<string, { rows: number[]; ips: Set<string> } | null>();
    const scripts = new Map<number, string>();
    let count = 0;
    for (const row of requests.rows(host)) {
      const r = requests.glance(row);
      if (r.front) continue;
      if (count++ < KNOWN_REQUESTS) early.add(row);
      if (clients.size < BUSY_CLIENTS) clients.add(w.addresses.text(r.ip));
      let path = scripts.get(r.path);
      if (path === undefined) {
        path = plainPath(w.text(r.path));
        if (!SCRIPT.test(path)) path = '';
        scripts.set(r.path, path);
      }
      if (path === '' || !(r.status < 400)) continue;
      let found = byPath.get(path);
      if (found === undefined) byPath.set(path, (found = { rows: [], ips: new Set() }));
      if (found === null) continue;
      found.rows.push(row);
      const ip = w.addresses.text(r.ip);
      found.ips.add(ip);
      if (found.ips.size > MOST_ADDRESSES || early.has(row) || person(r.user) || inside(ip)) byPath.set(path, null);
    }
    if (count < BUSY_REQUESTS || clients.size < BUSY_CLIENTS) continue;
    for (const [path, found] of byPath) {
      if (found === null || found.rows.length < LEAST_REQUESTS) continue;
      const good = found.rows.map((row) => requests.at(row));
      const addresses = new Set(good.map((r) => r.ip));
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
