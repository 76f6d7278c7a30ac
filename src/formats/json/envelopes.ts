// What queries and interfaces wrap around the events that they give: answers of Elasticsearch, Log Analytics, Loki, Graylog, Splunk,
// Defender's and the clouds' interfaces. Each event is told as if it stood alone.
import { objectOf } from '../text/json.js';

type Obj = Readonly<Record<string, unknown>>;

const obj = (v: unknown): Obj | null => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Obj) : null);
const list = (v: unknown): readonly unknown[] | null => (Array.isArray(v) ? (v as unknown[]) : null);
const objects = (v: unknown): Obj[] | null => {
  const l = list(v);
  // What is no object among them is no event.
  return l === null || (l.length > 0 && !l.some((x) => obj(x) !== null)) ? null : l.map((x) => obj(x) ?? {});
};

/** Names under which an answer has its events, in a list. */
const LISTS = [
  'Records',
  'records',
  'value',
  'results',
  'Results',
  'items',
  'events',
  'Events',
  'entries',
  'logs',
  'messages',
  'data',
  'result',
  'hits',
];

/** Columns of a table. */
const MAX_COLUMNS = 4096;

/** Rows of a table whose columns are named apart from them (Log Analytics, Splunk's `json_rows`). */
function rows(columns: unknown, given: unknown): Obj[] | null {
  const names = list(columns)?.map((c) => (typeof c === 'string' ? c : String(obj(c)?.name ?? obj(c)?.Name ?? '')));
  const values = list(given);
  if (names === undefined || values === null || !values.every((r) => Array.isArray(r))) return null;
  // A row of another width is none of this table.
  return (values as unknown[][]).map((r) =>
    r.length === names.length && names.length <= MAX_COLUMNS ? Object.fromEntries(names.map((n, i) => [n, r[i]])) : {},
  );
}

/** Events of an answer; null where an object is an event itself. An answer without events gives an empty list. */
export function members(o: Obj): Obj[] | null {
  // Elasticsearch.
  const hits = objects(obj(o.hits)?.hits);
  if (hits !== null) return hits;
  const responses = objects(o.responses);
  if (responses !== null && responses.some((r) => obj(r.hits) !== null))
    return responses.flatMap((r) => members(r) ?? []);
  // Log Analytics.
  const tables = objects(o.tables);
  if (tables !== null) return tables.flatMap((t) => rows(t.columns, t.rows) ?? []);
  const own = rows(o.columns, o.rows) ?? rows(o.fields, o.rows);
  if (own !== null) return own;
  // Loki: streams of [nanoseconds, line].
  const streams = objects(obj(o.data)?.result) ?? objects(o.streams);
  if (streams !== null && streams.every((s) => list(s.values) !== null))
    return streams.flatMap((s) =>
      (s.values as unknown[]).flatMap((v) => {
        const [ns, line] = list(v) ?? [];
        return typeof line === 'string'
          ? [{ labels: s.stream, line, timestamp: /^\d{19}$/.test(String(ns)) ? Number(String(ns).slice(0, 16)) : ns }]
          : [];
      }),
    );
  for (const name of LISTS) {
    const found = objects(o[name]);
    // An event may have lists of its own: an answer has little beside its list.
    if (found === null || (name !== 'Records' && name !== 'records' && !isAnswer(o, name))) continue;
    return found.flatMap((x) => {
      // Graylog's `{message: {…}, index}`.
      const message = obj(x.message);
      return message !== null && x.index !== undefined ? [message] : [x];
    });
  }
  return null;
}

/** Names of events' own times: what has one is an event. */
const EVENT_TIMES =
  /^(?:@timestamp|timestamp|time|eventTime|CreationTime|createdDateTime|activityDateTime|TimeCreated|TimeGenerated|published|_time|ts|Event|System|id)$/;

const isAnswer = (o: Obj, name: string): boolean =>
  !Object.keys(o).some((k) => k !== name && (EVENT_TIMES.test(k) || k === '_source'));

/** An event without what wraps it alone: Elasticsearch's hit, the text in which CloudTrail, CloudWatch and the unified audit log have theirs. */
export function unwrapped(o: Obj): Obj {
  for (const text of [o.AuditData, o.CloudTrailEvent, o.auditdata])
    if (typeof text === 'string') {
      const inner = objectOf(text);
      if (inner !== null) return inner;
    }
  // A text of JSON as CloudWatch, Docker and container engines carry it, where nothing but where it came from stands beside.
  for (const name of ['message', '@message', 'log', 'line', 'MESSAGE']) {
    const text = o[name];
    if (typeof text !== 'string' || !/^\s*\{"/.test(text) || !Object.keys(o).every((k) => CARRIER.test(k))) continue;
    const inner = objectOf(text.trim());
    if (inner !== null)
      return Object.keys(inner).some((k) => EVENT_TIMES.test(k)) || o.timestamp === undefined
        ? inner
        : { timestamp: o.timestamp, ...inner };
  }
  return o;
}

const CARRIER =
  /^(?:message|@message|log|line|MESSAGE|timestamp|@timestamp|time|ingestionTime|eventId|id|logStreamName|logGroup|@ptr|@log|stream|_p|kubernetes|docker|labels|tag|date)$/;
