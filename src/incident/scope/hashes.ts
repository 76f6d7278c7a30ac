// The hash of a program of the intruder's, where the record of its start has none: by what judged it, by what saw it carried over the
// network when a command fetched it, and along the copies that were made of it.
import { laidBy } from '../graph/laid.js';
import type { Place } from '../facts/table.js';
import type { World } from '../graph/world.js';
import type { Group } from './group.js';
import { ordered } from './ordered.js';

export interface Hashed {
  readonly sha256: string;
  readonly places: readonly Place[];
}

/** A download begins after its command and is over by then. */
const FETCHED_WITHIN = 180e6;

const fileName = (path: string): string =>
  path
    .replace(/[?#].*$/s, '')
    .replace(/^.*[\\/]/, '')
    .toLowerCase();

/** The last two parts of a path: a folder and a file. */
export const pathEnd = (path: string): string => path.toLowerCase().split(/[\\/]/).slice(-2).join('/');

/** SHA-256 of files, by host and path in lower case (`host|path`); of scripts that a server gives out, by `host|` and `pathEnd` too. */
export function hashesOf(
  w: World,
  g: Group,
  scripts: readonly { readonly host: number; readonly path: string }[] = [],
): ReadonlyMap<string, Hashed> {
  const out = new Map<string, Hashed>();
  const p = w.processes;
  for (const r of g.processes) {
    const sha = p.sha256(p.hash.at(r));
    if (sha !== '') out.set(`${p.host.at(r)}|${p.imageText(r)}`, { sha256: sha, places: [] });
  }
  const f = w.facts.table('file_activity');
  const [hash, path, what, sender, receiver] = ['hash', 'path', 'activity', 'src_ip', 'origin'].map((c) =>
    f.column(c),
  ) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  const carried = w.facts.texts.asker((t) => t === 'transferred');
  const wanted = new Set<string>();
  for (const r of g.processes) wanted.add(`${p.host.at(r)}|${p.imageText(r)}`);
  for (const key of g.files.keys()) wanted.add(key);
  const served = new Set(scripts.map((x) => `${x.host}|${pathEnd(x.path)}`));
  const ends = w.facts.texts.asker(pathEnd);
  const transfers: number[] = [];
  const local = w.facts.texts.asker((t) =>
    t
      .toLowerCase()
      .replace(/^%osdrive%/, 'c:')
      .replace(/^\\device\\harddiskvolume\d+/, 'c:')
      .replace(/^%(?:system32|windir)%/, (x) => (x === '%system32%' ? 'c:\\windows\\system32' : 'c:\\windows')),
  );
  for (let i = 0; i < f.rows; i++) {
    if (hash[i]! < 0) continue;
    if (carried(what[i]!)) {
      transfers.push(i);
      continue;
    }
    const key = `${f.host[i]!}|${local(path[i]!)}`;
    const sha = p.sha256(hash[i]!);
    if (sha === '') continue;
    if (wanted.has(key) && !out.has(key)) out.set(key, { sha256: sha, places: [f.place(i)] });
    const end = `${f.host[i]!}|${ends(path[i]!)}`;
    if (served.has(end) && !out.has(end)) out.set(end, { sha256: sha, places: [f.place(i)] });
  }
  // In the order of time: what was fetched is copied later.
  for (const o of ordered(w, g))
    for (const x of laidBy(o.text)) {
      const host = x.host === '' ? o.host : w.facts.hosts.known(x.host);
      const key = `${host}|${x.path.toLowerCase()}`;
      if (out.has(key)) continue;
      if (x.from !== '') {
        const source = out.get(`${o.host}|${x.from.toLowerCase()}`);
        if (source !== undefined) out.set(key, { sha256: source.sha256, places: [...source.places, ...o.places] });
        continue;
      }
      if (x.url === '') continue;
      const near = transfers.filter(
        (i) =>
          f.t[i]! >= o.t - 10e6 &&
          f.t[i]! - o.t <= FETCHED_WITHIN &&
          w
            .text(receiver[i]!)
            .split(/[\s,]+/)
            .some((ip) => w.addresses.hostAt(ip, f.t[i]!) === o.host),
      );
      const named = near.filter((i) => fileName(w.text(path[i]!)) === fileName(x.url) && fileName(x.url) !== '');
      const server = /^[a-z]+:\/\/(?:[^/@]*@)?([^/:]+)/i.exec(x.url)?.[1] ?? '';
      const sent = near.filter((i) =>
        w
          .text(sender[i]!)
          .split(/[\s,]+/)
          .includes(server),
      );
      const list = named.length > 0 ? named : sent.length > 0 ? sent : near;
      const hashes = new Set(list.map((i) => p.sha256(hash[i]!)).filter((s) => s !== ''));
      // Two at that moment, and nothing that tells them apart: it is not known.
      if (hashes.size === 1)
        out.set(key, { sha256: [...hashes][0]!, places: [...o.places, ...list.slice(0, 3).map((i) => f.place(i))] });
    }
  return out;
}
