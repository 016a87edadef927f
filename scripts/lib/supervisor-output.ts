/**
 * What supervisord and supervisorctl print, as data. Pure; supervisor.ts reads it with these.
 */

export interface ProgramState {
  name: string;
  /** Supervisor's own word: RUNNING, STOPPED, EXITED, BACKOFF, FATAL … */
  state: string;
  pid: number | undefined;
  upSeconds: number | undefined;
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

/** Reads `NAME  RUNNING  pid 12, uptime 1 day, 0:01:02`, a line a program. */
export function parseStatus(text: string): ProgramState[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', state = ''] = line.split(/\s+/);
      const pid = /pid (\d+)/.exec(line)?.[1];
      const [, days = '0', hours, minutes, seconds] =
        /uptime (?:(\d+) days?, )?(\d+):(\d+):(\d+)/.exec(line) ?? [];
      const upSeconds =
        hours === undefined
          ? undefined
          : ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
      return { name, state, pid: pid === undefined ? undefined : Number(pid), upSeconds };
    });
}
