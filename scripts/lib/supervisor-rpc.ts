/**
 * Speaks to supervisord in its own words: XML-RPC over the unix socket, as supervisorctl does.
 *
 * (supervisorctl itself costs 0.2 s of a processor for each call, most of it Python's start; this
 * costs 3 ms, and stops can run side by side.) What supervisord refuses becomes a SupervisorFault
 * with its code. Knows of XML what supervisord answers, and no more.
 *
 * Connections are kept until the command ends. Where one is closed in the moment in which supervisord
 * 4.2 opens a program's log, the log gets the connection's number, and supervisord, which still waits
 * for that number, is woken without end (seen: a whole core).
 */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A stop waits for the program's own patience; this is only against a supervisord that hangs. */
const patienceMs = 120_000;

/** The codes (see http://supervisord.org/api.html) that are an answer to us. */
export const faultCodes = { badName: 10, stillRunning: 91 } as const;

export class SupervisorFault extends Error {
  readonly code: number;

  constructor(method: string, code: number, reason: string) {
    super(`supervisord refuses ${method}: ${reason} (${code})`);
    this.name = 'SupervisorFault';
    this.code = code;
  }
}

export type Parameter = string | boolean;
export type Call = (method: string, ...parameters: Parameter[]) => Promise<string>;

export function supervisorAt(socketPath: string): Call {
  const agent = new Agent({ keepAlive: true });
  return async (method, ...parameters) => {
    const answer = await post(socketPath, agent, callXml(method, parameters));
    if (!answer.includes('<fault>')) return answer;
    const [fault] = structsIn(answer);
    throw new SupervisorFault(method, Number(fault?.faultCode), fault?.faultString ?? answer);
  };
}

export function callXml(method: string, parameters: readonly Parameter[]): string {
  const values = parameters.map((parameter) => {
    const value =
      typeof parameter === 'boolean'
        ? `<boolean>${Number(parameter)}</boolean>`
        : `<string>${escaped(parameter)}</string>`;
    return `<param><value>${value}</value></param>`;
  });
  return `<?xml version="1.0"?><methodCall><methodName>supervisor.${method}</methodName><params>${values.join('')}</params></methodCall>`;
}

/** The structs of an answer, which never hold others: by the members' names, all as text. */
export function structsIn(xml: string): Record<string, string>[] {
  const member = /<name>(\w+)<\/name>\s*<value><\w+>([^<]*)<\/\w+><\/value>/g;
  return [...xml.matchAll(/<struct>([\s\S]*?)<\/struct>/g)].map(([, inner = '']) =>
    Object.fromEntries(
      [...inner.matchAll(member)].map(([, name = '', value = '']) => [name, unescaped(value)]),
    ),
  );
}

async function post(socketPath: string, agent: Agent, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) };
  const outgoing = request({ socketPath, path: '/RPC2', method: 'POST', headers, agent });
  outgoing.on('response', (answer) => resolve(text(answer)));
  outgoing.on('error', reject);
  outgoing.setTimeout(patienceMs, () => {
    outgoing.destroy(new Error(`supervisord did not answer within ${patienceMs / 1000} s`));
  });
  outgoing.end(body);
  return promise;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function unescaped(value: string): string {
  return value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
