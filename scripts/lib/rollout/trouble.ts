/**
 * Whether a new instance answers worse than the old ones beside it. Pure; proving.ts reads HAProxy's
 * counters and asks.
 *
 * This is for what anybody would see at a glance: a release that answers errors. What takes
 * statistics to see is the canary's business (canary/).
 */
import type { Row } from '../receipts/haproxy-counters.ts';

export interface Answers {
  requests: number;
  /** 5xx, no answer, or HAProxy had to ask another one. */
  bad: number;
}

/** One error may be anybody's. */
const fewErrors = 3;
/** So much more of its answers are errors than of theirs. */
const worseByShare = 0.2;

/** Of the chosen servers, since HAProxy's worker began. */
export function answersOf(rows: readonly Row[], chosen: ReadonlySet<string>): Answers {
  const servers = rows.filter(({ kind, name }) => kind === 'server' && chosen.has(name));
  return servers.reduce<Answers>(
    ({ requests, bad }, { counts }) => {
      const errors = counts.failed + counts.unanswered + counts.answerErrors + counts.retried;
      return { requests: requests + Math.max(counts.requests, errors), bad: bad + errors };
    },
    { requests: 0, bad: 0 },
  );
}

/** What came since; a reload of HAProxy begins from nothing again. */
export function since(before: Answers, now: Answers): Answers {
  const { requests, bad } = now;
  if (requests < before.requests || bad < before.bad) return now;
  return { requests: requests - before.requests, bad: bad - before.bad };
}

export function troubleOf(one: Answers, others: Answers): string | undefined {
  if (one.bad < fewErrors || shareOf(one) <= shareOf(others) + worseByShare) return undefined;
  return `${one.bad} of ${one.requests} requests to it failed, of the others' ${others.bad} of ${others.requests}`;
}

function shareOf({ requests, bad }: Answers): number {
  return requests === 0 ? 0 : bad / requests;
}
