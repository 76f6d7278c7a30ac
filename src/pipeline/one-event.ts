// One event of a log, by the number of its record or line.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { EvtxEvent } from '../events/index.js';
import { TextEvent } from '../events/text-event.js';
import { EvtxFile } from '../formats/evtx/index.js';
import type { EventValue } from '../sigma/index.js';
import { planFile, PLAIN_READING } from './plan.js';
import { readText } from './text-records.js';

/** An event as rules see it. */
export interface Seen {
  readonly channel: string;
  readonly provider: string;
  readonly eventId: string;
  value(name: string): EventValue;
  all(): readonly string[];
}

/** The event, or what is wrong. Throws where the file cannot be read. */
export function openEvent(path: string, number: number): Seen | string {
  const plan = planFile({ path, name: basename(path), bytes: statSync(path).size }, PLAIN_READING);
  if (plan.format === 'evtx') {
    const file = new EvtxFile(path);
    const e = new EvtxEvent();
    for (const view of file.records()) {
      if (view.recordId !== number) continue;
      e.move(view);
      return seen(e, e);
    }
    return `${path} has no record ${number}`;
  }
  if (plan.parts.length === 0) return `${path} is no log that is read: see "backtrail identify"`;
  const e = new TextEvent();
  let found = false;
  const how = {
    path,
    format: plan.format,
    zone: plan.zone,
    zoned: plan.zoned,
    reference: plan.reference,
    shifts: plan.shifts,
    host: '',
    mappings: [],
  };
  readText(how, (r) => {
    if (r.line !== number) return true;
    e.move(r);
    found = true;
    return false;
  });
  if (!found) return `${path} has no record in line ${number}`;
  return seen(e, e.record);
}

function seen(
  e: EvtxEvent | TextEvent,
  { channel, provider, eventId }: Pick<Seen, 'channel' | 'provider' | 'eventId'>,
): Seen {
  return {
    channel,
    provider,
    eventId,
    value(n) {
      e.bind([n]);
      return e.value(0);
    },
    all: () => e.all(),
  };
}
