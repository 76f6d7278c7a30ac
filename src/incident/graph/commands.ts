// What a command line makes run, piece by piece: shells that are handed commands, scripts in base64, commands for other machines, and
// several commands in one line. Nothing is run or expanded; what cannot be told apart stays as it is.

/** One command, as it would stand alone. */
export interface Command {
  readonly text: string;
  /** The machine that it is for, as the line names it; '': the machine of the line. */
  readonly target: string;
}

const MAX_LINE = 32_768;
/** Characters that the shapes of commands are looked for in: cmd takes no more. */
const MAX_SHAPE = 8192;
const MAX_DEPTH = 5;
const MAX_PIECES = 200;

const quoted = (t: string): string => {
  const x = t.trim();
  const q = x[0];
  if ((q === '"' || q === "'") && x.length > 1) {
    const end = x.lastIndexOf(q);
    if (end > 0) return x.slice(1, end).replaceAll('\\"', '"');
  }
  return x;
};

/** Splits at separators of commands that stand in no quotes; `&` alone separates in cmd, `;` in the others. */
function split(line: string, cmd: boolean): string[] {
  const out: string[] = [];
  let quote = '';
  let from = 0;
  let depth = 0;
  const cut = (at: number, width: number): void => {
    const piece = line.slice(from, at).trim();
    if (piece !== '') out.push(piece);
    from = at + width;
  };
  for (let i = 0; i < line.length && out.length < MAX_PIECES; i++) {
    const c = line[i]!;
    if (quote !== '') {
      if (c === quote) quote = '';
      continue;
    }
    if (c === '"' || (c === "'" && !cmd)) quote = c;
    else if (c === '{' || c === '(') depth++;
    else if (c === '}' || c === ')') depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (c === '\n' || c === '\r') cut(i, 1);
    else if (c === '&' && line[i + 1] === '&') cut(i, 2);
    else if (c === '|' && line[i + 1] === '|') cut(i, 2);
    // `2>&1` and `&>` are no separators.
    else if (c === '&' && cmd && line[i - 1] !== '>' && line[i + 1] !== '>') cut(i, 1);
    else if (c === ';' && !cmd) cut(i, 1);
    else if (c === '|') cut(i, 1);
  }
  cut(line.length, 0);
  return out;
}

/** A script in base64 of UTF-16, as `-EncodedCommand` takes it; '' where it is none. */
export function encodedScript(line: string): string {
  const m =
    /\s[-/\u2013\u2014]e(?:c|n(?:c(?:o(?:d(?:e(?:d(?:c(?:o(?:m(?:m(?:a(?:nd?)?)?)?)?)?)?)?)?)?)?)?)?\s+["']?([A-Za-z0-9+/]{16,}={0,2})/i.exec(
      line,
    );
  if (m === null) return '';
  const bytes = Buffer.from(m[1]!, 'base64');
  const text = bytes.subarray(0, bytes.length & ~1).toString('utf16le');
  // What is no text was no script.
  let plain = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c >= 32 && c < 0x250) || c === 9 || c === 10 || c === 13) plain++;
  }
  return text.length > 0 && plain >= text.length * 0.9 ? text : '';
}

const CMD = /^(?:"?[^"\s]*?\bcmd(?:\.exe)?"?)(?:\s+\/[a-bd-jl-z](?::\w+)?)*\s+\/[ckr]\s*(.+)$/is;
const POWERSHELL = /^"?[^"]*?\b(?:powershell|pwsh)(?:\.exe)?"?(?=\s)(.*)$/is;
const SH = /^(?:\/[\w/]*\/)?(?:ba|da|z|k|c)?sh\s+(?:-[a-z]+\s+)*-[a-z]*c\s+(.+)$/is;
const BEFORE =
  /^(?:(?:\/[\w/]*\/)?(?:sudo(?:\s+-(?:[ugh]\s+\S+|\w+))*|doas(?:\s+-u\s+\S+)?|nohup|setsid|exec|time|nice(?:\s+-n\s*\S+)?|ionice(?:\s+-\w\s*\S+)*|env(?:\s+\w+=\S*)*)\s+|start\s+(?:"[^"]*"\s+)?(?:\/\w+\s+)*|call\s+|@)(.+)$/is;

/** Commands for other machines: the machine, and what it is to run. */
const ELSEWHERE: readonly [RegExp, number, number][] = [
  [/^"?[^"]{0,200}?\bwmic(?:\.exe)?"?\s.*?\/node:\s*["']?([\w.-]+)["']?.*?\bprocess\s+call\s+create\s+(.+)$/is, 1, 2],
  [
    /^"?[^"]{0,200}?\b(?:psexec|paexec|psexec64)(?:\.exe)?"?\s+(?:-accepteula\s+)?\\\\([\w.-]+)\s+(?:-(?:[updnwr]\s+(?:"[^"]*"|\S+)|\w+)\s+)*(.+)$/is,
    1,
    2,
  ],
  [
    /^"?[^"]{0,200}?\bwinrs(?:\.exe)?"?\s.*?[-/]r(?:emote)?:\s*(?:https?:\/\/)?([\w.-]+)(?::\d+)?\s+(?:[-/]\w+:\S+\s+)*(.+)$/is,
    1,
    2,
  ],
  [
    /^"?[^"]{0,200}?\bschtasks(?:\.exe)?"?\s(?=.*\/create\b)(?=.*\/s\s+["']?([\w.-]+)).*\/tr\s+("(?:[^"\\]|\\.)*"|\S+)/is,
    1,
    2,
  ],
  [/^"?[^"]{0,200}?\bsc(?:\.exe)?"?\s+\\\\([\w.-]+)\s+create\b.*\bbinpath=\s*("(?:[^"\\]|\\.)*"|\S+)/is, 1, 2],
  [/^(?:\/[\w/]*\/)?ssh\s+(?:-(?:[bcDEeFIiJLlmOopQRSWw]\s*\S+|\w+)\s+)*(?:[\w.-]+@)?([\w.-]+)\s+(\S.+)$/is, 1, 2],
];
/** The same for this machine, after which the rest of the line says what of. */
const HERE: readonly RegExp[] = [
  /^"?[^"]{0,200}?\bwmic(?:\.exe)?"?\s.*?\bprocess\s+call\s+create\s+(.+)$/is,
  /^"?[^"]{0,200}?\bschtasks(?:\.exe)?"?\s(?=.*\/create\b).*\/tr\s+("(?:[^"\\]|\\.)*"|\S+)/is,
  /^"?[^"]{0,200}?\brunas(?:\.exe)?"?\s+(?:\/\w+(?::\S+)?\s+)*(".+"|\S.*)$/is,
];

/** What PowerShell sends to another machine (Invoke-Command, Invoke-WmiMethod). */
function remoteScript(text: string): { target: string; script: string } | null {
  if (!/^.{0,80}?\b(?:invoke-command|icm|invoke-wmimethod|invoke-cimmethod)\b/is.test(text)) return null;
  const target = /\s-(?:computername|cn)\s+["']?([\w.-]+)/i.exec(text)?.[1];
  if (target === undefined) return null;
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}')];
  const given = /\s-(?:argumentlist|arguments)\s+/i.exec(text);
  if (from >= 0 && to > from && /\s-sc\w*\s*\{/i.test(text)) return { target, script: text.slice(from + 1, to) };
  return given === null ? null : { target, script: quoted(text.slice(given.index + given[0].length)) };
}

/**
 * The commands of a line, innermost last where one is handed to another: `cmd /c "a & b"` gives the line, `a` and `b`. Lines beyond
 * 32,768 characters are cut, which is what Windows allows for one.
 */
export function commandsOf(line: string): readonly Command[] {
  const out: Command[] = [];
  const add = (raw: string, target: string, depth: number): void => {
    const text = raw.trim();
    if (text === '' || out.length >= MAX_PIECES) return;
    out.push({ text, target });
    if (depth >= MAX_DEPTH) return;
    const inner = (t: string, where: string, cmd: boolean): void => {
      for (const piece of split(t, cmd)) if (piece !== text) add(piece, where, depth + 1);
    };
    const short = text.slice(0, MAX_SHAPE);
    for (const [shape, host, what] of ELSEWHERE) {
      const m = shape.exec(short);
      if (m === null) continue;
      inner(quoted(m[what]!), m[host]!, true);
      return;
    }
    const sent = remoteScript(short);
    if (sent !== null) {
      inner(sent.script, sent.target, false);
      return;
    }
    for (const shape of HERE) {
      const m = shape.exec(short);
      if (m === null) continue;
      inner(quoted(m[1]!), target, true);
      return;
    }
    const cmd = CMD.exec(short);
    if (cmd !== null) {
      // `cmd /c ""a" "b""`: the outer quotes are the shell's.
      inner(quoted(cmd[1]!), target, true);
      return;
    }
    const sh = SH.exec(short);
    if (sh !== null) {
      inner(quoted(sh[1]!), target, false);
      return;
    }
    const ps = POWERSHELL.exec(text);
    if (ps !== null) {
      const script = encodedScript(text);
      const given = script !== '' ? script : /\s-c(?:o(?:m(?:m(?:a(?:nd?)?)?)?)?)?\s+(.+)$/is.exec(ps[1]!)?.[1];
      if (given !== undefined) inner(quoted(given).replace(/^&\s*\{([\s\S]*)\}$/, '$1'), target, false);
      return;
    }
    const before = BEFORE.exec(short);
    if (before !== null) add(before[1]!, target, depth + 1);
  };
  const cut = line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line;
  add(cut, '', 0);
  return out;
}

/** The commands of a script: line by line, and what each hands on. */
export function commandsOfScript(script: string): readonly Command[] {
  return split(script.slice(0, MAX_LINE), false).flatMap((x) => commandsOf(x));
}
