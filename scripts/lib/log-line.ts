/** A service's log line for people: its JSON says it all, and too much. */
import { z } from 'zod';

const logLine = z.object({
  level: z.string(),
  msg: z.string(),
  err: z.object({ message: z.string() }).optional(),
});

/** What is no line of a service's own stays as it is: a part's words, or the trace with which a program ended. */
export function readable(line: string): string {
  const { data } = logLine.safeParse(parsed(line));
  return data ? [data.level, data.msg, data.err?.message].filter(Boolean).join(' · ') : line;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
