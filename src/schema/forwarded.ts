// Whom a request came from, where a proxy or a balancer of the house's own handed it on (X-Forwarded-For; RFC 7239 section 7.4 on what of it
// can be believed: what one's own proxy wrote, which stands last).
import { isIP } from 'node:net';

/** Addresses that are no caller's from outside: private ones, and a machine's own. */
const INSIDE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|127\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|::ffff:(?:10|127)\.|f[cd]|fe80:)/i;

/** Characters of one address, with what may stand around it; and of a list. */
const MAX_ITEM = 100;
const MAX_LIST = 8192;

/** An address of a list as proxies write it: in quotes, with a port, in brackets. */
function bare(text: string): string {
  if (text.length > MAX_ITEM) return '';
  const t = text
    .trim()
    .replace(/^"+|"+$/g, '')
    .replace(/^for=/i, '')
    .replace(/^"+|"+$/g, '');
  const port = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(t) ?? /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(t);
  return port === null ? t : port[1]!;
}

/**
 * The caller that `said` (a value of X-Forwarded-For, or of a header like it) names, where `from`, the address that the request came from, is
 * inside; '' where it is not, since anybody may say anything, or where none is named. The last address outside counts: what stands before
 * it, the caller may have written. Without one outside, the last.
 */
export function clientOf(from: string, said: string): string {
  const own = bare(from);
  if (own !== '' && !INSIDE.test(own)) return '';
  const list = said
    .slice(-MAX_LIST)
    .split(/[,+;\s]+/)
    .slice(-32)
    .map(bare)
    .filter((a) => isIP(a) > 0);
  const client = list.findLast((a) => !INSIDE.test(a)) ?? list.at(-1) ?? '';
  return client === own ? '' : client;
}
