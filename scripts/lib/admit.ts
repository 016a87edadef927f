/**
 * Makes a service known to a running stack: a unix user, secrets, accounts in Consul, MariaDB and Redis.
 *
 * For `mf run` of a service that came after `mf up`, which does the same for all services of the
 * checkout (open-stack.ts, start-parts.ts). Nothing of what runs is restarted, and a second time
 * nothing changes.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureConsulAcl } from './accounts/consul-acl.ts';
import { ensureSchemas } from './accounts/schemas.ts';
import type { Declared } from './declarations.ts';
import { failureOf } from './failure.ts';
import { admitToRedis, redisPart } from './parts/redis.ts';
import { hashOf, place } from './place.ts';
import type { Service } from './services.ts';
import { knowServices } from './stack.ts';
import type { Campaign } from './start.ts';

/** The same campaign, in a stack that knows the service. */
export async function admit(campaign: Campaign, service: Service): Promise<Campaign> {
  if (campaign.stack.asRoot) await ensureUser(campaign.stack.checkout, service.name);
  const stack = await knowServices(campaign.stack, [service.name]);
  const known = { ...campaign, stack };
  const parts = (await campaign.supervisor.declared()).map((one) => one.service);
  if (parts.includes('consul')) await ensureConsulAcl(stack, [service.name]);
  if (parts.includes('mariadb')) await ensureSchemas(stack, [service]);
  await tellRedis(known);
  return known;
}

/**
 * Redis reads its users when it starts: where there are others by now, it is told of them, and they
 * are written down with the hash by which `mf up` would see a change and restart it.
 */
export async function tellRedis({ stack, supervisor }: Campaign): Promise<void> {
  const declared = (await supervisor.declared()).find(({ name }) => name === 'redis');
  if (declared === undefined) return;
  const part = redisPart(stack);
  const about = { ...aboutOf(declared), settings: hashOf(part) };
  if (declared.settings === about.settings) return;
  // Whatever else has changed is for `mf up` to start anew with.
  if (!(await supervisor.isDeclared(part.program, aboutOf(declared)))) return;
  const [config] = part.files;
  if (config?.content !== (await readFile(config?.path ?? '', 'utf8'))) return;
  await admitToRedis(stack);
  await place(part, stack.asRoot);
  await supervisor.declare(part.program, about);
}

function aboutOf({ service, version, settings, by }: Declared) {
  return { service, version, settings, by };
}

async function ensureUser(checkout: string, service: string): Promise<void> {
  const command = ['bash', join(checkout, 'provision/users.sh'), service];
  await execa('bash', command.slice(1), { all: true }).catch((error: unknown) => {
    throw failureOf(service, error, command.join(' '));
  });
}
