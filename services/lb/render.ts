/**
 * The whole of haproxy.cfg from the model and the settings. Pure: the same input gives the same text,
 * byte by byte. reconcile.ts writes it, `mf up` takes it with an empty model for HAProxy's first start.
 *
 * The text is meant to be read: each block says where it comes from. "settings" are lb's settings,
 * "registration" is what the service's instances say in Consul, and "decision" is a choice made here.
 *
 * A change of anything but servers is a change of structure, which only a reload can make. HAProxy
 * carries the name of the structure it has loaded (`proc.structure`), so that lb never has to guess.
 */
import { createHash } from 'node:crypto';
import type { LbSettings } from './config.ts';
import type { Model, Server, Service } from './model.ts';
import { type ProblemName, problemAnswer } from './problems.ts';

export type RenderSettings = Pick<
  LbSettings,
  'haproxyPublic' | 'haproxyStats' | 'haproxyStatsPassword' | 'haproxyRuntimeSocket'
>;

/** Each costs memory as it is used, about 34 KB: 140 MB when all are. */
const maxConnections = 4_000;
const maxBodyBytes = 1_048_576;
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
  const text = configText({ services }, settings, '') + serverWords(anyServer);
  return createHash('sha256').update(text).digest('hex').slice(0, structureDigits);
}

/**
 * A server, in the words of a `server` line and of the command `add server`. All of them are needed
 * each time: a server that is added takes nothing from default-server.
 */
export function serverWords({ address, port, weight }: Server): string {
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `${place} weight ${weight} ${serverChecks}`;
}

const anyServer: Server = { id: 'any', address: '127.0.0.1', port: 1, version: '', weight: 1 };

/**
 * Out of traffic with the first refused connection, and after a failed check, whatever Consul says;
 * pool-max-conn -1 keeps connections open for reuse, which HAProxy 2.6 does not do by itself here.
 */
const serverChecks = [
  'check inter 1s fastinter 200ms fall 1 rise 2',
  'observe layer4 error-limit 1 on-error mark-down',
  'pool-max-conn -1',
].join(' ');

function configText(model: Model, settings: RenderSettings, structure: string): string {
  const sections = [
    preface,
    globalSection(settings, structure),
    edgeDefaults,
    publicFrontend(model, settings),
    statsFrontend(settings),
    serviceDefaults,
    ...model.services.map(serviceBackend),
    noServiceBackend,
  ];
  return `${sections.join('\n\n')}\n`;
}

const preface = `\
# HAProxy's configuration, as it runs. Written by services/lb on every change: do not edit.
# Where things come from: "settings" are lb's settings, "registration" is what a service says of
# itself in Consul, and "decision" is a choice explained in services/lb/README.md.`;

const globalSection = (settings: RenderSettings, structure: string): string => `\
global
    # settings: lb drives HAProxy here
    stats socket ${quoted(settings.haproxyRuntimeSocket)} mode 600 level admin
    # model: which structure is loaded; lb reloads when it wants another
    set-var proc.structure str(${structure})
    # decision: small, as HAProxy shares two cores and little memory with everything else
    maxconn ${maxConnections}
    nbthread 1
    # decision: workers that a reload left behind end soon, and there are never many
    hard-stop-after 5m
    mworker-max-reloads 3
    log stdout format raw daemon info`;

const edgeDefaults = `\
defaults edge
    mode http
    log global
    # decision: only what went wrong is logged, and never a query
    option dontlog-normal
    log-format "%ci %ft %b/%s %Tq/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %HM %HPO"
    # decision: a slow client keeps nobody but itself waiting
    timeout http-request 10s
    timeout http-keep-alive 30s
    timeout client 30s
    timeout client-fin 5s
    option http-buffer-request
    option http-ignore-probes
    # decision: after a reload, idle connections are closed when they were used once more
    option idle-close-on-response
    # decision: HAProxy's own answers look like everybody's
    ${httpErrors('badRequest', 'tooSlow', 'broken')}`;

const publicFrontend = ({ services }: Model, settings: RenderSettings): string => `\
frontend public from edge
    # settings: where the world comes in
    bind ${settings.haproxyPublic}

    # decision: nobody outside says where a request came from, what it belongs to or how it is routed
    http-request del-header x-forwarded- -m beg
    http-request del-header forwarded
    http-request del-header x-microflack- -m beg
    http-request del-header x-deadline-ms
    http-request del-header tracestate
    http-request del-header baggage
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header traceparent 00-%[uuid,regsub(-,,g)]-%[uuid,regsub(-,,g),bytes(0,16)]-01

    # decision: what is not for the outside, and what is too much
    http-request return ${problemAnswer('hidden')} if { path,url_dec -i -m reg ^/+(internal|metrics|healthz)(/|$) }
    http-request return ${problemAnswer('tooLarge')} if { req.body_size gt ${maxBodyBytes} }

    # registration: the longest route that fits wins
${routeRules(services)}`;

/** Whatever is below /api belongs to a service that registered it, and never to the page at /. */
function routeRules(services: readonly Service[]): string {
  const rules = services
    .map(({ name, route }) => ({ route, backend: backendOf(name) }))
    .concat({ route: '/api', backend: noService })
    .sort((a, b) => b.route.length - a.route.length || (a.route < b.route ? -1 : 1))
    .map(({ route, backend }) => {
      if (route === '/') return `    default_backend ${backend}`;
      return `    use_backend ${backend} if { path ${route} } || { path -m beg ${route}/ }`;
    });
  const hasPage = services.some(({ route }) => route === '/');
  return [...rules, ...(hasPage ? [] : [`    default_backend ${noService}`])].join('\n');
}

const statsFrontend = (settings: RenderSettings): string => `\
userlist operators
    # settings: who may look at the statistics
    user microflack insecure-password ${quoted(settings.haproxyStatsPassword)}

frontend stats from edge
    # settings: for operators on this machine; /metrics is Prometheus's
    bind ${settings.haproxyStats}
    http-request auth realm MicroFlack unless { http_auth(operators) }
    http-request use-service prometheus-exporter if { path /metrics }
    stats enable
    stats uri /`;

const serviceDefaults = `\
defaults service
    mode http
    # decision: every service answers /healthz, with 200 while it serves
    option httpchk GET /healthz
    http-check expect status 200
    timeout check 1s
    # decision: short, so that a stuck instance is given up before people give up
    timeout connect 1s
    timeout queue 5s
    timeout server 10s
    # decision: what may be sent twice goes to another instance when one fails it
    retries 3
    option redispatch 1
    retry-on all-retryable-errors
    http-request disable-l7-retry unless METH_GET or { method POST } { req.hdr(idempotency-key) -m found }
    # decision: the page's files travel small
    compression algo gzip
    compression type text/html text/css text/javascript application/javascript image/svg+xml
    # decision: HAProxy's own answers look like everybody's
    ${httpErrors('broken', 'badAnswer', 'noInstance', 'noAnswer')}`;

function serviceBackend(service: Service): string {
  const { name, servers } = service;
  return [
    `backend ${backendOf(name)} from service`,
    ...trafficLines(service),
    ...servers.map(({ version, ...server }) => {
      const comment = version ? ` # version ${version}` : '';
      return `    server ${server.id} ${serverWords({ version, ...server })}${comment}`;
    }),
  ].join('\n');
}

function trafficLines({ name, route, balance, sticky, websocket }: Service): string[] {
  const lines = [
    `    # registration: ${name} at ${route}, balance ${balance}`,
    ...(balance === 'hash'
      ? ['    balance source', '    hash-type consistent']
      : [`    balance ${balance}`]),
  ];
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
      '    # registration: websocket, and long polls where there is none',
      '    timeout tunnel 1h',
      '    timeout server 1m',
    );
  }
  return lines;
}

const noService = 'no_service';

const noServiceBackend = `\
backend ${noService} from service
    # decision: what nobody has registered says so
    http-request return ${problemAnswer('noService')}`;

function httpErrors(...names: ProblemName[]): string {
  return names.map((name) => `http-error ${problemAnswer(name)}`).join('\n    ');
}

/** Within these quotes nothing has a meaning; config.ts sees to it that none is inside. */
function quoted(text: string): string {
  return `'${text}'`;
}
