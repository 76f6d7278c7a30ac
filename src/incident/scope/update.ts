// An update function that hands out what is no release: the server's package was written by the intruder; clients fetch it by its
// name, and their updater starts what was in it. An honest release has the same shape, but comes from a hand that is not theirs.
import type { Place } from '../facts/table.js';
import type { Node, Suspicion } from '../graph/suspicion.js';
import { baseName, type World } from '../graph/world.js';
import type { Group } from './group.js';
import type { Requests } from './requests.js';

/** Clients that must have fetched a file before it counts as handed out. */
const MIN_CLIENTS = 3;
/** Two records of one client's request for one file, no further apart, are of one request. */
const ONE_FETCH = 15 * 60e6;
/** What an updater starts of a package, it starts within this. */
const STARTS_WITHIN = 2 * 3600e6;
const PACKAGE = /\.(?:pkg|msi|exe|zip|cab|nupkg|msix|appx|dll|bin|dat|jar|deb|rpm|7z|gz|tar|upd|update|patch|img)$/i;

export interface HijackClaim {
  readonly server: number;
  readonly product: string | null;
  readonly package: string;
  readonly sha256: string | null;
  readonly t: number;
  readonly by: string | null;
  readonly executed: Map<number, Place[]>;
  /** Image of the program that fetched it on clients. */
  readonly updater: number;
  readonly downloaded: Map<number, Place[]>;
  readonly places: Place[];
  /** Processes that ran it. */
  readonly processes: number[];
  /** Commands of services and tasks that it made, as `bare` writes them. */
  readonly made: ReadonlySet<string>;
  /** Starts of an honest package of the same name. */
  readonly honest: number[];
}

interface Fetch {
  readonly t: number;
  readonly place: Place;
  /** Bytes of the answer; -1 where it is not told. */
  readonly size: number;
}

/** Last parts of two paths that are the same. */
function commonTail(a: string, b: string): number {
  const [x, y] = [a, b].map((t) => t.toLowerCase().split(/[\\/]/).reverse()) as [string[], string[]];
  let n = 0;
  while (n < x.length && n < y.length && x[n] === y[n]) n++;
  return n;
}

/** Writes of one file that are one, no further apart. */
const ONE_WRITE = 120e6;

/**
 * One name may stand for several packages one after another: the honest one before, what was put in its place, the honest one again. They
 * are told apart by the size of the answer, by when the file was written anew, and by the hash of what clients started.
 */
class Versions {
  readonly #w: World;
  readonly #host: number;
  readonly #fetches: ReadonlyMap<number, readonly Fetch[]>;
  readonly #writes: readonly number[];
  readonly #bad = new Set<string>();
  readonly #honest = new Set<string>();

  constructor(
    w: World,
    f: { readonly host: number; readonly path: string; readonly t: number },
    fetches: ReadonlyMap<number, readonly Fetch[]>,
    starts: readonly number[],
  ) {
    this.#w = w;
    this.#host = f.host;
    this.#fetches = fetches;
    for (const list of fetches.values()) (list as Fetch[]).sort((a, b) => a.t - b.t);
    const files = w.facts.table('file_activity');
    const [path, what] = [files.column('path'), files.column('activity')];
    const same = w.facts.texts.asker((t) => t.toLowerCase() === f.path);
    const writes: number[] = [];
    for (let i = files.from(f.t - 1); i < files.rows; i++)
      if (files.host[i] === f.host && same(path[i]!) && /^(?:create|write)$/.test(w.text(what[i]!)))
        if (writes.length === 0 || files.t[i]! - writes.at(-1)! > ONE_WRITE) writes.push(files.t[i]!);
    this.#writes = writes;
    // What ran under that name before it was touched.
    for (const image of new Set(starts.map((r) => w.processes.image.at(r))))
      for (const r of w.withImage(image)) {
        const sha = w.processes.sha256(w.processes.hash.at(r));
        if (sha !== '' && w.processes.start.at(r) < w.carried(f.t, f.host, w.processes.host.at(r)) - 60e6)
          this.#honest.add(sha);
      }
    const classes = new Map<string, { first: number; hashes: Map<string, number>; started: number[] }>();
    for (const list of fetches.values())
      for (const x of list) {
        const key = this.#key(x);
        const c = classes.get(key);
        if (c === undefined) classes.set(key, { first: x.t, hashes: new Map(), started: [] });
        else c.first = Math.min(c.first, x.t);
      }
    for (const r of starts) {
      const x = this.#last(r);
      if (x === null) continue;
      const c = classes.get(this.#key(x))!;
      c.started.push(r);
      const sha = w.processes.sha256(w.processes.hash.at(r));
      if (sha !== '') c.hashes.set(sha, (c.hashes.get(sha) ?? 0) + 1);
    }
    const most = (m: ReadonlyMap<string, number>): string => [...m].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
    const order = [...classes].sort((a, b) => a[1].first - b[1].first);
    const left = (list: readonly number[]): Set<number> =>
      new Set(
        list
          .flatMap((r) => w.processes.children(r).map((c) => w.processes.image.at(c)))
          .filter((i) => !w.systemPath(w.text(i)) && !w.shellPath(w.text(i))),
      );
    let theirs: { hash: string; left: Set<number> } | null = null;
    for (const [key, c] of order) {
      const hash = most(c.hashes);
      if (hash !== '' && this.#honest.has(hash)) continue;
      if (theirs === null) {
        theirs = { hash, left: left(c.started) };
        this.#bad.add(key);
        continue;
      }
      // The same again in other words, or another that leaves the same behind.
      if ((hash !== '' && hash === theirs.hash) || [...left(c.started)].some((i) => theirs!.left.has(i)))
        this.#bad.add(key);
      else if (hash === '' && c.started.length === 0 && classes.size === 1) this.#bad.add(key);
      else if (hash !== '' && hash !== theirs.hash) this.#honest.add(hash);
    }
  }

  #key(x: Fetch): string {
    if (x.size >= 0) return `size ${x.size}`;
    let k = 0;
    while (k < this.#writes.length && this.#writes[k]! <= x.t) k++;
    return `write ${k}`;
  }

  /** The last fetch before a start. */
  #last(r: number): Fetch | null {
    const p = this.#w.processes;
    const host = p.host.at(r);
    const t = this.#w.carried(p.start.at(r), host, this.#host);
    return (this.#fetches.get(host) ?? []).findLast((x) => x.t <= t + 30e6) ?? null;
  }

  /** Whether a start was of what was tampered with. */
  hijacked(r: number): boolean {
    const sha = this.#w.processes.sha256(this.#w.processes.hash.at(r));
    if (sha !== '' && this.#honest.has(sha)) return false;
    const x = this.#last(r);
    return x !== null && this.#bad.has(this.#key(x));
  }

  /** Whether a host ever fetched it. */
  got(host: number): boolean {
    return (this.#fetches.get(host) ?? []).some((x) => this.#bad.has(this.#key(x)));
  }
}

export function hijack(w: World, g: Group, requests: Requests): HijackClaim | null {
  let best: HijackClaim | null = null;
  let bestAlike = 0;
  for (const f of [...g.files.values(), ...namedPackages(w, g, requests)]) {
    if (!PACKAGE.test(f.path) || !requests.has(f.host)) continue;
    const name = baseName(f.path);
    const fetches = new Map<number, Fetch[]>();
    const fetched = new Map<number, { t: number; places: Place[] }>();
    const add = (client: number, x: Fetch): void => {
      const list = fetches.get(client);
      if (list === undefined) fetches.set(client, [x]);
      else list.push(x);
      const known = fetched.get(client);
      if (known === undefined) fetched.set(client, { t: x.t, places: [x.place] });
      else known.places.push(x.place);
    };
    let alike = 0;
    const asked = requests.on(f.host, f.t - 60e6, Number.POSITIVE_INFINITY, (path) => baseName(path) === name);
    // What the server and a sensor both wrote down is one fetch, and they do not count bytes alike: the server's log, where it has it. Of days
    // that are gone from it the sensor tells.
    const written = w.facts.texts.asker((t) => t === 'webserver');
    const own = new Map<string, number[]>();
    for (const r of asked) {
      if (!written(requests.table.source[r.row]!)) continue;
      const times = own.get(r.ip);
      if (times === undefined) own.set(r.ip, [r.t]);
      else times.push(r.t);
    }
    for (const r of asked) {
      if (!written(requests.table.source[r.row]!) && (own.get(r.ip) ?? []).some((t) => Math.abs(t - r.t) < ONE_FETCH))
        continue;
      if (r.status >= 400 || r.front || r.method === 'HEAD') continue;
      const client = w.addresses.hostAt(r.ip, r.t);
      if (client < 0 || client === f.host) continue;
      alike = Math.max(alike, commonTail(r.path, f.path));
      add(client, { t: r.t, place: requests.place(r.row), size: r.status === 200 && r.bytes > 0 ? r.bytes : -1 });
    }
    if (fetched.size < MIN_CLIENTS) continue;
    // What clients' updaters wrote under that name, and what they started after it.
    const files = w.facts.table('file_activity');
    const path = files.column('path');
    const is = w.facts.texts.asker((t) => baseName(t).toLowerCase() === name);
    const updaters = new Map<number, number>();
    const cached = new Map<number, { t: number; process: number; place: Place }>();
    for (let i = files.from(f.t - 60e6); i < files.rows; i++) {
      if (!is(path[i]!) || files.host[i] === f.host || w.text(files.column('activity')[i]!) !== 'create') continue;
      const p = w.processAt(files.host[i]!, files.column('process_guid')[i]!, files.column('pid')[i]!, files.t[i]!);
      if (p < 0) continue;
      const image = w.processes.image.at(p);
      updaters.set(image, (updaters.get(image) ?? 0) + 1);
      if (!cached.has(files.host[i]!))
        cached.set(files.host[i]!, { t: files.t[i]!, process: p, place: files.place(i) });
      if (!fetched.has(files.host[i]!)) add(files.host[i]!, { t: files.t[i]!, place: files.place(i), size: -1 });
    }
    const updater =
      [...updaters].sort((a, b) => b[1] - a[1])[0]?.[0] ??
      runner(w, g, f.host, name, fetched) ??
      starter(w, g, f.host, fetched);
    if (updater === null) continue;
    // By the program and, where it is known, its hash: what most of the clients started.
    const started = new Map<string, number[]>();
    for (const [host, at] of fetched) {
      const t = w.carried(at.t, f.host, host);
      for (const r of g.suspicion.remote.startsBetween(host, t - 30e6, t + STARTS_WITHIN)) {
        const parent = w.processes.parent.at(r);
        if (parent < 0 || w.processes.image.at(parent) !== updater) continue;
        const key = w.processes.imageText(r);
        const list = started.get(key) ?? [];
        started.set(key, list);
        list.push(r);
      }
    }
    const spread = (list: readonly number[]): number => new Set(list.map((r) => w.processes.host.at(r))).size;
    const main = [...started].sort(
      (a, b) => spread(b[1]) - spread(a[1]) || (w.systemPath(b[0]) ? 1 : 0) - (w.systemPath(a[0]) ? 1 : 0),
    )[0];
    const versions = new Versions(w, f, fetches, main?.[1] ?? []);
    const executed = new Map<number, Place[]>();
    const processes: number[] = [];
    const hashes = new Map<string, number>();
    if (main !== undefined)
      for (const r of main[1]) {
        const host = w.processes.host.at(r);
        if (executed.has(host) || !versions.hijacked(r)) continue;
        const sha = w.processes.sha256(w.processes.hash.at(r));
        // The first start after the fetch is of what was fetched.
        if (sha !== '') hashes.set(sha, (hashes.get(sha) ?? 0) + 1);
        executed.set(host, [...fetched.get(host)!.places, ...w.processes.places(r)]);
        processes.push(r);
      }
    // Who never got what was tampered with.
    for (const host of fetched.keys()) if (!executed.has(host) && !versions.got(host)) fetched.delete(host);
    if (new Set([...executed.keys(), ...fetched.keys()]).size < MIN_CLIENTS) continue;
    // Where its own start is lost: what it left behind on other clients runs on this one, and did not before.
    const left = new Map<number, Set<number>>();
    for (const [key, list] of started)
      if (!w.systemPath(key) && !w.shellPath(key))
        left.set(w.processes.image.at(list[0]!), new Set(list.map((r) => w.processes.host.at(r))));
    for (const r of processes) {
      const images = w.processes.children(r).map((c) => w.processes.image.at(c));
      for (const i of w.files(r)) images.push(w.facts.texts.find(w.text(path[i]!).toLowerCase()));
      for (const image of images) {
        if (image < 0 || w.systemPath(w.text(image)) || w.shellPath(w.text(image))) continue;
        left.set(image, (left.get(image) ?? new Set()).add(w.processes.host.at(r)));
      }
    }
    for (const [image, on] of left) {
      if (on.size < MIN_CLIENTS) continue;
      for (const r of w.withImage(image)) {
        const host = w.processes.host.at(r);
        const at = fetched.get(host);
        if (at === undefined || executed.has(host)) continue;
        if (main !== undefined && image === w.processes.image.at(main[1][0]!) && !versions.hijacked(r)) continue;
        const start = w.processes.start.at(r);
        const first = w.processes.children(r)[0];
        const t = Number.isFinite(start) ? start : first === undefined ? Number.NaN : w.processes.start.at(first);
        if (!(t >= w.carried(at.t, f.host, host) - 30e6)) continue;
        if (
          w
            .withImage(image)
            .some(
              (o) =>
                w.processes.host.at(o) === host &&
                w.processes.start.at(o) < w.carried(at.t, f.host, host) - 60e6 &&
                Number.isFinite(w.processes.start.at(o)),
            )
        )
          continue;
        const places = w.processes.places(r).length > 0 ? w.processes.places(r) : w.processes.places(first!);
        executed.set(host, [...at.places, ...places]);
      }
    }
    // What it made to start again: on the clients that ran it, and on none before. Where no log tells what runs, that tells.
    const made = madeBy(w, g, f, processes);
    for (const x of [...g.suspicion.services, ...g.suspicion.tasks]) {
      const at = fetched.get(x.host);
      if (at === undefined || executed.has(x.host) || !made.has(bare(x.command))) continue;
      if (x.t < w.carried(at.t, f.host, x.host) - 30e6) continue;
      const table = w.facts.table(g.suspicion.services.includes(x) ? 'service_activity' : 'scheduled_job_activity');
      executed.set(x.host, [...at.places, table.place(x.row)]);
    }
    const sha = [...hashes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
    const by = f.from?.kind === 'process' ? w.processes.userText(f.from.row) : '';
    const claim: HijackClaim = {
      server: f.host,
      product: main === undefined ? null : baseName(main[0]),
      package: name,
      sha256: sha,
      t: f.t,
      by: by === '' ? null : by,
      executed,
      updater,
      downloaded: new Map([...fetched].filter(([h]) => !executed.has(h)).map(([h, x]) => [h, x.places])),
      places: [...f.places],
      processes,
      made,
      honest:
        main === undefined || w.systemPath(main[0]) || w.shellPath(main[0])
          ? []
          : w
              .withImage(w.processes.image.at(main[1][0]!))
              .filter((r) => !versions.hijacked(r) && Number.isFinite(w.processes.start.at(r))),
    };
    const size = claim.executed.size + claim.downloaded.size;
    const before = best === null ? -1 : best.executed.size + best.downloaded.size;
    // Of files of one name, the one that lies where it is asked for.
    if (size > before || (size === before && alike > bestAlike)) {
      best = claim;
      bestAlike = alike;
    }
  }
  return best;
}

/** A command as it is compared. */
const bare = (command: string): string => command.trim().toLowerCase();
/** What a package makes it makes within this of its start. */
const MADE_WITHIN = 15 * 60e6;

/** Commands of services and tasks that were made right after a hijacked package ran, on several clients, and on no host before it was tampered with. */
function madeBy(
  w: World,
  g: Group,
  f: { readonly host: number; readonly t: number },
  processes: readonly number[],
): ReadonlySet<string> {
  const ran = new Map(processes.map((r) => [w.processes.host.at(r), w.processes.start.at(r)]));
  const before = new Set<string>();
  const after = new Map<string, Set<number>>();
  for (const x of [...g.suspicion.services, ...g.suspicion.tasks]) {
    const command = bare(x.command);
    if (command === '') continue;
    if (x.t < w.carried(f.t, f.host, x.host)) before.add(command);
    const start = ran.get(x.host);
    if (start === undefined || x.t < start - 5e6 || x.t - start > MADE_WITHIN) continue;
    after.set(command, (after.get(command) ?? new Set()).add(x.host));
  }
  return new Set([...after].filter(([c, hosts]) => hosts.size >= MIN_CLIENTS && !before.has(c)).map(([c]) => c));
}

/** Where no sensor saw the file: packages that the intruder's command lines on a server name. */
function namedPackages(
  w: World,
  g: Group,
  requests: Requests,
): { host: number; path: string; t: number; places: readonly Place[]; from: Node | null }[] {
  const out = [];
  for (const r of g.processes) {
    const host = w.processes.host.at(r);
    const t = w.processes.start.at(r);
    if (!requests.has(host) || !Number.isFinite(t)) continue;
    const words = w.processes.commandText(r).match(/"[^"]+"|\S+/g) ?? [];
    for (const word of words) {
      const path = word.replaceAll('"', '').toLowerCase();
      if (!/[\\/]/.test(path) || !PACKAGE.test(path) || g.files.has(`${host}|${path}`)) continue;
      const from = g.nodes.find((n) => n.kind === 'process' && n.row === r) ?? null;
      out.push({ host, path, t, places: w.processes.places(r), from });
    }
  }
  return out;
}

/** The program that started the package under its own name on most of the clients that did; null if none did. */
function runner(
  w: World,
  g: Group,
  server: number,
  name: string,
  fetched: ReadonlyMap<number, { readonly t: number }>,
): number | null {
  const parents = new Map<number, Set<number>>();
  for (const [host, at] of fetched) {
    const t = w.carried(at.t, server, host);
    for (const r of g.suspicion.remote.startsBetween(host, t - 30e6, t + STARTS_WITHIN)) {
      const parent = w.processes.parent.at(r);
      if (parent < 0 || baseName(w.processes.imageText(r)) !== name) continue;
      const image = w.processes.image.at(parent);
      parents.set(image, (parents.get(image) ?? new Set()).add(host));
    }
  }
  const best = [...parents].sort((a, b) => b[1].size - a[1].size || a[0] - b[0])[0];
  return best !== undefined && best[1].size >= MIN_CLIENTS ? best[0] : null;
}

/** Most of the clients that fetched must have started something by one program. */
const MOST = 0.5;
/** So soon after the fetch that it is because of it. */
const SOON = 15 * 60e6;

/** The program that most clients have in common as the parent of what started soon after they fetched; null if there is none. */
function starter(
  w: World,
  g: Group,
  server: number,
  fetched: ReadonlyMap<number, { readonly t: number }>,
): number | null {
  const hosts = new Map<number, Set<number>>();
  const elsewhere = new Map<number, number>();
  for (const [host, at] of fetched) {
    const t = w.carried(at.t, server, host);
    for (const r of g.suspicion.remote.startsBetween(host, t - 30e6, t + SOON)) {
      const parent = w.processes.parent.at(r);
      if (parent < 0 || w.hub(parent) || w.shell(parent)) continue;
      const image = w.processes.image.at(parent);
      hosts.set(image, (hosts.get(image) ?? new Set()).add(host));
    }
    // What it starts on any other day says how little the start has to do with the fetch.
    for (const r of g.suspicion.remote.startsBetween(host, t - 86_400e6 - SOON, t - 86_400e6)) {
      const parent = w.processes.parent.at(r);
      if (parent >= 0)
        elsewhere.set(w.processes.image.at(parent), (elsewhere.get(w.processes.image.at(parent)) ?? 0) + 1);
    }
  }
  const best = [...hosts]
    .map(([image, set]) => ({ image, n: set.size - (elsewhere.get(image) ?? 0) }))
    .sort((a, b) => b.n - a.n || a.image - b.image)[0];
  return best !== undefined && best.n >= Math.max(MIN_CLIENTS, fetched.size * MOST) ? best.image : null;
}

/** What ran a hijacked package is the intruder's on every client. */
export function follow(s: Suspicion, g: Group, h: HijackClaim): number {
  const before = s.nodes.size;
  const origin = [...g.files.values()].find((n) => n.host === h.server && baseName(n.path) === h.package) ?? null;
  s.decline(h.honest.filter((r) => !s.nodes.has(`p${r}`)));
  for (const r of h.processes) s.process(r, origin, 'edge.update');
  s.drain();
  const first = new Map(h.processes.map((r) => [s.world.processes.host.at(r), s.nodes.get(`p${r}`)]));
  for (const kind of ['service', 'task'] as const)
    for (const x of kind === 'service' ? s.services : s.tasks) {
      if (!h.executed.has(x.host) || !h.made.has(bare(x.command))) continue;
      const from = first.get(x.host) ?? origin;
      if (from !== null) s.installedAt(kind, x.row, from, 'edge.update', []);
    }
  s.drain();
  // What the updater started since on the hosts that ran it, and never on any host before.
  const w = s.world;
  const p = w.processes;
  const usual = new Set<number>();
  const since: number[] = [];
  const ran = new Map(h.processes.map((r) => [p.host.at(r), r]));
  for (let r = 0; r < p.rows; r++) {
    const parent = p.parent.at(r);
    if (parent < 0 || p.image.at(parent) !== h.updater) continue;
    if (p.start.at(r) < w.carried(h.t, h.server, p.host.at(r))) usual.add(p.image.at(r));
    else if (ran.has(p.host.at(r)) && p.start.at(r) >= p.start.at(ran.get(p.host.at(r))!)) since.push(r);
  }
  for (const r of since) {
    const first = ran.get(p.host.at(r))!;
    if (
      usual.has(p.image.at(r)) ||
      p.image.at(r) === p.image.at(first) ||
      p.start.at(r) - p.start.at(first) > STARTS_WITHIN
    )
      continue;
    s.process(r, s.nodes.get(`p${first}`) ?? origin, 'edge.after-update', 'likely');
  }
  s.drain();
  return s.nodes.size - before;
}
