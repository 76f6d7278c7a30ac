// incident.json (`backtrail.incident/1`). Names and meanings are a contract with everything that reads it: fields may
// be added, none may change. The JSON Schema is docs/incident.schema.json.

export const INCIDENT_SCHEMA = 'backtrail.incident/1';

/** Where a statement is proved: a record of a file in the register. */
export interface Cite {
  readonly evidence: string;
  readonly record?: number;
  readonly line?: number;
  readonly channel?: string;
}

export interface EvidenceEntry {
  readonly id: string;
  readonly path: string;
  readonly format: string;
  readonly sha256: string | null;
  readonly bytes: number;
  /** The host whose records it holds; null if there are none or several (then `hosts` lists them). */
  readonly host: string | null;
  readonly hosts: readonly string[];
  readonly channels: readonly string[];
  readonly records: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly status: 'parsed' | 'partial' | 'failed' | 'skipped';
  readonly problems: readonly { readonly at: string; readonly what: string }[];
  readonly problems_omitted: number;
  /** Added: evidence id of the archive on disk that it came out of. */
  readonly container?: string;
  /** Added: files in an archive. */
  readonly members?: number;
  /** Added: records by how sure their time in UTC is; only in formats where it is not always stated. */
  readonly times?: {
    readonly stated: number;
    readonly given: number;
    readonly inferred: number;
    readonly none: number;
  };
  /** Added: lines that were no record of the format. */
  readonly lines_skipped?: number;
  /** Added: where they are, the first 200 ranges: line numbers (both included) and bytes (the end not included). */
  readonly skipped_ranges?: readonly {
    readonly lines: readonly [number, number];
    readonly bytes: readonly [number, number];
  }[];
  /** Added: the offset from UTC, in minutes, that its lines write beside their times, with the first of these times. */
  readonly time_offset?: { readonly time: string; readonly minutes: number };
  /** Added: dates without a year were put before this time. */
  readonly time_reference?: string | null;
  /** Where times that say UTC are not: from a byte of the file on, minutes that were added; `host` null for all others. */
  readonly time_shifts?: readonly { readonly host: string | null; readonly from: number; readonly minutes: number }[];
}

export interface Finding {
  readonly rule: string;
  readonly title: string;
  readonly author: string;
  readonly rule_source: string;
  readonly licence: string | null;
  readonly level: string;
  readonly tags: readonly string[];
  readonly host: string;
  readonly count: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly why_apart: string;
  /** Fields that made the rule match, in the first record cited; name null for a keyword. */
  readonly matched: readonly { readonly field: string | null; readonly value: string }[];
  readonly evidence: readonly Cite[];
  /** Citations beyond the limit; all of them are in detections.jsonl. */
  readonly evidence_omitted: number;
}

export interface AntiForensics {
  readonly host: string;
  readonly kind: string;
  readonly time: string | null;
  readonly what: string;
  readonly evidence: readonly Cite[];
}

/** What an intruder did to their traces; `host` is null where it was in no machine of the house's. */
export interface IncidentTrace extends Omit<AntiForensics, 'host'> {
  readonly host: string | null;
}

export interface Technique {
  readonly technique: string;
  readonly tactics: readonly string[];
  readonly count: number;
  readonly first: string | null;
  readonly evidence: readonly Cite[];
  readonly evidence_omitted: number;
}

export interface TimelineEntry {
  readonly time: string | null;
  readonly host: string;
  readonly phase: string | null;
  readonly text: string;
  readonly technique: string | null;
  readonly level: string | null;
  readonly count: number;
  readonly evidence: readonly Cite[];
  readonly evidence_omitted: number;
}

export interface BlindSpot {
  readonly host: string | null;
  readonly source: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly why: string;
  readonly weakens: readonly string[];
}

/** What to collect next. */
export interface CollectNext {
  readonly host: string | null;
  readonly source: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly what: string;
  readonly why: string;
  /** Conclusions of the incident that it could settle. */
  readonly settles: number;
  readonly parts: readonly string[];
}

export interface Coverage {
  readonly host: string;
  readonly source: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly records: number;
}

export interface HostEntry {
  readonly name: string;
  readonly names: readonly string[];
  readonly addresses: readonly {
    readonly address: string;
    readonly how: string;
    readonly first: string | null;
    readonly last: string | null;
    readonly records: number;
  }[];
}

export interface ClockEntry {
  readonly host: string;
  readonly reference: string;
  /** Seconds that this host's clock is ahead of the reference's; times in the case are as recorded. */
  readonly offset_seconds: number;
  readonly spread_seconds: number;
  readonly pairs: number;
  /** Part of the pairs that agree on it; much below 1 where a clock was set meanwhile. */
  readonly share: number;
  readonly how: string;
  readonly evidence: readonly Cite[];
}

export type Confidence = 'high' | 'moderate' | 'low';

/** One intrusion. Names and meanings are the contract's; fields may be added. */
export interface Incident {
  readonly id: string;
  readonly statement: string;
  /** Added: the same paragraph in other languages. */
  readonly statements: Readonly<Record<string, string>>;
  readonly confidence: Confidence;
  /** Added: the rule that gave the confidence, and what would change it. */
  readonly confidence_why: string;
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly entry: {
    readonly vector: string;
    readonly technique: string | null;
    readonly host: string | null;
    readonly service: string | null;
    readonly time: string | null;
    readonly source_ip: string | null;
    readonly account: string | null;
    readonly why: string;
    readonly confidence: Confidence;
    readonly evidence: readonly Cite[];
  } | null;
  readonly hosts: readonly {
    readonly name: string;
    readonly role: string;
    readonly status: 'controlled' | 'accessed' | 'attempted';
    readonly first: string | null;
    readonly last: string | null;
    readonly how: readonly string[];
    readonly confidence: Confidence;
    readonly evidence: readonly Cite[];
  }[];
  readonly accounts: readonly {
    readonly name: string;
    readonly privileged: boolean;
    readonly status: 'abused' | 'created' | 'attempted';
    readonly first: string | null;
    readonly last: string | null;
    readonly evidence: readonly Cite[];
  }[];
  readonly lateral_movement: readonly {
    readonly from: string;
    readonly to: string;
    readonly time: string | null;
    readonly method: string;
    readonly technique: string;
    readonly account: string | null;
    readonly confidence: Confidence;
    readonly evidence: readonly Cite[];
  }[];
  readonly implants: readonly {
    readonly sha256: string | null;
    readonly names: readonly string[];
    readonly paths: readonly string[];
    readonly hosts: readonly string[];
    readonly first: string | null;
    readonly evidence: readonly Cite[];
  }[];
  readonly persistence: readonly {
    readonly host: string | null;
    readonly kind: string;
    readonly name: string;
    readonly command: string | null;
    readonly time: string | null;
    readonly technique: string;
    readonly evidence: readonly Cite[];
  }[];
  readonly command_and_control: readonly {
    readonly address: string;
    readonly country: string | null;
    readonly asn: number | null;
    readonly first: string | null;
    readonly last: string | null;
    readonly hosts: readonly string[];
    readonly pattern: string;
    readonly evidence: readonly Cite[];
    /** Added: contacts beyond those that are cited. */
    readonly evidence_omitted?: number;
  }[];
  readonly sessions: readonly {
    readonly start: string | null;
    readonly end: string | null;
    readonly source_ip: string;
    readonly country: string | null;
    readonly asn: number | null;
    readonly network: string | null;
    readonly channel: string;
    readonly target: string;
    readonly account: string | null;
    readonly actions: number;
    readonly evidence: readonly Cite[];
  }[];
  readonly mailboxes: readonly {
    readonly address: string;
    readonly owner: string | null;
    readonly title: string | null;
    readonly method: string;
    readonly first: string | null;
    readonly last: string | null;
    readonly items: number | null;
    readonly items_is: 'exact' | 'lower_bound' | 'upper_bound' | null;
    readonly evidence: readonly Cite[];
  }[];
  readonly data_theft: readonly {
    readonly time: string | null;
    readonly host: string | null;
    readonly what: string;
    readonly staged_as: string | null;
    readonly method: string;
    readonly destination: string;
    /** Addresses that a destination's name stood for then. */
    readonly destination_addresses: readonly string[];
    readonly bytes: number;
    readonly bytes_is: 'exact' | 'lower_bound' | 'upper_bound';
    readonly evidence: readonly Cite[];
  }[];
  readonly update_hijack: {
    readonly server: string;
    readonly product: string | null;
    readonly package: string;
    readonly sha256: string | null;
    readonly tampered_at: string | null;
    readonly by: string | null;
    readonly hosts_executed: readonly string[];
    readonly hosts_downloaded: readonly string[];
    readonly evidence: readonly Cite[];
  } | null;
  readonly anti_forensics: readonly IncidentTrace[];
  readonly blind_spots: readonly BlindSpot[];
  /** Added: ordered by how much it would settle. */
  readonly collect_next: readonly CollectNext[];
  readonly techniques: readonly Technique[];
  readonly timeline: readonly TimelineEntry[];
  /** Added: findings of rules whose records are records of this incident. */
  readonly detections: readonly Finding[];
}

export interface RuleSetProvenance {
  readonly name: string;
  readonly version: string | null;
  readonly sha256: string;
  readonly count: number;
  readonly licence: string | null;
}

export interface IncidentDocument {
  readonly schema: typeof INCIDENT_SCHEMA;
  readonly case: {
    readonly id: string;
    readonly title: string;
    readonly created: string;
    readonly tlp: string | null;
    readonly victim: { readonly name: string | null; readonly sector: string | null; readonly country: string | null };
    /** Added: who took which evidence (by the first part of its names), when and how, as the user said. */
    readonly acquisitions?: readonly {
      readonly evidence: readonly string[];
      readonly by: string | null;
      readonly time: string | null;
      readonly how: string | null;
    }[];
    readonly options: Readonly<Record<string, unknown>>;
    /** Added: tests that were declared, and what analysts decided; neither is part of an incident. */
    readonly declared?: {
      readonly known: readonly {
        readonly why: string;
        readonly accounts: readonly string[];
        readonly addresses: readonly string[];
        readonly hosts: readonly string[];
        readonly from: string | null;
        readonly to: string | null;
      }[];
      readonly decisions: readonly {
        readonly kind: string;
        readonly hosts: readonly string[];
        readonly accounts: readonly string[];
        readonly because: string;
        readonly by: string | null;
      }[];
    };
    readonly provenance: {
      readonly tool: string;
      readonly node: string;
      readonly schema: string;
      readonly geo: { readonly name: string; readonly date: string | null; readonly sha256: string } | null;
      readonly attack: string | null;
      readonly rules: readonly RuleSetProvenance[];
    };
  };
  readonly evidence: readonly EvidenceEntry[];
  readonly incidents: readonly Incident[];
  /** Added: whether incidents were looked for at all. */
  readonly reconstruction: { readonly performed: boolean; readonly note: string };
  readonly other_findings: readonly Finding[];
  readonly overview: {
    readonly anti_forensics: readonly AntiForensics[];
    readonly techniques: readonly Technique[];
    readonly timeline: readonly TimelineEntry[];
    readonly blind_spots: readonly BlindSpot[];
    readonly coverage: readonly Coverage[];
    /** Added: hosts by all that evidence calls them; only those with an address or several names. Null: without a store it is not known. */
    readonly hosts: readonly HostEntry[] | null;
    /** Added: how far clocks are apart, where two hosts recorded the same things. */
    readonly clocks: readonly ClockEntry[] | null;
  };
  readonly counts: {
    readonly records: number;
    readonly unreadable_records: number;
    readonly detections: number;
    readonly incidents: number;
    readonly hosts_controlled: number;
    readonly hosts_seen: number;
    readonly files: number;
    readonly event_logs: number;
    /** Added: files of any format that were read as logs. */
    readonly logs: number;
    readonly rules_matched: number;
    readonly anti_forensics: number;
    readonly problems: number;
  };
}
