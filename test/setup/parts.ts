/**
 * Before the service tests: Consul, MariaDB and Redis, as `mf up` starts them, in a stack of their own.
 *
 * The tests find it by MF_TEST_STACK_DIR (common/testing/parts.ts). Where that is set already, the
 * stack it names is used and left alone: so a developer keeps one running between test runs.
 */
import { join } from 'node:path';
import { checkout, mf } from './mf.ts';

export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.MF_TEST_STACK_DIR) return undefined;
  const name = `test-parts-${process.pid}`;
  await mf('up', '--stack', name, '--only', 'consul,mariadb,redis');
  const folder = process.env.MF_STATE_DIR ?? join(checkout, '.stack');
  process.env.MF_TEST_STACK_DIR = join(folder, name);
  return async () => {
    await mf('down', '--stack', name, '--purge');
  };
}
