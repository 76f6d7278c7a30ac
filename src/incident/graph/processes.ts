// Processes: one for each start, whether Sysmon, the audit log or both wrote it down, with its parent where that is known. Numbers
// are rows; a parent that was there before the logs begin has a row of its own without a start.
import type { Facts } from '../facts/read.js';
import { Rows } from '../facts/rows.js';
import { Doubles, Ints, type Place, type Table } from '../facts/table.js';

/** Hosts of a case; keys are made of a host and another number. */
const MAX_HOSTS = 1_048_576;
/** Records of one start of a process are no further apart. */
const SAME_START = 5e6;
/** Numbers of the processes that every Linux begins with: init and the kernel's. Windows gives none of them. */
const FIRST = 2;
/** A shell becomes what it was handed within this. */
const BECAME_WITHIN = 1e6;

export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);

export class Processes {
  readonly host = new Ints();
  /** Microseconds; -Infinity for what was there before. */
  readonly start = new Doubles();
  readonly pid = new Ints();
  /** Texts: path in lower case, command line, user, hash. */
  readonly image = new Ints();
  readonly command = new Ints();
  readonly user = new Ints();
  readonly hash = new Ints();
  readonly original = new Ints();
  readonly parent = new Ints();
  /** Number of the logon session; -1. */
  readonly session = new Doubles();
  /** By row of the table of process activity: the process that it starts; -1. */
  readonly ofRecord: Int32Array;
  readonly #places: Ints = new Ints();
  readonly #second: Ints = new Ints();
  readonly #byGuid = new Map<number, number>();
  readonly #last = new Map<number, number>();
  readonly #before = new Ints();
  readonly #children = new Rows();
  readonly #table: Table;
  readonly #facts: Facts;
  /** SHA-256 in lower case of a text with hashes in it; ''. */
  readonly sha256: (id: number) => string;

  /** `userName` gives the name of a user that a record has by number; the same text where it is none. */
  constructor(facts: Facts, userName: (host: number, user: number) => number) {
    this.#facts = facts;
    const { texts } = facts;
    this.sha256 = texts.asker((t) => /(?:sha256=|^)([0-9a-f]{64})(?:,|$)/i.exec(t)?.[1]?.toLowerCase() ?? '');
    const p = facts.table('process_activity');
    this.#table = p;
    this.ofRecord = new Int32Array(p.rows).fill(-1);
    const c = (n: string): Int32Array => p.column(n);
    const [image, command, parentImage, user] = [c('process'), c('command_line'), c('parent_process'), c('user')];
    const [pid, ppid, guid, pguid] = [c('pid'), c('parent_pid'), c('process_guid'), c('parent_guid')];
    const [hash, logon, original, domain] = [c('hash'), c('logon_id'), c('original_name'), c('domain')];
    const zero = texts.asker((t) => /^\{?0{8}-0{4}-0{4}-0{4}-0{12}\}?$/.test(t));
    const real = (id: number): number => (id >= 0 && !zero(id) ? id : -1);
    const number = texts.asker((t) => (t === '' ? -1 : Number.isNaN(Number(t)) ? -1 : Number(t)));
    const value = (id: number): number => (id < -1 ? -(id + 2) : id < 0 ? -1 : number(id));
    // The audit daemon writes -1 as 32 bits where there is none.
    const session = (id: number): number => (value(id) === 4_294_967_295 ? -1 : value(id));
    const fold = (id: number): number => texts.fold(id);
    const base = texts.asker((t) => baseName(t).toLowerCase());
    const joined = new Map<string, number>();
    const join = (d: number, u: number): number => {
      if (d < 0 || u < 0) return u;
      const key = `${d}|${u}`;
      let id = joined.get(key);
      if (id === undefined) joined.set(key, (id = texts.add(`${texts.text(d)}\\${texts.text(u)}`)));
      return id;
    };
    const handed = texts.asker((t) => /^(?:\/\S*\/)?(?:ba|da|z|k)?sh -c (.+)$/s.exec(t)?.[1] ?? '');
    const shells = new Map<number, { row: number; given: string; t: number }>();
    for (let i = 0; i < p.rows; i++) {
      const h = p.host[i]!;
      if (h < 0) continue;
      const n = value(pid[i]!);
      const known = n < 0 ? undefined : this.#last.get(h * 4_294_967_296 + n);
      if (
        known !== undefined &&
        Math.abs(p.t[i]! - this.start.at(known)) < SAME_START &&
        p.source[this.#places.at(known)] !== p.source[i] &&
        base(this.image.at(known)) === base(image[i]!)
      ) {
        this.ofRecord[i] = known;
        // The same start, written down by another.
        if (this.#second.at(known) < 0) this.#second.data[known] = i;
        if (real(guid[i]!) >= 0) this.#byGuid.set(guid[i]! * MAX_HOSTS + h, known);
        if (this.command.at(known) < 0) this.command.data[known] = command[i]!;
        if (this.hash.at(known) < 0) this.hash.data[known] = hash[i]!;
        if (this.original.at(known) < 0) this.original.data[known] = original[i]!;
        if (this.session.at(known) < 0) this.session.data[known] = session(logon[i]!);
        const by = this.parent.at(known);
        if (by >= 0 && this.image.at(by) < 0 && parentImage[i]! >= 0) this.image.data[by] = fold(parentImage[i]!);
        continue;
      }
      const row = this.#add(h, p.t[i]!, n, fold(image[i]!), i);
      this.ofRecord[i] = row;
      this.command.data[row] = command[i]!;
      this.user.data[row] = join(domain[i]!, userName(h, user[i]!));
      this.hash.data[row] = hash[i]!;
      this.original.data[row] = original[i]!;
      this.session.data[row] = session(logon[i]!);
      if (real(guid[i]!) >= 0) this.#byGuid.set(guid[i]! * MAX_HOSTS + h, row);
      const above = real(pguid[i]!);
      let parent = above >= 0 ? (this.#byGuid.get(above * MAX_HOSTS + h) ?? -1) : -1;
      const parentPid = value(ppid[i]!);
      if (parent < 0 && (parentPid > FIRST || (parentPid >= 0 && parentImage[i]! >= 0))) {
        const same = this.#at(h, parentPid, p.t[i]!, row);
        if (same >= 0 && (parentImage[i]! < 0 || base(this.image.at(same)) === base(parentImage[i]!))) {
          parent = same;
          if (above >= 0) this.#byGuid.set(above * MAX_HOSTS + h, same);
        }
      }
      // What the first process of a Linux started, or adopted, has nothing else in common.
      if (parent < 0 && (parentImage[i]! >= 0 || above >= 0 || parentPid > FIRST)) {
        // It ran before the logs begin, or its start was not logged.
        const inserted = this.#add(h, Number.NEGATIVE_INFINITY, parentPid, fold(parentImage[i]!), -1, row);
        if (above >= 0) this.#byGuid.set(above * MAX_HOSTS + h, inserted);
        parent = inserted;
      }
      // On Linux a shell that is handed one command becomes it: the same process, or the same parent's next one.
      if (known !== undefined && this.#became(known, row, p.t[i]!, parent)) parent = known;
      else if (command[i]! >= 0 && parentPid >= 0) {
        const given = handed(command[i]!);
        const key = h * 4_294_967_296 + parentPid;
        if (given !== '') shells.set(key, { row, given, t: p.t[i]! });
        else {
          const shell = shells.get(key);
          if (shell !== undefined && p.t[i]! - shell.t < BECAME_WITHIN && texts.text(command[i]!) === shell.given)
            parent = shell.row;
        }
      }
      this.parent.data[row] = parent;
      if (parent >= 0) this.#children.add(parent, 0, row);
    }
    this.#nameParents();
  }

  /** Whether a process is what another of the same number, in the same place below the same parent, turned into (execve). */
  #became(before: number, row: number, t: number, parent: number): boolean {
    return (
      before !== row &&
      t - this.start.at(before) >= 0 &&
      t - this.start.at(before) < BECAME_WITHIN &&
      this.imageText(row).startsWith('/') &&
      this.parent.at(before) === parent &&
      this.imageText(before) !== this.imageText(row)
    );
  }

  /** Processes that ran before the logs begin and are known by their number only: other records may name them. */
  #nameParents(): void {
    const unnamed = new Map<number, number>();
    for (let r = 0; r < this.rows; r++)
      if (!Number.isFinite(this.start.at(r)) && this.image.at(r) < 0 && this.pid.at(r) > 0)
        unnamed.set(this.host.at(r) * 4_294_967_296 + this.pid.at(r), r);
    if (unnamed.size === 0) return;
    const { texts } = this.#facts;
    for (const name of ['file_activity', 'network_activity']) {
      const t = this.#facts.table(name);
      const [process, pid] = [t.column('process'), t.column('pid')];
      for (let i = 0; i < t.rows; i++) {
        if (process[i]! < 0 || t.host[i]! < 0 || pid[i] === -1) continue;
        const row = unnamed.get(t.host[i]! * 4_294_967_296 + texts.number(pid[i]!));
        if (row === undefined || this.image.at(row) >= 0) continue;
        this.image.data[row] = texts.fold(process[i]!);
      }
    }
  }

  #add(host: number, t: number, pid: number, image: number, place: number, before = -1): number {
    const row = this.host.push(host);
    this.start.push(t);
    this.pid.push(pid);
    this.image.push(image);
    this.command.push(-1);
    this.user.push(-1);
    this.hash.push(-1);
    this.original.push(-1);
    this.parent.push(-1);
    this.session.push(-1);
    this.#places.push(place);
    this.#second.push(-1);
    if (pid >= 0 && host >= 0) {
      const key = host * 4_294_967_296 + pid;
      if (before < 0 || this.#last.get(key) === undefined) {
        this.#before.push(this.#last.get(key) ?? -1);
        this.#last.set(key, row);
      } else {
        // Behind what is later already.
        const last = this.#last.get(key)!;
        this.#before.push(this.#before.at(last));
        this.#before.data[last] = row;
      }
    } else this.#before.push(-1);
    return row;
  }

  /** A process that another's record names and whose start no log holds; its row. `image` in lower case, or -1. */
  unseen(host: number, pid: number, guid: number, image: number): number {
    const row = this.#add(host, Number.NEGATIVE_INFINITY, pid, image, -1, 0);
    if (guid >= 0) this.#byGuid.set(guid * MAX_HOSTS + host, row);
    return row;
  }

  get rows(): number {
    return this.host.length;
  }

  #at(host: number, pid: number, t: number, except: number): number {
    let row = this.#last.get(host * 4_294_967_296 + pid) ?? -1;
    while (row >= 0 && (row === except || this.start.at(row) > t)) row = this.#before.at(row);
    return row;
  }

  /** The process that had a number on a host at a time; -1. */
  at(host: number, pid: number, t: number): number {
    return this.#at(host, pid, t + 2e6, -1);
  }

  /** A GUID names a process of one host: copied machines have the same ones. */
  byGuid(host: number, guid: number): number {
    return guid < 0 || host < 0 ? -1 : (this.#byGuid.get(guid * MAX_HOSTS + host) ?? -1);
  }

  children(row: number): readonly number[] {
    return this.#children.of(row, 0);
  }

  imageText(row: number): string {
    return this.#facts.texts.text(this.image.at(row));
  }
  commandText(row: number): string {
    return this.#facts.texts.text(this.command.at(row));
  }
  userText(row: number): string {
    return this.#facts.texts.text(this.user.at(row));
  }

  /** Records that tell of its start. */
  places(row: number): Place[] {
    return [this.#places.at(row), this.#second.at(row)].filter((i) => i >= 0).map((i) => this.#table.place(i));
  }
}
