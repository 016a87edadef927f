/**
 * What to believe of Consul's answers: the pure heart of watch.ts.
 *
 * A Consul that was restarted or wiped answers `[]` until the instances have registered again (they
 * look every 2 s). Believing that would take every server out of HAProxy. So after any error the
 * watch is in doubt: answers add to what is known and take nothing away. The doubt ends when
 * everything known has been seen again, or after doubtMs; from then on Consul is believed whatever
 * it says.
 */

/**
 * Longer than an instance takes to register again (2 to 5 s), so that nothing is dropped meanwhile.
 */
export const doubtMs = 10_000;

export interface Belief<T> {
  known: readonly T[];
  /** Until this moment answers take nothing away. */
  doubtUntilMs: number;
}

const noDoubt = Number.NEGATIVE_INFINITY;

export const noBelief = <T>(): Belief<T> => ({ known: [], doubtUntilMs: noDoubt });

export const isInDoubt = (belief: Belief<unknown>, nowMs: number): boolean =>
  nowMs < belief.doubtUntilMs;

export function afterError<T>(belief: Belief<T>, nowMs: number): Belief<T> {
  return { known: belief.known, doubtUntilMs: nowMs + doubtMs };
}

/** `answer` is in the order of ids, and so is what is known after it. */
export function afterAnswer<T extends { id: string }>(
  belief: Belief<T>,
  answer: readonly T[],
  nowMs: number,
): Belief<T> {
  const answered = new Set(answer.map(({ id }) => id));
  const missing = belief.known.filter(({ id }) => !answered.has(id));
  if (missing.length === 0 || !isInDoubt(belief, nowMs)) {
    return { known: answer, doubtUntilMs: noDoubt };
  }
  const known = [...answer, ...missing].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { known, doubtUntilMs: belief.doubtUntilMs };
}
