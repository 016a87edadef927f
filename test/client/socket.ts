/** A socket.io client of today for a test, closed at its end; and what it heard. */
import { messageModel, userModel } from '@microflack/common/events/models.ts';
import { until } from '@microflack/common/testing/until.ts';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { wholeUrl } from './http.ts';

export const update = z.discriminatedUnion('class', [
  z.strictObject({ class: z.literal('User'), model: userModel }),
  z.strictObject({ class: z.literal('Message'), model: messageModel }),
]);

export type Update = z.infer<typeof update>;

/** Connected, and with the updates that arrive from now on. */
export async function openSocket(
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<{ socket: Socket; updates: Update[] }> {
  const socket = io(wholeUrl(), { forceNew: true, reconnectionDelay: 50, ...options });
  onTestFinished(() => void socket.disconnect());
  const updates: Update[] = [];
  socket.on('updated_model', (event: unknown) => updates.push(update.parse(event)));
  await until('the socket is open', () => socket.connected, 20_000);
  return { socket, updates };
}
