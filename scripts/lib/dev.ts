/**
 * A service as it lies in the working tree, running beside the stack's: what `mf dev` starts. Pure.
 *
 * It is told what an instance of the service is told, and no other service's secrets. It is not
 * confined, so that a debugger may do with it what it likes.
 */
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { instanceOf } from './instance.ts';
import type { Service } from './services.ts';
import type { Stack } from './stack.ts';

/** The version that it registers. */
export const devVersion = 'dev';

export interface DevCommand {
  file: string;
  args: string[];
  env: Record<string, string>;
}

export function devCommand(
  stack: Stack,
  service: Service,
  { node, inspectPort, everybody }: { node: string; inspectPort: number; everybody: boolean },
): DevCommand {
  const folder = join(stack.checkout, 'services', service.name);
  const release = { label: devVersion, folder };
  const name = `dev-${service.name}`;
  const { program, files } = instanceOf(stack, service, release, name, node);
  const { MF_SETTINGS: _, ...environment } = program.environment;
  const settings = files.flatMap(({ content }) => Object.entries(parseEnv(content)));
  return {
    file: node,
    args: [
      '--watch',
      // What a terminal showed before is not ours to wipe away.
      '--watch-preserve-output',
      `--inspect=127.0.0.1:${inspectPort}`,
      join(folder, 'main.ts'),
    ],
    env: {
      ...environment,
      ...Object.fromEntries(settings.map(([key, value]) => [key, value ?? ''])),
      NODE_ENV: 'development',
      MF_AUDIENCE: everybody ? 'everybody' : 'named',
    },
  };
}
