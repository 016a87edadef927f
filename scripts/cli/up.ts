/**
 * `mf up`: from whatever is there to a stack that serves, and nothing where it serves already.
 *
 * Settle the ports, start the parts, build the releases meanwhile, start the instances, post a
 * message and see it arrive. When a step fails, what this command started is stopped again.
 */
import { tellRedis } from '../lib/admit.ts';
import { UsageError } from '../lib/failure.ts';
import { interruption } from '../lib/interruption.ts';
import { whileLocked } from '../lib/lock.ts';
import { openStack } from '../lib/open-stack.ts';
import { createOutput, type Output } from '../lib/output.ts';
import { type Overview, overviewOf } from '../lib/overview.ts';
import { until } from '../lib/parts/until.ts';
import { type PartName, partNames } from '../lib/parts.ts';
import { selfTest } from '../lib/selftest.ts';
import { listServices, pick, type Service } from '../lib/services.ts';
import { checkout, stackDir, stackOption } from '../lib/stack.ts';
import { type Campaign, planCampaign, undo } from '../lib/start.ts';
import { buildReleases, leftToUp, startInstances } from '../lib/start-instances.ts';
import { startParts } from '../lib/start-parts.ts';
import { programsTable } from './status.ts';
import { refusePositionals, text, type Verb, type Words } from './verb.ts';

export const up: Verb = {
  summary: 'start the stack, or what is missing of it',
  help: `mf up [--stack NAME] [--port N] [--bind ADDRESS] [--only NAME,NAME...] [--json]

Installs what is missing, starts everything that a chat needs, waits until it serves, and proves it
by posting a message and seeing it arrive. Where all of that runs already it changes nothing; where
the code has changed, the new release serves before the old one stops.

  --stack NAME    one of several stacks side by side (default)
  --port N        the public port (8080; for other stacks the next free one from 8081)
  --bind ADDRESS  where the public port listens (*: everywhere)
  --only NAMES    just these parts and services, such as consul,mariadb,redis`,
  options: {
    port: { type: 'string' },
    bind: { type: 'string' },
    only: { type: 'string' },
  },
  async run(words) {
    refusePositionals('up', words);
    const output = createOutput(words.json);
    const wanted = await readWanted(words);
    const waiting = (holder: string) => output.say(`  waiting for ${holder}`);
    return whileLocked(await stackDir(words.stack), 'mf up', waiting, () =>
      bringUp(wanted, output),
    );
  },
};

interface Wanted {
  name: string;
  port: number | undefined;
  bind: string | undefined;
  parts: PartName[];
  services: Service[];
  /** Every service of the checkout: all of them have accounts. */
  known: Service[];
  whole: boolean;
}

async function readWanted(words: Words): Promise<Wanted> {
  const all = await listServices(checkout);
  const byDefault = [...partNames, ...all.filter((service) => service.up).map(({ name }) => name)];
  const names = text(words, 'only')?.split(',') ?? byDefault;
  const picked = pick([...partNames.map((name) => ({ name })), ...all], names);
  return {
    name: words.stack,
    port: portOf(text(words, 'port')),
    bind: text(words, 'bind'),
    parts: partNames.filter((name) => names.includes(name)),
    services: all.filter((service) => picked.includes(service)),
    known: all,
    whole: text(words, 'only') === undefined,
  };
}

async function bringUp(wanted: Wanted, output: Output): Promise<number> {
  const begun = output.now();
  const stack = await openStack({ ...wanted, services: wanted.known.map(({ name }) => name) });
  const campaign = await planCampaign(stack, output, 'up');
  const interrupted = interruption('mf up');
  if (campaign.wasDown) await campaign.supervisor.start();
  const overview = await Promise.race([startAll(campaign, wanted), interrupted]).catch(
    async (error: unknown) => {
      await undo(campaign);
      throw error;
    },
  );
  const changed = campaign.started.size > 0;
  const seconds = ((output.now() - begun) / 1000).toFixed(1);
  const first = changed
    ? `Stack ${stack.name} is up after ${seconds} s: ${overview.url}`
    : `Stack ${stack.name} runs already, nothing was changed: ${overview.url}`;
  const option = stackOption(stack.name);
  const next = `Next: mf status${option} · mf logs --follow${option} · mf down${option}`;
  output.answer(
    { ok: true, changed, steps: output.done, ...overview },
    `\n${first}\n\n${programsTable(overview.programs)}\n\n${next}`,
  );
  return 0;
}

async function startAll(campaign: Campaign, wanted: Wanted): Promise<Overview> {
  const { stack, started } = campaign;
  if (!campaign.wasDown) await tellRedis(campaign);
  const building = buildReleases(campaign, await leftToUp(campaign, wanted.services));
  await Promise.all([building, startParts(campaign, wanted.parts, wanted.known)]);
  await startInstances(campaign, await building);
  if (!wanted.whole) return overviewOf(stack);
  const overview = await untilHealthy(campaign);
  if (started.size > 0) await proveByMessage(campaign);
  return overview;
}

/** Also of what ran before: a stack that is up is well. */
async function untilHealthy({ stack, output }: Campaign): Promise<Overview> {
  let overview = await overviewOf(stack);
  await output.step('health', `mf status${stackOption(stack.name)}`, async () => {
    if (overview.healthy) return undefined;
    await until(async () => {
      overview = await overviewOf(stack);
      const sick = overview.programs.find(({ health }) => health !== 'healthy');
      if (sick) throw new Error(`${sick.name}: ${sick.health}`);
    });
    return 'everything is well';
  });
  return overview;
}

async function proveByMessage({ stack, output }: Campaign): Promise<void> {
  await output.step('self-test', `mf logs${stackOption(stack.name)}`, async () => {
    const tookMs = await selfTest(stack);
    return `a message posted, and seen over Socket.IO ${tookMs.toFixed(0)} ms later,`;
  });
}

function portOf(typed: string | undefined): number | undefined {
  if (typed === undefined) return undefined;
  const port = Number(typed);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new UsageError(`up: --port is a number from 1 to 65535, not '${typed}'`, 'mf up --help');
}
