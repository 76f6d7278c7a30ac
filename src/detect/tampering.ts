// Records in which Windows itself says that logging was interfered with. Events are told by provider and id together:
// the same ids mean other things from other providers (System 104 is used by several drivers).
import type { EvtxEvent } from '../events/index.js';
import { DATA_CHANNEL, type TextRecord } from '../formats/text/record.js';

export type TamperKind = 'log_cleared' | 'audit_policy_changed' | 'sensor_stopped';

export interface TamperFact {
  readonly kind: TamperKind;
  readonly micros: number;
  readonly host: string;
  readonly channel: string;
  readonly record: number;
  readonly chunkOffset: number;
  /** The log that was cleared, the policy that changed, the sensor that stopped. */
  readonly what: string;
  /** Who did it, as DOMAIN\name, where the record says so. */
  readonly account: string | null;
}

interface Sign {
  readonly provider: string;
  readonly eventId: string;
  readonly kind: TamperKind;
  readonly what: (f: (name: string) => string) => string | null;
}

/** Message ids of an audit setting that was taken away: success removed, failure removed. */
const REMOVED = /%%8448|%%8450/;

const SIGNS: readonly Sign[] = [
  { provider: 'Microsoft-Windows-Eventlog', eventId: '1102', kind: 'log_cleared', what: () => 'Security' },
  { provider: 'Microsoft-Windows-Eventlog', eventId: '104', kind: 'log_cleared', what: (f) => f('Channel') || null },
  // Only where auditing was taken away; adding it is no tampering.
  {
    provider: 'Microsoft-Windows-Security-Auditing',
    eventId: '4719',
    kind: 'audit_policy_changed',
    what: (f) => (REMOVED.test(f('AuditPolicyChanges')) ? f('SubcategoryGuid') || f('SubcategoryId') : null),
  },
  {
    provider: 'Microsoft-Windows-Windows Defender',
    eventId: '5001',
    kind: 'sensor_stopped',
    what: () => 'Windows Defender: real-time protection',
  },
  {
    provider: 'Microsoft-Windows-Windows Defender',
    eventId: '5010',
    kind: 'sensor_stopped',
    what: () => 'Windows Defender: malware scanning',
  },
  {
    provider: 'Microsoft-Windows-Windows Defender',
    eventId: '5012',
    kind: 'sensor_stopped',
    what: () => 'Windows Defender: virus scanning',
  },
];

const BY_ID = new Map<string, readonly Sign[]>();
for (const s of SIGNS) BY_ID.set(s.eventId, [...(BY_ID.get(s.eventId) ?? []), s]);

/** What of a record the signs need. `data` gives a field of the event's data, '' where there is none. */
interface Seen {
  readonly eventId: string;
  readonly provider: string;
  readonly host: string;
  readonly channel: string;
  readonly record: number;
  readonly place: number;
  readonly data: (name: string) => string;
}

export class LogTampering {
  readonly facts: TamperFact[] = [];

  see(event: EvtxEvent, micros: number): void {
    if (!BY_ID.has(event.eventId)) return;
    this.#judge(micros, {
      eventId: event.eventId,
      provider: event.provider,
      host: event.computer,
      channel: event.channel,
      record: event.view.recordId,
      place: event.view.chunk.place.offset,
      // System's own Channel is not what was cleared.
      data(name) {
        if (name === 'Channel') return dataChannel(event);
        const v = event.view.field(name);
        return typeof v === 'string' ? v : '';
      },
    });
  }

  /** The same of a Windows event in a text log. */
  seeText(r: TextRecord): void {
    if (!BY_ID.has(r.eventId)) return;
    this.#judge(r.micros, {
      eventId: r.eventId,
      provider: r.provider,
      host: r.host,
      channel: r.channel,
      record: r.line,
      place: r.offset,
      data(name) {
        const v = r.get(name === 'Channel' ? DATA_CHANNEL : name);
        // Flat formats keep one field of a name, System's: which log it was is known only where the message tells.
        return typeof v === 'string' ? v : name === 'Channel' ? 'unknown' : '';
      },
    });
  }

  #judge(micros: number, e: Seen): void {
    for (const s of BY_ID.get(e.eventId)!) {
      if (s.provider !== e.provider) continue;
      const what = s.what(e.data);
      if (what === null) continue;
      const user = e.data('SubjectUserName');
      const domain = e.data('SubjectDomainName');
      this.facts.push({
        kind: s.kind,
        micros,
        host: e.host,
        channel: e.channel,
        record: e.record,
        chunkOffset: e.place,
        what,
        account: user === '' || user === '-' ? null : domain === '' || domain === '-' ? user : `${domain}\\${user}`,
      });
    }
  }
}

/** UserData/LogFileCleared/Channel: the log that was cleared, which System's field of that name would hide. */
function dataChannel(event: EvtxEvent): string {
  const find = (e: ReturnType<typeof event.view.tree>, inData: boolean): string => {
    for (const c of e.children) {
      if (!('name' in c) || !('children' in c)) continue;
      if (inData && c.name === 'Channel') {
        const text = c.children[0];
        return text !== undefined && 'text' in text ? text.text : '';
      }
      const found = find(c, inData || c.name === 'UserData' || c.name === 'EventData');
      if (found !== '') return found;
    }
    return '';
  };
  return find(event.view.tree(), false);
}
