/** Logs for tests: one that says nothing, and one that can be asked what was said. */
import { z } from 'zod';
import { createLogger, type Logger } from '../log.ts';

const names = { service: 'test', version: 'test', instance: 'test-1' };

export const silentLog: Logger = createLogger({ ...names, level: 'silent' });

const line = z.looseObject({ event: z.string().optional() });

/** `events()` are the values of `event` so far, in order. */
export function recordingLog(): { log: Logger; lines: z.infer<typeof line>[]; events(): string[] } {
  const lines: z.infer<typeof line>[] = [];
  const write = (text: string) => void lines.push(line.parse(JSON.parse(text)));
  const log = createLogger({ ...names, level: 'debug' }, { write });
  return { log, lines, events: () => lines.flatMap(({ event }) => event ?? []) };
}
