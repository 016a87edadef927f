/**
 * Somebody who reads, as the page does: by what is pushed, and by the page's own way to find out what is missing. Nothing
 * is asked for regularly, so that what arrives was announced by a push, a beacon or a new connection.
 */
import { messageModel } from '@microflack/common/events/models.ts';
import { until } from '@microflack/common/testing/until.ts';
import { onTestFinished } from 'vitest';
import { createApi } from '../../services/ui/page/core/api.ts';
import { createEndpoints } from '../../services/ui/page/core/endpoints.ts';
import { beaconModel } from '../../services/ui/page/core/models.ts';
import { createRoomKeeper, type RoomLogs } from '../../services/ui/page/core/room-keeper.ts';
import { visibleMessages } from '../../services/ui/page/core/room-log.ts';
import { createStore } from '../../services/ui/page/core/store.ts';
import { wholeUrl } from './http.ts';
import { openSocket } from './socket.ts';

export interface Reader {
  /** What is on their page with this word in it, in the room's order. */
  texts(word: string): string[];
}

const room = 'general';

export async function aReader(transports: readonly string[]): Promise<Reader> {
  const call = createApi({
    fetch: (input, init) => fetch(`${wholeUrl()}${input}`, init),
    onOutcome: () => {},
  });
  const nobody = { current: () => undefined, replace: async () => undefined };
  const logs = createStore<RoomLogs>(new Map());
  const keeper = createRoomKeeper(createEndpoints(call, nobody), logs);
  onTestFinished(keeper.stop);
  const log = () => logs.get().get(room);

  const { socket } = await openSocket({ transports: [...transports], reconnectionDelayMax: 500 });
  socket.on('updated_model', (update) => {
    if (update.class === 'Message') keeper.pushed(messageModel.parse(update.model));
  });
  socket.on('room_beacon', (beacon) => {
    keeper.beacon(room, beaconModel.parse(beacon).change);
  });
  socket.on('connect', keeper.doubt);
  keeper.open(room);
  await until('the room is open', () => log()?.cursor !== undefined);

  return {
    texts(word) {
      const now = log();
      const sources = now ? visibleMessages(now).map(({ source }) => source) : [];
      return sources.filter((source) => source.includes(word));
    },
  };
}
