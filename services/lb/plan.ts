/**
 * What has to be done so that HAProxy has what the model wants. Pure; reconcile.ts does it, `mf plan`
 * shows it.
 *
 * New structure is a reload, and nothing else: the file that is loaded has the servers as well.
 * All the rest are steps for the runtime API. A server that is not wanted leaves in two plans: it is
 * drained first, and removed when its last request is done. Until then it counts as leaving.
 */
import type { Model, Server } from './model.ts';
import { backendOf, serverToAdd } from './render.ts';
import type { Running, RunningServer } from './running.ts';

export type Step =
  | { kind: 'add'; backend: string; server: Server }
  | { kind: 'move'; backend: string; server: Server }
  | { kind: 'ready'; backend: string; id: string }
  | { kind: 'weigh'; backend: string; id: string; weight: number }
  | { kind: 'drain'; backend: string; id: string }
  | { kind: 'remove'; backend: string; id: string };

export interface Plan {
  reload: boolean;
  /** In the order in which they are to be done: nothing goes before its successor has come. */
  steps: Step[];
  /** Servers that are drained and not done yet: to be looked at again soon. */
  leaving: number;
}

export function planOf(model: Model, structure: string, running: Running): Plan {
  if (running.structure !== structure) return { reload: true, steps: [], leaving: 0 };
  const there = new Map(running.servers.map((server) => [nameOf(server), server]));
  const wanted = model.services.flatMap(({ name, servers }) =>
    servers.map((server) => ({ backend: backendOf(name), server })),
  );
  const names = new Set(wanted.map(({ backend, server }) => nameOf({ backend, ...server })));
  const unwanted = running.servers.filter((server) => !names.has(nameOf(server)));
  return {
    reload: false,
    steps: [
      ...wanted.flatMap(({ backend, server }) =>
        stepsTo(backend, server, there.get(nameOf({ backend, ...server }))),
      ),
      ...unwanted.flatMap(stepsAway),
    ].sort((a, b) => Number(takesTraffic(a)) - Number(takesTraffic(b))),
    leaving: unwanted.filter(({ state, busy }) => state === 'drain' && busy > 0).length,
  };
}

export const isDone = ({ reload, steps, leaving }: Plan): boolean =>
  !reload && steps.length === 0 && leaving === 0;

/** A step in HAProxy's words. */
export function commandsOf(step: Step): string[] {
  switch (step.kind) {
    case 'add': {
      const name = nameOf({ backend: step.backend, id: step.server.id });
      return [`add server ${name} ${serverToAdd(step.server)}`, ...activation(name)];
    }
    case 'move': {
      const { id, address, port } = step.server;
      return [`set server ${nameOf({ ...step, id })} addr ${address} port ${port}`];
    }
    case 'ready':
      return activation(nameOf(step));
    case 'weigh':
      return [`set server ${nameOf(step)} weight ${step.weight}`];
    case 'drain':
      return [`set server ${nameOf(step)} state drain`];
    case 'remove':
      return [`set server ${nameOf(step)} state maint`, `del server ${nameOf(step)}`];
  }
}

function stepsTo(backend: string, server: Server, there: RunningServer | undefined): Step[] {
  if (there === undefined) return [{ kind: 'add', backend, server }];
  const { id, weight } = server;
  const steps: Step[] = [];
  if (there.address !== server.address || there.port !== server.port) {
    steps.push({ kind: 'move', backend, server });
  }
  if (there.weight !== weight) steps.push({ kind: 'weigh', backend, id, weight });
  if (there.state !== 'ready') steps.push({ kind: 'ready', backend, id });
  return steps;
}

const takesTraffic = (step: Step): boolean =>
  step.kind === 'drain' || step.kind === 'remove' || (step.kind === 'weigh' && step.weight === 0);

/** In maintenance it gets nothing any more: what is left is to delete it, which may need several tries. */
function stepsAway({ backend, id, state, busy }: RunningServer): Step[] {
  if (state === 'ready') return [{ kind: 'drain', backend, id }];
  if (state === 'drain' && busy > 0) return [];
  return [{ kind: 'remove', backend, id }];
}

/** A server that was added waits in maintenance, without checks, until it is told otherwise. */
const activation = (name: string): string[] => [
  `enable health ${name}`,
  `set server ${name} state ready`,
];

const nameOf = ({ backend, id }: { backend: string; id: string }): string => `${backend}/${id}`;
