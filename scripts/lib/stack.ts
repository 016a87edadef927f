/**
 * A stack: one whole deployment with its own ports, secrets and folder.
 *
 * Every verb of `mf` begins here. The folder is CHECKOUT/.stack/NAME, or MF_STATE_DIR/NAME where
 * that is set. This file knows what a stack is and keeps it on disk; it starts nothing
 * (supervisor.ts does) and chooses no ports (ports.ts does).
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf, noSuchFile, StepFailure, UsageError } from './failure.ts';
import { newSecrets, type Secrets, secretsSchema, withServices } from './secrets.ts';

export type { Secrets } from './secrets.ts';

const port = z.number().int().min(1).max(65_535);

/** All but the public one: on loopback, and the system's choice. */
export const innerPorts = z.object({
  consulHttp: port,
  consulServer: port,
  consulSerf: port,
  mariadb: port,
  galera: port,
  galeraIst: port,
  redis: port,
  haproxyStats: port,
});

const portsSchema = innerPorts.extend({ public: port });
const stackFile = z.object({ bind: z.string(), ports: portsSchema });

export type Ports = z.infer<typeof portsSchema>;

export interface Stack {
  name: string;
  /** Absolute, without symbolic links. */
  dir: string;
  checkout: string;
  /** Started by root: every program then runs as an unprivileged user of its own. */
  asRoot: boolean;
  /** The address the public port listens on; `*` is every one. */
  bind: string;
  ports: Ports;
  secrets: Secrets;
}

export const defaultStack = 'default';
export const checkout = resolve(import.meta.dirname, '../..');
const namePattern = /^[a-z][a-z0-9-]{0,30}$/;

/** A unix socket's path has 107 bytes at most, and HAProxy adds some to it while it binds. */
const maxFolderBytes = 70;

/** The stack as it lies on disk; undefined when nobody made it. */
export async function findStack(name: string): Promise<Stack | undefined> {
  const dir = await stackDir(name);
  const text = await readFile(join(dir, 'stack.json'), 'utf8').catch(noSuchFile);
  if (text === undefined) return undefined;
  const { bind, ports } = stackFile.parse(JSON.parse(text));
  const secrets = secretsSchema.parse(JSON.parse(await readSecrets(name, dir)));
  return { name, dir, checkout, asRoot: isRoot(), bind, ports, secrets };
}

async function readSecrets(name: string, dir: string): Promise<string> {
  try {
    return await readFile(join(dir, 'secrets.json'), 'utf8');
  } catch (error) {
    const why = `stack ${name} belongs to another user: ${messageOf(error)}`;
    throw new StepFailure('stack', why, 'the same as that user', [], error);
  }
}

/** The stack, or a usage error that says which there are. */
export async function loadStack(name: string): Promise<Stack> {
  const stack = await findStack(name);
  if (stack) return stack;
  const known = await listStacks();
  const others = known.length > 0 ? ` (there are: ${known.join(', ')})` : '';
  throw new UsageError(`there is no stack ${name}${others}`, `mf up${stackOption(name)}`);
}

export async function createStack(
  name: string,
  { bind, ports, services }: { bind: string; ports: Ports; services: readonly string[] },
): Promise<Stack> {
  const dir = await stackDir(name);
  const fault = faultOf(dir);
  if (fault !== undefined) {
    const next = `MF_STATE_DIR=/var/tmp/mf mf up${stackOption(name)}`;
    throw new UsageError(`the stack's folder ${dir} ${fault}`, next);
  }
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const secrets = newSecrets(services);
  const stack = {
    name,
    dir: await realpath(dir),
    checkout,
    asRoot: isRoot(),
    bind,
    ports,
    secrets,
  };
  await saveStack(stack);
  return stack;
}

/** Why a stack cannot live in this folder; undefined where it can. */
function faultOf(dir: string): string | undefined {
  if (Buffer.byteLength(dir) > maxFolderBytes) {
    return `is too long for the unix sockets in it (${maxFolderBytes} bytes at most)`;
  }
  // It expands them, in some settings once and in others twice.
  return dir.includes('%') ? 'has a % in its path, which supervisord does not take' : undefined;
}

/** Writes what may have changed: the ports, the address, secrets for a service new to the stack. */
export async function saveStack(stack: Stack): Promise<void> {
  const { bind, ports } = stack;
  await writeJson(join(stack.dir, 'stack.json'), { bind, ports }, 0o644);
  await writeJson(join(stack.dir, 'secrets.json'), stack.secrets, 0o600);
}

/** The same stack with secrets for these services too; saved only when something was new. */
export async function knowServices(stack: Stack, services: readonly string[]): Promise<Stack> {
  const { consulServices, trafficKey } = stack.secrets;
  if (trafficKey && services.every((name) => name in consulServices)) return stack;
  const known = { ...stack, secrets: withServices(stack.secrets, services) };
  await saveStack(known);
  return known;
}

export async function listStacks(): Promise<string[]> {
  const names = (await readdir(stacksFolder()).catch(noSuchFile)) ?? [];
  return names.filter((name) => existsSync(join(stacksFolder(), name, 'stack.json')));
}

/** Forgets a stack that has been stopped: its data, its secrets, its logs. */
export async function forgetStack(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
}

export function publicUrl(stack: Pick<Stack, 'bind' | 'ports'>): string {
  const anywhere = stack.bind === '*' || stack.bind === '0.0.0.0' || stack.bind === '127.0.0.1';
  return `http://${anywhere ? 'localhost' : stack.bind}:${stack.ports.public}`;
}

/** What to add to a suggested command so that it speaks of this stack. */
export function stackOption(name: string): string {
  return name === defaultStack ? '' : ` --stack ${name}`;
}

export async function stackDir(name: string): Promise<string> {
  if (!namePattern.test(name)) {
    throw new UsageError(
      `'${name}' is no name for a stack: small letters, digits and hyphens, a letter first`,
      'mf up --stack demo',
    );
  }
  const dir = join(stacksFolder(), name);
  return realpath(dir).catch((error: unknown) => noSuchFile(error) ?? dir);
}

export function stacksFolder(): string {
  return resolve(process.env.MF_STATE_DIR || join(checkout, '.stack'));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function writeJson(path: string, value: unknown, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Whole or not at all: on a full disk the secrets of what runs would be gone.
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode });
  await rename(`${path}.new`, path);
}
