import { expect, test } from 'vitest';
import { requestsOf, socketsOf, versionsOf } from './account.ts';
import { parseStat, type Row } from './haproxy-counters.ts';
import { parseMetrics } from './instance-metrics.ts';
import type { Watched } from './instance-watch.ts';

const heading = '# pxname,svname,type,req_tot,hrsp_5xx,hrsp_other,wretr,wredis,econ,eresp,cli_abrt';

/** Requests and failures by proxy and name: the rest is 0. */
function rows(...of: [proxy: string, name: string, requests: number, failed: number][]): Row[] {
  const typeOf = (name: string) => ['FRONTEND', 'BACKEND'].indexOf(name);
  const lines = of.map(([proxy, name, requests, failed]) => {
    const type = typeOf(name) === -1 ? 2 : typeOf(name);
    return `${proxy},${name},${type},${requests},${failed},0,0,0,0,0,0`;
  });
  return parseStat([heading, ...lines].join('\n'));
}

const watched = (id: string, change: Partial<Watched> = {}): Watched => ({
  id,
  service: id.split('-')[0] ?? '',
  version: 'v1',
  url: '',
  route: undefined,
  registered: true,
  old: true,
  first: undefined,
  last: undefined,
  sockets: 0,
  ...change,
});

const nobodyBare = new Set<string>();
const messages = watched('messages-1');

test('a 5xx that left HAProxy is a failed request, whoever gave it', () => {
  const seen = rows(
    ['public', 'FRONTEND', 100, 3],
    ['be_messages', 'BACKEND', 100, 3],
    ['be_messages', 'messages-1', 99, 2],
  );
  const counts = requestsOf(seen, { all: [messages], bare: nobodyBare }, undefined);
  expect(counts).toMatchObject({ requests: 100, failed: 3, unserved: 0 });
});

test('503 for a service that nobody ran all the time is no failure', () => {
  const seen = rows(['public', 'FRONTEND', 100, 7], ['no_service', 'BACKEND', 7, 7]);
  const counts = requestsOf(seen, { all: [messages], bare: nobodyBare }, undefined);
  expect(counts).toMatchObject({ failed: 0, unserved: 7 });
});

test('the same 503 is a failure when a service that ran was without an instance for a while', () => {
  const seen = rows(['public', 'FRONTEND', 100, 7], ['no_service', 'BACKEND', 7, 7]);
  const bare = new Set(['messages']);
  expect(requestsOf(seen, { all: [messages], bare }, undefined)).toMatchObject({ failed: 7 });
  expect(requestsOf(seen, { all: [messages], bare }, 'users')).toMatchObject({ failed: 7 });
});

test('a service whose last instance is meant to go may say so, but its instances may not fail', () => {
  const seen = rows(
    ['public', 'FRONTEND', 100, 9],
    ['be_messages', 'BACKEND', 90, 5],
    ['be_messages', 'messages-1', 86, 1],
    ['no_service', 'BACKEND', 4, 4],
  );
  const bare = new Set(['messages']);
  const counts = requestsOf(seen, { all: [messages], bare }, 'messages');
  expect(counts).toMatchObject({ unserved: 8, failed: 1 });
});

test('what a command asked for itself fails nobody', () => {
  const seen = rows(['public', 'FRONTEND', 100, 9], ['be_messages.2', 'BACKEND', 9, 9]);
  const instances = { all: [messages], bare: nobodyBare };
  const counts = requestsOf(seen, instances, undefined, { sent: 20, failed: 8 });
  expect(counts).toMatchObject({ failed: 1, probes: 20 });
});

test('a version is what its instances did, in whatever backend, and what they measured', () => {
  const metrics = (count: number) =>
    parseMetrics(
      [
        `http_server_seconds_bucket{le="0.01",status="200"} ${count}`,
        `http_server_seconds_bucket{le="+Inf",status="200"} ${count}`,
        `http_server_seconds_count{status="200"} ${count}`,
      ].join('\n'),
    );
  const seen = rows(
    ['be_messages', 'messages-1', 10, 1],
    ['be_messages_v1', 'messages-1', 5, 0],
    ['be_messages', 'messages-2', 7, 0],
  );
  const instances = [
    watched('messages-1', { first: metrics(100), last: metrics(115) }),
    watched('messages-2', { version: 'v2', old: false, first: metrics(3), last: metrics(7) }),
  ];
  expect(versionsOf(seen, instances, 'messages')).toMatchObject([
    { version: 'v1', instances: 1, requests: 15, failed: 1, measured: 15, p50Ms: 5 },
    { version: 'v2', instances: 1, requests: 7, failed: 0, measured: 7 },
  ]);
});

test('the sockets of an instance that left have moved', () => {
  const holding = (sockets: number) => parseMetrics(`socketio_sockets ${sockets}`);
  const instances = [
    watched('socketio-1', { registered: false, first: holding(20), sockets: 21 }),
    watched('socketio-2', { first: holding(10), sockets: 30 }),
  ];
  expect(socketsOf(instances)).toEqual({ before: 30, moved: 21, after: 30 });
});
