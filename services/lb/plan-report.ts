/**
 * What `mf plan` prints: the difference between what Consul wants and what HAProxy has, and which
 * registrations are not taken as they are. It reads and derives as lb does, and changes nothing.
 *
 * While lb is at work, no difference lasts for longer than some milliseconds: what stays is refused
 * by HAProxy, busy with its last requests, or a sign that lb does not run.
 */
import { loadSettings } from '@microflack/common/config.ts';
import { createLogger } from '@microflack/common/log.ts';
import { connectConsul } from '@microflack/common/registry/consul.ts';
import type { TrafficPolicy } from '@microflack/common/registry/policy.ts';
import { readIfThere } from './apply.ts';
import { type LbSettings, settings as schema } from './config.ts';
import { remember } from './memory.ts';
import { type Model, modelOf } from './model.ts';
import { isSettled, type Plan, planOf, type Step } from './plan.ts';
import { serviceIn } from './pools.ts';
import type { Fault } from './registration.ts';
import { renderConfig, structureOf } from './render.ts';
import type { Running } from './running.ts';
import { look } from './runtime.ts';
import { trafficLines } from './traffic-report.ts';
import { rememberedOf, type Told, watchConsul } from './watch.ts';

export interface PlanReport {
  /** HAProxy has what Consul wants. */
  inSync: boolean;
  /** Services whose servers and shares are not what Consul wants, whatever the structure is. */
  behind: string[];
  /** What is wanted: by service, the ids of its servers. */
  wanted: Record<string, string[]>;
  /** Lines of haproxy.cfg that a reload is to add (+) or to take away (-). */
  structure: string[];
  steps: Step[];
  /** The map, which says whose version a request gets, is another one. */
  switch: boolean;
  /** By service, as Consul has them. */
  policies: Record<string, TrafficPolicy>;
  /** What they come to, for people. */
  traffic: string[];
  /** Servers that are drained, and still have requests. */
  leaving: number;
  faults: Fault[];
}

const consulPatienceMs = 3_000;
const log = createLogger({ service: 'lb', version: '', instance: 'plan', level: 'silent' });

/** `environment` holds lb's settings. Rejects where Consul or HAProxy does not answer. */
export async function planReport(environment: Record<string, string>): Promise<PlanReport> {
  const settings = loadSettings(schema, environment);
  const inForce = await remember(settings.haproxyConfig, log);
  const [told, running, file = ''] = await Promise.all([
    toldBy(settings, inForce),
    look(settings),
    readIfThere(settings.haproxyConfig),
  ]);
  const { model, faults } = modelOf(told.instances, inForce, told.policies);
  const plan = planOf(model, structureOf(model, settings), running);
  const { reload, steps, leaving, map } = plan;
  return {
    inSync: isSettled(plan),
    behind: behindOf(planOf(model, running.structure ?? '', running), running),
    wanted: wantedOf(model),
    structure: reload ? differenceOf(file, renderConfig(model, settings), settings) : [],
    switch: map !== undefined,
    policies: Object.fromEntries(told.policies),
    traffic: model.services.flatMap(trafficLines),
    ...{ steps, leaving, faults: [...faults, ...told.faults] },
  };
}

/** An lb of another release may have another structure: what it does for a service counts all the same. */
function behindOf({ steps, map }: Plan, running: Running): string[] {
  const entries = [...(map ?? []), ...(map ? running.map : [])].map((entry) => entry.join(' '));
  // Those that both have are there twice.
  const differing = entries.filter((one) => entries.indexOf(one) === entries.lastIndexOf(one));
  const services = differing.map((entry) => entry.replace(/[:/].*$/, ''));
  return [...new Set([...steps.map(({ backend }) => serviceIn(backend)), ...services])].sort();
}

/** The report as lines for a person. */
export function planLines(report: PlanReport): string[] {
  const { inSync, wanted, structure, steps, traffic, leaving, faults } = report;
  const services = Object.values(wanted);
  const size = `${services.length} services, ${services.flat().length} servers`;
  return [
    `HAProxy ${inSync ? 'has' : 'does not have'} what Consul wants: ${size}`,
    ...structure.map((line) => `  reload  ${line}`),
    ...steps.map((step) => `  ${lineOf(step)}`),
    ...(report.switch ? ['  switch  traffic between versions'] : []),
    ...(leaving > 0 ? [`  leaving when their last request is done: ${leaving}`] : []),
    ...(traffic.length > 0 ? ['Traffic that is not for everybody alike:'] : []),
    ...traffic.map((line) => `  ${line}`),
    ...(faults.length > 0 ? ['Not taken as they are registered:'] : []),
    ...faults.map(({ service, instance, reason }) => `  ${instance ?? service}: ${reason}`),
  ];
}

/** What lb is told first when it starts; a policy that Consul has lost is remembered, as lb does. */
async function toldBy(settings: LbSettings, inForce: Model): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  const end = new AbortController();
  const timer = setTimeout(() => {
    reject(new Error(`Consul did not answer within ${consulPatienceMs} ms: ${settings.consulUrl}`));
  }, consulPatienceMs);
  const { policies } = rememberedOf(inForce);
  const remembered = { instances: [], policies };
  watchConsul(connectConsul(settings), remembered, resolve, { signal: end.signal, log });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    end.abort();
  }
}

const wantedOf = ({ services }: Model): Record<string, string[]> =>
  Object.fromEntries(services.map(({ name, servers }) => [name, servers.map(({ id }) => id)]));

/** Without what nobody should read over somebody's shoulder. */
function differenceOf(before: string, after: string, settings: LbSettings): string[] {
  const key = Buffer.from(settings.trafficKey).toString('base64');
  const [gone, come] = [before, after].map((text) => {
    const shown = text.replaceAll(settings.haproxyStatsPassword, '***').replaceAll(key, '***');
    return new Set(shown.split('\n'));
  });
  return [
    ...[...(gone ?? [])].filter((line) => !come?.has(line)).map((line) => `- ${line.trim()}`),
    ...[...(come ?? [])].filter((line) => !gone?.has(line)).map((line) => `+ ${line.trim()}`),
  ];
}

function lineOf(step: Step): string {
  switch (step.kind) {
    case 'add':
    case 'move': {
      const { id, address, port, weight } = step.server;
      const role = step.server.backup ? ', stands in' : '';
      return `${step.kind.padEnd(6)}  ${step.backend}/${id} at ${address} port ${port}, weight ${weight}${role}`;
    }
    case 'weigh':
      return `weigh   ${step.backend}/${step.id}: ${step.weight}`;
    default:
      return `${step.kind.padEnd(6)}  ${step.backend}/${step.id}`;
  }
}
