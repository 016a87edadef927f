/** The stack that test/setup/stack.ts has started, and its programs by name: to look at, to freeze and to kill. */
import { findStack, type Stack } from '../../scripts/lib/stack.ts';
import { superviseStack } from '../../scripts/lib/supervisor.ts';

export async function wholeStack(): Promise<Stack> {
  const stack = await findStack(process.env.MF_TEST_STACK ?? '');
  if (!stack) throw new Error('expected MF_TEST_STACK, which test/setup/stack.ts sets');
  return stack;
}

/** What supervisord says of each. */
export async function programs() {
  return superviseStack(await wholeStack()).status();
}

/** `redis`, or `messages` for its first instance: `mf up` may have numbered it anew. */
export async function pidOf(name: string): Promise<number> {
  const found = (await programs()).find(
    (program) => program.name === name || program.name.startsWith(`${name}-`),
  );
  if (found?.pid === undefined) throw new Error(`${name} does not run`);
  return found.pid;
}
