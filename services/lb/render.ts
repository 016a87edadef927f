/**
 * The whole of haproxy.cfg from the model and the settings. Pure: the same input gives the same text,
 * byte by byte. reconcile.ts writes it, `mf up` takes it with an empty model for HAProxy's first start.
 *
 * The text is meant to be read: each block says where it comes from. A change of anything but servers
 * is a change of structure, which only a reload can make. HAProxy carries the name of the structure
 * that it has loaded (`proc.structure`), so that lb never has to guess.
 */
import { createHash } from 'node:crypto';
import type { Model, Service } from './model.ts';
import { backendOf, freeSlot, freeSlots, type Member, type Pool, poolsOf } from './pools.ts';
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
  successorBackend,
} from './sections.ts';
import { whichVersion } from './traffic-rules.ts';

const structureDigits = 16;

export function renderConfig(model: Model, settings: RenderSettings): string {
  return configText(model, settings, structureOf(model, settings));
}

/** Names what can only be changed by a reload; equal for two models that differ in servers alone. */
export function structureOf(model: Model, settings: RenderSettings): string {
  const services = model.services.map(({ policy: _, ...service }) => ({
    ...service,
    servers: [],
    slots: [...freeSlots],
  }));
  const text = configText({ services }, settings, '');
  return createHash('sha256').update(text).digest('hex').slice(0, structureDigits);
}

/** A server as the command `add server` takes it, to which default-server does not apply. */
export const serverToAdd = (server: Member): string => `${serverWords(server)} ${serverOptions}`;

function configText(model: Model, settings: RenderSettings, structure: string): string {
  const sections = [
    preface,
    globalSection(settings, structure),
    edgeDefaults,
    [
      publicEdge(settings),
      routes(model.services),
      whichVersion(model.services, settings.haproxyConfig),
      byService,
    ].join('\n\n'),
    statsFrontend(settings),
    serviceDefaults,
    ...model.services.flatMap((service) => poolsOf(service).map((pool) => backend(service, pool))),
    successorBackend(settings),
    noServiceBackend,
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Whatever is below /api belongs to a service that registered it, and never to the page at /. */
function routes(services: readonly Service[]): string {
  const rules = services
    .map(({ name, route }) => ({ route, action: `set-var(txn.service) str(${name})` }))
    .concat({ route: '/api', action: 'unset-var(txn.service)' })
    .sort((a, b) => a.route.length - b.route.length || (a.route < b.route ? -1 : 1))
    .map(({ route, action }) => {
      const fits = route === '/' ? '' : ` if { path ${route} } || { path -m beg ${route}/ }`;
      return `    http-request ${action}${fits}`;
    });
  return ['    # registration: the longest route that fits wins, being the last', ...rules].join(
    '\n',
  );
}

const byService = `\
    use_backend be_%[var(txn.service)] if { var(txn.service) -m found }
    default_backend ${noService}`;

function backend(service: Service, { backend, group, members }: Pool): string {
  return [
    `backend ${backend} from service`,
    ...(group === undefined ? traffic(service) : slot(service, group)),
    ...members.map((server) => {
      const words = `    server ${server.id} ${serverWords(server)}`;
      return server.version ? `${words} # version ${server.version}` : words;
    }),
  ].join('\n');
}

/** Sessions are kept in the table of the pool of all, so that a switch leaves them where they are. */
function slot({ name, balance, sticky, websocket }: Service, group: string): string[] {
  return [
    `    # policy: ${group === freeSlot ? 'for a version to come' : `for version ${group}`}`,
    ...balanced(balance),
    '    option allbackups',
    ...(sticky ? stuck(sticky, ` table ${backendOf(name)}`) : []),
    ...(websocket ? patience : []),
  ];
}

function traffic({ name, route, balance, sticky, websocket }: Service): string[] {
  const lines = [
    `    # registration: ${name} at ${route}, balance ${balance}`,
    ...balanced(balance),
  ];
  if (sticky) {
    lines.push(
      `    # registration: sticky by the cookie ${sticky}`,
      '    stick-table type string len 64 size 20k expire 1h',
      ...stuck(sticky, ''),
    );
  }
  if (websocket) {
    lines.push('    # registration: websocket, with long polls where there is none', ...patience);
  }
  return lines;
}

/** Of the hashes, only a consistent one lets servers come and go while HAProxy runs. */
const balanced = (balance: Service['balance']): string[] =>
  balance === 'hash'
    ? ['    balance source', '    hash-type consistent']
    : [`    balance ${balance}`];

const stuck = (cookie: string, table: string): string[] => [
  `    stick on req.cook(${cookie})${table}`,
  `    stick store-response res.cook(${cookie})${table}`,
];

const patience = ['    timeout tunnel 1h', '    timeout server 1m'];

function serverWords({ address, port, weight, backup }: Member): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${host}:${port} weight ${weight}${backup ? ' backup' : ''}`;
}
