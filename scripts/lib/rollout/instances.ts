/** What of a service runs in a stack, and the releases that it has of it: as upgrades ask for them. */
import type { InstanceRow } from '../deploy.ts';
import { StepFailure } from '../failure.ts';
import { lookAtPrograms } from '../overview.ts';
import { type Deployment, findRelease, releasesOf } from '../release.ts';
import { type Stack, stackOption } from '../stack.ts';

/** Those that the stack runs for people, not what somebody debugs on a laptop. */
export async function instancesOf(stack: Stack, service: string): Promise<InstanceRow[]> {
  const views = await lookAtPrograms(stack, (one) => one.service === service);
  return views.map(({ name, ...view }) => ({ program: name, ...view }));
}

/** The release as it was built, whatever has become of its source since. */
export async function deploymentOf(
  stack: Stack,
  service: string,
  version: string,
): Promise<Deployment> {
  const found = await findRelease(releasesOf(stack.dir, service), version);
  if (found) return found;
  const next = `mf run ${service} ${version}${stackOption(stack.name)}`;
  throw new StepFailure(`${service} ${version}`, 'the release is gone', next);
}
