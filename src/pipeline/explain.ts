// How an incident leads to a host, an account, a mailbox or an address: the causes from one to the next, with the records of each.
import { filesOf } from './incidents.js';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { microsText, parseMicros, citedByLine } from '../base/index.js';
import { HostNames } from '../entities/index.js';
import { type IncidentDocument, reconstruct, type Reconstruction } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { DuckStore } from '../store/index.js';
import { makeDeclared, readDeclared } from './declared.js';
import { STORE_FILE } from './investigate.js';

export interface Step {
  readonly time: string | null;
  readonly host: string;
  readonly kind: string;
  /** What it was: a command line, an account and where it came from, a path. */
  readonly what: string;
  /** Why it was believed, of the step before. */
  readonly because: string;
  /** True: it is what was believed of the step before, of this one. */
  readonly back: boolean;
  /** It is a lead, and no cause. */
  readonly lead: boolean;
  readonly sure: 'certain' | 'likely';
  readonly records: readonly string[];
}

export interface Explanation {
  readonly incident: string;
  readonly of: string | null;
  readonly steps: readonly Step[];
  /** Of the incident's lists, what names it: part, text, records. */
  readonly named: readonly { readonly part: string; readonly text: string; readonly records: readonly string[] }[];
}

/** Records of one entry that are listed. */
const SHOWN = 8;

/** Throws an `Error` that says what there is, where the incident or the name is not there. */
export async function explain(dir: string, id: string, name: string | null, messages: Messages): Promise<Explanation> {
  const document = JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8')) as IncidentDocument;
  if (
    !Array.isArray(document.incidents) ||
    !Array.isArray(document.overview?.coverage) ||
    !Array.isArray(document.evidence)
  )
    throw new Error('incident.json is not that of a case: "backtrail verify" says what is wrong');
  const incident = document.incidents.find((i) => i.id === id);
  if (incident === undefined)
    throw new Error(
      document.incidents.length === 0
        ? 'this case has no incident'
        : `this case has ${document.incidents.map((i) => i.id).join(', ')}, not "${id}"`,
    );
  if (!existsSync(join(dir, STORE_FILE)))
    throw new Error('this case has no store: make it anew with "backtrail investigate"');
  const file = new Map(document.evidence.map((e) => [e.id, e]));
  const cited = (c: { evidence: string; record?: number; line?: number }): string =>
    `${file.get(c.evidence)?.path ?? c.evidence} ${c.line === undefined ? `#${c.record}` : `line ${c.line}`}`;
  const named: { part: string; text: string; records: string[]; cites: string[]; host: string }[] = [];
  // The first of many, and how many more there are.
  const recordsOf = (x: Record<string, unknown>): string[] => {
    const all = ((x.evidence ?? []) as { evidence: string; record?: number; line?: number }[]).map(cited);
    return all.length > SHOWN ? [...all.slice(0, SHOWN), `and ${all.length - SHOWN} more`] : all;
  };
  const plain = name?.toLowerCase() ?? '';
  const is = (v: unknown): boolean =>
    typeof v === 'string' &&
    (v.toLowerCase() === plain ||
      v.toLowerCase().split('.')[0] === plain ||
      v.toLowerCase().replace(/^.*\\/, '') === plain);
  if (name !== null)
    for (const [part, list] of Object.entries(incident))
      if (Array.isArray(list) && part !== 'timeline' && part !== 'detections' && part !== 'techniques')
        for (const x of list as Record<string, unknown>[])
          if (Object.values(x).some((v) => is(v) || (Array.isArray(v) && v.some(is))))
            named.push({
              part,
              text: Object.entries(x)
                .filter(([k, v]) => k !== 'evidence' && v !== null && typeof v !== 'object')
                .map(([k, v]) => `${k} ${String(v)}`)
                .join('  '),
              records: recordsOf(x),
              cites: ((x.evidence ?? []) as { evidence: string; record?: number; line?: number }[]).map(
                (c) => `${c.evidence}|${c.record ?? c.line}`,
              ),
              host: String(x.host ?? x.target ?? (Array.isArray(x.hosts) ? x.hosts[0] : '') ?? ''),
            });
  const store = await DuckStore.open(join(dir, STORE_FILE));
  try {
    const names = new HostNames();
    const alias = new Map<string, string>();
    for (const c of document.overview.coverage) names.see(c.host, c.records);
    for (const h of document.overview.hosts ?? []) for (const n of h.names) alias.set(n.toLowerCase(), h.name);
    const resolved = names.resolver();
    const declared = makeDeclared(readDeclared(dir));
    const byLine = new Map(document.evidence.map((e) => [e.id, citedByLine(e.format)]));
    const { groups, world } = await reconstruct({
      source: store,
      resolve: (h) => alias.get(h.toLowerCase()) ?? resolved(h),
      clocks: new Map((document.overview.clocks ?? []).map((c) => [c.host, c.offset_seconds * 1e6])),
      files: filesOf(document.evidence, document.case.options as Record<string, unknown>),
      signs: document.overview.anti_forensics.map((a) => ({
        host: a.host,
        kind: a.kind,
        time: a.time === null ? Number.NaN : parseMicros(a.time),
        what: a.what,
        evidence: a.evidence,
      })),
      byLine: (e) => byLine.get(`e${e}`) === true,
      path: (e) => file.get(`e${e}`)?.path ?? '',
      coverage: document.overview.coverage,
      blind: document.overview.blind_spots,
      findings: [...document.other_findings, ...document.incidents.flatMap((i) => i.detections)],
      ...declared,
      messages,
    });
    const group = groups[Number(id.slice(1)) - 1];
    if (group === undefined) throw new Error('the case cannot be reconstructed as it was: run "backtrail verify"');
    const m = messages.text.incident;
    const host = name === null ? -1 : world.facts.hosts.known(name);
    const user = plain.replace(/^.*\\/, '').replace(/@.*$/, '');
    const candidates = group.nodes.filter((n) =>
      name === null
        ? n.from === null
        : (host >= 0 && n.host === host) ||
          (n.kind === 'session' && world.logons.logon(n.row).user === user) ||
          (n.kind === 'process' && world.processes.userText(n.row).toLowerCase().endsWith(`\\${user}`)),
    );
    // An address, a mailbox, a program: by a record that its entry cites, else by the host that its entry is of.
    const places = new Set(named.flatMap((x) => x.cites));
    const byRecord = (n: Node): boolean =>
      n.kind !== 'file' && n.places.some((p) => places.has(`e${p.evidence}|${p.number}`));
    const of = named.map((x) => world.facts.hosts.known(x.host)).filter((h) => h >= 0);
    const target =
      candidates.find((n) => n.kind !== 'file') ??
      candidates[0] ??
      group.nodes.find(byRecord) ??
      group.nodes.find((n) => n.kind !== 'file' && of.includes(n.host));
    if (target === undefined && named.length === 0)
      throw new Error(`nothing in ${id} is named "${name}": give a host, account, mailbox or address of it`);
    const path = target === undefined ? [] : way(group, target);
    return {
      incident: id,
      of: name,
      named,
      steps: path.map(({ node: n, because }): Step => {
        const l = n.kind === 'session' ? world.logons.logon(n.row) : null;
        return {
          time: Number.isFinite(n.t) ? microsText(n.t) : null,
          host: world.hostName(n.host),
          kind: n.kind,
          what: cut(
            l !== null
              ? `${l.domain}\\${l.user}, logon type ${l.type}${l.address === '' ? '' : ` from ${l.address}`}`
              : n.kind === 'process'
                ? world.processes.commandText(n.row) || world.processes.imageText(n.row)
                : n.path,
          ),
          back: because.startsWith('back '),
          lead: m.lead[because] !== undefined,
          because: m.lead[because] ?? m.edge[because.replace(/^back /, '')] ?? because,
          sure: n.sure,
          records: [
            ...new Set(
              n.places.map((p) =>
                cited(
                  byLine.get(`e${p.evidence}`) === true
                    ? { evidence: `e${p.evidence}`, line: p.number }
                    : { evidence: `e${p.evidence}`, record: p.number },
                ),
              ),
            ),
          ].slice(0, 6),
        };
      }),
    };
  } finally {
    await store.close();
  }
}

/** Characters of a command line that are printed; its record has the rest. */
const MAX_WHAT = 2000;
const cut = (t: string): string => (t.length > MAX_WHAT ? `${t.slice(0, MAX_WHAT)}…` : t);

type Group = Reconstruction['groups'][number];
type Node = Group['nodes'][number];

/** The shortest way of causes from the incident's first trace to a node of it; each step with the cause that joins it to the one before. */
function way(group: Group, target: Node): { node: Node; because: string }[] {
  const inside = new Map(group.nodes.map((n) => [n.key, n]));
  const next = new Map<string, { to: string; because: string }[]>();
  const join = (a: string, b: string, because: string): void => {
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      const list = next.get(x) ?? [];
      next.set(x, list);
      list.push({ to: y, because: x === a ? because : `back ${because}` });
    }
  };
  for (const e of group.suspicion.edges) if (inside.has(e.a) && inside.has(e.b)) join(e.a, e.b, e.because);
  // What one server's workers started came in by the same server.
  const first = new Map<number, Node>();
  const w = group.world;
  for (const n of group.nodes) {
    if (n.kind !== 'process') continue;
    const parent = w.processes.parent.at(n.row);
    if (n.because !== 'lead.server-shell' && (parent < 0 || !w.serverImage(parent))) continue;
    const earlier = first.get(n.host);
    if (earlier === undefined) first.set(n.host, n);
    else join(earlier.key, n.key, 'edge.same-server');
  }
  const start = group.nodes.find((n) => n.kind !== 'file') ?? target;
  const came = new Map<string, { from: string; because: string } | null>([[start.key, null]]);
  const queue = [start.key];
  for (let i = 0; i < queue.length && !came.has(target.key); i++)
    for (const e of next.get(queue[i]!) ?? [])
      if (!came.has(e.to)) {
        came.set(e.to, { from: queue[i]!, because: e.because });
        queue.push(e.to);
      }
  const out: { node: Node; because: string }[] = [];
  if (came.has(target.key)) {
    for (let k: string | null = target.key; k !== null;) {
      const c: { from: string; because: string } | null = came.get(k) ?? null;
      out.push({
        node: inside.get(k)!,
        because: c === null ? inside.get(k)!.because : c.because,
      });
      k = c === null ? null : c.from;
    }
    return out.reverse();
  }
  // A piece that shared programs or addresses join, and no single cause.
  for (let n: Node | null = target; n !== null; n = n.from) out.push({ node: n, because: n.because });
  return out.reverse();
}
