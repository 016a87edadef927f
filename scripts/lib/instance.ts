/**
 * An instance as a program of supervisord: which command, which settings, and what it may see.
 *
 * Pure: up.ts (and later run, upgrade) hands over a service's release and gets what to place on
 * disk and what to declare. Secrets go into the settings file, readable by the service's user
 * alone; everything else is plain environment. Node's permission model and the mount namespace
 * (program.ts, `show`) say the same twice: its release, its settings, nothing else.
 */
import { join } from 'node:path';
import { migrationsUser } from './accounts/schemas.ts';
import { haproxyPaths, haproxySettings } from './parts/haproxy.ts';
import type { Belongings } from './place.ts';
import type { File, Program } from './program.ts';
import type { Release } from './release.ts';
import type { Need, Service } from './services.ts';
import type { Stack } from './stack.ts';

/** Longer than common/'s drain ever takes, so that supervisord never has to kill. */
const stopWaitSecs = 20;
const partsFirst = 50;

/** Measured: small young generations cost nothing here, and keep the whole stack below 700 MB. */
const nodeFlags = ['--max-semi-space-size=2', '--max-old-space-size=256', '--enable-source-maps'];

export interface Instance extends Belongings {
  program: Program;
}

export function instanceOf(
  stack: Stack,
  service: Service,
  release: Pick<Release, 'label' | 'folder'>,
  name: string,
  node: string,
): Instance {
  const user = `mf-${service.name}`;
  const settings: File = {
    path: join(stack.dir, 'settings', `${service.name}.env`),
    content: settingsText(stack, service),
    mode: 0o600,
    user,
  };
  const { folder: home } = haproxyPaths(stack);
  const drivesHaproxy = service.needs.includes('haproxy');
  const permissions = [
    '--permission',
    `--allow-fs-read=${release.folder}`,
    `--allow-fs-read=${settings.path}`,
    ...(service.workers.length > 0 ? ['--allow-worker'] : []),
    ...(drivesHaproxy
      ? ['--allow-child-process', `--allow-fs-read=${home}`, `--allow-fs-write=${home}`]
      : []),
  ];
  const program: Program = {
    name,
    user,
    command: [node, ...permissions, ...nodeFlags, join(release.folder, 'main.js')],
    environment: {
      NODE_ENV: 'production',
      MF_PROGRAM: name,
      MF_VERSION: release.label,
      MF_SETTINGS: settings.path,
      CONSUL_URL: `http://127.0.0.1:${stack.ports.consulHttp}`,
    },
    show: [
      { path: node, writable: false },
      { path: release.folder, writable: false },
      { path: settings.path, writable: false },
      ...(drivesHaproxy ? [{ path: home, writable: true }] : []),
    ],
    priority: partsFirst,
    stopWaitSecs,
  };
  return {
    program,
    folders: [{ path: join(stack.dir, 'settings'), mode: 0o711, user: 'root' }],
    files: [settings],
  };
}

/** The lowest `SERVICE-N` that is free; a service of which there is only ever one has its own name. */
export function nextName(
  service: Pick<Service, 'name' | 'single'>,
  taken: ReadonlySet<string>,
): string {
  if (service.single) return service.name;
  let n = 1;
  while (taken.has(`${service.name}-${n}`)) n += 1;
  return `${service.name}-${n}`;
}

/** What only its migrations may use, never the instance. */
export function migrationsUrl(stack: Stack, service: string): string {
  const { migrations } = known(stack.secrets.mariadb, service);
  return mysqlUrl(stack, service, migrationsUser(service), migrations);
}

function settingsText(stack: Stack, service: Service): string {
  const { name } = service;
  const { ports, secrets } = stack;
  const values: Record<Need, () => Record<string, string>> = {
    redis: () => ({
      REDIS_URL: `redis://${name}:${known(secrets.redis, name)}@127.0.0.1:${ports.redis}`,
    }),
    internal: () => ({ INTERNAL_KEY: secrets.internalKey }),
    signing: () => ({ TOKEN_SIGNING_KEYS: secrets.tokenSigningKeys }),
    haproxy: () => haproxySettings(stack),
  };
  const all: Record<string, string> = Object.assign(
    { CONSUL_TOKEN: known(secrets.consulServices, name) },
    service.hasMigrations
      ? { MYSQL_URL: mysqlUrl(stack, name, name, known(secrets.mariadb, name).app) }
      : {},
    ...service.needs.map((need) => values[need]()),
  );
  const lines = Object.entries(all).map(([key, value]) => `${key}="${value}"\n`);
  return lines.join('');
}

function mysqlUrl({ ports }: Stack, schema: string, user: string, password: string): string {
  return `mysql://${user}:${password}@127.0.0.1:${ports.mariadb}/${schema}`;
}

function known<T>(secrets: Record<string, T>, service: string): T {
  const found = secrets[service];
  if (found === undefined) throw new Error(`the stack has no secrets for ${service}`);
  return found;
}
