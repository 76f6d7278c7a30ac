// Memory that the intruder read from within a program of the system's: who reads it there every day is no lead, and was not asked.
import type { Place } from '../facts/table.js';
import type { Lead } from '../graph/suspicion.js';
import type { World } from '../graph/world.js';
import type { Group } from './group.js';

/** PROCESS_VM_READ. */
const VM_READ = 0x10;

/** Reads of the local security authority's memory by processes of the intruder that no lead names; the first of each process. */
export function readMemory(w: World, g: Group, leads: readonly Lead[]): { host: number; t: number; place: Place }[] {
  const m = w.facts.table('memory_activity');
  const [activity, target, access, guid, pid] = ['activity', 'target', 'access', 'process_guid', 'pid'].map((c) =>
    m.column(c),
  ) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  const open = w.facts.texts.asker((t) => t === 'open');
  const lsass = w.facts.texts.asker((t) => /\\lsass\.exe$/i.test(t));
  const known = new Set(leads.filter((l) => l.detector === 'credential-memory').map((l) => l.process));
  const out = new Map<number, { host: number; t: number; place: Place }>();
  for (let i = 0; i < m.rows; i++) {
    if (!open(activity[i]!) || !lsass(target[i]!)) continue;
    const mask = w.facts.texts.number(access[i]!);
    if (Number.isNaN(mask) || (mask & VM_READ) === 0) continue;
    const r = w.processAt(m.host[i]!, guid[i]!, pid[i]!, m.t[i]!);
    if (r < 0 || out.has(r) || known.has(r) || !(g.processes.has(r) || g.injected.has(r)) || !g.since(r, m.t[i]!))
      continue;
    out.set(r, { host: m.host[i]!, t: m.t[i]!, place: m.place(i) });
  }
  return [...out.values()];
}
