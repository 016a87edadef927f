/**
 * What HAProxy has, as it says itself. Pure; the text comes by runtime.ts, plan.ts compares it with
 * the model.
 */
import { z } from 'zod';
import { isBackend, type MapEntry } from './pools.ts';

export interface Running {
  /** Undefined where HAProxy runs with a configuration that is not lb's. */
  structure: string | undefined;
  servers: RunningServer[];
  /** In the order of keys. */
  map: MapEntry[];
}

export interface RunningServer {
  backend: string;
  id: string;
  address: string;
  port: number;
  weight: number;
  backup: boolean;
  /** As it was set from outside. Whether its checks pass is HAProxy's own business. */
  state: 'ready' | 'drain' | 'maint';
  /** Requests and sockets that it has. */
  busy: number;
}

/** The commands whose answers parseRunning() takes, in its order. */
export const questionsFor = (map: string): string[] => [
  'get var proc.structure',
  'show servers state',
  'show stat -1 4 -1',
  `show map ${wordOf(map)}`,
];

/** A path as one word of a command. */
export const wordOf = (path: string): string => path.replace(/[^\w/.-]/g, '\\$&');

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
  bck: z.coerce.number(),
});

export function parseRunning([
  structure = '',
  states = '',
  stats = '',
  map = '',
]: string[]): Running {
  const seen = new Map(
    tableOf(stats, ',').map((row) => {
      const { pxname, svname, scur, qcur, bck } = statRow.parse(row);
      return [`${pxname}/${svname}`, { busy: scur + qcur, backup: bck > 0 }];
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
      ...(seen.get(`${row.be_name}/${row.srv_name}`) ?? { busy: 0, backup: false }),
    }));
  return { structure: /value=<(\w+)>/.exec(structure)?.[1], servers, map: entriesOf(map) };
}

/** Each line is an address in memory, a key and a value. */
function entriesOf(text: string): MapEntry[] {
  const lines = text.split('\n').map((line) => line.split(' '));
  const entries = lines.flatMap(([, key, backend]) =>
    key && backend ? [[key, backend] satisfies MapEntry] : [],
  );
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
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
