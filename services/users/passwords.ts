/**
 * Hashing and comparing passwords: a queue with an end, before a few threads (workers/hash.ts).
 *
 * register.ts, sign-in.ts and update-profile.ts ask. A full queue refuses at once: whoever waited for
 * seconds has gone away by then, and would only keep the next one waiting.
 */
import { boundedMs } from '@microflack/common/context.ts';
import { deadlineExceeded, unavailable } from '@microflack/common/errors.ts';
import workerpool from 'workerpool';
import { uptimeMs } from './uptime.ts';
import type { HashTasks } from './workers/hash.ts';

/** The longest wait in the queue after which it is still worth starting. */
const patienceMs = 3_000;

/** Of a password that nobody knows. Its cost is that of workers/hash.ts, or unknown names would answer faster. */
const nobodysHash = '$2b$10$vJ4W9iGEawbwNaH0IrX4IuB178WMKXxkn.IIpXnd.fJicrh3zmIbK';

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes the same time without a hash, and is false then. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
  stop(): Promise<void>;
}

export interface PasswordOptions {
  /** The file of workers/hash.ts, bundled or not. */
  script: string;
  workers: number;
  queueLimit: number;
}

export function createPasswords({ script, workers, queueLimit }: PasswordOptions): Passwords {
  const pool = workerpool.pool(script, {
    workerType: 'thread',
    // All from the start: the first sign-in after a start should not wait for a thread.
    minWorkers: 'max',
    maxWorkers: workers,
  });

  const queued = async <T>(start: (startBy: number) => PromiseLike<T | undefined>): Promise<T> => {
    if (pool.stats().pendingTasks >= queueLimit) {
      throw unavailable('busy', `${queueLimit} passwords are waiting already`);
    }
    const result = await start(uptimeMs() + boundedMs(patienceMs));
    if (result === undefined) throw deadlineExceeded('waited too long for a thread to hash in');
    return result;
  };

  return {
    hash: (password) =>
      queued((startBy) => pool.exec<HashTasks['hash']>('hash', [startBy, password])),
    async matches(password, hash) {
      const matches = await queued((startBy) =>
        pool.exec<HashTasks['matches']>('matches', [startBy, password, hash ?? nobodysHash]),
      );
      return matches && hash !== undefined;
    },
    async stop() {
      await pool.terminate();
    },
  };
}
