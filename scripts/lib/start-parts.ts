/**
 * Starts what the services stand on (Consul, MariaDB, Redis, HAProxy) and opens accounts there.
 *
 * The parts start side by side; each becomes one line when it is fit to serve.
 */
import { ensureConsulAcl } from './accounts/consul-acl.ts';
import { ensureSchemas } from './accounts/schemas.ts';
import { type PartName, partOf } from './parts.ts';
import type { Service } from './services.ts';
import { type Stack, stackOption } from './stack.ts';
import { type Campaign, startPrograms, untilReady } from './start.ts';

export async function startParts(
  campaign: Campaign,
  names: readonly PartName[],
  services: readonly Service[],
): Promise<void> {
  const { stack, supervisor, output, started } = campaign;
  const parts = await Promise.all(
    names.map(async (name) => {
      const part = partOf(stack, name);
      return { ...part, service: name, version: await part.version() };
    }),
  );
  const begun = output.now();
  const since = await supervisor.logEnd();
  await startPrograms(campaign, parts);
  await Promise.all(
    parts.map((part) =>
      output.step(
        `${part.service} ${part.version}`,
        `mf logs ${part.service}${stackOption(stack.name)}`,
        async () => {
          await untilReady(campaign, part.service, since, part.ready());
          await openAccounts(stack, part.service, services);
          return started.has(part.service) ? 'ready' : undefined;
        },
        begun,
      ),
    ),
  );
}

async function openAccounts(stack: Stack, part: PartName, services: readonly Service[]) {
  const names = services.map(({ name }) => name);
  if (part === 'consul') await ensureConsulAcl(stack, names);
  if (part === 'mariadb') await ensureSchemas(stack, services);
}
