/** People chat at the page, through HAProxy, on the whole stack: what the chat is there for. */
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  freshName,
  newPerson,
  openBrowser,
  password,
  personAt,
  signInAs,
  stackUrl,
} from './browser/browser.ts';

// Browsers share two cores with the whole stack.
vi.setConfig({ testTimeout: 120_000 });

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const marker = () => Math.random().toString(36).slice(2, 8);

/** Waits for a condition of the page that no locator can wait for. */
const eventually = (condition: () => Promise<void>) =>
  expect.poll(() => condition().then(() => 'so', String), { timeout: 15_000 }).toBe('so');

test('two people join, and see what the other writes, changes and takes back', async () => {
  const ann = await newPerson(browser, 'Ann');
  const ben = await newPerson(browser, 'Ben');
  const here = ben.page.getByRole('complementary', { name: 'Panels' });
  await here.getByText(ann.name).waitFor();

  const mark = marker();
  await ann.say(`**Hello** ${mark}, see \`mf up\` and https://example.com/${mark}`);
  await ben.sees(`Hello ${mark}`);
  const line = ben.page.getByRole('article').filter({ hasText: mark });
  expect(await line.locator('strong').textContent()).toBe('Hello');
  expect(await line.locator('code').textContent()).toBe('mf up');
  expect(await line.getByRole('link').first().getAttribute('rel')).toBe('nofollow');

  await ben.say(`你好，${mark} 👩‍💻🎉`);
  await ann.sees(`你好，${mark} 👩‍💻🎉`);

  const composer = ann.page.getByRole('textbox', { name: 'Message #general' });
  await composer.press('ArrowUp');
  const editor = ann.page.getByRole('textbox', { name: 'Edit message' });
  await editor.fill(`Goodbye ${mark}`);
  await editor.press('Enter');
  await ben.sees(`Goodbye ${mark}`);
  await line.filter({ hasText: 'edited' }).waitFor();

  const own = ann.page.getByRole('article').filter({ hasText: `Goodbye ${mark}` });
  await own.hover();
  await own.getByRole('button', { name: 'Delete message' }).click();
  await ann.page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await line.filter({ hasText: 'Goodbye' }).waitFor({ state: 'detached' });
});

test('the form tells what is wrong, and offers a nickname that is free', async () => {
  const ann = await newPerson(browser, 'Ann');
  const page = await (await browser.newContext()).newPage();
  await page.goto(stackUrl());
  const trouble = page.getByRole('alert');
  const attempt = async (name: string, secret: string) => {
    await page.getByLabel('Nickname').fill(name);
    await page.getByLabel('Password').fill(secret);
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  await attempt(ann.name, 'wrong password');
  await trouble.filter({ hasText: `not the password of ${ann.name}` }).waitFor();
  await attempt(freshName('Eve'), 'short');
  await page.getByRole('button', { name: /^Join as Eve/ }).click();
  await trouble.filter({ hasText: '8 characters or more' }).waitFor();
  await attempt(ann.name, password);
  await page.getByRole('log').waitFor();
  await page.context().close();
});

test('a draft survives a reload, and so does the session', async () => {
  const ann = await newPerson(browser, 'Ann');
  const composer = ann.page.getByRole('textbox', { name: 'Message #general' });
  await composer.fill('half a thou');
  await ann.page.reload();
  await ann.page.getByRole('log').waitFor();
  expect(await composer.inputValue()).toBe('half a thou');
});

test('who scrolled up is not moved, is told how much is new, and gets down with one press', async () => {
  const ann = await newPerson(browser, 'Ann', { viewport: { width: 1000, height: 500 } });
  const ben = await newPerson(browser, 'Ben');
  const mark = marker();
  await ben.say(...Array.from({ length: 30 }, (_, i) => `${mark} line ${i}`));
  await ann.sees(`${mark} line 29`);
  const log = ann.page.getByRole('log');
  const early = log.locator('.text', { hasText: `${mark} line 5` }).first();
  await early.scrollIntoViewIfNeeded();
  const before = await topOf(early);
  await ben.say(`${mark} news`, `${mark} more news`);
  const down = ann.page.getByRole('button', { name: '2 new messages' });
  await down.waitFor();
  expect(await topOf(early)).toBe(before);
  expect(await ann.page.title()).toMatch(/^\(2\) #general/);
  await down.click();
  await down.waitFor({ state: 'detached' });
  await log.getByText('New', { exact: true }).waitFor();
  await eventually(async () => expect(await ann.page.title()).toMatch(/^#general/));
});

test('history is loaded when one scrolls up, and the line under the eyes stays', async () => {
  const ben = await newPerson(browser, 'Ben');
  const mark = marker();
  const texts = Array.from({ length: 70 }, (_, i) => `${mark} line ${i}`);
  await ben.say(...texts);
  await eventually(async () => expect(await ben.page.getByText('Sending…').count()).toBe(0));

  const ann = await newPerson(browser, 'Ann', { viewport: { width: 1000, height: 500 } });
  expect((await ann.texts()).length).toBeLessThan(70);
  const log = ann.page.getByRole('log');
  const oldest = await log.locator('[data-line]').first().elementHandle();
  const text = (await ann.texts())[0];
  const before = await log.evaluate((box, line) => {
    box.scrollTo(0, 40);
    return line?.getBoundingClientRect().top;
  }, oldest);
  await eventually(async () => expect((await ann.texts())[0]).not.toBe(text));
  const after = (await oldest?.boundingBox())?.y ?? Number.NaN;
  expect(Math.abs(after - (before ?? 0))).toBeLessThan(2);
  await eventually(async () => {
    await log.evaluate((box) => box.scrollTo(0, 0));
    expect((await ann.texts()).filter((t) => t.startsWith(mark))).toEqual(texts);
  });
});

test('leaving in one tab is leaving in all, here and wherever else the session is open', async () => {
  const ann = await newPerson(browser, 'Ann');
  const tab = await ann.page.context().newPage();
  await tab.goto(stackUrl());
  await tab.getByRole('log').waitFor();
  const copy = await browser.newContext({ storageState: await ann.page.context().storageState() });
  const elsewhere = await personAt(await openAt(copy.newPage()), ann.name);
  await elsewhere.page.getByRole('textbox', { name: 'Message #general' }).fill('not finished');

  await ann.page.getByRole('button', { name: 'Sign out' }).click();
  await ann.page.getByText('You are signed out.').waitFor();
  await tab.getByText('You signed out in another tab.').waitFor();
  await elsewhere.page.getByText('Your session has ended.').waitFor();

  await signInAs(elsewhere.page, ann.name);
  const composer = elsewhere.page.getByRole('textbox', { name: 'Message #general' });
  await composer.waitFor();
  expect(await composer.inputValue(), 'the draft outlived the session').toBe('not finished');
  await copy.close();
});

test('the browser runs and takes in nothing that is not of the page', async () => {
  const page = await openAt(browser.newPage());
  const refusals = await page.evaluate(async () => {
    const attempt = async (name: string, act: () => unknown) => {
      try {
        await act();
        return `${name} went through`;
      } catch (error) {
        return error instanceof Error ? error.name : 'refused';
      }
    };
    return [
      await attempt('HTML', () => document.body.insertAdjacentHTML('beforeend', '<b>x</b>')),
      await attempt('a policy', () =>
        globalThis.trustedTypes?.createPolicy('mine', { createHTML: String }),
      ),
      await attempt('another server', () => fetch('http://127.0.0.1:9/')),
    ];
  });
  expect(refusals).toEqual(['TypeError', 'TypeError', 'TypeError']);
  await page.close();
});

async function openAt(opening: ReturnType<Awaited<ReturnType<Browser['newContext']>>['newPage']>) {
  const page = await opening;
  await page.goto(stackUrl());
  return page;
}

async function topOf(locator: Locator): Promise<number> {
  return (await locator.boundingBox())?.y ?? Number.NaN;
}
