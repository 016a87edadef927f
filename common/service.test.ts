import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, type TestContext, test } from 'vitest';
import { z } from 'zod';
import { until } from './testing/until.ts';

const line = z.looseObject({ event: z.string(), port: z.number().optional() });
const program = join(import.meta.dirname, 'testing/fixture-main.ts');
/** Nobody listens there: all of this works without Consul. */
const withoutConsul = { CONSUL_URL: 'http://127.0.0.1:9', DRAIN_GRACE_MS: '50' };

/** The fixture as a process of its own, and what it says. */
function run(t: TestContext, environment: Record<string, string> = withoutConsul) {
  const child = spawn(process.execPath, [program], { env: environment });
  t.onTestFinished(() => void child.kill('SIGKILL'));
  const said: z.infer<typeof line>[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on('line', (text) => said.push(line.parse(JSON.parse(text))));
  createInterface(child.stderr).on('line', (text) => errors.push(text));
  const find = (event: string) => until(event, () => said.find((one) => one.event === event));
  const events = () => said.map(({ event }) => event);
  return { child, find, events, errors };
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

test('wrong settings are all named on stderr, and the exit code is 78', async (t) => {
  const { child, errors } = run(t, { MF_PORT: 'many', STARTS: 'sometimes' });
  expect(await exitOf(child)).toBe(78);
  await until('all is read', () => errors.length === 4);
  expect(errors.join()).toMatch(/MF_PORT.*CONSUL_URL.*STARTS/);
});

test('without Consul an instance serves, and a SIGTERM ends it with 0', async (t) => {
  const { child, find, events } = run(t);
  const { port } = await find('instance.ready');
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  await find('registry.lost');
  child.kill('SIGTERM');
  expect(await exitOf(child)).toBe(0);
  await until('all is read', () => events().includes('drain.done'));
  expect(events().filter((event) => event === 'registry.lost').length).toBeLessThanOrEqual(2);
});

test('a SIGTERM while an instance starts ends it with 0, and is no failure', async (t) => {
  const { child, find, events } = run(t, { ...withoutConsul, STARTS: 'never' });
  await find('instance.started');
  child.kill('SIGTERM');
  expect(await exitOf(child)).toBe(0);
  expect(events()).not.toContain('instance.failed');
});

test('an error that nobody expected: logged, requests in flight are answered, exit 1', async (t) => {
  const { child, find } = run(t);
  const { port } = await find('instance.ready');
  const answer = await fetch(`http://127.0.0.1:${port}/slow-then-crash`);
  expect(await answer.json()).toEqual({ answered: true });
  expect(await exitOf(child)).toBe(1);
  expect(await find('instance.failed')).toMatchObject({ err: { message: 'nobody expected this' } });
});
