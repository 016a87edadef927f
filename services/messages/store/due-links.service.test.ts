import { createPool } from '@microflack/common/db/pool.ts';
import { testSchema } from '@microflack/common/testing/parts.ts';
import { expect, test } from 'vitest';
import { claimDueLinks } from './due-links.ts';

test('links that are due are claimed by one instance each, and again only after the lease', async (t) => {
  const url = await testSchema(t, 'messages');
  const pools = [createPool(url), createPool(url), createPool(url)] as const;
  t.onTestFinished(async () => {
    for (const pool of pools) await pool.end();
  });
  const [pool] = pools;
  await pool.query(
    `INSERT INTO messages (room_id, seq, change_number, user_id, created_at, updated_at, source, html,
       links_due_at)
     SELECT room_id, seq, seq, 1, 0, 0, 'x', 'x', IF(seq <= 30, 1, UNIX_TIMESTAMP() + 60)
     FROM rooms JOIN seq_1_to_40`,
  );
  const claims = await Promise.all(pools.map((each) => claimDueLinks(each, 100)));
  const ids = claims.flat().map(({ id }) => id);
  expect(ids.length).toBe(30);
  expect(new Set(ids).size).toBe(30);
  expect(await claimDueLinks(pool, 100)).toEqual([]);
});
