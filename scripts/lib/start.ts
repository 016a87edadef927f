/**
 * Starts programs of a stack and waits until they are fit to serve: parts and instances alike.
 *
 * The work of one `mf up` (later of run and upgrade too) is carried along as a Campaign, which
 * remembers what it started: that is what it stops again when a later step fails. What runs as it
 * shall is not touched.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, StepFailure } from './failure.ts';
import type { Output } from './output.ts';
import { type Belongings, hashOf, place } from './place.ts';
import type { Program } from './program.ts';
import { type Stack, stackOption } from './stack.ts';
import { type Supervisor, superviseStack } from './supervisor.ts';

const endPollMs = 100;
const logLines = 12;

export interface Campaign {
  stack: Stack;
  supervisor: Supervisor;
  output: Output;
  /** What supervisord said of its programs before this command began: name to state. */
  before: ReadonlyMap<string, string>;
  /** What this command has started so far. */
  started: Set<string>;
}

export async function beginCampaign(stack: Stack, output: Output): Promise<Campaign> {
  const supervisor = superviseStack(stack);
  const states = await supervisor.status();
  const before = new Map(states.map(({ name, state }) => [name, state]));
  return { stack, supervisor, output, before, started: new Set() };
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
  const { supervisor, stack, started, before } = campaign;
  const [changed, ended]: [string[], string[]] = [[], []];
  for (const one of wanted) {
    const { name } = one.program;
    const about = { service: one.service, version: one.version, settings: hashOf(one) };
    const declared = await supervisor.isDeclared(one.program, about);
    if (declared && before.get(name) === 'RUNNING') continue;
    started.add(name);
    await place(one, stack.asRoot);
    if (!declared) await supervisor.declare(one.program, about);
    (declared && before.has(name) ? ended : changed).push(name);
  }
  await supervisor.apply(changed);
  await supervisor.revive(ended);
}

/** Waits for `ready`, but no longer than the program lives; its own last words come with a failure. */
export async function untilReady<T>(
  { supervisor, stack, started }: Campaign,
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
    const log = await supervisor.lastLines(name, logLines);
    const next = `mf logs ${name}${stackOption(stack.name)}`;
    throw new StepFailure(name, why, next, log.map(readable), error);
  } finally {
    settled.abort();
  }
}

/** A service's log line for people: JSON says it all, and too much. */
export function readable(line: string): string {
  try {
    const { level, msg, err } = JSON.parse(line);
    return [level, msg, err?.message].filter((part) => part !== undefined).join(' · ');
  } catch {
    return line; // not one of ours: as it is
  }
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
