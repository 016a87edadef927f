/**
 * The two ways of a letter to the messages service: by the socket where there is one; by REST where there is none, or
 * where the socket brought no answer. Used by the post office, which repeats it: by its key it is one message either way.
 */
import { ApiError } from './api.ts';
import type { Endpoints } from './endpoints.ts';
import type { HealthEvent } from './health.ts';
import type { Live } from './live.ts';
import type { Message } from './models.ts';
import type { OutboxEntry } from './outbox.ts';

interface Ways {
  readonly live: Pick<Live, 'connected' | 'post'>;
  readonly endpoints: Pick<Endpoints, 'post'>;
  readonly report: (event: HealthEvent) => void;
}

export function createSender({ live, endpoints, report }: Ways) {
  return async function send(entry: OutboxEntry): Promise<Message> {
    if (!live.connected() || entry.tries > 1) return endpoints.post(entry);
    try {
      const message = await live.post(entry);
      report({ type: 'answered', service: 'messages' });
      return message;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // REST knows how to replace a token that is refused.
      if (error.status === 401) return endpoints.post(entry);
      if (error.status >= 500) report({ type: 'unavailable', service: 'messages' });
      throw error;
    }
  };
}
