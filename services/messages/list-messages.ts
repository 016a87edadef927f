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
/** Who asks since a time knows no cursor to go on from: the predecessor's clients, which got all there was. */
const limitSince = 1_000;
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
    limit: limit.optional(),
    after: wholeNumber.optional(),
    before: wholeNumber.optional(),
    latest: limit.optional(),
    updated_since: wholeNumber.optional(),
    user_id: wholeNumber.optional(),
  })
  .refine(hasOneCursor, 'expected one of after, before, latest and updated_since at most')
  .refine(
    ({ user_id, after, updated_since }) =>
      user_id === undefined || (after ?? updated_since) === undefined,
    'expected user_id alone or with before or latest',
  )
  .transform(
    (query): ListQuery => ({
      room: query.room,
      limit: query.latest ?? query.limit ?? limitOf(query),
      selection: selectionOf(query),
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

type Cursors = Partial<
  Record<'after' | 'before' | 'latest' | 'updated_since' | 'user_id', number | undefined>
>;

function hasOneCursor({ after, before, latest, updated_since }: Cursors): boolean {
  return [after, before, latest, updated_since].filter((it) => it !== undefined).length <= 1;
}

function limitOf({ updated_since }: Cursors): number {
  return updated_since === undefined ? limitByDefault : limitSince;
}

function selectionOf({
  after,
  before,
  latest,
  updated_since,
  user_id: author,
}: Cursors): Selection {
  if (after !== undefined) return { kind: 'after', change: after };
  const isHistory = [before, latest, author].some((it) => it !== undefined);
  return isHistory
    ? { kind: 'newest', before, author }
    : { kind: 'since', seconds: updated_since ?? 0 };
}
