/**
 * A load process: opens its sockets, sends requests at a steady pace until it is told to stop, waits for what is under
 * way, and answers with what it has counted. A process of its own, so that neither a test's work delays it nor
 * it the test's.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { summarise } from '../../bench/percentiles.ts';
import { type Job, job, type News, type Report, stopWord } from './job.ts';
import { type Listener, openListener } from './listener.ts';
import { atPace } from './pace.ts';
import { createRequests, type Requests } from './requests.ts';
import { judge, type Stored } from './verdict.ts';

const progressEveryMs = 100;
const lookEveryMs = 50;
/** For the sockets to open, and at the end to know everything: a busy machine takes its time. */
const patienceMs = 50_000;
const failuresShown = 20;

const page = z.object({
  messages: z.array(
    z.object({
      id: z.number(),
      source: z.string(),
      seq: z.number(),
      change: z.number(),
    }),
  ),
  change: z.number(),
  more: z.boolean(),
});

const tell = (news: News) => process.send?.(news);

process.once('message', async (message) => {
  const asked = job.parse(message);
  const end = new AbortController();
  process.once('message', (word) => word === stopWord && end.abort());
  process.once('disconnect', () => process.exit(1));
  const listeners = Array.from({ length: asked.sockets }, () => openListener(asked.url));
  const isReady = ({ isOpen, cursor }: Listener) => isOpen() && cursor() !== undefined;
  if (!(await soon(() => listeners.every(isReady)))) throw new Error('the sockets do not open');
  const { change: begin } = await readPage(asked.url, 'latest=1');
  tell({ kind: 'ready' });
  const over = AbortSignal.any([end.signal, AbortSignal.timeout(asked.atMostMs)]);
  tell({ kind: 'report', report: await work(asked, listeners, begin, over) });
  process.disconnect();
  process.exit();
});

async function work(
  job: Job,
  listeners: readonly Listener[],
  begin: number,
  over: AbortSignal,
): Promise<Report> {
  const { url, word, requestsPerSecond } = job;
  const requests = createRequests(job);
  const { latenciesMs, failures } = requests;
  const progress = setInterval(() => {
    tell({ kind: 'progress', answered: latenciesMs.length - failures.length });
  }, progressEveryMs);
  const beganAt = performance.now();
  await atPace(requestsPerSecond, requests.send, over);
  await requests.done();
  const seconds = (performance.now() - beganAt) / 1_000;
  clearInterval(progress);

  const { change: last } = await readPage(url, 'latest=1');
  await soon(() => listeners.every(({ cursor }) => (cursor() ?? 0) >= last));
  const room = await storedWith(url, word, begin);
  const report = { seconds, ...conclude(requests, listeners, room) };
  for (const listener of listeners) listener.close();
  return report;
}

function conclude(
  { latenciesMs, failures, acknowledged }: Requests,
  listeners: readonly Listener[],
  room: readonly Stored[],
): Omit<Report, 'seconds'> {
  const { count, p50Ms, p99Ms } = summarise(latenciesMs, 1);
  const heard = listeners.map((listener) => listener.heard);
  const verdict = judge(acknowledged, room, heard);
  const ours = new Set(room.map(({ change }) => change));
  const late = listeners.flatMap((listener) => listener.late.filter((change) => ours.has(change)));
  const sum = (pick: (listener: Listener) => number) =>
    listeners.reduce((total, listener) => total + pick(listener), 0);
  return {
    requests: {
      sent: count,
      failed: failures.length,
      failures: failures.slice(0, failuresShown),
      lastFailureAt: Math.max(0, ...failures.map(({ sentAt }) => sentAt)),
      ...{ p50Ms, p99Ms, slowestMs: Math.max(...latenciesMs) },
    },
    messages: {
      acknowledged: acknowledged.length,
      ...verdict,
      outOfOrder: [...verdict.outOfOrder, ...late.map((change) => `late: ${change}`)],
    },
    sockets: {
      open: sum(({ isOpen }) => Number(isOpen())),
      returns: sum(({ counts }) => counts.returns),
      torn: sum(({ counts }) => counts.torn),
      longestAwayMs: Math.max(0, ...listeners.map(({ counts }) => counts.longestAwayMs)),
      catchUps: sum(({ counts }) => counts.catchUps),
      failedCatchUps: sum(({ counts }) => counts.failedCatchUps),
      fullReloads: sum(({ counts }) => counts.fullReloads),
    },
  };
}

/** All that was posted since the room's number was `begin`, as it is in the database. */
async function storedWith(url: string, word: string, begin: number): Promise<Stored[]> {
  const found: Stored[] = [];
  for (let after = begin, more = true; more; ) {
    const answer = await readPage(url, `after=${after}&limit=200`);
    for (const { source, id, seq, change } of answer.messages) {
      const [first, key = ''] = source.split(' ');
      if (first === word) found.push({ key, id, seq, change });
    }
    after = answer.messages.at(-1)?.change ?? after;
    more = answer.more;
  }
  return found;
}

async function readPage(url: string, query: string): Promise<z.infer<typeof page>> {
  const answer = await fetch(`${url}/api/messages?${query}`);
  return page.parse(await answer.json());
}

/** Whether it became so in time. */
async function soon(condition: () => boolean): Promise<boolean> {
  const endsAt = performance.now() + patienceMs;
  while (!condition() && performance.now() < endsAt) await pause(lookEveryMs);
  return condition();
}
