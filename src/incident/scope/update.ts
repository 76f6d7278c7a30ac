// An update function that hands out what is no release: the server's package was written by the intruder; clients fetch it by its
// name, and their updater starts what was in it. An honest release has the same shape, but comes from a hand that is not theirs.
import type { Place } from '../facts/table.js';
import type { Node, Suspicion } from '../graph/suspicion.js';
import { baseName, type World } from '../graph/world.js';
import type { Group } from './group.js';
import type { Requests } from './web.js';

/** Clients that must have fetched a file before it counts as handed out. */
const MIN_CLIENTS = 3;
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
}

export function hijack(w: World, g: Group, requests: Requests): HijackClaim | null {
  let best: HijackClaim | null = null;
  for (const f of [...g.files.values(), ...namedPackages(w, g, requests)]) {
    if (!PACKAGE.test(f.path) || !requests.has(f.host)) continue;
    const name = baseName(f.path);
    const fetched = new Map<number, { t: number; places: Place[] }>();
    for (const r of requests.on(f.host, f.t - 60e6, Number.POSITIVE_INFINITY, (path) => baseName(path) === name)) {
      if (r.status >= 400 || r.front) continue;
      const client = w.addresses.hostAt(r.ip, r.t);
      if (client < 0 || client === f.host) continue;
      const known = fetched.get(client);
      if (known === undefined) fetched.set(client, { t: r.t, places: [requests.place(r.row)] });
      else known.places.push(requests.place(r.row));
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
      if (!fetched.has(files.host[i]!)) fetched.set(files.host[i]!, { t: files.t[i]!, places: [files.place(i)] });
    }
    const updater = [...updaters].sort((a, b) => b[1] - a[1])[0]?.[0] ?? starter(w, g, f.host, fetched);
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
    const executed = new Map<number, Place[]>();
    const processes: number[] = [];
    const hashes = new Map<string, number>();
    if (main !== undefined)
      for (const r of main[1]) {
        const host = w.processes.host.at(r);
        if (executed.has(host)) continue;
        const sha = w.processes.sha256(w.processes.hash.at(r));
        // The first start after the fetch is of what was fetched.
        if (sha !== '') hashes.set(sha, (hashes.get(sha) ?? 0) + 1);
        executed.set(host, [...fetched.get(host)!.places, ...w.processes.places(r)]);
        processes.push(r);
      }
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
    };
    if (best === null || claim.executed.size + claim.downloaded.size > best.executed.size + best.downloaded.size)
      best = claim;
  }
  return best;
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
  for (const r of h.processes) s.process(r, origin, 'edge.update');
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
