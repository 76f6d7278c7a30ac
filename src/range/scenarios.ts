// Scenarios: which intrusions there are in an enterprise. Each of them works from ten hosts to thousands, and from a day to years: what
// does not fit is left out.
import { accountEntry, campaign, hijack, penetrationTest, type Stage, strongAccount } from './campaigns.js';
import { Intruder } from './intrusion.js';
import { type World } from './world.js';

const DAY = 86_400e6;

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly hosts: number;
  readonly days: number;
  readonly scale: number;
  readonly begin: (stage: Stage) => void;
}

function intruder(stage: Stage, name: string, addresses: number, countries: number): Intruder {
  return new Intruder(stage.acts, stage.book(), name, {
    end: stage.end,
    scale: stage.scale,
    proxies: stage.addresses(name, addresses, countries),
  });
}
const daysOf = (stage: Stage): number => (stage.end - stage.start) / DAY;

/** Windows hosts that an intruder can get at: how many of a share of them. */
const share = (world: World, part: number, least: number): number =>
  Math.max(least, Math.min(world.hosts.filter((h) => !h.linux).length - 2, Math.round(world.hosts.length * part)));

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'mail-server',
    about:
      'A mail server is broken into by an unknown way; the controller is taken, an eighth of the machines are controlled for most of the time, mail of executives is stolen in sessions through proxies in four countries.',
    hosts: 400,
    days: 365,
    scale: 0.35,
    begin(stage) {
      const { world } = stage.acts;
      const days = daysOf(stage);
      const i = intruder(stage, 'one', 14, 4);
      stage.acts.sim.start(
        campaign(stage, i, {
          server: world.byRole('mail_server')[0]!,
          vector: 'mail_server',
          begins: 0.04,
          controlled: share(world, 0.135, 3),
          sessions: Math.max(3, Math.min(60, Math.round(days / 6))),
          mailboxes: Math.max(2, Math.min(11, Math.round(world.people.length / 4))),
          thefts: days > 60 ? 3 : 1,
          covering: Math.max(1, Math.min(6, Math.round(world.hosts.length / 60))),
        }),
      );
    },
  },
  {
    name: 'update-hijack',
    about:
      'A document system is broken into; from it the update server gives a false release to nearly every client; some fetch it and never run it; documents are stolen.',
    hosts: 380,
    days: 90,
    scale: 0.5,
    begin(stage) {
      const { world, sim } = stage.acts;
      const days = daysOf(stage);
      const i = intruder(stage, 'one', 8, 3);
      sim.start(
        campaign(stage, i, {
          server: world.byRole('document_server')[0]!,
          vector: 'document_server',
          begins: 0.06,
          controlled: 2 + share(world, 0.01, 1),
          sessions: Math.max(3, Math.round(days / 8)),
          mailboxes: 0,
          thefts: 2,
          covering: 2,
        }),
      );
      const server = world.byRole('update_server')[0] ?? world.byRole('document_server')[0]!;
      sim.start(hijack(stage, i, server, stage.start + (stage.end - stage.start) * 0.6));
    },
  },
  {
    name: 'two-at-once',
    about:
      'Two intruders who know nothing of each other, with one stolen account in both hands, and a penetration test that was declared.',
    hosts: 150,
    days: 60,
    scale: 0.5,
    begin(stage) {
      const { world, sim } = stage.acts;
      const a = intruder(stage, 'one', 6, 3);
      const b = intruder(stage, 'two', 5, 2);
      const common = strongAccount(a, world);
      const days = daysOf(stage);
      sim.start(
        campaign(stage, a, {
          server: world.byRole('mail_server')[0]!,
          stolen: common,
          vector: 'mail_server',
          begins: 0.05,
          controlled: share(world, 0.06, 3),
          sessions: Math.max(2, Math.round(days / 5)),
          mailboxes: 3,
          thefts: 1,
          covering: 1,
        }),
      );
      const person = world.people.find((p) => !p.executive && !p.administrator) ?? world.people[0]!;
      sim.start(
        accountEntry(stage, b, {
          vector: b.r.pick(['vpn', 'phishing', 'remote_desktop', 'supplier']),
          begins: 0.3,
          controlled: share(world, 0.05, 3),
          sessions: Math.max(2, Math.round(days / 7)),
          stolen: common,
          person,
          thefts: 1,
        }),
      );
      sim.start(penetrationTest(stage, world));
    },
  },
  {
    name: 'slow',
    about: 'One action a week, for as long as there is.',
    hosts: 200,
    days: 365,
    scale: 0.35,
    begin(stage) {
      const { world, sim } = stage.acts;
      const i = intruder(stage, 'one', 5, 2);
      const weeks = Math.max(3, Math.round(daysOf(stage) / 7));
      sim.start(
        campaign(stage, i, {
          server: world.byRole('mail_server')[0]!,
          vector: 'mail_server',
          begins: 0.03,
          controlled: Math.max(3, Math.min(12, share(world, 0.05, 3))),
          sessions: 10 * weeks,
          mailboxes: 3,
          thefts: 1,
          covering: 1,
        }),
      );
    },
  },
  {
    name: 'erased',
    about:
      'As mail-server, and most traces were removed: logs cleared on many machines, records taken out, sensors stopped, files deleted.',
    hosts: 120,
    days: 90,
    scale: 0.5,
    begin(stage) {
      const { world, sim } = stage.acts;
      const i = intruder(stage, 'one', 7, 3);
      const controlled = share(world, 0.12, 3);
      sim.start(
        campaign(stage, i, {
          server: world.byRole('mail_server')[0]!,
          vector: 'mail_server',
          begins: 0.05,
          controlled,
          sessions: Math.max(3, Math.round(daysOf(stage) / 5)),
          mailboxes: Math.min(5, world.people.length),
          thefts: 1,
          covering: controlled * 2,
        }),
      );
    },
  },
  {
    name: 'quiet',
    about: 'Nothing happened, and everything that looks as if it had.',
    hosts: 150,
    days: 60,
    scale: 0.5,
    begin() {},
  },
];
