/**
 * Stops a stack in the order that loses nothing: what serves first, what it stands on last.
 *
 * Instances drain and deregister while Consul and HAProxy still run; then the parts stop, all at
 * once, and at last supervisord itself. Data and logs stay.
 */
import { isPart } from './start-parts.ts';
import type { Supervisor } from './supervisor.ts';

export async function stopStack(supervisor: Supervisor): Promise<void> {
  const programs = await supervisor.declared();
  await supervisor.withdraw(programs.map(({ name }) => name).filter((name) => !isPart(name)));
  await supervisor.shutdown();
}
