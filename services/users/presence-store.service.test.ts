/** The leases against a real MariaDB, with a clock that stands still until a test moves it. */
import { createPool } from '@microflack/common/db/pool.ts';
import { createScope, random, testSchema } from '@microflack/common/testing/parts.ts';
import type { Pool, ResultSetHeader } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPresenceStore, type PresenceStore } from './presence-store.ts';
import { createUserStore, type UserStore } from './store.ts';

const scope = createScope();
const leaseMs = 30_000;
let now = 1_800_000_000_000;
let pool: Pool;
let presence: PresenceStore;
let store: UserStore;
let ada: number;
let bob: number;

beforeAll(async () => {
  pool = createPool(await testSchema(scope, 'users'));
  scope.onTestFinished(() => pool.end());
  presence = createPresenceStore(pool, () => now);
  store = createUserStore(pool, () => now);
});
afterAll(() => scope.close());

beforeEach(async () => {
  await pool.query('DELETE FROM presence');
  await pool.query('DELETE FROM presence_holders');
  const person = () => store.insert({ nickname: `p-${random()}`, passwordHash: 'x'.repeat(60) });
  [ada, bob] = [(await person()).id, (await person()).id];
});

/** What a report changed, as [id, online] in the order of ids. */
const report = async (holder: string, online: number[]): Promise<[number, boolean][]> =>
  changes(await presence.report({ holder, online, leaseMs }));
const sweep = async (): Promise<[number, boolean][]> => {
  const swept = [];
  for (const holder of await presence.expired()) swept.push(...(await presence.expire(holder)));
  return changes(swept);
};
const changes = (users: { id: number; online: boolean }[]): [number, boolean][] =>
  users.map(({ id, online }): [number, boolean] => [id, online]).sort(([a], [b]) => a - b);

describe('one holder', () => {
  it('brings people online and takes them off again, each once', async () => {
    expect(await report('s1', [ada, bob])).toEqual([
      [ada, true],
      [bob, true],
    ]);
    expect(await report('s1', [bob])).toEqual([[ada, false]]);
    expect(await report('s1', [])).toEqual([[bob, false]]);
  });

  it('changes nothing by saying the same again, and writes to nobody', async () => {
    await report('s1', [ada]);
    const before = await store.find(ada);
    now += 10_000;
    expect(await report('s1', [ada])).toEqual([]);
    const after = await store.find(ada);
    expect(after?.updated_at).toBe(before?.updated_at);
    expect(after?.last_seen_at).toBe(Math.floor(now / 1000));
  });

  it('is believed only about people who exist', async () => {
    expect(await report('s1', [4_000_000_000])).toEqual([]);
  });

  it('may hold twenty thousand', { timeout: 60_000 }, async () => {
    const [{ insertId }] = await pool.query<ResultSetHeader>(
      `INSERT INTO users (nickname, password_hash, created_at, updated_at, last_seen_at)
       SELECT CONCAT('crowd-', seq), '', 1, 1, 1 FROM seq_1_to_20000`,
    );
    const crowd = Array.from({ length: 20_000 }, (_, n) => insertId + n);
    expect(await report('s1', crowd)).toHaveLength(20_000);
    expect(await report('s1', crowd)).toEqual([]);
    expect(await report('s1', crowd.slice(1))).toEqual([[insertId, false]]);
    expect(await report('s1', [])).toHaveLength(19_999);
  });
});

describe('two holders', () => {
  it('keep somebody online until the last of them lets go', async () => {
    expect(await report('s1', [ada])).toEqual([[ada, true]]);
    expect(await report('s2', [ada])).toEqual([]);
    expect(await report('s1', [])).toEqual([]);
    expect(await report('s2', [])).toEqual([[ada, false]]);
  });

  it('letting go at the same time make one change, however often it is tried', async () => {
    for (let round = 0; round < 20; round += 1) {
      const coming = await Promise.all([report('s1', [ada, bob]), report('s2', [bob, ada])]);
      expect(coming.flat().sort(([a], [b]) => a - b)).toEqual([
        [ada, true],
        [bob, true],
      ]);
      const going = await Promise.all([report('s1', []), report('s2', [])]);
      expect(going.flat().sort(([a], [b]) => a - b)).toEqual([
        [ada, false],
        [bob, false],
      ]);
    }
  });
});

describe('a holder that died', () => {
  it('loses its people when its lease has run out, seen last when it was heard of last', async () => {
    await report('s1', [ada]);
    const heardOf = now;
    now += leaseMs - 1;
    expect(await sweep()).toEqual([]);
    now += 1;
    expect(await sweep()).toEqual([[ada, false]]);
    expect((await store.find(ada))?.last_seen_at).toBe(Math.floor(heardOf / 1000));
    expect(await sweep()).toEqual([]);
  });

  it('takes nobody off whom another one holds', async () => {
    await report('s1', [ada]);
    now += leaseMs - 1;
    await report('s2', [ada]);
    now += 1;
    expect(await sweep()).toEqual([]);
    expect((await store.find(ada))?.online).toBe(true);
  });

  it('is swept once, by however many instances at the same time', async () => {
    await report('s1', [ada]);
    now += leaseMs;
    const swept = await Promise.all([sweep(), sweep(), sweep()]);
    expect(swept.flat()).toEqual([[ada, false]]);
  });

  it('is left alone when it was renewed between being found and being swept', async () => {
    await report('s1', [ada]);
    now += leaseMs;
    const [found = ''] = await presence.expired();
    await report('s1', [ada]);
    expect(await presence.expire(found)).toEqual([]);
    expect((await store.find(ada))?.online).toBe(true);
  });

  it('was only late: those whom others decided about meanwhile are online again', async () => {
    await report('s1', [ada]);
    await report('s2', [ada]);
    now += leaseMs;
    await report('s2', [ada]);
    expect(await report('s2', [])).toEqual([[ada, false]]);
    expect(await report('s1', [ada])).toEqual([[ada, true]]);
  });
});

describe('who has signed in a moment ago', () => {
  it('goes offline with their last socket all the same, and with no other', async () => {
    await report('rest:1', [ada]);
    await report('s1', [ada]);
    await report('s2', [ada]);
    expect(await report('s1', [])).toEqual([]);
    expect(await report('s2', [])).toEqual([[ada, false]]);
    expect(await report('rest:1', [ada])).toEqual([[ada, true]]);
  });
});

describe('signing off', () => {
  it('takes somebody away from every holder at once', async () => {
    await report('s1', [ada]);
    await report('rest:1', [ada]);
    expect(changes(await presence.signOff(ada))).toEqual([[ada, false]]);
    expect(changes(await presence.signOff(ada))).toEqual([]);
  });

  it('does not outlast a socket that is still open', async () => {
    await report('s1', [ada]);
    await presence.signOff(ada);
    expect(await report('s1', [ada])).toEqual([[ada, true]]);
  });
});
