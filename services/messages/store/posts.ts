/**
 * Stores posts: as many as there are in one transaction, under the lock of their room's counter. Called by the
 * batches of post-message.ts. A post whose key is stored already is answered with what is there. That is looked up
 * under the lock; where the same key comes at the same time by way of another room or another node, the unique key
 * has the last word, and the whole transaction is done again.
 */
import { withTransaction } from '@microflack/common/db/transaction.ts';
import { notFound } from '@microflack/common/errors.ts';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { z } from 'zod';
import { messageColumns, messageRow } from './rows.ts';

export interface NewPost {
  readonly userId: number;
  readonly source: string;
  readonly html: string;
  readonly hasLinks: boolean;
  readonly idempotency: { readonly key: string; readonly requestHash: Buffer } | undefined;
}

export interface StoredPost {
  readonly row: StoredRow;
  /** The key had been used before: nothing was written now. */
  readonly replayed: boolean;
}

type StoredRow = z.infer<typeof storedRow>;

/** How long the instance that took a post may need to expand its links; then any instance may. */
export const linksLeaseSeconds = 120;

const attemptsMax = 3;
const duplicateKeyErrno = 1062;

const counter = z.object({ room_id: z.number(), last_change: z.number(), now: z.number() });
const storedRow = messageRow.extend({ request_hash: z.instanceof(Buffer).nullable() });

type Counter = z.infer<typeof counter>;
/** A post with a key is the same as any other of its sender with that key; one without is only itself. */
type Identity = string | NewPost;

export async function storePosts(
  pool: Pool,
  room: string,
  posts: readonly NewPost[],
): Promise<StoredPost[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withTransaction(pool, (connection) => write(connection, room, posts));
    } catch (error) {
      // By now the other one has committed, and the next attempt finds what it stored.
      if (attempt === attemptsMax || !isDuplicateKey(error)) throw error;
    }
  }
}

async function write(
  connection: PoolConnection,
  room: string,
  posts: readonly NewPost[],
): Promise<StoredPost[]> {
  const locked = await lockCounter(connection, room);
  const stored = new Map<Identity, StoredRow>();
  for (const row of await findByKeys(connection, posts)) {
    stored.set(`${row.user_id} ${row.idempotency_key}`, row);
  }
  const fresh = firstOfEach(posts.filter((post) => !stored.has(identityOf(post))));
  const inserted = await insert(connection, room, locked, fresh);
  for (const [index, row] of inserted.entries()) {
    const post = fresh[index];
    if (post) stored.set(identityOf(post), row);
  }
  return posts.map((post) => {
    const row = stored.get(identityOf(post));
    if (!row) throw new Error('expected every post to be stored');
    return { row, replayed: !fresh.includes(post) };
  });
}

async function lockCounter(connection: PoolConnection, room: string): Promise<Counter> {
  const [rows] = await connection.query(
    `SELECT room_id, last_change, UNIX_TIMESTAMP() AS now FROM rooms WHERE name = ? FOR UPDATE`,
    [room],
  );
  const [found] = z.array(counter).parse(rows);
  if (!found) throw notFound(`room ${room}`);
  return found;
}

async function findByKeys(
  connection: PoolConnection,
  posts: readonly NewPost[],
): Promise<StoredRow[]> {
  const keys = posts.flatMap(({ userId, idempotency }) =>
    idempotency ? [[userId, idempotency.key]] : [],
  );
  if (keys.length === 0) return [];
  const [rows] = await connection.query(
    `SELECT name AS room, ${messageColumns}, request_hash
     FROM messages JOIN rooms USING (room_id) WHERE (user_id, idempotency_key) IN (?)`,
    [keys],
  );
  return z.array(storedRow).parse(rows);
}

/** One INSERT for all, in their order, and the counter moved by as many. */
async function insert(
  connection: PoolConnection,
  room: string,
  { room_id, last_change, now }: Counter,
  posts: readonly NewPost[],
): Promise<StoredRow[]> {
  if (posts.length === 0) return [];
  const values = posts.map(({ userId, source, html, hasLinks, idempotency }, index) => {
    const number = last_change + 1 + index;
    const { key = null, requestHash = null } = idempotency ?? {};
    const linksDueAt = hasLinks ? now + linksLeaseSeconds : null;
    return [room_id, number, number, userId, now, now, source, html, key, requestHash, linksDueAt];
  });
  const [rows] = await connection.query(
    `INSERT INTO messages (room_id, seq, change_number, user_id, created_at, updated_at, source,
       html, idempotency_key, request_hash, links_due_at)
     VALUES ? RETURNING ? AS room, ${messageColumns}, request_hash`,
    [values, room],
  );
  await connection.query('UPDATE rooms SET last_change = ? WHERE room_id = ?', [
    last_change + posts.length,
    room_id,
  ]);
  return z
    .array(storedRow)
    .parse(rows)
    .sort((a, b) => a.seq - b.seq);
}

function identityOf(post: NewPost): Identity {
  return post.idempotency ? `${post.userId} ${post.idempotency.key}` : post;
}

function firstOfEach(posts: readonly NewPost[]): NewPost[] {
  const seen = new Set<Identity>();
  return posts.filter((post) => !seen.has(identityOf(post)) && seen.add(identityOf(post)));
}

function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === duplicateKeyErrno;
}
