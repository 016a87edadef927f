/**
 * Keeps the table up with the messages service, for as long as the instance runs.
 *
 * An event says that there is something new, and is no more than a hint: what is new is asked for by
 * `after=N`, from where the table has got to. So it does not matter what happened while no instance
 * was there, nor how many there are: each feeds the one table, and what is there already stays so.
 */
import { subscribe } from '@microflack/common/events/subscribe.ts';
import type { ServiceClient } from '@microflack/common/http/client.ts';
import type { Logger } from '@microflack/common/log.ts';
import { pause } from '@microflack/common/pause.ts';
import { z } from 'zod';
import type { PopularitySettings } from './config.ts';
import { messageSaid, type PopularityStore } from './store.ts';

interface FollowTools {
  readonly client: ServiceClient;
  readonly store: PopularityStore;
  readonly settings: Pick<PopularitySettings, 'redisUrl' | 'eventsStream' | 'lookIntervalMs'>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const pageSize = 200;
/** Many events in a row make one look and not many. */
const breathMs = 200;

const roomList = z.object({ rooms: z.array(z.object({ name: z.string(), change: z.number() })) });
const messagePage = z.object({
  messages: z.array(messageSaid),
  change: z.number(),
  more: z.boolean(),
});

export async function followMessages(tools: FollowTools): Promise<void> {
  const { settings, log, signal } = tools;
  let hint: () => void = () => undefined;
  const events = subscribe(settings.redisUrl, {
    stream: settings.eventsStream,
    log,
    onEvent: ({ type }) => (type === 'message.changed' || type === 'room.beacon') && hint(),
    onGap: () => hint(),
  });
  while (!signal.aborted) {
    // Made before looking, so that what is said meanwhile leads to another look.
    const hinted = new Promise<void>((resolve) => {
      hint = resolve;
    });
    await catchUp(tools).catch((error: unknown) => {
      log.warn({ event: 'popularity.behind', err: error }, 'what was said could not be counted');
    });
    await pause(breathMs, signal);
    await Promise.race([hinted, pause(settings.lookIntervalMs, signal)]);
  }
  await events.close();
}

/**
 * For simplicity: a messages database that was made anew, and counts from 1 again, goes unnoticed
 * until it has got as far as the old one.
 */
async function catchUp({ client, store, signal }: FollowTools): Promise<void> {
  const { rooms } = await ask(client, '/api/messages/rooms', roomList);
  for (const { name, change } of rooms) {
    let known = await store.reached(name);
    for (let more = known < change; more && !signal.aborted; ) {
      const path = `/api/messages?room=${name}&after=${known}&limit=${pageSize}`;
      const page = await ask(client, path, messagePage);
      more = page.more;
      known = (more && page.messages.at(-1)?.change) || page.change;
      await store.learn(name, page.messages, known);
    }
  }
}

async function ask<T>(client: ServiceClient, path: string, model: z.ZodType<T>): Promise<T> {
  const { status, body } = await client.request({ service: 'messages', method: 'GET', path });
  if (status !== 200) throw new Error(`expected 200 of ${path}, got ${status}`);
  return model.parse(body);
}
