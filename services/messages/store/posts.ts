/**
 * Stores posts: as many as there are in one transaction, under the lock of their room's counter. Called by the
 * batches of post-message.ts. Keys that were used before are rare, so nobody looks for them first: where the unique
 * key refuses one, the whole transaction is done again without what is stored already, which is the answer then.
 * The posts of a room wait for each other's transactions, so each statement here is one that all of them wait for.
 */
import { withTransaction } from '@microflack/common/db/transaction.ts';
import { notFound } from '@microflack/common/errors.ts';
import { format, type ResultSetHeader, raw } from 'mysql2';
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

const attemptsMax = 5;
const duplicateKeyErrno = 1062;

const storedRow = messageRow.extend({ request_hash: z.instanceof(Buffer).nullable() });

/** A post with a key is the same as any other of its sender with that key; one without is only itself. */
type Identity = string | NewPost;

export async function storePosts(
  pool: Pool,
  room: string,
  posts: readonly NewPost[],
): Promise<StoredPost[]> {
  for (let attempt = 1; ; attempt += 1) {
    const known = attempt === 1 ? [] : await findByKeys(pool, posts);
    try {
      return await storeAllBut(known, pool, room, posts);
    } catch (error) {
      // By now the other one has committed, and the next attempt finds what it stored.
      if (attempt === attemptsMax || !isDuplicateKey(error)) throw error;
    }
  }
}

async function storeAllBut(
  known: readonly StoredRow[],
  pool: Pool,
  room: string,
  posts: readonly NewPost[],
): Promise<StoredPost[]> {
  const stored = new Map<Identity, StoredRow>();
  for (const row of known) stored.set(`${row.user_id} ${row.idempotency_key}`, row);
  const fresh = firstOfEach(posts.filter((post) => !stored.has(identityOf(post))));
  if (fresh.length > 0) {
    const inserted = await withTransaction(pool, (connection) => insert(connection, room, fresh));
    for (const [index, row] of inserted.entries()) {
      const post = fresh[index];
      if (post) stored.set(identityOf(post), row);
    }
  }
  return posts.map((post) => {
    const row = stored.get(identityOf(post));
    if (!row) throw new Error('expected every post to be stored');
    return { row, replayed: !fresh.includes(post) };
  });
}

async function findByKeys(pool: Pool, posts: readonly NewPost[]): Promise<StoredRow[]> {
  const keys = posts.flatMap(({ userId, idempotency }) =>
    idempotency ? [[userId, idempotency.key]] : [],
  );
  if (keys.length === 0) return [];
  const [rows] = await pool.query(
    `SELECT name AS room, ${messageColumns}, request_hash
     FROM messages JOIN rooms USING (room_id) WHERE (user_id, idempotency_key) IN (?)`,
    [keys],
  );
  return z.array(storedRow).parse(rows);
}

/** One INSERT for all, in their order. */
async function insert(
  connection: PoolConnection,
  room: string,
  posts: readonly NewPost[],
): Promise<StoredRow[]> {
  const last = await takeNumbers(connection, room, posts.length);
  const roomId = raw(format('(SELECT room_id FROM rooms WHERE name = ?)', [room]));
  const values = posts.map(({ userId, source, html, hasLinks, idempotency }, index) => {
    const number = last - posts.length + 1 + index;
    const { key = null, requestHash = null } = idempotency ?? {};
    const linksDueAt = hasLinks ? raw(`UNIX_TIMESTAMP() + ${linksLeaseSeconds}`) : null;
    return [roomId, number, number, userId, now, now, source, html, key, requestHash, linksDueAt];
  });
  const [rows] = await connection.query(
    `INSERT INTO messages (room_id, seq, change_number, user_id, created_at, updated_at, source,
       html, idempotency_key, request_hash, links_due_at)
     VALUES ? RETURNING ? AS room, ${messageColumns}, request_hash`,
    [values, room],
  );
  return z
    .array(storedRow)
    .parse(rows)
    .sort((a, b) => a.seq - b.seq);
}

/** The database's clock: the instances' may differ. */
const now = raw('UNIX_TIMESTAMP()');

/** The last one of `count` numbers of the room. Who takes some has the room's lock until the transaction ends. */
async function takeNumbers(
  connection: PoolConnection,
  room: string,
  count: number,
): Promise<number> {
  const [{ affectedRows, insertId }] = await connection.query<ResultSetHeader>(
    'UPDATE rooms SET last_change = LAST_INSERT_ID(last_change + ?) WHERE name = ?',
    [count, room],
  );
  if (affectedRows === 0) throw notFound(`room ${room}`);
  return insertId;
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
