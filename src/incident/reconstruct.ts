// From the facts of a case to its incidents: leads, what they caused and what caused them, the groups that causes join, and for each
// group the parts that the contract names.
import type { Messages } from '../messages/index.js';
import { authentication, remoteObjects } from './detectors/authentication.js';
import { credentials, databaseLine } from './detectors/credentials.js';
import { weighed } from './detectors/everyday.js';
import { execution } from './detectors/execution.js';
import { hands, ruleLeads } from './detectors/hands.js';
import { serverShell } from './detectors/server-shell.js';
import { strangeTunnels } from './detectors/strange-tunnel.js';
import { wiped } from './detectors/wiped.js';
import { webScriptLeads } from './detectors/web-script.js';
import { collect, type FactSource, readFacts } from './facts/read.js';
import type { Place } from './facts/table.js';
import { cloudActs, cloudLeads } from './graph/cloud.js';
import { lookers, sameProgram } from './graph/implants.js';
import {
  type MadeAccount,
  madeAccounts,
  reached,
  samePlace,
  sensedArrivals,
  stolenKeys,
  strangeAddresses,
  throughTunnels,
  unnamedMoves,
  usedKeys,
  whileThere,
} from './graph/inference.js';
import { type Node, Suspicion } from './graph/suspicion.js';
import { tunnelOf } from './graph/tunnels.js';
import { World } from './graph/world.js';
import type { BlindSpot, Cite, Coverage, Finding, Incident } from './model.js';
import type { LookUp } from './networks.js';
import { assemble } from './scope/assemble.js';
import { Group } from './scope/group.js';
import { cmdlets, type Directory } from './scope/mail.js';
import { askedFor, madeWhileAsked, sameAgent, sameOutside } from './scope/places.js';
import { roles } from './scope/roles.js';
import { createdAccounts, type Sign } from './scope/traces.js';
import { follow, hijack, type HijackClaim } from './scope/update.js';
import { Requests } from './scope/requests.js';
import { type WebFindings, webScripts, webSources } from './scope/web.js';

/** Tests that were declared, and what else an analyst knows to be no intrusion. */
export interface Known {
  readonly why: string;
  readonly accounts: readonly string[];
  readonly addresses: readonly string[];
  readonly hosts: readonly string[];
  /** Microseconds; null: from the beginning, to the end. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface ReconstructInput {
  readonly source: FactSource;
  readonly resolve: (host: string) => string;
  /** Microseconds that hosts' clocks are ahead. */
  readonly clocks: ReadonlyMap<string, number>;
  readonly signs: readonly { host: string; kind: string; time: number; what: string; evidence: readonly Cite[] }[];
  readonly byLine: (evidence: number) => boolean;
  /** Path of a file of the evidence, as the register names it. */
  readonly path: (evidence: number) => string;
  /** All files of the evidence; `host`: whose they are by the register, or ''. */
  readonly files: readonly {
    readonly evidence: number;
    readonly path: string;
    readonly host: string;
    /** In local time, and nobody said in which zone. */
    readonly local: boolean;
    /** What its lines write as their offset from UTC; null. */
    readonly offset: { readonly t: number; readonly minutes: number } | null;
  }[];
  readonly coverage: readonly Coverage[];
  readonly blind: readonly BlindSpot[];
  readonly findings: readonly Finding[];
  readonly known: readonly Known[];
  readonly networks: LookUp;
  readonly directory: Directory | null;
  /** What analysts decided on an earlier reconstruction. */
  readonly decisions: readonly {
    readonly kind: string;
    readonly hosts: readonly string[];
    readonly accounts: readonly string[];
  }[];
  readonly messages: Messages;
}

/** What the search for causes found, for `explain`. */
export interface Reconstruction {
  readonly incidents: readonly Incident[];
  readonly groups: readonly Group[];
  readonly world: World;
}

/** Processes of a case that is large. */
const MANY_PROCESSES = 200_000;
/** Rounds until nothing more is found; each finds at least one thing more, so that few are needed. */
const MAX_ROUNDS = 8;

export async function reconstruct(input: ReconstructInput): Promise<Reconstruction> {
  const local = new Set(input.files.filter((f) => f.local).map((f) => f.evidence));
  const facts = await readFacts(input.source, input.resolve, local, input.files);
  const w = new World(facts, input.clocks);
  if (w.processes.rows > MANY_PROCESSES) collect();
  const s = new Suspicion(w, cleanHosts(w, input), declared(w, input));
  for (const l of serverShell(w)) s.lead(l);
  for (const l of credentials(w)) s.lead(weighed(w, s, l));
  for (const l of execution(w, s)) s.lead(l);
  for (const l of authentication(w)) s.lead(l);
  for (const l of remoteObjects(w)) s.lead(l);
  for (const l of hands(w)) s.lead(l);
  for (const l of ruleLeads(w, input.findings)) s.lead(weighed(w, s, l));
  for (const l of cloudLeads(w)) s.lead(l);
  for (const l of strangeTunnels(w)) s.lead(l);
  for (const l of wiped(w)) s.lead(l);
  s.spread();
  const names = lookers(w);
  const settle = (): void => {
    for (let round = 0; round < MAX_ROUNDS; round++)
      if (
        sameProgram(w, s, names) +
          reached(w, s) +
          sensedArrivals(w, s) +
          unnamedMoves(w, s) +
          strangeAddresses(w, s) +
          whileThere(w, s) +
          samePlace(w, s) +
          stolenKeys(w, s) +
          usedKeys(w, s) +
          throughTunnels(w, s) ===
        0
      )
        break;
  };
  settle();
  const evidenceHost = hostsOfEvidence(w, input.path);
  const requests = new Requests(w, evidenceHost);
  const scripts = webScripts(w);
  for (const l of webScriptLeads(w, requests)) {
    s.lead({
      detector: 'web-script',
      technique: 'T1505.003',
      host: l.host,
      t: l.t,
      process: -1,
      session: null,
      weight: 1,
      places: l.places,
      what: 'lead.web-script',
    });
    s.script(l.host, l.path, l.t, l.places, 'lead.web-script');
  }
  const domains = accountDomains(w);
  // Scripts that servers of an incident wrote are files of it.
  plantScripts(w, s, scripts);
  settle();
  let groups = grouped(w, s, domains);
  let hijacks = new Map<string, HijackClaim>();
  const followUpdates = (): void => {
    for (let round = 0; round < 3; round++) {
      hijacks = new Map();
      let found = 0;
      for (const g of groups) {
        const h = hijack(w, g, requests);
        if (h === null) continue;
        hijacks.set(g.id, h);
        found += follow(s, g, h);
      }
      if (found === 0) break;
      settle();
      groups = grouped(w, s, domains);
    }
  };
  followUpdates();
  // What was done as an account that the intruder made.
  if (
    madeAccounts(
      w,
      s,
      groups.flatMap((g) => made(w, g)),
    ) > 0
  ) {
    settle();
    groups = grouped(w, s, domains);
  }
  // Groups that came from the same addresses, and pieces whose beginning is lost on hosts that one intruder holds, are one.
  const web = new Map<string, WebFindings>();
  for (let round = 0; round < 4; round++) {
    web.clear();
    let more = 0;
    for (const g of groups) {
      const found = webSources(w, g, requests, scripts);
      for (const [ip, t] of sameAgent(w, requests, found.addresses)) found.addresses.set(ip, t);
      web.set(g.id, found);
      more +=
        askedFor(w, s, g, found, requests) + madeWhileAsked(w, s, g, found, requests) + sameOutside(w, s, g, found);
    }
    if (!unite(s, groups, web, hijacks) && more === 0) break;
    // What one piece had in hand, the other used.
    settle();
    groups = grouped(w, s, domains);
    // What the pieces that are one now handed out.
    followUpdates();
  }
  for (const d of input.decisions)
    if (d.kind === 'same_incident') {
      const hosts = d.hosts.map((h) => facts.hosts.known(h));
      const of = groups.filter((g) => hosts.some((h) => g.hosts.has(h)));
      for (const g of of.slice(1)) s.join(of[0]!.nodes[0]!.key, g.nodes[0]!.key);
      groups = grouped(w, s, domains);
      web.clear();
      for (const g of groups) web.set(g.id, webSources(w, g, requests, scripts));
    }
  hijacks = new Map();
  for (const g of groups) {
    const h = hijack(w, g, requests);
    if (h !== null) hijacks.set(g.id, h);
  }
  const role = roles(w, requests);
  const commands = cmdlets(w);
  const signs: Sign[] = input.signs.map((x) => ({
    host: facts.hosts.known(x.host),
    kind: x.kind,
    t: x.time,
    what: x.what,
    places: x.evidence.map((c) => ({ evidence: Number(c.evidence.slice(1)), number: c.record ?? c.line ?? 0 })),
  }));
  const cite = (p: Place): Cite =>
    input.byLine(p.evidence)
      ? { evidence: `e${p.evidence}`, line: p.number }
      : { evidence: `e${p.evidence}`, record: p.number };
  groups.sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1));
  const incidents = groups.map((g, i) =>
    assemble({
      id: `i${i + 1}`,
      world: w,
      suspicion: s,
      group: g,
      groups,
      requests,
      web: web.get(g.id)!,
      hijack: hijacks.get(g.id) ?? null,
      role,
      commands,
      domains,
      signs,
      cite,
      input,
    }),
  );
  return { incidents, groups, world: w };
}

function cleanHosts(w: World, input: ReconstructInput): ReadonlySet<number> {
  const names = input.decisions.filter((d) => d.kind === 'not_compromised').flatMap((d) => d.hosts);
  return new Set(names.map((h) => w.facts.hosts.known(h)).filter((h) => h >= 0));
}

function declared(
  w: World,
  input: ReconstructInput,
): (host: number, t: number, user: string, address: string) => boolean {
  const { known, decisions } = input;
  const of = (kind: string) => decisions.filter((d) => d.kind === kind);
  const clean = cleanHosts(w, input);
  const honest = new Set(
    of('not_abused').flatMap((d) => d.accounts.map((a) => a.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase())),
  );
  if (known.length + clean.size + honest.size === 0) return () => false;
  const list = known.map((k) => ({
    ...k,
    accounts: new Set(k.accounts.map((a) => a.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase())),
    hosts: new Set(k.hosts.map((h) => w.facts.hosts.known(h)).filter((h) => h >= 0)),
    addresses: new Set(k.addresses),
  }));
  return (host, t, user, address) => {
    const name = user.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase();
    if (clean.has(host) || honest.has(name)) return true;
    return list.some(
      (k) =>
        (k.from === null || t >= k.from) &&
        (k.to === null || t <= k.to) &&
        (k.accounts.has(name) || k.addresses.has(address) || (k.hosts.has(host) && k.accounts.size === 0)),
    );
  };
}

/** Hosts by the folder that a file lies in, for logs that name none. */
function hostsOfEvidence(w: World, path: (evidence: number) => string): (evidence: number) => number {
  const known = new Map<number, number>();
  return (e) => {
    let h = known.get(e);
    if (h === undefined) {
      h = -1;
      for (const part of path(e).split('/').slice(0, -1)) {
        const found = /^[\w.-]{2,63}$/.test(part) ? w.facts.hosts.known(part) : -1;
        if (found >= 0) h = found;
      }
      known.set(e, h);
    }
    return h;
  };
}

/** The short name of each account's domain, as logons say it most often. */
function accountDomains(w: World): ReadonlyMap<string, string> {
  const a = w.logons.table;
  const [user, domain, activity] = [a.column('user'), a.column('domain'), a.column('activity')];
  const counts = new Map<string, number>();
  const is = w.facts.texts.asker((t) => t === 'logon');
  for (let i = 0; i < a.rows; i++) {
    if (!is(activity[i]!) || domain[i]! < 0 || user[i]! < 0) continue;
    const key = `${user[i]!}|${domain[i]!}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const best = new Map<string, { domain: string; n: number }>();
  for (const [key, n] of counts) {
    const [u, d] = key.split('|').map(Number) as [number, number];
    const name = w.text(u).replace(/@.*$/, '').toLowerCase();
    const text = w.text(d);
    if (text.includes('.')) continue;
    const known = best.get(name);
    if (known === undefined || n > known.n) best.set(name, { domain: text.toUpperCase(), n });
  }
  return new Map([...best].map(([k, v]) => [k, v.domain]));
}

/** Accounts that a group made, each with a node of it that did or, of a session's, led to it. */
function made(w: World, g: Group): MadeAccount[] {
  const out: MadeAccount[] = [];
  for (const a of createdAccounts(w, g)) {
    const by = g.nodes.filter((n) => n.kind !== 'file' && n.host === a.host && n.t <= a.t + 60e6).at(-1);
    if (by !== undefined) out.push({ name: a.name.replace(/^.*\\/, '').toLowerCase(), host: a.host, t: a.t, by });
  }
  return out;
}

function plantScripts(w: World, s: Suspicion, scripts: ReturnType<typeof webScripts>): void {
  const f = w.facts.table('file_activity');
  for (const x of scripts) {
    if (x.process < 0 || !w.serverImage(x.process)) continue;
    const child = [...s.nodes.values()].find(
      (n) =>
        n.kind === 'process' &&
        n.host === x.host &&
        x.t >= n.t - 3600e6 &&
        w.processes.parent.at(n.row) >= 0 &&
        w.serverImage(w.processes.parent.at(n.row)),
    );
    if (child !== undefined) s.file(x.host, x.path, x.t, child, 'edge.worker-wrote', [f.place(x.row)]);
  }
  s.drain();
}

function grouped(w: World, s: Suspicion, domains: ReadonlyMap<string, string>): Group[] {
  const by = new Map<string, Node[]>();
  for (const n of s.nodes.values()) {
    const g = s.group(n.key);
    const list = by.get(g);
    if (list === undefined) by.set(g, [n]);
    else list.push(n);
  }
  return [...by]
    .map(([id, nodes]) => new Group(w, s, id, nodes, domains))
    .filter((g) =>
      g.nodes.some((n) => n.kind !== 'file' && (n.from === null || (n.kind !== 'service' && n.kind !== 'task'))),
    );
}

/** Addresses outside that a group's sessions and tunnels came from. */
function outsideOf(s: Suspicion, g: Group): string[] {
  const w = s.world;
  return [...g.sessions.keys()].flatMap((row) => {
    const l = w.logons.logon(row);
    const v = tunnelOf(w, l);
    return v !== null ? [v.ip] : w.addresses.outside(l.address) ? [l.address] : [];
  });
}

/** The call that a command line made is recorded within this. */
const KEY_MADE_WITHIN = 120e6;
/** Passwords that were stolen are used within this. */
const USED_WITHIN = 30 * 86_400e6;

/** Whether an intruder took the directory's passwords not long before. */
function tookDirectory(s: Suspicion, g: Group, before: number): boolean {
  return g.nodes.some(
    (n) =>
      n.t <= before &&
      before - n.t <= USED_WITHIN &&
      (n.because === 'lead.replication' ||
        n.because === 'lead.directory-copy' ||
        (n.kind === 'process' && databaseLine(s.world.processes.commandText(n.row)))),
  );
}

/** Joins what is one. True if anything was. */
function unite(
  s: Suspicion,
  groups: readonly Group[],
  web: ReadonlyMap<string, WebFindings>,
  hijacks: ReadonlyMap<string, HijackClaim>,
): boolean {
  let changed = false;
  const join = (a: Group, b: Group): void => {
    if (s.group(a.nodes[0]!.key) === s.group(b.nodes[0]!.key)) return;
    s.join(a.nodes[0]!.key, b.nodes[0]!.key);
    changed = true;
  };
  const byAddress = new Map<string, Group>();
  for (const g of groups)
    for (const a of [...web.get(g.id)!.addresses.keys(), ...outsideOf(s, g)]) {
      const other = byAddress.get(a);
      if (other === undefined) byAddress.set(a, g);
      else join(other, g);
    }
  // A script that one was asked by, where another had laid it.
  const name = (path: string): string => path.replace(/^.*[\\/]/, '').toLowerCase();
  for (const g of groups)
    for (const x of web.get(g.id)!.shells)
      for (const o of groups)
        if (
          o !== g &&
          [...o.files.values()].some((f) => f.host === x.host && name(f.path) === name(x.path) && f.t <= x.t + 60e6)
        )
          join(o, g);
  // Who used accounts in the cloud from where somebody came in elsewhere, or laid there what was run here, is one.
  for (const g of groups) {
    const places = new Set(g.nodes.filter((n) => n.kind === 'cloud').map((n) => n.path));
    if (places.size === 0) continue;
    const laid = new Set(
      cloudActs(s.world)
        .filter((x) => places.has(x.ip) && /^fileuploaded|^filesync/i.test(x.what))
        .map((x) =>
          x.parameters
            .replace(/[?#].*$/s, '')
            .replace(/^.*\//, '')
            .toLowerCase(),
        )
        .map((x) => {
          try {
            return decodeURIComponent(x);
          } catch {
            return x;
          }
        })
        .filter((x) => /\.(?:exe|msi|dll|zip|iso|img|js|vbs|ps1|bat|cmd|hta|lnk|docm|xlsm|scr|7z|rar)$/.test(x)),
    );
    for (const o of groups) {
      if (o === g) continue;
      const from = [...web.get(o.id)!.addresses.keys(), ...outsideOf(s, o)];
      if (from.some((a) => places.has(a))) join(g, o);
      else if (
        o.nodes.some((n) => (n.kind === 'process' || n.kind === 'file') && laid.has(n.path.replace(/^.*\\/, '')))
      )
        join(g, o);
    }
    // Who made the key that was used there by a command line is who used it.
    const keys = new Set(
      cloudActs(s.world).flatMap((x) => (places.has(x.ip) && x.credential !== '' ? [x.credential] : [])),
    );
    for (const x of cloudActs(s.world)) {
      if (x.created === '' || !keys.has(x.created)) continue;
      for (const o of groups)
        if (
          o !== g &&
          o.nodes.some(
            (n) =>
              n.kind === 'process' &&
              Math.abs(n.t - x.t) <= KEY_MADE_WITHIN &&
              /\bcreate-access-key\b/.test(s.world.processes.commandText(n.row)),
          )
        )
          join(o, g);
    }
    // Who comes as people of the house soon after one intruder alone took all their passwords is that one.
    if (g.nodes.some((n) => n.kind !== 'cloud')) continue;
    const took = groups.filter((o) => o !== g && tookDirectory(s, o, g.first));
    if (took.length === 1) join(took[0]!, g);
  }
  const rooted = (g: Group): boolean =>
    g.nodes.some((n) => n.kind === 'cloud') ||
    web.get(g.id)!.openings.size > 0 ||
    g.nodes.some(
      (n) => n.because === 'lead.office-script' || n.because === 'lead.guessed' || n.because === 'lead.server-shell',
    );
  for (const g of groups) {
    if (rooted(g)) continue;
    // Where this piece begins: on a host that somebody holds already, or in a session from one.
    const start = g.nodes.find((n) => n.kind !== 'file')!;
    const holders = groups.filter((o) => {
      if (o === g || !(o.first <= g.first)) return false;
      // On a machine that had fetched what one intruder handed out.
      const h = hijacks.get(o.id);
      if (h !== undefined && (h.executed.has(start.host) || h.downloaded.has(start.host)) && h.t <= start.t)
        return true;
      // Where sessions tell where they came from, that counts, not whose host they came to.
      const came = [...g.sessions.keys()].some((row) => s.world.logons.source(s.world.logons.logon(row)) >= 0);
      if (!came && o.hosts.get(start.host)?.status === 'controlled' && o.hosts.get(start.host)!.first <= start.t)
        return true;
      return [...g.sessions.keys()].some((row) => {
        const l = s.world.logons.logon(row);
        const source = s.world.logons.source(l);
        if (source < 0) return false;
        // Where this piece was itself before, it came from itself.
        const own = g.hosts.get(source);
        if (own?.status === 'controlled' && own.first < l.t - 60e6) return false;
        return o.hosts.get(source)?.status === 'controlled' && o.hosts.get(source)!.first <= l.t;
      });
    });
    // Who tried others' accounts at the gateway, and came as somebody in whose own session one intruder alone ran code by then, is that one.
    if (holders.length === 0 && g.nodes.some((n) => n.because === 'lead.strange-tunnel')) {
      const came = [...g.sessions.keys()]
        .map((row) => s.world.logons.logon(row))
        .filter((l) => tunnelOf(s.world, l) !== null);
      const had = groups.filter(
        (o) =>
          o !== g &&
          o.nodes.some(
            (n) =>
              n.kind === 'process' &&
              came.some(
                (l) => n.t < l.t && s.world.processes.userText(n.row).replace(/^.*\\/, '').toLowerCase() === l.user,
              ),
          ),
      );
      if (had.length === 1) holders.push(had[0]!);
    }
    const best = holders.sort((a, b) => b.nodes.length - a.nodes.length)[0];
    if (best !== undefined) join(best, g);
  }
  return changed;
}
