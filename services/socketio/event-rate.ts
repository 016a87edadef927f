/**
 * How fast one socket may talk: a bucket of tokens that fills with time. inbound.ts takes one for each
 * event. A client that goes on and on while it is refused is not a person: it is to be closed.
 */
const burst = 30;
const eventsPerSecond = 10;
const refusalsUntilClosed = 100;

export type Verdict = 'allowed' | 'refused' | 'hopeless';

export function createEventRate(nowMs: () => number = () => performance.now()): () => Verdict {
  let tokens = burst;
  let refusals = 0;
  let filledAt = nowMs();

  return () => {
    const now = nowMs();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1_000) * eventsPerSecond);
    filledAt = now;
    if (tokens >= 1) {
      tokens -= 1;
      refusals = 0;
      return 'allowed';
    }
    refusals += 1;
    return refusals < refusalsUntilClosed ? 'refused' : 'hopeless';
  };
}
