/**
 * What HAProxy has, as it says itself. Pure; the text comes by runtime.ts, plan.ts compares it with
 * the model.
 */
import { z } from 'zod';
import { isBackend } from './render.ts';

export interface Running {
  /** Undefined where HAProxy runs with a configuration that is not lb's. */
  structure: string | undefined;
  servers: RunningServer[];
}

export interface RunningServer {
  backend: string;
  id: string;
  address: string;
  port: number;
  weight: number;
  /** As it was set from outside. Whether its checks pass is HAProxy's own business. */
  state: 'ready' | 'drain' | 'maint';
  /** Requests and sockets that it has. */
  busy: number;
}

/** The commands whose answers parseRunning() takes, in its order. */
export const questions = ['get var proc.structure', 'show servers state', 'show stat -1 4 -1'];

const stateRow = z.object({
  be_name: z.string(),
  srv_name: z.string(),
  srv_addr: z.string(),
  srv_port: z.coerce.number(),
  srv_uweight: z.coerce.number(),
  srv_admin_state: z.coerce.number(),
});

const statRow = z.object({
  pxname: z.string(),
  svname: z.string(),
  scur: z.coerce.number(),
  qcur: z.coerce.number(),
});

export function parseRunning([structure = '', states = '', stats = '']: string[]): Running {
  const busy = new Map(
    tableOf(stats, ',').map((row) => {
      const { pxname, svname, scur, qcur } = statRow.parse(row);
      return [`${pxname}/${svname}`, scur + qcur];
    }),
  );
  const rows = tableOf(states.replace(/^\d+\n/, ''), ' ').map((row) => stateRow.parse(row));
  const servers = rows
    .filter(({ be_name }) => isBackend(be_name))
    .map((row) => ({
      backend: row.be_name,
      id: row.srv_name,
      address: row.srv_addr,
      port: row.srv_port,
      weight: row.srv_uweight,
      state: stateOf(row.srv_admin_state),
      busy: busy.get(`${row.be_name}/${row.srv_name}`) ?? 0,
    }));
  return { structure: /value=<(\w+)>/.exec(structure)?.[1], servers };
}

/** Bits of srv_admin_state: 8 and 16 drain a server, any other one keeps it in maintenance. */
function stateOf(bits: number): RunningServer['state'] {
  if (bits === 0) return 'ready';
  return (bits & ~(8 | 16)) === 0 ? 'drain' : 'maint';
}

/** Rows by the names in the heading, which begins with "# "; columns differ between versions. */
function tableOf(text: string, separator: string): Record<string, string>[] {
  const [heading = '', ...lines] = text.split('\n').filter((line) => line !== '');
  const names = heading.replace(/^# /, '').split(separator);
  return lines.map((line) => {
    const values = line.split(separator);
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
  });
}
