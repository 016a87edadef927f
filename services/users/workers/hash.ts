/**
 * The thread that runs bcrypt: 60 ms of arithmetic, in which an event loop would serve nobody.
 *
 * passwords.ts starts a few of these and sends one password at a time. A task that waited in the
 * queue until nobody wanted its result any more is not started.
 */
import { constants, getPriority, setPriority } from 'node:os';
import bcrypt from 'bcryptjs';
import workerpool from 'workerpool';
import { uptimeMs } from '../uptime.ts';

const cost = 10;

// On Linux this is the calling thread alone: hashing takes the cores that serving leaves over. Under `nice` it may be
// lower already, and only root could raise it.
setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL));

/** Both answer undefined when the time to start (by uptimeMs) has passed. */
const tasks = {
  hash: (startBy: number, password: string): string | undefined =>
    inTime(startBy) ? bcrypt.hashSync(password, cost) : undefined,
  matches: (startBy: number, password: string, hash: string): boolean | undefined =>
    inTime(startBy) ? bcrypt.compareSync(password, hash) : undefined,
};

export type HashTasks = typeof tasks;

const inTime = (startBy: number): boolean => uptimeMs() <= startBy;

workerpool.worker(tasks);
