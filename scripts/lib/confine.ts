/**
 * A program's command with the confinement around it, for supervisord and for what runs once.
 *
 * Where root started the stack, everything runs through confine.sh: as its own user, and without
 * sight of the checkout and the stack but for what it is shown. Otherwise it runs as it is.
 */
import { join } from 'node:path';
import type { Program } from './program.ts';
import type { Stack } from './stack.ts';

export function confined(
  { command, user, show }: Pick<Program, 'command' | 'user' | 'show'>,
  { dir, checkout, asRoot }: Pick<Stack, 'dir' | 'checkout' | 'asRoot'>,
): string[] {
  if (!asRoot) return command;
  const shown = show.flatMap(({ path, writable }) => [
    writable ? '--show-writable' : '--show',
    path,
  ]);
  const confine = join(checkout, 'scripts/lib/confine.sh');
  return [confine, '--user', user, '--hide', checkout, '--hide', dir, ...shown, '--', ...command];
}
