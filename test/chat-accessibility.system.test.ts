/** The page for everybody: found sound by axe in light, in dark and on a phone, and usable from end to end by keyboard alone. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freshName, newPerson, openBrowser, password, stackUrl } from './browser/browser.ts';

// Browsers share two cores with the whole stack.
vi.setConfig({ testTimeout: 120_000 });

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const looks: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'on a phone': { viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true },
};

/** Of a part of the page where the rest has been looked at already: axe takes its time. */
async function faultsOf(page: Page, part = 'html'): Promise<string[]> {
  // There are no frames, for which it would otherwise open a page of its own each time.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await axe.include(part).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

describe.each(Object.entries(looks))('%s', (_name, options) => {
  test('axe finds nothing wrong with the sign-in and the chat', async () => {
    const ann = await newPerson(browser, 'Ann', options);
    const { page } = ann;
    await ann.say(
      'A _message_ with `code`, https://example.com/ and\n> a quote',
      'and a second one',
    );
    await page.getByRole('article').last().getByRole('button').first().waitFor();
    await page.getByText('Connected').waitFor();
    expect(await faultsOf(page)).toEqual([]);

    await page.getByRole('article').last().focus();
    await page.keyboard.press('e');
    await page.getByRole('textbox', { name: 'Edit message' }).waitFor();
    expect(await faultsOf(page, '.editor')).toEqual([]);
    await page.keyboard.press('Escape');

    await page.getByRole('article').last().focus();
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').waitFor();
    expect(await faultsOf(page, '.dialog')).toEqual([]);
    await page.keyboard.press('Escape');

    await ann.offline(true);
    await ann.say('not yet');
    await page.getByText('You are offline.').waitFor();
    await page.getByText('Not sent yet.').waitFor();
    expect(await faultsOf(page, '.room')).toEqual([]);
    await ann.offline(false);
    await page.getByText('Not sent yet.').waitFor({ state: 'detached' });

    for (const drawer of ['Rooms', /people here$/]) {
      const opener = page.getByRole('button', { name: drawer });
      if (!(await opener.isVisible())) continue;
      await opener.click();
      await page.getByRole('dialog').waitFor();
      await page.getByRole('dialog').evaluate((box) => box.getAnimations().map((a) => a.finish()));
      expect(await faultsOf(page, '.drawer[open]')).toEqual([]);
      await page.keyboard.press('Escape');
    }

    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await page.getByLabel('Nickname').fill(freshName('Eve'));
    await page.getByLabel('Password').fill('short');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Join as Eve/ }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });
});

test('by keyboard alone one joins, writes, edits, reads, deletes and leaves', async () => {
  const context = await browser.newContext({ viewport: { width: 1200, height: 700 } });
  const page = await context.newPage();
  const { keyboard } = page;
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  await page.goto(stackUrl());
  await page.getByLabel('Nickname').waitFor();
  await keyboard.press('Tab');
  await keyboard.type(freshName('Kim'));
  await keyboard.press('Tab');
  await keyboard.type(password);
  await keyboard.press('Enter');
  await page.getByRole('button', { name: /^Join as Kim/ }).waitFor();
  await keyboard.press('Enter');

  const composer = page.getByRole('textbox', { name: 'Message #general' });
  await page.locator('[role=log][aria-busy=false]').waitFor();
  expect(await composer.evaluate((field) => field === document.activeElement)).toBe(true);
  const text = freshName('by keys');
  await keyboard.type(`${text} first`);
  await keyboard.press('Enter');
  await keyboard.type(`${text} secnd`);
  await keyboard.press('Enter');
  const articles = page.getByRole('article').filter({ hasText: text });
  await articles.filter({ hasText: 'secnd' }).getByRole('button').first().waitFor();

  await keyboard.press('ArrowUp');
  await page.getByRole('textbox', { name: 'Edit message' }).waitFor();
  await keyboard.press('Control+A');
  await keyboard.type(`${text} second`);
  await keyboard.press('Enter');
  await articles.filter({ hasText: 'second' }).getByText('edited').waitFor();

  // From the composer back into the log: its buttons, and then the message itself.
  await keyboard.press('Shift+Tab');
  await keyboard.press('Shift+Tab');
  await keyboard.press('Shift+Tab');
  expect(await focused()).toContain(`${text} second`);
  await keyboard.press('ArrowUp');
  expect(await focused()).toContain(`${text} first`);
  await keyboard.press('Delete');
  await page.getByRole('dialog').waitFor();
  await keyboard.press('Escape');
  // By its element: a dialog that is closed has no role any more, and is still on its way out.
  await page.locator('dialog').waitFor({ state: 'detached' });
  expect(await focused(), 'the dialog gives the focus back').toContain(`${text} first`);
  await keyboard.press('Delete');
  await page.getByRole('dialog').waitFor();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await articles.filter({ hasText: 'first' }).waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Sign out' }).focus();
  await keyboard.press('Enter');
  await page.getByText('You are signed out.').waitFor();
  await context.close();
});

test('the Tab key goes once around the whole page and is caught nowhere', async () => {
  const { page } = await newPerson(browser, 'Ann', { viewport: { width: 1200, height: 700 } });
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.mouse.click(600, 5);
  const stops: string[] = [];
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      return at === document.body ? '' : `${at?.tagName} ${at?.id} ${at?.textContent}`;
    });
    if (stops.includes(stop)) break;
    stops.push(stop);
  }
  expect(stops.length).toBeLessThan(40);
  expect(stops.some((stop) => stop.includes('Skip to writing'))).toBe(true);
  expect(stops.some((stop) => stop.startsWith('TEXTAREA composer'))).toBe(true);
  await page.getByRole('link', { name: 'Skip to writing' }).focus();
  await page.keyboard.press('Enter');
  const composer = page.getByRole('textbox', { name: 'Message #general' });
  await expect
    .poll(() => composer.evaluate((field) => field === document.activeElement))
    .toBe(true);
});
