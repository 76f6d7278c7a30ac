// The report in every format: from a range case, from the same case with hostile text in every field, redacted, in two languages.
import { strict as assert } from 'node:assert';
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { IncidentDocument } from '../src/incident/index.js';
import { CATALOGUES, en, SAID } from '../src/messages/index.js';
import { findBrowser } from '../src/pipeline/print.js';
import { playRange } from '../src/range/index.js';
import { indicators, redact, render, REPORT_FORMATS, type ReportFormat } from '../src/report/index.js';
import { parseRules } from '../src/sigma/index.js';
import { oracle, ROOT, tempDir } from './support.js';

const dir = tempDir();
const cli = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });

const at = join(dir, 'range');
playRange({ scenario: 'update-hijack', seed: 2, hosts: 40, days: 25, scale: 0.3, format: 'mixed', out: at });
const caseDir = join(dir, 'case');
const made = cli(
  'investigate',
  join(at, 'evidence'),
  '--out',
  caseDir,
  '--quiet',
  '--networks',
  join(at, 'networks.csv'),
  '--directory',
  join(at, 'directory.csv'),
);
const document = JSON.parse(readFileSync(join(caseDir, 'incident.json'), 'utf8')) as IncidentDocument;
const exhibits = JSON.parse(readFileSync(join(caseDir, 'exhibits.json'), 'utf8')) as [];
const make = async (format: ReportFormat, d = document, more = {}): Promise<string> =>
  String(await render(format, { document: d, exhibits, messages: en, ...more }));

test('there is a case to report', () => {
  assert.equal(made.status, 0, made.stderr);
  assert.ok(document.incidents.length > 0 && document.incidents[0]!.update_hijack !== null);
});

test('every rendering tells the same numbers', async () => {
  const i = document.incidents[0]!;
  const controlled = i.hosts.filter((h) => h.status === 'controlled').length;
  const page = await make('html');
  const text = await make('md');
  assert.ok(page.includes(`<b>${controlled}</b><span>hosts controlled`));
  assert.match(text, new RegExp(`\\| Hosts controlled \\| ${controlled} \\|`));
  for (const h of i.hosts) {
    assert.ok(page.includes(h.name), h.name);
    assert.ok(text.includes(h.name.replaceAll('_', '\\_')), h.name);
  }
  for (const id of [
    'statement',
    'judgements',
    'scope',
    'entry',
    'graph',
    'timeline',
    'removal',
    'hijack',
    'traces',
    'techniques',
    'indicators',
  ])
    assert.ok(page.includes(`<section id="i1-${id}">`), id);
  // In the order in which they are read.
  const places = [
    'i1-statement',
    'i1-judgements',
    'i1-scope',
    'i1-entry',
    'i1-graph',
    'i1-timeline',
    'i1-removal',
    'i1-traces',
    'i1-techniques',
    'i1-indicators',
    'detections',
    'register',
    'method',
    'glossary',
  ].map((id) => page.indexOf(`<section id="${id}">`));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  assert.ok(page.includes('figure hijack') || page.includes('figure fanout'));
});

test('outside validators take the machine formats', async (t) => {
  const python = oracle('python');
  const there = python !== null && spawnSync(python, ['-c', 'import stix2validator, pymisp']).status === 0;
  const stix = join(dir, 'stix.json');
  const misp = join(dir, 'misp.json');
  writeFileSync(stix, await make('stix', { ...document, case: { ...document.case, tlp: 'AMBER+STRICT' } }));
  writeFileSync(misp, await make('misp'));
  assert.equal(await make('stix'), await make('stix'), 'the same case gives the same bytes');
  if (there) {
    const r = spawnSync(python!, [join(ROOT, 'test/oracles/exports.py'), stix, misp], { encoding: 'utf8' });
    assert.equal(r.status, 0, r.stderr.slice(-1500));
    const said = JSON.parse(r.stdout.trim().split('\n').at(-1)!) as {
      valid: boolean;
      errors: string[];
      attributes: number;
    };
    assert.deepEqual(said.errors, []);
    assert.ok(said.valid);
    assert.equal(
      said.attributes,
      document.incidents.reduce((n, i) => n + indicators(i).length, 0),
    );
  } else t.diagnostic('stix2-validator and pymisp are not installed: their check was left out');
  const objects = (JSON.parse(await make('stix')) as { objects: { id: string; [k: string]: unknown }[] }).objects;
  const ids = new Set(objects.map((o) => o.id));
  assert.equal(ids.size, objects.length);
  for (const o of objects)
    for (const [k, v] of Object.entries(o))
      if (k.endsWith('_ref') && typeof v === 'string') assert.ok(ids.has(v), `${o.id} ${k} ${v}`);
      else if (k.endsWith('_refs') && Array.isArray(v))
        for (const x of v as string[])
          assert.ok(ids.has(x) || x.startsWith('marking-definition--'), `${o.id} ${k} ${x}`);
  const { rules, problems } = parseRules(await make('sigma'), 'made.yml');
  assert.deepEqual(problems, []);
  assert.ok(rules.length >= 3);
  const layer = JSON.parse(await make('navigator')) as {
    versions: { attack: string };
    techniques: { tactic?: string }[];
  };
  assert.equal(layer.versions.attack, '19');
  assert.ok(layer.techniques.every((x) => x.tactic !== 'defense-evasion'));
  const old = JSON.parse(await make('navigator', document, { attack: 18 })) as typeof layer;
  assert.ok(old.techniques.every((x) => x.tactic !== 'stealth' && x.tactic !== 'defense-impairment'));
  const flow = JSON.parse(await make('flow')) as { objects: { type: string; start_refs?: string[]; id: string }[] };
  const f = flow.objects.find((o) => o.type === 'attack-flow')!;
  assert.ok(f.start_refs!.length > 0);
  for (const line of (await make('ocsf')).trim().split('\n'))
    assert.ok((JSON.parse(line) as { class_uid: number }).class_uid >= 2004);
  for (const line of (await make('timesketch')).trim().split('\n')) {
    const e = JSON.parse(line) as Record<string, unknown>;
    for (const k of ['message', 'datetime', 'timestamp_desc']) assert.ok(typeof e[k] === 'string', k);
  }
  const [v] = JSON.parse(await make('veris')) as {
    action: unknown;
    actor: unknown;
    asset: unknown;
    attribute: unknown;
  }[];
  assert.ok(v!.action !== undefined && v!.actor !== undefined && v!.asset !== undefined && v!.attribute !== undefined);
  const word = (await render('docx', { document, exhibits, messages: en })) as Buffer;
  assert.equal(word.subarray(0, 2).toString(), 'PK');
});

const HOSTILE = [
  '<script>document.title="ran"</script>',
  '"><img src="http://127.0.0.1:PORT/x" onerror="document.title=1">',
  "'-alert(1)-'",
  '=HYPERLINK("http://127.0.0.1:PORT/f","x")',
  "+cmd|' /C calc'!A0",
  '@SUM(1)',
  '-2+3',
  '\u202egnp.exe',
  '\u001b[31mred\u001b[0m',
  '](http://127.0.0.1:PORT/m) ![x](http://127.0.0.1:PORT/i)',
  '</style><style>*{background:url(http://127.0.0.1:PORT/s)}</style>',
  '</textarea></script><svg onload=document.title=2>',
  '\ud800 lone',
  '|cell|`code`|\n# head',
  '{{7*7}} ${7*7} %x%',
  'javascript:document.title=3',
];

/** Hostile text in every field that holds text of evidence; what is of a fixed form stays. */
function poisoned(port: number): IncidentDocument {
  let n = 0;
  const fixed = /^(?:\d{4}-\d\d-\d\dT|e\d+$|T\d{4}|i\d+$|[0-9a-f]{64}$)/;
  const keep = new Set([
    'schema',
    'status',
    'level',
    'role',
    'kind',
    'vector',
    'confidence',
    'channel',
    'items_is',
    'bytes_is',
    'method',
    'country',
    'tactics',
    'evidence',
    'phase',
    'created',
    'tlp',
    'format',
    'id',
    'sha256',
    'tags',
    'language',
    'statements',
  ]);
  const walk = (v: unknown, key: string): unknown => {
    if (typeof v === 'string')
      return fixed.test(v) || keep.has(key)
        ? v
        : `${HOSTILE[n++ % HOSTILE.length]!.replaceAll('PORT', String(port))}${n % 900 === 0 ? 'A'.repeat(20_000) : ''}`;
    if (Array.isArray(v)) return v.map((x) => walk(x, key));
    if (typeof v === 'object' && v !== null)
      return Object.fromEntries(
        Object.entries(v).map(([k, x]) => [k, keep.has(k) && typeof x !== 'object' ? x : walk(x, k)]),
      );
    return v;
  };
  return walk(document, '') as IncidentDocument;
}

test('hostile text is text in every format', async () => {
  const d = poisoned(9);
  for (const format of REPORT_FORMATS) {
    const made2 = await make(format, d);
    if (format === 'html' || format === 'pdf') {
      assert.equal(made2.match(/<script/g)!.length, 3, format);
      assert.doesNotMatch(made2, /<img|<svg[^>]*onload/i);
      assert.doesNotMatch(made2, /\u202e|\u001b/);
    }
    if (format === 'md') {
      assert.doesNotMatch(made2, /<script|<img|(?<!\\)\]\(http|\u202e|\u001b/);
      assert.doesNotMatch(made2, /\bhttps?:\/\//);
    }
    if (format === 'csv' || format === 'indicators') {
      for (const line of made2.split('\r\n'))
        for (const c of line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g))
          assert.doesNotMatch(c[1]!.replace(/^"/, ''), /^[=+@-]/, line.slice(0, 120));
      assert.doesNotMatch(made2, /\u202e|\u001b/);
    }
    if (['stix', 'navigator', 'flow', 'misp', 'veris'].includes(format)) JSON.parse(made2);
    if (format === 'sigma') assert.deepEqual(parseRules(made2, 'x').problems, []);
  }
});

test('in a browser no script of evidence runs and nothing leaves the page', async (t) => {
  const browser = findBrowser();
  if (browser === null) {
    t.diagnostic('no browser is installed: only the page itself was checked');
    assert.match(await make('html', poisoned(9)), /Content-Security-Policy" content="default-src 'none'/);
    return;
  }
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? '');
    res.end('x');
  }).listen(0);
  const { port } = server.address() as AddressInfo;
  try {
    const file = join(dir, 'hostile.html');
    writeFileSync(file, await make('html', poisoned(port)));
    const dom = await new Promise<string>((done, fail) => {
      const child = spawn(browser, [
        '--headless=new',
        '--disable-gpu',
        '--no-first-run',
        `--user-data-dir=${join(dir, 'profile')}`,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--virtual-time-budget=4000',
        '--dump-dom',
        pathToFileURL(file).href,
      ]);
      let text = '';
      child.stdout.on('data', (x: Buffer) => (text += x.toString('utf8')));
      child.on('error', fail);
      child.on('exit', () => done(text));
    });
    assert.ok(dom.length > 100_000, 'the page was shown');
    assert.doesNotMatch(/<title>([^<]*)<\/title>/.exec(dom)![1]!, /^(?:ran|1|2|3)$/);
    assert.deepEqual(asked, []);
  } finally {
    server.close();
  }
});

test('redacted, no name of the victim is left, and the key tells which is which', async () => {
  const { document: d, key } = redact(document);
  const i = document.incidents[0]!;
  const names = [
    ...i.hosts.map((h) => h.name.split('.')[0]!),
    ...i.accounts.map((a) => a.name.replace(/^.*\\/, '')).filter((a) => !/^administrator$/i.test(a)),
    i.hosts[0]!.name.split('.').slice(1).join('.'),
    ...document.overview.coverage.map((c) => c.host.split('.')[0]!),
  ].filter((x) => x.length >= 3);
  for (const format of [
    'html',
    'md',
    'csv',
    'stix',
    'misp',
    'ocsf',
    'timesketch',
    'indicators',
    'veris',
    'flow',
    'sigma',
  ] as const) {
    const text = String(await render(format, { document: d, exhibits: [], messages: en, redacted: true }));
    for (const n of new Set(names))
      assert.doesNotMatch(
        text.replaceAll('\\_', '_'),
        new RegExp(`(?<![A-Za-z0-9])${n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![A-Za-z0-9])`, 'i'),
        `${format}: ${n}`,
      );
  }
  assert.equal(d.incidents[0]!.hosts.length, i.hosts.length);
  const back = d.incidents[0]!.hosts.map((h) => key[h.name]!.toLowerCase());
  assert.deepEqual(
    back,
    i.hosts.map((h) => h.name.toLowerCase()),
  );
});

test('redaction: names in URLs, in other scripts, with a domain that no list has; words of the report stay words', () => {
  const i = document.incidents[0]!;
  const first = i.accounts[0]!;
  const said = (
    account: string,
    text: string,
  ): { name: string; text: string; left: readonly string[]; confidence: string } => {
    const r = redact({
      ...document,
      incidents: [
        {
          ...i,
          accounts: [{ ...first, name: account }, ...i.accounts.slice(1)],
          timeline: [{ ...i.timeline[0]!, text }, ...i.timeline.slice(1)],
        },
        ...document.incidents.slice(1),
      ],
    });
    const x = r.document.incidents[0]!;
    return { name: x.accounts[0]!.name, text: x.timeline[0]!.text, left: r.left, confidence: x.confidence };
  };
  for (const name of ['\u0130lker', '\u017fmith', 'jsmith']) {
    const r = said(name, `ran net user%20${name} and ${name}, not x${name}`);
    assert.ok(!r.name.includes(name), name);
    assert.doesNotMatch(r.text.replace(`x${name}`, ''), new RegExp(name), r.text);
  }
  const r = said('jsmith', 'from fd00::12 as QUARRY\\bdoe, in C:\\Temp\\njsmith');
  assert.doesNotMatch(r.text, /fd00::12|QUARRY|bdoe/);
  assert.match(r.text, /C:\\Temp\\njsmith/);
  for (const word of ['high', 'controlled', 'hosts', 'name']) {
    const x = said(`CORP\\${word}`, `the ${word} were seen`);
    assert.doesNotMatch(x.name, new RegExp(word));
    assert.equal(x.text, `the ${word} were seen`);
    assert.deepEqual(x.left, [word]);
    assert.equal(x.confidence, i.confidence);
  }
});

test('the command: files, languages, versions, what is refused', () => {
  const out = join(dir, 'out');
  mkdirSync(out, { recursive: true });
  const one = cli('report', caseDir, '--format', 'md', '--lang', 'zh', '--out', join(out, 'r.md'));
  assert.equal(one.status, 0, one.stderr);
  assert.match(readFileSync(join(out, 'r.md'), 'utf8'), /入侵者控制了[\s\S]*关键判断/);
  assert.match(one.stderr, /Report 1 of this case/);
  assert.equal(
    cli('report', caseDir, '--format', 'html', '--executive', '--lang', 'zh', '--out', join(out, 'e.html')).status,
    0,
  );
  const path = join(caseDir, 'incident.json');
  const before = readFileSync(path, 'utf8');
  const d = JSON.parse(before) as { incidents: { hosts: unknown[] }[] };
  d.incidents[0]!.hosts.pop();
  writeFileSync(path, JSON.stringify(d));
  const since = cli('report', caseDir, '--format', 'md', '--since', '1', '--out', '-');
  writeFileSync(path, before);
  assert.match(since.stdout, /What changed since the last report[\s\S]*\| hosts \| removed \|/);
  const none = cli('report', caseDir, '--format', 'md', '--since', '99');
  assert.equal(none.status, 2);
  assert.match(none.stderr, /no report 99/);
  assert.equal(cli('report', caseDir, '--format', 'xls').status, 2);
  assert.equal(cli('report', join(dir, 'range')).status, 4);
  const r = cli('report', caseDir, '--format', 'csv', '--redact', '--out', join(out, 'r.csv'));
  assert.equal(r.status, 0, r.stderr);
  assert.ok(Object.keys(JSON.parse(readFileSync(join(caseDir, 'redaction.key.json'), 'utf8')) as object).length > 10);
  const over = cli('report', caseDir, '--format', 'md', '--out', join(caseDir, 'incident.json'));
  assert.equal(over.status, 2);
  assert.match(over.stderr, /a file of the case itself/);
  assert.equal(cli('verify', caseDir).status, 0, 'reports do not touch the case');
});

test('the catalogues have the same words', () => {
  const shape = (v: unknown): unknown =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(
          Object.keys(v)
            .sort()
            .map((k) => [k, shape((v as Record<string, unknown>)[k])]),
        )
      : Array.isArray(v)
        ? v.length
        : typeof v;
  // Names of roles and methods are in English what the data calls them.
  const words = (c: (typeof CATALOGUES)[string]): unknown => shape({ ...c!.text.model, names: null });
  assert.deepEqual(words(CATALOGUES.zh!), words(CATALOGUES.en!));
});

test('what incident.json says in English is said in Chinese, sentence by sentence', () => {
  const said = SAID.zh!;
  const i = document.incidents[0]!;
  const sentences = [
    i.entry!.why,
    i.confidence_why ?? '',
    ...i.hosts.flatMap((h) => h.how),
    ...i.command_and_control.map((c) => c.pattern),
    ...i.timeline.map((t) => t.text),
    ...i.anti_forensics.map((t) => t.what),
    ...i.blind_spots.map((b) => b.why),
    ...(i.collect_next ?? []).flatMap((c) => [c.what, c.why]),
    ...document.overview.anti_forensics.map((t) => t.what),
    ...document.overview.blind_spots.map((b) => b.why),
    document.reconstruction.note,
    // Of the catalogue itself: every sentence without parts.
    ...Object.values(en.text.incident.how),
    ...Object.values(en.text.incident.entry),
    ...Object.values(en.text.incident.lead),
    ...Object.values(en.text.incident.blind).filter((t) => typeof t === 'string'),
    en.text.incident.blind.zone(60, 7),
  ].filter((t) => t !== '');
  assert.ok(sentences.length > 60);
  for (const t of sentences) assert.match(said(t), /[\u4e00-\u9fff]/, t);
  assert.equal(said('Something that no catalogue says'), 'Something that no catalogue says');
});

test('a case without an incident is reported as one', async () => {
  const d = { ...document, incidents: [] };
  for (const format of REPORT_FORMATS) assert.ok((await make(format, d)).length >= 0);
  assert.match(await make('md', d), /No incident was found/);
});
