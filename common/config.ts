/**
 * Settings: read once from the environment and the file named in MF_SETTINGS, checked, frozen.
 *
 * Each service has a config.ts that calls defineSettings() with what it needs beyond the base. All
 * faults are reported together, as one ConfigError, and the process exits with 78 (EX_CONFIG).
 * Nothing else in the project reads process.env. Values are never repeated in an error: some are
 * secrets.
 */
import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';

/** sysexits.h EX_CONFIG: something is configured wrongly, and starting again will not help. */
export const configExitCode = 78;

export class ConfigError extends Error {
  constructor(faults: string[]) {
    super(['The settings are not usable:', ...faults.map((fault) => `  ${fault}`)].join('\n'));
    this.name = 'ConfigError';
  }
}

const url = (protocol: string) =>
  z.string().refine((text) => URL.canParse(text) && new URL(text).protocol === `${protocol}:`, {
    error: `expected a URL that starts with ${protocol}://`,
  });

const httpUrl = url('http');
/** redis://USER:PASSWORD@HOST:PORT */
export const redisUrl = url('redis');
/** mysql://USER:PASSWORD@HOST:PORT/SCHEMA */
export const mysqlUrl = url('mysql');
/** Shared by the services; calls to /internal/* carry it. */
export const internalKey = z.string().min(16);
const portNumber = z.coerce.number().int().min(0).max(65_535);
/** A tunable number, such as `milliseconds(1000)`: optional, with its default. */
export const milliseconds = (byDefault: number) =>
  z.coerce.number().int().nonnegative().default(byDefault);

/** What every service has. Optional ones become required by naming them again in defineSettings. */
const baseSettings = z.object({
  /** The supervisor's name for this program: messages-1. By default the service's name. */
  MF_PROGRAM: z
    .string()
    .regex(/^[a-z0-9-]{1,48}$/)
    .optional(),
  MF_VERSION: z.string().default('dev'),
  /** named: gets only requests that ask for its version (registry/policy.ts). */
  MF_AUDIENCE: z.enum(['everybody', 'named']).default('everybody'),
  MF_HOST: z.string().default('127.0.0.1'),
  /** 0: the system chooses, which is what makes ten instances on one machine easy. */
  MF_PORT: portNumber.default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  CONSUL_URL: httpUrl,
  CONSUL_TOKEN: z.string().optional(),
  REDIS_URL: redisUrl.optional(),
  EVENTS_STREAM: z.string().min(1).default('events'),
  INTERNAL_KEY: internalKey.optional(),
  /** How long a draining instance goes on serving while the others take notice. */
  DRAIN_GRACE_MS: milliseconds(1_000),
});

/** MF_PORT → port, CONSUL_URL → consulUrl. */
type CamelCase<Name extends string> = Name extends `MF_${infer Rest}`
  ? CamelCase<Rest>
  : Name extends `${infer Head}_${infer Tail}`
    ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
    : Lowercase<Name>;

export type Settings<Shape extends z.ZodRawShape> = Readonly<{
  [Name in keyof z.output<z.ZodObject<Shape>> & string as CamelCase<Name>]: z.output<
    z.ZodObject<Shape>
  >[Name];
}>;

export type BaseSettings = Settings<typeof baseSettings.shape>;

/**
 * The schema of a service's settings: the base and `shape` in UPPER_SNAKE going in, camelCase
 * coming out.
 */
export function defineSettings<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodType<BaseSettings & Settings<Shape>> {
  type Out = BaseSettings & Settings<Shape>;
  // The only cast: TypeScript cannot follow key names through Object.fromEntries.
  return baseSettings.extend(shape).transform((values) => camelKeys(values) as Out);
}

/** The settings, frozen; throws one ConfigError that names every fault. */
export function loadSettings<C>(schema: z.ZodType<C>, environment = process.env): Readonly<C> {
  const file = environment.MF_SETTINGS;
  const result = schema.safeParse({ ...(file ? readSettingsFile(file) : {}), ...environment });
  if (result.success) return Object.freeze(result.data);
  throw new ConfigError(
    result.error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`),
  );
}

/**
 * Secrets lie in this file, so a file that others may read is refused before anything is read from
 * it.
 */
function readSettingsFile(path: string): Record<string, string | undefined> {
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw new ConfigError([`${path}: expected mode 600, found ${mode.toString(8)}`]);
    }
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${path}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function camelKeys(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [camelCase(name), value]),
  );
}

function camelCase(name: string): string {
  return name
    .replace(/^MF_/, '')
    .toLowerCase()
    .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
