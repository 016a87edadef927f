/**
 * Debian's chromium for the system tests, and one person at the page in it. A person does what people do, by labels and roles, so
 * that what a test cannot find somebody with a screen reader could not find either.
 */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

const executablePath = '/usr/bin/chromium';
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const patienceMs = 30_000;

export const password = 'correct horse';

/** Of the stack that test/setup/stack.ts has started. */
export function stackUrl(): string {
  const url = process.env.MF_TEST_URL;
  if (!url) throw new Error('expected MF_TEST_URL, which test/setup/stack.ts sets');
  return url;
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args });
}

/** A nickname that nobody has had in this stack. */
export function freshName(name: string): string {
  return `${name} ${Math.random().toString(36).slice(2, 8)}`;
}

export interface Person {
  readonly page: Page;
  readonly name: string;
  say(...texts: string[]): Promise<void>;
  /** The texts of all messages on the page, from the top. */
  texts(): Promise<string[]>;
  sees(text: string): Promise<void>;
  offline(offline: boolean): Promise<void>;
}

/** Somebody new, in a browser of their own, who has just joined. */
export async function newPerson(
  browser: Browser,
  called: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const name = freshName(called);
  expectQuiet(page);
  await page.goto(stackUrl());
  await signInAs(page, name);
  await page.getByRole('button', { name: `Join as ${name}` }).click();
  return personAt(page, name);
}

export async function signInAs(page: Page, name: string): Promise<void> {
  await page.getByLabel('Nickname').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Somebody whose page shows the chat, or is about to. */
export async function personAt(page: Page, name: string): Promise<Person> {
  const log = page.getByRole('log');
  const composer = page.getByRole('textbox', { name: 'Message #general' });
  const lines = log.locator('.text');
  await page.locator('[role=log][aria-busy=false]').waitFor();
  return {
    page,
    name,
    async say(...texts) {
      for (const text of texts) {
        await composer.fill(text);
        await page.getByRole('button', { name: 'Send' }).click();
      }
    },
    texts: async () => (await lines.allInnerTexts()).map((text) => text.trim()),
    sees: (text) => lines.filter({ hasText: text }).last().waitFor(),
    offline: (offline) => page.context().setOffline(offline),
  };
}

/** What a page may not say in its console: a fault of its own, or a breach of its security policy. */
function expectQuiet(page: Page): void {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // Requests that fail are what some of these tests are about.
    const weather = /^Failed to load resource|^WebSocket connection to/.test(message.text());
    if (message.type() === 'error' && !weather) faults.push(message.text());
  });
  onTestFinished(() => expect(faults).toEqual([]));
}
