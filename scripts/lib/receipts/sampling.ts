/**
 * Looks at HAProxy and at instances all through a command's work, and says at its end what they
 * counted. recorder.ts starts it before the work.
 *
 * Evidence never gets in the way: whoever does not answer leaves a gap that the receipt tells of.
 * Nothing is asked of those who serve but what they have counted anyway.
 */
import { connect } from 'node:net';
import { pause } from '@microflack/common/pause.ts';
import { haproxyPaths } from '../parts/haproxy.ts';
import type { Stack } from '../stack.ts';
import {
  createTally,
  parseStat,
  parseWorkers,
  type Tally,
  type WorkerLook,
} from './haproxy-counters.ts';
import { type InstanceWatch, watchInstances } from './instance-watch.ts';

const betweenLooksMs = 250;
const patienceMs = 2_000;

export interface Evidence {
  haproxy: Tally;
  instances: InstanceWatch;
  /** Looks at HAProxy that it did not answer. */
  missed: number;
}

export async function startSampling(
  stack: Stack,
  service: string,
): Promise<{ finish(): Promise<Evidence> }> {
  const evidence: Evidence = {
    haproxy: createTally(),
    instances: watchInstances(stack, service),
    missed: 0,
  };
  const over = new AbortController();
  const look = async () => {
    await Promise.all([lookAtHaproxy(stack, evidence), evidence.instances.look()]);
  };
  const goOn = async () => {
    while (!over.signal.aborted) {
      await pause(betweenLooksMs, over.signal);
      await look();
    }
  };
  await look();
  const ended = goOn();
  return {
    async finish() {
      over.abort();
      await ended;
      await look();
      return evidence;
    },
  };
}

async function lookAtHaproxy(stack: Stack, evidence: Evidence): Promise<void> {
  try {
    evidence.haproxy.add(await lookAtWorkers(haproxyPaths(stack).masterSocket));
  } catch {
    evidence.missed += 1; // it may be what the work is about
  }
}

/** Through the master, who alone reaches the workers that a reload has left behind. */
async function lookAtWorkers(masterSocket: string): Promise<WorkerLook[]> {
  const workers = parseWorkers(await askMaster(masterSocket, 'show proc'));
  const looks = await Promise.all(
    workers.map(async (worker) => {
      const rows = parseStat(await askMaster(masterSocket, `@!${worker} show stat`));
      return { worker, rows };
    }),
  );
  if (looks.every(({ rows }) => rows.length === 0)) throw new Error('no worker has answered');
  return looks;
}

/** Unlike a worker, the master of HAProxy 2.6 goes on listening until we have said that this was all. */
async function askMaster(path: string, line: string): Promise<string> {
  const socket = connect(path);
  socket.setTimeout(patienceMs, () => {
    socket.destroy(new Error(`HAProxy did not answer within ${patienceMs} ms at ${path}`));
  });
  socket.end(`${line}\n`);
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk;
  return answer;
}
