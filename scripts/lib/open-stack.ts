/**
 * Opens the stack that `mf up` was asked for, and makes it where there is none.
 *
 * Everything about ports is settled here, before anything is started: the public one is free or
 * named with its holder, and inner ones that were taken while the stack was down are chosen anew.
 */
import { StepFailure, UsageError } from './failure.ts';
import { endLeftovers } from './leftovers.ts';
import { whileLocked } from './lock.ts';
import {
  chooseInnerPorts,
  describeHolder,
  firstFree,
  holderOf,
  isFree,
  rechooseTaken,
} from './ports.ts';
import {
  createStack,
  defaultStack,
  findStack,
  knowServices,
  listStacks,
  type Stack,
  saveStack,
  stackOption,
  stacksFolder,
} from './stack.ts';
import { superviseStack } from './supervisor.ts';

const defaultPublicPort = 8080;
const firstOtherPort = 8081;
const everywhere = '*';

export interface Asked {
  name: string;
  port: number | undefined;
  bind: string | undefined;
  /** All services of the checkout: each gets secrets of its own. */
  services: readonly string[];
}

export async function openStack(asked: Asked): Promise<Stack> {
  const found = await findStack(asked.name);
  if (found === undefined) return whileMaking(() => makeStack(asked));
  const stack = await knowServices(found, asked.services);
  if (await superviseStack(stack).running()) {
    refuseToMove(stack, asked);
    return stack;
  }
  await endLeftovers(stack);
  const bind = asked.bind ?? stack.bind;
  const wanted = { ...stack.ports, public: asked.port ?? stack.ports.public };
  await refuseTaken(wanted.public, bind, asked.name);
  const moved = { ...stack, bind, ports: await rechooseTaken(wanted) };
  await saveStack(moved);
  return moved;
}

async function makeStack({ name, port, bind = everywhere, services }: Asked): Promise<Stack> {
  const publicPort = port ?? (await defaultPort(name, bind));
  await refuseTaken(publicPort, bind, name);
  const ports = { ...(await chooseInnerPorts()), public: publicPort };
  return createStack(name, { bind, ports, services });
}

async function defaultPort(name: string, bind: string): Promise<number> {
  if (name === defaultStack) return defaultPublicPort;
  const others = await Promise.all((await listStacks()).map(findStack));
  return firstFree(firstOtherPort, bind, new Set(others.map((other) => other?.ports.public ?? 0)));
}

/** One at a time, as the port of a stack that is only just made is free for everybody to see. */
function whileMaking(make: () => Promise<Stack>): Promise<Stack> {
  return whileLocked(stacksFolder(), 'mf up', () => undefined, make);
}

function refuseToMove(stack: Stack, { port, bind }: Asked): void {
  const here = (port ?? stack.ports.public) === stack.ports.public;
  if (here && (bind ?? stack.bind) === stack.bind) return;
  throw new UsageError(
    `stack ${stack.name} runs on ${stack.bind}:${stack.ports.public} and is not moved while it runs`,
    `mf down${stackOption(stack.name)}`,
  );
}

async function refuseTaken(port: number, bind: string, name: string): Promise<void> {
  if (await isFree(port, bind)) return;
  const holder = describeHolder(await holderOf(port));
  const other = await firstFree(Math.max(port + 1, firstOtherPort), bind);
  throw new StepFailure(
    'port',
    `port ${port} is taken ${holder}`,
    `mf up${stackOption(name)} --port ${other}`,
  );
}
