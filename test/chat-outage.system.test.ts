/**
 * What people at the page keep while something is away: their network, a service, the sockets. Nothing of the conversation is
 * missing or doubled afterwards, and nothing that was written is lost.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import {
  freshName,
  newPerson,
  openBrowser,
  type Person,
  signInAs,
  stackUrl,
} from './browser/browser.ts';
import { start, stop } from './setup/whole.ts';

const patience = { timeout: 40_000, interval: 100 };

// Browsers share two cores with the whole stack.
vi.setConfig({ testTimeout: 120_000 });

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const marker = () => Math.random().toString(36).slice(2, 8);

/** What of this test is on the page, from the top. */
async function marked({ texts }: Person, mark: string): Promise<string[]> {
  return (await texts()).filter((text) => text.startsWith(mark));
}

test('who was offline comes back to nothing missing and nothing doubled, in order', async () => {
  const ann = await newPerson(browser, 'Ann');
  const ben = await newPerson(browser, 'Ben');
  const mark = marker();
  await ann.say(`${mark} before`);
  await ben.sees(`${mark} before`);

  await ben.offline(true);
  const away = Array.from({ length: 12 }, (_, i) => `${mark} ann ${i}`);
  await ann.say(...away);
  await ann.sees(`${mark} ann 11`);
  await ben.page.getByText('You are offline.').waitFor();
  const written = [`${mark} ben 0`, `${mark} ben 1`];
  await ben.say(...written);
  await ben.page.getByText('Not sent yet.').waitFor();
  expect(await marked(ben, mark)).toEqual([`${mark} before`, ...written]);

  await ben.offline(false);
  const all = [`${mark} before`, ...away, ...written];
  for (const person of [ann, ben]) {
    await expect.poll(() => marked(person, mark), patience).toEqual(all);
  }
  await ben.page.getByText('You are offline.').waitFor({ state: 'detached' });
  await ben.say(`${mark} after`);
  await ann.sees(`${mark} after`);
  expect(await marked(ann, mark)).toEqual([...all, `${mark} after`]);
});

test('what could not be sent survives a reload', async () => {
  const ann = await newPerson(browser, 'Ann');
  const mark = marker();
  await ann.page.route('**/api/messages', (route) =>
    route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await ann.page.routeWebSocket(/socket\.io/, (socket) => socket.close());
  await ann.page.reload();
  await ann.say(`${mark} kept`);
  await ann.page.getByText('Not sent yet.').waitFor();
  await ann.page.unrouteAll();
  const page = await ann.page.context().newPage();
  await page.goto(ann.page.url());
  await ann.page.close();
  await page.getByRole('log').getByText(`${mark} kept`).waitFor();
  await page.getByText('Not sent yet').waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('log').getByText(`${mark} kept`).waitFor();
  expect(await page.getByRole('log').getByText(`${mark} kept`).count()).toBe(1);
});

test('without messages the page says so, people and drafts stay, and what was written goes out', async () => {
  const ann = await newPerson(browser, 'Ann');
  const ben = await newPerson(browser, 'Ben');
  const mark = marker();
  await stop('messages-1');
  await ann.say(`${mark} one`, `${mark} two`);
  const notice = ann.page.getByRole('status').filter({ hasText: 'Messages are not available' });
  await notice.waitFor();
  await ann.page.getByText('Connected').waitFor();
  const carl = await joinMeanwhile();
  await ann.page.getByRole('complementary').getByText(carl).waitFor();

  await start('messages-1');
  for (const person of [ann, ben]) {
    await expect.poll(() => marked(person, mark), patience).toEqual([`${mark} one`, `${mark} two`]);
  }
  await notice.waitFor({ state: 'hidden' });
});

test('without sockets new messages are fetched, and the page says so', async () => {
  const ann = await newPerson(browser, 'Ann');
  const ben = await newPerson(browser, 'Ben');
  const mark = marker();
  await stop('socketio-1');
  await ann.page.getByText('Live updates are not available').waitFor();
  await ann.say(`${mark} slowly`);
  await ben.sees(`${mark} slowly`);
  await start('socketio-1');
  await ann.page.getByText('Connected').waitFor();
  await ann.page.getByText('Live updates are not available').waitFor({ state: 'detached' });
  await ben.say(`${mark} quickly`);
  await ann.sees(`${mark} quickly`);
  expect(await marked(ann, mark)).toEqual([`${mark} slowly`, `${mark} quickly`]);
});

/** Somebody who can join although there are no messages to show them. */
async function joinMeanwhile(): Promise<string> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const name = freshName('Carl');
  await page.goto(stackUrl());
  await signInAs(page, name);
  await page.getByRole('button', { name: `Join as ${name}` }).click();
  await page.getByText('Messages are not available').waitFor();
  return name;
}
