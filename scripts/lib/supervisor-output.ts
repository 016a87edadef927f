/**
 * What supervisord tells, as data. Pure; supervisor.ts reads its answers and its log with these.
 */
import { z } from 'zod';
import { structsIn } from './supervisor-rpc.ts';

export interface ProgramState {
  name: string;
  /** Supervisor's own word: RUNNING, STOPPED, EXITED, BACKOFF, FATAL … */
  state: string;
  pid: number | undefined;
  /** Seconds since 1970. */
  startedAt: number | undefined;
}

const info = z.object({
  name: z.string(),
  statename: z.string(),
  pid: z.coerce.number(),
  start: z.coerce.number(),
});

/** Reads the answer to getAllProcessInfo. */
export function parseStates(xml: string): ProgramState[] {
  return structsIn(xml).map((struct) => {
    const { name, statename, pid, start } = info.parse(struct);
    const isUp = pid !== 0;
    return {
      name,
      state: statename,
      pid: isUp ? pid : undefined,
      startedAt: isUp ? start : undefined,
    };
  });
}

/** Finds `exited: NAME (exit status 78; not expected)` and the like in the daemon's log. */
export function parseEnd(log: string, name: string): string | undefined {
  for (const line of log.split('\n')) {
    const [, exited, how] = /exited: (\S+) \(([^;)]+)/.exec(line) ?? [];
    if (exited === name) return `ended (${how})`;
    if (line.includes(`gave up: ${name} `)) return 'could not be started';
  }
  return undefined;
}
