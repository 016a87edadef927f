/** What HAProxy says of the instances it serves: whether it sends them requests, and how many they have had. */
import { z } from 'zod';
import { haproxyPaths } from '../scripts/lib/parts/haproxy.ts';
import type { Stack } from '../scripts/lib/stack.ts';
import { ask } from '../services/lb/runtime.ts';

export interface Served {
  /** An instance's id in the registry. */
  id: string;
  /** In every backend that it is a server of. */
  isUp: boolean;
  requests: number;
  /** Open now: requests and sockets. */
  busy: number;
}

const row = z.object({
  svname: z.string(),
  status: z.string(),
  scur: z.coerce.number(),
  stot: z.coerce.number(),
});

/** After a reload HAProxy counts from 0. */
export async function servedBy(stack: Stack): Promise<Served[]> {
  const csv = await ask(haproxyPaths(stack).runtimeSocket, 'show stat -1 4 -1');
  const [heading = '', ...lines] = csv.replace(/^# /, '').trim().split('\n');
  const names = heading.split(',');
  const rows = lines.map((line) => {
    const cells = line.split(',');
    return row.parse(Object.fromEntries(names.map((name, at) => [name, cells[at]])));
  });
  return [...Map.groupBy(rows, ({ svname }) => svname)].map(([id, ofId]) => ({
    id,
    isUp: ofId.every(({ status }) => /^(UP|no check)/.test(status)),
    requests: ofId.reduce((sum, { stot }) => sum + stot, 0),
    busy: ofId.reduce((sum, { scur }) => sum + scur, 0),
  }));
}
