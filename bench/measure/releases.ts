/**
 * What a presenter waits for: from `mf run` of a release that is built to the first request that its instance gets, and a
 * roll of three instances of messages by `mf upgrade`, each seen serving before one of the old ones drains. Both while
 * requests come in, and with the command's own start in it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@microflack/common/testing/until.ts';
import { listInstances } from '../../scripts/lib/deploy.ts';
import type { Stack } from '../../scripts/lib/stack.ts';
import { type Bench, predecessor } from '../bench.ts';
import { openConnection } from '../load/http.ts';
import { percentile } from '../percentiles.ts';
import { beside, type Row } from '../report.ts';
import { servedBy } from '../served.ts';
import { mfThere } from '../stack.ts';

const service = 'messages';
const instances = 3;
const askEveryMs = 5;
const patienceMs = 30_000;
const source = 'UNCOMMITTED_COPY';

export async function measureReleases({ stack, url, quick }: Bench): Promise<Row[]> {
  const end = new AbortController();
  const asking = keepAsking(url, end.signal);
  await mfThere('run', service, 'first', source, '-n', String(instances - 1));
  const starts: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round += 1) {
    starts.push(await secondsToFirstRequest(stack));
    await mfThere('kill', `${service}-${instances + 1}`);
  }
  const rollSeconds = await secondsOf(() => mfThere('upgrade', 'roll', service, 'second', source));
  end.abort();
  await asking;
  // As it was: what is measured next stands beside what others have measured with one.
  const crew = (await listInstances(stack)).filter((one) => one.service === service);
  for (const { program } of crew.slice(1)) await mfThere('kill', program);
  const startSeconds = percentile(
    starts.toSorted((a, b) => a - b),
    0.5,
  );
  return [
    { what: 'mf run of what is built → first request', value: startSeconds, unit: 's' },
    {
      what: 'roll of three instances',
      value: rollSeconds,
      unit: 's',
      beside: [beside("predecessor's sleeps alone", predecessor.rollSeconds, rollSeconds)],
    },
  ];
}

async function secondsToFirstRequest(stack: Stack): Promise<number> {
  const before = new Set((await servedBy(stack)).map(({ id }) => id));
  const isAsked = async () =>
    (await servedBy(stack)).some(({ id, requests }) => requests > 0 && !before.has(id));
  const first = () => until('a request comes to the new instance', isAsked, patienceMs);
  // The command ends when it has seen the instance serve: by then the first request has been.
  const [seconds] = await Promise.all([secondsOf(first), mfThere('run', service, 'first', source)]);
  return seconds;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}

async function keepAsking(url: string, signal: AbortSignal): Promise<void> {
  const connection = openConnection(url);
  while (!signal.aborted) {
    await connection.send({ method: 'GET', path: '/api/messages?latest=1' });
    await pause(askEveryMs);
  }
  await connection.close();
}
