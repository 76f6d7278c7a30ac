// Files that a command puts somewhere: downloads, copies, redirections. For machines on which no sensor saw the file written.
import { baseName } from './processes.js';

/** One file that a command lays. */
export interface Laid {
  readonly path: string;
  /** The machine that its path names (`\\HOST\C$\…`); '': the command's own. */
  readonly host: string;
  /** The file that it is a copy of, by its whole path; ''. */
  readonly from: string;
  /** Where it was fetched from; ''. */
  readonly url: string;
}

const WORD = /"([^"]*)"|'([^']*)'|((?:[^\s"'\\]|\\.)+)/g;
const WINDOWS_WORD = /"([^"]*)"|'([^']*)'|([^\s"']+)/g;
const URL = /\b(?:https?|ftp):\/\/[^\s"')|;&>]+/i;
const MAX_LAID = 8;

function words(line: string): string[] {
  const windows = /[a-z]:\\|\\\\/i.test(line);
  return [...line.matchAll(windows ? WINDOWS_WORD : WORD)].map(
    (m) => m[1] ?? m[2] ?? (windows ? m[3]! : m[3]!.replace(/\\(?=[\s;])/g, '')),
  );
}

const whole = (path: string): boolean => /^(?:\/[^/\s]|[a-z]:\\)/i.test(path) && path.length < 400;
const unc = /^\\\\([a-z0-9][\w.-]{0,62})\\(?:([a-z])\$|(admin\$))\\(.+)$/i;

/** The last word that is no option. */
function last(list: readonly string[]): string {
  return list.findLast((x) => !x.startsWith('-') && !/^\/[a-z]$/i.test(x)) ?? '';
}

/**
 * Files that one command writes: what curl, wget, certutil, bitsadmin, Invoke-WebRequest and DownloadFile fetch, what cp, mv, install, ln,
 * copy, move, Copy-Item, tee, dd and redirections name.
 */
export function laidBy(line: string): readonly Laid[] {
  if (line.length < 6 || line.length > 8000) return [];
  const list = words(line);
  if (list.length < 2) return [];
  const tool = baseName(list[0]!.toLowerCase()).replace(/\.exe$/, '');
  const after = (option: RegExp): string => list[list.findIndex((x) => option.test(x)) + 1] ?? '';
  const has = (option: RegExp): boolean => list.some((x) => option.test(x));
  const url = URL.exec(line)?.[0] ?? '';
  const out: Laid[] = [];
  const put = (path: string, from = '', fetched = ''): void => {
    const share = unc.exec(path);
    if (share !== null)
      out.push({
        path: share[2] === undefined ? `c:\\windows\\${share[4]!}` : `${share[2]}:\\${share[4]!}`,
        host: share[1]!,
        from,
        url: fetched,
      });
    else if (whole(path) && !path.startsWith('/dev/')) out.push({ path, host: '', from, url: fetched });
  };
  const copied = (): void => {
    const plain = list.filter((x, i) => i > 0 && !x.startsWith('-') && !/^\/[a-z]$/i.test(x));
    const to = plain.at(-1) ?? '';
    const from = plain.at(-2) ?? '';
    if (plain.length < 2) return;
    const folder = /[\\/]$/.test(to) || /^[a-z]:$/i.test(to);
    put(folder ? `${to}${/[\\/]$/.test(to) ? '' : '\\'}${baseName(from)}` : to, whole(from) ? from : '');
  };
  if (tool === 'curl') {
    if (has(/^(?:-\w*o|--output)$/)) put(after(/^(?:-\w*o|--output)$/), '', url);
  } else if (tool === 'wget') {
    if (has(/^(?:-\w*O|--output-document)$/)) put(after(/^(?:-\w*O|--output-document)$/), '', url);
  } else if (/^(?:cp|mv|install|ln|copy|xcopy|move|ren)$/.test(tool) && list.length >= 3) copied();
  else if (tool === 'tee') for (const x of list.slice(1).filter((y) => !y.startsWith('-'))) put(x);
  else if (tool === 'dd') for (const x of list.filter((y) => y.startsWith('of='))) put(x.slice(3));
  else if (tool === 'certutil') {
    if (has(/^[-/](?:urlcache|verifyctl)$/i)) put(last(list), '', url);
    else if (has(/^[-/]decode(?:hex)?$/i)) put(last(list));
  } else if (tool === 'bitsadmin') {
    if (url !== '') put(last(list), '', url);
  } else if (/^(?:invoke-webrequest|iwr|start-bitstransfer|invoke-restmethod|irm)$/.test(tool)) {
    if (has(/^-(?:outfile|o|destination)$/i)) put(after(/^-(?:outfile|o|destination)$/i), '', url);
  } else if (/^(?:copy-item|cpi|move-item)$/.test(tool)) {
    const to = has(/^-dest/i) ? after(/^-dest/i) : last(list);
    const from = has(/^-(?:path|literalpath)$/i) ? after(/^-(?:path|literalpath)$/i) : (list[1] ?? '');
    put(to.endsWith('\\') ? `${to}${baseName(from)}` : to, whole(from) ? from : '');
  }
  const fetched = /\.downloadfile\(\s*["']([^"']+)["']\s*,\s*["']([^"']+)["']/i.exec(line);
  if (fetched !== null) put(fetched[2]!, '', fetched[1]!);
  for (const m of line.matchAll(/(?:^|[^>&\d])>{1,2}\s*["']?(\/[^\s"'|;&>]+|[a-z]:\\[^\s"'|;&>]+)/gi)) put(m[1]!);
  return out.slice(0, MAX_LAID);
}
