/** Has a load process do a job, and hands back its figures; a process that fails fails the benchmark. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { type Job, result } from './load/job.ts';
import type { Latencies } from './percentiles.ts';

const program = (name: string): string => join(import.meta.dirname, 'load', name);

export async function runLoad(job: Job): Promise<Latencies> {
  const child = fork(program('main.ts'));
  child.send(job);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the load process "${job.kind}" ended with ${code}`);
  });
  const [answer] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {}); // it ends after its answer, as it should
  return result.parse(answer);
}

export async function withBareSocketServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const child = fork(program('bare-socketio.ts'));
  try {
    const [url] = await once(child, 'message');
    return await use(z.url().parse(url));
  } finally {
    child.disconnect();
  }
}
