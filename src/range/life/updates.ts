// The enterprise's own distribution of software.
import { type Acts } from '../acts/acts.js';
import type { Random } from '../random.js';
import type { Process } from '../simulation.js';
import { type Host } from '../world.js';
import { DAY, dayOf, HOUR, isWorkday, type LifeOptions, S } from './common.js';

/** The enterprise's own distribution: a release now and then, fetched and run by the updater of every client. */
export interface Release {
  readonly version: string;
  readonly sha256: string;
  readonly package: string;
}

export function* updates(acts: Acts, o: LifeOptions): Process {
  const { world } = acts;
  const r = world.random('updates');
  if (world.byRole('update_server').length === 0 && world.byRole('document_server').length === 0) return;
  let n = 1;
  for (;;) {
    const t = acts.now + (9 + r.below(16)) * DAY;
    if (t >= o.end) return;
    const work = dayOf(t) + (9 + r.next() * 4) * HOUR;
    yield work;
    if (!isWorkday(acts.now)) continue;
    rollOut(
      acts,
      world.byRole('update_server')[0] ?? world.byRole('document_server')[0]!,
      `${3 + Math.floor(n / 4)}.${n % 4}.${r.below(900)}`,
      r,
      o,
      0.97,
    );
    n++;
  }
}

/** A release goes to every client, over a day or two, as each of them asks for it. */
export function rollOut(
  acts: Acts,
  server: Host,
  version: string,
  r: Random,
  o: { end: number },
  runs: number,
  hash?: string,
): Release {
  const { world } = acts;
  const product = world.vendors[5]!;
  const release: Release = {
    version,
    sha256: hash ?? acts.hash(product.folder + product.exe, version),
    package: `${product.exe.replace('.exe', '')}-${version}.pkg`,
  };
  const begin = acts.now;
  for (const h of world.workstations) {
    const own = world.random(`update ${h.name} ${version}`);
    const at = begin + own.next() * 30 * HOUR;
    if (at >= o.end) continue;
    acts.sim.start(fetchRelease(acts, h, server, release, own.chance(runs)), at);
  }
  void r;
  return release;
}

export function* fetchRelease(acts: Acts, host: Host, server: Host, release: Release, runs: boolean): Process {
  const product = acts.world.vendors[5]!;
  yield acts.now;
  const t = acts.now;
  const updater = acts.standing(
    host,
    `${product.folder}update\\updater.exe`,
    `"${product.folder}update\\updater.exe" -service`,
  );
  acts.web(t, server, host, {
    method: 'GET',
    path: '/updates/manifest.json',
    query: `v=${release.version}`,
    agent: `${product.vendor} Updater/2.1`,
    status: 200,
    in: 1400,
  });
  acts.web(t + 2 * S, server, host, {
    method: 'GET',
    path: `/updates/${release.package}`,
    agent: `${product.vendor} Updater/2.1`,
    status: 200,
    in: 4_200_000,
  });
  acts.connect(
    t + 2 * S,
    host,
    server,
    443,
    { bytesOut: 3000, bytesIn: 4_200_000, seconds: 4, service: 'ssl' },
    { proc: updater },
  );
  acts.file(t + 6 * S, updater, `${product.folder}update\\cache\\${release.package}`);
  if (!runs) return;
  acts.file(t + 8 * S, updater, product.folder + product.exe);
  acts.start(
    t + 10 * S,
    updater,
    product.folder + product.exe,
    `"${product.folder}${product.exe}" /upgrade ${release.version}`,
    { sha256: release.sha256, ends: 90 },
  );
}
