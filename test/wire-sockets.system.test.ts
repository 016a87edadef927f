/**
 * The Socket.IO wire through HAProxy: clients of 2017 by each way they can connect, without a change, and clients of
 * today by theirs. They hear the same.
 */
import type { Message } from '@microflack/common/events/models.ts';
import { connectEio3, type Eio3Client } from '@microflack/common/testing/eio3-client.ts';
import { until } from '@microflack/common/testing/until.ts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expectUnauthorized } from './client/expect.ts';
import { call, wholeUrl } from './client/http.ts';
import { aPerson, mark, type Person, post, signIn } from './client/person.ts';
import { openSocket, type Update, update } from './client/socket.ts';

const patienceMs = 20_000;

/** What a client of 2017 was pushed, its polling done on the way. */
async function pushed<T>(old: Eio3Client, what: string, found: (all: Update[]) => T | undefined) {
  return until(
    what,
    async () => {
      const all = old.events().flatMap(([name, payload]) => {
        return name === 'updated_model' ? [update.parse(payload)] : [];
      });
      return found(all) ?? (await old.poll().then(() => undefined));
    },
    patienceMs,
  );
}

const messageWith = (word: string) => (all: Update[]) =>
  all
    .flatMap((one) =>
      one.class === 'Message' && one.model.source.includes(word) ? [one.model] : [],
    )
    .at(-1);

const presenceOf = (person: Person, online: boolean) => (all: Update[]) =>
  all.find(
    (one) => one.class === 'User' && one.model.id === person.id && one.model.online === online,
  );

async function refusals(old: Eio3Client, count: number): Promise<void> {
  const told = () => old.events().filter(([name]) => name === 'expired_token').length === count;
  const poll = () => old.poll().then(() => false);
  await until(`refusal ${count}`, async () => told() || (await poll()), patienceMs);
}

describe.for(['polling', 'websocket', 'polling, then websocket'] as const)(
  'a client of 2017 over %s',
  (transport) => {
    test('comes online, talks, is heard and leaves', async () => {
      const person = await aPerson();
      await call('DELETE', '/api/users/me', { bearer: person.token });
      const { updates } = await openSocket();
      const old = await connectEio3(wholeUrl(), transport);

      await old.emit('ping_user', person.token);
      await pushed(old, 'it is told of itself', presenceOf(person, true));
      await until('so is everybody', () => presenceOf(person, true)(updates), patienceMs);

      const word = mark();
      await old.emit('post_message', { source: `**${word}** 👩‍💻 漢字` }, person.token);
      const own = await pushed(old, 'its own message comes back', messageWith(word));
      expect(own.source).toBe(`**${word}** 👩‍💻 漢字`);
      expect(own).toMatchObject({
        user_id: person.id,
        html: expect.stringContaining(`<strong>${word}</strong>`),
      });
      expect((await call('GET', own._links.self)).body).toEqual(own);
      expect(await until('others have it', () => messageWith(word)(updates), patienceMs)).toEqual(
        own,
      );

      const json = { source: `${word} said better` };
      await call('PUT', own._links.self, { bearer: person.token, json });
      const isBetter = (all: Update[]) => messageWith('said better')(all);
      expect(await pushed(old, 'the edited message', isBetter)).toMatchObject({
        id: own.id,
        ...json,
      });

      await old.close();
      await until('everybody sees them go', () => presenceOf(person, false)(updates), patienceMs);
    });

    test('is told of a bad token, and goes on listening', async () => {
      const person = await aPerson();
      const old = await connectEio3(wholeUrl(), transport);
      await old.emit('ping_user', 'rubbish');
      await refusals(old, 1);

      const word = mark();
      await old.emit('post_message', { source: `${word} forged` }, `${person.token}x`);
      await refusals(old, 2);
      await post(person.token, `${word} genuine`);
      const heard = await pushed(old, 'what others say', messageWith(word));
      expect(heard.source).toBe(`${word} genuine`);
      await old.close();
    });

    test('keeps the connection by its pings', async () => {
      const old = await connectEio3(wholeUrl(), transport);
      await old.sendPacket('2');
      await until('the answer', async () => {
        await old.poll();
        return old.packets.includes('3');
      });
      expect(old.cookie?.startsWith('io=') ?? false).toBe(transport !== 'websocket');
      await old.close();
    });
  },
);

const acknowledged = z.object({ message: z.custom<Message>() });

test.for([[['websocket']], [['polling']], [['polling', 'websocket']]])(
  'a client of today over %j is acknowledged, hears everything, and is told of a bad token',
  async ([transports = []]) => {
    const person = await aPerson();
    await call('DELETE', '/api/users/me', { bearer: person.token });
    const { socket, updates } = await openSocket({ transports, auth: { token: person.token } });
    await until('it is told of itself', () => presenceOf(person, true)(updates), patienceMs);
    const ping: unknown = await socket.emitWithAck('ping_user', person.token);
    expect(ping).toMatchObject({ user_id: person.id });

    const word = mark();
    const draft = { source: `${word} 👩‍💻 漢字`, key: word };
    const send = async () =>
      acknowledged.parse(await socket.emitWithAck('post_message', draft, person.token)).message;
    const message = await send();
    expect(message).toMatchObject({ source: draft.source, key: word, user_id: person.id });
    expect(await send()).toEqual(message);
    expect(await until('the push', () => messageWith(word)(updates), patienceMs)).toEqual(message);

    const refused = new Promise((resolve) => socket.once('expired_token', resolve));
    const answer: unknown = await socket.emitWithAck('post_message', draft, 'rubbish');
    expect(answer).toMatchObject({ error: { status: 401 } });
    await refused;
    expect(socket.connected).toBe(true);
  },
);

test('somebody who registers or changes their name is pushed to everybody', async () => {
  const { updates } = await openSocket();
  const old = await connectEio3(wholeUrl());
  const person = await aPerson();
  const isNew = (all: Update[]) => all.find(({ model }) => model.id === person.id);
  await until('the news', () => isNew(updates), patienceMs);
  const nickname = `${person.nickname}-2`;
  await call('PUT', `/api/users/${person.id}`, { bearer: person.token, json: { nickname } });
  const isRenamed = (all: Update[]) =>
    all.find((one) => one.class === 'User' && one.model.nickname === nickname);
  await until('the new name', () => isRenamed(updates), patienceMs);
  await pushed(old, 'the new name at the old client', isRenamed);
  await old.close();
});

test('a session that ends closes its sockets, and no others of the same person', async () => {
  const person = await aPerson();
  const [token, other] = [person.token, await signIn(person.login)];
  const [ended, goesOn] = [await openSocket(), await openSocket()];
  await ended.socket.emitWithAck('ping_user', token);
  await goesOn.socket.emitWithAck('ping_user', other);
  const told = new Promise((resolve) => ended.socket.once('expired_token', resolve));
  const closed = new Promise((resolve) => ended.socket.once('disconnect', resolve));
  await call('DELETE', '/api/tokens', { bearer: token });
  const answeredAt = performance.now();
  await Promise.all([told, closed]);
  expect(performance.now() - answeredAt).toBeLessThan(1_000);
  expect(goesOn.socket.connected).toBe(true);
  expectUnauthorized(await call('PUT', '/api/users/me', { bearer: token }));
});
