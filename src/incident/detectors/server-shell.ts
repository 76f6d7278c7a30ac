// A server's process starts a shell. What a server honestly starts, it starts again and again and from many machines; a break-in is
// the first time.
import type { Lead } from '../graph/suspicion.js';
import { baseName, SERVER, type World } from '../graph/world.js';

/** Accounts that only servers run as. */
export const SERVER_ACCOUNT =
  /^(?:iis apppool\\|www-data$|apache$|nginx$|tomcat\d*$|httpd$|http$|confluence\d?$|jira\d?$|jboss$|nobody$|zimbra$)/i;
/** What someone types who has just come in, and what fetches more. */
const HANDS =
  /\b(?:whoami|ipconfig|ifconfig|systeminfo|net1?(?:\.exe)?["']? +(?:user|group|localgroup|view|use|accounts)|nltest|quser|query user|tasklist|netstat|hostname|ver|arp -a|route print|dir [a-z]:|uname|id|cat \/etc\/|certutil.+-urlcache|bitsadmin|curl |wget |-enc(?:odedcommand)?\b|frombase64string|downloadstring|invoke-webrequest|\biex\b|base64|\/dev\/tcp\/|mkfifo|nc -|bash -i|powershell.+-(?:w|e|nop))/i;
const SHELLS =
  /^(?:cmd|powershell|pwsh|cscript|wscript|mshta|sh|bash|dash|zsh|rundll32|regsvr32|certutil|bitsadmin|whoami|net1?|nltest|systeminfo|ipconfig|tasklist|quser|curl|wget|nc|ncat|id|uname|python[\d.]*|perl)(?:\.exe)?$/;
/** Commands of one hand come within this of each other. */
const BESIDE = 60 * 60e6;
/** Times that a server starts the same thing before it counts as a habit of its. */
const HABIT_DAYS = 4;
/** Days on which, and part of the days of a machine's log on which it starts a line that a person might type, before that is its own. */
const OWN_LINE_DAYS = 8;
const OWN_LINE_SHARE = 0.5;

export function serverShell(w: World): Lead[] {
  const p = w.processes;
  const { texts } = w.facts;
  const server = texts.asker((t) => SERVER.test(baseName(t)));
  const account = texts.asker((t) => SERVER_ACCOUNT.test(t));
  const shell = texts.asker((t) => SHELLS.test(baseName(t)));
  const hands = texts.asker((t) => HANDS.test(t));
  const database = texts.asker((t) => /^(?:sqlservr|mysqld|postgres|oracle|javaw?|node)(?:\.exe)?$/.test(baseName(t)));
  // A file's number or a name that is made up each time does not make a line another.
  const shapes = new Map<string, number>();
  const shape = texts.asker((t) => {
    const plain = t
      .toLowerCase()
      .replace(/\{?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?/g, '#')
      .replace(/\b[0-9a-f]*\d[0-9a-f]{5,}\b/g, '#')
      .replace(/\d+/g, '#');
    const known = shapes.get(plain) ?? shapes.size;
    shapes.set(plain, known);
    return known;
  });
  const system = texts.asker((t) => /^[1-9]\d{0,2}$/.test(t));
  // On Linux: what an account of the system runs outside of anybody's session, below a program that no log saw start.
  const daemon = (r: number, parent: number): boolean =>
    p.session.at(r) < 0 &&
    p.image.at(parent) < 0 &&
    p.imageText(r).startsWith('/') &&
    (p.user.at(r) < -1 ? p.user.at(r) >= -1001 && p.user.at(r) <= -3 : system(p.user.at(r)));
  const found: number[] = [];
  const other: number[] = [];
  const days = new Map<string, Set<number>>();
  const hosts = new Map<number, Set<number>>();
  const logged = new Map<number, Set<number>>();
  for (let r = 0; r < p.rows; r++) {
    const parent = p.parent.at(r);
    if (parent < 0 || !Number.isFinite(p.start.at(r))) continue;
    const on = logged.get(p.host.at(r)) ?? new Set<number>();
    logged.set(p.host.at(r), on.add(Math.floor(p.start.at(r) / 86_400e6)));
    // Who logged on and became the server's account, or has its jobs run by the clock, is in a session.
    const somebody = p.session.at(r) >= 0 && p.imageText(r).startsWith('/');
    if (
      !server(p.image.at(parent)) &&
      (somebody || !((account(p.user.at(r)) || daemon(r, parent)) && !shell(p.image.at(parent))))
    )
      continue;
    // Programs of any kind that it starts, beside shells: what else it is made to run while somebody is at it.
    if (shell(p.image.at(r))) found.push(r);
    else other.push(r);
    const key = `${p.host.at(r)}|${shape(p.command.at(r))}`;
    const d = days.get(key) ?? new Set();
    days.set(key, d.add(Math.floor(p.start.at(r) / 86_400e6)));
    if (p.command.at(r) >= 0) {
      const h = hosts.get(shape(p.command.at(r))) ?? new Set();
      hosts.set(shape(p.command.at(r)), h.add(p.host.at(r)));
    }
  }
  // Beside what somebody typed, by the same server in the same hour: what else it started there.
  const typedAt = new Map<number, number[]>();
  // Nobody types the same line day after day for most of the time that there is a log.
  const own = (r: number): boolean => {
    const on = days.get(`${p.host.at(r)}|${shape(p.command.at(r))}`)?.size ?? 0;
    return on >= OWN_LINE_DAYS && on >= (logged.get(p.host.at(r))?.size ?? 0) * OWN_LINE_SHARE;
  };
  const typedLine = (r: number): boolean =>
    !own(r) && (hands(p.command.at(r)) || p.children(r).some((c) => hands(p.command.at(c))));
  for (const r of found)
    if (typedLine(r)) {
      const list = typedAt.get(p.parent.at(r));
      if (list === undefined) typedAt.set(p.parent.at(r), [p.start.at(r)]);
      else list.push(p.start.at(r));
    }
  const beside = (r: number): boolean =>
    (days.get(`${p.host.at(r)}|${shape(p.command.at(r))}`)?.size ?? 0) <= 1 &&
    (typedAt.get(p.parent.at(r)) ?? []).some((t) => Math.abs(t - p.start.at(r)) < BESIDE);
  found.push(...other.filter((r) => p.command.at(r) >= 0 && beside(r)));
  return found.map((r): Lead => {
    const typed = typedLine(r);
    // The same line every day, or on machine after machine, is what the server does for a living.
    const habit =
      !typed &&
      ((days.get(`${p.host.at(r)}|${shape(p.command.at(r))}`)?.size ?? 0) >= HABIT_DAYS ||
        (hosts.get(shape(p.command.at(r)))?.size ?? 0) >= 3);
    // Of a service that nothing names, what is asked on more than one day is asked by itself.
    const asked =
      (days.get(`${p.host.at(r)}|${shape(p.command.at(r))}`)?.size ?? 0) >= 2 &&
      p.image.at(p.parent.at(r)) < 0 &&
      !beside(r);
    const certain =
      (typed && !asked) || (!habit && beside(r)) || (!database(p.image.at(p.parent.at(r))) && !habit && !asked);
    return {
      detector: 'server-shell',
      technique: 'T1190',
      host: p.host.at(r),
      t: p.start.at(r),
      process: r,
      session: null,
      weight: habit ? 0 : certain ? 1 : 0.5,
      places: p.places(r),
      what: 'lead.server-shell',
    };
  });
}
