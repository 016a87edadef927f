/**
 * `mf dev`: a service from the working tree beside the stack's instances, for a debugger and for those
 * requests alone that ask for it. Ctrl-C drains and deregisters it.
 *
 * The stack is this computer's, or with --vm the one in the virtual machine (dev/guest-session.ts).
 */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { devArguments, devLog, devSettings, devVersion } from '../lib/dev/command.ts';
import { reachGuest } from '../lib/dev/guest.ts';
import { type HandedOver, joinGuest } from '../lib/dev/guest-session.ts';
import { StepFailure, UsageError } from '../lib/failure.ts';
import { meCurl, meLink, notMeLink, sealed } from '../lib/me.ts';
import { createOutput, type Output } from '../lib/output.ts';
import { firstFree } from '../lib/ports.ts';
import { listServices, pick, type Service } from '../lib/services.ts';
import { checkout, loadStack, publicUrl, type Stack, stackOption } from '../lib/stack.ts';
import { superviseStack } from '../lib/supervisor.ts';
import { text, type Verb, type Words } from './verb.ts';

const loopback = '127.0.0.1';
const firstInspectPort = 9_229;
/** Its drain may take as long as an instance's. */
const drainMs = 20_000;
const vagrantsUrl = () => `http://localhost:${process.env.MF_PORT ?? 8080}`;

export const dev: Verb = {
  summary: 'run a service from the working tree, for your own requests',
  help: `mf dev SERVICE [--me] [--everybody] [--vm] [--stack NAME]

Runs SERVICE as it lies in the working tree, starts it anew when a file changes, and lets a debugger
in on a port of this machine. It registers as version ${devVersion} of the service and gets only the
requests of who opens the link that is printed. Ctrl-C takes it out of traffic and ends it.

  --me         prints the link; it does so anyway, unless everybody's requests go there
  --everybody  takes part in everybody's requests, as any instance does
  --vm         joins the stack in the virtual machine of \`vagrant up\`, from this computer
  --ssh-config FILE
               another machine: FILE says how ssh reaches it, as \`vagrant ssh-config\` would
  --url URL    where that machine's page is reached from here (${vagrantsUrl()})
  --hand-over  what --vm asks the machine for: prints the service's settings as JSON, secrets and all,
               and keeps as its log what then comes from standard input`,
  options: {
    me: { type: 'boolean', default: false },
    everybody: { type: 'boolean', default: false },
    vm: { type: 'boolean', default: false },
    'ssh-config': { type: 'string' },
    url: { type: 'string' },
    'hand-over': { type: 'boolean', default: false },
  },
  async run(words) {
    const service = await wantedService(words);
    const output = createOutput(words.json);
    if (words.values.vm === true || text(words, 'ssh-config') !== undefined) {
      return joinMachine(service, words, output);
    }
    const stack = await runningStack(words.stack);
    const offer = {
      settings: devSettings(stack, service, words.values.everybody === true),
      seal: sealed(stack, { service: service.name, version: devVersion }),
    };
    const log = createWriteStream(devLog(stack, service.name));
    if (words.values['hand-over'] === true) return handOver(offer, log);
    tellLinks(publicUrl(stack), offer.seal, words, output);
    await runUntilInterrupted(service, offer.settings, log);
    output.say(`${service.name} ${devVersion} has left`);
    return 0;
  },
};

async function wantedService({ positionals, stack }: Words): Promise<Service> {
  const [wanted, unexpected] = positionals;
  if (wanted === undefined) throw new UsageError('dev: which service?', 'mf dev --help');
  if (unexpected !== undefined) {
    throw new UsageError(`dev: unexpected '${unexpected}'`, 'mf dev --help');
  }
  const [service] = pick(await listServices(checkout), [wanted]);
  if (service === undefined) throw new Error(`${wanted} was picked, and is not there`);
  if (!service.single) return service;
  const why = `dev: two of ${wanted} would get in each other's way`;
  throw new UsageError(why, `mf up${stackOption(stack)}`);
}

async function runningStack(name: string): Promise<Stack> {
  const stack = await loadStack(name);
  if (await superviseStack(stack).running()) return stack;
  throw new StepFailure('dev', `stack ${name} is down`, `mf up${stackOption(name)}`);
}

/** For a service that runs on another computer: ends when that one lets go. */
async function handOver(offer: HandedOver, log: Writable): Promise<number> {
  process.stdout.write(`${JSON.stringify(offer)}\n`);
  await pipeline(process.stdin, log);
  return 0;
}

async function joinMachine(service: Service, words: Words, output: Output): Promise<number> {
  const guest = await reachGuest(checkout, text(words, 'ssh-config'));
  try {
    const handedOn = ['--stack', words.stack, ...(words.values.everybody ? ['--everybody'] : [])];
    const asked = { service: service.name, words: handedOn };
    const session = await joinGuest(guest, asked, (complaint) => output.say(complaint));
    tellLinks(text(words, 'url') ?? vagrantsUrl(), session.seal, words, output);
    const lost = session.lost.then(() => {
      throw new StepFailure('dev', 'the machine cannot be reached any more', 'vagrant up');
    });
    lost.catch(() => undefined);
    await runUntilInterrupted(service, session.settings, session.log, lost).finally(session.end);
    output.say(`${service.name} ${devVersion} has left`);
    return 0;
  } finally {
    await guest.forget();
  }
}

function tellLinks(url: string, seal: string, { values }: Words, output: Output): void {
  if (values.everybody === true && values.me !== true) return;
  output.say(`Your own requests come here by this link:\n\n  ${meLink(url, seal)}\n`);
  output.say(`and by hand:\n\n  ${meCurl(url, seal)}\n`);
  output.say(`Back to what everybody gets: ${notMeLink(url)}\n`);
}

/** In a group of its own: the terminal's Ctrl-C must reach it once, and through us. */
async function runUntilInterrupted(
  { name }: Service,
  env: Record<string, string>,
  log: Writable,
  lost: Promise<never> = new Promise(() => undefined),
): Promise<void> {
  const inspectPort = await firstFree(firstInspectPort, loopback);
  const child = execa(process.execPath, devArguments(checkout, name, inspectPort), {
    ...{ cwd: checkout, env, extendEnv: false, detached: true, reject: false, buffer: false },
    ...{ stdin: 'ignore', stdout: ['inherit', log], stderr: 'inherit' },
    forceKillAfterDelay: drainMs,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill('SIGTERM'));
  }
  lost.catch(() => child.kill('SIGTERM'));
  const { exitCode, signal } = await Promise.race([child, lost]);
  if (exitCode !== 0 && signal !== 'SIGTERM') {
    throw new StepFailure('dev', `it ended with ${signal ?? `exit code ${exitCode}`}`, 'mf dev');
  }
}
