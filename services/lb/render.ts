/**
 * The whole of haproxy.cfg from the model and the settings. Pure: the same input gives the same text,
 * byte by byte. reconcile.ts writes it, `mf up` takes it with an empty model for HAProxy's first start.
 *
 * The text is meant to be read: each block says where it comes from. A change of anything but servers
 * is a change of structure, which only a reload can make. HAProxy carries the name of the structure
 * that it has loaded (`proc.structure`), so that lb never has to guess.
 */
import { createHash } from 'node:crypto';
import type { Model, Server, Service } from './model.ts';
import {
  edgeDefaults,
  globalSection,
  noService,
  noServiceBackend,
  preface,
  publicEdge,
  type RenderSettings,
  serverOptions,
  serviceDefaults,
  statsFrontend,
} from './sections.ts';

const structureDigits = 16;

/** A name in HAProxy for a service; nothing else there begins like this. */
const backendPrefix = 'be_';
export const backendOf = (service: string): string => `${backendPrefix}${service}`;
export const isBackend = (name: string): boolean => name.startsWith(backendPrefix);

export function renderConfig(model: Model, settings: RenderSettings): string {
  return configText(model, settings, structureOf(model, settings));
}

/** Names what can only be changed by a reload; equal for two models that differ in servers alone. */
export function structureOf(model: Model, settings: RenderSettings): string {
  const services = model.services.map((service) => ({ ...service, servers: [] }));
  const text = configText({ services }, settings, '');
  return createHash('sha256').update(text).digest('hex').slice(0, structureDigits);
}

/** A server as the command `add server` takes it, to which default-server does not apply. */
export const serverToAdd = (server: Server): string => `${serverWords(server)} ${serverOptions}`;

function configText(model: Model, settings: RenderSettings, structure: string): string {
  const sections = [
    preface,
    globalSection(settings, structure),
    edgeDefaults,
    `${publicEdge(settings)}\n\n${routes(model.services)}`,
    statsFrontend(settings),
    serviceDefaults,
    ...model.services.map(backend),
    noServiceBackend,
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Whatever is below /api belongs to a service that registered it, and never to the page at /. */
function routes(services: readonly Service[]): string {
  const page = services.find(({ route }) => route === '/');
  const rules = services
    .filter((service) => service !== page)
    .map(({ name, route }) => ({ route, target: backendOf(name) }))
    .concat({ route: '/api', target: noService })
    .sort((a, b) => b.route.length - a.route.length || (a.route < b.route ? -1 : 1))
    .map(({ route, target }) => {
      return `    use_backend ${target} if { path ${route} } || { path -m beg ${route}/ }`;
    });
  return [
    '    # registration: the longest route that fits wins',
    ...rules,
    `    default_backend ${page ? backendOf(page.name) : noService}`,
  ].join('\n');
}

function backend(service: Service): string {
  return [
    `backend ${backendOf(service.name)} from service`,
    ...traffic(service),
    ...service.servers.map((server) => {
      const words = `    server ${server.id} ${serverWords(server)}`;
      return server.version ? `${words} # version ${server.version}` : words;
    }),
  ].join('\n');
}

function traffic({ name, route, balance, sticky, websocket }: Service): string[] {
  const lines = [`    # registration: ${name} at ${route}, balance ${balance}`];
  // Of the hashes, only a consistent one lets servers come and go while HAProxy runs.
  if (balance === 'hash') lines.push('    balance source', '    hash-type consistent');
  else lines.push(`    balance ${balance}`);
  if (sticky) {
    lines.push(
      `    # registration: sticky by the cookie ${sticky}`,
      '    stick-table type string len 64 size 20k expire 1h',
      `    stick on req.cook(${sticky})`,
      `    stick store-response res.cook(${sticky})`,
    );
  }
  if (websocket) {
    lines.push(
      '    # registration: websocket, with long polls where there is none',
      '    timeout tunnel 1h',
      '    timeout server 1m',
    );
  }
  return lines;
}

function serverWords({ address, port, weight }: Server): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${host}:${port} weight ${weight}`;
}
