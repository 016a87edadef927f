/**
 * Brings HAProxy to what Consul wants, and keeps it there: the loop of the balancer. watch.ts feeds it.
 *
 * A turn looks at what HAProxy has, derives what it should have, writes that to the file and does what
 * is missing; the next turn looks whether it worked. So it makes no difference who failed in the
 * middle of what: lb, HAProxy or a command. Without news there is a turn every few seconds, in case
 * somebody else has changed something.
 *
 * It never gives HAProxy a configuration that HAProxy has not checked. Structure that is refused stays
 * out, and with it what is new in it; the servers of everything else go on coming and going.
 */
import type { Logger } from '@microflack/common/log.ts';
import { backoffMs, pause } from '@microflack/common/pause.ts';
import type { Instance } from '@microflack/common/registry/instances.ts';
import { objectionTo, readIfThere, reload, replaceFile } from './apply.ts';
import type { LbSettings } from './config.ts';
import { memoryPath, memoryText } from './memory.ts';
import { type Model, modelOf } from './model.ts';
import { commandsOf, planOf, type Step } from './plan.ts';
import type { Fault } from './registration.ts';
import { renderConfig, structureOf } from './render.ts';
import type { Running } from './running.ts';
import { look, tell } from './runtime.ts';

export interface Reconciler {
  /** What is registered from now on. Nothing is done before the first call. */
  want(instances: readonly Instance[]): void;
  /** Resolves when HAProxy has for the first time what is wanted. */
  settled: Promise<void>;
  /** Resolves when the signal was aborted and the last turn is over. */
  ended: Promise<void>;
}

export interface ReconcileOptions {
  settings: LbSettings;
  /** The model by which HAProxy runs, as far as is known. */
  inForce: Model;
  log: Logger;
  signal: AbortSignal;
}

const idlePauseMs = 5_000;
/** While something is under way: 10, 20, 40 … ms between two looks. */
const shortestPauseMs = 10;
const longestPauseMs = 1_000;
const maxRetryMs = 2_000;
/** What was refused is tried again after this, as the reason may have been a full disk. */
const refusalHoldsMs = 10_000;

interface Refusal {
  structure: string;
  atMs: number;
}

export function reconcile({ settings, inForce, log, signal }: ReconcileOptions): Reconciler {
  const { haproxyConfig, haproxyRuntimeSocket, haproxyMasterSocket } = settings;
  const settled = Promise.withResolvers<void>();
  let bell = new AbortController();
  let wanted: readonly Instance[] | undefined;
  let refusal: Refusal | undefined;
  let toldFaults = '';
  let looksSinceNews = 0;

  const turn = async (instances: readonly Instance[]): Promise<number> => {
    const reading = modelOf(instances, inForce);
    tellFaults(reading.faults);
    const running = await look(haproxyRuntimeSocket);
    const model = await admissible(reading.model, running);
    const structure = structureOf(model, settings);
    const { reload, steps, leaving } = planOf(model, structure, running);
    if (reload) {
      await save(model);
      await load(structure);
    } else {
      await Promise.all([save(model), change(steps)]);
    }
    inForce = model;
    looksSinceNews += 1;
    if (reload || steps.length > 0 || leaving > 0) {
      return Math.min(longestPauseMs, shortestPauseMs * 2 ** looksSinceNews);
    }
    settled.resolve();
    return idlePauseMs;
  };

  /** The model itself, or what of it fits into a structure that HAProxy takes. */
  const admissible = async (model: Model, running: Running): Promise<Model> => {
    for (const candidate of [model, withServersOf(inForce, model)]) {
      const structure = structureOf(candidate, settings);
      if (structure === running.structure) return candidate;
      if (isRefused(structure)) continue;
      const objection = await objectionTo(renderConfig(candidate, settings), settings);
      if (objection === undefined) return candidate;
      refuse(structure, objection);
    }
    throw new Error('HAProxy takes neither the new structure nor the one before');
  };

  const change = async (steps: readonly Step[]) => {
    if (steps.length === 0) return;
    const commands = steps.flatMap(commandsOf);
    const remarks = await tell(haproxyRuntimeSocket, commands);
    log.info({ event: 'haproxy.changed', commands, remarks }, 'servers changed');
  };

  const load = async (structure: string) => {
    const startedAt = performance.now();
    try {
      await reload(haproxyMasterSocket, async () => {
        // The worker's socket is away for a moment.
        const now = await look(haproxyRuntimeSocket).catch(() => undefined);
        return now?.structure === structure;
      });
    } catch (error) {
      refuse(structure, String(error));
      throw error;
    }
    const tookMs = Math.round(performance.now() - startedAt);
    log.info({ event: 'haproxy.reloaded', structure, tookMs }, 'structure changed');
  };

  const refuse = (structure: string, why: string) => {
    refusal = { structure, atMs: performance.now() };
    log.error({ event: 'haproxy.refused', structure, why }, 'HAProxy does not take this');
  };
  const isRefused = (structure: string): boolean =>
    refusal?.structure === structure && performance.now() < refusal.atMs + refusalHoldsMs;

  const save = async (model: Model) => {
    const files: [path: string, text: string][] = [
      [memoryPath(haproxyConfig), memoryText(model)],
      [haproxyConfig, renderConfig(model, settings)],
    ];
    await Promise.all(
      files.map(async ([path, text]) => {
        if ((await readIfThere(path)) !== text) await replaceFile(path, text);
      }),
    );
  };

  const tellFaults = (faults: readonly Fault[]) => {
    const text = JSON.stringify(faults);
    if (text === toldFaults) return;
    toldFaults = text;
    for (const fault of faults) {
      log.warn({ event: 'registration.refused', ...fault }, 'not taken as it is');
    }
  };

  const run = async () => {
    let failures = 0;
    while (!signal.aborted) {
      bell = new AbortController();
      let pauseMs = idlePauseMs;
      try {
        if (wanted) pauseMs = await turn(wanted);
        failures = 0;
      } catch (error) {
        if (failures === 0) log.warn({ event: 'haproxy.behind', err: error }, 'will try again');
        pauseMs = backoffMs(failures, maxRetryMs);
        failures += 1;
      }
      await pause(pauseMs, AbortSignal.any([signal, bell.signal]));
    }
  };

  return {
    want(instances) {
      wanted = instances;
      looksSinceNews = 0;
      bell.abort();
    },
    settled: settled.promise,
    ended: run(),
  };
}

/** The structure of the one with the servers of the other. */
function withServersOf(structure: Model, servers: Model): Model {
  const byName = new Map(servers.services.map((service) => [service.name, service.servers]));
  const services = structure.services.map((service) => ({
    ...service,
    servers: byName.get(service.name) ?? [],
  }));
  return { services };
}
