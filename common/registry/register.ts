/**
 * Keeps one instance registered in Consul for as long as it serves. service.ts calls it.
 *
 * Consul may be away at the start, may go and may come back empty: registering is tried until it
 * works, and looked after every 2 s from then on. Nothing here throws because of Consul: a service
 * goes on serving without it.
 */
import type Consul from 'consul';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { backoffMs, pause } from '../pause.ts';
import type { Registration } from './instances.ts';

export interface RegisteredInstance {
  id: string;
  service: string;
  program: string;
  version: string;
  address: string;
  port: number;
  startedAt: Date;
  registration: Registration;
  /** Without it, everybody. */
  audience?: 'everybody' | 'named';
}

/** An instance's place in the registry. */
export interface Membership {
  /** Resolves when Consul knows the instance for the first time. */
  known: Promise<void>;
  /**
   * Ends the looking-after and takes the instance out: within seconds, whatever state Consul is in.
   */
  leave(): Promise<void>;
}

/** How soon a wiped Consul knows us again; last-known-good.ts counts on it. */
const lookAfterMs = 2_000;
const maxRetryMs = 2_000;

const agentServices = z.record(z.string(), z.object({ ID: z.string() }));

export function register(consul: Consul, instance: RegisteredInstance, log: Logger): Membership {
  const end = new AbortController();
  const known = registerUntilKnown(consul, instance, log, end.signal);
  const lookedAfter = known.then(async () => {
    if (!end.signal.aborted) await removePredecessors(consul, instance, log);
    await lookAfter(consul, instance, log, end.signal);
  });
  return {
    known,
    async leave() {
      end.abort();
      // Otherwise a registration on its way could arrive after the deregistration.
      await lookedAfter;
      await deregister(consul, instance.id, log);
    },
  };
}

/** The registration as the npm client wants it. Pure. */
export function registrationOf(instance: RegisteredInstance) {
  const { id, service, program, version, address, port, startedAt, registration, audience } =
    instance;
  const meta = {
    version,
    program,
    pid: String(process.pid),
    started_at: startedAt.toISOString(),
    route: registration.route ?? '',
    balance: registration.balance ?? '',
    sticky: registration.sticky ?? '',
    websocket: registration.websocket ? 'true' : '',
    audience: audience === 'named' ? audience : '',
  };
  return {
    name: service,
    id,
    address,
    port,
    meta: Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== '')),
    check: {
      name: 'healthz',
      http: `http://${address}:${port}/healthz`,
      interval: '1s',
      // As patient as HAProxy is: who is only late on a busy machine is better than nobody.
      timeout: '2s',
      // We register when we are fit to serve: without this, nobody would come before the first
      // check.
      status: 'passing',
      deregistercriticalserviceafter: '1m',
    },
  };
}

async function registerUntilKnown(
  consul: Consul,
  instance: RegisteredInstance,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      await consul.agent.service.register(registrationOf(instance));
      const { address, port } = instance;
      log.info({ event: 'instance.registered', address, port }, 'registered');
      return;
    } catch (error) {
      if (failures === 0) log.warn({ event: 'registry.lost', err: error }, 'could not register');
      await pause(backoffMs(failures, maxRetryMs), signal);
    }
  }
}

async function lookAfter(
  consul: Consul,
  instance: RegisteredInstance,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(lookAfterMs, signal);
    if (signal.aborted || (await isKnown(consul, instance.id)) !== 'no') continue;
    log.warn({ event: 'instance.forgotten' }, 'the registry has forgotten this instance');
    await registerUntilKnown(consul, instance, log, signal);
  }
}

/**
 * Registering an instance that is known would call its check passing, whatever it is: so we look
 * first.
 */
async function isKnown(consul: Consul, id: string): Promise<'yes' | 'no' | 'no answer'> {
  try {
    const services = agentServices.parse(await consul.agent.service.list());
    return id in services ? 'yes' : 'no';
  } catch {
    // A Consul that is away has not forgotten us yet; the next look will tell.
    return 'no answer';
  }
}

/**
 * An instance that was killed could not deregister: its successor in the same program does it,
 * once, at its start. (At each registration two instances of one program, started by hand, would
 * throw each other out for ever.)
 */
async function removePredecessors(
  consul: Consul,
  { id, service, program }: RegisteredInstance,
  log: Logger,
): Promise<void> {
  try {
    const filter = `Service == "${service}" and Meta.program == "${program}" and ID != "${id}"`;
    const services = agentServices.parse(await consul.agent.service.list({ filter }));
    for (const { ID: predecessor } of Object.values(services)) {
      await consul.agent.service.deregister(predecessor);
      log.info({ event: 'instance.predecessor_removed', predecessor }, 'predecessor deregistered');
    }
  } catch (error) {
    // Consul takes it out by itself a minute after its check turned critical.
    log.warn({ event: 'registry.lost', err: error }, 'could not look for a predecessor');
  }
}

async function deregister(consul: Consul, id: string, log: Logger): Promise<void> {
  try {
    await consul.agent.service.deregister(id);
    log.info({ event: 'instance.deregistered' }, 'deregistered');
  } catch (error) {
    log.warn({ event: 'registry.lost', err: error }, 'could not deregister');
  }
}
