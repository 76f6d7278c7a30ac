// How far the clocks of hosts are apart. Where two hosts recorded the same thing (a flow by its addresses and ports, a logon by
// its GUID or by the port that it came from), the difference of the two times is the difference of the clocks and a little delay.
// Nothing is corrected by it: it is told, and whoever orders causes may use it.

/** Differences between the records that two hosts made of the same things. */
export interface ClockPair {
  readonly a: string;
  readonly b: string;
  readonly how: 'flow' | 'logon';
  /** Pairs that there are; `pairs` may be a sample. */
  readonly total: number;
  readonly pairs: readonly {
    /** Microseconds: b's time minus a's. */
    readonly difference: number;
    readonly a: { readonly evidence: number; readonly number: number };
    readonly b: { readonly evidence: number; readonly number: number };
  }[];
}

export interface HostClock {
  readonly host: string;
  /** The host whose clock it is compared with. */
  readonly reference: string;
  /** Microseconds that this host's clock is ahead of the reference's. */
  readonly offset: number;
  /** Microseconds that the middle half of the differences spreads over. */
  readonly spread: number;
  /** Pairs of records that say so. */
  readonly pairs: number;
  /** Part of all pairs with the neighbour that say so: much below 1 where a clock was set meanwhile. */
  readonly share: number;
  readonly how: 'flow' | 'logon';
  readonly examples: readonly { readonly evidence: number; readonly number: number }[];
}

/** Pairs that must agree. */
const MIN_PAIRS = 5;
/** What delays of delivery and of writing may differ by, in microseconds. */
const WINDOW = 2e6;
/** Part of the pairs that must agree; below, the same ports and tickets came again by chance. */
const MIN_SHARE = 0.3;
const EXAMPLES = 3;

type Edge = Omit<HostClock, 'host' | 'reference'>;

/** Where most of the differences lie; null where too few agree. */
function agreement(pair: ClockPair): Edge | null {
  const sorted = [...pair.pairs].sort(
    (x, y) => x.difference - y.difference || x.a.evidence - y.a.evidence || x.a.number - y.a.number,
  );
  let best = 0;
  let at = 0;
  for (let i = 0, j = 0; j < sorted.length; j++) {
    while (sorted[j]!.difference - sorted[i]!.difference > WINDOW) i++;
    if (j - i + 1 > best) {
      best = j - i + 1;
      at = i;
    }
  }
  if (best < MIN_PAIRS || best < sorted.length * MIN_SHARE) return null;
  const inside = sorted.slice(at, at + best);
  const quantile = (q: number): number => inside[Math.floor((best - 1) * q)]!.difference;
  const middle = Math.floor((best - 1) / 2);
  return {
    offset: quantile(0.5),
    spread: quantile(0.75) - quantile(0.25),
    pairs: best,
    share: best / sorted.length,
    how: pair.how,
    // Those in the middle: the first ones are outliers.
    examples: inside.slice(Math.max(0, middle - 1), middle - 1 + EXAMPLES).flatMap((p) => [p.a, p.b]),
  };
}

/** Host pairs → one clock a host, against the host of its group that most is known of. Hosts of no pair are not in it. */
export function hostClocks(pairs: readonly ClockPair[]): HostClock[] {
  const edges = new Map<string, Map<string, Edge>>();
  const weight = new Map<string, number>();
  const put = (from: string, to: string, e: Edge): void => {
    let m = edges.get(from);
    if (m === undefined) edges.set(from, (m = new Map<string, Edge>()));
    const known = m.get(to);
    if (known === undefined || known.pairs < e.pairs) m.set(to, e);
  };
  for (const p of pairs) {
    const e = agreement(p);
    if (e === null || p.a === p.b) continue;
    put(p.a, p.b, e);
    put(p.b, p.a, { ...e, offset: -e.offset });
    for (const h of [p.a, p.b]) weight.set(h, (weight.get(h) ?? 0) + e.pairs);
  }
  const out: HostClock[] = [];
  const done = new Set<string>();
  const byWeight = [...weight].sort((x, y) => y[1] - x[1] || (x[0] < y[0] ? -1 : 1)).map(([h]) => h);
  for (const reference of byWeight) {
    if (done.has(reference)) continue;
    // The strongest edge that leads out of what is known, again and again.
    const offsets = new Map([[reference, 0]]);
    done.add(reference);
    for (;;) {
      let next: { from: string; to: string; edge: Edge } | null = null;
      for (const from of offsets.keys())
        for (const [to, edge] of edges.get(from) ?? [])
          if (!offsets.has(to) && (next === null || edge.pairs > next.edge.pairs)) next = { from, to, edge };
      if (next === null) break;
      const offset = offsets.get(next.from)! + next.edge.offset;
      offsets.set(next.to, offset);
      done.add(next.to);
      const { spread, pairs: n, share, how, examples } = next.edge;
      out.push({ host: next.to, reference, offset, spread, pairs: n, share, how, examples });
    }
  }
  return out.sort((x, y) => (x.host < y.host ? -1 : 1));
}
