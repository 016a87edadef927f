/**
 * What an instance says of itself at /metrics, as far as receipts and canaries need it. Pure.
 *
 * The text is Prometheus's. Counts are since the instance's start, all routes and methods together;
 * buckets hold what fell between their bound and the one before.
 */

/** Answers by how long they took. `counts` has one more than `boundsSeconds`: what took longer. */
export interface Histogram {
  boundsSeconds: number[];
  counts: number[];
}

export interface Measured {
  requests: number;
  /** Answered with 5xx. */
  errors: number;
  latency: Histogram;
  /** Open sockets, where it has such. */
  sockets: number | undefined;
}

const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/gm;
const name = 'http_server_seconds';

export function parseMetrics(text: string): Measured {
  const upTo = new Map<number, number>();
  let [requests, errors] = [0, 0];
  let sockets: number | undefined;
  for (const [, metric, labels = '', value] of text.matchAll(sample)) {
    const number = Number(value);
    if (metric === `${name}_bucket`) {
      const bound = Number(label(labels, 'le').replace('+Inf', 'Infinity'));
      upTo.set(bound, (upTo.get(bound) ?? 0) + number);
    } else if (metric === `${name}_count`) {
      requests += number;
      if (label(labels, 'status').startsWith('5')) errors += number;
    } else if (metric === 'socketio_sockets') sockets = number;
  }
  return { requests, errors, latency: histogram(upTo), sockets };
}

function label(labels: string, wanted: string): string {
  return new RegExp(`(?:^|,)${wanted}="([^"]*)"`).exec(labels)?.[1] ?? '';
}

function histogram(upTo: ReadonlyMap<number, number>): Histogram {
  const bounds = [...upTo.keys()].sort((a, b) => a - b);
  const counts = bounds.map((bound, at) => {
    return (upTo.get(bound) ?? 0) - (upTo.get(bounds[at - 1] ?? Number.NaN) ?? 0);
  });
  return { boundsSeconds: bounds.filter((bound) => bound !== Infinity), counts };
}

export const nothingMeasured: Measured = {
  requests: 0,
  errors: 0,
  latency: { boundsSeconds: [], counts: [] },
  sockets: undefined,
};

/** What came in between; an instance that counts less than before has started anew. */
export function since(before: Measured, now: Measured): Measured {
  if (now.requests < before.requests) return now;
  const counts = now.latency.counts.map((count, at) => count - (before.latency.counts[at] ?? 0));
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    latency: { ...now.latency, counts },
    sockets: now.sockets,
  };
}

/** Of instances of one version: they have the same bounds, as far as they have any. */
export function together(all: readonly Measured[]): Measured {
  return all.reduce((sum, one) => {
    const longer = one.latency.counts.length > sum.latency.counts.length ? one : sum;
    const counts = longer.latency.counts.map(
      (_, at) => (sum.latency.counts[at] ?? 0) + (one.latency.counts[at] ?? 0),
    );
    return {
      requests: sum.requests + one.requests,
      errors: sum.errors + one.errors,
      latency: { boundsSeconds: longer.latency.boundsSeconds, counts },
      sockets: (sum.sockets ?? 0) + (one.sockets ?? 0),
    };
  }, nothingMeasured);
}

/**
 * The time within which this share was answered, in milliseconds: between a bucket's bounds it is
 * guessed along a straight line, and beyond the last bound it is that bound. Undefined of nothing.
 */
export function quantileMs(
  { boundsSeconds, counts }: Histogram,
  share: number,
): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  let [below, from] = [0, 0];
  for (const [at, bound] of boundsSeconds.entries()) {
    const inside = counts[at] ?? 0;
    if (inside > 0 && below + inside >= share * all) {
      return 1000 * (from + (bound - from) * ((share * all - below) / inside));
    }
    below += inside;
    from = bound;
  }
  return 1000 * from;
}
