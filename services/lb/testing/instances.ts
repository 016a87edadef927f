/** Instances for the balancer to find, registered and drained like all. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Registration } from '@microflack/common/registry/instances.ts';
import { type RunningService, startService } from '@microflack/common/service.ts';
import { random, type Scope } from '@microflack/common/testing/parts.ts';
import { fixture } from './fixture.ts';

export async function startInstance(
  scope: Scope,
  consulUrl: string,
  name: string,
  registration: Registration,
  changes: Record<string, string> = {},
): Promise<RunningService> {
  const definition = fixture(name, registration);
  const running = await startService(definition, {
    ...environment(consulUrl, `${name}-${random()}`),
    ...changes,
  });
  scope.onTestFinished(running.stop);
  return running;
}

/** One of popularity in a process of its own; its instance's id begins with `program`. */
export function startProcess(scope: Scope, consulUrl: string, program: string): ChildProcess {
  const main = join(import.meta.dirname, 'fixture-main.ts');
  const child = spawn(process.execPath, [main], {
    env: environment(consulUrl, program),
    stdio: 'ignore',
  });
  scope.onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

const environment = (consulUrl: string, program: string): Record<string, string> => ({
  CONSUL_URL: consulUrl,
  MF_PROGRAM: program,
  LOG_LEVEL: 'silent',
  DRAIN_GRACE_MS: '300',
});
