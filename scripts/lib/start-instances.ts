/**
 * What `mf up` does with services: an instance of each as it is in the working tree.
 *
 * A new instance serves before the old one drains, so that nothing is lost in between; a service of
 * which there may be only one is restarted instead. What somebody runs by `mf run` is left alone:
 * where a service runs so and is well, up does nothing about it.
 */
import type { Declared } from './declarations.ts';
import { retireInstance } from './deploy.ts';
import { instanceOf, nextName } from './instance.ts';
import { launch, type Planned } from './launch.ts';
import { lookAtPrograms } from './overview.ts';
import { buildRelease, type Deployment, releasesOf } from './release.ts';
import { contract, contractionOf } from './rollout/contraction.ts';
import type { Service } from './services.ts';
import { checkoutTree } from './source.ts';
import type { Stack } from './stack.ts';
import type { Campaign } from './start.ts';

export async function buildReleases(
  { stack, output }: Campaign,
  services: readonly Service[],
): Promise<Deployment[]> {
  const { checkout, dir } = stack;
  const deployments: Deployment[] = [];
  await Promise.all(
    services.map((service) =>
      output.step(service.name, 'npm run check', async () => {
        const tree = checkoutTree(checkout, service.name);
        const built = await buildRelease(tree, service, releasesOf(dir, service.name));
        deployments.push(built);
        return built.release.built ? `${built.release.label} built` : undefined;
      }),
    ),
  );
  return deployments;
}

/** Those of the services that are up's to start: not the ones that run well by `mf run`. */
export async function leftToUp<T extends Pick<Service, 'name'>>(
  { stack, wasDown }: Campaign,
  services: readonly T[],
): Promise<T[]> {
  if (wasDown) return [...services];
  const run = await lookAtPrograms(stack, ({ by }) => by === 'run');
  const well = run.filter(({ health }) => health === 'healthy').map(({ service }) => service);
  return services.filter(({ name }) => !well.includes(name));
}

export async function startInstances(
  campaign: Campaign,
  deployments: readonly Deployment[],
): Promise<void> {
  const declared = await campaign.supervisor.declared();
  const planned = plan(campaign.stack, declared, deployments);
  await launch(campaign, planned);
  const retired = planned.flatMap((one) => one.retired);
  await Promise.all(retired.map((name) => retireInstance(campaign, name)));
  for (const one of planned.filter(({ isNew }) => isNew)) {
    if ((await contractionOf(one, [])) === 'due') await contract(campaign, one);
  }
}

interface PlannedByUp extends Planned {
  /** Programs of other releases of the service. */
  retired: string[];
}

function plan(stack: Stack, declared: readonly Declared[], deployments: readonly Deployment[]) {
  const taken = new Set(declared.map(({ name }) => name));
  return deployments.map(({ service, release }): PlannedByUp => {
    const ours = declared.filter((one) => one.service === service.name && one.by === 'up');
    const current = ours.find(({ version }) => version === release.label);
    const name = current?.name ?? nextName(service, taken);
    const others = ours.filter(({ version }) => version !== release.label);
    const retired = others.map((one) => one.name).filter((other) => other !== name);
    const instance = instanceOf(stack, service, release, name, process.execPath);
    const title = `${service.name} ${release.label}`;
    return { title, service, release, instance, retired, isNew: current === undefined };
  });
}
