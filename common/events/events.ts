/**
 * The events: what services tell each other through the Redis stream.
 *
 * They are hints. The truth is in the database of the service that sent them, and everybody who
 * misses one heals by asking for what changed (a room's beacon and `after=N`; the tokens service's
 * revocations). So an event may be lost or come twice, and nothing may break by it.
 */
import { z } from 'zod';
import { messageModel, userModel } from './models.ts';

const room = z.string();
const change = z.number().int().nonnegative();

const microflackEvent = z.discriminatedUnion('type', [
  /** Posted, edited, expanded or deleted. */
  z.object({ type: z.literal('message.changed'), room, change, message: messageModel }),
  /** The room's latest number; who knows less has missed something. */
  z.object({ type: z.literal('room.beacon'), room, change }),
  /** Registered, renamed, came or went. */
  z.object({ type: z.literal('user.changed'), user: userModel }),
  /** A session's tokens are refused from now on; they would have ended at expires_at (seconds). */
  z.object({ type: z.literal('token.revoked'), session: z.string(), expires_at: z.number().int() }),
]);

export type MicroflackEvent = z.infer<typeof microflackEvent>;

/**
 * Revocations have a stream of their own. Every instance of every service hears those, and none but
 * socketio's shall be woken by each message: that cost a fifth of what a post costs in all.
 */
export function streamOf(stream: string, type: MicroflackEvent['type']): string {
  return type === 'token.revoked' ? `${stream}:revoked` : stream;
}

/**
 * An entry's field `e` as an event; undefined for what we cannot read, such as a newer release's
 * event.
 */
export function parseEvent(text: string): MicroflackEvent | undefined {
  try {
    return microflackEvent.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
