/**
 * One turn of the balancer: look at what HAProxy has, derive what it should have, write that to the
 * file and do what is missing. reconcile.ts repeats it until nothing is.
 *
 * It never gives HAProxy a configuration that HAProxy has not checked. Structure that is refused stays
 * out, and what is new with it; the servers of everything else go on coming and going.
 */
import type { Logger } from '@microflack/common/log.ts';
import { objectionTo, readIfThere, reload, replaceFile } from './apply.ts';
import type { LbSettings } from './config.ts';
import { mapPath, memoryPath } from './files.ts';
import { memoryText } from './memory.ts';
import { type Model, modelOf } from './model.ts';
import { commandsOf, isSettled, type Plan, planOf, takesTraffic } from './plan.ts';
import { freeSlots, mapOf, mapText } from './pools.ts';
import type { Fault } from './registration.ts';
import { renderConfig, structureOf } from './render.ts';
import type { Running } from './running.ts';
import { look, replaceMap, tell } from './runtime.ts';
import type { Told } from './watch.ts';

export interface TurnOptions {
  settings: LbSettings;
  /** The model by which HAProxy runs, as far as is known. */
  inForce: Model;
  log: Logger;
}

/** Whether there was something to do; or nothing but to wait for servers that leave. */
export type Outcome = 'changed' | 'leaving' | 'done';

/** Rejects where HAProxy cannot be reached or a file cannot be written: then the next turn makes good. */
export type Turn = (told: Told) => Promise<Outcome>;

/** For so long what was seen when there was nothing to do is believed: news need not wait for another look. */
const sightHoldsMs = 5_000;
/** What HAProxy had, and since when it may have been changed. */
interface Sight {
  running: Running;
  atMs: number;
}

/** What was refused is tried again after this, as the reason may have been a full disk. */
const refusalHoldsMs = 10_000;

export function createTurn({ settings, inForce, log }: TurnOptions): Turn {
  const gate = createGate(settings, log);
  const tellFaults = createFaultLog(log);
  let settled: Sight | undefined;
  let before: Told | undefined;

  /** Without news a turn is there to look. What somebody else has changed since the last one, the next one finds. */
  const see = async (told: Told): Promise<Sight> => {
    const isNews = told !== before;
    before = told;
    const atMs = performance.now();
    if (isNews && settled && atMs < settled.atMs + sightHoldsMs) return settled;
    return { running: await look(settings), atMs };
  };

  return async (told) => {
    const { instances, policies, faults: unread } = told;
    const { model: wanted, faults } = modelOf(instances, inForce, policies);
    tellFaults([...faults, ...unread]);
    const sight = await see(told);
    settled = undefined;
    const { running } = sight;
    const model = await gate.admissible([wanted, withServersOf(inForce, wanted)], running);
    const structure = structureOf(model, settings);
    const plan = planOf(model, structure, running);
    if (plan.reload) {
      await save(model, settings);
      await gate.load(structure);
    } else {
      // The commands first: rendering the file takes longer than sending them.
      await Promise.all([change(plan, settings, log), save(model, settings)]);
    }
    inForce = model;
    if (!isSettled(plan)) return 'changed';
    if (plan.leaving > 0) return 'leaving';
    settled = sight;
    return 'done';
  };
}

/** Lets structure through to HAProxy, after HAProxy has checked it; remembers what was refused. */
function createGate(settings: LbSettings, log: Logger) {
  let refused = { structure: '', atMs: 0 };
  const refuse = (structure: string, why: string) => {
    refused = { structure, atMs: performance.now() };
    log.error({ event: 'haproxy.refused', structure, why }, 'HAProxy does not take this');
  };
  const isRefused = (structure: string): boolean =>
    refused.structure === structure && performance.now() < refused.atMs + refusalHoldsMs;

  return {
    /** The first one whose structure HAProxy has or takes. */
    async admissible(candidates: readonly Model[], running: Running): Promise<Model> {
      for (const model of candidates) {
        const structure = structureOf(model, settings);
        if (structure === running.structure) return model;
        if (isRefused(structure)) continue;
        const objection = await objectionTo(renderConfig(model, settings), settings);
        if (objection === undefined) return model;
        refuse(structure, objection);
      }
      throw new Error('HAProxy takes neither the new structure nor the one before');
    },

    /** Has HAProxy load its file, which is of this structure. */
    async load(structure: string): Promise<void> {
      const startedAt = performance.now();
      const objection = await reload(settings.haproxyMasterSocket, async () => {
        // The worker's socket is away for a moment.
        const now = await look(settings).catch(() => undefined);
        return now?.structure === structure;
      });
      if (objection !== undefined) {
        refuse(structure, objection);
        throw new Error('HAProxy has not loaded what it had approved of');
      }
      const tookMs = Math.round(performance.now() - startedAt);
      log.info({ event: 'haproxy.reloaded', structure, tookMs }, 'structure changed');
    },
  };
}

async function save(model: Model, settings: LbSettings): Promise<void> {
  const files: [path: string, text: string][] = [
    [memoryPath(settings.haproxyConfig), memoryText(model)],
    [mapPath(settings.haproxyConfig), mapText(mapOf(model.services))],
    [settings.haproxyConfig, renderConfig(model, settings)],
  ];
  await Promise.all(
    files.map(async ([path, text]) => {
      if ((await readIfThere(path)) !== text) await replaceFile(path, text);
    }),
  );
}

/** Who is to have traffic comes first, then it is switched, and then goes who has none any more. */
async function change({ steps, map }: Plan, settings: LbSettings, log: Logger): Promise<void> {
  if (steps.length === 0 && map === undefined) return;
  const [coming, going] = [false, true].map((which) =>
    steps.filter((step) => takesTraffic(step) === which).flatMap(commandsOf),
  );
  const remarks = await tell(settings.haproxyRuntimeSocket, coming ?? []);
  if (map) remarks.push(...(await replaceMap(settings, map)));
  remarks.push(...(await tell(settings.haproxyRuntimeSocket, going ?? [])));
  const commands = [...(coming ?? []), ...(going ?? [])];
  const switched = map && mapText(map);
  log.info({ event: 'haproxy.changed', commands, switched, remarks }, 'servers changed');
}

/** The same faults are told once. */
function createFaultLog(log: Logger): (faults: readonly Fault[]) => void {
  let told = '';
  return (faults) => {
    const text = JSON.stringify(faults);
    if (text === told) return;
    told = text;
    for (const fault of faults) {
      log.warn({ event: 'registration.refused', ...fault }, 'not taken as it is');
    }
  };
}

/** The structure of the one with the servers, and what is said of them, of the other. */
function withServersOf(structure: Model, servers: Model): Model {
  const byName = new Map(servers.services.map((service) => [service.name, service]));
  const services = structure.services.map(({ policy: _, ...service }) => {
    const { servers = [], slots = [...freeSlots], policy } = byName.get(service.name) ?? {};
    return { ...service, servers, slots, ...(policy && { policy }) };
  });
  return { services };
}
