// Files that a command line puts somewhere: downloads, copies, redirections. For machines on which no sensor saw the file written.
import { baseName } from './processes.js';

const WORD = /"([^"]*)"|'([^']*)'|((?:[^\s"'\\]|\\.)+)/g;

function words(line: string): string[] {
  return [...line.matchAll(WORD)].map((m) => m[1] ?? m[2] ?? m[3]!.replace(/\\(?=[\s;])/g, ''));
}

const whole = (path: string): boolean => /^(?:\/[^/\s]|[a-z]:\\)/i.test(path) && path.length < 400;

/** The last word that is no option. */
function last(list: readonly string[]): string {
  return list.findLast((x) => !x.startsWith('-')) ?? '';
}

/** Paths of files that a command line writes: what curl, wget, cp, mv, install, ln, tee, dd, certutil and redirections name. */
export function laidBy(line: string): readonly string[] {
  if (line.length < 6 || line.length > 8000) return [];
  const list = words(line);
  if (list.length < 2) return [];
  const tool = baseName(list[0]!.toLowerCase()).replace(/\.exe$/, '');
  const after = (option: RegExp): string => list[list.findIndex((x) => option.test(x)) + 1] ?? '';
  const has = (option: RegExp): boolean => list.some((x) => option.test(x));
  const out: string[] = [];
  if (tool === 'curl' && has(/^(?:-\w*o|--output)$/)) out.push(after(/^(?:-\w*o|--output)$/));
  else if (tool === 'wget' && has(/^(?:-\w*O|--output-document)$/)) out.push(after(/^(?:-\w*O|--output-document)$/));
  else if (/^(?:cp|mv|install|ln)$/.test(tool) && list.length >= 3) {
    const to = last(list);
    const from = list.filter((x, i) => i > 0 && !x.startsWith('-') && x !== to).at(-1) ?? '';
    out.push(to.endsWith('/') ? `${to}${baseName(from)}` : to);
  } else if (tool === 'tee') out.push(...list.slice(1).filter((x) => !x.startsWith('-')));
  else if (tool === 'dd') out.push(...list.filter((x) => x.startsWith('of=')).map((x) => x.slice(3)));
  else if (tool === 'certutil' && has(/^[-/]urlcache$/i)) out.push(last(list));
  else if (tool === 'copy' || tool === 'xcopy') out.push(last(list));
  for (const m of line.matchAll(/(?:^|[^>&\d])>{1,2}\s*["']?(\/[^\s"'|;&>]+|[a-z]:\\[^\s"'|;&>]+)/gi)) out.push(m[1]!);
  return out.filter((x) => whole(x) && !x.startsWith('/dev/')).slice(0, 8);
}
