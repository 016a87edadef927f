/**
 * The requests of the load: reads of every service and posts, half of them on connections that are kept, half on one of
 * their own each. Every one is sent once and never again, and whatever is not the expected answer is a failure.
 */
import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { z } from 'zod';
import type { Failure, Job } from './job.ts';
import type { Acknowledged } from './verdict.ts';

interface Ask {
  method: 'GET' | 'POST';
  path: string;
  expected: number;
}

/** Far above any time-out of HAProxy's: a request that takes longer has hung. */
const patienceMs = 30_000;

const post: Ask = { method: 'POST', path: '/api/messages', expected: 201 };
const read = (path: string): Ask => ({ method: 'GET', path, expected: 200 });
/** The cheapest thing that tokens can be asked: it says what it takes instead. */
const tokens: Ask = { method: 'GET', path: '/api/tokens', expected: 405 };
const messages = read('/api/messages?latest=20');
const users = read('/api/users?limit=20');
const page = read('/');
const cycle = [post, messages, users, page, tokens, messages, users, page, tokens, messages];

const posted = z.object({ id: z.number() });

export interface Requests {
  /** Begins the request of this turn. */
  send(turn: number): void;
  failures: readonly Failure[];
  acknowledged: readonly Acknowledged[];
  latenciesMs: readonly number[];
  /** Resolves when all that was sent has been answered or has failed. */
  done(): Promise<void>;
}

export function createRequests({
  url,
  token,
  word,
  keyless,
}: Pick<Job, 'url' | 'token' | 'word' | 'keyless'>): Requests {
  const patience = { headersTimeout: patienceMs, bodyTimeout: patienceMs };
  const kept = new Agent({ ...patience, pipelining: 1 });
  const fresh = new Agent({ ...patience, pipelining: 0 });
  const [failures, acknowledged, latenciesMs]: [Failure[], Acknowledged[], number[]] = [[], [], []];
  const underWay = new Set<Promise<void>>();

  async function exchange({ method, path, expected }: Ask, isFresh: boolean): Promise<string> {
    const key = randomUUID();
    const sentAt = performance.now();
    const isPost = method === 'POST';
    const { statusCode, body } = await (isFresh ? fresh : kept).request({
      origin: url,
      path,
      method,
      headers: isPost
        ? {
            'content-type': 'application/json',
            authorization: `Bearer ${token}`,
            ...(!keyless && { 'idempotency-key': key }),
          }
        : {},
      body: isPost ? JSON.stringify({ source: `${word} ${key}` }) : null,
    });
    const text = await body.text();
    if (statusCode !== expected) return `${statusCode} ${text.slice(0, 200)}`;
    if (isPost) {
      const { id } = posted.parse(JSON.parse(text));
      acknowledged.push({ key, id, sentAt, answeredAt: performance.now() });
    }
    return '';
  }

  async function record(ask: Ask, isFresh: boolean): Promise<void> {
    const [sentAt, begunAt] = [Date.now(), performance.now()];
    const got = await exchange(ask, isFresh).catch((error: unknown) => wordsFor(error));
    const tookMs = performance.now() - begunAt;
    latenciesMs.push(tookMs);
    if (got === '') return;
    const what = `${ask.method} ${ask.path}`;
    failures.push({ sentAt, what, fresh: isFresh, got, tookMs });
  }

  return {
    send(turn) {
      const ask = cycle[turn % cycle.length] ?? post;
      // Of each kind every second one.
      const isFresh = Math.floor(turn / cycle.length) % 2 === 1;
      const one = record(ask, isFresh).finally(() => underWay.delete(one));
      underWay.add(one);
    },
    failures,
    acknowledged,
    latenciesMs,
    async done() {
      await Promise.all(underWay);
      await Promise.all([kept.close(), fresh.close()]);
    },
  };
}

function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${error.code} ${error.message}` : error.message;
}
