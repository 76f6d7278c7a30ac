// Shell history, with times (#1634567890 above each command, zsh's ": 1634567890:0;") or without. Without times it is told by
// its commands: most lines begin with one that every Linux has.
import { type Head, type LineParser, type Match, type ParseContext, shareOf, type TextFormat } from './format.js';
import { type Emit, TextRecord } from './record.js';
import { isoMicros } from './time.js';

/** Commands that a person types, of POSIX and of what every distribution installs. */
const COMMANDS = new Set(
  'ls cd pwd cat less more head tail grep egrep find vi vim nano cp mv rm mkdir rmdir touch chmod chown ln df du mount umount ps top htop kill pkill id who w whoami last su sudo passwd useradd adduser userdel usermod groups ssh scp sftp rsync ftp curl wget ping traceroute ip ifconfig netstat ss route arp dig nslookup host nc tcpdump iptables ufw nft systemctl service journalctl crontab apt apt-get aptitude dpkg yum dnf rpm zypper pacman snap pip pip3 npm git docker kubectl make gcc python python3 perl ruby php java tar gzip gunzip zip unzip bzip2 xz echo printf export unset source history exit logout clear date uptime uname hostname free lsof lsblk fdisk dmesg env alias which whereis man screen tmux nohup watch sed awk sort uniq cut wc diff tee xargs base64 openssl md5sum sha256sum strings file stat mysql psql sqlite3 nginx apachectl reboot shutdown poweroff bash sh zsh'.split(
    ' ',
  ),
);

/** Whether a line begins with such a command and is no sentence or record of something else. */
function isCommand(line: string): boolean {
  const first = /^\s*(?:[A-Z_]+=\S* )*(?:sudo (?:-\S+ )*)?([\w./+-]+)(?=\s|$|;|\||&)/.exec(line)?.[1];
  return first !== undefined && (COMMANDS.has(first) || /^(?:\.{0,2}\/)[\w./+-]+$/.test(first)) && !/[.:]$/.test(line);
}

/** As `history` lists it where HISTTIMEFORMAT is set: number, time, command. */
const LISTED = /^\s*\d+\*?\s+\[?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[+-]\d{4})?)\]?\s+(\S[\s\S]*)$/;

class HistoryParser implements LineParser {
  skipped = 0;
  readonly #emit: Emit;
  readonly #context: ParseContext;
  readonly #record = new TextRecord();
  #micros = Number.NaN;
  #text = '';

  constructor(context: ParseContext, emit: Emit) {
    this.#emit = emit;
    this.#context = context;
    this.#record.names = ['CommandLine'];
    this.#record.channel = 'linux/shell-history';
  }

  line(text: string, line: number, offset: number): void {
    const stamp = /^#(\d{9,10})$/.exec(text);
    if (stamp !== null) {
      this.#micros = Number(stamp[1]) * 1e6;
      this.#text = stamp[1]!;
      return;
    }
    // zsh: ": 1634567890:0;command"
    const zsh = /^: (\d{9,10}):\d+;([\s\S]*)$/.exec(text);
    if (zsh !== null) {
      this.#micros = Number(zsh[1]) * 1e6;
      this.#text = zsh[1]!;
    }
    if (text.trim() === '') return;
    const r = this.#record;
    const listed = LISTED.exec(text);
    r.values = [zsh === null ? (listed?.[2] ?? text) : zsh[2]!];
    r.micros = this.#micros;
    r.timeText = this.#text;
    r.sure = Number.isNaN(this.#micros) ? 'none' : 'stated';
    const t = listed === null ? null : isoMicros(listed[1]!.replace(' ', 'T'));
    if (t !== null && !Number.isNaN(t.micros)) {
      r.micros = t.zoned ? t.micros : t.micros - (this.#context.zone ?? 0) * 60e6;
      r.timeText = listed![1]!;
      r.sure = t.zoned ? 'stated' : this.#context.zone === null ? 'inferred' : 'given';
    }
    r.host = this.#context.host;
    r.line = line;
    r.offset = offset;
    this.#emit(r);
  }

  end(): void {}
}

export const shellHistory: TextFormat = {
  id: 'shell-history',
  title: 'Shell history, with times (bash, zsh) and without',
  whole: true,
  identify(head: Head): Match | null {
    if (head.lines.length >= 2 && shareOf(head, (l) => LISTED.test(l)) >= 0.7)
      return { score: 84, why: 'commands with a number and a time, as history lists them' };
    const stamps = head.lines.filter((l) => /^#\d{9,10}$|^: \d{9,10}:\d+;/.test(l)).length;
    return stamps >= 2 && stamps >= head.lines.length * 0.3
      ? { score: 85, why: 'commands with times of a shell history' }
      : head.lines.length >= 4 && shareOf(head, isCommand) >= 0.6
        ? { score: 40, why: 'most lines begin with a command of Linux, without times' }
        : null;
  },
  parser: (context, emit) => new HistoryParser(context, emit),
};
