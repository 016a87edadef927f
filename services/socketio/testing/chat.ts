/**
 * The chat around the service under test: real users, tokens and messages services on the tests' parts, people who
 * are signed in, and socketio instances that come and go with a test.
 */
import type { BaseSettings } from '@microflack/common/config.ts';
import { type Message, messageModel } from '@microflack/common/events/models.ts';
import {
  type RunningService,
  type ServiceDefinition,
  startService,
} from '@microflack/common/service.ts';
import { random, type Scope, testParts, testSettings } from '@microflack/common/testing/parts.ts';
import { z } from 'zod';
import { messages } from '../../messages/service.ts';
import { newSession } from '../../tokens/claims.ts';
import { signingKeys } from '../../tokens/keys.ts';
import { tokens } from '../../tokens/service.ts';
import { createSigner } from '../../tokens/signer.ts';
import { users } from '../../users/service.ts';
import { socketio } from '../service.ts';

const user = z.object({ id: z.number() });

export interface Person {
  id: number;
  token: string;
}

export interface Chat {
  stream: string;
  /** Another instance of socketio, gone when the test ends. */
  sockets(scope: Scope, settings?: Record<string, string>): Promise<RunningService>;
  /**
   * Registered, and with a token. Not signed in by password: that alone would make them online for a while, and
   * hide what their sockets do.
   */
  person(): Promise<Person>;
  tokenFor(userId: number, lifeSeconds?: number): string;
  /** Over REST, as somebody else's client may. */
  post(source: string, token: string): Promise<Message>;
  revoke(token: string): Promise<void>;
}

export async function startChat(
  scope: Scope,
  settings: Record<string, string> = {},
): Promise<Chat> {
  const stream = `t:${random()}`;
  const extra = { ...settings, EVENTS_STREAM: stream };
  const start = async <C extends BaseSettings>(
    definition: ServiceDefinition<C>,
  ): Promise<string> => {
    const environment = await testSettings(scope, definition.name, extra);
    const service = await startService(definition, environment);
    scope.onTestFinished(service.stop);
    return service.url;
  };
  const tokensUrl = await start(tokens);
  const usersUrl = await start(users);
  const messagesUrl = await start(messages);
  const signer = createSigner(signingKeys.parse(testParts().tokenSigningKeys));

  function tokenFor(userId: number, lifeSeconds = 3_600): string {
    const nowSeconds = Math.floor(Date.now() / 1_000);
    return signer.sign({ ...newSession(userId, nowSeconds), exp: nowSeconds + lifeSeconds });
  }

  return {
    stream,
    async sockets(test, settings = {}) {
      const environment = await testSettings(test, 'socketio', { ...extra, ...quick, ...settings });
      const service = await startService(socketio, environment);
      test.onTestFinished(service.stop);
      return service;
    },
    async person() {
      const { id } = user.parse(
        await answerOf(`${usersUrl}/api/users`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ nickname: `n${random()}`, password: 'correct horse' }),
        }),
      );
      return { id, token: tokenFor(id) };
    },
    tokenFor,
    async post(source, token) {
      return messageModel.parse(
        await answerOf(`${messagesUrl}/api/messages`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ source }),
        }),
      );
    },
    async revoke(token) {
      await answerOf(`${tokensUrl}/api/tokens`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${token}` },
      });
    },
  };
}

/** Waiting is what presence does most: in tests a fraction of it will do. */
const quick = { PRESENCE_GRACE_MS: '300', PRESENCE_HEARTBEAT_MS: '200' };

async function answerOf(url: string, init: RequestInit): Promise<unknown> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${init.method} ${url}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
