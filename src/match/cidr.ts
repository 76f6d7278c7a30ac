// Addresses and networks, IPv4 and IPv6. An IPv4 address written inside IPv6 (::ffff:10.0.0.1) is that IPv4 address.

/** 16 bytes; IPv4 as ::ffff:a.b.c.d. null for text that is no address. */
export function parseAddress(text: string): Uint8Array | null {
  const out = new Uint8Array(16);
  if (!text.includes(':')) {
    const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
    if (m === null) return null;
    out[10] = 0xff;
    out[11] = 0xff;
    for (let i = 0; i < 4; i++) {
      const n = Number(m[i + 1]);
      if (n > 255) return null;
      out[12 + i] = n;
    }
    return out;
  }
  let address = text.split('%')[0]!;
  const v4 = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(address);
  if (v4 !== null) {
    const tail = parseAddress(v4[2]!);
    if (tail === null) return null;
    const hex = (i: number): string => ((tail[i]! << 8) | tail[i + 1]!).toString(16);
    address = `${v4[1]}${hex(12)}:${hex(14)}`;
  }
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const groups = (s: string): string[] => (s === '' ? [] : s.split(':'));
  const head = groups(halves[0]!);
  const tail = halves.length === 2 ? groups(halves[1]!) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...tail];
  for (let i = 0; i < 8; i++) {
    if (!/^[0-9a-f]{1,4}$/i.test(all[i]!)) return null;
    const n = Number.parseInt(all[i]!, 16);
    out[i * 2] = n >> 8;
    out[i * 2 + 1] = n & 255;
  }
  return out;
}

export interface Network {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** `10.0.0.0/8`, `fe80::/10`; a bare address is a network of one. null for text that is no network. */
export function parseNetwork(text: string): Network | null {
  const [address, prefix, more] = text.split('/');
  if (address === undefined || more !== undefined) return null;
  const bytes = parseAddress(address);
  if (bytes === null) return null;
  const width = address.includes(':') ? 128 : 32;
  const bits = prefix === undefined ? width : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (bits < 0 || bits > width) return null;
  return { bytes, bits: bits + 128 - width };
}

export function inNetwork(address: Uint8Array, network: Network): boolean {
  const whole = network.bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== network.bytes[i]) return false;
  const rest = network.bits & 7;
  return rest === 0 || ((address[whole]! ^ network.bytes[whole]!) & (0xff << (8 - rest))) === 0;
}
