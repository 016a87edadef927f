/**
 * The sections of haproxy.cfg that no service has a say in: settings, and the choices made for all.
 * render.ts puts the services' routes and backends between them.
 */
import type { LbSettings } from './config.ts';
import { successorSocket } from './files.ts';
import { type ProblemName, problemAnswer } from './problems.ts';
import { whoAsks } from './traffic-rules.ts';

export type RenderSettings = Pick<
  LbSettings,
  | 'haproxyConfig'
  | 'haproxyPublic'
  | 'haproxyStats'
  | 'haproxyStatsPassword'
  | 'haproxyRuntimeSocket'
  | 'trafficKey'
>;

/** Each costs memory as it is used, about 34 KB: 140 MB when all are. */
const maxConnections = 4_000;
const maxBodyBytes = 1_048_576;

/**
 * Out of traffic with the first refused connection, and after two failed checks, whatever Consul says:
 * after one, a busy machine took out instances that were only late, and the only one of a service too.
 * Not `observe layer7`: with that, one page that always fails takes instance after instance out, and
 * with them all the pages that work (README.md has the figures). pool-max-conn -1 keeps connections
 * open for reuse, which HAProxy 2.6 does not do by itself for a server that was added.
 */
export const serverOptions = [
  'check inter 1s fastinter 200ms fall 2 rise 2',
  'observe layer4 error-limit 1 on-error mark-down',
  'pool-max-conn -1 pool-purge-delay 5s',
].join(' ');

export const preface = `\
# HAProxy's configuration, as it runs. Written by services/lb on every change: do not edit.
# Where things come from: "settings" are lb's settings, "registration" is what a service says of
# itself in Consul, "policy" is what share each version gets, and "decision" is a choice explained in services/lb/README.md.`;

export const globalSection = (settings: RenderSettings, structure: string): string => `\
global
    # settings: lb drives HAProxy here
    stats socket ${quoted(settings.haproxyRuntimeSocket)} mode 600 level admin
    # registration: all but the servers, in one word; lb reloads when it wants another
    set-var proc.structure str(${structure})
    # settings: what seals somebody's own choice of a version
    set-var proc.traffic_key str(${Buffer.from(settings.trafficKey).toString('base64')})
    # decision: small, as HAProxy shares two cores and little memory with everything else
    maxconn ${maxConnections}
    nbthread 1
    # decision: workers that a reload left behind end soon, and there are never many; but one that is
    # ended before its clients have come by once more breaks off somebody's request
    hard-stop-after 5m
    mworker-max-reloads 12
    # decision: to HAProxy's own output, which the supervisor keeps
    log stdout format raw daemon info`;

export const edgeDefaults = `\
defaults edge
    mode http
    # decision: only what went wrong is logged, and never a query
    log global
    log-format "%ci %ft %b/%s %Tq/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %HM %HPO"
    option dontlog-normal
    # decision: a slow client keeps nobody but itself waiting
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout client 30s
    timeout client-fin 5s
    option http-ignore-probes
    # decision: after a reload, an idle connection is closed with its next answer, and loses nothing
    option idle-close-on-response
    # decision: HAProxy's own answers look like everybody's
    ${httpErrors('badRequest', 'tooSlow', 'broken')}`;

export const publicEdge = (settings: RenderSettings): string => `\
frontend public from edge
    # settings: where the world comes in
    bind ${settings.haproxyPublic}
    bind unix@${quoted(successorSocket(settings.haproxyConfig))} mode 600 accept-proxy

    # decision: nobody outside says where a request came from, what it belongs to or how it is routed
    http-request del-header x-forwarded- -m beg
    http-request del-header forwarded
    http-request del-header x-microflack- -m beg
    http-request del-header x-deadline-ms
    http-request del-header tracestate
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header traceparent 00-%[uuid,regsub(-,,g)]-%[uuid,regsub(-,,g),bytes(0,16)]-01

    # decision: what is not for the outside, and what is too much
    http-request return ${problemAnswer('hidden')} if { path,url_dec -i -m reg ^/+(internal|metrics|healthz)(/|$) }
    http-request return ${problemAnswer('tooLarge')} if { req.body_size gt ${maxBodyBytes} }
    # decision: a service has to do with a request when it is here, up to HAProxy's buffer of 16 KB
    http-request wait-for-body time 10s unless METH_GET
${whoAsks}
    # decision: how long a service keeps HAProxy's connections is not how long HAProxy keeps a client's
    http-response del-header keep-alive`;

export const statsFrontend = (settings: RenderSettings): string => `\
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

export const serviceDefaults = `\
defaults service
    mode http
    # decision: every service answers /healthz, with 200 while it serves
    option httpchk GET /healthz
    http-check expect status 200
    # decision: an instance that is only late, on a machine with twenty programs for each core, stays (1.7 s seen)
    timeout check 2s
    default-server ${serverOptions}
    # decision: short, so that a stuck instance is given up before people give up
    timeout connect 1s
    timeout queue 5s
    timeout server 10s
    # decision: what may be sent twice goes to another instance when one fails it
    retries 3
    option redispatch 1
    retry-on all-retryable-errors
    http-request disable-l7-retry unless METH_GET or { method POST } { req.hdr(idempotency-key) -m found }
    # decision: whoever has chosen a version for themselves sees what it does, its failures too
    http-request disable-l7-retry if { var(txn.me),field(1,:),strcmp(txn.service) eq 0 }
    # decision: the page's files travel small
    compression algo gzip
    compression type text/html text/css text/javascript application/javascript image/svg+xml
    # decision: HAProxy's own answers look like everybody's
    ${httpErrors('broken', 'badAnswer', 'noInstance', 'noAnswer')}`;

export const noService = 'no_service';

export const noServiceBackend = `\
backend ${noService} from service
    # decision: what nobody has registered says so
    http-request return ${problemAnswer('noService')}`;

export const successorBackend = (settings: RenderSettings): string => `\
backend successor from service
    # decision: the worker of after the reload, which has the same clients at this socket
    timeout server 1m
    timeout tunnel 1h
    server successor unix@${quoted(successorSocket(settings.haproxyConfig))} send-proxy-v2 no-check`;

function httpErrors(...names: ProblemName[]): string {
  return names.map((name) => `http-error ${problemAnswer(name)}`).join('\n    ');
}

/** Within these quotes nothing has a meaning; config.ts sees to it that none is inside. */
function quoted(text: string): string {
  return `'${text}'`;
}
