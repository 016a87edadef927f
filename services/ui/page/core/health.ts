/**
 * What works and what does not, as far as this page can tell: a pure reducer over the outcomes of its own requests, and
 * the sentences in which people are told. Used by the chat and the notices above the messages.
 * Refuses to guess: a service is down because it did not answer, and up because it did.
 */
export type Service = 'messages' | 'users' | 'tokens' | 'socketio';

export interface Health {
  /** Whether anything at all answers: false when not even the balancer does. */
  readonly reachable: boolean;
  readonly down: ReadonlySet<Service>;
  readonly socket: 'connecting' | 'connected' | 'lost';
}

export type HealthEvent =
  | { type: 'answered'; service: Service }
  | { type: 'unavailable'; service: Service }
  | { type: 'unreachable' }
  | { type: 'socket'; state: Health['socket'] }
  | { type: 'socket-failed' };

export interface Notice {
  readonly title: string;
  readonly text: string;
}

export const healthy: Health = { reachable: true, down: new Set(), socket: 'connecting' };

const waiting = 'You can go on writing: what you send waits here and goes out by itself.';

const sentences: Record<Service, { name: string; title: string; text: string }> = {
  messages: {
    name: 'messages',
    title: 'Messages are not available right now.',
    text: waiting,
  },
  users: {
    name: 'who is here',
    title: 'People are not available right now.',
    text: 'Who is here may be out of date, and nobody can register. Chatting works.',
  },
  tokens: {
    name: 'signing in',
    title: 'Signing in is not available right now.',
    text: 'Whoever is signed in stays signed in. Chatting works.',
  },
  socketio: {
    name: 'live updates',
    title: 'Live updates are not available right now.',
    text: 'You can read and write: new messages are fetched every few seconds.',
  },
};

export function reduceHealth(health: Health, event: HealthEvent): Health {
  switch (event.type) {
    case 'answered':
      // Most answers are no news, and who watches need not be told.
      if (health.reachable && !health.down.has(event.service)) return health;
      return { ...health, reachable: true, down: without(health.down, event.service) };
    case 'unavailable':
      return { ...health, reachable: true, down: new Set(health.down).add(event.service) };
    case 'unreachable':
      return { ...health, reachable: false };
    case 'socket': {
      if (event.state !== 'connected') return { ...health, socket: event.state };
      return { reachable: true, down: without(health.down, 'socketio'), socket: 'connected' };
    }
    case 'socket-failed':
      // Which end it was that failed, the other requests tell.
      return { ...health, down: new Set(health.down).add('socketio'), socket: 'lost' };
  }
}

/** Whether something works now that did not before; asked the other way round, whether something is lost. */
export function isBetter(was: Health, now: Health): boolean {
  const returned = [...was.down].some((service) => !now.down.has(service));
  const connected = now.socket === 'connected' && was.socket !== 'connected';
  return returned || connected || (now.reachable && !was.reachable);
}

/** One word for the state of the connection. */
export function connectionOf(
  health: Health,
): 'connected' | 'connecting' | 'reconnecting' | 'offline' {
  if (!health.reachable) return 'offline';
  if (health.socket === 'connected') return 'connected';
  return health.socket === 'connecting' ? 'connecting' : 'reconnecting';
}

/** What there is to say about it, if anything; one notice, also where much is down: the room below is small. */
export function noticeOf(health: Health): Notice | undefined {
  if (!health.reachable) return { title: 'You are offline.', text: waiting };
  const [only, ...more] = [...health.down].sort().map((service) => sentences[service]);
  if (!only) return undefined;
  if (more.length === 0) return only;
  const names = [only, ...more].map(({ name }) => name).join(', ');
  return { title: `Some things are not available right now: ${names}.`, text: waiting };
}

function without(down: Health['down'], service: Service): Health['down'] {
  return down.has(service) ? new Set([...down].filter((other) => other !== service)) : down;
}
