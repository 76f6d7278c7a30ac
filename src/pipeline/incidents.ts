// From the store of a case to its incidents, with what the user declared.
import type {
  Collector,
  Directory,
  EvidenceEntry,
  IncidentDocument,
  Known,
  LookUp,
  ReconstructionResult,
} from '../incident/index.js';
import { reconstruct, type Reconstruction } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { parseMicros, citedByLine } from '../base/index.js';
import type { CaseStore } from '../store/index.js';
import type { Decision } from './declared.js';
import { type Reading, zoneFor } from './plan.js';

export interface Declared {
  readonly known: readonly Known[];
  readonly networks: LookUp;
  readonly directory: Directory | null;
  readonly geo: ReconstructionResult['geo'];
  readonly decisions: readonly Decision[];
}

export const NOTHING_DECLARED: Declared = {
  known: [],
  networks: { of: () => ({ country: null, asn: null, label: null }) },
  directory: null,
  geo: null,
  decisions: [],
};

/** Looks for incidents in what the store holds. A failure costs the incidents, not the case, and is told. */
export async function lookForIncidents(
  store: CaseStore,
  collector: Collector,
  head: Pick<IncidentDocument, 'case'>,
  evidence: readonly EvidenceEntry[],
  declared: Declared,
  messages: Messages,
): Promise<ReconstructionResult> {
  try {
    const { incidents } = await reconstruction(store, collector, head, evidence, declared, messages);
    return {
      performed: true,
      note:
        incidents.length === 0
          ? messages.text.reconstruction.none
          : messages.text.reconstruction.found(incidents.length),
      incidents,
      geo: declared.geo,
    };
  } catch (e) {
    if (process.env.BACKTRAIL_DEBUG !== undefined) throw e;
    return {
      performed: false,
      note: messages.text.reconstruction.failed((e as Error).message.split('\n')[0]!.slice(0, 200)),
      incidents: [],
      geo: declared.geo,
    };
  }
}

/** What the reconstruction is told of each file; which of them are in local time of a zone that nobody said. */
export function filesOf(
  evidence: readonly EvidenceEntry[],
  options: Readonly<Record<string, unknown>>,
): {
  evidence: number;
  path: string;
  host: string;
  local: boolean;
  offset: { t: number; minutes: number } | null;
}[] {
  const reading = {
    zone: typeof options.timezone_minutes === 'number' ? options.timezone_minutes : null,
    zones: Array.isArray(options.timezones) ? (options.timezones as Reading['zones']) : [],
    mappings: [],
  };
  return evidence.map((e) => ({
    evidence: Number(e.id.slice(1)),
    path: e.path,
    host: e.host ?? '',
    local: (e.times?.inferred ?? 0) > 0 && e.times!.given === 0 && zoneFor(e.path, reading) === null,
    offset: e.time_offset === undefined ? null : { t: parseMicros(e.time_offset.time), minutes: e.time_offset.minutes },
  }));
}

/** The same with all that led to it, for whoever explains it. */
export function reconstruction(
  store: CaseStore,
  collector: Collector,
  head: Pick<IncidentDocument, 'case'>,
  evidence: readonly EvidenceEntry[],
  declared: Declared,
  messages: Messages,
): Promise<Reconstruction> {
  const before = collector.document(head, evidence, 0);
  const byId = new Map(evidence.map((e) => [e.id, e]));
  const { resolve, clocks } = collector.names();

  return reconstruct({
    source: store,
    resolve,
    clocks,
    signs: before.overview.anti_forensics.map((a) => ({
      host: a.host,
      kind: a.kind,
      time: a.time === null ? Number.NaN : parseMicros(a.time),
      what: a.what,
      evidence: a.evidence,
    })),
    byLine: (e) => {
      const format = byId.get(`e${e}`)?.format;
      return format === undefined || citedByLine(format);
    },
    path: (e) => byId.get(`e${e}`)?.path ?? '',
    files: filesOf(evidence, head.case.options as Record<string, unknown>),
    coverage: before.overview.coverage,
    blind: before.overview.blind_spots,
    findings: before.other_findings,
    known: declared.known,
    networks: declared.networks,
    directory: declared.directory,
    decisions: declared.decisions,
    messages,
  });
}
