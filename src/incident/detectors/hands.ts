// Hands at a keyboard: a program that nobody else has, in no folder of the system's, under which somebody looks around. And what
// rules of the highest level found, where the record that matched starts a process.
import type { Lead } from '../graph/suspicion.js';
import type { World } from '../graph/world.js';
import type { Finding } from '../model.js';

/** Commands that ask where one is, as what, and what else there is. */
const LOOKING =
  /^(?:"?[a-z]:\\windows\\(?:system32|syswow64)\\)?(?:whoami|ipconfig|systeminfo|hostname|tasklist|netstat|quser|qwinsta|nltest|arp|route|net1?|dsquery|nslookup|wmic|ver|set|id|uname|ifconfig|ps|w|who|last)(?:\.exe)?"?(?:\s|$)/i;
/** A shell whose command is not to be read, or that runs what it fetches. */
const HIDDEN =
  /\s-e(?:nc?|ncodedcommand|c)?\s+[a-z0-9+/=]{60,}|frombase64string|downloadstring|downloaddata|-w(?:in|indowstyle)?\s+(?:hidden|1)\b.*\b(?:iex|invoke-expression)\b|\bmshta(?:\.exe)?["']?\s+(?:https?:|javascript:|vbscript:)|\/dev\/tcp\/|\bbase64\s+(?:-d|--decode)\b.*\|\s*(?:ba)?sh\b/i;
/** What somebody at a desk starts things by, and servers that answer from outside. */
const STARTED_BY =
  /\\(?:explorer|userinit|outlook|winword|excel|powerpnt|onenote|acrobat|acrord32|chrome|msedge|firefox|iexplore|teams|w3wp|httpd|nginx|tomcat\d*|java|sqlservr|umworkerprocess)\.exe$|\/(?:apache2|nginx|httpd|java|php-fpm[\d.]*)$/i;
/** Commands that ask for rights and people. */
const RIGHTS =
  /\bwhoami\b|\bnet1?(?:\.exe)?["']?\s+(?:user|group|localgroup|accounts)\b|\bnltest\b|\bquser\b|\bqwinsta\b|\bdsquery\b|\bid\b/i;
/** Days on which the same is run before it is a habit of the house. */
const HABIT_DAYS = 3;
/** Different ones under one program within the window. */
const LOOKS = 3;
const WINDOW = 15 * 60e6;
/** Hosts that a program of somebody's own may be on. */
const OWN = 3;
/** Levels of processes that are climbed from a command to the program that it was given to. */
const MAX_CLIMB = 6;
/** Records of one finding that are looked at. */
const MAX_RECORDS = 500;

export function hands(w: World): Lead[] {
  const p = w.processes;
  const looking = w.facts.texts.asker((t) => LOOKING.test(t.trim()));
  const hidden = w.facts.texts.asker((t) => HIDDEN.test(t));
  // The same command on many machines or on many days is how the house runs its scripts.
  const uses = new Map<number, { hosts: Set<number>; days: Set<number> }>();
  for (let r = 0; r < p.rows; r++) {
    const line = p.command.at(r);
    if (line < 0 || !Number.isFinite(p.start.at(r)) || !hidden(line)) continue;
    let u = uses.get(line);
    if (u === undefined) uses.set(line, (u = { hosts: new Set(), days: new Set() }));
    if (u.hosts.size <= OWN) u.hosts.add(p.host.at(r));
    if (u.days.size < HABIT_DAYS) u.days.add(Math.floor(p.start.at(r) / 86_400e6));
  }
  const asked = new Set<number>();
  const rare = (line: number): boolean => {
    const u = uses.get(line);
    return u !== undefined && u.hosts.size <= OWN && u.days.size < HABIT_DAYS;
  };
  const by = new Map<number, { t: number; r: number; what: string }[]>();
  for (let r = 0; r < p.rows; r++) {
    if (p.command.at(r) < 0 || !Number.isFinite(p.start.at(r)) || !looking(p.command.at(r))) continue;
    let up = p.parent.at(r);
    let disguised = -1;
    for (let n = 0; up >= 0 && w.shell(up) && n < MAX_CLIMB; n++) {
      if (hidden(p.command.at(up))) disguised = up;
      up = p.parent.at(up);
    }
    if (up < 0 || w.hub(up) || w.system(up) || w.shell(up) || w.spread(p.image.at(up)) > OWN || p.image.at(up) < 0) {
      // Management runs its scripts encoded, by services, tasks and remote shells: only what somebody started counts.
      if (disguised < 0 || !rare(p.command.at(disguised)) || up < 0 || !STARTED_BY.test(p.imageText(up))) continue;
      up = disguised;
      asked.add(r);
    }
    const list = by.get(up) ?? [];
    by.set(up, list);
    list.push({ t: p.start.at(r), r, what: p.commandText(r).toLowerCase().trim() });
  }
  const out: Lead[] = [];
  const rights = w.facts.texts.asker((t) => RIGHTS.test(t));
  for (const [up, list] of by) {
    // Support looks at addresses and versions; who looks for rights and people wants something else.
    const wanted = new Set(list.filter((x) => rights(p.command.at(x.r))).map((x) => x.what)).size;
    if (wanted < (list.some((x) => !asked.has(x.r)) ? 1 : 2)) continue;
    list.sort((a, b) => a.t - b.t);
    const first = list.find(
      (x) => new Set(list.filter((y) => y.t >= x.t && y.t - x.t <= WINDOW).map((y) => y.what)).size >= LOOKS,
    );
    if (first === undefined) continue;
    out.push({
      detector: 'hands-on-keyboard',
      technique: 'T1033',
      host: p.host.at(up),
      t: first.t,
      process: up,
      session: null,
      weight: 1,
      places: list.slice(0, 50).flatMap((x) => p.places(x.r)),
      what: 'lead.hands',
    });
  }
  return out;
}

/** ATT&CK tactics under which administrators are seldom seen; what they do to logs, sensors and backups is no lead by itself. */
const TACTICS =
  /^attack\.(?:initial-access|execution|credential-access|command-and-control|exfiltration|lateral-movement|privilege-escalation|persistence)$/i;
/** Different techniques, and different tactics, under one program within the window. */
const TECHNIQUES = 2;
const TREE_WINDOW = 24 * 3600e6;

const techniqueOf = (f: Finding): string =>
  f.tags
    .map((t) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(t)?.[1])
    .find((t) => t !== undefined)
    ?.toUpperCase() ?? '';

/**
 * What rules matched, where the record that matched is one of a process. Rules of the level "critical" say of themselves that a match is
 * an intrusion. Those of the level "high" are leads beside others only: two for different techniques and tactics under one program, of
 * rules that match hardly anywhere else in this evidence.
 */
export function ruleLeads(w: World, findings: readonly Finding[]): Lead[] {
  const hosts = new Map<string, Set<string>>();
  const days = new Map<string, Set<string>>();
  for (const f of findings) {
    hosts.set(f.rule, (hosts.get(f.rule) ?? new Set()).add(f.host));
    days.set(
      f.rule,
      (days.get(f.rule) ?? new Set()).add((f.first ?? '').slice(0, 10)).add((f.last ?? '').slice(0, 10)),
    );
  }
  const wanted = new Map<number, Map<number, Finding[]>>();
  for (const f of findings) {
    const rare = hosts.get(f.rule)!.size <= OWN && days.get(f.rule)!.size <= HABIT_DAYS;
    if (f.level !== 'critical' && (f.level !== 'high' || !rare)) continue;
    for (const c of f.evidence.slice(0, MAX_RECORDS)) {
      const evidence = Number(c.evidence.slice(1));
      let records = wanted.get(evidence);
      if (records === undefined) wanted.set(evidence, (records = new Map()));
      const number = c.record ?? c.line ?? -1;
      const list = records.get(number);
      if (list === undefined) records.set(number, [f]);
      else list.push(f);
    }
  }
  if (wanted.size === 0) return [];
  const out: Lead[] = [];
  const trees = new Map<number, { f: Finding; r: number; t: number; place: Lead['places'][number] }[]>();
  for (const name of [
    'process_activity',
    'file_activity',
    'registry_value_activity',
    'network_activity',
    'memory_activity',
  ]) {
    const table = w.facts.table(name);
    const [guid, pid] = [table.column('process_guid'), table.column('pid')];
    for (let i = 0; i < table.rows; i++) {
      const list = wanted.get(table.evidence(i))?.get(table.number(i));
      if (list === undefined) continue;
      const r =
        name === 'process_activity'
          ? w.processes.ofRecord[i]!
          : w.processAt(table.host[i]!, guid[i]!, pid[i]!, table.t[i]!);
      if (r < 0) continue;
      for (const f of list) {
        if (f.level === 'critical') {
          if (name === 'process_activity' || !(w.hub(r) || w.system(r)) || w.shell(r))
            out.push({
              detector: `rule ${f.rule}`,
              technique: techniqueOf(f),
              host: w.processes.host.at(r),
              t: name === 'process_activity' ? w.processes.start.at(r) : table.t[i]!,
              process: r,
              session: null,
              weight: 1,
              places: [table.place(i)],
              what: 'lead.rule',
            });
          continue;
        }
        const root = rootOf(w, r);
        const tree = trees.get(root) ?? [];
        trees.set(root, tree);
        tree.push({ f, r, t: table.t[i]!, place: table.place(i) });
      }
    }
  }
  out.push(...inSessions(w, wanted));
  for (const tree of trees.values()) {
    tree.sort((a, b) => a.t - b.t || a.r - b.r);
    const first = tree.find((x) => {
      const near = tree.filter((y) => y.t >= x.t && y.t - x.t <= TREE_WINDOW);
      const tactics = new Set(near.map((y) => y.f.tags.find((t) => TACTICS.test(t))).filter((t) => t !== undefined));
      return tactics.size >= TECHNIQUES && new Set(near.map((y) => techniqueOf(y.f))).size >= TECHNIQUES;
    });
    if (first === undefined) continue;
    const near = tree.filter(
      (y) => y.t >= first.t && y.t - first.t <= TREE_WINDOW && y.f.tags.some((t) => TACTICS.test(t)),
    );
    for (const r of new Set(near.map((y) => y.r)))
      out.push({
        detector: 'rules-together',
        technique: techniqueOf(near.find((y) => y.r === r)!.f),
        host: w.processes.host.at(r),
        t: near.find((y) => y.r === r)!.t,
        process: r,
        session: null,
        weight: 1,
        places: near.filter((y) => y.r === r).map((y) => y.place),
        what: 'lead.rules',
      });
  }
  return out;
}

/** What rules of the level "critical" matched that names no process: a service or task that was made, or a session from elsewhere. */
function inSessions(w: World, wanted: ReadonlyMap<number, ReadonlyMap<number, readonly Finding[]>>): Lead[] {
  const out: Lead[] = [];
  for (const name of [
    'service_activity',
    'scheduled_job_activity',
    'account_change',
    'entity_management',
    'event_log_activity',
    'file_activity',
  ]) {
    const table = w.facts.table(name);
    const logon = table.column('logon_id');
    for (let i = 0; i < table.rows; i++) {
      const f = wanted
        .get(table.evidence(i))
        ?.get(table.number(i))
        ?.find((x) => x.level === 'critical');
      if (f === undefined || table.host[i]! < 0) continue;
      const id = w.facts.texts.number(logon[i]!);
      const session = Number.isNaN(id) || id === 0x3e7 ? null : w.logons.session(table.host[i]!, id, table.t[i]!);
      const remote = session !== null && (session.type === 3 || session.type === 10) ? session : null;
      const kind = name === 'service_activity' ? 'service' : name === 'scheduled_job_activity' ? 'task' : null;
      if (remote === null && kind === null) continue;
      out.push({
        detector: `rule ${f.rule}`,
        technique: techniqueOf(f),
        host: table.host[i]!,
        t: table.t[i]!,
        process: -1,
        session: remote,
        ...(kind === null ? {} : { installed: { kind, row: i } }),
        weight: 1,
        places: [table.place(i)],
        what: 'lead.rule',
      });
    }
  }
  return out;
}

/** The uppermost process that a process came of by way of shells and programs of somebody's own; of a service or a desktop, the one below. */
function rootOf(w: World, process: number): number {
  const p = w.processes;
  let r = process;
  for (let n = 0; n < 2 * MAX_CLIMB; n++) {
    const up = p.parent.at(r);
    if (up < 0 || w.hub(up) || (w.system(up) && !w.shell(up))) return r;
    r = up;
  }
  return r;
}
