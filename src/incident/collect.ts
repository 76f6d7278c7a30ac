// Facts as they come in, kept in bounded form: one entry per rule and host, per technique, per stretch of the
// timeline, with the first citations of each. What is beyond the limits is counted, and is in detections.jsonl.
import { microsText, citedByLine } from '../base/index.js';
import { type ClockPair, hostAddresses, hostClocks, HostNames, type SeenAddress } from '../entities/index.js';
import type { Messages } from '../messages/index.js';
import type {
  AntiForensics,
  ClockEntry,
  BlindSpot,
  Cite,
  Coverage,
  EvidenceEntry,
  Finding,
  HostEntry,
  Incident,
  IncidentDocument,
  Technique,
  TimelineEntry,
} from './model.js';

/** Citations that incident.json keeps of one entry. */
export const MAX_CITES = 10_000;
/** Timeline entries; a report of more is no timeline. Entries of the lowest levels go first. */
export const MAX_TIMELINE = 20_000;
/** Matches of one rule on one host that are no further apart than this are one entry of the timeline. */
export const SAME_ENTRY_MICROS = 10 * 60 * 1e6;
/** In a log that numbers without holes, more holes than this share of its records mean a filtered copy. */
const FILTERED_SHARE = 0.2;
/** The same of exports and of what shippers sent, which leave out kinds of events as a rule. */
const FILTERED_EXPORT = 0.001;
const FEW_HOLES = 1;

/** What a rule says of itself, as far as findings show it. */
export interface FindingRule {
  readonly id: string;
  readonly title: string;
  readonly author: string;
  readonly source: string;
  readonly licence: string | null;
  readonly level: string;
  readonly tags: readonly string[];
}

export interface Match {
  readonly evidence: string;
  readonly record: number;
  /** `record` is the number of a line. */
  readonly byLine?: boolean;
  readonly channel: string;
  readonly host: string;
  readonly micros: number;
  readonly fields: readonly { readonly name: string | null; readonly value: string }[];
  /** Of a correlation: its other records, and the time of the last. */
  readonly others?: readonly { readonly evidence: string; readonly record: number; readonly byLine?: boolean }[];
  readonly last?: number;
}

/** Characters of a matched value in incident.json; the record has the rest. */
const MAX_MATCHED_TEXT = 600;

interface Cites {
  readonly list: Cite[];
  omitted: number;
}

interface FindingState extends Cites {
  readonly rule: FindingRule;
  readonly host: string;
  readonly matched: readonly { field: string | null; value: string }[];
  count: number;
  first: number;
  last: number;
  open: TimelineState | null;
}

interface TechniqueState extends Cites {
  readonly tactics: Set<string>;
  count: number;
  first: number;
}

interface TimelineState extends Cites {
  readonly start: number;
  end: number;
  readonly host: string;
  readonly rule: FindingRule | null;
  readonly text: string;
  readonly technique: string | null;
  readonly phase: string | null;
  count: number;
}

/** By record number, or by line in a log of lines. */
const cite = (m: { evidence: string; record: number; byLine?: boolean }): Cite =>
  m.byLine === true ? { evidence: m.evidence, line: m.record } : { evidence: m.evidence, record: m.record };

function addCite(to: Cites, c: Cite): void {
  if (to.list.length < MAX_CITES) to.list.push(c);
  else to.omitted++;
}

const LEVEL_ORDER = ['informational', 'low', 'medium', 'high', 'critical'];
export const levelRank = (level: string | null): number =>
  level === null ? LEVEL_ORDER.length : LEVEL_ORDER.indexOf(level);

const TECHNIQUE = /^attack\.(t\d{4}(?:\.\d{3})?)$/i;
const SOFTWARE = /^attack\.[gs]\d{4}$/i;

/** Technique ids (upper case) and tactic names of a rule's tags. */
export function attackTags(tags: readonly string[]): { techniques: string[]; tactics: string[] } {
  const techniques: string[] = [];
  const tactics: string[] = [];
  for (const t of tags) {
    const m = TECHNIQUE.exec(t);
    if (m !== null) techniques.push(m[1]!.toUpperCase());
    else if (/^attack\./i.test(t) && !SOFTWARE.test(t)) tactics.push(t.slice(7).toLowerCase().replaceAll('_', '-'));
  }
  return { techniques, tactics };
}

export interface TamperInput {
  readonly evidence: string;
  readonly kind: 'log_cleared' | 'audit_policy_changed' | 'sensor_stopped';
  readonly micros: number;
  readonly host: string;
  readonly record: number;
  /** `record` is the number of a line. */
  readonly byLine?: boolean;
  readonly what: string;
  readonly account: string | null;
}

/** Record numbers of one file, as runs without a hole in the order of reading. */
export interface NumberingInput {
  readonly evidence: string;
  readonly host: string;
  readonly channel: string;
  readonly runs: readonly {
    from: number;
    to: number;
    firstMicros: number;
    lastMicros: number;
    /** Of logs of lines: where the run's ends stand. */
    lines?: { readonly first: number; readonly last: number };
  }[];
  readonly records: number;
  readonly byLine?: boolean;
  /** An export, or what a shipper sent: some kinds of events may be left out on purpose. */
  readonly exported?: boolean;
  /** Holes mean something only where header numbers are the host's own and nothing of the file was lost. */
  readonly trustworthy: boolean;
}

/** What came of the reconstruction, for the document. */
export interface ReconstructionResult {
  readonly performed: boolean;
  readonly note: string;
  readonly incidents: readonly Incident[];
  readonly geo: IncidentDocument['case']['provenance']['geo'];
}

export class Collector {
  readonly #m: Messages['text'];
  readonly #findings = new Map<string, FindingState>();
  readonly #techniques = new Map<string, TechniqueState>();
  readonly #timeline: TimelineState[] = [];
  readonly #tampering: (AntiForensics & { micros: number })[] = [];
  readonly #blind: (BlindSpot & { micros: number })[] = [];
  readonly #coverage = new Map<
    string,
    { host: string; source: string; first: number; last: number; records: number }
  >();
  readonly #names = new HostNames();
  #addresses: readonly SeenAddress[] | null = null;
  #pairs: readonly ClockPair[] | null = null;
  #detections = 0;

  constructor(messages: Messages) {
    this.#m = messages.text;
  }

  detection(rule: FindingRule, m: Match): void {
    this.#detections++;
    const key = `${rule.id}\0${m.host}`;
    let f = this.#findings.get(key);
    if (f === undefined) {
      f = {
        rule,
        host: m.host,
        matched: m.fields.map((x) => ({
          field: x.name,
          value: x.value.length > MAX_MATCHED_TEXT ? `${x.value.slice(0, MAX_MATCHED_TEXT)}…` : x.value,
        })),
        count: 0,
        first: m.micros,
        last: m.micros,
        list: [],
        omitted: 0,
        open: null,
      };
      this.#findings.set(key, f);
    }
    const c = cite(m);
    const others = (m.others ?? []).map(cite);
    f.count++;
    f.first = Math.min(f.first, m.micros);
    f.last = Math.max(f.last, m.last ?? m.micros);
    for (const x of [c, ...others]) addCite(f, x);
    const { techniques, tactics } = attackTags(rule.tags);
    for (const id of techniques) {
      let t = this.#techniques.get(id);
      if (t === undefined) {
        t = { tactics: new Set(), count: 0, first: m.micros, list: [], omitted: 0 };
        this.#techniques.set(id, t);
      }
      for (const x of tactics) t.tactics.add(x);
      t.count++;
      t.first = Math.min(t.first, m.micros);
      for (const x of [c, ...others]) addCite(t, x);
    }
    const open = f.open;
    // Records without a time stand at the end, as one entry.
    if (
      open !== null &&
      m.micros >= open.start &&
      (m.micros === open.end || m.micros - open.end <= SAME_ENTRY_MICROS)
    ) {
      open.end = Math.max(open.end, m.last ?? m.micros);
      open.count++;
      for (const x of [c, ...others]) addCite(open, x);
      return;
    }
    f.open = {
      start: m.micros,
      end: m.last ?? m.micros,
      host: m.host,
      rule,
      text: rule.title,
      technique: techniques[0] ?? null,
      phase: tactics[0] ?? null,
      count: 1,
      list: [c, ...others],
      omitted: 0,
    };
    this.#timeline.push(f.open);
  }

  tampering(t: TamperInput): void {
    const text =
      t.kind === 'sensor_stopped' ? this.#m.tamper.sensor_stopped(t.what) : this.#m.tamper[t.kind](t.what, t.account);
    this.#tamper(t.host, t.kind, t.micros, text, [cite(t)]);
    if (t.kind === 'log_cleared')
      this.#blind.push({
        micros: t.micros,
        host: t.host,
        source: t.what,
        from: null,
        to: microsText(t.micros),
        why: this.#m.blind.cleared(t.what),
        weakens: ['hosts', 'accounts', 'sessions', 'timeline'],
      });
  }

  #tamper(host: string, kind: string, micros: number, what: string, evidence: Cite[]): void {
    this.#tampering.push({ micros, host, kind, time: microsText(micros), what, evidence });
    const technique =
      kind === 'log_cleared' || kind === 'record_gap'
        ? 'T1070.001'
        : kind === 'audit_policy_changed'
          ? 'T1562.002'
          : 'T1562.001';
    this.#timeline.push({
      start: micros,
      end: micros,
      host,
      rule: null,
      text: what,
      technique,
      phase: null,
      count: 1,
      list: evidence,
      omitted: 0,
    });
  }

  /** Holes in the numbering of a log. */
  numbering(n: NumberingInput): void {
    if (!n.trustworthy) return;
    const gaps: { from: number; to: number; before: (typeof n.runs)[number]; after: (typeof n.runs)[number] }[] = [];
    for (let i = 1; i < n.runs.length; i++) {
      const [before, after] = [n.runs[i - 1]!, n.runs[i]!];
      // Going back means another order or a log that started anew: no hole.
      if (after.from > before.to + 1) gaps.push({ from: before.to + 1, to: after.from - 1, before, after });
    }
    const byLine = n.byLine === true;
    if (
      gaps.length >
      (n.exported === true ? Math.max(FEW_HOLES, n.records * FILTERED_EXPORT) : n.records * FILTERED_SHARE)
    )
      return;
    for (const g of gaps) {
      const evidence = [
        cite({ evidence: n.evidence, record: g.before.lines?.last ?? g.before.to, byLine }),
        cite({ evidence: n.evidence, record: g.after.lines?.first ?? g.after.from, byLine }),
      ];
      this.#tamper(
        n.host,
        'record_gap',
        g.after.firstMicros,
        this.#m.tamper.record_gap(g.from, g.to, n.channel),
        evidence,
      );
      this.#blind.push({
        micros: g.before.lastMicros,
        host: n.host,
        source: n.channel,
        from: microsText(g.before.lastMicros),
        to: microsText(g.after.firstMicros),
        why: this.#m.blind.gap(g.to - g.from + 1),
        weakens: ['hosts', 'accounts', 'sessions', 'timeline'],
      });
    }
  }

  /** Events that correlations could not take in. */
  uncorrelated(n: number): void {
    if (n === 0) return;
    this.#blind.push({
      micros: Number.POSITIVE_INFINITY,
      host: null,
      source: 'correlations',
      from: null,
      to: null,
      why: this.#m.blind.uncorrelated(n),
      weakens: [],
    });
  }

  presence(host: string, source: string, first: number, last: number, records: number): void {
    this.#names.see(host, records);
    const key = `${host}\0${source}`;
    const c = this.#coverage.get(key);
    if (c === undefined) this.#coverage.set(key, { host, source, first, last, records });
    else {
      c.first = Math.min(c.first, first);
      c.last = Math.max(c.last, last);
      c.records += records;
    }
  }

  blindFile(e: EvidenceEntry, why: string): void {
    this.#blind.push({
      micros: Number.POSITIVE_INFINITY,
      host: e.host,
      source: e.path,
      from: e.first,
      to: e.last,
      why,
      weakens: [],
    });
  }

  /** A function from any spelling of a host to its name; clocks by name, in microseconds ahead. */
  names(): { resolve: (host: string) => string; clocks: ReadonlyMap<string, number> } {
    const resolve = this.#names.resolver();
    const pairs = this.#pairs ?? [];
    const clocks = hostClocks(pairs.map((p) => ({ ...p, a: resolve(p.a), b: resolve(p.b) })));
    return { resolve, clocks: new Map(clocks.map((c) => [c.host, c.offset])) };
  }

  /** What the store says about hosts; before, hosts are joined by their names only. */
  entities(addresses: readonly SeenAddress[], pairs: readonly ClockPair[]): void {
    this.#addresses = addresses;
    this.#pairs = pairs;
    this.#names.know(addresses);
  }

  #entities(
    name: (host: string) => string,
    evidence: readonly EvidenceEntry[],
  ): { hosts: HostEntry[] | null; clocks: ClockEntry[] | null } {
    if (this.#addresses === null || this.#pairs === null) return { hosts: null, clocks: null };
    const spellings = new Map<string, Set<string>>();
    for (const e of evidence)
      for (const h of e.hosts) {
        const host = name(h);
        const set = spellings.get(host);
        if (set === undefined) spellings.set(host, new Set([h]));
        else set.add(h);
      }
    const addresses = hostAddresses(this.#addresses, name);
    const hosts = [...new Set([...spellings.keys(), ...addresses.keys()])]
      .sort()
      .map((host): HostEntry => ({
        name: host,
        names: [...(spellings.get(host) ?? [])].filter((n) => n !== host).sort(),
        addresses: (addresses.get(host) ?? []).map((a) => ({
          ...a,
          first: microsText(a.first),
          last: microsText(a.last),
        })),
      }))
      .filter((h) => h.names.length + h.addresses.length > 0);
    const byLine = new Map(evidence.map((e) => [e.id, citedByLine(e.format)]));
    const clocks = hostClocks(this.#pairs.map((p) => ({ ...p, a: name(p.a), b: name(p.b) }))).map((c): ClockEntry => ({
      host: c.host,
      reference: c.reference,
      offset_seconds: Math.round(c.offset / 1e3) / 1e3,
      spread_seconds: Math.round(c.spread / 1e3) / 1e3,
      pairs: c.pairs,
      share: Math.round(c.share * 100) / 100,
      how: c.how,
      evidence: c.examples.map((e) =>
        cite({ evidence: `e${e.evidence}`, record: e.number, byLine: byLine.get(`e${e.evidence}`) === true }),
      ),
    }));
    return { hosts, clocks };
  }

  /** The whole document. `evidence` is the finished register. */
  document(
    head: Pick<IncidentDocument, 'case'>,
    evidence: readonly EvidenceEntry[],
    unreadable: number,
    result: ReconstructionResult = { performed: false, note: this.#m.reconstruction.off, incidents: [], geo: null },
  ): IncidentDocument {
    const by =
      <T>(key: (t: T) => readonly (string | number)[]) =>
      (a: T, b: T): number => {
        const [x, y] = [key(a), key(b)];
        for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return x[i]! < y[i]! ? -1 : 1;
        return 0;
      };
    const name = this.#names.resolver();
    const { hosts, clocks } = this.#entities(name, evidence);
    const findings: Finding[] = mergeFindings(this.#findings.values(), name)
      .sort(by((f) => [-levelRank(f.rule.level), f.rule.title, f.rule.id, f.host]))
      .map((f) => ({
        rule: f.rule.id,
        title: f.rule.title,
        author: f.rule.author,
        rule_source: f.rule.source,
        licence: f.rule.licence,
        level: f.rule.level,
        tags: f.rule.tags,
        host: f.host,
        count: f.count,
        first: microsText(f.first),
        last: microsText(f.last),
        why_apart: result.performed ? this.#m.whyApart : this.#m.whyApartUnknown,
        matched: f.matched,
        evidence: f.list,
        evidence_omitted: f.omitted,
      }));
    const linked = new Set(result.incidents.flatMap((i) => i.detections.map((f) => `${f.rule}\0${f.host}`)));
    const techniques: Technique[] = [...this.#techniques]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([technique, t]) => ({
        technique,
        tactics: [...t.tactics].sort(),
        count: t.count,
        first: microsText(t.first),
        evidence: t.list,
        evidence_omitted: t.omitted,
      }));
    const kept =
      this.#timeline.length <= MAX_TIMELINE
        ? this.#timeline
        : [...this.#timeline]
            .sort((a, b) => levelRank(b.rule?.level ?? null) - levelRank(a.rule?.level ?? null) || a.start - b.start)
            .slice(0, MAX_TIMELINE);
    const timeline: TimelineEntry[] = [...kept]
      .sort(by((t) => [t.start, t.host, -levelRank(t.rule?.level ?? null), t.text]))
      .map((t) => ({
        time: microsText(t.start),
        host: name(t.host),
        phase: t.phase,
        text: `${t.text}${this.#m.times(t.count)}`,
        technique: t.technique,
        level: t.rule?.level ?? null,
        count: t.count,
        evidence: t.list,
        evidence_omitted: t.omitted,
      }));
    const covered = new Map<string, { host: string; source: string; first: number; last: number; records: number }>();
    for (const c of this.#coverage.values()) {
      const host = name(c.host);
      const known = covered.get(`${host}\0${c.source}`);
      if (known === undefined) covered.set(`${host}\0${c.source}`, { ...c, host });
      else {
        known.first = Math.min(known.first, c.first);
        known.last = Math.max(known.last, c.last);
        known.records += c.records;
      }
    }
    const coverage: Coverage[] = [...covered.values()].sort(by((c) => [c.host, c.source])).map((c) => ({
      host: c.host,
      source: c.source,
      from: microsText(c.first),
      to: microsText(c.last),
      records: c.records,
    }));
    const tampering = [...this.#tampering]
      .sort(by((t) => [t.micros, t.host, t.kind, t.what]))
      .map(({ micros: _, ...t }): AntiForensics => ({ ...t, host: name(t.host) }));
    const blind = [...this.#blind]
      .sort(by((b) => [b.micros, b.host ?? '', b.source]))
      .map(({ micros: _, ...b }): BlindSpot => ({ ...b, host: b.host === null ? null : name(b.host) }));
    return {
      schema: 'backtrail.incident/1',
      case: head.case,
      evidence,
      incidents: result.incidents,
      reconstruction: { performed: result.performed, note: result.note },
      other_findings: findings.filter((f) => !linked.has(`${f.rule}\0${f.host}`)),
      overview: { anti_forensics: tampering, techniques, timeline, blind_spots: blind, coverage, hosts, clocks },
      counts: {
        records: evidence.reduce((n, e) => n + e.records, 0),
        unreadable_records: unreadable,
        detections: this.#detections,
        incidents: result.incidents.length,
        hosts_controlled: new Set(
          result.incidents.flatMap((i) => i.hosts.filter((h) => h.status === 'controlled').map((h) => h.name)),
        ).size,
        hosts_seen: new Set(coverage.map((c) => c.host).filter((h) => h !== '')).size,
        files: evidence.length,
        event_logs: evidence.filter((e) => e.format === 'evtx').length,
        logs: evidence.filter((e) => e.members === undefined && (e.status === 'parsed' || e.status === 'partial'))
          .length,
        rules_matched: new Set(findings.map((f) => f.rule)).size,
        anti_forensics: tampering.length,
        problems: evidence.reduce((n, e) => n + e.problems.length + e.problems_omitted, 0),
      },
    };
  }
}

/** Findings by rule and host once the names of one host are one. */
function mergeFindings(findings: Iterable<FindingState>, name: (host: string) => string): FindingState[] {
  const out = new Map<string, FindingState>();
  for (const f of findings) {
    const host = name(f.host);
    const key = `${f.rule.id}\0${host}`;
    const known = out.get(key);
    if (known === undefined) {
      out.set(key, { ...f, host, list: [...f.list] });
      continue;
    }
    known.count += f.count;
    known.first = Math.min(known.first, f.first);
    known.last = Math.max(known.last, f.last);
    for (const c of f.list) addCite(known, c);
    known.omitted += f.omitted;
  }
  return [...out.values()];
}
