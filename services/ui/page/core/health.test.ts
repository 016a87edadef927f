import { expect, test } from 'vitest';
import { connectionOf, type HealthEvent, healthy, noticesOf, reduceHealth } from './health.ts';

const after = (...events: HealthEvent[]) => events.reduce(reduceHealth, healthy);
const titles = (...events: HealthEvent[]) =>
  noticesOf(after(...events)).map((notice) => notice.title);

test('a service that does not answer is named, and is forgotten when it answers', () => {
  const down: HealthEvent = { type: 'unavailable', service: 'messages' };
  expect(titles(down)).toEqual(['Messages are not available right now.']);
  expect(titles(down, { type: 'answered', service: 'users' })).toHaveLength(1);
  expect(titles(down, { type: 'answered', service: 'messages' })).toEqual([]);
});

test('where nothing answers one is offline, whatever else was down', () => {
  const events: HealthEvent[] = [
    { type: 'unavailable', service: 'users' },
    { type: 'unreachable' },
  ];
  expect(titles(...events)).toEqual(['You are offline.']);
  expect(titles(...events, { type: 'socket-failed' })).toEqual(['You are offline.']);
  expect(connectionOf(after(...events))).toBe('offline');
});

test('a lost socket reconnects in silence, and is named when attempts fail', () => {
  const lost: HealthEvent[] = [
    { type: 'socket', state: 'connected' },
    { type: 'socket', state: 'lost' },
  ];
  expect(connectionOf(after(...lost))).toBe('reconnecting');
  expect(titles(...lost)).toEqual([]);
  expect(titles(...lost, { type: 'socket-failed' })).toEqual([
    'Live updates are not available right now.',
  ]);
  const back: HealthEvent = { type: 'socket', state: 'connected' };
  expect(titles(...lost, { type: 'socket-failed' }, back)).toEqual([]);
});
