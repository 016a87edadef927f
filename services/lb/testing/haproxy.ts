/** A real HAProxy for tests, as the stack starts it: a master with one worker, in a folder of its own. */
import { execFileSync } from 'node:child_process';

/** MF_TEST_HAPROXY names another version than the installed one. */
export function haproxyBin(): string {
  const { MF_TEST_HAPROXY } = process.env;
  return MF_TEST_HAPROXY ?? execFileSync('which', ['haproxy'], { encoding: 'utf8' }).trim();
}
