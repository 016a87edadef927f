/**
 * Ports: choosing free ones, and saying who holds a taken one.
 *
 * `mf up` asks before it starts anything. A stack's inner ports are the system's choice and are
 * chosen again when one was taken while the stack was down; the public one is the person's, so
 * that one is never changed behind their back, but named together with its holder.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { execa } from 'execa';
import type { z } from 'zod';
import { innerPorts, type Ports } from './stack.ts';

const loopback = '127.0.0.1';
const innerNames = innerPorts.keyof().options;

export interface Holder {
  address: string;
  /** Unknown where the port belongs to another user and we may not look. */
  process: { name: string; pid: number } | undefined;
}

/** Ports that are free and differ from each other: all are held at once while the system chooses. */
export async function chooseInnerPorts(): Promise<z.infer<typeof innerPorts>> {
  const held = await Promise.all(innerNames.map(() => listen(0, loopback)));
  const chosen = Object.fromEntries(innerNames.map((name, i) => [name, portOf(held[i])]));
  await Promise.all(held.map(close));
  return innerPorts.parse(chosen);
}

/** The same ports, but for those that somebody took while the stack was down. */
export async function rechooseTaken(ports: Ports): Promise<Ports> {
  const fresh = await chooseInnerPorts();
  const kept = { ...ports };
  for (const name of innerNames) {
    if (!(await isFree(ports[name], loopback))) kept[name] = fresh[name];
  }
  return kept;
}

/** `reserved` are other stacks' ports, which may be down just now. */
export async function firstFree(
  from: number,
  bind: string,
  reserved: ReadonlySet<number> = new Set(),
): Promise<number> {
  for (let port = from; port <= 65_535; port += 1) {
    if (!reserved.has(port) && (await isFree(port, bind))) return port;
  }
  throw new Error(`no port from ${from} up is free`);
}

export async function isFree(port: number, bind: string): Promise<boolean> {
  try {
    await close(await listen(port, bind));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}

export async function holderOf(port: number): Promise<Holder | undefined> {
  const { stdout } = await execa('ss', ['-Hltnp', `sport = :${port}`]);
  return parseHolder(stdout);
}

/** Reads the first line of `ss -Hltnp`. */
export function parseHolder(text: string): Holder | undefined {
  const [line] = text.split('\n');
  const address = line?.trim().split(/\s+/)[3];
  if (line === undefined || address === undefined) return undefined;
  const found = /users:\(\("(?<name>[^"]+)",pid=(?<pid>\d+)/.exec(line)?.groups;
  const process =
    found?.name && found.pid ? { name: found.name, pid: Number(found.pid) } : undefined;
  return { address, process };
}

/** The half sentence that follows "port 8080 is taken". */
export function describeHolder(holder: Holder | undefined): string {
  if (holder === undefined) return 'by something that is gone already';
  if (holder.process === undefined) return `by a program of another user (on ${holder.address})`;
  return `by ${holder.process.name} (pid ${holder.process.pid}, on ${holder.address})`;
}

async function listen(port: number, bind: string): Promise<Server> {
  const server = createServer();
  server.listen({ port, host: bind === '*' ? '0.0.0.0' : bind });
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (address === null || address === undefined || typeof address === 'string') {
    throw new Error('a listening server without a port');
  }
  return address.port;
}
