/**
 * `mf dev`: a service from the working tree beside the stack's instances, for a debugger and for those
 * requests alone that ask for it. Ctrl-C drains and deregisters it.
 */
import { execa } from 'execa';
import { devCommand, devVersion } from '../lib/dev.ts';
import { StepFailure, UsageError } from '../lib/failure.ts';
import { meCurl, meLink, notMeLink, sealed } from '../lib/me.ts';
import { createOutput, type Output } from '../lib/output.ts';
import { firstFree } from '../lib/ports.ts';
import { listServices, pick } from '../lib/services.ts';
import { checkout, loadStack, type Stack, stackOption } from '../lib/stack.ts';
import { superviseStack } from '../lib/supervisor.ts';
import type { Verb } from './verb.ts';

const loopback = '127.0.0.1';
const firstInspectPort = 9_229;
/** Its drain may take as long as an instance's. */
const drainMs = 20_000;

export const dev: Verb = {
  summary: 'run a service from the working tree, for your own requests',
  help: `mf dev SERVICE [--me] [--everybody] [--stack NAME]

Runs SERVICE as it lies in the working tree, starts it anew when a file changes, and lets a debugger
in on a port of this machine. It registers as version ${devVersion} of the service and gets only the
requests of who opens the link that is printed. Ctrl-C takes it out of traffic and ends it.

  --me         prints the link; it does so anyway, unless everybody's requests go there
  --everybody  takes part in everybody's requests, as any instance does`,
  options: {
    me: { type: 'boolean', default: false },
    everybody: { type: 'boolean', default: false },
  },
  async run({ positionals, values, stack: name, json }) {
    const [wanted, unexpected] = positionals;
    if (wanted === undefined) throw new UsageError('dev: which service?', 'mf dev --help');
    if (unexpected !== undefined) {
      throw new UsageError(`dev: unexpected '${unexpected}'`, 'mf dev --help');
    }
    const stack = await loadStack(name);
    const services = await listServices(checkout);
    const [service] = pick(services, [wanted]);
    if (service === undefined) throw new Error(`${wanted} was picked, and is not there`);
    if (service.single) {
      const why = `dev: two of ${wanted} would get in each other's way`;
      throw new UsageError(why, `mf up${stackOption(name)}`);
    }
    if (!(await superviseStack(stack).running())) {
      throw new StepFailure('dev', `stack ${name} is down`, `mf up${stackOption(name)}`);
    }
    const inspectPort = await firstFree(firstInspectPort, loopback);
    const everybody = values.everybody === true;
    const options = { node: process.execPath, inspectPort, everybody };
    const output = createOutput(json);
    if (!everybody || values.me === true) tellLink(stack, wanted, output);
    await runUntilInterrupted(devCommand(stack, service, options));
    output.say(`${wanted} ${devVersion} has left`);
    return 0;
  },
};

function tellLink(stack: Stack, service: string, output: Output): void {
  const seal = sealed(stack, { service, version: devVersion });
  output.say(`Your own requests come here by this link:\n\n  ${meLink(stack, seal)}\n`);
  output.say(`and by hand:\n\n  ${meCurl(stack, seal)}\n`);
  output.say(`Back to what everybody gets: ${notMeLink(stack)}\n`);
}

/** In a group of its own: the terminal's Ctrl-C must reach it once, and through us. */
async function runUntilInterrupted({ file, args, env }: ReturnType<typeof devCommand>) {
  const child = execa(file, args, {
    ...{ cwd: checkout, env, extendEnv: false, detached: true, reject: false },
    stdio: ['ignore', 'inherit', 'inherit'],
    forceKillAfterDelay: drainMs,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill('SIGTERM'));
  }
  const { exitCode, signal } = await child;
  if (exitCode !== 0 && signal !== 'SIGTERM') {
    throw new StepFailure('dev', `it ended with ${signal ?? `exit code ${exitCode}`}`, 'mf dev');
  }
}
