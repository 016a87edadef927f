/** Reads through HAProxy on 16 connections: the newest messages as a page asks for them, and the people. */
import { type Bench, predecessor } from '../bench.ts';
import { withCost } from '../cost.ts';
import { doneIn } from '../drive.ts';
import { beside, type Row } from '../report.ts';
import { runLoad } from '../run-load.ts';

const lanes = 16;
const paths = ['/api/messages?latest=20', '/api/messages', '/api/users'];

export async function measureReads({ stack, url, warmUpMs, measureMs }: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const path of paths) {
    const load = { lanes, warmUpMs, measureMs };
    const { perSecond, p50Ms, p99Ms, cpuMsEach } = await withCost(
      stack,
      () => runLoad({ kind: 'reads', url, path, load }),
      (figures) => doneIn(load, figures),
    );
    const [slow, fast] = predecessor.readsPerSecond;
    rows.push({
      what: `GET ${path}`,
      value: perSecond,
      unit: '/s',
      p50Ms,
      p99Ms,
      cpuMsEach,
      beside: [
        beside('predecessor, slowest', slow, perSecond),
        beside('predecessor, fastest', fast, perSecond),
      ],
    });
  }
  return rows;
}
