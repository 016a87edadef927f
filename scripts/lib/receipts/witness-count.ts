/**
 * What became of the witness's messages. Pure: what was posted against what the reader has on their
 * page in the end, in the room's order.
 */
import type { WitnessCounts } from './receipt.ts';

/** One message, however often it had to be sent. */
export interface Post {
  text: string;
  number: number;
  /** The clock's reading when it was sent first. */
  sentAtMs: number;
  /** As the message is called once it was acknowledged. */
  id: number | undefined;
  failures: number;
}

export interface Seen {
  /** All texts on the page, in the room's order. */
  texts: readonly string[];
  /** When each of them appeared there first. */
  atMs: ReadonlyMap<string, number>;
  reconnects: number;
}

export function countsOf(posts: readonly Post[], { texts, atMs, reconnects }: Seen): WitnessCounts {
  const numbers = new Map(posts.map(({ text, number }) => [text, number]));
  const distinct = new Set(texts);
  const taken = posts.filter(({ id }) => id !== undefined);
  const waits = posts.map(({ text, sentAtMs }) => (atMs.get(text) ?? sentAtMs) - sentAtMs);
  return {
    sent: posts.length,
    failed: posts.reduce((sum, { failures }) => sum + failures, 0),
    abandoned: posts.length - taken.length,
    seen: distinct.size,
    lost: taken.filter(({ text }) => !distinct.has(text)).length,
    doubled: texts.length - distinct.size,
    outOfOrder: stragglers([...distinct].map((text) => numbers.get(text) ?? 0)),
    reconnects,
    slowestMs: Math.round(Math.max(0, ...waits)),
  };
}

/** How many come after one that was posted later. */
function stragglers(numbers: readonly number[]): number {
  let highest = 0;
  let count = 0;
  for (const number of numbers) {
    if (number < highest) count += 1;
    highest = Math.max(highest, number);
  }
  return count;
}
