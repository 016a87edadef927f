/**
 * Who each socket speaks for: the claims of the token it showed last, and the end of them.
 * inbound.ts enters sockets here, main.ts passes on revocations and the clock's ticks.
 * A session that ends (revoked or expired) tells its sockets so and closes them; the client is free
 * to come back with another token or as nobody. Tokens themselves are never kept, nor verified here.
 */
import type { Claims } from '@microflack/common/auth/authenticator.ts';

/** As much of a Socket.IO socket as is needed to end it. */
export interface EndableSocket {
  emit(event: 'expired_token'): unknown;
  readonly conn: { close(): unknown };
}

export interface Sessions<S extends EndableSocket> {
  enter(socket: S, claims: Claims): void;
  leave(socket: S): void;
  userOf(socket: S): number | undefined;
  revoke(session: string): void;
  expire(nowSeconds: number): void;
}

interface People {
  opened(userId: number): void;
  closed(userId: number): void;
}

export function createSessions<S extends EndableSocket>(people: People): Sessions<S> {
  const claimsOf = new Map<S, Claims>();

  function leave(socket: S): void {
    const claims = claimsOf.get(socket);
    if (!claims) return;
    claimsOf.delete(socket);
    people.closed(claims.userId);
  }

  function endWhere(ended: (claims: Claims) => boolean): void {
    for (const [socket, claims] of claimsOf) {
      if (!ended(claims)) continue;
      leave(socket);
      socket.emit('expired_token');
      // The transport is closed, not the namespace: clients reconnect by themselves after the former only.
      socket.conn.close();
    }
  }

  return {
    enter(socket, claims) {
      const before = claimsOf.get(socket);
      claimsOf.set(socket, claims);
      if (before?.userId === claims.userId) return;
      people.opened(claims.userId);
      if (before) people.closed(before.userId);
    },
    leave,
    userOf: (socket) => claimsOf.get(socket)?.userId,
    revoke: (session) => endWhere((claims) => claims.session === session),
    expire: (nowSeconds) => endWhere((claims) => claims.expiresAt <= nowSeconds),
  };
}
