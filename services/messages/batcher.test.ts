import { currentContext, runWithContext } from '@microflack/common/context.ts';
import { expect, test } from 'vitest';
import { type BatcherOptions, createBatcher } from './batcher.ts';

interface Run {
  lane: string;
  items: readonly string[];
  finish(results?: (string | Promise<string>)[]): void;
  fail(error: Error): void;
}

/** A batcher whose runs end when the test says so. */
function build(options: Partial<BatcherOptions<string, string>> = {}) {
  const runs: Run[] = [];
  const submit = createBatcher<string, string>({
    weigh: (item) => item.length,
    weightMax: 10,
    waitingMax: 3,
    run: (lane, items) =>
      new Promise((resolve, reject) => {
        const finish = (results = items.map((item) => `${item}!`)) => resolve(results);
        runs.push({ lane, items, finish, fail: reject });
      }),
    ...options,
  });
  const run = (index: number): Run => {
    const found = runs[index];
    if (found === undefined) throw new Error(`expected run ${index}, there were ${runs.length}`);
    return found;
  };
  return { submit, runs, run, itemsOfRuns: () => runs.map(({ items }) => items.join(' ')) };
}

const context = (deadlineAt: number) => ({ traceId: '1', spanId: '2', deadlineAt });

test('an item that finds its lane free is run at once', async () => {
  const { submit, run } = build();
  const result = submit('general', 'a');
  run(0).finish();
  expect(await result).toBe('a!');
});

test('items that arrive during a run go together in the next, in their order', async () => {
  const { submit, run, itemsOfRuns } = build();
  const results = Promise.all(['a', 'b', 'c'].map((item) => submit('general', item)));
  expect(itemsOfRuns()).toEqual(['a']);
  run(0).finish();
  await expect.poll(itemsOfRuns).toEqual(['a', 'b c']);
  run(1).finish();
  expect(await results).toEqual(['a!', 'b!', 'c!']);
});

test('lanes run side by side', async () => {
  const { submit, run, itemsOfRuns } = build();
  const first = submit('general', 'a');
  const second = submit('other', 'b');
  expect(itemsOfRuns()).toEqual(['a', 'b']);
  run(1).finish();
  run(0).finish();
  expect(await Promise.all([first, second])).toEqual(['a!', 'b!']);
});

test('a run that fails is felt by its own items alone', async () => {
  const { submit, run, itemsOfRuns } = build();
  const first = submit('general', 'a');
  const second = submit('general', 'b');
  run(0).fail(new Error('no commit'));
  await expect(first).rejects.toThrow('no commit');
  await expect.poll(itemsOfRuns).toEqual(['a', 'b']);
  run(1).finish();
  expect(await second).toBe('b!');
});

test('a run that gives too few results fails instead of leaving somebody waiting', async () => {
  const { submit, run } = build();
  const result = submit('general', 'a');
  run(0).finish([]);
  await expect(result).rejects.toThrow('0 results for 1 items');
});

test('a batch is closed before it weighs too much, but a heavy item goes by itself', async () => {
  const { submit, run, itemsOfRuns } = build();
  for (const item of ['a', 'four', 'x'.repeat(12), 'four']) void submit('general', item);
  for (const index of [0, 1, 2]) {
    run(index).finish();
    await expect.poll(itemsOfRuns).toHaveLength(index + 2);
  }
  expect(itemsOfRuns()).toEqual(['a', 'four', 'x'.repeat(12), 'four']);
});

test('an item is refused at once where too many wait', async () => {
  const { submit } = build();
  for (const item of ['a', 'b', 'c', 'd']) void submit('general', item);
  await expect(submit('general', 'e')).rejects.toMatchObject({ status: 503, code: 'overloaded' });
});

test('an item whose deadline passed while it waited is not run', async () => {
  const { submit, run, itemsOfRuns } = build();
  submit('general', 'a');
  const late = runWithContext(context(performance.now()), () => submit('general', 'b'));
  const inTime = runWithContext(context(performance.now() + 60_000), () => submit('general', 'c'));
  run(0).finish();
  await expect(late).rejects.toMatchObject({ status: 504, code: 'deadline_exceeded' });
  await expect.poll(itemsOfRuns).toEqual(['a', 'c']);
  run(1).finish();
  expect(await inTime).toBe('c!');
});

test('a run does not inherit the deadline of the request that started it', async () => {
  const submit = createBatcher<string, string>({
    weigh: () => 0,
    weightMax: 0,
    waitingMax: 1,
    run: async () => [currentContext() === undefined ? 'free' : 'bound'],
  });
  const result = runWithContext(context(performance.now() + 60_000), () => submit('general', 'a'));
  expect(await result).toBe('free');
});

test('a result that is a promise keeps its caller waiting and not the lane', async () => {
  const { submit, run, itemsOfRuns } = build();
  const published = Promise.withResolvers<string>();
  const first = submit('general', 'a');
  const second = submit('general', 'b');
  run(0).finish([published.promise]);
  await expect.poll(itemsOfRuns).toEqual(['a', 'b']);
  run(1).finish();
  expect(await second).toBe('b!');
  published.resolve('a, published');
  expect(await first).toBe('a, published');
});
