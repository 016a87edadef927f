/**
 * Stops a stack in the order that loses nothing: what serves first, what it stands on last.
 *
 * Instances drain and deregister while Consul and HAProxy still run; then the parts stop, all at
 * once, and at last supervisord itself. Data and logs stay.
 */
import { endLeftovers } from './leftovers.ts';
import { isPart } from './parts.ts';
import type { Stack } from './stack.ts';
import { superviseStack } from './supervisor.ts';

/** Resolves to whether anything was running. */
export async function stopStack(stack: Stack): Promise<boolean> {
  const supervisor = superviseStack(stack);
  if (!(await supervisor.running())) return endLeftovers(stack);
  const programs = await supervisor.declared();
  await supervisor.withdraw(programs.map(({ name }) => name).filter((name) => !isPart(name)));
  await supervisor.shutdown();
  return true;
}
