/**
 * What two versions of a service did since the last look, from their instances' own counters: what
 * sequential.ts takes. The canary calls it every second or so.
 *
 * Both versions are read at the same moment, so that they are judged by the same conditions. An
 * answer that did not come at all is not counted by the instance that died of it: HAProxy counts it.
 */

import { httpBucketsSeconds } from '@microflack/common/metrics.ts';
import { haproxyPaths } from '../parts/haproxy.ts';
import { createTally } from '../receipts/haproxy-counters.ts';
import { lookAtHaproxy } from '../receipts/haproxy-look.ts';
import { type Measured, nothingMeasured, since, together } from '../receipts/instance-metrics.ts';
import { metricsOf, type Watched, whoIsThere } from '../receipts/instance-watch.ts';
import type { Stack } from '../stack.ts';
import type { Sample, VersionSample } from './sequential.ts';

export interface Samples {
  /** What came since the call before it. The first one, which has none before it, counts nothing. */
  take(): Promise<Sample>;
}

export interface Compared {
  service: string;
  old: string;
  new: string;
}

export function samplesOf(stack: Stack, { service, ...versions }: Compared): Samples {
  const last = new Map<string, Measured>();
  const versionOf = new Map<string, string>();
  const broken = new Map<string, number>();
  const haproxy = createTally();
  let there: Watched[] = [];
  let looks = 0;

  async function grown(id: string, url: string): Promise<Measured> {
    const now = await metricsOf(url);
    if (!now) return nothingMeasured;
    const before = last.get(id) ?? (looks === 0 ? now : nothingMeasured);
    last.set(id, now);
    return since(before, now);
  }

  /** Connections to this version's instances that broke, or did not come about, since the last look. */
  function newlyBroken(version: string): number {
    const rows = haproxy.rows().filter(({ name }) => versionOf.get(name) === version);
    const all = rows.reduce(
      (sum, { counts }) => sum + counts.connectErrors + counts.answerErrors,
      0,
    );
    const before = broken.get(version) ?? 0;
    broken.set(version, all);
    return all - before;
  }

  async function take(): Promise<Sample> {
    // Whoever does not answer leaves what was known: a canary may be what brings them down.
    const all = await whoIsThere(stack).catch(() => there);
    there = all.filter((one) => one.service === service);
    for (const { id, version } of there) versionOf.set(id, version);
    const [measured] = await Promise.all([
      Promise.all(there.map(({ id, url }) => grown(id, url))),
      lookAtHaproxy(haproxyPaths(stack).masterSocket, haproxy).catch(() => undefined),
    ]);
    looks += 1;
    const sampleOf = (version: string): VersionSample => {
      const members = measured.filter((_, at) => there[at]?.version === version);
      const { requests, errors, latency } = together(members);
      const unanswered = newlyBroken(version);
      return {
        requests: requests + unanswered,
        errors: errors + unanswered,
        // Of a release that measures in another way nothing is said about its speed.
        latency: `${latency.boundsSeconds}` === `${httpBucketsSeconds}` ? latency.counts : [],
      };
    };
    return { old: sampleOf(versions.old), new: sampleOf(versions.new) };
  }

  return { take };
}
