import { describe, expect, test } from 'vitest';
import { listQuery } from './list-messages.ts';

describe('the query of a list', () => {
  const general = { room: 'general', limit: 100 };

  test.each([
    [{}, { ...general, selection: { kind: 'since', seconds: 0 } }],
    [
      { updated_since: '5' },
      { ...general, limit: 1_000, selection: { kind: 'since', seconds: 5 } },
    ],
    [{ after: '0' }, { ...general, selection: { kind: 'after', change: 0 } }],
    [
      { before: '7', limit: '3' },
      { ...general, limit: 3, selection: { kind: 'newest', before: 7 } },
    ],
    [{ latest: '20' }, { ...general, limit: 20, selection: { kind: 'newest' } }],
    [{ user_id: '5' }, { ...general, selection: { kind: 'newest', author: 5 } }],
    [
      { user_id: '5', before: '9' },
      { ...general, selection: { kind: 'newest', before: 9, author: 5 } },
    ],
    [
      { room: 'tea-room', after: '1' },
      { ...general, room: 'tea-room', selection: { kind: 'after', change: 1 } },
    ],
  ])('%j asks for %j', (query, expected) => {
    expect(listQuery.parse(query)).toEqual(expected);
  });

  test.each([
    { after: '-1' },
    { after: '1.0' },
    { after: ' 1' },
    { after: '0x1' },
    { after: '1'.repeat(16) },
    { after: ['1', '2'] },
    { before: '' },
    { limit: '0' },
    { limit: '201' },
    { latest: '0' },
    { room: '' },
    { room: 'a/b' },
    { after: '1', latest: '1' },
    { user_id: 'x' },
    { user_id: '1', after: '1' },
    { user_id: '1', updated_since: '1' },
  ])('%j is refused', (query) => {
    expect(listQuery.safeParse(query).success).toBe(false);
  });
});
