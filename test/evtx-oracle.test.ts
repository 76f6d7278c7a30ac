// Every record of every shared EVTX against two other readers. What differs must be in DIFFERENCES, with its reason.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { EVIDENCE, needsShared, oracle, readAll, sharedEvtx } from './support.js';

const dump = oracle('evtx_dump');
const python = oracle('python');

test(
  'every record equals that of evtx_dump',
  needsShared.skip !== undefined
    ? needsShared
    : dump === null
      ? { skip: 'evtx_dump is not installed (cargo install evtx)' }
      : {},
  () => {
    let records = 0;
    for (const name of sharedEvtx()) {
      const path = join(EVIDENCE, name);
      const theirs = spawnSync(dump!, ['-t', '1', '-o', 'jsonl', path], { maxBuffer: 1 << 30 })
        .stdout.toString('utf8')
        .split('\n')
        .filter((l) => l !== '');
      const ours = readAll(path).lines;
      assert.equal(ours.length, theirs.length, `${name}: number of records`);
      for (let i = 0; i < ours.length; i++) {
        records++;
        // The text differs in one thing only: the case of \u000f escapes.
        if (ours[i] !== theirs[i])
          assert.deepEqual(JSON.parse(ours[i]!), JSON.parse(theirs[i]!), `${name}: record ${i}`);
      }
    }
    assert.ok(records >= 8484, `${records} records compared`);
  },
);

/** Older shapes of the PyPI package: GUIDs upper-case without braces, microseconds, trailing blanks trimmed. */
function normal(v: unknown): unknown {
  if (typeof v === 'string') {
    const guid = /^\{?([0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})\}?$/.exec(v);
    if (guid !== null) return guid[1]!.toLowerCase();
    const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})\d?Z$/.exec(v);
    if (time !== null) return `${time[1]}.${time[2]}`;
    return v.trimEnd();
  }
  if (Array.isArray(v)) return v.map(normal);
  if (typeof v === 'object' && v !== null) return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, normal(x)]));
  return v;
}

/**
 * Where the PyPI package 0.14 differs, and why. For these files it gives fewer records, in file order; each that it gives
 * must be among ours.
 */
const FEWER_THERE: Readonly<Record<string, string>> = {
  'formats/evtx_parser/sample-with-zero-data-size-event.evtx':
    '0.14 leaves a chunk at its first bad record; we, like evtx_dump 0.15, go on behind it',
  'formats/evtx_parser/sample_with_a_bad_chunk_magic.evtx':
    '0.14 leaves out chunks that it cannot place; and the log wrapped around, which we put in order of record numbers',
};

/**
 * 0.14 prints an element whose DependencyId names a NULL value as null (Data as empty text); MS-EVEN6 2.2.12 says it
 * must not be there, and Windows and evtx_dump 0.15 leave it out. So do we: what of theirs is empty and not among ours is
 * dropped before comparing, and an element that this empties is null.
 */
function withoutNullElements(theirs: unknown, ours: unknown): unknown {
  if (typeof theirs !== 'object' || theirs === null || Array.isArray(theirs)) return theirs;
  const o = (typeof ours === 'object' && ours !== null ? ours : {}) as Record<string, unknown>;
  const empty = (v: unknown): boolean => v === null || isDeepStrictEqual(v, { '#text': '' });
  const kept = Object.entries(theirs).filter(([k, v]) => !(empty(v) && !(k in o)));
  return kept.length === 0 && ours === null
    ? null
    : Object.fromEntries(kept.map(([k, v]) => [k, withoutNullElements(v, o[k])]));
}

function same(ours: unknown, theirs: unknown): boolean {
  return isDeepStrictEqual(normal(ours), normal(withoutNullElements(theirs, ours)));
}

test(
  'every record equals that of the PyPI package evtx',
  needsShared.skip !== undefined
    ? needsShared
    : python === null
      ? { skip: 'the Python package evtx is not installed (pip install evtx)' }
      : {},
  () => {
    const script = `import sys,json
from evtx import PyEvtxParser
out=sys.stdout
for line in sys.stdin:
    p=line.rstrip("\\n"); n=[]
    it=PyEvtxParser(p).records_json()
    while True:
        try: r=next(it)
        except StopIteration: break
        except Exception: continue
        n.append(r["data"])
    out.write(json.dumps(n)+"\\n")
`;
    const names = sharedEvtx();
    const r = spawnSync(python!, ['-c', script], {
      input: `${names.map((n) => join(EVIDENCE, n)).join('\n')}\n`,
      maxBuffer: 1 << 30,
      encoding: 'utf8',
    });
    assert.equal(r.status, 0, r.stderr);
    const results = r.stdout.split('\n').filter((l) => l !== '');
    assert.equal(results.length, names.length);
    let records = 0;
    const unexplained: string[] = [];
    names.forEach((name, i) => {
      const theirs = (JSON.parse(results[i]!) as string[]).map(
        (t) => JSON.parse(t) as { Event: { System: { EventRecordID: unknown } } },
      );
      const ours = readAll(join(EVIDENCE, name)).lines.map(
        (t) => JSON.parse(t) as { Event: { System: { EventRecordID: unknown } } },
      );
      if (FEWER_THERE[name] !== undefined) {
        const byId = new Map(ours.map((r) => [String(r.Event.System.EventRecordID ?? 'none'), r]));
        for (const t of theirs) {
          records++;
          const twin = byId.get(String(t.Event.System.EventRecordID ?? 'none'));
          if (twin === undefined || !(same(twin, t) || ours.some((o) => same(o, t))))
            unexplained.push(`${name}: record ${String(t.Event.System.EventRecordID)}`);
        }
        return;
      }
      if (theirs.length !== ours.length)
        unexplained.push(`${name}: ${ours.length} records here, ${theirs.length} there`);
      for (let k = 0; k < Math.min(ours.length, theirs.length); k++) {
        records++;
        if (!same(ours[k], theirs[k])) unexplained.push(`${name}: record ${k}`);
      }
    });
    assert.deepEqual(unexplained.slice(0, 10), [], `${unexplained.length} unexplained differences`);
    assert.ok(records >= 8300, `${records} records compared`);
  },
);
