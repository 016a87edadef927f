/**
 * What the page takes from the wire, as schemas: everything that comes from the network or from the browser's
 * storage is parsed by one of these, never cast. They are tolerant readers: a field that a newer service has
 * added is left out, so that an old page outlives an upgrade. Used by all of `core`; refuses to know any service.
 */
import * as z from 'zod/mini';

// Zod would compile its parsers with `new Function`, which the page's Content-Security-Policy forbids.
z.config({ jitless: true });

export const messageModel = z.object({
  id: z.int(),
  created_at: z.int(),
  updated_at: z.int(),
  source: z.string(),
  html: z.string(),
  user_id: z.int(),
  room: z.string(),
  seq: z.int(),
  change: z.int(),
  rev: z.int(),
  key: z.optional(z.string()),
  deleted: z.optional(z.boolean()),
});
export type Message = z.infer<typeof messageModel>;

export const personModel = z.object({
  id: z.int(),
  updated_at: z.int(),
  nickname: z.string(),
  online: z.boolean(),
});
export type Person = z.infer<typeof personModel>;

export const messagePageModel = z.object({
  messages: z.array(messageModel),
  change: z.int(),
  more: z.boolean(),
});
export type MessagePage = z.infer<typeof messagePageModel>;

export const peopleModel = z.object({ users: z.array(personModel) });

export const roomsModel = z.object({ rooms: z.array(z.object({ name: z.string() })) });

export const tokenModel = z.object({ token: z.string() });

export const problemModel = z.object({
  status: z.optional(z.int()),
  code: z.optional(z.string()),
  detail: z.optional(z.string()),
});
export type Problem = z.infer<typeof problemModel>;

/** Which services are there that the chat does without. */
export const servicesModel = z.object({ services: z.array(z.string()) });

export const rankingModel = z.object({
  people: z.array(
    z.object({ user_id: z.int(), nickname: z.nullable(z.string()), messages: z.int() }),
  ),
  query_ms: z.number(),
  instance: z.string(),
  version: z.string(),
});
export type Ranking = z.infer<typeof rankingModel>;

/** What a socket pushes: one event for both classes, told apart by `class`. */
export const updatedModel = z.discriminatedUnion('class', [
  z.object({ class: z.literal('User'), model: personModel }),
  z.object({ class: z.literal('Message'), model: messageModel }),
]);

export const beaconModel = z.object({ room: z.string(), change: z.int() });

export const reconnectModel = z.object({ within_ms: z.number() });

/** The answer to `post_message`: the stored message, or why there is none. */
export const postAnswerModel = z.union([
  z.object({ message: messageModel }),
  z.object({ error: problemModel }),
]);
