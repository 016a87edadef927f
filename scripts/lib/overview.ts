/**
 * Everything that a stack runs, in one view: what supervisord, Consul and HAProxy each know of it.
 *
 * `mf status` shows it, and `mf up` at its end. Looks and never changes anything; whoever of the
 * three does not answer makes programs unhealthy, not the view impossible.
 */
import type { Declared } from './declarations.ts';
import { messageOf } from './failure.ts';
import { addressOf, isPart, partOf } from './parts.ts';
import { answerMs } from './patience.ts';
import { complaintOf, registeredAs, registrations, serversUp } from './serving.ts';
import { publicUrl, type Stack } from './stack.ts';
import { superviseStack } from './supervisor.ts';
import type { ProgramState } from './supervisor-output.ts';

export interface ProgramView {
  name: string;
  service: string;
  version: string;
  /** Its id in the registry; parts have none. */
  instance: string | undefined;
  address: string | undefined;
  /** `healthy`, or what is wrong. */
  health: string;
  since: string | undefined;
  pid: number | undefined;
  by: Declared['by'];
}

export interface Overview {
  stack: string;
  url: string;
  healthy: boolean;
  programs: ProgramView[];
}

export async function overviewOf(stack: Stack): Promise<Overview> {
  const programs = await lookAtPrograms(stack, () => true);
  const healthy = programs.length > 0 && programs.every(({ health }) => health === 'healthy');
  return { stack: stack.name, url: publicUrl(stack), healthy, programs };
}

/** The same of some programs alone, and so quicker. */
export async function lookAtPrograms(
  stack: Stack,
  chosen: (program: Declared) => boolean,
): Promise<ProgramView[]> {
  const supervisor = superviseStack(stack);
  const [all, states] = await Promise.all([supervisor.declared(), supervisor.status()]);
  const declared = all.filter(chosen);
  const up = await serversUp(stack).catch(() => new Set<string>());
  const views = await Promise.all(
    declared.map(async (program) => {
      const state = states.find(({ name }) => name === program.name);
      const seen = state?.state === 'RUNNING' ? await look(stack, program, up) : {};
      return viewOf(program, state, seen);
    }),
  );
  return views.sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
}

interface Seen {
  instance?: string;
  address?: string;
  complaint?: string;
}

/** What a running program looks like from outside. */
function look(stack: Stack, program: Declared, up: Set<string>): Promise<Seen> {
  return isPart(program.service)
    ? lookAtPart(stack, program.service)
    : lookAtInstance(stack, program, up);
}

async function lookAtPart(stack: Stack, part: Parameters<typeof partOf>[1]): Promise<Seen> {
  const address = addressOf(stack, part);
  // A healthy part answers at once: no need to wait as its `ready` would.
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`does not answer within ${answerMs / 1000} s`)), answerMs);
  });
  try {
    await Promise.race([partOf(stack, part).ready(), late]);
    return { address };
  } catch (error) {
    return { address, complaint: messageOf(error) };
  }
}

async function lookAtInstance(stack: Stack, program: Declared, up: Set<string>): Promise<Seen> {
  try {
    const all = await registrations(stack, program.service);
    const found = registeredAs(all, program.name, up);
    if (found === undefined) return { complaint: 'it has not registered' };
    const complaint = complaintOf(found, up);
    const { instance, address } = found;
    return complaint === undefined ? { instance, address } : { instance, address, complaint };
  } catch (error) {
    return { complaint: `Consul: ${messageOf(error)}` };
  }
}

function viewOf(program: Declared, state: ProgramState | undefined, seen: Seen): ProgramView {
  const running = state?.state === 'RUNNING';
  return {
    name: program.name,
    service: program.service,
    version: program.version,
    instance: seen.instance,
    address: seen.address,
    health: running ? (seen.complaint ?? 'healthy') : (state?.state ?? 'STOPPED').toLowerCase(),
    since: state?.startedAt ? new Date(state.startedAt * 1000).toISOString() : undefined,
    pid: state?.pid,
    by: program.by,
  };
}

/** Parts first, as they start. */
function order({ service }: ProgramView): number {
  return isPart(service) ? 0 : 1;
}
