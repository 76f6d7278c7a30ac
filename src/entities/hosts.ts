// One host under many names: spellings, short and full names, addresses. Counting names instead of hosts is how counts go wrong.

/** An address that records say is a host's own. */
export interface SeenAddress {
  readonly host: string;
  readonly address: string;
  /** By the host's own flows, by a lease, or by a logon of the machine's account. */
  readonly how: 'flow' | 'lease' | 'machine account';
  readonly records: number;
  /** Microseconds since 1970 UTC. */
  readonly first: number;
  readonly last: number;
}

/** An IPv4 address in IPv6 (`::ffff:192.0.2.1`, RFC 4291 2.5.5.2) as itself, IPv6 as RFC 5952 writes it; anything else in lower case. */
export function plainAddress(address: string): string {
  // A name may end in the root's dot (RFC 1034, 3.1).
  const a = address
    .trim()
    .toLowerCase()
    .replace(/(?<=[a-z0-9])\.$/, '');
  if (!a.includes(':')) return a;
  // Some write the port behind: 192.0.2.1:443, [2001:db8::1]:443.
  const four = /^((?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(a) ?? /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/.exec(a);
  if (four !== null) return plainAddress(four[1]!);
  if (/^(?:0:0:0:0:0|:):ffff:[\d.]+$/.test(a)) return a.slice(a.lastIndexOf(':') + 1);
  const sides = a.split('%')[0]!.split('::');
  if (sides.length > 2 || !/^[0-9a-f:]+$/.test(a)) return a;
  const groups = sides.map((s) => (s === '' ? [] : s.split(':')));
  const given = groups.reduce((n, g) => n + g.length, 0);
  if (sides.length === 1 ? given !== 8 : given > 7) return a;
  if (groups.some((g) => g.some((x) => x === '' || x.length > 4))) return a;
  const all = [...groups[0]!, ...Array.from({ length: 8 - given }, () => '0'), ...(groups[1] ?? [])].map((g) =>
    Number.parseInt(g, 16).toString(16),
  );
  // The longest run of two or more zero groups, the first of equal ones.
  let best = 0;
  let at = -1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && all[i + n] === '0') n++;
    if (n > best) [best, at] = [n, i];
  }
  return best < 2 ? all.join(':') : `${all.slice(0, at).join(':')}::${all.slice(at + best).join(':')}`;
}

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*)$/;
export const isAddress = (t: string): boolean => ADDRESS.test(plainAddress(t));
/** Loopback, unspecified, link-local, multicast and broadcast addresses are every host's. */
const everyHosts = (a: string): boolean =>
  /^(?:127\.|0\.|169\.254\.|2(?:2[4-9]|3\d)\.|255\.255\.255\.255$|::1?$|fe[89ab][0-9a-f]:|ff[0-9a-f]{2}:)/.test(a);

/** Part of the records of an address's strongest claimant that another host of the same time must have to be believed. */
const MIN_CLAIM = 0.2;

/** Without what is nobody's own, and without records that name the other end (sensors do, now and then). */
function believed(seen: readonly SeenAddress[], name: (host: string) => string): SeenAddress[] {
  const strongest = new Map<string, SeenAddress>();
  const own = seen
    .map((s) => ({ ...s, host: name(s.host), address: plainAddress(s.address) }))
    .filter((s) => isAddress(s.address) && !everyHosts(s.address));
  for (const s of own) {
    const top = strongest.get(s.address);
    if (top === undefined || s.records > top.records) strongest.set(s.address, s);
  }
  return own.filter((s) => {
    const top = strongest.get(s.address)!;
    return s.host === top.host || s.records >= top.records * MIN_CLAIM || s.last < top.first || s.first > top.last;
  });
}

/**
 * Names of one host counted once: names that differ in case only are one, a short name is the one full name that begins with it,
 * and an address that only one host is known to have had is that host. The fullest spelling seen is kept; of equal ones the most frequent.
 */
export class HostNames {
  readonly #spellings = new Map<string, Map<string, number>>();
  #addresses: readonly SeenAddress[] = [];

  see(host: string, records: number): void {
    const key = plainAddress(host);
    let s = this.#spellings.get(key);
    if (s === undefined) {
      s = new Map();
      this.#spellings.set(key, s);
    }
    const spelling = isAddress(host) ? key : host.trim().replace(/(?<=[A-Za-z0-9])\.$/, '');
    s.set(spelling, (s.get(spelling) ?? 0) + records);
  }

  /** What is known of addresses, for hosts that are named by one. */
  know(addresses: readonly SeenAddress[]): void {
    this.#addresses = addresses;
  }

  /** A function from any spelling to the name of its host. */
  resolver(): (host: string) => string {
    const full = new Map<string, string[]>();
    for (const key of this.#spellings.keys()) {
      const label = key.split('.')[0]!;
      if (key !== label && !isAddress(key)) full.set(label, [...(full.get(label) ?? []), key]);
    }
    const names = new Map<string, string>();
    for (const key of this.#spellings.keys()) {
      const longer = key.includes('.') ? undefined : full.get(key);
      const target = longer?.length === 1 ? longer[0]! : key;
      const [best] = [...this.#spellings.get(target)!].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]!;
      names.set(key, best);
    }
    // A short name that no log bears may still be the one full name's.
    const named = (host: string): string => {
      const longer = full.get(host.toLowerCase());
      return longer?.length === 1 ? names.get(longer[0]!)! : host;
    };
    // An address that two hosts had is neither's name.
    const owners = new Map<string, Set<string>>();
    for (const { host: owner, address: key } of believed(
      this.#addresses,
      (h) => names.get(plainAddress(h)) ?? named(h),
    )) {
      if (!names.has(key) || isAddress(owner)) continue;
      const set = owners.get(key);
      if (set === undefined) owners.set(key, new Set([owner]));
      else set.add(owner);
    }
    for (const [address, set] of owners) if (set.size === 1) names.set(address, [...set][0]!);
    return (host) => names.get(plainAddress(host)) ?? named(host);
  }
}

/** Addresses by host, names resolved, in the order of time. */
export function hostAddresses(
  seen: readonly SeenAddress[],
  name: (host: string) => string,
): Map<string, { address: string; how: SeenAddress['how']; first: number; last: number; records: number }[]> {
  const out = new Map<
    string,
    Map<string, { address: string; how: SeenAddress['how']; first: number; last: number; records: number }>
  >();
  for (const { address, host, ...s } of believed(seen, name)) {
    let m = out.get(host);
    if (m === undefined) out.set(host, (m = new Map<string, never>()));
    const known = m.get(address);
    if (known === undefined) m.set(address, { address, how: s.how, first: s.first, last: s.last, records: s.records });
    else {
      known.first = Math.min(known.first, s.first);
      known.last = Math.max(known.last, s.last);
      known.records += s.records;
    }
  }
  return new Map(
    [...out].map(([h, m]) => [
      h,
      [...m.values()].sort((a, b) => a.first - b.first || (a.address < b.address ? -1 : 1)),
    ]),
  );
}
