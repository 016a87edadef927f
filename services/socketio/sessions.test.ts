import type { Claims } from '@microflack/common/auth/authenticator.ts';
import { describe, expect, it, vi } from 'vitest';
import { createSessions } from './sessions.ts';

const susan: Claims = { userId: 1, session: 's1', jti: 'j1', authTime: 1, expiresAt: 1_000 };
const david: Claims = { userId: 2, session: 's2', jti: 'j2', authTime: 1, expiresAt: 2_000 };

function build() {
  const people = { opened: vi.fn<(id: number) => void>(), closed: vi.fn<(id: number) => void>() };
  const socket = () => ({ emit: vi.fn(), conn: { close: vi.fn() } });
  return { people, socket, sessions: createSessions<ReturnType<typeof socket>>(people) };
}

describe('sessions', () => {
  it('opens a person with the first token of a socket and closes them when it goes', () => {
    const { people, socket, sessions } = build();
    const tab = socket();
    sessions.enter(tab, susan);
    expect(people.opened).toHaveBeenCalledWith(1);
    expect(sessions.userOf(tab)).toBe(1);
    sessions.leave(tab);
    sessions.leave(tab);
    expect(people.closed.mock.calls).toEqual([[1]]);
    expect(sessions.userOf(tab)).toBeUndefined();
  });

  it('says nothing when a socket shows another token of the same person', () => {
    const { people, socket, sessions } = build();
    const tab = socket();
    sessions.enter(tab, susan);
    sessions.enter(tab, { ...susan, jti: 'j9', expiresAt: 3_000 });
    expect(people.opened).toHaveBeenCalledTimes(1);
    expect(people.closed).not.toHaveBeenCalled();
  });

  it('lets one person go when the socket signs in as another', () => {
    const { people, socket, sessions } = build();
    const tab = socket();
    sessions.enter(tab, susan);
    sessions.enter(tab, david);
    expect(people.opened.mock.calls).toEqual([[1], [2]]);
    expect(people.closed.mock.calls).toEqual([[1]]);
  });

  it('ends every socket of a revoked session, and only those', () => {
    const { people, socket, sessions } = build();
    const [tab, otherTab, bystander] = [socket(), socket(), socket()];
    sessions.enter(tab, susan);
    sessions.enter(otherTab, { ...susan, jti: 'renewed' });
    sessions.enter(bystander, david);
    sessions.revoke('s1');
    for (const ended of [tab, otherTab]) {
      expect(ended.emit).toHaveBeenCalledWith('expired_token');
      expect(ended.conn.close).toHaveBeenCalledOnce();
    }
    expect(bystander.conn.close).not.toHaveBeenCalled();
    expect(people.closed.mock.calls).toEqual([[1], [1]]);
  });

  it('ends a socket at the second its token expires, unless it was renewed', () => {
    const { socket, sessions } = build();
    const [tab, renewed] = [socket(), socket()];
    sessions.enter(tab, susan);
    sessions.enter(renewed, susan);
    sessions.enter(renewed, { ...susan, expiresAt: 1_500 });
    sessions.expire(999);
    expect(tab.conn.close).not.toHaveBeenCalled();
    sessions.expire(1_000);
    expect(tab.emit).toHaveBeenCalledWith('expired_token');
    expect(tab.conn.close).toHaveBeenCalledOnce();
    expect(renewed.conn.close).not.toHaveBeenCalled();
  });
});
