// Everything that the intruder ordered, command by command: what command lines hold, what shells were handed, what scripts of theirs
// say, each with the machine that it was for.
import type { Place } from '../facts/table.js';
import { type Command, commandsOf, commandsOfScript } from '../graph/commands.js';
import type { World } from '../graph/world.js';
import type { Group } from './group.js';

export interface Order {
  /** The machine that it was for. */
  readonly host: number;
  readonly t: number;
  /** As it was written. */
  readonly text: string;
  /** In lower case. */
  readonly line: string;
  /** Whether it stood in another command. */
  readonly inner: boolean;
  /** Row of the process; -1 where it is a script's. */
  readonly row: number;
  readonly places: readonly Place[];
}

/** Commands of one group that are looked at: scripts repeat themselves. */
const MAX_ORDERS = 200_000;

const known = new WeakMap<Group, readonly Order[]>();

/** Where a command itself names the machine that it is for: `\\HOST`, `/s HOST`, `/r:HOST`. */
const NAMED = /^\S+(?:\s+\S+){0,4}?\s+(?:\/s\s+|[-/]r(?:emote)?:|"?\\\\)([a-z0-9][\w.-]{0,62})/i;

/** The commands of a group in the order of time; those that stand alone before those that stand in others, at one time. */
export function ordered(w: World, g: Group): readonly Order[] {
  const before = known.get(g);
  if (before !== undefined) return before;
  const out: Order[] = [];
  const host = (name: string, from: number, t: number): number => {
    if (name === '' || /^(?:localhost|127\.0\.0\.1|\.)$/i.test(name)) return from;
    const h = w.facts.hosts.known(name);
    const there = h >= 0 ? h : w.addresses.hostAt(name, t);
    // A machine that no log knows: it was not for this one.
    return there;
  };
  const add = (commands: readonly Command[], from: number, t: number, row: number, places: readonly Place[]): void => {
    for (const [i, c] of commands.entries()) {
      if (out.length >= MAX_ORDERS) return;
      const own = c.target === '' ? (NAMED.exec(c.text)?.[1] ?? '') : '';
      const to = host(c.target, from, t);
      if (to < 0) continue;
      const named = own === '' ? -1 : host(own, to, t);
      out.push({
        host: named >= 0 ? named : to,
        t,
        text: c.text,
        line: c.text.toLowerCase(),
        inner: i > 0,
        row,
        places,
      });
    }
  };
  for (const r of g.processes) {
    const t = w.processes.start.at(r);
    if (!Number.isFinite(t)) continue;
    const line = w.processes.commandText(r);
    add(commandsOf(line === '' ? w.processes.imageText(r) : line), w.processes.host.at(r), t, r, w.processes.places(r));
  }
  const s = w.facts.table('script_activity');
  const [pid, script] = [s.column('pid'), s.column('script')];
  for (let i = 0; i < s.rows; i++) {
    const node = g.suspicion.nodes.get(`b${i}`);
    let theirs = node !== undefined && g.suspicion.group(node.key) === g.id;
    if (!theirs && pid[i] !== -1) {
      const p = w.processAt(s.host[i]!, -1, pid[i]!, s.t[i]!);
      theirs = p >= 0 && g.processes.has(p) && g.since(p, s.t[i]!);
    }
    if (theirs) add(commandsOfScript(w.text(script[i]!)), s.host[i]!, s.t[i]!, -1, [s.place(i)]);
  }
  out.sort((a, b) => a.t - b.t || Number(a.inner) - Number(b.inner) || a.row - b.row);
  known.set(g, out);
  return out;
}
