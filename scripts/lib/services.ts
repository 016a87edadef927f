/**
 * The services of the checkout, as their package.json describe them.
 *
 * A service says itself what it needs of the stack (`"microflack": {"needs": […]}`) and whether
 * `mf up` starts it: nothing in scripts/ knows a service by its name, so that one which nobody knew
 * yet is run like any other.
 */
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from './failure.ts';

const packageFile = z.object({
  version: z.string(),
  microflack: z
    .strictObject({
      /** Whether `mf up` runs an instance of it. */
      up: z.boolean().default(false),
      /** Whether two instances of it would get in each other's way. */
      single: z.boolean().default(false),
      /** What its settings hold beyond Consul, and its schema where it has migrations; see instance.ts. */
      needs: z.array(z.enum(['redis', 'internal', 'signing', 'haproxy', 'releases'])).default([]),
    })
    .prefault({}),
});

type About = z.infer<typeof packageFile>['microflack'];

export type Need = About['needs'][number];

export interface Service extends About {
  name: string;
  version: string;
  /** Its `workers/*`, without ending: programs of its own threads. */
  workers: string[];
  hasMigrations: boolean;
  hasPage: boolean;
}

export async function listServices(checkout: string): Promise<Service[]> {
  const names = (await readdir(join(checkout, 'services'))).sort();
  const services = await Promise.all(names.map((name) => readService(checkout, name)));
  return services.filter((service) => service !== undefined);
}

/** Undefined for a folder that holds no service, or not yet. */
export async function readService(checkout: string, name: string): Promise<Service | undefined> {
  const folder = join(checkout, 'services', name);
  return (await exists(join(folder, 'main.ts'))) ? describe(folder, name, '.ts') : undefined;
}

/** The service as its release describes it, whatever has become of the source since. */
export function releasedService(folder: string, name: string): Promise<Service> {
  return describe(folder, name, '.js');
}

/** What a release's package.json says: enough to run it without its source. */
export function packageOf({ name, version, up, single, needs }: Service): object {
  return { name, version, private: true, type: 'module', microflack: { up, single, needs } };
}

/** The ones that were named, in the order of the list; a usage error for a name that nobody has. */
export function pick<T extends { name: string }>(all: readonly T[], names: readonly string[]): T[] {
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) {
    const known = all.map((one) => one.name).join(', ');
    throw new UsageError(
      `there is no part or service ${unknown} (there are: ${known})`,
      'mf up --help',
    );
  }
  return all.filter((one) => names.includes(one.name));
}

async function describe(folder: string, name: string, ending: '.ts' | '.js'): Promise<Service> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { version, microflack } = packageFile.parse(JSON.parse(text));
  const workers = (await readdir(join(folder, 'workers')).catch(() => []))
    .filter((file) => file.endsWith(ending) && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -ending.length))
    .sort();
  return {
    name,
    version,
    workers,
    hasMigrations: await exists(join(folder, 'migrations')),
    hasPage: await exists(join(folder, 'vite.config.ts')),
    ...microflack,
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
