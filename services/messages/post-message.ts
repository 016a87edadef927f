/**
 * POST /api/messages: rendered, stored together with whatever else is being posted in the room, told to everybody, and
 * only then acknowledged. Links are read afterwards.
 */
import { createHash } from 'node:crypto';
import { unprocessable } from '@microflack/common/errors.ts';
import type { Message } from '@microflack/common/events/models.ts';
import type { Publisher } from '@microflack/common/events/publish.ts';
import type { Pool } from 'mysql2/promise';
import { createBatcher } from './batcher.ts';
import type { LinkExpander } from './expand-links.ts';
import { messageChanged } from './message-changed.ts';
import { render } from './render.ts';
import { type NewPost, type StoredPost, storePosts } from './store/posts.ts';
import { toMessage } from './store/rows.ts';

export interface PostTools {
  readonly pool: Pool;
  readonly publisher: Publisher;
  readonly expander: LinkExpander;
}

interface Post {
  readonly userId: number;
  readonly room: string;
  readonly source: string;
  /** Sent again with the same key, a post is the same message. */
  readonly idempotencyKey: string | undefined;
}

interface Posted {
  readonly message: Message;
  /** It had been posted before, with the same key. */
  readonly replayed: boolean;
}

export type PostMessage = (post: Post) => Promise<Posted>;

/** In characters; even if each takes four bytes, an INSERT stays far below MariaDB's 16 MB. */
const batchWeightMax = 1_000_000;
/** What a post weighs beside its texts. */
const postWeight = 1_000;
const waitingMax = 2_000;

export function createPostMessage({ pool, publisher, expander }: PostTools): PostMessage {
  const store = createBatcher<NewPost, StoredPost>({
    async run(room, posts) {
      const stored = await storePosts(pool, room, posts);
      // Replayed ones too: the first time may have ended between the commit and this.
      const published = publisher.publish(stored.map(({ row }) => messageChanged(row)));
      return stored.map((post) => published.then(() => post));
    },
    weigh: ({ source, html }) => source.length + html.length + postWeight,
    weightMax: batchWeightMax,
    waitingMax,
  });

  return async ({ userId, room, source, idempotencyKey }) => {
    const { html, links } = render(source);
    const requestHash = hashOf(room, source);
    const idempotency = idempotencyKey ? { key: idempotencyKey, requestHash } : undefined;
    const hasLinks = links.length > 0;
    const { row, replayed } = await store(room, { userId, source, html, hasLinks, idempotency });
    if (replayed && !row.request_hash?.equals(requestHash)) throw keyReused();
    if (hasLinks && !replayed) expander.expand({ id: row.id, rev: row.rev, links });
    return { message: toMessage(row), replayed };
  };
}

function hashOf(room: string, source: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([room, source]))
    .digest();
}

function keyReused() {
  return unprocessable(
    'idempotency_key_reused',
    'expected a new Idempotency-Key: this one came with another message before',
  );
}
