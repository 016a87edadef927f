import { expect, test } from 'vitest';
import type { Service } from '../services.ts';
import { exampleStack } from '../testing/example-stack.ts';
import { devArguments, devSettings } from './command.ts';

const service: Service = {
  ...{ name: 'messages', version: '1.0.0', workers: [] },
  ...{ hasMigrations: true, hasPage: false, up: true, single: false, needs: ['redis'] },
};

test('a service is run from the working tree, watched, and open to a debugger on this machine', () => {
  expect(devArguments('/checkout', 'messages', 9_300)).toEqual([
    '--watch',
    '--watch-preserve-output',
    '--inspect=127.0.0.1:9300',
    '/checkout/services/messages/main.ts',
  ]);
});

test('it is told what its instances are told, and nobody else’s secrets', () => {
  const settings = devSettings(exampleStack, service, false);
  expect(settings).toMatchObject({
    CONSUL_TOKEN: 'messages-uuid',
    MYSQL_URL: 'mysql://messages:app-password@127.0.0.1:5/messages',
    MF_VERSION: 'dev',
    MF_PROGRAM: 'dev-messages',
  });
  expect(JSON.stringify(settings)).not.toMatch(
    /admin|signing|traffic-key|stats-password|ui-password/,
  );
});

test('only requests that name it go there, unless everybody’s shall', () => {
  expect(devSettings(exampleStack, service, false).MF_AUDIENCE).toBe('named');
  expect(devSettings(exampleStack, service, true).MF_AUDIENCE).toBe('everybody');
});
