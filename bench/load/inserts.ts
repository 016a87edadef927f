/** Bare inserts of a message's size, one row and one commit each, on as many connections as lanes. */
import { createPool } from 'mysql2/promise';
import { drive } from '../drive.ts';
import type { Latencies } from '../percentiles.ts';
import type { JobOf } from './job.ts';

const table = `create table if not exists inserts (
  id bigint unsigned auto_increment primary key,
  user_id bigint unsigned not null,
  source text not null,
  html text not null
)`;

export async function inserts({ mysqlUrl, load }: JobOf<'inserts'>): Promise<Latencies> {
  const pool = createPool({ uri: mysqlUrl, connectionLimit: load.lanes });
  await pool.query(table);
  const insert = 'insert into inserts (user_id, source, html) values (?, ?, ?)';
  const figures = await drive(load, (lane, turn) => {
    const source = `The *${turn}th* message of lane ${lane}`;
    return pool.execute(insert, [lane, source, `<p>${source}</p>`]);
  });
  await pool.end();
  return figures;
}
