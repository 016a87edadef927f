/**
 * What arrives while a run is under way goes together in the next one: one run in flight a lane. Posts ride so (a lane a
 * room, a run a transaction: one commit for many posts) and so do reads (a lane a query: one answer for all who asked
 * before it began). Nothing waits longer than for the run that was under way when it came.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { currentContext } from '@microflack/common/context.ts';
import { deadlineExceeded, unavailable } from '@microflack/common/errors.ts';

export interface BatcherOptions<Item, Result> {
  /**
   * Does the work of a batch and gives one result an item, in their order. The lane is free when this resolves; a result
   * may itself be a promise, for what a caller should wait for but the lane should not.
   */
  run(lane: string, items: readonly Item[]): Promise<readonly (Result | Promise<Result>)[]>;
  weigh(item: Item): number;
  /** A batch is closed before it weighs more, but one item always goes. */
  weightMax: number;
  /** Beyond this many waiting in a lane an item is refused at once: a queue that only grows helps nobody. */
  waitingMax: number;
}

export type Batcher<Item, Result> = (lane: string, item: Item) => Promise<Result>;

interface Waiting<Item, Result> {
  item: Item;
  deadlineAt: number;
  resolve(result: Result | Promise<Result>): void;
  reject(reason: unknown): void;
}

export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
): Batcher<Item, Result> {
  /** A lane is here while a run of it is under way, with those who wait for the next. */
  const lanes = new Map<string, Waiting<Item, Result>[]>();
  // A run belongs to many requests: it must not inherit the deadline of the one that happened to start it.
  const outsideRequests = AsyncLocalStorage.snapshot();

  async function work(lane: string, queue: Waiting<Item, Result>[]): Promise<void> {
    while (queue.length > 0) {
      const batch = refuseLate(takeBatch(queue, options));
      if (batch.length > 0) await runBatch(lane, batch, options);
    }
    lanes.delete(lane);
  }

  return (lane, item) =>
    new Promise((resolve, reject) => {
      const deadlineAt = currentContext()?.deadlineAt ?? Number.POSITIVE_INFINITY;
      const waiting = { item, deadlineAt, resolve, reject };
      const queue = lanes.get(lane);
      if (queue === undefined) {
        const started = [waiting];
        lanes.set(lane, started);
        outsideRequests(() => void work(lane, started));
      } else if (queue.length < options.waitingMax) queue.push(waiting);
      else reject(unavailable('overloaded', `${queue.length} are waiting in ${lane}`));
    });
}

async function runBatch<Item, Result>(
  lane: string,
  batch: readonly Waiting<Item, Result>[],
  { run }: BatcherOptions<Item, Result>,
): Promise<void> {
  try {
    const results = await run(
      lane,
      batch.map(({ item }) => item),
    );
    if (results.length !== batch.length)
      throw new Error(`${results.length} results for ${batch.length} items`);
    for (const [index, result] of results.entries()) batch[index]?.resolve(result);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

function takeBatch<Item, Result>(
  queue: Waiting<Item, Result>[],
  { weigh, weightMax }: BatcherOptions<Item, Result>,
): Waiting<Item, Result>[] {
  let weight = 0;
  const firstThatStays = queue.findIndex(({ item }, index) => {
    weight += weigh(item);
    return index > 0 && weight > weightMax;
  });
  return queue.splice(0, firstThatStays === -1 ? queue.length : firstThatStays);
}

/** Work whose deadline has passed is not started. */
function refuseLate<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
): Waiting<Item, Result>[] {
  const now = performance.now();
  return batch.filter(({ deadlineAt, reject }) => {
    if (deadlineAt > now) return true;
    reject(deadlineExceeded('not started: the deadline passed while it waited for its turn'));
    return false;
  });
}
