/**
 * Why the cursor is a number of the room, taken under the lock of its counter. A model of what a database does: writers
 * begin, take their number and commit in any interleaving; a reader pages by that number in between. The tests of
 * paging.service.test.ts show that the real one keeps to it.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';

type Numbering = 'auto-increment' | 'under the lock';

interface Room {
  taken: number;
  /** Whose number is not committed yet; nobody else gets one meanwhile. */
  holder: number | undefined;
  visible: number[];
}

/**
 * Each step lets one writer go on, or the reader read. A writer's first step takes a number, its second commits. Under
 * the lock the first step has to wait while another writer is between its two.
 */
function play(steps: readonly number[], writers: number, numbering: Numbering) {
  const room: Room = { taken: 0, holder: undefined, visible: [] };
  const numbers = new Map<number, number>();
  const read: number[] = [];
  const readOn = () => {
    const cursor = read.at(-1) ?? 0;
    read.push(...room.visible.filter((number) => number > cursor).sort((a, b) => a - b));
  };
  const goOn = (writer: number) => {
    const number = numbers.get(writer);
    if (number === undefined) {
      if (numbering === 'under the lock' && room.holder !== undefined) return;
      room.holder = writer;
      room.taken += 1;
      numbers.set(writer, room.taken);
    } else if (!room.visible.includes(number)) {
      room.visible.push(number);
      room.holder = undefined;
    }
  };
  for (const step of steps) step === writers ? readOn() : goOn(step);
  // Whoever is still under way finishes, and the reader reads to the end.
  for (const writer of [...numbers.keys()]) goOn(writer);
  readOn();
  return { read, written: room.visible.toSorted((a, b) => a - b) };
}

const writers = 4;
const steps = fc.array(fc.nat(writers), { maxLength: 40 });
const nothingMissed = (numbering: Numbering) =>
  fc.property(steps, (order) => {
    const { read, written } = play(order, writers, numbering);
    return JSON.stringify(read) === JSON.stringify(written);
  });

test('a cursor over numbers taken under the lock misses nothing, in any interleaving', () => {
  fc.assert(nothingMissed('under the lock'), { numRuns: 2_000 });
});

test('a cursor over auto-increment ids misses what commits late', () => {
  const { failed, counterexample } = fc.check(nothingMissed('auto-increment'), { numRuns: 2_000 });
  expect(failed, JSON.stringify(counterexample)).toBe(true);
});
