/**
 * Which messages wait for their links to be expanded. links_due_at says from when on anybody may do it: whoever moves it
 * on by one conditional UPDATE has it for a while. An instance that dies leaves its work to be found here.
 */
import type { Pool, ResultSetHeader } from 'mysql2/promise';
import { z } from 'zod';
import { linksLeaseSeconds } from './posts.ts';

const dueRow = z.object({
  id: z.number(),
  rev: z.number(),
  source: z.string(),
  links_due_at: z.number(),
});

export type DueLinks = z.infer<typeof dueRow>;

/** Those that were due first, and that this call has claimed: nobody else gets them during the lease. */
export async function claimDueLinks(pool: Pool, limit: number): Promise<DueLinks[]> {
  const [rows] = await pool.query(
    `SELECT id, rev, source, links_due_at FROM messages
     WHERE links_due_at <= UNIX_TIMESTAMP() ORDER BY links_due_at LIMIT ?`,
    [limit],
  );
  const claimed: DueLinks[] = [];
  for (const due of z.array(dueRow).parse(rows)) {
    if (await claim(pool, due)) claimed.push(due);
  }
  return claimed;
}

/** To be called when nothing came of them: the message stays as it is, and takes no number. */
export async function forgetLinks(
  pool: Pool,
  { id, rev }: { id: number; rev: number },
): Promise<void> {
  await pool.query('UPDATE messages SET links_due_at = NULL WHERE id = ? AND rev = ?', [id, rev]);
}

async function claim(pool: Pool, { id, links_due_at }: DueLinks): Promise<boolean> {
  const [{ affectedRows }] = await pool.query<ResultSetHeader>(
    `UPDATE messages SET links_due_at = UNIX_TIMESTAMP() + ${linksLeaseSeconds}
     WHERE id = ? AND links_due_at = ?`,
    [id, links_due_at],
  );
  return affectedRows === 1;
}
