// A log of who logged on, emptied or removed on a Linux machine in somebody's session, and the history of commands with it within the hour: who tidies
// up for space leaves both alone.
import type { Lead } from '../graph/suspicion.js';
import type { World } from '../graph/world.js';

/** Logs that say who came, and what was run. */
const WHO = /\/var\/log\/(?:auth\.log|secure|wtmp|btmp|lastlog|faillog|audit\/audit\.log)(?:[-.]\S*)?(?=[\s"';|&]|$)/;
const EMPTIES =
  /\btruncate\s+.*-?-s(?:ize)?[ =]?0\b|\b(?:rm|shred|unlink|srm|wipe)\s|\/dev\/null\b|(?:^|[\s;|&]):?\s*>\s*\/|\bsed\s+(?:-(?!-)\w*i|--in-place)|\becho\s+(?:-n\s*)?(?:""|'')?\s*>/;
const HISTORY = /\.(?:bash|zsh|sh|python|mysql|psql|ash)_?history\b/;
const FORGETS = /\bhistory\s+-\w*c|\bunset\s+HISTFILE\b|\bHISTFILE=(?:\/dev\/null|["']?\s*$)|\bHISTSIZE=0\b/;
/** Both are done within this. */
const TOGETHER = 3600e6;
/** Machines on which the same is done: more are being prepared as templates. */
const FEW = 3;
/** A machine's first day is when it is set up. */
const FIRST_DAY = 86_400e6;

export function wiped(w: World): Lead[] {
  const p = w.processes;
  const { texts } = w.facts;
  const kind = texts.asker((t) => {
    const logs = WHO.test(t) && EMPTIES.test(t);
    const history = FORGETS.test(t) || (HISTORY.test(t) && EMPTIES.test(t));
    return (logs ? 1 : 0) + (history ? 2 : 0);
  });
  const began = new Map<number, number>();
  const found = new Map<number, { r: number; t: number; kind: number }[]>();
  for (let r = 0; r < p.rows; r++) {
    const t = p.start.at(r);
    if (!Number.isFinite(t)) continue;
    const host = p.host.at(r);
    began.set(host, Math.min(began.get(host) ?? Number.POSITIVE_INFINITY, t));
    const line = p.command.at(r);
    const k = line < 0 ? 0 : kind(line);
    // Rotation and packages' scripts run in nobody's session.
    if (k === 0 || !p.imageText(r).startsWith('/') || (p.session.at(r) < 0 && !/sudo/.test(parentOf(w, r)))) continue;
    const list = found.get(host);
    if (list === undefined) found.set(host, [{ r, t, kind: k }]);
    else list.push({ r, t, kind: k });
  }
  const out: Lead[][] = [];
  for (const [host, list] of found) {
    const first = list.find(
      (x) =>
        (x.kind & 1) !== 0 &&
        x.t > began.get(host)! + FIRST_DAY &&
        list.some((y) => (y.kind & 2) !== 0 && Math.abs(y.t - x.t) <= TOGETHER),
    );
    if (first === undefined) continue;
    // Several records may tell of one: those that know the session lead on.
    out.push(
      list
        .filter((x) => Math.abs(x.t - first.t) <= TOGETHER)
        .map((x) => ({
          detector: 'wiped',
          technique: (x.kind & 1) !== 0 ? 'T1070.002' : 'T1070.003',
          host,
          t: x.t,
          process: x.r,
          session: null,
          weight: 1,
          places: p.places(x.r),
          what: 'lead.wiped',
        })),
    );
  }
  return out.length > FEW ? [] : out.flat();
}

function parentOf(w: World, r: number): string {
  const parent = w.processes.parent.at(r);
  return parent < 0 ? '' : w.processes.imageText(parent);
}
