import type { MicroflackEvent } from '@microflack/common/events/events.ts';
import { expect, it, vi } from 'vitest';
import { createFanout, type Emit } from './fanout.ts';

const message = {
  id: 7,
  created_at: 1,
  updated_at: 1,
  source: 'hello',
  html: '<p>hello</p>',
  user_id: 1,
  room: 'general',
  seq: 5,
  change: 5,
  rev: 0,
  _links: { self: '/api/messages/7', user: '/api/users/1' },
};
const changed = (change: number): MicroflackEvent => ({
  type: 'message.changed',
  room: 'general',
  change,
  message: { ...message, change },
});
const beacon = (change: number): MicroflackEvent => ({
  type: 'room.beacon',
  room: 'general',
  change,
});

function build() {
  const emit = vi.fn<Emit>();
  return { emit, fanout: createFanout(emit) };
}

it('sends a message to its room and a person to everybody, as the wire names them', () => {
  const { emit, fanout } = build();
  fanout.deliver(changed(5));
  expect(emit).toHaveBeenCalledWith(
    'updated_model',
    { class: 'Message', model: message },
    'general',
  );
  const user = {
    id: 1,
    created_at: 1,
    updated_at: 1,
    last_seen_at: 1,
    nickname: 'susan',
    online: true,
    _links: { self: '/api/users/1', messages: '/api/messages?user_id=1', tokens: '/api/tokens' },
  };
  fanout.deliver({ type: 'user.changed', user });
  expect(emit).toHaveBeenLastCalledWith('updated_model', { class: 'User', model: user });
});

it('forwards a beacon that is ahead of what was sent, once', () => {
  const { emit, fanout } = build();
  fanout.deliver(changed(5));
  fanout.deliver(beacon(5));
  expect(emit).toHaveBeenCalledTimes(1);
  fanout.deliver(beacon(7));
  fanout.deliver(beacon(7));
  expect(emit).toHaveBeenCalledTimes(2);
  expect(emit).toHaveBeenLastCalledWith('room_beacon', { room: 'general', change: 7 }, 'general');
  expect(fanout.newestOf('general')).toBe(7);
});

it('does not go back when a late event comes behind a newer one', () => {
  const { emit, fanout } = build();
  fanout.deliver(changed(6));
  fanout.deliver(changed(5));
  fanout.deliver(beacon(6));
  expect(emit).toHaveBeenCalledTimes(2);
  expect(fanout.newestOf('general')).toBe(6);
});

it('forwards the first beacon of a room it has not heard of', () => {
  const { emit, fanout } = build();
  fanout.deliver(beacon(0));
  expect(emit).toHaveBeenCalledWith('room_beacon', { room: 'general', change: 0 }, 'general');
});
