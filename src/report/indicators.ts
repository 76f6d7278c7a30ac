// What of an incident can be looked for elsewhere: hashes, paths, domains, addresses, names that the intruder gave.
import { isIP } from 'node:net';
import type { Cite, Incident } from '../incident/index.js';

const onHost = (host: string | null): string[] => (host === null ? [] : [host]);

export type IndicatorKind = 'sha256' | 'path' | 'domain' | 'ip' | 'url' | 'account' | 'service' | 'task' | 'key';

export interface Indicator {
  readonly kind: IndicatorKind;
  readonly value: string;
  /** Written so that nothing makes a link of it. */
  readonly defanged: string;
  readonly contexts: readonly string[];
  readonly first: string | null;
  readonly last: string | null;
  readonly hosts: readonly string[];
  readonly evidence: readonly Cite[];
}

/** `example.org` as `example[.]org`, `http://` as `hxxp://`. */
export const defang = (text: string): string =>
  text.replace(/^http/i, 'hxxp').replaceAll('.', '[.]').replaceAll('://', '[://]');

export function indicators(i: Incident): Indicator[] {
  const out = new Map<string, Indicator>();
  const add = (
    kind: IndicatorKind,
    value: string | null,
    context: string,
    of: {
      first?: string | null;
      last?: string | null;
      hosts?: readonly string[];
      evidence?: readonly Cite[];
    },
  ): void => {
    if (value === null || value === '') return;
    const key = `${kind}\0${value.toLowerCase()}`;
    const known = out.get(key);
    const first = of.first ?? null;
    const last = of.last ?? first;
    const min = (a: string | null, b: string | null): string | null => (a === null ? b : b === null || a < b ? a : b);
    const max = (a: string | null, b: string | null): string | null => (a === null ? b : b === null || a > b ? a : b);
    out.set(key, {
      kind,
      value,
      defanged: kind === 'domain' || kind === 'ip' || kind === 'url' ? defang(value) : value,
      contexts: [...new Set([...(known?.contexts ?? []), context])],
      first: min(known?.first ?? null, first),
      last: max(known?.last ?? null, last),
      hosts: [...new Set([...(known?.hosts ?? []), ...(of.hosts ?? [])])].sort(),
      evidence: [...(known?.evidence ?? []), ...(of.evidence ?? [])].slice(0, 50),
    });
  };
  const place = (address: string): IndicatorKind => (isIP(address) > 0 ? 'ip' : 'domain');
  if (i.entry !== null && i.entry.source_ip !== null)
    add('ip', i.entry.source_ip, 'entry', { first: i.entry.time, evidence: i.entry.evidence });
  for (const x of i.implants) {
    add('sha256', x.sha256, 'implant', x);
    for (const p of x.paths) add('path', p, 'implant', x);
  }
  if (i.update_hijack !== null)
    add('sha256', i.update_hijack.sha256, 'package', {
      first: i.update_hijack.tampered_at,
      hosts: i.update_hijack.hosts_executed,
      evidence: i.update_hijack.evidence,
    });
  for (const x of i.command_and_control) add(place(x.address), x.address, 'c2', x);
  for (const s of i.sessions)
    add('ip', s.source_ip, 'session', { first: s.start, last: s.end, hosts: [s.target], evidence: s.evidence });
  for (const x of i.data_theft)
    if (x.destination !== '')
      add(place(x.destination), x.destination, 'theft', { first: x.time, hosts: onHost(x.host), evidence: x.evidence });
  for (const x of i.persistence) {
    const of = { first: x.time, hosts: onHost(x.host), evidence: x.evidence };
    if (x.kind === 'webshell') add('path', x.command ?? x.name, 'persistence', of);
    else if (x.kind === 'service') add('service', x.name, 'persistence', of);
    else if (x.kind === 'scheduled_task') add('task', x.name, 'persistence', of);
    else if (x.kind === 'run_key') add('key', x.name, 'persistence', of);
  }
  for (const a of i.accounts)
    if (a.status === 'created')
      add('account', a.name, 'created', { first: a.first, last: a.last, evidence: a.evidence });
  const order: IndicatorKind[] = ['sha256', 'domain', 'ip', 'url', 'path', 'service', 'task', 'key', 'account'];
  return [...out.values()].sort(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0),
  );
}
