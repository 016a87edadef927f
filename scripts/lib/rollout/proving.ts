/**
 * Watches a new instance for the moment after it began to serve: whether it answers, and lives.
 *
 * It is over as soon as enough requests were answered well, or too many badly; where hardly anybody
 * asks, when a moment has passed in which nothing went wrong.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from '../../../services/lb/runtime.ts';
import { haproxyPaths } from '../parts/haproxy.ts';
import { parseStat } from '../receipts/haproxy-counters.ts';
import { registrations } from '../serving.ts';
import type { Stack } from '../stack.ts';
import { type Campaign, untilReady } from '../start.ts';
import { type Answers, answersOf, since, troubleOf } from './trouble.ts';

const enoughAnswers = 20;
const quietMs = 500;
const pollMs = 25;

export interface Watched {
  service: string;
  program: string;
  instance: string;
}

/** Resolves to how many requests it was seen answering; rejects with its last words. */
export async function prove(campaign: Campaign, watched: Watched): Promise<Answers> {
  const logEnd = await campaign.supervisor.logEnd();
  return untilReady(campaign, watched.program, logEnd, watch(campaign.stack, watched));
}

async function watch(stack: Stack, { service, instance }: Watched): Promise<Answers> {
  const others = new Set((await registrations(stack, service)).map((one) => one.instance));
  others.delete(instance);
  const [own, theirs] = await look(stack, instance, others);
  const until = performance.now() + quietMs;
  for (;;) {
    const [ownNow, theirsNow] = await look(stack, instance, others);
    const answers = since(own, ownNow);
    const trouble = troubleOf(answers, since(theirs, theirsNow));
    if (trouble !== undefined) throw new Error(trouble);
    if (answers.requests >= enoughAnswers || performance.now() > until) return answers;
    await wait(pollMs);
  }
}

async function look(
  stack: Stack,
  instance: string,
  others: ReadonlySet<string>,
): Promise<[Answers, Answers]> {
  const rows = parseStat(await ask(haproxyPaths(stack).runtimeSocket, 'show stat'));
  return [answersOf(rows, new Set([instance])), answersOf(rows, others)];
}
