// What the evidence cannot show of an incident: cleared and missing logs of its hosts, kinds of logs that nobody collected.
import type { BlindSpot, Incident } from '../model.js';
import type { AssembleInput } from './assemble.js';

/** What the evidence cannot show of this incident. */
export function blindSpots(a: AssembleInput, hosts: Incident['hosts']): BlindSpot[] {
  const m = a.input.messages.text.incident;
  const own = new Set(hosts.map((h) => h.name));
  const out: BlindSpot[] = a.input.blind
    .filter((b) => b.host !== null && own.has(b.host))
    .map((b) => ({ ...b, weakens: [...new Set([...b.weakens, 'hosts', 'accounts'])] }));
  const sources = new Map<string, Set<string>>();
  for (const c of a.input.coverage) sources.set(c.host, (sources.get(c.host) ?? new Set()).add(c.source));
  const all = new Set(a.input.coverage.map((c) => c.source));
  for (const h of hosts) {
    const s = sources.get(h.name) ?? new Set();
    if (s.size === 0)
      out.push({
        host: h.name,
        source: '*',
        from: h.first,
        to: h.last,
        why: m.blind.noLogs,
        weakens: ['hosts', 'implants', 'persistence', 'lateral_movement'],
      });
    else if (![...s].some((x) => /sysmon/i.test(x)) && [...s].some((x) => x === 'Security'))
      out.push({
        host: h.name,
        source: 'Microsoft-Windows-Sysmon/Operational',
        from: h.first,
        to: h.last,
        why: m.blind.noSensor,
        weakens: ['implants', 'persistence', 'command_and_control', 'anti_forensics'],
      });
    const linux = [...s].some((x) => /^linux[/-]/i.test(x));
    if (linux && ![...s].some((x) => /^linux\/auditd$|^linux-sysmon/i.test(x)))
      out.push({
        host: h.name,
        source: 'linux/auditd',
        from: h.first,
        to: h.last,
        why: m.blind.noCommands,
        weakens: ['implants', 'persistence', 'anti_forensics'],
      });
    if (!linux && s.size > 0 && !s.has('Security') && [...s].some((x) => /sysmon|^System$/i.test(x)))
      out.push({
        host: h.name,
        source: 'Security',
        from: h.first,
        to: h.last,
        why: m.blind.noAudit,
        weakens: ['accounts', 'lateral_movement'],
      });
  }
  for (const [host, zone] of a.world.facts.zones) {
    out.push({
      host: a.world.hostName(host),
      source: 'syslog',
      from: null,
      to: null,
      why: zone.own > 0 ? m.blind.zoneOwn(zone.minutes, zone.own) : m.blind.zone(zone.minutes, zone.pairs),
      weakens: ['sessions', 'timeline'],
    });
  }
  const none = (source: RegExp, name: string, why: string, weakens: string[]): void => {
    if (![...all].some((x) => source.test(x)))
      out.push({ host: null, source: name, from: null, to: null, why, weakens });
  };
  none(/^zeek\/|^flow$|^firewall$|^suricata\/|^proxy$/, 'network', m.blind.noNetwork, [
    'command_and_control',
    'data_theft',
    'lateral_movement',
  ]);
  if (hosts.some((h) => h.role === 'mail_server'))
    none(/mailbox-audit|m365\/audit/, 'mailbox audit', m.blind.noMailAudit, ['mailboxes']);
  const dc = a.input.coverage.some(
    (c) => c.source === 'Security' && a.role(a.world.facts.hosts.known(c.host)) === 'domain_controller',
  );
  // Of an incident on machines of Linux only, no controller is asked.
  const windows = hosts.some((h) => ![...(sources.get(h.name) ?? [])].some((x) => /^linux[/-]/i.test(x)));
  if (!dc && windows)
    out.push({
      host: null,
      source: 'domain controllers',
      from: null,
      to: null,
      why: m.blind.noControllers,
      weakens: ['accounts', 'lateral_movement'],
    });
  return out;
}
