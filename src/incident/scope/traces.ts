// What would let the intruder back in, and what they did to their traces.
import type { Place } from '../facts/table.js';
import { taskCommand } from '../graph/suspicion.js';
import { baseName, SSH, type World } from '../graph/world.js';
import type { Group } from './group.js';
import type { MailTrace } from './mail.js';
import { ordered } from './ordered.js';
import { SCRIPT, type WebFindings } from './web.js';

export interface PersistenceClaim {
  readonly host: number;
  readonly kind: 'service' | 'scheduled_task' | 'run_key' | 'wmi_subscription' | 'webshell' | 'account' | 'other';
  readonly name: string;
  readonly command: string | null;
  readonly t: number;
  readonly technique: string;
  readonly places: Place[];
}

export interface TraceClaim {
  readonly host: number;
  readonly kind: string;
  readonly t: number;
  readonly what: string;
  readonly places: Place[];
}

const MINUTE = 60e6;
/** A task that is gone again within this was made to move. */
const MADE_TO_MOVE = 15 * MINUTE;
const RUN_KEY =
  /\\(?:currentversion\\(?:run|runonce|runservices|policies\\explorer\\run)|winlogon\\(?:shell|userinit|notify)|image file execution options\\[^\\]+\\debugger|active setup\\installed components\\)/i;

/** What a service runs, in the registry. */
const SERVICE_IMAGE = /\\(?:currentcontrolset|controlset\d+)\\services\\([^\\]+)\\imagepath$/i;
/** Types of start that are told in the language of Windows: on demand, and by itself. */
const DEMAND =
  /^(?:demand start|3|manual|manuell(?: starten)?|start(?:en)? (?:auf|bei) (?:anforderung|bedarf)|démarrage (?:à la demande|manuel)|manuel|inicio (?:a petición|manual)|avvio (?:su richiesta|manuale)|handmatig(?: starten)?|вручную|手动启动|手动)$/i;
const AUTOMATIC = /auto|boot|^[012]$|system|авто|自动/i;
/** A command of the shell, and no program that stays. */
const ONE_COMMAND =
  /^"?(?:%comspec%|(?:%systemroot%|c:\\windows)\\system32\\cmd(?:\.exe)?|cmd(?:\.exe)?)"?\s+\/[a-z]*[ck]\b/i;
/** Where programs look for their libraries. */
const LIBRARY_FOLDER = /^[a-z]:\\(?:program files(?: \(x86\))?|windows\\(?:system32|syswow64))\\(?!.*\\temp\\)/i;

/** Commands that delete. */
const ORDERED = /\b(?:del|erase|rm|shred|unlink|remove-item|\bri\b|rd|rmdir|sdelete(?:64)?|cipher)\b/i;

/** Edges by which a service is reached that the intruder made. */
const MADE = /^edge\.(?:session-service|made-while-asked|sensed|commanded|installed-by|update|as-root)$/;

export function persistence(w: World, g: Group, web: WebFindings, mail: readonly MailTrace[]): PersistenceClaim[] {
  const out = new Map<string, PersistenceClaim>();
  const add = (p: PersistenceClaim): void => {
    const key = `${p.host}|${p.kind}|${p.name.toLowerCase()}`;
    const known = out.get(key);
    if (known === undefined) out.set(key, p);
    else known.places.push(...p.places);
  };
  const { texts } = w.facts;
  const services = w.facts.table('service_activity');
  registered(w, g, add);
  const jobs = w.facts.table('scheduled_job_activity');
  const start = services.column('start_type');
  const brings = (host: number, command: string): boolean => {
    const c = command.toLowerCase();
    for (const f of g.files.values()) if (f.host === host && f.path.length > 6 && c.includes(f.path)) return true;
    // What they laid under that path on another machine, or a command of theirs put there.
    const exe = /^"?([a-z]:\\[^"]+?\.(?:exe|dll|sys|ps1|bat|cmd|vbs))(?=["\s]|$)/.exec(c)?.[1] ?? '';
    if (exe === '') return false;
    for (const f of g.files.values()) if (f.path === exe) return true;
    return g.nodes.some(
      (n) =>
        n.host === host &&
        (n.kind === 'service' || n.kind === 'process') &&
        /\b(?:copy|xcopy|move|ren|curl|certutil|bitsadmin)\b/.test(
          n.path + (n.kind === 'process' ? w.processes.commandText(n.row).toLowerCase() : ''),
        ) &&
        (n.kind === 'process' ? w.processes.commandText(n.row).toLowerCase() : n.path).includes(exe),
    );
  };
  for (const n of g.nodes) {
    if (n.kind === 'service') {
      const name = w.text(services.column('service')[n.row]!);
      // Started once, on demand, to run something: that is how they moved.
      const type = w.text(start[n.row]!);
      if (DEMAND.test(type) || (type !== '' && !AUTOMATIC.test(type) && ONE_COMMAND.test(n.path))) continue;
      // One that they made themselves needs no record of its file.
      const own =
        MADE.test(n.because) &&
        !/^"?(?:c:\\windows\\(?:system32|syswow64)\\|%systemroot%\\system32\\|%comspec%)/.test(n.path);
      if (!own && !brings(n.host, n.path)) continue;
      add({
        host: n.host,
        kind: 'service',
        name,
        command: w.text(services.column('command_line')[n.row]!),
        t: n.t,
        // A unit of systemd, or a service of Windows.
        technique: n.because === 'edge.as-root' ? 'T1543.002' : 'T1543.003',
        places: [...n.places],
      });
    } else if (n.kind === 'task') {
      const name = w.text(jobs.column('task')[n.row]!);
      let gone = false;
      for (let i = jobs.from(n.t); i < jobs.rows && jobs.t[i]! <= n.t + MADE_TO_MOVE; i++)
        if (
          jobs.host[i] === n.host &&
          jobs.column('task')[i] === jobs.column('task')[n.row] &&
          w.text(jobs.column('activity')[i]!) === 'delete'
        )
          gone = true;
      if (gone) continue;
      const command = taskCommand(w.text(jobs.column('command')[n.row]!));
      add({
        host: n.host,
        kind: 'scheduled_task',
        name,
        command: command === '' ? null : command,
        t: n.t,
        technique: 'T1053.005',
        places: [...n.places],
      });
    }
  }
  jobsBegun(w, g, add);
  filesThatStay(w, g, add);
  for (const n of g.nodes) {
    // A library laid beside a program of the house, or of the system, is loaded by it the next time that it starts.
    if (n.kind !== 'file' || !/\.(?:dll|ocx|cpl)$/.test(n.path) || !LIBRARY_FOLDER.test(n.path)) continue;
    if (n.because !== 'edge.copied' && n.because !== 'edge.wrote') continue;
    add({
      host: n.host,
      kind: 'other',
      name: n.path,
      command: null,
      t: n.t,
      technique: 'T1574.001',
      places: [...n.places],
    });
  }
  const r = w.facts.table('registry_value_activity');
  const key = texts.asker((t) => RUN_KEY.test(t));
  for (let i = 0; i < r.rows; i++) {
    if (!key(r.column('key')[i]!) || w.text(r.column('activity')[i]!) !== 'set') continue;
    const p = w.processAt(r.host[i]!, r.column('process_guid')[i]!, r.column('pid')[i]!, r.t[i]!);
    const details = w.text(r.column('details')[i]!);
    if (!g.processes.has(p) && !brings(r.host[i]!, details)) continue;
    const path = w.text(r.column('key')[i]!);
    add({
      host: r.host[i]!,
      kind: 'run_key',
      name: path.replace(/^.*\\/, ''),
      command: details,
      t: r.t[i]!,
      technique: 'T1547.001',
      places: [r.place(i)],
    });
  }
  // A service whose installation no log holds any more, by the value that the registry got; one that was made to move there is none.
  const image = texts.asker((t) => SERVICE_IMAGE.exec(t)?.[1] ?? '');
  const logged = new Set<string>();
  for (let i = 0; i < services.rows; i++)
    logged.add(`${services.host[i]!}|${w.text(services.column('service')[i]!).toLowerCase()}`);
  for (let i = 0; i < r.rows; i++) {
    const name = image(r.column('key')[i]!);
    if (name === '' || w.text(r.column('activity')[i]!) !== 'set') continue;
    const host = r.host[i]!;
    const details = w.text(r.column('details')[i]!);
    if (logged.has(`${host}|${name.toLowerCase()}`) || !brings(host, details)) continue;
    // But for one that stays elsewhere under the same name.
    const stays = [...out.values()].some((x) => x.kind === 'service' && x.name.toLowerCase() === name.toLowerCase());
    if (!stays && g.moves.some((x) => x.to === host && Math.abs(x.t - r.t[i]!) < 3 * MINUTE)) continue;
    add({
      host,
      kind: 'service',
      name,
      command: details,
      t: r.t[i]!,
      technique: 'T1543.003',
      places: [r.place(i)],
    });
  }
  // Where no sensor saw the registry, the command that wrote it.
  for (const o of ordered(w, g)) {
    const m =
      /\breg(?:\.exe)?["']?\s+add\s+"?(\S*?\\CurrentVersion\\Run(?:Once)?)"?.*?\/v\s+"?([^"\s]+)"?(?:.*?\/d\s+("(?:[^"\\]|\\.)*"|\S+))?/i.exec(
        o.text.slice(0, 4096),
      ) ??
      /^(?:new|set)-itemproperty\b.*?(\S*?\\CurrentVersion\\Run(?:Once)?)\b.*?-name\s+["']?([^"'\s]+)["']?(?:.*?-value\s+("[^"]*"|'[^']*'|\S+))?/i.exec(
        o.text.slice(0, 4096),
      );
    if (m === null || g.suspicion.clean.has(o.host)) continue;
    add({
      host: o.host,
      kind: 'run_key',
      name: m[2]!,
      command: m[3]?.replace(/^["']|["']$/g, '').replaceAll('\\"', '"') ?? null,
      t: o.t,
      technique: 'T1547.001',
      places: [...o.places],
    });
  }
  const wmi = w.facts.table('wmi_activity');
  const subscribed = new Map<string, Set<number>>();
  const nameOf = (i: number): string =>
    w
      .text(wmi.column('name')[i]!)
      .replace(/^.*Name=\\?"?([^"\\]*)\\?"?.*$/s, '$1')
      .replace(/^\s*"|"\s*$/g, '');
  for (let i = 0; i < wmi.rows; i++) {
    const key = nameOf(i).toLowerCase();
    subscribed.set(key, (subscribed.get(key) ?? new Set()).add(wmi.host[i]!));
  }
  for (let i = 0; i < wmi.rows; i++) {
    const host = wmi.host[i]!;
    const name = nameOf(i);
    // Sysmon writes strings as WMI's own language has them.
    const to = w.text(wmi.column('destination')[i]!).replaceAll('\\\\', '\\');
    // What runs a program of theirs; or what this host alone has, made while they were at work there.
    const alone =
      g.hosts.get(host)?.status === 'controlled' &&
      [...subscribed.get(name.toLowerCase())!].every((h) => g.hosts.get(h)?.status === 'controlled') &&
      g.near(host, wmi.t[i]!, 10 * MINUTE);
    if (!brings(host, to) && !alone) continue;
    const command =
      /CommandLineTemplate\s*=\s*"((?:[^"\\]|\\.)*)"/.exec(to)?.[1] ??
      (/[a-z]:\\/i.test(to) && to.length < 500 ? to.trim().replace(/^"|"$/g, '') : null);
    const known = [...out.values()].find(
      (x) => x.host === host && x.kind === 'wmi_subscription' && Math.abs(x.t - wmi.t[i]!) < MINUTE,
    );
    if (known !== undefined && known.name.toLowerCase() === name.toLowerCase()) {
      known.places.push(wmi.place(i));
      continue;
    }
    add({
      host,
      kind: 'wmi_subscription',
      name,
      command,
      t: wmi.t[i]!,
      technique: 'T1546.003',
      places: [wmi.place(i)],
    });
  }
  for (const s of web.shells)
    if (SCRIPT.test(s.path) || s.route === true)
      add({
        host: s.host,
        kind: 'webshell',
        name: s.path.replace(/^.*[\\/]/, ''),
        command: s.path,
        t: s.t,
        technique: 'T1505.003',
        places: s.places,
      });
  for (const a of createdAccounts(w, g))
    add({
      host: a.host,
      kind: 'account',
      name: a.name,
      command: null,
      t: a.t,
      technique: 'T1136.002',
      places: a.places,
    });
  for (const m of mail)
    if (m.kind === 'permission')
      add({
        host: m.host,
        kind: 'other',
        name: `${m.account} → ${m.what}`,
        command: null,
        t: m.t,
        technique: 'T1098.002',
        places: m.places,
      });
  return [...out.values()].sort((a, b) => a.t - b.t || a.host - b.host);
}

/** A tool that makes an account has made it by then. */
const TOOL_WITHIN = 5e6;

/** Accounts that the intruder made: in a session of theirs, or by a command of theirs. */
export function createdAccounts(
  w: World,
  g: Group,
): { name: string; domain: string; host: number; t: number; places: Place[] }[] {
  const t = w.facts.table('account_change');
  const c = (n: string): Int32Array => t.column(n);
  const commands = ordered(w, g)
    .map((o) => ({
      o,
      m:
        /^\S*\bnet1?(?:\.exe)?["']?\s+user\s+"?([^\s"]+)"?\s.*\/add\b/i.exec(o.text) ??
        /\bnew-aduser\b(?=.*?-samaccountname\s+["']?([^\s"']+))/i.exec(o.text) ??
        /\bnew-localuser\b(?=.*?-name\s+["']?([^\s"']+))/i.exec(o.text) ??
        /^\S*\b(?:useradd|adduser)\s(?:.*\s)?([a-z_][\w.-]*)$/.exec(o.text),
    }))
    .filter((x) => x.m !== null);
  const out = new Map<string, { name: string; domain: string; host: number; t: number; places: Place[] }>();
  for (let i = 0; i < t.rows; i++) {
    if (w.text(c('activity')[i]!) !== 'create') continue;
    const name = w.text(c('user')[i]!).toLowerCase();
    if (name.endsWith('$')) continue;
    const session = w.logons.session(t.host[i]!, w.facts.texts.number(c('logon_id')[i]!), t.t[i]!);
    const command = commands.find((x) => x.m![1]!.toLowerCase() === name && Math.abs(x.o.t - t.t[i]!) < 5 * MINUTE);
    // Where the command line is not logged: a shell or tool of the intruder's, in that same session, at that moment.
    const id = w.facts.texts.number(c('logon_id')[i]!);
    const tool = [...g.processes].find(
      (p) =>
        w.processes.host.at(p) === t.host[i]! &&
        w.processes.session.at(p) === id &&
        w.processes.commandText(p) === '' &&
        w.shell(p) &&
        t.t[i]! - w.processes.start.at(p) >= -1e6 &&
        t.t[i]! - w.processes.start.at(p) < TOOL_WITHIN,
    );
    // Records of Linux name no session: what happened while the intruder was at work there, and nobody else was.
    const alone =
      c('logon_id')[i]! < 0 &&
      g.hosts.get(t.host[i]!)?.status === 'controlled' &&
      g.near(t.host[i]!, t.t[i]!, 10 * MINUTE) &&
      !othersThere(w, g, t.host[i]!, t.t[i]!);
    if (command === undefined && tool === undefined && !alone && (session === null || !g.sessions.has(session.row)))
      continue;
    out.set(name, {
      name,
      domain: w.text(c('domain')[i]!),
      host: t.host[i]!,
      t: t.t[i]!,
      places: [
        t.place(i),
        ...(command !== undefined ? command.o.places : tool !== undefined ? w.processes.places(tool) : []),
      ],
    });
  }
  // The record of it may be gone while the command's is not.
  for (const x of commands) {
    const name = x.m![1]!.toLowerCase();
    if (!out.has(name))
      out.set(name, {
        name,
        domain: '',
        host: x.o.host,
        t: x.o.t,
        places: [...x.o.places],
      });
  }
  return [...out.values()];
}

/** Signs of tampering that the whole evidence shows; `place`s are those of the records. */
export interface Sign {
  readonly host: number;
  readonly kind: string;
  readonly t: number;
  readonly what: string;
  readonly places: readonly Place[];
}

/** Logs that are cleared so long after all that the intruder did are cleared for other reasons. */
const CLEARED_WITHIN = 14 * 86_400e6;

export function covered(w: World, g: Group, gaps: readonly Sign[], mail: readonly MailTrace[]): TraceClaim[] {
  const out = new Map<string, TraceClaim>();
  const add = (c: TraceClaim): void => {
    const key = `${c.host}|${c.kind}|${c.what.toLowerCase()}|${Math.round(c.t / (10 * MINUTE))}`;
    if (!out.has(key)) out.set(key, c);
  };
  const p = w.processes;
  const orders = ordered(w, g);
  const did = (host: number, t: number, line: RegExp, within: number) =>
    orders.find(
      (x) =>
        x.host === host &&
        Math.abs(x.t - t) <= within &&
        line.test(x.row < 0 ? x.line : `${p.imageText(x.row)} ${x.line}`),
    );
  const log = w.facts.table('event_log_activity');
  const c = (n: string): Int32Array => log.column(n);
  for (let i = 0; i < log.rows; i++) {
    const host = log.host[i]!;
    const t = log.t[i]!;
    const what = w.text(c('activity')[i]!);
    const name = w.text(c('log')[i]!);
    const id = w.facts.texts.number(c('logon_id')[i]!);
    const session = Number.isNaN(id) ? null : w.logons.session(host, id, t);
    const inSession = session !== null && g.sessions.has(session.row);
    const held = g.hosts.get(host)?.status === 'controlled';
    if (what === 'clear') {
      const by = did(host, t, /wevtutil|clear-eventlog|remove-eventlog|clearev|cl\b/, MINUTE);
      // Somebody else's hands at the keyboard explain it.
      const other = w.processes.rows > 0 && othersClear(w, g, host, t);
      const user = w.text(c('user')[i]!);
      // By the system itself, on a host that they hold, is theirs: administrators clear logs in their own names.
      const bySystem = /^(?:system|localsystem|.*\$)$/i.test(user);
      const theirs =
        held &&
        !other &&
        g.nearAnywhere(t, CLEARED_WITHIN) &&
        (bySystem || g.held(user, t) || (user === '' && t >= g.hosts.get(host)!.first && g.near(host, t, 10 * MINUTE)));
      if (by === undefined && !inSession && !theirs) continue;
      add({
        host,
        kind: 'log_cleared',
        t,
        what: name,
        places: [log.place(i), ...(by === undefined ? [] : by.places)],
      });
    } else if (what === 'audit policy') {
      const by = did(host, t, /auditpol|secedit/, MINUTE);
      if (by === undefined && !inSession) continue;
      add({
        host,
        kind: 'audit_policy_changed',
        t,
        what: w.text(c('what')[i]!).replaceAll('\n', ' '),
        places: [log.place(i), ...(by === undefined ? [] : by.places)],
      });
    } else if (what === 'sensor stopped') {
      const by = did(
        host,
        t,
        /\bsc(?:\.exe)?["']?\s+(?:stop|config|delete)|net1?(?:\.exe)?["']?\s+stop|set-mppreference|taskkill|disableantispyware|mpcmdrun/,
        2 * MINUTE,
      );
      if (by === undefined && !(held && (g.near(host, t, 2 * MINUTE) || g.present(host, t)))) continue;
      add({
        host,
        kind: 'sensor_stopped',
        t,
        what: name,
        places: [log.place(i), ...(by === undefined ? [] : by.places)],
      });
    }
  }
  for (const s of gaps) {
    if (s.kind !== 'record_gap' || g.hosts.get(s.host)?.status !== 'controlled') continue;
    // What was done there just then may be what is missing: then they were at work elsewhere.
    if (!g.near(s.host, s.t, 60 * MINUTE) && !g.nearAnywhere(s.t, 60 * MINUTE)) continue;
    add({ host: s.host, kind: 'record_gap', t: s.t, what: s.what, places: [...s.places] });
  }
  const f = w.facts.table('file_activity');
  for (const r of g.processes)
    for (const i of w.files(r)) {
      const what = w.text(f.column('activity')[i]!);
      const path = w.text(f.column('path')[i]!);
      // A program's own housekeeping hides nothing: what counts is what was ordered to be deleted, or is the intruder's.
      if (
        what === 'delete' &&
        !ORDERED.test(`${p.imageText(r)} ${p.commandText(r)}`) &&
        !((g.files.get(`${f.host[i]!}|${path.toLowerCase()}`)?.t ?? Number.POSITIVE_INFINITY) <= f.t[i]!)
      )
        continue;
      // What a program wrote and took away again by itself hides nothing.
      if (
        what === 'delete' &&
        w
          .files(r)
          .some(
            (x) =>
              f.column('path')[x] === f.column('path')[i] &&
              w.text(f.column('activity')[x]!) === 'create' &&
              f.t[i]! - f.t[x]! >= 0 &&
              f.t[i]! - f.t[x]! < 10e6,
          )
      )
        continue;
      if (what === 'delete')
        add({ host: f.host[i]!, kind: 'file_deleted', t: f.t[i]!, what: path, places: [f.place(i)] });
      else if (what === 'change of creation time')
        add({ host: f.host[i]!, kind: 'timestomp', t: f.t[i]!, what: path, places: [f.place(i)] });
    }
  const changed = w.facts.texts.asker((t) => t === 'change of creation time');
  for (let i = 0; i < f.rows; i++) {
    if (!changed(f.column('activity')[i]!)) continue;
    const path = w.text(f.column('path')[i]!);
    const file = g.files.get(`${f.host[i]!}|${path.toLowerCase()}`);
    if (file !== undefined) add({ host: f.host[i]!, kind: 'timestomp', t: f.t[i]!, what: path, places: [f.place(i)] });
  }
  for (const x of orders) {
    const told = commandedTrace(x.line, x.text);
    if (told === null || g.suspicion.clean.has(x.host)) continue;
    // The log's or the sensor's own record of it says more; so does the command itself where a shell was handed it.
    const known = [...out.values()].some(
      (o) =>
        o.host === x.host &&
        o.kind === told.kind &&
        Math.abs(o.t - x.t) < 2 * MINUTE &&
        (told.kind !== 'log_cleared' || o.what.toLowerCase() === told.what.toLowerCase()),
    );
    if (!known) add({ host: x.host, kind: told.kind, t: x.t, what: told.what, places: [...x.places] });
  }
  for (const m of mail)
    if (m.kind === 'request-removed') add({ host: m.host, kind: 'other', t: m.t, what: m.what, places: m.places });
  return [...out.values()].sort((a, b) => a.t - b.t || a.host - b.host);
}

/** The path at the end of a command, as expressions give it; null. Read from the end: an expression for it takes the cube of a crafted line's length. */
function lastPath(line: string): readonly [string, string] | null {
  const word = line.slice(Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t')) + 1);
  const path = word.slice(word.indexOf('/'));
  return word.includes('/') && path.length > 1 ? [word, path] : null;
}

/** What a command (in lower case, and as it was written) takes away, where the record of it may have gone with the log; null. */
export function commandedTrace(line: string, text: string): { kind: TraceClaim['kind']; what: string } | null {
  // Of a shell and what it is handed, what it is handed.
  if (/^\S*\b(?:cmd|sh|bash|dash|powershell|pwsh|wmic|psexec\w*|winrs|schtasks)(?:\.exe)?["']?\s/.test(line))
    return null;
  const cleared =
    /\bwevtutil(?:\.exe)?["']?\s+(?:cl|clear-log)\s+["']?([^"'\s/][^"'/]*?)["']?(?:\s|$)/.exec(line) ??
    /\b(?:clear|remove)-eventlog\s+(?:-logname\s+)?["']?([^"'\s;|]+)/.exec(line);
  if (cleared !== null) return { kind: 'log_cleared', what: cleared[1]!.trim() };
  if (/\bauditpol(?:\.exe)?["']?\s+(?:\/clear|\/remove|\/set\b.*:disable)/.test(line))
    return {
      kind: 'audit_policy_changed',
      what: /\/(?:sub)?category:"?([^"/]+)"?/.exec(line)?.[1]?.trim() ?? 'auditpol',
    };
  const log = /^\/(?:var\/log|root|home)\/|^\/[\w./-]*\.log(?:\.\d+)?$|_history$/;
  const emptied =
    /^(?:\S+\s+)*?-?-s(?:ize)?[ =]?0\s+(\S+)/.exec(/\btruncate\s+(.*)/.exec(line)?.[1] ?? '') ??
    /(?:^|[\s;|&]):?\s*>\s*(\/\S+)$/.exec(line) ??
    /\bcat\s+\/dev\/null\s*>\s*(\S+)/.exec(line) ??
    /\bcp\s+\/dev\/null\s+(\S+)/.exec(line);
  if (emptied !== null && log.test(emptied[1]!) && !emptied[1]!.endsWith('_history'))
    return { kind: 'log_cleared', what: emptied[1]! };
  // Lines taken out of a log, which stays.
  const edited = /\bsed\s+(?:-(?!-)\w*i|--in-place)/.test(line) ? lastPath(line) : null;
  if (edited !== null && log.test(edited[1]!)) return { kind: 'other', what: text.slice(0, 300) };
  if (/\bjournalctl\s+.*--vacuum/.test(line)) return { kind: 'log_cleared', what: 'journal' };
  const deleted =
    /^(?:del|erase|rd|rmdir|(?:\S*\\)?sdelete(?:64)?(?:\.exe)?)["']?\s+(.*)$/.exec(line) ??
    /^(?:remove-item|ri|rm|del|erase|rd|rmdir)\s+(.*)$/.exec(line);
  if (deleted !== null && /[a-z]:\\|\\|[%$]\w/.test(deleted[1]!)) {
    const words = text.slice(line.length - deleted[1]!.length).match(/"[^"]+"|'[^']+'|[^\s,]+/g) ?? [];
    const paths = words
      .map((x) => x.replace(/^["']|["']$/g, ''))
      .filter((x) => !/^[-/][a-z]/i.test(x) && /[\\.*]/.test(x));
    if (paths.length > 0) return { kind: 'file_deleted', what: paths.slice(0, 5).join(', ').slice(0, 500) };
  }
  if (
    /\bclear-history\b|^history\s+-\w*c|\bunset\s+histfile\b|\bhistfile=(?:\/dev\/null|["']?\s*$)|\bhistsize=0\b/.test(
      line,
    )
  )
    return { kind: 'other', what: text.slice(0, 200) };
  if (/\.(?:creationtime|lastwritetime|lastaccesstime)(?:utc)?\s*=[^=]/.test(line))
    return { kind: 'timestomp', what: text.slice(0, 300) };
  if (/\bfsutil(?:\.exe)?["']?\s+usn\s+deletejournal\b/.test(line)) return { kind: 'other', what: text.slice(0, 200) };
  const removed = /^\S*\b(?:rm|shred|unlink|srm|wipe)\s+(.*)$/.exec(line);
  if (removed !== null) {
    const path = removed[1]!.split(/\s+/).findLast((x) => x.startsWith('/') || x.startsWith('~'));
    if (path !== undefined)
      return path.startsWith('/var/log/') ? { kind: 'log_cleared', what: path } : { kind: 'file_deleted', what: path };
  }
  const dated = /^\S*\btouch\s+(.*)$/.exec(line)?.[1]?.split(/\s+/).slice(0, -1);
  const touched = dated?.some((x) => /^-\w*[rdt]\w*$|^--(?:reference|date)/.test(x)) === true ? lastPath(line) : null;
  if (touched !== null) return { kind: 'timestomp', what: touched[1]! };
  const silenced =
    /\bsystemctl\s+(?:--now\s+)?(?:stop|disable|mask|kill)\s+(?:--now\s+)?((?:auditd|rsyslog|syslog-ng|systemd-journald|falco|osqueryd|wazuh-agent|sysmon|filebeat|falcon-sensor|mdatp|clamav\S*)(?:\.service)?)\b/.exec(
      line,
    ) ??
    /\bservice\s+(auditd|rsyslog|sysmon|filebeat)\s+stop\b/.exec(line) ??
    /\b(?:pkill|killall)\s+(?:-\S+\s+)*(auditd|rsyslogd|sysmon|filebeat|falco)\b/.exec(line) ??
    /\bauditctl\s+(-e\s*0|-d|-D)\b/i.exec(line) ??
    /\b(setenforce\s+0)\b/.exec(line);
  if (silenced !== null) return { kind: 'sensor_stopped', what: silenced[1]! };
  const stopped =
    /\b(?:sc(?:\.exe)?["']?\s+(?:stop|delete|config)|net1?(?:\.exe)?["']?\s+stop|stop-service(?:\s+-\S+)*)\s+["']?(windefend|sense|wdnissvc|mssense|sysmon(?:64)?|sysmondrv|eventlog|mpssvc|auditd)\b/.exec(
      line,
    ) ?? /\bset-mppreference\b.*-(disable\w+)/.exec(line);
  return stopped === null ? null : { kind: 'sensor_stopped', what: stopped[1]! };
}

/** A process that clears logs and is not the intruder's. */
function othersClear(w: World, g: Group, host: number, t: number): boolean {
  return g.suspicion.remote
    .startsBetween(host, t - MINUTE, t + 5e6)
    .some(
      (r) =>
        !g.processes.has(r) &&
        /wevtutil|clear-eventlog/i.test(`${w.processes.imageText(r)} ${w.processes.commandText(r)}`),
    );
}

/** Logs of tasks outlive the audit log: a task that this host alone has, registered while the intruder was at work there. */
function registered(w: World, g: Group, add: (p: PersistenceClaim) => void): void {
  const jobs = w.facts.table('scheduled_job_activity');
  const [activity, task, command] = [jobs.column('activity'), jobs.column('task'), jobs.column('command')];
  const create = w.facts.texts.asker((t) => t === 'create');
  const gone = w.facts.texts.asker((t) => t === 'delete');
  const hosts = new Map<number, Set<number>>();
  const deleted = new Map<string, number>();
  const told = new Map<string, number>();
  for (let i = 0; i < jobs.rows; i++) {
    hosts.set(task[i]!, (hosts.get(task[i]!) ?? new Set()).add(jobs.host[i]!));
    if (gone(activity[i]!)) deleted.set(`${jobs.host[i]!}|${task[i]!}`, jobs.t[i]!);
    else if (create(activity[i]!) && command[i]! >= 0) told.set(`${jobs.host[i]!}|${task[i]!}`, jobs.t[i]!);
  }
  for (let i = 0; i < jobs.rows; i++) {
    const key = `${jobs.host[i]!}|${task[i]!}`;
    if (!create(activity[i]!) || command[i]! >= 0 || told.has(key) || deleted.has(key)) continue;
    if (
      g.hosts.get(jobs.host[i]!)?.status !== 'controlled' ||
      hosts.get(task[i]!)!.size > 1 ||
      !g.near(jobs.host[i]!, jobs.t[i]!, 10 * MINUTE)
    )
      continue;
    add({
      host: jobs.host[i]!,
      kind: 'scheduled_task',
      name: w.text(task[i]!),
      command: null,
      t: jobs.t[i]!,
      technique: 'T1053.005',
      places: [jobs.place(i)],
    });
  }
}

/** What Linux starts by itself because a file lies there: what kind of way back that is, and its name. */
function stays(path: string): { kind: PersistenceClaim['kind']; name: string; technique: string } | null {
  const unit = /\/systemd\/(?:system|user)\/(?:[\w.@-]+\.wants\/)?([\w.@-]+)\.(service|timer|path|socket)$/.exec(path);
  if (unit !== null)
    return unit[2] === 'timer'
      ? { kind: 'scheduled_task', name: unit[1]!, technique: 'T1053.006' }
      : { kind: 'service', name: unit[1]!, technique: 'T1543.002' };
  const init = /^\/etc\/(?:rc\d?\.d\/)?init\.d\/([\w.-]+)$/.exec(path);
  if (init !== null) return { kind: 'service', name: init[1]!, technique: 'T1037.004' };
  const cron =
    /^\/etc\/cron\.(?:d|hourly|daily|weekly|monthly)\/([\w.-]+)$|^\/var\/spool\/cron\/(?:crontabs\/)?([\w.-]+)$/.exec(
      path,
    );
  if (cron !== null) return { kind: 'scheduled_task', name: cron[1] ?? cron[2]!, technique: 'T1053.003' };
  if (/\/\.ssh\/authorized_keys2?$/.test(path)) return { kind: 'other', name: path, technique: 'T1098.004' };
  if (
    /^\/etc\/(?:rc\.local|profile|ld\.so\.preload|pam\.d\/[\w-]+|profile\.d\/[\w.-]+|update-motd\.d\/[\w.-]+)$/.test(
      path,
    )
  )
    return {
      kind: 'other',
      name: path,
      technique: path.includes('pam.d') ? 'T1556.003' : path.includes('preload') ? 'T1574.006' : 'T1037.004',
    };
  if (/\/\.(?:bashrc|bash_profile|profile|zshrc|bash_login)$/.test(path))
    return { kind: 'other', name: path, technique: 'T1546.004' };
  return null;
}

/** Files that the intruder wrote, or changed, where Linux starts what lies there. */
function filesThatStay(w: World, g: Group, add: (p: PersistenceClaim) => void): void {
  const claim = (host: number, path: string, t: number, places: readonly Place[]): void => {
    const what = stays(path.toLowerCase());
    if (what === null) return;
    const name =
      what.kind === 'other'
        ? path
        : path.slice(path.length - baseName(path).length).replace(/\.(?:service|timer|path|socket)$/, '');
    add({ host, kind: what.kind, name, command: path, t, technique: what.technique, places: [...places] });
  };
  for (const n of g.files.values()) if (n.path.startsWith('/')) claim(n.host, n.path, n.t, n.places);
  const f = w.facts.table('file_activity');
  for (const r of g.processes)
    for (const i of w.files(r))
      if (/^(?:write|create)$/.test(w.text(f.column('activity')[i]!)))
        claim(f.host[i]!, w.text(f.column('path')[i]!), f.t[i]!, [f.place(i)]);
}

/** A session of somebody's may be open this long after it began. */
const STILL_THERE = 12 * 60 * MINUTE;

/** Whether somebody who is not the intruder had a session on a host, or ran something there as another, shortly before. */
function othersThere(w: World, g: Group, host: number, t: number): boolean {
  if (
    w.logons
      .remote(host, t - STILL_THERE, t)
      .some((l) => l.type === SSH && !g.sessions.has(l.row) && w.logons.closed(l) >= t - MINUTE)
  )
    return true;
  return g.suspicion.remote.startsBetween(host, t - 30 * MINUTE, t + MINUTE).some((r) => {
    const parent = w.processes.parent.at(r);
    return parent >= 0 && /^sudo\b/.test(w.processes.imageText(parent)) && !g.processes.has(r);
  });
}

/** What a cron job must be silent before, for its first run to be a beginning. */
const KNOWN_BEFORE = 24 * 60 * MINUTE;

/** Jobs of Linux that no record tells the making of: one that this host alone runs, for the first time soon after the intruder was at work there. */
function jobsBegun(w: World, g: Group, add: (p: PersistenceClaim) => void): void {
  const jobs = w.facts.table('scheduled_job_activity');
  const [activity, task, command] = [jobs.column('activity'), jobs.column('task'), jobs.column('command')];
  const run = w.facts.texts.asker((t) => t === 'run');
  const first = new Map<string, { t: number; i: number; n: number }>();
  const hosts = new Map<number, Set<number>>();
  const since = new Map<number, number>();
  for (let i = 0; i < jobs.rows; i++) {
    const host = jobs.host[i]!;
    if (!run(activity[i]!) || host < 0 || command[i]! < 0 || command[i] !== task[i]) continue;
    since.set(host, Math.min(since.get(host) ?? Number.POSITIVE_INFINITY, jobs.t[i]!));
    const h = hosts.get(task[i]!) ?? new Set();
    hosts.set(task[i]!, h.add(host));
    const key = `${host}|${task[i]!}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, { t: jobs.t[i]!, i, n: 1 });
    else {
      known.n++;
      if (jobs.t[i]! < known.t) first.set(key, { t: jobs.t[i]!, i, n: known.n });
    }
  }
  for (const { t, i, n } of first.values()) {
    const host = jobs.host[i]!;
    if (n < 2 || hosts.get(task[i]!)!.size > 1 || g.hosts.get(host)?.status !== 'controlled') continue;
    // Where the log begins no earlier, nothing is known of what ran before; a job that runs once a day begins within a day.
    if (t - since.get(host)! < KNOWN_BEFORE || !g.near(host, t, 60 * MINUTE) || othersThere(w, g, host, t)) continue;
    add({
      host,
      kind: 'scheduled_task',
      name: w.text(task[i]!),
      command: w.text(command[i]!),
      t,
      technique: 'T1053.003',
      places: [jobs.place(i)],
    });
  }
}
