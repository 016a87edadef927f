/** Several instances of the services of the stack that test/setup/stack.ts has started, and the end of those that were added. */
import { type Registered, registrations } from '../../scripts/lib/serving.ts';
import { superviseStack } from '../../scripts/lib/supervisor.ts';
import { mf } from './mf.ts';
import { wholeStack } from './whole.ts';

export const behindHaproxy = ['messages', 'users', 'tokens', 'ui', 'socketio'] as const;

const ofStack = (): string[] => ['--stack', process.env.MF_TEST_STACK ?? ''];

/** As a person types it, for this stack. */
export const mfHere = (...words: string[]): Promise<string> => mf(...words, ...ofStack());

/** Programs of a service; of one version, where it is named. */
export async function crewOf(service: string, version?: string): Promise<string[]> {
  const declared = await superviseStack(await wholeStack()).declared();
  const ours = declared.filter((one) => one.service === service);
  return ours
    .filter((one) => version === undefined || one.version === version)
    .map(({ name }) => name);
}

/** As the registry has it. */
export async function instanceOf(service: string, program: string): Promise<Registered> {
  const all = await registrations(await wholeStack(), service);
  const found = all.find((one) => one.program === program);
  if (found === undefined) throw new Error(`${program} is not registered`);
  return found;
}

/** Adds instances of this version until there are three of each of these services, whatever their versions. */
export async function threeOfEach(services: readonly string[], version: string): Promise<void> {
  for (const service of services) {
    const missing = 3 - (await crewOf(service)).length;
    if (missing > 0) {
      await mfHere('run', service, version, 'UNCOMMITTED_COPY', '-n', String(missing));
    }
  }
}

/** The instances of this version leave at once; nobody is there any more who would notice. */
export async function dismiss(services: readonly string[], version: string): Promise<void> {
  for (const service of services) {
    if ((await crewOf(service, version)).length > 0)
      await mfHere('kill', service, version, '--now');
  }
}

/** All that runs of these services ends at once, and `mf up` starts what it always starts. */
export async function startAfresh(services: readonly string[]): Promise<void> {
  for (const service of services) await mfHere('kill', service, '--now', '--last');
  await mfHere('up');
}
