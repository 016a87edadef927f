/**
 * Releases and instances of a running stack, one at a time: get, add, retire, list.
 *
 * What `mf run`, `mf kill` and `mf upgrade` are made of. The caller holds the stack's lock (lock.ts)
 * while it adds or retires, as names are given out here.
 */
import { admit } from './admit.ts';
import { isDiskFull, StepFailure, UsageError } from './failure.ts';
import { instanceOf, nextName } from './instance.ts';
import { launch, type Planned, type Running } from './launch.ts';
import type { Output } from './output.ts';
import { lookAtPrograms, type ProgramView } from './overview.ts';
import { isPart } from './parts.ts';
import { buildRelease, type Deployment, findRelease, releasesOf } from './release.ts';
import { readService } from './services.ts';
import { deregister } from './serving.ts';
import { hasOtherPackages, withSnapshot } from './snapshot.ts';
import { workingTree } from './source.ts';
import { type Stack, stackOption } from './stack.ts';
import { type Campaign, takeBack } from './start.ts';

export type { Running } from './launch.ts';

export interface Wanted {
  service: string;
  /** As the person calls the release; left out: the service's version and the content's hash. */
  label?: string | undefined;
  /** A git ref, or UNCOMMITTED_COPY. Left out: HEAD, or what the label was built from if that was no commit. */
  source?: string | undefined;
}

const labelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Makes a unix user with `mf-`, a schema, and a name in HAProxy. */
const servicePattern = /^[a-z][a-z0-9-]{0,27}$/;

/** Finds the release or builds it; refuses a label that exists with other content. */
export async function obtainRelease(
  { stack, output }: { stack: Stack; output: Output },
  wanted: Wanted,
): Promise<Deployment> {
  const { service: name, label } = wanted;
  refuseOddNames(name, label);
  const home = releasesOf(stack.dir, name);
  const asBuilt = label === undefined ? undefined : await findRelease(home, label);
  if (asBuilt && wanted.source === undefined && asBuilt.release.source === workingTree) {
    return asBuilt;
  }
  const source = wanted.source ?? 'HEAD';
  const title = label === undefined ? name : `${name} ${label}`;
  const { promise, resolve } = Promise.withResolvers<Deployment>();
  await output.step(title, `mf releases${stackOption(stack.name)}`, () =>
    withSnapshot(stack.checkout, { service: name, source }, async (tree) => {
      const service = await readService(tree.folder, name);
      if (service === undefined) {
        throw new UsageError(`there is no service ${name} in ${source}`, 'mf run --help');
      }
      const deployment = await buildRelease(tree, service, home, label);
      resolve(deployment);
      if (!deployment.release.built) return undefined;
      const foreign = await hasOtherPackages(stack.checkout, tree.folder);
      const packages = foreign ? ', with the packages that are installed,' : '';
      return `${deployment.release.label} built from ${source}${packages}`;
    }).catch((error: unknown) => {
      if (!isDiskFull(error)) throw error;
      const why = `no space is left for it in ${home}`;
      throw new StepFailure(title, why, `mf releases --prune${stackOption(stack.name)}`, [], error);
    }),
  );
  return promise;
}

function refuseOddNames(service: string, label: string | undefined): void {
  if (!servicePattern.test(service)) {
    const why = `'${service}' is no name for a service: small letters, digits and hyphens, a letter first`;
    throw new UsageError(why, 'mf run --help');
  }
  if (label === undefined || labelPattern.test(label)) return;
  const why = `'${label}' is no version: up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first`;
  throw new UsageError(why, 'mf run --help');
}

/** Starts an instance; resolves when requests reach it. One that fails is withdrawn again. */
export async function addInstance(campaign: Campaign, deployment: Deployment): Promise<Running> {
  const [running] = await addInstances(campaign, deployment, 1);
  if (running === undefined) throw new Error('launch told of no instance');
  return running;
}

/** The same for several, which start side by side: all of them serve, or none is left. */
export async function addInstances(
  campaign: Campaign,
  deployment: Deployment,
  count: number,
): Promise<Running[]> {
  const { name, single } = deployment.service;
  if (single && count > 1) {
    throw new UsageError(`there may be only one instance of ${name}`, 'mf run --help');
  }
  const known = await admit(campaign, deployment.service);
  const planned = await plan(known, deployment, count);
  try {
    return await launch(known, planned);
  } catch (error) {
    await takeBack(
      campaign,
      planned.map(({ instance }) => instance.program.name),
    );
    throw error;
  }
}

/** SIGTERM: it deregisters, drains and ends. With `now` it is killed as it is. */
export async function retireInstance(
  { supervisor, output, stack }: Campaign,
  program: string,
  { now = false }: { now?: boolean } = {},
): Promise<void> {
  const declared = (await supervisor.declared()).find(({ name }) => name === program);
  await output.step(program, `mf status${stackOption(stack.name)}`, async () => {
    await supervisor.withdraw([program], { now });
    // One that was killed, now or because it hung, could not do this itself.
    if (declared) await deregister(stack, declared.service, program);
    return now ? 'killed' : 'drained and stopped';
  });
}

export interface InstanceRow extends Omit<ProgramView, 'name'> {
  program: string;
}

/** Every instance of every service, well or not. */
export async function listInstances(stack: Stack): Promise<InstanceRow[]> {
  const views = await lookAtPrograms(stack, ({ service }) => !isPart(service));
  return views.map(({ name, ...view }) => ({ program: name, ...view }));
}

async function plan(
  { stack, supervisor }: Campaign,
  { service, release }: Deployment,
  count: number,
): Promise<Planned[]> {
  const declared = await supervisor.declared();
  const taken = new Set(declared.map(({ name }) => name));
  return Array.from({ length: count }, (_, i) => {
    const name = nextName(service, taken);
    taken.add(name);
    const instance = instanceOf(stack, service, release, name, process.execPath);
    const about = `${service.name} ${release.label}`;
    const title = count === 1 ? about : `${about} · ${i + 1} of ${count}`;
    return { title, service, release, instance, isNew: true };
  });
}
