/** A receipt of a change that nobody noticed, for tests to vary. */
import type { Receipt } from '../receipt.ts';

export function aReceipt(change: Partial<Receipt> = {}): Receipt {
  return {
    format: 1,
    id: '20261121-134012-kill-messages-3f2a',
    command: 'kill messages-1',
    service: 'messages',
    stack: 'demo',
    by: 'ada@box',
    begun: '2026-11-21T13:40:12.345Z',
    seconds: 2.5,
    verdict: 'kept',
    reasons: [],
    steps: [{ step: 'messages-1', did: 'drained', seconds: 1.2 }],
    notes: [{ at: 0.3, step: 'asked', detail: { sockets: 3 } }],
    requests: {
      requests: 100,
      failed: 0,
      retried: 0,
      redispatched: 0,
      connectErrors: 0,
      unanswered: 0,
      unserved: 0,
      clientAborts: 0,
      probes: 0,
    },
    versions: [],
    sockets: { before: 5, moved: 5, after: 5 },
    gaps: [],
    ...change,
  };
}
