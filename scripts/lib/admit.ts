/**
 * Makes a service known to a running stack: a unix user, secrets, accounts in Consul, MariaDB and Redis.
 *
 * `mf up` does this for all services of the checkout at once (open-stack.ts, start-parts.ts); this is
 * for the one that came later. Nothing of what runs is restarted, and a second time nothing changes.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureConsulAcl } from './accounts/consul-acl.ts';
import { ensureSchemas } from './accounts/schemas.ts';
import { admitToRedis } from './parts/redis.ts';
import { type PartName, partOf } from './parts.ts';
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
  if (parts.includes('redis')) await admitToRedis(stack, service.name);
  await keepForRestart(known, 'redis');
  return known;
}

async function ensureUser(checkout: string, service: string): Promise<void> {
  await execa('bash', [join(checkout, 'provision/users.sh'), service], { all: true });
}

/** What the part has been told is written down too: it is what the part reads when it starts anew. */
async function keepForRestart({ stack, supervisor }: Campaign, name: PartName): Promise<void> {
  const declared = (await supervisor.declared()).find(({ service }) => service === name);
  if (declared === undefined) return;
  const part = partOf(stack, name);
  const { service, version, by } = declared;
  const about = { service, version, by, settings: hashOf(part) };
  if (await supervisor.isDeclared(part.program, about)) return;
  await place(part, stack.asRoot);
  await supervisor.declare(part.program, about);
}
