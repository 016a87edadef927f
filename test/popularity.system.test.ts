/**
 * The exercise that Microwizard had: a service that nobody knew is run, a bad version of it beside the
 * good ones slows down one answer in four and nothing else, and is taken out again.
 */
import { rm } from 'node:fs/promises';
import { until } from '@microflack/common/testing/until.ts';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { withAdmin } from '../scripts/lib/accounts/admin-connection.ts';
import { releasesOf } from '../scripts/lib/release.ts';
import { newPerson, openBrowser, type Person } from './browser/browser.ts';
import { call } from './client/http.ts';
import { aPerson, post } from './client/person.ts';
import { crewOf, mfHere } from './setup/crew.ts';
import { buildSpoilt } from './setup/spoilt.ts';
import { wholeStack } from './setup/whole.ts';

// A browser shares two cores with the whole stack.
vi.setConfig({ testTimeout: 120_000 });

const absent = 'NO SERVICES AVAILABLE';
/** The bad query needs some tenths of a second for so much, and the good one a few milliseconds. */
const crowd = { people: 15, each: 400 };
/** Above every id and every author that there is. */
const pastIds = 1_000_000_000;
const answer = z.object({ query_ms: z.number(), version: z.string() });

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
  // A stack that is kept between test runs has these versions already, of another day's source.
  const { dir } = await wholeStack();
  await rm(releasesOf(dir, 'popularity'), { recursive: true, force: true });
});
afterAll(async () => {
  await browser.close();
  if ((await crewOf('popularity')).length > 0) await mfHere('kill', 'popularity', '--last');
  await inTable(`DELETE FROM popularity.said WHERE message_id >= ${pastIds}`);
});

/** Somebody with the panel before them, and what their browser had to complain about. */
async function somebodyLooks(): Promise<{ person: Person; panel: Locator; complaints: string[] }> {
  const person = await newPerson(browser, 'Ann');
  const complaints: string[] = [];
  person.page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  const panel = person.page.getByRole('region', { name: 'Most active people' });
  return { person, panel, complaints };
}

/** Presses the panel's button until it shows this. */
async function askUntil(panel: Locator, shown: Locator): Promise<void> {
  const isShown = async () => {
    await panel.getByRole('button', { name: 'Ask again' }).click();
    return shown.waitFor({ timeout: 1_000 }).then(
      () => true,
      () => false,
    );
  };
  await until(`the panel shows ${shown}`, isShown, 60_000);
}

async function inTable(statement: string): Promise<void> {
  await withAdmin(await wholeStack(), (connection) => connection.query(statement));
}

/** As if they had said so much in the weeks before. */
async function insertPast(firstId: number, people: number, each: number): Promise<void> {
  await inTable(
    `INSERT INTO popularity.said (message_id, user_id, change_number, deleted)
     SELECT ${pastIds} + ${firstId} * 1000 + seq, ${firstId} + seq % ${people}, 1, FALSE
     FROM popularity.seq_1_to_${people * each}`,
  );
}

async function answersOf(requests: number): Promise<z.infer<typeof answer>[]> {
  const answers = [];
  for (let i = 0; i < requests; i += 1) {
    const { status, body } = await call('GET', '/api/popularity');
    expect(status).toBe(200);
    answers.push(answer.parse(body));
  }
  return answers;
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** How long each of these takes, one after the other, again and again while the work is done. */
async function everythingElseDuring(work: Promise<unknown>): Promise<Record<string, number>> {
  const { token } = await aPerson();
  const others: Record<string, () => Promise<unknown>> = {
    page: () => call('GET', '/'),
    people: () => call('GET', '/api/users?limit=1'),
    messages: () => call('GET', '/api/messages?latest=5'),
    post: () => post(token, 'meanwhile'),
  };
  const took = Object.fromEntries(Object.keys(others).map((name) => [name, [] as number[]]));
  let over = false;
  const end = () => {
    over = true;
  };
  void work.then(end, end);
  while (!over) {
    for (const [name, ask] of Object.entries(others)) {
      const startedAt = performance.now();
      await ask();
      took[name]?.push(performance.now() - startedAt);
    }
  }
  return Object.fromEntries(Object.entries(took).map(([name, all]) => [name, medianOf(all)]));
}

test('the panel says NO SERVICES AVAILABLE until somebody runs the service, and then who says most', async () => {
  const { panel, complaints } = await somebodyLooks();
  await panel.getByText(absent, { exact: true }).waitFor();

  await mfHere('run', 'popularity', 'popularity_v1', 'UNCOMMITTED_COPY');
  await panel.getByText('popularity_v1').waitFor({ timeout: 10_000 });
  const bea = await aPerson();
  await insertPast(bea.id, 1, 999);
  await post(bea.token, 'one more');
  const line = panel.getByRole('listitem').filter({ hasText: bea.nickname });
  await askUntil(panel, line.filter({ hasText: '1,000' }));
  const text = await panel.textContent();
  expect(text).not.toContain(absent);
  expect(text).toMatch(/Query[\d.,]+ ms/);
  const [instance = ''] = await crewOf('popularity');
  expect(text).toMatch(new RegExp(`Instance${instance}-[0-9a-f]{8}`));
  expect(complaints).toEqual([]);
});

test('with three good instances and a bad one, one answer in four is slow and all else is fast; without it, all is', async () => {
  await insertPast(pastIds, crowd.people, crowd.each);
  await mfHere('run', 'popularity', 'popularity_v1', '-n', '2');
  await buildSpoilt(await wholeStack(), 'popularity_v2');
  await mfHere('run', 'popularity', 'popularity_v2');

  const itsTurn = async () => (await answersOf(1))[0]?.version === 'popularity_v2';
  await until('the newcomer has had its first turn', itsTurn);
  const asking = answersOf(16);
  const others = await everythingElseDuring(asking);
  const answers = await asking;
  const timesOf = (version: string) =>
    answers.filter((one) => one.version === version).map((one) => one.query_ms);
  const [good, bad] = [timesOf('popularity_v1'), timesOf('popularity_v2')];
  expect([good.length, bad.length]).toEqual([12, 4]);
  const slow = medianOf(bad);
  expect(Math.min(...bad)).toBeGreaterThan(5 * medianOf(good));
  for (const [name, took] of Object.entries(others)) expect(took, name).toBeLessThan(slow);

  const { panel, person } = await somebodyLooks();
  await panel.getByText('popularity_v1').waitFor();
  await askUntil(panel, panel.getByText('popularity_v2'));
  await panel.locator('.attempt.slow').first().waitFor();
  await person.page.close();

  await mfHere('kill', 'popularity_v2');
  const after = await answersOf(12);
  expect(new Set(after.map(({ version }) => version))).toEqual(new Set(['popularity_v1']));
  expect(medianOf(after.map(({ query_ms }) => query_ms))).toBeLessThan(slow / 5);
});

test('when its last instance is killed, the panel says so and nobody else notices', async () => {
  const { panel, person } = await somebodyLooks();
  await panel.getByText('popularity_v1').waitFor();
  await mfHere('kill', 'popularity', '--last');
  await panel.getByText(absent, { exact: true }).waitFor({ timeout: 10_000 });
  await person.say('still here');
  await person.sees('still here');
});
