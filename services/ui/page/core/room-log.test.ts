import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message } from './models.ts';
import {
  emptyLog,
  type RoomEvent,
  type RoomLog,
  reduceRoom,
  visibleMessages,
  wanted,
} from './room-log.ts';
import { type FakeRoom, fakeRoom } from './testing/room.ts';

const pageSize = 3;
const sources = (log: RoomLog) => visibleMessages(log).map((message) => message.source);
const opened = (room: FakeRoom) =>
  reduceRoom(emptyLog, { type: 'opened', page: room.latest(pageSize) });
const push = (log: RoomLog, message: Message) => reduceRoom(log, { type: 'pushed', message });

test('a log that was never opened wants the newest messages', () => {
  expect(wanted(emptyLog)).toEqual({ kind: 'latest' });
});

test('pushes that follow on need no fetch', () => {
  const room = fakeRoom();
  let log = opened(room);
  for (const source of ['one', 'two', 'three']) log = push(log, room.post(source));
  expect(sources(log)).toEqual(['one', 'two', 'three']);
  expect(wanted(log)).toBeUndefined();
});

test('a hole is asked for, and closes without a fetch when the missing push comes late', () => {
  const room = fakeRoom();
  const log = opened(room);
  const [first, second] = [room.post('first'), room.post('second')];
  const holed = push(log, second);
  expect(wanted(holed)).toEqual({ kind: 'after', after: 0 });
  const whole = push(holed, first);
  expect(wanted(whole)).toBeUndefined();
  expect(sources(whole)).toEqual(['first', 'second']);
});

test('a beacon that is ahead makes the log catch up', () => {
  const room = fakeRoom();
  const log = opened(room);
  room.post('unheard');
  const told = reduceRoom(log, { type: 'beacon', change: room.number() });
  expect(wanted(told)).toEqual({ kind: 'after', after: 0 });
  const page = room.after(0, pageSize);
  const caughtUp = reduceRoom(told, { type: 'caught-up', page, doubts: 0 });
  expect(wanted(caughtUp)).toBeUndefined();
});

test('a catch-up that began before the connection was lost again does not settle the new doubt', () => {
  const room = fakeRoom();
  const away = reduceRoom(opened(room), { type: 'doubted' });
  const page = room.after(0, pageSize);
  const awayAgain = reduceRoom(away, { type: 'doubted' });
  const log = reduceRoom(awayAgain, { type: 'caught-up', page, doubts: away.doubts });
  expect(wanted(log)).toEqual({ kind: 'after', after: 0 });
});

test('a stale page of history brings neither an old version nor a deleted message back', () => {
  const room = fakeRoom();
  const ids = ['a', 'b', 'c', 'd', 'e'].map((source) => room.post(source).id);
  let log = opened(room);
  const stalePage = room.before(3, pageSize);
  log = push(log, room.edit(ids[0] ?? 0, 'a, edited'));
  log = push(log, room.remove(ids[1] ?? 0));
  expect(sources(log), 'before the history is loaded nothing of it shows').toEqual(['c', 'd', 'e']);
  log = reduceRoom(log, { type: 'history', page: stalePage });
  expect(sources(log)).toEqual(['a, edited', 'c', 'd', 'e']);
});

test('a push that comes after a page which left its message out does not bring it back', () => {
  const room = fakeRoom();
  const posted = room.post('regretted');
  room.remove(posted.id);
  expect(sources(push(opened(room), posted))).toEqual([]);
});

test('a first page that is answered twice hides no history', () => {
  const room = fakeRoom();
  for (const source of ['a', 'b', 'c', 'd', 'e']) room.post(source);
  const page = room.latest(pageSize);
  const whole = reduceRoom(opened(room), { type: 'history', page: room.before(3, pageSize) });
  expect(sources(reduceRoom(whole, { type: 'opened', page }))).toEqual(['a', 'b', 'c', 'd', 'e']);
});

/** What may happen, in any order; `pick` says to which of the candidates. */
const happenings = [
  'post',
  'post',
  'edit',
  'remove',
  'push arrives',
  'push arrives',
  'push arrives twice',
  'push is lost',
  'beacon',
  'reconnect',
  'ask',
  'ask',
  'answer',
  'answer',
  'ask for history',
  'history answers',
] as const;
const story = fc.array(fc.record({ what: fc.constantFrom(...happenings), pick: fc.nat(50) }), {
  maxLength: 120,
});

test('any interleaving of pushes, losses, duplicates and fetches ends in the full log', () => {
  fc.assert(
    fc.property(story, (events) => {
      const world = createWorld();
      for (const { what, pick } of events) {
        world.happen(what, pick);
        expectNothingDoubled(world.log());
        expectNoFalseConfidence(world.log(), world.room);
      }
      world.settle();
      const truth = world.room.all().filter((message) => !message.deleted);
      expect(visibleMessages(world.log())).toEqual(truth.sort((a, b) => a.seq - b.seq));
    }),
    { numRuns: 3000 },
  );
});

function expectNothingDoubled(log: RoomLog): void {
  const places = visibleMessages(log).map((message) => message.seq);
  expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
}

/** Whatever changed up to the cursor is known as it is, within the history that was loaded. */
function expectNoFalseConfidence(log: RoomLog, room: FakeRoom): void {
  const { cursor } = log;
  if (cursor === undefined) return;
  for (const truth of room.all()) {
    if (truth.change > cursor || truth.seq < log.from) continue;
    const shown = visibleMessages(log).find((message) => message.id === truth.id);
    expect(shown).toEqual(truth.deleted ? undefined : truth);
  }
}

function createWorld() {
  const room = fakeRoom();
  let log = emptyLog;
  let underWay: Message[] = [];
  let answer: RoomEvent | undefined;
  let history: RoomEvent | undefined;

  const feed = (event: RoomEvent) => {
    log = reduceRoom(log, event);
  };
  const take = (pick: number) => underWay.splice(pick % Math.max(1, underWay.length), 1);
  const someone = (pick: number) => {
    const shown = room.all().filter((message) => !message.deleted);
    return shown[pick % Math.max(1, shown.length)]?.id;
  };

  function ask(): void {
    const want = wanted(log);
    if (!want || answer) return;
    answer =
      want.kind === 'latest'
        ? { type: 'opened', page: room.latest(pageSize) }
        : { type: 'caught-up', page: room.after(want.after, pageSize), doubts: log.doubts };
  }

  function reply(): void {
    if (answer) feed(answer);
    answer = undefined;
  }

  function askForHistory(): void {
    if (history || log.from === 0 || !Number.isFinite(log.from)) return;
    history = { type: 'history', page: room.before(log.from, pageSize) };
  }

  function replyWithHistory(): void {
    if (history) feed(history);
    history = undefined;
  }

  function happen(what: (typeof happenings)[number], pick: number): void {
    const id = someone(pick);
    if (what === 'post') underWay.push(room.post(`m${pick}`));
    if (what === 'edit' && id) underWay.push(room.edit(id, `e${pick}`));
    if (what === 'remove' && id) underWay.push(room.remove(id));
    if (what === 'push arrives')
      for (const message of take(pick)) feed({ type: 'pushed', message });
    if (what === 'push arrives twice') {
      for (const message of underWay.slice(0, 1)) feed({ type: 'pushed', message });
    }
    if (what === 'push is lost') take(pick);
    if (what === 'beacon') feed({ type: 'beacon', change: room.number() });
    if (what === 'reconnect') {
      underWay = [];
      feed({ type: 'doubted' });
    }
    if (what === 'ask') ask();
    if (what === 'answer') reply();
    if (what === 'ask for history') askForHistory();
    if (what === 'history answers') replyWithHistory();
  }

  return {
    room,
    log: () => log,
    happen,
    /** The connection holds for once: what is wanted is fetched, and history to the room's beginning. */
    settle(): void {
      feed({ type: 'beacon', change: room.number() });
      reply();
      replyWithHistory();
      for (let rounds = 0; wanted(log) && rounds < 500; rounds += 1) {
        ask();
        reply();
      }
      for (let rounds = 0; log.from !== 0 && rounds < 500; rounds += 1) {
        askForHistory();
        replyWithHistory();
      }
    },
  };
}
