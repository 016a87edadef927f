/**
 * The chat of one signed-in person: puts the keepers, the post office and the socket together, and offers what people do.
 * Made by the client at sign-in and stopped at sign-out. Refuses to decide anything itself that a keeper can.
 */
import { ApiError } from './api.ts';
import type { Endpoints } from './endpoints.ts';
import { type Health, type HealthEvent, reduceHealth } from './health.ts';
import { createLive } from './live.ts';
import type { Message } from './models.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import { createPeopleKeeper, type People } from './people-keeper.ts';
import { createPostOffice } from './post-office.ts';
import { createReadingKeeper } from './reading-keeper.ts';
import { createRoomKeeper, type RoomLogs } from './room-keeper.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { Shelf } from './shelf.ts';
import { createStore, type Store } from './store.ts';
import { createWorker } from './worker.ts';

export type Chat = ReturnType<typeof createChat>;

interface ChatParts {
  readonly userId: number;
  readonly endpoints: Endpoints;
  readonly session: SessionKeeper;
  readonly health: Store<Health>;
  readonly shelf: Shelf;
}

const firstRoom = 'general';
/** With a socket this only makes sure; without one it is how news arrives. */
const reassuranceMs = 30_000;
const pollMs = 4000;

export function createChat({ userId, endpoints, session, health, shelf }: ChatParts) {
  const rooms = createStore<readonly string[]>([firstRoom]);
  const logs = createStore<RoomLogs>(new Map());
  const people = createStore<People>(new Map());
  const outbox = createStore<Outbox>([]);
  const roomKeeper = createRoomKeeper(endpoints, logs);
  const peopleKeeper = createPeopleKeeper(endpoints, people);
  const reading = createReadingKeeper(shelf, userId);
  const report = (event: HealthEvent) => health.update((now) => reduceHealth(now, event));

  const live = createLive({
    token: () => session.current()?.token,
    onMessage: take,
    onPerson: peopleKeeper.pushed,
    onBeacon: roomKeeper.beacon,
    onState: report,
    onRefused: (token) => void session.replace(token).then(live.greet, ignoreWeather),
  });
  const office = createPostOffice({ userId, outbox, shelf, send, onDelivered: take });

  const pulse = createWorker(async () => {
    roomKeeper.doubt();
    peopleKeeper.refresh();
    return (live.connected() ? reassuranceMs : pollMs) * (0.8 + 0.4 * Math.random());
  });
  const findRooms = createWorker(async () => {
    for (const room of await openRooms()) roomKeeper.open(room);
    return undefined;
  });

  function take(message: Message): void {
    roomKeeper.pushed(message);
    office.arrived(message);
  }

  async function openRooms(): Promise<readonly string[]> {
    roomKeeper.open(firstRoom);
    const found = await endpoints.rooms();
    if (found.length > 0) rooms.set(found);
    return rooms.get();
  }

  /** By the socket where there is one; by REST where there is none, or where the socket brought no answer. */
  async function send(entry: OutboxEntry): Promise<Message> {
    if (!live.connected() || entry.tries > 1) return endpoints.post(entry);
    try {
      const message = await live.post(entry);
      report({ type: 'answered', service: 'messages' });
      return message;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return endpoints.post(entry);
      if (error instanceof ApiError && error.status >= 500)
        report({ type: 'unavailable', service: 'messages' });
      throw error;
    }
  }

  function hurry(): void {
    for (const part of [live, roomKeeper, peopleKeeper, office, findRooms, pulse]) part.hurry();
  }

  /** What was down is asked again until it answers; what is back is used at once. */
  function followHealth(): () => void {
    let before = health.get();
    return health.subscribe(() => {
      const [was, now] = [before, health.get()];
      before = now;
      const returned = (service: 'messages' | 'users') =>
        was.down.has(service) && !now.down.has(service);
      const left = (service: 'messages' | 'users') =>
        !was.down.has(service) && now.down.has(service);
      if (now.reachable && !was.reachable) return hurry();
      if (now.socket !== was.socket) pulse.hurry();
      if (returned('messages')) office.hurry();
      if (left('messages')) roomKeeper.doubt();
      if (left('users')) peopleKeeper.refresh();
    });
  }

  const stops = [
    followHealth(),
    logs.subscribe(() => peopleKeeper.mentioned(authorsOf(logs.get()))),
    session.state.subscribe(live.greet),
    listenTo(window, 'online', hurry),
    listenTo(window, 'offline', pulse.hurry),
    listenTo(document, 'visibilitychange', () => void (document.hidden || pulse.hurry())),
    ...[live, roomKeeper, peopleKeeper, reading, office, findRooms, pulse].map((p) => p.stop),
  ];
  findRooms.wake();
  pulse.wake(pollMs);
  peopleKeeper.refresh();

  return {
    userId,
    reading,
    rooms,
    logs,
    people,
    outbox,
    send: (room: string, source: string) =>
      office.write({ key: randomKey(), room, source, writtenAt: Date.now() }),
    retry: office.retry,
    discard: office.discard,
    older: roomKeeper.older,
    /** Both throw an `ApiError` where that does not work. The push brings the result; without a socket the catch-up does. */
    async edit(id: number, source: string): Promise<void> {
      await endpoints.edit(id, source);
      if (!live.connected()) roomKeeper.doubt();
    },
    async remove(id: number): Promise<void> {
      await endpoints.remove(id);
      if (!live.connected()) roomKeeper.doubt();
    },
    stop: () => stops.forEach((stop) => void stop()),
  };
}

function authorsOf(logs: RoomLogs): Set<number> {
  return new Set(
    [...logs.values()].flatMap((log) => [...log.messages.values()].map((m) => m.user_id)),
  );
}

function listenTo(target: EventTarget, event: string, listener: () => void): () => void {
  target.addEventListener(event, listener);
  return () => target.removeEventListener(event, listener);
}

/** `crypto.randomUUID` exists on secure origins only, and a stack is often looked at over plain HTTP. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

function ignoreWeather(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
