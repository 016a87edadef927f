/**
 * Asks HAProxy what it has counted: sampling.ts and the canary do. haproxy-counters.ts reads the
 * answers and adds them up.
 */
import { connect } from 'node:net';
import { answerMs } from '../patience.ts';
import { parseStat, parseWorkers, type Tally } from './haproxy-counters.ts';

/** Through the master, who alone reaches the workers that a reload has left behind. Rejects where none answers. */
export async function lookAtHaproxy(masterSocket: string, tally: Tally): Promise<void> {
  const workers = parseWorkers(await askMaster(masterSocket, 'show proc'));
  const looks = await Promise.all(
    workers.map(async (worker) => {
      const rows = parseStat(await askMaster(masterSocket, `@!${worker} show stat`));
      return { worker, rows };
    }),
  );
  if (looks.every(({ rows }) => rows.length === 0))
    throw new Error('no worker of HAProxy answered');
  tally.add(looks);
}

/** Unlike a worker, the master of HAProxy 2.6 goes on listening until we have said that this was all. */
async function askMaster(path: string, line: string): Promise<string> {
  const socket = connect(path);
  socket.setTimeout(answerMs, () => {
    socket.destroy(new Error(`HAProxy did not answer within ${answerMs} ms at ${path}`));
  });
  socket.end(`${line}\n`);
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk;
  return answer;
}
