/**
 * The stack that is measured: an own one, made and forgotten by `mf` as anybody else's, under a name that no
 * other run has. What is measured of it is reached as users reach it, and through its own secrets.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { chooseInnerPorts } from '../scripts/lib/ports.ts';
import { loadStack, publicUrl, type Stack } from '../scripts/lib/stack.ts';

const mf = join(import.meta.dirname, '../scripts/mf');
const name = `bench-${process.pid}`;

export interface MeasuredStack {
  stack: Stack;
  url: string;
  /** From `mf up` on a machine that has the parts, to its own "healthy". */
  upSeconds: number;
}

export async function bringUp(): Promise<MeasuredStack> {
  const { haproxyStats: port } = await chooseInnerPorts(); // any one that is free
  const startedAt = performance.now();
  await run('up', '--stack', name, '--bind', '127.0.0.1', '--port', String(port));
  const upSeconds = (performance.now() - startedAt) / 1_000;
  const stack = await loadStack(name);
  return { stack, url: publicUrl(stack).replace('localhost', '127.0.0.1'), upSeconds };
}

/** `mf` in the stack that is measured. */
export const mfThere = (...words: string[]): Promise<void> => run(...words, '--stack', name);

export async function takeDown(): Promise<void> {
  await mfThere('down', '--purge');
}

/** What it says goes to stderr: stdout is for the table. */
async function run(...args: string[]): Promise<void> {
  const toStderr = { stdout: process.stderr, stderr: process.stderr } as const;
  const { exitCode } = await execa(mf, args, { stdin: 'ignore', ...toStderr, reject: false });
  if (exitCode !== 0) throw new Error(`mf ${args.join(' ')} ended with ${exitCode}`);
}
