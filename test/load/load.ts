/**
 * The load of the survival tests: 200 requests a second and 200 open sockets, from a process of its own, which counts
 * what failed, was lost, doubled or out of order. Ends with the test, whatever happens.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '@microflack/common/testing/until.ts';
import { expect, onTestFinished } from 'vitest';
import { wholeUrl } from '../client/http.ts';
import { aPerson, mark } from '../client/person.ts';
import { type Job, news, type Report, stopWord } from './job.ts';

export type { Report } from './job.ts';

export interface Load {
  /** Resolves when so many more requests were answered as they should be. */
  goOn(requests?: number): Promise<void>;
  /** Comes to an end, and says what it has counted. */
  stop(): Promise<Report>;
}

const usual = { requestsPerSecond: 200, keyless: false, sockets: 200, atMostMs: 240_000 };
/** A second's worth. */
const aFew = 200;
const patienceMs = 60_000;
/** The longest that a page may be without its socket, whatever has happened to the instance. */
const backWithinMs = 5_000;

/** Resolves when all sockets are open and requests are being sent. */
export async function startLoad(wanted: Partial<typeof usual> = {}): Promise<Load> {
  const { token } = await aPerson();
  const url = wholeUrl().replace('localhost', '127.0.0.1');
  const job: Job = { ...usual, ...wanted, url, token, word: mark() };
  const child = fork(join(import.meta.dirname, 'main.ts'));
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let isReady = false;
  let answered = 0;
  let report: Report | undefined;
  child.on('message', (message) => {
    const told = news.parse(message);
    if (told.kind === 'ready') isReady = true;
    else if (told.kind === 'progress') answered = told.answered;
    else report = told.report;
  });
  const waitFor = (what: string, condition: () => boolean) => {
    const alive = () => {
      if (child.exitCode !== null && !report) throw new Error('the load process has ended');
      return condition();
    };
    return until(what, alive, patienceMs);
  };
  child.send(job);
  await waitFor('the sockets are open', () => isReady);
  const goOn = async (requests = aFew) => {
    const enough = answered + requests;
    await waitFor('more is answered', () => answered >= enough);
  };
  await goOn();
  return {
    goOn,
    async stop() {
      child.send(stopWord);
      await ended;
      if (process.env.MF_TEST_TELL) console.info(JSON.stringify(report));
      if (report === undefined) throw new Error('the load process has ended without a report');
      return report;
    },
  };
}

/** What nobody noticed: every request answered, every message there once, in order and heard by all. */
export function expectFlawless({ requests, messages, sockets }: Report): void {
  expect(requests.failures).toEqual([]);
  expectNothingLost({ messages });
  expect(sockets).toMatchObject({ failedCatchUps: 0, fullReloads: 0 });
}

export function expectNothingLost({ messages }: Pick<Report, 'messages'>): void {
  const { acknowledged, ...wrong } = messages;
  expect(acknowledged).toBeGreaterThan(0);
  expect(wrong).toEqual({ lost: [], doubled: [], outOfOrder: [], unheard: 0 });
}

export function expectAllBack({ sockets }: Report): void {
  expect(sockets).toMatchObject({ open: usual.sockets, fullReloads: 0 });
  expect(sockets.longestAwayMs).toBeLessThan(backWithinMs);
}
