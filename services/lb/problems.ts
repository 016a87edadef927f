/**
 * What HAProxy itself says to a client, as problem+json like every service's. render.ts puts these
 * into the configuration.
 */

/** The statuses with which HAProxy gives up a request. */
const problems = {
  badRequest: [400, 'Bad Request', 'bad_request', 'This is not a valid HTTP request.'],
  hidden: [404, 'Not Found', 'not_found', 'There is nothing here.'],
  noChoice: [403, 'Forbidden', 'not_yours', 'This link was not made here, or its time is over.'],
  tooSlow: [408, 'Request Timeout', 'request_timeout', 'The request did not arrive in time.'],
  tooLarge: [413, 'Content Too Large', 'too_large', 'The body is larger than is taken here.'],
  broken: [500, 'Internal Server Error', 'internal', undefined],
  badAnswer: [502, 'Bad Gateway', 'bad_gateway', 'The service broke off its answer.'],
  noInstance: [503, 'Service Unavailable', 'no_instance', 'No instance of this service is there.'],
  noService: [503, 'Service Unavailable', 'no_service', 'No service has registered this path.'],
  noAnswer: [504, 'Gateway Timeout', 'gateway_timeout', 'The service did not answer in time.'],
} as const;

export type ProblemName = keyof typeof problems;

/** An answer in HAProxy's words, as `http-error` and `http-request return` both take them. */
export function problemAnswer(name: ProblemName): string {
  const [status, title, code, detail] = problems[name];
  const body = JSON.stringify({ type: 'about:blank', title, status, code, detail });
  const retry = status === 503 ? ' hdr Retry-After 1' : '';
  return `status ${status} content-type application/problem+json string '${body}'${retry}`;
}
