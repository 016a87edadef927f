/**
 * People who register and sign in, as many as it takes, and what that does to everybody else: a steady
 * trickle of reads and posts, first alone and then meanwhile.
 */
import { type Bench, predecessor } from '../bench.ts';
import type { Latencies } from '../percentiles.ts';
import { beside, type Row } from '../report.ts';
import { runLoad } from '../run-load.ts';

const signingIn = 4;
const trickle = {
  reads: { lanes: 8, perSecond: 50 },
  posts: { lanes: 8, perSecond: 20 },
};

/** Hashing is slow on purpose: shorter than this, and there would be too few to count. */
const measureAtLeastMs = 5_000;

export async function measureSignIns(given: Bench): Promise<Row[]> {
  const bench = { ...given, measureMs: Math.max(given.measureMs, measureAtLeastMs) };
  const { url, warmUpMs, measureMs } = bench;
  const alone = await everybodyElse(bench);
  const [signIns, meanwhile] = await Promise.all([
    runLoad({ kind: 'sign-ins', url, load: { lanes: signingIn, warmUpMs, measureMs } }),
    everybodyElse(bench),
  ]);
  const { perSecond, p50Ms, p99Ms } = signIns;
  return [
    {
      what: 'register and sign in',
      value: perSecond,
      unit: '/s',
      p50Ms,
      p99Ms,
      beside: [beside('predecessor', predecessor.signInsPerSecond, perSecond)],
    },
    trickleRow('reads', alone.reads, meanwhile.reads),
    trickleRow('posts', alone.posts, meanwhile.posts),
  ];
}

async function everybodyElse({ url, tokens, warmUpMs, measureMs }: Bench) {
  const times = { warmUpMs, measureMs };
  const path = '/api/messages?latest=20';
  const [reads, posts] = await Promise.all([
    runLoad({ kind: 'reads', url, path, load: { ...trickle.reads, ...times } }),
    runLoad({ kind: 'posts', url, tokens, load: { ...trickle.posts, ...times } }),
  ]);
  return { reads, posts };
}

function trickleRow(what: string, alone: Latencies, { perSecond, p50Ms, p99Ms }: Latencies): Row {
  return {
    what: `${what} while people sign in`,
    value: perSecond,
    unit: '/s',
    p50Ms,
    p99Ms,
    beside: [beside('p99 without sign-ins', alone.p99Ms, p99Ms)],
  };
}
