// An EVTX record as an event: what identifies it (host, channel, provider, event id, time, number) and its fields by
// number for the matcher. One object moves from record to record; what it knows about a shape of records is worked out
// once and kept with the shape.
import { parseMicros } from '../base/index.js';
import { type FieldValue, RecordView, type Shape, type ShapePart } from '../formats/evtx/index.js';

/** Fields of System, which keyword searches leave out: they search what happened, not its envelope. */
const SYSTEM_FIELDS: ReadonlySet<string> = new Set([
  'Provider_Name',
  'Provider_Guid',
  'EventSourceName',
  'EventID',
  'Qualifiers',
  'Version',
  'Level',
  'Task',
  'Opcode',
  'Keywords',
  'SystemTime',
  'EventRecordID',
  'ActivityID',
  'RelatedActivityID',
  'Execution_ProcessID',
  'Execution_ThreadID',
  'Channel',
  'Computer',
  'Security_UserID',
  'Correlation',
  'Execution',
  'Security',
  'TimeCreated',
  'Provider',
]);

export const isSystemField = (name: string): boolean => SYSTEM_FIELDS.has(name);

interface ShapeNotes {
  readonly provider: readonly ShapePart[] | undefined;
  readonly eventId: readonly ShapePart[] | undefined;
  readonly channel: readonly ShapePart[] | undefined;
  readonly computer: readonly ShapePart[] | undefined;
  readonly time: ShapePart | undefined;
  /** Parts of a consumer's fields, by consumer. */
  readonly bound: Map<object, readonly (readonly ShapePart[] | undefined)[]>;
  readonly data: readonly (readonly ShapePart[])[];
  /** Fields whose name has spaces ("New Value"), under the name that Sigma rules use ("NewValue"). */
  readonly spaceless: ReadonlyMap<string, readonly ShapePart[]>;
}

/** Consumers' field lists kept for one shape; a crafted log can make many classes meet one shape. */
const MAX_BOUND = 4096;

export class EvtxEvent {
  view!: RecordView;
  provider = '';
  eventId = '';
  channel = '';
  computer = '';
  #shape: Shape | null = null;
  #notes: ShapeNotes | null = null;
  #bound: readonly (readonly ShapePart[] | undefined)[] | null = null;
  #names: readonly string[] = [];

  /** Moves to the record that `view` is on. Throws `EvtxError` if its BinXML cannot be read. */
  move(view: RecordView): void {
    this.view = view;
    const shape = view.shape();
    this.#shape = shape;
    if (shape === null) {
      this.#notes = null;
      this.provider = one(view.field('Provider_Name'));
      this.eventId = one(view.field('EventID'));
      this.channel = one(view.field('Channel'));
      this.computer = one(view.field('Computer'));
      return;
    }
    const notes = ((shape.memo as ShapeNotes | undefined) ?? (shape.memo = notesOf(shape))) as ShapeNotes;
    this.#notes = notes;
    this.provider = this.#text(notes.provider);
    this.eventId = this.#text(notes.eventId);
    this.channel = this.#text(notes.channel);
    this.computer = this.#text(notes.computer);
  }

  #text(parts: readonly ShapePart[] | undefined): string {
    if (parts === undefined) return '';
    const p = parts[0]!;
    return parts.length === 1 && p.slot < 0 ? p.text : one(this.view.parts(parts));
  }

  /** When it happened: TimeCreated, or the record's own time where that is missing. Microseconds since 1970 UTC. */
  get micros(): number {
    const time = this.#notes?.time;
    let micros = time === undefined ? Number.NaN : this.view.partMicros(time);
    if (Number.isNaN(micros)) micros = parseMicros(one(this.view.field('SystemTime')));
    return Number.isNaN(micros) ? this.view.writtenMicros : micros;
  }

  /** Makes `value(i)` answer for `names[i]`. The same array is the same consumer. */
  bind(names: readonly string[]): void {
    this.#names = names;
    const notes = this.#notes;
    if (notes === null || this.#shape === null) {
      this.#bound = null;
      return;
    }
    let bound = notes.bound.get(names);
    if (bound === undefined) {
      if (notes.bound.size >= MAX_BOUND) notes.bound.clear();
      const { fields } = this.#shape;
      bound = names.map((n) => fields.get(n) ?? notes.spaceless.get(n));
      notes.bound.set(names, bound);
    }
    this.#bound = bound;
  }

  value(index: number): FieldValue {
    if (this.#bound === null) return this.#mapped(this.#names[index]!);
    const parts = this.#bound[index];
    return parts === undefined ? undefined : this.view.parts(parts);
  }

  #mapped(name: string): FieldValue {
    const value = this.view.field(name);
    if (value !== undefined) return value;
    const spaced = this.view.fieldNames().find((n) => n.includes(' ') && n.replaceAll(' ', '') === name);
    return spaced === undefined ? undefined : this.view.field(spaced);
  }

  /** All values of the event's data. */
  all(): string[] {
    const out: string[] = [];
    const add = (v: FieldValue): void => {
      if (typeof v === 'string') out.push(v);
      else if (v !== null && v !== undefined) out.push(...v);
    };
    if (this.#notes !== null) for (const parts of this.#notes.data) add(this.view.parts(parts));
    else for (const name of this.view.fieldNames()) if (!SYSTEM_FIELDS.has(name)) add(this.view.field(name));
    return out;
  }
}

function notesOf(shape: Shape): ShapeNotes {
  const { fields } = shape;
  return {
    provider: fields.get('Provider_Name'),
    eventId: fields.get('EventID'),
    channel: fields.get('Channel'),
    computer: fields.get('Computer'),
    time: fields.get('SystemTime')?.[0],
    bound: new Map(),
    data: [...fields].filter(([name]) => !SYSTEM_FIELDS.has(name)).map(([, parts]) => parts),
    spaceless: new Map(
      [...fields].filter(([name]) => name.includes(' ')).map(([name, parts]) => [name.replaceAll(' ', ''), parts]),
    ),
  };
}

const one = (v: FieldValue): string => (typeof v === 'string' ? v : v === null || v === undefined ? '' : (v[0] ?? ''));
