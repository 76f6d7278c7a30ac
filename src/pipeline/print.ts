// A page printed to PDF by a browser that is installed: Chromium, Chrome or Edge. Nothing is fetched: the page is one file.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'msedge',
];
const PLACES: Readonly<Record<string, readonly string[]>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
    'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};
const TIMEOUT = 180_000;

/** A browser that can print: `BACKTRAIL_BROWSER`, or one in the usual places; null if there is none. */
export function findBrowser(): string | null {
  const set = process.env.BACKTRAIL_BROWSER;
  if (set !== undefined && set !== '') return existsSync(set) ? set : null;
  for (const p of PLACES[process.platform] ?? []) if (existsSync(p)) return p;
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const n of NAMES) {
      const p = join(folder, process.platform === 'win32' ? `${n}.exe` : n);
      if (folder !== '' && existsSync(p)) return p;
    }
  return null;
}

/** Prints a page to a tagged PDF with an outline. Throws an `Error` that says what the browser said. */
export function printPdf(browser: string, page: string, out: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'backtrail-print-'));
  try {
    const file = join(folder, 'report.html');
    writeFileSync(file, page);
    const r = spawnSync(
      browser,
      [
        '--headless=new',
        '--disable-gpu',
        '--no-first-run',
        '--disable-extensions',
        '--disable-background-networking',
        `--user-data-dir=${join(folder, 'profile')}`,
        // Chromium refuses its sandbox to root, as in containers.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--no-pdf-header-footer',
        '--generate-pdf-document-outline',
        '--export-tagged-pdf',
        `--print-to-pdf=${resolve(out)}`,
        pathToFileURL(file).href,
      ],
      { encoding: 'utf8', timeout: TIMEOUT, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    if (r.error !== undefined) throw r.error;
    if (r.status !== 0 || !existsSync(out)) throw new Error(r.stderr.trim().split('\n').at(-1) ?? 'it gave no reason');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
