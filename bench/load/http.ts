/** Requests that must succeed, on connections that are kept. What fails ends the load process. */
import { Client } from 'undici';

export interface Request {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: object;
}

export interface Connection {
  /** Resolves with the body of the answer. */
  send(request: Request): Promise<string>;
  close(): Promise<void>;
}

export function openConnection(url: string, localAddress = '127.0.0.1'): Connection {
  const client = new Client(url, { connect: { localAddress }, pipelining: 1 });
  return {
    async send({ method, path, headers, body }) {
      const answer = await client.request({
        method,
        path,
        headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
        body: body ? JSON.stringify(body) : null,
      });
      const text = await answer.body.text();
      if (answer.statusCode < 300) return text;
      throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    },
    close: () => client.close(),
  };
}

/** A connection for each lane. */
export function openLanes(url: string, lanes: number): Connection[] {
  return Array.from({ length: lanes }, () => openConnection(url));
}
