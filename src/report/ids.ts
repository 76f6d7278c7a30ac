// Identifiers that are the same for the same things, so that two exports of one case can be compared and merged.
import { createHash } from 'node:crypto';

/** A UUID of version 5 (RFC 9562) from a namespace and a name. */
export function uuid5(namespace: string, name: string): string {
  const h = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  h[6] = (h[6]! & 0x0f) | 0x50;
  h[8] = (h[8]! & 0x3f) | 0x80;
  const x = h.subarray(0, 16).toString('hex');
  return `${x.slice(0, 8)}-${x.slice(8, 12)}-${x.slice(12, 16)}-${x.slice(16, 20)}-${x.slice(20)}`;
}

/** The namespace of what Backtrail makes of cases. */
export const CASE_NAMESPACE = uuid5('6ba7b811-9dad-11d1-80b4-00c04fd430c8', 'https://backtrail.dev/case');
/** STIX's own, for what is the same in every case (specification 2.1, section 2.9). */
export const STIX_NAMESPACE = '00abedb4-aa42-466c-9c01-fed23315a9b7';
