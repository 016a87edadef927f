/**
 * Presence in SQL: leases of holders, and the state of people that follows from them.
 *
 * Several instances work on the same rows. Everything about one person is decided under the lock of
 * that person's row: whoever comes second reads the leases that the first one has committed. So a
 * change is found exactly once, and each function answers with the people whose state it changed.
 * Locks are always taken in one order: the holder, then people by id.
 */
import { withTransaction } from '@microflack/common/db/transaction.ts';
import type { User } from '@microflack/common/events/models.ts';
import type { Pool, PoolConnection as Transaction } from 'mysql2/promise';
import { z } from 'zod';
import { type Moves, moves, type Person, type Transitions, transitions } from './presence.ts';
import { seconds, toUser, userColumns, userRow } from './user.ts';

interface Report {
  /** A socketio instance, or `rest:` and a person's id. */
  holder: string;
  /** All whom it holds; whoever is not in it has left. */
  online: number[];
  leaseMs: number;
}

export interface PresenceStore {
  report(report: Report): Promise<User[]>;
  /** Takes somebody away from every holder; a socket that is still open brings them back with its next report. */
  signOff(userId: number): Promise<User[]>;
  /** Holders whose lease has run out. */
  expired(): Promise<string[]>;
  /** Lets go of everybody whom an expired holder held, as of when it was last heard of. */
  expire(holder: string): Promise<User[]>;
}

/** People locked and decided together: longer lists make MariaDB scan the table and not the key. */
const batchSize = 500;
const sweepLimit = 1_000;

export function createPresenceStore(pool: Pool, nowMs: () => number): PresenceStore {
  return {
    report: ({ holder, online, leaseMs }) =>
      withTransaction(pool, async (tx) => {
        const now = nowMs();
        const lease = await lockLease(tx, holder);
        await writeLease(tx, { holder, seenAt: now, expiresAt: now + leaseMs });
        const reported = new Set(online);
        const { arrived, left } = moves(await heldBy(tx, holder), reported);
        // While a lease is over, others decide as if its holder held nobody: look at everybody again.
        const alive = lease !== undefined && lease.expires_at > now;
        return move(tx, holder, { arrived: alive ? arrived : [...reported], left }, now, now);
      }),

    signOff: (userId) =>
      withTransaction(pool, async (tx) => {
        const people = await lockPeople(tx, [userId]);
        await tx.query('DELETE FROM presence WHERE user_id = ?', [userId]);
        return decide(tx, people, new Set(), nowMs(), nowMs());
      }),

    async expired() {
      const [rows] = await pool.query(
        'SELECT holder FROM presence_holders WHERE expires_at <= ? LIMIT ?',
        [nowMs(), sweepLimit],
      );
      return z
        .array(z.object({ holder: z.string() }))
        .parse(rows)
        .map(({ holder }) => holder);
    },

    expire: (holder) =>
      withTransaction(pool, async (tx) => {
        const now = nowMs();
        const lease = await lockLease(tx, holder);
        // Renewed, or swept by another instance, since we looked.
        if (!lease || lease.expires_at > now) return [];
        const left = [...(await heldBy(tx, holder))];
        const gone = await move(tx, holder, { arrived: [], left }, now, lease.seen_at);
        await tx.query('DELETE FROM presence_holders WHERE holder = ?', [holder]);
        return gone;
      }),
  };
}

const leaseRows = z.array(z.object({ seen_at: z.number(), expires_at: z.number() }));

async function lockLease(tx: Transaction, holder: string) {
  const [rows] = await tx.query(
    'SELECT seen_at, expires_at FROM presence_holders WHERE holder = ? FOR UPDATE',
    [holder],
  );
  return leaseRows.parse(rows)[0];
}

async function writeLease(
  tx: Transaction,
  { holder, seenAt, expiresAt }: { holder: string; seenAt: number; expiresAt: number },
): Promise<void> {
  await tx.query(
    `INSERT INTO presence_holders (holder, seen_at, expires_at) VALUES (?, ?, ?)
     ON DUPLICATE KEY UPDATE seen_at = VALUES(seen_at), expires_at = VALUES(expires_at)`,
    [holder, seenAt, expiresAt],
  );
}

async function heldBy(tx: Transaction, holder: string): Promise<Set<number>> {
  const [rows] = await tx.query('SELECT user_id FROM presence WHERE holder = ?', [holder]);
  return userIds(rows);
}

/** The people who came to a holder and left it, and what follows for them, batch by batch in the order of ids. */
async function move(
  tx: Transaction,
  holder: string,
  { arrived, left }: Moves,
  now: number,
  seenAt: number,
): Promise<User[]> {
  const arrivals = new Set(arrived);
  const everybody = [...arrived, ...left].sort((a, b) => a - b);
  const changed: User[] = [];
  for (let start = 0; start < everybody.length; start += batchSize) {
    const batch = everybody.slice(start, start + batchSize);
    const people = await lockPeople(tx, batch);
    // Only who exists can arrive: a token may outlive what a restored backup knows.
    const coming = people.filter(({ id }) => arrivals.has(id)).map(({ id }) => [holder, id]);
    const going = batch.filter((id) => !arrivals.has(id));
    if (coming.length > 0) {
      await tx.query('INSERT IGNORE INTO presence (holder, user_id) VALUES ?', [coming]);
    }
    if (going.length > 0) {
      // With their sockets goes the lease of their sign-in: who closes the last one is offline.
      await tx.query(
        "DELETE FROM presence WHERE user_id IN (?) AND (holder = ? OR holder LIKE 'rest:%')",
        [going, holder],
      );
    }
    changed.push(...(await decide(tx, people, await leased(tx, batch, now), now, seenAt)));
  }
  return changed;
}

async function lockPeople(tx: Transaction, ids: number[]): Promise<Person[]> {
  const [rows] = await tx.query(
    'SELECT id, online FROM users WHERE id IN (?) ORDER BY id FOR UPDATE',
    [ids],
  );
  return z.array(userRow.pick({ id: true, online: true })).parse(rows);
}

async function leased(tx: Transaction, ids: number[], now: number): Promise<Set<number>> {
  const [rows] = await tx.query(
    `SELECT DISTINCT user_id FROM presence JOIN presence_holders USING (holder)
     WHERE user_id IN (?) AND expires_at > ?`,
    [ids, now],
  );
  return userIds(rows);
}

/** Writes what follows from the leases for people whose rows are locked; answers with those it changed. */
async function decide(
  tx: Transaction,
  people: Person[],
  leases: ReadonlySet<number>,
  now: number,
  seenAt: number,
): Promise<User[]> {
  const { cameOnline, wentOffline }: Transitions = transitions(people, leases);
  const changed = [...cameOnline, ...wentOffline];
  if (changed.length === 0) return [];
  for (const [online, ids] of [
    [true, cameOnline],
    [false, wentOffline],
  ] as const) {
    if (ids.length === 0) continue;
    await tx.query(
      `UPDATE users SET online = ?, updated_at = ?, last_seen_at = GREATEST(last_seen_at, ?)
       WHERE id IN (?)`,
      [online, seconds(now), seconds(seenAt), ids],
    );
  }
  const [rows] = await tx.query(`SELECT ${userColumns} FROM users WHERE id IN (?)`, [changed]);
  return z
    .array(userRow)
    .parse(rows)
    .map((row) => toUser(row, now));
}

function userIds(rows: unknown): Set<number> {
  const ids = z.array(z.object({ user_id: z.number() })).parse(rows);
  return new Set(ids.map(({ user_id }) => user_id));
}
