// The store's benchmarks: event logs and text logs into a complete case (register, rules, index, facts), peak memory by the size
// of the evidence, and searches. `npm run bench:store [-- MB [BIG_MB]]`: size of each text log, and of the large one that memory
// is compared on. A line that is printed is one process.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EvtxWriter } from '../src/formats/evtx/index.js';
import { random } from '../src/range/random.js';
import { ROOT } from '../test/support.js';
import { denseRecords } from './dense.js';

const MB = Number(process.argv[2] ?? 200);
const BIG_MB = Number(process.argv[3] ?? 0);
const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const dir = mkdtempSync(join(tmpdir(), 'backtrail-bench-'));

/** Writes lines until the file has the size. */
function fill(path: string, megabytes: number, head: string, line: (i: number) => string): number {
  const fd = openSync(path, 'w');
  let held = head;
  let n = 0;
  let size = 0;
  while (size + held.length < megabytes * 1e6) {
    held += line(n++);
    if (held.length > 1 << 20) {
      size += held.length;
      writeSync(fd, held);
      held = '';
    }
  }
  writeSync(fd, held);
  closeSync(fd);
  return n;
}
const two = (n: number): string => String(n).padStart(2, '0');
/** Some records a second, a day after the other. */
const clock = (i: number): Date => new Date(Date.UTC(2024, 2, 1) + i * 120);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const makers: Record<string, (path: string, mb: number) => number> = {
  'access.log': (path, mb) => {
    const r = random(1);
    return fill(path, mb, '', (i) => {
      const t = clock(i);
      return `10.${r.below(4)}.${r.below(200)}.${r.below(250)} - - [${two(t.getUTCDate())}/${MONTHS[t.getUTCMonth()]}/${t.getUTCFullYear()}:${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())} +0000] "GET /app/${r.below(900)}/view?id=${r.below(1e6)} HTTP/1.1" ${r.pick(['200', '200', '200', '304', '404'])} ${r.below(90_000)} "https://intranet.example/app/${r.below(900)}" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/${100 + r.below(20)}.0.0.0"\n`;
    });
  },
  'w3c.log': (path, mb) => {
    const r = random(2);
    const head =
      '#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n';
    return fill(path, mb, head, (i) => {
      const t = clock(i).toISOString();
      return `${t.slice(0, 10)} ${t.slice(11, 19)} 10.0.0.5 POST /owa/service.svc action=GetItem&id=${r.below(1e6)} 443 CORP\\user${r.below(400)} 10.${r.below(4)}.${r.below(200)}.${r.below(250)} Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+Chrome/${100 + r.below(20)} - 200 0 0 ${r.below(3000)}\n`;
    });
  },
  'conn.log': (path, mb) => {
    const r = random(3);
    const head =
      '#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2024-03-01-00-00-00\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\n';
    return fill(
      path,
      mb,
      head,
      (i) =>
        `${(1_709_251_200 + i * 0.12).toFixed(6)}\tC${r.below(2 ** 31).toString(36)}${r.below(2 ** 31).toString(36)}\t10.${r.below(4)}.${r.below(200)}.${r.below(250)}\t${1024 + r.below(60_000)}\t10.9.0.${r.below(250)}\t${r.pick([443, 53, 88, 389, 445])}\ttcp\t-\t${r.below(9000) / 1000}\t${r.below(90_000)}\t${r.below(900_000)}\tSF\tT\tT\t0\tShADadFf\t${r.below(40)}\t${r.below(5000)}\t${r.below(40)}\t${r.below(50_000)}\n`,
    );
  },
};

interface Run {
  readonly seconds: number;
  readonly mib: number;
}
function run(...args: string[]): Run {
  const start = process.hrtime.bigint();
  const r = spawnSync(process.execPath, [CLI, ...args, '--timing'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (r.status !== 0) throw new Error(`${args.join(' ')}: ${r.stderr.slice(-400)}`);
  return { seconds, mib: Number(/peak memory (\d+) MiB/.exec(r.stderr)?.[1] ?? Number.NaN) };
}

try {
  console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]!.model.trim()}`);
  const out = join(dir, 'case');
  const dense = join(dir, 'dense.evtx');
  const fd = openSync(dense, 'w');
  const w = new EvtxWriter({ sink: (b, at) => void writeSync(fd, b, 0, b.length, at) });
  for (const r of denseRecords(300_000)) w.write(r);
  w.finish();
  closeSync(fd);
  {
    const { seconds, mib } = run('investigate', dense, '--out', out, '-q');
    const store = statSync(join(out, 'store.duckdb')).size;
    console.log(
      `dense.evtx   300,000 records  ${seconds.toFixed(2)} s  ${Math.round(300_000 / seconds).toLocaleString('en')} records/s  ${mib} MiB  store ${((100 * store) / statSync(dense).size).toFixed(1)} % of the log`,
    );
  }
  for (const [name, make] of Object.entries(makers)) {
    const path = join(dir, name);
    const n = make(path, MB);
    for (const threads of ['1', '2']) {
      const { seconds, mib } = run('investigate', path, '--out', out, '-q', '--threads', threads);
      console.log(
        `${name.padEnd(12)} ${n.toLocaleString('en')} records  ${MB} MB  ${threads} thread${threads === '1' ? ' ' : 's'}  ${seconds.toFixed(2)} s  ${(MB / seconds).toFixed(1)} MB/s  ${mib} MiB`,
      );
    }
    rmSync(path);
  }
  if (BIG_MB > 0) {
    const path = join(dir, 'conn.log');
    for (const mb of [100, BIG_MB]) {
      const n = makers['conn.log']!(path, mb);
      const { seconds, mib } = run('investigate', path, '--out', out, '-q');
      console.log(
        `memory: ${mb} MB  ${n.toLocaleString('en')} records  ${seconds.toFixed(1)} s  ${(mb / seconds).toFixed(1)} MB/s  ${mib} MiB`,
      );
    }
    for (const query of [
      'dst_ip:10.9.0.7',
      'src_ip:10.1.2.3 dst_port:445',
      'bytes_in:>899990',
      'dst_port:[1 TO 100]',
      '10.3.199.24',
      'src_ip:10.2.1.*',
    ]) {
      const { seconds } = run('search', out, query, '--limit', '20', '--output', 'jsonl');
      console.log(`search ${query.padEnd(32)} ${seconds.toFixed(2)} s`);
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
