// Passwords tried across accounts, tickets asked for in bulk: what somebody does who looks for an account.
import type { Place } from '../facts/table.js';
import type { Lead } from '../graph/suspicion.js';
import { ownAccount, type World } from '../graph/world.js';

/** Accounts that are tried from one place before it is no mistake. */
const SPRAYED = 6;
const SPRAY_WINDOW = 10 * 60e6;
/** Service accounts that one account asks weak tickets for at once. */
const ROASTED = 4;
const ROAST_WINDOW = 2 * 60e6;
/** Days on which the same is seen from one place before it is a habit of a program there. */
const HABIT_DAYS = 3;

interface Try {
  readonly t: number;
  readonly what: string;
  readonly process: number;
  readonly place: Place;
  readonly row: number;
}

/** The first stretch of time in which enough different things were tried. */
function burst(list: readonly Try[], window: number, least: number): readonly Try[] | null {
  let lo = 0;
  for (let hi = 0; hi < list.length; hi++) {
    while (list[hi]!.t - list[lo]!.t > window) lo++;
    if (new Set(list.slice(lo, hi + 1).map((x) => x.what)).size >= least) {
      let end = hi;
      while (end + 1 < list.length && list[end + 1]!.t - list[lo]!.t <= window) end++;
      return list.slice(lo, end + 1);
    }
  }
  return null;
}

export function authentication(w: World): Lead[] {
  const a = w.facts.table('authentication');
  const { texts } = w.facts;
  const c = (n: string): Int32Array => a.column(n);
  const [activity, user, ip, pid, service, encryption] = [
    c('activity'),
    c('user'),
    c('src_ip'),
    c('pid'),
    c('service'),
    c('encryption'),
  ];
  const kind = texts.asker((t) =>
    t === 'logon failed' || t === 'preauthentication failed' ? 1 : t === 'service ticket' ? 2 : 0,
  );
  const weak = texts.asker((t) => /^(?:0x17|0x18|23|24|0x1|0x3|1|3)$/i.test(t));
  const failed = new Map<string, Try[]>();
  const tickets = new Map<string, Try[]>();
  for (let i = 0; i < a.rows; i++) {
    const k = kind(activity[i]!);
    if (k === 0 || user[i]! < 0) continue;
    const name = texts.text(user[i]!).replace(/@.*$/, '').toLowerCase();
    if (ownAccount(name)) continue;
    const address = w.addresses.text(ip[i]!);
    const local = address === '' || address.startsWith('127.') || address === '::1';
    const from = local ? a.host[i]! : w.addresses.hostAt(address, a.t[i]!);
    const key = from >= 0 ? `h${from}` : address;
    if (k === 1) {
      const n = texts.number(pid[i]!);
      const process = local && !Number.isNaN(n) && n > 0 ? w.processes.at(a.host[i]!, n, a.t[i]!) : -1;
      const list = failed.get(key) ?? [];
      failed.set(key, list);
      list.push({ t: a.t[i]!, what: name, process, place: a.place(i), row: i });
    } else if (weak(encryption[i]!)) {
      const s = texts.text(service[i]!).toLowerCase();
      if (s === '' || s.endsWith('$') || s.startsWith('krbtgt')) continue;
      const list = tickets.get(`${key}|${name}`) ?? [];
      tickets.set(`${key}|${name}`, list);
      list.push({ t: a.t[i]!, what: s, process: -1, place: a.place(i), row: i });
    }
  }
  const out: Lead[] = [];
  const days = (list: readonly Try[]): number => new Set(list.map((x) => Math.floor(x.t / 86_400e6))).size;
  for (const [key, list] of failed) {
    const found = burst(list, SPRAY_WINDOW, SPRAYED);
    if (found === null) continue;
    const host = key.startsWith('h') ? Number(key.slice(1)) : -1;
    const process = found.find((x) => x.process >= 0 && !w.system(x.process) && !w.hub(x.process))?.process ?? -1;
    out.push({
      detector: 'password-spray',
      technique: 'T1110.003',
      host: host >= 0 ? host : a.host[found[0]!.row]!,
      t: found[0]!.t,
      process,
      session: null,
      // A gateway for many people, or a scanner that comes every week, fails for many accounts too.
      weight: process >= 0 && days(list) < HABIT_DAYS ? 1 : 0.5,
      places: found.slice(0, 200).map((x) => x.place),
      what: 'lead.spray',
    });
  }
  for (const [key, list] of tickets) {
    const found = burst(list, ROAST_WINDOW, ROASTED);
    if (found === null) continue;
    const host = /^h(\d+)\|/.exec(key)?.[1];
    out.push({
      detector: 'service-ticket-roasting',
      technique: 'T1558.003',
      host: host === undefined ? a.host[found[0]!.row]! : Number(host),
      t: found[0]!.t,
      process: -1,
      session: null,
      weight: 0.5,
      places: found.slice(0, 200).map((x) => x.place),
      what: 'lead.roasting',
    });
  }
  return out;
}

/** Programs whose only work is to hand on what comes over the network; others that were started as objects have nobody's orders to follow. */
const HANDS_ON =
  /\\(?:wsmprovhost|wmiprvse|dllhost|backgroundtaskhost|runtimebroker|searchapp|startmenuexperiencehost|shellexperiencehost|smartscreen|sppextcomobj|applicationframehost|textinputhost|systemsettings|msiexec|trustedinstaller|tiworker)\.exe$/;

/** A program that was started over the network as an object (DCOM), and that starts another. */
export function remoteObjects(w: World): Lead[] {
  const p = w.processes;
  const out: Lead[] = [];
  const embedded = w.facts.texts.asker((t) => /\s[-/](?:embedding|automation)\b/i.test(t));
  const hands = w.facts.texts.asker((t) => HANDS_ON.test(t));
  for (let r = 0; r < p.rows; r++) {
    const parent = p.parent.at(r);
    if (parent < 0 || !embedded(p.command.at(r)) || hands(p.image.at(r)) || !Number.isFinite(p.start.at(r))) continue;
    if (!p.imageText(parent).endsWith('\\svchost.exe')) continue;
    const child = p
      .children(r)
      .find(
        (x) =>
          p.image.at(x) !== p.image.at(r) &&
          !/\\(?:conhost|werfault|splwow64|ielowutil|dwwin)\.exe$/.test(p.imageText(x)),
      );
    if (child === undefined) continue;
    const host = p.host.at(r);
    const session = w.logons
      .remote(host, p.start.at(r) - 30e6, p.start.at(r) + 5e6)
      .filter((l) => l.type === 3 && !ownAccount(l.user) && w.logons.source(l) >= 0)
      .at(-1);
    out.push({
      detector: 'remote-object',
      technique: 'T1021.003',
      host,
      t: p.start.at(r),
      process: child,
      session: session ?? null,
      weight: session === undefined ? 0.5 : 1,
      places: [...p.places(r), ...p.places(child)],
      what: 'lead.remote-object',
    });
  }
  return out;
}
