// A case as a STIX 2.1 bundle: incidents, what was seen (observed data, sightings), indicators, and how they hang together. Ids are
// made from content: the same case gives the same bundle.
import { isIP } from 'node:net';
import type { Incident, IncidentDocument } from '../incident/index.js';
import { CASE_NAMESPACE, STIX_NAMESPACE, uuid5 } from './ids.js';
import { indicators, type Indicator } from './indicators.js';

type Json = Record<string, unknown>;

const MARKINGS: Readonly<Record<string, string>> = {
  CLEAR: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  GREEN: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  AMBER: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'AMBER+STRICT': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  RED: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
};
const TLP_EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';

/** TLP 2.0's own markings, as FIRST publishes them. */
function marking(tlp: string): Json {
  const name = `TLP:${tlp}`;
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: MARKINGS[tlp],
    created: '2022-10-01T00:00:00.000Z',
    name,
    extensions: {
      [TLP_EXTENSION]: { extension_type: 'property-extension', tlp_2_0: tlp.toLowerCase().replace('+', '+') },
    },
  };
}

const stamp = (t: string | null, fallback: string): string => {
  const ms = Date.parse(t ?? fallback);
  return new Date(Number.isNaN(ms) ? Date.parse(fallback) : ms).toISOString();
};
const pattern = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
/** JSON as STIX's deterministic ids ask for it: names in order (RFC 8785 for these simple values). */
const canonical = (v: Json): string =>
  JSON.stringify(Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))));

export function stix(d: IncidentDocument): Json {
  const created = stamp(d.case.created, '2020-01-01T00:00:00Z');
  const objects = new Map<string, Json>();
  const tlp = d.case.tlp !== null && MARKINGS[d.case.tlp] !== undefined ? d.case.tlp : null;
  const marks = tlp === null ? {} : { object_marking_refs: [MARKINGS[tlp]!] };
  const put = (o: Json): string => {
    objects.set(o.id as string, o);
    return o.id as string;
  };
  const author = `identity--${uuid5(CASE_NAMESPACE, 'backtrail')}`;
  put({
    type: 'identity',
    spec_version: '2.1',
    id: author,
    created: '2026-01-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    name: 'Backtrail',
    identity_class: 'system',
  });
  if (tlp !== null) put(marking(tlp));
  const object = (type: string, key: string, more: Json): string =>
    put({
      type,
      spec_version: '2.1',
      id: `${type}--${uuid5(CASE_NAMESPACE, `${d.case.id}|${type}|${key}`)}`,
      created_by_ref: author,
      created,
      modified: created,
      ...more,
      ...marks,
    });
  /** A cyber observable: its id is made of what identifies it. */
  const observable = (type: string, identifying: Json, more: Json = {}): string => {
    const id = `${type}--${uuid5(STIX_NAMESPACE, canonical(identifying))}`;
    put({ type, spec_version: '2.1', id, ...identifying, ...more, ...marks });
    return id;
  };
  const relate = (from: string, how: string, to: string, more: Json = {}): string =>
    object('relationship', `${from}|${how}|${to}`, {
      relationship_type: how,
      source_ref: from,
      target_ref: to,
      ...more,
    });

  for (const i of d.incidents) incident(d, i);
  return {
    type: 'bundle',
    id: `bundle--${uuid5(CASE_NAMESPACE, `${d.case.id}|bundle`)}`,
    objects: [...objects.values()],
  };

  function incident(doc: IncidentDocument, i: Incident): void {
    const first = stamp(i.first_seen, created);
    const last = stamp(i.last_seen, created);
    const id = object('incident', i.id, {
      name: `${doc.case.title}, ${i.id}`,
      description: i.statement,
      confidence: i.confidence === 'high' ? 85 : i.confidence === 'moderate' ? 50 : 15,
      external_references: [{ source_name: 'backtrail', external_id: `${doc.case.id}/${i.id}` }],
    });
    const set = object('intrusion-set', i.id, {
      name: `${doc.case.title}, ${i.id}: the intruder`,
      first_seen: first,
      last_seen: last,
    });
    relate(set, 'related-to', id);
    const hosts = new Map<string, string>();
    for (const h of i.hosts) {
      const host = object('infrastructure', `${i.id}|${h.name}`, {
        name: h.name,
        description: `${h.role}, ${h.status}: ${h.how.join('; ')}`,
        infrastructure_types: ['unknown'],
        ...(h.first === null ? {} : { first_seen: stamp(h.first, created) }),
        ...(h.last === null ? {} : { last_seen: stamp(h.last, created) }),
      });
      hosts.set(h.name, host);
      relate(set, h.status === 'controlled' ? 'compromises' : 'related-to', host);
    }
    for (const m of i.lateral_movement) {
      const a = hosts.get(m.from);
      const b = hosts.get(m.to);
      if (a !== undefined && b !== undefined && a !== b)
        object('relationship', `${i.id}|${m.from}|${m.to}|${m.time}`, {
          relationship_type: 'communicates-with',
          source_ref: a,
          target_ref: b,
          description: `${m.method}, ${m.technique}${m.account === null ? '' : `, ${m.account}`}`,
          ...(m.time === null ? {} : { start_time: stamp(m.time, created) }),
        });
    }
    for (const a of i.accounts) {
      const account = observable('user-account', { user_id: a.name }, { account_login: a.name.replace(/^.*\\/, '') });
      relate(set, 'related-to', account, { description: a.status });
    }
    for (const t of i.techniques) {
      const technique = object('attack-pattern', t.technique, {
        name: t.technique,
        external_references: [{ source_name: 'mitre-attack', external_id: t.technique }],
        kill_chain_phases: t.tactics.map((x) => ({ kill_chain_name: 'mitre-attack', phase_name: x })),
      });
      relate(set, 'uses', technique);
    }
    for (const [n, x] of i.implants.entries()) {
      const file = observable(
        'file',
        x.sha256 === null ? { name: x.names[0] ?? 'unknown' } : { hashes: { 'SHA-256': x.sha256 } },
        x.sha256 === null ? {} : { name: x.names[0] ?? 'unknown' },
      );
      const malware = object('malware', `${i.id}|implant|${n}`, {
        name: x.names[0] ?? x.sha256 ?? 'implant',
        is_family: false,
        malware_types: ['backdoor'],
        sample_refs: [file],
        ...(x.first === null ? {} : { first_seen: stamp(x.first, created) }),
      });
      relate(set, 'uses', malware);
      for (const c of i.command_and_control) {
        const to = place(c.address);
        if (to !== null && c.hosts.some((h) => x.hosts.includes(h))) relate(malware, 'communicates-with', to);
      }
    }
    for (const x of indicators(i)) indicator(i, x, set);
    for (const [n, s] of i.sessions.entries()) {
      const from = place(s.source_ip);
      if (from === null) continue;
      object('observed-data', `${i.id}|session|${n}`, {
        first_observed: stamp(s.start, first),
        last_observed: stamp(s.end ?? s.start, first),
        number_observed: Math.max(1, Math.min(999_999_999, s.actions)),
        object_refs: [from],
      });
    }
    object('report', i.id, {
      name: `${doc.case.title}, ${i.id}`,
      description: i.statement,
      published: created,
      report_types: ['threat-report'],
      object_refs: [...objects.keys()].filter((k) => !k.startsWith('marking-definition--')),
    });
  }

  function place(address: string): string | null {
    const v = isIP(address);
    if (v === 4) return observable('ipv4-addr', { value: address });
    if (v === 6) return observable('ipv6-addr', { value: address });
    return /^[\w.-]+\.[a-z][\w-]*$/i.test(address) ? observable('domain-name', { value: address }) : null;
  }

  function indicator(i: Incident, x: Indicator, set: string): void {
    const v = pattern(x.value);
    const text =
      x.kind === 'sha256'
        ? `[file:hashes.'SHA-256' = '${v}']`
        : x.kind === 'ip'
          ? `[${isIP(x.value) === 6 ? 'ipv6' : 'ipv4'}-addr:value = '${v}']`
          : x.kind === 'domain'
            ? `[domain-name:value = '${v}']`
            : x.kind === 'path'
              ? `[file:name = '${pattern(x.value.replace(/^.*[\\/]/, ''))}']`
              : x.kind === 'account'
                ? `[user-account:user_id = '${v}']`
                : null;
    if (text === null) return;
    const from = stamp(x.first, created);
    const id = object('indicator', `${i.id}|${x.kind}|${x.value.toLowerCase()}`, {
      name: `${x.contexts.join(', ')}: ${x.value}`.slice(0, 250),
      pattern: text,
      pattern_type: 'stix',
      valid_from: from,
      indicator_types: ['malicious-activity'],
    });
    relate(id, 'indicates', set);
    const last = stamp(x.last, from);
    object('sighting', `${i.id}|${x.kind}|${x.value.toLowerCase()}`, {
      sighting_of_ref: id,
      first_seen: from,
      last_seen: last < from ? from : last,
      count: Math.max(1, Math.min(999_999_999, x.evidence.length)),
    });
  }
}
