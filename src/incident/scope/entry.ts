// How they came in: the earliest thing of theirs, and what led to it.
import type { Place } from '../facts/table.js';
import { theirCloudActs } from '../graph/cloud.js';
import { plainAccount } from './mail.js';
import type { Lead, Node } from '../graph/suspicion.js';
import { baseName, ownAccount, SSH, type World } from '../graph/world.js';
import type { Group } from './group.js';
import { type Request, type Requests } from './requests.js';
import { type WebFindings } from './web.js';
import { tunnelOf } from '../graph/tunnels.js';

export interface EntryClaim {
  readonly vector: string;
  readonly technique: string | null;
  readonly host: number;
  readonly service: string | null;
  readonly t: number;
  readonly ip: string | null;
  readonly account: string | null;
  readonly why: string;
  readonly confidence: 'high' | 'moderate' | 'low';
  readonly places: Place[];
}

const OFFICE = /^(?:winword|excel|powerpnt|outlook|msaccess|acrord32|acrobat|onenote)\.exe$/;
const REMOTE_TOOL =
  /(?:remote|support|assist|screenconnect|teamviewer|anydesk|vnc|logmein|splashtop|bomgar|kaseya|agentmon|atera|ninja|rmm|dameware)/i;

/** Who had just connected to a server's process, or whom it had just called back, as its host's sensor tells. */
function callers(w: World, host: number, server: number, t: number): { ip: string; place: Place } | null {
  const n = w.facts.table('network_activity');
  let best: { ip: string; place: Place; inward: boolean } | null = null;
  for (let i = n.from(t - 30e6); i < n.rows && n.t[i]! <= t + 2e6; i++) {
    if (n.host[i] !== host) continue;
    const by = w.processAt(host, n.column('process_guid')[i]!, n.column('pid')[i]!, n.t[i]!);
    if (by < 0 || (by !== server && !w.serverImage(by))) continue;
    const inward = /^(?:false|%%14592|inbound)$/i.test(w.text(n.column('direction')[i]!));
    const other = w.addresses.text(n.column(inward ? 'src_ip' : 'dst_ip')[i]!);
    if (other === '' || w.addresses.known(other) || /^(?:127\.|::1$)/.test(other)) continue;
    if (best === null || inward || !best.inward) best = { ip: other, place: n.place(i), inward };
  }
  return best;
}

/** Where a file was fetched from, by the mark of the web that a browser or mail program put on it. */
function fetchedFrom(w: World, host: number, path: string, t: number): { ip: string | null; place: Place } | null {
  const f = w.facts.table('file_activity');
  const [origin, file] = [f.column('origin'), f.column('path')];
  const folded = path.toLowerCase();
  const is = w.facts.texts.asker((x) => x.toLowerCase().replace(/:zone\.identifier$/, '') === folded);
  for (let i = f.rows - 1; i >= 0; i--) {
    if (origin[i]! < 0 || f.host[i] !== host || f.t[i]! > t || !is(file[i]!)) continue;
    const url = /(?:HostUrl|ReferrerUrl)=[a-z]+:\/\/(\[[0-9a-f:]+\]|[^\s/:]+)/i.exec(w.text(origin[i]!))?.[1];
    if (url === undefined) continue;
    const literal = /^[\d.]+$|^\[/.test(url) ? url.replace(/^\[|\]$/g, '') : null;
    return { ip: literal, place: f.place(i) };
  }
  return null;
}

/** Services that people sign in to, by what recorded it. */
const SERVICES: readonly (readonly [string, string])[] = [
  ['okta/', 'Okta'],
  ['aws/', 'AWS'],
  ['google/', 'Google Workspace'],
  ['gcp/', 'Google Cloud'],
  ['duo/', 'Duo'],
];

/** A page that asked for a password for somebody else was opened this long before at most. */
const PAGE_BEFORE = 3600e6;

/** An account in the cloud that was used from an address of theirs: had somebody opened a page there just before, they had asked for it. */
function cloudEntry(
  w: World,
  g: Group,
  first: Node,
  addresses = new Map(g.nodes.filter((n) => n.kind === 'cloud').map((n) => [n.path, n.t])),
): EntryClaim {
  const acts = theirCloudActs(w, addresses, () => false);
  const act = acts[0];
  const t = act?.t ?? first.t;
  const ip = act?.ip ?? first.path;
  let page: { place: Place } | null = null;
  const h = w.facts.table('http_activity');
  const server = h.column('server_ip');
  const is = w.facts.texts.asker((x) => x === ip);
  for (let i = h.from(t - PAGE_BEFORE); i < h.rows && h.t[i]! <= t + 60e6 && page === null; i++)
    if (server[i]! >= 0 && is(server[i]!) && w.addresses.hostAt(w.addresses.text(h.column('src_ip')[i]!), h.t[i]!) >= 0)
      page = { place: h.place(i) };
  for (const name of ['tls_activity', 'network_activity']) {
    const n = w.facts.table(name);
    const dst = n.column('dst_ip');
    for (let i = n.from(t - PAGE_BEFORE); i < n.rows && n.t[i]! <= t + 60e6 && page === null; i++)
      if (dst[i]! >= 0 && is(dst[i]!) && !w.addresses.outside(w.addresses.text(n.column('src_ip')[i]!)))
        page = { place: n.place(i) };
  }
  return {
    vector: page === null ? 'cloud_account' : 'phishing_link',
    technique: page === null ? 'T1078.004' : 'T1566.002',
    host: -1,
    service: SERVICES.find(([source]) => act?.source.startsWith(source) === true)?.[1] ?? 'Entra ID',
    t,
    ip,
    account: act?.user ?? null,
    why: page === null ? 'entry.cloud' : 'entry.page',
    confidence: page === null ? 'moderate' : 'high',
    places: [
      ...(page === null ? [] : [page.place]),
      ...acts.slice(0, 5).map((x) => x.place),
      ...first.places.slice(0, 5),
    ],
  };
}

export function entry(
  w: World,
  g: Group,
  web: WebFindings,
  requests: Requests,
  role: (host: number) => string,
  leads: readonly Lead[],
): EntryClaim | null {
  const certain = g.nodes.filter((n) => n.kind !== 'file');
  const cloud = certain[0];
  if (cloud?.kind === 'cloud') return cloudEntry(w, g, cloud);
  const first = certain[0];
  if (first === undefined) return null;
  const p = w.processes;
  // A server broken into.
  const children = certain.filter(
    (n) =>
      n.kind === 'process' &&
      (n.because === 'lead.server-shell' || (p.parent.at(n.row) >= 0 && w.serverImage(p.parent.at(n.row)))),
  );
  const child = children[0];
  const guessed = leads
    .filter((l) => l.detector === 'guessed-password' && l.session !== null && g.sessions.has(l.session.row))
    .sort((a, b) => a.t - b.t)[0];
  if (child !== undefined && child.t <= first.t + 3600e6) {
    const opening: Request | undefined = web.openings.get(child.host);
    const kind = role(child.host);
    const parent = p.parent.at(child.row);
    const flow = opening === undefined ? callers(w, child.host, parent, child.t) : null;
    return {
      vector: kind === 'mail_server' || kind === 'document_server' ? kind : 'web',
      technique: 'T1190',
      host: child.host,
      service: parent < 0 ? null : baseName(p.imageText(parent)) || null,
      t: child.t,
      ip: opening?.ip ?? flow?.ip ?? null,
      account: null,
      why: opening === undefined && flow === null ? 'entry.server-alone' : 'entry.server',
      confidence: opening === undefined ? 'moderate' : 'high',
      places: [
        ...child.places,
        ...(opening === undefined ? [] : [requests.place(opening.row)]),
        ...(flow === null ? [] : [flow.place]),
      ],
    };
  }
  if (first.kind === 'script') {
    const opening = web.openings.get(first.host);
    const kind = role(first.host);
    return {
      vector: kind === 'mail_server' || kind === 'document_server' ? kind : 'web',
      technique: 'T1190',
      host: first.host,
      service: null,
      t: opening?.t ?? first.t,
      ip: opening?.ip ?? null,
      account: null,
      why: 'entry.script',
      confidence: 'moderate',
      places: [...(opening === undefined ? [] : [requests.place(opening.row)]), ...first.places.slice(0, 20)],
    };
  }
  if (guessed !== undefined && guessed.t <= first.t + 3600e6)
    return {
      vector: guessed.session!.type === SSH ? 'ssh' : 'remote_desktop',
      technique: 'T1133',
      host: guessed.host,
      service: guessed.session!.type === SSH ? 'sshd' : 'TermService',
      t: guessed.t,
      ip: guessed.session!.address,
      account: guessed.session!.user,
      why: 'entry.guessed',
      confidence: 'high',
      places: [...guessed.places],
    };
  // An account that signed in to a service from there before it came in: with it they came.
  const signed = (ip: string, account: string, t: number): EntryClaim | null => {
    const acts = theirCloudActs(w, new Map([[ip, t]]), () => false).filter(
      (x) => x.t < t && plainAccount(x.user) === plainAccount(account),
    );
    return acts.length === 0 ? null : cloudEntry(w, g, first, new Map([[ip, acts[0]!.t]]));
  };
  // A session from outside, or by a tunnel.
  const session = certain.find((n) => n.kind === 'session' && n.t <= first.t + 3600e6);
  if (session !== undefined) {
    const l = w.logons.logon(session.row);
    const tunnel = tunnelOf(w, l);
    const before = tunnel === null ? signed(l.address, l.user, l.t) : signed(tunnel.ip, tunnel.user, tunnel.start);
    if (before !== null) return before;
    if (tunnel !== null)
      return {
        vector: 'vpn',
        technique: 'T1133',
        host: tunnel.host,
        service: null,
        t: tunnel.start,
        ip: tunnel.ip,
        account: tunnel.user,
        why: 'entry.vpn',
        confidence: 'high',
        places: [...tunnel.touches.map((x) => x[1]), ...session.places],
      };
    if (w.addresses.foreign(l.address) && (l.type === 10 || l.type === SSH || w.addresses.outside(l.address)))
      return {
        vector: l.type === 10 ? 'remote_desktop' : l.type === SSH ? 'ssh' : 'other',
        technique: 'T1133',
        host: l.host,
        service: l.type === 10 ? 'TermService' : l.type === SSH ? 'sshd' : null,
        t: l.t,
        ip: l.address,
        account: l.user,
        why: 'entry.outside',
        confidence: 'moderate',
        places: [...session.places],
      };
  }
  const process = certain.find((n) => n.kind === 'process' && n.t <= first.t + 3600e6);
  if (process === undefined) return null;
  const parent = p.parent.at(process.row);
  const name = parent < 0 ? '' : baseName(p.imageText(parent));
  const base = { host: process.host, service: null, t: process.t, ip: null, places: [...process.places] };
  if (OFFICE.test(name))
    return {
      ...base,
      vector: 'phishing',
      technique: 'T1566.001',
      account: p.userText(process.row).replace(/^.*\\/, '').toLowerCase(),
      why: 'entry.office',
      confidence: 'high',
    };
  if (name === 'explorer.exe' || /^(?:chrome|msedge|firefox|iexplore)\.exe$/.test(name)) {
    const from = fetchedFrom(w, process.host, process.path, process.t);
    return {
      ...base,
      ip: from?.ip ?? null,
      places: [...process.places, ...(from === null ? [] : [from.place])],
      vector: 'user_execution',
      technique: 'T1204.002',
      account: ownAccount(p.userText(process.row)) ? null : p.userText(process.row).replace(/^.*\\/, '').toLowerCase(),
      why: from === null ? 'entry.user' : 'entry.fetched',
      confidence: from === null ? 'moderate' : 'high',
    };
  }
  if (parent >= 0 && !w.hub(parent) && (REMOTE_TOOL.test(p.imageText(parent)) || w.system(parent)) && !w.shell(parent))
    return { ...base, vector: 'supplier', technique: 'T1199', account: null, why: 'entry.tool', confidence: 'low' };
  return { ...base, vector: 'unknown', technique: null, account: null, why: 'entry.unknown', confidence: 'low' };
}
