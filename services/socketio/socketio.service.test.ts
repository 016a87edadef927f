/** The service on real parts, with the real services around it. */
import { messageModel } from '@microflack/common/events/models.ts';
import { subscribe } from '@microflack/common/events/subscribe.ts';
import { connectEio3 } from '@microflack/common/testing/eio3-client.ts';
import { silentLog } from '@microflack/common/testing/log.ts';
import { createScope, type Scope, testParts } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Chat, startChat } from './testing/chat.ts';
import { next, openClient } from './testing/serve.ts';

const scope = createScope();
let chat: Chat;
beforeAll(async () => {
  chat = await startChat(scope);
});
afterAll(scope.close);

/** Every time somebody came or went, as the services tell each other. */
async function comingsAndGoings(test: Scope, userId: number): Promise<boolean[]> {
  const seen: boolean[] = [];
  const events = subscribe(testParts().redisUrl, {
    stream: chat.stream,
    log: silentLog,
    onEvent(event) {
      if (event.type === 'user.changed' && event.user.id === userId) seen.push(event.user.online);
    },
  });
  await events.ready;
  test.onTestFinished(events.close);
  return seen;
}

describe('presence', () => {
  it('of a person with tabs at two instances is one event when they come and one when they go', async (t) => {
    const [here, there] = [await chat.sockets(t), await chat.sockets(t)];
    const { id, token } = await chat.person();
    const seen = await comingsAndGoings(t, id);
    const tabs = [there, here, here].map(({ url }) => openClient(url, { auth: { token } }));
    await until('the person is online', () => seen.length > 0);
    await Promise.all(tabs.map((tab) => tab.emitWithAck('ping_user', token)));

    const last = tabs.pop();
    for (const tab of tabs) {
      tab.disconnect();
      await heartbeats();
      expect(seen).toEqual([true]);
    }
    last?.disconnect();
    await until('the person is offline', () => seen.length > 1);
    expect(seen).toEqual([true, false]);
  });

  it('makes no event of a heartbeat, a second tab or a reload', async (t) => {
    const { url } = await chat.sockets(t);
    const { id, token } = await chat.person();
    const seen = await comingsAndGoings(t, id);
    const tab = openClient(url, { auth: { token } });
    await until('the person is online', () => seen.length > 0);
    openClient(url, { auth: { token } });
    tab.disconnect();
    tab.connect();
    await tab.emitWithAck('ping_user', token);
    await heartbeats();
    expect(seen).toEqual([true]);
  });
});

describe('a session that ends', () => {
  it('closes its sockets at every instance within a second of being revoked, and no others', async (t) => {
    const instances = [await chat.sockets(t), await chat.sockets(t)];
    const [susan, david] = [await chat.person(), await chat.person()];
    const tabs = instances.map(({ url }) => openClient(url, { auth: { token: susan.token } }));
    const bystander = openClient(instances[0]?.url ?? '', { auth: { token: david.token } });
    await Promise.all([...tabs, bystander].map((tab) => next(tab, 'connect')));
    const ended = tabs.flatMap((tab) => [next(tab, 'expired_token'), next(tab, 'disconnect')]);

    const revokedAt = performance.now();
    await chat.revoke(susan.token);
    await Promise.all(ended);
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect(bystander.connected).toBe(true);
  });

  it('is noticed within a second where the event of its revocation got lost', async (t) => {
    const { url } = await chat.sockets(t, { EVENTS_STREAM: `${chat.stream}:nobody-writes-here` });
    const { token } = await chat.person();
    const tab = openClient(url, { auth: { token } });
    await next(tab, 'connect');
    const ended = [next(tab, 'expired_token'), next(tab, 'disconnect')];
    const revokedAt = performance.now();
    await chat.revoke(token);
    await Promise.all(ended);
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
  });

  it('closes a polling client of 2017 as well, after telling it', async (t) => {
    const { url } = await chat.sockets(t);
    const { token } = await chat.person();
    const tab = await connectEio3(url);
    await tab.sendPacket(`420["ping_user","${token}"]`);
    await until('the answer', async () =>
      (await tab.poll())?.some((text) => text.startsWith('430')),
    );
    await chat.revoke(token);
    await until(
      'the end',
      async () => (await tab.poll()) === undefined || tab.packets.includes('1'),
    );
    expect(tab.packets).toContain('42["expired_token"]');
  });

  it('does not come back with the socket that reconnects by itself', async (t) => {
    const { url } = await chat.sockets(t);
    const { token } = await chat.person();
    const tab = openClient(url, { auth: { token }, reconnectionDelay: 10 });
    await next(tab, 'connect');
    await chat.revoke(token);
    await next(tab, 'disconnect');
    await next(tab, 'expired_token');
    expect(await tab.emitWithAck('ping_user', token)).toMatchObject({ error: { status: 401 } });
  });

  it('is told of the end of its token, unless it showed another in time', async (t) => {
    const { url } = await chat.sockets(t);
    const { id } = await chat.person();
    const token = chat.tokenFor(id, 2);
    const [tab, renewed] = [
      openClient(url, { auth: { token } }),
      openClient(url, { auth: { token } }),
    ];
    await renewed.emitWithAck('ping_user', chat.tokenFor(id));
    await Promise.all([next(tab, 'expired_token'), next(tab, 'disconnect')]);
    expect(Date.now() / 1_000).toBeGreaterThanOrEqual(expiryOf(token));
    expect(renewed.connected).toBe(true);
  });
});

describe('a message', () => {
  it('posted at one instance is acknowledged, and arrives everywhere, also at the polling client of 2017', async (t) => {
    const [here, there] = [await chat.sockets(t), await chat.sockets(t)];
    const { id, token } = await chat.person();
    const old = await connectEio3(there.url);
    const [sender, reader] = [openClient(here.url), openClient(there.url)];
    await Promise.all([sender, reader].map((tab) => next(tab, 'connect')));
    const pushed = next(reader, 'updated_model');

    const source = 'Good *morning* 😀 漢字';
    const answer = posted.parse(
      await sender.emitWithAck('post_message', { source, key: 'k1' }, token),
    );
    expect(answer.message).toMatchObject({ source, user_id: id, room: 'general', key: 'k1' });
    expect(await pushed).toEqual({ class: 'Message', model: answer.message });
    await until('the push to the old client', async () => {
      await old.poll();
      return old.events().some(([name]) => name === 'updated_model');
    });
    expect(old.events()).toContainEqual([
      'updated_model',
      { class: 'Message', model: answer.message },
    ]);

    const again = await sender.emitWithAck('post_message', { source, key: 'k1' }, token);
    expect(again).toEqual(answer);
  });

  it('of the polling client of 2017 is posted without an acknowledgement', async (t) => {
    const { url } = await chat.sockets(t);
    const { token } = await chat.person();
    const old = await connectEio3(url);
    await old.emit('post_message', { source: 'from long ago' }, token);
    await until('its own push', async () => {
      await old.poll();
      return old.packets.some((packet) => packet.includes('"source":"from long ago"'));
    });
  });

  it('that the messages service refuses is answered with its problem', async (t) => {
    const { url } = await chat.sockets(t);
    const { token } = await chat.person();
    const answer = await openClient(url).emitWithAck('post_message', { source: '   ' }, token);
    expect(answer).toMatchObject({ error: { status: 400, code: 'invalid_request' } });
  });
});

describe('an instance that leaves', () => {
  it('asks its sockets to reconnect before it closes them, and takes its people along', async (t) => {
    const [leaving, staying] = [await chat.sockets(t), await chat.sockets(t)];
    const { id, token } = await chat.person();
    const seen = await comingsAndGoings(t, id);
    const tab = openClient(leaving.url, { auth: { token }, reconnection: false });
    await until('the person is online', () => seen.length > 0);

    const stopped = leaving.stop();
    expect(await next(tab, 'reconnect_soon')).toEqual({ within_ms: 1_000 });
    expect(tab.connected).toBe(true);
    const elsewhere = openClient(staying.url, { auth: { token } });
    await elsewhere.emitWithAck('ping_user', token);
    await next(tab, 'disconnect');
    await stopped;
    expect(seen).toEqual([true]);
    elsewhere.disconnect();
    await until('the person is offline', () => seen.length > 1);
  });
});

const posted = z.object({ message: messageModel });

/** The seconds at which a token ends, as it says itself. */
function expiryOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return z.object({ exp: z.number() }).parse(JSON.parse(payload)).exp;
}

/** Five of them have been: what they would have changed has changed by now. */
const heartbeats = () => new Promise((resolve) => setTimeout(resolve, 1_000));
