// incident.json in the language that a report is read in: its sentences are put over, everything else is as it was.
import type { Incident, IncidentDocument } from '../incident/index.js';
import { type Messages, SAID } from '../messages/index.js';

/** The document with its sentences in the language of `messages`; the same object where that is English. */
export function localise(d: IncidentDocument, messages: Messages): IncidentDocument {
  const said = SAID[messages.language];
  if (said === undefined) return d;
  const incident = (i: Incident): Incident => ({
    ...i,
    ...(i.confidence_why === undefined ? {} : { confidence_why: said(i.confidence_why) }),
    entry: i.entry === null ? null : { ...i.entry, why: said(i.entry.why) },
    hosts: i.hosts.map((h) => ({ ...h, how: h.how.map(said) })),
    command_and_control: i.command_and_control.map((c) => ({
      ...c,
      pattern: said(c.pattern),
    })),
    data_theft: i.data_theft.map((x) => ({ ...x, what: said(x.what) })),
    anti_forensics: i.anti_forensics.map((x) => ({ ...x, what: said(x.what) })),
    blind_spots: i.blind_spots.map((x) => ({ ...x, why: said(x.why) })),
    timeline: i.timeline.map((x) => ({ ...x, text: said(x.text) })),
    ...(i.collect_next === undefined
      ? {}
      : { collect_next: i.collect_next.map((x) => ({ ...x, what: said(x.what), why: said(x.why) })) }),
  });
  return {
    ...d,
    incidents: d.incidents.map(incident),
    evidence: d.evidence.map((e) => ({ ...e, problems: e.problems.map((p) => ({ ...p, what: said(p.what) })) })),
    overview: {
      ...d.overview,
      anti_forensics: d.overview.anti_forensics.map((x) => ({ ...x, what: said(x.what) })),
      blind_spots: d.overview.blind_spots.map((x) => ({ ...x, why: said(x.why) })),
      timeline: d.overview.timeline.map((x) => ({ ...x, text: said(x.text) })),
    },
    reconstruction: { ...d.reconstruction, note: said(d.reconstruction.note) },
  };
}
