/**
 * Starts programs of a stack and waits until they are fit to serve: parts and instances alike.
 *
 * The work of one command (`mf up`, run, upgrade) is carried along as a Campaign, which
 * remembers what it started: that is what it stops again when a later step fails. What runs as it
 * shall is not touched.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, StepFailure } from './failure.ts';
import type { Header } from './ini.ts';
import { readable } from './log-line.ts';
import type { Output } from './output.ts';
import { type Belongings, hashOf, place } from './place.ts';
import type { Program } from './program.ts';
import { type Stack, stackOption } from './stack.ts';
import { stopStack } from './stop.ts';
import { type Supervisor, superviseStack } from './supervisor.ts';

const endPollMs = 100;
const logLines = 12;

export interface Campaign {
  stack: Stack;
  supervisor: Supervisor;
  output: Output;
  /** On whose behalf programs are started (ini.ts). */
  by: Header['by'];
  /** Whether nothing of the stack ran: then all that runs later is this command's doing. */
  wasDown: boolean;
  /** What supervisord said of its programs before this command began: name to state. */
  before: ReadonlyMap<string, string>;
  /** What this command has started so far, each with the declaration that it replaced. */
  started: Map<string, string | undefined>;
  /** Where the log of each of them began: what stands before is an earlier program's. */
  logsFrom: Map<string, number>;
  /** How long an instance may take until it serves; left out: as long as a part may. */
  readyWithinMs?: number;
  /** Aborted when the command gives up: nothing is started from then on. */
  over: AbortController;
}

/** Looks, and changes nothing. */
export async function planCampaign(
  stack: Stack,
  output: Output,
  by: Header['by'],
): Promise<Campaign> {
  const supervisor = superviseStack(stack);
  const wasDown = !(await supervisor.running());
  const states = wasDown ? [] : await supervisor.status();
  const before = new Map(states.map(({ name, state }) => [name, state]));
  const [started, logsFrom, over] = [new Map(), new Map(), new AbortController()];
  return { stack, supervisor, output, by, wasDown, before, started, logsFrom, over };
}

/** Nothing is left half started: what this command began ends with it, what it replaced comes back. */
export async function undo(campaign: Campaign): Promise<void> {
  campaign.over.abort();
  if (campaign.wasDown) await stopStack(campaign.stack);
  else await takeBack(campaign, [...campaign.started.keys()]);
}

/** The same for some of what it began. */
export async function takeBack(
  { supervisor, started }: Campaign,
  names: readonly string[],
): Promise<void> {
  const begun = names.filter((name) => started.has(name));
  const replaced: string[] = [];
  for (const name of begun) {
    const declaration = started.get(name);
    started.delete(name);
    if (declaration === undefined) continue;
    await supervisor.restore(name, declaration);
    replaced.push(name);
  }
  await supervisor.apply(replaced);
  await supervisor.withdraw(begun.filter((name) => !replaced.includes(name)));
}

/** A program with what it finds at its start, and what it is called in a list. */
export interface Startable extends Belongings {
  program: Program;
  service: string;
  version: string;
}

/** Places, declares and starts what does not run as it shall, all in one go. */
export async function startPrograms(
  campaign: Campaign,
  wanted: readonly Startable[],
): Promise<void> {
  const { supervisor, stack, by, started, logsFrom, before, over } = campaign;
  const begun: string[] = [];
  for (const one of wanted) {
    const { name } = one.program;
    const about = { service: one.service, version: one.version, settings: hashOf(one), by };
    const declared = await supervisor.isDeclared(one.program, about);
    if (declared && before.get(name) === 'RUNNING') continue;
    over.signal.throwIfAborted();
    await place(one, stack.asRoot);
    logsFrom.set(name, await supervisor.logSize(name));
    started.set(name, declared ? undefined : await supervisor.declare(one.program, about));
    begun.push(name);
  }
  await supervisor.apply(begun);
}

/** Waits for `ready`, but no longer than the program lives; its own last words come with a failure. */
export async function untilReady<T>(
  { supervisor, stack, started, logsFrom }: Campaign,
  name: string,
  since: number,
  ready: Promise<T>,
): Promise<T> {
  const settled = new AbortController();
  try {
    return await Promise.race([ready, endOf(supervisor, name, since, settled.signal)]);
  } catch (error) {
    const why = started.has(name)
      ? messageOf(error)
      : `runs, but is not healthy: ${messageOf(error)}`;
    const next = `mf logs ${name}${stackOption(stack.name)}`;
    const log = await lastWords({ supervisor, logsFrom }, name);
    throw new StepFailure(name, why, next, log, error);
  } finally {
    settled.abort();
  }
}

/** What a program has logged last, for people; nothing of what another one of that name has. */
export async function lastWords(
  { supervisor, logsFrom }: Pick<Campaign, 'supervisor' | 'logsFrom'>,
  name: string,
): Promise<string[]> {
  return (await supervisor.lastLines(name, logLines, logsFrom.get(name))).map(readable);
}

async function endOf(
  supervisor: Supervisor,
  name: string,
  since: number,
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    const end = await supervisor.endOf(name, since);
    if (end !== undefined) throw new Error(end);
    await wait(endPollMs, undefined, { signal });
  }
}
