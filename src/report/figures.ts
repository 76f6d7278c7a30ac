// Figures as SVG: drawn from the same lists as the tables beside them. Shapes and numbers tell what colours tell.
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';
import type { Coverage, Incident } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { html } from './escape.js';
import { countryName } from './model-sessions.js';

const require = createRequire(import.meta.url);

type Words = Messages['text']['model'];

const f1 = (n: number): string => (Math.round(n * 10) / 10).toString();
const label = (name: string): string => (/^[\d.:]+$/.test(name) ? name : name.split('.')[0]!);
const svg = (width: number, height: number, alt: string, body: string, cls = ''): string =>
  `<svg class="figure ${cls}" viewBox="0 0 ${f1(width)} ${f1(height)}" role="img" aria-label="${html(alt)}" data-w="${f1(width)}" data-h="${f1(height)}">${body}</svg>`;

// The attack graph

interface Placed {
  readonly name: string;
  readonly role: string;
  readonly status: string;
  readonly first: string | null;
  readonly depth: number;
  x: number;
  y: number;
}

const COLUMN = 190;
const ROW = 30;
/** Hosts of one step that stand below one another before a second column begins. */
const TALL = 26;
/** Hosts that only the update reached are one bundle from here on. */
const BUNDLE = 12;

export function graph(i: Incident, alt: string, w: Words): string {
  const hosts = new Map(i.hosts.filter((h) => h.status !== 'attempted').map((h) => [h.name, h]));
  const edges = i.lateral_movement.filter((m) => hosts.has(m.from) && hosts.has(m.to));
  const linked = new Set(edges.flatMap((e) => [e.from, e.to]));
  const ran = new Set(i.update_hijack?.hosts_executed ?? []);
  const bundle = [...hosts.keys()].filter((h) => ran.has(h) && !linked.has(h));
  if (bundle.length > BUNDLE) for (const h of bundle) hosts.delete(h);
  // Steps from the way in; what no movement leads to begins by itself.
  const depth = new Map<string, number>();
  const queue: string[] = [];
  const begin = (h: string, at: number): void => {
    if (!depth.has(h) && hosts.has(h)) {
      depth.set(h, at);
      queue.push(h);
    }
  };
  if (i.entry !== null && i.entry.host !== null) begin(i.entry.host, 0);
  const spread = (): void => {
    while (queue.length > 0) {
      const h = queue.shift()!;
      for (const e of edges) if (e.from === h) begin(e.to, depth.get(h)! + 1);
    }
  };
  spread();
  for (const h of [...hosts.values()].sort((a, b) => ((a.first ?? '') < (b.first ?? '') ? -1 : 1))) {
    begin(h.name, i.entry === null || depth.size === 0 ? 0 : 1);
    spread();
  }
  const columns = new Map<number, Placed[]>();
  for (const [name, at] of depth) {
    const h = hosts.get(name)!;
    const list = columns.get(at) ?? [];
    columns.set(at, list);
    list.push({ name, role: h.role, status: h.status, first: h.first, depth: at, x: 0, y: 0 });
  }
  const placed = new Map<string, Placed>();
  let x = 110;
  let height = 120;
  const left = i.entry !== null && (i.sessions.length > 0 || i.entry.source_ip !== null);
  if (left) x += 110;
  for (const at of [...columns.keys()].sort((a, b) => a - b)) {
    const list = columns.get(at)!.sort((a, b) => ((a.first ?? '') < (b.first ?? '') ? -1 : a.name < b.name ? -1 : 1));
    list.forEach((p, n) => {
      p.x = x + Math.floor(n / TALL) * COLUMN * 0.8;
      p.y = 40 + (n % TALL) * ROW;
      placed.set(p.name, p);
    });
    height = Math.max(height, 60 + Math.min(list.length, TALL) * ROW);
    x += Math.ceil(list.length / TALL) * COLUMN * 0.8 + COLUMN * 0.35;
  }
  // A column of few stands in the middle.
  for (const list of columns.values())
    if (list.length <= TALL) {
      const shift = (height - 60 - list.length * ROW) / 2;
      for (const p of list) p.y += Math.max(0, shift);
    }
  const width = Math.max(640, x + 40);
  const parts: string[] = [
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="edge-head" d="M0 0L8 4L0 8z"/></marker></defs>',
  ];
  // One line for all movements between two hosts; numbers that end at one place stand beside one another.
  const ways = new Map<string, { e: (typeof edges)[number]; all: number[] }>();
  for (const [n, e] of edges.entries()) {
    const way = ways.get(`${e.from}|${e.to}`);
    if (way === undefined) ways.set(`${e.from}|${e.to}`, { e, all: [n] });
    else way.all.push(n);
  }
  const ends = new Map<string, number>();
  for (const { e, all } of ways.values()) {
    const a = placed.get(e.from)!;
    const b = placed.get(e.to)!;
    const back = b.x <= a.x;
    const bend = back ? -50 - Math.abs(b.y - a.y) * 0.15 : 0;
    // From behind the name: a line through it makes neither readable.
    const named = 17 + label(a.name).slice(0, 20).length * (a.name === i.entry?.host ? 7 : 6.4);
    const [x1, x2] = [a.x + (back ? 0 : Math.min(named, Math.max(9, b.x - a.x - 30))), b.x - (back ? 0 : 10)];
    const mid = (x1 + x2) / 2 + bend;
    const path = back
      ? `M${f1(x1 - 9)} ${f1(a.y)}C${f1(mid)} ${f1(a.y)} ${f1(mid)} ${f1(b.y)} ${f1(x2 - 10)} ${f1(b.y)}`
      : `M${f1(x1)} ${f1(a.y)}C${f1(mid)} ${f1(a.y)} ${f1(mid)} ${f1(b.y)} ${f1(x2)} ${f1(b.y)}`;
    const title = all
      .slice(0, 20)
      .map((n) => {
        const m = edges[n]!;
        return `${n + 1}. ${label(m.from)} → ${label(m.to)}, ${m.method.replaceAll('_', ' ')}${m.account === null ? '' : `, ${m.account}`}, ${(m.time ?? '').slice(0, 16).replace('T', ' ')}`;
      })
      .join('\n');
    const number = all.length <= 3 ? all.map((n) => n + 1).join(', ') : `${all[0]! + 1} … ${all.at(-1)! + 1}`;
    const before = ends.get(e.to) ?? 0;
    ends.set(e.to, before + number.length * 6.2 + 6);
    const unsure = all.every((n) => edges[n]!.confidence !== 'high');
    const find = [...new Set(all.flatMap((n) => [e.from, e.to, edges[n]!.account ?? '']))].join(' ').toLowerCase();
    parts.push(
      `<g class="edge${unsure ? ' unsure' : ''}" data-find="${html(find)}"><path d="${path}" marker-end="url(#arrow)"/><title>${html(title)}</title>${ways.size <= 80 ? `<text class="order" text-anchor="end" x="${f1(x2 - 10 - before)}" y="${f1(b.y - 4)}">${number}</text>` : ''}</g>`,
    );
  }
  if (left) {
    const target = placed.get(i.entry!.host ?? '');
    if (target !== undefined)
      parts.push(
        `<g class="outside"><path class="way" d="M100 ${f1(target.y)}H${f1(target.x - 12)}" marker-end="url(#arrow)"/><rect x="20" y="${f1(target.y - 15)}" width="80" height="30" rx="15"/><text x="60" y="${f1(target.y + 4)}" text-anchor="middle">${html(w.outside)}</text><title>${html(i.entry!.source_ip ?? w.outside)}</title></g>`,
      );
  }
  for (const p of placed.values()) parts.push(node(p, p.name === i.entry?.host));
  if (bundle.length > BUNDLE && i.update_hijack !== null) {
    const from = placed.get(i.update_hijack.server);
    const [bx, by] = [Math.max(from === undefined ? 200 : from.x + 150, width - 190), height + 30];
    if (from !== undefined)
      parts.push(
        `<path class="way" d="M${f1(from.x)} ${f1(from.y + 9)}C${f1(from.x)} ${f1(by)} ${f1(bx - 90)} ${f1(by)} ${f1(bx - 62)} ${f1(by)}" marker-end="url(#arrow)"/>`,
      );
    parts.push(
      `<g class="bundle"><rect x="${f1(bx - 60)}" y="${f1(by - 20)}" width="200" height="40" rx="8"/><text x="${f1(bx + 40)}" y="${f1(by + 5)}" text-anchor="middle">${html(w.hijacked(bundle.length))}</text></g>`,
    );
    height = by + 30;
  }
  return svg(width, height + 20, alt, parts.join(''), 'graph');
}

function node(p: Placed, patientZero: boolean): string {
  const { x, y } = p;
  const cls = `node ${p.status}${patientZero ? ' zero' : ''}`;
  const shape =
    p.role === 'domain_controller'
      ? `<path d="M${f1(x)} ${f1(y - 10)}l10 10l-10 10l-10 -10z"/>`
      : p.role === 'mail_server'
        ? `<path d="M${f1(x - 11)} ${f1(y - 8)}h22v16h-22z"/><path class="fold" d="M${f1(x - 11)} ${f1(y - 8)}l11 9l11 -9"/>`
        : p.role !== 'workstation'
          ? `<rect x="${f1(x - 8)}" y="${f1(y - 8)}" width="16" height="16"/>`
          : `<circle cx="${f1(x)}" cy="${f1(y)}" r="7"/>`;
  const title = `${p.name}, ${p.role.replaceAll('_', ' ')}, ${p.status}${p.first === null ? '' : `, ${p.first.slice(0, 16).replace('T', ' ')}`}`;
  return `<g class="${cls}" data-find="${html(p.name.toLowerCase())}">${shape}<title>${html(title)}</title><text x="${f1(x + 14)}" y="${f1(y + 4)}">${html(label(p.name).slice(0, 20))}</text></g>`;
}

// The map

interface Ring {
  readonly points: readonly (readonly number[])[];
}

let world: { land: string; places: Map<string, readonly [number, number]> } | null = null;
const MAP_WIDTH = 900;
const MAP_HEIGHT = 420;
/** Equirectangular, from 84 degrees north to 56 south. */
const px = (lon: number): number => ((lon + 180) / 360) * MAP_WIDTH;
const py = (lat: number): number => ((84 - lat) / 140) * MAP_HEIGHT;

function geography(): NonNullable<typeof world> {
  if (world !== null) return world;
  const land = require('world-atlas/land-110m.json') as never;
  const countries = require('world-atlas/countries-50m.json') as never;
  type Geometry = { type: string; coordinates: never };
  const ringsOf = (g: Geometry): Ring[] => {
    const polygons = (g.type === 'Polygon' ? [g.coordinates] : g.coordinates) as unknown as number[][][][];
    return polygons.map((p) => ({ points: p[0]! }));
  };
  const objects = (t: never): Record<string, never> => (t as { objects: Record<string, never> }).objects;
  const landFeature = feature(land, objects(land).land!) as unknown as {
    geometry?: Geometry;
    features?: { geometry: Geometry }[];
  };
  const geometries = landFeature.features?.map((x) => x.geometry) ?? [landFeature.geometry!];
  const path = geometries.flatMap(ringsOf).map(outline).join('');
  const iso = require('i18n-iso-countries') as { numericToAlpha2(n: string): string | undefined };
  const places = new Map<string, readonly [number, number]>();
  const all = feature(countries, objects(countries).countries!) as unknown as {
    features: { id?: string; geometry: Geometry | null }[];
  };
  for (const x of all.features) {
    const code = x.id === undefined ? undefined : iso.numericToAlpha2(x.id);
    if (code === undefined || x.geometry === null) continue;
    // The middle of its largest part.
    const area = (r: Ring): number => {
      const lons = r.points.map((p) => p[0]!);
      const lats = r.points.map((p) => p[1]!);
      return (Math.max(...lons) - Math.min(...lons)) * (Math.max(...lats) - Math.min(...lats));
    };
    const largest = ringsOf(x.geometry).sort((a, b) => area(b) - area(a))[0]!;
    const mean = (k: number): number => largest.points.reduce((n, p) => n + p[k]!, 0) / largest.points.length;
    places.set(code, [mean(0), mean(1)]);
  }
  world = { land: path, places };
  return world;
}

/** A ring as a path; where it crosses the edge of the map it begins anew. */
function outline(r: Ring): string {
  let out = '';
  let before = Number.NaN;
  for (const [lon, lat] of r.points) {
    const jump = Math.abs(lon! - before) > 180;
    out += `${out === '' || jump ? 'M' : 'L'}${f1(px(lon!))} ${f1(Math.min(MAP_HEIGHT, Math.max(0, py(lat!))))}`;
    before = lon!;
  }
  return out;
}

export function map(i: Incident, alt: string, language: string): string {
  const counts = new Map<string, number>();
  for (const s of i.sessions) if (s.country !== null) counts.set(s.country, (counts.get(s.country) ?? 0) + 1);
  const { land, places } = geography();
  const most = Math.max(1, ...counts.values());
  const dots = [...counts]
    .sort((a, b) => b[1] - a[1])
    .flatMap(([code, n]) => {
      const at = places.get(code);
      if (at === undefined) return [];
      const r = 6 + 16 * Math.sqrt(n / most);
      const [x, y] = [px(at[0]), py(at[1])];
      const name = `${countryName(code, language)}: ${n}`;
      return [
        `<g class="place"><circle cx="${f1(x)}" cy="${f1(y)}" r="${f1(r)}"/><text x="${f1(x)}" y="${f1(y + 4)}" text-anchor="middle">${n}</text><text class="name" x="${f1(x)}" y="${f1(y + r + 12)}" text-anchor="middle">${html(countryName(code, language))}</text><title>${html(name)}</title></g>`,
      ];
    });
  return svg(MAP_WIDTH, MAP_HEIGHT, alt, `<path class="land" d="${land}"/>${dots.join('')}`, 'map');
}

export function hours(i: Incident, alt: string): string {
  const counts = Array<number>(24).fill(0);
  for (const s of i.sessions) if (s.start !== null) counts[new Date(s.start).getUTCHours()]!++;
  const most = Math.max(1, ...counts);
  const bars = counts
    .map(
      (n, h) =>
        `<rect class="bar" x="${10 + h * 25}" y="${f1(84 - (n / most) * 66)}" width="21" height="${f1((n / most) * 66)}"><title>${h}:00: ${n}</title></rect>${n > 0 ? `<text x="${20.5 + h * 25}" y="${f1(80 - (n / most) * 66)}" text-anchor="middle">${n}</text>` : ''}<text class="tick" x="${20.5 + h * 25}" y="98" text-anchor="middle">${h}</text>`,
    )
    .join('');
  return svg(620, 106, alt, bars, 'hours');
}

// Time

interface Axis {
  readonly from: number;
  readonly to: number;
  readonly at: (t: number) => number;
  readonly ticks: string;
}

const LEFT = 150;
const WIDE = 820;

function axis(from: number, to: number, height: number): Axis {
  const span = Math.max(1, to - from);
  const at = (t: number): number => LEFT + ((t - from) / span) * WIDE;
  const short = span < 3 * 86_400e3;
  const ticks = Array.from({ length: 5 }, (_, k) => {
    const t = from + (span * k) / 4;
    const text = new Date(t)
      .toISOString()
      .slice(0, short ? 16 : 10)
      .replace('T', ' ');
    return `<line class="grid" x1="${f1(at(t))}" x2="${f1(at(t))}" y1="16" y2="${height}"/><text class="tick" x="${f1(at(t))}" y="11" text-anchor="${k === 0 ? 'start' : k === 4 ? 'end' : 'middle'}">${text}</text>`;
  }).join('');
  return { from, to, at, ticks };
}

/** Hosts that have a lane of their own. */
const MAX_LANES = 40;
const PHASES = [
  'initial-access',
  'execution',
  'persistence',
  'credential-access',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'defense-impairment',
  'stealth',
];

export function lanes(i: Incident, alt: string, w: Words): string {
  const timed = i.timeline.filter((e) => e.time !== null).map((e) => ({ ...e, t: Date.parse(e.time!) }));
  if (timed.length === 0) return '';
  const byHost = new Map<string, typeof timed>();
  for (const e of timed) byHost.set(e.host, [...(byHost.get(e.host) ?? []), e]);
  const order = [...byHost].sort((a, b) => a[1][0]!.t - b[1][0]!.t);
  const shown = order.slice(0, MAX_LANES);
  const from = Math.min(...timed.map((e) => e.t));
  const to = Math.max(...timed.map((e) => e.t));
  const strip = 46;
  const height = 24 + strip + shown.length * 18 + (order.length > shown.length ? 18 : 0);
  const a = axis(from, to, height);
  // Density above the lanes.
  const bins = Array<number>(120).fill(0);
  for (const e of timed) bins[Math.min(119, Math.floor(((e.t - from) / Math.max(1, to - from)) * 120))]!++;
  const most = Math.max(1, ...bins);
  const density = bins
    .map((n, k) =>
      n === 0
        ? ''
        : `<rect class="bar" x="${f1(LEFT + (k * WIDE) / 120)}" y="${f1(20 + strip - 6 - (Math.log1p(n) / Math.log1p(most)) * (strip - 10))}" width="${f1(WIDE / 120 - 0.8)}" height="${f1((Math.log1p(n) / Math.log1p(most)) * (strip - 10))}"/>`,
    )
    .join('');
  const rows = shown
    .map(([host, list], n) => {
      const y = 24 + strip + n * 18 + 9;
      // What stands on the same place is drawn once.
      const seen = new Set<string>();
      const marks = list
        .flatMap((e) => {
          const x = Math.round(a.at(e.t));
          const k = PHASES.indexOf(e.phase ?? '');
          const key = `${x}|${k}`;
          if (seen.has(key)) return [];
          seen.add(key);
          return [mark(x, y, k, `${(e.time ?? '').slice(0, 16).replace('T', ' ')} ${e.text}`.slice(0, 160))];
        })
        .join('');
      return `<g data-find="${html(host.toLowerCase())}"><line class="lane" x1="${LEFT}" x2="${LEFT + WIDE}" y1="${y}" y2="${y}"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${html(label(host).slice(0, 20))}</text>${marks}</g>`;
    })
    .join('');
  const rest =
    order.length > shown.length
      ? `<text class="tick" x="${LEFT - 8}" y="${height - 4}" text-anchor="end">${html(w.more(order.length - shown.length))}</text>`
      : '';
  const used = PHASES.filter((p) => timed.some((e) => e.phase === p));
  const legend = used
    .map((p, k) => {
      const x = LEFT + (k % 5) * 165;
      const y = height + 14 + Math.floor(k / 5) * 18;
      return `${mark(x, y, PHASES.indexOf(p), p)}<text class="tick" x="${x + 9}" y="${y + 4}">${html(w.names[p] ?? p.replaceAll('-', ' '))}</text>`;
    })
    .join('');
  return svg(
    LEFT + WIDE + 20,
    height + 14 + Math.ceil(used.length / 5) * 18 + 6,
    alt,
    `${a.ticks}${density}${rows}${rest}${legend}`,
    'lanes',
  );
}

/** A mark by phase: its shape tells it, its colour too. */
function mark(x: number, y: number, phase: number, title: string): string {
  const cls = `phase p${phase < 0 ? 'x' : phase}`;
  const t = `<title>${html(title)}</title>`;
  switch (phase) {
    case 0:
    case 4:
      return `<path class="${cls}" d="M${x} ${y - 6}l5 10h-10z">${t}</path>`;
    case 2:
    case 5:
      return `<rect class="${cls}" x="${x - 4}" y="${y - 4}" width="8" height="8">${t}</rect>`;
    case 3:
    case 7:
      return `<path class="${cls}" d="M${x} ${y - 6}l6 6l-6 6l-6 -6z">${t}</path>`;
    case 8:
    case 9:
      return `<path class="${cls} cross" d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8">${t}</path>`;
    default:
      return `<circle class="${cls}" cx="${x}" cy="${y}" r="${phase === 6 ? 3 : 4}">${t}</circle>`;
  }
}

const MAX_COVERAGE = 30;

export function coverage(i: Incident, all: readonly Coverage[], alt: string, w: Words): string {
  const own = new Set(i.hosts.map((h) => h.name));
  const byHost = new Map<string, Coverage[]>();
  for (const c of all)
    if (own.has(c.host) && c.from !== null && c.to !== null) byHost.set(c.host, [...(byHost.get(c.host) ?? []), c]);
  const list = [...byHost].slice(0, MAX_COVERAGE);
  if (list.length === 0) return '';
  const times = list.flatMap(([, x]) => x.flatMap((c) => [Date.parse(c.from!), Date.parse(c.to!)]));
  const from = Math.min(...times);
  const to = Math.max(...times);
  let y = 24;
  const rows: string[] = [];
  for (const [host, sources] of list) {
    rows.push(`<text x="${LEFT - 8}" y="${y + 9}" text-anchor="end">${html(label(host).slice(0, 20))}</text>`);
    for (const c of sources.slice(0, 8)) {
      const [a, b] = [Date.parse(c.from!), Date.parse(c.to!)].map(
        (t) => LEFT + ((t - from) / Math.max(1, to - from)) * WIDE,
      ) as [number, number];
      rows.push(
        `<rect class="cover" x="${f1(a)}" y="${y}" width="${f1(Math.max(1.5, b - a))}" height="5"><title>${html(`${host}, ${c.source}: ${c.from!.slice(0, 16)} – ${c.to!.slice(0, 16)}, ${c.records.toLocaleString('en')}`)}</title></rect>`,
      );
      y += 7;
    }
    for (const b of i.blind_spots)
      if (b.host === host && b.from !== null && b.to !== null) {
        const x1 = Math.max(from, Date.parse(b.from));
        const x2 = Math.min(to, Date.parse(b.to));
        if (x2 > x1)
          rows.push(
            `<rect class="blind" x="${f1(LEFT + ((x1 - from) / Math.max(1, to - from)) * WIDE)}" y="${y}" width="${f1(Math.max(2, ((x2 - x1) / Math.max(1, to - from)) * WIDE))}" height="5"><title>${html(`${b.source}: ${b.why}`)}</title></rect>`,
          );
      }
    y += 9;
  }
  if (byHost.size > list.length) {
    rows.push(
      `<text class="tick" x="${LEFT - 8}" y="${y + 9}" text-anchor="end">${html(w.more(byHost.size - list.length))}</text>`,
    );
    y += 16;
  }
  return svg(LEFT + WIDE + 20, y + 6, alt, `${axis(from, to, y).ticks}${rows.join('')}`, 'coverage');
}

/** An updater in the middle, the clients around it: filled where it ran, hollow where it was only fetched. */
export function fanout(i: Incident, alt: string): string {
  const h = i.update_hijack;
  if (h === null) return '';
  const all = [
    ...h.hosts_executed.map((name) => ({ name, ran: true })),
    ...h.hosts_downloaded.map((name) => ({ name, ran: false })),
  ];
  const [cx, cy] = [430, 215];
  // Rings of as many as fit.
  const out: string[] = [];
  let n = 0;
  for (let ring = 0; n < all.length; ring++) {
    const r = 90 + ring * 24;
    const fit = Math.floor((2 * Math.PI * r) / 14);
    const here = all.slice(n, n + fit);
    here.forEach((c, k) => {
      const angle = (k / here.length) * 2 * Math.PI - Math.PI / 2;
      const [x, y] = [cx + Math.cos(angle) * r * 1.7, cy + Math.sin(angle) * r];
      if (ring === 0) out.push(`<line class="ray" x1="${cx}" y1="${cy}" x2="${f1(x)}" y2="${f1(y)}"/>`);
      out.push(
        `<circle class="client ${c.ran ? 'ran' : 'fetched'}" cx="${f1(x)}" cy="${f1(y)}" r="5" data-find="${html(c.name.toLowerCase())}"><title>${html(c.name)}</title></circle>`,
      );
    });
    n += fit;
  }
  const r = 90 + Math.max(0, Math.ceil(all.length / 50)) * 24;
  const [w, hgt] = [Math.max(860, r * 3.6), Math.max(430, r * 2 + 40)];
  return svg(
    w,
    hgt,
    alt,
    `<g transform="translate(${f1(w / 2 - cx)} ${f1(hgt / 2 - cy)})">${out.join('')}<rect class="server" x="${cx - 70}" y="${cy - 22}" width="140" height="44" rx="6"/><text x="${cx}" y="${cy - 3}" text-anchor="middle">${html(label(h.server).slice(0, 18))}</text><text class="tick" x="${cx}" y="${cy + 14}" text-anchor="middle">${html(h.package.slice(0, 24))}</text></g>`,
    'fanout',
  );
}
