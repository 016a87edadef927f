/** A person as a row of the table and as the model on the wire. Pure; store.ts and presence-store.ts read rows with it. */
import type { User } from '@microflack/common/events/models.ts';
import { z } from 'zod';

export const userColumns = 'id, nickname, created_at, updated_at, last_seen_at, online';

export const userRow = z.object({
  id: z.number(),
  nickname: z.string(),
  created_at: z.number(),
  updated_at: z.number(),
  last_seen_at: z.number(),
  online: z.number().transform((flag) => flag === 1),
});

export type UserRow = z.output<typeof userRow>;

/** Milliseconds of the clock as the wire's seconds. */
export const seconds = (ms: number): number => Math.floor(ms / 1000);

export function toUser(row: UserRow, nowMs: number): User {
  const { id, online, last_seen_at } = row;
  return {
    ...row,
    // Whoever is online is seen now. Stored is only when they came and went: a heartbeat writes no rows of people.
    last_seen_at: online ? Math.max(last_seen_at, seconds(nowMs)) : last_seen_at,
    _links: {
      self: `/api/users/${id}`,
      messages: `/api/messages?user_id=${id}`,
      tokens: '/api/tokens',
    },
  };
}
