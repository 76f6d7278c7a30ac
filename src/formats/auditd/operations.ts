// What an event of the audit daemon says was done to a file, and of a session of SSH; by auditd's names, whatever carries them.

/** Flags of open(2) that say that a file is opened to be written. */
const O_ACCMODE = 3;
/** Where the flags of the system calls that open files stand, by number (x86-64, arm64). */
const OPEN_FLAGS: ReadonlyMap<string, string> = new Map([
  ['c000003e 2', 'syscall_a1'],
  ['c000003e 257', 'syscall_a2'],
  ['c00000b7 56', 'syscall_a2'],
]);
const SYSCALLS_OPEN: ReadonlySet<string> = new Set(['open', 'openat']);

/**
 * What an event that is no start of a program did to a file (auditd's PATH lines, audit(8)): `create`, `delete` or `write`, and the
 * file's whole path. Null where nothing of that kind was done, or it failed.
 */
export function fileOperation(
  fields: ReadonlyMap<string, readonly string[]>,
  paths: readonly { readonly name: string; readonly type: string }[],
): { what: string; path: string } | null {
  const one = (name: string): string => fields.get(name)?.[0] ?? '';
  if (paths.length === 0 || one('success') === 'no' || fields.get('type')!.includes('EXECVE')) return null;
  const whole = (path: string): string => (path.startsWith('/') ? path : `${one('cwd').replace(/\/$/, '')}/${path}`);
  const of = (type: string) => paths.findLast((p) => p.type === type && p.name !== '');
  const created = of('CREATE');
  if (created !== undefined) return { what: 'create', path: whole(created.name) };
  const deleted = of('DELETE');
  if (deleted !== undefined) return { what: 'delete', path: whole(deleted.name) };
  const flags = OPEN_FLAGS.get(`${one('arch')} ${one('syscall')}`);
  const named = SYSCALLS_OPEN.has(one('SYSCALL'))
    ? one('SYSCALL') === 'open'
      ? 'syscall_a1'
      : 'syscall_a2'
    : undefined;
  const at = flags ?? named;
  const normal = of('NORMAL');
  if (at === undefined || normal === undefined) return null;
  return (Number.parseInt(one(at), 16) & O_ACCMODE) === 0 ? null : { what: 'write', path: whole(normal.name) };
}
/**
 * What an event of user space says of a session of SSH: `audit login` and `audit session` where one was opened (with its number), `failed`
 * where it was refused; ''.
 */
export function sessionOperation(fields: ReadonlyMap<string, readonly string[]>): string {
  const one = (name: string): string => fields.get(name)?.[0] ?? '';
  const type = one('type');
  if ((type !== 'USER_LOGIN' && type !== 'USER_START') || !/\/(?:sshd(?:-session)?)$/.test(one('exe'))) return '';
  if (/^(?:success|yes|1)$/.test(one('res'))) return type === 'USER_LOGIN' ? 'audit login' : 'audit session';
  return type === 'USER_LOGIN' ? 'failed' : '';
}

/**
 * What an event of user space says was run by sudo (USER_CMD) or started by systemd (SERVICE_START), and was done to the accounts (ADD_USER, DEL_USER, USER_MGMT, USER_CHAUTHTOK), by the
 * names that facts have: `CommandLine`, `UnitStarted`, or `account_action`, `user` and `member`. None where it failed.
 */
export function userOperation(fields: ReadonlyMap<string, readonly string[]>): [string, string][] {
  const one = (name: string): string => fields.get(name)?.[0] ?? '';
  if (!/^(?:success|yes|1)$/.test(one('res'))) return [];
  const [type, op] = [one('type'), one('op')];
  if (type === 'SERVICE_START') return one('unit') === '' ? [] : [['UnitStarted', one('unit')]];
  if (type === 'USER_CMD') return one('cmd') === '' ? [] : [['CommandLine', one('cmd')]];
  const user = one('acct') || one('ID');
  if (user === '') return [];
  // A package makes accounts for its services at no terminal.
  if (type === 'ADD_USER' && /^(?:adding|add)[ -]user$/.test(op))
    return [
      ['account_action', /^(?:\?|\(none\)|)$/.test(one('terminal')) ? 'create by a package' : 'create'],
      ['user', user],
    ];
  if (type === 'DEL_USER' && /^(?:deleting|delete)[ -]user/.test(op))
    return [
      ['account_action', 'delete'],
      ['user', user],
    ];
  if (/^(?:changing|change)[ -]password$/.test(op))
    return [
      ['account_action', 'password reset'],
      ['user', user],
    ];
  const group = one('grp');
  if (group !== '' && /^(?:adding user to group|add-user-to-group)$/.test(op))
    return [
      ['account_action', 'member added'],
      ['user', group],
      ['member', user],
    ];
  return [];
}
