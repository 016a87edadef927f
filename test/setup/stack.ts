/**
 * Before the system tests: the whole stack, as `mf up` starts it, under a name and on ports of its own.
 *
 * The tests find it by MF_TEST_STACK (its name) and MF_TEST_URL. Where the first is set already, the
 * stack it names is used and left alone: so a developer keeps one running between test runs. What
 * MF_TEST_SHARED names is brought up and left to whoever set it: so several kinds of tests use one.
 */
import { mf } from './mf.ts';

export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const { MF_TEST_STACK: kept, MF_TEST_SHARED: shared } = process.env;
  const name = kept ?? shared ?? `test-${process.pid}`;
  if (kept === undefined) await mf('up', '--stack', name);
  process.env.MF_TEST_STACK = name;
  process.env.MF_TEST_URL = await mf('url', '--stack', name);
  if (kept !== undefined || shared !== undefined) return undefined;
  return async () => {
    await mf('down', '--stack', name, '--purge');
  };
}
