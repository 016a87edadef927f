/** Ctrl-C, for commands that undo what they have begun: up, run, upgrade. */
import { StepFailure } from './failure.ts';

/** Rejects when somebody presses Ctrl-C. */
export function interruption(command: string): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting for it at that moment: what is begun before the race ends in order first.
  promise.catch(() => undefined);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Not `once`: the last listener that goes would let execa end us before we have undone anything.
    process.on(signal, () => reject(new StepFailure(command, `interrupted by ${signal}`, command)));
  }
  return promise;
}
