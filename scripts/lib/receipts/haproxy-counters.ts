/**
 * What HAProxy has counted, read from `show stat`, and added up over a time in which its workers
 * come and go. Pure; sampling.ts asks HAProxy and the recorder makes a receipt of it.
 *
 * Counters are a worker's: they begin at 0 with each reload or crash, and a server's are forgotten
 * with the server. So they are looked at again and again, and what was seen of each worker is kept.
 * What a worker did after the last look at it is not known to anybody.
 */
import { z } from 'zod';

export interface Counts {
  requests: number;
  failed: number;
  /** No status: the connection was closed without an answer. */
  unanswered: number;
  retried: number;
  redispatched: number;
  connectErrors: number;
  /** Connections that broke where an answer should have come. */
  answerErrors: number;
  clientAborts: number;
}

export interface Row {
  proxy: string;
  name: string;
  kind: 'frontend' | 'backend' | 'server' | 'other';
  counts: Counts;
}

/** One worker as it was at one moment. */
export interface WorkerLook {
  worker: number;
  rows: Row[];
}

const kinds = ['frontend', 'backend', 'server'] as const;

/** An empty cell is a counter that this kind of row does not have. */
const cell = z.coerce.number().catch(0);
const statRow = z.object({
  pxname: z.string(),
  svname: z.string(),
  type: z.coerce.number(),
  req_tot: cell,
  hrsp_5xx: cell,
  hrsp_other: cell,
  wretr: cell,
  wredis: cell,
  econ: cell,
  eresp: cell,
  cli_abrt: cell,
});

/** `show stat` is CSV whose columns are named by its first line; they differ between versions. */
export function parseStat(csv: string): Row[] {
  const [heading = '', ...lines] = csv.split('\n').filter((line) => line.trim() !== '');
  const names = heading.replace(/^# /, '').split(',');
  return lines.map((line) => {
    const values = line.split(',');
    const row = statRow.parse(Object.fromEntries(names.map((name, at) => [name, values[at]])));
    const kind = kinds[row.type] ?? 'other';
    return { proxy: row.pxname, name: row.svname, kind, counts: countsOf(row) };
  });
}

/** The workers in the master's `show proc`: the one that serves, and those that reloads left behind. */
export function parseWorkers(proc: string): number[] {
  return [...proc.matchAll(/^(\d+)\s+worker\b/gm)].map(([, pid]) => Number(pid));
}

export type Tally = ReturnType<typeof createTally>;

export function createTally() {
  const last = new Map<string, Counts>();
  const sums = new Map<string, Row>();
  const known = new Set<number>();
  let looks = 0;

  /** A worker that is new since the first look has counted from nothing. */
  function add(workers: readonly WorkerLook[]): void {
    for (const { worker, rows } of workers) {
      const isBaseline = looks === 0;
      for (const row of rows) {
        const key = `${row.proxy}/${row.name}`;
        const before = last.get(`${worker} ${key}`) ?? (isBaseline ? row.counts : zero);
        last.set(`${worker} ${key}`, row.counts);
        const sum = sums.get(key) ?? { ...row, counts: zero };
        sums.set(key, { ...sum, counts: plus(sum.counts, growth(before, row.counts)) });
      }
      known.add(worker);
    }
    looks += 1;
  }

  return { add, rows: () => [...sums.values()], workers: () => known.size };
}

const zero: Counts = {
  requests: 0,
  failed: 0,
  unanswered: 0,
  retried: 0,
  redispatched: 0,
  connectErrors: 0,
  answerErrors: 0,
  clientAborts: 0,
};

export function total(all: readonly Counts[]): Counts {
  return all.reduce(plus, zero);
}

function plus(a: Counts, b: Counts): Counts {
  return combine(a, b, (x, y) => x + y);
}

/** Somebody may have cleared the counters: then all of it is new. */
function growth(before: Counts, now: Counts): Counts {
  return combine(before, now, (b, n) => (n >= b ? n - b : n));
}

function combine(a: Counts, b: Counts, by: (x: number, y: number) => number): Counts {
  return {
    requests: by(a.requests, b.requests),
    failed: by(a.failed, b.failed),
    unanswered: by(a.unanswered, b.unanswered),
    retried: by(a.retried, b.retried),
    redispatched: by(a.redispatched, b.redispatched),
    connectErrors: by(a.connectErrors, b.connectErrors),
    answerErrors: by(a.answerErrors, b.answerErrors),
    clientAborts: by(a.clientAborts, b.clientAborts),
  };
}

function countsOf(row: z.infer<typeof statRow>): Counts {
  return {
    requests: row.req_tot,
    failed: row.hrsp_5xx,
    unanswered: row.hrsp_other,
    retried: row.wretr,
    redispatched: row.wredis,
    connectErrors: row.econ,
    answerErrors: row.eresp,
    clientAborts: row.cli_abrt,
  };
}
