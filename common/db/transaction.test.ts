import { expect, test } from 'vitest';
import { retryConflicts } from './transaction.ts';

const conflict = (errno: number) => Object.assign(new Error('from MariaDB'), { errno });

/** Fails with each of the errors in turn, and then succeeds; answers with how often it was called. */
function failing(errors: Error[]): () => Promise<number> {
  let calls = 0;
  return async () => {
    const error = errors[calls];
    calls += 1;
    if (error) throw error;
    return calls;
  };
}

test('a deadlock and a lock wait that took too long are tried again', async () => {
  expect(await retryConflicts(failing([conflict(1213), conflict(1205)]))).toBe(3);
});

test('whatever else goes wrong is told at once', async () => {
  await expect(retryConflicts(failing([conflict(1062)]))).rejects.toMatchObject({ errno: 1062 });
});

test('what goes on conflicting is told in the end', async () => {
  const always = failing(Array.from({ length: 100 }, () => conflict(1213)));
  await expect(retryConflicts(always)).rejects.toMatchObject({ errno: 1213 });
});
