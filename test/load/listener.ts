/**
 * A page without its face: a socket that leaves and comes back as live.ts of the page does, and the page's own room
 * keeper, which finds out what is missing and fetches it. What it hears is noted by its number and forgotten, as two
 * hundred pages in one process would otherwise be what is measured.
 */
import { openLightSocket } from '../../bench/load/light-socket.ts';
import { createApi } from '../../services/ui/page/core/api.ts';
import { createEndpoints } from '../../services/ui/page/core/endpoints.ts';
import { beaconModel, reconnectModel, updatedModel } from '../../services/ui/page/core/models.ts';
import { createRoomKeeper, type RoomLogs } from '../../services/ui/page/core/room-keeper.ts';
import { createStore, type Store } from '../../services/ui/page/core/store.ts';

export interface Listener {
  /** The numbers of all changes that it knows of. */
  readonly heard: ReadonlySet<number>;
  /** Changes that it first heard of when its cursor was past them already. */
  readonly late: readonly number[];
  readonly counts: Readonly<Counts>;
  isOpen(): boolean;
  /** Everything up to here is known; undefined until the room is open. */
  cursor(): number | undefined;
  close(): void;
}

interface Counts {
  returns: number;
  torn: number;
  longestAwayMs: number;
  catchUps: number;
  failedCatchUps: number;
  fullReloads: number;
}

const room = 'general';
/** live.ts's, with the half more or less that Socket.IO's client makes of it. */
const [firstPauseMs, longestPauseMs] = [500, 5_000];

export function openListener(url: string): Listener {
  const heard = new Set<number>();
  const late: number[] = [];
  const counts = {
    ...{ returns: 0, torn: 0, longestAwayMs: 0 },
    ...{ catchUps: 0, failedCatchUps: 0, fullReloads: 0 },
  };
  const logs = forgetful(heard);
  const keeper = createRoomKeeper(countingEndpoints(url, counts), logs);
  const cursor = () => logs.get().get(room)?.cursor;

  const socket = keepOpen(url, {
    onEvent(name, payload) {
      if (name === 'room_beacon') keeper.beacon(room, beaconModel.parse(payload).change);
      if (name !== 'updated_model') return;
      const update = updatedModel.parse(payload);
      if (update.class !== 'Message') return;
      const { change } = update.model;
      if (change <= (cursor() ?? 0) && !heard.has(change)) late.push(change);
      keeper.pushed(update.model);
    },
    onOpen(awayMs) {
      if (awayMs !== undefined) {
        counts.returns += 1;
        counts.longestAwayMs = Math.max(counts.longestAwayMs, awayMs);
      }
      keeper.doubt();
    },
    onTorn() {
      counts.torn += 1;
    },
  });
  keeper.open(room);
  return {
    ...{ heard, late, counts, cursor, isOpen: socket.isOpen },
    close() {
      socket.close();
      keeper.stop();
    },
  };
}

interface SocketEvents {
  onEvent(name: string, payload: unknown): void;
  /** With how long it was away, but for the first time. */
  onOpen(awayMs: number | undefined): void;
  onTorn(): void;
}

function keepOpen(url: string, { onEvent, onOpen, onTorn }: SocketEvents) {
  let socket = connect();
  let isOpen = false;
  let wasOpen = false;
  let closed = false;
  let awaySince = performance.now();
  let failures = 0;

  function connect() {
    const opening = openLightSocket(new URL(url), (text) => {
      if (opening !== socket || !text.toString('latin1', 0, 2).startsWith('42')) return;
      const [name, payload] = JSON.parse(text.toString('utf8', 2));
      if (name === 'reconnect_soon') move(reconnectModel.parse(payload).within_ms);
      else onEvent(name, payload);
    });
    opening.joined.then(
      () => {
        isOpen = true;
        failures = 0;
        onOpen(wasOpen ? performance.now() - awaySince : undefined);
        wasOpen = true;
      },
      () => {
        // `ended` tells the same, and of later ends as well.
      },
    );
    void opening.ended.then(() => {
      if (closed || opening !== socket) return;
      if (isOpen) onTorn();
      lose();
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures);
      failures += 1;
      setTimeout(again, pauseMs * (0.5 + Math.random()));
    });
    return opening;
  }

  function lose(): void {
    if (isOpen) awaySince = performance.now();
    isOpen = false;
  }

  function again(): void {
    if (!closed) socket = connect();
  }

  /** As it is asked to by an instance that leaves: at some moment of the time that it is given. */
  function move(withinMs: number): void {
    const leaving = socket;
    setTimeout(() => {
      if (closed || leaving !== socket || !isOpen) return;
      lose();
      again();
      leaving.close();
    }, Math.random() * withinMs);
  }

  return {
    isOpen: () => isOpen,
    close() {
      closed = true;
      socket.close();
    },
  };
}

function countingEndpoints(url: string, counts: Counts) {
  const call = createApi({ fetch: (path, init) => fetch(`${url}${path}`, init), onOutcome() {} });
  const nobody = { current: () => undefined, replace: async () => undefined };
  const { latest, after, before } = createEndpoints(call, nobody);
  return {
    latest,
    before,
    async after(room: string, change: number) {
      counts.catchUps += 1;
      try {
        const page = await after(room, change);
        if (page.messages.some((message) => message.change <= change)) counts.fullReloads += 1;
        return page;
      } catch (error) {
        counts.failedCatchUps += 1;
        throw error;
      }
    },
  };
}

/** Keeps all of a room's log but its messages, of which the numbers go into `heard`. */
function forgetful(heard: Set<number>): Store<RoomLogs> {
  const store = createStore<RoomLogs>(new Map());
  const set = (logs: RoomLogs) => {
    const kept = [...logs].map(([name, log]) => {
      for (const { change } of log.messages.values()) heard.add(change);
      return [name, { ...log, messages: new Map() }] as const;
    });
    store.set(new Map(kept));
  };
  return { ...store, set, update: (change) => set(change(store.get())) };
}
