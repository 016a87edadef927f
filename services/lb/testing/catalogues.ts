/** Instances as Consul could tell of them, for tests: one by hand, and whole random catalogues. */
import type { Instance } from '@microflack/common/registry/instances.ts';
import type { TrafficPolicy } from '@microflack/common/registry/policy.ts';
import fc from 'fast-check';

/** messages-1 of the service messages, healthy and at a port of its own, but for what `changes` says. */
export function instance(
  id: string,
  meta: Record<string, string>,
  changes: Partial<Instance> = {},
): Instance {
  const service = id.replace(/-.*/, '');
  const port =
    [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 40_000, 0) + 20_000;
  const plain = { id, service, address: '127.0.0.1', port, version: '1.0.0', healthy: true, meta };
  return { ...plain, ...changes };
}

/** Plain words mostly, so that things collide; now and then what somebody could try. */
const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('users', 'messages', 'ui', 'a', 'b', 'x-1', 'Y_2', '3') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'a b',
      "it's",
      '"',
      'x\n    server evil 6.6.6.6:66',
      '"$HOME"',
      '%[env(HOME)]',
      '#',
      '\\',
      'ü',
      '__proto__',
      '..',
      '.',
      'internal',
      'api',
      'a'.repeat(300),
    ),
  },
);

const route = fc.oneof(
  { weight: 8, arbitrary: word.map((word) => `/api/${word}`) },
  { weight: 2, arbitrary: fc.array(word, { maxLength: 4 }).map((words) => `/${words.join('/')}`) },
  { weight: 1, arbitrary: word },
);

const address = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('127.0.0.1', '10.1.2.3', '::1', 'fd00:0:0::0001') },
  { weight: 2, arbitrary: fc.oneof(fc.ipV4(), fc.ipV6()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '0.0.0.0', '::', 'localhost', '1.2.3', 'fe80::1%lo'),
  },
  { weight: 1, arbitrary: word },
);

const meta = fc.record(
  {
    route,
    balance: fc.oneof(fc.constantFrom('roundrobin', 'leastconn', 'hash'), word),
    sticky: word,
    websocket: fc.constantFrom('true', 'false', 'yes'),
    started_at: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z', 'never'),
  },
  { requiredKeys: [] },
);

/** One with what is asked for alone, so that not everything is refused for something. */
const tidyMeta = fc.record(
  {
    route: fc.constantFrom('/', '/api/users', '/api/users/me', '/socket.io', '/x/y', '/x'),
    balance: fc.constantFrom('roundrobin', 'leastconn', 'hash'),
    sticky: fc.constantFrom('io', 'sid'),
    websocket: fc.constant('true'),
    audience: fc.constant('named'),
  },
  { requiredKeys: ['route'] },
);

const anyInstance: fc.Arbitrary<Instance> = fc.oneof(
  fc.record({
    id: fc.oneof(fc.uuid(), word),
    service: word,
    address,
    port: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 65_535 }) },
      { weight: 1, arbitrary: fc.integer() },
    ),
    version: fc.oneof(fc.constant('1.0.0-ab12cd34'), word),
    healthy: fc.boolean(),
    meta,
  }),
  fc.record({
    id: fc.uuid().map((uuid) => `s-${uuid.slice(0, 8)}`),
    service: fc.constantFrom('users', 'messages', 'ui', 'socketio', 'popularity'),
    address: fc.constantFrom('127.0.0.1', '::1'),
    port: fc.integer({ min: 5_000, max: 5_100 }),
    version: fc.constantFrom('v1', 'v2'),
    healthy: fc.boolean(),
    meta: tidyMeta,
  }),
);

export const anyCatalogue = fc.array(anyInstance, { maxLength: 40 });

/** Some of them for services that are there, and for versions that are not. */
export const anyPolicies: fc.Arbitrary<Map<string, TrafficPolicy>> = fc
  .uniqueArray(
    fc.record({
      service: fc.constantFrom('users', 'messages', 'ui', 'socketio', 'nobody'),
      percent: fc.integer({ min: 0, max: 100 }),
      sticky: fc.boolean(),
      other: fc.constantFrom('v2', 'v3'),
    }),
    { selector: ({ service }) => service },
  )
  .map(
    (all) =>
      new Map(
        all.map(({ service, percent, sticky, other }) => [
          service,
          {
            shares: [
              { version: 'v1', percent },
              { version: other, percent: 100 - percent },
            ],
            ...{ sticky, since: '2026-11-21T12:00:00Z', by: 'somebody@here' },
          },
        ]),
      ),
  );
