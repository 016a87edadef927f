/**
 * A service as it lies in the working tree, running beside a stack's instances: what `mf dev` starts. Pure.
 *
 * It is told what an instance of the service is told, and no other service's secrets. It is not
 * confined, so that a debugger may do with it what it likes.
 */
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { instanceOf } from '../instance.ts';
import type { Service } from '../services.ts';
import type { Stack } from '../stack.ts';

/** The version that it registers. */
export const devVersion = 'dev';

export const devProgram = (service: string): string => `dev-${service}`;

/** Into a log of its own, so that `mf logs` shows it beside those of the stack's programs. */
export function devLog(stack: Stack, service: string): string {
  return join(stack.dir, 'log', `${devProgram(service)}.log`);
}

/** What the process is told, secrets and all. */
export function devSettings(
  stack: Stack,
  service: Service,
  everybody: boolean,
): Record<string, string> {
  const release = { label: devVersion, folder: mainFolder(stack.checkout, service.name) };
  const name = devProgram(service.name);
  const { program, files } = instanceOf(stack, service, release, name, process.execPath);
  const { MF_SETTINGS: _, ...environment } = program.environment;
  const settings = files.flatMap(({ content }) => Object.entries(parseEnv(content)));
  return {
    ...environment,
    ...Object.fromEntries(settings.map(([key, value]) => [key, value ?? ''])),
    NODE_ENV: 'development',
    MF_AUDIENCE: everybody ? 'everybody' : 'named',
  };
}

/** Node's arguments: started anew when a file changes, and open to a debugger on this machine. */
export function devArguments(checkout: string, service: string, inspectPort: number): string[] {
  return [
    '--watch',
    // What a terminal showed before is not ours to wipe away.
    '--watch-preserve-output',
    `--inspect=127.0.0.1:${inspectPort}`,
    join(mainFolder(checkout, service), 'main.ts'),
  ];
}

function mainFolder(checkout: string, service: string): string {
  return join(checkout, 'services', service);
}
