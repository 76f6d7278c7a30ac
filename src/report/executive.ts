// Two pages for who decides: what happened, how far it went, what was taken, what has to be done, what is not known.
import type { IncidentDocument } from '../incident/index.js';
import type { Messages } from '../messages/index.js';
import { indicators } from './indicators.js';
import { type Block, type Model, type ModelOptions, shortTime, totalText } from './blocks.js';
import { makeModel } from './model.js';

/** The model of the summary: the same numbers, by the same functions. */
export function executiveModel(d: IncidentDocument, options: ModelOptions): Model {
  const whole = makeModel(d, options);
  return {
    ...whole,
    facts: whole.facts.slice(0, 4),
    incidents: whole.incidents.map((part, n) => ({
      ...part,
      sections: [
        ...part.sections.filter((s) => s.id.endsWith('-statement')),
        {
          id: `${part.id}-summary`,
          title: options.messages.text.model.sections.summary,
          blocks: summary(d, n, options.messages),
        },
        ...part.sections
          .filter((s) => s.id.endsWith('-judgements') || s.id.endsWith('-graph') || s.id.endsWith('-sessions'))
          .map((s) => ({
            ...s,
            blocks: s.blocks.filter((b) => b.kind === 'figure' || (s.id.endsWith('-judgements') && b.kind === 'table')),
          }))
          .filter((s) => s.blocks.length > 0),
      ],
    })),
  };
}

function summary(d: IncidentDocument, n: number, messages: Messages): Block[] {
  const i = d.incidents[n]!;
  const w = messages.text.model;
  const x = w.executive;
  const j = w.judgement;
  const list = (title: string, items: readonly string[]): Block[] =>
    items.length === 0 ? [] : [{ kind: 'list', title, items }];
  const controlled = i.hosts.filter((h) => h.status === 'controlled');
  return [
    ...list(x.extent, [
      j.extent(controlled.length, controlled.filter((h) => h.confidence === 'high').length),
      ...(i.update_hijack === null ? [] : [j.hijack(i.update_hijack.hosts_executed.length)]),
      `${shortTime(i.first_seen)} – ${shortTime(i.last_seen)}`,
    ]),
    ...list(x.taken, [
      ...(i.mailboxes.length === 0 ? [] : [j.mail(i.mailboxes.length)]),
      ...(i.data_theft.length === 0 ? [] : [j.theft(totalText(i.data_theft, messages.language))]),
    ]),
    ...list(x.now, [
      x.remove(i.implants.length + i.persistence.length),
      x.reset(i.accounts.filter((a) => a.status !== 'attempted').length),
      x.block(indicators(i).filter((k) => k.kind === 'ip' || k.kind === 'domain').length),
      ...(i.collect_next ?? []).slice(0, 2).map((c) => x.collect(c.what)),
    ]),
    ...list(
      x.unknown,
      i.blind_spots.slice(0, 4).map((b) => `${b.host ?? ''} ${b.source}: ${b.why}`.trim()),
    ),
  ];
}
