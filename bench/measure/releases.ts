/**
 * What a presenter waits for: from `mf run` of a release that is built to the first request that its instance gets, and a
 * roll of three instances of messages by `mf upgrade`, each seen serving before one of the old ones drains. Both while
 * requests come in, and with the command's own start in it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { listInstances } from '../../scripts/lib/deploy.ts';
import { haproxyPaths } from '../../scripts/lib/parts/haproxy.ts';
import type { Stack } from '../../scripts/lib/stack.ts';
import { ask } from '../../services/lb/runtime.ts';
import { type Bench, predecessor } from '../bench.ts';
import { openConnection } from '../load/http.ts';
import { percentile } from '../percentiles.ts';
import { beside, type Row } from '../report.ts';
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
  const before = await requestsOf(stack);
  const first = async () => {
    const tooLate = performance.now() + patienceMs;
    while (![...(await requestsOf(stack))].some(([id, n]) => n > 0 && !before.has(id))) {
      if (performance.now() > tooLate) throw new Error('no request came to the new instance');
      await pause(askEveryMs);
    }
  };
  // The command ends when it has seen the instance serve: by then the first request has been.
  const [seconds] = await Promise.all([secondsOf(first), mfThere('run', service, 'first', source)]);
  return seconds;
}

/** By instance, in all the backends that have it, since HAProxy was loaded. */
async function requestsOf(stack: Stack): Promise<Map<string, number>> {
  const csv = await ask(haproxyPaths(stack).runtimeSocket, 'show stat -1 4 -1');
  const [heading = '', ...lines] = csv.trim().split('\n');
  const names = heading.replace(/^# /, '').split(',');
  const [id, total] = [names.indexOf('svname'), names.indexOf('stot')];
  const requests = new Map<string, number>();
  for (const line of lines) {
    const cells = line.split(',');
    const instance = cells[id] ?? '';
    requests.set(instance, (requests.get(instance) ?? 0) + Number(cells[total]));
  }
  return requests;
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
