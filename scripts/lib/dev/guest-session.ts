/**
 * Joins a service that runs on this computer to the stack in the virtual machine: `mf dev SERVICE --vm`.
 *
 *     this computer                              the machine
 *     the service, its debugger  ── ssh -L ──►   Consul, MariaDB, Redis, the other instances
 *     its port                   ◄── ssh -R ──   HAProxy, the other instances, Consul's check
 *     its log                    ── stdin ───►   `mf dev SERVICE --hand-over`, which writes it down
 *
 * The last of these also hands over what the service is told: the secrets of that service, and no others.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { connectConsul } from '@microflack/common/registry/consul.ts';
import { z } from 'zod';
import { StepFailure } from '../failure.ts';
import { firstFree } from '../ports.ts';
import { portsIn, withPorts } from './addresses.ts';
import { type Connection, type Guest, lastWords } from './guest.ts';
import { reachInstances } from './guest-instances.ts';

const loopback = '127.0.0.1';
/** Below what systems give away by themselves. */
const firstPort = 20_000;
const portTries = 3;

const handedOver = z.object({
  settings: z.record(z.string(), z.string()),
  /** The value of the cookie by which requests come here. */
  seal: z.string(),
});

export type HandedOver = z.infer<typeof handedOver>;

export interface Session {
  settings: Record<string, string>;
  seal: string;
  log: Writable;
  /** Resolves when the machine cannot be reached any more. */
  lost: Promise<unknown>;
  end(): void;
}

export async function joinGuest(
  guest: Guest,
  { service, words }: { service: string; words: readonly string[] },
  complain: (text: string) => void,
): Promise<Session> {
  const over = new AbortController();
  const keeper = guest.mf(['dev', service, '--hand-over', ...words]);
  const ways: Connection[] = [];
  const end = () => {
    over.abort();
    for (const way of ways) way.end();
    keeper.stdin.end();
  };
  try {
    const { settings, seal } = await readHandOver(keeper);
    const here = new Map<number, number>();
    for (const port of portsIn(settings)) {
      const free = await firstFree(firstPort, loopback, new Set(here.values()));
      ways.push(await guest.lead(free, port));
      here.set(port, free);
    }
    const own = await leadBackSome(guest);
    ways.push(own.way);
    const moved = withPorts(settings, here);
    const { CONSUL_URL: consulUrl = '', CONSUL_TOKEN: consulToken } = moved;
    const consul = connectConsul({ consulUrl, consulToken });
    await reachInstances({ guest, consul, service, signal: over.signal, complain });
    const lost = Promise.race(ways.map(({ ended }) => ended));
    return {
      settings: { ...moved, MF_PORT: String(own.port) },
      seal,
      log: keeper.stdin,
      lost,
      end,
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** Its first line; rejects with what it says instead. */
async function readHandOver(keeper: ReturnType<Guest['mf']>): Promise<HandedOver> {
  const lines = createInterface({ input: keeper.stdout });
  const line = once(lines, 'line').then(([text]) => String(text));
  const text = await Promise.race([line, keeper.then(() => undefined)]);
  if (text === undefined) throw new StepFailure('vm', lastWords(await keeper), 'vagrant up');
  return handedOver.parse(JSON.parse(text));
}

/** A port that is free on both sides, and leads here from there. */
async function leadBackSome(guest: Guest): Promise<{ port: number; way: Connection }> {
  let port = await firstFree(firstPort, loopback);
  for (let tries = 1; ; tries += 1) {
    try {
      return { port, way: await guest.leadBack(port) };
    } catch (error) {
      if (tries === portTries) throw error;
      port = await firstFree(port + 1, loopback);
    }
  }
}
