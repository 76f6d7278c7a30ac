// What programs say in syslog and in the systemd journal: sshd, sudo, cron, accounts, mail services, devices. Carriers of these messages are
// many (files, the journal, collectors' JSON); what they say is told here, once.
import { MAIL_SERVICE, mailAct, putMail } from '../mail/services.js';
import { deviceFields, vpnFields } from './devices.js';

const SSHD = /^(Accepted|Failed|Postponed) (\S+) for (invalid user )?(.*?) from (\S+) port (\d+)/;
const SSHD_OTHER: readonly [RegExp, string][] = [
  [/^(Invalid user) (\S*) from (\S+)(?: port (\d+))?/, 'invalid'],
  [
    /^(?:Connection|Disconnected|Received disconnect|Connection reset|Unable to negotiate)\b.*?(?:by|from|with) (?:invalid user |authenticating user )?(?:(\S+) )?(\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]{3,}) port (\d+)/,
    'connection',
  ],
];

/**
 * `user : TTY=pts/0 ; PWD=/home/user ; USER=root ; COMMAND=/bin/id`. A reason before the terminal says that nothing was run; what stands
 * behind the first `COMMAND=` is the command, whatever is in it.
 */
function sudoFields(message: string, put: (name: string, value: string) => void): void {
  const colon = message.indexOf(' : ');
  if (colon < 0) return;
  const rest = message.slice(colon + 3);
  // Newer versions leave the terminal out where there is none.
  const terminal = rest.indexOf('TTY=');
  const pwd = terminal < 0 ? rest.indexOf('PWD=') : rest.indexOf(' ; PWD=', terminal);
  const user = rest.indexOf(' ; USER=', pwd);
  const command = rest.indexOf(' ; COMMAND=', user);
  if (pwd < 0 || user < 0 || command < 0) return;
  const begin = terminal < 0 ? pwd : terminal;
  put('user', message.slice(0, colon).trim());
  if (terminal >= 0) put('TTY', rest.slice(terminal + 4, pwd));
  put('PWD', rest.slice(pwd + (terminal < 0 ? 4 : 7), user));
  put('USER', rest.slice(user + 8, command).split(' ;')[0]!);
  const line = rest.slice(command + 11);
  put('COMMAND', line);
  if (begin === 0) {
    put('COMMAND_program', line.split(' ')[0]!);
    // Who sits at the machine itself came by no connection.
    put('COMMAND_parent', /^(?:\/dev\/)?tty\d/.test(rest.slice(4)) ? 'sudo (console)' : 'sudo');
  } else put('denied', rest.slice(0, begin).replace(/ ;\s*$/, ''));
}

/** What programs of Linux and devices say in a fixed form, as fields, whatever carries the message. Gives the record's channel where it is another than that of syslog. */
export function messageFields(
  program: string,
  message: string,
  put: (name: string, value: string) => void,
): string | null {
  if (program === 'sshd' || program === 'sshd-session') {
    const m = SSHD.exec(message);
    if (m !== null) {
      put('action', m[1]!.toLowerCase());
      put('auth_method', m[2]!);
      put('user', m[4]!);
      put('src_ip', m[5]!);
      put('src_port', m[6]!);
      return null;
    }
    const i = SSHD_OTHER[0]![0].exec(message);
    if (i !== null) {
      put('action', 'invalid user');
      put('user', i[2]!);
      put('src_ip', i[3]!);
      return null;
    }
    const closed = /^pam_unix\(sshd:session\): session closed for user (\S+)/.exec(message);
    if (closed !== null) {
      put('session_closed', 'yes');
      put('user', closed[1]!);
      return null;
    }
    const c = SSHD_OTHER[1]![0].exec(message);
    if (c !== null) {
      // Left before anything was accepted: what was offered was no key of that user's, or there is none of that name.
      if (/\b(?:authenticating|invalid) user\b.*\[preauth\]/.test(message)) {
        put('action', 'failed');
        put('auth_method', 'preauth');
      }
      put('src_ip', c[2]!);
      put('src_port', c[3]!);
      if (c[1] !== undefined) put('user', c[1]);
    }
    return null;
  }
  if (vpnFields(program, message, put)) return null;
  const opened = /^pam_unix\([\w-]+:session\): session opened for user ([^\s(]+)\(uid=(\d+)\)/.exec(message);
  if (opened !== null && program !== 'sudo' && program !== 'su') {
    put('user', opened[1]!);
    put('user_number', opened[2]!);
    return null;
  }
  if (program === 'sudo') {
    sudoFields(message, put);
    // Who asked for it, by name and number.
    const by = / by ([\w.-]{1,64})\(uid=(\d{1,10})\)/.exec(message);
    if (by !== null && message.startsWith('pam_unix(')) {
      put('user', by[1]!);
      put('user_number', by[2]!);
    }
    return null;
  }
  const mail = mailAct(program, message);
  if (mail !== null) {
    putMail(mail, put);
    return MAIL_SERVICE;
  }
  if (/^cron/i.test(program) || program === 'CROND') {
    const m = /^\(([^)]+)\) CMD \(([\s\S]*)\)\s*$/.exec(message);
    if (m !== null) {
      put('user', m[1]!);
      put('cron_command', m[2]!.trim());
    }
    return null;
  }
  if (/^(?:useradd|adduser|userdel|usermod|gpasswd|passwd|chpasswd)$/.test(program)) {
    const made = /^new (?:user|account): name=([^,\s]+)(?:,|$)/.exec(message) ?? /^delete user '([^']+)'/.exec(message);
    const joined =
      /^add(?:ed)? '([^']+)' to (?:shadow )?group '([^']+)'/.exec(message) ??
      /^user (\S+) added by \S+ to group (\S+)/.exec(message);
    const word = /password changed for (\S+)/.exec(message);
    if (made !== null) {
      // A package makes accounts for its services at no terminal.
      put(
        'account_action',
        !message.startsWith('new') ? 'delete' : /,\s*from=none\b/.test(message) ? 'create by a package' : 'create',
      );
      put('user', made[1]!);
      const uid = /\bUID=(\d+)/.exec(message)?.[1];
      if (uid !== undefined) put('uid', uid);
    } else if (joined !== null) {
      put('account_action', 'member added');
      put('user', joined[2]!);
      put('member', joined[1]!);
    } else if (word !== null) {
      put('account_action', 'password reset');
      put('user', word[1]!);
    }
    return null;
  }
  return deviceFields(program, message, put);
}
