/**
 * Starts an instance of each release that has none, and retires those of other releases.
 *
 * A new instance serves before the old one drains, so that nothing is lost in between; a service of
 * which there may be only one is restarted instead. Migrations go first: they only expand, so the
 * old release goes on with the new schema.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { confined } from './confine.ts';
import type { Declared } from './declarations.ts';
import { instanceOf, migrationOf, nextName } from './instance.ts';
import { buildRelease, type Release, verifyRelease } from './release.ts';
import type { Service } from './services.ts';
import { untilServing } from './serving.ts';
import { type Stack, stackOption } from './stack.ts';
import { type Campaign, type Startable, startPrograms, untilReady } from './start.ts';

/** Without it HAProxy learns of no instance. */
const balancer = 'lb';

export interface Deployment {
  service: Service;
  release: Release;
}

interface Planned extends Deployment {
  instance: Startable;
  /** Programs of other releases of the service. */
  retired: string[];
  isNew: boolean;
}

export async function buildReleases(
  { stack, output }: Campaign,
  services: readonly Service[],
): Promise<Deployment[]> {
  const folder = join(stack.dir, 'releases');
  const deployments: Deployment[] = [];
  await Promise.all(
    services.map((service) =>
      output.step(service.name, 'npm run check', async () => {
        const release = await buildRelease(stack.checkout, service, folder);
        deployments.push({ service, release });
        return release.built ? `${release.label} built` : undefined;
      }),
    ),
  );
  return deployments;
}

export async function startInstances(
  campaign: Campaign,
  deployments: readonly Deployment[],
): Promise<void> {
  const { stack, supervisor, output, started } = campaign;
  const declared = await supervisor.declared();
  const planned = plan(stack, declared, deployments);
  const throughHaproxy = [...declared, ...planned.map(({ instance }) => instance)].some(
    ({ service }) => service === balancer,
  );
  const fresh = planned.filter(({ isNew }) => isNew);
  await Promise.all(fresh.map(({ release }) => verifyRelease(release)));
  await Promise.all(fresh.map((one) => migrate(campaign, one)));

  const begun = output.now();
  const since = await supervisor.logEnd();
  await startPrograms(
    campaign,
    planned.map(({ instance }) => instance),
  );
  await Promise.all(
    planned.map(({ service, release, instance: { program } }) =>
      output.step(
        `${service.name} ${release.label}`,
        `mf logs ${program.name}${stackOption(stack.name)}`,
        async () => {
          const wanted = { service: service.name, program: program.name, version: release.label };
          const serving = untilServing(stack, wanted, throughHaproxy);
          await untilReady(campaign, program.name, since, serving);
          return started.has(program.name) ? 'serving' : undefined;
        },
        begun,
      ),
    ),
  );
  await Promise.all(planned.map((one) => retire(campaign, one)));
}

function plan(stack: Stack, declared: readonly Declared[], deployments: readonly Deployment[]) {
  const taken = new Set(declared.map(({ name }) => name));
  return deployments.map(({ service, release }): Planned => {
    const ours = declared.filter((one) => one.service === service.name);
    const current = ours.find(({ version }) => version === release.label);
    const name = current?.name ?? nextName(service, taken);
    const others = ours.filter(({ version }) => version !== release.label);
    const retired = others.map((one) => one.name).filter((other) => other !== name);
    const instance = instanceOf(stack, service, release, name, process.execPath);
    return { service, release, instance, retired, isNew: current === undefined };
  });
}

async function migrate({ stack, output }: Campaign, { service, release }: Planned): Promise<void> {
  if (!service.hasMigrations) return;
  const next = `mf up${stackOption(stack.name)}`;
  await output.step(`${service.name} migrations`, next, async () => {
    const { environment, ...program } = migrationOf(stack, service, release, process.execPath);
    const [file = '', ...words] = confined(program, stack);
    await execa(file, words, { cwd: '/', env: environment, extendEnv: false, all: true });
    return 'applied';
  });
}

async function retire({ supervisor, output, stack }: Campaign, { retired }: Planned) {
  if (retired.length === 0) return;
  await output.step(retired.join(', '), `mf status${stackOption(stack.name)}`, async () => {
    await supervisor.withdraw(retired);
    return 'drained and stopped';
  });
}
