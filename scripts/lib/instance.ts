/**
 * An instance as a program of supervisord: which command, which settings, and what it may see.
 *
 * Pure: up.ts (and later run, upgrade) hands over a service's release and gets what to place on
 * disk and what to declare. Secrets go into the settings file, readable by the service's user
 * alone; everything else is plain environment. Node's permission model and the mount namespace
 * (program.ts, `show`) say the same twice: its release, its settings, nothing else; the service's
 * other releases where its package.json asks for them.
 */
import { join } from 'node:path';
import { migrationsUser } from './accounts/schemas.ts';
import { haproxyPaths, haproxySettings } from './parts/haproxy.ts';
import type { File, Program, Shown } from './program.ts';
import { type Release, releasesOf } from './release.ts';
import type { Need, Service } from './services.ts';
import type { Stack } from './stack.ts';
import type { Startable } from './start.ts';

/** Longer than common/'s drain ever takes, so that supervisord never has to kill. */
const stopWaitSecs = 20;
const afterTheParts = 50;

/** Room for young objects: with 8 MB the stack held 50 MB more, and posts were not measurably faster. */
const nodeFlags = ['--max-semi-space-size=4', '--max-old-space-size=256', '--enable-source-maps'];

/** lb asks HAProxy whether a configuration is good. Node warns of what that permits: we know. */
const childProcesses = ['--allow-child-process', '--disable-warning=PERM0002'];

export function instanceOf(
  stack: Stack,
  service: Service,
  release: Pick<Release, 'label' | 'folder'>,
  name: string,
  node: string,
): Startable {
  const user = userOf(service);
  const settings: File = {
    path: join(stack.dir, 'settings', `${service.name}.env`),
    content: settingsText(stack, service),
    mode: 0o600,
    user,
  };
  const { folder: home } = haproxyPaths(stack);
  const drivesHaproxy = service.needs.includes('haproxy');
  const releases = service.needs.includes('releases') ? [releasesOf(stack.dir, service.name)] : [];
  const permissions = [
    `--allow-fs-read=${settings.path}`,
    ...(service.workers.length > 0 ? ['--allow-worker'] : []),
    ...(drivesHaproxy
      ? [...childProcesses, `--allow-fs-read=${home}`, `--allow-fs-write=${home}`]
      : []),
  ];
  const program: Program = {
    name,
    user,
    command: [
      // In this order: a folder that is named after one inside of it is not allowed itself.
      ...nodeCommand(node, [...releases, release.folder]),
      ...permissions,
      join(release.folder, 'main.js'),
    ],
    environment: {
      NODE_ENV: 'production',
      // Each thread of Node's would get a heap of its own from glibc: 5 MB an instance, for nothing.
      MALLOC_ARENA_MAX: '2',
      MF_PROGRAM: name,
      MF_VERSION: release.label,
      MF_SETTINGS: settings.path,
      CONSUL_URL: `http://127.0.0.1:${stack.ports.consulHttp}`,
    },
    show: [
      ...shownTo(node, release),
      ...[settings.path, ...releases].map((path) => ({ path, writable: false })),
      ...(drivesHaproxy ? [{ path: home, writable: true }] : []),
    ],
    priority: afterTheParts,
    stopWaitSecs,
  };
  return {
    service: service.name,
    version: release.label,
    program,
    folders: [{ path: join(stack.dir, 'settings'), mode: 0o711, user: 'root' }],
    files: [settings],
  };
}

/** The program that brings the service's schema up to its release: it runs once and ends. */
export function migrationOf(
  stack: Stack,
  service: Service,
  release: Pick<Release, 'folder'>,
  node: string,
): Pick<Program, 'command' | 'user' | 'show' | 'environment'> {
  const { migrations: password } = known(stack.secrets.mariadb, service.name);
  const url = mysqlUrl(stack, service.name, migrationsUser(service.name), password);
  const inRelease = (name: string) => join(release.folder, name);
  return {
    user: userOf(service),
    command: [
      ...nodeCommand(node, [release.folder]),
      inRelease('migrate.js'),
      inRelease('migrations'),
    ],
    show: shownTo(node, release),
    // Not in the service's settings: an instance may not change tables.
    environment: { MYSQL_MIGRATIONS_URL: url },
  };
}

function nodeCommand(node: string, folders: readonly string[]): string[] {
  const reads = folders.map((folder) => `--allow-fs-read=${folder}`);
  return [node, ...nodeFlags, '--permission', ...reads];
}

function shownTo(node: string, { folder }: Pick<Release, 'folder'>): Shown[] {
  return [node, folder].map((path) => ({ path, writable: false }));
}

function userOf(service: Service): string {
  return `mf-${service.name}`;
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
    releases: () => ({ RELEASES_FOLDER: releasesOf(stack.dir, name) }),
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
