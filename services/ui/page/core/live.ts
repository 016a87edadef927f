/**
 * The socket: hears what happens in the rooms, says who is here, and posts. WebSocket first, polling where that is blocked.
 * Used by the chat. What a drop of the connection cost is not its business: it says that it was away, and the
 * room keeper catches up. Refuses to hand on a push that its schema does not know.
 */
import { io } from 'socket.io-client';
import type { ZodMiniType } from 'zod/mini';
import { ApiError, errorFrom } from './api.ts';
import type { HealthEvent } from './health.ts';
import {
  beaconModel,
  type Message,
  type Person,
  postAnswerModel,
  reconnectModel,
  updatedModel,
} from './models.ts';

export type Live = ReturnType<typeof createLive>;

interface LiveOptions {
  readonly token: () => string | undefined;
  readonly onMessage: (message: Message) => void;
  readonly onPerson: (person: Person) => void;
  readonly onBeacon: (room: string, change: number) => void;
  readonly onState: (event: HealthEvent) => void;
  /** The server does not take this token any more. */
  readonly onRefused: (token: string) => void;
}

const answerTimeoutMs = 8000;
const firstPauseMs = 500;
const longestPauseMs = 5000;
const serverClosedPauseMs = 1000;
/** One failed attempt is a bad moment, as when a balancer reloads; after this many people are told. */
const failuresToTell = 2;

export function createLive(options: LiveOptions) {
  const { token, onMessage, onPerson, onBeacon, onState, onRefused } = options;
  const socket = io({
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: firstPauseMs,
    reconnectionDelayMax: longestPauseMs,
  });
  let failures = 0;
  let moving: ReturnType<typeof setTimeout> | undefined;

  /** Says who is here, with the token of this moment: at every connection, and when the token was renewed. */
  function greet(): void {
    if (socket.connected) socket.emit('ping_user', token() ?? '');
  }

  function connectIn(ms: number): void {
    clearTimeout(moving);
    moving = setTimeout(() => socket.disconnect().connect(), ms);
  }

  function on<T>(event: string, model: ZodMiniType<T>, handle: (value: T) => void): void {
    socket.on(event, (payload: unknown) => {
      const parsed = model.safeParse(payload);
      if (parsed.success) handle(parsed.data);
    });
  }

  socket.on('connect', () => {
    failures = 0;
    greet();
    onState({ type: 'socket', state: 'connected' });
  });
  socket.on('disconnect', (reason) => {
    onState({ type: 'socket', state: 'lost' });
    // The one case in which the client does not come back by itself.
    if (reason === 'io server disconnect') connectIn(serverClosedPauseMs);
  });
  socket.on('connect_error', () => {
    failures += 1;
    if (failures >= failuresToTell) onState({ type: 'socket-failed' });
  });
  socket.on('expired_token', () => {
    const refused = token();
    if (refused) onRefused(refused);
  });
  on('updated_model', updatedModel, (update) => {
    if (update.class === 'Message') onMessage(update.model);
    else onPerson(update.model);
  });
  on('room_beacon', beaconModel, ({ room, change }) => onBeacon(room, change));
  on('reconnect_soon', reconnectModel, ({ within_ms }) => connectIn(Math.random() * within_ms));

  return {
    greet,
    connected: () => socket.connected,
    /** Do not wait for the next attempt: the network is back. */
    hurry(): void {
      if (!socket.connected) connectIn(0);
    },
    /** The network is away: who has sent something need not wait until its answer is overdue. */
    drop(): void {
      if (socket.connected) socket.io.engine.close();
    },
    async post({
      key,
      room,
      source,
    }: {
      key: string;
      room: string;
      source: string;
    }): Promise<Message> {
      const sending = socket.timeout(answerTimeoutMs);
      const answer = await sending
        .emitWithAck('post_message', { source, room, key }, token() ?? '')
        .then(
          (value: unknown) => postAnswerModel.safeParse(value),
          (cause: unknown) => {
            throw new ApiError('unavailable', 'No answer in time.', { cause });
          },
        );
      if (!answer.success) throw new ApiError('unavailable', 'The answer was not understood.');
      if ('message' in answer.data) return answer.data.message;
      throw errorFrom(answer.data.error.status ?? 500, answer.data.error);
    },
    stop(): void {
      clearTimeout(moving);
      socket.disconnect();
    },
  };
}
