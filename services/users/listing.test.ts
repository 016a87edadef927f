import { describe, expect, it } from 'vitest';
import { cursorOf, listing } from './listing.ts';

describe('a query for the list', () => {
  it('takes the end of the list for clients that know of no pages', () => {
    expect(listing.parse({ online: '1', updated_since: '5' })).toMatchObject({
      online: true,
      updatedSince: 5,
      limit: 1_000,
      fromEnd: true,
    });
  });

  it('walks from the beginning with a limit, and on with a cursor', () => {
    expect(listing.parse({ limit: '20' })).toMatchObject({ limit: 20, fromEnd: false });
    const after = { updatedAt: 7, nickname: 'Zoë 🍣' };
    expect(listing.parse({ cursor: cursorOf(after) })).toMatchObject({ after, fromEnd: false });
  });

  it('takes an empty value for none, and leaves strange parameters alone', () => {
    expect(listing.parse({ online: '', updated_since: '', _: '99' })).toMatchObject({
      fromEnd: true,
    });
  });

  it.each([
    [{ updated_since: 'yesterday' }],
    [{ updated_since: '-1' }],
    [{ updated_since: '1.5' }],
    [{ updated_since: '1e3' }],
    [{ updated_since: '9'.repeat(16) }],
    [{ updated_since: ['1', '2'] }],
    [{ online: 'yes' }],
    [{ online: '2' }],
    [{ limit: '0' }],
    [{ limit: '1001' }],
    [{ cursor: 'abc' }],
    [{ cursor: Buffer.from('[1]').toString('base64url') }],
    [{ cursor: Buffer.from('["1", 2]').toString('base64url') }],
  ])('is refused: %j', (query) => {
    expect(listing.safeParse(query).success).toBe(false);
  });
});
