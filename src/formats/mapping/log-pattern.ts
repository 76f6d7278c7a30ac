// Access log patterns as servers are configured with them → an expression that reads such lines: Apache's and Tomcat's
// directives (%h %l %u %t "%r" %>s %b "%{Referer}i", mod_log_config and AccessLogValve) and nginx's variables
// ($remote_addr, ngx_http_log_module). What has no W3C name keeps its own.

/** Characters that mean something in an expression. */
const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;

const DIRECTIVES: Readonly<Record<string, string>> = {
  h: 'c-ip',
  a: 'c-ip',
  '{c}a': 's-peer-ip',
  l: 'ident',
  u: 'cs-username',
  t: '@time',
  r: '@request',
  m: 'cs-method',
  U: 'cs-uri-stem',
  q: 'cs-uri-query',
  H: 'cs-version',
  s: 'sc-status',
  b: 'sc-bytes',
  B: 'sc-bytes',
  O: 'sc-bytes-total',
  I: 'cs-bytes',
  D: 'time-taken',
  T: 'time-taken-s',
  v: 'cs-host',
  V: 'cs-host',
  A: 's-ip',
  p: 's-port',
  P: 'process',
  S: 'session',
  F: 'commit-ms',
};
const HEADERS: Readonly<Record<string, string>> = {
  referer: 'cs-referer',
  'user-agent': 'cs-user-agent',
  host: 'cs-host',
  'x-forwarded-for': 'x-forwarded-for',
  cookie: 'cs-cookie',
};
const VARIABLES: Readonly<Record<string, string>> = {
  remote_addr: 'c-ip',
  realip_remote_addr: 's-peer-ip',
  remote_user: 'cs-username',
  time_local: '@time',
  time_iso8601: '@time',
  msec: '@time',
  request: '@request',
  request_method: 'cs-method',
  request_uri: '@uri',
  uri: 'cs-uri-stem',
  args: 'cs-uri-query',
  query_string: 'cs-uri-query',
  server_protocol: 'cs-version',
  status: 'sc-status',
  body_bytes_sent: 'sc-bytes',
  bytes_sent: 'sc-bytes-total',
  request_length: 'cs-bytes',
  request_time: 'time-taken-s',
  http_referer: 'cs-referer',
  http_user_agent: 'cs-user-agent',
  http_x_forwarded_for: 'x-forwarded-for',
  http_host: 'cs-host',
  host: 'cs-host',
  server_name: 'cs-host',
  server_addr: 's-ip',
  server_port: 's-port',
};

export interface LogPattern {
  readonly expression: RegExp;
  /** Name of each group, in order; "@time", "@request" and "@uri" are taken apart by the reader. */
  readonly names: readonly string[];
}

/** Reads a pattern. Throws `SyntaxError` where it cannot be one. */
export function logPattern(pattern: string): LogPattern {
  const names: string[] = [];
  let source = '';
  const put = (name: string, quoted: boolean, next: string): void => {
    let n = name;
    for (let k = 2; names.includes(n); k++) n = `${name}~${k}`;
    names.push(n);
    // Up to what follows it in the pattern; the time's own blanks and quotes that are escaped do not end it.
    if (quoted) source += '((?:[^"\\\\]|\\\\.)*)';
    else if (next === '') source += '(.*)';
    else if (next === ']' || next === '|' || next === ';' || next === ',' || next === '\t')
      source += `([^${next === ']' ? '\\]' : next}]*)`;
    else source += '(\\S*)';
  };
  let quoted = false;
  for (let i = 0; i < pattern.length;) {
    const rest = pattern.slice(i);
    const directive = /^%(?:!?\d{3}(?:,\d{3})*)?[<>]?(\{[^}]*\})?(\^?[a-zA-Z]{1,3})/.exec(rest);
    const variable = /^\$(?:\{(\w+)\}|(\w+))/.exec(rest);
    if (rest.startsWith('%%')) {
      source += '%';
      i += 2;
    } else if (rest.startsWith('\\"')) {
      quoted = !quoted;
      source += '"';
      i += 2;
    } else if (directive !== null) {
      const [whole, braces, letters] = directive;
      const letter = letters!.startsWith('^') ? letters! : letters![0]!;
      const length = whole.length - (letters!.length - letter.length);
      const inside = braces?.slice(1, -1) ?? '';
      const next = pattern[i + length] ?? '';
      if (letter === 't' && inside === '') {
        // Apache and Tomcat write the brackets themselves.
        names.push('@time');
        source += '\\[([^\\]]*)\\]';
      } else if (letter === 'i' || letter === 'o')
        put(HEADERS[inside.toLowerCase()] ?? `${letter === 'i' ? 'cs' : 'sc'}(${inside})`, quoted, next);
      else if (letter === 't') put('@time', quoted, next);
      else if (letter === 'a' && inside === 'c') put('s-peer-ip', quoted, next);
      else if (DIRECTIVES[letter] !== undefined) put(DIRECTIVES[letter], quoted, next);
      else put(`${letter}${inside === '' ? '' : `(${inside})`}`, quoted, next);
      i += length;
    } else if (variable !== null) {
      const name = (variable[1] ?? variable[2])!;
      put(VARIABLES[name] ?? name, quoted, pattern[i + variable[0].length] ?? '');
      i += variable[0].length;
    } else {
      const c = pattern[i]!;
      if (c === '"') quoted = !quoted;
      source += c === ' ' ? ' +' : c.replace(SPECIAL, '\\$&');
      i++;
    }
  }
  if (!names.some((n) => n.startsWith('@time'))) throw new SyntaxError('a time is needed: %t, or $time_local');
  if (!names.some((n) => n === '@request' || n === '@uri' || n === 'cs-uri-stem'))
    throw new SyntaxError('the request is needed: %r, or $request');
  return { expression: new RegExp(`^${source}\\s*$`), names };
}
