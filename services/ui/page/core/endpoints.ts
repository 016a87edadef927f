/**
 * The wire of MicroFlack as functions: what the page asks of users, tokens and messages. Used by the keepers.
 * A call on somebody's behalf goes through `authorized`: where its token is refused, a fresh one is asked for and the call
 * made once more. Refuses to hold state, and to hand on an answer that its schema does not know.
 */
import type { ZodMiniType } from 'zod/mini';
import { type ApiCall, ApiError, type CallApi } from './api.ts';
import {
  type Message,
  type MessagePage,
  messageModel,
  messagePageModel,
  type Person,
  peopleModel,
  personModel,
  type Ranking,
  rankingModel,
  roomsModel,
  servicesModel,
  tokenModel,
} from './models.ts';

/** Where the tokens for calls come from. */
export interface TokenSource {
  current(): string | undefined;
  /** A token was refused: gives another one that may work, or nothing when the session is over. */
  replace(refused: string): Promise<string | undefined>;
}

export type Endpoints = ReturnType<typeof createEndpoints>;

const pageSize = 50;
const catchUpSize = 200;

export function createEndpoints(call: CallApi, tokens: TokenSource) {
  async function ask<T>(model: ZodMiniType<T>, request: ApiCall): Promise<T> {
    const answer = model.safeParse(await call(request));
    if (answer.success) return answer.data;
    throw new ApiError('unavailable', 'The answer was not understood.', { cause: answer.error });
  }

  async function authorized<T>(send: (authorization: string) => Promise<T>): Promise<T> {
    const token = tokens.current();
    if (!token) throw new ApiError('refused', 'Not signed in.', { status: 401 });
    try {
      return await send(`Bearer ${token}`);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      const fresh = await tokens.replace(token);
      if (!fresh) throw error;
      return await send(`Bearer ${fresh}`);
    }
  }

  const messages = (query: Record<string, string | number>): Promise<MessagePage> =>
    ask(messagePageModel, {
      service: 'messages',
      method: 'GET',
      path: withQuery('/api/messages', query),
    });

  return {
    rooms: async (): Promise<string[]> => {
      const path = '/api/messages/rooms';
      const answer = await ask(roomsModel, { service: 'messages', method: 'GET', path });
      return answer.rooms.map((room) => room.name);
    },
    latest: (room: string) => messages({ room, latest: pageSize }),
    after: (room: string, after: number) => messages({ room, after, limit: catchUpSize }),
    before: (room: string, seq: number) => messages({ room, before: seq, limit: pageSize }),

    post: (letter: { key: string; room: string; source: string }): Promise<Message> =>
      authorized((authorization) => {
        const { key, room, source } = letter;
        const path = '/api/messages';
        const body = { source, room };
        return ask(messageModel, {
          service: 'messages',
          method: 'POST',
          path,
          body,
          key,
          authorization,
        });
      }),
    edit: (id: number, source: string) =>
      authorized((authorization) =>
        call({
          service: 'messages',
          method: 'PUT',
          path: `/api/messages/${id}`,
          body: { source },
          authorization,
        }),
      ),
    remove: (id: number) =>
      authorized((authorization) =>
        call({ service: 'messages', method: 'DELETE', path: `/api/messages/${id}`, authorization }),
      ),

    /** The names of those that are there, of the services that the chat does without. */
    services: async (): Promise<string[]> =>
      (await ask(servicesModel, { method: 'GET', path: '/services' })).services,
    mostActive: (): Promise<Ranking> =>
      ask(rankingModel, { method: 'GET', path: '/api/popularity' }),

    people: async (updatedSince: number): Promise<Person[]> => {
      const path = withQuery('/api/users', { updated_since: updatedSince });
      return (await ask(peopleModel, { service: 'users', method: 'GET', path })).users;
    },
    person: (id: number): Promise<Person> =>
      ask(personModel, { service: 'users', method: 'GET', path: `/api/users/${id}` }),
    register: (nickname: string, password: string): Promise<Person> => {
      const body = { nickname, password };
      return ask(personModel, { service: 'users', method: 'POST', path: '/api/users', body });
    },

    signIn: async (nickname: string, password: string): Promise<string> => {
      const authorization = `Basic ${base64(`${nickname}:${password}`)}`;
      const path = '/api/tokens';
      return (await ask(tokenModel, { service: 'tokens', method: 'POST', path, authorization }))
        .token;
    },
    renew: async (token: string): Promise<string> => {
      const authorization = `Bearer ${token}`;
      const path = '/api/tokens';
      return (await ask(tokenModel, { service: 'tokens', method: 'PUT', path, authorization }))
        .token;
    },
    signOut: (token: string) =>
      call({
        service: 'tokens',
        method: 'DELETE',
        path: '/api/tokens',
        authorization: `Bearer ${token}`,
      }),
  };
}

function withQuery(path: string, query: Record<string, string | number>): string {
  const entries = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return `${path}?${new URLSearchParams(entries)}`;
}

/** Of the UTF-8 bytes, so that a nickname may be in any script. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
