/** The REST wire of the Python MicroFlack, through HAProxy: messages. */
import { messageModel } from '@microflack/common/events/models.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expectProblem, expectUnauthorized } from './client/expect.ts';
import { call } from './client/http.ts';
import { aPerson, type Person, post } from './client/person.ts';

const messageList = z.object({ messages: z.array(messageModel) });

let susan: Person;
let david: Person;

beforeAll(async () => {
  [susan, david] = await Promise.all([aPerson(), aPerson()]);
});

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

describe('/api/messages', () => {
  test('POST stores a message, rendered', async () => {
    const source = '*hello* http://microflack.invalid <script>alert(1)</script>';
    const answer = await call('POST', '/api/messages', { bearer: susan.token, json: { source } });
    expect(answer.status).toBe(201);
    const message = messageModel.parse(answer.body);
    expect(answer.headers.location).toBe(`/api/messages/${message.id}`);
    expect(message).toMatchObject({ source, user_id: susan.id });
    expect(message._links.self).toBe(`/api/messages/${message.id}`);
    expect((await call('GET', message._links.user)).body).toMatchObject({ id: susan.id });
    expect(message.html).toContain('<em>hello</em>');
    expect(message.html).toMatch(/<a href="http:\/\/microflack\.invalid"[^>]* rel="nofollow"/);
    expect(message.html).not.toContain('<script');
  });

  test('POST takes a message of somebody, and nothing else', async () => {
    expectUnauthorized(await call('POST', '/api/messages', { json: { source: 'from nobody' } }));
    for (const request of [{ json: {} }, { text: 'no JSON' }]) {
      expectProblem(await call('POST', '/api/messages', { bearer: susan.token, ...request }), 400);
    }
  });

  test('GET lists what changed since, the oldest change first', async () => {
    const { id, updated_at } = await post(susan.token, 'one of many');
    await post(david.token, 'another');
    const list = async (query: string) =>
      messageList.parse((await call('GET', `/api/messages${query}`)).body).messages;
    for (const query of ['', '?updated_since=0', `?updated_since=${updated_at}`]) {
      const times = (await list(query)).map((message) => message.updated_at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect((await list(query)).map((message) => message.id)).toContain(id);
    }
    expect(await list(`?updated_since=${nowSeconds() + 60}`)).toEqual([]);
  });
});

describe('/api/messages/ID', () => {
  test('GET is a message, and a 404 for none', async () => {
    const message = await post(susan.token, 'read me');
    expect((await call('GET', message._links.self)).body).toEqual(message);
    expectProblem(await call('GET', '/api/messages/999999999'), 404);
  });

  test('PUT changes what its author said', async () => {
    const { _links } = await post(susan.token, 'first thought');
    const json = { source: '**second** thought' };
    const { status, body } = await call('PUT', _links.self, { bearer: susan.token, json });
    expect([status, body]).toEqual([204, '']);
    const changed = messageModel.parse((await call('GET', _links.self)).body);
    expect(changed.source).toBe(json.source);
    expect(changed.html).toContain('<strong>second</strong>');
    expectUnauthorized(await call('PUT', _links.self, { json }));
    expectProblem(await call('PUT', _links.self, { bearer: david.token, json }), 403);
    expectProblem(await call('PUT', '/api/messages/999999999', { bearer: david.token, json }), 404);
  });
});
