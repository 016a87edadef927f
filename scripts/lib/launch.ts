/**
 * Starts instances that were planned, and waits until requests reach them.
 *
 * The one way in which an instance comes to run, whoever wants it: `mf up` (start-instances.ts), run
 * and upgrade (deploy.ts). Migrations go first; a release that somebody edited is refused.
 */
import { execa } from 'execa';
import { confined } from './confine.ts';
import { migrationOf } from './instance.ts';
import { type Deployment, verifyRelease } from './release.ts';
import { untilServing } from './serving.ts';
import { stackOption } from './stack.ts';
import { type Campaign, type Startable, startPrograms, untilReady } from './start.ts';

/** Without it HAProxy learns of no instance. */
const balancer = 'lb';

export interface Planned extends Deployment {
  /** The step's name: `messages v2`, or `messages v2 · 1 of 3`. */
  title: string;
  instance: Startable;
  /** False where this very instance runs already. */
  isNew: boolean;
}

/** An instance that requests reach. */
export interface Running {
  program: string;
  service: string;
  version: string;
  /** Its id in the registry. */
  instance: string;
  address: string;
}

export async function launch(campaign: Campaign, planned: readonly Planned[]): Promise<Running[]> {
  const { supervisor, output } = campaign;
  const declared = await supervisor.declared();
  const startables = planned.map(({ instance }) => instance);
  const throughHaproxy = [...declared, ...startables].some(({ service }) => service === balancer);
  const deployments = deploymentsOf(planned.filter(({ isNew }) => isNew));
  await Promise.all(deployments.map(({ release }) => verifyRelease(release)));
  const unknown = deployments.filter(({ service, release }) => {
    return !declared.some((one) => one.service === service.name && one.version === release.label);
  });
  await Promise.all(unknown.map((one) => migrate(campaign, one)));

  const begun = output.now();
  const since = await supervisor.logEnd();
  await startPrograms(campaign, startables);
  const waited = planned.map((one) => serves(campaign, one, { begun, since, throughHaproxy }));
  return Promise.all(waited);
}

/** Each once, of however many instances. */
function deploymentsOf(planned: readonly Planned[]): Planned[] {
  return [...new Map(planned.map((one) => [one.release.folder, one])).values()];
}

interface Start {
  begun: number;
  since: number;
  throughHaproxy: boolean;
}

async function serves(
  campaign: Campaign,
  { title, service, release, instance: { program } }: Planned,
  { begun, since, throughHaproxy }: Start,
): Promise<Running> {
  const { stack, output, started, readyWithinMs } = campaign;
  const next = `mf logs ${program.name}${stackOption(stack.name)}`;
  const wanted = { service: service.name, program: program.name, version: release.label };
  const ready = untilServing(stack, wanted, throughHaproxy, readyWithinMs);
  const work = async () => {
    await untilReady(campaign, program.name, since, ready);
    return started.has(program.name) ? 'serving' : undefined;
  };
  await output.step(title, next, work, begun);
  const { instance, address } = await ready;
  return { ...wanted, instance, address };
}

/** `alone`: no older release runs, nor will be put back, so what takes something away is applied too. */
export async function migrate(
  { stack, output }: Campaign,
  { service, release }: Deployment,
  alone = false,
): Promise<void> {
  if (!service.hasMigrations) return;
  const next = `mf status${stackOption(stack.name)}`;
  await output.step(`${service.name} migrations`, next, async () => {
    const migration = migrationOf(stack, service, release, process.execPath);
    const command = [...migration.command, ...(alone ? ['--alone'] : [])];
    const { environment, ...program } = { ...migration, command };
    const [file = '', ...words] = confined(program, stack);
    await execa(file, words, { cwd: '/', env: environment, extendEnv: false, all: true });
    return 'applied';
  });
}
