// Credentials taken: memory of the local security authority read, the directory's database copied, the registry's secrets saved,
// the directory replicated by an account that is no controller's.
import type { Lead } from '../graph/suspicion.js';
import { baseName, ownAccount, type World } from '../graph/world.js';

/** PROCESS_VM_READ. */
const VM_READ = 0x10;
/** A program that reads this memory on so many hosts is a sensor or a protection. */
const EVERYWHERE = 3;
/** Days on which somebody replicates the directory before it counts as a job of theirs. */
const JOB_DAYS = 4;
const MEMORY_LINE = /comsvcs(?:\.dll)?["']?[ ,]{1,8}(?:#|minidump)|-ma\s{1,8}["']?lsass\b|lsass\.dmp|sekurlsa/i;
const SAVES = /\breg(?:\.exe)?["']?\s{1,8}save\s{1,8}(?:hklm|hkey_local_machine)\\(?:sam|system|security)\b/i;

/** Whether texts stand in a line one behind the other, by looking once for each: a line may have been made to be slow to look at. */
function inOrder(line: string, ...words: readonly RegExp[]): boolean {
  let at = 0;
  for (const word of words) {
    const found = line.slice(at).search(word);
    if (found < 0) return false;
    at += found + 1;
  }
  return true;
}

/** Whether a command line dumps the memory of the local security authority. */
export const memoryLine = (t: string): boolean => MEMORY_LINE.test(t) || inOrder(t, /\blsass\.exe\b/i, /\.dmp/i);

/** Whether a command line copies the directory's database, or saves the registry's secrets. */
export const databaseLine = (t: string): boolean =>
  SAVES.test(t) ||
  /secretsdump|\bdcsync\b/i.test(t) ||
  inOrder(t, /ntdsutil/i, /\bifm\b/i, /\bcreate\b/i) ||
  (/ntds\.dit\b/i.test(t) && /\bcopy|esentutl|vss|shadow|robocopy/i.test(t));
const REPLICATION = /1131f6a[adb]-9c07-11d1-f79f-00c04fc2dcd2|89e95b76-444d-4c62-991a-0facbeda640c/i;

export function credentials(w: World): Lead[] {
  const out: Lead[] = [];
  const { texts } = w.facts;
  const p = w.processes;
  const line = texts.asker((t) => (memoryLine(t) ? 1 : databaseLine(t) ? 2 : 0));
  for (let r = 0; r < p.rows; r++) {
    const kind = p.command.at(r) < 0 || !Number.isFinite(p.start.at(r)) ? 0 : line(p.command.at(r));
    if (kind === 0) continue;
    out.push({
      detector: kind === 1 ? 'credential-memory' : 'directory-copy',
      technique: kind === 1 ? 'T1003.001' : /\breg\b/i.test(p.commandText(r)) ? 'T1003.002' : 'T1003.003',
      host: p.host.at(r),
      t: p.start.at(r),
      process: r,
      session: null,
      weight: 1,
      places: p.places(r),
      what: kind === 1 ? 'lead.memory' : 'lead.directory-copy',
    });
  }
  const m = w.facts.table('memory_activity');
  const [activity, target, image, access, guid, pid] = [
    'activity',
    'target',
    'process',
    'access',
    'process_guid',
    'pid',
  ].map((c) => m.column(c)) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  const lsass = texts.asker((t) => /\\lsass\.exe$/i.test(t));
  const open = texts.asker((t) => t === 'open');
  const readers = new Map<number, Set<number>>();
  const rows: number[] = [];
  for (let i = 0; i < m.rows; i++) {
    if (!open(activity[i]!) || !lsass(target[i]!)) continue;
    const mask = texts.number(access[i]!);
    if (Number.isNaN(mask) || (mask & VM_READ) === 0) continue;
    rows.push(i);
    const key = texts.fold(image[i]!);
    readers.set(key, (readers.get(key) ?? new Set()).add(m.host[i]!));
  }
  // Programs that a host's own system is made of read this memory all day long; shells and loaders do not.
  const loader = texts.asker((t) => /\\(?:rundll32|powershell|cmd|taskmgr|regsvr32|werfault)\.exe$/i.test(t));
  const own = texts.asker((t) => w.systemPath(t));
  for (const i of rows) {
    const name = texts.fold(image[i]!);
    if ((own(name) && !loader(name)) || (readers.get(name)!.size >= EVERYWHERE && !loader(name))) continue;
    const r = w.processAt(m.host[i]!, guid[i]!, pid[i]!, m.t[i]!);
    const full =
      (texts.number(access[i]!) & 0x1fffff) === 0x1fffff ||
      texts.number(access[i]!) === 0x1010 ||
      texts.number(access[i]!) === 0x1410 ||
      texts.number(access[i]!) === 0x1438;
    out.push({
      detector: 'credential-memory',
      technique: 'T1003.001',
      host: m.host[i]!,
      t: m.t[i]!,
      process: r,
      session: null,
      weight: r >= 0 && full ? 1 : 0.5,
      places: [m.place(i)],
      what: 'lead.memory',
    });
  }
  // A replication that an account asks for which is no machine's.
  const e = w.facts.table('entity_management');
  const [properties, user, logon] = [e.column('properties'), e.column('user'), e.column('logon_id')];
  const replication = texts.asker((t) => REPLICATION.test(t));
  const byUser = new Map<number, number[]>();
  for (let i = 0; i < e.rows; i++) {
    if (!replication(properties[i]!) || ownAccount(texts.text(user[i]!))) continue;
    const list = byUser.get(user[i]!);
    if (list === undefined) byUser.set(user[i]!, [i]);
    else list.push(i);
  }
  for (const list of byUser.values()) {
    const days = new Set(list.map((i) => Math.floor(e.t[i]! / 86_400e6))).size;
    for (const i of list)
      out.push({
        detector: 'directory-replication',
        technique: 'T1003.006',
        host: e.host[i]!,
        t: e.t[i]!,
        process: -1,
        session: replicationSession(
          w,
          e.host[i]!,
          texts.number(logon[i]!),
          texts.text(user[i]!).toLowerCase(),
          e.t[i]!,
        ),
        weight: days >= JOB_DAYS ? 0 : 1,
        places: [e.place(i)],
        what: 'lead.replication',
      });
  }
  return out;
}

/** The session that asked: by its number, else the account's latest over the network. */
function replicationSession(w: World, host: number, id: number, user: string, t: number): Lead['session'] {
  const l = Number.isNaN(id) ? null : w.logons.session(host, id, t);
  if (l !== null && l.user === user) return l;
  return w.logons.remote(host, t - 600e6, t + 1e6).findLast((x) => x.user === user) ?? null;
}

export { baseName };
