/**
 * Keeps the log of every room whole: feeds it what the socket brings and fetches what it wants. Used by the chat.
 * A hole is given a moment before it is fetched, as neighbours may overtake each other on the way.
 * Refuses to decide what is missing: `room-log.ts` does.
 */
import type { Endpoints } from './endpoints.ts';
import type { Message } from './models.ts';
import { emptyLog, type RoomEvent, type RoomLog, reduceRoom, wanted } from './room-log.ts';
import type { Store } from './store.ts';
import { createWorker, type Worker } from './worker.ts';

export type RoomLogs = ReadonlyMap<string, RoomLog>;

export type RoomKeeper = ReturnType<typeof createRoomKeeper>;

const holePatienceMs = 100;
const noProgressPauseMs = 500;

export function createRoomKeeper(
  endpoints: Pick<Endpoints, 'latest' | 'after' | 'before'>,
  logs: Store<RoomLogs>,
) {
  const workers = new Map<string, Worker>();
  const logOf = (room: string) => logs.get().get(room) ?? emptyLog;

  function feed(room: string, event: RoomEvent): void {
    logs.update((all) => new Map(all).set(room, reduceRoom(logOf(room), event)));
  }

  async function fetchWanted(room: string): Promise<number | undefined> {
    const want = wanted(logOf(room));
    if (!want) return undefined;
    if (want.kind === 'latest') {
      feed(room, { type: 'opened', page: await endpoints.latest(room) });
      return 0;
    }
    const { doubts } = logOf(room);
    feed(room, { type: 'caught-up', page: await endpoints.after(room, want.after), doubts });
    const still = wanted(logOf(room));
    // A database node that lags may not know yet what the beacon told of.
    return still?.kind === 'after' && still.after === want.after ? noProgressPauseMs : 0;
  }

  function open(room: string): void {
    if (workers.has(room)) return;
    const worker = createWorker(() => fetchWanted(room));
    workers.set(room, worker);
    feed(room, { type: 'beacon', change: 0 });
    worker.wake();
  }

  /** Rooms that nobody opened are none of ours: their pushes are left aside. */
  function hear(room: string, event: RoomEvent): void {
    const worker = workers.get(room);
    if (!worker) return;
    feed(room, event);
    if (wanted(logOf(room))) worker.wake(holePatienceMs);
  }

  return {
    open,
    pushed: (message: Message) => hear(message.room, { type: 'pushed', message }),
    beacon: (room: string, change: number) => hear(room, { type: 'beacon', change }),
    /** The connection was away: something may have been missed. */
    doubt(): void {
      for (const [room, worker] of workers) {
        feed(room, { type: 'doubted' });
        worker.wake();
      }
    },
    hurry: () => workers.forEach((worker) => void worker.hurry()),
    /** Loads a page of history before what is loaded; throws an `ApiError` where that does not work. */
    async older(room: string): Promise<void> {
      const { from } = logOf(room);
      if (from === 0 || !Number.isFinite(from)) return;
      feed(room, { type: 'history', page: await endpoints.before(room, from) });
    },
    stop: () => workers.forEach((worker) => void worker.stop()),
  };
}
