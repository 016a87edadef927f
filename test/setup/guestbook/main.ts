/**
 * A service as an attendee of a workshop writes it: for releases.system.test.ts, which puts it into a
 * checkout whose stack does not know it. It has a table of its own, and something in Redis.
 */
import { defineSettings, mysqlUrl, redisUrl } from '@microflack/common/config.ts';
import { createPool } from '@microflack/common/db/pool.ts';
import { runService } from '@microflack/common/service.ts';
import { Redis } from 'ioredis';

await runService({
  name: 'guestbook',
  settings: defineSettings({ MYSQL_URL: mysqlUrl, REDIS_URL: redisUrl }),
  registration: { route: '/api/guestbook' },

  async start({ app, settings }) {
    const pool = createPool(settings.mysqlUrl);
    const redis = new Redis(settings.redisUrl);
    app.post('/api/guestbook', async (_request, response) => {
      await pool.query('INSERT INTO entries () VALUES ()');
      const [rows] = await pool.query('SELECT COUNT(*) AS entries FROM entries');
      const counted = await redis.incr('guestbook:counted');
      response.json({ ...(Array.isArray(rows) && rows[0]), counted });
    });
    return {
      async stop() {
        redis.disconnect();
        await pool.end();
      },
    };
  },
});
