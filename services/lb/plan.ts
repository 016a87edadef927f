/**
 * What has to be done so that HAProxy has what the model wants. Pure; reconcile.ts does it, `mf plan`
 * shows it.
 *
 * New structure is a reload, and nothing else: the file that is loaded has the servers as well.
 * All the rest are steps for the runtime API. A server that is not wanted leaves in two plans: it is
 * drained first, and removed when its last request is done. Until then it counts as leaving.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Model } from './model.ts';
import { type MapEntry, type Member, mapOf, poolsOf } from './pools.ts';
import { serverToAdd } from './render.ts';
import type { Running, RunningServer } from './running.ts';

export type Step =
  | { kind: 'add'; backend: string; server: Member }
  | { kind: 'move'; backend: string; server: Member }
  | { kind: 'ready'; backend: string; id: string }
  | { kind: 'weigh'; backend: string; id: string; weight: number }
  | { kind: 'drain'; backend: string; id: string }
  | { kind: 'remove'; backend: string; id: string };

export interface Plan {
  reload: boolean;
  /** In the order in which they are to be done: nothing goes before its successor has come. */
  steps: Step[];
  /** The map as it is to be, where it is another one now. Its place is before what takes traffic. */
  map?: MapEntry[];
  /** Servers that are drained and not done yet: to be looked at again soon. */
  leaving: number;
}

export function planOf(model: Model, structure: string, running: Running): Plan {
  if (running.structure !== structure) return { reload: true, steps: [], leaving: 0 };
  const there = new Map(running.servers.map((server) => [nameOf(server), server]));
  const wanted = model.services
    .flatMap(poolsOf)
    .flatMap(({ backend, members }) => members.map((server) => ({ backend, server })));
  const roles = new Map(
    wanted.map(({ backend, server }) => [nameOf({ backend, ...server }), server.backup]),
  );
  // A server cannot be made a backup, or be one no more: it goes, and comes again.
  const unwanted = running.servers.filter((one) => roles.get(nameOf(one)) !== one.backup);
  const map = mapOf(model.services);
  return {
    reload: false,
    steps: [
      ...wanted.flatMap(({ backend, server }) =>
        stepsTo(backend, server, there.get(nameOf({ backend, ...server }))),
      ),
      ...unwanted.flatMap(stepsAway),
    ].sort((a, b) => Number(takesTraffic(a)) - Number(takesTraffic(b))),
    ...(!isDeepStrictEqual(map, running.map) && { map }),
    leaving: unwanted.filter(({ state, busy }) => state === 'drain' && busy > 0).length,
  };
}

/** Whether HAProxy has what is wanted; some servers may only be waiting for their last requests. */
export const isSettled = ({ reload, steps, map }: Plan): boolean =>
  !reload && steps.length === 0 && map === undefined;

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

function stepsTo(backend: string, server: Member, there: RunningServer | undefined): Step[] {
  if (there === undefined) return [{ kind: 'add', backend, server }];
  if (there.backup !== server.backup) return [];
  const { id, weight } = server;
  const steps: Step[] = [];
  if (there.address !== server.address || there.port !== server.port) {
    steps.push({ kind: 'move', backend, server });
  }
  if (there.weight !== weight) steps.push({ kind: 'weigh', backend, id, weight });
  if (there.state !== 'ready') steps.push({ kind: 'ready', backend, id });
  return steps;
}

export const takesTraffic = (step: Step): boolean =>
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
