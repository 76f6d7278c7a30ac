// Code that no administrator runs like this: a service that is a command line, an office program that starts a script, a password
// guessed until it fits, tickets asked for in bulk.
import type { Lead, Suspicion } from '../graph/suspicion.js';
import { baseName, type Logon, type World } from '../graph/world.js';
import type { Place } from '../facts/table.js';

const SERVICE_SHELL =
  /^(?:"?(?:%comspec%|(?:%systemroot%\\system32\\|c:\\windows\\(?:system32|syswow64)\\)?(?:cmd|powershell|pwsh|mshta|wscript|cscript)(?:\.exe)?)"?)(?:\s|$)/i;
const PIPE = /\\\\\.\\pipe\\/i;
const OFFICE =
  /^(?:winword|excel|powerpnt|outlook|msaccess|mspub|visio|onenote|eqnedt32|acrord32|acrobat|wordpad)\.exe$/;
const SCRIPT = /^(?:cmd|powershell|pwsh|wscript|cscript|mshta|regsvr32|certutil|bitsadmin|msbuild|wmic)\.exe$/;
const ARMED =
  /-enc?o?d?|frombase64|downloadstring|downloadfile|invoke-webrequest|\biwr\b|hidden|-w\s+h|https?:\/\/|javascript:|\/i:http|-nop\b|urlcache/i;
/** Hosts that a program may be on before it is software of the house. */
const OWN_HOSTS = 3;
/** The part of a program's starts that are followed by a script when it is a habit of the house. */
const GUESSES = 12;
const GUESS_WINDOW = 3600e6;
/** Names tried from one address, so that the one that fits need not have failed before. */
const MANY_NAMES = 4;

export function execution(w: World, s: Suspicion): Lead[] {
  const out: Lead[] = [];
  const { texts } = w.facts;
  const p = w.processes;
  const services = w.facts.table('service_activity');
  const hostsOf = new Map<string, Set<number>>();
  for (const x of s.services) hostsOf.set(x.name, (hostsOf.get(x.name) ?? new Set()).add(x.host));
  for (const x of s.services) {
    if (!SERVICE_SHELL.test(x.command) && !PIPE.test(x.command)) continue;
    // One that every machine has under one name came with software.
    const common = hostsOf.get(x.name)!.size > 5;
    const ran = s.remote.startedBy(x.host, x.t - 2e6, x.t + 300e6, /^services\.exe$/).find(
      (r) =>
        baseName(p.imageText(r)) ===
        baseName(
          x.command
            .split(/[\s"]+/)
            .find((c) => /\.exe$|^cmd|^powershell/i.test(c))
            ?.toLowerCase()
            .replace(/^%comspec%$/, 'cmd.exe') ?? '',
        ),
    );
    const session = x.logon > 0 && x.logon !== 0x3e7 ? w.logons.session(x.host, x.logon, x.t) : null;
    out.push({
      detector: 'service-shell',
      technique: 'T1569.002',
      host: x.host,
      t: x.t,
      process: ran ?? -1,
      session: session !== null && (session.type === 3 || session.type === 10) ? session : null,
      installed: { kind: 'service', row: x.row },
      weight: common ? 0.3 : 1,
      places: [services.place(x.row)],
      what: 'lead.service-shell',
    });
  }
  const office = texts.asker((t) => OFFICE.test(baseName(t)));
  const script = texts.asker((t) => SCRIPT.test(baseName(t)));
  const armed = texts.asker((t) => ARMED.test(t));
  for (let r = 0; r < p.rows; r++) {
    const parent = p.parent.at(r);
    if (parent < 0 || !script(p.image.at(r)) || !office(p.image.at(parent))) continue;
    out.push({
      detector: 'office-script',
      technique: 'T1204.002',
      host: p.host.at(r),
      t: p.start.at(r),
      process: r,
      session: null,
      weight: armed(p.command.at(r)) ? 1 : 0.5,
      places: p.places(r),
      what: 'lead.office-script',
    });
  }
  out.push(...injected(w), ...guessing(w));
  return out;
}

/** Programs of Windows itself that run all the time, so that code in them is not looked for. */
const CORE =
  /^[a-z]:\\windows\\system32\\(?:svchost|lsass|winlogon|services|spoolsv|taskhostw?|wininit|smss|csrss|wbem\\wmiprvse|werfault|searchindexer)\.exe$/i;
/** How a debugger stops a program that it looks into. */
const DEBUGGER = /^(?:DbgUiRemoteBreakin|DbgBreakPoint)$/i;

/** A program that lies where users may write, that hardly anybody has, puts code into one of Windows' own. */
function injected(w: World): Lead[] {
  const m = w.facts.table('memory_activity');
  const { texts } = w.facts;
  const [activity, image, target, guid, pid, access] = [
    'activity',
    'process',
    'target',
    'process_guid',
    'pid',
    'access',
  ].map((c) => m.column(c)) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
  const debugged = texts.asker((t) => DEBUGGER.test(t));
  const inject = texts.asker((t) => t === 'inject');
  const core = texts.asker((t) => CORE.test(t));
  const odd = texts.asker((t) => !w.systemPath(t) && !w.shellPath(t));
  const by = new Map<number, Set<number>>();
  const rows: number[] = [];
  for (let i = 0; i < m.rows; i++) {
    if (!inject(activity[i]!) || !core(target[i]!) || !odd(texts.fold(image[i]!)) || debugged(access[i]!)) continue;
    const name = texts.fold(image[i]!);
    by.set(name, (by.get(name) ?? new Set()).add(m.host[i]!));
    rows.push(i);
  }
  const done = new Set<number>();
  const out: Lead[] = [];
  for (const i of rows) {
    const r = w.processAt(m.host[i]!, guid[i]!, pid[i]!, m.t[i]!);
    if (r < 0 || done.has(r) || by.get(texts.fold(image[i]!))!.size > OWN_HOSTS) continue;
    done.add(r);
    out.push({
      detector: 'injection',
      technique: 'T1055',
      host: m.host[i]!,
      t: m.t[i]!,
      process: r,
      session: null,
      weight: 1,
      places: [m.place(i)],
      what: 'lead.injected',
    });
  }
  return out;
}

/** An account whose password was guessed is used within this. */
const USED_WITHIN = 14 * 86_400e6;

/** The first desktop session of a guessed account from an address outside that it never came from before. */
function usedLater(w: World, guess: Logon): Logon | null {
  const before = new Set(
    w.logons
      .remote(guess.host, Number.NEGATIVE_INFINITY, guess.t - 1)
      .filter((l) => l.user === guess.user)
      .map((l) => l.address),
  );
  return (
    w.logons
      .remote(guess.host, guess.t, guess.t + USED_WITHIN)
      .find(
        (l) => l.type === 10 && l.user === guess.user && w.addresses.outside(l.address) && !before.has(l.address),
      ) ?? null
  );
}

/** Many wrong passwords from one address outside, then a session from it. */
function guessing(w: World): Lead[] {
  const a = w.facts.table('authentication');
  const { texts } = w.facts;
  const [activity, ip, name, method] = [
    a.column('activity'),
    a.column('src_ip'),
    a.column('user'),
    a.column('auth_protocol'),
  ];
  // Who has a key guessed no password.
  const key = texts.asker((t) => /^(?:publickey|hostbased|gssapi)/i.test(t));
  const plain = texts.asker((t) => t.replace(/^.*\\/, '').replace(/@.*$/, '').toLowerCase());
  const kind = texts.asker((t) =>
    t === 'logon failed' || t === 'failed' || t === 'invalid user' ? 1 : t === 'logon' || t === 'accepted' ? 2 : 0,
  );
  const wrong = new Map<string, { t: number; user: string; place: Place }[]>();
  const out: Lead[] = [];
  for (let i = 0; i < a.rows; i++) {
    const k = kind(activity[i]!);
    if (k === 0 || ip[i]! < 0) continue;
    const address = w.addresses.text(ip[i]!);
    if (!w.addresses.foreign(address)) continue;
    const from = `${a.host[i]!}|${address}`;
    if (k === 1) {
      const list = wrong.get(from) ?? [];
      list.push({ t: a.t[i]!, user: plain(name[i]!), place: a.place(i) });
      if (list.length > 400) list.shift();
      wrong.set(from, list);
      continue;
    }
    const before = (wrong.get(from) ?? []).filter((x) => a.t[i]! - x.t < GUESS_WINDOW);
    if (before.length < GUESSES || key(method[i]!)) continue;
    // Somebody else behind the same address, unless many names were tried.
    const user = plain(name[i]!);
    if (!before.some((x) => x.user === user) && new Set(before.map((x) => x.user)).size < MANY_NAMES) continue;
    const l = w.logons.logon(i);
    if (l.type !== 10 && l.type !== 3 && l.type !== 22) continue;
    const lead = {
      detector: 'guessed-password',
      technique: 'T1110',
      host: a.host[i]!,
      t: a.t[i]!,
      process: -1,
      session: l,
      weight: 1,
      places: [...before.slice(0, 50).map((x) => x.place), a.place(i)],
      what: 'lead.guessed',
    };
    if (l.type !== 3) {
      out.push(lead);
      continue;
    }
    // What a program found out over the network somebody uses by hand, from somewhere else: a desktop session as that account, from an
    // address outside that it had never come from.
    const later = usedLater(w, l);
    out.push(later === null ? { ...lead, weight: 0.5 } : lead);
    if (later !== null)
      out.push({
        ...lead,
        t: later.t,
        session: later,
        after: l,
        places: [...lead.places, w.logons.table.place(later.row)],
      });
  }
  return out;
}
