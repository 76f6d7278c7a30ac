// Addresses are shared: a carrier's or a proxy's may be the intruder's today and somebody's own tomorrow. Who comes from one of them under
// their own name, with the program that they always use and not when the intruder was at work there, is no intruder.
import type { World } from '../graph/world.js';
import type { Group } from './group.js';
import { plainAccount } from './mail.js';
import type { Request, Requests } from './requests.js';
import { channelOf } from './web.js';

/** So near to what the intruder did from the same address that it is likelier theirs. */
const NEAR = 2 * 3600e6;
const DAY = 86_400e6;
/** Days on which somebody came from an address before it counts as their own. */
const OWN_DAYS = 2;

export class Tenants {
  readonly #held: ReadonlySet<string>;
  /** User agents by account, from other addresses outside. */
  readonly #usual = new Map<string, Set<number>>();
  /** What the intruder did from an address: agents, and times. */
  readonly #acts = new Map<string, { agents: Set<number>; times: number[] }>();
  readonly #requests: Requests;
  /** Accounts that came from an address before the intruder did: `address|account`. */
  readonly #before = new Set<string>();

  constructor(w: World, g: Group, requests: Requests, addresses: ReadonlyMap<string, number>) {
    this.#requests = requests;
    this.#held = new Set(g.accounts.keys());
    const guests = new Set<string>();
    for (const ip of addresses.keys()) {
      const acts = { agents: new Set<number>(), times: [] as number[] };
      for (const r of requests.by(ip)) {
        const user = plainAccount(r.user);
        if (user === '' || user === '-') {
          if (channelOf(r) !== 'webshell') continue;
          acts.agents.add(r.agent);
          acts.times.push(r.t);
        } else if (!this.#held.has(user)) guests.add(user);
      }
      const first = Math.min(addresses.get(ip)!, ...acts.times);
      const days = new Map<string, Set<number>>();
      for (const r of requests.by(ip)) {
        const user = plainAccount(r.user);
        if (r.t < first - DAY && guests.has(user))
          days.set(user, (days.get(user) ?? new Set()).add(Math.floor(r.t / DAY)));
      }
      // Once, long before, may have been the intruder as well.
      for (const [user, on] of days) if (on.size >= OWN_DAYS) this.#before.add(`${ip}|${user}`);
      this.#acts.set(ip, acts);
    }
    if (guests.size === 0) return;
    const name = w.facts.texts.asker((t) => {
      const n = plainAccount(t);
      return guests.has(n) ? n : '';
    });
    for (const x of requests.named()) {
      const user = name(x.user);
      // What is used inside says nothing of who comes from outside: accounts of programs only ever come from inside.
      if (user === '' || x.agent < 0 || addresses.has(x.ip) || !w.addresses.outside(x.ip)) continue;
      this.#usual.set(user, (this.#usual.get(user) ?? new Set()).add(x.agent));
    }
  }

  /** Whether a request from an address of the intruder's is the intruder's. */
  theirs(r: Request): boolean {
    const user = plainAccount(r.user);
    if (user === '' || user === '-' || this.#held.has(user)) return true;
    const acts = this.#acts.get(r.ip);
    if (this.#usual.get(user)?.has(r.agent) !== true && !this.#before.has(`${r.ip}|${user}`)) return true;
    if (acts?.agents.has(r.agent) !== true) return false;
    return acts.times.some((t) => Math.abs(t - r.t) < NEAR);
  }

  /** Whether all that an account ever asked for from an address is its own. */
  honest(ip: string, user: string): boolean {
    const own = this.#requests.by(ip).filter((r) => plainAccount(r.user) === user);
    return own.length > 0 && own.every((r) => !this.theirs(r));
  }
}
