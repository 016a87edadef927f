import { expect, test } from 'vitest';
import { parseEvent } from './events.ts';
import { earlier } from './subscribe.ts';

test('an event survives its way through the stream', () => {
  const event = { type: 'room.beacon', room: 'general', change: 7 } as const;
  expect(parseEvent(JSON.stringify(event))).toEqual(event);
});

test.for([
  '{"type":"of.a.newer.release"}',
  '{"type":"room.beacon","room":"general"}',
  'not json',
  '',
])('%s is no event of ours, and breaks nothing', (text) => {
  expect(parseEvent(text)).toBeUndefined();
});

test.for([
  ['1-0', '2-0', '1-0'],
  ['10-0', '9-0', '9-0'],
  ['5-10', '5-9', '5-9'],
  ['0-0', '1763722800000-3', '0-0'],
])('of the positions %s and %s, %s is the earlier', ([a, b, expected]) => {
  expect(earlier(a ?? '', b ?? '')).toBe(expected);
});
