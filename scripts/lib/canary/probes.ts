/**
 * Requests of our own to both versions, where people send too few to compare them by: judge.ts asks
 * for a round of them. Through HAProxy as everybody's, and to the one version or the other by the
 * cookie with which a developer chooses a version, sealed with the stack's key.
 *
 * Only GETs of the service's own route, which change nothing. Both versions get theirs at the same
 * time and in the same number. What comes back is counted here and not by the instances; HAProxy
 * does not try again for who has chosen a version, so a failure is seen as one.
 */
import { httpBucketsSeconds } from '@microflack/common/metrics.ts';
import { sealed } from '../me.ts';
import { countOwnRequest } from '../receipts/own-requests.ts';
import { publicUrl, type Stack } from '../stack.ts';
import type { Compared } from './samples.ts';
import type { Sample, VersionSample } from './sequential.ts';

const pairsARound = 10;
const roundMs = 1_000;
/** What takes longer is a failure, whatever comes of it. */
const patienceMs = 2_000;
const sealedForMs = 3_600_000;

export function proberOf(stack: Stack, route: string, { service, ...versions }: Compared) {
  const url = `${publicUrl(stack)}${route}`;
  const cookieOf = (version: string) => `mf_me=${sealed(stack, { service, version }, sealedForMs)}`;
  const cookies = { old: cookieOf(versions.old), new: cookieOf(versions.new) };

  /** A few of each, one pair after the other: they shall not wait for each other. */
  return async (): Promise<Sample> => {
    const answers: { old: Answer[]; new: Answer[] } = { old: [], new: [] };
    const begun = performance.now();
    for (let i = 0; i < pairsARound && performance.now() - begun < roundMs; i += 1) {
      const [one, other] = await Promise.all([ask(url, cookies.old), ask(url, cookies.new)]);
      answers.old.push(one);
      answers.new.push(other);
    }
    return { old: sampleOf(answers.old), new: sampleOf(answers.new) };
  };
}

export interface Answer {
  failed: boolean;
  seconds: number;
}

async function ask(url: string, cookie: string): Promise<Answer> {
  const begun = performance.now();
  const failed = await fetch(url, {
    headers: { cookie },
    signal: AbortSignal.timeout(patienceMs),
  }).then(
    async (response) => {
      await response.arrayBuffer();
      const bad = response.status >= 500;
      countOwnRequest(bad);
      return bad;
    },
    () => true,
  );
  return { failed, seconds: (performance.now() - begun) / 1000 };
}

export function sampleOf(answers: readonly Answer[]): VersionSample {
  const latency = Array.from({ length: httpBucketsSeconds.length + 1 }, () => 0);
  for (const { seconds } of answers) {
    const found = httpBucketsSeconds.findIndex((bound) => seconds <= bound);
    const place = found < 0 ? httpBucketsSeconds.length : found;
    latency[place] = (latency[place] ?? 0) + 1;
  }
  return {
    requests: answers.length,
    errors: answers.filter(({ failed }) => failed).length,
    latency,
  };
}
