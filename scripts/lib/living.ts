/** Which versions of a service live, for the verbs that take one: read from Consul. */
import { messageOf, StepFailure, UsageError } from './failure.ts';
import { listServices } from './services.ts';
import { registrations } from './serving.ts';
import type { Living } from './shares.ts';
import { checkout, type Stack, stackOption } from './stack.ts';

/** A usage error for a service that neither the checkout nor the registry has. */
export async function livingOf(stack: Stack, service: string): Promise<Living> {
  const option = stackOption(stack.name);
  const registered = await registrations(stack, service).catch((error: unknown) => {
    const why = `Consul does not answer: ${messageOf(error)}`;
    throw new StepFailure('registry', why, `mf up${option}`, [], error);
  });
  const all = registered.filter(({ passing }) => passing);
  if (all.length === 0) {
    const known = (await listServices(checkout)).map(({ name }) => name);
    if (!known.includes(service)) {
      const why = `there is no service ${service} (there are: ${known.join(', ')})`;
      throw new UsageError(why, `mf status${option}`);
    }
  }
  const versionsOf = (named: boolean) =>
    [...new Set(all.filter((one) => one.named === named).map(({ version }) => version))].sort();
  return { service, open: versionsOf(false), named: versionsOf(true), option };
}
