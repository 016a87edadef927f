import { expect, test } from 'vitest';
import { confined } from './confine.ts';

const program = {
  command: ['/usr/bin/node', 'main.js'],
  user: 'mf-messages',
  show: [
    { path: '/stack/releases', writable: false },
    { path: '/stack/tmp', writable: true },
  ],
};

test('a program of a stack that root started sees what it is shown and nothing else', () => {
  const stack = { dir: '/stack', checkout: '/checkout', asRoot: true };
  expect(confined(program, stack).join(' ')).toBe(
    '/checkout/scripts/lib/confine.sh --user mf-messages --hide /checkout --hide /stack ' +
      '--show /stack/releases --show-writable /stack/tmp -- /usr/bin/node main.js',
  );
});

test('it runs as it is where nobody is root', () => {
  const stack = { dir: '/stack', checkout: '/checkout', asRoot: false };
  expect(confined(program, stack)).toEqual(program.command);
});
