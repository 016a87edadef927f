/** A stack whose every value can be told apart, for tests of text that is made from one. */
import type { Stack } from '../stack.ts';

export const exampleStack: Stack = {
  name: 'demo',
  dir: '/srv/stacks/demo',
  checkout: '/srv/microflack',
  asRoot: true,
  bind: '127.0.0.1',
  ports: {
    public: 1,
    consulHttp: 2,
    consulServer: 3,
    consulSerf: 4,
    mariadb: 5,
    galera: 6,
    galeraIst: 7,
    redis: 8,
    haproxyStats: 9,
  },
  secrets: {
    consulManagement: 'management-uuid',
    consulAgent: 'agent-uuid',
    consulServices: { messages: 'messages-uuid' },
    mariadbAdmin: 'mariadb-admin-password',
    mariadb: { messages: { app: 'app-password', migrations: 'migrations-password' } },
    redisAdmin: 'redis-admin-password',
    redis: { messages: 'messages-password', ui: 'ui-password' },
    internalKey: 'internal-key',
    tokenSigningKeys: 'signing-keys',
    haproxyStats: 'stats-password',
    trafficKey: 'traffic-key',
  },
};
