/**
 * The witness who reads: the page's own way to know a room, without the page. What is pushed is
 * taken, and after a gap, a beacon or a reconnect what is missing is fetched. witness.ts starts it.
 */
import { pause } from '@microflack/common/pause.ts';
import { io } from 'socket.io-client';
import { createApi } from '../../../services/ui/page/core/api.ts';
import { createEndpoints } from '../../../services/ui/page/core/endpoints.ts';
import {
  beaconModel,
  reconnectModel,
  updatedModel,
} from '../../../services/ui/page/core/models.ts';
import {
  createRoomKeeper,
  type RoomKeeper,
  type RoomLogs,
} from '../../../services/ui/page/core/room-keeper.ts';
import { visibleMessages } from '../../../services/ui/page/core/room-log.ts';
import { createStore, type Store } from '../../../services/ui/page/core/store.ts';
import type { Seen } from './witness-count.ts';

/** The one room that everybody hears. */
const room = 'general';
const beginPatienceMs = 10_000;
const lookMs = 20;
const reconnectMs = 100;
const reconnectAtMostMs = 1_000;

export interface Reader {
  /** Resolves when all these texts are on the page, or when the time is over. */
  untilSeen(texts: readonly string[], withinMs: number): Promise<void>;
  seen(): Seen;
  stop(): void;
}

export async function startReader(url: string, token: string, word: string): Promise<Reader> {
  const logs = createStore<RoomLogs>(new Map());
  const keeper = keeperOf(url, logs);
  const atMs = new Map<string, number>();
  const texts = () => textsWith(word, logs.get());
  logs.subscribe(() => {
    for (const text of texts()) if (!atMs.has(text)) atMs.set(text, performance.now());
  });
  const live = listen(url, token, keeper);
  keeper.open(room);
  const stop = () => {
    live.stop();
    keeper.stop();
  };
  const isOpen = () => live.connected() && logs.get().get(room)?.cursor !== undefined;
  await until(isOpen, beginPatienceMs);
  if (!isOpen()) {
    stop();
    throw new Error(`the reader is not connected after ${beginPatienceMs / 1000} s`);
  }

  return {
    untilSeen: (wanted, withinMs) => until(() => wanted.every((text) => atMs.has(text)), withinMs),
    seen: () => ({ texts: texts(), atMs, reconnects: live.connects() - 1 }),
    stop,
  };
}

function keeperOf(url: string, logs: Store<RoomLogs>) {
  const call = createApi({
    fetch: (path, init) => fetch(`${url}${path}`, init),
    onOutcome: () => undefined,
  });
  const nobody = { current: () => undefined, replace: async () => undefined };
  return createRoomKeeper(createEndpoints(call, nobody), logs);
}

/** As the page's live.ts does, which finds its server by the browser's address bar. */
function listen(url: string, token: string, keeper: RoomKeeper) {
  let connects = 0;
  let moving: ReturnType<typeof setTimeout> | undefined;
  const socket = io(url, {
    auth: { token },
    transports: ['websocket', 'polling'],
    forceNew: true,
    reconnectionDelay: reconnectMs,
    reconnectionDelayMax: reconnectAtMostMs,
  });
  const connectIn = (ms: number) => {
    clearTimeout(moving);
    moving = setTimeout(() => socket.disconnect().connect(), ms);
  };
  socket.on('updated_model', (event: unknown) => {
    const update = updatedModel.safeParse(event).data;
    if (update?.class === 'Message') keeper.pushed(update.model);
  });
  socket.on('room_beacon', (event: unknown) => {
    const beacon = beaconModel.safeParse(event).data;
    if (beacon) keeper.beacon(beacon.room, beacon.change);
  });
  socket.on('reconnect_soon', (event: unknown) => {
    const notice = reconnectModel.safeParse(event).data;
    if (notice) connectIn(Math.random() * notice.within_ms);
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') connectIn(reconnectMs);
  });
  socket.on('connect', () => {
    connects += 1;
    keeper.doubt();
  });
  return {
    connected: () => socket.connected,
    connects: () => connects,
    stop() {
      clearTimeout(moving);
      socket.disconnect();
    },
  };
}

function textsWith(word: string, logs: RoomLogs): string[] {
  const log = logs.get(room);
  if (!log) return [];
  return visibleMessages(log)
    .map(({ source }) => source)
    .filter((source) => source.includes(word));
}

/** Resolves too when the time is over: what is not there by then is lost. */
async function until(isSo: () => boolean, withinMs: number): Promise<void> {
  const over = AbortSignal.timeout(withinMs);
  while (!isSo() && !over.aborted) await pause(lookMs, over);
}
