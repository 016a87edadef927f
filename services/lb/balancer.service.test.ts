import { chmod, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { random } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { expect, test } from 'vitest';
import { startInstance, startProcess } from './testing/instances.ts';
import { startLoad } from './testing/load.ts';
import { startWorld, untilConsulLeads } from './testing/world.ts';

const popularity = { route: '/api/popularity' };
/** Consul is doubted for 10 s after a restart of it or of lb. */
const patient = { timeout: 60_000 };

test('a service that nobody knew has its traffic as soon as it has registered', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const before = await world.ask('/api/popularity');
  expect(before).toMatchObject({ status: 503, type: 'application/problem+json' });
  expect(before.body.code).toBe('no_service');

  const { instance } = await startInstance(t, world.consul.url, 'popularity', popularity);
  await world.untilReady('popularity', instance);
  for (const path of ['/api/popularity', '/api/popularity/', '/api/popularity/1?x=/y']) {
    expect(await world.ask(path)).toMatchObject({ status: 200, body: { instance } });
  }
  expect(await world.ask('/api/popularityx')).toMatchObject({ status: 503 });
  await world.untilFileEqualsRunning();
});

test('a browser that has asked in vain on a connection gets its answer on the same one', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const ask = async () => {
    const response = await fetch(`${world.haproxy.url}/api/popularity?n=1`);
    await response.text();
    return response.status;
  };
  expect(await ask()).toBe(503);
  const { instance } = await startInstance(t, world.consul.url, 'popularity', popularity);
  await world.untilReady('popularity', instance);
  expect(await ask()).toBe(200);
});

test('a server that was added at run time is asked over connections that stay open', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
  const first = await start();
  await world.untilReady('popularity', first.instance);
  const { instance } = await start();
  await first.stop();
  await world.untilReady('popularity', instance);
  // One after another, and on one connection, as a browser does it.
  for (const n of [1, 2, 3, 4]) {
    const response = await fetch(`${world.haproxy.url}/api/popularity?n=${n}`);
    expect(await response.json()).toMatchObject({ instance });
  }
  expect(await world.haproxy.connectionsTo('be_popularity', instance)).toBe(1);
});

test('instances come and go without a reload, down to none and up again', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
  const first = await start();
  await world.untilReady('popularity', first.instance);
  const worker = await world.haproxy.workerPid();

  const second = await start();
  await world.untilReady('popularity', first.instance, second.instance);
  await first.stop();
  await second.stop();
  await world.untilReady('popularity');
  await world.untilFileEqualsRunning();
  expect(await world.ask('/api/popularity')).toMatchObject({
    status: 503,
    type: 'application/problem+json',
    body: { code: 'no_instance' },
  });

  const third = await start();
  await world.untilReady('popularity', third.instance);
  expect(await world.ask('/api/popularity')).toMatchObject({ status: 200 });
  await world.untilFileEqualsRunning();
  expect(await world.haproxy.workerPid()).toBe(worker);
});

test('instances that are replaced under load, and a service that appears meanwhile, lose nothing', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
  let old = await start();
  await world.untilReady('popularity', old.instance);
  const load = startLoad(`${world.haproxy.url}/api/popularity`);
  for (let turn = 0; turn < 3; turn += 1) {
    const next = await start();
    await world.untilReady('popularity', old.instance, next.instance);
    const { instance } = await startInstance(t, world.consul.url, `new${turn}`, {
      route: `/api/new${turn}`,
    });
    await world.untilReady(`new${turn}`, instance);
    await old.stop();
    await world.untilReady('popularity', next.instance);
    old = next;
  }
  const { answered, failed } = await load.stop();
  expect(failed).toEqual([]);
  expect(answered).toBeGreaterThan(500);
});

test('instances that are killed lose no GET, and no POST that may be sent twice', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const start = () => startProcess(t, world.consul.url, `popularity-${random()}`);
  const processes = [start(), start(), start()];
  await world.untilReady('popularity', 3);
  const url = `${world.haproxy.url}/api/popularity`;
  const headers = { 'idempotency-key': 'k' };
  const loads = [
    startLoad(url, { connections: 4 }),
    startLoad(url, { connections: 4, method: 'POST', headers }),
  ];
  for (const [n, child] of processes.slice(1).entries()) {
    child.kill('SIGKILL');
    // HAProxy has taken it out long before; its registration goes with Consul's check.
    await world.untilReady('popularity', 2 - n);
  }
  for (const load of loads) {
    const { answered, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(100);
  }
});

test('a bad registration harms nobody, and neither does one that wants another’s route', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const good = await startInstance(t, world.consul.url, 'popularity', popularity);
  await world.untilReady('popularity', good.instance);
  for (const route of ['/api/popularity', '/x } { y', '/internal']) {
    await startInstance(t, world.consul.url, 'evil', { route });
  }
  const other = await startInstance(t, world.consul.url, 'other', { route: '/api/other' });
  await world.untilReady('other', other.instance);
  expect(await world.ask('/api/popularity')).toMatchObject({ body: { instance: good.instance } });
  expect(await world.haproxy.config()).not.toContain('evil');
});

test('HAProxy killed: it comes back with its servers, and follows again', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
  const first = await start();
  await world.untilReady('popularity', first.instance);
  await world.haproxy.kill();
  const second = await start();
  await first.stop();
  await world.untilReady('popularity', second.instance);
  expect(await world.ask('/api/popularity')).toMatchObject({
    body: { instance: second.instance },
  });
  await world.untilFileEqualsRunning();
});

test(
  'lb restarted: what changed meanwhile is done, and what did not is not touched',
  patient,
  async (t) => {
    const world = await startWorld(t);
    const lb = await world.startLb();
    const start = (name: string) =>
      startInstance(t, world.consul.url, name, { route: `/api/${name}` });
    const [stays, leaves] = [await start('popularity'), await start('popularity')];
    await world.untilReady('popularity', stays.instance, leaves.instance);
    const worker = await world.haproxy.workerPid();
    const load = startLoad(`${world.haproxy.url}/api/popularity`);
    await lb.stop();
    await leaves.stop();
    const comes = await start('popularity');
    await world.startLb();
    await world.untilReady('popularity', stays.instance, comes.instance);
    expect(await load.stop()).toMatchObject({ failed: [] });
    await world.untilFileEqualsRunning();
    expect(await world.haproxy.workerPid()).toBe(worker);
  },
);

test(
  'Consul killed and wiped: nobody loses traffic, also when lb restarts just then',
  patient,
  async (t) => {
    const world = await startWorld(t);
    const lb = await world.startLb();
    const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
    const [first, second] = [await start(), await start()];
    const both = [first.instance, second.instance].toSorted();
    await world.untilReady('popularity', ...both);
    const load = startLoad(`${world.haproxy.url}/api/popularity`, { connections: 2 });

    await world.consul.kill();
    world.consul.start();
    await untilConsulLeads(world.consul);
    await lb.stop();
    const again = world.startLb();
    // Two looks at an empty Consul, and the time after which the instances have registered again.
    const seen = new Set<string>();
    await until('both have registered again', async () => {
      seen.add((await world.ready('popularity')).join());
      return (await registered(world.consul.url)) >= 2;
    });
    await again;
    expect([...seen]).toEqual([both.join()]);
    expect(await load.stop()).toMatchObject({ failed: [] });

    await first.stop();
    await world.untilReady('popularity', second.instance);
  },
);

test('what HAProxy does not take stays out, and the servers of all others go on', async (t) => {
  const world = await startWorld(t);
  // Says no to whatever has the route /api/poison.
  const bin = join(dirname(world.haproxy.settings.haproxyConfig), 'picky');
  const real = world.haproxy.settings.haproxyBin;
  await writeFile(
    bin,
    `#!/bin/sh\nif grep -q be_poison "$3"; then echo '[ALERT] poison' >&2; exit 1; fi\nexec ${real} "$@"\n`,
  );
  await chmod(bin, 0o755);
  await world.startLb({ HAPROXY_BIN: bin });
  const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
  const first = await start();
  await world.untilReady('popularity', first.instance);

  await startInstance(t, world.consul.url, 'poison', { route: '/api/poison' });
  const second = await start();
  await world.untilReady('popularity', first.instance, second.instance);
  await world.untilFileEqualsRunning();
  expect(await world.haproxy.config()).not.toContain('be_poison');
  expect(await world.ask('/api/poison')).toMatchObject({ body: { code: 'no_service' } });
});

test(
  'a reload that fails is taken back, and the servers of all others go on',
  patient,
  async (t) => {
    const world = await startWorld(t);
    const lb = await world.startLb();
    const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
    const first = await start();
    await world.untilReady('popularity', first.instance);
    await lb.stop();

    const HAPROXY_MASTER_SOCKET = `${world.haproxy.settings.haproxyMasterSocket}.failing`;
    const master = createServer((socket) => void socket.end('Success=0\n--\ncannot bind\n'));
    t.onTestFinished(() => void master.close());
    master.listen(HAPROXY_MASTER_SOCKET);
    await world.startLb({ HAPROXY_MASTER_SOCKET });
    await startInstance(t, world.consul.url, 'poison', { route: '/api/poison' });
    const second = await start();
    await world.untilReady('popularity', first.instance, second.instance);
    await world.untilFileEqualsRunning();
    expect(await world.haproxy.config()).not.toContain('be_poison');
  },
);

test('a drain that somebody made in HAProxy alone does not last: the registry decides', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  const start = () => startInstance(t, world.consul.url, 'popularity', popularity);
  const first = await start();
  await world.untilReady('popularity', first.instance);
  const socket = connect(world.haproxy.settings.haproxyRuntimeSocket);
  socket.end(`set server be_popularity/${first.instance} state maint\n`);
  const second = await start();
  await world.untilReady('popularity', first.instance, second.instance);
});

async function registered(consulUrl: string): Promise<number> {
  const response = await fetch(`${consulUrl}/v1/health/service/popularity`);
  const body: unknown = await response.json();
  return Array.isArray(body) ? body.length : 0;
}
