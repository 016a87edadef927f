/**
 * The witness who writes: ten messages a second, one after the other, so that their order is known.
 *
 * Each has an Idempotency-Key, and is sent again with it until it is acknowledged, as the page does:
 * a post that failed is counted, and so is one that nobody took however often it was sent. witness.ts
 * starts it.
 */
import { randomUUID } from 'node:crypto';
import { pause } from '@microflack/common/pause.ts';
import { z } from 'zod';
import type { Post } from './witness-count.ts';

const betweenPostsMs = 100;
const beforeAnotherTryMs = 100;
/** HAProxy gives a service up after ten seconds. */
const answerPatienceMs = 11_000;
const givesUpAfterMs = 10_000;

const stored = z.object({ id: z.number() });

export interface Writer {
  /** Resolves to all that was posted, when what is under way has been acknowledged or given up. */
  stop(): Promise<Post[]>;
}

export function startWriter(url: string, token: string, word: string): Writer {
  const posts: Post[] = [];
  const over = new AbortController();

  async function write(): Promise<void> {
    const number = posts.length + 1;
    const sentAtMs = performance.now();
    const text = `message ${number} of witness ${word}`;
    const post: Post = { text, number, sentAtMs, id: undefined, failures: 0 };
    posts.push(post);
    const key = randomUUID();
    for (;;) {
      post.id = await idOnceTaken(url, token, key, text);
      if (post.id !== undefined) return;
      post.failures += 1;
      if (performance.now() - sentAtMs > givesUpAfterMs) return;
      // Also while stopping: whoever pressed Enter wants it sent.
      await pause(beforeAnotherTryMs, AbortSignal.timeout(beforeAnotherTryMs));
    }
  }

  async function goOn(): Promise<void> {
    while (!over.signal.aborted) {
      const begun = performance.now();
      await write();
      await pause(Math.max(0, begun + betweenPostsMs - performance.now()), over.signal);
    }
  }

  const ended = goOn();
  return {
    async stop() {
      over.abort();
      await ended;
      return posts;
    },
  };
}

async function idOnceTaken(
  url: string,
  token: string,
  key: string,
  source: string,
): Promise<number | undefined> {
  try {
    const response = await fetch(`${url}/api/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ source }),
      signal: AbortSignal.timeout(answerPatienceMs),
    });
    const answer: unknown = await response.json();
    return response.status === 201 ? stored.parse(answer).id : undefined;
  } catch {
    return undefined; // no connection, or it broke: that is what is counted
  }
}
