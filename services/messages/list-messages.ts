/**
 * GET /api/messages: which messages a query asks for, and the answer. Reads of the same list that arrive while one is
 * under way share the next one: it begins after all of them came, so none gets an older answer than it would alone.
 */
import type { Pool } from 'mysql2/promise';
import { z } from 'zod';
import { createBatcher } from './batcher.ts';
import { type ListQuery, listMessages, type Selection } from './store/reads.ts';
import { toMessage } from './store/rows.ts';

/** Answers with the JSON of {messages, change, more}. */
export type MessageLists = (query: ListQuery) => Promise<Buffer>;

const limitMax = 200;
const limitByDefault = 100;
const waitingMax = 2_000;

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number);
const limit = wholeNumber.pipe(z.number().min(1).max(limitMax));

export const roomName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected the name of a room');

/** The query of a URL. Other members are left alone: old clients add some against caches. */
export const listQuery = z
  .object({
    room: roomName.default('general'),
    limit: limit.default(limitByDefault),
    after: wholeNumber.optional(),
    before: wholeNumber.optional(),
    latest: limit.optional(),
    updated_since: wholeNumber.optional(),
  })
  .refine(
    ({ after, before, latest, updated_since }) =>
      [after, before, latest, updated_since].filter((cursor) => cursor !== undefined).length <= 1,
    'expected one of after, before, latest and updated_since at most',
  )
  .transform(
    ({ room, limit, latest, ...cursors }): ListQuery => ({
      room,
      limit: latest ?? limit,
      selection: latest === undefined ? selectionOf(cursors) : { kind: 'latest' },
    }),
  );

export function createMessageLists(pool: Pool): MessageLists {
  const read = createBatcher<ListQuery, Buffer>({
    async run(_lane, queries) {
      const [query] = queries;
      const answer = query ? await answerTo(pool, query) : Buffer.alloc(0);
      return queries.map(() => answer);
    },
    weigh: () => 0,
    weightMax: 0,
    waitingMax,
  });
  return (query) => read(JSON.stringify(query), query);
}

async function answerTo(pool: Pool, query: ListQuery): Promise<Buffer> {
  const { rows, change, more } = await listMessages(pool, query);
  return Buffer.from(JSON.stringify({ messages: rows.map(toMessage), change, more }));
}

function selectionOf({
  after,
  before,
  updated_since = 0,
}: {
  after?: number | undefined;
  before?: number | undefined;
  updated_since?: number | undefined;
}): Selection {
  if (after !== undefined) return { kind: 'after', change: after };
  if (before !== undefined) return { kind: 'before', seq: before };
  return { kind: 'since', seconds: updated_since };
}
