/** The stack that test/setup/stack.ts has started, and its programs by name: to look at, to freeze, to kill and to stop. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { until } from '@microflack/common/testing/until.ts';
import { execa } from 'execa';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { overviewOf } from '../../scripts/lib/overview.ts';
import { findStack, type Stack } from '../../scripts/lib/stack.ts';
import { superviseStack } from '../../scripts/lib/supervisor.ts';
import { planReport } from '../../services/lb/plan-report.ts';

const healedWithinMs = 60_000;

export async function wholeStack(): Promise<Stack> {
  const stack = await findStack(process.env.MF_TEST_STACK ?? '');
  if (!stack) throw new Error('expected MF_TEST_STACK, which test/setup/stack.ts sets');
  return stack;
}

/** `redis`, or `messages` for its first instance: `mf up` may have numbered it anew. */
export async function pidsOf(names: readonly string[]): Promise<(number | undefined)[]> {
  const states = await superviseStack(await wholeStack()).status();
  return names.map(
    (name) => states.find((one) => one.name === name || one.name.startsWith(`${name}-`))?.pid,
  );
}

/** As a crash does it, all at once. The function resolves when supervisord has started them again. */
export async function kill(names: readonly string[]): Promise<() => Promise<void>> {
  const pids = (await pidsOf(names)).map((pid, index) => pid ?? missing(names[index]));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  const areBack = async () =>
    (await pidsOf(names)).every((pid) => pid !== undefined && !pids.includes(pid));
  return async () => void (await until(`${names} are back`, areBack, healedWithinMs));
}

function missing(name = ''): never {
  throw new Error(`${name} does not run`);
}

/** Away until start() or the end of the test. */
export async function stop(program: string): Promise<void> {
  onTestFinished(() => start(program));
  await supervise('stop', program);
}

export const start = (program: string): Promise<void> => supervise('start', program);

/** Starting what runs is no error here. */
async function supervise(verb: 'start' | 'stop', program: string): Promise<void> {
  const { dir } = await wholeStack();
  const configuration = ['-c', join(dir, 'supervisor/supervisord.conf')];
  const options = { all: true, reject: false } as const;
  const { all } = await execa('supervisorctl', [...configuration, verb, program], options);
  expect(all).toMatch(/: (started|stopped|ERROR \(already started\))$/m);
}

/** Resolves when everything runs, is registered, and is served by HAProxy. */
export async function healthy(): Promise<void> {
  const stack = await wholeStack();
  const isHealthy = async () => (await overviewOf(stack)).healthy;
  await until('everything is healthy again', isHealthy, healedWithinMs);
}

/** Resolves when HAProxy has what Consul wants, and all of it: nothing is left for lb to do. */
export async function agreed(withinMs: number): Promise<void> {
  const { dir, ports } = await wholeStack();
  const settings = parseEnv(await readFile(join(dir, 'settings/lb.env'), 'utf8'));
  const environment = { ...settings, CONSUL_URL: `http://127.0.0.1:${ports.consulHttp}` };
  const areAgreed = async () => {
    const { inSync, faults } = await planReport(environment);
    return inSync && faults.length === 0;
  };
  await until('lb has nothing left to do', () => areAgreed().catch(() => false), withinMs);
}

/** The ids of all instances that Consul knows, as soon as it answers. */
export async function instances(): Promise<string[]> {
  const { ports, secrets } = await wholeStack();
  const url = `http://127.0.0.1:${ports.consulHttp}/v1/agent/services`;
  const headers = { 'x-consul-token': secrets.consulManagement };
  const answers = async () => {
    const answer = await fetch(url, { headers }).catch(() => undefined);
    return answer?.ok && answer;
  };
  const answer = await until('Consul answers', answers, healedWithinMs);
  return Object.keys(z.record(z.string(), z.unknown()).parse(await answer.json()));
}

export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name));
}
