// One group of causes as an incident of the contract: every list with the records that prove each of its entries.
import { microsText } from '../../base/index.js';
import type { Place } from '../facts/table.js';
import { brought, dualUse } from '../graph/implants.js';
import type { Suspicion } from '../graph/suspicion.js';
import { baseName, SSH, type World } from '../graph/world.js';
import { STATEMENTS } from '../../messages/index.js';
import type { IncidentTrace, BlindSpot, Cite, Confidence, Incident, Technique, TimelineEntry } from '../model.js';
import type { ReconstructInput } from '../reconstruct.js';
import { attempts } from './attempts.js';
import { MAIL_TECHNIQUE, PHASES, TACTICS, TRACE_TECHNIQUE } from './attack.js';
import { blindSpots } from './blind.js';
import { collectNext } from './next.js';
import { readMemory } from './memory.js';
import { cloudMark, theirCloudActs } from '../graph/cloud.js';
import { cloudPersistence, cloudTraces, refusedInCloud, cloudThefts, orderedActs } from './cloud.js';
import { missingDays } from './day-files.js';
import { type Silence, silences } from './silence.js';
import { entry as findEntry, type EntryClaim } from './entry.js';
import type { Group } from './group.js';
import { type Hashed, hashesOf, pathEnd } from './hashes.js';
import { type Cmdlet, grantedSeats, mail, Mailboxes, plainAccount } from './mail.js';
import { Network } from './contacts.js';
import { type Channel, fetched, outward, talkers } from './network.js';
import { Tenants } from './tenants.js';
import { covered, createdAccounts, persistence, type Sign } from './traces.js';
import type { HijackClaim } from './update.js';
import { pathShape } from './bulk.js';
import { attackSessions } from './sessions.js';
import { moreAddresses, type WebFindings, SCRIPT } from './web.js';
import { type Request, type Requests } from './requests.js';
import { cameBefore, refusedTunnels, tunnelOf, tunnels } from '../graph/tunnels.js';

/** Citations of one entry; the contract's lists stay lists, and the rest is in the case store. */
const MAX_CITES = 300;
/** Entries of an incident's timeline. */
const MAX_ENTRIES = 4000;

export interface AssembleInput {
  readonly id: string;
  readonly world: World;
  readonly suspicion: Suspicion;
  readonly group: Group;
  /** All of the case, this one among them. */
  readonly groups: readonly Group[];
  readonly requests: Requests;
  readonly web: WebFindings;
  readonly hijack: HijackClaim | null;
  readonly role: (host: number) => string;
  readonly commands: readonly Cmdlet[];
  readonly domains: ReadonlyMap<string, string>;
  readonly signs: readonly Sign[];
  readonly cite: (p: Place) => Cite;
  readonly input: ReconstructInput;
}

/** Folders that web servers give out. */
const WEB_FOLDER =
  /\\inetpub\\|\\wwwroot\\|\\httpproxy\\|\\htdocs\\|\\webapps\\|^\/(?:var\/www|srv\/www|usr\/share\/nginx|opt\/[^/]+\/webapps)\//i;

export function assemble(a: AssembleInput): Incident {
  const { world: w, group: g, requests, web, role, domains, input } = a;
  const { messages } = input;
  const m = messages.text.incident;
  const time = (t: number): string | null => (Number.isFinite(t) ? microsText(t) : null);
  const name = (h: number): string => (h < 0 ? m.cloud : w.hostName(h));
  /** Of what may be in no machine of the house's. */
  const machine = (h: number): string | null => (h < 0 ? null : w.hostName(h));
  const cites = (places: readonly Place[]): Cite[] => {
    const seen = new Set<string>();
    const out: Cite[] = [];
    for (const p of places) {
      const key = `${p.evidence}|${p.number}`;
      if (seen.has(key)) continue;
      seen.add(key);
      out.push(a.cite(p));
      if (out.length >= MAX_CITES) break;
    }
    return out;
  };
  const full = (user: string): string => {
    const plain = plainAccount(user);
    const d = domains.get(plain) ?? g.accounts.get(plain)?.domain ?? '';
    return d === '' ? plain : `${d}\\${plain}`;
  };
  const leads = a.suspicion.leads.filter(
    (l) =>
      (l.process >= 0 && g.processes.has(l.process)) ||
      (l.session !== null && g.sessions.has(l.session.row)) ||
      (l.installed !== undefined && g.nodes.some((n) => n.kind === l.installed!.kind && n.row === l.installed!.row)) ||
      (l.address !== undefined && g.nodes.some((n) => n.kind === 'cloud' && n.path === l.address)) ||
      (l.detector === 'web-script' && g.nodes.some((n) => n.kind === 'script' && n.host === l.host)),
  );

  // Where they sat.
  const addresses = new Map(web.addresses);
  for (const n of g.sessions.values()) {
    const l = w.logons.logon(n.row);
    // From somewhere inside, whatever machine that is.
    if (n.because === 'edge.stranger') continue;
    if (
      w.addresses.outside(l.address) ||
      ((l.type === 10 || l.type === SSH) &&
        w.addresses.foreign(l.address) &&
        !tunnels(w).some((x) => x.taken.includes(l.address)))
    )
      addresses.set(l.address, Math.min(addresses.get(l.address) ?? l.t, l.t));
    const v = tunnelOf(w, l);
    if (v !== null) addresses.set(v.ip, Math.min(addresses.get(v.ip) ?? v.start, v.start));
  }
  for (const n of g.nodes) if (n.kind === 'cloud') addresses.set(n.path, Math.min(addresses.get(n.path) ?? n.t, n.t));
  for (const [ip, since] of grantedSeats(
    w,
    g,
    requests,
    a.commands,
    new Mailboxes(w, requests, new Set(), input.directory),
  ))
    addresses.set(ip, Math.min(addresses.get(ip) ?? since, since));
  for (const [ip, since] of moreAddresses(w, g, requests, addresses, new Tenants(w, g, requests, addresses)))
    addresses.set(ip, since);
  const boxes = new Mailboxes(w, requests, new Set(addresses.keys()), input.directory);
  const tenants = new Tenants(w, g, requests, addresses);
  const others = (account: string, t: number, host: number): boolean =>
    a.groups.some((o) => o !== g && o.held(account, t) && o.hosts.get(host)?.status === 'controlled');
  const { mailboxes, traces } = mail(w, g, requests, addresses, boxes, a.commands, domains, others, tenants);
  const sessions = attackSessions(w, g, requests, addresses, tenants, web.shells);
  for (const s of sessions) for (const u of s.accounts) g.account(u, domains, 'abused', s.start, s.places.slice(0, 5));
  // Who signed in to a gateway that is a machine as others are signed in to that machine; an appliance is none.
  for (const s of sessions)
    if (s.channel === 'vpn' && s.target >= 0 && s.accounts.size > 0 && w.machine(s.target))
      g.claim(s.target, 'accessed', s.start, s.places.slice(0, 5), 'how.session', 'certain');
  const created = createdAccounts(w, g);
  for (const c of created) g.account(`${c.domain}\\${c.name}`, domains, 'created', c.t, c.places);
  const acts = theirCloudActs(w, addresses, (user) => g.accounts.get(user)?.status === 'abused');
  const asked = orderedActs(w, g).filter((x) => !acts.includes(x));
  for (const x of asked) g.account(x.user, domains, 'abused', x.t, [x.place]);
  const marked = [...acts, ...asked].flatMap((x) => {
    const mark = cloudMark(x);
    return mark === null ? [] : [{ ...mark, act: x }];
  });
  refusedInCloud(w, addresses, (user, t, place) => g.account(user, domains, 'attempted', t, [place]));
  for (const x of refusedTunnels(w)) {
    const since = addresses.get(x.ip);
    const from = since === undefined ? Number.NaN : Math.min(since, g.first);
    if (since !== undefined && x.t >= from - 86_400e6 && !cameBefore(w, x, from))
      g.account(x.user, domains, 'attempted', x.t, [x.place]);
  }
  const stays = [...persistence(w, g, web, traces), ...cloudPersistence(marked)].sort(
    (x, y) => x.t - y.t || x.host - y.host,
  );
  const net = new Network(w, g.processes);
  const { channels, thefts } = outward(w, g, net);
  heldByTalk(w, g, net, channels, a.hijack);
  thefts.push(...fetched(w, g, addresses, requests, tenants), ...cloudThefts(acts));
  const inBulk = new Set<number>();
  for (const b of web.bulk) {
    // Day by day.
    const days = new Map<number, Request[]>();
    for (const r of b.requests) {
      inBulk.add(r.row);
      const day = Math.floor(r.t / 86_400e6);
      days.set(day, [...(days.get(day) ?? []), r]);
    }
    for (const list of days.values()) {
      const got = list.filter((r) => r.bytes > 0 && r.status < 400);
      if (got.length === 0) continue;
      thefts.push({
        t: got[0]!.t,
        host: b.host,
        destination: b.ip,
        bytes: got.reduce((n, r) => n + r.bytes, 0),
        exact: true,
        method: 'web_download',
        what: pathShape(got.map((r) => r.path)),
        stagedAs: null,
        places: got.map((r) => requests.place(r.row)),
      });
    }
  }
  // What an intruder laid out on a server of ours and fetched: much of it, or a file that they had put there.
  const laid = new Set(
    [...g.files.values()]
      .filter((f) => WEB_FOLDER.test(f.path) && !SCRIPT.test(f.path))
      .map((f) => `${f.host}|${f.path.replace(/^.*[\\/]/, '')}`),
  );
  for (const r of g.processes)
    for (const x of w.processes
      .commandText(r)
      .toLowerCase()
      .matchAll(/(?:[a-z]:\\|\/)[^\s"'<>|]{1,400}/g))
      if (WEB_FOLDER.test(x[0]) && /\.\w{1,8}$/.test(x[0]) && !SCRIPT.test(x[0]))
        laid.add(`${w.processes.host.at(r)}|${x[0].replace(/^.*[\\/]/, '')}`);
  // A file that was there before anything of theirs ran is a trial, and holds nothing of the house's.
  const ran = new Map<number, number>();
  for (const n of g.nodes) if (n.kind !== 'file') ran.set(n.host, Math.min(n.t, ran.get(n.host) ?? n.t));
  for (const ip of addresses.keys())
    for (const r of requests.by(ip))
      if (
        !r.front &&
        r.status >= 200 &&
        r.status < 300 &&
        r.method === 'GET' &&
        !(r.bytes >= 10e6) &&
        r.t >= (ran.get(r.host) ?? r.t) &&
        laid.has(`${r.host}|${r.path.replace(/^.*\//, '').toLowerCase()}`)
      )
        thefts.push({
          t: r.t,
          host: r.host,
          destination: ip,
          bytes: r.bytes,
          exact: false,
          method: 'web_download',
          what: r.path,
          stagedAs: r.path,
          places: [requests.place(r.row)],
        });
      else if (!r.front && r.bytes >= 10e6 && r.user === '' && r.status < 400 && !inBulk.has(r.row))
        thefts.push({
          t: r.t,
          host: r.host,
          destination: ip,
          bytes: r.bytes,
          exact: true,
          method: 'web_download',
          what: r.path,
          stagedAs: r.path,
          places: [requests.place(r.row)],
        });
  const marks = [...covered(w, g, a.signs, traces), ...cloudTraces(marked, acts)];
  const silent = [...silences(w, g, m), ...missingDays(g, requests, input.files, m)];
  for (const x of silent)
    // A log that fell silent because what writes it was stopped is told as that.
    if (!marks.some((y) => y.kind === 'sensor_stopped' && y.host === x.host && explains(y, x)))
      marks.push({
        host: x.host,
        kind: 'missing_log',
        t: x.from ?? g.hosts.get(x.host)!.first,
        what: x.text,
        places: [...x.places],
      });
  marks.sort((x, y) => x.t - y.t || x.host - y.host);
  const way: EntryClaim | null = findEntry(w, g, web, requests, role, leads);
  if (way?.account !== null && way?.account !== undefined)
    g.account(full(way.account), domains, 'abused', way.t, way.places);

  const span = new Map<string, [number, number]>();
  for (const s of sessions) {
    const known = span.get(s.ip);
    span.set(s.ip, known === undefined ? [s.start, s.end] : [Math.min(known[0], s.start), Math.max(known[1], s.end)]);
  }
  attempts(w, g, domains, span);

  // Programs of theirs.
  const programs = new Map<string, { sha: string; rows: number[]; places: Place[] }>();
  const hashes = hashesOf(w, g, web.shells);
  const shaOfPath = new Map<string, Hashed>();
  for (const r of g.processes) {
    const path = w.processes.imageText(r);
    const known = hashes.get(`${w.processes.host.at(r)}|${path}`);
    if (known !== undefined && brought(w, r)) shaOfPath.set(path, known);
  }
  const kept = new Set(stays.map((p) => (p.command ?? '').toLowerCase()));
  const talk = new Set<string>();
  const lookup = (r: number): boolean =>
    net.lookups(r).length > 0 || w.flows(r).some((i) => net.contact(r, i) !== null);
  // Where nothing tells which program talks: the one that was started just before the host began to.
  const began = (r: number): boolean => {
    const [host, start] = [w.processes.host.at(r), w.processes.start.at(r)];
    return (
      !w.sensedAt(host, start) &&
      channels.some((c) => c.hosts.has(host) && c.first >= start - 10e6 && c.first - start < BEGINS_WITHIN)
    );
  };
  for (const r of g.processes) if (brought(w, r) && (lookup(r) || began(r))) talk.add(w.processes.imageText(r));
  // What laid an implant, and what was made a service to act there, was brought to control as well.
  const laying = new Set<string>();
  for (const f of g.files.values())
    if (f.from?.kind === 'process' && (talk.has(f.path) || [...kept].some((c) => c.includes(f.path))))
      laying.add(f.from.path);
  for (const n of g.nodes)
    if (n.kind === 'process' && n.from?.kind === 'process' && n.from.host === n.host) {
      const [child, parent] = n.because === 'edge.parent' ? [n.from, n] : [n, n.from];
      if (talk.has(child.path)) laying.add(parent.path);
    }
  // What came over the network, ran as a service and started other programs carried out commands from afar.
  for (const r of g.processes) {
    const parent = w.processes.parent.at(r);
    const own = g.suspicion.nodes.get(`p${r}`);
    if (
      parent >= 0 &&
      baseName(w.processes.imageText(parent)) === 'services.exe' &&
      w.processes.children(r).length > 0 &&
      own?.from?.kind === 'file' &&
      own.from.from?.kind === 'session'
    )
      laying.add(w.processes.imageText(r));
  }
  for (const r of g.processes) {
    if (!brought(w, r) || dualUse(w, r)) continue;
    const path = w.processes.imageText(r);
    const isPackage = a.hijack?.processes.includes(r) === true;
    if (!talk.has(path) && !isPackage && !laying.has(path) && ![...kept].some((c) => c.includes(path))) continue;
    const told = hashes.get(`${w.processes.host.at(r)}|${path}`) ?? shaOfPath.get(path);
    const sha = told?.sha256 ?? '';
    const key = sha === '' ? path : sha;
    const known = programs.get(key) ?? { sha, rows: [], places: [] };
    programs.set(key, known);
    known.rows.push(r);
    known.places.push(...w.processes.places(r), ...(told?.places ?? []));
  }
  if (a.hijack?.sha256 !== null && a.hijack !== null) {
    const rows = a.hijack.processes.filter((r) => w.processes.sha256(w.processes.hash.at(r)) === a.hijack!.sha256);
    const known = programs.get(a.hijack.sha256!) ?? { sha: a.hijack.sha256!, rows: [], places: [] };
    programs.set(a.hijack.sha256!, known);
    for (const r of rows)
      if (!known.rows.includes(r)) {
        known.rows.push(r);
        known.places.push(...w.processes.places(r));
      }
  }
  const scriptName = (x: { host: number; path: string }): string => `${x.host}|${pathEnd(x.path)}`;
  const shells = [...new Map(web.shells.map((x) => [scriptName(x), x])).values()].map((x) => {
    const own = [...g.files.values()].find(
      (f) => f.host === x.host && f.path.endsWith(x.path.replace(/^.*[\\/]/, '').toLowerCase()),
    );
    const told =
      hashes.get(`${x.host}|${pathEnd(x.path)}`) ??
      (own === undefined ? undefined : hashes.get(`${own.host}|${own.path}`));
    return {
      sha256: told?.sha256 ?? null,
      names: [x.path.replace(/^.*[\\/]/, '')],
      paths: [own?.path ?? x.path],
      hosts: [name(x.host)],
      first: time(x.t),
      evidence: cites([...x.places, ...(own?.places ?? []), ...(told?.places ?? [])]),
    };
  });
  const implants = [...programs.values()]
    .filter((p) => p.rows.length > 0)
    .map((p) => ({
      sha256: p.sha === '' ? null : p.sha,
      names: unique(p.rows.map((r) => baseName(w.processes.imageText(r)))),
      paths: unique(p.rows.map((r) => w.processes.imageText(r))),
      hosts: unique(p.rows.map((r) => name(w.processes.host.at(r)))),
      first: time(Math.min(...p.rows.map((r) => w.processes.start.at(r)).filter((t) => Number.isFinite(t)))),
      evidence: cites(p.places),
    }))
    .concat(shells)
    .sort((x, y) => ((x.first ?? '') < (y.first ?? '') ? -1 : 1));

  const privileged = (user: string): boolean => {
    const n = plainAccount(user);
    return (
      a.commands.some((c) => c.caller === n) ||
      g.moves.filter((x) => x.user === n).length > 0 ||
      created.some((c) => c.name === n)
    );
  };
  const confidenceOf = (certain: boolean): Confidence => (certain ? 'high' : 'moderate');
  const hosts = [...g.hosts.values()]
    .sort((x, y) => x.first - y.first || x.host - y.host)
    .map((h) => ({
      name: name(h.host),
      role: role(h.host),
      status: h.status,
      first: time(h.first),
      last: time(h.last),
      how: [...h.how].sort().map((k) => m.how[k] ?? k),
      confidence: confidenceOf(h.certain),
      evidence: cites(h.places),
    }));
  const read = readMemory(w, g, leads);
  const times = [
    ...read.map((r) => r.t),
    ...g.nodes.filter((n) => n.kind !== 'file').map((n) => n.t),
    ...sessions.flatMap((s) => [s.start, s.end]),
    ...mailboxes.flatMap((b) => [b.first, b.last]),
    ...channels.flatMap((c) => [c.first, c.last]),
    ...thefts.map((t) => t.t),
    ...leads.filter((l) => l.weight >= 1).map((l) => l.t),
    ...marks.map((t) => t.t),
    ...(a.hijack === null ? [] : [a.hijack.t]),
  ].filter((t) => Number.isFinite(t));
  const first = times.reduce((x, y) => Math.min(x, y), Number.POSITIVE_INFINITY);
  const last = times.reduce((x, y) => Math.max(x, y), Number.NEGATIVE_INFINITY);

  const anti: IncidentTrace[] = marks.map((t) => ({
    host: machine(t.host),
    kind: t.kind,
    time: time(t.t),
    what: m.trace(t.kind, t.what),
    evidence: cites(t.places),
  }));
  const blind: BlindSpot[] = blindSpots(
    a,
    hosts.filter((h) => h.status !== 'attempted'),
  );
  for (const x of silent)
    blind.push({
      host: name(x.host),
      source: x.source,
      from: x.from === null ? null : time(x.from),
      to: x.to === null ? null : time(x.to),
      why: x.text,
      weakens: ['hosts', 'accounts', 'sessions', 'timeline'],
    });
  // A rule and a detector that go by the same records are one witness.
  const witnessed = new Map<string, string>();
  const detectors = new Set<string>();
  for (const l of leads) {
    if (l.weight < 1) continue;
    const keys = l.places.map((p) => `${p.evidence}|${p.number}`);
    if (!keys.some((k) => (witnessed.get(k) ?? l.detector) !== l.detector)) detectors.add(l.detector);
    for (const k of keys) if (!witnessed.has(k)) witnessed.set(k, l.detector);
  }
  const controlled = hosts.filter((h) => h.status === 'controlled');
  const reached = hosts.filter((h) => h.status !== 'attempted');
  const likely = reached.filter((h) => h.confidence !== 'high').length;
  const confidence: Confidence =
    detectors.size >= 2 ||
    (detectors.size === 1 && (controlled.length > 1 || channels.length > 0 || sessions.length > 1))
      ? likely * 2 > reached.length
        ? 'moderate'
        : 'high'
      : 'moderate';

  // ATT&CK, by what was found and by the rules that matched the same records.
  const techniques = new Map<string, { tactics: Set<string>; count: number; first: number; places: Place[] }>();
  const technique = (id: string | null, t: number, places: readonly Place[]): void => {
    if (id === null || id === '') return;
    const x = techniques.get(id) ?? {
      tactics: new Set(TACTICS[id.split('.')[0]!] ?? []),
      count: 0,
      first: t,
      places: [],
    };
    techniques.set(id, x);
    x.count++;
    x.first = Math.min(x.first, t);
    x.places.push(...places.slice(0, 20));
  };
  const timeline: (TimelineEntry & { t: number })[] = [];
  const event = (
    t: number,
    host: number,
    phase: string,
    text: string,
    id: string | null,
    places: readonly Place[],
    count = 1,
  ): void => {
    // What no record shows by itself is told by what does.
    if (places.length === 0) return;
    technique(id, t, places);
    timeline.push({
      t,
      time: time(t),
      host: name(host),
      phase,
      text,
      technique: id === '' ? null : id,
      level: null,
      count,
      evidence: cites(places),
      evidence_omitted: Math.max(0, places.length - MAX_CITES),
    });
  };
  if (way !== null) event(way.t, way.host, 'initial-access', m.entry[way.why] ?? way.why, way.technique, way.places);
  const titles = new Map(input.findings.map((f) => [f.rule, f.title]));
  for (const l of leads)
    if (l.weight >= 1 && l.detector !== 'server-shell')
      event(
        l.t,
        l.host,
        PHASES[l.technique.split('.')[0]!] ?? 'execution',
        l.detector.startsWith('rule ') && titles.has(l.detector.slice(5))
          ? m.critical(titles.get(l.detector.slice(5))!)
          : (m.lead[l.what] ?? l.what),
        l.technique,
        l.places,
      );
  for (const n of g.nodes) {
    if (n.kind === 'block') {
      const script = w.text(w.facts.table('script_activity').column('script')[n.row]!);
      // What PowerShell says of itself as it begins has the program that it began for.
      const shown = /\bHostApplication=([^\r\n]+)/.exec(script)?.[1] ?? script;
      event(n.t, n.host, 'execution', m.ran(shown.slice(0, 500)), 'T1059.001', n.places);
    }
    if (n.kind === 'order') event(n.t, n.host, 'execution', m.ran(n.path.slice(0, 500)), 'T1047', n.places);
    if (n.kind !== 'process') continue;
    const line = w.processes.commandText(n.row) || w.processes.imageText(n.row);
    // The window of a console is nothing that anybody ran.
    if (baseName(n.path) === 'conhost.exe') continue;
    if (n.because === 'edge.injected') {
      event(n.t, n.host, 'stealth', m.injected(n.path), 'T1055', n.places);
      continue;
    }
    // A shell and the one thing that it was started for are one entry.
    if (
      n.from?.kind === 'process' &&
      n.from.host === n.host &&
      w.shell(n.from.row) &&
      w.processes.commandText(n.from.row).toLowerCase().includes(line.toLowerCase())
    )
      continue;
    event(
      n.t,
      n.host,
      'execution',
      m.ran(line.slice(0, 500)),
      /powershell|pwsh/i.test(baseName(n.path))
        ? 'T1059.001'
        : /cmd\.exe$/i.test(n.path)
          ? 'T1059.003'
          : /\/(?:ba|da|z)?sh$/.test(n.path)
            ? 'T1059.004'
            : null,
      n.places,
    );
  }
  for (const x of g.moves)
    event(
      x.t,
      x.to,
      'lateral-movement',
      m.moved(name(x.from), x.method, x.user === '' ? '?' : full(x.user)),
      x.technique,
      x.places,
    );
  for (const r of read) event(r.t, r.host, 'credential-access', m.lead['lead.memory']!, 'T1003.001', [r.place]);
  const lasting = new Set(stays.map((p) => `${p.host}|${p.name.toLowerCase()}`));
  const told = new Set<string>();
  for (const n of g.nodes) {
    if (n.kind !== 'service' && n.kind !== 'task') continue;
    const table = w.facts.table(n.kind === 'service' ? 'service_activity' : 'scheduled_job_activity');
    const what = w.text(table.column(n.kind)[n.row]!);
    // Two logs tell of one installation.
    const key = `${n.host}|${what.toLowerCase()}|${Math.round(n.t / 60e6)}`;
    if (lasting.has(`${n.host}|${what.toLowerCase()}`) || told.has(key)) continue;
    told.add(key);
    event(
      n.t,
      n.host,
      'execution',
      m.installed(n.kind, what, n.path.slice(0, 500)),
      n.kind === 'service' ? 'T1569.002' : 'T1053.005',
      n.places,
    );
  }
  for (const p of stays)
    event(
      p.t,
      p.host,
      'persistence',
      m.stays(p.kind !== 'other' ? p.kind : p.technique.startsWith('T1574') ? 'library' : 'permission', p.name),
      p.technique,
      p.places,
    );
  for (const c of channels)
    event(
      c.first,
      [...c.hosts][0]!,
      'command-and-control',
      m.talked(c.address),
      c.dns ? 'T1071.004' : 'T1071.001',
      c.places,
    );
  for (const b of mailboxes)
    event(
      b.first,
      mailServer(w, requests, role),
      'collection',
      m.mailbox(b.address, b.method),
      MAIL_TECHNIQUE[b.method] ?? 'T1114',
      b.places,
    );
  for (const t of thefts)
    event(
      t.t,
      t.host,
      'exfiltration',
      m.stolen(t.bytes, t.destination, t.exact),
      t.method === 'dns' ? 'T1048' : t.method === 'web_download' ? 'T1567' : 'T1041',
      t.places,
    );
  for (const t of marks) {
    const technique = TRACE_TECHNIQUE[t.kind] ?? 'T1070';
    event(t.t, t.host, TACTICS[technique.split('.')[0]!]![0]!, m.trace(t.kind, t.what), technique, t.places);
  }
  if (a.hijack !== null)
    event(
      a.hijack.t,
      a.hijack.server,
      'initial-access',
      m.hijack(a.hijack.package, a.hijack.executed.size),
      'T1195.002',
      a.hijack.places,
    );
  timeline.sort((x, y) => x.t - y.t || (x.host < y.host ? -1 : x.host > y.host ? 1 : 0) || (x.text < y.text ? -1 : 1));

  const place = (ip: string) => input.networks.of(ip);
  const base: Omit<Incident, 'statement' | 'statements' | 'detections' | 'collect_next'> = {
    id: a.id,
    confidence,
    confidence_why: m.confidence(confidence, detectors.size, controlled.length, likely),
    first_seen: time(first),
    last_seen: time(last),
    entry:
      way === null
        ? null
        : {
            vector: way.vector,
            technique: way.technique,
            host: machine(way.host),
            service: way.service,
            time: time(way.t),
            source_ip: way.ip,
            account: way.account === null ? null : full(way.account),
            why: m.entry[way.why] ?? way.why,
            confidence: way.confidence,
            evidence: cites(way.places),
          },
    hosts,
    accounts: [...g.accounts.values()]
      .sort((x, y) => x.first - y.first || (x.name < y.name ? -1 : 1))
      .map((x) => ({
        name: full(x.name),
        privileged: privileged(x.name),
        status: x.status,
        first: time(x.first),
        last: time(x.last),
        evidence: cites(x.places),
      })),
    lateral_movement: g.moves
      .filter((x) => g.hosts.get(x.to)?.status === 'controlled')
      .sort((x, y) => x.t - y.t || x.to - y.to)
      .map((x) => ({
        from: name(x.from),
        to: name(x.to),
        time: time(x.t),
        method: x.method,
        technique: x.technique,
        account: x.user === '' ? null : full(x.user),
        confidence: confidenceOf(x.sure === 'certain'),
        evidence: cites(x.places),
      })),
    implants,
    persistence: stays.map((p) => ({
      host: machine(p.host),
      kind: p.kind,
      name: p.name,
      command: p.command,
      time: time(p.t),
      technique: p.technique,
      evidence: cites(p.places),
    })),
    command_and_control: channels
      .sort((x, y) => x.first - y.first || (x.address < y.address ? -1 : 1))
      .map((c) => ({
        address: c.address,
        country: place(c.address).country,
        asn: place(c.address).asn,
        first: time(c.first),
        last: time(c.last),
        hosts: unique([...c.hosts].map(name)),
        pattern: m.pattern(c.dns, rhythm(c.times, c.by), c.count),
        evidence: cites(c.places),
        evidence_omitted: Math.max(0, c.count - MAX_CITES),
      })),
    sessions: sessions
      .sort((x, y) => x.start - y.start || (x.ip < y.ip ? -1 : 1))
      .map((s) => ({
        start: time(s.start),
        end: time(s.end),
        source_ip: s.ip,
        country: place(s.ip).country,
        asn: place(s.ip).asn,
        network: place(s.ip).label,
        channel: s.channel,
        target: name(s.target),
        account: s.accounts.size === 1 ? full([...s.accounts][0]!) : null,
        actions: s.actions,
        evidence: cites(s.places),
      })),
    mailboxes: mailboxes.map((b) => ({
      address: b.address,
      owner: b.owner,
      title: b.title,
      method: b.method,
      first: time(b.first),
      last: time(b.last),
      items: b.items > 0 ? b.items : null,
      items_is: b.items > 0 ? 'lower_bound' : null,
      evidence: cites(b.places),
    })),
    data_theft: thefts
      .sort((x, y) => x.t - y.t)
      .map((t) => ({
        time: time(t.t),
        host: machine(t.host),
        what: t.what === '' ? m.unknownData : t.what,
        staged_as: t.stagedAs,
        method: t.method,
        destination: t.destination,
        destination_addresses: t.addresses ?? [],
        bytes: Math.round(t.bytes),
        bytes_is: t.exact ? 'upper_bound' : 'lower_bound',
        evidence: cites(t.places),
      })),
    update_hijack:
      a.hijack === null
        ? null
        : {
            server: name(a.hijack.server),
            product: a.hijack.product,
            package: a.hijack.package,
            sha256: a.hijack.sha256,
            tampered_at: time(a.hijack.t),
            by: a.hijack.by,
            hosts_executed: unique([...a.hijack.executed.keys()].map(name)),
            hosts_downloaded: unique([...a.hijack.downloaded.keys()].map(name)),
            evidence: cites([
              ...a.hijack.places,
              ...[...a.hijack.executed.values()].flat(),
              ...[...a.hijack.downloaded.values()].flat(),
            ]),
          },
    anti_forensics: anti,
    blind_spots: blind,
    techniques: [...techniques]
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([id, t]): Technique => ({
        technique: id,
        tactics: [...t.tactics].sort(),
        count: t.count,
        first: time(t.first),
        evidence: cites(t.places),
        evidence_omitted: 0,
      })),
    timeline: timeline.slice(0, MAX_ENTRIES).map(({ t: _, ...e }) => e),
  };
  const draft = { ...base, collect_next: collectNext(base, m) };
  const statements = Object.fromEntries(Object.entries(STATEMENTS).map(([language, say]) => [language, say(draft)]));
  const own = inSessions(w, g);
  for (const n of g.nodes) for (const p of n.places) own.add(`e${p.evidence}|${p.number}`);
  for (const list of [draft.anti_forensics, draft.persistence, draft.sessions, draft.mailboxes, draft.data_theft])
    for (const x of list) for (const c of x.evidence) own.add(`${c.evidence}|${c.record ?? c.line}`);
  for (const l of leads) for (const p of l.places) own.add(`e${p.evidence}|${p.number}`);
  const detections = input.findings.filter((f) =>
    f.evidence.some((c) => own.has(`${c.evidence}|${c.record ?? c.line}`)),
  );
  const linked = detections.map((f) => ({ ...f, why_apart: m.linked(a.id) }));
  return { ...draft, statement: statements[messages.language] ?? statements.en!, statements, detections: linked };
}

/** An implant talks for the first time within this. */
const BEGINS_WITHIN = 900e6;
/** A channel that so many more use than are known to be held is somebody's service. */
const MORE_TALKERS = 1;
const TALKS = 4;
const TALK_HOURS = 3;

/**
 * Hosts that talk to the intruder's channels, though nothing else tells that anything runs there: those that fetched a hijacked package ran it;
 * others count where they talk again and again, and no more of them than are known otherwise.
 */
function heldByTalk(w: World, g: Group, net: Network, channels: readonly Channel[], h: HijackClaim | null): void {
  const own = channels.filter((c) => !c.dns && c.hosts.size > 0);
  if (own.length === 0) return;
  const talk = talkers(w, net, own);
  const proxies = new Set<number>();
  const t = w.facts.table('http_activity');
  const proxy = w.facts.texts.asker((x) => x === 'proxy');
  for (let i = 0; i < t.rows; i++) if (t.host[i]! >= 0 && proxy(t.source[i]!)) proxies.add(t.host[i]!);
  const known = (host: number): boolean => g.hosts.get(host)?.status === 'controlled';
  // A host that is theirs anyway, and that only a sensor saw talk to what others of theirs talk to.
  for (const [host, x] of talk) {
    if (!known(host) || proxies.has(host)) continue;
    const since = g.hosts.get(host)!.first - 3600e6;
    for (const c of own) {
      const at = x.talks.filter((y) => y.name === c.address && y.t >= since).map((y) => y.t);
      if (at.length === 0) continue;
      c.hosts.add(host);
      c.first = at.reduce((p, q) => Math.min(p, q), c.first);
      c.last = at.reduce((p, q) => Math.max(p, q), c.last);
      c.places.push(...x.places.slice(0, 5));
    }
  }
  const others = [...talk].filter(([host]) => !known(host) && !proxies.has(host));
  for (const [host, x] of others) {
    const times = x.times.sort((p, q) => p - q);
    const fetched = h?.downloaded.get(host);
    const often = times.length >= TALKS && new Set(times.map((y) => Math.floor(y / 3600e6))).size >= TALK_HOURS;
    const few = others.length <= Math.max(1, ...own.map((c) => c.hosts.size)) * MORE_TALKERS;
    if (fetched === undefined && !(often && few)) continue;
    const since = h !== null && fetched !== undefined ? w.carried(h.t, h.server, host) : g.first - 3600e6;
    const mine = times.filter((y) => y >= since);
    if (mine.length === 0 || (fetched === undefined && mine.length < times.length)) continue;
    g.claim(host, 'controlled', mine[0]!, x.places.slice(0, 50), 'how.channel', 'likely');
    g.claim(host, 'controlled', mine.at(-1)!, [], 'how.channel', 'likely');
    for (const c of own)
      if (x.names.has(c.address)) {
        c.hosts.add(host);
        c.places.push(...x.places.slice(0, 20));
      }
    if (h !== null && fetched !== undefined) {
      h.downloaded.delete(host);
      h.executed.set(host, [...fetched, ...x.places.slice(0, 5)]);
    }
  }
}

/** Records that carry the number of a session of the intruder's: what was done in it, by their places (`e1|17`). */
function inSessions(w: World, g: Group): Set<string> {
  const out = new Set<string>();
  const ids = new Set<string>();
  for (const n of g.sessions.values()) {
    const l = w.logons.logon(n.row);
    if (l.id > 0x3e7) ids.add(`${l.host}|${l.id}`);
  }
  if (ids.size === 0) return out;
  for (const name of [
    'file_activity',
    'account_change',
    'service_activity',
    'scheduled_job_activity',
    'event_log_activity',
    'entity_management',
  ]) {
    const t = w.facts.table(name);
    const id = t.column('logon_id');
    for (let i = 0; i < t.rows; i++) {
      if (t.host[i]! < 0 || id[i] === -1 || !g.hosts.has(t.host[i]!)) continue;
      const n = w.facts.texts.number(id[i]!);
      if (!ids.has(`${t.host[i]!}|${n}`)) continue;
      const l = w.logons.session(t.host[i]!, n, t.t[i]!);
      if (l === null || !g.sessions.has(l.row)) continue;
      const p = t.place(i);
      out.add(`e${p.evidence}|${p.number}`);
    }
  }
  return out;
}

/** Whether a sensor that was stopped is why a log fell silent. */
function explains(stopped: { readonly t: number; readonly what: string }, silent: Silence): boolean {
  if (silent.from === null || Math.abs(stopped.t - silent.from) > 2 * 3600e6) return false;
  const [what, log] = [stopped.what.toLowerCase(), silent.source.toLowerCase()];
  return (
    what === 'eventlog' ||
    (what.includes('sysmon') && log.includes('sysmon')) ||
    (/defend|antivirus|sense/.test(what) && log.includes('defender')) ||
    (/audit/.test(what) && log.includes('audit')) ||
    (/syslog|journal/.test(what) && log.includes('syslog'))
  );
}

const unique = (list: readonly string[]): string[] => [...new Set(list)].sort();

function mailServer(w: World, requests: Requests, role: (h: number) => string): number {
  for (let h = 0; h < w.facts.hosts.names.length; h++) if (role(h) === 'mail_server' && requests.has(h)) return h;
  return -1;
}

/** The time between one and the next, in minutes: median and how far apart the middle half is, of its median. */
function rhythm(all: readonly number[], by: readonly number[]): { minutes: number; spread: number } | null {
  // Each host has its own: that of the one that was seen most.
  const hosts = new Map<number, number[]>();
  for (const [i, x] of all.entries()) {
    const list = hosts.get(by[i]!);
    if (list === undefined) hosts.set(by[i]!, [x]);
    else list.push(x);
  }
  const times = [...hosts.values()].reduce((a, b) => (b.length > a.length ? b : a), [] as number[]);
  if (times.length < 4) return null;
  const t = [...times].sort((a, b) => a - b);
  const gaps = t
    .slice(1)
    .map((x, i) => (x - t[i]!) / 60e6)
    .sort((a, b) => a - b);
  const at = (q: number): number => gaps[Math.floor(q * (gaps.length - 1))]!;
  return at(0.5) <= 0 ? null : { minutes: at(0.5), spread: (at(0.75) - at(0.25)) / at(0.5) };
}
