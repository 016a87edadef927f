/** Links are read after the acknowledgement, and their cards appended as one more change of the room. */
import type { RequestListener } from 'node:http';
import type { RunningService } from '@microflack/common/service.ts';
import { createScope } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { dangersIn } from './testing/dangers.ts';
import { htmlPage, type PageServer, servePages } from './testing/local-server.ts';
import { call, list, post, startWorld, type World } from './testing/world.ts';

const scope = createScope();
afterAll(scope.close);

let world: World;
let service: RunningService;
let ada: string;
let pages: PageServer;
/** Not among the exempt: for the fetcher it is inside. */
let inside: PageServer;
/** What the pages server does with a request, by path; a test adds its own. */
const paths = new Map<string, RequestListener>();

beforeAll(async () => {
  pages = await servePages(scope, (request, response) => {
    const listener = paths.get(request.url ?? '') ?? htmlPage('T', 'D');
    listener(request, response);
  });
  inside = await servePages(scope, htmlPage('secret', 'secret'));
  world = await startWorld(scope);
  service = await world.instance({ LINKS_EXEMPT: pages.place });
  ada = world.token(1);
});

const message = async (id: number) => (await call(service, 'GET', `/api/messages/${id}`)).body;
const htmlOf = async (id: number) => z.object({ html: z.string() }).parse(await message(id)).html;
const card = (url: string, title: string, description: string) =>
  `<blockquote><p><a href="${url}">${title}</a></p><p>${description}</p></blockquote>`;

/** Nothing is left to be done for the message, whatever came of it. */
const linksDone = (id: number) =>
  until('the links are done', async () => {
    const [rows] = await world.pool.query(
      'SELECT 1 FROM messages WHERE id = ? AND links_due_at IS NULL',
      [id],
    );
    return Array.isArray(rows) && rows.length === 1;
  });

test('a readable link appends its card: one change further on, published, and no edit', async () => {
  const url = `${pages.url}/plain`;
  const posted = await post(service, ada, `see ${url}`);
  expect(posted.html).toBe(`<p>see <a href="${url}" rel="nofollow" target="_blank">${url}</a></p>`);
  await linksDone(posted.id);
  const html = posted.html + card(url, 'T', 'D');
  expect(await message(posted.id)).toMatchObject({
    html,
    source: posted.source,
    rev: 0,
    seq: posted.seq,
    change: posted.change + 1,
  });
  const { messages } = await list(service, `?after=${posted.change}`);
  expect(messages).toMatchObject([{ id: posted.id, html }]);
  await until('the event', async () =>
    (await world.events()).some(
      (event) => event.type === 'message.changed' && event.message.html === html,
    ),
  );
});

test('what the page does not say is said for it', async () => {
  const url = `${pages.url}/bare`;
  paths.set('/bare', (_request, response) => {
    response.setHeader('content-type', 'text/html').end('<p>nothing</p>');
  });
  const { id } = await post(service, ada, url);
  await linksDone(id);
  expect(await htmlOf(id)).toContain(card(url, url, 'No description found.'));
});

test('three links of a message are read, in their order, each once', async () => {
  const urls = ['a', 'b', 'c', 'd'].map((name) => `${pages.url}/${name}`);
  for (const name of ['a', 'b', 'c']) paths.set(`/${name}`, htmlPage(name, name));
  const { id, html } = await post(service, ada, [...urls, ...urls].join('\n\n'));
  await linksDone(id);
  const cards = ['a', 'b', 'c'].map((name, index) => card(urls[index] ?? '', name, name));
  expect(await htmlOf(id)).toBe(html + cards.join(''));
  expect(pages.requests.filter((path) => ['/a', '/b', '/c', '/d'].includes(path)).sort()).toEqual([
    '/a',
    '/b',
    '/c',
  ]);
});

test('a title is text, whatever the page puts into it', async () => {
  const evil = '&lt;img src=x onerror=alert(1)&gt;&lt;/a&gt;&lt;script&gt;';
  paths.set('/evil', htmlPage(`${evil}<script>alert(1)</script>`, `&quot;&gt;${evil}`));
  const { id } = await post(service, ada, `${pages.url}/evil`);
  await linksDone(id);
  const html = await htmlOf(id);
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(dangersIn(html)).toEqual([]);
});

test('a link that cannot be read leaves the message as it is, and takes no number', async () => {
  paths.set('/gone', (_request, response) => response.writeHead(404).end());
  const { id, html, change } = await post(service, ada, `${pages.url}/gone`);
  await linksDone(id);
  expect(await message(id)).toMatchObject({ html, change });
});

test('nothing inside is asked for, by whatever way', async () => {
  paths.set('/inward', (_request, response) => {
    response.writeHead(302, { location: inside.url }).end();
  });
  const ways = [
    inside.url,
    `http://localhost:${inside.port}/`,
    `http://[::ffff:127.0.0.1]:${inside.port}/`,
    `${pages.url}/inward`,
  ];
  for (const way of ways) {
    const { id, html } = await post(service, ada, `[link](${way})`);
    await linksDone(id);
    expect(await htmlOf(id)).toBe(html);
  }
  expect(inside.requests).toEqual([]);
});

test('an edit reads the new links, and cards of what was there before do not come back', async () => {
  const slow = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  paths.set('/slow', async (request, response) => {
    asked.resolve();
    await slow.promise;
    htmlPage('old', 'old')(request, response);
  });
  paths.set('/new', htmlPage('new', 'new'));
  const { id } = await post(service, ada, `${pages.url}/slow`);
  await asked.promise;
  const body = { source: `${pages.url}/new` };
  await call(service, 'PUT', `/api/messages/${id}`, { token: ada, body });
  await linksDone(id);
  const edited = await message(id);
  expect(edited).toMatchObject({ rev: 1, html: expect.stringContaining('new') });
  slow.resolve();
  await linksRead();
  expect(await message(id)).toEqual(edited);
});

test('a message that was deleted meanwhile stays deleted', async () => {
  const slow = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  paths.set('/late', async (request, response) => {
    asked.resolve();
    await slow.promise;
    htmlPage('late', 'late')(request, response);
  });
  const { id, change } = await post(service, ada, `${pages.url}/late`);
  await asked.promise;
  await call(service, 'DELETE', `/api/messages/${id}`, { token: ada });
  slow.resolve();
  await linksRead();
  const { messages } = await list(service, `?after=${change}`);
  expect(messages.find((one) => one.id === id)).toMatchObject({ deleted: true, html: '' });
});

test('what an instance left behind is done by one other, and once', async () => {
  const url = `${pages.url}/left-behind`;
  paths.set('/left-behind', htmlPage('found', 'found'));
  const { id, html } = await post(service, ada, 'to be replaced');
  // As an instance leaves it that dies between the acknowledgement and the cards.
  await world.pool.query(
    'UPDATE messages SET source = ?, links_due_at = UNIX_TIMESTAMP() - 1 WHERE id = ?',
    [url, id],
  );
  const sweeping = { LINKS_EXEMPT: pages.place, LINKS_SWEEP_INTERVAL_MS: '20' };
  await Promise.all([world.instance(sweeping), world.instance(sweeping)]);
  await linksDone(id);
  expect(await htmlOf(id)).toBe(html + card(url, 'found', 'found'));
  expect(pages.requests.filter((path) => path === '/left-behind')).toHaveLength(1);
});

/** Jobs are run in their order, some at once: when these are done, those before them are. */
async function linksRead(): Promise<void> {
  for (let jobs = 0; jobs < 8; jobs += 1) {
    await linksDone((await post(service, ada, `${pages.url}/barrier`)).id);
  }
}
