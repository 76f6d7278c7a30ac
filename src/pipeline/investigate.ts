// The main job: evidence in, a case out.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { TOOL } from '../base/index.js';
import { openCase } from '../case/index.js';
import type { LoadedRules } from '../detect/index.js';
import type { IncidentDocument } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { renderHtml } from '../report/index.js';
import type { Container, SourceFile } from '../sources/index.js';
import { DuckStore } from '../store/index.js';
import { decodeExhibits, EXHIBITS_PER_ITEM, MAX_EXHIBITS, type Wanted } from './exhibits.js';
import { registerEvidence, type Unopened } from './register.js';

/** The store's file in the case folder. */
export const STORE_FILE = 'store.duckdb';

export interface InvestigateOptions {
  readonly out: string;
  readonly rules: LoadedRules | null;
  /** What could not be opened as a file, for the register. */
  readonly unopened?: readonly Unopened[];
  readonly containers?: readonly Container[];
  readonly messages: Messages;
  readonly threads?: number;
  readonly recover?: boolean;
  /** Minutes east of UTC for times without a zone. */
  readonly zone?: number | null;
  /** False: no case store. */
  readonly store?: boolean;
  readonly title?: string;
  readonly tlp?: string;
  readonly onProgress?: (p: { bytes: number; records: number; detections: number }) => void;
  readonly onStage?: (stage: string, done: boolean) => void;
  readonly stop?: () => boolean;
}

export interface InvestigateResult {
  readonly document: IncidentDocument;
  readonly aborted: boolean;
}

/** When the case was made: SOURCE_DATE_EPOCH where set, so that the same run gives the same bytes. */
export function createdTime(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  const seconds = epoch !== undefined && /^\d{1,12}$/.test(epoch) ? Number(epoch) : null;
  return seconds === null ? new Date().toISOString() : new Date(seconds * 1000).toISOString();
}

/** Reads all files and writes the case. Throws `CaseError` where the case cannot be written. */
export async function investigate(
  files: readonly SourceFile[],
  options: InvestigateOptions,
): Promise<InvestigateResult> {
  const created = createdTime();
  // The case's id comes from what was put in, so that the same run has the same id.
  const id = createHash('sha256')
    .update(files.map((f) => `${f.name}\0${f.bytes}`).join('\n'))
    .update(options.rules?.sets.map((s) => s.sha256).join('\n') ?? '')
    .digest('hex')
    .slice(0, 12);
  let store: DuckStore | null = null;
  const target = openCase(options.out, { id, tool: TOOL, created });
  try {
    const storePath = join(options.out, STORE_FILE);
    for (const old of [storePath, `${storePath}.wal`]) rmSync(old, { force: true });
    store = options.store === false ? null : await DuckStore.create(storePath);
    const detections = target.stream('detections.jsonl');
    const wanted: Wanted[] = [];
    const perItem = new Map<string, number>();
    const chunkOf = new Map<string, number>();
    options.onStage?.('read', false);
    let lines: string[] = [];
    let pending = 0;
    const result = await registerEvidence(files, {
      rules: options.rules,
      messages: options.messages,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      recover: options.recover ?? false,
      zone: options.zone ?? null,
      store: store ?? undefined,
      unopened: options.unopened ?? [],
      containers: options.containers ?? [],
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      ...(options.stop === undefined ? {} : { stop: options.stop }),
      onDetection(evidence, d, byLine) {
        const rule = options.rules!.rules[d.rule]!;
        const line = `${JSON.stringify({ evidence, ...(byLine ? { line: d.record } : { record: d.record }), event_record_id: d.eventRecordId, channel: d.channel, event_id: d.eventId, host: d.host, micros: d.micros, rule: rule.id, level: rule.level, fields: Object.fromEntries(d.fields.map((f) => [f.name ?? '', f.value])) })}\n`;
        lines.push(line);
        pending += line.length;
        if (pending > 1 << 18) {
          detections.write(lines.join(''));
          lines = [];
          pending = 0;
        }
        const key = `${rule.id}\0${d.host}`;
        const n = perItem.get(key) ?? 0;
        if (n < EXHIBITS_PER_ITEM && wanted.length < MAX_EXHIBITS) {
          perItem.set(key, n + 1);
          wanted.push({ evidence, record: d.record, chunkOffset: d.chunkOffset });
          chunkOf.set(`${evidence}\0${d.record}`, d.chunkOffset);
        }
      },
    });
    if (lines.length > 0) detections.write(lines.join(''));
    detections.done();
    options.onStage?.('read', true);
    const document = result.collector.document(
      {
        case: {
          id,
          title: options.title ?? options.messages.text.caseTitle(id),
          created,
          tlp: options.tlp ?? null,
          victim: { name: null, sector: null, country: null },
          options: {
            recover: options.recover ?? false,
            timezone_minutes: options.zone ?? null,
            language: options.messages.language,
          },
          provenance: {
            tool: TOOL,
            node: process.versions.node.split('.')[0]!,
            schema: 'backtrail.incident/1',
            geo: null,
            attack: null,
            rules:
              options.rules?.sets.map((s) => ({
                name: s.name,
                version: s.version,
                sha256: s.sha256,
                count: s.count,
                licence: s.licence,
              })) ?? [],
          },
        },
      },
      result.evidence,
      result.unreadable,
    );
    if (result.aborted) return { document, aborted: true };
    options.onStage?.('write', false);
    for (const [evidence, records] of result.chunks)
      for (const [record, chunkOffset] of records) wanted.push({ evidence, record, chunkOffset });
    const exhibits = decodeExhibits(wanted, result.paths, result.texts);
    target.write('incident.json', `${JSON.stringify(document, null, 1)}\n`);
    target.write('report.html', renderHtml({ document, exhibits, messages: options.messages }));
    target.write(
      'paths.json',
      `${JSON.stringify(Object.fromEntries([...result.paths].filter(([id]) => !result.members.has(id))), null, 1)}\n`,
    );
    target.finish();
    options.onStage?.('write', true);
    return { document, aborted: false };
  } finally {
    await store?.close();
    target.close();
  }
}
