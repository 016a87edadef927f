/**
 * Somebody who writes one message after the other, each with an Idempotency-Key of its own, and sends it again until it
 * is acknowledged: what the page does, and all that exactly once takes.
 */
import { until } from '@microflack/common/testing/until.ts';
import { onTestFinished } from 'vitest';
import { tryCall } from './http.ts';
import { mark, type Person } from './person.ts';

export interface Writer {
  /** The texts that the service has said it stored. */
  readonly acknowledged: readonly string[];
  /** How often a message had to be sent again. */
  failures(): number;
  /** Resolves when some more were acknowledged, sent after this call. */
  goOn(): Promise<void>;
  /** Resolves when what is under way is acknowledged. Nothing is written after it. */
  stop(): Promise<void>;
}

const betweenMessagesMs = 20;
const beforeAnotherTryMs = 50;
const aFew = 5;
const patienceMs = 60_000;

export function aWriter(person: Person, word: string): Writer {
  const acknowledged: string[] = [];
  let failures = 0;
  let stopped = false;

  async function write(): Promise<void> {
    while (!stopped) {
      const key = mark();
      const source = `${word} ${key}`;
      while (!(await isStored(person, source, key))) {
        failures += 1;
        await pause(beforeAnotherTryMs);
      }
      acknowledged.push(source);
      await pause(betweenMessagesMs);
    }
  }

  const written = write();
  const stop = () => {
    stopped = true;
    return written;
  };
  onTestFinished(stop);
  return {
    acknowledged,
    failures: () => failures,
    async goOn() {
      // The one that is under way may have been sent before.
      const enough = acknowledged.length + 1 + aFew;
      await until('more is stored', () => acknowledged.length >= enough, patienceMs);
    },
    stop,
  };
}

/** False where it is to be sent again. */
async function isStored({ token }: Person, source: string, key: string): Promise<boolean> {
  const headers = { 'idempotency-key': key };
  const request = { bearer: token, json: { source }, headers };
  const answer = await tryCall('POST', '/api/messages', request);
  if (answer === undefined || answer.status >= 500) return false;
  if (answer.status === 201) return true;
  throw new Error(`expected 201 or 5xx, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
