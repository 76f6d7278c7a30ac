// Hands at a keyboard: a program that nobody else has, in no folder of the system's, under which somebody looks around. And what
// rules of the highest level found, where the record that matched starts a process.
import type { Lead } from '../graph/suspicion.js';
import type { World } from '../graph/world.js';
import type { Finding } from '../model.js';

/** Commands that ask where one is, as what, and what else there is. */
const LOOKING =
  /^(?:"?[a-z]:\\windows\\(?:system32|syswow64)\\)?(?:whoami|ipconfig|systeminfo|hostname|tasklist|netstat|quser|qwinsta|nltest|arp|route|net1?|dsquery|nslookup|wmic|ver|set|id|uname|ifconfig|ps|w|who|last)(?:\.exe)?"?(?:\s|$)/i;
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
  const by = new Map<number, { t: number; r: number; what: string }[]>();
  for (let r = 0; r < p.rows; r++) {
    if (p.command.at(r) < 0 || !Number.isFinite(p.start.at(r)) || !looking(p.command.at(r))) continue;
    let up = p.parent.at(r);
    for (let n = 0; up >= 0 && w.shell(up) && n < MAX_CLIMB; n++) up = p.parent.at(up);
    if (up < 0 || w.hub(up) || w.system(up) || w.shell(up) || w.spread(p.image.at(up)) > OWN || p.image.at(up) < 0)
      continue;
    const list = by.get(up) ?? [];
    by.set(up, list);
    list.push({ t: p.start.at(r), r, what: p.commandText(r).toLowerCase().trim() });
  }
  const out: Lead[] = [];
  for (const [up, list] of by) {
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

/** Rules of the level "critical" say of themselves that a match is an intrusion; lower ones are leads only beside others. */
export function criticalRules(w: World, findings: readonly Finding[]): Lead[] {
  const wanted = new Map<string, Finding>();
  for (const f of findings)
    if (f.level === 'critical')
      for (const c of f.evidence.slice(0, MAX_RECORDS)) wanted.set(`${c.evidence}|${c.record ?? c.line}`, f);
  if (wanted.size === 0) return [];
  const table = w.facts.table('process_activity');
  const out: Lead[] = [];
  for (let i = 0; i < table.rows; i++) {
    const f = wanted.get(`e${table.evidence(i)}|${table.number(i)}`);
    const r = w.processes.ofRecord[i]!;
    if (f === undefined || r < 0) continue;
    out.push({
      detector: `rule ${f.rule}`,
      technique:
        f.tags
          .map((t) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(t)?.[1])
          .find((t) => t !== undefined)
          ?.toUpperCase() ?? '',
      host: w.processes.host.at(r),
      t: w.processes.start.at(r),
      process: r,
      session: null,
      weight: 1,
      places: [table.place(i)],
      what: 'lead.rule',
    });
  }
  return out;
}
