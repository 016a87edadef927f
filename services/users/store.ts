/**
 * People in SQL: register, find, change, list. What is online is presence-store.ts's business.
 *
 * Whether a nickname is taken is decided by the table's unique key, and by nothing before it.
 */
import { bounded } from '@microflack/common/db/pool.ts';
import { badRequest, notFound } from '@microflack/common/errors.ts';
import type { User } from '@microflack/common/events/models.ts';
import type { Pool, ResultSetHeader } from 'mysql2/promise';
import { z } from 'zod';
import type { Listing } from './listing.ts';
import { seconds, toUser, userColumns, userRow } from './user.ts';

interface Login {
  id: number;
  passwordHash: string;
}

interface UserChange {
  nickname?: string | undefined;
  passwordHash?: string | undefined;
}

export interface UserStore {
  /** Throws 400 where the nickname is taken; so does update(). */
  insert(person: { nickname: string; passwordHash: string }): Promise<User>;
  find(id: number): Promise<User | undefined>;
  findLogin(nickname: string): Promise<Login | undefined>;
  update(id: number, change: UserChange): Promise<User>;
  /** In the list's order; one more than the limit where there is more. */
  list(listing: Listing): Promise<User[]>;
}

const loginRow = z.object({ id: z.number(), password_hash: z.string() });

export function createUserStore(pool: Pool, nowMs: () => number): UserStore {
  const toUsers = (rows: unknown): User[] =>
    z
      .array(userRow)
      .parse(rows)
      .map((row) => toUser(row, nowMs()));
  const find = async (id: number): Promise<User | undefined> => {
    const [rows] = await pool.execute(`SELECT ${userColumns} FROM users WHERE id = ?`, [id]);
    return toUsers(rows)[0];
  };

  return {
    find,

    async insert({ nickname, passwordHash }) {
      const now = seconds(nowMs());
      const [{ insertId }] = await unlessTaken(
        pool.execute<ResultSetHeader>(
          `INSERT INTO users (nickname, password_hash, created_at, updated_at, last_seen_at)
           VALUES (?, ?, ?, ?, ?)`,
          [nickname, passwordHash, now, now, now],
        ),
      );
      const times = { created_at: now, updated_at: now, last_seen_at: now };
      return toUser({ id: insertId, nickname, ...times, online: false }, nowMs());
    },

    async findLogin(nickname) {
      const [rows] = await pool.execute('SELECT id, password_hash FROM users WHERE nickname = ?', [
        nickname,
      ]);
      const [row] = z.array(loginRow).parse(rows);
      return row && { id: row.id, passwordHash: row.password_hash };
    },

    async update(id, { nickname, passwordHash }) {
      await unlessTaken(
        pool.execute(
          `UPDATE users SET nickname = COALESCE(?, nickname),
             password_hash = COALESCE(?, password_hash), updated_at = ? WHERE id = ?`,
          [nickname ?? null, passwordHash ?? null, seconds(nowMs()), id],
        ),
      );
      const user = await find(id);
      if (!user) throw notFound(`user ${id}`);
      return user;
    },

    async list(listing) {
      const { index, where, values, order } = listSql(listing);
      const sql = `SELECT ${userColumns} FROM users FORCE INDEX (${index})
        WHERE ${where} ORDER BY ${order} LIMIT ?`;
      const [rows] = await pool.query(bounded(sql), [...values, listing.limit + 1]);
      const users = toUsers(rows);
      return listing.fromEnd ? users.slice(0, listing.limit).reverse() : users;
    },
  };
}

export const nicknameTaken = () => badRequest('nickname_taken', 'the nickname is taken');

const duplicateEntry = 1062;

async function unlessTaken<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    const isDuplicate =
      error instanceof Error && 'errno' in error && error.errno === duplicateEntry;
    throw isDuplicate ? nicknameTaken() : error;
  }
}

/** The index is named, as MariaDB would rather sort the whole table than read a thousand rows in its order. */
function listSql({ online, updatedSince, after, fromEnd }: Listing) {
  const conditions: [sql: string, ...values: unknown[]][] = [['TRUE']];
  if (online !== undefined) conditions.push(['online = ?', online]);
  if (updatedSince !== undefined) conditions.push(['updated_at >= ?', updatedSince]);
  if (after) {
    const { updatedAt, nickname } = after;
    conditions.push(['updated_at >= ?', updatedAt]);
    conditions.push(['(updated_at > ? OR nickname > ?)', updatedAt, nickname]);
  }
  return {
    index: online === undefined ? 'listed' : 'listed_by_presence',
    where: conditions.map(([sql]) => sql).join(' AND '),
    values: conditions.flatMap(([, ...values]) => values),
    order: fromEnd ? 'updated_at DESC, nickname DESC' : 'updated_at, nickname',
  };
}
