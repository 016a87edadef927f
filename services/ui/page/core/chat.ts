/**
 * The chat of one signed-in person: puts the keepers, the post office and the socket together, and offers what people do.
 * Made by the client at sign-in and stopped at sign-out. Refuses to decide anything itself that a keeper can.
 */
import { ApiError } from './api.ts';
import type { Endpoints } from './endpoints.ts';
import { type Health, type HealthEvent, isBetter, reduceHealth } from './health.ts';
import { createLive } from './live.ts';
import type { Message } from './models.ts';
import type { Outbox } from './outbox.ts';
import { createPeopleKeeper, type People } from './people-keeper.ts';
import { createPopularityKeeper } from './popularity-keeper.ts';
import { createPostOffice } from './post-office.ts';
import { createReadingKeeper } from './reading-keeper.ts';
import { createRoomKeeper, type RoomLogs } from './room-keeper.ts';
import { createSender } from './sender.ts';
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
  const popularity = createPopularityKeeper(endpoints);
  const report = (event: HealthEvent) => health.update((now) => reduceHealth(now, event));

  const live = createLive({
    token: () => session.current()?.token,
    onMessage: take,
    onPerson: peopleKeeper.pushed,
    onBeacon: roomKeeper.beacon,
    onState: report,
    onRefused: (token) => void session.replace(token).then(live.greet, ignoreWeather),
  });
  const send = createSender({ live, endpoints, report });
  const office = createPostOffice({ userId, outbox, shelf, send, onDelivered: take });

  const pulse = createWorker(async () => {
    roomKeeper.doubt();
    peopleKeeper.refresh();
    return (live.connected() ? reassuranceMs : pollMs) * (0.8 + 0.4 * Math.random());
  });
  const findRooms = createWorker(async () => {
    const found = await endpoints.rooms();
    if (found.length > 0) rooms.set(found);
    found.forEach(roomKeeper.open);
    return undefined;
  });
  const workers = [live, roomKeeper, peopleKeeper, popularity, office, findRooms, pulse];

  function take(message: Message): void {
    roomKeeper.pushed(message);
    office.arrived(message);
  }

  /** Circumstances have changed for the better: what waits to be tried again is tried now. */
  function hurry(): void {
    for (const worker of workers) worker.hurry();
  }

  function beware(): void {
    pulse.hurry();
    if (!health.get().reachable) live.drop();
  }

  const stops = [
    followHealth(health, { better: hurry, worse: beware }),
    logs.subscribe(() => peopleKeeper.mentioned(authorsOf(logs.get()))),
    session.state.subscribe(live.greet),
    listenTo(window, 'online', hurry),
    listenTo(window, 'offline', pulse.hurry),
    listenTo(document, 'visibilitychange', () => void (document.hidden || pulse.hurry())),
    reading.stop,
    ...workers.map((worker) => worker.stop),
  ];
  roomKeeper.open(firstRoom);
  findRooms.wake();
  peopleKeeper.refresh();
  pulse.wake(pollMs);

  /** The push brings the result; where there is no socket, a catch-up does. */
  async function andFetch(change: Promise<unknown>): Promise<void> {
    await change;
    if (!live.connected()) roomKeeper.doubt();
  }

  return {
    userId,
    reading,
    rooms,
    logs,
    people,
    popularity,
    outbox,
    send: office.write,
    retry: office.retry,
    discard: office.discard,
    // These three throw an `ApiError` where that does not work.
    older: roomKeeper.older,
    edit: (id: number, source: string) => andFetch(endpoints.edit(id, source)),
    remove: (id: number) => andFetch(endpoints.remove(id)),
    stop: () => stops.forEach((stop) => void stop()),
  };
}

/** What is lost is asked again until it answers, and once it does, everything makes use of it. */
function followHealth(
  health: Store<Health>,
  { better, worse }: { better: () => void; worse: () => void },
): () => void {
  let before = health.get();
  return health.subscribe(() => {
    const [was, now] = [before, health.get()];
    before = now;
    if (isBetter(was, now)) better();
    else if (isBetter(now, was)) worse();
  });
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

function ignoreWeather(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
