// Machine formats beside STIX: each an own small function from the document.
import { isIP } from 'node:net';
import type { Cite, IncidentDocument } from '../incident/index.js';
import { visible } from './escape.js';
import { CASE_NAMESPACE, uuid5 } from './ids.js';
import { indicators } from './indicators.js';
import type { Model, Table } from './blocks.js';

type Json = Record<string, unknown>;

/** Tactics of older ATT&CK versions for those that v19 made of them: tools of before do not know the new ones. */
const OLDER: Readonly<Record<string, string>> = { stealth: 'defense-evasion', 'defense-impairment': 'defense-evasion' };

/** ATT&CK Navigator layer (format 4.5). `attack` 18 writes the tactics of before v19. */
/** Where something was in no machine of the house's. */
const CLOUD = 'cloud service';

export function navigator(d: IncidentDocument, attack: 18 | 19 = 19): Json {
  const counts = new Map<string, { tactic: string; id: string; n: number; where: Set<string> }>();
  for (const i of d.incidents)
    for (const t of i.techniques)
      for (const given of t.tactics.length === 0 ? [''] : t.tactics) {
        const tactic = attack === 18 ? (OLDER[given] ?? given) : given;
        const key = `${t.technique}|${tactic}`;
        const x = counts.get(key) ?? { tactic, id: t.technique, n: 0, where: new Set<string>() };
        counts.set(key, x);
        x.n += t.count;
        x.where.add(i.id);
      }
  const most = Math.max(1, ...[...counts.values()].map((x) => x.n));
  return {
    name: d.case.title,
    versions: { attack: String(attack), navigator: '5.1.0', layer: '4.5' },
    domain: 'enterprise-attack',
    description: d.incidents.map((i) => i.statement).join('\n'),
    sorting: 3,
    gradient: { colors: ['#fff3e0', '#8c1d18'], minValue: 0, maxValue: most },
    metadata: [
      { name: 'case', value: d.case.id },
      { name: 'tool', value: d.case.provenance.tool },
    ],
    techniques: [...counts.values()]
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.tactic < b.tactic ? -1 : 1))
      .map((x) => ({
        techniqueID: x.id,
        ...(x.tactic === '' ? {} : { tactic: x.tactic }),
        score: x.n,
        comment: `${x.n} times, in ${[...x.where].join(', ')}`,
        enabled: true,
      })),
  };
}

/** The course of the first movements as an Attack Flow (2.0.0: a STIX bundle with the extension's objects). */
export function attackFlow(d: IncidentDocument): Json {
  const extension = 'extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4';
  const created = new Date(d.case.created).toISOString();
  const id = (type: string, key: string): string =>
    `${type}--${uuid5(CASE_NAMESPACE, `${d.case.id}|flow|${type}|${key}`)}`;
  const ext = { [extension]: { extension_type: 'new-sdo' } };
  const objects: Json[] = [
    {
      type: 'extension-definition',
      spec_version: '2.1',
      id: extension,
      created: '2022-08-02T19:34:35.143Z',
      modified: '2022-08-02T19:34:35.143Z',
      name: 'Attack Flow',
      description: 'Extends STIX 2.1 with features to create Attack Flows.',
      created_by_ref: 'identity--fb9c968a-745b-4ade-9b25-c324172197f4',
      schema: 'https://center-for-threat-informed-defense.github.io/attack-flow/stix/attack-flow-schema-2.0.0.json',
      version: '2.0.0',
      extension_types: ['new-sdo'],
    },
    {
      type: 'identity',
      spec_version: '2.1',
      id: 'identity--fb9c968a-745b-4ade-9b25-c324172197f4',
      created: '2022-08-02T19:34:35.143Z',
      modified: '2022-08-02T19:34:35.143Z',
      name: 'MITRE Center for Threat-Informed Defense',
      identity_class: 'organization',
    },
  ];
  for (const i of d.incidents) {
    const actions: { id: string; host: string; o: Json; effects: string[] }[] = [];
    const common = { spec_version: '2.1', created, modified: created, extensions: ext };
    const action = (
      key: string,
      host: string,
      name: string,
      technique: string | null,
      t: string | null,
      text: string,
    ): void => {
      const effects: string[] = [];
      actions.push({
        id: id('attack-action', key),
        host,
        effects,
        o: {
          type: 'attack-action',
          id: id('attack-action', key),
          ...common,
          name,
          ...(technique === null ? {} : { technique_id: technique }),
          description: text,
          ...(t === null ? {} : { execution_start: new Date(t).toISOString() }),
          asset_refs: [id('attack-asset', `${i.id}|${host}`)],
        },
      });
    };
    if (i.entry !== null)
      action(
        `${i.id}|entry`,
        i.entry.host ?? CLOUD,
        `Entry: ${i.entry.vector.replaceAll('_', ' ')}`,
        i.entry.technique,
        i.entry.time,
        i.entry.why,
      );
    const start = new Map<string, number>(i.entry === null ? [] : [[i.entry.host ?? CLOUD, 0]]);
    for (const [n, m] of i.lateral_movement.entries()) {
      action(
        `${i.id}|move|${n}`,
        m.to,
        `Movement to ${m.to.split('.')[0]}`,
        m.technique,
        m.time,
        `${m.method} from ${m.from}${m.account === null ? '' : ` as ${m.account}`}`,
      );
      const from = start.get(m.from);
      const me = actions.length - 1;
      if (from !== undefined) actions[from]!.effects.push(actions[me]!.id);
      if (!start.has(m.to)) start.set(m.to, me);
    }
    for (const [n, x] of i.data_theft.entries()) {
      action(`${i.id}|theft|${n}`, x.host ?? CLOUD, `Data sent to ${x.destination}`, 'T1041', x.time, x.what);
      const from = start.get(x.host ?? CLOUD);
      if (from !== undefined) actions[from]!.effects.push(actions.at(-1)!.id);
    }
    const reached = new Set(actions.flatMap((a) => a.effects));
    objects.push({
      type: 'attack-flow',
      id: id('attack-flow', i.id),
      ...common,
      name: `${d.case.title}, ${i.id}`,
      description: i.statement,
      scope: 'incident',
      start_refs: actions.filter((a) => !reached.has(a.id)).map((a) => a.id),
      created_by_ref: 'identity--fb9c968a-745b-4ade-9b25-c324172197f4',
    });
    for (const host of new Set(actions.map((a) => a.host)))
      objects.push({ type: 'attack-asset', id: id('attack-asset', `${i.id}|${host}`), ...common, name: host });
    for (const a of actions)
      objects.push(a.effects.length === 0 ? a.o : { ...a.o, effect_refs: [...new Set(a.effects)] });
  }
  return { type: 'bundle', id: id('bundle', 'all'), spec_version: '2.1', created, modified: created, objects };
}

/** A MISP event a case, indicators as attributes (MISP core format). */
export function misp(d: IncidentDocument): Json {
  const attributes: Json[] = [];
  const kinds: Readonly<Record<string, readonly [string, string]>> = {
    sha256: ['sha256', 'Payload delivery'],
    path: ['filename', 'Artifacts dropped'],
    domain: ['domain', 'Network activity'],
    service: ['windows-service-name', 'Persistence mechanism'],
    task: ['windows-scheduled-task', 'Persistence mechanism'],
    key: ['regkey', 'Persistence mechanism'],
    account: ['target-user', 'Targeting data'],
  };
  for (const i of d.incidents)
    for (const x of indicators(i)) {
      const [type, category] =
        x.kind === 'ip'
          ? [x.contexts.includes('session') ? 'ip-src' : 'ip-dst', 'Network activity']
          : (kinds[x.kind] ?? ['other', 'Other']);
      attributes.push({
        uuid: uuid5(CASE_NAMESPACE, `${d.case.id}|misp|${i.id}|${x.kind}|${x.value}`),
        type,
        category,
        value: x.value,
        to_ids: x.kind === 'sha256' || x.kind === 'domain' || x.kind === 'ip',
        comment: `${i.id}: ${x.contexts.join(', ')}`,
        ...(x.first === null ? {} : { first_seen: x.first }),
        ...(x.last === null ? {} : { last_seen: x.last }),
        distribution: '5',
      });
    }
  const date = (d.incidents[0]?.first_seen ?? d.case.created).slice(0, 10);
  return {
    Event: {
      uuid: uuid5(CASE_NAMESPACE, `${d.case.id}|misp`),
      info: d.incidents.length === 0 ? d.case.title : `${d.case.title}: ${d.incidents[0]!.statement}`.slice(0, 1000),
      date,
      threat_level_id: '1',
      analysis: '2',
      distribution: '0',
      published: false,
      timestamp: String(Math.floor(Date.parse(d.case.created) / 1000)),
      Tag: [
        ...(d.case.tlp === null ? [] : [{ name: `tlp:${d.case.tlp.toLowerCase()}` }]),
        ...[...new Set(d.incidents.flatMap((i) => i.techniques.map((t) => t.technique)))].sort().map((t) => ({
          name: `misp-galaxy:mitre-attack-pattern="${t}"`,
        })),
      ],
      Attribute: attributes,
    },
  };
}

/** OCSF 1.3 Incident Finding (2005), one a line an incident; Detection Findings (2004) for rule matches. */
export function ocsf(d: IncidentDocument): string {
  const ms = (t: string | null): number => (t === null ? Date.parse(d.case.created) : Date.parse(t));
  const metadata = (uid: string): Json => ({
    version: '1.3.0',
    uid,
    product: { name: 'Backtrail', vendor_name: 'Backtrail', version: d.case.provenance.tool.replace(/^\S+\s*/, '') },
    profiles: [],
  });
  const severity = (level: string): [number, string] =>
    level === 'critical'
      ? [5, 'Critical']
      : level === 'high'
        ? [4, 'High']
        : level === 'medium'
          ? [3, 'Medium']
          : level === 'low'
            ? [2, 'Low']
            : [1, 'Informational'];
  const lines: Json[] = [];
  for (const i of d.incidents)
    lines.push({
      category_uid: 2,
      category_name: 'Findings',
      class_uid: 2005,
      class_name: 'Incident Finding',
      type_uid: 200501,
      type_name: 'Incident Finding: Create',
      activity_id: 1,
      activity_name: 'Create',
      severity_id: 5,
      severity: 'Critical',
      status_id: 1,
      status: 'New',
      confidence_id: i.confidence === 'high' ? 3 : i.confidence === 'moderate' ? 2 : 1,
      confidence: i.confidence === 'high' ? 'High' : i.confidence === 'moderate' ? 'Medium' : 'Low',
      time: ms(i.first_seen),
      start_time: ms(i.first_seen),
      end_time: ms(i.last_seen),
      metadata: metadata(uuid5(CASE_NAMESPACE, `${d.case.id}|ocsf|${i.id}`)),
      desc: i.statement,
      attacks: i.techniques.map((t) => ({
        technique: { uid: t.technique, name: t.technique },
        tactics: t.tactics.map((x) => ({ name: x })),
        version: '19',
      })),
      finding_info_list: [
        {
          uid: `${d.case.id}/${i.id}`,
          title: `${d.case.title}, ${i.id}`,
          desc: i.statement,
          first_seen_time: ms(i.first_seen),
          last_seen_time: ms(i.last_seen),
        },
      ],
    });
  for (const f of [...d.incidents.flatMap((i) => i.detections), ...d.other_findings]) {
    const [id, name] = severity(f.level);
    lines.push({
      category_uid: 2,
      category_name: 'Findings',
      class_uid: 2004,
      class_name: 'Detection Finding',
      type_uid: 200401,
      type_name: 'Detection Finding: Create',
      activity_id: 1,
      activity_name: 'Create',
      severity_id: id,
      severity: name,
      status_id: 1,
      status: 'New',
      time: ms(f.first),
      start_time: ms(f.first),
      end_time: ms(f.last),
      count: f.count,
      metadata: metadata(uuid5(CASE_NAMESPACE, `${d.case.id}|ocsf|${f.rule}|${f.host}`)),
      finding_info: {
        uid: `${f.rule}/${f.host}`,
        title: f.title,
        analytic: { uid: f.rule, name: f.title, type: 'Rule', type_id: 1, desc: `${f.author}; ${f.rule_source}` },
      },
      resources: [{ name: f.host, type: 'host' }],
    });
  }
  return lines.map((l) => `${JSON.stringify(l)}\n`).join('');
}

const phrase = (c: Cite): string => `${c.evidence}${c.record === undefined ? `:${c.line}` : `#${c.record}`}`;

/** What happened, as Timesketch imports it (JSON lines with message, datetime, timestamp_desc). */
export function timesketch(d: IncidentDocument): string {
  const rows = d.incidents.flatMap((i) => i.timeline.map((e) => ({ i, e })));
  return rows
    .filter(({ e }) => e.time !== null)
    .map(
      ({ i, e }) =>
        `${JSON.stringify({
          message: e.text,
          datetime: e.time,
          timestamp_desc: 'Intrusion event',
          host: e.host,
          incident: i.id,
          phase: e.phase,
          technique: e.technique,
          evidence: e.evidence.slice(0, 20).map(phrase).join(' '),
          tag: ['backtrail', i.id, ...(e.phase === null ? [] : [e.phase])],
        })}\n`,
    )
    .join('');
}

/** A cell of CSV: quoted where needed, and never the start of a spreadsheet formula. */
export function cell(text: string): string {
  const shown = visible(text).replaceAll('\n', ' ').replaceAll('\r', ' ').replaceAll('\t', ' ');
  const guarded = /^[=+\-@|%\uff1d\uff0b\uff0d\uff20]/.test(shown.trimStart()) ? `'${shown}` : shown;
  return /[",;\n\r]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

const csvTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${[head, ...rows].map((r) => r.map(cell).join(',')).join('\r\n')}\r\n`;

/** All tables of the report, one below the other, each named in its first column. */
export function csv(model: Model): string {
  const out: string[] = [];
  const one = (where: string, t: Table): void => {
    out.push(
      csvTable(
        ['section', ...t.columns.map((c) => c.title), ...(t.proof ? ['evidence'] : [])],
        t.rows.map((r) => [where, ...r.cells, ...(t.proof ? [r.cites.slice(0, 50).map(phrase).join(' ')] : [])]),
      ),
    );
  };
  for (const i of model.incidents)
    for (const s of i.sections) for (const b of s.blocks) if (b.kind === 'table') one(`${i.id} ${s.title}`, b.table);
  return out.join('\r\n');
}

/** Indicators, defanged or not; one a row. */
export function indicatorCsv(d: IncidentDocument): string {
  return csvTable(
    ['incident', 'kind', 'value', 'defanged', 'context', 'first_seen', 'last_seen', 'hosts', 'evidence'],
    d.incidents.flatMap((i) =>
      indicators(i).map((x) => [
        i.id,
        x.kind,
        x.value,
        x.defanged,
        x.contexts.join(' '),
        x.first ?? '',
        x.last ?? '',
        x.hosts.join(' '),
        x.evidence.map(phrase).join(' '),
      ]),
    ),
  );
}

/** Sigma rules made from this case, to look for the same intruder elsewhere. */
export function sigmaRules(d: IncidentDocument): string {
  const date = d.case.created.slice(0, 10);
  const docs: string[] = [];
  // JSON texts are YAML texts, whatever is in them; Sigma's own wildcards and escapes are taken out of their meaning.
  const q = (t: string): string => JSON.stringify(visible(t));
  const literal = (t: string): string => q(t.replace(/\\(?=[*?\\]|$)|[*?]/g, '\\$&'));
  const rule = (
    key: string,
    title: string,
    level: string,
    tags: readonly string[],
    logsource: string,
    detection: string,
  ): void => {
    docs.push(
      `title: ${q(title)}
id: ${uuid5(CASE_NAMESPACE, `${d.case.id}|sigma|${key}`)}
status: experimental
description: ${q(`Made from case ${d.case.id}: what was seen of this intruder.`)}
author: Backtrail, from a case
date: ${date}
tags:
${tags.map((t) => `  - ${t}`).join('\n')}
logsource:
${logsource}
detection:
${detection}
falsepositives:
  - Others of the same name, address or program, which have nothing to do with this case
level: ${level}
`,
    );
  };
  for (const i of d.incidents) {
    const all = indicators(i);
    const of = (kind: string, context?: string): string[] =>
      all.filter((x) => x.kind === kind && (context === undefined || x.contexts.includes(context))).map((x) => x.value);
    const list = (values: readonly string[]): string => values.map((v) => `      - ${literal(v)}`).join('\n');
    const hashes = of('sha256');
    if (hashes.length > 0)
      rule(
        `${i.id}|hashes`,
        `Program of the Intruder of ${i.id} by Hash`,
        'critical',
        ['attack.execution', 'attack.t1204.002'],
        '  product: windows\n  category: process_creation',
        `  selection:\n    Hashes|contains:\n${hashes.map((h) => `      - ${literal(`SHA256=${h}`)}`).join('\n')}\n  condition: selection`,
      );
    const names = of('path')
      .map((x) => x.replace(/^.*(?=[\\/])/, ''))
      .filter((x) => /\.(?:exe|dll|ps1|bat|vbs|js)$/i.test(x));
    if (names.length > 0)
      rule(
        `${i.id}|paths`,
        `Program of the Intruder of ${i.id} by Name`,
        'high',
        ['attack.execution', 'attack.t1204.002'],
        '  product: windows\n  category: process_creation',
        `  selection:\n    Image|endswith:\n${list([...new Set(names)])}\n  condition: selection`,
      );
    const domains = of('domain');
    if (domains.length > 0)
      rule(
        `${i.id}|domains`,
        `Domain of the Intruder of ${i.id} Looked Up`,
        'high',
        ['attack.command-and-control', 'attack.t1071'],
        '  product: windows\n  category: dns_query',
        `  selection:\n    QueryName|endswith:\n${list(domains)}\n  condition: selection`,
      );
    const ips = of('ip').filter((x) => isIP(x) > 0);
    if (ips.length > 0) {
      rule(
        `${i.id}|addresses`,
        `Connection to an Address of the Intruder of ${i.id}`,
        'high',
        ['attack.command-and-control', 'attack.t1071'],
        '  product: windows\n  category: network_connection',
        `  selection:\n    DestinationIp:\n${list(ips)}\n  condition: selection`,
      );
      rule(
        `${i.id}|sessions`,
        `Request From an Address of the Intruder of ${i.id}`,
        'high',
        ['attack.initial-access', 'attack.t1190'],
        '  category: webserver',
        `  selection:\n    c-ip:\n${list(ips)}\n  condition: selection`,
      );
    }
    const services = of('service');
    if (services.length > 0)
      rule(
        `${i.id}|services`,
        `Service of the Intruder of ${i.id}`,
        'high',
        ['attack.persistence', 'attack.t1543.003'],
        '  product: windows\n  service: system',
        `  selection:\n    EventID: 7045\n    ServiceName:\n${list(services)}\n  condition: selection`,
      );
    const tasks = of('task');
    if (tasks.length > 0)
      rule(
        `${i.id}|tasks`,
        `Scheduled Task of the Intruder of ${i.id}`,
        'high',
        ['attack.persistence', 'attack.t1053.005'],
        '  product: windows\n  service: security',
        `  selection:\n    EventID: 4698\n    TaskName|endswith:\n${list(tasks)}\n  condition: selection`,
      );
  }
  return docs.length === 0 ? '# No indicator of this case can be put into a rule.\n' : docs.join('---\n');
}

/** VERIS 1.3.7, one object an incident: for yearly pictures over many cases. */
export function veris(d: IncidentDocument): Json[] {
  return d.incidents.map((i): Json => {
    const t = new Date(i.first_seen ?? d.case.created);
    const end = new Date(i.last_seen ?? d.case.created);
    const hacking = new Set<string>();
    const vector = new Set<string>();
    if (i.entry?.technique === 'T1190') {
      hacking.add('Exploit vuln');
      vector.add('Web application');
    }
    if (i.sessions.some((s) => s.channel === 'vpn')) {
      hacking.add('Use of stolen creds');
      vector.add('VPN');
    }
    if (i.accounts.some((a) => a.status === 'abused')) hacking.add('Use of stolen creds');
    if (i.implants.length > 0) {
      hacking.add('Use of backdoor or C2');
      vector.add('Backdoor');
    }
    if (vector.size === 0) vector.add('Unknown');
    if (hacking.size === 0) hacking.add('Unknown');
    const roles = new Map<string, number>();
    const asset = (role: string): string =>
      role === 'mail_server'
        ? 'S - Mail'
        : role === 'domain_controller'
          ? 'S - Directory'
          : role === 'file_server'
            ? 'S - File'
            : role === 'document_server'
              ? 'S - Web application'
              : role === 'database_server'
                ? 'S - Database'
                : role === 'workstation'
                  ? 'U - Desktop or laptop'
                  : 'S - Unknown';
    for (const h of i.hosts)
      if (h.status === 'controlled') roles.set(asset(h.role), (roles.get(asset(h.role)) ?? 0) + 1);
    const stolen = i.mailboxes.length > 0 || i.data_theft.length > 0;
    const span = Math.max(1, Math.round((end.getTime() - t.getTime()) / 86_400e3));
    return {
      schema_version: '1.3.7',
      incident_id: uuid5(CASE_NAMESPACE, `${d.case.id}|veris|${i.id}`).toUpperCase(),
      source_id: 'backtrail',
      security_incident: 'Confirmed',
      confidence: i.confidence === 'high' ? 'High' : i.confidence === 'moderate' ? 'Medium' : 'Low',
      summary: i.statement,
      victim: {
        victim_id: d.case.victim.name ?? 'Unknown',
        country: [d.case.victim.country ?? 'Unknown'],
        employee_count: 'Unknown',
        industry: d.case.victim.sector ?? '00',
      },
      actor: { external: { variety: ['Unknown'], motive: ['Unknown'], country: ['Unknown'] } },
      action: {
        hacking: { variety: [...hacking].sort(), vector: [...vector].sort() },
        ...(i.implants.length === 0
          ? {}
          : {
              malware: {
                variety: ['Backdoor or C2'],
                vector: [i.update_hijack === null ? 'Direct install' : 'Software update'],
              },
            }),
      },
      asset: { assets: [...roles].sort().map(([variety, amount]) => ({ variety, amount })) },
      attribute: {
        ...(stolen
          ? {
              confidentiality: {
                data_disclosure: 'Yes',
                data: [{ variety: i.mailboxes.length > 0 ? 'Internal' : 'Unknown' }],
                state: ['Unknown'],
              },
            }
          : {}),
        integrity: {
          variety: i.anti_forensics.length > 0 ? ['Log tampering', 'Software installation'] : ['Software installation'],
        },
      },
      discovery_method: { unknown: true },
      timeline: {
        incident: { year: t.getUTCFullYear(), month: t.getUTCMonth() + 1, day: t.getUTCDate() },
        containment: { unit: 'Unknown' },
        exfiltration: { unit: 'Unknown' },
        // When it was found out no log tells.
        discovery: { unit: 'Unknown' },
      },
      plus: {
        hosts_controlled: i.hosts.filter((h) => h.status === 'controlled').length,
        sessions: i.sessions.length,
        mailboxes: i.mailboxes.length,
        dwell_days: span,
        techniques: i.techniques.map((x) => x.technique),
      },
    };
  });
}
