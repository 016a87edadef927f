/**
 * The models that go over the wire: in REST answers, in events and in pushes to browsers.
 *
 * snake_case, times in integer seconds, as the Python MicroFlack had them; later fields are
 * additions. They are parsed wherever they come from another process.
 */
import { z } from 'zod';

const seconds = z.number().int().nonnegative();
const id = z.number().int().positive();

export const userModel = z.object({
  id,
  created_at: seconds,
  updated_at: seconds,
  last_seen_at: seconds,
  nickname: z.string(),
  online: z.boolean(),
  _links: z.object({ self: z.string(), messages: z.string(), tokens: z.string() }),
});

export const messageModel = z.object({
  id,
  created_at: seconds,
  updated_at: seconds,
  source: z.string(),
  html: z.string(),
  user_id: id,
  room: z.string(),
  /** The room's number when it was posted: its place in the room, for ever. */
  seq: id,
  /**
   * The room's number when it was last posted, edited, expanded or deleted: the cursor to catch up
   * by.
   */
  change: id,
  /** How often it was edited. */
  rev: z.number().int().nonnegative(),
  /** The sender's Idempotency-Key: the page knows its own message by it. */
  key: z.string().optional(),
  /** A tombstone; source and html are empty. */
  deleted: z.literal(true).optional(),
  _links: z.object({ self: z.string(), user: z.string() }),
});

export type User = z.infer<typeof userModel>;
export type Message = z.infer<typeof messageModel>;
