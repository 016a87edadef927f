/** A steady load for tests: keep-alive connections that never retry, and count what they got. */
import { Agent, request } from 'node:http';

export interface Load {
  /** Ends it: how many requests were answered with 200, and what became of the others. */
  stop(): Promise<{ answered: number; failed: string[] }>;
  answered(): number;
}

export interface LoadOptions {
  connections?: number;
  method?: string;
  headers?: Record<string, string>;
}

export function startLoad(
  url: string,
  { connections = 8, method = 'GET', headers = {} }: LoadOptions = {},
): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const failed: string[] = [];
  let answered = 0;
  let over = false;

  const send = () =>
    new Promise<string>((resolve) => {
      const outgoing = request(url, { agent, method, headers }, (response) => {
        response.resume();
        response.once('end', () => resolve(String(response.statusCode)));
        response.once('error', (error) => resolve(error.message));
      });
      outgoing.once('error', (error) => resolve(error.message));
      outgoing.end();
    });

  const workers = Array.from({ length: connections }, async () => {
    while (!over) {
      const result = await send();
      if (result === '200') answered += 1;
      else failed.push(result);
    }
  });
  return {
    answered: () => answered,
    async stop() {
      over = true;
      await Promise.all(workers);
      agent.destroy();
      return { answered, failed };
    },
  };
}
