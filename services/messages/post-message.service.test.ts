/** When a post is acknowledged, and who waits for whom. */
import { createPool } from '@microflack/common/db/pool.ts';
import type { MicroflackEvent } from '@microflack/common/events/events.ts';
import { type Scope, testSchema } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { expect, test } from 'vitest';
import { createPostMessage } from './post-message.ts';

/** The use case on a real database, with a Redis that takes events when the test says so. */
async function build(scope: Scope) {
  const pool = createPool(await testSchema(scope, 'messages'));
  scope.onTestFinished(() => pool.end());
  const pipelines: { events: readonly MicroflackEvent[]; taken: () => void }[] = [];
  const postMessage = createPostMessage({
    pool,
    publisher: {
      publish: (events) =>
        new Promise((resolve) => {
          pipelines.push({ events, taken: () => resolve(true) });
        }),
      onReconnect: () => {},
      close: async () => {},
    },
    expander: { expand: () => {}, sweepUntil: async () => {}, finish: async () => {} },
  });
  const acknowledged: string[] = [];
  const post = (source: string) =>
    postMessage({ userId: 1, room: 'general', source, idempotencyKey: undefined }).then(() => {
      acknowledged.push(source);
    });
  return { post, pipelines, acknowledged };
}

test('a post is acknowledged when it has been published, and holds up nobody until then', async (t) => {
  const { post, pipelines, acknowledged } = await build(t);
  const first = post('first');
  await until('the first is published', () => pipelines.length === 1);
  const second = post('second');
  await until('the second is stored and published meanwhile', () => pipelines.length === 2);
  expect(acknowledged).toEqual([]);
  pipelines[1]?.taken();
  await second;
  expect(acknowledged).toEqual(['second']);
  pipelines[0]?.taken();
  await first;
});

test('posts that arrive during a transaction are stored in one, and published in one', async (t) => {
  const { post, pipelines } = await build(t);
  const posts = Array.from({ length: 9 }, (_, index) => post(String(index)));
  await until('two transactions', () => pipelines.length === 2);
  for (const { taken } of pipelines) taken();
  await Promise.all(posts);
  expect(pipelines.map(({ events }) => events.length)).toEqual([1, 8]);
  const changes = pipelines.flatMap(({ events }) =>
    events.map((event) => ('change' in event ? event.change : 0)),
  );
  expect(changes).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
