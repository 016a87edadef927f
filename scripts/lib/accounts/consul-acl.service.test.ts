import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consulPart } from '../parts/consul.ts';
import { endProgram, listeningHosts, makeTestStack, type TestStack } from '../testing/run-part.ts';
import { ensureConsulAcl } from './consul-acl.ts';

const services = ['users', 'messages'];
let stack: TestStack;
let agent: ChildProcess;

beforeAll(async () => {
  stack = await makeTestStack(services);
});
afterAll(() => stack.end());

async function status(token: string | undefined, method: string, path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${stack.ports.consulHttp}${path}`, {
    method,
    ...(token !== undefined && { headers: { 'x-consul-token': token } }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

const register = (token: string | undefined, name: string) =>
  status(token, 'PUT', '/v1/agent/service/register', { Name: name, ID: `${name}-1`, Port: 1 });

test('a service registers itself and nobody else, and its tokens outlive Consul’s data', async () => {
  const part = consulPart(stack);
  agent = await stack.run(part);
  await ensureConsulAcl(stack, services);
  await ensureConsulAcl(stack, services); // changes nothing

  await endProgram(agent, 'SIGKILL');
  await rm(join(stack.dir, 'consul/data'), { recursive: true });
  agent = await stack.run(part);

  const { users, messages } = stack.secrets.consulServices;
  const isTaken = async () => (await register(users, 'users')).status === 200;
  await until('users may register again', isTaken);
  expect(await register(users, 'messages')).toMatchObject({ status: 403 });
  expect(await register(undefined, 'users')).toMatchObject({ status: 403 });
  const seen = await status(messages, 'GET', '/v1/health/service/users');
  expect(JSON.parse(seen.text)).toMatchObject([{ Service: { ID: 'users-1' } }]);
});

test('a service reads the traffic policy, and neither writes it nor reads anything else', async () => {
  const { users } = stack.secrets.consulServices;
  const management = stack.secrets.consulManagement;
  await status(management, 'PUT', '/v1/kv/microflack/traffic/users', {});
  await status(management, 'PUT', '/v1/kv/other', {});
  expect(await status(users, 'GET', '/v1/kv/microflack/traffic/users')).toMatchObject({
    status: 200,
  });
  expect(await status(users, 'PUT', '/v1/kv/microflack/traffic/users', {})).toMatchObject({
    status: 403,
  });
  expect(await status(users, 'GET', '/v1/kv/other')).toMatchObject({ status: 403 });
});

test('a token that was exchanged for another is no good any more', async () => {
  const old = stack.secrets.consulServices.users;
  stack.secrets.consulServices.users = crypto.randomUUID();
  await ensureConsulAcl(stack, services);
  expect(await register(old, 'users')).toMatchObject({ status: 403 });
  expect(await register(stack.secrets.consulServices.users, 'users')).toMatchObject({
    status: 200,
  });
});

test('nothing of Consul listens beyond loopback', async () => {
  expect(await listeningHosts(agent)).toEqual(new Set(['127.0.0.1']));
});
