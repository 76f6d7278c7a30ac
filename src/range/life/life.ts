// Everyday life: people, machines, administrators, backup, scanner, updates, mail, and what goes wrong every day without anybody's
// doing. It also does what fools naive tools: logs cleared by imaging, sanctioned mailbox exports, executives abroad, remote tools.
import type { Acts } from '../acts/acts.js';
import { administrator, backup, scanner } from './administration.js';
import type { LifeOptions } from './common.js';
import { machine, unix } from './machines.js';
import { oddities } from './oddities.js';
import { correspondence, outside } from './outside.js';
import { person } from './people.js';
import { updates } from './updates.js';

export function startLife(acts: Acts, options: LifeOptions): void {
  const { world, sim } = acts;
  for (const p of world.people) sim.start(person(acts, p, options));
  for (const h of world.hosts) if (!h.linux) sim.start(machine(acts, h, options));
  for (const a of world.administrators) sim.start(administrator(acts, a.person, a.account, options));
  sim.start(backup(acts, options));
  sim.start(scanner(acts, options));
  sim.start(outside(acts, options));
  sim.start(updates(acts, options));
  sim.start(correspondence(acts, options));
  sim.start(oddities(acts, options));
  for (const h of world.hosts) if (h.linux) sim.start(unix(acts, h, options));
}
