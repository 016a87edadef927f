import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

/** Prints the first word of a thread, or ends with the fault that it died of. */
const startThread = `
  const thread = new (require('node:worker_threads').Worker)(process.argv[1]);
  thread.once('message', (message) => { console.log(message); process.exit(); });
`;
const withoutRootsRights = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];

test('the thread starts also where a stack runs under nice, and only root may raise a priority', async () => {
  const file = join(import.meta.dirname, 'hash.ts');
  const line = ['nice', '-n', '15', process.execPath, '-e', startThread, file];
  const [program = '', ...words] =
    process.getuid?.() === 0 ? [...withoutRootsRights, ...line] : line;
  expect((await execa(program, words)).stdout).toBe('ready');
});
