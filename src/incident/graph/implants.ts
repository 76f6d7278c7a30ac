// Programs that intruders bring to stay or to control, told by what they do: they talk to somewhere outside, they are made to start
// again, or they are what runs where the intruder arrives. The same program elsewhere is theirs too.
import type { Node, Suspicion } from './suspicion.js';
import { baseName, type World } from './world.js';

/** Tools that everybody may use, by the name that their maker gave them. */
export const DUAL_USE =
  /^(?:procdump(?:64)?|rar|winrar|7z[arg]?|7-zip.*|psexec(?:64)?|psexec\.c|psexesvc(?:64)?|paexec.*|pskill|adfind|rclone|winscp|putty|plink|pscp|anydesk|teamviewer.*|nmap|nssm|curl|wget|autoruns.*|handle|netscan|advanced_.*scanner.*|megasync|filezilla|zip|sdelete(?:64)?)(?:\.exe|\.c)?$/i;
/** A program that was there this long before is not what an intruder brought. */
const BEFORE = 3600e6;
/** Starts of one program that are looked at. */
const MAX_STARTS = 50_000;

export interface Program {
  /** SHA-256; '' where no log holds it. */
  readonly sha256: string;
  readonly image: string;
  readonly rows: number[];
}

export function dualUse(w: World, row: number): boolean {
  // A tool for support that an intruder installed is there to stay.
  if (w.placed.get(`${w.processes.host.at(row)}|${w.processes.imageText(row)}`) === true) return false;
  return DUAL_USE.test(w.text(w.processes.original.at(row))) || DUAL_USE.test(baseName(w.processes.imageText(row)));
}

/** Whether a tainted process is a program of the intruder's own, and not one of the system's or a tool. */
export function brought(w: World, row: number): boolean {
  const image = w.processes.imageText(row);
  if (w.placed.has(`${w.processes.host.at(row)}|${image}`)) return !dualUse(w, row);
  return (
    image !== '' &&
    !w.systemPath(image) &&
    !w.shell(row) &&
    !w.hub(row) &&
    !dualUse(w, row) &&
    !/^(?:system|registry)$/i.test(image)
  );
}

/** Whether a process reached out, by records of its own host. */
export function reachesOut(w: World, row: number, names: ReadonlySet<number>): boolean {
  if (names.has(row)) return true;
  const n = w.facts.table('network_activity');
  const dst = n.column('dst_ip');
  const port = n.column('dst_port');
  return w.flows(row).some((i) => {
    const a = w.addresses.text(dst[i]!);
    if (w.addresses.outside(a)) return true;
    const p = w.facts.texts.number(port[i]!);
    return p === 3128 || p === 8080 || p === 8888;
  });
}

/** Processes that looked up names. */
export function lookers(w: World): ReadonlySet<number> {
  const d = w.facts.table('dns_activity');
  const [guid, pid] = [d.column('process_guid'), d.column('pid')];
  const out = new Set<number>();
  for (let i = 0; i < d.rows; i++) {
    if (guid[i]! < 0 && pid[i] === -1) continue;
    const r = w.processAt(d.host[i]!, guid[i]!, pid[i]!, d.t[i]!);
    if (r >= 0) out.add(r);
  }
  return out;
}

/** Taints other starts of the programs that tainted processes are. Gives how many were found. */
export function sameProgram(w: World, s: Suspicion, names: ReadonlySet<number>): number {
  const p = w.processes;
  const before = s.nodes.size;
  const done = new Set<string>();
  const nodes = [...s.nodes.values()].filter((n) => n.kind === 'process' && brought(w, n.row));
  const firstOf = new Map<string, number>();
  for (const n of nodes) {
    const g = s.group(n.key);
    firstOf.set(g, Math.min(firstOf.get(g) ?? Number.POSITIVE_INFINITY, n.t));
  }
  const byPath = new Map<string, Set<number>>();
  for (const n of nodes) byPath.set(n.path, (byPath.get(n.path) ?? new Set()).add(n.host));
  for (const n of nodes) {
    const sha = p.sha256(p.hash.at(n.row));
    const key = sha === '' ? n.path : sha;
    if (done.has(key)) continue;
    const stays =
      reachesOut(w, n.row, names) ||
      byPath.get(n.path)!.size > 1 ||
      [...s.nodes.values()].some(
        (x) => (x.kind === 'service' || x.kind === 'task') && x.host === n.host && x.path.includes(n.path),
      );
    if (!stays) continue;
    done.add(key);
    const since = firstOf.get(s.group(n.key))! - BEFORE;
    const all = [...(sha === '' ? [] : w.withHash(sha)), ...w.withImage(p.image.at(n.row))];
    if (all.length > MAX_STARTS) continue;
    // What ran before the intruder came, or as a part of the system, is no program of theirs.
    if (
      all.some(
        (r) =>
          (Number.isFinite(p.start.at(r)) && p.start.at(r) < since) ||
          (w.system(r) && !w.placed.has(`${p.host.at(r)}|${p.imageText(r)}`)),
      )
    )
      continue;
    for (const r of all) {
      const same = sha !== '' && p.sha256(p.hash.at(r)) === sha;
      const other = p.sha256(p.hash.at(r));
      if (!same && sha !== '' && other !== '' && other !== sha) continue;
      s.process(r, n as Node, same ? 'edge.same-hash' : 'edge.same-path', same ? 'certain' : 'likely');
    }
  }
  s.drain();
  return s.nodes.size - before;
}
