// What mail servers say of people: who signed in over what, from where, and what they asked for. Dovecot, Postfix, Exim, Roundcube
// and Cyrus by their messages; Zimbra's own logs in zimbra.ts. All of them give the same fields.

/** Key of these records, as `src/schema` names their source. */
export const MAIL_SERVICE = 'mail/service';

export type Put = (name: string, value: string) => void;

/** Texts in these messages come from outside: none is longer than this. */
const MAX_NAME = 320;

/** What one record says. `action`: login, login failed, logout, or what was asked for. */
export interface MailAct {
  readonly user: string;
  readonly ip: string;
  /** imap, pop3, smtp, webmail, activesync, … */
  readonly service: string;
  readonly action: string;
  readonly client?: string;
}

/** Puts what was done by the names of `mail/service`; a mailbox is opened by whoever signs in, other than to send. */
export function putMail(x: MailAct, put: Put): void {
  const failed = x.action === 'login failed';
  put('user', x.user);
  put('src_ip', x.ip);
  put('service', x.service);
  put('action', x.action);
  put('status', failed ? '401' : '200');
  put('path', `/${x.service}/${x.action.replace(/ /g, '-')}`);
  if (x.client !== undefined) put('user_agent', x.client);
  if (!failed && x.service !== 'smtp' && x.action !== 'logout') put('mailbox', x.user);
}

const plain = (ip: string): string => ip.replace(/^::ffff:/, '').replace(/^\[|\]$/g, '');

/** A key of `a=<b>, c=d` as Dovecot writes it. */
function dovecotValue(message: string, key: string): string {
  const at = message.indexOf(`${key}=`);
  if (at < 0) return '';
  const from = at + key.length + 1;
  const angled = message[from] === '<';
  const end = message.slice(from).search(angled ? />/ : /[,\s]|$/);
  return end < 0 ? '' : message.slice(angled ? from + 1 : from, from + Math.min(end, MAX_NAME));
}

/** Dovecot: `imap-login: Login: user=<a@b>, method=PLAIN, rip=192.0.2.1, lip=…, TLS`. */
function dovecot(program: string, message: string): MailAct | null {
  // Its own log has the level between, and in syslog the service stands behind the program's name.
  const m = /^(?:(imap|pop3|managesieve|submission|lmtp)-login: )?(?:(?:Info|Error|Warning): )?(.*)$/s.exec(message)!;
  const service = m[1] ?? /^(?:dovecot\/)?(imap|pop3|managesieve|submission)-login$/.exec(program)?.[1];
  if (service === undefined) return null;
  const text = m[2]!;
  const failed =
    /^(?:Aborted login|Disconnected|Login aborted)\b/.test(text) &&
    /auth failed|Password mismatch|unknown user|auth_failed/i.test(text);
  if (!text.startsWith('Login: ') && !failed) return null;
  const user = dovecotValue(text, 'user');
  const ip = plain(dovecotValue(text, 'rip'));
  if (user === '' || ip === '') return null;
  return { user, ip, service: service === 'submission' ? 'smtp' : service, action: failed ? 'login failed' : 'login' };
}

/** Postfix: `4F1: client=unknown[192.0.2.1], sasl_method=LOGIN, sasl_username=a@b`; `warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: …, sasl_username=a@b`. */
function postfix(message: string): MailAct | null {
  const ok =
    /^[0-9A-Za-z]{1,20}: client=[^\s,[]{0,255}\[([\d.a-fA-F:]{3,45})\][^\n]{0,200}?, sasl_username=(\S{1,320})/.exec(
      message,
    );
  if (ok !== null) return { user: ok[2]!, ip: plain(ok[1]!), service: 'smtp', action: 'login' };
  const no =
    /^warning: [^\s,[]{0,255}\[([\d.a-fA-F:]{3,45})\]: SASL \S{1,20} authentication failed[^\n]{0,300}?sasl_username=(\S{1,320})/.exec(
      message,
    );
  return no === null ? null : { user: no[2]!, ip: plain(no[1]!), service: 'smtp', action: 'login failed' };
}

/** Exim: `1abcDE-… <= a@b H=(x) [192.0.2.1] P=esmtpsa X=… A=dovecot_login:a@b`. */
function exim(message: string): MailAct | null {
  const m = /<= \S{1,320} H=[^\n]{0,300}?\[([\d.a-fA-F:]{3,45})\][^\n]{0,400}? A=\w{1,40}:(\S{1,320})/.exec(message);
  return m === null ? null : { user: m[2]!, ip: plain(m[1]!), service: 'smtp', action: 'login' };
}

/** Roundcube: `Successful login for a@b (ID: 5) from 192.0.2.1 in session 0a1b`, `Failed login for a@b from 192.0.2.1 in session …`. */
function roundcube(message: string): MailAct | null {
  const m =
    /(?:^|> |: )(Successful|Failed) login for (\S{1,320})(?: \(ID: \d+\))? from ([\d.a-fA-F:]{3,45})(?:\(X-[^)]{0,80}: ([\d.a-fA-F:]{3,45})[^)]{0,200}\))? in session/.exec(
      message.slice(0, 2000),
    );
  if (m === null) return null;
  // Behind a proxy the one who asked stands in brackets.
  return {
    user: m[2]!,
    ip: plain(m[4] ?? m[3]!),
    service: 'webmail',
    action: m[1] === 'Successful' ? 'login' : 'login failed',
  };
}

/** Cyrus: `login: host.example [192.0.2.1] user PLAIN+TLS User logged in`; `badlogin: host [192.0.2.1] PLAIN [SASL(-13): …: user]`. */
function cyrus(program: string, message: string): MailAct | null {
  const service = /(?:^|\/)(imap|pop3)s?$/.exec(program)?.[1];
  if (service === undefined) return null;
  const m = /^login: \S{0,255} ?\[([\d.a-fA-F:]{3,45})\] (\S{1,320}) \S{1,40} User logged in/.exec(message);
  return m === null ? null : { user: m[2]!, ip: plain(m[1]!), service, action: 'login' };
}

/** What a mail server's message says of somebody; null where it says nothing of this kind. */
export function mailAct(program: string, message: string): MailAct | null {
  if (program.startsWith('dovecot') || /^(?:imap|pop3|managesieve|submission)-login$/.test(program))
    return dovecot(program, message);
  if (/^postfix\b.*\bsmtpd$/.test(program)) return postfix(message);
  if (/^exim\d?$/.test(program)) return exim(message);
  if (program === 'roundcube') return roundcube(message);
  return /^(?:cyrus\/)?(?:imap|pop3)s?$/.test(program) ? cyrus(program, message) : null;
}

/** Of a line of an application's own log, which names no program. */
export const mailLine = (message: string): MailAct | null =>
  message.includes(' login for ') ? roundcube(message) : message.includes(' <= ') ? exim(message) : null;
