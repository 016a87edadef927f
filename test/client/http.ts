/**
 * Requests to the whole stack, through HAProxy, as any client sends them: for the tests over the wire.
 *
 * Nothing is tidied on the way: a path goes out as it is written, and a body may be anything.
 */
import { until } from '@microflack/common/testing/until.ts';
import { Agent } from 'undici';

export interface Request {
  /** Name and password. */
  basic?: readonly [string, string];
  bearer?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, and called JSON unless the headers say otherwise. */
  text?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed where it is JSON. */
  body: unknown;
}

const patienceMs = 60_000;
const agent = new Agent();

/** Of the stack that test/setup/stack.ts has started. */
export function wholeUrl(): string {
  const url = process.env.MF_TEST_URL;
  if (!url) throw new Error('expected MF_TEST_URL, which test/setup/stack.ts sets');
  return url;
}

export async function call(method: string, path: string, request: Request = {}): Promise<Answer> {
  const { json, text = json === undefined ? undefined : JSON.stringify(json) } = request;
  const { statusCode, headers, body } = await agent.request({
    origin: wholeUrl(),
    path,
    method,
    headers: {
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...authorization(request),
      ...request.headers,
    },
    ...(text !== undefined && { body: text }),
  });
  const answer = await body.text();
  const isJson = /\bjson\b/.test(String(headers['content-type']));
  return { status: statusCode, headers, body: isJson ? JSON.parse(answer) : answer };
}

/** Undefined where the connection broke: HAProxy closes it when what it had sent a request to is gone. */
export function tryCall(...request: Parameters<typeof call>): Promise<Answer | undefined> {
  return call(...request).catch(() => undefined);
}

/** Again while the stack says that it is too busy: passwords take their time on a machine that does other things too. */
export async function patientCall(...request: Parameters<typeof call>): Promise<Answer> {
  return until(
    'an answer',
    async () => {
      const answer = await call(...request);
      return [503, 504].includes(answer.status) ? undefined : answer;
    },
    patienceMs,
  );
}

function authorization({ basic, bearer }: Request): Record<string, string> {
  if (bearer !== undefined) return { authorization: `Bearer ${bearer}` };
  if (!basic) return {};
  return { authorization: `Basic ${Buffer.from(basic.join(':')).toString('base64')}` };
}
