import { expect, test } from 'vitest';
import { devCommand } from './dev.ts';
import type { Service } from './services.ts';
import { exampleStack } from './testing/example-stack.ts';

const service: Service = {
  ...{ name: 'messages', version: '1.0.0', workers: [] },
  ...{ hasMigrations: true, hasPage: false, up: true, single: false, needs: ['redis'] },
};
const options = { node: '/usr/bin/node', inspectPort: 9_300, everybody: false };

test('a service is run from the working tree, watched, and open to a debugger on this machine', () => {
  const { file, args } = devCommand(exampleStack, service, options);
  expect([file, ...args]).toEqual([
    '/usr/bin/node',
    '--watch',
    '--watch-preserve-output',
    '--inspect=127.0.0.1:9300',
    `${exampleStack.checkout}/services/messages/main.ts`,
  ]);
});

test('it is told what its instances are told, and nobody else’s secrets', () => {
  const { env } = devCommand(exampleStack, service, options);
  expect(env).toMatchObject({
    CONSUL_TOKEN: 'messages-uuid',
    MYSQL_URL: 'mysql://messages:app-password@127.0.0.1:5/messages',
    MF_VERSION: 'dev',
    MF_PROGRAM: 'dev-messages',
  });
  expect(JSON.stringify(env)).not.toMatch(/admin|signing|traffic-key|stats-password|ui-password/);
});

test('only requests that name it go there, unless everybody’s shall', () => {
  expect(devCommand(exampleStack, service, options).env.MF_AUDIENCE).toBe('named');
  const open = devCommand(exampleStack, service, { ...options, everybody: true });
  expect(open.env.MF_AUDIENCE).toBe('everybody');
});
