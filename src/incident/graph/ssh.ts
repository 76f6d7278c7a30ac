// What command lines of ssh and of what goes over it name, and which machine they came to: for addresses that nothing else gives a name.
import type { Facts } from '../facts/read.js';
import { firstAt } from '../facts/rows.js';
import { baseName } from './processes.js';

/** Options of ssh(1), scp(1), sftp(1) and rsync(1) that take a value. */
const SSH_VALUES = /^-[a-zA-Z]*[bcDEeFIiJLlmOoPpQRSWwX]$/;

/** Machines that a command line of ssh and what goes over it names: names or addresses. */
export function sshTargets(command: string): readonly string[] {
  const words = command.trim().split(/\s+/);
  const tool = baseName(words[0] ?? '');
  const out: string[] = [];
  const host = (word: string): string => word.replace(/^["']|["']$/g, '').replace(/^[^@\s]*@/, '');
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    if (word.startsWith('-')) {
      if (SSH_VALUES.test(word)) i++;
      continue;
    }
    if (tool === 'ssh' || tool === 'sftp') {
      out.push(host(word).replace(/:.*$/, ''));
      break;
    }
    const m = /^([^/:]+):/.exec(word);
    if (m !== null) out.push(host(m[1]!));
  }
  return out.filter((x) => /^[a-z0-9][\w.-]{0,62}$/i.test(x));
}

/** A password is typed, or a key is taken, within this. */
const ACCEPTED_WITHIN = 20e6;

/**
 * Who came to whom by SSH, as a command on one machine and the server's record on another tell together where only one server took
 * anybody in at that moment: the client's host, the address that the server saw, the server's host, and the name that the command had.
 */
export function sshMeetings(facts: Facts): { client: number; address: number; server: number; named: string }[] {
  const { texts } = facts;
  const p = facts.table('process_activity');
  const [image, line] = [p.column('process'), p.column('command_line')];
  const tool = texts.asker((t) => /(?:^|\/)(?:ssh|scp|sftp|rsync)$/.test(t));
  const a = facts.table('authentication');
  const [activity, user, ip] = [a.column('activity'), a.column('user'), a.column('src_ip')];
  const accepted = texts.asker((t) => t === 'accepted');
  const rows: number[] = [];
  for (let i = 0; i < a.rows; i++) if (a.host[i]! >= 0 && ip[i]! >= 0 && accepted(activity[i]!)) rows.push(i);
  if (rows.length === 0) return [];
  const out: { client: number; address: number; server: number; named: string }[] = [];
  for (let i = 0; i < p.rows; i++) {
    if (p.host[i]! < 0 || image[i]! < 0 || line[i]! < 0 || !tool(image[i]!)) continue;
    const command = texts.text(line[i]!);
    const target = sshTargets(command)[0];
    if (target === undefined) continue;
    const as = new RegExp(`(?:^|\\s)["']?([^@\\s"']{1,64})@${target.replaceAll('.', '\\.')}`).exec(command)?.[1];
    const near: number[] = [];
    for (let k = firstAt(rows.length, (x) => a.t[rows[x]!]!, p.t[i]! - 1e6); k < rows.length; k++) {
      const r = rows[k]!;
      if (a.t[r]! > p.t[i]! + ACCEPTED_WITHIN) break;
      if (a.host[r] !== p.host[i] && (as === undefined || texts.text(user[r]!) === as)) near.push(r);
    }
    if (new Set(near.map((r) => a.host[r])).size !== 1) continue;
    out.push({ client: p.host[i]!, address: ip[near[0]!]!, server: a.host[near[0]!]!, named: target });
  }
  return out;
}
