/**
 * Posts through HAProxy on 16 connections, beside the ceiling: bare single-row inserts on 16
 * connections into the same MariaDB, with the same durability.
 */
import { createConnection } from 'mysql2/promise';
import { type Bench, predecessor } from '../bench.ts';
import { withCost } from '../cost.ts';
import { doneIn } from '../drive.ts';
import { beside, type Row } from '../report.ts';
import { runLoad } from '../run-load.ts';

const lanes = 16;
const schema = 'bench';

export async function measurePosts(bench: Bench): Promise<Row[]> {
  const { stack, url, tokens, warmUpMs, measureMs } = bench;
  const load = { lanes, warmUpMs, measureMs };
  const inserts = await withSchema(bench, (mysqlUrl) =>
    runLoad({ kind: 'inserts', mysqlUrl, load }),
  );
  const posts = await withCost(
    stack,
    () => runLoad({ kind: 'posts', url, tokens, load }),
    (figures) => doneIn(load, figures),
  );
  const ours = posts.perSecond;
  return [
    { what: 'bare inserts, 16 connections', value: inserts.perSecond, unit: '/s', ...inserts },
    {
      what: 'posts, 16 connections',
      value: ours,
      unit: '/s',
      p50Ms: posts.p50Ms,
      p99Ms: posts.p99Ms,
      cpuMsEach: posts.cpuMsEach,
      beside: [
        beside('bare inserts', inserts.perSecond, ours),
        beside('predecessor', predecessor.postsPerSecond, ours),
      ],
    },
  ];
}

/** A schema of the benchmark's own, made by the stack's admin account and gone afterwards. */
async function withSchema<T>({ stack }: Bench, use: (url: string) => Promise<T>): Promise<T> {
  const url = `mysql://admin:${stack.secrets.mariadbAdmin}@127.0.0.1:${stack.ports.mariadb}`;
  const admin = await createConnection(url);
  await admin.query(`create schema ${schema}`);
  try {
    return await use(`${url}/${schema}`);
  } finally {
    await admin.query(`drop schema ${schema}`);
    await admin.end();
  }
}
