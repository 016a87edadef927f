/**
 * 20 messages a second to 50 and to 500 sockets, from the start of the POST to each socket that hears of
 * it: through HAProxy, messages, MariaDB, Redis and socketio, and beside it through a bare Socket.IO server.
 */
import { type Bench, predecessor } from '../bench.ts';
import { withCost } from '../cost.ts';
import type { JobOf } from '../load/job.ts';
import type { Latencies } from '../percentiles.ts';
import { beside, type Row } from '../report.ts';
import { runLoad, withBareSocketServer } from '../run-load.ts';

const perSecond = 20;

export async function measureFanOut(bench: Bench): Promise<Row[]> {
  const { stack, url, tokens, warmUpMs, measureMs } = bench;
  const rows: Row[] = [];
  for (const sockets of [50, 500]) {
    const times = { perSecond, warmUpMs, measureMs };
    const job = { kind: 'fan-out', token: tokens[0] ?? '', sockets, ...times } as const;
    const bare = await withBareSocketServer((bareUrl) => fanOut(job, bareUrl));
    const messages = (perSecond * (warmUpMs + measureMs)) / 1_000;
    const ours = await withCost(
      stack,
      () => fanOut(job, url),
      () => messages,
    );
    rows.push(fanOutRow(`fan-out to ${sockets}, bare Socket.IO`, bare, []));
    rows.push({
      ...fanOutRow(`fan-out to ${sockets}`, ours, [
        beside('p99 of bare Socket.IO', bare.p99Ms, ours.p99Ms),
        beside("predecessor's p99", predecessor.fanOutMs.p99, ours.p99Ms),
      ]),
      cpuMsEach: ours.cpuMsEach,
    });
  }
  return rows;
}

function fanOut(
  job: Omit<JobOf<'fan-out'>, 'socketsUrl' | 'postUrl'>,
  url: string,
): Promise<Latencies> {
  return runLoad({ ...job, socketsUrl: url, postUrl: url });
}

function fanOutRow(what: string, latencies: Latencies, besides: Row['beside'] & object): Row {
  const { perSecond: value, p50Ms, p99Ms } = latencies;
  return { what, value, unit: 'received/s', p50Ms, p99Ms, beside: besides };
}
