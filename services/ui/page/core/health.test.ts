import { expect, test } from 'vitest';
import {
  connectionOf,
  type HealthEvent,
  healthy,
  isBetter,
  noticeOf,
  reduceHealth,
} from './health.ts';

const after = (...events: HealthEvent[]) => events.reduce(reduceHealth, healthy);
const title = (...events: HealthEvent[]) => noticeOf(after(...events))?.title;

test('a service that does not answer is named, and is forgotten when it answers', () => {
  const down: HealthEvent = { type: 'unavailable', service: 'messages' };
  expect(title(down)).toBe('Messages are not available right now.');
  expect(title(down, { type: 'answered', service: 'users' })).toBe(title(down));
  expect(title(down, { type: 'answered', service: 'messages' })).toBeUndefined();
});

test('where nothing answers one is offline, whatever else was down', () => {
  const events: HealthEvent[] = [
    { type: 'unavailable', service: 'users' },
    { type: 'unreachable' },
  ];
  expect(title(...events)).toBe('You are offline.');
  expect(title(...events, { type: 'socket-failed' })).toBe('You are offline.');
  expect(connectionOf(after(...events))).toBe('offline');
});

test('a lost socket reconnects in silence, and is named when attempts fail', () => {
  const lost: HealthEvent[] = [
    { type: 'socket', state: 'connected' },
    { type: 'socket', state: 'lost' },
  ];
  expect(connectionOf(after(...lost))).toBe('reconnecting');
  expect(title(...lost)).toBeUndefined();
  expect(title(...lost, { type: 'socket-failed' })).toBe(
    'Live updates are not available right now.',
  );
  const back: HealthEvent = { type: 'socket', state: 'connected' };
  expect(title(...lost, { type: 'socket-failed' }, back)).toBeUndefined();
});

test('where much is down it is said in one notice', () => {
  const down = (service: 'messages' | 'tokens'): HealthEvent => ({ type: 'unavailable', service });
  expect(title(down('tokens'), down('messages'))).toBe(
    'Some things are not available right now: messages, signing in.',
  );
});

test('better is what works again, and a change that changes nothing is none', () => {
  const down = after({ type: 'unavailable', service: 'messages' });
  expect([isBetter(down, healthy), isBetter(healthy, down)]).toEqual([true, false]);
  const offline = after({ type: 'unreachable' });
  expect([isBetter(offline, healthy), isBetter(healthy, offline)]).toEqual([true, false]);
  expect(reduceHealth(healthy, { type: 'answered', service: 'users' })).toBe(healthy);
});
