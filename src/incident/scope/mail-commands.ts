// Mailboxes that command lines take: of mail servers on Linux (Zimbra, Dovecot, Cyrus) by their own tools, and by packing or copying the folder
// that a mailbox lies in.
import type { Place } from '../facts/table.js';
import { commandsOf } from '../graph/commands.js';
import type { World } from '../graph/world.js';
import type { Group } from './group.js';

export interface CommandMail {
  /** Address, or account, in lower case. */
  readonly mailbox: string;
  readonly method: 'export' | 'search';
  readonly t: number;
  readonly places: readonly Place[];
}

const ADDRESS = /^[\w.+'-]{1,64}@[\w.-]{1,190}$/;
/** Where servers keep mail: `/var/vmail/<domain>/<user>`, `/var/mail/vhosts/<domain>/<user>`, `/home/<user>/Maildir`, `/var/mail/<user>`. */
const FOLDER =
  /(?:^|[\s"'=])\/(?:srv|var|data|home|opt)\/(?:s?pool\/|lib\/)?(?:vmail|mail|dovecot|virtual|mailboxes)\/(?:vhosts\/|domains\/)?([\w.-]{1,64})(?:\/([\w.+-]{1,64}))?(?=[/\s"']|$)|(?:^|[\s"'=])\/home\/([\w.-]{1,64})\/(?:Maildir|mail|mdbox|sdbox)(?=[/\s"']|$)/;

/** What one command takes: mailboxes and how; none where it takes no mail. */
export function mailTaken(text: string): { mailbox: string; method: 'export' | 'search' }[] {
  if (text.length > 8192) return [];
  const words = text.match(/"[^"]*"|'[^']*'|[^\s]+/g)?.map((x) => x.replace(/^["']|["']$/g, '')) ?? [];
  // What stands before is a shell, a language or `sudo`.
  const at = words.findIndex((x) =>
    /(?:^|\/)(?:zmmailbox|doveadm|imapsync|mbsync|mutt|tar|zip|7za?|rsync|cp|scp)$|ZMailboxUtil$/.test(x),
  );
  if (at < 0) return [];
  const tool = words[at]!.replace(/^.*[/.]/, '');
  const rest = words.slice(at + 1);
  const after = (...flags: string[]): string => {
    const i = rest.findIndex((x) => flags.includes(x));
    return i < 0 ? '' : (rest[i + 1] ?? '').toLowerCase();
  };
  if (tool === 'zmmailbox' || tool === 'ZMailboxUtil') {
    const box = after('-m', '--mailbox');
    const what = rest.find((x) => /^(?:getRestURL|gru|search|s|getMessage|gm|getConversation|gc)$/.test(x));
    return box === '' || what === undefined
      ? []
      : [{ mailbox: box, method: /^(?:getRestURL|gru)$/.test(what) ? 'export' : 'search' }];
  }
  if (tool === 'doveadm') {
    const what = rest.find((x) => /^(?:backup|sync|fetch|search|export|dump|import|copy)$/.test(x));
    const box = after('-u');
    return what === undefined || !ADDRESS.test(box)
      ? []
      : [{ mailbox: box, method: what === 'search' ? 'search' : 'export' }];
  }
  if (tool === 'imapsync') {
    const box = after('--user1');
    return box === '' ? [] : [{ mailbox: box, method: 'export' }];
  }
  if (!/^(?:tar|zip|7za?|rsync|cp|scp)$/.test(tool)) return [];
  // What is packed or copied out of there, not into it.
  const from = tool === 'cp' || tool === 'rsync' || tool === 'scp' ? rest.slice(0, -1) : rest;
  const out: { mailbox: string; method: 'export' }[] = [];
  if (
    tool === 'tar' &&
    rest.some((x) => /^-?\w*x\w*$/.test(x) && !x.startsWith('--')) &&
    !/^-?\w*c/.test(rest[0] ?? '')
  )
    return [];
  for (const x of tool === 'tar' ? whole(from) : from) {
    const m = FOLDER.exec(x);
    if (m === null) continue;
    const [domain, user, home] = [m[1], m[2], m[3]];
    if (home !== undefined) out.push({ mailbox: home.toLowerCase(), method: 'export' });
    else if (domain!.includes('.') && user !== undefined && user !== 'Maildir')
      out.push({ mailbox: `${user}@${domain!}`.toLowerCase(), method: 'export' });
  }
  return out;
}

/** Options of tar that the next word belongs to. */
const TAR_VALUE =
  /^(?:-[fNTXbV]|--(?:file|newer|newer-mtime|after-date|files-from|exclude|exclude-from|transform|owner|group|mode))$/;

/** tar's words as whole paths: what stands behind `-C` lies in that folder. */
function whole(words: readonly string[]): string[] {
  const out: string[] = [];
  let folder = '';
  for (let i = 0; i < words.length; i++) {
    const x = words[i]!;
    const at = /^--directory=(.+)$/.exec(x)?.[1] ?? (x === '-C' || x === '--directory' ? words[++i] : undefined);
    if (at !== undefined) folder = at.replace(/\/$/, '');
    else if (TAR_VALUE.test(x)) i++;
    else if (!x.startsWith('-'))
      out.push(x.startsWith('/') || folder === '' ? x : `${folder}/${x.replace(/^\.\//, '')}`);
  }
  return out;
}

/** Mailboxes that the intruder's command lines took, in the order of time. */
export function mailByCommand(w: World, g: Group): CommandMail[] {
  const out: CommandMail[] = [];
  for (const r of g.processes) {
    const t = w.processes.start.at(r);
    const line = w.processes.commandText(r);
    if (!Number.isFinite(t) || !/mail|dovecot|doveadm|imapsync|vhosts/i.test(line)) continue;
    for (const c of [{ text: line }, ...commandsOf(line)])
      for (const x of mailTaken(c.text)) out.push({ ...x, t, places: w.processes.places(r) });
  }
  return out.sort((a, b) => a.t - b.t || (a.mailbox < b.mailbox ? -1 : 1));
}
