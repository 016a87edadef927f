import { expect, test } from 'vitest';
import { planLines, planReport } from './plan-report.ts';
import { startInstance } from './testing/instances.ts';
import { startWorld } from './testing/world.ts';

test('mf plan tells what lb would do, and nothing when it has done it', async (t) => {
  const world = await startWorld(t);
  const report = () => planReport(world.haproxy.environment);
  expect(planLines(await report())).toEqual([
    'HAProxy has what Consul wants: 0 services, 0 servers',
  ]);

  const route = '/api/popularity';
  const first = await startInstance(t, world.consul.url, 'popularity', { route });
  expect(planLines(await report())).toEqual(
    expect.arrayContaining([
      'HAProxy does not have what Consul wants: 1 services, 1 servers',
      `  reload  + http-request set-var(txn.service) str(popularity) if { path ${route} } || { path -m beg ${route}/ }`,
    ]),
  );

  const lb = await world.startLb();
  expect(await report()).toMatchObject({ inSync: true, structure: [], steps: [] });
  await lb.stop();

  const second = await startInstance(t, world.consul.url, 'popularity', { route });
  await startInstance(t, world.consul.url, 'evil', { route });
  await first.stop();
  const { port } = new URL(second.url);
  expect(planLines(await report())).toEqual([
    'HAProxy does not have what Consul wants: 1 services, 1 servers',
    `  add     be_popularity/${second.instance} at 127.0.0.1 port ${port}, weight 100`,
    `  drain   be_popularity/${first.instance}`,
    'Not taken as they are registered:',
    `  evil: ${route} belongs to popularity`,
  ]);
});

test('mf plan says who does not answer', async (t) => {
  const world = await startWorld(t);
  await world.consul.kill();
  await expect(planReport(world.haproxy.environment)).rejects.toThrow(/Consul did not answer/);
});
