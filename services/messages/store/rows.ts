/** How a message lies in the database, and how it looks on the wire. Pure. */
import type { Message } from '@microflack/common/events/models.ts';
import { z } from 'zod';

/** Of `messages`, alone or joined with `rooms`, whose `name` is to be selected as `room` beside them. */
export const messageColumns = `id, seq, change_number, rev, user_id, created_at, updated_at,
  source, html, deleted, idempotency_key`;

export const messageRow = z.object({
  room: z.string(),
  id: z.number(),
  seq: z.number(),
  change_number: z.number(),
  rev: z.number(),
  user_id: z.number(),
  created_at: z.number(),
  updated_at: z.number(),
  source: z.string(),
  html: z.string(),
  deleted: z.number(),
  idempotency_key: z.string().nullable(),
});

export type MessageRow = z.infer<typeof messageRow>;

export function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    created_at: row.created_at,
    updated_at: row.updated_at,
    source: row.source,
    html: row.html,
    user_id: row.user_id,
    room: row.room,
    seq: row.seq,
    change: row.change_number,
    rev: row.rev,
    ...(row.idempotency_key === null ? {} : { key: row.idempotency_key }),
    ...(row.deleted ? { deleted: true } : {}),
    _links: { self: `/api/messages/${row.id}`, user: `/api/users/${row.user_id}` },
  };
}
