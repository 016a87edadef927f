/**
 * The list of people as it is asked for: filters and cursor out of a query string. Pure.
 *
 * The predecessor's clients know neither `limit` nor `cursor`; without them the answer is the end of
 * the list, the people who changed last. With either of them the list is walked from its beginning:
 * somebody who changes meanwhile moves to the end and is met again, so a walk misses nobody.
 */
import { z } from 'zod';

const pageLimit = 1_000;

/** The place of a row in the list's order. */
export interface Place {
  updatedAt: number;
  nickname: string;
}

export interface Listing {
  online?: boolean | undefined;
  updatedSince?: number | undefined;
  after?: Place | undefined;
  limit: number;
  /** Take the end of the list and not its beginning. */
  fromEnd: boolean;
}

/** `?online=` is as if it were not there, as it was in the predecessor. */
const present = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const whole = z
  .string()
  .regex(/^\d{1,15}$/, { error: 'expected a whole number' })
  .transform(Number);

const place = z.tuple([z.number().int().nonnegative(), z.string()]);

const cursor = z.string().transform((text, context): Place => {
  const result = place.safeParse(decode(text));
  if (result.success) return { updatedAt: result.data[0], nickname: result.data[1] };
  context.addIssue({ code: 'custom', message: 'expected a cursor of this list' });
  return z.NEVER;
});

/** Unknown parameters are let through: browsers' caches are outwitted by them. */
export const listing = z
  .object({
    online: present(z.enum(['0', '1'])),
    updated_since: present(whole),
    limit: present(whole.pipe(z.number().min(1).max(pageLimit))),
    cursor: present(cursor),
  })
  .transform(
    ({ online, updated_since, limit, cursor: after }): Listing => ({
      online: online === undefined ? undefined : online === '1',
      updatedSince: updated_since,
      after,
      limit: limit ?? pageLimit,
      fromEnd: limit === undefined && after === undefined,
    }),
  );

export const cursorOf = ({ updatedAt, nickname }: Place): string =>
  Buffer.from(JSON.stringify([updatedAt, nickname])).toString('base64url');

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
