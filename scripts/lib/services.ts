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
      needs: z.array(z.enum(['redis', 'internal', 'signing', 'haproxy'])).default([]),
    })
    .prefault({}),
});

type About = z.infer<typeof packageFile>['microflack'];

export type Need = About['needs'][number];

export interface Service extends About {
  name: string;
  version: string;
  /** Absolute. */
  folder: string;
  /** Its `workers/*.ts`: programs of its own threads. */
  workers: string[];
  hasMigrations: boolean;
  hasPage: boolean;
}

export async function listServices(checkout: string): Promise<Service[]> {
  const root = join(checkout, 'services');
  const names = (await readdir(root)).sort();
  const services = await Promise.all(names.map((name) => readService(join(root, name), name)));
  return services.filter((service) => service !== undefined);
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

/** Undefined for a folder that holds no service, or not yet. */
async function readService(folder: string, name: string): Promise<Service | undefined> {
  if (!(await exists(join(folder, 'main.ts')))) return undefined;
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { version, microflack } = packageFile.parse(JSON.parse(text));
  const workers = (await readdir(join(folder, 'workers')).catch(() => []))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort();
  return {
    name,
    version,
    folder,
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
