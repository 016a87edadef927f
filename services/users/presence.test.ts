import { describe, expect, it } from 'vitest';
import { moves, transitions } from './presence.ts';

describe('moves of one holder', () => {
  it('are who is new and who is missing', () => {
    expect(moves(new Set([1, 2, 3]), new Set([2, 3, 4]))).toEqual({ arrived: [4], left: [1] });
  });

  it('are none for a heartbeat that says the same again', () => {
    expect(moves(new Set([1, 2]), new Set([2, 1]))).toEqual({ arrived: [], left: [] });
  });

  it('are everybody when a holder says that it has nobody left', () => {
    expect(moves(new Set([1, 2]), new Set())).toEqual({ arrived: [], left: [1, 2] });
  });
});

describe('transitions', () => {
  const people = [
    { id: 1, online: false },
    { id: 2, online: true },
    { id: 3, online: false },
    { id: 4, online: true },
  ];

  it('are those whose state does not fit their leases, and nobody else', () => {
    const leased = new Set([1, 2]);
    expect(transitions(people, leased)).toEqual({ cameOnline: [1], wentOffline: [4] });
  });

  it('are none for somebody whom another holder still holds', () => {
    expect(transitions([{ id: 2, online: true }], new Set([2]))).toEqual({
      cameOnline: [],
      wentOffline: [],
    });
  });
});
