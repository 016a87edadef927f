/** Where the time goes: what a piece of load costs each program of the stack, on a core. */
import type { Stack } from '../scripts/lib/stack.ts';
import { cpuMsOf, programsOf } from './programs.ts';

/** Milliseconds on a core for each thing done, by the program's name. */
export type CpuMsEach = Record<string, number>;

/** Does the work and divides what it cost by how often something was `done` in it. */
export async function withCost<T>(
  stack: Stack,
  work: () => Promise<T>,
  done: (result: T) => number,
): Promise<T & { cpuMsEach: CpuMsEach }> {
  const programs = await programsOf(stack);
  const before = await Promise.all(programs.map(cpuMsOf));
  const result = await work();
  const after = await Promise.all(programs.map(cpuMsOf));
  const cpuMsEach: CpuMsEach = {};
  programs.forEach(({ name }, index) => {
    cpuMsEach[name] = ((after[index] ?? 0) - (before[index] ?? 0)) / done(result);
  });
  return { ...result, cpuMsEach };
}
