// What a host is for, by what it records: nobody has to tell.
import type { World } from '../graph/world.js';
import type { Requests } from './requests.js';

/** Names that other people's network logons must have before a host counts as a server of files. */
const FILE_USERS = 8;

export function roles(w: World, requests: Requests): (host: number) => string {
  const score = new Map<number, Map<string, number>>();
  const add = (host: number, role: string, n: number): void => {
    if (host < 0) return;
    const m = score.get(host) ?? new Map<string, number>();
    score.set(host, m.set(role, (m.get(role) ?? 0) + n));
  };
  const a = w.logons.table;
  const { texts } = w.facts;
  const kind = texts.asker((t) =>
    /^(?:ticket granting ticket|service ticket|credential validation)$/.test(t) ? 1 : t === 'logon' ? 2 : 0,
  );
  const type = a.column('logon_type');
  const named = texts.asker((t) => (t === '' ? -1 : w.facts.hosts.known(t.replace(/^\\\\/, ''))));
  const own = (host: number, workstation: number): boolean =>
    workstation >= 0 && host >= 0 && named(workstation) === host;
  for (let i = 0; i < a.rows; i++) {
    const k = kind(a.column('activity')[i]!);
    // A machine asks itself about its own accounts.
    if (k === 1 && own(a.host[i]!, a.column('workstation')[i]!)) continue;
    if (k === 1) add(a.host[i]!, 'domain_controller', 1);
    else if (k === 2) {
      const n = texts.number(type[i]!);
      if (n === 2 || n === 7 || n === 11) add(a.host[i]!, 'workstation', 1);
    }
  }
  const h = requests.table;
  const front = texts.asker((t) => t === 'exchange/http');
  const documents = texts.asker((t) =>
    /^\/(?:documents?|sites|_layouts|_api|alfresco|share|dms|ecm|docs|filr|nextcloud|owncloud|confluence|wiki)\b/i.test(
      t,
    ),
  );
  const updates = texts.asker(
    (t) =>
      /\/(?:updates?|packages?|wsus|repo|releases?)\//i.test(t) && /\.(?:pkg|msi|exe|cab|zip|json|xml|nupkg)$/i.test(t),
  );
  const mailPath = texts.asker((t) =>
    /^\/(?:owa|ews|mapi|ecp|autodiscover|microsoft-server-activesync|oab|rpc)\b/i.test(t),
  );
  for (let i = 0; i < h.rows; i++) {
    const host = requests.at(i).host;
    if (host < 0) continue;
    const path = h.column('path')[i]!;
    if (front(h.source[i]!) || mailPath(path)) add(host, 'mail_server', 1);
    else if (documents(path)) add(host, 'document_server', 1);
    else if (updates(path)) add(host, 'update_server', 1);
    else add(host, 'web_server', 0.2);
  }
  const t = w.facts.table('tunnel_activity');
  for (let i = 0; i < t.rows; i++) add(t.host[i]!, 'vpn_gateway', 5);
  const f = w.facts.table('file_activity');
  const users = new Map<number, Set<number>>();
  const open = texts.asker((x) => x !== '' && !x.endsWith('$') && !/\\(?:sysvol|netlogon)$/i.test(x));
  for (let i = 0; i < f.rows; i++)
    if (f.column('share')[i]! >= 0 && f.host[i]! >= 0 && open(f.column('share')[i]!)) {
      const set = users.get(f.host[i]!) ?? new Set();
      users.set(f.host[i]!, set.add(f.column('user')[i]!));
    }
  for (const [host, set] of users) if (set.size >= FILE_USERS) add(host, 'file_server', set.size);
  const p = w.processes;
  const database = texts.asker((x) => /\\(?:sqlservr|oracle|mysqld|postgres)\.exe$/i.test(x));
  for (let r = 0; r < p.rows; r++) if (database(p.image.at(r))) add(p.host.at(r), 'database_server', 1);
  const order = [
    'domain_controller',
    'mail_server',
    'document_server',
    'update_server',
    'vpn_gateway',
    'file_server',
    'database_server',
    'web_server',
  ];
  return (host) => {
    const m = score.get(host);
    if (m === undefined) return 'other';
    const desk = m.get('workstation') ?? 0;
    const best = order
      .map((r) => ({ r, n: m.get(r) ?? 0 }))
      .filter((x) => x.n > 0)
      .sort((x, y) => y.n - x.n)[0];
    if (m.has('domain_controller')) return 'domain_controller';
    if (best !== undefined && best.n >= desk / 4) return best.r;
    return desk > 0 ? 'workstation' : (best?.r ?? 'other');
  };
}
