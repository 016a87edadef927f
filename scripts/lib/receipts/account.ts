/**
 * From what was sampled to the numbers of a receipt. Pure; recorder.ts calls it when the work is over.
 *
 * A failed request is one that people saw fail: an answer 5xx that left HAProxy's public side. One
 * that HAProxy saved by a retry is `retried`, and none. 503 in the name of a service that nobody ran
 * all the time is the truth and no failure: `unserved`. So is that of the service whose last
 * instance the command was told to end. Where a service that ran was without an instance for a
 * while, nothing is excused.
 */
import { noService } from '../../../services/lb/sections.ts';
import { type Counts, type Row, total } from './haproxy-counters.ts';
import { nothingMeasured, quantileMs, since, together } from './instance-metrics.ts';
import type { Watched } from './instance-watch.ts';
import type { Receipt, RequestCounts, VersionShare } from './receipt.ts';

const publicFrontend = 'public';

export interface Instances {
  all: readonly Watched[];
  /** Services that had an instance, and at some later time none. */
  bare: ReadonlySet<string>;
}

export function requestsOf(
  rows: readonly Row[],
  { all, bare }: Instances,
  ending: string | undefined,
  own: { sent: number; failed: number } = { sent: 0, failed: 0 },
): RequestCounts {
  const edge = countsOf(rows, ({ kind, proxy }) => kind === 'frontend' && proxy === publicFrontend);
  const backends = countsOf(rows, ({ kind }) => kind === 'backend');
  const ran = new Set(all.map(({ service }) => service));
  const excused = [...bare].every((service) => service === ending);
  const isNobodys = (proxy: string) => {
    const owner = serviceOf(proxy);
    if (owner === undefined) return proxy === noService && excused;
    return owner === ending || !ran.has(owner);
  };
  const unserved = ownAnswers(rows.filter(({ proxy }) => isNobodys(proxy)));
  return {
    requests: edge.requests,
    failed: Math.max(0, edge.failed - unserved - own.failed),
    unanswered: edge.unanswered,
    unserved,
    retried: backends.retried,
    redispatched: backends.redispatched,
    connectErrors: backends.connectErrors,
    clientAborts: backends.clientAborts,
    probes: own.sent,
  };
}

/** 5xx of HAProxy's own: what backends gave, without what their servers had given them. */
function ownAnswers(rows: readonly Row[]): number {
  const given = countsOf(rows, ({ kind }) => kind === 'backend').failed;
  return Math.max(0, given - countsOf(rows, ({ kind }) => kind === 'server').failed);
}

/** Undefined for a proxy that is no service's. */
function serviceOf(proxy: string): string | undefined {
  return /^be_([a-z0-9-]+)/.exec(proxy)?.[1];
}

export function versionsOf(
  rows: readonly Row[],
  instances: readonly Watched[],
  service: string,
): VersionShare[] {
  const ours = instances.filter((one) => one.service === service);
  const versions = [...new Set(ours.map(({ version }) => version))].sort();
  return versions.map((version) => {
    const members = ours.filter((one) => one.version === version);
    const ids = new Set(members.map(({ id }) => id));
    const counts = countsOf(rows, ({ kind, name }) => kind === 'server' && ids.has(name));
    const measured = together(members.map(measuredBy));
    return {
      service,
      version,
      instances: members.length,
      requests: counts.requests,
      failed: counts.failed,
      retried: counts.retried,
      redispatched: counts.redispatched,
      connectErrors: counts.connectErrors,
      measured: measured.requests,
      p50Ms: rounded(quantileMs(measured.latency, 0.5)),
      p99Ms: rounded(quantileMs(measured.latency, 0.99)),
    };
  });
}

/** One that came during the work has measured nothing before it. */
function measuredBy({ old, first, last }: Watched) {
  if (!first || !last) return nothingMeasured;
  return since(old ? first : nothingMeasured, last);
}

/** Moved are those whose instance has left. */
export function socketsOf(instances: readonly Watched[]): Receipt['sockets'] {
  const sum = (all: readonly Watched[], of: (one: Watched) => number) =>
    all.reduce((so, one) => so + of(one), 0);
  return {
    before: sum(
      instances.filter(({ old }) => old),
      ({ first }) => first?.sockets ?? 0,
    ),
    moved: sum(
      instances.filter(({ registered }) => !registered),
      ({ sockets }) => sockets,
    ),
    after: sum(
      instances.filter(({ registered }) => registered),
      ({ sockets }) => sockets,
    ),
  };
}

/** What nobody knows, in words. */
export function gapsOf(seen: {
  missedHaproxy: number;
  missedConsul: number;
  workers: number;
  instances: readonly Watched[];
  service: string;
}): string[] {
  const gaps: string[] = [];
  if (seen.missedHaproxy > 0) {
    gaps.push(
      `HAProxy could not be asked ${seen.missedHaproxy} times, as when it reloads: what it refused then is not counted`,
    );
  }
  if (seen.workers > 1) {
    gaps.push(
      'HAProxy was reloaded or restarted: the last quarter of a second of a worker that ended is not counted',
    );
  }
  if (seen.missedConsul > 0) gaps.push(`Consul did not answer ${seen.missedConsul} times`);
  const mute = seen.instances.filter((one) => one.service === seen.service && !one.last);
  for (const { id } of mute) gaps.push(`${id} did not tell how fast it was`);
  return gaps;
}

function countsOf(rows: readonly Row[], which: (row: Row) => boolean): Counts {
  return total(rows.filter(which).map(({ counts }) => counts));
}

const rounded = (ms: number | undefined) =>
  ms === undefined ? undefined : Math.round(ms * 10) / 10;
